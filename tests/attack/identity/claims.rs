//! A good token about something else: what the evidence states and the platform denies.

use serde_json::json;

use super::support::Scene;
use crate::harness::Said;

/// Those of its agreement that don't.
fn disagreements(scene: &Scene) -> Vec<String> {
    let token = scene.token();
    let all = token["agreement"].as_array().unwrap().iter();
    let found = all.filter(|entry| entry["agrees"] == false);
    found.map(|entry| entry["fact"].as_str().unwrap().to_owned()).collect()
}

/// Not in the middle of a line that nobody reads.
#[track_caller]
fn is_loud(said: &Said, fact: &str) {
    let words = fact.rsplit('.').next().unwrap().replace('_', " ");
    let notices = said.err.lines().filter(|line| line.starts_with("proofmark: "));
    let found = notices.clone().any(|line| line.contains(fact) || line.contains(&words));
    assert!(found, "{fact} in stderr:\n{}", said.err);
}

#[test]
fn another_repository_s_token_is_recorded_told_aloud_and_refused_by_verify() {
    let other = "f".repeat(40);
    for (claim, value, fact) in [
        ("repository_id", json!("999"), "pipeline.repository_id"),
        ("repository_owner_id", json!("999"), "pipeline.repository_owner_id"),
        ("sha", json!(other), "pipeline.commit"),
        ("ref", json!("refs/heads/evil"), "pipeline.ref"),
        ("ref_protected", json!("false"), "pipeline.ref_protected"),
        ("event_name", json!("pull_request_target"), "pipeline.event"),
        (
            "workflow_ref",
            json!("evil/app/.github/workflows/ci.yml@refs/heads/main"),
            "pipeline.definition",
        ),
        ("workflow_sha", json!(other), "pipeline.definition_commit"),
        ("run_id", json!("679"), "pipeline.run_id"),
        ("run_number", json!("10"), "pipeline.run_number"),
        ("run_attempt", json!("1"), "pipeline.run_attempt"),
        ("runner_environment", json!("self-hosted"), "pipeline.runner_environment"),
    ] {
        let scene = Scene::github();
        scene.platform.claim(claim, value.clone());
        let said = scene.attest(&[]);
        let found = disagreements(&scene);
        assert!(found.iter().any(|one| one == fact), "{fact} in {found:?}");
        is_loud(&said, fact);
        let token = scene.token();
        let entry = token["agreement"].as_array().unwrap().iter().find(|one| one["fact"] == fact);
        assert_eq!(entry.unwrap()["claim"], claim);
        assert_eq!(entry.unwrap()["claimed"], value, "what the token says");
        scene.verify(&[]).exits(1);
    }
}

#[test]
fn gitlab_s_token_is_compared_too() {
    let other = "f".repeat(40);
    for (claim, value, fact) in [
        ("project_id", json!("999"), "pipeline.repository_id"),
        ("namespace_id", json!("999"), "pipeline.repository_owner_id"),
        ("sha", json!(other), "pipeline.commit"),
        ("ref_path", json!("refs/heads/evil"), "pipeline.ref"),
        ("ref_protected", json!("false"), "pipeline.ref_protected"),
        ("pipeline_source", json!("merge_request_event"), "pipeline.event"),
        ("pipeline_id", json!("23"), "pipeline.run_id"),
        (
            "ci_config_ref_uri",
            json!("gitlab.com/group/app//evil.yml@refs/heads/main"),
            "pipeline.definition",
        ),
    ] {
        let scene = Scene::gitlab();
        scene.platform.claim(claim, value);
        let said = scene.attest(&[]);
        let found = disagreements(&scene);
        assert!(found.iter().any(|one| one == fact), "{fact} in {found:?}");
        is_loud(&said, fact);
        scene.verify(&[]).exits(1);
    }
}

/// What a token says beside the facts decides nothing.
#[test]
fn the_subject_of_a_token_is_never_looked_at() {
    let scene = Scene::github();
    scene.platform.claim("sub", json!("repo:evil/app:ref:refs/heads/main"));
    scene.attest(&[]);
    assert_eq!(disagreements(&scene), Vec::<String>::new());
    assert!(!scene.place.evidence().to_string().contains("repo:evil"));
    scene.verify(&[]).exits(0);
}

#[test]
fn claims_that_are_no_text_are_nobody_s() {
    let scene = Scene::github();
    scene.platform.claim("repository_id", json!(["123"])).claim("sha", json!({"x": 1}));
    scene.attest(&[]);
    let token = scene.token();
    assert!(token["claims"].get("repository_id").is_none());
    let agreement = token["agreement"].to_string();
    assert!(!agreement.contains("\"repository_id\""), "{agreement}");
}

#[test]
fn a_claim_is_capped_and_shows_no_control_characters() {
    let scene = Scene::github();
    scene.platform.claim("environment", json!("\u{1b}[2J\u{202e}\n::error::x"));
    scene
        .platform
        .claim("repository_id", json!(format!("9\u{1b}[2J\n::error::{}", "x".repeat(9999))));
    let said = scene.attest(&[]);
    assert!(!said.err.contains('\u{1b}') && !said.err.contains("\n::error"), "{}", said.err);
    let mut lines = said.err.lines().filter(|line| !line.starts_with("::add-mask::"));
    assert!(lines.all(|line| line.len() < 4000), "{}", said.err);
}
