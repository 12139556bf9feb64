//! `--policy`: whether what was signed just now is what is asked of a build.

use super::conclude::Concluded;
use crate::assess::assurance::Brought;
use crate::assess::facts::{Context, Facts};
use crate::assess::finding::assess;
use crate::assess::policy::{Policy, Rule, RuleKind, judge};
use crate::base::text::count;
use crate::base::time::Time;
use crate::cli::failure::Failure;
use crate::cli::keys::Keys;
use crate::cli::talk::{Talk, sayable};
use crate::cli::witness_args::WitnessArgs;
use crate::read;
use crate::verify::{Trust, authenticate};

/// Judges the evidence once it is written: the very lines, under the public halves of the keys that signed them.
///
/// # Errors
/// Any rule that fails, and evidence that nobody signed.
pub(in crate::cli) fn judge_policy(
    policy: Option<&Policy>,
    concluded: &Concluded,
    keys: &Keys,
    witnesses: &WitnessArgs,
    talk: Talk,
) -> Result<(), Failure> {
    let Some(policy) = policy else { return Ok(()) };
    let name = &policy.name;
    let not_judged =
        |why: String| Failure::judgement(format_args!("the policy {name} can't be judged: {why}"));
    if concluded.signed.is_empty() {
        return Err(not_judged("the evidence is unsigned".to_owned())
            .hint("give a key, or check the policy where the evidence is signed: `proofmark verify --policy`"));
    }
    let public = keys.keys.iter().map(|key| key.public());
    let trust = Trust::new(public, 1).map_err(|error| not_judged(error.to_string()))?;
    let evidence = read::bytes(&concluded.signed.join(&b'\n'))
        .map_err(|error| not_judged(error.to_string()))?;
    let set = authenticate(&evidence, &trust);
    let issuers = witnesses.issuers();
    let brought = Brought { issuers: &issuers, keys: None };
    let now = Time::now();
    let statement = set.verified.iter().find(|one| one.claims().evidence.is_some());
    let statement =
        statement.ok_or_else(|| not_judged("what was written can't be verified".to_owned()))?;
    let predicate = &statement.get().predicate;
    // This very process hashed what it signs.
    let context = Context { artefact_hashed: true, ..Context::default() };
    let facts = Facts::of(statement, predicate, 1, &brought, now, context);
    let ruling = judge(policy, &facts, &assess(&facts), now);
    for note in &ruling.notes {
        talk.notice(format_args!("policy {name}: {note}"));
    }
    for rule in &ruling.rules {
        if let Some(waiver) = &rule.waived {
            talk.notice(format_args!(
                "policy {name}: {} is waived until {} by {}: {}",
                rule.name, waiver.until, waiver.owner, waiver.reason
            ));
        }
    }
    match ruling.permit() {
        Ok(permit) => {
            let rules = count(permit.rules() as u64, "rule");
            talk.say(format_args!("policy {name}: {rules} judged, none fails"));
            Ok(())
        }
        Err(failed) => {
            for rule in &failed {
                tell(name, rule, talk);
            }
            let (failed, all) = (failed.len(), count(ruling.rules.len() as u64, "rule"));
            Err(Failure::judgement(format_args!(
                "the evidence doesn't meet the policy {name}: {failed} of {all} fail"
            ))
            .hint("follow the remedies above; a rule that can't hold yet can be waived in a policy of your own, with a reason, an owner and a last day"))
        }
    }
}

/// Two judgements, of which a failure ends the command and another is said.
pub(in crate::cli) fn both(
    one: Result<(), Failure>,
    other: Result<(), Failure>,
    talk: Talk,
) -> Result<(), Failure> {
    match (one, other) {
        (Err(one), Err(other)) => {
            talk.failure(&one);
            Err(other)
        }
        (one, other) => one.and(other),
    }
}

fn tell(name: &str, rule: &Rule, talk: Talk) {
    let at = match rule.pointers.as_slice() {
        [] => String::new(),
        pointers => format!("; at {}", pointers.join(", ")),
    };
    let found = sayable(&rule.found);
    let remedy = rule.remedy.map(|remedy| format!("; remedy: {}", remedy.text)).unwrap_or_default();
    let more = match rule.kind {
        RuleKind::Require => format!(" (`proofmark explain {}`)", rule.name),
        _ => String::new(),
    };
    talk.notice(format_args!(
        "policy {name}: {} fails: expected {}; found {found}{at}{remedy}{more}",
        rule.name, rule.expected
    ));
}
