//! `proofmark explain`: a question of the catalogue, what its evidence proves and what not, and the remedy.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use terminal_size::{Width, terminal_size_of};

use super::check_args::filled;
use super::failure::Failure;
use crate::assess::policy::{CUSTOMER, VENDOR};
use crate::base::text::printable;
use crate::report::explain::{ExplainV1, Topic, markdown, text};

/// Columns where there is no terminal.
const WIDTH: u16 = 80;
/// Longer lines are hard to read.
const WIDTH_MAX: u16 = 100;

/// Explain a question, a claim or a provision; without ID list them all
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A question's id such as runner-is-hosted, a claim such as 2.1-01 or 2.1.1, a provision such as 2.1, or all
    #[arg(value_name = "ID", value_parser = filled)]
    id: Option<String>,
    /// Print a policy that is built in, to be copied and changed
    #[arg(long, value_enum, value_name = "NAME", conflicts_with_all = ["id", "format"])]
    policy: Option<BuiltIn>,
    /// How to print it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// The policies that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BuiltIn {
    /// What a vendor asks of its own builds
    Vendor,
    /// What a customer asks of a vendor's
    Customer,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people, as wide as the terminal
    #[default]
    Text,
    /// A page; without ID the whole catalogue
    Markdown,
    /// JSON for programs, version 1
    Json,
}

pub(super) fn run(args: &Explain, out: &mut dyn Write) -> Result<io::Result<()>, Failure> {
    match args.policy {
        Some(BuiltIn::Vendor) => return Ok(out.write_all(VENDOR.as_bytes())),
        Some(BuiltIn::Customer) => return Ok(out.write_all(CUSTOMER.as_bytes())),
        None => {}
    }
    let topic = match args.id.as_deref() {
        None => Topic::List,
        Some(id) => Topic::named(id).ok_or_else(|| unknown(id))?,
    };
    let said = match args.format {
        Format::Text => text(topic, width()),
        Format::Markdown => markdown(topic),
        Format::Json => {
            let json = serde_json::to_string_pretty(&ExplainV1::from(topic));
            format!("{}\n", json.map_err(Failure::trouble)?)
        }
    };
    Ok(out.write_all(said.as_bytes()))
}

fn unknown(id: &str) -> Failure {
    let id = id.trim();
    let all = "`proofmark explain` lists them all";
    let failure =
        Failure::usage(format_args!("no question, claim or provision is called {}", printable(id)));
    match Topic::nearest(id) {
        Some(name) => failure.hint(format!("did you mean {name}? {all}")),
        None => failure.hint(all),
    }
}

fn width() -> usize {
    let own = terminal_size_of(io::stdout()).map(|(Width(columns), _)| columns);
    usize::from(own.filter(|columns| *columns > 0).map_or(WIDTH, |columns| columns.min(WIDTH_MAX)))
}
