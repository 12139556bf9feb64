//! The work tree against the commit.

use std::fs;

use super::{Fixture, classes, dirty, gaps, source, write};
use crate::base::digest::Sha256;
use crate::format::evidence::GitClass::{Ignored, Tracked, Untracked};

#[test]
fn a_clean_checkout_has_every_fact_and_no_gap() {
    let fixture = Fixture::new();
    let git = fixture.capture();
    let found = source(&git);
    assert_eq!(found.commit.as_deref(), Some(fixture.git(&["rev-parse", "HEAD"]).as_str()));
    assert_eq!(found.tree.as_deref(), Some(fixture.git(&["rev-parse", "HEAD^{tree}"]).as_str()));
    assert_eq!(found.ref_name.as_deref(), Some("refs/heads/main"));
    assert_eq!(found.ref_from.as_deref(), Some("HEAD"));
    assert_eq!(found.repository.as_deref(), Some("https://example.com/a/b.git"));
    assert_eq!(found.repository_from.as_deref(), Some("remote origin"));
    assert_eq!(dirty(&git), [""; 0]);
    assert_eq!(gaps(&git), [""; 0]);
    assert!(git.redactions.is_empty());
    let flags = [found.shallow, found.partial, found.sparse, found.linked_worktree, found.bare];
    assert_eq!(flags, [false; 5]);
    assert!(!found.separate_git_dir && !found.foreign_owner);
}

#[test]
fn every_kind_of_change_has_its_word_and_a_digest_of_what_is_there() {
    let fixture = Fixture::new();
    for name in ["gone", "out", "staged", "kind", "both"] {
        fixture.write(name, name);
    }
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "two"]);
    fixture.write("a", "another");
    fs::remove_file(fixture.root().join("gone")).unwrap();
    fixture.git(&["rm", "-q", "--cached", "out"]);
    fixture.write("staged", "S");
    fixture.write("new", "n");
    fixture.git(&["add", "staged", "new"]);
    fixture.write("both", "1");
    fixture.git(&["add", "both"]);
    fixture.write("both", "2");
    fixture.write("loose/x", "x");
    #[cfg(unix)]
    {
        fs::remove_file(fixture.root().join("kind")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", fixture.root().join("kind")).unwrap();
        std::os::unix::fs::symlink("nowhere", fixture.root().join("link")).unwrap();
    }
    let git = fixture.capture();
    #[cfg(unix)]
    assert_eq!(
        dirty(&git),
        [
            "modified a #",
            "modified both #",
            "deleted gone",
            "type changed kind",
            "untracked link",
            "untracked loose/x #",
            "added new #",
            "deleted out #",
            "modified staged #",
        ]
    );
    let files = source(&git).dirty.inline().unwrap();
    assert_eq!(files[0].sha256, Some(Sha256::of(b"another")));
    assert_eq!(gaps(&git), [""; 0]);
    assert_eq!(classes(&git, &["a", "out", "new", "gone"]), [Tracked, Untracked, Tracked, Tracked]);
}

#[test]
fn ignored_folders_stand_for_what_is_in_them_and_tracked_files_in_them_stay_tracked() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "target/\n*.log\n!keep.log\n");
    for name in
        ["target/x/y", "target/forced", "dir/t.log", "dir/keep.log", "other/target/z", "targets"]
    {
        fixture.write(name, "x");
    }
    fixture.git(&["add", "-f", "target/forced", ".gitignore"]);
    fixture.git(&["commit", "-qm", "two"]);
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["untracked dir/keep.log #", "untracked targets #"]);
    assert_eq!(
        classes(&git, &["target/x/y", "target/x", "dir/t.log", "other/target/z", "target/forced"]),
        [Ignored, Ignored, Ignored, Ignored, Tracked]
    );
    assert_eq!(
        classes(&git, &["dir/keep.log", "targets", "dir/c", "x"]),
        [Untracked, Untracked, Tracked, Untracked]
    );
}

#[test]
fn an_outer_root_sees_classes_below_itself_and_changes_of_the_whole_work_tree() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "out/\n");
    fixture.write("out/pack/x", "x");
    fixture.write("dir/new", "x");
    fixture.write("a", "changed");
    let git = super::capture(&fixture.root().join("dir"));
    assert_eq!(classes(&git, &["c", "new", "dir/c"]), [Tracked, Untracked, Untracked]);
    assert_eq!(dirty(&git), ["untracked .gitignore #", "modified a #", "untracked dir/new #"]);
    let git = super::capture(&fixture.root().join("out/pack"));
    assert_eq!(classes(&git, &["x"]), [Ignored]);
}

#[test]
fn a_conflict_is_said_once() {
    let fixture = Fixture::new();
    fixture.git(&["checkout", "-qb", "side"]);
    fixture.write("a", "side");
    fixture.git(&["commit", "-qam", "side"]);
    fixture.git(&["checkout", "-q", "main"]);
    fixture.write("a", "main");
    fixture.git(&["commit", "-qam", "main"]);
    assert!(!fixture.try_git_in(&fixture.root(), &["merge", "-q", "side"]).0);
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["conflicted a #"]);
    assert_eq!(classes(&git, &["a"]), [Tracked]);
}

#[cfg(unix)]
#[test]
fn an_executable_bit_is_a_change() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    fs::set_permissions(fixture.root().join("a"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(dirty(&fixture.capture()), ["modified a #"]);
    fixture.git(&["config", "core.filemode", "false"]);
    let git = fixture.capture();
    assert_eq!(dirty(&git), [""; 0]);
    assert_eq!(
        gaps(&git),
        ["source.dirty: some changes aren't seen: core.filemode=false makes git look less closely"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_is_kept_without_loss() {
    use std::os::unix::ffi::OsStrExt as _;
    let fixture = Fixture::new();
    let name = std::ffi::OsStr::from_bytes(b"n\xff\nx");
    write(&fixture.root().join(name), "x");
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["untracked hex:6eff0a78 #"]);
    assert_eq!(git.class(b"n\xff\nx"), Some(Untracked));
    fixture.git(&["add", "."]);
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["added hex:6eff0a78 #"]);
    assert_eq!(git.class(b"n\xff\nx"), Some(Tracked));
}

#[test]
fn line_endings_that_git_changes_are_no_change() {
    let fixture = Fixture::new();
    fixture.write(".gitattributes", "*.txt text eol=crlf\n");
    fixture.write("t.txt", "one\r\ntwo\r\n");
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "two"]);
    // Another inode and time: the content has to be compared.
    fs::remove_file(fixture.root().join("t.txt")).unwrap();
    fixture.write("t.txt", "one\r\ntwo\r\n");
    assert_eq!(dirty(&fixture.capture()), [""; 0]);
    fixture.git(&["config", "core.autocrlf", "true"]);
    fixture.write("a", "a");
    assert_eq!(dirty(&fixture.capture()), [""; 0]);
}

#[test]
fn a_filtered_file_is_unknown_and_not_falsely_modified() {
    let fixture = Fixture::new();
    fixture.git(&["config", "filter.upper.clean", "tr a-z A-Z"]);
    fixture.git(&["config", "filter.upper.smudge", "tr A-Z a-z"]);
    fixture.write(
        ".gitattributes",
        "*.bin filter=upper\n*.u16 working-tree-encoding=UTF-16\n*.odd filter=nobody\n",
    );
    fixture.write("x.bin", "content");
    fixture.write("y.odd", "content");
    write(&fixture.root().join("z.u16"), b"\xff\xfea\0");
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "two"]);
    for (name, content) in [("x.bin", b"content".as_slice()), ("z.u16", b"\xff\xfea\0")] {
        fs::remove_file(fixture.root().join(name)).unwrap();
        write(&fixture.root().join(name), content);
        // Git compares whole seconds, libgit2 their parts: of one second they don't see the same.
        let file = fs::File::options().write(true).open(fixture.root().join(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1 << 30)).unwrap();
    }
    let git = fixture.capture();
    assert_eq!(dirty(&git), [""; 0]);
    assert_eq!(
        gaps(&git),
        [
            "source.dirty: 2 files may be changed or not: libgit2 doesn't run the filter (upper, working-tree-encoding)"
        ]
    );
    // The cure works, and a driver that nobody configured hides nothing.
    fixture.git(&["status"]);
    fixture.write("y.odd", "changed");
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["modified y.odd #"]);
    assert_eq!(gaps(&git), [""; 0]);
    // A deleted one is deleted.
    fs::remove_file(fixture.root().join("x.bin")).unwrap();
    assert_eq!(dirty(&fixture.capture()), ["deleted x.bin", "modified y.odd #"]);
}

#[test]
fn files_that_git_was_told_to_ignore_are_a_gap() {
    let fixture = Fixture::new();
    fixture.git(&["update-index", "--assume-unchanged", "a"]);
    fixture.git(&["update-index", "--skip-worktree", "b", "dir/c"]);
    fixture.write("a", "changed");
    fs::remove_file(fixture.root().join("dir/c")).unwrap();
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["deleted dir/c"]);
    assert_eq!(
        gaps(&git),
        [
            "source.dirty: 2 files may be changed: git was told to take them as unchanged (assume-unchanged, skip-worktree)"
        ]
    );
}

#[test]
fn what_is_not_checked_out_by_intent_is_no_change() {
    let fixture = Fixture::new();
    fixture.git(&["sparse-checkout", "set", "--no-cone", "/a"]);
    let git = fixture.capture();
    assert!(source(&git).sparse);
    assert_eq!(dirty(&git), [""; 0]);
    assert_eq!(gaps(&git), [""; 0]);
}

#[test]
fn a_long_list_is_cut_and_its_length_is_said() {
    let fixture = Fixture::new();
    for number in 0..10_005 {
        fixture.write(&format!("new/{number:05}"), "");
    }
    let git = fixture.capture();
    assert_eq!(source(&git).dirty_count, 10_005);
    assert_eq!(source(&git).dirty.inline().unwrap().len(), 10_000);
    assert_eq!(gaps(&git), ["source.dirty: 10005 files differ from the commit, 10000 are listed"]);
}

#[test]
fn a_folder_with_a_git_of_its_own_hides_nothing_silently() {
    let fixture = Fixture::new();
    fixture.git_in(&fixture.root(), &["init", "-q", "inner"]);
    fixture.write("inner/x", "x");
    fixture.write("empty/.git", "");
    fixture.write("empty/x", "x");
    // A tracked folder stays open to view.
    fixture.write("dir/.git", "");
    fixture.write("dir/new", "x");
    fixture.write(".git/info/exclude", "cache/\n");
    fixture.git_in(&fixture.root(), &["init", "-q", "cache"]);
    let git = fixture.capture();
    assert_eq!(dirty(&git), ["untracked dir/new #", "untracked empty", "untracked inner"]);
    assert_eq!(
        gaps(&git),
        [
            "source.dirty: 2 folders inside the work tree with a `.git` and no entry as a submodule: nothing is known of the files there"
        ]
    );
    assert_eq!(classes(&git, &["inner/x", "empty/x", "cache/x"]), [Untracked, Untracked, Ignored]);
}
