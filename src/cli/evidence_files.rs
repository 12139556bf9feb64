//! Evidence files as commands take them: found in folders, or given as bytes, and read one by one.

use std::io;
use std::path::{Path, PathBuf};

use super::builds::{self, Loaded, Named, NotVerified};
use super::failure::Failure;
use super::verify::label;
use crate::base::file::FileError;
use crate::base::text::printable;
use crate::read::{self, Evidence, ReadError};
use crate::verify::Trust;

/// Most evidence files that are read.
const FILES_MAX: usize = 10_000;
/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 64;
/// How the evidence files of a folder are named.
const ENDINGS: [&str; 2] = [".sigstore.jsonl", ".sigstore.json"];

/// What was given: a file, a folder that is searched, or the content of a file.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A file or a folder.
    Path(PathBuf),
    /// What a file held.
    Bytes {
        /// The file's name.
        name: String,
        /// Its content.
        bytes: Vec<u8>,
    },
}

/// A file to be read.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) source: Source,
    pub(super) named: Named,
}

impl File {
    /// As it is shown.
    pub(super) fn label(&self) -> String {
        match &self.source {
            Source::Path(path) => label(path),
            Source::Bytes { name, .. } => printable(name),
        }
    }

    /// Where it lies.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::Path(path) => Some(path),
            Source::Bytes { .. } => None,
        }
    }

    /// Reads it.
    pub(super) fn evidence(&self) -> Result<Evidence, ReadError> {
        match (&self.source, self.named) {
            (Source::Bytes { bytes, .. }, _) => read::bytes(bytes),
            (Source::Path(path), Named::Yes) => read::file(path),
            (Source::Path(path), Named::No) => read::regular(path),
        }
    }

    /// Reads and authenticates it.
    pub(super) fn load(&self, trust: &Trust) -> Result<Loaded, NotVerified> {
        builds::judged(self.label(), self.evidence(), trust)
    }

    /// A pipe gives its bytes once: what is read twice has to be kept.
    pub(super) fn kept(self) -> Result<Self, FileError> {
        match self.source {
            Source::Path(path) if self.named == Named::Yes && !path.is_file() => {
                let bytes = crate::base::file::read(&path, crate::format::bundle::FILE_MAX)?;
                Ok(Self { source: Source::Bytes { name: label(&path), bytes }, ..self })
            }
            source => Ok(Self { source, ..self }),
        }
    }
}

/// The files that were named, and those below the folders that were.
pub(super) fn find<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
    troubles: &mut Vec<NotVerified>,
) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    for source in sources {
        match source {
            Source::Path(path) if path.is_dir() => below(path, &mut files, troubles),
            _ => files.push(File { source: source.clone(), named: Named::Yes }),
        }
        if files.len() > FILES_MAX {
            return Err(Failure::usage(format_args!(
                "expected at most {FILES_MAX} evidence files, found more"
            ))
            .hint("give one lane's files at a time"));
        }
    }
    Ok(files)
}

/// The evidence files below a folder, sorted; links aren't followed.
fn below(folder: &Path, files: &mut Vec<File>, troubles: &mut Vec<NotVerified>) {
    let before = files.len();
    let walk = walkdir::WalkDir::new(folder)
        .follow_links(false)
        .follow_root_links(true)
        .max_depth(DEPTH_MAX)
        .sort_by_file_name();
    for entry in walk {
        match entry {
            Ok(entry) => {
                let name = entry.file_name().to_string_lossy();
                let is_evidence = ENDINGS.iter().any(|ending| name.ends_with(ending));
                if entry.file_type().is_file() && is_evidence {
                    let source = Source::Path(entry.into_path());
                    files.push(File { source, named: Named::No });
                }
            }
            // What lies there is seen by nobody, and must not pass as if it weren't there.
            Err(error) => {
                let kind = error.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
                troubles.push(NotVerified {
                    file: label(error.path().unwrap_or(folder)),
                    line: None,
                    why: format!("cannot look into it: {kind}"),
                });
            }
        }
        if files.len() > FILES_MAX {
            return;
        }
    }
    if files.len() == before {
        let why = format!("no file below it is named *{} or *{}", ENDINGS[0], ENDINGS[1]);
        troubles.push(NotVerified { file: label(folder), line: None, why });
    }
}
