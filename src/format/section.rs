//! Sealed sections: content that the signature covers by a salted digest and that is handed to some
//! readers only.
//!
//! A section is one line of `NAME.sections.jsonl`. Its digest is of the line's bytes as they stand,
//! without the line feed, so nothing is serialised again to check it; the salt keeps content with few
//! possible values from being guessed from its digest.

use std::collections::{BTreeMap, BTreeSet};

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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
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
        "section {name:?} is sealed by no statement of the file: expected one that names sha256 {found} in that place"
    )]
    Unnamed {
        /// The name that the line has.
        name: String,
        /// Its digest.
        found: Sha256,
    },
}

/// A part of a statement that is sealed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SealedPart {
    /// Where it stands, such as `environment.variables`: its section has this name.
    pub place: String,
    /// Its section.
    pub seal: SealRef,
}

/// Every sealed part of a predicate, in the order of the places. The `value` of a fact is no step of its
/// own in a place.
#[must_use]
pub fn sealed_parts(predicate: &Value) -> Vec<SealedPart> {
    let mut parts = Vec::new();
    walk(predicate, &mut String::new(), &mut parts);
    parts.sort();
    parts
}

fn seal_of(value: &Value) -> Option<SealRef> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    serde_json::from_value(members.get("sealed")?.clone()).ok()
}

fn walk(value: &Value, place: &mut String, parts: &mut Vec<SealedPart>) {
    if let Some(seal) = seal_of(value) {
        parts.push(SealedPart { place: place.clone(), seal });
        return;
    }
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        let length = place.len();
        if name != "value" {
            let dot = if place.is_empty() { "" } else { "." };
            place.push_str(dot);
            place.push_str(name);
        }
        walk(member, place, parts);
        place.truncate(length);
    }
}

/// Puts the content of opened sections in the place of their seals.
pub fn unseal(value: &mut Value, opened: &BTreeMap<SealRef, Value>) {
    if let Some(content) = seal_of(value).and_then(|seal| opened.get(&seal)) {
        *value = content.clone();
    } else if let Value::Object(members) = value {
        members.values_mut().for_each(|member| unseal(member, opened));
    }
}

/// What a sections file gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opened {
    /// The contents that were wanted, by their seals.
    pub contents: BTreeMap<SealRef, Value>,
    /// Sections that are there and were not wanted.
    pub passed_over: BTreeSet<SealRef>,
}

impl Opened {
    /// Whether the section of a seal is there.
    #[must_use]
    pub fn has(&self, seal: &SealRef) -> bool {
        self.contents.contains_key(seal) || self.passed_over.contains(seal)
    }
}

/// Reads a sections file and checks each line against the sealed parts of a signed statement.
///
/// Returns the sections' contents by their seals. Not checked: that every seal has its section; a missing one is
/// unknown, no failure.
///
/// # Errors
/// Any line that no seal names; two lines of one name.
pub fn open(bytes: &[u8], parts: &[SealedPart]) -> Result<BTreeMap<SealRef, Value>, SectionsError> {
    open_some(bytes, parts, |_place| true).map(|opened| opened.contents)
}

/// [`open`], where only the parts of some places are wanted: of the others the digest is checked, and nothing
/// is parsed.
///
/// # Errors
/// As [`open`].
pub fn open_some(
    bytes: &[u8],
    parts: &[SealedPart],
    wanted: impl Fn(&str) -> bool,
) -> Result<Opened, SectionsError> {
    let mut names = BTreeSet::new();
    let mut opened = Opened::default();
    let lines = bytes.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    for (index, line) in lines {
        let found = SealRef { sha256: Sha256::of(line), size: line.len() as u64 };
        let mut places = parts.iter().filter(|part| part.seal == found).peekable();
        if places.peek().is_some() && !places.any(|part| wanted(&part.place)) {
            opened.passed_over.insert(found);
            continue;
        }
        let section: Section = json::parse(line)
            .map_err(|source| SectionsError::Malformed { line: index + 1, source })?;
        // Its digest alone would let one part pass for another.
        if !parts.iter().any(|part| part.seal == found && part.place == section.name) {
            return Err(SectionsError::Unnamed { name: section.name, found: found.sha256 });
        }
        if !names.insert(section.name.clone()) {
            return Err(SectionsError::Twice { name: section.name });
        }
        opened.contents.insert(found, section.content);
    }
    Ok(opened)
}

/// The sections of a file that belong to these parts, by their seals; lines that belong to others, or to
/// nothing, are passed over. For a file that came with evidence that isn't all of one build.
#[must_use]
pub fn open_known(bytes: &[u8], parts: &[SealedPart], wanted: impl Fn(&str) -> bool) -> Opened {
    let mut opened = Opened::default();
    for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let found = SealRef { sha256: Sha256::of(line), size: line.len() as u64 };
        let Some(part) = parts.iter().find(|part| part.seal == found) else { continue };
        if !wanted(&part.place) {
            opened.passed_over.insert(found);
        } else if let Ok(section) = json::parse::<Section>(line)
            && section.name == part.place
        {
            opened.contents.insert(found, section.content);
        }
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_a_statement_seals_in_that_place_are_opened() {
        let a = SealedSection::new("x.a", [1; 16], &vec!["x"]).unwrap();
        let b = SealedSection::new("b", [2; 16], &7).unwrap();
        let seal = |section: &SealedSection| serde_json::json!({"sealed": section.seal()});
        let mut predicate = serde_json::json!({"x": {"value": {"a": seal(&a)}}, "b": seal(&b)});
        let parts = sealed_parts(&predicate);
        let places: Vec<_> = parts.iter().map(|part| part.place.as_str()).collect();
        assert_eq!(places, ["b", "x.a"]);
        let file = [&b.line[..], b"\n", &a.line, b"\n"].concat();
        let opened = open(&file, &parts).unwrap();
        assert_eq!(opened[&b.seal()], 7);
        assert_eq!(open(b"", &parts).unwrap().len(), 0);
        unseal(&mut predicate, &open(&a.line, &parts).unwrap());
        assert_eq!(predicate, serde_json::json!({"x": {"value": {"a": ["x"]}}, "b": seal(&b)}));

        let altered = String::from_utf8(file.clone()).unwrap().replace("\"x\"", "\"y\"");
        assert!(matches!(open(altered.as_bytes(), &parts), Err(SectionsError::Unnamed { .. })));
        let twice = [&a.line[..], b"\n", &a.line].concat();
        assert!(matches!(open(&twice, &parts), Err(SectionsError::Twice { .. })));
        assert!(matches!(open(b"{", &parts), Err(SectionsError::Malformed { line: 1, .. })));
        assert!(matches!(open(&a.line, &parts[..1]), Err(SectionsError::Unnamed { .. })));
        let swapped = [("b", a.seal()), ("x.a", b.seal())];
        let swapped = swapped.map(|(place, seal)| SealedPart { place: place.to_owned(), seal });
        assert!(matches!(open(&a.line, &swapped), Err(SectionsError::Unnamed { .. })));

        let more = [b"{\n", &a.line[..], b"\n", altered.as_bytes()].concat();
        let known = open_known(&more, &parts, |_| true).contents;
        assert_eq!(
            known,
            BTreeMap::from([(a.seal(), serde_json::json!(["x"])), (b.seal(), 7.into())])
        );
        assert_eq!(open_known(&a.line, &swapped, |_| true), Opened::default());

        let some = open_some(&file, &parts, |place| place == "b").unwrap();
        assert_eq!(some.contents, BTreeMap::from([(b.seal(), 7.into())]));
        assert!(some.has(&a.seal()) && some.has(&b.seal()));
        assert_eq!(open_known(&file, &parts, |place| place == "b"), some);
        let unnamed = open_some(altered.as_bytes(), &parts, |_| false);
        assert!(matches!(unnamed, Err(SectionsError::Unnamed { .. })));
    }

    #[test]
    fn equal_content_under_another_salt_has_another_digest() {
        let one = SealedSection::new("a", [1; 16], &true).unwrap();
        let two = SealedSection::new("a", [2; 16], &true).unwrap();
        assert_ne!(one.seal().sha256, two.seal().sha256);
    }
}
