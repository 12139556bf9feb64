//! Unix: descriptors, `openat2` where there is one.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use super::{Look, Stamp, What};

/// Never waits for the other end of a FIFO, and doesn't reach the programs that are started.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// The folder below which everything is opened.
pub(in super::super) struct Root {
    folder: OwnedFd,
    /// The kernel resolves paths so that no link is followed and the folder isn't left.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    beneath: bool,
}

impl Root {
    pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            // Before Linux 5.6 there is no such call; some sandboxes refuse what they don't know.
            let beneath = beneath(&folder, b".", flags).is_ok();
            Ok(Self { folder, beneath })
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        Ok(Self { folder })
    }

    fn openat(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let flags = flags.union(OFlags::NOFOLLOW);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.beneath {
            return beneath(&self.folder, path, flags);
        }
        Ok(rustix::fs::openat(&self.folder, path, flags, Mode::empty())?)
    }

    /// Opens for reading. What was opened must be looked at: it may be no regular file any more.
    pub(in super::super) fn open_file(&self, path: &[u8]) -> io::Result<File> {
        self.openat(path, READ).map(File::from)
    }

    /// Looks without opening. A folder on the way that was exchanged for a link is followed; what
    /// is found there has another identity, so that it is opened next, and the opening fails.
    pub(in super::super) fn look(&self, path: &[u8]) -> io::Result<Look> {
        Ok(look(&rustix::fs::statat(&self.folder, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// The bytes of a link's target.
    pub(in super::super) fn read_link(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.beneath {
            let link = self.openat(path, OFlags::PATH.union(OFlags::CLOEXEC))?;
            return Ok(rustix::fs::readlinkat(link, c"", Vec::new())?.into_bytes());
        }
        Ok(rustix::fs::readlinkat(&self.folder, path, Vec::new())?.into_bytes())
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn beneath(folder: &OwnedFd, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS);
    Ok(rustix::fs::openat2(folder, path, flags, Mode::empty(), resolve)?)
}

/// Opens a path that the user named; `follow` says whether a link at its end is followed.
pub(in super::super) fn open_named(path: &Path, follow: bool) -> io::Result<File> {
    let flags = if follow { READ } else { READ.union(OFlags::NOFOLLOW) };
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Looks at what a path that the user named leads to.
pub(in super::super) fn look_named(path: &Path) -> io::Result<Look> {
    Ok(look(&rustix::fs::stat(path)?))
}

/// Looks at an open file.
pub(in super::super) fn look_at(file: &File) -> io::Result<Look> {
    Ok(look(&rustix::fs::fstat(file)?))
}

#[allow(
    clippy::unnecessary_cast,
    reason = "the fields' widths and signs differ between systems; none is narrowed"
)]
fn look(stat: &Stat) -> Look {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => What::File,
        FileType::Directory => What::Folder,
        FileType::Symlink => What::Link,
        _ => What::Other,
    };
    let nanoseconds =
        |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Look {
        what,
        executable: what == What::File && stat.st_mode & 0o100 != 0,
        stamp: Stamp {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            size: stat.st_size as u64,
            mtime: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            ctime: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        },
    }
}

/// The walk joins names to the root as it was given, so what follows the root is the rest.
pub(super) fn relative(root: &Path, path: &Path, into: &mut Vec<u8>) {
    let mut rest = path.as_os_str().as_bytes().get(root.as_os_str().len()..).unwrap_or_default();
    while let Some(shorter) = rest.strip_prefix(b"/") {
        rest = shorter;
    }
    into.extend_from_slice(rest);
}

pub(super) fn push(part: &std::ffi::OsStr, into: &mut Vec<u8>) {
    into.extend_from_slice(part.as_bytes());
}
