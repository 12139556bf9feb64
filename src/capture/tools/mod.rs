//! The tools that a build finds along `PATH`: which files they are, before and after it, and what they
//! say of themselves.
//!
//! A name is looked up as a shell does it, and followed behind links and shims to the file whose digest
//! is recorded. Shims are followed by their own rules for the project's root:
//! - rustup: `RUSTUP_TOOLCHAIN`, overrides, `rust-toolchain(.toml)` at the root and above, the default;
//! - pyenv, rbenv and their kin: their variable, their file at the root and above, their own choice;
//! - ccache and its kin: the next program of that name along `PATH`.
//!
//! Not followed are asdf, mise, volta, proto and corepack: what they would run depends on settings that
//! are programs themselves. Then the digest is of the shim, and a gap says so.
//!
//! What isn't seen: a choice that the build makes itself (`cargo +nightly`, a `rust-toolchain.toml` in a
//! folder below the root, a variable or a `PATH` that a script sets), a tool called by its path, a
//! shell's functions and built-ins, and what a tool loads in turn: `gcc` starts `cc1`, `rustc` loads a
//! library that is the compiler, a script's interpreter is another tool. A digest is of one file.
//!
//! Versions are learnt by [`crate::base::process::probe`], and only of tools that neither the project nor a stranger
//! can have put there: one below the root would be the project's code that runs with our rights. Nor is
//! a tool run where that could download something; the table says which.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Captured;
use super::environment::Variables;
use super::redact::{Redactor, Scrubbed};
use crate::base::process::PassedDescriptors;
use crate::base::text::{self, lossless, printable};
use crate::format::evidence::{ToolFact, ToolPath, Tools};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

mod ask;
mod digests;
mod find;
mod gaps;
mod rustup;
mod shims;
mod table;
/// Some tools name all that they were built with.
fn shortened(text: String) -> String {
    if text.chars().count() <= VERSION_MAX {
        return text;
    }
    let start: String = text.chars().take(VERSION_MAX.saturating_sub(3)).collect();
    format!("{start}...")
}

#[cfg(test)]
#[cfg(unix)]
mod tests;

use ask::{Asker, Job};
use digests::Digests;
pub use digests::Stamps;
use find::{Found, Search};
use gaps::{Gaps, Why};

/// How long a tool may take to say its version.
const LIMIT: Duration = Duration::from_secs(5);
/// Longest version, in characters.
const VERSION_MAX: usize = 200;
/// Largest file that is hashed, in bytes.
const FILE_MAX: u64 = 1 << 30;
/// Most names that the configuration may add.
const ALSO_MAX: usize = 200;
/// What a redactor puts in the place of what it withholds begins with this.
const MARK: &str = "[withheld";

/// Captures the tools before the build. `also` are names from the configuration, asked with `--version`.
///
/// `passed` are the descriptors that the build will get; tools that are asked can't be kept from them,
/// and no other reaches them. The stamps are for [`after`].
#[must_use]
pub fn before(
    variables: &Variables,
    root: &Path,
    also: &[String],
    redactor: &Redactor,
    passed: &PassedDescriptors,
) -> (Captured<Tools>, Stamps) {
    before_within(LIMIT, variables, root, also, redactor, passed)
}

fn before_within(
    limit: Duration,
    variables: &Variables,
    root: &Path,
    also: &[String],
    redactor: &Redactor,
    passed: &PassedDescriptors,
) -> (Captured<Tools>, Stamps) {
    let search = match Search::new(variables, root) {
        Ok(search) => search,
        Err(reason) => {
            let gaps = vec![Gap::without_cure("tools", reason.clone())];
            let fact = Fact::unavailable(Basis::Read, reason);
            return (Captured { fact, redactions: Vec::new(), gaps }, Stamps::default());
        }
    };
    let mut gaps = Gaps::default();
    let mut names: BTreeMap<&str, table::Ask> = table::TABLE.iter().copied().collect();
    for name in also.iter().take(ALSO_MAX) {
        let scrubbed = redactor.scrub(&printable(name));
        // A token that was put in the place of a name is no name.
        if table::is_plain(name) && scrubbed.rules.is_empty() {
            names.entry(name).or_insert(table::OTHER);
        } else {
            gaps.add(Why::NotPlain, &scrubbed.text);
        }
    }
    if also.len() > ALSO_MAX {
        gaps.add(Why::TooMany, &text::count((also.len() - ALSO_MAX) as u64, "name"));
    }
    let found: Vec<(&str, table::Ask, Found)> =
        names.iter().filter_map(|(name, ask)| Some((*name, *ask, search.resolve(name)?))).collect();
    for (name, _) in names.iter().filter(|(name, _)| also.iter().any(|also| also == *name)) {
        if found.binary_search_by_key(name, |(name, ..)| name).is_err() {
            gaps.add(Why::NotFound, name);
        }
    }

    let jobs: Vec<Job<'_>> =
        found.iter().map(|(name, ask, found)| Job { name, found, ask: *ask }).collect();
    let files = found.iter().map(|(.., found)| found.file.as_path());
    let (said, digests) =
        Asker::new(&search, passed, limit).all(&jobs, || Digests::of(files.clone()));

    let mut redactions = Vec::new();
    let mut note = |scrubbed: Scrubbed, what: &str, name: &str| {
        redactions.extend(scrubbed.rules.iter().map(|rule| Withheld {
            place: format!("{what} of {name}"),
            rule: rule.id().to_owned(),
        }));
        scrubbed.text
    };
    let mut tools = Tools::default();
    let mut stamps = Stamps::default();
    let mut paths = BTreeMap::new();
    for ((name, _, found), said) in found.iter().zip(said) {
        let version = said.unwrap_or_else(|why| {
            gaps.add(why, name);
            None
        });
        // A tool may say how it was called, flags and all.
        let version =
            version.map(|text| note(redactor.scrub_variable("version", &text), "version", name));
        tools.list.push(ToolFact {
            name: (*name).to_owned(),
            version: version.map(shortened),
            sha256_before: digests.get(&found.file, name, &mut gaps),
            sha256_after: None,
            changed_during_build: false,
            shim: found.shim.map(str::to_owned),
        });
        stamps.note(name, &found.file, &digests);
        let found = texts(found);
        let path = ToolPath {
            found: note(redactor.scrub(&found.found), "path", name),
            file: note(redactor.scrub(&found.file), "path", name),
        };
        paths.insert((*name).to_owned(), path);
    }
    tools.paths = Sealable::Inline(paths);
    let fact = Fact::observed(Basis::Read, tools);
    (Captured { fact, redactions, gaps: gaps.into_list() }, stamps)
}

/// What the second look found beside the tools themselves.
#[derive(Debug)]
pub struct After {
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// How many files were read to tell.
    pub hashed: usize,
}

/// Looks at the tools once more when the build has ended. Runs nothing.
///
/// A file is read only where its stamp among `stamps` doesn't hold any more, or was too young to be believed
/// when the bracket opened, at `opened`: as with the files of the tree. With `rehash` all are read.
///
/// A usual tool that wasn't there before is added, with the digest of now and marked as changed. Names
/// of the configuration that were not found before are not looked for again.
pub fn after(
    tools: &mut Tools,
    variables: &Variables,
    root: &Path,
    stamps: &Stamps,
    opened: i64,
    rehash: bool,
) -> After {
    let search = match Search::new(variables, root) {
        Ok(search) => search,
        Err(reason) => {
            return After { gaps: vec![Gap::without_cure("tools", reason)], hashed: 0 };
        }
    };
    let mut gaps = Gaps::default();
    let is_known = |name: &str| tools.list.iter().any(|tool| tool.name == name);
    let new: Vec<(&str, Found)> = table::TABLE
        .iter()
        .filter(|(name, _)| !is_known(name))
        .filter_map(|(name, _)| Some((*name, search.resolve(name)?)))
        .collect();
    let is_untouched = |tool: &ToolFact, found: &Found| {
        let known = !rehash && tool.sha256_before.is_some();
        known && stamps.still_hold(&tool.name, &found.file, opened)
    };
    // A name that isn't there any more, and a file that is as it was, are not read.
    let look = |tool: &ToolFact| {
        let found = search.resolve(&tool.name)?;
        let untouched = is_untouched(tool, &found);
        Some((found, untouched))
    };
    let now: Vec<Option<(Found, bool)>> = tools.list.iter().map(look).collect();
    let touched = now.iter().flatten().filter(|(_, untouched)| !untouched).map(|(found, _)| found);
    let files = touched.chain(new.iter().map(|(_, found)| found));
    let digests = Digests::of(files.map(|found| found.file.as_path()));

    for (tool, found) in tools.list.iter_mut().zip(now) {
        let Some((found, untouched)) = found else {
            tool.changed_during_build = true;
            continue;
        };
        tool.sha256_after = match untouched {
            true => tool.sha256_before,
            false => digests.get(&found.file, &tool.name, &mut gaps),
        };
        let recorded = tools.paths.inline().and_then(|paths| paths.get(&tool.name));
        let moved = recorded.is_some_and(|recorded| {
            let now = texts(&found);
            // What was withheld of a path can't be compared.
            let differs = |then: &str, now: &str| !then.contains(MARK) && then != now;
            differs(&recorded.found, &now.found) || differs(&recorded.file, &now.file)
        });
        // A file that could not be read before and can be now says nothing of a change.
        let differs = tool.sha256_before.is_some() && tool.sha256_after != tool.sha256_before;
        tool.changed_during_build = moved || differs;
    }
    for (name, found) in new {
        gaps.add(Why::New, name);
        tools.list.push(ToolFact {
            name: name.to_owned(),
            version: None,
            sha256_before: None,
            sha256_after: digests.get(&found.file, name, &mut gaps),
            changed_during_build: true,
            shim: found.shim.map(str::to_owned),
        });
    }
    tools.list.sort_by(|one, two| one.name.cmp(&two.name));
    After { gaps: gaps.into_list(), hashed: digests.len() }
}

fn texts(found: &Found) -> ToolPath {
    let text = |path: &PathBuf| lossless(path.as_os_str());
    ToolPath { found: text(&found.found), file: text(&found.file) }
}
