//! What the system says of itself; the one place where systems differ in it.

use std::path::Path;

use super::file;

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

/// Files whose presence says that this is a container.
#[must_use]
pub fn container_signs() -> Vec<String> {
    let signs = ["/.dockerenv", "/run/.containerenv"];
    signs.into_iter().filter(|sign| Path::new(sign).exists()).map(str::to_owned).collect()
}
