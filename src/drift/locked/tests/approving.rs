//! What a lock approves of a difference, which explains it.

use super::{MUTATIONS, entry, lane, lock_of};
use crate::drift::tests::{
    build, build_with, digest, roll_image, swap_cargo, swap_inside, tool, tools,
};
use crate::drift::{Difference, View, approves, compare, proposed};
use crate::format::evidence::{BuildEvidence, ChangeKind};
use crate::format::lock::{Class, Entry, Lock, Mode};

fn changed(change: impl FnOnce(&mut BuildEvidence)) -> Vec<Difference> {
    compare(View::of(&build()), View::of(&build_with(change))).differences
}

pub(super) fn cargo_changed() -> Difference {
    changed(swap_cargo).remove(0)
}

fn approved(lock: &Lock, difference: &Difference) -> bool {
    approves(lock, &lane(), difference, "2026-01-31T12:00:00Z".parse().unwrap())
}

#[test]
fn a_lock_approves_the_differences_that_led_to_what_it_was_proposed_from() {
    // What a lock can't name, or can't know the value of.
    let never = ["tools.paths", "environment.fingerprints", "environment.path"];
    for (change, _) in MUTATIONS {
        let (lock, old) = (lock_of(&build_with(change)), lock_of(&build()));
        for one in changed(change) {
            if matches!(one.change, ChangeKind::Removed)
                || never.contains(&one.place.as_str())
                || one.place.ends_with(".list")
                || one.place.ends_with(".mounts")
            {
                assert!(!approved(&lock, &one), "{one:?}");
                continue;
            }
            // Of what can't be read whole nothing is known that could be approved.
            let expected =
                !one.after.as_ref().is_some_and(|after| after.is_empty() || after == "no digest");
            assert_eq!(approved(&lock, &one), expected, "{one:?}");
            assert!(!approved(&old, &one), "{one:?}");
        }
    }
    let rolled = changed(roll_image).remove(0);
    assert!(approved(&lock_of(&build_with(roll_image)), &rolled));
    let pinned = build_with(super::own);
    let image =
        changed(super::own).into_iter().find(|one| one.place == "environment.container").unwrap();
    assert!(approved(&lock_of(&pinned), &image));
    assert!(!approved(&lock_of(&build()), &image));
}

#[test]
fn a_version_alone_approves_a_tool_unless_the_lock_compares_it_exactly() {
    let mut lock = lock_of(&build_with(swap_cargo));
    assert!(approved(&lock, &cargo_changed()));
    entry(&mut lock, Class::Tools, "cargo").sha256 = None;
    assert!(approved(&lock, &cargo_changed()));
    let unhashable = changed(|e| tools(e).list[0].sha256_before = None).remove(0);
    assert!(approved(&lock, &unhashable));
    lock.modes.insert(Class::Tools, Mode::Exact);
    assert!(!approved(&lock, &cargo_changed()) && !approved(&lock, &unhashable));
    lock.modes.clear();
    entry(&mut lock, Class::Tools, "cargo").sha256 = Some(digest("cargo"));
    assert!(!approved(&lock, &cargo_changed()) && !approved(&lock, &unhashable));
}

#[test]
fn no_entry_approves_a_tool_that_was_swapped_inside_the_build() {
    for content in [Some("evil"), Some("cargo"), None] {
        let swapped = changed(|e| swap_inside(e, content)).remove(0);
        let mut lock = lock_of(&build_with(|e| swap_inside(e, content)));
        assert!(!approved(&lock, &swapped));
        *entry(&mut lock, Class::Tools, "cargo") =
            Entry { version: Some("cargo 1.91.0".to_owned()), ..Entry::default() };
        assert!(!approved(&lock, &swapped), "{content:?}");
    }
}

#[test]
fn nothing_is_approved_by_what_has_expired_is_ignored_or_is_another_lanes() {
    let lock = lock_of(&build_with(swap_cargo));
    let mut expired = lock.clone();
    entry(&mut expired, Class::Tools, "cargo").expires = Some("2026-01-30".to_owned());
    assert!(!approved(&expired, &cargo_changed()));
    let mut ignored = lock.clone();
    ignored.lanes.get_mut("release").unwrap().modes.insert(Class::Tools, Mode::Ignored);
    assert!(!approved(&ignored, &cargo_changed()));
    let mut other = lock.clone();
    other.lanes.get_mut("release").unwrap().lane.job = None;
    other.shared = proposed(View::of(&build_with(swap_cargo)));
    assert!(!approved(&other, &cargo_changed()));
    // Shared entries count in a lane that the lock knows.
    let mut shared = lock.clone();
    shared.shared = std::mem::take(&mut shared.lanes.get_mut("release").unwrap().section);
    assert!(approved(&shared, &cargo_changed()));
    // An expired entry of the lane isn't replaced by the shared one.
    *entry(&mut shared, Class::Tools, "cargo") =
        Entry { expires: Some("2026-01-30".to_owned()), ..Entry::default() };
    assert!(!approved(&shared, &cargo_changed()));
}

#[test]
fn that_a_thing_is_gone_is_approved_where_the_lock_says_so() {
    let gone = changed(|e| drop(tools(e).list.remove(1))).remove(0);
    let mut lock = lock_of(&build());
    assert!(!approved(&lock, &gone));
    *entry(&mut lock, Class::Tools, "node") = Entry { absent: true, ..Entry::default() };
    assert!(approved(&lock, &gone));
    let come = changed(|e| tools(e).list.push(tool("go", "1", "go"))).remove(0);
    entry(&mut lock, Class::Tools, "go").absent = true;
    assert!(!approved(&lock, &come));
}
