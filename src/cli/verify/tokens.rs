//! What the platform's tokens say of the accepted statements, and how far the rest of them can be trusted.

use std::collections::BTreeMap;

use super::words::Trouble;
use crate::assess::assurance::{Assurance, Assured, Brought, assurance};
use crate::assess::embedded::{Judged, Standing, judge_tokens};
use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::verify::{Authenticated, Judgement};

/// One build evidence.
pub(super) struct Assessed {
    pub(super) judged: Judged,
    pub(super) parts: Vec<Assured>,
}

/// Every verified build evidence of a file, each once, however many artefacts it serves.
pub(super) fn assess(
    set: &Authenticated,
    brought: &Brought<'_>,
    now: Time,
) -> BTreeMap<Sha256, Assessed> {
    let evidence = set.verified.iter().filter(|one| one.claims().evidence.is_some());
    evidence
        .map(|statement| {
            let judged = judge_tokens(statement, brought, now);
            let parts = assurance(&statement.get().predicate, brought, &judged);
            (statement.payload_digest(), Assessed { judged, parts })
        })
        .collect()
}

/// What accepted statements contradict, or, where a token is demanded, have no token for.
///
/// A line that isn't build evidence has its token in the evidence that it belongs to: of the same build, or
/// that lists it.
pub(super) fn check(
    assessed: &BTreeMap<Sha256, Assessed>,
    judgement: &Judgement<'_>,
    demanded: bool,
) -> Result<(), Trouble> {
    let mut builds = BTreeMap::new();
    let mut companions = BTreeMap::new();
    let mut missing = None;
    for accepted in &judgement.accepted {
        let statement = accepted.statement;
        let Some(Assessed { judged, .. }) = assessed.get(&statement.payload_digest()) else {
            continue;
        };
        let reason = || judged.reason.clone().unwrap_or_else(|| "no token".to_owned());
        match judged.standing {
            Standing::Contradicted => return Err(Trouble::Contradicted(reason())),
            Standing::PlatformVouched => {
                let claims = statement.claims();
                builds.extend(claims.build_id.as_deref().map(|id| (id, judged)));
                let listed = claims.evidence.iter().flat_map(|evidence| &evidence.companions);
                companions.extend(listed.flatten().map(|companion| (companion.sha256, judged)));
            }
            _ => missing = missing.or_else(|| Some(reason())),
        }
    }
    if !demanded || judgement.refusal.is_some() {
        return Ok(());
    }
    if let Some(reason) = missing {
        return Err(Trouble::NotVouched(reason));
    }
    for statement in judgement.accepted.iter().map(|accepted| accepted.statement) {
        let (digest, claims) = (statement.payload_digest(), statement.claims());
        let own = assessed.get(&digest).map(|assessed| &assessed.judged);
        let listed = || companions.get(&digest).copied();
        let of_build = || builds.get(claims.build_id.as_deref()?).copied();
        let Some(judged) = own.or_else(listed).or_else(of_build) else {
            let reason = "an accepted statement belongs to no build evidence that is accepted";
            return Err(Trouble::NotVouched(reason.to_owned()));
        };
        let told = judged.vouched.as_ref().and_then(|vouched| vouched.contradicts(claims));
        if let Some(told) = told {
            return Err(Trouble::Contradicted(told));
        }
    }
    Ok(())
}

impl Assessed {
    /// Who ran the build, in a line.
    pub(super) fn identity(&self) -> String {
        let Judged { standing, reason, issuer, run, .. } = &self.judged;
        let name = standing.name();
        let said: Vec<String> = run.iter().map(|(what, value)| format!("{what} {value}")).collect();
        match (standing, issuer, reason) {
            (Standing::JobChecked | Standing::PlatformVouched, Some(issuer), reason) => {
                let reason = reason.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
                format!("{name} ({issuer}: {}){reason}", said.join(", "))
            }
            (_, _, Some(reason)) => format!("{name}: {reason}"),
            (_, _, None) => name.to_owned(),
        }
    }

    /// Which parts have which assurance, the strongest first, and how many have the weakest; `None` where
    /// nothing is said of any.
    pub(super) fn count(&self) -> Option<String> {
        let parts = self.parts.iter().filter(|part| !part.part.contains('.'));
        let mut by: BTreeMap<Assurance, Vec<&str>> = BTreeMap::new();
        for part in parts {
            by.entry(part.assurance).or_default().push(&part.part);
        }
        let said = by.iter().rev().map(|(level, parts)| match (level, parts.len()) {
            (Assurance::SelfAsserted, 1) => format!("{}: 1 part", level.name()),
            (Assurance::SelfAsserted, n) => format!("{}: {n} parts", level.name()),
            _ => format!("{}: {}", level.name(), parts.join(", ")),
        });
        let said = said.collect::<Vec<_>>().join("; ");
        (!said.is_empty()).then_some(said)
    }
}
