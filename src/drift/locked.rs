//! An environment against the approved one.

use std::collections::BTreeMap;

use super::{Difference, View};
use crate::base::time::Time;
use crate::format::evidence::{Lane, LockDrift};
use crate::format::lock::{Class, Lock, Mode, Section};

/// How an environment stands to the lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Against {
    /// The name of the lane's section.
    pub lane: Option<String>,
    /// How each class is compared.
    pub modes: BTreeMap<Class, Mode>,
    /// Classes that are compared less closely than by default.
    pub laxer: Vec<Class>,
    /// What differs, sorted.
    pub drift: Vec<LockDrift>,
}

/// Compares an environment with what the lock approves for its lane on the day of `on`.
#[must_use]
pub fn against(_lock: &Lock, _lane: &Lane, _view: View<'_>, _on: Time) -> Against {
    Against::default()
}

/// Whether the lock approves what a difference led to.
#[must_use]
pub fn approves(_lock: &Lock, _lane: &Lane, _difference: &Difference, _on: Time) -> bool {
    false
}

/// Classes that `modes` compares less closely than the defaults for this environment.
#[must_use]
pub fn laxer_than_default(_modes: &BTreeMap<Class, Mode>, _view: View<'_>) -> Vec<Class> {
    Vec::new()
}

/// What a lock would have to approve for this environment to be the approved one.
#[must_use]
pub fn proposed(_view: View<'_>) -> Section {
    Section::new()
}
