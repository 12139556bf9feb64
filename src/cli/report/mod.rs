//! `proofmark report`: evidence per provision, for people and for machines.

mod gather;
mod output;
mod produce;
mod since;
mod unverified;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::check_args::{IdentityArgs, TrustArgs};
use super::evidence_files::Source;
use super::failure::{Failure, Fault, answered};
use super::policy_args::PolicyArgs;
use super::talk::{Talk, sayable};
use crate::base::file::{self, Access, Overwrite};
use crate::base::text::printable_path;
use crate::base::time::Time;
use crate::report::{OFFICER_MAX, Officer, ReportV1};

pub(super) use output::{Format, render};
pub(super) use produce::{Request, produce};

/// Show what the evidence says per provision of the code of practice
///
/// Exit 0 where all was verified and reported, 1 where a policy refuses, 2 usage, 3 where anything isn't verified,
/// or nothing is. What is found fails no report: --policy does.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Evidence files, and folders that are searched for them
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    /// Show what the files say although nobody checks it: every page says UNVERIFIED, and the exit code is 3
    #[arg(long, conflicts_with_all = ["keys", "threshold", "policy"], help_heading = "Trust")]
    unverified: bool,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Sealed parts, beside those that lie beside the evidence; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    sections: Vec<PathBuf>,
    /// A row for each, the worst first
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Report")]
    by: Option<By>,
    /// A row for each claim of the final code
    #[arg(long, help_heading = "Report")]
    claims: bool,
    /// The vendor's own words per claim (TOML), which are quoted beside the evidence
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    statement: Option<PathBuf>,
    /// Show what moved since an earlier evidence file, a folder of them, or a report in JSON
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    new_since: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: Format,
    /// Write it to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Repositories
    Repository,
}

pub(super) fn run(args: &Report, talk: Talk, out: &mut dyn Write) -> Result<u8, Failure> {
    let trust =
        if args.unverified { None } else { Some(args.trust.required().map_err(or_unverified)?) };
    let issuers = args.identity.issuers()?;
    let policy = args.policy.read()?.map(|(_, policy)| policy);
    let officer = args.statement.as_deref().map(officer_of).transpose()?;
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Never };
    if let Some(path) = &args.out {
        file::check_free(path, overwrite).map_err(|error| {
            Failure::usage(format_args!("-o: {error}")).hint("--force replaces a file")
        })?;
        let inputs = args.files.iter().chain(&args.sections).chain(&args.statement);
        let told: Vec<_> = args.trust.paths().chain(args.policy.path()).collect();
        if inputs.chain(&args.new_since).chain(&told).any(|input| is_same(input, path)) {
            return Err(Failure::usage("-o: expected another file than those that are read"));
        }
    }
    let paths = |paths: &[PathBuf]| paths.iter().cloned().map(Source::Path).collect::<Vec<_>>();
    let now = Time::now();
    let since = args.new_since.clone().map(Source::Path);
    let report = produce(&Request {
        files: &paths(&args.files),
        sections: &paths(&args.sections),
        not_read: args.out.as_deref(),
        trust: trust.as_ref(),
        issuers: &issuers,
        policy: policy.as_ref(),
        officer: officer.as_ref(),
        since: since.as_ref(),
        by_repository: args.by == Some(By::Repository),
        by_claim: args.claims,
        now,
        made: Some(now),
    })?;
    if report.builds.is_empty() && args.format == Format::Text && !args.unverified {
        return Err(nothing(&report));
    }
    let text = render(&report, args.format, output::style(args.out.is_some()))?;
    match &args.out {
        None => answered(out.write_all(text.as_bytes()), report.exit_code),
        Some(path) => {
            file::write_bytes(path, overwrite, Access::Umask, text.as_bytes())
                .map_err(|error| Failure::trouble(format_args!("-o: {error}")))?;
            talk.say(format_args!("{}: {}", printable_path(path), report.headline));
            Ok(report.exit_code)
        }
    }
}

/// A page about nothing would bury why.
fn nothing(report: &ReportV1) -> Failure {
    let said = report.not_verified.iter().take(5).map(|not| match not.line {
        Some(line) => format!("{}, line {line}: {}", not.file, not.why),
        None => format!("{}: {}", not.file, not.why),
    });
    let said: Vec<_> = said.collect();
    let why = match said.is_empty() {
        true => "no build evidence is in what was given".to_owned(),
        false => said.join("; "),
    };
    Failure::new(Fault::CouldNotTell, sayable(&format!("no verified build to report on: {why}")))
        .hint("give signed evidence (a capture is signed by `proofmark sign`, a pack is checked by `verify --pack`), and the key of whoever signed it")
}

fn or_unverified(failure: Failure) -> Failure {
    match failure.fault {
        Fault::CouldNotTell => {
            let hint = failure.hint.clone().unwrap_or_default();
            failure.hint(format!("{hint}; --unverified shows what nobody checked"))
        }
        _ => failure,
    }
}

/// Whether both are one file, by whatever names.
fn is_same(one: &Path, two: &Path) -> bool {
    match (one.canonicalize(), two.canonicalize()) {
        (Ok(one), Ok(two)) => one == two,
        _ => false,
    }
}

fn officer_of(path: &Path) -> Result<Officer, Failure> {
    let bytes = file::read(path, OFFICER_MAX as u64)
        .map_err(|error| Failure::usage(format_args!("--statement: {error}")))?;
    Officer::parse(&bytes).map_err(|error| {
        Failure::usage(format_args!("--statement {}: {error}", printable_path(path)))
    })
}
