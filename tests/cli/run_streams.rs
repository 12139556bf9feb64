//! The command doesn't notice proofmark: streams, arguments, variables, folder.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use super::harness::Place;

/// Every byte value, in no order that text has.
fn binary(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

#[test]
fn bytes_pass_through_both_ways_as_they_are() {
    let place = Place::new();
    let content = binary(3_000_000);
    let input = place.outside("input");
    fs::write(&input, &content).unwrap();
    let said = place.run(&["-a", "copy"], "tee copy").input(&input).exits(0);
    assert!(said.out == content, "stdout is the command's alone");
    assert!(place.read("copy") == content, "stdin");
    assert!(said.err.lines().all(|line| line.starts_with("proofmark: ")), "{}", said.err);
}

#[test]
fn stderr_passes_through_and_what_proofmark_says_comes_after_it() {
    let place = Place::new();
    let said = place.run(&["-a", "a"], "echo 'not ours' >&2; printf 'no line feed' >&2; echo >a");
    let said = said.exits(0);
    assert!(said.err.starts_with("not ours\nno line feed"), "{}", said.err);
    assert!(said.out.is_empty());
    let quiet = place.run(&["-q", "--force", "-a", "a"], "printf err >&2; printf out; echo 2 >a");
    let quiet = quiet.exits(0);
    assert_eq!((quiet.err.as_str(), quiet.out.as_slice()), ("err", &b"out"[..]));
}

#[test]
fn notices_and_errors_are_said_under_quiet_too() {
    let place = Place::new();
    place.run(&["--quiet"], "exit 0").exits(0).notices(1);
    place.run(&["--quiet"], "exit 0").exits(125).tells("proofmark: error: output exists");
}

#[test]
fn nothing_moves_on_stderr_where_it_is_no_terminal() {
    let place = Place::new();
    for number in 0..300 {
        place.write(format!("many/{number}"), "x");
    }
    let said = place.run(&["-a", "a"], "sleep 0.3; echo >a").exits(0);
    assert!(!said.err.contains(['\r', '\u{1b}']), "{:?}", said.err);
    let all: Vec<_> = said.err.lines().map(|line| line.starts_with("proofmark: wrote ")).collect();
    assert_eq!(all, [true, true], "{}", said.err);
}

#[test]
fn the_command_gets_every_variable_but_our_own() {
    let place = Place::new();
    let said = place
        .run(&["-q", "-a", "a"], "echo >a; exec env -0")
        .var("PROOFMARK_KEY_FILE", "nowhere")
        .var("PROOFMARK_ANYTHING", "x")
        .var("proofmark_lower", "x")
        .var("PROOFMARKER", "no variable of ours")
        .var("ODD", OsStr::from_bytes(b"\xff\n="))
        .var("EMPTY", "")
        .exits(0);
    let mut found: Vec<_> = said.out.split(|byte| *byte == 0).filter(|v| !v.is_empty()).collect();
    // The shell's own.
    found.retain(|variable| !variable.starts_with(b"PWD=") && !variable.starts_with(b"OLDPWD="));
    found.sort_unstable();
    let home = format!("HOME={}", place.outside("home").display());
    let expected: [&[u8]; 6] = [
        b"EMPTY=",
        home.as_bytes(),
        b"LC_ALL=C",
        b"ODD=\xff\n=",
        b"PATH=/usr/bin:/bin",
        b"PROOFMARKER=no variable of ours",
    ];
    assert_eq!(found, expected);
}

#[test]
fn arguments_and_folder_are_the_command_s_own() {
    let place = Place::new();
    fs::create_dir(place.at("sub")).unwrap();
    let key = place.key(1);
    let mut arguments: Vec<&OsStr> = Vec::new();
    for plain in ["run", "-q", "--key", &key, "-a", "a", "--", "sh", "-c"] {
        arguments.push(plain.as_ref());
    }
    let line = "pwd; for a; do printf '<%s>' \"$a\"; done; echo >a";
    for odd in [line, "sh", "", "a b", "--force", "--", "-a", "*"] {
        arguments.push(odd.as_ref());
    }
    arguments.push(OsStr::from_bytes(b"\xff"));
    let said = place.call(&arguments).inside(place.at("sub")).exits(0);
    let folder = fs::canonicalize(place.at("sub")).unwrap();
    let mut expected = format!("{}\n<><a b><--force><--><-a><*><", folder.display()).into_bytes();
    expected.extend_from_slice(b"\xff>");
    assert_eq!(said.out, expected);
    let argv = &super::harness::evidence(&place.at("sub/proofmark.sigstore.jsonl"))["build"]["command"]
        ["argv"];
    assert_eq!(argv[argv.as_array().unwrap().len() - 1], "\\xff");
}

#[test]
fn a_closed_stdin_or_stdout_stops_nothing() {
    let place = Place::new();
    let key = place.key(1);
    let line = format!("exec \"$PROOFMARK\" run --key '{key}' -a a -- sh -c 'echo >a' <&- >&-");
    place.shell(&line).exits(0);
    assert_eq!(place.statements().len(), 2);
}

#[test]
fn a_jobserver_that_is_not_passed_on_is_said() {
    let place = Place::new();
    let run = |makeflags: &str, flags: &str| {
        let key = place.key(1);
        let line = format!(
            "exec 7</dev/null 8>/dev/null
            exec \"$PROOFMARK\" run -q --force --key '{key}' {flags} -a a -- sh -c 'date +%N >a'"
        );
        place.shell(&line).var("MAKEFLAGS", makeflags).exits(0)
    };
    for makeflags in [" -j4 --jobserver-auth=7,8", "--jobserver-fds=7,8 -j"] {
        run(makeflags, "").notices(1).tells("--pass-fd 7 --pass-fd 8");
        run(makeflags, "--pass-fd 7").notices(1);
        run(makeflags, "--pass-fd 7 --pass-fd 8").notices(0);
    }
    for harmless in ["", "-j4", "k", " -j4 --jobserver-auth=fifo:/tmp/x", "--jobserver-auth=-2,-2"]
    {
        run(harmless, "").notices(0);
    }
}
