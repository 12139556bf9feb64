//! The steps of jobs and of composite actions.

use github_actions_models::common::{EnvValue, Uses};

use super::caches::brings_back;
use super::{At, Look, Table};
use crate::capture::markup::node::Node;

/// Actions that let somebody into the job while it runs, by what their names hold.
const SESSIONS: &[&str] = &["tmate", "upterm", "debugger-action", "ssh-debug", "debug-ssh"];
/// Programs that do.
const PROGRAMS: &[&str] = &["tmate", "upterm"];
/// Variables that make the runner and the actions write more into the log.
const VERBOSE: &[&str] = &["ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"];

impl Look {
    pub(super) fn action(&mut self, table: &Table) {
        self.whole(table);
        match self.at(table, "runs") {
            At::Is(node) => {
                let runs = self.table(node, "what it runs isn't a table");
                self.environment(runs, "runs");
                let is_composite = match self.at(runs, "using") {
                    At::Is(using) => using.plain().as_text() == Some("composite"),
                    _ => {
                        self.unclear("doesn't say what kind of action it is");
                        false
                    }
                };
                match self.at(runs, "steps") {
                    At::Is(steps) => self.steps("runs", steps),
                    At::Nothing if !is_composite => {}
                    _ => self.unclear("is a composite action without steps"),
                }
            }
            At::Nothing => self.unclear("doesn't say what it runs"),
            At::Unclear => self.unclear("what it runs can't be told"),
        }
    }

    pub(super) fn steps(&mut self, place: &str, node: &Node) {
        self.steps_at(&format!("{place}.steps"), node, true);
    }

    fn steps_at(&mut self, place: &str, node: &Node, may_be_parallel: bool) {
        let Node::List(steps) = node.plain() else {
            self.unclear("has steps that aren't a list");
            return;
        };
        for (number, step) in steps.iter().enumerate() {
            if !self.step() {
                return;
            }
            let Node::Map(step) = step.plain() else {
                self.unclear("has a step that isn't a table");
                continue;
            };
            self.whole(step);
            let place = format!("{place}[{number}]");
            if let (true, At::Is(steps)) = (may_be_parallel, self.at(step, "parallel")) {
                self.steps_at(&format!("{place}.parallel"), steps, false);
                continue;
            }
            self.one_step(&place, step);
        }
    }

    fn one_step(&mut self, place: &str, step: &Table) {
        self.environment(step, place);
        if let At::Is(run) = self.at(step, "run") {
            let text = run.plain().as_text().unwrap_or_default();
            let is_word = |byte: char| byte.is_ascii_alphanumeric() || matches!(byte, '-' | '_');
            let mut words = text.split(|byte: char| !is_word(byte));
            let program = words.find_map(|word| PROGRAMS.iter().find(|program| **program == word));
            if let Some(program) = program {
                let what = format!("`{program}` lets somebody into the job while it runs");
                self.mark("debug-session", place, what);
            }
        }
        let At::Is(uses) = self.at(step, "uses") else { return };
        let Some(uses) = uses.plain().as_text() else {
            self.unclear("has a step that uses no text");
            return;
        };
        let Ok(Uses::Repository(action)) = Uses::parse(uses) else { return };
        let slug = action.slug().to_ascii_lowercase();
        let name = match action.subpath() {
            Some(subpath) => format!("{slug}/{subpath}").to_ascii_lowercase(),
            None => slug,
        };
        if SESSIONS.iter().any(|session| name.contains(session)) {
            let what = format!("`{name}` lets somebody into the job while it runs");
            self.mark("debug-session", place, what);
        }
        let inputs = match self.at(step, "with") {
            At::Is(node) => self.table(node, "has a step whose inputs aren't a table"),
            At::Nothing | At::Unclear => &[],
        };
        let mut input = |key: &str| match self.at(inputs, key) {
            At::Is(node) => self.model::<EnvValue>(node).or(Some(EnvValue::String("?".to_owned()))),
            At::Nothing => None,
            // It may be there.
            At::Unclear => Some(EnvValue::String("?".to_owned())),
        };
        if brings_back(&name, &mut input) {
            self.caches.push((place.to_owned(), name));
        }
    }

    /// The `env` of a workflow, a job or a step.
    pub(super) fn environment(&mut self, table: &Table, place: &str) {
        let At::Is(node) = self.at(table, "env") else { return };
        let Node::Map(variables) = node.plain() else { return };
        for name in VERBOSE {
            let is_on = match self.at(variables, name) {
                At::Is(value) => !value.plain().as_text().is_none_or(is_off),
                At::Nothing | At::Unclear => false,
            };
            if is_on {
                let dot = if place.is_empty() { "" } else { "." };
                let what = format!("`{name}` makes the log say more than it should");
                self.mark("debug-session", format!("{place}{dot}env.{name}"), what);
            }
        }
    }

    /// The marks of steps that bring a cache back where those who write to it aren't trusted as those who
    /// read it are.
    pub(super) fn marks_of_caches(&mut self) {
        let why = if self.started.by_outsiders && self.started.by_pushes {
            "brings a cache back in a workflow that pull requests or outsiders start as well as pushes: what a stranger's run left there may end in what is built"
        } else if self.started.by_releases {
            "brings a cache back in a workflow that releases: what another run left there may end in what is released"
        } else {
            return;
        };
        for (place, name) in std::mem::take(&mut self.caches) {
            self.mark("cache-across-trust", place, format!("`{name}` {why}"));
        }
    }
}

fn is_off(text: &str) -> bool {
    text.trim().is_empty() || text.trim().eq_ignore_ascii_case("false")
}
