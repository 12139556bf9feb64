//! What makes builds comparable, and the chain of a lane's builds.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;

/// What makes two builds comparable. Lanes are the same where every field is.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Lane {
    /// The platform's own id of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// The project's folder in a repository of several, relative to the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The pipeline definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// The job in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The leg of a matrix, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<String>,
    /// `default branch`, `branch` (which one the default is isn't known), `tag` or `other` (another branch, or
    /// nothing of these).
    pub ref_kind: String,
}

/// What comes before this build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// Payload digest of the lane's previous succeeded build evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256>,
    /// This build's place in the chain, from 1; only of a build that succeeded, and only where a build
    /// before it was looked for. A chain that was lost begins anew, and `why_none` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Why there is no `previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_none: Option<String>,
    /// The platform's own counts: the outside anchor against builds that were removed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platform_counts: BTreeMap<String, String>,
}
