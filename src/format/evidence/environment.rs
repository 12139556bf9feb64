//! The machine, the user, the variables.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaBundle, Change, Container, GitConfiguration};
use crate::format::fact::{Fact, Sealable};

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
    /// Keyed fingerprints of variables, where a key for them was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<Fingerprints>,
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

/// Values without values: whoever has two of these under one key sees which variables are other ones, and
/// nothing of what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fingerprints {
    /// The first 16 hexadecimal digits of a digest that stands for the key.
    pub key_id: String,
    /// By name: the first 32 hexadecimal digits of HMAC-SHA-256 under the key over
    /// `proofmark variable\n<name>\n<value>`.
    pub variables: BTreeMap<String, String>,
}

/// A variable that isn't as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct VariableChange {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub change: Change,
}
