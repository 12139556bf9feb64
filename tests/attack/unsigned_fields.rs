//! What stands in a line and is covered by no signature decides nothing.

use serde_json::{Value, json};

use crate::forge::{Bench, base64, edited, evidence, good_lines, key, sign, sign_by};

/// One change of something that nobody signed.
type Edit = fn(&mut Value);

#[test]
fn a_changed_field_that_nobody_signed_is_as_without_it() {
    // JanssenProject/jans#14636: the unsigned media type was changed to skip a check.
    let bench = Bench::new();
    let edits: [Edit; 11] = [
        |v| v["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1"),
        |v| v["verificationMaterial"]["publicKey"]["hint"] = json!("somebody else"),
        |v| v["verificationMaterial"]["publicKey"] = json!({}),
        |v| v["verificationMaterial"]["publicKey"] = json!("none"),
        |v| v["verificationMaterial"]["certificate"] = json!({"rawBytes": base64(b"x")}),
        |v| {
            v["verificationMaterial"]["x509CertificateChain"] =
                json!({"certificates": [{"rawBytes": base64(b"x")}]});
        },
        |v| {
            v["verificationMaterial"]["tlogEntries"] = json!([{"logIndex": "1", "integratedTime": "0",
                "canonicalizedBody": base64(b"{}"), "inclusionPromise": {"signedEntryTimestamp": "x"}}]);
        },
        |v| {
            v["verificationMaterial"]["timestampVerificationData"] =
                json!({"rfc3161Timestamps": [{"signedTimestamp": base64(b"x")}]});
        },
        |v| _ = v["dsseEnvelope"]["signatures"][0].as_object_mut().unwrap().remove("keyid"),
        |v| v["dsseEnvelope"]["signatures"][0]["extra"] = json!({"a": [1]}),
        |v| v["messageSignature"] = json!({"signature": "x"}),
    ];
    let plain = bench.verify(&good_lines()).is_verified();
    for (number, edit) in edits.into_iter().enumerate() {
        let lines: Vec<_> = good_lines().iter().map(|line| edited(line, edit)).collect();
        let run = bench.verify(&lines);
        assert_eq!(run.code, 0, "edit {number}: {run:?}");
        let json = run.is_verified();
        assert_eq!(json["statements"], plain["statements"]);
        // Neither does it help what isn't signed by a trusted key.
        let forged = edited(&sign_by(&key(9), &evidence("b1", "succeeded")), edit);
        assert_ne!(bench.verify(&[forged]).code, 0, "edit {number}");
    }
}

#[test]
fn a_misleading_keyid_or_hint_is_as_none() {
    let bench = Bench::new();
    let claims = [key(2).public().fingerprint(), key(1).public().fingerprint(), "\u{1b}[2J".into()];
    for claim in &claims {
        let mislead = |line: &[u8]| {
            edited(line, |v| {
                v["dsseEnvelope"]["signatures"][0]["keyid"] = json!(claim);
                v["verificationMaterial"]["publicKey"]["hint"] = json!(claim);
            })
        };
        let both = ["--key", "key2.pub", "--key", "key1.pub"];
        let json =
            bench.verify_with(&[mislead(&sign(&evidence("b1", "succeeded")))], &both).is_verified();
        // The key that signed is named, never the one that is claimed.
        assert_eq!(json["statements"][0]["signers"], json!([key(1).public().fingerprint()]));
        let forged = mislead(&sign_by(&key(9), &evidence("b1", "succeeded")));
        bench.verify_with(&[forged], &both).is_refused("no-signature-verifies");
    }
}

#[test]
fn a_time_that_nobody_signed_saves_nothing() {
    // sigstore/sigstore-python#1247, sigstore/sigstore-java#1185, sigstore/sigstore-rust#160: a log's time
    // was believed without the log's signature.
    let bench = Bench::new();
    let young = |line: &[u8]| {
        edited(line, |v| {
            v["verificationMaterial"]["tlogEntries"] = json!([{"integratedTime": "253000000000"}]);
            v["verificationMaterial"]["timestampVerificationData"] =
                json!({"rfc3161Timestamps": [{"signedTimestamp": base64(b"now")}]});
        })
    };
    let lines: Vec<_> = good_lines().iter().map(|line| young(line)).collect();
    bench.verify(&lines).is_verified();
    bench.verify_with(&lines, &["--key", "key1.pub", "--max-age", "1s"]).is_refused("expectation");
}

#[test]
fn an_algorithm_that_a_line_names_is_not_used() {
    // CVE-2015-9258: the algorithm came from a field of the attacker's.
    let bench = Bench::new();
    for algorithm in ["none", "ed25519ph", "hmac-sha256", "rsa"] {
        let name = |line: &[u8]| {
            edited(line, |v| {
                v["dsseEnvelope"]["signatures"][0]["alg"] = json!(algorithm);
                v["dsseEnvelope"]["alg"] = json!(algorithm);
                v["verificationMaterial"]["publicKey"]["algorithm"] = json!(algorithm);
            })
        };
        bench.verify(&[name(&sign(&evidence("b1", "succeeded")))]).is_verified();
        let unsigned = edited(&name(&sign(&evidence("b1", "succeeded"))), |v| {
            v["dsseEnvelope"]["signatures"][0]["sig"] = json!("");
        });
        bench.verify(&[unsigned]).is_refused("no-signature-verifies");
    }
}
