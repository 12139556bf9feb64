//! What the questions of the pipeline and of distribution share.

use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::cut;
use crate::format::evidence::{INPUTS_SUBJECT, PathText};
use crate::format::fact::{Fact, Gap, Status};
use crate::format::statement::Subject;

/// The answer where a part has no value.
pub(super) fn missing<T>(facts: &Facts<'_>, name: &str, fact: &Fact<T>) -> Found {
    let why = facts.why_not(name, fact);
    match fact.status {
        Status::NotApplicable => Found::not_applicable(why),
        _ => Found::unknown(why),
    }
}

/// What the evidence admits that it lacks of a part.
pub(super) fn gaps<'a>(facts: &'a Facts<'_>, part: &str) -> Vec<&'a Gap> {
    facts.gaps.iter().filter(|gap| gap.part == part).collect()
}

/// What the statement is about, but for the inputs that stand there where there is no artefact.
pub(super) fn artefacts<'a>(facts: &'a Facts<'_>) -> Vec<&'a Subject> {
    facts.subjects.iter().filter(|subject| subject.kind() != Some(INPUTS_SUBJECT)).collect()
}

/// The first few of some texts, and how many more there are.
pub(super) fn several<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 5;
    let mut texts = texts.into_iter();
    let shown: Vec<String> =
        texts.by_ref().take(SHOWN).map(|text| cut(text.as_ref(), 60)).collect();
    match texts.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A path as it is shown.
pub(super) fn shown(path: &PathText) -> &str {
    match path {
        PathText::Path(text) | PathText::PathHex(text) => text,
    }
}
