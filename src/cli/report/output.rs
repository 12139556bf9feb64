//! The report in the format that was asked for.

use std::io::{self, IsTerminal as _};

use clap::ValueEnum;

use crate::capture::environment::Variables;
use crate::cli::failure::Failure;
use crate::report::{self, Audience, ReportV1, Style};

/// Columns where nobody says how many there are, and most that are used: longer lines are hard to read.
const WIDTH: usize = 80;
const WIDTH_MAX: usize = 120;
/// Fewest: in less nothing can be set out.
const WIDTH_MIN: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For a terminal
    Text,
    /// Markdown for a job's summary, under 1 MiB
    Markdown,
    /// Markdown for a merge request: what moved and what to do
    Request,
    /// One page, for people
    Html,
    /// For machines: see `proofmark schema report`
    Json,
    /// Findings that have a place in a file, for code scanning
    Sarif,
    /// Rows for a spreadsheet: a claim each, else a question each
    Csv,
}

/// The report's text.
pub(in crate::cli) fn render(
    report: &ReportV1,
    format: Format,
    style: Style,
) -> Result<String, Failure> {
    let fault = |error: &dyn std::fmt::Display| {
        Failure::trouble(format_args!("the report can't be written: {error}"))
    };
    match format {
        Format::Text => Ok(report::text(report, style)),
        Format::Markdown => Ok(report::markdown(report, Audience::Summary)),
        Format::Request => Ok(report::markdown(report, Audience::Request)),
        Format::Html => report::html(report).map_err(|error| fault(&error)),
        Format::Json => report::json(report).map_err(|error| fault(&error)),
        Format::Sarif => report::sarif(report).map_err(|error| fault(&error)),
        Format::Csv => Ok(report::csv(report)),
    }
    .map(|text| if text.ends_with('\n') { text } else { text + "\n" })
}

/// What stdout can do; a file is no terminal.
pub(super) fn style(to_file: bool) -> Style {
    let variables = Variables::read();
    let columns = || variables.text("COLUMNS")?.parse().ok();
    let is_terminal = !to_file && io::stdout().is_terminal();
    let of_terminal = || {
        let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(usize::from(width.0))
    };
    let width = if is_terminal { of_terminal().or_else(columns) } else { None };
    // Set to anything but nothing (no-color.org).
    let unwanted = variables.text("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = variables.text("TERM") == Some("dumb");
    Style {
        width: width.unwrap_or(WIDTH).clamp(WIDTH_MIN, WIDTH_MAX),
        colour: is_terminal && !unwanted && !dumb,
    }
}
