//! The one door to the disk: capped reads, atomic durable writes.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::text::printable_path;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("{} doesn't exist", printable_path(.path))]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// There is one already.
    #[error("output exists: {}", printable_path(.path))]
    Exists {
        /// The path as it was given.
        path: PathBuf,
    },
    /// More bytes than the caller allows.
    #[error("{} is larger than {cap} bytes", printable_path(.path))]
    TooLarge {
        /// The path as it was given.
        path: PathBuf,
        /// The limit, in bytes.
        cap: u64,
    },
    /// A folder, a device or the like where a file was expected.
    #[error("{} isn't a regular file", printable_path(.path))]
    NotRegular {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Anything else that the system says.
    #[error("cannot {action} {}: {source}", printable_path(.path))]
    Io {
        /// What was tried: `open`, `read`, `write`, ...
        action: &'static str,
        /// The path as it was given.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl FileError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::NotFound if action == "open" => Self::NotFound { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { action, path, source },
        }
    }
}

/// Reads all of `path`, which may be a pipe, if it holds at most `cap` bytes.
///
/// # Errors
/// Nothing is returned of a file that is larger: a part of it could parse as something else.
pub fn read(path: &Path, cap: u64) -> Result<Vec<u8>, FileError> {
    read_all(File::open(path).map_err(FileError::io("open", path))?, path, cap)
}

fn read_all(mut file: File, path: &Path, cap: u64) -> Result<Vec<u8>, FileError> {
    let size = check(&file, path, cap)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    read_capped(&mut file, path, cap, &mut bytes)?;
    Ok(bytes)
}

/// [`read`] of a regular file, behind links too. What else may be at a place that others choose is neither
/// read nor waited for: a FIFO has no end, and a device does something when it is opened.
///
/// # Errors
/// As [`read`], and [`FileError::NotRegular`].
pub fn read_regular(path: &Path, cap: u64) -> Result<Vec<u8>, FileError> {
    let not_regular = || FileError::NotRegular { path: path.to_owned() };
    // Asked before, so that no device is opened; and of what was opened, which may be another thing.
    if !fs::metadata(path).map_err(FileError::io("open", path))?.is_file() {
        return Err(not_regular());
    }
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path).map_err(FileError::io("open", path))?;
    if !file.metadata().map_err(FileError::io("read", path))?.is_file() {
        return Err(not_regular());
    }
    read_all(file, path, cap)
}

/// [`read`] for key material: what was read is wiped when it is dropped, and so is the buffer.
///
/// # Errors
/// As [`read`].
pub fn read_secret(path: &Path, cap: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let mut file = File::open(path).map_err(FileError::io("open", path))?;
    check(&file, path, cap)?;
    // Room for all of it from the start: a vector that grows leaves copies behind.
    let room = usize::try_from(cap).unwrap_or(0).saturating_add(64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    read_capped(&mut file, path, cap, &mut bytes)?;
    Ok(bytes)
}

/// The size that the file says it has, 0 of what isn't one.
fn check(file: &File, path: &Path, cap: u64) -> Result<u64, FileError> {
    let metadata = file.metadata().map_err(FileError::io("read", path))?;
    if metadata.is_dir() {
        return Err(FileError::NotRegular { path: path.to_owned() });
    }
    if metadata.is_file() && metadata.len() > cap {
        return Err(FileError::TooLarge { path: path.to_owned(), cap });
    }
    Ok(if metadata.is_file() { metadata.len() } else { 0 })
}

fn read_capped(
    file: &mut File,
    path: &Path,
    cap: u64,
    into: &mut Vec<u8>,
) -> Result<(), FileError> {
    let read =
        file.take(cap.saturating_add(1)).read_to_end(into).map_err(FileError::io("read", path))?;
    if read as u64 > cap {
        return Err(FileError::TooLarge { path: path.to_owned(), cap });
    }
    Ok(())
}

/// What lies at a path itself: a link is a link. `None` where nothing can be seen.
#[must_use]
pub fn kind_at(path: &Path) -> Option<fs::FileType> {
    fs::symlink_metadata(path).ok().map(|metadata| metadata.file_type())
}

/// The path under which a descriptor that this process was given can be opened once more.
#[must_use]
pub fn of_descriptor(descriptor: u32) -> PathBuf {
    PathBuf::from(format!("/dev/fd/{descriptor}"))
}

/// Whether it is a regular file that this user can open by its path.
#[must_use]
pub fn is_readable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) && File::open(path).is_ok()
}

/// Whether a file may take the place of one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// One that is there is an error.
    Never,
    /// A regular file that is there is replaced, in one step.
    Replace,
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever the user's umask lets.
    Umask,
    /// Only the user: mode 0600.
    Private,
}

/// An error if `path` is there and may not be replaced; asked before long work begins.
///
/// # Errors
/// [`FileError::Exists`]; under [`Overwrite::Replace`] too, where what is there is no regular file
/// (renaming over `/dev/null` would remove the device).
pub fn check_free(path: &Path, overwrite: Overwrite) -> Result<(), FileError> {
    // `out/` is meant as a folder, and would be found out only when the file is to be placed.
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(FileError::NotRegular { path: path.to_owned() });
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if overwrite == Overwrite::Replace && metadata.is_file() => Ok(()),
        Ok(_) if overwrite == Overwrite::Replace => {
            Err(FileError::NotRegular { path: path.to_owned() })
        }
        Ok(_) => Err(FileError::Exists { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = folder_of(path);
            match fs::metadata(folder) {
                Ok(metadata) if metadata.is_dir() => Ok(()),
                Ok(_) => Err(FileError::NotRegular { path: folder.to_owned() }),
                Err(source) => Err(FileError::io("open", folder)(source)),
            }
        }
        Err(source) => Err(FileError::Io { action: "look at", path: path.to_owned(), source }),
    }
}

/// Writes `path` whole or not at all, and so that it is still there after a power cut: a temporary
/// file in the same folder, synced, renamed, the folder synced.
///
/// `fill` writes the content. What is at `path` before stays as it is until the rename.
///
/// # Errors
/// A full disk, an existing file, a folder that can't be written; nothing is left behind then.
pub fn write(
    path: &Path,
    overwrite: Overwrite,
    access: Access,
    fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), FileError> {
    draft(path, overwrite, access, fill)?.place()
}

/// A file that is whole on the disk and has no name yet; dropped, it is gone.
#[derive(Debug)]
pub struct Draft {
    temporary: tempfile::NamedTempFile,
    path: PathBuf,
    overwrite: Overwrite,
}

/// The first half of [`write()`], for files that belong together: none is placed before all are whole.
///
/// # Errors
/// As [`write()`].
pub fn draft(
    path: &Path,
    overwrite: Overwrite,
    access: Access,
    fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<Draft, FileError> {
    check_free(path, overwrite)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".proofmark-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if access == Access::Private { 0o600 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = access;
    let mut temporary =
        builder.tempfile_in(folder_of(path)).map_err(FileError::io("write", path))?;
    {
        let mut buffered = io::BufWriter::with_capacity(1 << 16, temporary.as_file_mut());
        fill(&mut buffered)
            .and_then(|()| buffered.flush())
            .map_err(FileError::io("write", path))?;
    }
    temporary.as_file().sync_all().map_err(FileError::io("write", path))?;
    Ok(Draft { temporary, path: path.to_owned(), overwrite })
}

impl Draft {
    /// Gives it its name.
    ///
    /// # Errors
    /// A file that has come to be there in the meantime; what the system says.
    pub fn place(self) -> Result<(), FileError> {
        let Self { temporary, path, overwrite } = self;
        let renamed = match overwrite {
            Overwrite::Never => temporary.persist_noclobber(&path),
            Overwrite::Replace => temporary.persist(&path),
        };
        renamed.map_err(|error| FileError::io("write", &path)(error.error))?;
        sync_folder(folder_of(&path));
        Ok(())
    }
}

/// [`write()`] of bytes that are at hand.
///
/// # Errors
/// As [`write()`].
pub fn write_bytes(
    path: &Path,
    overwrite: Overwrite,
    access: Access,
    bytes: &[u8],
) -> Result<(), FileError> {
    write(path, overwrite, access, |out| out.write_all(bytes))
}

/// Adds to the end of a regular file that is there, in one write, and follows no link.
///
/// # Errors
/// A file that isn't there, or is none; what the system says.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let metadata = fs::symlink_metadata(path).map_err(FileError::io("open", path))?;
    if !metadata.is_file() {
        return Err(FileError::NotRegular { path: path.to_owned() });
    }
    let mut options = fs::OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    let mut file = options.open(path).map_err(FileError::io("open", path))?;
    file.write_all(bytes).map_err(FileError::io("write", path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The rename itself is durable only once its folder is; some file systems can't sync a folder, and
/// the file is whole either way, so a failure here is none of the caller's.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Removes a regular file or a link; one that isn't there is no error.
///
/// # Errors
/// What the system says.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(FileError::io("remove", path)),
    }
}

/// Makes a folder that only the user can enter, with those above it.
///
/// # Errors
/// What the system says.
pub fn make_private_folder(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(FileError::io("create", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_cap_gives_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write_bytes(&path, Overwrite::Never, Access::Umask, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(FileError::TooLarge { cap: 4, .. })));
        assert!(matches!(read(folder.path(), 4), Err(FileError::NotRegular { .. })));
        assert!(matches!(read(&folder.path().join("g"), 4), Err(FileError::NotFound { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_endless_device_is_cut_at_the_cap() {
        assert!(matches!(
            read(Path::new("/dev/zero"), 1000),
            Err(FileError::TooLarge { cap: 1000, .. })
        ));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_a_regular_file_is_read_where_one_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link, fifo) =
            (folder.path().join("f"), folder.path().join("l"), folder.path().join("p"));
        write_bytes(&path, Overwrite::Never, Access::Umask, b"12345").unwrap();
        std::os::unix::fs::symlink("f", &link).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(read_regular(&link, 5).unwrap(), b"12345");
        assert!(matches!(read_regular(&path, 4), Err(FileError::TooLarge { cap: 4, .. })));
        for other in [&fifo, folder.path(), Path::new("/dev/null")] {
            assert!(matches!(read_regular(other, 9), Err(FileError::NotRegular { .. })));
        }
        assert!(matches!(read_regular(Path::new("/x/y"), 9), Err(FileError::NotFound { .. })));
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write_bytes(&path, Overwrite::Never, Access::Umask, b"old").unwrap();
        let full = |out: &mut dyn io::Write| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        assert!(write(&path, Overwrite::Replace, Access::Umask, full).is_err());
        assert_eq!(read(&path, 99).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_file_is_replaced_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write_bytes(&path, Overwrite::Never, Access::Private, b"old").unwrap();
        let again = write_bytes(&path, Overwrite::Never, Access::Umask, b"new");
        assert!(matches!(again, Err(FileError::Exists { .. })));
        write_bytes(&path, Overwrite::Replace, Access::Umask, b"new").unwrap();
        assert_eq!(read(&path, 99).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_readable_by_its_owner_alone_and_a_device_is_never_replaced() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        write_bytes(&path, Overwrite::Never, Access::Private, b"k").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let null = check_free(Path::new("/dev/null"), Overwrite::Replace);
        assert!(matches!(null, Err(FileError::NotRegular { .. })));
    }
}
