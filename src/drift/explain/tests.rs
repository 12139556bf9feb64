//! Each rule, their order, and what none of them may cover.

use crate::drift::tests::{
    WORKFLOW, build, build_with, bundle, ca, commit, dependencies, dependency, difference, digest,
    environment, git, hook, inline, lane_of, package, pipeline, roll_image, set_packages, setting,
    swap_cargo, tool, tools, touch,
};
use crate::drift::{Approval, Difference, Ground, View, compare, explain};
use crate::format::evidence::{
    BuildEvidence, Change, ChangeKind, CommitEntry, EnvironmentChange, ExplainedBy, Lane, PathKind,
};
use crate::format::lock::Class;

fn explained(
    change: impl FnOnce(&mut BuildEvidence),
    commits: &[CommitEntry],
    approval: Approval,
) -> Vec<EnvironmentChange> {
    let (old, new) = (build(), build_with(change));
    let found = compare(View::of(&old), View::of(&new));
    let lane = Lane::default();
    explain(found.differences, &Ground { approval: &|_| approval, ..ground(&lane, false, commits) })
}

fn ground<'a>(lane: &'a Lane, contained: bool, commits: &'a [CommitEntry]) -> Ground<'a> {
    Ground { hosted: true, contained, lane, commits, approval: &|_| Approval::None }
}

/// What explains one difference in a container, and the commit.
fn of(difference: Difference, commits: &[CommitEntry]) -> (ExplainedBy, Option<String>) {
    let one = explain(vec![difference], &ground(&Lane::default(), true, commits)).remove(0);
    (one.explanation.by, one.explanation.commit)
}

/// Whether a commit that touches one file explains a difference in a lane.
fn decides(difference: &Difference, file: (&str, PathKind), lane: &Lane, contained: bool) -> bool {
    let commits = [commit("1", &[file])];
    let one = explain(vec![difference.clone()], &ground(lane, contained, &commits)).remove(0);
    one.explanation.by == ExplainedBy::Commit
}

fn by(changes: &[EnvironmentChange], place: &str) -> ExplainedBy {
    let mut of_place = changes.iter().filter(|one| one.place == place);
    of_place.next().unwrap_or_else(|| panic!("no {place} in {changes:?}")).explanation.by
}

#[test]
fn a_tool_swapped_with_no_commit_is_unexplained() {
    let changes = explained(swap_cargo, &[], Approval::None);
    assert_eq!(by(&changes, "tools"), ExplainedBy::Unexplained);
    assert!(!changes[0].explanation.by.explains());
    let other = [commit("1", &[("build.sh", PathKind::BuildScript), ("x", PathKind::Owners)])];
    let changes = explained(swap_cargo, &other, Approval::None);
    assert_eq!(by(&changes, "tools"), ExplainedBy::Unexplained);
}

#[test]
fn a_tool_swapped_in_the_range_of_a_workflow_edit_names_the_commit_that_is_to_be_looked_at() {
    let commits = [
        commit("3", &[("README", PathKind::Owners)]),
        commit("2", &[(WORKFLOW, PathKind::Definition)]),
        commit("1", &[(WORKFLOW, PathKind::Definition)]),
    ];
    let changes = explained(swap_cargo, &commits, Approval::None);
    let explanation = &changes[0].explanation;
    assert_eq!(explanation.by, ExplainedBy::Commit);
    assert_eq!(explanation.commit.as_deref(), Some("2"));
    assert_eq!(explanation.note.as_deref(), Some("touches .github/workflows/release.yml"));
}

#[test]
fn a_lock_that_changed_in_the_range_of_the_drift_explains_nothing() {
    for path in ["proofmark.lock", "sub/proofmark.lock", "proofmark.toml"] {
        // Whatever kind the entry claims for it.
        for kind in [
            PathKind::Proofmark,
            PathKind::Definition,
            PathKind::Toolchain,
            PathKind::Container,
            PathKind::Added,
            PathKind::Lockfile,
        ] {
            let commits = [commit("1", &[(path, kind)])];
            let changes = explained(swap_cargo, &commits, Approval::None);
            assert_eq!(by(&changes, "tools"), ExplainedBy::Unexplained, "{path} {kind:?}");
        }
    }
    let commits = [commit("1", &[("proofmark.lock", PathKind::Proofmark)])];
    let changes = explained(swap_cargo, &commits, Approval::Pending);
    assert_eq!(by(&changes, "tools"), ExplainedBy::ApprovalPending);
    assert!(!changes[0].explanation.by.explains());
    assert_eq!(changes[0].explanation.commit, None);
}

#[test]
fn the_rules_hold_in_their_order() {
    let commits = [commit("1", &[(WORKFLOW, PathKind::Definition)])];
    let both = |e: &mut BuildEvidence| {
        roll_image(e);
        swap_cargo(e);
    };
    for (approval, tool) in [
        (Approval::InForce, ExplainedBy::Lock),
        (Approval::Pending, ExplainedBy::ApprovalPending),
        (Approval::None, ExplainedBy::Commit),
    ] {
        let changes = explained(both, &commits, approval);
        assert_eq!(by(&changes, "environment.runner_image"), ExplainedBy::PlatformImage);
        assert_eq!(by(&changes, "tools"), tool);
    }
    assert_eq!(by(&explained(both, &[], Approval::None), "tools"), ExplainedBy::PlatformImage);
}

#[test]
fn only_a_later_version_of_the_same_stated_image_is_a_roll() {
    for (image, expected) in [
        (Some("ubuntu24 20260201.1"), ExplainedBy::PlatformImage),
        (Some("ubuntu24 20260101.10"), ExplainedBy::PlatformImage),
        (Some("ubuntu24 20260101.1.1"), ExplainedBy::PlatformImage),
        // Nobody rolls back, or by nothing.
        (Some("ubuntu24 20251231.9"), ExplainedBy::Unexplained),
        (Some("ubuntu24 20260101"), ExplainedBy::Unexplained),
        (Some("ubuntu24 20260101.1.0"), ExplainedBy::Unexplained),
        (Some("ubuntu24 020260101.01"), ExplainedBy::Unexplained),
        (Some("ubuntu24 20260201.x"), ExplainedBy::Unexplained),
        (Some("ubuntu24 20260201.+1"), ExplainedBy::Unexplained),
        (Some("ubuntu24 20260201..1"), ExplainedBy::Unexplained),
        (Some("ubuntu24 20260201.99999999999999999999"), ExplainedBy::Unexplained),
        (Some("ubuntu22 20260201.1"), ExplainedBy::Unexplained),
        (Some("ubuntu24 version not stated"), ExplainedBy::Unexplained),
        (Some("ubuntu24"), ExplainedBy::Unexplained),
        (Some(""), ExplainedBy::Unexplained),
        (None, ExplainedBy::Unexplained),
    ] {
        let change = |e: &mut BuildEvidence| {
            environment(e).runner_image = image.map(str::to_owned);
            swap_cargo(e);
        };
        let changes = explained(change, &[], Approval::None);
        assert_eq!(by(&changes, "environment.runner_image"), expected, "{image:?}");
        assert_eq!(by(&changes, "tools"), expected, "{image:?}");
    }
    // The tag of a container's image is chosen by a definition, never by the platform.
    let mut one = difference(Class::RunnerImage, "environment.runner_image", "runner image");
    (one.before, one.after) = (Some("rust:1.90".to_owned()), Some("rust:1.91".to_owned()));
    assert_eq!(of(one, &[]).0, ExplainedBy::Unexplained);
}

#[test]
fn a_roll_of_the_image_covers_what_an_image_brings_and_nothing_else() {
    let changes = explained(
        |e| {
            roll_image(e);
            // What it brings.
            tools(e).list.push(tool("go", "go1.25", "go"));
            inline(&mut tools(e).paths).get_mut("cargo").unwrap().file = "/opt/cargo".to_owned();
            set_packages(e, vec![package("libc6", "2.40")]);
            inline(&mut environment(e).variables).insert("LANG".into(), "C".into());
            inline(&mut environment(e).other_variables).push("NEW".into());
            environment(e)
                .fingerprints
                .as_mut()
                .unwrap()
                .variables
                .insert("GOROOT".into(), "2".into());
            environment(e).kernel = Some("6.9".to_owned());
            inline(&mut environment(e).path).push("/opt".to_owned());
            ca(e).system = Some(bundle("another"));
            git(e).settings.push(setting("system", "x"));
            // What it can't.
            git(e).settings.push(setting("local", "core.fsmonitor"));
            git(e).hooks[0] = hook("post-checkout", "another");
            ca(e).variables.insert("SSL_CERT_FILE".to_owned(), bundle("evil"));
            environment(e).preloads.push("LD_PRELOAD".to_owned());
            inline(&mut environment(e).other_variables).push("LD_PRELOAD".to_owned());
            inline(&mut environment(e).variables).insert("NODE_OPTIONS".into(), "x".into());
            touch(e, "PLAIN", Change::Made);
            pipeline(e).definitions[0].sha256 = Some(digest("edited"));
            "actions/checkout@v5".clone_into(&mut pipeline(e).definitions[0].references[0].text);
            dependencies(e).lockfiles[0].sha256 = Some(digest("edited"));
            inline(&mut dependencies(e).list)[0] = dependency("serde", "1.0.1", "bb");
            crate::drift::tests::container(e).image = Some("ghcr.io/us/build:2".to_owned());
            inline(&mut crate::drift::tests::container(e).mounts)[0].path = "/evil".to_owned();
        },
        &[],
        Approval::None,
    );
    let unexplained: Vec<_> = changes
        .iter()
        .filter(|one| one.explanation.by != ExplainedBy::PlatformImage)
        .map(|one| {
            assert_eq!(one.explanation.by, ExplainedBy::Unexplained);
            format!("{}: {}", one.place, one.name)
        })
        .collect();
    assert_eq!(
        unexplained,
        [
            "environment.container: container image",
            "pipeline.references: .github/workflows/release.yml: uses actions/checkout",
            "environment.changed_variables: PLAIN",
            "environment.other_variables: LD_PRELOAD",
            "environment.variables: NODE_OPTIONS",
            "environment.ca_bundle: SSL_CERT_FILE",
            "environment.container.mounts: /evil",
            "environment.container.mounts: /work",
            "environment.git_configuration: hook post-checkout",
            "environment.git_configuration: local: core.fsmonitor",
            "environment.preloads: LD_PRELOAD",
            "pipeline.definitions: .github/workflows/release.yml",
            "dependencies: Cargo.lock",
            "dependencies.list: cargo serde",
        ]
    );
    assert_eq!(changes.len(), unexplained.len() + 13);
    assert!(changes.is_sorted());
}

#[test]
fn each_file_decides_its_own_things() {
    let (definition, container) =
        ((WORKFLOW, PathKind::Definition), ("Dockerfile", PathKind::Container));
    let added = ("setup/x.sh", PathKind::Added);
    let toolchain = |path| (path, PathKind::Toolchain);
    let machine = [definition, container];
    let tool = |name| difference(Class::Tools, "tools", name);
    let configuration = |place, name| difference(Class::Configuration, place, name);
    let git = "environment.git_configuration";
    let cases = [
        (tool("cargo"), vec![toolchain("rust-toolchain.toml"), toolchain("rust-toolchain")]),
        (tool("cargo-clippy"), vec![toolchain("rust-toolchain.toml")]),
        (tool("npm"), vec![toolchain(".nvmrc"), toolchain("package.json")]),
        (tool("python3.12"), vec![toolchain("pyproject.toml"), toolchain(".python-version")]),
        (tool("go"), vec![toolchain("go.mod"), toolchain(".go-version")]),
        (tool("anything"), vec![toolchain("mise.toml"), toolchain(".tool-versions"), added]),
        (tool("anything"), machine.to_vec()),
        (difference(Class::Tools, "tools.paths", "cargo"), vec![toolchain("rust-toolchain")]),
        (difference(Class::Packages, "packages.dpkg", "dpkg"), vec![definition, container, added]),
        (difference(Class::Packages, "packages.dpkg.list", "x"), vec![definition, container]),
        (difference(Class::Variables, "environment.variables", "X"), vec![definition, added]),
        (
            difference(Class::RunnerImage, "environment.runner_image", "runner image"),
            machine.to_vec(),
        ),
        (
            difference(Class::RunnerImage, "environment.container", "container image"),
            machine.to_vec(),
        ),
        (configuration("environment", "os release"), vec![definition, container, added]),
        (configuration("environment.ca_bundle", "system"), vec![definition, container]),
        (configuration("environment.path", "PATH"), vec![definition, container]),
        (configuration(git, "global: x"), vec![definition, added]),
        (configuration(git, "hook pre-commit"), vec![added]),
        (configuration("pipeline.definitions", WORKFLOW), vec![definition]),
        (
            difference(Class::References, "pipeline.references", &format!("{WORKFLOW}: uses a/b")),
            vec![definition],
        ),
        (
            difference(Class::Dependencies, "dependencies", "Cargo.lock"),
            vec![("Cargo.lock", PathKind::Lockfile)],
        ),
    ];
    for (difference, touched) in cases {
        for one in touched {
            let (by, id) = of(difference.clone(), &[commit("1", &[one])]);
            assert_eq!(by, ExplainedBy::Commit, "{difference:?} by {one:?}");
            assert_eq!(id.as_deref(), Some("1"));
        }
    }
}

#[test]
fn no_file_decides_what_is_not_its_own() {
    let other = ".github/workflows/other.yml";
    let reference = |path: &str| {
        difference(Class::References, "pipeline.references", &format!("{path}: uses a/b"))
    };
    let tool = |name| difference(Class::Tools, "tools", name);
    for (difference, touched) in [
        (tool("node"), ("rust-toolchain.toml", PathKind::Toolchain)),
        (tool("rustc-evil"), (".nvmrc", PathKind::Toolchain)),
        (tool("cargo"), ("Cargo.lock", PathKind::Lockfile)),
        // The name alone of a file that the capture doesn't take for a toolchain's says nothing.
        (tool("cargo"), ("docs/rust-toolchain.toml", PathKind::BuildScript)),
        (tool("cargo"), ("anything", PathKind::Toolchain)),
        (
            difference(Class::Configuration, "pipeline.definitions", WORKFLOW),
            (other, PathKind::Definition),
        ),
        (
            difference(Class::Configuration, "pipeline.definitions", WORKFLOW),
            ("x", PathKind::Added),
        ),
        (reference(WORKFLOW), (other, PathKind::Definition)),
        (reference(WORKFLOW), ("x", PathKind::Added)),
        (reference(WORKFLOW), ("Dockerfile", PathKind::Container)),
        (
            difference(Class::Configuration, "environment.git_configuration", "hook pre-commit"),
            (WORKFLOW, PathKind::Definition),
        ),
        (
            difference(Class::Dependencies, "dependencies", "Cargo.lock"),
            ("a/Cargo.lock", PathKind::Lockfile),
        ),
        (
            difference(Class::Dependencies, "dependencies.list", "cargo x"),
            ("Cargo.lock", PathKind::Lockfile),
        ),
        (
            difference(Class::Dependencies, "dependencies", "Cargo.lock"),
            (WORKFLOW, PathKind::Definition),
        ),
        (
            difference(Class::RunnerImage, "environment.runner_image", "runner image"),
            ("x", PathKind::Added),
        ),
        (
            difference(Class::Packages, "packages.dpkg", "dpkg"),
            ("rust-toolchain", PathKind::Toolchain),
        ),
    ] {
        let (by, _) = of(difference.clone(), &[commit("1", &[touched])]);
        assert_eq!(by, ExplainedBy::Unexplained, "{difference:?} by {touched:?}");
    }
}

#[test]
fn dependencies_are_explained_by_the_lockfile_that_differs_and_was_touched() {
    let change = |e: &mut BuildEvidence| {
        dependencies(e).lockfiles[0].sha256 = Some(digest("edited"));
        inline(&mut dependencies(e).list)[0] = dependency("serde", "1.0.1", "bb");
    };
    let touched = [commit("1", &[("Cargo.lock", PathKind::Lockfile)])];
    let changes = explained(change, &touched, Approval::None);
    assert!(changes.iter().all(|one| one.explanation.by == ExplainedBy::Commit), "{changes:?}");
    // A dirty lockfile, and a commit to another one.
    let other = [commit("1", &[("package-lock.json", PathKind::Lockfile)])];
    let changes = explained(change, &other, Approval::None);
    assert!(changes.iter().all(|one| one.explanation.by == ExplainedBy::Unexplained));
}

#[test]
fn the_newest_commit_that_decides_is_named() {
    let commits = [
        commit("4", &[("proofmark.lock", PathKind::Proofmark)]),
        commit("3", &[("rust-toolchain", PathKind::Toolchain)]),
        commit("2", &[(WORKFLOW, PathKind::Definition)]),
        commit("1", &[("mise.toml", PathKind::Toolchain)]),
    ];
    let of_tool = |name| of(difference(Class::Tools, "tools", name), &commits).1;
    assert_eq!(of_tool("cargo").as_deref(), Some("3"));
    assert_eq!(of_tool("node").as_deref(), Some("2"));
}

#[test]
fn packages_are_approved_with_their_set() {
    let change = |e: &mut BuildEvidence| set_packages(e, vec![package("libc6", "2.40")]);
    let (old, new) = (build(), build_with(change));
    let found = compare(View::of(&old), View::of(&new)).differences;
    let approval = |d: &Difference| {
        if d.place == "packages.dpkg" { Approval::InForce } else { Approval::None }
    };
    let lane = Lane::default();
    let changes = explain(found, &Ground { approval: &approval, ..ground(&lane, false, &[]) });
    assert_eq!(changes.len(), 3);
    assert!(changes.iter().all(|one| one.explanation.by == ExplainedBy::Lock), "{changes:?}");
}

#[test]
fn a_note_shows_no_escape_sequence_and_has_a_bound() {
    let path = format!("\u{1b}[2J{}/ci.yml", "x".repeat(9000));
    let commits = [commit("1", &[(&path, PathKind::Definition)])];
    let changes = explained(swap_cargo, &commits, Approval::None);
    let note = changes[0].explanation.note.as_ref().unwrap();
    assert!(note.len() < 300 && !note.contains('\u{1b}'), "{note}");
}

#[test]
fn hostile_commits_and_differences_are_only_not_explained() {
    for name in ["", ": ", "é: ", "hook ", ":"] {
        for place in ["", "pipeline.references", "dependencies.list", "packages.", ".list", "x"] {
            for class in [Class::Unknown, Class::References, Class::Packages, Class::Dependencies] {
                let mut one = difference(class, place, name);
                one.change = ChangeKind::Unknown;
                let commits = [commit("", &[("", PathKind::Unknown), ("/", PathKind::Owners)])];
                let expected = of(one, &commits).0;
                let fine = expected == ExplainedBy::Unexplained || place == "pipeline.references";
                assert!(fine, "{place} {name}");
            }
        }
    }
}

#[test]
fn a_definition_of_something_else_explains_nothing_of_the_machine() {
    let things = [
        difference(Class::Tools, "tools", "cargo"),
        difference(Class::Packages, "packages.dpkg", "dpkg"),
        difference(Class::Variables, "environment.variables", "X"),
        difference(Class::Variables, "environment.changed_variables", "X"),
        difference(Class::Configuration, "environment.ca_bundle", "system"),
        difference(Class::Configuration, "environment", "os release"),
        difference(Class::RunnerImage, "environment.runner_image", "runner image"),
        difference(Class::RunnerImage, "environment.container", "container image"),
    ];
    let github = lane_of(Some(WORKFLOW), None);
    let gitlab = lane_of(Some(".gitlab-ci.yml"), None);
    for (lane, path, expected) in [
        (&github, WORKFLOW, true),
        (&github, ".github/actions/setup/main.yml", true),
        (&github, "tools/action.yml", true),
        (&github, "action.yaml", true),
        (&github, ".github/workflows/stale.yml", false),
        (&github, ".github/workflows/release.yml.bak", false),
        (&github, "x/.github/actions/a.yml", false),
        (&github, ".gitlab/ci.yml", false),
        (&gitlab, ".gitlab-ci.yml", true),
        (&gitlab, ".gitlab/ci/build.yml", true),
        (&gitlab, WORKFLOW, false),
        (&lane_of(None, None), ".github/workflows/stale.yml", true),
    ] {
        for one in &things {
            let found = decides(one, (path, PathKind::Definition), lane, true);
            assert_eq!(found, expected, "{path} {one:?}");
        }
    }
}

#[test]
fn a_containers_file_explains_nothing_where_there_is_no_container() {
    let cargo = difference(Class::Tools, "tools", "cargo");
    let file = ("docs/Dockerfile", PathKind::Container);
    assert!(decides(&cargo, file, &Lane::default(), true));
    assert!(!decides(&cargo, file, &Lane::default(), false));
}

#[test]
fn a_file_that_chooses_tools_does_so_at_the_top_or_in_the_project() {
    let project = lane_of(None, Some("sub/app"));
    for (tool, path, lane, expected) in [
        ("cargo", "rust-toolchain.toml", &Lane::default(), true),
        ("cargo", "rust-toolchain.toml", &project, true),
        ("cargo", "sub/app/rust-toolchain.toml", &project, true),
        ("cargo", "sub/app/rust-toolchain.toml", &Lane::default(), false),
        ("cargo", "sub/apple/rust-toolchain.toml", &project, false),
        ("cargo", "sub/rust-toolchain.toml", &project, false),
        ("cargo", "examples/mise.toml", &Lane::default(), false),
        ("gradle", "gradle/wrapper/gradle-wrapper.properties", &Lane::default(), true),
        ("gradle", "sub/app/gradle/wrapper/gradle-wrapper.properties", &project, true),
        ("mvn", "examples/.mvn/wrapper/maven-wrapper.properties", &project, false),
    ] {
        let one = difference(Class::Tools, "tools", tool);
        let found = decides(&one, (path, PathKind::Toolchain), lane, false);
        assert_eq!(found, expected, "{path} {lane:?}");
    }
}

#[test]
fn the_clones_own_git_configuration_is_explained_by_what_was_added_alone() {
    for place in ["environment.git_configuration", "environment.git_configuration.values"] {
        for name in ["local: core.fsmonitor", "worktree: core.hookspath"] {
            let one = difference(Class::Configuration, place, name);
            let lane = Lane::default();
            assert!(!decides(&one, (WORKFLOW, PathKind::Definition), &lane, true), "{name}");
            assert!(!decides(&one, ("Dockerfile", PathKind::Container), &lane, true), "{name}");
            assert!(decides(&one, ("setup", PathKind::Added), &lane, true), "{name}");
        }
    }
}

#[test]
fn in_a_container_a_roll_of_the_runner_explains_the_runners_image_alone() {
    let (old, new) = (
        build(),
        build_with(|e| {
            roll_image(e);
            swap_cargo(e);
            environment(e).kernel = Some("6.9".to_owned());
        }),
    );
    let found = compare(View::of(&old), View::of(&new)).differences;
    let changes = explain(found, &ground(&Lane::default(), true, &[]));
    assert_eq!(by(&changes, "environment.runner_image"), ExplainedBy::PlatformImage);
    assert_eq!(by(&changes, "tools"), ExplainedBy::Unexplained);
    assert_eq!(by(&changes, "environment"), ExplainedBy::Unexplained);
}
