//! Lines of builds: spliced, dropped, spoilt, failed, at odds with each other.

use proofmark::format::evidence::BUILD_EVIDENCE;
use proofmark::format::slsa::{PROVENANCE_V0_2, PROVENANCE_V1};
use serde_json::{Value, json};

use crate::forge::{
    APP, BUILDER, Bench, Build, EVIL, OTHER_TYPE, base64, build, edited, evidence, evidence_of,
    evidence_predicate, good_lines, key, provenance_predicate, sha256, sign, sign_by, statement,
    subject,
};

fn app() -> Value {
    json!([subject("app", APP)])
}

/// The payload of build evidence over the artefact with this predicate.
fn with_predicate(predicate: &Value) -> Vec<u8> {
    statement(&app(), BUILD_EVIDENCE, predicate)
}

#[test]
fn both_lines_of_a_build_are_accepted_together() {
    let bench = Bench::new();
    let json = bench.verify(&good_lines()).is_verified();
    assert_eq!(json["artefacts"][0]["accepted"].as_array().unwrap().len(), 2);
    let mut reversed = good_lines();
    reversed.reverse();
    bench.verify(&reversed).is_verified();
}

#[test]
fn a_dropped_evidence_line_leaves_nothing_to_verify_with() {
    // GHSA-p86f-xmg6-9q4x: what a step hands over is bound to the build.
    let bench = Bench::new();
    let run = bench.verify(&good_lines()[..1]);
    run.is_untold("evidence-missing");
    assert!(run.message().contains("evidence of build b1"), "{run:?}");
}

#[test]
fn a_spoilt_evidence_line_leaves_nothing_to_verify_with() {
    let bench = Bench::new();
    let lines = good_lines();
    let spoilt = edited(&lines[1], |v| {
        v["dsseEnvelope"]["signatures"][0]["sig"] = json!(base64(&[9; 64]));
    });
    for bad in [spoilt, lines[1][..lines[1].len() / 2].to_vec(), b"{}".to_vec()] {
        bench.verify(&[&lines[0], &bad]).is_untold("evidence-missing");
    }
    let by_other = sign_by(&key(9), &build("b1", &app()).evidence);
    bench.verify(&[&lines[0], &by_other]).is_untold("evidence-missing");
}

#[test]
fn a_dropped_provenance_line_is_said_and_refuses_nothing() {
    let bench = Bench::new();
    let run = bench.verify(&good_lines()[1..]);
    run.is_verified();
    run.notes("statements that are missing here");
}

#[test]
fn the_evidence_of_another_build_does_not_stand_in() {
    let bench = Bench::new();
    let (one, two) = (build("b1", &app()), build("b2", &app()));
    let spliced = [sign(&one.provenance), sign(&two.evidence)];
    // The evidence of b2 is accepted on its own; the provenance of b1 counts for nothing.
    let json = bench.verify(&spliced).is_verified();
    assert_eq!(json["artefacts"][0]["accepted"], json!([sha256(&two.evidence)]));
    let elsewhere = build("b2", &json!([subject("other", EVIL)]));
    let spliced = [sign(&one.provenance), sign(&elsewhere.evidence)];
    bench.verify(&spliced).is_untold("evidence-missing");
}

#[test]
fn provenance_that_the_builds_evidence_does_not_list_is_refused() {
    // The id is only a name: the binding is by digest.
    let bench = Bench::new();
    let real = build("b1", &json!([subject("other", EVIL)]));
    let stray = statement(&app(), PROVENANCE_V1, &provenance_predicate("b1"));
    bench.verify(&[sign(&stray), sign(&real.evidence)]).is_refused("not-a-companion");
    let lines = [sign(&real.provenance), sign(&real.evidence), sign(&stray)];
    bench.verify(&lines).is_refused("not-a-companion");
}

#[test]
fn a_companion_list_that_is_malformed_binds_nothing() {
    let bench = Bench::new();
    let provenance = build("b1", &app()).provenance;
    let digest = sha256(&provenance);
    let lists = [
        json!(null),
        json!({}),
        json!("x"),
        json!([null]),
        json!([digest]),
        json!([[PROVENANCE_V1, digest]]),
        json!([{"sha256": digest}]),
        json!([{"predicateType": PROVENANCE_V1}]),
        json!([{"predicateType": PROVENANCE_V1, "sha256": ""}]),
        json!([{"predicateType": PROVENANCE_V1, "sha256": &digest[..62]}]),
        json!([{"predicateType": PROVENANCE_V1, "sha256": digest}, {"predicateType": 7}]),
        json!({"0": {"predicateType": PROVENANCE_V1, "sha256": digest}}),
        json!([]),
    ];
    for list in lists {
        let mut predicate = evidence_predicate("b1", "succeeded", &[]);
        predicate["companions"] = list.clone();
        let run = bench.verify(&[sign(&provenance), sign(&with_predicate(&predicate))]);
        assert_eq!(run.code, 1, "{list}: {run:?}");
        run.is_refused("not-a-companion");
    }
}

#[test]
fn provenance_of_ours_is_ours_by_builder_or_by_byproduct() {
    let bench = Bench::new();
    let mut by_builder = provenance_predicate("b1");
    by_builder["runDetails"]["byproducts"] = json!([]);
    let mut by_byproduct = provenance_predicate("b1");
    by_byproduct["runDetails"]["builder"]["id"] = json!("https://github.com/actions/runner");
    for ours in [by_builder.clone(), by_byproduct] {
        let line = sign(&statement(&app(), PROVENANCE_V1, &ours));
        bench.verify(&[line]).is_untold("evidence-missing");
    }
    // Without an id there is no evidence that could be its own.
    let line = sign(&statement(&app(), PROVENANCE_V1, &by_builder));
    bench
        .verify(&[line, sign(&evidence_of(&json!([]), "b1", "succeeded"))])
        .is_untold("evidence-missing");
    let old = json!({"builder": {"id": BUILDER}, "invocation": {}});
    let line = sign(&statement(&app(), PROVENANCE_V0_2, &old));
    bench.verify(&[line]).is_untold("evidence-missing");
}

#[test]
fn provenance_by_others_needs_no_evidence_of_ours() {
    let bench = Bench::new();
    let mut foreign = provenance_predicate("b1");
    foreign["runDetails"]["builder"]["id"] = json!("https://github.com/actions/runner");
    foreign["runDetails"]["byproducts"] = json!([]);
    bench.verify(&[sign(&statement(&app(), PROVENANCE_V1, &foreign))]).is_verified();
    bench.verify(&[sign(&statement(&app(), PROVENANCE_V1, &json!(null)))]).is_verified();
}

#[test]
fn an_empty_build_id_names_no_build() {
    // GHSA-g9jx-rqhm-mj7g: an empty name acted as a wildcard.
    let bench = Bench::new();
    let Build { provenance, evidence } = build("", &app());
    bench.verify(&[sign(&provenance)]).is_untold("evidence-missing");
    let json = bench.verify(&[sign(&provenance), sign(&evidence)]).is_verified();
    assert_eq!(json["artefacts"][0]["accepted"], json!([sha256(&evidence)]));
    // Evidence that names no build isn't that of every build.
    let mut nameless = evidence_predicate("", "succeeded", &[&build("b1", &app()).provenance]);
    for id in [json!(""), json!(null), json!(1), json!(["b1"])] {
        nameless["build"]["id"] = id;
        let lines = [
            sign(&build("b1", &app()).provenance),
            sign(&statement(&json!([]), BUILD_EVIDENCE, &nameless)),
        ];
        bench.verify(&lines).is_untold("evidence-missing");
    }
}

#[test]
fn an_artefact_of_a_failed_build_has_no_evidence_of_its_own() {
    // As it comes naturally: one line, and no artefact in it.
    let bench = Bench::new();
    for outcome in ["failed", "cancelled", "unknown"] {
        let natural = evidence_of(&json!([subject("inputs", b"records")]), "b1", outcome);
        bench.verify(&[sign(&natural)]).is_untold("not-a-subject");
    }
}

#[test]
fn evidence_that_its_build_did_not_succeed_refuses_the_artefact() {
    let bench = Bench::new();
    for outcome in ["failed", "cancelled", "unknown", "Succeeded", "succeeded ", "success", ""] {
        bench.verify(&[sign(&evidence("b1", outcome))]).is_refused("outcome");
    }
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    for build in [
        json!({"id": "b1"}),
        json!({"id": "b1", "outcome": null}),
        json!(null),
        json!("succeeded"),
        json!({"outcome": ["succeeded"]}),
        json!({"outcome": {"succeeded": true}}),
    ] {
        predicate["build"] = build;
        bench.verify(&[sign(&with_predicate(&predicate))]).is_refused("outcome");
    }
}

#[test]
fn files_that_were_attested_without_a_build_are_accepted_and_said_so() {
    let bench = Bench::new();
    let mut predicate = evidence_predicate("b1", "not applicable", &[]);
    bench.verify(&[sign(&with_predicate(&predicate))]).is_refused("outcome");
    predicate["build"]["bracket"] = json!("none");
    let run = bench.verify(&[sign(&with_predicate(&predicate))]);
    run.is_verified();
    run.notes("how it was built: not recorded");
    for bracket in [json!("steps"), json!("unknown"), json!(null), json!("None")] {
        predicate["build"]["bracket"] = bracket;
        bench.verify(&[sign(&with_predicate(&predicate))]).is_refused("outcome");
    }
}

#[test]
fn two_evidences_of_one_build_that_disagree_are_refused() {
    let bench = Bench::new();
    let Build { provenance, evidence } = build("b1", &app());
    let good = [sign(&provenance), sign(&evidence)];
    bench.verify(&good).is_verified();
    let change = |pointer: &str, value: Value| {
        let mut predicate = evidence_predicate("b1", "succeeded", &[&provenance]);
        *predicate.pointer_mut(pointer).unwrap() = value;
        let subjects = json!([subject("something else", EVIL)]);
        sign(&statement(&subjects, BUILD_EVIDENCE, &predicate))
    };
    let cases = [
        ("outcome", change("/build/outcome", json!("failed"))),
        ("outcome", change("/build/outcome", json!("unheard of"))),
        ("lines-disagree", change("/source/value/repository", json!("https://evil.example/app"))),
        ("lines-disagree", change("/source/value/commit", json!("f".repeat(40)))),
        ("lines-disagree", change("/source/value/ref", json!("refs/heads/evil"))),
    ];
    for (reason, bad) in cases {
        bench.verify(&[&good[0], &good[1], &bad]).is_refused(reason);
        bench.verify(&[&bad, &good[0], &good[1]]).is_refused(reason);
    }
}

#[test]
fn provenance_that_disagrees_with_its_evidence_is_refused() {
    let bench = Bench::new();
    let pointers = [
        ("/buildDefinition/externalParameters/source", json!("https://evil.example/app")),
        ("/buildDefinition/resolvedDependencies/0/digest/gitCommit", json!("f".repeat(40))),
        (
            "/buildDefinition/resolvedDependencies/0/uri",
            json!(format!("git+{}@refs/heads/evil", crate::forge::SOURCE)),
        ),
    ];
    for (pointer, value) in pointers {
        let mut predicate = provenance_predicate("b1");
        *predicate.pointer_mut(pointer).unwrap() = value;
        let provenance = statement(&app(), PROVENANCE_V1, &predicate);
        let evidence = with_predicate(&evidence_predicate("b1", "succeeded", &[&provenance]));
        bench.verify(&[sign(&provenance), sign(&evidence)]).is_refused("lines-disagree");
    }
}

#[test]
fn one_build_that_failed_refuses_although_another_succeeded() {
    // A verified group that is refused refuses the artefact; groups are never mixed.
    let bench = Bench::new();
    for order in [["succeeded", "failed"], ["failed", "succeeded"]] {
        let lines: Vec<_> = order.iter().map(|o| sign(&evidence(&format!("b-{o}"), o))).collect();
        bench.verify(&lines).is_refused("outcome");
    }
    // Of another artefact it says nothing.
    let other = sign(&evidence_of(&json!([subject("other", EVIL)]), "b2", "failed"));
    bench.verify(&[good_lines(), vec![other]].concat()).is_verified();
    // By another signer it says nothing either.
    let forged = sign_by(&key(9), &evidence("b2", "failed"));
    bench.verify(&[good_lines(), vec![forged]].concat()).is_verified();
}

#[test]
fn one_whole_build_is_enough_beside_one_that_lost_its_evidence() {
    let bench = Bench::new();
    let lost = sign(&build("b2", &app()).provenance);
    let json = bench.verify(&[vec![lost], good_lines()].concat()).is_verified();
    assert_eq!(json["artefacts"][0]["accepted"].as_array().unwrap().len(), 2);
}

#[test]
fn another_type_says_nothing_of_the_outcome() {
    // GHSA-r2xv-vpr2-42m9: each predicate is read by its own rules.
    let bench = Bench::new();
    let predicate = evidence_predicate("b1", "failed", &[]);
    let line = sign(&statement(&app(), OTHER_TYPE, &predicate));
    bench.verify(&[good_lines(), vec![line.clone()]].concat()).is_verified();
    let wanted = ["--key", "key1.pub", "--predicate-type", OTHER_TYPE];
    bench.verify_with(&[line], &wanted).is_verified();
}

#[test]
fn a_wanted_provenance_type_does_not_waive_the_evidence() {
    let bench = Bench::new();
    let wanted = ["--key", "key1.pub", "--predicate-type", PROVENANCE_V1];
    bench.verify_with(&good_lines()[..1], &wanted).is_untold("evidence-missing");
    bench.verify_with(&good_lines(), &wanted).is_verified();
    let Build { provenance, .. } = build("b1", &app());
    let failed = with_predicate(&evidence_predicate("b1", "failed", &[&provenance]));
    bench.verify_with(&[sign(&provenance), sign(&failed)], &wanted).is_refused("outcome");
}

#[test]
fn the_inputs_of_a_build_are_no_artefact() {
    // A build without an artefact has one subject, the root digest of its inputs: a file whose content
    // is the records that were hashed is neither those inputs nor anything that was built.
    let bench = Bench::new();
    let records = format!("f - {} {}\n", sha256(b"int main;"), "6d61696e2e63");
    bench.file("inputs", records.as_bytes());
    let subjects = json!([{"name": "inputs", "digest": {"sha256": sha256(records.as_bytes())},
        "annotations": {"kind": "inputs"}}]);
    let lines = [sign(&evidence_of(&subjects, "b1", "succeeded"))];
    let run = bench.verify_of(&["inputs"], &lines, &["--key", "key1.pub"]);
    run.is_untold("not-a-subject");
    // And that is how they are marked in what is written.
    bench.file("key", key(1).to_pem().as_bytes());
    let run = bench.run(&["run", "--key", "key", "-o", "run.sigstore.jsonl", "--", "true"]);
    assert_eq!(run.code, 0, "{run:?}");
    let json = bench.run(&["inspect", "run.sigstore.jsonl", "--format", "json"]).json();
    let subject = &json["statements"][0]["subject"][0];
    assert_eq!(subject["name"], "inputs");
    assert_eq!(subject["annotations"]["kind"], "inputs");
}
