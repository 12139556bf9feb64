//! `--drift`: what a difference from the approved environment does to a build.

use super::{Facts, counting};
use crate::base::text::{Printable, count, printable};
use crate::cli::baseline::DriftPolicy;
use crate::cli::capture_args::Scope;
use crate::cli::failure::Failure;
use crate::cli::keys::Keys;
use crate::cli::talk::Talk;
use crate::drift::{Against, View};
use crate::format::dsse::encode_base64;
use crate::format::evidence::{Changes, DriftKind, LockDrift, Outcome};
use crate::format::fact::{Basis, Fact};
use crate::format::lock::Class;
use crate::write::Destination;

/// Most differences that are said one by one; the evidence has all of them.
const SAID_MAX: usize = 10;

impl Facts {
    /// Says how the environment differs from the lock, before the build.
    ///
    /// # Errors
    /// Under `fail-before`: any difference, and no lock to compare with.
    pub(in crate::cli) fn judge_drift(&self, talk: Talk) -> Result<(), Failure> {
        let before = self.wanted.drift == DriftPolicy::FailBefore;
        let Some(approved) = self.logged.lock.get() else {
            return if before { Err(no_lock(self.logged.lock.reason.as_deref())) } else { Ok(()) };
        };
        let pipeline = Fact::observed(Basis::Read, self.platform.pipeline.clone());
        let environment = Fact::observed(Basis::Read, self.environment.clone());
        let view =
            View::new(&pipeline, &environment, &self.tools, &self.packages, &self.dependencies);
        let Against { drift, laxer, .. } =
            approved.against(&self.platform.lane, view, self.started);
        let path = printable(&approved.path);
        if !laxer.is_empty() {
            let names: Vec<_> = laxer.iter().map(|class| class.name()).collect();
            talk.notice(format_args!(
                "{path} compares less closely than by default: {}",
                names.join(", ")
            ));
        }
        let rolls = drift.iter().filter(|drift| drift.kind == DriftKind::ImageRoll);
        for roll in rolls.take(SAID_MAX) {
            talk.say(format_args!("{path}: {}", line(roll)));
        }
        let found = counting(&drift).count();
        for drift in counting(&drift).take(SAID_MAX) {
            talk.notice(format_args!("{path}: {}", line(drift)));
        }
        if found > SAID_MAX {
            let more = count((found - SAID_MAX) as u64, "more difference");
            talk.notice(format_args!("{path}: {more}; the evidence lists them"));
        }
        if before && found > 0 { Err(drifted(&path, found)) } else { Ok(()) }
    }
}

/// Under `fail-after`, once the evidence is written.
///
/// # Errors
/// Any difference, and no lock to compare with.
pub(in crate::cli) fn judge_after(
    policy: DriftPolicy,
    changes: &Fact<Changes>,
) -> Result<(), Failure> {
    if policy != DriftPolicy::FailAfter {
        return Ok(());
    }
    let lock = changes.get().map(|changes| &changes.lock);
    match lock.and_then(Fact::get) {
        None => Err(no_lock(lock.and_then(|lock| lock.reason.as_deref()))),
        Some(state) => match counting(&state.drift).count() {
            0 => Ok(()),
            found => Err(drifted(&printable(&state.path), found)),
        },
    }
}

/// The command that would make this build's environment the approved one, where it isn't.
pub(in crate::cli) fn propose(
    changes: &Fact<Changes>,
    outcome: Outcome,
    (scope, destination, keys): (&Scope, &Destination, &Keys),
    talk: Talk,
) {
    let state = changes.get().and_then(|changes| changes.lock.get());
    // What failed isn't approved.
    if outcome != Outcome::Succeeded {
        return;
    }
    if state.is_none_or(|state| counting(&state.drift).next().is_none()) {
        return;
    }
    let mut line = "proofmark lock".to_owned();
    let mut add = |flag: &str, value: &str| {
        line.push_str(&format!(" {flag} {}", quoted(value)));
    };
    if !scope.is_current() {
        add("--root", &scope.root.to_string_lossy());
    }
    if let Some(project) = &scope.wanted.project {
        add("--project", project);
    }
    let path = if keys.keys.is_empty() { destination.unsigned() } else { destination.signed() };
    add("--from", &path.to_string_lossy());
    for key in &keys.keys {
        add("--trust-key", &encode_base64(&key.public().to_spki_der()));
    }
    talk.say(format_args!(
        "if these differences are meant, review what this writes and commit it:"
    ));
    talk.say(format_args!("  {line}"));
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./=+:@%,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `tools cargo: differs: expected 1.90, found 1.91`.
pub(in crate::cli) fn line(drift: &LockDrift) -> String {
    // The lock as a whole is of no class.
    let class = Some(drift.class).filter(|class| *class != Class::Unknown);
    let name = Some(drift.name.as_str()).filter(|name| !name.is_empty()).map(printable);
    let what = [class.map(|class| class.to_string()), name].into_iter().flatten();
    let what = what.collect::<Vec<_>>().join(" ");
    let what = if what.is_empty() { what } else { format!("{what}: ") };
    let sides = [("expected", &drift.expected), ("found", &drift.found)];
    let sides = sides.iter().filter_map(|(word, side)| Some((word, side.as_deref()?)));
    let sides: Vec<_> = sides.map(|(word, side)| format!("{word} {}", Printable(side))).collect();
    let sides = if sides.is_empty() { String::new() } else { format!(": {}", sides.join(", ")) };
    format!("{what}{}{sides}", drift.kind)
}

fn drifted(path: &str, found: usize) -> Failure {
    let differences = count(found as u64, "difference");
    Failure::judgement(format_args!(
        "the environment isn't the one that {path} approves: {differences}"
    ))
    .hint("undo them, or approve them in a reviewed commit of the lock: `proofmark lock --from EVIDENCE`, or `proofmark lock` in the same job")
}

fn no_lock(why: Option<&str>) -> Failure {
    let why = why.unwrap_or("no lock was looked for");
    Failure::judgement(format_args!(
        "--drift: there is no approved environment to compare with: {why}"
    ))
    .hint("write one with `proofmark lock --from EVIDENCE`, review and commit it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_quoted_text_as_it_is() {
        assert_eq!(quoted("a/b-c.jsonl"), "a/b-c.jsonl");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }
}
