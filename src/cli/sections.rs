//! `--sections`: sealed parts that were handed on with an evidence file.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::base::file::{self, Overwrite};
use crate::base::text::printable_path;
use crate::format::bundle::FILE_MAX;
use crate::format::section::{self, Opened, SealedPart};
use crate::write::Destination;

/// Opens those of a file's sections that are wanted; each of them all must be sealed by one of `parts`.
pub(super) fn open(
    path: &Path,
    parts: &[SealedPart],
    wanted: impl Fn(&str) -> bool,
) -> Result<Opened, Failure> {
    let bytes = file::read(path, FILE_MAX)
        .map_err(|error| Failure::usage(format_args!("--sections: {error}")))?;
    section::open_some(&bytes, parts, wanted).map_err(|error| {
        Failure::trouble(format_args!("--sections {}: {error}", printable_path(path))).hint(
            "the sections are of another build, or were altered: ask for the file that was written beside this evidence",
        )
    })
}

/// The sections beside an evidence file, where there are any and they are of these parts: nobody asked for them.
pub(super) fn beside(
    evidence: &Path,
    parts: &[SealedPart],
    wanted: impl Fn(&str) -> bool,
) -> Result<Opened, String> {
    let path: PathBuf = Destination::new(evidence, Overwrite::Never).sections().to_owned();
    if !path.exists() {
        return Ok(Opened::default());
    }
    let name = printable_path(&path);
    let bytes = file::read_regular(&path, FILE_MAX)
        .map_err(|error| format!("the sections beside it are not used: {error}"))?;
    section::open_some(&bytes, parts, wanted)
        .map_err(|error| format!("{name} is not used: {error}"))
}
