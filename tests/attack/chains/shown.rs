//! What `log` shows, and what of it is verified.

use serde_json::{Value, json};

use super::{Told, all, chain, log_of, names, names_nothing, without};
use crate::forge::{Bench, build as slsa, edited, evidence, key, sign, sign_by};

#[test]
fn twenty_builds_of_two_lanes_are_a_table_each_and_nothing_is_named() {
    let bench = Bench::new();
    let one = chain(10);
    let other: Vec<_> = std::iter::successors(
        Some(Told::first().with(|b| {
            b.job = "docs";
            b.id = "docs 1".to_owned();
        })),
        |before| Some(before.next()),
    )
    .take(10)
    .collect();
    let builds: Vec<_> = one.iter().chain(&other).collect();
    let head = one[9].digest();
    let run = log_of(&bench, &builds, &["--strict", "--head", &head]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in ["lane 1: ci.yml, job docs", "lane 2: ci.yml, job main", "What this can't show:"] {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
    assert!(!run.stdout.contains("findings\n"), "{run:?}");
    let last = run.stdout.lines().last().unwrap();
    assert_eq!(last, "result: 20 verified builds of 2 lanes, no findings (exit 0)");
    for row in run.stdout.lines().filter(|line| line.contains("2026-01-01T")) {
        assert!(row.chars().count() <= 100, "{row}");
    }
    assert_eq!(run.stdout.matches("2026-01-01T").count(), 20, "{run:?}");
    names_nothing(&builds, &[]);
}

#[test]
fn builds_in_many_files_and_folders_are_one_chain_in_any_order() {
    let bench = Bench::new();
    for (index, build) in chain(6).iter().enumerate() {
        bench.lines(&format!("all/{}/{index}.sigstore.jsonl", 9 - index), &[build.line()]);
    }
    bench.file("all/readme.txt", b"no evidence");
    let run = bench.run(&["log", "all", "--key", "key1.pub", "--strict", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let json = run.json();
    let sequences: Vec<_> = json["lanes"][0]["builds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|build| build["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn links_in_a_folder_are_not_followed_and_what_has_no_end_is_not_waited_for() {
    let bench = Bench::new();
    let builds = chain(2);
    bench.lines("all/1.sigstore.jsonl", &[builds[0].line()]);
    let outside = bench.file("outside", &builds[1].line());
    std::os::unix::fs::symlink(outside, bench.path("all/2.sigstore.jsonl")).unwrap();
    let fifo = bench.path("all/3.sigstore.jsonl");
    let made = std::process::Command::new("mkfifo").arg(fifo).status().unwrap();
    assert!(made.success());
    let run = bench.run(&["log", "all", "--key", "key1.pub"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout.ends_with("result: 1 verified build of 1 lane, no findings (exit 0)\n"),
        "{run:?}"
    );
}

#[test]
fn an_altered_build_is_no_row_and_is_named() {
    let bench = Bench::new();
    let builds = chain(3);
    let mut lines: Vec<_> = builds.iter().map(Told::line).collect();
    let other = builds[1].clone().with(|b| b.outcome = "failed").payload();
    lines[1] = edited(&lines[1], |line| {
        line["dsseEnvelope"]["payload"] = json!(crate::forge::base64(&other));
    });
    bench.lines("e.jsonl", &lines);
    let log =
        |flags: &[&str]| bench.run(&[&["log", "e.jsonl", "--key", "key1.pub"], flags].concat());
    let run = log(&[]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("e.jsonl, line 2: no trusted key's signature verifies"), "{run:?}");
    assert!(run.stdout.contains(&builds[2].digest()), "what did verify is shown: {run:?}");
    assert_eq!(log(&["--strict"]).code, 1, "a gap goes first");
}

#[test]
fn what_nobody_trusted_signed_gives_nothing() {
    let bench = Bench::new();
    let build = Told::first();
    bench.lines("other.jsonl", &[sign_by(&key(2), &build.payload())]);
    bench.lines("unsigned.jsonl", &[build.payload()]);
    bench.file("junk.jsonl", b"junk\n");
    bench.file("empty.jsonl", b"");
    std::fs::create_dir(bench.path("folder")).unwrap();
    for name in ["other.jsonl", "unsigned.jsonl", "junk.jsonl", "empty.jsonl", "folder", "none"] {
        let run = bench.run(&["log", name, "--key", "key1.pub"]);
        assert_eq!(run.code, 3, "{name}: {run:?}");
        assert!(run.stdout.contains("could not tell: no build is verified"), "{name}: {run:?}");
    }
    let run = bench.run(&["log", "other.jsonl"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "no trust: {run:?}");
    bench.run(&["log", "--key", "key1.pub"]).is_usage("FILE");
}

#[test]
fn a_threshold_counts_signers_over_all_files() {
    let bench = Bench::new();
    let payload = Told::first().payload();
    bench.lines("one.jsonl", &[sign_by(&key(1), &payload)]);
    bench.lines("two.jsonl", &[sign_by(&key(2), &payload)]);
    let flags = ["--key", "key1.pub", "--key", "key2.pub", "--threshold", "2"];
    let log = |files: &[&str]| bench.run(&[&["log"], files, &flags[..]].concat());
    assert_eq!(log(&["one.jsonl", "two.jsonl"]).code, 0);
    for files in [&["one.jsonl"][..], &["one.jsonl", "one.jsonl"]] {
        let run = log(files);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.stdout.contains("signatures by 2 of the trusted keys, found 1"), "{run:?}");
    }
}

#[test]
fn signed_evidence_that_cannot_be_read_is_named_and_no_silence() {
    let bench = Bench::new();
    bench.lines("e.jsonl", &[Told::first().line(), sign(&evidence("b1", "succeeded"))]);
    let run = bench.run(&["log", "e.jsonl", "--key", "key1.pub", "--strict", "--format", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.json()["findings"][0]["id"], "unreadable", "{run:?}");
    let none = json!({"lane": {"status": "unavailable", "basis": "read", "reason": "why not"}});
    names(&[&Told::first().with(|b| b.more = none)], &[], "no-lane", &["why not"]);
}

#[test]
fn other_statements_and_attested_files_are_said_and_hang_in_no_chain() {
    let bench = Bench::new();
    let provenance = sign(&slsa("b1", &json!([])).provenance);
    let attested = Told::first().with(|b| {
        b.id = "attested".to_owned();
        b.sequence = None;
        let mut build: Value = serde_json::from_slice(&b.payload()).unwrap();
        let mut build = build["predicate"]["build"].take();
        build["bracket"] = json!("none");
        build["outcome"] = json!("not applicable");
        b.more = json!({"build": build});
    });
    bench.lines("e.jsonl", &[Told::first().line(), provenance, attested.line()]);
    let run = bench.run(&["log", "e.jsonl", "--key", "key1.pub", "--strict"]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in
        ["1 verified statement of files", "1 line of other types", "1 verified build of 1 lane"]
    {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
}

#[test]
fn attested_files_that_claim_a_place_in_a_chain_are_named() {
    let builds = chain(2);
    let attested = |edit: fn(&mut Told)| {
        builds[1].clone().with(|b| {
            b.why_none = None;
            edit(b);
            let mut told: Value = serde_json::from_slice(&b.payload()).unwrap();
            let mut build = told["predicate"]["build"].take();
            build["bracket"] = json!("none");
            build["outcome"] = json!("not applicable");
            b.more = json!({"build": build});
        })
    };
    for hidden in
        [attested(|_| ()), attested(|b| b.sequence = None), attested(|b| b.previous = None)]
    {
        names(&[&builds[0], &hidden], &[], "attest-in-chain", &[&hidden.digest(), "expected none"]);
    }
}

#[test]
fn a_link_by_the_digest_of_a_capture_is_said() {
    let capture = crate::forge::sha256(b"capture");
    let first = Told::first().with(|b| b.captured = Some(capture.clone()));
    let second = first.next().with(|b| b.previous = Some(capture.clone()));
    let run = log_of(&Bench::new(), &[&first, &second], &["--strict", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let json = run.json();
    let notes = json["lanes"][0]["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let note = notes[0].as_str().unwrap();
    for words in [&first.digest(), &second.digest(), "digest of the capture", "isn't given"] {
        assert!(note.contains(words), "{words}: {note}");
    }
    let json = log_of(&Bench::new(), &all(&chain(2)), &["--format", "json"]).json();
    assert_eq!(json["lanes"][0]["notes"], json!([]));
}

#[test]
fn a_build_that_was_compared_with_nothing_has_no_number_of_changes() {
    let none = json!({"status": "unavailable", "basis": "read", "reason": "a test"});
    let seen = |value: Value| json!({"status": "observed", "basis": "read", "value": value});
    let baseline = seen(json!({"sha256": "00".repeat(32), "build_id": "b", "from": "file",
        "finished": "2026-01-01T00:00:00Z", "age_seconds": 1, "signers": [], "sections": true}));
    let table = |baseline: &Value| {
        let changes = json!({"baseline": baseline, "commits": none, "lock": none,
            "environment": [], "details": [], "counts": {}, "not_compared": []});
        let first = Told::first().with(|b| b.more = json!({"changes": seen(changes)}));
        log_of(&Bench::new(), &[&first], &["--format", "json"]).json()["lanes"][0]["builds"][0]
            .take()
    };
    let build = table(&baseline);
    assert_eq!((&build["changes"], &build["unexplained"]), (&json!(0), &json!(0)), "{build}");
    let build = table(&none);
    assert_eq!((&build["changes"], &build["unexplained"]), (&json!(null), &json!(null)), "{build}");
}

#[test]
fn nothing_that_a_build_says_is_obeyed_by_a_terminal_or_a_page() {
    let bench = Bench::new();
    let evil = Told::first().with(|b| {
        b.sequence = None;
        b.why_none = Some("\u{1b}[2J|`x`\n<script>\u{202e}");
        b.more = json!({"lane": {"status": "observed", "basis": "read", "value":
            {"job": "\u{1b}[31m|<b>`\n", "ref_kind": "default branch"}}});
    });
    for format in ["text", "markdown", "json"] {
        let run = log_of(&bench, &[&evil], &["--format", format]);
        for bad in ["\u{1b}", "\u{202e}"] {
            assert!(!run.stdout.contains(bad), "{bad:?} in {format}: {run:?}");
        }
        if format == "markdown" {
            // An empty element parts a sign from what it would begin.
            let page = run.stdout.replace("<span></span>", "");
            for bad in ["<", "`", "\\u{a}|"] {
                assert!(!page.contains(bad), "{bad:?}: {run:?}");
            }
            let table = run.stdout.lines().filter(|line| line.starts_with('|'));
            assert!(table.clone().count() == 3, "{run:?}");
            assert!(table.clone().all(|line| line.matches('|').count() == 11), "{run:?}");
        }
    }
}

#[test]
fn marks_in_the_table_lead_to_the_findings() {
    let builds = chain(6);
    let run = log_of(&Bench::new(), &without(&builds, 3), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let row = run.stdout.lines().find(|line| line.contains(&builds[4].digest()[..12])).unwrap();
    assert!(row.starts_with("!1 "), "{row}");
    assert!(run.stdout.contains("  !1 gap (lane 1): "), "{run:?}");
    let last = run.stdout.lines().last().unwrap();
    assert!(last.contains("1 finding (gap; --strict fails) (exit 0)"), "{last}");
}

#[test]
fn a_lane_can_be_chosen_by_a_text_in_its_name() {
    let bench = Bench::new();
    let builds = chain(4);
    let docs = Told::first().with(|b| {
        b.job = "docs";
        b.id = "docs".to_owned();
    });
    let given = [without(&builds, 2), vec![&docs]].concat();
    let run = log_of(&bench, &given, &["--strict", "--lane", "job docs"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stdout.contains("job main"), "{run:?}");
    assert_eq!(log_of(&bench, &given, &["--strict", "--lane", "job main"]).code, 1);
    log_of(&bench, &given, &["--lane", "no such"]).is_usage("--lane");
    log_of(&bench, &given, &["--lane", ""]).is_usage("--lane");
}

/// `changes` of a build whose lock found these kinds of differences.
fn locked(kinds: &[&str]) -> Value {
    let none = json!({"status": "unavailable", "basis": "read"});
    let seen = |value: Value| json!({"status": "observed", "basis": "read", "value": value});
    let drift: Vec<_> =
        kinds.iter().map(|kind| json!({"class": "tools", "name": "cc", "kind": kind})).collect();
    let lock = seen(json!({"path": "proofmark.lock", "sha256": "00".repeat(32), "protected": none,
        "work_tree_differs": false, "modes": {}, "drift": drift}));
    json!({"changes": seen(json!({"baseline": none, "commits": none, "lock": lock,
        "environment": [], "details": [], "counts": {}}))})
}

#[test]
fn drift_is_counted_where_there_was_a_lock_and_the_table_says_what_it_is() {
    let bench = Bench::new();
    let first = Told::first();
    let second =
        first.next().with(|b| b.more = locked(&["differs", "platform image roll", "not approved"]));
    let third = second.next().with(|b| b.more = locked(&[]));
    let builds = [&first, &second, &third];
    let json = log_of(&bench, &builds, &["--format", "json"]).json();
    let drift = json["lanes"][0]["builds"].as_array().unwrap().iter();
    let drift: Vec<_> = drift.map(|build| build["drift"].clone()).collect();
    assert_eq!(drift, [json!(null), json!(2), json!(0)]);
    for (format, cell) in [("text", "succeeded {c} {d}     "), ("markdown", "| {c} | {d} |")] {
        let run = log_of(&bench, &builds, &["--format", format]);
        for (build, counts, drift) in [(&first, "-", "-"), (&second, "-", "2"), (&third, "-", "0")]
        {
            let row = run.stdout.lines().find(|line| line.contains(&build.digest()[..12]));
            let counts = if format == "text" { format!("{counts:8}") } else { counts.to_owned() };
            let cell = cell.replace("{c}", &counts).replace("{d}", drift);
            assert!(row.is_some_and(|row| row.contains(&cell)), "{cell:?}: {run:?}");
        }
        let legend = "chg/unex: changes of the environment, and how many nothing explains (?: not all could be compared); drift: differences from proofmark.lock\n";
        assert!(run.stdout.contains(legend), "{run:?}");
    }
}

#[test]
fn builds_that_finished_in_one_second_stand_by_run_and_attempt() {
    let at_once = |number: u64, attempt: u64| {
        Told::first().with(|b| {
            b.id = format!("{number}.{attempt}");
            b.outcome = "failed";
            b.sequence = None;
            b.number = number;
            b.attempt = attempt;
        })
    };
    let builds = [at_once(10, 1), at_once(9, 11), at_once(9, 2), at_once(9, 1), at_once(2, 1)];
    let json = log_of(&Bench::new(), &all(&builds), &["--format", "json"]).json();
    let runs = json["lanes"][0]["builds"].as_array().unwrap().iter();
    let runs: Vec<_> = runs.map(|build| build["run"].as_str().unwrap()).collect();
    assert_eq!(runs, ["2", "9", "9.2", "9.11", "10"]);
}

#[test]
fn why_a_chain_began_anew_is_said_once() {
    let reason = "the artefact has expired";
    let anew = Told::first().with(|b| {
        b.number = 7;
        b.why_none = Some("the chain begins anew: the artefact has expired");
    });
    let failed = Told::first().with(|b| {
        b.id = "failed".to_owned();
        (b.outcome, b.sequence) = ("failed", None);
        (b.number, b.why_none) = (8, Some("nothing was looked for"));
    });
    for format in ["text", "markdown"] {
        let run = log_of(&Bench::new(), &[&anew, &failed], &["--format", format]);
        assert_eq!(run.stdout.matches(reason).count(), 1, "{run:?}");
        assert!(run.stdout.contains("begins the chain anew (the artefact has expired)"), "{run:?}");
        assert!(run.stdout.contains("names no build before it: nothing was looked for"), "{run:?}");
    }
}

#[test]
fn json_is_as_its_schema_says() {
    let bench = Bench::new();
    let schema = bench.run(&["schema", "log"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let builds = chain(6);
    for given in [all(&builds), without(&builds, 2)] {
        let value = log_of(&bench, &given, &["--format", "json"]).json();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
