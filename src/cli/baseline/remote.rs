//! A baseline from elsewhere: from the platform that the build runs on, or from an address.

use std::collections::BTreeMap;

use crate::base::text::cut;
use crate::capture::environment::Variables;
use crate::capture::platform::{Kind, Platform};
use crate::cli::platform_client::{address, bound, client, github_token, required, unset};
use crate::format::evidence::{Lane, Pipeline};
use crate::net::client::Limits;
use crate::net::github::{RunAnswer, Workflow};
use crate::net::gitlab::Registry;
use crate::net::{Fetched, Lost, Scheme, Url, Wanted};

/// The package that holds evidence in GitLab's registry.
const PACKAGE: &str = "proofmark";
const CURE_FILE: &str = "give the evidence by --baseline FILE";
const CURE_TOKEN: &str = "give the step `env: { GITHUB_TOKEN: \"${{ github.token }}\" }` \
    and the job `permissions: { actions: read, contents: read }`";

/// The newest evidence that the platform kept of earlier builds. Nothing of it is verified.
pub(in crate::cli) fn auto(
    variables: &Variables,
    platform: &Platform,
    wanted: &Wanted<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Fetched, Lost> {
    let client = client(variables, Limits::default(), stop)?;
    match platform.kind {
        Kind::GitHub => {
            let run = variables.text("GITHUB_RUN_ID").and_then(|run| run.parse().ok());
            workflow(variables, platform)?.newest_evidence(&client, run, wanted)
        }
        Kind::GitLab => registry(variables)?.newest_evidence(&client, wanted),
        Kind::UnknownCi => {
            Err(Lost::new("this CI system has no place where evidence is looked for", CURE_FILE))
        }
        Kind::Local => Err(Lost::new("the build runs on no CI system", CURE_FILE)),
    }
}

/// The evidence at an address, and the sections beside it. Nothing of it is verified.
pub(in crate::cli) fn url(
    variables: &Variables,
    address: &str,
    stop: &dyn Fn() -> bool,
) -> Result<Fetched, Lost> {
    let url = Url::parse(address)
        .map_err(|error| Lost::new(format!("the baseline's address: {error}"), CURE_FILE))?;
    crate::net::fetch(&client(variables, Limits::default(), stop)?, &url)
}

/// What the platform says of runs that left no evidence, a sentence each. The evidence names the repository
/// and the workflow; whom the token goes to is not its to say.
pub(in crate::cli) fn runs(
    variables: &Variables,
    lane: &Lane,
    pipeline: &Pipeline,
    numbers: &[u64],
) -> BTreeMap<u64, String> {
    let asked = match pipeline.platform.as_str() {
        "github" => client(variables, Limits::default(), &|| false).and_then(|client| {
            evidence_s_workflow(variables, lane, pipeline)?.run_by_number(&client, numbers)
        }),
        "gitlab" => Err(Lost::plain("GitLab's job token can't read pipelines")),
        _ => Err(Lost::plain("no platform can be asked for its runs")),
    };
    let text = |number: u64| match &asked {
        Ok(answers) => answers.get(&number).map_or_else(|| "not asked".to_owned(), said),
        Err(lost) => match &lost.cure {
            Some(cure) => format!("the platform gave no answer: {}; {cure}", lost.reason),
            None => format!("the platform gave no answer: {}", lost.reason),
        },
    };
    numbers.iter().map(|number| (*number, text(*number))).collect()
}

fn said(answer: &RunAnswer) -> String {
    match answer {
        RunAnswer::Known(facts) => {
            let state = facts.conclusion.as_ref().or(facts.status.as_ref());
            let state = state.map_or("no state", String::as_str);
            let event = facts.event.as_deref().unwrap_or("unknown event");
            let commit = facts.head_sha.as_deref().unwrap_or("unknown");
            format!("the platform says: {state} ({event}, commit {})", cut(commit, 12))
        }
        RunAnswer::Unknown => "the platform has no such run: deleted, or never there".to_owned(),
        RunAnswer::NotAsked => "not asked: it lies too far back".to_owned(),
    }
}

fn evidence_s_workflow(
    variables: &Variables,
    lane: &Lane,
    pipeline: &Pipeline,
) -> Result<Workflow, Lost> {
    let api = match variables.text("GITHUB_API_URL") {
        Some(_) => address(variables, "GITHUB_API_URL", CURE_FILE)?,
        None => Url::parse("https://api.github.com").map_err(|e| Lost::plain(e.to_string()))?,
    };
    let unnamed = || Lost::plain("the evidence names no repository and workflow");
    let repository = pipeline.repository.as_deref().ok_or_else(unnamed)?;
    let mut parts = repository.trim_end_matches('/').rsplit('/');
    let (name, owner) = parts.next().zip(parts.next()).ok_or_else(unnamed)?;
    let definition = lane.definition.as_deref().and_then(|path| path.rsplit('/').next());
    let token = github_token(variables).ok_or_else(|| {
        Lost::new("there is no token", "set GITHUB_TOKEN to one that may read actions")
    })?;
    Ok(Workflow {
        token: Some(bound(token, Scheme::Bearer, &api)?),
        api,
        repository: format!("{owner}/{name}"),
        workflow: definition.ok_or_else(unnamed)?.to_owned(),
        branch: None,
    })
}

fn workflow(variables: &Variables, platform: &Platform) -> Result<Workflow, Lost> {
    let api = address(variables, "GITHUB_API_URL", CURE_FILE)?;
    let repository = required(variables, "GITHUB_REPOSITORY", CURE_FILE)?.to_owned();
    let definition = platform.workflow_path.as_deref().and_then(|path| path.rsplit('/').next());
    let workflow = definition.ok_or_else(|| unset("GITHUB_WORKFLOW_REF", CURE_FILE))?.to_owned();
    let token = github_token(variables)
        .ok_or_else(|| Lost::new("there is no token: GITHUB_TOKEN isn't set", CURE_TOKEN))?;
    // A tag's earlier builds are those of other tags.
    let branch = variables.text("GITHUB_REF").and_then(|name| name.strip_prefix("refs/heads/"));
    Ok(Workflow {
        token: Some(bound(token, Scheme::Bearer, &api)?),
        api,
        repository,
        workflow,
        branch: branch.map(str::to_owned),
    })
}

fn registry(variables: &Variables) -> Result<Registry, Lost> {
    let api = address(variables, "CI_API_V4_URL", CURE_FILE)?;
    let token = required(variables, "CI_JOB_TOKEN", CURE_FILE)?;
    Ok(Registry {
        token: Some(bound(token, Scheme::JobToken, &api)?),
        api,
        project: required(variables, "CI_PROJECT_ID", CURE_FILE)?.to_owned(),
        package: PACKAGE.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::platform;
    use crate::capture::redact::Redactor;
    use crate::net::github::RunFacts;

    const WANTED: Wanted<'static> = Wanted { name: "proofmark.sigstore.jsonl", fits: &|_| true };
    /// Port 9 of this machine: nobody is there, and nobody else is asked.
    const GITHUB: &[(&str, &str)] = &[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_API_URL", "http://127.0.0.1:9/api"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_WORKFLOW_REF", "octo/app/.github/workflows/x.yml@refs/heads/a/b"),
        ("GITHUB_REF", "refs/heads/a/b"),
        ("GITHUB_TOKEN", "t0ken"),
    ];
    const GITLAB: &[(&str, &str)] = &[
        ("GITLAB_CI", "true"),
        ("CI_API_V4_URL", "http://127.0.0.1:9/api/v4"),
        ("CI_PROJECT_ID", "42"),
        ("CI_JOB_TOKEN", "t0ken"),
    ];

    fn variables(pairs: &[(&str, &str)]) -> (Variables, Platform) {
        let variables = Variables::new(pairs.iter().copied());
        let platform = platform::capture(&variables, &Redactor::new(Vec::new()));
        (variables, platform)
    }

    /// Stopped before anything is asked.
    fn look(pairs: &[(&str, &str)]) -> Lost {
        let (variables, platform) = variables(pairs);
        let lost = auto(&variables, &platform, &WANTED, &|| true).unwrap_err();
        assert!(!format!("{lost:?}").contains("t0ken"));
        lost
    }

    #[test]
    fn without_a_platform_the_cure_is_a_file() {
        for pairs in [&[][..], &[("CI", "true")]] {
            assert_eq!(look(pairs).cure.as_deref(), Some(CURE_FILE));
        }
    }

    #[test]
    fn each_platform_is_asked_where_its_variables_say() {
        assert_eq!(look(GITHUB).reason, "the runs of workflow x.yml: stopped");
        assert_eq!(look(GITLAB).reason, "the project's packages: stopped");
        let (variables, platform) = variables(GITHUB);
        let workflow = workflow(&variables, &platform).unwrap();
        assert_eq!(workflow.branch.as_deref(), Some("a/b"));
        assert_eq!(workflow.repository, "octo/app");
        assert_eq!(workflow.api.to_string(), "http://127.0.0.1:9/api");
    }

    #[test]
    fn every_variable_that_is_missing_is_named() {
        for (pairs, optional) in [(GITHUB, &["GITHUB_REF"][..]), (GITLAB, &[])] {
            for (name, _) in &pairs[1..] {
                let rest: Vec<_> = pairs.iter().copied().filter(|pair| pair.0 != *name).collect();
                let lost = look(&rest);
                assert_eq!(lost.reason.contains(name), !optional.contains(name), "{lost:?}");
                assert!(optional.contains(name) || lost.cure.is_some());
            }
        }
    }

    #[test]
    fn the_other_token_variable_counts_where_the_first_is_missing() {
        let rest = GITHUB.iter().copied().filter(|pair| pair.0 != "GITHUB_TOKEN");
        let pairs: Vec<_> = rest.chain([("GH_TOKEN", "t0ken")]).collect();
        assert!(look(&pairs).reason.ends_with("stopped"));
    }

    #[test]
    fn an_api_in_the_clear_gets_no_token() {
        let rest = GITHUB.iter().copied().filter(|pair| pair.0 != "GITHUB_API_URL");
        let pairs: Vec<_> = rest.chain([("GITHUB_API_URL", "http://api.example")]).collect();
        assert!(look(&pairs).reason.starts_with("GITHUB_API_URL: not allowed"));
    }

    #[test]
    fn a_proxy_that_cannot_be_read_is_named_and_not_shown() {
        let pairs = [GITHUB, &[("https_proxy", "socks5://t0ken")]].concat();
        assert!(look(&pairs).cure.unwrap().contains("HTTPS_PROXY"));
    }

    #[test]
    fn an_address_is_checked_before_it_is_asked() {
        let none = Variables::default();
        for bad in ["http://a.example/x", "https://t0ken@a.example/", "x"] {
            let lost = url(&none, bad, &|| true).unwrap_err();
            assert!(!format!("{lost:?}").contains("t0ken"));
        }
        let lost = url(&none, "https://a.example/x?k=t0ken", &|| true).unwrap_err();
        assert_eq!(lost.reason, "https://a.example/x: stopped");
    }

    #[test]
    fn runs_are_asked_for_on_github_alone_and_the_token_goes_where_the_user_says() {
        let lane = Lane { definition: Some(".github/workflows/x.yml".into()), ..Lane::default() };
        let of = |platform: &str| Pipeline {
            platform: platform.to_owned(),
            repository: Some("https://evil.example/octo/app".to_owned()),
            ..Pipeline::default()
        };
        let said = |pairs: &[(&str, &str)], platform: &str| {
            let variables = Variables::new(pairs.iter().copied());
            runs(&variables, &lane, &of(platform), &[7]).remove(&7).unwrap()
        };
        assert!(said(&[], "github").contains("there is no token"));
        assert!(said(GITHUB, "gitlab").contains("can't read pipelines"));
        assert!(said(GITHUB, "local").contains("no platform can be asked"));
        let variables = Variables::new(GITHUB.iter().copied());
        let workflow = evidence_s_workflow(&variables, &lane, &of("github")).unwrap();
        assert_eq!(workflow.api.to_string(), "http://127.0.0.1:9/api");
        assert_eq!((&*workflow.repository, &*workflow.workflow), ("octo/app", "x.yml"));
        let usual = Variables::new([("GITHUB_TOKEN", "t0ken")]);
        let workflow = evidence_s_workflow(&usual, &lane, &of("github")).unwrap();
        assert_eq!(workflow.api.to_string(), "https://api.github.com/");
    }

    #[test]
    fn what_the_platform_says_of_a_run_is_one_sentence() {
        let facts = RunFacts {
            conclusion: Some("cancelled".into()),
            event: Some("push".into()),
            head_sha: Some("0123456789abcdef".into()),
            ..RunFacts::default()
        };
        let known = said(&RunAnswer::Known(facts));
        assert_eq!(known, "the platform says: cancelled (push, commit 0123456789ab)");
        assert!(said(&RunAnswer::Unknown).contains("deleted"));
    }
}
