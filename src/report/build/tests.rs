//! Orders, directions and lines of reports, over findings that are made here.

use super::{claims, repositories, since};
use crate::report::model::{BuildV1, DocumentV1, FindingV1, PinsV1, ProvisionV1, RemedyV1};

fn finding(id: &str, status: &str, assurance: Option<&str>) -> FindingV1 {
    FindingV1 {
        id: id.to_owned(),
        title: format!("title of {id}"),
        asks: String::new(),
        claims: vec!["2.1-01".to_owned()],
        status: status.to_owned(),
        contradicts: false,
        assurance: assurance.map(ToOwned::to_owned),
        liar: None,
        why: "why".to_owned(),
        values: Vec::new(),
        pointers: Vec::new(),
        places: Vec::new(),
        not: String::new(),
        remedy: String::new(),
        needs_people: false,
        documents: Vec::new(),
    }
}

fn build(repository: &str, standing: &str, findings: Vec<FindingV1>) -> BuildV1 {
    let provision = ProvisionV1 {
        number: "2.1".to_owned(),
        verb: String::new(),
        draft: String::new(),
        last: None,
        standing: standing.to_owned(),
        summary: String::new(),
        asked: 0,
        answered: 0,
        by_platform: 0,
        by_checker: 0,
        by_job: 0,
        by_people: 0,
        findings,
    };
    BuildV1 {
        lane: format!("lane of {repository}"),
        repository: Some(repository.to_owned()),
        commit: None,
        ref_name: None,
        id: String::new(),
        payload_sha256: crate::base::digest::Sha256::of(repository.as_bytes()),
        sequence: None,
        run: None,
        run_url: None,
        started: None,
        finished: None,
        outcome: "succeeded".to_owned(),
        signers: Vec::new(),
        file: String::new(),
        artefacts: Vec::new(),
        artefact_count: 0,
        check: None,
        provisions: vec![provision],
        remedies: Vec::new(),
        vouchers: Vec::new(),
        pins: PinsV1::default(),
        marks: Vec::new(),
        gaps: Vec::new(),
        timeline: Vec::new(),
        lane_builds: 1,
        chain: Vec::new(),
    }
}

#[test]
fn the_worst_repository_comes_first_and_of_equal_ones_the_one_with_more_failures() {
    let fail = || vec![finding("a", "fail", Some("self-asserted"))];
    let mut builds = vec![
        build("fine", "evidenced", Vec::new()),
        build("partly", "partly evidenced", Vec::new()),
        build("none", "not evidenced", Vec::new()),
        build("none and fails", "not evidenced", fail()),
        build("bad", "contradicted", Vec::new()),
    ];
    repositories::worst_first(&mut builds);
    let rows = repositories::rows(&builds);
    let names: Vec<_> = rows.iter().map(|row| row.repository.as_str()).collect();
    assert_eq!(names, ["bad", "none and fails", "none", "partly", "fine"]);
    assert_eq!((rows[1].failed, rows[1].lanes), (1, 1));
}

#[test]
fn lanes_of_one_repository_are_one_row_with_the_remedy_that_answers_most() {
    let remedy = |text: &str, questions: usize| RemedyV1 {
        id: text.to_owned(),
        text: text.to_owned(),
        lines: Vec::new(),
        questions: vec![String::new(); questions],
        for_people: false,
    };
    let mut one = build("r", "evidenced", Vec::new());
    one.remedies = vec![remedy("a", 2), remedy("b", 1)];
    let mut two = build("r", "contradicted", Vec::new());
    two.remedies = vec![remedy("b", 1)];
    let mut builds = vec![one, two];
    repositories::worst_first(&mut builds);
    let rows = repositories::rows(&builds);
    assert_eq!((rows.len(), rows[0].lanes, rows[0].builds), (1, 2, 2));
    assert_eq!(rows[0].standings[0].value, "contradicted");
    assert_eq!(rows[0].first_remedy.as_deref(), Some("b"), "of equal ones the worst lane's");
    assert_eq!(builds[0].provisions[0].standing, "contradicted", "the worst lane first");
}

#[test]
fn leaving_evidence_of_a_failure_out_is_no_improvement() {
    let cases = [
        (("fail", Some("job-checked")), ("pass", Some("self-asserted")), "better"),
        (("unknown", None), ("pass", Some("self-asserted")), "better"),
        (("pass", Some("self-asserted")), ("pass", Some("platform-vouched")), "better"),
        (("pass", Some("platform-vouched")), ("pass", Some("self-asserted")), "worse"),
        (("pass", Some("self-asserted")), ("unknown", None), "worse"),
        (("unknown", None), ("fail", Some("self-asserted")), "worse"),
        (("fail", Some("self-asserted")), ("unknown", None), "other"),
        (("pass", Some("self-asserted")), ("not applicable", None), "other"),
    ];
    for ((old, old_level), (new, new_level), direction) in cases {
        let of = |status, level| [build("r", "", vec![finding("a", status, level)])];
        let (found, gone) = since("f".to_owned(), &of(old, old_level), &of(new, new_level));
        assert_eq!(found.moved[0].direction, direction, "{old} to {new}");
        assert!(gone.is_empty());
    }
}

#[test]
fn a_lane_that_is_new_was_not_asked_and_one_that_is_gone_is_named() {
    let of = |name| [build(name, "", vec![finding("a", "pass", Some("self-asserted"))])];
    let (found, gone) = since("f".to_owned(), &of("old"), &of("new"));
    assert_eq!(
        (found.moved[0].before.as_deref(), found.moved[0].direction.as_str()),
        (None, "other")
    );
    assert_eq!(gone, ["lane of old"]);
    assert_eq!(since("f".to_owned(), &of("r"), &of("r")).0.unchanged, 1);
}

#[test]
fn a_claim_has_what_speaks_for_it_apart_from_what_is_missing() {
    let mut people = finding("people", "unknown", None);
    people.documents = vec![DocumentV1 {
        kind: "mfa-export".to_owned(),
        name: "mfa.pdf".to_owned(),
        date: None,
        sha256: "00".to_owned(),
    }];
    let findings = vec![
        finding("a", "pass", Some("self-asserted")),
        finding("b", "fail", Some("job-checked")),
        finding("c", "unknown", None),
        people,
    ];
    let rows = claims::rows(&[build("r", "", findings)], None);
    let claim = rows.iter().find(|row| row.id == "2.1-01").unwrap();
    assert_eq!(claim.evidence.len(), 1, "{claim:#?}");
    assert!(claim.evidence[0].starts_with("title of a: pass, self-asserted"));
    assert_eq!(claim.gaps.len(), 3, "{claim:#?}");
    assert!(claim.gaps[2].contains("for people to read"), "it is evidence once it is read");
    assert!(claim.status.is_none() && claim.argument.is_none());
    let alone = rows.iter().find(|row| row.id == "2.3").unwrap();
    assert!(alone.text.contains("no claims for 2.3"));
}
