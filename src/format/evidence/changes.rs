//! What changed since the build before: commits, and the environment.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PathText, People};
use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::format::fact::{Fact, Sealable};
use crate::format::lock::{Class, Mode};

/// How a reason says that the commit of the build before was looked for in the history, and isn't there.
pub const NOT_AN_ANCESTOR: &str = "isn't an ancestor of this one";
/// How a log of commits says that HEAD doesn't descend from where it was to begin.
pub const NOT_AFTER: &str = "HEAD doesn't come after";

/// What changed since the build before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The build that this one is compared with.
    pub baseline: Fact<Baseline>,
    /// The commits since.
    pub commits: Fact<CommitLog>,
    /// The approved environment.
    pub lock: Fact<LockState>,
    /// How the environment differs from the baseline's, sorted. It follows from the two evidences, the
    /// commits and the lock.
    pub environment: Sealable<Vec<EnvironmentChange>>,
    /// The same for places that are sealed; sealed by default.
    pub details: Sealable<Vec<EnvironmentChange>>,
    /// How many of both, by class.
    pub counts: BTreeMap<Class, ChangeCount>,
    /// Places that could not be compared, sorted.
    #[serde(default)]
    pub not_compared: Vec<NotCompared>,
}

/// The build that another is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// SHA-256 of its payload.
    pub sha256: Sha256,
    /// The build that it names.
    pub build_id: String,
    /// The commit that it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Its place in the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// When it was finished, as it says.
    pub finished: Time,
    /// Seconds between that and the opening of this bracket.
    pub age_seconds: i64,
    /// Where it came from, such as `file`, `workflow artefact of run 4711`, `git notes`.
    pub from: String,
    /// Fingerprints of the keys that were trusted and signed it.
    pub signers: Vec<String>,
    /// Whether its sealed parts were at hand.
    pub sections: bool,
}

/// The commits since the baseline, or since the last tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitLog {
    /// `baseline`, `last tag` or `beginning`.
    pub since: String,
    /// The commit that is left out, with all that it descends from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_commit: Option<String>,
    /// The tag that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_tag: Option<String>,
    /// How many there are; where the log is not complete, how many were seen.
    pub count: u64,
    /// Whether all of them were seen and are listed.
    pub complete: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_incomplete: Option<String>,
    /// How many touch the build environment.
    pub touching: u64,
    /// How many there are of each state of signature.
    pub signatures: BTreeMap<String, u64>,
    /// The file of allowed signers that signatures were checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_signers: Option<Sha256>,
    /// The commits, children before parents.
    pub list: Sealable<Vec<CommitEntry>>,
    /// Their people's names and addresses; sealed by default.
    pub people: Sealable<People>,
}

/// One commit. All of it is what the commit says: anyone can write any name and time into one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitEntry {
    /// The full id.
    pub id: String,
    /// Those of its parents.
    pub parents: Vec<String>,
    /// Keyed fingerprint of the author: [`CommitLog::people`] has the key.
    pub author: String,
    /// Keyed fingerprint of the committer.
    pub committer: String,
    /// When it was written.
    pub authored: Time,
    /// When it was committed.
    pub committed: Time,
    /// Its first line, after redaction.
    pub subject: String,
    /// Its signature.
    pub signature: CommitSignature,
    /// The paths of the build environment that it touches, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touches: Vec<Touched>,
    /// The trailers of its message, in their order; people in them are fingerprints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Vec<Trailer>,
    /// The number of the pull or merge request that the message names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
}

/// The signature of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitSignature {
    /// `none`, `ssh`, `openpgp`, `x509` or `other`.
    pub kind: String,
    /// `none`, `good`, `bad`, `not checked` (no file of allowed signers) or `not checkable`.
    pub state: String,
    /// The key's fingerprint, where it is an SSH signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Keyed fingerprint of the principal that the key belongs to, where the signature is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Why it is bad or can't be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A path of the build environment that a commit touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Touched {
    /// Relative to the repository's top.
    #[serde(flatten)]
    pub path: PathText,
    /// Why it matters.
    pub kind: PathKind,
}

/// Why a path matters to the build environment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum PathKind {
    /// A pipeline's definition.
    #[serde(rename = "definition")]
    Definition,
    /// What dependencies are fetched.
    #[serde(rename = "lockfile")]
    Lockfile,
    /// What the container is made of.
    #[serde(rename = "container")]
    Container,
    /// Which tools are used.
    #[serde(rename = "toolchain")]
    Toolchain,
    /// What the build runs.
    #[serde(rename = "build script")]
    BuildScript,
    /// `proofmark.lock`, `proofmark.toml`.
    #[serde(rename = "proofmark")]
    Proofmark,
    /// Who has to review what.
    #[serde(rename = "owners")]
    Owners,
    /// What `proofmark.toml` adds.
    #[serde(rename = "added")]
    Added,
    /// One that this version doesn't know.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// A trailer of a commit's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trailer {
    /// `Signed-off-by`, `Ticket`, ...
    pub key: String,
    /// Its value after redaction; of a person, the keyed fingerprint.
    pub value: String,
}

/// One difference between two builds' environments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentChange {
    /// What kind of thing changed.
    pub class: Class,
    /// The part of the evidence that shows it, such as `tools` or `packages.dpkg.list`.
    pub place: String,
    /// What changed, such as `cargo` or `PATH`.
    pub name: String,
    /// What it was; absent where it was not there, or where its value isn't recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is now; absent where it is gone, or where its value isn't recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What happened to it.
    pub change: ChangeKind,
    /// What explains it.
    pub explanation: Explanation,
}

/// What happened to a thing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ChangeKind {
    /// It wasn't there before.
    #[serde(rename = "added")]
    Added,
    /// It is another.
    #[serde(rename = "changed")]
    Changed,
    /// It is gone.
    #[serde(rename = "removed")]
    Removed,
    /// One that this version doesn't know.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// What explains a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// What kind of explanation it is.
    pub by: ExplainedBy,
    /// The commit that explains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// One sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What kind of explanation a change has.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ExplainedBy {
    /// A commit since the baseline touched a file that decides it.
    #[serde(rename = "commit")]
    Commit,
    /// The lock that was in force at the baseline already approves it.
    #[serde(rename = "lock")]
    Lock,
    /// The platform has rolled the runner's image.
    #[serde(rename = "platform image")]
    PlatformImage,
    /// A lock that was changed since the baseline approves it, which explains nothing by itself.
    #[serde(rename = "approval pending")]
    ApprovalPending,
    /// Nothing does.
    #[serde(rename = "unexplained")]
    Unexplained,
    /// One that this version doesn't know: it explains nothing.
    #[serde(other, rename = "unknown")]
    Unknown,
}

impl ExplainedBy {
    /// Whether it explains anything.
    #[must_use]
    pub const fn explains(self) -> bool {
        matches!(self, Self::Commit | Self::Lock | Self::PlatformImage)
    }
}

impl fmt::Display for ExplainedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Lock => "lock",
            Self::PlatformImage => "platform image",
            Self::ApprovalPending => "approval pending",
            Self::Unexplained => "unexplained",
            Self::Unknown => "unknown",
        })
    }
}

/// How many changes there are of a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeCount {
    /// All of them.
    pub changes: u64,
    /// Those that nothing explains, `approval pending` among them.
    pub unexplained: u64,
}

/// A place that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NotCompared {
    /// The part of the evidence.
    pub place: String,
    /// Why: `sealed in the baseline`, `not captured in this build`, ...
    pub reason: String,
}

/// The approved environment, and how this build's differs from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockState {
    /// Relative to the repository's top.
    pub path: String,
    /// SHA-256 of the file as HEAD has it.
    pub sha256: Sha256,
    /// The commit that last changed it; absent where the history doesn't reach that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    /// Whether that commit is on a protected ref.
    pub protected: Fact<bool>,
    /// Whether it is another than at the baseline; absent without a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_since_baseline: Option<bool>,
    /// The work tree has another one, which doesn't count.
    pub work_tree_differs: bool,
    /// The name of the lane's section; absent where the lock has none for this lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// How each class is compared.
    pub modes: BTreeMap<Class, Mode>,
    /// Classes that it compares less closely than the defaults, sorted.
    #[serde(default)]
    pub laxer_than_default: Vec<Class>,
    /// Where this build's environment isn't the approved one, sorted.
    pub drift: Vec<LockDrift>,
}

/// One difference from the approved environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LockDrift {
    /// What kind of thing differs.
    pub class: Class,
    /// What differs, such as `cargo`; empty where it is the class or the lock as a whole.
    pub name: String,
    /// In what way.
    pub kind: DriftKind,
    /// What the lock approves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// In what way something isn't as approved.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum DriftKind {
    /// It is another.
    #[serde(rename = "differs")]
    Differs,
    /// The lock doesn't name it.
    #[serde(rename = "not approved")]
    NotApproved,
    /// The lock names it, and it isn't there.
    #[serde(rename = "missing")]
    Missing,
    /// Its approval has expired.
    #[serde(rename = "expired")]
    Expired,
    /// The platform has rolled the runner's image: logged, and no reason to refuse.
    #[serde(rename = "platform image roll")]
    ImageRoll,
    /// The lock has no section for this lane.
    #[serde(rename = "no section")]
    NoSection,
    /// The lock compares nothing.
    #[serde(rename = "covers nothing")]
    CoversNothing,
    /// It could not be compared.
    #[serde(rename = "not compared")]
    NotCompared,
    /// One that this version doesn't know.
    #[serde(other, rename = "unknown")]
    Unknown,
}

impl DriftKind {
    /// Whether it counts as drift: all but what the platform explains.
    #[must_use]
    pub const fn is_drift(self) -> bool {
        !matches!(self, Self::ImageRoll)
    }
}

impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Differs => "differs",
            Self::NotApproved => "not approved",
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::ImageRoll => "platform image roll",
            Self::NoSection => "no section",
            Self::CoversNothing => "covers nothing",
            Self::NotCompared => "not compared",
            Self::Unknown => "unknown",
        })
    }
}
