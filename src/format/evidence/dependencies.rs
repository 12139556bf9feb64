//! What the lockfiles say that the build depends on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PathText;
use crate::base::digest::Sha256;
use crate::format::fact::Sealable;

/// What the lockfiles below the root say. They say what was asked for, not what was fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependencies {
    /// The lockfiles, sorted by path.
    pub lockfiles: Vec<Lockfile>,
    /// Manifests that have no lockfile, so that what they ask for is not pinned; sorted by path.
    #[serde(default)]
    pub unlocked: Vec<Unlocked>,
    /// Every dependency, sorted, each once.
    pub list: Sealable<Vec<Dependency>>,
    /// How many entries `list` has.
    pub count: u64,
    /// Those from elsewhere than the project itself that have no checksum in any lockfile.
    pub without_checksum: u64,
}

/// One lockfile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Lockfile {
    /// Relative to the root.
    #[serde(flatten)]
    pub path: PathText,
    /// `cargo`, `npm`, `pypi`, `go`, `maven`, `rubygems`.
    pub ecosystem: String,
    /// The form, such as `Cargo.lock version 4`.
    pub form: String,
    /// SHA-256 of the bytes that were parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// How many dependencies it names.
    pub dependencies: u64,
    /// Those of them that come from elsewhere and have no checksum in it.
    pub without_checksum: u64,
    /// It could not be parsed, or not whole: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// A manifest without a lockfile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Unlocked {
    /// Relative to the root.
    #[serde(flatten)]
    pub path: PathText,
    /// As in [`Lockfile`].
    pub ecosystem: String,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// As in [`Lockfile`].
    pub ecosystem: String,
    /// Its name, as the ecosystem writes it.
    pub name: String,
    /// Its version; absent where the lockfile has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it is to come from, without userinfo: a registry, a URL, a repository with its commit,
    /// `path` for what lies in the project itself. Absent where the lockfile doesn't say: the
    /// ecosystem's usual registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `<algorithm>:<value>` as the lockfile writes the value, sorted: `sha256:<hex>`,
    /// `sha512:<base64>`, `h1:<base64>`; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<String>,
}
