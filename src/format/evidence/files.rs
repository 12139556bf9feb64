//! What was below the root before the build, and what the build did to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Caches, PathText};
use crate::base::digest::Sha256;
use crate::format::fact::{Fact, Sealable};

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
