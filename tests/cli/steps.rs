//! A bracket across several steps: what is kept between them, and what later steps can do to it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::harness::{
    BINARY, Call, EVIDENCE, Place, end_of, evidence, gaps, outcome, predicate_types, sha256,
    statements,
};

/// Opens a bracket and gives the digest that it prints.
#[track_caller]
fn begin(place: &Place, flags: &[&str]) -> String {
    let said = place.call(&[&["begin"], flags].concat()).exits(0);
    said.text().trim().to_owned()
}

fn finish(place: &Place, flags: &[&str]) -> Call {
    let key = place.key(1);
    place.call(&[&["finish", "--key", &key], flags].concat())
}

/// The one file that is kept between the steps.
fn state(place: &Place) -> PathBuf {
    let folder = place.outside("home/.cache/proofmark-brackets");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn no_state(place: &Place) -> bool {
    let folder = place.outside("home/.cache/proofmark-brackets");
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

#[test]
fn a_bracket_over_steps_tells_what_a_bracket_around_the_command_tells() {
    let files = |place: &Place| {
        place.write("src/a", "1");
        place.write("src/b", "2");
        place.write(".gitignore", "out/\nproofmark.*\n");
        place.repository("https://example.org/o/r.git");
    };
    let line = "mkdir -p out; cat src/a src/b >out/app; rm src/b; echo 3 >src/a";
    let (steps, command) = (Place::new(), Place::new());
    files(&steps);
    files(&command);
    let flags = ["-a", "out/*", "--exclude", "*.tmp", "--env", "EXTRA"];
    let digest = begin(&steps, &flags);
    for step in line.split("; ") {
        steps.shell(step).exits(0);
    }
    finish(&steps, &["--outcome", "success", "--state-digest", &digest]).exits(0);
    command.run(&flags, line).exits(0);

    let (one, other) = (steps.statements(), command.statements());
    assert_eq!(predicate_types(&one), predicate_types(&other));
    assert_eq!(one[1]["subject"], other[1]["subject"]);
    let (one, other) = (steps.evidence(), command.evidence());
    for part in ["inputs", "outputs", "dependencies", "packages", "source", "lane", "pipeline"] {
        let mut pair = [one[part].clone(), other[part].clone()];
        // Paths of the two places, and commits' times of people's fingerprints.
        for fact in &mut pair {
            if let Some(value) = fact["value"].as_object_mut() {
                value.remove("people");
                value.remove("caches");
                for count in ["hashed", "unchanged_by_metadata"] {
                    value.remove(count);
                }
            }
            strip_seals(fact);
        }
        assert_eq!(pair[0], pair[1], "{part}");
    }
    assert_eq!(one["build"]["bracket"], "steps");
    assert_eq!(one["build"]["command"], Value::Null);
    assert_eq!(one["build"]["outcome_from"], "--outcome");
    assert_eq!(one["build"]["state"]["sha256"], digest);
    assert_eq!(one["build"]["state"]["digest_was_told"], true);
    assert_eq!(one["build"]["state"]["opened_by"], one["build"]["tool"]);
    assert_eq!(gaps(&one, "build.state").len(), 0);
    assert_eq!(gaps(&one, "environment").len(), 1, "what steps set for themselves isn't seen");
    assert!(no_state(&steps), "the bracket is over");
    let public = steps.public(1);
    steps.call(&["verify", "out/app", "-b", EVIDENCE, "--key", &public]).exits(0);
}

/// Salts differ from file to file.
fn strip_seals(value: &mut Value) {
    if value.get("sealed").is_some() {
        *value = json!("sealed");
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(strip_seals),
        Value::Array(entries) => entries.iter_mut().for_each(strip_seals),
        _ => {}
    }
}

#[test]
fn without_the_digest_the_state_is_self_asserted_and_the_evidence_says_so() {
    let place = Place::new();
    begin(&place, &[]);
    finish(&place, &["--outcome", "success"]).exits(0);
    let found = place.evidence();
    assert_eq!(found["build"]["state"]["digest_was_told"], false);
    assert_eq!(gaps(&found, "build.state").len(), 1);
}

#[test]
fn state_that_a_step_rewrote_is_an_error_and_nothing_is_signed() {
    let place = Place::new();
    place.write("a", "1");
    let digest = begin(&place, &["-a", "out"]);
    let path = state(&place);
    let whole = fs::read(&path).unwrap();
    // The step that changes an input hides it by opening the bracket anew.
    place.write("a", "2");
    begin(&place, &["--restart"]);
    place.shell("echo 1 >out").exits(0);
    let flags = ["-a", "out", "--outcome", "success", "--state-digest", &digest];
    finish(&place, &flags).exits(1).tells("was changed after it was opened").tells(&digest);
    assert!(!place.has(EVIDENCE));
    for end in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..end]).unwrap();
        finish(&place, &["--outcome", "success"]).exits(1).tells("state can't be read");
        finish(&place, &flags).exits(1).tells("was changed");
    }
    let mut more = whole.clone();
    more.push(0);
    fs::write(&path, &more).unwrap();
    finish(&place, &["--outcome", "success"]).exits(1).tells("state can't be read");
    assert!(!place.has(EVIDENCE));
    fs::write(&path, &whole).unwrap();
    finish(&place, &flags).exits(0);
}

#[test]
fn a_digest_that_is_empty_or_none_is_usage() {
    let place = Place::new();
    begin(&place, &[]);
    for wrong in ["", "sha256:", "abc", "zz"] {
        finish(&place, &["--state-digest", wrong]).exits(2).tells("--state-digest");
    }
    assert!(!no_state(&place));
}

#[test]
fn a_second_begin_and_a_finish_without_one_are_errors_that_show_the_way_out() {
    let place = Place::new();
    finish(&place, &[]).exits(1).tells("no bracket is open").tells("proofmark begin");
    begin(&place, &[]);
    place.call(&["begin"]).exits(1).tells("a bracket is open already").tells("--session");
    begin(&place, &["--session", "two"]);
    finish(&place, &["--session", "three"]).exits(1).tells("open here").tells("--session two");
    finish(&place, &["--outcome", "success", "--session", "two"]).exits(0);
    finish(&place, &["--outcome", "success", "-o", "b.sigstore.jsonl"]).exits(0);
    finish(&place, &["-o", "c.jsonl"]).exits(1).tells("no bracket is open");
}

#[test]
fn two_brackets_at_once_do_not_disturb_each_other() {
    let place = Place::new();
    place.write("one/a", "1");
    place.write("two/a", "2");
    let one = begin(&place, &["--root", "one", "-a", "one/out", "--session", "x"]);
    let two = begin(&place, &["--root", "two", "-a", "two/out", "--session", "x"]);
    let three = begin(&place, &["--root", "two", "-a", "two/out", "--session", "y"]);
    assert!(one != two && two != three);
    place.shell("echo 1 >one/out; echo 2 >two/out").exits(0);
    for (root, session, digest, out) in [
        ("one", "x", &one, "1.jsonl"),
        ("two", "x", &two, "2.jsonl"),
        ("two", "y", &three, "3.jsonl"),
    ] {
        let flags = ["--root", root, "--session", session, "--state-digest", digest];
        finish(&place, &[&flags[..], &["--outcome", "success", "-o", out]].concat()).exits(0);
        let content = if root == "one" { "1\n" } else { "2\n" };
        let found = &statements(&place.at(out))[1]["subject"][0]["digest"]["sha256"];
        assert_eq!(*found, sha256(content.as_bytes()));
    }
}

#[test]
fn only_one_of_many_begins_at_the_same_moment_opens_the_bracket() {
    let place = Place::new();
    let children: Vec<_> = (0..8).map(|_| place.call(&["begin"]).start()).collect();
    let codes: Vec<_> = children.into_iter().map(|mut child| end_of(&mut child)).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 1))), "{codes:?}");
    finish(&place, &["--outcome", "success"]).exits(0);
}

#[test]
fn giving_up_an_open_bracket_is_recorded() {
    let place = Place::new();
    begin(&place, &[]);
    place.call(&["begin", "--restart"]).exits(0).notices(1);
    finish(&place, &["--outcome", "success"]).exits(0);
    assert!(gaps(&place.evidence(), "build.state").iter().any(|gap| gap.contains("given up")));
}

#[test]
fn the_outcome_is_what_was_told_and_unknown_if_nobody_did() {
    for (told, expected, lines) in [
        ("success", "succeeded", 2),
        ("succeeded", "succeeded", 2),
        ("failure", "failed", 1),
        ("failed", "failed", 1),
        ("cancelled", "cancelled", 1),
        ("canceled", "cancelled", 1),
    ] {
        let place = Place::new();
        begin(&place, &["-a", "out"]);
        place.shell("echo 1 >out").exits(0);
        finish(&place, &["--outcome", told]).exits(0).notices(0);
        assert_eq!(outcome(&place.evidence()), expected);
        assert_eq!(place.statements().len(), lines, "{told}");
    }
    let place = Place::new();
    begin(&place, &["-a", "out"]);
    place.shell("echo 1 >out").exits(0);
    finish(&place, &["--outcome", "skipped"]).exits(2);
    finish(&place, &["--outcome", ""]).exits(2);
    finish(&place, &[]).exits(0).notices(1).tells("nobody told");
    assert_eq!(outcome(&place.evidence()), "unknown");
    assert_eq!(place.statements().len(), 1, "no artefact is attested");
    let public = place.public(1);
    place.call(&["verify", "out", "-b", EVIDENCE, "--key", &public]).exits(3);
}

#[test]
fn gitlab_s_status_counts_on_gitlab_alone_and_only_once_it_is_final() {
    let gitlab = [("GITLAB_CI", "true"), ("CI", "true"), ("CI_COMMIT_REF_PROTECTED", "true")];
    for (vars, status, expected) in [
        (&gitlab[..], "success", "succeeded"),
        (&gitlab, "failed", "failed"),
        (&gitlab, "canceled", "cancelled"),
        (&gitlab, "running", "unknown"),
        (&[], "success", "unknown"),
    ] {
        let place = Place::new();
        begin(&place, &[]);
        finish(&place, &[]).vars(vars).var("CI_JOB_STATUS", status).exits(0);
        assert_eq!(outcome(&place.evidence()), expected, "{status}");
    }
}

#[test]
fn on_github_the_digest_goes_to_the_step_s_outputs_and_the_state_to_the_runner_s_folder() {
    let place = Place::new();
    let output = place.outside("output");
    fs::write(&output, "before=1\n").unwrap();
    fs::create_dir(place.outside("temp")).unwrap();
    let temp = place.beside("temp");
    let github = |call: Call| {
        let call = call.vars(&[("GITHUB_ACTIONS", "true"), ("CI", "true"), ("RUNNER_TEMP", &temp)]);
        call.var("GITHUB_OUTPUT", &output)
    };
    let said = github(place.call(&["begin"])).exits(0).notices(0);
    let digest = said.text().trim().to_owned();
    let expected = format!("before=1\nstate-digest={digest}\n");
    assert_eq!(fs::read_to_string(&output).unwrap(), expected);
    let kept: Vec<_> = fs::read_dir(place.outside("temp/proofmark-brackets")).unwrap().collect();
    assert_eq!(kept.len(), 1);
    assert!(no_state(&place));
    github(finish(&place, &["--outcome", "success", "--state-digest", &digest])).exits(0);
}

#[test]
fn a_link_in_the_place_of_the_step_s_outputs_is_not_followed() {
    let place = Place::new();
    let victim = place.outside("victim");
    fs::write(&victim, "x").unwrap();
    symlink(&victim, place.outside("output")).unwrap();
    let call = place.call(&["begin"]).vars(&[("GITHUB_ACTIONS", "true"), ("CI", "true")]);
    call.var("GITHUB_OUTPUT", place.outside("output")).exits(0).notices(1);
    assert_eq!(fs::read_to_string(victim).unwrap(), "x");
}

#[test]
fn state_never_lies_below_the_root() {
    let place = Place::new();
    fs::create_dir_all(place.at("tmp")).unwrap();
    place.call(&["begin"]).var("RUNNER_TEMP", place.at("tmp")).exits(0);
    assert_eq!(fs::read_dir(place.at("tmp")).unwrap().count(), 0, "the user's own folder is taken");
    let cache = place.at("cache");
    let call = place.call(&["begin"]).var("XDG_CACHE_HOME", &cache).var("HOME", place.at("home"));
    call.exits(2).tells("expected a folder outside of the root");
}

#[test]
fn a_link_planted_where_the_state_will_be_is_refused_and_its_target_untouched() {
    let place = Place::new();
    let (victim, cache) = (place.outside("victim"), place.outside("home/.cache"));
    fs::create_dir_all(&cache).unwrap();
    fs::create_dir(&victim).unwrap();
    symlink(&victim, cache.join("proofmark-brackets")).unwrap();
    place.call(&["begin"]).exits(1).tells("no link");
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);

    fs::remove_file(cache.join("proofmark-brackets")).unwrap();
    begin(&place, &[]);
    let path = state(&place);
    let copy = place.outside("copy");
    fs::rename(&path, &copy).unwrap();
    symlink(&copy, &path).unwrap();
    finish(&place, &["--outcome", "success"]).exits(1).tells("a link");
    place.call(&["begin"]).exits(1);
    fs::remove_file(&path).unwrap();
    fs::copy(&copy, &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    finish(&place, &["--outcome", "success"]).exits(1).tells("mode 666");
    assert!(!place.has(EVIDENCE));
}

#[test]
fn links_planted_where_the_evidence_will_be_are_not_written_through() {
    let place = Place::new();
    let victim = place.outside("victim");
    fs::write(&victim, "x").unwrap();
    begin(&place, &[]);
    symlink(&victim, place.at(EVIDENCE)).unwrap();
    finish(&place, &["--outcome", "success"]).exits(2).tells("output exists");
    finish(&place, &["--outcome", "success", "--force"]).exits(2);
    assert_eq!(fs::read_to_string(victim).unwrap(), "x");
    fs::remove_file(place.at(EVIDENCE)).unwrap();
    finish(&place, &["--outcome", "success"]).exits(0);
}

#[test]
fn a_binary_that_is_not_the_one_that_began_is_named() {
    let place = Place::new();
    begin(&place, &[]);
    let other = place.outside("other");
    // Another digest, the same program.
    let copied = Command::new("sh")
        .args(["-c", "cp \"$0\" \"$1\" && printf x >>\"$1\"", BINARY, other.to_str().unwrap()])
        .status();
    assert!(copied.unwrap().success());
    let key = place.key(1);
    let call = place.program(&other);
    let mut command = call.command();
    let output = command.args(["finish", "--outcome", "success", "--key", &key]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let found = place.evidence();
    let began = &found["build"]["state"]["opened_by"]["sha256"];
    assert_ne!(*began, found["build"]["tool"]["sha256"]);
    assert!(gaps(&found, "build.tool")[0].contains(began.as_str().unwrap()));
}

#[test]
fn what_an_earlier_step_loads_into_every_program_is_named() {
    let place = Place::new();
    begin(&place, &[]);
    let call = finish(&place, &["--outcome", "success"]);
    call.var("BASH_ENV", "/tmp/evil").var("LD_PRELOAD", "").var("NODE_OPTIONS", "-r x").exits(0);
    let environment = &place.evidence()["environment"]["value"];
    assert_eq!(environment["preloads"], json!(["BASH_ENV", "NODE_OPTIONS"]));
    let changed = environment["changed_variables"].as_array().unwrap();
    for name in ["BASH_ENV", "LD_PRELOAD", "NODE_OPTIONS"] {
        assert!(changed.contains(&json!({"name": name, "change": "made"})), "{changed:?}");
    }
}

#[test]
fn another_job_s_variables_at_the_end_are_a_gap() {
    let place = Place::new();
    let github = [("GITHUB_ACTIONS", "true"), ("CI", "true"), ("GITHUB_JOB", "build")];
    place.call(&["begin"]).vars(&github).var("GITHUB_RUN_ID", "1").exits(0);
    finish(&place, &["--outcome", "success"]).vars(&github).var("GITHUB_RUN_ID", "2").exits(0);
    let found = gaps(&place.evidence(), "pipeline");
    assert!(
        found
            .iter()
            .any(|gap| gap.contains("another run id") && gap.contains("1 at the opening, 2 at")),
        "{found:?}"
    );
}

#[test]
fn an_artefact_from_a_cache_is_not_passed_off_as_built() {
    let place = Place::new();
    place.write("dist/app", "from the cache");
    begin(&place, &["-a", "dist/*"]);
    // Touched, moved in again: content decides.
    place.shell("cp dist/app x; rm dist/app; mv x dist/app; touch dist/app").exits(0);
    finish(&place, &["--outcome", "success"]).exits(1).tells("only ones that were there before");
    assert_eq!(place.statements().len(), 1, "evidence is there, and attests no file");
    assert!(no_state(&place));
}

#[test]
fn arguments_of_both_ends_count_and_mean_the_same_from_another_folder() {
    let place = Place::new();
    place.write("sub/a", "1");
    let call = place.call(&["begin", "--root", "..", "-a", "one", "--exclude", "left"]);
    call.inside(place.at("sub")).exits(0);
    place.shell("echo 1 >sub/one; echo 2 >sub/two; echo 3 >sub/left").exits(0);
    finish(&place, &["--outcome", "success", "-a", "sub/two"]).exits(0);
    let found = place.statements();
    let names: Vec<_> =
        found[1]["subject"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(place.evidence()["inputs"]["value"]["excluded"][1], "proofmark.sections.jsonl");
    assert!(place.evidence()["outputs"]["value"]["made"] == 2);
}

#[test]
fn wrong_arguments_leave_the_bracket_open() {
    let place = Place::new();
    begin(&place, &["-a", "out"]);
    place.call(&["finish", "--key", "no/such/key"]).exits(2);
    finish(&place, &["--no-such-flag"]).exits(2);
    finish(&place, &["-o", "no/such/folder/x"]).exits(2);
    finish(&place, &["-a", "../x"]).exits(2);
    place.shell("echo 1 >out").exits(0);
    finish(&place, &["--outcome", "success"]).exits(0);
}

#[test]
fn a_disk_that_fills_up_leaves_no_state_and_later_no_half_evidence() {
    let small = "trap '' XFSZ; ulimit -f 1;";
    let place = Place::new();
    for number in 0..40 {
        place.write(format!("{number}"), vec![b'x'; 10]);
    }
    place.shell(&format!("{small} \"$PROOFMARK\" begin")).exits(1).tells("cannot write");
    assert!(no_state(&place), "nor a draft of it");
    begin(&place, &[]);
    let key = place.key(1);
    let line = format!("{small} \"$PROOFMARK\" finish --outcome success --key {key}");
    place.shell(&line).exits(1);
    assert!(!place.has(EVIDENCE));
    finish(&place, &["--outcome", "success"]).exits(0);
}

#[test]
fn on_error_warn_covers_our_own_failures_and_no_wrong_argument() {
    let place = Place::new();
    finish(&place, &["--on-error", "warn"]).exits(0).notices(1).tells("no bracket is open");
    begin(&place, &["-a", "out"]);
    let flags = ["--on-error", "warn", "--outcome", "success"];
    finish(&place, &[&flags[..], &["--key", "no/such"]].concat()).exits(2);
    finish(&place, &flags).exits(0).notices(1);
    assert_eq!(evidence(&place.at(EVIDENCE))["build"]["outcome"], "succeeded");
}

/// Two hundred moments, spread over the time that opening and closing take.
#[test]
fn kill_9_at_any_of_200_moments_leaves_a_bracket_that_can_be_opened_and_closed() {
    const MOMENTS: u32 = 100;
    let place = Place::new();
    for number in 0..100 {
        place.write(format!("src/{number}"), vec![b'x'; 2048]);
    }
    // Without tools to be asked: that would take most of the time.
    let begin = || place.call(&["begin"]).var("PATH", "");
    let close = || finish(&place, &["--outcome", "success", "--force"]).var("PATH", "");
    let timed = |call: Call| {
        let start = std::time::Instant::now();
        call.exits(0);
        start.elapsed()
    };
    let (opening, closing) = (timed(begin()), timed(close()));
    let kill = |call: Call, after: std::time::Duration| {
        let mut child = call.start();
        std::thread::sleep(after);
        let _ = child.kill();
        child.wait().unwrap();
    };
    let (mut opened, mut closed) = (0, 0);
    for moment in 0..MOMENTS {
        // In an order without a pattern: 37 and 100 have no common divisor.
        let at = moment * 37 % MOMENTS;
        kill(begin(), opening * at * 11 / (10 * MOMENTS));
        if no_whole_state(&place) {
            begin().exits(0);
        } else {
            opened += 1;
        }
        let _ = fs::remove_file(place.at(EVIDENCE));
        kill(close(), closing * at * 11 / (10 * MOMENTS));
        if place.has(EVIDENCE) {
            assert_eq!(place.statements().len(), 1, "whole");
            closed += 1;
        }
        if !no_whole_state(&place) {
            close().exits(0);
        }
    }
    assert!(opened < MOMENTS && closed < MOMENTS, "some were killed before their end");
    begin().exits(0);
    close().exits(0);
}

fn no_whole_state(place: &Place) -> bool {
    let folder = place.outside("home/.cache/proofmark-brackets");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    !entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|e| e == "bracket"))
}

#[test]
fn a_tool_that_changes_during_the_build_and_one_that_is_put_in_front_are_named() {
    let place = Place::new();
    let (bin, front) = (place.outside("bin"), place.outside("front"));
    for folder in [&bin, &front] {
        fs::create_dir(folder).unwrap();
    }
    let line = "for t in cc make; do printf '#!/bin/sh\\necho %s 1.0\\n' $t >../bin/$t; chmod 755 ../bin/$t; done";
    place.shell(line).exits(0);
    let path = format!("{}:{}:/usr/bin:/bin", front.display(), bin.display());
    place.call(&["begin"]).var("PATH", &path).exits(0);
    let evil = "printf '#!/bin/sh\\necho cc 1.0 #\\n' >../bin/cc; cp ../bin/make ../front/make; echo '#' >>../front/make";
    place.shell(evil).exits(0);
    finish(&place, &["--outcome", "success"]).var("PATH", &path).exits(0);
    let tools = &place.evidence()["tools"]["value"]["list"];
    let tool = |name: &str| {
        let list = tools.as_array().unwrap();
        list.iter().find(|tool| tool["name"] == name).unwrap().clone()
    };
    for name in ["cc", "make"] {
        let found = tool(name);
        // Not asked where there is no folder that nobody else can write above.
        let version = found["version"].as_str();
        assert!(version.is_none_or(|version| version == format!("{name} 1.0")));
        assert_eq!(found["changed_during_build"], true, "{name}");
        assert_ne!(found["sha256_before"], found["sha256_after"]);
    }
    assert_eq!(tool("sh")["changed_during_build"], Value::Null);
    assert_eq!(tool("sh")["sha256_before"], tool("sh")["sha256_after"]);
}

#[test]
fn no_word_of_a_script_makes_a_success_of_a_job_that_the_platform_saw_fail() {
    let gitlab = [("GITLAB_CI", "true"), ("CI", "true"), ("CI_COMMIT_REF_PROTECTED", "true")];
    for (status, told, expected) in [
        ("failed", "success", "failed"),
        ("canceled", "success", "cancelled"),
        ("success", "failed", "failed"),
    ] {
        let place = Place::new();
        begin(&place, &["-a", "out"]);
        place.shell("echo 1 >out").exits(0);
        let call = finish(&place, &["--outcome", told]).vars(&gitlab);
        let said = call.var("CI_JOB_STATUS", status).exits(0);
        said.notices(usize::from(told == "success"));
        assert_eq!(outcome(&place.evidence()), expected, "{status}");
    }
}

#[test]
fn a_work_tree_that_is_not_what_the_run_is_for_is_a_gap_and_a_notice() {
    let place = Place::new();
    place.write("a", "1");
    place.repository("https://github.com/octo/fork.git");
    let vars = [
        ("GITHUB_ACTIONS", "true"),
        ("CI", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_REF", "refs/tags/v1"),
        ("GITHUB_SHA", "1111111111111111111111111111111111111111"),
        ("GITHUB_OUTPUT", "/dev/null"),
    ];
    let said = place.call(&["begin"]).vars(&vars).exits(0);
    assert!(said.err.contains("at another commit") && said.err.contains("at another ref"));
    finish(&place, &["--outcome", "success"]).vars(&vars).exits(0);
    let found = place.evidence();
    for part in ["source.commit", "source.ref", "source.repository"] {
        assert_eq!(gaps(&found, part).len(), 1, "{part}");
    }
}

#[test]
fn evidence_tells_its_reader_that_an_artefact_was_meant_and_why_there_is_none() {
    let place = Place::new();
    begin(&place, &["-a", "dist/*"]);
    finish(&place, &["--outcome", "success"]).exits(1);
    let found = gaps(&place.evidence(), "subjects");
    assert!(found[0].contains("expected a file, found none"), "{found:?}");
}

#[test]
fn a_customer_is_told_that_the_build_failed_and_that_an_artefact_was_there_before() {
    let place = Place::new();
    place.write("out", "old");
    begin(&place, &["-a", "out"]);
    finish(&place, &["--outcome", "success", "--allow-unchanged"]).exits(0);
    let public = place.public(1);
    let verify = ["verify", "out", "-b", EVIDENCE, "--key", &public];
    place.call(&verify).exits(0).shows("not made by this build");
    begin(&place, &["-a", "out"]);
    finish(&place, &["--outcome", "failure", "--force"]).exits(0);
    place.call(&verify).exits(3).shows("a build that did not succeed (failed)");
}

#[test]
fn what_a_kill_left_of_a_bracket_is_gone_with_it_and_a_long_name_is_usage() {
    let place = Place::new();
    begin(&place, &[]);
    let left = format!("{}.00.new", state(&place).display());
    fs::copy(state(&place), &left).unwrap();
    begin(&place, &["--restart"]);
    assert!(!std::path::Path::new(&left).exists());
    state(&place);
    place.call(&["begin", "--session", &"x".repeat(257)]).exits(2).tells("--session");
}

#[test]
fn a_cache_folder_below_the_root_is_not_even_made() {
    let place = Place::new();
    let call = place.call(&["begin"]).var("XDG_CACHE_HOME", place.at("cache"));
    call.exits(2);
    assert!(!place.has("cache"));
}
