//! By descriptors: what was looked at is what is used.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::PrivateError;
use crate::base::random;

#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

fn failed(action: &'static str, path: &Path) -> impl Fn(Errno) -> PrivateError {
    move |errno| {
        let path = path.to_owned();
        match errno {
            Errno::NOENT => PrivateError::NotFound(path),
            Errno::EXIST => PrivateError::Exists(path),
            other => PrivateError::Io { action, path, source: other.into() },
        }
    }
}

fn refused(path: &Path, expected: &'static str, found: impl Into<String>) -> PrivateError {
    PrivateError::NotPrivate { path: path.to_owned(), expected, found: found.into() }
}

/// Owner and mode; whoever else could have written it is seen in either.
fn check(stat: &Stat, path: &Path, expected: &'static str) -> Result<(), PrivateError> {
    let own = rustix::process::geteuid().as_raw();
    if stat.st_uid != own {
        return Err(refused(path, expected, format!("one of user {}", stat.st_uid)));
    }
    match stat.st_mode & 0o777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(refused(path, expected, format!("mode {mode:o}"))),
    }
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, PrivateError> {
        const EXPECTED: &str = "a folder of this user's with mode 700, and no link";
        match rustix::fs::mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed("make", path)(errno)),
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder =
            rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|errno| match errno {
                Errno::LOOP | Errno::NOTDIR => refused(path, EXPECTED, "a link or a file"),
                other => failed("open", path)(other),
            })?;
        let stat = rustix::fs::fstat(&folder).map_err(failed("look at", path))?;
        check(&stat, path, EXPECTED)?;
        Ok(Self(folder))
    }

    pub(super) fn create(&self, path: &Path, name: &str, bytes: &[u8]) -> Result<(), PrivateError> {
        // Looked at first only so that nothing is written in vain.
        if rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Err(PrivateError::Exists(path.to_owned()));
        }
        let source = |error: random::RandomError| io::Error::other(error.to_string());
        let random = random::id128().map_err(|error| PrivateError::Io {
            action: "name",
            path: path.to_owned(),
            source: source(error),
        })?;
        let draft = format!("{name}.{random}.new");
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW;
        let file =
            rustix::fs::openat(&self.0, &draft, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)
                .map_err(failed("write", path))?;
        let mut file = File::from(file);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        // A link of the name, not a rename: it fails where there is something, even a link to nothing.
        let placed = written
            .map_err(|source| PrivateError::Io { action: "write", path: path.to_owned(), source })
            .and_then(|()| {
                rustix::fs::linkat(&self.0, &draft, &self.0, name, AtFlags::empty())
                    .map_err(failed("name", path))
            });
        let _ = rustix::fs::unlinkat(&self.0, &draft, AtFlags::empty());
        placed?;
        let _ = rustix::fs::fsync(&self.0);
        Ok(())
    }

    pub(super) fn read(&self, path: &Path, name: &str, cap: u64) -> Result<Vec<u8>, PrivateError> {
        const EXPECTED: &str = "a file of this user's with mode 600, and no link";
        // Without waiting: a FIFO in its place would wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file =
            rustix::fs::openat(&self.0, name, flags, Mode::empty()).map_err(
                |errno| match errno {
                    Errno::LOOP => refused(path, EXPECTED, "a link"),
                    other => failed("open", path)(other),
                },
            )?;
        let stat = rustix::fs::fstat(&file).map_err(failed("look at", path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(refused(path, EXPECTED, "no regular file"));
        }
        check(&stat, path, EXPECTED)?;
        // Killed between the link of the name and the removal of the draft, the file has two names, and
        // the second one is the draft's.
        if stat.st_nlink > 1 && !self.other_name_is_a_draft(name, &stat) {
            return Err(refused(path, EXPECTED, "a file with a second name"));
        }
        let mut bytes = Vec::new();
        let read = File::from(file).take(cap.saturating_add(1)).read_to_end(&mut bytes);
        let read = read.map_err(|source| PrivateError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        if read as u64 > cap {
            return Err(PrivateError::TooLarge { path: path.to_owned(), cap });
        }
        Ok(bytes)
    }

    /// Whether the file's other name is that of a draft in this folder, which is then removed.
    fn other_name_is_a_draft(&self, name: &str, of: &Stat) -> bool {
        let Ok(entries) = rustix::fs::Dir::read_from(&self.0) else { return false };
        let begin = format!("{name}.");
        let drafts = entries.flatten().filter_map(|entry| {
            let other = entry.file_name().to_str().ok()?.to_owned();
            (other.starts_with(&begin) && other.ends_with(".new")).then_some(other)
        });
        let same = |other: &str| {
            rustix::fs::statat(&self.0, other, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (of.st_dev, of.st_ino))
        };
        let found: Vec<_> = drafts.filter(|other| same(other)).collect();
        for other in &found {
            let _ = rustix::fs::unlinkat(&self.0, other, AtFlags::empty());
        }
        #[expect(clippy::useless_conversion, reason = "the type differs from system to system")]
        u64::try_from(of.st_nlink).is_ok_and(|names| names == found.len() as u64 + 1)
    }

    pub(super) fn remove(&self, path: &Path, name: &str) -> Result<(), PrivateError> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            other => other.map_err(failed("remove", path)),
        }
    }
}
