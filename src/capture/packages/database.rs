//! Where dpkg and apk keep their databases.

use std::path::{Path, PathBuf};

use super::parse::{self, APK, DPKG, DPKG_FOLDER};
use super::{COUNT_MAX, Listed, Refused, SIZE_MAX};
use crate::base::file;

/// dpkg's one file, and the folder that images without dpkg have.
pub(super) fn dpkg(folder: &Path) -> Option<Result<Listed, Refused>> {
    let status = read(&folder.join("var/lib/dpkg/status"), SIZE_MAX);
    let parts = list(&folder.join("var/lib/dpkg/status.d"));
    if status.is_none() && parts.is_none() {
        return None;
    }
    Some(both(status, parts))
}

fn both(
    status: Option<Result<Vec<u8>, Refused>>,
    parts: Option<Result<Vec<PathBuf>, Refused>>,
) -> Result<Listed, Refused> {
    let mut listed = Listed::default();
    if let Some(bytes) = status.transpose()? {
        parse::stanzas(&bytes, &DPKG, &mut listed)?;
    }
    let mut left = SIZE_MAX;
    for path in parts.transpose()?.unwrap_or_default() {
        // One that has vanished since the folder was listed is a package that isn't there.
        let Some(bytes) = read(&path, left).transpose()? else { continue };
        left = left.saturating_sub(bytes.len() as u64);
        parse::stanzas(&bytes, &DPKG_FOLDER, &mut listed)?;
    }
    Ok(listed)
}

/// apk's one file; where it is differs since `/lib` may be a link.
pub(super) fn apk(folder: &Path) -> Option<Result<Listed, Refused>> {
    let read = ["lib/apk/db/installed", "usr/lib/apk/db/installed"]
        .iter()
        .find_map(|path| read(&folder.join(path), SIZE_MAX))?;
    Some(read.and_then(|bytes| {
        let mut listed = Listed::default();
        parse::stanzas(&bytes, &APK, &mut listed)?;
        Ok(listed)
    }))
}

/// `None`: there is none. What isn't a file isn't opened: a FIFO would be waited for.
fn read(path: &Path, cap: u64) -> Option<Result<Vec<u8>, Refused>> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Some(Err("its database isn't a regular file".to_owned())),
        Err(error) if is_missing(&error) => return None,
        Err(error) => return Some(Err(format!("its database can't be opened: {error}"))),
    }
    Some(file::read(path, cap).map_err(|error| error.to_string()))
}

/// The files of the folder that describe a package; those beside them hold sums of its files.
fn list(folder: &Path) -> Option<Result<Vec<PathBuf>, Refused>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_missing(&error) => return None,
        Err(error) => return Some(Err(format!("its database can't be listed: {error}"))),
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(_) if paths.len() >= COUNT_MAX => {
                return Some(Err(format!("its database has more than {COUNT_MAX} files")));
            }
            Ok(entry) => paths.push(entry.path()),
            Err(error) => return Some(Err(format!("its database can't be listed: {error}"))),
        }
    }
    paths.retain(|path| path.extension().is_none_or(|ending| ending != "md5sums"));
    paths.sort_unstable();
    Some(Ok(paths))
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
