//! Each build's link to the one before it.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, FindingKind};
use super::row::Row;
use super::{Given, finding};
use crate::base::digest::Sha256;

/// Most builds of a circle that its finding names.
const NAMED_MAX: usize = 8;
/// Two machines' clocks may differ by so many seconds.
const CLOCKS_DIFFER_MAX: i64 = 300;
/// Most links by another name that are noted, for each lane.
const NOTED_MAX: usize = 100;

/// Checks every link of a lane. Predecessors that aren't given and that were spoken of go to `anchors`.
pub(super) fn check(
    given: &Given<'_>,
    lane: &[Row],
    anchors: &mut BTreeSet<Sha256>,
    notes: &mut Vec<String>,
) -> Vec<Finding> {
    let mut findings = cycles(given, lane);
    let circular: BTreeSet<_> = findings.iter().flat_map(|f| f.evidence.clone()).collect();
    let mut missing: BTreeMap<Sha256, Vec<&Row>> = BTreeMap::new();
    let mut by_capture = Vec::new();
    for row in lane {
        match row.previous {
            _ if circular.contains(&row.payload) => {}
            None => findings.extend(unlinked(row)),
            Some(previous) => match given.named(previous) {
                Some(before) => {
                    if previous != before.payload {
                        by_capture.push((row, before));
                    }
                    findings.extend(link(row, before));
                }
                None => missing.entry(previous).or_default().push(row),
            },
        }
        if !row.succeeded() && row.sequence.is_some() {
            let text = format!(
                "{} ended as {} and has a place in the chain: expected none; ask its signer which proofmark wrote it",
                row.say(),
                row.outcome
            );
            findings.push(finding(FindingKind::BadSequence, &[row], text));
        }
    }
    notes.extend(by_capture.iter().take(NOTED_MAX).map(|(row, before)| {
        format!(
            "{} follows {} by the digest of the capture that was signed, as the latter's signer names it; a signed build that isn't given could have that digest as well",
            row.say(),
            before.say()
        )
    }));
    if let Some(more) = by_capture.len().checked_sub(NOTED_MAX).filter(|more| *more > 0) {
        notes.push(format!("{more} more follow others by the digest of a capture"));
    }
    for (previous, rows) in missing {
        findings.extend(not_given(given, lane, previous, &rows, anchors, notes));
    }
    findings
}

/// What `row` names before it is `before`.
fn link(row: &Row, before: &Row) -> Option<Finding> {
    let (this, other) = (row.say(), before.say());
    let (kind, text) = if row.lane != before.lane {
        let text = format!(
            "{this} names {other} as the build before it, which is of another lane: expected one of its own; look for the one that was left out"
        );
        (FindingKind::Spliced, text)
    } else if !before.succeeded() {
        let text = format!(
            "{this} names {other} as the build before it, which ended as {}: expected one that succeeded",
            before.outcome
        );
        (FindingKind::BadLink, text)
    } else if let Some(text) = wrong_sequence(row, before) {
        (FindingKind::BadSequence, text)
    } else if row.run.is_older_than(&before.run) {
        let text = format!(
            "{this} names {other} as the build before it, whose run number is higher: an older run was put behind a newer one; compare with the platform's list of runs"
        );
        (FindingKind::Rollback, text)
    } else if before.finished.seconds_since(row.started) > CLOCKS_DIFFER_MAX {
        let text = format!(
            "{this} began at {} and names {other} as the build before it, which was finished at {}: it could not be known then; compare with the platform's times",
            row.started, before.finished
        );
        (FindingKind::Reordered, text)
    } else {
        return None;
    };
    Some(finding(kind, &[row, before], text))
}

fn wrong_sequence(row: &Row, before: &Row) -> Option<String> {
    if !row.succeeded() {
        return None;
    }
    // One that has no place itself was found for that already.
    let expected = before.sequence?.checked_add(1);
    if row.sequence.is_some() && row.sequence == expected {
        return None;
    }
    let expected = expected.map_or_else(|| "none at all".to_owned(), |n| n.to_string());
    let found = row.sequence.map_or_else(|| "none".to_owned(), |n| n.to_string());
    Some(format!(
        "sha256:{} follows {}: expected sequence {expected}, found {found}; ask which build was left out",
        row.payload,
        before.say()
    ))
}

/// A row that names nothing before it and isn't the first either.
fn unlinked(row: &Row) -> Option<Finding> {
    if !row.succeeded() {
        return None;
    }
    let why = row.why_none.as_deref().unwrap_or("no reason is given");
    let (kind, text) = match row.sequence {
        Some(1) => return None,
        None => (
            FindingKind::Unchained,
            format!(
                "{} is linked to no build before it ({why}): one could be missing and nobody would see; build with --baseline",
                row.say()
            ),
        ),
        Some(sequence) => (
            FindingKind::BadSequence,
            format!(
                "sha256:{} names no build before it ({why}) and has sequence {sequence}: expected 1",
                row.payload
            ),
        ),
    };
    Some(finding(kind, &[row], text))
}

/// What `rows` name before them isn't given.
fn not_given(
    given: &Given<'_>,
    lane: &[Row],
    previous: Sha256,
    rows: &[&Row],
    anchors: &mut BTreeSet<Sha256>,
    notes: &mut Vec<String>,
) -> Option<Finding> {
    let first = rows.iter().find(|row| row.succeeded()).or_else(|| rows.first())?;
    if let Some(row) = rows.iter().find(|row| row.succeeded() && row.sequence.is_none_or(|n| n < 2))
    {
        let text = format!(
            "{} names sha256:{previous} before it: expected a sequence of 2 or more",
            row.say()
        );
        return Some(finding(FindingKind::BadSequence, &[row], text));
    }
    // What was there already when a row's build began could have been named in its place.
    let later = rows.iter().find(|row| {
        // Within one second the sequence tells what clocks can't.
        let lower = |q: &Row| q.sequence.is_some() && q.sequence < row.sequence;
        given.before(lane, row).is_some()
            || lane.iter().any(|q| q.succeeded() && lower(q) && q.finished <= row.started)
    });
    if let Some(later) = later {
        // A known head that is missed here needs no second name.
        anchors.insert(previous);
        let text = format!(
            "{} names sha256:{previous} as the build before it, which isn't given: at least one build is missing in mid-chain; ask for the evidence with that digest",
            later.say()
        );
        return Some(finding(FindingKind::Gap, rows, text));
    }
    let place = first.sequence.map_or_else(
        || format!("with a build that ended as {}", first.outcome),
        |sequence| format!("at sequence {sequence}"),
    );
    if given.heads.contains(&previous) {
        anchors.insert(previous);
        notes.push(format!("begins {place}, right behind the known head sha256:{previous}"));
        return None;
    }
    let text = format!(
        "the chain begins {place}, sha256:{}: what came before it (sha256:{previous}) isn't given; give it, or --head {previous} if you know it",
        first.payload
    );
    Some(finding(FindingKind::TruncatedStart, &[first], text))
}

/// Digests can't run in a circle; the names that signers give to captures can.
fn cycles(given: &Given<'_>, lane: &[Row]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut done: BTreeSet<Sha256> = BTreeSet::new();
    for row in lane {
        let mut path: Vec<&Row> = Vec::new();
        let mut on_path = BTreeSet::new();
        let mut next = Some(row);
        while let Some(at) = next.filter(|at| !done.contains(&at.payload)) {
            if !on_path.insert(at.payload) {
                let from = path.iter().position(|on| on.payload == at.payload).unwrap_or(0);
                let ring: Vec<&Row> = path.iter().skip(from).copied().collect();
                // One ring may pass through several lanes.
                if ring.iter().map(|row| (row.payload, &row.lane)).min().map(|(_, lane)| lane)
                    != lane.first().map(|row| &row.lane)
                {
                    break;
                }
                let names: Vec<_> = ring.iter().take(NAMED_MAX).map(|row| row.say()).collect();
                let text = format!(
                    "{} follow each other in a circle: none of them can have been first; a name of a capture (custody.captured) is forged",
                    names.join(", ")
                );
                findings.push(finding(FindingKind::Cycle, &ring, text));
                break;
            }
            path.push(at);
            next = given.parent(at);
        }
        done.extend(on_path);
    }
    findings
}
