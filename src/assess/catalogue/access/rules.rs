//! What may start a build, and the rules of the platform on its branch and its environment.

use super::remedies;
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::format::evidence::Controls;
use crate::format::fact::{Fact, Status};

pub(super) const TRIGGER: Question = Question {
    id: "trigger-is-trusted",
    title: "What started the build",
    asks: "Was the build started by something that only people with rights in the project can do?",
    claims: &["2.1-01", "2.1-03"],
    reads: &["pipeline.event"],
    proves: "The build was started by a change that was merged or pushed, by a tag, a release, a schedule or by hand, and not by a proposed change or from outside.",
    not: "Who approved it, or that the accounts of those who may do so are safe.",
    remedy: &remedies::TRIGGER,
    failure: Failure::Weakens,
    answer: Answer::Evidence(trigger),
};

/// What starts a build, as far as trust goes.
enum Start {
    /// Only who has rights in the project can.
    Inside(&'static str),
    /// Others can, or it brings what nobody has accepted.
    Outside(&'static str),
}

fn github(event: &str) -> Option<Start> {
    Some(match event {
        "push" | "create" | "delete" => Start::Inside("a push"),
        "release" => Start::Inside("a release"),
        "schedule" => Start::Inside("a schedule"),
        "workflow_dispatch" | "repository_dispatch" => {
            Start::Inside("a person or a system with rights to write")
        }
        "merge_group" => Start::Inside("the queue of changes to be merged"),
        "deployment" => Start::Inside("a deployment"),
        "pull_request" | "pull_request_review" | "pull_request_review_comment" => {
            Start::Outside("a proposed change, which may come from a copy of the repository")
        }
        "pull_request_target" => Start::Outside(
            "a proposed change, with the project's own rights: whoever proposes may get hold of them",
        ),
        "workflow_run" => Start::Outside(
            "another workflow, which a proposed change may have started, with the project's own rights",
        ),
        "issue_comment" | "issues" | "discussion" | "discussion_comment" | "fork" | "watch" => {
            Start::Outside("something that anybody who sees the project can do")
        }
        _ => return None,
    })
}

fn gitlab(event: &str) -> Option<Start> {
    Some(match event {
        "push" => Start::Inside("a push"),
        "schedule" => Start::Inside("a schedule"),
        "web" | "webide" | "api" | "chat" => {
            Start::Inside("a person or a system with rights to write")
        }
        "merge_request_event" | "external_pull_request_event" => {
            Start::Outside("a proposed change, which may come from a copy of the repository")
        }
        "trigger" => Start::Outside("whoever holds a trigger token, which names nobody"),
        "external" => Start::Outside("a system outside of the platform"),
        // A pipeline of another one: what started that isn't said.
        _ => return None,
    })
}

fn trigger(facts: &Facts<'_>) -> Found {
    let Some(pipeline) = facts.pipeline.get() else {
        return Found::unknown(facts.why_not("the pipeline", &facts.pipeline));
    };
    let Some(event) = &pipeline.event else {
        return Found::unknown("the evidence doesn't say what started the build");
    };
    let start = match pipeline.platform.as_str() {
        "github" => github(event),
        "gitlab" => gitlab(event),
        _ => None,
    };
    let found = match start {
        Some(Start::Inside(what)) => Found::pass(format!("started by {what}")),
        Some(Start::Outside(what)) => {
            Found::fail(format!("expected a start from inside the project, found {what}"))
        }
        None => {
            return Found::unknown("how far that kind of start can be trusted isn't known")
                .value("event", event);
        }
    };
    found.value("event", event).at("/pipeline/value/event")
}

pub(super) const REF: Question = Question {
    id: "ref-is-protected",
    title: "Protection of the branch or tag",
    asks: "Is the branch or tag that was built protected by rules of the platform's?",
    claims: &["2.1-01"],
    reads: &["pipeline.ref_protected", "controls.branch_rules"],
    proves: "The platform had rules for this branch or tag when the build ran.",
    not: "Which rules, and who may pass them by: administrators often can.",
    remedy: &shared::PROTECT_BRANCH,
    failure: Failure::Weakens,
    answer: Answer::Evidence(reference),
};

fn reference(facts: &Facts<'_>) -> Found {
    let Some(pipeline) = facts.pipeline.get() else {
        return Found::unknown(facts.why_not("the pipeline", &facts.pipeline));
    };
    let name = pipeline.ref_name.as_deref().unwrap_or("not named");
    let found = match pipeline.ref_protected {
        Some(true) => Found::pass("the platform says that it is protected"),
        Some(false) => Found::fail("expected a protected branch or tag, found an unprotected one"),
        None => return by_rules(facts, name),
    };
    found.value("ref", name).at("/pipeline/value/ref_protected")
}

/// Where no variable and no claim says so: the rules that the platform named.
fn by_rules(facts: &Facts<'_>, name: &str) -> Found {
    let Some(controls) = facts.controls.get() else {
        return Found::unknown(facts.why_not("whether the branch is protected", &facts.controls));
    };
    let Some(found) = controls.branch_rules.get() else {
        return Found::unknown(facts.why_not("the branch's rules", &controls.branch_rules));
    };
    let mut kinds: Vec<&str> = found.rules.iter().map(|rule| rule.kind.as_str()).collect();
    kinds.dedup();
    if kinds.is_empty() {
        // Protection of the older kind isn't shown to a job.
        return Found::unknown(
            "no rule was shown to the job, which isn't shown all kinds of protection",
        );
    }
    Found::pass("the platform names rules that are active on the branch")
        .value("ref", name)
        .value("rules", kinds.join(", "))
        .at("/controls/value/branch_rules/value/rules")
}

pub(super) const ENVIRONMENT: Question = Question {
    id: "deployment-environment-is-protected",
    title: "Protection of the deployment environment",
    asks: "Does the deployment environment that the job used let in only approved runs, or only chosen branches?",
    claims: &["2.1-01"],
    reads: &["controls.environment"],
    proves: "The platform had a list of people who approve, or a rule on branches, for the environment that the job names.",
    not: "That the rules were there for long, or that administrators can't pass them by.",
    remedy: &remedies::ENVIRONMENT,
    failure: Failure::Weakens,
    answer: Answer::Evidence(environment),
};

/// A part of what the platform's API said; else the answer to whatever is asked of it.
fn reply<'f, T>(
    facts: &'f Facts<'_>,
    name: &str,
    part: impl Fn(&Controls) -> &Fact<T>,
) -> Result<&'f T, Box<Found>> {
    let Some(controls) = facts.controls.get() else {
        return Err(Box::new(Found::unknown(
            facts.why_not("the platform's rules", &facts.controls),
        )));
    };
    let fact = part(controls);
    fact.get().ok_or_else(|| {
        let why = facts.why_not(name, fact);
        Box::new(match fact.status {
            Status::NotApplicable => Found::not_applicable(why),
            _ => Found::unknown(why),
        })
    })
}

fn environment(facts: &Facts<'_>) -> Found {
    let found = match reply(facts, "the deployment environment", |controls| &controls.environment) {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    let reviewers = found.reviewers;
    let answer = match &found.branch_policy {
        Some(policy) => Found::pass("only chosen branches reach it").value("branches", policy),
        None if reviewers > 0 => Found::pass("every run has to be approved first"),
        None => Found::fail("expected people who approve or a rule on branches, found neither"),
    };
    // The rule on branches is left out where there is none: nothing closer can be pointed at.
    let answer = answer.at("/controls/value/environment/value");
    let answer = match found.prevent_self_review {
        Some(true) => answer.value("own runs", "nobody may approve a run that they started"),
        _ => answer,
    };
    answer.value("environment", &found.name).value("may approve", reviewers.to_string())
}

pub(super) const APPROVED: Question = Question {
    id: "deployment-was-approved-by-another",
    title: "Approval by another person",
    asks: "Did somebody approve this run who didn't start it?",
    claims: &["2.1-01"],
    reads: &["controls.approvals"],
    proves: "The platform recorded that a person other than the one who started the run approved it.",
    not: "What that person looked at, or that the two accounts are two people.",
    remedy: &remedies::ENVIRONMENT,
    failure: Failure::Weakens,
    answer: Answer::Evidence(approved),
};

fn approved(facts: &Facts<'_>) -> Found {
    let found = match reply(facts, "approvals of this run", |controls| &controls.approvals) {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    const AT: &str = "/controls/value/approvals/value";
    let answer = match (found.people, found.by_who_started_it) {
        (0, _) => Found::fail("expected an approval, found none").at(format!("{AT}/people")),
        (_, Some(false)) => Found::pass("nobody who approved it had started it"),
        (1, Some(true)) => {
            Found::fail("expected an approval by another person, found one by who started it")
        }
        (_, Some(true)) => Found::pass("at least one who approved it hadn't started it"),
        (_, None) => return Found::unknown("who approved it is known, but not who started it"),
    };
    let answer = match found.people {
        0 => answer,
        _ => answer.at(format!("{AT}/people")).at(format!("{AT}/by_who_started_it")),
    };
    let listed = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    answer
        .value("people", found.people.to_string())
        .value("approved", listed(&found.approved))
        .value("refused", listed(&found.rejected))
}
