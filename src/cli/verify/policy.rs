//! `--policy`: what the policy says of each accepted build evidence.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::words::Trouble;
use crate::assess::assurance::Brought;
use crate::assess::facts::{Context, Facts};
use crate::assess::finding::assess;
use crate::assess::policy::{Policy, Rule, RuleKind, Ruling, Waiver, judge};
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::base::time::Time;
use crate::cli::talk::sayable;
use crate::format::statement::Statement;
use crate::verify::{Judgement, Verified};

/// A policy with what it says, each once, however many artefacts a statement is about.
pub(super) struct Policed<'p> {
    policy: &'p Policy,
    /// By the statement's digest, and whether an artefact of it was hashed here.
    rulings: BTreeMap<(Sha256, bool), Ruling>,
}

impl<'p> Policed<'p> {
    pub(super) const fn new(policy: &'p Policy) -> Self {
        Self { policy, rulings: BTreeMap::new() }
    }

    /// Judges all build evidence that an artefact was accepted on.
    ///
    /// # Errors
    /// Where one fails a rule, and where there is none: nothing else answers what a policy asks.
    pub(super) fn check(
        &mut self,
        judgement: &Judgement<'_>,
        hashed: bool,
        threshold: usize,
        (brought, now): (&Brought<'_>, Time),
    ) -> Result<(), Trouble> {
        if judgement.refusal.is_some() {
            return Ok(());
        }
        let policy = self.policy;
        let accepted = judgement.accepted.iter().map(|accepted| accepted.statement);
        let evidence = accepted.filter(|statement| statement.claims().evidence.is_some());
        let (mut judged, mut failed) = (0, None);
        for statement in evidence {
            let key = (statement.payload_digest(), hashed);
            let ruling = self
                .rulings
                .entry(key)
                .or_insert_with(|| rule_on(policy, statement, hashed, threshold, (brought, now)));
            judged += 1;
            if let Err(rules) = ruling.permit() {
                let (rules, all) = (rules.len(), count(ruling.rules.len() as u64, "rule"));
                failed = failed.or_else(|| Some(format!("{rules} of {all}")));
            }
        }
        let name = &policy.name;
        match failed {
            Some(failed) => Err(Trouble::Policy(format!(
                "the evidence doesn't meet the policy {name}: expected every rule to hold, found that {failed} fail; they are listed below"
            ))),
            None if judged == 0 => Err(Trouble::NotJudged(format!(
                "the policy {name} asks what build evidence alone answers, and the artefact was accepted on none"
            ))),
            None => Ok(()),
        }
    }

    /// Whether all that was judged holds this rule; a waiver is no such thing.
    pub(super) fn all_hold(&self, name: &str) -> bool {
        let holds = |ruling: &Ruling| ruling.rules.iter().any(|r| r.name == name && r.holds);
        !self.rulings.is_empty() && self.rulings.values().all(holds)
    }
}

fn rule_on(
    policy: &Policy,
    statement: &Verified<Statement>,
    artefact_hashed: bool,
    threshold: usize,
    (brought, now): (&Brought<'_>, Time),
) -> Ruling {
    let context = Context { artefact_hashed, ..Context::default() };
    let predicate = &statement.get().predicate;
    let facts = Facts::of(statement, predicate, threshold, brought, now, context);
    judge(policy, &facts, &assess(&facts), now)
}

/// Every rule that fails or is waived, for people.
pub(super) fn write(policed: &Policed<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Policy { name, sha256, .. } = policed.policy;
    for ((statement, _), ruling) in &policed.rulings {
        let failed = ruling.rules.iter().filter(|rule| rule.fails()).count();
        let waived = ruling.rules.iter().filter(|rule| rule.waived.is_some()).count();
        let holding = ruling.rules.len() - failed - waived;
        let summary = format!("{holding} hold, {failed} fail, {waived} waived");
        writeln!(out, "policy {name} (sha256:{sha256})")?;
        writeln!(out, "  of sha256:{statement}: {summary}")?;
        for rule in &ruling.rules {
            match &rule.waived {
                _ if rule.holds => continue,
                None => writeln!(out, "  fails     {}", rule.name)?,
                Some(waiver) => writeln!(out, "  waived    {} ({})", rule.name, of(waiver))?,
            }
            writeln!(out, "    expected  {}", rule.expected)?;
            writeln!(out, "    found     {}", sayable(&rule.found))?;
            if !rule.pointers.is_empty() {
                writeln!(out, "    at        {}", rule.pointers.join(", "))?;
            }
            if let Some(remedy) = rule.remedy {
                writeln!(out, "    remedy    {}", remedy.text)?;
                if rule.kind == RuleKind::Require {
                    writeln!(out, "    more      proofmark explain {}", rule.name)?;
                }
            }
        }
        for note in &ruling.notes {
            writeln!(out, "  note: {note}")?;
        }
    }
    Ok(())
}

/// `until 2027-01-31, by security@example.com: why`.
fn of(waiver: &Waiver) -> String {
    format!("until {}, by {}: {}", waiver.until, waiver.owner, waiver.reason)
}

/// What a policy says.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PolicyResultV1 {
    /// Its name.
    name: String,
    /// SHA-256 of its text.
    sha256: Sha256,
    /// What it says of each build evidence that was judged.
    rulings: Vec<RulingV1>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RulingV1 {
    /// SHA-256 of the statement's payload.
    payload_sha256: Sha256,
    /// Whether an artefact that it is about was hashed here.
    hashed_here: bool,
    /// Whether every rule holds or is waived.
    permits: bool,
    /// Every rule.
    rules: Vec<RuleV1>,
    /// Waivers that have expired, or that no rule needed.
    notes: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RuleV1 {
    /// A question's id, `expect.KEY`, `max-age`, `gap.PART`, `gaps`.
    name: String,
    /// `require`, `expect`, `max-age` or `gap`.
    kind: &'static str,
    /// `holds`, `fails` or `waived`.
    status: &'static str,
    /// What was asked.
    expected: String,
    /// What the evidence says, and how far that can be trusted.
    found: String,
    /// Where that stands in the predicate, as JSON pointers.
    pointers: Vec<String>,
    /// What to do, where it doesn't hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
    /// What lets it pass all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<WaiverV1>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WaiverV1 {
    /// Why.
    reason: String,
    /// Who answers for it.
    owner: String,
    /// The last day on which it holds, in UTC.
    until: String,
}

pub(super) fn result(policed: &Policed<'_>) -> PolicyResultV1 {
    let ruling = |(&(payload_sha256, hashed_here), ruling): (&(Sha256, bool), &Ruling)| RulingV1 {
        payload_sha256,
        hashed_here,
        permits: ruling.permit().is_ok(),
        rules: ruling.rules.iter().map(rule).collect(),
        notes: ruling.notes.clone(),
    };
    PolicyResultV1 {
        name: policed.policy.name.clone(),
        sha256: policed.policy.sha256,
        rulings: policed.rulings.iter().map(ruling).collect(),
    }
}

fn rule(rule: &Rule) -> RuleV1 {
    let waiver = rule.waived.as_ref().map(|waiver| WaiverV1 {
        reason: waiver.reason.clone(),
        owner: waiver.owner.clone(),
        until: waiver.until.to_string(),
    });
    RuleV1 {
        name: rule.name.clone(),
        kind: rule.kind.name(),
        status: match &waiver {
            _ if rule.holds => "holds",
            None => "fails",
            Some(_) => "waived",
        },
        expected: rule.expected.clone(),
        found: sayable(&rule.found),
        pointers: rule.pointers.clone(),
        remedy: rule.remedy.map(|remedy| remedy.text),
        waiver,
    }
}
