//! The log of commits: where it begins, what is in it, and what is said where it isn't whole.

mod content;
mod edges;

use std::cell::Cell;

use git2::{ObjectType, Oid, Repository};

use super::{Fixture, command};
use crate::capture::Captured;
use crate::capture::git::{AllowedSigners, Ancestry, Range, Watch, ancestry, history};
use crate::capture::redact::Redactor;
use crate::format::evidence::{CommitEntry, CommitLog, LastTag, PathKind, PathText, People};
use crate::format::fact::{Sealable, Status};

/// A repository whose commits are written object by object.
pub(super) struct Made {
    pub(super) fixture: Fixture,
    repo: Repository,
    clock: Cell<i64>,
}

impl Made {
    pub(super) fn new() -> Self {
        let fixture = Fixture::empty();
        let repo = Repository::open(fixture.root()).unwrap();
        Self { fixture, repo, clock: Cell::new(1_769_860_800) }
    }

    fn blob(&self, content: &str) -> Oid {
        self.repo.blob(content.as_bytes()).unwrap()
    }

    /// A tree of the first parent's, with these files put in, or taken out where there is no content.
    fn tree(&self, parents: &[Oid], files: &[(&str, Option<&str>)]) -> Oid {
        let repo = &self.repo;
        let base = match parents.first() {
            Some(parent) => repo.find_commit(*parent).unwrap().tree().unwrap(),
            None => repo.find_tree(repo.treebuilder(None).unwrap().write().unwrap()).unwrap(),
        };
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, content) in files {
            match content {
                Some(content) => update.upsert(*path, self.blob(content), git2::FileMode::Blob),
                None => update.remove(*path),
            };
        }
        update.create_updated(repo, &base).unwrap()
    }

    fn raw(&self, tree: Oid, parents: &[Oid], people: &str, message: &[u8]) -> Oid {
        let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
        let bytes = [format!("tree {tree}\n{parents}{people}\n\n").as_bytes(), message].concat();
        self.repo.odb().unwrap().write(ObjectType::Commit, &bytes).unwrap()
    }

    fn at(&self, parents: &[Oid], files: &[(&str, Option<&str>)], message: &str, time: i64) -> Oid {
        let who = "A <a@example.com>";
        let people = format!("author {who} {time} +0000\ncommitter {who} {time} +0000");
        self.raw(self.tree(parents, files), parents, &people, message.as_bytes())
    }

    /// A minute later than the one before.
    pub(super) fn put(&self, parents: &[Oid], files: &[(&str, &str)], message: &str) -> Oid {
        self.clock.set(self.clock.get() + 60);
        let files: Vec<_> = files.iter().map(|(path, content)| (*path, Some(*content))).collect();
        self.at(parents, &files, message, self.clock.get())
    }

    pub(super) fn head(&self, id: Oid) {
        self.repo.reference("refs/heads/main", id, true, "test").unwrap();
    }

    fn since(&self, baseline: &str) -> Captured<CommitLog> {
        self.log(&Range { baseline: Some(baseline), last_tag: None })
    }

    fn log(&self, range: &Range<'_>) -> Captured<CommitLog> {
        of(&self.fixture, range)
    }
}

fn of(fixture: &Fixture, range: &Range<'_>) -> Captured<CommitLog> {
    let watch = Watch::default();
    history(&fixture.root(), range, &watch, None, &Redactor::default(), &|| false)
}

fn log(captured: &Captured<CommitLog>) -> &CommitLog {
    captured.fact.get().unwrap_or_else(|| panic!("{captured:?}"))
}

fn list(captured: &Captured<CommitLog>) -> &[CommitEntry] {
    log(captured).list.inline().unwrap()
}

fn subjects(captured: &Captured<CommitLog>) -> Vec<&str> {
    list(captured).iter().map(|entry| entry.subject.as_str()).collect()
}

fn people(captured: &Captured<CommitLog>) -> &People {
    log(captured).people.inline().unwrap()
}

/// It is whole, and has nothing to complain of.
fn assert_whole(captured: &Captured<CommitLog>) {
    let log = log(captured);
    assert_eq!((log.complete, &log.why_incomplete), (true, &None));
    assert_eq!(log.count, list(captured).len() as u64);
    assert_eq!(captured.gaps, []);
}

/// It isn't whole for a reason that begins so, and a gap says the same with a cure or without.
fn assert_incomplete(captured: &Captured<CommitLog>, reason: &str, cure: Option<&str>) {
    let why = log(captured).why_incomplete.clone().unwrap();
    assert!(!log(captured).complete && why.contains(reason), "{why}");
    let gap = captured.gaps.iter().find(|gap| gap.reason.contains(reason)).unwrap();
    assert_eq!(gap.part, "changes.commits");
    match cure {
        Some(cure) => assert!(gap.cure.as_deref().unwrap().contains(cure), "{gap:?}"),
        None => assert_eq!(gap.cure, None),
    }
}

fn touches(entry: &CommitEntry) -> Vec<(String, PathKind)> {
    let path = |path: &PathText| match path {
        PathText::Path(path) => path.clone(),
        PathText::PathHex(hex) => format!("hex:{hex}"),
    };
    entry.touches.iter().map(|touched| (path(&touched.path), touched.kind)).collect()
}

fn paths(entry: &CommitEntry) -> Vec<String> {
    touches(entry).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn the_log_begins_after_the_baseline_the_tag_or_with_the_first_commit() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let two = made.put(&[one], &[("Cargo.lock", "2")], "two");
    let three = made.put(&[two], &[("a", "3")], "three\n\nbody");
    made.head(three);
    let captured = made.since(&one.to_string());
    assert_whole(&captured);
    assert_eq!(subjects(&captured), ["three", "two"]);
    let found = log(&captured);
    assert_eq!((found.since.as_str(), found.touching), ("baseline", 1));
    assert_eq!(found.since_commit, Some(one.to_string()));
    assert_eq!(found.signatures.get("none"), Some(&2));
    assert_eq!(list(&captured)[0].parents, [two.to_string()]);
    assert_eq!(touches(&list(&captured)[1]), [("Cargo.lock".to_owned(), PathKind::Lockfile)]);

    let tag = LastTag { name: "v1".to_owned(), commit: two.to_string() };
    let captured = made.log(&Range { baseline: None, last_tag: Some(&tag) });
    assert_whole(&captured);
    assert_eq!(subjects(&captured), ["three"]);
    assert_eq!(log(&captured).since, "last tag");
    assert_eq!(log(&captured).since_tag.as_deref(), Some("v1"));

    let captured = made.log(&Range::default());
    assert_whole(&captured);
    assert_eq!(subjects(&captured), ["three", "two", "one"]);
    assert_eq!((log(&captured).since.as_str(), &log(&captured).since_commit), ("beginning", &None));
}

#[test]
fn a_build_of_the_same_commit_has_an_empty_log_that_is_whole() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    made.head(one);
    let captured = made.since(&one.to_string());
    assert_whole(&captured);
    assert_eq!(log(&captured).count, 0);
}

#[test]
fn without_a_repository_or_a_commit_there_is_no_log() {
    for fixture in [Fixture::nothing(), Fixture::empty()] {
        let captured = of(&fixture, &Range::default());
        assert_eq!(captured.fact.status, Status::Absent);
        assert_eq!(captured.gaps, []);
    }
    let fixture = Fixture::new();
    fixture.git(&["config", "core.repositoryformatversion", "1"]);
    fixture.git(&["config", "extensions.partialClone", "origin"]);
    let captured = of(&fixture, &Range::default());
    assert_eq!(captured.fact.status, Status::Unavailable);
    assert!(captured.gaps[0].cure.as_deref().unwrap().contains("--filter"));
    let fixture = Fixture::nothing();
    fixture.git(&["init", "-q", "--object-format=sha256"]);
    let captured = of(&fixture, &Range::default());
    assert_eq!(captured.fact.status, Status::Unavailable);
    assert!(captured.gaps[0].reason.contains("SHA-1"));
}

#[test]
fn criss_cross_merges_are_listed_once_with_children_before_parents() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let (mut left, mut right) =
        (made.put(&[one], &[("l", "0")], "l"), made.put(&[one], &[("r", "0")], "r"));
    for number in 0..20 {
        let text = number.to_string();
        (left, right) = (
            made.put(&[left, right], &[("l", &text)], "left"),
            made.put(&[right, left], &[("r", &text)], "right"),
        );
    }
    let end = made.put(&[left, right], &[("e", "")], "end");
    made.head(end);
    let captured = made.since(&one.to_string());
    assert_whole(&captured);
    let ids: Vec<_> = list(&captured).iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), 43);
    for (at, entry) in list(&captured).iter().enumerate() {
        for parent in entry.parents.iter().filter(|parent| **parent != one.to_string()) {
            assert!(ids.iter().position(|id| id == parent).unwrap() > at);
        }
    }
    // Each of the two sees all of the other's but the last.
    made.head(left);
    let captured = made.since(&right.to_string());
    assert_eq!(log(&captured).count, 1);
}

#[test]
fn clocks_that_go_wrong_change_neither_the_range_nor_the_order() {
    let made = Made::new();
    let one = made.at(&[], &[("a", Some("1"))], "one", 5_000_000_000);
    let two = made.at(&[one], &[("a", Some("2"))], "two", 10);
    let three = made.at(&[two], &[("a", Some("3"))], "three", 9_000_000_000);
    let four = made.at(&[three], &[("a", Some("4"))], "four", -5);
    made.head(four);
    let captured = made.since(&two.to_string());
    assert_whole(&captured);
    assert_eq!(subjects(&captured), ["four", "three"]);
    assert_eq!(ancestry(&made.fixture.root(), &one.to_string()), Ancestry::Ancestor);
}

/// Where `ssh-keygen` isn't there, the vectors beside the code are all there is.
#[test]
fn what_git_signs_is_good_and_a_copied_signature_is_not() {
    let fixture = Fixture::new();
    let key = fixture.beside("key");
    let key = key.to_str().unwrap();
    let made =
        command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]).output();
    if !made.is_ok_and(|output| output.status.success()) {
        return;
    }
    let public = crate::base::file::read(&fixture.beside("key.pub"), 1 << 10).unwrap();
    let config = [
        "-c".to_owned(),
        "gpg.format=ssh".to_owned(),
        "-c".to_owned(),
        format!("user.signingKey={key}"),
    ];
    let commit = |message: &str| {
        fixture.write("a", message);
        let mut arguments: Vec<&str> = config.iter().map(String::as_str).collect();
        arguments.extend(["commit", "-qaS", "-m", message]);
        fixture.try_git_in(&fixture.root(), &arguments).0
    };
    if !commit("signed") {
        return; // A git that knows no SSH signatures.
    }
    let line = [b"ann@example.com namespaces=\"git\" ", public.as_slice()].concat();
    let signers = AllowedSigners::parse(&line).unwrap();
    let look = || {
        let redactor = Redactor::default();
        let root = fixture.root();
        history(&root, &Range::default(), &Watch::default(), Some(&signers), &redactor, &|| false)
    };
    let captured = look();
    let entry = &list(&captured)[0];
    assert_eq!(entry.signature.state, "good", "{entry:?}");
    let principal = entry.signature.principal.as_deref().unwrap();
    assert_eq!(people(&captured).names[principal], "ann@example.com");
    assert_eq!(log(&captured).allowed_signers, Some(signers.sha256()));
    assert_eq!(log(&captured).signatures.get("good"), Some(&1));

    let repo = Repository::open(fixture.root()).unwrap();
    let odb = repo.odb().unwrap();
    let signed = odb.read(repo.refname_to_id("HEAD").unwrap()).unwrap();
    let copied =
        String::from_utf8(signed.data().to_vec()).unwrap().replace("\n\nsigned", "\n\nother");
    let copied = odb.write(ObjectType::Commit, copied.as_bytes()).unwrap();
    repo.reference("refs/heads/main", copied, true, "test").unwrap();
    let captured = look();
    assert_eq!(list(&captured)[0].signature.state, "bad");
    assert_eq!(list(&captured)[0].signature.principal, None);
}

#[test]
fn the_log_comes_through_the_last_door_unchanged() {
    let made = Made::new();
    let one = made.put(&[], &[("Makefile", "1")], "one\n\nSigned-off-by: A <a@example.com>");
    made.head(one);
    let captured = made.log(&Range::default());
    let mut passed = log(&captured).clone();
    if let Sealable::Inline(list) = &mut passed.list {
        list[0].signature.key =
            Some("SHA256:OmUGaVJ9u7UzJ9HlCZOh5rT4Kn7FZbfLRYxzs2DKb2A".to_owned());
    }
    let before = passed.clone();
    let mut found = Vec::new();
    crate::capture::withhold_part("changes", &mut passed, &Redactor::default(), &mut found)
        .unwrap();
    assert_eq!((passed, found), (before, Vec::new()));
}
