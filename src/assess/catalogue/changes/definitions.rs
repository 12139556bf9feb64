//! The pipeline's definition: whether what ran is what is in the repository, and what it names from elsewhere.

use super::{remedies, settle, some, value};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::{Definition, PathText, Pin, Pipeline};

pub(super) const RAN_IS_KNOWN: Question = Question {
    id: "definition-that-ran-is-known",
    title: "The definition that ran",
    asks: "Is the pipeline definition that was looked at the one that the platform ran?",
    claims: &["2.2-01"],
    reads: &["pipeline.ran", "pipeline.definitions"],
    proves: "The definition files in the build's folder are those of the commit that the platform says it ran, or at least as they were committed.",
    not: "What actions and includes of other repositories do in their turn.",
    remedy: &remedies::CHECK_OUT,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(ran_is_known(facts))),
};

pub(super) const PINNED: Question = Question {
    id: "references-are-pinned",
    title: "Pinned actions, images and includes",
    asks: "Does everything that the pipeline names from elsewhere stay what it is until the definition is changed?",
    claims: &["2.2-01", "2.2-02"],
    reads: &["pipeline.definitions"],
    proves: "Each action, image and include that the running definitions name is fixed by a commit or digest, lies in the same commit, or comes with the platform itself.",
    not: "That what is pinned is harmless, or that pinned actions pin what they use in their turn.",
    remedy: &shared::PIN,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(pinned(facts))),
};

const DEFINITIONS: &str = "/pipeline/value/definitions";

/// The definitions that the running pipeline is made of, with their places in the list.
fn running(pipeline: &Pipeline) -> Result<Vec<(usize, &Definition)>, Found> {
    let all = pipeline.definitions.iter().enumerate();
    let running: Vec<_> = all.filter(|(_, definition)| definition.running).collect();
    if running.is_empty() {
        return Err(Found::unknown("which definition files the pipeline is made of isn't known"));
    }
    Ok(running)
}

fn path(definition: &Definition) -> &str {
    match &definition.path {
        PathText::Path(path) => path,
        PathText::PathHex(_) => "a path that isn't UTF-8",
    }
}

fn ran_is_known(facts: &Facts<'_>) -> Result<Found, Found> {
    const SAME: &str = "/pipeline/value/ran/value/on_disk_is_same";
    let pipeline = value(facts, "the pipeline", &facts.pipeline)?;
    let ran = pipeline.ran.get();
    if let Some(ran) = ran.filter(|ran| ran.on_disk_is_same == Some(false)) {
        let why = format!(
            "expected the definition that the platform ran (sha256 {} at commit {}), found another on the disk",
            ran.sha256, ran.commit
        );
        let what = "it isn't the definition that the platform ran";
        return Ok(Found::fail(why)
            .at(SAME)
            .value("commit from", &ran.commit_from)
            .place(&ran.path, None, what));
    }
    let running = running(pipeline)?;
    let altered: Vec<_> = running.iter().filter(|(_, d)| d.committed == Some(false)).collect();
    if !altered.is_empty() {
        let names = some(altered.iter().map(|(_, definition)| path(definition).to_owned()));
        let why = format!("expected definitions as they were committed, found others: {names}");
        return Ok(altered.iter().fold(Found::fail(why), |found, (at, definition)| {
            found.at(format!("{DEFINITIONS}/{at}/committed")).place(
                path(definition),
                None,
                "it isn't as the commit has it",
            )
        }));
    }
    if running.iter().any(|(_, definition)| definition.committed.is_none()) {
        return Err(Found::unknown(
            "whether all definitions are as they were committed isn't known",
        ));
    }
    let files = count(running.len() as u64, "definition file");
    let found = match ran {
        Some(ran) if ran.on_disk_is_same == Some(true) => Found::pass(format!(
            "the definition on the disk is the one that the platform says it ran, and {files} as committed"
        ))
        .at(SAME)
        .value("commit", &ran.commit)
        .value("commit from", &ran.commit_from)
        .value("sha256", ran.sha256.to_string()),
        Some(_) => {
            return Err(Found::unknown("the definition that ran isn't on the disk to be compared"));
        }
        None => Found::pass(format!(
            "{files} as committed; which commit the platform took them from isn't known"
        )),
    };
    Ok(found.at(DEFINITIONS))
}

/// Whether a reference stays what it is: `None` where that can't be told.
///
/// What comes with the platform moves with it, as the runner does: who runs the build could do anything
/// anyway, and there is nothing to pin.
const fn is_pinned(pin: Pin) -> Option<bool> {
    match pin {
        Pin::Commit | Pin::Digest | Pin::Integrity | Pin::SameCommit | Pin::Platform => Some(true),
        Pin::Tag | Pin::Unpinned => Some(false),
        Pin::NotDecidable | Pin::Unknown => None,
    }
}

fn pinned(facts: &Facts<'_>) -> Result<Found, Found> {
    let pipeline = value(facts, "the pipeline", &facts.pipeline)?;
    let running = running(pipeline)?;
    let all = running.iter().flat_map(|(_, definition)| {
        definition.references.iter().map(|reference| (path(definition), reference))
    });
    let all: Vec<_> = all.collect();
    let total = all.len() as u64;
    let movable: Vec<_> = all.iter().filter(|(_, r)| is_pinned(r.pin) == Some(false)).collect();
    let undecided = all.iter().filter(|(_, r)| is_pinned(r.pin).is_none());
    let undecided: Vec<_> = undecided.map(|(_, reference)| reference.text.clone()).collect();
    let by_platform = all.iter().filter(|(_, r)| r.pin == Pin::Platform).count();
    if !movable.is_empty() {
        let names = some(movable.iter().map(|(_, reference)| reference.text.clone()));
        let why = format!(
            "expected every reference to be pinned by commit or digest, found {} of {total} that can move: {names}",
            movable.len()
        );
        let found = Found::fail(why)
            .at(DEFINITIONS)
            .value("references", total.to_string())
            .value("movable", movable.len().to_string());
        return Ok(movable.iter().fold(found, |found, (path, reference)| {
            let how = match reference.pin {
                Pin::Tag => "names a tag, which can be moved",
                _ => "names a branch, a part of a version or nothing, which moves",
            };
            let what = format!("{} {}: {how}", reference.kind, reference.text);
            found.place(path, reference.line, &what)
        }));
    }
    if let Some((_, definition)) = running.iter().find(|(_, d)| d.trouble.is_some()) {
        let why = definition.trouble.as_deref().unwrap_or_default();
        return Err(Found::unknown(format!("{} could not be read whole: {why}", path(definition))));
    }
    if !undecided.is_empty() {
        let names = some(undecided);
        return Err(Found::unknown(format!(
            "what these name is decided when the job runs: {names}"
        )));
    }
    let why = match total {
        0 => "the running definitions name nothing from elsewhere".to_owned(),
        _ => format!("all {} of the running definitions are pinned", count(total, "reference")),
    };
    Ok(Found::pass(why)
        .at(DEFINITIONS)
        .value("references", total.to_string())
        .value("with the platform", by_platform.to_string()))
}
