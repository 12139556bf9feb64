//! Ordinary mistakes: a key or a password where it doesn't belong, an empty variable, a forgotten `--`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::harness::{Place, private_der, private_pem};

#[test]
fn a_private_key_in_the_place_of_any_argument_is_refused_and_never_shown() {
    let place = Place::new();
    place.write("in.txt", "in");
    let key = place.key(1);
    let public = place.public(1);
    for secret in [STANDARD.encode(private_der(2)), private_pem(2)] {
        let s = secret.as_str();
        for (arguments, code) in [
            (&["inspect", s][..], 2),
            (&["verify", s, "--key", &public], 2),
            (&["verify", "in.txt", "--key", &public, "-b", s], 2),
            (&["verify", "in.txt", "--key", s], 2),
            (&["attest", "--key", &key, s], 2),
            (&["attest", "in.txt", "--key", &key, "-o", s], 2),
            (&["keygen", "--out", s], 2),
            (&["man", s], 2),
            (&["run", "--key", &key, "--root", s, "--", "true"], 125),
            (&["run", "--key", &key, "-a", s, "--", "true"], 125),
            (&["run", "--key", &key, "--exclude", s, "--", "true"], 125),
            (&["run", "--key", &key, "-o", s, "--", "true"], 125),
            (&["run", "--key", &key, "--force", "--", s], 127),
        ] {
            let said = place.call(arguments).exits(code);
            for part in [s.get(20..40).unwrap(), s.get(44..60).unwrap()] {
                assert!(!said.err.contains(part), "{arguments:?}: {}", said.err);
                assert!(!said.text().contains(part), "{arguments:?}");
            }
        }
    }
}

#[test]
fn a_password_that_was_typed_is_not_repeated_in_the_message() {
    let place = Place::new();
    let key = place.key(1);
    let token = concat!("gh", "p_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789");
    let word = format!("PASSWORD={token}");
    let said = place.call(&["run", "--key", &key, "--", &word, "make"]).exits(127);
    assert!(!said.err.contains("AbCdEf"), "{}", said.err);
    let url = "https://user:hunter22@example.com/x";
    let said = place.call(&["run", "--key", &key, "--force", "--", url]).exits(127);
    assert!(!said.err.contains("hunter22"), "{}", said.err);
    place.write("f", "f");
    place.call(&["attest", "f", "--key", &key, "--force"]).exits(0);
    let public = place.public(1);
    let said = place.call(&["verify", "f", "--key", &public, "--source", url]).exits(1);
    assert!(!said.text().contains("hunter22"), "{}", said.text());
    let said = place.call(&["verify", url, "--key", &public]).exits(3);
    assert!(!said.text().contains("hunter22"), "{}", said.text());
    said.shows("no URLs");
}

#[test]
fn a_token_in_an_exclusion_is_withheld_from_the_evidence() {
    let place = Place::new();
    let token = concat!("gh", "p_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789");
    place.run(&["--exclude", token], "true").exits(0);
    let excluded = place.evidence()["inputs"]["value"]["excluded"].to_string();
    assert!(excluded.contains("withheld") && !excluded.contains("AbCdEf"), "{excluded}");
    let redactions = place.evidence()["redactions"].to_string();
    assert!(redactions.contains("inputs.excluded"), "{redactions}");
}

#[test]
fn an_empty_value_is_an_unset_variable_and_no_wish_for_everything() {
    let place = Place::new();
    let key = place.key(1);
    for flags in [
        &["-a", ""][..],
        &["-i", ""],
        &["--exclude", ""],
        &["--env", ""],
        &["--env", "A=B"],
        &["--shell", " "],
        &["-o", "-"],
    ] {
        let command: &[&str] = if flags[0] == "--shell" { &[] } else { &["--", "touch", "ran"] };
        place.call(&[&["run", "--key", &key], flags, command].concat()).exits(125);
        assert!(!place.has("ran"), "{flags:?}");
    }
}

#[test]
fn what_was_asked_for_and_is_not_there_is_said() {
    let place = Place::new();
    let said = place.run(&["-i", "nope*", "--env", "NOT_SET"], "true").exits(0);
    said.tells("no file is what --input names");
    let found = super::harness::gaps(&place.evidence(), "environment.variables");
    assert_eq!(found, ["NOT_SET was asked for and is not set"]);
}

#[test]
fn a_forgotten_separator_is_explained() {
    let place = Place::new();
    place.call(&["run", "make"]).exits(125).tells("stands behind --");
}

#[test]
fn evidence_that_the_build_is_in_the_way_of_is_explained_with_the_commands_code() {
    let place = Place::new();
    let said = place.run(&[], "echo x >proofmark.sigstore.jsonl; exit 7").exits(125);
    said.tells("ended with 7").tells("was not written").tells("hint:");
}
