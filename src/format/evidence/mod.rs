//! Build evidence, version 1: the predicate of `urn:proofmark:build-evidence:v1`.
//!
//! Readers ignore members that they don't know, and take an unknown word as unknown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fact::{Fact, Gap, Sealable, Withheld};
use crate::base::digest::Sha256;
use crate::base::time::Time;

mod attached;
mod chain;
mod changes;
mod controls;
mod custody;
mod dependencies;
mod environment;
mod files;
mod identity;
mod machine;
mod pipeline;
mod signs;
mod source;

pub use attached::Attachment;
pub use chain::{Chain, Lane};
pub use changes::{
    Baseline, ChangeCount, ChangeKind, Changes, CommitEntry, CommitLog, CommitSignature, DriftKind,
    EnvironmentChange, ExplainedBy, Explanation, LockDrift, LockState, NOT_AFTER, NOT_AN_ANCESTOR,
    NotCompared, PathKind, Touched, Trailer,
};
pub use controls::{
    Approvals, BranchRule, BranchRules, Controls, DeploymentEnvironment, PlatformJob,
    PlatformProvenance, Reply,
};
pub use custody::{BracketState, Continued, ContinuedSubject, Custody};
pub use dependencies::{Dependencies, Dependency, Lockfile, Unlocked};
pub use environment::{
    CA_FOLDERS, CA_VARIABLES, Environment, Fingerprints, PRELOADS, VariableChange, is_per_run,
    is_steering,
};
pub use files::{Change, Count, FileEntry, FileKind, GitClass, Inputs, Outputs};
pub use identity::{Agreement, Binds, CheckedToken, Identity, TokenJob, TokenKey};
pub use machine::{
    CaBundle, CaFile, Cache, Caches, Container, GitConfiguration, GitHook, GitSetting, Mount,
    Package, PackageSet, Packages, ToolFact, ToolPath, Tools,
};
pub use pipeline::{
    Definition, DefinitionKind, JobDefinition, Mark, Permissions, Pin, Pipeline, Ran, Reference,
    Trigger,
};
pub use signs::{CredentialSign, Hosting, HostingWitness, SessionSign, Signs, WritableByOthers};
pub use source::{CommitPeople, DirtyFile, LastTag, PathText, People, Source, Submodule};

/// The predicate type.
pub const BUILD_EVIDENCE: &str = "urn:proofmark:build-evidence:v1";
/// The name of the only subject of a build that did not succeed, or has no artefact.
pub const INPUTS_SUBJECT: &str = "inputs";
/// `urn:proofmark:build:<build id>`: how a SLSA line names the build that it belongs to.
pub const BUILD_URN: &str = "urn:proofmark:build:";

/// What one bracket saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "proofmark build evidence v1")]
pub struct BuildEvidence {
    /// The bracket itself.
    pub build: Build,
    /// The other statements that this bracket made; the evidence is the side that names.
    #[serde(default)]
    pub companions: Vec<Companion>,
    /// What makes builds comparable.
    pub lane: Fact<Lane>,
    /// What comes before this build.
    pub chain: Fact<Chain>,
    /// What of other jobs it continues.
    pub custody: Fact<Custody>,
    /// The repository.
    pub source: Fact<Source>,
    /// What was there when the bracket opened.
    pub inputs: Fact<Inputs>,
    /// What the build made, changed or deleted.
    pub outputs: Fact<Outputs>,
    /// What the lockfiles name.
    pub dependencies: Fact<Dependencies>,
    /// The machine, the user, the variables.
    pub environment: Fact<Environment>,
    /// The tools along `PATH`.
    pub tools: Fact<Tools>,
    /// The system's packages.
    pub packages: Fact<Packages>,
    /// The platform, as its variables describe it, and the pipeline's definition.
    pub pipeline: Fact<Pipeline>,
    /// Who ran it, by tokens that the platform signed.
    #[serde(default)]
    pub identity: Fact<Identity>,
    /// What the platform's API said about who may touch the build.
    #[serde(default)]
    pub controls: Fact<Controls>,
    /// Documents that were given with the build.
    #[serde(default)]
    pub attached: Fact<Vec<Attachment>>,
    /// What changed since the build before.
    pub changes: Fact<Changes>,
    /// What looked like a credential and was left out.
    #[serde(default)]
    pub redactions: Vec<Withheld>,
    /// What should have been captured and wasn't.
    #[serde(default)]
    pub gaps: Vec<Gap>,
}

/// How the build was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Bracket {
    /// Around one command.
    #[serde(rename = "command")]
    Command,
    /// Around several steps of a job.
    #[serde(rename = "steps")]
    Steps,
    /// Not at all: files were attested afterwards.
    #[serde(rename = "none")]
    None,
    /// One that this version doesn't know.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// How the build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Outcome {
    /// The command ended with 0.
    #[serde(rename = "succeeded")]
    Succeeded,
    /// It ended with another code, by a signal, or could not be started.
    #[serde(rename = "failed")]
    Failed,
    /// Somebody asked for its end.
    #[serde(rename = "cancelled")]
    Cancelled,
    /// No build was bracketed.
    #[serde(rename = "not applicable")]
    NotApplicable,
    /// Nobody told; treated as a build that did not succeed.
    #[serde(other, rename = "unknown")]
    Unknown,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::NotApplicable => "not applicable",
            Self::Unknown => "unknown",
        })
    }
}

/// The bracket itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// 128 random bits in hexadecimal.
    pub id: String,
    /// When the bracket opened, by the job's clock.
    pub started: Time,
    /// When the bracket closed, by the job's clock.
    pub finished: Time,
    /// How the build was seen.
    pub bracket: Bracket,
    /// The command; absent where none was bracketed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// How the build ended.
    pub outcome: Outcome,
    /// Who says so: `exit status`, `--outcome`, the name of a variable; absent where nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_from: Option<String>,
    /// What lay on the disk while the bracket was open; only of one over several steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BracketState>,
    /// Who signs.
    pub signing: Signing,
    /// What made this evidence.
    pub tool: Tool,
}

/// The bracketed command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// The arguments, the program first, after redaction. Bytes that aren't UTF-8 are `\xNN`.
    pub argv: Sealable<Vec<String>>,
    /// Whether `argv` is a line that was given to a shell.
    pub shell: bool,
    /// The working directory, relative to the root.
    pub working_directory: String,
    /// How it ended; absent where it was not started or still ran when the evidence was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// Which job signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SigningLayout {
    /// The job that ran the build: its code could have used the key.
    InJob,
    /// A job that runs no code of the project.
    SeparateJob,
    /// No build was bracketed: which job signs says nothing of it.
    #[serde(rename = "not applicable")]
    NotApplicable,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// Who signs, and how far the key was out of the build's reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signing {
    /// Which job signs.
    pub layout: SigningLayout,
    /// Where the key was while the build ran.
    pub key_custody: KeyCustody,
}

/// Where the key was while the build ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyCustody {
    /// `in-job`, `separate-job`, `none` for an unsigned capture, `not applicable` without a build.
    pub custody: String,
    /// Where the key was read from: `file`, `descriptor`, `variable`, `ssh-agent` (it wasn't); absent without
    /// a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<String>,
    /// What kept the build from the key.
    #[serde(default)]
    pub protections: Vec<String>,
    /// What would have let the build reach the key all the same.
    #[serde(default)]
    pub exposures: Vec<String>,
}

/// The program that made the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `proofmark`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the binary that ran, as it found itself; absent where it couldn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// A statement that the same bracket made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Companion {
    /// Its predicate type.
    pub predicate_type: String,
    /// SHA-256 of its payload.
    pub sha256: Sha256,
}
