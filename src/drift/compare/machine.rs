//! The machine: its image and release, the container, git's configuration, certificates.

use std::collections::BTreeMap;

use super::{Comparison, Digests, Shown, Texts, fact, joined, named};
use crate::format::evidence::{
    CaBundle, ChangeKind, Container, Environment, GitConfiguration, Mount,
};
use crate::format::fact::Fact;
use crate::format::lock::Class;

const ENVIRONMENT: &str = "environment";
const RUNNER_IMAGE: &str = "environment.runner_image";
const CONTAINER: &str = "environment.container";
const MOUNTS: &str = "environment.container.mounts";
const PRELOADS: &str = "environment.preloads";
const GIT: &str = "environment.git_configuration";
const GIT_VALUES: &str = "environment.git_configuration.values";
const CA: &str = "environment.ca_bundle";
const PATH: &str = "environment.path";
const ALL: [&str; 9] =
    [ENVIRONMENT, RUNNER_IMAGE, CONTAINER, MOUNTS, PRELOADS, GIT, GIT_VALUES, CA, PATH];

pub(super) fn compare(all: &mut Comparison, old: Option<&Environment>, new: Option<&Environment>) {
    let Some((old, new)) = all.whole(&ALL, old, new) else { return };
    let images = (old.runner_image.clone(), new.runner_image.clone());
    all.one((Class::RunnerImage, RUNNER_IMAGE), "runner image", images.0, images.1);
    system(all, old, new);
    if let Some((old, new)) = all.both(CONTAINER, fact(&old.container), fact(&new.container)) {
        image(all, old, new);
    }
    let sides = (mounts(&old.container), mounts(&new.container));
    if let Some((old, new)) = all.both(MOUNTS, sides.0, sides.1) {
        all.texts((Class::Configuration, MOUNTS), &old, &new);
    }
    let preloads = |side: &Environment| -> BTreeMap<_, _> {
        side.preloads.iter().map(|name| (name.clone(), ())).collect()
    };
    for (name, one, other) in joined(&preloads(old), &preloads(new)) {
        let change = match (one, other) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => continue,
        };
        all.push((Class::Configuration, PRELOADS), name, None, None, change);
    }
    git(all, &old.git_configuration, &new.git_configuration);
    if let Some((old, new)) = all.both(CA, fact(&old.ca_bundle), fact(&new.ca_bundle)) {
        all.digests((Class::Configuration, CA), &bundles(old), &bundles(new));
    }
    let sides = (Shown::sealable(&old.path), Shown::sealable(&new.path));
    if let Some((old, new)) = all.both(PATH, sides.0, sides.1) {
        let (old, new) = (Some(old.join(":")), Some(new.join(":")));
        all.one((Class::Configuration, PATH), "PATH", old, new);
    }
}

fn system(all: &mut Comparison, old: &Environment, new: &Environment) {
    let at = (Class::Configuration, ENVIRONMENT);
    let privileged =
        |side: &Environment| side.privileged.map(|is| if is { "yes" } else { "no" }.to_owned());
    let facts = [
        ("architecture", Some(old.architecture.clone()), Some(new.architecture.clone())),
        ("kernel", old.kernel.clone(), new.kernel.clone()),
        ("os release", old.os_release.clone(), new.os_release.clone()),
        ("privileged", privileged(old), privileged(new)),
        ("umask", old.umask.clone(), new.umask.clone()),
    ];
    for (name, old, new) in facts {
        // Without one on either side the system has none; with one on one side alone the other is unknown.
        if old.is_some() == new.is_some() {
            all.one(at, name, old, new);
        } else {
            all.unknown(ENVIRONMENT, name, "value", old.is_some(), new.is_some());
        }
    }
    all.one(at, "locale", old.locale.clone(), new.locale.clone());
}

fn image(all: &mut Comparison, old: Option<&Container>, new: Option<&Container>) {
    let (at, name) = ((Class::RunnerImage, CONTAINER), "container image");
    let text = |side: Option<&Container>| side.and_then(|container| container.image.clone());
    let (before, after) = (text(old), text(new));
    match (old, new) {
        (None, None) => {}
        (None, Some(_)) => all.push(at, name, before, after, ChangeKind::Added),
        (Some(_), None) => all.push(at, name, before, after, ChangeKind::Removed),
        (Some(_), Some(_)) if before.is_some() && after.is_some() => {
            all.one(at, name, before, after);
        }
        // In a container whose image nobody tells.
        (Some(_), Some(_)) => {
            all.unknown(CONTAINER, name, "name", before.is_some(), after.is_some());
        }
    }
}

fn mounts(container: &Fact<Container>) -> Shown<Texts> {
    fact(container).then(|container| match container {
        None => Shown::Open(Texts::new()),
        Some(container) => Shown::sealable(&container.mounts).then(|list| {
            let access = |mount: &Mount| if mount.read_only { "read only" } else { "writable" };
            let text = |mount: &Mount| format!("{} {}", mount.file_system, access(mount));
            Shown::Open(named(list.iter().map(|mount| (mount.path.clone(), text(mount)))))
        }),
    })
}

fn git(all: &mut Comparison, old: &Fact<GitConfiguration>, new: &Fact<GitConfiguration>) {
    let values = |side: &Fact<GitConfiguration>| {
        fact(side).then(|side| match side {
            None => Shown::Open(BTreeMap::new()),
            Some(side) => Shown::sealable(&side.values).then(|values| Shown::Open(values.clone())),
        })
    };
    let opened = all.both(GIT_VALUES, values(old), values(new));
    let Some((old, new)) = all.both(GIT, fact(old), fact(new)) else { return };
    let ((old, old_hooks), (new, new_hooks)) = (git_names(old), git_names(new));
    let at = (Class::Configuration, GIT);
    all.texts(at, &old, &new);
    all.digests(at, &old_hooks, &new_hooks);
    for (name, one, other) in opened.iter().flat_map(|(old, new)| joined(old, new)) {
        // A setting that came or went is named already.
        let change = match (one, other) {
            (Some(one), Some(other)) if one != other => ChangeKind::Changed,
            (None, _) if old.contains_key(name) == new.contains_key(name) => ChangeKind::Added,
            (_, None) if old.contains_key(name) == new.contains_key(name) => ChangeKind::Removed,
            _ => continue,
        };
        all.push((Class::Configuration, GIT_VALUES), name, None, None, change);
    }
}

/// Settings with what they do, and hooks with their digests, by name.
pub(in crate::drift) fn git_names(side: Option<&GitConfiguration>) -> (Texts, Digests) {
    let settings = side.iter().flat_map(|side| &side.settings);
    let settings = settings.map(|s| (format!("{}: {}", s.scope, s.name), s.effect.clone()));
    let hooks = side.iter().flat_map(|side| &side.hooks);
    (named(settings), named(hooks.map(|hook| (format!("hook {}", hook.name), hook.sha256))))
}

fn bundles(side: Option<&CaBundle>) -> Digests {
    let system = side.and_then(|side| side.system.as_ref()).map(|file| ("system".to_owned(), file));
    let variables = side.iter().flat_map(|side| &side.variables);
    let variables = variables.map(|(name, file)| (name.clone(), file));
    named(system.into_iter().chain(variables).map(|(name, file)| (name, file.sha256)))
}
