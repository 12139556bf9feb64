//! Who vouched for what.

use crate::assess::assurance::Assurance;
use crate::assess::facts::Facts;
use crate::report::model::VoucherV1;

/// The parts of the evidence by whoever vouches for them, the strongest first; at the end those of which there is
/// nothing to vouch for.
pub(super) fn vouchers(facts: &Facts<'_>) -> Vec<VoucherV1> {
    if !facts.verified {
        return Vec::new();
    }
    let by = |level: &Assurance| {
        let of = facts.assured().iter().filter(|assured| assured.assurance == *level);
        let there = of.filter(|assured| !facts.lacks(&assured.part));
        let parts: Vec<String> = there.map(|assured| assured.part.clone()).collect();
        (!parts.is_empty()).then(|| VoucherV1 {
            assurance: level.name().to_owned(),
            liar: level.liar().to_owned(),
            parts,
        })
    };
    let mut all: Vec<_> = Assurance::ALL.iter().rev().filter_map(by).collect();
    let parts = facts.lacking();
    if !parts.is_empty() {
        all.push(VoucherV1 {
            assurance: "not there".to_owned(),
            liar: "nobody: these parts are absent, or could not be looked at".to_owned(),
            parts,
        });
    }
    all
}
