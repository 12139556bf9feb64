//! Every question of the catalogue, on a real statement: passing, failing, without its fact, and with every
//! basis raised by hand.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]

mod access;
mod case;
mod changes;
mod distribution;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/harness.rs"]
mod harness;
mod pipeline;
mod policy;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use case::{Case, Side, without};
use proofmark::assess::catalogue::{Answer, questions};
use proofmark::assess::finding::Status;
use serde_json::{Value, json};

fn cases() -> Vec<Case> {
    [access::cases(), changes::cases(), pipeline::cases(), distribution::cases()].concat()
}

#[test]
fn every_question_that_evidence_answers_has_one_case() {
    let ids: Vec<&str> = cases().iter().map(|case| case.id).collect();
    let answered = questions().filter(|(_, q)| matches!(q.answer, Answer::Evidence(_)));
    let expected: Vec<&str> = answered.map(|(_, question)| question.id).collect();
    let of = |ids: &[&'static str]| ids.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(of(&ids), of(&expected));
    assert_eq!(ids.len(), expected.len(), "a case twice");
}

#[test]
fn every_question_passes_and_fails_on_a_real_statement() {
    for case in cases() {
        for (side, expected) in [(&case.pass, Status::Pass), (&case.fail, Status::Fail)] {
            let finding = side.answer(case.id);
            let why = &finding.why;
            assert_eq!(finding.status, expected, "{}: {why}", case.id);
            assert!(finding.assurance.is_some(), "{}", case.id);
        }
    }
}

#[test]
fn without_its_fact_a_question_is_unknown() {
    for case in cases() {
        for side in [&case.pass, &case.fail] {
            let finding = side.answer(case.id);
            for pointer in &finding.pointers {
                let mut statement = side.statement();
                without(&mut statement["predicate"], pointer);
                let bare = Side { statement, ..side.clone() }.answer(case.id);
                let what = format!("{} without {pointer}: {}", case.id, bare.why);
                assert_eq!(bare.status, Status::Unknown, "{what}");
            }
            let bare = side.unverified(case.id);
            if finding.pointers.is_empty() {
                assert_eq!(bare.status, Status::Unknown, "{}: nobody checked it", case.id);
            }
        }
    }
}

#[test]
fn without_any_evidence_no_question_is_answered() {
    for (_, question) in questions() {
        let side = Side::real();
        let mut statement = side.statement();
        statement["predicate"] = json!({});
        let bare = Side { statement, ..side }.unverified(question.id);
        assert_eq!(bare.status, Status::Unknown, "{}: {}", question.id, bare.why);
    }
}

#[test]
fn raising_every_basis_by_hand_raises_no_assurance() {
    const WORDS: [&str; 8] = [
        "read",
        "recomputed",
        "token claim",
        "API reply",
        "attached",
        "declared",
        "told by another job",
        "platform-vouched",
    ];
    for case in cases() {
        for side in [&case.pass, &case.fail] {
            let honest = side.answer(case.id);
            for word in WORDS {
                let mut statement = side.statement();
                raise(&mut statement["predicate"], word);
                let raised = Side { statement, ..side.clone() }.answer(case.id);
                let what = format!("{}: every basis is {word:?}", case.id);
                assert!(raised.assurance <= honest.assurance, "{what}: {:?}", raised.assurance);
            }
        }
    }
}

fn raise(value: &mut Value, word: &str) {
    match value {
        Value::Object(members) => {
            if members.contains_key("basis") && members.contains_key("status") {
                members.insert("basis".to_owned(), json!(word));
            }
            members.values_mut().for_each(|member| raise(member, word));
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| raise(entry, word)),
        _ => {}
    }
}

#[test]
fn what_only_people_or_later_versions_can_show_is_never_a_pass() {
    for (_, question) in questions() {
        if !matches!(question.answer, Answer::Evidence(_)) {
            let mut statement = Side::real().statement();
            let document = |kind: &str| json!({"kind": kind, "name": "a.pdf", "sha256": "00".repeat(32), "size": 1});
            let kinds = ["access-review", "mfa-export", "audit-log", "penetration-test", "policy"];
            let all: Vec<Value> = kinds.into_iter().map(document).collect();
            statement["predicate"]["attached"] =
                json!({"status": "observed", "basis": "attached", "value": all});
            let finding = Side { statement, ..Side::real() }.answer(question.id);
            assert_eq!(finding.status, Status::Unknown, "{}", question.id);
            assert_eq!(finding.assurance, None);
        }
    }
}
