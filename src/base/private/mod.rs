//! A folder that belongs to the user alone, for what one run leaves for the next.
//!
//! The folder above it may be shared (`/tmp`), or be written by every step of a job, so nothing there is
//! taken on trust: no link is followed, whoever owns another's folder is refused, and a file is made new
//! and given its name in one step. What runs as the same user can still change it: the content needs a
//! proof of its own.

use std::path::{Path, PathBuf};

use super::text::printable_path;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as sys;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
use other as sys;

/// Why the folder, or a file in it, isn't used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// There is no such file.
    #[error("{} doesn't exist", printable_path(.0))]
    NotFound(PathBuf),
    /// There is one already.
    #[error("{} exists", printable_path(.0))]
    Exists(PathBuf),
    /// Others could have put it there, or could read it.
    #[error("{}: expected {expected}, found {found}", printable_path(.path))]
    NotPrivate {
        /// What was looked at.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// More bytes than are read.
    #[error("{} is larger than {cap} bytes", printable_path(.path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        cap: u64,
    },
    /// What the system says.
    #[error("cannot {action} {}: {source}", printable_path(.path))]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

/// A folder with mode 0700 that belongs to the user, held open.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: sys::Folder,
    path: PathBuf,
}

impl PrivateFolder {
    /// Opens the folder `name` in `base`, which must be there; makes it where it is missing.
    ///
    /// # Errors
    /// Where it is a link or no folder, belongs to another user, or is open to others.
    pub fn open(base: &Path, name: &str) -> Result<Self, PrivateError> {
        let path = base.join(name);
        sys::Folder::open(&path).map(|folder| Self { folder, path })
    }

    /// Where a file of that name is.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes the file `name` of mode 0600, whole or not at all, and durable.
    ///
    /// # Errors
    /// [`PrivateError::Exists`] where there is one; a full disk, which leaves nothing behind.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<(), PrivateError> {
        self.folder.create(&self.path_of(name), name, bytes)
    }

    /// Whether there is anything of that name, whatever it is.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        std::fs::symlink_metadata(self.path_of(name)).is_ok()
    }

    /// Reads the file `name` if it has at most `cap` bytes.
    ///
    /// # Errors
    /// Where it is missing, a link, no regular file, another user's, open to others, or known by a
    /// second name.
    pub fn read(&self, name: &str, cap: u64) -> Result<Vec<u8>, PrivateError> {
        self.folder.read(&self.path_of(name), name, cap)
    }

    /// Removes the file `name`; one that isn't there is no error.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str) -> Result<(), PrivateError> {
        self.folder.remove(&self.path_of(name), name)
    }

    /// The names of the files in it, sorted; at most 1,000.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).take(1000).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
