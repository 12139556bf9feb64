//! Databases as they are, and as somebody would like them to be read.

use std::fs;

use super::*;
use crate::base::digest::Sha256;

fn write(folder: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let bytes = content.as_ref();
    let access = crate::base::file::Access::Umask;
    crate::base::file::write_bytes(&path, crate::base::file::Overwrite::Replace, access, bytes)
        .unwrap();
}

fn captured(folder: &Path) -> Captured<Packages> {
    let limit = Duration::from_secs(20);
    capture_below(folder, &Redactor::default(), &PassedDescriptors::default(), limit)
}

fn dpkg(status: impl AsRef<[u8]>) -> Captured<Packages> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "var/lib/dpkg/status", status);
    captured(folder.path())
}

fn lines(captured: &Captured<Packages>, manager: &str) -> Vec<String> {
    let set = &captured.fact.get().unwrap()[manager];
    assert_eq!(set.count, set.list.inline().unwrap().len() as u64);
    set.list.inline().unwrap().iter().map(|package| line(package).trim_end().to_owned()).collect()
}

#[test]
fn only_what_is_installed_is_listed_sorted_and_each_once() {
    let found = dpkg(
        "Package: zlib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2-3\n\n\
         Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n\
         Package: never\nStatus: purge ok not-installed\nVersion: 1\nArchitecture: all\n\n\
         Package: half\nStatus: install reinstreq half-installed\nVersion: 1\nArchitecture: all\n\n\n\
         Package: a-b\nStatus: hold ok installed\nVersion: 2\nArchitecture: all\n\
         Description: x\n Package: not this\n Version: nor this\n\n\
         Package: a\nVersion: 2\nStatus: install ok installed\n\n\
         Package: zlib\nStatus: install ok installed\nArchitecture: i386\nVersion: 1:1.2-3\n\n\
         Package: zlib\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2-3",
    );
    let expected = ["a 2 -", "a-b 2 all", "zlib 1:1.2-3 amd64", "zlib 1:1.2-3 i386"];
    assert_eq!(lines(&found, "dpkg"), expected);
    let digest = Sha256::of(format!("{}\n", expected.join("\n")).as_bytes());
    assert_eq!(found.fact.get().unwrap()["dpkg"].sha256, digest);
    assert!(found.gaps.is_empty() && found.redactions.is_empty());
}

#[test]
fn the_digest_does_not_depend_on_the_order_or_the_line_ends() {
    let one = dpkg(
        "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: x y installed\nVersion: 2\n",
    );
    let two = dpkg(
        "Version: 2\r\nPackage: b\r\nStatus: x y installed\r\n\r\nPackage: a\r\nStatus: install ok installed\r\nVersion: 1\r\n\r\n",
    );
    assert_eq!(one.fact, two.fact);
}

#[test]
fn entries_that_cannot_be_trusted_are_left_out_and_counted() {
    let long = "x".repeat(300);
    let mut hostile = Vec::new();
    for entry in [
        &b"Package: nul\0\nVersion: 1"[..],
        b"Package: bell\nVersion: \x07",
        b"Package: \xff\xfe\nVersion: 1",
        b"Package: two words\nVersion: 1",
        b"Package: no-version",
        b"Version: 1",
        b"Package: empty\nVersion:",
        b"Package: a\nPackage: b\nVersion: 1",
        b"Package: hidden\xe2\x80\xae\nVersion: 1",
        format!("Package: {long}\nVersion: 1").as_bytes(),
    ] {
        hostile.extend_from_slice(entry);
        hostile.extend_from_slice(b"\nStatus: install ok installed\n\n");
    }
    hostile.extend_from_slice(b"Package: no-status\nVersion: 1\n\n");
    hostile.extend_from_slice(b"Package: good\nVersion: 1\nStatus: install ok installed\n");
    hostile.extend_from_slice(&vec![b'y'; 4 << 20]);
    let found = dpkg(hostile);
    assert_eq!(lines(&found, "dpkg"), ["good 1 -"]);
    assert_eq!(found.gaps[0].reason, "dpkg: entries of its database that can't be read: 11");
}

#[test]
fn a_status_that_stands_twice_does_not_hide_a_package_silently() {
    let found = dpkg("Package: a\nVersion: 1\nStatus: install ok installed\nStatus: x x gone\n");
    assert_eq!(lines(&found, "dpkg"), [""; 0]);
    assert_eq!(found.gaps.len(), 1);
}

#[test]
fn images_without_a_manager_list_their_packages_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| format!("var/lib/dpkg/status.d/{name}");
    write(folder.path(), &below("base"), "Package: base-files\nVersion: 12\nArchitecture: amd64\n");
    write(folder.path(), &below("base.md5sums"), "00 etc/x\n");
    write(folder.path(), &below("gone"), "Package: g\nVersion: 1\nStatus: a b config-files\n");
    assert_eq!(lines(&captured(folder.path()), "dpkg"), ["base-files 12 amd64"]);
}

#[test]
fn apk_is_read_from_either_place() {
    for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
        let folder = tempfile::tempdir().unwrap();
        let text = "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:P:x\n\nP:busybox\nV:1.36\n\n";
        write(folder.path(), path, text);
        assert_eq!(
            lines(&captured(folder.path()), "apk"),
            ["busybox 1.36 -", "musl 1.2.5-r0 x86_64"]
        );
    }
}

#[test]
fn no_database_is_absent_and_one_that_cannot_be_read_is_not() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(captured(folder.path()).fact, Fact::absent(Basis::Read));
    fs::create_dir_all(folder.path().join("var/lib/dpkg/status")).unwrap();
    let found = captured(folder.path());
    assert!(found.fact.reason.unwrap().starts_with("dpkg: "));
    assert_eq!(found.gaps.len(), 1);
}

#[test]
fn a_database_over_the_caps_gives_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("var/lib/dpkg/status");
    write(folder.path(), "var/lib/dpkg/status", "x");
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(SIZE_MAX + 1).unwrap();
    assert!(captured(folder.path()).fact.get().is_none());
    let many: String = (0..=COUNT_MAX).map(|n| format!("P:p{n}\nV:1\n\n")).collect();
    let mut listed = Listed::default();
    assert!(parse::stanzas(many.as_bytes(), &parse::APK, &mut listed).is_err());
}

#[cfg(unix)]
#[test]
fn a_fifo_in_the_place_of_a_database_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("var/lib/dpkg");
    fs::create_dir_all(&place).unwrap();
    script(&place.join("x"), ""); // Another process makes the files: see below.
    shell(&format!("mkfifo {}", place.join("status").display()));
    let found = captured(folder.path());
    assert_eq!(found.fact.reason.unwrap(), "dpkg: its database isn't a regular file");
}

#[test]
fn what_looks_like_a_credential_is_withheld_and_the_digest_is_of_what_is_recorded() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let found = dpkg(format!("Package: a\nVersion: {token}\nStatus: install ok installed\n"));
    let text = serde_json::to_string(found.fact.get().unwrap()).unwrap();
    assert!(!text.contains("0123456789abcdefghij"));
    assert_eq!(found.redactions[0].place, "package of dpkg");
    let lines = lines(&found, "dpkg");
    assert_eq!(lines[0].split(' ').count(), 3, "{lines:?}");
    let digest = Sha256::of(format!("{}\n", lines[0]).as_bytes());
    assert_eq!(found.fact.get().unwrap()["dpkg"].sha256, digest);
}

#[cfg(unix)]
fn shell(line: &str) {
    let question = crate::base::process::Question {
        away_from: None,
        program: Path::new("/bin/sh"),
        name: std::ffi::OsStr::new("sh"),
        arguments: &["-c", line],
        path: std::ffi::OsStr::new("/usr/bin:/bin"),
        home: None,
        limit: Duration::from_secs(20),
        cap: 1000,
        passed: &PassedDescriptors::default(),
    };
    let answer = crate::base::process::probe(&question).unwrap();
    assert_eq!(answer.ended, Some(crate::base::process::Ended::Exited(0)));
}

/// Written by another process: a file that this one has open for writing while another test starts a
/// program is "text file busy" for a moment.
#[cfg(unix)]
fn script(path: &Path, body: &str) {
    let path = path.display();
    shell(&format!("cat >{path} <<'END'\n#!/bin/sh\n{body}\nEND\nchmod 755 {path}"));
}

#[cfg(unix)]
#[test]
fn rpm_is_asked_where_it_has_a_database() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "var/lib/rpm/rpmdb.sqlite", "");
    let found = captured(folder.path());
    assert_eq!(
        found.fact.reason.unwrap(),
        "rpm: there is its database, and no program rpm to read it"
    );

    fs::create_dir_all(folder.path().join("usr/bin")).unwrap();
    let program = folder.path().join("usr/bin/rpm");
    let body = "[ -z \"$HOME\" ] && [ \"$1 $2\" = '-qa --qf' ] &&
        printf 'bash\\t0:5.2-1\\tx86_64\\ngpg-pubkey\\t0:1-2\\t(none)\\nbad\\t1\\n\\n'";
    script(&program, body);
    let found = captured(folder.path());
    assert_eq!(lines(&found, "rpm"), ["bash 0:5.2-1 x86_64", "gpg-pubkey 0:1-2 -"]);
    assert_eq!(found.gaps[0].reason, "rpm: entries of its database that can't be read: 1");

    script(&program, "exit 3");
    assert_eq!(captured(folder.path()).fact.reason.unwrap(), "rpm: rpm failed, code 3");
    // Another manager's list is there all the same.
    write(folder.path(), "lib/apk/db/installed", "P:a\nV:1\n");
    let found = captured(folder.path());
    assert_eq!((lines(&found, "apk").len(), found.gaps.len()), (1, 1));
}

#[cfg(unix)]
#[test]
fn an_rpm_that_hangs_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "var/lib/rpm/rpmdb.sqlite", "");
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    script(&folder.path().join("bin/rpm"), "sleep 60");
    let (redactor, passed) = (Redactor::default(), PassedDescriptors::default());
    let limit = Duration::from_millis(300);
    let found = capture_below(folder.path(), &redactor, &passed, limit);
    assert!(found.fact.reason.unwrap().starts_with("rpm: rpm took more than"));
}

#[test]
fn the_machine_s_own_database_can_be_read() {
    let found = capture(&Redactor::default(), &PassedDescriptors::default());
    assert!(found.fact.get().is_none_or(|sets| sets.values().all(|set| set.count > 0)));
}
