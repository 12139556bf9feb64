//! Whether a policy's rules hold.
//!
//! A fact that isn't there holds no rule. A waiver lets a rule pass that doesn't hold; it holds as little as
//! before.

mod expect;

use std::collections::BTreeMap;

use super::{Policy, Waiver, remedies};
use crate::assess::assurance::Assurance;
use crate::assess::catalogue::{Remedy, question};
use crate::assess::facts::Facts;
use crate::assess::finding::{Assessed, Finding, Status};
use crate::base::text::cut;
use crate::base::time::{Span, Time};

/// Seconds by which two machines' clocks may differ.
const CLOCKS_DIFFER: i64 = 300;
/// Most gaps that have a rule of their own.
const GAPS_MAX: usize = 100;
/// Longest text from the evidence, in characters.
const SAID_MAX: usize = 200;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// A question that must pass.
    Require,
    /// What the build must be.
    Expect,
    /// Its age.
    MaxAge,
    /// A gap that isn't allowed.
    Gap,
}

impl RuleKind {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::Expect => "expect",
            Self::MaxAge => "max-age",
            Self::Gap => "gap",
        }
    }
}

/// One rule with its answer.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it is about.
    pub kind: RuleKind,
    /// The question's id, `expect.runner`, `max-age`, `gap.<part>`.
    pub name: String,
    /// Whether it holds; a waiver doesn't change that.
    pub holds: bool,
    /// What was asked.
    pub expected: String,
    /// What the evidence says, and how far that can be trusted.
    pub found: String,
    /// Where the evidence that decided stands, as JSON pointers.
    pub pointers: Vec<String>,
    /// What to do, where it doesn't hold.
    pub remedy: Option<&'static Remedy>,
    /// What lets it pass all the same, today.
    pub waived: Option<Waiver>,
}

impl Rule {
    /// Neither holds nor is waived.
    #[must_use]
    pub const fn fails(&self) -> bool {
        !self.holds && self.waived.is_none()
    }
}

/// All rules of a policy with their answers.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// In the order of the policy's parts.
    pub rules: Vec<Rule>,
    /// Waivers that have expired, or that no rule needed.
    pub notes: Vec<String>,
}

/// That a policy's every rule holds or is waived. Made by [`Ruling::permit`] alone.
///
/// ```compile_fail
/// use proofmark::assess::policy::Permit;
/// let forged = Permit { rules: 1 };
/// ```
#[derive(Debug)]
pub struct Permit {
    rules: usize,
}

impl Permit {
    /// How many rules were judged.
    #[must_use]
    pub const fn rules(&self) -> usize {
        self.rules
    }
}

impl Ruling {
    /// The permit, or the rules that fail. A ruling over no rule permits nothing.
    ///
    /// # Errors
    /// Every rule that neither holds nor is waived.
    pub fn permit(&self) -> Result<Permit, Vec<&Rule>> {
        let failed: Vec<_> = self.rules.iter().filter(|rule| rule.fails()).collect();
        if failed.is_empty() && !self.rules.is_empty() {
            Ok(Permit { rules: self.rules.len() })
        } else {
            Err(failed)
        }
    }
}

/// Judges one build.
#[must_use]
pub fn judge(policy: &Policy, facts: &Facts<'_>, assessed: &[Assessed], now: Time) -> Ruling {
    let required = policy.require.iter().map(|(id, least)| required(id, *least, assessed));
    let mut rules: Vec<Rule> = required.collect();
    rules.extend(expect::rules(&policy.expect, facts));
    rules.extend(policy.max_age.map(|most| max_age(most, facts, now)));
    if let Some(allowed) = &policy.allowed_gaps {
        rules.extend(gaps(allowed, facts));
    }
    for rule in &mut rules {
        // What nobody signed is what anybody wrote.
        if !facts.verified && rule.holds {
            rule.holds = false;
            rule.found = format!("nothing was verified; unverified: {}", rule.found);
        }
        rule.remedy = rule.remedy.filter(|_| !rule.holds);
    }
    let notes = waive(policy, &mut rules, now);
    Ruling { rules, notes }
}

/// A question that was not asked is one that didn't pass.
fn required(id: &str, least: Assurance, assessed: &[Assessed]) -> Rule {
    let mut findings = assessed.iter().flat_map(|assessed| &assessed.findings);
    let finding = findings.find(|finding| finding.question.id == id);
    let level = finding.and_then(|finding| finding.assurance);
    let passes = finding.is_some_and(|finding| finding.status == Status::Pass);
    Rule {
        kind: RuleKind::Require,
        name: id.to_owned(),
        holds: passes && level.is_some_and(|level| level >= least),
        expected: match least {
            Assurance::SelfAsserted => "it must pass".to_owned(),
            _ => format!("it must pass, on facts that are {} or better", least.name()),
        },
        found: finding.map_or_else(|| "the question was not asked".to_owned(), said),
        pointers: finding.map(|finding| finding.pointers.clone()).unwrap_or_default(),
        remedy: finding.map_or_else(|| question(id).map(|one| one.remedy), |one| Some(one.remedy)),
        waived: None,
    }
}

/// `pass (self-asserted): a runner of the platform's own`.
fn said(finding: &Finding) -> String {
    let level = finding.assurance.map(|level| format!(" ({})", level.name())).unwrap_or_default();
    format!("{}{level}: {}", finding.status.name(), finding.why)
}

/// The time is the signer's: it can refuse, and confirms nothing.
fn max_age(most: Span, facts: &Facts<'_>, now: Time) -> Rule {
    let finished = facts.build.as_ref().map(|build| build.finished);
    let age = finished.map(|finished| now.seconds_since(finished));
    let found = match (finished, age) {
        (Some(finished), Some(age)) if age < -CLOCKS_DIFFER => {
            format!("finished at {finished}, which is in the future")
        }
        (Some(finished), _) => format!("finished at {finished}, by the signer's own clock"),
        _ => "the evidence doesn't say when it was finished".to_owned(),
    };
    Rule {
        kind: RuleKind::MaxAge,
        name: "max-age".to_owned(),
        holds: age.is_some_and(|age| (-CLOCKS_DIFFER..=most.seconds()).contains(&age)),
        expected: format!("at most {most} old"),
        found,
        pointers: vec!["/build/finished".to_owned()],
        remedy: Some(&remedies::AGE),
        waived: None,
    }
}

/// A rule for each part with a gap that isn't allowed; one that holds, where there is none.
fn gaps(allowed: &[String], facts: &Facts<'_>) -> Vec<Rule> {
    let expected = match allowed {
        [] => "no gap".to_owned(),
        parts => format!("no gap but in {}", parts.join(", ")),
    };
    let rule = |name: String, holds, found, pointers| Rule {
        kind: RuleKind::Gap,
        name,
        holds,
        expected: expected.clone(),
        found,
        pointers,
        remedy: Some(&remedies::GAP),
        waived: None,
    };
    // A list that can't be read is no empty one.
    if !facts.gaps_are_readable {
        let found = "the evidence has no list of gaps that can be read".to_owned();
        return vec![rule("gaps".to_owned(), false, found, Vec::new())];
    }
    let mut others: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, gap) in facts.gaps.iter().enumerate() {
        if !allowed.iter().any(|part| covers(part, &gap.part)) {
            others.entry(gap.part.as_str()).or_default().push(index);
        }
    }
    if others.is_empty() {
        let found = match facts.gaps.len() {
            0 => "the evidence admits none".to_owned(),
            _ => "all that the evidence admits are allowed".to_owned(),
        };
        return vec![rule("gaps".to_owned(), true, found, vec!["/gaps".to_owned()])];
    }
    let more = others.len().saturating_sub(GAPS_MAX);
    let mut rules = Vec::new();
    for (part, indices) in others.into_iter().take(GAPS_MAX) {
        let first = indices.first().and_then(|index| facts.gaps.get(*index));
        let reason = first.map(|gap| cut(&gap.reason, SAID_MAX)).unwrap_or_default();
        let cure = first.and_then(|gap| gap.cure.as_deref());
        let cure = cure.map(|cure| format!("; what would close it: {}", cut(cure, SAID_MAX)));
        let others = match indices.len() {
            0 | 1 => String::new(),
            all => format!("; and {} more here", all - 1),
        };
        let found = format!("{reason}{}{others}", cure.unwrap_or_default());
        let pointers = indices.iter().take(GAPS_MAX).map(|index| format!("/gaps/{index}"));
        // The part is whatever the statement's maker wrote.
        rules.push(rule(format!("gap.{}", cut(part, 100)), false, found, pointers.collect()));
    }
    if more > 0 {
        let found = format!("gaps in {more} more parts");
        rules.push(rule("gaps".to_owned(), false, found, vec!["/gaps".to_owned()]));
    }
    rules
}

/// A part covers what lies below it.
fn covers(part: &str, gap: &str) -> bool {
    gap.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Waivers on the rules that need them; what is to be said of the others.
fn waive(policy: &Policy, rules: &mut [Rule], now: Time) -> Vec<String> {
    let today = now.day();
    let mut notes = Vec::new();
    for waiver in &policy.waivers {
        let Waiver { rule: name, owner, until, .. } = waiver;
        let mut needing = rules.iter_mut().filter(|rule| !rule.holds && rule.name == *name);
        if today > *until {
            notes.push(format!("the waiver of {name} by {owner} ended with {until}"));
        } else if let Some(rule) = needing.next() {
            rule.waived.get_or_insert_with(|| waiver.clone());
        } else {
            notes.push(format!("nothing needs the waiver of {name} by {owner}, until {until}"));
        }
    }
    notes
}
