//! Runs that are tried again, honestly and to hide what came after them; builds within one second.

use super::{Told, all, chain, finds, found, names_nothing};

/// A second attempt at the run of `build`, so many minutes after it began.
fn again(build: &Told, minutes: u64) -> Told {
    build.clone().with(|b| {
        b.id = format!("{} again", b.id);
        b.attempt = 2;
        b.started += minutes;
        b.finished += minutes;
    })
}

/// What follows it, as run 4 that began after all others.
fn fourth(build: &Told) -> Told {
    build.next().with(|b| {
        b.id = "fourth".to_owned();
        b.number = 4;
        b.started = 600;
        b.finished = 610;
    })
}

#[test]
fn a_first_run_that_is_tried_again_after_others_does_not_hide_them() {
    let builds = chain(3);
    let head = builds[2].digest();
    let cut = again(&builds[0], 300);
    let after = fourth(&cut);
    let given = [all(&builds), vec![&cut, &after]].concat();
    finds(&given, &[], &["fork"]);
    finds(&given, &["--head", &head], &["fork", "head-moved-back"]);
    finds(&given[..4], &["--head", &head], &["head-moved-back", "fork"]);
}

#[test]
fn a_run_that_is_tried_again_after_others_does_not_hide_them() {
    let builds = chain(3);
    let head = builds[2].digest();
    let cut = again(&builds[1], 300);
    let after = fourth(&cut);
    let given = [all(&builds), vec![&cut, &after]].concat();
    finds(&given, &[], &["fork"]);
    finds(&given, &["--head", &head], &["fork", "head-moved-back"]);
    finds(&given[..4], &[], &["fork"]);
    finds(&given[..4], &["--head", &head], &["head-moved-back", "fork"]);
    // Nor where only the builds themselves are out of sight.
    finds(&[&builds[0], &builds[1], &cut, &after], &["--head", &head], &["truncated"]);
}

#[test]
fn a_run_that_is_tried_again_at_once_is_no_finding() {
    let builds = chain(3);
    for succeeded in [true, false] {
        let first = builds[2].clone().with(|b| {
            if !succeeded {
                b.outcome = "failed";
                b.sequence = None;
            }
        });
        let retry = again(&builds[2], 20);
        let after = retry.next();
        let given = [&builds[0], &builds[1], &first, &retry, &after];
        names_nothing(&given, &[]);
        names_nothing(&given, &["--head", &first.digest(), "--head", &retry.digest()]);
        names_nothing(&given[..4], &["--head", &first.digest()]);
    }
    let (first, retry) = (&builds[0], again(&builds[0], 20));
    names_nothing(&[first, &retry, &retry.next()], &["--head", &first.digest()]);
    // A dead end that was there before the run changes nothing.
    let side = builds[1].clone().with(|b| {
        b.id = "side".to_owned();
        b.number = 9;
        b.started += 5;
        b.finished += 5;
    });
    let (code, found) = found(&[all(&builds), vec![&side, &again(&builds[2], 20)]].concat(), &[]);
    assert_eq!((code, found.len(), found[0].0.as_str()), (0, 1, "concurrent"), "{found:#?}");
}

#[test]
fn two_attempts_of_which_both_are_followed_are_a_fork() {
    let builds = chain(3);
    // Run 3 began before the second attempt at run 2 was finished.
    let retry = again(&builds[1], 55);
    let given = [all(&builds), vec![&retry]].concat();
    names_nothing(&given, &[]);
    let after = fourth(&retry);
    finds(&[given, vec![&after]].concat(), &[], &["fork"]);
}

#[test]
fn builds_of_one_attempt_without_the_id_of_a_run_are_a_fork() {
    let builds = chain(2);
    let strip = |b: &Told| {
        let counts = serde_json::json!({"run_number": b.number.to_string(), "run_attempt": "1"});
        let mut chain = serde_json::json!({"sequence": b.sequence, "platform_counts": counts});
        if let Some(previous) = &b.previous {
            chain["previous"] = previous.as_str().into();
        }
        b.clone().with(|b| {
            b.more = serde_json::json!({"chain": {"status": "observed", "basis": "read", "value": chain}});
        })
    };
    let one = strip(&builds[1]);
    let two = strip(&builds[1].clone().with(|b| {
        b.id = "twin".to_owned();
        b.started += 30;
        b.finished += 30;
    }));
    finds(&[&builds[0], &one, &two], &[], &["fork"]);
}

#[test]
fn builds_within_one_second_accuse_nobody() {
    // All begin and end within one second.
    let first = Told::first().with(|b| b.finished = b.started);
    let same = |b: &Told| {
        b.next().with(|b| {
            b.started = first.started;
            b.finished = first.finished;
        })
    };
    let second = same(&first);
    let third = same(&second);
    let builds = [&first, &second, &third];
    names_nothing(&builds, &["--head", &third.digest(), "--head", &first.digest()]);
    names_nothing(&builds[1..], &["--head", &first.digest()]);
    names_nothing(&[&first, &again(&first, 0), &same(&again(&first, 0))], &[]);
}

#[test]
fn a_successor_on_a_machine_whose_clock_is_late_accuses_nobody() {
    let paced = |b: &mut Told| b.pace = 1;
    let first = Told::first().with(paced);
    // It ended before its predecessor began, as its own machine tells the time.
    let second = first.next().with(|b| {
        b.started = 10;
        b.finished = 20;
    });
    let third = second.next().with(|b| {
        b.started = 12;
        b.finished = 22;
    });
    let head = third.digest();
    names_nothing(&[&first, &second, &third], &[]);
    names_nothing(&[&first, &second, &third], &["--head", &head]);
    names_nothing(&[&second, &third], &["--head", &first.digest()]);
}
