//! The form of a policy's text, for `proofmark schema policy`. The reader is stricter than a schema can say.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// A policy, as TOML.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "proofmark policy v1", deny_unknown_fields)]
pub struct PolicyFile {
    /// What it is called.
    #[schemars(length(min = 1))]
    name: String,
    /// Questions that must pass, each with the least assurance of the facts behind it. A question that has no
    /// meaning for a build doesn't pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    require: Option<BTreeMap<String, Level>>,
    /// What the build must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<ExpectFile>,
    /// Limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsFile>,
    /// Where it stands, every gap that it doesn't allow is a failed rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    gaps: Option<GapsFile>,
    /// What is let pass for a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    waive: Option<Vec<WaiverFile>>,
}

/// How far a fact can be trusted, weakest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "for the schema alone")]
enum Level {
    SelfAsserted,
    OutOfBand,
    JobChecked,
    Recomputable,
    PlatformVouched,
    TimeVouched,
}

/// One, or several of which one must be met.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema alone")]
enum OneOf {
    One(#[schemars(length(min = 1))] String),
    Several(#[schemars(length(min = 1, max = 100))] Vec<String>),
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
struct ExpectFile {
    /// The platform's id of the repository; a name can be given away and registered again.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_id: Option<OneOf>,
    /// The definition's path, or all that the platform says of it: `owner/name/path@ref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<OneOf>,
    /// Patterns of the full ref: `*` stays within one name, `**` crosses a `/`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    ref_name: Option<OneOf>,
    /// What started the run, in the platform's word: `push`, `release`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<OneOf>,
    /// `hosted` or `self-hosted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    runner: Option<OneOf>,
    /// Every builder that the platform's own provenance names must be one of these, and it must name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    builder: Option<OneOf>,
    /// The issuer of the build's token, whose signature a job checked at the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<OneOf>,
    /// The least assurance of all of these; `job-checked` unless it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<Level>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
struct LimitsFile {
    /// The largest age of the build, such as `30d` or `12h`. By the clock of whoever signed: it can refuse, and
    /// confirms nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]+[smhdw]$"))]
    max_age: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct GapsFile {
    /// Parts that may have gaps, and what lies below them; an empty list allows none.
    allow: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WaiverFile {
    /// A rule that this policy has: a question's id, `expect.KEY`, `max-age`, `gap.PART`.
    rule: String,
    /// Why.
    reason: String,
    /// Who answers for it.
    owner: String,
    /// The last day on which it holds, in UTC: a date without quotes.
    #[schemars(extend("format" = "date"))]
    until: String,
}
