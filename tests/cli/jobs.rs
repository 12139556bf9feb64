//! Custody over jobs: what one job hands on is what the next one builds from.

use std::fs;

use serde_json::json;

use super::harness::{BUILD_EVIDENCE, Call, EVIDENCE, Place, UNSIGNED, sha256};

/// A job that makes `parts/x` and `parts/y`.
fn first() -> Place {
    let place = Place::new();
    let line = "mkdir parts; echo x >parts/x; echo y >parts/y";
    place.run(&["-a", "parts/*"], line).exits(0);
    place
}

/// Carries files from one job to the next.
fn carry(from: &Place, to: &Place, files: &[(&str, &str)]) {
    for (there, here) in files {
        to.write(here, from.read(there));
    }
}

fn second(place: &Place, flags: &[&str], key: u8, line: &str) -> Call {
    let key = place.key(key);
    let own = ["run", "--key", &key, "--from", "first.jsonl"];
    place.call(&[&own[..], flags, &["--", "sh", "-c", line]].concat())
}

const CARRIED: [(&str, &str); 3] =
    [(EVIDENCE, "first.jsonl"), ("parts/x", "in/x"), ("parts/y", "in/y")];

#[test]
fn three_jobs_in_a_row_hold_and_each_link_is_recorded() {
    let one = first();
    let two = Place::new();
    carry(&one, &two, &CARRIED);
    second(&two, &["-a", "all"], 1, "cat in/x in/y >all").exits(0);
    let found = &two.evidence()["custody"];
    assert_eq!((&found["status"], &found["basis"]), (&json!("observed"), &json!("recomputed")));
    let link = &found["value"]["continues"][0];
    let statement = one.statements().remove(1);
    assert_eq!(statement["predicateType"], BUILD_EVIDENCE);
    assert_eq!(link["build_id"], one.evidence()["build"]["id"]);
    assert_eq!(link["signers"].as_array().unwrap().len(), 1);
    let expected = json!([
        {"name": "x", "sha256": sha256(b"x\n"), "path": "in/x"},
        {"name": "y", "sha256": sha256(b"y\n"), "path": "in/y"},
    ]);
    assert_eq!(link["subjects"], expected);

    let three = Place::new();
    carry(&two, &three, &[(EVIDENCE, "first.jsonl"), ("all", "renamed")]);
    second(&three, &["-a", "out"], 1, "cp renamed out; echo >>out").exits(0);
    let link = &three.evidence()["custody"]["value"]["continues"][0];
    assert_eq!(link["subjects"][0]["path"], "renamed");
}

#[test]
fn a_file_that_was_swapped_between_the_jobs_stops_the_build_before_it_starts() {
    let one = first();
    let attempts: [(&str, &[(&str, &str)]); 4] = [
        ("altered", &[("parts/x", "in/x")]),
        ("missing", &[]),
        ("each other's content", &[("parts/x", "in/y"), ("parts/y", "in/x")]),
        ("the right content under another name beside it", &[("parts/x", "in/z")]),
    ];
    for (what, files) in attempts {
        let two = Place::new();
        carry(&one, &two, &[(EVIDENCE, "first.jsonl"), ("parts/y", "in/y")]);
        two.write("in/x", "swapped");
        if what == "missing" {
            fs::remove_file(two.at("in/x")).unwrap();
        }
        carry(&one, &two, files);
        if what == "altered" {
            two.write("in/x", "x\nmore");
        }
        let said = second(&two, &["-a", "all"], 1, "touch ran; cat in/* >all").exits(125);
        assert!(said.err.contains("custody is broken"), "{what}: {}", said.err);
        assert!(!two.has("ran") && !two.has(EVIDENCE), "{what}");
        let key = two.public(1);
        let begin = ["begin", "--from", "first.jsonl", "--trust-key", &key];
        two.call(&begin).exits(1).tells("custody is broken");
    }
}

#[test]
fn inputs_that_were_left_out_carry_nothing_on() {
    let one = first();
    let two = Place::new();
    carry(&one, &two, &CARRIED);
    second(&two, &["--exclude", "in/x"], 1, "true").exits(125).tells("custody is broken");
    second(&two, &["-i", "in/y"], 1, "true").exits(125).tells("custody is broken");
    second(&two, &[], 1, "true").exits(0);
}

#[test]
fn signed_evidence_must_verify_under_a_key_that_was_named_or_is_at_hand() {
    let one = first();
    let two = Place::new();
    carry(&one, &two, &CARRIED);
    second(&two, &[], 2, "true").exits(125).tells("none that verifies");
    let (right, wrong) = (two.public(1), two.public(3));
    second(&two, &["--trust-key", &wrong], 2, "true").exits(125).tells("none that verifies");
    second(&two, &["--trust-key", &right], 2, "true").exits(0);
    two.call(&["begin", "--from", "first.jsonl"]).exits(2).tells("--trust-key");
    two.call(&["begin", "--trust-key", &right]).exits(2).tells("--from");
    let mut altered = two.text("first.jsonl");
    altered = altered.replacen("\"sig\":\"", "\"sig\":\"AAAA", 2);
    two.write("first.jsonl", altered);
    let flags = ["--trust-key", &right, "--force"];
    second(&two, &flags, 2, "true").exits(125);
}

#[test]
fn what_nobody_signed_is_told_by_another_job() {
    let one = Place::new();
    let run = ["run", "--sign", "never", "-a", "x", "--", "sh", "-c", "echo x >x"];
    one.call(&run).exits(0);
    let two = Place::new();
    carry(&one, &two, &[(UNSIGNED, "first.jsonl"), ("x", "x")]);
    second(&two, &[], 1, "true").exits(0).tells("nobody signed it");
    let found = &two.evidence()["custody"];
    assert_eq!(found["basis"], "told by another job");
    let line = one.text(UNSIGNED).lines().nth(1).unwrap().to_owned();
    let link = &found["value"]["continues"][0];
    assert_eq!(link["sha256"], sha256(line.as_bytes()), "the digest that `sign` would record");
    assert_eq!(link["signers"], json!([]));
}

#[test]
fn evidence_of_a_build_that_failed_or_has_no_artefact_carries_nothing_on() {
    let one = Place::new();
    one.run(&["-a", "x"], "echo x >x; exit 1").exits(1);
    let two = Place::new();
    carry(&one, &two, &[(EVIDENCE, "first.jsonl"), ("x", "x")]);
    second(&two, &[], 1, "true").exits(125).tells("expected a build that succeeded");
    let one = Place::new();
    one.run(&[], "true").exits(0);
    let two = Place::new();
    carry(&one, &two, &[(EVIDENCE, "first.jsonl")]);
    second(&two, &[], 1, "true").exits(125).tells("expected artefacts, found none");
    two.write("first.jsonl", "");
    second(&two, &[], 1, "true").exits(125).tells("expected build evidence, found none");
    fs::remove_file(two.at("first.jsonl")).unwrap();
    second(&two, &[], 1, "true").exits(125).tells("doesn't exist");
}

#[test]
fn a_bracket_over_steps_continues_evidence_too_and_so_does_its_signature() {
    let one = first();
    let two = Place::new();
    carry(&one, &two, &CARRIED);
    let key = two.public(1);
    two.call(&["begin", "--from", "first.jsonl", "--trust-key", &key, "-a", "all"]).exits(0);
    two.shell("cat in/* >all").exits(0);
    two.call(&["finish", "--outcome", "success", "--sign", "never"]).exits(0);
    let private = two.key(2);
    two.call(&["sign", UNSIGNED, "--artefacts", ".", "--key", &private]).exits(0);
    let custody = &two.evidence()["custody"];
    assert_eq!(custody["basis"], "told by another job", "the link is the build job's word");
    assert_eq!(custody["value"]["continues"][0]["build_id"], one.evidence()["build"]["id"]);
    assert!(custody["value"]["captured"].is_string());
}

#[test]
fn taking_the_signature_away_makes_no_forgery_acceptable() {
    let one = first();
    let two = Place::new();
    carry(&one, &two, &CARRIED);
    let bundle = two.text("first.jsonl");
    let statement = one.statements().remove(1).to_string();
    let key = two.public(1);
    let named = ["--trust-key", key.as_str()];
    two.write("first.jsonl", format!("{statement}\n"));
    second(&two, &named, 1, "touch ran").exits(125).tells("a key was named for it");
    for beside in [&bundle, &bundle.replace("\"payload\"", "\"payloax\""), "{\n"] {
        two.write("first.jsonl", format!("{beside}{statement}\n"));
        second(&two, &[], 1, "touch ran").exits(125);
    }
    assert!(!two.has("ran"));
}

#[test]
fn another_file_of_the_name_beside_the_right_one_is_a_gap() {
    let one = first();
    let two = Place::new();
    carry(&one, &two, &CARRIED);
    two.write("old/x", "another");
    second(&two, &[], 1, "true").exits(0);
    let found = super::harness::gaps(&two.evidence(), "custody");
    assert!(found.len() == 1 && found[0].contains("old/x"), "{found:?}");
}
