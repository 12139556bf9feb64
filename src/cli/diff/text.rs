//! The differences for people: one line a change, grouped by class.

use std::io::{self, Write};

use super::result::{BuildV1, ChangeV1, DiffV1};
use crate::base::text::{Printable, count, cut};

/// Longest text of what lies beside a change's name.
const TEXT_MAX: usize = 512;

pub(super) fn write(diff: &DiffV1, out: &mut dyn Write) -> io::Result<()> {
    write_build("old", &diff.old, out)?;
    write_build("new", &diff.new, out)?;
    writeln!(out, "{}", diff.relation_text)?;
    for departure in &diff.departures {
        writeln!(out, "refused: {}", safe(&departure.what))?;
        writeln!(out, "  recorded {}", safe(&departure.recorded))?;
        writeln!(out, "  follows  {}", safe(&departure.follows))?;
    }
    for changes in diff.changes.chunk_by(|one, two| one.class == two.class) {
        if let Some(first) = changes.first() {
            writeln!(out, "\n{}", first.class)?;
        }
        for change in changes {
            writeln!(out, "  {}", line(change))?;
        }
    }
    if !diff.not_compared.is_empty() {
        writeln!(out, "\nnot compared")?;
    }
    for not in &diff.not_compared {
        writeln!(out, "  {}: {}", safe(&not.place), safe(&not.reason))?;
    }
    if !diff.notes.is_empty() || !diff.not_verified.is_empty() {
        writeln!(out)?;
    }
    for note in &diff.notes {
        writeln!(out, "note: {}", safe(note))?;
    }
    for not in &diff.not_verified {
        writeln!(out, "not verified, and counted for nothing: {}", safe(not))?;
    }
    writeln!(out)?;
    if diff.sealed.changes > 0 {
        writeln!(
            out,
            "sealed: {}, {} unexplained (--sections opens them)",
            count(diff.sealed.changes, "more change"),
            diff.sealed.unexplained
        )?;
    }
    if !diff.explained_by.is_empty() {
        writeln!(out, "explanations: {}", explanations(diff))?;
    }
    writeln!(out, "result: {}", diff.result)
}

/// `1 commit, 2 unexplained`.
pub(super) fn explanations(diff: &DiffV1) -> String {
    let counts = diff.explained_by.iter().map(|(by, number)| format!("{number} {by}"));
    counts.collect::<Vec<_>>().join(", ")
}

fn write_build(which: &str, build: &BuildV1, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{which}  sha256:{} ({})", build.payload_sha256, safe(&build.file))?;
    let sequence = build.sequence.map(|n| format!(", sequence {n}")).unwrap_or_default();
    let commit = build.commit.as_deref().unwrap_or("not recorded");
    writeln!(
        out,
        "     build {} {} at {}{sequence}, commit {}",
        Printable(&build.build_id),
        build.outcome,
        build.finished,
        Printable(commit)
    )?;
    let lane = build.lane.as_deref().unwrap_or("none");
    writeln!(out, "     lane {}", safe(lane))?;
    writeln!(
        out,
        "     signed by {}; {} of {} at hand",
        build.signers.join(", "),
        build.opened_parts,
        count(build.sealed_parts as u64, "sealed part")
    )
}

/// `~ cargo: 1.90 -> 1.91 [commit 0123456789ab: touches rust-toolchain.toml]`.
fn line(change: &ChangeV1) -> String {
    let mark = match change.change {
        "added" => '+',
        "removed" => '-',
        _ => '~',
    };
    let what = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{} -> {}", safe(before), safe(after)),
        (Some(before), None) if change.change == "removed" => safe(before),
        (None, Some(after)) if change.change == "added" => safe(after),
        (Some(before), None) => format!("{} -> (not recorded)", safe(before)),
        (None, Some(after)) => format!("(not recorded) -> {}", safe(after)),
        (None, None) => format!("{} (value not recorded)", change.change),
    };
    format!("{mark} {}: {what} [{}]", name(change), explained(change))
}

/// `gcc (packages.dpkg.list)`; the place is left out where it is the class.
pub(super) fn name(change: &ChangeV1) -> String {
    if change.place == change.class {
        safe(&change.name)
    } else {
        format!("{} ({})", safe(&change.name), safe(&change.place))
    }
}

pub(super) fn explained(change: &ChangeV1) -> String {
    let mut text = match (change.explained_by.as_str(), &change.commit) {
        ("not recorded", _) => "explanation not recorded".to_owned(),
        (by, Some(commit)) => format!("{by} {}", cut(commit, 12)),
        (by, None) => by.to_owned(),
    };
    if let Some(note) = &change.note {
        text.push_str(": ");
        text.push_str(&safe(note));
    }
    text
}

fn safe(text: &str) -> String {
    cut(text, TEXT_MAX)
}
