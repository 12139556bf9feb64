//! What moved since other builds of the same lanes.

use crate::assess::assurance::Assurance;
use crate::report::model::{BuildV1, FindingV1, MovedV1, SinceV1};

/// Compares question by question. `file` is what the earlier builds are from. Returns lanes that were there and are
/// no more, too.
#[must_use]
pub fn since(file: String, before: &[BuildV1], now: &[BuildV1]) -> (SinceV1, Vec<String>) {
    let mut of = SinceV1 {
        file,
        finished: before.iter().filter_map(|build| build.finished).max(),
        moved: Vec::new(),
        unchanged: 0,
    };
    for build in now {
        let old = before.iter().find(|old| old.lane == build.lane);
        let asked = build
            .provisions
            .iter()
            .flat_map(|one| one.findings.iter().map(move |finding| (one.number.as_str(), finding)));
        for (provision, finding) in asked {
            let old = old.and_then(|old| {
                let all = old.provisions.iter().flat_map(|one| &one.findings);
                all.into_iter().find(|old| old.id == finding.id)
            });
            if old.is_some_and(|old| answer(old) == answer(finding)) {
                of.unchanged += 1;
                continue;
            }
            of.moved.push(MovedV1 {
                lane: build.lane.clone(),
                provision: provision.to_owned(),
                id: finding.id.clone(),
                title: finding.title.clone(),
                direction: old.map_or("other", |old| direction(old, finding)).to_owned(),
                before: old.map(answer),
                after: answer(finding),
                why: finding.why.clone(),
            });
        }
    }
    let gone = before.iter().filter(|old| now.iter().all(|build| build.lane != old.lane));
    (of, gone.map(|build| build.lane.clone()).collect())
}

/// Status and assurance, and whether a document is attached where people answer.
fn answer(finding: &FindingV1) -> String {
    match (&finding.assurance, finding.documents.is_empty()) {
        (Some(assurance), _) => format!("{}, {assurance}", finding.status),
        (None, false) => format!("{}, with a document", finding.status),
        (None, true) => finding.status.clone(),
    }
}

/// A failure that nothing is known of any more is neither: whoever leaves evidence out must not look better.
fn direction(old: &FindingV1, new: &FindingV1) -> &'static str {
    let level = |finding: &FindingV1| {
        let name = finding.assurance.as_deref()?;
        Assurance::ALL.iter().position(|level| level.name() == name)
    };
    match (old.status.as_str(), new.status.as_str()) {
        ("pass", "pass") if level(new) > level(old) => "better",
        ("pass", "pass") => "worse",
        ("unknown" | "fail", "pass") => "better",
        ("unknown", "unknown") if old.documents.len() < new.documents.len() => "better",
        ("unknown", "unknown") => "worse",
        ("pass", "fail" | "unknown") | ("unknown", "fail") => "worse",
        _ => "other",
    }
}
