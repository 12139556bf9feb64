//! Signatures made here under keys of fixed seeds, and some that `ssh-keygen -Y sign -n git` made over
//! [`PAYLOAD`] (OpenSSH 9.2) under keys that were thrown away.

use ed25519_dalek::{Signer as _, SigningKey};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SshSig};

use super::*;

const PAYLOAD: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
author A <a@example.com> 1769860800 +0000
committer A <a@example.com> 1769860800 +0000

one
";
const WHEN: i64 = 1_769_860_800;

const P256: (&str, &str) = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDZp8FmfzBwI2t+D6OJ7mLULarWgN25nGL7K/FnO+oLvCw8m4mVPUnNQKBVXTSVmsfd468V+ayMbX7ejKoDkDdY=",
    "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EENmnwWZ/MHAja34Po4nuYtQtqtaA3bmcYvsr8Wc76gu8LDybiZU9Sc1AoFVdNJWax93jr
xX5rIxtft6MqgOQN1gAAAANnaXQAAAAAAAAABnNoYTUxMgAAAGUAAAATZWNkc2Etc2hhMi
1uaXN0cDI1NgAAAEoAAAAhAJ43ukJ3J9mASMdVfxsgJ8LrCb9LUoRme9AC9yJXYVy7AAAA
IQCLQpQKQELLEsLHktk5mOT1VOFA/bIhQMy+m+y6K/6PXg==
-----END SSH SIGNATURE-----",
);
const P384: (&str, &str) = (
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBMx4nTdzLbVU5D5L5ko9dTdVtR0iDw+XM23lX8VOhg1W1SSeYlUYkgGLYUllNd3H/izw3hwnQjHJf26TYbAmKQkXVvOnMWsiXtO5m30wjUnf71S4f49GwmhkYkL/epTYKA==",
    "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAIgAAAATZWNkc2Etc2hhMi1uaXN0cDM4NAAAAAhuaXN0cDM4NAAAAG
EEzHidN3MttVTkPkvmSj11N1W1HSIPD5czbeVfxU6GDVbVJJ5iVRiSAYthSWU13cf+LPDe
HCdCMcl/bpNhsCYpCRdW86cxayJe07mbfTCNSd/vVLh/j0bCaGRiQv96lNgoAAAAA2dpdA
AAAAAAAAAGc2hhNTEyAAAAhAAAABNlY2RzYS1zaGEyLW5pc3RwMzg0AAAAaQAAADA372Vx
R0IwD7ogpH575so0Rc0IfLiYA4sBC5biiCw6jWiR20Kr5Oh6mgjABLHeGFIAAAAxAL3AT/
zkl4GeSUjnk3kRSLZqbWL68KWjjFUiK6PrD1ODIvUNx5dhezY80dNG/oHERw==
-----END SSH SIGNATURE-----",
);
const P521: (&str, &str) = (
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAFluhp0v0Z008KGZuV5eicSavGeAHzKqlOuSZswG+VpadIqCOwNuCoaJiwjpgfGJtClulEP+AQimBTtz+7np+fkCgBBpVrX50sZ1d/G7e2Q9TeY3/h6hPYYCXNp1rvoLX4MKI+BO/P8ajeHrCOKP0kWJOktC08TFbXu88oM7ryeWe5SUA==",
    "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAKwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQAAAI
UEAWW6GnS/RnTTwoZm5Xl6JxJq8Z4AfMqqU65JmzAb5Wlp0ioI7A24KhomLCOmB8Ym0KW6
UQ/4BCKYFO3P7uen5+QKAEGlWtfnSxnV38bt7ZD1N5jf+HqE9hgJc2nWu+gtfgwoj4E78/
xqN4esI4o/SRYk6S0LTxMVte7zygzuvJ5Z7lJQAAAAA2dpdAAAAAAAAAAGc2hhNTEyAAAA
pQAAABNlY2RzYS1zaGEyLW5pc3RwNTIxAAAAigAAAEEMfUPLUsMGn7yzlm+8guB6ZdSkRD
5HsqZrAWFvxzOeVlnkTtPi/5vFkUtljqB0hkYANPGiPxJF2kk27VIAkVsuPwAAAEEyhgOH
XNuV23AYdpJLHOnOwEVxc8pVFkUZ2lCuw8PmYzEALpht3IhuKfRmNod3bL/7JeLTPRyxaq
m5PZ5yJF951Q==
-----END SSH SIGNATURE-----",
);
const RSA: (&str, &str) = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC60FrxnM7bZXSraxtsL2cmHEAOs8aUfHFZeywwFs3DfXD78da+0AvKJyfUREVaha8cRqxgawsYKErO55oj1IE/mYPUHWInaBYwvST/Y/UTad/0I9GL9sbGnj5wshGFsFEjY3nn4IFOfajJrU+7S7u5zs23UzfXk/0k6+9eDheXCyhXs29NjUNOl4dF87fLkW9qM2IHKE3AM8EERkufhOMEkZAjkSgohab9a1JFFO4JlZeIMtTDYq7guAEPV7QSM86WN/ovgwgVppwgisHcMWdmvXROaDXob4Rw9HVJHpNVhnWVBEsRz6F22QVsOFGGe9iYvRySr0EjcWMnp6RTUofJ",
    "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBALrQWvGczttldKtrG2wvZy
YcQA6zxpR8cVl7LDAWzcN9cPvx1r7QC8onJ9RERVqFrxxGrGBrCxgoSs7nmiPUgT+Zg9Qd
YidoFjC9JP9j9RNp3/Qj0Yv2xsaePnCyEYWwUSNjeefggU59qMmtT7tLu7nOzbdTN9eT/S
Tr714OF5cLKFezb02NQ06Xh0Xzt8uRb2ozYgcoTcAzwQRGS5+E4wSRkCORKCiFpv1rUkUU
7gmVl4gy1MNiruC4AQ9XtBIzzpY3+i+DCBWmnCCKwdwxZ2a9dE5oNehvhHD0dUkek1WGdZ
UESxHPoXbZBWw4UYZ72Ji9HJKvQSNxYyenpFNSh8kAAAADZ2l0AAAAAAAAAAZzaGE1MTIA
AAEUAAAADHJzYS1zaGEyLTUxMgAAAQB1OK42l7BKq0199ZWlZviTnEzrMJTqFUc0qefA1F
8xt1AcWZS1ZMAvOV7wsaDv3z3NgUIhg2WH5HVaZa7Y6rRyBkBEVkQPrdH1mXHz92GieAUa
jdayICpU7CwZa183sYyr0wfWNzIxr4VrX0URUy+vpd2niXu4Nhmmi0pNosiuXGr8/0OyxQ
QW+Df4jtZTkIPyHTVlbBrFh6X4FjM+emboLU9/pni5KGkGNiTtBXKPPhM3l1TBTPMbBrIT
jhSrtg8pdZ+V31fZcu/1X83LxLowC+v2otyxbHHVzXmBoeGQ01g01MF+5LH5Mdz5xf6zQM
/WVrYr/nYVEKmtrC7icyN8
-----END SSH SIGNATURE-----",
);

fn key(seed: u8) -> (SigningKey, String) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public: ssh_key::PublicKey = Ed25519PublicKey(key.verifying_key().to_bytes()).into();
    (key, public.to_openssh().unwrap())
}

fn sign(key: &SigningKey, namespace: &str, hash: HashAlg, payload: &str) -> String {
    let signed = SshSig::signed_data(namespace, hash, payload.as_bytes()).unwrap();
    let signature = Signature::new(Algorithm::Ed25519, key.sign(&signed).to_bytes()).unwrap();
    let public = KeyData::Ed25519(Ed25519PublicKey(key.verifying_key().to_bytes()));
    let whole = SshSig::new(public, namespace, hash, signature).unwrap();
    whole.to_pem(LineEnding::LF).unwrap()
}

/// The commit with a header that holds the signature.
fn with(payload: &str, header: &str, armour: &str) -> String {
    let (headers, message) = payload.split_once("\n\n").unwrap();
    let armour = armour.trim().replace('\n', "\n ");
    format!("{headers}\n{header} {armour}\n\n{message}")
}

fn signers(text: &str) -> AllowedSigners {
    AllowedSigners::parse(text.as_bytes()).unwrap()
}

/// State and reason, or state and principal.
fn judged(commit: &str, signers: &AllowedSigners) -> (String, String) {
    let checked = check(commit.as_bytes(), Time::saturating(WHEN), Some(signers));
    let more = checked.signature.reason.or(checked.principal.map(str::to_owned));
    (checked.signature.state, more.unwrap_or_default())
}

fn good(principal: &str) -> (String, String) {
    ("good".to_owned(), principal.to_owned())
}

fn bad(reason: &str) -> (String, String) {
    ("bad".to_owned(), reason.to_owned())
}

#[test]
fn a_signature_of_an_allowed_key_is_good_and_names_the_principal() {
    let (signing, public) = key(1);
    for hash in [HashAlg::Sha256, HashAlg::Sha512] {
        let commit = with(PAYLOAD, "gpgsig", &sign(&signing, "git", hash, PAYLOAD));
        let signers = signers(&format!("ann@example.com {public}"));
        assert_eq!(judged(&commit, &signers), good("ann@example.com"));
        let checked = check(commit.as_bytes(), Time::saturating(WHEN), Some(&signers));
        assert_eq!(checked.signature.kind, "ssh");
        let expected = PublicKey::parse(&public).unwrap().fingerprint();
        assert_eq!(checked.signature.key, Some(expected));
    }
}

#[test]
fn a_signature_of_another_commit_is_bad() {
    let (signing, public) = key(1);
    let armour = sign(&signing, "git", HashAlg::Sha512, PAYLOAD);
    let signers = signers(&format!("a {public}"));
    let reason = bad("the signature doesn't verify");
    for other in [
        PAYLOAD.replace("one", "two"),
        PAYLOAD.replace("4b825dc6", "4b825dc7"),
        PAYLOAD.replace("committer A", "committer B"),
        PAYLOAD.replace("\n\n", "\nencoding x\n\n"),
    ] {
        assert_eq!(judged(&with(&other, "gpgsig", &armour), &signers), reason);
    }
    // The allowed key is named beside a signature of another key.
    let (other, _) = key(2);
    let swapped = {
        let signed = SshSig::signed_data("git", HashAlg::Sha512, PAYLOAD.as_bytes()).unwrap();
        let signature = Signature::new(Algorithm::Ed25519, other.sign(&signed).to_bytes()).unwrap();
        let named = KeyData::Ed25519(Ed25519PublicKey(signing.verifying_key().to_bytes()));
        SshSig::new(named, "git", HashAlg::Sha512, signature).unwrap().to_pem(LineEnding::LF)
    };
    assert_eq!(judged(&with(PAYLOAD, "gpgsig", &swapped.unwrap()), &signers), reason);
}

#[test]
fn a_signature_for_another_purpose_is_bad() {
    let (signing, public) = key(1);
    let signers = signers(&format!("a {public}"));
    for namespace in ["file", "git2", "Git"] {
        let armour = sign(&signing, namespace, HashAlg::Sha512, PAYLOAD);
        let found = judged(&with(PAYLOAD, "gpgsig", &armour), &signers);
        assert_eq!(found, bad("it was made for another purpose (namespace)"));
    }
}

#[test]
fn a_key_counts_only_where_a_line_of_its_own_allows_it_for_commits_and_for_the_time() {
    let (signing, public) = key(1);
    let (_, other) = key(2);
    let commit = with(PAYLOAD, "gpgsig", &sign(&signing, "git", HashAlg::Sha512, PAYLOAD));
    let not_allowed = bad("the key isn't allowed");
    let validity = bad("the key isn't allowed for that time");
    let namespaces = bad("the key isn't allowed for commits (namespaces)");
    for (line, expected) in [
        (format!("a {other}"), not_allowed.clone()),
        (String::new(), not_allowed.clone()),
        (format!("a cert-authority {public}"), not_allowed.clone()),
        (format!("a CERT-AUTHORITY,namespaces=\"git\" {public}"), not_allowed),
        (format!("a namespaces=\"file\" {public}"), namespaces.clone()),
        (format!("a namespaces=\"*,!git\" {public}"), namespaces),
        (format!("a namespaces=\"file,g?t\" {public}"), good("a")),
        // The commit was made at 2026-01-31T12:00:00Z.
        (format!("a valid-after=\"20260131120001Z\" {public}"), validity.clone()),
        (format!("a valid-after=\"202601311200Z\" {public}"), good("a")),
        (format!("a valid-before=\"20260131115959\" {public}"), validity.clone()),
        (format!("a valid-before=\"20260131Z\" {public}"), validity),
        (format!("a valid-after=\"20260101\",valid-before=\"20260201\" {public}"), good("a")),
        (format!("a valid-before=\"20200101\" {public}\nb {public}"), good("b")),
    ] {
        assert_eq!(judged(&commit, &signers(&line)), expected, "{line}");
    }
}

#[test]
fn what_can_not_be_checked_is_never_called_bad() {
    let (_, public) = key(1);
    let signers = signers(&format!("a {public}"));
    let state = |commit: &str| judged(commit, &signers);
    assert_eq!(state(PAYLOAD), ("none".to_owned(), String::new()));
    let not_checkable = |reason: &str| ("not checkable".to_owned(), reason.to_owned());
    for first in ["-----BEGIN PGP SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----", "x", ""] {
        let expected = not_checkable("only SSH signatures are checked");
        assert_eq!(state(&with(PAYLOAD, "gpgsig", first)), expected);
    }
    for ((_, armour), kind) in [(RSA, "ssh-rsa"), (P521, "ecdsa-sha2-nistp521")] {
        let expected = not_checkable(&format!("{kind} keys aren't checked"));
        assert_eq!(state(&with(PAYLOAD, "gpgsig", armour)), expected);
    }
    let without = check(with(PAYLOAD, "gpgsig", RSA.1).as_bytes(), Time::saturating(0), None);
    assert_eq!(without.signature.state, "not checked");
    assert!(without.signature.key.is_some());
    let two = with(&with(PAYLOAD, "gpgsig", P256.1), "gpgsig", P256.1);
    assert_eq!(state(&two), not_checkable("the commit has several signatures"));
}

#[test]
fn ecdsa_signatures_of_openssh_are_checked() {
    for (public, armour) in [P256, P384] {
        let signers = signers(&format!("a {public}"));
        assert_eq!(judged(&with(PAYLOAD, "gpgsig", armour), &signers), good("a"));
        let other = PAYLOAD.replace("one", "two");
        let found = judged(&with(&other, "gpgsig", armour), &signers);
        assert_eq!(found, bad("the signature doesn't verify"));
    }
}

#[test]
fn armour_that_can_not_be_read_is_bad() {
    let (signing, public) = key(1);
    let signers = signers(&format!("a {public}"));
    let armour = sign(&signing, "git", HashAlg::Sha512, PAYLOAD);
    for broken in [
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----".to_owned(),
        "-----BEGIN SSH SIGNATURE-----".to_owned(),
        armour.replace("U1NIU0lH", "U1NIU0lI"),
        armour.replace("\n-----END", "AAAA\n-----END"),
        format!("-----BEGIN SSH SIGNATURE-----\n{}", "A".repeat(1 << 20)),
    ] {
        let found = judged(&with(PAYLOAD, "gpgsig", &broken), &signers);
        assert_eq!(found, bad("the signature can't be read"));
    }
    // Other tools break the lines elsewhere.
    let lines: Vec<&str> = armour.lines().collect();
    let one_line =
        format!("{}\n{}\n{}", lines[0], lines[1..lines.len() - 1].concat(), lines[lines.len() - 1]);
    assert_eq!(judged(&with(PAYLOAD, "gpgsig", &one_line), &signers), good("a"));
}

#[test]
fn only_headers_hold_signatures_and_those_of_the_other_format_are_not_signed() {
    let (signing, public) = key(1);
    let signers = signers(&format!("a {public}"));
    let armour = sign(&signing, "git", HashAlg::Sha512, PAYLOAD);
    let both = with(&with(PAYLOAD, "gpgsig", &armour), "gpgsig-sha256", "x\ny");
    assert_eq!(judged(&both, &signers), good("a"));
    let in_message = format!("{PAYLOAD}\ngpgsig {}", armour.replace('\n', "\n "));
    assert_eq!(judged(&in_message, &signers).0, "none");
    // A merged tag is signed along with the commit.
    let tagged = PAYLOAD.replace("\n\n", "\nmergetag object 0\n gpgsig x\n tag\n\n");
    let commit = with(&tagged, "gpgsig", &sign(&signing, "git", HashAlg::Sha512, &tagged));
    assert_eq!(judged(&commit, &signers), good("a"));
}
