//! Whether the lock approves what a difference led to.

use std::borrow::Cow;

use super::{is_expired, section_of};
use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::drift::{Difference, NO_DIGEST, THEN, short};
use crate::format::evidence::{ChangeKind, Lane};
use crate::format::lock::{Class, Entry, Lock, Mode};

/// Whether the lock approves what a difference led to. Stricter than [`super::against`]: to explain a change
/// the lock must know just what is there now, while to let it pass a version may do.
#[must_use]
pub fn approves(lock: &Lock, lane: &Lane, difference: &Difference, on: Time) -> bool {
    approving(lock, lane, difference, on).is_some()
}

/// The entry that [`approves`] it: people may have written into it why, and where that was decided.
#[must_use]
pub fn approving<'a>(
    lock: &'a Lock,
    lane: &Lane,
    difference: &Difference,
    on: Time,
) -> Option<&'a Entry> {
    let (_, locked) = section_of(lock, lane).ok()?;
    let name = locked_name(difference)?;
    let class = difference.class;
    let mode = locked.modes.get(&class).or_else(|| lock.modes.get(&class));
    if mode == Some(&Mode::Ignored) {
        return None;
    }
    let sections = [&locked.section, &lock.shared];
    let entry = sections.iter().find_map(|section| section.get(&class)?.get(&*name));
    let entry = entry.filter(|entry| !is_expired(entry, on))?;
    let approved = match difference.change {
        ChangeKind::Removed => entry.absent,
        ChangeKind::Added | ChangeKind::Changed if entry.absent => false,
        // A lock knows names alone of these.
        ChangeKind::Added if is_name_alone(difference) => true,
        ChangeKind::Added | ChangeKind::Changed => {
            difference.after.as_deref().is_some_and(|after| is_it(class, mode, entry, after))
        }
        ChangeKind::Unknown => false,
    };
    approved.then_some(entry)
}

/// What the lock calls it; `None` where a lock can't name it.
fn locked_name(difference: &Difference) -> Option<Cow<'_, str>> {
    let name = difference.name.as_str();
    match difference.place.as_str() {
        "environment.runner_image"
        | "environment.container"
        | "tools"
        | "pipeline.definitions"
        | "pipeline.references"
        | "environment.variables"
        | "environment.other_variables"
        | "environment.changed_variables"
        | "environment.git_configuration" => Some(name.into()),
        "environment" => (name == "os release").then_some(name.into()),
        "environment.preloads" => Some(format!("preload {name}").into()),
        "environment.ca_bundle" => Some(format!("ca bundle {name}").into()),
        place => (place.strip_prefix("packages.") == Some(name)).then_some(name.into()),
    }
}

fn is_name_alone(difference: &Difference) -> bool {
    difference.class == Class::Variables || difference.place == "environment.preloads"
}

/// Whether the text of a difference is what the entry approves.
fn is_it(class: Class, mode: Option<&Mode>, entry: &Entry, after: &str) -> bool {
    let version = entry.version.as_deref();
    if class == Class::RunnerImage {
        return match after.split_once("@sha256:") {
            Some((name, hex)) => {
                let pinned = entry.sha256.is_some() && entry.sha256 == hex.parse::<Sha256>().ok();
                pinned && version.is_none_or(|version| version == name)
            }
            None => entry.sha256.is_none() && version == Some(after),
        };
    }
    if class == Class::References {
        return version == Some(after);
    }
    // It was two things in one build, of which an entry could approve one.
    if class == Class::Tools && is_swapped(after) {
        return false;
    }
    let (stated, digest) = match after.rfind("sha256:") {
        Some(at) => (after.get(..at).unwrap_or_default().trim_end(), after.get(at..)),
        None => (after.strip_suffix(NO_DIGEST).map_or(after, str::trim_end), None),
    };
    match (entry.sha256, digest) {
        (Some(sha256), Some(digest)) => {
            // Before the digest of a set of packages stands its count.
            let version = version.filter(|_| class != Class::Packages);
            short(&sha256) == digest && version.is_none_or(|version| version == stated)
        }
        (Some(_), None) => false,
        // A swapped tool can state any version: that it suffices is for the lock to say.
        (None, _) if class == Class::Tools => mode != Some(&Mode::Exact) && version == Some(stated),
        (None, None) => version == Some(stated),
        (None, Some(_)) => false,
    }
}

/// Whether the text of a tool ends with what became of it in the build.
fn is_swapped(text: &str) -> bool {
    let last = text.rsplit_once(THEN).map(|(_, last)| last);
    last.is_some_and(|last| last == "gone" || last.starts_with("sha256:"))
}
