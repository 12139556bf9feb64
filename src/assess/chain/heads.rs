//! Against heads that the reader knows: the only way to see that a chain's end was taken away.

use std::collections::BTreeSet;

use super::finding::{Finding, FindingKind};
use super::retries::Retries;
use super::row::{Meeting, Row};
use super::{Given, finding};
use crate::base::digest::Sha256;

/// Heads that nothing given has as its digest, nor names as its predecessor.
pub(super) fn truncated(given: &Given<'_>, anchors: &BTreeSet<Sha256>) -> Vec<Finding> {
    let heads: BTreeSet<_> = given.heads.iter().copied().collect();
    heads
        .into_iter()
        .filter(|head| given.named(*head).is_none() && !anchors.contains(head))
        .map(|head| Finding {
            kind: FindingKind::Truncated,
            lane: None,
            evidence: vec![head],
            text: format!(
                "no verified build evidence that was given has the known head's digest sha256:{head}: the chain's end was taken away, or the file with it wasn't given"
            ),
        })
        .collect()
}

/// The newest build of the lane must be a known head, or follow it.
pub(super) fn moved_back(retries: &Retries<'_>) -> Vec<Finding> {
    let given = retries.given;
    let mut succeeded = retries.lane.iter().rev().filter(|row| row.succeeded());
    let last = succeeded.clone().next();
    // What is followed isn't newest, whatever the clocks say.
    let follows = |row: &&Row| row.succeeded() && last.is_some_and(|last| row.lane == last.lane);
    let Some(newest) = succeeded.find(|row| !given.successors(row).iter().any(&follows)).or(last)
    else {
        return Vec::new();
    };
    let line = given.line(newest);
    let broken = line.last().is_some_and(|last| last.previous.is_some());
    let mut heads: Vec<&Row> = given.heads.iter().filter_map(|head| given.named(*head)).collect();
    heads.retain(|head| head.lane == newest.lane);
    heads.sort_by_key(|head| head.payload);
    heads.dedup_by_key(|head| head.payload);
    let mut findings = Vec::new();
    for head in heads {
        // A build that didn't succeed is followed by nothing: what it hangs on is.
        let head = if head.succeeded() { Some(head) } else { given.parent(head) };
        let Some(head) = head else { continue };
        // A line that ends in mid-air is a gap, and named as such.
        let follows = line.iter().any(|row| row.payload == head.payload);
        if follows || broken || excused(retries, &line, &given.line(head)) {
            continue;
        }
        let text = format!(
            "the newest build of this lane, {}, neither is the known head {} nor follows it: the chain was taken back to before that head; ask what became of it",
            newest.say(),
            head.say()
        );
        findings.push(finding(FindingKind::HeadMovedBack, &[newest, head], text));
    }
    findings
}

/// Whether two lines part where two builds of one place ran at the same time, or where a run was tried again
/// and only one of its attempts is followed.
fn excused(retries: &Retries<'_>, one: &[&Row], two: &[&Row]) -> bool {
    let names = |line: &[&Row]| line.iter().map(|row| row.payload).collect::<BTreeSet<_>>();
    let (in_one, in_two) = (names(one), names(two));
    let fork = |line: &[&Row], other: &BTreeSet<Sha256>| -> Option<usize> {
        line.iter().take_while(|row| !other.contains(&row.payload)).count().checked_sub(1)
    };
    let (Some(a), Some(b)) = (fork(one, &in_two), fork(two, &in_one)) else { return false };
    let (Some(row), Some(other)) = (one.get(a), two.get(b)) else { return false };
    let before = |row: &Row| retries.given.parent(row).map(|row| row.payload).or(row.previous);
    let one_place = before(row) == before(other) && (row.is_first() == other.is_first());
    match retries.meeting(row, other) {
        Meeting::SideBySide => one_place,
        Meeting::Retry => one_place && (a == 0 || b == 0),
        _ => false,
    }
}

/// The file that was given last holds only what came before a known head and was given before: an old build is
/// offered as the newest.
pub(super) fn offered_again(
    given: &Given<'_>,
    lane: &[Row],
    last_file: Option<usize>,
) -> Vec<Finding> {
    let Some(last) = last_file else { return Vec::new() };
    let offered: Vec<&Row> = lane.iter().filter(|row| row.files.contains(&last)).collect();
    let Some(newest) = offered.last() else { return Vec::new() };
    let heads = given.heads.iter().filter_map(|head| given.named(*head));
    let head = heads.into_iter().find(|head| {
        // A file that has the head itself is no old one.
        if offered.iter().any(|row| row.payload == head.payload) {
            return false;
        }
        let line = given.line(head);
        let mut before = line.iter().skip(1);
        before.any(|row| row.payload == newest.payload)
    });
    let (Some(head), true) = (head, offered.iter().all(|row| row.files.len() > 1)) else {
        return Vec::new();
    };
    let text = format!(
        "{} was given last and comes before the known head {}: an old build is offered again; take the head",
        newest.say(),
        head.say()
    );
    vec![finding(FindingKind::Replay, &[newest, head], text)]
}
