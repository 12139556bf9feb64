//! The command line: one file a subcommand, arguments become domain types at the border. The only
//! place where the building and the checking column meet.

mod attach_args;
mod attest;
mod baseline;
mod begin;
mod bracket;
mod build_args;
mod builds;
mod capture_args;
mod check_args;
mod completions;
mod diff;
mod evidence_files;
mod explain;
mod failure;
mod finish;
mod from_args;
mod inspect;
mod json_out;
mod keygen;
mod keys;
mod lock;
mod log;
mod man;
mod notes;
mod pack;
mod panics;
mod passphrase;
mod platform_client;
mod policy_args;
mod report;
mod run;
pub mod schema;
mod sections;
mod sign;
mod sign_args;
mod sign_identity;
mod subject_args;
mod talk;
mod verify;
mod witness_args;
mod witnesses;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::base::process;
pub use panics::say_only_where;

use failure::Failure;
use talk::Talk;

/// Bracket a build, sign what happened, check it
#[derive(Debug, Parser)]
#[command(name = "proofmark", version, max_term_width = 100)]
struct Cli {
    /// Say nothing but notices and errors, show no progress
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keygen(keygen::Keygen),
    Run(run::Run),
    Begin(begin::Begin),
    Finish(finish::Finish),
    Attest(attest::Attest),
    Sign(sign::Sign),
    Lock(lock::LockArgs),
    Verify(verify::Verify),
    Inspect(inspect::Inspect),
    Log(log::Log),
    Diff(diff::Diff),
    Report(report::Report),
    Pack(pack::Pack),
    Explain(explain::Explain),
    Notes(notes::Notes),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the command line `arguments`, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    say_only_where();
    let arguments: Vec<_> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, &arguments),
    };
    let talk = Talk::new(cli.quiet);
    if own_arguments(&arguments).any(may_be_private_key) {
        let failure = Failure::usage("an argument looks like a private key; it isn't shown")
            .hint("give a file's path, a descriptor (--key-fd), or the variable PROOFMARK_KEY");
        talk.failure(&failure);
        let is_run = matches!(cli.command, Command::Run(_));
        return ExitCode::from(if is_run { 125 } else { failure.code() });
    }
    // A file that grows over the system's limit is an error like any other, not our end.
    process::survive_size_limits();
    let out = &mut io::stdout().lock();
    let result = match &cli.command {
        // Its codes are its own: the command's, and 125 for a fault of ours.
        Command::Run(args) => return ExitCode::from(run::run(args, talk)),
        Command::Keygen(args) => keygen::run(args, talk).map(|()| 0),
        Command::Begin(args) => begin::run(args, talk, out).map(|()| 0),
        Command::Finish(args) => finish::run(args, talk).map(|()| 0),
        Command::Attest(args) => attest::run(args, talk).map(|()| 0),
        Command::Sign(args) => sign::run(args, talk).map(|()| 0),
        Command::Lock(args) => lock::run(args, talk, out),
        Command::Verify(args) => verify::run(args, talk, out),
        Command::Inspect(args) => inspect::run(args, out),
        Command::Log(args) => log::run(args, out),
        Command::Diff(args) => diff::run(args, out),
        Command::Report(args) => report::run(args, talk, out),
        Command::Pack(args) => pack::run(args, talk),
        Command::Explain(args) => explain::run(args, out).and_then(printed),
        Command::Notes(args) => notes::run(args, talk).map(|()| 0),
        Command::Schema(args) => printed(schema::run(args, out)),
        Command::Completions(args) => printed(completions::run(args, Cli::command(), out)),
        Command::Man(args) => man::run(args, Cli::command(), out).map(|()| 0),
    };
    let flushed = out.flush();
    match result.and_then(|code| printed(flushed).map(|_| code)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            talk.failure(&failure);
            ExitCode::from(failure.code())
        }
    }
}

/// A reader that went away has seen enough.
fn printed(result: io::Result<()>) -> Result<u8, Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::trouble(format_args!("cannot write to standard output: {error}")))
        }
        _ => Ok(0),
    }
}

/// What stands before `--`: ours, and not the wrapped command's.
fn own_arguments(arguments: &[OsString]) -> impl Iterator<Item = &OsString> {
    arguments.iter().skip(1).take_while(|argument| *argument != "--")
}

/// Messages repeat paths and names, and a log is read by many: a private key in the place of one is
/// refused before anything can repeat it.
fn may_be_private_key(argument: &OsString) -> bool {
    let text = argument.to_string_lossy();
    // The armour, and how the base64 of PKCS#8 of an Ed25519 key begins, of version 1 and 2.
    ["PRIVATE KEY", "MC4CAQAwBQYDK2Vw", "MFECAQEwBQYDK2Vw"].iter().any(|sign| text.contains(sign))
}

/// Help and version are no error; a wrong `run` is 125, so that it isn't taken for the command's code.
fn unparsed(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    // A key that was put in the wrong place must not come to a log that way.
    let plain = error.render().to_string();
    let sayable = talk::sayable(&plain);
    if error.use_stderr() && sayable != plain {
        let _ = write!(io::stderr().lock(), "{sayable}");
    } else {
        let _ = error.print();
    }
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let subcommand =
        arguments.iter().skip(1).find(|argument| !argument.as_encoded_bytes().starts_with(b"-"));
    let is_run = subcommand.is_some_and(|name| name == "run");
    if is_run && error.kind() == clap::error::ErrorKind::UnknownArgument {
        let hint = "  hint: the command stands behind --, as in: proofmark run -a 'dist/*' -- make";
        let _ = writeln!(io::stderr().lock(), "{hint}");
    }
    ExitCode::from(if is_run { 125 } else { 2 })
}
