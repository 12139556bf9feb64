//! Facts about a build, one file a subject. Each is a fact or an explicit "unavailable, because"; none
//! of them judges.

pub mod caches;
pub mod configuration;
pub mod container;
pub mod documents;
pub mod environment;
pub mod files;
pub mod fingerprints;
pub mod git;
pub mod hosting;
pub mod lockfiles;
mod markup;
pub mod packages;
pub mod pipeline;
pub mod platform;
pub mod redact;
pub mod sbom;
pub mod signs;
pub mod subjects;
pub mod tools;
mod withhold;

pub use withhold::{withhold, withhold_part};

use crate::format::evidence::{
    Attachment, Build, Chain, Changes, Controls, Custody, Dependencies, Environment, Identity,
    Inputs, Outputs, Packages, Source, Tools,
};
use crate::format::fact::{Fact, Gap, Withheld};
use crate::format::statement::Subject;

/// What one subject of capture gave.
#[derive(Debug)]
pub struct Captured<T> {
    /// The fact; nothing is sealed yet.
    pub fact: Fact<T>,
    /// What was withheld of it.
    pub redactions: Vec<Withheld>,
    /// What is missing of it.
    pub gaps: Vec<Gap>,
}

/// All that one bracket learnt; nothing is sealed yet.
#[derive(Debug)]
pub struct Capture {
    /// The bracket.
    pub build: Build,
    /// The platform.
    pub platform: platform::Platform,
    /// What comes before it.
    pub chain: Fact<Chain>,
    /// What changed since.
    pub changes: Fact<Changes>,
    /// What of other jobs it continues.
    pub custody: Fact<Custody>,
    /// The platform's tokens.
    pub identity: Fact<Identity>,
    /// What the platform's API said.
    pub controls: Fact<Controls>,
    /// Documents that were given.
    pub attached: Fact<Vec<Attachment>>,
    /// The repository.
    pub source: Fact<Source>,
    /// What was there before.
    pub inputs: Fact<Inputs>,
    /// What the build did.
    pub outputs: Fact<Outputs>,
    /// What the lockfiles name.
    pub dependencies: Fact<Dependencies>,
    /// The machine.
    pub environment: Fact<Environment>,
    /// The tools along `PATH`.
    pub tools: Fact<Tools>,
    /// The system's packages.
    pub packages: Fact<Packages>,
    /// The artefacts; none where the build made none or did not succeed.
    pub subjects: Vec<Subject>,
    /// Bills of materials of the artefacts.
    pub sboms: Vec<sbom::Sbom>,
    /// What was withheld.
    pub redactions: Vec<Withheld>,
    /// What is missing.
    pub gaps: Vec<Gap>,
}
