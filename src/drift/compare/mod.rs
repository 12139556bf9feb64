//! What differs between two environments.

use std::collections::BTreeMap;

mod dependencies;
mod machine;
mod packages;
mod pipeline;
#[cfg(test)]
mod tests;
mod tools;
mod variables;

pub(super) use machine::git_names;
pub(super) use pipeline::references;

use super::{Items, NO_DIGEST, View, short};
use crate::base::digest::Sha256;
use crate::format::evidence::{ChangeKind, NotCompared};
use crate::format::fact::{Fact, Sealable, Status};
use crate::format::lock::Class;

/// One difference; nothing explains it yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What kind of thing changed.
    pub class: Class,
    /// The part of the evidence that shows it.
    pub place: String,
    /// What changed.
    pub name: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
    /// What happened to it.
    pub change: ChangeKind,
}

/// Two environments, compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What differs, sorted.
    pub differences: Vec<Difference>,
    /// What could not be compared, sorted.
    pub not_compared: Vec<NotCompared>,
}

/// Compares what both sides show.
#[must_use]
pub fn compare(old: View<'_>, new: View<'_>) -> Comparison {
    let mut all = Comparison::default();
    pipeline::compare(&mut all, old.pipeline, new.pipeline);
    machine::compare(&mut all, old.environment, new.environment);
    variables::compare(&mut all, old.environment, new.environment);
    tools::compare(&mut all, old.tools, new.tools);
    packages::compare(&mut all, old.packages, new.packages);
    dependencies::compare(&mut all, old.dependencies, new.dependencies);
    all.differences.sort();
    all.not_compared.sort();
    all
}

/// Why a place isn't compared; [`super::follows`] tells the reasons apart.
pub(super) const SEALED_OLD: &str = "sealed in the baseline";
const SEALED_NEW: &str = "sealed in this build";
const SEALED_BOTH: &str = "sealed in both";
const MISSING_OLD: &str = "not captured in the baseline";
const MISSING_NEW: &str = "not captured in this build";
const MISSING_BOTH: &str = "not captured in either";

/// Whether a place isn't compared because a section isn't at hand.
pub(super) fn is_sealed(reason: &str) -> bool {
    [SEALED_OLD, SEALED_NEW, SEALED_BOTH].contains(&reason)
}

/// What one side shows of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown<T> {
    Open(T),
    Sealed,
    Missing,
}

impl<'a, T> Shown<&'a T> {
    fn sealable(value: &'a Sealable<T>) -> Self {
        value.inline().map_or(Self::Sealed, Self::Open)
    }
}

impl<T> Shown<T> {
    fn option(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Self::Open)
    }

    fn then<U>(self, next: impl FnOnce(T) -> Shown<U>) -> Shown<U> {
        match self {
            Self::Open(value) => next(value),
            Self::Sealed => Shown::Sealed,
            Self::Missing => Shown::Missing,
        }
    }
}

/// A fact's value; `None` where it was looked for and isn't there, or can't be.
fn fact<T>(fact: &Fact<T>) -> Shown<Option<&T>> {
    match fact.status {
        Status::Observed => Shown::option(fact.value.as_ref().map(Some)),
        Status::Absent | Status::NotApplicable => Shown::Open(None),
        Status::Unavailable | Status::Unknown => Shown::Missing,
    }
}

impl Comparison {
    fn skip(&mut self, place: &str, reason: impl Into<String>) {
        self.not_compared.push(NotCompared { place: place.to_owned(), reason: reason.into() });
    }

    /// What both sides show of `place`; else why it isn't compared.
    fn both<T, U>(&mut self, place: &str, old: Shown<T>, new: Shown<U>) -> Option<(T, U)> {
        let reason = match (old, new) {
            (Shown::Open(old), Shown::Open(new)) => return Some((old, new)),
            (Shown::Missing, Shown::Missing) => MISSING_BOTH,
            (Shown::Missing, _) => MISSING_OLD,
            (_, Shown::Missing) => MISSING_NEW,
            (Shown::Sealed, Shown::Sealed) => SEALED_BOTH,
            (Shown::Sealed, Shown::Open(_)) => SEALED_OLD,
            (Shown::Open(_), Shown::Sealed) => SEALED_NEW,
        };
        self.skip(place, reason);
        None
    }

    /// The same of a whole part, of which each of `places` is then not compared.
    fn whole<T>(&mut self, places: &[&str], old: Option<T>, new: Option<T>) -> Option<(T, T)> {
        let reason = match (old, new) {
            (Some(old), Some(new)) => return Some((old, new)),
            (None, None) => MISSING_BOTH,
            (None, Some(_)) => MISSING_OLD,
            (Some(_), None) => MISSING_NEW,
        };
        places.iter().for_each(|place| self.skip(place, reason));
        None
    }

    fn push(
        &mut self,
        (class, place): (Class, &str),
        name: &str,
        before: Option<String>,
        after: Option<String>,
        change: ChangeKind,
    ) {
        let (place, name) = (place.to_owned(), name.to_owned());
        self.differences.push(Difference { class, place, name, before, after, change });
    }

    /// One thing that is there or not.
    fn one(&mut self, at: (Class, &str), name: &str, old: Option<String>, new: Option<String>) {
        let change = match (&old, &new) {
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (Some(old), Some(new)) if old != new => ChangeKind::Changed,
            _ => return,
        };
        self.push(at, name, old, new, change);
    }

    /// Things by name whose values are texts.
    fn texts(&mut self, at: (Class, &str), old: &Texts, new: &Texts) {
        for (name, old, new) in joined(old, new) {
            self.one(at, name, old.cloned(), new.cloned());
        }
    }

    /// Things by name of which a digest may be missing. One that can't be digested any more is a difference:
    /// whoever swaps a thing could make it too large, or a link. Without a digest on both sides nothing is
    /// known.
    fn digests(&mut self, at: (Class, &str), old: &Digests, new: &Digests) {
        for (name, old, new) in joined(old, new) {
            let text = |side: Option<&Option<Sha256>>| {
                side.map(|digest| digest.as_ref().map_or_else(|| NO_DIGEST.to_owned(), short))
            };
            let change = match (old, new) {
                (None, Some(_)) => ChangeKind::Added,
                (Some(_), None) => ChangeKind::Removed,
                (Some(None), Some(None)) => {
                    self.unknown(at.1, name, "digest", false, false);
                    continue;
                }
                (Some(one), Some(other)) if one != other => ChangeKind::Changed,
                _ => continue,
            };
            self.push(at, name, text(old), text(new), change);
        }
    }

    /// A fact of one thing of a place that a side doesn't have.
    fn unknown(&mut self, place: &str, name: &str, what: &str, in_old: bool, in_new: bool) {
        let reason = match (in_old, in_new) {
            (false, false) => MISSING_BOTH,
            (false, true) => MISSING_OLD,
            _ => MISSING_NEW,
        };
        self.skip(place, format!("{name}: {what} {reason}"));
    }
}

type Texts = BTreeMap<String, String>;
type Digests = BTreeMap<String, Option<Sha256>>;

/// Every name of either side, once and sorted, with what each side has of it.
fn joined<'a, V, W>(
    old: &'a BTreeMap<String, V>,
    new: &'a BTreeMap<String, W>,
) -> impl Iterator<Item = (&'a str, Option<&'a V>, Option<&'a W>)> {
    let gone = old.iter().map(|(name, value)| (name.as_str(), Some(value), new.get(name)));
    let come = new.iter().filter(|(name, _)| !old.contains_key(*name));
    gone.chain(come.map(|(name, value)| (name.as_str(), None, Some(value))))
}

/// Values that share a name, as one text.
fn grouped(pairs: impl IntoIterator<Item = (String, String)>) -> Texts {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    let join = |mut values: Vec<String>| {
        values.sort();
        values.join(", ")
    };
    groups.into_iter().map(|(name, values)| (name, join(values))).collect()
}

fn named<V>(pairs: impl IntoIterator<Item = (String, V)>) -> BTreeMap<String, V> {
    pairs.into_iter().collect::<Items<V>>().by_name
}
