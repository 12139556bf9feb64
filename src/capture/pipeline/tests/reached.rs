//! What is reached from a definition, what of it is running, and how much of it is recorded.

use super::Place;
use crate::base::file::{self, Access, Overwrite};
use crate::capture::pipeline::pass::{JOBS_MAX, MARKS_MAX};
use crate::capture::pipeline::{FILES_MAX, REFERENCES};
use crate::format::evidence::Pin;

const GITHUB: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_REPOSITORY", "o/r"),
    ("GITHUB_WORKFLOW_REF", "o/r/.github/workflows/a.yml@refs/heads/main"),
];
const GITLAB: &[(&str, &str)] = &[("GITLAB_CI", "true")];

impl Place {
    /// The paths, and whether each is running.
    fn running(&self, variables: &[(&str, &str)]) -> Vec<(String, bool)> {
        let found = self.captured(variables).fact.value.unwrap_or_default();
        found.into_iter().map(|one| (format!("{:?}", one.path), one.running)).collect()
    }
}

fn shown(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|(path, running)| (format!("Path({path:?})"), *running)).collect()
}

#[test]
fn the_running_workflow_is_followed_to_all_that_it_is_made_of() {
    let place = Place::new(&[
        (
            ".github/workflows/a.yml",
            "on: push\njobs: {a: {uses: ./.github/workflows/called.yml}, b: {runs-on: x, steps: [{uses: ./tools/one}, {uses: ./absent}, {uses: o/other@v1}, {uses: o/other@v1}]}}",
        ),
        (
            ".github/workflows/called.yml",
            "on: workflow_call\njobs: {c: {runs-on: x, steps: [{uses: $/tools/two}, {uses: ./}]}}",
        ),
        (
            ".github/workflows/idle.yml",
            "on: push\njobs: {d: {runs-on: x, steps: [{uses: ./tools/three}]}}",
        ),
        ("action.yml", "runs: {using: composite, steps: [{uses: ./tools/one}]}"),
        (
            "tools/one/action.yaml",
            "runs: {using: composite, steps: [{uses: ./tools/../tools/one}, {uses: o/more@v1}]}",
        ),
        ("tools/two/action.yml", "runs: {using: docker, image: Dockerfile}"),
        ("tools/two/action.yaml", "runs: {using: docker, image: docker://other}"),
        ("tools/three/action.yml", "runs: {using: node24, main: x}"),
        ("tools/unnamed/action.yml", ""),
    ]);
    let all = [
        (".github/workflows/a.yml", true),
        (".github/workflows/called.yml", true),
        (".github/workflows/idle.yml", false),
        ("action.yml", true),
        ("tools/one/action.yaml", true),
        ("tools/three/action.yml", false),
        ("tools/two/action.yml", true),
    ];
    assert_eq!(place.running(GITHUB), shown(&all));
    let captured = place.captured(GITHUB);
    let reasons: Vec<_> =
        captured.gaps.iter().map(|gap| (gap.part.as_str(), gap.reason.as_str())).collect();
    assert!(
        reasons
            .iter()
            .any(|(part, why)| *part == REFERENCES && why.starts_with("2 references to other")),
        "{reasons:?}"
    );
    assert!(
        reasons
            .iter()
            .any(|(part, why)| *part == REFERENCES && why.starts_with("1 reference of the")),
        "{reasons:?}"
    );
    let found = captured.fact.value.unwrap();
    assert!(found[4].sha256.is_some() && found[4].references.len() == 2, "{found:?}");
    assert_eq!(found[6].references[0].pin, Pin::SameCommit);
    // The same files without a platform, of which none is running.
    let none: Vec<_> = all.iter().map(|(path, _)| (*path, false)).collect();
    assert_eq!(place.running(&[]), shown(&none));
    assert!(place.captured(&[]).gaps.is_empty());
}

#[test]
fn a_pipeline_of_gitlab_s_is_followed_through_files_wildcards_and_own_components() {
    let place = Place::new(&[
        (
            ".gitlab-ci.yml",
            "include: [/ci/a.yml, {local: 'ci/parts/*.yml'}, {local: 'ci/deep/**.yml'}, {component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/own@$CI_COMMIT_SHA}, {component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/folder@$CI_COMMIT_SHA}, {project: g/p, file: x.yml}, {template: x.yml}, {local: 'ci/$X.yml'}, ../out.yml]",
        ),
        ("ci/a.yml", "include: .gitlab-ci.yml\ntrigger: {include: ci/child.yml}"),
        ("ci/child.yml", "trigger: g/down"),
        ("ci/parts/b.yml", ""),
        ("ci/parts/c.txt", ""),
        ("ci/parts/below/d.yml", ""),
        ("ci/deep/e.yml", ""),
        ("ci/deep/x/f.yml", ""),
        ("templates/own.yml", ""),
        ("templates/folder/template.yml", ""),
        ("templates/idle.yml", ""),
    ]);
    assert_eq!(
        place.running(GITLAB),
        shown(&[
            (".gitlab-ci.yml", true),
            ("ci/a.yml", true),
            ("ci/child.yml", true),
            ("ci/deep/e.yml", true),
            ("ci/deep/x/f.yml", true),
            ("ci/parts/b.yml", true),
            ("templates/folder/template.yml", true),
            ("templates/idle.yml", false),
            ("templates/own.yml", true),
        ])
    );
    let reasons = format!("{:?}", place.captured(GITLAB).gaps);
    assert!(reasons.contains("2 references to other repositories"), "{reasons}");
}

#[cfg(unix)]
#[test]
fn what_is_reached_through_a_link_or_leads_out_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    let evil = outside.path().join("action.yml");
    file::write_bytes(&evil, Overwrite::Never, Access::Umask, b"runs: {}").unwrap();
    let place = Place::new(&[
        (
            ".github/workflows/a.yml",
            "on: push\njobs: {a: {runs-on: x, steps: [{uses: ./folder}, {uses: ./link}, {uses: ./../out}, {uses: ./.git}, {uses: './a:b'}]}}",
        ),
        ("link/other", ""),
        (".git/action.yml", ""),
        ("a:b/action.yml", ""),
    ]);
    let at = |path: &str| place.0.path().join(path);
    std::os::unix::fs::symlink(outside.path(), at("folder")).unwrap();
    std::os::unix::fs::symlink(&evil, at("link/action.yml")).unwrap();
    let captured = place.captured(GITHUB);
    let found = captured.fact.value.unwrap();
    let read: Vec<_> =
        found.iter().map(|one| (format!("{:?}", one.path), one.sha256.is_some())).collect();
    assert_eq!(read, shown(&[(".github/workflows/a.yml", true), ("link/action.yml", false)]));
    let reasons = format!("{:?}", captured.gaps);
    assert!(reasons.contains("3 references of the running pipeline"), "{reasons}");
}

#[test]
fn a_chain_and_a_crowd_of_definitions_have_an_end() {
    let place = Place::new(&[(
        ".github/workflows/a.yml",
        "on: push\njobs: {a: {runs-on: x, steps: [{uses: ./c/000}]}}",
    )]);
    for number in 0..70 {
        let text = format!("runs: {{using: composite, steps: [{{uses: ./c/{:03}}}]}}", number + 1);
        place.write(&format!("c/{number:03}/action.yml"), text.as_bytes());
    }
    let captured = place.captured(GITHUB);
    assert_eq!(captured.fact.value.unwrap().len(), 65);
    assert!(format!("{:?}", captured.gaps).contains("too deep"), "{:?}", captured.gaps);

    let place = Place::new(&[]);
    let steps: Vec<_> = (0..600).map(|n| format!("{{uses: ./c/{n:03}}}")).collect();
    let text = format!("on: push\njobs: {{a: {{runs-on: x, steps: [{}]}}}}", steps.join(", "));
    place.write(".github/workflows/a.yml", text.as_bytes());
    (0..600).for_each(|n| place.write(&format!("c/{n:03}/action.yml"), b""));
    let captured = place.captured(GITHUB);
    assert_eq!(captured.fact.value.unwrap().len(), FILES_MAX);
    assert!(format!("{:?}", captured.gaps).contains("too much"), "{:?}", captured.gaps);
}

#[test]
fn no_crowd_of_files_hides_the_running_one() {
    let place = Place::new(&[]);
    let jobs: Vec<_> =
        (0..JOBS_MAX).map(|n| format!("  j{n}: {{runs-on: self-hosted, steps: []}}\n")).collect();
    let many = format!("on: push\njobs:\n{}", jobs.concat());
    for number in 0..FILES_MAX {
        let text = if number < 3 { many.as_str() } else { "on: push\njobs: {x: {}}" };
        place.write(&format!(".github/workflows/0{number:03}.yml"), text.as_bytes());
    }
    place.write(
        ".github/workflows/a.yml",
        b"on: push\njobs: {mine: {runs-on: x, steps: [{uses: a/b@v1}]}}",
    );
    let found = place.captured(GITHUB).fact.value.unwrap();
    assert_eq!(found.len(), FILES_MAX);
    let running: Vec<_> = found.iter().filter(|one| one.running).collect();
    assert_eq!((running.len(), running[0].jobs.len(), running[0].references.len()), (1, 1, 1));
    assert_eq!(found.iter().map(|one| one.jobs.len()).sum::<usize>(), JOBS_MAX);
    assert_eq!(found.iter().map(|one| one.marks.len()).sum::<usize>(), MARKS_MAX);
    assert!(found[400].unclear.as_deref().unwrap().contains("jobs that aren't recorded"));
}

#[test]
fn facts_are_without_credentials_and_cut() {
    let long = "x".repeat(600);
    let text = format!(
        "on: [push, hunter2hunter2]\npermissions: {{hunter2hunter2: read}}\njobs: {{hunter2hunter2: {{runs-on: [self-hosted, hunter2hunter2, {long}], environment: hunter2hunter2, steps: []}}}}"
    );
    let place = Place::new(&[(".github/workflows/a.yml", &text)]);
    let captured = place.captured(GITHUB);
    let found = captured.fact.value.unwrap();
    let all = serde_json::to_string(&found).unwrap();
    assert!(!all.contains("hunter2") && !all.contains(&long), "{all}");
    assert!(found[0].unclear.as_deref().unwrap().contains("cut"));
    let places: Vec<_> = captured.redactions.iter().map(|one| one.place.as_str()).collect();
    for part in ["triggers", "permissions", "jobs", "marks"] {
        assert!(places.contains(&format!("pipeline.definitions, {part}").as_str()), "{places:?}");
    }
}

#[test]
fn the_digest_of_a_remote_file_stays_readable() {
    let sum = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let text = format!("include: [{{remote: 'https://me:pw@h.org/a.yml', integrity: '{sum}'}}]");
    let place = Place::new(&[(".gitlab-ci.yml", &text)]);
    let found = place.captured(&[]).fact.value.unwrap();
    let reference = &found[0].references[0];
    assert_eq!(reference.text, format!("remote:https://h.org/a.yml integrity={sum}"));
    assert_eq!(reference.pin, Pin::Integrity);
}
