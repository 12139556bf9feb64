//! What holds of the repository itself: its floors, its generated files, its README.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod floors;
mod questions;
mod readme;
mod schemas;

use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below `src`, with its path relative to that folder.
fn sources() -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let files = walkdir::WalkDir::new(&src).sort_by_file_name().into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "rs"))
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.path().strip_prefix(&src).unwrap().to_owned(), text)
        })
        .collect()
}
