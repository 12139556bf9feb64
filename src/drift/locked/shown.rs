//! What an environment shows of the things that a lock can approve, by class and the lock's names.

use std::collections::BTreeMap;

use crate::base::digest::Sha256;
use crate::drift::compare::{git_names, references};
use crate::drift::{Items, View, path_name, short};
use crate::format::evidence::{CaBundle, Change, Environment, Pipeline, Tools, is_per_run};
use crate::format::fact::{Fact, Status};
use crate::format::lock::{Class, Entry};

/// One thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Thing {
    pub(super) version: Option<String>,
    pub(super) sha256: Option<Sha256>,
    /// Of a definition: whether it is as the commit has it.
    pub(super) committed: Option<Committed>,
    /// Of a tool: whether it was another at the end of the build.
    pub(super) swapped: bool,
}

/// Whether a definition is as the commit has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    Yes,
    No,
    Unknown,
}

/// A part of a class that isn't shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hidden {
    pub(super) class: Class,
    /// The part of the evidence, or what of it.
    pub(super) place: String,
    pub(super) reason: String,
    /// How the lock's names of the part begin; with an empty one all names of the class are of it.
    pub(super) prefixes: &'static [&'static str],
    /// No build on this system shows it: nothing is wrong as long as the lock names none of it.
    pub(super) never: bool,
}

/// Everything that is shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) things: BTreeMap<Class, BTreeMap<String, Thing>>,
    pub(super) hidden: Vec<Hidden>,
}

const NOT_CAPTURED: &str = "not captured";
const SEALED: &str = "sealed";
const GIT_SCOPES: &[&str] =
    &["environment: ", "global: ", "hook ", "local: ", "system: ", "worktree: ", "xdg: "];

impl Shown {
    pub(super) fn of(view: View<'_>) -> Self {
        let mut all = Self::default();
        match view.pipeline {
            Some(pipeline) => all.pipeline(pipeline),
            None => {
                all.hide(Class::References, "pipeline.references", NOT_CAPTURED, &[""]);
                // Definitions aren't in the lock by name.
                all.hide(Class::Configuration, "pipeline.definitions", NOT_CAPTURED, &[]);
            }
        }
        match view.environment {
            Some(environment) => all.environment(environment),
            None => {
                all.hide(Class::RunnerImage, "environment", NOT_CAPTURED, &[""]);
                all.hide(Class::Variables, "environment", NOT_CAPTURED, &[""]);
                all.hide(Class::Configuration, "environment", NOT_CAPTURED, &[""]);
            }
        }
        match view.tools {
            Some(tools) => all.tools(tools),
            None => all.hide(Class::Tools, "tools", NOT_CAPTURED, &[""]),
        }
        match view.packages {
            Some(packages) => {
                for (manager, set) in packages {
                    all.add(Class::Packages, manager, None, Some(set.sha256));
                }
            }
            None => all.hide(Class::Packages, "packages", NOT_CAPTURED, &[""]),
        }
        all
    }

    fn hide(&mut self, class: Class, place: &str, reason: &str, prefixes: &'static [&'static str]) {
        let (place, reason) = (place.to_owned(), reason.to_owned());
        self.hidden.push(Hidden { class, place, reason, prefixes, never: false });
    }

    fn add(&mut self, class: Class, name: &str, version: Option<String>, sha256: Option<Sha256>) {
        let thing = Thing { version, sha256, ..Thing::default() };
        self.things.entry(class).or_default().insert(name.to_owned(), thing);
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        for (_, references) in references(&pipeline.definitions) {
            for (name, text) in references {
                self.add(Class::References, &name, Some(text), None);
            }
        }
        for file in &pipeline.definitions {
            let path = path_name(&file.path);
            if file.trouble.is_some() {
                let place = format!("pipeline.references: {path}");
                self.hide(Class::References, &place, "the definition was not read whole", &[""]);
            }
            let committed = match file.committed {
                Some(true) => Committed::Yes,
                Some(false) => Committed::No,
                None => Committed::Unknown,
            };
            let definitions = self.things.entry(Class::Configuration).or_default();
            let sha256 = file.sha256;
            let committed = Some(committed);
            let thing = Thing { sha256, committed, ..Thing::default() };
            // Of two with one path, which only hostile evidence has, the worse counts.
            let worse =
                definitions.get(&path).is_none_or(|one| one.committed == Some(Committed::Yes));
            if worse {
                definitions.insert(path, thing);
            }
        }
    }

    fn environment(&mut self, environment: &Environment) {
        let image = |text: &str| {
            // A digest that is none stays a part of the name.
            let pin = text.split_once("@sha256:");
            let pin = pin.and_then(|(name, hex)| Some((name, hex.parse::<Sha256>().ok()?)));
            pin.map_or((text.to_owned(), None), |(name, sha256)| (name.to_owned(), Some(sha256)))
        };
        if let Some((name, sha256)) = environment.runner_image.as_deref().map(image) {
            self.add(Class::RunnerImage, "runner image", Some(name), sha256);
        }
        let container = &environment.container;
        if let Some(container) = container.get() {
            let (name, sha256) = container.image.as_deref().map(image).unzip();
            self.add(Class::RunnerImage, "container image", name, sha256.flatten());
        } else if is_unknown(container) {
            let never = environment.os != "linux";
            let place = "environment.container";
            self.hide(Class::RunnerImage, place, NOT_CAPTURED, &["container image"]);
            self.hidden.iter_mut().rev().take(1).for_each(|hidden| hidden.never = never);
        }
        self.variables(environment);
        self.configuration(environment);
    }

    fn variables(&mut self, environment: &Environment) {
        if environment.variables.inline().is_none() {
            self.hide(Class::Variables, "environment.variables", SEALED, &[""]);
        }
        if environment.other_variables.inline().is_none() {
            self.hide(Class::Variables, "environment.other_variables", SEALED, &[""]);
        }
        let values = environment.variables.inline().into_iter().flatten().map(|(name, _)| name);
        let others = environment.other_variables.inline().into_iter().flatten();
        let made = made(environment);
        for name in values.chain(others).chain(made).filter(|name| !is_per_run(name)) {
            self.add(Class::Variables, name, None, None);
        }
    }

    fn configuration(&mut self, environment: &Environment) {
        let class = Class::Configuration;
        if let Some(release) = &environment.os_release {
            self.add(class, "os release", Some(release.clone()), None);
        }
        for name in &environment.preloads {
            self.add(class, &format!("preload {name}"), None, None);
        }
        let git = &environment.git_configuration;
        if is_unknown(git) {
            self.hide(class, "environment.git_configuration", NOT_CAPTURED, GIT_SCOPES);
        }
        let (settings, hooks) = git_names(git.get());
        for (name, effect) in settings {
            self.add(class, &name, Some(effect), None);
        }
        for (name, sha256) in hooks {
            self.add(class, &name, None, sha256);
        }
        let bundle = &environment.ca_bundle;
        if is_unknown(bundle) {
            self.hide(class, "environment.ca_bundle", NOT_CAPTURED, &["ca bundle "]);
            let never = environment.os == "windows";
            self.hidden.iter_mut().rev().take(1).for_each(|hidden| hidden.never = never);
        }
        self.bundle(bundle.get());
    }

    fn bundle(&mut self, bundle: Option<&CaBundle>) {
        let Some(bundle) = bundle else { return };
        if let Some(file) = &bundle.system {
            self.add(Class::Configuration, "ca bundle system", None, file.sha256);
        }
        for (name, file) in &bundle.variables {
            self.add(Class::Configuration, &format!("ca bundle {name}"), None, file.sha256);
        }
    }

    fn tools(&mut self, tools: &Tools) {
        let list = tools.list.iter().map(|tool| (tool.name.clone(), tool));
        for (name, tool) in list.collect::<Items<_>>().by_name {
            // What ran last is what the name led to at the end, of which nobody asked the version.
            let (version, sha256) = match tool.changed_during_build {
                true => (None, tool.sha256_after),
                false => (tool.version.clone(), tool.sha256_before),
            };
            let swapped = tool.changed_during_build;
            let thing = Thing { version, sha256, swapped, ..Thing::default() };
            self.things.entry(Class::Tools).or_default().insert(name, thing);
        }
    }
}

/// Variables that a step of the build made for those after it.
pub(super) fn made(environment: &Environment) -> impl Iterator<Item = &String> {
    let made = environment.changed_variables.iter().filter(|one| one.change == Change::Made);
    made.map(|one| &one.name)
}

fn is_unknown<T>(fact: &Fact<T>) -> bool {
    fact.get().is_none() && !matches!(fact.status, Status::Absent | Status::NotApplicable)
}

/// A version and a digest as one text. `None` where there is neither.
pub(super) fn text(version: Option<&String>, sha256: Option<&Sha256>) -> Option<String> {
    match (version, sha256) {
        (Some(version), Some(sha256)) => Some(format!("{version} {}", short(sha256))),
        (Some(version), None) => Some(version.clone()),
        (None, Some(sha256)) => Some(short(sha256)),
        (None, None) => None,
    }
}

impl Thing {
    pub(super) fn text(&self) -> Option<String> {
        text(self.version.as_ref(), self.sha256.as_ref())
    }

    /// The entry that approves exactly this.
    pub(super) fn entry(self) -> Entry {
        Entry { version: self.version, sha256: self.sha256, ..Entry::default() }
    }
}
