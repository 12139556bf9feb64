//! The result for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::pack::{CheckedPack, Compared};
use super::tokens::Assessed;
use super::words::{bundle_notes, fault, notes};
use super::{Answer, Outcome, exit_code, label, word};
use crate::base::text::{Printable, count};
use crate::cli::talk::sayable;
use crate::format::evidence::Bracket;
use crate::verify::{Accepted, Verdict};

/// How a note begins that is about one artefact alone.
const OWN_NOTES: [&str; 4] =
    ["another name", "a container image", "a declared digest", "not made by this build"];
/// How a note begins that the statement's own lines say too.
const SAID_BELOW: &str = "how it was built";
/// More verified artefacts than this are counted and not listed; all others are always listed.
const LISTED_MAX: usize = 100;

pub(super) fn write(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(pack) = outcome.pack {
        write_pack(pack, out)?;
    }
    let mut unlisted = 0_u64;
    let several = outcome.answers.len() > 1;
    for (index, answer) in outcome.answers.iter().enumerate() {
        if answer.verdict() == Verdict::Verified && index >= LISTED_MAX {
            unlisted += 1;
        } else {
            write_answer(answer, several, outcome.max_age, out)?;
        }
    }
    if unlisted > 0 {
        writeln!(out, "and {} more, all verified", count(unlisted, "artefact"))?;
    }
    for missing in &outcome.missing {
        writeln!(out, "missing: {missing}")?;
    }
    for (path, why) in outcome.passed_over {
        writeln!(out, "passed over: {path} ({why})")?;
    }
    write_evidence(outcome, out)?;
    if let Some(policed) = &outcome.policed {
        super::policy::write(policed, out)?;
    }
    if outcome.complete && outcome.missing.is_empty() && outcome.verdict() == Verdict::Verified {
        writeln!(out, "complete: every subject of the evidence is among the artefacts")?;
    }
    if !outcome.not_checked.is_empty() {
        writeln!(out, "NOT checked: {}", outcome.not_checked.join(", "))?;
    }
    write_summary(outcome, several, out)
}

fn write_pack(pack: &CheckedPack, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<15} {}", word(pack.verdict()), pack.label)?;
    if let Some(fault) = &pack.fault {
        writeln!(out, "  {}", fault.message)?;
        writeln!(out, "  hint: {}", fault.hint)?;
    }
    let Some(tool) = &pack.tool else { return Ok(()) };
    let statements = pack.evidence.iter().map(|(_, verified)| *verified as u64).sum();
    let files = count(pack.evidence.len() as u64, "evidence file");
    writeln!(out, "  made by     {tool} (as it says itself)")?;
    writeln!(
        out,
        "  evidence    {files}, {} verified under your trust",
        count(statements, "statement")
    )?;
    match pack.differences.as_slice() {
        [] => writeln!(out, "  trust       its maker's was the same as yours")?,
        all => {
            for difference in all {
                writeln!(out, "  trust       {difference}")?;
            }
        }
    }
    if let Some(said) = &pack.policy {
        writeln!(out, "  its policy  {said}; judge an artefact by your own with --policy")?;
    }
    match &pack.report {
        Compared::Same => {
            writeln!(out, "  report      the same, byte for byte, as is made here of the evidence")
        }
        Compared::Different(names) => {
            writeln!(out, "  report      DIFFERENT: {}", names.join(", "))
        }
        Compared::Not(why) => {
            writeln!(out, "  report      NOT compared: {}; make one of your own", sayable(why))
        }
    }
}

fn write_answer(
    answer: &Answer<'_>,
    several: bool,
    max_age: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{:<15} {}", word(answer.verdict()), answer.item.label)?;
    if let Some((_, message, hint)) = fault(answer) {
        writeln!(out, "  {message}")?;
        writeln!(out, "  hint: {hint}")?;
        return Ok(());
    }
    if let (false, Some(sha256)) = (several, answer.sha256) {
        let size = answer.size.map(|n| format!(" ({})", count(n, "byte"))).unwrap_or_default();
        writeln!(out, "  sha256:{sha256}{size}")?;
    }
    for note in notes(answer, max_age) {
        // Of several artefacts, what is said of the build stands once, further down.
        if is_own(&note) || !(several || note.starts_with(SAID_BELOW)) {
            writeln!(out, "  {note}")?;
        }
    }
    Ok(())
}

fn is_own(note: &str) -> bool {
    OWN_NOTES.iter().any(|own| note.starts_with(own))
}

/// What the accepted statements say, each once; and what is to be said of the files they stand in.
fn write_evidence(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    // In the order of the file.
    let mut statements = BTreeMap::new();
    for answer in &outcome.answers {
        for accepted in answer.result.iter().flat_map(|judgement| &judgement.accepted) {
            let first = accepted.statement.lines().first().copied();
            let digest = accepted.statement.payload_digest();
            let assessed = answer.bundle.and_then(|bundle| bundle.assessed.get(&digest));
            statements.entry((first, digest)).or_insert((accepted, assessed));
        }
    }
    for (accepted, assessed) in statements.values() {
        write_statement(accepted, *assessed, out)?;
    }
    if outcome.answers.len() > 1 {
        let all = outcome.answers.iter().flat_map(|answer| notes(answer, outcome.max_age));
        let distinct: BTreeSet<_> =
            all.filter(|note| !is_own(note) && !note.starts_with(SAID_BELOW)).collect();
        for note in distinct {
            writeln!(out, "note: {note}")?;
        }
    }
    let mut bundles = BTreeMap::new();
    for bundle in outcome.answers.iter().filter_map(|answer| answer.bundle) {
        bundles.entry(&bundle.path).or_insert(bundle);
    }
    for bundle in bundles.values() {
        for note in bundle_notes(bundle) {
            writeln!(out, "{}, {note}", label(&bundle.path))?;
        }
    }
    Ok(())
}

fn write_statement(
    accepted: &Accepted<'_>,
    assessed: Option<&Assessed>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let statement = accepted.statement;
    let claims = statement.claims();
    let signers: Vec<_> = statement.signers().iter().map(ToString::to_string).collect();
    writeln!(out, "{}", Printable(&statement.get().predicate_type))?;
    writeln!(out, "  signed by   {}", signers.join(", "))?;
    if let Some(evidence) = &claims.evidence {
        let how = match evidence.bracket {
            Bracket::Command => "one command was bracketed",
            Bracket::Steps => "several steps were bracketed",
            Bracket::None => "files were attested; how it was built: not recorded",
            Bracket::Unknown => "unknown",
        };
        writeln!(out, "  build       {} ({how})", evidence.outcome)?;
    }
    let mut field = |name: &str, value: Option<&String>| match value {
        Some(value) => writeln!(out, "  {name:<11} {}", Printable(value)),
        None => Ok(()),
    };
    field("source", claims.source.as_ref())?;
    field("commit", claims.commit.as_ref())?;
    field("ref", claims.ref_name.as_ref())?;
    field("builder", claims.builder.as_ref())?;
    field("finished", claims.finished.map(|time| time.to_string()).as_ref())?;
    field("identity", assessed.map(Assessed::identity).as_ref())?;
    field("assurance", assessed.and_then(Assessed::count).as_ref())
}

fn write_summary(outcome: &Outcome<'_>, several: bool, out: &mut dyn Write) -> io::Result<()> {
    let verdict = outcome.verdict();
    let number = |verdict| outcome.answers.iter().filter(|a| a.verdict() == verdict).count();
    let code = exit_code(verdict);
    if several {
        let (verified, refused) = (number(Verdict::Verified), number(Verdict::Refused));
        let not = number(Verdict::CouldNotTell);
        writeln!(out, "{verified} verified, {refused} refused, {not} could not tell")?;
    }
    writeln!(out, "result: {} (exit {code})", word(verdict))
}
