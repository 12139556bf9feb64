//! One build on paper.

use super::findings;
use super::more;
use super::paper::{Ink, Paper};
use crate::base::text::count;
use crate::report::model::{BuildV1, EventV1, ProvisionV1, RemedyV1};

/// Artefacts, remedies in full, builds of the timeline and references that are shown.
const ARTEFACTS: usize = 20;
const IN_FULL: usize = 3;
const IN_A_LINE: usize = 10;
const EVENTS: usize = 20;
const REFERENCES: usize = 20;
const ROWS_MAX: usize = 200;
/// What the words for a provision mean.
const LEGEND: &str = "evidenced: the evidence speaks for every question, and a document is attached for what only people can show. partly evidenced: for some. not evidenced: for none. contradicted: it speaks against what the provision asks. Whether that is enough is for people to say.";

pub(super) fn write(build: &BuildV1, paper: &mut Paper) {
    glance(build, paper);
    provisions(build, paper);
    remedies(&build.remedies, paper);
    for provision in &build.provisions {
        findings::write(provision, paper);
    }
    timeline(build, paper);
    pins(build, paper);
    marks(build, paper);
    vouchers(build, paper);
    gaps(build, paper);
}

fn glance(build: &BuildV1, paper: &mut Paper) {
    paper.heading("At a glance");
    paper.named("lane", Ink::Bold, &build.lane);
    let not = "not known";
    paper.named("repository", Ink::Plain, build.repository.as_deref().unwrap_or(not));
    paper.named("commit", Ink::Plain, build.commit.as_deref().unwrap_or(not));
    paper.named("ref", Ink::Plain, build.ref_name.as_deref().unwrap_or(not));
    let run = build.run.as_deref().unwrap_or(not);
    paper.named(
        "run",
        Ink::Plain,
        &format!("{run} {}", build.run_url.as_deref().unwrap_or_default()),
    );
    let finished = build.finished.map_or_else(|| not.to_owned(), |time| time.to_string());
    paper.named("finished", Ink::Plain, &format!("{finished}, outcome: {}", build.outcome));
    let place =
        build.sequence.map(|number| format!("number {number} of its chain; ")).unwrap_or_default();
    let builds = count(build.lane_builds, "build");
    paper.named("chain", Ink::Plain, &format!("{place}{builds} of this lane read"));
    match build.signers.as_slice() {
        [] => paper.named("signed by", Ink::Red, "no trusted key"),
        all => all.iter().take(ARTEFACTS).for_each(|one| paper.named("signed by", Ink::Plain, one)),
    }
    paper.named("evidence", Ink::Plain, &build.file);
    paper.named("statement", Ink::Plain, &format!("sha256 {}", build.payload_sha256));
    paper.named("artefacts", Ink::Plain, &build.artefact_count.to_string());
    for one in build.artefacts.iter().take(ARTEFACTS) {
        let size = one.size.map(|size| format!(" ({})", count(size, "byte"))).unwrap_or_default();
        paper.words(4, 6, &[(Ink::Plain, &format!("{}{size}", one.name))]);
        let digest = one.sha256.as_deref().unwrap_or("no digest");
        paper.words(6, 6, &[(Ink::Plain, "sha256"), (Ink::Plain, digest)]);
    }
    let shown = build.artefacts.len().min(ARTEFACTS);
    more(paper, 4, usize::try_from(build.artefact_count).unwrap_or(usize::MAX), shown);
    if let Some(check) = &build.check {
        paper.say(2, "check one with:");
        paper.lines(4, check);
    }
    for found in build.chain.iter().take(ROWS_MAX) {
        let ink = if found.fails { Ink::Red } else { Ink::Yellow };
        paper.point(2, &[(ink, "chain:"), (Ink::Bold, &found.kind), (Ink::Plain, &found.text)]);
    }
}

fn standing(text: &str) -> Ink {
    match text {
        "evidenced" => Ink::Green,
        "contradicted" => Ink::Red,
        _ => Ink::Yellow,
    }
}

fn provisions(build: &BuildV1, paper: &mut Paper) {
    paper.heading("Provisions");
    let row = |one: &ProvisionV1| {
        vec![
            (Ink::Bold, one.number.clone()),
            (Ink::Plain, one.draft.clone()),
            (standing(&one.standing), one.standing.clone()),
            (Ink::Plain, one.summary.clone()),
        ]
    };
    let rows: Vec<_> = build.provisions.iter().map(row).collect();
    paper.table(0, &["No.", "Provision (draft)", "Standing", "Answers"], &rows);
    paper.blank();
    paper.say(0, LEGEND);
}

fn remedies(all: &[RemedyV1], paper: &mut Paper) {
    if all.is_empty() {
        return;
    }
    paper.heading("What to do, the most useful first");
    for (index, remedy) in all.iter().take(IN_A_LINE).enumerate() {
        let number = format!("{}.", index + 1);
        let answers = if remedy.for_people { "for people to read, on" } else { "answers" };
        let questions = remedy.questions.iter().take(10).map(String::as_str).collect::<Vec<_>>();
        if index >= IN_FULL {
            let first = questions.first().copied().unwrap_or_default();
            let many = count(remedy.questions.len() as u64, "question");
            let people = if remedy.for_people { "for people to read; " } else { "" };
            let rest = format!("({people}{many}; proofmark explain {first})");
            paper.words(
                0,
                3,
                &[(Ink::Bold, &number), (Ink::Plain, &remedy.text), (Ink::Plain, &rest)],
            );
            continue;
        }
        paper.words(0, 3, &[(Ink::Bold, &number), (Ink::Bold, &remedy.text)]);
        let also = if remedy.questions.len() > questions.len() { ", ..." } else { "" };
        paper.say(3, &format!("{answers}: {}{also}", questions.join(", ")));
        for lines in &remedy.lines {
            paper.say(3, &format!("{}:", lines.place));
            paper.lines(5, &lines.text);
        }
    }
    let rest = all.get(IN_A_LINE..).unwrap_or_default();
    let names = rest.iter().flat_map(|remedy| &remedy.questions).take(ROWS_MAX);
    let names: Vec<_> = names.map(String::as_str).collect();
    if !names.is_empty() {
        let more = rest.len();
        let what =
            format!("and {more} more; `proofmark explain ID` tells each: {}", names.join(", "));
        paper.say(0, &what);
    }
}

fn timeline(build: &BuildV1, paper: &mut Paper) {
    if build.timeline.is_empty() {
        return;
    }
    paper.heading("Timeline, the newest first");
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |one| one.to_string());
    let row = |event: &EventV1| {
        let ink =
            if event.unexplained.is_some_and(|one| one > 0) { Ink::Yellow } else { Ink::Plain };
        let finished = event.finished.to_string();
        let minute = finished.get(..16).unwrap_or(&finished).replace('T', " ");
        vec![
            (Ink::Plain, number(event.sequence)),
            (Ink::Plain, event.run.clone()),
            (Ink::Plain, minute),
            (Ink::Plain, event.outcome.clone()),
            (Ink::Plain, number(event.changes)),
            (ink, number(event.unexplained)),
            (Ink::Plain, number(event.drift)),
            (Ink::Yellow, event.marks.join(", ")),
        ]
    };
    let rows: Vec<_> = build.timeline.iter().rev().take(EVENTS).map(row).collect();
    let headings =
        ["Seq.", "Run", "Finished (UTC)", "Outcome", "Changes", "Unexplained", "Drift", "Chain"];
    paper.table(0, &headings, &rows);
    let all = usize::try_from(build.lane_builds).unwrap_or(usize::MAX);
    more(paper, 0, all.max(build.timeline.len()), rows.len());
    paper.say(0, "-: nothing was compared.");
    let Some(newest) = build.timeline.last().filter(|event| !event.list.is_empty()) else { return };
    paper.blank();
    paper.say(0, "What changed in the build environment with the newest build:");
    for change in newest.list.iter().take(50) {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        let what = format!(
            "{} {}: {}, {} -> {};",
            change.class,
            change.name,
            change.change,
            side(&change.before),
            side(&change.after)
        );
        let ink = if change.explained { Ink::Green } else { Ink::Red };
        let commit =
            change.commit.as_deref().and_then(|id| id.get(..12)).map(|id| format!("(commit {id})"));
        let by = if change.explained { "explained by" } else { "" };
        paper.point(
            0,
            &[
                (Ink::Plain, &what),
                (Ink::Plain, by),
                (ink, &change.explained_by),
                (Ink::Plain, &commit.unwrap_or_default()),
                (Ink::Plain, change.note.as_deref().unwrap_or_default()),
            ],
        );
    }
    let changes = newest.changes.map_or(0, |all| usize::try_from(all).unwrap_or(usize::MAX));
    more(paper, 0, changes, newest.list.len().min(50));
}

fn pins(build: &BuildV1, paper: &mut Paper) {
    let pins = &build.pins;
    paper.heading("What the pipeline names from elsewhere");
    let undecided = match pins.undecided {
        0 => String::new(),
        some => format!(", of which {some} can't be told"),
    };
    paper.say(0, &format!("{} can't move, {} can{undecided}.", pins.pinned, pins.movable));
    for one in pins.references.iter().take(REFERENCES) {
        let (ink, can) =
            if one.movable { (Ink::Yellow, "can move:") } else { (Ink::Plain, "pinned:") };
        let place = place(&one.definition, one.line);
        let running = if one.running { "" } else { ", not running" };
        let what = format!("{} {} ({}) in {place}{running}", one.kind, one.text, one.pin);
        paper.point(0, &[(ink, can), (Ink::Plain, &what)]);
    }
    more(paper, 0, pins.references.len(), REFERENCES);
}

pub(super) fn place(path: &str, line: Option<u64>) -> String {
    line.map_or_else(|| path.to_owned(), |line| format!("{path}, line {line}"))
}

fn marks(build: &BuildV1, paper: &mut Paper) {
    if build.marks.is_empty() {
        return;
    }
    paper.heading("What in the pipeline deserves a look");
    for mark in build.marks.iter().take(ROWS_MAX) {
        let at = place(&mark.definition, mark.line);
        let what = format!("{}: {} ({at})", mark.place, mark.what);
        paper.point(0, &[(Ink::Yellow, &mark.kind), (Ink::Plain, &what)]);
    }
    more(paper, 0, build.marks.len(), ROWS_MAX);
}

fn vouchers(build: &BuildV1, paper: &mut Paper) {
    if build.vouchers.is_empty() {
        return;
    }
    paper.heading("Who vouches for what");
    for one in &build.vouchers {
        paper.point(
            0,
            &[(Ink::Bold, &format!("{}:", one.assurance)), (Ink::Plain, &one.parts.join(", "))],
        );
        paper.say(2, &format!("who would have to lie: {}", one.liar));
    }
}

fn gaps(build: &BuildV1, paper: &mut Paper) {
    if build.gaps.is_empty() {
        return;
    }
    paper.heading("What the evidence admits that it lacks");
    for gap in build.gaps.iter().take(ROWS_MAX) {
        paper.point(0, &[(Ink::Bold, &format!("{}:", gap.part)), (Ink::Plain, &gap.reason)]);
        if let Some(cure) = &gap.cure {
            paper.say(2, &format!("to close it: {cure}"));
        }
    }
    more(paper, 0, build.gaps.len(), ROWS_MAX);
}
