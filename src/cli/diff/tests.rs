//! How comparisons are shown and judged; the comparisons themselves are made by hand.

use serde_json::{Value, json};

use super::found::{Found, Relation};
use super::result::DiffV1;
use super::side::Side;
use super::{FailOn, markdown, text};
use crate::base::digest::Sha256;
use crate::cli::builds::NotVerified;
use crate::drift::Departure;
use crate::format::evidence::{
    ChangeKind, EnvironmentChange, ExplainedBy, Explanation, NotCompared, Outcome,
};
use crate::format::lock::Class;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn evidence(minute: u32, more: &Value) -> Value {
    let none = json!({"status": "unavailable", "basis": "read", "reason": "a test"});
    let mut evidence = json!({
        "build": {"id": format!("b{minute}"), "started": "2026-01-01T00:00:00Z",
            "finished": format!("2026-01-01T00:{minute:02}:00Z"), "bracket": "command",
            "outcome": "succeeded",
            "signing": {"layout": "in-job", "key_custody": {"custody": "in-job"}},
            "tool": {"name": "proofmark", "version": "0"}},
        "lane": {"status": "observed", "basis": "read", "value": {"ref_kind": "branch"}}});
    for part in [
        "chain",
        "custody",
        "source",
        "inputs",
        "outputs",
        "dependencies",
        "environment",
        "tools",
        "packages",
        "pipeline",
        "changes",
    ] {
        evidence[part] = none.clone();
    }
    for (name, value) in more.as_object().unwrap() {
        evidence[name] = value.clone();
    }
    evidence
}

fn side(minute: u32, more: &Value) -> Side {
    let evidence = evidence(minute, more);
    Side {
        file: format!("{minute}.jsonl"),
        payload: digest(minute),
        signers: vec!["SHA256:x".to_owned()],
        evidence: serde_json::from_value(evidence).unwrap(),
        sections: (0, 1),
        not_verified: Vec::new(),
        notes: Vec::new(),
    }
}

fn digest(minute: u32) -> Sha256 {
    Sha256::of(&minute.to_be_bytes())
}

fn observed(value: &Value) -> Value {
    json!({"status": "observed", "basis": "read", "value": value})
}

/// `chain` and `changes` of a build that names builds of these minutes.
fn after(previous: Option<u32>, baseline: Option<u32>) -> Value {
    let previous = previous.map_or_else(|| json!({}), |m| json!({"previous": digest(m)}));
    let mut parts = json!({"chain": observed(&previous)});
    if let Some(minute) = baseline {
        let none = json!({"status": "unavailable", "basis": "read"});
        let baseline = json!({"sha256": digest(minute), "build_id": "b",
            "finished": "2026-01-01T00:00:00Z", "age_seconds": 1, "from": "file", "signers": [],
            "sections": false});
        parts["changes"] = observed(&json!({"baseline": observed(&baseline), "commits": none,
            "lock": none, "environment": [], "details": {"sealed": {"sha256": digest(0), "size": 1}},
            "counts": {"tools": {"changes": 3, "unexplained": 1}}}));
    }
    parts
}

fn change(class: Class, place: &str, name: &str, by: ExplainedBy) -> EnvironmentChange {
    EnvironmentChange {
        class,
        place: place.to_owned(),
        name: name.to_owned(),
        before: Some("one".to_owned()),
        after: Some("two".to_owned()),
        change: ChangeKind::Changed,
        explanation: Explanation { by, commit: None, note: None },
    }
}

fn shown(relation: Relation, found: Found, fail_on: bool) -> (DiffV1, String) {
    let (old, new) = (side(1, &json!({})), side(2, &json!({})));
    let fail_on: &[_] = if fail_on { &[FailOn::Unexplained] } else { &[] };
    let result = DiffV1::new(&old, &new, relation, found, fail_on);
    let mut out = Vec::new();
    text::write(&result, &mut out).unwrap();
    (result, String::from_utf8(out).unwrap())
}

#[test]
fn each_change_is_one_line_under_its_class_with_what_explains_it() {
    let by_commit = EnvironmentChange {
        explanation: Explanation {
            by: ExplainedBy::Commit,
            commit: Some(COMMIT.to_owned()),
            note: Some("touches rust-toolchain.toml".to_owned()),
        },
        ..change(Class::Tools, "tools", "cargo", ExplainedBy::Commit)
    };
    let gone = EnvironmentChange {
        after: None,
        change: ChangeKind::Removed,
        ..change(Class::Packages, "packages.dpkg.list", "gcc", ExplainedBy::PlatformImage)
    };
    let come = EnvironmentChange {
        before: None,
        after: None,
        change: ChangeKind::Added,
        ..change(Class::Variables, "environment.variables", "CC", ExplainedBy::Unexplained)
    };
    let found = Found { changes: vec![by_commit, gone, come], ..Found::default() };
    let (result, text) = shown(Relation::Successor, found, false);
    for line in [
        "\ntools\n  ~ cargo: one -> two [commit 0123456789ab: touches rust-toolchain.toml]\n",
        "\npackages\n  - gcc (packages.dpkg.list): one [platform image]\n",
        "\nvariables\n  + CC (environment.variables): added (value not recorded) [unexplained]\n",
        "explanations: 1 commit, 1 platform image, 1 unexplained\n",
        "result: 3 changes: 1 unexplained (exit 0)\n",
    ] {
        assert!(text.contains(line), "{line:?} in:\n{text}");
    }
    assert_eq!(result.exit_code(), 0);
}

#[test]
fn what_nothing_explains_fails_where_that_was_asked_for() {
    for (by, code) in [
        (ExplainedBy::Commit, 0),
        (ExplainedBy::Lock, 0),
        (ExplainedBy::PlatformImage, 0),
        (ExplainedBy::ApprovalPending, 1),
        (ExplainedBy::Unexplained, 1),
        (ExplainedBy::Unknown, 1),
    ] {
        for fail_on in [true, false] {
            let changes = vec![change(Class::Tools, "tools", "cargo", by)];
            let found = Found { changes, ..Found::default() };
            let (result, _) = shown(Relation::Successor, found, fail_on);
            assert_eq!(result.exit_code(), if fail_on { code } else { 0 }, "{by}");
        }
    }
    let found = Found { sealed: (3, 1), ..Found::default() };
    let (result, text) = shown(Relation::Successor, found, true);
    assert_eq!(result.exit_code(), 1, "sealed changes count");
    assert!(text.contains("sealed: 3 more changes, 1 unexplained"), "{text}");
}

#[test]
fn a_record_that_does_not_follow_is_refused_with_both_sides() {
    let departure = Departure {
        what: "tools cargo".to_owned(),
        recorded: "lock".to_owned(),
        follows: "unexplained\u{1b}".to_owned(),
    };
    let found = Found { departures: vec![departure], ..Found::default() };
    let (result, text) = shown(Relation::Successor, found, false);
    assert_eq!(result.exit_code(), 1);
    let lines = "refused: tools cargo\n  recorded lock\n  follows  unexplained\\u{1b}\n";
    assert!(text.contains(lines), "{text}");
    assert!(text.lines().last().unwrap().starts_with("result: refused: "), "{text}");
}

#[test]
fn a_class_that_was_not_compared_is_in_the_last_line() {
    let not = NotCompared { place: "packages".to_owned(), reason: "sealed in OLD".to_owned() };
    let found = Found { not_compared: vec![not], ..Found::default() };
    let (result, text) = shown(Relation::Unrelated, found, true);
    assert_eq!(result.exit_code(), 0, "said, and no failure");
    assert!(text.contains("\nnot compared\n  packages: sealed in OLD\n"), "{text}");
    assert!(
        text.ends_with(
            "result: no changes in what could be compared; 1 part not compared; NOT compared at all: packages (exit 0)\n"
        ),
        "{text}"
    );
}

fn not_compared(place: &str) -> NotCompared {
    NotCompared { place: place.to_owned(), reason: "sealed in OLD".to_owned() }
}

#[test]
fn a_part_that_was_not_compared_fails_where_that_was_asked_for() {
    let (old, new) = (side(1, &json!({})), side(2, &json!({})));
    let code = |places: &[&str], fail_on: &[FailOn]| {
        let not_compared = places.iter().map(|place| not_compared(place)).collect();
        let found = Found { not_compared, ..Found::default() };
        DiffV1::new(&old, &new, Relation::Unrelated, found, fail_on).exit_code()
    };
    let both = [FailOn::Unexplained, FailOn::NotCompared];
    assert_eq!(code(&["tools.paths"], &[FailOn::NotCompared]), 1);
    assert_eq!(code(&["tools.paths"], &both), 1);
    assert_eq!(code(&["tools.paths"], &[FailOn::Unexplained]), 0);
    assert_eq!(code(&[], &both), 0);
}

#[test]
fn the_last_line_tells_pending_approvals_and_what_it_is_of() {
    let by = |by| change(Class::Tools, "tools", "cargo", by);
    let found = || Found {
        changes: vec![by(ExplainedBy::Unexplained), by(ExplainedBy::ApprovalPending)],
        ..Found::default()
    };
    let (_, text) = shown(Relation::Successor, found(), true);
    let last = "result: 2 changes: 1 unexplained, 1 approval pending (exit 1)\n";
    assert!(text.ends_with(last), "{text}");
    let found = || Found { not_compared: vec![not_compared("tools.paths")], ..found() };
    let (_, text) = shown(Relation::Successor, found(), false);
    let last = "result: 2 changes in what could be compared: 1 unexplained, 1 approval pending; 1 part not compared (exit 0)\n";
    assert!(text.ends_with(last), "{text}");
    let old = side(1, &json!({}));
    for (outcome, words) in [
        (Outcome::Succeeded, "2 changes in what could be compared: 1"),
        (
            Outcome::Failed,
            "2 changes in what could be compared of a build that did not succeed (failed): 1",
        ),
        (
            Outcome::Cancelled,
            "2 changes in what could be compared of a build that did not succeed (cancelled): 1",
        ),
    ] {
        let mut new = side(2, &json!({}));
        new.evidence.build.outcome = outcome;
        let result = DiffV1::new(&old, &new, Relation::Successor, found(), &[]);
        assert!(result.result.starts_with(words), "{}", result.result);
        let none = DiffV1::new(&old, &new, Relation::Successor, Found::default(), &[]);
        assert_eq!(none.result.contains("did not succeed"), outcome != Outcome::Succeeded);
    }
}

#[test]
fn a_page_has_both_builds_and_a_table_a_class() {
    let gone = EnvironmentChange {
        after: None,
        change: ChangeKind::Removed,
        ..change(Class::Packages, "packages.dpkg.list", "gcc", ExplainedBy::PlatformImage)
    };
    let changes = vec![change(Class::Tools, "tools", "cargo", ExplainedBy::Commit), gone];
    let not_compared = vec![not_compared("tools.paths")];
    let found = Found { changes, not_compared, sealed: (2, 1), ..Found::default() };
    let (result, _) = shown(Relation::Successor, found, false);
    let page = page(&result);
    for words in [
        "|  | OLD | NEW |\n| --- | --- | --- |\n| evidence | sha256:",
        "| file | 1.jsonl | 2.jsonl |\n",
        "\nNEW follows OLD in the chain\n",
        "\n## Changes: tools\n\n| change | name | before | after | explanation |\n| --- | --- | --- | --- | --- |\n| changed | cargo | one | two | commit |\n",
        "\n## Changes: packages\n",
        "| removed | gcc (packages.dpkg.list) | one | - | platform image |\n",
        "\n## Not compared\n\n| part | why |\n| --- | --- |\n| tools.paths | sealed in OLD |\n",
        "\nSealed: 2 more changes, 1 unexplained (--sections opens them)\n",
        "\nExplanations: 1 commit, 1 platform image\n",
        "\nResult: 4 changes in what could be compared: 1 unexplained; 1 part not compared (exit 0)\n",
    ] {
        assert!(page.contains(words), "{words:?} in:\n{page}");
    }
}

fn page(result: &DiffV1) -> String {
    let mut out = Vec::new();
    markdown::write(result, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_that_others_chose_is_markup_on_a_page() {
    const EVIL: &str = "|`x`\n<img src=x>[x](y)\u{1b}[2J\u{202e}@all ![i](j)";
    let evil = || EVIL.to_owned();
    let change = EnvironmentChange {
        before: Some(evil()),
        after: Some(evil()),
        explanation: Explanation {
            by: ExplainedBy::Commit,
            commit: Some(evil()),
            note: Some(evil()),
        },
        ..change(Class::Tools, EVIL, EVIL, ExplainedBy::Commit)
    };
    let found = || Found {
        changes: vec![change.clone()],
        not_recorded: Some(evil()),
        not_compared: vec![NotCompared { place: evil(), reason: evil() }],
        departures: vec![Departure { what: evil(), recorded: evil(), follows: evil() }],
        ..Found::default()
    };
    let made = || {
        let mut side = side(1, &json!({}));
        side.file = evil();
        side.signers = vec![evil()];
        side.evidence.build.id = evil();
        side.notes = vec![evil()];
        side.not_verified = vec![NotVerified { file: evil(), line: Some(1), why: evil() }];
        side
    };
    for found in [found(), Found { not_recorded: None, ..found() }] {
        let result = DiffV1::new(&made(), &made(), Relation::Successor, found, &[]);
        // An element that is empty parts a sign from what it would begin.
        let page = page(&result).replace("<span></span>", "");
        for sign in ["`", "<", "[", "]", "!", "@", "\u{1b}", "\u{202e}"] {
            assert!(!page.contains(sign), "{sign:?} in:\n{page}");
        }
        assert!(page.contains("&#60;img src=x&#62;"), "{page}");
        // No cell ends early, and no line begins with what another chose.
        let columns = |line: &str| line.matches('|').count();
        let block = page.split("\n\n").filter(|block| block.starts_with('|'));
        for table in block {
            let first = columns(table.lines().next().unwrap());
            assert!(table.trim_end().lines().all(|line| columns(line) == first), "{table}");
        }
        assert_eq!(page.lines().filter(|line| line.contains('|')).count(), 20, "{page}");
    }
}

#[test]
fn without_a_record_everything_is_unexplained() {
    let found = Found {
        changes: vec![change(Class::Tools, "tools", "cargo", ExplainedBy::Unexplained)],
        not_recorded: Some("explanation not recorded: these builds don't follow each other".into()),
        ..Found::default()
    };
    let (result, text) = shown(Relation::Unrelated, found, true);
    assert_eq!(result.exit_code(), 1);
    for words in [
        "~ cargo: one -> two [explanation not recorded]",
        "note: explanation not recorded: these builds don't follow each other",
    ] {
        assert!(text.contains(words), "{words:?} in:\n{text}");
    }
}

#[test]
fn what_others_chose_is_escaped() {
    let changes = vec![change(Class::Tools, "tools", "ca\u{1b}[2J\n\u{202e}", ExplainedBy::Commit)];
    let (_, text) = shown(Relation::Successor, Found { changes, ..Found::default() }, false);
    assert!(text.contains("~ ca\\u{1b}[2J\\u{a}\\u{202e}: one"), "{text}");
}

#[test]
fn how_two_builds_stand_is_by_digest_and_time() {
    let old = || side(10, &json!({}));
    let relation = |new: &Side| Relation::of(&old(), new);
    assert_eq!(relation(&old()), Relation::Same);
    assert_eq!(relation(&side(20, &json!({}))), Relation::Unrelated);
    assert_eq!(relation(&side(5, &json!({}))), Relation::Swapped);
    assert_eq!(relation(&side(20, &after(Some(10), Some(10)))), Relation::Successor);
    assert_eq!(relation(&side(20, &after(Some(15), Some(10)))), Relation::Compared);
    assert_eq!(relation(&side(20, &after(Some(10), Some(15)))), Relation::OnlyLinked);
    assert_eq!(relation(&side(20, &after(Some(10), None))), Relation::OnlyLinked);
    // A clock that was put back doesn't turn a chain round.
    assert_eq!(relation(&side(5, &after(Some(10), None))), Relation::OnlyLinked);
    let reversed = side(10, &after(Some(20), None));
    assert_eq!(Relation::of(&reversed, &side(20, &json!({}))), Relation::Swapped);
    // Two lanes have no order.
    let lane = json!({"lane": observed(&json!({"ref_kind": "tag"}))});
    assert_eq!(relation(&side(5, &lane)), Relation::Unrelated);
    // The capture that was signed is another name.
    let custody = json!({"custody": observed(&json!({"captured": digest(7), "continues": []}))});
    let captured = side(10, &custody);
    assert_eq!(Relation::of(&captured, &side(20, &after(Some(7), Some(7)))), Relation::Successor);
}

#[test]
fn sealed_changes_are_counted_where_the_record_is_of_this_comparison_alone() {
    let old = side(10, &json!({}));
    let new = side(20, &after(Some(10), Some(10)));
    let found = Found::new(Relation::of(&old, &new), &old.evidence, &new.evidence);
    assert_eq!((found.sealed, found.unexplained()), ((3, 1), 1));
    let other = side(20, &after(Some(10), Some(15)));
    let found = Found::new(Relation::of(&old, &other), &old.evidence, &other.evidence);
    assert_eq!(found.sealed, (0, 0), "of another comparison");
    let why = found.not_recorded.unwrap();
    assert_eq!(why, "explanation not recorded: NEW was not compared with OLD when it was built");
}
