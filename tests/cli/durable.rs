//! Files of evidence are whole or not there: killed, on a full disk, over old ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::harness::{EVIDENCE, Place, SECTIONS, end_of, lines, statements};

#[test]
fn kill_9_at_any_moment_leaves_no_half_file() {
    const MOMENTS: u32 = 30;
    let place = Place::new();
    for number in 0..50 {
        place.write(format!("src/{number}"), vec![b'x'; 4096]);
    }
    let run = || place.run(&["-a", "a", "-o", "../out/e.sigstore.jsonl"], "echo 1 >a").start();
    let out = place.outside("out");
    let fresh = || {
        let _ = fs::remove_dir_all(&out);
        let _ = fs::remove_file(place.at("a"));
        fs::create_dir(&out).unwrap();
    };
    fresh();
    let start = Instant::now();
    assert_eq!(end_of(&mut run()), Some(0));
    let whole = start.elapsed();

    let (mut none, mut both) = (0, 0);
    for moment in 0..=MOMENTS {
        fresh();
        let start = Instant::now();
        let mut child = run();
        let until = whole * moment * 11 / 10 / MOMENTS;
        std::thread::sleep(until.saturating_sub(start.elapsed()));
        let _ = child.kill();
        child.wait().unwrap();
        let (signed, sections) = (out.join("e.sigstore.jsonl"), out.join("e.sections.jsonl"));
        if sections.exists() {
            // Every line parses, and the last one ends.
            assert!(lines(&sections).len() >= 2);
        }
        if signed.exists() {
            assert_eq!(statements(&signed).len(), 2);
            assert!(sections.exists(), "what the signed file names is there before it");
            both += 1;
        } else {
            none += 1;
        }
    }
    assert!(none > 0, "some were killed before the end ({none} and {both})");
}

/// Files may not grow beyond half a KiB: a disk that is full in the middle of a file.
const SMALL: &str = "trap '' XFSZ; ulimit -f 1;";

#[test]
fn a_disk_that_is_full_is_an_error_and_leaves_nothing_half_written() {
    let place = Place::new();
    let key = place.key(1);
    let run = |flags: &str, build: &str| {
        let line =
            format!("{SMALL} exec \"$PROOFMARK\" run --key '{key}' {flags} -- sh -c '{build}'");
        place.shell(&line)
    };
    run("-a a", "echo 1 >a").exits(125).tells("its evidence was not written: cannot write");
    assert_eq!(place.names(), ["a"]);
    run("", "exit 3").exits(125);
    assert_eq!(place.names(), ["a"]);

    // What is there is replaced by something whole or stays.
    place.write(EVIDENCE, "old");
    place.write(SECTIONS, "old");
    run("--force -a a", "echo 2 >a").exits(125);
    assert_eq!(place.text(EVIDENCE), "old");

    let attest = format!("{SMALL} exec \"$PROOFMARK\" attest a --key '{key}' -o x.jsonl");
    place.shell(&attest).exits(1).tells("cannot write");
    assert!(!place.has("x.jsonl") && !place.has("x.sections.jsonl"));
    let keygen = "trap '' XFSZ; ulimit -f 0; exec \"$PROOFMARK\" keygen --out k";
    place.shell(keygen).exits(1).tells("cannot write");
    assert_eq!(place.names(), ["a", SECTIONS, EVIDENCE]);
}

#[test]
fn on_error_warn_hands_on_the_code_with_one_notice_and_no_evidence() {
    let place = Place::new();
    let key = place.key(1);
    for (code, build) in [(0, "echo 1 >a"), (6, "exit 6")] {
        let line = format!(
            "{SMALL} exec \"$PROOFMARK\" run --key '{key}' --on-error warn -a a -- sh -c '{build}'"
        );
        place.shell(&line).exits(code).notices(1).tells("cannot write");
        assert!(!place.has(EVIDENCE) && !place.has(SECTIONS));
    }
}

#[test]
fn on_error_warn_covers_artefacts_that_are_missing() {
    let place = Place::new();
    place.run(&["--on-error", "warn", "-a", "none"], "exit 0").exits(0).notices(1).tells("none");
    assert_eq!(place.statements().len(), 1);
}

/// A file system that is gone with the value.
struct Mounted(PathBuf);

impl Mounted {
    fn new(path: &Path, size: &str) -> Option<Self> {
        fs::create_dir(path).unwrap();
        let size = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "proofmark-test"]).arg(path);
        let output = mount.output().ok()?;
        output.status.success().then(|| Self(path.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_file_system_without_room_is_an_error_and_leaves_nothing() {
    let place = Place::new();
    let Some(disk) = Mounted::new(&place.outside("disk"), "64k") else {
        eprintln!("SKIPPED: this user may not mount");
        return;
    };
    // Room for the sections and not for the evidence, or for nothing at all.
    for left in [8192, 4096, 0] {
        let filler = disk.0.join("filler");
        let _ = fs::remove_file(&filler);
        let mut size = 65536;
        while fs::write(&filler, vec![0; size]).is_err() {
            size -= 4096;
        }
        fs::write(&filler, vec![0; size - left]).unwrap();
        let out = disk.0.join("e.sigstore.jsonl");
        place.write("in", "x".repeat(100));
        for number in 0..60 {
            place.write(format!("many/{number}"), "");
        }
        let flags = ["-a", "a", "-o", out.to_str().unwrap()];
        place.run(&flags, &format!("echo {left} >a")).exits(125).tells("cannot write");
        let left: Vec<_> = fs::read_dir(&disk.0).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["filler"]);
    }
}

#[test]
fn the_outputs_lie_where_they_were_asked_for_under_names_that_belong_together() {
    let place = Place::new();
    fs::create_dir(place.at("out")).unwrap();
    for (given, sections, unsigned) in [
        ("out/a.sigstore.jsonl", "out/a.sections.jsonl", "out/a.unsigned.jsonl"),
        ("out/b.jsonl", "out/b.sections.jsonl", "out/b.unsigned.jsonl"),
        ("out/c.d", "out/c.d.sections.jsonl", "out/c.d.unsigned.jsonl"),
    ] {
        place.run(&["-a", "x", "-o", given], "date +%N >x").exits(0).tells(given).tells(sections);
        assert!(place.has(given) && place.has(sections) && !place.has(unsigned));
        place.call(&["run", "--force", "--sign", "never", "-o", given, "--", "true"]).exits(0);
        assert!(place.has(unsigned) && place.has(sections));
        assert!(!place.has(given), "an older file of that name would seem to belong to it");
    }
    assert_eq!(place.names(), ["out", "x"]);
}

#[test]
fn new_files_have_the_rights_that_the_umask_lets() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let key = place.key(1);
    let line = format!("umask 027; exec \"$PROOFMARK\" run --key '{key}' -- true");
    place.shell(&line).exits(0);
    for name in [EVIDENCE, SECTIONS] {
        assert_eq!(fs::metadata(place.at(name)).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

#[test]
fn force_replaces_what_is_there_and_no_link() {
    let place = Place::new();
    place.run(&[], "exit 1").exits(1);
    let old = place.read(EVIDENCE);
    place.run(&["--force"], "exit 1").exits(1);
    assert_ne!(place.read(EVIDENCE), old);
    fs::write(place.outside("target"), "mine").unwrap();
    std::os::unix::fs::symlink("../target", place.at("l.jsonl")).unwrap();
    place.run(&["--force", "-o", "l.jsonl"], "touch ../ran").exits(125);
    assert_eq!(fs::read_to_string(place.outside("target")).unwrap(), "mine");
    assert!(!place.outside("ran").exists());
}

#[test]
fn an_output_that_the_build_itself_made_is_not_overwritten() {
    let place = Place::new();
    place.run(&[], &format!("echo mine >{EVIDENCE}")).exits(125).tells("output exists");
    assert_eq!(place.text(EVIDENCE), "mine\n");
}
