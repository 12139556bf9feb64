//! `proofmark pack` and `verify --pack`.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::harness::{Call, EVIDENCE, Place, SECTIONS, sha256};

const PACK: &str = "p.tar.gz";

/// Two builds, signed by key 1, the second with a list that is sealed.
fn built() -> Place {
    let place = Place::new();
    place.run(&["-a", "app", "-o", "one.sigstore.jsonl"], "echo 1 >app").exits(0);
    fs::rename(place.at("app"), place.at("app1")).unwrap();
    place.run(&["-a", "app", "-o", "two.sigstore.jsonl"], "echo 2 >app").exits(0);
    place
}

fn pack(place: &Place, arguments: &[&str]) -> Call {
    let public = place.public(1);
    place.call(&[&["pack", "--key", &public, "-o", PACK], arguments].concat())
}

fn verify(place: &Place, arguments: &[&str]) -> Call {
    let public = place.public(1);
    place.call(&[&["verify", "--pack", PACK, "--key", &public], arguments].concat())
}

/// What is in an archive, by the plain reader of tar.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let unzipped = flate2::read::GzDecoder::new(fs::File::open(path).unwrap());
    let mut archive = tar::Archive::new(unzipped);
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(header.entry_type(), tar::EntryType::Regular);
        let numbers = [header.mtime(), header.uid(), header.gid()].map(Result::unwrap);
        assert_eq!((numbers, header.mode().unwrap()), ([0, 0, 0], 0o644));
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.push((name, bytes));
    }
    found
}

#[test]
fn a_pack_holds_the_evidence_as_it_is_and_what_is_made_of_it() {
    let place = built();
    let said = pack(&place, &["two.sigstore.jsonl", "one.sigstore.jsonl"]).exits(0);
    said.tells("2 evidence files, no sealed sections");
    let members = members(&place.at(PACK));
    let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "COMMANDS.md",
        "MANIFEST.json",
        "evidence/0001-one.sigstore.jsonl",
        "evidence/0002-two.sigstore.jsonl",
        "report.html",
        "report.json",
        "report.md",
        "trust.json",
    ];
    assert_eq!(names, expected);
    assert_eq!(members[2].1, place.read("one.sigstore.jsonl"));
    let json = |name: &str| {
        let found = members.iter().find(|(found, _)| found == name).unwrap();
        serde_json::from_slice::<Value>(&found.1).unwrap()
    };
    for (schema, name) in [("pack", "MANIFEST.json"), ("pack-trust", "trust.json")] {
        let schema = place.call(&["schema", schema]).exits(0).json();
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&json(name)), "{name}");
    }
    let manifest = json("MANIFEST.json");
    let listed = manifest["members"].as_array().unwrap();
    assert_eq!(listed.len(), members.len() - 1);
    for member in listed {
        let (_, bytes) = members.iter().find(|(name, _)| member["name"] == *name).unwrap();
        assert_eq!(member["sha256"], sha256(bytes));
        assert_eq!(member["size"], bytes.len());
    }
    assert_eq!(json("trust.json")["threshold"], 1);
    let commands = String::from_utf8(members[0].1.clone()).unwrap();
    let digest = sha256(&place.read("app"));
    assert!(commands.contains(&format!("--key \"$KEY_1\" sha256:{digest}")), "{commands}");
}

#[test]
fn the_same_files_give_the_same_bytes_whatever_the_order_the_folder_and_the_umask() {
    let place = built();
    pack(&place, &["one.sigstore.jsonl", "two.sigstore.jsonl"]).exits(0);
    let first = place.read(PACK);
    let files = ["two.sigstore.jsonl", "one.sigstore.jsonl", "one.sigstore.jsonl", "--force"];
    pack(&place, &files).exits(0);
    assert!(first == place.read(PACK), "another order, and one twice");
    for name in ["one.sigstore.jsonl", "two.sigstore.jsonl"] {
        place.write(format!("deep/er/{name}"), place.read(name));
    }
    let public = place.public(1);
    let line = format!(
        "umask 077; \"$PROOFMARK\" pack --key {public} -o {PACK} ../er/two.sigstore.jsonl one.sigstore.jsonl"
    );
    place.shell(&line).inside(place.at("deep/er")).var("TZ", "Asia/Tokyo").exits(0);
    assert!(first == place.read(format!("deep/er/{PACK}")), "another folder");
}

#[test]
fn a_pack_is_checked_alone_and_with_artefacts() {
    let place = built();
    pack(&place, &["one.sigstore.jsonl", "two.sigstore.jsonl"]).exits(0);
    let said = verify(&place, &[]).exits(0).shows("result: verified (exit 0)");
    let said = said.shows("2 evidence files").shows("byte for byte");
    said.shows("its maker's was the same as yours");
    let said = verify(&place, &["--format", "json"]).exits(0).json();
    assert_eq!(said["pack"]["report"], "same");
    assert_eq!(said["pack"]["verdict"], "verified");
    assert_eq!(said["artefacts"].as_array().unwrap().len(), 0);
    let schema = place.call(&["schema", "verify"]).exits(0).json();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&said));
    // An artefact of each build: the other build is about another file of that name.
    verify(&place, &["app", "--strict-names"]).exits(0).shows("another artefact of this name");
    verify(&place, &["app1"]).exits(0).shows("another name");
    place.write("app", "changed");
    verify(&place, &["app"]).exits(1).shows("different digest");
    place.write("x", "9");
    verify(&place, &["x"]).exits(3);
    // Nothing is accepted and ignored.
    for flags in [&["--complete"][..], &["--name", "x"], &["--commit", &"a".repeat(40)]] {
        verify(&place, flags).exits(2).tells("expected an artefact");
    }
    verify(&place, &["-b", "one.sigstore.jsonl"]).exits(2);
    let public = place.public(1);
    place.call(&["verify", "--key", &public]).exits(2);
    place.call(&["verify", "--pack", PACK]).exits(3).tells("no trust given");
    place.call(&["verify", "--pack", "none", "--key", &public]).exits(3).shows("none");
    place.call(&["verify", "--pack", "app", "--key", &public]).exits(3).shows("gzipped tar");
}

#[test]
fn a_result_can_be_attested_of_artefacts_in_a_pack() {
    let place = built();
    pack(&place, &["one.sigstore.jsonl", "two.sigstore.jsonl"]).exits(0);
    let key = place.key(2);
    let result = ["--attest-result", "r", "--resource-uri", "pkg:a/b@1", "--result-key", &key];
    verify(&place, &result).exits(0).tells("no result is written");
    assert!(!place.has("r"));
    verify(&place, &[&["app"][..], &result].concat()).exits(0).tells("PASSED");
    let into = ["--attest-result", PACK, "--resource-uri", "pkg:a/b@1", "--result-key", &key];
    verify(&place, &[&["app", "--force"][..], &into].concat()).exits(2);
}

#[test]
fn what_is_not_verified_is_not_packed_and_nothing_is_written() {
    let place = built();
    let key = place.key(2);
    let other = ["run", "--key", &key, "-o", "evil.sigstore.jsonl", "--", "true"];
    place.call(&other).exits(0);
    place.run(&["--sign", "never", "-o", "un"], "true").go();
    place.write("garbage", "{}\n");
    place.write("empty", "");
    let all = ["one.sigstore.jsonl", "evil.sigstore.jsonl"];
    pack(&place, &all).exits(3).tells("evidence/0001-evil.sigstore.jsonl, line 1");
    for bad in ["garbage", "empty", "none", "app"] {
        pack(&place, &["one.sigstore.jsonl", bad]).exits(3);
    }
    let (public, second) = (place.public(1), place.public(2));
    let two = ["pack", "-o", PACK, "one.sigstore.jsonl", "--key", &public, "--key", &second];
    place.call(&[&two[..], &["--threshold", "2"]].concat()).exits(3).tells("found 1");
    place.call(&["pack", "-o", PACK, "one.sigstore.jsonl"]).exits(3).tells("no trust given");
    assert!(!place.has(PACK));
    assert!(!place.names().iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn an_archive_takes_no_place_that_is_taken_and_none_of_its_inputs() {
    let place = built();
    place.write(PACK, "mine");
    pack(&place, &["one.sigstore.jsonl"]).exits(2).tells("--force");
    assert_eq!(place.text(PACK), "mine");
    let public = place.public(1);
    let own = ["pack", "--key", &public, "-o", "one.sigstore.jsonl", "one.sigstore.jsonl"];
    place.call(&[&own[..], &["--force"]].concat()).exits(2).tells("among the files");
    place.call(&["pack", "--key", &public, "-o", "-", "one.sigstore.jsonl"]).exits(2);
    place.call(&["pack", "--key", &public, "-o", "no/p", "one.sigstore.jsonl"]).exits(2);
    place.call(&["pack", "--key", &public, "one.sigstore.jsonl"]).exits(2);
}

#[test]
fn sealed_sections_go_in_only_where_they_are_asked_for_and_belong() {
    let place = Place::new();
    for number in 0..4200 {
        place.write(format!("many/{number:04}"), "");
    }
    place.run(&[], "true").exits(0);
    assert!(place.has(SECTIONS));
    pack(&place, &[EVIDENCE]).exits(0).tells("no sealed sections (--with-sections");
    let names = |place: &Place| {
        let all = members(&place.at(PACK)).into_iter().map(|(name, _)| name);
        all.filter(|name| name.starts_with("sections/")).collect::<Vec<_>>()
    };
    assert!(names(&place).is_empty());
    let expected = ["sections/0001-proofmark.sections.jsonl"];
    for flags in [&["--with-sections"][..], &["--sections", SECTIONS]] {
        pack(&place, &[&[EVIDENCE, "--force"], flags].concat()).exits(0).tells("can read");
        assert_eq!(names(&place), expected);
        verify(&place, &[]).exits(0);
    }
    let salt = "0".repeat(32);
    let own = format!("{{\"name\":\"inputs.files\",\"salt\":\"{salt}\",\"content\":[]}}\n");
    place.write("own.sections.jsonl", own);
    let other = [EVIDENCE, "--force", "--sections", "own.sections.jsonl"];
    pack(&place, &other).exits(1).tells("sealed by no statement");
}

#[test]
fn another_trust_than_the_makers_is_said_and_only_ones_own_counts() {
    let place = built();
    let (public, second) = (place.public(1), place.public(2));
    let both = ["--key", &second, "one.sigstore.jsonl", "two.sigstore.jsonl"];
    pack(&place, &both).exits(0);
    let said = verify(&place, &["app"]).exits(0);
    said.shows("which you don't").shows("NOT compared: it was made under another trust");
    let json = verify(&place, &["--format", "json"]).exits(0).json();
    assert_eq!(json["pack"]["report"], "not-compared");
    assert_eq!(json["pack"]["trust_differences"].as_array().unwrap().len(), 1);
    // Keys that signed nothing verify nothing, whatever the snapshot says.
    place.call(&["verify", "--pack", PACK, "--key", &second]).exits(1).shows("no signature");
    let strict = ["verify", "--pack", PACK, "--key", &public, "--key", &second];
    place.call(&[&strict[..], &["--threshold", "2"]].concat()).exits(3);
}

#[test]
fn a_statement_goes_in_as_it_is() {
    let place = built();
    place.write("words.toml", "name = \"A. Officer\"\n");
    place.write("bytes", [0xff, 0xfe]);
    pack(&place, &["one.sigstore.jsonl", "--statement", "bytes"]).exits(2).tells("expected text");
    pack(&place, &["one.sigstore.jsonl", "--statement", "none"]).exits(2);
    pack(&place, &["one.sigstore.jsonl", "--policy", "none"]).exits(2);
}

#[test]
fn what_the_policy_inside_decides_is_said_by_whoever_makes_and_whoever_checks_a_pack() {
    let place = built();
    place.write("fails", "name = \"p\"\n[require]\nrunner-is-hosted = \"job-checked\"\n");
    pack(&place, &["one.sigstore.jsonl", "--policy", "fails"]).exits(0).tells("p does not permit");
    let said = verify(&place, &[]).exits(0);
    assert!(
        said.text().contains("its policy  p does not permit: 1 of 1 rule fails"),
        "{}",
        said.text()
    );
    let json = verify(&place, &["--format", "json"]).exits(0).json();
    assert!(json["pack"]["policy"].as_str().unwrap().contains("does not permit"));
    place.write("holds", "name = \"p\"\n[require]\nbuild-succeeded = \"self-asserted\"\n");
    pack(&place, &["one.sigstore.jsonl", "--policy", "holds", "--force"]).exits(0);
    assert!(verify(&place, &[]).exits(0).text().contains("p permits: 1 rule, none fails"));
}
