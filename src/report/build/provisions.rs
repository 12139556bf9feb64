//! Provisions with their answers, and what to do about those that are missing.

use super::{name, sentence};
use crate::assess::assurance::Assurance;
use crate::assess::catalogue::{Answer, Failure, Remedy, question};
use crate::assess::finding::{Assessed, Document, Finding, Place, Status};
use crate::report::model::{
    DocumentV1, FindingV1, LinesV1, PlaceV1, ProvisionV1, RemedyV1, ValueV1,
};

/// Every provision, in order.
pub(super) fn provisions(assessed: &[Assessed]) -> Vec<ProvisionV1> {
    assessed.iter().map(provision).collect()
}

fn provision(assessed: &Assessed) -> ProvisionV1 {
    let provision = assessed.provision;
    let number = |count: usize| count as u64;
    let by_platform = assessed.resting_on(&[Assurance::PlatformVouched, Assurance::TimeVouched]);
    let by_checker = assessed.resting_on(&[Assurance::Recomputable]);
    let by_people = assessed.findings.iter().filter(|finding| finding.needs_people).count();
    let mut of = ProvisionV1 {
        number: provision.number.to_owned(),
        verb: provision.verb.to_owned(),
        draft: provision.draft.to_owned(),
        last: provision.last.map(ToOwned::to_owned),
        standing: assessed.standing().name().to_owned(),
        summary: String::new(),
        asked: number(assessed.asked()),
        answered: number(assessed.answered()),
        by_platform: number(by_platform),
        by_checker: number(by_checker),
        by_job: number(assessed.answered().saturating_sub(by_platform + by_checker)),
        by_people: number(by_people),
        findings: assessed.findings.iter().map(finding).collect(),
    };
    let failed = assessed.findings.iter().filter(|f| f.status == Status::Fail).count();
    of.summary = format!(
        "{} of {} questions answered{}; {} vouched for by the platform, {} by the job itself, {} checked here; {} {} people",
        of.answered,
        of.asked,
        if failed > 0 { format!(", {failed} of them against it") } else { String::new() },
        of.by_platform,
        of.by_job,
        of.by_checker,
        of.by_people,
        if of.by_people == 1 { "needs" } else { "need" },
    );
    of
}

fn finding(finding: &Finding) -> FindingV1 {
    let question = finding.question;
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let value = |(of, value): &(&'static str, String)| ValueV1 {
        name: (*of).to_owned(),
        value: name(value),
    };
    let place = |place: &Place| PlaceV1 {
        path: name(&place.path),
        line: place.line,
        what: sentence(&place.what),
    };
    FindingV1 {
        id: question.id.to_owned(),
        title: question.title.to_owned(),
        asks: question.asks.to_owned(),
        claims: owned(question.claims),
        status: finding.status.name().to_owned(),
        contradicts: question.failure == Failure::Contradicts,
        assurance: finding.assurance.map(|level| level.name().to_owned()),
        liar: finding.assurance.map(|level| level.liar().to_owned()),
        why: sentence(&finding.why),
        values: finding.values.iter().map(value).collect(),
        pointers: finding.pointers.iter().take(50).map(|pointer| sentence(pointer)).collect(),
        places: finding.places.iter().map(place).collect(),
        not: question.not.to_owned(),
        remedy: finding.remedy.id.to_owned(),
        needs_people: finding.needs_people,
        documents: finding.documents.iter().map(document).collect(),
    }
}

fn document(document: &Document) -> DocumentV1 {
    DocumentV1 {
        kind: name(&document.kind),
        name: name(&document.name),
        date: document.date.as_deref().map(name),
        sha256: name(&document.sha256),
    }
}

/// What to do, the one that would answer most questions first; of equal ones in the order of the catalogue. What
/// only gives people something to read comes last. Of the lines those for another platform are left out.
pub(super) fn remedies(assessed: &[Assessed], platform: Option<&str>) -> Vec<RemedyV1> {
    let mut all: Vec<(&'static Remedy, Vec<String>)> = Vec::new();
    for finding in assessed.iter().flat_map(|assessed| &assessed.findings) {
        let question = finding.question;
        let open = matches!(finding.status, Status::Fail | Status::Unknown);
        let in_hand = match question.answer {
            Answer::Evidence(_) => true,
            Answer::People(_) => finding.documents.is_empty(),
            Answer::Later(_) => false,
        };
        if !open || !in_hand {
            continue;
        }
        let id = question.id.to_owned();
        match all.iter_mut().find(|(remedy, _)| remedy.id == finding.remedy.id) {
            Some((_, questions)) => questions.push(id),
            None => all.push((finding.remedy, vec![id])),
        }
    }
    // A document answers nothing by itself: people read it.
    let answered = |questions: &[String]| {
        let by_evidence = |id: &&String| {
            question(id).is_some_and(|one| matches!(one.answer, Answer::Evidence(_)))
        };
        questions.iter().filter(by_evidence).count()
    };
    all.sort_by_key(|(_, ids)| std::cmp::Reverse((answered(ids), ids.len())));
    let lines = |remedy: &'static Remedy| {
        let one = |lines: &crate::assess::catalogue::Lines| LinesV1 {
            place: lines.place.to_owned(),
            language: lines.language.to_owned(),
            text: lines.text.to_owned(),
        };
        let other = |place: &str| match platform {
            Some("github") => place.contains("GitLab"),
            Some("gitlab") => place.contains("GitHub"),
            _ => false,
        };
        remedy.lines.iter().filter(|lines| !other(lines.place)).map(one).collect()
    };
    let remedy = |(remedy, questions): (&'static Remedy, Vec<String>)| RemedyV1 {
        id: remedy.id.to_owned(),
        text: remedy.text.to_owned(),
        lines: lines(remedy),
        for_people: answered(&questions) == 0,
        questions,
    };
    all.into_iter().map(remedy).collect()
}
