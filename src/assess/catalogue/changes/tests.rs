//! What the answers turn on, beside the one pass and the one failure of each.

use serde_json::{Value, json};

use crate::assess::catalogue::question;
use crate::assess::chain::{Finding as ChainFinding, FindingKind};
use crate::assess::facts::{Facts, InChain};
use crate::assess::finding::{Finding, Status, answer};
use crate::base::digest::Sha256;
use crate::format::statement::Statement;

const A: &str = "11658d9ac09ef1ab743b0bffbc409557f11be112";
const B: &str = "a39b3cfe80dda45d77048458d21de657c162b323";

fn statement(predicate: Value) -> Statement {
    let whole = json!({
        "_type": "https://in-toto.io/Statement/v1", "subject": [], "predicate": predicate,
        "predicateType": "urn:proofmark:build-evidence:v1",
    });
    serde_json::from_value(whole).unwrap()
}

fn ask(id: &str, predicate: Value) -> Finding {
    answer(question(id).unwrap(), &Facts::unverified(&statement(predicate)))
}

#[track_caller]
fn is(id: &str, predicate: Value, status: Status, why: &str) {
    let found = ask(id, predicate);
    assert_eq!(found.status, status, "{id}: {}", found.why);
    assert!(found.why.contains(why), "{id}: {}", found.why);
}

fn observed(value: Value) -> Value {
    json!({"status": "observed", "basis": "read", "value": value})
}

fn lost(reason: &str) -> Value {
    json!({"status": "unavailable", "basis": "read", "reason": reason})
}

fn changes(edits: &[(&str, Value)]) -> Value {
    let mut value = json!({
        "baseline": observed(json!({
            "sha256": "00".repeat(32), "build_id": "1", "commit": B, "finished": "2026-01-05T12:00:00Z",
            "age_seconds": 1, "from": "file", "signers": [], "sections": true,
        })),
        "commits": observed(log(&[])),
        "lock": {"status": "absent", "basis": "read", "reason": "HEAD has no proofmark.lock"},
        "environment": [], "details": [], "counts": {}, "not_compared": [],
    });
    for (name, edit) in edits {
        value[name] = edit.clone();
    }
    json!({"changes": observed(value)})
}

fn log(edits: &[(&str, Value)]) -> Value {
    let mut value = json!({
        "since": "baseline", "since_commit": B, "count": 2, "complete": true, "touching": 0,
        "signatures": {"good": 2}, "list": {"sealed": {"sha256": "00".repeat(32), "size": 1}},
        "people": {"sealed": {"sha256": "00".repeat(32), "size": 1}},
    });
    for (name, edit) in edits {
        value[name] = edit.clone();
    }
    value
}

fn with_log(edits: &[(&str, Value)]) -> Value {
    changes(&[("commits", observed(log(edits)))])
}

#[test]
fn a_list_of_commits_that_is_sealed_counts_by_its_number_and_an_open_one_by_its_entries() {
    is("definition-changes-are-logged", with_log(&[]), Status::Pass, "2 commits");
    let open = with_log(&[("list", json!([]))]);
    is(
        "definition-changes-are-logged",
        open,
        Status::Fail,
        "expected the list of 2 commits, found 0",
    );
}

#[test]
fn signatures_that_nobody_could_check_are_unknown_and_missing_ones_fail_even_so() {
    let of = |signatures: Value, more: &[(&str, Value)]| {
        with_log(&[&[("signatures", signatures)], more].concat())
    };
    let id = "commits-are-signed";
    let signers = [("allowed_signers", json!("00".repeat(32)))];
    is(id, of(json!({"good": 2}), &signers), Status::Pass, "2 commits");
    is(id, of(json!({"good": 2}), &[]), Status::Unknown, "no file of allowed signers");
    is(id, of(json!({"not checked": 2}), &[]), Status::Unknown, "no file of allowed signers");
    let found = of(json!({"good": 1, "not checkable": 1}), &signers);
    is(id, found, Status::Unknown, "signatures of 1 commit");
    is(id, of(json!({"good": 1}), &signers), Status::Unknown, "signatures of 1 commit");
    is(id, of(json!({"not checked": 1, "none": 1}), &[]), Status::Fail, "1 without a signature");
    is(id, of(json!({"good": 1, "bad": 1}), &signers), Status::Fail, "1 with one that isn't good");
    let cut = [&signers[..], &[("complete", json!(false))]].concat();
    is(id, of(json!({"good": 2}), &cut), Status::Unknown, "not all commits");
    let none = [&signers[..], &[("count", json!(0))]].concat();
    is(id, of(json!({}), &none), Status::NotApplicable, "no commit");
}

#[test]
fn a_commit_that_was_not_met_is_a_rewritten_history_only_where_all_was_looked_at() {
    let id = "history-is-not-rewritten";
    is(id, changes(&[]), Status::Pass, "descends");
    let shallow = "whether commit 1 of the newest evidence is an ancestor can't be told: shallow";
    is(id, changes(&[("baseline", lost(shallow))]), Status::Unknown, "shallow");
    let declared = json!({"status": "absent", "basis": "declared"});
    is(id, changes(&[("baseline", declared)]), Status::Unknown, "nothing of the build before");
    let why = "HEAD doesn't come after the baseline's commit (history was rewritten, or it is of another branch)";
    let after = with_log(&[("since_commit", json!(A)), ("why_incomplete", json!(why))]);
    is(id, after, Status::Fail, "doesn't come after");
    let other = with_log(&[("since_commit", json!(A))]);
    is(id, other, Status::Unknown, "doesn't begin");
}

fn change(by: &str) -> Value {
    json!({
        "class": "tools", "place": "tools", "name": "cc", "change": "changed", "explanation": {"by": by},
    })
}

#[test]
fn an_approval_that_came_with_its_change_is_for_people_and_what_is_sealed_hides_no_change() {
    let id = "changes-are-explained";
    let of = |list: Value, unexplained: u64| {
        let counts = json!({"tools": {"changes": 1, "unexplained": unexplained}});
        changes(&[("environment", list), ("counts", counts)])
    };
    is(id, of(json!([change("lock")]), 0), Status::Pass, "each explained");
    is(id, of(json!([change("approval pending")]), 1), Status::Unknown, "tools cc");
    is(id, of(json!([change("unexplained")]), 1), Status::Fail, "1 change without one: tools cc");
    is(id, of(json!([change("unexplained")]), 0), Status::Fail, "tools cc");
    is(id, of(json!([change("a word of tomorrow")]), 0), Status::Fail, "tools cc");
    let sealed = json!({"sealed": {"sha256": "00".repeat(32), "size": 1}});
    is(id, of(sealed, 1), Status::Fail, "sealed");
    let unseen = json!([{"place": "packages.dpkg.list", "reason": "sealed in the baseline"}]);
    is(id, changes(&[("not_compared", unseen)]), Status::Unknown, "packages.dpkg.list");
    is(id, changes(&[("baseline", lost("none was looked for"))]), Status::Unknown, "looked for");
}

fn locked(drift: Value, lane: Option<&str>) -> Value {
    let lock = json!({
        "path": "proofmark.lock", "sha256": "00".repeat(32), "work_tree_differs": false, "lane": lane,
        "protected": lost("the platform doesn't say"), "modes": {}, "drift": drift,
        "laxer_than_default": [],
    });
    changes(&[("lock", observed(lock))])
}

#[test]
fn drift_fails_but_what_was_not_compared_is_unknown_and_a_roll_of_the_image_passes() {
    let one = |kind: &str| json!([{"class": "runner-image", "name": "runner image", "kind": kind}]);
    let id = "environment-is-approved";
    for kind in ["differs", "not approved", "missing", "expired", "covers nothing"] {
        is(id, locked(one(kind), Some("main")), Status::Fail, kind);
    }
    for kind in ["not compared", "no section", "a word of tomorrow"] {
        is(id, locked(one(kind), Some("main")), Status::Unknown, "runner image");
    }
    is(id, locked(one("platform image roll"), Some("main")), Status::Pass, "newer version");
    is(id, changes(&[]), Status::Unknown, "HEAD has no proofmark.lock");
    let id = "approved-environment-covers-enough";
    is(id, locked(one("no section"), None), Status::Fail, "one section");
    is(id, locked(one("covers nothing"), Some("main")), Status::Fail, "compares nothing");
    is(id, locked(json!([]), None), Status::Unknown, "which section");
    is("lock-is-on-a-protected-ref", locked(json!([]), None), Status::Unknown, "doesn't say");
}

fn pipeline(definitions: Value, ran: Value) -> Value {
    json!({"pipeline": observed(json!({
        "platform": "github", "definitions": definitions, "ran": ran,
    }))})
}

fn workflow(edits: &[(&str, Value)]) -> Value {
    let mut value = json!({"path": "ci.yml", "running": true, "committed": true});
    for (name, edit) in edits {
        value[name] = edit.clone();
    }
    value
}

#[test]
fn what_is_decided_at_run_time_is_unknown_and_one_movable_reference_fails_beside_it() {
    let id = "references-are-pinned";
    let of = |pins: &[&str], more: &[(&str, Value)]| {
        let references = pins.iter().map(|pin| json!({"kind": "uses", "text": pin, "pin": pin}));
        let references = ("references", references.collect());
        pipeline(json!([workflow(&[&[references], more].concat())]), lost("not looked for"))
    };
    is(
        id,
        of(&["commit", "digest", "integrity", "same-commit"], &[]),
        Status::Pass,
        "4 references",
    );
    is(id, of(&["platform"], &[]), Status::Pass, "1 reference");
    is(id, of(&[], &[]), Status::Pass, "nothing from elsewhere");
    for pin in ["not-decidable", "a word of tomorrow"] {
        is(id, of(&["commit", pin], &[]), Status::Unknown, pin);
    }
    let trouble = ("trouble", json!("not YAML"));
    is(id, of(&["commit"], std::slice::from_ref(&trouble)), Status::Unknown, "not YAML");
    is(id, of(&["tag"], &[trouble]), Status::Fail, "1 of 1");
    let found = ask(id, of(&["tag", "not-decidable", "unpinned"], &[]));
    assert_eq!((found.status, found.places.len()), (Status::Fail, 2), "{}", found.why);
    assert!(found.places.iter().all(|place| place.path == "ci.yml"), "{:?}", found.places);
    let elsewhere = workflow(&[("running", json!(false))]);
    is(id, pipeline(json!([elsewhere]), lost("-")), Status::Unknown, "isn't known");
}

#[test]
fn a_definition_that_was_altered_after_the_commit_fails_whatever_the_platform_names() {
    let id = "definition-that-ran-is-known";
    let ran = |same: Option<bool>| {
        observed(json!({
            "path": "ci.yml", "commit": A, "commit_from": "variable GITHUB_WORKFLOW_SHA",
            "sha256": "00".repeat(32), "on_disk_is_same": same,
        }))
    };
    let action = |committed: Option<bool>| {
        let edits = [("path", json!("a/action.yml")), ("committed", json!(committed))];
        json!([workflow(&edits), workflow(&[])])
    };
    is(id, pipeline(action(Some(true)), ran(Some(true))), Status::Pass, "says it ran");
    is(id, pipeline(action(Some(false)), ran(Some(true))), Status::Fail, "a/action.yml");
    is(id, pipeline(action(None), ran(Some(true))), Status::Unknown, "isn't known");
    is(id, pipeline(action(Some(true)), ran(None)), Status::Unknown, "to be compared");
    is(id, pipeline(action(Some(true)), lost("no commit")), Status::Pass, "isn't known");
}

#[test]
fn rules_that_a_job_was_not_told_are_unknown() {
    let controls = |rules: Value| {
        let none = lost("-");
        json!({"controls": observed(json!({
            "branch_rules": rules, "environment": none, "approvals": none, "job": none, "provenance": none,
        }))})
    };
    for id in ["changes-are-reviewed", "history-cannot-be-forced"] {
        let why = "a job's token may not ask";
        is(id, controls(lost(why)), Status::Unknown, why);
        let empty = observed(json!({"branch": "main", "rules": []}));
        is(id, controls(empty), Status::Fail, "classic branch protection");
    }
    let odd = json!([{"kind": "pull_request", "parameters": {"required_approving_review_count": "many"}}]);
    let odd = observed(json!({"branch": "main", "rules": odd}));
    is("changes-are-reviewed", controls(odd), Status::Fail, "with none");
}

#[test]
fn a_tool_that_could_not_be_read_again_is_unknown_and_two_digests_are_two_tools() {
    let id = "tools-stood-still";
    let of = |after: Value| {
        let tool = json!({"name": "cc", "sha256_before": "00".repeat(32), "sha256_after": after});
        json!({"tools": observed(json!({"list": [tool], "paths": {}}))})
    };
    is(id, of(json!("11".repeat(32))), Status::Fail, "cc");
    is(id, of(json!(null)), Status::Unknown, "no build");
    is(id, of(json!("00".repeat(32))), Status::Unknown, "no build");
}

fn chained(chain: Value, findings: &[(FindingKind, usize)], given: bool) -> Finding {
    let statement = statement(json!({"chain": observed(chain)}));
    let mut facts = Facts::unverified(&statement);
    let findings = findings.iter().map(|(kind, others)| ChainFinding {
        kind: *kind,
        lane: Some(0),
        evidence: vec![Sha256::of(b"a"); *others],
        text: "what is wrong".to_owned(),
    });
    let findings = findings.collect();
    facts.context.chain =
        Some(InChain { previous_given: given, findings, runs_without_evidence: 0 });
    answer(question("chain-is-unbroken").unwrap(), &facts)
}

#[test]
fn a_build_before_that_was_not_given_breaks_no_chain_and_proves_none() {
    let follows = || json!({"previous": "00".repeat(32), "sequence": 7});
    let first = || json!({"sequence": 1, "why_none": "the first of its lane, by --baseline none"});
    let status = |chain, findings: &[_], given| chained(chain, findings, given).status;
    assert_eq!(status(follows(), &[], true), Status::Pass);
    assert_eq!(status(follows(), &[(FindingKind::Concurrent, 2)], true), Status::Pass);
    assert_eq!(status(follows(), &[], false), Status::Unknown);
    assert_eq!(status(follows(), &[(FindingKind::TruncatedStart, 1)], false), Status::Unknown);
    assert_eq!(status(json!({}), &[(FindingKind::Unchained, 1)], false), Status::Unknown);
    assert_eq!(status(json!({}), &[], false), Status::Unknown);
    assert_eq!(status(first(), &[], false), Status::NotApplicable);
    assert_eq!(status(first(), &[(FindingKind::FirstInMidChain, 1)], false), Status::Unknown);
    assert_eq!(status(first(), &[(FindingKind::FirstInMidChain, 2)], false), Status::Fail);
    assert_eq!(status(first(), &[(FindingKind::ChainBeganAnew, 1)], false), Status::Fail);
    assert_eq!(status(follows(), &[(FindingKind::Gap, 1)], true), Status::Fail);
    let id = "chain-is-unbroken";
    is(id, json!({"chain": observed(follows())}), Status::Unknown, "looked at alone");
}

#[test]
fn a_log_that_nobody_verified_has_no_integrity() {
    is("log-integrity", json!({}), Status::Unknown, "no trusted key");
}

/// Whoever was given the sections sees names and values that the signed file hasn't.
#[test]
fn sections_that_are_at_hand_are_not_in_the_open() {
    let id = "log-hides-secrets";
    let environment = |variables: Value| {
        let empty = json!({"variables": variables, "path": []});
        json!({"environment": observed(empty)})
    };
    let open = environment(json!({"LANG": "C"}));
    is(id, open.clone(), Status::Fail, "values of variables");
    let sealed = environment(json!({"sealed": {"sha256": "00".repeat(32), "size": 1}}));
    let statement = statement(open);
    let mut facts = Facts::unverified(&statement);
    facts.signed = &sealed;
    let found = answer(question(id).unwrap(), &facts);
    assert_eq!(found.status, Status::Pass, "{}", found.why);
    let people = json!({"tokens": [], "people": {"build.actor": "octocat"}});
    let mut named = environment(json!({}));
    named["identity"] = observed(people);
    is(id, named, Status::Fail, "people that a token names");
    let mut nobody = environment(json!({}));
    nobody["changes"] = changes(&[]).get("changes").unwrap().clone();
    nobody["changes"]["value"]["commits"]["value"]["people"] = json!({"key": "00", "names": {}});
    is(id, nobody, Status::Pass, "nothing");
}
