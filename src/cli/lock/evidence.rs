//! `--from`: each lane's newest build in an evidence file, verified, with its sealed parts where they are at
//! hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::environment::Subject;
use crate::base::dirs;
use crate::base::file::{self, FileError, Overwrite};
use crate::base::text::{count, printable_path};
use crate::cli::check_args::public_key;
use crate::cli::failure::{Failure, Fault};
use crate::cli::talk::Talk;
use crate::format::bundle::FILE_MAX;
use crate::format::evidence::{BUILD_EVIDENCE, Bracket, BuildEvidence, Lane, Outcome};
use crate::format::key::{KEY_FILE_MAX, PublicKey};
use crate::format::section::{self, SealRef, sealed_parts};
use crate::format::statement::Statement;
use crate::read;
use crate::verify::{Trust, authenticate};
use crate::write::Destination;

/// The parts that a lock is compared with.
const PARTS: [&str; 3] = ["environment.", "tools.", "packages."];

/// The newest build of each lane.
///
/// What failed isn't approved: only builds that succeeded count, unless it is for `--check`.
pub(super) fn subjects(
    path: &Path,
    trusted: &[String],
    check: bool,
    talk: Talk,
) -> Result<Vec<Subject>, Failure> {
    let shown = printable_path(path);
    // In a check nothing to verify with is "could not tell".
    let fault = if check { Fault::CouldNotTell } else { Fault::Trouble };
    let fail = |why: &str| Failure::new(fault, format_args!("--from {shown}: {why}"));
    let trust = trust(trusted)?;
    let evidence =
        read::regular(path).map_err(|error| Failure::usage(format_args!("--from: {error}")))?;
    // Taking the signature away, or breaking its line, must not make a forgery acceptable.
    let mixed = !evidence.lines.is_empty()
        || !evidence.malformed.is_empty()
        || !evidence.passed_over.is_empty();
    if !evidence.unsigned.is_empty() && (mixed || !trusted.is_empty()) {
        let why = if mixed { "it has other lines too" } else { "a key was named for it" };
        let why =
            format!("expected signed evidence, as {why}, found a statement that nobody signed");
        return Err(fail(&why)
            .hint("give the file as the build wrote it; for an unsigned capture name no key"));
    }
    let checked = match (&trust, evidence.lines.is_empty()) {
        (_, true) => None,
        (Some(trust), false) => Some(authenticate(&evidence, trust)),
        (None, false) => {
            // Who forgot the key is told so; a check can't tell without one.
            let fault = if check { Fault::CouldNotTell } else { Fault::Usage };
            let message =
                format_args!("--from {shown}: it is signed, and there is no key to check it with");
            return Err(Failure::new(fault, message)
                .hint("name the public key of the job that signed it: --trust-key build.pub"));
        }
    };
    let verified = checked.iter().flat_map(|set| &set.verified).map(|verified| verified.get());
    let mut statements: Vec<&Statement> = verified.collect();
    if statements.is_empty() && !evidence.lines.is_empty() {
        return Err(fail(
            "expected a signature by a key that is trusted, found none that verifies",
        )
        .hint("name the public key of the job that signed it: --trust-key build.pub"));
    }
    if !evidence.unsigned.is_empty() {
        talk.notice(format_args!(
            "--from {shown}: nobody signed it, so that anyone may have written what is proposed: the review is all that stands between it and the lock"
        ));
        statements.extend(evidence.unsigned.iter().map(|unsigned| unsigned.statement.show()));
    }
    let opened = open_sections(path, &statements).map_err(|why| {
        fail(&why).hint("give the sections that were written beside this evidence, or none")
    })?;
    let builds: Vec<_> = statements
        .into_iter()
        .filter(|statement| statement.predicate_type == BUILD_EVIDENCE)
        .map(|statement| build(statement, &opened, &shown, talk))
        .collect::<Result<_, _>>()
        .map_err(|why| fail(&why))?;
    if builds.is_empty() {
        return Err(fail("expected build evidence, found none")
            .hint("give the file that proofmark wrote when it built"));
    }
    let all = builds.len();
    let usable: Vec<_> = builds.into_iter().filter(|build| check || is_to_approve(build)).collect();
    match (usable.len(), all - usable.len()) {
        (0, _) => {
            return Err(fail("expected a build that succeeded, found none: what failed, or was not seen, isn't approved")
                .hint("give the evidence of a build that went well; --check compares any"));
        }
        (_, 0) => {}
        (_, passed) => talk.notice(format_args!(
            "--from {shown}: {} passed over: what didn't succeed isn't approved",
            count(passed as u64, "build")
        )),
    }
    newest(usable).map_err(|why| fail(&why))
}

fn is_to_approve(evidence: &BuildEvidence) -> bool {
    evidence.build.outcome == Outcome::Succeeded && evidence.build.bracket != Bracket::None
}

/// The keys that were named, else the public half of the user's own.
fn trust(trusted: &[String]) -> Result<Option<Trust>, Failure> {
    let mut keys = Vec::new();
    for text in trusted {
        keys.push(public_key("--trust-key", text)?);
    }
    if keys.is_empty()
        && let Some(path) = dirs::config().map(|folder| folder.join("key.pem.pub"))
    {
        match file::read_regular(&path, KEY_FILE_MAX) {
            Ok(text) => {
                keys.push(PublicKey::parse(&String::from_utf8_lossy(&text)).map_err(|error| {
                    Failure::usage(format_args!("{}: {error}", printable_path(&path)))
                })?)
            }
            Err(FileError::NotFound { .. }) => {}
            Err(error) => return Err(Failure::usage(error)),
        }
    }
    if keys.is_empty() {
        return Ok(None);
    }
    Trust::new(keys, 1).map(Some).map_err(Failure::usage)
}

/// Where the sealed parts of a file lie.
fn sections_of(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str());
    let stem = name.and_then(|name| name.strip_suffix(".unsigned.jsonl"));
    let signed = stem.map(|stem| path.with_file_name(format!("{stem}.sigstore.jsonl")));
    let signed = signed.as_deref().unwrap_or(path);
    Destination::new(signed, Overwrite::Never).sections().to_owned()
}

type Opened = BTreeMap<SealRef, serde_json::Value>;

/// Sections that don't fit are of another build, or were altered: nothing is approved on their word.
fn open_sections(path: &Path, statements: &[&Statement]) -> Result<Opened, String> {
    let sections = sections_of(path);
    let bytes = match file::read_regular(&sections, FILE_MAX) {
        Err(FileError::NotFound { .. }) => return Ok(Opened::new()),
        other => other.map_err(|error| format!("its sections: {error}"))?,
    };
    let mut parts: Vec<_> =
        statements.iter().flat_map(|statement| sealed_parts(&statement.predicate)).collect();
    parts.sort();
    parts.dedup();
    section::open(&bytes, &parts).map_err(|error| format!("{}: {error}", printable_path(&sections)))
}

fn build(
    statement: &Statement,
    opened: &Opened,
    shown: &str,
    talk: Talk,
) -> Result<BuildEvidence, String> {
    let mut predicate = statement.predicate.clone();
    section::unseal(&mut predicate, opened);
    let sealed: BTreeSet<_> = sealed_parts(&predicate).into_iter().map(|part| part.place).collect();
    let sealed = sealed.iter().filter(|place| PARTS.iter().any(|part| place.starts_with(part)));
    match sealed.count() as u64 {
        0 => {}
        number => talk.notice(format_args!(
            "--from {shown}: {} not at hand: what the lock has of it is neither approved nor taken back; the build's sections file beside the evidence opens it",
            count(number, "sealed part")
        )),
    }
    // Its words would repeat values.
    serde_json::from_value(predicate)
        .map_err(|_unshown| "the build evidence isn't as this version knows it".to_owned())
}

fn newest(builds: Vec<BuildEvidence>) -> Result<Vec<Subject>, String> {
    let mut lanes: BTreeMap<Lane, BuildEvidence> = BTreeMap::new();
    for build in builds {
        let Some(lane) = build.lane.get().cloned() else {
            return Err("the evidence doesn't say which lane it is of".to_owned());
        };
        match lanes.get(&lane) {
            Some(known) if known.build.finished > build.build.finished => {}
            _ => {
                lanes.insert(lane, build);
            }
        }
    }
    let subject = |(lane, evidence): (Lane, BuildEvidence)| Subject {
        lane,
        on: evidence.build.started,
        pipeline: evidence.pipeline,
        environment: evidence.environment,
        tools: evidence.tools,
        packages: evidence.packages,
    };
    Ok(lanes.into_iter().map(subject).collect())
}
