//! Definitions as people write them, and as whoever wants to hide a reference does.

mod reached;

use super::find::Family;
use super::pass::REFERENCES_MAX;
use super::references::{self, Found, documents};
use super::*;
use crate::base::digest::Sha256;
use crate::base::file::{self, Access, Overwrite};
use crate::capture::environment::Variables;
use crate::capture::markup::lines::Lines;
use crate::capture::platform;

struct Place(tempfile::TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, content)| place.write(path, content.as_bytes()));
        place
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        file::write_bytes(&path, Overwrite::Never, Access::Umask, content).unwrap();
    }

    fn captured(&self, variables: &[(&str, &str)]) -> Captured<Vec<Definition>> {
        let redactor = Redactor::new(["hunter2hunter2".to_owned()]);
        let platform = platform::capture(&Variables::new(variables.iter().copied()), &redactor);
        capture(self.0.path(), &platform, &redactor)
    }

    fn paths(&self, variables: &[(&str, &str)]) -> Vec<String> {
        let found = self.captured(variables).fact.value.unwrap_or_default();
        found.into_iter().map(|one| format!("{:?}", one.path)).collect()
    }
}

fn of(bytes: &[u8], family: Family) -> (Vec<Found>, Option<String>) {
    match documents(bytes, family) {
        Ok(documents) => {
            let lines = Lines::of(references::text(bytes).unwrap(), &documents);
            references::of(&documents, family, &lines)
        }
        Err(why) => (Vec::new(), Some(why)),
    }
}

/// `kind text` of each, sorted, and the trouble.
fn read(text: &str, family: Family) -> (Vec<String>, Option<String>) {
    let (found, trouble) = of(text.as_bytes(), family);
    let mut all: Vec<_> = found.iter().map(|one| format!("{} {}", one.kind, one.text)).collect();
    all.sort();
    all.dedup();
    (all, trouble)
}

#[track_caller]
fn reads(text: &str, family: Family, expected: &[&str]) {
    let (all, trouble) = read(text, family);
    assert_eq!(all, expected, "{text}");
    assert_eq!(trouble, None, "{text}");
}

#[test]
fn a_workflow_names_actions_and_images_at_any_depth() {
    let text = r#"
on: push
jobs:
  a:
    container: node:20
    services: {db: {image: "postgres:16"}}
    strategy: {matrix: {include: [{os: x, project: y}]}}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/checkout@v4
      - {uses: docker://alpine:3}
  b:
    uses: octo/shared/.github/workflows/x.yml@main
    container: {image: ghcr.io/o/i@sha256:aa, volumes: [x]}
"#;
    reads(
        text,
        Family::GitHub,
        &[
            "image ghcr.io/o/i@sha256:aa",
            "image node:20",
            "image postgres:16",
            "uses actions/checkout@v4",
            "uses docker://alpine:3",
            "uses octo/shared/.github/workflows/x.yml@main",
        ],
    );
}

#[test]
fn a_gitlab_file_names_images_and_other_definitions_in_every_form() {
    let text = r#"
image: {name: "ruby:3", entrypoint: [""]}
include:
  - /local/a.yml
  - https://example.org/b.yml
  - local: c.yml
  - {remote: "https://example.org/d.yml"}
  - template: Auto-DevOps.gitlab-ci.yml
  - component: gitlab.com/g/c/x@1.0
  - project: group/x
    ref: v1
    file: [/one.yml, two.yml]
  - {project: group/y, file: /three.yml}
  - project: group/z
job:
  image: !reference [.base, image]
  services: [postgres:16, {name: redis:7}]
  trigger: {include: child.yml}
other: {trigger: {include: [{artifact: made.yml, job: job}]}}
fixed: {include: [{remote: "https://x/f.yml", integrity: sha256-x}, {remote: "a b", integrity: 1}]}
down: {trigger: group/down}
branch: {trigger: {project: group/down, branch: main}}
"#;
    reads(
        text,
        Family::GitLab,
        &[
            "image !reference [.base, image]",
            "image postgres:16",
            "image redis:7",
            "image ruby:3",
            "include /local/a.yml",
            "include artifact:made.yml",
            "include child.yml",
            "include component:gitlab.com/g/c/x@1.0",
            "include https://example.org/b.yml",
            "include local:c.yml",
            "include project:group/x@v1:/one.yml",
            "include project:group/x@v1:two.yml",
            "include project:group/y:/three.yml",
            "include project:group/z",
            "include remote:a%20b integrity=1",
            "include remote:https://example.org/d.yml",
            "include remote:https://x/f.yml integrity=sha256-x",
            "include template:Auto-DevOps.gitlab-ci.yml",
            "include trigger:group/down",
            "include trigger:group/down@main",
        ],
    );
    reads("container: 3.10\nimage: true", Family::GitHub, &["image 3.10", "image true"]);
    reads("include: a.yml", Family::GitLab, &["include a.yml"]);
    reads("x: 1\n---\nimage: a\n", Family::GitLab, &["image a"]);
}

#[test]
fn no_alias_hides_a_reference() {
    reads("x: &a evil@v1\nj: {uses: *a}", Family::GitHub, &["uses evil@v1"]);
    reads("x: &k uses\nj: {*k : evil@v1}", Family::GitHub, &["uses evil@v1"]);
    reads("x: &a {name: evil}\nj: {image: *a}", Family::GitLab, &["image evil"]);
    reads(
        "x: &a [e.yml]\ninclude: [*a, b.yml]",
        Family::GitLab,
        &["include b.yml", "include e.yml"],
    );
    reads(
        "x: &a {project: g/p}\ny: &b {ref: v1}\ninclude: {<<: [*a, *b], file: e.yml}",
        Family::GitLab,
        &["include project:g/p@v1:e.yml"],
    );
    reads("x: &a {image: evil}\nj: {<<: *a}", Family::GitLab, &["image evil"]);
}

#[test]
fn what_runs_code_or_brings_files_in_unusual_places_is_found() {
    let services = "jobs: {a: {services: {redis: redis:7, db: {image: postgres:16}}}}";
    reads(services, Family::GitHub, &["image postgres:16", "image redis:7"]);
    let steps =
        "a: {run: [{step: gitlab.com/g/s@main}, {step: {git: {url: u.example/r, rev: v1}}}]}";
    reads(steps, Family::GitLab, &["uses gitlab.com/g/s@main", "uses u.example/r@v1"]);
    let needs = "a: {needs: [b, {job: c}, {project: g/p, job: d, ref: main}]}";
    reads(needs, Family::GitLab, &["include needs:g/p@main"]);
}

/// `include` in base64, which another parser reads.
#[test]
fn text_in_another_spelling_is_no_definition_that_was_understood() {
    for text in ["!binary aW5jbHVkZQ==: evil.yml", "j: {!!binary dXNlcw==: evil@v1}"] {
        for family in [Family::GitHub, Family::GitLab] {
            assert!(documents(text.as_bytes(), family).is_err(), "{text}");
        }
    }
}

#[test]
fn aliases_do_not_grow() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..40 {
        let before = format!("*a{}, ", n - 1).repeat(9);
        laughs.push_str(&format!("a{n}: &a{n} [{before}]\n"));
    }
    laughs.push_str("include: *a39\n");
    let (_, trouble) = read(&laughs, Family::GitLab);
    assert_eq!(trouble.as_deref(), Some("has too many values"));

    // Tables that are merged into each other, and never have what is looked for.
    let mut merged = "a0: &a0 {x: 1}\n".to_owned();
    for n in 1..30 {
        merged.push_str(&format!("a{n}: &a{n} {{<<: [*a{0}, *a{0}, *a{0}]}}\n", n - 1));
    }
    merged.push_str("include: *a29\n");
    let (_, trouble) = read(&merged, Family::GitLab);
    assert_eq!(trouble.as_deref(), Some("has too many values"));

    // One that is as deep as it is long.
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for n in 1..50_000 {
        chain.push_str(&format!("a{n}: &a{n} [*a{}]\n", n - 1));
    }
    let (_, trouble) = read(&chain, Family::GitLab);
    assert_eq!(trouble.as_deref(), Some("is nested too deeply"));
    let (_, trouble) = read("a: &a [*a]", Family::GitLab);
    assert_eq!(trouble.as_deref(), Some("has an alias that stands in what it names"));
}

#[test]
fn a_key_that_stands_twice_is_said_and_both_are_recorded() {
    let (found, trouble) = read("j: {uses: a@v1, uses: b@v1}", Family::GitHub);
    assert_eq!(found, ["uses a@v1", "uses b@v1"]);
    assert_eq!(trouble.as_deref(), Some("a key stands twice in one table"));
}

#[test]
fn what_is_no_definition_has_trouble_and_never_a_panic() {
    let deep = ["[".repeat(100_000), "a: ".repeat(1000), "- ".repeat(100_000), "{a: ".repeat(9000)];
    let odd = ["a: b: c", "*x", "a: [", "%YAML 9\n--- a: *b", "? [a]\n: b", "uses: \"\\x\""];
    for text in deep.iter().map(String::as_str).chain(odd) {
        let (found, trouble) = read(text, Family::GitHub);
        assert!(found.is_empty() && trouble.is_some(), "{}", &text[..text.len().min(20)]);
    }
    for bytes in [&b"uses: a\xff"[..], b"\xff\xfeu\0s\0", b"uses: a\0\nuses: b"] {
        let (found, trouble) = of(bytes, Family::GitHub);
        assert!(found.is_empty() && trouble.is_some());
    }
    reads("", Family::GitHub, &[]);
    reads("\u{feff}uses: a", Family::GitHub, &["uses a"]);
    let (_, trouble) = read(&format!("uses: {}", "x".repeat(2049)), Family::GitHub);
    assert_eq!(trouble.as_deref(), Some("names something that is too long"));
}

#[test]
fn definitions_are_found_where_the_platforms_read_them() {
    let place = Place::new(&[
        (".github/workflows/a.yml", "uses: x"),
        (".github/workflows/b.yaml", ""),
        (".github/workflows/c.txt", ""),
        (".github/workflows/below/d.yml", ""),
        (".github/actions/one/action.yml", ""),
        (".github/actions/one/two/action.yaml", ""),
        (".github/actions/one/other.yml", ""),
        (".github/dependabot.yml", ""),
        (".gitlab/ci/x/e.yml", ""),
        ("action.yml", ""),
        ("templates/f.yml", ""),
        ("ci/main.yml", ""),
    ]);
    let expected = [
        ".github/actions/one/action.yml",
        ".github/actions/one/two/action.yaml",
        ".github/workflows/a.yml",
        ".github/workflows/b.yaml",
        ".gitlab/ci/x/e.yml",
        "action.yml",
    ];
    let shown = |paths: &[&str]| paths.iter().map(|p| format!("Path({p:?})")).collect::<Vec<_>>();
    assert_eq!(place.paths(&[]), shown(&expected));
    place.write(".gitlab-ci.yml", b"image: x");
    let own = [("GITLAB_CI", "true"), ("CI_CONFIG_PATH", "ci/main.yml")];
    let found = place.paths(&own);
    for path in shown(&[".gitlab-ci.yml", "ci/main.yml", "templates/f.yml"]) {
        assert!(found.contains(&path), "{found:?}");
    }
    for elsewhere in ["../x.yml", "/etc/x.yml", "a.yml@g/p", "https://x/a.yml", ".git/x.yml", "ci"]
    {
        let own = [("GITLAB_CI", "true"), ("CI_CONFIG_PATH", elsewhere)];
        let captured = place.captured(&own);
        assert_eq!(captured.fact.value.unwrap().len(), expected.len() + 2, "{elsewhere}");
        assert_eq!(captured.gaps.len(), 1, "{elsewhere}: {:?}", captured.gaps);
    }
}

#[test]
fn a_definition_has_the_digest_of_its_bytes_and_its_references_without_credentials() {
    let text = "steps:\n- uses: docker://u:pw@r.io/i:1\n- uses: b@hunter2hunter2\n- uses: a@11bd71901bbe5b1630ceea73d27597364c9af683\n";
    let place = Place::new(&[(".github/workflows/a.yml", text)]);
    place.write(".gitlab-ci.yml", b"include: [{remote: 'https://me:pw@h.org/a.yml'}]");
    let captured = place.captured(&[]);
    let found = captured.fact.value.unwrap();
    assert_eq!(found[0].sha256, Some(Sha256::of(text.as_bytes())));
    assert_eq!(found[0].committed, None);
    let texts: Vec<_> = found[0].references.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts[0], "a@11bd71901bbe5b1630ceea73d27597364c9af683");
    assert!(!format!("{found:?}").contains("pw@") && !format!("{found:?}").contains("hunter2"));
    assert_eq!(found[1].references[0].text, "remote:https://h.org/a.yml");
    let places: Vec<_> = captured.redactions.iter().map(|one| one.place.as_str()).collect();
    assert!(places.contains(&"pipeline.definitions, uses"), "{places:?}");
    assert!(places.contains(&"pipeline.definitions, include"), "{places:?}");
}

#[test]
fn one_that_can_not_be_read_is_there_all_the_same() {
    let place = Place::new(&[(".github/workflows/a.yml", "uses: [")]);
    place.write(".github/workflows/b.yml", &vec![b'#'; (10 << 20) + 1]);
    let captured = place.captured(&[]);
    let found = captured.fact.value.unwrap();
    assert!(found[0].sha256.is_some() && found[0].trouble.as_deref().unwrap().contains("YAML"));
    assert_eq!(found[1].trouble.as_deref(), Some("is larger than 1048576 bytes"));
    assert_eq!(captured.gaps.len(), 1);
}

#[cfg(unix)]
#[test]
fn neither_a_link_is_followed_nor_a_fifo_waited_for() {
    let place = Place::new(&[("real/workflows/a.yml", "uses: x"), (".github/workflows/r.yml", "")]);
    let at = |path: &str| place.0.path().join(path);
    std::os::unix::fs::symlink(at("real/workflows/a.yml"), at(".github/workflows/l.yml")).unwrap();
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, at(".github/workflows/p.yml"), mode).unwrap();
    std::os::unix::fs::symlink(at("real"), at(".gitlab")).unwrap();
    let captured = place.captured(&[]);
    let found = captured.fact.value.unwrap();
    let read: Vec<_> = found.iter().map(|one| one.sha256.is_some()).collect();
    assert_eq!(read, [false, false, true], "{found:?}");
    let reasons = format!("{:?}", captured.gaps);
    assert!(reasons.contains("could be listed") && reasons.contains("2 definitions"), "{reasons}");
}

#[test]
fn none_is_no_gap_but_where_the_platform_names_one() {
    let place = Place::new(&[("src/a", "")]);
    let captured = place.captured(&[]);
    assert!(captured.fact.value.is_none() && captured.gaps.is_empty());
    let captured = place.captured(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_WORKFLOW_REF", "o/r/.github/workflows/x.yml@refs/heads/main"),
    ]);
    assert!(captured.gaps[0].reason.contains("isn't below the root"));
}

#[test]
fn there_are_at_most_five_hundred_and_what_they_name_has_an_end() {
    let place = Place::new(&[]);
    for number in 0..502 {
        let lines: Vec<_> = (0..10).map(|n| format!("- uses: a/{number}@{n}\n")).collect();
        place.write(&format!(".github/workflows/{number:03}.yml"), lines.concat().as_bytes());
    }
    let captured = place.captured(&[]);
    let found = captured.fact.value.unwrap();
    assert_eq!(found.len(), FILES_MAX);
    assert_eq!(found.iter().map(|one| one.references.len()).sum::<usize>(), REFERENCES_MAX);
    assert!(found[499].trouble.is_some() && found[0].trouble.is_none());
    assert!(format!("{:?}", captured.gaps).contains("2 definitions more than 500"));
}

#[test]
fn a_reference_has_the_line_that_it_stands_on_first_and_is_listed_once() {
    let workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: a/b@v1\n      - uses: c/d@v1\n      - uses: a/b@v1\n";
    let place = Place::new(&[(".github/workflows/a.yml", workflow)]);
    let found = place.captured(&[]).fact.value.unwrap();
    let lines: Vec<_> =
        found[0].references.iter().map(|one| (one.text.as_str(), one.line)).collect();
    assert_eq!(lines, [("a/b@v1", Some(6)), ("c/d@v1", Some(7))]);
}
