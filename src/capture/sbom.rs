//! Bills of materials that others made: taken as they are, or not at all.

use serde_json::Value;
use serde_json::value::RawValue;

use super::redact::{Redactor, Rule};
use crate::base::digest::Sha256;
use crate::format::json::{self, JsonError};
use crate::format::sbom::{CYCLONEDX, SPDX_2, SPDX_3};

/// Most bytes of a file that is read as one.
pub const FILE_MAX: u64 = 32 << 20;
/// Most bytes of one without its white space: a payload is at most 16 MiB, and the subjects need room.
const DOCUMENT_MAX: usize = 15 << 20;

/// Why a file can't be bound as a bill of materials.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// No JSON; the format that it seems to be in.
    #[error("expected an SBOM in JSON, found {found}")]
    NotJson {
        /// `XML`, `SPDX tag-value` or something else.
        found: &'static str,
    },
    /// JSON that can't be relied on.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// JSON of another kind.
    #[error(
        "expected SPDX (spdxVersion, or @context and @graph) or CycloneDX (bomFormat), found neither"
    )]
    UnknownFormat,
    /// One reader would see one document, another reader another.
    #[error("expected one format, found the marks of SPDX and of CycloneDX")]
    TwoFormats,
    /// No statement could hold it.
    #[error("expected at most {most} bytes without white space, found {found}")]
    TooLarge {
        /// The cap.
        most: usize,
        /// Bytes.
        found: usize,
    },
    /// It would be published, and what is published can't be called back.
    #[error("expected no credential, found what looks like one (rule {rule})")]
    Credential {
        /// Which rule found it; never the value.
        rule: Rule,
    },
}

impl SbomError {
    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => {
                "have the tool write JSON: spdx-json or cyclonedx-json in most of them"
            }
            Self::Json(_) => "make the SBOM again: readers would not agree on what this one says",
            Self::UnknownFormat | Self::TwoFormats => {
                "give SPDX 2, SPDX 3 or CycloneDX in JSON, not the tool's own format"
            }
            Self::TooLarge { .. } => "leave the files out of the SBOM and keep the packages",
            Self::Credential { .. } => {
                "revoke the credential, find out how it got into the SBOM, and make the SBOM again"
            }
        }
    }
}

/// A bill of materials, token by token as it was given; only the white space between the tokens is gone.
///
/// What it buys: one JSON document of a known format without duplicate keys, in which no rule that is sure
/// found a credential. Whether it describes the artefact is its maker's word.
#[derive(Debug)]
pub struct Sbom {
    predicate_type: &'static str,
    document: Box<RawValue>,
}

impl Sbom {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// Another format, and anything that readers would not agree on or that must not be published.
    pub fn parse(bytes: &[u8], redactor: &Redactor) -> Result<Self, SbomError> {
        Self::parse_within(bytes, redactor, DOCUMENT_MAX)
    }

    fn parse_within(bytes: &[u8], redactor: &Redactor, most: usize) -> Result<Self, SbomError> {
        if let Some(found) = other_format(bytes) {
            return Err(SbomError::NotJson { found });
        }
        let compact = compact(bytes);
        if compact.len() > most {
            return Err(SbomError::TooLarge { most, found: compact.len() });
        }
        let value: Value = json::parse(bytes)?;
        let predicate_type = format(&value)?;
        if let Some(rule) = credential(&value, redactor) {
            return Err(SbomError::Credential { rule });
        }
        drop(value);
        // A statement is one level deeper, and a reader counts.
        let inside = [b"[", &compact[..], b"]"].concat();
        let [document]: [Box<RawValue>; 1] = json::parse(&inside)?;
        Ok(Self { predicate_type, document })
    }

    /// The type of the statement that holds it.
    #[must_use]
    pub const fn predicate_type(&self) -> &'static str {
        self.predicate_type
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &RawValue {
        &self.document
    }

    /// By type, then by content: two that are equal here are one.
    #[must_use]
    pub fn order(&self) -> (&'static str, Sha256) {
        (self.predicate_type, Sha256::of(self.document.get().as_bytes()))
    }
}

fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        Some("nothing")
    } else if start.starts_with(b"<") {
        Some("XML")
    } else if start.starts_with(b"SPDXVersion:") || start.starts_with(b"#") {
        Some("SPDX tag-value")
    } else if start.starts_with(b"{") {
        None
    } else {
        Some("something else")
    }
}

fn format(value: &Value) -> Result<&'static str, SbomError> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let cyclonedx = text("bomFormat") == Some("CycloneDX") && text("specVersion").is_some();
    let spdx_2 = text("spdxVersion").is_some_and(|version| version.starts_with("SPDX-2."));
    let is_context = |value: &Value| {
        value.as_str().is_some_and(|url| url.starts_with("https://spdx.org/rdf/3."))
    };
    let spdx_3 = value.get("@graph").is_some_and(Value::is_array)
        && match value.get("@context") {
            Some(Value::Array(several)) => several.iter().any(is_context),
            Some(one) => is_context(one),
            None => false,
        };
    match (cyclonedx, spdx_2, spdx_3) {
        (true, false, false) => Ok(CYCLONEDX),
        (false, true, false) => Ok(SPDX_2),
        (false, false, true) => Ok(SPDX_3),
        (false, false, false) => Err(SbomError::UnknownFormat),
        _ => Err(SbomError::TwoFormats),
    }
}

/// The first credential in any text or member's name of the document.
fn credential(value: &Value, redactor: &Redactor) -> Option<Rule> {
    match value {
        Value::String(text) => told(text, redactor),
        Value::Array(entries) => entries.iter().find_map(|entry| credential(entry, redactor)),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| told(name, redactor).or_else(|| credential(value, redactor))),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The rules that are sure. An SBOM is made of digests, ids and licence texts: rules that go by how a text
/// looks, or by a word before it, would refuse most of them.
#[must_use]
pub fn told(text: &str, redactor: &Redactor) -> Option<Rule> {
    const VAGUE: [Rule; 6] = [
        Rule::Authorization,
        Rule::Cookie,
        Rule::FlagValue,
        Rule::NameTells,
        Rule::HighEntropy,
        Rule::Unsettled,
    ];
    redactor.scrub(text).rules.into_iter().find(|rule| !VAGUE.contains(rule))
}

/// The same tokens without the white space between them. A line break in the document would break the line
/// that holds an unsigned statement.
fn compact(json: &[u8]) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        if inside {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => inside = false,
                _ => {}
            }
            return true;
        }
        inside = *byte == b'"';
        !byte.is_ascii_whitespace()
    };
    let mut keep = keep;
    json.iter().copied().filter(|byte| keep(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Sbom, SbomError> {
        Sbom::parse(text.as_bytes(), &Redactor::default())
    }

    #[test]
    fn each_format_is_known_by_its_own_mark() {
        for (text, expected) in [
            (r#"{"spdxVersion":"SPDX-2.3"}"#, SPDX_2),
            (r#"{"bomFormat":"CycloneDX","specVersion":"1.6"}"#, CYCLONEDX),
            (
                r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}"#,
                SPDX_3,
            ),
            (r#"{"@context":["x","https://spdx.org/rdf/3.0.1/c"],"@graph":[]}"#, SPDX_3),
        ] {
            assert_eq!(parse(text).unwrap().predicate_type(), expected);
        }
        for bad in [
            "{}",
            r#"{"spdxVersion":"SPDX-3.0"}"#,
            r#"{"bomFormat":"cyclonedx","specVersion":"1.6"}"#,
            r#"{"bomFormat":"CycloneDX"}"#,
            r#"{"@context":"https://spdx.org/rdf/3.0.1/c"}"#,
            r#"{"@context":"https://example.org/","@graph":[]}"#,
            r#"{"artifacts":[],"schema":{}}"#,
        ] {
            assert!(matches!(parse(bad), Err(SbomError::UnknownFormat)), "{bad}");
        }
        let both = r#"{"spdxVersion":"SPDX-2.3","bomFormat":"CycloneDX","specVersion":"1.6"}"#;
        assert!(matches!(parse(both), Err(SbomError::TwoFormats)));
    }

    #[test]
    fn another_format_than_json_is_refused_by_its_name() {
        for (text, expected) in [
            ("<?xml version=\"1.0\"?>", "XML"),
            ("SPDXVersion: SPDX-2.3\n", "SPDX tag-value"),
            (" \n", "nothing"),
            ("[]", "something else"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, SbomError::NotJson { found } if found == expected), "{text}");
        }
    }

    #[test]
    fn what_readers_would_not_agree_on_is_refused() {
        for bad in [
            r#"{"spdxVersion":"SPDX-2.3","a":1,"a":2}"#,
            r#"{"spdxVersion":"SPDX-2.3"} {}"#,
            r#"{"spdxVersion":"SPDX-2.3""#,
        ] {
            assert!(matches!(parse(bad), Err(SbomError::Json(_))), "{bad}");
        }
        // As deep as a document may be, and one deeper than a statement that holds it.
        let nested = |n: usize| {
            format!(r#"{{"spdxVersion":"SPDX-2.3","x":{}{}}}"#, "[".repeat(n), "]".repeat(n))
        };
        assert!(parse(&nested(62)).is_ok());
        assert!(matches!(parse(&nested(63)), Err(SbomError::Json(_))));
    }

    #[test]
    fn what_no_payload_could_hold_is_refused_and_white_space_counts_for_nothing() {
        let within =
            |text: &str, most| Sbom::parse_within(text.as_bytes(), &Redactor::default(), most);
        let text = r#"{ "spdxVersion" : "SPDX-2.3" }"#;
        assert!(within(text, 26).is_ok());
        let error = within(text, 25).unwrap_err();
        assert!(matches!(error, SbomError::TooLarge { most: 25, found: 26 }), "{error}");
    }

    #[test]
    fn numbers_order_and_texts_stay_as_they_are() {
        let text = "{\r\n \"spdxVersion\": \"SPDX-2.3\",\t\"z\": [1.0, 1e2, 123456789012345678901],\n \"a\": \"x \\\" y\\\\\"}";
        let expected =
            r#"{"spdxVersion":"SPDX-2.3","z":[1.0,1e2,123456789012345678901],"a":"x \" y\\"}"#;
        assert_eq!(parse(text).unwrap().document().get(), expected);
    }

    #[test]
    fn a_credential_is_named_by_its_rule_and_a_digest_is_none() {
        let token = ["gh", "p_", "0123456789abcdefghijklmnopqrstuvwxyzAB"].concat();
        for text in [
            format!(r#"{{"spdxVersion":"SPDX-2.3","comment":["built with {token}"]}}"#),
            format!(r#"{{"spdxVersion":"SPDX-2.3","{token}":1}}"#),
            r#"{"spdxVersion":"SPDX-2.3","u":"https://me:hunter2@example.org/x"}"#.to_owned(),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(matches!(error, SbomError::Credential { .. }), "{error}");
            assert!(!error.to_string().contains(&token) && !error.to_string().contains("hunter2"));
        }
        let known = Redactor::new(["correct horse battery".to_owned()]);
        let text = r#"{"spdxVersion":"SPDX-2.3","a":"correct horse battery"}"#;
        assert!(matches!(
            Sbom::parse(text.as_bytes(), &known),
            Err(SbomError::Credential { rule: Rule::KnownSecret })
        ));
        let sha512 = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        for harmless in [
            format!("sha512-{sha512}"),
            "Bearer token authentication for password stores".to_owned(),
            "SPDXRef-Package-npm-left-pad-5f2b8c0de41a9c77".to_owned(),
            "pkg:npm/%40angular/core@17.0.0?vcs_url=git%2Bhttps://github.com/x/y.git".to_owned(),
            "cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*:*".to_owned(),
            "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79".to_owned(),
            "git+ssh://git@github.com/x/y.git".to_owned(),
            "cookie: a parser of cookies".to_owned(),
        ] {
            let text = serde_json::json!({"spdxVersion": "SPDX-2.3", "x": harmless}).to_string();
            assert!(parse(&text).is_ok(), "{harmless}: {:?}", parse(&text));
        }
    }
}
