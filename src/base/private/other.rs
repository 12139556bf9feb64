//! Where rights aren't modes: the user's own folders are private by where they lie.

use std::fs;
use std::io;
use std::path::Path;

use super::PrivateError;
use crate::base::file::{self, Access, FileError, Overwrite};

#[derive(Debug)]
pub(super) struct Folder;

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> PrivateError {
    move |source| PrivateError::Io { action, path: path.to_owned(), source }
}

fn of_file(error: FileError) -> PrivateError {
    match error {
        FileError::NotFound { path } => PrivateError::NotFound(path),
        FileError::Exists { path } => PrivateError::Exists(path),
        FileError::TooLarge { path, cap } => PrivateError::TooLarge { path, cap },
        FileError::NotRegular { path } => PrivateError::NotPrivate {
            path,
            expected: "a regular file",
            found: "something else".to_owned(),
        },
        FileError::Io { action, path, source } => PrivateError::Io { action, path, source },
    }
}

fn no_link(path: &Path) -> Result<(), PrivateError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => Err(PrivateError::NotPrivate {
            path: path.to_owned(),
            expected: "no link",
            found: "a link".to_owned(),
        }),
        _ => Ok(()),
    }
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, PrivateError> {
        no_link(path)?;
        fs::create_dir_all(path).map_err(failed("make", path)).map(|()| Self)
    }

    pub(super) fn create(&self, path: &Path, _: &str, bytes: &[u8]) -> Result<(), PrivateError> {
        file::write_bytes(path, Overwrite::Never, Access::Private, bytes).map_err(of_file)
    }

    pub(super) fn read(&self, path: &Path, _: &str, cap: u64) -> Result<Vec<u8>, PrivateError> {
        no_link(path)?;
        file::read(path, cap).map_err(of_file)
    }

    pub(super) fn remove(&self, path: &Path, _: &str) -> Result<(), PrivateError> {
        file::remove(path).map_err(of_file)
    }
}
