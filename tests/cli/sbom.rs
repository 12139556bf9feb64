//! `--sbom`: a bill of materials as a line of its own, bound to the build.

use super::harness::{
    BUILD_EVIDENCE, EVIDENCE, PROVENANCE, Place, Said, UNSIGNED, lines, payload, predicate_types,
    sha256,
};
use serde_json::{Value, json};

const CYCLONEDX: &str = "https://cyclonedx.org/bom";
const SPDX: &str = "https://spdx.dev/Document";

fn verify(place: &Place, arguments: &[&str]) -> Said {
    let key = place.public(1);
    place.call(&[&["verify", "--key", &key, "-b", EVIDENCE], arguments].concat()).go()
}

fn with_sboms() -> Place {
    let place = Place::new();
    place.write(
        "cdx.json",
        "{\n \"bomFormat\": \"CycloneDX\",\n \"specVersion\": \"1.6\", \"version\": 1.0\n}\n",
    );
    place.write("spdx.json", r#"{"spdxVersion": "SPDX-2.3", "packages": []}"#);
    place
}

const BOTH: [&str; 6] = ["-a", "app", "--sbom", "spdx.json", "--sbom", "cdx.json"];

#[test]
fn an_sbom_is_a_line_over_the_artefacts_that_the_evidence_lists() {
    let place = with_sboms();
    place.run(&BOTH, "echo 1 >app").exits(0);
    let statements = place.statements();
    let types = predicate_types(&statements);
    assert_eq!(types, [PROVENANCE, CYCLONEDX, SPDX, BUILD_EVIDENCE]);
    for statement in &statements {
        assert_eq!(statement["subject"], statements[0]["subject"]);
    }
    assert_eq!(statements[1]["predicate"]["specVersion"], "1.6");
    let lines = lines(&place.at(EVIDENCE));
    let text = String::from_utf8(payload(&lines[1])).unwrap();
    assert!(
        text.contains(r#""predicate":{"bomFormat":"CycloneDX","specVersion":"1.6","version":1.0}"#),
        "{text}"
    );
    let companions = place.evidence()["companions"].clone();
    let expected: Vec<_> = (0..3)
        .map(|n| json!({"predicateType": types[n], "sha256": sha256(&payload(&lines[n]))}))
        .collect();
    assert_eq!(companions, json!(expected));
    assert_eq!(verify(&place, &["app"]).code, Some(0));
    for kind in [CYCLONEDX, SPDX] {
        let said = verify(&place, &["app", "--predicate-type", kind]);
        assert_eq!(said.code, Some(0), "{}", said.text());
        assert!(!said.text().contains("no build evidence names"), "{}", said.text());
    }
}

#[test]
fn an_sbom_goes_with_files_that_were_attested_and_with_an_unsigned_capture() {
    let place = with_sboms();
    place.write("app", "app");
    let key = place.key(1);
    place.call(&["attest", "app", "--sbom", "cdx.json", "--key", &key]).exits(0);
    assert_eq!(predicate_types(&place.statements()), [CYCLONEDX, BUILD_EVIDENCE]);
    let said = verify(&place, &["app", "--predicate-type", CYCLONEDX]);
    assert_eq!(said.code, Some(0), "{}", said.text());
    said.shows("how it was built: not recorded");
    // The document's own line breaks must not break the lines.
    place.call(&["attest", "app", "--sbom", "cdx.json", "--sign", "never", "--force"]).exits(0);
    assert_eq!(lines(&place.at(UNSIGNED)).len(), 2);
}

#[test]
fn an_sbom_that_is_given_twice_is_one_line() {
    let place = with_sboms();
    place.run(&["-a", "app", "--sbom", "cdx.json", "--sbom", "./cdx.json"], "echo >app").exits(0);
    assert_eq!(place.statements().len(), 3);
}

#[test]
fn an_sbom_without_an_artefact_is_a_mistake_before_anything_runs() {
    let place = with_sboms();
    place.run(&["--sbom", "cdx.json"], "echo >ran").exits(125).tells("nothing to bind it to");
    assert!(!place.has("ran") && !place.has(EVIDENCE));
    // Allowed to be missing, the artefact takes its SBOM with it.
    let flags = ["-a", "app", "--allow-no-artefacts", "--sbom", "cdx.json"];
    place.run(&flags, "exit 0").exits(0).tells("no SBOM is bound");
    assert_eq!(predicate_types(&place.statements()), [BUILD_EVIDENCE]);
    assert_eq!(super::harness::gaps(&place.evidence(), "companions").len(), 1);
}

#[test]
fn an_sbom_that_can_t_be_bound_leaves_evidence_of_one_line() {
    let place = Place::new();
    let token = ["gh", "p_", "0123456789abcdefghijklmnopqrstuvwxyzAB"].concat();
    for (content, words) in [
        ("<?xml version=\"1.0\"?><bom/>".to_owned(), "found XML"),
        ("SPDXVersion: SPDX-2.3".to_owned(), "found SPDX tag-value"),
        ("{}".to_owned(), "found neither"),
        (r#"{"spdxVersion":"SPDX-2.3","a":1,"a":2}"#.to_owned(), "same key twice"),
        (format!(r#"{{"spdxVersion":"SPDX-2.3","comment":"{token}"}}"#), "rule github-token"),
    ] {
        place.write("bad.json", &content);
        let said =
            place.run(&["--force", "-a", "app", "--sbom", "bad.json"], "date +%N >app").exits(125);
        assert!(!said.err.contains(&token));
        said.tells(words).tells("hint:");
        assert_eq!(predicate_types(&place.statements()), [BUILD_EVIDENCE]);
        assert_eq!(place.statements()[0]["subject"][0]["name"], "inputs");
    }
    place.run(&["--force", "-a", "app", "--sbom", "none.json"], "date +%N >app").exits(125);
}

#[test]
fn a_secret_of_the_job_is_not_published_in_an_sbom() {
    let place = Place::new();
    place
        .write("s.json", r#"{"spdxVersion":"SPDX-2.3","comment":"from correct-horse-42-battery"}"#);
    let call = place.run(&["-a", "app", "--sbom", "s.json"], "echo >app");
    let said = call.var("DEPLOY_PASSWORD", "correct-horse-42-battery").exits(125);
    assert!(!said.err.contains("correct-horse"), "{}", said.err);
    said.tells("rule known-secret");
}

#[test]
fn an_expectation_on_an_sbom_is_met_by_the_evidence_that_lists_it() {
    let place = with_sboms();
    place.write("src", "1");
    let commit = place.repository("https://github.com/octo/app");
    place.run(&BOTH, "echo 1 >app").exits(0);
    let with = |commit: &str| {
        verify(
            &place,
            &["app", "--predicate-type", CYCLONEDX, "--commit", commit, "--format", "json"],
        )
    };
    let right = with(&commit);
    assert_eq!(right.code, Some(0), "{}", right.text());
    let json: Value = right.json();
    assert_eq!(json["artefacts"][0]["accepted"].as_array().unwrap().len(), 2);
    assert_eq!(with(&"f".repeat(40)).code, Some(1));
}
