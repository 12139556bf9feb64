//! What is said of an answer: the fault with its remedy, and what decides nothing.

use super::Answer;
use super::bundles::Bundle;
use crate::base::digest::Sha256;
use crate::base::text::{Printable, count};
use crate::cli::talk::sayable;
use crate::format::evidence::Bracket;
use crate::verify::{Reason, Verdict};

/// Why an artefact has no verdict by `judge`.
pub(super) enum Trouble {
    /// Nothing that could be hashed; could not tell.
    Unreadable(String),
    /// A part that nobody looks into; could not tell.
    Unseen(String),
    /// The bytes that were hashed may never have been there together; refused.
    ChangedWhileRead,
    /// No evidence file; could not tell.
    NoBundle,
    /// An evidence file that gives nothing; could not tell.
    BadBundle { why: String, named: bool },
    /// The evidence contradicts a token of the platform's, or itself about one; refused.
    Contradicted(String),
    /// `--issuer-jwks` demands a token, and none of the evidence's could be checked; could not tell.
    NotVouched(String),
    /// A rule of the policy fails; refused.
    Policy(String),
    /// `--policy`, and no build evidence that it could be asked of; could not tell.
    NotJudged(String),
}

impl Trouble {
    pub(super) const fn verdict(&self) -> Verdict {
        match self {
            Self::ChangedWhileRead | Self::Contradicted(_) | Self::Policy(_) => Verdict::Refused,
            _ => Verdict::CouldNotTell,
        }
    }

    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Unseen(_) => "unseen",
            Self::ChangedWhileRead => "changed-while-read",
            Self::NoBundle => "no-bundle",
            Self::BadBundle { .. } => "bad-bundle",
            Self::Contradicted(_) => "token-contradicts",
            Self::NotVouched(_) => "not-vouched",
            Self::Policy(_) => "policy",
            Self::NotJudged(_) => "policy-not-judged",
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::Unreadable(why) | Self::Unseen(why) | Self::Policy(why) | Self::NotJudged(why) => {
                why.clone()
            },
            Self::ChangedWhileRead => {
                "the artefact changed while it was read: expected one that stands still".to_owned()
            }
            Self::NoBundle => "no evidence file: expected -b FILE, or proofmark.sigstore.jsonl or ARTEFACT.sigstore.jsonl beside the artefact, found none".to_owned(),
            Self::BadBundle { why, .. } => format!("the evidence file gives nothing: {why}"),
            Self::Contradicted(why) => {
                format!("the evidence contradicts the platform's token: {why}")
            }
            Self::NotVouched(why) => {
                format!("expected a token of the platform's that vouches for the build, found none: {why}")
            }
        }
    }

    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path",
            Self::Unseen(_) => "make it readable, or check a copy without it",
            Self::ChangedWhileRead => "stop whatever writes to it, and check again",
            Self::NoBundle => "get the evidence file that the vendor publishes with the artefact",
            Self::BadBundle { named: true, .. } => {
                "check the path of -b, or get the evidence file again from the vendor"
            }
            Self::BadBundle { .. } => "get the evidence file again from the vendor",
            Self::Contradicted(_) => {
                "don't use the artefact; ask the vendor which of the two is wrong"
            }
            Self::Policy(_) => {
                "each rule that fails is listed with what would meet it, by whoever builds; what you accept for now can be waived in your policy, with a reason, an owner and a last day"
            }
            Self::NotJudged(_) => {
                "ask the vendor for build evidence by proofmark; without --policy none is asked for"
            }
            Self::NotVouched(_) => {
                "name an issuer that you trust with --issuer, give the issuer's keys of the day of the build, or ask the vendor for evidence that keeps its tokens (--embed-token, for `run` and for `sign`); without --issuer-jwks none is asked for"
            }
        }
    }
}

/// What an answer says, and the remedy.
pub(super) fn fault(answer: &Answer<'_>) -> Option<(&'static str, String, &'static str)> {
    // What was expected is what was typed.
    match &answer.result {
        Ok(judgement) => {
            let reason: &Reason = judgement.refusal.as_ref()?;
            Some((reason.code(), sayable(&reason.to_string()), reason.hint()))
        }
        Err(trouble) => Some((trouble.code(), sayable(&trouble.message()), trouble.hint())),
    }
}

/// Things worth saying that decide nothing.
pub(super) fn notes(answer: &Answer<'_>, max_age: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let Ok(judgement) = &answer.result else { return notes };
    let accepted = &judgement.accepted;
    let evidence = || accepted.iter().filter_map(|a| a.statement.claims().evidence.as_ref());
    if evidence().any(|evidence| evidence.bracket == Bracket::None) {
        notes.push("how it was built: not recorded".to_owned());
    }
    if let Some(other) = accepted.iter().find(|a| a.other_name) {
        let name = other.subject.as_deref().unwrap_or("no name");
        notes.push(sayable(&format!("another name: the evidence calls it {name}")));
    }
    let calls = accepted.iter().filter(|accepted| accepted.subject.is_some());
    if let Some(image) = calls.clone().find(|accepted| accepted.is_image) {
        let name = image.subject.as_deref().unwrap_or_default();
        notes.push(format!("a container image: the evidence calls it {name}"));
    }
    if calls.clone().any(|accepted| accepted.declared) {
        notes.push("a declared digest: the job was told it and didn't compute it".to_owned());
    }
    if calls.clone().any(|accepted| accepted.unchanged) {
        let note = "not made by this build: it was there, unchanged, when the bracket opened";
        notes.push(note.to_owned());
    }
    if accepted.iter().any(|accepted| accepted.sha512_unchecked) {
        notes.push(
            "the evidence states a sha512 too, which a digest alone can't be compared with".into(),
        );
    }
    if answer.item.name.is_none() && !accepted.is_empty() {
        notes.push("a digest has no name: which artefact it is was not checked".to_owned());
    }
    if !judgement.missing_companions.is_empty() {
        let missing = judgement.missing_companions.iter().map(Sha256::to_string);
        notes.push(format!(
            "the build made statements that are missing here: sha256:{}",
            missing.collect::<Vec<_>>().join(", sha256:")
        ));
    }
    for sbom in &judgement.unlisted {
        let lines: Vec<_> = sbom.lines().iter().map(usize::to_string).collect();
        notes.push(format!(
            "no build evidence names the SBOM on line {}: by its signer it is of this artefact, of which build is not said",
            lines.join(", ")
        ));
    }
    for other in &judgement.same_name {
        let lines: Vec<_> = other.lines().iter().map(usize::to_string).collect();
        notes.push(format!("line {} is about another artefact of this name", lines.join(", ")));
    }
    if max_age && !accepted.is_empty() {
        notes.push(
            "the age is by the signer's own clock: it could refuse, and confirms nothing".into(),
        );
    }
    let gaps: usize = evidence().map(|evidence| evidence.gaps).max().unwrap_or(0);
    if gaps > 0 {
        notes.push(format!(
            "the evidence admits {}: `proofmark inspect` lists them",
            count(gaps as u64, "gap")
        ));
    }
    notes
}

/// What is worth saying of an evidence file.
pub(super) fn bundle_notes(bundle: &Bundle) -> Vec<String> {
    let mut notes = Vec::new();
    let Ok((evidence, authenticated)) = &bundle.content else { return notes };
    for failed in &authenticated.failed {
        let why = match &failed.other_payload_type {
            Some(other) => format!("payload type {}", Printable(other)),
            None => "no trusted key's signature verifies".to_owned(),
        };
        notes.push(format!(
            "line {} ({}): {why}; it counts for nothing",
            failed.line, failed.material
        ));
    }
    for unusable in &authenticated.unusable {
        let line = unusable.line;
        notes.push(format!("line {line}: signed, but no statement: {}", unusable.error));
    }
    for malformed in &evidence.malformed {
        notes.push(format!("line {}: can't be parsed: {}", malformed.line, malformed.error));
    }
    for crate::read::Unsigned { line, .. } in &evidence.unsigned {
        notes.push(format!("line {line}: unsigned; it counts for nothing"));
    }
    for passed in &evidence.passed_over {
        notes.push(format!("line {}: passed over: {}", passed.line, passed.what));
    }
    let more = notes.len().saturating_sub(20);
    notes.truncate(20);
    if more > 0 {
        notes.push(format!("and {more} more lines"));
    }
    notes
}
