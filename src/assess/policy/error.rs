//! What is wrong with a policy: where, what was expected, and what was meant most likely.

use super::parse::POLICY_MAX;

/// Why a text is no policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PolicyError {
    /// It isn't TOML.
    #[error("expected TOML, found {0}")]
    Form(String),
    /// Over [`POLICY_MAX`].
    #[error("expected at most {POLICY_MAX} bytes, found {0}")]
    TooLarge(usize),
    /// A key, a question, a level or a rule that means nothing.
    #[error("line {line}: {what} isn't known: {}", instead(.nearest.as_deref(), .known))]
    Unknown {
        /// Counted from 1.
        line: usize,
        /// What is meant by it, and its name where that is a key.
        what: String,
        /// What it may be a misspelling of.
        nearest: Option<String>,
        /// What can stand in its place.
        known: String,
    },
    /// A value of another kind.
    #[error("line {line}: expected {key} to be {expected}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// With its table.
        key: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A key without which its table means nothing.
    #[error("line {line}: expected {key}, found none")]
    Missing {
        /// Of the table.
        line: usize,
        /// With its table.
        key: String,
    },
    /// A question that no evidence can answer.
    #[error("line {line}: {question} can never pass: {why}")]
    NeverPasses {
        /// Counted from 1.
        line: usize,
        /// Its id.
        question: &'static str,
        /// Why.
        why: String,
    },
    /// A waiver of a rule that isn't asked, or of all.
    #[error("line {line}: {why}")]
    Waiver {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It would be met by anything.
    #[error(
        "the policy asks nothing: expected [require], [expect], [limits] or [gaps] with an entry"
    )]
    AsksNothing,
}

fn instead(nearest: Option<&str>, known: &str) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("known: {known}"),
    }
}
