//! The lock against builds: what is proposed is approved, and each thing that is another is named.

use std::collections::BTreeMap;

mod approving;
mod sections;

use super::{Against, against, laxer_than_default, proposed};
use crate::drift::View;
use crate::drift::tests::{
    WORKFLOW, build, build_with, bundle, ca, container, digest, environment, git, hook, inline,
    no_container, package, pipeline, reference, roll_image, sealed, set_packages, setting,
    swap_cargo, swap_inside, tool, tools, touch,
};
use crate::format::evidence::{BuildEvidence, Change, DriftKind, Lane};
use crate::format::fact::{Basis, Fact};
use crate::format::lock::{Class, Entry, Lock, LockedLane, Mode};

type Mutation = fn(&mut BuildEvidence);

fn lane() -> Lane {
    Lane {
        repository_id: Some("1".to_owned()),
        definition: Some(WORKFLOW.to_owned()),
        job: Some("build".to_owned()),
        ref_kind: "default branch".to_owned(),
        ..Lane::default()
    }
}

/// The lock that was proposed from a build.
fn lock_of(evidence: &BuildEvidence) -> Lock {
    let section = proposed(View::of(evidence));
    let locked = LockedLane { lane: lane(), modes: BTreeMap::new(), section };
    Lock { lanes: [("release".to_owned(), locked)].into(), ..Lock::default() }
}

fn exact(mut lock: Lock) -> Lock {
    lock.modes = Class::LOCKED.into_iter().map(|class| (class, Mode::Exact)).collect();
    // Of these there is nothing more to compare.
    lock.modes.insert(Class::Variables, Mode::Present);
    lock
}

fn entry<'a>(lock: &'a mut Lock, class: Class, name: &str) -> &'a mut Entry {
    let section = &mut lock.lanes.get_mut("release").unwrap().section;
    section.entry(class).or_default().entry(name.to_owned()).or_default()
}

fn judge(lock: &Lock, evidence: &BuildEvidence) -> Against {
    against(lock, &lane(), View::of(evidence), "2026-01-31T12:00:00Z".parse().unwrap())
}

/// `class name: kind` of each.
fn drift(lock: &Lock, evidence: &BuildEvidence) -> Vec<String> {
    let drift = judge(lock, evidence).drift;
    drift.iter().map(|one| format!("{} {}: {}", one.class, one.name, one.kind)).collect()
}

fn missing<T>() -> Fact<T> {
    Fact::unavailable(Basis::Read, "not looked at")
}

/// On a runner of one's own, in an image that is pinned: everything is compared exactly by default.
fn own(e: &mut BuildEvidence) {
    pipeline(e).runner_environment = Some("self-hosted".to_owned());
    environment(e).runner_image = None;
    container(e).image = Some(format!("ghcr.io/us/build@sha256:{}", digest("image")));
}

const MUTATIONS: &[(Mutation, &str)] = &[
    (|e| tools(e).list[0].version = Some("cargo 2".into()), "tools cargo: differs"),
    (swap_cargo, "tools cargo: differs"),
    (|e| tools(e).list[0].sha256_before = None, "tools cargo: not compared"),
    (|e| tools(e).list.push(tool("go", "go1.25", "go")), "tools go: not approved"),
    (|e| tools(e).list.push(tool("cargo", "c", "evil")), "tools cargo (2): not approved"),
    (|e| drop(tools(e).list.remove(1)), "tools node: missing"),
    (|e| e.tools = missing(), "tools tools: not compared"),
    (|e| set_packages(e, vec![package("libc6", "2.40")]), "packages dpkg: differs"),
    (|e| e.packages = Fact::absent(Basis::Read), "packages dpkg: missing"),
    (|e| e.packages = missing(), "packages packages: not compared"),
    (
        |e| inline(&mut environment(e).other_variables).push("NEW".into()),
        "variables NEW: not approved",
    ),
    (
        |e| drop(inline(&mut environment(e).variables).insert("LD_PRELOAD".into(), "x".into())),
        "variables LD_PRELOAD: not approved",
    ),
    (
        |e| inline(&mut environment(e).other_variables).retain(|name| name != "GOROOT"),
        "variables GOROOT: missing",
    ),
    (|e| environment(e).variables = sealed(), "variables environment.variables: not compared"),
    (
        |e| environment(e).other_variables = sealed(),
        "variables environment.other_variables: not compared",
    ),
    (
        |e| pipeline(e).definitions[0].references.push(reference("uses", "evil/x@v1")),
        "references .github/workflows/release.yml: uses evil/x: not approved",
    ),
    (
        |e| "actions/checkout@v5".clone_into(&mut pipeline(e).definitions[0].references[0].text),
        "references .github/workflows/release.yml: uses actions/checkout: differs",
    ),
    (
        |e| pipeline(e).definitions[0].trouble = Some("no YAML".into()),
        "references pipeline.references: .github/workflows/release.yml: not compared",
    ),
    (
        |e| pipeline(e).definitions[0].committed = Some(false),
        "configuration .github/workflows/release.yml: differs",
    ),
    (
        |e| pipeline(e).definitions[0].committed = None,
        "configuration .github/workflows/release.yml: not compared",
    ),
    (|e| ca(e).system = Some(bundle("evil")), "configuration ca bundle system: differs"),
    (
        |e| ca(e).system.as_mut().unwrap().sha256 = None,
        "configuration ca bundle system: not compared",
    ),
    (
        |e| drop(ca(e).variables.insert("SSL_CERT_FILE".into(), bundle("x"))),
        "configuration ca bundle SSL_CERT_FILE: not approved",
    ),
    (
        |e| environment(e).ca_bundle = Fact::absent(Basis::Read),
        "configuration ca bundle system: missing",
    ),
    (|e| environment(e).ca_bundle = missing(), "configuration environment.ca_bundle: not compared"),
    (|e| git(e).hooks.push(hook("pre-commit", "x")), "configuration hook pre-commit: not approved"),
    (
        |e| git(e).hooks[0] = hook("post-checkout", "evil"),
        "configuration hook post-checkout: differs",
    ),
    (
        |e| git(e).settings.push(setting("local", "core.fsmonitor")),
        "configuration local: core.fsmonitor: not approved",
    ),
    (
        |e| environment(e).git_configuration = missing(),
        "configuration environment.git_configuration: not compared",
    ),
    (
        |e| environment(e).preloads.push("LD_PRELOAD".into()),
        "configuration preload LD_PRELOAD: not approved",
    ),
    (|e| environment(e).os_release = Some("x".into()), "configuration os release: differs"),
    (|e| environment(e).container = missing(), "runner-image environment.container: not compared"),
    (|e| container(e).image = Some("evil".into()), "runner-image container image: differs"),
    (|e| container(e).image = None, "runner-image container image: not compared"),
    (
        |e| environment(e).container = Fact::absent(Basis::Read),
        "runner-image container image: missing",
    ),
];

#[test]
fn a_lock_that_was_proposed_from_a_build_approves_that_build() {
    for (change, _) in MUTATIONS {
        let evidence = build_with(change);
        for lock in [lock_of(&evidence), exact(lock_of(&evidence))] {
            let drift = judge(&lock, &evidence).drift;
            // What isn't shown is never approved, nor is a file that isn't the commit's.
            let shown = drift.iter().filter(|one| one.kind != DriftKind::NotCompared);
            let mut shown = shown.filter(|one| one.name != WORKFLOW);
            assert_eq!(shown.next(), None);
        }
    }
    for evidence in [build(), build_with(own), build_with(roll_image)] {
        assert_eq!(judge(&lock_of(&evidence), &evidence).drift, []);
        assert_eq!(judge(&exact(lock_of(&evidence)), &evidence).drift, []);
    }
}

#[test]
fn each_single_mutation_is_named_by_class_name_and_kind_and_nothing_else_is() {
    let lock = exact(lock_of(&build()));
    for (change, expected) in MUTATIONS {
        assert_eq!(drift(&lock, &build_with(change)), [*expected]);
    }
    let rolled = drift(&lock, &build_with(roll_image));
    assert_eq!(rolled, ["runner-image runner image: differs"]);
}

#[test]
fn in_a_pinned_image_on_a_runner_of_ones_own_the_defaults_find_all_of_it() {
    let lock = lock_of(&build_with(own));
    for (change, expected) in MUTATIONS {
        let evidence = build_with(|e| {
            own(e);
            change(e);
        });
        let found = drift(&lock, &evidence);
        // Without its pinned image the defaults are others.
        if !expected.starts_with("runner-image") {
            assert_eq!(found, [*expected]);
        } else {
            assert!(found.contains(&(*expected).to_owned()), "{found:?}");
        }
    }
    let moved = build_with(|e| {
        own(e);
        container(e).image = Some(format!("ghcr.io/us/build@sha256:{}", digest("moved")));
    });
    assert_eq!(drift(&lock, &moved), ["runner-image container image: differs"]);
}

#[test]
fn a_value_of_a_variable_is_never_told_and_what_was_found_of_a_tool_is() {
    let mut lock = exact(lock_of(&build()));
    let planted = entry(&mut lock, Class::Variables, "GONE");
    (planted.version, planted.sha256) = (Some("secret".to_owned()), Some(digest("secret")));
    let found = judge(&lock, &build_with(swap_cargo)).drift;
    assert!(!format!("{found:?}").contains("secret"));
    let cargo = found.iter().find(|one| one.name == "cargo").unwrap();
    let text =
        |content: &str| format!("cargo 1.91.0 sha256:{}", &digest(content).to_string()[..16]);
    assert_eq!(cargo.expected, Some(text("cargo")));
    assert_eq!(cargo.found, Some(text("another cargo")));
    assert_eq!(found.len(), 2);
}

#[test]
fn a_roll_of_the_hosted_image_is_no_drift_and_covers_only_what_an_image_brings() {
    let lock = lock_of(&build_with(no_container));
    let roll = |e: &mut BuildEvidence| {
        no_container(e);
        roll_image(e);
        tools(e).list[0].version = Some("cargo 2".to_owned());
        tools(e).list.push(tool("go", "go1.25", "go"));
        inline(&mut environment(e).other_variables).push("NEW".to_owned());
        inline(&mut environment(e).other_variables).push("BASH_ENV".to_owned());
        touch(e, "MADE", Change::Made);
        ca(e).system = Some(bundle("another"));
        environment(e).os_release = Some("Ubuntu 24.04.2".to_owned());
        e.packages = Fact::absent(Basis::Read);
        // What no image brings.
        ca(e).variables.insert("SSL_CERT_FILE".to_owned(), bundle("x"));
        git(e).hooks[0] = hook("post-checkout", "evil");
        environment(e).preloads.push("LD_PRELOAD".to_owned());
        pipeline(e).definitions[0].committed = Some(false);
        pipeline(e).definitions[0].references.push(reference("uses", "evil/x@v1"));
    };
    let rolled = build_with(roll);
    let found = judge(&lock, &rolled).drift;
    let named = |is_drift: bool| -> Vec<&str> {
        let some = found.iter().filter(|one| one.kind.is_drift() == is_drift);
        some.map(|one| one.name.as_str()).collect()
    };
    assert_eq!(
        named(false),
        ["runner image", "cargo", "dpkg", "NEW", "ca bundle system", "os release"]
    );
    assert_eq!(
        named(true),
        [
            "go",
            ".github/workflows/release.yml: uses evil/x",
            "BASH_ENV",
            "MADE",
            WORKFLOW,
            "ca bundle SSL_CERT_FILE",
            "hook post-checkout",
            "preload LD_PRELOAD",
        ]
    );

    // Never what the lock compares exactly, nor what comes from a container.
    let mut strict = lock.clone();
    strict.modes = [(Class::Tools, Mode::Exact), (Class::Packages, Mode::Exact)].into();
    let found = drift(&strict, &rolled);
    for expected in ["tools cargo: differs", "packages dpkg: missing"] {
        assert!(found.contains(&expected.to_owned()), "{found:?}");
    }
    let contained = build_with(|e| {
        let container = environment(e).container.clone();
        roll(e);
        environment(e).container = container;
    });
    let excused = judge(&lock_of(&build()), &contained).drift;
    let excused: Vec<_> = excused.iter().filter(|one| !one.kind.is_drift()).collect();
    assert!(matches!(excused.as_slice(), [one] if one.name == "runner image"), "{excused:?}");

    let own = build_with(|e| {
        no_container(e);
        roll_image(e);
        swap_cargo(e);
        tools(e).list[0].version = Some("cargo 2".to_owned());
        pipeline(e).runner_environment = Some("self-hosted".to_owned());
    });
    assert_eq!(drift(&lock, &own), ["runner-image runner image: differs", "tools cargo: differs"]);
    for image in ["ubuntu22 20260201.1", "ubuntu24 20251201.1"] {
        let other = build_with(|e| {
            no_container(e);
            environment(e).runner_image = Some(image.to_owned());
        });
        assert_eq!(drift(&lock, &other), ["runner-image runner image: differs"]);
    }
}

#[test]
fn a_version_suffices_on_a_hosted_runner_and_a_silent_tool_needs_its_digest() {
    let mut lock = lock_of(&build());
    assert_eq!(drift(&lock, &build_with(swap_cargo)), [] as [String; 0]);
    let silent = |e: &mut BuildEvidence| tools(e).list[0].version = None;
    assert_eq!(drift(&lock, &build_with(silent)), [] as [String; 0]);
    let swapped = build_with(|e| {
        silent(e);
        swap_cargo(e);
    });
    assert_eq!(drift(&lock, &swapped), ["tools cargo: differs"]);
    // By hand, with the version alone.
    entry(&mut lock, Class::Tools, "cargo").sha256 = None;
    assert_eq!(drift(&lock, &build()), [] as [String; 0]);
    assert_eq!(drift(&exact(lock), &build()), ["tools cargo: differs"]);
}

#[test]
fn the_defaults_follow_the_runner_and_the_pin() {
    let modes = |change: Mutation| judge(&lock_of(&build()), &build_with(change)).modes;
    let of = |image, tools, packages| -> BTreeMap<Class, Mode> {
        [
            (Class::RunnerImage, image),
            (Class::Tools, tools),
            (Class::References, Mode::Exact),
            (Class::Packages, packages),
            (Class::Variables, Mode::Present),
            (Class::Configuration, Mode::Git),
        ]
        .into()
    };
    assert_eq!(modes(|_| {}), of(Mode::Version, Mode::Version, Mode::Present));
    assert_eq!(modes(own), of(Mode::Exact, Mode::Exact, Mode::Exact));
    let hosted_and_pinned = of(Mode::Exact, Mode::Version, Mode::Exact);
    assert_eq!(
        modes(|e| {
            own(e);
            pipeline(e).runner_environment = Some("github-hosted".to_owned());
        }),
        hosted_and_pinned
    );
    assert_eq!(
        modes(|e| {
            own(e);
            pipeline(e).platform = "gitlab".to_owned();
            pipeline(e).disposable = Some(true);
        }),
        hosted_and_pinned
    );
    let unpinned = of(Mode::Version, Mode::Version, Mode::Present);
    assert_eq!(modes(|e| pipeline(e).runner_environment = None), unpinned);
}

#[test]
fn classes_that_are_compared_less_closely_are_named_and_no_drift() {
    let mut lock = lock_of(&build_with(own));
    lock.modes = [(Class::Tools, Mode::Version)].into();
    let lane = &mut lock.lanes.get_mut("release").unwrap().modes;
    *lane = [(Class::References, Mode::Ignored), (Class::Configuration, Mode::Present)].into();
    let found = judge(&lock, &build_with(own));
    assert_eq!(found.drift, []);
    assert_eq!(found.laxer, [Class::Tools, Class::References, Class::Configuration]);
    let evidence = build_with(own);
    let lax = |class, mode| laxer_than_default(&[(class, mode)].into(), View::of(&evidence));
    assert_eq!(lax(Class::Packages, Mode::Present), [Class::Packages]);
    assert_eq!(lax(Class::Packages, Mode::Unknown), []);
    assert_eq!(lax(Class::Configuration, Mode::Exact), []);
    assert_eq!(lax(Class::Configuration, Mode::Version), [Class::Configuration]);
    assert_eq!(lax(Class::Variables, Mode::Ignored), [Class::Variables]);
    // The lane's mode goes before the one for all.
    lock.modes.insert(Class::References, Mode::Exact);
    assert!(judge(&lock, &evidence).laxer.contains(&Class::References));
}

#[test]
fn an_ignored_class_is_not_compared_and_a_present_one_by_its_names() {
    let mut lock = lock_of(&build());
    lock.modes = [(Class::Tools, Mode::Present), (Class::Configuration, Mode::Present)].into();
    let other = |e: &mut BuildEvidence| {
        tools(e).list[0].version = Some("cargo 2".to_owned());
        ca(e).system = Some(bundle("x"));
        pipeline(e).definitions[0].committed = Some(false);
    };
    assert_eq!(drift(&lock, &build_with(other)), [] as [String; 0]);
    let new = build_with(|e| tools(e).list.push(tool("go", "1", "go")));
    assert_eq!(drift(&lock, &new), ["tools go: not approved"]);
    lock.modes.insert(Class::Tools, Mode::Ignored);
    assert_eq!(drift(&lock, &new), [] as [String; 0]);
}

#[test]
fn a_tool_that_was_swapped_inside_the_build_is_never_the_approved_one() {
    // By another, by nothing, and by the very one that the lock approves.
    for content in [Some("evil"), None, Some("cargo")] {
        let swapped = build_with(|e| swap_inside(e, content));
        for lock in [lock_of(&build()), exact(lock_of(&build())), lock_of(&swapped)] {
            assert_eq!(drift(&lock, &swapped), ["tools cargo: differs"], "{content:?}");
        }
    }
    let swapped = build_with(|e| swap_inside(e, Some("evil")));
    let found = judge(&lock_of(&build()), &swapped).drift[0].found.clone();
    assert_eq!(found, Some(format!("sha256:{}", &digest("evil").to_string()[..16])));
}

#[test]
fn a_variable_that_a_step_made_must_be_approved_like_any_other() {
    let made = build_with(|e| {
        touch(e, "LD_PRELOAD", Change::Made);
        touch(e, "GITHUB_STATE", Change::Made);
        touch(e, "GOROOT", Change::Changed);
    });
    assert_eq!(drift(&lock_of(&build()), &made), ["variables LD_PRELOAD: not approved"]);
    assert_eq!(drift(&lock_of(&made), &made), [] as [String; 0]);
}

#[test]
fn a_lock_that_asks_for_values_of_variables_is_not_taken_to_be_met() {
    for mode in [Mode::Exact, Mode::Version, Mode::Git, Mode::Unknown] {
        let mut lock = lock_of(&build());
        lock.modes.insert(Class::Variables, mode);
        entry(&mut lock, Class::Variables, "RUSTFLAGS").version = Some("-Dwarnings".to_owned());
        let found = judge(&lock, &build()).drift;
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.class, one.kind), (Class::Variables, DriftKind::NotCompared));
        assert_eq!(one.found.as_deref(), Some("values are not compared"));
    }
}
