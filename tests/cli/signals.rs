//! A build that is stopped still leaves evidence, in time, and says how it ended.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::harness::{
    BINARY, EVIDENCE, Place, end_of, evidence, gaps, outcome, statements, wait_until,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// The promise: evidence is on disk this long after a signal.
const PROMISED: Duration = Duration::from_secs(5);

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits until the process catches SIGTERM: before that a signal ends it as it ends any other.
#[track_caller]
fn wait_until_it_listens(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    wait_until("signals are caught", || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (Signal::TERM.as_raw() - 1) & 1 == 1)
    });
}

/// A file that takes far longer to hash than anybody waits.
fn huge(path: &Path) {
    std::fs::File::create(path).unwrap().set_len(20 << 30).unwrap();
}

#[track_caller]
fn wait_for_evidence(place: &Place, since: Instant) {
    wait_until("evidence", || place.has(EVIDENCE));
    let taken = since.elapsed();
    assert!(taken < PROMISED, "the evidence took {taken:?}");
}

#[test]
fn a_signal_is_passed_on_once_and_the_command_s_own_code_is_handed_on() {
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::HUP, "HUP")] {
        let place = Place::new();
        let line = format!(
            "trap 'echo got >>../got; exit 9' {name}; touch ../ready; while :; do sleep 0.02; done"
        );
        let mut child = place.run(&["-a", "*"], &line).start();
        wait_until("the command runs", || place.outside("ready").exists());
        send(&child, signal);
        assert_eq!(end_of(&mut child), Some(9));
        assert_eq!(std::fs::read_to_string(place.outside("got")).unwrap(), "got\n");
        let statements = place.statements();
        assert_eq!(statements.len(), 1);
        assert_eq!(statements[0]["subject"][0]["name"], "inputs");
        let evidence = place.evidence();
        assert_eq!(outcome(&evidence), "cancelled");
        assert_eq!(evidence["build"]["command"]["exit"], json!({"code": 9}));
        let expected = format!("SIG{name} asked for the end of the build");
        assert_eq!(gaps(&evidence, "build"), [expected]);
    }
}

/// As under `docker exec`: the kernel knows no id for such a session and says 0.
#[test]
fn a_hang_up_is_passed_on_where_the_session_s_leader_is_in_another_namespace() {
    let namespace =
        ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let allowed = std::process::Command::new("unshare").args(namespace).arg("true").output();
    if !allowed.is_ok_and(|made| made.status.success()) {
        eprintln!("passed over: this system gives its users no PID namespaces");
        return;
    }
    let place = Place::new();
    let line = format!(
        "'{BINARY}' run --key '{}' --shell \
         'trap \"exit 9\" HUP; touch ../ready; while :; do sleep 0.02; done' & \
         while ! [ -e ../ready ]; do sleep 0.02; done; kill -HUP $!; wait $!",
        place.key(1),
    );
    let mut call = place.program("unshare").command();
    call.args(namespace).args(["sh", "-c", &line]).stdout(Stdio::null()).stderr(Stdio::null());
    assert_eq!(end_of(&mut call.spawn().unwrap()), Some(9));
    assert_eq!(outcome(&place.evidence()), "cancelled");
}

#[test]
fn a_command_that_dies_of_the_signal_gives_128_and_its_number() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let place = Place::new();
        let mut child = place.run(&[], "touch ../ready; exec sleep 20").start();
        wait_until("the command runs", || place.outside("ready").exists());
        send(&child, signal);
        assert_eq!(end_of(&mut child), Some(code));
        assert_eq!(outcome(&place.evidence()), "cancelled");
        let exit = &place.evidence()["build"]["command"]["exit"];
        assert_eq!(*exit, json!({"signal": signal.as_raw()}));
    }
}

#[test]
fn a_command_that_ends_well_after_a_signal_is_cancelled_all_the_same() {
    let place = Place::new();
    let line = "trap 'exit 0' TERM; echo >a; touch ../ready; while :; do sleep 0.02; done";
    let mut child = place.run(&["-a", "a"], line).start();
    wait_until("the command runs", || place.outside("ready").exists());
    send(&child, Signal::TERM);
    end_of(&mut child);
    assert_eq!(outcome(&place.evidence()), "cancelled");
    assert_eq!(place.statements()[0]["subject"][0]["name"], "inputs", "nothing to verify with");
}

#[test]
fn evidence_is_there_in_time_though_the_command_ignores_the_signal_and_left_a_huge_file() {
    let place = Place::new();
    let line = "trap '' TERM; truncate -s 20G big; echo $$ >../pid.new; mv ../pid.new ../pid; exec sleep 30";
    let mut child = place.run(&["-a", "big"], line).start();
    wait_until("the command runs", || place.outside("pid").exists());
    send(&child, Signal::TERM);
    wait_for_evidence(&place, Instant::now());
    assert_eq!(child.try_wait().unwrap(), None, "proofmark stays as long as the command");
    let evidence = place.evidence();
    assert_eq!(outcome(&evidence), "cancelled");
    assert_eq!(evidence["build"]["command"]["exit"], json!(null));
    assert_eq!(gaps(&evidence, "build.command.exit").len(), 1);
    assert_eq!(gaps(&evidence, "outputs").len(), 1, "the huge file was not reached");

    let pid = std::fs::read_to_string(place.outside("pid")).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(end_of(&mut child), Some(137), "and hands on how it ended");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "looks into /proc")]
fn a_signal_before_the_command_starts_leaves_evidence_and_no_command() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let place = Place::new();
        huge(&place.at("big"));
        let mut child = place.run(&[], "touch ../ran").start();
        wait_until_it_listens(&child);
        std::thread::sleep(Duration::from_millis(100));
        send(&child, signal);
        wait_for_evidence(&place, Instant::now());
        assert_eq!(end_of(&mut child), Some(code));
        assert!(!place.outside("ran").exists(), "the command wasn't run");
        let evidence = place.evidence();
        assert_eq!(outcome(&evidence), "cancelled");
        assert_eq!(gaps(&evidence, "build.command.exit"), ["the command was not started"]);
        assert!(!gaps(&evidence, "inputs").is_empty(), "the huge file was not reached");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_repository_that_holds_libgit2_for_ever_does_not_hold_the_evidence() {
    let place = Place::new();
    place.repository("https://example.com/o/r");
    let fifo = place.at(".gitignore");
    let _ = std::fs::remove_file(&fifo);
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
    let mut child = place.run(&[], "touch ../ran").start();
    wait_until_it_listens(&child);
    std::thread::sleep(Duration::from_millis(100));
    send(&child, Signal::TERM);
    wait_for_evidence(&place, Instant::now());
    assert_eq!(end_of(&mut child), Some(143));
    assert!(!place.outside("ran").exists(), "the command wasn't run");
    assert_eq!(place.evidence()["source"]["status"], "unavailable");
}

#[test]
fn a_signal_after_the_command_s_end_leaves_no_artefact() {
    let place = Place::new();
    let line = "truncate -s 20G big; echo 1 >small; touch ../ready";
    let mut child = place.run(&["-a", "small"], line).start();
    wait_until("the command is at its end", || place.outside("ready").exists());
    std::thread::sleep(Duration::from_millis(200));
    send(&child, Signal::TERM);
    wait_for_evidence(&place, Instant::now());
    assert_eq!(end_of(&mut child), Some(143));
    let evidence = evidence(&place.at(EVIDENCE));
    assert_eq!(outcome(&evidence), "cancelled");
    assert_eq!(statements(&place.at(EVIDENCE)).len(), 1);
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let place = Place::new();
    let key = place.key(1);
    let line = format!(
        "trap '' HUP; exec \"$PROOFMARK\" run --key '{key}' -a a -- sh -c 'touch ../ready; sleep 0.3; echo >a'"
    );
    let mut child = place.shell(&line).start();
    wait_until("the command runs", || place.outside("ready").exists());
    send(&child, Signal::HUP);
    assert_eq!(end_of(&mut child), Some(0), "as under nohup");
    assert_eq!(outcome(&place.evidence()), "succeeded");
}

/// `script` gives the command a terminal, and what it is fed is typed there.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the `script` of util-linux")]
fn ctrl_c_at_a_terminal_reaches_the_command_once() {
    use std::io::Write as _;
    use std::process::Stdio;

    let place = Place::new();
    let script = place.shell("script --version").go();
    if !script.text().contains("util-linux") {
        eprintln!("SKIPPED: no `script` of util-linux here");
        return;
    }
    let key = place.key(1);
    // It stays for a while after the first, to hear of a second.
    let build = "trap 'echo got >>../got' INT; touch ../ready; n=0
        while [ $n -lt 200 ] && [ ! -s ../got ]; do sleep 0.05; n=$((n+1)); done; sleep 0.3; exit 5";
    std::fs::write(place.at("build"), build).unwrap();
    let inner = format!("exec \"$PROOFMARK\" run --key '{key}' -- sh ./build");
    let mut command = place.program("script").var("PROOFMARK", BINARY).command();
    command.args(["-q", "-e", "-c", &inner, "/dev/null"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the command runs", || place.outside("ready").exists());
    let mut terminal = child.stdin.take().unwrap();
    terminal.write_all(b"\x03").unwrap();
    terminal.flush().unwrap();
    assert_eq!(end_of(&mut child), Some(5));
    assert_eq!(std::fs::read_to_string(place.outside("got")).unwrap(), "got\n");
    assert_eq!(outcome(&place.evidence()), "cancelled");
}
