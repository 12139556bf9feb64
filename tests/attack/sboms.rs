//! Bills of materials: swapped, altered, dropped, of a build that failed.

use proofmark::format::evidence::BUILD_EVIDENCE;
use serde_json::{Value, json};

use crate::forge::{
    APP, Bench, EVIL, Run, edited, evidence_predicate, key, payload_of, sha256, sign, sign_by,
    statement, subject,
};

const CYCLONEDX: &str = "https://cyclonedx.org/bom";

fn app() -> Value {
    json!([subject("app", APP)])
}

fn sbom(content: &str) -> Vec<u8> {
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": content});
    statement(&app(), CYCLONEDX, &document)
}

/// Evidence of a build that lists these payloads.
fn evidence(build: &str, outcome: &str, companions: &[&[u8]]) -> Vec<u8> {
    statement(&app(), BUILD_EVIDENCE, &evidence_predicate(build, outcome, companions))
}

fn wanted<L: AsRef<[u8]>>(bench: &Bench, lines: &[L], more: &[&str]) -> Run {
    let arguments = ["--key", "key1.pub", "--predicate-type", CYCLONEDX];
    bench.verify_with(lines, &[&arguments[..], more].concat())
}

#[test]
fn an_sbom_is_wanted_only_where_it_is_named() {
    let bench = Bench::new();
    let sbom = sbom("1");
    bench.verify(&[sign(&sbom)]).is_untold("no-wanted-type");
    let lines = [sign(&sbom), sign(&evidence("b1", "succeeded", &[&sbom]))];
    let json = bench.verify(&lines).is_verified();
    assert_eq!(json["artefacts"][0]["accepted"].as_array().unwrap().len(), 1);
    let json = wanted(&bench, &lines, &[]).is_verified();
    assert_eq!(json["artefacts"][0]["accepted"].as_array().unwrap().len(), 2);
    assert_eq!(json["statements"][1]["build"], "b1");
}

#[test]
fn an_sbom_of_a_build_that_failed_is_refused() {
    let bench = Bench::new();
    let sbom = sbom("1");
    for outcome in ["failed", "cancelled", "unknown"] {
        let failed = sign(&evidence("b1", outcome, &[&sbom]));
        wanted(&bench, &[sign(&sbom), failed.clone()], &[]).is_refused("outcome");
        // Listed by a build that succeeded too: a verified group that is refused refuses.
        let other = sign(&evidence("b2", "succeeded", &[&sbom]));
        wanted(&bench, &[sign(&sbom), other, failed], &[]).is_refused("outcome");
        // Evidence that names no build has an outcome all the same.
        let mut nameless = evidence_predicate("b1", outcome, &[&sbom]);
        nameless["build"]["id"] = json!(null);
        let nameless = sign(&statement(&json!([]), BUILD_EVIDENCE, &nameless));
        wanted(&bench, &[sign(&sbom), nameless], &[]).is_refused("outcome");
    }
    let files = json!([subject("other", EVIL)]);
    let failed = evidence_predicate("b1", "failed", &[&sbom]);
    let failed = sign(&statement(&files, BUILD_EVIDENCE, &failed));
    wanted(&bench, &[sign(&sbom), failed], &[]).is_refused("outcome");
}

#[test]
fn an_sbom_of_another_build_that_was_swapped_in_stands_alone_and_is_said_to() {
    let bench = Bench::new();
    let (own, swapped) = (sbom("own"), sbom("swapped"));
    let lines = [sign(&swapped), sign(&evidence("b1", "succeeded", &[&own]))];
    let run = wanted(&bench, &lines, &[]);
    let json = run.is_verified();
    run.notes("no build evidence names the SBOM on line 1");
    assert_eq!(json["artefacts"][0]["accepted"], json!([sha256(&swapped)]));
    assert!(!json["checked"].as_array().unwrap().contains(&json!("outcome")));
    // It says nothing of the source, so that no expectation is met by it.
    let source = ["--source", crate::forge::SOURCE];
    wanted(&bench, &lines, &source).is_refused("expectation");
    let both = [sign(&own), sign(&evidence("b1", "succeeded", &[&own]))];
    wanted(&bench, &both, &source).is_verified();
    // The evidence that lists it came under another key.
    let foreign = sign_by(&key(9), &evidence("b1", "succeeded", &[&swapped]));
    let run = wanted(&bench, &[sign(&swapped), foreign], &[]);
    run.is_verified();
    run.notes("no build evidence names the SBOM on line 1");
}

#[test]
fn an_sbom_that_was_altered_or_signed_by_another_counts_for_nothing() {
    let bench = Bench::new();
    let own = sbom("own");
    let evidence = sign(&evidence("b1", "succeeded", &[&own]));
    let altered = edited(&sign(&own), |line| {
        let mut payload = payload_of(line);
        let at = payload.windows(3).position(|part| part == b"own").unwrap();
        payload[at] = b'0';
        line["dsseEnvelope"]["payload"] = json!(crate::forge::base64(&payload));
    });
    for bad in [altered, sign_by(&key(9), &own)] {
        wanted(&bench, &[bad.clone(), evidence.clone()], &[]).is_untold("no-wanted-type");
        // Of the artefact's own evidence it is said to be missing.
        let run = bench.verify(&[bad, evidence.clone()]);
        run.is_verified();
        run.notes(&format!("statements that are missing here: sha256:{}", sha256(&own)));
    }
}

#[test]
fn an_sbom_that_is_missing_is_said_and_refuses_nothing() {
    let bench = Bench::new();
    let own = sbom("own");
    let run = bench.verify(&[sign(&evidence("b1", "succeeded", &[&own]))]);
    run.is_verified();
    run.notes("statements that are missing here");
}

#[test]
fn an_sbom_of_another_artefact_is_none_of_this_one() {
    let bench = Bench::new();
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6"});
    let other = statement(&json!([subject("other", EVIL)]), CYCLONEDX, &document);
    // Not even where the evidence of this artefact lists it.
    let lines = [sign(&other), sign(&evidence("b1", "succeeded", &[&other]))];
    wanted(&bench, &lines, &[]).is_untold("not-a-subject");
}

#[test]
fn a_group_whose_lines_disagree_refuses_its_sbom() {
    let bench = Bench::new();
    let own = sbom("own");
    let good = sign(&evidence("b1", "succeeded", &[&own]));
    let mut other = evidence_predicate("b1", "succeeded", &[]);
    other["source"]["value"]["commit"] = json!("f".repeat(40));
    let other = sign(&statement(&json!([subject("x", EVIL)]), BUILD_EVIDENCE, &other));
    wanted(&bench, &[sign(&own), good, other], &[]).is_refused("lines-disagree");
}

#[test]
fn evidence_with_too_few_signers_makes_no_sbom_part_of_a_build_and_can_refuse_it() {
    let bench = Bench::new();
    let own = sbom("own");
    let two = [
        "--key",
        "key1.pub",
        "--key",
        "key2.pub",
        "--threshold",
        "2",
        "--predicate-type",
        CYCLONEDX,
    ];
    let by_both = |payload: &[u8]| [sign_by(&key(1), payload), sign_by(&key(2), payload)];
    let [one, other] = by_both(&own);
    let evidence_of = |outcome: &str| evidence("b1", outcome, &[&own]);
    let run = bench.verify_with(&[&one, &other, &sign(&evidence_of("succeeded"))], &two);
    run.is_verified();
    run.notes("no build evidence names the SBOM");
    let source = [&two[..], &["--source", crate::forge::SOURCE]].concat();
    bench
        .verify_with(&[&one, &other, &sign(&evidence_of("succeeded"))], &source)
        .is_refused("expectation");
    bench.verify_with(&[&one, &other, &sign(&evidence_of("failed"))], &two).is_refused("outcome");
    let [a, b] = by_both(&evidence_of("succeeded"));
    bench.verify_with(&[&one, &other, &a, &b], &source).is_verified();
    bench.verify_with(&[&one, &a, &b], &two).is_untold("too-few-signers");
}

#[test]
fn an_image_is_another_thing_than_a_file_or_a_folder() {
    let bench = Bench::new();
    let image = |name: &str, bytes: &[u8]| json!([{"name": name, "digest": {"sha256": sha256(bytes)}, "annotations": {"kind": "image"}}]);
    let line = |subjects: &Value| {
        sign(&statement(subjects, BUILD_EVIDENCE, &evidence_predicate("b1", "succeeded", &[])))
    };
    // The file `app` isn't an image whose repository ends so.
    bench.verify(&[line(&image("ghcr.io/o/app", EVIL))]).is_untold("not-a-subject");
    bench.verify(&[line(&json!([subject("dist/app", EVIL)]))]).is_refused("different-digest");
    // A file with the manifest's bytes is what the digest is of, and names may be asked for.
    let lines = [line(&image("ghcr.io/o/app", APP))];
    bench.verify(&lines).is_verified();
    bench
        .verify_with(&lines, &["--key", "key1.pub", "--strict-names"])
        .is_refused("different-name");
    // A folder never is an image.
    bench.file("folder/app", APP);
    let root = crate::forge::root_digest(&bench.path("folder"));
    let lines = [line(
        &json!([{"name": "x", "digest": {"sha256": root}, "annotations": {"kind": "image"}}]),
    )];
    bench.verify_of(&["folder"], &lines, &["--key", "key1.pub"]).is_untold("not-a-subject");

    let digest = sha256(APP);
    let named = |name: &str| format!("oci:{name}@sha256:{digest}");
    let key = ["--key", "key1.pub"];
    for subject in ["ghcr.io/o/app", "ghcr.io/o/app@linux-amd64"] {
        let lines = [line(&image(subject, APP))];
        bench.verify_of(&[&named("ghcr.io/o/app")], &lines, &key).is_verified();
        for other in ["ghcr.io/o/ap", "ghcr.io/o/app/x", "evil.io/o/app", "localhost/app"] {
            bench.verify_of(&[&named(other)], &lines, &key).is_refused("different-name");
        }
    }
    // An unmarked subject that only ends like the image.
    let lines = [line(&json!([subject("evil/ghcr.io/o/app", APP)]))];
    bench.verify_of(&[&named("ghcr.io/o/app")], &lines, &key).is_refused("different-name");
}
