//! What explains a difference.

use super::Difference;
use crate::format::evidence::{CommitEntry, EnvironmentChange};

/// What the lock says of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// It doesn't approve what is there now, or nobody knows.
    None,
    /// It does, and it is the one that was in force at the baseline.
    InForce,
    /// It does, and it was changed since.
    Pending,
}

/// What can explain a difference.
pub struct Ground<'a> {
    /// The commits since the baseline.
    pub commits: &'a [CommitEntry],
    /// What the lock says.
    pub approval: &'a dyn Fn(&Difference) -> Approval,
}

/// Explains each difference, or says that nothing does; sorted.
#[must_use]
pub fn explain(_differences: Vec<Difference>, _ground: &Ground<'_>) -> Vec<EnvironmentChange> {
    Vec::new()
}
