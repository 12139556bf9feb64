//! One build on the page.

use super::page::{Page, ROWS_MAX, Weight, cell, folded, id, more, table};
use crate::base::markup::block;
use crate::report::model::{BuildV1, EventV1, FindingV1, ProvisionV1, RemedyV1};

/// Artefacts, builds of the timeline, references, remedies in full that are shown.
const ARTEFACTS: usize = 20;
const EVENTS: usize = 20;
const REFERENCES: usize = 20;
const IN_FULL: usize = 3;

pub(super) fn write(build: &BuildV1, index: usize, of: usize, page: &mut Page) {
    let mut add = |weight, name, text| page.of(index, weight, name, text);
    let title = match of {
        1 => String::new(),
        _ => format!("## Build {} of {of}: {}\n\n", index + 1, cell(&build.lane)),
    };
    add(Weight::Glance, "at a glance", title + &glance(build));
    add(Weight::Provisions, "the table of provisions", provisions(build));
    add(Weight::Remedies, "what to do", remedies(&build.remedies));
    for provision in &build.provisions {
        add(Weight::Fails, "what fails", fails(provision));
        add(Weight::Answers, "other answers", answers(provision));
    }
    add(Weight::Timeline, "the timeline", timeline(build));
    add(Weight::Pins, "references", pins(build));
    add(Weight::Marks, "marks of the pipeline", marks(build));
    add(Weight::Vouchers, "who vouches for what", vouchers(build));
    add(Weight::Gaps, "what the evidence lacks", gaps(build));
}

fn glance(build: &BuildV1) -> String {
    let or = |text: &Option<String>| text.as_deref().map_or_else(|| "not known".to_owned(), id);
    let mut rows = vec![
        vec!["Lane".to_owned(), cell(&build.lane)],
        vec!["Repository".to_owned(), or(&build.repository)],
        vec!["Commit".to_owned(), or(&build.commit)],
        vec!["Ref".to_owned(), or(&build.ref_name)],
        vec![
            "Run".to_owned(),
            format!("{} {}", or(&build.run), build.run_url.as_deref().map(id).unwrap_or_default()),
        ],
        vec![
            "Finished".to_owned(),
            format!(
                "{}, outcome: {}",
                build.finished.map_or_else(|| "not known".to_owned(), |at| at.to_string()),
                cell(&build.outcome)
            ),
        ],
    ];
    let signers: Vec<_> = build.signers.iter().take(ARTEFACTS).map(|one| id(one)).collect();
    let signers = if signers.is_empty() { "no trusted key".to_owned() } else { signers.join(" ") };
    rows.push(vec!["Signed by".to_owned(), signers]);
    rows.push(vec![
        "Evidence".to_owned(),
        format!("{} (statement `{}`)", id(&build.file), build.payload_sha256),
    ]);
    let mut text = format!("### At a glance\n\n{}", table(&["", ""], rows));
    for found in build.chain.iter().take(ROWS_MAX) {
        let mark = if found.fails { "fails" } else { "note" };
        text += &format!("\n- Chain, {mark}: **{}** {}", cell(&found.kind), cell(&found.text));
    }
    let artefacts = build.artefacts.iter().take(ARTEFACTS).map(|one| {
        let size = one.size.map(|size| size.to_string()).unwrap_or_default();
        vec![id(&one.name), size, or(&one.sha256)]
    });
    text += &format!("\n\n{}", table(&["Artefact", "Bytes", "SHA-256"], artefacts));
    let all = usize::try_from(build.artefact_count).unwrap_or(usize::MAX);
    text += &more(all, build.artefacts.len().min(ARTEFACTS));
    if let Some(check) = &build.check {
        text += &format!("\nCheck one with:\n\n{}", block(check, "sh"));
    }
    text
}

fn provisions(build: &BuildV1) -> String {
    let rows = build.provisions.iter().take(ROWS_MAX).map(|one| {
        let words = match &one.last {
            Some(last) => format!("{}<br>Final code: {}", cell(&one.draft), cell(last)),
            None => cell(&one.draft),
        };
        let standing = format!("**{}**", cell(&one.standing));
        vec![cell(&one.number), words, standing, cell(&one.summary)]
    });
    format!("### Provisions\n\n{}", table(&["No.", "Provision", "Standing", "Answers"], rows))
}

fn remedies(all: &[RemedyV1]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let questions = |remedy: &RemedyV1| {
        let shown: Vec<_> = remedy.questions.iter().take(10).map(|one| id(one)).collect();
        let more = if remedy.questions.len() > 10 { " ..." } else { "" };
        shown.join(" ") + more
    };
    let mut text = "### What to do, the most useful first\n\n".to_owned();
    for (index, remedy) in all.iter().take(IN_FULL).enumerate() {
        text += &format!(
            "**{}. {}**\n\n{}: {}\n\n",
            index + 1,
            cell(&remedy.text),
            if remedy.for_people { "For people to read, on" } else { "Answers" },
            questions(remedy)
        );
        for lines in remedy.lines.iter().take(10) {
            text +=
                &format!("{}:\n\n{}\n", cell(&lines.place), block(&lines.text, &lines.language));
        }
    }
    if all.len() > IN_FULL {
        let rows = all
            .iter()
            .skip(IN_FULL)
            .take(ROWS_MAX)
            .map(|remedy| vec![cell(&remedy.text), questions(remedy)]);
        let rest = table(&["What to do", "Answers (`proofmark explain` has more)"], rows);
        let rest = rest + &more(all.len(), IN_FULL + ROWS_MAX);
        text += &folded(&format!("{} more", all.len() - IN_FULL), &rest);
    }
    text
}

fn fails(provision: &ProvisionV1) -> String {
    let failed = || provision.findings.iter().filter(|one| one.status == "fail");
    let all = failed().count();
    if all == 0 {
        return String::new();
    }
    let rows = failed().take(ROWS_MAX).map(|one| {
        let means = if one.contradicts { "contradicts" } else { "weakens" };
        vec![id(&one.id), means.to_owned(), why(one), rests(one), id(&one.remedy)]
    });
    let headings = ["Question", "It", "Why it fails", "Rests on", "Remedy"];
    let number = cell(&provision.number);
    format!("### {number}: what fails\n\n{}{}", table(&headings, rows), more(all, ROWS_MAX))
}

fn why(one: &FindingV1) -> String {
    let mut text = format!("{}: {}", cell(&one.title), cell(&one.why));
    for place in one.places.iter().take(10) {
        let line = place.line.map(|line| format!(", line {line}")).unwrap_or_default();
        text += &format!("<br>{}{line}: {}", id(&place.path), cell(&place.what));
    }
    for value in one.values.iter().take(5) {
        text += &format!("<br>{}: {}", cell(&value.name), id(&value.value));
    }
    let pointers: Vec<_> = one.pointers.iter().take(5).map(|one| id(one)).collect();
    if !pointers.is_empty() {
        text += &format!("<br>at {}", pointers.join(" "));
    }
    text
}

fn rests(one: &FindingV1) -> String {
    let level = one.assurance.as_deref().map(cell).unwrap_or_default();
    match &one.liar {
        Some(liar) => format!("{level}<br>would have to lie: {}", cell(liar)),
        None => level,
    }
}

fn answers(provision: &ProvisionV1) -> String {
    let with = |status: &'static str| {
        provision.findings.iter().filter(move |one| one.status == status && !one.needs_people)
    };
    let number = cell(&provision.number);
    let mut text = String::new();
    let unknown = with("unknown").take(ROWS_MAX);
    let unknown: String = unknown
        .map(|one| format!("- {} {}: {}\n", id(&one.id), cell(&one.title), cell(&one.why)))
        .collect();
    if !unknown.is_empty() {
        let count = with("unknown").count();
        let body = unknown + &more(count, ROWS_MAX);
        text += &folded(&format!("{number}: {count} unknown"), &body);
        text.push('\n');
    }
    let passed = with("pass")
        .take(ROWS_MAX)
        .map(|one| vec![id(&one.id), cell(&one.why), rests(one), cell(&one.not)]);
    let count = with("pass").count();
    if count > 0 {
        let body =
            table(&["Question", "Why it passes", "Rests on", "What that doesn't prove"], passed);
        let body = body + &more(count, ROWS_MAX);
        text += &folded(&format!("{number}: {count} passed ({})", levels(with("pass"))), &body);
        text.push('\n');
    }
    let people: Vec<_> = provision.findings.iter().filter(|one| one.needs_people).collect();
    if !people.is_empty() {
        text += &format!("{number}: only people or other systems can show:\n\n");
        for one in people.iter().take(ROWS_MAX) {
            text += &format!("- {} {}", id(&one.id), cell(&one.title));
            for document in one.documents.iter().take(10) {
                let date = document.date.as_deref().unwrap_or("no date");
                text += &format!(
                    "; attached, not judged: {} {} ({})",
                    cell(&document.kind),
                    id(&document.name),
                    cell(date)
                );
            }
            text.push('\n');
        }
        text += &more(people.len(), ROWS_MAX);
    }
    text
}

/// `2 platform-vouched, 1 self-asserted`.
fn levels<'a>(passed: impl Iterator<Item = &'a FindingV1>) -> String {
    let mut levels: Vec<(&str, usize)> = Vec::new();
    for one in passed {
        let level = one.assurance.as_deref().unwrap_or("nothing that is known");
        match levels.iter_mut().find(|(known, _)| *known == level) {
            Some((_, count)) => *count += 1,
            None => levels.push((level, 1)),
        }
    }
    let levels: Vec<_> =
        levels.iter().take(10).map(|(level, count)| format!("{count} {}", cell(level))).collect();
    levels.join(", ")
}

fn timeline(build: &BuildV1) -> String {
    if build.timeline.is_empty() {
        return String::new();
    }
    let number = |one: Option<u64>| one.map_or_else(|| "-".to_owned(), |one| one.to_string());
    let rows = build.timeline.iter().rev().take(EVENTS).map(|event: &EventV1| {
        vec![
            number(event.sequence),
            cell(&event.run),
            event.finished.to_string(),
            cell(&event.outcome),
            number(event.changes),
            number(event.unexplained),
            number(event.drift),
            cell(&event.marks.join(", ")),
        ]
    });
    let headings = ["Seq.", "Run", "Finished", "Outcome", "Changes", "Unexplained", "Drift", ""];
    let all = usize::try_from(build.lane_builds).unwrap_or(usize::MAX).max(build.timeline.len());
    let mut text = table(&headings, rows) + &more(all, build.timeline.len().min(EVENTS));
    if let Some(newest) = build.timeline.last().filter(|event| !event.list.is_empty()) {
        let rows = newest.list.iter().take(50).map(|change| {
            let side = |side: &Option<String>| side.as_deref().map(id).unwrap_or_default();
            let commit = change.commit.as_deref().and_then(|commit| commit.get(..12)).map(id);
            let by = format!("{} {}", cell(&change.explained_by), commit.unwrap_or_default());
            let by =
                if change.explained { by } else { format!("**{}**", cell(&change.explained_by)) };
            vec![
                cell(&change.class),
                id(&change.name),
                cell(&change.change),
                side(&change.before),
                side(&change.after),
                by,
            ]
        });
        text += "\nWhat changed in the build environment with the newest build:\n\n";
        text += &table(&["Class", "Name", "Change", "Before", "After", "Explained by"], rows);
        let all = newest.changes.map_or(0, |all| usize::try_from(all).unwrap_or(usize::MAX));
        text += &more(all, newest.list.len().min(50));
    }
    folded(
        &format!("Timeline: the last {} of {all} builds", build.timeline.len().min(EVENTS)),
        &text,
    )
}

fn pins(build: &BuildV1) -> String {
    let pins = &build.pins;
    let rows = pins.references.iter().take(REFERENCES).map(|one| {
        let can = if one.movable { "**can move**" } else { "pinned" };
        let can = format!("{can}{}", if one.running { "" } else { ", not running" });
        let line = one.line.map(|line| format!(", line {line}")).unwrap_or_default();
        vec![
            can,
            cell(&one.kind),
            id(&one.text),
            cell(&one.pin),
            format!("{}{line}", id(&one.definition)),
        ]
    });
    let text = table(&["", "Kind", "Reference", "Pin", "Where"], rows);
    let text = text + &more(pins.references.len(), REFERENCES);
    let summary = format!(
        "What the running pipeline names from elsewhere: {} can't move, {} can, of {} it can't be told",
        pins.pinned, pins.movable, pins.undecided
    );
    folded(&summary, &text)
}

fn marks(build: &BuildV1) -> String {
    if build.marks.is_empty() {
        return String::new();
    }
    let rows = build.marks.iter().take(ROWS_MAX).map(|mark| {
        let line = mark.line.map(|line| format!(", line {line}")).unwrap_or_default();
        vec![
            cell(&mark.kind),
            id(&mark.place),
            cell(&mark.what),
            format!("{}{line}", id(&mark.definition)),
        ]
    });
    let text = table(&["Kind", "Where", "What", "File"], rows) + &more(build.marks.len(), ROWS_MAX);
    folded(&format!("What in the pipeline deserves a look: {}", build.marks.len()), &text)
}

fn vouchers(build: &BuildV1) -> String {
    if build.vouchers.is_empty() {
        return String::new();
    }
    let rows = build.vouchers.iter().take(ROWS_MAX).map(|one| {
        let parts: Vec<_> = one.parts.iter().take(50).map(|part| id(part)).collect();
        vec![cell(&one.assurance), cell(&one.liar), parts.join(" ")]
    });
    folded("Who vouches for what", &table(&["Assurance", "Who would have to lie", "Parts"], rows))
}

fn gaps(build: &BuildV1) -> String {
    if build.gaps.is_empty() {
        return String::new();
    }
    let rows = build.gaps.iter().take(ROWS_MAX).map(|gap| {
        vec![id(&gap.part), cell(&gap.reason), gap.cure.as_deref().map(cell).unwrap_or_default()]
    });
    let text =
        table(&["Part", "Why", "What would close it"], rows) + &more(build.gaps.len(), ROWS_MAX);
    folded(&format!("What the evidence admits that it lacks: {}", build.gaps.len()), &text)
}
