//! What a checker attests of its own result: SLSA Verification Summary v1 (slsa.dev/spec/v1.2/verification_summary)
//! and in-toto Simple Verification Result v0.2 (in-toto/attestation, `spec/predicates/svr.md`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::digest::Sha256;
use crate::base::time::Time;

/// The type of a verification summary, the one that is written.
pub const VERIFICATION_SUMMARY_V1: &str = "https://slsa.dev/verification_summary/v1";
/// What the types of all verification summaries begin with, older ones too.
const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/";
/// The type of a simple verification result.
pub const SIMPLE_RESULT_V0_2: &str = "https://in-toto.io/attestation/svr/v0.2";
/// What every `verifier.id` of ours begins with; the fingerprint of the key that signs the result follows.
pub const VERIFIER_PREFIX: &str = "urn:proofmark:verifier:";
/// What every `policy.uri` of ours begins with.
pub const POLICY_PREFIX: &str = "urn:proofmark:policy:";
/// The version of SLSA whose words are used.
pub const SLSA_VERSION: &str = "1.2";
/// Provenance is there. Evidence that a build job makes of itself is never more.
pub const BUILD_LEVEL_1: &str = "SLSA_BUILD_LEVEL_1";
/// No provenance was looked at, so no level is said.
pub const BUILD_LEVEL_UNEVALUATED: &str = "SLSA_BUILD_LEVEL_UNEVALUATED";
/// In the place of a level where the artefacts were not verified.
pub const LEVEL_FAILED: &str = "FAILED";

/// A verification summary to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "SLSA verification summary v1 as proofmark writes it")]
pub struct VerificationSummary {
    /// Who verified.
    pub verifier: Verifier,
    /// When, by the verifier's clock.
    pub time_verified: Time,
    /// What the artefacts are, as whoever asked calls it.
    pub resource_uri: String,
    /// What was asked.
    pub policy: Document,
    /// Every statement that was looked at.
    pub input_attestations: Vec<Document>,
    /// The answer.
    pub verification_result: VerificationResult,
    /// The level of the build track; `FAILED` where the answer is that.
    pub verified_levels: Vec<&'static str>,
    /// Always `1.2`.
    pub slsa_version: &'static str,
}

/// A simple verification result to be written: only of what was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "in-toto simple verification result v0.2 as proofmark writes it")]
pub struct SimpleResult {
    /// Who verified, and what was asked.
    pub verifier: SimpleVerifier,
    /// When, by the verifier's clock.
    pub time_created: Time,
    /// What holds of every artefact, such as `PROOFMARK_VERIFIED`.
    pub properties: Vec<String>,
}

/// Who verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verifier {
    /// Begins with `urn:proofmark:verifier:`.
    pub id: String,
    /// proofmark's version.
    pub version: BTreeMap<String, String>,
}

/// Who verified, and what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SimpleVerifier {
    /// Begins with `urn:proofmark:verifier:`.
    pub id: String,
    /// What was asked.
    pub policies: Vec<Document>,
}

/// A `ResourceDescriptor` with a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Which it is.
    pub uri: String,
    /// `sha256`.
    pub digest: BTreeMap<String, String>,
    /// `application/vnd.in-toto+json` where the digest is that of a statement, the signed payload itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<&'static str>,
    /// Its bytes in base64, where they are few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Document {
    /// One of this digest.
    #[must_use]
    pub fn new(uri: String, sha256: Sha256) -> Self {
        let digest = BTreeMap::from([(Sha256::ALGORITHM.to_owned(), sha256.to_string())]);
        Self { uri, digest, media_type: None, content: None }
    }

    /// A statement, by the digest of its payload.
    #[must_use]
    pub fn statement(sha256: Sha256) -> Self {
        let media_type = Some(super::dsse::IN_TOTO_PAYLOAD_TYPE);
        Self { media_type, ..Self::new(format!("urn:proofmark:statement:sha256:{sha256}"), sha256) }
    }
}

/// The answer of a verification summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// Everything was verified.
    Passed,
    /// Something was refused, or could not be told.
    Failed,
}

/// What a statement that was read says of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is no verification summary, or one that passed.
    Nothing,
    /// It failed.
    Failed,
    /// Another word, or none.
    Unknown(Option<String>),
}

/// Reads the result of a verification summary, by any version's spelling of the member. Only the exact word
/// `PASSED`, and no other beside it, is one that passed.
#[must_use]
pub fn told(predicate_type: &str, predicate: &Value) -> Told {
    if !predicate_type.starts_with(VERIFICATION_SUMMARY) {
        return Told::Nothing;
    }
    let spellings = ["verificationResult", "verification_result"];
    let words: Vec<_> = spellings.iter().filter_map(|name| predicate.get(name)).collect();
    // A level says so too (SLSA 1.2, verifiedLevels); two members that differ are no pass.
    let levels =
        ["verifiedLevels", "verified_levels"].iter().filter_map(|name| predicate.get(name));
    let mut levels = levels.filter_map(Value::as_array).flatten();
    if words.iter().any(|word| *word == "FAILED") || levels.any(|level| level == LEVEL_FAILED) {
        return Told::Failed;
    }
    match words.iter().find(|word| **word != "PASSED") {
        Some(word) => Told::Unknown(word.as_str().map(str::to_owned)),
        None if words.is_empty() => Told::Unknown(None),
        None => Told::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_word_passed_alone_passes() {
        let of = |predicate: Value| told(VERIFICATION_SUMMARY_V1, &predicate);
        assert_eq!(of(json!({"verificationResult": "PASSED"})), Told::Nothing);
        assert_eq!(of(json!({"verification_result": "PASSED"})), Told::Nothing);
        assert_eq!(of(json!({"verificationResult": "FAILED"})), Told::Failed);
        let both = json!({"verificationResult": "PASSED", "verification_result": "FAILED"});
        assert_eq!(of(both), Told::Failed);
        let level = json!({"verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_1", "FAILED"]});
        assert_eq!(of(level), Told::Failed);
        for odd in [json!({}), json!([]), json!({"verificationResult": true})] {
            assert_eq!(of(odd), Told::Unknown(None));
        }
        let word = Told::Unknown(Some("passed".to_owned()));
        assert_eq!(of(json!({"verificationResult": "passed"})), word);
        assert_eq!(told("https://example.com/t", &json!({})), Told::Nothing);
    }
}
