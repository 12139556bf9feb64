//! What the platform's API said about who may touch the build.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::format::fact::{Fact, Sealable};

/// What the platform's API told the job; chosen fields, never bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Controls {
    /// Whom the job asked, as an address without a path; absent where nobody could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// The rules that are active on the run's branch (GitHub); without classic branch protection, which a
    /// job can't read, and without who may bypass them.
    pub branch_rules: Fact<BranchRules>,
    /// The environment that the job names, and what protects it (GitHub).
    pub environment: Fact<DeploymentEnvironment>,
    /// Who let this run deploy (GitHub).
    pub approvals: Fact<Approvals>,
    /// The job and its runner, as the platform sees them.
    pub job: Fact<PlatformJob>,
    /// Provenance that the platform made for the same digests; found, and not verified here.
    pub provenance: Fact<Vec<PlatformProvenance>>,
    /// Every question that was asked, in a fixed order.
    #[serde(default)]
    pub replies: Vec<Reply>,
    /// Names of people and machines, by `<part>.<field>`; sealed by default.
    #[serde(default)]
    pub details: Sealable<BTreeMap<String, String>>,
}

/// One question to the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// `branch rules`, `environment`, `approvals`, `job`, `attestations`.
    pub question: String,
    /// The address's path, without its query.
    pub path: String,
    /// The reply's status; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When it was there, by the job's clock.
    pub at: Time,
    /// SHA-256 of the reply's body, where it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// Rules on a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchRules {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// Those that are active, sorted.
    pub rules: Vec<BranchRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct BranchRule {
    /// `pull_request`, `deletion`, `non_fast_forward`, `required_signatures`, ...
    pub kind: String,
    /// `Repository`, `Organization`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The ruleset's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<u64>,
    /// Parameters that are a number or a boolean, as their text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// A deployment environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentEnvironment {
    /// Its name.
    pub name: String,
    /// The kinds of its protection rules, sorted.
    pub rules: Vec<String>,
    /// How many people or teams may approve.
    pub reviewers: u64,
    /// Whether who started a run may not approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prevent_self_review: Option<bool>,
    /// Minutes that a run waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_minutes: Option<u64>,
    /// `protected branches`, `custom`, or absent: every branch may deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_policy: Option<String>,
}

/// Reviews of a run that waited for them; who gave them stands in the details.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approvals {
    /// Environments that were approved, sorted.
    pub approved: Vec<String>,
    /// Environments that were refused, sorted.
    pub rejected: Vec<String>,
    /// How many people approved.
    pub people: u64,
    /// Whether one of them started the run; absent where that can't be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_who_started_it: Option<bool>,
}

/// The job and its runner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlatformJob {
    /// The job's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How it was found among the run's jobs: `check_run_id`, `runner name`, `job token`.
    pub matched_by: String,
    /// The commit that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it began, as the platform writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// The labels (GitHub) or tags (GitLab) that its runner was chosen by, sorted.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The runner's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_id: Option<String>,
    /// The runner's group (GitHub; `GitHub Actions` for hosted ones) or type (GitLab; `instance_type`, ...).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_group: Option<String>,
}

/// Provenance by the platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PlatformProvenance {
    /// `attestations API`, `runner metadata`, `bundle`.
    pub from: String,
    /// SHA-256 of the document as it was read.
    pub sha256: Sha256,
    /// What it says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Who it says made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// Digests of this build's subjects that it names, sorted.
    pub subjects: Vec<Sha256>,
    /// Whether it is signed at all; the signature is for whoever checks.
    pub signed: bool,
}
