//! `proofmark log`: the builds of each lane, and whether their chain is whole.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::baseline;
use super::builds::Named;
use super::check_args::{TrustArgs, filled};
use super::evidence_files::{self, File, Source};
use super::failure::{Failure, answered};
use super::json_out;
use crate::assess::chain::{self, Known, Rows, Taken};
use crate::base::digest::{DigestError, Sha256};
use crate::capture::environment::Variables;
use crate::format::evidence::{Lane, Pipeline};
use crate::verify::Trust;

mod markdown;
mod result;
mod text;

use result::Seen;
pub(super) use result::{LogV1, name as lane_name};

/// Most builds that are judged.
pub(super) const BUILDS_MAX: usize = 20_000;
/// List the builds of each lane, and say where their chain is broken
#[derive(Debug, Args)]
pub(super) struct Log {
    /// Evidence files, and folders that are searched for them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Fail where anything is found but builds that ran side by side (concurrent)
    #[arg(long)]
    strict: bool,
    /// SHA-256 of a build evidence that you know to have been the newest once; may be repeated
    #[arg(long = "head", value_name = "SHA256", value_parser = digest)]
    heads: Vec<Sha256>,
    /// Show only lanes that have this text in their names
    #[arg(long, value_name = "TEXT", value_parser = filled)]
    lane: Option<String>,
    /// Ask the platform about runs that left no evidence, with the token in GITHUB_TOKEN or GH_TOKEN
    #[arg(long)]
    ask: bool,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines: see `proofmark schema log`
    Json,
    /// For a page
    Markdown,
}

fn digest(text: &str) -> Result<Sha256, DigestError> {
    text.strip_prefix("sha256:").unwrap_or(text).parse()
}

pub(super) fn run(args: &Log, out: &mut dyn Write) -> Result<u8, Failure> {
    let trust = args.trust.required()?;
    let mut seen = Seen::default();
    let sources: Vec<_> = args.files.iter().cloned().map(Source::Path).collect();
    let files = evidence_files::find(&sources, &mut seen.not_verified)?;
    let rows = rows(&files, &trust, &mut seen)?;
    // Which evidence is offered as the newest only an order can say that the user chose.
    let last_file = files.last().filter(|file| file.named == Named::Yes && files.len() > 1);
    let variables = Variables::read();
    let ask = |lane: &Lane, pipeline: &Pipeline, numbers: &[u64]| {
        if numbers.is_empty() {
            return BTreeMap::new();
        }
        baseline::runs(&variables, lane, pipeline, numbers)
    };
    let known = Known {
        heads: &args.heads,
        last_file: last_file.map(|_| files.len() - 1),
        threshold: trust.threshold(),
        ask: args.ask.then_some(&ask),
    };
    let log = chain::judge(rows, &known);
    let result = LogV1::new(log, seen, args)?;
    let written = match args.format {
        Format::Json => json_out::write(&result, out),
        Format::Text => text::write(&result, out),
        Format::Markdown => markdown::write(&result, out),
    };
    answered(written, result.exit_code())
}

fn rows(files: &[File], trust: &Trust, seen: &mut Seen) -> Result<Rows, Failure> {
    let mut rows = Rows::default();
    for (number, file) in files.iter().enumerate() {
        seen.files.push(file.label());
        match file.load(trust) {
            Err(not) => seen.not_verified.push(not),
            Ok(loaded) => {
                seen.not_verified.extend(loaded.not_verified);
                seen.others += loaded.others;
                for statement in &loaded.authenticated.verified {
                    match rows.add(statement, number) {
                        Taken::OtherType => seen.others += 1,
                        Taken::NoBuild => seen.attested += 1,
                        Taken::Row | Taken::Finding => {}
                    }
                }
            }
        }
        if rows.count() > BUILDS_MAX {
            return Err(Failure::usage(format_args!(
                "expected at most {BUILDS_MAX} builds, found more"
            ))
            .hint("give one lane's files at a time"));
        }
    }
    Ok(rows)
}
