//! The commits since another build, or since the last tag, and what of the build environment each touches.
//!
//! All that a commit says is what somebody wrote into it. The parents are taken from the commits
//! themselves, so that neither grafts nor a commit graph can hide one.

mod allowed_signers;
mod graph;
mod log;
mod message;
pub(super) mod object;
mod signature;
mod touched;

use std::path::Path;

use git2::{ErrorCode, Odb, Oid, Repository};

pub use self::allowed_signers::{AllowedSigners, AllowedSignersError};
use self::graph::Reach;
use self::log::{Means, Pass};
use self::object::{Commit, NoObject};
use self::touched::Comparer;
use super::open::{self, Trouble};
use super::people::Book;
use super::watch::Watch;
use crate::capture::Captured;
use crate::capture::redact::Redactor;
use crate::format::evidence::{CommitLog, LastTag};
use crate::format::fact::{Basis, Fact};

const PART: &str = "changes.commits";
/// Most people.
const PEOPLE_MAX: usize = 20_000;
const FETCH: &str = "fetch all of the history: `git fetch --unshallow --tags` (actions/checkout: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`)";

/// Where the log begins: after the baseline, else after the last tag, else with the first commit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range<'a> {
    /// The commit of the build before, as a statement names it: it may be any text.
    pub baseline: Option<&'a str>,
    /// The last tag.
    pub last_tag: Option<&'a LastTag>,
}

/// Whether a commit is HEAD's or comes before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ancestry {
    /// It is HEAD's.
    Same,
    /// HEAD comes after it.
    Ancestor,
    /// All that comes before HEAD was looked at, and it isn't there.
    NotAncestor,
    /// It isn't here, or the history is cut off before it could be met. Why.
    Missing(String),
    /// It can't be told. Why.
    Unreadable(String),
}

/// Whether `commit`, which may be any text, is HEAD's commit or comes before it.
#[must_use]
pub fn ancestry(root: &Path, commit: &str) -> Ancestry {
    let found = match open::find_at(root) {
        Ok(Some((_, found))) => found,
        Ok(None) => return Ancestry::Unreadable("there is no repository".to_owned()),
        Err(trouble) => return Ancestry::Unreadable(trouble.to_string()),
    };
    let (head, odb) = match head(&found.repo).and_then(|head| Ok((head, odb(&found.repo)?))) {
        Ok((Some(head), odb)) => (head, odb),
        Ok((None, _)) => return Ancestry::Unreadable("HEAD has no commit".to_owned()),
        Err(trouble) => return Ancestry::Unreadable(trouble.to_string()),
    };
    let id = match lookup(&odb, commit, found.is_shallow()) {
        Ok(id) => id,
        Err(why) => return Ancestry::Missing(format!("the commit {why}")),
    };
    if id == head {
        return Ancestry::Same;
    }
    match graph::reaches(&odb, head, id, &|| false) {
        Reach::Yes => Ancestry::Ancestor,
        Reach::No => Ancestry::NotAncestor,
        Reach::Cut => {
            Ancestry::Missing("the history is cut off before the commit is met".to_owned())
        }
        Reach::TooMany => Ancestry::Unreadable("there are too many commits".to_owned()),
    }
}

/// HEAD's commit; none where there is no commit yet.
pub(super) fn head(repo: &Repository) -> Result<Option<Oid>, Trouble> {
    match repo.refname_to_id("HEAD") {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(Trouble::unreadable("HEAD")(error)),
    }
}

pub(super) fn odb(repo: &Repository) -> Result<Odb<'_>, Trouble> {
    repo.odb().map_err(Trouble::unreadable("the objects"))
}

/// A commit by all the digits of its id, or why it isn't here.
fn lookup(odb: &Odb<'_>, text: &str, is_shallow: bool) -> Result<Oid, &'static str> {
    let id =
        object::full_id(text).ok_or("isn't named by the id of a commit of such a repository")?;
    match object::commit(odb, id) {
        Ok(object) if Commit::parse(object.data()).is_some() => Ok(id),
        Err(NoObject::Missing) if is_shallow => {
            Err("isn't in the repository, whose history is cut off (shallow)")
        }
        Err(NoObject::Missing) => {
            Err("isn't in the repository: the history was rewritten, or not all of it was fetched")
        }
        _ => Err("can't be read as a commit"),
    }
}

/// The commits of `range` in the repository that `root` lies in. Never fails: what can't be seen is a gap.
#[must_use]
pub fn history(
    root: &Path,
    range: &Range<'_>,
    watch: &Watch,
    signers: Option<&AllowedSigners>,
    redactor: &Redactor,
    stop: &dyn Fn() -> bool,
) -> Captured<CommitLog> {
    let mut gaps = Vec::new();
    let mut redactions = Vec::new();
    let log = open::find_at(root).and_then(|found| {
        let Some((root, found)) = found else { return Ok(None) };
        let Some(head) = head(&found.repo)? else { return Ok(None) };
        let odb = odb(&found.repo)?;
        if let Err(why) = lookup(&odb, &head.to_string(), false) {
            let message = format!("the commit {why}");
            return Err(Trouble::Unreadable { what: "HEAD", message });
        }
        let below = found.below(&root)?;
        let book = Book::new(PEOPLE_MAX).map_err(|error| Trouble::Unreadable {
            what: "the history",
            message: error.to_string(),
        })?;
        let comparer = Comparer::new(&odb, watch, &below);
        let is_shallow = found.is_shallow();
        let means = Means { signers, redactor, stop };
        let pass = Pass::new(&odb, is_shallow, comparer, means, book, &mut gaps, &mut redactions);
        Ok(Some(pass.log(head, range)))
    });
    let fact = match log {
        Ok(Some(log)) => Fact::observed(Basis::Read, log),
        Ok(None) => Fact::absent(Basis::Read),
        Err(trouble) => {
            let reason = trouble.to_string();
            gaps.push(trouble.gap(PART, &reason));
            Fact::unavailable(Basis::Read, reason)
        }
    };
    gaps.sort();
    gaps.dedup();
    redactions.sort();
    redactions.dedup();
    Captured { fact, redactions, gaps }
}
