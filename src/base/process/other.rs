//! Systems without signals, numbered descriptors and process groups: Windows.
//!
//! The console tells the command of `ctrl-C` itself, and ends us with it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::Arc;

use super::{DescriptorError, Ended, Hardening, Shared, Spec, StartError};

pub(super) const SHELL: [&str; 2] = ["cmd", "/C"];

pub(super) fn harden() -> Hardening {
    Hardening::Unsupported("this system lets a user's processes read each other's memory")
}

pub(super) fn check_inherited(descriptor: i32) -> Result<(), DescriptorError> {
    if (0..=2).contains(&descriptor) {
        Ok(())
    } else {
        Err(DescriptorError::Unsupported(descriptor))
    }
}

pub(super) fn signal_name(_signal: i32) -> Option<&'static str> {
    None
}

#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn listen(_shared: &Arc<Shared>) -> io::Result<()> {
    Ok(())
}

/// The lookup is left to `Command`, which knows the endings of this system.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn survive_size_limits() {}

pub(super) fn find_program(
    name: &OsStr,
    _environment: &[(OsString, OsString)],
    _folder: Option<&Path>,
) -> Result<PathBuf, StartError> {
    Ok(name.into())
}

pub(super) fn spawn(spec: &Spec<'_>) -> Result<Child, StartError> {
    let (mut command, path) = prepare(spec)?;
    command.spawn().map_err(|source| not_spawned(spec, path, source))
}

pub(super) fn prepare(spec: &Spec<'_>) -> Result<(std::process::Command, PathBuf), StartError> {
    super::check_folder(spec)?;
    Ok((super::command(spec, spec.program), spec.program.into()))
}

pub(super) fn not_spawned(spec: &Spec<'_>, _path: PathBuf, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::NotFound => StartError::NotFound { program: spec.program.into() },
        _ => StartError::CannotRun { program: spec.program.into(), source },
    }
}

/// The handle keeps the number from being given to another process.
pub(super) fn reap(mut child: Child, shared: &Shared) {
    let status = child.wait();
    shared.set_ended(shared.command(), status);
}

pub(super) fn ended(status: ExitStatus) -> Ended {
    Ended::Exited(status.code().unwrap_or(1))
}
