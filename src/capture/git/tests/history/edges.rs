//! Logs that can't be whole, and commits that aren't where they should be.

use std::cell::Cell;

use super::{Made, assert_incomplete, list, log, subjects};
use crate::capture::git::tests::{Fixture, write};
use crate::capture::git::{Ancestry, Range, Watch, ancestry, history};
use crate::capture::redact::Redactor;
use crate::format::evidence::LastTag;

const FETCH: &str = "fetch-depth: 0";

#[test]
fn a_baseline_that_is_no_commit_here_is_said_and_the_log_begins_after_the_tag() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let two = made.put(&[one], &[("a", "2")], "two");
    made.head(two);
    let tag = LastTag { name: "v1".to_owned(), commit: one.to_string() };
    let blob = made.blob("1").to_string();
    let short = one.to_string()[..39].to_owned();
    for (baseline, reason) in [
        ("0123456789012345678901234567890123456789", "the history was rewritten"),
        (blob.as_str(), "can't be read as a commit"),
        (short.as_str(), "isn't named by the id of a commit"),
        ("main", "isn't named by the id of a commit"),
        ("../../etc/passwd\u{1b}[2J", "isn't named by the id of a commit"),
        ("", "isn't named by the id of a commit"),
    ] {
        let range = Range { baseline: Some(baseline), last_tag: Some(&tag) };
        let captured = made.log(&range);
        assert_incomplete(&captured, reason, Some(FETCH));
        assert_eq!(subjects(&captured), ["two"]);
        assert_eq!(log(&captured).since, "last tag");
        let captured = made.since(baseline);
        assert_incomplete(&captured, reason, Some(FETCH));
        assert_eq!((log(&captured).since.as_str(), log(&captured).count), ("beginning", 2));
    }
}

#[test]
fn rewritten_history_is_said_and_what_is_new_since_the_merge_base_is_listed() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let dropped = made.put(&[one], &[("a", "2")], "dropped");
    let new = made.put(&[one], &[("a", "3")], "new");
    made.head(new);
    let captured = made.since(&dropped.to_string());
    assert_incomplete(&captured, "HEAD doesn't come after the baseline's commit", None);
    assert_eq!(subjects(&captured), ["new"]);
    assert_eq!(log(&captured).since_commit, Some(one.to_string()));
    let stranger = made.put(&[], &[("b", "1")], "stranger");
    let captured = made.since(&stranger.to_string());
    assert_incomplete(&captured, "no commit in common", None);
    assert_eq!(subjects(&captured), ["new", "one"]);
    assert_eq!(log(&captured).since_commit, None);
}

#[test]
fn a_shallow_clone_says_that_the_history_is_cut_off() {
    let made = Made::new();
    let mut last = made.put(&[], &[("a", "0"), ("Cargo.lock", "0")], "zero");
    let first = last;
    for number in 1..6 {
        last = made.put(&[last], &[("a", &number.to_string())], &format!("n{number}"));
    }
    made.head(last);
    let url = format!("file://{}", made.fixture.root().display());
    let folder = made.fixture.0.path();
    made.fixture.git_in(folder, &["clone", "-q", "--depth=3", &url, "shallow"]);
    let shallow = made.fixture.beside("shallow");
    let look = |range: &Range<'_>| {
        let redactor = Redactor::default();
        history(&shallow, range, &Watch::default(), None, &redactor, &|| false)
    };
    let first = first.to_string();
    let captured = look(&Range { baseline: Some(&first), last_tag: None });
    assert_incomplete(&captured, "history is cut off (shallow)", Some(FETCH));
    assert_incomplete(&captured, "the baseline's commit isn't in the repository", Some(FETCH));
    assert_eq!(subjects(&captured), ["n5", "n4", "n3"]);
    // Compared with nothing, the commit at the edge would touch the whole tree.
    assert_eq!(list(&captured)[2].touches, []);
    assert_eq!(list(&captured)[2].parents.len(), 1);
    let parent = list(&captured)[0].parents[0].clone();
    assert!(look(&Range { baseline: Some(&parent), last_tag: None }).gaps.is_empty());
    assert_eq!(ancestry(&shallow, &parent), Ancestry::Ancestor);
    assert!(
        matches!(ancestry(&shallow, &first), Ancestry::Missing(why) if why.contains("shallow"))
    );
}

#[test]
fn neither_grafts_nor_shallow_nor_a_replacement_hides_a_commit() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let two = made.put(&[one], &[("Cargo.lock", "2")], "two");
    let three = made.put(&[two], &[("a", "3")], "three");
    made.head(three);
    let git_dir = made.fixture.root().join(".git");
    write(&git_dir.join("info/grafts"), format!("{three} {one}\n"));
    write(&git_dir.join("shallow"), format!("{three}\n"));
    made.fixture.git(&["update-ref", &format!("refs/replace/{two}"), &one.to_string()]);
    let captured = made.since(&one.to_string());
    assert_eq!(subjects(&captured), ["three", "two"]);
    assert!(log(&captured).complete);
}

#[test]
fn a_commit_that_is_too_large_ends_the_log_and_is_said() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let huge = made.put(&[one], &[], &"x".repeat(17 << 20));
    let three = made.put(&[one, huge], &[], "three");
    made.head(three);
    let captured = made.since(&one.to_string());
    assert_incomplete(&captured, "1 commit and what comes before can't be read", Some("git fsck"));
    assert_eq!(subjects(&captured), ["three"]);
}

#[test]
fn the_end_can_be_asked_for_at_any_time() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let two = made.put(&[one], &[("a", "2")], "two");
    made.head(two);
    let turns = Cell::new(0);
    for after in 0..3 {
        turns.set(0);
        let stop = || {
            turns.set(turns.get() + 1);
            turns.get() > after
        };
        let root = made.fixture.root();
        let redactor = Redactor::default();
        let captured = history(&root, &Range::default(), &Watch::default(), None, &redactor, &stop);
        assert_incomplete(&captured, "the end was asked for", None);
    }
}

#[test]
fn a_commit_is_heads_comes_before_it_or_does_not() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let two = made.put(&[one], &[("a", "2")], "two");
    let other = made.put(&[one], &[("a", "3")], "other");
    let root = made.fixture.root();
    assert!(matches!(ancestry(&root, &one.to_string()), Ancestry::Unreadable(_)));
    made.head(two);
    assert_eq!(ancestry(&root, &two.to_string()), Ancestry::Same);
    assert_eq!(ancestry(&root, &one.to_string()), Ancestry::Ancestor);
    assert_eq!(ancestry(&root, &other.to_string()), Ancestry::NotAncestor);
    for missing in ["", "HEAD", &made.blob("1").to_string(), &"0".repeat(40), &"0".repeat(64)] {
        assert!(matches!(ancestry(&root, missing), Ancestry::Missing(_)), "{missing}");
    }
    let nothing = Fixture::nothing();
    assert!(matches!(ancestry(&nothing.root(), "main"), Ancestry::Unreadable(_)));
}

#[test]
fn a_baseline_behind_the_edge_of_a_shallow_clone_is_not_called_rewritten() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let two = made.put(&[one], &[("a", "2")], "two");
    let three = made.put(&[two], &[("a", "3")], "three");
    made.head(three);
    let path = two.to_string();
    let object = made.fixture.root().join(".git/objects").join(&path[..2]).join(&path[2..]);
    std::fs::remove_file(object).unwrap();
    let captured = made.since(&one.to_string());
    assert_incomplete(&captured, "cut off before the baseline's commit is met", Some(FETCH));
    assert_incomplete(&captured, "parents of some commits aren't in the repository", Some(FETCH));
    assert!(matches!(
        ancestry(&made.fixture.root(), &one.to_string()),
        Ancestry::Missing(why) if why.contains("cut off")
    ));
}
