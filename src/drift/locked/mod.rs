//! An environment against the approved one.

use std::collections::{BTreeMap, BTreeSet};

mod approves;
mod judge;
mod modes;
mod shown;
#[cfg(test)]
mod tests;

pub use approves::{approves, approving};
pub(super) use modes::is_hosted;
pub use modes::laxer_than_default;

use self::judge::Judge;
use self::shown::{Shown, Thing};
use super::{View, is_roll};
use crate::base::time::{Day, Time};
use crate::format::evidence::{DriftKind, Lane, LockDrift, is_steering};
use crate::format::lock::{Class, Entry, Lock, LockedLane, Mode, Section};

const RUNNER_IMAGE: &str = "runner image";
const SYSTEM_BUNDLE: &str = "ca bundle system";

/// How an environment stands to the lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Against {
    /// The name of the lane's section.
    pub lane: Option<String>,
    /// How each class is compared.
    pub modes: BTreeMap<Class, Mode>,
    /// Classes that are compared less closely than by default.
    pub laxer: Vec<Class>,
    /// What differs, sorted.
    pub drift: Vec<LockDrift>,
}

/// Compares an environment with what the lock approves for its lane on the day of `on`.
#[must_use]
pub fn against(lock: &Lock, lane: &Lane, view: View<'_>, on: Time) -> Against {
    let alone = |kind, expected: Option<&str>, found| Against {
        drift: vec![LockDrift {
            class: Class::Unknown,
            name: String::new(),
            kind,
            expected: expected.map(str::to_owned),
            found,
        }],
        ..Against::default()
    };
    let sections = std::iter::once(&lock.shared).chain(lock.lanes.values().map(|l| &l.section));
    if sections.flat_map(BTreeMap::values).all(BTreeMap::is_empty) {
        return alone(DriftKind::CoversNothing, None, None);
    }
    let (name, locked) = match section_of(lock, lane) {
        Ok(found) => found,
        Err(0) => return alone(DriftKind::NoSection, Some("a section for this lane"), None),
        Err(count) => {
            let found = Some(format!("{count} sections match the lane"));
            return alone(DriftKind::NoSection, Some("one section for this lane"), found);
        }
    };
    let mut modes = modes::defaults(view);
    for (class, mode) in lock.modes.iter().chain(&locked.modes) {
        modes.entry(*class).and_modify(|default| *default = *mode);
    }
    let laxer = laxer_than_default(&modes, view);
    let approved = approved(lock, locked);
    let compared = |class: &Class| modes.get(class).is_some_and(|mode| *mode != Mode::Ignored);
    let covers = approved.iter().any(|(class, names)| compared(class) && !names.is_empty());
    let mut drift = if covers {
        Judge { modes: &modes, approved: &approved, shown: &Shown::of(view), on }.judge()
    } else {
        alone(DriftKind::CoversNothing, None, None).drift
    };
    let rolls = modes.get(&Class::RunnerImage) == Some(&Mode::Version);
    if rolls && is_hosted(view.pipeline) {
        excuse_roll(&mut drift, &approved, &modes, view);
    }
    drift.sort();
    Against { lane: Some(name.clone()), modes, laxer, drift }
}

/// What a lock would have to approve for this environment to be the approved one. A definition needs no entry:
/// the commit that has it is its approval.
#[must_use]
pub fn proposed(view: View<'_>) -> Section {
    let things = Shown::of(view).things.into_iter();
    let entries = |things: BTreeMap<String, Thing>| {
        let locked = things.into_iter().filter(|(_, thing)| thing.committed.is_none());
        locked.map(|(name, thing)| (name, thing.entry())).collect::<BTreeMap<_, _>>()
    };
    let classes = things.map(|(class, things)| (class, entries(things)));
    classes.filter(|(_, entries)| !entries.is_empty()).collect()
}

/// The one section whose every field is the lane's; else how many there are.
fn section_of<'a>(lock: &'a Lock, lane: &Lane) -> Result<(&'a String, &'a LockedLane), usize> {
    let all: Vec<_> = lock.lanes.iter().filter(|(_, locked)| locked.lane == *lane).collect();
    match all.as_slice() {
        [one] => Ok(*one),
        // Which of several was meant can't be told: none is.
        several => Err(several.len()),
    }
}

/// By class and name: the lane's entries, and the shared ones that it doesn't replace.
type Approved<'a> = BTreeMap<Class, BTreeMap<&'a str, &'a Entry>>;

fn approved<'a>(lock: &'a Lock, locked: &'a LockedLane) -> Approved<'a> {
    let mut all = Approved::new();
    for (class, entries) in lock.shared.iter().chain(&locked.section) {
        let entries = entries.iter().map(|(name, entry)| (name.as_str(), entry));
        all.entry(*class).or_default().extend(entries);
    }
    all
}

/// Holds until the end of the day that it names; a day that is none has passed.
fn is_expired(entry: &Entry, on: Time) -> bool {
    let day = entry.expires.as_ref().map(|day| day.parse::<Day>());
    day.is_some_and(|day| !day.is_ok_and(|day| on.day() <= day))
}

/// Where the platform rolled its image against the lock, what an image brings is expected to be another. What
/// it can't bring stays drift: references, definitions, hooks, preloads, git's settings, bundles that a new
/// variable names, variables that choose what programs run or trust, those that a step of the build made, and
/// in a container all but the image itself. Nor is a class excused that the lock compares exactly, or a tool
/// that it doesn't name.
fn excuse_roll(
    drift: &mut [LockDrift],
    approved: &Approved<'_>,
    modes: &BTreeMap<Class, Mode>,
    view: View<'_>,
) {
    let differs = |one: &LockDrift| one.kind == DriftKind::Differs;
    let Some(image) = drift.iter_mut().find(|one| {
        let texts = one.expected.as_deref().zip(one.found.as_deref());
        one.class == Class::RunnerImage
            && one.name == RUNNER_IMAGE
            && differs(one)
            && texts.is_some_and(|(before, after)| is_roll(before, after))
    }) else {
        return;
    };
    image.kind = DriftKind::ImageRoll;
    if view.is_contained() {
        return;
    }
    let made: BTreeSet<&str> =
        view.environment.into_iter().flat_map(shown::made).map(String::as_str).collect();
    for one in drift.iter_mut().filter(|one| modes.get(&one.class) != Some(&Mode::Exact)) {
        let brought = match one.class {
            Class::Tools => [DriftKind::Differs, DriftKind::Missing].contains(&one.kind),
            Class::Variables if one.kind == DriftKind::NotApproved => {
                !is_steering(&one.name) && !made.contains(one.name.as_str())
            }
            Class::Packages | Class::Variables => {
                [DriftKind::Differs, DriftKind::NotApproved, DriftKind::Missing].contains(&one.kind)
            }
            Class::Configuration if one.name == SYSTEM_BUNDLE || one.name == "os release" => {
                one.kind != DriftKind::NotCompared && one.kind != DriftKind::Expired
            }
            Class::Configuration => {
                let named =
                    |entries: &BTreeMap<&str, &Entry>| entries.contains_key(one.name.as_str());
                one.name.starts_with("ca bundle ")
                    && differs(one)
                    && approved.get(&one.class).is_some_and(named)
            }
            _ => false,
        };
        if brought {
            one.kind = DriftKind::ImageRoll;
        }
    }
}
