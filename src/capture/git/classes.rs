//! What git makes of each path below the root.

use std::collections::HashSet;

use crate::base::pack::{Masks, Packer, Unmask, UnpackError, Unpacker};
use crate::format::evidence::GitClass;

/// The tracked and the ignored paths below the root; every other one is untracked.
///
/// Asked once for every file below the root, from many threads: sets, filled once.
#[derive(Debug)]
pub struct Classes {
    /// The root, relative to the work tree and with a slash at its end; empty where they are one.
    root: Vec<u8>,
    tracked: HashSet<Box<[u8]>>,
    /// Files, and folders that stand for all that is in them.
    ignored: HashSet<Box<[u8]>>,
    /// The root lies in an ignored folder.
    all_ignored: bool,
}

impl Classes {
    pub(super) fn new(root: Vec<u8>) -> Self {
        Self { root, tracked: HashSet::new(), ignored: HashSet::new(), all_ignored: false }
    }

    /// Takes a path of the index, relative to the work tree.
    pub(super) fn track(&mut self, path: &[u8]) {
        if let Some(path) = path.strip_prefix(self.root.as_slice()) {
            self.tracked.insert(path.into());
        }
    }

    /// Takes an ignored file, or a folder of which all is ignored, relative to the work tree.
    pub(super) fn ignore(&mut self, path: &[u8]) {
        if let Some(path) = path.strip_prefix(self.root.as_slice()) {
            self.ignored.insert(path.into());
        } else if self.root.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/")) {
            self.all_ignored = true;
        }
    }

    /// Takes a path relative to the root. A tracked file in an ignored folder is tracked.
    #[must_use]
    pub fn of(&self, path: &[u8]) -> GitClass {
        if self.tracked.contains(path) {
            return GitClass::Tracked;
        }
        let folders =
            path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
        let ignored = self.all_ignored
            || folders
                .chain([path.len()])
                .any(|end| path.get(..end).is_some_and(|path| self.ignored.contains(path)));
        if ignored { GitClass::Ignored } else { GitClass::Untracked }
    }

    /// Packs all of it, in an order that depends on nothing.
    pub fn pack(&self, into: &mut Packer, masks: &Masks<'_>) {
        into.byte(u8::from(self.all_ignored));
        for set in [&self.tracked, &self.ignored] {
            let mut paths: Vec<_> = set.iter().collect();
            paths.sort_unstable();
            into.number(paths.len() as u64);
            paths.into_iter().for_each(|path| into.path(path, masks));
        }
    }

    /// Reads what [`Self::pack`] wrote, for [`Self::of`] alone: no path can be added to it.
    ///
    /// # Errors
    /// Anything else.
    pub fn unpack(from: &mut Unpacker<'_>, unmask: Unmask<'_>) -> Result<Self, UnpackError> {
        let mut classes = Self::new(Vec::new());
        classes.all_ignored = match from.byte()? {
            0 => false,
            1 => true,
            _ => return Err(UnpackError),
        };
        for set in [&mut classes.tracked, &mut classes.ignored] {
            for _ in 0..from.count()? {
                set.insert(from.path(unmask)?.into());
            }
        }
        Ok(classes)
    }
}
