//! One of the two builds: found in its file, verified, with the sealed parts that are at hand.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::base::digest::Sha256;
use crate::base::text::Printable;
use crate::cli::builds::{self, Loaded, Named, NotVerified};
use crate::cli::failure::{Failure, Fault};
use crate::cli::sections;
use crate::cli::verify::label;
use crate::drift;
use crate::format::evidence::{BUILD_EVIDENCE, BuildEvidence};
use crate::format::section::{Opened, SealedPart, sealed_parts, unseal};
use crate::format::statement::Statement;
use crate::verify::{Trust, Verified};

/// Most builds that are named where one is to be chosen.
const NAMED_MAX: usize = 20;
/// Fewest digits of a digest that choose a build.
const DIGITS_MIN: usize = 6;

/// One of the two builds.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) file: String,
    pub(super) payload: Sha256,
    pub(super) signers: Vec<String>,
    pub(super) evidence: BuildEvidence,
    /// How many of its sealed parts are open, and of how many.
    pub(super) sections: (usize, usize),
    /// What else in its file may be a build and isn't verified.
    pub(super) not_verified: Vec<NotVerified>,
    pub(super) notes: Vec<String>,
}

impl Side {
    /// Whether `digest` is a name of it.
    pub(super) fn is(&self, digest: Sha256) -> bool {
        let captured = self.evidence.custody.get().and_then(|custody| custody.captured);
        digest == self.payload || Some(digest) == captured
    }
}

/// A verified build, its sealed parts still closed.
pub(super) struct Chosen {
    path: PathBuf,
    payload: Sha256,
    signers: Vec<String>,
    predicate: Value,
    not_verified: Vec<NotVerified>,
}

/// The one verified build of a file, or of several the one that `FILE@DIGEST` names.
pub(super) fn choose(argument: &Path, trust: &Trust) -> Result<Chosen, Failure> {
    let (path, digits) = split(argument);
    let Loaded { authenticated, mut not_verified, .. } = builds::load(&path, Named::Yes, trust)
        .map_err(|not| {
            Failure::new(Fault::CouldNotTell, format_args!("{}: {}", not.file, not.why))
                .hint("give an evidence file, such as proofmark.sigstore.jsonl")
        })?;
    let threshold = authenticated.threshold();
    let mut fitting: Vec<&Verified<Statement>> = Vec::new();
    for statement in &authenticated.verified {
        let digest = statement.payload_digest();
        if statement.get().predicate_type != BUILD_EVIDENCE
            || digits.as_ref().is_some_and(|digits| !digest.to_string().starts_with(digits))
        {
            continue;
        }
        let signers = statement.signers().len();
        if signers >= threshold {
            fitting.push(statement);
        } else {
            not_verified.push(NotVerified {
                file: label(&path),
                line: statement.lines().first().copied(),
                why: builds::too_few(signers, threshold),
            });
        }
    }
    let [one] = fitting.as_slice() else {
        return Err(not_one(&path, &fitting, digits.as_deref(), &not_verified));
    };
    // Whoever names a build by its digest has chosen it among whatever else is there.
    if digits.is_some() {
        not_verified.clear();
    }
    Ok(Chosen {
        payload: one.payload_digest(),
        signers: one.signers().iter().map(ToString::to_string).collect(),
        predicate: one.get().predicate.clone(),
        path,
        not_verified,
    })
}

/// `FILE@DIGEST`, where no file has that whole name.
fn split(argument: &Path) -> (PathBuf, Option<String>) {
    let parts = argument.to_str().filter(|_| !argument.exists());
    let parts = parts.and_then(|text| text.rsplit_once('@')).filter(|(path, digits)| {
        let digits = digits.as_bytes();
        !path.is_empty()
            && (DIGITS_MIN..=64).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_hexdigit)
    });
    match parts {
        Some((path, digits)) => (PathBuf::from(path), Some(digits.to_ascii_lowercase())),
        None => (argument.to_owned(), None),
    }
}

fn not_one(
    path: &Path,
    fitting: &[&Verified<Statement>],
    digits: Option<&str>,
    not_verified: &[NotVerified],
) -> Failure {
    let file = label(path);
    let with = digits.map(|digits| format!(" whose digest begins with {digits}"));
    let with = with.unwrap_or_default();
    if fitting.is_empty() {
        let why = not_verified.first().map(|not| match not.line {
            Some(line) => format!(" (line {line}: {})", not.why),
            None => format!(" ({})", not.why),
        });
        let why = why.unwrap_or_default();
        return Failure::new(
            Fault::CouldNotTell,
            format_args!("no verified build evidence{with} in {file}{why}"),
        )
        .hint("give a file with the evidence of one build, and the key that signed it");
    }
    let mut names: Vec<String> = fitting
        .iter()
        .take(NAMED_MAX)
        .map(|statement| {
            let digest: String = statement.payload_digest().to_string().chars().take(12).collect();
            let id = statement.get().predicate.pointer("/build/id").and_then(Value::as_str);
            format!("{file}@{digest} (build {})", Printable(id.unwrap_or("without id")))
        })
        .collect();
    let more = fitting.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    Failure::usage(format_args!("expected one build{with} in {file}, found {}", fitting.len()))
        .hint(format!("choose one: {}", names.join("; ")))
}

/// Opens what is at hand of the sealed parts: files that were named, each line of which must be sealed by one of
/// the two, and what lies beside the evidence and fits.
pub(super) fn open(chosen: [Chosen; 2], files: &[PathBuf]) -> Result<[Side; 2], Failure> {
    let parts = chosen.each_ref().map(|chosen| sealed_parts(&chosen.predicate));
    let mut both: Vec<SealedPart> = parts.iter().flatten().cloned().collect();
    both.sort();
    both.dedup();
    let mut named = Opened::default();
    for file in files {
        take(&mut named, sections::open(file, &both, drift::reads)?);
    }
    let [old, new] = chosen;
    let [of_old, of_new] = parts;
    Ok([side(old, &of_old, &named)?, side(new, &of_new, &named)?])
}

fn take(all: &mut Opened, more: Opened) {
    all.contents.extend(more.contents);
    all.passed_over.extend(more.passed_over);
}

fn side(chosen: Chosen, parts: &[SealedPart], named: &Opened) -> Result<Side, Failure> {
    let mut notes = Vec::new();
    let mut opened = named.clone();
    match sections::beside(&chosen.path, parts, drift::reads) {
        Ok(beside) => take(&mut opened, beside),
        Err(why) => notes.push(why),
    }
    let open = parts.iter().filter(|part| opened.has(&part.seal)).count();
    let mut predicate = chosen.predicate;
    unseal(&mut predicate, &opened.contents);
    let file = label(&chosen.path);
    let evidence = serde_json::from_value(predicate).map_err(|error| {
        let message =
            format_args!("{file}: verified, and can't be read as build evidence: {error}");
        Failure::new(Fault::CouldNotTell, message)
            .hint("a newer proofmark may have written it: use that one")
    })?;
    Ok(Side {
        file,
        payload: chosen.payload,
        signers: chosen.signers,
        evidence,
        sections: (open, parts.len()),
        not_verified: chosen.not_verified,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_behind_the_name_chooses_and_a_name_with_a_sign_stays_one() {
        let split = |text: &str| split(Path::new(text));
        assert_eq!(split("no/a.jsonl@0A1b2c"), ("no/a.jsonl".into(), Some("0a1b2c".to_owned())));
        for whole in ["no/a@b.jsonl", "no/a@12345", "@123456", "no/a@12345g"] {
            assert_eq!(split(whole), (whole.into(), None));
        }
    }
}
