//! `verify --attest-result`, and what reading such a result amounts to.

use std::fs;

use serde_json::{Value, json};

use super::harness::{Call, EVIDENCE, Place, contains, payload, private_pem, sha256, statements};

const VSA: &str = "https://slsa.dev/verification_summary/v1";
const SVR: &str = "https://in-toto.io/attestation/svr/v0.2";
const URI: &str = "pkg:generic/app@1.2";

/// A place with an artefact that key 1 attests; key 2 is for results.
fn built() -> Place {
    let place = Place::new();
    place.run(&["-a", "app"], "echo 1 >app").exits(0);
    place.key(2);
    place.public(1);
    place.public(2);
    place
}

/// `verify` under key 1, with a result that key 2 signs.
fn attest(place: &Place, arguments: &[&str]) -> Call {
    let (public, key) = (place.public(1), place.key(2));
    let fixed = ["--key", &public, "--attest-result", "result.jsonl", "--result-key", &key];
    place.call(&[&["verify"], arguments, &fixed].concat())
}

fn summary(place: &Place, arguments: &[&str]) -> Call {
    attest(place, &[arguments, &["--resource-uri", URI]].concat())
}

fn only(place: &Place) -> Value {
    let all = statements(&place.at("result.jsonl"));
    assert_eq!(all.len(), 1);
    all.into_iter().next().unwrap()
}

/// Checks the result itself, by the key of whoever made it.
fn check(place: &Place, arguments: &[&str]) -> Call {
    let public = place.public(2);
    let fixed = ["verify", "app", "-b", "result.jsonl", "--key", &public];
    place.call(&[&fixed, arguments].concat())
}

fn fits(place: &Place, schema: &str, value: &Value) {
    let schema = place.call(&["schema", schema]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_verified_artefact_is_summarised_as_the_consumers_of_slsa_check_it() {
    let place = built();
    let said = summary(&place, &["app"]).exits(0).tells("PASSED for 1 artefact");
    assert!(said.text().contains("result: verified"));
    let result = only(&place);
    fits(&place, "vsa", &result);
    assert_eq!(result["predicateType"], VSA);
    let digest = sha256(&place.read("app"));
    assert_eq!(result["subject"], json!([{"name": "app", "digest": {"sha256": digest}}]));
    let predicate = &result["predicate"];
    let line: Value = serde_json::from_slice(&place.read("result.jsonl")).unwrap();
    let keyid = line["dsseEnvelope"]["signatures"][0]["keyid"].as_str().unwrap();
    assert_eq!(predicate["verifier"]["id"], format!("urn:proofmark:verifier:{keyid}"));
    assert_eq!(predicate["resourceUri"], URI);
    assert_eq!(predicate["verificationResult"], "PASSED");
    assert_eq!(predicate["verifiedLevels"], json!(["SLSA_BUILD_LEVEL_1"]));
    assert_eq!(predicate["slsaVersion"], "1.2");
    assert_eq!(predicate["policy"]["uri"], "urn:proofmark:policy:flags");
    // Every statement of the evidence, by the payload that was signed.
    let lines = super::harness::lines(&place.at(EVIDENCE));
    let mut used: Vec<_> = lines.iter().map(|line| sha256(&payload(line))).collect();
    used.sort();
    let inputs = predicate["inputAttestations"].as_array().unwrap();
    let told: Vec<_> = inputs.iter().map(|one| one["digest"]["sha256"].as_str().unwrap()).collect();
    assert_eq!(told, used);
}

#[test]
fn what_was_asked_stands_in_the_result_by_digest_and_text() {
    use base64::Engine as _;
    let place = built();
    let policy = |flags: &[&str]| {
        fs::remove_file(place.at("result.jsonl")).unwrap_or_default();
        summary(&place, &[&["app"], flags].concat()).go();
        only(&place)["predicate"]["policy"].clone()
    };
    let plain = policy(&[]);
    assert_eq!(plain, policy(&[]), "the same flags are the same policy");
    let text = plain["content"].as_str().unwrap();
    let text = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    assert_eq!(plain["digest"]["sha256"], sha256(&text));
    let asked: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(asked["threshold"], 1);
    assert_eq!(asked["complete"], false);
    for flags in [&["--complete"][..], &["--strict-names"], &["--max-age", "30d"]] {
        assert_ne!(plain["digest"], policy(flags)["digest"], "{flags:?}");
    }
}

#[test]
fn what_is_refused_or_cannot_be_told_says_failed_and_no_level() {
    let place = built();
    let failed = |place: &Place| {
        let result = only(place);
        fits(place, "vsa", &result);
        assert_eq!(result["predicate"]["verificationResult"], "FAILED");
        assert_eq!(result["predicate"]["verifiedLevels"], json!(["FAILED"]));
        fs::remove_file(place.at("result.jsonl")).unwrap();
        result
    };
    summary(&place, &["app", "--commit", &"a".repeat(40)]).exits(1).tells("FAILED");
    failed(&place);
    // One that is verified beside one that isn't: the answer is of all of them.
    place.write("other", "2");
    summary(&place, &["app", "other", "-b", EVIDENCE]).exits(3);
    assert_eq!(failed(&place)["subject"].as_array().unwrap().len(), 2);
    place.write("app", "changed");
    summary(&place, &["app"]).exits(1);
    failed(&place);
    place.write("none/x", "1");
    summary(&place, &["none/x"]).exits(3);
    failed(&place);
}

#[test]
fn nothing_that_was_hashed_is_no_result_and_an_older_one_goes() {
    let place = built();
    summary(&place, &["missing"]).exits(3).tells("no result is written");
    assert!(!place.has("result.jsonl"));
    summary(&place, &["app"]).exits(0);
    summary(&place, &["missing"]).exits(2).tells("--force");
    let said = summary(&place, &["missing", "--force"]).exits(3);
    said.tells("the older one is removed");
    assert!(!place.has("result.jsonl"));
}

#[test]
fn a_simple_result_says_only_what_was_verified() {
    let place = built();
    attest(&place, &["app", "--result-format", "svr", "--complete"]).exits(0);
    let result = only(&place);
    fits(&place, "svr", &result);
    assert_eq!(result["predicateType"], SVR);
    let predicate = &result["predicate"];
    let properties: Vec<_> =
        predicate["properties"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert!(properties.iter().all(|property| property.starts_with("PROOFMARK_")));
    for property in ["PROOFMARK_VERIFIED", "PROOFMARK_CHECKED_OUTCOME", "PROOFMARK_COMPLETE"] {
        assert!(properties.contains(&property), "{properties:?}");
    }
    assert!(predicate["timeCreated"].is_string());
    check(&place, &["--predicate-type", SVR]).exits(0);
    place.write("app", "changed");
    let refused = ["app", "--result-format", "svr", "--force"];
    attest(&place, &refused).exits(1).tells("a simple result says only what was verified");
    assert!(!place.has("result.jsonl"));
    attest(&place, &["app", "--result-format", "svr", "--resource-uri", URI]).exits(2);
}

#[test]
fn a_folder_stays_a_folder_in_the_result() {
    let place = Place::new();
    place.write("pkg/a", "1");
    let key = place.key(1);
    place.call(&["attest", "--tree", "pkg", "--key", &key, "-i", "pkg"]).exits(0);
    summary(&place, &["pkg", "-b", EVIDENCE]).exits(0);
    let result = only(&place);
    assert_eq!(result["subject"][0]["annotations"], json!({"kind": "tree"}));
    assert_eq!(result["predicate"]["verifiedLevels"], json!(["SLSA_BUILD_LEVEL_UNEVALUATED"]));
}

#[test]
fn a_result_counts_only_where_its_type_is_named() {
    let place = built();
    summary(&place, &["app"]).exits(0);
    check(&place, &[]).exits(3).shows("no statement of a wanted type");
    check(&place, &["--predicate-type", VSA]).exits(0).shows("result: verified");
    // By the key of the builds it is none.
    let public = place.public(1);
    let fixed = ["verify", "app", "-b", "result.jsonl", "--key", &public];
    place.call(&[&fixed[..], &["--predicate-type", VSA]].concat()).exits(1);
}

#[test]
fn a_summary_that_failed_refuses_whatever_stands_beside_it() {
    let place = built();
    summary(&place, &["app"]).exits(0);
    let passed = place.read("result.jsonl");
    summary(&place, &["app", "--commit", &"a".repeat(40), "--force"]).exits(1);
    check(&place, &["--predicate-type", VSA]).exits(1).shows("says FAILED");
    let failed = place.read("result.jsonl");
    for both in [[passed.clone(), failed.clone()].concat(), [failed, passed].concat()] {
        place.write("result.jsonl", both);
        check(&place, &["--predicate-type", VSA]).exits(1).shows("says FAILED");
    }
}

#[test]
fn the_two_keys_are_never_confused() {
    let place = built();
    let (public, key) = (place.public(1), place.key(1));
    let fixed = ["verify", "app", "--key", &public, "--resource-uri", URI];
    let result = ["--attest-result", "result.jsonl"];
    let with = |more: &[&str]| place.call(&[&fixed[..], &result, more].concat());
    with(&[]).exits(2).tells("expected --result-key, PROOFMARK_KEY or PROOFMARK_KEY_FILE");
    // The key of the builds can't say that it checked itself.
    with(&["--result-key", &key]).exits(2).tells("one that --key trusts for builds");
    let pem = private_pem(1);
    with(&[]).var("PROOFMARK_KEY", &pem).exits(2).tells("one that --key trusts for builds");
    with(&[]).var("PROOFMARK_KEY_FILE", &key).exits(2);
    with(&["--result-key", "none.pem"]).exits(2).tells("--result-key");
    with(&["--result-key", &public]).exits(2);
    assert!(!place.has("result.jsonl"));
    // The variable is a key to sign with, and never one to trust.
    let pem = private_pem(2);
    let said = with(&[]).var("PROOFMARK_KEY", &pem).exits(0);
    let secret = pem.lines().nth(1).unwrap();
    for text in [said.text().as_bytes(), said.err.as_bytes(), &place.read("result.jsonl")] {
        assert!(!contains(text, secret.as_bytes()));
    }
    let untrusted = ["verify", "app", "--attest-result", "other", "--resource-uri", URI];
    place.call(&untrusted).var("PROOFMARK_KEY", &pem).exits(3).tells("no trust given");
}

#[test]
fn an_encrypted_key_is_opened_by_its_descriptor() {
    let place = built();
    let line = "echo long-enough-passphrase >p; \"$PROOFMARK\" keygen --out r.pem --encrypt --passphrase-fd 3 3<p";
    place.shell(line).exits(0);
    let public = place.public(1);
    let line = format!(
        "\"$PROOFMARK\" verify app --key {public} --attest-result result.jsonl --resource-uri {URI} --result-key r.pem --passphrase-fd 3 3<p"
    );
    place.shell(&line).exits(0);
    assert_eq!(only(&place)["predicate"]["verificationResult"], "PASSED");
}

#[test]
fn a_result_takes_no_place_that_is_taken_and_none_of_what_it_is_about() {
    let place = built();
    summary(&place, &["app"]).exits(0);
    summary(&place, &["app"]).exits(2).tells("--force");
    summary(&place, &["app", "--force"]).exits(0);
    let (public, key) = (place.public(1), place.key(2));
    for own in ["app", EVIDENCE, &public] {
        let before = place.read(own);
        let fixed = ["verify", "app", "--key", &public, "--result-key", &key, "--force"];
        let into = ["--attest-result", own, "--resource-uri", URI];
        place.call(&[&fixed[..], &into].concat()).exits(2).tells("found one that is checked");
        assert_eq!(place.read(own), before);
    }
    summary(&place, &["app", "--attest-result", "no/folder"]).exits(2);
}

#[test]
fn a_resource_is_named_by_a_uri_without_secrets() {
    let place = built();
    attest(&place, &["app"]).exits(2).tells("--resource-uri");
    for odd in ["app", ":x", "pkg:", "pkg:a b", "1a:x", ""] {
        attest(&place, &["app", "--resource-uri", odd]).exits(2);
    }
    let secret = "https://user:hunter2secret@example.com/app.tgz";
    let said = attest(&place, &["app", "--resource-uri", secret]).exits(2);
    assert!(!said.err.contains("hunter2secret"), "{}", said.err);
    let said = attest(&place, &["app", "--resource-uri", "user:hunter2@example.com"]).exits(2);
    assert!(!said.err.contains("hunter2"), "{}", said.err);
    assert!(!place.has("result.jsonl"));
    for flag in [&["--resource-uri", URI][..], &["--result-key", "x"], &["--force"]] {
        let public = place.public(1);
        let fixed = ["verify", "app", "--key", &public];
        place.call(&[&fixed[..], flag].concat()).exits(2).tells("--attest-result");
    }
}

#[test]
fn a_policy_that_was_asked_is_named_by_its_digest_and_one_that_refuses_makes_it_fail() {
    let place = built();
    let holds = "name = \"p\"\n[require]\nbuild-succeeded = \"self-asserted\"\n";
    place.write("holds", holds);
    summary(&place, &["app", "--policy", "holds"]).exits(0);
    let policy = &only(&place)["predicate"]["policy"];
    assert_eq!(policy["uri"], "urn:proofmark:policy:p");
    assert_eq!(policy["digest"]["sha256"], sha256(holds.as_bytes()));
    place.write("fails", "name = \"p\"\n[require]\nrunner-is-hosted = \"job-checked\"\n");
    summary(&place, &["app", "--policy", "fails", "--force"]).exits(1);
    let predicate = only(&place)["predicate"].clone();
    assert_eq!(predicate["verificationResult"], "FAILED");
    assert_eq!(predicate["verifiedLevels"], json!(["FAILED"]));
}
