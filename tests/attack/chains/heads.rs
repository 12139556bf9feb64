//! Ends that were taken away, old builds offered again, runs that left nothing.

use serde_json::json;

use super::{Told, all, chain, found, log_of, names, names_nothing};
use crate::forge::Bench;

#[test]
fn a_first_after_a_known_head_is_in_mid_chain() {
    let builds = chain(4);
    let head = builds[3].digest();
    let cut = Told::first().with(|b| {
        b.id = "cut".to_owned();
        b.number = 5;
        b.started = 600;
        b.finished = 610;
    });
    let (code, found) = found(&[&builds[2], &builds[3], &cut], &["--head", &head]);
    let ids: Vec<_> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((code, ids), (1, vec!["truncated-start", "head-moved-back", "first-in-mid-chain"]));
}

#[test]
fn a_known_head_that_is_not_given_shows_that_the_end_was_taken_away() {
    let builds = chain(5);
    let head = builds[4].digest();
    names(&all(&builds[..4]), &["--head", &head], "truncated", &[&head, "end was taken away"]);
    names_nothing(&all(&builds), &["--head", &head, "--head", &builds[2].digest()]);
    names_nothing(&all(&builds), &["--head", &format!("sha256:{head}")]);
    for bad in ["", "abc", "zz"] {
        log_of(&Bench::new(), &all(&builds), &["--head", bad]).is_usage("--head");
    }
}

#[test]
fn a_newest_build_that_does_not_follow_the_known_head_is_named() {
    let builds = chain(4);
    let head = builds[3].digest();
    let back = builds[1].next().with(|b| {
        b.id = "back".to_owned();
        b.number = 9;
        b.started = 700;
        b.finished = 710;
    });
    let (code, found) = found(&[all(&builds), vec![&back]].concat(), &["--head", &head]);
    let ids: Vec<_> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((code, ids), (1, vec!["head-moved-back", "fork"]), "{found:#?}");
    assert!(found[0].1.contains(&head) && found[0].1.contains(&back.digest()), "{found:#?}");
}

#[test]
fn one_build_under_two_payloads_is_a_replay() {
    let builds = chain(3);
    let again = builds[2].clone().with(|b| {
        b.more = json!({"redactions": [{"place": "x", "rule": "y"}]});
    });
    let given = [all(&builds), vec![&again]].concat();
    names(&given, &[], "replay", &[&again.digest(), &builds[2].digest(), "both name build"]);
}

#[test]
fn an_old_build_that_is_offered_last_after_a_known_head_is_a_replay() {
    let bench = Bench::new();
    let builds = chain(4);
    let lines: Vec<_> = builds.iter().map(Told::line).collect();
    bench.lines("all/log.sigstore.jsonl", &lines);
    bench.lines("new.jsonl", &lines[1..2]);
    bench.lines("head.jsonl", &lines[3..]);
    let head = builds[3].digest();
    let fixed = ["--key", "key1.pub", "--strict", "--format", "json"];
    let log =
        |last: &str, more: &[&str]| bench.run(&[&["log", "all", last], &fixed[..], more].concat());
    let run = log("new.jsonl", &["--head", &head]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.json()["findings"].as_array().unwrap().len(), 1, "{run:?}");
    assert_eq!(run.json()["findings"][0]["id"], "replay");
    assert_eq!(log("head.jsonl", &["--head", &head]).code, 0);
    assert_eq!(log("new.jsonl", &[]).code, 0, "no head, no order");
}

#[test]
fn runs_that_left_no_evidence_are_listed_and_other_lanes_account_for_theirs() {
    let bench = Bench::new();
    let one = Told::first();
    let docs = Told::first().with(|b| {
        b.job = "docs";
        b.number = 3;
        b.id = "docs".to_owned();
        b.outcome = "failed";
        b.sequence = None;
    });
    let six = one.next().with(|b| b.number = 6);
    let run = log_of(&bench, &[&one, &docs, &six], &["--strict"]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in
        ["2        no evidence: not asked", "4-5      no evidence: not asked", "can't tell"]
    {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
    let json = log_of(&bench, &[&one, &docs, &six], &["--format", "json"]).json();
    let none = &json["lanes"][1]["no_evidence"];
    assert_eq!(
        *none,
        json!([{"first": 2, "last": 2, "said": "not asked"},
        {"first": 4, "last": 5, "said": "not asked"}])
    );
    // A count that somebody made up is a range, not a list.
    let far = one.next().with(|b| b.number = u64::MAX);
    let run = log_of(&bench, &[&one, &far], &["--format", "json"]);
    assert_eq!(run.json()["lanes"][0]["no_evidence"][0]["last"], u64::MAX - 1, "{run:?}");
}
