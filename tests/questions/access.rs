//! Provision 2.1.

use proofmark::assess::assurance::Assurance;
use proofmark::assess::finding::Status;
use serde_json::{Value, json};

use crate::case::{Case, Side, case, without};

const SIGNS: &str = "/environment/value/signs/value";
const CLAIMS: &str = "/identity/value/tokens/0/claims";

/// Signs of a fresh machine, with these seen.
fn signs(before: bool, files: u64, socket: bool, others: u64) -> Vec<(&'static str, Value)> {
    let open = json!([{"what": "PATH", "by": "all", "count": others}]);
    vec![
        ("/environment/value/signs/value/machine_seen_before", json!(before)),
        ("/environment/value/signs/value/untracked_files", json!(files)),
        ("/environment/value/signs/value/runtime_socket_writable", json!(socket)),
        (
            "/environment/value/signs/value/writable_by_others",
            if others > 0 { open } else { json!([]) },
        ),
    ]
}

/// A build that ended on 1 June 2026, with documents of these kinds and days.
fn attached(documents: &[(&str, Option<&str>)]) -> Vec<(&'static str, Value)> {
    let document = |(kind, date): &(&str, Option<&str>)| {
        let mut one = json!({"kind": kind, "name": "a.pdf", "sha256": "00".repeat(32), "size": 1});
        if let Some(date) = date {
            one["date"] = json!(date);
        }
        one
    };
    let all: Vec<Value> = documents.iter().map(document).collect();
    vec![
        ("/build/started", json!("2026-06-01T11:00:00Z")),
        ("/build/finished", json!("2026-06-01T12:00:00Z")),
        ("/attached", json!({"status": "observed", "basis": "attached", "value": all})),
    ]
}

/// A job that was started by this, as its variables and its token say.
fn started_by(event: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("/pipeline/value/event", json!(event)),
        ("/identity/value/tokens/0/claims/event_name", json!(event)),
    ]
}

/// A machine that everybody says is self-hosted.
fn self_hosted() -> Vec<(&'static str, Value)> {
    let witness = |from: &str| json!({"from": from, "says": "self-hosted"});
    let witnesses = ["token claim runner_environment", "variable RUNNER_ENVIRONMENT"];
    let witnesses: Vec<Value> = witnesses.into_iter().map(witness).collect();
    vec![
        ("/identity/value/tokens/0/claims/runner_environment", json!("self-hosted")),
        ("/pipeline/value/runner_environment", json!("self-hosted")),
        (
            "/pipeline/value/hosting",
            json!({"is": "self-hosted", "witnesses": witnesses, "agree": true}),
        ),
    ]
}

fn unavailable() -> Value {
    json!({"status": "unavailable", "basis": "API reply", "reason": "nobody was asked"})
}

fn separate_job(exposures: &[&str]) -> Vec<(&'static str, Value)> {
    let custody = json!({"custody": "separate-job", "read_from": "file", "protections": [], "exposures": exposures});
    vec![("/build/signing", json!({"layout": "separate-job", "key_custody": custody}))]
}

pub(crate) fn cases() -> Vec<Case> {
    let session = json!([{"kind": "ssh", "seen_by": "variable SSH_CONNECTION"}]);
    let credential = json!([{"kind": "variable", "name": "AWS_SECRET_ACCESS_KEY", "of": "AWS"}]);
    let broad = json!([{"kind": "broad-permissions", "place": "jobs.build.permissions", "what": "the token may write everything (`write-all`)"}]);
    let environment = |policy: Option<&str>| {
        let mut one = json!({"name": "production", "rules": [], "reviewers": 0});
        if let Some(policy) = policy {
            one["branch_policy"] = json!(policy);
        }
        one
    };
    vec![
        case(
            "workload-identity-checked",
            &[],
            &[("/pipeline/value/commit", json!("0".repeat(40)))],
        ),
        case(
            "job-token-is-short-lived",
            &[],
            &[("/identity/value/tokens/0/expires", json!("2199-01-01T00:00:00Z"))],
        ),
        case(
            "job-permissions-are-least",
            &[],
            &[
                ("/pipeline/value/definitions/0/jobs/0/permissions", json!({"others": "write"})),
                ("/pipeline/value/definitions/0/marks", broad),
            ],
        ),
        case("runner-is-hosted", &[], &self_hosted()),
        case(
            "hosting-witnesses-agree",
            &[],
            &[
                ("/pipeline/value/hosting/witnesses/1/says", json!("self-hosted")),
                ("/pipeline/value/hosting/agree", json!(false)),
            ],
        ),
        case("machine-looks-fresh", &signs(false, 0, false, 0), &signs(true, 0, false, 0)),
        case(
            "built-in-a-pipeline",
            &[],
            &[("/pipeline/value", json!({"platform": "local"})), ("/identity", unavailable())],
        ),
        case(
            "no-person-at-work",
            &[("/environment/value/signs/value/sessions", json!([]))],
            &[("/environment/value/signs/value/sessions", session)],
        ),
        case(
            "build-user-is-unprivileged",
            &[("/environment/value/privileged", json!(false))],
            &[("/environment/value/privileged", json!(true))],
        ),
        case("signing-key-out-of-reach", &separate_job(&[]), &[]),
        case(
            "no-standing-credentials",
            &[("/environment/value/signs/value/credentials", json!([]))],
            &[("/environment/value/signs/value/credentials", credential)],
        ),
        case("trigger-is-trusted", &[], &started_by("pull_request_target")),
        case(
            "ref-is-protected",
            &[("/controls/value/branch_rules", unavailable())],
            &[
                ("/controls/value/branch_rules", unavailable()),
                ("/pipeline/value/ref_protected", json!(false)),
                ("/identity/value/tokens/0/claims/ref_protected", json!("false")),
            ],
        ),
        case(
            "deployment-environment-is-protected",
            &[("/controls/value/environment/value", environment(Some("protected branches")))],
            &[("/controls/value/environment/value", environment(None))],
        ),
        case(
            "deployment-was-approved-by-another",
            &[],
            &[("/controls/value/approvals/value/by_who_started_it", json!(true))],
        ),
        case(
            "attached-documents-are-recent",
            &attached(&[("access-review", Some("2026-05-01"))]),
            &attached(&[("access-review", Some("2026-01-01"))]),
        ),
    ]
}

#[track_caller]
fn is(id: &str, edits: &[(&str, Value)], status: Status) -> Option<Assurance> {
    let finding = Side::with(edits).answer(id);
    assert_eq!(finding.status, status, "{id} with {edits:?}: {}", finding.why);
    finding.assurance
}

/// The real statement without what a pointer points to.
#[track_caller]
fn is_without(id: &str, pointer: &str, status: Status) {
    let mut statement = Side::real().statement();
    without(&mut statement["predicate"], pointer);
    let finding = Side { statement, ..Side::real() }.answer(id);
    assert_eq!(finding.status, status, "{id} without {pointer}: {}", finding.why);
}

#[test]
fn what_the_token_states_is_worth_as_much_as_the_token() {
    for id in [
        "workload-identity-checked",
        "job-token-is-short-lived",
        "runner-is-hosted",
        "built-in-a-pipeline",
        "trigger-is-trusted",
        "ref-is-protected",
    ] {
        assert_eq!(is(id, &[], Status::Pass), Some(Assurance::JobChecked), "{id}");
    }
    let id = "runner-is-hosted";
    assert_eq!(is(id, &self_hosted(), Status::Fail), Some(Assurance::JobChecked));
}

#[test]
fn a_token_of_an_issuer_that_nobody_knows_counts_for_no_more_than_the_signer_s_word() {
    let edits = [("/identity/value/tokens/0/issuer", json!("https://issuer.example"))];
    for id in ["workload-identity-checked", "runner-is-hosted", "trigger-is-trusted"] {
        assert_eq!(is(id, &edits, Status::Pass), Some(Assurance::SelfAsserted), "{id}");
    }
    let without = [("/identity", unavailable())];
    is("workload-identity-checked", &without, Status::Unknown);
    is("job-token-is-short-lived", &without, Status::Unknown);
}

#[test]
fn a_claim_of_the_token_can_t_be_left_out_to_be_told_in_other_words() {
    is_without("runner-is-hosted", &format!("{CLAIMS}/runner_environment"), Status::Unknown);
    // Without a token a variable may say so, on the signer's word.
    let variable = json!({"is": "hosted", "agree": true, "witnesses": [{"from": "variable RUNNER_ENVIRONMENT", "says": "hosted"}]});
    let edits = [("/identity", unavailable()), ("/pipeline/value/hosting", variable)];
    assert_eq!(is("runner-is-hosted", &edits, Status::Pass), Some(Assurance::SelfAsserted));
    is("hosting-witnesses-agree", &edits, Status::Unknown);
}

#[test]
fn witnesses_are_compared_here_whatever_the_evidence_says_of_their_agreement() {
    let id = "hosting-witnesses-agree";
    let says =
        |at: u8, word: &str| (format!("/pipeline/value/hosting/witnesses/{at}/says"), json!(word));
    let (pointer, value) = says(1, "self-hosted");
    is(id, &[(&pointer, value)], Status::Fail);
    is(id, &[("/pipeline/value/hosting/agree", json!(false))], Status::Fail);
    // The token is a witness, even where the list leaves it out.
    let list = json!([{"from": "variable RUNNER_ENVIRONMENT", "says": "self-hosted"}]);
    is(id, &[("/pipeline/value/hosting/witnesses", list)], Status::Fail);
    let list = json!([{"from": "variable RUNNER_ENVIRONMENT", "says": "hosted"}]);
    is(id, &[("/pipeline/value/hosting/witnesses", list)], Status::Pass);
    is(id, &[("/pipeline/value/hosting/witnesses", json!([]))], Status::Unknown);
}

#[test]
fn a_machine_looks_fresh_only_where_every_sign_is_known() {
    let id = "machine-looks-fresh";
    for (edits, status) in [
        (signs(false, 0, false, 0), Status::Pass),
        (signs(true, 0, false, 0), Status::Fail),
        (signs(false, 3, false, 0), Status::Fail),
        // Nobody else is on a machine that the platform lends for one job.
        (signs(false, 0, true, 0), Status::Pass),
        (signs(false, 0, false, 2), Status::Pass),
    ] {
        is(id, &edits, status);
    }
    for edits in [signs(false, 0, true, 0), signs(false, 0, false, 2)] {
        is(id, &[edits.clone(), self_hosted()].concat(), Status::Fail);
        is(id, &[edits, vec![("/identity", unavailable())]].concat(), Status::Fail);
    }
    for name in ["machine_seen_before", "untracked_files"] {
        let mut side = Side::with(&signs(false, 0, false, 0));
        without(&mut side.statement["predicate"], &format!("{SIGNS}/{name}"));
        assert_eq!(side.answer(id).status, Status::Unknown, "{name}");
    }
}

#[test]
fn permissions_that_are_not_stated_or_not_clear_are_no_pass() {
    let id = "job-permissions-are-least";
    let at = |name: &str| format!("/pipeline/value/definitions/0/{name}");
    let (job, whole, unclear) = (at("jobs/0/permissions"), at("permissions"), at("unclear"));
    let stated = json!({"others": "none", "scopes": {"contents": "read"}});
    // No mark is needed for what can be seen.
    is(id, &[(&job, json!({"others": "write"}))], Status::Fail);
    is(id, &[(&job, json!(null))], Status::Fail);
    is(id, &[(&job, json!(null)), (&whole, stated)], Status::Pass);
    is(id, &[(&job, json!({"others": "not decidable"}))], Status::Unknown);
    is(id, &[(&unclear, json!("it has an anchor"))], Status::Unknown);
    is(id, &[(&at("running"), json!(false))], Status::Unknown);
    is(id, &[("/pipeline/value/platform", json!("gitlab"))], Status::NotApplicable);
}

#[test]
fn a_job_that_signs_is_one_of_its_own_only_where_nothing_speaks_against_it() {
    let id = "signing-key-out-of-reach";
    let same = "capture and signature name the same job";
    is(id, &separate_job(&[same]), Status::Unknown);
    let none = json!({"layout": "not applicable", "key_custody": {"custody": "not applicable"}});
    is(id, &[("/build/signing", none)], Status::NotApplicable);
    let later = json!({"layout": "elsewhere", "key_custody": {"custody": "elsewhere"}});
    is(id, &[("/build/signing", later)], Status::Unknown);
}

#[test]
fn only_what_people_with_rights_can_start_is_a_trusted_start() {
    let id = "trigger-is-trusted";
    let gitlab = |event: &str| {
        vec![
            ("/identity", unavailable()),
            ("/pipeline/value/platform", json!("gitlab")),
            ("/pipeline/value/event", json!(event)),
        ]
    };
    for event in ["push", "release", "schedule", "workflow_dispatch", "merge_group"] {
        is(id, &started_by(event), Status::Pass);
    }
    for event in ["pull_request", "pull_request_target", "workflow_run", "issue_comment"] {
        is(id, &started_by(event), Status::Fail);
    }
    is(id, &started_by("by_magic"), Status::Unknown);
    for event in ["push", "web", "schedule", "api"] {
        is(id, &gitlab(event), Status::Pass);
    }
    for event in ["merge_request_event", "external_pull_request_event", "external", "trigger"] {
        is(id, &gitlab(event), Status::Fail);
    }
    for event in ["parent_pipeline", "pipeline", "pull_request_target"] {
        is(id, &gitlab(event), Status::Unknown);
    }
    is_without(id, "/pipeline/value/event", Status::Unknown);
}

#[test]
fn where_nobody_says_that_a_ref_is_protected_the_rules_on_its_branch_do() {
    let id = "ref-is-protected";
    is_without(id, "/pipeline/value/ref_protected", Status::Pass);
    let unsaid = ("/pipeline/value/ref_protected", json!(null));
    let none = ("/controls/value/branch_rules/value/rules", json!([]));
    is(id, &[unsaid.clone(), none], Status::Unknown);
    is(id, &[unsaid, ("/controls", unavailable())], Status::Unknown);
}

#[test]
fn people_who_approve_or_a_rule_on_branches_protect_an_environment() {
    let id = "deployment-environment-is-protected";
    let value = json!({"name": "production", "rules": [], "reviewers": 2});
    let edits = [("/controls/value/environment/value", value)];
    assert_eq!(is(id, &edits, Status::Pass), Some(Assurance::JobChecked));
    let none = json!({"status": "not applicable", "basis": "read", "reason": "the job names no environment"});
    is(id, &[("/controls/value/environment", none.clone())], Status::NotApplicable);
    is(id, &[("/controls/value/environment", unavailable())], Status::Unknown);
    let id = "deployment-was-approved-by-another";
    is(id, &[("/controls/value/approvals", none)], Status::NotApplicable);
    is(id, &[("/controls", unavailable())], Status::Unknown);
}

#[test]
fn who_started_a_run_can_t_approve_it_alone() {
    let id = "deployment-was-approved-by-another";
    let by = |people: u8, own: Value| {
        [
            ("/controls/value/approvals/value/people", json!(people)),
            ("/controls/value/approvals/value/by_who_started_it", own),
        ]
    };
    is(id, &by(1, json!(false)), Status::Pass);
    is(id, &by(2, json!(true)), Status::Pass);
    is(id, &by(1, json!(true)), Status::Fail);
    is(id, &by(0, json!(null)), Status::Fail);
    is(id, &by(1, json!(null)), Status::Unknown);
}

#[test]
fn documents_are_recent_by_their_kind_and_never_of_a_day_to_come() {
    let id = "attached-documents-are-recent";
    for (documents, status) in [
        (vec![("access-review", Some("2026-03-03"))], Status::Pass),
        (vec![("access-review", Some("2026-03-02"))], Status::Fail),
        (vec![("mfa-export", Some("2026-03-02"))], Status::Fail),
        (vec![("penetration-test", Some("2025-06-01"))], Status::Pass),
        (vec![("penetration-test", Some("2025-05-31"))], Status::Fail),
        // East of here a day begins earlier.
        (vec![("policy", Some("2026-06-02"))], Status::Pass),
        (vec![("policy", Some("2026-06-03"))], Status::Fail),
        (vec![("policy", None)], Status::Unknown),
        (vec![("policy", Some("next year"))], Status::Unknown),
        (vec![("policy", Some("2026-06-01")), ("mfa-export", None)], Status::Unknown),
        (vec![("policy", None), ("mfa-export", Some("2020-01-01"))], Status::Fail),
        (vec![], Status::Unknown),
    ] {
        let assurance = is(id, &attached(&documents), status);
        let expected = matches!(status, Status::Pass | Status::Fail);
        assert_eq!(assurance, expected.then_some(Assurance::OutOfBand), "{documents:?}");
    }
}
