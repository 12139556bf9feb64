//! Provenance that the platform made, given as a file: what it is about is read, and nothing is verified.
//!
//! GitLab's runner writes an unsigned statement; `gh attestation download` writes a bundle, or one a line. Whoever
//! checks has the file, by its digest, and its signature.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::base::digest::Sha256;
use crate::base::text::cut;
use crate::format::bundle::{self, Document, DocumentError, LINES_MAX};
use crate::format::dsse::IN_TOTO_PAYLOAD_TYPE;
use crate::format::json::{self, JsonError, Object};
use crate::format::statement::{STATEMENT_V0_1, STATEMENT_V1};

/// Largest file, in bytes.
pub const FILE_MAX: u64 = 16 << 20;
/// Longest text that is taken over, in characters.
const TEXT_MAX: usize = 512;

/// Why a file is no provenance.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// No JSON, or none of the wanted form.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// No bundle, or a broken one.
    #[error("{0}")]
    Document(#[from] DocumentError),
    /// Something else.
    #[error("expected an in-toto statement, found {0}")]
    Foreign(&'static str),
    /// Where lines are documents.
    #[error("line {line}: {error}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// More than are read.
    #[error("has more than {LINES_MAX} lines")]
    TooManyLines,
}

/// What one document says it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `runner metadata` or `bundle`.
    pub from: &'static str,
    /// What it says it is; text from outside.
    pub predicate_type: String,
    /// Who it says made it; text from outside.
    pub builder: Option<String>,
    /// Digests of its subjects, sorted.
    pub subjects: Vec<Sha256>,
    /// Whether there is a signature at all.
    pub signed: bool,
}

/// Reads one document, or one a line.
///
/// # Errors
/// What isn't provenance by its form; in several lines each must be.
pub fn parse(bytes: &[u8]) -> Result<Vec<Told>, ProvenanceError> {
    let lines = || {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        lines.filter(|(_, line)| !line.trim_ascii().is_empty())
    };
    // A document may be written over many lines: its first is none by itself.
    let several = lines().nth(1).is_some()
        && lines().next().is_some_and(|(_, line)| json::parse::<IgnoredAny>(line).is_ok());
    if !several {
        return document(bytes).map(|told| vec![told]);
    }
    if lines().nth(LINES_MAX).is_some() {
        return Err(ProvenanceError::TooManyLines);
    }
    lines()
        .map(|(at, line)| {
            document(line)
                .map_err(|error| ProvenanceError::Line { line: at + 1, error: Box::new(error) })
        })
        .collect()
}

/// Tells a bare statement from what wraps one. No predicate is built: one of millions of empty objects would
/// take a hundred times the memory of its text.
fn document(bytes: &[u8]) -> Result<Told, ProvenanceError> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "_type")]
        type_: Option<IgnoredAny>,
    }
    let Object(probe) = json::parse::<Object<Probe>>(bytes)?;
    if probe.type_.is_some() {
        return statement(bytes, "runner metadata", false);
    }
    match bundle::parse(bytes)? {
        Document::Envelope { envelope, .. } => {
            if envelope.payload_type() != IN_TOTO_PAYLOAD_TYPE {
                return Err(ProvenanceError::Foreign("an envelope with another payload"));
            }
            let signed = envelope.signatures().iter().any(|one| !one.bytes.is_empty());
            statement(envelope.payload(), "bundle", signed)
        }
        Document::Unsigned(_) => Err(ProvenanceError::Foreign("a statement without a type")),
        Document::Foreign(what) => Err(ProvenanceError::Foreign(what)),
    }
}

#[derive(Deserialize)]
struct StatementWire {
    #[serde(rename = "_type")]
    type_: String,
    #[serde(default)]
    subject: Vec<Object<SubjectWire>>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Deserialize)]
struct SubjectWire {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// Where SLSA has the builder: in version 1, and in those before.
#[derive(Deserialize)]
struct PredicateWire {
    predicate: BuilderWire,
}

#[derive(Deserialize)]
struct BuilderWire {
    #[serde(rename = "runDetails")]
    run_details: Option<RunDetails>,
    builder: Option<Builder>,
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Option<Builder>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

fn statement(bytes: &[u8], from: &'static str, signed: bool) -> Result<Told, ProvenanceError> {
    let Object(wire) = json::parse::<Object<StatementWire>>(bytes)?;
    if wire.type_ != STATEMENT_V1 && wire.type_ != STATEMENT_V0_1 {
        return Err(ProvenanceError::Foreign("a statement of an unknown type"));
    }
    if wire.predicate_type.is_empty() {
        return Err(ProvenanceError::Foreign("a statement without a predicate's type"));
    }
    // Another predicate has something else in these places, or nothing.
    let builder = json::parse::<PredicateWire>(bytes).ok().and_then(|wire| {
        let run = wire.predicate.run_details.and_then(|run| run.builder);
        run.or(wire.predicate.builder)?.id
    });
    let digests = wire.subject.iter().filter_map(|Object(subject)| {
        // A commit may stand here under the name of another algorithm: it has another length.
        subject.digest.get(Sha256::ALGORITHM)?.parse().ok()
    });
    let mut subjects: Vec<Sha256> = digests.collect();
    subjects.sort_unstable();
    subjects.dedup();
    Ok(Told {
        from,
        predicate_type: cut(&wire.predicate_type, TEXT_MAX),
        builder: builder.map(|builder| cut(&builder, TEXT_MAX)),
        subjects,
        signed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::dsse::{Envelope, Signature};

    const RUNNER: &str = r#"{"_type":"https://in-toto.io/Statement/v0.1",
 "predicateType":"https://slsa.dev/provenance/v1",
 "subject":[{"name":"app","digest":{"sha256":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"}},
  {"name":"commit","digest":{"sha256":"0123456789012345678901234567890123456789"}}],
 "predicate":{"buildDefinition":{"externalParameters":{"CI":""}},
  "runDetails":{"builder":{"id":"https://gitlab.com/g/p/-/runners/1"},"metadata":{"invocationId":3321}}}}"#;

    fn bundled(payload: &str, signature: &[u8]) -> String {
        let signature = Signature { bytes: signature.to_vec(), keyid: String::new() };
        let envelope =
            Envelope::new(IN_TOTO_PAYLOAD_TYPE.to_owned(), payload.into(), vec![signature]);
        String::from_utf8(json::to_line(&envelope).unwrap()).unwrap()
    }

    fn one(text: &str) -> Result<Told, ProvenanceError> {
        parse(text.as_bytes()).map(|told| {
            let [told] = <[Told; 1]>::try_from(told).unwrap();
            told
        })
    }

    #[test]
    fn the_runners_metadata_is_read_over_several_lines_and_is_unsigned() {
        let told = one(RUNNER).unwrap();
        assert_eq!(told.from, "runner metadata");
        assert_eq!(told.builder.as_deref(), Some("https://gitlab.com/g/p/-/runners/1"));
        assert_eq!(told.subjects, [Sha256::of(b"1")], "a commit is no SHA-256");
        assert!(!told.signed);
    }

    #[test]
    fn bundles_are_read_one_a_line_and_bare_envelopes_too() {
        let older = RUNNER.replace("v1\"", "v0.2\"").replace("runDetails", "x");
        let older = older.replace("\"predicate\":{", "\"predicate\":{\"builder\":{\"id\":\"b\"},");
        let envelope = bundled(&older, &[1]);
        let bundle = format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{{"certificate":{{}}}},"dsseEnvelope":{}}}"#,
            bundled(RUNNER, &[2])
        );
        let told = parse(format!("{bundle}\n\n{envelope}\n").as_bytes()).unwrap();
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|told| told.signed && told.from == "bundle"));
        assert_eq!(told[1].builder.as_deref(), Some("b"));
        assert!(!one(&bundled(RUNNER, &[])).unwrap().signed);
    }

    #[test]
    fn what_is_no_provenance_is_refused_by_its_line() {
        let twice = RUNNER.replace("\"subject\"", "\"predicateType\":\"x\",\"subject\"");
        let another = RUNNER.replace("v0.1", "v9");
        for bad in ["", "{}", "[]", "null", "not JSON", "{\"_type\":1}", &twice, &another] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let line = bundled(RUNNER, &[1]);
        let error = parse(format!("{line}\n{{}}\n").as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("line 2: "), "{error}");
        let many = "{}\n".repeat(LINES_MAX + 1);
        assert!(matches!(parse(many.as_bytes()), Err(ProvenanceError::TooManyLines)));
    }

    #[test]
    fn a_predicate_of_another_kind_has_no_builder_and_is_still_about_something() {
        for predicate in ["\"text\"", "[]", "null", "{\"builder\":7}", "{\"runDetails\":[]}"] {
            let text = format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"p","predicate":{predicate}}}"#
            );
            let told = one(&text).unwrap();
            assert_eq!((told.builder, told.subjects), (None, Vec::new()), "{predicate}");
        }
    }

    #[test]
    fn a_huge_or_deep_document_costs_neither_memory_nor_stack() {
        let objects = "{\"a\":0},".repeat(1 << 18);
        let text = RUNNER.replace("\"CI\":\"\"", &format!("\"CI\":[{objects}0]"));
        assert_eq!(one(&text).unwrap().subjects.len(), 1);
        let deep = RUNNER.replace("\"CI\":\"\"", &format!("\"CI\":{}", "[".repeat(100_000)));
        assert!(one(&deep).is_err());
    }

    #[test]
    fn texts_from_outside_are_cut_and_made_printable() {
        let text = RUNNER.replace("gitlab.com/g/p", &format!("\\u001b[2J{}", "x".repeat(9000)));
        let builder = one(&text).unwrap().builder.unwrap();
        assert!(builder.len() < 600 && builder.contains("\\u{1b}"), "{builder}");
    }
}
