//! The binary: everything is in the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    proofmark::cli::main(std::env::args_os())
}
