//! Thresholds: distinct keys over the same bytes, and nothing else.

use proofmark::format::evidence::BUILD_EVIDENCE;
use serde_json::json;

use crate::forge::{
    APP, BUILDER, Bench, IN_TOTO, envelope, envelope_by, evidence, evidence_predicate, good_lines,
    key, provenance_predicate, sign_by, signature, statement, subject, vendor,
};
use proofmark::format::slsa::PROVENANCE_V1;

const TWO_OF_TWO: [&str; 6] = ["--key", "key1.pub", "--key", "key2.pub", "--threshold", "2"];

#[test]
fn two_keys_over_the_same_bytes_reach_a_threshold_of_two() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let lines = [sign_by(&key(1), &payload), sign_by(&key(2), &payload)];
    let json = bench.verify_with(&lines, &TWO_OF_TWO).is_verified();
    assert_eq!(json["statements"][0]["signers"].as_array().unwrap().len(), 2);
    assert_eq!(json["statements"][0]["lines"], json!([1, 2]));
    bench.verify_with(&[envelope_by(&[key(1), key(2)], &payload)], &TWO_OF_TWO).is_verified();
}

#[test]
fn a_signature_repeated_does_not_reach_a_threshold() {
    // GHSA-3633-5h82-39pq, GHSA-9vcr-p3rj-q5q6, in-toto/go-witness#784 (`verified += 1` for every
    // signature and verifier).
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let mut one = signature(&vendor(), IN_TOTO, &payload);
    let first = one.clone();
    one["keyid"] = json!(key(2).public().fingerprint());
    let line = envelope(IN_TOTO, &payload, &[first.clone(), one, first.clone(), first]);
    let run = bench.verify_with(&[line], &TWO_OF_TWO);
    run.is_untold("too-few-signers");
    assert!(run.message().contains("expected 2 distinct keys, found 1"), "{run:?}");
}

#[test]
fn a_line_repeated_does_not_reach_a_threshold() {
    // GHSA-c346-qp3r-53vf: the same result was counted again.
    let bench = Bench::new();
    let line = sign_by(&vendor(), &evidence("b1", "succeeded"));
    let bare = envelope_by(&[vendor()], &evidence("b1", "succeeded"));
    bench.verify_with(&[&line, &line, &bare, &line], &TWO_OF_TWO).is_untold("too-few-signers");
}

#[test]
fn a_line_that_stands_twice_is_one_statement() {
    let bench = Bench::new();
    let lines = [good_lines(), good_lines()].concat();
    let json = bench.verify(&lines).is_verified();
    assert_eq!(json["statements"].as_array().unwrap().len(), 2);
    assert_eq!(json["artefacts"][0]["accepted"].as_array().unwrap().len(), 2);
}

#[test]
fn signatures_over_different_bytes_do_not_add_up() {
    // Both say the same, and no payload was signed by two.
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let spaced = [&payload[..], b" "].concat();
    let lines = [sign_by(&key(1), &payload), sign_by(&key(2), &spaced)];
    bench.verify_with(&lines, &TWO_OF_TWO).is_untold("too-few-signers");
}

#[test]
fn signatures_over_different_payload_types_do_not_add_up() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let other = "application/json";
    let lines = [
        sign_by(&key(1), &payload),
        envelope(other, &payload, &[signature(&key(2), other, &payload)]),
    ];
    bench.verify_with(&lines, &TWO_OF_TWO).is_untold("too-few-signers");
}

#[test]
fn a_key_that_is_not_trusted_does_not_count() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let lines = [sign_by(&key(1), &payload), sign_by(&key(9), &payload)];
    bench.verify_with(&lines, &TWO_OF_TWO).is_untold("too-few-signers");
}

#[test]
fn a_threshold_of_zero_is_a_mistake() {
    // GHSA-fphv-w9fq-2525: a threshold of 0 asked for no signature.
    let bench = Bench::new();
    bench
        .verify_with(&good_lines(), &["--key", "key1.pub", "--threshold", "0"])
        .is_usage("at least 1");
    for bad in ["-1", "", "two", "99999999999999999999"] {
        let flag = format!("--threshold={bad}");
        bench.verify_with(&good_lines(), &["--key", "key1.pub", &flag]).is_usage("threshold");
    }
}

#[test]
fn a_threshold_above_the_number_of_keys_is_a_mistake() {
    let bench = Bench::new();
    let two = ["--key", "key1.pub", "--threshold", "2"];
    bench.verify_with(&good_lines(), &two).is_usage("expected a threshold of at most 1");
    bench.verify_with(&good_lines(), &["--threshold", "1"]).is_usage("--threshold without --key");
}

#[test]
fn one_key_in_two_spellings_is_one_key() {
    // GHSA-3633-5h82-39pq: one key under two ids counted twice.
    let bench = Bench::new();
    let public = vendor().public();
    let raw = crate::forge::base64(public.as_bytes());
    let der = crate::forge::base64(&public.to_spki_der());
    let blob = [&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], public.as_bytes()].concat();
    let ssh = format!("ssh-ed25519 {} vendor", crate::forge::base64(&blob));
    bench.file("ssh.pub", ssh.as_bytes());
    for second in ["key1.pub", "ssh.pub", &ssh, &raw, &der] {
        let flags = ["--key", "key1.pub", "--key", second, "--threshold", "2"];
        bench.verify_with(&good_lines(), &flags).is_usage("the number of distinct keys, found 2");
        bench.verify_with(&good_lines(), &["--key", second]).is_verified();
    }
}

#[test]
fn provenance_needs_as_many_signers_on_its_evidence() {
    // The outcome stands in the evidence alone: one key must not be enough to say "succeeded".
    let bench = Bench::new();
    let build = crate::forge::build("b1", &json!([subject("app", APP)]));
    let both = |payload: &[u8]| [sign_by(&key(1), payload), sign_by(&key(2), payload)];
    let lines =
        [both(&build.provenance).to_vec(), vec![sign_by(&key(1), &build.evidence)]].concat();
    bench.verify_with(&lines, &TWO_OF_TWO).is_untold("too-few-signers");
    let whole = [both(&build.provenance), both(&build.evidence)].concat();
    bench.verify_with(&whole, &TWO_OF_TWO).is_verified();
}

/// A build whose statements say nothing of their source, signed by both keys.
fn silent_build() -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut predicate = provenance_predicate("b1");
    predicate["buildDefinition"]["externalParameters"] = json!({});
    predicate["buildDefinition"]["resolvedDependencies"] = json!([]);
    assert_eq!(predicate["runDetails"]["builder"]["id"], BUILDER);
    let provenance = statement(&json!([subject("app", APP)]), PROVENANCE_V1, &predicate);
    let mut predicate = evidence_predicate("b1", "succeeded", &[&provenance]);
    predicate["source"] = json!({"status": "absent"});
    let evidence = statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate);
    let lines = [&provenance, &evidence]
        .into_iter()
        .flat_map(|payload| [sign_by(&key(1), payload), sign_by(&key(2), payload)])
        .collect();
    (lines, provenance)
}

#[test]
fn evidence_below_the_threshold_meets_no_expectation() {
    // One of two keys is stolen: its holder adds evidence of the same build that says what is expected.
    let bench = Bench::new();
    let (mut lines, provenance) = silent_build();
    bench.verify_with(&lines, &TWO_OF_TWO).is_verified();
    let expecting = [&TWO_OF_TWO[..], &["--source", crate::forge::SOURCE]].concat();
    bench.verify_with(&lines, &expecting).is_refused("expectation");
    let wished = evidence_predicate("b1", "succeeded", &[&provenance]);
    lines.push(sign_by(&key(1), &statement(&json!([]), BUILD_EVIDENCE, &wished)));
    bench.verify_with(&lines, &expecting).is_refused("expectation");
}

#[test]
fn evidence_below_the_threshold_lists_no_companion() {
    // Both keys signed a provenance line that the build's own evidence doesn't list.
    let bench = Bench::new();
    let stray =
        statement(&json!([subject("app", APP)]), PROVENANCE_V1, &provenance_predicate("b1"));
    let evidence = crate::forge::evidence_of(&json!([]), "b1", "succeeded");
    let mut lines: Vec<_> = [&stray, &evidence]
        .into_iter()
        .flat_map(|payload| [sign_by(&key(1), payload), sign_by(&key(2), payload)])
        .collect();
    bench.verify_with(&lines, &TWO_OF_TWO).is_refused("not-a-companion");
    let lists_it = evidence_predicate("b1", "succeeded", &[&stray]);
    lines.push(sign_by(&key(1), &statement(&json!([]), BUILD_EVIDENCE, &lists_it)));
    bench.verify_with(&lines, &TWO_OF_TWO).is_refused("not-a-companion");
}

#[test]
fn inspect_calls_nothing_verified_that_is_below_the_threshold() {
    let bench = Bench::new();
    let (high, low) = (evidence("b1", "succeeded"), evidence("b2", "succeeded"));
    let lines = [sign_by(&key(1), &high), sign_by(&key(2), &high), sign_by(&key(1), &low)];
    bench.lines("e.jsonl", &lines);
    let run = bench.run(&[&["inspect", "e.jsonl", "--format", "json"], &TWO_OF_TWO[..]].concat());
    let json = run.json();
    assert_eq!(json["verified"], false, "{run:?}");
    assert_eq!(json["statements"][0]["state"], "verified");
    assert_eq!(json["statements"][1]["state"], "not verified");
}
