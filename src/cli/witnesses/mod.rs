//! Witnesses of the job beside itself: the platform's token, and the platform's API.
//!
//! They are asked once the build is over and its artefacts are known, all at the same time, and never for
//! long: no build waits for a platform that doesn't answer.

mod api;
mod asking;
mod identity;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use super::talk::Talk;
use super::witness_args::WitnessArgs;
use crate::base::text::{cut, printable};
use crate::capture::environment::Variables;
use crate::capture::hosting::hosting;
use crate::capture::pipeline::ran;
use crate::capture::platform::{Kind, Platform};
use crate::capture::redact::Redactor;
use crate::format::evidence::{
    Controls, Hosting, Identity, PlatformProvenance, Ran, Source, TokenJob,
};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Status, Withheld};
use crate::format::statement::Subject;
use crate::net::Lost;
use api::{Asked, GitHub, GitLab};
use asking::{Asking, beside};
pub(super) use identity::{Identified, disagreements, recorded_claims};

/// Whom to ask, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Witnesses<'a> {
    pub(super) args: &'a WitnessArgs,
    pub(super) variables: &'a Variables,
    pub(super) redactor: &'a Redactor,
    /// Whether to leave behind what isn't answered yet.
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
    pub(super) talk: Talk,
}

/// What they are asked about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) job: TokenJob,
    pub(super) build_id: &'a str,
    /// Fingerprints of the keys that sign.
    pub(super) signers: &'a [String],
    /// Those of the build evidence.
    pub(super) subjects: &'a [Subject],
    pub(super) platform: &'a Platform,
    pub(super) source: Option<&'a Source>,
    pub(super) root: Option<&'a Path>,
    /// Provenance that was given as files.
    pub(super) provenance: &'a [PlatformProvenance],
}

/// What they said.
pub(super) struct Heard {
    pub(super) identity: Fact<Identity>,
    pub(super) controls: Fact<Controls>,
    /// The definition at the commit that the platform says it ran.
    pub(super) ran: Fact<Ran>,
    pub(super) hosting: Option<Hosting>,
    pub(super) redactions: Vec<Withheld>,
    pub(super) gaps: Vec<Gap>,
}

/// Why a witness says nothing.
#[derive(Debug, Clone)]
enum Silence {
    /// There is none.
    NotApplicable(&'static str),
    /// There may be one.
    Lost(Lost),
}

impl Silence {
    fn fact<T>(&self, basis: Basis) -> Fact<T> {
        match self {
            Self::NotApplicable(reason) => Fact::not_applicable(*reason),
            Self::Lost(lost) => Fact::unavailable(basis, lost.reason.clone()),
        }
    }

    fn gap(&self, part: &str) -> Option<Gap> {
        match self {
            Self::NotApplicable(_) => None,
            Self::Lost(Lost { reason, cure }) => {
                Some(Gap { part: part.to_owned(), reason: reason.clone(), cure: cure.clone() })
            }
        }
    }
}

impl Witnesses<'_> {
    /// Asks all of them.
    pub(super) fn hear(&self, about: &About<'_>) -> Heard {
        let (identity, asked) = match self.unasked(about) {
            Some(silence) => {
                let asked = Asked::nobody(&silence, about.provenance);
                (Err(silence), asked)
            }
            None => {
                let (identity, asked) = self.ask(about);
                self.tell(identity.as_ref(), &asked);
                (identity.map_err(|lost| Silence::Lost(self.shown(lost))), asked)
            }
        };
        let Asked { controls, withheld: mut redactions, mut gaps, .. } = asked;
        let identity = match identity {
            Ok(mut identified) => {
                redactions.append(&mut identified.withheld);
                let disagreements = disagreements(&identified.token);
                gaps.extend(
                    disagreements.map(|said| Gap::without_cure("identity.agreement", said)),
                );
                let people = Sealable::Inline(identified.people);
                let identity = Identity { tokens: vec![identified.token], people };
                Fact::observed(Basis::TokenClaim, identity)
            }
            Err(silence) => {
                gaps.extend(silence.gap("identity"));
                silence.fact(Basis::TokenClaim)
            }
        };
        let claims = identity.get().and_then(|id| id.tokens.first()).map(|token| &token.claims);
        let job = controls.get().and_then(|controls| controls.job.get());
        let ran = match about.root {
            Some(root) => ran(root, about.platform, claims),
            None => Fact::not_applicable("no work tree is looked at"),
        };
        gaps.extend(self.definition(about, &ran, claims));
        let hosting = hosting(about.platform, self.variables, claims, job);
        Heard { identity, controls, ran, hosting, redactions, gaps }
    }

    /// What is to be said of the definition that the platform says it ran.
    fn definition(
        &self,
        about: &About<'_>,
        ran: &Fact<Ran>,
        claims: Option<&BTreeMap<String, String>>,
    ) -> Vec<Gap> {
        const PART: &str = "pipeline.ran";
        let mut gaps = Vec::new();
        let is_asked = self.unasked(about).is_none();
        if let (Status::Unavailable, Some(reason), true) = (ran.status, &ran.reason, is_asked) {
            gaps.push(Gap::without_cure(PART, reason.clone()));
        }
        if let Some(Ran { path, commit, on_disk_is_same: Some(false), .. }) = ran.get() {
            let reason = format!(
                "the definition on the disk isn't the one that the platform says it ran: {} at {}",
                cut(path, 200),
                cut(commit, 64)
            );
            self.talk.notice(format_args!("{PART}: {reason}"));
            gaps.push(Gap::without_cure(PART, reason));
        }
        // The job itself is defined by another file, which no clone of this repository need have.
        let claim = |name| claims.and_then(|claims| claims.get(name));
        let own = claim("job_workflow_ref").filter(|own| claim("workflow_ref") != Some(own));
        if let Some(own) = own {
            let at = claim("job_workflow_sha").map_or("an unknown commit", String::as_str);
            gaps.push(Gap::without_cure(
                PART,
                format!(
                    "the job itself is defined by the reusable workflow {} at {}: it was not compared",
                    cut(own, 200),
                    cut(at, 64)
                ),
            ));
        }
        gaps
    }

    /// The token of a job that signs. None, and a word of it, where there is no token that counts.
    pub(super) fn identify(&self, about: &About<'_>) -> Option<Identified> {
        if self.unasked(about).is_some() {
            return None;
        }
        let begun = Asking::begin(self.variables, self.stop);
        match begun.and_then(|asking| self.token(about, &asking)) {
            Ok(identified) => {
                self.talk.say(format_args!("identity: checked ({})", identified.summary()));
                Some(identified)
            }
            Err(lost) => {
                self.notice("identity", lost);
                None
            }
        }
    }

    /// Why nobody is asked at all.
    fn unasked(&self, about: &About<'_>) -> Option<Silence> {
        match about.platform.kind {
            Kind::Local => Some(Silence::NotApplicable("the build runs on no CI system")),
            Kind::UnknownCi => {
                Some(Silence::NotApplicable("this CI system has no witness that proofmark knows"))
            }
            Kind::GitHub | Kind::GitLab if self.args.offline => Some(Silence::Lost(Lost::new(
                "nobody was asked (--offline)",
                "leave out --offline",
            ))),
            Kind::GitHub | Kind::GitLab => {
                (self.stop)().then(|| Silence::Lost(Lost::plain("the end was asked for")))
            }
        }
    }

    fn ask(&self, about: &About<'_>) -> (Result<Identified, Lost>, Asked) {
        let nobody = |lost| Asked::nobody(&Silence::Lost(self.shown(lost)), about.provenance);
        let asking = match Asking::begin(self.variables, self.stop) {
            Ok(asking) => asking,
            Err(lost) => return (Err(lost.clone()), nobody(lost)),
        };
        if about.platform.kind == Kind::GitLab {
            let gitlab = GitLab::of(self.variables);
            return thread::scope(|scope| {
                let token = beside(scope, || self.token(about, &asking));
                let asked = match &gitlab {
                    Ok(gitlab) => {
                        let answer = gitlab.ask(&asking.client());
                        gitlab.asked(answer, about.provenance, self.redactor)
                    }
                    Err(lost) => nobody(lost.clone()),
                };
                (token.wait().flatten(), asked)
            });
        }
        let github = GitHub::of(self.variables, about.subjects);
        let (identity, answers) = thread::scope(|scope| {
            let early = github.as_ref().ok().map(|github| (github, github.early(scope, &asking)));
            let identity = beside(scope, || self.token(about, &asking)).wait().flatten();
            let answers = early.map(|(github, early)| {
                github.late(scope, &asking, early, claims(identity.as_ref()))
            });
            (identity, answers)
        });
        let asked = match (&github, answers) {
            (Ok(github), Some(answers)) => {
                let claims = claims(identity.as_ref());
                github.asked(answers, claims, about.provenance, self.redactor)
            }
            (Err(lost), _) => nobody(lost.clone()),
            (Ok(_), None) => nobody(Lost::plain("nobody was asked")),
        };
        (identity, asked)
    }

    /// What the log of the job should show.
    fn tell(&self, identity: Result<&Identified, &Lost>, asked: &Asked) {
        match identity {
            Ok(identified) => {
                let mut contradicted = disagreements(&identified.token).peekable();
                if contradicted.peek().is_none() {
                    self.talk.say(format_args!("identity: checked ({})", identified.summary()));
                }
                contradicted.for_each(|said| self.talk.notice(format_args!("identity: {said}")));
            }
            Err(lost) => self.notice("identity", lost.clone()),
        }
        match asked.gaps.iter().find(|gap| gap.part == "controls").cloned() {
            Some(Gap { reason, cure, .. }) => self.notice("controls", Lost { reason, cure }),
            None => self.tell_controls(asked),
        }
    }

    fn tell_controls(&self, asked: &Asked) {
        let said = format!(
            "controls: {} of {} questions to the platform's API answered",
            asked.answered, asked.asked
        );
        let lost: Vec<_> =
            asked.gaps.iter().filter(|gap| gap.part.starts_with("controls.")).collect();
        let named: BTreeSet<_> =
            lost.iter().filter_map(|gap| gap.part.strip_prefix("controls.")).collect();
        if asked.answered == asked.asked {
            return self.talk.say(said);
        }
        let named: Vec<_> = named.into_iter().map(|part| part.replace('_', " ")).collect();
        let cures: BTreeSet<_> = lost.iter().filter_map(|gap| gap.cure.as_deref()).collect();
        let cures: String = cures.iter().map(|cure| format!("; {cure}")).collect();
        self.talk.notice(format_args!("{said}; not known: {}{cures}", named.join(", ")));
    }

    fn notice(&self, what: &str, lost: Lost) {
        let Lost { reason, cure } = self.shown(lost);
        let cure = cure.map(|cure| format!("; {cure}")).unwrap_or_default();
        self.talk.notice(format_args!("{what}: {reason}{cure}"));
    }

    /// A loss repeats what others chose.
    fn shown(&self, lost: Lost) -> Lost {
        Lost { reason: printable(&self.redactor.scrub(&lost.reason).text), ..lost }
    }
}

fn claims<E>(identity: Result<&Identified, E>) -> Option<&BTreeMap<String, String>> {
    identity.ok().map(|identified| &identified.token.claims)
}
