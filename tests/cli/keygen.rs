//! `proofmark keygen`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::harness::{Place, contains};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The label of a PEM text and the DER in it.
fn pem(text: &str) -> (String, Vec<u8>) {
    let label = text.lines().next().unwrap().replace("-----", "").replace("BEGIN ", "");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    (label, STANDARD.decode(body).unwrap())
}

#[test]
fn a_pair_is_made_in_the_forms_that_every_openssl_reads() {
    let place = Place::new();
    let said = place.call(&["keygen", "--out", "k.pem"]).exits(0);
    assert!(said.out.is_empty(), "stdout is data");

    let (label, private) = pem(&place.text("k.pem"));
    assert_eq!((label.as_str(), private.len()), ("PRIVATE KEY", 48), "version 1: no public key");
    assert_eq!(hex::encode(&private[..16]), "302e020100300506032b657004220420");
    let (label, public) = pem(&place.text("k.pem.pub"));
    assert_eq!((label.as_str(), public.len()), ("PUBLIC KEY", 44));
    assert_eq!(hex::encode(&public[..12]), "302a300506032b6570032100");
    let key = ed25519_dalek::SigningKey::from_bytes(private.last_chunk().unwrap());
    assert_eq!(&public[12..], key.verifying_key().as_bytes(), "its halves belong together");

    assert!(said.err.contains("fingerprint SHA256:"), "{}", said.err);
    let body = STANDARD.encode(&private);
    assert!(!contains(said.err.as_bytes(), body.as_bytes()), "and the key isn't shown");
    assert_eq!(place.names(), ["k.pem", "k.pem.pub"], "nothing else is left");
}

#[test]
fn only_the_owner_reads_the_private_half_whatever_the_umask() {
    let place = Place::new();
    for (umask, public) in [("000", 0o666), ("022", 0o644), ("077", 0o600)] {
        let line = format!("umask {umask}; exec \"$PROOFMARK\" keygen --out k{umask}");
        place.shell(&line).exits(0);
        assert_eq!(mode(&place.at(format!("k{umask}"))), 0o600);
        assert_eq!(mode(&place.at(format!("k{umask}.pub"))), public, "umask {umask}");
    }
}

#[test]
fn two_keys_differ() {
    let place = Place::new();
    place.call(&["keygen", "--out", "a"]).exits(0);
    place.call(&["keygen", "--out", "b"]).exits(0);
    assert_ne!(place.text("a"), place.text("b"));
}

#[test]
fn what_is_there_stays_unless_force_is_given() {
    let place = Place::new();
    place.write("k", "mine");
    place.call(&["keygen", "--out", "k"]).exits(2).tells("output exists: k").tells("--force");
    assert_eq!((place.text("k").as_str(), place.has("k.pub")), ("mine", false));

    place.write("half.pub", "mine");
    place.call(&["keygen", "--out", "half"]).exits(2).tells("half.pub");
    assert_eq!(place.names(), ["half.pub", "k"], "no half of a pair");

    fs::set_permissions(place.at("k"), PermissionsExt::from_mode(0o644)).unwrap();
    place.call(&["keygen", "--out", "k", "--force"]).exits(0);
    assert!(place.text("k").starts_with("-----BEGIN PRIVATE KEY-----"));
    assert_eq!(mode(&place.at("k")), 0o600, "a laxer mode of the old file doesn't stay");
}

#[test]
fn force_replaces_files_and_nothing_else() {
    let place = Place::new();
    fs::create_dir(place.at("folder")).unwrap();
    place.call(&["keygen", "--out", "folder", "--force"]).exits(2);
    place.write("target", "mine");
    std::os::unix::fs::symlink("target", place.at("link")).unwrap();
    place.call(&["keygen", "--out", "link", "--force"]).exits(2);
    assert_eq!(place.text("target"), "mine", "a link isn't followed");
}

#[test]
fn usage_is_2_and_the_disk_is_1() {
    let place = Place::unprivileged();
    place.call(&["keygen"]).exits(2).tells("--out");
    place.call(&["keygen", "--out", "no/such/folder/k"]).exits(2);

    fs::create_dir(place.at("closed")).unwrap();
    fs::set_permissions(place.at("closed"), PermissionsExt::from_mode(0o555)).unwrap();
    place.call(&["keygen", "--out", "closed/k"]).exits(1).tells("closed/k");
    assert_eq!(fs::read_dir(place.at("closed")).unwrap().count(), 0);
}

#[test]
fn quiet_says_nothing() {
    let place = Place::new();
    let said = place.call(&["keygen", "--out", "k", "--quiet"]).exits(0);
    assert_eq!((said.err.as_str(), said.out.as_slice()), ("", &b""[..]));
}
