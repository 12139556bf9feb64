//! The environment that is approved or compared: a build's, or this machine's.

use std::path::Path;
use std::sync::Arc;

use super::LockArgs;
use crate::base::name::ArtefactName;
use crate::base::text::count;
use crate::base::time::Time;
use crate::capture::environment::Variables;
use crate::capture::platform::{self, Kind};
use crate::cli::bracket;
use crate::cli::capture_args::Scope;
use crate::cli::failure::Failure;
use crate::cli::talk::Talk;
use crate::drift::View;
use crate::format::evidence::{Dependencies, Environment, Lane, Packages, Pipeline, Tools};
use crate::format::fact::{Basis, Fact, Status};
use crate::format::lock::Class;

/// One build's environment, or this machine's.
pub(super) struct Subject {
    pub(super) lane: Lane,
    pub(super) on: Time,
    pub(super) pipeline: Fact<Pipeline>,
    pub(super) environment: Fact<Environment>,
    pub(super) tools: Fact<Tools>,
    pub(super) packages: Fact<Packages>,
}

impl Subject {
    /// The lockfiles are the lock of dependencies.
    pub(super) fn view(&self) -> View<'_> {
        let Self { pipeline, environment, tools, packages, .. } = self;
        View {
            dependencies: None,
            ..View::new(pipeline, environment, tools, packages, &NO_DEPENDENCIES)
        }
    }
}

static NO_DEPENDENCIES: Fact<Dependencies> = Fact::absent(Basis::Read);

/// Whether all of a class was seen, so that what isn't there is gone.
pub(super) fn is_whole(class: Class, view: View<'_>) -> bool {
    let definitions = view.pipeline.is_some_and(|pipeline| {
        let all = &pipeline.definitions;
        !all.is_empty() && all.iter().all(|definition| definition.trouble.is_none())
    });
    let environment = |whole: &dyn Fn(&Environment) -> bool| view.environment.is_some_and(whole);
    let seen = |status: Status| matches!(status, Status::Observed | Status::Absent);
    match class {
        Class::RunnerImage => environment(&|all| seen(all.container.status)),
        Class::Tools => view.tools.is_some(),
        Class::References => definitions,
        Class::Packages => view.packages.is_some(),
        Class::Variables => environment(&|all| {
            all.variables.inline().is_some() && all.other_variables.inline().is_some()
        }),
        Class::Configuration => {
            let parts = |all: &Environment| [all.git_configuration.status, all.ca_bundle.status];
            definitions && environment(&|all| parts(all).into_iter().all(seen))
        }
        Class::Dependencies | Class::Unknown => false,
    }
}

/// What a bracket that opened here and now would see of the machine; no file of the root is read.
pub(super) fn of_this_machine(
    args: &LockArgs,
    root: &Path,
    project: Option<&ArtefactName>,
    talk: Talk,
) -> Result<Subject, Failure> {
    let variables = Variables::read();
    let redactor = Arc::new(bracket::redactor(&variables));
    let mut platform = platform::capture(&variables, &redactor);
    if platform.kind == Kind::Local {
        talk.notice(
            "this machine isn't the runner that builds, and no variable says which lane it is: better approve what a build's evidence says, with --from",
        );
    }
    let leg = args.leg.as_deref().filter(|leg| !matches!(leg.trim(), "" | "null" | "{}"));
    platform.lane.leg = leg.map(|leg| redactor.scrub(leg).text);
    platform.lane.project = project.map(|project| project.as_str().to_owned());
    let scope =
        Scope::of_settings(root, project.map(ArtefactName::as_str), args.config.as_deref())?;
    let facts = bracket::surveyed(&scope, &variables, &platform, &redactor, talk)?;
    let parts = ["tools", "packages", "environment"];
    let gaps = facts
        .gaps
        .iter()
        .filter(|gap| parts.iter().any(|part| gap.part.split('.').next() == Some(part)));
    let gaps: Vec<_> = gaps.collect();
    if let Some(first) = gaps.first() {
        let more = match gaps.len() as u64 - 1 {
            0 => String::new(),
            more => format!(" (and {} more)", count(more, "gap")),
        };
        talk.notice(format_args!(
            "not all could be captured here, and what the lock has of that stays as it is: {}{more}",
            first.reason
        ));
    }
    Ok(Subject {
        lane: platform.lane,
        on: facts.started,
        pipeline: Fact::observed(Basis::Read, facts.platform.pipeline),
        environment: Fact::observed(Basis::Read, facts.environment),
        tools: facts.tools,
        packages: facts.packages,
    })
}
