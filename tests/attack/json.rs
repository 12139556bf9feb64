//! Evidence files and payloads that aren't what they should be: nothing, duplicate keys, wrong shapes.

use serde_json::json;

use crate::forge::{
    APP, Bench, OTHER_TYPE, STATEMENT, build, edited, evidence, good_lines, payload_of, sha256,
    sign, statement, subject,
};

const NONE: [&[u8]; 0] = [];

#[test]
fn an_empty_file_verifies_nothing() {
    // GHSA-567m-4668-m656, GHSA-rgp5-33mp-jhfm: an empty list of attestations passed vacuously.
    let bench = Bench::new();
    bench.verify(&NONE).is_untold("bad-bundle");
    for text in ["", "\n", " \n\n\t\r\n", "null", "[]", "{}", "{}\n{}\n"] {
        bench.file("e.jsonl", text.as_bytes());
        let run =
            bench.run(&["verify", "app", "-b", "e.jsonl", "--key", "key1.pub", "--format", "json"]);
        run.is_untold("bad-bundle");
    }
}

#[test]
fn no_evidence_file_verifies_nothing() {
    let bench = Bench::new();
    let run = bench.run(&["verify", "app", "--key", "key1.pub", "--format", "json"]);
    run.is_untold("no-bundle");
    let text = bench.run(&["verify", "app", "--key", "key1.pub"]);
    assert!(
        text.stdout.contains("could not tell") && !text.stdout.contains("verified  "),
        "{text:?}"
    );
}

#[test]
fn no_statement_of_the_wanted_type_verifies_nothing() {
    // CVE-2025-25204: an empty result of the filter was no error. CVE-2022-35929, CVE-2022-35930: any
    // valid attestation passed, although none had the type that was asked for.
    let bench = Bench::new();
    let other = sign(&statement(&json!([subject("app", APP)]), OTHER_TYPE, &json!({})));
    bench.verify(&[&other]).is_untold("no-wanted-type");
    for wanted in ["https://slsa.dev/provenance/v1", "https://example.com/test-result/v1/", "*"] {
        let wishes = ["--key", "key1.pub", "--predicate-type", wanted];
        bench.verify_with(&[&other], &wishes).is_untold("no-wanted-type");
    }
    let named = ["--key", "key1.pub", "--predicate-type", OTHER_TYPE];
    bench.verify_with(&[&other], &named).is_verified();
    let missing = ["--key", "key1.pub", "--predicate-type", OTHER_TYPE];
    bench.verify_with(&good_lines(), &missing).is_untold("no-wanted-type");
}

#[test]
fn an_unknown_predicate_is_no_build_evidence() {
    let bench = Bench::new();
    for near in [
        "urn:proofmark:build-evidence:v2",
        "URN:proofmark:build-evidence:v1",
        "https://slsa.dev/provenance/v1?",
    ] {
        let line = sign(&statement(&json!([subject("app", APP)]), near, &json!({})));
        bench.verify(&[line]).is_untold("no-wanted-type");
    }
}

#[test]
fn evidence_of_another_artefact_verifies_nothing() {
    // CVE-2022-23649, CVE-2026-22703: evidence that was spliced in from another artefact.
    let bench = Bench::new();
    let lines = build("b1", &json!([subject("other", b"other")])).lines();
    bench.verify(&lines).is_untold("not-a-subject");
    let renamed = build("b1", &json!([subject("app", b"other")])).lines();
    bench.verify(&renamed).is_refused("different-digest");
    let none = build("b1", &json!([])).lines();
    bench.verify(&none).is_untold("not-a-subject");
}

/// Puts a second spelling of a member before the first.
fn doubled(text: &str, member: &str, with: &str) -> String {
    assert_eq!(text.matches(member).count(), 1, "{member} in {text}");
    text.replace(member, &format!("{with},{member}"))
}

#[test]
fn duplicate_keys_in_bundle_and_envelope_are_refused() {
    // GHSA-r4fv-8r9j-vgcg: of duplicates only the last was looked at.
    let bench = Bench::new();
    let line = String::from_utf8(sign(&evidence("b1", "succeeded"))).unwrap();
    bench.verify(&[&line]).is_verified();
    let cases = [
        (r#""mediaType":"#, r#""mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json""#),
        (r#""dsseEnvelope":"#, r#""dsseEnvelope":null"#),
        (r#""dsseEnvelope":"#, r#""dsse\u0045nvelope":null"#),
        (r#""payload":"#, r#""payload":"e30=""#),
        (r#""payloadType":"#, r#""payload\u0054ype":"x""#),
        (r#""signatures":"#, r#""signatures":[]"#),
        (r#""sig":"#, r#""sig":"""#),
        (r#""hint":"#, r#""hint":"""#),
        // A member that nothing reads is no place to hide one either.
        (r#""mediaType":"#, r#""x":{"y":[{"z":1,"z":2}]}"#),
    ];
    for (member, with) in cases {
        let run = bench.verify(&[doubled(&line, member, with)]);
        run.is_untold("bad-bundle");
        assert!(run.message().contains("same key twice"), "{with}: {run:?}");
    }
}

#[test]
fn duplicate_keys_in_a_signed_payload_say_nothing() {
    let bench = Bench::new();
    let text = String::from_utf8(evidence("b1", "succeeded")).unwrap();
    let cases = [
        (r#""_type":"#, r#""_type":"https://in-toto.io/Statement/v0.1""#),
        (r#""predicateType":"#, r#""predicateType":"x""#),
        (r#""subject":"#, r#""subject":[]"#),
        (r#""outcome":"#, r#""outcome":"failed""#),
        (r#""outcome":"#, r#""\u006futcome":"failed""#),
        (r#""sha256":"#, r#""sha256":"00""#),
        (r#""commit":"#, r#""commit":"00""#),
        (r#""commit":"#, r#""deep":[[{"a":1,"a":1}]]"#),
    ];
    for (member, with) in cases {
        let run = bench.verify(&[sign(doubled(&text, member, with).as_bytes())]);
        run.is_untold("nothing-signed");
        run.notes("same key twice");
    }
}

#[test]
fn a_signed_payload_that_is_no_statement_says_nothing() {
    // CVE-2026-39395: a malformed payload was "Verified OK" while the claims were not checked.
    let bench = Bench::new();
    let digest = sha256(APP);
    let subjects = format!(r#"[{{"name":"app","digest":{{"sha256":"{digest}"}}}}]"#);
    let kind = "urn:proofmark:build-evidence:v1";
    let good = format!(r#""_type":"{STATEMENT}","predicateType":"{kind}","subject":{subjects}"#);
    bench
        .verify(&[sign(
            format!("{{{good},\"predicate\":{{\"build\":{{\"outcome\":\"succeeded\"}}}}}}")
                .as_bytes(),
        )])
        .is_verified();
    let cases = [
        ("not JSON", "hello".to_owned()),
        ("empty", String::new()),
        ("no object", "7".to_owned()),
        ("trailing bytes", format!("{{{good}}} {{}}")),
        (
            "_type of another version",
            format!(
                r#"{{"_type":"https://in-toto.io/Statement/v2","predicateType":"{kind}","subject":{subjects}}}"#
            ),
        ),
        ("_type missing", format!(r#"{{"predicateType":"{kind}","subject":{subjects}}}"#)),
        (
            "_type of a number",
            format!(r#"{{"_type":1,"predicateType":"{kind}","subject":{subjects}}}"#),
        ),
        (
            "predicateType empty",
            format!(r#"{{"_type":"{STATEMENT}","predicateType":"","subject":{subjects}}}"#),
        ),
        ("predicateType missing", format!(r#"{{"_type":"{STATEMENT}","subject":{subjects}}}"#)),
        (
            "predicateType null",
            format!(r#"{{"_type":"{STATEMENT}","predicateType":null,"subject":{subjects}}}"#),
        ),
        (
            "an array with the fields in order",
            format!(r#"["{STATEMENT}",{subjects},"{kind}",{{"build":{{"outcome":"succeeded"}}}}]"#),
        ),
        ("an array of statements", format!("[{{{good}}}]")),
        (
            "subject an object",
            format!(
                r#"{{"_type":"{STATEMENT}","predicateType":"{kind}","subject":{{"name":"app","digest":{{"sha256":"{digest}"}}}}}}"#
            ),
        ),
        (
            "subject a string",
            format!(r#"{{"_type":"{STATEMENT}","predicateType":"{kind}","subject":"app"}}"#),
        ),
        (
            "a subject that is an array",
            format!(
                r#"{{"_type":"{STATEMENT}","predicateType":"{kind}","subject":[["app",{{"sha256":"{digest}"}},{{}}]],"predicate":{{"build":{{"outcome":"succeeded"}}}}}}"#
            ),
        ),
        (
            "a digest that is a list",
            format!(
                r#"{{"_type":"{STATEMENT}","predicateType":"{kind}","subject":[{{"name":"app","digest":{{"sha256":["{digest}"]}}}}]}}"#
            ),
        ),
        ("UTF-16", "\u{feff}{}".to_owned()),
    ];
    for (what, payload) in cases {
        let run = bench.verify(&[sign(payload.as_bytes())]);
        assert_eq!(run.code, 3, "{what}: {run:?}");
        run.is_untold("nothing-signed");
        run.notes("signed, but no statement");
        let inspect = ["inspect", "evidence.sigstore.jsonl", "--key", "key1.pub"];
        let run = bench.run(&inspect);
        assert!(run.code == 3 && run.stdout.starts_with("NOT VERIFIED"), "{what}: {run:?}");
        let named = ["--key", "key1.pub", "--predicate-type", kind];
        bench.verify_with(&[sign(payload.as_bytes())], &named).is_untold("nothing-signed");
    }
}

#[test]
fn an_envelope_or_bundle_of_another_shape_is_passed_over_and_named() {
    let bench = Bench::new();
    let line = sign(&evidence("b1", "succeeded"));
    let change = |edit: &dyn Fn(&mut serde_json::Value)| edited(&line, edit);
    let in_order = change(&|v| {
        let envelope = &v["dsseEnvelope"];
        v["dsseEnvelope"] =
            json!([envelope["payload"], envelope["payloadType"], envelope["signatures"]]);
    });
    let signature_in_order = change(&|v| {
        let signature = &v["dsseEnvelope"]["signatures"][0];
        v["dsseEnvelope"]["signatures"][0] = json!([signature["sig"], signature["keyid"]]);
    });
    let material_in_order = change(&|v| v["verificationMaterial"] = json!([{}, null, null]));
    let cases = [
        in_order,
        signature_in_order,
        material_in_order,
        change(&|v| v["dsseEnvelope"]["payload"] = json!(null)),
        change(&|v| v["dsseEnvelope"]["payload"] = json!("not base64!")),
        change(&|v| v["dsseEnvelope"]["signatures"] = json!({"sig": "", "keyid": ""})),
        change(&|v| v["dsseEnvelope"]["signatures"] = json!([])),
        change(&|v| v["verificationMaterial"] = json!({})),
        change(&|v| v["mediaType"] = json!(3)),
        change(&|v| v["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v9+json")),
        change(&|v| _ = v.as_object_mut().unwrap().remove("dsseEnvelope")),
        change(&|v| _ = v.as_object_mut().unwrap().remove("mediaType")),
        [b"\xef\xbb\xbf", &line[..]].concat(),
        [&line[..], b"x"].concat(),
        line[..line.len() - 1].to_vec(),
        b"garbage".to_vec(),
        b"\xff\xfe\x00".to_vec(),
    ];
    for bad in cases {
        let shown = String::from_utf8_lossy(&bad).into_owned();
        let run = bench.verify(&[&bad]);
        assert_eq!(run.code, 3, "{shown}: {run:?}");
        run.is_untold("bad-bundle");
        // It spoils nothing, wherever it stands.
        bench.verify(&[&bad, &line]).is_verified();
        let run = bench.verify(&[&line, &bad]);
        run.is_verified();
        run.notes("line 2");
    }
}

#[test]
fn a_statement_that_nobody_signed_verifies_nothing() {
    let bench = Bench::new();
    let bare = evidence("b1", "succeeded");
    bench.verify(&[&bare]).is_untold("nothing-signed");
    bench.verify(&[&bare]).notes("unsigned");
    // Neither does it lend its word to what is signed.
    let other = sign(&statement(&json!([subject("app", APP)]), OTHER_TYPE, &json!({})));
    bench.verify(&[other, bare]).is_untold("no-wanted-type");
}

#[test]
fn the_bytes_that_were_verified_are_those_that_are_read() {
    // CVE-2022-47633, CVE-2023-47630, CVE-2023-33959: one thing verified, another one used. What stands
    // beside the payload and looks like a statement is not read.
    let bench = Bench::new();
    let failed = edited(&sign(&evidence("b1", "failed")), |v| {
        let good: serde_json::Value = serde_json::from_slice(&evidence("b1", "succeeded")).unwrap();
        v["statement"] = good.clone();
        v["dsseEnvelope"]["statement"] = good.clone();
        for (name, value) in good.as_object().unwrap() {
            v[name] = value.clone();
        }
    });
    bench.verify(&[&failed]).is_refused("outcome");
    let json: serde_json::Value = serde_json::from_slice(&failed).unwrap();
    assert_eq!(payload_of(&json), evidence("b1", "failed"));
}
