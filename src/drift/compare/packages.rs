//! The system's packages.

use super::{Comparison, Shown, Texts, grouped, joined};
use crate::drift::short;
use crate::format::evidence::{ChangeKind, Package, PackageSet, Packages};
use crate::format::lock::Class;

pub(super) fn compare(all: &mut Comparison, old: Option<&Packages>, new: Option<&Packages>) {
    let Some((old, new)) = all.whole(&["packages"], old, new) else { return };
    for (manager, one, other) in joined(old, new) {
        let place = format!("packages.{manager}");
        let at = (Class::Packages, place.as_str());
        let text = |set: Option<&PackageSet>| {
            set.map(|set| format!("{} packages, {}", set.count, short(&set.sha256)))
        };
        let (Some(before), Some(after)) = (one, other) else {
            all.one(at, manager, text(one), text(other));
            continue;
        };
        let equal = before.sha256 == after.sha256 && before.count == after.count;
        if !equal {
            all.push(at, manager, text(one), text(other), ChangeKind::Changed);
        }
        let sides = (Shown::sealable(&before.list), Shown::sealable(&after.list));
        // Equal digests say of sealed lists that they are equal.
        if equal && (sides.0 == Shown::Sealed || sides.1 == Shown::Sealed) {
            continue;
        }
        let place = format!("{place}.list");
        if let Some((old, new)) = all.both(&place, sides.0, sides.1) {
            all.texts((Class::Packages, &place), &by_name(old), &by_name(new));
        }
    }
}

fn by_name(list: &[Package]) -> Texts {
    grouped(list.iter().map(|package| {
        let name = match &package.architecture {
            Some(architecture) => format!("{}:{architecture}", package.name),
            None => package.name.clone(),
        };
        (name, package.version.clone())
    }))
}
