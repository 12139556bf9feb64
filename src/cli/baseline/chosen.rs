//! Which of the evidence that was found is the build before: verified, of this lane, succeeded, and of a
//! commit that this one descends from.

use serde_json::Value;

use super::{Before, Candidate, Looking, Loss, Shown};
use crate::base::digest::Sha256;
use crate::base::text::{Printable, count};
use crate::base::time::Time;
use crate::capture::git::{self, Ancestry};
use crate::drift;
use crate::format::evidence::{BUILD_EVIDENCE, Baseline, BuildEvidence, NOT_AN_ANCESTOR, Outcome};
use crate::format::fact::{Basis, Fact, Gap};
use crate::format::section::{self, Opened};
use crate::format::statement::Statement;
use crate::read;
use crate::verify::{Trust, Verified, authenticate};

/// Most of the lane's builds that are looked at for one whose commit is an ancestor.
const LOOKED_AT: usize = 100;

/// A verified build of the lane.
struct Build {
    evidence: BuildEvidence,
    sha256: Sha256,
    signers: Vec<String>,
    from: String,
    sections: bool,
    /// A file of sections was there, and not all that is sealed is in it.
    unfit: bool,
}

/// What was there that can't be used.
#[derive(Default)]
struct PassedOver {
    /// Lines that no trusted key signed.
    untrusted: usize,
    unsigned: usize,
    other_lane: usize,
    not_succeeded: usize,
    unreadable: Vec<String>,
}

impl Looking<'_> {
    /// # Errors
    /// A loss: nothing of what was found can be used.
    pub(super) fn choose(
        &self,
        found: Vec<Candidate>,
        now: Time,
    ) -> Result<(Before, Option<Gap>), Loss> {
        let trust = self.trust.ok_or_else(|| {
            Loss::new(
                "no trust given for the baseline",
                "name the public key that signed it: --trust-key build.pub",
            )
        })?;
        let mut passed_over = PassedOver::default();
        let mut builds = Vec::new();
        for candidate in found {
            self.builds(candidate, trust, &mut builds, &mut passed_over);
        }
        if builds.is_empty() {
            return Err(passed_over.loss());
        }
        let place = |build: &Build| {
            let chain = build.evidence.chain.get();
            (chain.and_then(|chain| chain.sequence), build.evidence.build.finished)
        };
        builds.sort_by_key(|build| std::cmp::Reverse(place(build)));
        let mut why = None;
        for build in builds.into_iter().take(LOOKED_AT) {
            match self.descends_from(&build.evidence) {
                Ok(()) => {
                    let gap = build.unfit.then(unfit_sections);
                    return Ok((before(build, now), gap));
                }
                Err(loss) => why = why.or(Some(loss)),
            }
        }
        Err(why.unwrap_or_else(|| passed_over.loss()))
    }

    /// Whether a file isn't known to be of other lanes alone. One that doesn't verify may be this lane's, and
    /// going on to an older one would make a fork of it.
    pub(super) fn may_be_of_this_lane(&self, file: &[u8]) -> bool {
        let (Some(trust), Ok(lines)) = (self.trust, read::bytes(file)) else { return true };
        let checked = authenticate(&lines, trust);
        let evidence =
            || checked.verified.iter().filter(|v| v.get().predicate_type == BUILD_EVIDENCE);
        let ours = |verified: &Verified<Statement>| {
            open(verified, None)
                .is_ok_and(|(evidence, _)| evidence.lane.get() == Some(&self.platform.lane))
        };
        evidence().any(ours) || !checked.failed.is_empty() || evidence().next().is_none()
    }

    fn builds(
        &self,
        candidate: Candidate,
        trust: &Trust,
        builds: &mut Vec<Build>,
        passed_over: &mut PassedOver,
    ) {
        let Candidate { evidence, sections, from } = candidate;
        let lines = match read::bytes(&evidence) {
            Ok(lines) => lines,
            Err(error) => return passed_over.unreadable.push(error.to_string()),
        };
        passed_over.unreadable.extend(lines.malformed.iter().map(|bad| bad.error.to_string()));
        passed_over.unsigned += lines.unsigned.len();
        let checked = authenticate(&lines, trust);
        passed_over.untrusted += checked.failed.len();
        for verified in &checked.verified {
            if verified.get().predicate_type != BUILD_EVIDENCE {
                continue;
            }
            let (evidence, opened) = match open(verified, sections.as_deref()) {
                Ok(opened) => opened,
                Err(why) => {
                    passed_over.unreadable.push(why);
                    continue;
                }
            };
            if evidence.lane.get() != Some(&self.platform.lane) {
                passed_over.other_lane += 1;
            } else if evidence.build.outcome != Outcome::Succeeded {
                passed_over.not_succeeded += 1;
            } else if !continues(&evidence) {
                passed_over.unreadable.push("its place in the chain can't be followed".to_owned());
            } else {
                builds.push(Build {
                    evidence,
                    sha256: verified.payload_digest(),
                    signers: verified.signers().iter().map(ToString::to_string).collect(),
                    from: from.clone(),
                    sections: opened,
                    unfit: sections.is_some() && !opened,
                });
            }
        }
    }

    /// The chain follows the history: evidence of a commit that isn't below this one is of another line of
    /// work, or of one that was rewritten.
    fn descends_from(&self, evidence: &BuildEvidence) -> Result<(), Loss> {
        let commit = evidence.source.get().and_then(|source| source.commit.as_deref());
        let Some(commit) = commit else {
            return Err(Loss::new(
                "the newest evidence names no commit, so that it can't be told whether this one descends from it",
                "build in a git repository",
            ));
        };
        let shown = Printable(commit);
        match git::ancestry(&self.scope.root, commit) {
            Ancestry::Same | Ancestry::Ancestor => Ok(()),
            Ancestry::NotAncestor => Err(Loss::new(
                format!(
                    "the newest evidence is of commit {shown}, which {NOT_AN_ANCESTOR}: the history was rewritten, or it is of another branch"
                ),
                "see what `git log` says of that commit; a chain begins anew after a force-push",
            )),
            Ancestry::Missing(why) | Ancestry::Unreadable(why) => Err(Loss::new(
                format!(
                    "whether commit {shown} of the newest evidence is an ancestor can't be told: {why}"
                ),
                "fetch the whole history (actions/checkout: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`)",
            )),
        }
    }
}

/// A place that no build can have, or that none can follow.
fn continues(evidence: &BuildEvidence) -> bool {
    let sequence = evidence.chain.get().and_then(|chain| chain.sequence);
    !matches!(sequence, Some(0 | u64::MAX))
}

/// Whoever carried the file could have altered it: what it no longer shows must not pass as unchanged.
fn unfit_sections() -> Gap {
    let reason = "the sections beside the baseline aren't all of it, or were altered: some sealed parts are not compared";
    Gap::new("changes.baseline", reason, "keep the sections file as proofmark wrote it")
}

impl PassedOver {
    /// What is said where nothing is left: the worst first.
    fn loss(&self) -> Loss {
        if self.untrusted > 0 {
            let lines = count(self.untrusted as u64, "line");
            return Loss::new(
                format!("no trusted key signed what was found ({lines})"),
                "name the public key that signed the build before: --trust-key build.pub; if that should have been this one, find out who signed",
            );
        }
        if self.other_lane > 0 {
            let builds = count(self.other_lane as u64, "build");
            return Loss::new(
                format!("what was found is of another lane ({builds})"),
                "name evidence of the same repository, pipeline, job, leg and kind of ref",
            );
        }
        if self.not_succeeded > 0 {
            let builds = count(self.not_succeeded as u64, "build");
            return Loss::new(
                format!("no build that was found has succeeded ({builds})"),
                "the chain runs over builds that succeeded: name one of those",
            );
        }
        if self.unsigned > 0 {
            return Loss::new(
                "nobody signed what was found",
                "sign evidence before it is kept: give the build a key, or `proofmark sign` it in a job of its own",
            );
        }
        match self.unreadable.first() {
            Some(why) => Loss::new(
                format!("what was found can't be read: {why}"),
                "keep the evidence file as proofmark wrote it",
            ),
            None => Loss::new(
                "there is no build evidence in what was found",
                "keep the evidence file as proofmark wrote it",
            ),
        }
    }
}

/// The evidence with its sealed parts, where they are at hand, in their places.
fn open(
    verified: &Verified<Statement>,
    sections: Option<&[u8]>,
) -> Result<(BuildEvidence, bool), String> {
    let mut predicate: Value = verified.get().predicate.clone();
    let parts = section::sealed_parts(&predicate);
    let opened = match sections {
        Some(bytes) if !parts.is_empty() => {
            // The file may hold the sections of other lines too: those that fit are enough.
            section::open_known(bytes, &parts, drift::reads)
        }
        _ => Opened::default(),
    };
    let all = parts.iter().all(|part| opened.has(&part.seal));
    section::unseal(&mut predicate, &opened.contents);
    let evidence = serde_json::from_value(predicate)
        .map_err(|error| format!("the build evidence isn't as this version reads it: {error}"))?;
    Ok((evidence, all))
}

fn before(build: Build, now: Time) -> Before {
    let Build { evidence, sha256, signers, from, sections, .. } = build;
    let sequence = evidence.chain.get().and_then(|chain| chain.sequence);
    let baseline = Baseline {
        sha256,
        build_id: evidence.build.id.clone(),
        commit: evidence.source.get().and_then(|source| source.commit.clone()),
        sequence,
        finished: evidence.build.finished,
        age_seconds: now.seconds_since(evidence.build.finished),
        from,
        signers,
        sections,
    };
    let lock = evidence.changes.get().and_then(|changes| changes.lock.get());
    let lock = lock.map(|lock| lock.sha256);
    Before {
        // One that was not looked for had no place: the chain that it begins is two long now.
        place: Some(sequence.unwrap_or(1).saturating_add(1)),
        why_none: None,
        baseline: Fact::observed(Basis::Recomputed, baseline),
        shown: Some(Shown::of(evidence)),
        lock,
    }
}

/// `3 days`, `5 hours`, `less than a minute`; `-` before a time in the future.
pub(super) fn age(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let text = match seconds {
        0..60 => "less than a minute".to_owned(),
        60..3600 => count(seconds / 60, "minute"),
        3600..86_400 => count(seconds / 3600, "hour"),
        _ => count(seconds / 86_400, "day"),
    };
    format!("{sign}{text}")
}
