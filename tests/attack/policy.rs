//! Policies under attack: nothing passes because it isn't there, and nobody but whoever checks chooses what is
//! asked.

use std::fs;

use proofmark::format::evidence::BUILD_EVIDENCE;
use serde_json::{Value, json};

use crate::forge::{APP, Bench, Run, evidence_predicate, good_lines, sign, statement, subject};

const WAIVED: &str = "name = \"p\"\n[limits]\nmax-age = \"9999w\"\n[expect]\ntrigger = \"push\"\n[[waive]]\nrule = \"expect.trigger\"\nreason = \"r\"\nowner = \"o\"\n";

/// `verify --policy` with this policy, of these lines.
fn judged(policy: &str, lines: &[Vec<u8>]) -> Run {
    let bench = Bench::new();
    bench.file("the.policy", policy.as_bytes());
    bench.verify_with(lines, &["--key", "key1.pub", "--policy", "the.policy"])
}

/// Build evidence with these parts beside what `verify` needs.
fn with(parts: &[(&str, Value)]) -> Vec<Vec<u8>> {
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    for (name, value) in parts {
        predicate[*name] = value.clone();
    }
    vec![sign(&statement(&json!([subject("app", APP)]), BUILD_EVIDENCE, &predicate))]
}

#[test]
fn no_rule_holds_because_its_fact_is_missing() {
    for rule in [
        "[require]\nrunner-is-hosted = \"self-asserted\"",
        "[expect]\nrepository-id = \"1\"\nassurance = \"self-asserted\"",
        "[expect]\nworkflow = \"x.yml\"\nassurance = \"self-asserted\"",
        "[expect]\nref = \"refs/heads/**\"\nassurance = \"self-asserted\"",
        "[expect]\ntrigger = \"push\"\nassurance = \"self-asserted\"",
        "[expect]\nrunner = [\"hosted\", \"self-hosted\"]\nassurance = \"self-asserted\"",
        "[expect]\nbuilder = \"b\"\nassurance = \"self-asserted\"",
        "[expect]\nissuer = \"https://x\"\nassurance = \"self-asserted\"",
        "[gaps]\nallow = [\"controls\"]",
    ] {
        for lines in [good_lines(), with(&[("pipeline", json!(1))]), with(&[("gaps", json!(1))])] {
            judged(&format!("name = \"p\"\n{rule}\n"), &lines).is_refused("policy");
        }
    }
}

#[test]
fn a_basis_that_the_file_raised_meets_no_threshold() {
    let pipeline = json!({"status": "observed", "basis": "token claim", "value": {
        "platform": "github", "repository_id": "1", "ran": {"status": "absent", "basis": "read"},
        "hosting": {"is": "hosted", "agree": true, "witnesses": []}}});
    let lines = with(&[("pipeline", pipeline), ("gaps", json!([]))]);
    for rule in [
        "[expect]\nrepository-id = \"1\"",
        "[expect]\nrunner = \"hosted\"",
        "[require]\nrunner-is-hosted = \"job-checked\"",
    ] {
        judged(&format!("name = \"p\"\n{rule}\n"), &lines).is_refused("policy");
    }
    let weakly = "name = \"p\"\n[expect]\nrepository-id = \"1\"\nassurance = \"self-asserted\"\n";
    judged(weakly, &lines).is_verified();
}

#[test]
fn a_waiver_that_ended_lets_nothing_pass() {
    judged(&format!("{WAIVED}until = 2000-01-01\n"), &good_lines()).is_refused("policy");
}

#[test]
fn an_empty_policy_is_an_error_and_no_pass() {
    for empty in ["", "name = \"p\"\n", "name = \"p\"\n[require]\n", "# nothing\n"] {
        let run = judged(empty, &good_lines());
        assert_eq!(run.code, 2, "{run:?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn what_lies_beside_the_artefact_asks_nothing() {
    let bench = Bench::new();
    for name in ["vendor", "customer", "policy.toml", "proofmark.policy.toml", "app.policy.toml"] {
        bench.file(name, b"name = \"lax\"\n[limits]\nmax-age = \"9999w\"\n");
    }
    let run = bench.verify_with(&good_lines(), &["--key", "key1.pub", "--policy", "customer"]);
    let json = run.is_refused("policy");
    assert_eq!(json["policy"]["name"], "customer");
    let json = bench.verify_with(&good_lines(), &["--key", "key1.pub"]).is_verified();
    assert_eq!(json.get("policy"), None);
}

#[test]
fn a_policy_that_is_a_fifo_a_folder_or_huge_is_an_error_at_once() {
    let bench = Bench::new();
    let fifo = bench.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    fs::create_dir(bench.path("folder")).unwrap();
    bench.file("huge", &vec![b'#'; (64 << 10) + 1]);
    bench.file("bytes", b"name = \"\xff\"");
    std::os::unix::fs::symlink(&fifo, bench.path("link")).unwrap();
    for name in ["fifo", "folder", "huge", "bytes", "link", "none", "/dev/zero"] {
        let run = bench.verify_with(&good_lines(), &["--key", "key1.pub", "--policy", name]);
        assert_eq!(run.code, 2, "{name}: {run:?}");
    }
}

#[test]
fn an_artefact_that_no_build_evidence_is_about_could_not_be_judged() {
    let provenance = json!({"buildDefinition": {"buildType": "https://x", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://b"}}});
    let line = sign(&statement(
        &json!([subject("app", APP)]),
        "https://slsa.dev/provenance/v1",
        &provenance,
    ));
    judged("name = \"p\"\n[limits]\nmax-age = \"9999w\"\n", &[line]).is_untold("policy-not-judged");
}
