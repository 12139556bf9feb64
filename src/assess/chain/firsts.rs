//! Builds that say that nothing came before them.

use std::collections::BTreeSet;

use super::finding;
use super::finding::{Finding, FindingKind};
use super::retries::Retries;
use super::row::{Meeting, Row};
use super::runs::Counted;
use crate::base::digest::Sha256;
use crate::base::text::Printable;

/// Words by which `why_none` says that there was a chain once.
const LOST: [&str; 8] =
    ["anew", "lost", "expired", "deleted", "removed", "gone", "no longer", "could not be"];

/// `why_none` as sentences take it in that say by themselves that a chain begins anew.
#[must_use]
pub fn reason(why: &str) -> &str {
    why.strip_prefix("the chain begins anew: ").unwrap_or(why)
}

/// Checks the firsts of a lane. What a known head vouches for is said and is no finding.
pub(super) fn check(
    retries: &Retries<'_>,
    vouched: &BTreeSet<Sha256>,
    counted: &Counted,
    notes: &mut Vec<String>,
) -> Vec<Finding> {
    let mut firsts: Vec<&Row> = retries.lane.iter().filter(|row| row.is_first()).collect();
    firsts.sort_by_key(|row| (row.started, row.run.attempt, row.payload));
    let mut findings = Vec::new();
    let mut earlier: Vec<&Row> = Vec::new();
    for row in firsts {
        if let Some(found) = first(row, &earlier, retries, counted) {
            if found.kind != FindingKind::Fork && vouched.contains(&row.payload) {
                notes.push(format!("{}; a known head vouches for it", found.text));
            } else {
                findings.push(found);
            }
        }
        earlier.push(row);
    }
    findings
}

fn first(row: &Row, earlier: &[&Row], retries: &Retries<'_>, counted: &Counted) -> Option<Finding> {
    let why = row.why_none.as_deref().unwrap_or("no reason is given");
    let lost = LOST.iter().any(|word| why.to_lowercase().contains(word));
    let (this, why) = (row.say(), Printable(reason(why)));
    let meetings: Vec<_> =
        earlier.iter().map(|other| (*other, retries.meeting(row, other))).collect();
    let excused =
        |meeting| matches!(meeting, Meeting::SameBuild | Meeting::Retry | Meeting::SameAttempt);
    if meetings.iter().any(|(_, meeting)| excused(*meeting)) {
        return None;
    }
    if let Some((other, _)) = meetings.iter().find(|(_, m)| *m == Meeting::SideBySide) {
        let text = format!(
            "{this} and {} are both the first of this lane: each began before the other was finished",
            other.say()
        );
        return Some(finding(FindingKind::Concurrent, &[row, other], text));
    }
    let before = retries.given.before(retries.lane, row);
    if lost && (before.is_some() || counted.has_unseen_before(row) || row.run.number.is_none()) {
        let text = format!(
            "{this} begins the chain anew ({why}): what came before is linked to nothing behind it; compare both ends yourself"
        );
        return Some(finding(FindingKind::ChainBeganAnew, &[row], text));
    }
    if let Some((other, _)) = meetings.last() {
        let text = format!(
            "{this} says that it is the first of this lane ({why}), and so does {}: one history was begun beside another; ask which of them was published",
            other.say()
        );
        return Some(finding(FindingKind::Fork, &[row, other], text));
    }
    if let Some(before) = before {
        let text = format!(
            "{this} says that it is the first of this lane ({why}), and {} was finished before it began: the chain was cut; ask why it wasn't found",
            before.say()
        );
        return Some(finding(FindingKind::FirstInMidChain, &[row, before], text));
    }
    counted.has_unseen_before(row).then(|| {
        let text = format!(
            "{this} says that it is the first of this lane ({why}), and the platform counts runs before it of which nothing is given: either they made no evidence or it was taken away; where you know the chain, say so with --head {}",
            row.payload
        );
        finding(FindingKind::FirstInMidChain, &[row], text)
    })
}
