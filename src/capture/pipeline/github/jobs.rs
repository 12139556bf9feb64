//! The jobs of a workflow: where they run, what they may, what their steps bring with them.

use github_actions_models::common::expr::LoE;
use github_actions_models::workflow::job::{DeploymentEnvironment, RunsOn, Secrets};

use super::{At, Look, NOT_DECIDABLE, Table};
use crate::capture::markup::node::Node;
use crate::format::evidence::JobDefinition;

/// Most labels of one job.
const LABELS_MAX: usize = 50;

impl Look {
    pub(super) fn job(&mut self, name: &str, node: &Node, workflow_states: bool) {
        let table = self.table(node, "has a job that isn't a table");
        let place = format!("jobs.{name}");
        let permissions = self.permissions_at(table);
        self.broad(format!("{place}.permissions"), permissions.as_ref());
        // A workflow that others call has the permissions of the job that calls it.
        let is_called = self.started.by_calls && !self.started.by_others;
        if permissions.is_none() && !workflow_states && !is_called {
            let what = "neither it nor the workflow states permissions: the token may do what the organisation's or the repository's default lets it";
            self.mark("broad-permissions", place.clone(), what);
        }
        let mut job =
            JobDefinition { name: name.to_owned(), permissions, ..JobDefinition::default() };
        let calls = self.at(table, "uses");
        match (self.at(table, "runs-on"), calls) {
            (At::Is(node), _) => self.runner(&place, node, &mut job),
            // The workflow that it calls says where.
            (At::Nothing, At::Is(_)) => {}
            _ => self.unclear("has a job that says nothing of where it runs"),
        }
        job.environment = self.deployment(table);
        match self.at(table, "secrets") {
            At::Is(node) => match self.model::<Secrets>(node) {
                Some(Secrets::Inherit) => {
                    let what =
                        "the workflow that it calls is given all secrets (`secrets: inherit`)";
                    self.mark("secrets-inherited", format!("{place}.secrets"), what);
                }
                Some(Secrets::Env(_)) => {}
                None => self.unclear("has secrets that aren't as the platform wants them"),
            },
            At::Nothing => {}
            At::Unclear => self.unclear("has secrets that can't be told"),
        }
        self.environment(table, &place);
        match self.at(table, "steps") {
            At::Is(node) => self.steps(&place, node),
            At::Nothing if matches!(calls, At::Is(_)) => {}
            _ => self.unclear("has a job without steps"),
        }
        self.facts.jobs.push(job);
    }

    fn runner(&mut self, place: &str, node: &Node, job: &mut JobDefinition) {
        let mut by_group = false;
        let mut labels = match self.model::<LoE<RunsOn>>(node) {
            Some(LoE::Expr(expression)) => vec![expression.as_curly().to_owned()],
            Some(LoE::Literal(RunsOn::Target(labels))) => labels,
            Some(LoE::Literal(RunsOn::Group { group, labels })) => {
                by_group = group.is_some();
                labels.into_iter().chain(group.map(|group| format!("group: {group}"))).collect()
            }
            None => {
                self.unclear("has a job whose runner isn't chosen as the platform wants it");
                Vec::new()
            }
        };
        if labels.len() > LABELS_MAX {
            self.unclear("has a job with more labels than are recorded");
        }
        let is_own = |label: &String| label.trim().eq_ignore_ascii_case("self-hosted");
        job.self_hosted = if labels.iter().any(is_own) {
            let what = "it asks for a self-hosted runner: what a job leaves on such a machine may meet the next";
            self.mark("self-hosted", format!("{place}.runs-on"), what);
            Some(true)
        } else if !by_group && !labels.is_empty() && labels.iter().all(|label| is_hosted(label)) {
            Some(false)
        } else {
            None
        };
        labels.sort();
        labels.dedup();
        labels.truncate(LABELS_MAX);
        job.runner = labels;
    }

    fn deployment(&mut self, table: &Table) -> Option<String> {
        let unclear = || Some(NOT_DECIDABLE.to_owned());
        match self.at(table, "environment") {
            At::Nothing => None,
            At::Unclear => unclear(),
            At::Is(node) if matches!(node.plain(), Node::Null) => None,
            At::Is(node) => match self.model(node) {
                Some(
                    DeploymentEnvironment::Name(name) | DeploymentEnvironment::NameURL { name, .. },
                ) => Some(name),
                None => {
                    self.unclear("has a job whose environment isn't as the platform wants it");
                    unclear()
                }
            },
        }
    }
}

/// The labels that the platform's own machines have. Others may be of a larger runner of the platform's or of
/// a self-hosted one.
fn is_hosted(label: &str) -> bool {
    let label = label.trim().to_ascii_lowercase();
    let number = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let release = |text: &str| {
        text.split_once('.').is_some_and(|(year, month)| number(year, 2) && number(month, 2))
    };
    match label.split_once('-') {
        Some(("ubuntu", version)) => {
            let version = version.strip_suffix("-arm").unwrap_or(version);
            matches!(version, "latest" | "slim") || release(version)
        }
        Some(("windows", version)) => matches!(version, "latest" | "11-arm") || number(version, 4),
        Some(("macos", version)) => {
            let sizes = ["-large", "-xlarge", "-intel"];
            let size = sizes.iter().find_map(|size| version.strip_suffix(size));
            let version = size.unwrap_or(version);
            version == "latest" || number(version, 2)
        }
        _ => false,
    }
}
