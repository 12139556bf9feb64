//! What a bracket or a signature continues: evidence of other jobs, captures, state on the disk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PathText, Tool};
use crate::base::digest::Sha256;

/// What this evidence continues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Custody {
    /// Digest of the unsigned capture that another job made and that was signed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Sha256>,
    /// Evidences of other jobs whose subjects are inputs of this bracket, sorted by digest.
    #[serde(default)]
    pub continues: Vec<Continued>,
}

/// An evidence that this bracket continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Continued {
    /// SHA-256 of its payload; of an unsigned capture, of its line.
    pub sha256: Sha256,
    /// Its predicate type.
    pub predicate_type: String,
    /// The build that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Fingerprints of the keys that this job trusted and whose signatures it checked; empty: nobody's,
    /// it is told by another job.
    #[serde(default)]
    pub signers: Vec<String>,
    /// Its subjects, each of which was found among the inputs with an equal digest.
    pub subjects: Vec<ContinuedSubject>,
}

/// A subject of another job's evidence that is an input of this bracket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ContinuedSubject {
    /// The subject's name.
    pub name: String,
    /// Its digest, and the input's.
    pub sha256: Sha256,
    /// The input.
    #[serde(flatten)]
    pub path: PathText,
}

/// What lay on the disk between the two ends of a bracket over several steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BracketState {
    /// SHA-256 of what the opening wrote and the closing read.
    pub sha256: Sha256,
    /// The closing was told the same digest from elsewhere than the disk. If not, any step in between
    /// could have written the state anew.
    pub digest_was_told: bool,
    /// What opened the bracket.
    pub opened_by: Tool,
}
