//! What `proofmark diff` found, as it is printed: a frozen copy with a version.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::FailOn;
use super::found::{Found, Relation, one_lane};
use super::side::Side;
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::base::time::Time;
use crate::cli::log;
use crate::format::evidence::{ChangeKind, EnvironmentChange, ExplainedBy, NotCompared, Outcome};
use crate::format::lock::Class;

/// What `proofmark diff --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "proofmark diff v1")]
pub(crate) struct DiffV1 {
    /// Always 1.
    version: u32,
    /// The earlier build.
    pub(super) old: BuildV1,
    /// The later one.
    pub(super) new: BuildV1,
    /// Whether both are of one lane.
    pub(super) same_lane: bool,
    /// `successor`, `compared` (NEW's baseline is OLD), `linked` (NEW names OLD before it, and its baseline is
    /// another), `unrelated` or `same`.
    relation: &'static str,
    /// The same in words.
    pub(super) relation_text: &'static str,
    /// How the environments differ, sorted.
    pub(super) changes: Vec<ChangeV1>,
    /// How many more changes are in sealed parts that aren't at hand.
    pub(super) sealed: CountV1,
    /// How many there are in all.
    pub(super) counts: CountV1,
    /// How many of those in `changes` each kind of explanation has.
    pub(super) explained_by: BTreeMap<String, u64>,
    /// What could not be compared.
    pub(super) not_compared: Vec<NotComparedV1>,
    /// Classes of which nothing could be compared.
    pub(super) classes_not_compared: Vec<String>,
    /// Where NEW's record isn't what follows from OLD and NEW: it is refused.
    pub(super) departures: Vec<DepartureV1>,
    /// What is to be said of the files.
    pub(super) notes: Vec<String>,
    /// What in the files may be a build and isn't verified.
    pub(super) not_verified: Vec<String>,
    /// The answer in one line.
    pub(super) result: String,
    /// The exit code.
    exit_code: u8,
}

/// One of the two builds.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BuildV1 {
    /// Its file.
    pub(super) file: String,
    /// SHA-256 of its payload.
    pub(super) payload_sha256: Sha256,
    /// The build that it names.
    pub(super) build_id: String,
    /// Its lane for people; absent where it names none.
    pub(super) lane: Option<String>,
    /// Its place in the chain.
    pub(super) sequence: Option<u64>,
    /// The commit.
    pub(super) commit: Option<String>,
    /// When it was finished.
    pub(super) finished: Time,
    /// How it ended.
    pub(super) outcome: String,
    /// Fingerprints of the trusted keys that signed it.
    pub(super) signers: Vec<String>,
    /// How many sealed parts it has.
    pub(super) sealed_parts: usize,
    /// How many of them are at hand.
    pub(super) opened_parts: usize,
}

/// One difference.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChangeV1 {
    /// What kind of thing changed.
    pub(super) class: String,
    /// The part of the evidence that shows it.
    pub(super) place: String,
    /// What changed.
    pub(super) name: String,
    /// `added`, `changed`, `removed` or `unknown`.
    pub(super) change: &'static str,
    /// What it was; absent where it was not there, or where its value isn't recorded.
    pub(super) before: Option<String>,
    /// What it is now.
    pub(super) after: Option<String>,
    /// `commit`, `lock`, `platform image`, `approval pending`, `unexplained`, `unknown` or `not recorded`.
    pub(super) explained_by: String,
    /// The commit that explains it.
    pub(super) commit: Option<String>,
    /// One sentence.
    pub(super) note: Option<String>,
}

/// How many changes there are.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(super) struct CountV1 {
    /// All of them.
    pub(super) changes: u64,
    /// Those that nothing explains; an approval that is pending explains nothing.
    pub(super) unexplained: u64,
}

/// A part that could not be compared.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotComparedV1 {
    /// Which.
    pub(super) place: String,
    /// Why.
    pub(super) reason: String,
}

/// One contradiction.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DepartureV1 {
    /// The place and name of the change.
    pub(super) what: String,
    /// What NEW records.
    pub(super) recorded: String,
    /// What follows from OLD and NEW.
    pub(super) follows: String,
}

impl DiffV1 {
    pub(super) fn new(
        old: &Side,
        new: &Side,
        relation: Relation,
        found: Found,
        fail_on: &[FailOn],
    ) -> Self {
        let (hidden, hidden_unexplained) = found.sealed;
        let counts = CountV1 {
            changes: hidden.saturating_add(found.changes.len() as u64),
            unexplained: found.unexplained(),
        };
        let classes_not_compared = not_compared_at_all(&found.changes, &found.not_compared);
        let not_recorded = found.not_recorded.as_deref();
        let changes: Vec<_> =
            found.changes.into_iter().map(|change| ChangeV1::new(change, not_recorded)).collect();
        let mut explained_by: BTreeMap<String, u64> = BTreeMap::new();
        for change in &changes {
            *explained_by.entry(change.explained_by.clone()).or_default() += 1;
        }
        let departures: Vec<_> = found
            .departures
            .into_iter()
            .map(|d| DepartureV1 { what: d.what, recorded: d.recorded, follows: d.follows })
            .collect();
        let not_verified: Vec<_> = [old, new]
            .into_iter()
            .flat_map(|side| &side.not_verified)
            .map(|not| match not.line {
                Some(line) => format!("{}, line {line}: {}", not.file, not.why),
                None => format!("{}: {}", not.file, not.why),
            })
            .collect();
        let same_lane = one_lane(&old.evidence, &new.evidence);
        let mut notes = Vec::new();
        if !same_lane && relation != Relation::Same {
            notes.push(
                "OLD and NEW are of different lanes: what differs may always have".to_owned(),
            );
        }
        if let Some(why) = not_recorded.filter(|_| !changes.is_empty()) {
            notes.push(why.to_owned());
        }
        notes.extend(old.notes.iter().chain(&new.notes).cloned());
        let exit_code = match () {
            () if !departures.is_empty() => 1,
            () if fail_on.contains(&FailOn::Unexplained) && counts.unexplained > 0 => 1,
            () if fail_on.contains(&FailOn::NotCompared) && !found.not_compared.is_empty() => 1,
            () if !not_verified.is_empty() => 3,
            () => 0,
        };
        let not_compared = found.not_compared.into_iter();
        let mut result = Self {
            version: 1,
            old: BuildV1::new(old),
            new: BuildV1::new(new),
            same_lane,
            relation: relation.name(),
            relation_text: relation.sentence(),
            changes,
            sealed: CountV1 { changes: hidden, unexplained: hidden_unexplained },
            counts,
            explained_by,
            not_compared: not_compared
                .map(|not| NotComparedV1 { place: not.place, reason: not.reason })
                .collect(),
            classes_not_compared,
            departures,
            notes,
            not_verified,
            result: String::new(),
            exit_code,
        };
        let unsuccessful = match new.evidence.build.outcome {
            Outcome::Succeeded | Outcome::NotApplicable => None,
            outcome => Some(outcome),
        };
        result.result = result.answer(unsuccessful);
        result
    }

    pub(super) const fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// `unsuccessful` is how NEW ended, where it did not succeed.
    fn answer(&self, unsuccessful: Option<Outcome>) -> String {
        let is_refused = !self.departures.is_empty();
        let mut answer = match self.counts.changes {
            _ if is_refused => {
                "refused: what NEW records doesn't follow from OLD and NEW".to_owned()
            }
            0 => "no changes".to_owned(),
            changes => count(changes, "change"),
        };
        if !is_refused && !self.not_compared.is_empty() {
            answer.push_str(" in what could be compared");
        }
        if let Some(outcome) = unsuccessful {
            let comma = if is_refused { "," } else { "" };
            answer.push_str(&format!("{comma} of a build that did not succeed ({outcome})"));
        }
        if !is_refused && self.counts.changes > 0 {
            let pending = ExplainedBy::ApprovalPending.to_string();
            let pending = self.explained_by.get(&pending).copied().unwrap_or_default();
            // Whose approval is pending is among the unexplained, and isn't said twice.
            let unexplained = self.counts.unexplained.saturating_sub(pending);
            answer.push_str(&format!(": {unexplained} unexplained"));
            if pending > 0 {
                answer.push_str(&format!(", {pending} approval pending"));
            }
        }
        let mut parts = vec![answer];
        if !self.not_compared.is_empty() {
            let number = count(self.not_compared.len() as u64, "part");
            parts.push(format!("{number} not compared"));
        }
        if !self.classes_not_compared.is_empty() {
            parts.push(format!("NOT compared at all: {}", self.classes_not_compared.join(", ")));
        }
        if !self.not_verified.is_empty() {
            parts.push(format!("{} not verified", count(self.not_verified.len() as u64, "line")));
        }
        format!("{} (exit {})", parts.join("; "), self.exit_code)
    }
}

impl BuildV1 {
    fn new(side: &Side) -> Self {
        let evidence = &side.evidence;
        Self {
            file: side.file.clone(),
            payload_sha256: side.payload,
            build_id: evidence.build.id.clone(),
            lane: evidence.lane.get().map(log::lane_name),
            sequence: evidence.chain.get().and_then(|chain| chain.sequence),
            commit: evidence.source.get().and_then(|source| source.commit.clone()),
            finished: evidence.build.finished,
            outcome: evidence.build.outcome.to_string(),
            signers: side.signers.clone(),
            sealed_parts: side.sections.1,
            opened_parts: side.sections.0,
        }
    }
}

impl ChangeV1 {
    fn new(change: EnvironmentChange, not_recorded: Option<&str>) -> Self {
        let explanation = change.explanation;
        let explained_by = match not_recorded {
            Some(_) => "not recorded".to_owned(),
            None => explanation.by.to_string(),
        };
        Self {
            class: change.class.name().to_owned(),
            place: change.place,
            name: change.name,
            change: match change.change {
                ChangeKind::Added => "added",
                ChangeKind::Changed => "changed",
                ChangeKind::Removed => "removed",
                ChangeKind::Unknown => "unknown",
            },
            before: change.before,
            after: change.after,
            explained_by,
            commit: explanation.commit,
            note: explanation.note,
        }
    }
}

/// The parts that a class is seen in: without all of one line's, nothing of the class was compared.
const SEEN_IN: [(Class, &[&str]); 8] = [
    (Class::RunnerImage, &["environment.runner_image", "environment.container"]),
    (Class::RunnerImage, &["environment"]),
    (Class::Tools, &["tools"]),
    (Class::References, &["pipeline.references"]),
    (Class::Packages, &["packages"]),
    (Class::Variables, &["environment.variables", "environment.other_variables"]),
    (Class::Variables, &["environment"]),
    (Class::Configuration, &["environment", "pipeline.definitions"]),
];

fn not_compared_at_all(changes: &[EnvironmentChange], not: &[NotCompared]) -> Vec<String> {
    // What can't be seen as a whole can't be seen in part.
    let is_out = |place: &str| {
        not.iter().any(|not| {
            place == not.place
                || place.strip_prefix(&not.place).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let dependencies = [(Class::Dependencies, &["dependencies"][..])];
    let mut classes: Vec<Class> = SEEN_IN
        .into_iter()
        .chain(dependencies)
        .filter(|(class, places)| {
            places.iter().all(|place| is_out(place))
                && changes.iter().all(|change| change.class != *class)
        })
        .map(|(class, _)| class)
        .collect();
    classes.sort();
    classes.dedup();
    classes.into_iter().map(|class| class.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(places: &[&str]) -> Vec<String> {
        let not = |place: &&str| NotCompared { place: (*place).to_owned(), reason: "r".to_owned() };
        not_compared_at_all(&[], &places.iter().map(not).collect::<Vec<_>>())
    }

    #[test]
    fn a_class_is_out_where_all_that_shows_it_is() {
        assert_eq!(out(&["packages"]), ["packages"]);
        assert_eq!(out(&["packages.dpkg.list", "tools.paths"]), [""; 0]);
        assert_eq!(out(&["environment.variables"]), [""; 0]);
        assert_eq!(out(&["environment.variables", "environment.other_variables"]), ["variables"]);
        assert_eq!(out(&["pipeline"]), ["references"]);
        assert_eq!(
            out(&["environment", "pipeline", "dependencies"]),
            ["runner-image", "references", "variables", "configuration", "dependencies"]
        );
    }
}
