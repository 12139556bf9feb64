//! Keys and other credentials within the build's reach.

use super::{SIGNS, no_signs, remedies, signs};
use crate::assess::catalogue::{Answer, Failure, Question, remedies as shared};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::cut;
use crate::format::evidence::SigningLayout;

pub(super) const OUT_OF_REACH: Question = Question {
    id: "signing-key-out-of-reach",
    title: "The signing key and the build",
    asks: "Was the key that signed in another job than the one that ran the project's code?",
    claims: &["2.1-04"],
    reads: &["build.signing"],
    proves: "The evidence says that it was signed in a job that ran none of the project's code, and nothing that it knows speaks against that.",
    not: "That the job that signed was clean, or how the key is stored between builds.",
    remedy: &shared::SEPARATE_JOB,
    failure: Failure::Weakens,
    answer: Answer::Evidence(out_of_reach),
};

fn out_of_reach(facts: &Facts<'_>) -> Found {
    let Some(build) = &facts.build else {
        return Found::unknown("the evidence doesn't say how it was signed");
    };
    let custody = &build.signing.key_custody;
    let exposures = custody.exposures.iter().map(|one| cut(one, 200)).collect::<Vec<_>>();
    let found = match build.signing.layout {
        SigningLayout::SeparateJob if exposures.is_empty() => {
            Found::pass("signed in a job of its own")
        }
        // That the program which signs was used says nothing of where.
        SigningLayout::SeparateJob => {
            return Found::unknown(format!(
                "said to be a job of its own, but: {}",
                exposures.join("; ")
            ));
        }
        SigningLayout::InJob => Found::fail(match exposures.len() {
            0 => {
                "expected a job of its own, found the key in the job that ran the build".to_owned()
            }
            many => format!(
                "expected a job of its own, found the key in the job that ran the build, and {many} ways to it"
            ),
        }),
        SigningLayout::NotApplicable => {
            return Found::not_applicable(
                "no build was observed: the key was beside no code of the project",
            );
        }
        SigningLayout::Unknown => {
            return Found::unknown("how it was signed is told in a word that isn't known");
        }
    };
    let found = exposures.iter().fold(found, |found, one| found.value("exposure", one));
    let kept = custody.protections.iter();
    kept.fold(found, |found, one| found.value("protection", one)).at("/build/signing/layout")
}

pub(super) const KEYLESS: Question = Question {
    id: "no-long-lived-signing-key",
    title: "No key that outlives the build",
    asks: "Was it signed with a key that existed for minutes, under a certificate that names the job?",
    claims: &["2.1-04"],
    reads: &[],
    proves: "There is no signing key that could be stolen after the build.",
    not: "That no other credential was stored.",
    remedy: &shared::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later(
        "signatures with a certificate of some minutes in the place of a stored key",
    ),
};

pub(super) const NONE_STANDING: Question = Question {
    id: "no-standing-credentials",
    title: "Credentials that outlive the job",
    asks: "Was nothing within the build's reach that looks like a credential which doesn't end with the job?",
    claims: &["2.1-04"],
    reads: &["environment.signs"],
    proves: "No variable and no file of the usual names for such credentials was there. Names alone are looked at, never what they hold.",
    not: "That there was none: a credential can have any name, and lie anywhere.",
    remedy: &remedies::CREDENTIALS,
    failure: Failure::Weakens,
    answer: Answer::Evidence(none_standing),
};

fn none_standing(facts: &Facts<'_>) -> Found {
    let Some(signs) = signs(facts) else {
        return Found::unknown(no_signs(facts));
    };
    let found = match signs.credentials.len() {
        0 => Found::pass("none of the usual names was there"),
        many => Found::fail(format!("expected none, found {many} by their names")),
    };
    let all = signs.credentials.iter();
    all.fold(found, |found, one| {
        found.value("name", format!("{} {} ({})", one.kind, one.name, one.of))
    })
    .at(format!("{SIGNS}/credentials"))
}
