//! in-toto Statements (in-toto/attestation, `spec/v1/statement.md` and `resource_descriptor.md`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::Object;

/// `_type` of version 1, the one that is written.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// `_type` of version 0.1, which others still write; its shape is the same.
pub const STATEMENT_V0_1: &str = "https://in-toto.io/Statement/v0.1";
/// Most subjects that GitHub's attestation service takes.
pub const SUBJECTS_USUAL_MAX: usize = 1024;

/// The annotation that says how a subject's digest was learnt, where the maker of the statement didn't
/// compute it.
pub const BASIS: &str = "basis";
/// The value of [`BASIS`] for a digest that was told.
pub const DECLARED: &str = "declared";
/// The annotation that says what a subject is, where it is no file: `tree`, `inputs`, `image`.
pub const KIND: &str = "kind";
/// The value of [`KIND`] for the manifest of a container image, or for an index of such manifests.
pub const IMAGE: &str = "image";

/// Why a parsed object is no Statement.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StatementError {
    /// Another `_type`.
    #[error("expected _type {STATEMENT_V1}, found another")]
    Type,
    /// `predicateType` is the empty string, which would equal an unset wish.
    #[error("predicateType is empty")]
    NoPredicateType,
}

/// A Statement; by whom, the type doesn't say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Object<StatementWire>")]
pub struct Statement {
    /// What the statement is about.
    pub subjects: Vec<Subject>,
    /// Says what the predicate is.
    pub predicate_type: String,
    /// What is said; an empty object where absent.
    pub predicate: Value,
}

/// One thing that a statement is about (a `ResourceDescriptor`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Its name, as the producer gave it: untrusted, and no path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Algorithm to lower-case hexadecimal digest. One without any matches nothing.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
    /// `size` in bytes and `change` (`made`, `changed`, `unchanged`) in what proofmark writes; `kind` of what
    /// is no file; `basis`: `declared` where the digest was told and not computed; `mediaType` and `platform`
    /// of images.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub annotations: serde_json::Map<String, Value>,
}

impl Subject {
    /// The size in bytes that the producer stated.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.annotations.get("size")?.as_u64()
    }

    /// What it is, where it is said to be no file.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.annotations.get(KIND)?.as_str()
    }

    /// Whether its digest was told to the producer, who didn't compute it.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.annotations.get(BASIS).and_then(Value::as_str) == Some(DECLARED)
    }

    /// Whether the producer says that the build found it there and left it as it was.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.annotations.get("change").and_then(Value::as_str) == Some("unchanged")
    }
}

#[derive(Deserialize)]
struct StatementWire {
    #[serde(rename = "_type")]
    type_: String,
    #[serde(default)]
    subject: Vec<Object<Subject>>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Option<Value>,
}

impl TryFrom<Object<StatementWire>> for Statement {
    type Error = StatementError;

    fn try_from(Object(wire): Object<StatementWire>) -> Result<Self, StatementError> {
        if wire.type_ != STATEMENT_V1 && wire.type_ != STATEMENT_V0_1 {
            return Err(StatementError::Type);
        }
        if wire.predicate_type.is_empty() {
            return Err(StatementError::NoPredicateType);
        }
        Ok(Self {
            subjects: wire.subject.into_iter().map(|Object(subject)| subject).collect(),
            predicate_type: wire.predicate_type,
            predicate: wire.predicate.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        })
    }
}

/// A Statement v1 to be written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "in-toto Statement v1 as proofmark writes it")]
pub struct NewStatement<'a, P: ?Sized> {
    /// Always `https://in-toto.io/Statement/v1`.
    #[serde(rename = "_type")]
    type_: &'static str,
    /// What the statement is about.
    pub subject: &'a [Subject],
    /// Says what the predicate is.
    #[serde(rename = "predicateType")]
    pub predicate_type: &'static str,
    /// What is said.
    pub predicate: &'a P,
}

impl<'a, P: Serialize + ?Sized> NewStatement<'a, P> {
    /// A statement that `predicate` holds of `subject`.
    pub const fn new(
        subject: &'a [Subject],
        predicate_type: &'static str,
        predicate: &'a P,
    ) -> Self {
        Self { type_: STATEMENT_V1, subject, predicate_type, predicate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::json;

    #[test]
    fn another_type_or_no_predicate_type_is_no_statement() {
        let parse = |text: &str| json::parse::<Statement>(text.as_bytes());
        assert!(parse(r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a"}],"predicateType":"t"}"#).is_ok());
        for bad in [
            r#"{"_type":"https://in-toto.io/Statement/v2","subject":[],"predicateType":"t"}"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":""}"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[]}"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":1}}],"predicateType":"t"}"#,
            r#"[]"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
