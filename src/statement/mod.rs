//! A capture in, statements out: total, and without input or output.

mod provenance;

use serde::Serialize;

use crate::base::digest::Sha256;
use crate::capture::Capture;
use crate::format::evidence::{BUILD_EVIDENCE, BuildEvidence, Companion, INPUTS_SUBJECT, Outcome};
use crate::format::fact::{Basis, Fact, Gap, Sealable};
use crate::format::json::{self, JsonError};
use crate::format::section::{INLINE_BYTES_MAX, INLINE_ENTRIES_MAX, SealedSection};
use crate::format::slsa::PROVENANCE_V1;
use crate::format::statement::{NewStatement, Subject};

/// Parts that the format has a place for and that this version doesn't capture.
const NOT_CAPTURED: [&str; 10] = [
    "changes",
    "controls",
    "custody",
    "dependencies",
    "distribution",
    "environment.ca_bundle",
    "environment.git_configuration",
    "identity",
    "packages",
    "tools",
];

/// The statements of one bracket.
#[derive(Debug)]
pub struct Statements {
    /// Payloads, in the order of the file: provenance, where there is one, then build evidence.
    pub payloads: Vec<Vec<u8>>,
    /// What is sealed in them.
    pub sections: Vec<SealedSection>,
}

/// Makes the statements of a capture.
///
/// A build that succeeded and has artefacts gives SLSA provenance and build evidence over the same
/// subjects, bound by the digest of the first in the second. Any other gives evidence alone: SLSA can't
/// say that a build failed. `seed` is 256 bits of randomness for the sections' salts.
///
/// # Errors
/// Never for the types that are captured today; the serialiser's word is passed on.
pub fn compose(capture: Capture, seed: [u8; 32]) -> Result<Statements, JsonError> {
    let mut payloads = Vec::new();
    let mut companions = Vec::new();
    let artefacts = !capture.subjects.is_empty();
    if artefacts && capture.build.outcome == Outcome::Succeeded {
        let predicate = provenance::provenance(&capture);
        let payload =
            json::to_line(&NewStatement::new(&capture.subjects, PROVENANCE_V1, &predicate))?;
        companions.push(Companion {
            predicate_type: PROVENANCE_V1.to_owned(),
            sha256: Sha256::of(&payload),
        });
        payloads.push(payload);
    }
    let mut sealer = Sealer { seed, sections: Vec::new() };
    let subjects =
        if artefacts { capture.subjects.clone() } else { vec![inputs_subject(&capture)] };
    let evidence = evidence(capture, companions, &mut sealer)?;
    payloads.push(json::to_line(&NewStatement::new(&subjects, BUILD_EVIDENCE, &evidence))?);
    Ok(Statements { payloads, sections: sealer.sections })
}

/// A statement needs a subject; without an artefact it is about what went in.
fn inputs_subject(capture: &Capture) -> Subject {
    // Without a root there is no digest: such a subject matches nothing.
    let root = capture.inputs.get().map(|inputs| inputs.root.to_string());
    Subject {
        name: Some(INPUTS_SUBJECT.to_owned()),
        digest: root.map(|root| (Sha256::ALGORITHM.to_owned(), root)).into_iter().collect(),
        // A root digest: a file of these bytes is something else.
        annotations: serde_json::Map::from_iter([("kind".to_owned(), "inputs".into())]),
    }
}

fn evidence(
    mut capture: Capture,
    companions: Vec<Companion>,
    sealer: &mut Sealer,
) -> Result<BuildEvidence, JsonError> {
    if let Some(source) = &mut capture.source.value {
        sealer.seal_if_long("source.dirty", &mut source.dirty)?;
    }
    if let Some(inputs) = &mut capture.inputs.value {
        if let Some(files) = &mut inputs.files {
            sealer.seal_if_long("inputs.files", files)?;
        }
        sealer.seal_if_long("inputs.changed_during_build", &mut inputs.changed_during_build)?;
    }
    if let Some(outputs) = &mut capture.outputs.value
        && let Some(files) = &mut outputs.files
    {
        sealer.seal_if_long("outputs.files", files)?;
    }
    if let Some(environment) = &mut capture.environment.value {
        sealer.seal("environment.variables", &mut environment.variables)?;
        sealer.seal("environment.path", &mut environment.path)?;
    }
    let mut gaps = capture.gaps;
    gaps.extend(NOT_CAPTURED.map(|part| {
        let reason = format!("proofmark {} doesn't capture it", capture.build.tool.version);
        Gap::without_cure(part, reason)
    }));
    gaps.sort();
    gaps.dedup();
    let mut redactions = capture.redactions;
    redactions.sort();
    redactions.dedup();
    Ok(BuildEvidence {
        build: capture.build,
        companions,
        lane: Fact::observed(Basis::Read, capture.platform.lane),
        chain: Fact::observed(Basis::Read, capture.platform.chain),
        source: capture.source,
        inputs: capture.inputs,
        outputs: capture.outputs,
        environment: capture.environment,
        pipeline: Fact::observed(Basis::Read, capture.platform.pipeline),
        redactions,
        gaps,
    })
}

/// Moves parts into sections, each under a salt of its own.
struct Sealer {
    seed: [u8; 32],
    sections: Vec<SealedSection>,
}

impl Sealer {
    fn seal<T: Serialize>(&mut self, name: &str, part: &mut Sealable<T>) -> Result<(), JsonError> {
        if let Some(content) = part.inline() {
            let section = SealedSection::new(name, self.salt(name), content)?;
            *part = Sealable::Sealed { sealed: section.seal() };
            self.sections.push(section);
        }
        Ok(())
    }

    fn seal_if_long<T: Serialize>(
        &mut self,
        name: &str,
        part: &mut Sealable<Vec<T>>,
    ) -> Result<(), JsonError> {
        let Some(list) = part.inline() else { return Ok(()) };
        let long = list.len() > INLINE_ENTRIES_MAX
            // Every entry takes more than two bytes: a short list needs no measuring.
            || (list.len() > INLINE_BYTES_MAX / 4096 && json::to_line(list)?.len() > INLINE_BYTES_MAX);
        if long { self.seal(name, part) } else { Ok(()) }
    }

    /// 128 bits that nobody can tell from random ones without the seed, which is thrown away.
    fn salt(&self, name: &str) -> [u8; 16] {
        let digest = Sha256::of(&[&self.seed[..], name.as_bytes()].concat());
        let mut salt = [0; 16];
        salt.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        salt
    }
}
