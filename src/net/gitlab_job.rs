//! The job as GitLab itself sees it.

use serde::Deserialize;

use super::answer::{Answer, Question};
use super::client::Client;
use super::limited::{List, Text, object};
use super::{ASK_NOBODY, Cures, Lost, REPLY_MAX, Token, Url};

const CURES: Cures<'static> = Cures {
    who: "the job token",
    token: "the job's own CI_JOB_TOKEN is needed, while the job runs",
    access: "the job's own CI_JOB_TOKEN is needed, and an instance that shows jobs to it",
    instead: ASK_NOBODY,
};

/// Who asks, and whom.
#[derive(Debug, Clone)]
pub struct JobApi {
    /// The API (`CI_API_V4_URL`).
    pub api: Url,
    /// `CI_JOB_TOKEN`.
    pub token: Option<Token>,
}

/// A job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// `ref`.
    pub ref_name: Option<String>,
    /// `commit.id`.
    pub commit: Option<String>,
    /// `started_at`.
    pub started: Option<String>,
    /// `pipeline.id`.
    pub pipeline_id: Option<u64>,
    /// `tag_list`.
    pub tags: Vec<String>,
    /// `runner.id`.
    pub runner_id: Option<u64>,
    /// `runner.runner_type`: `instance_type`, `group_type` or `project_type`.
    pub runner_type: Option<String>,
    /// `runner.description`.
    pub runner_description: Option<String>,
    /// `user.username`.
    pub user: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    id: u64,
    name: Option<Text>,
    #[serde(rename = "ref")]
    ref_name: Option<Text>,
    commit: Option<Commit>,
    started_at: Option<Text>,
    pipeline: Option<Pipeline>,
    tag_list: List<Text, 64>,
    runner: Option<Runner>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct Commit {
    id: Text,
}

#[derive(Deserialize)]
struct Pipeline {
    id: u64,
}

#[derive(Deserialize)]
struct Runner {
    id: u64,
    runner_type: Option<Text>,
    description: Option<Text>,
}

#[derive(Deserialize)]
struct User {
    username: Option<Text>,
}

impl JobApi {
    /// The job of the token: `GET /job`.
    #[must_use]
    pub fn job(&self, client: &Client<'_>) -> Answer<Job> {
        const WHAT: &str = "the job's facts";
        let question = Question {
            what: WHAT,
            url: self.api.below(&["job"], &[]),
            cap: REPLY_MAX,
            headers: &[],
            token: self.token.as_ref(),
            cures: CURES,
        };
        question
            .ask(client)
            .then(|body| object::<Wire>(&body?).map(Job::from).ok_or_else(|| Lost::malformed(WHAT)))
    }
}

impl From<Wire> for Job {
    fn from(job: Wire) -> Self {
        let Wire { id, name, ref_name, commit, started_at, pipeline, tag_list, runner, user } = job;
        let text = |text: Option<Text>| text.map(String::from);
        let (runner_id, runner_type, runner_description) = match runner {
            Some(Runner { id, runner_type, description }) => (Some(id), runner_type, description),
            None => (None, None, None),
        };
        Self {
            id,
            name: text(name),
            ref_name: text(ref_name),
            commit: commit.map(|commit| commit.id.into()),
            started: text(started_at),
            pipeline_id: pipeline.map(|pipeline| pipeline.id),
            tags: tag_list.into_texts(),
            runner_id,
            runner_type: text(runner_type),
            runner_description: text(runner_description),
            user: text(user.and_then(|user| user.username)),
        }
    }
}
