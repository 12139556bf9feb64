//! Credentials that a build was given are in nothing that proofmark writes or says.

use std::fs;

use super::harness::{EVIDENCE, Place, Said, contains, lines, payload, sha256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

/// What a secret looks like inside of base64, wherever it begins there.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let mut spellings = vec![secret.as_bytes().to_vec(), hex::encode(secret).into_bytes()];
    for shift in 0..3 {
        let padded = [vec![b'-'; shift], secret.as_bytes().to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(padded);
        // The characters at the edges have bits of the neighbours in them.
        let start = (shift * 8).div_ceil(6);
        spellings.push(encoded.as_bytes()[start..encoded.len() - 1].to_vec());
    }
    spellings
}

/// Everything that proofmark wrote, payloads decoded.
fn written(place: &Place, said: &Said) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![
        ("stdout".to_owned(), said.out.clone()),
        ("stderr".to_owned(), said.err.clone().into()),
    ];
    for name in place.names().iter().filter(|name| name.contains(".jsonl")) {
        all.push((name.clone(), place.read(name)));
        if name == EVIDENCE {
            let payloads = lines(&place.at(name)).iter().map(payload).collect::<Vec<_>>();
            all.push((format!("payloads of {name}"), payloads.concat()));
        }
    }
    all
}

#[track_caller]
fn nowhere(place: &Place, said: &Said, secrets: &[&str]) {
    let written = written(place, said);
    assert!(written.len() >= 4);
    for secret in secrets {
        for spelling in spellings(secret) {
            for (where_, bytes) in &written {
                assert!(!contains(bytes, &spelling), "{secret} in {where_}");
            }
        }
    }
}

fn places(evidence: &Value) -> Vec<String> {
    let redactions = evidence["redactions"].as_array().unwrap();
    redactions.iter().map(|found| found["place"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn arguments_that_are_credentials_are_withheld_and_it_is_said_where() {
    let place = Place::new();
    // Put together here, so that no scanner takes them for real ones.
    let token = ["gh", "p_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"].concat();
    let password = "correct-horse-battery";
    let key = place.key(1);
    let arguments = [
        "run",
        "--key",
        &key,
        "-a",
        "a",
        "--",
        "sh",
        "-c",
        "echo >a",
        "sh",
        &token,
        "--password",
        password,
        "https://bob:s3cretpa55@example.org/x",
        "--verbose",
    ];
    let said = place.call(&arguments).exits(0);
    nowhere(&place, &said, &[&token, password, "s3cretpa55"]);
    let evidence = place.evidence();
    let argv = evidence["build"]["command"]["argv"].as_array().unwrap();
    assert_eq!(argv.len(), 9, "each argument has its place");
    assert_eq!(argv[8], "--verbose");
    let found = places(&evidence);
    for index in [4, 6, 7] {
        assert!(found.contains(&format!("argv[{index}]")), "argv[{index}] in {found:?}");
    }
    assert!(said.err.contains("withheld"), "{}", said.err);
    assert!(evidence["redactions"][0]["rule"].is_string());
}

#[test]
fn the_value_of_a_secret_variable_is_nowhere_however_it_is_spelled() {
    let place = Place::new();
    let secret = "xK9vQ2mN7pL4wR8t";
    let line = format!("echo >a; : {secret} {}", STANDARD_NO_PAD.encode(secret));
    let said = place
        .run(&["-a", "a", "--env", "COPY"], &line)
        .var("DEPLOY_TOKEN", secret)
        .var("COPY", format!("prefix-{secret}-suffix"))
        .var("CFLAGS", format!("-DTOKEN={secret}"))
        .exits(0);
    nowhere(&place, &said, &[secret]);
    let found = places(&place.evidence());
    for place in ["argv[2]", "variable COPY", "variable CFLAGS"] {
        assert!(found.contains(&place.to_owned()), "{place} in {found:?}");
    }
}

#[test]
fn what_stands_in_the_remote_s_url_is_withheld() {
    let place = Place::new();
    place.write("src", "1");
    place.repository(
        "https://ci-user:hunter2hunter2@example.org/team/app.git?private_token=zzTopSecret99",
    );
    let said = place.run(&["-a", "a"], "echo >a").exits(0);
    nowhere(&place, &said, &["hunter2hunter2", "ci-user", "zzTopSecret99"]);
    let repository = &place.evidence()["source"]["value"]["repository"];
    assert!(
        repository.as_str().unwrap().starts_with("https://example.org/team/app"),
        "{repository}"
    );
    assert!(
        places(&place.evidence()).iter().any(|place| place.contains("remote")),
        "{:?}",
        places(&place.evidence())
    );
}

#[test]
fn the_key_itself_is_nowhere() {
    let place = Place::new();
    let pem = super::harness::private_pem(7);
    let body = pem.lines().nth(1).unwrap();
    let key_in_argument = format!("echo >a; : {body}");
    let call = place.call(&[
        "run",
        "-a",
        "a",
        "--env",
        "PROOFMARK_KEY",
        "--",
        "sh",
        "-c",
        &key_in_argument,
    ]);
    let said = call.var("PROOFMARK_KEY", &pem).exits(0);
    for (where_, bytes) in written(&place, &said) {
        assert!(!contains(&bytes, body.as_bytes()), "in {where_}");
        assert!(!contains(&bytes, &[7; 32]), "in {where_}");
        assert!(!contains(&bytes, hex::encode([7; 32]).as_bytes()), "in {where_}");
    }
}

#[test]
fn digests_and_commit_ids_are_not_withheld() {
    let place = Place::new();
    let digest = format!("sha256:{}", sha256(b"x"));
    let commit = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let image = format!("registry.example.org/app@{digest}");
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    let key = place.key(1);
    let plain =
        [digest.as_str(), commit, &image, uuid, "--sha256", &sha256(b"y"), "v1.2.3-rc.1+build.5"];
    let arguments = [&["run", "--key", &key, "--", "true"], &plain[..]].concat();
    let said = place.call(&arguments).exits(0);
    let argv = &place.evidence()["build"]["command"]["argv"];
    assert_eq!(*argv, json!([&["true"], &plain[..]].concat()));
    assert_eq!(place.evidence()["redactions"], json!([]));
    assert!(!said.err.contains("withheld"));
}

#[test]
fn a_failure_s_words_hold_no_credential_of_the_command_line() {
    let place = Place::new();
    let token = ["gl", "pat-", "aB3dE5gH7jK9mN1pQ3sT"].concat();
    let key = place.key(1);
    let said = place.call(&["run", "--key", &key, "--", "no-such-program", &token]).exits(127);
    nowhere(&place, &said, &[&token]);
    fs::remove_file(place.at(EVIDENCE)).unwrap();
}
