//! The platform, as its variables describe it, and the pipeline's definition.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Hosting, PathText};
use crate::base::digest::Sha256;
use crate::format::fact::Fact;

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
    /// The commit that the definition was taken from, as a variable says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_commit: Option<String>,
    /// Whose machine it ran on, by everybody who says something of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosting: Option<Hosting>,
    /// The definition files on the disk, sorted by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub definitions: Vec<Definition>,
    /// The definition on the disk beside the one at the commit that the platform says it ran.
    #[serde(default)]
    pub ran: Fact<Ran>,
}

/// The definition at the commit that the platform says it ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// Relative to the repository's top.
    pub path: String,
    /// The commit.
    pub commit: String,
    /// Who names the commit: `token claim workflow_sha`, `variable GITHUB_WORKFLOW_SHA`, ...
    pub commit_from: String,
    /// SHA-256 of the file at that commit.
    pub sha256: Sha256,
    /// Whether the file on the disk is the same; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_disk_is_same: Option<bool>,
}

/// A file that defines what a pipeline does.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Definition {
    /// Relative to the root.
    #[serde(flatten)]
    pub path: PathText,
    /// What it is.
    #[serde(default)]
    pub kind: DefinitionKind,
    /// Whether the running pipeline is made of it: it is the definition that the platform names, or reached
    /// from there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub running: bool,
    /// SHA-256 of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Whether it is as the commit has it; absent where that isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<bool>,
    /// What starts it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// What the platform's token may do in all its jobs; absent where the definition has no such thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// Its jobs, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobDefinition>,
    /// What deserves a look, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// What it names from elsewhere, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// It could not be parsed, or not whole: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Its triggers, permissions, jobs and marks may not be all that it says: why. Its references are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unclear: Option<String>,
}

/// What a definition file is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DefinitionKind {
    /// A workflow of GitHub's.
    Workflow,
    /// An action of GitHub's.
    Action,
    /// A definition of GitLab's, or a part of one.
    Gitlab,
    /// What can't be told, and one that this version doesn't know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What starts a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// `push`, `pull_request_target`, ...; of GitLab's a source that a rule names.
    pub event: String,
    /// Why it is dangerous, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
}

/// What the platform's token may do.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Permissions {
    /// For every scope that isn't named: `not stated` (the organisation's default counts), `none`, `read`,
    /// `write`, `not decidable`.
    pub others: String,
    /// By scope: `none`, `read` or `write`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, String>,
}

/// A job of a definition.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct JobDefinition {
    /// Its key.
    pub name: String,
    /// Where it says so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// The labels or tags that its runner is chosen by, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runner: Vec<String>,
    /// Whether those ask for a self-hosted runner; absent where that can't be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_hosted: Option<bool>,
    /// The environment that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Audiences of the tokens that it asks for, by variable (GitLab's `id_tokens`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_tokens: BTreeMap<String, Vec<String>>,
}

/// Something in a definition that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// `dangerous-trigger`, `secrets-inherited`, `self-hosted`, `broad-permissions`, `cache-across-trust`,
    /// `debug-session`, `privileged-service`.
    pub kind: String,
    /// Where, such as `jobs.build.steps[2]`.
    pub place: String,
    /// What stands there, and why it matters, in a sentence.
    pub what: String,
    /// The line of the file that it stands on, counted from 1; absent where that isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Something that a definition names from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// `uses`, `image` or `include`.
    pub kind: String,
    /// As the definition writes it, after redaction.
    pub text: String,
    /// How far what it names can change without a change of the definition.
    #[serde(default)]
    pub pin: Pin,
    /// The line of the file that it stands on first, counted from 1; absent where that isn't known. It is no
    /// part of what the pipeline is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// How far what a reference names can change without a change of the definition.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    /// A full commit id: not at all.
    Commit,
    /// A SHA-256 digest of an image: not at all.
    Digest,
    /// A SHA-256 digest of an included file: not at all.
    Integrity,
    /// It lies in the commit that the pipeline runs.
    SameCommit,
    /// A whole version, which is meant to stay and can be moved.
    Tag,
    /// A branch, a part of a version, a short id, or nothing at all: it moves.
    Unpinned,
    /// It comes with the platform, and changes with its version.
    Platform,
    /// An expression or a variable decides.
    NotDecidable,
    /// One that this version doesn't know.
    #[default]
    #[serde(other)]
    Unknown,
}
