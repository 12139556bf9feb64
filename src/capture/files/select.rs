//! Which files become subjects, and under which names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shown;
use crate::base::digest::Sha256;
use crate::base::name::{ArtefactName, NameError};
use crate::base::tree::patterns::{self, PatternError, Patterns};
use crate::base::tree::{self, Content, Differences, Entry, Kind};
use crate::format::evidence::Change;
use crate::format::statement::Subject;
use serde::{Deserialize, Serialize};

/// `-a SRC[=NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtefactArg {
    /// A glob, a file or a folder, relative to the root.
    pub source: String,
    /// The subject's name; without it, it is the file's base name.
    pub name: Option<ArtefactName>,
}

/// A file that becomes a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Relative to the root, as the system has it.
    pub path: Vec<u8>,
    /// The subject's name.
    pub name: ArtefactName,
    /// SHA-256.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// What the build did to it.
    pub change: Change,
}

impl Selected {
    /// The subject of a statement about it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let change = word(self.change);
        Subject {
            name: Some(self.name.as_str().to_owned()),
            digest: BTreeMap::from([(Sha256::ALGORITHM.to_owned(), self.sha256.to_string())]),
            annotations: serde_json::Map::from_iter([
                ("change".to_owned(), Value::from(change)),
                ("size".to_owned(), Value::from(self.size)),
            ]),
        }
    }
}

/// The word for it in a subject's annotations.
#[must_use]
pub const fn word(change: Change) -> &'static str {
    match change {
        Change::Made => "made",
        Change::Changed => "changed",
        Change::Unchanged => "unchanged",
        Change::Deleted => "deleted",
    }
}

/// What the arguments selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sorted by name.
    pub artefacts: Vec<Selected>,
    /// The arguments that nothing matched, as they were given.
    pub matched_nothing: Vec<String>,
    /// The arguments whose every file was there before with the same content, as they were given.
    pub only_unchanged: Vec<String>,
}

/// Why the artefacts can't be told.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// No pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A link, a socket or the like.
    #[error("the artefact {path} is {found}, expected a regular file")]
    NotAFile {
        /// For people.
        path: String,
        /// What it is.
        found: &'static str,
    },
    /// Its digest is not known.
    #[error("the artefact {path} {trouble}")]
    Unknown {
        /// For people.
        path: String,
        /// What went wrong.
        trouble: &'static str,
    },
    /// Its own name can't be a subject's.
    #[error("the artefact {path} needs another name (-a SRC=NAME): {source}")]
    Name {
        /// For people.
        path: String,
        /// What is wrong with it.
        source: NameError,
    },
    /// Its own name is no text.
    #[error("the artefact {path} needs another name (-a SRC=NAME): its own isn't UTF-8")]
    NotUtf8 {
        /// For people.
        path: String,
    },
    /// One name for many files.
    #[error("{source_pattern} matches {number} files, expected one for the name {name}")]
    NameForMany {
        /// As it was given.
        source_pattern: String,
        /// The name.
        name: ArtefactName,
        /// How many.
        number: usize,
    },
    /// Two files with one name.
    #[error(
        "two artefacts are named {name}: {first} and {second} (name one of them: -a {second}=NAME)"
    )]
    SameName {
        /// The name.
        name: ArtefactName,
        /// For people.
        first: String,
        /// For people.
        second: String,
    },
}

/// Finds the artefacts among what is there after the build.
///
/// An argument that names a path means that path, whatever characters it has; else a glob means the
/// regular files that match it, and a folder all regular files below it. Links and special files are
/// passed over, unless one is named.
///
/// # Errors
/// A match that is no regular file or whose digest isn't sure; names that clash or can't be used.
pub fn select(
    arguments: &[ArtefactArg],
    differences: &Differences<'_>,
) -> Result<Selection, SelectError> {
    let mut selection = Selection::default();
    let mut named: BTreeMap<ArtefactName, Selected> = BTreeMap::new();
    for argument in arguments {
        let matches = matches(argument, differences)?;
        let matches: Vec<_> = matches
            .into_iter()
            .map(|(change, entry)| (by_content(change, &entry, differences), entry))
            .collect();
        if matches.is_empty() {
            selection.matched_nothing.push(argument.source.clone());
        } else if matches.iter().all(|(change, _)| *change == tree::Change::Unchanged) {
            selection.only_unchanged.push(argument.source.clone());
        }
        if let (Some(name), 2..) = (&argument.name, matches.len()) {
            return Err(SelectError::NameForMany {
                source_pattern: argument.source.clone(),
                name: name.clone(),
                number: matches.len(),
            });
        }
        for (change, entry) in matches {
            let selected = selected(argument, change, &entry)?;
            match named.get(&selected.name) {
                Some(other) if other.path == selected.path => {}
                Some(other) => {
                    return Err(SelectError::SameName {
                        first: shown(&other.path),
                        second: shown(&selected.path),
                        name: selected.name,
                    });
                }
                None => {
                    named.insert(selected.name.clone(), selected);
                }
            }
        }
    }
    selection.artefacts = named.into_values().collect();
    Ok(selection)
}

/// A file with the digest that it had is unchanged, whatever its mode: yesterday's artefact made executable
/// is yesterday's artefact.
pub(super) fn by_content(
    change: tree::Change,
    entry: &Entry<'_>,
    differences: &Differences<'_>,
) -> tree::Change {
    let before = differences.before().get(entry.path);
    let same = before.is_some_and(|before| {
        before.kind == entry.kind
            && before.content == Content::Read
            && entry.content == Content::Read
            && before.digest == entry.digest
    });
    if same { tree::Change::Unchanged } else { change }
}

fn matches<'d>(
    argument: &ArtefactArg,
    differences: &'d Differences<'_>,
) -> Result<Vec<(tree::Change, Entry<'d>)>, SelectError> {
    let plain = patterns::relative(&argument.source)?;
    if let Some(one) = differences.state_of(plain.as_bytes()) {
        return Ok(vec![one]);
    }
    if patterns::is_glob(&plain) {
        let pattern = Patterns::new(&[&plain])?;
        // `dist/*` often has links to the files beside them; each file is there under its own name.
        let is_meant = |entry: &Entry<'_>| entry.kind == Kind::File && pattern.matches(entry.path);
        let matching: Vec<_> = differences.present().filter(|(_, entry)| is_meant(entry)).collect();
        if !matching.is_empty() {
            return Ok(matching);
        }
    }
    let folder = Patterns::literal(vec![plain.into_bytes()]);
    let below = differences.present();
    Ok(below.filter(|(_, entry)| entry.kind == Kind::File && folder.matches(entry.path)).collect())
}

fn selected(
    argument: &ArtefactArg,
    change: tree::Change,
    entry: &Entry<'_>,
) -> Result<Selected, SelectError> {
    let path = || shown(entry.path);
    let found = match entry.kind {
        Kind::File => None,
        Kind::Link => Some("a link"),
        Kind::Other => Some("a socket, a FIFO or a device"),
    };
    if let Some(found) = found {
        return Err(SelectError::NotAFile { path: path(), found });
    }
    let sha256 = match (entry.content, entry.digest) {
        (Content::Read, Some(sha256)) => sha256,
        (content, _) => {
            let trouble = match content {
                Content::ChangedWhileRead => "changed while it was read",
                Content::NotReached => "was not read before the stop",
                Content::Read | Content::Unreadable => "could not be read",
            };
            return Err(SelectError::Unknown { path: path(), trouble });
        }
    };
    let name = match &argument.name {
        Some(name) => name.clone(),
        None => {
            let base = entry.path.rsplit(|byte| *byte == b'/').next().unwrap_or(entry.path);
            let base = std::str::from_utf8(base)
                .map_err(|_not_utf8| SelectError::NotUtf8 { path: path() })?;
            base.parse().map_err(|source| SelectError::Name { path: path(), source })?
        }
    };
    let change = super::of(change);
    Ok(Selected { path: entry.path.to_owned(), name, sha256, size: entry.size, change })
}
