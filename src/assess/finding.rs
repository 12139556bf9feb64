//! What the questions of the catalogue come to for one build.

use super::assurance::Assurance;
use super::catalogue::{Answer, Failure, PROVISIONS, Provision, Question, Remedy};
use super::facts::Facts;
use crate::base::text::cut;

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The evidence speaks for it.
    Pass,
    /// The evidence speaks against it.
    Fail,
    /// The evidence says nothing of it, or nothing that can be read.
    Unknown,
    /// It has no meaning for this build.
    NotApplicable,
}

impl Status {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// What a question's function found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    status: Status,
    why: String,
    values: Vec<(&'static str, String)>,
    pointers: Vec<String>,
    checked_here: bool,
    places: Vec<Place>,
    remedy: Option<&'static Remedy>,
}

/// A place in a file of the project's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Relative to the root.
    pub path: String,
    /// Counted from 1; absent where it isn't known.
    pub line: Option<u64>,
    /// What is there, in a sentence.
    pub what: String,
}

/// Longest sentence and value, in characters; most values and places of one answer.
const WHY_MAX: usize = 400;
const VALUE_MAX: usize = 200;
const VALUES_MAX: usize = 20;
const PLACES_MAX: usize = 200;

impl Found {
    fn new(status: Status, why: impl AsRef<str>) -> Self {
        Self {
            status,
            why: cut(why.as_ref(), WHY_MAX),
            values: Vec::new(),
            pointers: Vec::new(),
            checked_here: false,
            places: Vec::new(),
            remedy: None,
        }
    }

    /// The evidence speaks for it.
    pub fn pass(why: impl AsRef<str>) -> Self {
        Self::new(Status::Pass, why)
    }

    /// The evidence speaks against it.
    pub fn fail(why: impl AsRef<str>) -> Self {
        Self::new(Status::Fail, why)
    }

    /// The evidence says nothing of it.
    pub fn unknown(why: impl AsRef<str>) -> Self {
        Self::new(Status::Unknown, why)
    }

    /// It has no meaning for this build.
    pub fn not_applicable(why: impl AsRef<str>) -> Self {
        Self::new(Status::NotApplicable, why)
    }

    /// Where a fact that decided stands in the predicate, as a JSON pointer. Without what it points to there is
    /// neither a pass nor a failure.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointers.push(pointer.into());
        self
    }

    /// A value that decided.
    #[must_use]
    pub fn value(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        if self.values.len() < VALUES_MAX && !value.as_ref().is_empty() {
            self.values.push((name, cut(value.as_ref(), VALUE_MAX)));
        }
        self
    }

    /// Where in the project's files something is to be changed.
    #[must_use]
    pub fn place(mut self, path: &str, line: Option<u64>, what: &str) -> Self {
        if self.places.len() < PLACES_MAX {
            let (path, what) = (cut(path, VALUE_MAX), cut(what, WHY_MAX));
            self.places.push(Place { path, line, what });
        }
        self
    }

    /// What to do where it is no failure: what a failure asks for may be uncalled for.
    #[must_use]
    pub(super) fn unless_failed(mut self, remedy: &'static Remedy) -> Self {
        self.remedy = (self.status != Status::Fail).then_some(remedy);
        self
    }

    /// Nothing that the evidence says decided, but what whoever checks did themselves.
    #[must_use]
    pub const fn checked_here(mut self) -> Self {
        self.checked_here = true;
        self
    }
}

/// A question with its answer.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The question.
    pub question: &'static Question,
    /// The answer.
    pub status: Status,
    /// Why, in a sentence.
    pub why: String,
    /// How far the facts that decided can be trusted: the weakest of them. Of a pass and a failure alone.
    pub assurance: Option<Assurance>,
    /// The values that decided.
    pub values: Vec<(&'static str, String)>,
    /// Where they stand in the predicate, as JSON pointers.
    pub pointers: Vec<String>,
    /// Where in the project's files something is to be changed.
    pub places: Vec<Place>,
    /// What to do.
    pub remedy: &'static Remedy,
    /// Only people or other systems can answer it.
    pub needs_people: bool,
    /// Documents that were attached for them: kind, name, date.
    pub documents: Vec<Document>,
}

/// A document that was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `mfa-export`, `access-review`, ...
    pub kind: String,
    /// Its file's name.
    pub name: String,
    /// The day that it is of, as who attached it says.
    pub date: Option<String>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// What the answers to a provision's questions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Evidence speaks against it.
    Contradicted,
    /// No evidence speaks for it.
    NotEvidenced,
    /// Evidence speaks for some of it.
    PartlyEvidenced,
    /// Evidence speaks for all of it, and a document is attached for whatever only people can show.
    Evidenced,
}

impl Standing {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::NotEvidenced => "not evidenced",
            Self::PartlyEvidenced => "partly evidenced",
            Self::Evidenced => "evidenced",
        }
    }
}

/// A provision with its answers.
#[derive(Debug, Clone)]
pub struct Assessed {
    /// The provision.
    pub provision: &'static Provision,
    /// Its questions, answered.
    pub findings: Vec<Finding>,
}

impl Assessed {
    /// What the answers come to.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let contradicts = |finding: &Finding| {
            finding.status == Status::Fail && finding.question.failure == Failure::Contradicts
        };
        let speaks_for = |finding: &Finding| match finding.status {
            Status::Pass | Status::NotApplicable => true,
            Status::Unknown => finding.needs_people && !finding.documents.is_empty(),
            Status::Fail => false,
        };
        if self.findings.iter().any(contradicts) {
            Standing::Contradicted
        } else if !self.findings.iter().any(|finding| finding.status == Status::Pass) {
            Standing::NotEvidenced
        } else if self.findings.iter().all(speaks_for) {
            Standing::Evidenced
        } else {
            Standing::PartlyEvidenced
        }
    }

    /// How many questions were asked, those without a meaning for this build and those for people left out.
    #[must_use]
    pub fn asked(&self) -> usize {
        let asked = |f: &&Finding| f.status != Status::NotApplicable && !f.needs_people;
        self.findings.iter().filter(asked).count()
    }

    /// How many of them the evidence answers, for or against.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.findings.iter().filter(|f| matches!(f.status, Status::Pass | Status::Fail)).count()
    }

    /// How many answers rest on nothing weaker than one of these.
    #[must_use]
    pub fn resting_on(&self, levels: &[Assurance]) -> usize {
        let on = |f: &&Finding| f.assurance.is_some_and(|level| levels.contains(&level));
        self.findings.iter().filter(on).count()
    }

    /// How many only people or other systems can answer.
    #[must_use]
    pub fn people(&self) -> usize {
        self.findings.iter().filter(|finding| finding.needs_people).count()
    }
}

/// Asks every question of the catalogue.
#[must_use]
pub fn assess(facts: &Facts<'_>) -> Vec<Assessed> {
    let of = |provision: &'static Provision| Assessed {
        provision,
        findings: provision.questions.iter().map(|question| answer(question, facts)).collect(),
    };
    PROVISIONS.into_iter().map(of).collect()
}

/// Asks one question.
#[must_use]
pub fn answer(question: &'static Question, facts: &Facts<'_>) -> Finding {
    let mut documents = Vec::new();
    let found = match question.answer {
        Answer::Evidence(function) => function(facts),
        Answer::People(kinds) => {
            documents = facts.documents(kinds);
            match documents.len() {
                0 => Found::unknown("only people or other systems can show it"),
                1 => Found::unknown("a document is attached; only people can say what it shows"),
                _ => Found::unknown("documents are attached; only people can say what they show"),
            }
        }
        Answer::Later(what) => {
            Found::unknown(format!("this version can't read such evidence: {what}"))
        }
    };
    let decided = matches!(found.status, Status::Pass | Status::Fail);
    // A list that was taken out reads as an empty one: what a function takes for granted must be there.
    let missing = found.pointers.iter().find(|pointer| !facts.has(pointer));
    let rests_on_nothing = found.pointers.is_empty() && !found.checked_here;
    let found = match missing {
        Some(pointer) if decided => Found::unknown(format!("the evidence has no {pointer}")),
        _ if decided && rests_on_nothing => Found::unknown("nothing in the evidence decides it"),
        _ => found,
    };
    let assurance = matches!(found.status, Status::Pass | Status::Fail)
        .then(|| facts.weakest(&found.pointers, found.checked_here));
    Finding {
        remedy: found.remedy.unwrap_or(question.remedy),
        question,
        status: found.status,
        why: found.why,
        assurance,
        values: found.values,
        pointers: found.pointers,
        places: found.places,
        needs_people: matches!(question.answer, Answer::People(_)),
        documents,
    }
}
