//! A panic tells its place and nothing of what it tripped over.

use std::process::Command;

use super::planted::{nothing_in, secrets};

/// Not a test by itself: what the one below runs.
#[test]
#[ignore = "panics"]
fn a_panic_with_secrets() {
    proofmark::cli::say_only_where();
    let all: Vec<_> = secrets().collect();
    panic!("{all:?}");
}

#[test]
fn a_panic_says_where_and_nothing_else() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "panics::a_panic_with_secrets", "--nocapture"])
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("a fault in proofmark itself, at tests/leak/panics.rs:13"), "{said}");
    nothing_in("stderr", said.as_bytes());
    nothing_in("stdout", &output.stdout);
}
