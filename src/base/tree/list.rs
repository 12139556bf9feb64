//! The walk: names and kinds, nothing is opened but folders.

use walkdir::WalkDir;

use super::patterns::Patterns;
use super::system;
use super::table::BLOCK;
use super::{Kind, Problems, Trouble, Walk};

/// Some paths, in the order of the walk. Boxes have no room to spare: they stay for the whole pass.
#[derive(Default)]
pub(super) struct Batch {
    /// The place of the first.
    pub(super) first: u32,
    pub(super) paths: Box<[u8]>,
    /// Where each path ends, and what the folder says that it is.
    pub(super) items: Box<[(u32, Kind)]>,
}

/// Paths that are not yet a batch.
#[derive(Default)]
struct Next {
    first: u32,
    paths: Vec<u8>,
    items: Vec<(u32, Kind)>,
}

impl Next {
    fn push(&mut self, path: &[u8], kind: Kind) {
        self.paths.extend_from_slice(path);
        self.items.push((u32::try_from(self.paths.len()).unwrap_or(u32::MAX), kind));
    }

    fn take(&mut self) -> Batch {
        let (first, paths, items) =
            (self.first, self.paths.as_slice().into(), self.items.as_slice().into());
        self.first = self.first.saturating_add(BLOCK);
        self.paths.clear();
        self.items.clear();
        Batch { first, paths, items }
    }
}

/// What a walk leaves out.
pub(super) struct Filter<'a> {
    exclude: &'a Patterns,
    skip: Patterns,
}

impl<'a> Filter<'a> {
    pub(super) fn new(walk: &Walk<'a>) -> Self {
        let skip = walk.skip.iter().map(|path| system::bytes_of(path));
        // An empty path would be the root, and leave out all.
        let skip = Patterns::literal(skip.filter(|path| !path.is_empty()).collect());
        Self { exclude: walk.exclude, skip }
    }

    /// Whether the walk leaves out a path that it came to.
    fn leaves_out(&self, path: &[u8]) -> bool {
        is_git(path) || self.skip.matches(path) || self.exclude.matches(path)
    }

    /// Whether the walk never comes to a path.
    pub(super) fn hides(&self, path: &[u8]) -> bool {
        path.split(|byte| *byte == b'/').any(|part| part == b".git")
            || self.skip.matches(path)
            || self.exclude.covers(path)
    }
}

fn is_git(path: &[u8]) -> bool {
    path.strip_suffix(b".git").is_some_and(|above| matches!(above.last(), None | Some(b'/')))
}

/// Gives all paths below the root in batches; `false` if it was stopped before the end.
pub(super) fn list(walk: &Walk<'_>, problems: &mut Problems, give: &mut dyn FnMut(Batch)) -> bool {
    let filter = Filter::new(walk);
    let mut next = Next::default();
    let mut path = Vec::new();
    let mut entries = WalkDir::new(walk.root).min_depth(1).into_iter();
    let complete = loop {
        let entry = match entries.next() {
            None => break true,
            Some(Ok(entry)) => entry,
            Some(Err(error)) => {
                fault(walk, &error, problems);
                continue;
            }
        };
        system::relative(walk.root, entry.path(), &mut path);
        let kind = entry.file_type();
        if filter.leaves_out(&path) {
            if kind.is_dir() {
                entries.skip_current_dir();
            }
            continue;
        }
        if kind.is_dir() {
            if (walk.stop)() {
                break false;
            }
            continue;
        }
        let kind = if kind.is_file() {
            Kind::File
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        next.push(&path, kind);
        if next.items.len() >= BLOCK as usize {
            // Places are 32 bits, and the last of them is none.
            let full = next.first >= u32::MAX - 2 * BLOCK;
            give(next.take());
            if full || (walk.stop)() {
                break false;
            }
        }
    };
    if !next.items.is_empty() {
        give(next.take());
    }
    complete
}

fn fault(walk: &Walk<'_>, error: &walkdir::Error, problems: &mut Problems) {
    let mut path = Vec::new();
    if let Some(place) = error.path() {
        system::relative(walk.root, place, &mut path);
    }
    let kind = error.io_error().map_or(std::io::ErrorKind::Other, std::io::Error::kind);
    // A folder that is gone is as one that was never listed.
    if kind != std::io::ErrorKind::NotFound || path.is_empty() {
        problems.add(&path, Trouble::UnreadableFolder(kind.to_string()));
    }
}
