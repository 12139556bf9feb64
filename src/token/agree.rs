//! Facts of the evidence beside the claims that state them too.

use std::collections::BTreeMap;

use super::issuer::Platform;
use crate::base::text::cut;
use crate::format::evidence::{Agreement, Pipeline, Source};

/// What a redactor leaves behind, up to the rule's id.
const WITHHELD: &str = "[withheld: ";
/// Most characters of what either side says.
const SAID_MAX: usize = 256;

/// Every fact that a claim states too, sorted. By ids that don't change, never by what `sub` is made of.
///
/// What the evidence or the token doesn't state is no entry. Nor is what both may rightly say differently: the
/// checked out commit of a pull request (which may be its head, where the run is for its merge), and the ref
/// of a merge request (a token names the source branch).
#[must_use]
pub fn agreement(
    platform: Platform,
    claims: &BTreeMap<String, String>,
    pipeline: &Pipeline,
    source: Option<&Source>,
) -> Vec<Agreement> {
    let claim = |name: &str| claims.get(name).map(String::as_str);
    let protected = pipeline.ref_protected.map(|protected| protected.to_string());
    let commit = source.and_then(|source| source.commit.as_deref());
    let mut all = match platform {
        Platform::GitHub => {
            let same = commit == claim("sha");
            // What the token says started the run: the evidence could say what it likes.
            let is_pull_request =
                claim("event_name").is_some_and(|event| event.starts_with("pull_request"));
            vec![
                ("pipeline.repository_id", "repository_id", pipeline.repository_id.as_deref()),
                (
                    "pipeline.repository_owner_id",
                    "repository_owner_id",
                    pipeline.repository_owner_id.as_deref(),
                ),
                ("pipeline.commit", "sha", pipeline.commit.as_deref()),
                ("pipeline.ref", "ref", pipeline.ref_name.as_deref()),
                ("pipeline.ref_protected", "ref_protected", protected.as_deref()),
                ("pipeline.event", "event_name", pipeline.event.as_deref()),
                ("pipeline.definition", "workflow_ref", pipeline.definition.as_deref()),
                (
                    "pipeline.definition_commit",
                    "workflow_sha",
                    pipeline.definition_commit.as_deref(),
                ),
                ("pipeline.run_id", "run_id", pipeline.run_id.as_deref()),
                ("pipeline.run_number", "run_number", pipeline.run_number.as_deref()),
                ("pipeline.run_attempt", "run_attempt", pipeline.run_attempt.as_deref()),
                (
                    "pipeline.runner_environment",
                    "runner_environment",
                    pipeline.runner_environment.as_deref(),
                ),
                ("source.commit", "sha", commit.filter(|_| same || !is_pull_request)),
            ]
        }
        Platform::GitLab => {
            let is_merge_request = claim("pipeline_source") == Some("merge_request_event");
            let name = pipeline.ref_name.as_deref();
            vec![
                ("pipeline.repository_id", "project_id", pipeline.repository_id.as_deref()),
                (
                    "pipeline.repository_owner_id",
                    "namespace_id",
                    pipeline.repository_owner_id.as_deref(),
                ),
                ("pipeline.commit", "sha", pipeline.commit.as_deref()),
                ("pipeline.ref", "ref_path", name.filter(|_| !is_merge_request)),
                ("pipeline.ref_protected", "ref_protected", protected.as_deref()),
                ("pipeline.event", "pipeline_source", pipeline.event.as_deref()),
                ("pipeline.definition", "ci_config_ref_uri", pipeline.definition.as_deref()),
                ("pipeline.run_id", "pipeline_id", pipeline.run_id.as_deref()),
                ("source.commit", "sha", commit),
            ]
        }
    };
    all.sort_unstable();
    all.into_iter()
        .filter_map(|(fact, name, stated)| {
            let claimed = claim(name)?;
            let claimed = match name {
                "ci_config_ref_uri" => path_of(claimed),
                _ => claimed,
            };
            Some(entry(fact, name, stated?, claimed))
        })
        .collect()
}

fn entry(fact: &str, claim: &str, stated: &str, claimed: &str) -> Agreement {
    let agrees = stated == claimed;
    let said = |text: &str| (!agrees).then(|| cut(text, SAID_MAX));
    Agreement {
        fact: fact.to_owned(),
        claim: claim.to_owned(),
        agrees,
        stated: said(stated),
        claimed: said(claimed),
    }
}

/// The file of `<host>/<project>//<path>@<ref>`; all of it, where it isn't that.
fn path_of(uri: &str) -> &str {
    let inner = uri.split_once("//").map(|(_, rest)| rest);
    inner.and_then(|rest| rest.split_once("@refs/")).map_or(uri, |(path, _)| path)
}

/// Whether a recorded claim is the token's own, but for what a redactor took out of it.
#[must_use]
pub fn is_what_is_left(recorded: &str, claimed: &str) -> bool {
    let Some((before, rest)) = recorded.split_once(WITHHELD) else { return recorded == claimed };
    let Some((_, after)) = rest.split_once(']') else { return recorded == claimed };
    let Some(rest) = claimed.strip_prefix(before) else { return false };
    // What stands behind the first mark must be what the claim ends in; a second mark is one more gap.
    match after.contains(WITHHELD) {
        true => rest
            .char_indices()
            .any(|(at, _)| rest.get(at..).is_some_and(|rest| is_what_is_left(after, rest))),
        false => rest.ends_with(after),
    }
}
