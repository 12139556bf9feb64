//! Two builds compared: files that hold several, none, or another's; sealed parts; wrong order.

use proofmark::format::section::SealedSection;
use serde_json::{Value, json};

use crate::chains::Told;
use crate::forge::{Bench, Run, edited, key, sign_by};

fn diff(bench: &Bench, arguments: &[&str]) -> Run {
    bench.run(&[&["diff", "--key", "key1.pub"], arguments].concat())
}

/// Two builds, the second behind the first.
fn two(bench: &Bench) -> (Told, Told) {
    let (old, new) = (Told::first(), Told::first().next());
    bench.lines("old.sigstore.jsonl", &[old.line()]);
    bench.lines("new.sigstore.jsonl", &[new.line()]);
    (old, new)
}

#[test]
fn two_builds_are_named_with_their_signers_and_how_they_stand() {
    let bench = Bench::new();
    let (old, new) = two(&bench);
    let run = diff(&bench, &["old.sigstore.jsonl", "new.sigstore.jsonl"]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in [
        &format!("old  sha256:{} (old.sigstore.jsonl)", old.digest()),
        &format!("new  sha256:{} (new.sigstore.jsonl)", new.digest()),
        "NEW follows OLD in the chain",
        "signed by SHA256:",
    ] {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
    assert!(run.stdout.lines().last().unwrap().starts_with("result: "), "{run:?}");
    let run = diff(&bench, &["old.sigstore.jsonl", "old.sigstore.jsonl"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("are the same evidence"), "{run:?}");
}

#[test]
fn a_build_that_was_compared_with_the_other_is_known_by_its_baseline() {
    let bench = Bench::new();
    let (old, new) = two(&bench);
    let none = json!({"status": "unavailable", "basis": "read"});
    let seen = |value: Value| json!({"status": "observed", "basis": "read", "value": value});
    let baseline = json!({"sha256": old.digest(), "build_id": old.id, "age_seconds": 1,
        "finished": "2026-01-01T01:10:00Z", "from": "file", "signers": [], "sections": false});
    let changes = seen(json!({"baseline": seen(baseline), "commits": none, "lock": none,
        "environment": [], "details": [], "counts": {}}));
    let new = new.with(|b| b.more = json!({"changes": changes}));
    bench.lines("new.sigstore.jsonl", &[new.line()]);
    let run = diff(&bench, &["old.sigstore.jsonl", "new.sigstore.jsonl", "--format", "json"]);
    assert_eq!(run.json()["relation"], "successor", "{run:?}");
}

#[test]
fn the_later_build_in_the_place_of_the_earlier_is_a_mistake_of_use() {
    let bench = Bench::new();
    two(&bench);
    let run = diff(&bench, &["new.sigstore.jsonl", "old.sigstore.jsonl"]);
    run.is_usage("expected OLD before NEW");
    assert!(run.stderr.contains("the other way round"), "{run:?}");
}

#[test]
fn one_of_several_builds_is_chosen_by_its_digest() {
    let bench = Bench::new();
    let (old, new) = two(&bench);
    bench.lines("both.jsonl", &[old.line(), new.line()]);
    let run = diff(&bench, &["both.jsonl", "new.sigstore.jsonl"]);
    run.is_usage("expected one build in both.jsonl, found 2");
    for build in [&old, &new] {
        let name = format!("both.jsonl@{} (build {})", &build.digest()[..12], build.id);
        assert!(run.stderr.contains(&name), "{name}: {run:?}");
    }
    let of = |build: &Told| format!("both.jsonl@{}", &build.digest()[..12]);
    let run = diff(&bench, &[&of(&old), &of(&new), "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.json()["old"]["payload_sha256"], old.digest());
    let run = diff(&bench, &["both.jsonl@000000000000", &of(&new)]);
    assert_eq!(run.code, 3, "{run:?}");
}

#[test]
fn what_is_not_verified_is_compared_with_nothing() {
    let bench = Bench::new();
    let (old, new) = two(&bench);
    let altered = edited(&old.line(), |line| {
        line["dsseEnvelope"]["payload"] = json!(crate::forge::base64(&new.payload()));
    });
    bench.lines("altered.jsonl", std::slice::from_ref(&altered));
    bench.lines("other.jsonl", &[sign_by(&key(2), &old.payload())]);
    bench.lines("unsigned.jsonl", &[old.payload()]);
    bench.file("junk.jsonl", b"junk\n");
    for name in ["altered.jsonl", "other.jsonl", "unsigned.jsonl", "junk.jsonl", "none"] {
        for pair in [[name, "new.sigstore.jsonl"], ["old.sigstore.jsonl", name]] {
            let run = diff(&bench, &pair);
            assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{pair:?}: {run:?}");
        }
    }
    // Beside a build that is verified it is said, and what did verify is shown.
    bench.lines("mixed.jsonl", &[old.line(), altered]);
    let run = diff(&bench, &["mixed.jsonl", "new.sigstore.jsonl"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("counted for nothing: mixed.jsonl, line 2"), "{run:?}");
    let run = bench.run(&["diff", "old.sigstore.jsonl", "new.sigstore.jsonl"]);
    assert_eq!(run.code, 3, "no trust: {run:?}");
    let both = ["--key", "key2.pub", "--threshold", "2"];
    let run = diff(&bench, &[&["old.sigstore.jsonl", "new.sigstore.jsonl"], &both[..]].concat());
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("signatures by 2 of the trusted keys, found 1"), "{run:?}");
}

#[test]
fn sealed_parts_are_opened_from_beside_and_from_where_they_are_named() {
    let bench = Bench::new();
    let section = SealedSection::new("build.command.argv", [1; 16], &["make"]).unwrap();
    let foreign = SealedSection::new("build.command.argv", [2; 16], &["make"]).unwrap();
    let sealed = |build: Told| {
        let mut predicate: Value = serde_json::from_slice(&build.payload()).unwrap();
        let mut part = predicate["predicate"]["build"].take();
        part["command"] = json!({"argv": {"sealed": section.seal()}, "shell": false,
            "working_directory": "."});
        build.with(|b| b.more = json!({"build": part}))
    };
    let old = sealed(Told::first());
    bench.lines("old.sigstore.jsonl", &[old.line()]);
    bench.lines("new.sigstore.jsonl", &[sealed(old.next()).line()]);
    let opened = |flags: &[&str]| {
        let files = ["old.sigstore.jsonl", "new.sigstore.jsonl", "--format", "json"];
        let run = diff(&bench, &[&files, flags].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let json = run.json();
        let open = |side: &str| json[side]["opened_parts"].as_u64().unwrap();
        (open("old"), open("new"), json["notes"].to_string())
    };
    assert_eq!((opened(&[]).0, opened(&[]).1), (0, 0));
    bench.lines("old.sections.jsonl", &[&section.line]);
    assert_eq!((opened(&[]).0, opened(&[]).1), (1, 0), "what lies beside OLD is OLD's");
    bench.lines("s", &[&section.line]);
    let (old, new, notes) = opened(&["--sections", "s"]);
    assert_eq!((old, new), (1, 1));
    assert!(!notes.contains("not used"), "{notes}");
    // Of another build: said where nobody named it, an error where somebody did.
    bench.lines("old.sections.jsonl", &[&foreign.line]);
    let (old, _, notes) = opened(&[]);
    assert_eq!(old, 0);
    assert!(notes.contains("old.sections.jsonl is not used"), "{notes}");
    bench.lines("s", &[&foreign.line]);
    let files = ["old.sigstore.jsonl", "new.sigstore.jsonl", "--sections", "s"];
    let run = diff(&bench, &files);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.contains("--sections s: "), "{run:?}");
    diff(&bench, &["old.sigstore.jsonl", "new.sigstore.jsonl", "--sections", "no"]).is_usage("no");
}

#[test]
fn signed_evidence_that_cannot_be_read_could_not_tell() {
    let bench = Bench::new();
    two(&bench);
    bench.lines("bare.jsonl", &[crate::forge::sign(&crate::forge::evidence("b1", "succeeded"))]);
    let run = diff(&bench, &["bare.jsonl", "new.sigstore.jsonl"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("can't be read as build evidence"), "{run:?}");
}

#[test]
fn a_part_that_could_not_be_compared_fails_where_that_was_asked_for() {
    let bench = Bench::new();
    two(&bench);
    let files = ["old.sigstore.jsonl", "new.sigstore.jsonl"];
    for (flags, code) in [
        (&["--fail-on", "unexplained"][..], 0),
        (&["--fail-on", "not-compared"], 1),
        (&["--fail-on", "unexplained,not-compared"], 1),
        (&["--fail-on", "unexplained", "--fail-on", "not-compared"], 1),
    ] {
        let run = diff(&bench, &[&files, flags].concat());
        assert_eq!(run.code, code, "{flags:?}: {run:?}");
        let last = run.stdout.lines().last().unwrap();
        assert!(last.starts_with("result: no changes in what could be compared; "), "{last}");
        assert!(last.contains(" not compared; NOT compared at all: "), "{last}");
    }
    diff(&bench, &[&files[..], &["--fail-on", "no"]].concat()).is_usage("--fail-on");
}

#[test]
fn nothing_that_a_build_says_is_markup_on_a_page() {
    let bench = Bench::new();
    let (old, new) = two(&bench);
    let evil = new.with(|b| {
        b.id = "|<b>`x`\n[x](y)\u{1b}".to_owned();
        b.more = json!({"lane": {"status": "observed", "basis": "read", "value":
            {"job": "|<script>\n", "ref_kind": "default branch"}}});
    });
    bench.lines("new.sigstore.jsonl", &[evil.line()]);
    let files = ["old.sigstore.jsonl", "new.sigstore.jsonl", "--format", "markdown"];
    let run = diff(&bench, &files);
    assert_eq!(run.code, 0, "{run:?}");
    // An empty element parts a sign from what it would begin.
    let page = run.stdout.replace("<span></span>", "");
    for bad in ["<", "`", "[", "\u{1b}"] {
        assert!(!page.contains(bad), "{bad:?}: {run:?}");
    }
    for words in [&old.digest(), &evil.digest(), "&#60;script&#62;", "\nResult: no changes in what"]
    {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
    let builds = run.stdout.lines().take_while(|line| !line.starts_with("NEW follows"));
    for line in builds.filter(|line| line.starts_with('|')) {
        assert_eq!(line.matches('|').count(), 4, "{line}");
    }
}

#[test]
fn json_is_as_its_schema_says() {
    let bench = Bench::new();
    two(&bench);
    let validator = jsonschema::validator_for(&bench.run(&["schema", "diff"]).json()).unwrap();
    let files = ["old.sigstore.jsonl", "new.sigstore.jsonl", "--format", "json"];
    let value = diff(&bench, &files).json();
    let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
