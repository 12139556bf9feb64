//! The builds of a lane in their order, each with what changed.

use super::{name, sentence};
use crate::assess::chain::{Finding, Row};
use crate::format::evidence::{ChangeKind, EnvironmentChange};
use crate::report::model::{ChangeV1, EventV1};

/// Most changes of one build.
const CHANGES_MAX: usize = 50;

/// The first changes of a list.
#[must_use]
pub fn changes<'a>(list: impl IntoIterator<Item = &'a EnvironmentChange>) -> Vec<ChangeV1> {
    let one = |change: &EnvironmentChange| ChangeV1 {
        class: change.class.name().to_owned(),
        name: name(&change.name),
        change: match change.change {
            ChangeKind::Added => "added",
            ChangeKind::Changed => "changed",
            ChangeKind::Removed => "removed",
            ChangeKind::Unknown => "unknown",
        }
        .to_owned(),
        before: change.before.as_deref().map(name),
        after: change.after.as_deref().map(name),
        explained_by: change.explanation.by.to_string(),
        explained: change.explanation.by.explains(),
        commit: change.explanation.commit.as_deref().map(name),
        note: change.explanation.note.as_deref().map(sentence),
    };
    list.into_iter().take(CHANGES_MAX).map(one).collect()
}

/// One build of the timeline. `findings` are those of its lane.
#[must_use]
pub fn event(row: &Row, mut list: Vec<ChangeV1>, findings: &[&Finding]) -> EventV1 {
    list.truncate(CHANGES_MAX);
    let own = findings.iter().filter(|finding| finding.evidence.first() == Some(&row.payload));
    let mut marks: Vec<String> = own.map(|finding| finding.kind.name().to_owned()).collect();
    marks.sort_unstable();
    marks.dedup();
    EventV1 {
        payload_sha256: row.payload,
        sequence: row.sequence,
        run: row.run.to_string(),
        finished: row.finished,
        commit: row.commit.as_deref().map(name),
        outcome: row.outcome.to_string(),
        changes: row.changes.map(|(all, _)| all),
        unexplained: row.changes.map(|(_, unexplained)| unexplained),
        drift: row.drift,
        list,
        marks,
    }
}
