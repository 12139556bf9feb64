//! The vendor's own words, per claim: who says what of which scope on which day, and the argument.
//!
//! They are quoted and never judged. A file is TOML; a key or a claim that isn't known is an error, since a
//! misspelt one would be words that nobody sees.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use toml::{Table, Value};

use super::model::OfficerV1;
use crate::assess::catalogue::{Claim, PROVISIONS};
use crate::base::digest::Sha256;
use crate::base::text::{cut, printable};
use crate::base::time::Day;

/// Most bytes of a file.
pub const OFFICER_MAX: usize = 1 << 20;
/// Longest name, longest status, longest argument, in characters.
const NAME_MAX: usize = 200;
const STATUS_MAX: usize = 400;
const TEXT_MAX: usize = 10_000;

/// A statement file, for its schema.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "proofmark officer's statement v1", deny_unknown_fields)]
pub struct OfficerFile {
    /// Who says it.
    name: String,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// The day (`YYYY-MM-DD`).
    date: String,
    /// What it covers.
    scope: String,
    /// Words on the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// By claim: `2.1-01` or `2.1.1`; a provision's number where the final code has no claims for it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    claims: BTreeMap<String, Words>,
}

/// Words on one claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Words {
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The argument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
}

/// What a vendor's officer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    said: OfficerV1,
    claims: BTreeMap<&'static str, Words>,
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OfficerError {
    /// Over [`OFFICER_MAX`].
    #[error("expected at most {OFFICER_MAX} bytes, found {0}")]
    TooLarge(usize),
    /// No TOML.
    #[error("expected TOML: {0}")]
    Form(String),
    /// A key or a claim that isn't known.
    #[error("`{found}` isn't known; {hint}")]
    Unknown {
        /// What stands there.
        found: String,
        /// What may be meant.
        hint: String,
    },
    /// A key that has to be there.
    #[error("`{0}` is missing: expected name, date and scope")]
    Missing(&'static str),
    /// Of another type, empty, or too long.
    #[error("expected `{key}` to be {expected}")]
    Value {
        /// The key.
        key: String,
        /// What it should be.
        expected: String,
    },
    /// A claim under two names.
    #[error("claim {0} stands there twice")]
    Twice(&'static str),
}

impl Officer {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`OfficerError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, OfficerError> {
        if bytes.len() > OFFICER_MAX {
            return Err(OfficerError::TooLarge(bytes.len()));
        }
        let form = |text: &dyn std::fmt::Display| OfficerError::Form(printable(&text.to_string()));
        let text = std::str::from_utf8(bytes).map_err(|error| form(&error))?;
        let whole: Table = text.parse().map_err(|error: toml::de::Error| form(&error.message()))?;
        only("", &whole, &["name", "role", "date", "scope", "text", "claims"])?;
        let needed = |key| words(&whole, key, NAME_MAX)?.ok_or(OfficerError::Missing(key));
        let date = needed("date")?;
        if date.parse::<Day>().is_err() {
            let expected = "a day such as \"2026-01-31\"".to_owned();
            return Err(OfficerError::Value { key: "date".to_owned(), expected });
        }
        let said = OfficerV1 {
            sha256: Sha256::of(bytes),
            name: needed("name")?,
            role: words(&whole, "role", NAME_MAX)?,
            date,
            scope: words(&whole, "scope", TEXT_MAX)?.ok_or(OfficerError::Missing("scope"))?,
            text: words(&whole, "text", TEXT_MAX)?,
        };
        let mut claims = BTreeMap::new();
        for (name, value) in table(&whole, "claims")?.into_iter().flatten() {
            let id = claim(name)?;
            let Value::Table(of) = value else {
                return Err(wrong(&format!("claims.{}", printable(name)), "a table"));
            };
            only(&format!("claims.\"{id}\"."), of, &["status", "argument"])?;
            let said = Words {
                status: words(of, "status", STATUS_MAX)?,
                argument: words(of, "argument", TEXT_MAX)?,
            };
            if claims.insert(id, said).is_some() {
                return Err(OfficerError::Twice(id));
            }
        }
        Ok(Self { said, claims })
    }

    /// Who says it, of what, and when.
    #[must_use]
    pub fn said(&self) -> OfficerV1 {
        self.said.clone()
    }

    /// The words on a claim.
    #[must_use]
    pub fn claim(&self, id: &str) -> Option<&Words> {
        self.claims.get(id)
    }
}

/// The ids that words can be given for: claims, and provisions that have none.
fn ids() -> impl Iterator<Item = &'static str> {
    PROVISIONS.into_iter().flat_map(|provision| {
        let bare = provision.claims.is_empty().then_some(provision.number);
        provision.claims.iter().map(|claim| claim.id).chain(bare)
    })
}

fn claim(name: &str) -> Result<&'static str, OfficerError> {
    let claims = || PROVISIONS.into_iter().flat_map(|provision| provision.claims);
    let named = claims().find(|claim: &&Claim| claim.is_named(name)).map(|claim| claim.id);
    named.or_else(|| ids().find(|id| *id == name)).ok_or_else(|| OfficerError::Unknown {
        found: format!("claims.\"{}\"", cut(name, NAME_MAX)),
        hint: nearest(name, ids()),
    })
}

fn only(of: &str, table: &Table, known: &[&'static str]) -> Result<(), OfficerError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(OfficerError::Unknown {
            found: format!("{of}{}", cut(key, NAME_MAX)),
            hint: nearest(key, known.iter().copied()),
        }),
    }
}

fn nearest(word: &str, known: impl Iterator<Item = &'static str>) -> String {
    // The distance takes time that grows with the product of both lengths.
    let word: String = word.chars().take(40).collect();
    let near = known.map(|one| (strsim::damerau_levenshtein(&word, one), one)).min();
    near.map_or_else(String::new, |(_, one)| format!("did you mean `{one}`?"))
}

fn table<'t>(whole: &'t Table, key: &str) -> Result<Option<&'t Table>, OfficerError> {
    match whole.get(key) {
        None => Ok(None),
        Some(Value::Table(table)) => Ok(Some(table)),
        Some(_) => Err(wrong(key, "a table")),
    }
}

fn wrong(key: &str, expected: &str) -> OfficerError {
    OfficerError::Value { key: key.to_owned(), expected: expected.to_owned() }
}

/// A text in one line: they are quoted in cells and sentences.
fn words(table: &Table, key: &str, most: usize) -> Result<Option<String>, OfficerError> {
    let Some(value) = table.get(key) else { return Ok(None) };
    let text = value.as_str().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    match text {
        Some(text) if !text.is_empty() && text.chars().count() <= most => {
            Ok(Some(cut(&text, most)))
        }
        _ => Err(wrong(key, &format!("a text of 1 to {most} characters"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"Ada\"\ndate = \"2026-01-31\"\nscope = \"app 1.2\"\n";

    #[test]
    fn words_are_kept_by_claim_whatever_it_is_called_and_bound_by_digest() {
        let text = format!(
            "{GOOD}text = \"\"\"We think\n  so.\"\"\"\n[claims.\"2.1.1\"]\nstatus = \"compliant\"\nargument = \"a\\u001b[2Jb\"\n"
        );
        let officer = Officer::parse(text.as_bytes()).unwrap();
        assert_eq!(officer.said().text.as_deref(), Some("We think so."));
        assert_eq!(officer.said().sha256, Sha256::of(text.as_bytes()));
        let words = officer.claim("2.1-01").unwrap();
        assert_eq!(words.status.as_deref(), Some("compliant"));
        assert_eq!(words.argument.as_deref(), Some("a\\u{1b}[2Jb"));
        assert!(officer.claim("2.1-02").is_none());
    }

    #[test]
    fn what_is_not_known_is_an_error_that_names_the_nearest() {
        let refused = |more: &str| {
            Officer::parse(format!("{GOOD}{more}").as_bytes()).unwrap_err().to_string()
        };
        assert!(refused("scpoe = \"x\"\n").contains("did you mean `scope`?"));
        assert!(refused("[claims.\"2.1-0l\"]\n").contains("did you mean `2.1-01`?"));
        assert!(refused("[claims.\"2.1-01\"]\nstatsu = \"x\"\n").contains("`status`"));
        assert!(refused("[claims.\"2.1-01\"]\n[claims.\"2.1.1\"]\n").contains("twice"));
        assert!(refused("text = 1\n").contains("expected `text`"));
        assert!(refused(&format!("text = \"{}\"\n", "x".repeat(TEXT_MAX + 1))).contains("text"));
        assert!(Officer::parse(b"name = \"A\"\n").is_err());
        let day = GOOD.replace("2026-01-31", "31 January");
        assert!(Officer::parse(day.as_bytes()).unwrap_err().to_string().contains("a day"));
        assert!(matches!(
            Officer::parse(&vec![b'#'; OFFICER_MAX + 1]),
            Err(OfficerError::TooLarge(_))
        ));
        assert!(Officer::parse(b"\xff").is_err());
    }
}
