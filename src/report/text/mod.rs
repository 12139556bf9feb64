//! The report for a terminal: the answer first, what to do next, then everything that it rests on.

mod build;
mod findings;
mod paper;

#[cfg(test)]
mod tests;

use super::model::{ClaimV1, OfficerV1, PolicyV1, ReportV1, RepositoryV1, SinceV1};
use crate::base::text::count;
use paper::{Ink, Paper};

/// Most rows of a list that isn't cut for its own reasons.
const ROWS_MAX: usize = 200;

/// What a terminal can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether it shows colours, and whoever reads wants them.
    pub colour: bool,
}

/// Writes the report for a terminal.
#[must_use]
pub fn text(report: &ReportV1, style: Style) -> String {
    let mut paper = Paper::new(style);
    let paper_ref = &mut paper;
    unverified(report, paper_ref);
    paper_ref.words(0, 0, &[(Ink::Bold, &report.headline)]);
    let of = format!(
        "What build evidence says per provision. The words are those of: {}. Beside them: {}.",
        report.draft, report.last
    );
    paper_ref.say(0, &of);
    let made = format!("Made {} by {}.", report.made, report.tool);
    paper_ref.say(0, &made);
    repositories(&report.repositories, paper_ref);
    if let Some(since) = &report.since {
        moved(since, paper_ref);
    }
    for (index, one) in report.builds.iter().enumerate() {
        if report.builds.len() > 1 {
            paper_ref.blank();
            paper_ref.rule('=');
            let of = format!("Build {} of {}", index + 1, report.builds.len());
            paper_ref.words(0, 0, &[(Ink::Bold, &of)]);
        }
        build::write(one, paper_ref);
    }
    if let Some(policy) = &report.policy {
        judged(policy, paper_ref);
    }
    claims(&report.claims, paper_ref);
    if let Some(officer) = &report.statement {
        officer_says(officer, paper_ref);
    }
    last(report, paper_ref);
    unverified(report, paper_ref);
    paper.finish()
}

fn unverified(report: &ReportV1, paper: &mut Paper) {
    if !report.verified {
        paper.blank();
        paper.rule('!');
        let text = "UNVERIFIED. Nothing in this report was checked under a trust: anyone may have written it. It is evidence of nothing.";
        paper.words(0, 0, &[(Ink::Red, text)]);
        paper.rule('!');
        paper.blank();
    }
}

fn repositories(all: &[RepositoryV1], paper: &mut Paper) {
    if all.is_empty() {
        return;
    }
    paper.heading("Repositories, the worst first");
    let row = |one: &RepositoryV1| {
        let standings = one.standings.iter().map(|s| format!("{} {}", s.name, s.value));
        let standings: Vec<_> = standings.collect();
        vec![
            (Ink::Plain, one.repository.clone()),
            (Ink::Plain, standings.join("; ")),
            (Ink::Plain, one.failed.to_string()),
            (Ink::Plain, format!("{} in {}", count(one.builds, "build"), count(one.lanes, "lane"))),
            (Ink::Plain, one.first_remedy.clone().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = all.iter().take(ROWS_MAX).map(row).collect();
    paper.table(0, &["Repository", "Provisions", "Failed", "Of", "First remedy"], &rows);
    more(paper, 0, all.len(), ROWS_MAX);
}

fn moved(since: &SinceV1, paper: &mut Paper) {
    paper.heading("What moved");
    let when = since.finished.map(|time| format!(" (newest build {time})")).unwrap_or_default();
    let as_was = count(since.unchanged, "answer");
    paper.say(0, &format!("Since {}{when}; {as_was} as before.", since.file));
    for one in since.moved.iter().take(ROWS_MAX) {
        let ink = match &*one.direction {
            "better" => Ink::Green,
            "worse" => Ink::Red,
            _ => Ink::Yellow,
        };
        let before = one.before.as_deref().unwrap_or("not asked");
        let what = format!("{} {}: {before} -> {}. {}", one.provision, one.id, one.after, one.why);
        paper.point(0, &[(ink, &format!("{}:", one.direction)), (Ink::Plain, &what)]);
    }
    more(paper, 0, since.moved.len(), ROWS_MAX);
}

fn judged(policy: &PolicyV1, paper: &mut Paper) {
    let (ink, says) =
        if policy.permits { (Ink::Green, "permits") } else { (Ink::Red, "does not permit") };
    paper.heading(&format!("Policy {}", policy.name));
    let with = |status: &str| policy.rules.iter().filter(|rule| rule.status == status).count();
    let (fails, holds, waived) = (with("fails"), with("holds"), with("waived"));
    let numbers = format!("this: {fails} failed, {waived} waived, {holds} held.");
    paper.words(0, 0, &[(Ink::Plain, "It"), (ink, says), (Ink::Plain, &numbers)]);
    let mut said = 0;
    for status in ["fails", "waived"] {
        for rule in policy.rules.iter().filter(|rule| rule.status == status).take(ROWS_MAX) {
            said += 1;
            let ink = if status == "fails" { Ink::Red } else { Ink::Yellow };
            paper.point(
                0,
                &[
                    (ink, status),
                    (Ink::Bold, &rule.name),
                    (Ink::Plain, &format!("({})", rule.lane)),
                ],
            );
            paper.say(2, &format!("expected: {}", rule.expected));
            paper.say(2, &format!("found: {}", rule.found));
            if !rule.pointers.is_empty() {
                let pointers: Vec<_> = rule.pointers.iter().take(5).map(String::as_str).collect();
                paper.say(2, &format!("at: {}", pointers.join(", ")));
            }
            if let Some(remedy) = &rule.remedy {
                paper.say(2, &format!("to do: {remedy}"));
            }
            if let Some(waiver) = &rule.waiver {
                paper.say(2, &format!("waived: {waiver}"));
            }
        }
    }
    more(paper, 0, fails + waived, said);
    for note in policy.notes.iter().take(ROWS_MAX) {
        paper.point(0, &[(Ink::Plain, note)]);
    }
    paper.say(0, &format!("SHA-256 of the policy: {}", policy.sha256));
}

fn claims(all: &[ClaimV1], paper: &mut Paper) {
    if all.is_empty() {
        return;
    }
    paper.heading("Claims");
    for claim in all.iter().take(ROWS_MAX) {
        paper.words(0, 2, &[(Ink::Bold, &claim.id), (Ink::Plain, &claim.text)]);
        let status = claim.status.as_deref().unwrap_or("not given");
        paper.say(2, &format!("status, in the vendor's own words: {status}"));
        for line in claim.evidence.iter().take(ROWS_MAX) {
            paper.point(2, &[(Ink::Plain, "evidence:"), (Ink::Plain, line)]);
        }
        if let Some(argument) = &claim.argument {
            paper.say(2, &format!("argument, in the vendor's own words: {argument}"));
        }
        for line in claim.gaps.iter().take(ROWS_MAX) {
            paper.point(2, &[(Ink::Yellow, "missing:"), (Ink::Plain, line)]);
        }
    }
    more(paper, 0, all.len(), ROWS_MAX);
}

fn officer_says(officer: &OfficerV1, paper: &mut Paper) {
    paper.heading("What the vendor says in their own words");
    paper.say(0, "Nothing of this was worked out from the evidence.");
    let role = officer.role.as_deref().map(|role| format!(", {role}")).unwrap_or_default();
    paper.named("who", Ink::Plain, &format!("{}{role}", officer.name));
    paper.named("date", Ink::Plain, &officer.date);
    paper.named("scope", Ink::Plain, &officer.scope);
    if let Some(text) = &officer.text {
        paper.named("words", Ink::Plain, &format!("\"{text}\""));
    }
    paper.named("file", Ink::Plain, &format!("sha256 {}", officer.sha256));
}

/// What is never cut, and what was read.
fn last(report: &ReportV1, paper: &mut Paper) {
    if !report.not_verified.is_empty() {
        paper.heading("Not verified, and counted for nothing");
        for not in report.not_verified.iter().take(ROWS_MAX) {
            let line = not.line.map(|line| format!(", line {line}")).unwrap_or_default();
            paper.point(0, &[(Ink::Plain, &format!("{}{line}: {}", not.file, not.why))]);
        }
        more(paper, 0, report.not_verified.len(), ROWS_MAX);
    }
    paper.heading("What this does not show");
    for not in &report.not_shown {
        paper.point(0, &[(Ink::Plain, not)]);
    }
    paper.heading("Files read");
    for file in report.files.iter().take(ROWS_MAX) {
        paper.point(0, &[(Ink::Plain, file)]);
    }
    more(paper, 0, report.files.len(), ROWS_MAX);
}

/// Says that there is more than is shown.
fn more(paper: &mut Paper, indent: usize, all: usize, shown: usize) {
    if let Some(more) = all.checked_sub(shown).filter(|more| *more > 0) {
        paper.say(indent, &format!("... and {more} more: see --format json."));
    }
}
