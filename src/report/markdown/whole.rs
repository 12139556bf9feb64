//! What is said of all builds together.

use super::Audience;
use super::page::{Page, ROWS_MAX, Weight, cell, folded, id, more, table};
use crate::report::model::ReportV1;

const UNVERIFIED: &str = "> [!CAUTION]\n> **UNVERIFIED.** Nothing here was checked under a trust: anyone may have written it. It is evidence of nothing.\n";
/// Most points of what isn't shown: they are ours, and few.
const NOT_SHOWN_MAX: usize = 30;

pub(super) fn top(report: &ReportV1, page: &mut Page) {
    let warning = if report.verified { "" } else { UNVERIFIED };
    page.add(Weight::Never, "warning", warning.to_owned());
    page.add(Weight::Never, "headline", format!("## {}\n", cell(&report.headline)));
}

pub(super) fn bottom(report: &ReportV1, audience: Audience, page: &mut Page) {
    let points = report.not_shown.iter().take(NOT_SHOWN_MAX);
    let points: Vec<_> = points.map(|not| format!("- {}\n", cell(not))).collect();
    let cut = more(report.not_shown.len(), NOT_SHOWN_MAX);
    let text = format!("### What this does not show\n\n{}{cut}", points.concat());
    page.add(Weight::Never, "what this does not show", text);
    if audience == Audience::Summary {
        let files = report.files.iter().take(ROWS_MAX).map(|file| format!("- {}\n", id(file)));
        let text = files.collect::<String>() + &more(report.files.len(), ROWS_MAX);
        page.add(Weight::Files, "files read", folded("Files read", &text));
    }
    let made = format!(
        "Made {} by {}. Words of the provisions: {}; {}.\n",
        cell(&report.made.to_string()),
        cell(&report.tool),
        cell(&report.draft),
        cell(&report.last)
    );
    page.add(Weight::Never, "sources", made);
    let warning = if report.verified { "" } else { UNVERIFIED };
    page.add(Weight::Never, "warning", warning.to_owned());
}

pub(super) fn repositories(report: &ReportV1, page: &mut Page) {
    if report.repositories.is_empty() {
        return;
    }
    let rows = report.repositories.iter().take(ROWS_MAX).map(|one| {
        let standings = one.standings.iter().take(10);
        let standings: Vec<_> =
            standings.map(|s| format!("{} {}", cell(&s.name), cell(&s.value))).collect();
        vec![
            id(&one.repository),
            standings.join("; "),
            one.failed.to_string(),
            one.lanes.to_string(),
            one.builds.to_string(),
            one.first_remedy.as_deref().map(cell).unwrap_or_default(),
        ]
    });
    let headings = ["Repository", "Provisions", "Failed", "Lanes", "Builds", "First remedy"];
    let text = format!("### Repositories, the worst first\n\n{}", table(&headings, rows));
    let text = text + &more(report.repositories.len(), ROWS_MAX);
    page.add(Weight::Provisions, "repositories", text);
}

pub(super) fn moved(report: &ReportV1, page: &mut Page, most: usize) {
    let Some(since) = &report.since else { return };
    let rows = since.moved.iter().take(most).map(|one| {
        let before = one.before.as_deref().unwrap_or("not asked");
        vec![
            cell(&one.direction),
            cell(&one.provision),
            id(&one.id),
            cell(before),
            cell(&one.after),
            cell(&one.why),
        ]
    });
    let when = since.finished.map(|at| format!(" (newest build {at})")).unwrap_or_default();
    let mut text = format!(
        "### What moved\n\nSince {}{when}; {} as before.\n\n",
        id(&since.file),
        since.unchanged
    );
    if !since.moved.is_empty() {
        text += &table(&["", "Provision", "Question", "Before", "Now", "Why"], rows);
        text += &more(since.moved.len(), most);
    }
    page.add(Weight::Moved, "what moved", text);
}

pub(super) fn policy(report: &ReportV1, page: &mut Page, most: usize) {
    let Some(policy) = &report.policy else { return };
    let with = |status: &'static str| policy.rules.iter().filter(move |rule| rule.status == status);
    let says = if policy.permits { "permits" } else { "does not permit" };
    let (fails, waived) = (with("fails").count(), with("waived").count());
    let mut text = format!(
        "### Policy {}\n\nIt **{says}** this: {fails} failed, {waived} waived, {} held. SHA-256 of the policy: `{}`.\n\n",
        cell(&policy.name),
        with("holds").count(),
        policy.sha256
    );
    if fails + waived > 0 {
        let rows = with("fails").chain(with("waived")).take(most).map(|rule| {
            let pointers = rule.pointers.iter().take(3).map(|pointer| id(pointer));
            let to_do = rule.waiver.as_deref().or(rule.remedy.as_deref());
            vec![
                format!("**{}**", cell(&rule.status)),
                id(&rule.name),
                cell(&rule.expected),
                cell(&rule.found),
                pointers.collect::<Vec<_>>().join(" "),
                to_do.map(cell).unwrap_or_default(),
            ]
        });
        text += &table(
            &["", "Rule", "Expected", "Found", "Where", "What to do, or who waived it"],
            rows,
        );
        text += &more(fails + waived, most);
    }
    for note in policy.notes.iter().take(most.min(20)) {
        text += &format!("\n- {}", cell(note));
    }
    page.add(Weight::Policy, "policy", text);
}

pub(super) fn claims(report: &ReportV1, page: &mut Page) {
    if report.claims.is_empty() {
        return;
    }
    let list = |all: &[String]| {
        let shown: Vec<_> = all.iter().take(10).map(|one| cell(one)).collect();
        shown.join("<br>")
    };
    let rows = report.claims.iter().take(ROWS_MAX).map(|claim| {
        vec![
            id(&claim.id),
            cell(&claim.text),
            claim.status.as_deref().map_or_else(|| "not given".to_owned(), cell),
            list(&claim.evidence),
            claim.argument.as_deref().map(cell).unwrap_or_default(),
            list(&claim.gaps),
        ]
    });
    let headings = [
        "Claim",
        "Words",
        "Status, in the vendor's own words",
        "Evidence",
        "Argument, in the vendor's own words",
        "Missing",
    ];
    let text = table(&headings, rows) + &more(report.claims.len(), ROWS_MAX);
    page.add(Weight::Claims, "claims", format!("### Claims\n\n{text}"));
}

pub(super) fn officer(report: &ReportV1, page: &mut Page) {
    let Some(officer) = &report.statement else { return };
    let role = officer.role.as_deref().map(|role| format!(", {}", cell(role))).unwrap_or_default();
    let words = officer.text.as_deref().map(|text| format!("\n> {}\n", cell(text)));
    let text = format!(
        "### What the vendor says in their own words\n\nNothing of this was worked out from the evidence.\n\n{}{role}, {}: {}\n{}",
        cell(&officer.name),
        cell(&officer.date),
        cell(&officer.scope),
        words.unwrap_or_default()
    );
    page.add(Weight::Claims, "the vendor's own words", text);
}

pub(super) fn not_verified(report: &ReportV1, page: &mut Page) {
    if report.not_verified.is_empty() {
        return;
    }
    let rows = report.not_verified.iter().take(ROWS_MAX).map(|not| {
        let line = not.line.map(|line| line.to_string()).unwrap_or_default();
        vec![id(&not.file), line, cell(&not.why)]
    });
    let text = table(&["File", "Line", "Why"], rows) + &more(report.not_verified.len(), ROWS_MAX);
    let text = format!("### Not verified, and counted for nothing\n\n{text}");
    page.add(Weight::NotVerified, "what was not verified", text);
}
