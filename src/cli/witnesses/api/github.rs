//! GitHub: the branch's rules, the environment and who approved, the job and its runner, attestations.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::Scope;

use super::{Asked, Notes, given};
use crate::base::digest::Sha256;
use crate::capture::environment::Variables;
use crate::capture::redact::Redactor;
use crate::cli::platform_client::{address, bound, github_token, required};
use crate::cli::witnesses::asking::{Asking, Beside, beside};
use crate::cli::witnesses::identity::CURE_GITHUB;
use crate::format::evidence::{
    Approvals, BranchRule, BranchRules, Controls, DeploymentEnvironment, PlatformJob,
    PlatformProvenance,
};
use crate::format::fact::{Basis, Fact, Gap, Sealable};
use crate::format::statement::{IMAGE, Subject};
use crate::net::answer::Answer;
use crate::net::github::controls::{Attestation, Environment, Job, Repository, Review, Rule};
use crate::net::{Lost, Scheme};

const CURE_TOKEN: &str = "give the step `env: { GITHUB_TOKEN: \"${{ github.token }}\" }`";
const CURE_PLATFORM: &str = "run proofmark in a job of GitHub's, which sets it";
const NO_TOKEN: &str = "no token says which environment the job names";
/// Most artefacts whose attestations are looked for.
const SEARCHED_MAX: usize = 3;

/// Whom to ask, and about what.
pub(in crate::cli::witnesses) struct GitHub {
    repository: Repository,
    run: String,
    attempt: String,
    /// Whose rules count: the run's branch, or the one that a pull request is for.
    branch: Option<String>,
    runner: Option<String>,
    /// Digests of all artefacts, sorted by the artefact's name.
    artefacts: Vec<Sha256>,
}

/// What is asked before the job's token is there.
pub(in crate::cli::witnesses) struct Early<'s> {
    rules: Option<Beside<'s, Answer<Vec<Rule>>>>,
    jobs: Beside<'s, Answer<Vec<Job>>>,
    attestations: Vec<Beside<'s, Answer<Vec<Attestation>>>>,
}

/// What came of all questions.
#[derive(Default)]
pub(in crate::cli::witnesses) struct Answers {
    pub(super) rules: Option<Answer<Vec<Rule>>>,
    /// By its name.
    pub(super) environment: Option<(String, Answer<Environment>)>,
    pub(super) approvals: Option<Answer<Vec<Review>>>,
    pub(super) jobs: Option<Answer<Vec<Job>>>,
    pub(super) attestations: Vec<Answer<Vec<Attestation>>>,
}

impl GitHub {
    pub(in crate::cli::witnesses) fn of(
        variables: &Variables,
        subjects: &[Subject],
    ) -> Result<Self, Lost> {
        let token = github_token(variables)
            .ok_or_else(|| Lost::new("there is no token: GITHUB_TOKEN isn't set", CURE_TOKEN))?;
        let api = address(variables, "GITHUB_API_URL", CURE_PLATFORM)?;
        let named = |name| required(variables, name, CURE_PLATFORM).map(str::to_owned);
        let token = Some(bound(token, Scheme::Bearer, &api)?);
        let branch = variables.text("GITHUB_BASE_REF").or_else(|| {
            variables.text("GITHUB_REF").and_then(|name| name.strip_prefix("refs/heads/"))
        });
        Ok(Self {
            repository: Repository { api, name: named("GITHUB_REPOSITORY")?, token },
            run: named("GITHUB_RUN_ID")?,
            attempt: named("GITHUB_RUN_ATTEMPT")?,
            branch: branch.map(str::to_owned),
            runner: variables.text("RUNNER_NAME").map(str::to_owned),
            artefacts: artefacts(subjects),
        })
    }

    /// Asks for what needs no token of the job's.
    pub(in crate::cli::witnesses) fn early<'s>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        asking: &'s Asking<'_>,
    ) -> Early<'s> {
        let Self { repository, run, attempt, .. } = self;
        let rules = self
            .branch
            .as_deref()
            .map(|branch| beside(scope, move || repository.branch_rules(&asking.client(), branch)));
        let jobs = beside(scope, move || repository.jobs(&asking.client(), run, attempt));
        let search = |sha256: &'s Sha256| {
            beside(scope, move || repository.attestations(&asking.searcher(), *sha256))
        };
        let attestations = self.artefacts.iter().take(SEARCHED_MAX).map(search).collect();
        Early { rules, jobs, attestations }
    }

    /// Asks for what the token's claims name, and waits for everything.
    pub(in crate::cli::witnesses) fn late<'s>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        asking: &'s Asking<'_>,
        early: Early<'s>,
        claims: Option<&BTreeMap<String, String>>,
    ) -> Answers {
        let Self { repository, run, .. } = self;
        let name = claims.and_then(|claims| claims.get("environment")).cloned();
        let late = name.map(|name| {
            let approvals = beside(scope, move || repository.approvals(&asking.client(), run));
            (repository.environment(&asking.client(), &name), name, approvals.answer())
        });
        let (environment, approvals) = match late {
            Some((environment, name, approvals)) => (Some((name, environment)), Some(approvals)),
            None => (None, None),
        };
        Answers {
            rules: early.rules.map(Beside::answer),
            environment,
            approvals,
            jobs: Some(early.jobs.answer()),
            attestations: early.attestations.into_iter().map(Beside::answer).collect(),
        }
    }

    /// What the evidence says of the answers.
    pub(in crate::cli::witnesses) fn asked(
        &self,
        answers: Answers,
        claims: Option<&BTreeMap<String, String>>,
        files: &[PlatformProvenance],
        redactor: &Redactor,
    ) -> Asked {
        let mut notes = Notes::new(redactor);
        let branch_rules = self.rules(&mut notes, answers.rules);
        let environment = match answers.environment {
            Some((name, answer)) => match notes.reply("environment", answer) {
                Ok(found) => Fact::observed(Basis::ApiReply, protection(&mut notes, &name, &found)),
                Err(lost) => notes.lost("environment", lost),
            },
            None if claims.is_none() => notes.lost("environment", Lost::new(NO_TOKEN, CURE_GITHUB)),
            None => Fact::not_applicable("the job names no environment"),
        };
        let approvals = match answers.approvals {
            Some(answer) => match notes.reply("approvals", answer) {
                Ok(reviews) => {
                    let started_by = claims.and_then(|claims| claims.get("actor_id"));
                    let started_by = started_by.and_then(|id| id.parse().ok());
                    Fact::observed(Basis::ApiReply, approvals(&mut notes, &reviews, started_by))
                }
                Err(lost) => notes.lost("approvals", lost),
            },
            None if claims.is_none() => Fact::unavailable(Basis::ApiReply, NO_TOKEN),
            None => Fact::not_applicable("the job names no environment"),
        };
        let job = self.job(&mut notes, answers.jobs, claims);
        let provenance = self.provenance(&mut notes, answers.attestations, files);
        let api = self.repository.api.origin().to_string();
        notes.asked(|replies, details| Controls {
            api: Some(api),
            branch_rules,
            environment,
            approvals,
            job,
            provenance,
            replies,
            details: Sealable::Inline(details),
        })
    }

    fn rules(&self, notes: &mut Notes<'_>, answer: Option<Answer<Vec<Rule>>>) -> Fact<BranchRules> {
        let Some((branch, answer)) = self.branch.as_deref().zip(answer) else {
            return Fact::not_applicable("the run is for no branch");
        };
        let found = match notes.reply("branch rules", answer) {
            Ok(found) => found,
            Err(lost) => return notes.lost("branch_rules", lost),
        };
        let place = "branch_rules";
        let mut rules: Vec<_> = found
            .iter()
            .map(|rule| BranchRule {
                kind: notes.text(place, &rule.kind),
                source: notes.optional(place, rule.source.as_deref()),
                ruleset: rule.ruleset,
                parameters: rule
                    .parameters
                    .iter()
                    .map(|(name, value)| (notes.text(place, name), notes.text(place, value)))
                    .collect(),
            })
            .collect();
        rules.sort();
        rules.dedup();
        let branch = notes.text(place, branch);
        Fact::observed(Basis::ApiReply, BranchRules { branch, rules })
    }

    fn job(
        &self,
        notes: &mut Notes<'_>,
        answer: Option<Answer<Vec<Job>>>,
        claims: Option<&BTreeMap<String, String>>,
    ) -> Fact<PlatformJob> {
        let answer = answer.map(|answer| notes.reply("job", answer));
        let jobs = match answer {
            Some(Ok(jobs)) => jobs,
            Some(Err(lost)) => return notes.lost("job", lost),
            None => return notes.lost("job", Lost::plain("nobody was asked")),
        };
        let Some((job, matched_by)) = matching(&jobs, claims, self.runner.as_deref()) else {
            let lost = match claims.and_then(|claims| claims.get("check_run_id")) {
                Some(_) => Lost::plain("none of the run's jobs is the one that the token names"),
                None => Lost::new(
                    "which of the run's jobs this is can't be told: not exactly one is running on a runner of its name",
                    CURE_GITHUB,
                ),
            };
            return notes.lost("job", lost);
        };
        notes.detail("job.name", job.name.as_deref());
        notes.detail("job.runner_name", job.runner_name.as_deref());
        let job = PlatformJob {
            id: Some(job.id.to_string()),
            matched_by: matched_by.to_owned(),
            commit: notes.optional("job.commit", job.commit.as_deref()),
            started: notes.optional("job.started", job.started.as_deref()),
            labels: notes.texts("job.labels", &job.labels),
            runner_id: job.runner_id.map(|id| id.to_string()),
            runner_group: notes.optional("job.runner_group", job.runner_group.as_deref()),
        };
        Fact::observed(Basis::ApiReply, job)
    }

    /// Attestations of the same digests, and what was given as files.
    fn provenance(
        &self,
        notes: &mut Notes<'_>,
        answers: Vec<Answer<Vec<Attestation>>>,
        files: &[PlatformProvenance],
    ) -> Fact<Vec<PlatformProvenance>> {
        let place = "provenance";
        if self.artefacts.is_empty() {
            return if files.is_empty() {
                Fact::not_applicable("there is no artefact to look for")
            } else {
                given(files)
            };
        }
        let own: BTreeSet<_> = self.artefacts.iter().collect();
        let mut found = files.to_vec();
        let mut missing = None;
        for answer in answers {
            match notes.reply("attestations", answer) {
                Ok(attestations) => found.extend(attestations.iter().map(|one| {
                    let mut subjects: Vec<_> = one
                        .subjects
                        .iter()
                        .filter(|sha256| own.contains(sha256))
                        .copied()
                        .collect();
                    subjects.sort_unstable();
                    subjects.dedup();
                    PlatformProvenance {
                        from: "attestations API".to_owned(),
                        sha256: one.sha256,
                        predicate_type: notes.optional(place, one.predicate_type.as_deref()),
                        builder: notes.optional(place, one.builder.as_deref()),
                        subjects,
                        signed: one.is_signed,
                    }
                })),
                Err(lost) => missing = Some(missing.unwrap_or(lost)),
            }
        }
        if self.artefacts.len() > SEARCHED_MAX {
            let reason = format!(
                "attestations were looked for of the first {SEARCHED_MAX} of {} artefacts",
                self.artefacts.len()
            );
            notes.gaps.push(Gap::without_cure("controls.provenance", reason));
        }
        found.sort();
        found.dedup();
        let is_asked = missing.is_none();
        let lost = missing.map(|lost| notes.lost(place, lost));
        match lost {
            Some(lost) if found.is_empty() => lost,
            _ if found.is_empty() => Fact::absent(Basis::ApiReply),
            _ if is_asked && found.len() > files.len() => Fact::observed(Basis::ApiReply, found),
            _ => Fact::observed(Basis::Attached, found),
        }
    }
}

/// Of files and images; a folder's digest is none that the platform knows.
pub(super) fn artefacts(subjects: &[Subject]) -> Vec<Sha256> {
    let mut named: Vec<_> = subjects
        .iter()
        .filter(|subject| matches!(subject.kind(), None | Some(IMAGE)))
        .filter_map(|subject| {
            let sha256 = subject.digest.get(Sha256::ALGORITHM)?.parse::<Sha256>().ok()?;
            Some((subject.name.as_deref(), sha256))
        })
        .collect();
    named.sort_unstable();
    let mut seen = BTreeSet::new();
    named.into_iter().map(|(_, sha256)| sha256).filter(|sha256| seen.insert(*sha256)).collect()
}

fn protection(notes: &mut Notes<'_>, name: &str, found: &Environment) -> DeploymentEnvironment {
    let place = "environment";
    DeploymentEnvironment {
        name: notes.text(place, name),
        rules: notes.texts(place, &found.rules),
        reviewers: found.reviewers,
        prevent_self_review: found.prevent_self_review,
        wait_minutes: found.wait_minutes,
        branch_policy: notes.optional(place, found.branch_policy.as_deref()),
    }
}

pub(super) fn approvals(
    notes: &mut Notes<'_>,
    reviews: &[Review],
    started_by: Option<u64>,
) -> Approvals {
    let place = "approvals";
    let in_state = |state: &str| {
        let all: Vec<_> = reviews.iter().filter(|review| review.state == state).collect();
        let names: Vec<_> =
            all.iter().flat_map(|review| review.environments.iter().cloned()).collect();
        let logins: BTreeSet<_> = all.iter().filter_map(|review| review.login.clone()).collect();
        (all, names, logins.into_iter().collect::<Vec<_>>().join(", "))
    };
    let (approving, approved, by) = in_state("approved");
    notes.detail("approvals.approved_by", Some(&by));
    let (_, rejected, by) = in_state("rejected");
    notes.detail("approvals.rejected_by", Some(&by));
    // A review by nobody who can be named is one more person: it might be.
    let people: BTreeSet<_> = approving
        .iter()
        .enumerate()
        .map(|(at, review)| match (review.user_id, &review.login) {
            (Some(id), _) => (Some(id), None, 0),
            (None, Some(login)) => (None, Some(login), 0),
            (None, None) => (None, None, at),
        })
        .collect();
    let by_who_started_it = started_by.filter(|_| !approving.is_empty()).and_then(|id| {
        let same = approving.iter().any(|review| review.user_id == Some(id));
        let all_known = approving.iter().all(|review| review.user_id.is_some());
        (same || all_known).then_some(same)
    });
    Approvals {
        approved: notes.texts(place, &approved),
        rejected: notes.texts(place, &rejected),
        people: people.len() as u64,
        by_who_started_it,
    }
}

/// The running job among those of its run. What the token names counts; the runner's name is a variable, which
/// anybody in the job could set to that of another.
pub(super) fn matching<'j>(
    jobs: &'j [Job],
    claims: Option<&BTreeMap<String, String>>,
    runner: Option<&str>,
) -> Option<(&'j Job, &'static str)> {
    if let Some(id) = claims.and_then(|claims| claims.get("check_run_id")) {
        let id: u64 = id.parse().ok()?;
        return jobs.iter().find(|job| job.id == id).map(|job| (job, "check_run_id"));
    }
    let runner = runner?;
    let mut running = jobs.iter().filter(|job| {
        job.status.as_deref() == Some("in_progress") && job.runner_name.as_deref() == Some(runner)
    });
    match (running.next(), running.next()) {
        (Some(job), None) => Some((job, "runner name")),
        _ => None,
    }
}
