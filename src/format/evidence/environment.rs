//! The machine, the user, the variables.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaBundle, Change, Container, GitConfiguration, Signs};
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
    /// What the machine shows of who may reach the build.
    #[serde(default)]
    pub signs: Fact<Signs>,
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

/// Variables that are others in every run of a platform, or in every shell: that they differ says nothing.
const PER_RUN: &[&str] = &["CI", "HOSTNAME", "OLDPWD", "PWD", "SHLVL", "TERM", "_"];
/// How names of such variables begin.
const PER_RUN_PREFIXES: &[&str] = &["ACTIONS_", "CI_", "FF_", "GITHUB_", "GITLAB_", "RUNNER_"];

/// Whether a variable of this name is another one in every run, so that builds aren't compared by it.
#[must_use]
pub fn is_per_run(name: &str) -> bool {
    PER_RUN.contains(&name) || PER_RUN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Variables that load code into the build's programs, or put another program in front of them.
pub const PRELOADS: &[&str] = &[
    "BASH_ENV",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "DYLD_INSERT_LIBRARIES",
    "ENV",
    "GIT_EXTERNAL_DIFF",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "JAVA_TOOL_OPTIONS",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "PERL5LIB",
    "PERL5OPT",
    "PROMPT_COMMAND",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYOPT",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "_JAVA_OPTIONS",
];

/// Variables that name a bundle, or a folder of certificates.
pub const CA_VARIABLES: [&str; 20] = [
    "AWS_CA_BUNDLE",
    "BUNDLE_SSL_CA_CERT",
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY_CAINFO",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "CURL_CA_BUNDLE",
    "DENO_CERT",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HEX_CACERTS_PATH",
    "NIX_SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "NPM_CONFIG_CAFILE",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SYSTEM_CERTIFICATE_PATH",
    "YARN_HTTPS_CA_FILE_PATH",
    "npm_config_cafile",
];
/// Variables that name folders, divided as in `PATH`.
pub const CA_FOLDERS: [&str; 2] = ["GIT_SSL_CAPATH", "SSL_CERT_DIR"];

/// Whether a variable of this name chooses what code the build's programs run, or whom they trust. The ways to
/// do so are more than the lists have: what is named like one counts as one.
#[must_use]
pub fn is_steering(name: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["DYLD_", "GIT_SSH", "LD_", "PERL5", "PYTHON", "SSL_CERT_"];
    const ENDINGS: [&str; 2] = ["_CA_BUNDLE", "_WRAPPER"];
    PRELOADS.contains(&name)
        || CA_VARIABLES.contains(&name)
        || CA_FOLDERS.contains(&name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}
