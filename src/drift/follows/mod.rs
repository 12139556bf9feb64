//! Whether the changes that evidence records follow from it and its baseline.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{SEALED_OLD, is_sealed};
use super::explain::{Context, Deciders, Site, commit_explains, image_explains, without_lock};
use super::{Comparison, Difference, View, compare};
use crate::format::evidence::{
    BuildEvidence, ChangeCount, ChangeKind, Changes, CommitEntry, EnvironmentChange, ExplainedBy,
    Lane,
};
use crate::format::lock::Class;

mod reseal;

/// Where the record departs from what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The place and name of the change.
    pub what: String,
    /// What is recorded.
    pub recorded: String,
    /// What follows.
    pub follows: String,
}

/// Works the changes that `new` records out again, as far as the sealed parts that are at hand allow. Empty:
/// nothing contradicts.
///
/// Not checked: that the baseline is the statement that `new` names by its digest; what a lock approved; what
/// stands in sections that aren't at hand.
#[must_use]
pub fn follows(old: &BuildEvidence, new: &BuildEvidence) -> Vec<Departure> {
    let Some(changes) = new.changes.get() else { return Vec::new() };
    let Some(baseline) = changes.baseline.get().filter(|b| b.build_id == old.build.id) else {
        return Vec::new();
    };
    // The sections that are at hand now may not have been then: what the record says it could not see is
    // not held against it, and nothing else.
    let unseen = changes.not_compared.iter();
    let unseen = unseen.filter(|one| !baseline.sections && one.reason == SEALED_OLD);
    let unseen: BTreeSet<&str> = unseen.map(|one| one.place.as_str()).collect();
    let then = reseal::Resealed::of(old, &unseen);
    let follows = compare(then.view(), View::of(new));

    let now = View::of(new);
    let no_lane = Lane::default();
    let site = Site {
        hosted: then.view().is_hosted() && now.is_hosted(),
        contained: now.is_contained(),
        lane: new.lane.get().unwrap_or(&no_lane),
    };
    let mut check = Check { changes, follows: &follows, site, departures: Vec::new() };
    check.not_compared();
    check.differences();
    check.explanations();
    check.counts();
    check.departures
}

struct Check<'a> {
    changes: &'a Changes,
    follows: &'a Comparison,
    site: Site<'a>,
    departures: Vec<Departure>,
}

impl<'a> Check<'a> {
    fn departs(
        &mut self,
        what: impl Into<String>,
        recorded: impl Into<String>,
        follows: impl Into<String>,
    ) {
        let (what, recorded, follows) = (what.into(), recorded.into(), follows.into());
        self.departures.push(Departure { what, recorded, follows });
    }

    fn recorded(&self) -> impl Iterator<Item = &'a EnvironmentChange> + use<'a> {
        let parts = [&self.changes.environment, &self.changes.details];
        parts.into_iter().flat_map(|part| part.inline().into_iter().flatten())
    }

    /// Whether all recorded changes are at hand.
    fn all_open(&self) -> bool {
        self.changes.environment.inline().is_some() && self.changes.details.inline().is_some()
    }

    /// What is said not to be comparable must be just that: it would hide what changed there.
    fn not_compared(&mut self) {
        let follows = &self.follows.not_compared;
        let sealed: BTreeSet<&str> = follows
            .iter()
            .filter(|one| is_sealed(&one.reason))
            .map(|one| one.place.as_str())
            .collect();
        let recorded: BTreeSet<_> = self.changes.not_compared.iter().collect();
        for one in &recorded {
            let holds = follows.binary_search(one).is_ok()
                || (is_sealed(&one.reason) && sealed.contains(one.place.as_str()));
            if !holds {
                let reason = format!("not compared: {}", one.reason);
                self.departs(one.place.clone(), reason, "both sides show it");
            }
        }
        for one in follows.iter().filter(|one| !is_sealed(&one.reason) && !recorded.contains(one)) {
            let reason = format!("not compared: {}", one.reason);
            self.departs(one.place.clone(), "compared", reason);
        }
    }

    fn differences(&mut self) {
        let hidden: BTreeSet<&str> = self.hidden().collect();
        let mut recorded: BTreeMap<Difference, usize> = BTreeMap::new();
        for one in self.recorded().filter(|one| !hidden.contains(one.place.as_str())) {
            *recorded.entry(bare(one)).or_default() += 1;
        }
        for one in &self.follows.differences {
            match recorded.get_mut(one) {
                Some(count) if *count > 0 => *count -= 1,
                _ if self.may_lack(one, &hidden) => {}
                _ => self.departs(what(one), "nothing", told(one)),
            }
        }
        for (one, count) in recorded {
            for _ in 0..count {
                self.departs(what(&one), told(&one), "nothing");
            }
        }
    }

    /// Places that aren't at hand now; what was recorded of them can't be checked.
    fn hidden(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let places = self.follows.not_compared.iter().filter(|one| is_sealed(&one.reason));
        places.map(|one| one.place.as_str())
    }

    /// Whether a difference can be missing from what of the record is at hand, and yet be in order.
    fn may_lack(&self, difference: &Difference, hidden: &BTreeSet<&str>) -> bool {
        let sealed_record = self.changes.environment.inline().is_none()
            || (self.changes.details.inline().is_none() && can_be_sealed(&difference.place));
        // A variable can move between the recorded ones and those that are only named.
        let counterpart = match difference.place.as_str() {
            "environment.other_variables" => "environment.variables",
            "environment.variables" => "environment.other_variables",
            _ => "",
        };
        sealed_record || (hidden.contains(counterpart) && difference.change != ChangeKind::Changed)
    }

    fn explanations(&mut self) {
        // The rules judge one difference by the others, recorded ones of places that aren't at hand among them.
        let mut all: Vec<Difference> = self.follows.differences.clone();
        all.extend(self.recorded().map(bare));
        all.sort();
        all.dedup();
        let context = Context::of(&self.follows.differences, self.site);
        let wide = Context::of(&all, self.site);
        let log = self.changes.commits.get();
        let commits: Option<&[CommitEntry]> = match log {
            Some(log) => log.list.inline().map(Vec::as_slice),
            None => Some(&[]),
        };
        let mut by_id: BTreeMap<&str, Deciders<'_>> = BTreeMap::new();
        for one in commits.unwrap_or_default() {
            let deciders = wide.deciders(std::slice::from_ref(one));
            by_id.entry(one.id.as_str()).or_insert(deciders);
        }
        let newest = commits.map(|commits| wide.deciders(commits));
        let lock = self.changes.lock.get();
        let in_force = lock.is_some_and(|lock| lock.changed_since_baseline == Some(false));

        for one in self.recorded() {
            let difference = bare(one);
            let explanation = &one.explanation;
            let fault = match explanation.by {
                ExplainedBy::Commit => match (explanation.commit.as_deref(), commits) {
                    (None, _) => Some("a commit that is named"),
                    (Some(_), None) => None,
                    (Some(id), Some(_)) => match by_id.get(id) {
                        None => Some("no such commit in the list"),
                        Some(deciders) if commit_explains(&difference, deciders) => None,
                        Some(_) => Some("the commit touches nothing that decides it"),
                    },
                },
                ExplainedBy::PlatformImage => (!image_explains(&difference, &context))
                    .then_some("no roll of the runner's image explains it"),
                ExplainedBy::Lock => {
                    (!in_force).then_some("no lock that was in force at the baseline")
                }
                ExplainedBy::Unexplained => newest.as_ref().and_then(|newest| {
                    match without_lock(&difference, &wide, newest) {
                        ExplainedBy::Commit => Some("a commit of the list explains it"),
                        ExplainedBy::PlatformImage => Some("the runner's image explains it"),
                        _ => None,
                    }
                }),
                ExplainedBy::ApprovalPending | ExplainedBy::Unknown => None,
            };
            if let Some(fault) = fault {
                let recorded = match &explanation.commit {
                    Some(commit) => format!("{} {commit}", explanation.by),
                    None => explanation.by.to_string(),
                };
                self.departs(what(&difference), recorded, fault);
            }
        }
    }

    fn counts(&mut self) {
        let mut seen: BTreeMap<Class, ChangeCount> = BTreeMap::new();
        for one in self.recorded() {
            let count = seen.entry(one.class).or_default();
            count.changes += 1;
            count.unexplained += u64::from(!one.explanation.by.explains());
        }
        let classes: BTreeSet<Class> =
            seen.keys().chain(self.changes.counts.keys()).copied().collect();
        for class in classes {
            let seen = seen.get(&class).copied().unwrap_or_default();
            let said = self.changes.counts.get(&class).copied().unwrap_or_default();
            let fits = if self.all_open() {
                said == seen
            } else {
                // The rest is sealed.
                let rest = said.changes.checked_sub(seen.changes);
                let unexplained = said.unexplained.checked_sub(seen.unexplained);
                rest.zip(unexplained).is_some_and(|(rest, unexplained)| unexplained <= rest)
            };
            if !fits {
                let text = |count: ChangeCount| {
                    format!("{} of which {} unexplained", count.changes, count.unexplained)
                };
                self.departs(format!("counts of {class}"), text(said), text(seen));
            }
        }
    }
}

/// Whether a place's part of the evidence can be sealed, and with it what changed there.
fn can_be_sealed(place: &str) -> bool {
    reseal::PLACES.contains(&place) || (place.starts_with("packages.") && place.ends_with(".list"))
}

fn bare(change: &EnvironmentChange) -> Difference {
    Difference {
        class: change.class,
        place: change.place.clone(),
        name: change.name.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        change: change.change,
    }
}

fn what(difference: &Difference) -> String {
    format!("{}: {}", difference.place, difference.name)
}

fn told(difference: &Difference) -> String {
    let change = match difference.change {
        ChangeKind::Added => "added",
        ChangeKind::Changed => "changed",
        ChangeKind::Removed => "removed",
        ChangeKind::Unknown => "unknown",
    };
    let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    if difference.before.is_none() && difference.after.is_none() {
        return change.to_owned();
    }
    format!("{change} from {} to {}", side(&difference.before), side(&difference.after))
}

#[cfg(test)]
mod tests;
