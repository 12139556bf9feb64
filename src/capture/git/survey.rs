//! The work tree against the commit, submodules included.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use git2::{AttrCheckFlags, AttrValue, Index, Oid, Repository, Status, StatusOptions};

use super::classes::Classes;
use super::open::{self, Trouble};
use super::path;
use super::remote::{self, Address};
use super::settings::Settings;
use crate::base::text::printable;
use crate::format::evidence::Submodule;
use crate::format::fact::Withheld;

/// Submodules of submodules of ..
const DEPTH_MAX: usize = 8;
/// Submodules in all.
const SUBMODULES_MAX: usize = 1_000;
/// The bits of a mode that say what it is, and a submodule's.
const KIND: u32 = 0o170_000;
const GITLINK: u32 = 0o160_000;

/// What was found. Paths are relative to the outermost work tree.
pub(super) struct Survey {
    work_tree: PathBuf,
    pub(super) classes: Classes,
    /// Path and status.
    pub(super) dirty: BTreeMap<Vec<u8>, &'static str>,
    pub(super) submodules: Vec<Submodule>,
    pub(super) redactions: Vec<Withheld>,
    /// Files that git was told to take as unchanged.
    pub(super) told_unchanged: u64,
    /// Names of the filters behind which it can't be seen whether a file is changed, and the files.
    pub(super) filters: BTreeSet<String>,
    pub(super) filtered: u64,
    /// Repositories inside that are no submodules.
    pub(super) nested: u64,
    /// Submodules that could not be looked into.
    pub(super) closed: u64,
    /// Submodules whose URL is a path of this machine or a command.
    pub(super) odd_urls: u64,
    /// Settings of the repository and of its submodules that make git look less closely.
    pub(super) lax: BTreeSet<&'static str>,
}

impl Survey {
    pub(super) fn new(work_tree: &Path, classes: Classes) -> Self {
        Self {
            work_tree: work_tree.to_owned(),
            classes,
            dirty: BTreeMap::new(),
            submodules: Vec::new(),
            redactions: Vec::new(),
            told_unchanged: 0,
            filters: BTreeSet::new(),
            filtered: 0,
            nested: 0,
            closed: 0,
            odd_urls: 0,
            lax: BTreeSet::new(),
        }
    }

    /// Looks at `repo`, whose work tree is at `at` (empty, or with a slash at its end).
    pub(super) fn look(
        &mut self,
        repo: &Repository,
        settings: &Settings,
        at: &[u8],
        depth: usize,
    ) -> Result<(), Trouble> {
        self.lax.extend(&settings.lax);
        let index = repo.index().map_err(Trouble::unreadable("the index"))?;
        let gitlinks = self.tracked(&index, at);
        self.states(repo, &index, settings, at)
            .map_err(Trouble::unreadable("the state of the work tree"))?;
        self.submodules(repo, &gitlinks, at, depth);
        Ok(())
    }

    /// The index: what is tracked, and what git was told not to look at. Gives the submodules.
    fn tracked(&mut self, index: &Index, at: &[u8]) -> HashMap<Vec<u8>, Oid> {
        let mut gitlinks = HashMap::new();
        for entry in index.iter() {
            if entry.mode & KIND == GITLINK {
                gitlinks.insert(entry.path, entry.id);
                continue;
            }
            let path = [at, &entry.path].concat();
            let told = entry.flags & git2::IndexEntryFlag::VALID.bits() != 0 || is_skipped(&entry);
            // One that isn't there is listed as deleted, or isn't checked out.
            if told && fs::symlink_metadata(self.on_disk(&path)).is_ok() {
                self.told_unchanged += 1;
            }
            self.classes.track(&path);
        }
        gitlinks
    }

    fn states(
        &mut self,
        repo: &Repository,
        index: &Index,
        settings: &Settings,
        at: &[u8],
    ) -> Result<(), git2::Error> {
        let mut options = StatusOptions::new();
        // `no_refresh`: the index that was read above is the one that counts. It is never written.
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .include_ignored(true)
            .recurse_ignored_dirs(false)
            .include_unreadable(true)
            .include_unreadable_as_untracked(true)
            .exclude_submodules(true)
            .no_refresh(true)
            .update_index(false);
        for entry in &repo.statuses(Some(&mut options))? {
            let (inner, status) = (entry.path_bytes(), entry.status());
            let inner = inner.strip_suffix(b"/").unwrap_or(inner);
            let path = [at, inner].concat();
            if self.is_nested(repo, inner, &path, status) {
                self.nested += 1;
                self.dirty.insert(path, "untracked");
                continue;
            }
            if status.contains(Status::IGNORED) {
                self.classes.ignore(&path);
            }
            let Some(word) = word(status) else { continue };
            if settings.sparse
                && status == Status::WT_DELETED
                && index
                    .get_path(&path::from_bytes(inner), 0)
                    .is_some_and(|entry| is_skipped(&entry))
            {
                continue;
            }
            if status == Status::WT_MODIFIED
                && let Some(filter) = unknown_filter(repo, settings, inner)
                && !self.has_another_mode(index, inner, &path)
            {
                self.filters.insert(filter);
                self.filtered += 1;
                continue;
            }
            self.dirty.insert(path, word);
        }
        Ok(())
    }

    /// A folder with a `.git` of its own. libgit2 takes such a folder for ignored, whatever `.git`
    /// is: an empty file would be enough to hide what is beside it.
    fn is_nested(&self, repo: &Repository, inner: &[u8], path: &[u8], status: Status) -> bool {
        (status == Status::IGNORED || status == Status::WT_NEW)
            && fs::symlink_metadata(self.on_disk(path).join(".git")).is_ok()
            && !(status == Status::IGNORED
                && repo.is_path_ignored(path::from_bytes(inner)).unwrap_or(false))
    }

    /// Whether the executable bit differs, which no filter changes.
    fn has_another_mode(&self, index: &Index, inner: &[u8], path: &[u8]) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let tracked = index.get_path(&path::from_bytes(inner), 0);
            let found = fs::symlink_metadata(self.on_disk(path));
            tracked.zip(found.ok()).is_some_and(|(tracked, found)| {
                (tracked.mode & 0o100 != 0) != (found.permissions().mode() & 0o100 != 0)
            })
        }
        #[cfg(not(unix))]
        {
            let _ = (index, inner, path);
            false
        }
    }

    fn submodules(
        &mut self,
        repo: &Repository,
        gitlinks: &HashMap<Vec<u8>, Oid>,
        at: &[u8],
        depth: usize,
    ) {
        let head = repo.head().ok().and_then(|head| head.peel_to_tree().ok());
        let described = repo.workdir().is_some_and(|tree| tree.join(".gitmodules").exists())
            || head.as_ref().is_some_and(|tree| tree.get_name(".gitmodules").is_some());
        if gitlinks.is_empty() && !described {
            return;
        }
        // Path, and the URL that `.gitmodules` has. Those of the commit that the index has no more
        // come from here as well.
        let mut urls: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        urls.extend(gitlinks.keys().map(|path| (path.clone(), None)));
        for submodule in repo.submodules().unwrap_or_default() {
            let inner = path::relative(submodule.path());
            if submodule.head_id().is_some() || urls.contains_key(&inner) {
                urls.insert(inner, submodule.opt_url_bytes().map(<[u8]>::to_vec));
            }
        }
        for (inner, url) in urls {
            let path = [at, &inner].concat();
            if self.submodules.len() >= SUBMODULES_MAX || depth >= DEPTH_MAX {
                self.closed += 1;
                continue;
            }
            let named = head
                .as_ref()
                .and_then(|tree| tree.get_path(&path::from_bytes(&inner)).ok())
                .filter(|entry| entry.kind() == Some(git2::ObjectType::Commit))
                .map(|entry| entry.id());
            let staged = gitlinks.get(&inner).copied();
            let (repo, checked_out) = self.checked_out(&path);
            let word = match (named, staged) {
                (None, _) => Some("added"),
                (_, None) => Some("deleted"),
                _ if named != staged || checked_out.is_some_and(|id| Some(id) != named) => {
                    Some("modified")
                }
                _ => None,
            };
            if let Some(word) = word {
                self.dirty.insert(path.clone(), word);
            }
            let url = url.and_then(|url| self.url(&url, &path));
            self.submodules.push(Submodule {
                path: path::text(&path),
                url,
                commit: named.map(|id| id.to_string()),
                checked_out: checked_out.map(|id| id.to_string()),
            });
            if let Some(repo) = repo {
                let inside = [&path, b"/".as_slice()].concat();
                let looked = Settings::read(&repo)
                    .map_err(Trouble::unreadable("the repository"))
                    .and_then(|settings| self.look(&repo, &settings, &inside, depth + 1));
                self.closed += u64::from(looked.is_err());
            }
        }
    }

    fn url(&mut self, url: &[u8], path: &[u8]) -> Option<String> {
        let place = format!("submodule {}", path::text(path));
        match remote::address(url, &place, &mut self.redactions) {
            Address::Url(url) => Some(url),
            Address::Local | Address::Helper => {
                self.odd_urls += 1;
                None
            }
        }
    }

    /// The submodule's own repository and its commit; neither where it isn't checked out.
    fn checked_out(&mut self, path: &[u8]) -> (Option<Repository>, Option<Oid>) {
        let folder = self.on_disk(path);
        // A link could lead out of the work tree.
        if !path::real(&folder).is_ok_and(|real| real == folder)
            || fs::symlink_metadata(folder.join(".git")).is_err()
        {
            return (None, None);
        }
        let Ok(found) = open::open(&folder) else {
            self.closed += 1;
            return (None, None);
        };
        let is_here = found.repo.workdir().and_then(|tree| path::real(tree).ok()) == Some(folder);
        let commit = found.repo.head().ok().and_then(|head| head.peel_to_commit().ok());
        let commit = commit.map(|commit| commit.id());
        if !is_here {
            self.closed += 1;
            return (None, commit);
        }
        (Some(found.repo), commit)
    }

    pub(super) fn on_disk(&self, path: &[u8]) -> PathBuf {
        self.work_tree.join(path::from_bytes(path))
    }
}

fn is_skipped(entry: &git2::IndexEntry) -> bool {
    entry.flags_extended & git2::IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0
}

/// The commit against the work tree, in one word; none where they are equal.
fn word(status: Status) -> Option<&'static str> {
    Some(match status {
        s if s.contains(Status::CONFLICTED) => "conflicted",
        s if s.intersects(Status::INDEX_TYPECHANGE | Status::WT_TYPECHANGE) => "type changed",
        s if s.contains(Status::INDEX_NEW) => "added",
        // Out of the index is deleted, although the file may still be there.
        s if s.intersects(Status::INDEX_DELETED | Status::WT_DELETED) => "deleted",
        s if s.intersects(Status::INDEX_MODIFIED | Status::WT_MODIFIED) => "modified",
        s if s.intersects(Status::WT_NEW | Status::WT_UNREADABLE) => "untracked",
        _ => return None,
    })
}

/// The filter between the file and what git would compare, where libgit2 doesn't have it.
fn unknown_filter(repo: &Repository, settings: &Settings, inner: &[u8]) -> Option<String> {
    let path = path::from_bytes(inner);
    let attribute = |name| {
        let value = repo.get_attr_bytes(&path, name, AttrCheckFlags::FILE_THEN_INDEX).ok()?;
        match AttrValue::always_bytes(value) {
            AttrValue::Bytes(value) => Some(value.to_vec()),
            _ => None,
        }
    };
    // A driver that nobody configured changes nothing, for git too.
    if let Some(driver) = attribute("filter").filter(|driver| settings.filters.contains(driver)) {
        return Some(printable(&path::text(&driver)));
    }
    attribute("working-tree-encoding")
        .filter(|encoding| !encoding.eq_ignore_ascii_case(b"utf-8"))
        .map(|_| "working-tree-encoding".to_owned())
}
