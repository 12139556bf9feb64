//! What explains a difference.

use std::collections::{BTreeMap, BTreeSet};

mod decides;

pub(super) use self::decides::Deciders;
use super::{Difference, is_roll};
use crate::base::text::cut;
use crate::format::evidence::{
    ChangeKind, CommitEntry, EnvironmentChange, ExplainedBy, Explanation, Lane, is_steering,
};
use crate::format::lock::Class;

/// Longest path that a note shows, in characters.
const PATH_MAX: usize = 200;

/// What the lock says of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// It doesn't approve what is there now, or nobody knows.
    None,
    /// It does, and it is the one that was in force at the baseline.
    InForce,
    /// It does, and it was changed since.
    Pending,
}

/// What can explain a difference.
pub struct Ground<'a> {
    /// Whether the platform provides the runner, and rolls its image: elsewhere whoever sets a variable could
    /// claim a roll.
    pub hosted: bool,
    /// Whether this build ran in a container ([`super::View::is_contained`]).
    pub contained: bool,
    /// What this build is compared by: a definition of something else decides nothing in it.
    pub lane: &'a Lane,
    /// The commits since the baseline, children before parents.
    pub commits: &'a [CommitEntry],
    /// What the lock says.
    pub approval: &'a dyn Fn(&Difference) -> Approval,
}

/// Where the build ran, and as what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) hosted: bool,
    pub(super) contained: bool,
    pub(super) lane: &'a Lane,
}

impl<'a> Ground<'a> {
    fn site(&self) -> Site<'a> {
        Site { hosted: self.hosted, contained: self.contained, lane: self.lane }
    }
}

/// Explains each difference, or says that nothing does; sorted.
#[must_use]
pub fn explain(differences: Vec<Difference>, ground: &Ground<'_>) -> Vec<EnvironmentChange> {
    let explanations: Vec<Explanation> = {
        let context = Context::of(&differences, ground.site());
        let deciders = context.deciders(ground.commits);
        let one = |difference| {
            by_roll(difference, &context)
                .or_else(|| by_lock((ground.approval)(context.approved_as(difference))))
                .or_else(|| by_commit(difference, &deciders))
                .or_else(|| by_image(difference, &context))
                .unwrap_or_else(|| explanation(ExplainedBy::Unexplained, None, None))
        };
        differences.iter().map(one).collect()
    };
    let mut changes: Vec<_> =
        differences.into_iter().zip(explanations).map(|(d, e)| d.explained(e)).collect();
    changes.sort();
    changes
}

/// What explains one of several differences without the lock.
pub(super) fn without_lock(
    difference: &Difference,
    context: &Context<'_>,
    deciders: &Deciders<'_>,
) -> ExplainedBy {
    by_roll(difference, context)
        .or_else(|| by_commit(difference, deciders))
        .or_else(|| by_image(difference, context))
        .map_or(ExplainedBy::Unexplained, |explanation| explanation.by)
}

/// Whether the platform's image explains it.
pub(super) fn image_explains(difference: &Difference, context: &Context<'_>) -> bool {
    by_roll(difference, context).or_else(|| by_image(difference, context)).is_some()
}

/// Whether one of the commits does.
pub(super) fn commit_explains(difference: &Difference, deciders: &Deciders<'_>) -> bool {
    by_commit(difference, deciders).is_some()
}

/// What a difference's explanation needs to know of the others.
pub(super) struct Context<'a> {
    site: Site<'a>,
    rolled: bool,
    /// The lockfiles that differ.
    lockfiles: BTreeSet<&'a str>,
    /// The sets of packages that differ, by place.
    packages: BTreeMap<&'a str, &'a Difference>,
}

impl<'a> Context<'a> {
    pub(super) fn of(differences: &'a [Difference], site: Site<'a>) -> Self {
        let of = |class| differences.iter().filter(move |difference| difference.class == class);
        let lockfiles = of(Class::Dependencies).filter(|d| d.place == "dependencies");
        Self {
            site,
            rolled: site.hosted && differences.iter().any(rolls),
            lockfiles: lockfiles.map(|d| d.name.as_str()).collect(),
            packages: of(Class::Packages).map(|d| (d.place.as_str(), d)).collect(),
        }
    }

    /// What the commits decide.
    pub(super) fn deciders<'c>(&self, commits: &'c [CommitEntry]) -> Deciders<'c> {
        Deciders::of(commits, &self.lockfiles, self.site)
    }

    /// A lock approves a set of packages by its digest, and with it each of them.
    fn approved_as(&self, difference: &'a Difference) -> &'a Difference {
        let set = (difference.class == Class::Packages)
            .then(|| difference.place.strip_suffix(".list"))
            .flatten()
            .and_then(|place| self.packages.get(place).copied());
        set.unwrap_or(difference)
    }
}

impl Difference {
    fn explained(self, explanation: Explanation) -> EnvironmentChange {
        let Self { class, place, name, before, after, change } = self;
        EnvironmentChange { class, place, name, before, after, change, explanation }
    }
}

fn explanation(by: ExplainedBy, commit: Option<&str>, note: Option<String>) -> Explanation {
    Explanation { by, commit: commit.map(str::to_owned), note }
}

fn rolls(difference: &Difference) -> bool {
    let texts = difference.before.as_deref().zip(difference.after.as_deref());
    difference.place == "environment.runner_image"
        && texts.is_some_and(|(before, after)| is_roll(before, after))
}

fn by_roll(difference: &Difference, context: &Context<'_>) -> Option<Explanation> {
    let note = || Some("another version of the same image".to_owned());
    (context.rolled && rolls(difference))
        .then(|| explanation(ExplainedBy::PlatformImage, None, note()))
}

/// What a lock approves that came with the drift waits for the next build: whoever can swap a tool could
/// have changed the lock as well.
fn by_lock(approval: Approval) -> Option<Explanation> {
    let (by, note) = match approval {
        Approval::None => return None,
        Approval::InForce => {
            (ExplainedBy::Lock, "the lock that was in force at the baseline approves it")
        }
        Approval::Pending => (
            ExplainedBy::ApprovalPending,
            "the lock that approves it was changed since the baseline",
        ),
    };
    Some(explanation(by, None, Some(note.to_owned())))
}

fn by_commit(difference: &Difference, deciders: &Deciders<'_>) -> Option<Explanation> {
    let found = deciders.newest(difference)?;
    let note = format!("touches {}", cut(found.path, PATH_MAX));
    Some(explanation(ExplainedBy::Commit, Some(found.commit), Some(note)))
}

/// What an image brings with it. A roll of the image must not cover what it can't bring: definitions,
/// references, hooks, preloads, the repository's own configuration, bundles that a new variable names, what a
/// step did to a variable, nor anything of the container that the build ran in.
fn by_image(difference: &Difference, context: &Context<'_>) -> Option<Explanation> {
    let brought = match difference.place.as_str() {
        "environment" | "environment.path" | "tools" | "tools.paths" => true,
        "environment.variables" | "environment.other_variables" | "environment.fingerprints" => {
            difference.change == ChangeKind::Removed || !is_steering(&difference.name)
        }
        "environment.ca_bundle" => {
            difference.name == "system" || difference.change != ChangeKind::Added
        }
        "environment.git_configuration" | "environment.git_configuration.values" => {
            ["system: ", "global: ", "xdg: "].iter().any(|scope| difference.name.starts_with(scope))
        }
        place => difference.class == Class::Packages && place.starts_with("packages."),
    };
    let note = || Some("the runner's image is another version".to_owned());
    let rolled = context.rolled && !context.site.contained;
    (rolled && brought).then(|| explanation(ExplainedBy::PlatformImage, None, note()))
}

#[cfg(test)]
mod tests;
