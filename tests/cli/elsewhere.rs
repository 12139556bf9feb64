//! `--subject`, `--checksums`, `--image-metadata`, `-a oci:`, `-a oci-layout:`: artefacts that lie elsewhere.

use std::fs;

use super::harness::{Call, EVIDENCE, Place, Said, outcome, sha256};
use serde_json::{Value, json};

fn attest(place: &Place, arguments: &[&str]) -> Call {
    let key = place.key(1);
    place.call(&[&["attest", "--force", "--key", &key], arguments].concat())
}

fn verify(place: &Place, arguments: &[&str]) -> Said {
    let key = place.public(1);
    place.call(&[&["verify", "--key", &key, "-b", EVIDENCE], arguments].concat()).go()
}

fn names(place: &Place) -> Vec<String> {
    let statements = place.statements();
    let subjects = statements[0]["subject"].as_array().unwrap();
    subjects.iter().map(|subject| subject["name"].as_str().unwrap().to_owned()).collect()
}

fn annotations(place: &Place, name: &str) -> Value {
    let statements = place.statements();
    let subjects = statements[0]["subject"].as_array().unwrap();
    subjects.iter().find(|subject| subject["name"] == name).unwrap()["annotations"].clone()
}

fn listed(name: &str, content: &str) -> String {
    format!("{}  {name}\n", sha256(content.as_bytes()))
}

/// What buildx writes.
fn metadata(content: &str) -> String {
    let digest = format!("sha256:{}", sha256(content.as_bytes()));
    json!({"containerimage.digest": digest, "image.name": "ghcr.io/o/app:1"}).to_string()
}

#[test]
fn a_digest_that_was_told_is_attested_and_said_to_be_told() {
    let place = Place::new();
    let given = format!("pkg/app.tgz@sha256:{}", sha256(b"app").to_uppercase());
    attest(&place, &["--subject", &given]).exits(0);
    let subject = &place.statements()[0]["subject"];
    let expected = json!([{"name": "pkg/app.tgz", "digest": {"sha256": sha256(b"app")},
        "annotations": {"basis": "declared"}}]);
    assert_eq!(*subject, expected);
    place.write("app.tgz", "app");
    let said = verify(&place, &["app.tgz"]);
    assert_eq!(said.code, Some(0), "{}", said.text());
    said.shows("a declared digest: the job was told it and didn't compute it");
    let json = verify(&place, &["app.tgz", "--format", "json"]).json();
    assert_eq!(json["artefacts"][0]["digest_basis"], "declared");
    place.call(&["inspect", EVIDENCE]).exits(0).shows("(digest declared, not computed)");
    for bad in ["app", "app@sha256:00", "../app@sha256:0", &given.replace("sha256:", "sha512:")] {
        attest(&place, &["--subject", bad]).exits(2);
    }
}

#[test]
fn a_file_that_is_here_too_counts_as_computed_and_contradicts_where_it_is_another() {
    let place = Place::new();
    place.write("app", "app");
    let right = format!("app@sha256:{}", sha256(b"app"));
    attest(&place, &["app", "--subject", &right]).exits(0);
    assert_eq!(annotations(&place, "app"), json!({"size": 3}));
    let json = verify(&place, &["app", "--format", "json"]).json();
    assert_eq!(json["artefacts"][0]["digest_basis"], Value::Null);
    let wrong = format!("app@sha256:{}", sha256(b"other"));
    attest(&place, &["app", "--subject", &wrong])
        .exits(1)
        .tells("two artefacts would be named app");
    attest(&place, &["--subject", &right, "--subject", &wrong]).exits(1).tells("two artefacts");
}

#[test]
fn a_list_of_checksums_names_artefacts_and_those_beside_it_are_compared() {
    let place = Place::new();
    place.write("dist/lib/here", "here");
    let list = [listed("lib/here", "here"), listed("elsewhere", "x")].concat();
    place.write("dist/SHA256SUMS", &list);
    attest(&place, &["--checksums", "dist/SHA256SUMS"]).exits(0);
    assert_eq!(names(&place), ["elsewhere", "lib/here"]);
    assert_eq!(annotations(&place, "elsewhere"), json!({"basis": "declared"}));
    assert_eq!(annotations(&place, "lib/here"), json!({"size": 4}));
    place.write("dist/lib/here", "altered");
    let said = attest(&place, &["--checksums", "dist/SHA256SUMS"]).exits(1);
    said.tells("lib/here lies beside it and is another file").tells(&sha256(b"altered"));
}

#[test]
fn a_list_that_can_t_be_read_whole_attests_nothing() {
    let place = Place::new();
    for (content, words) in [
        (String::new(), "expected at least one digest, found none"),
        (format!("{}garbage\n", listed("a", "a")), "line 2: expected `HEX  NAME`"),
        (listed("../a", "a"), "line 1: the name has an empty, `.` or `..` part"),
        ([listed("a", "a"), listed("a", "b")].concat(), "line 2: the name a stands on line 1"),
    ] {
        place.write("sums", &content);
        attest(&place, &["--checksums", "sums"]).exits(1).tells(words);
        assert!(!place.has(EVIDENCE));
    }
    attest(&place, &["--checksums", "nowhere"]).exits(1).tells("expected a file, found none");
}

#[test]
fn a_run_reads_the_list_after_the_build_and_below_the_root() {
    let place = Place::new();
    place.write("dist/old", "old");
    let flags = ["--force", "--checksums", "dist/sums"];
    let write = |names: &str| format!("echo new >dist/new; cd dist; sha256sum {names} >sums");
    place.run(&flags, &write("new")).exits(0).notices(0);
    assert_eq!(names(&place), ["new"]);
    assert_eq!(annotations(&place, "new"), json!({"change": "made", "size": 4}));
    // What was there before is as old in a list as under -a.
    place
        .run(&flags, &format!("{} ; rm new", write("new old")))
        .exits(125)
        .tells("--allow-unchanged");
    let statements = place.statements();
    assert_eq!((statements.len(), outcome(&statements[0]["predicate"])), (1, "succeeded"));
    assert_eq!(statements[0]["subject"][0]["name"], "inputs");
    place.run(&[&flags[..], &["--allow-unchanged"]].concat(), &write("new old")).exits(0);
    // And so is the list itself.
    place.run(&flags, "exit 0").exits(125).tells("found one that was there before");
    place.run(&flags, "rm dist/sums").exits(125).tells("--checksums dist/sums: expected a file");
    place.run(&flags, "rm -r dist").exits(125).tells("found it elsewhere or not at all");
    for outside in ["../sums", "/tmp/sums"] {
        let said = place.run(&["--force", "--checksums", outside], "echo >ran").exits(125);
        said.tells("outside of the root");
    }
    assert!(!place.has("ran"));
}

#[test]
fn a_build_that_failed_reads_no_list_and_keeps_its_code() {
    let place = Place::new();
    place
        .run(&["--checksums", "sums", "--sbom", "sbom", "-a", "app"], "exit 3")
        .exits(3)
        .notices(0);
    assert_eq!(place.statements().len(), 1);
    assert_eq!(outcome(&place.evidence()), "failed");
}

#[test]
fn an_image_is_named_by_its_digest_and_never_by_a_tag() {
    let place = Place::new();
    let digest = sha256(b"manifest");
    let image = format!("oci:ghcr.io/o/app:v1@sha256:{digest}");
    place.run(&["-a", &image], "exit 0").exits(0).notices(0);
    assert_eq!(names(&place), ["ghcr.io/o/app"]);
    let expected = json!({"basis": "declared", "kind": "image"});
    assert_eq!(annotations(&place, "ghcr.io/o/app"), expected);
    let said = place.run(&["--force", "-a", "oci:ghcr.io/o/app:v1"], "echo >ran").exits(125);
    said.tells("expected a digest").tells("a tag can be moved");
    assert!(!place.has("ran"));

    let pinned = format!("sha256:{digest}");
    let said = verify(&place, &[&pinned]);
    assert_eq!(said.code, Some(0), "{}", said.text());
    said.shows("a container image: the evidence calls it ghcr.io/o/app").shows("a declared digest");
    let said = verify(&place, &[&image]);
    assert_eq!(said.code, Some(0), "{}", said.text());
    let json = verify(&place, &[&image, "--format", "json"]).json();
    assert_eq!(json["artefacts"][0]["subject_kind"], "image");
    assert!(json["checked"].as_array().unwrap().contains(&json!("outcome")));
    place.call(&["inspect", EVIDENCE]).exits(0).shows("(image, digest declared, not computed)");

    // The same bytes under another repository, and another image of this repository.
    let other = format!("oci:ghcr.io/evil/app@sha256:{digest}");
    assert_eq!(verify(&place, &[&other]).code, Some(1));
    let other = format!("oci:ghcr.io/o/app@sha256:{}", sha256(b"other"));
    assert_eq!(verify(&place, &[&other]).code, Some(1));
    assert_eq!(verify(&place, &["oci:ghcr.io/o/app:v1"]).code, Some(2));
    // A file that happens to be called like the repository is something else.
    place.write("app", "app");
    assert_eq!(verify(&place, &["app"]).code, Some(3));
    place.write("manifest.json", "manifest");
    let said = verify(&place, &["manifest.json"]);
    assert_eq!(said.code, Some(0), "the digest of an image is that of its manifest's bytes");
    said.shows("a container image");
}

#[test]
fn metadata_of_buildx_must_come_from_the_build() {
    let place = Place::new();
    place.write("meta.json", metadata("yesterday"));
    let flags = ["--force", "--image-metadata", "meta.json"];
    let said = place.run(&flags, "exit 0").exits(125);
    said.tells("found one that was there before").tells("--allow-unchanged");
    place.run(&flags, "cat meta.json >m; mv m meta.json").exits(125);
    place.run(&[&flags[..], &["--allow-unchanged"]].concat(), "exit 0").exits(0);
    place.write("new", metadata("today"));
    place.run(&flags, "cp new meta.json").exits(0);
    assert_eq!(place.statements()[0]["subject"][0]["digest"]["sha256"], sha256(b"today"));
    place.run(&flags, "ln -sf new meta.json").exits(125).tells("found a link");
    place
        .run(&[&flags[..], &["--exclude", "meta.json"]].concat(), "exit 0")
        .exits(125)
        .tells("where the bracket doesn't look");
    place.write("meta.json", "{}");
    attest(&place, &["--image-metadata", "meta.json"])
        .exits(1)
        .tells("expected containerimage.digest");
}

#[test]
fn an_image_layout_is_read_whole_and_must_come_from_the_build() {
    let place = Place::new();
    let put = |bytes: &[u8]| {
        place.write(format!("out/blobs/sha256/{}", sha256(bytes)), bytes);
        json!({"digest": format!("sha256:{}", sha256(bytes)), "size": bytes.len()})
    };
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({"mediaType": kind, "config": put(b"{}"), "layers": [put(b"layer")]});
    let mut top = put(manifest.to_string().as_bytes());
    top["mediaType"] = json!(kind);
    place.write("out/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    place.write("out/index.json", json!({"manifests": [top]}).to_string());

    attest(&place, &["-a", "oci-layout:out=ghcr.io/o/app"]).exits(0);
    let expected = json!({"kind": "image", "mediaType": kind, "size": manifest.to_string().len()});
    assert_eq!(annotations(&place, "ghcr.io/o/app"), expected);

    let flags = ["--force", "-a", "oci-layout:out"];
    for again in ["exit 0", "mv out was; cp -r was out; rm -r was", "echo ' ' >>out/index.json"] {
        place.run(&flags, again).exits(125).tells("--allow-unchanged");
    }
    fs::rename(place.at("out"), place.outside("new")).unwrap();
    place.run(&flags, "cp -r ../new out").exits(0);
    assert_eq!(names(&place), ["out"]);
    assert_eq!(annotations(&place, "out")["change"], "made");
    let excluded = [&flags[..], &["--exclude", "out"]].concat();
    place.run(&excluded, "exit 0").exits(125).tells("where the bracket doesn't look");
    let layer = format!("out/blobs/sha256/{}", sha256(b"layer"));
    place
        .run(&flags, &format!("echo evil >{layer}"))
        .exits(125)
        .tells(&format!("blob sha256:{}", sha256(b"layer")));
    fs::remove_file(place.at(&layer)).unwrap();
    attest(&place, &["-a", "oci-layout:out"]).exits(1).tells("blob sha256:");
    attest(&place, &["-a", "oci-layout:nowhere"]).exits(1).tells("expected an OCI image layout");
}

#[test]
fn a_name_that_was_told_and_is_a_credential_is_not_published() {
    let place = Place::new();
    let token = ["gh", "p_", "0123456789abcdefghijklmnopqrstuvwxyzAB"].concat();
    place.write("sums", listed(&token, "x"));
    let said = attest(&place, &["--checksums", "sums"]).exits(1).tells("rule github-token");
    assert!(!said.err.contains(&token) && !place.has(EVIDENCE));
}

#[test]
fn more_than_a_reader_takes_is_not_written() {
    let place = Place::new();
    let folder = format!("d/{0}/{0}/{0}", "x".repeat(250));
    for n in 0..1400 {
        place.write(format!("{folder}/{n}{0}", "x".repeat(240)), "");
    }
    // A number of so many digits is what takes the least time to be read.
    let sbom = format!(r#"{{"spdxVersion":"SPDX-2.3","x":0.{}}}"#, "1".repeat((15 << 20) - 100));
    place.write("sbom.json", sbom);
    attest(&place, &["d", "--sbom", "sbom.json"]).exits(1).tells("which no reader takes");
    assert!(!place.has(EVIDENCE));
}
