//! The job's token and what the platform's API says, from a platform that is as it should be.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::{EVIDENCE, Place, UNSIGNED, contains, evidence, gaps};
use super::support::{Question, Reply, Scene, audience, fingerprint, one};

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Every fact with its claim, where all agree.
#[track_caller]
fn agreed(token: &Value) -> BTreeSet<(String, String)> {
    let all = token["agreement"].as_array().unwrap().iter();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    all.map(|entry| {
        assert_eq!(entry["agrees"], true, "{entry}");
        (text(entry, "fact"), text(entry, "claim"))
    })
    .collect()
}

fn pairs(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    list.iter().map(|(fact, claim)| ((*fact).to_owned(), (*claim).to_owned())).collect()
}

#[test]
fn a_job_of_github_s_is_known_by_its_token() {
    let scene = Scene::github();
    scene.capture(&[]);
    let token = scene.token();
    assert_eq!((&token["job"], &token["binds"]), (&json!("build"), &json!("build")));
    assert_eq!(token["issuer"], json!(scene.platform.url()));
    assert_eq!(token["signers"], json!([fingerprint(1)]));
    assert_eq!(token["audience"], json!(scene.audience(&[fingerprint(1)])));
    assert_eq!(scene.platform.audiences(), [scene.audience(&[fingerprint(1)])]);
    let key = json!({"id": "one", "thumbprint": one().thumbprint(), "bits": 2048});
    assert_eq!(token["key"], key);
    assert!(token.get("token").is_none(), "kept only where that is asked for");

    let claims = &token["claims"];
    for dropped in ["sub", "actor", "iss", "aud", "exp", "nbf", "iat", "repository_owner_x"] {
        assert!(claims.get(dropped).is_none(), "{dropped}");
    }
    let expected = scene.platform.claims();
    for name in names(claims) {
        assert_eq!(claims[name], expected[name], "{name}");
    }
    for name in [
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "ref",
        "ref_type",
        "ref_protected",
        "sha",
        "event_name",
        "workflow",
        "workflow_ref",
        "workflow_sha",
        "job_workflow_ref",
        "job_workflow_sha",
        "run_id",
        "run_number",
        "run_attempt",
        "check_run_id",
        "runner_environment",
        "environment",
        "actor_id",
        "jti",
    ] {
        assert!(claims.get(name).is_some(), "{name} is recorded");
    }
    let expected = pairs(&[
        ("pipeline.repository_id", "repository_id"),
        ("pipeline.repository_owner_id", "repository_owner_id"),
        ("pipeline.commit", "sha"),
        ("pipeline.ref", "ref"),
        ("pipeline.ref_protected", "ref_protected"),
        ("pipeline.event", "event_name"),
        ("pipeline.definition", "workflow_ref"),
        ("pipeline.definition_commit", "workflow_sha"),
        ("pipeline.run_id", "run_id"),
        ("pipeline.run_number", "run_number"),
        ("pipeline.run_attempt", "run_attempt"),
        ("pipeline.runner_environment", "runner_environment"),
        ("source.commit", "sha"),
    ]);
    assert_eq!(agreed(&token), expected);

    let evidence = scene.place.evidence();
    assert!(evidence["identity"]["value"]["people"].get("sealed").is_some(), "people are sealed");
    assert!(!evidence.to_string().contains("somebody"), "who started it");
    scene.nothing_shows();
    scene.verify(&[]).exits(0);
}

#[test]
fn the_token_is_the_first_witness_of_the_machine_and_of_the_definition() {
    let scene = Scene::github();
    scene.capture(&[]);
    let evidence = scene.place.evidence();
    let hosting = &evidence["pipeline"]["value"]["hosting"];
    assert_eq!(
        (&hosting["is"], &hosting["agree"]),
        (&json!("hosted"), &json!(true)),
        "{hosting:#}"
    );
    assert_eq!(hosting["witnesses"][0]["from"], "token claim runner_environment");
    let ran = &evidence["pipeline"]["value"]["ran"];
    assert_eq!(ran["value"]["commit_from"], "token claim workflow_sha", "{ran:#}");
    assert_eq!(ran["value"]["on_disk_is_same"], true);
}

#[test]
fn a_definition_that_is_not_the_one_that_ran_is_said() {
    let scene = Scene::github();
    let workflow = scene.place.text(".github/workflows/ci.yml");
    scene.place.write(".github/workflows/ci.yml", format!("{workflow}\n# edited\n"));
    scene.capture(&[]).tells("pipeline.ran: the definition on the disk isn't the one");
    let evidence = scene.place.evidence();
    assert_eq!(evidence["pipeline"]["value"]["ran"]["value"]["on_disk_is_same"], false);
    assert!(gaps(&evidence, "pipeline.ran")[0].contains(".github/workflows/ci.yml at "));
}

#[test]
fn what_ran_and_is_not_at_hand_is_a_gap() {
    let scene = Scene::github();
    scene.platform.claim("workflow_sha", json!("e".repeat(40)));
    scene.capture(&[]);
    assert!(gaps(&scene.place.evidence(), "pipeline.ran")[0].contains("fetch-depth: 0"));
    let reusable = "octo/shared/.github/workflows/r.yml@refs/tags/v1";
    let scene = Scene::github();
    scene.platform.claim("job_workflow_ref", json!(reusable));
    scene.capture(&[]);
    let said = gaps(&scene.place.evidence(), "pipeline.ran");
    assert!(said[0].contains(reusable) && said[0].contains("was not compared"), "{said:?}");
}

#[test]
fn what_the_api_did_not_answer_is_named_in_the_log_with_its_cure() {
    let scene = Scene::github();
    scene.platform.answer(Question::Approvals, Reply::status(403));
    scene.capture(&[]).tells("not known: approvals; give the job `permissions: { actions: read }`");
}

#[test]
fn github_s_api_says_what_protects_the_build() {
    let scene = Scene::github();
    scene.capture(&[]);
    let controls = scene.place.evidence()["controls"].take();
    assert_eq!(
        (&controls["status"], &controls["basis"]),
        (&json!("observed"), &json!("API reply"))
    );
    let controls = &controls["value"];
    assert_eq!(controls["api"], json!(scene.platform.url()));
    let rules = &controls["branch_rules"]["value"];
    assert_eq!(rules["branch"], "main");
    let kinds: Vec<_> =
        rules["rules"].as_array().unwrap().iter().map(|rule| &rule["kind"]).collect();
    assert_eq!(kinds, ["deletion", "pull_request"]);
    let parameters = json!({"required_approving_review_count": "1", "dismiss_stale_reviews_on_push": "true", "require_code_owner_review": "false"});
    assert_eq!(rules["rules"][1]["parameters"], parameters);
    let environment = json!({
        "name": "production", "rules": ["branch_policy", "required_reviewers", "wait_timer"],
        "reviewers": 1, "prevent_self_review": true, "wait_minutes": 30,
        "branch_policy": "protected branches",
    });
    assert_eq!(controls["environment"]["value"], environment);
    let approvals = &controls["approvals"]["value"];
    assert_eq!((&approvals["approved"], &approvals["people"]), (&json!(["production"]), &json!(1)));
    assert_eq!(approvals["by_who_started_it"], false);
    let job = &controls["job"]["value"];
    assert_eq!((&job["id"], &job["matched_by"]), (&json!("4711"), &json!("check_run_id")));
    assert_eq!(job["runner_group"], "GitHub Actions");
    for reply in controls["replies"].as_array().unwrap() {
        assert!(!reply["path"].as_str().unwrap().contains('?'), "{reply}");
    }
    let text = controls.to_string();
    assert!(controls["details"].get("sealed").is_some(), "names of people and machines");
    assert!(!text.contains("reviewer\"") && !text.contains("GitHub Actions 7"), "{text}");
    for question in
        [Question::BranchRules, Question::Environment, Question::Approvals, Question::Jobs]
    {
        assert_eq!(scene.platform.asked(question).len(), 1, "{question:?}");
    }
    assert!(scene.platform.server.seen().iter().all(|request| request.method == "GET"));
}

#[test]
fn a_job_of_gitlab_s_is_known_by_its_token() {
    let scene = Scene::gitlab();
    scene.capture(&[]);
    let token = scene.token();
    assert_eq!((&token["job"], &token["binds"]), (&json!("build"), &json!("pipeline")));
    assert_eq!(token["audience"], "proofmark:44:22");
    assert_eq!(token["signers"], json!([]), "it binds the pipeline alone");
    assert_eq!(token["key"]["thumbprint"], json!(one().thumbprint()));
    let claims = &token["claims"];
    assert_eq!(claims["runner_id"], "12", "a number as its text");
    for name in [
        "namespace_id",
        "namespace_path",
        "project_id",
        "project_path",
        "project_visibility",
        "pipeline_id",
        "pipeline_source",
        "job_id",
        "ref",
        "ref_type",
        "ref_path",
        "ref_protected",
        "runner_id",
        "runner_environment",
        "sha",
        "ci_config_ref_uri",
        "ci_config_sha",
        "user_id",
        "user_access_level",
        "jti",
    ] {
        assert!(claims.get(name).is_some(), "{name} is recorded");
    }
    for dropped in ["user_login", "user_email", "groups_direct", "user_identities", "sub"] {
        assert!(claims.get(dropped).is_none(), "{dropped}");
    }
    let expected = pairs(&[
        ("pipeline.repository_id", "project_id"),
        ("pipeline.repository_owner_id", "namespace_id"),
        ("pipeline.commit", "sha"),
        ("pipeline.ref", "ref_path"),
        ("pipeline.ref_protected", "ref_protected"),
        ("pipeline.event", "pipeline_source"),
        ("pipeline.run_id", "pipeline_id"),
        ("pipeline.definition", "ci_config_ref_uri"),
        ("source.commit", "sha"),
    ]);
    assert_eq!(agreed(&token), expected);
    let evidence = scene.place.evidence();
    assert!(evidence["identity"]["value"]["people"].get("sealed").is_some());
    assert!(!evidence.to_string().contains("somebody@example.org"));
    let controls = &evidence["controls"]["value"];
    let job = &controls["job"]["value"];
    assert_eq!((&job["id"], &job["matched_by"]), (&json!("11"), &json!("job token")));
    assert_eq!((&job["runner_id"], &job["runner_group"]), (&json!("12"), &json!("instance_type")));
    assert_eq!(job["labels"], json!(["amd64", "docker"]));
    assert_eq!(controls["branch_rules"]["status"], "unavailable");
    scene.nothing_shows();
    scene.verify(&[]).exits(0);
}

#[test]
fn without_a_token_the_evidence_says_what_the_definition_lacks() {
    let scene = Scene::github();
    let url = scene.platform.url();
    let call = scene.build(&["--issuer", &url]);
    call.without("ACTIONS_ID_TOKEN_REQUEST_URL")
        .without("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        .without("GITHUB_TOKEN")
        .exits(0);
    scene.no_identity();
    assert!(scene.cures("identity").iter().any(|cure| cure.contains("id-token: write")));
    let evidence = scene.place.evidence();
    let cures = scene.cures("controls").join("\n");
    assert!(cures.contains("GITHUB_TOKEN: \"${{ github.token }}\""), "{cures}");
    assert_ne!(evidence["controls"]["value"]["branch_rules"]["status"], "observed");
    assert_eq!(scene.platform.server.paths(), Vec::<String>::new());

    let scene = Scene::gitlab();
    let url = scene.platform.url();
    scene.build(&["--issuer", &url]).without("PROOFMARK_ID_TOKEN").exits(0);
    scene.no_identity();
    let cure =
        "id_tokens: { PROOFMARK_ID_TOKEN: { aud: \"proofmark:$CI_PROJECT_ID:$CI_PIPELINE_ID\" } }";
    let cures = scene.cures("identity");
    assert!(cures.iter().any(|found| found.contains(cure)), "{cures:?}");
}

#[test]
fn a_token_without_the_other_half_of_what_asks_for_it_is_not_asked_for() {
    for gone in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        let scene = Scene::github();
        let url = scene.platform.url();
        scene.build(&["--issuer", &url]).without(gone).exits(0);
        scene.no_identity();
        assert!(scene.platform.asked(Question::Token).is_empty(), "{gone}");
        assert!(!scene.platform.asked(Question::BranchRules).is_empty(), "the API is asked");
    }
}

#[test]
fn offline_asks_nobody() {
    for scene in [Scene::github(), Scene::gitlab()] {
        scene.build(&["--offline"]).exits(0);
        scene.no_identity();
        assert_ne!(scene.place.evidence()["controls"]["status"], "observed");
        assert_eq!(scene.platform.server.paths(), Vec::<String>::new());
        let url = scene.platform.url();
        scene.attesting(&["--offline", "--issuer", &url]).exits(0);
        scene.attesting(&["--offline", "--embed-token"]).exits(2);
    }
}

#[test]
fn away_from_the_platforms_nobody_is_asked() {
    let scene = Scene::github();
    let url = scene.platform.url();
    scene.build(&["--issuer", &url]).without("GITHUB_ACTIONS").exits(0);
    assert_eq!(scene.platform.server.paths(), Vec::<String>::new());
    assert_ne!(scene.place.evidence()["identity"]["status"], "observed");
}

#[test]
fn finish_and_attest_ask_as_run_does() {
    let scene = Scene::github();
    let place = &scene.place;
    scene.in_job(place.call(&["begin"])).exits(0);
    assert_eq!(scene.platform.server.count(), 0, "once the build is over");
    place.write("dist/a", "1\n");
    let (key, url) = (place.key(1), scene.platform.url());
    let call =
        ["finish", "--outcome", "succeeded", "-a", "dist/a", "--key", &key, "--issuer", &url];
    scene.in_job(place.call(&call)).exits(0);
    assert_eq!(scene.token()["audience"], json!(scene.audience(&[fingerprint(1)])));

    let call = ["attest", "dist/a", "--force", "--key", &key, "--issuer", &url];
    scene.in_job(place.call(&call)).exits(0);
    assert_eq!(scene.token()["audience"], json!(scene.audience(&[fingerprint(1)])));
    let audiences = scene.platform.audiences();
    assert_eq!(audiences.len(), 2);
    assert_ne!(audiences[0], audiences[1], "each token is for one build");
}

#[test]
fn several_signers_stand_in_one_audience() {
    let scene = Scene::github();
    let other = scene.place.key(2);
    scene.capture(&["--key", &other]);
    let mut signers = [fingerprint(1), fingerprint(2)];
    signers.sort();
    assert_eq!(scene.token()["signers"], json!(signers));
    assert_eq!(scene.token()["audience"], json!(scene.audience(&signers)));
}

#[test]
fn a_token_is_kept_where_that_is_asked_for_and_there_alone() {
    let scene = Scene::github();
    let said = scene.capture(&["--embed-token"]);
    let token = scene.platform.tokens().remove(0);
    assert_eq!(scene.token()["token"], json!(token));
    let text = scene.place.statements().iter().map(Value::to_string).collect::<String>();
    assert_eq!(text.matches(&token).count(), 1);
    for name in scene.place.names().iter().filter(|name| *name != EVIDENCE) {
        if name.starts_with("proofmark.") {
            assert!(!contains(&scene.place.read(name), token.as_bytes()), "{name}");
        }
    }
    let lines: Vec<_> = said.err.lines().filter(|line| line.contains(&token)).collect();
    assert_eq!(lines, [format!("::add-mask::{token}")]);
    scene.verify(&[]).exits(0);
}

#[test]
fn each_of_two_jobs_has_a_token_of_its_own() {
    let scene = Scene::github();
    scene.capture_unsigned(&[]);
    let captured = scene.place.text(UNSIGNED);
    let captured: Value = serde_json::from_str(captured.lines().last().unwrap()).unwrap();
    let tokens = &captured["predicate"]["identity"]["value"]["tokens"];
    assert_eq!(tokens.as_array().unwrap().len(), 1);
    assert_eq!((&tokens[0]["job"], &tokens[0]["signers"]), (&json!("build"), &json!([])));
    assert_eq!(tokens[0]["audience"], json!(audience(&captured, &[])));

    scene.sign(&[]).exits(0);
    let signed = evidence(&scene.place.at(EVIDENCE));
    let tokens = signed["identity"]["value"]["tokens"].as_array().unwrap();
    let jobs: Vec<_> = tokens.iter().map(|token| &token["job"]).collect();
    assert_eq!(jobs, ["build", "signing"]);
    assert_eq!(tokens[0]["audience"], json!(scene.audience(&[])), "as the build job has it");
    assert_eq!(tokens[1]["signers"], json!([fingerprint(1)]));
    assert_eq!(tokens[1]["audience"], json!(scene.audience(&[fingerprint(1)])));
    assert_eq!(scene.platform.audiences().len(), 2);
    for token in tokens {
        agreed(token);
    }
    scene.nothing_shows();
    scene.verify(&[]).exits(0);
}

#[test]
fn a_capture_without_a_token_gets_that_of_the_job_that_signs() {
    let scene = Scene::github();
    std::fs::create_dir(scene.place.at("dist")).unwrap();
    let place = &scene.place;
    let run = ["run", "--sign", "never", "--force", "--offline", "-a", "dist/b"];
    let command = ["--", "sh", "-c", "echo 1 >dist/b"];
    scene.in_job(place.call(&[&run[..], &command].concat())).exits(0);
    scene.sign(&[]).exits(0);
    let tokens = place.evidence()["identity"]["value"]["tokens"].take();
    assert_eq!(tokens.as_array().unwrap().len(), 1);
    assert_eq!(tokens[0]["job"], "signing");
}

#[test]
fn the_command_is_not_given_gitlab_s_token() {
    let scene = Scene::gitlab();
    let url = scene.platform.url();
    let flags = ["-a", "dist/a", "--issuer", &url];
    let line = "mkdir -p dist; echo 1 >dist/a; env >../seen";
    scene.in_job(scene.place.run(&flags, line)).exits(0);
    scene.token();
    let seen = std::fs::read_to_string(scene.place.outside("seen")).unwrap();
    assert!(seen.contains("CI_PROJECT_ID=44") && !seen.contains("PROOFMARK"), "{seen}");
    for token in scene.platform.tokens() {
        assert!(!seen.contains(&token));
    }
}

/// It lives as long as the job may.
#[test]
fn gitlab_s_token_is_not_kept_even_where_that_is_asked_for() {
    let scene = Scene::gitlab();
    scene.attesting(&["--embed-token"]).exits(2).tells("--embed-token works on GitHub alone");
    assert!(!scene.place.has(EVIDENCE));
}

#[test]
fn verify_tells_whose_word_it_is() {
    let scene = Scene::github();
    scene.capture(&[]);
    let url = scene.platform.url();
    scene.verify(&["--issuer", &url]).exits(0);
    let place: &Place = &scene.place;
    place.call(&["inspect", EVIDENCE]).exits(0).shows("repository");
}
