//! `--from`: evidence of other jobs, whose artefacts must be inputs of this bracket.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::talk::Talk;
use crate::base::digest::Sha256;
use crate::base::text::{Printable, printable_path};
use crate::base::tree::{Entry, Kind, Patterns, Tree};
use crate::format::claims::Claims;
use crate::format::evidence::{
    BUILD_EVIDENCE, Bracket, Continued, ContinuedSubject, Custody, Outcome, PathText,
};
use crate::format::fact::{Basis, Fact, Gap};
use crate::format::statement::Statement;
use crate::read;
use crate::verify::{Trust, authenticate};

/// Evidence that this bracket continues, before its artefacts were looked for.
#[derive(Debug)]
pub(super) struct Earlier {
    shown: String,
    sha256: Sha256,
    build_id: Option<String>,
    signers: Vec<String>,
    subjects: Vec<(String, Sha256)>,
}

impl Earlier {
    /// Reads the files. Signed evidence must verify under `trust`; what nobody signed is told by another job,
    /// and refused where a key was named.
    pub(super) fn read(
        files: &[PathBuf],
        trust: Option<&Trust>,
        must_be_signed: bool,
        talk: Talk,
    ) -> Result<Vec<Self>, Failure> {
        let mut earlier = Vec::new();
        for path in files {
            earlier.extend(Self::of_file(path, trust, must_be_signed, talk)?);
        }
        Ok(earlier)
    }

    fn of_file(
        path: &Path,
        trust: Option<&Trust>,
        must_be_signed: bool,
        talk: Talk,
    ) -> Result<Vec<Self>, Failure> {
        let shown = printable_path(path);
        let evidence =
            read::regular(path).map_err(|error| Failure::usage(format_args!("--from: {error}")))?;
        let mut found = Vec::new();
        // Taking the signature away, or breaking its line, must not make a forgery acceptable.
        let mixed = !evidence.lines.is_empty()
            || !evidence.malformed.is_empty()
            || !evidence.passed_over.is_empty();
        if !evidence.unsigned.is_empty() && (must_be_signed || mixed) {
            let why =
                if must_be_signed { "a key was named for it" } else { "it has other lines too" };
            return Err(Failure::trouble(format_args!(
                "--from {shown}: expected signed evidence, as {why}, found a statement that nobody signed"
            ))
            .hint("give the file as the earlier job wrote it; for an unsigned capture name no key"));
        }
        if !evidence.unsigned.is_empty() {
            talk.notice(format_args!(
                "--from {shown}: nobody signed it; what it says is recorded as told by another job"
            ));
        }
        if !evidence.lines.is_empty() {
            let trust = trust.ok_or_else(|| {
                Failure::usage(format_args!(
                    "--from {shown}: it is signed, and no key was named to check it with"
                ))
                .hint("name the public key of the job that signed it: --trust-key build.pub")
            })?;
            let checked = authenticate(&evidence, trust);
            if checked.verified.is_empty() {
                return Err(Failure::trouble(format_args!(
                    "--from {shown}: expected a signature by a key that was named, found none that verifies"
                ))
                .hint("name the public key of the job that signed it: --trust-key build.pub"));
            }
            for verified in &checked.verified {
                let signers = verified.signers().iter().map(ToString::to_string).collect();
                let digest = verified.payload_digest();
                found.extend(Self::of(&shown, verified.get(), digest, signers)?);
            }
        }
        for unsigned in &evidence.unsigned {
            let statement = unsigned.statement.show();
            found.extend(Self::of(&shown, statement, unsigned.sha256, Vec::new())?);
        }
        if found.is_empty() {
            return Err(Failure::trouble(format_args!(
                "--from {shown}: expected build evidence, found none"
            ))
            .hint("give the file that proofmark wrote in the earlier job, signed or not"));
        }
        Ok(found)
    }

    /// `None` for another type of statement.
    fn of(
        shown: &str,
        statement: &Statement,
        sha256: Sha256,
        signers: Vec<String>,
    ) -> Result<Option<Self>, Failure> {
        if statement.predicate_type != BUILD_EVIDENCE {
            return Ok(None);
        }
        let claims = Claims::of(statement);
        let evidence = claims.evidence.as_ref();
        let outcome = evidence.map_or(Outcome::Unknown, |evidence| evidence.outcome);
        let bracket = evidence.map_or(Bracket::Unknown, |evidence| evidence.bracket);
        if outcome != Outcome::Succeeded
            && (outcome, bracket) != (Outcome::NotApplicable, Bracket::None)
        {
            return Err(Failure::trouble(format_args!(
                "--from {shown}: expected a build that succeeded, found outcome {outcome}"
            )));
        }
        let mut subjects = Vec::new();
        for subject in &statement.subjects {
            let name = subject.name.clone().unwrap_or_default();
            let kind = subject.annotations.get("kind").and_then(serde_json::Value::as_str);
            if kind == Some("inputs") {
                continue;
            }
            let digest = subject.digest.get(Sha256::ALGORITHM).and_then(|hex| hex.parse().ok());
            match (kind, digest) {
                (None, Some(digest)) => subjects.push((name, digest)),
                _ => {
                    return Err(Failure::trouble(format_args!(
                        "--from {shown}: the artefact {} is no file: expected a file with a sha256",
                        Printable(&name)
                    ))
                    .hint("hand files on between jobs; a folder as an archive"));
                }
            }
        }
        if subjects.is_empty() {
            return Err(Failure::trouble(format_args!(
                "--from {shown}: expected artefacts, found none"
            ))
            .hint("name what the earlier job hands on with its --artefact"));
        }
        let build_id = claims.build_id;
        Ok(Some(Self { shown: shown.to_owned(), sha256, build_id, signers, subjects }))
    }

    /// Finds every artefact among the inputs.
    ///
    /// # Errors
    /// The first that isn't there, or is there with another content: whatever carried the files from one
    /// job to the next exchanged it.
    pub(super) fn custody(
        all: &[Self],
        tree: &Tree,
        include: Option<&Patterns>,
        gaps: &mut Vec<Gap>,
    ) -> Result<Fact<Custody>, Failure> {
        if all.is_empty() {
            return Ok(Fact::absent(Basis::Read));
        }
        let inputs: Vec<Entry<'_>> = tree
            .iter()
            .filter(|entry| entry.kind == Kind::File)
            .filter(|entry| include.is_none_or(|include| include.matches(entry.path)))
            .collect();
        let mut continues = all
            .iter()
            .map(|earlier| earlier.continued(&inputs, gaps))
            .collect::<Result<Vec<_>, _>>()?;
        continues.sort_by_key(|continued| continued.sha256);
        let told = all.iter().any(|earlier| earlier.signers.is_empty());
        let basis = if told { Basis::ToldByAnotherJob } else { Basis::Recomputed };
        Ok(Fact::observed(basis, Custody { captured: None, continues }))
    }

    fn continued(&self, inputs: &[Entry<'_>], gaps: &mut Vec<Gap>) -> Result<Continued, Failure> {
        let mut subjects = Vec::new();
        for (name, sha256) in &self.subjects {
            let base = name.rsplit('/').next().unwrap_or(name).as_bytes();
            let named: Vec<_> = inputs
                .iter()
                .filter(|entry| entry.path.rsplit(|byte| *byte == b'/').next() == Some(base))
                .collect();
            let same = |entry: &&&Entry<'_>| entry.digest == Some(*sha256);
            let found = match named.iter().find(|entry| same(entry)) {
                Some(entry) => entry,
                // Renamed is fine, exchanged isn't: a file of that name has to have that content.
                None if named.is_empty() => inputs
                    .iter()
                    .find(|entry| same(&entry))
                    .ok_or_else(|| self.missing(name, *sha256))?,
                None => return Err(self.exchanged(name, *sha256, named.first().copied())),
            };
            if let Some(other) = named.iter().find(|entry| !same(entry)) {
                let reason = format!(
                    "{} is among the inputs as it was handed on, and beside it another file of that name: {}; which of them the build used isn't known",
                    Printable(name),
                    Printable(&String::from_utf8_lossy(other.path))
                );
                gaps.push(Gap::new("custody", reason, "keep one file of that name below the root"));
            }
            subjects.push(ContinuedSubject {
                name: name.clone(),
                sha256: *sha256,
                path: PathText::from_bytes(found.path),
            });
        }
        subjects.sort();
        Ok(Continued {
            sha256: self.sha256,
            predicate_type: BUILD_EVIDENCE.to_owned(),
            build_id: self.build_id.clone(),
            signers: self.signers.clone(),
            subjects,
        })
    }

    fn missing(&self, name: &str, expected: Sha256) -> Failure {
        Failure::trouble(format_args!(
            "custody is broken: {} (sha256 {expected}, from {}) is not among the inputs",
            Printable(name),
            self.shown
        ))
        .hint("fetch what the earlier job handed on before the bracket opens, below the root and not left out")
    }

    fn exchanged(&self, name: &str, expected: Sha256, found: Option<&Entry<'_>>) -> Failure {
        let found = found.and_then(|entry| entry.digest);
        Failure::trouble(format_args!(
            "custody is broken: {} is not the file that {} speaks of: expected sha256 {expected}, found {}",
            Printable(name),
            self.shown,
            found.map_or_else(|| "none that could be read".to_owned(), |found| found.to_string())
        ))
        .hint("something exchanged it between the jobs: find out what, before anything is built from it")
    }
}
