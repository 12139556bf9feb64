//! A repository that was made to be opened by somebody else.

use std::fs;
use std::path::Path;

use super::{Fixture, capture, dirty, gaps, source, write};

/// Every setting and hook by which git runs a program, each of which would make `canary`.
fn set_traps(fixture: &Fixture, folder: &Path, canary: &Path) {
    let trap = fixture.beside("trap.sh");
    write(&trap, format!("#!/bin/sh\ntouch '{}'\nexec cat\n", canary.display()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let trap = trap.to_str().unwrap();
    let hooks = fixture.beside("hooks");
    for hook in [
        "fsmonitor-watchman",
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "pre-commit",
    ] {
        let _ = fs::create_dir_all(&hooks);
        fs::copy(trap, hooks.join(hook)).unwrap();
    }
    let outside = fixture.beside("outside.config");
    write(&outside, format!("[core]\n sshCommand = {trap}\n[filter \"x\"]\n process = {trap}\n"));
    for (name, value) in [
        ("core.fsmonitor", trap),
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.sshCommand", trap),
        ("core.gitProxy", trap),
        ("core.askPass", trap),
        ("core.pager", trap),
        ("core.editor", trap),
        ("core.alternateRefsCommand", trap),
        ("credential.helper", trap),
        ("diff.external", trap),
        ("diff.x.textconv", trap),
        ("gpg.program", trap),
        ("filter.x.clean", trap),
        ("filter.x.smudge", trap),
        ("filter.x.required", "true"),
        ("include.path", outside.to_str().unwrap()),
        ("uploadpack.packObjectsHook", trap),
        ("remote.origin.uploadpack", trap),
        ("remote.origin.vcs", "x"),
    ] {
        fixture.git_in(folder, &["config", name, value]);
    }
}

#[test]
fn nothing_that_the_configuration_names_is_run() {
    let fixture = Fixture::new();
    let inner = Fixture::new();
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "sub"]);
    fixture.write(".gitattributes", "* filter=x diff=x\n");
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "two"]);
    let canary = fixture.beside("canary");
    set_traps(&fixture, &fixture.root(), &canary);
    set_traps(&fixture, &fixture.root().join("sub"), &canary);
    for name in ["a", "sub/a", "b", "new"] {
        fixture.write(name, "changed");
    }
    let _ = fs::remove_file(&canary);
    let git = fixture.capture();
    assert!(!canary.exists());
    assert_eq!(dirty(&git), ["untracked new #", "modified sub/a #"]);
    assert_eq!(
        gaps(&git)[0],
        "source.dirty: 2 files may be changed or not: libgit2 doesn't run the filter (x)"
    );
    // The traps do work: git walks into them.
    let _ = fixture.try_git_in(&fixture.root(), &["status"]);
    assert!(canary.exists());
}

#[test]
fn a_command_in_the_place_of_a_url_is_neither_run_nor_recorded() {
    let fixture = Fixture::new();
    let canary = fixture.beside("canary");
    let url = format!("ext::sh -c touch% {}", canary.display());
    fixture.git(&["config", "remote.origin.url", &url]);
    let git = fixture.capture();
    assert!(!canary.exists());
    assert_eq!(source(&git).repository, None);
    assert_eq!(
        gaps(&git),
        ["source.repository: the URL of the remote origin is the command of a remote helper"]
    );
}

#[cfg(unix)]
#[test]
fn links_and_fifos_are_neither_followed_nor_waited_for() {
    let fixture = Fixture::new();
    let inner = Fixture::new();
    let outside = Fixture::new();
    outside.write("secret", "x");
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "sub"]);
    fixture.git(&["commit", "-qm", "two"]);
    // A submodule that became a link to another repository.
    assert!(
        super::command("mv")
            .arg(fixture.root().join("sub"))
            .arg(fixture.beside("moved"))
            .status()
            .unwrap()
            .success()
    );
    std::os::unix::fs::symlink(outside.root(), fixture.root().join("sub")).unwrap();
    // A tracked file that became a FIFO, and one that is new.
    for name in ["a", "pipe"] {
        let _ = fs::remove_file(fixture.root().join(name));
        assert!(
            super::command("mkfifo").arg(fixture.root().join(name)).status().unwrap().success()
        );
    }
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["deleted a", "type changed sub"]);
    assert_eq!(source(&git).submodules[0].checked_out, None);
}

#[test]
fn a_submodule_that_claims_another_work_tree_is_not_looked_into() {
    let fixture = Fixture::new();
    let inner = Fixture::new();
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "sub"]);
    fixture.git(&["commit", "-qm", "two"]);
    fixture.git_in(
        &fixture.root().join("sub"),
        &["config", "core.worktree", inner.root().to_str().unwrap()],
    );
    let git = capture(&fixture.root());
    assert!(
        gaps(&git)
            .iter()
            .any(|gap| gap == "source.submodules: 1 submodule could not be looked into")
    );
}

#[test]
fn a_bare_repository_that_was_committed_is_not_taken_for_the_source() {
    let fixture = Fixture::new();
    let other = Fixture::new();
    other.git(&["commit", "-q", "--allow-empty", "-m", "other"]);
    other.git_in(other.0.path(), &["clone", "-q", "--bare", "repo", "bare"]);
    let bare = fixture.root().join("vendor");
    assert!(
        super::command("cp")
            .arg("-r")
            .arg(other.beside("bare"))
            .arg(&bare)
            .status()
            .unwrap()
            .success()
    );
    let git = capture(&bare);
    assert!(!source(&git).bare);
    assert_eq!(source(&git).commit, source(&fixture.capture()).commit);
}
