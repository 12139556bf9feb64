//! The packages that the system's manager has installed, as its database lists them.
//!
//! dpkg's and apk's databases are text and are read; rpm's is binary, so rpm is asked. A package
//! manager's word is all that this is: nobody compares the installed files with it, and what was copied
//! into place without a manager isn't here.
//!
//! The digest of a set is SHA-256 over one line per package:
//! 1. A line is `NAME VERSION ARCHITECTURE` and a line feed, with one space between the parts; a missing
//!    architecture, and rpm's `(none)`, is `-`.
//! 2. The version is the manager's own text: dpkg's with its epoch if it has one, rpm's as
//!    `EPOCH:VERSION-RELEASE` with epoch 0 where there is none.
//! 3. No part is empty, longer than 255 bytes, or has spaces or control characters: such an entry is
//!    left out and counted in a gap.
//! 4. Lines are sorted by their bytes, and each stands once.
//!
//! Lines are of the packages as they are recorded, so that the digest can be computed from the list.

use std::path::Path;
use std::time::Duration;

use super::Captured;
use super::redact::Redactor;
use crate::base::digest::Sha256Hasher;
use crate::base::process::PassedDescriptors;
use crate::base::text;
use crate::format::evidence::{Package, PackageSet, Packages};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

mod database;
mod parse;
mod rpm;
#[cfg(test)]
mod tests;

/// The part of the evidence.
const PART: &str = "packages";
/// rpm reads a large database in about a second.
const LIMIT: Duration = Duration::from_secs(10);
/// Largest database, in bytes.
const SIZE_MAX: u64 = 64 << 20;
/// Most packages of one manager.
const COUNT_MAX: usize = 200_000;

/// What one manager's database holds.
#[derive(Debug, Default)]
struct Listed {
    packages: Vec<Package>,
    /// Entries that were no packages as they should be.
    malformed: u64,
}

/// Why a database that is there gave nothing.
type Refused = String;

/// Captures the packages of every manager that has a database here.
///
/// `passed` are the descriptors that the build will get; rpm can't be kept from them.
#[must_use]
pub fn capture(redactor: &Redactor, passed: &PassedDescriptors) -> Captured<Packages> {
    capture_below(Path::new("/"), redactor, passed, LIMIT)
}

fn capture_below(
    folder: &Path,
    redactor: &Redactor,
    passed: &PassedDescriptors,
    limit: Duration,
) -> Captured<Packages> {
    let databases = [
        ("apk", database::apk(folder)),
        ("dpkg", database::dpkg(folder)),
        ("rpm", rpm::ask(folder, passed, limit)),
    ];
    let mut found = Packages::new();
    let mut redactions = Vec::new();
    let mut refusals = Vec::new();
    let mut gaps = Vec::new();
    for (manager, listed) in databases {
        match listed {
            None => {}
            Some(Err(reason)) => {
                refusals
                    .push(redactor.scrub(&text::printable(&format!("{manager}: {reason}"))).text);
            }
            Some(Ok(listed)) => {
                if listed.malformed > 0 {
                    let number = listed.malformed;
                    let reason =
                        format!("{manager}: entries of its database that can't be read: {number}");
                    gaps.push(Gap::without_cure(PART, reason));
                }
                found.insert(manager.to_owned(), set(manager, listed, redactor, &mut redactions));
            }
        }
    }
    let fact = if !found.is_empty() {
        Fact::observed(Basis::Read, found)
    } else if refusals.is_empty() {
        Fact::absent(Basis::Read)
    } else {
        Fact::unavailable(Basis::Read, refusals.join("; "))
    };
    gaps.extend(refusals.into_iter().map(|reason| Gap::without_cure(PART, reason)));
    Captured { fact, redactions, gaps }
}

fn set(
    manager: &str,
    listed: Listed,
    redactor: &Redactor,
    redactions: &mut Vec<Withheld>,
) -> PackageSet {
    let mut list = listed.packages;
    if !is_clean(&list, redactor) {
        scrub(manager, &mut list, redactor, redactions);
    }
    list.sort_by_cached_key(line);
    list.dedup();
    let mut hasher = Sha256Hasher::default();
    list.iter().for_each(|package| hasher.update(line(package).as_bytes()));
    PackageSet { count: list.len() as u64, sha256: hasher.finish(), list: Sealable::Inline(list) }
}

fn line(package: &Package) -> String {
    let Package { name, version, architecture } = package;
    format!("{name} {version} {}\n", architecture.as_deref().unwrap_or("-"))
}

/// Whether nothing in the whole list looks like a credential: asked once, for lists are long.
fn is_clean(list: &[Package], redactor: &Redactor) -> bool {
    let all: String = list.iter().map(line).collect();
    redactor.scrub(&all).rules.is_empty()
}

fn scrub(manager: &str, list: &mut [Package], redactor: &Redactor, redactions: &mut Vec<Withheld>) {
    for package in list {
        let Package { name, version, architecture } = package;
        for part in [Some(name), Some(version), architecture.as_mut()].into_iter().flatten() {
            let scrubbed = redactor.scrub(part);
            redactions.extend(scrubbed.rules.iter().map(|rule| Withheld {
                place: format!("package of {manager}"),
                rule: rule.id().to_owned(),
            }));
            // The mark has a space, which would be one part more in the line.
            *part = scrubbed.text.replace(' ', "");
        }
    }
    redactions.sort_unstable();
    redactions.dedup();
}
