//! A folder and all below it: walked, hashed in parallel, kept compactly, looked at again.
//!
//! Links are recorded as links and never followed below the root; sockets, FIFOs and devices are
//! recorded and not read; whatever is named `.git` is left out. What could not be read is a
//! [`Problem`], never an error: a tree always holds all that was seen.

use std::path::{Path, PathBuf};

mod compare;
mod digest;
mod examine;
pub mod hash;
mod list;
mod measure;
pub mod patterns;
mod read;
mod store;
mod system;
mod table;
mod work;

pub use compare::{Change, Differences, compare};
pub use hash::{Progress, Stop};
pub use measure::{Measure, measure};
pub use patterns::{PatternError, Patterns};
pub use read::Reader;
pub use system::Stamp;
pub use table::{Entry, Totals, Tree};

use crate::base::text::printable_path;

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A symbolic link; its digest is of its target's bytes.
    Link,
    /// A socket, a FIFO, a device: not read.
    Other,
}

/// How far a path's content is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Its digest is of what was there. Of [`Kind::Other`] there is no digest.
    Read,
    /// It changed while it was read: the digest may be of a mixture.
    ChangedWhileRead,
    /// It could not be read; a [`Problem`] says why.
    Unreadable,
    /// The pass was stopped before.
    NotReached,
}

/// Which files a pass looks at, and whom it asks and tells.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// The folder. A link that names it is followed.
    pub root: &'a Path,
    /// What is left out; folders that match are not entered.
    pub exclude: &'a Patterns,
    /// Exact paths, relative to the root, that are left out: our own outputs, the key.
    pub skip: &'a [PathBuf],
    /// Whether to stop before the end; what was not reached then is a problem.
    pub stop: Stop<'a>,
    /// Told how many more files and bytes were read.
    pub progress: Progress<'a>,
}

/// Walks without reading any file, and gives the path of everything that isn't a folder. Whether the walk
/// came to its end, and could list every folder.
pub fn each_path(walk: &Walk<'_>, each: &mut dyn FnMut(&[u8])) -> bool {
    let mut problems = Problems::default();
    let complete = list::list(walk, &mut problems, &mut |batch| {
        let mut start = 0;
        for (end, _) in &batch.items {
            each(batch.paths.get(start as usize..*end as usize).unwrap_or_default());
            start = *end;
        }
    });
    complete && problems.list.is_empty()
}

/// The root itself could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the folder {}: {source}", printable_path(.root))]
pub struct TreeError {
    /// As it was given.
    pub root: PathBuf,
    /// The system's words.
    pub source: std::io::Error,
}

/// Something that could not be seen as it should.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Relative to the root; empty for the root, and where the system didn't tell.
    pub path: Vec<u8>,
    /// What went wrong.
    pub trouble: Trouble,
}

/// What went wrong with one path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A file or link could not be read: the kind of error in words.
    Unreadable(String),
    /// What is in a folder is not known: the kind of error in words.
    UnreadableFolder(String),
    /// A file changed while it was read.
    ChangedWhileRead,
    /// The pass was stopped before. Only the first few are listed; see [`Tree::not_reached`].
    NotReached,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "can't be read: {why}"),
            Self::UnreadableFolder(why) => write!(f, "the folder can't be read: {why}"),
            Self::ChangedWhileRead => f.write_str("changed while it was read"),
            Self::NotReached => f.write_str("was not reached in time"),
        }
    }
}

/// [`Trouble::NotReached`] that are listed by name.
const NOT_REACHED_LISTED: u64 = 8;

/// Problems so far.
#[derive(Debug, Default, Clone)]
struct Problems {
    list: Vec<Problem>,
    not_reached: u64,
}

impl Problems {
    fn add(&mut self, path: &[u8], trouble: Trouble) {
        if trouble == Trouble::NotReached {
            self.not_reached += 1;
            if self.not_reached > NOT_REACHED_LISTED {
                return;
            }
        }
        self.list.push(Problem { path: path.to_owned(), trouble });
    }
}

#[cfg(test)]
mod tests;
