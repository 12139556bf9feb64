//! What differs between operating systems: how a file below a root is opened and looked at, and how a
//! path becomes bytes.
//!
//! Nothing here follows a link below the root. Where the system can promise it (Linux, `openat2`),
//! not even a folder that is exchanged for a link in the middle of the work leads out of the root.

use std::path::Path;

use serde::{Deserialize, Serialize};

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(any(not(unix), test))]
mod wtf8;

#[cfg(not(unix))]
use other as here;
#[cfg(unix)]
use unix as here;

pub(super) use here::{Root, look_at, look_named, open_named};

/// What a file had when it was looked at: as long as nothing of it differs, its content doesn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) ctime: i64,
}

impl Stamp {
    /// Whether the system gave an identity and a time of last change that a program can't set.
    pub(super) const fn tells(&self) -> bool {
        self.ino != 0 && self.ctime != 0
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    File,
    Folder,
    Link,
    Other,
}

impl What {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::File => "a regular file",
            Self::Folder => "a folder",
            Self::Link => "a link",
            Self::Other => "a socket, a FIFO or a device",
        }
    }
}

/// A look at one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) what: What,
    pub(super) executable: bool,
    pub(super) stamp: Stamp,
}

/// Writes the bytes of `path` below `root` into `into`, with `/` between the parts, without loss.
///
/// `path` is one that a walk from `root` gave, so that it begins with it.
pub(super) fn relative(root: &Path, path: &Path, into: &mut Vec<u8>) {
    into.clear();
    here::relative(root, path, into);
}

/// The bytes of a relative path, as [`relative`] gives them.
pub(super) fn bytes_of(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in path.components() {
        if let std::path::Component::Normal(part) = part {
            if !bytes.is_empty() {
                bytes.push(b'/');
            }
            here::push(part, &mut bytes);
        }
    }
    bytes
}
