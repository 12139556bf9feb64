//! From evidence to a report: a pure function of what is given, and of `now` where a policy or a token has an age.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::gather::{Brief, Gathered, gather};
use super::{is_same, since, unverified};
use crate::assess::chain::{self, Finding, FindingKind, Known, LaneLog, Log, Row};
use crate::assess::facts::{Context, Facts, InChain};
use crate::assess::finding::assess;
use crate::assess::policy::{Policy, Ruling, judge};
use crate::base::digest::Sha256;
use crate::base::file;
use crate::base::text::{count, cut};
use crate::base::time::Time;
use crate::cli::builds::{NotVerified, too_few};
use crate::cli::check_args::Issuers;
use crate::cli::evidence_files::{self, File, Source};
use crate::cli::failure::{Failure, Fault};
use crate::cli::log::{BUILDS_MAX, lane_name};
use crate::cli::sections;
use crate::format::bundle::FILE_MAX;
use crate::format::section::{self, Opened, SealedPart, unseal};
use crate::format::statement::Statement;
use crate::read::Evidence;
use crate::report::{
    self, BuildV1, ChainFindingV1, EventV1, Given, Newest, NotVerifiedV1, Officer, ReportV1,
};
use crate::verify::{Trust, Verified, authenticate};

/// Most lanes of a report.
pub(super) const LANES_MAX: usize = 1000;
/// Most builds of a timeline.
const TIMELINE_MAX: usize = 1000;
/// Most findings of a chain that are shown.
const CHAIN_MAX: usize = 1000;
/// Longest text of one.
const CHAIN_TEXT_MAX: usize = 1500;

/// What a report is to be made of.
#[derive(Debug)]
pub(in crate::cli) struct Request<'a> {
    /// Files, folders that are searched, and contents.
    pub(in crate::cli) files: &'a [Source],
    /// Sections files beside those that stand beside the evidence.
    pub(in crate::cli) sections: &'a [Source],
    /// A file that is to be written: never read, though it be found.
    pub(in crate::cli) not_read: Option<&'a Path>,
    /// `None`: nothing is verified, and the report says so.
    pub(in crate::cli) trust: Option<&'a Trust>,
    /// Issuers and their keys.
    pub(in crate::cli) issuers: &'a Issuers,
    /// The policy; judged over verified builds alone.
    pub(in crate::cli) policy: Option<&'a Policy>,
    /// The vendor's own words.
    pub(in crate::cli) officer: Option<&'a Officer>,
    /// Earlier evidence, or an earlier report.
    pub(in crate::cli) since: Option<&'a Source>,
    /// A row per repository.
    pub(in crate::cli) by_repository: bool,
    /// A row per claim.
    pub(in crate::cli) by_claim: bool,
    /// The time that policies and tokens are judged at.
    pub(in crate::cli) now: Time,
    /// The time that the report states; `None`: when its newest build was finished, so that the same files give
    /// the same bytes.
    pub(in crate::cli) made: Option<Time>,
}

/// Makes a report.
pub(in crate::cli) fn produce(request: &Request<'_>) -> Result<ReportV1, Failure> {
    let mut parts = builds(request)?;
    let mut moved = None;
    if let Some(source) = request.since {
        let (since, gone, not_verified) = since::since(request, source, &parts.builds)?;
        parts.not_verified.extend(not_verified);
        parts.not_shown.extend(gone.into_iter().map(|lane| {
            format!("{}: it has builds in {}, and none here.", cut(&lane, 400), since.file)
        }));
        moved = Some(since);
    }
    let policy = request.policy.filter(|_| request.trust.is_some());
    Ok(report::report(Given {
        verified: request.trust.is_some() && !parts.builds.is_empty(),
        builds: parts.builds,
        policy: policy.map(|policy| report::policy(policy, &parts.rulings)),
        since: moved,
        officer: request.officer,
        not_verified: parts.not_verified,
        not_shown: parts.not_shown,
        files: parts.files,
        made: request.made,
        by_repository: request.by_repository,
        by_claim: request.by_claim,
    }))
}

/// What the files amount to.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) builds: Vec<BuildV1>,
    pub(super) rulings: Vec<(String, Ruling)>,
    pub(super) not_verified: Vec<NotVerifiedV1>,
    pub(super) not_shown: Vec<String>,
    pub(super) files: Vec<String>,
}

impl Parts {
    pub(super) fn not(&mut self, not: NotVerified) {
        let line = not.line.map(|line| line as u64);
        self.not_verified.push(NotVerifiedV1 { file: not.file, line, why: not.why });
    }
}

/// The newest build of each lane.
pub(super) fn builds(request: &Request<'_>) -> Result<Parts, Failure> {
    let mut parts = Parts::default();
    let mut troubles = Vec::new();
    let mut files = Vec::new();
    for found in evidence_files::find(request.files, &mut troubles)? {
        let is_output =
            request.not_read.zip(found.path()).is_some_and(|(out, own)| is_same(own, out));
        if is_output {
            continue;
        }
        let label = found.label();
        match found.kept() {
            Ok(file) => {
                parts.files.push(label);
                files.push(file);
            }
            Err(error) => {
                troubles.push(NotVerified { file: label, line: None, why: error.to_string() });
            }
        }
    }
    troubles.into_iter().for_each(|not| parts.not(not));
    match request.trust {
        None => unverified::builds(request, &files, &mut parts)?,
        Some(trust) => Verifying { request, trust, files: &files }.builds(&mut parts)?,
    }
    Ok(parts)
}

struct Verifying<'a> {
    request: &'a Request<'a>,
    trust: &'a Trust,
    files: &'a [File],
}

/// A build that is to be assessed.
struct Chosen<'a> {
    lane: String,
    payload: Sha256,
    files: &'a BTreeSet<usize>,
    in_chain: Option<InChain>,
    timeline: Vec<EventV1>,
    lane_builds: u64,
    chain: Vec<ChainFindingV1>,
}

impl Verifying<'_> {
    fn builds(&self, parts: &mut Parts) -> Result<(), Failure> {
        let mut gathered = gather(self.files, self.trust);
        if gathered.rows.count() > BUILDS_MAX {
            return Err(too_many("builds", BUILDS_MAX));
        }
        gathered.not_verified.drain(..).for_each(|not| parts.not(not));
        parts.not_shown.append(&mut gathered.notes);
        let named = self.named_sections(&mut gathered)?;
        let Gathered { rows, briefs, mut attested, .. } = gathered;
        let threshold = self.trust.threshold();
        let known = Known { threshold, ..Known::default() };
        let log = chain::judge(rows, &known);
        for row in &log.short {
            parts.not(self.short(&row.files, row.payload, row.signers.len()));
        }
        attested.retain(|payload, one| {
            let enough = one.signers.len() >= threshold;
            if !enough {
                parts.not(self.short(&one.files, *payload, one.signers.len()));
            }
            enough
        });
        for finding in log.findings.iter().filter(|finding| is_of_no_build(finding)) {
            let file = finding.kind.name().to_owned();
            parts.not(NotVerified { file, line: None, why: finding.text.clone() });
        }
        if log.lanes.len() >= LANES_MAX {
            return Err(too_many("lanes", LANES_MAX));
        }
        let given = names(&log);
        for (index, lane) in log.lanes.iter().enumerate() {
            let Some(chosen) = choose(index, lane, &log, &given, &briefs, parts) else { continue };
            self.assess(chosen, &briefs, &named, parts);
        }
        let newest = attested.iter().max_by_key(|(payload, one)| (one.finished, **payload));
        if let Some((payload, one)) = newest {
            let chosen = Chosen {
                lane: "attested files".to_owned(),
                payload: *payload,
                files: &one.files,
                in_chain: None,
                timeline: Vec::new(),
                lane_builds: attested.len() as u64,
                chain: Vec::new(),
            };
            self.assess(chosen, &briefs, &named, parts);
        }
        Ok(())
    }

    fn short(&self, files: &BTreeSet<usize>, payload: Sha256, signers: usize) -> NotVerified {
        let names = files.iter().filter_map(|number| self.files.get(*number)).map(File::label);
        let why = too_few(signers, self.trust.threshold());
        NotVerified {
            file: names.collect::<Vec<_>>().join(", "),
            line: None,
            why: format!("sha256:{payload}: {why}"),
        }
    }

    /// The sections files that were named. Each line must be sealed by one of the builds.
    fn named_sections(&self, gathered: &mut Gathered) -> Result<Opened, Failure> {
        let mut named = Opened::default();
        if self.request.sections.is_empty() {
            return Ok(named);
        }
        let mut all: Vec<SealedPart> =
            gathered.briefs.values().flat_map(|brief| brief.parts.clone()).collect();
        all.sort();
        all.dedup();
        for source in self.request.sections {
            let opened = match source {
                Source::Path(path) => sections::open(path, &all, |_| true)?,
                Source::Bytes { name, bytes } => section::open_some(bytes, &all, |_| true)
                    .map_err(|error| {
                        Failure::trouble(format_args!("{}: {error}", cut(name, 200)))
                    })?,
            };
            named.contents.extend(opened.contents);
        }
        for brief in gathered.briefs.values_mut() {
            brief.open(&named);
        }
        Ok(named)
    }

    /// Reads the build once more, whole this time, and asks it every question.
    fn assess(
        &self,
        chosen: Chosen<'_>,
        briefs: &BTreeMap<Sha256, Brief>,
        named: &Opened,
        parts: &mut Parts,
    ) {
        let files: Vec<&File> =
            chosen.files.iter().filter_map(|number| self.files.get(*number)).collect();
        let label = files.first().map(|file| file.label()).unwrap_or_default();
        // One payload may stand in several files, each with another signature.
        let mut evidence = Evidence::default();
        for file in &files {
            let Ok(mut read) = file.evidence() else { continue };
            read.lines.retain(|line| line.payload_digest() == chosen.payload);
            evidence.lines.append(&mut read.lines);
        }
        let mut set = authenticate(&evidence, self.trust);
        let found = set.verified.pop().filter(|one| one.signers().len() >= self.trust.threshold());
        let Some(statement) = found else {
            let why = "it was changed while it was read".to_owned();
            parts.not(NotVerified { file: label, line: None, why });
            return;
        };
        let sealed = briefs.get(&chosen.payload).map(|brief| brief.parts.as_slice());
        let sealed = sealed.unwrap_or_default();
        let mut opened = Opened { contents: named.contents.clone(), ..Opened::default() };
        for path in files.iter().filter_map(|file| file.path()) {
            // What is wrong with them was said when the changes were read.
            opened.contents.extend(beside(path, sealed).contents);
        }
        let closed = sealed.iter().filter(|part| !opened.has(&part.seal)).count();
        if closed > 0 {
            let closed = count(closed as u64, "sealed part");
            parts.not_shown.push(format!(
                "{}: what {closed} of the newest build would add: their sections are not at hand (--sections).",
                cut(&chosen.lane, 400)
            ));
        }
        let (build, ruling) = self.judged(chosen, &statement, &opened, label);
        parts.rulings.extend(ruling.map(|ruling| (build.lane.clone(), ruling)));
        parts.builds.push(build);
    }

    fn judged(
        &self,
        chosen: Chosen<'_>,
        statement: &Verified<Statement>,
        opened: &Opened,
        file: String,
    ) -> (BuildV1, Option<Ruling>) {
        let mut predicate: Value = statement.get().predicate.clone();
        unseal(&mut predicate, &opened.contents);
        let context = Context { chain: chosen.in_chain, artefact_hashed: false };
        let (brought, now) = (self.request.issuers.brought(), self.request.now);
        let threshold = self.trust.threshold();
        let facts = Facts::of(statement, &predicate, threshold, &brought, now, context);
        let assessed = assess(&facts);
        let ruling = self.request.policy.map(|policy| judge(policy, &facts, &assessed, now));
        let build = report::build(Newest {
            lane: chosen.lane,
            payload: chosen.payload,
            file,
            facts: &facts,
            assessed: &assessed,
            timeline: chosen.timeline,
            lane_builds: chosen.lane_builds,
            chain: chosen.chain,
        });
        (build, ruling)
    }
}

/// The sections beside a file that are of these parts; the file may be of several builds.
fn beside(path: &Path, parts: &[SealedPart]) -> Opened {
    let sections = crate::write::Destination::new(path, file::Overwrite::Never);
    match file::read_regular(sections.sections(), FILE_MAX) {
        Ok(bytes) => section::open_known(&bytes, parts, |_| true),
        Err(_) => Opened::default(),
    }
}

pub(super) fn too_many(what: &str, most: usize) -> Failure {
    Failure::new(Fault::Usage, format_args!("expected at most {most} {what}, found more"))
        .hint("give one repository's files at a time")
}

/// Signed evidence that is no build of any lane.
const fn is_of_no_build(finding: &Finding) -> bool {
    let kind = finding.kind;
    matches!(kind, FindingKind::AttestInChain | FindingKind::NoLane | FindingKind::Unreadable)
}

/// All names that a build may be known by.
fn names(log: &Log) -> BTreeSet<Sha256> {
    let rows = log.lanes.iter().flat_map(|lane| &lane.rows);
    rows.flat_map(|row| std::iter::once(row.payload).chain(row.captured)).collect()
}

/// The lane's newest build that succeeded, else its newest.
fn choose<'a>(
    index: usize,
    lane: &'a LaneLog,
    log: &Log,
    given: &BTreeSet<Sha256>,
    briefs: &BTreeMap<Sha256, Brief>,
    parts: &mut Parts,
) -> Option<Chosen<'a>> {
    let last = lane.rows.last()?;
    let succeeded = |row: &&Row| row.outcome == crate::format::evidence::Outcome::Succeeded;
    let row = lane.rows.iter().rev().find(succeeded).unwrap_or(last);
    let name = cut(&lane_name(&lane.lane), 400);
    if row.payload != last.payload {
        parts.not_shown.push(format!(
            "{name}: the newest build (run {}, finished {}) {}; shown is the newest that succeeded (run {}, finished {}).",
            last.run, last.finished, last.outcome, row.run, row.finished
        ));
    } else if !succeeded(&row) {
        parts.not_shown.push(format!(
            "{name}: no build of it succeeded; shown is the newest, which {}.",
            row.outcome
        ));
    }
    let own: BTreeSet<Sha256> = lane.rows.iter().map(|row| row.payload).collect();
    let is_own = |finding: &&Finding| match finding.lane {
        Some(lane) => lane == index,
        None => !is_of_no_build(finding) && finding.evidence.iter().any(|one| own.contains(one)),
    };
    let findings: Vec<&Finding> = log.findings.iter().filter(is_own).collect();
    let runs = lane.no_evidence.iter();
    let runs = runs.map(|runs| runs.last.saturating_sub(runs.first).saturating_add(1));
    let in_chain = InChain {
        previous_given: row.previous.is_some_and(|previous| given.contains(&previous)),
        findings: findings.iter().map(|finding| (*finding).clone()).collect(),
        runs_without_evidence: runs.fold(0, u64::saturating_add),
    };
    let shown = |finding: &&Finding| ChainFindingV1 {
        kind: finding.kind.name().to_owned(),
        fails: finding.kind.fails(),
        text: cut(&finding.text, CHAIN_TEXT_MAX),
    };
    let hidden = lane.rows.len().saturating_sub(TIMELINE_MAX);
    let event = |row: &Row| {
        let list = briefs.get(&row.payload).map(|brief| brief.changes.clone());
        report::event(row, list.unwrap_or_default(), &findings)
    };
    Some(Chosen {
        lane: name,
        payload: row.payload,
        files: &row.files,
        timeline: lane.rows.iter().skip(hidden).map(event).collect(),
        lane_builds: lane.rows.len() as u64,
        chain: findings.iter().take(CHAIN_MAX).map(shown).collect(),
        in_chain: Some(in_chain),
    })
}
