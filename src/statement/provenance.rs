//! SLSA provenance of a capture, so that every tool of the ecosystem can read it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::capture::Capture;
use crate::format::evidence::{BUILD_URN, Build, Pipeline, Source};
use crate::format::repository::same_repository;
use crate::format::slsa::{
    BUILD_TYPE_COMMAND, BUILD_TYPE_GITHUB, BUILDER_PREFIX, BYPRODUCT_EVIDENCE, BuildDefinition,
    Builder, Descriptor, Metadata, Provenance, RunDetails,
};

/// The events that GitHub's build type is defined for.
const GITHUB_EVENTS: [&str; 4] = ["create", "release", "push", "workflow_dispatch"];

/// What the line is made from.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) build: &'a Build,
    pub(super) pipeline: &'a Pipeline,
    /// The workflow's path, where the platform is GitHub.
    pub(super) definition: Option<&'a str>,
    pub(super) source: Option<&'a Source>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(capture: &'a Capture) -> Self {
        Self {
            build: &capture.build,
            pipeline: &capture.platform.pipeline,
            definition: capture.platform.lane.definition.as_deref(),
            source: capture.source.get(),
        }
    }
}

pub(super) fn provenance(capture: Parts<'_>) -> Provenance {
    let build = capture.build;
    let build_urn = format!("{BUILD_URN}{}", build.id);
    let builder = match capture.pipeline.platform.as_str() {
        "github" => "github-step:v1",
        "gitlab" => "gitlab-job:v1",
        "local" => "local:v1",
        _ => "ci-job:v1",
    };
    let version = BTreeMap::from([(build.tool.name.clone(), build.tool.version.clone())]);
    Provenance {
        build_definition: github(capture).unwrap_or_else(|| command(capture)),
        run_details: RunDetails {
            builder: Builder { id: format!("{BUILDER_PREFIX}{builder}"), version },
            metadata: Metadata {
                invocation_id: capture
                    .pipeline
                    .run_url
                    .clone()
                    .unwrap_or_else(|| build_urn.clone()),
                started_on: build.started,
                finished_on: build.finished,
            },
            byproducts: vec![Descriptor {
                name: Some(BYPRODUCT_EVIDENCE.to_owned()),
                uri: Some(build_urn),
                digest: BTreeMap::new(),
            }],
        },
    }
}

fn dependency(repository: &str, ref_name: Option<&str>, commit: &str) -> Descriptor {
    let at = ref_name.map(|name| format!("@{name}")).unwrap_or_default();
    Descriptor {
        name: None,
        uri: Some(format!("git+{repository}{at}")),
        digest: BTreeMap::from([("gitCommit".to_owned(), commit.to_owned())]),
    }
}

/// GitHub's build type, with exactly the fields that it requires; `None` where one is missing, or where
/// what is checked out isn't what the platform says the run is for.
fn github(capture: Parts<'_>) -> Option<BuildDefinition> {
    let pipeline = capture.pipeline;
    if pipeline.platform != "github" {
        return None;
    }
    let event = pipeline.event.as_deref().filter(|event| GITHUB_EVENTS.contains(event))?;
    let repository = pipeline.repository.as_deref()?;
    let ref_name = pipeline.ref_name.as_deref()?;
    let commit = pipeline.commit.as_deref()?;
    let path = capture.definition?;
    let source = capture.source?;
    let same = source.commit.as_deref() == Some(commit)
        && source.ref_name.as_deref() == Some(ref_name)
        && same_repository(source.repository.as_deref()?, repository);
    if !same {
        return None;
    }
    let workflow = json!({"ref": ref_name, "repository": repository, "path": path});
    let github = json!({
        "event_name": event,
        "repository_id": pipeline.repository_id.as_deref()?,
        "repository_owner_id": pipeline.repository_owner_id.as_deref()?,
        "runner_environment": pipeline.runner_environment.as_deref()?,
    });
    Some(BuildDefinition {
        build_type: BUILD_TYPE_GITHUB.to_owned(),
        external_parameters: Map::from_iter([("workflow".to_owned(), workflow)]),
        internal_parameters: Map::from_iter([("github".to_owned(), github)]),
        resolved_dependencies: vec![dependency(repository, Some(ref_name), commit)],
    })
}

/// Our own build type: a command in a folder of a repository.
fn command(capture: Parts<'_>) -> BuildDefinition {
    let mut external = Map::new();
    if let Some(command) = &capture.build.command {
        external.insert("argv".to_owned(), json!(command.argv));
        external.insert("shell".to_owned(), Value::Bool(command.shell));
        let folder = Value::String(command.working_directory.clone());
        external.insert("workingDirectory".to_owned(), folder);
    }
    let mut resolved_dependencies = Vec::new();
    if let Some(source) = capture.source
        && let Some(commit) = &source.commit
    {
        // Without a remote there is no place to name, and the commit still is one.
        resolved_dependencies.push(match &source.repository {
            Some(repository) => {
                external.insert("source".to_owned(), Value::String(repository.clone()));
                dependency(repository, source.ref_name.as_deref(), commit)
            }
            None => Descriptor {
                name: Some("source".to_owned()),
                uri: None,
                digest: BTreeMap::from([("gitCommit".to_owned(), commit.clone())]),
            },
        });
    }
    let platform = Value::String(capture.pipeline.platform.clone());
    BuildDefinition {
        build_type: BUILD_TYPE_COMMAND.to_owned(),
        external_parameters: external,
        internal_parameters: Map::from_iter([("platform".to_owned(), platform)]),
        resolved_dependencies,
    }
}
