//! Tags: the nearest one before a commit, and the objects of those that name it.

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use git2::{Oid, Repository};

use super::path;
use crate::format::evidence::LastTag;
use crate::format::fact::Gap;

/// Most commits that are looked at.
const WALK_MAX: usize = 10_000;
const PART: &str = "source.last_tag";

/// A tag of a commit.
struct Tag {
    /// The tag object, where there is one.
    object: Option<Oid>,
    /// The full ref.
    name: Vec<u8>,
}

/// The repository's tags by the commit that they name.
pub(super) struct Tags(HashMap<Oid, Vec<Tag>>);

impl Tags {
    pub(super) fn read(repo: &Repository) -> Result<Self, git2::Error> {
        let mut tags: HashMap<Oid, Vec<Tag>> = HashMap::new();
        for reference in repo.references_glob("refs/tags/*")? {
            // A ref that can't be read names nothing; the others still count.
            let Ok(reference) = reference else { continue };
            let Some(target) = reference.target() else {
                continue;
            };
            // What git packed is peeled already.
            let (commit, object) = match reference.target_peel() {
                Some(commit) => (commit, Some(target)),
                None => match repo.find_tag(target) {
                    Ok(tag) => match tag.peel() {
                        Ok(commit) => (commit.id(), Some(target)),
                        Err(_) => continue,
                    },
                    Err(_) => (target, None),
                },
            };
            tags.entry(commit)
                .or_default()
                .push(Tag { object, name: reference.name_bytes().into() });
        }
        Ok(Self(tags))
    }

    /// The tag objects of the annotated tags of `commit`, by full ref.
    pub(super) fn objects(&self, commit: Oid) -> BTreeMap<String, String> {
        let tags = self.0.get(&commit).map(Vec::as_slice).unwrap_or_default();
        tags.iter()
            .filter_map(|tag| Some((path::text(&tag.name), tag.object?.to_string())))
            .collect()
    }

    /// The first tagged commit on the way back in time from `commit`, itself included.
    ///
    /// Later commits come first, as `git log` shows them, so that a tag of a merged side branch
    /// doesn't win over a newer one for being fewer steps away.
    pub(super) fn last(
        &self,
        repo: &Repository,
        commit: Oid,
        shallow: bool,
        gaps: &mut Vec<Gap>,
    ) -> Option<LastTag> {
        if self.0.is_empty() && !shallow {
            return None;
        }
        let mut seen = HashSet::from([commit]);
        let mut next = BinaryHeap::from([(i64::MAX, commit)]);
        let mut cut = false;
        for _ in 0..WALK_MAX {
            let Some((_, id)) = next.pop() else {
                // Without any tag in the whole history there is nothing that is missing.
                if shallow || cut {
                    gaps.push(Gap::new(
                        PART,
                        "the history is cut off before the first tag",
                        "fetch all of it: `git fetch --unshallow --tags` (actions/checkout: `fetch-depth: 0`)",
                    ));
                }
                return None;
            };
            // Of several, an annotated one stands for all, as with `git describe`; then the last name.
            let tags = self.0.get(&id).into_iter().flatten();
            if let Some(tag) = tags.max_by_key(|tag| (tag.object.is_some(), &tag.name)) {
                let name = tag.name.strip_prefix(b"refs/tags/").unwrap_or(&tag.name);
                return Some(LastTag { name: path::text(name), commit: id.to_string() });
            }
            // Behind the edge of a shallow clone there is nothing to find.
            let Ok(found) = repo.find_commit(id) else {
                cut = true;
                continue;
            };
            for parent in found.parent_ids() {
                if seen.insert(parent) {
                    let time =
                        repo.find_commit(parent).map_or(i64::MIN, |found| found.time().seconds());
                    next.push((time, parent));
                }
            }
        }
        gaps.push(Gap::without_cure(PART, format!("no tag among the last {WALK_MAX} commits")));
        None
    }
}
