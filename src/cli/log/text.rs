//! The log for people: a table a lane that fits 100 columns.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::result::{BuildV1, FindingV1, LaneV1, LogV1, NoEvidenceV1};
use crate::assess::chain;
use crate::base::digest::Sha256;
use crate::base::text::{cut, printable};

/// Longest sentence that is shown whole.
const SENTENCE_MAX: usize = 2000;

pub(super) fn write(log: &LogV1, out: &mut dyn Write) -> io::Result<()> {
    for (index, lane) in log.lanes.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "lane {}: {}", index + 1, safe(&lane.name))?;
        write_table(lane, &log.findings, out)?;
        write_below(lane, &log.findings, out)?;
    }
    if !log.findings.is_empty() {
        writeln!(out, "\nfindings")?;
    }
    for found in &log.findings {
        let lane = found.lane.map(|lane| format!(" (lane {lane})")).unwrap_or_default();
        writeln!(out, "  {} {}{lane}: {}", mark_of(found), found.id, safe(&found.text))?;
    }
    if !log.not_verified.is_empty() {
        writeln!(out, "\nnot verified, and counted for nothing")?;
    }
    for not in &log.not_verified {
        let line = not.line.map(|line| format!(", line {line}")).unwrap_or_default();
        writeln!(out, "  {}{line}: {}", safe(&not.file), safe(&not.why))?;
    }
    if !log.notes.is_empty() {
        writeln!(out)?;
    }
    for note in &log.notes {
        writeln!(out, "note: {}", safe(note))?;
    }
    writeln!(out, "\nWhat this can't show:")?;
    for what in &log.not_shown {
        writeln!(out, "  {what}")?;
    }
    writeln!(out, "result: {}", log.result)
}

fn write_table(lane: &LaneV1, findings: &[FindingV1], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", line(&HEADINGS))?;
    let mut pending = lane.no_evidence.iter().peekable();
    for build in &lane.builds {
        while let Some(none) =
            pending.next_if(|none| build.run_number.is_some_and(|number| none.last < number))
        {
            writeln!(out, "{}", none_line(none))?;
        }
        writeln!(out, "{}", line(&cells(build, findings)))?;
    }
    pending.try_for_each(|none| writeln!(out, "{}", none_line(none)))
}

fn write_below(lane: &LaneV1, findings: &[FindingV1], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {LEGEND}")?;
    if !lane.no_evidence.is_empty() {
        writeln!(out, "  {NO_EVIDENCE}")?;
    }
    for note in &lane.notes {
        writeln!(out, "  note: {}", safe(note))?;
    }
    for (digest, why) in unlinked(lane, findings) {
        writeln!(out, "  {digest}: names no build before it: {}", safe(why))?;
    }
    for (signers, number) in signers(lane) {
        writeln!(out, "  signed by {}: {number} of {}", signers.join(", "), lane.builds.len())?;
    }
    Ok(())
}

/// What `no evidence` may mean.
pub(super) const NO_EVIDENCE: &str = "runs without evidence may have failed early, be of other refs or jobs, or have been removed: the chain can't tell";

/// The table's columns.
pub(super) const HEADINGS: [&str; COLUMNS] = [
    "", "seq", "run", "finished", "commit", "outcome", "chg/unex", "drift", "evidence", "previous",
];
const WIDTHS: [usize; COLUMNS] = [4, 5, 8, 20, 8, 9, 8, 5, 12, 12];
/// How many columns the table has.
pub(super) const COLUMNS: usize = 10;

/// What the columns' names stand for.
pub(super) const LEGEND: &str = "chg/unex: changes of the environment, and how many nothing explains (?: not all could be compared); drift: differences from proofmark.lock";

/// A build's cells, unescaped.
pub(super) fn cells(build: &BuildV1, findings: &[FindingV1]) -> [String; COLUMNS] {
    let dash = || "-".to_owned();
    let changes = build.changes.zip(build.unexplained);
    [
        mark(build, findings),
        build.sequence.map_or_else(dash, |sequence| sequence.to_string()),
        build.run.clone(),
        build.finished.to_string(),
        build.commit.as_ref().map_or_else(dash, |commit| commit.chars().take(8).collect()),
        build.outcome.clone(),
        changes.map_or_else(dash, |(all, unexplained)| {
            format!("{all}/{unexplained}{}", if build.incomplete { "?" } else { "" })
        }),
        build.drift.map_or_else(dash, |drift| drift.to_string()),
        short(build.payload_sha256),
        build.previous.map_or_else(dash, short),
    ]
}

/// A run or several that left no evidence.
pub(super) fn runs(none: &NoEvidenceV1) -> String {
    if none.first == none.last {
        none.first.to_string()
    } else {
        format!("{}-{}", none.first, none.last)
    }
}

fn none_line(none: &NoEvidenceV1) -> String {
    let text = format!("{:10} {} no evidence: {}", "", fit(&runs(none), 8), fit(&none.said, 60));
    text.trim_end().to_owned()
}

fn line<T: AsRef<str>>(cells: &[T; COLUMNS]) -> String {
    let cells = cells.iter().zip(WIDTHS).map(|(cell, width)| fit(cell.as_ref(), width));
    cells.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// Exactly `width` columns. What is longer is cut, and shows that it was.
fn fit(text: &str, width: usize) -> String {
    let safe = safe(text);
    if safe.chars().count() <= width {
        format!("{safe:<width$}")
    } else {
        let kept: String = safe.chars().take(width.saturating_sub(1)).collect();
        format!("{kept}~")
    }
}

fn mark(build: &BuildV1, findings: &[FindingV1]) -> String {
    let mut marks = build
        .findings
        .iter()
        .filter_map(|number| findings.iter().find(|found| found.number == *number));
    let Some(first) = marks.next() else { return String::new() };
    let more = if marks.next().is_some() { "+" } else { "" };
    format!("{}{more}", mark_of(first))
}

/// `!1` of a finding that fails, `~1` of one that doesn't.
pub(super) fn mark_of(found: &FindingV1) -> String {
    let sign = if found.fails { '!' } else { '~' };
    format!("{sign}{}", found.number)
}

/// Builds that name none before them, and why. What a finding or a note tells isn't told again.
pub(super) fn unlinked<'a>(
    lane: &'a LaneV1,
    findings: &'a [FindingV1],
) -> impl Iterator<Item = (String, &'a str)> {
    let is_told = |build: &BuildV1, why: &str| {
        let (digest, why) =
            (format!("sha256:{}", build.payload_sha256), printable(chain::reason(why)));
        let found = findings.iter().filter(|found| build.findings.contains(&found.number));
        let mut texts = found.map(|found| &found.text).chain(&lane.notes);
        texts.any(|text| text.starts_with(&digest) && text.contains(&why))
    };
    lane.builds.iter().filter(|build| build.previous.is_none()).filter_map(move |build| {
        let why = build.why_none.as_deref().filter(|why| !is_told(build, why))?;
        Some((short(build.payload_sha256), why))
    })
}

/// Who signed how many builds of a lane.
pub(super) fn signers(lane: &LaneV1) -> BTreeMap<&[String], usize> {
    lane.builds.iter().fold(BTreeMap::new(), |mut signers, build| {
        *signers.entry(build.signers.as_slice()).or_default() += 1;
        signers
    })
}

/// The first digits of a digest.
pub(super) fn short(digest: Sha256) -> String {
    digest.to_string().chars().take(12).collect()
}

fn safe(text: &str) -> String {
    cut(text, SENTENCE_MAX)
}
