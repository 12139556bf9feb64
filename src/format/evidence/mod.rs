//! Build evidence, version 1: the predicate of `urn:proofmark:build-evidence:v1`.
//!
//! Readers ignore members that they don't know, and take an unknown word as unknown.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fact::{Fact, Gap, Sealable, Withheld};
use crate::base::digest::Sha256;
use crate::base::time::Time;

mod custody;
mod dependencies;
mod machine;

pub use custody::{BracketState, Continued, ContinuedSubject, Custody};
pub use dependencies::{Dependencies, Dependency, Lockfile, Unlocked};
pub use machine::{
    CaBundle, CaFile, Cache, Caches, Container, GitConfiguration, GitHook, GitSetting, Mount,
    Package, PackageSet, Packages, ToolFact, ToolPath, Tools,
};

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
    /// The platform, as its variables describe it.
    pub pipeline: Fact<Pipeline>,
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

/// What makes two builds comparable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lane {
    /// The platform's own id of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// The pipeline definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The job in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// `default branch`, `branch`, `tag` or `other`.
    pub ref_kind: String,
}

/// What comes before this build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// Payload digest of the lane's previous succeeded build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256>,
    /// Why there is no `previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_none: Option<String>,
    /// The platform's own counts: the outside anchor against builds that were removed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platform_counts: BTreeMap<String, String>,
}

/// The repository at the bracket's opening.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its URL, without userinfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Where `repository` was read: `remote NAME` or `platform variable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_from: Option<String>,
    /// The full commit id; absent in a repository without a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit's tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// The full ref, such as `refs/heads/main`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub ref_name: Option<String>,
    /// Where `ref` was read: `HEAD`, or `platform variable` where HEAD is detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ref_from: Option<String>,
    /// The tag object, where `ref` is an annotated tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_object: Option<String>,
    /// Who made the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<CommitPeople>,
    /// The nearest tag among the commit's ancestors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_tag: Option<LastTag>,
    /// Tracked files that differ from the commit, and untracked ones; ignored ones not.
    pub dirty: Sealable<Vec<DirtyFile>>,
    /// How many entries `dirty` has.
    pub dirty_count: u64,
    /// Submodules that the commit names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub submodules: Vec<Submodule>,
    /// The history is cut off.
    pub shallow: bool,
    /// Objects are fetched on demand.
    pub partial: bool,
    /// Not all files of the commit are checked out.
    pub sparse: bool,
    /// The work tree is one that `git worktree` added.
    pub linked_worktree: bool,
    /// `.git` is no folder: the repository is kept elsewhere, as for a submodule or a linked work tree.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub separate_git_dir: bool,
    /// The repository belongs to another user than the one who built.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign_owner: bool,
    /// There is no work tree.
    pub bare: bool,
}

/// Who made the commit, as the commit says: anyone can write any name into one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitPeople {
    /// Keyed fingerprint of the author: [`People`] has the key.
    pub author: String,
    /// Keyed fingerprint of the committer.
    pub committer: String,
    /// `none`, or the kind of signature that the commit carries (`ssh`, `openpgp`, `x509`, `other`);
    /// nobody checked it.
    pub signature: String,
    /// Their names and addresses; sealed by default.
    pub names: Sealable<People>,
}

/// People by their keyed fingerprints, with the key: whoever may read the names can check that they
/// belong to the fingerprints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct People {
    /// 128 bits in hexadecimal, new for every evidence.
    pub key: String,
    /// Fingerprint to `Name <address>`. A fingerprint is the first 16 hexadecimal digits of HMAC-SHA-256
    /// under the key's bytes.
    pub names: BTreeMap<String, String>,
}

/// The nearest tag before a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastTag {
    /// `v1.2.3`.
    pub name: String,
    /// The commit that it names.
    pub commit: String,
}

/// A file of the work tree that isn't as the commit has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DirtyFile {
    /// Relative to the work tree.
    #[serde(flatten)]
    pub path: PathText,
    /// `added`, `modified`, `deleted`, `type changed`, `conflicted` or `untracked`.
    pub status: String,
    /// SHA-256 of what is there now; absent for what is no regular file, and where it wasn't read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// A submodule that the commit names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Submodule {
    /// Relative to the work tree.
    pub path: String,
    /// Its URL as `.gitmodules` has it, without userinfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit that the outer one names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit that is checked out; absent where it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_out: Option<String>,
}

/// A path, without loss: as text where it is UTF-8, else as hexadecimal of its raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathText {
    /// UTF-8, with `/` between the parts.
    Path(String),
    /// Hexadecimal of bytes that aren't UTF-8.
    PathHex(String),
}

impl PathText {
    /// Takes raw bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Path(text.to_owned()),
            Err(_) => Self::PathHex(hex::encode(bytes)),
        }
    }
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A symbolic link; its digest is of its target's bytes, which aren't followed.
    Link,
    /// A socket, a FIFO, a device: recorded, not read.
    Other,
}

/// What git makes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GitClass {
    /// In the index.
    Tracked,
    /// Not in the index, and not ignored.
    Untracked,
    /// Ignored: where poisoned caches live.
    Ignored,
}

/// What happened to a path while the bracket was open.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was absent before.
    Made,
    /// It has another digest, kind or mode than before.
    Changed,
    /// It has the digest, kind and mode that it had.
    Unchanged,
    /// It is gone.
    Deleted,
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEntry {
    /// Relative to the root.
    #[serde(flatten)]
    pub path: PathText,
    /// What it is.
    pub kind: FileKind,
    /// Whether its owner may execute it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Absent for what is no file and no link, and for what could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Bytes.
    pub size: u64,
    /// What git made of it when the bracket opened; absent without a repository, and for what the build
    /// made in a new place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitClass>,
    /// What happened to it; absent for inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// Files and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// Paths that aren't folders.
    pub files: u64,
    /// Bytes of the regular files among them.
    pub bytes: u64,
}

/// What was there when the bracket opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inputs {
    /// The root digest: SHA-256 over one record per path, sorted by path bytes.
    pub root: Sha256,
    /// All of them.
    pub all: Count,
    /// Those in git's index; absent without a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracked: Option<Count>,
    /// Those that git doesn't track and doesn't ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untracked: Option<Count>,
    /// Those that git ignores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Count>,
    /// Every path; absent where there are too many to list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Sealable<Vec<FileEntry>>>,
    /// What was left out, as patterns and paths below the root.
    #[serde(default)]
    pub excluded: Vec<String>,
    /// Inputs that had another content when the bracket closed, or were gone.
    pub changed_during_build: Sealable<Vec<PathText>>,
    /// Files that changed while they were read: their digest is of a mixture.
    #[serde(default)]
    pub changed_while_read: Vec<PathText>,
    /// Caches outside of the root.
    pub caches: Fact<Caches>,
}

/// What the build made, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The root digest over what was made or changed.
    pub root: Sha256,
    /// What was made or changed.
    pub all: Count,
    /// Paths that were absent before.
    pub made: u64,
    /// Paths with another content, kind or mode.
    pub changed: u64,
    /// Paths that are gone.
    pub deleted: u64,
    /// Every such path; absent where there are too many to list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Sealable<Vec<FileEntry>>>,
    /// Files that were taken as unchanged by device, inode, size and times, without reading them.
    pub unchanged_by_metadata: u64,
    /// Files that were read to tell.
    pub hashed: u64,
    /// Files that changed while they were read.
    #[serde(default)]
    pub changed_while_read: Vec<PathText>,
}

/// The machine, the user, the variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// `linux`, `macos`, `windows`, ...
    pub os: String,
    /// The distribution or system release, as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_release: Option<String>,
    /// The kernel, as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// `x86_64`, `aarch64`, ...
    pub architecture: String,
    /// CPUs that this process may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u64>,
    /// Numeric user id; absent where the system has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Whether the build ran with the rights of the system's administrator; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// The mask for the rights of new files, in octal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub umask: Option<String>,
    /// The locale that the variables ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Signs of a container, such as `/.dockerenv`.
    #[serde(default)]
    pub container_signs: Vec<String>,
    /// The runner's image, as its variables state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_image: Option<String>,
    /// Values of the variables that are on the list; sealed by default.
    pub variables: Sealable<BTreeMap<String, String>>,
    /// Names of all other variables.
    pub other_variables: Sealable<Vec<String>>,
    /// Names of variables that were set at either end of the bracket and that load code into, or wrap,
    /// the build's programs.
    #[serde(default)]
    pub preloads: Vec<String>,
    /// Variables that were otherwise when a bracket over several steps was closed; of those whose values
    /// aren't recorded only those that came or went are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_variables: Vec<VariableChange>,
    /// The entries of `PATH`; sealed by default.
    pub path: Sealable<Vec<String>>,
    /// The container; absent outside of one.
    pub container: Fact<Container>,
    /// What git's configuration rewrites or runs.
    pub git_configuration: Fact<GitConfiguration>,
    /// The certificates that programs trust.
    pub ca_bundle: Fact<CaBundle>,
}

/// A variable that isn't as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct VariableChange {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub change: Change,
}

/// The platform, as its variables describe it. Variables are read inside the job: anyone who can run
/// code there before can have set them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pipeline {
    /// `github`, `gitlab`, `local` or `unknown CI`.
    pub platform: String,
    /// The repository's URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The platform's id of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// The platform's id of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_owner_id: Option<String>,
    /// The commit that the run is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The full ref that the run is for.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub ref_name: Option<String>,
    /// `true`, `false`, or absent where the platform doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ref_protected: Option<bool>,
    /// What started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The definition: `path@ref` or a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The job's key in the definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The run's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The run's number in its pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_number: Option<String>,
    /// Which attempt at the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_attempt: Option<String>,
    /// The run's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// `github-hosted`, `self-hosted`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_environment: Option<String>,
    /// Whether the platform says that the runner is thrown away after the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposable: Option<bool>,
}
