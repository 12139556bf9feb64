//! The chain of a lane's builds: gaps, forks, rollbacks and bad links.
//!
//! Each build names the payload digest of the one before it, so whoever knows one digest knows all that came
//! before. What a chain can't show by itself is what came after: builds that were removed at its end, and
//! builds that left no evidence. The first needs a head that the reader knows, the second the platform's own
//! count of its runs.

mod finding;
mod firsts;
mod forks;
mod heads;
mod links;
mod retries;
mod row;
mod runs;

#[cfg(test)]
mod tests;

pub use finding::{Finding, FindingKind};
pub use firsts::reason;
pub use row::{Row, Rows, Run, Taken};
pub use runs::NoEvidence;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::digest::Sha256;
use crate::format::evidence::{Lane, Pipeline};

/// Asks a platform what became of runs, by their numbers.
pub type Ask<'a> = &'a dyn Fn(&Lane, &Pipeline, &[u64]) -> BTreeMap<u64, String>;

/// What the reader knows beside what is given.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    /// Digests of evidences that the reader knows to have been the newest once.
    pub heads: &'a [Sha256],
    /// The file that was given after all others, by its number, where it is one of several.
    pub last_file: Option<usize>,
    /// How many distinct keys must have signed a build.
    pub threshold: usize,
    /// Whom to ask for runs that left no evidence.
    pub ask: Option<Ask<'a>>,
}

/// One lane.
#[derive(Debug)]
pub struct LaneLog {
    /// What its builds have in common.
    pub lane: Lane,
    /// Its builds, oldest first.
    pub rows: Vec<Row>,
    /// Runs between them that left no evidence.
    pub no_evidence: Vec<NoEvidence>,
    /// What is to be said of it and is no finding.
    pub notes: Vec<String>,
}

/// What the given builds amount to.
#[derive(Debug, Default)]
pub struct Log {
    /// The lanes, sorted.
    pub lanes: Vec<LaneLog>,
    /// What is wrong, by lane; what is of no lane comes first.
    pub findings: Vec<Finding>,
    /// Builds that fewer keys signed than must have: they are no rows.
    pub short: Vec<Row>,
}

/// The rows by all the names that a successor may know them by.
struct Given<'a> {
    names: BTreeMap<Sha256, &'a Row>,
    successors: BTreeMap<Sha256, Vec<&'a Row>>,
    heads: &'a [Sha256],
}

impl<'a> Given<'a> {
    fn new(rows: &'a [Row], heads: &'a [Sha256]) -> Self {
        let mut names = BTreeMap::new();
        for row in rows {
            names.insert(row.payload, row);
        }
        for row in rows {
            if let Some(captured) = row.captured {
                names.entry(captured).or_insert(row);
            }
        }
        let mut given = Self { names, successors: BTreeMap::new(), heads };
        for row in rows {
            if let Some(before) = given.parent(row) {
                given.successors.entry(before.payload).or_default().push(row);
            }
        }
        given
    }

    fn successors(&self, row: &Row) -> &[&'a Row] {
        self.successors.get(&row.payload).map(Vec::as_slice).unwrap_or_default()
    }

    /// The newest build of the lane that succeeded and was finished before the row began. None of those that
    /// follow the row, whatever the clocks of their machines say.
    fn before(&self, lane: &'a [Row], row: &Row) -> Option<&'a Row> {
        let mut before =
            lane.iter().rev().filter(|other| other.succeeded() && other.is_before(row)).peekable();
        before.peek()?;
        let mut behind = BTreeSet::from([row.payload]);
        let mut pending = self.successors(row).to_vec();
        while let Some(next) = pending.pop() {
            if behind.insert(next.payload) {
                pending.extend(self.successors(next));
            }
        }
        before.find(|other| !behind.contains(&other.payload))
    }

    fn named(&self, name: Sha256) -> Option<&'a Row> {
        self.names.get(&name).copied()
    }

    fn parent(&self, row: &Row) -> Option<&'a Row> {
        row.previous.and_then(|previous| self.named(previous))
    }

    /// The row and those before it, newest first, as far as they are given; each once.
    fn line(&self, row: &'a Row) -> Vec<&'a Row> {
        std::iter::once(row).chain(self.ancestors(row)).collect()
    }

    fn ancestors(&self, row: &Row) -> impl Iterator<Item = &'a Row> {
        let mut seen = BTreeSet::from([row.payload]);
        let first = self.parent(row);
        let next = std::iter::successors(first, |row| self.parent(row));
        next.take_while(move |row| seen.insert(row.payload))
    }

    /// The builds that a known head vouches for: itself and all before it.
    fn vouched(&self) -> BTreeSet<Sha256> {
        let heads = self.heads.iter().filter_map(|head| self.named(*head));
        heads.flat_map(|head| self.line(head)).map(|row| row.payload).collect()
    }
}

/// Judges the builds that were given.
#[must_use]
pub fn judge(given: Rows, known: &Known<'_>) -> Log {
    let (mut rows, short): (Vec<_>, Vec<_>) =
        given.rows.into_values().partition(|row| row.signers.len() >= known.threshold);
    rows.sort_by(|one, two| one.lane.cmp(&two.lane).then_with(|| one.order(two)));
    let mut findings = given.findings;
    let mut lanes = Vec::new();
    {
        let given = Given::new(&rows, known.heads);
        let by_lane: Vec<&[Row]> = rows.chunk_by(|one, two| one.lane == two.lane).collect();
        let vouched = given.vouched();
        let counted = runs::Counted::of(&rows);
        let mut anchors = BTreeSet::new();
        for (index, lane) in by_lane.iter().enumerate() {
            let mut notes = Vec::new();
            let mut found = links::check(&given, lane, &mut anchors, &mut notes);
            let retries = retries::Retries::new(&given, lane);
            found.extend(firsts::check(&retries, &vouched, &counted, &mut notes));
            found.extend(forks::check(&retries));
            found.extend(forks::both_followed(&retries, &found));
            found.extend(heads::moved_back(&retries));
            found.extend(heads::offered_again(&given, lane, known.last_file));
            // In the order of the rows, so that the list can be read beside the table.
            let places: BTreeMap<_, _> =
                lane.iter().enumerate().map(|(place, row)| (row.payload, place)).collect();
            let place = |finding: &Finding| {
                finding.evidence.first().and_then(|first| places.get(first)).copied()
            };
            found.sort_by(|one, two| {
                (place(one), one.kind, &one.text).cmp(&(place(two), two.kind, &two.text))
            });
            findings.extend(found.into_iter().map(|found| Finding { lane: Some(index), ..found }));
            let no_evidence = counted.missing(lane, known.ask);
            lanes.push((lane.len(), no_evidence, notes));
        }
        findings.extend(forks::told_twice(&by_lane));
        findings.extend(heads::truncated(&given, &anchors));
    }
    findings.sort_by_key(|finding| finding.lane);
    let mut rows = rows.into_iter();
    let lanes = lanes
        .into_iter()
        .filter_map(|(count, no_evidence, notes)| {
            let rows: Vec<Row> = rows.by_ref().take(count).collect();
            let lane = rows.first()?.lane.clone();
            Some(LaneLog { lane, rows, no_evidence, notes })
        })
        .collect();
    Log { lanes, findings, short }
}

/// A finding of the lane that is looked at.
fn finding(kind: FindingKind, evidence: &[&Row], text: String) -> Finding {
    let evidence = evidence.iter().map(|row| row.payload).collect();
    Finding { kind, lane: None, evidence, text }
}
