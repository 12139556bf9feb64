//! Tokens that evidence embeds, checked again: with keys that the checker brought, against the statement as
//! it stands.
//!
//! Whoever holds the signing key wrote everything in the evidence: which job a token is said to be of, what it
//! is said to claim, that it agrees. None of that is believed. A token vouches for a fact only if the issuer's
//! key signed it, its audience is the one that this build, these subjects and this signer give, and its own
//! claim equals the fact.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;

use super::assurance::{Assurance, Brought};
use super::vouched::Vouched;
use crate::base::digest::Sha256;
use crate::base::text::cut;
use crate::base::time::Time;
use crate::format::evidence::{
    Agreement, Binds, CheckedToken, Identity, Pipeline, Source, TokenJob,
};
use crate::format::fact::{Basis, Fact, Status};
use crate::format::statement::{Statement, Subject};
use crate::token::{self, Checked, Jwks, Moment, Platform, Rules, agreement, audience};
use crate::verify::Verified;

/// Most tokens that are looked at: the build's, the signing job's, and room for a retry of each.
const TOKENS_MAX: usize = 4;

/// What the tokens of a statement amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The statement contradicts a token, or itself.
    Contradicted,
    /// There is no token.
    Unavailable,
    /// There is one, and nothing that the checker knows makes it count.
    SelfAsserted,
    /// The job says that it checked one, of an issuer that is known.
    JobChecked,
    /// The checker checked it.
    PlatformVouched,
}

impl Standing {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::Unavailable => "unavailable",
            Self::SelfAsserted => Assurance::SelfAsserted.name(),
            Self::JobChecked => Assurance::JobChecked.name(),
            Self::PlatformVouched => Assurance::PlatformVouched.name(),
        }
    }
}

/// The tokens of a statement, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What they amount to.
    pub standing: Standing,
    /// Why not more; both sides, where something contradicts.
    pub reason: Option<String>,
    /// The `iss` of the build's token.
    pub issuer: Option<String>,
    /// Claims of the build's token that tell the run: `repository id`, `commit`, `run`.
    pub run: Vec<(&'static str, String)>,
    /// Facts of the evidence that a claim of the build's token states too, and that agree.
    pub facts: Vec<String>,
    /// What the platform vouches for, where it does.
    pub vouched: Option<Vouched>,
}

impl Judged {
    fn because(standing: Standing, reason: impl Into<String>) -> Self {
        Self {
            standing,
            reason: Some(reason.into()),
            issuer: None,
            run: Vec::new(),
            facts: Vec::new(),
            vouched: None,
        }
    }
}

/// Why tokens don't count: the statement is false, or it can't be told.
enum Not {
    Refused(String),
    Untold(String),
}

/// Judges the tokens that verified build evidence records, and those that it embeds where keys were brought.
#[must_use]
pub fn judge_tokens(statement: &Verified<Statement>, brought: &Brought<'_>, now: Time) -> Judged {
    let signers = statement.signers().iter().map(ToString::to_string).collect();
    judge(statement.get(), &signers, brought, now)
}

/// The same, of a statement that these keys signed.
pub(super) fn judge(
    statement: &Statement,
    signed_by: &BTreeSet<String>,
    brought: &Brought<'_>,
    now: Time,
) -> Judged {
    let predicate = &statement.predicate;
    let Some(fact) = predicate.get("identity") else {
        return Judged::because(Standing::Unavailable, "no token");
    };
    let Ok(fact) = Fact::<Identity>::deserialize(fact) else {
        return Judged::because(Standing::Unavailable, "what it says of tokens can't be read");
    };
    let Some(identity) = fact.get().filter(|identity| !identity.tokens.is_empty()) else {
        let why = match (&fact.reason, fact.status) {
            (Some(reason), Status::NotApplicable) => cut(reason, 200),
            (Some(reason), _) => format!("no token: {}", cut(reason, 200)),
            (None, Status::Absent) => "no token: there was none".to_owned(),
            (None, _) => "no token".to_owned(),
        };
        return Judged::because(Standing::Unavailable, why);
    };
    let about = About::new(statement, signed_by);
    let mut recorded = match about.recorded(&identity.tokens, brought) {
        Ok(recorded) => recorded,
        Err(reason) => return Judged::because(Standing::Contradicted, reason),
    };
    if recorded.standing == Standing::JobChecked && fact.basis != Basis::TokenClaim {
        // Whoever signs for another job passes on what that says it checked.
        recorded.standing = Standing::SelfAsserted;
        recorded.reason = Some("the build's token was checked by the job that built, and another one signs; with --embed-token in both jobs whoever checks can check both".to_owned());
    }
    let Some(keys) = brought.keys else { return recorded };
    match about.vouched(&identity.tokens, keys, brought, now) {
        Ok(judged) => judged,
        Err(Not::Refused(reason)) => Judged::because(Standing::Contradicted, reason),
        Err(Not::Untold(reason)) => Judged { reason: Some(reason), ..recorded },
    }
}

/// What tokens must be about: the statement as it stands.
struct About<'a> {
    build_id: Option<&'a str>,
    subjects: &'a [Subject],
    signed_by: &'a BTreeSet<String>,
    pipeline: Pipeline,
    source: Option<Source>,
}

/// Facts that a job which signs what another captured has of its own: its runner, its attempt, and, where it
/// is of a run of its own, all but the repository.
fn is_own_of_signing_job(fact: &str) -> bool {
    !matches!(fact, "pipeline.repository_id" | "pipeline.repository_owner_id")
}

impl<'a> About<'a> {
    fn new(statement: &'a Statement, signed_by: &'a BTreeSet<String>) -> Self {
        let predicate = &statement.predicate;
        let pipeline = predicate.get("pipeline").and_then(|fact| Fact::deserialize(fact).ok());
        let source =
            predicate.get("source").and_then(|fact| Fact::<Source>::deserialize(fact).ok());
        Self {
            build_id: predicate.pointer("/build/id").and_then(Value::as_str),
            subjects: &statement.subjects,
            signed_by,
            pipeline: pipeline
                .as_ref()
                .and_then(|fact: &Fact<Pipeline>| fact.get().cloned())
                .unwrap_or_default(),
            source: source.and_then(|fact| fact.get().cloned()),
        }
    }

    fn platform(&self) -> Option<Platform> {
        match self.pipeline.platform.as_str() {
            "github" => Some(Platform::GitHub),
            "gitlab" => Some(Platform::GitLab),
            _ => None,
        }
    }

    /// What the evidence says of its tokens, with no token checked.
    fn recorded(&self, tokens: &[CheckedToken], brought: &Brought<'_>) -> Result<Judged, String> {
        for token in tokens {
            if let Some(told) = disagreement(token.job, &token.agreement) {
                return Err(told);
            }
        }
        let build = tokens.iter().find(|token| token.job == TokenJob::Build);
        let Some(build) = build else {
            return Ok(Judged::because(Standing::SelfAsserted, "no token of the job that built"));
        };
        let mut judged = Judged {
            standing: Standing::SelfAsserted,
            reason: None,
            issuer: Some(cut(&build.issuer, 200)),
            run: Vec::new(),
            facts: Vec::new(),
            vouched: None,
        };
        if tokens.len() > TOKENS_MAX {
            judged.reason = Some("it records more tokens than a build has".to_owned());
            return Ok(judged);
        }
        for token in tokens {
            let Some(issuer) = brought.issuer(&token.issuer, self.platform()) else {
                let iss = cut(&token.issuer, 200);
                judged.reason =
                    Some(format!("{iss} is no issuer that is known; --issuer names one"));
                return Ok(judged);
            };
            if self.audience(token).as_ref() != Ok(&token.audience) {
                let reason = "the audience that it records commits to something else";
                judged.reason = Some(reason.to_owned());
                return Ok(judged);
            }
            // The list of what agrees is the signer's own; what it was made of stands beside it.
            let all = self.agreement(issuer.platform(), &token.claims);
            if let Some(told) = disagreement(token.job, &all) {
                return Err(told);
            }
            if std::ptr::eq(token, build) {
                judged.run = run(issuer.platform(), &token.claims);
                judged.reason = another_commit(&all);
                judged.facts = agreeing(all);
            }
        }
        judged.standing = Standing::JobChecked;
        Ok(judged)
    }

    /// The embedded tokens, each checked; they vouch only together.
    fn vouched(
        &self,
        tokens: &[CheckedToken],
        keys: &Jwks,
        brought: &Brought<'_>,
        now: Time,
    ) -> Result<Judged, Not> {
        let untold = |why: &str| Not::Untold(why.to_owned());
        if tokens.len() > TOKENS_MAX {
            return Err(untold("it records more tokens than a build has"));
        }
        let mut build: Option<(Platform, Checked)> = None;
        let mut binds_signer = false;
        let mut repositories = BTreeSet::new();
        for token in tokens {
            // One that nobody can check would pass for one that was.
            let Some(text) = &token.token else {
                return Err(untold(
                    "not every token that it records is embedded (--embed-token, for `run` and for `sign`)",
                ));
            };
            let (platform, checked) = self.check(token, text, keys, brought, now)?;
            let repository = match platform {
                Platform::GitHub => "repository_id",
                Platform::GitLab => "project_id",
            };
            repositories.insert((checked.issuer.clone(), checked.claims.get(repository).cloned()));
            binds_signer |= token.signers.iter().any(|signer| self.signed_by.contains(signer));
            if token.job == TokenJob::Build && build.is_none() {
                build = Some((platform, checked));
            }
        }
        let Some((platform, checked)) = build else {
            return Err(untold("no token of the job that built is embedded (--embed-token)"));
        };
        // A signer of another repository could bind this build to itself.
        if repositories.len() != 1 {
            return Err(Not::Refused(
                "the tokens of the jobs that built and signed are of two repositories".to_owned(),
            ));
        }
        if !binds_signer {
            return Err(untold("no embedded token commits to the key that signed"));
        }
        let all = self.agreement(platform, &checked.claims);
        // Whoever asks the platform asks whether it stands for what was built.
        if let Some(told) = another_commit(&all) {
            return Err(Not::Refused(told));
        }
        let facts = agreeing(all);
        if !facts.iter().any(|fact| fact == "pipeline.repository_id") {
            return Err(untold("the evidence doesn't state the repository that the token is of"));
        }
        let vouched = Some(Vouched::of(platform, &checked));
        Ok(Judged {
            standing: Standing::PlatformVouched,
            reason: None,
            issuer: Some(checked.issuer),
            run: run(platform, &checked.claims),
            facts,
            vouched,
        })
    }

    /// Checks one token, and that the evidence says nothing else of it.
    fn check(
        &self,
        token: &CheckedToken,
        text: &str,
        keys: &Jwks,
        brought: &Brought<'_>,
        now: Time,
    ) -> Result<(Platform, Checked), Not> {
        let of = match token.job {
            TokenJob::Signing => "the token of the job that signed",
            _ => "the token of the job that built",
        };
        let refused = |why: String| Not::Refused(format!("{of}: {why}"));
        // The keys are of the issuer that was named: else whoever has its keys could speak for any other.
        let named = brought.issuers.iter().any(|issuer| issuer.accepts(&token.issuer));
        let issuer = brought.issuer(&token.issuer, self.platform());
        let Some(issuer) = issuer.filter(|_| named || brought.issuers.is_empty()) else {
            let iss = cut(&token.issuer, 200);
            return Err(Not::Untold(format!(
                "{iss} is no issuer that is known; --issuer names one"
            )));
        };
        let audience = self.audience(token).map_err(Not::Untold)?;
        let moment = Moment::Then { checked: token.checked, now };
        let rules = Rules { issuer: &issuer, audience: &audience, moment };
        let checked = match token::verify(text, keys, &rules) {
            Ok(checked) => checked,
            // An issuer changes its keys, and takes the old ones out of its set.
            Err(token::TokenError::UnknownKey) => {
                return Err(Not::Untold(format!("{of}: none of the given keys is of its id")));
            }
            Err(error) => return Err(refused(error.to_string())),
        };
        if checked.issuer != token.issuer || checked.key != token.key {
            return Err(refused("its issuer or key isn't the one that is recorded".to_owned()));
        }
        let times = (checked.issued, checked.not_before, checked.expires);
        if checked.audience != token.audience
            || times != (token.issued, token.not_before, token.expires)
        {
            return Err(refused("its audience or times aren't those that are recorded".to_owned()));
        }
        for (name, recorded) in &token.claims {
            let claimed = checked.claims.get(name);
            if !claimed.is_some_and(|claimed| token::is_what_is_left(recorded, claimed)) {
                let (name, recorded) = (cut(name, 60), cut(recorded, 200));
                let claimed = claimed.map_or_else(|| "nothing".to_owned(), |text| cut(text, 200));
                return Err(refused(format!("expected its {name} {claimed}, found {recorded}")));
            }
        }
        let all = self.agreement(issuer.platform(), &checked.claims);
        if let Some(told) = disagreement(token.job, &all) {
            return Err(Not::Refused(told));
        }
        if token.binds != Binds::Build {
            return Err(Not::Untold(format!("{of}: its audience commits to no build")));
        }
        Ok((issuer.platform(), checked))
    }

    fn agreement(&self, platform: Platform, claims: &BTreeMap<String, String>) -> Vec<Agreement> {
        agreement(platform, claims, &self.pipeline, self.source.as_ref())
    }

    /// The audience that a token of this statement has.
    fn audience(&self, token: &CheckedToken) -> Result<String, String> {
        if token.binds == Binds::Pipeline {
            let id = |id: &Option<String>| id.clone().unwrap_or_default();
            let pipeline = &self.pipeline;
            return Ok(audience::of_pipeline(&id(&pipeline.repository_id), &id(&pipeline.run_id)));
        }
        // What is hashed are lines: no part of it may hold one.
        let build_id = self
            .build_id
            .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
        let build_id = build_id.ok_or("the statement names no build")?;
        let is_fingerprint = |signer: &String| {
            signer.strip_prefix("SHA256:").is_some_and(|rest| {
                rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
            })
        };
        if !token.signers.iter().all(is_fingerprint) {
            return Err("what it records as signers are no fingerprints".to_owned());
        }
        // An audience commits to SHA-256 alone: under another digest the subject could be anything.
        let sha256 =
            |subject: &Subject| subject.digest.get(Sha256::ALGORITHM)?.parse::<Sha256>().ok();
        if self.subjects.is_empty() || self.subjects.iter().any(|one| sha256(one).is_none()) {
            return Err("not every subject of the statement has a sha256".to_owned());
        }
        Ok(audience::of_build(build_id, &token.signers, self.subjects))
    }
}

/// The commit that was checked out, which a token doesn't name: it names the run's. A workflow that is started
/// by hand, or by another one, may rightly check out what it was told to, and then says so.
const CHECKED_OUT: &str = "source.commit";

/// The first fact that a token contradicts, with both sides.
fn disagreement(job: TokenJob, all: &[Agreement]) -> Option<String> {
    let counts = |one: &&Agreement| {
        !one.agrees
            && one.fact != CHECKED_OUT
            && (job != TokenJob::Signing || !is_own_of_signing_job(&one.fact))
    };
    all.iter().find(counts).map(both_sides)
}

/// That the run is for another commit than the one that was checked out, for which no token stands then.
fn another_commit(all: &[Agreement]) -> Option<String> {
    all.iter().find(|one| !one.agrees && one.fact == CHECKED_OUT).map(both_sides)
}

fn both_sides(one: &Agreement) -> String {
    let said = |side: &Option<String>| cut(side.as_deref().unwrap_or("something else"), 200);
    let (fact, claim) = (cut(&one.fact, 60), cut(&one.claim, 60));
    let (stated, claimed) = (said(&one.stated), said(&one.claimed));
    format!("{fact}: expected {claimed}, as the token's {claim} says, found {stated}")
}

fn agreeing(all: Vec<Agreement>) -> Vec<String> {
    all.into_iter().filter(|one| one.agrees).map(|one| one.fact).collect()
}

fn run(platform: Platform, claims: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
    let (repository, run) = match platform {
        Platform::GitHub => ("repository_id", "run_id"),
        Platform::GitLab => ("project_id", "pipeline_id"),
    };
    [("repository id", repository), ("commit", "sha"), ("run", run)]
        .into_iter()
        .filter_map(|(name, claim)| Some((name, cut(claims.get(claim)?, 100))))
        .collect()
}
