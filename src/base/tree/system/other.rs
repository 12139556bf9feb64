//! Systems without Unix descriptors: Windows, by path.
//!
//! There is no identity of a file here that the standard library tells, so that every file is read
//! again to tell whether it changed.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{Look, Stamp, What, wtf8};

/// The folder below which everything is opened.
pub(in super::super) struct Root {
    folder: PathBuf,
}

impl Root {
    pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(Self { folder: path.to_owned() })
    }

    fn join(&self, path: &[u8]) -> PathBuf {
        let mut joined = self.folder.clone();
        joined.extend(path.split(|byte| *byte == b'/').map(name));
        joined
    }

    /// Opens for reading, if what is there now is no link.
    pub(in super::super) fn open_file(&self, path: &[u8]) -> io::Result<File> {
        open_named(&self.join(path), false)
    }

    /// Looks without opening.
    pub(in super::super) fn look(&self, path: &[u8]) -> io::Result<Look> {
        Ok(look(&fs::symlink_metadata(self.join(path))?))
    }

    /// The bytes of a link's target.
    pub(in super::super) fn read_link(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        let target = fs::read_link(self.join(path))?;
        let mut bytes = Vec::new();
        push(target.as_os_str(), &mut bytes);
        Ok(bytes)
    }
}

/// Opens a path that the user named; `follow` says whether a link at its end is followed.
pub(in super::super) fn open_named(path: &Path, follow: bool) -> io::Result<File> {
    if !follow && !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)
}

/// Looks at what a path that the user named leads to.
pub(in super::super) fn look_named(path: &Path) -> io::Result<Look> {
    Ok(look(&fs::metadata(path)?))
}

/// Looks at an open file.
pub(in super::super) fn look_at(file: &File) -> io::Result<Look> {
    Ok(look(&file.metadata()?))
}

fn look(metadata: &Metadata) -> Look {
    let what = match metadata.file_type() {
        kind if kind.is_symlink() => What::Link,
        kind if kind.is_dir() => What::Folder,
        kind if kind.is_file() => What::File,
        _ => What::Other,
    };
    let mtime = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(0);
    let stamp = Stamp { dev: 0, ino: 0, size: metadata.len(), mtime, ctime: 0 };
    Look { what, executable: false, stamp }
}

pub(super) fn relative(root: &Path, path: &Path, into: &mut Vec<u8>) {
    into.extend(super::bytes_of(path.strip_prefix(root).unwrap_or(path)));
}

#[cfg(windows)]
pub(super) fn push(part: &std::ffi::OsStr, into: &mut Vec<u8>) {
    use std::os::windows::ffi::OsStrExt as _;
    wtf8::encode(part.encode_wide(), into);
}

#[cfg(windows)]
fn name(bytes: &[u8]) -> std::ffi::OsString {
    use std::os::windows::ffi::OsStringExt as _;
    std::ffi::OsString::from_wide(&wtf8::decode(bytes))
}

#[cfg(not(windows))]
pub(super) fn push(part: &std::ffi::OsStr, into: &mut Vec<u8>) {
    wtf8::encode(part.to_string_lossy().encode_utf16(), into);
}

#[cfg(not(windows))]
fn name(bytes: &[u8]) -> std::ffi::OsString {
    String::from_utf16_lossy(&wtf8::decode(bytes)).into()
}
