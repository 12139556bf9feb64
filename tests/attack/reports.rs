//! Reports over evidence that means ill: lists without end, long names, markup, other types, two builds of one lane.

use proofmark::format::evidence::BUILD_EVIDENCE;
use serde_json::{Value, json};

use crate::chains::Told;
use crate::forge::{Bench, OTHER_TYPE, Run, key, sign, sign_by, statement};

fn report(bench: &Bench, flags: &[&str]) -> Run {
    let fixed = ["report", "e.sigstore.jsonl", "--key", "key1.pub", "--format", "json"];
    bench.run(&[&fixed[..], flags].concat())
}

fn seen(value: Value) -> Value {
    json!({"status": "observed", "basis": "read", "value": value})
}

#[track_caller]
fn texts(value: &Value, check: &dyn Fn(&str)) {
    match value {
        Value::String(text) => check(text),
        Value::Array(entries) => entries.iter().for_each(|entry| texts(entry, check)),
        Value::Object(members) => members.values().for_each(|entry| texts(entry, check)),
        _ => {}
    }
}

#[test]
fn lists_without_end_and_long_names_stay_within_caps_in_every_format() {
    let bench = Bench::new();
    let long = "\u{202e}\u{1b}[31m<script>|`a`\n".repeat(2_000);
    let gap = json!({"part": long, "reason": long, "cure": "x"});
    let mut gaps = vec![gap; 10];
    gaps.extend(vec![json!({"part": "a", "reason": "b"}); 100_000]);
    let mark = json!({"kind": "k", "place": "p", "what": "w"});
    let reference = json!({"kind": "uses", "text": "a/b@main", "pin": "unpinned"});
    let definition = json!({"path": long, "running": true, "marks": vec![mark; 20_000],
        "references": vec![reference; 20_000]});
    let change = json!({"class": "tools", "place": "tools", "name": long, "change": "changed",
        "explanation": {"by": "unexplained"}});
    let none = json!({"status": "unavailable", "basis": "read"});
    let changes = seen(json!({"baseline": none, "commits": none, "lock": none,
        "environment": vec![change; 60], "details": [],
        "counts": {"tools": {"changes": u64::MAX, "unexplained": u64::MAX}}}));
    let told = Told::first().with(|b| {
        b.more = json!({"gaps": gaps, "changes": changes,
            "pipeline": seen(json!({"platform": "github", "repository": long, "run_url": "javascript:alert(1)",
                "definitions": [definition]}))});
    });
    bench.lines("e.sigstore.jsonl", &[told.line()]);
    let run = report(&bench, &["--claims"]);
    let told = run.json()["not_verified"].to_string();
    assert_eq!(run.code, 0, "{} {}", run.stderr, told.get(..2_000).unwrap_or(&told));
    assert!(run.stdout.len() < 3 << 20, "{}", run.stdout.len());
    let value = run.json();
    let build = &value["builds"][0];
    assert_eq!(build["run_url"], Value::Null);
    assert_eq!(build["check"], Value::Null, "nothing was built");
    for (list, most) in [("gaps", 1001), ("marks", 1000)] {
        assert_eq!(build[list].as_array().unwrap().len(), most, "{list}");
    }
    assert_eq!(build["pins"]["references"].as_array().unwrap().len(), 1000);
    assert_eq!(build["pins"]["movable"], 20_000);
    assert_eq!(build["timeline"][0]["list"].as_array().unwrap().len(), 50);
    texts(&value, &|text| {
        assert!(!text.contains(['\u{202e}', '\u{1b}']), "{text:?}");
        assert!(text.len() < 8_000, "{}", text.len());
    });
    for format in ["text", "markdown", "request", "html", "sarif", "csv"] {
        let flags = ["report", "e.sigstore.jsonl", "--key", "key1.pub", "--format", format];
        let run = bench.run(&flags);
        assert_eq!(run.code, 0, "{format}: {}", run.stderr);
        assert!(!run.stdout.contains(['\u{202e}', '\u{1b}']), "{format}");
        assert!(run.stdout.len() < 4 << 20, "{format}: {}", run.stdout.len());
        if matches!(format, "markdown" | "request") {
            assert!(run.stdout.len() < 1 << 20, "{format}: {}", run.stdout.len());
        }
    }
}

#[test]
fn an_unsigned_line_and_another_keys_beside_signed_ones_add_nothing_and_are_told() {
    let bench = Bench::new();
    let honest = Told::first();
    let newer = honest.next();
    let unsigned = newer.payload();
    let evil = sign_by(&key(9), &newer.payload());
    bench.lines("e.sigstore.jsonl", &[honest.line(), unsigned, evil]);
    let run = report(&bench, &[]);
    assert_eq!(run.code, 3, "{run:?}");
    let value = run.json();
    assert_eq!(value["verified"], true);
    assert_eq!(value["builds"].as_array().unwrap().len(), 1);
    assert_eq!(value["builds"][0]["payload_sha256"], honest.digest());
    assert_eq!(value["not_verified"].as_array().unwrap().len(), 2, "{value:#}");
}

#[test]
fn another_type_is_no_build_and_nothing_verified_is_3() {
    let bench = Bench::new();
    let other = sign(&statement(&json!([]), OTHER_TYPE, &json!({"build": {}})));
    bench.lines("e.sigstore.jsonl", &[other]);
    let run = report(&bench, &[]);
    assert_eq!((run.code, &run.json()["verified"]), (3, &json!(false)), "{run:?}");
    // Signed, and of a shape that can't be read: it may be a build that should not be seen.
    for predicate in [json!({}), json!({"build": []}), json!({"build": {"id": 1e300}})] {
        let odd = sign(&statement(&json!([]), BUILD_EVIDENCE, &predicate));
        bench.lines("e.sigstore.jsonl", &[Told::first().line(), odd]);
        let run = report(&bench, &[]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.json()["not_verified"][0]["why"].as_str().unwrap().contains("can't be read"));
    }
}

#[test]
fn two_builds_that_claim_one_place_are_both_in_the_timeline_and_the_fork_is_told() {
    let bench = Bench::new();
    let one = Told::first();
    let two = one.next();
    let twin = one.next().with(|b| {
        b.id = "twin".to_owned();
        b.more = json!({"redactions": [{"place": "x", "rule": "y"}]});
    });
    bench.lines("e.sigstore.jsonl", &[one.line(), two.line(), twin.line()]);
    let value = report(&bench, &[]).json();
    let build = &value["builds"][0];
    assert_eq!(build["timeline"].as_array().unwrap().len(), 3);
    assert!(!build["chain"].as_array().unwrap().is_empty(), "{build:#}");
    let marked = |event: &Value| !event["marks"].as_array().unwrap().is_empty();
    assert!(build["timeline"].as_array().unwrap().iter().any(marked));
}

#[test]
fn a_failed_newest_build_is_said_and_the_newest_that_succeeded_is_shown() {
    let bench = Bench::new();
    let one = Told::first();
    let failed = one.next().with(|b| {
        b.more = json!({"build": {"id": "f", "started": "2026-01-02T00:00:00Z",
            "finished": "2026-01-02T00:01:00Z", "bracket": "command", "outcome": "failed",
            "signing": {"layout": "in-job", "key_custody": {"custody": "in-job"}},
            "tool": {"name": "proofmark", "version": "0"}}});
    });
    bench.lines("e.sigstore.jsonl", &[one.line(), failed.line()]);
    let value = report(&bench, &[]).json();
    assert_eq!(value["builds"][0]["payload_sha256"], one.digest());
    assert!(value["not_shown"][0].as_str().unwrap().contains("failed"), "{value:#}");
}

#[test]
fn repositories_are_sorted_with_the_worst_first_and_reports_are_the_same_each_time() {
    let bench = Bench::new();
    let of = |url: &str, id: &str| {
        let source = json!({"repository": url, "dirty": [], "dirty_count": 0, "shallow": false,
            "partial": false, "sparse": false, "linked_worktree": false, "bare": false});
        let lane = json!({"repository_id": id, "definition": "ci.yml", "job": "main",
            "ref_kind": "default branch"});
        Told::first().with(|b| {
            b.id = id.to_owned();
            b.more = json!({"source": seen(source), "lane": seen(lane)});
        })
    };
    bench.lines("all/a/e.sigstore.jsonl", &[of("https://a.example/x", "1").line()]);
    bench.lines("all/b/e.sigstore.jsonl", &[of("https://a.example/y", "2").line()]);
    let all = || {
        bench.run(&["report", "all", "--key", "key1.pub", "--by", "repository", "--format", "json"])
    };
    let run = all();
    assert_eq!(run.code, 0, "{run:?}");
    let mut one = run.json();
    assert_eq!(one["repositories"].as_array().unwrap().len(), 2);
    assert!(one["headline"].as_str().unwrap().contains("worst of 2 lanes"));
    let mut two = all().json();
    for value in [&mut one, &mut two] {
        value["made"] = Value::Null;
    }
    assert_eq!(one, two);
}

#[test]
fn one_payload_signed_by_two_keys_in_two_files_meets_a_threshold_of_two() {
    let bench = Bench::new();
    let told = Told::first();
    bench.lines("a.sigstore.jsonl", &[told.line()]);
    bench.lines("b.sigstore.jsonl", &[sign_by(&key(2), &told.payload())]);
    let flags = ["--key", "key1.pub", "--key", "key2.pub", "--threshold", "2", "--format", "json"];
    let both =
        bench.run(&[&["report", "a.sigstore.jsonl", "b.sigstore.jsonl"], &flags[..]].concat());
    assert_eq!(both.code, 0, "{both:?}");
    assert_eq!(both.json()["builds"][0]["signers"].as_array().unwrap().len(), 2);
    let one = bench.run(&[&["report", "a.sigstore.jsonl"], &flags[..]].concat());
    assert_eq!((one.code, one.json()["builds"].as_array().unwrap().len()), (3, 0), "{one:?}");
}
