//! Provision 2.2: whether changes to the build environment are controlled and logged.

mod chain;
mod commits;
mod definitions;
mod differences;
mod logs;
mod machine;
mod remedies;
mod rules;
#[cfg(test)]
mod tests;

use super::{Claim, Provision};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::format::evidence::{CommitLog, LockState};
use crate::format::fact::Fact;

/// Provision 2.2.
pub(super) static PROVISION: Provision = Provision {
    number: "2.2",
    draft: "Ensure changes to the environment are controlled and logged.",
    verb: "should",
    last: Some("Control and log changes to the build environment."),
    claims: &[
        Claim { id: "2.2-01", text: "Access and changes to the build environment are logged." },
        Claim {
            id: "2.2-02",
            text: "Only authorised personnel can make changes to the build environment.",
        },
        Claim { id: "2.2-03", text: "Logs are auditable and retained for an agreed period." },
        Claim { id: "2.2-04", text: "The confidentiality and integrity of logs is protected." },
    ],
    questions: &[
        commits::ARE_LOGGED,
        commits::NOT_REWRITTEN,
        rules::NO_FORCE,
        commits::SIGNED,
        rules::REVIEWED,
        logs::AUTHORISED,
        definitions::RAN_IS_KNOWN,
        definitions::PINNED,
        machine::TOOLCHAIN,
        machine::STOOD_STILL,
        machine::NOT_WRAPPED,
        machine::IMAGE,
        machine::PACKAGES,
        differences::EXPLAINED,
        differences::APPROVED,
        differences::COVERS_ENOUGH,
        differences::LOCK_IS_PROTECTED,
        chain::UNBROKEN,
        chain::EVERY_RUN,
        chain::INTEGRITY,
        logs::TIMESTAMPED,
        logs::HIDES_SECRETS,
        logs::ACCESS,
        logs::KEPT,
        logs::READ,
    ],
};

/// The value of a part, or the answer where there is none.
fn value<'a, T>(facts: &Facts<'_>, name: &str, fact: &'a Fact<T>) -> Result<&'a T, Found> {
    fact.get().ok_or_else(|| Found::unknown(facts.why_not(name, fact)))
}

/// The commits since the build before.
fn commits<'a>(facts: &'a Facts<'_>) -> Result<&'a CommitLog, Found> {
    let changes = value(facts, "the change log", &facts.changes)?;
    value(facts, "the log of commits", &changes.commits)
}

/// The lock that was in force.
fn lock<'a>(facts: &'a Facts<'_>) -> Result<&'a LockState, Found> {
    let changes = value(facts, "the change log", &facts.changes)?;
    value(facts, "the approved environment (proofmark.lock)", &changes.lock)
}

/// What a function came to that leaves early where a fact is missing.
fn settle(found: Result<Found, Found>) -> Found {
    found.unwrap_or_else(|unknown| unknown)
}

/// A few of many, for a sentence.
fn some(names: impl IntoIterator<Item = String>) -> String {
    const MOST: usize = 5;
    let names: Vec<String> = names.into_iter().collect();
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}
