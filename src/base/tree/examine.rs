//! One path: opened, read, told apart.

use std::io;

use super::hash::{HashError, Sums, Watch, read_open};
use super::list::Batch;
use super::system::{Root, Stamp};
use super::table::Row;
use super::{Kind, Problems, Trouble};
use crate::base::digest::Sha256;

/// What the threads of a pass do.
pub(super) enum Job {
    /// Some paths.
    Batch(Batch),
    /// A large file, with its place.
    Large(u32, Box<[u8]>),
}

/// What a thread of a pass keeps from job to job.
#[derive(Default)]
pub(super) struct Hand {
    buffer: Vec<u8>,
    problems: Problems,
}

impl Hand {
    /// Adds the problems that this thread met to those of all.
    pub(super) fn hand_over(&mut self, all: &mut Problems) {
        let own = std::mem::take(&mut self.problems);
        let listed = all.not_reached;
        all.not_reached += own.not_reached;
        let mut room = super::NOT_REACHED_LISTED.saturating_sub(listed);
        all.list.extend(own.list.into_iter().filter(|problem| {
            if problem.trouble != Trouble::NotReached {
                return true;
            }
            let listed = room > 0;
            room = room.saturating_sub(1);
            listed
        }));
    }

    fn problem(&mut self, path: &[u8], trouble: Trouble) {
        self.problems.add(path, trouble);
    }
}

/// What was found at a path.
pub(super) struct Examined {
    pub(super) row: Row,
    /// The file has so many bytes, and wasn't read yet.
    pub(super) put_off: Option<u64>,
}

/// Reads what is at `path`, which a walk said to be of `kind`, unless it has `big` bytes or more.
pub(super) fn examine(
    root: &Root,
    path: &[u8],
    kind: Kind,
    watch: Watch<'_>,
    hand: &mut Hand,
    big: u64,
) -> Examined {
    let mut row = Row { stamp: Stamp::default(), end: 0, digest: None, kind, flags: 0 };
    if kind == Kind::Other {
        return Examined { row, put_off: None };
    }
    if (watch.stop)() {
        return not_reached(path, row, hand);
    }
    if kind == Kind::Link {
        match root.read_link(path) {
            Ok(target) => {
                row.stamp.size = target.len() as u64;
                row.digest = Some(Sha256::of(&target));
            }
            Err(error) => unreadable(root, path, &mut row, &error.into(), hand),
        }
        return Examined { row, put_off: None };
    }
    let mut sums = Sums::new(false);
    let read = root
        .open_file(path)
        .map_err(HashError::from)
        .and_then(|file| read_open(&file, &mut sums, watch, &mut hand.buffer, big));
    match read {
        Ok(read) if read.put_off => {
            return Examined { row, put_off: Some(read.size) };
        }
        Ok(read) => {
            row.stamp = Stamp { size: read.size, ..read.stamp };
            row.digest = Some(sums.finish().0);
            if read.executable {
                row.flags |= Row::EXECUTABLE;
            }
            if read.changed {
                row.flags |= Row::MIXED;
                hand.problem(path, Trouble::ChangedWhileRead);
            }
            (watch.progress)(1, 0);
        }
        Err(HashError::Stopped) => return not_reached(path, row, hand),
        Err(error) => unreadable(root, path, &mut row, &error, hand),
    }
    Examined { row, put_off: None }
}

fn not_reached(path: &[u8], mut row: Row, hand: &mut Hand) -> Examined {
    row.flags |= Row::NOT_REACHED;
    hand.problem(path, Trouble::NotReached);
    Examined { row, put_off: None }
}

fn unreadable(root: &Root, path: &[u8], row: &mut Row, error: &HashError, hand: &mut Hand) {
    let words = match error {
        HashError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            row.flags |= Row::GONE;
            return;
        }
        HashError::Io(error) => error.kind().to_string(),
        other => other.to_string(),
    };
    row.flags |= Row::UNREADABLE;
    if let Ok(look) = root.look(path) {
        row.stamp = look.stamp;
        if look.executable {
            row.flags |= Row::EXECUTABLE;
        }
    }
    hand.problem(path, Trouble::Unreadable(words));
}
