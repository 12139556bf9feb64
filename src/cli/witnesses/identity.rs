//! The job's token: got, checked, and what is recorded of it.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::asking::Asking;
use super::{About, Witnesses};
use crate::base::text::cut;
use crate::base::time::Time;
use crate::capture::platform::Kind;
use crate::cli::bracket::note;
use crate::cli::platform_client::{address, bound, required};
use crate::cli::talk;
use crate::format::evidence::{Agreement, Binds, CheckedToken, TokenJob};
use crate::format::fact::Withheld;
use crate::net::client::Client;
use crate::net::{Lost, Scheme, Url, oidc};
use crate::token::{
    Checked, Issuer, Jwks, Moment, Platform, Rules, TokenError, agreement, audience,
    unchecked_issuer, unchecked_kid, verify,
};

/// What lets a job of GitHub's ask for a token.
pub(super) const CURE_GITHUB: &str = "give the job `permissions: { id-token: write }`";
/// What gives a job of GitLab's its token.
const CURE_GITLAB: &str = "give the job `id_tokens: { PROOFMARK_ID_TOKEN: { aud: \"proofmark:$CI_PROJECT_ID:$CI_PIPELINE_ID\" } }`";
const CURE_ISSUER: &str = "name it with --issuer URL, if it is the platform's";
/// Of our own prefix, so that no command that is wrapped is given it.
const GITLAB_TOKEN: &str = "PROOFMARK_ID_TOKEN";
/// Characters of a token's text that are shown.
const SHOWN: usize = 120;

/// Claims that name the job, its repository and its run.
const GITHUB_CLAIMS: &[&str] = &[
    "actor_id",
    "base_ref",
    "check_run_id",
    "enterprise",
    "enterprise_id",
    "environment",
    "environment_node_id",
    "event_name",
    "head_ref",
    "job_workflow_ref",
    "job_workflow_sha",
    "jti",
    "ref",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "run_attempt",
    "run_id",
    "run_number",
    "runner_environment",
    "sha",
    "workflow",
    "workflow_ref",
    "workflow_sha",
];
const GITLAB_CLAIMS: &[&str] = &[
    "ci_config_ref_uri",
    "ci_config_sha",
    "deployment_tier",
    "environment",
    "environment_action",
    "environment_protected",
    "job_id",
    "jti",
    "namespace_id",
    "namespace_path",
    "pipeline_id",
    "pipeline_source",
    "project_id",
    "project_path",
    "project_visibility",
    "ref",
    "ref_path",
    "ref_protected",
    "ref_type",
    "runner_environment",
    "runner_id",
    "sha",
    "user_access_level",
    "user_id",
];
/// What is each job's own, and not its run's: a job that signs may be another attempt, on another runner.
const OF_THE_JOB: &[&str] = &["pipeline.run_attempt", "pipeline.runner_environment"];

/// A token that was checked.
#[derive(Debug)]
pub(in crate::cli) struct Identified {
    pub(in crate::cli) token: CheckedToken,
    /// Claims that name people.
    pub(super) people: BTreeMap<String, String>,
    pub(super) withheld: Vec<Withheld>,
}

impl Identified {
    /// Whose it is, for people.
    pub(in crate::cli) fn summary(&self) -> String {
        let claims = &self.token.claims;
        let claim = |names: [&str; 2]| names.iter().find_map(|name| claims.get(*name));
        let shown = |text: Option<&String>| text.map_or("unknown".to_owned(), |t| cut(t, SHOWN));
        let attempt = claims.get("run_attempt").map(|n| format!(" attempt {}", cut(n, SHOWN)));
        format!(
            "repository id {}, run {}{}, {}",
            shown(claim(["repository_id", "project_id"])),
            shown(claim(["run_id", "pipeline_id"])),
            attempt.unwrap_or_default(),
            shown(claims.get("runner_environment")),
        )
    }
}

/// What the evidence states and a token says otherwise, a sentence each.
pub(in crate::cli) fn disagreements(token: &CheckedToken) -> impl Iterator<Item = String> {
    token.agreement.iter().filter(|entry| !entry.agrees).map(|entry| {
        let Agreement { fact, claim, stated, claimed, .. } = entry;
        let shown = |text: &Option<String>| cut(text.as_deref().unwrap_or("none"), SHOWN);
        format!(
            "the platform's token contradicts {fact}: expected {}, as its {claim} says, found {}",
            shown(claimed),
            shown(stated),
        )
    })
}

/// The claims that are recorded; none of them names a person.
pub(in crate::cli) const fn recorded_claims(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::GitHub => GITHUB_CLAIMS,
        Platform::GitLab => GITLAB_CLAIMS,
    }
}

/// A token that nobody checked yet, and what it has to be for.
struct Got {
    token: Zeroizing<String>,
    audience: String,
    binds: Binds,
}

impl Witnesses<'_> {
    /// Gets the job's token and checks it. One that fails a check counts for nothing.
    pub(super) fn token(&self, about: &About<'_>, asking: &Asking<'_>) -> Result<Identified, Lost> {
        let client = asking.client();
        let (platform, got) = match about.platform.kind {
            Kind::GitHub => (Platform::GitHub, self.of_github(about, &client)?),
            Kind::GitLab => (Platform::GitLab, self.of_gitlab()?),
            Kind::UnknownCi | Kind::Local => return Err(Lost::plain("no platform gives tokens")),
        };
        let checked = self.checked(&got, platform, &client)?;
        Ok(self.recorded(about, platform, &got, checked))
    }

    fn of_github(&self, about: &About<'_>, client: &Client<'_>) -> Result<Got, Lost> {
        let url = address(self.variables, "ACTIONS_ID_TOKEN_REQUEST_URL", CURE_GITHUB)?;
        let bearer = required(self.variables, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", CURE_GITHUB)?;
        let bearer = bound(bearer, Scheme::Bearer, &url)?;
        let audience = audience::of_build(about.build_id, about.signers, about.subjects);
        let token = oidc::request(client, &url, &bearer, &audience)?;
        talk::mask(&token);
        self.hide(&token);
        Ok(Got { token, audience, binds: Binds::Build })
    }

    fn of_gitlab(&self) -> Result<Got, Lost> {
        let named = |name| required(self.variables, name, CURE_GITLAB);
        let token = named(GITLAB_TOKEN)
            .map_err(|lost| Lost { reason: format!("{GITLAB_TOKEN} isn't set"), ..lost })?;
        self.hide(token);
        let audience = audience::of_pipeline(named("CI_PROJECT_ID")?, named("CI_PIPELINE_ID")?);
        Ok(Got { token: Zeroizing::new(token.to_owned()), audience, binds: Binds::Pipeline })
    }

    /// Neither what is written nor what is said shows it from here on.
    fn hide(&self, token: &str) {
        self.redactor.learn(token);
        talk::learn(token);
    }

    fn checked(&self, got: &Got, platform: Platform, client: &Client<'_>) -> Result<Checked, Lost> {
        let unreadable = || Lost::plain("the platform's token can't be read");
        let iss = unchecked_issuer(&got.token).ok_or_else(unreadable)?;
        let kid = unchecked_kid(&got.token).ok_or_else(unreadable)?;
        let issuer = match &self.args.issuer {
            Some(url) => Issuer::given(url, platform)
                .map_err(|error| Lost::plain(format!("--issuer: {error}")))?,
            None => Issuer::known(&iss).filter(|issuer| issuer.platform() == platform).ok_or_else(
                || {
                    let iss = cut(&iss, SHOWN);
                    let reason = format!("the token's issuer {iss} is none of the platform's own");
                    Lost::new(reason, CURE_ISSUER)
                },
            )?,
        };
        let keys = || {
            let url = Url::parse(issuer.url()).map_err(|error| Lost::plain(error.to_string()))?;
            Jwks::parse(&oidc::keys(client, &url)?)
                .map_err(|error| Lost::plain(format!("the issuer's keys: {error}")))
        };
        let mut trusted = keys()?;
        if !trusted.has(&kid) {
            // One may have been exchanged for another since the token was signed.
            trusted = keys()?;
        }
        let moment = Moment::Now(Time::now());
        let rules = Rules { issuer: &issuer, audience: &got.audience, moment };
        verify(&got.token, &trusted, &rules).map_err(|error| {
            // What its audience is stands in the definition.
            let is_defined = platform == Platform::GitLab
                && matches!(error, TokenError::Audience { .. } | TokenError::Malformed(_));
            Lost {
                reason: format!("the platform's token fails its check: {error}"),
                cure: is_defined.then(|| CURE_GITLAB.to_owned()),
            }
        })
    }

    fn recorded(
        &self,
        about: &About<'_>,
        platform: Platform,
        got: &Got,
        checked: Checked,
    ) -> Identified {
        let mut withheld = Vec::new();
        let mut claim = |place: &str, name: &str| {
            let value = checked.claims.get(name).filter(|value| !value.is_empty())?;
            let place = format!("identity.{place}.{name}");
            Some(note(self.redactor.scrub(value), &place, &mut withheld))
        };
        let person = match platform {
            Platform::GitHub => "actor",
            Platform::GitLab => "user_login",
        };
        let claims: BTreeMap<_, _> = recorded_claims(platform)
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), claim("tokens.claims", name)?)))
            .collect();
        let people = match about.job {
            TokenJob::Build => {
                claim("people", person).map(|value| (format!("build.{person}"), value))
            }
            TokenJob::Signing | TokenJob::Unknown => None,
        };
        let agreement = agreement(platform, &claims, &about.platform.pipeline, about.source)
            .into_iter()
            .filter(|entry| {
                about.job == TokenJob::Build || !OF_THE_JOB.contains(&entry.fact.as_str())
            })
            .collect();
        let mut signers = match got.binds {
            Binds::Build => about.signers.to_vec(),
            Binds::Pipeline | Binds::Unknown => Vec::new(),
        };
        signers.sort();
        let token = CheckedToken {
            job: about.job,
            issuer: checked.issuer,
            audience: checked.audience,
            binds: got.binds,
            signers,
            claims,
            key: checked.key,
            issued: checked.issued,
            not_before: checked.not_before,
            expires: checked.expires,
            checked: Time::now(),
            agreement,
            // One that binds the pipeline alone is good for as long as the job takes.
            token: (self.args.embed_token && got.binds == Binds::Build)
                .then(|| got.token.to_string()),
        };
        Identified { token, people: people.into_iter().collect(), withheld }
    }

    /// What is recorded of these claims, as if a token had them.
    #[cfg(test)]
    pub(super) fn recorded_for_tests(&self, about: &About<'_>, checked: Checked) -> Identified {
        let token = Zeroizing::new("x.y.z".to_owned());
        let got = Got { token, audience: String::new(), binds: Binds::Build };
        self.recorded(about, Platform::GitHub, &got, checked)
    }
}
