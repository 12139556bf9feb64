//! What differs between two environments.

use super::View;
use crate::format::evidence::{ChangeKind, NotCompared};
use crate::format::lock::Class;

/// One difference; nothing explains it yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What kind of thing changed.
    pub class: Class,
    /// The part of the evidence that shows it.
    pub place: String,
    /// What changed.
    pub name: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
    /// What happened to it.
    pub change: ChangeKind,
}

/// Two environments, compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What differs, sorted.
    pub differences: Vec<Difference>,
    /// What could not be compared, sorted.
    pub not_compared: Vec<NotCompared>,
}

/// Compares what both sides show.
#[must_use]
pub fn compare(_old: View<'_>, _new: View<'_>) -> Comparison {
    Comparison::default()
}
