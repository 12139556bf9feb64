//! `proofmark.toml`: what of the environment is looked at beside the usual, and what is published.
//!
//! The file lies in the repository, so that whoever can commit chooses what it says. It names tools, but
//! never how they are called, and it has no place for a secret; since one could be pasted into it all the
//! same, no error repeats a value. A word that isn't known is an error: a misspelt `seal` would publish.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

mod part;
#[cfg(test)]
mod tests;

pub use part::{Disclosure, Part};

use crate::base::digest::Sha256;
use crate::base::text::printable;
use crate::base::tree::Patterns;
use crate::base::tree::patterns::{is_glob, relative};

/// The file's name, at the root.
pub const SETTINGS_FILE: &str = "proofmark.toml";
/// Most bytes of the file.
pub const SETTINGS_MAX: usize = 1 << 20;
/// Most tools that it may name.
pub const TOOLS_MAX: usize = 100;
/// Longest name of a tool, in bytes.
pub const TOOL_NAME_MAX: usize = 64;

/// Most entries of a list of paths.
pub const PATHS_MAX: usize = 100;

/// A file below the root that has to have this content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedFile {
    /// Relative to the root.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: Sha256,
}

/// What the file says; the default is that there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Names of tools that are looked for beside the usual ones, in their order, each once.
    pub tools: Vec<String>,
    /// What is sealed.
    pub disclosure: Disclosure,
    /// Whether caches outside of the root get a root digest.
    pub digest_caches: bool,
    /// Paths and globs, relative to the root, that are inputs of a project beside its own folder.
    pub also: Vec<String>,
    /// Paths and globs, relative to the root: a commit that touches one touches the build environment.
    pub changed_paths: Vec<String>,
    /// Who may sign commits, in the form of `ssh-keygen -Y verify`.
    pub allowed_signers: Option<PinnedFile>,
}

/// Why the file is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// Over [`SETTINGS_MAX`].
    #[error("expected at most {SETTINGS_MAX} bytes, found {found}")]
    TooLarge {
        /// Bytes that are there.
        found: usize,
    },
    /// No TOML.
    #[error("line {line} is no TOML: {message}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// The parser's words, which speak of its grammar.
        message: String,
    },
    /// A table or a key that means nothing.
    #[error("`{key}` isn't known; known: {known}")]
    Unknown {
        /// With its table.
        key: String,
        /// What can stand in its place.
        known: String,
    },
    /// A value of another type.
    #[error("expected {key} to be {expected}, found {found}")]
    Type {
        /// With its table, and its place in a list.
        key: String,
        /// The type that it should have.
        expected: &'static str,
        /// The type that it has.
        found: &'static str,
    },
    /// Over [`TOOLS_MAX`].
    #[error("expected at most {TOOLS_MAX} tools.names, found {found}")]
    TooManyTools {
        /// How many there are.
        found: usize,
    },
    /// Over [`PATHS_MAX`].
    #[error("expected at most {PATHS_MAX} entries of {key}, found {found}")]
    TooManyPaths {
        /// The list.
        key: &'static str,
        /// How many there are.
        found: usize,
    },
    /// An absolute path, one with `..`, an empty one, no glob.
    #[error(
        "entry {place} of {key} isn't a path or glob below the root: expected a relative one without `..`"
    )]
    NoPath {
        /// The list.
        key: &'static str,
        /// Counted from 1.
        place: usize,
    },
    /// A file that isn't named as it should.
    #[error(
        "{key} isn't the path of a file below the root: expected a relative one without `..` and wildcards"
    )]
    NoFile {
        /// With its table.
        key: &'static str,
    },
    /// Not 64 hexadecimal digits.
    #[error("{key} is no SHA-256: expected 64 hexadecimal digits")]
    NoDigest {
        /// With its table.
        key: &'static str,
    },
    /// A key without which its table means nothing.
    #[error("{key} is missing: expected it beside the other keys of its table")]
    Missing {
        /// With its table.
        key: &'static str,
    },
    /// No plain name: a path, arguments, an empty text.
    #[error(
        "entry {place} of tools.names isn't the plain name of a tool: expected 1 to {TOOL_NAME_MAX} letters, digits, `.`, `_`, `+` and `-`, with a letter or a digit first"
    )]
    ToolName {
        /// Counted from 1.
        place: usize,
    },
    /// A part that isn't one.
    #[error("entry {place} of {key} is no part; known: {}", known_parts())]
    NoPart {
        /// The list.
        key: &'static str,
        /// Counted from 1.
        place: usize,
    },
    /// In both lists.
    #[error("`{}` is in disclosure.seal and in disclosure.publish: expected it in one", .part.name())]
    Contradiction {
        /// The part.
        part: Part,
    },
}

fn known_parts() -> String {
    list(Part::ALL.iter().map(|part| part.name()))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Settings {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Anything that isn't known, of another type or too much; the first that was found.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        if text.len() > SETTINGS_MAX {
            return Err(SettingsError::TooLarge { found: text.len() });
        }
        let whole: Table = text.parse().map_err(|error| syntax(text, &error))?;
        only("", &whole, &["tools", "disclosure", "caches", "also", "changes"])?;
        let mut settings = Self { also: paths(&whole, "also")?, ..Self::default() };
        if let Some(table) = table(&whole, "tools", &["names"])? {
            settings.tools = tools(&strings(table, "tools.names")?)?;
        }
        if let Some(table) = table(&whole, "disclosure", &["seal", "publish"])? {
            settings.disclosure = disclosure(table)?;
        }
        if let Some(table) = table(&whole, "caches", &["digest"])?
            && let Some(value) = table.get("digest")
        {
            let wrong = || wrong_type("caches.digest", "`true` or `false`", value);
            settings.digest_caches = value.as_bool().ok_or_else(wrong)?;
        }
        if let Some(table) = table(&whole, "changes", &["paths", "allowed_signers"])? {
            settings.changed_paths = paths(table, "changes.paths")?;
            settings.allowed_signers = allowed_signers(table)?;
        }
        Ok(settings)
    }
}

/// The parser's `Display` would show the line, and with it whatever was pasted there.
fn syntax(text: &str, error: &toml::de::Error) -> SettingsError {
    let before = error.span().and_then(|span| text.as_bytes().get(..span.start));
    let line = before.unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() + 1;
    SettingsError::Syntax { line, message: printable(error.message()) }
}

fn only(of: &str, table: &Table, known: &[&str]) -> Result<(), SettingsError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(SettingsError::Unknown {
            key: printable(&format!("{of}{key}")),
            known: list(known.iter().copied()),
        }),
    }
}

fn table<'t>(
    whole: &'t Table,
    name: &str,
    known: &[&str],
) -> Result<Option<&'t Table>, SettingsError> {
    let Some(value) = whole.get(name) else { return Ok(None) };
    let table = value.as_table().ok_or_else(|| wrong_type(name, "a table", value))?;
    only(&format!("{name}."), table, known)?;
    Ok(Some(table))
}

fn wrong_type(key: &str, expected: &'static str, found: &Value) -> SettingsError {
    let found = match found {
        Value::String(_) => "a string",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "a boolean",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    };
    SettingsError::Type { key: key.to_owned(), expected, found }
}

/// The list behind the last part of `key`; empty where there is none.
fn strings<'t>(table: &'t Table, key: &str) -> Result<Vec<&'t str>, SettingsError> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let Some(value) = table.get(name) else { return Ok(Vec::new()) };
    let array = value.as_array().ok_or_else(|| wrong_type(key, "a list of strings", value))?;
    let entries = array.iter().zip(1..).map(|(entry, place)| {
        let wrong = || wrong_type(&format!("entry {place} of {key}"), "a string", entry);
        entry.as_str().ok_or_else(wrong)
    });
    entries.collect()
}

fn tools(names: &[&str]) -> Result<Vec<String>, SettingsError> {
    if names.len() > TOOLS_MAX {
        return Err(SettingsError::TooManyTools { found: names.len() });
    }
    let mut tools: Vec<String> = Vec::new();
    for (name, place) in names.iter().zip(1..) {
        if !is_plain(name) {
            return Err(SettingsError::ToolName { place });
        }
        if !tools.iter().any(|tool| tool == name) {
            tools.push((*name).to_owned());
        }
    }
    Ok(tools)
}

/// A name that is looked up along `PATH` and nothing else: no path, no flag, no arguments.
fn is_plain(name: &str) -> bool {
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-');
    name.len() <= TOOL_NAME_MAX
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.bytes().all(fine)
}

/// A list of paths and globs, as [`Patterns`] takes them.
fn paths(table: &Table, key: &'static str) -> Result<Vec<String>, SettingsError> {
    let entries = strings(table, key)?;
    if entries.len() > PATHS_MAX {
        return Err(SettingsError::TooManyPaths { key, found: entries.len() });
    }
    let path = |(entry, place): (&str, usize)| {
        let wrong = |_shown| SettingsError::NoPath { key, place };
        Patterns::new(&[entry]).map_err(wrong)?;
        match relative(entry).map_err(wrong)? {
            root if root.is_empty() => Ok(".".to_owned()),
            path => Ok(path),
        }
    };
    entries.into_iter().zip(1..).map(path).collect()
}

fn allowed_signers(changes: &Table) -> Result<Option<PinnedFile>, SettingsError> {
    const PATH: &str = "changes.allowed_signers.path";
    const SHA256: &str = "changes.allowed_signers.sha256";
    let Some(value) = changes.get("allowed_signers") else { return Ok(None) };
    let wrong = || wrong_type("changes.allowed_signers", "a table", value);
    let table = value.as_table().ok_or_else(wrong)?;
    only("changes.allowed_signers.", table, &["path", "sha256"])?;
    let text = |name: &str, key: &'static str| {
        let value = table.get(name).ok_or(SettingsError::Missing { key })?;
        value.as_str().ok_or_else(|| wrong_type(key, "a string", value))
    };
    let path = relative(text("path", PATH)?).ok();
    let path = path.filter(|path| !path.is_empty() && !path.contains('\0') && !is_glob(path));
    let path = path.ok_or(SettingsError::NoFile { key: PATH })?;
    let sha256 = text("sha256", SHA256)?
        .parse()
        .map_err(|_shown| SettingsError::NoDigest { key: SHA256 })?;
    Ok(Some(PinnedFile { path, sha256 }))
}

fn disclosure(table: &Table) -> Result<Disclosure, SettingsError> {
    let parts = |key: &'static str| {
        let names = strings(table, key)?;
        let part = |(name, place)| Part::named(name).ok_or(SettingsError::NoPart { key, place });
        names.into_iter().zip(1..).map(part).collect::<Result<BTreeSet<_>, _>>()
    };
    let disclosure =
        Disclosure { seal: parts("disclosure.seal")?, publish: parts("disclosure.publish")? };
    match disclosure.seal.intersection(&disclosure.publish).next() {
        Some(part) => Err(SettingsError::Contradiction { part: *part }),
        None => Ok(disclosure),
    }
}
