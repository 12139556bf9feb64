//! How far a checker trusts what the evidence says of the platform.

use std::fs;

use serde_json::{Value, json};

use super::support::{Scene, jwks, one, two};
use crate::forge;
use crate::harness::{BUILD_EVIDENCE, EVIDENCE, lines, payload};

/// What a member of this name holds, wherever it stands.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map
            .get(name)
            .filter(|found| found.is_object())
            .or_else(|| map.values().find_map(|inner| find(inner, name))),
        Value::Array(list) => list.iter().find_map(|inner| find(inner, name)),
        _ => None,
    }
}

/// Each part with its assurance, as `verify` prints them.
fn assurance(scene: &Scene, flags: &[&str]) -> Vec<(String, String)> {
    let said = scene.verify(&[&["--format", "json"], flags].concat()).exits(0);
    let said = said.json();
    let parts = find(&said, "assurance").expect("assurance").as_object().unwrap();
    let entry = |(part, entry): (&String, &Value)| {
        (part.clone(), entry["assurance"].as_str().unwrap().to_owned())
    };
    parts.iter().map(entry).collect()
}

#[track_caller]
fn of(all: &[(String, String)], part: &str) -> String {
    let found = all.iter().find(|(name, _)| name == part);
    found.unwrap_or_else(|| panic!("{part} in {all:?}")).1.clone()
}

fn keys(scene: &Scene, keys: &Value) -> String {
    let path = scene.place.outside("jwks.json");
    fs::write(&path, keys.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn facts_from_loopback_are_self_asserted_until_the_checker_names_the_issuer() {
    for scene in [Scene::github(), Scene::gitlab()] {
        scene.capture(&[]);
        let url = scene.platform.url();
        for flags in [&[][..], &["--issuer", "https://token.example"]] {
            let found = assurance(&scene, flags);
            for part in ["identity", "controls"] {
                assert_eq!(of(&found, part), "self-asserted", "{part} {flags:?}");
            }
            let raised = found.iter().find(|(_, word)| word == "job-checked");
            assert_eq!(raised, None, "{flags:?}");
        }
        let found = assurance(&scene, &["--issuer", &url]);
        for part in ["identity", "controls", "pipeline.commit"] {
            assert_eq!(of(&found, part), "job-checked", "{part}");
        }
        assert_eq!(of(&found, "pipeline"), "self-asserted", "variables are no token");
    }
}

/// The right key signs that everything was learnt in the best way.
#[test]
fn the_strongest_words_in_a_file_raise_nothing_above_job_checked() {
    let scene = Scene::github();
    scene.capture(&["--embed-token"]);
    let bundles = lines(&scene.place.at(EVIDENCE));
    for basis in ["token claim", "API reply", "recomputed", "told by another job"] {
        let lines = bundles.iter().map(|bundle| {
            let mut statement: Value = serde_json::from_slice(&payload(bundle)).unwrap();
            if statement["predicateType"] != BUILD_EVIDENCE {
                return format!("{bundle}\n");
            }
            let predicate = statement["predicate"].as_object_mut().unwrap();
            for part in predicate.values_mut().filter(|part| part.get("basis").is_some()) {
                part["basis"] = json!(basis);
            }
            predicate.insert("assurance".to_owned(), json!("platform-vouched"));
            let github = json!("https://token.actions.githubusercontent.com");
            predicate["identity"]["value"]["tokens"][0]["issuer"] = github;
            predicate["controls"]["value"]["api"] = json!("https://api.github.com");
            let line = forge::sign(&serde_json::to_vec(&statement).unwrap());
            String::from_utf8(line).unwrap().trim_end().to_owned() + "\n"
        });
        fs::write(scene.place.at(EVIDENCE), lines.collect::<String>()).unwrap();
        for (part, word) in assurance(&scene, &[]) {
            assert!(matches!(word.as_str(), "self-asserted" | "job-checked"), "{part}: {word}");
        }
    }
}

#[test]
fn a_token_in_the_evidence_is_vouched_for_by_the_keys_that_the_checker_brings() {
    let scene = Scene::github();
    scene.capture(&["--embed-token"]);
    let (url, set) = (scene.platform.url(), keys(&scene, &jwks(&[one()])));
    let brought = ["--issuer", &url, "--issuer-jwks", &set];
    let found = assurance(&scene, &brought);
    assert_eq!(of(&found, "identity"), "platform-vouched");
    assert_eq!(of(&found, "pipeline.commit"), "platform-vouched");
    assert_ne!(of(&found, "controls"), "platform-vouched");

    let set = keys(&scene, &jwks(&[two()]));
    let said = scene.verify(&["--issuer", &url, "--issuer-jwks", &set]).go();
    assert_ne!(said.code, Some(0), "somebody else's keys: {}", said.err);
    let set = keys(&scene, &jwks(&[one()]));
    let said = scene.verify(&["--issuer-jwks", &set]).go();
    assert_ne!(said.code, Some(0), "an issuer on this machine that nobody named: {}", said.err);

    scene.capture(&[]);
    scene.verify(&brought).exits(3);
    scene.verify(&[]).exits(0);
}

/// The build job's names no signer: it can't vouch for what another job signed.
#[test]
fn of_two_jobs_the_one_that_signs_keeps_its_token() {
    let scene = Scene::github();
    let (url, set) = (scene.platform.url(), keys(&scene, &jwks(&[one()])));
    let brought = ["--issuer", &url, "--issuer-jwks", &set];
    scene.capture_unsigned(&["--embed-token"]);
    scene.sign(&["--embed-token"]).exits(0);
    assert_eq!(of(&assurance(&scene, &brought), "identity"), "platform-vouched");

    scene.sign(&["--force"]).exits(0);
    scene.verify(&brought).exits(3);
}
