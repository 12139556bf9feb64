//! What single commits say and touch.

use git2::Oid;

use super::{Made, assert_whole, list, log, paths, people, subjects, touches};
use crate::capture::git::{Range, Watch, history};
use crate::capture::redact::Redactor;
use crate::format::evidence::{CommitLog, PathKind};

#[test]
fn a_merge_touches_what_differs_from_every_parent() {
    let made = Made::new();
    let one = made.put(&[], &[("Makefile", "1"), ("build.rs", "1"), ("go.mod", "1")], "one");
    let left = made.put(&[one], &[("Makefile", "left")], "left");
    let right = made.put(&[one], &[("build.rs", "right")], "right");
    let merge = made.put(
        &[left, right],
        &[("build.rs", "right"), ("go.mod", "evil"), ("deep/er/Dockerfile", "evil")],
        "merge",
    );
    made.head(merge);
    let captured = made.since(&one.to_string());
    assert_whole(&captured);
    assert_eq!(subjects(&captured), ["merge", "right", "left"]);
    let entry = &list(&captured)[0];
    assert_eq!(entry.parents, [left.to_string(), right.to_string()]);
    assert_eq!(paths(entry), ["deep/er/Dockerfile", "go.mod"]);
}

#[test]
fn absurd_times_and_people_are_recorded_and_never_a_panic() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let tree = made.tree(&[one], &[]);
    let mut last = one;
    for people in [
        "author A <a> 99999999999999999999 +0000\ncommitter A <a> -99999999999999999999 +9999",
        "author\ncommitter",
        "committer A <a> 1 +0000",
        "author A <a> x\ncommitter A <a>",
    ] {
        last = made.raw(tree, &[last], people, b"");
    }
    made.head(last);
    let captured = made.since(&one.to_string());
    assert_whole(&captured);
    let first = list(&captured).last().unwrap();
    assert_eq!(first.authored.to_string(), "9999-12-30T22:00:00Z");
    assert_eq!(first.committed.to_string(), "0000-01-01T00:00:00Z");
    let text = serde_json::to_string(log(&captured)).unwrap();
    assert_eq!(&serde_json::from_str::<CommitLog>(&text).unwrap(), log(&captured));
}

#[test]
fn files_that_come_go_and_become_folders_are_touched() {
    let made = Made::new();
    let one = made.put(
        &[],
        &[("Makefile", "x"), ("Makefile.d/x", "x"), ("ci/a.sh", "x"), ("sub/pom.xml", "x")],
        "one",
    );
    let files = [
        ("Makefile", None),
        ("Makefile/build.rs", Some("x")),
        ("ci/a.sh", None),
        ("sub", Some("a file now")),
        (".github/workflows/x.yml", Some("x")),
    ];
    let removed =
        made.at(&[one], &[("Makefile", None), ("sub/pom.xml", None)], "gone", 1_800_000_000);
    let files: Vec<_> = files.into_iter().filter(|(path, _)| *path != "Makefile").collect();
    let two = made.at(&[removed], &files, "two", 1_800_000_060);
    made.head(two);
    let captured = made.since(&one.to_string());
    assert_whole(&captured);
    assert_eq!(paths(&list(&captured)[1]), ["Makefile", "sub/pom.xml"]);
    assert_eq!(
        paths(&list(&captured)[0]),
        [".github/workflows/x.yml", "Makefile/build.rs", "ci/a.sh"]
    );
    // Straight from one to the other.
    let people = "author A <a> 1800000120 +0000\ncommitter A <a> 1800000120 +0000";
    let direct = made.raw(made.tree(&[two], &[]), &[one], people, b"direct");
    made.head(direct);
    let captured = made.since(&one.to_string());
    assert_eq!(
        paths(&list(&captured)[0]),
        [".github/workflows/x.yml", "Makefile", "Makefile/build.rs", "ci/a.sh", "sub/pom.xml"]
    );
}

#[test]
fn a_commit_of_ten_thousand_paths_is_listed_up_to_a_bound_that_is_said() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let names: Vec<String> = (0..10_000).map(|n| format!("d{:02}/x{n}.mk", n % 100)).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let two = made.put(&[one], &files, "many");
    made.head(two);
    let captured = made.since(&one.to_string());
    assert!(log(&captured).complete);
    assert_eq!(list(&captured)[0].touches.len(), 1000);
    assert_eq!(
        captured.gaps[0].reason,
        "1 commit with more paths of the build environment than are listed"
    );
}

#[test]
fn folders_in_folders_without_end_are_not_followed() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let deep = format!("{}build.rs", "d/".repeat(200));
    let two = made.put(&[one], &[(&deep, "x"), ("build.rs", "x")], "deep");
    made.head(two);
    let captured = made.since(&one.to_string());
    assert_eq!(paths(&list(&captured)[0]), ["build.rs"]);
    assert_eq!(captured.gaps.len(), 1);
}

#[test]
fn a_tree_that_is_not_here_is_said_to_be_unknown() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let people = "author A <a> 1 +0000\ncommitter A <a> 1 +0000";
    let nothing = Oid::from_str("0123456789012345678901234567890123456789").unwrap();
    let two = made.raw(nothing, &[one], people, b"two");
    made.head(two);
    let captured = made.since(&one.to_string());
    assert_eq!(list(&captured)[0].touches, []);
    assert!(captured.gaps[0].reason.contains("isn't known what they touch"));
}

#[test]
fn secrets_in_subjects_trailers_and_names_are_withheld() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let message = format!(
        "{} {token}\n\nTicket: {token}\nDeploy-Password: hunter2hunter2\nCc: {token} <x@example.com>\n",
        "x".repeat(180)
    );
    let people = format!("author {token} <a> 1 +0000\ncommitter A <{token}> 1 +0000");
    let two = made.raw(made.tree(&[one], &[]), &[one], &people, message.as_bytes());
    made.head(two);
    let captured = made.since(&one.to_string());
    let text = serde_json::to_string(log(&captured)).unwrap();
    assert!(!text.contains("0123456789abc") && !text.contains("hunter2"), "{text}");
    let short = &two.to_string()[..12];
    let places: Vec<_> = captured.redactions.iter().map(|one| one.place.clone()).collect();
    for what in ["author", "committer", "subject", "trailer"] {
        assert!(places.contains(&format!("{what} of commit {short}")), "{places:?}");
    }
    let known = Redactor::new(["opensesame-opensesame".to_owned()]);
    let three = made.put(&[one], &[], "say opensesame-opensesame");
    made.head(three);
    let range = Range::default();
    let root = made.fixture.root();
    let captured = history(&root, &range, &Watch::default(), None, &known, &|| false);
    assert!(!subjects(&captured)[0].contains("opensesame"));
}

#[test]
fn people_are_fingerprints_and_their_names_stand_apart() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let message = "s (#7)\n\nSigned-off-by: Ann <ann@example.com>\nTicket: A-1\nCc: bob@example.com\nTested-by: A <a@example.com>, Ann <ann@example.com>";
    let two = made.put(&[one], &[], message);
    made.head(two);
    let captured = made.since(&one.to_string());
    let entry = &list(&captured)[0];
    let text = serde_json::to_string(entry).unwrap();
    assert!(!text.contains("example.com"), "{text}");
    let names = &people(&captured).names;
    assert_eq!(names[&entry.author], "A <a@example.com>");
    let trailer = |at: usize| (entry.trailers[at].key.as_str(), entry.trailers[at].value.as_str());
    let ann = trailer(0).1.strip_prefix("person:").unwrap();
    assert_eq!(names[ann], "Ann <ann@example.com>");
    assert_eq!(trailer(1), ("Ticket", "A-1"));
    assert_eq!(names[trailer(2).1.strip_prefix("person:").unwrap()], " <bob@example.com>");
    assert_eq!(trailer(3).1, format!("person:{} person:{ann}", entry.author));
    assert_eq!(entry.request, Some(7));
    assert_eq!(names.len(), 3);
    let again = made.since(&one.to_string());
    assert_ne!(people(&again).key, people(&captured).key);
    assert_ne!(list(&again)[0].author, entry.author);
}

#[test]
fn ordinary_trailers_stay_as_they_are() {
    let made = Made::new();
    let message = "s\n\nFixes: #12\nAuthored-in: Berlin\nApproved: yes\nReviewed-on: https://review.example.com/c/x/+/12\nBuild: 4711";
    made.head(made.put(&[], &[], message));
    let captured = made.log(&Range::default());
    let found: Vec<_> = list(&captured)[0]
        .trailers
        .iter()
        .map(|trailer| format!("{}: {}", trailer.key, trailer.value))
        .collect();
    assert_eq!(found.join("\n"), message[3..]);
}

#[test]
fn a_message_of_megabytes_or_of_no_text_is_cut_and_kept() {
    let made = Made::new();
    let one = made.put(&[], &[("a", "1")], "one");
    let trailers: String = (0..100).map(|n| format!("T-{n}: x\n")).collect();
    let long = format!("{}\n\n{}\n\n{trailers}", "s".repeat(3 << 20), "line\n".repeat(1 << 20));
    let two = made.put(&[one], &[], &long);
    let people = "author A <a> 1769999999 +0000\ncommitter A <a> 1769999999 +0000";
    let three = made.raw(made.tree(&[two], &[]), &[two], people, b"\xff\x1b[2J odd\0end\n");
    made.head(three);
    let captured = made.since(&one.to_string());
    assert_eq!(subjects(&captured), ["\\xff\\u{1b}[2J odd\\u{0}end", "s".repeat(200).as_str()]);
    assert_eq!(list(&captured)[1].trailers.len(), 32);
    assert_eq!(captured.gaps[0].reason, "1 commit with more trailers than are listed");
}

#[test]
fn added_patterns_are_relative_to_the_root_that_was_given() {
    let made = Made::new();
    let one = made.put(&[], &[("sub/env/x", "1"), ("env/x", "1")], "one");
    made.head(one);
    made.fixture.write("sub/env/x", "1");
    let watch = Watch::new(&["env".to_owned()]).unwrap();
    let redactor = Redactor::default();
    let root = made.fixture.root().join("sub");
    let captured = history(&root, &Range::default(), &watch, None, &redactor, &|| false);
    assert_eq!(touches(&list(&captured)[0]), [("sub/env/x".to_owned(), PathKind::Added)]);
}
