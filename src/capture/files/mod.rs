//! What a bracket saw of the files: what was there before, what the build made of it.

mod select;

use crate::base::text::{count, printable};
use crate::base::tree::{
    self, Content, Differences, Entry, Kind, Patterns, Problem, Tree, Trouble,
};
use crate::format::evidence::{
    Change, Count, FileEntry, FileKind, GitClass, Inputs, Outputs, PathText,
};
use crate::format::fact::{Gap, Sealable};

pub use select::{ArtefactArg, SelectError, Selected, Selection, select};

/// Longer lists of files are left out: the root digest still stands for all of them.
const LISTED_MAX: u64 = 200_000;
/// Problems that a gap names.
const NAMED_MAX: usize = 5;

/// What git makes of a path relative to the root; `None` where there is no repository.
pub type Class<'a> = &'a dyn Fn(&[u8]) -> Option<GitClass>;

/// What was there when the bracket opened, and what of it was different when the bracket closed.
///
/// `include` narrows the inputs; `None` takes all. `excluded` is recorded as it is.
#[must_use]
pub fn inputs(
    before: &Tree,
    differences: Option<&Differences<'_>>,
    include: Option<&Patterns>,
    class: Class<'_>,
    excluded: Vec<String>,
) -> (Inputs, Vec<Gap>) {
    let included = |path: &[u8]| include.is_none_or(|include| include.matches(path));
    let mut all = Count::default();
    let mut by_class = [Count::default(); 3];
    let mut classified = false;
    let mut files = Vec::new();
    for entry in before.iter().filter(|entry| included(entry.path)) {
        add(&mut all, &entry);
        let git = class(entry.path);
        if let Some(count) = git.and_then(|git| by_class.get_mut(place(git))) {
            classified = true;
            add(count, &entry);
        }
        if all.files <= LISTED_MAX {
            files.push(listed(&entry, git, None));
        }
    }
    let mut gaps = gaps("inputs", before.problems(), before.not_reached(), included);
    let files = if all.files <= LISTED_MAX {
        Some(Sealable::Inline(files))
    } else {
        gaps.push(too_many("inputs.files", all.files));
        None
    };
    let changed = differences
        .into_iter()
        .flat_map(Differences::iter)
        .filter(|(change, entry)| *change != tree::Change::Made && included(entry.path));
    let [tracked, untracked, ignored] = by_class.map(|count| classified.then_some(count));
    let inputs = Inputs {
        root: before.root_digest(included),
        all,
        tracked,
        untracked,
        ignored,
        files,
        excluded,
        changed_during_build: Sealable::Inline(
            changed.map(|(_, entry)| PathText::from_bytes(entry.path)).collect(),
        ),
        changed_while_read: mixed(before.problems(), included),
    };
    (inputs, gaps)
}

/// What the build made, changed or deleted.
#[must_use]
pub fn outputs(differences: &Differences<'_>, class: Class<'_>) -> (Outputs, Vec<Gap>) {
    let mut all = Count::default();
    let (mut made, mut changed, mut deleted) = (0, 0, 0);
    let mut files = Vec::new();
    for (change, entry) in differences.iter() {
        let change = match change {
            tree::Change::Made => Change::Made,
            tree::Change::Changed => Change::Changed,
            tree::Change::Unchanged => continue,
            tree::Change::Deleted => Change::Deleted,
        };
        match change {
            Change::Made => made += 1,
            Change::Changed => changed += 1,
            Change::Deleted => deleted += 1,
            Change::Unchanged => {}
        }
        if change != Change::Deleted {
            add(&mut all, &entry);
        }
        if files.len() as u64 <= LISTED_MAX {
            files.push(listed(&entry, class(entry.path), Some(change)));
        }
    }
    let now = differences.now();
    let mut gaps = gaps("outputs", differences.problems(), now.not_reached(), |_| true);
    let files = if files.len() as u64 <= LISTED_MAX {
        Some(Sealable::Inline(files))
    } else {
        gaps.push(too_many("outputs.files", made + changed + deleted));
        None
    };
    let outputs = Outputs {
        root: now.root_digest(|_| true),
        all,
        made,
        changed,
        deleted,
        files,
        unchanged_by_metadata: differences.unchanged_by_metadata,
        hashed: differences.hashed,
        changed_while_read: mixed(differences.problems(), |_| true),
    };
    (outputs, gaps)
}

const fn place(class: GitClass) -> usize {
    match class {
        GitClass::Tracked => 0,
        GitClass::Untracked => 1,
        GitClass::Ignored => 2,
    }
}

fn add(count: &mut Count, entry: &Entry<'_>) {
    count.files += 1;
    if entry.kind == Kind::File {
        count.bytes = count.bytes.saturating_add(entry.size);
    }
}

fn listed(entry: &Entry<'_>, git: Option<GitClass>, change: Option<Change>) -> FileEntry {
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
        git,
        change,
    }
}

fn mixed(problems: &[Problem], included: impl Fn(&[u8]) -> bool) -> Vec<PathText> {
    let mixed =
        problems.iter().filter(|p| p.trouble == Trouble::ChangedWhileRead && included(&p.path));
    mixed.map(|problem| PathText::from_bytes(&problem.path)).collect()
}

fn too_many(part: &str, files: u64) -> Gap {
    let reason = format!(
        "{files} files are more than the {LISTED_MAX} that are listed; the root digest stands for all"
    );
    Gap::new(part, reason, "narrow the bracket with --root or --exclude")
}

/// One gap a kind of trouble, with how many there are and the first of them.
fn gaps(
    part: &str,
    problems: &[Problem],
    not_reached: u64,
    included: impl Fn(&[u8]) -> bool,
) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut gap = |what: &str, cure: Option<&str>, wanted: &dyn Fn(&Trouble) -> bool| {
        let found: Vec<_> =
            problems.iter().filter(|p| wanted(&p.trouble) && included(&p.path)).collect();
        if found.is_empty() {
            return;
        }
        let named: Vec<_> = found.iter().take(NAMED_MAX).map(|problem| named(problem)).collect();
        let more = if found.len() > NAMED_MAX { ", and more" } else { "" };
        let reason =
            format!("{} {what}: {}{more}", count(found.len() as u64, "path"), named.join(", "));
        gaps.push(match cure {
            Some(cure) => Gap::new(part, reason, cure),
            None => Gap::without_cure(part, reason),
        });
    };
    let readable = "let the build's user read it, or leave it out with --exclude";
    gap("could not be read", Some(readable), &|t| matches!(t, Trouble::Unreadable(_)));
    gap("could not be listed", Some(readable), &|t| matches!(t, Trouble::UnreadableFolder(_)));
    gap(
        "changed while being read",
        Some("stop whatever writes there while proofmark reads"),
        &|t| *t == Trouble::ChangedWhileRead,
    );
    if not_reached > 0 {
        let reason =
            format!("{} were not reached before the end was asked for", count(not_reached, "file"));
        gaps.push(Gap::without_cure(part, reason));
    }
    gaps
}

fn named(problem: &Problem) -> String {
    let path = printable(&String::from_utf8_lossy(&problem.path));
    match &problem.trouble {
        Trouble::Unreadable(why) | Trouble::UnreadableFolder(why) => format!("{path} ({why})"),
        Trouble::ChangedWhileRead | Trouble::NotReached => path,
    }
}

/// Whether an entry's digest is of what is there.
const fn is_sure(entry: &Entry<'_>) -> bool {
    matches!(entry.content, Content::Read)
}
