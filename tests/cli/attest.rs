//! `proofmark attest`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::harness::{
    BUILD_EVIDENCE, EVIDENCE, Place, SECTIONS, Said, UNSIGNED, gaps, input_paths, sha256,
};
use serde_json::{Value, json};

fn attest(place: &Place, arguments: &[&str]) -> super::harness::Call {
    let key = place.key(1);
    place.call(&[&["attest", "--force", "--key", &key], arguments].concat())
}

fn verify(place: &Place, arguments: &[&str]) -> Said {
    let key = place.public(1);
    place.call(&[&["verify", "--key", &key], arguments].concat()).go()
}

/// The subjects' names, in the order of the file.
fn subjects(place: &Place) -> Vec<String> {
    let statements = place.statements();
    assert_eq!(statements.len(), 1, "no SLSA line: no build was seen");
    assert_eq!(statements[0]["predicateType"], BUILD_EVIDENCE);
    let subjects = statements[0]["subject"].as_array().unwrap();
    subjects.iter().map(|subject| subject["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_is_attested_without_a_word_on_how_it_was_built() {
    let place = Place::new();
    place.write("dist/app", "app");
    let said = attest(&place, &["dist/app"]).exits(0);
    assert!(said.out.is_empty());
    assert_eq!(subjects(&place), ["app"]);
    let subject =
        json!([{"name": "app", "digest": {"sha256": sha256(b"app")}, "annotations": {"size": 3}}]);
    assert_eq!(place.statements()[0]["subject"], subject);
    let evidence = place.evidence();
    let build = &evidence["build"];
    assert_eq!((&build["bracket"], &build["outcome"]), (&json!("none"), &json!("not applicable")));
    assert_eq!(build["command"], Value::Null);
    assert_eq!(evidence["companions"], json!([]));
    for part in ["inputs", "outputs"] {
        assert_eq!(evidence[part]["status"], "not applicable");
    }
    let said = verify(&place, &["dist/app", "-b", EVIDENCE]);
    assert_eq!(said.code, Some(0));
    said.shows("how it was built: not recorded");
}

#[test]
fn every_file_of_a_folder_becomes_an_artefact_under_its_relative_path() {
    let place = Place::new();
    for name in ["dist/app", "dist/lib/b.so", "dist/lib/a.so", "elsewhere"] {
        place.write(name, name);
    }
    attest(&place, &["dist"]).exits(0);
    assert_eq!(subjects(&place), ["app", "lib/a.so", "lib/b.so"]);
    assert_eq!(verify(&place, &["dist", "-b", EVIDENCE, "--complete"]).code, Some(0));
    fs::remove_file(place.at("dist/lib/a.so")).unwrap();
    assert_eq!(verify(&place, &["dist", "-b", EVIDENCE]).code, Some(0));
    let incomplete = verify(&place, &["dist", "-b", EVIDENCE, "--complete"]);
    assert_eq!(incomplete.code, Some(1));
    incomplete.shows("missing: lib/a.so");
}

#[test]
fn evidence_that_lies_in_the_folder_is_no_artefact_of_its_own() {
    let place = Place::new();
    place.write("dist/app", "app");
    for _ in 0..2 {
        attest(&place, &["dist", "-o", "dist/e.sigstore.jsonl"]).exits(0);
        let statements = super::harness::statements(&place.at("dist/e.sigstore.jsonl"));
        assert_eq!(statements[0]["subject"].as_array().unwrap().len(), 1);
    }
    for _ in 0..2 {
        attest(&place, &[".", "--tree"]).exits(0);
    }
    let said = verify(&place, &["."]);
    assert_eq!(said.code, Some(0), "{}", said.text());
}

#[test]
fn a_tree_is_one_artefact_and_every_change_in_it_counts() {
    let place = Place::new();
    place.write("pkg/a", "a");
    place.write("pkg/sub/b", "b");
    attest(&place, &["pkg", "--tree"]).exits(0);
    assert_eq!(subjects(&place), ["pkg"]);
    // The root digest and Go's dirhash, made by hand.
    let (a, b) = (sha256(b"a"), sha256(b"b"));
    let records = format!("f - {a} {}\nf - {b} {}\n", hex::encode("a"), hex::encode("sub/b"));
    let hash1 = format!("{a}  a\n{b}  sub/b\n");
    let digest = json!({"sha256": sha256(records.as_bytes()), "dirHash": sha256(hash1.as_bytes())});
    assert_eq!(place.statements()[0]["subject"][0]["digest"], digest);

    let check = || verify(&place, &["pkg", "-b", EVIDENCE]).code;
    assert_eq!(check(), Some(0));
    let tool = place.at("pkg/a");
    fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(check(), Some(3), "an executable bit");
    fs::set_permissions(&tool, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(check(), Some(0));
    place.write("pkg/more", "");
    assert_eq!(check(), Some(3), "one more file");
    fs::remove_file(place.at("pkg/more")).unwrap();
    symlink("a", place.at("pkg/link")).unwrap();
    assert_eq!(check(), Some(3), "a link");
    fs::remove_file(place.at("pkg/link")).unwrap();
    place.write("pkg/a", "A");
    assert_eq!(check(), Some(3), "a content");
    place.write("pkg/a", "a");
    fs::rename(place.at("pkg/sub/b"), place.at("pkg/sub/c")).unwrap();
    assert_eq!(check(), Some(3), "a name");
}

#[test]
fn a_tree_with_links_has_a_root_digest_and_no_dirhash() {
    let place = Place::new();
    place.write("pkg/a", "a");
    symlink("a", place.at("pkg/link")).unwrap();
    attest(&place, &["pkg", "--tree"]).exits(0);
    let digest = place.statements()[0]["subject"][0]["digest"].clone();
    assert_eq!(digest.as_object().unwrap().keys().collect::<Vec<_>>(), ["sha256"]);
    assert_eq!(verify(&place, &["pkg", "-b", EVIDENCE]).code, Some(0));
    // As artefacts of their own, links are passed over, and that is a gap.
    attest(&place, &["pkg"]).exits(0);
    assert_eq!(subjects(&place), ["a"]);
    assert_eq!(
        gaps(&place.evidence(), "subjects"),
        ["1 link or special file in pkg became no artefact"]
    );
}

#[test]
fn artefacts_by_flag_have_the_name_that_they_are_given() {
    let place = Place::new();
    place.write("x/app", "1");
    place.write("y/app", "2");
    attest(&place, &["-a", "x/app=app-x", "-a", "y/app=app-y"]).exits(0);
    assert_eq!(subjects(&place), ["app-x", "app-y"]);
    attest(&place, &["-a", "x/*"]).exits(0);
    assert_eq!(subjects(&place), ["app"]);
    attest(&place, &["x/app", "-a", "y/app=other"]).exits(0);
    assert_eq!(subjects(&place), ["app", "other"]);
    let both = attest(&place, &["x/app", "y/app"]).exits(1);
    both.tells("two artefacts would be named app").tells("-a PATH=app-2");
    attest(&place, &["-a", "*/app=one"]).exits(1).tells("expected one file, found 2");
    attest(&place, &["-a", "x/app=../up"]).exits(2);
}

#[test]
fn what_is_not_there_is_an_error() {
    let place = Place::new();
    fs::create_dir(place.at("empty")).unwrap();
    for (arguments, code) in [
        (&["empty"][..], 1),
        (&["empty", "--tree"], 1),
        (&["no-such-file"], 1),
        (&["-a", "no-such-file"], 1),
        (&["-a", "none/*"], 1),
        (&[], 2),
        (&["-a", "../outside"], 2),
    ] {
        attest(&place, arguments).exits(code).tells("error");
        assert_eq!(place.names(), ["empty"], "{arguments:?}");
    }
}

#[test]
fn an_output_that_exists_is_2() {
    let place = Place::new();
    place.write("app", "app");
    let key = place.key(1);
    for name in [EVIDENCE, SECTIONS, UNSIGNED] {
        let path = place.write(name, "mine");
        place.call(&["attest", "--key", &key, "app"]).exits(2).tells(name);
        fs::remove_file(path).unwrap();
    }
    place.call(&["attest", "--key", "no-such-key", "app"]).exits(2);
    place.call(&["attest", "--sign", "required", "app"]).exits(2);
    place.call(&["attest", "--sign", "never", "app"]).exits(0);
    assert_eq!(place.names(), ["app", SECTIONS, UNSIGNED]);
}

#[test]
fn what_it_was_made_of_can_be_named() {
    let place = Place::new();
    place.write("src/a", "a");
    place.write("src/b", "b");
    place.write("app", "app");
    attest(&place, &["app", "-i", "src"]).exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), ["src/a", "src/b"]);
    assert_eq!(evidence["inputs"]["value"]["all"], json!({"files": 2, "bytes": 2}));
    assert_eq!(verify(&place, &["app"]).code, Some(0));
}

#[test]
fn what_cannot_be_read_is_not_attested() {
    let place = Place::unprivileged();
    let closed = place.write("pkg/closed", "x");
    place.write("pkg/open", "x");
    fs::set_permissions(closed, PermissionsExt::from_mode(0o000)).unwrap();
    for arguments in [&["pkg"][..], &["pkg", "--tree"], &["pkg/closed"]] {
        attest(&place, arguments).exits(1).tells("closed");
        assert_eq!(place.names(), ["pkg"]);
    }
    attest(&place, &["pkg", "--exclude", "closed"]).go();
}
