//! The code of practice, question by question: what build evidence can answer, and what only people can.
//!
//! A provision is quoted from the draft (call for views, May 2024) and, where the final code of 7 May 2025 has
//! it too, beside that one's words. Its claims are those of the NCSC's Assurance Principles and Claims 1.0.
//! Which evidence belongs to which claim is our own reading: the code says nothing of it.

mod access;
mod changes;
mod distribution;
mod parts;
mod pipeline;
mod remedies;
#[cfg(test)]
mod tests;

use std::fmt;

use super::facts::Facts;
use super::finding::Found;

/// A provision of the code of practice.
#[derive(Debug)]
pub struct Provision {
    /// Its number in the draft, and in the final code where that has it.
    pub number: &'static str,
    /// The draft's own words.
    pub draft: &'static str,
    /// What the draft says of it: `shall` or `should`.
    pub verb: &'static str,
    /// The final code's own words, where it has the provision.
    pub last: Option<&'static str>,
    /// The claims of the final code that belong to it; none of a provision that is the draft's alone.
    pub claims: &'static [Claim],
    /// What is asked of the evidence, in the order of the report.
    pub questions: &'static [Question],
}

/// A claim of the final code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// As the NCSC writes it: `2.1-01`.
    pub id: &'static str,
    /// In its own words.
    pub text: &'static str,
}

impl Claim {
    /// Whether `text` names it: `2.1-01`, or `2.1.1`.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        let (provision, number) = self.id.split_once('-').unwrap_or((self.id, ""));
        let alias = || {
            let short = text.strip_prefix(provision)?.strip_prefix('.')?;
            Some(short == number.trim_start_matches('0'))
        };
        text == self.id || alias().unwrap_or(false)
    }
}

/// One thing that is asked of the evidence.
#[derive(Debug)]
pub struct Question {
    /// Kebab case, for good.
    pub id: &'static str,
    /// A few words for a table.
    pub title: &'static str,
    /// The question, in one sentence.
    pub asks: &'static str,
    /// Ids of the claims that an answer helps to argue.
    pub claims: &'static [&'static str],
    /// The parts of the evidence that it reads.
    pub reads: &'static [&'static str],
    /// What a pass proves.
    pub proves: &'static str,
    /// What a pass doesn't prove.
    pub not: &'static str,
    /// What would answer it, or turn it to a pass.
    pub remedy: &'static Remedy,
    /// What a failure means.
    pub failure: Failure,
    /// How it is answered.
    pub answer: Answer,
}

/// What a failure of a question means for its provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// What the provision asks for did not hold, or the evidence contradicts itself about it.
    Contradicts,
    /// It could hold all the same; the evidence doesn't show it.
    Weakens,
}

/// How a question is answered.
#[derive(Clone, Copy)]
pub enum Answer {
    /// By a pure function of the evidence.
    Evidence(fn(&Facts<'_>) -> Found),
    /// By people or other systems alone: never a pass. Documents of these kinds can be attached for them.
    People(&'static [&'static str]),
    /// By evidence that this version can't read: what it will be.
    Later(&'static str),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evidence(_) => f.write_str("Evidence"),
            Self::People(kinds) => f.debug_tuple("People").field(kinds).finish(),
            Self::Later(what) => f.debug_tuple("Later").field(what).finish(),
        }
    }
}

/// What to do; several questions may have one.
#[derive(Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Kebab case.
    pub id: &'static str,
    /// In a sentence.
    pub text: &'static str,
    /// The lines to write, by where they go.
    pub lines: &'static [Lines],
}

/// Lines to write.
#[derive(Debug, PartialEq, Eq)]
pub struct Lines {
    /// `GitHub Actions`, `GitLab CI`, `command`, `proofmark.toml`, ...
    pub place: &'static str,
    /// `yaml`, `toml` or `sh`.
    pub language: &'static str,
    /// The lines, without a line feed at their end.
    pub text: &'static str,
}

/// The title of the draft, whose words are quoted.
pub const DRAFT: &str = "Code of Practice for Software Vendors: call for views, May 2024 (draft)";
/// The title of the final code.
pub const FINAL: &str = "Software Security Code of Practice, 7 May 2025";
/// Whom the draft makes responsible.
pub const DRAFT_OFFICER: &str = "Senior Responsible Officer";
/// Whom the final code makes responsible.
pub const FINAL_OWNER: &str = "Senior Responsible Owner";

/// All provisions, in order.
pub static PROVISIONS: [&Provision; 4] =
    [&access::PROVISION, &changes::PROVISION, &pipeline::PROVISION, &distribution::PROVISION];

/// All questions, each with its provision, in order.
pub fn questions() -> impl Iterator<Item = (&'static Provision, &'static Question)> {
    PROVISIONS
        .into_iter()
        .flat_map(|provision| provision.questions.iter().map(move |question| (provision, question)))
}

/// The question of this id.
#[must_use]
pub fn question(id: &str) -> Option<&'static Question> {
    questions().map(|(_, question)| question).find(|question| question.id == id)
}
