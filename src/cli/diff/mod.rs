//! `proofmark diff`: how the environments of two builds differ, and what explains it.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::check_args::TrustArgs;
use super::failure::{Failure, answered};
use super::json_out;

mod found;
mod markdown;
mod result;
mod side;
mod text;

#[cfg(test)]
mod tests;

use found::{Found, Relation};
pub(super) use result::DiffV1;
use side::Side;

/// Show how the environments of two builds differ, and what explains it
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The evidence of the earlier build; FILE@DIGEST, with the first digits of its payload's SHA-256, chooses one of several
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The evidence of the later build
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// Sealed parts of either build, beside those that lie beside the evidence; may be repeated
    #[arg(long, value_name = "FILE")]
    sections: Vec<PathBuf>,
    /// Exit with 1 where there is this; may be repeated, or be a list with commas
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A change that nothing explains; an approval that is pending explains nothing
    Unexplained,
    /// A part that could not be compared
    NotCompared,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines: see `proofmark schema diff`
    Json,
    /// For a page
    Markdown,
}

pub(super) fn run(args: &Diff, out: &mut dyn Write) -> Result<u8, Failure> {
    let trust = args.trust.required()?;
    let chosen = [side::choose(&args.old, &trust)?, side::choose(&args.new, &trust)?];
    let [old, new] = side::open(chosen, &args.sections)?;
    let relation = Relation::of(&old, &new);
    if relation == Relation::Swapped {
        return Err(swapped(&old, &new));
    }
    let found = Found::new(relation, &old.evidence, &new.evidence);
    let result = DiffV1::new(&old, &new, relation, found, &args.fail_on);
    let written = match args.format {
        Format::Json => json_out::write(&result, out),
        Format::Text => text::write(&result, out),
        Format::Markdown => markdown::write(&result, out),
    };
    answered(written, result.exit_code())
}

fn swapped(old: &Side, new: &Side) -> Failure {
    Failure::usage(format_args!(
        "expected OLD before NEW: {} was finished at {}, and {} at {}",
        old.file, old.evidence.build.finished, new.file, new.evidence.build.finished
    ))
    .hint("give them the other way round")
}
