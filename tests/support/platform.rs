//! The platform: what it answers where nothing goes wrong, and what it is told to answer instead.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::claims::{BEARER, GITHUB_TOKEN, JOB_TOKEN, Job};
use super::server::{Reply, Request, Server};
use super::token::{Key, jwks, one};

/// What a platform is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Question {
    /// GitHub's token request.
    Token,
    Discovery,
    Keys,
    BranchRules,
    Environment,
    Approvals,
    Jobs,
    Attestations,
    /// What an attestation's `bundle_url` leads to.
    Bundle,
    /// GitLab's `GET /job`.
    GitLabJob,
    Other,
}

impl Question {
    pub(crate) const ALL: [Self; 10] = [
        Self::Token,
        Self::Discovery,
        Self::Keys,
        Self::BranchRules,
        Self::Environment,
        Self::Approvals,
        Self::Jobs,
        Self::Attestations,
        Self::Bundle,
        Self::GitLabJob,
    ];

    pub(crate) fn of(path: &str) -> Self {
        let is = |part: &str| path.contains(part);
        match path {
            "/token" => Self::Token,
            "/.well-known/openid-configuration" => Self::Discovery,
            "/.well-known/jwks" => Self::Keys,
            "/api/v4/job" => Self::GitLabJob,
            _ if is("/rules/branches/") => Self::BranchRules,
            _ if is("/environments/") => Self::Environment,
            _ if path.ends_with("/approvals") => Self::Approvals,
            _ if path.ends_with("/jobs") => Self::Jobs,
            _ if is("/attestations/") => Self::Attestations,
            _ if path.starts_with("/bundle") => Self::Bundle,
            _ => Self::Other,
        }
    }
}

/// Makes a token for an audience.
type Mint = dyn Fn(&str) -> String + Send;

struct State {
    claims: Value,
    key: &'static Key,
    /// In the place of the key's own.
    mint: Option<Box<Mint>>,
    /// What each fetch of the set finds; the last one stays.
    sets: Vec<Value>,
    fetches: usize,
    instead: BTreeMap<Question, Reply>,
    tokens: Vec<String>,
}

/// A platform with one job on it.
pub(crate) struct Platform {
    pub(crate) server: Server,
    pub(crate) job: Job,
    state: Arc<Mutex<State>>,
}

impl Platform {
    pub(crate) fn new(job: Job) -> Self {
        let state = Arc::new(Mutex::new(State {
            claims: Value::Null,
            key: one(),
            mint: None,
            sets: vec![jwks(&[one()])],
            fetches: 0,
            instead: BTreeMap::new(),
            tokens: Vec::new(),
        }));
        let (known, commit) = (Arc::clone(&state), job.commit.clone());
        let server = Server::start(move |request| known.lock().unwrap().reply(request, &commit));
        state.lock().unwrap().claims = job.claims(&server.url());
        Self { server, job, state }
    }

    /// GitHub, with a job for this commit.
    pub(crate) fn github(commit: &str) -> Self {
        Self::new(Job::github(commit))
    }

    /// GitLab, with a job for this commit.
    pub(crate) fn gitlab(commit: &str) -> Self {
        Self::new(Job::gitlab(commit))
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The job's variables; GitLab's token is among them.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let mut all = self.job.variables(&self.url());
        if !self.job.is_github {
            let token = self.state.lock().unwrap().token("proofmark:44:22");
            all.push(("PROOFMARK_ID_TOKEN".to_owned(), token));
        }
        all
    }

    /// A claim has another value, or none where it is null.
    pub(crate) fn claim(&self, name: &str, value: Value) -> &Self {
        let mut state = self.state.lock().unwrap();
        let claims = state.claims.as_object_mut().unwrap();
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.to_owned(), value),
        };
        drop(state);
        self
    }

    /// Its tokens are signed with this key.
    pub(crate) fn signs_with(&self, key: &'static Key) -> &Self {
        self.state.lock().unwrap().key = key;
        self
    }

    /// Its tokens are these; the function is given the audience that was asked for.
    pub(crate) fn mints(&self, mint: impl Fn(&str) -> String + Send + 'static) -> &Self {
        self.state.lock().unwrap().mint = Some(Box::new(mint));
        self
    }

    /// Each fetch of the set of keys finds the next of these; the last one stays.
    pub(crate) fn publishes(&self, sets: &[Value]) -> &Self {
        self.state.lock().unwrap().sets = sets.to_vec();
        self
    }

    /// A question gets this in the place of its answer.
    pub(crate) fn answer(&self, question: Question, reply: Reply) -> &Self {
        self.state.lock().unwrap().instead.insert(question, reply);
        self
    }

    /// Every question gets this.
    pub(crate) fn answer_all(&self, reply: &Reply) -> &Self {
        for question in Question::ALL {
            self.answer(question, reply.clone());
        }
        self
    }

    /// The claims of its next token, without the audience.
    pub(crate) fn claims(&self) -> Value {
        self.state.lock().unwrap().claims.clone()
    }

    /// Every token that it made: each is a secret.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.state.lock().unwrap().tokens.clone()
    }

    /// Every secret of the job: its tokens, and what it asks with.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let fixed = [BEARER, GITHUB_TOKEN, JOB_TOKEN].map(str::to_owned);
        [self.tokens(), fixed.to_vec()].concat()
    }

    /// The audiences that tokens were asked for.
    pub(crate) fn audiences(&self) -> Vec<String> {
        let asked = self.asked(Question::Token);
        asked.iter().filter_map(|request| request.parameter("audience")).collect()
    }

    /// The requests of one question.
    pub(crate) fn asked(&self, question: Question) -> Vec<Request> {
        let mut seen = self.server.seen();
        seen.retain(|request| Question::of(&request.path) == question);
        seen
    }
}

impl State {
    fn token(&mut self, audience: &str) -> String {
        let token = match &self.mint {
            Some(mint) => mint(audience),
            None => {
                let mut claims = self.claims.clone();
                if claims.get("aud").is_none() {
                    claims["aud"] = json!(audience);
                }
                self.key.token(&claims)
            }
        };
        self.tokens.push(token.clone());
        token
    }

    fn reply(&mut self, request: &Request, commit: &str) -> Reply {
        let question = Question::of(&request.path);
        if let Some(reply) = self.instead.get(&question) {
            return reply.clone();
        }
        let origin = format!("http://{}", request.header("host").unwrap_or_default());
        let bearer =
            |token: &str| request.header("authorization") == Some(&format!("Bearer {token}"));
        let is_allowed = match question {
            Question::Token => bearer(BEARER),
            Question::Discovery | Question::Keys | Question::Bundle | Question::Other => true,
            Question::GitLabJob => request.header("job-token") == Some(JOB_TOKEN),
            _ => bearer(GITHUB_TOKEN),
        };
        if !is_allowed {
            return Reply::status(401);
        }
        match question {
            Question::Token => {
                let audience = request.parameter("audience").unwrap_or_default();
                Reply::json(&json!({"count": 1, "value": self.token(&audience)}))
            }
            Question::Discovery => Reply::json(&json!({
                "issuer": origin, "jwks_uri": format!("{origin}/.well-known/jwks"),
                "id_token_signing_alg_values_supported": ["RS256"],
            })),
            Question::Keys => {
                let at = self.fetches.min(self.sets.len() - 1);
                self.fetches += 1;
                Reply::json(&self.sets[at])
            }
            question => match api(question, commit) {
                Some(value) => Reply::json(&value),
                None => Reply::status(404),
            },
        }
    }
}

/// What the APIs say of the job.
fn api(question: Question, commit: &str) -> Option<Value> {
    let source = json!({"ruleset_source_type": "Repository", "ruleset_source": "octo/app", "ruleset_id": 42});
    let rule = |kind: &str, parameters: Value| {
        let mut rule = source.clone();
        rule["type"] = json!(kind);
        rule["parameters"] = parameters;
        rule
    };
    Some(match question {
        Question::BranchRules => json!([
            rule("deletion", json!({})),
            rule(
                "pull_request",
                json!({
                    "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true,
                    "require_code_owner_review": false, "allowed_merge_methods": ["squash"],
                })
            ),
        ]),
        Question::Environment => json!({
            "id": 1, "name": "production",
            "protection_rules": [
                {"id": 3, "type": "required_reviewers", "prevent_self_review": true, "reviewers": [
                    {"type": "User", "reviewer": {"login": "reviewer", "id": 8}},
                ]},
                {"id": 4, "type": "wait_timer", "wait_timer": 30},
                {"id": 5, "type": "branch_policy"},
            ],
            "deployment_branch_policy": {"protected_branches": true, "custom_branch_policies": false},
        }),
        Question::Approvals => json!([{
            "state": "approved", "comment": "", "environments": [{"id": 1, "name": "production"}],
            "user": {"login": "reviewer", "id": 8},
        }]),
        Question::Jobs => json!({"total_count": 1, "jobs": [{
            "id": 4711, "run_id": 678, "run_attempt": 2, "head_sha": commit, "name": "build",
            "status": "in_progress", "started_at": "2026-01-01T00:00:00Z",
            "labels": ["ubuntu-latest"], "runner_id": 7, "runner_name": "GitHub Actions 7",
            "runner_group_id": 0, "runner_group_name": "GitHub Actions",
        }]}),
        Question::GitLabJob => json!({
            "id": 11, "name": "build", "ref": "main", "status": "running",
            "started_at": "2026-01-01T00:00:00.000Z", "commit": {"id": commit},
            "pipeline": {"id": 22, "sha": commit, "ref": "main"}, "tag_list": ["docker", "amd64"],
            "runner": {"id": 12, "description": "runner-of-somebody", "runner_type": "instance_type"},
            "user": {"id": 7, "username": "somebody"},
        }),
        _ => return None,
    })
}
