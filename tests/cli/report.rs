//! `proofmark report`: what is verified, what isn't, and what is made of it.

use std::fs;

use serde_json::Value;

use super::harness::{Call, EVIDENCE, Place, SECTIONS};
use super::support::Scene;

fn built() -> Place {
    let place = Place::new();
    place.write("src", "1");
    place.repository("https://github.com/octo/app.git");
    place.run(&["-a", "dist/a"], "mkdir dist; echo >dist/a").exits(0);
    place
}

fn report(place: &Place, flags: &[&str]) -> Call {
    let key = place.public(1);
    place.call(&[&["report", "--key", &key], flags].concat())
}

#[track_caller]
fn json(place: &Place, flags: &[&str], code: i32) -> Value {
    let value = report(place, &[&["--format", "json"], flags].concat()).exits(code).json();
    assert_eq!(value["exit_code"], code);
    value
}

#[test]
fn a_job_of_a_platform_is_reported_with_all_that_the_schema_names() {
    let scene = Scene::github();
    scene.capture(&["--baseline", "none"]);
    let place = &scene.place;
    let url = scene.platform.url();
    let value = json(place, &[EVIDENCE, "--issuer", &url, "--claims"], 0);
    let schema = place.call(&["schema", "report"]).exits(0).json();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&value));
    assert_eq!((&value["verified"], &value["version"]), (&true.into(), &1.into()));
    let build = &value["builds"][0];
    assert_eq!(build["outcome"], "succeeded");
    assert_eq!(build["artefacts"][0]["name"], "a");
    let check = build["check"].as_str().unwrap();
    let begins = "proofmark verify a -b proofmark.sigstore.jsonl --key vendor.pub --source https://github.com/octo/app";
    assert!(check.starts_with(begins), "{check}");
    assert!(build["run_url"].as_str().is_none_or(|url| url.starts_with("https://")));
    let provisions = build["provisions"].as_array().unwrap();
    let numbers: Vec<_> = provisions.iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["2.1", "2.2", "2.3", "3.1"]);
    let summary = provisions[0]["summary"].as_str().unwrap();
    assert!(summary.contains(" questions answered") && summary.contains("the job itself"));
    let levels: Vec<_> = build["vouchers"].as_array().unwrap().iter().collect();
    assert_eq!(levels.first().unwrap()["assurance"], "job-checked", "{levels:#?}");
    assert_eq!(levels.last().unwrap()["assurance"], "not there", "{levels:#?}");
    assert_eq!(build["timeline"].as_array().unwrap().len(), 1);
    assert!(!value["not_shown"].as_array().unwrap().is_empty());
    let claims = value["claims"].as_array().unwrap();
    let alone = claims.iter().find(|claim| claim["id"] == "2.3").unwrap();
    assert!(alone["text"].as_str().unwrap().contains("no claims for 2.3"), "{alone:#}");
    assert!(claims.iter().all(|claim| claim["status"].is_null()), "left to the officer");
}

#[test]
fn without_trust_nothing_is_shown_unless_it_is_asked_for_and_then_it_says_so() {
    let place = built();
    place.call(&["report", EVIDENCE]).exits(3).tells("--unverified");
    report(&place, &[EVIDENCE, "--unverified"]).exits(2);
    place.call(&["report", EVIDENCE, "--unverified", "--policy", "vendor"]).exits(2);
    let unverified = |format: &str| {
        place.call(&["report", EVIDENCE, "--unverified", "--format", format]).exits(3)
    };
    let value = unverified("json").json();
    assert_eq!((&value["verified"], &value["exit_code"]), (&false.into(), &3.into()));
    assert!(value["headline"].as_str().unwrap().starts_with("UNVERIFIED"));
    assert_eq!(value["builds"].as_array().unwrap().len(), 1);
    assert_eq!(value["builds"][0]["timeline"], serde_json::json!([]));
    assert_eq!(value["builds"][0]["check"], Value::Null);
    let findings = value["builds"][0]["provisions"].as_array().unwrap();
    for finding in findings.iter().flat_map(|one| one["findings"].as_array().unwrap()) {
        let assurance = finding["assurance"].as_str().unwrap_or("self-asserted");
        assert_eq!(assurance, "self-asserted", "{finding:#}");
    }
    let csv = unverified("csv").text();
    assert!(csv.lines().skip(1).all(|line| line.starts_with("\"UNVERIFIED\"")), "{csv}");
    assert!(unverified("text").text().contains("UNVERIFIED"));
}

#[test]
fn what_verified_is_shown_beside_what_did_not_and_the_code_is_3() {
    let place = built();
    let mut lines = place.read(EVIDENCE);
    lines.extend(b"garbage\n");
    place.write("mixed.sigstore.jsonl", lines);
    let value = json(&place, &["mixed.sigstore.jsonl"], 3);
    assert_eq!((&value["verified"], value["builds"].as_array().unwrap().len()), (&true.into(), 1));
    assert_eq!(value["not_verified"].as_array().unwrap().len(), 1);
    let other = place.public(2);
    let said = place.call(&["report", EVIDENCE, "--key", &other, "--format", "json"]).exits(3);
    let value = said.json();
    assert_eq!((&value["verified"], value["builds"].as_array().unwrap().len()), (&false.into(), 0));
    json(&place, &["none.jsonl"], 3);
    report(&place, &[EVIDENCE, "--policy", "no-such-policy"]).exits(2);
}

#[test]
fn sealed_parts_that_are_not_at_hand_are_said_not_to_be_shown() {
    let place = built();
    let not_shown = |value: &Value| value["not_shown"].to_string();
    assert!(!not_shown(&json(&place, &[EVIDENCE], 0)).contains("sealed part"));
    let kept = place.outside("kept.jsonl");
    fs::rename(place.at(SECTIONS), &kept).unwrap();
    assert!(not_shown(&json(&place, &[EVIDENCE], 0)).contains("sealed part"));
    let kept = kept.to_str().unwrap();
    assert!(!not_shown(&json(&place, &[EVIDENCE, "--sections", kept], 0)).contains("sealed part"));
    place.write("others.jsonl", "{\"name\":\"x\",\"salt\":\"00\",\"content\":1}\n");
    report(&place, &[EVIDENCE, "--sections", "others.jsonl"]).exits(1).tells("--sections");
}

#[test]
fn a_report_is_written_whole_and_never_over_what_it_reads() {
    let place = built();
    report(&place, &[EVIDENCE, "-o", "r.json", "--format", "json"]).exits(0);
    let first = place.text("r.json");
    assert_eq!(serde_json::from_str::<Value>(&first).unwrap()["verified"], true);
    report(&place, &[EVIDENCE, "-o", "r.json"]).exits(2).tells("--force");
    assert_eq!(place.text("r.json"), first);
    report(&place, &[EVIDENCE, "-o", "r.json", "--force", "--format", "csv"]).exits(0);
    assert!(place.text("r.json").starts_with("\"verified\""));
    let before = place.read(EVIDENCE);
    report(&place, &[EVIDENCE, "-o", EVIDENCE, "--force"]).exits(2).tells("another file");
    assert_eq!(place.read(EVIDENCE), before);
    // Found in the folder, it would be an input of the next one.
    let own = "report.sigstore.json";
    for _ in 0..2 {
        report(&place, &[".", "-o", own, "--force", "--format", "json"]).exits(0);
    }
    assert_eq!(
        serde_json::from_str::<Value>(&place.text(own)).unwrap()["files"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn what_moved_is_told_against_evidence_and_against_a_report_that_is_nobodys_word() {
    let place = built();
    report(&place, &[EVIDENCE, "-o", "old.json", "--format", "json"]).exits(0);
    let value = json(&place, &[EVIDENCE, "--new-since", "old.json"], 0);
    let since = &value["since"];
    assert!(since["file"].as_str().unwrap().contains("nobody signed"), "{since:#}");
    assert_eq!(since["moved"], serde_json::json!([]), "{since:#}");
    assert!(since["unchanged"].as_u64().unwrap() > 0);
    let since = json(&place, &[EVIDENCE, "--new-since", EVIDENCE], 0)["since"].take();
    assert_eq!((&since["file"], &since["moved"]), (&EVIDENCE.into(), &serde_json::json!([])));
    let other: Value = serde_json::from_str(&place.text("old.json")).unwrap();
    let mut other = other;
    let finding = &mut other["builds"][0]["provisions"][0]["findings"][0];
    finding["status"] = "pass\u{1b}[2J".into();
    place.write("old.json", other.to_string());
    let since = json(&place, &[EVIDENCE, "--new-since", "old.json"], 0)["since"].take();
    assert_eq!(since["moved"].as_array().unwrap().len(), 1, "{since:#}");
    assert!(!since["moved"][0]["before"].as_str().unwrap().contains('\u{1b}'));
    place.write("none", "nothing");
    report(&place, &[EVIDENCE, "--new-since", "none"]).exits(3).tells("--new-since");
    report(&place, &[EVIDENCE, "--new-since", "no-such"]).exits(2);
}

#[test]
fn the_officers_words_are_quoted_as_the_vendors_and_bound_by_digest() {
    let place = built();
    place.write(
        "words.toml",
        "name = \"Ada\"\nrole = \"SRO\"\ndate = \"2026-01-31\"\nscope = \"app\"\n[claims.\"2.1.1\"]\nstatus = \"compliant\"\nargument = \"=cmd|x\"\n",
    );
    let value = json(&place, &[EVIDENCE, "--statement", "words.toml"], 0);
    let digest = super::harness::sha256(&place.read("words.toml"));
    assert_eq!(
        (&value["statement"]["name"], &value["statement"]["sha256"]),
        (&"Ada".into(), &digest.as_str().into())
    );
    let claims = value["claims"].as_array().unwrap();
    let with: Vec<_> = claims.iter().filter(|claim| !claim["status"].is_null()).collect();
    assert_eq!((with.len(), &with[0]["id"]), (1, &"2.1-01".into()));
    let csv =
        report(&place, &[EVIDENCE, "--statement", "words.toml", "--format", "csv"]).exits(0).text();
    assert!(
        csv.contains("\"'=cmd|x\"") && csv.contains("the vendor's word") && csv.contains(&digest),
        "{csv}"
    );
    place.write("words.toml", "name = \"Ada\"\ndate = \"2026-01-31\"\nscop = \"app\"\n");
    report(&place, &[EVIDENCE, "--statement", "words.toml"])
        .exits(2)
        .tells("did you mean `scope`?");
}

#[test]
fn files_that_were_attested_without_a_build_are_a_lane_of_their_own() {
    let place = Place::new();
    place.write("a", "1");
    let key = place.key(1);
    place.call(&["attest", "a", "--key", &key]).exits(0);
    let value = json(&place, &[EVIDENCE], 0);
    assert_eq!(value["builds"][0]["lane"], "attested files");
    assert_eq!(value["builds"][0]["outcome"], "not applicable");
}

#[test]
fn a_policy_judges_the_builds_of_a_report_and_the_first_line_says_how() {
    let place = built();
    place.write("holds", "name = \"p\"\n[require]\nbuild-succeeded = \"self-asserted\"\n");
    let said = report(&place, &[EVIDENCE, "--policy", "holds"]).exits(0);
    assert!(said.text().starts_with("policy p permits (0 fail); 2.1 "), "{}", said.text());
    place.write("fails", "name = \"p\"\n[require]\nrunner-is-hosted = \"job-checked\"\n");
    let said = report(&place, &[EVIDENCE, "--policy", "fails"]).exits(1);
    assert!(said.text().starts_with("policy p does not permit (1 fail); 2.1 "), "{}", said.text());
    let value = json(&place, &[EVIDENCE, "--policy", "fails"], 1);
    assert_eq!(value["policy"]["permits"], false);
    assert_eq!(value["policy"]["rules"][0]["name"], "runner-is-hosted");
    let refused = place.call(&["report", EVIDENCE, "--unverified", "--policy", "holds"]);
    refused.exits(2);
}

#[test]
fn what_answers_a_question_comes_before_what_people_have_to_read_and_is_for_the_platform() {
    let scene = Scene::github();
    scene.capture(&["--baseline", "none"]);
    let url = scene.platform.url();
    let value = json(&scene.place, &[EVIDENCE, "--issuer", &url], 0);
    let remedies = value["builds"][0]["remedies"].as_array().unwrap();
    let for_people: Vec<_> =
        remedies.iter().map(|one| one["for_people"].as_bool().unwrap()).collect();
    assert!(for_people.is_sorted() && for_people.contains(&true), "{for_people:?}");
    let places = remedies.iter().flat_map(|one| one["lines"].as_array().unwrap());
    let places: Vec<_> = places.map(|lines| lines["place"].as_str().unwrap()).collect();
    assert!(places.iter().any(|place| place.contains("GitHub")), "{places:?}");
    assert!(!places.iter().any(|place| place.contains("GitLab")), "{places:?}");
}

#[test]
fn nobody_is_told_not_to_release_where_there_was_no_token_to_disagree_with() {
    let place = built();
    let value = json(&place, &[EVIDENCE], 0);
    let findings = value["builds"][0]["provisions"][2]["findings"].as_array().unwrap();
    let token = findings.iter().find(|one| one["id"] == "token-agrees-with-evidence").unwrap();
    assert_eq!(token["status"], "not applicable");
    assert_eq!(token["remedy"], "give-the-job-a-token");
}

#[test]
fn where_no_build_is_verified_the_reason_is_said_and_no_page_is_made_of_nothing() {
    let place = built();
    for nothing in ["no-such-file", "src"] {
        let said = report(&place, &[nothing]).exits(3);
        assert_eq!(said.tells("no verified build to report on").text(), "");
    }
}
