//! `proofmark.lock`: the approved build environment, reviewed like any lockfile.
//!
//! The file lies in the repository, and `proofmark lock` writes into it what evidence says. So that a review of
//! it means something, a word that isn't known is an error, no error repeats a value, and what is written
//! stands on one line, with whatever could repaint or reorder it escaped.

use std::collections::BTreeMap;
use std::fmt;

mod edit;
mod parse;
#[cfg(test)]
mod tests;
mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::format::evidence::Lane;
pub use update::update;

/// The file's name, in the project's folder.
pub const LOCK_FILE: &str = "proofmark.lock";
/// Most bytes of the file.
pub const LOCK_MAX: usize = 4 << 20;
/// Most lanes.
pub const LANES_MAX: usize = 200;
/// Most entries, shared ones and those of all lanes together.
pub const ENTRIES_MAX: usize = 50_000;
/// Longest name of a lane, in bytes.
pub const LANE_NAME_MAX: usize = 100;

/// What kind of thing of the environment is compared.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The runner's or the container's image.
    RunnerImage,
    /// Tools along `PATH`.
    Tools,
    /// The actions, images and includes that pipeline definitions name.
    References,
    /// The system's packages.
    Packages,
    /// Variables.
    Variables,
    /// Pipeline definitions, git's settings and hooks, certificates, preloads, the system's release.
    Configuration,
    /// What the lockfiles name. A lock has no such class: the lockfiles are it.
    Dependencies,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

impl Class {
    /// The classes that a lock can have, in the order of the file.
    pub const LOCKED: [Self; 6] = [
        Self::RunnerImage,
        Self::Tools,
        Self::References,
        Self::Packages,
        Self::Variables,
        Self::Configuration,
    ];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RunnerImage => "runner-image",
            Self::Tools => "tools",
            Self::References => "references",
            Self::Packages => "packages",
            Self::Variables => "variables",
            Self::Configuration => "configuration",
            Self::Dependencies => "dependencies",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How closely a class is compared.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Everything that is recorded: version and digest.
    Exact,
    /// The version alone.
    Version,
    /// That it is there, and nothing else of its class.
    Present,
    /// The commit that changed the file explains it; a file that differs from its commit doesn't count.
    Git,
    /// Nothing.
    Ignored,
    /// One that this version doesn't know.
    #[serde(other)]
    Unknown,
}

impl Mode {
    /// The modes that a lock can name.
    pub const LOCKED: [Self; 5] =
        [Self::Exact, Self::Version, Self::Present, Self::Git, Self::Ignored];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Version => "version",
            Self::Present => "present",
            Self::Git => "git",
            Self::Ignored => "ignored",
            Self::Unknown => "unknown",
        }
    }
}

/// One approved thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The version as the evidence states it; of an image, its name; of a package set, nothing.
    pub version: Option<String>,
    /// Its digest.
    pub sha256: Option<Sha256>,
    /// It is approved that this lane has none of it, although `shared` names it.
    pub absent: bool,
    /// Why it is approved.
    pub reason: Option<String>,
    /// Where that was decided.
    pub ticket: Option<String>,
    /// Until the end of which day (UTC) the approval holds, as `YYYY-MM-DD`.
    pub expires: Option<String>,
}

impl Entry {
    /// Whether both approve the same thing, whatever the reasons.
    #[must_use]
    pub fn approves_same(&self, other: &Self) -> bool {
        (&self.version, self.sha256, self.absent) == (&other.version, other.sha256, other.absent)
    }
}

/// What is approved, by class and name.
pub type Section = BTreeMap<Class, BTreeMap<String, Entry>>;

/// One lane's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedLane {
    /// Which builds it is for.
    pub lane: Lane,
    /// How its classes are compared, where it says so.
    pub modes: BTreeMap<Class, Mode>,
    /// What is approved for it beside the shared entries, and in their place.
    pub section: Section,
}

/// The file, parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// How classes are compared in every lane, where the file says so.
    pub modes: BTreeMap<Class, Mode>,
    /// What is approved for every lane.
    pub shared: Section,
    /// The lanes by the names of their sections.
    pub lanes: BTreeMap<String, LockedLane>,
}

/// What the lock says for one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective<'a> {
    /// The name of the lane's section.
    pub name: &'a str,
    /// How classes are compared, where the lane or the file says so.
    pub modes: BTreeMap<Class, Mode>,
    /// What is approved: the lane's entries, and the shared ones that it has none for. What is approved to be
    /// absent isn't there.
    pub section: Section,
}

/// Why a lock is refused, or can't be changed. No variant holds a value of the file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LockError {
    /// Over [`LOCK_MAX`].
    #[error("expected at most {LOCK_MAX} bytes, found {found}")]
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
    #[error("line {line}: `{key}` isn't known; known: {known}")]
    Unknown {
        /// Counted from 1.
        line: usize,
        /// With its table.
        key: String,
        /// What can stand in its place.
        known: String,
    },
    /// A value of another type, or that says nothing.
    #[error("line {line}: expected {key} to be {expected}, found {found}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// With its table.
        key: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A key that must be there.
    #[error("line {line}: expected {key}, found none")]
    Missing {
        /// Where it should stand, counted from 1.
        line: usize,
        /// With its table.
        key: String,
    },
    /// A version of the format that isn't known.
    #[error("line {line}: expected version 1, found another")]
    Version {
        /// Counted from 1.
        line: usize,
    },
    /// An entry that approves a thing and its absence, or the absence of what nothing names.
    #[error("line {line}: {key} can't be absent{why}")]
    Absent {
        /// Counted from 1.
        line: usize,
        /// With its table.
        key: String,
        /// Why not.
        why: &'static str,
    },
    /// A name that isn't plain.
    #[error(
        "line {line}: expected the name of a lane to be 1 to {LANE_NAME_MAX} letters, digits, `_` and `-`, found another"
    )]
    LaneName {
        /// Counted from 1.
        line: usize,
    },
    /// Two sections for the same builds: which of them would count?
    #[error(
        "lanes.{first} and lanes.{second} match the same builds: expected one section for each lane"
    )]
    SameLane {
        /// One name.
        first: String,
        /// The other.
        second: String,
    },
    /// Over [`LANES_MAX`].
    #[error("expected at most {LANES_MAX} lanes, found {found}")]
    TooManyLanes {
        /// How many there are.
        found: usize,
    },
    /// Over [`ENTRIES_MAX`].
    #[error("expected at most {ENTRIES_MAX} entries, found more")]
    TooManyEntries,
    /// What people wrote would move.
    #[error(
        "it can't be changed without moving what is written in it: expected line endings of one kind, and the dotted keys of a table together"
    )]
    Scattered,
    /// The changed text would not say what it should, or not be a lock.
    #[error("it can't be changed so that it says what it should, and nothing else")]
    NotKept,
}

impl Lock {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Anything that isn't known, of another type or too much; the first that was found.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        parse::parse(text)
    }

    /// What it says for the builds of `lane`; `None` where it has no section for them.
    #[must_use]
    pub fn effective(&self, lane: &Lane) -> Option<Effective<'_>> {
        let (name, own) = self.lanes.iter().find(|(_, own)| own.lane == *lane)?;
        let mut modes = self.modes.clone();
        modes.extend(&own.modes);
        let mut section = self.shared.clone();
        for (class, entries) in &own.section {
            section.entry(*class).or_default().extend(entries.clone());
        }
        for entries in section.values_mut() {
            entries.retain(|_, entry| !entry.absent);
        }
        Some(Effective { name, modes, section })
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}
