//! What changed since the build before: looked for when the bracket opens, worked out from the evidence
//! itself when it is concluded, so that whoever has both evidences can work it out again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::base::text::cut;
use crate::base::time::Time;
use crate::capture::Capture;
use crate::capture::git::{Committed, CommittedFile};
use crate::cli::baseline::Before;
use crate::drift::{self, Against, Approval, Comparison, Difference, Ground, View};
use crate::format::evidence::{
    ChangeCount, Changes, CommitLog, EnvironmentChange, ExplainedBy, Identity, Lane, LockDrift,
    LockState, NotCompared, Pipeline, Source, TokenJob,
};
use crate::format::fact::{Basis, Fact, Gap, Sealable};
use crate::format::lock::{Class, Lock};
use crate::format::settings::{Disclosure, Part};

/// Most characters of a reason or a ticket that evidence repeats.
const WORDS_MAX: usize = 200;
/// The part of the evidence.
pub(in crate::cli) const LOCK_PART: &str = "changes.lock";

/// What the change log of a build stands on; kept while its bracket is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Logged {
    pub(in crate::cli) before: Before,
    pub(in crate::cli) commits: Fact<CommitLog>,
    pub(in crate::cli) lock: Fact<Approved>,
}

/// The lock as HEAD has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Approved {
    pub(in crate::cli) path: String,
    text: String,
    sha256: Sha256,
    changed_by: Option<String>,
    work_tree_differs: bool,
}

impl Logged {
    /// No build was bracketed.
    pub(in crate::cli) fn of_no_build(why: &str) -> Self {
        Self {
            before: Before::not_looked_for(),
            commits: Fact::not_applicable(why),
            lock: Fact::not_applicable(why),
        }
    }
}

impl Approved {
    /// What HEAD has. No lock is no gap; one that can't be used is.
    pub(in crate::cli) fn of(committed: Committed, gaps: &mut Vec<Gap>) -> Fact<Self> {
        let mut refuse = |reason: String| {
            let cure = "write it anew with `proofmark lock`, review and commit it";
            gaps.push(Gap::new(LOCK_PART, &reason, cure));
            Fact::unavailable(Basis::Read, reason)
        };
        let absent =
            |reason: &str| Fact { reason: Some(reason.to_owned()), ..Fact::absent(Basis::Read) };
        let found = match committed {
            Committed::NoRepository => return absent("there is no repository"),
            Committed::NoCommit => return absent("the repository has no commit"),
            Committed::NoSuchPath => return absent("HEAD has no proofmark.lock"),
            Committed::NotRegular => {
                return refuse("proofmark.lock in HEAD is no regular file".into());
            }
            Committed::TooLarge => return refuse("proofmark.lock in HEAD is too large".into()),
            Committed::Unreadable(reason) => {
                return refuse(format!("proofmark.lock in HEAD can't be read: {reason}"));
            }
            Committed::Found(found) => found,
        };
        let CommittedFile { bytes, path, changed_by, work_tree_differs, .. } = found;
        let sha256 = Sha256::of(&bytes);
        let Ok(text) = String::from_utf8(bytes) else {
            return refuse(format!("{path} in HEAD: expected UTF-8"));
        };
        if let Err(error) = Lock::parse(&text) {
            return refuse(format!("{path} in HEAD can't be used: {error}"));
        }
        if work_tree_differs {
            let reason = format!(
                "{path} in the work tree isn't the one in HEAD, which is the one that counts"
            );
            gaps.push(Gap::new(LOCK_PART, reason, "commit it before the build"));
        }
        let approved = Self { path, text, sha256, changed_by, work_tree_differs };
        Fact::observed(Basis::Recomputed, approved)
    }

    /// The lock; it was parsed before it was kept.
    fn lock(&self) -> Lock {
        Lock::parse(&self.text).unwrap_or_default()
    }

    /// How an environment stands to it.
    pub(in crate::cli) fn against(&self, lane: &Lane, view: View<'_>, on: Time) -> Against {
        drift::against(&self.lock(), lane, view, on)
    }

    fn state(&self, against: Against, before: &Before, protected: Fact<bool>) -> LockState {
        let Against { lane, modes, laxer, drift } = against;
        LockState {
            path: self.path.clone(),
            sha256: self.sha256,
            changed_by: self.changed_by.clone(),
            protected,
            changed_since_baseline: before.baseline.get().map(|_| before.lock != Some(self.sha256)),
            work_tree_differs: self.work_tree_differs,
            lane,
            modes,
            laxer_than_default: laxer,
            drift,
        }
    }
}

/// Works the changes out. What is sealed elsewhere in the evidence is sealed here.
pub(super) fn changes(logged: Logged, capture: &Capture, disclosure: &Disclosure) -> Fact<Changes> {
    let Logged { before, commits, lock: approved } = logged;
    let nothing = before.place.is_none() && approved.get().is_none();
    if nothing && approved.reason.is_none() {
        return Fact::unavailable(Basis::Read, before.why_none.unwrap_or_default());
    }
    let pipeline = Fact::observed(Basis::Read, capture.platform.pipeline.clone());
    let view = View::new(
        &pipeline,
        &capture.environment,
        &capture.tools,
        &capture.packages,
        &capture.dependencies,
    );
    let on = capture.build.started;
    let lane = &capture.platform.lane;
    let lock = approved.get().map(|approved| (approved.lock(), approved.sha256));
    let platform = &capture.platform.pipeline;
    let protected = protected(capture.source.get(), capture.identity.get(), platform);
    let state = approved
        .get()
        .map(|approved| approved.state(approved.against(lane, view, on), &before, protected));
    let comparison = before.shown.as_ref().map_or_else(
        || Comparison {
            differences: Vec::new(),
            not_compared: vec![NotCompared {
                place: "environment".to_owned(),
                reason: "there is no baseline".to_owned(),
            }],
        },
        |shown| drift::compare(shown.view(), view),
    );
    let hosted =
        view.is_hosted() && before.shown.as_ref().is_some_and(|shown| shown.view().is_hosted());
    let ground = Ground {
        hosted,
        contained: view.is_contained(),
        lane,
        commits: commits.get().and_then(|log| log.list.inline()).map_or(&[], Vec::as_slice),
        approval: &|difference| match &lock {
            Some((lock, sha256)) if drift::approves(lock, lane, difference, on) => {
                if before.lock == Some(*sha256) { Approval::InForce } else { Approval::Pending }
            }
            _ => Approval::None,
        },
    };
    let mut all = drift::explain(comparison.differences, &ground);
    if let Some((lock, _)) = &lock {
        all.iter_mut().for_each(|change| decided(lock, lane, change, on));
    }
    let counts = counts(&all);
    let (details, environment) = all
        .into_iter()
        .partition(|change| part_of(&change.place).is_some_and(|part| disclosure.seals(part)));
    let lock = match state {
        Some(state) => Fact::observed(approved.basis, state),
        None => Fact {
            status: approved.status,
            basis: approved.basis,
            reason: approved.reason,
            value: None,
        },
    };
    let changes = Changes {
        baseline: before.baseline,
        commits,
        lock,
        environment: Sealable::Inline(environment),
        details: Sealable::Inline(details),
        counts,
        not_compared: comparison.not_compared,
    };
    Fact::observed(Basis::Recomputed, changes)
}

/// Whether the ref that HEAD was built from is protected: by the platform's token, else by its variable. Both
/// speak of the run's commit, which need not be the one that was checked out.
fn protected(
    source: Option<&Source>,
    identity: Option<&Identity>,
    pipeline: &Pipeline,
) -> Fact<bool> {
    let Some(head) = source.and_then(|source| source.commit.as_deref()) else {
        return Fact::unavailable(Basis::Read, "which commit HEAD is isn't known");
    };
    let tokens = identity.map_or(&[][..], |identity| &identity.tokens);
    let token = tokens.iter().find(|token| token.job == TokenJob::Build);
    let claim = |name: &str| token.and_then(|token| token.claims.get(name)).map(String::as_str);
    match claim("sha").or(pipeline.commit.as_deref()) {
        Some(commit) if commit != head => {
            let reason = "the run is for another commit than the one in HEAD";
            return Fact::unavailable(Basis::Read, reason);
        }
        Some(_) => {}
        None => return Fact::unavailable(Basis::Read, "no platform says which refs are protected"),
    }
    match (claim("ref_protected"), pipeline.ref_protected) {
        (Some(text @ ("true" | "false")), _) => Fact::observed(Basis::TokenClaim, text == "true"),
        (_, Some(protected)) => Fact::observed(Basis::Read, protected),
        _ => {
            Fact::unavailable(Basis::Read, "the platform doesn't say whether the ref is protected")
        }
    }
}

/// Adds to what a lock approves what people wrote beside it.
fn decided(lock: &Lock, lane: &Lane, change: &mut EnvironmentChange, on: Time) {
    if !matches!(change.explanation.by, ExplainedBy::Lock | ExplainedBy::ApprovalPending) {
        return;
    }
    let difference = Difference {
        class: change.class,
        place: change.place.clone(),
        name: change.name.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        change: change.change,
    };
    let Some(entry) = drift::approving(lock, lane, &difference, on) else { return };
    let words = [entry.ticket.as_deref(), entry.reason.as_deref()];
    let words = words.into_iter().flatten().map(|text| cut(text, WORDS_MAX)).collect::<Vec<_>>();
    if let (false, Some(note)) = (words.is_empty(), &mut change.explanation.note) {
        note.push_str(&format!(" ({})", words.join(": ")));
    }
}

fn counts(changes: &[EnvironmentChange]) -> BTreeMap<Class, ChangeCount> {
    let mut counts = BTreeMap::<Class, ChangeCount>::new();
    for change in changes {
        let count = counts.entry(change.class).or_default();
        count.changes += 1;
        count.unexplained += u64::from(!change.explanation.by.explains());
    }
    counts
}

/// The part that a place belongs to, where it can be sealed.
fn part_of(place: &str) -> Option<Part> {
    if place.starts_with("packages.") && place.ends_with(".list") {
        return Some(Part::Packages);
    }
    // Every setting has a public line; its values don't.
    Part::named(place)
}

/// Drift that counts.
pub(in crate::cli) fn counting(drift: &[LockDrift]) -> impl Iterator<Item = &LockDrift> {
    drift.iter().filter(|drift| drift.kind.is_drift())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Sha256;
    use crate::format::evidence::{Binds, CheckedToken, TokenKey};

    fn source(commit: &str) -> Source {
        Source { commit: Some(commit.to_owned()), ..Source::default() }
    }

    fn run(commit: &str, protected: Option<bool>) -> Pipeline {
        Pipeline {
            commit: Some(commit.to_owned()),
            ref_protected: protected,
            ..Pipeline::default()
        }
    }

    fn identity(job: TokenJob, claims: &[(&str, &str)]) -> Identity {
        let token = CheckedToken {
            job,
            issuer: String::new(),
            audience: String::new(),
            binds: Binds::Build,
            signers: Vec::new(),
            claims: claims.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            key: TokenKey { id: String::new(), thumbprint: Sha256::of(b""), bits: 2048 },
            issued: None,
            not_before: None,
            expires: Time::now(),
            checked: Time::now(),
            agreement: Vec::new(),
            token: None,
        };
        Identity { tokens: vec![token], ..Identity::default() }
    }

    #[test]
    fn the_platform_s_token_says_whether_the_ref_is_protected_and_a_variable_only_without_it() {
        let head = source("a");
        let token = identity(TokenJob::Build, &[("sha", "a"), ("ref_protected", "false")]);
        let found = protected(Some(&head), Some(&token), &run("a", Some(true)));
        assert_eq!((found.basis, found.get()), (Basis::TokenClaim, Some(&false)));
        let found = protected(Some(&head), None, &run("a", Some(true)));
        assert_eq!((found.basis, found.get()), (Basis::Read, Some(&true)));
        let silent = identity(TokenJob::Build, &[("sha", "a")]);
        let found = protected(Some(&head), Some(&silent), &run("a", Some(true)));
        assert_eq!((found.basis, found.get()), (Basis::Read, Some(&true)));
        let signing = identity(TokenJob::Signing, &[("sha", "a"), ("ref_protected", "false")]);
        let found = protected(Some(&head), Some(&signing), &run("a", Some(true)));
        assert_eq!(found.get(), Some(&true), "another job's token says nothing of this build");
    }

    /// A workflow on a protected branch checks out what it likes.
    #[test]
    fn protection_of_the_run_s_ref_is_nothing_for_another_commit() {
        let head = source("b");
        let token = identity(TokenJob::Build, &[("sha", "a"), ("ref_protected", "true")]);
        for (identity, pipeline) in [
            (Some(&token), run("b", Some(true))),
            (Some(&token), run("a", Some(true))),
            (None, run("a", Some(true))),
            (None, Pipeline { ref_protected: Some(true), ..Pipeline::default() }),
            (None, run("b", None)),
        ] {
            let found = protected(Some(&head), identity, &pipeline);
            assert!(found.get().is_none() && found.reason.is_some(), "{found:?}");
        }
        assert!(protected(None, Some(&token), &run("a", Some(true))).get().is_none());
    }
}
