//! What others wrote reaches no terminal as it stands.

use proofmark::base::text::is_unprintable;
use proofmark::format::evidence::BUILD_EVIDENCE;
use proofmark::format::slsa::PROVENANCE_V1;
use serde_json::{Value, json};

use crate::forge::{
    APP, Bench, EVIL, IN_TOTO, Run, edited, envelope, evidence_of, evidence_predicate, key,
    provenance_predicate, sha256, sign, sign_by, signature, statement, subject, vendor,
};

/// Clears the screen, turns the direction, writes a verdict of its own.
const NASTY: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{2066}\u{200b}\u{85}\u{9b}31m\r\nresult: verified (exit 0)\n\u{feff}";

/// Nothing of it arrives, in text and in JSON, on stdout and on stderr.
#[track_caller]
fn is_clean(run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        let raw = text.chars().find(|c| is_unprintable(*c) && *c != '\n');
        assert_eq!(raw, None, "{run:?}");
    }
    let verdicts = run.stdout.lines().filter(|line| line.starts_with("result: verified"));
    assert_eq!(
        verdicts.count(),
        usize::from(run.code == 0 && run.stdout.contains("signed by")),
        "{run:?}"
    );
}

fn nasty(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(NASTY),
        Value::Array(list) => list.iter_mut().for_each(nasty),
        Value::Object(members) => {
            members.values_mut().for_each(nasty);
            members.insert(format!("x{NASTY}"), json!({NASTY: [NASTY, {NASTY: NASTY}]}));
        }
        _ => {}
    }
}

/// Runs everything that shows lines.
fn shown(bench: &Bench, artefact: &str, lines: &[Vec<u8>], flags: &[&str]) {
    for format in ["text", "json"] {
        let flags = [&["--key", "key1.pub", "--format", format], flags].concat();
        is_clean(&bench.verify_of(&[artefact], lines, &flags));
        for trust in [&[][..], &["--key", "key1.pub"], &["--key", "key2.pub"]] {
            let inspect = ["inspect", "evidence.sigstore.jsonl", "--format", format];
            let run = bench.run(&[&inspect, trust].concat());
            for text in [&run.stdout, &run.stderr] {
                assert_eq!(
                    text.chars().find(|c| is_unprintable(*c) && *c != '\n'),
                    None,
                    "{run:?}"
                );
            }
            assert!(
                !run.stdout.lines().any(|line| line.starts_with("result: verified")),
                "{run:?}"
            );
        }
    }
}

#[test]
fn what_accepted_statements_say_is_shown_without_its_force() {
    let bench = Bench::new();
    let subjects = json!([subject("app", APP), subject(&format!("x{NASTY}"), EVIL)]);
    let mut predicate = provenance_predicate("b1");
    nasty(&mut predicate);
    predicate["runDetails"]["builder"]["id"] = json!(format!("other{NASTY}"));
    let provenance = sign(&statement(&subjects, PROVENANCE_V1, &predicate));
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    predicate["build"]["id"] = json!(NASTY);
    predicate["source"]["value"] =
        json!({"repository": NASTY, "commit": NASTY, "ref": NASTY, NASTY: NASTY});
    predicate["gaps"] = json!([NASTY, {NASTY: NASTY}]);
    predicate[NASTY] = json!(NASTY);
    let evidence = sign(&statement(&subjects, BUILD_EVIDENCE, &predicate));
    let kind = format!("https://example.com/{NASTY}");
    let other = sign(&statement(&subjects, &kind, &json!({NASTY: NASTY})));
    shown(&bench, "app", &[provenance, evidence.clone()], &[]);
    shown(&bench, "app", std::slice::from_ref(&evidence), &["--complete"]);
    shown(&bench, "app", std::slice::from_ref(&evidence), &["--source", "https://github.com/a/b"]);
    shown(&bench, "app", std::slice::from_ref(&evidence), &["--commit", &"0".repeat(40)]);
    shown(&bench, "app", std::slice::from_ref(&other), &[]);
    shown(&bench, "app", &[other], &["--predicate-type", &kind]);
}

#[test]
fn what_refused_statements_say_is_shown_without_its_force() {
    let bench = Bench::new();
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut predicate = evidence_predicate("b1", "succeeded", &[]);
        edit(&mut predicate);
        sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate))
    };
    shown(&bench, "app", &[with(&|p| p["build"]["outcome"] = json!(NASTY))], &[]);
    let disagree = [
        with(&|p| p["source"]["value"]["ref"] = json!(NASTY)),
        with(&|p| p["source"]["value"]["ref"] = json!(format!("other{NASTY}"))),
    ];
    shown(&bench, "app", &disagree, &[]);
    let build = format!("b1{NASTY}");
    let subjects = json!([subject("app", APP)]);
    let stray = sign(&statement(&subjects, PROVENANCE_V1, &provenance_predicate(&build)));
    shown(&bench, "app", std::slice::from_ref(&stray), &[]);
    let unlisted = with(&|p| p["build"]["id"] = json!(build));
    shown(&bench, "app", &[stray, unlisted], &[]);
    let digests = json!([{"name": "app", "digest": {"sha256": sha256(APP), "sha512": NASTY}}]);
    shown(&bench, "app", &[sign(&evidence_of(&digests, "b1", "succeeded"))], &[]);
    let digests = json!([{"name": NASTY, "digest": {"sha256": NASTY, NASTY: NASTY}}]);
    shown(&bench, "app", &[sign(&evidence_of(&digests, "b1", "succeeded"))], &[]);
}

#[test]
fn what_nobody_signed_is_shown_without_its_force() {
    let bench = Bench::new();
    let payload = evidence_of(&json!([subject("app", APP)]), "b1", "succeeded");
    let kind = format!("{IN_TOTO}{NASTY}");
    let line = sign(&payload);
    let mut lines = vec![
        envelope(&kind, &payload, &[signature(&vendor(), &kind, &payload)]),
        edited(&line, |v| v["dsseEnvelope"]["payload"] = json!(NASTY)),
        edited(&line, |v| v["dsseEnvelope"]["signatures"] = json!(NASTY)),
        edited(&line, |v| v["dsseEnvelope"]["signatures"][0]["keyid"] = json!(NASTY)),
        edited(&line, |v| v["verificationMaterial"] = json!(NASTY)),
        edited(&line, |v| v["mediaType"] = json!(NASTY)),
        sign_by(&key(9), &statement(&json!([{"name": NASTY}]), NASTY, &json!({NASTY: NASTY}))),
        sign(json!({"_type": NASTY, "subject": NASTY, "predicateType": NASTY}).to_string().as_bytes()),
        json!({"_type": NASTY, "subject": NASTY, "predicateType": NASTY}).to_string().into_bytes(),
        json!({"_type": crate::forge::STATEMENT, "subject": [{"name": NASTY}], "predicateType": NASTY,
            "predicate": {NASTY: NASTY}}).to_string().into_bytes(),
        NASTY.replace('\n', " ").into_bytes(),
        format!("{{\"{}\":1}}", NASTY.replace('\n', " ")).into_bytes(),
    ];
    shown(&bench, "app", &lines, &[]);
    for line in lines.clone() {
        shown(&bench, "app", &[line], &[]);
    }
    lines.push(line);
    shown(&bench, "app", &lines, &[]);
}

#[test]
fn names_of_files_are_shown_without_their_force() {
    let bench = Bench::new();
    let name = NASTY.replace('/', "_");
    bench.file(&name, APP);
    bench.file(&format!("dir/{name}"), EVIL);
    bench.file(&format!("dir/{name}.sigstore.jsonl"), b"garbage");
    let lines = crate::forge::good_lines();
    bench.lines(&format!("e{name}"), &lines);
    bench.lines("evidence.sigstore.jsonl", &lines);
    for format in ["text", "json"] {
        for artefact in [&name, "dir", &format!("missing{name}"), &format!("{name}*")] {
            for bundle in
                ["evidence.sigstore.jsonl", &format!("e{name}"), &format!("missing{name}")]
            {
                let run = bench.run(&[
                    "verify", artefact, "-b", bundle, "--key", "key1.pub", "--format", format,
                ]);
                for text in [&run.stdout, &run.stderr] {
                    assert_eq!(
                        text.chars().find(|c| is_unprintable(*c) && *c != '\n'),
                        None,
                        "{run:?}"
                    );
                }
            }
        }
        for arguments in [
            ["inspect", &format!("e{name}"), "--format", format],
            ["inspect", &format!("missing{name}"), "--format", format],
            ["verify", "app", "--key", &format!("missing{name}")],
        ] {
            let run = bench.run(&arguments);
            for text in [&run.stdout, &run.stderr] {
                assert_eq!(
                    text.chars().find(|c| is_unprintable(*c) && *c != '\n'),
                    None,
                    "{run:?}"
                );
            }
        }
    }
}

#[test]
fn inspect_says_first_that_nobody_checked() {
    // CVE-2026-39395: "Verified OK" for what was not checked.
    let bench = Bench::new();
    let lines = crate::forge::good_lines();
    bench.lines("e.jsonl", &lines);
    let run = bench.run(&["inspect", "e.jsonl"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.starts_with("NOT VERIFIED"), "{run:?}");
    assert!(!run.stdout.contains("state       verified"));
    let run = bench.run(&["inspect", "e.jsonl", "--format", "json"]);
    assert_eq!((run.code, &run.json()["verified"]), (0, &json!(false)));
    let run = bench.run(&["inspect", "e.jsonl", "--key", "key1.pub", "--format", "json"]);
    assert_eq!((run.code, &run.json()["verified"]), (0, &json!(true)));
    let run = bench.run(&["inspect", "e.jsonl", "--key", "key2.pub", "--format", "json"]);
    assert_eq!((run.code, &run.json()["verified"]), (1, &json!(false)));
    let run = bench.run(&["inspect", "e.jsonl", "--key", "key2.pub"]);
    assert!(run.stdout.starts_with("NOT VERIFIED (refused)"), "{run:?}");
    // One line that nobody trusted signed: no "all of it".
    bench.lines("e.jsonl", &[lines[0].clone(), lines[1].clone(), sign_by(&key(9), b"{}")]);
    let mixed =
        [lines, vec![sign_by(&key(9), &evidence_of(&json!([]), "b2", "succeeded"))]].concat();
    bench.lines("e.jsonl", &mixed);
    let run = bench.run(&["inspect", "e.jsonl", "--key", "key1.pub"]);
    assert!(run.stdout.starts_with("PARTLY VERIFIED"), "{run:?}");
    let run = bench.run(&["inspect", "e.jsonl", "--key", "key1.pub", "--format", "json"]);
    assert_eq!(run.json()["verified"], json!(false));
    for empty in ["", "garbage", "[]"] {
        bench.file("e.jsonl", empty.as_bytes());
        assert_eq!(bench.run(&["inspect", "e.jsonl"]).code, 3);
    }
}
