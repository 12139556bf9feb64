//! A good file with one thing changed, thousands of times: never a panic, and never a verdict on bytes
//! that the vendor didn't sign.

use std::collections::BTreeSet;

use proofmark::base::digest::Sha256;
use proofmark::base::time::Time;
use proofmark::read;
use proofmark::verify::{
    Artefact, ArtefactKind, Trust, Verdict, Wishes, authenticate, judge, judge_statements,
};
use serde_json::json;

use crate::forge::{APP, build, envelope_by, evidence, key, subject, vendor};

/// xorshift64: the same mutations in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}

struct Checker {
    trust: Trust,
    artefact: Artefact,
    now: Time,
    signed: BTreeSet<Sha256>,
}

impl Checker {
    fn new(signed: &[&[u8]], keys: &[u8]) -> Self {
        Self {
            trust: Trust::new(keys.iter().map(|n| key(*n).public()), 1).unwrap(),
            artefact: Artefact {
                kind: ArtefactKind::File,
                name: Some("app".into()),
                sha256: Sha256::of(APP),
                sha512: None,
                size: Some(APP.len() as u64),
            },
            now: "2026-01-02T00:00:00Z".parse().unwrap(),
            signed: signed.iter().map(|payload| Sha256::of(payload)).collect(),
        }
    }

    fn check(&self, bytes: &[u8]) -> Verdict {
        let Ok(lines) = read::bytes(bytes) else { return Verdict::CouldNotTell };
        let set = authenticate(&lines, &self.trust);
        for verified in &set.verified {
            assert!(self.signed.contains(&verified.payload_digest()), "{}", show(bytes));
        }
        let wishes = Wishes::default();
        let judgement = judge(&set, &self.artefact, &wishes, self.now);
        for accepted in &judgement.accepted {
            assert!(self.signed.contains(&accepted.statement.payload_digest()), "{}", show(bytes));
        }
        let verdict = judgement.verdict();
        assert_eq!(verdict == Verdict::Verified, !judgement.accepted.is_empty());
        if let Some(reason) = &judgement.refusal {
            assert!(!reason.to_string().is_empty() && !reason.code().is_empty());
        }
        let _ = judge_statements(&set, &wishes, self.now).verdict();
        verdict
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The `turn`-th change of `bytes` at `at`.
fn mutated(bytes: &[u8], at: usize, turn: usize, numbers: &mut Numbers) -> Vec<u8> {
    const STRUCTURE: &[u8] = b"{}[]\",:\\ \n0-1eE+/=_\0\xff";
    let mut changed = bytes.to_vec();
    match turn % 7 {
        0 => changed[at] ^= 1 << numbers.below(8),
        1 => _ = changed.remove(at),
        2 => changed.insert(at, STRUCTURE[numbers.below(STRUCTURE.len())]),
        3 => changed[at] = STRUCTURE[numbers.below(STRUCTURE.len())],
        4 => {
            let end = (at + 1 + numbers.below(40)).min(changed.len());
            let piece = changed[at..end].to_vec();
            changed.splice(at..at, piece);
        }
        5 => {
            let end = (at + 1 + numbers.below(40)).min(changed.len());
            changed.drain(at..end);
        }
        _ => {
            let other = numbers.below(changed.len());
            changed.swap(at, other);
        }
    }
    changed
}

#[test]
fn no_mutation_of_a_good_file_is_believed_beyond_what_was_signed() {
    let made = build("b1", &json!([subject("app", APP)]));
    let mut file = made.lines().join(&b'\n');
    file.push(b'\n');
    let checker = Checker::new(&[&made.provenance, &made.evidence], &[1]);
    assert_eq!(checker.check(&file), Verdict::Verified);
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut verdicts = [0; 3];
    let step = file.len().div_ceil(520).max(1);
    for turn in 0..7 {
        for at in (turn % step..file.len()).step_by(step) {
            let verdict = checker.check(&mutated(&file, at, turn, &mut numbers));
            verdicts[verdict as usize] += 1;
        }
    }
    let all: usize = verdicts.iter().sum();
    assert!(all >= 3000, "{all}");
    // Some changes are of what nobody signed, and some spoil one line of two: every answer comes.
    assert!(verdicts.iter().all(|number| *number > 0), "{verdicts:?}");
}

#[test]
fn no_mutation_of_a_bare_envelope_with_two_signatures_is_believed_beyond_what_was_signed() {
    let payload = evidence("b1", "succeeded");
    let file = envelope_by(&[key(2), vendor()], &payload);
    let checker = Checker::new(&[&payload], &[1, 2]);
    assert_eq!(checker.check(&file), Verdict::Verified);
    let mut numbers = Numbers(42);
    for turn in 0..1000 {
        let at = numbers.below(file.len());
        checker.check(&mutated(&file, at, turn, &mut numbers));
    }
}

#[test]
fn no_mutation_of_a_payload_that_is_signed_again_makes_the_reader_panic() {
    // The signer is malicious or broken: whatever is signed, the judgement ends in one of three words.
    let made = build("b1", &json!([subject("app", APP)]));
    let mut numbers = Numbers(7);
    let mut verdicts = [0; 3];
    for turn in 0..1000 {
        let payload = if turn % 2 == 0 { &made.provenance } else { &made.evidence };
        let at = numbers.below(payload.len());
        let changed = mutated(payload, at, turn, &mut numbers);
        let other = if turn % 2 == 0 { &made.evidence } else { &made.provenance };
        let checker = Checker::new(&[&changed, other], &[1]);
        let lines = [crate::forge::sign(&changed), crate::forge::sign(other)];
        let verdict = checker.check(&lines.join(&b'\n'));
        verdicts[verdict as usize] += 1;
        // The binding is by digest: provenance that was changed is no companion any more.
        let same = serde_json::from_slice::<serde_json::Value>(&changed).ok()
            == serde_json::from_slice::<serde_json::Value>(payload).ok();
        if turn % 2 == 0 && verdict == Verdict::Verified && !same {
            let set = read::bytes(&crate::forge::sign(&changed)).unwrap();
            let set = authenticate(&set, &checker.trust);
            let ours =
                set.verified.first().is_some_and(|v| v.claims().build_id.as_deref() == Some("b1"));
            assert!(!ours, "{}", show(&changed));
        }
    }
    assert!(verdicts.iter().all(|number| *number > 0), "{verdicts:?}");
}

#[test]
fn a_file_cut_anywhere_is_believed_no_further_than_its_whole_lines() {
    let made = build("b1", &json!([subject("app", APP)]));
    let lines = made.lines();
    let file = lines.join(&b'\n');
    let checker = Checker::new(&[&made.provenance, &made.evidence], &[1]);
    for end in (0..file.len()).step_by(7) {
        assert_eq!(checker.check(&file[..end]), Verdict::CouldNotTell, "{end}");
    }
}
