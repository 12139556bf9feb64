//! A job of each platform: its variables, and the claims of its token, which say the same.

use serde_json::{Value, json};

use super::token::now;

/// What the token request and the API take of a job of GitHub's.
pub(crate) const BEARER: &str = "bearer-of-the-token-request-91cbe2a7";
pub(crate) const GITHUB_TOKEN: &str = "ghs_0123456789abcdefghijklmnopqrstuvwxyz";
/// What GitLab's API takes.
pub(crate) const JOB_TOKEN: &str = "glcbt-64_0123456789abcdefghij";

/// A job and the commit that it runs for.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) is_github: bool,
    pub(crate) commit: String,
}

impl Job {
    pub(crate) fn github(commit: &str) -> Self {
        Self { is_github: true, commit: commit.to_owned() }
    }

    pub(crate) fn gitlab(commit: &str) -> Self {
        Self { is_github: false, commit: commit.to_owned() }
    }

    /// Its variables, where `url` is the platform.
    pub(crate) fn variables(&self, url: &str) -> Vec<(String, String)> {
        let all =
            if self.is_github { github(&self.commit, url) } else { gitlab(&self.commit, url) };
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The claims of its token, where `url` is the issuer; without an audience.
    pub(crate) fn claims(&self, url: &str) -> Value {
        if self.is_github {
            github_claims(&self.commit, url)
        } else {
            gitlab_claims(&self.commit, url)
        }
    }
}

fn github(commit: &str, url: &str) -> Vec<(&'static str, String)> {
    let definition = "octo/app/.github/workflows/ci.yml@refs/heads/main";
    vec![
        ("CI", "true".to_owned()),
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_ACTOR", "somebody".to_owned()),
        ("GITHUB_API_URL", url.to_owned()),
        ("GITHUB_EVENT_NAME", "push".to_owned()),
        ("GITHUB_JOB", "build".to_owned()),
        ("GITHUB_REF", "refs/heads/main".to_owned()),
        ("GITHUB_REF_NAME", "main".to_owned()),
        ("GITHUB_REF_PROTECTED", "true".to_owned()),
        ("GITHUB_REF_TYPE", "branch".to_owned()),
        ("GITHUB_REPOSITORY", "octo/app".to_owned()),
        ("GITHUB_REPOSITORY_ID", "123".to_owned()),
        ("GITHUB_REPOSITORY_OWNER", "octo".to_owned()),
        ("GITHUB_REPOSITORY_OWNER_ID", "45".to_owned()),
        ("GITHUB_RUN_ATTEMPT", "2".to_owned()),
        ("GITHUB_RUN_ID", "678".to_owned()),
        ("GITHUB_RUN_NUMBER", "9".to_owned()),
        ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
        ("GITHUB_SHA", commit.to_owned()),
        ("GITHUB_TOKEN", GITHUB_TOKEN.to_owned()),
        ("GITHUB_WORKFLOW_REF", definition.to_owned()),
        ("GITHUB_WORKFLOW_SHA", commit.to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER.to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{url}/token?api-version=2.0")),
        ("ImageOS", "ubuntu24".to_owned()),
        ("ImageVersion", "20260105.1.0".to_owned()),
        ("RUNNER_ENVIRONMENT", "github-hosted".to_owned()),
        ("RUNNER_NAME", "GitHub Actions 7".to_owned()),
    ]
}

/// Claims of a push to `main`, as GitHub writes them: all of them texts.
pub(crate) fn github_claims(commit: &str, url: &str) -> Value {
    let now = now();
    json!({
        "iss": url, "sub": "repo:octo@45/app@123:environment:production", "jti": "6f4b-11",
        "iat": now - 5, "nbf": now - 600, "exp": now + 300,
        "actor": "somebody", "actor_id": "7", "base_ref": "", "check_run_id": "4711",
        "environment": "production", "event_name": "push", "head_ref": "",
        "job_workflow_ref": "octo/app/.github/workflows/ci.yml@refs/heads/main",
        "job_workflow_sha": commit, "ref": "refs/heads/main", "ref_protected": "true",
        "ref_type": "branch", "repository": "octo/app", "repository_id": "123",
        "repository_owner": "octo", "repository_owner_id": "45",
        "repository_visibility": "private", "run_attempt": "2", "run_id": "678",
        "run_number": "9", "runner_environment": "github-hosted", "sha": commit,
        "workflow": "ci", "workflow_ref": "octo/app/.github/workflows/ci.yml@refs/heads/main",
        "workflow_sha": commit,
    })
}

fn gitlab(commit: &str, url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("CI", "true".to_owned()),
        ("GITLAB_CI", "true".to_owned()),
        ("CI_API_V4_URL", format!("{url}/api/v4")),
        ("CI_COMMIT_BRANCH", "main".to_owned()),
        ("CI_COMMIT_REF_NAME", "main".to_owned()),
        ("CI_COMMIT_REF_PROTECTED", "true".to_owned()),
        ("CI_COMMIT_SHA", commit.to_owned()),
        ("CI_CONFIG_PATH", ".gitlab-ci.yml".to_owned()),
        ("CI_DEFAULT_BRANCH", "main".to_owned()),
        ("CI_JOB_ID", "11".to_owned()),
        ("CI_JOB_NAME", "build".to_owned()),
        ("CI_JOB_TOKEN", JOB_TOKEN.to_owned()),
        ("CI_PIPELINE_ID", "22".to_owned()),
        ("CI_PIPELINE_IID", "3".to_owned()),
        ("CI_PIPELINE_SOURCE", "push".to_owned()),
        ("CI_PROJECT_ID", "44".to_owned()),
        ("CI_PROJECT_NAMESPACE_ID", "55".to_owned()),
        ("CI_PROJECT_URL", "https://gitlab.example.org/group/app".to_owned()),
        ("CI_RUNNER_ID", "12".to_owned()),
        ("CI_SERVER_URL", url.to_owned()),
        ("CI_DISPOSABLE_ENVIRONMENT", "true".to_owned()),
    ]
}

/// Claims of a push to `main`, as GitLab writes them.
pub(crate) fn gitlab_claims(commit: &str, url: &str) -> Value {
    let now = now();
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    json!({
        "iss": url, "sub": "project_path:group/app:ref_type:branch:ref:main", "jti": "88aa-2",
        "iat": now - 5, "nbf": now - 10, "exp": now + 3600,
        "namespace_id": "55", "namespace_path": "group", "project_id": "44",
        "project_path": "group/app", "project_visibility": "private", "user_id": "7",
        "user_login": "somebody", "user_email": "somebody@example.org",
        "user_access_level": "maintainer", "user_identities": [{"provider": "x", "extern_uid": "y"}],
        "groups_direct": ["group"], "pipeline_id": "22", "pipeline_source": "push", "job_id": "11",
        "ref": "main", "ref_type": "branch", "ref_path": "refs/heads/main",
        "ref_protected": "true", "runner_id": 12, "runner_environment": "gitlab-hosted",
        "sha": commit, "ci_config_ref_uri": format!("{host}/group/app//.gitlab-ci.yml@refs/heads/main"),
        "ci_config_sha": commit,
    })
}
