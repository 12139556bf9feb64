//! How the files stand that arguments name: on the disk, or in a bracket that knows what they were before.

use std::path::{Path, PathBuf};

use crate::base::digest::Sha256;
use crate::base::file::{self, FileError};
use crate::base::tree::hash::{HashError, Links, hash_file};
use crate::base::tree::{Content, Differences, Kind};
use crate::capture::files;
use crate::format::evidence::Change;

/// Where files are looked at.
#[derive(Clone, Copy)]
pub enum Look<'a> {
    /// As they are; paths are as the system takes them.
    Disk,
    /// As a bracket saw them at its end; paths are relative to its root.
    Bracket {
        /// The root.
        root: &'a Path,
        /// What the bracket saw.
        differences: &'a Differences<'a>,
    },
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// SHA-256.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// What the build did to it, where there was one and the bracket looked at the file.
    pub change: Option<Change>,
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Nothing there.
    #[error("expected a file, found none")]
    Missing,
    /// Something is there that the bracket passed over: whether it is new, nobody knows.
    #[error("it lies where the bracket doesn't look")]
    NotLookedAt,
    /// A link, a folder, a device.
    #[error("expected a regular file, found {found}")]
    NotRegular {
        /// What it is.
        found: &'static str,
    },
    /// What is read would not be what is recorded.
    #[error("it changed while it was read")]
    Changed,
    /// It has no digest.
    #[error("it could not be read")]
    Unreadable,
    /// It can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It can't be hashed.
    #[error(transparent)]
    Hash(HashError),
}

impl Look<'_> {
    /// Where the system has it.
    #[must_use]
    pub fn place(&self, path: &Path) -> PathBuf {
        match self {
            Self::Disk => path.to_owned(),
            Self::Bracket { root, .. } => root.join(path),
        }
    }

    /// What is known of a file; `None` where nothing is there.
    ///
    /// # Errors
    /// Something else is there, or its content isn't sure.
    pub fn at(&self, path: &Path) -> Result<Option<Seen>, LookError> {
        if let Self::Bracket { differences, .. } = self
            && let Some((change, entry)) = differences.state_of(&slashed(path))
        {
            match entry.kind {
                Kind::File => {}
                Kind::Link => return Err(LookError::NotRegular { found: "a link" }),
                Kind::Other => return Err(LookError::NotRegular { found: "a special file" }),
            }
            let sha256 = match (entry.content, entry.digest) {
                (Content::Read, Some(sha256)) => sha256,
                (Content::ChangedWhileRead, _) => return Err(LookError::Changed),
                _ => return Err(LookError::Unreadable),
            };
            let change = files::change_of(change, &entry, differences);
            return Ok(Some(Seen { sha256, size: entry.size, change: Some(change) }));
        }
        let place = self.place(path);
        if file::kind_at(&place).is_none() {
            return Ok(None);
        }
        match hash_file(&place, Links::Follow, false, &|| false) {
            Ok(hashed) if hashed.changed_while_read => Err(LookError::Changed),
            Ok(hashed) => Ok(Some(Seen { sha256: hashed.sha256, size: hashed.size, change: None })),
            Err(error) => Err(LookError::Hash(error)),
        }
    }

    /// A file's bytes, at most `cap` of them, and what the build did to it. In a bracket they are the very
    /// bytes that it saw.
    ///
    /// # Errors
    /// No file, one that the bracket didn't look at, one that is larger or that changes.
    pub fn read(&self, path: &Path, cap: u64) -> Result<(Vec<u8>, Option<Change>), LookError> {
        let seen = self.at(path)?.ok_or(LookError::Missing)?;
        if matches!(self, Self::Bracket { .. }) && seen.change.is_none() {
            return Err(LookError::NotLookedAt);
        }
        let bytes = file::read(&self.place(path), cap)?;
        if Sha256::of(&bytes) != seen.sha256 {
            return Err(LookError::Changed);
        }
        Ok((bytes, seen.change))
    }
}

/// As a tree has it: `/` between the parts on every system.
fn slashed(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|b| if cfg!(windows) && *b == b'\\' { b'/' } else { *b }).collect()
}
