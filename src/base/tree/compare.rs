//! The second look: what was made, changed, deleted since the first.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::examine::{Hand, Job, examine};
use super::list::{Filter, list};
use super::patterns::is_at_or_below;
use super::system::{self, Root, Stamp, What};
use super::table::{BLOCK, Builder, Entry, Row, Tree, lock, open};
use super::work::{self, Queue};
use super::{Kind, Problem, Problems, TreeError, Walk, hash};

/// Batches of paths that may wait: the second list of all paths never stands in memory whole.
const WAITING: usize = 64;
/// Nanoseconds by which a file's last change must be older than the bracket to be believed: a change
/// within the file system's last tick leaves no trace in the times.
const SETTLED: i64 = 1_000_000_000;

/// What happened to a path between two looks. Content, kind and mode decide; times and inode don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was absent before.
    Made,
    /// It has another digest, kind or mode, or its content can't be told.
    Changed,
    /// It has the digest, kind and mode that it had.
    Unchanged,
    /// It is gone.
    Deleted,
}

/// What differs between two looks. Of what doesn't, the first look's tree tells.
pub struct Differences<'b> {
    before: &'b Tree,
    /// What was made or changed, as it is now.
    now: Tree,
    /// One bit for each place of `before`: it is still there and unchanged.
    unchanged: Vec<u64>,
    /// Places of `before`, in the order of their paths.
    deleted: Vec<u32>,
    /// Files that were taken as unchanged by device, inode, size and times, without reading them.
    pub unchanged_by_metadata: u64,
    /// Files that were read to tell.
    pub hashed: u64,
}

/// Looks again at what `before` saw.
///
/// `opened` is when the bracket opened, before the first look began ([`crate::base::time::nanoseconds`]).
/// A file is unchanged without reading it only if device, inode, size, time of writing and time of
/// change are those of the first look and the last is older than `opened` by more than a second;
/// with `rehash` never.
///
/// # Errors
/// Only where the root itself can't be opened; anything below it is a problem of
/// [`Differences::now`].
pub fn compare<'b>(
    before: &'b Tree,
    walk: &Walk<'_>,
    opened: i64,
    rehash: bool,
) -> Result<Differences<'b>, TreeError> {
    let root = open(walk)?;
    let settled = if rehash { i64::MIN } else { opened.saturating_sub(SETTLED) };
    let look = Second {
        before,
        root,
        settled,
        watch: hash::Watch { stop: walk.stop, progress: walk.progress },
        seen: bits(before),
        unchanged: bits(before),
        found: Mutex::default(),
    };
    let mut complete = false;
    let mut faults = Problems::default();
    work::run(
        WAITING,
        Hand::default,
        |queue, hand| {
            complete = list(walk, &mut faults, &mut |batch| {
                if let Some(job) = queue.offer(Job::Batch(batch)) {
                    look.work(queue, hand, job);
                }
            });
        },
        |queue, hand, job| look.work(queue, hand, job),
    );
    let Second { seen, unchanged, found, .. } = look;
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let filter = Filter::new(walk);
    // Of what the walk didn't come to, only what it would have come to is gone.
    let unknown = |path: &[u8]| {
        filter.hides(path) || faults.list.iter().any(|fault| is_at_or_below(path, &fault.path))
    };
    let unseen = before.rows().filter(|(at, _, _)| complete && !is_set(&seen, *at));
    let deleted = unseen.filter(|(_, path, _)| !unknown(path)).map(|(at, _, _)| at).collect();
    found.problems.list.append(&mut faults.list);
    Ok(Differences {
        before,
        now: Tree::of(found.now.finish(), found.problems, complete),
        unchanged: unchanged.into_iter().map(AtomicU64::into_inner).collect(),
        deleted,
        unchanged_by_metadata: found.unchanged_by_metadata,
        hashed: found.hashed,
    })
}

impl Stamp {
    /// Whether the file behind `path` is the one that had this stamp when it was hashed, and its content
    /// what it was then; by the rule of [`compare`], without reading it.
    #[must_use]
    pub fn still_holds(&self, path: &Path, opened: i64) -> bool {
        self.is_settled(opened.saturating_sub(SETTLED))
            && system::look_named(path)
                .is_ok_and(|look| look.what == What::File && look.stamp == *self)
    }

    const fn is_settled(&self, settled: i64) -> bool {
        self.tells() && self.ctime < settled
    }
}

fn bits(tree: &Tree) -> Vec<AtomicU64> {
    // A block of places is as long as a word has bits.
    const { assert!(BLOCK == u64::BITS) };
    tree.blocks.iter().map(|_| AtomicU64::new(0)).collect()
}

fn set(bits: &[AtomicU64], at: u32) {
    if let Some(word) = bits.get((at / BLOCK) as usize) {
        word.fetch_or(1 << (at % BLOCK), Ordering::Relaxed);
    }
}

fn is_set(bits: &[AtomicU64], at: u32) -> bool {
    bits.get((at / BLOCK) as usize)
        .is_some_and(|word| word.load(Ordering::Relaxed) & (1 << (at % BLOCK)) != 0)
}

struct Second<'a, 'b> {
    before: &'b Tree,
    root: Root,
    settled: i64,
    watch: hash::Watch<'a>,
    /// The walk came to the path.
    seen: Vec<AtomicU64>,
    unchanged: Vec<AtomicU64>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    now: Builder,
    problems: Problems,
    unchanged_by_metadata: u64,
    hashed: u64,
}

impl Second<'_, '_> {
    fn work(&self, queue: &Queue<Job>, hand: &mut Hand, job: Job) {
        match job {
            Job::Batch(batch) => {
                let (mut last, mut start, mut by_metadata) = (batch.first.checked_sub(1), 0, 0);
                for (end, kind) in batch.items {
                    let path = batch.paths.get(start as usize..end as usize).unwrap_or_default();
                    start = end;
                    let place = self.before.find_after(last, path);
                    last = place.or(last);
                    if let Some(place) = place
                        && kind == Kind::File
                        && self.is_untouched(place, path)
                    {
                        set(&self.seen, place);
                        set(&self.unchanged, place);
                        by_metadata += 1;
                    } else if let Some(size) = self.read(hand, path, place, kind, hash::big()) {
                        queue.push_large(size, Job::Large(place.unwrap_or(u32::MAX), path.into()));
                    }
                }
                (self.watch.progress)(by_metadata, 0);
                lock(&self.found).unchanged_by_metadata += by_metadata;
            }
            Job::Large(place, path) => {
                let place = Some(place).filter(|place| *place != u32::MAX);
                self.read(hand, &path, place, Kind::File, u64::MAX);
            }
        }
    }

    fn is_untouched(&self, place: u32, path: &[u8]) -> bool {
        let Some((_, row)) = self.before.at(place) else {
            return false;
        };
        let believable = row.kind == Kind::File
            && row.stamp.is_settled(self.settled)
            && !row.has(Row::MIXED)
            && !(self.watch.stop)();
        believable
            && self.root.look(path).is_ok_and(|look| {
                look.what == What::File
                    && look.stamp == row.stamp
                    && look.executable == row.has(Row::EXECUTABLE)
            })
    }

    /// Reads a path and notes what differs; gives a file's size instead if that is `big` or more.
    fn read(
        &self,
        hand: &mut Hand,
        path: &[u8],
        place: Option<u32>,
        kind: Kind,
        big: u64,
    ) -> Option<u64> {
        let examined = examine(&self.root, path, kind, self.watch, hand, big);
        if let Some(size) = examined.put_off {
            return Some(size);
        }
        let mut row = examined.row;
        if row.has(Row::GONE) {
            return None;
        }
        let before = place.and_then(|place| self.before.at(place)).map(|(_, row)| row);
        if let Some(place) = place {
            set(&self.seen, place);
            if before.is_some_and(|before| same(before, &row)) {
                set(&self.unchanged, place);
            }
        }
        let mut found = lock(&self.found);
        hand.hand_over(&mut found.problems);
        found.hashed += u64::from(row.kind == Kind::File && row.digest.is_some());
        match before {
            None => {
                row.flags |= Row::MADE;
                found.now.push(path, row);
            }
            // Nobody knows; the problem says so.
            Some(_) if row.has(Row::NOT_REACHED) => {}
            Some(before) if same(before, &row) => {}
            Some(_) => found.now.push(path, row),
        }
        None
    }
}

/// What was a mixture in either look is never the same.
fn same(before: &Row, now: &Row) -> bool {
    const COUNTS: u8 = Row::EXECUTABLE | Row::UNREADABLE;
    before.kind == now.kind
        && before.digest == now.digest
        && before.flags & COUNTS == now.flags & COUNTS
        && !now.has(Row::MIXED | Row::NOT_REACHED)
        && !before.has(Row::MIXED | Row::NOT_REACHED)
}

impl<'b> Differences<'b> {
    /// What was made or changed, as it is now, with the problems of the second look.
    #[must_use]
    pub fn now(&self) -> &Tree {
        &self.now
    }

    /// What the first look saw.
    #[must_use]
    pub fn before(&self) -> &'b Tree {
        self.before
    }

    /// What could not be seen as it should in the second look.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.now.problems()
    }

    /// What was made or changed, as it is now, and what is gone, as it was; sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (Change, Entry<'_>)> {
        let now = self.now.rows().map(|(_, path, row)| (change(row), Entry::new(path, row)));
        let gone = self.deleted.iter().filter_map(|at| self.before.at(*at));
        let gone = gone.map(|(path, row)| (Change::Deleted, Entry::new(path, row)));
        merge(now, gone)
    }

    /// What was there in the first look and is gone.
    pub fn deleted(&self) -> impl Iterator<Item = Entry<'b>> {
        let rows = self.deleted.iter().filter_map(|at| self.before.at(*at));
        rows.map(|(path, row)| Entry::new(path, row))
    }

    /// All that is there now and known, sorted by path.
    pub fn present(&self) -> impl Iterator<Item = (Change, Entry<'_>)> {
        let now = self.now.rows().map(|(_, path, row)| (change(row), Entry::new(path, row)));
        let rest = self.before.rows().filter(|(at, _, _)| self.is_unchanged(*at));
        merge(now, rest.map(|(_, path, row)| (Change::Unchanged, Entry::new(path, row))))
    }

    /// What is at a path now; `None` where it is absent or could not be told.
    #[must_use]
    pub fn state_of(&self, path: &[u8]) -> Option<(Change, Entry<'_>)> {
        if let Some((path, row)) = self.now.find(path).and_then(|at| self.now.at(at)) {
            return Some((change(row), Entry::new(path, row)));
        }
        let at = self.before.find(path).filter(|at| self.is_unchanged(*at))?;
        let (path, row) = self.before.at(at)?;
        Some((Change::Unchanged, Entry::new(path, row)))
    }

    fn is_unchanged(&self, at: u32) -> bool {
        self.unchanged
            .get((at / BLOCK) as usize)
            .is_some_and(|word| word & (1 << (at % BLOCK)) != 0)
    }
}

const fn change(row: &Row) -> Change {
    if row.has(Row::MADE) { Change::Made } else { Change::Changed }
}

fn merge<'e>(
    one: impl Iterator<Item = (Change, Entry<'e>)>,
    other: impl Iterator<Item = (Change, Entry<'e>)>,
) -> impl Iterator<Item = (Change, Entry<'e>)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some((_, a)), Some((_, b))) if a.path > b.path => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}
