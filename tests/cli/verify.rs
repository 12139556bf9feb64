//! `proofmark verify` as its users call it. What attackers do to it stands in `tests/attack`.

use std::fs;

use super::harness::{Call, EVIDENCE, Place, SECTIONS, sha256};
use serde_json::{Value, json};

/// A build with two artefacts in `dist`, its evidence beside them.
fn built() -> Place {
    let place = Place::new();
    let line = "mkdir dist; echo a >dist/a.bin; echo b >dist/b.txt";
    place.run(&["-a", "dist/*", "-o", &format!("dist-{EVIDENCE}")], line).exits(0);
    fs::rename(place.at(format!("dist-{EVIDENCE}")), place.at("dist").join(EVIDENCE)).unwrap();
    fs::rename(place.at(format!("dist-{SECTIONS}")), place.at("dist").join(SECTIONS)).unwrap();
    place
}

fn verify(place: &Place, arguments: &[&str]) -> Call {
    let key = place.public(1);
    place.call(&[&["verify", "--key", &key], arguments].concat())
}

#[test]
fn a_file_its_digest_and_its_name() {
    let place = built();
    let said = verify(&place, &["dist/a.bin"]).exits(0);
    assert_eq!(said.err, "", "stdout is data");
    let said = said.shows("verified        dist/a.bin").shows("result: verified (exit 0)");
    said.shows(&sha256(b"a\n")).shows("NOT checked: repository, ref, trigger, builder");

    let digest = format!("sha256:{}", sha256(b"a\n"));
    let bundle = place.at("dist").join(EVIDENCE);
    let bundle = bundle.to_str().unwrap();
    verify(&place, &[&digest, "-b", bundle]).exits(0).shows("a digest has no name");
    verify(&place, &[&digest]).exits(3);
    verify(&place, &["sha256:123"]).exits(2);

    fs::copy(place.at("dist/a.bin"), place.at("dist/renamed")).unwrap();
    verify(&place, &["dist/renamed"]).exits(0).shows("another name: the evidence calls it a.bin");
    verify(&place, &["dist/renamed", "--strict-names"]).exits(1);
    verify(&place, &["dist/renamed", "--name", "a.bin"]).exits(0);
    verify(&place, &["dist/a.bin", "--name", "b.txt"]).exits(1);
    verify(&place, &["dist/a.bin", "dist/b.txt", "--name", "a.bin"]).exits(2);
    verify(&place, &["dist/a.bin", "--name", ""]).exits(2);
}

#[test]
fn several_files_a_folder_and_a_glob() {
    let place = built();
    verify(&place, &["dist/a.bin", "dist/b.txt"]).exits(0).shows("2 verified, 0 refused");
    let said = verify(&place, &["dist"]).exits(0);
    said.shows("passed over: dist/proofmark.sigstore.jsonl").shows("2 verified");
    verify(&place, &["dist/*.bin"]).exits(0).shows("dist/a.bin");
    verify(&place, &["**/*.bin"]).exits(0);
    verify(&place, &["dist/*.none"]).exits(3).shows("the glob matches no file");
    verify(&place, &["dist/a.bin", "dist/none"]).exits(3).shows("no such file");

    place.write("dist/b.txt", "changed");
    verify(&place, &["dist/a.bin", "dist/b.txt", "dist/none"])
        .exits(1)
        .shows("1 verified, 1 refused, 1 could not tell");
    verify(&place, &["dist"]).exits(1);
    place.write("stranger", "");
    fs::rename(place.at("stranger"), place.at("dist/stranger")).unwrap();
    verify(&place, &["dist/stranger"]).exits(3);
    verify(&place, &["dist/none"]).exits(3);
    fs::create_dir(place.at("empty")).unwrap();
    verify(&place, &["empty"]).exits(3);
    std::os::unix::fs::symlink("../dist/a.bin", place.at("empty/a.bin")).unwrap();
    verify(&place, &["empty", "-b", &format!("dist/{EVIDENCE}")]).exits(3);
    place.shell("mkfifo pipe").exits(0);
    verify(&place, &["pipe", "-b", &format!("dist/{EVIDENCE}")]).exits(3).shows("a FIFO");
}

#[test]
fn complete_wants_every_subject() {
    let place = built();
    verify(&place, &["dist", "--complete"]).exits(0).shows("complete: every subject");
    verify(&place, &["dist/a.bin", "--complete"]).exits(1).shows("missing: b.txt");
    verify(&place, &["dist/a.bin", "dist/b.txt", "--complete"]).exits(0);
}

#[test]
fn the_evidence_is_the_first_of_the_known_names_beside_the_artefact_and_only_that() {
    let place = built();
    let good = place.read(format!("dist/{EVIDENCE}"));
    let names = [
        "proofmark.sigstore.jsonl",
        "a.bin.sigstore.jsonl",
        "a.bin.sigstore.json",
        "a.bin.intoto.jsonl",
    ];
    fs::remove_file(place.at("dist").join(EVIDENCE)).unwrap();
    verify(&place, &["dist/a.bin"]).exits(3).shows("no evidence file");
    for (index, name) in names.iter().enumerate().rev() {
        place.write(format!("dist/{name}"), &good);
        verify(&place, &["dist/a.bin"]).exits(0);
        // It counts before those after it, which are sound.
        place.write(format!("dist/{name}"), "no evidence\n");
        verify(&place, &["dist/a.bin"]).exits(3);
        if index > 0 {
            place.write(format!("dist/{name}"), &good);
        }
    }
    // A name on the command line counts before all of them.
    place.write("elsewhere", &good);
    verify(&place, &["dist/a.bin", "-b", "elsewhere"]).exits(0);
    for missing in ["none", "dist", "dist/a.bin"] {
        verify(&place, &["dist/a.bin", "--bundle", missing]).exits(3);
    }
}

#[test]
fn without_trust_nothing_can_be_told_and_the_hint_says_what_to_do() {
    let place = built();
    place.call(&["verify", "dist/a.bin"]).exits(3).tells("no trust given").tells("--key");
    // The key that signed here, in the user's own folder, is no trust.
    place.call(&["run", "-o", "x.jsonl", "--", "true"]).exits(0);
    place.call(&["verify", "dist/a.bin"]).exits(3);
    let other = place.public(2);
    place.call(&["verify", "dist/a.bin", "--key", &other]).exits(1);
}

#[test]
fn a_threshold_counts_distinct_keys() {
    let place = built();
    let (one, two) = (place.public(1), place.public(2));
    for (arguments, code) in [
        (&["--threshold", "1"][..], 2),
        (&["--key", &one, "--threshold", "0"], 2),
        (&["--key", &one, "--threshold", "2"], 2),
        (&["--key", &one, "--key", &one, "--threshold", "2"], 2),
        (&["--key", &one, "--threshold", "-1"], 2),
        (&["--key", &one, "--threshold", "x"], 2),
        (&["--key", &one, "--threshold", "1"], 0),
        (&["--key", &two, "--key", &one, "--threshold", "1"], 0),
        (&["--key", &two, "--key", &one, "--threshold", "2"], 3),
    ] {
        place.call(&[&["verify", "dist/a.bin"], arguments].concat()).exits(code);
    }
}

#[test]
fn usage_is_2() {
    let place = built();
    for arguments in [
        &[][..],
        &["dist/a.bin", "--commit", "abc1234"],
        &["dist/a.bin", "--commit", ""],
        &["dist/a.bin", "--ref", "main"],
        &["dist/a.bin", "--ref", "refs/heads/*"],
        &["dist/a.bin", "--source", ""],
        &["dist/a.bin", "--builder", " "],
        &["dist/a.bin", "--max-age", "soon"],
        &["dist/a.bin", "--max-age", ""],
        &["dist/a.bin", "--predicate-type", ""],
        &["dist/a.bin", "--format", "xml"],
    ] {
        verify(&place, arguments).exits(2);
    }
}

#[test]
fn expectations_are_met_refused_or_not_said() {
    let place = Place::new();
    place.write("src", "1");
    let commit = place.repository("git@example.org:team/app.git");
    place.run(&["-a", "a"], "echo >a").exits(0);
    let other = "1".repeat(40);
    for (flag, value, code) in [
        ("--commit", commit.as_str(), 0),
        ("--commit", &commit.to_uppercase(), 0),
        ("--commit", &other, 1),
        ("--ref", "refs/heads/main", 0),
        ("--ref", "refs/tags/v1", 1),
        ("--builder", "urn:proofmark:builder:local:v1", 0),
        ("--builder", "urn:proofmark:builder:github-step:v1", 1),
        ("--max-age", "1h", 0),
        ("--predicate-type", super::harness::BUILD_EVIDENCE, 0),
        ("--predicate-type", super::harness::PROVENANCE, 0),
        ("--predicate-type", "https://example.org/other", 3),
    ] {
        verify(&place, &["a", flag, value]).exits(code);
    }
    let said = verify(
        &place,
        &["a", "--ref", "refs/heads/main", "--builder", "urn:proofmark:builder:local:v1"],
    );
    said.exits(0).shows("NOT checked: repository, trigger\n");
}

#[test]
fn a_source_is_compared_without_scheme_user_and_ending() {
    let place = Place::new();
    place.write("src", "1");
    place.repository("https://user:hidden@Example.org/team/App.git");
    place.run(&["-a", "a"], "echo >a").exits(0);
    for (source, code) in [
        ("https://example.org/team/App", 0),
        ("https://EXAMPLE.org/team/App.git/", 0),
        ("ssh://git@example.org/team/App.git", 0),
        ("git+https://example.org/team/App", 0),
        ("example.org/team/App", 0),
        ("https://example.org/team/app", 1),
        ("https://example.org/team/App2", 1),
        ("https://example.com/team/App", 1),
    ] {
        verify(&place, &["a", "--source", source]).exits(code);
    }
    let nowhere = Place::new();
    nowhere.run(&["-a", "a"], "echo >a").exits(0);
    verify(&nowhere, &["a", "--source", "https://example.org/team/App"]).exits(1);
}

#[test]
fn failed_and_unsigned_builds_verify_nothing() {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a; exit 1").exits(1);
    verify(&place, &["a"]).exits(3);
    place
        .call(&["run", "--force", "--sign", "never", "-a", "a", "--", "sh", "-c", "echo 2 >a"])
        .exits(0);
    verify(&place, &["a", "-b", "proofmark.unsigned.jsonl"]).exits(3);
}

#[test]
fn one_file_of_evidence_may_hold_several_builds() {
    let place = Place::new();
    place.run(&["-a", "a", "-o", "1.jsonl"], "echo 1 >a").exits(0);
    place.run(&["-a", "b", "-o", "2.jsonl"], "echo 2 >b").exits(0);
    place.write(EVIDENCE, [place.read("1.jsonl"), place.read("2.jsonl")].concat());
    verify(&place, &["a", "b"]).exits(0);
    verify(&place, &["a", "b", "--complete"]).exits(0);
}

/// What a schema has against a value.
#[track_caller]
fn validates(place: &Place, schema: &str, value: &Value) {
    let schema = place.call(&["schema", schema]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\nin {value:#}");
}

#[test]
fn json_is_as_its_schema_says_whatever_the_verdict() {
    let place = built();
    let digest = format!("sha256:{}", sha256(b"a\n"));
    for (arguments, code, verdict) in [
        (&["dist/a.bin"][..], 0, "verified"),
        (&["dist", "--complete"], 0, "verified"),
        (&["dist/a.bin", "--complete"], 1, "refused"),
        (&["dist/a.bin", "--ref", "refs/heads/x"], 1, "refused"),
        (&["dist/none"], 3, "could-not-tell"),
        (&[&digest], 3, "could-not-tell"),
    ] {
        let said = verify(&place, &[arguments, &["--format", "json"]].concat()).exits(code);
        let value = said.json();
        validates(&place, "verify", &value);
        assert_eq!((&value["verdict"], &value["exit_code"]), (&json!(verdict), &json!(code)));
        assert_eq!(value["version"], 1);
        assert_eq!(said.err, "");
    }
    let value = verify(&place, &["dist/a.bin", "--format", "json"]).exits(0).json();
    assert_eq!(value["artefacts"][0]["sha256"], json!(sha256(b"a\n")));
    assert_eq!(value["statements"].as_array().unwrap().len(), 2);
    assert_eq!(value["checked"], json!(["signature", "digest", "outcome"]));
    assert_eq!(value["not_checked"], json!(["repository", "ref", "trigger", "builder"]));
}

#[test]
fn the_current_folder_and_the_artefact_s_bring_no_trust_and_no_configuration() {
    let place = built();
    for name in ["proofmark.toml", "proofmark.pub", "key.pub", ".proofmark/key.pub"] {
        for folder in ["", "dist/"] {
            place.write(format!("{folder}{name}"), super::harness::public_pem(1));
        }
    }
    let call = || place.call(&["verify", "dist/a.bin"]);
    call().exits(3);
    call().var("PROOFMARK_KEY", super::harness::private_pem(1)).exits(3);
    call().var("PROOFMARK_KEY_FILE", place.key(1)).exits(3);
}

#[test]
fn where_nothing_could_be_checked_nothing_is_said_to_have_been() {
    let place = Place::new();
    let key = place.public(1);
    let call = ["verify", "no/such", "-b", "no/such.jsonl", "--key", &key, "--format", "json"];
    let value = place.call(&call).exits(3).json();
    assert_eq!(value["checked"], serde_json::json!([]));
}
