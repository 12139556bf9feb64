//! Records that follow, and every way to lie in one.

use crate::drift::tests::{
    WORKFLOW, build, build_with, commit, container, dependencies, dependency, digest, environment,
    inline, lane_of, no_container, package, record, roll_image, seal_defaults, sealed,
    set_packages, swap_cargo, tools,
};
use crate::drift::{Approval, follows};
use crate::format::evidence::{
    BuildEvidence, ChangeKind, Changes, CommitEntry, EnvironmentChange, ExplainedBy, NotCompared,
    PathKind,
};
use crate::format::fact::{Basis, Fact, Sealable};
use crate::format::lock::Class;

fn changes(evidence: &mut BuildEvidence) -> &mut Changes {
    evidence.changes.value.as_mut().unwrap()
}

fn public(evidence: &mut BuildEvidence) -> &mut Vec<EnvironmentChange> {
    inline(&mut changes(evidence).environment)
}

fn list(evidence: &mut BuildEvidence) -> &mut Vec<CommitEntry> {
    inline(&mut changes(evidence).commits.value.as_mut().unwrap().list)
}

fn commits() -> Vec<CommitEntry> {
    vec![
        commit("2", &[("README", PathKind::Owners)]),
        commit("1", &[("rust-toolchain", PathKind::Toolchain)]),
    ]
}

/// Much changed, and each kind of explanation but the lock's is there.
fn much(e: &mut BuildEvidence) {
    swap_cargo(e);
    roll_image(e);
    set_packages(e, vec![package("libc6", "2.40")]);
    inline(&mut environment(e).other_variables).push("NEW".to_owned());
    inline(&mut environment(e).variables).insert("LANG".to_owned(), "C".to_owned());
    inline(&mut environment(e).path).push("/opt".to_owned());
    environment(e).preloads.push("LD_PRELOAD".to_owned());
    dependencies(e).lockfiles[0].sha256 = Some(digest("edited"));
    inline(&mut dependencies(e).list)[0] = dependency("serde", "1.0.1", "bb");
}

fn recorded() -> (BuildEvidence, BuildEvidence) {
    let (old, mut new) = (build(), build_with(much));
    record(&old, &mut new, commits(), Approval::None);
    (old, new)
}

/// The departures that a lie brings, as `what`.
fn caught(lie: impl FnOnce(&mut BuildEvidence)) -> Vec<String> {
    let (old, mut new) = recorded();
    assert_eq!(follows(&old, &new), []);
    lie(&mut new);
    follows(&old, &new).into_iter().map(|one| one.what).collect()
}

fn position(evidence: &mut BuildEvidence, place: &str) -> usize {
    public(evidence).iter().position(|one| one.place == place).unwrap()
}

fn at<'a>(evidence: &'a mut BuildEvidence, place: &str) -> &'a mut EnvironmentChange {
    let position = position(evidence, place);
    &mut public(evidence)[position]
}

#[test]
fn an_honest_record_follows_with_and_without_sections_on_either_side() {
    let (mut old, mut new) = recorded();
    assert_eq!(follows(&old, &new), []);
    seal_defaults(&mut old);
    assert_eq!(follows(&old, &new), []);
    seal_defaults(&mut new);
    assert_eq!(follows(&old, &new), []);
    assert_eq!(follows(&build(), &new), []);
    changes(&mut new).environment = sealed();
    assert_eq!(follows(&build(), &new), []);
    changes(&mut new).commits.value.as_mut().unwrap().list = sealed();
    assert_eq!(follows(&build(), &new), []);
}

#[test]
fn a_record_that_was_made_without_the_sections_follows_when_they_are_at_hand_later() {
    let (open, mut new) = (build(), build_with(much));
    let mut public_old = build();
    seal_defaults(&mut public_old);
    record(&public_old, &mut new, commits(), Approval::None);
    assert!(!changes(&mut new).not_compared.is_empty());
    assert_eq!(follows(&public_old, &new), []);
    assert_eq!(follows(&open, &new), []);
    // A variable that was recorded then, which the sealed side couldn't show.
    let moved_old = build_with(|e| {
        "old".clone_into(&mut e.build.id);
        inline(&mut environment(e).variables).insert("NEW".to_owned(), "1".to_owned());
    });
    assert_eq!(follows(&moved_old, &new), []);
}

#[test]
fn a_variable_that_is_now_only_named_is_no_lie_where_its_value_is_sealed() {
    let old = build();
    let mut new = build_with(|e| {
        inline(&mut environment(e).other_variables).retain(|name| name != "GOROOT");
        inline(&mut environment(e).variables).insert("GOROOT".to_owned(), "/go".to_owned());
    });
    record(&old, &mut new, Vec::new(), Approval::None);
    assert!(public(&mut new).is_empty());
    seal_defaults(&mut new);
    assert_eq!(follows(&old, &new), []);
}

#[test]
fn a_difference_that_is_not_recorded_is_found() {
    let found = caught(|e| {
        let tool = position(e, "tools");
        public(e).remove(tool);
        changes(e).counts.remove(&Class::Tools);
    });
    assert_eq!(found, ["tools: cargo"]);
    // In the part that is sealed as well, as long as it is at hand.
    let found = caught(|e| {
        inline(&mut changes(e).details).retain(|one| one.place != "environment.path");
        let count = changes(e).counts.get_mut(&Class::Configuration).unwrap();
        (count.changes, count.unexplained) = (count.changes - 1, count.unexplained - 1);
    });
    assert_eq!(found, ["environment.path: PATH"]);
}

#[test]
fn a_difference_that_is_not_there_or_another_one_is_found() {
    assert_eq!(
        caught(|e| at(e, "tools").after = Some("cargo 1.91.0".to_owned())),
        ["tools: cargo", "tools: cargo"]
    );
    assert_eq!(caught(|e| at(e, "tools").change = ChangeKind::Added).len(), 2);
    assert_eq!(caught(|e| at(e, "tools").class = Class::Configuration).len(), 4);
    let found = caught(|e| {
        let twice = at(e, "tools").clone();
        public(e).push(twice);
        changes(e).counts.get_mut(&Class::Tools).unwrap().changes += 1;
    });
    assert_eq!(found, ["tools: cargo"]);
}

#[test]
fn a_list_of_what_was_not_compared_can_not_hide_what_both_sides_show() {
    let hide = |place: &str, reason: &str| {
        let one = NotCompared { place: place.to_owned(), reason: reason.to_owned() };
        move |e: &mut BuildEvidence| {
            public(e).retain(|change| change.place != one.place);
            inline(&mut changes(e).details).retain(|change| change.place != one.place);
            changes(e).counts.clear();
            changes(e).not_compared.push(one);
        }
    };
    for (place, reason) in [
        ("tools", "sealed in the baseline"),
        ("tools", "not captured in the baseline"),
        ("environment.path", "sealed in this build"),
        // The sections were at hand, as the record itself says.
        ("environment.path", "sealed in the baseline"),
        ("packages.dpkg.list", "not captured in either"),
    ] {
        let found = caught(hide(place, reason));
        assert!(found.iter().any(|what| what == place), "{place} {reason}: {found:?}");
    }
    // Nor where they weren't: this part can't be sealed.
    let found = caught(|e| {
        changes(e).baseline.value.as_mut().unwrap().sections = false;
        hide("tools", "sealed in the baseline")(e);
    });
    assert!(found.contains(&"tools: cargo".to_owned()) && found.contains(&"tools".to_owned()));
}

#[test]
fn what_was_not_captured_must_be_said() {
    let (mut old, mut new) = (build(), build_with(much));
    old.tools = Fact::unavailable(Basis::Read, "x");
    record(&old, &mut new, commits(), Approval::None);
    assert_eq!(follows(&old, &new), []);
    changes(&mut new).not_compared.retain(|one| one.place != "tools");
    let found = follows(&old, &new);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].what.as_str(), found[0].recorded.as_str()), ("tools", "compared"));
}

#[test]
fn counts_that_lie_are_found() {
    let lies: [fn(&mut Changes); 4] = [
        |c| c.counts.get_mut(&Class::Tools).unwrap().changes = 0,
        |c| c.counts.get_mut(&Class::Configuration).unwrap().unexplained = 0,
        |c| c.counts.retain(|class, _| *class != Class::Variables),
        |c| c.counts.extend([(Class::References, c.counts[&Class::Tools])]),
    ];
    for lie in lies {
        let found = caught(|e| lie(changes(e)));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("counts of "));
    }
    // Where details are sealed, fewer than are shown, or more unexplained than there are.
    for lie in [lies[0], lies[1], |c| c.counts.get_mut(&Class::Tools).unwrap().unexplained = 9] {
        let found = caught(|e| {
            seal_defaults(e);
            lie(changes(e));
        });
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_commit_that_is_not_in_the_list_or_decides_nothing_explains_nothing() {
    let explain = |by, commit: Option<&str>| {
        let commit = commit.map(str::to_owned);
        move |e: &mut BuildEvidence| {
            let explanation = &mut at(e, "tools").explanation;
            (explanation.by, explanation.commit) = (by, commit);
        }
    };
    for id in [Some("3"), Some("2"), Some(""), None] {
        assert_eq!(caught(explain(ExplainedBy::Commit, id)), ["tools: cargo"], "{id:?}");
    }
    assert_eq!(caught(|e| list(e).clear()).len(), 1);
    let found = caught(|e| changes(e).commits = Fact::unavailable(Basis::Read, "shallow"));
    assert_eq!(found, ["tools: cargo"]);
    // The lock was touched in the range, and that is all.
    let found = caught(|e| list(e)[1] = commit("1", &[("proofmark.lock", PathKind::Toolchain)]));
    assert_eq!(found, ["tools: cargo"]);
}

#[test]
fn an_image_that_did_not_roll_explains_nothing_and_one_that_did_no_preload() {
    let found = caught(|e| {
        let one = at(e, "environment.preloads");
        assert_eq!(one.explanation.by, ExplainedBy::Unexplained);
        one.explanation.by = ExplainedBy::PlatformImage;
        changes(e).counts.get_mut(&Class::Configuration).unwrap().unexplained -= 1;
    });
    assert_eq!(found, ["environment.preloads: LD_PRELOAD"]);

    let (old, mut new) = (build(), build_with(swap_cargo));
    record(&old, &mut new, Vec::new(), Approval::None);
    at(&mut new, "tools").explanation.by = ExplainedBy::PlatformImage;
    changes(&mut new).counts.get_mut(&Class::Tools).unwrap().unexplained = 0;
    assert_eq!(follows(&old, &new).len(), 1);
    // A roll that is recorded but not there is found, and explains no other change.
    let mut roll = at(&mut new, "tools").clone();
    roll.class = Class::RunnerImage;
    roll.place = "environment.runner_image".to_owned();
    (roll.before, roll.after) = (Some("u 1".to_owned()), Some("u 2".to_owned()));
    public(&mut new).push(roll);
    assert!(follows(&old, &new).iter().any(|one| one.what == "tools: cargo"));
}

#[test]
fn a_commit_or_a_roll_that_has_nothing_to_do_with_the_build_is_no_explanation() {
    let lie = |by, commit: Option<&str>, change: fn(&mut BuildEvidence), touched| {
        let lane = lane_of(Some(WORKFLOW), None);
        let lane = Fact::observed(Basis::Read, lane);
        let mut old = build_with(|e| "old".clone_into(&mut e.build.id));
        let mut new = build_with(swap_cargo);
        (old.lane, new.lane) = (lane.clone(), lane);
        change(&mut old);
        change(&mut new);
        roll_image(&mut new);
        record(&old, &mut new, vec![crate::drift::tests::commit("1", &[touched])], Approval::None);
        assert_eq!(follows(&old, &new), []);
        let explanation = &mut at(&mut new, "tools").explanation;
        (explanation.by, explanation.commit) = (by, commit.map(str::to_owned));
        changes(&mut new).counts.remove(&Class::Tools);
        let found = follows(&old, &new);
        assert!(found.iter().any(|one| one.what == "tools: cargo"), "{by} {found:?}");
    };
    let stale = (".github/workflows/stale.yml", PathKind::Definition);
    let example = ("examples/rust-toolchain", PathKind::Toolchain);
    lie(ExplainedBy::Commit, Some("1"), no_container, stale);
    lie(ExplainedBy::Commit, Some("1"), no_container, example);
    lie(ExplainedBy::Commit, Some("1"), no_container, ("Dockerfile", PathKind::Container));
    // The tools are the container's.
    lie(ExplainedBy::PlatformImage, None, |_| {}, stale);
    // The platform's image does explain them on the runner itself.
    lie(ExplainedBy::Unexplained, None, no_container, stale);
}

#[test]
fn a_lock_explains_only_where_it_is_the_one_of_the_baseline() {
    let (old, mut new) = (build(), build_with(swap_cargo));
    record(&old, &mut new, Vec::new(), Approval::InForce);
    assert_eq!(follows(&old, &new), []);
    for state in [Some(true), None] {
        changes(&mut new).lock.value.as_mut().unwrap().changed_since_baseline = state;
        assert_eq!(follows(&old, &new).len(), 1, "{state:?}");
    }
    changes(&mut new).lock = Fact::absent(Basis::Read);
    assert_eq!(follows(&old, &new).len(), 1);
    record(&old, &mut new, Vec::new(), Approval::Pending);
    assert_eq!(follows(&old, &new), []);
}

#[test]
fn what_a_commit_explains_is_not_recorded_as_unexplained() {
    let found = caught(|e| {
        at(e, "tools").explanation.by = ExplainedBy::Unexplained;
        changes(e).counts.get_mut(&Class::Tools).unwrap().unexplained = 1;
    });
    assert_eq!(found, ["tools: cargo"]);
}

#[test]
fn without_a_record_or_with_another_baseline_there_is_nothing_to_compare() {
    let old = build();
    assert_eq!(follows(&old, &build_with(much)), []);
    let (_, new) = recorded();
    assert_eq!(follows(&build_with(|_| {}), &new), []);
}

#[test]
fn sealed_details_do_not_excuse_a_part_that_is_public() {
    let found = caught(|e| {
        seal_defaults(e);
        let tool = position(e, "tools");
        public(e).remove(tool);
    });
    assert_eq!(found, ["tools: cargo"]);
    let (old, mut new) = recorded();
    changes(&mut new).details = Sealable::Inline(Vec::new());
    container(&mut new).mounts = sealed();
    tools(&mut new).paths = sealed();
    assert!(!follows(&old, &new).is_empty());
}
