//! Provision 3.1: whether the software reaches customers as it was built.

mod artefacts;
mod channels;
mod release;
mod sources;

use super::{Claim, Provision};

/// Provision 3.1.
pub(super) static PROVISION: Provision = Provision {
    number: "3.1",
    draft: "Ensure that software is distributed securely to customers.",
    verb: "shall",
    last: Some("Distribute software securely to customers."),
    claims: &[
        Claim {
            id: "3.1-01",
            text: "The integrity of software (including updates) can be verified in the customer environment.",
        },
        Claim {
            id: "3.1-02",
            text: "Software (including updates) is distributed over trusted channels.",
        },
    ],
    questions: &[
        artefacts::DIGESTS,
        artefacts::BUILT,
        artefacts::COMMON_FORM,
        artefacts::SBOM,
        artefacts::NATIVE,
        release::ORIGIN,
        release::TRACEABLE,
        sources::SECURE,
        sources::APPROVED,
        channels::DESCRIBED,
        channels::PUBLISHED,
        channels::DELIVERED,
        channels::FRESH,
        channels::PROTECTED,
        channels::ACCESS,
        release::ANNOUNCED,
        release::TESTED,
        release::ARCHIVED,
    ],
};
