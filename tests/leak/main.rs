//! Canaries: credentials of every kind, planted wherever a build may have some, are in nothing that proofmark
//! writes or says; and what only looks like one is left alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]

mod corpus;
mod dice;
mod harmless;
#[cfg(unix)]
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/harness.rs"]
mod harness;
#[cfg(unix)]
mod house;
#[cfg(unix)]
mod identity;
mod net;
#[cfg(unix)]
mod panics;
#[cfg(unix)]
mod planted;
mod redactor;
#[cfg(unix)]
mod said;
#[cfg(unix)]
mod steps;
#[cfg(unix)]
#[path = "../support/mod.rs"]
mod support;
