//! Which files become artefacts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::is_sure;
use crate::base::digest::Sha256;
use crate::base::name::{ArtefactName, NameError};
use crate::base::text::printable;
use crate::base::tree::{Change, Content, Differences, Kind, PatternError, Patterns};
use crate::format::statement::Subject;

/// `-a SRC[=NAME]`: a file, a folder or a glob relative to the root, and the name that it is to have.
#[derive(Debug, Clone)]
pub struct ArtefactArg {
    /// The file, folder or glob.
    pub source: String,
    /// The name; else each file's base name.
    pub name: Option<ArtefactName>,
}

/// Why the arguments select no sound set of artefacts.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// No pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// One name for several files.
    #[error("{}={name} stands for {found} files, expected one", printable(.source_pattern))]
    OneNameForSeveral {
        /// As it was given.
        source_pattern: String,
        /// The name.
        name: ArtefactName,
        /// How many files it matches.
        found: usize,
    },
    /// Two files with one name: a checker could not tell them apart.
    #[error(
        "{} and {} would both be named {name}; name one of them otherwise, as in -a {}={name}-2",
        printable(.one), printable(.other), printable(.other)
    )]
    SameName {
        /// The name.
        name: ArtefactName,
        /// A file of that name.
        one: String,
        /// Another.
        other: String,
    },
    /// A base name that can't be a subject's.
    #[error("{}: {why}; give it a name, as in -a PATH=NAME", printable(.path))]
    Name {
        /// The file.
        path: String,
        /// What is wrong with its name.
        why: NameError,
    },
    /// A base name that isn't UTF-8.
    #[error("{}: the name isn't UTF-8; give it a name, as in -a PATH=NAME", printable(.path))]
    NotUtf8 {
        /// The file, with replacement characters.
        path: String,
    },
    /// A link, a device.
    #[error("{}: expected a regular file, found {found}", printable(.path))]
    NotAFile {
        /// The path.
        path: String,
        /// What it is.
        found: &'static str,
    },
    /// A file without a sure digest.
    #[error("{}: {why}", printable(.path))]
    Unsure {
        /// The path.
        path: String,
        /// What happened.
        why: &'static str,
    },
}

/// One artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Relative to the root.
    pub path: Vec<u8>,
    /// Its digest when the bracket closed.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// What happened to it while the bracket was open.
    pub change: Change,
}

/// The artefacts, and the arguments that gave none.
#[derive(Debug, Default)]
pub struct Selection {
    /// By name.
    pub artefacts: BTreeMap<ArtefactName, Selected>,
    /// Arguments that match no file.
    pub matched_nothing: Vec<String>,
    /// Arguments whose every file was there before, with the same content.
    pub only_unchanged: Vec<String>,
}

impl Selection {
    /// The artefacts as subjects of a statement, sorted by name.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        self.artefacts
            .iter()
            .map(|(name, selected)| {
                let change = match selected.change {
                    Change::Made => "made",
                    Change::Changed => "changed",
                    Change::Unchanged => "unchanged",
                    Change::Deleted => "deleted",
                };
                Subject {
                    name: Some(name.as_str().to_owned()),
                    digest: BTreeMap::from([(
                        Sha256::ALGORITHM.to_owned(),
                        selected.sha256.to_string(),
                    )]),
                    annotations: serde_json::Map::from_iter([
                        ("change".to_owned(), Value::from(change)),
                        ("size".to_owned(), Value::from(selected.size)),
                    ]),
                }
            })
            .collect()
    }
}

/// Finds what each argument stands for when the bracket closed.
///
/// A glob or a folder passes over links and special files; an argument that names one is an error.
///
/// # Errors
/// Names that clash or can't be, files that are no files or changed while they were read.
pub fn select(
    arguments: &[ArtefactArg],
    differences: &Differences<'_>,
) -> Result<Selection, SelectError> {
    let mut selection = Selection::default();
    for argument in arguments {
        let patterns = Patterns::new(std::slice::from_ref(&argument.source))?;
        let literal = argument.source.as_bytes();
        // A file that is called like a glob is that file.
        let exact = differences.state_of(literal);
        let found: Vec<_> = match exact {
            Some(found) => vec![found],
            None => differences
                .present()
                .filter(|(_, entry)| entry.kind == Kind::File && patterns.matches(entry.path))
                .collect(),
        };
        if let (Some(name), true) = (&argument.name, found.len() > 1) {
            return Err(SelectError::OneNameForSeveral {
                source_pattern: argument.source.clone(),
                name: name.clone(),
                found: found.len(),
            });
        }
        if found.is_empty() {
            selection.matched_nothing.push(argument.source.clone());
            continue;
        }
        if found.iter().all(|(change, _)| *change == Change::Unchanged) {
            selection.only_unchanged.push(argument.source.clone());
        }
        for (change, entry) in found {
            let path = String::from_utf8_lossy(entry.path).into_owned();
            let sha256 = match (entry.kind, entry.digest) {
                (Kind::File, Some(sha256)) if is_sure(&entry) => sha256,
                (Kind::Link, _) => {
                    return Err(SelectError::NotAFile { path, found: "a symbolic link" });
                }
                (Kind::Other, _) => {
                    return Err(SelectError::NotAFile { path, found: "a special file" });
                }
                (Kind::File, _) => {
                    let why = match entry.content {
                        Content::ChangedWhileRead => "it changed while it was read",
                        Content::NotReached => "it was not reached in time",
                        Content::Read | Content::Unreadable => "it could not be read",
                    };
                    return Err(SelectError::Unsure { path, why });
                }
            };
            let name = match &argument.name {
                Some(name) => name.clone(),
                None => base_name(entry.path, &path)?,
            };
            let selected = Selected { path: entry.path.to_vec(), sha256, size: entry.size, change };
            match selection.artefacts.get(&name) {
                Some(other) if other.path != selected.path => {
                    let one = String::from_utf8_lossy(&other.path).into_owned();
                    return Err(SelectError::SameName { name, one, other: path });
                }
                Some(_) => {}
                None => {
                    selection.artefacts.insert(name, selected);
                }
            }
        }
    }
    Ok(selection)
}

fn base_name(path: &[u8], shown: &str) -> Result<ArtefactName, SelectError> {
    let base = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let text =
        std::str::from_utf8(base).or(Err(SelectError::NotUtf8 { path: shown.to_owned() }))?;
    text.parse().map_err(|why| SelectError::Name { path: shown.to_owned(), why })
}
