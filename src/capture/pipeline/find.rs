//! Where definitions lie. No link is followed, neither a file nor a folder above it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::file;
use crate::base::tree::patterns::relative;
use crate::base::tree::{Patterns, Walk, each_path};

/// Most paths that are looked at in one folder.
const PATHS_MAX: usize = 100_000;
/// The file that GitLab reads where nothing else is said.
const GITLAB: &str = ".gitlab-ci.yml";

/// Whose definition a file is: the same key means another thing to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    GitHub,
    GitLab,
}

/// The definitions below a root.
#[derive(Debug)]
pub(super) struct Found {
    /// Sorted by path.
    pub(super) files: Vec<(Vec<u8>, Family)>,
    /// Whether every folder was listed to its end.
    pub(super) whole: bool,
}

/// Whether it is a path of a YAML file, and no address, no other project's, nothing outside of the root.
pub(super) fn is_plain(path: &str) -> bool {
    !path.contains([':', '@', '\\', '\0'])
        && is_yaml(path.as_bytes())
        && relative(path).is_ok_and(|plain| plain == path)
        && !path.split('/').any(|part| part == ".git")
}

/// `gitlab` is the definition that GitLab's variables name, by its path.
pub(super) fn find(root: &Path, gitlab: Option<&str>) -> Found {
    let mut search = Search { root, files: Vec::new(), whole: true };
    search.below(".github/workflows", Family::GitHub, |path| !path.contains(&b'/'));
    search.below(".github/actions", Family::GitHub, is_action);
    for name in ["action.yml", "action.yaml"] {
        search.file(name, Family::GitHub);
    }
    search.below(".gitlab/ci", Family::GitLab, |_| true);
    search.file(GITLAB, Family::GitLab);
    // Many projects have a folder of that name that has nothing to do with pipelines.
    if search.is_there(GITLAB) {
        search.below("templates", Family::GitLab, |_| true);
    }
    if let Some(named) = gitlab {
        search.file(named, Family::GitLab);
    }
    let mut files = search.files;
    files.sort();
    files.dedup_by(|one, other| one.0 == other.0);
    Found { files, whole: search.whole }
}

/// A folder below the root, if no part of its path is a link. The path is a plain one.
pub(super) fn folder_at(root: &Path, path: &str) -> Option<PathBuf> {
    let mut folder = root.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        folder.push(part);
        file::kind_at(&folder).filter(std::fs::FileType::is_dir)?;
    }
    Some(folder)
}

/// Whether something that is no folder is at a plain path, with no link above it. One that is a link or a
/// FIFO is taken too: that it can't be read is worth knowing.
pub(super) fn is_file_at(root: &Path, path: &str) -> bool {
    let (above, _) = path.rsplit_once('/').unwrap_or_default();
    folder_at(root, above).is_some()
        && file::kind_at(&root.join(path)).is_some_and(|kind| !kind.is_dir())
}

fn is_action(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next();
    matches!(name, Some(b"action.yml" | b"action.yaml"))
}

fn is_yaml(path: &[u8]) -> bool {
    path.ends_with(b".yml") || path.ends_with(b".yaml")
}

struct Search<'a> {
    root: &'a Path,
    files: Vec<(Vec<u8>, Family)>,
    whole: bool,
}

impl Search<'_> {
    fn is_there(&self, name: &str) -> bool {
        file::kind_at(&self.root.join(name)).is_some()
    }

    fn file(&mut self, path: &str, family: Family) {
        if is_file_at(self.root, path) {
            self.files.push((path.as_bytes().to_owned(), family));
        }
    }

    fn below(&mut self, path: &str, family: Family, takes: fn(&[u8]) -> bool) {
        let Some(folder) = folder_at(self.root, path) else {
            // A link in its place may lead to definitions that the platform reads.
            self.whole &= !self.is_linked(path);
            return;
        };
        let looked_at = AtomicUsize::new(0);
        let walk = Walk {
            root: &folder,
            exclude: &Patterns::default(),
            skip: &[],
            stop: &|| looked_at.load(Ordering::Relaxed) > PATHS_MAX,
            progress: &|_, _| (),
        };
        let files = &mut self.files;
        let whole = each_path(&walk, &mut |found| {
            let number = looked_at.fetch_add(1, Ordering::Relaxed);
            if number < PATHS_MAX && is_yaml(found) && takes(found) {
                files.push(([path.as_bytes(), b"/", found].concat(), family));
            }
        });
        self.whole &= whole && looked_at.into_inner() <= PATHS_MAX;
    }

    fn is_linked(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.filter_map(|end| file::kind_at(&self.root.join(path.get(..end)?)))
            .any(|kind| kind.is_symlink())
    }
}
