//! Sealed sections: content that the signature covers by a salted digest and that is handed to some
//! readers only.
//!
//! A section is one line of `NAME.sections.jsonl`. Its digest is of the line's bytes as they stand,
//! without the line feed, so nothing is serialised again to check it; the salt keeps content with few
//! possible values from being guessed from its digest.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::{self, JsonError};
use crate::base::digest::Sha256;

/// Most entries of a list that stays inline.
pub const INLINE_ENTRIES_MAX: usize = 4096;
/// Most bytes of a list that stays inline.
pub const INLINE_BYTES_MAX: usize = 256 << 10;

/// Names a section by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SealRef {
    /// SHA-256 of the section's line, without the line feed.
    pub sha256: Sha256,
    /// Bytes of that line.
    pub size: u64,
}

/// A section to be written: its name and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSection {
    /// Which part it holds, such as `environment.variables`.
    pub name: String,
    /// The line, without the line feed.
    pub line: Vec<u8>,
}

impl SealedSection {
    /// Seals `content` with 128 bits of salt.
    ///
    /// # Errors
    /// Where `content` can't be JSON.
    pub fn new<T: Serialize>(name: &str, salt: [u8; 16], content: &T) -> Result<Self, JsonError> {
        let line = json::to_line(&SectionWire { name, salt: hex::encode(salt), content })?;
        Ok(Self { name: name.to_owned(), line })
    }

    /// What the signed file holds in the section's place.
    #[must_use]
    pub fn seal(&self) -> SealRef {
        SealRef { sha256: Sha256::of(&self.line), size: self.line.len() as u64 }
    }
}

#[derive(Serialize)]
struct SectionWire<'a, T> {
    name: &'a str,
    salt: String,
    content: &'a T,
}

/// A section as it was read; unchecked until its digest was found in a statement.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(title = "One line of a sections file")]
pub struct Section {
    /// Which part it holds.
    pub name: String,
    /// 128 bits in hexadecimal.
    pub salt: String,
    /// The part.
    pub content: Value,
}

/// Why a sections file is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum SectionsError {
    /// A line is no section.
    #[error("line {line} is no section: {source}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        source: JsonError,
    },
    /// Two lines have one name.
    #[error("two sections are named {name:?}")]
    Twice {
        /// The name.
        name: String,
    },
    /// A line that the signed statement doesn't name: added, or of another build.
    #[error(
        "section {name:?} is named by no signed statement (expected one of its seals, found sha256 {found})"
    )]
    Unnamed {
        /// The name that the line has.
        name: String,
        /// Its digest.
        found: Sha256,
    },
}

/// Reads a sections file and checks each line against the seals of a signed statement.
///
/// Returns the sections by name. Not checked: that every seal has its section; a missing one is
/// unknown, no failure.
///
/// # Errors
/// Any line that no seal names; two lines of one name.
pub fn open(bytes: &[u8], seals: &[SealRef]) -> Result<BTreeMap<String, Value>, SectionsError> {
    let mut sections = BTreeMap::new();
    let lines = bytes.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    for (index, line) in lines {
        let section: Section = json::parse(line)
            .map_err(|source| SectionsError::Malformed { line: index + 1, source })?;
        let found = SealRef { sha256: Sha256::of(line), size: line.len() as u64 };
        if !seals.contains(&found) {
            return Err(SectionsError::Unnamed { name: section.name, found: found.sha256 });
        }
        if sections.insert(section.name.clone(), section.content).is_some() {
            return Err(SectionsError::Twice { name: section.name });
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_a_statement_seals_are_opened() {
        let a = SealedSection::new("a", [1; 16], &vec!["x"]).unwrap();
        let b = SealedSection::new("b", [2; 16], &7).unwrap();
        let seals = [a.seal(), b.seal()];
        let file = [&b.line[..], b"\n", &a.line, b"\n"].concat();
        let opened = open(&file, &seals).unwrap();
        assert_eq!(opened["b"], 7);
        assert_eq!(open(b"", &seals).unwrap().len(), 0);

        let altered = String::from_utf8(file.clone()).unwrap().replace("\"x\"", "\"y\"");
        assert!(matches!(open(altered.as_bytes(), &seals), Err(SectionsError::Unnamed { .. })));
        let twice = [&a.line[..], b"\n", &a.line].concat();
        assert!(matches!(open(&twice, &seals), Err(SectionsError::Twice { .. })));
        assert!(matches!(open(b"{", &seals), Err(SectionsError::Malformed { line: 1, .. })));
        assert!(matches!(open(&a.line, &[b.seal()]), Err(SectionsError::Unnamed { .. })));
    }

    #[test]
    fn equal_content_under_another_salt_has_another_digest() {
        let one = SealedSection::new("a", [1; 16], &true).unwrap();
        let two = SealedSection::new("a", [2; 16], &true).unwrap();
        assert_ne!(one.seal().sha256, two.seal().sha256);
    }
}
