//! What the machine brought to the build: tools, packages, the container, configuration, caches.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Count;
use crate::base::digest::Sha256;
use crate::format::fact::Sealable;

/// The tools along `PATH`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tools {
    /// Those that were found, sorted by name.
    pub list: Vec<ToolFact>,
    /// Where each was found, by name; sealed by default.
    pub paths: Sealable<BTreeMap<String, ToolPath>>,
}

/// One tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolFact {
    /// The name that a build calls it by, such as `cc`.
    pub name: String,
    /// What it says of itself, on one line; absent where it wasn't asked or didn't answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of the file behind links and shims when the bracket opened; absent where it could not be
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_before: Option<Sha256>,
    /// The same when the bracket closed; absent where it is gone or could not be read, and where there
    /// was no build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_after: Option<Sha256>,
    /// The name led to another file, or to another content, when the bracket closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed_during_build: bool,
    /// How the name led to the file where it did so by a shim: `rustup`, `pyenv`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shim: Option<String>,
}

/// Where a tool was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolPath {
    /// The first along `PATH`.
    pub found: String,
    /// The file behind links and shims, whose digest is recorded.
    pub file: String,
}

/// The packages of the system, by manager: `dpkg`, `rpm`, `apk`.
pub type Packages = BTreeMap<String, PackageSet>;

/// What one package manager has installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageSet {
    /// How many.
    pub count: u64,
    /// SHA-256 over one line per package, `<name> <version> <architecture or ->\n`, sorted by bytes.
    pub sha256: Sha256,
    /// The packages, sorted; sealed by default.
    pub list: Sealable<Vec<Package>>,
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version as the manager states it, with epoch and revision.
    pub version: String,
    /// Its architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
}

/// The container that the build ran in, as it looks from inside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Container {
    /// `docker`, `podman`, `containerd`, `kubernetes`, `lxc`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The id, where the container can see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The image, where the platform or the runtime states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where `image` was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_from: Option<String>,
    /// A container runtime's socket is within reach: whoever can use it owns the host.
    pub runtime_socket: bool,
    /// Mounts that come from outside of the container; sealed by default.
    pub mounts: Sealable<Vec<Mount>>,
    /// How many.
    pub mount_count: u64,
}

/// A mount from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Mount {
    /// Where it is seen.
    pub path: String,
    /// `ext4`, `overlay`, `virtiofs`, ...
    pub file_system: String,
    /// It can't be written to.
    pub read_only: bool,
}

/// Configuration that rewrites addresses, or makes git run things.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitConfiguration {
    /// The settings that matter, sorted.
    pub settings: Vec<GitSetting>,
    /// Their values, by `scope: name`; sealed by default.
    pub values: Sealable<BTreeMap<String, Vec<String>>>,
    /// Hooks that git would run in this repository, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<GitHook>,
}

/// A setting that rewrites or runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct GitSetting {
    /// `system`, `global`, `xdg`, `local`, `worktree` or `environment`.
    pub scope: String,
    /// The setting's name, such as `url.https://example.com/.insteadof`.
    pub name: String,
    /// `rewrites addresses`, `runs a program`, `weakens TLS`, `sends credentials`, ...
    pub effect: String,
}

/// A hook that git would run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct GitHook {
    /// `post-checkout`, ...
    pub name: String,
    /// SHA-256 of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// The certificates that programs trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaBundle {
    /// The system's own bundle; absent where none is at a usual place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<CaFile>,
    /// Bundles that variables put in its place, by the variable's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, CaFile>,
}

/// One bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaFile {
    /// SHA-256 of the file; of a folder of certificates its root digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// How many certificates it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<u64>,
    /// Why there is no digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Caches outside of the root that were there when the bracket opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caches {
    /// By name: `cargo registry`, `npm`, `pip`, `maven`, `go modules`, ...; only those that were there.
    pub present: BTreeMap<String, Cache>,
    /// Those that were looked for and not there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Where they are, by name; sealed by default.
    pub paths: Sealable<BTreeMap<String, String>>,
}

/// One cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cache {
    /// Files and bytes; absent where it was not counted to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Count>,
    /// Its root digest, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Sha256>,
}
