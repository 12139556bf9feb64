//! `proofmark lock`: the approved build environment is brought up to date, or compared with.

mod environment;
mod evidence;
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::bracket;
use super::capture_args::real_root;
use super::check_args::filled;
use super::failure::{Failure, Fault};
use super::talk::Talk;
use crate::base::file::{self, Access, FileError, Overwrite};
use crate::base::name::ArtefactName;
use crate::base::text::{Printable, printable_path};
use crate::capture::git::{self, Committed};
use crate::drift;
use crate::format::lock::{Class, LOCK_FILE, LOCK_MAX, Lock, LockError, Section, update};
use environment::Subject;

/// Write what is approved of a build's environment into proofmark.lock, or compare with it
#[derive(Debug, Args)]
#[command(
    after_help = "Comments, reasons, tickets and expiries of the file stay, and so do other lanes' parts. The file counts
once it is reviewed and committed.
Exit code: 0, written; 1, the build isn't one to approve; 2, wrong arguments, no evidence file, a lock
that can't be parsed. With --check: 0, no drift; 1, drift; 2, the same; 3, nothing to compare with."
)]
pub(super) struct LockArgs {
    /// Approve, or check, the environment of the builds in this evidence; else this machine's
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Trust this public key for --from; by default your own; may be repeated
    #[arg(long = "trust-key", value_name = "PUB", requires = "from", allow_hyphen_values = true)]
    trust_keys: Vec<String>,
    /// Write nothing: compare the environment with what is approved
    #[arg(long)]
    check: bool,
    /// The repository's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// The project's folder in a repository of several, relative to the root
    #[arg(long, value_name = "PATH", value_parser = filled)]
    project: Option<String>,
    /// The leg of a matrix that this job is; `null`, `{}` and an empty text are none
    #[arg(long, value_name = "TEXT", conflicts_with = "from")]
    leg: Option<String>,
    /// Settings, in place of `proofmark.toml` in the root
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &LockArgs, talk: Talk, out: &mut dyn Write) -> Result<u8, Failure> {
    let root = real_root(&args.root)?;
    let project = args.project.as_deref().map(project).transpose()?;
    // Before anything is captured: whoever has no lock to compare with need not wait.
    let place = if args.check {
        None
    } else {
        let path = path_of(&root, project.as_ref());
        let text = read(&path)?;
        Some((path, text))
    };
    let approved = match place {
        Some(_) => None,
        None => Some(approved(&root, project.as_ref(), talk)?),
    };
    let subjects = match &args.from {
        Some(path) => evidence::subjects(path, &args.trust_keys, args.check, talk)?,
        None => vec![environment::of_this_machine(args, &root, project.as_ref(), talk)?],
    };
    for subject in &subjects {
        same_project(subject, project.as_ref())?;
    }
    match (place, approved) {
        (Some((path, text)), _) => write(&path, text, &subjects, talk).map(|()| 0),
        (None, Some(lock)) => words::check(&lock, &subjects, out),
        (None, None) => Ok(0),
    }
}

/// The lane's project is where its lock lies: one that the evidence alone names would choose which file is
/// written.
fn same_project(subject: &Subject, project: Option<&ArtefactName>) -> Result<(), Failure> {
    let (given, found) = (project.map(ArtefactName::as_str), subject.lane.project.as_deref());
    if given == found {
        return Ok(());
    }
    let shown = |name: Option<&str>| {
        name.map_or_else(|| "none".to_owned(), |name| Printable(name).to_string())
    };
    Err(Failure::usage(format_args!(
        "--project: expected the project of the build, {}, found {}",
        shown(found),
        shown(given)
    ))
    .hint("name the folder of the project that was built, as it was named there"))
}

fn project(given: &str) -> Result<ArtefactName, Failure> {
    given.trim_end_matches('/').parse().map_err(|error| {
        Failure::usage(format_args!("--project {}: {error}", Printable(given)))
            .hint("give a plain path below the root, as in --project services/api")
    })
}

fn path_of(root: &Path, project: Option<&ArtefactName>) -> PathBuf {
    project.map_or_else(|| root.to_owned(), |name| root.join(name.as_str())).join(LOCK_FILE)
}

/// The lock that counts: the one that HEAD has, and that was reviewed.
fn approved(root: &Path, project: Option<&ArtefactName>, talk: Talk) -> Result<Lock, Failure> {
    let path = bracket::lock_path(project.map(ArtefactName::as_str));
    let none = |why: &str| {
        let message = format_args!("nothing to compare with: {why}");
        Failure::new(Fault::CouldNotTell, message)
            .hint("`proofmark lock --from EVIDENCE` writes one; what counts is the lock that is reviewed and committed")
    };
    let found = match git::committed(root, &path) {
        Committed::Found(found) => found,
        Committed::NoRepository => return Err(none("there is no repository")),
        Committed::NoCommit => return Err(none("the repository has no commit")),
        Committed::NoSuchPath => return Err(none(&format!("HEAD has no {}", Printable(&path)))),
        Committed::NotRegular => {
            return Err(none(&format!("{} in HEAD is no regular file", Printable(&path))));
        }
        Committed::TooLarge => {
            return Err(none(&format!("{} in HEAD is too large", Printable(&path))));
        }
        Committed::Unreadable(why) => return Err(none(&why)),
    };
    if found.work_tree_differs {
        // What was edited can be put right before it is committed.
        if let Ok(Some(text)) = read(&path_of(root, project))
            && let Err(error) = Lock::parse(&text)
        {
            talk.notice(format_args!(
                "{} in the work tree can't be used: {error}",
                Printable(&found.path)
            ));
        }
        talk.notice(format_args!(
            "{} in the work tree isn't the one in HEAD, which is the one that counts",
            Printable(&found.path)
        ));
    }
    let path = path_of(root, project);
    let text = String::from_utf8(found.bytes).map_err(|_bytes| {
        Failure::usage(format_args!("{} in HEAD: expected UTF-8", printable_path(&path)))
    })?;
    Lock::parse(&text).map_err(|error| unusable(&path, &error))
}

fn unusable(path: &Path, error: &LockError) -> Failure {
    Failure::usage(format_args!("{}: {error}", printable_path(path)))
        .hint("correct the file; it was left as it is")
}

/// The file in the work tree: a file, since what is written takes its place, and since nothing else has an end.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    if file::kind_at(path).is_some_and(|kind| !kind.is_file()) {
        return Err(Failure::usage(FileError::NotRegular { path: path.to_owned() })
            .hint("the lock is a file of its own in the project's folder, no link and no folder"));
    }
    let bytes = match file::read_regular(path, LOCK_MAX as u64) {
        Err(FileError::NotFound { .. }) => return Ok(None),
        other => other.map_err(Failure::usage)?,
    };
    let no_text = |_bytes| {
        Failure::usage(format_args!("{}: expected UTF-8", printable_path(path)))
            .hint("correct the file; it was left as it is")
    };
    String::from_utf8(bytes).map(Some).map_err(no_text)
}

fn write(
    path: &Path,
    text: Option<String>,
    subjects: &[Subject],
    talk: Talk,
) -> Result<(), Failure> {
    let failed = |error: LockError| unusable(path, &error);
    let before = text.as_deref().map(Lock::parse).transpose().map_err(failed)?;
    let mut after = text.clone();
    for subject in subjects {
        let known =
            after.as_deref().map(Lock::parse).transpose().map_err(failed)?.unwrap_or_default();
        let section = proposed(subject, &known);
        let view = subject.view();
        if view.environment.is_none() && view.tools.is_none() && view.packages.is_none() {
            let message = "nothing of the environment was captured: there is nothing to approve";
            return Err(Failure::trouble(message).hint(
                "give evidence of a build that `proofmark run` or `proofmark begin` bracketed",
            ));
        }
        let changed = update(after.as_deref(), &subject.lane, &section);
        after = Some(changed.map_err(failed)?);
    }
    let after = after.unwrap_or_default();
    let shown = printable_path(path);
    if text.as_ref() == Some(&after) {
        talk.say(format_args!("{shown} approves all of it already: nothing was changed"));
        return Ok(());
    }
    let lock = Lock::parse(&after).map_err(failed)?;
    file::write_bytes(path, Overwrite::Replace, Access::Umask, after.as_bytes())
        .map_err(Failure::trouble)?;
    for subject in subjects {
        words::tell(before.as_ref(), &lock, subject, talk);
    }
    talk.say(format_args!(
        "wrote {shown}; it counts once it is reviewed and committed: git add {LOCK_FILE}"
    ));
    Ok(())
}

/// What a lock would have to approve. Of a class that wasn't seen whole nothing is taken back: what wasn't
/// captured, or is sealed, isn't gone.
fn proposed(subject: &Subject, known: &Lock) -> Section {
    let mut section = drift::proposed(subject.view());
    let approved = known.effective(&subject.lane).map(|effective| effective.section);
    // The first lane after the shared part was written by hand stands on it.
    let approved = approved.unwrap_or_else(|| known.shared.clone());
    for class in Class::LOCKED {
        if environment::is_whole(class, subject.view()) {
            section.entry(class).or_default();
        } else if let Some(seen) = section.get_mut(&class) {
            for (name, entry) in approved.get(&class).into_iter().flatten() {
                seen.entry(name.clone()).or_insert_with(|| entry.clone());
            }
        }
    }
    section
}
