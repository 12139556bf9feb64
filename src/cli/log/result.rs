//! What `proofmark log` found, as it is printed: a frozen copy with a version.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Log as Arguments;
use crate::assess::chain::{LaneLog, Log, NoEvidence, Row};
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::base::time::Time;
use crate::cli::builds::{self, NotVerified};
use crate::cli::failure::Failure;
use crate::format::evidence::Lane;

/// What was read beside the builds.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The files, by their numbers.
    pub(super) files: Vec<String>,
    pub(super) not_verified: Vec<NotVerified>,
    /// Lines and statements of other types.
    pub(super) others: usize,
    /// Verified evidence of files that no build was bracketed for.
    pub(super) attested: usize,
}

/// What `proofmark log --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "proofmark log v1")]
pub(crate) struct LogV1 {
    /// Always 1.
    version: u32,
    /// Whether everything that may be evidence of a build was verified, and there was any.
    pub(super) verified: bool,
    /// Whether findings fail.
    strict: bool,
    /// The lanes, sorted.
    pub(super) lanes: Vec<LaneV1>,
    /// What is wrong with the chains.
    pub(super) findings: Vec<FindingV1>,
    /// What may be evidence of a build and counts for nothing.
    pub(super) not_verified: Vec<NotVerifiedV1>,
    /// What is to be said of the files.
    pub(super) notes: Vec<String>,
    /// What none of this can show.
    pub(super) not_shown: Vec<String>,
    /// The answer in one line.
    pub(super) result: String,
    /// The exit code.
    exit_code: u8,
}

/// One lane.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LaneV1 {
    /// Its name for people.
    pub(super) name: String,
    /// What its builds have in common.
    lane: Lane,
    /// Its builds, oldest first.
    pub(super) builds: Vec<BuildV1>,
    /// Runs between the first and the last of them that left no evidence.
    pub(super) no_evidence: Vec<NoEvidenceV1>,
    /// What is to be said of it and is no finding.
    pub(super) notes: Vec<String>,
}

/// One build.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BuildV1 {
    /// SHA-256 of its payload: what `--head` takes.
    pub(super) payload_sha256: Sha256,
    /// SHA-256 of the unsigned capture that was signed.
    captured_sha256: Option<Sha256>,
    /// The build that it names.
    build_id: String,
    /// The files that it stands in.
    files: Vec<String>,
    /// Its place in the chain.
    pub(super) sequence: Option<u64>,
    /// The run's number, and the attempt where it isn't the first.
    pub(super) run: String,
    /// The run's number.
    pub(super) run_number: Option<u64>,
    /// Which attempt; on GitLab the job's id.
    run_attempt: Option<u64>,
    /// The run's id.
    run_id: Option<String>,
    /// When it began.
    #[schemars(with = "Time")]
    started: Time,
    /// When it was finished.
    pub(super) finished: Time,
    /// The commit.
    pub(super) commit: Option<String>,
    /// How it ended.
    pub(super) outcome: String,
    /// Whether the changes that it records are not all: it lacks something that the build before it has.
    pub(super) incomplete: bool,
    /// How many changes of the environment it records; absent where it compared nothing.
    pub(super) changes: Option<u64>,
    /// How many of them nothing explains.
    pub(super) unexplained: Option<u64>,
    /// How many differences from the lock it records; absent where there was no lock.
    pub(super) drift: Option<u64>,
    /// The build before it.
    pub(super) previous: Option<Sha256>,
    /// Why it names none.
    pub(super) why_none: Option<String>,
    /// Fingerprints of the trusted keys that signed it.
    pub(super) signers: Vec<String>,
    /// Numbers of the findings that it gave rise to.
    pub(super) findings: Vec<usize>,
}

/// Runs that left no evidence.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NoEvidenceV1 {
    /// The first one's number.
    pub(super) first: u64,
    /// The last one's number.
    pub(super) last: u64,
    /// What the platform says of them, or that it wasn't asked.
    pub(super) said: String,
}

/// Something that is wrong with a chain.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FindingV1 {
    /// Counted from 1.
    pub(super) number: usize,
    /// What it is: `gap`, `fork`, ...
    pub(super) id: &'static str,
    /// Whether `--strict` fails for it.
    pub(super) fails: bool,
    /// Which lane it is of, counted from 1.
    pub(super) lane: Option<usize>,
    /// The evidences that it is about.
    evidence: Vec<Sha256>,
    /// Both sides, and what to do.
    pub(super) text: String,
}

/// Something that counts for nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotVerifiedV1 {
    /// The file.
    pub(super) file: String,
    /// Counted from 1; absent where it is the file as a whole.
    pub(super) line: Option<usize>,
    /// Why.
    pub(super) why: String,
}

impl LogV1 {
    pub(super) fn new(log: Log, seen: Seen, args: &Arguments) -> Result<Self, Failure> {
        let filter = args.lane.as_deref();
        let names: Vec<String> = log.lanes.iter().map(|lane| name(&lane.lane)).collect();
        let shown = |name: &String| filter.is_none_or(|text| name.contains(text));
        let kept: Vec<usize> =
            (0..names.len()).filter(|index| names.get(*index).is_some_and(shown)).collect();
        if filter.is_some() && kept.is_empty() && !names.is_empty() {
            return Err(Failure::usage("--lane: no lane has that text in its name")
                .hint(format!("the lanes are: {}", names.join("; "))));
        }
        let place = |lane: usize| kept.iter().position(|kept| *kept == lane).map(|n| n + 1);
        let findings: Vec<_> = log
            .findings
            .into_iter()
            .filter(|found| found.lane.is_none_or(|lane| place(lane).is_some()))
            .enumerate()
            .map(|(index, found)| FindingV1 {
                number: index + 1,
                id: found.kind.name(),
                fails: found.kind.fails(),
                lane: found.lane.and_then(place),
                evidence: found.evidence,
                text: found.text,
            })
            .collect();
        let mut marks: BTreeMap<Sha256, Vec<usize>> = BTreeMap::new();
        for found in &findings {
            if let Some(first) = found.evidence.first() {
                marks.entry(*first).or_default().push(found.number);
            }
        }
        let lanes: Vec<_> = log
            .lanes
            .into_iter()
            .zip(names)
            .filter(|(_, name)| shown(name))
            .map(|(lane, name)| LaneV1::new(lane, name, &marks, &seen.files))
            .collect();
        let short = log.short.into_iter().map(|row| NotVerifiedV1 {
            file: of_files(&row, &seen.files).join(", "),
            line: None,
            why: format!(
                "sha256:{}: {}",
                row.payload,
                builds::too_few(row.signers.len(), args.trust.threshold())
            ),
        });
        let whole = seen.not_verified.into_iter().map(|not| NotVerifiedV1 {
            file: not.file,
            line: not.line,
            why: not.why,
        });
        let not_verified: Vec<_> = whole.chain(short).collect();
        let mut notes = Vec::new();
        if seen.attested > 0 {
            let number = count(seen.attested as u64, "verified statement");
            notes.push(format!("{number} of files that no build was bracketed for: in no chain"));
        }
        if seen.others > 0 {
            let number = count(seen.others as u64, "line");
            notes.push(format!("{number} of other types: not used"));
        }
        let mut result = Self {
            version: 1,
            verified: not_verified.is_empty() && !lanes.is_empty(),
            strict: args.strict,
            lanes,
            findings,
            not_verified,
            notes,
            not_shown: not_shown(!args.heads.is_empty()),
            result: String::new(),
            exit_code: 0,
        };
        result.exit_code = match () {
            () if args.strict && result.findings.iter().any(|found| found.fails) => 1,
            () if !result.verified => 3,
            () => 0,
        };
        result.result = result.answer();
        Ok(result)
    }

    pub(super) const fn exit_code(&self) -> u8 {
        self.exit_code
    }

    fn answer(&self) -> String {
        let builds: usize = self.lanes.iter().map(|lane| lane.builds.len()).sum();
        let mut parts = vec![if builds == 0 {
            "could not tell: no build is verified".to_owned()
        } else {
            let lanes = count(self.lanes.len() as u64, "lane");
            format!("{} of {lanes}", count(builds as u64, "verified build"))
        }];
        let mut ids: Vec<_> = self.findings.iter().map(|found| found.id).collect();
        let number = count(ids.len() as u64, "finding");
        ids.sort_unstable();
        ids.dedup();
        let failing = self.findings.iter().any(|found| found.fails);
        if !ids.is_empty() {
            let strict = if failing && !self.strict { "; --strict fails" } else { "" };
            parts.push(format!("{number} ({}{strict})", ids.join(", ")));
        } else if builds > 0 {
            parts.push("no findings".to_owned());
        }
        if !self.not_verified.is_empty() {
            parts.push(format!("{} not verified", self.not_verified.len()));
        }
        format!("{} (exit {})", parts.join(", "), self.exit_code)
    }
}

impl LaneV1 {
    fn new(
        lane: LaneLog,
        name: String,
        marks: &BTreeMap<Sha256, Vec<usize>>,
        files: &[String],
    ) -> Self {
        let build = |row: Row| BuildV1 {
            files: of_files(&row, files),
            findings: marks.get(&row.payload).cloned().unwrap_or_default(),
            run: row.run.to_string(),
            payload_sha256: row.payload,
            captured_sha256: row.captured,
            build_id: row.build_id,
            sequence: row.sequence,
            run_number: row.run.number,
            run_attempt: row.run.attempt,
            run_id: row.run.id,
            started: row.started,
            finished: row.finished,
            commit: row.commit,
            outcome: row.outcome.to_string(),
            incomplete: row.incomplete,
            changes: row.changes.map(|(all, _)| all),
            unexplained: row.changes.map(|(_, unexplained)| unexplained),
            drift: row.drift,
            previous: row.previous,
            why_none: row.why_none,
            signers: row.signers.iter().map(ToString::to_string).collect(),
        };
        let none = |NoEvidence { first, last, said }| NoEvidenceV1 { first, last, said };
        Self {
            name,
            lane: lane.lane,
            builds: lane.rows.into_iter().map(build).collect(),
            no_evidence: lane.no_evidence.into_iter().map(none).collect(),
            notes: lane.notes,
        }
    }
}

fn of_files(row: &Row, files: &[String]) -> Vec<String> {
    row.files.iter().filter_map(|number| files.get(*number)).cloned().collect()
}

/// A lane's name for people.
pub(in crate::cli) fn name(lane: &Lane) -> String {
    let part =
        |before: &str, part: &Option<String>| part.as_ref().map(|part| format!("{before}{part}"));
    // Nothing but a build on somebody's machine has none of these.
    if [&lane.definition, &lane.job, &lane.repository_id].iter().all(|part| part.is_none()) {
        let parts = [part("project ", &lane.project), part("leg ", &lane.leg)];
        let known = parts.into_iter().flatten().map(|part| format!(", {part}"));
        return format!("outside of a pipeline{}", known.collect::<String>());
    }
    let parts = [
        part("", &lane.definition),
        part("job ", &lane.job),
        part("leg ", &lane.leg),
        part("project ", &lane.project),
        Some(if lane.ref_kind == "other" {
            "no tag, not the default branch".to_owned()
        } else {
            lane.ref_kind.clone()
        }),
        part("repository ", &lane.repository_id),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn not_shown(with_head: bool) -> Vec<String> {
    let ends = if with_head {
        "builds newer than the known heads that were removed"
    } else {
        "builds that were removed at the end of a chain: --head, with a digest that you kept, would show it"
    };
    [
        ends,
        "builds that left no evidence at all: the platform's own list of runs names them",
        "who made a commit: it says what its maker wrote into it",
        "whether what a build says of itself is true: the holders of the keys above say so, and could have signed anything",
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}
