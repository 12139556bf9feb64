//! The commits since the build before: whether all of them are listed, follow it, and are signed.

use super::{commits, remedies, settle, value};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::{NOT_AFTER, NOT_AN_ANCESTOR};

pub(super) const ARE_LOGGED: Question = Question {
    id: "definition-changes-are-logged",
    title: "Log of commits",
    asks: "Does the evidence list every commit since the build before, with what each changes of how the software is built?",
    claims: &["2.2-01", "2.2-03"],
    reads: &["changes.commits"],
    proves: "The evidence lists all commits since the build before, or since the last tag, and counts those that touch pipeline definitions, lockfiles, containers, toolchains or build scripts.",
    not: "Who typed a commit: its author is what its maker wrote. Nor what is set elsewhere than in the repository, such as variables and settings of the organisation.",
    remedy: &shared::BASELINE,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(are_logged(facts))),
};

pub(super) const NOT_REWRITTEN: Question = Question {
    id: "history-is-not-rewritten",
    title: "History since the build before",
    asks: "Does what was built descend from what the build before was built from?",
    claims: &["2.2-01", "2.2-04"],
    reads: &["changes.baseline", "changes.commits"],
    proves: "The commit of the build before is among the ancestors of this one: nothing that was built is taken out of the history.",
    not: "That no branch was rewritten between two builds and back again.",
    remedy: &remedies::DESCEND,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(not_rewritten(facts))),
};

pub(super) const SIGNED: Question = Question {
    id: "commits-are-signed",
    title: "Signatures of commits",
    asks: "Is every commit since the build before signed by somebody on a fixed list of allowed signers?",
    claims: &["2.2-02"],
    reads: &["changes.commits"],
    proves: "The holder of an allowed key signed each of the commits; the list of keys is bound by its digest.",
    not: "That anybody else read the change, or that a key is only its owner's.",
    remedy: &remedies::SIGN_COMMITS,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(signed(facts))),
};

const LOG: &str = "/changes/value/commits/value";

fn are_logged(facts: &Facts<'_>) -> Result<Found, Found> {
    let log = commits(facts)?;
    let since = match log.since.as_str() {
        "baseline" => "since the build before",
        "last tag" => "since the last tag",
        "beginning" => "since the first commit",
        _ => return Err(Found::unknown("where the log of commits begins can't be told")),
    };
    let listed = log.list.inline().map(|list| list.len() as u64);
    let touching = log
        .list
        .inline()
        .map(|list| list.iter().filter(|commit| !commit.touches.is_empty()).count() as u64);
    let found = if !log.complete {
        let why = log.why_incomplete.as_deref().unwrap_or("no reason is given");
        Found::fail(format!("expected every commit {since}, found that not all are listed: {why}"))
    } else if listed.is_some_and(|listed| listed != log.count) {
        Found::fail(format!(
            "expected the list of {}, found {}",
            count(log.count, "commit"),
            listed.unwrap_or_default()
        ))
    } else if touching.is_some_and(|touching| touching != log.touching) {
        Found::fail(format!(
            "expected {} that touch how the software is built, found {} in the list",
            log.touching,
            touching.unwrap_or_default()
        ))
    } else {
        Found::pass(format!(
            "{} {since}, all listed; touching how the software is built: {}",
            count(log.count, "commit"),
            log.touching
        ))
    };
    Ok(found
        .at(format!("{LOG}/complete"))
        .at(format!("{LOG}/count"))
        .at(format!("{LOG}/touching"))
        .at(format!("{LOG}/list"))
        .value("since", &log.since)
        .value("commits", log.count.to_string())
        .value("touching the build", log.touching.to_string()))
}

fn not_rewritten(facts: &Facts<'_>) -> Result<Found, Found> {
    let changes = value(facts, "the change log", &facts.changes)?;
    if let Some(reason) = changes.baseline.reason.as_deref().filter(|r| r.contains(NOT_AN_ANCESTOR))
    {
        let why = format!("expected a commit that descends from the build before, found: {reason}");
        return Ok(Found::fail(why).at("/changes/value/baseline/reason"));
    }
    let log = commits(facts)?;
    let unmet = log.why_incomplete.as_deref().filter(|why| why.contains(NOT_AFTER));
    if let Some(why) = unmet.filter(|_| log.since == "baseline") {
        let why = format!("expected a commit that descends from the build before, found: {why}");
        return Ok(Found::fail(why).at(format!("{LOG}/why_incomplete")));
    }
    let baseline = value(facts, "the build before", &changes.baseline)?;
    let met = baseline.commit.as_ref().zip(log.since_commit.as_ref());
    match met {
        Some((before, since)) if before == since && log.since == "baseline" => {
            Ok(Found::pass("the commit descends from the one that the build before was built from")
                .at("/changes/value/baseline/value/commit")
                .at(format!("{LOG}/since"))
                .at(format!("{LOG}/since_commit"))
                .value("commit of the build before", before))
        }
        _ => Err(Found::unknown(match &log.why_incomplete {
            Some(why) => format!("the commit of the build before wasn't met: {why}"),
            None => "the log of commits doesn't begin at the build before".to_owned(),
        })),
    }
}

fn signed(facts: &Facts<'_>) -> Result<Found, Found> {
    let log = commits(facts)?;
    let of = |states: &[&str]| -> u64 {
        let counts = states.iter().filter_map(|state| log.signatures.get(*state));
        counts.fold(0, |sum, count| sum.saturating_add(*count))
    };
    let (good, bad, none) = (of(&["good"]), of(&["bad"]), of(&["none"]));
    let all = log.signatures.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let said = |found: Found| {
        let states = log.signatures.iter().map(|(state, number)| format!("{state} {number}"));
        found
            .at(format!("{LOG}/signatures"))
            .value("signatures", states.collect::<Vec<_>>().join(", "))
    };
    if bad.saturating_add(none) > 0 {
        return Ok(said(Found::fail(format!(
            "expected every commit to be signed by an allowed signer, found {none} without a signature and {bad} with one that isn't good, of {}",
            count(all, "commit")
        ))));
    }
    if !log.complete {
        return Err(Found::unknown("not all commits were seen, so not all signatures were"));
    }
    if log.count == 0 {
        return Err(Found::not_applicable("there is no commit since the build before"));
    }
    let Some(signers) = &log.allowed_signers else {
        return Err(Found::unknown(
            "signatures were not checked: no file of allowed signers was given",
        ));
    };
    if good != log.count || all != log.count {
        let rest = log.count.saturating_sub(good);
        let why = format!("the signatures of {} could not be checked", count(rest, "commit"));
        return Err(Found::unknown(why));
    }
    let why = format!("allowed signers signed all {}", count(good, "commit"));
    Ok(said(Found::pass(why))
        .at(format!("{LOG}/allowed_signers"))
        .value("allowed signers", format!("sha256 {signers}")))
}
