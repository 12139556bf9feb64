//! Places in a chain that two builds claim, or that none led to.

use serde_json::json;

use super::{Told, all, chain, found, names, names_nothing};

/// A second successor of the last of `builds` but one.
fn sibling(builds: &[Told], edit: impl FnOnce(&mut Told)) -> Told {
    builds[builds.len() - 2].next().with(|b| {
        b.id = "sibling".to_owned();
        b.number += 1;
        edit(b);
    })
}

#[test]
fn two_successors_of_one_build_are_a_fork() {
    let builds = chain(3);
    let other = sibling(&builds, |b| {
        b.started += 30;
        b.finished += 30;
    });
    let given = [all(&builds), vec![&other]].concat();
    names(&given, &[], "fork", &[&builds[1].digest(), &builds[2].digest(), &other.digest()]);
    // The predecessor needn't be given.
    let (_, found) = found(&[&builds[2], &other], &[]);
    let ids: Vec<_> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert!(ids.contains(&"fork"), "{found:#?}");
}

#[test]
fn builds_that_ran_side_by_side_are_listed_and_no_failure() {
    let builds = chain(3);
    let other = sibling(&builds, |b| {
        b.started += 5;
        b.finished += 5;
    });
    let (code, list) = found(&[all(&builds), vec![&other]].concat(), &[]);
    assert_eq!(code, 0);
    assert_eq!(list.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["concurrent"]);
    // Neither is a known head that the other doesn't follow taken back.
    let head = builds[2].digest();
    let (code, list) =
        found(&[all(&builds), vec![&other, &other.next()]].concat(), &["--head", &head]);
    assert_eq!((code, list.len()), (0, 1), "{list:#?}");
}

#[test]
fn builds_side_by_side_of_which_both_are_followed_are_a_fork() {
    let builds = chain(4);
    let other = builds[1].next().with(|b| {
        b.id = "other".to_owned();
        b.number = 20;
        b.started += 5;
        b.finished += 5;
    });
    let after = |minutes: u64| {
        other.next().with(|b| {
            b.started += minutes;
            b.finished += minutes;
        })
    };
    let kinds = |after: &Told| {
        let (code, found) = found(&[all(&builds), vec![&other, after]].concat(), &[]);
        (code, found.into_iter().map(|(id, _)| id).collect::<Vec<_>>())
    };
    assert_eq!(kinds(&after(100)), (1, vec!["concurrent".to_owned(), "fork".to_owned()]));
    assert_eq!(kinds(&after(0)), (0, vec!["concurrent".to_owned()]), "these too ran side by side");
}

#[test]
fn two_firsts_of_one_lane_are_a_fork() {
    let builds = chain(3);
    let other = Told::first().with(|b| {
        b.id = "other".to_owned();
        b.number = 4;
        b.started = 400;
        b.finished = 410;
    });
    let given = [all(&builds), vec![&other]].concat();
    names(
        &given,
        &[],
        "fork",
        &["says that it is the first", &builds[0].digest(), &other.digest()],
    );
}

#[test]
fn a_build_that_failed_hangs_on_its_predecessor_and_is_no_fork() {
    let builds = chain(3);
    for outcome in ["failed", "cancelled", "unknown"] {
        let failed = sibling(&builds, |b| {
            b.outcome = outcome;
            b.sequence = None;
            b.started += 30;
            b.finished += 30;
        });
        names_nothing(&[all(&builds), vec![&failed]].concat(), &[]);
    }
}

#[test]
fn a_higher_attempt_at_the_same_run_is_no_fork() {
    let builds = chain(3);
    let again = sibling(&builds, |b| {
        b.number -= 1;
        b.attempt = 2;
        b.started += 30;
        b.finished += 30;
    });
    let after = again.next();
    names_nothing(&[all(&builds), vec![&again, &after]].concat(), &[]);
    let behind = again.clone().with(|b| {
        b.previous = Some(builds[2].digest());
        b.sequence = Some(4);
    });
    names_nothing(&[all(&builds), vec![&behind]].concat(), &[]);
    let first = Told::first().with(|b| {
        b.attempt = 2;
        b.id = "first again".to_owned();
        b.started += 30;
        b.finished += 30;
    });
    names_nothing(&[&Told::first(), &first], &[]);
}

#[test]
fn one_attempt_that_gave_two_builds_is_named() {
    let builds = chain(3);
    let twin = sibling(&builds, |b| {
        b.number -= 1;
        b.started += 30;
        b.finished += 30;
    });
    let given = [all(&builds), vec![&twin]].concat();
    names(&given, &[], "duplicate-attempt", &["one attempt of one run", &twin.digest(), "--leg"]);
}

#[test]
fn a_first_where_the_platform_counts_runs_before_is_in_mid_chain() {
    let late = Told::first().with(|b| b.number = 7);
    names(
        &[&late],
        &[],
        "first-in-mid-chain",
        &["no evidence of this lane was found", "run 7", &format!("--head {}", late.digest())],
    );
    // Failed builds account for their runs, and so do other lanes.
    let failed = |number: u64, job| {
        Told::first().with(|b| {
            b.number = number;
            b.job = job;
            b.id = format!("failed {number}");
            b.outcome = "failed";
            b.sequence = None;
        })
    };
    let third = Told::first().with(|b| {
        b.number = 3;
        b.started = 500;
        b.finished = 510;
    });
    names_nothing(&[&failed(1, "main"), &failed(2, "docs"), &third], &[]);
    // A head that the reader knows vouches for what came before it.
    let after = late.next();
    names_nothing(&[&late, &after], &["--head", &after.digest()]);
}

#[test]
fn a_chain_that_was_lost_and_begins_anew_says_so() {
    let lost = "the baseline was lost: the artefact has expired";
    let late = Told::first().with(|b| {
        b.number = 7;
        b.why_none = Some(lost);
    });
    names(&[&late], &[], "chain-began-anew", &[lost]);
    let builds = chain(3);
    let anew = late.with(|b| {
        b.id = "anew".to_owned();
        b.started = 600;
        b.finished = 610;
    });
    names(
        &[all(&builds), vec![&anew]].concat(),
        &[],
        "chain-began-anew",
        &[lost, "compare both ends"],
    );
}

#[test]
fn a_build_that_looked_for_no_baseline_is_unchained() {
    let why = "no baseline was looked for";
    let loose = Told::first().with(|b| {
        b.sequence = None;
        b.why_none = Some(why);
    });
    names(&[&loose], &[], "unchained", &[why, "--baseline"]);
    let unseen = Told::first().with(|b| {
        b.more = json!({"chain": {"status": "unavailable", "basis": "read", "reason": "broken"}});
    });
    names(&[&unseen], &[], "unchained", &["broken"]);
    let failed = loose.with(|b| b.outcome = "failed");
    names_nothing(&[&failed], &[]);
}
