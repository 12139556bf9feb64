//! What GitHub's API knows: of a workflow's earlier runs, and of who may touch this one.

mod attestations;
pub mod controls;
mod evidence;
mod numbers;

use serde::Deserialize;

use super::client::{Ask, Client};
use super::{Cures, FILE_MAX, GIVE_BASELINE, Lost, NetError, Refusal, SHOWN, Token, Url, reply};
use crate::base::text::cut;
pub use numbers::{RunAnswer, RunFacts};

const VERSION: (&str, &str) = ("X-GitHub-Api-Version", "2022-11-28");
const JSON: &[(&str, &str)] = &[("Accept", "application/vnd.github+json"), VERSION];

const CURE_TOKEN: &str = "give the step `env: { GITHUB_TOKEN: \"${{ github.token }}\" }`";
const CURE_RUNS: &str = "give the job `permissions: { actions: read, contents: read }`";

/// One workflow of one repository.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// The API (`GITHUB_API_URL`).
    pub api: Url,
    /// `owner/name`.
    pub repository: String,
    /// The definition's file name, without its folder.
    pub workflow: String,
    /// The branch (or tag) whose runs count; all where it is missing.
    pub branch: Option<String>,
    /// Who asks.
    pub token: Option<Token>,
}

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    id: u64,
    run_number: u64,
    status: Option<String>,
    conclusion: Option<String>,
    event: Option<String>,
    head_sha: Option<String>,
    head_repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

impl Workflow {
    fn runs(&self, client: &Client<'_>, query: &[(&str, &str)]) -> Result<Vec<Run>, Lost> {
        self.url(&["actions", "workflows", &self.workflow, "runs"], query)
            .and_then(|url| reply(client, &url, JSON, self.token.as_ref()))
            .map(|runs: Runs| runs.workflow_runs)
            .map_err(|refusal| {
                let what = format!("the runs of workflow {}", cut(&self.workflow, SHOWN));
                refused(&what, &refusal, CURE_RUNS)
            })
    }

    fn download(
        &self,
        client: &Client<'_>,
        path: &[&str],
        headers: &[(&'static str, &'static str)],
    ) -> Result<Vec<u8>, Refusal> {
        let url = self.url(path, &[])?;
        let token = self.token.as_ref();
        client.get(&Ask { url: &url, cap: FILE_MAX, headers, token }).map_err(Refusal::Net)
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Refusal> {
        of_repository(&self.api, &self.repository, path, query).map_err(Refusal::Net)
    }
}

/// The address of something in a repository, which is `owner/name`.
fn of_repository(
    api: &Url,
    repository: &str,
    path: &[&str],
    query: &[(&str, &str)],
) -> Result<Url, NetError> {
    let (owner, name) =
        repository.split_once('/').ok_or(NetError::BadUrl("the repository isn't owner/name"))?;
    api.below(&[&["repos", owner, name], path].concat(), query)
}

const fn cures<'a>(access: &'a str, instead: &'a str) -> Cures<'a> {
    Cures { who: "the token", token: CURE_TOKEN, access, instead }
}

fn refused(what: &str, refusal: &Refusal, permission: &str) -> Lost {
    cures(permission, GIVE_BASELINE).refused(what, refusal)
}
