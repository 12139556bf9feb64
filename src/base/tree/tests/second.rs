//! What a second look tells apart.

use super::*;
use crate::base::digest::Sha256;

fn changes(differences: &Differences<'_>) -> Vec<(Change, String)> {
    let name = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
    differences.iter().map(|(change, entry)| (change, name(entry.path))).collect()
}

fn is(change: Change, path: &str) -> (Change, String) {
    (change, path.to_owned())
}

#[test]
fn made_changed_deleted_and_unchanged_are_told_apart() {
    let folder = Folder::new(&[("same", "1"), ("changed", "2"), ("deleted", "3"), ("d/x", "4")]);
    let before = folder.read();
    folder.write("changed", b"other");
    folder.write("made/deep", b"new");
    fs::remove_file(folder.path("deleted")).unwrap();
    fs::remove_dir_all(folder.path("d")).unwrap();
    let differences = folder.compare(&before);
    assert_eq!(
        changes(&differences),
        [
            is(Change::Changed, "changed"),
            is(Change::Deleted, "d/x"),
            is(Change::Deleted, "deleted"),
            is(Change::Made, "made/deep"),
        ]
    );
    let (change, entry) = differences.state_of(b"changed").unwrap();
    assert_eq!((change, entry.digest), (Change::Changed, Some(Sha256::of(b"other"))));
    let (change, entry) = differences.state_of(b"same").unwrap();
    assert_eq!((change, entry.digest), (Change::Unchanged, Some(Sha256::of(b"1"))));
    assert_eq!(differences.state_of(b"deleted"), None);
    assert_eq!(differences.state_of(b"never"), None);
    let present: Vec<_> =
        differences.present().map(|(change, entry)| (change, entry.path)).collect();
    assert_eq!(
        present,
        [
            (Change::Changed, &b"changed"[..]),
            (Change::Made, b"made/deep"),
            (Change::Unchanged, b"same"),
        ]
    );
    assert_eq!(differences.deleted().count(), 2);
    // The files were written just now: their times say nothing, and all are read.
    assert_eq!((differences.unchanged_by_metadata, differences.hashed), (0, 3));
}

#[test]
fn a_file_with_a_new_inode_and_new_times_is_unchanged_by_content() {
    let folder = Folder::new(&[("f", "same"), ("g", "same")]);
    let before = folder.read();
    folder.write("tmp", b"same");
    folder.rename("tmp", "f");
    folder.write("g", b"same");
    let differences = folder.compare_settled(&before, false);
    assert_eq!(changes(&differences), []);
    assert_eq!(differences.state_of(b"f").unwrap().0, Change::Unchanged);
    assert_eq!((differences.unchanged_by_metadata, differences.hashed), (0, 2));
}

#[cfg(unix)]
#[test]
fn files_with_settled_times_are_not_read_again_unless_asked() {
    let folder = Folder::new(&[("f", "1"), ("g", "2")]);
    let before = folder.read();
    let differences = folder.compare_settled(&before, false);
    assert_eq!((differences.unchanged_by_metadata, differences.hashed), (2, 0));
    assert_eq!(differences.present().count(), 2);
    let differences = folder.compare_settled(&before, true);
    assert_eq!((differences.unchanged_by_metadata, differences.hashed), (0, 2));
    assert_eq!(differences.present().count(), 2);

    // The time of change must be older than the bracket by more than a second.
    let row = before.at(before.find(b"f").unwrap()).unwrap().1.stamp.ctime;
    let other = before.at(before.find(b"g").unwrap()).unwrap().1.stamp.ctime;
    let walk = folder.walk(&|| false, &|_, _| ());
    let latest = row.max(other);
    let at_a_second = compare(&before, &walk, row.min(other) + 1_000_000_000, false).unwrap();
    assert_eq!(at_a_second.unchanged_by_metadata, 0);
    let beyond = compare(&before, &walk, latest + 1_000_000_001, false).unwrap();
    assert_eq!(beyond.unchanged_by_metadata, 2);
}

#[cfg(unix)]
#[test]
fn a_time_of_writing_that_was_set_back_hides_no_change() {
    let folder = Folder::new(&[("f", "old")]);
    let before = folder.read();
    let written = fs::metadata(folder.path("f")).unwrap().modified().unwrap();
    folder.write("f", b"new");
    let file = fs::OpenOptions::new().write(true).open(folder.path("f")).unwrap();
    file.set_modified(written).unwrap();
    drop(file);
    assert_eq!(changes(&folder.compare_settled(&before, false)), [is(Change::Changed, "f")]);
}

#[cfg(unix)]
#[test]
fn kind_and_mode_count_as_content() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new(&[("mode", "x"), ("kind", "x")]);
    symlink("a", folder.path("link")).unwrap();
    symlink("a", folder.path("still")).unwrap();
    let before = folder.read();
    fs::set_permissions(folder.path("mode"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(folder.path("kind")).unwrap();
    symlink("x", folder.path("kind")).unwrap();
    fs::remove_file(folder.path("link")).unwrap();
    symlink("b", folder.path("link")).unwrap();
    for rehash in [false, true] {
        let differences = folder.compare_settled(&before, rehash);
        let expected = ["kind", "link", "mode"].map(|path| is(Change::Changed, path));
        assert_eq!(changes(&differences), expected);
        assert_eq!(differences.state_of(b"still").unwrap().0, Change::Unchanged);
    }
}

#[test]
fn many_files_are_found_again_in_whatever_order_they_come() {
    let folder = Folder::new(&[]);
    (0..500).for_each(|n| folder.write(&format!("{}/{n}", n % 9), &[n as u8; 9]));
    let before = folder.read();
    (0..500).filter(|n| n % 3 == 0).for_each(|n| {
        fs::remove_file(folder.path(&format!("{}/{n}", n % 9))).unwrap();
    });
    (500..700).for_each(|n| folder.write(&format!("{}/{n}", n % 9), b"new"));
    let differences = folder.compare(&before);
    assert_eq!(differences.deleted().count(), 167);
    assert_eq!(differences.now().len(), 200);
    assert_eq!(differences.present().count(), 533);
    assert!(differences.now().iter().all(|e| e.digest == Some(Sha256::of(b"new"))));
}

#[test]
fn what_was_left_out_of_the_second_look_is_not_deleted() {
    let mut folder = Folder::new(&[("a/x", ""), ("out", ""), ("b", "")]);
    let before = folder.read();
    folder.exclude = Patterns::new(&["a*"]).unwrap();
    folder.skip = vec!["out".into()];
    let differences = folder.compare(&before);
    assert_eq!(changes(&differences), []);
    assert_eq!(differences.state_of(b"out"), None);
    assert_eq!(differences.present().count(), 1);
}

#[test]
fn after_a_stop_nothing_is_called_deleted_or_unchanged() {
    let folder = Folder::new(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let before = folder.read();
    fs::remove_file(folder.path("b")).unwrap();
    folder.write("d", b"4");
    let differences =
        compare(&before, &folder.walk(&|| true, &|_, _| ()), nanoseconds(), false).unwrap();
    assert_eq!(differences.now().not_reached(), 3);
    assert_eq!(differences.present().filter(|(change, _)| *change == Change::Unchanged).count(), 0);
    let made = differences.state_of(b"d").unwrap();
    assert_eq!((made.0, made.1.digest), (Change::Made, None));
    assert_eq!(differences.state_of(b"a"), None);
}

#[test]
fn a_file_that_changes_while_it_is_compared_is_said_so() {
    let folder = Folder::new(&[("busy", "1")]);
    let before = folder.read();
    folder.write("busy", &vec![1; 5 << 20]);
    let once = std::sync::Once::new();
    let progress = |_, bytes| {
        if bytes > 1_000_000 {
            once.call_once(|| folder.write("busy", b"1"));
        }
    };
    let differences =
        compare(&before, &folder.walk(&|| false, &progress), nanoseconds(), false).unwrap();
    assert_eq!(troubles(differences.now()), [("busy".to_owned(), Trouble::ChangedWhileRead)]);
    let (change, entry) = differences.state_of(b"busy").unwrap();
    assert_eq!((change, entry.content), (Change::Changed, Content::ChangedWhileRead));
}

#[cfg(unix)]
#[test]
fn what_is_in_an_unreadable_folder_is_not_called_deleted() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new(&[("dir/x", "1"), ("f", "2")]);
    let before = folder.read();
    fs::set_permissions(folder.path("dir"), fs::Permissions::from_mode(0o0)).unwrap();
    let differences = folder.compare(&before);
    assert_eq!(changes(&differences), []);
    assert_eq!(differences.state_of(b"dir/x"), None);
    assert_eq!(differences.problems().len(), 1);
    fs::set_permissions(folder.path("dir"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_tree_that_was_packed_and_unpacked_compares_as_the_one_that_was_not() {
    use crate::base::pack::{Masks, Packer, Unpacker};

    let many: Vec<(String, String)> =
        (0..200).map(|n| (format!("d{}/f{n}", n % 7), format!("{n}"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(p, c)| (p.as_str(), c.as_str())).collect();
    let folder = Folder::new(&many);
    let before = folder.read();
    let mut packer = Packer::default();
    let secret = |path: &[u8]| path == b"d4/f67";
    let masks = Masks { key: [7; 16], masks: &secret };
    before.pack(&mut packer, &masks);
    let packed = packer.finish();
    assert!(!packed.windows(6).any(|window| window == b"d4/f67"), "a masked path isn't kept");
    let mut unmask = |digest: &Sha256| {
        (*digest == Masks::digest(&[7; 16], b"d4/f67")).then(|| b"d4/f67".to_vec())
    };
    let mut from = Unpacker::new(&packed);
    let back = Tree::unpack(&mut from, &mut unmask).unwrap();
    from.finish().unwrap();
    assert_eq!(back.root_digest(|_| true), before.root_digest(|_| true));
    assert!(back.iter().eq(before.iter()) && back.is_complete());

    folder.write("d1/f1", b"other");
    folder.write("new", b"new");
    std::fs::remove_file(folder.path("d2/f2")).unwrap();
    let tell = |tree: &Tree| {
        let found = folder.compare_settled(tree, false);
        let list: Vec<_> = found.iter().map(|(c, e)| (c, e.path.to_owned(), e.digest)).collect();
        (list, found.unchanged_by_metadata, found.hashed)
    };
    assert_eq!(tell(&back), tell(&before));
    assert_eq!(tell(&back).1, 198, "times and inode came through");
    for end in (0..packed.len()).step_by(97) {
        let cut = Tree::unpack(&mut Unpacker::new(&packed[..end]), &mut |_| None);
        assert!(cut.is_err(), "cut at {end}");
    }
}
