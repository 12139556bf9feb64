//! GitHub's replies: the good ones, the missing ones and the hostile ones.

use std::collections::BTreeMap;

use super::server::{Answer, Server, ok, redirect, status, with};
use super::{client, packed};
use crate::net::github::{RunAnswer, Workflow};
use crate::net::{Fetched, Lost, Scheme, Token, Wanted};

const NAME: &str = "proofmark.sigstore.jsonl";
const ANY: Wanted<'static> = Wanted { name: NAME, fits: &|_| true };
const SECTIONS: &str = "proofmark.sections.jsonl";
const RUNS: &str = "/v3/repos/octo/app/actions/workflows/release.yml/runs";
const RELEASES: &str = "/v3/repos/octo/app/releases";

/// Answers by path; what isn't there is 404.
fn api<const N: usize>(answers: [(&str, Answer); N]) -> Server {
    let answers: BTreeMap<_, _> =
        answers.into_iter().map(|(path, answer)| (path.to_owned(), answer)).collect();
    Server::start(move |request| answers.get(request.path()).cloned().unwrap_or(status(404)))
}

fn artefacts(run: u64) -> String {
    format!("/v3/repos/octo/app/actions/runs/{run}/artifacts")
}

fn zip(artefact: u64) -> String {
    format!("/v3/repos/octo/app/actions/artifacts/{artefact}/zip")
}

fn workflow(server: &Server) -> Workflow {
    let api = server.url("/v3");
    Workflow {
        repository: "octo/app".into(),
        workflow: "release.yml".into(),
        branch: Some("main".into()),
        token: Some(Token::new("t0ken", Scheme::Bearer, &api).unwrap()),
        api,
    }
}

fn look(server: &Server) -> Result<Fetched, Lost> {
    workflow(server).newest_evidence(&client(), Some(1000), &ANY)
}

fn run(id: u64, number: u64, more: &str) -> String {
    format!(
        r#"{{"id":{id},"run_number":{number},"status":"completed","conclusion":"success","event":"push",
        "head_sha":"abc","head_repository":{{"full_name":"octo/app"}},"new":[{{}}]{more}}}"#
    )
}

fn runs(runs: &[String]) -> Answer {
    ok(format!(r#"{{"total_count":9,"workflow_runs":[{}]}}"#, runs.join(",")))
}

fn artefact(id: u64, name: &str, is_expired: bool) -> String {
    format!(r#"{{"id":{id},"name":"{name}","size_in_bytes":5,"expired":{is_expired}}}"#)
}

fn list(artefacts: &[String]) -> Answer {
    ok(format!(r#"{{"artifacts":[{}]}}"#, artefacts.join(",")))
}

/// One run with one artefact, which is answered like this.
fn one(answer: Answer) -> Server {
    api([
        (RUNS, runs(&[run(7, 7, "")])),
        (&artefacts(7), list(&[artefact(70, "proofmark-evidence", false)])),
        (&zip(70), answer),
        (RELEASES, ok("[]")),
    ])
}

#[test]
fn the_newest_runs_artefact_is_found_and_its_store_gets_no_token() {
    let store = Server::start(|_| ok(packed(&[(NAME, b"evidence"), (SECTIONS, b"sections")])));
    let server = api([
        // The current run, a failed one, one of a fork, and the order of the numbers.
        (
            RUNS,
            runs(&[
                run(5, 5, ""),
                run(1000, 10, ""),
                run(8, 8, "").replace("success", "failure"),
                run(9, 9, "").replace("octo/app", "fork/app"),
                run(7, 7, ""),
            ]),
        ),
        (
            &artefacts(7),
            list(&[artefact(70, "proofmark", false), artefact(71, "app-linux", false)]),
        ),
        (&zip(70), redirect(&store.url("/blob?sig=s3cret").uri().to_string())),
    ]);
    let found = look(&server).unwrap();
    assert_eq!(found.evidence, b"evidence");
    assert_eq!(found.sections.as_deref(), Some(&b"sections"[..]));
    assert_eq!(found.from, "workflow artefact of run 7");
    assert_eq!(server.paths(), [RUNS, &artefacts(7), &zip(70)]);
    assert!(server.seen().iter().all(|r| r.header("authorization") == Some("Bearer t0ken")));
    assert!(server.seen()[0].target.contains("status=success&per_page=10"));
    assert!(server.seen()[0].target.ends_with("&branch=main"));
    assert!(store.seen().iter().all(|request| !request.head.contains("t0ken")));
}

#[test]
fn of_several_artefacts_the_one_with_the_file_counts() {
    let server = api([
        (RUNS, runs(&[run(7, 7, "")])),
        (
            &artefacts(7),
            list(&[artefact(70, "proofmark-a", false), artefact(71, "proofmark-b", false)]),
        ),
        (&zip(70), ok(packed(&[(NAME, b"evidence")]))),
        (&zip(71), ok(packed(&[("proofmark-12345678.sigstore.jsonl", b"another leg")]))),
    ]);
    let found = look(&server).unwrap();
    assert_eq!((found.evidence, found.sections), (b"evidence".to_vec(), None));
}

#[test]
fn evidence_of_other_builds_is_passed_over() {
    let wanted = Wanted { name: NAME, fits: &|evidence| evidence == b"ours" };
    let server = api([
        (RUNS, runs(&[run(8, 8, ""), run(7, 7, "")])),
        (&artefacts(8), list(&[artefact(80, "proofmark-test", false)])),
        (&zip(80), ok(packed(&[(NAME, b"theirs")]))),
        (&artefacts(7), list(&[artefact(70, "proofmark-build", false)])),
        (&zip(70), ok(packed(&[(NAME, b"ours")]))),
    ]);
    let found = workflow(&server).newest_evidence(&client(), None, &wanted).unwrap();
    assert_eq!(found.from, "workflow artefact of run 7");

    let releases = r#"[{"tag_name":"v1","assets":[{"id":1,"name":"proofmark.sigstore.jsonl"}]}]"#;
    let server = api([
        (RUNS, runs(&[run(8, 8, "")])),
        (&artefacts(8), list(&[artefact(80, "proofmark-test", false)])),
        (&zip(80), ok(packed(&[(NAME, b"theirs")]))),
        (RELEASES, ok(releases)),
        ("/v3/repos/octo/app/releases/assets/1", ok("theirs")),
    ]);
    let lost = workflow(&server).newest_evidence(&client(), None, &wanted).unwrap_err();
    assert!(
        lost.reason.starts_with("artefact proofmark-test of run 8 holds the evidence of other")
    );
}

#[test]
fn a_run_with_more_artefacts_than_are_listed_is_not_said_to_have_none() {
    let many = ok(r#"{"total_count":101,"artifacts":[]}"#);
    let server = api([(RUNS, runs(&[run(7, 7, "")])), (&artefacts(7), many)]);
    assert_eq!(look(&server).unwrap_err().reason, "run 7 has more than 100 artefacts");
}

#[test]
fn broken_sections_do_not_hide_the_evidence() {
    let two = [
        (NAME, &b"evidence"[..]),
        ("a/proofmark.sections.jsonl", b"a"),
        ("b/proofmark.sections.jsonl", b"b"),
    ];
    let found = look(&one(ok(packed(&two)))).unwrap();
    assert_eq!(found.evidence, b"evidence");
    assert!(found.sections.is_none());
    assert!(found.sections_lost.unwrap().reason.contains("more than once"));
}

#[test]
fn of_two_artefacts_with_the_file_the_newer_counts_and_of_many_runs_ten() {
    let server = api([
        (RUNS, runs(&[run(7, 7, "")])),
        (
            &artefacts(7),
            list(&[artefact(70, "proofmark", false), artefact(71, "proofmark", false)]),
        ),
        (&zip(70), ok(packed(&[(NAME, b"first attempt")]))),
        (&zip(71), ok(packed(&[(NAME, b"second attempt")]))),
    ]);
    assert_eq!(look(&server).unwrap().evidence, b"second attempt");

    let server = Server::start(|request| match request.path() {
        RUNS => runs(&(1..=30).map(|number| run(number, number, "")).collect::<Vec<_>>()),
        RELEASES => ok("[]"),
        _ => list(&[]),
    });
    assert!(look(&server).is_err());
    assert_eq!(server.seen().len(), 12);
    assert_eq!(server.paths()[10], artefacts(21));
}

#[test]
fn a_run_without_evidence_is_passed_over_for_an_older_one() {
    let server = api([
        (RUNS, runs(&[run(8, 8, ""), run(7, 7, "")])),
        (&artefacts(8), list(&[artefact(80, "logs", false)])),
        (&artefacts(7), list(&[artefact(70, "proofmark", false)])),
        (&zip(70), ok(packed(&[(NAME, b"evidence")]))),
    ]);
    assert_eq!(look(&server).unwrap().from, "workflow artefact of run 7");
}

#[test]
fn an_artefact_that_cannot_be_looked_into_hides_no_older_one_behind_it() {
    let bomb = packed(&[(NAME, &vec![0; 8 << 20])]);
    let two = packed(&[("a/proofmark.sigstore.jsonl", b"a"), ("b/proofmark.sigstore.jsonl", b"b")]);
    for broken in [bomb, two, b"<html>".to_vec()] {
        let server = api([
            (RUNS, runs(&[run(8, 8, ""), run(7, 7, "")])),
            (&artefacts(8), list(&[artefact(80, "proofmark", false)])),
            (&zip(80), ok(broken)),
            (&artefacts(7), list(&[artefact(70, "proofmark", false)])),
            (&zip(70), ok(packed(&[(NAME, b"older")]))),
            (RELEASES, ok("[]")),
        ]);
        let lost = look(&server).unwrap_err();
        assert!(lost.reason.starts_with("artefact proofmark of run 8: "), "{lost:?}");
        assert_eq!(server.paths(), [RUNS, &artefacts(8), &zip(80)]);
    }
}

#[test]
fn a_huge_artefact_is_not_downloaded() {
    let huge = artefact(70, "proofmark", false).replace(":5,", ":99999999999,");
    let server = api([(RUNS, runs(&[run(7, 7, "")])), (&artefacts(7), list(&[huge]))]);
    assert!(look(&server).unwrap_err().reason.contains("larger than 64 MiB"));
    assert_eq!(server.paths(), [RUNS, &artefacts(7)]);
}

#[test]
fn without_artefacts_the_newest_release_is_asked() {
    let releases = r#"[
        {"tag_name":"v3","draft":true,"assets":[{"id":3,"name":"proofmark.sigstore.jsonl"}]},
        {"tag_name":"v2","assets":[{"id":9,"name":"app.tgz"}]},
        {"tag_name":"v1","assets":[{"id":1,"name":"proofmark.sigstore.jsonl"},
            {"id":2,"name":"proofmark.sections.jsonl"}]}]"#;
    let server = api([
        (RUNS, runs(&[])),
        (RELEASES, ok(releases)),
        ("/v3/repos/octo/app/releases/assets/1", ok("evidence")),
        ("/v3/repos/octo/app/releases/assets/2", ok("sections")),
    ]);
    let found = look(&server).unwrap();
    assert_eq!(found.from, "asset of release v1");
    assert_eq!(found.evidence, b"evidence");
    assert_eq!(found.sections.as_deref(), Some(&b"sections"[..]));
    assert_eq!(server.seen()[2].header("accept"), Some("application/octet-stream"));
}

#[test]
fn what_expired_or_is_not_there_is_named_with_its_cure() {
    let expired = api([
        (RUNS, runs(&[run(7, 7, ""), run(6, 6, "")])),
        (&artefacts(7), list(&[artefact(70, "proofmark", true)])),
        (&artefacts(6), list(&[])),
        (RELEASES, ok("[]")),
    ]);
    let gone = one(status(410));
    let none = api([(RUNS, runs(&[])), (RELEASES, ok("[]"))]);
    let bare =
        api([(RUNS, runs(&[run(7, 7, "")])), (&artefacts(7), list(&[])), (RELEASES, ok("[]"))]);
    let other = one(ok(packed(&[("a.txt", b"x")])));
    let climbs = one(ok(packed(&[("x\u{ff1a}/y.jsonl", b"x")])));
    for (server, reason) in [
        (expired, "artefact proofmark of run 7 has expired"),
        (gone, "artefact proofmark-evidence of run 7 has expired"),
        (none, "no artefact of the workflow's earlier successful runs holds evidence"),
        (bare, "no artefact of the workflow's earlier successful runs holds evidence"),
        (other, "artefact proofmark-evidence of run 7 doesn't hold proofmark.sigstore.jsonl"),
        (climbs, "artefact proofmark-evidence of run 7 doesn't hold proofmark.sigstore.jsonl"),
    ] {
        let lost = look(&server).unwrap_err();
        assert_eq!(lost.reason, format!("{reason}; no release has a fitting {NAME}"));
        assert!(lost.cure.unwrap().contains("retention-days"));
    }
}

#[test]
fn each_refusal_has_its_own_cure_and_no_older_place_is_asked() {
    let used_up = with(403, "X-RateLimit-Remaining: 0\r\n", "");
    let slow_down = with(403, "Retry-After: 60\r\n", "");
    for (answer, said, cured) in [
        (status(401), "the token was refused (401)", "GITHUB_TOKEN"),
        (status(403), "the token may not read them (403)", "actions: read"),
        (status(404), "(404)", "actions: read"),
        (status(429), "too many requests", "later"),
        (used_up, "too many requests", "later"),
        (slow_down, "too many requests", "later"),
    ] {
        let at_runs = api([(RUNS, answer.clone()), (RELEASES, ok("[]"))]);
        let at_list = api([(RUNS, runs(&[run(7, 7, "")])), (&artefacts(7), answer.clone())]);
        for server in [at_runs, at_list, one(answer.clone())] {
            let lost = look(&server).unwrap_err();
            assert!(lost.reason.contains(said), "{lost:?}");
            assert!(lost.cure.as_ref().is_some_and(|cure| cure.contains(cured)), "{lost:?}");
            assert!(!format!("{lost:?}").contains("t0ken"));
            assert!(!server.paths().contains(&RELEASES.to_owned()));
        }
        let at_releases = api([(RUNS, runs(&[])), (RELEASES, answer)]);
        let lost = look(&at_releases).unwrap_err();
        assert!(lost.reason.starts_with("the releases: ") && lost.cure.is_some(), "{lost:?}");
        assert!(!lost.cure.unwrap().contains("actions"));
    }
}

#[test]
fn a_reply_that_cannot_be_read_is_said_so() {
    let deep = "[".repeat(100_000);
    for body in ["", "<html>", "{}", r#"{"workflow_runs":[{"id":"x"}]}"#, "[1]", &deep] {
        let server = api([(RUNS, ok(body))]);
        let lost = look(&server).unwrap_err();
        assert_eq!(lost.reason, "the runs of workflow release.yml: the reply can't be read");
    }
    let huge = api([(RUNS, ok(vec![b' '; (4 << 20) + 1]))]);
    assert!(look(&huge).unwrap_err().reason.contains("larger than"));
}

#[test]
fn names_from_outside_are_shown_tame() {
    let name = "proofmark\\u001b[2J\\u202e";
    let server = api([
        (RUNS, runs(&[run(7, 7, "")])),
        (&artefacts(7), list(&[artefact(70, name, true)])),
        (RELEASES, ok("[]")),
    ]);
    let lost = look(&server).unwrap_err();
    assert!(lost.reason.contains("proofmark\\u{1b}[2J\\u{202e}"), "{lost:?}");
}

#[test]
fn no_more_artefacts_than_the_cap_are_downloaded() {
    let server = Server::start(|request| match request.path() {
        RUNS => runs(&[run(7, 7, "")]),
        path if path.ends_with("/artifacts") => {
            let many: Vec<_> = (0..90).map(|id| artefact(id, "proofmark", false)).collect();
            list(&many)
        }
        _ => ok(packed(&[])),
    });
    assert!(look(&server).unwrap_err().reason.starts_with("10 artefacts were looked through"));
    assert_eq!(server.seen().len(), 12);
}

#[test]
fn odd_names_stay_in_their_place_of_the_path() {
    let server = api([]);
    let mut odd = workflow(&server);
    odd.workflow = "../../x?y".into();
    assert!(odd.newest_evidence(&client(), None, &ANY).is_err());
    assert_eq!(server.paths(), ["/v3/repos/octo/app/actions/workflows/..%2F..%2Fx%3Fy/runs"]);
    for repository in ["octo", "octo/..", "../app", "/", ""] {
        odd.repository = repository.into();
        assert!(odd.newest_evidence(&client(), None, &ANY).is_err());
    }
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn runs_are_known_by_number_deleted_or_too_far_back() {
    let page = |request: &super::server::Request| {
        let page: u64 = request.target.rsplit("page=").next().unwrap().parse().unwrap();
        // 50 a page, from 2000 downwards; 1990 is gone.
        let newest = 2000 - (page - 1) * 50;
        let numbers = (newest - 49..=newest).rev().filter(|number| *number != 1990);
        runs(&numbers.map(|number| run(number * 10, number, "")).collect::<Vec<_>>())
    };
    let server = Server::start(page);
    let answers = workflow(&server).run_by_number(&client(), &[1995, 1990, 1960]).unwrap();
    assert!(matches!(&answers[&1995], RunAnswer::Known(facts)
        if facts.id == 19950 && facts.conclusion.as_deref() == Some("success")
            && facts.head_sha.as_deref() == Some("abc")));
    assert_eq!(answers[&1990], RunAnswer::Unknown);
    assert!(matches!(answers[&1960], RunAnswer::Known(_)));
    assert_eq!(server.seen().len(), 1);

    let answers = workflow(&server).run_by_number(&client(), &[3, 2500]).unwrap();
    assert_eq!(answers[&3], RunAnswer::NotAsked);
    assert_eq!(answers[&2500], RunAnswer::Unknown);
    assert_eq!(server.seen().len(), 21);

    let short = Server::start(|request| match request.target.ends_with("&page=1") {
        true => runs(&[run(7, 7, "")]),
        false => runs(&[]),
    });
    let answers = workflow(&short).run_by_number(&client(), &[3]).unwrap();
    assert_eq!(answers[&3], RunAnswer::Unknown);
    assert!(workflow(&short).run_by_number(&client(), &[]).unwrap().is_empty());
    let refused = api([(RUNS, status(403))]);
    let lost = workflow(&refused).run_by_number(&client(), &[3]).unwrap_err();
    assert!(lost.cure.unwrap().contains("actions: read"));
}
