//! What is other than at the build before, and than people approved.

use super::{lock, remedies, settle, some, value};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::{ChangeCount, DriftKind, EnvironmentChange, ExplainedBy, LockDrift};

pub(super) const EXPLAINED: Question = Question {
    id: "changes-are-explained",
    title: "Changes since the build before",
    asks: "Is every difference from the build before explained by a commit, an approval or the platform?",
    claims: &["2.2-01", "2.2-02"],
    reads: &["changes"],
    proves: "Tools, packages, images, references, variables and configuration were compared with the build before, and each difference has an explanation on record.",
    not: "That whoever explained a change was allowed to make it.",
    remedy: &remedies::EXPLAIN,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(explained(facts))),
};

pub(super) const APPROVED: Question = Question {
    id: "environment-is-approved",
    title: "The approved environment",
    asks: "Was the environment of the build the one that is approved in the repository?",
    claims: &["2.2-02"],
    reads: &["changes.lock"],
    proves: "Whatever the committed approval (proofmark.lock) compares was as it says.",
    not: "That those who approved it were allowed to, or that classes which it doesn't compare were as they should be.",
    remedy: &shared::LOCK,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(approved(facts))),
};

pub(super) const COVERS_ENOUGH: Question = Question {
    id: "approved-environment-covers-enough",
    title: "What the approval covers",
    asks: "Does the approval of the environment speak of this kind of build, and compare no less than it does by default?",
    claims: &["2.2-02"],
    reads: &["changes.lock"],
    proves: "The approval has a section for these builds, approves something in it, and no class is compared less closely than by default.",
    not: "That the defaults are close enough for this software.",
    remedy: &remedies::COVER,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(covers_enough(facts))),
};

pub(super) const LOCK_IS_PROTECTED: Question = Question {
    id: "lock-is-on-a-protected-ref",
    title: "Where the approval lies",
    asks: "Does the approval of the environment lie on a branch or tag that the platform protects?",
    claims: &["2.2-02"],
    reads: &["changes.lock"],
    proves: "The platform said that the ref that was built is protected, so that not everybody can change the approval on it.",
    not: "Whom the protection lets through.",
    remedy: &shared::PROTECT_BRANCH,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(lock_is_protected(facts))),
};

const LOCK: &str = "/changes/value/lock/value";

fn explained(facts: &Facts<'_>) -> Result<Found, Found> {
    let changes = value(facts, "the change log", &facts.changes)?;
    let baseline = value(facts, "the build before", &changes.baseline)?;
    let sum = |of: fn(&ChangeCount) -> u64| {
        changes.counts.values().fold(0_u64, |sum, count| sum.saturating_add(of(count)))
    };
    let (all, unexplained) = (sum(|count| count.changes), sum(|count| count.unexplained));
    let open = [&changes.environment, &changes.details];
    let open = open.into_iter().filter_map(|part| part.inline()).flatten();
    let listed: Vec<&EnvironmentChange> =
        open.filter(|change| !change.explanation.by.explains()).collect();
    let pending =
        listed.iter().filter(|c| c.explanation.by == ExplainedBy::ApprovalPending).count() as u64;
    let said = |found: Found| {
        found
            .at("/changes/value/counts")
            .at("/changes/value/environment")
            .at("/changes/value/not_compared")
            .at("/changes/value/baseline/value/sha256")
            .value("changes", all.to_string())
            .value("unexplained", unexplained.to_string())
            .value("build before", format!("sha256 {}", baseline.sha256))
    };
    let names = some(listed.iter().map(|change| format!("{} {}", change.class, change.name)));
    // The list can't hide what the counts have, nor the counts what the list has.
    let nothing_but_pending = unexplained == pending && listed.len() as u64 == pending;
    if !nothing_but_pending {
        let number = count(unexplained.max(listed.len() as u64), "change");
        let names = if names.is_empty() { "sealed".to_owned() } else { names };
        return Ok(said(Found::fail(format!(
            "expected an explanation of every change since the build before, found {number} without one: {names}"
        ))));
    }
    if pending > 0 {
        return Err(Found::unknown(format!(
            "the approval of these was changed along with them, and people have to say whether it was reviewed: {names}"
        )));
    }
    if !changes.not_compared.is_empty() {
        let places =
            changes.not_compared.iter().map(|one| format!("{} ({})", one.place, one.reason));
        return Err(Found::unknown(format!("not everything was compared: {}", some(places))));
    }
    Ok(said(Found::pass(match all {
        0 => "nothing of the environment is other than at the build before".to_owned(),
        _ => format!("{} since the build before, each explained", count(all, "change")),
    })))
}

/// Drift in words.
fn drifts<'a>(drift: impl Iterator<Item = &'a LockDrift>) -> String {
    some(drift.map(|one| {
        let sides = match (&one.expected, &one.found) {
            (Some(expected), Some(found)) => format!(" (expected {expected}, found {found})"),
            (Some(expected), None) => format!(" (expected {expected}, found nothing)"),
            (None, Some(found)) => format!(" (expected nothing, found {found})"),
            (None, None) => String::new(),
        };
        format!("{} {}: {}{sides}", one.class, one.name, one.kind)
    }))
}

fn approved(facts: &Facts<'_>) -> Result<Found, Found> {
    let lock = lock(facts)?;
    let counting = || lock.drift.iter().filter(|one| one.kind.is_drift());
    // A lock for builds of another kind says nothing of this one.
    let unseen = |one: &&LockDrift| {
        matches!(one.kind, DriftKind::NotCompared | DriftKind::NoSection | DriftKind::Unknown)
    };
    let drift: Vec<_> = counting().filter(|one| !unseen(one)).collect();
    let said = |found: Found| {
        found
            .at(format!("{LOCK}/drift"))
            .value("lock", format!("{} sha256 {}", lock.path, lock.sha256))
            .value("changed by commit", lock.changed_by.as_deref().unwrap_or("not known"))
    };
    if !drift.is_empty() {
        let what = drifts(drift.iter().copied());
        let why = format!("expected the approved environment, found {}: {what}", drift.len());
        return Ok(said(Found::fail(why)).value("differences", drift.len().to_string()));
    }
    if counting().next().is_some() {
        let what = drifts(counting());
        return Err(Found::unknown(format!("not all of it could be compared: {what}")));
    }
    let rolls = lock.drift.len();
    let why = match rolls {
        0 => "the environment is the approved one".to_owned(),
        _ => "the environment is the approved one, but for a newer version of the platform's image"
            .to_owned(),
    };
    Ok(said(Found::pass(why)))
}

fn covers_enough(facts: &Facts<'_>) -> Result<Found, Found> {
    let lock = lock(facts)?;
    let kind = |kind: DriftKind| lock.drift.iter().any(|drift| drift.kind == kind);
    let modes = lock.modes.iter().map(|(class, mode)| format!("{class} {}", mode.name()));
    let said = |found: Found| {
        found
            .at(format!("{LOCK}/laxer_than_default"))
            .at(format!("{LOCK}/drift"))
            .at(format!("{LOCK}/modes"))
            .value("compared", modes.collect::<Vec<_>>().join(", "))
    };
    if kind(DriftKind::NoSection) {
        let why = "expected one section for builds of this kind, found none or several";
        return Ok(said(Found::fail(why)));
    }
    if kind(DriftKind::CoversNothing) {
        let why = "expected an approval that compares something, found one that compares nothing";
        return Ok(said(Found::fail(why)));
    }
    if !lock.laxer_than_default.is_empty() {
        let laxer = some(lock.laxer_than_default.iter().map(ToString::to_string));
        let why = format!(
            "expected the default comparison or a closer one, found a looser one of {laxer}"
        );
        return Ok(said(Found::fail(why)));
    }
    let Some(lane) = &lock.lane else {
        return Err(Found::unknown("which section of the approval is this build's isn't known"));
    };
    Ok(said(Found::pass(format!("section {lane} approves it, compared as closely as by default")))
        .at(format!("{LOCK}/lane")))
}

fn lock_is_protected(facts: &Facts<'_>) -> Result<Found, Found> {
    let lock = lock(facts)?;
    let found = match value(facts, "the protection of the approval", &lock.protected)? {
        true => Found::pass("the approval lies on a protected ref"),
        false => {
            Found::fail("expected the approval on a protected ref, found it on one that isn't")
        }
    };
    let found = found.at(format!("{LOCK}/protected/value")).value("lock", &lock.path);
    Ok(match &lock.changed_by {
        Some(commit) => found.value("changed by commit", commit),
        None => found,
    })
}
