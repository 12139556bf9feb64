//! Provision 2.3.

use proofmark::assess::assurance::Assurance;
use proofmark::assess::finding::Status;
use serde_json::{Value, json};

use crate::case::{Case, Side, case};

const OTHER: &str = "0123456789abcdef0123456789abcdef01234567";

pub(crate) fn cases() -> Vec<Case> {
    [platform(), inputs(), dependencies(), definitions(), bracket()].concat()
}

fn observed(basis: &str, value: Value) -> Value {
    json!({"status": "observed", "basis": basis, "value": value})
}

fn digest(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

/// What the platform's API has of the only artefact.
fn provenance(signed: bool, kind: &str) -> Value {
    let own = Side::real().statement["subject"][0]["digest"]["sha256"].clone();
    let from = if signed { "attestations API" } else { "runner metadata" };
    let basis = if signed { "API reply" } else { "attached" };
    let one = json!({"from": from, "sha256": digest(1), "predicate_type": kind, "subjects": [own],
        "builder": "https://github.com/actions/runner/github-hosted", "signed": signed});
    observed(basis, json!([one]))
}

const SLSA: &str = "https://slsa.dev/provenance/v1";

fn platform() -> Vec<Case> {
    const PROVENANCE: &str = "/controls/value/provenance";
    let disagrees = json!({"fact": "pipeline.run_id", "claim": "run_id", "agrees": false,
        "stated": "999", "claimed": "678"});
    vec![
        case("builder-is-identified", &[], &[("/pipeline/value/platform", json!("local"))]),
        case(
            "token-agrees-with-evidence",
            &[],
            &[
                ("/pipeline/value/run_id", json!("999")),
                ("/identity/value/tokens/0/agreement/9", disagrees),
            ],
        ),
        case("platform-provenance-found", &[(PROVENANCE, provenance(true, SLSA))], &[]),
    ]
}

fn inputs() -> Vec<Case> {
    let dirty = json!([{"path": "src", "status": "modified", "sha256": digest(2)}]);
    vec![
        case(
            "source-is-committed",
            &[],
            &[("/source/value/dirty", dirty), ("/source/value/dirty_count", json!(1))],
        ),
        case("source-is-the-run-s-commit", &[], &[("/source/value/commit", json!(OTHER))]),
        case(
            "inputs-are-recorded",
            &[],
            &[
                ("/inputs/value/all", json!({"files": 0, "bytes": 0})),
                ("/inputs/value/files", json!([])),
            ],
        ),
        case(
            "inputs-stood-still",
            &[],
            &[("/inputs/value/changed_during_build", json!([{"path": "src"}]))],
        ),
    ]
}

/// What a lockfile of one dependency says.
pub(crate) fn locked(dependency: Value, unlocked: Value) -> Value {
    let without = u64::from(dependency.get("checksums").is_none());
    let lockfile = json!({"path": "Cargo.lock", "ecosystem": "cargo", "form": "Cargo.lock version 4",
        "sha256": digest(3), "dependencies": 1, "without_checksum": without});
    let value = json!({"lockfiles": [lockfile], "unlocked": unlocked, "list": [dependency],
        "count": 1, "without_checksum": without});
    observed("read", value)
}

/// A dependency from this source.
pub(crate) fn dependency(source: &str) -> Value {
    json!({"ecosystem": "cargo", "name": "serde", "version": "1.0.0", "source": source,
        "checksums": [format!("sha256:{}", digest(4))]})
}

pub(crate) const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn dependencies() -> Vec<Case> {
    const PRESENT: &str = "/inputs/value/caches/value/present";
    let good = locked(dependency(REGISTRY), json!([]));
    let mut bare = dependency(REGISTRY);
    bare.as_object_mut().unwrap().remove("checksums");
    let unlocked = json!([{"path": "web/package.json", "ecosystem": "npm"}]);
    let cache = json!({"all": {"files": 1, "bytes": 1}});
    vec![
        case(
            "dependencies-are-locked",
            &[("/dependencies", good.clone())],
            &[("/dependencies", locked(dependency(REGISTRY), unlocked))],
        ),
        case(
            "dependencies-have-checksums",
            &[("/dependencies", good)],
            &[("/dependencies", locked(bare, json!([])))],
        ),
        case(
            "caches-are-recorded",
            &[(PRESENT, json!({"npm": {"all": {"files": 1, "bytes": 1}, "root": digest(5)}}))],
            &[(PRESENT, json!({"npm": cache}))],
        ),
    ]
}

fn definitions() -> Vec<Case> {
    const FIRST: &str = "/pipeline/value/definitions/0";
    const GIT: &str = "/environment/value/git_configuration/value/settings";
    const BUNDLE: &str = "/environment/value/ca_bundle";
    let mark = json!({"kind": "dangerous-trigger", "place": "on.pull_request_target",
        "what": "`pull_request_target`: a stranger's change runs with the project's secrets"});
    let setting =
        |name: &str, effect: &str| json!({"scope": "global", "name": name, "effect": effect});
    let file = json!({"sha256": digest(6), "certificates": 140});
    let bundle =
        |variables: Value| observed("recomputed", json!({"system": file, "variables": variables}));
    let marks = format!("{FIRST}/marks");
    let unclear = format!("{FIRST}/unclear");
    vec![
        case("definitions-hold-no-danger", &[], &[(&marks, json!([mark]))]),
        case("definitions-were-read-whole", &[], &[(&unclear, json!("an alias in `jobs`"))]),
        case(
            "git-is-not-redirected",
            &[(GIT, json!([setting("safe.directory", "allows what git refuses")]))],
            &[(
                GIT,
                json!([setting("url.https://mirror.example/.insteadof", "rewrites addresses")]),
            )],
        ),
        case(
            "certificates-are-the-system-s",
            &[(BUNDLE, bundle(json!({})))],
            &[(BUNDLE, bundle(json!({"SSL_CERT_FILE": {"sha256": digest(7), "certificates": 1}})))],
        ),
    ]
}

/// Several steps, with what lay between their ends.
fn steps(told: bool, opened_by: &str) -> Vec<(&'static str, Value)> {
    let tool = json!({"name": "proofmark", "version": "0.1.0", "sha256": opened_by});
    let state = json!({"sha256": digest(8), "digest_was_told": told, "opened_by": tool});
    let own = json!({"name": "proofmark", "version": "0.1.0", "sha256": digest(9)});
    vec![
        ("/build/bracket", json!("steps")),
        ("/build/outcome_from", json!("--outcome")),
        ("/build/state", state),
        ("/build/tool", own),
    ]
}

/// Custody of one earlier job's file.
fn custody(signers: Value) -> Value {
    let subject = json!({"name": "lib.a", "sha256": digest(10), "path": "lib.a"});
    let one = json!({"sha256": digest(11), "predicate_type": "urn:proofmark:build-evidence:v1",
        "build_id": "7", "signers": signers, "subjects": [subject]});
    let basis = if signers == json!([]) { "told by another job" } else { "recomputed" };
    observed(basis, json!({"continues": [one]}))
}

fn bracket() -> Vec<Case> {
    let own = digest(9);
    vec![
        case("build-was-bracketed", &steps(true, &own), &steps(false, &own)),
        case("build-succeeded", &[], &[("/build/outcome", json!("failed"))]),
        case(
            "outputs-are-recorded",
            &[],
            &[("/outputs/value/changed_while_read", json!([{"path": "dist/a"}]))],
        ),
        case(
            "handover-is-checked",
            &[("/custody", custody(json!(["SHA256:fe85JkIjo8VPe+XqXJGH5Mau1EMFdK1OdKvJUFicyA8"])))],
            &[("/custody", custody(json!([])))],
        ),
        case("tool-is-identified", &steps(true, &own), &steps(true, &digest(12))),
    ]
}

/// What a question answers on a statement with these changes.
fn status(id: &str, edits: &[(&str, Value)]) -> Status {
    Side::with(edits).answer(id).status
}

#[test]
fn a_builder_is_identified_by_a_token_and_not_by_variables() {
    let id = "builder-is-identified";
    let real = Side::real().answer(id);
    assert_eq!((real.status, real.assurance), (Status::Pass, Some(Assurance::JobChecked)));
    let none = json!({"status": "unavailable", "basis": "unknown", "reason": "no token"});
    assert_eq!(status(id, &[("/identity", none)]), Status::Unknown);
    let kept = json!({"status": "not applicable", "basis": "read"});
    let off = status("token-agrees-with-evidence", &[("/identity", kept)]);
    assert_eq!(off, Status::Unknown, "a job of a platform can't do without a token by saying so");
}

#[test]
fn only_signed_provenance_of_another_than_the_job_counts() {
    const AT: &str = "/controls/value/provenance";
    let id = "platform-provenance-found";
    let bill = provenance(true, "https://spdx.dev/Document");
    assert_eq!(status(id, &[(AT, bill)]), Status::Fail, "a bill of materials");
    let mut own = provenance(true, SLSA);
    own["value"][0]["builder"] = json!("urn:proofmark:builder:github");
    assert_eq!(status(id, &[(AT, own)]), Status::Fail, "what proofmark wrote itself");
    let mut foreign = provenance(true, SLSA);
    foreign["value"][0]["subjects"] = json!([digest(13)]);
    assert_eq!(status(id, &[(AT, foreign.clone())]), Status::Fail, "of another artefact");
    let unsigned = provenance(false, SLSA);
    assert_eq!(
        status(id, &[(AT, unsigned)]),
        Status::Fail,
        "what a runner wrote and nobody signed"
    );
    let mut file = provenance(true, SLSA);
    file["value"][0]["from"] = json!("bundle");
    assert_eq!(status(id, &[(AT, file)]), Status::Unknown, "a file that the job was given");
    let asked = ("/gaps", json!([{"part": "controls.provenance", "reason": "the first 10 of 20"}]));
    assert_eq!(status(id, &[(AT, foreign), asked]), Status::Unknown, "not all were asked for");
}

#[test]
fn what_git_could_not_compare_is_not_taken_for_committed() {
    let id = "source-is-committed";
    let lax =
        json!([{"part": "source.dirty", "reason": "core.trustctime makes git look less closely"}]);
    assert_eq!(status(id, &[("/gaps", lax)]), Status::Unknown);
    let moved = json!([{"path": "lib", "commit": OTHER, "checked_out": "f".repeat(40)}]);
    assert_eq!(status(id, &[("/source/value/submodules", moved)]), Status::Fail);
    let absent = json!({"status": "absent", "basis": "read"});
    assert_eq!(status(id, &[("/source", absent)]), Status::Fail);
}

#[test]
fn the_head_of_a_pull_request_is_neither_for_nor_against_the_run_s_commit() {
    let id = "source-is-the-run-s-commit";
    let head = ("/source/value/commit", json!(OTHER));
    let event = ("/pipeline/value/event", json!("pull_request"));
    assert_eq!(status(id, &[head, event]), Status::Unknown);
}

#[test]
fn a_fork_with_the_same_commit_is_not_the_run_s_repository() {
    let fork = ("/source/value/repository", json!("https://github.com/evil/app"));
    assert_eq!(status("source-is-the-run-s-commit", &[fork]), Status::Fail);
}

#[test]
fn files_without_a_digest_and_folders_that_were_not_read_are_no_recorded_inputs() {
    let id = "inputs-are-recorded";
    let unread = json!([{"path": "src", "kind": "file", "size": 1}]);
    assert_eq!(status(id, &[("/inputs/value/files", unread)]), Status::Fail);
    let gap = |reason: &str| json!({"part": "inputs", "reason": reason});
    let gaps = json!([gap("the folder secret can't be read")]);
    assert_eq!(status(id, &[("/gaps", gaps)]), Status::Unknown);
    // Not listed, and covered by the root digest.
    let many = ("/inputs/value/files", Value::Null);
    let listed = json!([gap("200000 files are counted and not listed")]);
    assert_eq!(status(id, &[many.clone(), ("/gaps", listed)]), Status::Pass);
    let both = json!([gap("200000 files are counted"), gap("the folder secret can't be read")]);
    assert_eq!(status(id, &[many, ("/gaps", both)]), Status::Unknown);
}

#[test]
fn a_sealed_list_of_changed_inputs_decides_nothing() {
    let sealed = json!({"sealed": {"sha256": digest(14), "size": 9}});
    let edit = ("/inputs/value/changed_during_build", sealed);
    assert_eq!(status("inputs-stood-still", &[edit]), Status::Unknown);
}

#[test]
fn dependencies_that_could_not_be_read_are_neither_locked_nor_left_out_of_account() {
    let mut whole = locked(dependency(REGISTRY), json!([]));
    whole["value"]["lockfiles"][0]["trouble"] = json!("line 7: expected a string");
    let edit = || ("/dependencies", whole.clone());
    assert_eq!(status("dependencies-are-locked", &[edit()]), Status::Fail);
    assert_eq!(status("dependencies-have-checksums", &[edit()]), Status::Unknown);
    assert_eq!(status("dependency-sources-are-secure", &[edit()]), Status::Unknown);
    // A project without dependencies has none, unless not all of it was looked at.
    assert_eq!(status("dependencies-are-locked", &[]), Status::NotApplicable);
    let cut = json!([{"part": "dependencies", "reason": "not all files were listed"}]);
    assert_eq!(status("dependencies-are-locked", &[("/gaps", cut)]), Status::Unknown);
}

#[test]
fn a_definition_that_was_not_read_whole_is_not_free_of_danger() {
    let unclear = ("/pipeline/value/definitions/0/unclear", json!("an alias"));
    assert_eq!(status("definitions-hold-no-danger", &[unclear]), Status::Unknown);
    let idle = ("/pipeline/value/definitions/0/running", json!(false));
    assert_eq!(status("definitions-hold-no-danger", &[idle]), Status::Unknown);
}

#[test]
fn a_danger_is_named_with_its_file() {
    let fails = definitions().swap_remove(0);
    let found = fails.fail.answer(fails.id);
    let place = &found.places[0];
    assert_eq!(place.path, ".github/workflows/ci.yml");
    assert!(place.what.starts_with("on.pull_request_target: "), "{}", place.what);
}

#[test]
fn hooks_redirect_git_and_the_image_s_settings_for_large_files_do_not() {
    const GIT: &str = "/environment/value/git_configuration/value";
    let id = "git-is-not-redirected";
    let lfs = |scope: &str| json!([{"scope": scope, "name": "filter.lfs.smudge", "effect": "runs a program"}]);
    let settings = format!("{GIT}/settings");
    assert_eq!(status(id, &[(&settings, lfs("system"))]), Status::Pass);
    assert_eq!(status(id, &[(&settings, lfs("local"))]), Status::Fail);
    let hooks = format!("{GIT}/hooks");
    let hook = json!([{"name": "post-checkout", "sha256": digest(15)}]);
    assert_eq!(status(id, &[(&settings, json!([])), (&hooks, hook)]), Status::Fail);
}

#[test]
fn files_that_were_attested_afterwards_have_no_bracket_and_no_outcome() {
    let none = || [("/build/bracket", json!("none")), ("/build/outcome", json!("not applicable"))];
    for id in ["build-was-bracketed", "build-succeeded", "inputs-stood-still"] {
        assert_eq!(status(id, &none()), Status::NotApplicable, "{id}");
    }
}

#[test]
fn a_job_that_signs_what_another_captured_has_checked_the_files() {
    let captured = json!({"captured": digest(16), "continues": []});
    let edit = ("/custody", observed("recomputed", captured));
    assert_eq!(status("handover-is-checked", &[edit]), Status::Pass);
    assert_eq!(status("handover-is-checked", &[]), Status::NotApplicable);
}
