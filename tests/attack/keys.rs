//! What may be given as a key to trust.

use std::fs;

use proofmark::format::key::{PublicKey, PublicKeyError};

use crate::forge::{Bench, base64, good_lines, key, vendor};

/// Every encoding of the eight points of small order, those that aren't canonical among them.
fn low_order() -> Vec<[u8; 32]> {
    let hex = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    hex.iter()
        .map(|text| {
            let mut bytes = [0; 32];
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
            }
            bytes
        })
        .collect()
}

#[test]
fn a_low_order_key_is_refused_at_load_in_every_spelling() {
    // RUSTSEC-2022-0093's neighbourhood; dalek-cryptography/ed25519-dalek#259: under such a key one
    // signature verifies for nearly any message.
    let bench = Bench::new();
    for bytes in low_order() {
        assert_eq!(PublicKey::from_bytes(&bytes), Err(PublicKeyError::Weak), "{bytes:?}");
    }
    for bytes in low_order().into_iter().take(4) {
        let spki =
            [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &bytes].concat();
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", base64(&spki));
        bench.file("weak.pub", pem.as_bytes());
        bench.verify_with(&good_lines(), &["--key", "weak.pub"]).is_usage("low-order");
        let blob = [&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], &bytes].concat();
        let ssh = format!("ssh-ed25519 {}", base64(&blob));
        bench.verify_with(&good_lines(), &["--key", &ssh]).is_usage("low-order");
        bench.verify_with(&good_lines(), &["--key", &base64(&bytes)]).is_usage("low-order");
        // Nor does a good key beside it make it good.
        let beside = ["--key", "key1.pub", "--key", "weak.pub"];
        bench.verify_with(&good_lines(), &beside).is_usage("low-order");
    }
}

#[test]
fn a_second_spelling_of_a_point_is_no_key() {
    // y = p + 3: one key that would be counted as two.
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf0;
    bytes[31] = 0x7f;
    assert_eq!(PublicKey::from_bytes(&bytes), Err(PublicKeyError::Weak));
}

/// `--key` with `text`, in a file and as it stands: exit 2, and nothing of it is shown.
fn is_refused_unseen(bench: &Bench, text: &str) {
    bench.file("given", text.as_bytes());
    for given in ["given", text] {
        let run = bench.verify_with(&good_lines(), &["--key", given]);
        assert_eq!(run.code, 2, "{run:?}");
        let shown = run.stdout.clone() + &run.stderr;
        for line in text.lines().filter(|line| !line.starts_with('-') && line.len() > 8) {
            for part in [&line[..8], &line[line.len() - 8..]] {
                assert!(!shown.contains(part), "{shown}");
            }
        }
        let run = bench.run(&["inspect", "evidence.sigstore.jsonl", "--key", given]);
        assert_eq!(run.code, 2, "{run:?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_private_key_is_refused_and_not_shown() {
    let bench = Bench::new();
    let pem = key(7).to_pem();
    is_refused_unseen(&bench, &pem);
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    is_refused_unseen(&bench, &body);
    is_refused_unseen(&bench, &pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    is_refused_unseen(&bench, &pem.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY"));
    // A public key beside it makes it no public key.
    is_refused_unseen(&bench, &format!("{}{}", vendor().public().to_spki_pem(), *pem));
    // Cut off by a shell: no key, and still nobody's to read.
    is_refused_unseen(&bench, &body[..60]);
    is_refused_unseen(&bench, &format!("{body}\n{body}"));
    is_refused_unseen(&bench, &sha256_hex(b"a seed in hexadecimal"));
}

fn sha256_hex(bytes: &[u8]) -> String {
    crate::forge::sha256(bytes)
}

#[test]
fn a_build_command_does_not_show_a_key_that_was_given_for_its_file() {
    let bench = Bench::new();
    let pem = key(7).to_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for given in [&*pem, &body] {
        for command in [&["attest", "app"][..], &["run"]] {
            let mut arguments = [command, &["--key", given]].concat();
            if command == ["run"] {
                arguments.extend(["--", "true"]);
            }
            let run = bench.run(&arguments);
            assert!(matches!(run.code, 2 | 125), "{run:?}");
            let shown = run.stdout + &run.stderr;
            assert!(
                !shown.contains(&body[..8]) && !shown.contains(&body[body.len() - 8..]),
                "{shown}"
            );
        }
    }
}

#[test]
fn keys_of_other_algorithms_are_no_keys() {
    let bench = Bench::new();
    let rsa = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----\n";
    let ecdsa = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n";
    let x25519 = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        base64(
            &[
                &[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0][..],
                vendor().public().as_bytes()
            ]
            .concat()
        )
    );
    let certificate = vendor().public().to_spki_pem().replace("PUBLIC KEY", "CERTIFICATE");
    let ssh_rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQCo9+BpMRYQ/dL3DS2CyJxRF+j6ctbT3/Qp84+KeFhnii7NT7fELilKUSnxS30WAvQCCo2yU1orfgqr41mM70MB somebody".to_owned();
    let ssh_ecdsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU= somebody".to_owned();
    for text in [rsa.to_owned(), ecdsa.to_owned(), x25519, certificate, ssh_rsa, ssh_ecdsa] {
        bench.file("other.pub", text.as_bytes());
        let run = bench.verify_with(&good_lines(), &["--key", "other.pub"]);
        assert_eq!(run.code, 2, "{text}: {run:?}");
        assert!(run.stderr.contains("Ed25519"), "{run:?}");
        // It doesn't stand in for a missing one either.
        let beside = ["--key", "key1.pub", "--key", "other.pub", "--threshold", "2"];
        assert_eq!(bench.verify_with(&good_lines(), &beside).code, 2);
    }
}

#[test]
fn what_is_no_key_is_a_mistake_and_not_an_empty_trust() {
    // GHSA-mpvw-hw8p-7x27: unset and empty were confused.
    let bench = Bench::new();
    bench.file("empty.pub", b"");
    bench.file("blank.pub", b"\n \n");
    fs::create_dir(bench.path("folder.pub")).unwrap();
    bench.file("two.pub", vendor().public().to_spki_pem().repeat(2).as_bytes());
    bench.file("binary.pub", b"\0\xff\xfe");
    let given = [
        "",
        " ",
        "empty.pub",
        "blank.pub",
        "folder.pub",
        "two.pub",
        "binary.pub",
        "missing.pub",
        "*.pub",
    ];
    for given in given {
        let run = bench.verify_with(&good_lines(), &["--key", given]);
        run.is_usage("--key");
    }
    let run = bench.verify_with(&good_lines(), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
    assert!(run.stderr.contains("no trust given") && run.stderr.contains("hint:"), "{run:?}");
}
