//! A merge request's comment: short enough to be read there.

use super::page::{Page, Weight, cell, id, more, table};
use super::whole;
use crate::report::model::{FindingV1, ReportV1};

/// Most rows of one table.
const ROWS: usize = 30;

pub(super) fn write(report: &ReportV1, page: &mut Page) {
    whole::moved(report, page, ROWS);
    let failed = report.builds.iter().flat_map(|build| {
        let provisions = build.provisions.iter();
        let findings =
            provisions.flat_map(|one| one.findings.iter().map(move |f| (&one.number, f)));
        findings.filter(|(_, one)| one.status == "fail").map(move |found| (build, found))
    });
    let all = failed.clone().count();
    let rows = failed.take(ROWS).map(|(build, (number, one))| {
        let remedy = build.remedies.iter().find(|remedy| remedy.id == one.remedy);
        vec![
            cell(number),
            id(&one.id),
            format!("{}{}", cell(&one.why), place(one)),
            remedy.map_or_else(|| id(&one.remedy), |remedy| cell(&remedy.text)),
        ]
    });
    let text = if all == 0 {
        "No question fails.\n".to_owned()
    } else {
        table(&["Provision", "Question", "Why it fails", "What to do"], rows) + &more(all, ROWS)
    };
    page.add(Weight::Fails, "what fails", format!("### What fails\n\n{text}"));
    whole::policy(report, page, ROWS);
}

fn place(finding: &FindingV1) -> String {
    let Some(first) = finding.places.first() else { return String::new() };
    let line = first.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let others = match finding.places.len() {
        1 => String::new(),
        some => format!(", and {} more", some - 1),
    };
    format!(" ({}{line}{others})", id(&first.path))
}
