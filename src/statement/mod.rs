//! A capture in, statements out: total, and without input or output.

mod provenance;
mod seal;
mod told;

pub use told::{Told, ToldError, has_no_artefact};

use provenance::Parts;
use seal::Sealer;

use crate::base::digest::Sha256;
use crate::capture::Capture;
use crate::format::evidence::{
    BUILD_EVIDENCE, BuildEvidence, Companion, INPUTS_SUBJECT, Inputs, Outcome,
};
use crate::format::fact::{Basis, Fact, Gap};
use crate::format::json::{self, JsonError};
use crate::format::section::SealedSection;
use crate::format::settings::Disclosure;
use crate::format::slsa::PROVENANCE_V1;
use crate::format::statement::{NewStatement, Subject};

/// Parts that the format has a place for and that this version doesn't capture.
const NOT_CAPTURED: [(&str, &str); 1] =
    [("distribution", "where the artefacts are meant to be fetched from")];

/// The statements of one bracket.
#[derive(Debug)]
pub struct Statements {
    /// Payloads, in the order of the file: provenance, where there is one, bills of materials, then build
    /// evidence.
    pub payloads: Vec<Vec<u8>>,
    /// What is sealed in them.
    pub sections: Vec<SealedSection>,
}

/// Makes the statements of a capture.
///
/// A build that succeeded and has artefacts gives SLSA provenance and build evidence over the same
/// subjects, bound by the digest of the first in the second. Any other gives evidence alone: SLSA can't
/// say that a build failed. Bills of materials are bound likewise, where there is an artefact. `seed` is 256 bits of randomness for the sections' salts; a list of more than
/// `inline_max` bytes becomes a section ([`crate::format::section::INLINE_BYTES_MAX`], or less for a signer that takes less).
///
/// # Errors
/// Never for the types that are captured today; the serialiser's word is passed on.
pub fn compose(
    mut capture: Capture,
    disclosure: &Disclosure,
    seed: [u8; 32],
    inline_max: usize,
) -> Result<Statements, JsonError> {
    let mut sealer = Sealer::new(disclosure, seed, inline_max);
    // Before the SLSA line is made: what is sealed in one line is not to stand in the other.
    sealer.seal_all(&mut capture)?;
    let mut payloads = Vec::new();
    let mut companions = Vec::new();
    let artefacts = !capture.subjects.is_empty();
    if artefacts && capture.build.outcome == Outcome::Succeeded {
        let predicate = provenance::provenance(Parts::of(&capture));
        let payload =
            json::to_line(&NewStatement::new(&capture.subjects, PROVENANCE_V1, &predicate))?;
        companions.push(Companion {
            predicate_type: PROVENANCE_V1.to_owned(),
            sha256: Sha256::of(&payload),
        });
        payloads.push(payload);
    }
    let attested = capture.build.outcome == Outcome::NotApplicable;
    if artefacts && (attested || capture.build.outcome == Outcome::Succeeded) {
        for sbom in &capture.sboms {
            let predicate_type = sbom.predicate_type();
            let statement = NewStatement::new(&capture.subjects, predicate_type, sbom.document());
            let payload = json::to_line(&statement)?;
            let sha256 = Sha256::of(&payload);
            companions.push(Companion { predicate_type: predicate_type.to_owned(), sha256 });
            payloads.push(payload);
        }
    }
    let subjects = subjects(&capture.subjects, &capture.inputs);
    let evidence = evidence(capture, companions);
    payloads.push(json::to_line(&NewStatement::new(&subjects, BUILD_EVIDENCE, &evidence))?);
    Ok(Statements { payloads, sections: sealer.finish() })
}

/// The subjects of a capture's build evidence: its artefacts, or, where it has none, its inputs.
#[must_use]
pub fn subjects(artefacts: &[Subject], inputs: &Fact<Inputs>) -> Vec<Subject> {
    match artefacts {
        [] => vec![inputs_subject(inputs)],
        artefacts => artefacts.to_vec(),
    }
}

/// A statement needs a subject; without an artefact it is about what went in.
fn inputs_subject(inputs: &Fact<Inputs>) -> Subject {
    // Without a root there is no digest: such a subject matches nothing.
    let root = inputs.get().map(|inputs| inputs.root.to_string());
    Subject {
        name: Some(INPUTS_SUBJECT.to_owned()),
        digest: root.map(|root| (Sha256::ALGORITHM.to_owned(), root)).into_iter().collect(),
        // A root digest: a file of these bytes is something else.
        annotations: serde_json::Map::from_iter([("kind".to_owned(), "inputs".into())]),
    }
}

fn evidence(capture: Capture, companions: Vec<Companion>) -> BuildEvidence {
    let mut gaps = capture.gaps;
    gaps.extend(NOT_CAPTURED.map(|(part, what)| {
        let reason = format!("{what}: proofmark {} doesn't capture it", capture.build.tool.version);
        Gap::without_cure(part, reason)
    }));
    gaps.sort();
    gaps.dedup();
    let mut redactions = capture.redactions;
    redactions.sort();
    redactions.dedup();
    BuildEvidence {
        build: capture.build,
        companions,
        lane: Fact::observed(Basis::Read, capture.platform.lane),
        chain: capture.chain,
        custody: capture.custody,
        source: capture.source,
        inputs: capture.inputs,
        outputs: capture.outputs,
        dependencies: capture.dependencies,
        environment: capture.environment,
        tools: capture.tools,
        packages: capture.packages,
        pipeline: Fact::observed(Basis::Read, capture.platform.pipeline),
        identity: capture.identity,
        controls: capture.controls,
        attached: capture.attached,
        changes: capture.changes,
        redactions,
        gaps,
    }
}
