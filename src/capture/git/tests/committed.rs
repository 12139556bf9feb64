//! Single files as HEAD has them.

use super::history::Made;
use super::{Fixture, write};
use crate::capture::git::{Committed, CommittedFile, at_commit, committed, is_committed};

fn file(fixture: &Fixture, path: &str) -> CommittedFile {
    match committed(&fixture.root(), path) {
        Committed::Found(file) => file,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn a_file_is_as_head_has_it_whatever_the_work_tree_has() {
    let fixture = Fixture::new();
    let head = fixture.git(&["rev-parse", "HEAD"]);
    let found = file(&fixture, "dir/c");
    assert_eq!(found.bytes, b"dir/c");
    assert_eq!((found.path.as_str(), found.work_tree_differs), ("dir/c", false));
    assert_eq!(found.commit, head);
    assert_eq!(found.changed_by, Some(head));
    fixture.write("dir/c", "other");
    fixture.git(&["add", "."]);
    let found = file(&fixture, "dir/c");
    assert_eq!((found.bytes.as_slice(), found.work_tree_differs), (b"dir/c".as_slice(), true));
    std::fs::remove_file(fixture.root().join("a")).unwrap();
    assert!(file(&fixture, "a").work_tree_differs);
    let Committed::Found(found) = committed(&fixture.root().join("dir"), "c") else { panic!() };
    assert_eq!(found.path, "dir/c");
}

#[test]
fn what_is_no_file_in_head_is_told_apart() {
    let nothing = Fixture::nothing();
    assert_eq!(committed(&nothing.root(), "a"), Committed::NoRepository);
    assert_eq!(committed(&Fixture::empty().root(), "a"), Committed::NoCommit);
    let fixture = Fixture::new();
    let inner = Fixture::new();
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "sub"]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", fixture.root().join("link")).unwrap();
    write(&fixture.root().join("large"), vec![0; (16 << 20) + 1]);
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "two"]);
    let root = fixture.root();
    #[cfg(unix)]
    assert_eq!(committed(&root, "link"), Committed::NotRegular);
    assert_eq!(committed(&root, "sub"), Committed::NotRegular);
    assert_eq!(committed(&root, "dir"), Committed::NotRegular);
    assert_eq!(committed(&root, "large"), Committed::TooLarge);
    for none in ["none", "", "a/", "/a", "./a", "dir/../a", "a/b", "sub/a", "dir\\c", "A"] {
        assert_eq!(committed(&root, none), Committed::NoSuchPath, "{none}");
    }
    fixture.git(&["config", "core.repositoryformatversion", "1"]);
    fixture.git(&["config", "extensions.partialClone", "origin"]);
    assert!(matches!(committed(&root, "a"), Committed::Unreadable(_)));
}

#[test]
fn the_commit_that_last_changed_a_file_is_found_behind_merges() {
    let made = Made::new();
    let one = made.put(&[], &[("lock", "1"), ("a", "1")], "one");
    let side = made.put(&[one], &[("lock", "2")], "side");
    let main = made.put(&[one], &[("a", "2")], "main");
    let merge = made.put(&[main, side], &[("lock", "2")], "merge");
    let last = made.put(&[merge], &[("a", "3")], "last");
    made.head(last);
    assert_eq!(file(&made.fixture, "lock").changed_by, Some(side.to_string()));
    // A merge that has what neither parent has changed it itself.
    let evil = made.put(&[main, side], &[("lock", "evil")], "evil");
    made.head(made.put(&[evil], &[("a", "4")], "after"));
    assert_eq!(file(&made.fixture, "lock").changed_by, Some(evil.to_string()));
    made.head(one);
    assert_eq!(file(&made.fixture, "lock").changed_by, Some(one.to_string()));
}

#[test]
fn who_changed_a_file_is_not_known_behind_the_edge_of_a_shallow_clone() {
    let made = Made::new();
    let one = made.put(&[], &[("lock", "1")], "one");
    let two = made.put(&[one], &[("a", "2")], "two");
    let three = made.put(&[two], &[("b", "3")], "three");
    made.head(three);
    let url = format!("file://{}", made.fixture.root().display());
    made.fixture.git_in(made.fixture.0.path(), &["clone", "-q", "--depth=2", &url, "shallow"]);
    let root = made.fixture.beside("shallow");
    let Committed::Found(lock) = committed(&root, "lock") else { panic!() };
    assert_eq!(lock.changed_by, None);
    let Committed::Found(b) = committed(&root, "b") else { panic!() };
    assert_eq!(b.changed_by, Some(three.to_string()));
}

#[test]
fn paths_are_as_committed_byte_by_byte_or_not_or_it_is_not_known() {
    let fixture = Fixture::new();
    fixture.write("new", "x");
    fixture.write("b", "changed");
    let inner = Fixture::new();
    fixture.git(&["submodule", "add", "-q", inner.root().to_str().unwrap(), "sub"]);
    fixture.git(&["commit", "-qm", "sub", "sub", ".gitmodules"]);
    let look = |paths: &[&str]| is_committed(&fixture.root(), paths);
    assert_eq!(
        look(&["a", "dir/c", "b", "new"]),
        [Some(true), Some(true), Some(false), Some(false)]
    );
    assert_eq!(look(&["none", "sub/a", "../a", ""]), [Some(false), None, None, None]);
    std::fs::remove_file(fixture.root().join("a")).unwrap();
    assert_eq!(look(&["a"]), [Some(false)]);
    #[cfg(unix)]
    {
        // The same bytes behind a link aren't the file.
        write(&fixture.beside("outside"), "a");
        std::os::unix::fs::symlink(fixture.beside("outside"), fixture.root().join("a")).unwrap();
        assert_eq!(look(&["a"]), [Some(false)]);
        std::fs::remove_dir_all(fixture.root().join("dir")).unwrap();
        write(&fixture.beside("moved/c"), "dir/c");
        std::os::unix::fs::symlink(fixture.beside("moved"), fixture.root().join("dir")).unwrap();
        assert_eq!(look(&["dir/c"]), [Some(false)]);
    }
    fixture.git(&["update-index", "--assume-unchanged", "b"]);
    assert_eq!(look(&["b"]), [Some(false)]);
    assert_eq!(is_committed(&Fixture::nothing().root(), &["a"]), [None]);
    assert_eq!(is_committed(&Fixture::empty().root(), &["a"]), [Some(false)]);
}

#[test]
fn what_git_itself_may_have_changed_is_not_known() {
    let fixture = Fixture::new();
    fixture.write("a", "changed");
    let look = || is_committed(&fixture.root(), &["a", "b"]);
    assert_eq!(look(), [Some(false), Some(true)]);
    for attribute in
        ["text", "text=auto", "eol=crlf", "ident", "filter=x", "working-tree-encoding=UTF-16"]
    {
        fixture.write(".gitattributes", &format!("* {attribute}\n"));
        assert_eq!(look(), [None, Some(true)], "{attribute}");
    }
    fixture.write(".gitattributes", "* -text\n");
    assert_eq!(look(), [Some(false), Some(true)]);
    fixture.git(&["config", "core.autocrlf", "true"]);
    assert_eq!(look(), [None, Some(true)]);
}

#[test]
fn other_ends_of_lines_are_no_other_file_where_git_may_change_them() {
    let fixture = Fixture::empty();
    fixture.write("lock", "a\nb\n");
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "one"]);
    fixture.write("lock", "a\r\nb\r\n");
    assert!(file(&fixture, "lock").work_tree_differs);
    fixture.git(&["config", "core.autocrlf", "true"]);
    assert!(!file(&fixture, "lock").work_tree_differs);
    fixture.write("lock", "a\r\nc\r\n");
    assert!(file(&fixture, "lock").work_tree_differs);
}

#[test]
fn a_file_is_as_a_named_commit_has_it_and_compared_with_the_disk() {
    let fixture = Fixture::new();
    let first = fixture.git(&["rev-parse", "HEAD"]);
    fixture.write("dir/c", "other");
    fixture.git(&["commit", "-qam", "other"]);
    let second = fixture.git(&["rev-parse", "HEAD"]);
    // The path is relative to the top, wherever the root is.
    for root in [fixture.root(), fixture.root().join("dir")] {
        let found = at_commit(&root, &first, "dir/c").unwrap();
        assert_eq!((found.bytes.as_slice(), found.on_disk_is_same), (&b"dir/c"[..], Some(false)));
        let found = at_commit(&root, &second.to_ascii_uppercase(), "dir/c").unwrap();
        assert_eq!((found.bytes.as_slice(), found.on_disk_is_same), (&b"other"[..], Some(true)));
    }
    std::fs::remove_file(fixture.root().join("dir/c")).unwrap();
    assert_eq!(at_commit(&fixture.root(), &first, "dir/c").unwrap().on_disk_is_same, None);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../a", fixture.root().join("dir/c")).unwrap();
        assert_eq!(
            at_commit(&fixture.root(), &first, "dir/c").unwrap().on_disk_is_same,
            Some(false)
        );
    }
}

#[test]
fn a_commit_is_named_by_its_whole_id_alone_and_a_path_leads_nowhere_else() {
    let fixture = Fixture::new();
    let root = fixture.root();
    let head = fixture.git(&["rev-parse", "HEAD"]);
    let tree = fixture.git(&["rev-parse", "HEAD^{tree}"]);
    for commit in ["HEAD", "master", "", head.get(..12).unwrap(), &"0".repeat(40), &"0".repeat(64)]
    {
        assert_eq!(at_commit(&root, commit, "a").unwrap_err(), Committed::NoCommit, "{commit}");
    }
    assert!(matches!(at_commit(&root, &tree, "a"), Err(Committed::Unreadable(_))));
    for path in ["", "/a", "../a", "./a", "dir/../a", "dir//c", "a\\b", "absent", "a/b"] {
        assert_eq!(at_commit(&root, &head, path).unwrap_err(), Committed::NoSuchPath, "{path}");
    }
    assert_eq!(at_commit(&root, &head, "dir").unwrap_err(), Committed::NotRegular);
    let nothing = Fixture::nothing();
    assert_eq!(at_commit(&nothing.root(), &head, "a").unwrap_err(), Committed::NoRepository);
}
