//! Keyed fingerprints of variables: whoever compares two builds sees which values are other ones, and nobody
//! without the key can try out what they are.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::environment::Variables;
use super::redact::Redactor;
use crate::base::digest::Sha256;
use crate::format::evidence::{Fingerprints, is_per_run};
use crate::format::fact::Gap;

/// Fewest bytes of a key: fewer could be tried out.
pub const KEY_MIN: usize = 16;
/// Most bytes of a key.
pub const KEY_MAX: usize = 4096;
/// Most variables.
const MOST: usize = 5000;
/// Hexadecimal digits of a fingerprint: a full digest would tell nothing more.
const DIGITS: usize = 32;
/// Hexadecimal digits that stand for the key.
const KEY_DIGITS: usize = 16;

/// A key of another length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {KEY_MIN} to {KEY_MAX} bytes, without the line feed at their end")]
pub struct KeyLength;

/// The key; wiped when it is dropped, and shown nowhere.
pub struct FingerprintKey(Zeroizing<Vec<u8>>);

impl FingerprintKey {
    /// Takes a file's bytes. A line feed at their end is the editor's.
    ///
    /// # Errors
    /// Too few, or too many.
    pub fn new(mut bytes: Zeroizing<Vec<u8>>) -> Result<Self, KeyLength> {
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if (KEY_MIN..=KEY_MAX).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(KeyLength) }
    }

    /// What no text may hold.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        &self.0
    }

    fn digits(&self, message: &[u8], digits: usize) -> String {
        let mut text = Sha256::keyed(&self.0, message).to_string();
        text.truncate(digits);
        text
    }
}

impl std::fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FingerprintKey(withheld)")
    }
}

/// The fingerprints of all variables but those that are others in every run, and our own.
#[must_use]
pub fn capture(
    variables: &Variables,
    key: &FingerprintKey,
    redactor: &Redactor,
) -> (Fingerprints, Vec<Gap>) {
    let mut gaps = Vec::new();
    let (mut found, mut left_out) = (BTreeMap::new(), 0_usize);
    for (name, value) in variables.for_build() {
        let name = name.to_string_lossy();
        // A name that is withheld would stand for several.
        if is_per_run(&name) || !redactor.scrub(&name).rules.is_empty() {
            continue;
        }
        if found.len() >= MOST {
            left_out += 1;
            continue;
        }
        let start = format!("proofmark variable\n{name}\n");
        let message = Zeroizing::new([start.as_bytes(), value.as_encoded_bytes()].concat());
        found.insert(name.into_owned(), key.digits(&message, DIGITS));
    }
    if left_out > 0 {
        let reason = format!("{left_out} variables more than {MOST} have no fingerprint");
        gaps.push(Gap::without_cure("environment.fingerprints", reason));
    }
    let key_id = key.digits(b"proofmark fingerprint key", KEY_DIGITS);
    (Fingerprints { key_id, variables: found }, gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> FingerprintKey {
        FingerprintKey::new(Zeroizing::new(text.as_bytes().to_vec())).unwrap()
    }

    fn of(pairs: &[(&str, &str)], by: &str) -> Fingerprints {
        let variables = Variables::new(pairs.iter().copied());
        capture(&variables, &key(by), &Redactor::new(Vec::new())).0
    }

    const KEY: &str = "sixteen bytes !!";

    /// Python: `hmac.new(KEY, b"proofmark variable\nA\nvalue", "sha256").hexdigest()[:32]`.
    #[test]
    fn a_fingerprint_is_what_others_compute() {
        let found = of(&[("A", "value")], KEY);
        assert_eq!(found.key_id, "c656d46d310715c5");
        assert_eq!(found.variables["A"], "06ef9eec83e2a644ab7f55c59b21ead9");
        assert_eq!(of(&[("A", "value")], &format!("{KEY}\n")), found, "a line feed is no key");
    }

    #[test]
    fn the_same_key_and_value_give_the_same_and_any_other_another() {
        let one = of(&[("A", "value"), ("B", "value")], KEY);
        assert_eq!(one, of(&[("A", "value"), ("B", "value")], KEY));
        assert_ne!(one.variables["A"], one.variables["B"], "the name is part of it");
        assert_ne!(one.variables["A"], of(&[("A", "valuf")], KEY).variables["A"]);
        let other = of(&[("A", "value")], "another key of 24 bytes!");
        assert_ne!(one.variables["A"], other.variables["A"]);
        assert_ne!(one.key_id, other.key_id);
        let long = of(&[("A", "value")], &"k".repeat(KEY_MAX));
        assert_ne!(long.key_id, of(&[("A", "value")], &"k".repeat(KEY_MAX - 1)).key_id);
    }

    #[test]
    fn neither_the_value_nor_its_hash_nor_its_length_is_there() {
        let value = "x".repeat(7777);
        let text = serde_json::to_string(&of(&[("A", &value)], KEY)).unwrap();
        assert!(!text.contains("xxx") && !text.contains("7777"));
        assert!(!text.contains(&Sha256::of(value.as_bytes()).to_string()[..16]));
        assert!(!format!("{:?}", key(KEY)).contains("sixteen"));
    }

    #[test]
    fn what_differs_in_every_run_and_what_is_our_own_has_none() {
        let names = ["GITHUB_X", "RUNNER_X", "ACTIONS_X", "CI_X", "GITLAB_X", "FF_X", "CI", "PWD"];
        let more = ["OLDPWD", "SHLVL", "_", "HOSTNAME", "TERM", "PROOFMARK_X"];
        let pairs: Vec<_> = names.iter().chain(&more).map(|name| (*name, "1")).collect();
        assert_eq!(of(&pairs, KEY).variables.len(), 0);
        assert_eq!(of(&[("CIRCLE", ""), ("TERMINAL", "1")], KEY).variables.len(), 2);
    }

    #[test]
    fn a_key_has_its_length_and_five_thousand_variables_are_the_most() {
        for (length, fits) in [(0, false), (15, false), (16, true), (4096, true), (4097, false)] {
            let bytes = Zeroizing::new(vec![b'k'; length]);
            assert_eq!(FingerprintKey::new(bytes).is_ok(), fits, "{length}");
        }
        let variables = Variables::new((0..5002).map(|n| (format!("V{n}"), "1")));
        let (found, gaps) = capture(&variables, &key(KEY), &Redactor::new(Vec::new()));
        assert_eq!(found.variables.len(), MOST);
        assert!(gaps[0].reason.starts_with("2 variables more"));
    }
}
