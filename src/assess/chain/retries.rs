//! Later attempts at a run, which may claim the place of an earlier one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::Given;
use super::row::{Meeting, Row};
use crate::base::digest::Sha256;
use crate::base::time::Time;

/// A lane whose retries are told apart: a run of old can be tried again at any time, so that by itself excuses
/// nothing.
pub(super) struct Retries<'a> {
    pub(super) given: &'a Given<'a>,
    pub(super) lane: &'a [Row],
    hidden: RefCell<BTreeMap<Sha256, Option<Time>>>,
}

impl<'a> Retries<'a> {
    pub(super) const fn new(given: &'a Given<'a>, lane: &'a [Row]) -> Self {
        Self { given, lane, hidden: RefCell::new(BTreeMap::new()) }
    }

    /// How they meet. A retry that hides builds is no better than one that is none.
    pub(super) fn meeting(&self, one: &Row, two: &Row) -> Meeting {
        match one.meets(two) {
            Meeting::Retry if !self.is_direct(one, two) => Meeting::Apart,
            meeting => meeting,
        }
    }

    /// Whether nothing else of the lane succeeded between the attempts.
    fn is_direct(&self, one: &Row, two: &Row) -> bool {
        let (first, again) =
            if one.run.attempt < two.run.attempt { (one, two) } else { (two, one) };
        let hidden = *self
            .hidden
            .borrow_mut()
            .entry(again.payload)
            .or_insert_with(|| self.last_hidden_by(again));
        hidden.is_none_or(|finished| finished <= first.started)
    }

    /// When the last build of another run was finished that this one could have followed, and didn't.
    fn last_hidden_by(&self, again: &Row) -> Option<Time> {
        let before = |row: &&Row| {
            row.succeeded() && row.is_before(again) && !row.run.is_of_one_run_with(&again.run)
        };
        let mut before = self.lane.iter().filter(before).peekable();
        before.peek()?;
        let line: BTreeSet<_> = self.given.ancestors(again).map(|row| row.payload).collect();
        before.filter(|row| !line.contains(&row.payload)).map(|row| row.finished).max()
    }
}
