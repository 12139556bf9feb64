//! Facts: what was seen, and how it was learnt; inline or sealed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::section::SealRef;

/// How a fact was learnt. It says nothing of how far the fact can be trusted: the checker works that
/// out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Basis {
    /// Read inside the job: a file, a variable, a system call.
    #[serde(rename = "read")]
    Read,
    /// Computed from bytes at hand, and can be computed again.
    #[serde(rename = "recomputed")]
    Recomputed,
    /// A claim of a token that the job checked.
    #[serde(rename = "token claim")]
    TokenClaim,
    /// A platform's reply to the job.
    #[serde(rename = "API reply")]
    ApiReply,
    /// A document that was given with the build.
    #[serde(rename = "attached")]
    Attached,
    /// What the user said.
    #[serde(rename = "declared")]
    Declared,
    /// What the capture of another job said.
    #[serde(rename = "told by another job")]
    ToldByAnotherJob,
    /// One that this version doesn't know.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// Whether there is a value, and if not why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Status {
    /// Seen; `value` holds it.
    #[serde(rename = "observed")]
    Observed,
    /// Looked for and not there.
    #[serde(rename = "absent")]
    Absent,
    /// Could not be looked for; `reason` says why.
    #[serde(rename = "unavailable")]
    Unavailable,
    /// Has no meaning for this kind of build.
    #[serde(rename = "not applicable")]
    NotApplicable,
    /// One that this version doesn't know.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// A value that stands in the signed file itself, or as the digest of a section of another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Sealable<T> {
    /// The value is in a section.
    Sealed {
        /// Which section.
        sealed: SealRef,
    },
    /// The value.
    Inline(T),
}

impl<T: Default> Default for Sealable<T> {
    fn default() -> Self {
        Self::Inline(T::default())
    }
}

impl<T> Sealable<T> {
    /// The value, where it stands in the signed file itself.
    pub const fn inline(&self) -> Option<&T> {
        match self {
            Self::Inline(value) => Some(value),
            Self::Sealed { .. } => None,
        }
    }
}

/// A fact with how it was learnt. Unavailable isn't absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact<T> {
    /// Whether there is a value.
    pub status: Status,
    /// How it was learnt.
    pub basis: Basis,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The value, where `status` is `observed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<T>,
}

/// As in evidence of an older version, which had no place for it.
impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self::unavailable(Basis::Unknown, "the version that made this evidence doesn't record it")
    }
}

impl<T> Fact<T> {
    /// Seen.
    pub const fn observed(basis: Basis, value: T) -> Self {
        Self { status: Status::Observed, basis, reason: None, value: Some(value) }
    }

    /// Looked for and not there.
    pub const fn absent(basis: Basis) -> Self {
        Self { status: Status::Absent, basis, reason: None, value: None }
    }

    /// Could not be looked for.
    pub fn unavailable(basis: Basis, reason: impl Into<String>) -> Self {
        Self { status: Status::Unavailable, basis, reason: Some(reason.into()), value: None }
    }

    /// Has no meaning here.
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self {
            status: Status::NotApplicable,
            basis: Basis::Read,
            reason: Some(reason.into()),
            value: None,
        }
    }

    /// The value, if the fact was observed.
    pub fn get(&self) -> Option<&T> {
        match self.status {
            Status::Observed => self.value.as_ref(),
            _ => None,
        }
    }
}

/// Something that should have been captured and wasn't.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// The part of the evidence, such as `inputs` or `source.submodules`.
    pub part: String,
    /// What is missing, and why.
    pub reason: String,
    /// What would close the gap; absent where nothing in the user's hands would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Gap {
    /// A gap with its cure.
    pub fn new(part: &str, reason: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { part: part.to_owned(), reason: reason.into(), cure: Some(cure.into()) }
    }

    /// A gap that the user can't close.
    pub fn without_cure(part: &str, reason: impl Into<String>) -> Self {
        Self { part: part.to_owned(), reason: reason.into(), cure: None }
    }
}

/// Something that looked like a credential and was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Withheld {
    /// Where, such as `argv[3]` or `variable DEPLOY_TOKEN`.
    pub place: String,
    /// The rule's id. Never the value, its length or a digest of it.
    pub rule: String,
}
