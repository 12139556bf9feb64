//! `--attach` and `--platform-provenance`: what no job can see, bound by its digest.

use std::fs;
use std::os::unix::fs::symlink;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::{EVIDENCE, Place, Said, contains, gaps, sha256};

const REVIEW: &str = "access-review=../review.csv";

/// `run` of a build that makes `app` out of `1`.
fn run(place: &Place, flags: &[&str]) -> Said {
    let _ = fs::remove_file(place.at("app"));
    place.run(&[&["-a", "app", "--force"], flags].concat(), "printf 1 >app; touch built").go()
}

fn with_review() -> Place {
    let place = Place::new();
    fs::write(place.outside("review.csv"), "who,what\n").unwrap();
    place
}

/// A usage error, before anything was built or written.
#[track_caller]
fn refused(place: &Place, flags: &[&str], part: &str) {
    let said = run(place, flags);
    assert_eq!(said.code, Some(125), "{flags:?}: {}", said.err);
    said.tells(part).tells("hint: ");
    assert!(!place.has("built") && !place.has(EVIDENCE), "{flags:?}");
}

#[test]
fn a_document_is_bound_by_its_digest_with_what_is_said_of_it() {
    let place = with_review();
    let said =
        ["--attach-date", "access-review=2025-12-31", "--attach-scope", "access-review=all of it"];
    assert_eq!(run(&place, &[&["--attach", REVIEW], &said[..]].concat()).code, Some(0));
    let evidence = place.evidence();
    let expected = json!([{
        "kind": "access-review", "name": "review.csv", "sha256": sha256(b"who,what\n"), "size": 9,
        "date": "2025-12-31", "scope": "all of it",
    }]);
    assert_eq!(evidence["attached"]["value"], expected);
    assert_eq!(evidence["attached"]["basis"], "attached");
    assert_eq!(gaps(&evidence, "attached"), [""; 0]);
    assert!(!contains(&place.read(EVIDENCE), b"who,what"), "nothing of it but its digest");
    let said = place.call(&["inspect", EVIDENCE]).exits(0);
    said.shows("attached:").shows("review.csv");
}

#[test]
fn without_documents_none_is_attached_and_nothing_is_missing() {
    let place = Place::new();
    assert_eq!(run(&place, &[]).code, Some(0));
    assert_eq!(place.evidence()["attached"]["status"], "absent");
    assert_eq!(gaps(&place.evidence(), "attached"), [""; 0]);
}

#[test]
fn what_nobody_says_of_a_document_is_a_gap_with_its_cure() {
    let place = with_review();
    assert_eq!(run(&place, &["--attach", REVIEW]).code, Some(0));
    let evidence = place.evidence();
    assert_eq!(gaps(&evidence, "attached").len(), 2);
    let text = evidence["gaps"].to_string();
    assert!(
        text.contains("--attach-date access-review=")
            && text.contains("--attach-scope access-review=")
    );
}

#[test]
fn documents_are_sorted_whatever_their_order_and_bound_by_every_command() {
    let place = with_review();
    fs::write(place.outside("p"), "p").unwrap();
    let documents = ["--attach", "policy=../p", "--attach", REVIEW];
    let key = place.key(1);
    let kinds = || {
        let attached = place.evidence()["attached"]["value"].clone();
        let all = attached.as_array().unwrap();
        all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(run(&place, &documents).code, Some(0));
    assert_eq!(kinds(), ["access-review", "policy"]);
    let attest = ["attest", "--force", "--key", &key, "app"];
    place.call(&[&attest[..], &documents].concat()).exits(0);
    assert_eq!(kinds(), ["access-review", "policy"]);
    place.call(&["begin"]).exits(0);
    let finish = ["finish", "--force", "--key", &key, "--outcome", "success"];
    place.call(&[&finish[..], &documents].concat()).exits(0);
    assert_eq!(kinds(), ["access-review", "policy"]);
}

#[test]
fn arguments_that_make_no_sense_are_refused_before_the_build() {
    let place = with_review();
    let long = format!("access-review={}", "x".repeat(513));
    for (flags, part) in [
        (&["--attach", "access-review="][..], "found nothing after"),
        (&["--attach", "access-review"], "found nothing after"),
        (&["--attach", "review=../review.csv"], "unknown kind"),
        (&["--attach", "\u{1b}[2J=x"], "\\u{1b}"),
        (&["--attach", REVIEW, "--attach", REVIEW], "expected it once"),
        (&["--attach", REVIEW, "--attach-date", "policy=2025-01-01"], "no such document"),
        (&["--attach", REVIEW, "--attach-scope", "policy=x"], "no such document"),
        (&["--attach", REVIEW, "--attach-date", "access-review=2025-02-30"], "expected a day"),
        (&["--attach", REVIEW, "--attach-date", "access-review=9999-12-31"], "in the future"),
        (&["--attach", REVIEW, "--attach-scope", &long], "1 to 512 bytes"),
        (&["--attach", REVIEW, "--attach-scope", "access-review=a\nb"], "printable"),
    ] {
        refused(&place, flags, part);
    }
    let said = run(&place, &["--attach-date", "policy=2025-01-01"]);
    assert_eq!(said.code, Some(125), "a date of nothing");
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let place = with_review();
    rustix::fs::mkfifoat(rustix::fs::CWD, place.outside("fifo"), rustix::fs::Mode::RUSR).unwrap();
    symlink("nothing", place.outside("dangling")).unwrap();
    symlink("review.csv", place.outside("link")).unwrap();
    fs::write(place.outside("empty"), "").unwrap();
    for name in ["fifo", "dangling", "keys", "none", "empty"] {
        refused(&place, &["--attach", &format!("policy=../{name}")], name);
        refused(&place, &["--platform-provenance", &format!("../{name}")], name);
    }
    assert_eq!(run(&place, &["--attach", "policy=../link"]).code, Some(0));
    assert_eq!(place.evidence()["attached"]["value"][0]["name"], "link");
}

#[test]
fn a_name_that_looks_like_a_credential_is_refused_and_not_repeated() {
    let place = with_review();
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    fs::write(place.outside(token), "x").unwrap();
    let said = run(&place, &["--attach", &format!("policy=../{token}")]);
    assert_eq!(said.code, Some(125));
    assert!(!said.err.contains(token));
    let scope = format!("access-review=see {token}");
    assert_eq!(run(&place, &["--attach", REVIEW, "--attach-scope", &scope]).code, Some(0));
    assert!(!contains(
        &super::harness::payload(&super::harness::lines(&place.at(EVIDENCE))[0]),
        token.as_bytes()
    ));
    let evidence = place.evidence();
    assert!(!evidence.to_string().contains(token));
    assert!(evidence["redactions"].to_string().contains("scope of the attached access-review"));
}

/// The runner's metadata about these digests.
fn metadata(digests: &[String]) -> Value {
    let subjects: Vec<_> =
        digests.iter().map(|digest| json!({"name": "a", "digest": {"sha256": digest}})).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": subjects,
        "predicate": {"runDetails": {"builder": {"id": "https://gitlab.com/g/p/-/runners/1"}}},
    })
}

fn bundle(statement: &Value) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": ""}},
        "dsseEnvelope": {
            "payload": STANDARD.encode(statement.to_string()),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": "AAAA"}],
        },
    })
}

#[test]
fn provenance_of_what_was_built_leaves_no_gap_and_that_of_something_else_does() {
    let place = Place::new();
    let ours = metadata(&[sha256(b"1"), sha256(b"2")]);
    fs::write(place.outside("ours.json"), serde_json::to_vec_pretty(&ours).unwrap()).unwrap();
    let others = format!("{}\n{}\n", bundle(&metadata(&[sha256(b"3")])), bundle(&metadata(&[])));
    fs::write(place.outside("others.jsonl"), others).unwrap();
    let part = "controls.provenance";
    assert_eq!(run(&place, &["--platform-provenance", "../ours.json"]).code, Some(0));
    assert_eq!(gaps(&place.evidence(), part), [""; 0]);
    let both =
        ["--platform-provenance", "../ours.json", "--platform-provenance", "../others.jsonl"];
    assert_eq!(run(&place, &both).code, Some(0));
    let expected = "others.jsonl names none of this build's artefacts: it is about 1 other subject";
    assert_eq!(gaps(&place.evidence(), part), [expected]);
}

#[test]
fn what_is_no_provenance_is_refused_before_the_build() {
    let place = Place::new();
    let deep = "[".repeat(1_000_000);
    let twice = "{\"_type\":1,\"_type\":2}";
    for text in ["x", "{}", "[]", "\u{1b}[2J", deep.as_str(), twice, "{\"_type\":\"x\"}"] {
        fs::write(place.outside("bad"), text).unwrap();
        refused(&place, &["--platform-provenance", "../bad"], "--platform-provenance");
    }
    let large = fs::File::create(place.outside("large")).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    let said = run(&place, &["--platform-provenance", "../large"]);
    assert_eq!(said.code, Some(125));
    said.tells("larger than 16777216 bytes");
}
