//! Signatures that are altered, missing, malleable, of another type, or by somebody else.

use base64::Engine as _;
use proofmark::format::dsse::pae;
use serde_json::{Value, json};

use crate::forge::{
    APP, Bench, IN_TOTO, OTHER_TYPE, base64, edited, envelope, envelope_by, evidence, good_lines,
    key, payload_of, sign, sign_by, signature, statement, subject, vendor,
};

/// The order of the base point, little endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn good() -> Vec<u8> {
    sign(&evidence("b1", "succeeded"))
}

fn with_signature(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    edited(&good(), |v| {
        let place = &mut v["dsseEnvelope"]["signatures"][0]["sig"];
        let engine = base64::engine::general_purpose::STANDARD;
        let mut bytes = engine.decode(place.as_str().unwrap()).unwrap();
        change(&mut bytes);
        *place = json!(base64(&bytes));
    })
}

#[test]
fn an_altered_signature_is_refused() {
    let bench = Bench::new();
    bench.verify(&[good()]).is_verified();
    for bit in [0, 7, 100, 255, 256, 400, 511] {
        let line = with_signature(|bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        bench.verify(&[line]).is_refused("no-signature-verifies");
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    // GHSA-72c7-4g63-hpw5: an empty signature was a success.
    let bench = Bench::new();
    for length in [0, 1, 32, 63, 65, 128, 100_000] {
        let line = with_signature(|bytes| bytes.resize(length, 0));
        bench.verify(&[line]).is_refused("no-signature-verifies");
    }
    let zeros = with_signature(|bytes| bytes.fill(0));
    bench.verify(&[zeros]).is_refused("no-signature-verifies");
}

#[test]
fn a_second_spelling_of_the_scalar_is_refused() {
    // S + L is the same scalar; a verifier that takes it lets anyone make a second valid signature.
    let bench = Bench::new();
    let line = with_signature(|bytes| {
        let mut carry = 0;
        for (byte, add) in bytes[32..].iter_mut().zip(L) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert_eq!(carry, 0, "it still fits into 256 bits");
    });
    bench.verify(&[line]).is_refused("no-signature-verifies");
}

#[test]
fn a_point_that_is_not_canonical_or_of_low_order_is_refused_in_a_signature() {
    // dalek-cryptography/ed25519-dalek#259.
    let bench = Bench::new();
    let mut p_plus_one = [0xff; 32];
    p_plus_one[0] = 0xee;
    p_plus_one[31] = 0x7f;
    let mut negative_zero = [0; 32];
    negative_zero[0] = 1;
    negative_zero[31] = 0x80;
    let mut identity = [0; 32];
    identity[0] = 1;
    for point in [identity, p_plus_one, negative_zero, [0; 32], [0xff; 32]] {
        for scalar in [false, true] {
            let line = with_signature(|bytes| {
                bytes[..32].copy_from_slice(&point);
                if scalar {
                    bytes[32..].fill(0);
                }
            });
            bench.verify(&[line]).is_refused("no-signature-verifies");
        }
    }
    // The same point with the sign bit of another.
    let flipped = with_signature(|bytes| bytes[31] ^= 0x80);
    bench.verify(&[flipped]).is_refused("no-signature-verifies");
}

#[test]
fn an_altered_payload_is_refused() {
    let bench = Bench::new();
    let failed = edited(&sign(&evidence("b1", "failed")), |v| {
        v["dsseEnvelope"]["payload"] = json!(base64(&evidence("b1", "succeeded")));
    });
    bench.verify(&[failed]).is_refused("no-signature-verifies");
    for (from, to) in [(" ", ""), ("b1", "b2"), ("{", "{ ")] {
        let line = edited(&good(), |v| {
            let payload = String::from_utf8(payload_of(v)).unwrap() + " ";
            v["dsseEnvelope"]["payload"] = json!(base64(payload.replacen(from, to, 1).as_bytes()));
        });
        if from != " " {
            bench.verify(&[line]).is_refused("no-signature-verifies");
        } else {
            bench.verify(&[line]).is_verified();
        }
    }
}

#[test]
fn the_payload_is_signed_as_it_stands_and_not_as_json() {
    // The same JSON in another spelling is another payload: nothing is re-serialised to be checked.
    let bench = Bench::new();
    let pretty = edited(&good(), |v| {
        let value: Value = serde_json::from_slice(&payload_of(v)).unwrap();
        let payload = serde_json::to_vec_pretty(&value).unwrap();
        v["dsseEnvelope"]["payload"] = json!(base64(&payload));
    });
    bench.verify(&[pretty]).is_refused("no-signature-verifies");
    let payload = evidence("b1", "succeeded");
    let value: Value = serde_json::from_slice(&payload).unwrap();
    let odd = [b" \n", &serde_json::to_vec_pretty(&value).unwrap()[..], b"\n"].concat();
    bench.verify(&[sign(&odd)]).is_verified();
}

#[test]
fn an_altered_payload_type_is_refused() {
    let bench = Bench::new();
    for other in
        ["application/json", "", "application/vnd.in-toto+json ", "Application/vnd.in-toto+json"]
    {
        let line = edited(&good(), |v| v["dsseEnvelope"]["payloadType"] = json!(other));
        bench.verify(&[line]).is_refused("no-signature-verifies");
    }
}

#[test]
fn a_statement_signed_under_another_payload_type_counts_for_nothing() {
    // The key may sign other things elsewhere: what it signed there is no statement of its owner's.
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    for other in ["application/json", "text/plain", ""] {
        let line = envelope(other, &payload, &[signature(&vendor(), other, &payload)]);
        let run = bench.verify(&[line]);
        run.is_refused("no-signature-verifies");
        run.notes("payload type");
    }
}

#[test]
fn a_signature_over_the_bare_payload_is_none() {
    // No PAE: the type is not covered, and a signature made elsewhere over the same bytes would do.
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    for message in
        [payload.clone(), pae("", &payload), [pae(IN_TOTO, &payload), b"\n".to_vec()].concat()]
    {
        let signature = json!({"sig": base64(&vendor().sign(&message))});
        let line = envelope(IN_TOTO, &payload, &[signature]);
        bench.verify(&[line]).is_refused("no-signature-verifies");
    }
}

#[test]
fn a_boundary_that_moves_between_type_and_payload_is_another_message() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let joined =
        [IN_TOTO.as_bytes(), b" ", payload.len().to_string().as_bytes(), b" ", &payload].concat();
    let shifted = vendor().sign(&pae("", &joined));
    let line = envelope(IN_TOTO, &payload, &[json!({"sig": base64(&shifted)})]);
    bench.verify(&[line]).is_refused("no-signature-verifies");
}

#[test]
fn a_line_by_somebody_else_is_refused() {
    // GHSA-2v4r-xhmm-ghv8: a verifier whose signature failed stayed among the accepted ones.
    let bench = Bench::new();
    let run = bench.verify(&[sign_by(&key(9), &evidence("b1", "succeeded"))]);
    run.is_refused("no-signature-verifies");
    run.notes("it counts for nothing");
    assert!(!run.stdout.contains(&key(9).public().fingerprint()));
    let both = [sign_by(&key(9), &evidence("b1", "succeeded")), sign_by(&key(9), b"{}")];
    bench.verify(&both).is_refused("no-signature-verifies");
}

#[test]
fn a_line_of_an_unwanted_type_by_somebody_else_could_not_tell() {
    let bench = Bench::new();
    let other = statement(&json!([subject("app", APP)]), OTHER_TYPE, &json!({}));
    bench.verify(&[sign_by(&key(9), &other)]).is_untold("nothing-signed");
    let named = ["--key", "key1.pub", "--predicate-type", OTHER_TYPE];
    bench.verify_with(&[sign_by(&key(9), &other)], &named).is_refused("no-signature-verifies");
}

#[test]
fn a_bad_line_before_a_good_one_decides_nothing() {
    // sigstore/sigstore-go#225: the first of several was taken.
    let bench = Bench::new();
    let bad = sign_by(&key(9), &evidence("b1", "failed"));
    let lines = [vec![bad.clone(), b"garbage".to_vec()], good_lines(), vec![bad]].concat();
    let run = bench.verify(&lines);
    run.is_verified();
    run.notes("line 1 (key): no trusted key's signature verifies; it counts for nothing");
    run.notes("line 2: can't be parsed");
}

#[test]
fn a_bad_signature_before_a_good_one_decides_nothing() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let good = signature(&vendor(), IN_TOTO, &payload);
    let mut claimed = signature(&key(9), IN_TOTO, &payload);
    claimed["keyid"] = json!(vendor().public().fingerprint());
    for bad in [json!({"sig": ""}), json!({"sig": base64(&[7; 64])}), claimed] {
        let line = envelope(IN_TOTO, &payload, &[bad.clone(), good.clone(), bad]);
        bench.verify(&[line]).is_verified();
    }
}

#[test]
fn an_envelope_without_signatures_is_refused() {
    let bench = Bench::new();
    let line = envelope(IN_TOTO, &evidence("b1", "succeeded"), &[]);
    bench.verify(&[line]).is_refused("no-signature-verifies");
}

#[test]
fn two_signatures_in_one_bundle_are_refused_as_malformed() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    let line = edited(&good(), |v| {
        let second = signature(&key(2), IN_TOTO, &payload);
        v["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(second);
    });
    let run = bench.verify(&[&line]);
    run.is_untold("bad-bundle");
    assert!(run.message().contains("expected one signature in a bundle, found 2"), "{run:?}");
    // The same two in a bare envelope are no bundle's.
    bench.verify(&[envelope_by(&[key(2), vendor()], &payload)]).is_verified();
}

#[test]
fn every_form_that_a_reader_must_take_verifies() {
    let bench = Bench::new();
    let payload = evidence("b1", "succeeded");
    for version in ["+json;version=0.1", "+json;version=0.2", "+json;version=0.3", ".v0.3+json"] {
        let line = edited(&good(), |v| {
            v["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle{version}"));
        });
        bench.verify(&[line]).is_verified();
    }
    bench.verify(&[envelope_by(&[vendor()], &payload)]).is_verified();
    let value: Value = serde_json::from_slice(&good()).unwrap();
    bench.verify(&[serde_json::to_vec_pretty(&value).unwrap()]).is_verified();
    let bare = edited(&envelope_by(&[vendor()], &payload), |v| {
        _ = v["signatures"][0].as_object_mut().unwrap().remove("keyid");
    });
    bench.verify(&[bare]).is_verified();
}

#[test]
fn both_base64_alphabets_padded_or_not_are_the_same_bytes() {
    let bench = Bench::new();
    // A payload whose base64 has both characters in which the alphabets differ.
    let mut payload = evidence("b1", "succeeded");
    let tail = payload.split_off(payload.len() - 1);
    payload.extend_from_slice(",\"x\":\"\u{3ff}\u{3ff}??>>~~\"".as_bytes());
    payload.extend_from_slice(&tail);
    let line = envelope_by(&[vendor()], &payload);
    let standard = String::from_utf8(line.clone()).unwrap();
    assert!(standard.contains('+') || standard.contains('/'));
    let url_safe = edited(&line, |v| {
        for place in ["/payload", "/signatures/0/sig"] {
            let text = v.pointer_mut(place).unwrap();
            *text = json!(text.as_str().unwrap().replace('+', "-").replace('/', "_"));
        }
    });
    let unpadded = |line: &[u8]| {
        edited(line, |v| {
            for place in ["/payload", "/signatures/0/sig"] {
                let text = v.pointer_mut(place).unwrap();
                *text = json!(text.as_str().unwrap().trim_end_matches('='));
            }
        })
    };
    bench.verify(&[&line]).is_verified();
    bench.verify(&[&url_safe]).is_verified();
    bench.verify(&[unpadded(&line)]).is_verified();
    bench.verify(&[unpadded(&url_safe)]).is_verified();
}

#[test]
fn a_text_that_is_not_quite_base64_is_passed_over() {
    // Two readers that forgive different things see two different payloads.
    let bench = Bench::new();
    let payload = [evidence("b1", "succeeded"), b"  ".to_vec()].concat();
    let padded = &payload[..payload.len() - (payload.len() + 2) % 3];
    let line = envelope_by(&[vendor()], padded);
    bench.verify(&[&line]).is_verified();
    let text = base64(padded);
    let whole = text.strip_suffix("==").expect("two characters of padding");
    let (start, last) = whole.split_at(whole.len() - 1);
    let other_bits = if last == "A" { "B" } else { "/" };
    for odd in [
        format!("{whole}="),
        format!("{whole}==="),
        format!("{whole}==\n"),
        format!(" {text}"),
        format!("{}\n{}", &text[..8], &text[8..]),
        format!("{start}{other_bits}=="),
        format!("{text}{text}"),
        format!("{}=={}", &text[..8], &text[8..]),
        format!("{start}\u{e9}=="),
    ] {
        let bad = edited(&line, |v| v["payload"] = json!(odd));
        let run = bench.verify(&[bad]);
        assert_eq!(run.code, 3, "{odd}: {run:?}");
        run.is_untold("bad-bundle");
    }
}

#[test]
fn a_certificate_is_not_taken_for_a_trusted_key() {
    // CVE-2023-47122: the trust came from where the thing that was checked came from.
    let bench = Bench::new();
    let material =
        json!({"certificate": {"rawBytes": base64(b"a certificate")}, "tlogEntries": []});
    let by_other = edited(&sign_by(&key(9), &evidence("b1", "succeeded")), |v| {
        v["verificationMaterial"] = material.clone();
    });
    let run = bench.verify(&[&by_other]);
    run.is_untold("nothing-signed");
    run.notes("(certificate)");
    // The key did sign: what the bundle says of it is unsigned and decides nothing.
    let by_vendor = edited(&good(), |v| v["verificationMaterial"] = material);
    bench.verify(&[by_vendor]).is_verified();
}

#[test]
fn a_key_inside_the_bundle_is_not_trusted() {
    let bench = Bench::new();
    let own = key(9).public();
    let line = edited(&sign_by(&key(9), &evidence("b1", "succeeded")), |v| {
        v["verificationMaterial"] = json!({"publicKey": {
            "hint": own.hint(), "rawBytes": base64(&own.to_spki_der()), "pem": own.to_spki_pem()}});
        v["publicKey"] = json!(own.to_spki_pem());
        v["dsseEnvelope"]["signatures"][0]["publicKey"] = json!(own.to_spki_pem());
    });
    bench.verify(&[line]).is_refused("no-signature-verifies");
}
