//! What the lockfiles name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Digests, Shown, joined, named};
use crate::drift::path_name;
use crate::format::evidence::{ChangeKind, Dependencies, Dependency};
use crate::format::lock::Class;

const LOCKFILES: &str = "dependencies";
const LIST: &str = "dependencies.list";

pub(super) fn compare(
    all: &mut Comparison,
    old: Option<&Dependencies>,
    new: Option<&Dependencies>,
) {
    let Some((old, new)) = all.whole(&[LOCKFILES, LIST], old, new) else { return };
    let digests = |side: &Dependencies| -> Digests {
        named(side.lockfiles.iter().map(|file| (path_name(&file.path), file.sha256)))
    };
    all.digests((Class::Dependencies, LOCKFILES), &digests(old), &digests(new));

    let sides = (Shown::sealable(&old.list), Shown::sealable(&new.list));
    let Some((old, new)) = all.both(LIST, sides.0, sides.1) else { return };
    let (old, new) = (by_name(old), by_name(new));
    for (name, one, other) in joined(&old, &new) {
        let change = match (one, other) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            (Some(one), Some(other)) if one != other => ChangeKind::Changed,
            _ => continue,
        };
        let (mut before, mut after) = (one.map(versions), other.map(versions));
        if before == after {
            // One version from another source, or with another content: the worst of all changes.
            (before, after) = (one.map(whole), other.map(whole));
        }
        all.push((Class::Dependencies, LIST), name, before, after, change);
    }
}

fn by_name(list: &[Dependency]) -> BTreeMap<String, BTreeSet<&Dependency>> {
    let mut groups: BTreeMap<String, BTreeSet<&Dependency>> = BTreeMap::new();
    for one in list {
        groups.entry(format!("{} {}", one.ecosystem, one.name)).or_default().insert(one);
    }
    groups
}

fn version(one: &Dependency) -> &str {
    one.version.as_deref().unwrap_or("no version")
}

fn versions(group: &BTreeSet<&Dependency>) -> String {
    let all: BTreeSet<&str> = group.iter().map(|one| version(one)).collect();
    all.into_iter().collect::<Vec<_>>().join(", ")
}

fn whole(group: &BTreeSet<&Dependency>) -> String {
    let one = |one: &&Dependency| {
        let source = one.source.as_deref().unwrap_or("the usual registry");
        let checksums = if one.checksums.is_empty() {
            "no checksum".to_owned()
        } else {
            one.checksums.join(" ")
        };
        format!("{} from {source}, {checksums}", version(one))
    };
    group.iter().map(one).collect::<Vec<_>>().join("; ")
}
