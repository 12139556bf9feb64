//! How closely each class is compared.

use std::collections::BTreeMap;

use crate::drift::View;
use crate::format::evidence::{Container, Environment, Pipeline};
use crate::format::lock::{Class, Mode};

/// Classes that `modes` compares less closely than the defaults for this environment.
#[must_use]
pub fn laxer_than_default(modes: &BTreeMap<Class, Mode>, view: View<'_>) -> Vec<Class> {
    let laxer = |(class, default): &(Class, Mode)| {
        modes.get(class).is_some_and(|mode| closeness(*class, *mode) < closeness(*class, *default))
    };
    let defaults = defaults(view).into_iter();
    defaults.filter(laxer).map(|(class, _)| class).collect()
}

/// The modes where the lock says nothing.
pub(super) fn defaults(view: View<'_>) -> BTreeMap<Class, Mode> {
    let pinned = is_pinned(view.environment);
    let mode = |class| match class {
        Class::RunnerImage if pinned => Mode::Exact,
        Class::RunnerImage => Mode::Version,
        // The platform rebuilds its tools under one version; a pinned image of one's own never does.
        Class::Tools if pinned && !is_hosted(view.pipeline) => Mode::Exact,
        Class::Tools => Mode::Version,
        Class::Packages if pinned => Mode::Exact,
        Class::Packages | Class::Variables => Mode::Present,
        Class::Configuration => Mode::Git,
        _ => Mode::Exact,
    };
    Class::LOCKED.into_iter().map(|class| (class, mode(class))).collect()
}

/// Whether the platform provides the runner, and rolls its image.
pub(in crate::drift) fn is_hosted(pipeline: Option<&Pipeline>) -> bool {
    pipeline.is_some_and(|pipeline| {
        pipeline.runner_environment.as_deref() == Some("github-hosted")
            || (pipeline.platform == "gitlab" && pipeline.disposable == Some(true))
    })
}

fn is_pinned(environment: Option<&Environment>) -> bool {
    let container = environment.and_then(|environment| environment.container.get());
    let image = container.and_then(|container: &Container| container.image.as_deref());
    let runner = environment.and_then(|environment| environment.runner_image.as_deref());
    image.into_iter().chain(runner).any(|image| image.contains("@sha256:"))
}

/// What this version doesn't know is compared exactly, and so is not lax.
fn closeness(class: Class, mode: Mode) -> u8 {
    match mode {
        Mode::Ignored => 0,
        Mode::Present => 1,
        Mode::Version => 2,
        Mode::Git if class == Class::Configuration => 3,
        Mode::Git | Mode::Exact | Mode::Unknown => 4,
    }
}
