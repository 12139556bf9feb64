//! GitLab: a job's token may ask for the job itself, and for nothing else of what protects it.

use super::{Asked, Notes, given};
use crate::capture::environment::Variables;
use crate::capture::redact::Redactor;
use crate::cli::platform_client::{address, bound, required};
use crate::format::evidence::{Controls, PlatformJob, PlatformProvenance};
use crate::format::fact::{Basis, Fact, Gap, Sealable};
use crate::net::answer::Answer;
use crate::net::client::Client;
use crate::net::gitlab_job::{Job, JobApi};
use crate::net::{Lost, Scheme};

const NOT_ITS_TOKEN: &str = "GitLab's job token may not ask for it";
const CURE_ATTACH: &str = "attach what shows them: --attach access-review=FILE";
const CURE: &str = "run proofmark in a job of GitLab's, which sets CI_API_V4_URL and CI_JOB_TOKEN";

/// Whom to ask.
pub(in crate::cli::witnesses) struct GitLab {
    api: JobApi,
    /// The job by its variable.
    job: Option<String>,
}

impl GitLab {
    pub(in crate::cli::witnesses) fn of(variables: &Variables) -> Result<Self, Lost> {
        let api = address(variables, "CI_API_V4_URL", CURE)?;
        let token = bound(required(variables, "CI_JOB_TOKEN", CURE)?, Scheme::JobToken, &api)?;
        let job = variables.text("CI_JOB_ID").map(str::to_owned);
        Ok(Self { api: JobApi { api, token: Some(token) }, job })
    }

    pub(in crate::cli::witnesses) fn ask(&self, client: &Client<'_>) -> Answer<Job> {
        self.api.job(client)
    }

    /// What the evidence says of the answer.
    pub(in crate::cli::witnesses) fn asked(
        &self,
        answer: Answer<Job>,
        provenance: &[PlatformProvenance],
        redactor: &Redactor,
    ) -> Asked {
        let mut notes = Notes::new(redactor);
        let job = match notes.reply("job", answer) {
            Ok(job) => {
                let id = job.id.to_string();
                if self.job.as_ref().is_some_and(|own| *own != id) {
                    let reason =
                        format!("CI_JOB_TOKEN is another job's than CI_JOB_ID says: it is of {id}");
                    notes.gaps.push(Gap::without_cure("controls.job", reason));
                }
                Fact::observed(Basis::ApiReply, described(&mut notes, &job))
            }
            Err(lost) => notes.lost("job", lost),
        };
        let provenance = if provenance.is_empty() {
            Fact::not_applicable("GitLab keeps it beside the artefacts, where no job finds it")
        } else {
            given(provenance)
        };
        let (reason, cure) =
            (format!("protected refs, environments and approvals: {NOT_ITS_TOKEN}"), CURE_ATTACH);
        notes.gaps.push(Gap::new("controls.branch_rules", reason, cure));
        let api = self.api.api.origin().to_string();
        notes.asked(|replies, details| Controls {
            api: Some(api),
            branch_rules: Fact::unavailable(Basis::ApiReply, NOT_ITS_TOKEN),
            environment: Fact::unavailable(Basis::ApiReply, NOT_ITS_TOKEN),
            approvals: Fact::unavailable(Basis::ApiReply, NOT_ITS_TOKEN),
            job,
            provenance,
            replies,
            details: Sealable::Inline(details),
        })
    }
}

fn described(notes: &mut Notes<'_>, job: &Job) -> PlatformJob {
    notes.detail("job.name", job.name.as_deref());
    notes.detail("job.runner_description", job.runner_description.as_deref());
    notes.detail("job.user", job.user.as_deref());
    PlatformJob {
        id: Some(job.id.to_string()),
        matched_by: "job token".to_owned(),
        commit: notes.optional("job.commit", job.commit.as_deref()),
        started: notes.optional("job.started", job.started.as_deref()),
        labels: notes.texts("job.labels", &job.tags),
        runner_id: job.runner_id.map(|id| id.to_string()),
        runner_group: notes.optional("job.runner_group", job.runner_type.as_deref()),
    }
}
