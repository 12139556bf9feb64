//! Fixtures made by the `git` command.

mod committed;
mod history;
mod hostile;
mod notes;
mod opening;
mod people;
mod shape;
mod state;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Git, capture};
use crate::format::evidence::{DirtyFile, GitClass, PathText, Source};
use crate::format::fact::Status;

/// A folder that holds a repository, a home and whatever a test needs beside them.
pub(in crate::capture) struct Fixture(tempfile::TempDir);

impl Fixture {
    /// A repository in `repo` with one commit of `a`, `b` and `dir/c`.
    pub(in crate::capture) fn new() -> Self {
        let fixture = Self::empty();
        for name in ["a", "b", "dir/c"] {
            fixture.write(name, name);
        }
        fixture.git(&["add", "."]);
        fixture.git(&["commit", "-qm", "one"]);
        fixture
    }

    /// A repository without a commit.
    fn empty() -> Self {
        let fixture = Self::nothing();
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture.git(&["remote", "add", "origin", "https://example.com/a/b.git"]);
        fixture
    }

    /// No repository.
    fn nothing() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fs::create_dir(fixture.beside("home")).unwrap();
        fs::create_dir(fixture.root()).unwrap();
        fixture
    }

    pub(in crate::capture) fn root(&self) -> PathBuf {
        self.beside("repo")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(in crate::capture) fn write(&self, name: &str, content: &str) {
        write(&self.root().join(name), content);
    }

    pub(in crate::capture) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.root(), arguments)
    }

    fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let (done, output) = self.try_git_in(folder, arguments);
        assert!(done, "git {arguments:?}: {output}");
        output
    }

    fn try_git_in(&self, folder: &Path, arguments: &[&str]) -> (bool, String) {
        let output = command("git")
            .args(["-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false"])
            .args(arguments)
            .current_dir(folder)
            .env("HOME", self.beside("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.com")
            .env("GIT_AUTHOR_DATE", "2026-01-31T12:00:00Z")
            .env("GIT_COMMITTER_NAME", "A")
            .env("GIT_COMMITTER_EMAIL", "a@example.com")
            .env("GIT_COMMITTER_DATE", "2026-01-31T12:00:00Z")
            .output()
            .unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), text)
    }

    fn capture(&self) -> Git {
        capture(&self.root())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests start programs in an environment of their own"
)]
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("LC_ALL", "C");
    command
}

#[expect(clippy::disallowed_methods, reason = "fixtures need no atomic writes")]
fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn source(git: &Git) -> &Source {
    git.source.get().unwrap_or_else(|| panic!("{:?}", git.source))
}

/// `status path`, and `#` for a digest.
fn dirty(git: &Git) -> Vec<String> {
    let line = |file: &DirtyFile| {
        let path = match &file.path {
            PathText::Path(path) => path.clone(),
            PathText::PathHex(hex) => format!("hex:{hex}"),
        };
        format!("{} {path}{}", file.status, if file.sha256.is_some() { " #" } else { "" })
    };
    let files = source(git).dirty.inline().unwrap();
    assert_eq!(source(git).dirty_count, files.len() as u64);
    files.iter().map(line).collect()
}

/// Every gap as `part: reason`.
fn gaps(git: &Git) -> Vec<String> {
    git.gaps.iter().map(|gap| format!("{}: {}", gap.part, gap.reason)).collect()
}

/// The facts are unavailable for this reason, and a gap says so with this cure.
fn assert_unavailable(git: &Git, reason: &str, cure: Option<&str>) {
    assert_eq!(git.source.status, Status::Unavailable, "{git:?}");
    assert_eq!(git.source.reason.as_deref(), Some(reason));
    assert_eq!(gaps(git), [format!("source: {reason}")]);
    assert_eq!(git.gaps[0].cure.as_deref(), cure);
    assert_eq!(git.class(b"a"), None);
}

fn classes(git: &Git, paths: &[&str]) -> Vec<GitClass> {
    paths.iter().map(|path| git.class(path.as_bytes()).unwrap()).collect()
}
