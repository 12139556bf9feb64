//! Attacks on `verify` and `inspect`: each test is named by what must happen, and where a published
//! flaw of a peer stands behind it, a comment has its number.
//!
//! Everything is made here: keys from fixed seeds, statements, lines. No test needs the network, a
//! clock, a variable, or another test.
#![cfg(unix)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests: they stop at what isn't as it should be, and make files and processes of their own"
)]

mod builds;
mod caps;
mod chains;
mod diffs;
mod embedded;
mod expectations;
mod folders;
mod forge;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/harness.rs"]
mod harness;
mod identity;
mod json;
mod keys;
mod mutations;
mod names;
mod output;
mod packs;
mod policy;
mod reports;
mod sboms;
mod signatures;
mod subjects;
#[path = "../support/mod.rs"]
mod support;
mod surroundings;
mod thresholds;
mod unsigned_fields;
mod vectors;
