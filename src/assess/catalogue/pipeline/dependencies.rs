//! What the build takes from elsewhere: dependencies and caches.

use crate::assess::catalogue::parts::{missing, several, shown};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::Dependencies;
use crate::format::fact::Status;

static LOCK_DEPENDENCIES: Remedy = Remedy {
    id: "lock-dependencies",
    text: "Commit a lockfile with checksums beside every manifest, and build with it alone. Take the line for your ecosystem.",
    lines: &[
        Lines {
            place: "Cargo",
            language: "sh",
            text: "cargo generate-lockfile\ncargo build --locked",
        },
        Lines { place: "npm", language: "sh", text: "npm install --package-lock-only\nnpm ci" },
        Lines {
            place: "pip",
            language: "sh",
            text: "pip-compile --generate-hashes requirements.in\npip install --require-hashes -r requirements.txt",
        },
        Lines { place: "Go", language: "sh", text: "go mod tidy\ngo build -mod=readonly ./..." },
        Lines {
            place: "Gradle",
            language: "sh",
            text: "gradle dependencies --write-locks\ngradle --write-verification-metadata sha256 help",
        },
        Lines {
            place: "Bundler",
            language: "sh",
            text: "bundle lock --add-checksums\nbundle config set frozen true",
        },
    ],
};

static DIGEST_CACHES: Remedy = Remedy {
    id: "digest-caches",
    text: "Build releases without caches from earlier runs, or have them hashed.",
    lines: &[Lines { place: "proofmark.toml", language: "toml", text: "[caches]\ndigest = true" }],
};

pub(super) const LOCKED: Question = Question {
    id: "dependencies-are-locked",
    title: "Dependencies are locked",
    asks: "Does a lockfile pin the dependencies of every manifest, and could each be read to its end?",
    claims: &[],
    reads: &["dependencies"],
    proves: "That each dependency's version was written down before the build.",
    not: "That the build kept to it: a lockfile says what was asked for, not what was fetched.",
    remedy: &LOCK_DEPENDENCIES,
    failure: Failure::Weakens,
    answer: Answer::Evidence(dependencies_are_locked),
};

pub(super) const CHECKSUMS: Question = Question {
    id: "dependencies-have-checksums",
    title: "Dependencies have checksums",
    asks: "Has every dependency from elsewhere a checksum in a lockfile?",
    claims: &[],
    reads: &["dependencies"],
    proves: "That another content under the same version would be noticed by whatever fetches it.",
    not: "That the content which was locked is free of harm, or that the build checked it.",
    remedy: &LOCK_DEPENDENCIES,
    failure: Failure::Weakens,
    answer: Answer::Evidence(dependencies_have_checksums),
};

pub(super) const CACHES: Question = Question {
    id: "caches-are-recorded",
    title: "Caches are recorded",
    asks: "Was no cache of an earlier run there, or is there a digest of each?",
    claims: &[],
    reads: &["inputs.caches"],
    proves: "What lay in the known caches outside of the root when the build began. Those below the root are among the inputs.",
    not: "That there are no other caches, or that what lies in them is what was fetched.",
    remedy: &DIGEST_CACHES,
    failure: Failure::Weakens,
    answer: Answer::Evidence(caches_are_recorded),
};

/// The lockfiles; the answer where there are none.
pub(in crate::assess::catalogue) fn dependencies<'a>(
    facts: &'a Facts<'_>,
) -> Result<&'a Dependencies, Found> {
    match facts.dependencies.get() {
        Some(dependencies) => Ok(dependencies),
        None if facts.dependencies.status == Status::Absent => {
            // Files that weren't listed, and folders that were passed over, may have some.
            Err(match facts.gaps.iter().find(|gap| gap.part == "dependencies") {
                Some(gap) => Found::unknown(format!("no manifest or lockfile; {}", gap.reason)),
                None => Found::not_applicable("the project has no manifest and no lockfile"),
            })
        }
        None => Err(missing(facts, "the dependencies", &facts.dependencies)),
    }
}

/// Lockfiles that couldn't be read, or not to their end: what they name isn't counted.
pub(in crate::assess::catalogue) fn unread(dependencies: &Dependencies) -> Vec<&str> {
    let unread = dependencies.lockfiles.iter().filter(|file| file.trouble.is_some());
    unread.map(|file| shown(&file.path)).collect()
}

fn dependencies_are_locked(facts: &Facts<'_>) -> Found {
    let dependencies = match dependencies(facts) {
        Ok(dependencies) => dependencies,
        Err(found) => return found,
    };
    let unlocked: Vec<&str> = dependencies.unlocked.iter().map(|one| shown(&one.path)).collect();
    let unread = unread(dependencies);
    let found = match (unlocked.len() as u64, unread.len() as u64) {
        (0, 0) => Found::pass(format!(
            "{} for every manifest, read to the end",
            count(dependencies.lockfiles.len() as u64, "lockfile")
        )),
        (0, troubled) => Found::fail(format!(
            "expected lockfiles that can be read to their end, found {} that can't",
            count(troubled, "lockfile")
        )),
        (open, _) => Found::fail(format!(
            "expected a lockfile for every manifest, found {} without one",
            count(open, "manifest")
        )),
    };
    found
        .at("/dependencies/value/unlocked")
        .at("/dependencies/value/lockfiles")
        .value("lockfiles", dependencies.lockfiles.len().to_string())
        .value("manifests without one", several(unlocked))
        .value("not read to the end", several(unread))
}

fn dependencies_have_checksums(facts: &Facts<'_>) -> Found {
    let dependencies = match dependencies(facts) {
        Ok(dependencies) => dependencies,
        Err(found) => return found,
    };
    let without = dependencies.without_checksum;
    let unread = unread(dependencies);
    let lockfiles = dependencies.lockfiles.iter().filter(|file| file.without_checksum > 0);
    let lockfiles = several(lockfiles.map(|file| shown(&file.path)));
    let found = if without > 0 {
        Found::fail(format!(
            "expected a checksum of each of {}, found none for {without}",
            dependencies_of(dependencies.count)
        ))
        .value("lockfiles", lockfiles)
    } else if let Some(first) = unread.first() {
        return Found::unknown(format!("{first} couldn't be read to its end"));
    } else if dependencies.count == 0 && !dependencies.unlocked.is_empty() {
        return Found::unknown("no lockfile names any dependency, and a manifest asks for some");
    } else {
        Found::pass(format!(
            "each of {} that comes from elsewhere has a checksum",
            dependencies_of(dependencies.count)
        ))
    };
    found
        .at("/dependencies/value/without_checksum")
        .at("/dependencies/value/count")
        .value("dependencies", dependencies.count.to_string())
        .value("without a checksum", without.to_string())
}

fn dependencies_of(number: u64) -> String {
    match number {
        1 => "1 dependency".to_owned(),
        more => format!("{more} dependencies"),
    }
}

fn caches_are_recorded(facts: &Facts<'_>) -> Found {
    let Some(inputs) = facts.inputs.get() else {
        return missing(facts, "the inputs", &facts.inputs);
    };
    let Some(caches) = inputs.caches.get() else {
        return missing(facts, "caches", &inputs.caches);
    };
    let without = caches.present.iter().filter(|(_, cache)| cache.root.is_none());
    let without: Vec<&str> = without.map(|(name, _)| name.as_str()).collect();
    let found = match (caches.present.len(), without.len()) {
        (0, _) => Found::pass("none of the known caches was there"),
        (_, 0) => Found::pass("there is a digest of every cache that was there"),
        _ => Found::fail(format!(
            "expected no cache, or a digest of each, found without one: {}",
            several(without)
        )),
    };
    found
        .at("/inputs/value/caches/value/present")
        .value("present", several(caches.present.keys()))
        .value("looked for and not there", caches.absent.len().to_string())
}
