//! What lies about, and what stands in the environment, gives nobody's trust.

use serde_json::json;

use crate::forge::{
    APP, Bench, Run, SOURCE, evidence, evidence_of, good_lines, key, sign, sign_by, subject, vendor,
};

/// Variables that a build command reads, or that a checker might be thought to read.
const VARIABLES: [&str; 12] = [
    "PROOFMARK_KEY",
    "PROOFMARK_KEY_FILE",
    "PROOFMARK_TRUST",
    "PROOFMARK_TRUST_KEY",
    "PROOFMARK_PUBLIC_KEY",
    "PROOFMARK_THRESHOLD",
    "PROOFMARK_BUNDLE",
    "PROOFMARK_CONFIG",
    "PROOFMARK_POLICY",
    "PROOFMARK_SOURCE",
    "PROOFMARK_SIGN",
    "COSIGN_PUBLIC_KEY",
];

/// Puts everything that could be taken for configuration or trust beside the artefact.
fn plant(bench: &Bench) {
    let evil = key(9);
    let public = evil.public().to_spki_pem();
    let settings = format!(
        "key = '''{public}'''\nkeys = ['evil.pub']\nthreshold = 0\ntrust = 'evil.pub'\n[trust]\nkey = 'evil.pub'\n[verify]\nkey = 'evil.pub'\nthreshold = 0\n"
    );
    for name in [
        "proofmark.toml",
        ".proofmark.toml",
        "proofmark.lock",
        ".proofmark/config.toml",
        ".proofmark/trust.toml",
        "trust.toml",
        "policy.toml",
        ".config/proofmark.toml",
        ".env",
        ".proofmarkrc",
        "app.toml",
    ] {
        bench.file(name, settings.as_bytes());
    }
    for name in [
        "evil.pub",
        "key.pub",
        "proofmark.pub",
        "app.pub",
        "cosign.pub",
        "trusted.pub",
        ".proofmark/key.pub",
        "key.pem.pub",
        ".well-known/proofmark.json",
    ] {
        bench.file(name, public.as_bytes());
    }
    bench.file(".proofmark/key.pem", evil.to_pem().as_bytes());
}

fn in_planted(bench: &Bench, arguments: &[&str]) -> Run {
    let mut command = bench.command();
    for name in VARIABLES {
        command.env(name, if name.ends_with("_KEY") { evil_pem() } else { "evil.pub".to_owned() });
    }
    command.env("PROOFMARK_THRESHOLD", "0");
    Run::of(command.args(arguments))
}

fn evil_pem() -> String {
    key(9).to_pem().to_string()
}

#[test]
fn nothing_beside_the_artefact_or_in_the_environment_is_trusted() {
    // CVE-2023-32076: settings were read from a folder that the attacker wrote. CVE-2023-47122: a trust
    // key out of what was checked.
    let bench = Bench::new();
    plant(&bench);
    bench.lines("app.sigstore.jsonl", &[sign_by(&key(9), &evidence("b1", "succeeded"))]);
    let run = in_planted(&bench, &["verify", "app", "--format", "json"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
    assert!(run.stderr.contains("no trust given"), "{run:?}");
    let run = in_planted(&bench, &["verify", "app", "--key", "key1.pub", "--format", "json"]);
    run.is_refused("no-signature-verifies");
    let run = in_planted(&bench, &["inspect", "app.sigstore.jsonl", "--format", "json"]);
    assert_eq!((run.code, &run.json()["verified"]), (0, &json!(false)));
    assert!(!run.stdout.contains("PRIVATE") && !run.stderr.contains("PRIVATE"));
}

#[test]
fn nothing_beside_the_artefact_or_in_the_environment_spoils_a_check() {
    let bench = Bench::new();
    bench.lines("app.sigstore.jsonl", &good_lines());
    let arguments = ["verify", "app", "--key", "key1.pub", "--source", SOURCE, "--format", "json"];
    let plain = bench.run(&arguments).is_verified();
    plant(&bench);
    assert_eq!(in_planted(&bench, &arguments).is_verified(), plain);
    let mut command = bench.command();
    command.env("GITHUB_ACTIONS", "true").env("CI", "true").env("GITHUB_REPOSITORY", "evil/evil");
    assert_eq!(Run::of(command.args(arguments)).is_verified(), plain);
}

#[test]
fn the_users_own_signing_key_is_no_trust() {
    let bench = Bench::new();
    for folder in [".config/proofmark", "Library/Application Support/proofmark"] {
        bench.file(&format!("{folder}/key.pem"), vendor().to_pem().as_bytes());
        bench.file(&format!("{folder}/key.pem.pub"), vendor().public().to_spki_pem().as_bytes());
    }
    bench.lines("app.sigstore.jsonl", &good_lines());
    let run = bench.run(&["verify", "app", "--format", "json"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
}

#[test]
fn a_name_in_the_evidence_is_never_used_as_a_path() {
    // GHSA-fcv2-xgw5-pqxf. What the evidence names exists, and is neither read nor written.
    let bench = Bench::new();
    let before = listing(&bench);
    let subjects = json!([subject("app", APP), subject("../outside", b"x"), subject("/etc/passwd", b"x"),
        subject("key1.pub", b"x"), {"name": "proofmark.toml", "digest": {"sha256": ""}}]);
    let lines = [sign(&evidence_of(&subjects, "b1", "succeeded"))];
    bench.verify(&lines).is_verified();
    bench.run(&["inspect", "evidence.sigstore.jsonl"]);
    let mut after = listing(&bench);
    after.retain(|name| name != "evidence.sigstore.jsonl");
    assert_eq!(after, before);
}

fn listing(bench: &Bench) -> Vec<String> {
    let entries = std::fs::read_dir(bench.path("")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_closed_stdout_changes_no_verdict() {
    let bench = Bench::new();
    bench.lines("good.jsonl", &good_lines());
    bench.lines("bad.jsonl", &[sign(&evidence("b1", "failed"))]);
    for (bundle, code) in [("good.jsonl", 0), ("bad.jsonl", 1), ("missing.jsonl", 3)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = bench
            .command()
            .args(["verify", "app", "--key", "key1.pub", "-b", bundle])
            .stdout(writer)
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(code), "{bundle}");
    }
    let full = std::fs::File::options().write(true).open("/dev/full");
    if let Ok(full) = full {
        let mut command = bench.command();
        command.args(["verify", "app", "--key", "key1.pub", "-b", "good.jsonl"]).stdout(full);
        let status = command.stderr(std::process::Stdio::null()).status().unwrap();
        assert_ne!(status.code(), Some(0));
    }
}
