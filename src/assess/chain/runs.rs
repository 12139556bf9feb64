//! The platform's count of its runs: the outside anchor against builds that were removed.

use std::collections::{BTreeMap, BTreeSet};

use super::Ask;
use super::row::Row;

/// Most runs that a platform is asked about, for each lane.
const ASKED_MAX: usize = 1000;
/// Most ranges that are listed for each lane; the last one then holds all that is left.
const RANGES_MAX: usize = 200;

/// Runs that left no evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoEvidence {
    /// The first run's number.
    pub first: u64,
    /// The last run's number.
    pub last: u64,
    /// What the platform says of them, or that it wasn't asked.
    pub said: String,
}

/// What counts runs: a workflow on GitHub, a project on GitLab.
type Counter = (bool, Option<String>, Option<String>);

/// The numbers that some given evidence has, of any lane.
pub(super) struct Counted(BTreeMap<Counter, BTreeSet<u64>>);

fn counter(row: &Row) -> Counter {
    let definition = row.lane.definition.clone().filter(|_| !row.run.of_project);
    (row.run.of_project, row.lane.repository_id.clone(), definition)
}

impl Counted {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut counted: BTreeMap<_, BTreeSet<u64>> = BTreeMap::new();
        for row in rows {
            counted.entry(counter(row)).or_default().extend(row.run.number);
        }
        Self(counted)
    }

    fn numbers(&self, row: &Row) -> Option<&BTreeSet<u64>> {
        self.0.get(&counter(row))
    }

    /// Whether runs were counted before this one of which nothing is given.
    pub(super) fn has_unseen_before(&self, row: &Row) -> bool {
        let Some(number) = row.run.number else { return false };
        let seen = self.numbers(row).map_or(0, |seen| seen.range(1..number.max(1)).count());
        (seen as u64) < number.saturating_sub(1)
    }

    /// The runs between the lane's first and last that left nothing.
    pub(super) fn missing(&self, lane: &[Row], ask: Option<Ask<'_>>) -> Vec<NoEvidence> {
        // A lane whose runs were counted by two counters has numbers that can't be compared.
        let of_one =
            lane.iter().filter(|row| lane.first().is_some_and(|f| counter(f) == counter(row)));
        let numbers: BTreeSet<u64> = of_one.filter_map(|row| row.run.number).collect();
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return Vec::new();
        };
        let Some(seen) = lane.first().and_then(|row| self.numbers(row)) else { return Vec::new() };
        let mut ranges = Vec::new();
        let mut next = *first;
        for number in seen.range(*first..=*last) {
            if *number > next {
                ranges.push((next, number - 1));
            }
            next = number.saturating_add(1);
        }
        let said = match (ask, lane.last().and_then(|row| row.pipeline.as_ref()), lane.first()) {
            (Some(ask), Some(pipeline), Some(row)) => {
                let numbers = ranges.iter().flat_map(|(first, last)| *first..=*last);
                let numbers: Vec<u64> = numbers.take(ASKED_MAX).collect();
                ask(&row.lane, pipeline, &numbers)
            }
            _ => BTreeMap::new(),
        };
        listed(&ranges, &said)
    }
}

fn listed(ranges: &[(u64, u64)], said: &BTreeMap<u64, String>) -> Vec<NoEvidence> {
    let mut list: Vec<NoEvidence> = Vec::new();
    let mut push = |first: u64, last: u64, said: &str| match list.last_mut() {
        Some(before) if before.said == said && before.last.checked_add(1) == Some(first) => {
            before.last = last;
        }
        _ => list.push(NoEvidence { first, last, said: said.to_owned() }),
    };
    for (first, last) in ranges {
        let mut next = *first;
        for (number, text) in said.range(first..=last) {
            if *number > next {
                push(next, number - 1, NOT_ASKED);
            }
            push(*number, *number, text);
            next = number.saturating_add(1);
        }
        if next <= *last {
            push(next, *last, NOT_ASKED);
        }
    }
    let rest = list.get(RANGES_MAX..).and_then(<[_]>::last).map(|last| last.last);
    if let Some(end) = rest {
        list.truncate(RANGES_MAX);
        if let Some(last) = list.last_mut() {
            last.last = end;
            last.said = "not listed one by one: too many".to_owned();
        }
    }
    list
}

const NOT_ASKED: &str = "not asked";
