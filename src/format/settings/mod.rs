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

use crate::base::text::printable;

/// The file's name, at the root.
pub const SETTINGS_FILE: &str = "proofmark.toml";
/// Most bytes of the file.
pub const SETTINGS_MAX: usize = 1 << 20;
/// Most tools that it may name.
pub const TOOLS_MAX: usize = 100;
/// Longest name of a tool, in bytes.
pub const TOOL_NAME_MAX: usize = 64;

/// What the file says; the default is that there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Names of tools that are looked for beside the usual ones, in their order, each once.
    pub tools: Vec<String>,
    /// What is sealed.
    pub disclosure: Disclosure,
    /// Whether caches outside of the root get a root digest.
    pub digest_caches: bool,
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
        only("", &whole, &["tools", "disclosure", "caches"])?;
        let mut settings = Self::default();
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
