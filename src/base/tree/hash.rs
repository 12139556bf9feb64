//! The digest of files: one by one, and many at once.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::system::{self, Stamp, What};
use super::work::{self, Queue};
use crate::base::digest::{Sha256, Sha256Hasher, Sha512, Sha512Hasher};

/// Bytes that one read asks for; a thread has one such buffer, which stays in its core's cache.
pub(super) const BUFFER: usize = 128 << 10;
/// Bytes of a large file after which the caller is told how far it is, and asked whether to stop.
const TICK: u64 = 2 << 20;
/// From this size on a second thread reads ahead.
const OVERLAP_FROM: u64 = 32 << 20;
/// Files of at least this size are work of their own.
const BIG: u64 = 1 << 20;

/// Asked between files, and every few MiB within a large one: whether to stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);
/// Told how many more files and bytes are done.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Why a file has no digest.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// A folder, a link, a device or the like.
    #[error("expected a regular file, found {found}")]
    NotRegular {
        /// What is there.
        found: &'static str,
    },
    /// What the system says.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The caller asked to stop before the end.
    #[error("stopped before the end")]
    Stopped,
}

/// Whether a link that the user named is followed to the file that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It is.
    Follow,
    /// It is no regular file.
    Refuse,
}

/// What a file's bytes amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// SHA-256 of what was read.
    pub sha256: Sha256,
    /// SHA-512 of what was read, where it was asked for.
    pub sha512: Option<Sha512>,
    /// Bytes that were read.
    pub size: u64,
    /// The file's size or times were others after reading than before: the digests may be of a
    /// mixture that was never there.
    pub changed_while_read: bool,
    /// What it had after reading.
    pub stamp: Stamp,
}

/// What a whole pass asks and tells.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) stop: Stop<'a>,
    pub(super) progress: Progress<'a>,
}

/// The digests of one regular file that the user named.
///
/// # Errors
/// What is no regular file is not read, and a FIFO isn't waited for.
pub fn hash_file(
    path: &Path,
    links: Links,
    with_sha512: bool,
    stop: Stop<'_>,
) -> Result<Hashed, HashError> {
    let watch = Watch { stop, progress: &|_, _| () };
    named(path, links, with_sha512, watch, &mut Vec::new())
}

/// [`hash_file`] of many files, in all threads; the results stand in the order of `paths`.
pub fn hash_all<P: AsRef<Path> + Sync>(
    paths: &[P],
    links: Links,
    with_sha512: bool,
    stop: Stop<'_>,
    progress: Progress<'_>,
) -> Vec<Result<Hashed, HashError>> {
    let watch = Watch { stop, progress };
    let done = Mutex::new(Vec::with_capacity(paths.len()));
    work::run(
        usize::MAX,
        Vec::new,
        |queue: &Queue<(usize, &[P])>, _| {
            for (at, some) in paths.chunks(16).enumerate() {
                queue.push((at * 16, some));
            }
        },
        |_, buffer, (first, some)| {
            let hashed: Vec<_> = some
                .iter()
                .enumerate()
                .map(|(at, path)| {
                    (first + at, named(path.as_ref(), links, with_sha512, watch, buffer))
                })
                .collect();
            done.lock().unwrap_or_else(PoisonError::into_inner).extend(hashed);
        },
    );
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, hashed)| hashed).collect()
}

fn named(
    path: &Path,
    links: Links,
    with_sha512: bool,
    watch: Watch<'_>,
    buffer: &mut Vec<u8>,
) -> Result<Hashed, HashError> {
    if (watch.stop)() {
        return Err(HashError::Stopped);
    }
    let file = match system::open_named(path, links == Links::Follow) {
        Ok(file) => file,
        // The systems' words for it differ (`ELOOP`, `EMLINK`), and none says "link".
        Err(_) if links == Links::Refuse && path.is_symlink() => {
            return Err(HashError::NotRegular { found: "a link" });
        }
        Err(error) => return Err(error.into()),
    };
    let mut sums = Sums::new(with_sha512);
    let read = read_open(&file, &mut sums, watch, buffer, u64::MAX)?;
    (watch.progress)(1, 0);
    let Read { size, changed, stamp, .. } = read;
    let (sha256, sha512) = sums.finish();
    Ok(Hashed { sha256, sha512, size, changed_while_read: changed, stamp })
}

/// The hash computations of one file.
pub(super) struct Sums {
    sha256: Sha256Hasher,
    sha512: Option<Sha512Hasher>,
}

impl Sums {
    pub(super) fn new(with_sha512: bool) -> Self {
        Self { sha256: Sha256Hasher::default(), sha512: with_sha512.then(Sha512Hasher::default) }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
    }

    pub(super) fn finish(self) -> (Sha256, Option<Sha512>) {
        (self.sha256.finish(), self.sha512.map(Sha512Hasher::finish))
    }
}

/// How a file was read.
pub(super) struct Read {
    pub(super) size: u64,
    pub(super) changed: bool,
    /// As it was after reading.
    pub(super) stamp: Stamp,
    pub(super) executable: bool,
    /// Nothing was read: the file is larger than the caller wanted to read now.
    pub(super) put_off: bool,
}

/// Reads an open file to the end that it had when it was opened, unless it is of `big` bytes or more.
///
/// A file that grows as fast as it is read would have no end; what it gained is a change.
pub(super) fn read_open(
    file: &File,
    sums: &mut Sums,
    watch: Watch<'_>,
    buffer: &mut Vec<u8>,
    big: u64,
) -> Result<Read, HashError> {
    let before = system::look_at(file)?;
    if before.what != What::File {
        return Err(HashError::NotRegular { found: before.what.noun() });
    }
    let Stamp { size, .. } = before.stamp;
    let (stamp, executable) = (before.stamp, before.executable);
    if size >= big {
        return Ok(Read { size, changed: false, stamp, executable, put_off: true });
    }
    if buffer.is_empty() {
        buffer.resize(BUFFER, 0);
    }
    let read = if size >= OVERLAP_FROM {
        pour_overlapped(file, size, sums, watch, buffer)?
    } else {
        pour(file, size, sums, watch, buffer)?
    };
    let after = system::look_at(file)?;
    // A file of another size than it says (`/proc`) counts as changed: its digest can't be relied on.
    let changed = read != size || after.stamp != before.stamp;
    Ok(Read {
        size: read,
        changed,
        stamp: after.stamp,
        executable: after.executable,
        put_off: false,
    })
}

/// How many bytes at which a file is put off in a pass over many.
pub(super) const fn big() -> u64 {
    BIG
}

fn read_some(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Counts bytes and, every few MiB, says so and asks whether to stop.
struct Ticks<'a> {
    watch: Watch<'a>,
    since: u64,
    total: u64,
}

impl Ticks<'_> {
    fn add(&mut self, bytes: usize) -> Result<(), HashError> {
        self.since = self.since.saturating_add(bytes as u64);
        self.total = self.total.saturating_add(bytes as u64);
        if self.since >= TICK {
            (self.watch.progress)(0, self.since);
            self.since = 0;
            if (self.watch.stop)() {
                return Err(HashError::Stopped);
            }
        }
        Ok(())
    }
}

fn pour(
    file: &File,
    size: u64,
    sums: &mut Sums,
    watch: Watch<'_>,
    buffer: &mut [u8],
) -> Result<u64, HashError> {
    let mut ticks = Ticks { watch, since: 0, total: 0 };
    loop {
        // A file of no bytes is asked once: those of `/proc` have some all the same.
        let left = size.saturating_sub(ticks.total);
        let ask = if size == 0 { buffer.len() } else { at_most(left, buffer.len()) };
        let read = read_some(file, buffer.get_mut(..ask).unwrap_or_default())?;
        let Some(bytes) = buffer.get(..read) else {
            break;
        };
        sums.update(bytes);
        ticks.add(read)?;
        if read == 0 || ticks.total >= size {
            break;
        }
    }
    (watch.progress)(0, ticks.since);
    Ok(ticks.total)
}

fn at_most(left: u64, most: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(most)
}

/// [`pour`] with a second thread that reads while this one computes.
fn pour_overlapped(
    file: &File,
    size: u64,
    sums: &mut Sums,
    watch: Watch<'_>,
    buffer: &mut [u8],
) -> Result<u64, HashError> {
    std::thread::scope(|scope| {
        let (give_back, empty) = channel::<Vec<u8>>();
        let (hand_on, full) = sync_channel(4);
        for _ in 0..4 {
            let _ = give_back.send(vec![0; 2 * BUFFER]);
        }
        let reader = move || {
            let mut left = size;
            while let Some(mut bytes) = next_empty(&empty, left) {
                let ask = at_most(left, 2 * BUFFER);
                bytes.resize(ask, 0);
                let read = read_some(file, &mut bytes);
                let end = !matches!(read, Ok(1..));
                let read = read.map(|read| {
                    left = left.saturating_sub(read as u64);
                    bytes.truncate(read);
                    bytes
                });
                if hand_on.send(read).is_err() || end {
                    break;
                }
            }
        };
        if std::thread::Builder::new().spawn_scoped(scope, reader).is_err() {
            return pour(file, size, sums, watch, buffer);
        }
        let mut ticks = Ticks { watch, since: 0, total: 0 };
        // An early return drops both ends here, which ends the other thread.
        for bytes in full {
            let bytes = bytes?;
            sums.update(&bytes);
            ticks.add(bytes.len())?;
            let _ = give_back.send(bytes);
        }
        (watch.progress)(0, ticks.since);
        Ok(ticks.total)
    })
}

/// A buffer to fill, while there is something to read and somebody to hand it to.
fn next_empty(empty: &Receiver<Vec<u8>>, left: u64) -> Option<Vec<u8>> {
    if left == 0 { None } else { empty.recv().ok() }
}
