//! What a definition says of its triggers, permissions and jobs.

use crate::format::evidence::{JobDefinition, Mark, Permissions, Trigger};

/// Nothing is sorted, capped or redacted yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) triggers: Vec<Trigger>,
    pub(super) permissions: Option<Permissions>,
    pub(super) jobs: Vec<JobDefinition>,
    pub(super) marks: Vec<Mark>,
    /// It isn't as the platform's own rules want it, or it is too much: why, and nothing that stands in it.
    /// What was understood stands here all the same.
    pub(super) trouble: Option<String>,
}
