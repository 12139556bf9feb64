//! How two builds stand to each other, and what can be said of their differences then.

use super::side::Side;
use crate::drift::{self, Departure, View};
use crate::format::evidence::{
    BuildEvidence, EnvironmentChange, ExplainedBy, Explanation, NotCompared,
};

/// How two builds stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// They are one.
    Same,
    /// NEW names OLD as the build before it, and was compared with it when it was built.
    Successor,
    /// NEW was compared with OLD when it was built, and isn't its successor.
    Compared,
    /// NEW names OLD as the build before it, and was compared with another, or with none.
    OnlyLinked,
    /// Neither.
    Unrelated,
    /// OLD is the later one.
    Swapped,
}

impl Relation {
    pub(super) fn of(old: &Side, new: &Side) -> Self {
        let previous = |side: &Side| side.evidence.chain.get().and_then(|chain| chain.previous);
        let changes = new.evidence.changes.get();
        let baseline = changes.and_then(|changes| changes.baseline.get());
        let linked = previous(new).is_some_and(|digest| old.is(digest));
        let compared = baseline.is_some_and(|baseline| old.is(baseline.sha256));
        let finished = |side: &Side| side.evidence.build.finished;
        if old.payload == new.payload {
            Self::Same
        } else if linked && compared {
            Self::Successor
        } else if compared {
            Self::Compared
        } else if linked {
            Self::OnlyLinked
        } else if previous(old).is_some_and(|digest| new.is(digest))
            || (one_lane(&old.evidence, &new.evidence) && finished(new) < finished(old))
        {
            Self::Swapped
        } else {
            Self::Unrelated
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Successor => "successor",
            Self::Compared => "compared",
            Self::OnlyLinked => "linked",
            Self::Unrelated => "unrelated",
            Self::Swapped => "swapped",
        }
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Same => "OLD and NEW are the same evidence",
            Self::Successor => "NEW follows OLD in the chain",
            Self::Compared => {
                "NEW was compared with OLD when it was built; in the chain it follows another"
            }
            Self::OnlyLinked => {
                "NEW follows OLD in the chain, and was not compared with it when it was built"
            }
            Self::Unrelated => "these builds don't follow each other",
            Self::Swapped => "OLD is later than NEW",
        }
    }

    /// Why no explanation is recorded.
    const fn why_not(self) -> &'static str {
        match self {
            Self::OnlyLinked => "NEW was not compared with OLD when it was built",
            _ => "these builds don't follow each other",
        }
    }
}

/// Whether both name one lane.
pub(super) fn one_lane(old: &BuildEvidence, new: &BuildEvidence) -> bool {
    old.lane.get().is_some() && old.lane.get() == new.lane.get()
}

/// What differs, and how far that can be said.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The differences; explained where `not_recorded` is absent.
    pub(super) changes: Vec<EnvironmentChange>,
    /// Why what explains them isn't recorded.
    pub(super) not_recorded: Option<String>,
    /// How many more are sealed, and how many of those nothing explains.
    pub(super) sealed: (u64, u64),
    pub(super) not_compared: Vec<NotCompared>,
    /// Where NEW's record isn't what follows from OLD and NEW.
    pub(super) departures: Vec<Departure>,
}

impl Found {
    /// Takes NEW's record, where it is of a comparison with OLD; else compares what both show.
    pub(super) fn new(relation: Relation, old: &BuildEvidence, new: &BuildEvidence) -> Self {
        match relation {
            Relation::Same => Self::default(),
            Relation::Successor | Relation::Compared => Self::recorded(old, new),
            _ => Self::compared(relation, old, new),
        }
    }

    fn recorded(old: &BuildEvidence, new: &BuildEvidence) -> Self {
        let Some(record) = new.changes.get() else { return Self::default() };
        let lists = [record.environment.inline(), record.details.inline()];
        let mut changes: Vec<_> = lists.into_iter().flatten().flatten().cloned().collect();
        changes.sort();
        let unexplained = changes.iter().filter(|change| !change.explanation.by.explains()).count();
        let (all, none) = record.counts.values().fold((0_u64, 0_u64), |(all, none), count| {
            (all.saturating_add(count.changes), none.saturating_add(count.unexplained))
        });
        Self {
            // What is counted and isn't there is sealed: the count alone is what outsiders get.
            sealed: (
                all.saturating_sub(changes.len() as u64),
                none.saturating_sub(unexplained as u64),
            ),
            changes,
            not_recorded: None,
            not_compared: record.not_compared.clone(),
            departures: drift::follows(old, new),
        }
    }

    fn compared(relation: Relation, old: &BuildEvidence, new: &BuildEvidence) -> Self {
        let comparison = drift::compare(View::of(old), View::of(new));
        let unexplained = || Explanation { by: ExplainedBy::Unexplained, commit: None, note: None };
        let changes = comparison.differences.into_iter().map(|difference| EnvironmentChange {
            class: difference.class,
            place: difference.place,
            name: difference.name,
            before: difference.before,
            after: difference.after,
            change: difference.change,
            explanation: unexplained(),
        });
        Self {
            changes: changes.collect(),
            not_recorded: Some(format!("explanation not recorded: {}", relation.why_not())),
            not_compared: comparison.not_compared,
            ..Self::default()
        }
    }

    /// How many nothing explains.
    pub(super) fn unexplained(&self) -> u64 {
        let shown = self.changes.iter().filter(|change| !change.explanation.by.explains()).count();
        self.sealed.1.saturating_add(shown as u64)
    }
}
