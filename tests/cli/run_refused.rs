//! What is wrong before the command starts: 125, and nothing is run.

use super::harness::{Call, EVIDENCE, Place, SECTIONS, Said, UNSIGNED, private_pem};

/// Asks for a run that must not happen.
#[track_caller]
fn refused(place: &Place, flags: &[&str], with: impl FnOnce(Call) -> Call) -> Said {
    let before = place.names();
    let ran = place.beside("ran");
    let call = place.call(&[&["run"], flags, &["--", "touch", &ran]].concat());
    let said = with(call).exits(125);
    assert!(!place.outside("ran").exists(), "the command ran");
    assert_eq!(place.names(), before, "nothing was written");
    assert!(said.out.is_empty());
    said
}

fn plain(call: Call) -> Call {
    call
}

#[test]
fn flags_that_mean_nothing() {
    let place = Place::new();
    let key = place.key(1);
    for (flags, says) in [
        (&["--no-such-flag"][..], "--no-such-flag"),
        (&["-a", "../x"], "outside of the root"),
        (&["-a", "/etc/passwd"], "outside of the root"),
        (&["-i", "../x"], "outside of the root"),
        (&["--exclude", "../x"], "outside of the root"),
        (&["-a", "a[b"], "no glob"),
        (&["-i", "a[b"], "no glob"),
        (&["--exclude", "{a"], "no glob"),
        (&["-a", "x=../y"], "--artefact x=../y"),
        (&["-a", "x="], "the name is empty"),
        (&["--root", "no-such-folder"], "no-such-folder"),
        (&["--pass-fd", "77"], "descriptor 77"),
        (&["--sign", "sometimes"], "sometimes"),
        (&["--on-error", "ignore"], "ignore"),
        (&["-o", "out/"], "out/"),
        (&["-o", "."], "output exists"),
        (&["-o", ""], "--out"),
        (&["-o", "no/such/folder/x.jsonl"], "no/such/folder"),
    ] {
        let flags = [&["--key", &key], flags].concat();
        refused(&place, &flags, plain).tells(says);
        // A wrong flag is wrong whatever `--on-error` says.
        refused(&place, &[&["--on-error", "warn"], &flags[..]].concat(), plain);
    }
}

#[test]
fn no_command() {
    let place = Place::new();
    place.call(&["run"]).exits(125);
    place.call(&["run", "--"]).exits(125);
    place.call(&["--quiet", "run", "--nonsense"]).exits(125);
    assert!(place.names().is_empty());
}

#[test]
fn an_output_that_exists() {
    let place = Place::new();
    let key = place.key(1);
    for name in [EVIDENCE, SECTIONS, UNSIGNED] {
        let path = place.write(name, "mine");
        for sign in [&["--key", &key][..], &["--sign", "never"]] {
            refused(&place, sign, plain).tells("output exists").tells(name).tells("--force");
            assert_eq!(place.text(name), "mine");
        }
        std::fs::remove_file(path).unwrap();
    }
    std::os::unix::fs::symlink("nowhere", place.at("x.jsonl")).unwrap();
    refused(&place, &["--key", &key, "-o", "x.jsonl"], plain).tells("output exists");
}

#[test]
fn a_key_that_is_missing_or_no_key() {
    let place = Place::new();
    refused(&place, &["--key", "no-such-key"], plain).tells("no-such-key");
    refused(&place, &["--key", "."], plain);
    place.write("text", "not a key");
    refused(&place, &["--key", "text"], plain).tells("expected an Ed25519 private key");
    place.write("empty", "");
    refused(&place, &["--key", "empty"], plain).tells("the key is empty");
    let public = place.public(1);
    refused(&place, &["--key", &public], plain).tells("found a public one");
    refused(&place, &["--key-fd", "77"], plain).tells("descriptor 77");
    let good = place.key(1);
    refused(&place, &["--key", &good, "--key", "no-such-key"], plain);
}

#[test]
fn no_key_in_ci_and_an_empty_variable_is_none() {
    let place = Place::new();
    let ci = |call: Call| call.var("CI", "true");
    let says = "no signing key, and this is a CI system that proofmark doesn't know";
    refused(&place, &[], ci).tells(says).tells("PROOFMARK_KEY");
    for name in ["PROOFMARK_KEY", "PROOFMARK_KEY_FILE"] {
        refused(&place, &[], |call| ci(call).var(name, "")).tells(says);
    }
    refused(&place, &["--on-error", "warn"], ci).tells(says);
    refused(&place, &["--sign", "required"], plain).tells("--sign required");
    assert!(!place.outside("home/.config").exists(), "no key was made in their place");
}

#[test]
fn two_variables_that_each_name_a_key() {
    let place = Place::new();
    let path = place.key(2);
    let both =
        |call: Call| call.var("PROOFMARK_KEY", private_pem(1)).var("PROOFMARK_KEY_FILE", &path);
    refused(&place, &[], both).tells("both set");
}

#[test]
fn the_key_s_own_descriptor_for_the_command() {
    let place = Place::new();
    let key = place.key(1);
    for flags in ["--key-fd 3 --pass-fd 3", "--key-fd 0", "--key-fd 2"] {
        let line = format!("exec 3<'{key}'; exec \"$PROOFMARK\" run {flags} -- touch ran");
        place.shell(&line).exits(125).tells("the command would get that descriptor too");
        assert!(place.names().is_empty());
    }
}

#[test]
fn help_and_version_are_no_error() {
    let place = Place::new();
    place.call(&["run", "--help"]).exits(0).shows("--allow-no-artefacts").shows("--key-fd");
    place.call(&["--version"]).exits(0).shows(env!("CARGO_PKG_VERSION"));
    place.call(&["--help"]).exits(0).shows("keygen");
    place.call::<&str>(&[]).exits(2);
}
