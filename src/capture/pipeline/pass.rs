//! From what definitions say to what is recorded of it: without credentials, and not without end.

use std::collections::HashSet;

use super::facts::Facts;
use super::look::Look;
use super::pins::{INTEGRITY, pin};
use super::{PART, references};
use crate::capture::redact::{Redactor, Scrubbed};
use crate::format::evidence::{
    Definition, JobDefinition, Mark, PathText, Permissions, Reference, Trigger,
};
use crate::format::fact::Withheld;

/// Most references of all definitions together.
pub(super) const REFERENCES_MAX: usize = 4096;
/// All of their texts, in bytes: they stand in the signed file.
const TEXT_MAX: usize = 256 << 10;
/// Most jobs of all definitions together.
pub(super) const JOBS_MAX: usize = 500;
/// Most marks of all definitions together.
pub(super) const MARKS_MAX: usize = 1000;
/// Most triggers of one definition.
pub(super) const TRIGGERS_MAX: usize = 200;
/// All texts of triggers, permissions, jobs and marks, in bytes.
const FACTS_MAX: usize = 512 << 10;
/// Longest of them, in bytes.
const LONGEST: usize = 512;

/// The pass over all definitions.
pub(super) struct Pass<'a> {
    redactor: &'a Redactor,
    references: usize,
    bytes: usize,
    jobs: usize,
    marks: usize,
    facts: usize,
    /// What the definition at hand can't have in full.
    unclear: Vec<String>,
    pub(super) redactions: Vec<Withheld>,
}

impl<'a> Pass<'a> {
    pub(super) const fn new(redactor: &'a Redactor) -> Self {
        Self {
            redactor,
            references: 0,
            bytes: 0,
            jobs: 0,
            marks: 0,
            facts: 0,
            unclear: Vec::new(),
            redactions: Vec::new(),
        }
    }

    pub(super) fn definition(&mut self, path: &[u8], look: Look, running: bool) -> Definition {
        let mut definition = Definition {
            path: PathText::from_bytes(path),
            kind: look.kind,
            running,
            sha256: look.sha256,
            trouble: look.trouble,
            ..Definition::default()
        };
        // Each once: what is named a thousand times must not use up what may be recorded.
        let mut seen = HashSet::new();
        for found in &look.references {
            if !seen.insert((found.kind, found.text.as_str())) {
                continue;
            }
            let kind = found.kind;
            let pin = pin(kind, &found.text, look.family);
            let text = self.reference(&found.text, kind);
            self.references += 1;
            self.bytes += text.len();
            if self.references > REFERENCES_MAX || self.bytes > TEXT_MAX {
                definition.trouble = Some("all definitions together name too much".to_owned());
                break;
            }
            definition.references.push(Reference {
                kind: kind.to_owned(),
                text,
                pin,
                line: found.line,
            });
        }
        definition.references.sort();
        // Two that are one after redaction, too, and the first line of them.
        definition.references.dedup_by(|next, kept| {
            let is_same = (&next.kind, &next.text, next.pin) == (&kept.kind, &kept.text, kept.pin);
            if is_same {
                kept.line = kept.line.or(next.line);
            }
            is_same
        });
        self.facts(&mut definition, look.facts);
        definition
    }

    fn facts(&mut self, definition: &mut Definition, facts: Facts) {
        self.unclear = facts.trouble.into_iter().collect();
        for trigger in sorted(facts.triggers) {
            if definition.triggers.len() >= TRIGGERS_MAX {
                self.say("has more triggers than are recorded");
                break;
            }
            let event = self.text("triggers", &trigger.event);
            let danger = trigger.danger.map(|danger| self.text("triggers", &danger));
            definition.triggers.push(Trigger { event, danger });
        }
        definition.permissions = facts.permissions.map(|all| self.permissions(all));
        for job in sorted(facts.jobs) {
            if self.jobs >= JOBS_MAX || self.facts > FACTS_MAX {
                self.say("has jobs that aren't recorded: all definitions together have too many");
                break;
            }
            self.jobs += 1;
            let job = self.job(job);
            definition.jobs.push(job);
        }
        for mark in sorted(facts.marks) {
            if self.marks >= MARKS_MAX || self.facts > FACTS_MAX {
                self.say("has marks that aren't recorded: all definitions together have too many");
                break;
            }
            self.marks += 1;
            let place = self.text("marks", &mark.place);
            let what = self.text("marks", &mark.what);
            definition.marks.push(Mark { kind: mark.kind, place, what, line: mark.line });
        }
        definition.triggers = sorted(std::mem::take(&mut definition.triggers));
        definition.jobs = sorted(std::mem::take(&mut definition.jobs));
        definition.marks = sorted(std::mem::take(&mut definition.marks));
        definition.marks.dedup_by(|next, kept| {
            let is_same =
                (&next.kind, &next.place, &next.what) == (&kept.kind, &kept.place, &kept.what);
            if is_same {
                kept.line = kept.line.or(next.line);
            }
            is_same
        });
        let unclear = sorted(std::mem::take(&mut self.unclear));
        definition.unclear = (!unclear.is_empty()).then(|| unclear.join("; "));
    }

    fn job(&mut self, job: JobDefinition) -> JobDefinition {
        let mut text = |text: String| self.text("jobs", &text);
        let name = text(job.name);
        let runner = job.runner.into_iter().map(&mut text).collect();
        let environment = job.environment.map(&mut text);
        let id_tokens = job.id_tokens.into_iter();
        let id_tokens = id_tokens
            .map(|(name, audiences)| (text(name), audiences.into_iter().map(&mut text).collect()))
            .collect();
        let permissions = job.permissions.map(|all| self.permissions(all));
        let self_hosted = job.self_hosted;
        JobDefinition {
            name,
            permissions,
            runner: sorted(runner),
            self_hosted,
            environment,
            id_tokens,
        }
    }

    fn permissions(&mut self, all: Permissions) -> Permissions {
        let scopes = all.scopes.into_iter();
        let scopes = scopes
            .map(|(scope, level)| {
                (self.text("permissions", &scope), self.text("permissions", &level))
            })
            .collect();
        Permissions { others: all.others, scopes }
    }

    fn say(&mut self, what: &str) {
        if !self.unclear.iter().any(|said| said == what) {
            self.unclear.push(what.to_owned());
        }
    }

    /// A text without credentials, cut where it is long.
    fn text(&mut self, place: &str, text: &str) -> String {
        let scrubbed = self.redactor.scrub(text);
        let mut text = self.note(place, scrubbed);
        if text.len() > LONGEST {
            self.say("has texts that were cut");
            let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or_default());
            text.push_str(" ...");
        }
        self.facts += text.len();
        text
    }

    fn reference(&mut self, text: &str, kind: &str) -> String {
        // What stands before an address, such as `remote:`, would hide its user from the rule for addresses.
        let (before, rest) = match text.split_once(':') {
            Some((word, rest)) if references::PREFIXES.contains(&word) => {
                (text.get(..=word.len()).unwrap_or_default(), rest)
            }
            _ => ("", text),
        };
        let (rest, digest) = match rest.rsplit_once(INTEGRITY) {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (rest, None),
        };
        let scrubbed = match rest.contains("://") {
            true => self.redactor.scrub_url(rest),
            false => self.redactor.scrub(rest),
        };
        let mut text = format!("{before}{}", self.note(kind, scrubbed));
        if let Some(digest) = digest {
            let scrubbed = self.redactor.scrub(digest);
            text.push_str(INTEGRITY);
            text.push_str(&self.note(kind, scrubbed));
        }
        text
    }

    fn note(&mut self, place: &str, scrubbed: Scrubbed) -> String {
        self.redactions.extend(scrubbed.rules.iter().map(|rule| Withheld {
            place: format!("{PART}, {place}"),
            rule: rule.id().to_owned(),
        }));
        scrubbed.text
    }
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all.dedup();
    all
}
