//! Who may touch the build, as GitHub's API tells a job.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

pub use super::attestations::Attestation;
use super::{JSON, cures, of_repository};
use crate::base::digest::Sha256;
use crate::net::answer::{Answer, Question};
use crate::net::client::Client;
use crate::net::limited::{List, Text, array, object};
use crate::net::{ASK_NOBODY, Lost, REPLY_MAX, Token, Url};

/// Most bytes of a reply that names no jobs.
const SMALL_MAX: u64 = 1 << 20;
/// Items on one page: most that GitHub gives.
const PAGE: usize = 100;
/// Most rules, of a server that knows no pages.
const RULES_MAX: usize = 1000;
/// Most parameters of a rule.
const PARAMETERS_MAX: usize = 64;
/// Longest number among them.
const NUMBER_MAX: usize = 32;

const CURE_RULES: &str = "give the step `env: { GITHUB_TOKEN: \"${{ github.token }}\" }`; rules of private \
    repositories aren't part of every plan";
const CURE_ACTIONS: &str = "give the job `permissions: { actions: read }`, beside what it has";

/// One repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The API (`GITHUB_API_URL`).
    pub api: Url,
    /// `owner/name`.
    pub name: String,
    /// Who asks.
    pub token: Option<Token>,
}

/// A rule that is active on a branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `type`.
    pub kind: String,
    /// `ruleset_source_type`.
    pub source: Option<String>,
    /// `ruleset_id`.
    pub ruleset: Option<u64>,
    /// Parameters that are a number or a boolean, as their text.
    pub parameters: BTreeMap<String, String>,
}

/// A deployment environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The kinds of its protection rules.
    pub rules: Vec<String>,
    /// How many people and teams may approve.
    pub reviewers: u64,
    /// Of the rule with reviewers.
    pub prevent_self_review: Option<bool>,
    /// Of the rule with a timer.
    pub wait_minutes: Option<u64>,
    /// `protected branches` or `custom`.
    pub branch_policy: Option<String>,
}

/// A review of a run that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// `approved` or `rejected`.
    pub state: String,
    /// The environments' names.
    pub environments: Vec<String>,
    /// Who, by login.
    pub login: Option<String>,
    /// Who, by id.
    pub user_id: Option<u64>,
}

/// A job of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// Its name, as the run's page shows it.
    pub name: Option<String>,
    /// `head_sha`.
    pub commit: Option<String>,
    /// `started_at`.
    pub started: Option<String>,
    /// `status`.
    pub status: Option<String>,
    /// `labels`.
    pub labels: Vec<String>,
    /// `runner_id`.
    pub runner_id: Option<u64>,
    /// `runner_name`.
    pub runner_name: Option<String>,
    /// `runner_group_name`.
    pub runner_group: Option<String>,
}

#[derive(Deserialize)]
struct RuleWire<'a> {
    #[serde(rename = "type")]
    kind: Text,
    ruleset_source_type: Option<Text>,
    ruleset_id: Option<u64>,
    #[serde(borrow)]
    parameters: Option<BTreeMap<Text, &'a RawValue>>,
}

#[derive(Deserialize)]
struct EnvironmentWire {
    protection_rules: List<ProtectionRule, PAGE>,
    /// `null` says that every branch may deploy; where it is missing nothing is said.
    #[serde(deserialize_with = "Option::deserialize")]
    deployment_branch_policy: Option<BranchPolicy>,
}

#[derive(Deserialize)]
struct ProtectionRule {
    #[serde(rename = "type")]
    kind: Text,
    wait_timer: Option<u64>,
    prevent_self_review: Option<bool>,
    reviewers: Option<List<IgnoredAny, PAGE>>,
}

#[derive(Deserialize)]
struct BranchPolicy {
    protected_branches: bool,
    custom_branch_policies: bool,
}

#[derive(Deserialize)]
struct ReviewWire {
    state: Text,
    environments: List<Named, PAGE>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct Named {
    name: Text,
}

#[derive(Deserialize)]
struct User {
    login: Option<Text>,
    id: Option<u64>,
}

#[derive(Deserialize)]
struct Jobs {
    total_count: u64,
    jobs: List<JobWire, PAGE>,
}

#[derive(Deserialize)]
struct JobWire {
    id: u64,
    name: Option<Text>,
    head_sha: Option<Text>,
    started_at: Option<Text>,
    status: Option<Text>,
    labels: List<Text, 64>,
    runner_id: Option<u64>,
    runner_name: Option<Text>,
    runner_group_name: Option<Text>,
}

impl Repository {
    /// The rules that are active on a branch: `GET /repos/{o}/{r}/rules/branches/{branch}`.
    #[must_use]
    pub fn branch_rules(&self, client: &Client<'_>, branch: &str) -> Answer<Vec<Rule>> {
        const WHAT: &str = "the branch's rules";
        let query = [("per_page", "100")];
        let path = ["rules", "branches", branch];
        self.ask(client, WHAT, SMALL_MAX, CURE_RULES, &path, &query).then(|body| {
            let rules = rules(&body?).ok_or_else(|| Lost::malformed(WHAT))?;
            if rules.len() == PAGE {
                // A full page: some of them may be on the next.
                return Err(Lost::plain(format!("{WHAT}: there are more than are read")));
            }
            Ok(rules)
        })
    }

    /// An environment: `GET /repos/{o}/{r}/environments/{name}`.
    #[must_use]
    pub fn environment(&self, client: &Client<'_>, name: &str) -> Answer<Environment> {
        const WHAT: &str = "the environment's rules";
        let path = ["environments", name];
        self.ask(client, WHAT, SMALL_MAX, CURE_ACTIONS, &path, &[])
            .then(|body| object(&body?).and_then(environment).ok_or_else(|| Lost::malformed(WHAT)))
    }

    /// Who let a run deploy: `GET /repos/{o}/{r}/actions/runs/{id}/approvals`.
    #[must_use]
    pub fn approvals(&self, client: &Client<'_>, run: &str) -> Answer<Vec<Review>> {
        const WHAT: &str = "the run's approvals";
        let path = ["actions", "runs", run, "approvals"];
        self.ask(client, WHAT, SMALL_MAX, CURE_ACTIONS, &path, &[]).then(|body| {
            let found = array::<ReviewWire, PAGE>(&body?).ok_or_else(|| Lost::malformed(WHAT))?;
            Ok(found.into_iter().map(Review::from).collect())
        })
    }

    /// The first 200 jobs of an attempt at a run: `GET /repos/{o}/{r}/actions/runs/{id}/attempts/{n}/jobs`.
    #[must_use]
    pub fn jobs(&self, client: &Client<'_>, run: &str, attempt: &str) -> Answer<Vec<Job>> {
        const WHAT: &str = "the run's jobs";
        let path = ["actions", "runs", run, "attempts", attempt, "jobs"];
        let page = |number| {
            let query = [("per_page", "100"), ("page", number)];
            self.ask(client, WHAT, REPLY_MAX, CURE_ACTIONS, &path, &query)
        };
        let jobs = |body: &[u8]| object::<Jobs>(body).ok_or_else(|| Lost::malformed(WHAT));
        let plain = |found: List<JobWire, PAGE>| found.0.into_iter().map(Job::from);

        let mut bodies = Vec::new();
        let first = page("1").then(|body| {
            bodies = body?;
            jobs(&bodies)
        });
        match first.result {
            Ok(ref found) if found.total_count > PAGE as u64 => {}
            _ => return first.then(|found| Ok(plain(found?.jobs).collect())),
        }
        let mut second = page("2");
        if let Ok(body) = &second.result {
            bodies.extend_from_slice(body);
            second.sha256 = Some(Sha256::of(&bodies));
        }
        // Half of the jobs would look as if the others weren't there.
        second.then(|body| {
            let second = jobs(&body?)?;
            Ok(plain(first.result?.jobs).chain(plain(second.jobs)).collect())
        })
    }

    /// The ten attestations of a digest that are told first: `GET /repos/{o}/{r}/attestations/sha256:{hex}`. A
    /// 404 is the answer that there are none. A bundle that doesn't stand in the reply is fetched from its own
    /// address, three of them at most.
    #[must_use]
    pub fn attestations(&self, client: &Client<'_>, sha256: Sha256) -> Answer<Vec<Attestation>> {
        self.attested(client, sha256)
    }

    /// Asks for something in the repository.
    pub(super) fn ask(
        &self,
        client: &Client<'_>,
        what: &'static str,
        cap: u64,
        access: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Answer<Vec<u8>> {
        let url = of_repository(&self.api, &self.name, path, query);
        let (token, cures) = (self.token.as_ref(), cures(access, ASK_NOBODY));
        Question { what, url, cap, headers: JSON, token, cures }.ask(client)
    }
}

fn rules(body: &[u8]) -> Option<Vec<Rule>> {
    let found = array::<RuleWire<'_>, RULES_MAX>(body)?;
    let mut rules = found.into_iter().map(rule).collect::<Option<Vec<_>>>()?;
    rules.sort();
    Some(rules)
}

fn rule(rule: RuleWire<'_>) -> Option<Rule> {
    let parameters = rule.parameters.unwrap_or_default();
    if parameters.len() > PARAMETERS_MAX {
        return None;
    }
    let mut plain = BTreeMap::new();
    for (name, value) in parameters {
        let value = value.get();
        let is_number = value.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if is_number && value.len() > NUMBER_MAX {
            return None;
        }
        if is_number || matches!(value, "true" | "false") {
            plain.insert(name.into(), value.to_owned());
        }
    }
    Some(Rule {
        kind: rule.kind.into(),
        source: rule.ruleset_source_type.map(String::from),
        ruleset: rule.ruleset_id,
        parameters: plain,
    })
}

fn environment(found: EnvironmentWire) -> Option<Environment> {
    let branch_policy = match found.deployment_branch_policy {
        None => None,
        Some(BranchPolicy { protected_branches: true, custom_branch_policies: false }) => {
            Some("protected branches".to_owned())
        }
        Some(BranchPolicy { protected_branches: false, custom_branch_policies: true }) => {
            Some("custom".to_owned())
        }
        Some(_) => return None,
    };
    let mut environment = Environment { branch_policy, ..Environment::default() };
    for rule in found.protection_rules.0 {
        environment.rules.push(rule.kind.into());
        environment.reviewers += rule.reviewers.map_or(0, |who| who.0.len() as u64);
        environment.wait_minutes = environment.wait_minutes.max(rule.wait_timer);
        // Of several rules the weakest counts.
        if let Some(prevents) = rule.prevent_self_review {
            let so_far = environment.prevent_self_review.unwrap_or(true);
            environment.prevent_self_review = Some(so_far && prevents);
        }
    }
    environment.rules.sort();
    Some(environment)
}

impl From<ReviewWire> for Review {
    fn from(review: ReviewWire) -> Self {
        let (login, user_id) = review.user.map_or((None, None), |user| (user.login, user.id));
        Self {
            state: review.state.into(),
            environments: review.environments.0.into_iter().map(|one| one.name.into()).collect(),
            login: login.map(String::from),
            user_id,
        }
    }
}

impl From<JobWire> for Job {
    fn from(job: JobWire) -> Self {
        let text = |text: Option<Text>| text.map(String::from);
        Self {
            id: job.id,
            name: text(job.name),
            commit: text(job.head_sha),
            started: text(job.started_at),
            status: text(job.status),
            labels: job.labels.into_texts(),
            runner_id: job.runner_id,
            runner_name: text(job.runner_name),
            runner_group: text(job.runner_group_name),
        }
    }
}
