//! The artefacts, and what customers check them with.
//!
//! What a statement is about stands beside its predicate, where no pointer leads. So an answer rests on how
//! the build ended, which stands in the predicate and says whether there can be artefacts: it is the signer's
//! word. Only what was hashed by whoever asks rests on nobody's.

use crate::assess::catalogue::parts::{artefacts, several};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::format::evidence::Outcome;
use crate::format::sbom::is_sbom;
use crate::format::slsa::PROVENANCE_V1;
use crate::format::statement::Subject;

static NAME_ARTEFACTS: Remedy = Remedy {
    id: "name-the-artefacts",
    text: "Name every file that is released.",
    lines: &[remedies::RUN],
};

static BUILD_ANEW: Remedy = Remedy {
    id: "build-artefacts-anew",
    text: "Build into an empty folder, let proofmark read what comes out (no --allow-unchanged, no digest that it is only told), and check every file that you release.",
    lines: &[
        Lines {
            place: "command",
            language: "sh",
            text: "rm -rf dist\nproofmark run -a 'dist/*' -- make",
        },
        Lines {
            place: "customer",
            language: "sh",
            text: "proofmark verify dist --key release.key.pub -b proofmark.sigstore.jsonl",
        },
    ],
};

static ATTACH_SBOM: Remedy = Remedy {
    id: "attach-a-bill-of-materials",
    text: "Make a bill of materials in the build (SPDX or CycloneDX, in JSON) and let proofmark bind it to the artefacts.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --sbom sbom.spdx.json -a 'dist/*' -- make",
    }],
};

pub(super) const DIGESTS: Question = Question {
    id: "artefacts-have-digests",
    title: "Artefacts have digests",
    asks: "Is every artefact of the release named with a SHA-256 that a customer can compare?",
    claims: &["3.1-01"],
    reads: &["build.outcome"],
    proves: "That whoever has an artefact can tell whether a single byte of it is another.",
    not: "That the artefact is harmless, or that a customer compares.",
    remedy: &NAME_ARTEFACTS,
    failure: Failure::Weakens,
    answer: Answer::Evidence(artefacts_have_digests),
};

pub(super) const BUILT: Question = Question {
    id: "artefacts-are-what-was-built",
    title: "Artefacts are what was built",
    asks: "Is the artefact at hand as the signed evidence says, and did the build make it and all others that the evidence names?",
    claims: &["3.1-01"],
    reads: &["build.outcome"],
    proves: "That the signature and the artefact at hand were checked here, with nothing asked of any network, and that the evidence calls none of them older than the build or known by hearsay.",
    not: "How the build made it, and anything of artefacts that weren't at hand. That the build made them is the word of the job that signed.",
    remedy: &BUILD_ANEW,
    failure: Failure::Weakens,
    answer: Answer::Evidence(artefacts_are_what_was_built),
};

pub(super) const COMMON_FORM: Question = Question {
    id: "provenance-is-in-a-common-form",
    title: "Provenance that other tools read",
    asks: "Does the evidence come with provenance in the form of SLSA, which customers' own tools read?",
    claims: &["3.1-01"],
    reads: &["companions"],
    proves: "That one was signed along with the evidence, which names it by its digest.",
    not: "That it was delivered, or anything beyond what SLSA asks of its first level: the job wrote it itself.",
    remedy: &remedies::BRACKET,
    failure: Failure::Weakens,
    answer: Answer::Evidence(provenance_is_in_a_common_form),
};

pub(super) const SBOM: Question = Question {
    id: "sbom-is-attached",
    title: "A bill of materials",
    asks: "Is a bill of materials signed along with the artefacts?",
    claims: &["3.1-01"],
    reads: &["companions"],
    proves: "That a list of components was bound to these artefacts under the same signature.",
    not: "That the list is whole or right: another tool made it.",
    remedy: &ATTACH_SBOM,
    failure: Failure::Weakens,
    answer: Answer::Evidence(sbom_is_attached),
};

pub(super) const NATIVE: Question = Question {
    id: "artefacts-are-natively-signed",
    title: "Signatures of the systems' own kinds",
    asks: "Do the artefacts carry the signatures that the systems they are installed on check by themselves?",
    claims: &["3.1-01"],
    reads: &["outputs"],
    proves: "That customers' systems check who made the software without being told to.",
    not: "From which source it was built.",
    remedy: &remedies::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later(
        "signatures inside artefacts, such as those of Windows, macOS, Linux packages and images",
    ),
};

/// The artefacts with the build's outcome; the answer where there can't be any.
fn released<'a>(facts: &'a Facts<'_>) -> Result<(Vec<&'a Subject>, Outcome), Found> {
    let Some(build) = &facts.build else {
        return Err(Found::unknown("what the evidence says of the build itself can't be read"));
    };
    let artefacts = artefacts(facts);
    match build.outcome {
        Outcome::Failed | Outcome::Cancelled if artefacts.is_empty() => Err(Found::not_applicable(
            "the build did not succeed, so that there is nothing to release",
        )),
        Outcome::Unknown => Err(Found::unknown("nobody told how the build ended")),
        outcome => Ok((artefacts, outcome)),
    }
}

const AT: &str = "/build/outcome";

fn no_artefact() -> Found {
    Found::fail("expected the artefacts of the release, found none").at(AT)
}

fn artefacts_have_digests(facts: &Facts<'_>) -> Found {
    let artefacts = match released(facts) {
        Ok((artefacts, _)) => artefacts,
        Err(found) => return found,
    };
    if artefacts.is_empty() {
        return no_artefact();
    }
    let has_digest = |subject: &Subject| {
        let hex = subject.digest.get(Sha256::ALGORITHM);
        hex.is_some_and(|hex| hex.parse::<Sha256>().is_ok())
    };
    let (with, without): (Vec<&Subject>, Vec<_>) = artefacts.iter().partition(|s| has_digest(s));
    let sized = with.iter().filter(|subject| subject.size().is_some()).count();
    let declared = artefacts.iter().filter(|subject| subject.is_declared()).count();
    let found = if without.is_empty() {
        let all = count(with.len() as u64, "artefact");
        Found::pass(format!("{all}, each with a SHA-256")).at(AT)
    } else {
        Found::fail(format!(
            "expected a SHA-256 of every artefact, found none of {}",
            names(&without)
        ))
        .at(AT)
    };
    found
        .value("artefacts", artefacts.len().to_string())
        .value("with a size", sized.to_string())
        .value("told to proofmark, not computed", declared.to_string())
}

fn names(subjects: &[&Subject]) -> String {
    several(subjects.iter().map(|subject| subject.name.as_deref().unwrap_or("one without a name")))
}

fn artefacts_are_what_was_built(facts: &Facts<'_>) -> Found {
    let (artefacts, outcome) = match released(facts) {
        Ok(released) => released,
        Err(found) => return found,
    };
    if artefacts.is_empty() {
        return no_artefact();
    }
    let told: Vec<&Subject> = artefacts.iter().copied().filter(|s| s.is_declared()).collect();
    let older: Vec<&Subject> = artefacts.iter().copied().filter(|s| s.is_unchanged()).collect();
    if !told.is_empty() {
        return Found::fail(format!(
            "expected artefacts that proofmark read when the build was over, found some whose digests it was only told: {}",
            names(&told)
        ))
        .at(AT);
    }
    if !older.is_empty() {
        return Found::fail(format!(
            "expected artefacts that the build made, found some that lay there before it and that it left as they were: {}",
            names(&older)
        ))
        .at(AT);
    }
    if !facts.verified {
        return Found::unknown("no key that is trusted signed the evidence");
    }
    if outcome != Outcome::Succeeded {
        return Found::unknown("no build was bracketed: nobody saw what made the artefacts");
    }
    if !facts.context.artefact_hashed {
        return Found::unknown("no artefact was at hand; proofmark verify checks one");
    }
    Found::pass(format!(
        "what was hashed here is as the signed evidence says, and the build made or changed it; the evidence names {}",
        count(artefacts.len() as u64, "artefact")
    ))
    .checked_here()
    .value("signed by", several(&facts.signers))
}

/// Predicate types of what was signed along with the evidence; the answer where nothing can be.
fn companions<'a>(facts: &'a Facts<'_>) -> Result<Vec<&'a str>, Found> {
    let (artefacts, _) = released(facts)?;
    if artefacts.is_empty() {
        return Err(Found::not_applicable("there is no artefact that it could be about"));
    }
    match &facts.companions {
        Some(companions) => Ok(companions.iter().map(|one| one.predicate_type.as_str()).collect()),
        None => Err(Found::unknown("what was signed along with the evidence can't be read")),
    }
}

fn along(facts: &Facts<'_>, what: &str, is_it: impl Fn(&str) -> bool) -> Found {
    let types = match companions(facts) {
        Ok(types) => types,
        Err(found) => return found,
    };
    let found: Vec<&str> = types.iter().copied().filter(|kind| is_it(kind)).collect();
    match found.is_empty() {
        false => {
            Found::pass(format!("{what} was signed along with it")).value("types", several(found))
        }
        true if types.is_empty() => {
            Found::fail(format!("expected {what} signed along with it, found nothing"))
        }
        true => {
            Found::fail(format!("expected {what} signed along with it, found other statements"))
                .value("types", several(types))
        }
    }
    .at("/companions")
}

fn provenance_is_in_a_common_form(facts: &Facts<'_>) -> Found {
    along(facts, "SLSA provenance", |kind| kind == PROVENANCE_V1)
}

fn sbom_is_attached(facts: &Facts<'_>) -> Found {
    along(facts, "a bill of materials", is_sbom)
}
