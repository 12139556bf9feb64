//! Kinds of repositories: where facts come from, whatever the layout.

use super::{Fixture, assert_unavailable, capture, classes, dirty, gaps, source, write};
use crate::format::evidence::GitClass::{Ignored, Tracked, Untracked};
use crate::format::fact::Status;

#[test]
fn without_a_repository_there_is_nothing_and_no_class() {
    let fixture = Fixture::nothing();
    let git = fixture.capture();
    assert_eq!(git.source.status, Status::Absent);
    assert_eq!((git.class(b"a"), gaps(&git).len()), (None, 0));
    // One further down is none of the root.
    fixture.git(&["init", "-q", "below"]);
    assert_eq!(fixture.capture().source.status, Status::Absent);
    assert_unavailable(
        &capture(&fixture.beside("missing")),
        "the root can't be looked at: entity not found",
        Some("give a `--root` that is there and can be entered"),
    );
}

#[test]
fn without_a_commit_every_file_is_new() {
    let fixture = Fixture::empty();
    fixture.write("a", "a");
    fixture.write("b", "b");
    fixture.git(&["add", "a"]);
    let git = fixture.capture();
    let found = source(&git);
    assert_eq!((&found.commit, &found.tree), (&None, &None));
    assert_eq!(found.ref_name.as_deref(), Some("refs/heads/main"));
    assert_eq!(dirty(&git), ["added a #", "untracked b #"]);
    assert_eq!(classes(&git, &["a", "b"]), [Tracked, Untracked]);
}

#[test]
fn a_detached_head_has_no_ref_and_finds_its_tag() {
    let fixture = Fixture::new();
    fixture.git(&["tag", "light"]);
    fixture.git(&["tag", "-am", "x", "v1"]);
    fixture.git(&["checkout", "-q", "v1"]);
    let git = fixture.capture();
    let found = source(&git);
    assert_eq!((&found.ref_name, &found.ref_from, &found.tag_object), (&None, &None, &None));
    assert_eq!(found.last_tag.as_ref().unwrap().name, "v1");
    assert_eq!(git.tag_object("refs/tags/v1"), Some(fixture.git(&["rev-parse", "v1"]).as_str()));
    assert_eq!(git.tag_object("refs/tags/light"), None);
    // Packed refs are peeled already.
    fixture.git(&["pack-refs", "--all"]);
    assert_eq!(fixture.capture().tag_object("refs/tags/v1"), git.tag_object("refs/tags/v1"));
}

#[test]
fn the_last_tag_is_the_newest_among_the_ancestors() {
    let fixture = Fixture::new();
    fixture.git(&["tag", "team/v1"]);
    for _ in 0..3 {
        fixture.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    }
    fixture.git(&["tag", "unrelated", &fixture.git(&["commit-tree", "-m", "x", "HEAD^{tree}"])]);
    let git = fixture.capture();
    let tag = source(&git).last_tag.as_ref().unwrap();
    assert_eq!(
        (tag.name.as_str(), &tag.commit),
        ("team/v1", &fixture.git(&["rev-parse", "HEAD~3"]))
    );
    assert_eq!(git.tag_object("refs/tags/team/v1"), None);
}

#[test]
fn a_cut_history_is_said_where_it_hides_the_tag() {
    let fixture = Fixture::new();
    fixture.git(&["tag", "v1"]);
    fixture.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    let url = format!("file://{}", fixture.root().display());
    fixture.git_in(fixture.0.path(), &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let git = capture(&fixture.beside("shallow"));
    assert!(source(&git).shallow);
    assert_eq!(
        gaps(&git),
        [
            "source.repository: the URL of the remote origin is a local path",
            "source.last_tag: the history is cut off before the first tag",
        ]
    );
    assert_eq!(source(&git).repository, None);
    // The same, opened as another user's.
    let repo = super::super::open::open_any_owners(&fixture.beside("shallow")).unwrap();
    assert!(repo.head().unwrap().peel_to_commit().is_ok());
}

#[test]
fn a_linked_work_tree_has_its_own_head_and_index() {
    let fixture = Fixture::new();
    fixture.git(&["worktree", "add", "-q", "-b", "side", "../tree"]);
    write(&fixture.beside("tree/new"), "x");
    let git = capture(&fixture.beside("tree"));
    let found = source(&git);
    assert_eq!(found.ref_name.as_deref(), Some("refs/heads/side"));
    assert!(found.linked_worktree && found.separate_git_dir && !found.bare);
    assert_eq!(dirty(&git), ["untracked new #"]);
    assert_eq!(found.repository.as_deref(), Some("https://example.com/a/b.git"));
    assert!(!source(&fixture.capture()).linked_worktree);
}

#[test]
fn a_bare_repository_has_a_commit_and_no_classes() {
    let fixture = Fixture::new();
    fixture.git_in(fixture.0.path(), &["clone", "-q", "--bare", "repo", "bare.git"]);
    let git = capture(&fixture.beside("bare.git"));
    assert!(source(&git).bare);
    assert!(source(&git).commit.is_some());
    assert_eq!((git.class(b"a"), dirty(&git).len()), (None, 0));
}

#[test]
fn a_separate_git_folder_is_followed_and_said() {
    let fixture = Fixture::new();
    fixture.git(&["init", "-q", "--separate-git-dir", "../elsewhere"]);
    let git = fixture.capture();
    assert!(source(&git).separate_git_dir && !source(&git).linked_worktree);
    assert_eq!(dirty(&git), [""; 0]);
    assert_eq!(classes(&git, &["a"]), [Tracked]);
}

#[test]
fn submodules_are_looked_into() {
    let fixture = Fixture::new();
    let inner = Fixture::new();
    let innermost = Fixture::new();
    inner.git(&["submodule", "add", "-q", innermost.root().to_str().unwrap(), "deep"]);
    inner.write(".gitignore", "out/\n");
    inner.git(&["add", "."]);
    inner.git(&["commit", "-qm", "deep"]);
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "libs/inner"]);
    fixture.git(&["submodule", "update", "-q", "--init", "--recursive"]);
    fixture.git(&[
        "config",
        "-f",
        ".gitmodules",
        "submodule.libs/inner.url",
        "https://u:p@example.com/inner",
    ]);
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "submodule"]);
    fixture.write("libs/inner/a", "changed");
    fixture.write("libs/inner/out/x", "x");
    fixture.write("libs/inner/deep/new", "x");
    let git = fixture.capture();
    let commit = inner.git(&["rev-parse", "HEAD"]);
    let deep = innermost.git(&["rev-parse", "HEAD"]);
    let found: Vec<_> = source(&git)
        .submodules
        .iter()
        .map(|s| (s.path.as_str(), s.url.as_deref(), s.commit.as_deref(), s.checked_out.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (
                "libs/inner",
                Some("https://example.com/inner"),
                Some(commit.as_str()),
                Some(commit.as_str())
            ),
            ("libs/inner/deep", None, Some(deep.as_str()), Some(deep.as_str())),
        ]
    );
    assert_eq!(git.redactions.len(), 1);
    assert_eq!(git.redactions[0].place, "submodule libs/inner");
    assert_eq!(dirty(&git), ["modified libs/inner/a #", "untracked libs/inner/deep/new #"]);
    assert_eq!(
        gaps(&git),
        [
            "source.submodules: 1 submodule without a URL: `.gitmodules` has a local path or the command of a remote helper"
        ]
    );
    assert_eq!(
        classes(
            &git,
            &["libs/inner/a", "libs/inner/deep/c", "libs/inner/deep/dir/c", "libs/inner/out/x"]
        ),
        [Tracked, Untracked, Tracked, Ignored]
    );
    // Seen from inside, it is a repository of its own.
    assert!(source(&capture(&fixture.root().join("libs/inner"))).separate_git_dir);
}

#[test]
fn a_submodule_at_another_commit_or_not_there_is_told_apart() {
    let fixture = Fixture::new();
    let inner = Fixture::new();
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "sub"]);
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["added .gitmodules #", "added sub"]);
    fixture.git(&["commit", "-qm", "submodule"]);
    let named = inner.git(&["rev-parse", "HEAD"]);
    fixture.git_in(&fixture.root().join("sub"), &["commit", "-q", "--allow-empty", "-m", "x"]);
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["modified sub"]);
    assert_eq!(source(&git).submodules[0].commit.as_ref(), Some(&named));
    assert_ne!(source(&git).submodules[0].checked_out.as_ref(), Some(&named));
    fixture.git(&["submodule", "deinit", "-q", "-f", "sub"]);
    let git = fixture.capture();
    assert_eq!(source(&git).submodules[0].checked_out, None);
    assert_eq!(dirty(&git), [""; 0]);
    fixture.git(&["rm", "-q", "--cached", "sub"]);
    assert_eq!(dirty(&fixture.capture()), ["deleted sub"]);
}

#[test]
fn the_repository_is_origin_or_the_only_remote_without_credentials() {
    let fixture = Fixture::new();
    fixture.git(&["remote", "set-url", "origin", "https://user:secret@example.com/a/b"]);
    let git = fixture.capture();
    assert_eq!(source(&git).repository.as_deref(), Some("https://example.com/a/b"));
    assert_eq!(git.redactions[0].place, "remote origin");
    assert!(!format!("{git:?}").contains("secret"));

    fixture.git(&["remote", "rename", "origin", "up.stream"]);
    let git = fixture.capture();
    assert_eq!(source(&git).repository_from.as_deref(), Some("remote up.stream"));

    fixture.git(&["remote", "add", "second", "https://example.com/c"]);
    let git = fixture.capture();
    assert_eq!(source(&git).repository, None);
    assert_eq!(gaps(&git), ["source.repository: none of the 2 remotes is named `origin`"]);

    fixture.git(&["remote", "remove", "second"]);
    fixture.git(&["remote", "remove", "up.stream"]);
    assert_eq!(gaps(&fixture.capture()), ["source.repository: the repository has no remote"]);
}

#[test]
fn a_url_that_is_rewritten_to_another_place_is_a_gap() {
    let fixture = Fixture::new();
    fixture.git(&["config", "url.https://token@example.com/.insteadOf", "https://example.com/"]);
    assert_eq!(gaps(&fixture.capture()), [""; 0]);
    fixture.git(&["config", "url.https://evil.example/.insteadOf", "https://example.com/a"]);
    let git = fixture.capture();
    assert_eq!(source(&git).repository.as_deref(), Some("https://example.com/a/b.git"));
    assert_eq!(
        gaps(&git),
        [
            "source.repository: url.*.insteadOf makes git fetch from another place than the remote origin says"
        ]
    );
}
