//! The differences for a page: what others chose is text there, never markup.

use std::io::{self, Write};

use super::result::{BuildV1, ChangeV1, DiffV1};
use super::text::{explained, explanations, name};
use crate::base::markup::escaped;
use crate::base::text::count;

pub(super) fn write(diff: &DiffV1, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Builds\n")?;
    head(out, ["", "OLD", "NEW"])?;
    for (what, say) in BUILD {
        row(out, &[what, &say(&diff.old), &say(&diff.new)])?;
    }
    writeln!(out, "\n{}\n", escaped(diff.relation_text))?;
    if !diff.departures.is_empty() {
        writeln!(out, "## Refused\n")?;
        head(out, ["what", "recorded", "follows"])?;
        for departure in &diff.departures {
            row(out, &[&departure.what, &departure.recorded, &departure.follows])?;
        }
        writeln!(out)?;
    }
    for changes in diff.changes.chunk_by(|one, two| one.class == two.class) {
        if let Some(first) = changes.first() {
            writeln!(out, "## Changes: {}\n", escaped(&first.class))?;
            head(out, ["change", "name", "before", "after", "explanation"])?;
        }
        for change in changes {
            write_change(change, out)?;
        }
        writeln!(out)?;
    }
    if !diff.not_compared.is_empty() {
        writeln!(out, "## Not compared\n")?;
        head(out, ["part", "why"])?;
        for not in &diff.not_compared {
            row(out, &[&not.place, &not.reason])?;
        }
        writeln!(out)?;
    }
    if !diff.not_verified.is_empty() {
        writeln!(out, "## Not verified, and counted for nothing\n")?;
        for not in &diff.not_verified {
            writeln!(out, "- {}", escaped(not))?;
        }
        writeln!(out)?;
    }
    for note in &diff.notes {
        writeln!(out, "Note: {}\n", escaped(note))?;
    }
    if diff.sealed.changes > 0 {
        let more = count(diff.sealed.changes, "more change");
        let unexplained = diff.sealed.unexplained;
        writeln!(out, "Sealed: {more}, {unexplained} unexplained (--sections opens them)\n")?;
    }
    if !diff.explained_by.is_empty() {
        writeln!(out, "Explanations: {}\n", escaped(&explanations(diff)))?;
    }
    writeln!(out, "Result: {}", escaped(&diff.result))
}

/// What is said of a build.
type Say = fn(&BuildV1) -> String;

const BUILD: [(&str, Say); 9] = [
    ("evidence", |build| format!("sha256:{}", build.payload_sha256)),
    ("file", |build| build.file.clone()),
    ("build", |build| build.build_id.clone()),
    ("lane", |build| build.lane.clone().unwrap_or_else(|| "none".to_owned())),
    ("sequence", |build| build.sequence.map_or_else(|| "-".to_owned(), |n| n.to_string())),
    ("commit", |build| build.commit.clone().unwrap_or_else(|| "not recorded".to_owned())),
    ("finished", |build| format!("{}, {}", build.finished, build.outcome)),
    ("signed by", |build| build.signers.join(", ")),
    ("sealed parts at hand", |build| format!("{} of {}", build.opened_parts, build.sealed_parts)),
];

fn write_change(change: &ChangeV1, out: &mut dyn Write) -> io::Result<()> {
    let value = |value: &Option<String>, not_there: &str| match value {
        Some(value) => value.clone(),
        None if change.change == not_there => "-".to_owned(),
        None => "(not recorded)".to_owned(),
    };
    let (before, after) = (value(&change.before, "added"), value(&change.after, "removed"));
    row(out, &[change.change, &name(change), &before, &after, &explained(change)])
}

fn head<const N: usize>(out: &mut dyn Write, headings: [&str; N]) -> io::Result<()> {
    writeln!(out, "| {} |\n|{}", headings.join(" | "), " --- |".repeat(N))
}

/// The one way into a table: every cell is escaped here.
fn row(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| escaped(cell)).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}
