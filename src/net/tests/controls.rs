//! Who may touch the build: GitHub's replies, and what is none.

use std::collections::BTreeMap;

use super::client;
use super::server::{Answer as Sent, Server, ok, redirect, status, with};
use crate::base::digest::Sha256;
use crate::net::answer::Answer;
use crate::net::github::controls::{Environment, Job, Repository, Review, Rule};
use crate::net::{Lost, Scheme, Token};

pub(super) fn repository(server: &Server) -> Repository {
    let api = server.url("/api/v3");
    Repository {
        name: "octo/app".into(),
        token: Some(Token::new("t0ken", Scheme::Bearer, &api).unwrap()),
        api,
    }
}

/// Whatever is asked is answered like this.
fn always(answer: Sent) -> Server {
    Server::start(move |_| answer.clone())
}

/// What became of each question, told alike.
fn all(server: &Server) -> Vec<Answer<()>> {
    let (repository, client) = (repository(server), client());
    vec![
        repository.branch_rules(&client, "main").then(|all| all.map(|_| ())),
        repository.environment(&client, "release").then(|all| all.map(|_| ())),
        repository.approvals(&client, "7").then(|all| all.map(|_| ())),
        repository.jobs(&client, "7", "1").then(|all| all.map(|_| ())),
        repository.attestations(&client, Sha256::of(b"app")).then(|all| all.map(|_| ())),
    ]
}

#[test]
fn the_rules_of_a_branch_are_told_with_their_plain_parameters() {
    let body = r#"[
        {"type":"required_status_checks","ruleset_id":2,"new":{},
         "parameters":{"strict":true,"required_status_checks":[{"context":"x"}],"note":"x","none":null}},
        {"type":"pull_request","ruleset_source_type":"Organization","ruleset_source":"octo","ruleset_id":42,
         "parameters":{"required_approving_review_count":2,"dismiss_stale_reviews_on_push":false}},
        {"type":"deletion"}]"#;
    let server = always(ok(body));
    let answer = repository(&server).branch_rules(&client(), "main");
    let rule = |kind: &str, source: Option<&str>, ruleset, parameters: &[(&str, &str)]| Rule {
        kind: kind.into(),
        source: source.map(str::to_owned),
        ruleset,
        parameters: parameters.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
    };
    assert_eq!(
        answer.result.unwrap(),
        [
            rule("deletion", None, None, &[]),
            rule(
                "pull_request",
                Some("Organization"),
                Some(42),
                &[
                    ("dismiss_stale_reviews_on_push", "false"),
                    ("required_approving_review_count", "2")
                ]
            ),
            rule("required_status_checks", None, Some(2), &[("strict", "true")]),
        ]
    );
    assert_eq!(answer.path, "/api/v3/repos/octo/app/rules/branches/main");
    assert_eq!((answer.status, answer.sha256), (Some(200), Some(Sha256::of(body.as_bytes()))));
    let seen = &server.seen()[0];
    assert_eq!(seen.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
}

#[test]
fn a_full_page_of_rules_may_not_be_all_of_them() {
    let rules = |number| ok(format!("[{}]", vec![r#"{"type":"deletion"}"#; number].join(",")));
    let found = |number| repository(&always(rules(number))).branch_rules(&client(), "b").result;
    assert_eq!(found(0).unwrap(), []);
    assert_eq!(found(99).unwrap().len(), 99);
    assert!(found(100).unwrap_err().reason.contains("more than are read"));
    assert!(found(1001).unwrap_err().reason.contains("can't be read"));
}

#[test]
fn an_environment_is_told_with_what_protects_it() {
    let found = |body: &str| {
        let body = body.to_owned();
        repository(&always(ok(body))).environment(&client(), "release").result
    };
    let body = r#"{"id":1,"name":"release","protection_rules":[
        {"id":1,"type":"wait_timer","wait_timer":30},
        {"id":2,"type":"required_reviewers","prevent_self_review":true,
         "reviewers":[{"type":"User","reviewer":{"login":"ann"}},{"type":"Team","reviewer":{}}]},
        {"id":3,"type":"branch_policy"}],
        "deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":false}}"#;
    let environment = Environment {
        rules: vec!["branch_policy".into(), "required_reviewers".into(), "wait_timer".into()],
        reviewers: 2,
        prevent_self_review: Some(true),
        wait_minutes: Some(30),
        branch_policy: Some("protected branches".into()),
    };
    assert_eq!(found(body).unwrap(), environment);
    let open = r#"{"protection_rules":[],"deployment_branch_policy":null}"#;
    assert_eq!(found(open).unwrap(), Environment::default());
    let custom = body
        .replace("true,\"custom", "false,\"custom")
        .replace("policies\":false", "policies\":true");
    assert_eq!(found(&custom).unwrap().branch_policy.as_deref(), Some("custom"));
}

/// A member that isn't there says nothing, and above all not that nothing protects it.
#[test]
fn an_environment_that_does_not_say_what_protects_it_is_no_unprotected_one() {
    for body in [
        "{}",
        r#"{"protection_rules":[]}"#,
        r#"{"deployment_branch_policy":null}"#,
        r#"{"protection_rules":null,"deployment_branch_policy":null}"#,
        r#"{"protection_rules":[],"deployment_branch_policy":{}}"#,
        r#"{"protection_rules":[],"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":false}}"#,
    ] {
        let answer = repository(&always(ok(body))).environment(&client(), "release");
        assert_eq!(
            answer.result.unwrap_err(),
            Lost::plain("the environment's rules: the reply can't be read"),
            "{body}"
        );
        assert_eq!(answer.sha256, Some(Sha256::of(body.as_bytes())));
    }
}

#[test]
fn names_are_one_segment_of_the_path_whatever_is_in_them() {
    let server = always(status(404));
    let (repository, client) = (repository(&server), client());
    let name = "feature/a b?c#d%2e\u{fc}\r\nX-Evil: 1/../x";
    let escaped = "feature%2Fa%20b%3Fc%23d%252e%C3%BC%0D%0AX-Evil:%201%2F..%2Fx";
    let rules = repository.branch_rules(&client, name);
    assert_eq!(rules.path, format!("/api/v3/repos/octo/app/rules/branches/{escaped}"));
    let environment = repository.environment(&client, name);
    assert_eq!(environment.path, format!("/api/v3/repos/octo/app/environments/{escaped}"));
    assert_eq!(server.paths(), [rules.path, environment.path]);
    assert!(server.seen().iter().all(|request| request.header("x-evil").is_none()));

    for climbing in ["..", ".", ""] {
        let answer = repository.environment(&client, climbing);
        assert_eq!((answer.path.as_str(), answer.status, answer.sha256), ("", None, None));
        assert!(answer.result.is_err());
    }
    for name in ["octo", "octo/..", "/app", ""] {
        let repository = Repository { name: name.into(), ..repository.clone() };
        assert!(repository.branch_rules(&client, "main").result.is_err(), "{name}");
    }
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn reviews_are_told_with_who_gave_them() {
    let body = r#"[{"state":"approved","comment":"x","environments":[{"id":1,"name":"release"},{"name":"b"}],
        "user":{"login":"ann","id":7}},{"state":"rejected","environments":[],"user":null}]"#;
    let server = always(ok(body));
    let answer = repository(&server).approvals(&client(), "7");
    assert_eq!(
        answer.result.unwrap(),
        [
            Review {
                state: "approved".into(),
                environments: vec!["release".into(), "b".into()],
                login: Some("ann".into()),
                user_id: Some(7),
            },
            Review { state: "rejected".into(), environments: vec![], login: None, user_id: None },
        ]
    );
    assert_eq!(answer.path, "/api/v3/repos/octo/app/actions/runs/7/approvals");
}

fn job(id: u64) -> String {
    format!(
        r#"{{"id":{id},"run_id":7,"name":"build","head_sha":"0a","started_at":"2026-01-31T12:00:00Z",
        "status":"in_progress","labels":["ubuntu-latest"],"runner_id":3,"runner_name":"GitHub Actions 3",
        "runner_group_id":0,"runner_group_name":"GitHub Actions","steps":[{{"name":"x"}}]}}"#
    )
}

fn page(total: u64, jobs: std::ops::Range<u64>) -> String {
    let jobs: Vec<_> = jobs.map(job).collect();
    format!(r#"{{"total_count":{total},"jobs":[{}]}}"#, jobs.join(","))
}

#[test]
fn a_second_page_of_jobs_is_asked_for_where_there_is_one() {
    let server = always(ok(page(100, 0..100)));
    let answer = repository(&server).jobs(&client(), "7", "2");
    let jobs = answer.result.unwrap();
    assert_eq!(jobs.len(), 100);
    let told = Job {
        id: 0,
        name: Some("build".into()),
        commit: Some("0a".into()),
        started: Some("2026-01-31T12:00:00Z".into()),
        status: Some("in_progress".into()),
        labels: vec!["ubuntu-latest".into()],
        runner_id: Some(3),
        runner_name: Some("GitHub Actions 3".into()),
        runner_group: Some("GitHub Actions".into()),
    };
    assert_eq!(jobs[0], told);
    assert_eq!(answer.path, "/api/v3/repos/octo/app/actions/runs/7/attempts/2/jobs");
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].target, format!("{}?per_page=100&page=1", answer.path));

    let (first, second) = (page(5000, 0..100), page(5000, 100..200));
    let sha256 = Sha256::of(format!("{first}{second}").as_bytes());
    let server = Server::start(move |request| match request.target.ends_with("page=1") {
        true => ok(&first),
        false => ok(&second),
    });
    let answer = repository(&server).jobs(&client(), "7", "2");
    assert_eq!(answer.result.unwrap().last().unwrap().id, 199);
    assert_eq!(answer.sha256, Some(sha256));
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn half_of_the_jobs_are_none() {
    for (second, code) in [(status(403), 403), (ok("{}"), 200)] {
        let server = Server::start(move |request| match request.target.ends_with("page=1") {
            true => ok(page(101, 0..100)),
            false => second.clone(),
        });
        let answer = repository(&server).jobs(&client(), "7", "1");
        assert!(answer.result.is_err());
        assert_eq!(answer.status, Some(code));
    }
    let crowded = always(ok(page(101, 0..101)));
    assert!(repository(&crowded).jobs(&client(), "7", "1").result.is_err());
    assert_eq!(crowded.seen().len(), 1);
}

#[test]
fn a_refusal_is_no_answer_and_names_the_permission() {
    let permissions =
        ["GITHUB_TOKEN", "actions: read", "actions: read", "actions: read", "attestations: read"];
    for (answer, code, said) in [
        (status(401), 401, "refused (401)"),
        (status(403), 403, "may not read them (403)"),
        (status(404), 404, "may not see them (404)"),
        (status(429), 429, "too many requests"),
        (with(403, "Retry-After: 60\r\n", ""), 403, "too many requests"),
        (with(403, "X-RateLimit-Remaining: 0\r\n", ""), 403, "too many requests"),
        (status(500), 500, "status 500"),
        (with(304, "", ""), 304, "status 304"),
    ] {
        let server = always(answer);
        for (answer, permission) in all(&server).iter().zip(permissions) {
            assert_eq!((answer.status, answer.sha256), (Some(code), None));
            if code == 404 && answer.path.contains("/attestations/") {
                // Nothing is kept for that digest.
                assert_eq!(answer.result, Ok(()));
                continue;
            }
            let lost = answer.result.as_ref().unwrap_err();
            assert!(lost.reason.contains(said), "{lost:?}");
            assert!(!format!("{lost:?}").contains("s3cret"));
            let cure = lost.cure.clone().unwrap_or_default();
            match said {
                "refused (401)" => assert!(cure.contains("GITHUB_TOKEN"), "{lost:?}"),
                "too many requests" => assert!(cure.contains("later"), "{lost:?}"),
                said if said.starts_with("may not") => {
                    assert!(cure.contains(permission), "{lost:?}")
                }
                _ => assert_eq!(cure, ""),
            }
            assert!(!cure.contains("--baseline"), "{lost:?}");
        }
    }
}

#[test]
fn what_is_no_reply_is_malformed_and_its_digest_is_kept() {
    let text = "x".repeat(1025);
    let number = "9".repeat(33);
    let parameters: BTreeMap<_, _> = (0..65).map(|n| (format!("p{n}"), true)).collect();
    let parameters = serde_json::to_string(&parameters).unwrap();
    let labels = format!("[{}]", vec!["\"x\""; 65].join(","));
    let many = |item: &str| format!("[{}]", vec![item; 101].join(","));
    let deep = "[".repeat(100_000);
    let policy = r#""deployment_branch_policy":null"#;
    for body in [
        String::new(),
        "null".into(),
        "1".into(),
        "{}".into(),
        "<html>".into(),
        "[1]".into(),
        "[{}]".into(),
        "\u{feff}[]".into(),
        deep,
        format!(r#"[{{"type":"{text}"}}]"#),
        r#"[{"type":1}]"#.into(),
        r#"[{"type":"x","type":"y"}]"#.into(),
        r#"[{"type":"x","ruleset_id":"1"}]"#.into(),
        r#"[{"type":"x","ruleset_id":-1}]"#.into(),
        r#"[{"type":"x","parameters":[]}]"#.into(),
        format!(r#"[{{"type":"x","parameters":{{"n":{number}}}}}]"#),
        format!(r#"[{{"type":"x","parameters":{parameters}}}]"#),
        format!(r#"{{"protection_rules":{},{policy}}}"#, many(r#"{"type":"x"}"#)),
        format!(r#"{{"protection_rules":[{{"type":"x","reviewers":{}}}],{policy}}}"#, many("1")),
        format!(r#"{{"protection_rules":[{{"type":"x","wait_timer":"1"}}],{policy}}}"#),
        many(r#"{"state":"x","environments":[]}"#),
        format!(r#"[{{"state":"x","environments":{}}}]"#, many(r#"{"name":"x"}"#)),
        r#"[{"state":"x","environments":[],"user":"ann"}]"#.into(),
        format!(r#"[{{"state":"x","environments":[{{"name":"{text}"}}]}}]"#),
        "[[],null]".into(),
        "[0,[]]".into(),
        r#"{"jobs":[]}"#.into(),
        r#"{"total_count":-1,"jobs":[]}"#.into(),
        format!(r#"{{"total_count":1,"jobs":[{{"id":1,"labels":{labels}}}]}}"#),
        r#"{"total_count":1,"jobs":[{"id":"1","labels":[]}]}"#.into(),
        r#"{"total_count":1,"jobs":[{"id":1}]}"#.into(),
        format!(r#"{{"attestations":{}}}"#, many(r#"{"bundle":{}}"#)),
        r#"{"attestations":[{}]}"#.into(),
        r#"{"attestations":[{"bundle":null,"bundle_url":1}]}"#.into(),
    ] {
        let (sha256, server) = (Sha256::of(body.as_bytes()), always(ok(&body)));
        for answer in all(&server) {
            let shown: String = body.chars().take(100).collect();
            let lost = answer.result.expect_err(&shown);
            assert!(lost.reason.ends_with(": the reply can't be read"), "{shown}: {lost:?}");
            assert_eq!((answer.status, answer.sha256), (Some(200), Some(sha256)));
        }
    }
}

#[test]
fn what_somebody_else_says_after_a_redirect_is_no_answer() {
    let other = Server::start(|_| with(200, "", "[]"));
    let away = other.url("/x").uri().to_string();
    let server = always(redirect(&away));
    let answers = all(&server);
    assert_eq!(answers.len(), server.seen().len());
    assert!(answers.iter().all(|answer| answer.status.is_none() && answer.result.is_err()));
    assert!(server.seen().iter().all(|r| r.header("authorization") == Some("Bearer t0ken")));
    assert!(other.seen().is_empty(), "it isn't even asked");
}
