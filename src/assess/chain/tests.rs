//! What the command line can't reach: whom to ask for runs, and numbers made up to use memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{FindingKind, Known, Log, Row, Rows, Run, judge};
use crate::base::digest::Sha256;
use crate::format::evidence::{Lane, Outcome, Pipeline};

#[test]
fn what_this_build_lacks_makes_its_changes_incomplete_and_a_first_build_has_none() {
    let none = serde_json::json!({"status": "unavailable", "basis": "read", "reason": "a test"});
    let baseline = serde_json::json!({"status": "observed", "basis": "read", "value": {
        "sha256": "00".repeat(32), "build_id": "b", "from": "file", "signers": [],
        "finished": "2026-01-01T00:00:00Z", "age_seconds": 1, "sections": true}});
    let numbers = |baseline: &serde_json::Value, reason: &str| {
        let changes = serde_json::json!({"baseline": baseline, "commits": none, "lock": none,
            "environment": [], "details": [],
            "counts": {"tools": {"changes": 2, "unexplained": 1}},
            "not_compared": [{"place": "packages", "reason": reason}]});
        super::row::numbers(&serde_json::from_value(changes).unwrap())
    };
    let missing = "not captured in this build";
    assert_eq!(numbers(&baseline, missing), (Some((2, 1)), true));
    assert_eq!(numbers(&baseline, "sealed in both"), (Some((2, 1)), false));
    assert_eq!(numbers(&none, missing), (None, false));
}

/// A build of run `number`; all of them began one after the other.
fn row(number: u64) -> Row {
    let moment = |minute: u64| {
        format!("2026-01-{:02}T{:02}:{minute:02}:00Z", 1 + number / 24 % 28, number % 24)
            .parse()
            .unwrap()
    };
    Row {
        payload: Sha256::of(&number.to_be_bytes()),
        captured: None,
        build_id: format!("b{number}"),
        lane: Lane { ref_kind: "branch".to_owned(), ..Lane::default() },
        pipeline: Some(Pipeline { platform: "github".to_owned(), ..Pipeline::default() }),
        run: Run {
            number: Some(number),
            of_project: false,
            id: Some(format!("id{number}")),
            attempt: Some(1),
        },
        sequence: None,
        previous: None,
        why_none: None,
        started: moment(0),
        finished: moment(30),
        commit: None,
        outcome: Outcome::Failed,
        changes: None,
        drift: None,
        incomplete: false,
        signers: BTreeSet::new(),
        files: BTreeSet::from([0]),
    }
}

fn log(rows: impl IntoIterator<Item = Row>, known: &Known<'_>) -> Log {
    let rows = rows.into_iter().map(|row| (row.payload, row)).collect();
    judge(Rows { rows, findings: Vec::new() }, known)
}

#[test]
fn the_platform_is_asked_for_runs_without_evidence_and_told_apart_where_it_was_not() {
    let asked = RefCell::new(Vec::new());
    let ask = |lane: &Lane, pipeline: &Pipeline, numbers: &[u64]| {
        assert_eq!((lane.ref_kind.as_str(), pipeline.platform.as_str()), ("branch", "github"));
        asked.borrow_mut().extend_from_slice(numbers);
        BTreeMap::from([(2, "failed".to_owned()), (3, "failed".to_owned()), (5, "gone".to_owned())])
    };
    let log = log([row(1), row(7)], &Known { ask: Some(&ask), ..Known::default() });
    assert_eq!(*asked.borrow(), [2, 3, 4, 5, 6]);
    let said = log.lanes[0].no_evidence.iter().map(|n| (n.first, n.last, n.said.as_str()));
    let expected = [(2, 3, "failed"), (4, 4, "not asked"), (5, 5, "gone"), (6, 6, "not asked")];
    assert_eq!(said.collect::<Vec<_>>(), expected);
}

#[test]
fn made_up_numbers_cost_neither_questions_nor_memory() {
    let count = RefCell::new(0);
    let ask = |_: &Lane, _: &Pipeline, numbers: &[u64]| {
        *count.borrow_mut() = numbers.len();
        BTreeMap::new()
    };
    let known = Known { ask: Some(&ask), ..Known::default() };
    log([row(0), row(u64::MAX)], &known);
    assert_eq!(*count.borrow(), 1000);
    let log = log((0..1000).map(|n| row(n * 2)), &known);
    let none = &log.lanes[0].no_evidence;
    assert_eq!(none.len(), 200);
    assert_eq!((none[199].first, none[199].last), (399, 1997), "nothing is left out");
}

#[test]
fn a_project_counts_its_runs_over_all_definitions() {
    let of = |number: u64, definition: &str, of_project: bool| {
        let mut row = row(number);
        row.lane.definition = Some(definition.to_owned());
        row.run.of_project = of_project;
        row
    };
    for (of_project, missing) in [(true, 0), (false, 1)] {
        let rows = [of(1, "a", of_project), of(2, "b", of_project), of(3, "a", of_project)];
        let log = log(rows, &Known::default());
        assert_eq!(log.lanes[0].no_evidence.len(), missing);
    }
}

#[test]
fn a_job_that_was_tried_again_in_an_old_pipeline_is_no_rollback() {
    let mut newer = row(5);
    (newer.outcome, newer.sequence, newer.run.of_project) = (Outcome::Succeeded, Some(1), true);
    newer.run.attempt = Some(500);
    for (job, expected) in [(400, vec![FindingKind::Rollback]), (600, vec![])] {
        let mut older = row(9);
        older.run = Run { number: Some(3), attempt: Some(job), ..newer.run.clone() };
        older.run.id = Some("id3".to_owned());
        (older.outcome, older.sequence) = (Outcome::Succeeded, Some(2));
        older.previous = Some(newer.payload);
        let log = log([newer.clone(), older], &Known::default());
        let kinds = log.findings.iter().map(|found| found.kind);
        let kinds: Vec<_> = kinds.filter(|kind| *kind != FindingKind::FirstInMidChain).collect();
        assert_eq!(kinds, expected);
    }
}
