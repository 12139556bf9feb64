//! Pure: two builds' evidence in, what differs between their environments out, and what explains it.
//!
//! The building column records what follows from here, and the checking column works it out again.

mod compare;
mod explain;
mod follows;
mod locked;

pub use compare::{Comparison, Difference, compare};
pub use explain::{Approval, Ground, explain};
pub use follows::{Departure, follows};
pub use locked::{Against, against, approves, laxer_than_default, proposed};

use crate::format::evidence::{
    BuildEvidence, Dependencies, Environment, Packages, Pipeline, Tools,
};

/// The environment of one build, as far as it was observed. Sealed parts are compared where they were put
/// back in their places (`format::section::unseal`).
#[derive(Debug, Clone, Copy, Default)]
pub struct View<'a> {
    /// The platform and the pipeline's definition.
    pub pipeline: Option<&'a Pipeline>,
    /// The machine.
    pub environment: Option<&'a Environment>,
    /// The tools.
    pub tools: Option<&'a Tools>,
    /// The packages.
    pub packages: Option<&'a Packages>,
    /// What the lockfiles name.
    pub dependencies: Option<&'a Dependencies>,
}

impl<'a> View<'a> {
    /// What evidence shows.
    #[must_use]
    pub fn of(evidence: &'a BuildEvidence) -> Self {
        Self {
            pipeline: evidence.pipeline.get(),
            environment: evidence.environment.get(),
            tools: evidence.tools.get(),
            packages: evidence.packages.get(),
            dependencies: evidence.dependencies.get(),
        }
    }
}
