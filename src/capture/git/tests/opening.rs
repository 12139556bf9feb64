//! What libgit2 can't open, or opens only by another way.

use super::{Fixture, assert_unavailable, capture, classes, command, dirty, gaps, source, write};
use crate::capture::git::open;
use crate::format::evidence::GitClass::Tracked;

const SEE: &str = "see what `git status` and `git fsck` say, or clone again";

#[test]
fn sha256_object_names_are_a_named_gap() {
    let fixture = Fixture::nothing();
    fixture.git(&["init", "-q", "--object-format=sha256"]);
    assert_unavailable(
        &fixture.capture(),
        "libgit2 doesn't open a repository whose object names aren't SHA-1 (extensions.objectFormat)",
        None,
    );
}

#[test]
fn a_partial_clone_is_a_named_gap() {
    let fixture = Fixture::new();
    fixture.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", fixture.root().display());
    fixture.git_in(fixture.0.path(), &["clone", "-q", "--filter=blob:none", &url, "partial"]);
    let git = capture(&fixture.beside("partial"));
    // Versions of git differ in whether they write the extension.
    match git.source.get() {
        Some(source) => assert!(source.partial),
        None => assert_unavailable(
            &git,
            "libgit2 doesn't open a partial clone (extensions.partialClone)",
            Some(
                "clone without `--filter` (actions/checkout: without `filter` and `sparse-checkout`)",
            ),
        ),
    }
    fixture.git(&["config", "remote.origin.promisor", "true"]);
    assert!(source(&fixture.capture()).partial);
    fixture.git(&["config", "core.repositoryformatversion", "1"]);
    fixture.git(&["config", "extensions.partialClone", "origin"]);
    assert_unavailable(
        &fixture.capture(),
        "libgit2 doesn't open a partial clone (extensions.partialClone)",
        Some("clone without `--filter` (actions/checkout: without `filter` and `sparse-checkout`)"),
    );
}

#[test]
fn an_unknown_extension_is_named() {
    let fixture = Fixture::new();
    fixture.git(&["config", "core.repositoryformatversion", "1"]);
    write(
        &fixture.root().join(".git/config"),
        "[core]\n repositoryformatversion = 1\n[extensions]\n noop\n refStorage = reftable\n",
    );
    assert_unavailable(
        &fixture.capture(),
        "libgit2 doesn't know the repository's extensions.refstorage",
        Some("clone anew without this extension"),
    );
}

#[test]
fn another_users_repository_is_read_all_the_same() {
    let fixture = Fixture::new();
    fixture.write("new", "x");
    fixture.git(&["worktree", "add", "-q", "-b", "side", "../tree"]);
    // The way that is taken then, on one's own.
    for folder in [fixture.root(), fixture.beside("tree")] {
        let folder = std::fs::canonicalize(folder).unwrap();
        let repo = open::open_any_owners(&folder).unwrap();
        assert_eq!(std::fs::canonicalize(repo.workdir().unwrap()).unwrap(), folder);
        assert!(!repo.is_bare());
    }
    fixture.git_in(fixture.0.path(), &["clone", "-q", "--bare", "repo", "bare.git"]);
    assert!(open::open_any_owners(&fixture.beside("bare.git")).unwrap().is_bare());
    #[cfg(unix)]
    {
        let own = fixture.capture();
        for folder in ["repo", "repo/.git"] {
            if std::os::unix::fs::chown(fixture.beside(folder), Some(12_345), None).is_err() {
                return; // Only root can give a file away.
            }
        }
        let git = fixture.capture();
        assert!(source(&git).foreign_owner);
        assert_eq!(source(&git).commit, source(&own).commit);
        assert_eq!(source(&git).repository, source(&own).repository);
        assert_eq!(dirty(&git), ["untracked new #"]);
        assert_eq!(classes(&git, &["a"]), [Tracked]);
        assert_eq!(gaps(&git), [""; 0]);
        let git = capture(&fixture.beside("tree"));
        assert_eq!(source(&git).ref_name.as_deref(), Some("refs/heads/side"));
    }
}

#[test]
fn a_git_that_is_no_repository_is_not_passed_over_for_an_outer_one() {
    let reason = "there is a `.git`, and it is no repository (HEAD, objects or refs are missing)";
    let cure = Some("clone again; in a container, mount the whole repository that `.git` names");
    let fixture = Fixture::new();
    fixture.write("dir/.git", "gitdir: /nowhere/at/all\n");
    assert_unavailable(&capture(&fixture.root().join("dir")), reason, cure);
    std::fs::remove_file(fixture.root().join("dir/.git")).unwrap();
    std::fs::create_dir(fixture.root().join("dir/.git")).unwrap();
    assert_unavailable(&capture(&fixture.root().join("dir")), reason, cure);
}

#[test]
fn a_broken_index_or_head_is_unavailable() {
    let fixture = Fixture::new();
    let index = fixture.root().join(".git/index");
    let good = crate::base::file::read(&index, 1 << 20).unwrap();
    let mut flipped = good.clone();
    flipped[40] ^= 1;
    for bad in [good[..good.len() / 2].to_vec(), b"DIRC".to_vec(), vec![0; 5000], flipped] {
        write(&index, bad);
        let git = fixture.capture();
        let reason = git.source.reason.clone().unwrap();
        assert!(reason.starts_with("libgit2 can't read the index: "), "{reason}");
        assert_unavailable(&git, &reason, Some(SEE));
    }
    write(&index, good);
    let commit = fixture.git(&["rev-parse", "HEAD"]);
    for head in
        ["rubbish".to_owned(), String::new(), "0".repeat(40), commit.replace(&commit[..4], "dead")]
    {
        write(&fixture.root().join(".git/HEAD"), &head);
        let git = fixture.capture();
        let reason = git.source.reason.clone().unwrap();
        assert!(reason.starts_with("libgit2 can't read HEAD: "), "{head:?}: {reason}");
        assert_unavailable(&git, &reason, Some(SEE));
    }
    // A branch that isn't there is a repository without a commit.
    write(&fixture.root().join(".git/HEAD"), "ref: refs/heads/none\n");
    assert_eq!(source(&fixture.capture()).commit, None);
}

#[test]
fn an_index_in_a_form_of_its_own_has_its_cure() {
    let fixture = Fixture::new();
    fixture.git(&["update-index", "--split-index"]);
    assert_unavailable(
        &fixture.capture(),
        "libgit2 can't read the index: unsupported mandatory extension: 'link'",
        Some("`git update-index --no-split-index`"),
    );
    fixture.git(&["update-index", "--no-split-index"]);
    assert_eq!(dirty(&fixture.capture()), [""; 0]);
    fixture.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "other"]);
    assert_unavailable(
        &fixture.capture(),
        "libgit2 can't read the index: unsupported mandatory extension: 'sdir'",
        Some("`git sparse-checkout reapply --no-sparse-index`"),
    );
    fixture.git(&["sparse-checkout", "reapply", "--no-sparse-index"]);
    assert_eq!(dirty(&fixture.capture()), [""; 0]);
}

#[test]
fn a_locked_index_is_read_and_none_is_written() {
    let fixture = Fixture::new();
    fixture.write(".git/index.lock", "");
    // The times differ from the index's, which a refresh would write down.
    let file = std::fs::File::options().write(true).open(fixture.root().join("a")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    let index = fixture.root().join(".git/index");
    let before = crate::base::file::read(&index, 1 << 20).unwrap();
    assert_eq!(dirty(&fixture.capture()), [""; 0]);
    std::fs::remove_file(fixture.root().join(".git/index.lock")).unwrap();
    assert_eq!(dirty(&fixture.capture()), [""; 0]);
    assert_eq!(crate::base::file::read(&index, 1 << 20).unwrap(), before);
}

#[test]
fn a_reason_never_holds_a_path_of_the_machine() {
    let fixture = Fixture::new();
    write(&fixture.root().join(".git/config"), "[core\n");
    let git = fixture.capture();
    let reason = git.source.reason.clone().unwrap();
    assert!(!reason.contains(fixture.0.path().to_str().unwrap()), "{reason}");
    assert_unavailable(&git, &reason, Some(SEE));
}

#[test]
fn a_work_tree_elsewhere_is_not_taken_for_the_root() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.beside("other")).unwrap();
    fixture.git(&["config", "core.worktree", fixture.beside("other").to_str().unwrap()]);
    assert_unavailable(
        &fixture.capture(),
        "the repository's work tree doesn't hold the root",
        Some("unset core.worktree, or give a `--root` inside the work tree"),
    );
}

#[cfg(unix)]
#[test]
fn a_root_that_may_not_be_entered_is_unavailable_and_not_absent() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    let set = |mode| {
        std::fs::set_permissions(fixture.root(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(0o000);
    // Root enters all the same.
    let closed = std::fs::read_dir(fixture.root()).is_err();
    let git = fixture.capture();
    set(0o755);
    if closed {
        let reason = "the root can't be looked at: permission denied";
        let cure = Some("give a `--root` that is there and can be entered");
        assert_unavailable(&git, reason, cure);
    }
}

/// Runs in a process of its own, started by the test below: a process's environment can't be
/// changed safely from inside.
#[test]
#[ignore = "the test below starts it"]
#[expect(clippy::disallowed_methods, reason = "the parent test says where the fixture is")]
fn child_in_a_misleading_environment() {
    let root = std::env::var_os("FIXTURE").unwrap();
    let git = capture(root.as_ref());
    assert_eq!(source(&git).ref_name.as_deref(), Some("refs/heads/main"));
    assert_eq!(dirty(&git), ["untracked new #"]);
    assert_eq!(source(&git).repository.as_deref(), Some("https://example.com/a/b.git"));
    assert_eq!(classes(&git, &["a"]), [Tracked]);
}

#[test]
fn variables_lead_nowhere_else() {
    let fixture = Fixture::new();
    fixture.write("new", "x");
    let other = Fixture::empty();
    let run = command(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "capture::git::tests::opening::child_in_a_misleading_environment",
            "--ignored",
        ])
        .env("FIXTURE", fixture.root())
        .env("HOME", fixture.beside("home"))
        .env("GIT_DIR", other.root().join(".git"))
        .env("GIT_WORK_TREE", other.root())
        .env("GIT_INDEX_FILE", "/nowhere")
        .env("GIT_COMMON_DIR", "/nowhere")
        .env("GIT_OBJECT_DIRECTORY", "/nowhere")
        .env("GIT_CEILING_DIRECTORIES", fixture.0.path())
        .env("GIT_NAMESPACE", "other")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "remote.origin.url")
        .env("GIT_CONFIG_VALUE_0", "https://evil.example/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}
