//! The command line as its users meet it: one file a subcommand or promise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]

#[cfg(unix)]
mod agent;
#[cfg(unix)]
mod attach;
#[cfg(unix)]
mod attest;
#[cfg(unix)]
mod capture;
#[cfg(unix)]
mod credentials;
#[cfg(unix)]
mod custody;
#[cfg(unix)]
mod determinism;
#[cfg(unix)]
mod durable;
#[cfg(unix)]
mod elsewhere;
#[cfg(unix)]
mod explain;
#[cfg(unix)]
mod github;
#[cfg(unix)]
mod harness;
#[cfg(unix)]
mod identity;
#[cfg(unix)]
mod inspect;
#[cfg(unix)]
mod jobs;
#[cfg(unix)]
mod keygen;
#[cfg(unix)]
mod keys;
#[cfg(unix)]
mod lanes;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod mistakes;
#[cfg(unix)]
mod notes;
#[cfg(unix)]
mod pack;
#[cfg(unix)]
mod policy;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod results;
#[cfg(unix)]
mod run_artefacts;
#[cfg(unix)]
mod run_codes;
#[cfg(unix)]
mod run_refused;
#[cfg(unix)]
mod run_streams;
#[cfg(unix)]
mod sbom;
#[cfg(unix)]
mod schema;
#[cfg(unix)]
mod separate;
#[cfg(unix)]
mod sign_policy;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod signs;
#[cfg(unix)]
mod steps;
#[cfg(unix)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod verify;
