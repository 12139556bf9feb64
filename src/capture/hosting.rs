//! Whose machine the job ran on, by everybody who says something of it.
//!
//! A word that isn't known is `unknown`: what a platform says tomorrow must not pass for a machine of its own.

use std::collections::BTreeMap;

use super::environment::Variables;
use super::platform::{Kind, Platform};
use crate::format::evidence::{Hosting, HostingWitness, PlatformJob};

const HOSTED: &str = "hosted";
const SELF_HOSTED: &str = "self-hosted";
const UNKNOWN: &str = "unknown";

/// GitHub's group of its own runners. Its larger ones may be in any group, so that another one tells nothing.
const GITHUB_GROUP: &str = "GitHub Actions";

/// Puts the witnesses in the order of their trust: the token's claim, the API's runner group, the platform's
/// variable, the runner's image, the labels that the running job's definition asks for. Absent where there
/// is no platform.
#[must_use]
pub fn hosting(
    platform: &Platform,
    variables: &Variables,
    claims: Option<&BTreeMap<String, String>>,
    job: Option<&PlatformJob>,
) -> Option<Hosting> {
    let claim = claims.and_then(|claims| claims.get("runner_environment")).map(String::as_str);
    let witnesses = match platform.kind {
        Kind::GitHub => github(platform, variables, claim, job),
        Kind::GitLab => gitlab(variables, claim, job),
        Kind::UnknownCi | Kind::Local => return None,
    };
    let witnesses: Vec<_> = witnesses
        .into_iter()
        .filter_map(|(from, says)| {
            Some(HostingWitness { from: from.to_owned(), says: says?.to_owned() })
        })
        .collect();
    let says = |word: &str| witnesses.iter().any(|witness| witness.says == word);
    let agree = !(says(HOSTED) && says(SELF_HOSTED));
    let is = witnesses.first().map_or(UNKNOWN, |witness| &witness.says).to_owned();
    Some(Hosting { is, witnesses, agree })
}

/// A witness, and what it says; nothing where it isn't there or can't know.
type Witness = (&'static str, Option<&'static str>);

fn github(
    platform: &Platform,
    variables: &Variables,
    claim: Option<&str>,
    job: Option<&PlatformJob>,
) -> Vec<Witness> {
    let word = |word: &str| match word {
        "github-hosted" => HOSTED,
        "self-hosted" => SELF_HOSTED,
        _ => UNKNOWN,
    };
    let image = ["ImageOS", "ImageVersion"].iter().all(|name| variables.text(name).is_some());
    let asks_for_own = |labels: &[String]| labels.iter().any(|label| label == SELF_HOSTED);
    let group = job.and_then(|job| job.runner_group.as_deref());
    let definitions = platform.pipeline.definitions.iter().filter(|definition| definition.running);
    let jobs = definitions.flat_map(|definition| &definition.jobs);
    let own = jobs
        .filter(|job| Some(&job.name) == platform.pipeline.job.as_ref())
        .any(|job| job.self_hosted == Some(true) || asks_for_own(&job.runner));
    vec![
        ("token claim runner_environment", claim.map(word)),
        ("API runner group", group.filter(|group| *group == GITHUB_GROUP).map(|_| HOSTED)),
        ("API job labels", job.filter(|job| asks_for_own(&job.labels)).map(|_| SELF_HOSTED)),
        ("variable RUNNER_ENVIRONMENT", variables.text("RUNNER_ENVIRONMENT").map(word)),
        ("variables ImageOS and ImageVersion", image.then_some(HOSTED)),
        ("labels in the job's definition", own.then_some(SELF_HOSTED)),
    ]
}

fn gitlab(variables: &Variables, claim: Option<&str>, job: Option<&PlatformJob>) -> Vec<Witness> {
    let word = |word: &str| match word {
        "gitlab-hosted" => HOSTED,
        "self-hosted" => SELF_HOSTED,
        _ => UNKNOWN,
    };
    // Those of the instance may be GitLab's own, or whoever runs the instance has them.
    let own = |kind: &str| matches!(kind, "group_type" | "project_type").then_some(SELF_HOSTED);
    let group = job.and_then(|job| job.runner_group.as_deref());
    // Whoever registers a runner chooses its tags. A list in JSON, or divided by commas.
    let tags = variables.text("CI_RUNNER_TAGS").unwrap_or_default();
    let mut tags = tags.split([',', '[', ']', '"', ' ']);
    let saas = tags.any(|tag| tag.starts_with("saas-"));
    vec![
        ("token claim runner_environment", claim.map(word)),
        ("API runner type", group.and_then(own)),
        ("variable CI_RUNNER_TAGS", saas.then_some(HOSTED)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::platform;
    use crate::capture::redact::Redactor;
    use crate::format::evidence::{Definition, JobDefinition};

    struct Case {
        variables: Vec<(&'static str, &'static str)>,
        claim: Option<&'static str>,
        job: Option<PlatformJob>,
        labels: &'static [&'static str],
    }

    impl Case {
        fn on(platform: &'static str) -> Self {
            let variables = vec![(platform, "true"), ("GITHUB_JOB", "build")];
            Self { variables, claim: None, job: None, labels: &[] }
        }

        fn var(mut self, name: &'static str, value: &'static str) -> Self {
            self.variables.push((name, value));
            self
        }

        fn group(mut self, group: &str, labels: &[&str]) -> Self {
            self.job = Some(PlatformJob {
                runner_group: Some(group.to_owned()),
                labels: labels.iter().map(|label| (*label).to_owned()).collect(),
                ..PlatformJob::default()
            });
            self
        }

        fn told(&self) -> Option<(String, Vec<String>, bool)> {
            let variables = Variables::new(self.variables.iter().copied());
            let mut platform = platform::capture(&variables, &Redactor::new(Vec::new()));
            let job = |name: &str, labels: &[&str]| JobDefinition {
                name: name.to_owned(),
                runner: labels.iter().map(|label| (*label).to_owned()).collect(),
                ..JobDefinition::default()
            };
            platform.pipeline.definitions = vec![
                Definition {
                    running: true,
                    jobs: vec![job("build", self.labels), job("other", &["self-hosted"])],
                    ..Definition::default()
                },
                Definition { jobs: vec![job("build", &["self-hosted"])], ..Definition::default() },
            ];
            let claims = self
                .claim
                .map(|claim| BTreeMap::from([("runner_environment".to_owned(), claim.to_owned())]));
            let found = hosting(&platform, &variables, claims.as_ref(), self.job.as_ref())?;
            let said = found.witnesses.iter().map(|w| format!("{}: {}", w.from, w.says)).collect();
            Some((found.is, said, found.agree))
        }

        #[track_caller]
        fn is(&self, is: &str, agree: bool) {
            let (found, said, agreed) = self.told().unwrap();
            assert_eq!((found.as_str(), agreed), (is, agree), "{said:?}");
        }
    }

    #[test]
    fn nobody_is_asked_where_there_is_no_platform() {
        assert!(Case::on("NOTHING").told().is_none());
        assert!(Case::on("CI").var("RUNNER_ENVIRONMENT", "github-hosted").told().is_none());
        Case::on("GITHUB_ACTIONS").is("unknown", true);
        Case::on("GITLAB_CI").is("unknown", true);
    }

    #[test]
    fn the_witnesses_stand_in_the_order_of_their_trust_and_the_first_decides() {
        let mut case = Case::on("GITHUB_ACTIONS")
            .var("RUNNER_ENVIRONMENT", "github-hosted")
            .var("ImageOS", "ubuntu24")
            .var("ImageVersion", "1")
            .group("GitHub Actions", &[]);
        case.claim = Some("self-hosted");
        case.labels = &["linux", "self-hosted"];
        let (is, said, agree) = case.told().unwrap();
        assert_eq!((is.as_str(), agree), ("self-hosted", false));
        let expected = [
            "token claim runner_environment: self-hosted",
            "API runner group: hosted",
            "variable RUNNER_ENVIRONMENT: hosted",
            "variables ImageOS and ImageVersion: hosted",
            "labels in the job's definition: self-hosted",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_forged_variable_contradicts_the_token_and_never_outweighs_it() {
        let mut case = Case::on("GITHUB_ACTIONS").var("RUNNER_ENVIRONMENT", "github-hosted");
        case.is("hosted", true);
        case.claim = Some("self-hosted");
        case.is("self-hosted", false);
    }

    #[test]
    fn any_two_that_contradict_are_enough() {
        let mut case = Case::on("GITHUB_ACTIONS").var("RUNNER_ENVIRONMENT", "github-hosted");
        case.claim = Some("github-hosted");
        case.labels = &["self-hosted"];
        case.is("hosted", false);
        let labels = Case::on("GITHUB_ACTIONS").group("GitHub Actions", &["self-hosted"]);
        labels.is("hosted", false);
    }

    #[test]
    fn a_word_that_is_not_known_is_not_hosted() {
        let mut case = Case::on("GITHUB_ACTIONS").var("RUNNER_ENVIRONMENT", "github-hosted");
        for word in ["hosted", "GitHub-Hosted", "gitlab-hosted", "github-hosted ", ""] {
            case.claim = Some(word);
            case.is("unknown", true);
        }
        Case::on("GITHUB_ACTIONS").var("RUNNER_ENVIRONMENT", "local").is("unknown", true);
    }

    #[test]
    fn what_can_not_know_is_no_witness() {
        let github = || Case::on("GITHUB_ACTIONS");
        github().group("Default Larger Runners", &["ubuntu-64-cores"]).is("unknown", true);
        github().var("ImageOS", "ubuntu24").is("unknown", true);
        Case::on("GITLAB_CI").group("instance_type", &[]).is("unknown", true);
    }

    #[test]
    fn gitlab_tells_a_runner_of_a_project_and_a_tag_is_worth_least() {
        let gitlab = || Case::on("GITLAB_CI");
        gitlab().group("project_type", &[]).is("self-hosted", true);
        let tagged = || gitlab().var("CI_RUNNER_TAGS", r#"["linux", "saas-linux-small-amd64"]"#);
        tagged().is("hosted", true);
        gitlab().var("CI_RUNNER_TAGS", "linux, not-saas-linux").is("unknown", true);
        let mut claimed = tagged();
        claimed.claim = Some("self-hosted");
        claimed.is("self-hosted", false);
        claimed.claim = Some("gitlab-hosted");
        claimed.is("hosted", true);
        claimed.claim = Some("github-hosted");
        claimed.is("unknown", true);
    }
}
