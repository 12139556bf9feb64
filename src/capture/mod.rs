//! Facts about a build, one file a subject. Each is a fact or an explicit "unavailable, because"; none
//! of them judges.

pub mod environment;
pub mod files;
pub mod git;
pub mod platform;
pub mod redact;

use crate::format::evidence::{Build, Environment, Inputs, Outputs, Source};
use crate::format::fact::{Fact, Gap, Withheld};
use crate::format::statement::Subject;

/// All that one bracket learnt; nothing is sealed yet.
#[derive(Debug)]
pub struct Capture {
    /// The bracket.
    pub build: Build,
    /// The platform.
    pub platform: platform::Platform,
    /// The repository.
    pub source: Fact<Source>,
    /// What was there before.
    pub inputs: Fact<Inputs>,
    /// What the build did.
    pub outputs: Fact<Outputs>,
    /// The machine.
    pub environment: Fact<Environment>,
    /// The artefacts; none where the build made none or did not succeed.
    pub subjects: Vec<Subject>,
    /// What was withheld.
    pub redactions: Vec<Withheld>,
    /// What is missing.
    pub gaps: Vec<Gap>,
}
