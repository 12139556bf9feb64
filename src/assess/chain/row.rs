//! One build of a chain, taken from verified evidence alone.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize as _;

use super::finding::{Finding, FindingKind};
use crate::base::digest::Sha256;
use crate::base::text::Printable;
use crate::base::time::Time;
use crate::format::evidence::{
    BUILD_EVIDENCE, Bracket, BuildEvidence, Chain, Changes, Lane, Outcome, Pipeline,
};
use crate::format::statement::Statement;
use crate::verify::{Signers, Verified};

/// One build of a chain.
#[derive(Debug, Clone)]
pub struct Row {
    /// SHA-256 of its payload.
    pub payload: Sha256,
    /// The unsigned capture that was signed: another name that a successor may know it by.
    pub captured: Option<Sha256>,
    /// The build that it names.
    pub build_id: String,
    /// What it is comparable with.
    pub lane: Lane,
    /// The platform, without definitions.
    pub pipeline: Option<Pipeline>,
    /// The platform's own counts.
    pub run: Run,
    /// Its place in the chain.
    pub sequence: Option<u64>,
    /// The build before it.
    pub previous: Option<Sha256>,
    /// Why it names none.
    pub why_none: Option<String>,
    /// When the bracket opened, by the job's clock.
    pub started: Time,
    /// When it closed.
    pub finished: Time,
    /// The commit that it was built from.
    pub commit: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How many changes of the environment it records, and how many of them nothing explains; `None` where
    /// it compared nothing.
    pub changes: Option<(u64, u64)>,
    /// How many differences from the lock it records; `None` where there was no lock.
    pub drift: Option<u64>,
    /// Whether those are not all: this build lacks something that the build before it has.
    pub incomplete: bool,
    /// Which trusted keys signed it.
    pub signers: Signers,
    /// The files that it stood in, by the numbers that they were given with.
    pub files: BTreeSet<usize>,
}

/// What a platform counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The run's number: of a workflow on GitHub, of a project on GitLab.
    pub number: Option<u64>,
    /// Whether the number counts the runs of a whole project.
    pub of_project: bool,
    /// The run's id.
    pub id: Option<String>,
    /// Which attempt at it; on GitLab the job's id, which grows with each.
    pub attempt: Option<u64>,
}

impl Run {
    fn of(counts: &BTreeMap<String, String>) -> Self {
        let number = |name: &str| counts.get(name).and_then(|text| text.parse().ok());
        let of_project = counts.contains_key("pipeline_iid");
        let [count, id, attempt] = if of_project {
            ["pipeline_iid", "pipeline_id", "job_id"]
        } else {
            ["run_number", "run_id", "run_attempt"]
        };
        Self {
            number: number(count),
            of_project,
            id: counts.get(id).cloned(),
            attempt: number(attempt),
        }
    }

    /// Whether it was counted before `other` and is no later attempt at a run of old.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let again = if self.of_project {
            self.attempt > other.attempt
        } else {
            self.attempt.is_some_and(|attempt| attempt > 1)
        };
        self.number.is_some() && self.number < other.number && !again
    }

    /// Whether both are attempts at one run.
    pub(super) fn is_of_one_run_with(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(two)) => one == two,
            _ => self.number.is_some() && self.number == other.number,
        }
    }
}

/// `12`, or `12.2` for a second attempt.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.attempt) {
            (None, _) => f.write_str("-"),
            (Some(number), Some(attempt)) if attempt > 1 && !self.of_project => {
                write!(f, "{number}.{attempt}")
            }
            (Some(number), _) => write!(f, "{number}"),
        }
    }
}

/// How two builds stand to each other that claim one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// One build, told twice.
    SameBuild,
    /// Attempts at one run.
    Retry,
    /// One attempt.
    SameAttempt,
    /// Neither could know the other.
    SideBySide,
    /// One could have known the other.
    Apart,
}

impl Row {
    pub(super) const fn succeeded(&self) -> bool {
        matches!(self.outcome, Outcome::Succeeded)
    }

    /// Succeeded, and says that it is the first of its chain.
    pub(super) fn is_first(&self) -> bool {
        self.succeeded() && self.previous.is_none() && self.sequence == Some(1)
    }

    /// By their clocks. Times are whole seconds: within one, neither is before the other.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.finished < other.started && self.payload != other.payload
    }

    pub(super) fn meets(&self, other: &Self) -> Meeting {
        let one_run = self.run.is_of_one_run_with(&other.run);
        if self.build_id == other.build_id {
            Meeting::SameBuild
        } else if one_run && self.run.attempt != other.run.attempt {
            Meeting::Retry
        } else if one_run && self.run.id.is_some() && other.run.id.is_some() {
            Meeting::SameAttempt
        } else if self.run.number.is_some()
            && other.run.number.is_some()
            && self.started < other.finished
            && other.started < self.finished
        {
            Meeting::SideBySide
        } else {
            Meeting::Apart
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        // Clocks count whole seconds.
        let key =
            |row: &Self| (row.finished, row.run.number, row.run.attempt, row.sequence, row.payload);
        key(self).cmp(&key(other))
    }

    /// How sentences name it.
    pub(super) fn say(&self) -> String {
        let run = self.run.number.map(|_| format!("run {}, ", self.run)).unwrap_or_default();
        let place = self.sequence.map_or_else(
            || format!("{}, no sequence", self.outcome),
            |sequence| format!("sequence {sequence}"),
        );
        format!("sha256:{} ({run}{place})", self.payload)
    }
}

/// What became of a statement that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is a row.
    Row,
    /// It is of another type.
    OtherType,
    /// It attests files; no build was bracketed, so it has no place in a chain.
    NoBuild,
    /// It is a finding.
    Finding,
}

/// The builds that were given, each payload once.
#[derive(Debug, Default)]
pub struct Rows {
    pub(super) rows: BTreeMap<Sha256, Row>,
    pub(super) findings: Vec<Finding>,
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Adds a statement that stood in the file of this number. Equal payloads are one row, signed by all their
    /// signers.
    pub fn add(&mut self, statement: &Verified<Statement>, file: usize) -> Taken {
        if statement.get().predicate_type != BUILD_EVIDENCE {
            return Taken::OtherType;
        }
        let payload = statement.payload_digest();
        if let Some(row) = self.rows.get_mut(&payload) {
            row.signers.extend(statement.signers());
            row.files.insert(file);
            return Taken::Row;
        }
        let evidence = match BuildEvidence::deserialize(&statement.get().predicate) {
            Ok(evidence) => evidence,
            Err(error) => {
                let text = format!(
                    "sha256:{payload} is signed and can't be read as build evidence ({error}): what it says is missing here; ask for a newer proofmark, or for evidence that is whole"
                );
                return self.finding(FindingKind::Unreadable, payload, text);
            }
        };
        if evidence.build.bracket == Bracket::None
            && evidence.build.outcome == Outcome::NotApplicable
        {
            let placed = |chain: &Chain| chain.sequence.is_some() || chain.previous.is_some();
            if evidence.chain.get().is_some_and(placed) {
                let text = format!(
                    "sha256:{payload} ({}) attests files, without a bracketed build, and claims a place in a chain: expected none; a build may have been made to look like that, so ask its signer which proofmark wrote it",
                    Printable(&evidence.build.id)
                );
                return self.finding(FindingKind::AttestInChain, payload, text);
            }
            return Taken::NoBuild;
        }
        let Some(lane) = evidence.lane.get().cloned() else {
            let why = evidence.lane.reason.as_deref().unwrap_or("no reason is given");
            let text = format!(
                "sha256:{payload} (build {}) names no lane ({}): it hangs in no chain, and whether one was cut to hide it can't be told",
                Printable(&evidence.build.id),
                Printable(why)
            );
            return self.finding(FindingKind::NoLane, payload, text);
        };
        let row = row(evidence, lane, statement, file);
        self.rows.insert(payload, row);
        Taken::Row
    }

    /// Takes the builds of others: what [`Rows::add`] makes of all their statements.
    pub fn merge(&mut self, others: Self) {
        for (payload, other) in others.rows {
            match self.rows.entry(payload) {
                Entry::Vacant(free) => drop(free.insert(other)),
                Entry::Occupied(mut row) => {
                    let row = row.get_mut();
                    row.signers.extend(other.signers);
                    row.files.extend(other.files);
                }
            }
        }
        for finding in others.findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    fn finding(&mut self, kind: FindingKind, payload: Sha256, text: String) -> Taken {
        let finding = Finding { kind, lane: None, evidence: vec![payload], text };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
        Taken::Finding
    }
}

/// How many changes there are and how many of them nothing explains, and whether those are not all. A first
/// build has a list of changes as well, which compares with nothing.
pub(super) fn numbers(changes: &Changes) -> (Option<(u64, u64)>, bool) {
    if changes.baseline.get().is_none() {
        return (None, false);
    }
    let counted = changes.counts.values().fold((0_u64, 0_u64), |(all, unexplained), count| {
        (all.saturating_add(count.changes), unexplained.saturating_add(count.unexplained))
    });
    let lacking = |reason: &str| reason.contains("not captured in this build");
    (Some(counted), changes.not_compared.iter().any(|place| lacking(&place.reason)))
}

fn row(evidence: BuildEvidence, lane: Lane, statement: &Verified<Statement>, file: usize) -> Row {
    let no_chain = || Chain {
        why_none: Some(
            evidence.chain.reason.clone().unwrap_or_else(|| "the evidence has no chain".to_owned()),
        ),
        ..Chain::default()
    };
    let chain = evidence.chain.get().cloned().unwrap_or_else(no_chain);
    let lock = evidence.changes.get().and_then(|changes| changes.lock.get());
    let drift =
        lock.map(|lock| lock.drift.iter().filter(|drift| drift.kind.is_drift()).count() as u64);
    let (changes, incomplete) = evidence.changes.get().map_or((None, false), numbers);
    let pipeline = evidence
        .pipeline
        .get()
        .map(|pipeline| Pipeline { definitions: Vec::new(), ..pipeline.clone() });
    let commit = evidence.source.get().and_then(|source| source.commit.clone());
    Row {
        payload: statement.payload_digest(),
        captured: evidence.custody.get().and_then(|custody| custody.captured),
        build_id: evidence.build.id,
        lane,
        run: Run::of(&chain.platform_counts),
        sequence: chain.sequence,
        previous: chain.previous,
        why_none: chain.why_none,
        started: evidence.build.started,
        finished: evidence.build.finished,
        commit: commit.or_else(|| pipeline.as_ref().and_then(|pipeline| pipeline.commit.clone())),
        pipeline,
        outcome: evidence.build.outcome,
        changes,
        drift,
        incomplete,
        signers: statement.signers().clone(),
        files: BTreeSet::from([file]),
    }
}
