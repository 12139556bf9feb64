//! Which section counts, and which of its entries do.

use super::approving::cargo_changed;
use super::{build, build_with, drift, entry, exact, judge, lane, lock_of, missing};
use crate::drift::tests::{WORKFLOW, digest, environment, roll_image, tool, tools};
use crate::drift::{View, against, approves};
use crate::format::evidence::{BuildEvidence, DriftKind, Lane};
use crate::format::lock::{Class, Entry, Lock, Mode};

#[test]
fn a_lock_that_compares_nothing_is_drift() {
    let nothing = |lock: &Lock| drift(lock, &build()) == ["unknown : covers nothing"];
    assert!(nothing(&Lock::default()));
    let mut lock = lock_of(&build());
    lock.modes = Class::LOCKED.into_iter().map(|class| (class, Mode::Ignored)).collect();
    assert!(nothing(&lock));
    assert_eq!(judge(&lock, &build()).laxer.len(), 6);
    let mut lock = lock_of(&build());
    lock.lanes.get_mut("release").unwrap().section.clear();
    assert!(nothing(&lock));
    // All that it names is ignored.
    let mut lock = lock_of(&build());
    lock.lanes.get_mut("release").unwrap().section.retain(|class, _| *class == Class::Tools);
    lock.modes = [(Class::Tools, Mode::Ignored)].into();
    assert!(nothing(&lock));
}

#[test]
fn a_lane_is_found_by_every_field_and_two_sections_for_it_are_none() {
    let lock = lock_of(&build());
    let others: [fn(&mut Lane); 6] = [
        |l| l.repository_id = Some("2".to_owned()),
        |l| l.project = Some("a".to_owned()),
        |l| l.definition = None,
        |l| l.job = Some("test".to_owned()),
        |l| l.leg = Some("x".to_owned()),
        |l| l.ref_kind = "tag".to_owned(),
    ];
    let on = "2026-01-31T12:00:00Z".parse().unwrap();
    for other in others {
        let mut lane = lane();
        other(&mut lane);
        let found = against(&lock, &lane, View::of(&build()), on);
        assert_eq!((found.lane, found.drift[0].kind), (None, DriftKind::NoSection));
    }
    let mut two = lock;
    let copy = two.lanes["release"].clone();
    two.lanes.insert("other".to_owned(), copy);
    let found = judge(&two, &build());
    assert_eq!((found.lane.as_ref(), found.drift.len()), (None, 1));
    assert_eq!(found.drift[0].kind, DriftKind::NoSection);
    assert_eq!(found.drift[0].found.as_deref(), Some("2 sections match the lane"));
    assert!(!approves(&two, &lane(), &cargo_changed(), on));
}

#[test]
fn entries_of_the_lane_go_before_shared_ones() {
    let mut lock = lock_of(&build());
    let shared = lock.shared.entry(Class::Tools).or_default();
    shared.insert("cargo".to_owned(), Entry { version: Some("other".into()), ..Entry::default() });
    shared.insert("go".to_owned(), Entry { version: Some("go1".into()), ..Entry::default() });
    assert_eq!(drift(&lock, &build()), ["tools go: missing"]);
    entry(&mut lock, Class::Tools, "go").absent = true;
    assert_eq!(drift(&lock, &build()), [] as [String; 0]);
    let there = build_with(|e| tools(e).list.push(tool("go", "go1", "go")));
    assert_eq!(drift(&lock, &there), ["tools go: not approved"]);
    assert_eq!(judge(&lock, &there).drift[0].expected.as_deref(), Some("none"));
}

#[test]
fn an_approval_holds_until_the_end_of_its_day_and_a_day_that_is_none_has_passed() {
    for (expires, holds) in [
        ("2026-01-31", true),
        ("2026-02-01", true),
        ("2026-01-30", false),
        ("2026-02-30", false),
        ("2026-2-1", false),
        ("never", false),
        ("", false),
        ("2026-02-01T00:00:00Z", false),
    ] {
        let mut lock = lock_of(&build());
        entry(&mut lock, Class::Tools, "cargo").expires = Some(expires.to_owned());
        let expected: &[&str] = if holds { &[] } else { &["tools cargo: expired"] };
        assert_eq!(drift(&lock, &build()), expected, "{expires:?}");
        // No roll of the image makes it hold.
        let rolled = drift(&lock, &build_with(roll_image));
        assert_eq!(rolled.len(), expected.len() + 1);
        assert!(expected.iter().all(|one| rolled.contains(&(*one).to_owned())));
    }
}

#[test]
fn what_no_build_of_a_system_can_show_is_drift_only_where_the_lock_names_it() {
    let mac = |e: &mut BuildEvidence| {
        environment(e).os = "macos".to_owned();
        environment(e).container = missing();
    };
    assert_eq!(drift(&lock_of(&build_with(mac)), &build_with(mac)), [] as [String; 0]);
    let expected = ["runner-image environment.container: not compared"];
    assert_eq!(drift(&lock_of(&build()), &build_with(mac)), expected);
    let windows = |e: &mut BuildEvidence| {
        environment(e).os = "windows".to_owned();
        environment(e).ca_bundle = missing();
    };
    assert_eq!(drift(&lock_of(&build_with(windows)), &build_with(windows)), [] as [String; 0]);
    // On Linux both can be told: to hide them helps nobody.
    let hidden = |e: &mut BuildEvidence| environment(e).ca_bundle = missing();
    assert_eq!(drift(&lock_of(&build_with(hidden)), &build_with(hidden)).len(), 1);
}

#[test]
fn a_definition_that_the_lock_names_all_the_same_must_be_that_one_where_it_is_exact() {
    let mut lock = lock_of(&build());
    entry(&mut lock, Class::Configuration, WORKFLOW).sha256 = Some(digest("another"));
    assert_eq!(drift(&lock, &build()), [] as [String; 0]);
    let found = drift(&exact(lock), &build());
    assert_eq!(found, ["configuration .github/workflows/release.yml: differs"]);
}
