//! Each thing of an environment against its entry in the lock.

use std::collections::{BTreeMap, BTreeSet};

use super::shown::{self, Committed, Hidden, Shown, Thing};
use super::{Approved, is_expired};
use crate::base::time::Time;
use crate::format::evidence::{DriftKind, LockDrift};
use crate::format::lock::{Class, Entry, Mode};

/// One section against one environment.
pub(super) struct Judge<'a> {
    pub(super) modes: &'a BTreeMap<Class, Mode>,
    pub(super) approved: &'a Approved<'a>,
    pub(super) shown: &'a Shown,
    pub(super) on: Time,
}

impl Judge<'_> {
    /// Where they differ.
    pub(super) fn judge(&self) -> Vec<LockDrift> {
        let mut drift = Vec::new();
        let (no_entries, no_things) = (BTreeMap::new(), BTreeMap::new());
        for (class, mode) in self.modes.iter().filter(|(_, mode)| **mode != Mode::Ignored) {
            let entries = self.approved.get(class).unwrap_or(&no_entries);
            let things = self.shown.things.get(class).unwrap_or(&no_things);
            let hidden: Vec<_> = self.shown.hidden.iter().filter(|h| h.class == *class).collect();
            let names: BTreeSet<&str> =
                entries.keys().copied().chain(things.keys().map(String::as_str)).collect();
            for name in names {
                let (entry, thing) = (entries.get(name).copied(), things.get(name));
                let is_hidden = hidden.iter().any(|part| covers(part, name));
                if let Some(kind) = self.one(*class, *mode, entry, thing, is_hidden) {
                    drift.push(told(*class, name, kind, entry, thing));
                }
            }
            // Values are sealed, so that nothing beyond the names can be held against the lock; a lock that asks
            // for more must not be taken to be met.
            if *class == Class::Variables && *mode != Mode::Present {
                drift.push(LockDrift {
                    class: *class,
                    name: String::new(),
                    kind: DriftKind::NotCompared,
                    expected: None,
                    found: Some("values are not compared".to_owned()),
                });
            }
            // Fail closed: what isn't shown could be anything.
            let named = |part: &Hidden| entries.keys().any(|name| covers(part, name));
            let parts = hidden.iter().filter(|part| !part.never || named(part));
            drift.extend(parts.map(|part| LockDrift {
                class: *class,
                name: part.place.clone(),
                kind: DriftKind::NotCompared,
                expected: None,
                found: Some(part.reason.clone()),
            }));
        }
        drift
    }

    fn one(
        &self,
        class: Class,
        mode: Mode,
        entry: Option<&Entry>,
        thing: Option<&Thing>,
        is_hidden: bool,
    ) -> Option<DriftKind> {
        if entry.is_some_and(|entry| is_expired(entry, self.on)) {
            return Some(DriftKind::Expired);
        }
        if let Some(committed) = thing.and_then(|thing| thing.committed) {
            return definition(mode, committed, entry, thing);
        }
        match (entry, thing) {
            (Some(Entry { absent: true, .. }) | None, Some(_)) => Some(DriftKind::NotApproved),
            (Some(entry), None) => (!entry.absent && !is_hidden).then_some(DriftKind::Missing),
            (Some(entry), Some(thing)) => equals(class, mode, entry, thing),
            (None, None) => None,
        }
    }
}

fn covers(part: &Hidden, name: &str) -> bool {
    part.prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// The commit approves a definition, not the lock; one that the lock names all the same must be that one.
fn definition(
    mode: Mode,
    committed: Committed,
    entry: Option<&Entry>,
    thing: Option<&Thing>,
) -> Option<DriftKind> {
    match (mode, committed) {
        (Mode::Present, _) => None,
        (_, Committed::No) => Some(DriftKind::Differs),
        (_, Committed::Unknown) => Some(DriftKind::NotCompared),
        (Mode::Exact | Mode::Unknown, Committed::Yes) => {
            let locked = entry.and_then(|entry| entry.sha256);
            let differs =
                locked.is_some_and(|sha256| thing.is_some_and(|t| t.sha256 != Some(sha256)));
            differs.then_some(DriftKind::Differs)
        }
        _ => None,
    }
}

/// In what way a thing isn't the approved one. A side that lacks what is compared is never taken for equal.
fn equals(class: Class, mode: Mode, entry: &Entry, thing: &Thing) -> Option<DriftKind> {
    if mode == Mode::Present || class == Class::Variables {
        return None;
    }
    // One that became the approved one in the build was another before, and the other way round.
    if thing.swapped {
        return Some(DriftKind::Differs);
    }
    let versions = same(entry.version.as_ref(), thing.version.as_ref());
    let digests = same(entry.sha256.as_ref(), thing.sha256.as_ref());
    let verdict = match (mode, versions, digests) {
        (Mode::Version, Same::Yes | Same::No, _) => versions,
        // One of the two states no version: the digest stands for it.
        (Mode::Version, _, digests) => digests.or(versions),
        (_, Same::No, _) | (_, _, Same::No) => Same::No,
        // Equal content is of equal version.
        (_, _, Same::Yes) => Same::Yes,
        (_, Same::Yes, Same::Neither) => Same::Yes,
        (_, versions, digests) => digests.or(versions),
    };
    match verdict {
        Same::Yes | Same::Neither => None,
        // The environment shows something that the entry doesn't tell: the entry approves something else.
        Same::No | Same::OnlyFound => Some(DriftKind::Differs),
        Same::OnlyApproved => Some(DriftKind::NotCompared),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    Yes,
    No,
    OnlyApproved,
    OnlyFound,
    Neither,
}

impl Same {
    fn or(self, other: Self) -> Self {
        if self == Self::Neither { other } else { self }
    }
}

fn same<T: PartialEq>(approved: Option<&T>, found: Option<&T>) -> Same {
    match (approved, found) {
        (Some(approved), Some(found)) if approved == found => Same::Yes,
        (Some(_), Some(_)) => Same::No,
        (Some(_), None) => Same::OnlyApproved,
        (None, Some(_)) => Same::OnlyFound,
        (None, None) => Same::Neither,
    }
}

fn told(
    class: Class,
    name: &str,
    kind: DriftKind,
    entry: Option<&Entry>,
    thing: Option<&Thing>,
) -> LockDrift {
    let approved = |entry: &Entry| match entry {
        Entry { absent: true, .. } => Some("none".to_owned()),
        entry => shown::text(entry.version.as_ref(), entry.sha256.as_ref()),
    };
    if kind == DriftKind::Expired {
        // What it is can be as approved; what has run out is the day.
        let day = entry.and_then(|entry| entry.expires.as_deref()).unwrap_or_default();
        let decided = entry.and_then(|entry| entry.ticket.as_deref().or(entry.reason.as_deref()));
        let decided = decided.map(|words| format!(" ({words})")).unwrap_or_default();
        let expected = Some(format!("an approval that holds, found one until {day}{decided}"));
        return LockDrift { class, name: name.to_owned(), kind, expected, found: None };
    }
    let (mut expected, mut found) = (entry.and_then(approved), thing.and_then(Thing::text));
    match thing.and_then(|thing| thing.committed) {
        // A lock may hold anything in a variable's entry; no value is shown.
        _ if class == Class::Variables => (expected, found) = (None, None),
        Some(Committed::No) => expected = Some("as the commit has it".to_owned()),
        Some(Committed::Unknown) => {
            expected = Some("as the commit has it".to_owned());
            found = Some("whether it is isn't known".to_owned());
        }
        _ => {}
    }
    LockDrift { class, name: name.to_owned(), kind, expected, found }
}
