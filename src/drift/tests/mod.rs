//! Builders: a build on a hosted runner, and what can happen to it.

use std::collections::BTreeMap;

use crate::base::digest::Sha256;
use crate::drift::{Approval, Difference, Ground, View, compare, explain};
use crate::format::evidence::Pin;
use crate::format::evidence::{
    Baseline, Bracket, Build, BuildEvidence, CaBundle, CaFile, Change, ChangeCount, ChangeKind,
    Changes, CommitEntry, CommitLog, CommitSignature, Container, Definition, Dependencies,
    Dependency, Environment, EnvironmentChange, Fingerprints, GitConfiguration, GitHook,
    GitSetting, KeyCustody, Lane, LockState, Lockfile, Mount, Outcome, Package, PackageSet,
    PathKind, PathText, Pipeline, Reference, Signing, SigningLayout, Tool, ToolFact, ToolPath,
    Tools, Touched, VariableChange,
};
use crate::format::fact::{Basis, Fact, Sealable};
use crate::format::lock::Class;
use crate::format::section::SealRef;

pub(in crate::drift) fn digest(of: &str) -> Sha256 {
    Sha256::of(of.as_bytes())
}

pub(in crate::drift) fn sealed<T>() -> Sealable<T> {
    Sealable::Sealed { sealed: SealRef { sha256: digest("sealed"), size: 6 } }
}

fn seen<T>(value: T) -> Fact<T> {
    Fact::observed(Basis::Read, value)
}

fn none<T>() -> Fact<T> {
    Fact::not_applicable("not of this test")
}

pub(in crate::drift) fn tool(name: &str, version: &str, content: &str) -> ToolFact {
    ToolFact {
        name: name.to_owned(),
        version: Some(version.to_owned()),
        sha256_before: Some(digest(content)),
        sha256_after: None,
        changed_during_build: false,
        shim: None,
    }
}

pub(in crate::drift) fn package(name: &str, version: &str) -> Package {
    let architecture = Some("amd64".to_owned());
    Package { name: name.to_owned(), version: version.to_owned(), architecture }
}

pub(in crate::drift) fn reference(kind: &str, text: &str) -> Reference {
    Reference { kind: kind.to_owned(), text: text.to_owned(), pin: Pin::Unknown, line: None }
}

pub(in crate::drift) fn hook(name: &str, content: &str) -> GitHook {
    GitHook { name: name.to_owned(), sha256: Some(digest(content)) }
}

pub(in crate::drift) fn setting(scope: &str, name: &str) -> GitSetting {
    let effect = "rewrites addresses".to_owned();
    GitSetting { scope: scope.to_owned(), name: name.to_owned(), effect }
}

pub(in crate::drift) fn bundle(content: &str) -> CaFile {
    CaFile { sha256: Some(digest(content)), certificates: Some(1), trouble: None }
}

pub(in crate::drift) fn dependency(name: &str, version: &str, checksum: &str) -> Dependency {
    Dependency {
        ecosystem: "cargo".to_owned(),
        name: name.to_owned(),
        version: Some(version.to_owned()),
        source: None,
        checksums: vec![format!("sha256:{checksum}")],
    }
}

pub(in crate::drift) const WORKFLOW: &str = ".github/workflows/release.yml";

fn pipeline_part() -> Pipeline {
    Pipeline {
        platform: "github".to_owned(),
        runner_environment: Some("github-hosted".to_owned()),
        definitions: vec![Definition {
            path: PathText::Path(WORKFLOW.to_owned()),
            sha256: Some(digest("workflow")),
            committed: Some(true),
            references: vec![
                reference("uses", "actions/checkout@v4"),
                reference("image", "postgres:16"),
            ],
            ..Definition::default()
        }],
        ..Pipeline::default()
    }
}

fn environment_part() -> Environment {
    let text = |text: &str| Some(text.to_owned());
    let values = [("RUSTFLAGS", "-Dwarnings"), ("GITHUB_RUN_ID", "1"), ("CI", "true")];
    Environment {
        os: "linux".to_owned(),
        os_release: text("Ubuntu 24.04.1"),
        kernel: text("6.8.0-1"),
        architecture: "x86_64".to_owned(),
        cpus: Some(4),
        uid: Some(1001),
        privileged: Some(false),
        umask: text("022"),
        locale: text("C.UTF-8"),
        container_signs: Vec::new(),
        runner_image: text("ubuntu24 20260101.1"),
        variables: Sealable::Inline(
            values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ),
        other_variables: Sealable::Inline(vec!["GITHUB_TOKEN".to_owned(), "GOROOT".to_owned()]),
        fingerprints: Some(Fingerprints {
            key_id: "aa".to_owned(),
            variables: [("GOROOT".to_owned(), "11".to_owned())].into(),
        }),
        preloads: vec!["NODE_OPTIONS".to_owned()],
        changed_variables: Vec::new(),
        path: Sealable::Inline(vec!["/usr/local/bin".to_owned(), "/usr/bin".to_owned()]),
        container: seen(Container {
            image: text("ghcr.io/us/build:1"),
            mounts: Sealable::Inline(vec![Mount {
                path: "/work".to_owned(),
                file_system: "ext4".to_owned(),
                read_only: false,
            }]),
            mount_count: 1,
            ..Container::default()
        }),
        git_configuration: seen(GitConfiguration {
            settings: vec![setting("global", "url.x.insteadof")],
            values: Sealable::Inline(
                [("global: url.x.insteadof".to_owned(), vec!["y".to_owned()])].into(),
            ),
            hooks: vec![hook("post-checkout", "hook")],
        }),
        ca_bundle: seen(CaBundle { system: Some(bundle("ca")), variables: BTreeMap::new() }),
        signs: none(),
    }
}

fn tools_part() -> Tools {
    let path = |file: &str| ToolPath { found: file.to_owned(), file: file.to_owned() };
    let paths = [("cargo", "/usr/bin/cargo"), ("node", "/usr/bin/node")];
    Tools {
        list: vec![tool("cargo", "cargo 1.91.0", "cargo"), tool("node", "v22.1.0", "node")],
        paths: Sealable::Inline(paths.map(|(name, file)| (name.to_owned(), path(file))).into()),
    }
}

fn package_set(list: Vec<Package>) -> PackageSet {
    let sha256 = digest(&format!("{list:?}"));
    PackageSet { count: list.len() as u64, sha256, list: Sealable::Inline(list) }
}

fn dependencies_part() -> Dependencies {
    Dependencies {
        lockfiles: vec![Lockfile {
            path: PathText::Path("Cargo.lock".to_owned()),
            ecosystem: "cargo".to_owned(),
            form: "Cargo.lock version 4".to_owned(),
            sha256: Some(digest("Cargo.lock")),
            dependencies: 1,
            without_checksum: 0,
            trouble: None,
        }],
        list: Sealable::Inline(vec![dependency("serde", "1.0.0", "aa")]),
        count: 1,
        ..Dependencies::default()
    }
}

/// A build of which everything was captured.
pub(in crate::drift) fn build() -> BuildEvidence {
    let time = "2026-01-31T12:00:00Z".parse().unwrap();
    let packages = package_set(vec![package("libc6", "2.39"), package("openssl", "3.0.1")]);
    BuildEvidence {
        build: Build {
            id: "old".to_owned(),
            started: time,
            finished: time,
            bracket: Bracket::Command,
            command: None,
            outcome: Outcome::Succeeded,
            outcome_from: None,
            state: None,
            signing: Signing {
                layout: SigningLayout::InJob,
                key_custody: KeyCustody {
                    custody: "in-job".to_owned(),
                    read_from: None,
                    protections: Vec::new(),
                    exposures: Vec::new(),
                },
            },
            tool: Tool { name: "proofmark".to_owned(), version: "1".to_owned(), sha256: None },
        },
        companions: Vec::new(),
        lane: none(),
        chain: none(),
        custody: none(),
        source: none(),
        inputs: none(),
        outputs: none(),
        dependencies: seen(dependencies_part()),
        environment: seen(environment_part()),
        tools: seen(tools_part()),
        packages: seen([("dpkg".to_owned(), packages)].into()),
        pipeline: seen(pipeline_part()),
        identity: none(),
        controls: none(),
        attached: none(),
        changes: none(),
        redactions: Vec::new(),
        gaps: Vec::new(),
    }
}

/// The build with something else about it.
pub(in crate::drift) fn build_with(change: impl FnOnce(&mut BuildEvidence)) -> BuildEvidence {
    let mut evidence = build();
    "new".clone_into(&mut evidence.build.id);
    change(&mut evidence);
    evidence
}

pub(in crate::drift) fn environment(evidence: &mut BuildEvidence) -> &mut Environment {
    evidence.environment.value.as_mut().unwrap()
}

pub(in crate::drift) fn pipeline(evidence: &mut BuildEvidence) -> &mut Pipeline {
    evidence.pipeline.value.as_mut().unwrap()
}

pub(in crate::drift) fn tools(evidence: &mut BuildEvidence) -> &mut Tools {
    evidence.tools.value.as_mut().unwrap()
}

pub(in crate::drift) fn container(evidence: &mut BuildEvidence) -> &mut Container {
    environment(evidence).container.value.as_mut().unwrap()
}

pub(in crate::drift) fn git(evidence: &mut BuildEvidence) -> &mut GitConfiguration {
    environment(evidence).git_configuration.value.as_mut().unwrap()
}

pub(in crate::drift) fn ca(evidence: &mut BuildEvidence) -> &mut CaBundle {
    environment(evidence).ca_bundle.value.as_mut().unwrap()
}

pub(in crate::drift) fn dependencies(evidence: &mut BuildEvidence) -> &mut Dependencies {
    evidence.dependencies.value.as_mut().unwrap()
}

pub(in crate::drift) fn set_packages(evidence: &mut BuildEvidence, list: Vec<Package>) {
    evidence.packages = seen([("dpkg".to_owned(), package_set(list))].into());
}

/// An open list or map.
pub(in crate::drift) fn inline<T>(part: &mut Sealable<T>) -> &mut T {
    match part {
        Sealable::Inline(value) => value,
        Sealable::Sealed { .. } => panic!("sealed"),
    }
}

/// Another program under the name and the version of the old one.
pub(in crate::drift) fn swap_cargo(evidence: &mut BuildEvidence) {
    tools(evidence).list[0].sha256_before = Some(digest("another cargo"));
}

/// The tool under a name is another when the bracket closes, or gone.
pub(in crate::drift) fn swap_inside(evidence: &mut BuildEvidence, content: Option<&str>) {
    let cargo = &mut tools(evidence).list[0];
    (cargo.changed_during_build, cargo.sha256_after) = (true, content.map(digest));
}

/// A step of the build did something to a variable.
pub(in crate::drift) fn touch(evidence: &mut BuildEvidence, name: &str, change: Change) {
    let name = name.to_owned();
    environment(evidence).changed_variables.push(VariableChange { name, change });
}

/// On the runner itself.
pub(in crate::drift) fn no_container(evidence: &mut BuildEvidence) {
    environment(evidence).container = Fact::absent(Basis::Read);
}

pub(in crate::drift) fn lane_of(definition: Option<&str>, project: Option<&str>) -> Lane {
    let (definition, project) = (definition.map(str::to_owned), project.map(str::to_owned));
    Lane { definition, project, ..Lane::default() }
}

pub(in crate::drift) fn roll_image(evidence: &mut BuildEvidence) {
    environment(evidence).runner_image = Some("ubuntu24 20260201.1".to_owned());
}

/// Seals what is sealed by default.
pub(in crate::drift) fn seal_defaults(evidence: &mut BuildEvidence) {
    environment(evidence).variables = sealed();
    environment(evidence).path = sealed();
    container(evidence).mounts = sealed();
    git(evidence).values = sealed();
    tools(evidence).paths = sealed();
    for set in evidence.packages.value.iter_mut().flat_map(BTreeMap::values_mut) {
        set.list = sealed();
    }
    if let Some(changes) = &mut evidence.changes.value {
        changes.details = sealed();
    }
}

pub(in crate::drift) fn commit(id: &str, touches: &[(&str, PathKind)]) -> CommitEntry {
    let time = "2026-01-31T12:00:00Z".parse().unwrap();
    let touched = |(path, kind): &(&str, PathKind)| Touched {
        path: PathText::Path((*path).to_owned()),
        kind: *kind,
    };
    CommitEntry {
        id: id.to_owned(),
        parents: Vec::new(),
        author: "a".to_owned(),
        committer: "a".to_owned(),
        authored: time,
        committed: time,
        subject: "a change".to_owned(),
        signature: CommitSignature {
            kind: "none".to_owned(),
            state: "none".to_owned(),
            key: None,
            principal: None,
            reason: None,
        },
        touches: touches.iter().map(touched).collect(),
        trailers: Vec::new(),
        request: None,
    }
}

/// How `new` differs from `old`, as `place: name`.
pub(in crate::drift) fn differences(old: &BuildEvidence, new: &BuildEvidence) -> Vec<String> {
    let found = compare(View::of(old), View::of(new)).differences;
    found.iter().map(|one| format!("{}: {}", one.place, one.name)).collect()
}

pub(in crate::drift) fn difference(class: Class, place: &str, name: &str) -> Difference {
    Difference {
        class,
        place: place.to_owned(),
        name: name.to_owned(),
        before: Some("1".to_owned()),
        after: Some("2".to_owned()),
        change: ChangeKind::Changed,
    }
}

/// Records in `new` what changed since `old`, as the building column does.
pub(in crate::drift) fn record(
    old: &BuildEvidence,
    new: &mut BuildEvidence,
    commits: Vec<CommitEntry>,
    approval: Approval,
) {
    let is_pending = approval == Approval::Pending;
    let found = compare(View::of(old), View::of(new));
    let hosted = View::of(old).is_hosted() && View::of(new).is_hosted();
    let (no_lane, contained) = (Lane::default(), View::of(new).is_contained());
    let lane = new.lane.get().unwrap_or(&no_lane);
    let approval = &|_: &Difference| approval;
    let ground = Ground { hosted, contained, lane, commits: &commits, approval };
    let all = explain(found.differences, &ground);
    let mut counts: BTreeMap<Class, ChangeCount> = BTreeMap::new();
    for one in &all {
        let count = counts.entry(one.class).or_default();
        count.changes += 1;
        count.unexplained += u64::from(!one.explanation.by.explains());
    }
    let is_detail = |one: &EnvironmentChange| {
        one.place.ends_with(".list")
            || ["tools.paths", "environment.path", "environment.variables"]
                .contains(&one.place.as_str())
    };
    let (details, public) = all.into_iter().partition(is_detail);
    let baseline = Baseline {
        sha256: digest("old"),
        build_id: old.build.id.clone(),
        commit: None,
        sequence: Some(1),
        finished: old.build.finished,
        age_seconds: 1,
        from: "file".to_owned(),
        signers: Vec::new(),
        sections: environment(&mut old.clone()).variables.inline().is_some(),
    };
    let log = CommitLog {
        since: "baseline".to_owned(),
        since_commit: None,
        since_tag: None,
        count: commits.len() as u64,
        complete: true,
        why_incomplete: None,
        touching: 0,
        signatures: BTreeMap::new(),
        allowed_signers: None,
        list: Sealable::Inline(commits),
        people: sealed(),
    };
    let lock = LockState {
        path: "proofmark.lock".to_owned(),
        sha256: digest("lock"),
        changed_by: None,
        protected: none(),
        changed_since_baseline: Some(is_pending),
        work_tree_differs: false,
        lane: None,
        modes: BTreeMap::new(),
        laxer_than_default: Vec::new(),
        drift: Vec::new(),
    };
    new.changes = seen(Changes {
        baseline: seen(baseline),
        commits: seen(log),
        lock: seen(lock),
        environment: Sealable::Inline(public),
        details: Sealable::Inline(details),
        counts,
        not_compared: found.not_compared,
    });
}
