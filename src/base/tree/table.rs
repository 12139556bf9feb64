//! The snapshot: about 90 bytes and its path for every file.

use std::sync::Mutex;

use rayon::slice::ParallelSliceMut as _;

use super::examine::{Hand, Job, examine};
use super::list::list;
use super::system::{Root, Stamp};
use super::{Content, Kind, Problem, Problems, TreeError, Walk, hash, work};
use crate::base::digest::Sha256;

/// Rows of a block: what one thread takes at a time.
pub(super) const BLOCK: u32 = 64;

/// Up to so many paths are sorted beside their places, which is faster and takes 24 bytes for each.
const SORT_APART_MAX: usize = 1 << 18;

/// What is known of one path.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) stamp: Stamp,
    /// Where the path ends in its block's bytes; it begins where that of the row before ends.
    pub(super) end: u32,
    pub(super) digest: Option<Sha256>,
    pub(super) kind: Kind,
    pub(super) flags: u8,
}

impl Row {
    pub(super) const EXECUTABLE: u8 = 1;
    pub(super) const MIXED: u8 = 2;
    pub(super) const UNREADABLE: u8 = 4;
    pub(super) const NOT_REACHED: u8 = 8;
    /// It was listed, and gone when it was to be read: as if it had never been listed.
    pub(super) const GONE: u8 = 16;
    /// In a second look: it was absent in the first.
    pub(super) const MADE: u8 = 32;

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Some rows with their paths, in the order of the walk.
pub(super) struct Block {
    paths: Box<[u8]>,
    rows: Box<[Row]>,
}

impl Block {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Row)> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    fn get(&self, at: usize) -> Option<(&[u8], &Row)> {
        let start = match at.checked_sub(1) {
            Some(before) => self.rows.get(before)?.end,
            None => 0,
        };
        let row = self.rows.get(at)?;
        Some((self.paths.get(start as usize..row.end as usize)?, row))
    }
}

/// One path of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Relative to the root, with `/` between its parts; bytes as the system has them.
    pub path: &'a [u8],
    /// What it is.
    pub kind: Kind,
    /// Whether its owner may execute it; regular files only.
    pub executable: bool,
    /// Bytes of a regular file or of a link's target; 0 where it wasn't looked at.
    pub size: u64,
    /// SHA-256; absent for what was not read.
    pub digest: Option<Sha256>,
    /// How far the content is known.
    pub content: Content,
}

impl<'a> Entry<'a> {
    pub(super) fn new(path: &'a [u8], row: &Row) -> Self {
        let content = if row.has(Row::UNREADABLE) {
            Content::Unreadable
        } else if row.has(Row::NOT_REACHED) {
            Content::NotReached
        } else if row.has(Row::MIXED) {
            Content::ChangedWhileRead
        } else {
            Content::Read
        };
        Self {
            path,
            kind: row.kind,
            executable: row.has(Row::EXECUTABLE),
            size: row.stamp.size,
            digest: row.digest,
            content,
        }
    }
}

/// Files and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Paths that aren't folders.
    pub files: u64,
    /// Bytes of the regular files among them.
    pub bytes: u64,
}

impl Totals {
    /// Counts one more.
    pub fn add(&mut self, entry: &Entry<'_>) {
        self.files += 1;
        if entry.kind == Kind::File {
            self.bytes = self.bytes.saturating_add(entry.size);
        }
    }
}

/// What was below a folder, sorted by the bytes of the paths.
#[derive(Default)]
pub struct Tree {
    /// In the order of the walk: a second walk of the same tree most often has the same.
    pub(super) blocks: Vec<Block>,
    /// Places of rows, in the order of their paths.
    pub(super) order: Vec<u32>,
    problems: Problems,
    complete: bool,
}

impl Tree {
    /// Walks and hashes all that `walk` lets in.
    ///
    /// # Errors
    /// Only where the root itself can't be opened; anything below it is a [`Problem`].
    pub fn read(walk: &Walk<'_>) -> Result<Self, TreeError> {
        let root = open(walk)?;
        let found = Mutex::new(Found::default());
        let watch = hash::Watch { stop: walk.stop, progress: walk.progress };
        let mut complete = false;
        work::run(
            usize::MAX,
            Hand::default,
            |queue, _| {
                let mut problems = Problems::default();
                complete = list(walk, &mut problems, &mut |batch| queue.push(Job::Batch(batch)));
                lock(&found).problems.list.append(&mut problems.list);
            },
            |queue, hand, job| match job {
                Job::Batch(batch) => {
                    let (first, paths) = (batch.first, batch.paths);
                    let mut rows = Vec::with_capacity(batch.items.len());
                    let (mut start, mut at) = (0, first);
                    for (end, kind) in batch.items {
                        let path = paths.get(start as usize..end as usize).unwrap_or_default();
                        let mut row = examine(&root, path, kind, watch, hand, hash::big());
                        if let Some(size) = row.put_off {
                            queue.push_large(size, Job::Large(at, path.into()));
                        }
                        row.row.end = end;
                        rows.push(row.row);
                        (start, at) = (end, at + 1);
                    }
                    let mut found = lock(&found);
                    hand.hand_over(&mut found.problems);
                    found.blocks.push((first, Block { paths, rows: rows.into_boxed_slice() }));
                }
                Job::Large(at, path) => {
                    let row = examine(&root, &path, Kind::File, watch, hand, u64::MAX).row;
                    let mut found = lock(&found);
                    hand.hand_over(&mut found.problems);
                    found.late.push((at, row));
                }
            },
        );
        let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.blocks.sort_unstable_by_key(|(first, _)| *first);
        let mut blocks: Vec<Block> = found.blocks.into_iter().map(|(_, block)| block).collect();
        for (at, late) in found.late {
            if let Some(row) = row_mut(&mut blocks, at) {
                *row = Row { end: row.end, ..late };
            }
        }
        Ok(Self::of(blocks, found.problems, complete))
    }

    /// Puts blocks of rows in order.
    pub(super) fn of(blocks: Vec<Block>, mut problems: Problems, complete: bool) -> Self {
        problems.list.sort_unstable();
        let mut tree = Self { blocks, order: Vec::new(), problems, complete };
        tree.order = tree.sorted();
        tree
    }

    /// The places of all rows, in the order of their paths.
    fn sorted(&self) -> Vec<u32> {
        let rows = self.blocks.iter().map(|block| block.rows.len()).sum();
        let mut order = Vec::with_capacity(rows);
        for (first, block) in (0..).step_by(BLOCK as usize).zip(&self.blocks) {
            let rows = block.rows.iter().zip(first..);
            order.extend(rows.filter(|(row, _)| !row.has(Row::GONE)).map(|(_, at)| at));
        }
        if order.len() > SORT_APART_MAX {
            order.par_sort_unstable_by(|a, b| self.path(*a).cmp(self.path(*b)));
            return order;
        }
        let mut apart: Vec<(&[u8], u32)> = order.iter().map(|at| (self.path(*at), *at)).collect();
        // The threads of the pool are only worth their start where there is much to sort.
        if apart.len() > 4096 {
            apart.par_sort_unstable();
        } else {
            apart.sort_unstable();
        }
        apart.into_iter().map(|(_, at)| at).collect()
    }

    fn path(&self, at: u32) -> &[u8] {
        self.at(at).map_or(&[], |(path, _)| path)
    }

    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Every path, sorted by its bytes.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> + Clone {
        self.rows().map(|(_, path, row)| Entry::new(path, row))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, &[u8], &Row)> + Clone {
        self.order.iter().filter_map(|at| self.at(*at).map(|(path, row)| (*at, path, row)))
    }

    /// One path, by its bytes.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<Entry<'_>> {
        let (path, row) = self.at(self.find(path)?)?;
        Some(Entry::new(path, row))
    }

    /// The row at a place.
    pub(super) fn at(&self, at: u32) -> Option<(&[u8], &Row)> {
        self.blocks.get((at / BLOCK) as usize)?.get((at % BLOCK) as usize)
    }

    /// The place of a path.
    pub(super) fn find(&self, path: &[u8]) -> Option<u32> {
        let found = self.order.binary_search_by(|at| {
            self.at(*at).map_or(std::cmp::Ordering::Less, |(other, _)| other.cmp(path))
        });
        self.order.get(found.ok()?).copied()
    }

    /// The place of a path that is most likely the one after `last`.
    pub(super) fn find_after(&self, last: Option<u32>, path: &[u8]) -> Option<u32> {
        let next = last.map_or(0, |last| last.saturating_add(1));
        match self.at(next) {
            Some((other, row)) if other == path && !row.has(Row::GONE) => Some(next),
            _ => self.find(path),
        }
    }

    /// Files and bytes.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.iter().for_each(|entry| totals.add(&entry));
        totals
    }

    /// What could not be seen as it should, sorted by path; of those that were not reached only the
    /// first few.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems.list
    }

    pub(super) const fn all_problems(&self) -> &Problems {
        &self.problems
    }

    /// How many listed paths were not read before the pass was stopped.
    #[must_use]
    pub fn not_reached(&self) -> u64 {
        self.problems.not_reached
    }

    /// Whether the walk came to its end: if not, there may be paths that nobody saw.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

fn row_mut(blocks: &mut [Block], at: u32) -> Option<&mut Row> {
    blocks.get_mut((at / BLOCK) as usize)?.rows.get_mut((at % BLOCK) as usize)
}

pub(super) fn open(walk: &Walk<'_>) -> Result<Root, TreeError> {
    Root::open(walk.root).map_err(|source| TreeError { root: walk.root.to_owned(), source })
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What the threads brought so far.
#[derive(Default)]
struct Found {
    blocks: Vec<(u32, Block)>,
    late: Vec<(u32, Row)>,
    problems: Problems,
}

/// Collects rows in blocks, in the order in which they come.
#[derive(Default)]
pub(super) struct Builder {
    blocks: Vec<Block>,
    paths: Vec<u8>,
    rows: Vec<Row>,
}

impl Builder {
    pub(super) fn push(&mut self, path: &[u8], row: Row) {
        self.paths.extend_from_slice(path);
        self.rows.push(Row { end: u32::try_from(self.paths.len()).unwrap_or(u32::MAX), ..row });
        if self.rows.len() >= BLOCK as usize {
            self.close();
        }
    }

    fn close(&mut self) {
        // Copied, so that the blocks have no room to spare.
        let block =
            Block { paths: self.paths.as_slice().into(), rows: self.rows.as_slice().into() };
        self.blocks.push(block);
        self.paths.clear();
        self.rows.clear();
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        self.close();
        self.blocks
    }
}
