//! `proofmark inspect`.

use super::harness::{EVIDENCE, Place, SECTIONS, UNSIGNED, contains};
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

/// What the sections hold, by name.
fn sections(place: &Place) -> Vec<(String, String)> {
    let text = place.text(SECTIONS);
    let name = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["name"].as_str().unwrap().to_owned()
    };
    text.lines().map(|line| (name(line), line.to_owned())).collect()
}

#[test]
fn outsiders_get_no_sealed_part_and_whoever_has_the_sections_gets_all_or_some_of_them() {
    let place = built();
    let all = sections(&place);
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"environment.path") && names.contains(&"environment.variables"));
    let inspect = |flags: &[&str]| place.call(&[&["inspect", EVIDENCE], flags].concat());
    for public in [&[][..], &["--public"]] {
        let said = inspect(public).exits(0);
        assert!(!said.text().contains("/usr/bin"), "the entries of PATH are sealed");
        assert!(said.text().contains("not given   environment.path ("));
    }
    let said = inspect(&["--sections", SECTIONS]).exits(0);
    said.shows("/usr/bin").shows("opened      environment.path (");
    let path = &all.iter().find(|(name, _)| name == "environment.path").unwrap().1;
    place.write("some", format!("{path}\n"));
    let said = inspect(&["--sections", "some", "--key", &place.public(1)]).exits(0);
    said.shows("/usr/bin").shows("not given   environment.variables (");
    place.write("none", "");
    inspect(&["--sections", "none"]).exits(0).shows("not given   environment.path (");
    let json = ["--sections", SECTIONS, "--format", "json"];
    let value = inspect(&json).exits(0).json();
    let found = &value["statements"][1]["predicate"]["environment"]["value"]["path"];
    assert_eq!(*found, json!(["/usr/bin", "/bin"]));
    assert_eq!(value["sections"].as_array().unwrap().len(), all.len());
    inspect(&["--sections", SECTIONS, "--public"]).exits(2);
    inspect(&["--sections", "no/such"]).exits(2);
}

#[test]
fn sections_that_were_altered_swapped_doubled_or_are_of_another_build_are_refused() {
    let place = built();
    let all = sections(&place);
    let text = place.text(SECTIONS);
    let (path, variables) = ("environment.path", "environment.variables");
    let line = |name: &str| all.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let other = built();
    let key = place.public(1);
    for (what, text) in [
        ("altered", text.replace("/usr/bin", "/usr/nib")),
        ("salt", text.replacen("\"salt\":\"", "\"salt\":\"0", 1)),
        ("swapped names", {
            let one = line(path).replace(path, variables);
            format!("{one}\n{}\n", line(variables).replace(variables, path))
        }),
        ("twice", format!("{text}{}\n", line(path))),
        ("of another build", other.text(SECTIONS)),
        ("one added", format!("{text}{{\"name\":\"x\",\"salt\":\"00\",\"content\":1}}\n")),
        ("no sections", "{}\n".to_owned()),
        ("spaces", text.replace("\":\"", "\": \"")),
    ] {
        place.write("s", text);
        for flags in [&[][..], &["--key", &key]] {
            let said = place.call(&[&["inspect", EVIDENCE, "--sections", "s"], flags].concat());
            let said = said.exits(1);
            assert!(said.err.contains("--sections s: "), "{what}: {}", said.err);
            assert!(said.out.is_empty(), "{what}: nothing of it is shown");
        }
    }
}

#[test]
fn settings_choose_what_is_sealed_and_one_that_is_unknown_is_an_error() {
    let place = Place::new();
    let settings = "[disclosure]\nseal = [\"build.command.argv\", \"environment.other_variables\"]\npublish = [\"environment.path\"]\n";
    place.write("proofmark.toml", settings);
    place.run(&["-a", "a"], "echo very-special >a").exits(0);
    let raw = String::from_utf8(place.call(&["inspect", EVIDENCE]).exits(0).out).unwrap();
    assert!(raw.contains("/usr/bin") && !raw.contains("very-special") && !raw.contains("HOME"));
    let names: Vec<_> = sections(&place).into_iter().map(|(name, _)| name).collect();
    for name in ["build.command.argv", "environment.other_variables"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    assert!(!names.iter().any(|name| name == "environment.path"));
    let flags = ["--sections", SECTIONS, "--key", &place.public(1)];
    place.call(&[&["inspect", EVIDENCE], &flags[..]].concat()).exits(0).shows("very-special");

    place.write("proofmark.toml", settings.replace("seal =", "sael ="));
    place.run(&["--force"], "touch ran").exits(125).tells("disclosure.sael");
    place.write("other.toml", "[disclosure]\nseal = []\n");
    place.run(&["--force", "--config", "other.toml"], "true").exits(0);
    place.run(&["--force", "--config", "no.toml"], "touch ran").exits(125);
    assert!(!place.has("ran"));
}

#[test]
fn settings_are_those_of_the_opening() {
    let place = Place::new();
    place.write("proofmark.toml", "[disclosure]\nseal = [\"inputs.files\"]\n");
    place.call(&["begin"]).exits(0);
    place.write("proofmark.toml", "[disclosure]\npublish = [\"environment.variables\"]\n");
    let key = place.key(1);
    place.call(&["finish", "--outcome", "success", "--key", &key]).exits(0);
    let names: Vec<_> = sections(&place).into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().any(|name| name == "inputs.files"), "{names:?}");
    assert!(names.iter().any(|name| name == "environment.variables"), "{names:?}");
}
