//! The evidence pack: which files it holds, and what two of them say.

mod archive;

pub use archive::{ArchiveError, PACKED_MAX, UNPACKED_MAX, read, write};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::{self, JsonError};
use super::key::PublicKey;
use crate::base::digest::Sha256;

/// Files by their names in the archive.
pub type Members = BTreeMap<String, Vec<u8>>;

/// The list of the others.
pub const MANIFEST: &str = "MANIFEST.json";
/// How to check the pack again.
pub const COMMANDS: &str = "COMMANDS.md";
/// Whom the packer trusted.
pub const TRUST: &str = "trust.json";
/// The policy, where one was given.
pub const POLICY: &str = "policy.toml";
/// The vendor's own words, where they were given.
pub const STATEMENT: &str = "statement.toml";
/// The report for machines.
pub const REPORT_JSON: &str = "report.json";
/// The report as a page.
pub const REPORT_HTML: &str = "report.html";
/// The report as Markdown.
pub const REPORT_MARKDOWN: &str = "report.md";
/// What the names of evidence files begin with.
pub const EVIDENCE: &str = "evidence/";
/// What the names of sections files begin with.
pub const SECTIONS: &str = "sections/";

const EVIDENCE_ENDING: &str = ".sigstore.jsonl";
const SECTIONS_ENDING: &str = ".sections.jsonl";
/// Longest part of a member's name that is taken from a file's, in bytes: the name fits the oldest header of tar.
const STEM_MAX: usize = 48;

/// `MANIFEST.json`: every other file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "proofmark pack v1: MANIFEST.json")]
pub struct Manifest {
    /// Always 1.
    pub version: u32,
    /// What made the pack, such as `proofmark 0.1.0`.
    pub tool: String,
    /// In the order of their names.
    pub members: Vec<Member>,
}

/// One file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name in the archive.
    pub name: String,
    /// SHA-256.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
}

impl Manifest {
    /// Lists files, all but the manifest itself.
    #[must_use]
    pub fn of(tool: String, members: &Members) -> Self {
        let listed = members.iter().filter(|(name, _)| *name != MANIFEST);
        let member = |(name, bytes): (&String, &Vec<u8>)| Member {
            name: name.clone(),
            sha256: Sha256::of(bytes),
            size: bytes.len() as u64,
        };
        Self { version: 1, tool, members: listed.map(member).collect() }
    }

    /// What stands in the archive.
    ///
    /// # Errors
    /// Where it can't be written as JSON, which is a fault of ours.
    pub fn text(&self) -> Result<Vec<u8>, serde_json::Error> {
        text(self)
    }
}

/// `trust.json`: whom the packer trusted. To compare with the checker's own trust, and never to trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "proofmark pack v1: trust.json")]
pub struct TrustSnapshot {
    /// Always 1.
    pub version: u32,
    /// Always `to compare with a trust of your own, never to trust`.
    pub purpose: String,
    /// How many distinct keys had to sign.
    pub threshold: u64,
    /// The public keys, by fingerprint.
    pub keys: Vec<KeySnapshot>,
    /// Issuers whose tokens were taken beside those of the known platforms.
    pub issuers: Vec<String>,
    /// SHA-256 of the keys of an issuer that were given.
    pub issuer_keys_sha256: Option<Sha256>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySnapshot {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// SPKI PEM.
    pub public_key: String,
}

impl TrustSnapshot {
    /// What a snapshot is for.
    pub const PURPOSE: &'static str = "to compare with a trust of your own, never to trust";

    /// The keys and how many of them had to sign.
    #[must_use]
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a PublicKey>, threshold: usize) -> Self {
        let key = |key: &PublicKey| KeySnapshot {
            fingerprint: key.fingerprint(),
            public_key: key.to_spki_pem(),
        };
        let mut keys: Vec<_> = keys.into_iter().map(key).collect();
        keys.sort();
        Self {
            version: 1,
            purpose: Self::PURPOSE.to_owned(),
            threshold: threshold as u64,
            keys,
            issuers: Vec::new(),
            issuer_keys_sha256: None,
        }
    }

    /// What stands in the archive.
    ///
    /// # Errors
    /// Where it can't be written as JSON, which is a fault of ours.
    pub fn text(&self) -> Result<Vec<u8>, serde_json::Error> {
        text(self)
    }
}

fn text<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// The name of the evidence file number `n`, counted from 1.
#[must_use]
pub fn evidence_name(n: usize, file: &str) -> String {
    let endings = [EVIDENCE_ENDING, ".sigstore.json", ".intoto.jsonl", ".jsonl", ".json"];
    format!("{EVIDENCE}{n:04}-{}{EVIDENCE_ENDING}", stem(file, &endings))
}

/// The name of the sections file number `n`, counted from 1.
#[must_use]
pub fn sections_name(n: usize, file: &str) -> String {
    format!("{SECTIONS}{n:04}-{}{SECTIONS_ENDING}", stem(file, &[SECTIONS_ENDING, ".jsonl"]))
}

/// A file's name without its ending, of plain letters, digits, `-`, `_` and inner dots.
fn stem(file: &str, endings: &[&str]) -> String {
    let stem = endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file);
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let stem: String = stem.chars().map(plain).take(STEM_MAX).collect();
    let stem = stem.trim_matches('.');
    if stem.is_empty() { "evidence".to_owned() } else { stem.to_owned() }
}

/// Whether a file may have this name in a pack.
#[must_use]
pub fn is_known(name: &str) -> bool {
    let fixed =
        [MANIFEST, COMMANDS, TRUST, POLICY, STATEMENT, REPORT_JSON, REPORT_HTML, REPORT_MARKDOWN];
    fixed.contains(&name)
        || is_numbered(name, EVIDENCE, EVIDENCE_ENDING)
        || is_numbered(name, SECTIONS, SECTIONS_ENDING)
}

fn is_numbered(name: &str, folder: &str, ending: &str) -> bool {
    let inner = name.strip_prefix(folder).and_then(|rest| rest.strip_suffix(ending));
    let Some((number, own)) = inner.and_then(|inner| inner.split_once('-')) else { return false };
    number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && own == stem(own, &[])
}

/// Why a set of files is no pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The list of files, or another file that always is there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A file that can't be read as what it is.
    #[error("{name} can't be read: {source}")]
    Form {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        source: JsonError,
    },
    /// Of another version.
    #[error("expected {name} of version 1, found version {found}")]
    Version {
        /// Which.
        name: &'static str,
        /// What it says.
        found: u32,
    },
    /// A name that no file of a pack has.
    #[error("a file is there that no pack has: {name}")]
    Unknown {
        /// Printable.
        name: String,
    },
    /// The files aren't those of the list.
    #[error("{name} isn't as {MANIFEST} lists it")]
    Differs {
        /// Printable.
        name: String,
    },
}

impl PackError {
    /// Whether this version can't say more, so that nothing is held against the pack.
    #[must_use]
    pub const fn is_other_version(&self) -> bool {
        matches!(self, Self::Version { .. })
    }
}

/// Reads the two files that say something of the others, and checks that the list is that of all others.
///
/// # Errors
/// See [`PackError`].
pub fn check(members: &Members) -> Result<(Manifest, TrustSnapshot), PackError> {
    let manifest: Manifest = parse(members, MANIFEST)?;
    let shown = |name: &str| crate::base::text::cut(&crate::base::text::printable(name), 120);
    if let Some(name) = members.keys().find(|name| !is_known(name)) {
        return Err(PackError::Unknown { name: shown(name) });
    }
    let found = Manifest::of(manifest.tool.clone(), members);
    // In the very bytes that are written: a list that reads in two ways is none.
    let same = found.text().is_ok_and(|text| members.get(MANIFEST) == Some(&text));
    if found != manifest || !same {
        let listed: BTreeMap<_, _> = manifest.members.iter().map(|m| (&m.name, m)).collect();
        let there: BTreeMap<_, _> = found.members.iter().map(|m| (&m.name, m)).collect();
        let names = there.keys().chain(listed.keys());
        let other = names.into_iter().find(|name| listed.get(*name) != there.get(*name));
        let name = other.map_or_else(|| MANIFEST.to_owned(), |name| shown(name));
        return Err(PackError::Differs { name });
    }
    for name in [COMMANDS, REPORT_JSON, REPORT_HTML, REPORT_MARKDOWN] {
        if !members.contains_key(name) {
            return Err(PackError::Missing(name));
        }
    }
    if !members.keys().any(|name| name.starts_with(EVIDENCE)) {
        return Err(PackError::Missing("evidence"));
    }
    Ok((manifest, parse(members, TRUST)?))
}

/// Which version a file is of, whatever else stands in it.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

fn parse<T: serde::de::DeserializeOwned>(
    members: &Members,
    name: &'static str,
) -> Result<T, PackError> {
    let bytes = members.get(name).ok_or(PackError::Missing(name))?;
    let form = |source| PackError::Form { name, source };
    let version: Version = json::parse(bytes).map_err(form)?;
    if version.version != 1 {
        return Err(PackError::Version { name, found: version.version });
    }
    json::parse(bytes).map_err(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_archive_is_plain_whatever_the_file_is_called() {
        assert_eq!(evidence_name(1, "app.sigstore.jsonl"), "evidence/0001-app.sigstore.jsonl");
        assert_eq!(evidence_name(2, "a.intoto.jsonl"), "evidence/0002-a.sigstore.jsonl");
        assert_eq!(sections_name(3, "app.sections.jsonl"), "sections/0003-app.sections.jsonl");
        for odd in ["..", "../x", "a/b", "ä\u{202e}", "", &"x".repeat(300), "a\nb", "-a", "x."] {
            for name in [evidence_name(9999, odd), sections_name(1, odd)] {
                assert!(is_known(&name), "{name}");
                assert!(name.len() <= 100 && !name.contains(".."), "{name}");
            }
        }
        for no in ["evidence/../x", "/trust.json", "evidence/1-a.sigstore.jsonl", "x", "evidence/"]
        {
            assert!(!is_known(no), "{no}");
        }
        assert!(!is_known("evidence/0001-a/b.sigstore.jsonl"));
        assert!(!is_known("evidence/0001-..sigstore.jsonl"));
    }
}
