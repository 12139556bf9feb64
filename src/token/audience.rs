//! What a token is asked to be for: an audience that commits to one build, and that no service accepts.

use std::fmt::Write as _;

use crate::base::digest::Sha256;
use crate::format::statement::Subject;

/// What stands before the digest.
const PREFIX: &str = "urn:proofmark:v1:";

/// The audience of a token of GitHub's: `urn:proofmark:v1:<hex>`, where hex is SHA-256 over the UTF-8 bytes
/// of `proofmark-aud-v1\n`, the build id, `\n`, the signing keys' fingerprints (`SHA256:..`; several sorted
/// and joined by `,`, each once; `none` where this job doesn't sign), `\n`, and for each subject, sorted by
/// name as bytes, `<sha256> <size> <name as a JSON string>\n`. What a subject doesn't state is `-`; so is a
/// digest that isn't 64 hexadecimal digits, which are written in lower case. Equal names are in the order of
/// their lines.
#[must_use]
pub fn of_build(build_id: &str, signers: &[String], subjects: &[Subject]) -> String {
    let mut signers: Vec<&str> = signers.iter().map(String::as_str).collect();
    signers.sort_unstable();
    signers.dedup();
    let signers = if signers.is_empty() { "none".to_owned() } else { signers.join(",") };
    let mut lines: Vec<(&str, String)> = subjects
        .iter()
        .map(|subject| (subject.name.as_deref().unwrap_or_default(), line(subject)))
        .collect();
    lines.sort_unstable();
    let mut text = format!("proofmark-aud-v1\n{build_id}\n{signers}\n");
    text.extend(lines.into_iter().map(|(_, line)| line));
    format!("{PREFIX}{}", Sha256::of(text.as_bytes()))
}

/// A digest is parsed before it is written: one with a line feed in it could be read as two subjects.
fn line(subject: &Subject) -> String {
    let digest = subject.digest.get(Sha256::ALGORITHM);
    let mut line = match digest.and_then(|digest| digest.parse::<Sha256>().ok()) {
        Some(digest) => digest.to_string(),
        None => "-".to_owned(),
    };
    let _ = match subject.size() {
        Some(size) => write!(line, " {size} "),
        None => write!(line, " - "),
    };
    match &subject.name {
        Some(name) => line.push_str(&serde_json::Value::from(name.as_str()).to_string()),
        None => line.push('-'),
    }
    line.push('\n');
    line
}

/// The audience of a token of GitLab's, which stands in the definition and binds the pipeline alone.
#[must_use]
pub fn of_pipeline(project_id: &str, pipeline_id: &str) -> String {
    format!("proofmark:{project_id}:{pipeline_id}")
}
