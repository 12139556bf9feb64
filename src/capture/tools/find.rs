//! From a name to the file behind it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::shims;
use crate::base::file;
use crate::base::process;
use crate::base::system;
use crate::capture::environment::Variables;

/// Most entries of `PATH` that are searched: each costs a look at the disk for every name.
const ENTRIES_MAX: usize = 256;
/// Largest settings file that is read, in bytes.
const SETTINGS_MAX: u64 = 64 << 10;

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The first along `PATH`.
    pub(super) found: PathBuf,
    /// The file behind links, and behind the shim where it was followed.
    pub(super) file: PathBuf,
    /// What kind of shim the first one is.
    pub(super) shim: Option<&'static str>,
    /// Whether `file` is the tool itself: a shim that can't be followed isn't.
    pub(super) followed: bool,
}

/// Why a tool isn't run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untrusted {
    /// The project made it, or could have.
    BelowRoot,
    /// Anybody could have put it there.
    Writable,
}

/// Where names are looked up.
pub(super) struct Search<'a> {
    pub(super) variables: &'a Variables,
    /// The root, behind links.
    pub(super) root: PathBuf,
    entries: Vec<OsString>,
}

impl<'a> Search<'a> {
    /// Takes `PATH` apart. An error says why nothing can be looked up.
    pub(super) fn new(variables: &'a Variables, root: &Path) -> Result<Self, String> {
        if !cfg!(unix) {
            return Err("programs aren't looked up on this system".to_owned());
        }
        let path = variables.raw("PATH").unwrap_or(OsStr::new("/bin:/usr/bin"));
        let entries: Vec<OsString> =
            std::env::split_paths(path).take(ENTRIES_MAX + 1).map(Into::into).collect();
        if entries.len() > ENTRIES_MAX {
            return Err(format!("PATH has more than {ENTRIES_MAX} entries"));
        }
        let root = behind_links(&std::path::absolute(root).unwrap_or_else(|_| root.to_owned()));
        Ok(Self { variables, root, entries })
    }

    /// The first program of that name along `PATH`, and what is behind it.
    pub(super) fn resolve(&self, name: &str) -> Option<Found> {
        let found = self.first(name, None)?;
        let file = behind_links(&found);
        let Some(shim) = shims::follow(name, &found, &file, self) else {
            return Some(Found { found, file, shim: None, followed: true });
        };
        let kind = Some(shim.kind);
        let real = shim.file.map(|real| (behind_links(&real), real));
        match real {
            // One that leads to another shim isn't followed further: that one could install something.
            Some((file, real)) if shims::follow(name, &real, &file, self).is_none() => {
                Some(Found { found, file, shim: kind, followed: true })
            }
            _ => Some(Found { found, file, shim: kind, followed: false }),
        }
    }

    /// As a shell finds it; `skip` is a folder that is passed over.
    pub(super) fn first(&self, name: &str, skip: Option<&Path>) -> Option<PathBuf> {
        let entries = self.entries.iter().filter(|entry| skip != Some(Path::new(entry)));
        let path = std::env::join_paths(entries).ok()?;
        // An empty one would be the root.
        if path.is_empty() && skip.is_some() {
            return None;
        }
        let found =
            process::find_program(name.as_ref(), &[("PATH".into(), path)], Some(&self.root));
        found.ok().filter(|path| path.is_absolute())
    }

    /// The user's home; `None` where the project is in charge of it.
    pub(super) fn home(&self) -> Option<&'a Path> {
        let home = Path::new(self.variables.raw("HOME")?);
        (home.is_absolute() && !self.is_below_root(home)).then_some(home)
    }

    /// `PATH` for what a tool calls in turn: without folders that the project or anybody else may fill,
    /// and without shims that would install what they stand for.
    pub(super) fn safe_path(&self) -> OsString {
        let safe = self.entries.iter().filter(|entry| {
            let path = Path::new(entry);
            path.is_absolute()
                && !shims::is_folder_of_unfollowed(path)
                && self.check_folder(&behind_links(path)).is_ok()
        });
        std::env::join_paths(safe).unwrap_or_default()
    }

    /// Whether a tool may be run as a question: neither the project nor a stranger can have made it.
    pub(super) fn check(&self, found: &Found) -> Result<(), Untrusted> {
        for path in [&found.found, &found.file] {
            let folder = path.parent().unwrap_or(Path::new("/"));
            self.check_folder(&behind_links(folder))?;
        }
        if system::is_writable_by_all(&found.file) { Err(Untrusted::Writable) } else { Ok(()) }
    }

    fn check_folder(&self, folder: &Path) -> Result<(), Untrusted> {
        if self.is_below_root(folder) {
            return Err(Untrusted::BelowRoot);
        }
        // Whoever may rename a folder above can exchange all below it; a sticky one forbids that.
        let mut above = folder.ancestors().skip(1);
        if system::is_writable_by_all(folder) || above.any(system::lets_all_rename) {
            return Err(Untrusted::Writable);
        }
        Ok(())
    }

    pub(super) fn is_below_root(&self, path: &Path) -> bool {
        path.starts_with(&self.root) || behind_links(path).starts_with(&self.root)
    }
}

/// The path itself where it can't be followed to its end.
pub(super) fn behind_links(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A file that makes a choice. `None`: there is none; `Some(None)`: it can't be read, so that the choice
/// isn't known.
pub(super) fn read_choice(path: &Path) -> Option<Option<String>> {
    std::fs::symlink_metadata(path).ok()?;
    Some(read_text(path))
}

/// A small text file. What isn't a regular file isn't opened: a FIFO would be waited for.
pub(super) fn read_text(path: &Path) -> Option<String> {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    String::from_utf8(file::read(path, SETTINGS_MAX).ok()?).ok()
}
