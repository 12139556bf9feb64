//! One push: fetch what is there, add to it, push; again where others were first.

use std::time::Duration;

use super::git::{Git, succeeded};
use super::tree::{Added, add};
use super::{Failure, NOTES_REF};
use crate::base::process::Answer;
use crate::base::random;

/// How often it is tried.
const TRIES: u8 = 5;
/// What servers and git say where somebody else's push was going on. Others' words are known by the remote
/// having moved.
const BUSY: &[&str] = &[
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
    "reference already exists",
];

/// What is to be pushed.
pub(super) struct Parcel {
    /// The full id of the commit that the lines go to.
    pub(super) commit: String,
    /// Lines of evidence, without their line feeds.
    pub(super) lines: Vec<Vec<u8>>,
}

/// What came of it.
pub(super) enum Outcome {
    /// The note has every line already.
    ThereAlready,
    /// They are at the remote.
    Pushed {
        /// The id of the commit of notes.
        notes: String,
        /// How many lines were new.
        lines: usize,
        /// At which try, counted from 1.
        tries: u8,
    },
}

/// Pushes, and makes no ref here.
pub(super) fn push(git: &Git, parcel: &Parcel) -> Result<Outcome, Failure> {
    let mut last = None;
    for tries in 1..=TRIES {
        if tries > 1 {
            wait(tries);
        }
        let base = git.remote_notes()?;
        if let Some(base) = &base
            && !git.fetch(base)?
        {
            // It was rewritten between two questions.
            last = None;
            continue;
        }
        let tree = base.as_ref().map(|base| format!("{base}^{{tree}}"));
        let (tree, lines) = match add(git, tree.as_deref(), &parcel.commit, &parcel.lines)? {
            Added::Nothing => return Ok(Outcome::ThereAlready),
            Added::Lines(tree, lines) => (tree, lines),
        };
        let mut commit = vec!["commit-tree", "-m", "Notes added by proofmark notes push"];
        if let Some(base) = &base {
            commit.extend(["-p", base]);
        }
        commit.push(&tree);
        let notes = git.make(&commit, Vec::new())?;
        let said = git.push(&notes)?;
        if succeeded(&said) {
            return Ok(Outcome::Pushed { notes, lines, tries });
        }
        let now = git.remote_notes()?;
        if now.as_ref() == Some(&notes) {
            // Only the answer was lost.
            return Ok(Outcome::Pushed { notes, lines, tries });
        }
        if now == base && !is_busy(&said) {
            let failure = git.failed("git can't push the notes", &said);
            return Err(failure.hint("nothing was changed, here or there"));
        }
        last = Some(said);
    }
    let what = format!("{NOTES_REF} of the remote changed at each of {TRIES} tries");
    let failure = match last {
        Some(said) => git.failed(&what, &said),
        None => Failure::trouble(what),
    };
    Err(failure.hint("nothing was changed, here or there, and nothing is forced; try again later"))
}

fn is_busy(said: &Answer) -> bool {
    let both = [&said.stdout, &said.stderr].map(|said| String::from_utf8_lossy(said));
    BUSY.iter().any(|words| both.iter().any(|said| said.contains(words)))
}

/// Longer from try to try, and not the same for all who try.
fn wait(tries: u8) {
    let [jitter] = random::bytes::<1>().unwrap_or_default();
    let most = 50 * u64::from(tries);
    std::thread::sleep(Duration::from_millis(most / 2 + most * u64::from(jitter) / 510));
}
