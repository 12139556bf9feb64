//! What starts a workflow, and who.

use github_actions_models::workflow::Trigger as Model;
use github_actions_models::workflow::event::BareEvent;

use super::{Look, NOT_DECIDABLE};
use crate::capture::markup::node::Node;
use crate::format::evidence::Trigger;

/// Whom a workflow is started by, as far as it matters for what it shares.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Started {
    /// By a pull request, or by anybody who has an account.
    pub(super) by_outsiders: bool,
    /// By a push, a tag or a release.
    pub(super) by_pushes: bool,
    /// By a release, or by tags alone.
    pub(super) by_releases: bool,
    /// By other workflows.
    pub(super) by_calls: bool,
    /// By something that isn't a call.
    pub(super) by_others: bool,
}

/// Events that outsiders bring about and that start a workflow with the repository's secrets.
const DANGEROUS: &[(&str, &str)] = &[
    (
        "pull_request_target",
        "a pull request from outside starts it with the repository's secrets and a token that may write",
    ),
    (
        "workflow_run",
        "it runs with the repository's secrets after a workflow that an outsider may have started",
    ),
    ("issue_comment", COMMENT),
    ("discussion_comment", COMMENT),
    ("pull_request_review", COMMENT),
    ("pull_request_review_comment", COMMENT),
    ("issues", ANYBODY),
    ("discussion", ANYBODY),
    ("gollum", ANYBODY),
    ("fork", ANYBODY),
    ("watch", ANYBODY),
];
const COMMENT: &str =
    "whoever may comment starts it with the repository's secrets, and chooses the text";
const ANYBODY: &str = "whoever has an account may start it with the repository's secrets";

impl Look {
    pub(super) fn triggers(&mut self, node: &Node) {
        match node.plain() {
            Node::Text(event) => self.trigger(event),
            Node::List(events) => {
                for event in events {
                    if !self.step() {
                        break;
                    }
                    self.trigger(event.plain().as_text().unwrap_or(NOT_DECIDABLE));
                }
            }
            Node::Map(events) => {
                self.whole(events);
                for (event, body) in events {
                    if !self.step() {
                        break;
                    }
                    self.trigger(event);
                    let has = |key| body.plain().get(key).is_some();
                    if event == "push" && has("tags") && !has("branches") {
                        self.started.by_releases = true;
                    }
                }
            }
            Node::Null | Node::Bare(_) | Node::Shared(_) => self.trigger(NOT_DECIDABLE),
        }
        if self.model::<Model>(node).is_none() {
            self.unclear("isn't started as the platform wants it");
        }
    }

    pub(super) fn trigger(&mut self, event: &str) {
        let event = if super::is_made(event) { NOT_DECIDABLE } else { event };
        let known =
            event == "schedule" || self.model::<BareEvent>(&Node::Text(event.to_owned())).is_some();
        if !known {
            self.unclear("is started by an event that isn't known");
        }
        let danger = DANGEROUS.iter().find(|(name, _)| *name == event).map(|(_, why)| *why);
        if let Some(why) = danger {
            self.mark("dangerous-trigger", format!("on.{event}"), format!("`{event}`: {why}"));
        }
        let started = &mut self.started;
        started.by_outsiders |= danger.is_some() || event == "pull_request";
        started.by_pushes |= matches!(event, "push" | "release" | "create");
        started.by_releases |= event == "release";
        started.by_calls |= event == "workflow_call";
        started.by_others |= event != "workflow_call";
        let danger = danger.map(str::to_owned);
        self.facts.triggers.push(Trigger { event: event.to_owned(), danger });
    }
}
