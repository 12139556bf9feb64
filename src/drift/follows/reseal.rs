//! A baseline as it was seen by a build that didn't have all of its sections.

use std::collections::BTreeSet;

use crate::base::digest::Sha256;
use crate::drift::View;
use crate::format::evidence::{BuildEvidence, Dependencies, Environment, Packages, Tools};
use crate::format::fact::Sealable;
use crate::format::section::SealRef;

/// Places whose parts can be sealed, beside the lists of packages.
pub(super) const PLACES: [&str; 7] = [
    "dependencies.list",
    "environment.container.mounts",
    "environment.git_configuration.values",
    "environment.other_variables",
    "environment.path",
    "environment.variables",
    "tools.paths",
];

/// The parts that are sealed again, where any is.
pub(super) struct Resealed<'a> {
    view: View<'a>,
    environment: Option<Environment>,
    tools: Option<Tools>,
    packages: Option<Packages>,
    dependencies: Option<Dependencies>,
}

impl<'a> Resealed<'a> {
    /// Seals `places` of the evidence again; what can't be sealed stays as it is.
    pub(super) fn of(evidence: &'a BuildEvidence, places: &BTreeSet<&str>) -> Self {
        let view = View::of(evidence);
        let wants = |start: &str| places.iter().any(|place| place.starts_with(start));
        let environment = view.environment.filter(|_| wants("environment.")).cloned();
        let tools = view.tools.filter(|_| wants("tools.")).cloned();
        let packages = view.packages.filter(|_| wants("packages.")).cloned();
        let dependencies = view.dependencies.filter(|_| wants("dependencies.")).cloned();
        let mut all = Self { view, environment, tools, packages, dependencies };
        all.seal(places);
        all
    }

    fn seal(&mut self, places: &BTreeSet<&str>) {
        if let Some(environment) = &mut self.environment {
            seal(&mut environment.variables, "environment.variables", places);
            seal(&mut environment.other_variables, "environment.other_variables", places);
            seal(&mut environment.path, "environment.path", places);
            if let Some(container) = &mut environment.container.value {
                seal(&mut container.mounts, "environment.container.mounts", places);
            }
            if let Some(git) = &mut environment.git_configuration.value {
                seal(&mut git.values, "environment.git_configuration.values", places);
            }
        }
        if let Some(tools) = &mut self.tools {
            seal(&mut tools.paths, "tools.paths", places);
        }
        for (manager, set) in self.packages.iter_mut().flatten() {
            seal(&mut set.list, &format!("packages.{manager}.list"), places);
        }
        if let Some(dependencies) = &mut self.dependencies {
            seal(&mut dependencies.list, "dependencies.list", places);
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            pipeline: self.view.pipeline,
            environment: self.environment.as_ref().or(self.view.environment),
            tools: self.tools.as_ref().or(self.view.tools),
            packages: self.packages.as_ref().or(self.view.packages),
            dependencies: self.dependencies.as_ref().or(self.view.dependencies),
        }
    }
}

fn seal<T>(part: &mut Sealable<T>, place: &str, places: &BTreeSet<&str>) {
    if places.contains(place) {
        // Nothing looks into it: that it is sealed is all.
        *part = Sealable::Sealed { sealed: SealRef { sha256: Sha256::of(b""), size: 0 } };
    }
}
