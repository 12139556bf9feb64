//! Sizes, counts and depths that no honest file has: refused soon, and never a panic.
//!
//! CVE-2024-45395, CVE-2023-46737, CVE-2024-29902, CVE-2024-29903, CVE-2023-33957, CVE-2023-33958,
//! CVE-2025-66564, CVE-2025-66506: counts and sizes that somebody else chose, without a limit.

use std::fs::File;
use std::time::{Duration, Instant};

use proofmark::format::bundle::FILE_MAX;
use proofmark::format::dsse::{Envelope, PAYLOAD_MAX, SIGNATURES_MAX};
use proofmark::format::evidence::BUILD_EVIDENCE;
use proofmark::format::json::{self, DEPTH_MAX};
use proofmark::read;
use serde_json::{Value, json};

use crate::forge::{
    APP, Bench, IN_TOTO, Run, STATEMENT, envelope, evidence, good_lines, sign, signature,
    statement, subject, vendor,
};

#[test]
fn ten_gigabytes_of_evidence_are_refused_unread() {
    let bench = Bench::new();
    File::create(bench.path("e.jsonl")).unwrap().set_len(10 << 30).unwrap();
    let start = Instant::now();
    let run =
        bench.run(&["verify", "app", "-b", "e.jsonl", "--key", "key1.pub", "--format", "json"]);
    run.is_untold("bad-bundle");
    assert!(run.message().contains("larger than 67108864 bytes"), "{run:?}");
    assert_eq!(bench.run(&["inspect", "e.jsonl"]).code, 3);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_key_file_over_the_cap_is_no_key() {
    let bench = Bench::new();
    File::create(bench.path("big.pub")).unwrap().set_len(10 << 30).unwrap();
    bench.verify_with(&good_lines(), &["--key", "big.pub"]).is_usage("larger than");
}

#[test]
fn the_cap_of_a_file_counts_to_the_byte() {
    let bench = Bench::new();
    let path = bench.path("e.jsonl");
    let file = File::create(&path).unwrap();
    for (size, fits) in [(FILE_MAX, true), (FILE_MAX + 1, false)] {
        file.set_len(size).unwrap();
        assert_eq!(proofmark::base::file::read(&path, FILE_MAX).is_ok(), fits, "{size}");
    }
    let run =
        bench.run(&["verify", "app", "-b", "e.jsonl", "--key", "key1.pub", "--format", "json"]);
    run.is_untold("bad-bundle");
    assert_eq!(FILE_MAX, 64 << 20);
}

#[test]
fn an_endless_evidence_file_is_read_to_the_cap_and_no_further() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("/dev/zero", bench.path("e.jsonl")).unwrap();
    let run =
        bench.run(&["verify", "app", "-b", "e.jsonl", "--key", "key1.pub", "--format", "json"]);
    run.is_untold("bad-bundle");
}

#[test]
fn deeply_nested_json_is_refused_before_the_stack_ends() {
    // CVE-2023-33199, GHSA-273p-m2cw-6833: malformed input that made the reader panic.
    let bench = Bench::new();
    let good = good_lines();
    let deep =
        |open: &str, close: &str, times| format!("{}1{}", open.repeat(times), close.repeat(times));
    let bombs = [
        "[".repeat(2_000_000),
        r#"{"a":"#.repeat(1_000_000),
        format!(r#"{{"mediaType":{}}}"#, "[".repeat(1_000_000)),
        format!(
            r#"{{"payloadType":"t","payload":"","signatures":[],"x":{}}}"#,
            deep("[", "]", 100_000)
        ),
        format!(r#"{{"_type":"t","x":{}}}"#, deep("{\"a\":", "}", 100_000)),
        deep("[{\"a\":", "}]", 50_000),
    ];
    for bomb in &bombs {
        let run = bench.verify(&[bomb]);
        run.is_untold("bad-bundle");
        bench.verify(&[bomb.as_bytes(), &good[0], &good[1]]).is_verified();
    }
}

#[test]
fn depth_in_a_signed_payload_is_limited_to_the_level() {
    let bench = Bench::new();
    let line = |depth: usize| {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let mut payload = String::from_utf8(evidence("b1", "succeeded")).unwrap();
        payload.insert_str(payload.len() - 1, &format!(r#","x":{nested}"#));
        sign(payload.as_bytes())
    };
    bench.verify(&[line(DEPTH_MAX - 1)]).is_verified();
    for depth in [DEPTH_MAX, 127, 128, 100_000] {
        let run = bench.verify(&[line(depth)]);
        run.is_untold("nothing-signed");
        run.notes("signed, but no statement");
    }
}

#[test]
fn a_million_signatures_are_refused_soon() {
    let bench = Bench::new();
    let one = r#"{"sig":""},"#;
    let many = format!(
        r#"{{"payload":"e30=","payloadType":"{IN_TOTO}","signatures":[{}{{"sig":""}}]}}"#,
        one.repeat(999_999)
    );
    let start = Instant::now();
    let run = bench.verify(&[&many]);
    run.is_untold("bad-bundle");
    assert!(run.message().contains("at most 16 signatures, found 1000000"), "{run:?}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn seventeen_signatures_are_one_too_many() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let with = |number: usize| {
        let mut signatures = vec![json!({"sig": ""}); number - 1];
        signatures.push(signature(&vendor(), IN_TOTO, &payload));
        envelope(IN_TOTO, &payload, &signatures)
    };
    bench.verify(&[with(SIGNATURES_MAX)]).is_verified();
    let run = bench.verify(&[with(SIGNATURES_MAX + 1)]);
    run.is_untold("bad-bundle");
    assert!(run.message().contains("found 17"), "{run:?}");
}

#[test]
fn a_thousand_and_one_lines_give_nothing_not_even_their_first() {
    let bench = Bench::new();
    let good = good_lines();
    let with = |number: usize| {
        let mut lines = good.clone();
        lines.resize(number, b"x".to_vec());
        lines
    };
    bench.verify(&with(1000)).is_verified();
    let run = bench.verify(&with(1001));
    run.is_untold("bad-bundle");
    assert!(run.message().contains("at most 1000 lines"), "{run:?}");
    // Lines of nothing are none.
    let mut blank = good;
    blank.resize(5000, b" ".to_vec());
    bench.verify(&blank).is_verified();
}

#[test]
fn a_payload_over_the_cap_is_passed_over() {
    assert_eq!(PAYLOAD_MAX, 16 << 20);
    let line = |size: usize| {
        let rest = ["", "AA==", "AAA="][size % 3];
        let payload = "AAAA".repeat(size / 3) + rest;
        format!(r#"{{"payloadType":"{IN_TOTO}","signatures":[],"payload":"{payload}"}}"#)
    };
    let parse = |size: usize| json::parse::<Envelope>(line(size).as_bytes());
    assert_eq!(parse(PAYLOAD_MAX).unwrap().payload().len(), PAYLOAD_MAX);
    let error = parse(PAYLOAD_MAX + 1).unwrap_err().to_string();
    assert!(error.contains("larger than 16777216 bytes"), "{error}");
    let over = read::bytes(line(PAYLOAD_MAX + 9).as_bytes()).unwrap();
    assert!(over.lines.is_empty() && over.malformed.len() == 1);
    // A bare statement is its own payload.
    let bare = |size: usize| {
        let start = format!(r#"{{"_type":"{STATEMENT}","predicateType":"t","subject":[],"x":""#);
        format!(r#"{start}{}"}}"#, "x".repeat(size - start.len() - 2))
    };
    let over = read::bytes(bare(PAYLOAD_MAX + 1).as_bytes()).unwrap();
    assert!(over.unsigned.is_empty() && over.malformed.len() == 1);
}

#[test]
fn a_parse_error_never_repeats_more_than_a_little_of_the_file() {
    let bench = Bench::new();
    let long = "A".repeat(1 << 20);
    let lines = [
        format!(r#"{{"mediaType":{{"{long}":1}}}}"#),
        format!(r#"{{"payloadType":"t","payload":"","signatures":"{long}"}}"#),
        format!(r#"{{"_type":"t","subject":"{long}","predicateType":"t"}}"#),
    ];
    let short = |run: &Run| run.stdout.len() + run.stderr.len() < 20_000;
    for line in &lines {
        assert!(short(&bench.verify(&[line])), "verify");
        assert!(short(&bench.run(&["inspect", "evidence.sigstore.jsonl"])), "inspect");
    }
    let run = bench.verify(&[good_lines(), lines.map(String::into_bytes).to_vec()].concat());
    run.is_verified();
    assert!(short(&run));
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":"{long}","predicateType":"t"}}"#
    );
    let run = bench.verify(&[sign(payload.as_bytes())]);
    run.is_untold("nothing-signed");
    assert!(short(&run));
}

#[test]
fn twenty_thousand_subjects_are_judged_soon() {
    let bench = Bench::new();
    let mut subjects: Vec<Value> =
        (0..20_000).map(|n| json!({"name": format!("f{n}"), "digest": {"sha256": "00"}})).collect();
    subjects.push(subject("app", APP));
    let predicate = json!({"build": {"outcome": "succeeded"}});
    let line = sign(&statement(&Value::Array(subjects), BUILD_EVIDENCE, &predicate));
    let start = Instant::now();
    bench.verify(&[line]).is_verified();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn numbers_that_fit_nowhere_are_no_panic() {
    let bench = Bench::new();
    for number in
        ["1e999999", "-1e999999", &"9".repeat(100_000), "1e-999999", "-0", "18446744073709551616"]
    {
        let mut payload = String::from_utf8(evidence("b1", "succeeded")).unwrap();
        payload.insert_str(payload.len() - 1, &format!(r#","x":{number}"#));
        let run = bench.verify(&[sign(payload.as_bytes())]);
        assert!(matches!(run.code, 0 | 3), "{number}: {run:?}");
        // As the size of the artefact it is not the size of the artefact.
        let text = String::from_utf8(evidence("b1", "succeeded")).unwrap();
        let sized = text.replacen(
            r#""digest":"#,
            &format!(r#""annotations":{{"size":{number}}},"digest":"#),
            1,
        );
        let run = bench.verify(&[sign(sized.as_bytes())]);
        assert!(matches!(run.code, 0 | 1 | 3), "{number}: {run:?}");
    }
}
