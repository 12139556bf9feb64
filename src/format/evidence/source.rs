//! The repository, as it was when the bracket opened.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::format::fact::Sealable;

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

impl Default for PathText {
    fn default() -> Self {
        Self::Path(String::new())
    }
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
