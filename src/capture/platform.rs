//! The platform that the build runs on, as its variables describe it.
//!
//! Variables are no proof: whatever ran before in the same job could have set them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::environment::Variables;
use super::redact::Redactor;
use crate::base::file;
use crate::format::evidence::{Lane, Pipeline};
use crate::format::json;

/// Which platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Some other CI.
    UnknownCi,
    /// Somebody's machine.
    Local,
}

/// What the variables say of the run's ref: it decides what a missing key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefState {
    /// A pull or merge request.
    PullRequest,
    /// A run that Dependabot started; it is given no secrets.
    Dependabot,
    /// A branch that the platform says is not protected.
    UnprotectedBranch,
    /// A protected branch.
    Protected,
    /// A tag or a release.
    TagOrRelease,
    /// The platform doesn't say.
    ProtectionUnknown,
}

/// The platform and its run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Platform {
    /// Which platform.
    pub kind: Kind,
    /// What its variables say.
    pub pipeline: Pipeline,
    /// What makes builds comparable.
    pub lane: Lane,
    /// The platform's own counts.
    pub counts: BTreeMap<String, String>,
    /// The workflow file's path in the repository (GitHub).
    pub workflow_path: Option<String>,
    /// The run's ref.
    pub ref_state: RefState,
}

/// Most bytes of the file that says what started a run of GitHub's.
const EVENT_MAX: u64 = 4 << 20;

/// Variables that other CI systems set.
const OTHER_CI: &[&str] = &[
    "APPVEYOR",
    "BITBUCKET_BUILD_NUMBER",
    "BUILDKITE",
    "BUILD_BUILDID",
    "CIRCLECI",
    "CIRRUS_CI",
    "CODEBUILD_BUILD_ID",
    "DRONE",
    "GERRIT_PROJECT",
    "GITEA_ACTIONS",
    "HEROKU_TEST_RUN_ID",
    "HUDSON_URL",
    "JENKINS_URL",
    "SEMAPHORE",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "TRAVIS",
    "WOODPECKER_CI",
];

/// Reads the platform from the variables.
#[must_use]
pub fn capture(variables: &Variables, redactor: &Redactor) -> Platform {
    let kind = kind(variables);
    let text = |name: &str| variables.text(name).map(|value| redactor.scrub(value).text);
    match kind {
        Kind::GitHub => github(variables, &text, redactor),
        Kind::GitLab => gitlab(&text, variables, redactor),
        Kind::UnknownCi | Kind::Local => {
            let name = if kind == Kind::Local { "local" } else { "unknown CI" };
            Platform {
                kind,
                pipeline: Pipeline { platform: name.to_owned(), ..Pipeline::default() },
                lane: lane(None, None, None, "other"),
                counts: counts([]),
                workflow_path: None,
                ref_state: RefState::ProtectionUnknown,
            }
        }
    }
}

fn kind(variables: &Variables) -> Kind {
    let truthy = |name: &str| {
        variables.text(name).is_some_and(|value| !matches!(value, "false" | "0" | "no"))
    };
    if variables.text("GITHUB_ACTIONS") == Some("true") {
        Kind::GitHub
    } else if variables.text("GITLAB_CI") == Some("true") {
        Kind::GitLab
    } else if truthy("CI") || OTHER_CI.iter().any(|name| truthy(name)) {
        Kind::UnknownCi
    } else {
        Kind::Local
    }
}

fn flag(value: Option<String>) -> Option<bool> {
    match value.as_deref() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    }
}

fn lane(
    repository_id: Option<String>,
    definition: Option<String>,
    job: Option<String>,
    ref_kind: &str,
) -> Lane {
    Lane { repository_id, definition, job, ref_kind: ref_kind.to_owned(), ..Lane::default() }
}

fn counts<const N: usize>(counts: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    counts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn github(
    variables: &Variables,
    text: &dyn Fn(&str) -> Option<String>,
    redactor: &Redactor,
) -> Platform {
    let slug = text("GITHUB_REPOSITORY");
    let server = text("GITHUB_SERVER_URL");
    let repository = server.zip(slug.clone()).map(|(server, slug)| format!("{server}/{slug}"));
    let attempt = text("GITHUB_RUN_ATTEMPT");
    let run_url = repository.as_ref().zip(text("GITHUB_RUN_ID")).map(|(url, run)| {
        let attempt = attempt.as_ref().map(|n| format!("/attempts/{n}")).unwrap_or_default();
        format!("{url}/actions/runs/{run}{attempt}")
    });
    let workflow_path = slug.and_then(|slug| {
        let reference = text("GITHUB_WORKFLOW_REF")?;
        let path = reference.strip_prefix(&slug)?.strip_prefix('/')?;
        Some(path.split_once('@')?.0.to_owned())
    });
    let protected = flag(text("GITHUB_REF_PROTECTED"));
    let event = text("GITHUB_EVENT_NAME");
    let ref_type = variables.text("GITHUB_REF_TYPE");
    let ref_state = match event.as_deref() {
        Some("release") => RefState::TagOrRelease,
        _ if ref_type == Some("tag") => RefState::TagOrRelease,
        Some("pull_request" | "pull_request_target") => RefState::PullRequest,
        _ if variables.text("GITHUB_ACTOR") == Some("dependabot[bot]") => RefState::Dependabot,
        _ => branch(ref_type == Some("branch"), protected),
    };
    let repository_id = text("GITHUB_REPOSITORY_ID");
    let job = text("GITHUB_JOB");
    Platform {
        kind: Kind::GitHub,
        lane: lane(
            repository_id.clone(),
            workflow_path.clone(),
            job.clone(),
            match ref_type {
                Some("branch") => branch_kind(variables),
                Some("tag") => "tag",
                _ => "other",
            },
        ),
        counts: counts([
            ("run_id", text("GITHUB_RUN_ID")),
            ("run_number", text("GITHUB_RUN_NUMBER")),
            ("run_attempt", attempt.clone()),
        ]),
        pipeline: Pipeline {
            platform: "github".to_owned(),
            repository: repository.map(|url| redactor.scrub_url(&url).text),
            repository_id,
            repository_owner_id: text("GITHUB_REPOSITORY_OWNER_ID"),
            commit: text("GITHUB_SHA"),
            ref_name: text("GITHUB_REF"),
            ref_protected: protected,
            event,
            definition: text("GITHUB_WORKFLOW_REF"),
            job,
            run_id: text("GITHUB_RUN_ID"),
            run_number: text("GITHUB_RUN_NUMBER"),
            run_attempt: attempt,
            run_url: run_url.map(|url| redactor.scrub_url(&url).text),
            runner_environment: text("RUNNER_ENVIRONMENT"),
            disposable: None,
            definition_commit: text("GITHUB_WORKFLOW_SHA"),
            ..Pipeline::default()
        },
        workflow_path,
        ref_state,
    }
}

/// Of what started the run: the part that says which branch is the default.
#[derive(Deserialize)]
struct Event {
    repository: EventRepository,
}

#[derive(Deserialize)]
struct EventRepository {
    default_branch: String,
}

/// What kind of branch a run of GitHub's is for. No variable says which branch is the default: the event does.
fn branch_kind(variables: &Variables) -> &'static str {
    let event = variables.raw("GITHUB_EVENT_PATH").map(Path::new);
    let bytes = event.and_then(|path| file::read_regular(path, EVENT_MAX).ok());
    let event = bytes.and_then(|bytes| json::parse::<Event>(&bytes).ok());
    let default = event.map(|event| event.repository.default_branch);
    match default.filter(|default| !default.is_empty()) {
        None => "branch",
        Some(default) => {
            let named = variables.text("GITHUB_REF").and_then(|r| r.strip_prefix("refs/heads/"));
            if named == Some(default.as_str()) { "default branch" } else { "other" }
        }
    }
}

fn gitlab(
    text: &dyn Fn(&str) -> Option<String>,
    variables: &Variables,
    redactor: &Redactor,
) -> Platform {
    let tag = text("CI_COMMIT_TAG");
    let branch_name = text("CI_COMMIT_BRANCH");
    let protected = flag(text("CI_COMMIT_REF_PROTECTED"));
    let event = text("CI_PIPELINE_SOURCE");
    let merge_request = event.as_deref() == Some("merge_request_event")
        || variables.text("CI_MERGE_REQUEST_IID").is_some();
    let ref_state = if tag.is_some() {
        RefState::TagOrRelease
    } else if merge_request {
        RefState::PullRequest
    } else {
        branch(branch_name.is_some() || variables.text("CI_COMMIT_REF_NAME").is_some(), protected)
    };
    let ref_name = match (&tag, &branch_name) {
        (Some(tag), _) => Some(format!("refs/tags/{tag}")),
        (None, Some(branch)) => Some(format!("refs/heads/{branch}")),
        (None, None) => {
            text("CI_MERGE_REQUEST_IID").map(|iid| format!("refs/merge-requests/{iid}/head"))
        }
    };
    let ref_kind = match (&tag, &branch_name) {
        (Some(_), _) => "tag",
        (None, Some(branch)) if Some(branch.as_str()) == variables.text("CI_DEFAULT_BRANCH") => {
            "default branch"
        }
        (None, Some(_)) if variables.text("CI_DEFAULT_BRANCH").is_none() => "branch",
        (None, _) => "other",
    };
    let definition = text("CI_CONFIG_PATH").or_else(|| Some(".gitlab-ci.yml".to_owned()));
    let repository_id = text("CI_PROJECT_ID");
    let job = text("CI_JOB_NAME");
    Platform {
        kind: Kind::GitLab,
        lane: lane(repository_id.clone(), definition.clone(), job.clone(), ref_kind),
        counts: counts([
            ("pipeline_id", text("CI_PIPELINE_ID")),
            ("pipeline_iid", text("CI_PIPELINE_IID")),
            ("job_id", text("CI_JOB_ID")),
        ]),
        pipeline: Pipeline {
            platform: "gitlab".to_owned(),
            repository: text("CI_PROJECT_URL").map(|url| redactor.scrub_url(&url).text),
            repository_id,
            repository_owner_id: text("CI_PROJECT_NAMESPACE_ID"),
            commit: text("CI_COMMIT_SHA"),
            ref_name,
            ref_protected: protected,
            event,
            definition,
            job,
            run_id: text("CI_PIPELINE_ID"),
            run_number: text("CI_PIPELINE_IID"),
            run_attempt: None,
            run_url: text("CI_JOB_URL").map(|url| redactor.scrub_url(&url).text),
            runner_environment: None,
            disposable: flag(text("CI_DISPOSABLE_ENVIRONMENT")),
            ..Pipeline::default()
        },
        workflow_path: None,
        ref_state,
    }
}

const fn branch(is_branch: bool, protected: Option<bool>) -> RefState {
    match (is_branch, protected) {
        (true, Some(false)) => RefState::UnprotectedBranch,
        (_, Some(true)) => RefState::Protected,
        _ => RefState::ProtectionUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(pairs: &[(&str, &str)]) -> Platform {
        capture(&Variables::new(pairs.iter().copied()), &Redactor::new(Vec::new()))
    }

    #[test]
    fn each_platform_is_told_by_its_own_variable() {
        assert_eq!(platform(&[]).kind, Kind::Local);
        assert_eq!(platform(&[("CI", "false")]).kind, Kind::Local);
        assert_eq!(platform(&[("CI", "true")]).kind, Kind::UnknownCi);
        assert_eq!(platform(&[("JENKINS_URL", "x")]).kind, Kind::UnknownCi);
        assert_eq!(platform(&[("GITHUB_ACTIONS", "true"), ("CI", "true")]).kind, Kind::GitHub);
        assert_eq!(platform(&[("GITLAB_CI", "true")]).kind, Kind::GitLab);
        assert_eq!(platform(&[("GITLAB_CI", "false"), ("CI", "true")]).kind, Kind::UnknownCi);
    }

    #[test]
    fn a_ref_is_unprotected_only_where_the_platform_says_so() {
        let github = |pairs: &[(&str, &str)]| {
            let mut all = vec![("GITHUB_ACTIONS", "true"), ("GITHUB_REF_TYPE", "branch")];
            all.extend_from_slice(pairs);
            platform(&all).ref_state
        };
        assert_eq!(github(&[]), RefState::ProtectionUnknown);
        assert_eq!(github(&[("GITHUB_REF_PROTECTED", "false")]), RefState::UnprotectedBranch);
        assert_eq!(github(&[("GITHUB_REF_PROTECTED", "maybe")]), RefState::ProtectionUnknown);
        assert_eq!(github(&[("GITHUB_REF_PROTECTED", "true")]), RefState::Protected);
        assert_eq!(github(&[("GITHUB_EVENT_NAME", "pull_request")]), RefState::PullRequest);
        assert_eq!(github(&[("GITHUB_EVENT_NAME", "release")]), RefState::TagOrRelease);
        assert_eq!(github(&[("GITHUB_ACTOR", "dependabot[bot]")]), RefState::Dependabot);
        let tag = platform(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REF_TYPE", "tag"),
            ("GITHUB_REF_PROTECTED", "false"),
            ("GITHUB_ACTOR", "dependabot[bot]"),
        ]);
        assert_eq!(tag.ref_state, RefState::TagOrRelease);

        let gitlab = |pairs: &[(&str, &str)]| {
            let mut all = vec![("GITLAB_CI", "true")];
            all.extend_from_slice(pairs);
            platform(&all).ref_state
        };
        assert_eq!(gitlab(&[("CI_COMMIT_BRANCH", "b")]), RefState::ProtectionUnknown);
        let unprotected = [("CI_COMMIT_BRANCH", "b"), ("CI_COMMIT_REF_PROTECTED", "false")];
        assert_eq!(gitlab(&unprotected), RefState::UnprotectedBranch);
        let tag = [("CI_COMMIT_TAG", "v1"), ("CI_COMMIT_REF_PROTECTED", "false")];
        assert_eq!(gitlab(&tag), RefState::TagOrRelease);
        assert_eq!(gitlab(&[("CI_PIPELINE_SOURCE", "merge_request_event")]), RefState::PullRequest);
    }

    #[test]
    fn a_branch_of_github_s_is_the_default_one_only_where_the_event_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        let kind = |event: Option<&str>, name: &str| {
            let _ = file::remove(&path);
            if let Some(event) = event {
                let never = file::Overwrite::Never;
                file::write_bytes(&path, never, file::Access::Umask, event.as_bytes()).unwrap();
            }
            platform(&[
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_PATH", path.to_str().unwrap()),
                ("GITHUB_REF_TYPE", if name.starts_with("refs/tags/") { "tag" } else { "branch" }),
                ("GITHUB_REF", name),
            ])
            .lane
            .ref_kind
        };
        let event = r#"{"repository": {"default_branch": "main", "id": 1}, "x": [1]}"#;
        assert_eq!(kind(Some(event), "refs/heads/main"), "default branch");
        assert_eq!(kind(Some(event), "refs/heads/release/main"), "other");
        assert_eq!(kind(Some(event), "refs/pull/1/merge"), "other");
        assert_eq!(kind(Some(event), "refs/tags/main"), "tag");
        let twice = r#"{"repository": {"default_branch": "x", "default_branch": "main"}}"#;
        let large = format!("{event}{}", " ".repeat(4 << 20));
        for unread in [None, Some(""), Some("{}"), Some("[["), Some(twice), Some(&large)] {
            assert_eq!(kind(unread, "refs/heads/main"), "branch");
        }
        let empty = r#"{"repository": {"default_branch": ""}}"#;
        assert_eq!(kind(Some(empty), "refs/heads/"), "branch");
    }

    #[cfg(unix)]
    #[test]
    fn an_event_that_is_a_fifo_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("event.json");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
        let found = platform(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_PATH", fifo.to_str().unwrap()),
            ("GITHUB_REF_TYPE", "branch"),
        ]);
        assert_eq!(found.lane.ref_kind, "branch");
    }

    #[test]
    fn a_branch_of_gitlab_s_is_another_one_where_the_default_is_known() {
        let kind = |pairs: &[(&str, &str)]| {
            let mut all = vec![("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", "b")];
            all.extend_from_slice(pairs);
            platform(&all).lane.ref_kind
        };
        assert_eq!(kind(&[]), "branch");
        assert_eq!(kind(&[("CI_DEFAULT_BRANCH", "b")]), "default branch");
        assert_eq!(kind(&[("CI_DEFAULT_BRANCH", "main")]), "other");
        assert_eq!(kind(&[("CI_COMMIT_TAG", "b"), ("CI_DEFAULT_BRANCH", "b")]), "tag");
    }

    #[test]
    fn the_workflow_path_is_what_stands_between_repository_and_ref() {
        let found = platform(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "octo/app"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_WORKFLOW_REF", "octo/app/.github/workflows/x.yml@refs/heads/main"),
            ("GITHUB_RUN_ID", "7"),
        ]);
        assert_eq!(found.workflow_path.as_deref(), Some(".github/workflows/x.yml"));
        let url = "https://github.com/octo/app/actions/runs/7";
        assert_eq!(found.pipeline.run_url.as_deref(), Some(url));
    }
}
