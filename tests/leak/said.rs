//! What is said when a call fails: a message repeats what was typed, and logs are read by many.

use super::harness::{EVIDENCE, Place};
use super::planted::{ALL, Homely as _, file_names, nothing_shows, secrets};

#[test]
fn wrong_calls_repeat_no_credential() {
    let place = Place::new();
    place.write("a", "1");
    let key = place.key(1);
    let public = place.public(1);
    place.run(&["-a", "b"], "echo >b").exits(0);
    for name in file_names().step_by(31) {
        let missing = format!("./{name}");
        let calls: &[&[&str]] = &[
            &["run", "--key", &key, "--nope", name, "--", "true"],
            &["run", "--key", &key, &format!("--{name}"), "--", "true"],
            &["run", "--key", &key, name],
            &["run", "--force", "--key", &key, "--", &missing],
            &["run", "--force", "--key", &key, "--", name, "x"],
            &["run", "--key", name, "--", "true"],
            &["run", "--key", &format!("--{name}"), "--", "true"],
            &["run", "--force", "--key", &key, "-a", name, "--", "true"],
            &["run", "--key", &key, "-i", &format!("../../{name}"), "--", "true"],
            &["run", "--key", &key, "--root", name, "--", "true"],
            &["run", "--key", &key, "-o", &format!("{name}/x"), "--", "true"],
            &["run", "--key", &key, "--sign", name, "--", "true"],
            &["run", "--force", "--key", &key, "--env", name, "--", "true"],
            &["run", "--key", &key, "--key-fd", name, "--", "true"],
            &["attest", "--force", "--key", &key, &missing],
            &["attest", "--force", "--key", &key, "-a", &format!("{missing}=x")],
            &["verify", "--key", &public, &missing],
            &["verify", "--format", "json", "--key", &public, &missing],
            &["verify", "--key", name, "a"],
            &["verify", "--key", &public, "--bundle", &missing, "a"],
            &["verify", "--key", &public, "--source", name, "b"],
            &["verify", "--key", &public, "--ref", name, "b"],
            &["verify", "--key", &public, "--commit", name, "b"],
            &["verify", "--key", &public, "--max-age", name, "b"],
            &["verify", "--key", &public, "--threshold", name, "b"],
            &["inspect", &missing],
            &["inspect", "--format", "json", &missing],
            &["inspect", "--key", name, EVIDENCE],
            &["inspect", "--format", name, EVIDENCE],
            &["keygen", "--out", &format!("{name}/x")],
            &["schema", name],
            &["completions", name],
            &["man", &format!("{name}/x/y")],
            &[name],
        ];
        for arguments in calls {
            let said = place.call(arguments).at_home(&place).go();
            // A variable that isn't set is a gap, no error.
            assert!(said.code != Some(0) || arguments.contains(&"--env"), "{arguments:?}");
            nothing_shows(&place, &said);
        }
    }
}

#[test]
fn evidence_that_is_there_is_not_named_by_a_credential() {
    let place = Place::new();
    let key = place.key(1);
    for name in file_names().step_by(37) {
        place.write(format!("{name}.sigstore.jsonl"), "x");
        let out = format!("./{name}.sigstore.jsonl");
        let said = place
            .call(&["run", "--key", &key, "-o", &out, "--", "true"])
            .at_home(&place)
            .exits(125);
        nothing_shows(&place, &said.tells("exists"));
        let said = place
            .call(&["run", "--force", "--key", &key, "-o", &out, "--", "true"])
            .at_home(&place)
            .exits(0);
        nothing_shows(&place, &said);
        let said = place.call(&["inspect", &out]).at_home(&place).exits(0);
        nothing_shows(&place, &said);
    }
}

#[test]
fn what_a_variable_tells_is_secret_in_messages_too() {
    let place = Place::new();
    let key = place.key(1);
    for secret in
        secrets().step_by(13).filter(|secret| secret.len() <= 200 && !secret.contains('/'))
    {
        for arguments in [
            &["run", "--force", "--key", &key, "--", secret][..],
            &["verify", "--key", &key, secret],
            &["inspect", &format!("x{secret}y")],
            &["run", &format!("--{secret}"), "--", "true"],
        ] {
            let said = place.call(arguments).var("DEPLOY_TOKEN", secret).at_home(&place).go();
            nothing_shows(&place, &said);
        }
    }
}

#[test]
fn a_key_that_is_in_the_wrong_place_is_not_repeated() {
    let place = Place::new();
    for one in ALL.iter().filter(|one| one.text.contains("PRIVATE KEY")) {
        for arguments in [
            &["run", "--key", &one.text, "--", "true"][..],
            &["verify", "--key", &one.text, "a"],
            &["attest", &one.text],
            &["inspect", &one.text],
        ] {
            let said = place.call(arguments).at_home(&place).go();
            assert_ne!(said.code, Some(0));
            nothing_shows(&place, &said);
        }
        let said = place.run(&["--force"], "true").var("PROOFMARK_KEY_FILE", &one.text).go();
        nothing_shows(&place, &said);
        let call = place.call(&["run", "--force", "--", "true"]).var("PROOFMARK_KEY", &one.text);
        nothing_shows(&place, &call.at_home(&place).exits(125));
    }
}
