//! What is made of answers, whatever they are.

use std::collections::BTreeMap;

use super::github::{Answers, approvals, artefacts, matching};
use super::*;
use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::capture::environment::Variables;
use crate::format::fact::Status;
use crate::format::statement::Subject;
use crate::net::github::controls::{Attestation, Environment, Job, Review, Rule};
use crate::net::gitlab_job;

const GITHUB: &[(&str, &str)] = &[
    ("GITHUB_API_URL", "https://api.github.com/x?y"),
    ("GITHUB_REF", "refs/heads/a/b"),
    ("GITHUB_REPOSITORY", "octo/app"),
    ("GITHUB_RUN_ATTEMPT", "1"),
    ("GITHUB_RUN_ID", "3"),
    ("GITHUB_TOKEN", "t0ken-t0ken"),
];

fn github(more: &[(&str, &str)], subjects: &[Subject]) -> GitHub {
    let variables = Variables::new([GITHUB, more].concat());
    GitHub::of(&variables, subjects).unwrap()
}

fn answer<T>(result: Result<T, Lost>) -> Answer<T> {
    let status = result.is_ok().then_some(200);
    Answer { path: "/p".to_owned(), status, at: Time::now(), sha256: None, result }
}

fn subject(name: &str, kind: Option<&str>) -> Subject {
    let mut annotations = serde_json::Map::new();
    annotations.extend(kind.map(|kind| ("kind".to_owned(), kind.into())));
    let digest = Sha256::of(name.as_bytes()).to_string();
    Subject {
        name: Some(name.to_owned()),
        digest: BTreeMap::from([("sha256".to_owned(), digest)]),
        annotations,
    }
}

fn claims(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn job(id: u64, status: &str, runner: &str) -> Job {
    Job {
        id,
        status: Some(status.to_owned()),
        runner_name: Some(runner.to_owned()),
        ..Job::default()
    }
}

fn review(state: &str, login: Option<&str>, user_id: Option<u64>) -> Review {
    Review {
        state: state.to_owned(),
        environments: vec!["production".to_owned()],
        login: login.map(str::to_owned),
        user_id,
    }
}

#[test]
fn every_variable_that_is_missing_is_named_with_a_cure() {
    for (name, _) in GITHUB.iter().filter(|pair| pair.0 != "GITHUB_REF") {
        let rest = GITHUB.iter().copied().filter(|pair| pair.0 != *name);
        let lost = GitHub::of(&Variables::new(rest), &[]).err().unwrap();
        assert!(lost.reason.contains(name) && lost.cure.is_some(), "{lost:?}");
    }
}

/// A hostile step could name another job's runner, to be taken for a hosted one.
#[test]
fn the_token_says_which_job_this_is_and_a_runner_s_name_only_where_one_alone_has_it() {
    let jobs = [job(1, "in_progress", "r"), job(2, "in_progress", "s"), job(3, "completed", "s")];
    let id = |claims: Option<&BTreeMap<String, String>>, runner| {
        matching(&jobs, claims, runner).map(|(job, by)| (job.id, by))
    };
    let named = claims(&[("check_run_id", "1")]);
    assert_eq!(id(Some(&named), Some("s")), Some((1, "check_run_id")));
    let gone = claims(&[("check_run_id", "9")]);
    assert_eq!(id(Some(&gone), Some("s")), None, "no other is taken for it");
    let odd = claims(&[("check_run_id", "1x")]);
    assert_eq!(id(Some(&odd), Some("s")), None);
    assert_eq!(id(None, Some("s")), Some((2, "runner name")));
    assert_eq!(id(Some(&claims(&[])), Some("r")), Some((1, "runner name")));
    assert_eq!(id(None, Some("t")), None);
    assert_eq!(id(None, None), None);
    let twins = [job(1, "in_progress", "r"), job(2, "in_progress", "r")];
    assert!(matching(&twins, None, Some("r")).is_none());
}

#[test]
fn whether_somebody_approved_their_own_run_is_said_only_where_it_is_known() {
    let redactor = Redactor::default();
    let by = |reviews: &[Review], started_by| {
        let mut notes = Notes::new(&redactor);
        let found = approvals(&mut notes, reviews, started_by);
        (found.people, found.by_who_started_it)
    };
    let own = review("approved", Some("me"), Some(7));
    let other = review("approved", Some("you"), Some(8));
    let nameless = review("approved", None, None);
    let refused = review("rejected", Some("me"), Some(7));
    assert_eq!(by(&[own.clone(), own.clone(), other.clone()], Some(7)), (2, Some(true)));
    assert_eq!(by(&[other.clone(), refused], Some(7)), (1, Some(false)));
    assert_eq!(by(&[other.clone(), nameless.clone()], Some(7)), (2, None));
    assert_eq!(by(&[own, nameless], Some(7)), (2, Some(true)));
    assert_eq!(by(&[other], None), (1, None));
    assert_eq!(by(&[], Some(7)), (0, None), "nobody approved, so nobody's is it");
}

#[test]
fn attestations_are_looked_for_of_files_and_images_in_the_order_of_their_names() {
    let subjects = [
        subject("b", None),
        subject("a", Some("tree")),
        subject("inputs", Some("inputs")),
        subject("c", Some("image")),
        subject("a", None),
        subject("b", None),
    ];
    let found = artefacts(&subjects);
    assert_eq!(found, ["a", "b", "c"].map(|name| Sha256::of(name.as_bytes())));
}

#[test]
fn a_pull_request_is_held_to_the_rules_of_the_branch_that_it_is_for() {
    let redactor = Redactor::default();
    let branch = |more: &[(&str, &str)]| {
        let answers = Answers { rules: Some(answer(Ok(Vec::new()))), ..Answers::default() };
        let asked = github(more, &[]).asked(answers, None, &[], &redactor);
        let rules = asked.controls.get().unwrap().branch_rules.clone();
        (rules.status, rules.value.map(|rules| rules.branch))
    };
    let observed = |name: &str| (Status::Observed, Some(name.to_owned()));
    assert_eq!(branch(&[]), observed("a/b"));
    let pull = [("GITHUB_REF", "refs/pull/1/merge"), ("GITHUB_BASE_REF", "main")];
    assert_eq!(branch(&pull), observed("main"));
    assert_eq!(branch(&[("GITHUB_REF", "refs/tags/v1")]), (Status::NotApplicable, None));
}

#[test]
fn each_answer_that_is_missing_is_a_gap_with_its_cure_and_the_others_stay() {
    let lost = || Lost::new("refused (403)", "give it");
    let answers = Answers {
        rules: Some(answer(Err(lost()))),
        environment: Some(("production".to_owned(), answer(Err(lost())))),
        approvals: Some(answer(Err(lost()))),
        jobs: Some(answer(Ok(vec![job(1, "in_progress", "r")]))),
        attestations: vec![answer(Err(lost()))],
    };
    let claims = claims(&[("environment", "production"), ("check_run_id", "1")]);
    let github = github(&[], &[subject("a", None)]);
    let asked = github.asked(answers, Some(&claims), &[], &Redactor::default());
    let parts: Vec<_> = asked.gaps.iter().map(|gap| (&*gap.part, gap.cure.as_deref())).collect();
    let gap = |part| (part, Some("give it"));
    let expected = ["branch_rules", "environment", "approvals", "provenance"]
        .map(|part| format!("controls.{part}"));
    assert_eq!(parts, expected.iter().map(|part| gap(part.as_str())).collect::<Vec<_>>());
    let controls = asked.controls.get().unwrap();
    assert_eq!(controls.branch_rules.status, Status::Unavailable);
    assert_eq!(controls.provenance.status, Status::Unavailable);
    assert_eq!(controls.job.get().unwrap().id.as_deref(), Some("1"));
    let questions: Vec<_> = controls.replies.iter().map(|reply| &*reply.question).collect();
    assert_eq!(questions, ["branch rules", "environment", "approvals", "job", "attestations"]);
    assert_eq!((asked.asked, asked.answered), (5, 1));
}

#[test]
fn a_job_that_names_no_environment_has_none_to_be_asked_for() {
    let answers = || Answers { jobs: Some(answer(Ok(Vec::new()))), ..Answers::default() };
    let github = github(&[], &[]);
    let none = claims(&[("check_run_id", "1")]);
    let asked = github.asked(answers(), Some(&none), &[], &Redactor::default());
    let controls = asked.controls.get().unwrap();
    assert_eq!(controls.environment.status, Status::NotApplicable);
    assert_eq!(controls.approvals.status, Status::NotApplicable);
    let asked = github.asked(answers(), None, &[], &Redactor::default());
    let controls = asked.controls.get().unwrap();
    assert_eq!(controls.environment.status, Status::Unavailable, "unknown isn't absent");
    assert_eq!(controls.approvals.status, Status::Unavailable);
}

#[test]
fn texts_of_replies_lose_secrets_first_and_then_their_force() {
    let redactor = Redactor::new(["canary-canary".to_owned()]);
    let hostile = "canary-canary\u{1b}[2J\u{202e}";
    let rule = Rule {
        kind: hostile.to_owned(),
        source: Some(hostile.to_owned()),
        ruleset: Some(1),
        parameters: claims(&[(hostile, hostile)]),
    };
    let mut running = job(1, "in_progress", hostile);
    running.name = Some(hostile.to_owned());
    running.labels = vec![hostile.to_owned(), hostile.to_owned()];
    running.runner_group = Some(hostile.to_owned());
    let environment = Environment { rules: vec![hostile.to_owned()], ..Environment::default() };
    let own = Sha256::of(b"a");
    let attestation = Attestation {
        sha256: Sha256::of(b"bundle"),
        predicate_type: Some(hostile.to_owned()),
        builder: Some(hostile.to_owned()),
        subjects: vec![own, Sha256::of(b"nobody's"), own],
        is_signed: false,
    };
    let answers = Answers {
        rules: Some(answer(Ok(vec![rule.clone(), rule]))),
        environment: Some((hostile.to_owned(), answer(Ok(environment)))),
        approvals: Some(answer(Ok(vec![review("approved", Some(hostile), Some(1))]))),
        jobs: Some(answer(Ok(vec![running]))),
        attestations: vec![answer(Ok(vec![attestation]))],
    };
    let claims = claims(&[("check_run_id", "1")]);
    let asked = github(&[], &[subject("a", None)]).asked(answers, Some(&claims), &[], &redactor);
    let said = serde_json::to_string(&asked.controls).unwrap();
    for force in ["canary", "\u{1b}", "\u{202e}", "\\u001b"] {
        assert!(!said.contains(force), "{force:?} in {said}");
    }
    assert!(!asked.withheld.is_empty());
    let controls = asked.controls.get().unwrap();
    assert_eq!(controls.branch_rules.get().unwrap().rules.len(), 1);
    assert_eq!(controls.job.get().unwrap().labels.len(), 1);
    let provenance = &controls.provenance.get().unwrap()[0];
    assert_eq!(provenance.subjects, [own], "a digest of this build, and no other");
    assert!(!provenance.signed, "as it was told");
    let details: Vec<_> = controls.details.inline().unwrap().keys().map(String::as_str).collect();
    assert_eq!(details, ["approvals.approved_by", "job.name", "job.runner_name"]);
}

#[test]
fn gitlab_s_job_is_the_token_s_and_one_that_is_not_this_one_is_told() {
    let variables = |id| {
        Variables::new([
            ("CI_API_V4_URL", "https://gitlab.com/api/v4"),
            ("CI_JOB_TOKEN", "t0ken-t0ken"),
            ("CI_JOB_ID", id),
        ])
    };
    for (id, gaps) in [("11", 1), ("12", 2)] {
        let gitlab = GitLab::of(&variables(id)).unwrap();
        let job = gitlab_job::Job {
            id: 11,
            tags: vec!["b".to_owned(), "a".to_owned()],
            user: Some("somebody".to_owned()),
            ..gitlab_job::Job::default()
        };
        let asked = gitlab.asked(answer(Ok(job)), &[], &Redactor::default());
        let controls = asked.controls.get().unwrap();
        let job = controls.job.get().unwrap();
        assert_eq!((job.id.as_deref(), &*job.matched_by), (Some("11"), "job token"));
        assert_eq!(job.labels, ["a", "b"]);
        assert_eq!(controls.branch_rules.status, Status::Unavailable);
        assert_eq!(controls.details.inline().unwrap()["job.user"], "somebody");
        assert_eq!(asked.gaps.len(), gaps);
    }
}
