//! What of the build environment a commit touches.

use std::cmp::Ordering;

use git2::{Odb, OdbObject, Oid};

use super::object::{self, Entries, Entry, NoObject};
use crate::capture::git::watch::Watch;
use crate::format::evidence::{PathText, Touched};

/// Most paths of one commit.
pub(super) const TOUCHED_MAX: usize = 1_000;
/// Most folders in folders.
const DEPTH_MAX: usize = 64;
/// Most bytes of trees that are read for one commit: trees in trees can be made to be without end.
const BYTES_MAX: u64 = 256 << 20;
/// And for all commits.
const ALL_MAX: u64 = 8 << 30;

/// What one commit touches.
#[derive(Debug, Default)]
pub(super) struct Touches {
    /// Sorted.
    pub(super) list: Vec<Touched>,
    /// There are more than are listed, or trees that were too deep or too many to be looked at.
    pub(super) more: bool,
    /// A tree could not be read: what it holds isn't known.
    pub(super) unread: bool,
}

/// Compares trees, and passes over what is equal without a look inside.
pub(super) struct Comparer<'a> {
    odb: &'a Odb<'a>,
    watch: &'a Watch,
    /// The root, relative to the repository's top.
    below: &'a [u8],
    /// Bytes of trees that may still be read.
    left: u64,
}

impl<'a> Comparer<'a> {
    pub(super) fn new(odb: &'a Odb<'a>, watch: &'a Watch, below: &'a [u8]) -> Self {
        Self { odb, watch, below, left: ALL_MAX }
    }

    /// The paths at which `tree` differs from every one of `parents`; without any, all that it holds.
    pub(super) fn touches(&mut self, tree: Oid, parents: &[Oid], most: usize) -> Touches {
        let mut parents: Vec<Option<Oid>> = parents.iter().copied().map(Some).collect();
        if parents.is_empty() {
            parents.push(None);
        }
        let budget = BYTES_MAX.min(self.left);
        let mut pass = Pass {
            odb: self.odb,
            watch: self.watch,
            below: self.below,
            found: Touches::default(),
            most: most.min(TOUCHED_MAX),
            left: budget,
        };
        pass.folder(Some(tree), &parents, &mut Vec::new(), 0);
        self.left = self.left.saturating_sub(budget - pass.left);
        pass.found.list.sort();
        pass.found.list.dedup();
        pass.found
    }
}

/// The pass over one commit.
struct Pass<'a> {
    odb: &'a Odb<'a>,
    watch: &'a Watch,
    below: &'a [u8],
    found: Touches,
    most: usize,
    left: u64,
}

impl<'a> Pass<'a> {
    /// Compares a folder of the commit with those of its parents; none where there is no such folder.
    fn folder(
        &mut self,
        now: Option<Oid>,
        before: &[Option<Oid>],
        path: &mut Vec<u8>,
        depth: usize,
    ) {
        if before.contains(&now) {
            return;
        }
        if depth > DEPTH_MAX || self.left == 0 {
            self.found.more = true;
            return;
        }
        let objects: Result<Vec<_>, NoObject> =
            std::iter::once(&now).chain(before).map(|id| self.read(*id)).collect();
        let Ok(objects) = objects else {
            self.found.unread = true;
            return;
        };
        let data = |object: &'_ Option<OdbObject<'a>>| object.as_ref().map_or(0, OdbObject::len);
        self.left = self.left.saturating_sub(objects.iter().map(|o| data(o) as u64).sum());
        let mut sides: Vec<Side<'_>> = objects
            .iter()
            .map(|object| Side::new(object.as_ref().map(OdbObject::data).unwrap_or_default()))
            .collect();
        let mut found = Vec::with_capacity(sides.len());
        while let Some(least) = sides.iter().filter_map(|side| side.next).min_by(in_order) {
            found.clear();
            found.extend(sides.iter_mut().map(|side| side.take(&least)));
            self.entry(&least, &found, path, depth);
        }
        self.found.unread |= sides.iter().any(|side| side.is_broken);
    }

    fn read(&self, id: Option<Oid>) -> Result<Option<OdbObject<'a>>, NoObject> {
        id.map(|id| object::tree(self.odb, id)).transpose()
    }

    /// Files, or folders, of one name; the commit's comes first.
    fn entry(
        &mut self,
        one: &Entry<'_>,
        found: &[Option<Entry<'_>>],
        path: &mut Vec<u8>,
        depth: usize,
    ) {
        let Some((now, before)) = found.split_first() else { return };
        // A merge touches nothing that it has from one of its parents.
        if before.contains(now) {
            return;
        }
        let length = path.len();
        path.extend_from_slice(one.name);
        if one.is_tree() {
            let folder = |entry: &Option<Entry<'_>>| entry.and_then(|entry| entry.oid());
            let before: Vec<_> = before.iter().map(folder).collect();
            path.push(b'/');
            self.folder(folder(now), &before, path, depth + 1);
        } else if let Some(kind) = self.watch.kind(path, self.below) {
            if self.found.list.len() < self.most {
                self.found.list.push(Touched { path: PathText::from_bytes(path), kind });
            } else {
                self.found.more = true;
            }
        }
        path.truncate(length);
    }
}

/// One tree, read along with others.
struct Side<'a> {
    entries: Entries<'a>,
    next: Option<Entry<'a>>,
    is_broken: bool,
}

impl<'a> Side<'a> {
    fn new(tree: &'a [u8]) -> Self {
        let mut side = Self { entries: Entries(tree), next: None, is_broken: false };
        side.step();
        side
    }

    fn step(&mut self) {
        self.next = match self.entries.next() {
            Some(Err(_)) => {
                self.is_broken = true;
                None
            }
            other => other.and_then(Result::ok),
        };
    }

    /// The entry of the same name and kind, if it is the next one.
    fn take(&mut self, one: &Entry<'_>) -> Option<Entry<'a>> {
        let found = self.next.filter(|next| in_order(next, one).is_eq())?;
        self.step();
        Some(found)
    }
}

/// Git sorts a folder as if its name ended with a slash. So the two sides of a file that became a folder
/// stand apart, as one that is gone and one that is new.
fn in_order(one: &Entry<'_>, other: &Entry<'_>) -> Ordering {
    let end = |entry: &Entry<'_>| if entry.is_tree() { b"/".as_slice() } else { b"" };
    let (ends, name) = ((end(one), end(other)), one.name);
    name.iter().chain(ends.0).cmp(other.name.iter().chain(ends.1))
}
