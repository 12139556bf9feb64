//! GitLab's job.

use super::client;
use super::server::{Answer as Sent, Server, ok, redirect, status, with};
use crate::base::digest::Sha256;
use crate::net::answer::Answer;
use crate::net::gitlab_job::{Job, JobApi};
use crate::net::{Scheme, Token};

const JOB: &str = r#"{"id":8,"name":"build","ref":"main","tag":false,"started_at":"2026-01-31T12:00:00.000Z",
    "commit":{"id":"0a","author_email":"ann@example.org"},"pipeline":{"id":4,"project_id":42},
    "tag_list":["linux","docker"],"user":{"id":1,"username":"ann"},
    "runner":{"id":12,"description":"green-1","runner_type":"instance_type","active":true}}"#;

fn ask(server: &Server) -> Answer<Job> {
    let api = server.url("/api/v4");
    let token = Some(Token::new("t0ken", Scheme::JobToken, &api).unwrap());
    JobApi { api, token }.job(&client())
}

fn told(body: &str) -> Answer<Job> {
    let body = body.to_owned();
    ask(&Server::start(move |_| ok(&body)))
}

#[test]
fn the_job_is_told_with_its_runner() {
    let server = Server::start(|_| ok(JOB));
    let answer = ask(&server);
    let job = Job {
        id: 8,
        name: Some("build".into()),
        ref_name: Some("main".into()),
        commit: Some("0a".into()),
        started: Some("2026-01-31T12:00:00.000Z".into()),
        pipeline_id: Some(4),
        tags: vec!["linux".into(), "docker".into()],
        runner_id: Some(12),
        runner_type: Some("instance_type".into()),
        runner_description: Some("green-1".into()),
        user: Some("ann".into()),
    };
    assert_eq!(answer.result.unwrap(), job);
    assert_eq!((answer.path.as_str(), answer.status), ("/api/v4/job", Some(200)));
    assert_eq!(answer.sha256, Some(Sha256::of(JOB.as_bytes())));
    assert_eq!(server.seen()[0].header("job-token"), Some("t0ken"));

    let bare = told(r#"{"id":8,"tag_list":[],"runner":null,"user":null}"#).result.unwrap();
    assert_eq!(bare, Job { id: 8, ..Job::default() });
}

#[test]
fn what_is_no_job_is_malformed() {
    let text = "x".repeat(1025);
    let tags = format!("[{}]", vec!["\"x\""; 65].join(","));
    for body in [
        "".to_owned(),
        "[]".into(),
        "{}".into(),
        r#"{"id":"8","tag_list":[]}"#.into(),
        r#"{"id":8}"#.into(),
        r#"{"id":8,"tag_list":null}"#.into(),
        r#"{"id":8,"tag_list":[1]}"#.into(),
        format!(r#"{{"id":8,"tag_list":{tags}}}"#),
        format!(r#"{{"id":8,"tag_list":[],"name":"{text}"}}"#),
        r#"{"id":8,"tag_list":[],"runner":{"id":"12"}}"#.into(),
        r#"{"id":8,"tag_list":[],"pipeline":4}"#.into(),
    ] {
        let answer = told(&body);
        assert_eq!(
            answer.result.unwrap_err().reason,
            "the job's facts: the reply can't be read",
            "{body}"
        );
        assert_eq!(answer.status, Some(200));
    }
}

#[test]
fn each_loss_is_named_with_its_cure_and_no_token_leaves() {
    for (answer, code, said) in [
        (status(401), 401, "refused (401)"),
        (status(403), 403, "(403)"),
        (status(404), 404, "(404)"),
        (status(429), 429, "too many requests"),
    ] {
        let answer = ask(&Server::start(move |_| answer.clone()));
        assert_eq!((answer.status, answer.sha256), (Some(code), None));
        let lost = answer.result.unwrap_err();
        assert!(lost.reason.contains(said) && lost.cure.is_some(), "{lost:?}");
        assert!(!format!("{lost:?}").contains("t0ken"));
    }
    let other = Server::start(|_| with(200, "", JOB));
    let away: Sent = redirect(&other.url("/").uri().to_string());
    let lost = ask(&Server::start(move |_| away.clone())).result.unwrap_err();
    assert!(lost.reason.contains("leads to somebody else"), "{lost:?}");
    assert!(other.seen().is_empty());
}
