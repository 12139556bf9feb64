//! What the system says of itself; the one place where systems differ in it.

use std::path::Path;

use super::file;

/// Docker makes it, empty, in each container.
pub const DOCKER_SIGN: &str = "/.dockerenv";
/// Podman and its relatives make it; where they trust the container it tells of the image.
pub const PODMAN_SIGN: &str = "/run/.containerenv";

/// The kernel's name and release.
#[must_use]
pub fn kernel() -> Option<String> {
    #[cfg(unix)]
    {
        let uname = rustix::system::uname();
        Some(format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()))
    }
    #[cfg(not(unix))]
    None
}

/// The distribution, as `os-release` names it.
#[must_use]
pub fn release() -> Option<String> {
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|path| file::read(Path::new(path), 64 << 10).ok())?;
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let value = line.strip_prefix("PRETTY_NAME=")?;
        Some(value.trim_matches('"').chars().take(200).collect())
    })
}

/// The effective user.
#[must_use]
pub fn uid() -> Option<u32> {
    #[cfg(unix)]
    {
        Some(rustix::process::geteuid().as_raw())
    }
    #[cfg(not(unix))]
    None
}

/// The mask for the rights of new files, in octal. Asking the system would change it for a moment, so
/// it is read where the system shows it.
#[must_use]
pub fn umask() -> Option<String> {
    let status = file::read(Path::new("/proc/self/status"), 64 << 10).ok()?;
    let status = String::from_utf8_lossy(&status).into_owned();
    status.lines().find_map(|line| Some(line.strip_prefix("Umask:")?.trim().to_owned()))
}

/// How many CPUs this process may use.
#[must_use]
pub fn cpus() -> Option<u64> {
    std::thread::available_parallelism().ok().and_then(|n| u64::try_from(n.get()).ok())
}

/// Whether what is written to standard error stays in a file. What can't be told counts as such.
#[must_use]
pub fn stderr_is_a_file() -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let own = std::io::stderr().as_fd().try_clone_to_owned().map(std::fs::File::from);
        !own.and_then(|file| file.metadata()).is_ok_and(|metadata| !metadata.is_file())
    }
    #[cfg(not(unix))]
    true
}

/// Files whose presence says that this is a container; `root` is `/` but in tests.
#[must_use]
pub fn container_signs(root: &Path) -> Vec<String> {
    let signs = [DOCKER_SIGN, PODMAN_SIGN];
    let there = |sign: &&str| root.join(sign.trim_start_matches('/')).exists();
    signs.into_iter().filter(there).map(str::to_owned).collect()
}

/// What makes two paths the same file: hard links have it in common.
#[must_use]
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether every user may write to it. What can't be looked at counts as such.
#[must_use]
pub fn is_writable_by_all(path: &Path) -> bool {
    mode(path).is_none_or(|mode| mode & 0o002 != 0)
}

/// Whether a folder belongs to the user or to root, and nobody else can put a file into it. The group may,
/// where it is the user's own.
#[must_use]
pub fn is_closed_to_others(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        std::fs::metadata(folder).is_ok_and(|metadata| {
            let mode = metadata.permissions().mode();
            let own_group = metadata.gid() == 0 || Some(metadata.gid()) == gid();
            (metadata.uid() == 0 || Some(metadata.uid()) == uid())
                && mode & 0o002 == 0
                && (mode & 0o020 == 0 || own_group)
        })
    }
    // There the user's folders are closed by what they inherit.
    #[cfg(not(unix))]
    {
        let _ = folder;
        true
    }
}

#[cfg(unix)]
fn gid() -> Option<u32> {
    Some(rustix::process::getegid().as_raw())
}

/// Whether every user may rename what is in this folder, whoever it belongs to.
#[must_use]
pub fn lets_all_rename(folder: &Path) -> bool {
    mode(folder).is_none_or(|mode| mode & 0o1002 == 0o002)
}

fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
