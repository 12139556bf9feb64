//! The files that define what a pipeline does, as they lie on the disk, and what they name from elsewhere.
//!
//! A digest shows that a file changed; the references show what would change without it; triggers,
//! permissions and jobs show who may start what, and with which rights.

use std::path::Path;

mod facts;
mod find;
mod github;
mod gitlab;
mod look;
mod pass;
mod pins;
mod ran;
mod references;
#[cfg(test)]
mod tests;
mod walk;
mod wildcard;

pub use ran::ran;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::Captured;
use super::platform::{Kind, Platform};
use super::redact::Redactor;
use crate::base::text::count;
use crate::base::tree::Reader;
use crate::format::evidence::Definition;
use crate::format::fact::{Basis, Fact, Gap};

use look::look;
use pass::Pass;
use walk::{Looks, Walk, Walked};

const PART: &str = "pipeline.definitions";
const REFERENCES: &str = "pipeline.references";
/// Largest definition, in bytes.
const FILE_MAX: u64 = 1 << 20;
/// Most definitions.
const FILES_MAX: usize = 500;

/// Captures the definitions of `platform` and of others that lie below `root`, and those that they name there.
#[must_use]
pub fn capture(root: &Path, platform: &Platform, redactor: &Redactor) -> Captured<Vec<Definition>> {
    let mut gaps = Vec::new();
    let reader = match Reader::open(root) {
        Ok(reader) => reader,
        Err(error) => {
            let reason = error.to_string();
            gaps.push(Gap::without_cure(PART, reason.clone()));
            let fact = Fact::unavailable(Basis::Read, reason);
            return Captured { fact, redactions: Vec::new(), gaps };
        }
    };
    let named = named(platform);
    let found = found(root, platform, named, &mut gaps);
    let looks = found.into_par_iter().map(|(path, family)| {
        let look = look(&reader, &path, family);
        (path, look)
    });
    let mut looks: Looks = looks.collect::<Vec<_>>().into_iter().collect();
    let walk =
        Walk { root, files_max: FILES_MAX, read: &|path, family| look(&reader, path, family) };
    let walked = walk.walk(&mut looks, named.map(str::as_bytes));
    say_what_was_met(&walked, &mut gaps);

    // The running ones first: no file beside them can use up what may be recorded.
    let mut pass = Pass::new(redactor);
    let mut order: Vec<_> = looks.into_iter().collect();
    order.sort_by_cached_key(|(path, _)| (!walked.running.contains(path), path.clone()));
    let mut definitions: Vec<_> = order
        .into_iter()
        .map(|(path, look)| {
            let definition = pass.definition(&path, look, walked.running.contains(&path));
            (path, definition)
        })
        .collect();
    definitions.sort_by(|one, other| one.0.cmp(&other.0));
    let definitions: Vec<_> = definitions.into_iter().map(|(_, definition)| definition).collect();
    say_what_is_unknown(&definitions, &mut gaps);
    let fact = match definitions.is_empty() {
        true => Fact::absent(Basis::Read),
        false => Fact::observed(Basis::Read, definitions),
    };
    let mut redactions = pass.redactions;
    redactions.sort();
    redactions.dedup();
    Captured { fact, redactions, gaps }
}

/// The definitions to begin with, and what is to be said of their finding.
fn found(
    root: &Path,
    platform: &Platform,
    named: Option<&str>,
    gaps: &mut Vec<Gap>,
) -> Vec<(Vec<u8>, find::Family)> {
    let mut found = find::find(root, named.filter(|_| platform.kind == Kind::GitLab));
    if !found.whole {
        let reason = "not all folders that hold definitions could be listed: there may be more";
        gaps.push(Gap::without_cure(PART, reason));
    }
    let own = platform.pipeline.definition.as_deref();
    let running =
        named.and_then(|named| found.files.iter().position(|(path, _)| path == named.as_bytes()));
    if named.is_some() && running.is_none() {
        let reason = "the definition that the platform's variables name isn't below the root";
        gaps.push(Gap::new(PART, reason, "check the repository out, and name it with --root"));
    } else if platform.kind == Kind::GitLab && named.is_none() && own.is_some() {
        let reason =
            "the definition that the platform's variables name lies elsewhere: it isn't captured";
        gaps.push(Gap::without_cure(PART, reason));
    }
    if found.files.len() > FILES_MAX {
        let more = found.files.len() - FILES_MAX;
        let reason =
            format!("{} more than {FILES_MAX} were not read", count(more as u64, "definition"));
        gaps.push(Gap::without_cure(PART, reason));
        // Files beside it can't push the running one out.
        if let Some(running) = running {
            let running = found.files.remove(running);
            found.files.insert(0, running);
        }
        found.files.truncate(FILES_MAX);
    }
    found.files
}

fn say_what_was_met(walked: &Walked, gaps: &mut Vec<Gap>) {
    if walked.is_cut {
        let reason = "not all that definitions name below the root was followed: it is too much, too deep, or can't be listed";
        gaps.push(Gap::without_cure(PART, reason));
    }
    let mut say = |number: usize, what: &str, reason: &str| {
        if number > 0 {
            let reason = format!("{} {what} {reason}", count(number as u64, "reference"));
            gaps.push(Gap::without_cure(REFERENCES, reason));
        }
    };
    say(
        walked.elsewhere,
        "to other repositories were not followed:",
        "what those name isn't known",
    );
    say(
        walked.dangling,
        "of the running pipeline name what isn't there below the root:",
        "what they run isn't known",
    );
}

fn say_what_is_unknown(definitions: &[Definition], gaps: &mut Vec<Gap>) {
    let mut say = |number: usize, reason: &str| {
        if number > 0 {
            let reason = format!("{} {reason}", count(number as u64, "definition"));
            gaps.push(Gap::without_cure(PART, reason));
        }
    };
    let troubled = definitions.iter().filter(|definition| definition.trouble.is_some()).count();
    say(troubled, "could not be read whole: what it names from elsewhere isn't known");
    let unclear = definitions
        .iter()
        .filter(|definition| definition.running && definition.unclear.is_some())
        .count();
    say(
        unclear,
        "of the running pipeline could not be understood whole: what starts it, what it may and where it runs may be more than is recorded",
    );
}

/// The definition that the platform's variables name, where that is a plain path below the root.
fn named(platform: &Platform) -> Option<&str> {
    let path = match platform.kind {
        Kind::GitHub => platform.workflow_path.as_deref()?,
        Kind::GitLab => platform.pipeline.definition.as_deref()?,
        Kind::UnknownCi | Kind::Local => return None,
    };
    find::is_plain(path).then_some(path)
}
