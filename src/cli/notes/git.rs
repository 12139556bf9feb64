//! The user's `git`, and what it is asked.
//!
//! It gets the user's environment, since it needs the user's credentials, but no variable of ours, and none
//! that would point it at another repository than the one that was named. Hooks aren't run: the user's
//! (tests, LFS) are about branches, and one that a build has left in the repository would run with the
//! credentials of whoever pushes. Settings can name programs too, and git would be nothing without them:
//! this is why notes aren't pushed from the job that builds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::is_commit_id;
use crate::base::process::{self, Answer, Ended, PassedDescriptors, Spec, StartError};
use crate::base::text::{cut, printable};
use crate::capture::environment::Variables;
use crate::capture::git::notes::{NOTE_MAX, NOTES_REF};
use crate::capture::redact::Redactor;
use crate::cli::bracket;
use crate::cli::failure::Failure;

/// How long one call may take; a person may have to type a passphrase.
const LIMIT: Duration = Duration::from_secs(600);
/// Most bytes of what it prints.
const CAP: usize = (NOTE_MAX as usize).saturating_add(1);
/// Longest words of git's that are repeated, in characters.
const WORDS_MAX: usize = 600;

/// Variables that say which repository, index or objects are meant: a hook of git's has them set.
const ELSEWHERE: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Settings that hold for every call.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    // Nothing is left running.
    "gc.auto=0",
    "maintenance.auto=false",
    "user.useConfigOnly=true",
];

/// Who made the notes, where the user hasn't told git a name.
const NOBODY: &[(&str, &str)] = &[
    ("GIT_AUTHOR_NAME", "proofmark"),
    ("GIT_AUTHOR_EMAIL", "proofmark@localhost"),
    ("GIT_COMMITTER_NAME", "proofmark"),
    ("GIT_COMMITTER_EMAIL", "proofmark@localhost"),
];

/// A remote's name: what git would take for a flag, a URL or a path is refused.
pub(super) fn check_remote(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 200
        && name.chars().all(plain)
        && !name.contains("..")
    {
        return Ok(());
    }
    // A URL may hold a password: what was given isn't repeated.
    Err(Failure::usage("--remote: expected the name of a remote, such as origin")
        .hint("`git remote` lists them; a URL becomes one with `git remote add NAME URL`"))
}

/// Git in one repository, with one remote.
pub(super) struct Git {
    environment: Vec<(OsString, OsString)>,
    root: PathBuf,
    remote: String,
    redactor: Redactor,
}

impl Git {
    /// Sees that there is a git, the repository and the remote.
    pub(super) fn new(variables: &Variables, root: &Path, remote: &str) -> Result<Self, Failure> {
        let mut environment = variables.for_build();
        environment.retain(|(name, _)| ELSEWHERE.iter().all(|other| name != other));
        // What stands in for an object (`git replace`) is not what others get.
        environment.retain(|(name, _)| name != "GIT_NO_REPLACE_OBJECTS");
        environment.push(("GIT_NO_REPLACE_OBJECTS".into(), "1".into()));
        let redactor = bracket::redactor(variables);
        let (root, remote) = (root.to_owned(), remote.to_owned());
        let mut git = Self { environment, root, remote, redactor };
        let inside = git.ask(&["rev-parse", "--git-dir"], Vec::new())?;
        if !succeeded(&inside) {
            let hint = "name the clone that has the commit with --root";
            return Err(git.failed("no repository", &inside).hint(hint));
        }
        if !succeeded(&git.ask(&["remote", "get-url", "--", &git.remote], Vec::new())?) {
            let message = format!("--remote: the repository has no remote {}", git.remote);
            return Err(Failure::usage(message).hint("`git remote` lists them"));
        }
        // Git would make up an address from the names of the user and the machine.
        let known = |git: &Self, who| git.ask(&["var", who], Vec::new()).map(|s| succeeded(&s));
        if !known(&git, "GIT_AUTHOR_IDENT")? || !known(&git, "GIT_COMMITTER_IDENT")? {
            git.environment.retain(|(name, _)| NOBODY.iter().all(|(other, _)| name != other));
            git.environment.extend(NOBODY.iter().map(|(n, v)| ((*n).into(), (*v).into())));
        }
        Ok(git)
    }

    /// The commit must be there: else the evidence is another repository's.
    pub(super) fn check_commit(&self, commit: &str) -> Result<(), Failure> {
        let name = format!("{commit}^{{commit}}");
        if succeeded(&self.ask(&["cat-file", "-e", &name], Vec::new())?) {
            return Ok(());
        }
        let message = format!("the repository has no commit {commit}, which the evidence names");
        Err(Failure::trouble(message)
            .hint("name the clone that has it with --root; `git fetch` it where it's missing"))
    }

    /// Where the local notes are.
    pub(super) fn local_notes(&self) -> Result<Option<String>, Failure> {
        let found = self.ask(&["rev-parse", "--verify", "--quiet", NOTES_REF], Vec::new())?;
        Ok(if succeeded(&found) { id(&found.stdout) } else { None })
    }

    /// Moves the local notes from `local` to `notes`, unless that would lose some.
    pub(super) fn move_local(&self, local: Option<&str>, notes: &str) -> Result<bool, Failure> {
        if let Some(local) = local {
            let older = ["merge-base", "--is-ancestor", local, notes];
            if !succeeded(&self.ask(&older, Vec::new())?) {
                return Ok(false);
            }
        }
        // Only if nobody else has moved them since. Of none, the id is all zeros.
        let none = "0".repeat(notes.len());
        let told = "proofmark notes push";
        let before = local.unwrap_or(&none);
        let arguments = ["update-ref", "--no-deref", "-m", told, NOTES_REF, notes, before];
        Ok(succeeded(&self.ask(&arguments, Vec::new())?))
    }

    /// Where the remote's notes are.
    pub(super) fn remote_notes(&self) -> Result<Option<String>, Failure> {
        let said = self.must(
            "git can't list the remote's refs",
            &["ls-remote", "--", &self.remote, NOTES_REF],
            Vec::new(),
        )?;
        let text = String::from_utf8_lossy(&said);
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        // Git matches the ends of names.
        let found = lines.filter(|(_, name)| *name == NOTES_REF).map(|(id, _)| id.to_owned());
        let found: Vec<String> = found.collect();
        match &found[..] {
            [] => Ok(None),
            [one] if is_commit_id(one) => Ok(Some(one.clone())),
            _ => Err(Failure::trouble("what git lists of the remote's refs can't be read")),
        }
    }

    /// Fetches the remote's notes into no ref at all: there is none to be left behind. Whether they are
    /// there now, as a commit: they may have been exchanged in the meantime.
    pub(super) fn fetch(&self, notes: &str) -> Result<bool, Failure> {
        if self.kind(notes)?.is_none() {
            let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="];
            let more = ["--no-prune", "--no-recurse-submodules", "--", &self.remote, NOTES_REF];
            let arguments: Vec<&str> = fetch.into_iter().chain(more).collect();
            let said = self.ask(&arguments, Vec::new())?;
            let gone = !succeeded(&said) && self.remote_notes()?.as_deref() != Some(notes);
            if !succeeded(&said) && !gone {
                return Err(self.failed("git can't fetch the remote's notes", &said));
            }
        }
        match self.kind(notes)?.as_deref() {
            Some("commit") => Ok(true),
            None => Ok(false),
            Some(_) => Err(Failure::trouble(format_args!(
                "{NOTES_REF} of {} is no commit, and nothing was put in its place",
                self.remote
            ))
            .hint("see what it is, and remove it: git ls-remote")),
        }
    }

    /// An object's type, where it is here.
    fn kind(&self, id: &str) -> Result<Option<String>, Failure> {
        let said = self.ask(&["cat-file", "-t", id], Vec::new())?;
        let kind = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        Ok(succeeded(&said).then_some(kind))
    }

    /// Pushes `notes`, never by force.
    pub(super) fn push(&self, notes: &str) -> Result<Answer, Failure> {
        let what = format!("{notes}:{NOTES_REF}");
        let push = ["push", "--porcelain", "--no-verify", "--no-follow-tags"];
        let more = ["--recurse-submodules=no", "--", &self.remote, &what];
        let arguments: Vec<&str> = push.into_iter().chain(more).collect();
        self.ask(&arguments, Vec::new())
    }

    /// What a call prints, which must succeed.
    pub(super) fn must(
        &self,
        what: &str,
        arguments: &[&str],
        input: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let said = self.ask(arguments, input)?;
        if !succeeded(&said) {
            return Err(self.failed(what, &said));
        }
        if said.cut {
            return Err(Failure::trouble(format_args!("{what}: over {} MiB", NOTE_MAX >> 20)));
        }
        Ok(said.stdout)
    }

    /// The same of a call that prints an object's id.
    pub(super) fn make(&self, arguments: &[&str], input: Vec<u8>) -> Result<String, Failure> {
        let said = self.must("git can't write the notes", arguments, input)?;
        id(&said).ok_or_else(|| Failure::trouble("git wrote the notes and gave no id of them"))
    }

    fn ask(&self, arguments: &[&str], input: Vec<u8>) -> Result<Answer, Failure> {
        let mut all: Vec<OsString> = vec!["-C".into(), self.root.as_os_str().to_owned()];
        all.extend(SETTINGS.iter().flat_map(|setting| ["-c".into(), (*setting).into()]));
        all.extend(arguments.iter().map(OsString::from));
        let spec = Spec {
            program: "git".as_ref(),
            arguments: &all,
            folder: None,
            environment: &self.environment,
            descriptors: &PassedDescriptors::default(),
        };
        process::help(&spec, input, CAP, LIMIT).map_err(|error| match error {
            StartError::NotFound { .. } => Failure::trouble("git: no such program")
                .hint("install git, and see that it is found along PATH"),
            error => Failure::trouble(format_args!("git: {error}")),
        })
    }

    /// A call that failed, in git's own words, as far as they may be repeated.
    pub(super) fn failed(&self, what: &str, said: &Answer) -> Failure {
        let (out, err) =
            (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        // What `push --porcelain` says of a ref that was refused.
        let refused = out.lines().filter(|line| line.starts_with("!\t"));
        let lines = refused.chain(err.lines()).map(|line| line.replace('\t', " "));
        // Line by line: what is withheld of one takes no other with it.
        let words = lines
            .map(|line| printable(self.redactor.scrub(&line).text.trim()))
            .filter(|line| !line.is_empty());
        let words = cut(&words.collect::<Vec<_>>().join("; "), WORDS_MAX);
        let end = match said.ended {
            None => format!("it didn't end within {} minutes; ", LIMIT.as_secs() / 60),
            _ if words.is_empty() => "it failed without a word".to_owned(),
            _ => String::new(),
        };
        Failure::trouble(format_args!("{what}: {end}{words}"))
    }
}

pub(super) fn succeeded(said: &Answer) -> bool {
    said.ended == Some(Ended::Exited(0))
}

fn id(printed: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(printed).ok()?.trim();
    is_commit_id(text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_becomes_an_argument() {
        for good in ["origin", "up-stream", "a.b/c_d", "_x"] {
            assert!(check_remote(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-",
            "--upload-pack=x",
            "../other",
            "./x",
            "/tmp/x",
            "a/../b",
            "https://u:p@host/x",
            "host:path",
            "ext::sh -c x",
            "a b",
            "a\nb",
        ] {
            assert!(check_remote(bad).is_err(), "{bad}");
        }
    }
}
