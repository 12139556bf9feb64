//! What `run`, `begin`, `finish` and `attest` share: a bracket is opened, kept, closed and concluded.

mod beside;
mod changes;
mod close;
mod conclude;
mod drift;
mod log;
mod open;
mod policy;
mod state;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::capture_args::{Scope, Wanted};
use super::failure::Failure;
use super::keys::Keys;
use super::talk::Talk;
use crate::base::text::printable_path;
use crate::base::time::Time;
use crate::base::tree::{Tree, Walk};
use crate::capture::environment::Variables;
use crate::capture::git::Classes;
use crate::capture::platform::Platform;
use crate::capture::redact::{Redactor, Scrubbed};
use crate::capture::tools;
use crate::format::evidence::{
    Caches, Custody, Dependencies, Environment, Packages, Source, Tool, Tools,
};
use crate::format::fact::{Fact, Gap, Withheld};
use crate::format::statement::Subject;
use crate::write::Destination;

pub(super) use changes::{Logged, counting};
pub(super) use close::{Close, CloseArgs, Closed};
pub(super) use conclude::{Conclusion, Held, conclude, signing, unsigned};
pub(super) use drift::{judge_after, line, propose};
pub(super) use log::lock_path;
pub(super) use open::{Open, attested, in_lane, own_tool, surveyed};
pub(super) use policy::{both, judge_policy};
pub(super) use state::Session;

/// What is learnt when a bracket opens, beside the files.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    /// 128 random bits in hexadecimal.
    pub(super) id: String,
    pub(super) started: Time,
    /// The same in nanoseconds, before the first look.
    pub(super) opened: i64,
    pub(super) wanted: Wanted,
    pub(super) platform: Platform,
    pub(super) logged: Logged,
    pub(super) custody: Fact<Custody>,
    pub(super) source: Fact<Source>,
    pub(super) caches: Fact<Caches>,
    pub(super) dependencies: Fact<Dependencies>,
    pub(super) environment: Environment,
    pub(super) tools: Fact<Tools>,
    /// By what their files are known again; no part of the evidence.
    pub(super) tool_stamps: tools::Stamps,
    pub(super) packages: Fact<Packages>,
    pub(super) opened_by: Tool,
    pub(super) redactions: Vec<Withheld>,
    pub(super) gaps: Vec<Gap>,
}

/// An open bracket.
pub(super) struct Opening {
    pub(super) facts: Facts,
    pub(super) before: Tree,
    /// What git makes of the paths.
    pub(super) classes: Option<Classes>,
}

/// Knows the values of all variables whose names tell, so that none of them shows up elsewhere.
pub(super) fn redactor(variables: &Variables) -> Redactor {
    let pairs: Vec<_> = variables.lossy().collect();
    Redactor::from_variables(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Notes what was withheld of a text, and gives the rest.
pub(super) fn note(scrubbed: Scrubbed, place: &str, withheld: &mut Vec<Withheld>) -> String {
    withheld.extend(
        scrubbed
            .rules
            .iter()
            .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
    );
    scrubbed.text
}

/// The paths below the root that are never inputs: our own outputs and the keys.
pub(super) fn never_inputs(scope: &Scope, destination: &Destination, keys: &Keys) -> Vec<PathBuf> {
    let own = destination.all().map(PathBuf::from);
    let given = own.iter().chain(&keys.files).filter_map(|path| scope.relative(path));
    given.chain(scope.wanted.own_files.iter().map(PathBuf::from)).collect()
}

/// What the evidence says was left out, and what was withheld of that.
pub(super) fn exclusions(
    scope: &Scope,
    never: &[PathBuf],
    redactor: &Redactor,
) -> (Vec<String>, Vec<Withheld>) {
    let mut withheld = Vec::new();
    let mut excluded = Vec::new();
    for (index, pattern) in scope.wanted.excluded.iter().enumerate() {
        let place = format!("inputs.excluded, pattern {index}");
        excluded.push(note(redactor.scrub(pattern), &place, &mut withheld));
    }
    excluded.extend(never.iter().map(|path| printable_path(path)));
    (excluded, withheld)
}

/// A subject's name is what verifiers look for: it can't be withheld, so such a file is no artefact.
pub(super) fn refuse_secret_names(
    subjects: &[Subject],
    redactor: &Redactor,
) -> Result<(), Failure> {
    for subject in subjects {
        let name = subject.name.as_deref().unwrap_or_default();
        if let Some(rule) = redactor.scrub(name).rules.first() {
            let message = format_args!(
                "an artefact's name looks like a credential ({rule}), and evidence is published; it isn't shown"
            );
            return Err(Failure::trouble(message)
                .hint("rename the file, or give the artefact a name: -a SRC=NAME"));
        }
    }
    Ok(())
}

/// Looks at the files of the root, in either look, with a spinner of that name.
fn look<T>(
    (scope, never): (&Scope, &[PathBuf]),
    stop: &(dyn Fn() -> bool + Sync),
    (talk, what): (Talk, &'static str),
    pass: impl FnOnce(&Walk<'_>) -> T,
) -> T {
    let progress = talk.progress(what);
    let report = progress.report();
    pass(&Walk { root: &scope.root, exclude: &scope.exclude, skip: never, stop, progress: &report })
}
