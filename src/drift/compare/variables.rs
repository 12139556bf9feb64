//! Variables: which came, went, or have another value. No value is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Shown, joined};
use crate::format::evidence::{Change, ChangeKind, Environment, Fingerprints, is_per_run};
use crate::format::fact::Sealable;
use crate::format::lock::Class;

const RECORDED: &str = "environment.variables";
const OTHERS: &str = "environment.other_variables";
const FINGERPRINTS: &str = "environment.fingerprints";
const CHANGED: &str = "environment.changed_variables";

type Values = BTreeMap<String, String>;

pub(super) fn compare(all: &mut Comparison, old: Option<&Environment>, new: Option<&Environment>) {
    let places = [RECORDED, OTHERS, FINGERPRINTS, CHANGED];
    let Some((old, new)) = all.whole(&places, old, new) else { return };
    let (before, after) = (Names::of(old), Names::of(new));
    let mut named = BTreeSet::new();

    let sides = (Shown::sealable(&old.variables), Shown::sealable(&new.variables));
    if let Some((old, new)) = all.both(RECORDED, sides.0, sides.1) {
        for (name, one, other) in joined(old, new).filter(|(name, ..)| !is_per_run(name)) {
            let change = match (one, other) {
                // One that is only named on the other side didn't come or go.
                (None, _) if before.others.contains(name) => continue,
                (_, None) if after.others.contains(name) => continue,
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                (Some(one), Some(other)) if one != other => ChangeKind::Changed,
                _ => continue,
            };
            named.insert(name.to_owned());
            all.push((Class::Variables, RECORDED), name, None, None, change);
        }
    }

    let sides = (Shown::sealable(&old.other_variables), Shown::sealable(&new.other_variables));
    if all.both(OTHERS, sides.0, sides.1).is_some() {
        let gone = before.others.difference(&after.others);
        let gone = gone.filter(|name| !after.recorded.contains_key(**name));
        for name in gone {
            all.push((Class::Variables, OTHERS), name, None, None, ChangeKind::Removed);
        }
        let come = after.others.difference(&before.others);
        let come = come.filter(|name| !before.recorded.contains_key(**name));
        for name in come {
            all.push((Class::Variables, OTHERS), name, None, None, ChangeKind::Added);
        }
    }
    fingerprints(all, &named, old.fingerprints.as_ref(), new.fingerprints.as_ref());
    changed(all, old, new);
}

/// What a step of the build did to a variable that no step did to it before, or no longer.
fn changed(all: &mut Comparison, old: &Environment, new: &Environment) {
    let by_name = |side: &Environment| {
        let changed = side.changed_variables.iter().filter(|one| !is_per_run(&one.name));
        super::named(changed.map(|one| (one.name.clone(), one.change)))
    };
    for (name, one, other) in joined(&by_name(old), &by_name(new)) {
        // Whether it is there at the end where it wasn't, or isn't where it was.
        let change = match (one, other) {
            (one, other) if one == other => continue,
            (None, Some(Change::Made)) | (Some(Change::Deleted), None) => ChangeKind::Added,
            (None, Some(Change::Deleted)) | (Some(Change::Made), None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        all.push((Class::Variables, CHANGED), name, None, None, change);
    }
}

struct Names<'a> {
    recorded: &'a Values,
    others: BTreeSet<&'a str>,
}

static NONE: Values = BTreeMap::new();

impl<'a> Names<'a> {
    fn of(side: &'a Environment) -> Self {
        let others = side.other_variables.inline().into_iter().flatten().map(String::as_str);
        let recorded = match &side.variables {
            Sealable::Inline(values) => values,
            Sealable::Sealed { .. } => &NONE,
        };
        Self { recorded, others: others.filter(|name| !is_per_run(name)).collect() }
    }
}

fn fingerprints(
    all: &mut Comparison,
    named: &BTreeSet<String>,
    old: Option<&Fingerprints>,
    new: Option<&Fingerprints>,
) {
    // Nobody has to give a key for them.
    if old.is_none() && new.is_none() {
        return;
    }
    let Some((old, new)) = all.whole(&[FINGERPRINTS], old, new) else { return };
    if old.key_id != new.key_id {
        all.skip(FINGERPRINTS, "made under another key");
        return;
    }
    for (name, one, other) in joined(&old.variables, &new.variables) {
        let other_value = one.zip(other).is_some_and(|(one, other)| one != other);
        if other_value && !is_per_run(name) && !named.contains(name) {
            let at = (Class::Variables, FINGERPRINTS);
            all.push(at, name, None, None, ChangeKind::Changed);
        }
    }
}
