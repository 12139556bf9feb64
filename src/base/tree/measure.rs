//! How much lies below a folder, without reading any of it.

use std::path::Path;

use walkdir::WalkDir;

use super::hash::Stop;
use super::table::Totals;

/// What lies below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Files and bytes; too few where one of the others says so.
    pub totals: Totals,
    /// The walk came to its end.
    pub complete: bool,
    /// Paths that could not be looked at.
    pub unreadable: u64,
}

/// Counts all below `root`, following no link but one that names the root, until `stop` says so or
/// more than `most` paths and folders were met.
#[must_use]
pub fn measure(root: &Path, most: u64, stop: Stop<'_>) -> Measure {
    let mut found = Measure { totals: Totals::default(), complete: true, unreadable: 0 };
    for (met, entry) in (0..).zip(WalkDir::new(root).min_depth(1)) {
        if met >= most || (met % 64 == 0 && stop()) {
            found.complete = false;
            break;
        }
        let looked = entry.and_then(|entry| {
            let kind = entry.file_type();
            let size = if kind.is_file() { entry.metadata()?.len() } else { 0 };
            Ok((!kind.is_dir(), size))
        });
        match looked {
            Ok((is_counted, size)) => {
                found.totals.files += u64::from(is_counted);
                found.totals.bytes = found.totals.bytes.saturating_add(size);
            }
            // What is gone by now is as if it had never been there.
            Err(error) if is_gone(&error) && error.depth() > 0 => {}
            Err(_) => found.unreadable += 1,
        }
    }
    found
}

fn is_gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
