//! Who may stand where the state will be.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn base() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folder_and_file_are_the_users_alone_and_a_file_is_never_made_twice() {
    let base = base();
    let folder = PrivateFolder::open(base.path(), "p").unwrap();
    folder.create("a", b"one").unwrap();
    assert_eq!((mode(&base.path().join("p")), mode(&folder.path_of("a"))), (0o700, 0o600));
    assert!(matches!(folder.create("a", b"two"), Err(PrivateError::Exists(_))));
    assert_eq!(folder.read("a", 3).unwrap(), b"one");
    assert!(matches!(folder.read("a", 2), Err(PrivateError::TooLarge { .. })));
    assert!(matches!(folder.read("b", 2), Err(PrivateError::NotFound(_))));
    assert_eq!(folder.names(), ["a"], "no temporary file is left");
    folder.remove("a").unwrap();
    folder.remove("a").unwrap();
    folder.create("a", b"two").unwrap();
}

#[test]
fn a_link_in_the_place_of_the_folder_or_the_file_is_refused_and_what_it_names_is_untouched() {
    let base = base();
    let elsewhere = base.path().join("elsewhere");
    PrivateFolder::open(base.path(), "elsewhere").unwrap();
    symlink(&elsewhere, base.path().join("p")).unwrap();
    let error = PrivateFolder::open(base.path(), "p").unwrap_err();
    assert!(matches!(error, PrivateError::NotPrivate { .. }), "{error}");

    let folder = PrivateFolder::open(base.path(), "q").unwrap();
    let victim = base.path().join("victim");
    PrivateFolder::open(base.path(), "v").unwrap().create("v", b"old").unwrap();
    fs::hard_link(base.path().join("v/v"), &victim).unwrap();
    symlink(&victim, folder.path_of("a")).unwrap();
    assert!(matches!(folder.create("a", b"new"), Err(PrivateError::Exists(_))));
    assert!(matches!(folder.read("a", 9), Err(PrivateError::NotPrivate { .. })));
    let dangling = folder.path_of("b");
    symlink(base.path().join("not/there"), &dangling).unwrap();
    assert!(matches!(folder.create("b", b"new"), Err(PrivateError::Exists(_))));
    fs::hard_link(&victim, folder.path_of("c")).unwrap();
    let twice = folder.read("c", 9).unwrap_err();
    assert!(matches!(twice, PrivateError::NotPrivate { .. }), "a second name: {twice}");
}

#[test]
fn what_is_open_to_others_or_no_file_is_refused() {
    let base = base();
    fs::create_dir(base.path().join("p")).unwrap();
    fs::set_permissions(base.path().join("p"), fs::Permissions::from_mode(0o755)).unwrap();
    let open = PrivateFolder::open(base.path(), "p").unwrap_err();
    assert!(open.to_string().contains("found mode 755"), "{open}");

    let folder = PrivateFolder::open(base.path(), "q").unwrap();
    folder.create("a", b"x").unwrap();
    fs::set_permissions(folder.path_of("a"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(folder.read("a", 9), Err(PrivateError::NotPrivate { .. })));
    fs::create_dir(folder.path_of("d")).unwrap();
    assert!(matches!(folder.read("d", 9), Err(PrivateError::NotPrivate { .. })));
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path_of("f"), 0o600.into()).unwrap();
    assert!(matches!(folder.read("f", 9), Err(PrivateError::NotPrivate { .. })), "nor waits");
    fs::set_permissions(base.path().join("q"), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(PrivateFolder::open(&folder.path_of("a"), "x").is_err());
}

#[test]
fn another_users_folder_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let base = base();
    PrivateFolder::open(base.path(), "p").unwrap();
    std::os::unix::fs::chown(base.path().join("p"), Some(65534), None).unwrap();
    let error = PrivateFolder::open(base.path(), "p").unwrap_err();
    assert!(error.to_string().contains("user 65534"), "{error}");
}
