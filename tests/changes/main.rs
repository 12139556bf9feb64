//! A real history: a repository with builds of two lanes, in which the environment changes in every way that
//! matters, and what the evidence, the lock, the log and the diff make of it.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests"
)]

mod attacks;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/harness.rs"]
mod harness;
mod history;
mod story;
