//! SLSA provenance as it is written (slsa.dev/spec, "Provenance"; actions/buildtypes, `workflow/v1`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::time::Time;

/// Provenance version 1, the one that is written.
pub const PROVENANCE_V1: &str = "https://slsa.dev/provenance/v1";
/// Provenance version 0.2, which is only read.
pub const PROVENANCE_V0_2: &str = "https://slsa.dev/provenance/v0.2";
/// GitHub's build type for a workflow.
pub const BUILD_TYPE_GITHUB: &str = "https://actions.github.io/buildtypes/workflow/v1";
/// Our build type: a command in a folder.
pub const BUILD_TYPE_COMMAND: &str = "urn:proofmark:buildtype:command:v1";
/// What every `builder.id` of ours begins with: a tenant of the build platform, never the platform.
pub const BUILDER_PREFIX: &str = "urn:proofmark:builder:";
/// The byproduct that names the build evidence.
pub const BYPRODUCT_EVIDENCE: &str = "build-evidence";

/// Provenance v1 to be written.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "SLSA provenance v1 as proofmark writes it")]
pub struct Provenance {
    /// What was built from what.
    pub build_definition: BuildDefinition,
    /// Who built it, when.
    pub run_details: RunDetails,
}

/// What was built from what.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// Says what the parameters mean.
    pub build_type: String,
    /// What the outside chose.
    pub external_parameters: Map<String, Value>,
    /// What the platform chose.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub internal_parameters: Map<String, Value>,
    /// The source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved_dependencies: Vec<Descriptor>,
}

/// A `ResourceDescriptor`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Descriptor {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// Who built it, when.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunDetails {
    /// What made the statement.
    pub builder: Builder,
    /// Which run.
    pub metadata: Metadata,
    /// The build evidence, by the build's id and never by digest: the evidence names this line.
    pub byproducts: Vec<Descriptor>,
}

/// What made the statement.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Builder {
    /// Begins with `urn:proofmark:builder:`.
    pub id: String,
    /// proofmark's version.
    pub version: BTreeMap<String, String>,
}

/// Which run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The platform's page of the run, or the build's id.
    pub invocation_id: String,
    /// When the bracket opened.
    pub started_on: Time,
    /// When the bracket closed.
    pub finished_on: Time,
}
