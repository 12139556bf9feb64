//! The log for a page: what others chose is text there, never markup.

use std::io::{self, Write};

use super::result::{LogV1, NoEvidenceV1};
use super::text::{
    COLUMNS, HEADINGS, LEGEND, NO_EVIDENCE, cells, mark_of, runs, signers, unlinked,
};
use crate::base::markup::escaped;

pub(super) fn write(log: &LogV1, out: &mut dyn Write) -> io::Result<()> {
    for (index, lane) in log.lanes.iter().enumerate() {
        writeln!(out, "## Lane {}: {}\n", index + 1, escaped(&lane.name))?;
        writeln!(out, "| {} |", HEADINGS.join(" | "))?;
        writeln!(out, "|{}", " --- |".repeat(COLUMNS))?;
        let mut pending = lane.no_evidence.iter().peekable();
        for build in &lane.builds {
            while let Some(none) =
                pending.next_if(|none| build.run_number.is_some_and(|number| none.last < number))
            {
                writeln!(out, "{}", none_row(none))?;
            }
            let cells = cells(build, &log.findings).map(|cell| escaped(&cell));
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        pending.try_for_each(|none| writeln!(out, "{}", none_row(none)))?;
        writeln!(out, "\n- {LEGEND}")?;
        if !lane.no_evidence.is_empty() {
            writeln!(out, "- {NO_EVIDENCE}")?;
        }
        for note in &lane.notes {
            writeln!(out, "- {}", escaped(note))?;
        }
        for (digest, why) in unlinked(lane, &log.findings) {
            writeln!(out, "- {digest}: names no build before it: {}", escaped(why))?;
        }
        for (signers, number) in signers(lane) {
            let signers = escaped(&signers.join(", "));
            writeln!(out, "- signed by {signers}: {number} of {}", lane.builds.len())?;
        }
        writeln!(out)?;
    }
    if !log.findings.is_empty() {
        writeln!(out, "## Findings\n")?;
        for found in &log.findings {
            let lane = found.lane.map(|lane| format!(" (lane {lane})")).unwrap_or_default();
            let (mark, text) = (escaped(&mark_of(found)), escaped(&found.text));
            writeln!(out, "- {mark} **{}**{lane}: {text}", found.id)?;
        }
        writeln!(out)?;
    }
    if !log.not_verified.is_empty() {
        writeln!(out, "## Not verified, and counted for nothing\n")?;
        for not in &log.not_verified {
            let line = not.line.map(|line| format!(", line {line}")).unwrap_or_default();
            writeln!(out, "- {}{line}: {}", escaped(&not.file), escaped(&not.why))?;
        }
        writeln!(out)?;
    }
    for note in &log.notes {
        writeln!(out, "Note: {}\n", escaped(note))?;
    }
    writeln!(out, "## What this can't show\n")?;
    for what in &log.not_shown {
        writeln!(out, "- {}", escaped(what))?;
    }
    writeln!(out, "\nResult: {}", escaped(&log.result))
}

fn none_row(none: &NoEvidenceV1) -> String {
    let said = escaped(&none.said);
    format!("| | | {} | no evidence: {said} {}|", runs(none), "| ".repeat(COLUMNS - 3))
}
