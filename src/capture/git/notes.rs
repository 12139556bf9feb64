//! Evidence that hangs on commits as git notes: transport, never authority. What is found here is bytes that
//! anybody with write access to the repository may have put there.
//!
//! The tree of notes is read by its own rules, as git reads it: a note's name is the commit's id, whole or
//! with any number of leading pairs of digits as folders. libgit2's own reading has no caps.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository, Tree};

use super::open::{self, Trouble, words};
use super::path;
use crate::base::text::count;

/// Where the notes are, here and at the remote.
pub const NOTES_REF: &str = "refs/notes/proofmark";
/// Most commits that are looked at.
const COMMITS_MAX: usize = 1_000;
/// Most commits whose notes are given.
const NOTES_MAX: usize = 20;
/// Largest note, in bytes.
pub const NOTE_MAX: u64 = 64 << 20;
/// Most bytes of notes altogether.
const ALL_MAX: u64 = 256 << 20;
/// Most bytes of the notes' trees: some 900,000 notes.
const TREES_MAX: u64 = 64 << 20;
/// A regular file, and one that somebody made executable.
const REGULAR: [i32; 2] = [0o100_644, 0o100_755];

/// A note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The full id of the commit that it hangs on, in lower-case hexadecimal.
    pub commit: String,
    /// What it holds: lines of evidence, where it is what it should be.
    pub content: Vec<u8>,
}

/// The notes of the newest commits that have one, and why there are no more.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Notes {
    /// Newest commit first.
    pub found: Vec<Note>,
    /// What else there may be; with nothing found, why.
    pub missing: Vec<Missing>,
}

/// Why notes are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The root lies in none.
    NoRepository,
    /// Nothing was committed yet.
    NoCommit,
    /// The ref isn't there: `git clone` and `git fetch` leave notes out.
    NoRef,
    /// No commit that was looked at has a note.
    NoNote {
        /// How many commits.
        commits: usize,
        /// The history is cut off behind them.
        cut_off: bool,
    },
    /// The repository, or the ref and what it leads to.
    Unreadable(String),
    /// One commit's note.
    UnreadableNote {
        /// Its commit.
        commit: String,
        /// What is wrong with it.
        why: String,
    },
    /// Over a cap.
    TooLarge(String),
    /// The end was asked for.
    Stopped,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRepository => f.write_str("there is no repository"),
            Self::NoCommit => f.write_str("the repository has no commit"),
            Self::NoRef => write!(f, "the repository has no {NOTES_REF}"),
            Self::NoNote { commits, cut_off } => {
                let commits = count(*commits as u64, "commit");
                write!(f, "{NOTES_REF} has no note on the newest {commits} of the history")?;
                if *cut_off { f.write_str(", which is cut off there") } else { Ok(()) }
            }
            Self::Unreadable(why) => f.write_str(why),
            Self::UnreadableNote { commit, why } => write!(f, "the note on {commit}: {why}"),
            Self::TooLarge(what) => write!(f, "too large to be read: {what}"),
            Self::Stopped => f.write_str("the notes were not read to their end"),
        }
    }
}

impl Missing {
    /// What the user can do.
    #[must_use]
    pub const fn cure(&self) -> Option<&'static str> {
        match self {
            Self::NoRef => Some("git fetch origin refs/notes/proofmark:refs/notes/proofmark"),
            Self::NoNote { cut_off: true, .. } => Some("git fetch --unshallow"),
            Self::Unreadable(_) | Self::UnreadableNote { .. } => {
                Some("git fetch origin +refs/notes/proofmark:refs/notes/proofmark")
            }
            _ => None,
        }
    }
}

/// Reads the notes on `HEAD` and what comes before it, in the local repository that `root` lies in. `stop` is
/// asked between commits.
#[must_use]
pub fn notes(root: &Path, stop: &dyn Fn() -> bool) -> Notes {
    let opened = path::real(root).map_err(Trouble::Root).and_then(|root| open::find(&root));
    let mut notes = Notes::default();
    let ended = match &opened {
        Ok(Some(found)) => read(&found.repo, stop, &mut notes),
        Ok(None) => Err(Missing::NoRepository),
        Err(trouble) => Err(Missing::Unreadable(trouble.to_string())),
    };
    notes.missing.extend(ended.err());
    notes
}

fn unreadable(what: &'static str) -> impl Fn(git2::Error) -> Missing {
    move |error| Missing::Unreadable(format!("libgit2 can't read {what}: {}", words(&error)))
}

fn read(repo: &Repository, stop: &dyn Fn() -> bool, into: &mut Notes) -> Result<(), Missing> {
    let mut trees = Trees::of(repo)?;
    let head = match repo.head().and_then(|head| head.peel_to_commit()) {
        Ok(commit) => commit.id(),
        Err(error) if error.code() == ErrorCode::UnbornBranch => return Err(Missing::NoCommit),
        Err(error) => return Err(unreadable("HEAD")(error)),
    };
    let mut walk = repo.revwalk().map_err(unreadable("the history"))?;
    walk.set_sorting(git2::Sort::TIME).map_err(unreadable("the history"))?;
    walk.push(head).map_err(unreadable("the history"))?;
    let (mut commits, mut cut_off, mut left) = (0, repo.is_shallow(), ALL_MAX);
    for commit in walk.take(COMMITS_MAX) {
        if stop() {
            return Err(Missing::Stopped);
        }
        // Behind the edge of a shallow clone there is nothing to find.
        let Ok(commit) = commit else {
            cut_off = true;
            break;
        };
        commits += 1;
        match trees.note(commit, &mut left) {
            Ok(None) => continue,
            Ok(Some(content)) => {
                into.found.push(Note { commit: commit.to_string(), content });
            }
            Err(why @ (Missing::UnreadableNote { .. } | Missing::TooLarge(_))) => {
                let last = left == 0 || trees.left == 0;
                into.missing.push(why);
                if last {
                    return Ok(());
                }
            }
            Err(why) => return Err(why),
        }
        if into.found.len() + into.missing.len() >= NOTES_MAX {
            return Ok(());
        }
    }
    if into.found.is_empty() && into.missing.is_empty() {
        return Err(Missing::NoNote { commits, cut_off });
    }
    Ok(())
}

/// The trees of notes, each read once.
struct Trees<'r> {
    repo: &'r Repository,
    root: Oid,
    read: HashMap<Oid, Tree<'r>>,
    /// Bytes of trees that may still be read.
    left: u64,
}

impl<'r> Trees<'r> {
    fn of(repo: &'r Repository) -> Result<Self, Missing> {
        let notes = match repo.find_reference(NOTES_REF) {
            Ok(found) => found,
            Err(error) if error.code() == ErrorCode::NotFound => return Err(Missing::NoRef),
            Err(error) => return Err(unreadable(NOTES_REF)(error)),
        };
        // A tag or a link of a ref is followed as git does it; a blob leads nowhere.
        let root = notes.peel_to_tree().map_err(unreadable("the tree of refs/notes/proofmark"))?;
        Ok(Self { repo, root: root.id(), read: HashMap::new(), left: TREES_MAX })
    }

    fn tree(&mut self, id: Oid) -> Result<&Tree<'r>, Missing> {
        if !self.read.contains_key(&id) {
            let (size, _) = self.header(id)?;
            let Some(left) = self.left.checked_sub(size) else {
                self.left = 0;
                return Err(Missing::TooLarge(format!(
                    "the trees of {NOTES_REF}, over {} MiB",
                    TREES_MAX >> 20
                )));
            };
            self.left = left;
            let tree = self.repo.find_tree(id).map_err(unreadable("a tree of notes"))?;
            self.read.insert(id, tree);
        }
        self.read.get(&id).ok_or(Missing::Stopped)
    }

    /// An object's size and type, without reading the object.
    fn header(&self, id: Oid) -> Result<(u64, ObjectType), Missing> {
        let header = self.repo.odb().and_then(|objects| objects.read_header(id));
        let (size, kind) = header.map_err(unreadable("an object of the notes"))?;
        Ok((size as u64, kind))
    }

    /// The note on `commit`. Of several, in folders of different depth, all: git joins them so.
    fn note(&mut self, commit: Oid, left: &mut u64) -> Result<Option<Vec<u8>>, Missing> {
        let id = commit.to_string();
        let bad = |why: &str| Missing::UnreadableNote { commit: id.clone(), why: why.to_owned() };
        let mut content: Option<Vec<u8>> = None;
        let (mut folder, mut rest) = (self.root, id.as_str());
        loop {
            let tree = self.tree(folder)?;
            let entry = |name: &str| {
                let entry = tree.get_name(name)?;
                Some((entry.id(), entry.kind(), entry.filemode()))
            };
            let (here, below) = (entry(rest), rest.get(..2).and_then(entry));
            if let Some((blob, kind, mode)) = here {
                if kind != Some(ObjectType::Blob) || !REGULAR.contains(&mode) {
                    return Err(bad("it is no file"));
                }
                let more = self.blob(blob, left).map_err(|why| match why {
                    Missing::Unreadable(why) => bad(&why),
                    other => other,
                })?;
                let content = content.get_or_insert_default();
                if content.last().is_some_and(|last| *last != b'\n') {
                    content.push(b'\n');
                }
                content.extend(more);
            }
            match below {
                Some((tree, Some(ObjectType::Tree), _)) => folder = tree,
                _ => return Ok(content),
            }
            rest = rest.get(2..).unwrap_or_default();
        }
    }

    fn blob(&self, id: Oid, left: &mut u64) -> Result<Vec<u8>, Missing> {
        let (size, kind) = self.header(id)?;
        if kind != ObjectType::Blob {
            return Err(Missing::Unreadable("it is no file".to_owned()));
        }
        if size > NOTE_MAX {
            return Err(Missing::TooLarge(format!("a note over {} MiB", NOTE_MAX >> 20)));
        }
        let Some(rest) = left.checked_sub(size) else {
            *left = 0;
            return Err(Missing::TooLarge(format!("the notes, over {} MiB", ALL_MAX >> 20)));
        };
        *left = rest;
        let blob = self.repo.find_blob(id).map_err(unreadable("a note"))?;
        Ok(blob.content().to_vec())
    }
}
