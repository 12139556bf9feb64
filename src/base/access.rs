//! Who may write where, by mode bits; the one place where systems differ in it.

use std::fs::Metadata;
use std::path::Path;

/// Whose something is, and its mode bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// The owner's number.
    pub owner: u32,
    /// The group's number.
    pub group: u32,
    /// The lowest twelve bits of the mode.
    pub mode: u32,
}

impl Rights {
    /// `None` where the system has no mode bits.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let (owner, group) = (metadata.uid(), metadata.gid());
            Some(Self { owner, group, mode: metadata.mode() & 0o7777 })
        }
        #[cfg(not(unix))]
        {
            let _ = metadata;
            None
        }
    }

    /// Whether every user may write.
    #[must_use]
    pub const fn lets_all_write(self) -> bool {
        self.mode & 0o002 != 0
    }

    /// Whether its group may write.
    #[must_use]
    pub const fn lets_group_write(self) -> bool {
        self.mode & 0o020 != 0
    }

    /// Whether only its owner may rename what lies in the folder, beside the owner of what lies there.
    #[must_use]
    pub const fn is_sticky(self) -> bool {
        self.mode & 0o1000 != 0
    }
}

/// Whether this process may write to it, as the system answers: nothing is opened.
#[must_use]
pub fn may_write(path: &Path) -> bool {
    #[cfg(unix)]
    {
        rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
