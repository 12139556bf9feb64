//! Published vectors: Wycheproof's Ed25519 (C2SP/wycheproof, `ed25519_test.json`), DSSE's own
//! (secure-systems-lab/dsse, `protocol.md`), RFC 8032, section 7.1.

use proofmark::format::dsse::{Envelope, Signature, pae};
use proofmark::format::json;
use proofmark::format::key::PublicKey;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use crate::forge::{IN_TOTO, key};

#[test]
fn the_signatures_of_wycheproof_verify_exactly_where_they_are_valid() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let bytes: [u8; 32] = group.key.pk.to_vec().try_into().unwrap();
        // Wycheproof's keys are all honest ones: none is refused at load.
        let public = PublicKey::from_bytes(&bytes).unwrap();
        assert_eq!(PublicKey::parse(&group.pem).unwrap(), public);
        for test in group.tests {
            let verifies = public.verifies(&test.msg, &test.sig);
            match test.result {
                TestResult::Valid => valid += 1,
                TestResult::Invalid => invalid += 1,
                TestResult::Acceptable => panic!("{}: nothing is half valid", test.tc_id),
            }
            let expected = test.result == TestResult::Valid;
            assert_eq!(verifies, expected, "{}: {} {:?}", test.tc_id, test.comment, test.flags);
        }
    }
    assert!(valid >= 80 && invalid >= 60, "{valid} valid, {invalid} invalid");
}

#[test]
fn the_pae_of_dsse_is_the_published_one() {
    let published = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), published);
    // Lengths are of bytes, in decimal, without zeros before them.
    assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    assert_eq!(pae("é", b"\xff\0"), b"DSSEv1 2 \xc3\xa9 2 \xff\0");
    assert!(pae("t", &[b'x'; 1000]).starts_with(b"DSSEv1 1 t 1000 x"));
}

#[test]
fn the_envelope_of_dsse_survives_a_round_trip_and_its_signature_verifies() {
    let (kind, body) = ("http://example.com/HelloWorld", b"hello world");
    let bytes = key(1).sign(&pae(kind, body)).to_vec();
    let signature = Signature { bytes, keyid: "k".to_owned() };
    let envelope = Envelope::new(kind.to_owned(), body.to_vec(), vec![signature]);
    let line = json::to_line(&envelope).unwrap();
    // The payload of the published example.
    assert!(String::from_utf8(line.clone()).unwrap().contains(r#""payload":"aGVsbG8gd29ybGQ=""#));
    let read: Envelope = json::parse(&line).unwrap();
    assert_eq!(read, envelope);
    assert!(key(1).public().verifies(&read.pae(), &read.signatures()[0].bytes));
    assert!(!key(1).public().verifies(&pae(IN_TOTO, body), &read.signatures()[0].bytes));
    assert!(!key(2).public().verifies(&read.pae(), &read.signatures()[0].bytes));
}

#[test]
fn a_signature_of_rfc_8032_is_made_bit_for_bit() {
    // Section 7.1, test 1, over the empty message; the seed is read as PKCS#8.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    let der = [hex("302e020100300506032b657004220420"), hex(seed)].concat();
    let secret = proofmark::sign::SecretKey::parse(crate::forge::base64(&der).as_bytes()).unwrap();
    assert_eq!(secret.public().as_bytes()[..], hex(public));
    assert_eq!(secret.sign(b"")[..], hex(signature));
    assert!(secret.public().verifies(b"", &hex(signature)));
}
