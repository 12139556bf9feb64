//! The chain of a lane's builds, as whoever checks has followed it.

use super::{remedies, settle, some, value};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::chain::{Finding, FindingKind};
use crate::assess::facts::{Facts, InChain};
use crate::assess::finding::Found;
use crate::base::text::count;

pub(super) const UNBROKEN: Question = Question {
    id: "chain-is-unbroken",
    title: "Chain of builds",
    asks: "Does this build name the one before it, and does the chain of given builds hold together?",
    claims: &["2.2-01", "2.2-03", "2.2-04"],
    reads: &["chain"],
    proves: "Whoever made this report followed the link to the build before by its digest, verified that build's signature too, and found nothing wrong with the builds that were given.",
    not: "That no build was taken away at the end of the chain, or left no evidence at all.",
    remedy: &shared::BASELINE,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(unbroken(facts))),
};

pub(super) const EVERY_RUN: Question = Question {
    id: "every-run-left-evidence",
    title: "Runs without evidence",
    asks: "Did every run between the given builds leave evidence, by the platform's own count?",
    claims: &["2.2-01", "2.2-03"],
    reads: &["chain"],
    proves: "The platform's run numbers, as the builds record them, leave no run out between the first and the last that were given.",
    not: "That no run came after the newest, or that the recorded numbers are the platform's.",
    remedy: &remedies::KEEP_EVIDENCE,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(every_run(facts))),
};

pub(super) const INTEGRITY: Question = Question {
    id: "log-integrity",
    title: "Integrity of the log",
    asks: "Is the log signed by a key that whoever checks trusts, and told once?",
    claims: &["2.2-03", "2.2-04"],
    reads: &["chain"],
    proves: "A trusted key signed this record, nothing of it was altered since, and the builds that were given tell no second history.",
    not: "That the holder of the key recorded the truth.",
    remedy: &remedies::AUDIT,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(integrity(facts))),
};

/// The chain, where whoever checks looked at it.
fn followed<'a>(facts: &'a Facts<'_>) -> Result<&'a InChain, Found> {
    facts.context.chain.as_ref().ok_or_else(|| {
        Found::unknown(
            "this build was looked at alone: give the evidence of the builds before it too",
        )
    })
}

/// What only says that something wasn't given: no contradiction, but nothing to be sure of either.
fn is_missing(finding: &Finding) -> bool {
    match finding.kind {
        FindingKind::TruncatedStart | FindingKind::Unchained => true,
        // Runs were counted before the first: they may be older than the evidence.
        FindingKind::FirstInMidChain => finding.evidence.len() < 2,
        _ => false,
    }
}

/// One record that was altered, told twice or put in another's place.
const fn is_tampered(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::Truncated
            | FindingKind::HeadMovedBack
            | FindingKind::BadLink
            | FindingKind::Spliced
            | FindingKind::BadSequence
            | FindingKind::Cycle
            | FindingKind::Rollback
            | FindingKind::Reordered
            | FindingKind::Fork
            | FindingKind::DuplicateAttempt
            | FindingKind::Replay
            | FindingKind::AttestInChain
    )
}

fn kinds<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    some(findings.map(|finding| format!("{}: {}", finding.kind, finding.text)))
}

fn failed(expected: &str, findings: &[&Finding]) -> Found {
    let what = kinds(findings.iter().copied());
    let found = Found::fail(format!("expected {expected}, found {what}")).checked_here();
    findings.iter().fold(found, |found, finding| found.value("finding", finding.kind.name()))
}

fn unbroken(facts: &Facts<'_>) -> Result<Found, Found> {
    const PREVIOUS: &str = "/chain/value/previous";
    let followed = followed(facts)?;
    let wrong = followed.findings.iter().filter(|finding| finding.kind.fails());
    let (missing, broken): (Vec<_>, Vec<_>) = wrong.partition(|finding| is_missing(finding));
    if !broken.is_empty() {
        return Ok(failed("an unbroken chain of builds", &broken));
    }
    let chain = value(facts, "the chain", &facts.chain)?;
    let why_none = chain.why_none.as_deref().unwrap_or("no reason is given");
    match (chain.previous, chain.sequence) {
        (Some(previous), sequence) if followed.previous_given && missing.is_empty() => {
            let sequence = sequence.map_or_else(|| "none".to_owned(), |number| number.to_string());
            Ok(Found::pass("the build before was given, is verified, and is the one that is named")
                .at(PREVIOUS)
                .checked_here()
                .value("build before", format!("sha256 {previous}"))
                .value("place in the chain", sequence))
        }
        _ if !missing.is_empty() => Err(Found::unknown(kinds(missing.into_iter()))),
        (Some(previous), _) => Err(Found::unknown(format!(
            "it names a build before it, sha256 {previous}, which wasn't given"
        ))),
        (None, Some(1)) => {
            Err(Found::not_applicable(format!("first build of the lane: {why_none}")))
        }
        (None, _) => Err(Found::unknown(format!("it names no build before it: {why_none}"))),
    }
}

fn every_run(facts: &Facts<'_>) -> Result<Found, Found> {
    const COUNTS: &str = "/chain/value/platform_counts";
    let followed = followed(facts)?;
    let chain = value(facts, "the chain", &facts.chain)?;
    let Some((name, number)) = chain.platform_counts.iter().next() else {
        return Err(Found::unknown("no platform counted the runs"));
    };
    let found = match followed.runs_without_evidence {
        0 if !followed.previous_given => {
            return Err(Found::unknown("no build before it was given to count from"));
        }
        0 => Found::pass("every run between the builds that were given left evidence"),
        runs => Found::fail(format!(
            "expected evidence of every run between the given builds, found {} without any",
            count(runs, "run")
        )),
    };
    Ok(found.at(COUNTS).value("newest count", format!("{name} {number}")))
}

fn integrity(facts: &Facts<'_>) -> Result<Found, Found> {
    if !facts.verified {
        return Err(Found::unknown("no trusted key's signature on it was verified"));
    }
    let findings = facts.context.chain.iter().flat_map(|chain| &chain.findings);
    let tampered: Vec<_> = findings.filter(|finding| is_tampered(finding.kind)).collect();
    if !tampered.is_empty() {
        return Ok(failed("one history of the builds", &tampered));
    }
    let signers = some(facts.signers.iter().cloned());
    let why = match &facts.context.chain {
        Some(_) => {
            "trusted keys signed it, nothing was altered since, and no second history was found"
        }
        None => "trusted keys signed it, and nothing was altered since",
    };
    Ok(Found::pass(why).checked_here().value("signed by", signers))
}
