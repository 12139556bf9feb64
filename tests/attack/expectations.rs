//! Expectations: each can fail on its own, and none is met by silence.

use proofmark::base::time::Time;
use proofmark::format::evidence::BUILD_EVIDENCE;
use proofmark::format::repository::same_repository;
use proofmark::read;
use proofmark::verify::{
    Artefact, ArtefactKind, Expectations, Trust, Verdict, Wishes, authenticate, judge,
};
use serde_json::json;

use crate::forge::{
    APP, BUILDER, Bench, COMMIT, OTHER_TYPE, REF, Run, SOURCE, evidence_predicate, good_lines,
    sign, statement, subject, vendor,
};

fn expecting(flags: &[&str]) -> Run {
    Bench::new().verify_with(&good_lines(), &[&["--key", "key1.pub"], flags].concat())
}

/// Evidence that says nothing of its source or of when it was made.
fn silent() -> Vec<Vec<u8>> {
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    predicate["source"] = json!({"status": "absent"});
    predicate["build"].as_object_mut().unwrap().remove("finished");
    vec![sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate))]
}

#[test]
fn every_expectation_that_holds_is_met() {
    let all = [
        "--source",
        SOURCE,
        "--commit",
        COMMIT,
        "--ref",
        REF,
        "--builder",
        BUILDER,
        "--max-age",
        "9999w",
    ];
    let json = expecting(&all).is_verified();
    let checked = json["checked"].as_array().unwrap();
    for what in ["repository", "commit", "ref", "builder", "age"] {
        assert!(checked.contains(&json!(what)), "{what}");
    }
    assert_eq!(json["not_checked"], json!(["trigger"]));
    let json = expecting(&[]).is_verified();
    assert_eq!(json["not_checked"], json!(["repository", "ref", "trigger", "builder"]));
}

#[test]
fn each_expectation_fails_on_its_own() {
    // CVE-2022-36056: flags of the identity were ignored.
    let other_commit = "f".repeat(40);
    let right = [
        ("--source", SOURCE),
        ("--commit", COMMIT),
        ("--ref", REF),
        ("--builder", BUILDER),
        ("--max-age", "9999w"),
    ];
    let wrong = [
        ("--source", "https://github.com/octo/app2"),
        ("--commit", &other_commit),
        ("--ref", "refs/heads/mai"),
        ("--builder", "urn:proofmark:builder:local"),
        ("--max-age", "0s"),
    ];
    for (at, (flag, value)) in wrong.iter().enumerate() {
        let run = expecting(&[flag, value]);
        run.is_refused("expectation");
        assert!(run.message().contains("doesn't hold"), "{run:?}");
        // Nor do the others make up for it.
        let mut all: Vec<&str> = right.iter().flat_map(|(flag, value)| [*flag, *value]).collect();
        all[2 * at + 1] = value;
        expecting(&all).is_refused("expectation");
    }
}

#[test]
fn an_expectation_that_no_statement_answers_is_refused() {
    // GHSA-mpvw-hw8p-7x27: what isn't there must refuse, not allow.
    let bench = Bench::new();
    bench.verify(&silent()).is_verified();
    let flags = [
        ["--source", SOURCE],
        ["--commit", COMMIT],
        ["--ref", REF],
        ["--builder", BUILDER],
        ["--max-age", "9999w"],
    ];
    for flag in flags {
        let run = bench.verify_with(&silent(), &[&["--key", "key1.pub"][..], &flag].concat());
        run.is_refused("expectation");
        assert!(run.message().contains("no accepted statement that says it"), "{run:?}");
        // A statement of a type that isn't read for claims has none.
        let other = sign(&statement(
            &json!([subject("app", APP)]),
            OTHER_TYPE,
            &evidence_predicate("b1", "succeeded", &[]),
        ));
        let wanted = [&["--key", "key1.pub", "--predicate-type", OTHER_TYPE][..], &flag].concat();
        bench.verify_with(&[other], &wanted).is_refused("expectation");
    }
}

#[test]
fn a_claim_that_was_not_observed_is_none() {
    let bench = Bench::new();
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    for status in
        [json!("unavailable"), json!("absent"), json!("Observed"), json!(null), json!(true)]
    {
        predicate["source"]["status"] = status;
        let line = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
        let flags = ["--key", "key1.pub", "--commit", COMMIT];
        bench.verify_with(&[line], &flags).is_refused("expectation");
    }
}

#[test]
fn a_claim_of_another_shape_is_none() {
    let bench = Bench::new();
    for odd in [json!([COMMIT]), json!({"sha1": COMMIT}), json!(null), json!(1)] {
        let mut predicate = evidence_predicate("b1", "succeeded", &[]);
        predicate["source"]["value"]["commit"] = odd;
        let line = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
        let flags = ["--key", "key1.pub", "--commit", COMMIT];
        bench.verify_with(&[line], &flags).is_refused("expectation");
    }
}

#[test]
fn an_expectation_that_one_of_two_accepted_statements_breaks_is_refused() {
    let bench = Bench::new();
    let mut predicate = evidence_predicate("b2", "succeeded", &[]);
    predicate["source"]["value"]["commit"] = json!("f".repeat(40));
    let other = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
    let lines = [good_lines(), vec![other]].concat();
    bench.verify(&lines).is_verified();
    bench.verify_with(&lines, &["--key", "key1.pub", "--commit", COMMIT]).is_refused("expectation");
}

#[test]
fn an_expectation_with_an_empty_value_is_a_mistake() {
    // An empty value is a variable that was not set.
    for flag in
        ["--source", "--commit", "--ref", "--builder", "--predicate-type", "--max-age", "--name"]
    {
        for empty in ["", " "] {
            expecting(&[&format!("{flag}={empty}")]).is_usage(flag);
        }
    }
}

#[test]
fn an_abbreviated_commit_is_a_mistake() {
    for short in
        ["0123456", &COMMIT[..39], &format!("{COMMIT}0"), "HEAD", &format!("{}g", &COMMIT[..39])]
    {
        expecting(&["--commit", short]).is_usage("full commit id");
    }
    expecting(&["--commit", &COMMIT.to_uppercase()]).is_verified();
}

#[test]
fn a_commit_that_begins_like_the_wanted_one_is_another() {
    let bench = Bench::new();
    for claimed in [&COMMIT[..7], "", &format!("{COMMIT}{}", &COMMIT[..24]), &format!("{COMMIT} ")]
    {
        let mut predicate = evidence_predicate("b1", "succeeded", &[]);
        predicate["source"]["value"]["commit"] = json!(claimed);
        let line = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
        let flags = ["--key", "key1.pub", "--commit", COMMIT];
        bench.verify_with(&[line], &flags).is_refused("expectation");
    }
}

#[test]
fn a_ref_that_is_short_or_a_pattern_is_a_mistake() {
    for bad in ["main", "heads/main", "refs/heads/*", "refs/heads/[m]ain", "refs/heads/mai?", "*"] {
        expecting(&["--ref", bad]).is_usage("--ref");
    }
    expecting(&["--ref", "refs/tags/main"]).is_refused("expectation");
}

#[test]
fn an_older_release_does_not_pass_for_a_newer_one() {
    // CVE-2024-23332: a rollback. What was signed for one tag stays what it is under another name.
    let bench = Bench::new();
    bench.file("app-2.0", APP);
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    predicate["source"]["value"]["ref"] = json!("refs/tags/v1.0");
    let lines = [sign(&statement(&json!([subject("app-1.0", APP)]), BUILD_EVIDENCE, &predicate))];
    let with = |flags: &[&str]| {
        bench.verify_of(&["app-2.0"], &lines, &[&["--key", "key1.pub"], flags].concat())
    };
    with(&[]).notes("another name: the evidence calls it app-1.0");
    with(&["--strict-names"]).is_refused("different-name");
    with(&["--ref", "refs/tags/v2.0"]).is_refused("expectation");
    with(&["--ref", "refs/tags/v1.0"]).is_verified();
}

#[test]
fn a_source_is_compared_whole() {
    for same in
        ["github.com/octo/app", "https://GITHUB.com/octo/app.git", "git@github.com:octo/app.git"]
    {
        expecting(&["--source", same]).is_verified();
    }
    for other in [
        "https://github.com/octo",
        "https://github.com/octo/App",
        "https://github.com/octo/app/x",
        "https://github.com.evil.example/octo/app",
        "https://evil.example/github.com/octo/app",
        "https://github.com@evil.example/octo/app",
        "*",
        ".*",
        "octo/app",
        "https://github.com/octo/app?x",
    ] {
        expecting(&["--source", other]).is_refused("expectation");
    }
}

#[test]
fn a_source_without_a_host_is_no_repositorys() {
    // `--source "https://$HOST/$REPO"` with neither variable set must not meet an empty claim.
    for empty in ["", "/", "https://", "https:///", "git@:", ".git", "://", "user@"] {
        for other in ["", "/", "https://", "git+", "https://user@/", "/.git"] {
            assert!(!same_repository(empty, other), "{empty:?} and {other:?}");
        }
    }
    let bench = Bench::new();
    for claimed in ["", "https://", "/"] {
        let mut predicate = evidence_predicate("b1", "succeeded", &[]);
        predicate["source"]["value"]["repository"] = json!(claimed);
        let line = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
        let flags = ["--key", "key1.pub", "--source", "https://"];
        let run = bench.verify_with(&[line], &flags);
        assert_ne!(run.code, 0, "{run:?}");
    }
}

/// The verdict at `now` on evidence that says when it was finished, under `--max-age 1d`.
fn aged(finished: &str, now: &str) -> Verdict {
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    predicate["build"]["finished"] = json!(finished);
    let line = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
    let lines = read::bytes(&line).unwrap();
    let set = authenticate(&lines, &Trust::new([vendor().public()], 1).unwrap());
    let artefact = Artefact {
        kind: ArtefactKind::File,
        name: Some("app".into()),
        sha256: proofmark::base::digest::Sha256::of(APP),
        sha512: None,
        size: None,
    };
    let expectations =
        Expectations { max_age: Some("1d".parse().unwrap()), ..Expectations::default() };
    let wishes = Wishes { expectations, ..Wishes::default() };
    let now: Time = now.parse().unwrap();
    judge(&set, &artefact, &wishes, now).verdict()
}

#[test]
fn what_is_too_old_or_from_the_future_is_refused() {
    let now = "2026-06-15T12:00:00Z";
    for good in [
        "2026-06-15T12:00:00Z",
        "2026-06-14T12:00:00Z",
        "2026-06-15T12:05:00Z",
        "2026-06-15T14:00:00+02:00",
    ] {
        assert_eq!(aged(good, now), Verdict::Verified, "{good}");
    }
    for bad in [
        "2026-06-14T11:59:59Z",
        "2025-06-15T12:00:00Z",
        "2026-06-15T12:05:01Z",
        "9999-12-30T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "-009999-01-02T00:00:00Z",
        "2026-06-15",
        "now",
        "",
    ] {
        assert_eq!(aged(bad, now), Verdict::Refused, "{bad}");
    }
}

#[test]
fn a_build_from_the_future_is_refused_by_the_binary_too() {
    let bench = Bench::new();
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    predicate["build"]["finished"] = json!("9000-01-01T00:00:00Z");
    let line = sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate));
    let run = bench.verify_with(&[line], &["--key", "key1.pub", "--max-age", "30d"]);
    run.is_refused("expectation");
    assert!(run.message().contains("in the future"), "{run:?}");
}

#[test]
fn a_span_that_is_none_is_a_mistake() {
    for bad in ["30", "d", "-1d", "1y", "1.5h", "99999999999999999d", "0x1d", "∞"] {
        expecting(&[&format!("--max-age={bad}")]).is_usage("--max-age");
    }
}

#[test]
fn a_flag_that_does_not_exist_is_never_ignored() {
    // CVE-2025-29778: fields of a policy that nothing read.
    for flag in [
        "--trust=t.toml",
        "--certificate-identity=x",
        "--certificate-oidc-issuer=y",
        "--trusted-root=r.json",
        "--sources=x",
        "--no-verify",
        "--insecure",
    ] {
        expecting(&[flag]).is_usage("unexpected argument");
    }
}
