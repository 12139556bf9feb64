//! Every place, every way to differ, and what is never a difference.

use crate::drift::tests::{
    build, build_with, bundle, ca, container, dependencies, dependency, differences, digest,
    environment, git, hook, inline, package, pipeline, reference, roll_image, seal_defaults,
    sealed, set_packages, setting, swap_cargo, swap_inside, tool, tools, touch,
};
use crate::drift::{Comparison, Difference, View, compare, short};
use crate::format::evidence::{
    BuildEvidence, Change, ChangeKind, NotCompared, PathText, Reference,
};
use crate::format::fact::{Basis, Fact};
use crate::format::lock::Class;

fn between(old: &BuildEvidence, new: &BuildEvidence) -> Comparison {
    compare(View::of(old), View::of(new))
}

type Mutation = fn(&mut BuildEvidence);

/// A change, and all that it makes differ.
const CHANGES: &[(Mutation, &[&str])] = &[
    (|_| {}, &[]),
    (roll_image, &["environment.runner_image: runner image"]),
    (|e| environment(e).runner_image = None, &["environment.runner_image: runner image"]),
    (
        |e| container(e).image = Some("ghcr.io/us/build:2".to_owned()),
        &["environment.container: container image"],
    ),
    (
        |e| environment(e).container = Fact::absent(Basis::Read),
        &["environment.container: container image", "environment.container.mounts: /work"],
    ),
    (
        |e| inline(&mut container(e).mounts)[0].read_only = true,
        &["environment.container.mounts: /work"],
    ),
    (swap_cargo, &["tools: cargo"]),
    (|e| tools(e).list[0].version = Some("cargo 1.92.0".to_owned()), &["tools: cargo"]),
    (|e| tools(e).list.push(tool("go", "go1.25", "go")), &["tools: go"]),
    (|e| drop(tools(e).list.remove(1)), &["tools: node"]),
    (|e| swap_inside(e, Some("evil")), &["tools: cargo"]),
    (|e| swap_inside(e, Some("cargo")), &["tools: cargo"]),
    (|e| swap_inside(e, None), &["tools: cargo"]),
    (|e| tools(e).list[0].sha256_before = None, &["tools: cargo"]),
    (
        |e| pipeline(e).definitions[0].sha256 = None,
        &["pipeline.definitions: .github/workflows/release.yml"],
    ),
    (|e| dependencies(e).lockfiles[0].sha256 = None, &["dependencies: Cargo.lock"]),
    (|e| git(e).hooks[0].sha256 = None, &["environment.git_configuration: hook post-checkout"]),
    (|e| ca(e).system.as_mut().unwrap().sha256 = None, &["environment.ca_bundle: system"]),
    (|e| touch(e, "LD_PRELOAD", Change::Made), &["environment.changed_variables: LD_PRELOAD"]),
    (|e| touch(e, "LD_PRELOAD", Change::Changed), &["environment.changed_variables: LD_PRELOAD"]),
    (|e| touch(e, "LD_PRELOAD", Change::Deleted), &["environment.changed_variables: LD_PRELOAD"]),
    (|e| touch(e, "GITHUB_STATE", Change::Made), &[]),
    (
        |e| {
            "/tmp/cargo".clone_into(&mut inline(&mut tools(e).paths).get_mut("cargo").unwrap().file)
        },
        &["tools.paths: cargo"],
    ),
    (
        |e| set_packages(e, vec![package("libc6", "2.40"), package("openssl", "3.0.1")]),
        &["packages.dpkg: dpkg", "packages.dpkg.list: libc6:amd64"],
    ),
    (|e| e.packages = Fact::absent(Basis::Read), &["packages.dpkg: dpkg"]),
    (
        |e| pipeline(e).definitions[0].sha256 = Some(digest("edited")),
        &["pipeline.definitions: .github/workflows/release.yml"],
    ),
    (
        |e| "actions/checkout@v5".clone_into(&mut pipeline(e).definitions[0].references[0].text),
        &["pipeline.references: .github/workflows/release.yml: uses actions/checkout"],
    ),
    (
        |e| "postgres:17@sha256:aa".clone_into(&mut pipeline(e).definitions[0].references[1].text),
        &["pipeline.references: .github/workflows/release.yml: image postgres"],
    ),
    (
        |e| pipeline(e).definitions[0].references.push(reference("uses", "evil/x@v1")),
        &["pipeline.references: .github/workflows/release.yml: uses evil/x"],
    ),
    (
        |e| drop(inline(&mut environment(e).variables).insert("RUSTFLAGS".into(), "-Cx".into())),
        &["environment.variables: RUSTFLAGS"],
    ),
    (
        |e| drop(inline(&mut environment(e).variables).insert("LD_PRELOAD".into(), "x".into())),
        &["environment.variables: LD_PRELOAD"],
    ),
    (
        |e| inline(&mut environment(e).other_variables).push("NEW".into()),
        &["environment.other_variables: NEW"],
    ),
    (
        |e| {
            let prints = environment(e).fingerprints.as_mut().unwrap();
            prints.variables.insert("GOROOT".into(), "22".into());
        },
        &["environment.fingerprints: GOROOT"],
    ),
    (|e| environment(e).os_release = Some("Ubuntu 25".into()), &["environment: os release"]),
    (|e| environment(e).kernel = Some("6.9".into()), &["environment: kernel"]),
    (|e| environment(e).architecture = "aarch64".into(), &["environment: architecture"]),
    (|e| environment(e).privileged = Some(true), &["environment: privileged"]),
    (|e| environment(e).umask = Some("000".into()), &["environment: umask"]),
    (|e| environment(e).locale = None, &["environment: locale"]),
    (|e| environment(e).preloads.push("LD_PRELOAD".into()), &["environment.preloads: LD_PRELOAD"]),
    (
        |e| git(e).settings.push(setting("local", "core.fsmonitor")),
        &["environment.git_configuration: local: core.fsmonitor"],
    ),
    (
        |e| git(e).hooks[0] = hook("post-checkout", "another"),
        &["environment.git_configuration: hook post-checkout"],
    ),
    (
        |e| git(e).hooks.push(hook("pre-commit", "x")),
        &["environment.git_configuration: hook pre-commit"],
    ),
    (
        |e| {
            let values = inline(&mut git(e).values);
            values.insert("global: url.x.insteadof".into(), vec!["evil".into()]);
        },
        &["environment.git_configuration.values: global: url.x.insteadof"],
    ),
    (|e| ca(e).system = Some(bundle("another")), &["environment.ca_bundle: system"]),
    (
        |e| drop(ca(e).variables.insert("SSL_CERT_FILE".into(), bundle("x"))),
        &["environment.ca_bundle: SSL_CERT_FILE"],
    ),
    (
        |e| inline(&mut environment(e).path).insert(0, "/tmp/bin".into()),
        &["environment.path: PATH"],
    ),
    (|e| dependencies(e).lockfiles[0].sha256 = Some(digest("x")), &["dependencies: Cargo.lock"]),
    (
        |e| inline(&mut dependencies(e).list)[0] = dependency("serde", "1.0.1", "bb"),
        &["dependencies.list: cargo serde"],
    ),
    (
        |e| inline(&mut dependencies(e).list)[0] = dependency("serde", "1.0.0", "bb"),
        &["dependencies.list: cargo serde"],
    ),
    (
        |e| inline(&mut dependencies(e).list).push(dependency("evil", "1", "cc")),
        &["dependencies.list: cargo evil"],
    ),
];

#[test]
fn each_change_is_named_in_its_place_and_nothing_else_is() {
    for (number, (change, expected)) in CHANGES.iter().enumerate() {
        let (old, new) = (build(), build_with(change));
        assert_eq!(differences(&old, &new), *expected, "change {number}");
        assert_eq!(between(&old, &new).not_compared, [], "change {number}");
    }
}

#[test]
fn a_build_is_equal_to_itself_whatever_is_sealed_or_missing() {
    for (change, _) in CHANGES {
        for also in [(|_| {}) as Mutation, seal_defaults_where_there, |e| e.tools = missing()] {
            let one = build_with(|e| {
                change(e);
                also(e);
            });
            assert_eq!(between(&one, &one).differences, []);
        }
    }
}

fn missing<T>() -> Fact<T> {
    Fact::unavailable(Basis::Read, "not looked at")
}

fn seal_defaults_where_there(evidence: &mut BuildEvidence) {
    environment(evidence).variables = sealed();
    tools(evidence).paths = sealed();
}

#[test]
fn the_other_way_round_what_came_goes_and_what_was_before_is_after() {
    let mirror = |one: &Difference| Difference {
        before: one.after.clone(),
        after: one.before.clone(),
        change: match one.change {
            ChangeKind::Added => ChangeKind::Removed,
            ChangeKind::Removed => ChangeKind::Added,
            other => other,
        },
        ..one.clone()
    };
    for (change, _) in CHANGES {
        for (other, _) in CHANGES {
            let (old, new) = (build_with(change), build_with(other));
            let mut mirrored: Vec<_> = between(&old, &new).differences.iter().map(mirror).collect();
            mirrored.sort();
            assert_eq!(between(&new, &old).differences, mirrored);
        }
    }
}

#[test]
fn what_a_side_does_not_show_is_not_compared_and_never_a_difference() {
    let old = build();
    let public = build_with(seal_defaults);
    let found = between(&old, &public);
    assert_eq!(found.differences, []);
    let places: Vec<_> = found.not_compared.iter().map(|one| one.place.as_str()).collect();
    // The list of packages has an equal digest: it is equal.
    assert_eq!(
        places,
        [
            "environment.container.mounts",
            "environment.git_configuration.values",
            "environment.path",
            "environment.variables",
            "tools.paths"
        ]
    );
    assert!(found.not_compared.iter().all(|one| one.reason == "sealed in this build"));
    let other = |reason| between(&public, &reason).not_compared[0].reason.clone();
    assert_eq!(other(build()), "sealed in the baseline");
    assert_eq!(other(build_with(seal_defaults)), "sealed in both");

    let nothing = build_with(|e| {
        e.pipeline = missing();
        e.environment = missing();
        e.tools = missing();
        e.packages = missing();
        e.dependencies = missing();
    });
    for (one, other, reason) in [
        (&old, &nothing, "not captured in this build"),
        (&nothing, &old, "not captured in the baseline"),
        (&nothing, &nothing, "not captured in either"),
    ] {
        let found = between(one, other);
        assert_eq!(found.differences, []);
        assert_eq!(found.not_compared.len(), 20);
        assert!(found.not_compared.iter().all(|one| one.reason == reason), "{found:?}");
    }
}

#[test]
fn a_missing_fact_of_the_machine_is_no_difference_and_an_absent_one_is() {
    let old = build();
    for (place, change) in [
        ("environment.container", (|e| environment(e).container = missing()) as Mutation),
        ("environment.git_configuration", |e| environment(e).git_configuration = missing()),
        ("environment.ca_bundle", |e| environment(e).ca_bundle = missing()),
    ] {
        let found = between(&old, &build_with(change));
        assert_eq!(found.differences, [], "{place}");
        let reason = "not captured in this build".to_owned();
        let expected = NotCompared { place: place.to_owned(), reason };
        assert!(found.not_compared.contains(&expected), "{found:?}");
    }
    let none = |e: &mut BuildEvidence| environment(e).container = Fact::absent(Basis::Read);
    assert_eq!(between(&build_with(none), &build_with(none)), Comparison::default());
}

#[test]
fn a_digest_that_can_not_be_had_any_more_is_a_difference_and_one_that_neither_side_has_is_unknown()
{
    let old = build();
    for (change, place, before, after) in [
        (
            (|e| tools(e).list[0].sha256_before = None) as Mutation,
            "tools",
            format!("cargo 1.91.0 {}", short(&digest("cargo"))),
            "cargo 1.91.0 no digest",
        ),
        (
            |e| pipeline(e).definitions[0].sha256 = None,
            "pipeline.definitions",
            short(&digest("workflow")),
            "no digest",
        ),
        (
            |e| dependencies(e).lockfiles[0].sha256 = None,
            "dependencies",
            short(&digest("Cargo.lock")),
            "no digest",
        ),
    ] {
        let new = build_with(change);
        let found = between(&old, &new);
        let [one] = found.differences.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.place.as_str(), one.change), (place, ChangeKind::Changed));
        assert_eq!((one.before.as_ref(), one.after.as_deref()), (Some(&before), Some(after)));
        let found = between(&new, &new);
        assert_eq!(found.differences, []);
        let [one] = found.not_compared.as_slice() else { panic!("{found:?}") };
        assert!(one.place == place && one.reason.ends_with("digest not captured in either"));
    }
    // What isn't a digest is only unknown.
    let found = between(&old, &build_with(|e| environment(e).umask = None));
    assert_eq!((found.differences.len(), found.not_compared.len()), (0, 1));
}

#[test]
fn a_tool_that_was_another_at_the_end_of_the_build_says_so() {
    for (content, end) in [
        (Some("evil"), format!(" then {}", short(&digest("evil")))),
        (Some("cargo"), format!(" then {}", short(&digest("cargo")))),
        (None, " then gone".to_owned()),
    ] {
        let new = build_with(|e| swap_inside(e, content));
        let found = between(&build(), &new);
        let [one] = found.differences.as_slice() else { panic!("{found:?}") };
        let text = format!("cargo 1.91.0 {}", short(&digest("cargo")));
        assert_eq!(one.before.as_ref(), Some(&text));
        assert_eq!(one.after, Some(text + &end));
    }
}

#[test]
fn what_a_step_did_to_a_variable_came_went_or_changed_and_shows_no_value() {
    for (done, expected) in [
        (Change::Made, ChangeKind::Added),
        (Change::Deleted, ChangeKind::Removed),
        (Change::Changed, ChangeKind::Changed),
    ] {
        let found = between(&build(), &build_with(|e| touch(e, "LD_PRELOAD", done)));
        let [one] = found.differences.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.class, one.change), (Class::Variables, expected));
        assert_eq!((one.before.as_ref(), one.after.as_ref()), (None, None));
    }
    let made = build_with(|e| touch(e, "X", Change::Made));
    let gone = build_with(|e| touch(e, "X", Change::Deleted));
    assert_eq!(between(&made, &gone).differences[0].change, ChangeKind::Changed);
}

#[test]
fn a_tool_without_a_version_is_known_by_its_digest_and_without_a_digest_by_its_version() {
    let silent = build_with(|e| tools(e).list[0].version = None);
    assert_eq!(between(&build(), &silent), Comparison::default());
    let swapped = build_with(|e| {
        swap_cargo(e);
        tools(e).list[0].version = None;
    });
    let found = between(&build(), &swapped);
    let before = format!("cargo 1.91.0 sha256:{}", &digest("cargo").to_string()[..16]);
    assert_eq!(found.differences[0].before, Some(before));
    assert!(found.differences[0].after.as_ref().unwrap().starts_with("no version sha256:"));
    let other = build_with(|e| {
        tools(e).list[0] = tool("cargo", "cargo 2", "x");
        tools(e).list[0].sha256_before = None;
    });
    assert_eq!(differences(&build(), &other), ["tools: cargo"]);
}

#[test]
fn one_variable_is_one_difference_even_where_it_is_listed_elsewhere() {
    let moved = build_with(|e| {
        inline(&mut environment(e).other_variables).retain(|name| name != "GOROOT");
        inline(&mut environment(e).variables).insert("GOROOT".into(), "/go".into());
    });
    assert_eq!(between(&build(), &moved), Comparison::default());
    assert_eq!(between(&moved, &build()), Comparison::default());
    let both = build_with(|e| {
        inline(&mut environment(e).variables).insert("GOROOT".into(), "/other".into());
        let prints = environment(e).fingerprints.as_mut().unwrap();
        prints.variables.insert("GOROOT".into(), "22".into());
    });
    assert_eq!(differences(&moved, &both), ["environment.variables: GOROOT"]);
}

#[test]
fn no_value_of_a_variable_is_shown_and_those_of_the_run_are_left_out() {
    let new = build_with(|e| {
        let values = inline(&mut environment(e).variables);
        values.insert("RUSTFLAGS".into(), "secret".into());
        for name in ["GITHUB_RUN_ID", "RUNNER_NAME", "CI_JOB_ID", "PWD", "_", "FF_X", "TERM"] {
            values.insert(name.into(), "2".into());
        }
        inline(&mut environment(e).other_variables).push("ACTIONS_CACHE_URL".into());
    });
    let found = between(&build(), &new);
    let [one] = found.differences.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.before.as_ref(), one.after.as_ref()), (None, None));
    assert!(!format!("{found:?}").contains("secret"));
}

#[test]
fn fingerprints_under_two_keys_are_not_compared() {
    let new = build_with(|e| {
        let prints = environment(e).fingerprints.as_mut().unwrap();
        prints.key_id = "bb".to_owned();
        prints.variables.insert("GOROOT".into(), "22".into());
    });
    let found = between(&build(), &new);
    assert_eq!(found.differences, []);
    assert_eq!(found.not_compared[0].reason, "made under another key");
}

#[test]
fn a_pin_that_moves_is_one_change_with_both_texts() {
    let new = build_with(|e| {
        "actions/checkout@v5".clone_into(&mut pipeline(e).definitions[0].references[0].text);
    });
    let found = between(&build(), &new);
    let [one] = found.differences.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.change, ChangeKind::Changed);
    assert_eq!(one.class, Class::References);
    assert_eq!(one.before.as_deref(), Some("actions/checkout@v4"));
    assert_eq!(one.after.as_deref(), Some("actions/checkout@v5"));
    let both = build_with(|e| {
        pipeline(e).definitions[0].references.push(reference("uses", "actions/checkout@v5"));
    });
    let found = between(&build(), &both);
    assert_eq!(found.differences.len(), 1);
    let after = found.differences[0].after.as_deref();
    assert_eq!(after, Some("actions/checkout@v4, actions/checkout@v5"));
}

#[test]
fn a_reference_on_another_line_is_no_change() {
    let new = build_with(|e| {
        pipeline(e).definitions[0].references[0].line = Some(7);
        let again = pipeline(e).definitions[0].references[0].clone();
        let again = Reference { line: Some(9), ..again };
        pipeline(e).definitions[0].references.push(again);
    });
    assert_eq!(between(&build(), &new).differences, []);
    assert_eq!(between(&new, &build()).differences, []);
}

#[test]
fn what_a_definition_that_was_not_read_whole_names_is_not_gone() {
    let new = build_with(|e| {
        pipeline(e).definitions[0].references.clear();
        pipeline(e).definitions[0].trouble = Some("no YAML".to_owned());
    });
    let found = between(&build(), &new);
    assert_eq!(found.differences, []);
    assert_eq!(found.not_compared[0].place, "pipeline.references");
    assert!(found.not_compared[0].reason.ends_with("not read whole in this build"));
}

#[test]
fn names_that_come_twice_do_not_hide_each_other() {
    let new = build_with(|e| tools(e).list.push(tool("cargo", "cargo 1.91.0", "evil")));
    assert_eq!(differences(&build(), &new), ["tools: cargo (2)"]);
    let new = build_with(|e| {
        let mut twin = pipeline(e).definitions[0].clone();
        twin.sha256 = Some(digest("evil"));
        pipeline(e).definitions.push(twin);
    });
    assert_eq!(
        differences(&build(), &new),
        ["pipeline.definitions: .github/workflows/release.yml (2)"]
    );
}

#[test]
fn a_path_that_is_no_text_is_named_by_its_bytes() {
    let new = build_with(|e| dependencies(e).lockfiles[0].path = PathText::PathHex("ff".into()));
    assert_eq!(differences(&build(), &new), ["dependencies: Cargo.lock", "dependencies: hex:ff"]);
}

#[test]
fn an_equal_version_with_another_checksum_shows_the_checksums() {
    let new = build_with(|e| {
        inline(&mut dependencies(e).list)[0] = dependency("serde", "1.0.0", "bb");
    });
    let found = between(&build(), &new);
    assert_eq!(
        found.differences[0].after.as_deref(),
        Some("1.0.0 from the usual registry, sha256:bb")
    );
}

#[test]
fn thousands_of_packages_and_dependencies_are_compared_each() {
    let large = |count: usize, version: &str| {
        build_with(|e| {
            let name = |n: usize| format!("package-{n:06}");
            set_packages(e, (0..count).map(|n| package(&name(n), version)).collect());
            *inline(&mut dependencies(e).list) =
                (0..count).map(|n| dependency(&name(n), version, "aa")).collect();
        })
    };
    let (old, new) = (large(5_000, "1"), large(5_000, "2"));
    assert_eq!(between(&old, &new).differences.len(), 10_001);
}
