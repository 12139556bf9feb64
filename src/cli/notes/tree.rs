//! The tree of notes with one note more. All else in it is kept as it is.

use super::Failure;
use super::git::Git;
use crate::base::text::count;
use crate::capture::git::notes::{NOTE_MAX, NOTES_REF};

/// Records of a tree as `ls-tree -z` prints and `mktree -z` reads them.
#[derive(Default)]
struct Listing(Vec<Vec<u8>>);

impl Listing {
    fn of(git: &Git, tree: &str) -> Result<Self, Failure> {
        let what = "git can't read the tree of notes";
        let printed = git.must(what, &["ls-tree", "-z", tree], Vec::new())?;
        let records = printed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
        Ok(Self(records.map(<[u8]>::to_vec).collect()))
    }

    /// The type and id of what has this name.
    fn find(&self, name: &str) -> Option<(&str, &str)> {
        let record = self.0.iter().find(|record| Self::has_name(record, name))?;
        let (mode_type_id, _) = std::str::from_utf8(record).ok()?.split_once('\t')?;
        let mut words = mode_type_id.split(' ');
        let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
        // A link is a blob too.
        Some((if mode == "120000" { "link" } else { kind }, id))
    }

    fn has_name(record: &[u8], name: &str) -> bool {
        let mut parts = record.splitn(2, |byte| *byte == b'\t');
        parts.nth(1) == Some(name.as_bytes())
    }

    /// With another record of that name; the id of the tree.
    fn with(mut self, git: &Git, kind: &str, id: &str, name: &str) -> Result<String, Failure> {
        self.0.retain(|record| !Self::has_name(record, name));
        let mode = if kind == "tree" { "040000" } else { "100644" };
        self.0.push(format!("{mode} {kind} {id}\t{name}").into_bytes());
        let mut input = self.0.join(&0);
        input.push(0);
        // What others put there need not be here, nor be whole, to be kept.
        git.make(&["mktree", "-z", "--missing"], input)
    }
}

/// What became of the tree.
pub(super) enum Added {
    /// Every line is there already.
    Nothing,
    /// The new tree's id, and how many lines are new.
    Lines(String, usize),
}

/// Adds `lines` to the note on `commit` in `tree`.
///
/// The note stays where it is; a new one goes into a folder of the first two digits of its name, or as deep
/// as there are folders for it, so that no tree grows with every commit that has a note.
pub(super) fn add(
    git: &Git,
    tree: Option<&str>,
    commit: &str,
    lines: &[Vec<u8>],
) -> Result<Added, Failure> {
    let mut levels: Vec<Listing> = Vec::new();
    let mut place: Option<usize> = None;
    let mut notes: Vec<Vec<u8>> = Vec::new();
    let mut next = tree.map(str::to_owned);
    while let Some(tree) = next.take() {
        let listing = Listing::of(git, &tree)?;
        let level = levels.len();
        match listing.find(name_at(commit, level)) {
            Some(("blob", id)) => {
                let what = "git can't read the note";
                notes.push(git.must(what, &["cat-file", "blob", id], Vec::new())?);
                place.get_or_insert(level);
            }
            Some(_) => {
                return Err(Failure::trouble(format_args!(
                    "what {NOTES_REF} of the remote has in the place of a note on commit {commit} is no file, and was left as it is"
                ))
                .hint("see what it is: git ls-tree -r"));
            }
            None => {}
        }
        if let Some(("tree", id)) = listing.find(folder_at(commit, level)) {
            next = Some(id.to_owned());
        }
        levels.push(listing);
    }
    let held = |line: &Vec<u8>| {
        let same = |held: &[u8]| held.trim_ascii() == line.as_slice();
        notes.iter().any(|note| note.split(|byte| *byte == b'\n').any(same))
    };
    let new: Vec<&Vec<u8>> = lines.iter().filter(|line| !held(line)).collect();
    if new.is_empty() {
        return Ok(Added::Nothing);
    }
    let place = place.unwrap_or_else(|| {
        // What stands in the way of a folder stays.
        let free = levels.first().is_none_or(|root| root.find(folder_at(commit, 0)).is_none());
        if free && levels.len() < 2 {
            levels.resize_with(2, Listing::default);
        }
        levels.len().saturating_sub(1)
    });
    let mut content = notes.into_iter().next().unwrap_or_default();
    if content.last().is_some_and(|last| *last != b'\n') {
        content.push(b'\n');
    }
    for line in &new {
        content.extend_from_slice(line);
        content.push(b'\n');
    }
    if content.len() as u64 > NOTE_MAX {
        return Err(Failure::trouble(format_args!(
            "the note of commit {commit} would be larger than {} MiB with {} more",
            NOTE_MAX >> 20,
            count(new.len() as u64, "line")
        )));
    }
    let added = new.len();
    let mut id = git.make(&["hash-object", "-w", "-t", "blob", "--stdin"], content)?;
    let (mut kind, mut name) = ("blob", name_at(commit, place));
    for (level, listing) in levels.into_iter().enumerate().take(place.saturating_add(1)).rev() {
        id = listing.with(git, kind, &id, name)?;
        kind = "tree";
        name = folder_at(commit, level.saturating_sub(1));
    }
    Ok(Added::Lines(id, added))
}

/// A note's name below so many folders.
fn name_at(commit: &str, level: usize) -> &str {
    commit.get(level.saturating_mul(2)..).unwrap_or_default()
}

/// The name of the folder that leads on.
fn folder_at(commit: &str, level: usize) -> &str {
    name_at(commit, level).get(..2).unwrap_or_default()
}
