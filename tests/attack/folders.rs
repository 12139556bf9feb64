//! Folders: trees that aren't the one that was attested, files that nobody asked about, evidence that
//! lies about.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use serde_json::{Value, json};

use crate::forge::{
    APP, Bench, EVIL, Run, build, evidence_of, good_lines, key, root_digest, sha256, sign, sign_by,
    subject,
};

const TRUST: [&str; 2] = ["--key", "key1.pub"];

/// A folder `tree` with a program, a text and a link, and the line that attests it as one.
fn tree(bench: &Bench) -> Vec<u8> {
    bench.file("tree/bin/app", APP);
    fs::set_permissions(bench.path("tree/bin/app"), fs::Permissions::from_mode(0o755)).unwrap();
    bench.file("tree/README", b"read me\n");
    bench.file("tree/etc/config", b"safe = true\n");
    symlink("bin/app", bench.path("tree/start")).unwrap();
    sign(&evidence_of(&json!([tree_subject(&bench.path("tree"))]), "b1", "succeeded"))
}

fn tree_subject(folder: &Path) -> Value {
    json!({"name": "tree", "digest": {"sha256": root_digest(folder)}, "annotations": {"kind": "tree"}})
}

#[test]
fn a_tree_that_is_as_it_was_is_one_artefact() {
    let bench = Bench::new();
    let line = tree(&bench);
    let json = bench.verify_of(&["tree"], &[line], &TRUST).is_verified();
    assert_eq!(json["artefacts"].as_array().unwrap().len(), 1);
    assert_eq!(json["artefacts"][0]["kind"], "tree");
}

#[test]
fn a_tree_that_differs_in_one_thing_is_not_the_tree() {
    // GHSA-p86f-xmg6-9q4x: metadata was ignored.
    type Change = fn(&Path);
    let changes: [(&str, Change); 13] = [
        ("added", |tree| fs::write(tree.join("extra"), b"").unwrap()),
        ("added below", |tree| fs::write(tree.join("bin/.hidden"), b"x").unwrap()),
        ("removed", |tree| fs::remove_file(tree.join("README")).unwrap()),
        ("renamed", |tree| fs::rename(tree.join("README"), tree.join("Readme")).unwrap()),
        ("moved", |tree| fs::rename(tree.join("README"), tree.join("etc/README")).unwrap()),
        ("swapped", |tree| {
            fs::rename(tree.join("README"), tree.join("x")).unwrap();
            fs::rename(tree.join("etc/config"), tree.join("README")).unwrap();
            fs::rename(tree.join("x"), tree.join("etc/config")).unwrap();
        }),
        ("altered", |tree| fs::write(tree.join("etc/config"), b"safe = fals\n").unwrap()),
        ("made executable", |tree| {
            fs::set_permissions(tree.join("README"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("made not executable", |tree| {
            fs::set_permissions(tree.join("bin/app"), fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("link turned", |tree| {
            fs::remove_file(tree.join("start")).unwrap();
            symlink("etc/config", tree.join("start")).unwrap();
        }),
        ("link to the same file by another way", |tree| {
            fs::remove_file(tree.join("start")).unwrap();
            symlink("./bin/app", tree.join("start")).unwrap();
        }),
        ("file for a link", |tree| {
            fs::remove_file(tree.join("start")).unwrap();
            fs::write(tree.join("start"), b"bin/app").unwrap();
        }),
        ("link for a file", |tree| {
            fs::remove_file(tree.join("README")).unwrap();
            symlink("/etc/passwd", tree.join("README")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let bench = Bench::new();
        let line = tree(&bench);
        change(&bench.path("tree"));
        let run = bench.verify_of(&["tree"], &[line], &TRUST);
        assert_eq!(run.code, 3, "{what}: {run:?}");
        run.is_untold("not-a-subject");
        assert!(!run.stdout.contains(r#""verdict": "verified""#), "{what}: {run:?}");
    }
}

#[test]
fn a_git_folder_that_somebody_adds_to_a_tree_is_not_passed_over() {
    let bench = Bench::new();
    let line = tree(&bench);
    bench.file("tree/bin/.git/hooks/post-checkout", b"evil");
    let run = bench.verify_of(&["tree"], std::slice::from_ref(&line), &TRUST);
    assert_eq!(run.is_untold("unseen")["artefacts"].as_array().unwrap().len(), 1);
    assert!(run.stdout.contains("bin/.git"), "{}", run.stdout);
}

#[test]
fn a_file_whose_content_is_a_trees_records_is_not_the_tree() {
    let bench = Bench::new();
    let records = format!("f - {} {}\n", sha256(APP), "617070");
    bench.file("one/app", APP);
    assert_eq!(root_digest(&bench.path("one")), sha256(records.as_bytes()));
    bench.file("tree", records.as_bytes());
    let of_tree =
        [sign(&evidence_of(&json!([tree_subject(&bench.path("one"))]), "b1", "succeeded"))];
    bench.verify_of(&["one"], &of_tree, &TRUST).is_verified();
    bench.verify_of(&["tree"], &of_tree, &TRUST).is_untold("not-a-subject");
    // And the other way round.
    let of_file =
        [sign(&evidence_of(&json!([subject("one", records.as_bytes())]), "b1", "succeeded"))];
    bench.verify_of(&["tree"], &of_file, &TRUST).is_verified();
    bench.verify_of(&["one"], &of_file, &TRUST).is_untold("not-a-subject");
}

#[test]
fn evidence_inside_a_tree_is_no_part_of_it_and_is_listed() {
    let bench = Bench::new();
    let line = tree(&bench);
    bench.lines("tree/proofmark.sigstore.jsonl", &[&line]);
    let verify = || bench.run(&["verify", "tree", "--key", "key1.pub", "--format", "json"]);
    let passed = &verify().is_verified()["passed_over"];
    assert_eq!(passed[0]["path"], "tree/proofmark.sigstore.jsonl");
    assert_eq!(passed.as_array().unwrap().len(), 1);
    bench.file("tree/proofmark.sections.jsonl", EVIL);
    let json = verify().is_verified();
    assert_eq!(json["passed_over"].as_array().unwrap().len(), 2);
    // No other name is left out, nor one of these in another place.
    for other in ["tree/x.sigstore.jsonl", "tree/bin/proofmark.sections.jsonl"] {
        let path = bench.file(other, EVIL);
        verify().is_untold("not-a-subject");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_tree_that_somebody_else_attested_is_no_artefact() {
    let bench = Bench::new();
    tree(&bench);
    let subjects = json!([tree_subject(&bench.path("tree"))]);
    let forged = sign_by(&key(9), &evidence_of(&subjects, "b1", "succeeded"));
    bench.verify_of(&["tree"], &[&forged], &TRUST).is_refused("no-signature-verifies");
    let failed = sign(&evidence_of(&subjects, "b1", "failed"));
    bench.verify_of(&["tree"], &[failed], &TRUST).is_refused("outcome");
}

#[test]
fn a_tree_under_another_name_is_refused_where_names_count() {
    let bench = Bench::new();
    let line = tree(&bench);
    fs::rename(bench.path("tree"), bench.path("other")).unwrap();
    let strict = ["--key", "key1.pub", "--strict-names"];
    bench.verify_of(&["other"], &[&line], &TRUST).is_verified();
    bench.verify_of(&["other"], &[&line], &strict).is_refused("different-name");
}

/// A folder `dist` with two files, and the lines of the build that made them.
fn dist(bench: &Bench) -> Vec<Vec<u8>> {
    bench.file("dist/app", APP);
    bench.file("dist/doc/manual", b"manual");
    build("b1", &json!([subject("app", APP), subject("doc/manual", b"manual")])).lines()
}

fn complete(bench: &Bench, lines: &[Vec<u8>]) -> Run {
    bench.verify_of(&["dist"], lines, &["--key", "key1.pub", "--complete"])
}

#[test]
fn every_file_of_a_folder_is_an_artefact() {
    let bench = Bench::new();
    let lines = dist(&bench);
    let json = bench.verify_of(&["dist"], &lines, &TRUST).is_verified();
    assert_eq!(json["artefacts"].as_array().unwrap().len(), 2);
    complete(&bench, &lines).is_verified();
    bench.file("dist/doc/extra", b"extra");
    bench.verify_of(&["dist"], &lines, &TRUST).is_untold("not-a-subject");
    complete(&bench, &lines).is_untold("not-a-subject");
    bench.file("dist/other/app", EVIL);
    bench.verify_of(&["dist"], &lines, &TRUST).is_refused("different-digest");
}

#[test]
fn a_missing_file_is_refused_where_the_whole_is_asked_for() {
    let bench = Bench::new();
    let lines = dist(&bench);
    fs::remove_file(bench.path("dist/doc/manual")).unwrap();
    bench.verify_of(&["dist"], &lines, &TRUST).is_verified();
    let run = complete(&bench, &lines);
    assert_eq!(run.code, 1, "{run:?}");
    let json = run.json();
    assert_eq!(json["verdict"], "refused");
    let missing = json["missing"].as_array().unwrap();
    assert!(
        missing.len() == 1 && missing[0].as_str().unwrap().starts_with("doc/manual"),
        "{run:?}"
    );
    // A file in its place with the same name isn't it.
    bench.file("dist/doc/manual", b"another manual");
    complete(&bench, &lines).is_refused("different-digest");
}

#[test]
fn one_file_stands_for_one_of_two_equal_subjects() {
    let bench = Bench::new();
    bench.file("dist/a", APP);
    let subjects = json!([subject("a", APP), subject("b", APP)]);
    let lines = build("b1", &subjects).lines();
    let run = complete(&bench, &lines);
    assert_eq!(run.code, 1, "{}", run.stdout);
    bench.file("dist/b", APP);
    complete(&bench, &lines).is_verified();
}

#[test]
fn a_subject_that_no_file_can_be_is_missing() {
    let bench = Bench::new();
    bench.file("dist/app", APP);
    for odd in [
        json!({"name": "x"}),
        json!({"name": "x", "digest": {"sha1": "00"}}),
        json!({}),
        json!({"name": "x", "digest": {"sha256": "zz"}}),
    ] {
        let lines = [sign(&evidence_of(&json!([subject("app", APP), odd]), "b1", "succeeded"))];
        let run = complete(&bench, &lines);
        assert_eq!((run.code, run.json()["missing"].as_array().unwrap().len()), (1, 1), "{run:?}");
    }
}

#[test]
fn an_empty_folder_could_not_be_told() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("empty/a/b")).unwrap();
    bench.verify_of(&["empty"], &good_lines(), &TRUST).is_untold("unreadable");
    complete_of_empty(&bench);
}

fn complete_of_empty(bench: &Bench) {
    let flags = ["--key", "key1.pub", "--complete"];
    bench.verify_of(&["empty"], &good_lines(), &flags).is_untold("unreadable");
    // Nor is one whose only files are evidence, or links.
    bench.lines("empty/a/x.sigstore.jsonl", &good_lines());
    symlink("../../app", bench.path("empty/b")).unwrap();
    bench.verify_of(&["empty"], &good_lines(), &flags).is_untold("unreadable");
}

#[test]
fn links_are_not_followed_out_of_a_folder() {
    // GHSA-v6px-jqx8-8xwj: a link out of the tree was hashed.
    let bench = Bench::new();
    let lines = dist(&bench);
    bench.file("outside/evil", EVIL);
    symlink("/etc/passwd", bench.path("dist/passwd")).unwrap();
    symlink("../outside", bench.path("dist/outside")).unwrap();
    symlink(".", bench.path("dist/loop")).unwrap();
    symlink("nowhere", bench.path("dist/broken")).unwrap();
    let run = bench.verify_of(&["dist"], &lines, &TRUST);
    assert_eq!(run.is_verified()["artefacts"].as_array().unwrap().len(), 2);
    // A link in the place of an artefact is none.
    fs::remove_file(bench.path("dist/app")).unwrap();
    symlink("../app", bench.path("dist/app")).unwrap();
    let run = complete(&bench, &lines);
    assert_eq!((run.code, run.json()["missing"].as_array().unwrap().len()), (1, 1), "{run:?}");
}

#[test]
fn only_the_known_endings_are_evidence_and_they_are_listed() {
    let bench = Bench::new();
    let lines = dist(&bench);
    let evidence = [
        "a.sigstore.json",
        "a.sigstore.jsonl",
        "a.intoto.jsonl",
        "a.sections.jsonl",
        "doc/a.unsigned.jsonl",
    ];
    for name in evidence {
        bench.file(&format!("dist/{name}"), EVIL);
    }
    let json = bench.verify_of(&["dist"], &lines, &TRUST).is_verified();
    assert_eq!(json["passed_over"].as_array().unwrap().len(), evidence.len());
    for name in [
        "a.intoto.json",
        "a.SIGSTORE.JSON",
        "a.sigstore.json~",
        "a.jsonl",
        "a.json",
        "sigstore.json",
    ] {
        let path = bench.file(&format!("dist/{name}"), EVIL);
        let run = bench.verify_of(&["dist"], &lines, &TRUST);
        assert_eq!(run.code, 3, "{name}: {run:?}");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_folder_too_deep_to_be_read_is_not_passed_over() {
    // Its paths are longer than the system takes, so that what lies there is never seen.
    let bench = Bench::new();
    let lines = dist(&bench);
    let flags = OFlags::RDONLY.union(OFlags::DIRECTORY);
    let mut folder = rustix::fs::open(bench.path("dist"), flags, Mode::empty()).unwrap();
    let name = "x".repeat(250);
    for _ in 0..20 {
        rustix::fs::mkdirat(&folder, &name, Mode::RWXU).unwrap();
        folder = rustix::fs::openat(&folder, &name, flags, Mode::empty()).unwrap();
    }
    rustix::fs::openat(&folder, "evil", OFlags::CREATE.union(OFlags::WRONLY), Mode::RWXU).unwrap();
    let run = bench.verify_of(&["dist"], &lines, &TRUST);
    run.is_untold("unseen");
    assert!(run.stdout.len() < 50_000);
    complete(&bench, &lines).is_untold("unseen");
}

#[test]
fn what_may_not_be_read_is_not_passed_over() {
    let bench = Bench::new();
    let lines = dist(&bench);
    bench.file("dist/locked/evil", EVIL);
    bench.lines("evidence.sigstore.jsonl", &lines);
    fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(bench.path("dist/locked"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything; then the check is run as nobody, from where nobody can run it.
    let is_root = fs::read_dir(bench.path("dist/locked")).is_ok();
    let binary = bench.path("proofmark");
    if is_root {
        fs::copy(env!("CARGO_BIN_EXE_proofmark"), &binary).unwrap();
    }
    let verify = |artefact: &str, bundle: &str| {
        let mut command = bench.command();
        if is_root {
            command = std::process::Command::new(&binary);
            command.env_clear().current_dir(bench.path("")).uid(65534).gid(65534);
        }
        command.args(["verify", artefact, "-b", bundle, "--format", "json"]).args(TRUST);
        Run::of(&mut command)
    };
    let folder = verify("dist", "evidence.sigstore.jsonl");
    bench.lines("locked.jsonl", &lines);
    fs::set_permissions(bench.path("locked.jsonl"), fs::Permissions::from_mode(0o000)).unwrap();
    let bundle = verify("app", "locked.jsonl");
    let readable = verify("app", "evidence.sigstore.jsonl");
    fs::set_permissions(bench.path("dist/locked"), fs::Permissions::from_mode(0o755)).unwrap();
    folder.is_untold("unseen");
    bundle.is_untold("bad-bundle");
    readable.is_verified();
}

#[test]
fn only_the_first_evidence_file_beside_the_artefact_is_read() {
    // Nobody picks, among several, the one that says what is wished.
    let names =
        ["proofmark.sigstore.jsonl", "app.sigstore.jsonl", "app.sigstore.json", "app.intoto.jsonl"];
    let arguments = ["verify", "app", "--key", "key1.pub", "--format", "json"];
    for (at, name) in names.iter().enumerate() {
        let bench = Bench::new();
        bench.lines(name, &good_lines());
        bench.run(&arguments).is_verified();
        for earlier in &names[..at] {
            bench.file(earlier, b"garbage");
            bench.run(&arguments).is_untold("bad-bundle");
            fs::remove_file(bench.path(earlier)).unwrap();
            fs::create_dir(bench.path(earlier)).unwrap();
            bench.run(&arguments).is_untold("bad-bundle");
            fs::remove_dir(bench.path(earlier)).unwrap();
        }
        for later in &names[at + 1..] {
            bench.file(later, b"garbage");
        }
        bench.run(&arguments).is_verified();
    }
}

#[test]
fn a_named_evidence_file_that_gives_nothing_could_not_be_told() {
    let bench = Bench::new();
    // What lies beside the artefact doesn't take its place.
    bench.lines("app.sigstore.jsonl", &good_lines());
    fs::create_dir(bench.path("folder")).unwrap();
    symlink("loop", bench.path("loop")).unwrap();
    for named in ["missing.jsonl", "folder", "loop", "app", "/dev/null", "key1.pub", ""] {
        let arguments = ["verify", "app", "--key", "key1.pub", "--format", "json", "-b", named];
        let run = bench.run(&arguments);
        if named.is_empty() {
            assert_ne!(run.code, 0, "{run:?}");
        } else {
            run.is_untold("bad-bundle");
        }
    }
}

#[test]
fn a_pipe_beside_the_artefact_is_not_waited_for() {
    // A folder out of an archive may hold one: whoever checks it would wait for ever.
    let bench = Bench::new();
    bench.file("dist/app", APP);
    for pipe in ["dist/proofmark.sigstore.jsonl", "app.sigstore.jsonl"] {
        let made = std::process::Command::new("mkfifo").arg(bench.path(pipe)).status().unwrap();
        assert!(made.success());
    }
    for artefact in ["dist/app", "app", "dist"] {
        let run = bench.run(&["verify", artefact, "--key", "key1.pub", "--format", "json"]);
        run.is_untold("bad-bundle");
    }
}

#[test]
fn a_glob_takes_what_it_names_and_nothing_is_no_success() {
    let bench = Bench::new();
    let lines = dist(&bench);
    bench.verify_of(&["dist/*"], &lines, &TRUST).is_verified();
    bench.verify_of(&["dist/*.tgz"], &lines, &TRUST).is_untold("unreadable");
    bench.verify_of(&["dist/**", "missing"], &lines, &TRUST).is_untold("unreadable");
}
