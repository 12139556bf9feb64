//! What only Unix has: links, special files, rights.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::base::digest::Sha256;

#[test]
fn links_are_recorded_and_never_followed() {
    let outside = Folder::new(&[("secret", "s")]);
    let folder = Folder::new(&[("dir/file", "x")]);
    let links = [
        ("absolute", "/etc/passwd"),
        ("broken", "nowhere"),
        ("loop", "loop"),
        ("up", ".."),
        ("folder", "dir"),
        ("out", outside.dir.path().to_str().unwrap()),
    ];
    for (name, target) in links {
        symlink(target, folder.path(name)).unwrap();
    }
    let tree = folder.read();
    assert_eq!(tree.len(), 7);
    for (name, target) in links {
        let entry = tree.get(name.as_bytes()).unwrap();
        assert_eq!(entry.kind, Kind::Link, "{name}");
        assert_eq!(entry.digest, Some(Sha256::of(target.as_bytes())), "{name}");
        assert_eq!((entry.size, entry.executable), (target.len() as u64, false));
    }
    assert!(tree.problems().is_empty());
    assert_eq!(tree.totals(), Totals { files: 7, bytes: 1 });
    assert_eq!(tree.dir_hash(), None);
}

#[test]
fn the_root_itself_may_be_a_link() {
    let folder = Folder::new(&[("dir/file", "x")]);
    symlink("dir", folder.path("link")).unwrap();
    let root = folder.path("link");
    let walk = Walk { root: &root, ..folder.walk(&|| false, &|_, _| ()) };
    assert_eq!(names(&Tree::read(&walk).unwrap()), ["file"]);
    let slash = folder.path("link/");
    let walk = Walk { root: &slash, ..walk };
    assert_eq!(names(&Tree::read(&walk).unwrap()), ["file"]);
}

#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() {
    let outside = Folder::new(&[("file", "secret")]);
    let folder = Folder::new(&[("dir/file", "x")]);
    let root = system::Root::open(folder.dir.path()).unwrap();
    assert!(root.open_file(b"dir/file").is_ok());
    fs::remove_dir_all(folder.path("dir")).unwrap();
    symlink(outside.dir.path(), folder.path("dir")).unwrap();
    symlink("file", outside.path("link")).unwrap();
    #[cfg(target_os = "linux")]
    assert!(root.open_file(b"dir/file").is_err() && root.read_link(b"dir/link").is_err());
    symlink("secret", folder.path("link")).unwrap();
    assert!(root.open_file(b"link").is_err());
    assert_eq!(root.read_link(b"link").unwrap(), b"secret");
}

#[test]
fn what_is_no_file_is_recorded_and_not_read() {
    let folder = Folder::new(&[("file", "x")]);
    fifo(&folder.path("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
    let tree = folder.read();
    for name in ["fifo", "socket"] {
        let entry = tree.get(name.as_bytes()).unwrap();
        assert_eq!((entry.kind, entry.digest, entry.size), (Kind::Other, None, 0));
    }
    assert!(tree.problems().is_empty());
    // python3: h.sha256(b"o - - 6669666f\n" b"o - - 736f636b6574\n").hexdigest()
    let root = tree.root_digest(|path| path != b"file");
    assert_eq!(root, Sha256::of(b"o - - 6669666f\no - - 736f636b6574\n"));
    assert_eq!(tree.dir_hash(), None);
    let named = hash::hash_file(&folder.path("fifo"), hash::Links::Follow, false, &|| false);
    assert!(matches!(named, Err(hash::HashError::NotRegular { .. })));
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[expect(clippy::disallowed_methods, reason = "there is no other call for it here")]
pub(super) fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_utf8_lose_nothing() {
    let folder = Folder::new(&[]);
    let name = b"a\xff\xfe\nb";
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fs::write(folder.dir.path().join(OsStr::from_bytes(name)), "x").unwrap();
    let tree = folder.read();
    assert_eq!(tree.iter().next().unwrap().path, name);
    let record = format!("f - {} 61fffe0a62\n", Sha256::of(b"x"));
    assert_eq!(tree.root_digest(|_| true), Sha256::of(record.as_bytes()));
    assert_eq!(tree.dir_hash(), None);
}

#[test]
fn only_the_owners_right_to_execute_counts() {
    let folder = Folder::new(&[("a", ""), ("b", ""), ("c", "")]);
    for (name, mode) in [("a", 0o700), ("b", 0o677), ("c", 0o4755)] {
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let tree = folder.read();
    assert_eq!(tree.iter().map(|e| e.executable).collect::<Vec<_>>(), [true, false, true]);
    let nothing = Sha256::of(b"");
    let records = format!("f x {nothing} 61\nf - {nothing} 62\nf x {nothing} 63\n");
    assert_eq!(tree.root_digest(|_| true), Sha256::of(records.as_bytes()));
}

#[test]
fn unreadable_files_and_folders_are_problems() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new(&[("file", "x"), ("dir/file", "y"), ("good", "z")]);
    for name in ["file", "dir"] {
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o0)).unwrap();
    }
    let tree = folder.read();
    let denied = "permission denied".to_owned();
    assert_eq!(
        troubles(&tree),
        [
            ("dir".to_owned(), Trouble::UnreadableFolder(denied.clone())),
            ("file".to_owned(), Trouble::Unreadable(denied)),
        ]
    );
    assert_eq!(names(&tree), ["file", "good"]);
    let entry = tree.get(b"file").unwrap();
    assert_eq!((entry.digest, entry.size, entry.content), (None, 1, Content::Unreadable));
    let dir = fs::Permissions::from_mode(0o700);
    fs::set_permissions(folder.path("dir"), dir).unwrap();
}

#[test]
fn a_link_that_the_user_named_is_followed_only_when_asked() {
    let folder = Folder::new(&[("file", "x"), ("dir/y", "")]);
    symlink("file", folder.path("link")).unwrap();
    symlink("dir", folder.path("folder")).unwrap();
    let hash = |name, links| hash::hash_file(&folder.path(name), links, false, &|| false);
    assert_eq!(hash("link", hash::Links::Follow).unwrap().sha256, Sha256::of(b"x"));
    let refused = hash("link", hash::Links::Refuse).unwrap_err();
    assert_eq!(refused.to_string(), "expected a regular file, found a link");
    let refused = hash("folder", hash::Links::Follow).unwrap_err();
    assert_eq!(refused.to_string(), "expected a regular file, found a folder");
    assert!(hash("file", hash::Links::Refuse).is_ok());
}
