//! The answers to a provision's questions on paper: what fails first, what holds folded.

use super::build::place;
use super::more;
use super::paper::{Ink, Paper};
use crate::report::model::{FindingV1, ProvisionV1};

/// Most answers of one kind, and most values and places of one answer.
const FINDINGS: usize = 100;
const VALUES: usize = 8;
const PLACES: usize = 10;

pub(super) fn write(provision: &ProvisionV1, paper: &mut Paper) {
    paper.heading(&format!("{} {}", provision.number, provision.standing));
    paper.words(
        0,
        0,
        &[(Ink::Plain, &format!("Draft ({}): \"{}\"", provision.verb, provision.draft))],
    );
    match &provision.last {
        Some(last) => paper.say(0, &format!("Final code: \"{last}\"")),
        None => paper.say(0, "The final code has no such provision."),
    }
    let with = |status: &'static str| {
        provision.findings.iter().filter(move |one| one.status == status && !one.needs_people)
    };
    for one in with("fail").take(FINDINGS) {
        failed(one, paper);
    }
    more(paper, 0, with("fail").count(), FINDINGS);
    for one in with("unknown").take(FINDINGS) {
        paper.words(
            0,
            2,
            &[
                (Ink::Yellow, "UNKNOWN"),
                (Ink::Bold, &one.id),
                (Ink::Plain, &format!("{}: {}", one.title, one.why)),
            ],
        );
    }
    more(paper, 0, with("unknown").count(), FINDINGS);
    if let Some(passes) = passes(provision) {
        paper.words(0, 2, &[(Ink::Green, "PASS"), (Ink::Plain, &passes)]);
    }
    match with("not applicable").count() {
        0 => {}
        1 => paper.say(0, "1 question has no meaning for this build."),
        some => paper.say(0, &format!("{some} questions have no meaning for this build.")),
    }
    people(provision, paper);
}

/// How many pass, by what their evidence rests on: a pass by the job's own word is shown as one.
pub(in crate::report) fn passes(provision: &ProvisionV1) -> Option<String> {
    let passed: Vec<_> = provision.findings.iter().filter(|one| one.status == "pass").collect();
    let mut levels: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in &passed {
        let level = one.assurance.as_deref().unwrap_or("nothing that is known");
        match levels.iter_mut().find(|(known, _)| *known == level) {
            Some((_, ids)) => ids.push(&one.id),
            None => levels.push((level, vec![&one.id])),
        }
    }
    let say = |(level, ids): &(&str, Vec<&str>)| {
        let shown = ids.iter().take(12).copied().collect::<Vec<_>>().join(", ");
        let more = if ids.len() > 12 { ", ..." } else { "" };
        format!("{} {level} ({shown}{more})", ids.len())
    };
    let said: Vec<_> = levels.iter().take(10).map(say).collect();
    (!passed.is_empty()).then(|| format!("{} in all: {}", passed.len(), said.join("; ")))
}

fn failed(one: &FindingV1, paper: &mut Paper) {
    let means =
        if one.contradicts { "(contradicts the provision)" } else { "(weakens the evidence)" };
    paper.words(
        0,
        2,
        &[(Ink::Red, "FAIL"), (Ink::Bold, &one.id), (Ink::Plain, &one.title), (Ink::Plain, means)],
    );
    paper.say(2, &one.why);
    if let Some(level) = &one.assurance {
        paper.say(2, &format!("rests on: {level}"));
    }
    for value in one.values.iter().take(VALUES) {
        paper.say(2, &format!("{}: {}", value.name, value.value));
    }
    more(paper, 2, one.values.len(), VALUES);
    if !one.pointers.is_empty() {
        let pointers: Vec<_> = one.pointers.iter().take(VALUES).map(String::as_str).collect();
        paper.say(2, &format!("at: {}", pointers.join(", ")));
    }
    for there in one.places.iter().take(PLACES) {
        paper.point(
            2,
            &[(Ink::Plain, &format!("{}: {}", place(&there.path, there.line), there.what))],
        );
    }
    more(paper, 2, one.places.len(), PLACES);
    paper.say(2, &format!("to do: {} (proofmark explain {})", one.remedy, one.id));
}

fn people(provision: &ProvisionV1, paper: &mut Paper) {
    let all: Vec<_> = provision.findings.iter().filter(|one| one.needs_people).collect();
    if all.is_empty() {
        return;
    }
    paper.blank();
    paper.say(0, "Only people or other systems can show:");
    for one in all.iter().take(FINDINGS) {
        paper.point(0, &[(Ink::Bold, &one.id), (Ink::Plain, &one.title)]);
        if one.documents.is_empty() {
            paper.say(2, "no document is attached");
        }
        for document in one.documents.iter().take(VALUES) {
            let date = document.date.as_deref().unwrap_or("no date");
            paper.say(
                2,
                &format!("attached, not judged: {} {} ({date})", document.kind, document.name),
            );
            paper.say(4, &format!("sha256 {}", document.sha256));
        }
        more(paper, 2, one.documents.len(), VALUES);
    }
    more(paper, 0, all.len(), FINDINGS);
}
