//! Caches outside of the root that were there when the bracket opened: whatever an earlier job left in
//! them can enter the build without being an input.
//!
//! Where they are is told by variables, else by the tools' usual places; files of settings are not
//! read. What lies below the root is an input already and isn't named here. A root digest leaves out
//! what is named `.git`, as that of every tree does; the count doesn't.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::Captured;
use super::environment::Variables;
use super::redact::Redactor;
use crate::base::dirs;
use crate::base::text::count;
use crate::base::tree::{Measure, Patterns, Stop, Tree, Walk, measure};
use crate::format::evidence::{Cache, Caches, Count};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

mod places;

use places::{Place, places};

const PART: &str = "inputs.caches";
/// Paths and folders of one cache that are counted; those of larger ones are not.
const ENTRIES_MAX: u64 = 300_000;

/// Captures the caches outside of `root`; `digest` asks for the root digest of each.
#[must_use]
pub fn capture(
    variables: &Variables,
    root: &Path,
    digest: bool,
    stop: Stop<'_>,
) -> Captured<Caches> {
    let home = variables.raw("HOME").map(PathBuf::from).or_else(dirs::home);
    look(places(variables, home.as_deref()), variables, root, digest, ENTRIES_MAX, stop)
}

/// What one place holds.
enum Seen {
    Absent,
    Inside,
    Present(Cache, Option<String>),
}

fn look(
    places: Vec<Place>,
    variables: &Variables,
    root: &Path,
    digest: bool,
    most: u64,
    stop: Stop<'_>,
) -> Captured<Caches> {
    let pairs: Vec<(String, String)> = variables.lossy().collect();
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let redactor = Redactor::from_variables(pairs);
    let real_root = real(root);
    let seen: Vec<(Place, Seen)> = places
        .par_iter()
        .map(|place| (place.clone(), look_at(place, root, &real_root, digest, most, stop)))
        .collect();
    let mut caches = Caches::default();
    let (mut paths, mut redactions, mut gaps) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (place, seen) in seen {
        let name = place.name.to_owned();
        match seen {
            Seen::Inside => {}
            Seen::Absent => caches.absent.push(name),
            Seen::Present(cache, trouble) => {
                if let Some(trouble) = trouble {
                    let cure = "give the job the right to read it, or a smaller cache";
                    gaps.push(Gap::new(PART, format!("the cache {name} {trouble}"), cure));
                }
                let scrubbed = redactor.scrub(&place.path.to_string_lossy());
                redactions.extend(scrubbed.rules.iter().map(|rule| Withheld {
                    place: format!("inputs.caches.paths {name}"),
                    rule: rule.id().to_owned(),
                }));
                paths.insert(name.clone(), scrubbed.text);
                caches.present.insert(name, cache);
            }
        }
    }
    caches.absent.sort_unstable();
    caches.paths = Sealable::Inline(paths);
    gaps.sort_unstable();
    Captured { fact: Fact::observed(Basis::Read, caches), redactions, gaps }
}

fn look_at(
    place: &Place,
    root: &Path,
    real_root: &Path,
    digest: bool,
    most: u64,
    stop: Stop<'_>,
) -> Seen {
    // What a variable says without a leading slash is relative to where the build runs.
    let path = root.join(&place.path);
    match path.metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Seen::Absent,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Seen::Absent,
        Err(error) => {
            let cache = Cache { all: None, root: None };
            return Seen::Present(cache, Some(format!("could not be looked at: {}", error.kind())));
        }
    }
    if path.starts_with(root) || real(&path).starts_with(real_root) {
        return Seen::Inside;
    }
    if place.only_named {
        return Seen::Present(Cache { all: None, root: None }, None);
    }
    let Measure { totals, complete, unreadable } = measure(&path, most, stop);
    let trouble = if !complete && stop() {
        Some("was not counted in time".to_owned())
    } else if !complete {
        Some(format!("has more than {} and was not counted", count(most, "path")))
    } else if unreadable > 0 {
        Some(format!("has {} that could not be looked at", count(unreadable, "path")))
    } else {
        None
    };
    if trouble.is_some() {
        return Seen::Present(Cache { all: None, root: None }, trouble);
    }
    let all = Some(Count { files: totals.files, bytes: totals.bytes });
    if !digest {
        return Seen::Present(Cache { all, root: None }, None);
    }
    match root_digest(&path, stop) {
        Ok(root) => Seen::Present(Cache { all, root: Some(root) }, None),
        Err(trouble) => Seen::Present(Cache { all, root: None }, Some(trouble)),
    }
}

/// A digest of a part would look like one of the whole.
fn root_digest(path: &Path, stop: Stop<'_>) -> Result<crate::base::digest::Sha256, String> {
    let exclude = Patterns::default();
    let walk = Walk { root: path, exclude: &exclude, skip: &[], stop, progress: &|_, _| () };
    let tree =
        Tree::read(&walk).map_err(|error| format!("has no digest: {}", error.source.kind()))?;
    if tree.is_complete() && tree.problems().is_empty() {
        return Ok(tree.root_digest(|_| true));
    }
    Err(match tree.problems().first() {
        Some(problem) => format!("has no digest: a file {}", problem.trouble),
        None => "has no digest: it was not read in time".to_owned(),
    })
}

/// The path without links, where the system tells.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
