//! What the machine shows of who may reach the build.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::harness::{EVIDENCE, Place, SECTIONS, gaps, lines};
use serde_json::{Value, json};

fn mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn signs(place: &Place) -> Value {
    let signs = &place.evidence()["environment"]["value"]["signs"];
    assert_eq!((&signs["status"], &signs["basis"]), (&json!("observed"), &json!("read")));
    signs["value"].clone()
}

fn counts(signs: &Value, what: &str) -> u64 {
    let all = signs["writable_by_others"].as_array().unwrap().iter();
    all.filter(|one| one["what"] == what && one["by"] == "all")
        .map(|one| one["count"].as_u64().unwrap())
        .sum()
}

/// A folder of `PATH` with a tool in it.
fn tool(place: &Place, name: &str) -> String {
    let folder = place.outside(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("make"), "#!/bin/sh\n").unwrap();
    mode(folder.join("make"), 0o755);
    mode(&folder, 0o755);
    format!("{}:/usr/bin:/bin", folder.display())
}

#[test]
fn what_all_users_can_write_to_is_counted_and_its_paths_are_sealed() {
    let place = Place::new();
    let path = tool(&place, "tools");
    place.run(&["-a", "a"], "echo >a").var("PATH", &path).exits(0);
    let before = signs(&place);
    mode(place.outside("tools"), 0o777);
    mode(place.outside("tools/make"), 0o777);
    mode(place.at(""), 0o777);
    place.run(&["--force", "-a", "a"], "echo 2 >a").var("PATH", &path).exits(0);
    let after = signs(&place);
    for what in ["PATH", "root", "tool"] {
        assert_eq!(counts(&after, what), counts(&before, what) + 1, "{what}");
    }
    assert!(after["writable_paths"]["sealed"].is_object());
    let sealed = lines(&place.at(SECTIONS));
    let named = sealed.iter().find(|one| one["name"] == "environment.signs.writable_paths");
    let named = named.unwrap()["content"].as_array().unwrap();
    for path in [place.outside("tools"), place.outside("tools/make"), place.at("")] {
        let path = path.canonicalize().unwrap().display().to_string();
        assert!(named.contains(&json!(path)), "{path}: {named:?}");
    }
    let reasons = gaps(&place.evidence(), "environment.signs.writable_by_others");
    assert!(reasons.iter().any(|reason| reason.contains("access control lists")));
}

#[test]
fn credentials_within_reach_are_named_and_nothing_of_them_is_kept() {
    let place = Place::new();
    let secret = "a-w0rd-that-n0body-kn0ws";
    fs::create_dir_all(place.outside("home/.aws")).unwrap();
    fs::write(place.outside("home/.aws/credentials"), secret).unwrap();
    let call = place.run(&["-a", "a"], "echo >a").var("VAULT_TOKEN", secret);
    call.var("AWS_ACCESS_KEY_ID", secret).var("AWS_SESSION_TOKEN", secret).exits(0);
    let expected = json!([
        {"kind": "file", "name": ".aws/credentials", "of": "AWS"},
        {"kind": "variable", "name": "VAULT_TOKEN", "of": "Vault"},
    ]);
    assert_eq!(signs(&place)["credentials"], expected);
    assert!(!place.evidence().to_string().contains(secret));
    assert!(!place.text(SECTIONS).contains(secret));
}

#[test]
fn a_hostile_path_and_a_home_that_is_none_stop_no_build() {
    let place = Place::new();
    let entries: Vec<_> = (0..10_000).map(|n| format!("/none/{n}")).collect();
    let path = format!("/usr/bin:/bin:{}", entries.join(":"));
    fs::write(place.outside("file"), "").unwrap();
    let call = place.run(&["-a", "a"], "echo >a").var("PATH", path);
    call.var("HOME", place.outside("file")).exits(0);
    let reasons = gaps(&place.evidence(), "environment.signs.writable_by_others");
    assert!(reasons.iter().any(|reason| reason.contains("more than 256")), "{reasons:?}");
    assert_eq!(signs(&place)["credentials"], json!([]));
}

#[test]
fn a_home_that_can_not_be_read_has_no_credential_within_reach() {
    let place = Place::unprivileged();
    fs::write(place.outside("home/.netrc"), "machine x").unwrap();
    fs::create_dir(place.outside("home/.ssh")).unwrap();
    mode(place.outside("home/.netrc"), 0);
    mode(place.outside("home/.ssh"), 0);
    place.run(&["-a", "a"], "echo >a").exits(0);
    assert_eq!(signs(&place)["credentials"], json!([]));
}

#[test]
fn files_that_an_earlier_build_may_have_left_are_counted_before_the_build() {
    let place = Place::new();
    place.write(".gitignore", "target\n");
    place.repository("https://example.org/team/app.git");
    place.write("target/cache", "1");
    place.write("target/more", "2");
    place.write("new", "3");
    place.run(&["-a", "a"], "echo >a; echo >b").exits(0);
    assert_eq!(signs(&place)["untracked_files"], 3);
    place.run(&["--force", "-a", "a", "-i", "new"], "echo 2 >a").exits(0);
    assert_eq!(signs(&place)["untracked_files"], Value::Null, "the inputs are not all");
}

#[test]
fn a_bracket_over_steps_keeps_what_it_saw_when_it_opened() {
    let place = Place::new();
    let key = place.key(1);
    place.call(&["begin"]).var("SSH_TTY", "/dev/pts/1").exits(0);
    let finish = ["finish", "--key", &key, "--outcome", "success"];
    place.call(&finish).exits(0);
    let sessions = signs(&place)["sessions"].to_string();
    assert!(sessions.contains("variable SSH_TTY"), "{sessions}");
}

#[test]
fn what_is_attested_has_signs_of_where_it_was_attested() {
    let place = Place::new();
    place.write("a", "1");
    let key = place.key(1);
    mode(place.at(""), 0o777);
    let call = place.call(&["attest", "--key", &key, "a"]).var("RUNNER_DEBUG", "1");
    call.exits(0);
    let signs = signs(&place);
    assert!(counts(&signs, "root") >= 1);
    assert!(signs["sessions"].to_string().contains("RUNNER_DEBUG"));
}

#[test]
fn the_machine_of_the_build_before_is_known_again() {
    let place = Place::new();
    place.write("in", "1");
    place.repository("https://example.org/team/app.git");
    place.run(&["-a", "a", "--baseline", "none"], "echo >a").exits(0);
    let first = signs(&place);
    assert_eq!(first["machine_seen_before"], Value::Null, "there is no build before");
    fs::copy(place.at(EVIDENCE), place.outside("before.jsonl")).unwrap();
    let (before, trust) = (place.beside("before.jsonl"), place.public(1));
    let flags = ["--force", "-a", "a", "--baseline", &before, "--trust-key", &trust];
    place.run(&flags, "echo 2 >a").exits(0);
    let second = signs(&place);
    assert_eq!(first["machine"], second["machine"]);
    let expected = second["machine"].as_str().map(|_| true);
    assert_eq!(second["machine_seen_before"], json!(expected));
}
