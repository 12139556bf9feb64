//! What an audience commits to.

use serde_json::json;

use crate::format::statement::Subject;
use crate::token::audience::{of_build, of_pipeline};

fn subject(name: Option<&str>, digest: Option<&str>, size: Option<u64>) -> Subject {
    let mut subject = Subject { name: name.map(str::to_owned), ..Subject::default() };
    subject.digest.extend(digest.map(|digest| ("sha256".to_owned(), digest.to_owned())));
    subject.annotations.extend(size.map(|size| ("size".to_owned(), json!(size))));
    subject
}

fn signers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Computed with Python's `hashlib` and `json`.
#[test]
fn the_audience_is_what_another_program_computes() {
    assert_eq!(
        of_build("build-1", &[], &[]),
        "urn:proofmark:v1:0a816c8fb112c05be0b3186ec2e397a02b68d0c6a5dffede57160f3dad82f48f"
    );
    let subjects = [
        subject(Some("b\"\n\u{e9}\u{1f600}"), Some(&"11".repeat(32)), Some(7)),
        subject(Some("Z"), Some(&"22".repeat(32)), Some(0)),
        subject(Some("a"), None, None),
    ];
    assert_eq!(
        of_build("build-1", &signers(&["SHA256:b", "SHA256:a"]), &subjects),
        "urn:proofmark:v1:b48f44db942a024a31959aeb714cf3ab11d38792234c9745886a38db1ab4373c"
    );
    assert_eq!(of_pipeline("74", "1212"), "proofmark:74:1212");
}

#[test]
fn the_order_of_subjects_and_signers_is_nothing_and_all_else_is_something() {
    let [one, two] = ["11", "22"].map(|digit| digit.repeat(32));
    let a = subject(Some("a"), Some(&one), Some(1));
    let b = subject(Some("b"), Some(&two), Some(1));
    let keys = signers(&["SHA256:x", "SHA256:y"]);
    let whole = of_build("build", &keys, &[a.clone(), b.clone()]);
    let reversed = signers(&["SHA256:y", "SHA256:x", "SHA256:x"]);
    assert_eq!(of_build("build", &reversed, &[b.clone(), a.clone()]), whole);
    let other_name = Subject { name: Some("c".to_owned()), ..b.clone() };
    let no_name = Subject { name: None, ..b.clone() };
    let dash = Subject { name: Some("-".to_owned()), ..b.clone() };
    let mut all = vec![
        whole,
        of_build("other", &keys, &[a.clone(), b.clone()]),
        of_build("build", &signers(&["SHA256:x"]), &[a.clone(), b.clone()]),
        of_build("build", &[], &[a.clone(), b.clone()]),
        of_build("build", &keys, std::slice::from_ref(&a)),
        of_build("build", &keys, &[a.clone(), other_name]),
        of_build("build", &keys, &[a.clone(), no_name]),
        of_build("build", &keys, &[a.clone(), dash]),
        of_build("build", &keys, &[a.clone(), subject(Some("b"), Some(&one), Some(1))]),
        of_build("build", &keys, &[a.clone(), subject(Some("b"), Some(&two), Some(2))]),
        of_build("build", &keys, &[a.clone(), subject(Some("b"), Some(&two), None)]),
        of_build("build", &keys, &[a.clone(), b.clone(), b]),
    ];
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn equal_names_are_in_one_order_and_a_digest_has_one_spelling() {
    let upper = subject(Some("a"), Some(&"AB".repeat(32)), Some(1));
    let lower = subject(Some("a"), Some(&"ab".repeat(32)), Some(1));
    let other = subject(Some("a"), Some(&"cd".repeat(32)), Some(1));
    let audience = |subjects: &[Subject]| of_build("build", &[], subjects);
    assert_eq!(audience(&[upper, other.clone()]), audience(&[other, lower]));
}

/// One subject's digest that reads, in what is hashed, as two subjects'.
#[test]
fn a_digest_can_t_smuggle_another_subject_in() {
    let [one, two] = ["11", "22"].map(|digit| digit.repeat(32));
    let two_subjects =
        [subject(Some("a"), Some(&one), Some(1)), subject(Some("b"), Some(&two), Some(1))];
    let smuggled = subject(Some("b"), Some(&format!("{one} 1 \"a\"\n{two}")), Some(1));
    assert_ne!(of_build("build", &[], &[smuggled]), of_build("build", &[], &two_subjects));
}
