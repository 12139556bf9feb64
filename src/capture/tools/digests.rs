//! The digests of the tools' files, and by what a file is known again without reading it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FILE_MAX;
use super::gaps::{Gaps, Why};
use crate::base::digest::Sha256;
use crate::base::tree::Stamp;
use crate::base::tree::hash::{Links, hash_all};

/// What each tool's file had when it was hashed; by the tool's name. Kept beside the facts and no part of
/// the evidence: it would tell of the machine, and nobody could check it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps(BTreeMap<String, Stamp>);

impl Stamps {
    /// Notes a file's stamp, if its digest is one of what was there.
    pub(super) fn note(&mut self, name: &str, file: &Path, digests: &Digests) {
        if let Some(Ok(Digest { changed: false, stamp, .. })) = digests.0.get(file) {
            self.0.insert(name.to_owned(), *stamp);
        }
    }

    /// Whether `file` is what was hashed, untouched since before the bracket opened.
    pub(super) fn still_hold(&self, name: &str, file: &Path, opened: i64) -> bool {
        self.0.get(name).is_some_and(|stamp| stamp.still_holds(file, opened))
    }
}

struct Digest {
    sha256: Sha256,
    changed: bool,
    stamp: Stamp,
}

/// The digests of files, each read once however many names lead to it.
pub(super) struct Digests(BTreeMap<PathBuf, Result<Digest, Why>>);

impl Digests {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a Path>) -> Self {
        let mut all: BTreeMap<PathBuf, Result<Digest, Why>> =
            files.map(|file| (file.to_owned(), Err(Why::Unreadable))).collect();
        let size = |file: &Path| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        let (large, read): (Vec<PathBuf>, Vec<PathBuf>) =
            all.keys().cloned().partition(|file| size(file) > FILE_MAX);
        all.extend(large.into_iter().map(|file| (file, Err(Why::TooLarge))));
        let hashed = hash_all(&read, Links::Follow, false, &|| false, &|_, _| ());
        all.extend(read.into_iter().zip(hashed).filter_map(|(file, hashed)| {
            let hashed = hashed.ok()?;
            let (sha256, changed) = (hashed.sha256, hashed.changed_while_read);
            Some((file, Ok(Digest { sha256, changed, stamp: hashed.stamp })))
        }));
        Self(all)
    }

    /// How many files were to be read.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, file: &Path, name: &str, gaps: &mut Gaps) -> Option<Sha256> {
        match self.0.get(file)? {
            Ok(digest) => {
                if digest.changed {
                    gaps.add(Why::ChangedWhileRead, name);
                }
                Some(digest.sha256)
            }
            Err(why) => {
                gaps.add(*why, name);
                None
            }
        }
    }
}
