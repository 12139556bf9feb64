//! `proofmark inspect`.

use super::harness::{EVIDENCE, Place, UNSIGNED, contains};
use serde_json::json;

fn built() -> Place {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a").exits(0);
    place
}

#[test]
fn without_a_key_the_first_line_says_that_nothing_was_verified() {
    let place = built();
    let said = place.call(&["inspect", EVIDENCE]).exits(0);
    assert!(said.text().starts_with("NOT VERIFIED"), "{}", said.text());
    said.shows("urn:proofmark:build-evidence:v1")
        .shows("https://slsa.dev/provenance/v1")
        .shows("sha256:");
    let value = place.call(&["inspect", EVIDENCE, "--format", "json"]).exits(0).json();
    assert_eq!(value["verified"], false);
    assert_eq!(value["statements"].as_array().unwrap().len(), 2);
    assert_eq!(value["statements"][0]["state"], "not verified");
    assert_eq!(value["statements"][1]["predicate"], place.evidence());
}

#[test]
fn with_a_key_it_exits_as_verify_does() {
    let place = built();
    let (key, other) = (place.public(1), place.public(2));
    let call = |flags: &[&str]| place.call(&[&["inspect", EVIDENCE], flags].concat());
    let said = call(&["--key", &key]).exits(0);
    assert!(said.text().starts_with("verified"), "{}", said.text());
    assert_eq!(call(&["--key", &key, "--format", "json"]).exits(0).json()["verified"], true);
    let said = call(&["--key", &other]).exits(1);
    assert!(said.text().starts_with("NOT VERIFIED"), "{}", said.text());
    assert_eq!(call(&["--key", &other, "--format", "json"]).exits(1).json()["verified"], false);
    call(&["--key", &key, "--key", &other, "--threshold", "2"]).exits(3);
    call(&["--key", &key, "--threshold", "0"]).exits(2);
    call(&["--threshold", "1"]).exits(2);
    call(&["--key", "no-such-key"]).exits(2);
}

#[test]
fn what_has_nothing_in_it_is_3() {
    let place = built();
    place.write("text", "no evidence\n");
    place.write("empty", "");
    place.write("json", "{}\n");
    for name in ["text", "empty", "json", "none", ".", "a"] {
        let said = place.call(&["inspect", name]).exits(3);
        assert!(said.out.is_empty(), "{name}");
    }
    place.call(&["inspect"]).exits(2);
}

#[test]
fn a_failed_build_is_shown_with_how_it_ended() {
    let place = Place::new();
    place.run(&[], "exit 7").exits(7);
    place.call(&["inspect", EVIDENCE]).exits(0).shows("outcome: failed").shows("code 7");
    let key = place.public(1);
    place.call(&["inspect", EVIDENCE, "--key", &key]).go().shows("failed");
}

#[test]
fn an_unsigned_capture_is_shown_as_such() {
    let place = Place::new();
    place.call(&["run", "--sign", "never", "--", "true"]).exits(0);
    let said = place.call(&["inspect", UNSIGNED]).exits(0).shows("unsigned");
    assert!(said.text().starts_with("NOT VERIFIED"));
    let key = place.public(1);
    let value =
        place.call(&["inspect", UNSIGNED, "--key", &key, "--format", "json"]).exits(3).json();
    assert_eq!(
        (&value["verified"], &value["statements"][0]["state"]),
        (&json!(false), &json!("unsigned"))
    );
}

#[test]
fn nothing_that_a_terminal_obeys_comes_through() {
    let place = Place::new();
    place.write("\u{1b}[31mred\u{202e}", "x");
    place.run(&["-a", "a"], "echo >a; : '\u{1b}]0;title\u{7}'").exits(0);
    for format in ["text", "json"] {
        let said = place.call(&["inspect", EVIDENCE, "--format", format]).exits(0);
        for bad in ["\u{1b}", "\u{202e}", "\u{7}"] {
            assert!(!contains(&said.out, bad.as_bytes()), "{bad:?} in {format}");
        }
    }
}

#[test]
fn a_bad_line_among_good_ones_is_named() {
    let place = built();
    let mut bytes = place.read(EVIDENCE);
    bytes.extend_from_slice(b"rubbish\n");
    place.write("more.jsonl", bytes);
    place.call(&["inspect", "more.jsonl"]).exits(0).shows("line 3: can't be parsed");
    let key = place.public(1);
    place.call(&["inspect", "more.jsonl", "--key", &key]).exits(0).shows("line 3");
    place.call(&["verify", "a", "-b", "more.jsonl", "--key", &key]).exits(0).shows("line 3");
}

#[test]
fn json_is_as_its_schema_says() {
    let place = built();
    let schema = place.call(&["schema", "inspect"]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (key, other) = (place.public(1), place.public(2));
    for flags in [&[][..], &["--key", &key], &["--key", &other]] {
        let call = place.call(&[&["inspect", EVIDENCE, "--format", "json"], flags].concat());
        let value = call.go().json();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert_eq!(value["version"], 1);
    }
}
