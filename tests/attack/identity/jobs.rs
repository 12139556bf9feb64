//! Two jobs, and a token that one of them has no right to.

use std::fs;

use serde_json::{Value, json};

use super::support::{Question, Reply, Scene};
use crate::harness::{BUILD_EVIDENCE, EVIDENCE, UNSIGNED};

/// Changes the build evidence in an unsigned capture, and no byte of its other lines.
fn forge(scene: &Scene, text: &str, change: impl Fn(&mut Value)) {
    let lines = text.lines().map(|raw| {
        let mut line: Value = serde_json::from_str(raw).unwrap();
        if line["predicateType"] != BUILD_EVIDENCE {
            return format!("{raw}\n");
        }
        change(&mut line["predicate"]);
        format!("{line}\n")
    });
    fs::write(scene.place.at(UNSIGNED), lines.collect::<String>()).unwrap();
}

#[test]
fn a_capture_with_another_run_s_token_is_refused_and_nothing_is_signed() {
    let other = "f".repeat(40);
    for (claim, value) in
        [("run_id", json!("679")), ("repository_id", json!("999")), ("sha", json!(other))]
    {
        let scene = Scene::github();
        scene.platform.claim(claim, value);
        scene.capture_unsigned(&[]);
        // The signing job's own is its own.
        let own = scene.platform.job.claims(&scene.platform.url())[claim].clone();
        scene.platform.claim(claim, own);
        scene.sign(&[]).exits(1);
        assert!(!scene.place.has(EVIDENCE), "{claim}");
    }
}

/// A hostile build job may write into its capture what it likes.
#[test]
fn a_token_that_was_written_into_a_capture_is_compared_by_whoever_signs() {
    type Forgery = fn(&mut Value);
    let forgeries: [(&str, Forgery); 9] = [
        ("another run, and says that it agrees", |token| {
            token["claims"]["run_id"] = json!("679");
        }),
        ("another repository", |token| token["claims"]["repository_id"] = json!("999")),
        ("another commit", |token| token["claims"]["sha"] = json!("f".repeat(40))),
        ("another build", |token| {
            token["audience"] = json!(format!("urn:proofmark:v1:{}", "0".repeat(64)));
        }),
        ("signers that aren't its own", |token| {
            token["signers"] = json!([super::support::fingerprint(9)]);
        }),
        ("the signing job's", |token| token["job"] = json!("signing")),
        ("a job of another kind", |token| token["job"] = json!("verified")),
        ("a claim that nobody records", |token| token["claims"]["approved"] = json!("true")),
        ("agreement that isn't there", |token| token["agreement"] = json!([])),
    ];
    let scene = Scene::github();
    scene.capture_unsigned(&[]);
    let text = scene.place.text(UNSIGNED);
    for (what, change) in forgeries {
        forge(&scene, &text, |predicate| change(&mut predicate["identity"]["value"]["tokens"][0]));
        let said = scene.sign(&[]).exits(1);
        assert!(!scene.place.has(EVIDENCE), "{what}: {}", said.err);
    }
    forge(&scene, &text, |predicate| {
        let tokens = predicate["identity"]["value"]["tokens"].as_array_mut().unwrap();
        let mut second = tokens[0].clone();
        second["job"] = json!("signing");
        tokens.push(second);
    });
    scene.sign(&[]).exits(1);
    assert!(!scene.place.has(EVIDENCE), "a second token");
    forge(&scene, &text, |_| {});
    scene.sign(&[]).exits(0).tells("hashed again");
}

/// What is signed with a token that says something else no checker could use, or worse: it would believe it.
#[test]
fn a_token_that_is_kept_must_say_what_is_recorded_of_it_or_nothing_is_signed() {
    type Forgery = fn(&mut Value);
    let forgeries: [(&str, Forgery); 4] = [
        ("another environment", |token| token["claims"]["environment"] = json!("prod")),
        ("a mark that hides it", |token| {
            token["claims"]["environment"] = json!("prod [withheld: x")
        }),
        ("no token at all", |token| token["token"] = json!("::set-output name=x::bearer")),
        ("another issuer", |token| token["issuer"] = json!("https://gitlab.com")),
    ];
    let scene = Scene::github();
    scene.platform.claim("environment", json!("staging"));
    scene.capture_unsigned(&["--embed-token"]);
    let text = scene.place.text(UNSIGNED);
    for (what, change) in forgeries {
        forge(&scene, &text, |predicate| change(&mut predicate["identity"]["value"]["tokens"][0]));
        let said = scene.sign(&[]).exits(1).tells("says something else than what is recorded");
        assert!(!scene.place.has(EVIDENCE), "{what}: {}", said.err);
    }
    forge(&scene, &text, |_| {});
    scene.sign(&[]).exits(0);
}

#[test]
fn the_signing_job_s_token_has_to_be_of_the_same_run_too() {
    for (claim, value) in [("run_id", json!("679")), ("repository_id", json!("999"))] {
        let scene = Scene::github();
        scene.capture_unsigned(&[]);
        scene.platform.claim(claim, value);
        scene.sign(&[]).exits(1);
        assert!(!scene.place.has(EVIDENCE), "{claim}");
    }
}

/// The build job's is not handed in a second time as the signing job's.
#[test]
fn the_build_job_s_token_does_not_pass_for_the_signing_job_s() {
    let scene = Scene::github();
    scene.capture_unsigned(&[]);
    let stolen = scene.platform.tokens().remove(0);
    scene.platform.mints(move |_| stolen.clone());
    scene.sign(&[]).exits(0);
    let tokens = scene.place.evidence()["identity"]["value"]["tokens"].take();
    let jobs: Vec<_> = tokens.as_array().unwrap().iter().map(|token| &token["job"]).collect();
    assert_eq!(jobs, ["build"], "its audience names no signer");
    scene.nothing_shows();
}

#[test]
fn a_signing_job_whose_platform_does_not_answer_signs_all_the_same() {
    let scene = Scene::github();
    scene.capture_unsigned(&[]);
    scene.platform.answer(Question::Token, Reply::status(500));
    scene.sign(&[]).exits(0);
    let tokens = scene.place.evidence()["identity"]["value"]["tokens"].take();
    assert_eq!(tokens.as_array().unwrap().len(), 1);
    scene.verify(&[]).exits(0);
}
