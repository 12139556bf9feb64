//! The catalogue in words: what each question asks, what its answer proves and what not, and the remedy.
//!
//! Everything here is made of the catalogue alone; nothing comes from outside.

mod markdown;
#[cfg(test)]
mod tests;
mod text;

use schemars::JsonSchema;
use serde::Serialize;
use strsim::normalized_damerau_levenshtein;

use crate::assess::catalogue::{
    Answer, Claim, DRAFT, DRAFT_OFFICER, FINAL, FINAL_OWNER, Failure, PROVISIONS, Provision,
    Question, questions,
};

pub use markdown::markdown;
pub use text::text;

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub enum Topic {
    /// Everything, a line each; as a page, the whole.
    List,
    /// Everything in full.
    All,
    /// A provision with its claims and questions.
    Provision(&'static Provision),
    /// A claim with the questions that help to argue it.
    Claim(&'static Provision, &'static Claim),
    /// One question.
    Question(&'static Provision, &'static Question),
}

/// Longest name that is compared with others.
const NAME_MAX: usize = 80;
/// How much alike a name has to be for a suggestion; 1 is the same.
const ALIKE: f64 = 0.5;
/// How much a word that is the same counts.
const WORD: f64 = 0.7;

impl Topic {
    /// By the id of a question, a claim (`2.1-01`, `2.1.1`), a provision (`2.1`), or `all`.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        if id == "all" {
            return Some(Self::All);
        }
        let question = || questions().find(|(_, question)| question.id == id);
        let provision = || PROVISIONS.into_iter().find(|provision| provision.number == id);
        let claim = || claims().find(|(_, claim)| claim.is_named(id));
        question()
            .map(|(provision, question)| Self::Question(provision, question))
            .or_else(|| provision().map(Self::Provision))
            .or_else(|| claim().map(|(provision, claim)| Self::Claim(provision, claim)))
    }

    /// The name that was probably meant.
    #[must_use]
    pub fn nearest(id: &str) -> Option<&'static str> {
        let id: String = id.chars().take(NAME_MAX).collect::<String>().to_lowercase();
        let ids = questions().map(|(_, question)| question.id);
        let ids = ids.chain(claims().map(|(_, claim)| claim.id));
        let ids = ids.chain(PROVISIONS.map(|provision| provision.number)).chain(["all"]);
        let alike = |name: &str| {
            // One word of a name is remembered more easily than the whole.
            let words = name.split('-').filter(|word| word.len() >= 4);
            let words = words.map(|word| WORD * normalized_damerau_levenshtein(&id, word));
            match id.len() >= 4 && name.contains(&id) {
                true => 1.0,
                false => words.fold(normalized_damerau_levenshtein(&id, name), f64::max),
            }
        };
        ids.map(|name| (alike(name), name))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, name)| name)
    }

    /// The provisions that it is about, each with the claims and the questions that are.
    fn parts(self) -> Vec<(&'static Provision, Vec<&'static Claim>, Vec<&'static Question>)> {
        let whole = |provision: &'static Provision| {
            (provision, provision.claims.iter().collect(), provision.questions.iter().collect())
        };
        match self {
            Self::List | Self::All => PROVISIONS.into_iter().map(whole).collect(),
            Self::Provision(provision) => vec![whole(provision)],
            Self::Claim(provision, claim) => {
                let of = provision.questions.iter().filter(|one| one.claims.contains(&claim.id));
                vec![(provision, vec![claim], of.collect())]
            }
            Self::Question(provision, question) => {
                let of = provision.claims.iter().filter(|one| question.claims.contains(&one.id));
                vec![(provision, of.collect(), vec![question])]
            }
        }
    }
}

fn claims() -> impl Iterator<Item = (&'static Provision, &'static Claim)> {
    PROVISIONS.into_iter().flat_map(|one| one.claims.iter().map(move |claim| (one, claim)))
}

/// How a question is answered, in a sentence or two.
fn answered(answer: Answer) -> String {
    match answer {
        Answer::Evidence(_) => {
            "By the evidence: pass, fail, unknown where it says nothing of it, or not applicable. \
            The answer is worth as much as the weakest fact that it rests on."
                .to_owned()
        }
        Answer::People(kinds) => format!(
            "By people or other systems alone: the answer is always unknown, never a pass. \
            A document can be attached for those who read it (kind: {}).",
            kinds.join(" or ")
        ),
        Answer::Later(what) => format!(
            "By evidence that this version can neither make nor read: {what}. Until then the \
            answer is unknown."
        ),
    }
}

/// What a failure means, in a sentence.
const fn failed(question: &Question) -> &'static str {
    match (&question.answer, question.failure) {
        (Answer::People(_), _) => {
            "It can't fail: it stays unknown until people have read what is attached."
        }
        (Answer::Later(_), _) => "It can't fail in this version.",
        (Answer::Evidence(_), Failure::Contradicts) => {
            "What the provision asks for did not hold, or the evidence contradicts itself: the provision stands as contradicted."
        }
        (Answer::Evidence(_), Failure::Weakens) => {
            "What the provision asks for may hold all the same, but the evidence doesn't show it: the provision stands as partly evidenced at most."
        }
    }
}

/// Who answers, in a word for a table.
const fn by(answer: Answer) -> &'static str {
    match answer {
        Answer::Evidence(_) => "evidence",
        Answer::People(_) => "people",
        Answer::Later(_) => "a later version",
    }
}

/// `2.1.1` for `2.1-01`.
fn alias(claim: &Claim) -> String {
    let (provision, number) = claim.id.split_once('-').unwrap_or((claim.id, ""));
    format!("{provision}.{}", number.trim_start_matches('0'))
}

/// Said of a provision that the final code doesn't have.
const DRAFT_ALONE: &str =
    "It is in the draft alone: the final code has no such provision, and no claims for it.";
/// Said of the claims.
const CLAIMS: &str = "Claims are those of the NCSC's Assurance Principles and Claims 1.0. Which question \
    helps to argue which claim is proofmark's own reading: the code says nothing of it.";

/// What `proofmark explain --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "proofmark explain v1")]
pub struct ExplainV1 {
    /// Always 1.
    pub version: u32,
    /// The title of the draft.
    pub draft: String,
    /// Whom the draft makes responsible.
    pub draft_officer: String,
    /// The title of the final code.
    pub last: String,
    /// Whom the final code makes responsible.
    pub last_owner: String,
    /// The provisions that were asked for, in order.
    pub provisions: Vec<ExplainedProvision>,
}

/// A provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedProvision {
    /// `2.1`.
    pub number: String,
    /// `shall` or `should`, in the draft.
    pub verb: String,
    /// The draft's words.
    pub draft: String,
    /// The final code's words; absent of a provision that is the draft's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Its claims, or the ones that were asked for.
    pub claims: Vec<ExplainedClaim>,
    /// Its questions, or the ones that were asked for.
    pub questions: Vec<ExplainedQuestion>,
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedClaim {
    /// `2.1-01`.
    pub id: String,
    /// In its own words.
    pub text: String,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedQuestion {
    /// Its id.
    pub id: String,
    /// A few words.
    pub title: String,
    /// The question.
    pub asks: String,
    /// Ids of the claims that an answer helps to argue.
    pub claims: Vec<String>,
    /// The parts of the evidence that it reads.
    pub reads: Vec<String>,
    /// `evidence`, `people` or `a later version`.
    pub answered_by: String,
    /// How it is answered.
    pub answered: String,
    /// What a failure means.
    pub failure: String,
    /// What a pass proves.
    pub proves: String,
    /// What it doesn't prove.
    pub not: String,
    /// What to do.
    pub remedy: ExplainedRemedy,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedRemedy {
    /// Its id.
    pub id: String,
    /// In a sentence.
    pub text: String,
    /// The lines to write.
    pub lines: Vec<ExplainedLines>,
}

/// Lines to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedLines {
    /// Where they go.
    pub place: String,
    /// `yaml`, `toml`, `sh`.
    pub language: String,
    /// The lines.
    pub text: String,
}

impl From<Topic> for ExplainV1 {
    fn from(topic: Topic) -> Self {
        let provision = |(one, claims, questions): (&Provision, Vec<&Claim>, Vec<&Question>)| {
            let claim = |one: &Claim| ExplainedClaim { id: one.id.into(), text: one.text.into() };
            ExplainedProvision {
                number: one.number.into(),
                verb: one.verb.into(),
                draft: one.draft.into(),
                last: one.last.map(Into::into),
                claims: claims.into_iter().map(claim).collect(),
                questions: questions.into_iter().map(ExplainedQuestion::from).collect(),
            }
        };
        Self {
            version: 1,
            draft: DRAFT.into(),
            draft_officer: DRAFT_OFFICER.into(),
            last: FINAL.into(),
            last_owner: FINAL_OWNER.into(),
            provisions: topic.parts().into_iter().map(provision).collect(),
        }
    }
}

impl From<&Question> for ExplainedQuestion {
    fn from(question: &Question) -> Self {
        let owned = |all: &[&str]| all.iter().copied().map(Into::into).collect();
        let lines = question.remedy.lines.iter().map(|lines| ExplainedLines {
            place: lines.place.into(),
            language: lines.language.into(),
            text: lines.text.into(),
        });
        Self {
            id: question.id.into(),
            title: question.title.into(),
            asks: question.asks.into(),
            claims: owned(question.claims),
            reads: owned(question.reads),
            answered_by: by(question.answer).into(),
            answered: answered(question.answer),
            failure: failed(question).into(),
            proves: question.proves.into(),
            not: question.not.into(),
            remedy: ExplainedRemedy {
                id: question.remedy.id.into(),
                text: question.remedy.text.into(),
                lines: lines.collect(),
            },
        }
    }
}
