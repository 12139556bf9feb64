//! Programs that would do more than answer.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::time::Instant;

use super::*;

const KEPT: usize = 64 << 10;

fn ask(script: &str, milliseconds: u64, passed: &PassedDescriptors) -> Answer {
    let question = Question {
        away_from: None,
        program: Path::new("/bin/sh"),
        name: OsStr::new("sh"),
        arguments: &["-c", script],
        path: OsStr::new("/usr/bin:/bin"),
        home: Some(OsStr::new("/home/x")),
        limit: Duration::from_millis(milliseconds),
        cap: KEPT,
        passed,
    };
    probe(&question).unwrap()
}

fn answer(script: &str) -> Answer {
    ask(script, 20_000, &PassedDescriptors::default())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().trim().to_owned()
}

/// Gone, or dead and waiting for whoever adopted it.
#[cfg(target_os = "linux")]
fn is_gone(pid: &str) -> bool {
    let stat = std::path::PathBuf::from(format!("/proc/{pid}/stat"));
    (0..400).any(|_| {
        let stat = crate::base::file::read(&stat, 4096).unwrap_or_default();
        let stat = String::from_utf8_lossy(&stat).into_owned();
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('Z'));
        std::thread::sleep(Duration::from_millis(if state == Some(false) { 10 } else { 0 }));
        state != Some(false)
    })
}

#[test]
fn both_streams_and_the_end_are_told() {
    let said = answer("echo out; echo err >&2; exit 3");
    assert_eq!((text(&said.stdout), text(&said.stderr)), ("out".into(), "err".into()));
    assert_eq!((said.ended, said.cut), (Some(Ended::Exited(3)), false));
    assert_eq!(answer("kill -9 $$").ended, Some(Ended::Signalled(9)));
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let question = Question {
        away_from: None,
        program: Path::new("/no/such/program"),
        name: OsStr::new("x"),
        arguments: &[],
        path: OsStr::new(""),
        home: None,
        limit: Duration::from_secs(5),
        cap: KEPT,
        passed: &PassedDescriptors::default(),
    };
    assert!(probe(&question).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_hangs_is_killed_with_its_group_and_reaped() {
    let start = Instant::now();
    let said = ask("sleep 60 & echo $$ $!; trap '' TERM; wait; sleep 60", 300, &Default::default());
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(said.ended, None);
    let said = text(&said.stdout);
    let (own, child) = said.split_once(' ').unwrap();
    assert!(!Path::new("/proc").join(own).exists(), "a zombie is left");
    assert!(is_gone(child));
}

#[test]
#[cfg(target_os = "linux")]
fn what_it_leaves_behind_with_the_pipe_open_is_not_waited_for_and_is_killed() {
    let start = Instant::now();
    let said = answer("sleep 60 & echo $!");
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!(said.ended, Some(Ended::Exited(0)));
    assert!(is_gone(&text(&said.stdout)));
}

#[test]
#[cfg(target_os = "linux")]
fn what_escapes_the_group_with_the_pipe_open_is_not_waited_for() {
    let start = Instant::now();
    let said = answer("setsid sleep 20 & echo 1");
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!((said.ended, text(&said.stdout)), (Some(Ended::Exited(0)), "1".into()));
}

#[test]
fn a_flood_is_cut_and_does_not_block_the_program() {
    let said = answer("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2");
    assert_eq!((said.stdout.len(), said.stderr.len(), said.cut), (KEPT, KEPT, true));
    assert_eq!(said.ended, Some(Ended::Exited(0)));
}

#[test]
fn an_endless_flood_ends_with_the_limit() {
    let said = ask("while :; do echo y; done", 300, &PassedDescriptors::default());
    assert_eq!(said.ended, None);
    assert!(said.stdout.len() <= KEPT);
}

#[test]
fn it_gets_only_the_variables_that_are_named_here() {
    let passed = PassedDescriptors::default();
    let question = Question {
        away_from: None,
        program: Path::new("/usr/bin/env"),
        name: OsStr::new("env"),
        arguments: &[],
        path: OsStr::new("/usr/bin:/bin"),
        home: Some(OsStr::new("/home/x")),
        limit: Duration::from_secs(20),
        cap: KEPT,
        passed: &passed,
    };
    let names = |question: &Question<'_>| -> BTreeSet<String> {
        let said = text(&probe(question).unwrap().stdout);
        said.lines().map(|line| line.split_once('=').unwrap().0.to_owned()).collect()
    };
    let mut expected: BTreeSet<String> = GUARDS.iter().map(|(name, _)| (*name).into()).collect();
    expected.extend(["HOME".to_owned(), "PATH".to_owned()]);
    assert_eq!(names(&question), expected);
    expected.remove("HOME");
    assert_eq!(names(&Question { home: None, ..question }), expected);
}

#[test]
fn it_has_no_input() {
    assert_eq!(text(&answer("cat; echo end").stdout), "end");
}

#[test]
fn its_folder_is_empty_private_and_removed_with_all_that_it_wrote() {
    let said =
        answer("pwd -P; ls -lad . | cut -c1-10; ls -A; mkdir -p a/b; echo x >a/b/c; ln -s / d");
    let said = text(&said.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[1..], ["drwx------"], "{said}");
    assert!(!Path::new(lines[0]).exists());
}

#[test]
#[cfg(target_os = "linux")]
fn an_inherited_descriptor_reaches_it_only_if_the_build_gets_it_too() {
    use rustix::io::{FdFlags, fcntl_setfd};
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let file = tempfile::Builder::new().prefix(name).tempfile_in(&folder).unwrap();
        fcntl_setfd(file.as_file(), FdFlags::empty()).unwrap();
        file
    };
    let (key, jobs) = (open("key"), open("jobs"));
    let as_file = |file: &tempfile::NamedTempFile| -> i32 {
        let file: &File = file.as_file();
        file.as_raw_fd()
    };
    let passed = PassedDescriptors(vec![as_file(&jobs)]);
    let said = text(&ask("ls -l /proc/self/fd", 20_000, &passed).stdout);
    assert!(said.contains("jobs") && !said.contains("/key"), "{said}");
    assert!(PassedDescriptors::new(&[as_file(&jobs)]).is_ok(), "it can still be passed on");
    assert!(PassedDescriptors::new(&[as_file(&key)]).is_err());
}

#[test]
fn nobody_else_can_write_above_the_folder_that_a_tool_is_asked_in() {
    let folder = tempfile::tempdir().unwrap();
    let sticky = folder.path().join("sticky");
    std::fs::create_dir(&sticky).unwrap();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    mode(&sticky, 0o1777);
    let below = sticky.join("own");
    std::fs::create_dir(&below).unwrap();
    assert!(!super::is_nobody_elses(&sticky) && !super::is_nobody_elses(&below));
    if let Some(base) = super::base(None) {
        assert!(super::is_nobody_elses(&base));
        assert_ne!(super::base(Some(&base)), Some(base), "nor is it below the project");
    }
}
