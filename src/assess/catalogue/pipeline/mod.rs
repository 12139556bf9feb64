//! Provision 2.3, of the draft alone: whether the build pipeline can be trusted.
//!
//! That steps weren't skipped or put in another order is asked twice: of one job by whether its bracket was
//! closed on what opened it, of several by whether each checked what the one before handed over.

mod bracket;
mod definitions;
pub(super) mod dependencies;
mod inputs;
mod platform;

use super::Provision;

/// Provision 2.3.
pub(super) static PROVISION: Provision = Provision {
    number: "2.3",
    draft: "Ensure you are using a build pipeline you trust.",
    verb: "should",
    last: None,
    claims: &[],
    questions: &[
        platform::BUILDER,
        platform::TOKEN_AGREES,
        platform::PROVENANCE_FOUND,
        platform::PROVENANCE_VERIFIED,
        inputs::SOURCE_COMMITTED,
        inputs::SOURCE_OF_RUN,
        inputs::RECORDED,
        inputs::STOOD_STILL,
        dependencies::LOCKED,
        dependencies::CHECKSUMS,
        dependencies::CACHES,
        definitions::READ_WHOLE,
        definitions::DANGER,
        definitions::GIT,
        definitions::CERTIFICATES,
        bracket::BRACKETED,
        bracket::SUCCEEDED,
        bracket::OUTPUTS,
        bracket::HANDOVER,
        bracket::TOOL,
        bracket::HERMETIC,
        bracket::REBUILD,
        platform::APPROVED,
        platform::ASSESSED,
    ],
};
