//! Asks a program what it is, without letting it do anything else.
//!
//! What is asked is a program of the machine, but a hostile or a careless one must not matter: it gets
//! no variable of ours but those named below (so neither the key nor a token), no input, an empty
//! folder of its own that is removed, none of our descriptors, and a limit, after which its process
//! group is killed. What it prints over the cap is thrown away.
//!
//! Not held off: it has the user's rights and the user's home. A program that leaves its process group
//! lives on, though nobody waits for it. Descriptors that are to be passed on to the build stay open in
//! it too: once marked, they could not be handed on any more.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Ended, PassedDescriptors};
use crate::base::file::make_private_folder;
use crate::base::{dirs, system};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as sys;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
use other as sys;

#[cfg(test)]
#[cfg(unix)]
mod tests;

/// What keeps a question from turning into an installation. Each is the program's own switch.
pub const GUARDS: &[(&str, &str)] = &[
    // Terraform and its kin ask their maker's server for a newer version.
    ("CHECKPOINT_DISABLE", "1"),
    // Corepack downloads the package manager that it stands in for, and asks on the terminal first.
    ("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
    ("COREPACK_ENABLE_NETWORK", "0"),
    // The first run of the .NET SDK sends telemetry, and makes a certificate and a folder in the home.
    ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
    ("DOTNET_NOLOGO", "1"),
    ("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1"),
    // Go downloads the toolchain that a `go.mod` above the folder asks for.
    ("GOTOOLCHAIN", "local"),
    // Messages in one language, whatever the machine's is.
    ("LC_ALL", "C"),
    // pip asks its index for a newer version of itself.
    ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ("PIP_NO_INDEX", "1"),
    // Python writes compiled files beside the modules that it loads: the machine would be changed.
    ("PYTHONDONTWRITEBYTECODE", "1"),
    // rustup installs a toolchain that is chosen and not there.
    ("RUSTUP_AUTO_INSTALL", "0"),
    // uv downloads interpreters.
    ("UV_OFFLINE", "1"),
    ("UV_PYTHON_DOWNLOADS", "never"),
    // Yarn runs the file that a `.yarnrc` above the folder names.
    ("YARN_IGNORE_PATH", "1"),
];

/// A program and what it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The program's file.
    pub program: &'a Path,
    /// The name that it sees itself called by.
    pub name: &'a OsStr,
    /// What follows it.
    pub arguments: &'a [&'a str],
    /// `PATH`, for what it calls in turn.
    pub path: &'a OsStr,
    /// `HOME`; left out where there is none.
    pub home: Option<&'a OsStr>,
    /// How long it may take.
    pub limit: Duration,
    /// How many bytes of each of its two streams are kept.
    pub cap: usize,
    /// The project's folder: nothing is asked from below it.
    pub away_from: Option<&'a Path>,
    /// What the build will be given, and so can't be closed here.
    pub passed: &'a PassedDescriptors,
}

/// What it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it ended; `None`: it was killed, as it had not ended within the limit.
    pub ended: Option<Ended>,
    /// The first bytes of its output.
    pub stdout: Vec<u8>,
    /// The first bytes of its messages.
    pub stderr: Vec<u8>,
    /// There was more than is kept.
    pub cut: bool,
}

/// Runs a program and returns what it printed. Many can be asked at the same time.
///
/// # Errors
/// If it could not be started, or its folder not be made.
pub fn probe(question: &Question<'_>) -> io::Result<Answer> {
    let Some(base) = base(question.away_from) else {
        let message = "no folder that nobody else can write in, to ask it from";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix("proofmark-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    let folder = builder.tempdir_in(base)?;
    sys::ask(question, folder.path(), &environment(question))
}

/// A folder of which every folder above it belongs to the user or to root, and is writable by nobody else,
/// sticky or not. Tools look for their configuration in the folders above the one that they are in, and
/// some run what it names: a `rust-toolchain.toml` in `/tmp` is anybody's.
fn base(away_from: Option<&Path>) -> Option<PathBuf> {
    let own = dirs::cache().filter(|cache| {
        // Made where it is missing, but never for somebody else.
        cache.is_dir()
            || (cache.parent().is_some_and(is_nobody_elses) && make_private_folder(cache).is_ok())
    });
    let candidates = own.into_iter().chain([std::env::temp_dir(), "/run".into(), "/var".into()]);
    candidates
        .filter_map(|folder| folder.canonicalize().ok())
        .filter(|folder| away_from.is_none_or(|root| !folder.starts_with(root)))
        .find(|folder| is_nobody_elses(folder) && can_write(folder))
}

fn is_nobody_elses(folder: &Path) -> bool {
    folder.ancestors().all(system::is_closed_to_others)
}

fn can_write(folder: &Path) -> bool {
    tempfile::tempfile_in(folder).is_ok()
}

/// All that the program gets.
fn environment(question: &Question<'_>) -> Vec<(OsString, OsString)> {
    let mut all: Vec<(OsString, OsString)> =
        GUARDS.iter().map(|(name, value)| (name.into(), value.into())).collect();
    all.push(("PATH".into(), question.path.into()));
    all.extend(question.home.map(|home| ("HOME".into(), home.into())));
    all
}

/// Adds what fits under the cap; `true` if something didn't.
pub(super) fn keep(into: &mut Vec<u8>, bytes: &[u8], cap: usize) -> bool {
    let room = cap.saturating_sub(into.len()).min(bytes.len());
    into.extend_from_slice(bytes.get(..room).unwrap_or_default());
    room < bytes.len()
}
