//! Links that were cut, spliced, counted wrongly, turned round.

use super::{Told, all, chain, found, log_of, names, names_nothing, without};
use crate::forge::{Bench, sha256};

#[test]
fn a_build_that_was_taken_out_of_the_middle_is_a_gap() {
    let builds = chain(6);
    let missing = builds[3].digest();
    names(&without(&builds, 3), &[], "gap", &[&missing, "mid-chain", &builds[4].digest()]);
    names(&without(&builds, 3), &["--head", &missing], "gap", &[&missing]);
}

#[test]
fn a_chain_that_does_not_reach_its_first_is_said_to_begin_there() {
    let builds = chain(5);
    let before = builds[1].digest();
    let rest: Vec<_> = builds[2..].iter().collect();
    names(&rest, &[], "truncated-start", &["begins at sequence 3", &before, "isn't given"]);
    // What the reader knows as a head is an anchor.
    names_nothing(&rest, &["--head", &before]);
    let run = log_of(&Bench::new(), &rest, &[]);
    assert_eq!(run.code, 0, "only --strict fails: {run:?}");
    assert!(run.stdout.contains("truncated-start"), "{run:?}");
}

#[test]
fn a_failed_build_before_the_first_that_is_given_adds_nothing_to_that() {
    let builds = chain(5);
    let failed = builds[2].clone().with(|b| {
        b.outcome = "failed";
        b.sequence = None;
        b.id = "failed".to_owned();
        b.started -= 20;
        b.finished -= 20;
        b.number = 30;
    });
    let rest: Vec<_> = std::iter::once(&failed).chain(&builds[2..]).collect();
    let (_, found) = found(&rest, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn a_link_into_another_lane_is_spliced() {
    let builds = chain(3);
    let other = builds[2].next().with(|b| b.job = "docs");
    let builds = [all(&builds), vec![&other]].concat();
    names(&builds, &[], "spliced", &["another lane", &other.digest()]);
}

#[test]
fn a_link_to_a_build_that_failed_is_bad() {
    let builds = chain(2);
    let failed = builds[1].next().with(|b| {
        b.outcome = "failed";
        b.sequence = None;
    });
    let after = failed.next().with(|b| {
        b.outcome = "succeeded";
        b.sequence = Some(3);
    });
    let given = [all(&builds), vec![&failed, &after]].concat();
    names(&given, &[], "bad-link", &["failed", &failed.digest()]);
}

#[test]
fn a_sequence_that_does_not_follow_is_bad() {
    let builds = chain(3);
    for sequence in [Some(2), Some(3), Some(5), Some(1), Some(0), Some(u64::MAX), None] {
        let bad = builds[2].next().with(|b| b.sequence = sequence);
        names(&[all(&builds), vec![&bad]].concat(), &[], "bad-sequence", &["expected sequence 4"]);
    }
    let alone = Told::first().with(|b| b.sequence = Some(7));
    names(&[&alone], &[], "bad-sequence", &["has sequence 7", "expected 1"]);
    let failed = builds[2].next().with(|b| b.outcome = "failed");
    names(&[all(&builds), vec![&failed]].concat(), &[], "bad-sequence", &["expected none"]);
    let first = builds[1].clone().with(|b| b.sequence = Some(1));
    names(&[&first], &[], "bad-sequence", &["2 or more"]);
}

#[test]
fn builds_that_follow_each_other_in_a_circle_are_named_together() {
    let capture = sha256(b"capture");
    let one = Told::first().next().with(|b| {
        b.captured = Some(capture.clone());
        b.previous = Some(capture.clone());
    });
    names(&[&one], &[], "cycle", &["circle", &one.digest()]);
    let two = one.next().with(|b| b.previous = Some(one.digest()));
    let back = one.with(|b| {
        b.previous = Some(sha256(b"other"));
    });
    let two = two.with(|b| {
        b.captured = Some(sha256(b"other"));
        b.previous = Some(back.digest());
    });
    names(&[&back, &two], &[], "cycle", &[&back.digest(), &two.digest()]);
}

#[test]
fn a_capture_is_another_name_of_the_build_that_was_signed_from_it() {
    let capture = sha256(b"capture");
    let first = Told::first().with(|b| b.captured = Some(capture.clone()));
    let second = first.next().with(|b| b.previous = Some(capture.clone()));
    let third = second.next();
    names_nothing(&[&first, &second, &third], &["--head", &capture]);
    // Both names are one build.
    let beside = first.next().with(|b| {
        b.number = 9;
        b.id = "beside".to_owned();
        b.started += 500;
        b.finished += 500;
    });
    let (_, found) = found(&[&first, &second, &third, &beside], &[]);
    assert_eq!(found[0].0, "fork", "{found:#?}");
}

#[test]
fn an_older_run_behind_a_newer_one_is_a_rollback() {
    let builds = chain(1);
    let newer = builds[0].next().with(|b| b.number = 5);
    let older = newer.next().with(|b| b.number = 3);
    names(
        &[&builds[0], &newer, &older],
        &[],
        "rollback",
        &["run number is higher", "run 3", "run 5"],
    );
    // A run of old that is tried again later says so.
    let again = newer.next().with(|b| {
        b.number = 3;
        b.attempt = 2;
    });
    names_nothing(&[&builds[0], &newer, &again], &[]);
}

#[test]
fn a_predecessor_that_was_not_finished_yet_is_reordered() {
    let builds = chain(2);
    let early = builds[1].next().with(|b| b.started = builds[1].finished - 8);
    names(&[all(&builds), vec![&early]].concat(), &[], "reordered", &["it could not be known"]);
    // Two machines' clocks differ by some minutes.
    let skewed = builds[1].next().with(|b| b.started = builds[1].finished - 4);
    names_nothing(&[all(&builds), vec![&skewed]].concat(), &[]);
}
