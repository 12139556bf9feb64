//! `proofmark schema`, `completions`, `man`, and flags that don't exist.

use super::harness::{EVIDENCE, PROVENANCE, Place, SECTIONS, lines, payload};
use serde_json::Value;

struct Schemas(Place);

impl Schemas {
    #[track_caller]
    fn accepts(&self, name: &str, value: &Value) {
        let schema = self.0.call(&["schema", name]).exits(0).json();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(value)
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }

    /// Every line that lies in a place.
    fn accept_all_of(&self, place: &Place) {
        for bundle in lines(&place.at(EVIDENCE)) {
            self.accepts("bundle", &bundle);
            let statement: Value = serde_json::from_slice(&payload(&bundle)).unwrap();
            let name = match statement["predicateType"].as_str() {
                Some(PROVENANCE) => "provenance",
                _ => "build-evidence",
            };
            self.accepts(name, &statement);
        }
        for section in lines(&place.at(SECTIONS)) {
            self.accepts("section", &section);
        }
    }
}

#[test]
fn every_line_that_is_written_is_as_its_schema_says() {
    let schemas = Schemas(Place::new());
    let plain = Place::new();
    plain.run(&["-a", "a"], "echo >a").exits(0);
    schemas.accept_all_of(&plain);

    let failed = Place::new();
    failed.run(&["-a", "a"], "kill -9 $$").exits(137);
    schemas.accept_all_of(&failed);

    let rich = Place::new();
    rich.write("src/tracked", "1");
    rich.write(std::path::Path::new("odd\u{1b}"), "1");
    std::os::unix::fs::symlink("nowhere", rich.at("link")).unwrap();
    let commit = rich.repository("https://user:pw@github.com/octo/app.git");
    rich.write("src/tracked", "2");
    let call = rich.run(&["-a", "a", "--exclude", "**/none"], "echo >a; rm src/tracked");
    call.vars(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_REF_PROTECTED", "false"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_REPOSITORY_ID", "1"),
        ("GITHUB_REPOSITORY_OWNER_ID", "2"),
        ("GITHUB_RUN_ID", "3"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_SHA", &commit),
        ("GITHUB_WORKFLOW_REF", "octo/app/.github/workflows/x.yml@refs/heads/main"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
    ])
    .exits(0);
    schemas.accept_all_of(&rich);

    let attested = Place::new();
    attested.write("pkg/a", "");
    let key = attested.key(1);
    attested.call(&["attest", "--tree", "pkg", "--key", &key, "-i", "pkg"]).exits(0);
    schemas.accept_all_of(&attested);
}

#[test]
fn a_schema_refuses_what_it_does_not_describe() {
    let place = Place::new();
    for name in [
        "bundle",
        "build-evidence",
        "provenance",
        "section",
        "verify",
        "inspect",
        "log",
        "diff",
        "policy",
        "vsa",
        "svr",
        "pack",
        "pack-trust",
    ] {
        let schema = place.call(&["schema", name]).exits(0).json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(!validator.is_valid(&serde_json::json!({})), "{name}");
    }
    place.call(&["schema", "no-such-schema"]).exits(2);
    place.call(&["schema"]).exits(2);
}

#[test]
fn a_list_that_is_long_is_sealed() {
    let place = Place::new();
    for number in 0..4200 {
        place.write(format!("many/{number:04}"), "");
    }
    place.run(&[], "exit 0").exits(0);
    let inputs = &place.evidence()["inputs"]["value"];
    assert!(inputs["files"]["sealed"]["sha256"].is_string());
    assert_eq!(inputs["all"]["files"], 4200);
    let sections = lines(&place.at(SECTIONS));
    let files = sections.iter().find(|section| section["name"] == "inputs.files").unwrap();
    assert_eq!(files["content"].as_array().unwrap().len(), 4200);
    Schemas(Place::new()).accept_all_of(&place);
}

#[test]
fn completions_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = place.call(&["completions", shell]).exits(0);
        for word in ["keygen", "attest", "lock", "verify", "inspect", "log", "diff", "notes"] {
            assert!(said.text().contains(word), "{word} for {shell}");
        }
    }
    place.call(&["completions", "cmd"]).exits(2);
}

#[test]
fn manual_pages_for_every_command() {
    let place = Place::new();
    place.call(&["man"]).exits(0).shows(".TH").shows("keygen");
    for command in [
        "keygen",
        "run",
        "begin",
        "finish",
        "attest",
        "sign",
        "lock",
        "verify",
        "inspect",
        "log",
        "diff",
        "pack",
        "schema",
        "completions",
        "man",
    ] {
        let said = place.call(&["man", command]).exits(0).shows(".TH");
        assert!(said.text().contains(&format!("proofmark\\-{command}")), "{}", said.text());
    }
    place.call(&["man", "no-such-command"]).exits(2);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    for line in ["man", "completions bash", "schema build-evidence"] {
        place.shell(&format!("\"$PROOFMARK\" {line} | head -c 1 >/dev/null")).exits(0);
        let said = place.shell(&format!("\"$PROOFMARK\" {line} | :")).exits(0);
        assert_eq!(said.err, "");
    }
}

#[test]
fn unknown_flags_and_those_of_later_versions_do_not_exist() {
    let place = Place::new();
    let later = ["--no-such-flag", "--certificate-identity", "--trust", "--trusted-root"];
    for flag in later {
        for (command, code) in
            [("keygen", 2), ("run", 125), ("attest", 2), ("verify", 2), ("inspect", 2)]
        {
            let needed: &[&str] = match command {
                "keygen" => &["--out", "k"],
                "run" => &["--", "touch", "ran"],
                _ => &["x"],
            };
            let arguments = [&[command, flag, "x"], needed].concat();
            let said = place.call(&arguments).exits(code);
            assert!(said.err.contains("unexpected argument"), "{command} {flag}: {}", said.err);
        }
    }
    for command in ["sign", "release", "trust", "no-such"] {
        place.call(&[command]).exits(2);
    }
    assert!(place.names().is_empty());
}
