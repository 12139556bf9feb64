//! What the machine itself shows of who may reach the build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::time::Time;
use crate::format::fact::Sealable;

/// Signs, none of them a proof: whoever owns the machine can make it show what they like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signs {
    /// When the system booted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booted: Option<Time>,
    /// SHA-256, keyed with a constant of proofmark's, of the system's own id: the id itself is nobody
    /// else's. Two builds with one value ran on one machine, or on copies of one image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Whether the build before ran on this machine too; absent where that isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_seen_before: Option<bool>,
    /// Files below the root that git doesn't track when the bracket opened, ignored ones included: what an
    /// earlier build may have left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untracked_files: Option<u64>,
    /// A container runtime's socket can be written to: whoever can owns the machine.
    pub runtime_socket_writable: bool,
    /// What other users of the machine can write to: `root`, `PATH`, `tool`; how many of each.
    #[serde(default)]
    pub writable_by_others: Vec<WritableByOthers>,
    /// The paths of those; sealed by default.
    #[serde(default)]
    pub writable_paths: Sealable<Vec<String>>,
    /// Credentials within reach that don't end with the job: variables and files, by name, never their
    /// content.
    #[serde(default)]
    pub credentials: Vec<CredentialSign>,
    /// Signs that a person is, or could be, at work on the machine.
    #[serde(default)]
    pub sessions: Vec<SessionSign>,
}

/// What other users can write to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct WritableByOthers {
    /// `root`, `PATH` or `tool`.
    pub what: String,
    /// By whom: `all`, `group` where the group has other members than the build's user, or isn't theirs
    /// alone as far as can be seen, or `owner` where it is another user's.
    pub by: String,
    /// How many.
    pub count: u64,
}

/// A credential that doesn't end with the job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CredentialSign {
    /// `variable` or `file`.
    pub kind: String,
    /// Its name; of a file relative to the home folder.
    pub name: String,
    /// What it is for, such as `AWS`.
    pub of: String,
}

/// A sign of a person at work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SessionSign {
    /// `terminal`, `ssh`, `tmate`, `debug logging`, ...
    pub kind: String,
    /// How it was seen, such as `variable SSH_CONNECTION`.
    pub seen_by: String,
}

/// Whose machine the job ran on, by everybody who says something of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hosting {
    /// `hosted`, `self-hosted` or `unknown`: what the most trusted witness says.
    pub is: String,
    /// The most trusted first.
    pub witnesses: Vec<HostingWitness>,
    /// Whether none contradicts another.
    pub agree: bool,
}

/// Somebody who says whose machine it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostingWitness {
    /// `token claim runner_environment`, `API runner group`, `variable RUNNER_ENVIRONMENT`, ...
    pub from: String,
    /// `hosted`, `self-hosted`, or `unknown`: a word that this version doesn't know.
    pub says: String,
}
