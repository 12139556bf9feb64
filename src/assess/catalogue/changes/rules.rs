//! What the platform demands of whoever changes the branch that is built.

use super::{settle, value};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::BranchRules;

pub(super) const REVIEWED: Question = Question {
    id: "changes-are-reviewed",
    title: "Review of changes",
    asks: "Does the platform let a change into the branch only after somebody else has approved it?",
    claims: &["2.2-02"],
    reads: &["controls.branch_rules"],
    proves: "An active rule of the platform demands a pull request with at least one approval for the branch that was built.",
    not: "That an approval was a careful one, or that nobody may bypass the rule: a job can't read who may.",
    remedy: &shared::PROTECT_BRANCH,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(reviewed(facts))),
};

pub(super) const NO_FORCE: Question = Question {
    id: "history-cannot-be-forced",
    title: "Forced pushes",
    asks: "Does the platform keep the history of the branch from being overwritten or deleted?",
    claims: &["2.2-02", "2.2-04"],
    reads: &["controls.branch_rules"],
    proves: "Active rules of the platform forbid forced pushes to the branch that was built, and its deletion.",
    not: "That nobody may bypass the rules, or that they were active before.",
    remedy: &shared::PROTECT_BRANCH,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(not_forced(facts))),
};

/// What isn't among rulesets could still be asked for by what a job can't read.
const UNSEEN: &str = "classic branch protection, which a job can't read, may say more";

fn rules<'a>(facts: &'a Facts<'_>) -> Result<&'a BranchRules, Found> {
    let controls = value(facts, "what the platform's API says", &facts.controls)?;
    value(facts, "the rules on the branch", &controls.branch_rules)
}

fn said(found: Found, rules: &BranchRules) -> Found {
    let kinds = rules.rules.iter().map(|rule| rule.kind.as_str()).collect::<Vec<_>>().join(", ");
    found
        .at("/controls/value/branch_rules/value/rules")
        .value("branch", &rules.branch)
        .value("rules", if kinds.is_empty() { "none" } else { &kinds })
}

fn reviewed(facts: &Facts<'_>) -> Result<Found, Found> {
    let rules = rules(facts)?;
    let requests = rules.rules.iter().filter(|rule| rule.kind == "pull_request");
    let approvals = requests.map(|rule| {
        let number = rule.parameters.get("required_approving_review_count");
        number.and_then(|number| number.parse::<u64>().ok()).unwrap_or_default()
    });
    // Of several rules all hold, so the strictest counts.
    let found = match approvals.max() {
        Some(approvals @ 1..) => Found::pass(format!(
            "a change needs a pull request with {}",
            count(approvals, "approval")
        )),
        Some(0) => Found::fail(format!(
            "expected a rule that demands at least one approval, found one that demands a pull request with none; {UNSEEN}"
        )),
        None => Found::fail(format!(
            "expected a rule that demands an approved pull request, found none; {UNSEEN}"
        )),
    };
    Ok(said(found, rules))
}

fn not_forced(facts: &Facts<'_>) -> Result<Found, Found> {
    let rules = rules(facts)?;
    let wanted = [("non_fast_forward", "forced pushes"), ("deletion", "deletion")];
    let lacking: Vec<&str> = wanted
        .into_iter()
        .filter(|(kind, _)| !rules.rules.iter().any(|rule| rule.kind == *kind))
        .map(|(_, words)| words)
        .collect();
    let found = if lacking.is_empty() {
        Found::pass("rules forbid forced pushes to the branch, and its deletion")
    } else {
        let lacking = lacking.join(" and ");
        Found::fail(format!(
            "expected rules against forced pushes and deletion, found none against {lacking}; {UNSEEN}"
        ))
    };
    Ok(said(found, rules))
}
