//! Builds that claim one place.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, FindingKind};
use super::retries::Retries;
use super::row::{Meeting, Row};
use super::{Given, finding};
use crate::base::digest::Sha256;
use crate::base::text::Printable;

/// Most pairs of builds in one place that are followed.
const PAIRS_MAX: usize = 10_000;

/// Two successors of one build, two builds of one attempt. Only builds that succeeded count: the others are
/// leaves that hang on what was newest when they began.
pub(super) fn check(retries: &Retries<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (previous, mut rows) in places(retries) {
        // What is the first of the lane is looked at by itself.
        let Some(previous) = previous else { continue };
        rows.sort_by_key(|row| (row.started, row.run.attempt, row.payload));
        for (index, row) in rows.iter().enumerate() {
            let earlier = rows.get(..index).unwrap_or_default();
            findings.extend(beside(retries, previous, row, earlier));
        }
    }
    findings.extend(same_attempts(retries.given, retries.lane));
    findings
}

/// The builds that succeeded, by what they follow; `None` are the firsts.
fn places<'a>(retries: &Retries<'a>) -> BTreeMap<Option<Sha256>, Vec<&'a Row>> {
    let mut places: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in retries.lane.iter().filter(|row| row.succeeded()) {
        // Both names of a build are one build.
        let named = |name| retries.given.named(name).map_or(name, |before| before.payload);
        if row.previous.is_some() || row.is_first() {
            places.entry(row.previous.map(named)).or_default().push(row);
        }
    }
    places
}

/// Attempts at one run that claim one place, without hiding anything by that.
fn attempts<'a>(retries: &Retries<'a>) -> Vec<(&'a Row, &'a Row)> {
    let mut pairs = Vec::new();
    for rows in places(retries).into_values() {
        let mut runs: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let of = runs.entry((&row.run.id, row.run.number)).or_default();
            let again = of.iter().filter(|one| retries.meeting(one, row) == Meeting::Retry);
            pairs.extend(again.map(|one| (*one, row)));
            of.push(row);
        }
    }
    pairs.truncate(PAIRS_MAX);
    pairs
}

/// Of two builds that ran side by side, or of two attempts at one run, one is a dead end, since the next build
/// follows what is newest. Where both are followed, by builds of which one could have known the other, two
/// histories are told.
pub(super) fn both_followed(retries: &Retries<'_>, found: &[Finding]) -> Vec<Finding> {
    let side_by_side = found.iter().filter(|found| found.kind == FindingKind::Concurrent);
    let mut pairs: Vec<(Sha256, Sha256)> = side_by_side
        .filter_map(|found| Some((*found.evidence.first()?, *found.evidence.get(1)?)))
        .chain(attempts(retries).iter().map(|(one, two)| (one.payload, two.payload)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    while let Some(pair) = pairs.pop().filter(|_| seen.len() < PAIRS_MAX) {
        if !seen.insert(pair) {
            continue;
        }
        let of = |name: Sha256| {
            let row = retries.given.named(name);
            let all = row.map(|row| retries.given.successors(row)).unwrap_or_default();
            all.iter()
                .filter(move |after| after.succeeded() && row.is_some_and(|r| r.lane == after.lane))
        };
        for one in of(pair.0) {
            for two in of(pair.1) {
                match retries.meeting(one, two) {
                    Meeting::SideBySide | Meeting::Retry => pairs.push((one.payload, two.payload)),
                    Meeting::Apart => {
                        let (early, late) =
                            if one.started <= two.started { (one, two) } else { (two, one) };
                        let text = format!(
                            "{} and {} follow two builds that claim one place (they ran side by side, or are attempts at one run), and the later could have known the earlier: two histories go on beside each other; ask which of them was published",
                            late.say(),
                            early.say()
                        );
                        findings.push(finding(FindingKind::Fork, &[late, early], text));
                    }
                    _ => {}
                }
            }
        }
    }
    findings
}

/// `row` and `earlier` ones follow the same build.
fn beside(retries: &Retries<'_>, previous: Sha256, row: &Row, earlier: &[&Row]) -> Option<Finding> {
    let meeting = |other: &&Row| retries.meeting(row, other);
    let meetings: Vec<_> = earlier.iter().map(|other| (*other, meeting(other))).collect();
    let find = |wanted| meetings.iter().find(|(_, meeting)| *meeting == wanted);
    if let Some((other, _)) = find(Meeting::Apart) {
        let text = format!(
            "{} and {} both follow sha256:{previous}, and they didn't run at the same time: one history was hidden from the other; ask which of them was published",
            row.say(),
            other.say()
        );
        return Some(finding(FindingKind::Fork, &[row, other], text));
    }
    let (other, _) = find(Meeting::SideBySide)?;
    let text = format!(
        "{} and {} both follow sha256:{previous}: each began before the other was finished",
        row.say(),
        other.say()
    );
    Some(finding(FindingKind::Concurrent, &[row, other], text))
}

fn same_attempts(given: &Given<'_>, lane: &[Row]) -> Vec<Finding> {
    let mut attempts: BTreeMap<(&str, Option<u64>), Vec<&Row>> = BTreeMap::new();
    for row in lane.iter().filter(|row| row.succeeded()) {
        if let Some(id) = &row.run.id {
            attempts.entry((id, row.run.attempt)).or_default().push(row);
        }
    }
    let mut findings = Vec::new();
    for rows in attempts.values() {
        let (Some(first), rest) = (rows.first(), rows.get(1..).unwrap_or_default()) else {
            continue;
        };
        for row in rest {
            // One that follows the other says openly that both are there.
            let linked =
                given.parent(row).is_some_and(|p| rows.iter().any(|r| r.payload == p.payload));
            if row.build_id == first.build_id || linked {
                continue;
            }
            let text = format!(
                "{} and {} are of one attempt of one run and differ: expected one build; if the job builds twice, give each its own --leg",
                row.say(),
                first.say()
            );
            findings.push(finding(FindingKind::DuplicateAttempt, &[row, first], text));
        }
    }
    findings
}

/// A build id is made of 128 random bits: two payloads with one are one build told twice.
pub(super) fn told_twice(lanes: &[&[Row]]) -> Vec<Finding> {
    let mut builds: BTreeMap<&str, Vec<(usize, &Row)>> = BTreeMap::new();
    for (index, lane) in lanes.iter().enumerate() {
        for row in *lane {
            builds.entry(&row.build_id).or_default().push((index, row));
        }
    }
    let mut findings = Vec::new();
    for (id, rows) in builds {
        let (Some((_, first)), rest) = (rows.first(), rows.get(1..).unwrap_or_default()) else {
            continue;
        };
        for (lane, row) in rest {
            let text = format!(
                "{} and {} both name build {}: expected one payload a build; ask which of them its signer stands by",
                row.say(),
                first.say(),
                Printable(id)
            );
            let found = finding(FindingKind::Replay, &[row, first], text);
            findings.push(Finding { lane: Some(*lane), ..found });
        }
    }
    findings
}
