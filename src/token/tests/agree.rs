//! Facts of the evidence that a token contradicts.

use std::collections::BTreeMap;

use crate::format::evidence::{Agreement, Pipeline, Source};
use crate::token::{Platform, agreement};

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn github() -> (BTreeMap<String, String>, Pipeline, Source) {
    let claims = [
        ("repository_id", "74"),
        ("repository_owner_id", "65"),
        ("sha", "aa"),
        ("ref", "refs/heads/main"),
        ("ref_protected", "true"),
        ("event_name", "push"),
        ("workflow_ref", "octo/app/.github/workflows/x.yml@refs/heads/main"),
        ("workflow_sha", "aa"),
        ("run_id", "7"),
        ("run_number", "3"),
        ("run_attempt", "1"),
        ("runner_environment", "github-hosted"),
    ];
    let pipeline = Pipeline {
        platform: "github".to_owned(),
        repository_id: text("74"),
        repository_owner_id: text("65"),
        commit: text("aa"),
        ref_name: text("refs/heads/main"),
        ref_protected: Some(true),
        event: text("push"),
        definition: text("octo/app/.github/workflows/x.yml@refs/heads/main"),
        definition_commit: text("aa"),
        run_id: text("7"),
        run_number: text("3"),
        run_attempt: text("1"),
        runner_environment: text("github-hosted"),
        ..Pipeline::default()
    };
    let source = Source { commit: text("aa"), ..Source::default() };
    (claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), pipeline, source)
}

fn gitlab() -> (BTreeMap<String, String>, Pipeline, Source) {
    let claims = [
        ("project_id", "74"),
        ("namespace_id", "65"),
        ("sha", "aa"),
        ("ref", "main"),
        ("ref_path", "refs/heads/main"),
        ("ref_protected", "false"),
        ("pipeline_source", "push"),
        ("pipeline_id", "1212"),
        ("ci_config_ref_uri", "gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main"),
    ];
    let pipeline = Pipeline {
        platform: "gitlab".to_owned(),
        repository_id: text("74"),
        repository_owner_id: text("65"),
        commit: text("aa"),
        ref_name: text("refs/heads/main"),
        ref_protected: Some(false),
        event: text("push"),
        definition: text(".gitlab-ci.yml"),
        run_id: text("1212"),
        run_number: text("9"),
        ..Pipeline::default()
    };
    let source = Source { commit: text("aa"), ..Source::default() };
    (claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), pipeline, source)
}

fn facts(all: &[Agreement], agrees: bool) -> Vec<&str> {
    all.iter().filter(|one| one.agrees == agrees).map(|one| one.fact.as_str()).collect()
}

#[test]
fn every_fact_that_a_claim_states_too_is_compared() {
    let (claims, pipeline, source) = github();
    let all = agreement(Platform::GitHub, &claims, &pipeline, Some(&source));
    assert_eq!(all.len(), 13);
    assert!(all.is_sorted() && facts(&all, false).is_empty());
    assert!(all.iter().all(|one| one.stated.is_none() && one.claimed.is_none()));
    let (claims, pipeline, source) = gitlab();
    let all = agreement(Platform::GitLab, &claims, &pipeline, Some(&source));
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted() && facts(&all, false).is_empty(), "{all:?}");
}

#[test]
fn each_claim_of_another_build_is_a_disagreement_with_both_sides() {
    for (platform, (fair, pipeline, source)) in
        [(Platform::GitHub, github()), (Platform::GitLab, gitlab())]
    {
        let all = agreement(platform, &fair, &pipeline, Some(&source));
        for one in &all {
            let mut claims = fair.clone();
            claims.insert(one.claim.clone(), "other\u{1b}".to_owned());
            let found = agreement(platform, &claims, &pipeline, Some(&source));
            let found = found.iter().find(|found| found.fact == one.fact).unwrap();
            assert!(!found.agrees, "{found:?}");
            assert_eq!(found.claimed.as_deref(), Some("other\\u{1b}"));
            assert!(found.stated.is_some());
        }
    }
}

#[test]
fn another_repository_s_token_disagrees_whatever_its_sub_says() {
    let (mut claims, pipeline, source) = github();
    claims.insert("sub".to_owned(), "repo:octo/app:ref:refs/heads/main".to_owned());
    claims.insert("repository".to_owned(), "octo/app".to_owned());
    claims.insert("repository_id".to_owned(), "75".to_owned());
    let all = agreement(Platform::GitHub, &claims, &pipeline, Some(&source));
    assert_eq!(facts(&all, false), ["pipeline.repository_id"]);
    assert!(all.iter().all(|one| one.claim != "sub"));
}

#[test]
fn what_one_side_does_not_state_is_no_entry() {
    let (mut claims, mut pipeline, source) = github();
    claims.remove("ref_protected");
    pipeline.run_number = None;
    let all = agreement(Platform::GitHub, &claims, &pipeline, None);
    let gone = ["pipeline.ref_protected", "pipeline.run_number", "source.commit"];
    assert!(all.iter().all(|one| !gone.contains(&one.fact.as_str())), "{all:?}");
    assert!(agreement(Platform::GitHub, &BTreeMap::new(), &pipeline, Some(&source)).is_empty());
    // Claims of the other platform are called otherwise.
    let (claims, pipeline, _) = gitlab();
    let all = agreement(Platform::GitHub, &claims, &pipeline, None);
    assert_eq!(facts(&all, true), ["pipeline.commit", "pipeline.ref_protected"]);
}

#[test]
fn the_head_of_a_pull_request_may_be_checked_out_and_another_commit_of_a_push_may_not() {
    let (mut claims, pipeline, mut source) = github();
    source.commit = text("bb");
    let all = agreement(Platform::GitHub, &claims, &pipeline, Some(&source));
    assert_eq!(facts(&all, false), ["source.commit"]);
    // That it is a pull request is said by the evidence alone.
    let says = Pipeline { event: text("pull_request"), ..pipeline.clone() };
    let all = agreement(Platform::GitHub, &claims, &says, Some(&source));
    assert_eq!(facts(&all, false), ["pipeline.event", "source.commit"]);
    claims.insert("event_name".to_owned(), "pull_request".to_owned());
    let all = agreement(Platform::GitHub, &claims, &says, Some(&source));
    assert!(all.iter().all(|one| one.fact != "source.commit" && one.agrees));
    source.commit = text("aa");
    let all = agreement(Platform::GitHub, &claims, &says, Some(&source));
    assert!(facts(&all, true).contains(&"source.commit"));
}

#[test]
fn a_merge_request_s_ref_is_not_compared_with_its_source_branch() {
    let (mut claims, mut pipeline, _) = gitlab();
    claims.insert("pipeline_source".to_owned(), "merge_request_event".to_owned());
    pipeline.event = text("merge_request_event");
    pipeline.ref_name = text("refs/merge-requests/4/head");
    let all = agreement(Platform::GitLab, &claims, &pipeline, None);
    assert!(all.iter().all(|one| one.agrees && one.fact != "pipeline.ref"), "{all:?}");
}
