//! Single files as HEAD has them.

use std::io;
use std::path::Path;

use git2::{AttrCheckFlags, AttrValue, ErrorCode, ObjectType, Odb, Oid, Repository};

use super::history::object::{self, Commit, Entries, Entry, NoObject};
use super::history::{head, odb};
use super::open::{self, Found};
use super::path;
use crate::base::tree::Reader;

/// Largest file whose bytes are given, in bytes.
const FILE_MAX: usize = 16 << 20;
/// Most commits that are looked at for the one that changed a file.
const WALK_MAX: usize = 100_000;
/// Longest path.
const PATH_MAX: usize = 4096;

/// A file in HEAD, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is there.
    Found(CommittedFile),
    /// There is no repository.
    NoRepository,
    /// HEAD has no commit.
    NoCommit,
    /// HEAD's commit has nothing at that path.
    NoSuchPath,
    /// What is there is a link, a folder or a submodule.
    NotRegular,
    /// It is larger than what is read.
    TooLarge,
    /// It can't be told. Why.
    Unreadable(String),
}

/// A regular file in HEAD.
#[derive(Debug, PartialEq, Eq)]
pub struct CommittedFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Relative to the repository's top.
    pub path: String,
    /// HEAD's commit.
    pub commit: String,
    /// The commit that last changed it; none where the history doesn't reach that far.
    pub changed_by: Option<String>,
    /// The work tree has something else there, or nothing. Ends of lines don't count where git may change
    /// them.
    pub work_tree_differs: bool,
}

/// The file at `path`, which is relative to `root`, as HEAD has it.
#[must_use]
pub fn committed(root: &Path, path: &str) -> Committed {
    match find(root, path) {
        Ok(found) | Err(found) => found,
    }
}

fn find(root: &Path, path: &str) -> Result<Committed, Committed> {
    let unreadable = |trouble: open::Trouble| Committed::Unreadable(trouble.to_string());
    let (root, found) = open::find_at(root).map_err(unreadable)?.ok_or(Committed::NoRepository)?;
    let head = head(&found.repo).map_err(unreadable)?.ok_or(Committed::NoCommit)?;
    let odb = odb(&found.repo).map_err(unreadable)?;
    let below = found.below(&root).map_err(unreadable)?;
    if !is_plain(path) {
        return Err(Committed::NoSuchPath);
    }
    let whole = [&below, path.as_bytes()].concat();
    let at_head = At::of(&odb, head, &whole).map_err(|why| broken(why, "HEAD's commit"))?;
    let bytes = blob(&odb, at_head.entry)?;
    let work_tree_differs =
        found.repo.workdir().is_some() && differs(&found.repo, &root, path, &whole, &bytes);
    Ok(Committed::Found(CommittedFile {
        bytes,
        path: path::text(&whole),
        commit: head.to_string(),
        changed_by: last_change(&odb, head, at_head, &whole).map(|id| id.to_string()),
        work_tree_differs,
    }))
}

/// A regular file in a commit.
#[derive(Debug, PartialEq, Eq)]
pub struct FileAtCommit {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether the work tree has the same there, ends of lines left out where git may change them; none where
    /// it has nothing there, or that can't be read.
    pub on_disk_is_same: Option<bool>,
}

/// The file at `path`, which is relative to the top of the repository that `root` lies in, as the commit with
/// the id `commit` has it.
///
/// # Errors
/// Why there is none, as [`committed`] says it; [`Committed::NoCommit`] where the commit isn't in the
/// repository.
pub fn at_commit(root: &Path, commit: &str, path: &str) -> Result<FileAtCommit, Committed> {
    let unreadable = |trouble: open::Trouble| Committed::Unreadable(trouble.to_string());
    let (_, found) = open::find_at(root).map_err(unreadable)?.ok_or(Committed::NoRepository)?;
    let odb = odb(&found.repo).map_err(unreadable)?;
    if !is_plain(path) {
        return Err(Committed::NoSuchPath);
    }
    let id = object::full_id(commit).ok_or(Committed::NoCommit)?;
    let entry = match At::of(&odb, id, path.as_bytes()) {
        Ok(at) => at.entry,
        // A commit that is here without its tree isn't whole: as good as not here.
        Err(NoObject::Missing) => return Err(Committed::NoCommit),
        Err(why) => return Err(broken(why, "the commit")),
    };
    let bytes = blob(&odb, entry)?;
    let on_disk_is_same = found.repo.workdir().and_then(|top| match on_disk(top, path) {
        Ok(now) => {
            let converted = || {
                converts(&found.repo, path.as_bytes())
                    && without_returns(&now) == without_returns(&bytes)
            };
            Some(now == bytes || converted())
        }
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::PermissionDenied => None,
            // Larger than what was committed, or a link in its place.
            _ => Some(false),
        },
    });
    Ok(FileAtCommit { bytes, on_disk_is_same })
}

/// The bytes of what an entry names, where that is a regular file.
fn blob(odb: &Odb<'_>, entry: Option<(u32, Oid)>) -> Result<Vec<u8>, Committed> {
    let id = match entry {
        None => return Err(Committed::NoSuchPath),
        Some((mode, id)) if is_file(mode) => id,
        Some(_) => return Err(Committed::NotRegular),
    };
    match odb.read_header(id) {
        Ok((size, ObjectType::Blob)) if size > FILE_MAX => return Err(Committed::TooLarge),
        _ => {}
    }
    let object = object::read(odb, id, ObjectType::Blob, FILE_MAX);
    Ok(object.map_err(|why| broken(why, "the file"))?.data().to_vec())
}

fn broken(why: NoObject, what: &str) -> Committed {
    Committed::Unreadable(match why {
        NoObject::Missing => format!("{what} isn't in the repository"),
        NoObject::Unreadable => format!("{what} can't be read"),
    })
}

/// A path that git could have, with nothing in it that leads elsewhere.
fn is_plain(path: &str) -> bool {
    path.len() <= PATH_MAX
        && !path.contains(['\0', '\\'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

const fn is_file(mode: u32) -> bool {
    Entry { name: b"", mode, id: b"" }.is_file()
}

/// What a commit has at a path.
struct At {
    parents: Vec<Oid>,
    tree: Oid,
    entry: Option<(u32, Oid)>,
}

impl At {
    fn of(odb: &Odb<'_>, commit: Oid, path: &[u8]) -> Result<Self, NoObject> {
        Self::unless(odb, commit, path, None)
    }

    /// The same; a tree that is known isn't looked into again.
    fn unless(
        odb: &Odb<'_>,
        commit: Oid,
        path: &[u8],
        known: Option<&Self>,
    ) -> Result<Self, NoObject> {
        let object = object::commit(odb, commit)?;
        let Commit { tree, parents, .. } =
            Commit::parse(object.data()).ok_or(NoObject::Unreadable)?;
        let entry = match known {
            Some(known) if known.tree == tree => known.entry,
            _ => entry_at(odb, tree, path)?,
        };
        Ok(Self { parents, tree, entry })
    }
}

fn entry_at(odb: &Odb<'_>, tree: Oid, path: &[u8]) -> Result<Option<(u32, Oid)>, NoObject> {
    let mut found: Option<(u32, Oid)> = None;
    let mut folder = tree;
    let mut parts = path.split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let object = object::tree(odb, folder)?;
        let mut entry = None;
        for next in Entries(object.data()) {
            let next = next?;
            if next.name == part {
                // Of two with one name git shows the first and checks out the last.
                if entry.is_some() {
                    return Err(NoObject::Unreadable);
                }
                entry = Some(next);
            }
        }
        let Some(entry) = entry else { return Ok(None) };
        let id = entry.oid().ok_or(NoObject::Unreadable)?;
        if parts.peek().is_some() {
            if !entry.is_tree() {
                return Ok(None);
            }
            folder = id;
        } else {
            found = Some((entry.mode, id));
        }
    }
    Ok(found)
}

/// The commit from which all its parents differ at the path. A merge that has it from a parent passes the
/// question on to that one, as `git log` does. None where a parent that counts isn't here.
fn last_change(odb: &Odb<'_>, head: Oid, at_head: At, path: &[u8]) -> Option<Oid> {
    let (mut id, mut at) = (head, at_head);
    'commits: for _ in 0..WALK_MAX {
        let mut is_cut = false;
        for parent in std::mem::take(&mut at.parents) {
            match At::unless(odb, parent, path, Some(&at)) {
                Ok(before) if before.entry == at.entry => {
                    (id, at) = (parent, before);
                    continue 'commits;
                }
                Ok(_) => {}
                Err(_) => is_cut = true,
            }
        }
        return (!is_cut).then_some(id);
    }
    None
}

fn differs(repo: &Repository, root: &Path, inner: &str, whole: &[u8], bytes: &[u8]) -> bool {
    let Ok(found) = on_disk(root, inner) else { return true };
    let is_same = found == bytes
        || (converts(repo, whole) && without_returns(&found) == without_returns(bytes));
    !is_same
}

fn without_returns(bytes: &[u8]) -> Vec<u8> {
    let mut found = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\r' || rest.peek() != Some(&b'\n') {
            found.push(byte);
        }
    }
    found
}

/// The bytes of a regular file of the work tree; no link is followed.
fn on_disk(root: &Path, inner: &str) -> io::Result<Vec<u8>> {
    let reader = Reader::open(root).map_err(|error| error.source)?;
    reader.read(inner.as_bytes(), FILE_MAX as u64)
}

/// Whether git may change a file's bytes on their way to the work tree or back.
fn converts(repo: &Repository, whole: &[u8]) -> bool {
    const NAMES: [&str; 6] = ["text", "eol", "crlf", "ident", "filter", "working-tree-encoding"];
    let path = path::from_bytes(whole);
    // What can't be asked for could be anything.
    let has = |name| {
        repo.get_attr_bytes(&path, name, AttrCheckFlags::FILE_THEN_INDEX).map_or(true, |value| {
            !matches!(AttrValue::always_bytes(value), AttrValue::False | AttrValue::Unspecified)
        })
    };
    let automatic =
        repo.config().and_then(|mut config| config.snapshot()).map_or(true, |config| match config
            .get_bytes("core.autocrlf")
        {
            Ok(value) => value != b"false",
            Err(error) => error.code() != ErrorCode::NotFound,
        });
    automatic || NAMES.into_iter().any(has)
}

/// Whether each of `paths`, relative to `root`, is in the work tree byte by byte as HEAD has it.
///
/// None where that can't be told: without a repository, in a submodule, and where the bytes differ while git
/// may have changed them itself (ends of lines, filters).
#[must_use]
pub fn is_committed<P: AsRef<str>>(root: &Path, paths: &[P]) -> Vec<Option<bool>> {
    let unknown = || vec![None; paths.len()];
    let Ok(Some((root, found))) = open::find_at(root) else { return unknown() };
    let (Ok(head), Ok(odb), Ok(below)) = (head(&found.repo), odb(&found.repo), found.below(&root))
    else {
        return unknown();
    };
    let Some(head) = head else { return vec![Some(false); paths.len()] };
    let tree = object::commit(&odb, head)
        .ok()
        .and_then(|object| Commit::parse(object.data()).map(|commit| commit.tree));
    let Some(tree) = tree else { return unknown() };
    let look = Look { found: &found, odb: &odb, root: &root, below: &below, tree };
    paths.iter().map(|path| look.is_committed(path.as_ref())).collect()
}

struct Look<'a> {
    found: &'a Found,
    odb: &'a Odb<'a>,
    root: &'a Path,
    below: &'a [u8],
    tree: Oid,
}

impl Look<'_> {
    fn is_committed(&self, path: &str) -> Option<bool> {
        self.found.repo.workdir()?;
        if !is_plain(path) {
            return None;
        }
        let whole = [self.below, path.as_bytes()].concat();
        if self.is_in_submodule(&whole) {
            return None;
        }
        let (mode, id) = match entry_at(self.odb, self.tree, &whole) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Some(false),
            Err(_) => return None,
        };
        if !is_file(mode) {
            return Some(false);
        }
        let bytes = match on_disk(self.root, path) {
            Ok(bytes) => bytes,
            // Unreadable isn't another.
            Err(error) => match error.kind() {
                io::ErrorKind::FileTooLarge | io::ErrorKind::PermissionDenied => return None,
                _ => return Some(false),
            },
        };
        match Oid::hash_object(ObjectType::Blob, &bytes) {
            Ok(found) if found == id => Some(true),
            Ok(_) if converts(&self.found.repo, &whole) => None,
            Ok(_) => Some(false),
            Err(_) => None,
        }
    }

    fn is_in_submodule(&self, whole: &[u8]) -> bool {
        const SUBMODULE: u32 = 0o160_000;
        let slashes = whole.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        slashes
            .filter_map(|(at, _)| whole.get(..at))
            .any(|folder| matches!(entry_at(self.odb, self.tree, folder), Ok(Some((SUBMODULE, _)))))
    }
}
