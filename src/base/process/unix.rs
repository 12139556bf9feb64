//! Linux, macOS and their kin.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;

use super::{Command, DescriptorError, Ended, Hardening, Received, Shared, Spec, StartError};

pub(super) const SHELL: [&str; 2] = ["sh", "-c"];

/// Where the kernel says of a signal that it is the kernel's own. macOS gives no cause at all.
const CAUSES_ARE_TOLD: bool =
    cfg!(any(target_os = "linux", target_os = "android", target_os = "freebsd"));

/// What `exec` searches where there is no `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// No core limit is set: the kernel writes none for a process that isn't dumpable, and the command
/// would inherit the limit.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn harden() -> Hardening {
    use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};

    let outcome =
        set_dumpable_behavior(DumpableBehavior::NotDumpable).and_then(|()| dumpable_behavior());
    match outcome {
        Ok(DumpableBehavior::NotDumpable) => Hardening::NonDumpable,
        Ok(_) => Hardening::Failed("the kernel took the order and didn't follow it".into()),
        Err(error) => Hardening::Failed(error.to_string()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn harden() -> Hardening {
    Hardening::Unsupported("this system shows a process's environment to its user's processes")
}

/// `exec` leaves no descriptor open that is marked close-on-exec, and everything that we open is so
/// marked.
pub(super) fn check_inherited(descriptor: i32) -> Result<(), DescriptorError> {
    if (0..=2).contains(&descriptor) {
        return Ok(());
    }
    let open = descriptor > 2 && close_fds::iter_open_fds(descriptor).next() == Some(descriptor);
    if open && !closes_on_exec(descriptor) {
        Ok(())
    } else {
        Err(DescriptorError::NotInherited(descriptor))
    }
}

/// What can't be read counts as marked: better a descriptor too few than the key's.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn closes_on_exec(descriptor: i32) -> bool {
    let info = proc_field(&format!("/proc/self/fdinfo/{descriptor}"), "flags:");
    let flags = info.and_then(|flags| u32::from_str_radix(&flags, 8).ok());
    flags.is_none_or(|flags| flags & rustix::fs::OFlags::CLOEXEC.bits() != 0)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn closes_on_exec(_descriptor: i32) -> bool {
    false
}

/// The value of a line of one of the kernel's own files about this process.
fn proc_field(path: &str, name: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(1 << 16).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

pub(super) fn signal_name(signal: i32) -> Option<&'static str> {
    signal_hook::low_level::signal_name(signal)
}

/// Starts the thread that notes signals and passes them on. It sleeps in a read; handlers do
/// nothing but wake it.
pub(super) fn listen(shared: &Arc<Shared>) -> io::Result<()> {
    let ignored = proc_field("/proc/self/status", "SigIgn:");
    let ignored = ignored.and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    let is_ignored = |signal: i32| ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1);

    let wanted: &[i32] = match ignored {
        Some(_) => &[SIGINT, SIGTERM, SIGHUP, SIGQUIT],
        None => &[SIGINT, SIGTERM],
    };
    let caught = wanted.iter().filter(|signal| !is_ignored(**signal));
    let mut listener = SignalsInfo::<WithOrigin>::new(caught.clone())?;
    for signal in caught {
        // After the listener: a mark that nobody will ever hear of would make `start` wait for
        // ever.
        signal_hook::flag::register(*signal, Arc::clone(&shared.came))?;
    }
    if is_ignored(SIGCHLD) {
        // Else the kernel throws away how the command ended, and we would have no code to hand on.
        signal_hook::flag::register(SIGCHLD, Arc::new(AtomicBool::new(false)))?;
    }

    let shared = Arc::clone(shared);
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(move || {
        for origin in listener.forever() {
            let signal = origin.signal;
            shared.received.get_or_init(|| Received { signal, at: Instant::now() });
            pass_on(&origin, &mut shared.command());
            shared.changed.notify_all();
        }
    })?;
    Ok(())
}

/// Sends the signal to the command, unless it has it already. The lock is held by the caller.
fn pass_on(origin: &Origin, command: &mut Command) {
    let Some(pid) = command.running.and_then(|pid| i32::try_from(pid).ok()) else {
        return;
    };
    let missed_it = std::mem::take(&mut command.missed_one);
    let its_own = origin.process.as_ref().is_some_and(|sender| sender.pid == pid);
    if its_own || (group_was_told(origin) && !missed_it) {
        return;
    }
    if let (Some(pid), Some(signal)) = (Pid::from_raw(pid), Signal::from_named_raw(origin.signal)) {
        // A command that is another user's (sudo) refuses it; then there is nothing that we could
        // do.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Whether the terminal has told the command as well.
///
/// Where the system gives no cause, a signal that the terminal can send is taken for the terminal's
/// if we are in its foreground group. SIGTERM never is. A hang-up goes to the session's leader
/// alone, who is expected to tell the others: that is us where nothing stands between us and the
/// terminal (`ssh -t`, a container).
fn group_was_told(origin: &Origin) -> bool {
    use rustix::process::getpgrp;

    if origin.signal == SIGHUP && leads_its_session() {
        false
    } else if CAUSES_ARE_TOLD {
        origin.cause == Cause::Kernel
    } else {
        origin.signal != SIGTERM
            && File::open("/dev/tty")
                .is_ok_and(|tty| rustix::termios::tcgetpgrp(tty) == Ok(getpgrp()))
    }
}

/// Whether this process leads its session.
///
/// Linux gives 0 for a session whose leader is outside of the process's own PID namespace
/// (`docker exec`, a sandbox), and `rustix::process::getsid` may not be called there: it takes every
/// answer for the id of a process, and 0 is none.
fn leads_its_session() -> bool {
    let own = rustix::process::getpid();
    if cfg!(target_os = "linux") {
        let sessions = proc_field("/proc/self/status", "NSsid:");
        let innermost = sessions.as_deref().and_then(|ids| ids.split_whitespace().last());
        innermost == Some(&*own.as_raw_nonzero().to_string())
    } else {
        rustix::process::getsid(None) == Ok(own)
    }
}

/// Gives SIGXFSZ a handler that does nothing that matters, so that the write fails instead. An ignored
/// signal would be handed on to the command; a handler isn't.
pub(super) fn survive_size_limits() {
    let seen = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, seen);
}

/// `exec` would do the same search. Here it tells "not found" from "found, but its interpreter
/// isn't", and lets the system make the process in one step (`posix_spawn`): after a `fork`, until
/// `exec`, a `ctrl-C` would run our handler in the child and be lost.
pub(super) fn find_program(
    name: &OsStr,
    environment: &[(OsString, OsString)],
    folder: Option<&Path>,
) -> Result<PathBuf, StartError> {
    let not_found = || StartError::NotFound { program: name.into() };
    let there = |path: &Path| match folder {
        Some(folder) => std::path::absolute(folder.join(path)),
        None => Ok(path.to_owned()),
    };
    let cannot_run = |source| StartError::CannotRun { program: name.into(), source };

    if name.is_empty() {
        return Err(not_found());
    }
    if name.as_bytes().contains(&b'/') {
        let path = there(Path::new(name)).map_err(cannot_run)?;
        return match runnable(&path) {
            Ok(true) => Ok(path),
            Ok(false) => Err(not_found()),
            Err(source) => Err(cannot_run(source)),
        };
    }
    let path = environment.iter().rfind(|(name, _)| name == "PATH").map(|(_, value)| value);
    let path = path.map_or(OsStr::new(DEFAULT_PATH), OsString::as_os_str);
    let mut refused = None;
    for entry in path.as_bytes().split(|byte| *byte == b':') {
        let entry =
            if entry.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(entry)) };
        let path = there(&entry.join(name)).map_err(cannot_run)?;
        match runnable(&path) {
            Ok(true) => return Ok(path),
            Ok(false) => {}
            Err(source) => refused = Some(source),
        }
    }
    Err(refused.map_or_else(not_found, cannot_run))
}

/// `Ok(false)`: there is nothing. An error: there is something that can't be run.
fn runnable(path: &Path) -> io::Result<bool> {
    let metadata = match std::fs::metadata(path) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(false);
        }
        other => other?,
    };
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK)?;
    Ok(true)
}

pub(super) fn spawn(spec: &Spec<'_>) -> Result<Child, StartError> {
    let (mut command, path) = prepare(spec)?;
    command.spawn().map_err(|source| not_spawned(spec, path, source))
}

/// The command, and the file behind its name.
pub(super) fn prepare(spec: &Spec<'_>) -> Result<(std::process::Command, PathBuf), StartError> {
    super::check_folder(spec)?;
    let path = find_program(spec.program, spec.environment, spec.folder)?;
    let mut command = super::command(spec, path.as_os_str());
    // The program sees the name that it was called by, as from a shell.
    command.arg0(spec.program);
    // As late as can be: a descriptor that a C library opened in the meantime is marked too.
    close_fds::set_fds_cloexec(3, &spec.descriptors.0);
    Ok((command, path))
}

pub(super) fn not_spawned(spec: &Spec<'_>, path: PathBuf, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::NotFound => StartError::NoInterpreter { path },
        _ => StartError::CannotRun { program: spec.program.into(), source },
    }
}

/// Waits without reaping first, so that the number stays the command's own until the lock is held.
pub(super) fn reap(mut child: Child, shared: &Shared) {
    let pid = WaitId::Pid(Pid::from_child(&child));
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while rustix::process::waitid(pid.clone(), options).err() == Some(rustix::io::Errno::INTR) {}
    let command = shared.command();
    shared.set_ended(command, child.wait());
}

pub(super) fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, Some(signal)) => Ended::Signalled(signal),
        // A stopped command isn't waited for, so this can't be; it mustn't read as success.
        (None, None) => Ended::Exited(1),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use super::super::{PassedDescriptors, Running, Signals, shell, start};
    use super::*;

    fn environment(path: &str) -> Vec<(OsString, OsString)> {
        vec![("PATH".into(), path.into())]
    }

    fn start_in(
        folder: Option<&Path>,
        line: &[OsString],
        path: &str,
        signals: &Signals,
    ) -> Result<Running, StartError> {
        let (program, arguments) = line.split_first().unwrap();
        let (environment, descriptors) = (environment(path), PassedDescriptors::default());
        let environment = &environment;
        let spec = Spec { program, arguments, folder, environment, descriptors: &descriptors };
        start(&spec, signals)
    }

    fn run(line: &[OsString], path: &str) -> Result<Ended, StartError> {
        let running = start_in(None, line, path, &Signals::uncaught());
        running.map(|running| running.wait().unwrap())
    }

    fn code(line: &[OsString], path: &str) -> u8 {
        run(line, path).map_or_else(|error| error.code(), super::super::exit_code)
    }

    #[test]
    fn the_command_s_own_end_is_handed_on() {
        assert_eq!(run(&shell("exit 7"), "/bin").unwrap(), Ended::Exited(7));
        assert_eq!(run(&shell("kill -9 $$"), "/bin").unwrap(), Ended::Signalled(9));
        assert_eq!(code(&shell("kill -15 $$"), "/bin"), 143);
    }

    #[test]
    fn not_found_and_cannot_run_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // Written by another process: a file that this one has open for writing while another test
        // starts a command is "text file busy" for a moment.
        let files = "printf '#!/bin/sh\\nexit 3\\n' >good; printf '#!/bin/sh\\n' >plain
            printf '#!/no/such/interpreter\\n' >orphan; printf '\\001\\002\\n' >garbage
            chmod 755 good orphan garbage";
        let signals = Signals::uncaught();
        let made = start_in(Some(folder.path()), &shell(files), "/bin:/usr/bin", &signals).unwrap();
        assert_eq!(made.wait().unwrap(), Ended::Exited(0));
        std::fs::create_dir(at("folder")).unwrap();
        let path = format!("/no/such:{}:/bin", folder.path().display());

        let expected = [
            ("good", 3),
            ("plain", 126),
            ("orphan", 126),
            ("garbage", 126),
            ("folder", 126),
            ("absent", 127),
        ];
        for (name, expected) in expected {
            assert_eq!(code(&[name.into()], &path), expected, "{name} along PATH");
            assert_eq!(code(&[at(name).into()], ""), expected, "{name} by its path");
        }
        assert_eq!(code(&[at("good/below").into()], ""), 127);
        assert_eq!(code(&["".into()], &path), 127);
        assert_eq!(code(&["good".into()], "/bin"), 127, "our own PATH plays no part");
        assert!(matches!(
            run(&["orphan".into()], &path),
            Err(StartError::NoInterpreter { path }) if path == at("orphan")
        ));

        let here = |folder, line: &str| {
            let started = start_in(Some(folder), &[line.into()], "bin:.", &Signals::uncaught());
            started.map(|running| running.wait().unwrap())
        };
        assert_eq!(here(folder.path(), "good").unwrap(), Ended::Exited(3));
        assert_eq!(here(folder.path(), "./good").unwrap(), Ended::Exited(3));
        let error = here(&at("absent"), "./good").unwrap_err();
        assert!(matches!(error, StartError::Folder { .. }) && error.code() == 125);
    }

    #[test]
    fn the_program_sees_the_name_that_it_was_called_by() {
        assert_eq!(run(&shell("[ \"$0\" = sh ]"), "/bin").unwrap(), Ended::Exited(0));
    }

    #[test]
    fn our_own_descriptors_cannot_be_passed_on() {
        let file = File::open("/dev/null").unwrap();
        let own = PassedDescriptors::new(&[file.as_raw_fd()]);
        if cfg!(target_os = "linux") {
            assert!(matches!(own, Err(DescriptorError::NotInherited(_))));
        }
        assert!(PassedDescriptors::new(&[987]).is_err());
        assert!(PassedDescriptors::new(&[-1]).is_err());
        let standard = PassedDescriptors::new(&[2, 0, 1, 0]).unwrap();
        assert!(standard.contains(0) && !standard.contains(3));
    }

    /// One test for all of it: signals belong to the whole process.
    #[test]
    fn a_signal_is_noted_passed_on_and_ends_the_grace() {
        // Whoever runs the tests may ignore it.
        signal_hook::flag::register(SIGTERM, Arc::default()).unwrap();
        let signals = Signals::install().unwrap();
        let line = shell("trap 'exit 5' TERM; kill -TERM $PPID; while :; do sleep 0.05; done");
        let running = start_in(None, &line, "/bin:/usr/bin", &signals).unwrap();
        // The command's own signal isn't sent back to it, so it is still running after the grace.
        assert_eq!(running.wait_with_grace(Duration::from_millis(300)).unwrap(), None);
        let received = signals.received().unwrap();
        assert_eq!((received.name(), received.code()), ("SIGTERM", 143));
        assert!(signals.cancelled() && signals.deadline(Duration::ZERO) == Some(received.at));

        rustix::process::kill_process(rustix::process::getpid(), Signal::TERM).unwrap();
        assert_eq!(running.wait().unwrap(), Ended::Exited(5));
        let late = start_in(None, &shell("exit 0"), "/bin", &signals).unwrap_err();
        assert!(matches!(late, StartError::Interrupted(_)) && late.code() == 143);
    }
}
