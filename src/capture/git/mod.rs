//! Facts about the repository, read by libgit2. Nothing is written, fetched or run: no hook, no
//! filter driver, no `core.fsmonitor`, whatever the repository's configuration says.
//!
//! As `git status` does, this trusts the index where a file's times, size and inode are as they were
//! when git last looked. Whether the files are those of the commit byte by byte is not checked here.

mod classes;
mod committed;
mod history;
pub mod levels;
pub mod notes;
mod open;
mod path;
mod people;
mod remote;
mod settings;
mod survey;
mod tags;
#[cfg(test)]
pub(in crate::capture) mod tests;
mod watch;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use git2::{Commit, ErrorCode, Repository};

pub use self::classes::Classes;
pub use self::committed::{
    Committed, CommittedFile, FileAtCommit, at_commit, committed, is_committed,
};
pub use self::history::{AllowedSigners, AllowedSignersError, Ancestry, Range, ancestry, history};
use self::open::{Found, Trouble};
use self::settings::Settings;
use self::survey::Survey;
use self::tags::Tags;
pub use self::watch::{Watch, WatchError};
use crate::base::digest::{Sha256, Sha256Hasher};
use crate::base::text::count;
use crate::format::evidence::{DirtyFile, GitClass, PathText, Source};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

/// Most dirty files that are listed; all are counted.
const DIRTY_MAX: usize = 10_000;
/// Most bytes of dirty files that are read for their digests.
const HASHED_MAX: u64 = 1 << 30;

/// The repository, as far as it could be read.
#[derive(Debug)]
pub struct Git {
    /// The facts; absent without a repository.
    pub source: Fact<Source>,
    /// What is missing of them.
    pub gaps: Vec<Gap>,
    /// What was withheld of them.
    pub redactions: Vec<Withheld>,
    /// What git makes of each path below the root; none without a repository or a work tree.
    pub classes: Option<Classes>,
    tag_objects: BTreeMap<String, String>,
}

impl Git {
    fn without_facts(source: Fact<Source>, gaps: Vec<Gap>) -> Self {
        Self { source, gaps, redactions: Vec::new(), classes: None, tag_objects: BTreeMap::new() }
    }

    /// For a repository that there was no time to read to its end.
    #[must_use]
    pub fn not_reached() -> Self {
        let reason = "the repository was not read to its end before the end was asked for";
        let gap = Gap::without_cure("source", reason);
        Self::without_facts(Fact::unavailable(Basis::Read, reason), vec![gap])
    }

    /// What git makes of a path relative to the root, with `/` between the parts; none without a
    /// repository, or without a work tree.
    ///
    /// Files of a submodule that is checked out are classed by the submodule.
    #[must_use]
    pub fn class(&self, path_relative_to_root: &[u8]) -> Option<GitClass> {
        self.classes.as_ref().map(|classes| classes.of(path_relative_to_root))
    }

    /// The tag object behind `ref_name`, such as `refs/tags/v1`, where that is an annotated tag of
    /// the commit that is checked out. Where HEAD is detached, the platform names the ref.
    #[must_use]
    pub fn tag_object(&self, ref_name: &str) -> Option<&str> {
        self.tag_objects.get(ref_name).map(String::as_str)
    }
}

/// Reads the repository that `root` lies in. Never fails: what can't be read is a gap.
#[must_use]
pub fn capture(root: &Path) -> Git {
    let captured = open::find_at(root)
        .and_then(|found| found.map(|(root, found)| facts(&root, &found)).transpose());
    match captured {
        Ok(Some(git)) => git,
        Ok(None) => Git::without_facts(Fact::absent(Basis::Read), Vec::new()),
        Err(trouble) => {
            let reason = trouble.to_string();
            let gap = trouble.gap("source", &reason);
            Git::without_facts(Fact::unavailable(Basis::Read, reason), vec![gap])
        }
    }
}

fn facts(root: &Path, found: &Found) -> Result<Git, Trouble> {
    let repo = &found.repo;
    let settings = Settings::read(repo).map_err(Trouble::unreadable("the configuration"))?;
    let mut source = Source {
        shallow: found.is_shallow(),
        partial: settings.partial,
        sparse: settings.sparse,
        linked_worktree: repo.path() != repo.commondir(),
        separate_git_dir: found.separate_git_dir,
        foreign_owner: found.foreign_owner,
        bare: repo.is_bare(),
        ..Source::default()
    };
    let mut gaps = Vec::new();
    let mut redactions = Vec::new();
    remote::repository(repo, &settings, &mut source, &mut gaps, &mut redactions);
    let commit = head(repo, &mut source).map_err(Trouble::unreadable("HEAD"))?;
    let mut tag_objects = BTreeMap::new();
    if let Some(commit) = commit {
        source.people = people::read(&commit, &mut gaps, &mut redactions);
        let commit = commit.id();
        let tags = Tags::read(repo).map_err(Trouble::unreadable("the tags"))?;
        source.last_tag = tags.last(repo, commit, source.shallow, &mut gaps);
        tag_objects = tags.objects(commit);
        source.tag_object =
            source.ref_name.as_ref().and_then(|name| tag_objects.get(name)).cloned();
    }
    let mut classes = None;
    if let Some(work_tree) = repo.workdir() {
        let work_tree = path::real(work_tree).or(Err(Trouble::Elsewhere))?;
        let mut survey = Survey::new(&work_tree, Classes::new(found.below(root)?));
        survey.look(repo, &settings, b"", 0)?;
        list_dirty(&survey, &mut source, &mut gaps);
        say_what_is_unknown(&survey, &mut gaps);
        source.submodules = survey.submodules;
        source.submodules.sort();
        redactions.append(&mut survey.redactions);
        classes = Some(survey.classes);
    }
    Ok(Git { source: Fact::observed(Basis::Read, source), gaps, redactions, classes, tag_objects })
}

/// Fills `ref`, `commit` and `tree`, as far as there is a commit.
fn head<'r>(repo: &'r Repository, source: &mut Source) -> Result<Option<Commit<'r>>, git2::Error> {
    let head = repo.find_reference("HEAD")?;
    if let Some(name) = head.symbolic_target_bytes() {
        source.ref_name = Some(path::text(name));
        source.ref_from = Some("HEAD".to_owned());
    }
    let commit = match repo.head() {
        Ok(head) => head.peel_to_commit()?,
        Err(error) if error.code() == ErrorCode::UnbornBranch => return Ok(None),
        Err(error) => return Err(error),
    };
    source.commit = Some(commit.id().to_string());
    source.tree = Some(commit.tree_id().to_string());
    Ok(Some(commit))
}

fn list_dirty(survey: &Survey, source: &mut Source, gaps: &mut Vec<Gap>) {
    const PART: &str = "source.dirty";
    let mut left = HASHED_MAX;
    let mut unread = 0;
    let mut files = Vec::new();
    for (path, status) in survey.dirty.iter().take(DIRTY_MAX) {
        let sha256 = hash(&survey.on_disk(path), &mut left).unwrap_or_else(|_| {
            unread += 1;
            None
        });
        files.push(DirtyFile {
            path: PathText::from_bytes(path),
            status: (*status).to_owned(),
            sha256,
        });
    }
    source.dirty = Sealable::Inline(files);
    source.dirty_count = survey.dirty.len() as u64;
    if survey.dirty.len() > DIRTY_MAX {
        gaps.push(Gap::new(
            PART,
            format!(
                "{} differ from the commit, {DIRTY_MAX} are listed",
                count(source.dirty_count, "file")
            ),
            "build from a clean checkout, or let `.gitignore` name what the build makes",
        ));
    }
    if unread > 0 {
        let files = count(unread, "file");
        gaps.push(Gap::new(
            PART,
            format!(
                "no digest of {files} among those that differ: unreadable, or too large together"
            ),
            format!("build from a clean checkout; {} MiB of such files are read", HASHED_MAX >> 20),
        ));
    }
}

/// The digest of a regular file; none for what is something else or not there, which is no error.
fn hash(path: &Path, left: &mut u64) -> io::Result<Option<Sha256>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // A folder that was a file's: what was below it isn't there.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Ok(metadata) if metadata.len() > *left => return Err(io::ErrorKind::FileTooLarge.into()),
        other => other?,
    };
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // It may have become a link or a FIFO since; a FIFO would be waited for without end.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut hasher = Sha256Hasher::default();
    let read = io::copy(&mut file.take(left.saturating_add(1)), &mut hasher)?;
    *left = left.checked_sub(read).ok_or(io::ErrorKind::FileTooLarge)?;
    Ok(Some(hasher.finish()))
}

/// A count of dirty files is no whole answer where some files could not be judged.
fn say_what_is_unknown(survey: &Survey, gaps: &mut Vec<Gap>) {
    let lax: Vec<&str> = survey.lax.iter().copied().collect();
    if !lax.is_empty() {
        gaps.push(Gap::new(
            "source.dirty",
            format!("some changes aren't seen: {} makes git look less closely", lax.join(", ")),
            "unset it: `git config --unset`",
        ));
    }
    let mut say = |number: u64, part, noun: &str, reason: String, cure: &str| {
        if number > 0 {
            gaps.push(Gap::new(part, format!("{} {reason}", count(number, noun)), cure));
        }
    };
    let names: Vec<&str> = survey.filters.iter().map(String::as_str).collect();
    say(
        survey.filtered,
        "source.dirty",
        "file",
        format!("may be changed or not: libgit2 doesn't run the filter ({})", names.join(", ")),
        "let git itself look, and note what it saw, before the build: `git status`",
    );
    say(
        survey.told_unchanged,
        "source.dirty",
        "file",
        "may be changed: git was told to take them as unchanged (assume-unchanged, skip-worktree)"
            .to_owned(),
        "`git update-index --no-assume-unchanged --no-skip-worktree -- FILE`; `git ls-files -v` lists them",
    );
    say(
        survey.nested,
        "source.dirty",
        "folder",
        "inside the work tree with a `.git` and no entry as a submodule: nothing is known of the files there".to_owned(),
        "make it a submodule, or move it out of the work tree",
    );
    say(
        survey.closed,
        "source.submodules",
        "submodule",
        "could not be looked into".to_owned(),
        "see what `git submodule status --recursive` says",
    );
    say(
        survey.odd_urls,
        "source.submodules",
        "submodule",
        "without a URL: `.gitmodules` has a local path or the command of a remote helper"
            .to_owned(),
        "let `.gitmodules` have the URL",
    );
}
