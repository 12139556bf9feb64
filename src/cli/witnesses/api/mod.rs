//! What the platform's API says of who may touch the build.

mod github;
mod gitlab;
#[cfg(test)]
mod tests;

pub(super) use github::GitHub;
pub(super) use gitlab::GitLab;

use std::collections::BTreeMap;

use super::Silence;
use crate::base::text::printable;
use crate::capture::redact::Redactor;
use crate::cli::bracket::note;
use crate::format::evidence::{Controls, PlatformProvenance, Reply};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};
use crate::net::Lost;
use crate::net::answer::Answer;

/// What came of all questions.
pub(super) struct Asked {
    pub(super) controls: Fact<Controls>,
    /// How many were asked, and how many of those were answered.
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) withheld: Vec<Withheld>,
    pub(super) gaps: Vec<Gap>,
}

impl Asked {
    /// Nobody could be asked. What was given as a file is there all the same.
    pub(super) fn nobody(silence: &Silence, provenance: &[PlatformProvenance]) -> Self {
        let controls = if provenance.is_empty() {
            silence.fact(Basis::ApiReply)
        } else {
            let controls = Controls {
                api: None,
                branch_rules: silence.fact(Basis::ApiReply),
                environment: silence.fact(Basis::ApiReply),
                approvals: silence.fact(Basis::ApiReply),
                job: silence.fact(Basis::ApiReply),
                provenance: given(provenance),
                replies: Vec::new(),
                details: Sealable::default(),
            };
            Fact::observed(Basis::Attached, controls)
        };
        let gaps = silence.gap("controls").into_iter().collect();
        Self { controls, asked: 0, answered: 0, withheld: Vec::new(), gaps }
    }
}

/// Provenance from files alone.
fn given(provenance: &[PlatformProvenance]) -> Fact<Vec<PlatformProvenance>> {
    let mut all = provenance.to_vec();
    all.sort();
    all.dedup();
    Fact::observed(Basis::Attached, all)
}

/// What is written down while answers come in.
struct Notes<'a> {
    redactor: &'a Redactor,
    replies: Vec<Reply>,
    details: BTreeMap<String, String>,
    answered: u64,
    withheld: Vec<Withheld>,
    gaps: Vec<Gap>,
}

impl<'a> Notes<'a> {
    const fn new(redactor: &'a Redactor) -> Self {
        Self {
            redactor,
            replies: Vec::new(),
            details: BTreeMap::new(),
            answered: 0,
            withheld: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// A text of a reply. It is looked at as it came: made printable, a secret may look like none.
    fn text(&mut self, place: &str, text: &str) -> String {
        printable(&note(
            self.redactor.scrub(text),
            &format!("controls.{place}"),
            &mut self.withheld,
        ))
    }

    fn optional(&mut self, place: &str, text: Option<&str>) -> Option<String> {
        text.filter(|text| !text.is_empty()).map(|text| self.text(place, text))
    }

    /// Sorted, each once.
    fn texts(&mut self, place: &str, texts: &[String]) -> Vec<String> {
        let mut all: Vec<_> = texts.iter().map(|text| self.text(place, text)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// A name of a person or a machine.
    fn detail(&mut self, place: &str, text: Option<&str>) {
        if let Some(text) = self.optional(&format!("details.{place}"), text) {
            self.details.insert(place.to_owned(), text);
        }
    }

    /// Notes that a question was asked; gives what it came to.
    fn reply<T>(&mut self, question: &str, answer: Answer<T>) -> Result<T, Lost> {
        let Answer { path, status, at, sha256, result } = answer;
        if !path.is_empty() {
            let path = self.text("replies.path", &path);
            self.replies.push(Reply { question: question.to_owned(), path, status, at, sha256 });
        }
        self.answered += u64::from(result.is_ok());
        result
    }

    /// An answer that isn't there is a gap of its own.
    fn lost<T>(&mut self, part: &str, lost: Lost) -> Fact<T> {
        let reason = self.text(part, &lost.reason);
        let part = format!("controls.{part}");
        self.gaps.push(Gap { part, reason: reason.clone(), cure: lost.cure });
        Fact::unavailable(Basis::ApiReply, reason)
    }

    /// Closes the book.
    fn asked(
        self,
        controls: impl FnOnce(Vec<Reply>, BTreeMap<String, String>) -> Controls,
    ) -> Asked {
        let asked = self.replies.len() as u64;
        Asked {
            controls: Fact::observed(Basis::ApiReply, controls(self.replies, self.details)),
            asked,
            answered: self.answered,
            withheld: self.withheld,
            gaps: self.gaps,
        }
    }
}
