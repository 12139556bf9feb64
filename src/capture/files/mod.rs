//! What a bracket saw below its root: inputs before, outputs after.

use crate::base::text::{count, printable};
use crate::base::tree::{
    self, Content, Differences, Entry, Kind, Patterns, Problem, Tree, Trouble,
};
use crate::format::evidence::{
    Change, Count, FileEntry, FileKind, GitClass, Inputs, Outputs, PathText,
};
use crate::format::fact::{Basis, Fact, Gap, Sealable};

mod select;

pub use select::{ArtefactArg, SelectError, Selected, Selection, select, word};

/// Most files that a list holds; where there are more, only the root digest and the counts tell.
pub const LISTED_MAX: u64 = 200_000;
/// Paths that a gap names.
const NAMED: usize = 3;

/// Says what git makes of a path.
pub type Classifier<'a> = &'a dyn Fn(&[u8]) -> Option<GitClass>;

/// The inputs: what was below the root when the bracket opened, or of that what `include` takes.
///
/// `excluded` are the patterns and paths that the walk left out; `.git` is added. What changed while
/// the build ran is not known yet: see [`changed_during_build`].
#[must_use]
pub fn inputs(
    tree: &Tree,
    include: Option<&Patterns>,
    class: Option<Classifier<'_>>,
    mut excluded: Vec<String>,
) -> (Inputs, Vec<Gap>) {
    let part = "inputs";
    let included = |path: &[u8]| include.is_none_or(|include| include.matches(path));
    let entries = || tree.iter().filter(|entry| included(entry.path));
    let (mut all, mut by_class) = (Count::default(), [Count::default(); 3]);
    for entry in entries() {
        add(&mut all, &entry);
        if let Some([tracked, untracked, ignored]) = class.map(|_| &mut by_class) {
            match class.and_then(|class| class(entry.path)) {
                Some(GitClass::Tracked) => add(tracked, &entry),
                Some(GitClass::Untracked) => add(untracked, &entry),
                Some(GitClass::Ignored) => add(ignored, &entry),
                None => {}
            }
        }
    }
    let is_meant = |problem: &&Problem| {
        matches!(problem.trouble, Trouble::UnreadableFolder(_)) || included(&problem.path)
    };
    let problems: Vec<&Problem> = tree.problems().iter().filter(is_meant).collect();
    let not_reached = entries().filter(|entry| entry.content == Content::NotReached).count();
    let mut gaps = gaps(part, &problems, not_reached as u64, tree.is_complete());
    if include.is_some() && all.files == 0 {
        let cure = "correct the --input arguments";
        gaps.push(Gap::new(part, "no file is what the inputs were said to be", cure));
    }
    let list = || entries().map(|entry| file_entry(&entry, class, None)).collect();
    let files = listed(part, all.files, &mut gaps, list);
    let [tracked, untracked, ignored] = by_class.map(|count| class.map(|_| count));
    excluded.push(".git".to_owned());
    excluded.sort_unstable();
    excluded.dedup();
    let inputs = Inputs {
        root: tree.root_digest(included),
        all,
        tracked,
        untracked,
        ignored,
        files,
        excluded,
        changed_during_build: Sealable::default(),
        changed_while_read: changed_while_read(&problems),
        caches: Fact::unavailable(Basis::Read, "not looked at"),
    };
    (inputs, gaps)
}

/// Inputs that were others, or gone, when the bracket closed.
#[must_use]
pub fn changed_during_build(
    differences: &Differences<'_>,
    include: Option<&Patterns>,
) -> Vec<PathText> {
    differences
        .iter()
        .filter(|(change, entry)| {
            *change != tree::Change::Made
                && include.is_none_or(|include| include.matches(entry.path))
        })
        .map(|(_, entry)| PathText::from_bytes(entry.path))
        .collect()
}

/// The outputs: what the build made, changed or deleted.
///
/// Of what is gone the entry says what it was.
#[must_use]
pub fn outputs(
    differences: &Differences<'_>,
    class: Option<Classifier<'_>>,
) -> (Outputs, Vec<Gap>) {
    let part = "outputs";
    let now = differences.now();
    let problems: Vec<&Problem> = now.problems().iter().collect();
    let mut gaps = gaps(part, &problems, now.not_reached(), now.is_complete());
    let (mut made, mut changed, mut deleted) = (0, 0, 0);
    for (change, _) in differences.iter() {
        match change {
            tree::Change::Made => made += 1,
            tree::Change::Changed => changed += 1,
            tree::Change::Deleted => deleted += 1,
            tree::Change::Unchanged => {}
        }
    }
    let list = || {
        let entries = differences.iter();
        entries.map(|(change, entry)| file_entry(&entry, class, Some(of(change)))).collect()
    };
    let totals = now.totals();
    let outputs = Outputs {
        root: now.root_digest(|_| true),
        all: Count { files: totals.files, bytes: totals.bytes },
        made,
        changed,
        deleted,
        files: listed(part, made + changed + deleted, &mut gaps, list),
        unchanged_by_metadata: differences.unchanged_by_metadata,
        hashed: differences.hashed,
        changed_while_read: changed_while_read(&problems),
    };
    (outputs, gaps)
}

fn add(count: &mut Count, entry: &Entry<'_>) {
    count.files += 1;
    if entry.kind == Kind::File {
        count.bytes = count.bytes.saturating_add(entry.size);
    }
}

const fn of(change: tree::Change) -> Change {
    match change {
        tree::Change::Made => Change::Made,
        tree::Change::Changed => Change::Changed,
        tree::Change::Unchanged => Change::Unchanged,
        tree::Change::Deleted => Change::Deleted,
    }
}

/// What the build did to a file, judged by its content alone.
pub(super) fn change_of(
    change: tree::Change,
    entry: &Entry<'_>,
    differences: &Differences<'_>,
) -> Change {
    of(select::by_content(change, entry, differences))
}

fn file_entry(
    entry: &Entry<'_>,
    class: Option<Classifier<'_>>,
    change: Option<Change>,
) -> FileEntry {
    FileEntry {
        path: PathText::from_bytes(entry.path),
        kind: match entry.kind {
            Kind::File => FileKind::File,
            Kind::Link => FileKind::Link,
            Kind::Other => FileKind::Other,
        },
        executable: entry.executable,
        sha256: entry.digest,
        size: entry.size,
        // Git was asked when the bracket opened: what it would say of a new path that no known one stands
        // for isn't known.
        git: class
            .and_then(|class| class(entry.path))
            .filter(|class| change != Some(Change::Made) || *class != GitClass::Untracked),
        change,
    }
}

/// The list, unless it is too long: a file of more than some hundred thousand lines helps nobody, and
/// the root digest commits to each of them all the same.
fn listed(
    part: &str,
    files: u64,
    gaps: &mut Vec<Gap>,
    list: impl FnOnce() -> Vec<FileEntry>,
) -> Option<Sealable<Vec<FileEntry>>> {
    if files <= LISTED_MAX {
        return Some(Sealable::Inline(list()));
    }
    let reason = format!(
        "{} are counted and covered by the root digest, and not listed (at most {LISTED_MAX} are)",
        count(files, "file")
    );
    gaps.push(Gap::new(part, reason, "leave out with --exclude what need not be listed"));
    None
}

fn changed_while_read(problems: &[&Problem]) -> Vec<PathText> {
    let changed = problems.iter().filter(|problem| problem.trouble == Trouble::ChangedWhileRead);
    changed.map(|problem| PathText::from_bytes(&problem.path)).collect()
}

/// What the problems of a pass mean for the evidence.
fn gaps(part: &str, problems: &[&Problem], not_reached: u64, complete: bool) -> Vec<Gap> {
    let (mut files, mut folders, mut changed, mut waiting) = (vec![], vec![], vec![], vec![]);
    for problem in problems {
        let path = shown(&problem.path);
        match &problem.trouble {
            Trouble::Unreadable(why) => files.push(format!("{path} ({why})")),
            Trouble::UnreadableFolder(why) => folders.push(format!("{path} ({why})")),
            Trouble::ChangedWhileRead => changed.push(path),
            Trouble::NotReached => waiting.push(path),
        }
    }
    let mut gaps = Vec::new();
    let mut gap =
        |number: u64, before: &str, noun: &str, after: &str, names: &[String], cure: &str| {
            if number > 0 {
                let reason =
                    format!("{before}{} {after}: {}", count(number, noun), named(number, names));
                gaps.push(Gap::new(part, reason, cure));
            }
        };
    let rights = "give the job the right to read them, or leave them out with --exclude";
    gap(files.len() as u64, "", "file", "could not be read", &files, rights);
    gap(folders.len() as u64, "what is in ", "folder", "is not known", &folders, rights);
    gap(
        changed.len() as u64,
        "",
        "file",
        "changed while being read, so that the digest may be of a mixture",
        &changed,
        "let nothing write below the root while proofmark reads, or leave such files out with --exclude",
    );
    let time = "give the job the time to end before it is stopped";
    gap(not_reached, "stopped before ", "file", "could be read", &waiting, time);
    if !complete {
        gaps.push(Gap::new(part, "stopped before all files were listed", time));
    }
    gaps
}

/// The first few, and how many there are besides.
fn named(number: u64, names: &[String]) -> String {
    let mut text = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let rest = number.saturating_sub(names.len().min(NAMED) as u64);
    if rest > 0 {
        let and = if text.is_empty() { "" } else { " and " };
        text.push_str(&format!("{and}{rest} more"));
    }
    text
}

/// A path for people.
fn shown(path: &[u8]) -> String {
    if path.is_empty() { "the root".to_owned() } else { printable(&String::from_utf8_lossy(path)) }
}

#[cfg(test)]
mod tests;
