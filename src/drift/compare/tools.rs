//! The tools along `PATH`.

use std::collections::BTreeMap;

use super::{Comparison, Shown, joined, named};
use crate::base::digest::Sha256;
use crate::drift::{NO_DIGEST, THEN, short};
use crate::format::evidence::{ChangeKind, ToolFact, Tools};
use crate::format::lock::Class;

const TOOLS: &str = "tools";
const PATHS: &str = "tools.paths";

pub(super) fn compare(all: &mut Comparison, old: Option<&Tools>, new: Option<&Tools>) {
    let Some((old, new)) = all.whole(&[TOOLS, PATHS], old, new) else { return };
    let (before, after) = (by_name(old), by_name(new));
    for (name, one, other) in joined(&before, &after) {
        let change = match (one, other) {
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (Some(one), Some(other)) if differ(all, name, one, other) => ChangeKind::Changed,
            _ => continue,
        };
        let text = |tool: Option<&&ToolFact>| tool.map(|tool| text(tool));
        all.push((Class::Tools, TOOLS), name, text(one), text(other), change);
    }
    let sides = (Shown::sealable(&old.paths), Shown::sealable(&new.paths));
    let Some((old, new)) = all.both(PATHS, sides.0, sides.1) else { return };
    for (name, one, other) in joined(old, new) {
        // A tool that came or went is named already.
        if before.contains_key(name) == after.contains_key(name) {
            let file = |path: Option<&crate::format::evidence::ToolPath>| {
                path.map(|path| path.file.clone())
            };
            all.one((Class::Tools, PATHS), name, file(one), file(other));
        }
    }
}

fn by_name(tools: &Tools) -> BTreeMap<String, &ToolFact> {
    named(tools.list.iter().map(|tool| (tool.name.clone(), tool)))
}

/// A version that one side doesn't have is unknown, and no other one. Nor is a digest that neither has; one
/// that can't be had any more is another.
fn differ(all: &mut Comparison, name: &str, old: &ToolFact, new: &ToolFact) -> bool {
    let versions = old.version.as_ref().zip(new.version.as_ref());
    let differ = old.sha256_before != new.sha256_before
        || ending(old) != ending(new)
        || versions.is_some_and(|(old, new)| old != new);
    if !differ && old.sha256_before.is_none() {
        all.unknown(TOOLS, name, "digest", false, false);
    }
    differ
}

/// What became of it in the build, where it didn't stay what it was.
fn ending(tool: &ToolFact) -> Option<Option<Sha256>> {
    tool.changed_during_build.then_some(tool.sha256_after)
}

fn text(tool: &ToolFact) -> String {
    let version = tool.version.as_deref().unwrap_or("no version");
    let digest = tool.sha256_before.as_ref().map_or_else(|| NO_DIGEST.to_owned(), short);
    let then = match ending(tool) {
        None => String::new(),
        Some(None) => format!("{THEN}gone"),
        Some(Some(sha256)) => format!("{THEN}{}", short(&sha256)),
    };
    format!("{version} {digest}{then}")
}
