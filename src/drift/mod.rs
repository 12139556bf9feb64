//! Pure: two builds' evidence in, what differs between their environments out, and what explains it.
//!
//! The building column records what follows from here, and the checking column works it out again.

use std::collections::BTreeMap;

mod compare;
mod explain;
mod follows;
mod locked;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Difference, compare};
pub use explain::{Approval, Ground, explain};
pub use follows::{Departure, follows};
pub use locked::{Against, against, approves, approving, laxer_than_default, proposed};

use crate::format::evidence::{
    BuildEvidence, Dependencies, Environment, Packages, PathText, Pipeline, Tools,
};
use crate::format::fact::{Fact, Sealable, Status};

/// Whether this floor reads the part at a place that can be sealed: lists of files are long, and no part of an
/// environment.
#[must_use]
pub fn reads(place: &str) -> bool {
    let first = place.split('.').next().unwrap_or_default();
    !matches!(first, "build" | "inputs" | "outputs" | "source")
}

/// The environment of one build, as far as it was observed. Sealed parts are compared where they were put
/// back in their places (`format::section::unseal`).
#[derive(Debug, Clone, Copy, Default)]
pub struct View<'a> {
    /// The platform and the pipeline's definition.
    pub pipeline: Option<&'a Pipeline>,
    /// The machine.
    pub environment: Option<&'a Environment>,
    /// The tools.
    pub tools: Option<&'a Tools>,
    /// The packages.
    pub packages: Option<&'a Packages>,
    /// What the lockfiles name.
    pub dependencies: Option<&'a Dependencies>,
}

static NO_PACKAGES: Packages = BTreeMap::new();
static NO_TOOLS: Tools = Tools { list: Vec::new(), paths: Sealable::Inline(BTreeMap::new()) };
static NO_DEPENDENCIES: Dependencies = Dependencies {
    lockfiles: Vec::new(),
    unlocked: Vec::new(),
    list: Sealable::Inline(Vec::new()),
    count: 0,
    without_checksum: 0,
};

impl<'a> View<'a> {
    /// Whether the platform provides the runner, and rolls its image.
    #[must_use]
    pub fn is_hosted(&self) -> bool {
        locked::is_hosted(self.pipeline)
    }

    /// Whether the build ran in a container: its tools are the container's, whatever the runner's image is.
    #[must_use]
    pub fn is_contained(&self) -> bool {
        self.environment.is_some_and(|environment| environment.container.get().is_some())
    }

    /// What evidence shows.
    #[must_use]
    pub fn of(evidence: &'a BuildEvidence) -> Self {
        Self::new(
            &evidence.pipeline,
            &evidence.environment,
            &evidence.tools,
            &evidence.packages,
            &evidence.dependencies,
        )
    }

    /// What these facts show. What was looked for and isn't there is none of it: a machine without a package
    /// manager has no packages, while one whose packages could not be read may have any.
    #[must_use]
    pub fn new(
        pipeline: &'a Fact<Pipeline>,
        environment: &'a Fact<Environment>,
        tools: &'a Fact<Tools>,
        packages: &'a Fact<Packages>,
        dependencies: &'a Fact<Dependencies>,
    ) -> Self {
        Self {
            pipeline: pipeline.get(),
            environment: environment.get(),
            tools: or_none(tools, &NO_TOOLS),
            packages: or_none(packages, &NO_PACKAGES),
            dependencies: or_none(dependencies, &NO_DEPENDENCIES),
        }
    }
}

fn or_none<'a, T>(fact: &'a Fact<T>, none: &'static T) -> Option<&'a T> {
    if fact.status == Status::Absent { Some(none) } else { fact.get() }
}

/// A path as a name.
fn path_name(path: &PathText) -> String {
    match path {
        PathText::Path(path) => path.clone(),
        PathText::PathHex(hex) => format!("hex:{hex}"),
    }
}

/// Things by name. Names that come twice, which only hostile evidence has, are told apart by a number: the
/// second must not hide behind the first.
#[derive(Debug)]
struct Items<V> {
    by_name: BTreeMap<String, V>,
    seen: BTreeMap<String, usize>,
}

impl<V> Default for Items<V> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), seen: BTreeMap::new() }
    }
}

impl<V> Items<V> {
    fn add(&mut self, name: String, value: V) {
        let count = self.seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        self.by_name.insert(name, value);
    }
}

impl<V> FromIterator<(String, V)> for Items<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(items: I) -> Self {
        let mut all = Self::default();
        items.into_iter().for_each(|(name, value)| all.add(name, value));
        all
    }
}

/// Stands for the digest of what can't be read whole.
const NO_DIGEST: &str = "no digest";

/// Stands between what a tool was and what it became in the build.
const THEN: &str = " then ";

/// The first digits of a digest, which is enough to see that it is another.
fn short(sha256: &crate::base::digest::Sha256) -> String {
    let mut text = sha256.to_string();
    text.truncate(16);
    format!("sha256:{text}")
}

/// Whether a platform rolled its runner's image from one text to the other: one name, and a later version, such
/// as `ubuntu24 20260101.1`. An image that is named as `name:tag` is chosen by a definition, never by the
/// platform; a version that isn't stated could be any; and no platform goes back to an older one, which
/// whoever wants its known holes back would claim.
fn is_roll(before: &str, after: &str) -> bool {
    let (Some(before), Some(after)) = (rolling(before), rolling(after)) else { return false };
    before.0 == after.0 && before.1 < after.1
}

/// The name and the version of an image that a platform can roll.
fn rolling(text: &str) -> Option<(&str, Vec<u64>)> {
    let (name, version) = text.split_once(' ')?;
    if name.is_empty() || name.contains([':', '@', '/']) {
        return None;
    }
    let number = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let mut numbers = version.split('.').map(number).collect::<Option<Vec<u64>>>()?;
    // `1.0` is no later than `1`.
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some((name, numbers))
}
