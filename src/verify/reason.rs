//! Why an artefact isn't verified: the three answers, their causes and the remedies.

use super::expect::Unmet;
use super::subject::Disagreement;
use crate::base::digest::Sha256;
use crate::base::text::Printable;
use crate::format::evidence::Outcome;

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The evidence is about this artefact and nothing contradicts.
    Verified,
    /// The evidence contradicts.
    Refused,
    /// There is nothing to verify with.
    CouldNotTell,
}

/// Why an artefact isn't verified. The letters are those of the order of checks in [`judge`](super::judge()).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// (a) Refused.
    #[error("no signature verifies: expected one by a trusted key, found none on line {}", list(.lines))]
    NoSignatureVerifies {
        /// The lines that a trusted key should have signed.
        lines: Vec<usize>,
    },
    /// (a) Could not tell.
    #[error("nothing to verify with: expected a line signed by a trusted key, found none")]
    NothingSigned,
    /// (b) Could not tell.
    #[error("no statement of a wanted type: expected {wanted}, found {found}")]
    NoWantedType {
        /// The wanted types.
        wanted: String,
        /// Those of the verified lines.
        found: String,
    },
    /// (c) Refused.
    #[error("different digest: expected sha256:{expected}, found sha256:{found}")]
    DifferentDigest {
        /// As a verified statement has it for the artefact's name.
        expected: String,
        /// As the artefact has it.
        found: Sha256,
    },
    /// (c) Could not tell.
    #[error("no statement is about this artefact: expected a subject with sha256:{found}, found none{}", failed_build(*.outcome))]
    NotASubject {
        /// As the artefact has it.
        found: Sha256,
        /// Of evidence that attests no file because its build did not succeed.
        outcome: Option<Outcome>,
    },
    /// (d) Refused.
    #[error("{} disagrees beside a digest that agrees: expected {}, found {}", .0.what, Printable(&.0.expected), .0.found)]
    Disagrees(Disagreement),
    /// Refused, where names are strict.
    #[error("different name: expected {}, found {}", Printable(.expected), Printable(.found))]
    DifferentName {
        /// The artefact's name, or the one that it was to be checked under.
        expected: String,
        /// The name that the statement gives it.
        found: String,
    },
    /// (e) Could not tell.
    #[error(
        "provenance without its build evidence: expected verified evidence of build {}, found none",
        Printable(.build)
    )]
    EvidenceMissing {
        /// The build's id; `?` where the line names none.
        build: String,
    },
    /// (f) Could not tell.
    #[error("too few signers: expected {needed} distinct keys, found {found}")]
    TooFewSigners {
        /// The threshold.
        needed: usize,
        /// The most that any matching statement has.
        found: usize,
    },
    /// Refused: whoever verified before says that it failed.
    #[error("the verification summary on line {} says FAILED: expected PASSED", list(.lines))]
    SummaryFailed {
        /// Its lines.
        lines: Vec<usize>,
    },
    /// Could not tell: a verification summary of another word, or of none.
    #[error(
        "the verification summary on line {} has no result that is known: expected PASSED or FAILED, found {}",
        list(.lines), Printable(.found)
    )]
    SummaryUnknown {
        /// Its lines.
        lines: Vec<usize>,
        /// What it says.
        found: String,
    },
    /// (g) Refused.
    #[error("the build did not succeed: expected outcome succeeded, found {found}")]
    Outcome {
        /// As the evidence has it.
        found: Outcome,
    },
    /// (g) Refused.
    #[error(
        "lines of different builds: expected the provenance to be a companion of build {}, found sha256:{found} which it doesn't list",
        Printable(.build)
    )]
    NotACompanion {
        /// The build's id.
        build: String,
        /// The provenance line's payload digest.
        found: Sha256,
    },
    /// (g) Refused.
    #[error(
        "lines of build {} disagree on the {what}: {} and {}",
        Printable(.build), Printable(.one), Printable(.other)
    )]
    LinesDisagree {
        /// The build's id.
        build: String,
        /// `source`, `commit`, `ref` or `outcome`.
        what: &'static str,
        /// What one line says.
        one: String,
        /// What another says.
        other: String,
    },
    /// (g) Refused.
    #[error(
        "{} doesn't hold: expected {}, found {}",
        .0.expectation.name(),
        Printable(&.0.expected),
        .0.found.as_deref().unwrap_or("no accepted statement that says it")
    )]
    Unmet(Unmet),
}

fn failed_build(outcome: Option<Outcome>) -> String {
    outcome.map_or_else(String::new, |outcome| {
        format!("; there is evidence of a build that did not succeed ({outcome}), and it attests no artefact")
    })
}

impl Reason {
    /// A stable name for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSignatureVerifies { .. } => "no-signature-verifies",
            Self::NothingSigned => "nothing-signed",
            Self::NoWantedType { .. } => "no-wanted-type",
            Self::DifferentDigest { .. } => "different-digest",
            Self::NotASubject { .. } => "not-a-subject",
            Self::Disagrees(_) => "digest-disagrees",
            Self::DifferentName { .. } => "different-name",
            Self::EvidenceMissing { .. } => "evidence-missing",
            Self::TooFewSigners { .. } => "too-few-signers",
            Self::SummaryFailed { .. } => "summary-failed",
            Self::SummaryUnknown { .. } => "summary-unknown",
            Self::Outcome { .. } => "outcome",
            Self::NotACompanion { .. } => "not-a-companion",
            Self::LinesDisagree { .. } => "lines-disagree",
            Self::Unmet(_) => "expectation",
        }
    }

    /// What it amounts to.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::NothingSigned
            | Self::NoWantedType { .. }
            | Self::NotASubject { .. }
            | Self::EvidenceMissing { .. }
            | Self::SummaryUnknown { .. }
            | Self::TooFewSigners { .. } => Verdict::CouldNotTell,
            _ => Verdict::Refused,
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSignatureVerifies { .. } => {
                "check that the key is the vendor's; if it is, the evidence was altered: don't use the artefact"
            }
            Self::NothingSigned => "ask the vendor for signed evidence of this artefact",
            Self::NoWantedType { .. } => {
                "name the type with --predicate-type if it is the one you want"
            }
            Self::DifferentDigest { .. } | Self::Disagrees(_) => {
                "don't use the artefact; fetch it again from the vendor"
            }
            Self::NotASubject { outcome: Some(_), .. } => {
                "ask the vendor for an artefact of a build that succeeded"
            }
            Self::NotASubject { .. } => "check that this is the evidence of this very release",
            Self::DifferentName { .. } => {
                "if the name may differ: check a file without --name and --strict-names, an image by its digest alone (sha256:HEX)"
            }
            Self::EvidenceMissing { .. } => "ask the vendor for the whole evidence file",
            Self::TooFewSigners { .. } => "ask the vendor for the missing signatures",
            Self::SummaryFailed { .. } => {
                "don't use the artefact; ask whoever signed the summary why it failed"
            }
            Self::SummaryUnknown { .. } => {
                "ask whoever signed the summary for one that says PASSED or FAILED"
            }
            Self::Outcome { .. } => {
                "don't use the artefact; ask the vendor for one of a build that succeeded"
            }
            Self::NotACompanion { .. } | Self::LinesDisagree { .. } => {
                "don't use the artefact; the evidence file was put together from several builds"
            }
            Self::Unmet(_) => "don't use the artefact unless what you expect is wrong",
        }
    }
}

fn list(lines: &[usize]) -> String {
    lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
