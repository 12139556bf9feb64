//! `proofmark schema`: the JSON Schemas of what is written, made from the types that write it.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

use super::diff::DiffV1;
use super::inspect::InspectV1;
use super::log::LogV1;
use super::verify::VerifyV1;
use crate::assess::policy::PolicyFile;
use crate::format::bundle::NewBundle;
use crate::format::evidence::BuildEvidence;
use crate::format::pack::{Manifest, TrustSnapshot};
use crate::format::section::Section;
use crate::format::slsa::Provenance;
use crate::format::statement::NewStatement;
use crate::format::vsa::{SimpleResult, VerificationSummary};
use crate::report::explain::ExplainV1;
use crate::report::{OfficerFile, ReportV1};

/// Print the JSON Schema of a format
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Which format
    #[arg(value_enum, value_name = "NAME")]
    name: Name,
}

/// The formats that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// A line of an evidence file: a Sigstore bundle v0.3 around a DSSE envelope
    Bundle,
    /// The payload of a line of build evidence: a Statement with its predicate
    BuildEvidence,
    /// The payload of a line of SLSA provenance: a Statement with its predicate
    Provenance,
    /// A line of a sections file
    Section,
    /// What `verify --format json` prints
    Verify,
    /// What `inspect --format json` prints
    Inspect,
    /// What `log --format json` prints
    Log,
    /// What `diff --format json` prints
    Diff,
    /// What `report --format json` prints
    Report,
    /// What `explain --format json` prints
    Explain,
    /// What `report --statement` takes: the vendor's own words per claim, as TOML
    OfficerStatement,
    /// A policy, for --policy: TOML of this shape
    Policy,
    /// The payload of an attested result: a Statement with a SLSA verification summary
    Vsa,
    /// The payload of an attested result: a Statement with an in-toto simple verification result
    Svr,
    /// `MANIFEST.json` of a pack
    Pack,
    /// `trust.json` of a pack
    PackTrust,
}

impl Name {
    /// The file in `schemas/` that holds it.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Bundle => "bundle.v0.3.json",
            Self::BuildEvidence => "build-evidence.v1.json",
            Self::Provenance => "provenance.v1.json",
            Self::Section => "section.v1.json",
            Self::Verify => "verify.v1.json",
            Self::Inspect => "inspect.v1.json",
            Self::Log => "log.v1.json",
            Self::Diff => "diff.v1.json",
            Self::Report => "report.v1.json",
            Self::Explain => "explain.v1.json",
            Self::OfficerStatement => "officer-statement.v1.json",
            Self::Policy => "policy.v1.json",
            Self::Vsa => "verification-summary.v1.json",
            Self::Svr => "simple-verification-result.v0.2.json",
            Self::Pack => "pack.v1.json",
            Self::PackTrust => "pack-trust.v1.json",
        }
    }

    /// The schema, indented, with a line feed at the end.
    #[must_use]
    pub fn text(self) -> String {
        let schema = match self {
            Self::Bundle => schema::<NewBundle<'_>>(),
            Self::BuildEvidence => schema::<NewStatement<'_, BuildEvidence>>(),
            Self::Provenance => schema::<NewStatement<'_, Provenance>>(),
            Self::Section => schema::<Section>(),
            Self::Verify => schema::<VerifyV1>(),
            Self::Inspect => schema::<InspectV1>(),
            Self::Log => schema::<LogV1>(),
            Self::Diff => schema::<DiffV1>(),
            Self::Report => schema::<ReportV1>(),
            Self::Explain => schema::<ExplainV1>(),
            Self::OfficerStatement => schema::<OfficerFile>(),
            Self::Policy => schema::<PolicyFile>(),
            Self::Vsa => schema::<NewStatement<'_, VerificationSummary>>(),
            Self::Svr => schema::<NewStatement<'_, SimpleResult>>(),
            Self::Pack => schema::<Manifest>(),
            Self::PackTrust => schema::<TrustSnapshot>(),
        };
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The schema of what is written, which is narrower than what is read.
fn schema<T: JsonSchema>() -> schemars::Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    SchemaGenerator::new(settings).into_root_schema_for::<T>()
}

pub(super) fn run(args: &Schema, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(args.name.text().as_bytes())
}
