//! Provision 2.2.

use proofmark::assess::chain::{Finding, FindingKind};
use proofmark::assess::facts::{Context, InChain};
use proofmark::base::digest::Sha256;
use serde_json::{Value, json};

use crate::case::{Case, Side, case};

const COMMITS: &str = "/changes/value/commits";
const RULES: &str = "/controls/value/branch_rules/value/rules";
const DEFINITIONS: &str = "/pipeline/value/definitions";
const RAN: &str = "/pipeline/value/ran";
const TOOLS: &str = "/tools/value/list";
const LOCK: &str = "/changes/value/lock";
const COMMIT: &str = "11658d9ac09ef1ab743b0bffbc409557f11be112";
const PARENT: &str = "a39b3cfe80dda45d77048458d21de657c162b323";

pub(crate) fn cases() -> Vec<Case> {
    [of_commits(), of_definitions(), of_the_machine(), of_differences(), of_the_chain()].concat()
}

fn digest(text: &str) -> String {
    Sha256::of(text.as_bytes()).to_string()
}

fn sealed(text: &str) -> Value {
    json!({"sealed": {"sha256": digest(text), "size": 120}})
}

/// The build before.
fn baseline() -> Value {
    json!({"status": "observed", "basis": "recomputed", "value": {
        "sha256": digest("before"), "build_id": "00".repeat(16), "commit": PARENT, "sequence": 6,
        "finished": "2026-01-05T12:00:00Z", "age_seconds": 3600, "from": "workflow artefact of run 677",
        "signers": ["SHA256:IC3so+8FciKHAmSP11RlSNZ3hU2XmvEwzbqv0Wi591Q"], "sections": true,
    }})
}

/// Why a baseline was lost.
fn lost(reason: &str) -> Value {
    json!({"status": "unavailable", "basis": "read", "reason": reason})
}

/// One commit since the baseline, with a signature in this state.
fn commits(state: &str) -> Value {
    let mut signature = json!({"kind": "ssh", "state": state, "key": "SHA256:abc"});
    if state == "none" {
        signature = json!({"kind": "none", "state": "none"});
    }
    json!({"status": "observed", "basis": "read", "value": {
        "since": "baseline", "since_commit": PARENT, "count": 1, "complete": true, "touching": 1,
        "signatures": {state: 1}, "allowed_signers": digest("signers"),
        "list": [{
            "id": COMMIT, "parents": [PARENT], "author": "d17924a248b93517", "committer": "d17924a248b93517",
            "authored": "2026-01-05T12:30:00Z", "committed": "2026-01-05T12:30:00Z", "subject": "Move a pin",
            "signature": signature, "touches": [{"path": ".github/workflows/ci.yml", "kind": "definition"}],
        }],
        "people": sealed("people"),
    }})
}

fn cut_off() -> Value {
    let mut commits = commits("none");
    commits["value"]["complete"] = json!(false);
    commits["value"]["why_incomplete"] =
        json!("the history is cut off (shallow): what comes before isn't in the repository");
    commits
}

fn rules(kinds: &[(&str, Value)]) -> Value {
    let rules = kinds.iter().map(|(kind, parameters)| {
        json!({"kind": kind, "source": "Repository", "ruleset": 42, "parameters": parameters})
    });
    rules.collect()
}

fn request(approvals: &str) -> Value {
    json!({"required_approving_review_count": approvals})
}

fn of_commits() -> Vec<Case> {
    let rewritten = lost(&format!(
        "the newest evidence is of commit {PARENT}, which isn't an ancestor of this one: the history was rewritten, or it is of another branch"
    ));
    let bare = json!({});
    vec![
        case(
            "definition-changes-are-logged",
            &[("/changes/value/baseline", baseline()), (COMMITS, commits("none"))],
            &[("/changes/value/baseline", baseline()), (COMMITS, cut_off())],
        ),
        case(
            "history-is-not-rewritten",
            &[("/changes/value/baseline", baseline()), (COMMITS, commits("none"))],
            &[("/changes/value/baseline", rewritten)],
        ),
        case("commits-are-signed", &[(COMMITS, commits("good"))], &[(COMMITS, commits("none"))]),
        case(
            "changes-are-reviewed",
            &[(RULES, rules(&[("deletion", bare.clone()), ("pull_request", request("1"))]))],
            &[(RULES, rules(&[("pull_request", request("0"))]))],
        ),
        case(
            "history-cannot-be-forced",
            &[(RULES, rules(&[("deletion", bare.clone()), ("non_fast_forward", bare.clone())]))],
            &[(RULES, rules(&[("deletion", bare)]))],
        ),
    ]
}

fn definitions(references: &[(&str, &str, &str)]) -> Value {
    let references: Vec<Value> = references
        .iter()
        .map(|(kind, text, pin)| json!({"kind": kind, "text": text, "pin": pin}))
        .collect();
    json!([{
        "path": ".github/workflows/ci.yml", "kind": "workflow", "running": true,
        "sha256": digest("workflow"), "committed": true, "references": references,
    }])
}

fn ran(same: bool) -> Value {
    json!({"status": "observed", "basis": "recomputed", "value": {
        "path": ".github/workflows/ci.yml", "commit": COMMIT, "commit_from": "token claim workflow_sha",
        "sha256": digest("workflow"), "on_disk_is_same": same,
    }})
}

fn of_definitions() -> Vec<Case> {
    let checkout = format!("actions/checkout@{COMMIT}");
    let image = format!("rust@sha256:{}", digest("image"));
    vec![
        case(
            "definition-that-ran-is-known",
            &[(DEFINITIONS, definitions(&[])), (RAN, ran(true))],
            &[(DEFINITIONS, definitions(&[])), (RAN, ran(false))],
        ),
        case(
            "references-are-pinned",
            &[(
                DEFINITIONS,
                definitions(&[("image", &image, "digest"), ("uses", &checkout, "commit")]),
            )],
            &[(
                DEFINITIONS,
                definitions(&[
                    ("uses", "actions/cache@v4.2.0", "tag"),
                    ("uses", &checkout, "commit"),
                ]),
            )],
        ),
    ]
}

fn tool(before: Option<&str>, after: Option<&str>) -> Value {
    let mut tool = json!({"name": "cc", "version": "cc 12.2.0"});
    for (name, content) in [("sha256_before", before), ("sha256_after", after)] {
        if let Some(content) = content {
            tool[name] = digest(content).into();
        }
    }
    if before.is_some() && before != after {
        tool["changed_during_build"] = true.into();
    }
    json!([tool])
}

fn machine(runner: &str, container: Value) -> Vec<(&'static str, Value)> {
    vec![
        ("/environment/value/os_release", json!("Ubuntu 24.04.3 LTS")),
        ("/environment/value/kernel", json!("Linux 6.11.0-1018-azure")),
        ("/environment/value/runner_image", json!(runner)),
        ("/environment/value/container", container),
    ]
}

fn packages(names: &[&str]) -> Value {
    let set = json!({"count": names.len(), "sha256": digest(&names.concat()), "list": sealed("packages")});
    json!({"status": "observed", "basis": "read", "value": {"dpkg": set}})
}

fn of_the_machine() -> Vec<Case> {
    let none = json!({"status": "absent", "basis": "read"});
    let container = json!({"status": "observed", "basis": "read", "value": {
        "kind": "docker", "image": "rust:1.90", "image_from": "CI_JOB_IMAGE", "runtime_socket": false,
        "mounts": [], "mount_count": 0,
    }});
    vec![
        case(
            "toolchain-is-recorded",
            &[(TOOLS, tool(Some("cc"), Some("cc")))],
            &[(TOOLS, tool(None, None))],
        ),
        case(
            "tools-stood-still",
            &[(TOOLS, tool(Some("cc"), Some("cc")))],
            &[(TOOLS, tool(Some("cc"), Some("a back door")))],
        ),
        case(
            "nothing-wraps-the-tools",
            &[("/environment/value/preloads", json!([]))],
            &[("/environment/value/preloads", json!(["LD_PRELOAD", "RUSTC_WRAPPER"]))],
        ),
        case(
            "machine-image-is-recorded",
            &machine("ubuntu24 20260105.1", none),
            &machine("rust:1.90", container),
        ),
        case(
            "packages-are-recorded",
            &[("/packages", packages(&["libc6 2.36-9 amd64\n"]))],
            &[("/packages", packages(&[]))],
        ),
    ]
}

/// Changes since the build before, of which the first is explained so.
fn changed(by: &str, unexplained: u64) -> Vec<(&'static str, Value)> {
    vec![
        ("/changes/value/baseline", baseline()),
        (COMMITS, commits("none")),
        (
            "/changes/value/environment",
            json!([{
                "class": "tools", "place": "tools", "name": "cc", "before": "cc 12.1.0", "after": "cc 12.2.0",
                "change": "changed", "explanation": {"by": by},
            }]),
        ),
        ("/changes/value/counts", json!({"tools": {"changes": 1, "unexplained": unexplained}})),
        ("/changes/value/not_compared", json!([])),
    ]
}

fn lock(lane: bool, laxer: &[&str], drift: Value) -> Value {
    let mut value = json!({
        "path": "proofmark.lock", "sha256": digest("lock"), "changed_by": PARENT,
        "protected": {"status": "observed", "basis": "read", "value": true},
        "changed_since_baseline": false, "work_tree_differs": false,
        "modes": {"tools": "version", "references": "exact"}, "laxer_than_default": laxer, "drift": drift,
    });
    if lane {
        value["lane"] = json!("release");
    }
    json!({"status": "observed", "basis": "recomputed", "value": value})
}

fn unprotected() -> Value {
    let mut lock = lock(true, &[], json!([]));
    lock["value"]["protected"]["value"] = json!(false);
    lock
}

fn of_differences() -> Vec<Case> {
    let differs = json!([{
        "class": "tools", "name": "cc", "kind": "differs", "expected": "cc 12.1.0", "found": "cc 12.2.0",
    }]);
    vec![
        case("changes-are-explained", &changed("commit", 0), &changed("unexplained", 1)),
        case(
            "environment-is-approved",
            &[(LOCK, lock(true, &[], json!([])))],
            &[(LOCK, lock(true, &[], differs))],
        ),
        case(
            "approved-environment-covers-enough",
            &[(LOCK, lock(true, &[], json!([])))],
            &[(LOCK, lock(true, &["tools"], json!([])))],
        ),
        case(
            "lock-is-on-a-protected-ref",
            &[(LOCK, lock(true, &[], json!([])))],
            &[(LOCK, unprotected())],
        ),
    ]
}

fn finding(kind: FindingKind, others: &[&str]) -> Finding {
    let evidence = others.iter().map(|text| Sha256::of(text.as_bytes())).collect();
    Finding { kind, lane: Some(0), evidence, text: "two builds name one before them".to_owned() }
}

fn chain(findings: Vec<Finding>, runs_without_evidence: u64) -> Context {
    let chain = InChain { previous_given: true, findings, runs_without_evidence };
    Context { chain: Some(chain), ..Context::default() }
}

/// A build that follows another.
fn follows() -> Side {
    let counts = json!({"run_attempt": "1", "run_id": "678", "run_number": "7"});
    let value = json!({"previous": digest("before"), "sequence": 7, "platform_counts": counts});
    Side::with(&[("/chain", json!({"status": "observed", "basis": "read", "value": value}))])
}

fn of_the_chain() -> Vec<Case> {
    let of = |id, wrong: FindingKind, missing| Case {
        id,
        pass: follows().knowing(chain(vec![finding(FindingKind::Concurrent, &["a", "b"])], 0)),
        fail: follows().knowing(chain(vec![finding(wrong, &["a", "b"])], missing)),
    };
    let hidden = [
        ("/environment/value/variables", sealed("variables")),
        ("/environment/value/path", sealed("path")),
        ("/environment/value/git_configuration/value/values", sealed("values")),
        (COMMITS, commits("none")),
    ];
    let open = [&hidden[..], &[("/environment/value/variables", json!({"LANG": "C"}))]].concat();
    vec![
        of("chain-is-unbroken", FindingKind::Fork, 0),
        of("every-run-left-evidence", FindingKind::Concurrent, 2),
        of("log-integrity", FindingKind::Replay, 0),
        case("log-hides-secrets", &hidden, &open),
    ]
}
