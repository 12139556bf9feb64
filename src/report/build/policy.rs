//! What a policy says, of each build.

use super::{name, sentence};
use crate::assess::policy::{Policy, Rule, Ruling};
use crate::report::model::{PolicyV1, RuleV1};

/// The rules of one build's ruling.
#[must_use]
pub fn rules(lane: &str, ruling: &Ruling) -> Vec<RuleV1> {
    let one = |rule: &Rule| {
        let status = match &rule.waived {
            _ if rule.holds => "holds",
            Some(_) => "waived",
            None => "fails",
        };
        let waiver = rule.waived.as_ref().filter(|_| !rule.holds);
        RuleV1 {
            lane: sentence(lane),
            name: name(&rule.name),
            status: status.to_owned(),
            expected: sentence(&rule.expected),
            found: sentence(&rule.found),
            pointers: rule.pointers.iter().take(50).map(|pointer| sentence(pointer)).collect(),
            remedy: rule.remedy.filter(|_| !rule.holds).map(|remedy| remedy.text.to_owned()),
            waiver: waiver.map(|waiver| {
                sentence(&format!("{} ({}, until {})", waiver.reason, waiver.owner, waiver.until))
            }),
        }
    };
    ruling.rules.iter().map(one).collect()
}

/// The policy over every build; it permits nothing where there is none.
#[must_use]
pub fn policy(policy: &Policy, rulings: &[(String, Ruling)]) -> PolicyV1 {
    let mut notes: Vec<String> = Vec::new();
    for note in rulings.iter().flat_map(|(_, ruling)| &ruling.notes) {
        let note = sentence(note);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    PolicyV1 {
        name: name(&policy.name),
        sha256: policy.sha256,
        permits: !rulings.is_empty() && rulings.iter().all(|(_, of)| of.permit().is_ok()),
        rules: rulings.iter().flat_map(|(lane, ruling)| rules(lane, ruling)).collect(),
        notes,
    }
}
