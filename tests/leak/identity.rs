//! The secrets of a job that asks its platform: they go where they are for, and nowhere else.

use serde_json::json;

use super::harness::{EVIDENCE, Said, UNSIGNED, lines, payload};
use super::net::Net;
use super::planted::Homely;
use super::support::{BEARER, GITHUB_TOKEN, JOB_TOKEN, Question, Reply, Scene};

/// Of a token the signature, which nothing else has in it: its other parts say what the evidence says.
fn net(tokens: &[String]) -> Net {
    let fixed = [("bearer", BEARER), ("GITHUB_TOKEN", GITHUB_TOKEN), ("CI_JOB_TOKEN", JOB_TOKEN)];
    let signatures = tokens.iter().filter_map(|token| Some(("token", token.rsplit('.').next()?)));
    Net::new(fixed.into_iter().chain(signatures.filter(|(_, text)| text.len() > 40)))
}

/// Everything that proofmark said and wrote, but for the command that hides the token.
#[track_caller]
fn nothing_shows(scene: &Scene, said: &Said) {
    let tokens = scene.platform.tokens();
    let net = net(&tokens);
    let hidden = |line: &&str| tokens.iter().any(|token| *line == format!("::add-mask::{token}"));
    let err: String = said.err.lines().filter(|line| !hidden(line)).collect();
    let mut all = vec![("stdout".to_owned(), said.out.clone()), ("stderr".to_owned(), err.into())];
    for folder in ["tree", "home", "tmp"] {
        below(&scene.place.outside(folder), &mut all);
    }
    if scene.place.has(EVIDENCE) {
        let payloads = lines(&scene.place.at(EVIDENCE)).iter().map(payload).collect::<Vec<_>>();
        all.push(("payloads".to_owned(), payloads.concat()));
    }
    for (name, bytes) in all {
        let caught = net.caught(&bytes);
        assert!(caught.is_empty(), "in {name}: {:?}", &caught[..caught.len().min(8)]);
    }
}

fn below(folder: &std::path::Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            below(&path, into);
        } else {
            into.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
        }
    }
}

#[test]
fn a_job_s_secrets_are_in_nothing_that_is_written_or_said() {
    for scene in [Scene::github(), Scene::gitlab()] {
        let url = scene.platform.url();
        let said = scene.build(&["--issuer", &url]).at_home(&scene.place).exits(0);
        scene.token();
        nothing_shows(&scene, &said);
        let masks = said.err.lines().filter(|line| line.starts_with("::")).count();
        assert_eq!(masks, usize::from(scene.platform.job.is_github), "{}", said.err);
        assert!(said.out.is_empty(), "stdout is the command's");
        for arguments in [&["inspect", EVIDENCE][..], &["inspect", "--format", "json", EVIDENCE]] {
            let said = scene.place.call(arguments).exits(0);
            nothing_shows(&scene, &said);
        }
    }
}

#[test]
fn the_secrets_of_a_job_that_signs_show_nowhere_either() {
    let scene = Scene::github();
    let said = scene.capture_unsigned(&[]);
    nothing_shows(&scene, &said);
    assert!(scene.place.has(UNSIGNED));
    let said = scene.sign(&[]).exits(0);
    nothing_shows(&scene, &said);
}

#[test]
fn a_token_that_fails_its_check_is_no_less_secret() {
    for scene in [Scene::github(), Scene::gitlab()] {
        scene.platform.claim("iss", json!("https://evil.example"));
        let url = scene.platform.url();
        let said = scene.build(&["--issuer", &url]).at_home(&scene.place).exits(0);
        scene.no_identity();
        nothing_shows(&scene, &said);
    }
}

/// A platform, or who stands in its place, may say anything back.
#[test]
fn secrets_that_the_answers_repeat_are_withheld() {
    let scene = Scene::github();
    let claims = scene.platform.claims();
    let (bearer, token) = (BEARER, GITHUB_TOKEN);
    scene.platform.claim("workflow", json!(format!("of {token} and {bearer}")));
    scene.platform.claim("environment", json!(token));
    let jobs = json!({"total_count": 1, "jobs": [{
        "id": 4711, "run_id": 678, "run_attempt": 2, "head_sha": claims["sha"], "name": bearer,
        "status": "in_progress", "labels": [token, format!("x-{bearer}")], "runner_id": 7,
        "runner_name": token, "runner_group_name": bearer, "started_at": token,
    }]});
    let rules = json!([{"type": token, "ruleset_source_type": bearer, "ruleset_id": 1,
        "parameters": {token: 1, bearer: true}}]);
    let environment = json!({"name": token, "protection_rules": [{"type": bearer}],
        "deployment_branch_policy": {"protected_branches": token}});
    let approvals = json!([{"state": "approved", "environments": [{"name": bearer}],
        "user": {"login": token, "id": 8}}]);
    for (question, value) in [
        (Question::Jobs, jobs),
        (Question::BranchRules, rules),
        (Question::Environment, environment),
        (Question::Approvals, approvals),
    ] {
        scene.platform.answer(question, Reply::json(&value));
    }
    let url = scene.platform.url();
    let said = scene.build(&["--issuer", &url]).at_home(&scene.place).exits(0);
    nothing_shows(&scene, &said);
    assert!(scene.place.evidence()["redactions"].to_string().contains("identity"));
}

#[test]
fn an_error_of_the_token_request_repeats_nothing() {
    for reply in [
        Reply::new(200, format!("{{\"value\":\"{GITHUB_TOKEN}\"}}")),
        Reply::new(200, format!("{{\"message\":\"{BEARER}\"}}")),
        Reply::new(200, BEARER),
        Reply::new(403, BEARER),
        Reply::new(302, "").with("Location", &format!("http://{BEARER}@127.0.0.1/{BEARER}")),
        Reply::new(302, "").with("Location", &format!("ftp://{BEARER}")),
    ] {
        let scene = Scene::github();
        scene.platform.answer(Question::Token, reply);
        let said = scene.capture(&[]);
        scene.no_identity();
        let err: String =
            said.err.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
        let said = Said { err, ..said };
        nothing_shows(&scene, &said);
    }
}

/// What a token says of its issuer and its audience stands in messages; its other parts don't.
#[test]
fn a_token_in_the_place_of_its_own_claims_shows_nowhere() {
    for claim in ["iss", "aud", "jti", "repository_id", "environment", "actor"] {
        let scene = Scene::github();
        let claims = scene.platform.claims();
        let inner = super::support::one().token(&claims);
        let known = inner.clone();
        scene.platform.mints(move |audience| {
            let mut claims = claims.clone();
            claims["aud"] = json!(audience);
            claims[claim] = json!(inner);
            super::support::one().token(&claims)
        });
        let said = scene.capture(&[]);
        let signature = known.rsplit('.').next().unwrap();
        assert!(!said.err.contains(signature), "{claim}: {}", said.err);
        let text: String = scene.place.statements().iter().map(ToString::to_string).collect();
        assert!(!text.contains(signature), "{claim}");
    }
}
