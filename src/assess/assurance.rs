//! Who would have to lie: how far a verified fact can be trusted. It is worked out here by whoever checks,
//! and never read from the file.

use serde::Deserialize as _;
use serde_json::Value;

use super::embedded::{Judged, Standing};
use crate::format::fact::{Basis, Status};
use crate::token::{Issuer, Jwks, Platform};

/// How far a fact can be trusted, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// Read inside the job.
    SelfAsserted,
    /// A document by somebody else, bound by its digest.
    OutOfBand,
    /// The job checked a platform's token, or asked its API, and says so under its own key.
    JobChecked,
    /// Content-addressed, and the checker did it again.
    Recomputable,
    /// The checker verified the platform's signature over it.
    PlatformVouched,
    /// A time that an authority vouches for, verified by the checker.
    TimeVouched,
}

/// What the checker brings along.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brought<'a> {
    /// Issuers beside the platforms' own.
    pub issuers: &'a [Issuer],
    /// Keys of issuers; without them no embedded token is checked.
    pub keys: Option<&'a Jwks>,
}

/// One part of the evidence, or one fact of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assured {
    /// Where it stands, such as `pipeline`, `pipeline.commit` or `identity`.
    pub part: String,
    /// How the file says it was learnt; of a fact that a token's claim states too: by that claim.
    pub basis: Basis,
    /// How far it can be trusted.
    pub assurance: Assurance,
}

impl Assurance {
    /// All of them, weakest first.
    pub const ALL: [Self; 6] = [
        Self::SelfAsserted,
        Self::OutOfBand,
        Self::JobChecked,
        Self::Recomputable,
        Self::PlatformVouched,
        Self::TimeVouched,
    ];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SelfAsserted => "self-asserted",
            Self::OutOfBand => "out-of-band",
            Self::JobChecked => "job-checked",
            Self::Recomputable => "recomputable",
            Self::PlatformVouched => "platform-vouched",
            Self::TimeVouched => "time-vouched",
        }
    }

    /// Who would have to lie for it to be false.
    #[must_use]
    pub const fn liar(self) -> &'static str {
        match self {
            Self::SelfAsserted => "anyone who can run code in that job",
            Self::OutOfBand => "whoever wrote the document",
            Self::JobChecked => "whoever holds the job's key",
            Self::Recomputable => "nobody",
            Self::PlatformVouched => "the platform",
            Self::TimeVouched => "the authority for time",
        }
    }
}

impl Brought<'_> {
    /// The issuer whose token this `iss` names: a platform's own, or one that the checker brought. Of several,
    /// the one for this platform.
    pub(super) fn issuer(&self, iss: &str, platform: Option<Platform>) -> Option<Issuer> {
        let known = Issuer::known(iss);
        let brought = self.issuers.iter().filter(|issuer| issuer.accepts(iss));
        let mut all: Vec<Issuer> = brought.cloned().chain(known).collect();
        all.sort_by_key(|issuer| platform != Some(issuer.platform()));
        all.into_iter().next()
    }

    /// Whether this address, without a path, is a platform's API: one of the platforms' own, or one at an
    /// issuer that the checker brought.
    fn is_api(&self, api: &str) -> bool {
        let is_ghe = || {
            let host = api.strip_prefix("https://api.");
            host.is_some_and(|host| {
                Issuer::known(&format!("https://token.actions.{host}")).is_some()
            }) && api.ends_with(".ghe.com")
        };
        matches!(api, "https://api.github.com" | "https://gitlab.com")
            || is_ghe()
            || self.issuers.iter().any(|issuer| issuer.origin() == api)
    }
}

/// Where facts stand in build evidence, in the order of the format; a fact within another after that.
pub(super) const PARTS: &[&str] = &[
    "lane",
    "chain",
    "custody",
    "source",
    "inputs",
    "inputs.caches",
    "outputs",
    "dependencies",
    "environment",
    "environment.container",
    "environment.git_configuration",
    "environment.ca_bundle",
    "environment.signs",
    "tools",
    "packages",
    "pipeline",
    "pipeline.ran",
    "identity",
    "controls",
    "controls.branch_rules",
    "controls.environment",
    "controls.approvals",
    "controls.job",
    "controls.provenance",
    "attached",
    "changes",
    "changes.baseline",
    "changes.commits",
    "changes.lock",
];

/// Every part of build evidence that was looked at, in the order of the format, then the facts that a claim of
/// a token states too. What could not be looked at has nothing to be trusted.
///
/// Read from the JSON itself, as [`Claims`](crate::format::claims::Claims) are: a part of an unknown shape
/// says nothing, and the rest still counts.
#[must_use]
pub fn assurance(predicate: &Value, brought: &Brought<'_>, identity: &Judged) -> Vec<Assured> {
    let api = predicate.pointer("/controls/value/api").and_then(Value::as_str);
    let api_is_known = api.is_some_and(|api| brought.is_api(api));
    let token_is_known =
        matches!(identity.standing, Standing::JobChecked | Standing::PlatformVouched);
    let mut all = Vec::new();
    for part in PARTS {
        let pointer = format!("/{}", part.replacen('.', "/value/", 1));
        let Some((status, basis)) = predicate.pointer(&pointer).and_then(head) else { continue };
        let assurance = match basis {
            // A basis counts where such facts are learnt in that way alone: else whoever writes it raised the
            // fact by writing it.
            Basis::TokenClaim if *part == "identity" && token_is_known => Assurance::JobChecked,
            Basis::ApiReply if is_reply(part) && api_is_known => Assurance::JobChecked,
            // Of what another job captured not even that a document was given is known.
            Basis::Attached if *part == "attached" && status == Status::Observed => {
                Assurance::OutOfBand
            }
            // What is said to be recomputed was, by the job: nobody has done it again.
            _ => Assurance::SelfAsserted,
        };
        let assurance = match (*part, identity.standing) {
            ("identity", Standing::PlatformVouched) => Assurance::PlatformVouched,
            _ => assurance,
        };
        all.push(Assured { part: (*part).to_owned(), basis, assurance });
    }
    let by_claim = match identity.standing {
        Standing::PlatformVouched => Assurance::PlatformVouched,
        Standing::JobChecked => Assurance::JobChecked,
        _ => return all,
    };
    all.extend(identity.facts.iter().map(|fact| Assured {
        part: fact.clone(),
        basis: Basis::TokenClaim,
        assurance: by_claim,
    }));
    all
}

/// What the platform's API alone says.
fn is_reply(part: &str) -> bool {
    part == "controls" || part.starts_with("controls.")
}

/// Status and basis of a fact that was looked at.
fn head(fact: &Value) -> Option<(Status, Basis)> {
    let status = Status::deserialize(fact.get("status")?).ok()?;
    let basis = Basis::deserialize(fact.get("basis")?).ok()?;
    matches!(status, Status::Observed | Status::Absent).then_some((status, basis))
}
