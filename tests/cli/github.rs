//! What the platforms' variables become.

use super::harness::{Call, EVIDENCE, Place, evidence, statements};
use serde_json::{Value, json};

const TYPE: &str = "https://actions.github.io/buildtypes/workflow/v1";
const OWN_TYPE: &str = "urn:proofmark:buildtype:command:v1";

fn github(call: Call, commit: &str) -> Call {
    call.vars(&[
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "somebody"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_JOB", "build"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_REF_PROTECTED", "true"),
        ("GITHUB_REF_TYPE", "branch"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_REPOSITORY_ID", "123"),
        ("GITHUB_REPOSITORY_OWNER_ID", "45"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        ("GITHUB_RUN_ID", "678"),
        ("GITHUB_RUN_NUMBER", "9"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_SHA", commit),
        ("GITHUB_WORKFLOW_REF", "octo/app/.github/workflows/ci.yml@refs/heads/main"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
    ])
}

fn repository(place: &Place) -> String {
    place.write("src", "1");
    place.write(".gitignore", "proofmark.*\na\n");
    place.repository("https://github.com/octo/app.git")
}

/// The build definition of a run with these changes to GitHub's variables; `None` takes one away.
fn definition(place: &Place, commit: &str, changes: &[(&str, Option<&str>)]) -> Value {
    let mut call = github(place.run(&["--force", "-a", "a"], "date +%N >a"), commit);
    for (name, value) in changes {
        call = match value {
            Some(value) => call.var(name, value),
            None => call.without(name),
        };
    }
    call.exits(0);
    statements(&place.at(EVIDENCE))[0]["predicate"]["buildDefinition"].clone()
}

#[test]
fn a_push_has_github_s_own_build_type_with_exactly_its_fields() {
    let place = Place::new();
    let commit = repository(&place);
    let expected = json!({
        "buildType": TYPE,
        "externalParameters": {"workflow": {
            "ref": "refs/heads/main",
            "repository": "https://github.com/octo/app",
            "path": ".github/workflows/ci.yml",
        }},
        "internalParameters": {"github": {
            "event_name": "push",
            "repository_id": "123",
            "repository_owner_id": "45",
            "runner_environment": "github-hosted",
        }},
        "resolvedDependencies": [{
            "uri": "git+https://github.com/octo/app@refs/heads/main",
            "digest": {"gitCommit": commit},
        }],
    });
    assert_eq!(definition(&place, &commit, &[]), expected);
    let details = &place.statements()[0]["predicate"]["runDetails"];
    assert_eq!(details["builder"]["id"], "urn:proofmark:builder:github-step:v1");
    let url = "https://github.com/octo/app/actions/runs/678/attempts/2";
    assert_eq!(details["metadata"]["invocationId"], url);

    for event in ["create", "release", "workflow_dispatch"] {
        let found = definition(&place, &commit, &[("GITHUB_EVENT_NAME", Some(event))]);
        assert_eq!(
            (&found["buildType"], &found["internalParameters"]["github"]["event_name"]),
            (&json!(TYPE), &json!(event))
        );
    }
}

#[test]
fn whatever_github_s_type_cannot_say_has_our_own() {
    let place = Place::new();
    let commit = repository(&place);
    let other = "1".repeat(40);
    let cases: &[&[(&str, Option<&str>)]] = &[
        &[("GITHUB_EVENT_NAME", Some("schedule"))],
        &[("GITHUB_EVENT_NAME", Some("pull_request"))],
        &[("GITHUB_EVENT_NAME", None)],
        &[("GITHUB_REPOSITORY_ID", None)],
        &[("GITHUB_REPOSITORY_OWNER_ID", Some(""))],
        &[("RUNNER_ENVIRONMENT", None)],
        &[("GITHUB_WORKFLOW_REF", None)],
        &[("GITHUB_WORKFLOW_REF", Some("other/app/.github/workflows/ci.yml@refs/heads/main"))],
        &[("GITHUB_REF", None)],
        // What is checked out isn't what the run is for.
        &[("GITHUB_SHA", Some(&other))],
        &[("GITHUB_REPOSITORY", Some("octo/other"))],
        &[("GITHUB_REF", Some("refs/heads/other"))],
    ];
    for changes in cases {
        let found = definition(&place, &commit, changes);
        assert_eq!(found["buildType"], OWN_TYPE, "{changes:?}");
        assert_eq!(found["externalParameters"]["argv"], json!(["sh", "-c", "date +%N >a"]));
        let dependency = &found["resolvedDependencies"][0];
        assert_eq!(dependency["digest"]["gitCommit"], json!(commit), "what is checked out");
    }
}

#[test]
fn lane_chain_and_pipeline_say_what_makes_runs_comparable() {
    let place = Place::new();
    let commit = repository(&place);
    definition(&place, &commit, &[]);
    let evidence = place.evidence();
    let value = |part: &str| evidence[part]["value"].clone();
    assert_eq!(
        value("lane"),
        json!({"repository_id": "123", "definition": ".github/workflows/ci.yml", "job": "build", "ref_kind": "branch"})
    );
    let counts = json!({"run_id": "678", "run_number": "9", "run_attempt": "2"});
    assert_eq!(value("chain")["platform_counts"], counts);
    assert!(value("chain")["why_none"].is_string(), "no baseline was looked for");
    let pipeline = value("pipeline");
    for (name, expected) in [
        ("platform", json!("github")),
        ("repository", json!("https://github.com/octo/app")),
        ("commit", json!(commit)),
        ("ref", json!("refs/heads/main")),
        ("ref_protected", json!(true)),
        ("event", json!("push")),
        ("definition", json!("octo/app/.github/workflows/ci.yml@refs/heads/main")),
        ("runner_environment", json!("github-hosted")),
        ("run_url", json!("https://github.com/octo/app/actions/runs/678/attempts/2")),
    ] {
        assert_eq!(pipeline[name], expected, "{name}");
    }
    assert_eq!(evidence["pipeline"]["basis"], "read", "variables are no proof");
}

#[test]
fn a_checkout_without_a_branch_has_the_ref_that_the_platform_names() {
    let place = Place::new();
    let commit = repository(&place);
    let repository = git2::Repository::open(place.at("")).unwrap();
    repository.set_head_detached(commit.parse().unwrap()).unwrap();
    let tag = [
        ("GITHUB_REF", Some("refs/tags/v1.0")),
        ("GITHUB_REF_TYPE", Some("tag")),
        ("GITHUB_EVENT_NAME", Some("release")),
    ];
    let found = definition(&place, &commit, &tag);
    assert_eq!(found["buildType"], TYPE);
    assert_eq!(found["externalParameters"]["workflow"]["ref"], "refs/tags/v1.0");
    let source = &place.evidence()["source"]["value"];
    assert_eq!(
        (&source["ref"], &source["ref_from"]),
        (&json!("refs/tags/v1.0"), &json!("platform variable"))
    );
    assert_eq!(place.evidence()["lane"]["value"]["ref_kind"], "tag");
}

#[test]
fn the_platform_names_the_repository_only_of_the_commit_that_it_runs_for() {
    for same in [true, false] {
        let place = Place::new();
        place.write("src", "1");
        let commit = place.repository("https://example.com/o/r");
        git2::Repository::open(place.at("")).unwrap().remote_delete("origin").unwrap();
        let claimed = if same { commit } else { "0".repeat(40) };
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "octo/app"),
            ("GITHUB_SHA", &claimed),
        ];
        place.run(&[], "true").vars(&variables).exits(0);
        let evidence = place.evidence();
        let found = evidence["source"]["value"].get("repository");
        assert_eq!(found.is_some(), same, "{found:?}");
    }
}

#[test]
fn gitlab_s_job_is_described_by_its_own_variables() {
    let place = Place::new();
    place.write("src", "1");
    let commit = place.repository("https://gitlab.example.org/group/app.git");
    let call = place.run(&["-a", "a"], "echo >a").vars(&[
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_REF_PROTECTED", "true"),
        ("CI_COMMIT_SHA", &commit),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_JOB_ID", "11"),
        ("CI_JOB_NAME", "build"),
        ("CI_JOB_URL", "https://gitlab.example.org/group/app/-/jobs/11"),
        ("CI_PIPELINE_ID", "22"),
        ("CI_PIPELINE_IID", "3"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_PROJECT_ID", "44"),
        ("CI_PROJECT_URL", "https://gitlab.example.org/group/app"),
    ]);
    call.exits(0);
    let evidence = evidence(&place.at(EVIDENCE));
    let lane = json!({"repository_id": "44", "definition": ".gitlab-ci.yml", "job": "build", "ref_kind": "default branch"});
    assert_eq!(evidence["lane"]["value"], lane);
    let counts = json!({"pipeline_id": "22", "pipeline_iid": "3", "job_id": "11"});
    assert_eq!(evidence["chain"]["value"]["platform_counts"], counts);
    let slsa = &place.statements()[0]["predicate"];
    assert_eq!(slsa["buildDefinition"]["buildType"], OWN_TYPE);
    assert_eq!(slsa["runDetails"]["builder"]["id"], "urn:proofmark:builder:gitlab-job:v1");
    let url = "https://gitlab.example.org/group/app/-/jobs/11";
    assert_eq!(slsa["runDetails"]["metadata"]["invocationId"], url);
}
