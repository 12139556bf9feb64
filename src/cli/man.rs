//! `proofmark man`: the manual page of the command, or of one of its subcommands.

use std::io::Write;

use clap::{Args, Command};

use super::failure::Failure;

/// Print the manual page, in roff
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The page of this subcommand
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(super) fn run(args: &Man, mut command: Command, out: &mut dyn Write) -> Result<(), Failure> {
    command.build();
    let page = match &args.command {
        None => command,
        Some(name) => {
            let found = command.get_subcommands().find(|known| known.get_name() == name);
            let found = found.cloned().ok_or_else(|| {
                let message =
                    format_args!("no such command: {}", crate::base::text::printable(name));
                Failure::usage(message).hint("`proofmark help` lists them")
            })?;
            found.display_name(format!("proofmark-{name}"))
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(Failure::trouble)?;
    match out.write_all(&text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::trouble(format_args!("cannot write the page: {error}")))
        }
        _ => Ok(()),
    }
}
