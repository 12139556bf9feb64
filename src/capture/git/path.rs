//! Paths as git writes them: bytes with `/` between the parts.

use std::path::{Path, PathBuf};

#[cfg(unix)]
pub(super) fn from_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
pub(super) fn from_bytes(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// A relative path as git would write it.
#[cfg(unix)]
pub(super) fn relative(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(super) fn relative(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

/// A relative path, with a slash at its end unless it is empty.
pub(super) fn prefix(path: &Path) -> Vec<u8> {
    let mut path = relative(path);
    if !path.is_empty() {
        path.push(b'/');
    }
    path
}

/// The real path; errors name a kind and no path.
pub(super) fn real(path: &Path) -> Result<PathBuf, std::io::ErrorKind> {
    let real = std::fs::canonicalize(path).map_err(|error| error.kind())?;
    // Windows' own prefix for long paths, which libgit2 doesn't write.
    Ok(match real.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
        Some(short) => short.into(),
        None => real,
    })
}

/// Which file system a folder is on.
#[cfg(unix)]
pub(super) fn device(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
pub(super) fn device(path: &Path) -> Option<std::path::PathBuf> {
    path.ancestors().last().map(Path::to_owned)
}

/// Text; bytes that aren't UTF-8 are written `\xNN`.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(r"\x");
            text.push_str(&hex::encode([*byte]));
        }
    }
    text
}
