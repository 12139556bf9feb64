//! Names, fingerprints and signatures of the commit.

use super::{Fixture, capture, gaps, source};
use crate::base::digest::Sha256;
use crate::format::evidence::{CommitPeople, People};

/// A commit of these headers behind `tree`, checked out or not; libgit2 takes what git would refuse.
fn committed(headers: &[u8]) -> Fixture {
    let fixture = Fixture::new();
    let repo = git2::Repository::open(fixture.root()).unwrap();
    let tree = repo.head().unwrap().peel_to_tree().unwrap().id();
    let mut commit = format!("tree {tree}\n").into_bytes();
    commit.extend_from_slice(headers);
    commit.extend_from_slice(b"\n\nmessage\n");
    let id = repo.odb().unwrap().write(git2::ObjectType::Commit, &commit).unwrap();
    repo.reference("refs/heads/main", id, true, "test").unwrap();
    fixture
}

fn by(author: &str, committer: &str) -> Fixture {
    committed(
        format!("author {author} 1769860800 +0000\ncommitter {committer} 1769860800 +0000")
            .as_bytes(),
    )
}

fn people(fixture: &Fixture) -> CommitPeople {
    source(&fixture.capture()).people.clone().unwrap()
}

fn inside(people: &CommitPeople) -> &People {
    people.names.inline().unwrap()
}

#[test]
fn the_fingerprints_are_those_of_the_names_under_the_key() {
    let people = people(&by("Ann Ä <ann@example.com>", "Bob <bob@example.com>"));
    let People { key, names } = inside(&people);
    let key: [u8; 16] = hex::decode(key).unwrap().try_into().unwrap();
    for (fingerprint, name) in names {
        assert_eq!(fingerprint[..], Sha256::keyed(&key, name.as_bytes()).to_string()[..16]);
    }
    assert_eq!(names[&people.author], "Ann Ä <ann@example.com>");
    assert_eq!(names[&people.committer], "Bob <bob@example.com>");
    assert_eq!(names.len(), 2);
    assert_eq!(people.signature, "none");
}

#[test]
fn one_person_has_one_fingerprint_and_another_in_each_evidence() {
    let fixture = by("Ann <ann@example.com>", "Ann <ann@example.com>");
    let (first, second) = (people(&fixture), people(&fixture));
    assert_eq!(first.author, first.committer);
    assert_eq!(inside(&first).names.len(), 1);
    assert_ne!(first.author, second.author);
    assert_ne!(inside(&first).key, inside(&second).key);
}

#[test]
fn a_name_can_neither_repaint_the_terminal_nor_fill_the_evidence() {
    let long = "x".repeat(1 << 20);
    let fixture = by(&format!("{long} <a@example.com>"), "B\u{1b}[2J\u{202e}\r <b@example.com>");
    let git = fixture.capture();
    let people = source(&git).people.clone().unwrap();
    let names = &inside(&people).names;
    assert_eq!(names[&people.author], "x".repeat(256));
    assert_eq!(names[&people.committer], "B\\u{1b}[2J\\u{202e} <b@example.com>");
    assert_eq!(
        gaps(&git),
        ["source.people.names: the author has more than 256 characters and was cut"]
    );
}

#[test]
fn a_secret_in_a_name_is_withheld_where_it_is_cut_too() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let fixture =
        by(&format!("{} {token} <a@example.com>", "x".repeat(230)), &format!("{token} <b>"));
    let git = fixture.capture();
    let text = serde_json::to_string(source(&git)).unwrap();
    assert!(!text.contains("0123456"), "{text}");
    let places: Vec<_> = git.redactions.iter().map(|withheld| withheld.place.as_str()).collect();
    assert_eq!(places, ["author of the commit", "committer of the commit"]);
}

#[test]
fn ordinary_names_and_addresses_stay_as_they_are() {
    for person in [
        "octocat <583231+octocat@users.noreply.github.com>",
        "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
        "GitHub <noreply@github.com>",
        "Jean-Luc O'Neill, Jr. <jl.oneill@mail.example.co.uk>",
    ] {
        let people = people(&by(person, person));
        assert_eq!(inside(&people).names[&people.author], person);
    }
}

#[test]
fn bytes_that_are_no_text_and_people_without_a_name_are_recorded() {
    let people = people(&committed(
        b"author \xff\xfe <a@example.com> 1769860800 +0000\ncommitter  <> 1769860800 +0000",
    ));
    assert_eq!(inside(&people).names[&people.author], r"\xff\xfe <a@example.com>");
    assert_eq!(inside(&people).names[&people.committer], " <>");
}

#[test]
fn the_kind_of_signature_is_told_by_its_first_line() {
    for (first, kind) in [
        ("-----BEGIN SSH SIGNATURE-----", "ssh"),
        ("-----BEGIN PGP SIGNATURE-----", "openpgp"),
        ("-----BEGIN PGP MESSAGE-----", "openpgp"),
        ("-----BEGIN SIGNED MESSAGE-----", "x509"),
        ("-----BEGIN SOMETHING-----", "other"),
        ("", "other"),
    ] {
        let fixture = committed(
            format!(
                "author A <a> 1 +0000\ncommitter A <a> 1 +0000\ngpgsig {first}\n AAAA\n -----END-----"
            )
            .as_bytes(),
        );
        assert_eq!(people(&fixture).signature, kind, "{first}");
    }
}

#[test]
fn without_a_commit_there_is_nobody() {
    assert_eq!(source(&capture(&Fixture::empty().root())).people, None);
}
