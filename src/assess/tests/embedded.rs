//! Tokens that are stolen, forged, told of, or of something else.

use serde_json::{Value, json};

use super::{Bench, SIGNER};
use crate::assess::assurance::Assurance;
use crate::assess::embedded::Standing;
use crate::base::time::Time;
use crate::token::testing::{NOW, one, two};
use crate::token::{Issuer, Platform, audience};

#[test]
fn a_token_that_the_checker_verified_vouches_for_the_facts_that_it_claims_and_no_others() {
    let bench = Bench::whole();
    let judged = bench.judge();
    assert_eq!(judged.standing, Standing::PlatformVouched, "{judged:?}");
    let facts = [
        "pipeline.commit",
        "pipeline.event",
        "pipeline.repository_id",
        "pipeline.run_id",
        "source.commit",
    ];
    assert_eq!(judged.facts, facts);
    let run = [("repository id", "74"), ("commit", "aa"), ("run", "7")];
    assert_eq!(judged.run, run.map(|(name, value)| (name, value.to_owned())));
    let vouched: Vec<String> = bench
        .parts()
        .into_iter()
        .filter(|part| part.assurance == Assurance::PlatformVouched)
        .map(|part| part.part)
        .collect();
    assert_eq!(vouched, [&["identity"], &facts[..]].concat());
}

#[test]
fn without_keys_of_the_checker_s_the_same_token_is_as_good_as_the_job_s_word() {
    let mut bench = Bench::whole();
    bench.keys = None;
    bench.is(Standing::JobChecked, "");
    let parts = bench.parts();
    let commit = parts.iter().find(|part| part.part == "pipeline.commit").unwrap();
    assert_eq!(commit.assurance, Assurance::JobChecked);
    let pipeline = parts.iter().find(|part| part.part == "pipeline").unwrap();
    assert_eq!(pipeline.assurance, Assurance::SelfAsserted);
}

#[test]
fn a_token_that_another_key_signed_is_a_contradiction() {
    Bench::with(&two(), "sha", json!("aa")).is(Standing::Contradicted, "did not sign it");
}

#[test]
fn a_token_of_a_key_that_was_not_brought_can_t_be_told() {
    let mut bench = Bench::new();
    let claims = bench.claims(&[SIGNER]);
    bench.add(Bench::entry("build", &[SIGNER], &claims, Some(two().token(&claims))));
    bench.is(Standing::JobChecked, "none of the given keys");
}

#[test]
fn a_token_of_another_build_subject_size_name_or_signer_is_a_contradiction() {
    let audience = |build: &str, signers: &[&str], edit: &dyn Fn(&mut Value)| {
        let mut bench = Bench::new();
        edit(&mut bench.subjects);
        let signers: Vec<String> = signers.iter().map(|one| (*one).to_owned()).collect();
        json!(audience::of_build(build, &signers, &bench.subjects()))
    };
    for other in [
        audience("b2", &[SIGNER], &|_| ()),
        audience("b1", &["SHA256:other"], &|_| ()),
        audience("b1", &[], &|_| ()),
        audience("b1", &[SIGNER], &|all| all[0]["digest"]["sha256"] = json!("22".repeat(32))),
        audience("b1", &[SIGNER], &|all| all[0]["annotations"]["size"] = json!(4)),
        audience("b1", &[SIGNER], &|all| all[0]["name"] = json!("other")),
        audience("b1", &[SIGNER], &|all| *all = json!([])),
        json!("sigstore"),
    ] {
        Bench::with(&one(), "aud", other).is(Standing::Contradicted, "expected a token for");
    }
}

/// What the evidence records is made to fit the token that was stolen, and the statement isn't.
#[test]
fn a_recorded_audience_is_not_believed() {
    let mut bench = Bench::new();
    let mut claims = bench.claims(&[SIGNER]);
    claims["aud"] = json!("urn:proofmark:v1:00");
    bench.add(Bench::entry("build", &[SIGNER], &claims, Some(one().token(&claims))));
    bench.is(Standing::Contradicted, "expected a token for");
    bench.keys = None;
    bench.is(Standing::SelfAsserted, "commits to something else");
}

#[test]
fn a_token_that_commits_to_another_signer_than_the_line_s_vouches_for_nothing() {
    let mut bench = Bench::whole();
    bench.signed_by = vec!["SHA256:thief"];
    bench.is(Standing::JobChecked, "commits to the key that signed");
    bench.signed_by = vec!["SHA256:thief", SIGNER];
    bench.is(Standing::PlatformVouched, "");
}

#[test]
fn a_build_that_did_not_sign_is_bound_by_the_token_of_the_job_that_did() {
    let mut bench = Bench::new();
    bench.embed("build", &[]);
    bench.is(Standing::JobChecked, "commits to the key that signed");
    bench.embed("signing", &[SIGNER]);
    bench.is(Standing::PlatformVouched, "");
    // Neither is taken for the other.
    let mut alone = Bench::new();
    alone.embed("signing", &[SIGNER]);
    alone.is(Standing::SelfAsserted, "no token of the job that built");
    let mut thief = Bench::new();
    thief.embed("build", &[]);
    thief.embed("signing", &["SHA256:other"]);
    thief.is(Standing::JobChecked, "commits to the key that signed");
}

#[test]
fn the_token_of_one_job_does_not_do_for_the_other() {
    let mut bench = Bench::new();
    let claims = bench.claims(&[]);
    let token = one().token(&claims);
    bench.add(Bench::entry("build", &[], &claims, Some(token.clone())));
    bench.add(Bench::entry("signing", &[SIGNER], &bench.claims(&[SIGNER]), Some(token)));
    bench.is(Standing::Contradicted, "the token of the job that signed: expected a token for");
}

#[test]
fn a_signing_job_of_another_repository_is_a_contradiction_and_its_own_run_is_not() {
    let two_jobs = |name: &str, value: &str| {
        let mut bench = Bench::new();
        bench.embed("build", &[]);
        let mut claims = bench.claims(&[SIGNER]);
        claims[name] = json!(value);
        bench.add(Bench::entry("signing", &[SIGNER], &claims, Some(one().token(&claims))));
        bench
    };
    two_jobs("repository_id", "75").is(Standing::Contradicted, "pipeline.repository_id");
    two_jobs("run_id", "8").is(Standing::PlatformVouched, "");
    // An evidence that states no repository hides no second one.
    let mut silent = two_jobs("repository_id", "75");
    silent.predicate["pipeline"]["value"].as_object_mut().unwrap().remove("repository_id");
    silent.is(Standing::Contradicted, "two repositories");
}

#[test]
fn a_fact_that_the_token_contradicts_is_refused_with_both_sides() {
    for (part, name, value) in [
        ("pipeline", "commit", "bb"),
        ("pipeline", "repository_id", "75"),
        ("pipeline", "run_id", "8"),
    ] {
        let mut bench = Bench::whole();
        bench.predicate[part]["value"][name] = json!(value);
        bench.is(Standing::Contradicted, &format!("{part}.{name}: expected "));
        bench.is(Standing::Contradicted, value);
        // Claims that are only recorded contradict as well.
        bench.keys = None;
        bench.is(Standing::Contradicted, value);
    }
}

#[test]
fn another_commit_than_the_run_s_in_the_work_tree_is_said_and_refused_where_the_platform_is_asked()
{
    let mut bench = Bench::whole();
    bench.predicate["source"]["value"]["commit"] = json!("bb");
    bench.is(
        Standing::Contradicted,
        "source.commit: expected aa, as the token's sha says, found bb",
    );
    bench.keys = None;
    bench.is(Standing::JobChecked, "source.commit: expected aa, as the token's sha says, found bb");
    assert!(!bench.judge().facts.iter().any(|fact| fact == "source.commit"));
}

#[test]
fn only_what_a_redactor_left_of_a_claim_is_the_claim() {
    let with = |recorded: &str| {
        let mut bench = Bench::whole();
        let token = &mut bench.predicate["identity"]["value"]["tokens"][0];
        token["claims"]["repository"] = json!(recorded);
        bench.judge().standing
    };
    for left in [
        "[withheld: a]",
        "octo/[withheld: a]",
        "[withheld: a]/app",
        "o[withheld: a]/[withheld: b]p",
    ] {
        assert_eq!(with(left), Standing::PlatformVouched, "{left}");
    }
    for other in ["evil [withheld", "[withheld: a]b", "b[withheld: a]", "[withheld: "] {
        assert_eq!(with(other), Standing::Contradicted, "{other}");
    }
}

#[test]
fn a_token_that_nobody_can_check_stands_beside_none_that_vouches() {
    let mut bench = Bench::whole();
    let mut shadow = bench.predicate["identity"]["value"]["tokens"][0].clone();
    shadow.as_object_mut().unwrap().remove("token");
    shadow["claims"]["environment"] = json!("prod-approved");
    bench.predicate["identity"]["value"]["tokens"].as_array_mut().unwrap().insert(0, shadow);
    bench.is(Standing::JobChecked, "not every token that it records is embedded");
}

#[test]
fn what_is_recorded_of_a_token_s_key_and_times_must_be_its_own() {
    for (at, value, said) in [
        ("/key/id", json!("k2"), "its issuer or key"),
        ("/key/bits", json!(4096), "its issuer or key"),
        ("/expires", json!("2030-01-01T00:00:00Z"), "its audience or times"),
    ] {
        let mut bench = Bench::whole();
        let token = &mut bench.predicate["identity"]["value"]["tokens"][0];
        *token.pointer_mut(at).unwrap() = value;
        bench.is(Standing::Contradicted, said);
    }
}

/// Expectations are met by what the statements say: of each the platform has to say the same.
#[test]
fn a_statement_of_another_repository_commit_or_ref_than_the_token_s_contradicts_it() {
    use crate::format::claims::Claims;
    let vouched = Bench::whole().judge().vouched.unwrap();
    let claims = |source: &str, commit: &str| Claims {
        source: Some(source.to_owned()),
        commit: Some(commit.to_owned()),
        ..Claims::default()
    };
    let own = "https://github.com/octo/app";
    assert_eq!(vouched.contradicts(&Claims::default()), None);
    assert_eq!(vouched.contradicts(&claims(own, "aa")), None);
    assert_eq!(vouched.contradicts(&claims("git@github.com:octo/app.git", "aa")), None);
    for (source, commit, said) in [
        (own, "bb", "commit: expected aa"),
        ("https://github.com/octo/other", "aa", "repository: expected octo/app"),
        ("https://gitlab.com/octo/app", "aa", "repository: expected octo/app"),
        ("https://github.com.evil.example/octo/app", "aa", "repository: expected octo/app"),
    ] {
        let told = vouched.contradicts(&claims(source, commit)).unwrap();
        assert!(told.starts_with(said), "{told}");
    }
    let other = Claims { ref_name: Some("refs/heads/pwn".to_owned()), ..Claims::default() };
    assert!(vouched.contradicts(&other).unwrap().starts_with("ref: expected refs/heads/main"));
}

#[test]
fn keys_that_were_named_for_one_issuer_speak_for_no_other() {
    let mut bench = Bench::whole();
    let other = Issuer::given("https://ghes.example.org/_services/token", Platform::GitHub);
    bench.issuers = vec![other.unwrap()];
    bench.is(Standing::JobChecked, "is no issuer that is known");
}

#[test]
fn a_recorded_claim_that_the_token_does_not_make_is_refused() {
    let mut bench = Bench::whole();
    let token = &mut bench.predicate["identity"]["value"]["tokens"][0];
    token["claims"]["environment"] = json!("production");
    bench.is(Standing::Contradicted, "expected its environment nothing, found production");
    let token = &mut bench.predicate["identity"]["value"]["tokens"][0];
    token["claims"]["environment"] = json!("[withheld: rule]");
    bench.is(Standing::Contradicted, "expected its environment nothing");
    bench.predicate["identity"]["value"]["tokens"][0]["claims"]
        .as_object_mut()
        .unwrap()
        .remove("environment");
    bench.is(Standing::PlatformVouched, "");
    let token = &mut bench.predicate["identity"]["value"]["tokens"][0];
    token["key"]["thumbprint"] = json!("00".repeat(32));
    bench.is(Standing::Contradicted, "isn't the one that is recorded");
}

#[test]
fn a_disagreement_that_the_job_recorded_refuses_without_any_key() {
    let mut bench = Bench::whole();
    bench.keys = None;
    bench.predicate["identity"]["value"]["tokens"][0]["agreement"] = json!([{
        "fact": "pipeline.ref", "claim": "ref", "agrees": false, "stated": "refs/tags/v1",
        "claimed": "refs/heads/x",
    }]);
    let both = "pipeline.ref: expected refs/heads/x, as the token's ref says, found refs/tags/v1";
    bench.is(Standing::Contradicted, both);
}

#[test]
fn a_token_must_have_been_valid_when_the_job_checked_it_and_not_when_it_is_checked_again() {
    let mut bench = Bench::whole();
    bench.is(Standing::PlatformVouched, "");
    let checked = |bench: &mut Bench, at: i64| {
        let at = Time::saturating(at).to_string();
        bench.predicate["identity"]["value"]["tokens"][0]["checked"] = json!(at);
    };
    checked(&mut bench, NOW + 400);
    bench.is(Standing::Contradicted, "it ended at");
    checked(&mut bench, NOW + 2_000_000);
    bench.is(Standing::Contradicted, "said to have been checked");
}

#[test]
fn an_issuer_that_nobody_knows_raises_nothing_until_it_is_brought() {
    for iss in ["https://ghes.example/_services/token", "http://127.0.0.1:8080"] {
        let mut bench = Bench::new();
        bench.iss = iss.to_owned();
        bench.embed("build", &[SIGNER]);
        bench.is(Standing::SelfAsserted, "no issuer that is known");
        assert!(bench.parts().iter().all(|part| part.assurance == Assurance::SelfAsserted));
        bench.issuers = vec![Issuer::given(iss, Platform::GitHub).unwrap()];
        bench.is(Standing::PlatformVouched, "");
        bench.keys = None;
        bench.is(Standing::JobChecked, "");
    }
}

#[test]
fn a_token_that_binds_the_pipeline_alone_vouches_for_no_build() {
    let mut bench = Bench::new();
    bench.iss = "https://gitlab.com".to_owned();
    bench.predicate["pipeline"]["value"]["platform"] = json!("gitlab");
    let mut claims = bench.claims(&[]);
    claims["aud"] = json!("proofmark:74:7");
    claims["project_id"] = json!("74");
    let mut entry = Bench::entry("build", &[], &claims, Some(one().token(&claims)));
    entry["binds"] = json!("pipeline");
    bench.add(entry);
    bench.is(Standing::JobChecked, "commits to no build");
    bench.predicate["pipeline"]["value"]["run_id"] = json!("8");
    bench.is(Standing::Contradicted, "expected a token for proofmark:74:8");
}

#[test]
fn what_another_job_checked_is_no_more_than_told() {
    let mut bench = Bench::whole();
    bench.predicate["identity"]["basis"] = json!("told by another job");
    bench.is(Standing::PlatformVouched, "");
    bench.keys = None;
    bench.is(Standing::SelfAsserted, "was checked by the job that built");
}

#[test]
fn a_subject_without_a_sha256_is_committed_to_by_no_audience() {
    let mut bench = Bench::new();
    bench.subjects[0]["digest"] = json!({ "sha512": "11".repeat(64) });
    bench.embed("build", &[SIGNER]);
    bench.is(Standing::SelfAsserted, "");
}

#[test]
fn a_build_id_or_signer_that_holds_a_line_is_none() {
    let mut bench = Bench::whole();
    bench.predicate["build"]["id"] = json!("b1\nSHA256:x");
    bench.is(Standing::SelfAsserted, "names no build");
    let mut bench = Bench::new();
    bench.embed("build", &["none"]);
    bench.is(Standing::SelfAsserted, "no fingerprints");
}

#[test]
fn evidence_without_tokens_says_why() {
    let mut bench = Bench::new();
    bench.is(Standing::Unavailable, "no token");
    bench.predicate["identity"] =
        json!({ "status": "unavailable", "basis": "token claim", "reason": "no permission" });
    bench.is(Standing::Unavailable, "no permission");
    bench.predicate["identity"] = json!([1]);
    bench.is(Standing::Unavailable, "can't be read");
    bench.predicate.as_object_mut().unwrap().remove("identity");
    bench.is(Standing::Unavailable, "no token");
    assert!(bench.parts().iter().all(|part| part.part != "identity"));
}

#[test]
fn more_tokens_than_a_build_has_are_not_looked_at() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.embed("build", &[SIGNER]);
    }
    bench.is(Standing::SelfAsserted, "more tokens");
}
