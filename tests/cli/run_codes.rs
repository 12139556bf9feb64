//! `proofmark run` hands on the command's own end, and evidence says it.

use super::harness::{
    EVIDENCE, PROVENANCE, Place, evidence, outcome, predicate_types, sha256, statements,
};
use serde_json::json;

#[test]
fn the_command_s_code_is_handed_on() {
    for (code, expected) in [(0, "succeeded"), (1, "failed"), (7, "failed"), (255, "failed")] {
        let place = Place::new();
        place.run(&[], &format!("exit {code}")).exits(code);
        let evidence = place.evidence();
        assert_eq!(outcome(&evidence), expected);
        assert_eq!(evidence["build"]["command"]["exit"], json!({"code": code}));
    }
}

#[test]
fn a_signal_that_ends_the_command_is_128_and_its_number() {
    for signal in [9, 15, 2, 6] {
        let place = Place::new();
        place.run(&[], &format!("kill -{signal} $$")).exits(128 + signal);
        let evidence = place.evidence();
        assert_eq!(outcome(&evidence), "failed", "nobody asked proofmark for the end");
        assert_eq!(evidence["build"]["command"]["exit"], json!({"signal": signal}));
    }
}

#[test]
fn not_found_is_127_and_cannot_be_run_is_126() {
    let place = Place::new();
    place.write("plain", "no program");
    let key = place.key(1);
    for (program, code, says) in [
        ("no-such-program", 127, "no such program"),
        ("./plain", 126, "can't be run"),
        (".", 126, ""),
    ] {
        let arguments = ["run", "--force", "--key", &key, "-a", "plain", "--", program];
        place.call(&arguments).exits(code).tells(says);
        let evidence = place.evidence();
        assert_eq!(outcome(&evidence), "failed");
        assert_eq!(evidence["build"]["command"]["exit"], json!(null), "it never ran");
        assert_eq!(evidence["build"]["command"]["argv"], json!([program]));
        assert_eq!(place.statements().len(), 1);
    }
}

#[test]
fn a_failed_build_leaves_one_line_about_its_inputs() {
    let place = Place::new();
    place.write("in.txt", "in");
    place.run(&["-a", "out.txt"], "echo out >out.txt; exit 3").exits(3);
    let statements = place.statements();
    assert_eq!(statements.len(), 1, "no SLSA line: it can't say that a build failed");
    let evidence = &statements[0]["predicate"];
    let root = &evidence["inputs"]["value"]["root"];
    let about =
        json!({"name": "inputs", "digest": {"sha256": root}, "annotations": {"kind": "inputs"}});
    assert_eq!(statements[0]["subject"], json!([about]));
    assert_eq!(outcome(evidence), "failed");
    assert_eq!(evidence["companions"], json!([]));
    assert_eq!(evidence["outputs"]["value"]["made"], 1, "what it made is said all the same");
}

#[test]
fn a_success_without_artefacts_is_one_line_and_one_notice() {
    let place = Place::new();
    place.run(&[], "echo out >out.txt").exits(0).notices(1).tells("no --artefact was named");
    let statements = place.statements();
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0]["subject"][0]["name"], "inputs");
    assert_eq!(outcome(&statements[0]["predicate"]), "succeeded");
}

#[test]
fn a_success_with_artefacts_is_two_lines_that_are_bound_to_each_other() {
    let place = Place::new();
    place.write("old.txt", "old");
    let line = "echo made >made.txt; echo changed >old.txt";
    place.run(&["-a", "*.txt"], line).exits(0).notices(0);
    let statements = place.statements();
    assert_eq!(predicate_types(&statements), [PROVENANCE, super::harness::BUILD_EVIDENCE]);
    let (slsa, evidence) = (&statements[0]["predicate"], &statements[1]["predicate"]);

    let made = json!({"name": "made.txt", "digest": {"sha256": sha256(b"made\n")},
        "annotations": {"change": "made", "size": 5}});
    let old = json!({"name": "old.txt", "digest": {"sha256": sha256(b"changed\n")},
        "annotations": {"change": "changed", "size": 8}});
    assert_eq!(statements[0]["subject"], json!([made, old]));
    assert_eq!(statements[0]["subject"], statements[1]["subject"]);

    let bundles = super::harness::lines(&place.at(EVIDENCE));
    let payload = super::harness::payload(&bundles[0]);
    let companion = json!({"predicateType": PROVENANCE, "sha256": sha256(&payload)});
    assert_eq!(evidence["companions"], json!([companion]));
    let id = evidence["build"]["id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let byproduct = json!({"name": "build-evidence", "uri": format!("urn:proofmark:build:{id}")});
    assert_eq!(slsa["runDetails"]["byproducts"], json!([byproduct]));
    assert_eq!(slsa["buildDefinition"]["buildType"], "urn:proofmark:buildtype:command:v1");
    assert_eq!(slsa["runDetails"]["builder"]["id"], "urn:proofmark:builder:local:v1");
    let ours = slsa["runDetails"]["metadata"].as_object().unwrap();
    assert_eq!(ours["startedOn"], evidence["build"]["started"]);
    assert_eq!(ours["finishedOn"], evidence["build"]["finished"]);
}

#[test]
fn every_build_has_an_id_of_its_own() {
    let place = Place::new();
    place.run(&["-o", "1.jsonl"], "exit 0").exits(0);
    place.run(&["-o", "2.jsonl"], "exit 0").exits(0);
    let id = |name: &str| evidence(&place.at(name))["build"]["id"].clone();
    assert_ne!(id("1.jsonl"), id("2.jsonl"));
}

#[test]
fn a_line_for_the_shell_is_recorded_as_one() {
    let place = Place::new();
    let key = place.key(1);
    let line = "echo a >a && echo b >b && exit 4";
    place.call(&["run", "--key", &key, "--shell", line]).exits(4);
    assert!(place.has("a") && place.has("b"));
    let command = &place.evidence()["build"]["command"];
    assert_eq!((&command["argv"], &command["shell"]), (&json!([line]), &json!(true)));

    let both = ["run", "--key", &key, "-o", "x", "--shell", "touch ran", "--", "touch", "ran"];
    place.call(&both).exits(125);
    assert!(!place.has("ran"));
}

#[test]
fn each_bundle_names_its_key_in_the_two_forms_that_others_read() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use sha2::{Digest as _, Sha256};

    let place = Place::new();
    place.run(&["-a", "a"], "echo a >a").exits(0);
    let spki = super::harness::public_der(1);
    let hint = STANDARD.encode(Sha256::digest(&spki));
    // RFC 4253, section 6.6: the blob that `ssh-keygen -l` hashes.
    let blob = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20", &spki[12..]].concat();
    let keyid = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)));
    for bundle in super::harness::lines(&place.at(EVIDENCE)) {
        assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
        assert_eq!(bundle["verificationMaterial"]["publicKey"]["hint"], json!(hint));
        let signatures = bundle["dsseEnvelope"]["signatures"].as_array().unwrap();
        assert_eq!(signatures.len(), 1);
        assert_eq!(signatures[0]["keyid"], json!(keyid));
        assert_eq!(bundle["dsseEnvelope"]["payloadType"], "application/vnd.in-toto+json");
    }
    assert_eq!(statements(&place.at(EVIDENCE)).len(), 2);
}

#[test]
fn proofmark_says_which_binary_it_is() {
    for place in [Place::new(), Place::unprivileged()] {
        place.run(&[], "exit 0").exits(0);
        let tool = &place.evidence()["build"]["tool"];
        let binary = std::fs::read(super::harness::BINARY).unwrap();
        let expected = json!({"name": "proofmark", "version": env!("CARGO_PKG_VERSION"), "sha256": sha256(&binary)});
        assert_eq!(*tool, expected);
    }
}
