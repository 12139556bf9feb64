//! Platforms that don't answer, answer slowly, or send whoever asks to somebody else.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{Pace, Platform, Question, Reply, Scene, Server};

/// A sanity limit: the machine may be busy.
const LONG: Duration = Duration::from_secs(20);
/// Questions with a token of the job's in the header.
const API: [Question; 4] =
    [Question::BranchRules, Question::Environment, Question::Approvals, Question::Jobs];

/// The part of the controls that a question is for.
fn part(question: Question) -> &'static str {
    match question {
        Question::BranchRules => "branch_rules",
        Question::Environment => "environment",
        Question::Approvals => "approvals",
        Question::Jobs | Question::GitLabJob => "job",
        _ => "provenance",
    }
}

fn control(scene: &Scene, question: Question) -> Value {
    scene.place.evidence()["controls"]["value"][part(question)].take()
}

/// As much as a capture can ask for: 5 artefacts, and the token embedded.
fn everything(scene: &Scene) {
    let names = ["dist/b", "dist/c", "dist/d", "dist/e"];
    for name in names {
        scene.place.write(name, name);
    }
    scene.attest(&[&["--embed-token"], &names[..]].concat());
}

#[test]
fn a_platform_that_never_answers_holds_no_build_up() {
    for reply in
        [Reply::hang(), Reply::status(200).at(Pace::Drip), Reply::large(1 << 20).at(Pace::DripBody)]
    {
        let scene = Scene::github();
        scene.platform.answer_all(&reply);
        let begun = Instant::now();
        everything(&scene);
        assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
        scene.no_identity();
        let gaps = scene.place.evidence()["gaps"].to_string();
        assert!(gaps.contains("controls"), "{gaps}");
        scene.verify(&[]).exits(0);
    }
}

#[test]
fn keys_that_never_come_are_waited_for_no_longer() {
    for question in [Question::Discovery, Question::Keys] {
        let scene = Scene::github();
        scene.platform.answer(question, Reply::hang());
        let begun = Instant::now();
        scene.attest(&[]);
        assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
        scene.no_identity();
        let rules = control(&scene, Question::BranchRules);
        assert_eq!(rules["status"], "observed", "the API answered: {rules:#}");
    }
}

#[test]
fn an_api_that_never_answers_takes_nothing_from_the_token() {
    let scene = Scene::github();
    for question in API {
        scene.platform.answer(question, Reply::hang());
    }
    scene.platform.answer(Question::Attestations, Reply::hang());
    let begun = Instant::now();
    scene.attest(&[]);
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    scene.token();
    for question in API {
        assert_eq!(control(&scene, question)["status"], "unavailable", "{question:?}");
    }
    let scene = Scene::gitlab();
    scene.platform.answer(Question::GitLabJob, Reply::hang());
    scene.attest(&[]);
    scene.token();
    assert_eq!(control(&scene, Question::GitLabJob)["status"], "unavailable");
}

#[test]
fn no_redirect_takes_a_token_elsewhere() {
    let questions = Question::ALL.into_iter().filter(|question| *question != Question::Bundle);
    for question in questions {
        let evil =
            Server::start(|_| Reply::new(200, "{\"value\":\"a.b.c\",\"jobs\":[],\"keys\":[]}"));
        let is_gitlab = question == Question::GitLabJob;
        let scene = if is_gitlab { Scene::gitlab() } else { Scene::github() };
        scene.platform.answer(question, Reply::redirect(&format!("{}/x", evil.url())));
        scene.attest(&[]);
        assert!(!scene.platform.asked(question).is_empty(), "{question:?} is asked");
        for request in evil.seen() {
            let text = request.text();
            for secret in scene.platform.secrets() {
                assert!(!text.contains(&secret), "{question:?}: {text}");
            }
            assert_eq!(request.header("authorization"), None, "{question:?}");
            assert_eq!(request.header("job-token"), None, "{question:?}");
        }
        if matches!(question, Question::Token | Question::Discovery | Question::Keys) {
            assert_eq!(evil.count(), 0, "{question:?}");
            scene.no_identity();
        }
        scene.nothing_shows();
    }
}

/// A redirect from the API's own origin to its own origin may be followed; the reply is still its own.
#[test]
fn secrets_go_to_the_origin_that_they_are_for() {
    let scene = Scene::github();
    let api = Platform::github(&scene.platform.job.commit);
    let url = scene.platform.url();
    let call = scene.attesting(&["--issuer", &url]).var("GITHUB_API_URL", api.url());
    call.exits(0);
    scene.token();
    let bearer = super::support::BEARER;
    for request in api.server.seen() {
        assert!(!request.text().contains(bearer), "{}", request.text());
    }
    let token = super::support::GITHUB_TOKEN;
    for request in scene.platform.server.seen() {
        assert!(!request.text().contains(token), "{}", request.text());
        let is_request = Question::of(&request.path) == Question::Token;
        assert_eq!(request.header("authorization").is_some(), is_request);
    }
    assert!(!api.asked(Question::BranchRules).is_empty());
}

#[test]
fn a_token_request_at_an_address_that_is_not_encrypted_is_not_made() {
    for url in ["http://example.com/token?x=1", "http://localhost:9/token?x=1", "ftp://x/", "x", ""]
    {
        let scene = Scene::github();
        let issuer = scene.platform.url();
        let call = scene.attesting(&["--issuer", &issuer]).var("ACTIONS_ID_TOKEN_REQUEST_URL", url);
        call.exits(0);
        scene.no_identity();
    }
}

#[test]
fn what_the_api_refuses_to_say_is_a_gap_and_never_no_rules() {
    for status in [401, 403, 404, 422, 429, 500, 503] {
        let scene = Scene::github();
        for question in API {
            scene.platform.answer(question, Reply::status(status));
        }
        scene.attest(&[]);
        for question in API {
            let found = control(&scene, question);
            assert_eq!(found["status"], "unavailable", "{status}, {question:?}: {found:#}");
            // Second tries are made after a 503, until there are no more to be made.
            let reason = found["reason"].as_str().unwrap();
            assert!(status == 503 || reason.contains(&status.to_string()), "{found:#}");
        }
        let evidence = scene.place.evidence();
        assert!(evidence["gaps"].to_string().contains("controls"), "{status}");
        assert!(!evidence.to_string().contains("words of the server"), "{status}");
        let replies = evidence["controls"]["value"]["replies"].as_array().unwrap();
        let rules = replies.iter().find(|reply| reply["question"] == "branch rules").unwrap();
        assert_eq!(rules["status"], status);
    }
    let scene = Scene::gitlab();
    scene.platform.answer(Question::GitLabJob, Reply::status(404));
    scene.attest(&[]);
    assert_eq!(control(&scene, Question::GitLabJob)["status"], "unavailable");
}

/// GitHub's own answer for a repository without rules, and for a digest without attestations.
#[test]
fn an_empty_list_is_an_answer() {
    let scene = Scene::github();
    scene.platform.answer(Question::BranchRules, Reply::new(200, "[]"));
    scene.attest(&[]);
    let rules = control(&scene, Question::BranchRules);
    assert_eq!(rules["status"], "observed", "{rules:#}");
    assert_eq!(rules["value"]["rules"], serde_json::json!([]));
    let provenance = control(&scene, Question::Attestations);
    assert_ne!(provenance["status"], "unavailable", "404: none is kept: {provenance:#}");
}

#[test]
fn an_answer_that_is_none_is_a_gap() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in ["", "<html>", "null", "7", "{\"total_count\":", deep.as_str()] {
        let scene = Scene::github();
        for question in API {
            scene.platform.answer(question, Reply::new(200, body));
        }
        scene.attest(&[]);
        for question in API {
            let found = control(&scene, question);
            assert_eq!(found["status"], "unavailable", "{question:?}: {found:#}");
        }
    }
}

#[test]
fn an_answer_without_end_is_given_up() {
    let scene = Scene::github();
    scene.platform.answer_all(&Reply::large(50_000_000));
    let begun = Instant::now();
    everything(&scene);
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    scene.no_identity();
    for question in API {
        assert_eq!(control(&scene, question)["status"], "unavailable", "{question:?}");
    }
}

#[test]
fn at_most_15_requests_are_made_whatever_the_answers() {
    for status in [200, 404, 429, 500, 502, 503, 504] {
        let scene = Scene::github();
        if status != 200 {
            scene.platform.answer_all(&Reply::status(status));
        }
        everything(&scene);
        let paths = scene.platform.server.paths();
        assert!(!paths.is_empty() && paths.len() <= 15, "{status}: {paths:#?}");
    }
    let scene = Scene::github();
    let url = scene.platform.url();
    for question in Question::ALL {
        // To itself, for ever.
        let path = match question {
            Question::Token => "/token",
            Question::Discovery => "/.well-known/openid-configuration",
            Question::Keys => "/.well-known/jwks",
            Question::BranchRules => "/repos/octo/app/rules/branches/main",
            Question::Environment => "/repos/octo/app/environments/production",
            Question::Approvals => "/x/approvals",
            Question::Jobs => "/x/jobs",
            Question::Attestations => "/x/attestations/x",
            Question::Bundle | Question::GitLabJob | Question::Other => "/bundle",
        };
        scene.platform.answer(question, Reply::redirect(&format!("{url}{path}")));
    }
    everything(&scene);
    let paths = scene.platform.server.paths();
    assert!(!paths.is_empty() && paths.len() <= 15, "{paths:#?}");

    let other = Server::start(|_| Reply::status(503));
    let scene = Scene::github();
    scene.platform.answer_all(&Reply::redirect(&other.url()));
    everything(&scene);
    assert!(scene.platform.server.count() + other.count() <= 15);
}

/// 3 artefacts at most are looked for, and of each one bundle.
#[test]
fn many_attestations_are_many_requests_for_nobody() {
    let scene = Scene::github();
    let url = scene.platform.url();
    let kept = serde_json::json!({"bundle": null, "bundle_url": format!("{url}/bundle?sig=x")});
    let many = serde_json::json!({"attestations": vec![kept; 100]});
    scene.platform.answer(Question::Attestations, Reply::json(&many));
    everything(&scene);
    assert!(scene.platform.asked(Question::Attestations).len() <= 3);
    assert!(scene.platform.asked(Question::Bundle).len() <= 3);
    assert!(scene.platform.server.count() <= 15, "{:#?}", scene.platform.server.paths());
    for request in scene.platform.asked(Question::Bundle) {
        assert_eq!(
            request.header("authorization"),
            None,
            "a bundle's address is the server's word"
        );
    }
    assert_eq!(scene.token()["key"]["id"], "one", "what matters most comes first");
}

#[test]
fn a_branch_s_name_stays_in_its_place_in_the_address() {
    let scene = Scene::github();
    let url = scene.platform.url();
    let branch = "refs/heads/../../../evil?x=1&y#z%2e";
    let call = scene.attesting(&["--issuer", &url]).var("GITHUB_REF", branch);
    call.exits(0);
    for request in scene.platform.asked(Question::BranchRules) {
        assert_eq!(request.path.matches('/').count(), 6, "{}", request.path);
        assert!(request.query.is_empty() || !request.query.contains("x=1"), "{}", request.query);
    }
    for repository in
        ["octo/app/../../evil/app", "octo", "../x", "octo/app?x", "", "/", "octo//app"]
    {
        let call = scene.attesting(&["--issuer", &url]).var("GITHUB_REPOSITORY", repository);
        call.exits(0);
        for path in scene.platform.server.paths() {
            assert!(!path.split('/').any(|part| matches!(part, ".." | "evil")), "{path}");
        }
    }
}
