//! Who ran the build, by tokens that the platform signed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::format::fact::Sealable;

/// The platform's tokens about the jobs that made this evidence, each as the job that was given it checked
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// One a job: the build's, then that of the job that signed.
    pub tokens: Vec<CheckedToken>,
    /// Claims that name people, by `<job>.<claim>`; sealed by default.
    #[serde(default)]
    pub people: Sealable<BTreeMap<String, String>>,
}

/// A token (OpenID Connect Core 1.0, section 2) that a job checked: its signature with the issuer's key, its
/// issuer, audience and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedToken {
    /// Whose it is.
    pub job: TokenJob,
    /// Its `iss`.
    pub issuer: String,
    /// Its `aud`.
    pub audience: String,
    /// What its audience commits to.
    pub binds: Binds,
    /// Fingerprints of the signing keys that the audience commits to; none where this job doesn't sign.
    #[serde(default)]
    pub signers: Vec<String>,
    /// Claims that name the job, its repository and its run; numbers and booleans as their text.
    pub claims: BTreeMap<String, String>,
    /// The issuer's key that signed it.
    pub key: TokenKey,
    /// Its `iat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Time>,
    /// Its `nbf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Its `exp`.
    pub expires: Time,
    /// When it was checked, by the job's clock.
    pub checked: Time,
    /// What the evidence states and a claim too.
    #[serde(default)]
    pub agreement: Vec<Agreement>,
    /// The token itself, where `--embed-token` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenJob {
    /// The job that ran the build.
    Build,
    /// A job that signed what another had captured.
    Signing,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// What a token's audience commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Binds {
    /// This build, its subjects and its signers.
    Build,
    /// The pipeline, and nothing of what it made.
    Pipeline,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

/// A key of an issuer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenKey {
    /// Its `kid`.
    pub id: String,
    /// SHA-256 thumbprint (RFC 7638), in hexadecimal.
    pub thumbprint: Sha256,
    /// Length of the RSA modulus, in bits.
    pub bits: u32,
}

/// A fact of the evidence beside the claim that states it too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// Where it stands, such as `pipeline.commit`.
    pub fact: String,
    /// The claim, such as `sha`.
    pub claim: String,
    /// Whether both say the same.
    pub agrees: bool,
    /// What the evidence says, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
    /// What the token says, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<String>,
}
