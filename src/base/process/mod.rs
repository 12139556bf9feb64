//! The one door to other programs: the wrapped command, and what stands between it and the key.
//!
//! The command is untrusted and runs as the same user, so without care it could read the key from
//! this process. Three things stand in its way, in this order: [`harden`] closes this process's
//! memory, environment and descriptors to the user's other processes; [`start`] hands on an
//! environment that the caller has chosen, and the descriptors 0, 1, 2 and [`PassedDescriptors`].
//! None of them stops root, nor a process of the same user that looked before [`harden`] was
//! called, nor one that reads what the key was read *from*: a key file, or the environment of a
//! shell that stays alive as our parent.
//!
//! In all else the command should not notice us. It keeps our process group and session, the
//! terminal, the signal mask, and whatever signals were ignored when we started (`nohup`).
//! SIGPIPE is the exception: Rust ignores it at start, whatever it was, and gives a
//! command the default.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::base::text::{Printable, printable_path};

mod helper;
mod probe;

pub use helper::help;
pub use probe::{Answer, GUARDS, Question, probe};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as sys;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
use other as sys;

/// How far this process is closed to other processes of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hardening {
    /// The kernel refuses them its memory, environment and descriptors, and writes no core file.
    NonDumpable,
    /// This system offers nothing of the kind, for the reason given.
    Unsupported(&'static str),
    /// The system offers it and it didn't work, for the reason given.
    Failed(String),
}

/// Closes this process to other processes of the same user. Call it once the key has been read,
/// before the command is started.
///
/// The command isn't affected: its `exec` makes it dumpable again, and no resource limit is
/// touched.
#[must_use]
pub fn harden() -> Hardening {
    sys::harden()
}

/// Lets a write over the system's limit on file sizes fail, where it would end this process.
pub fn survive_size_limits() {
    sys::survive_size_limits();
}

/// Descriptors that can't be passed on.
#[derive(Debug, thiserror::Error)]
pub enum DescriptorError {
    /// The command would have found nothing there, or one of our own files: the key's, perhaps.
    #[error("descriptor {0} can't be passed on: it wasn't open when proofmark was started")]
    NotInherited(i32),
    /// Only Unix has numbered descriptors.
    #[error("descriptor {0} can't be passed on: this system has no numbered descriptors")]
    Unsupported(i32),
}

/// Descriptors that this process was given by its parent, and that the command gets too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedDescriptors(Vec<i32>);

impl PassedDescriptors {
    /// Accepts `descriptors` if each was open when this process was started. 0, 1 and 2 are always
    /// passed; to name them is harmless.
    ///
    /// Linux tells an inherited descriptor from one that was opened here. Elsewhere "open" is all
    /// that can be seen, so call this before any file is opened. Not checked: that a descriptor
    /// isn't where the key comes from (`--key-fd`); see [`Self::contains`].
    ///
    /// # Errors
    /// If one of them isn't such a descriptor.
    pub fn new(descriptors: &[i32]) -> Result<Self, DescriptorError> {
        let mut descriptors = descriptors.to_vec();
        descriptors.sort_unstable();
        descriptors.dedup();
        descriptors.iter().try_for_each(|descriptor| sys::check_inherited(*descriptor))?;
        Ok(Self(descriptors))
    }

    /// Whether the command gets this descriptor. The standard three are always among them.
    #[must_use]
    pub fn contains(&self, descriptor: i32) -> bool {
        (0..=2).contains(&descriptor) || self.0.contains(&descriptor)
    }
}

/// A signal that asks this process to come to an end, and when it was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Its number.
    pub signal: i32,
    /// When it was noticed.
    pub at: Instant,
}

impl Received {
    /// `SIGTERM`, `SIGINT` and so on.
    #[must_use]
    pub fn name(&self) -> &'static str {
        sys::signal_name(self.signal).unwrap_or("unknown signal")
    }

    /// The exit code of a process that such a signal has ended, as a shell says it.
    #[must_use]
    pub fn code(&self) -> u8 {
        exit_code(Ended::Signalled(self.signal))
    }
}

/// The signals SIGINT, SIGTERM, SIGHUP and SIGQUIT, caught from [`Signals::install`] on for as long
/// as this process lives. Clones are the same thing; asking one costs an atomic load.
///
/// A signal that was ignored when this process started stays ignored, here and in the command:
/// `nohup` does that with SIGHUP, a shell's `&` with SIGINT and SIGQUIT. Where the system can't
/// tell which were ignored (not Linux), SIGHUP and SIGQUIT are left alone, so that `nohup` works.
/// On Windows none is caught.
#[derive(Clone)]
pub struct Signals(Arc<Shared>);

struct Shared {
    /// Set in the handler itself, before the thread that listens has run.
    came: Arc<AtomicBool>,
    received: OnceLock<Received>,
    /// Held while a signal is passed on and while the command is reaped, so that a signal never
    /// goes to a stranger who was given the number of a command that has ended.
    command: Mutex<Command>,
    changed: Condvar,
}

#[derive(Default)]
struct Command {
    /// Its process number, until it is reaped.
    running: Option<u32>,
    /// A signal came while it was being made, perhaps before it was there.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
    missed_one: bool,
    ended: Option<Result<Ended, io::ErrorKind>>,
}

impl Shared {
    fn command(&self) -> MutexGuard<'_, Command> {
        self.command.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_ended(&self, mut command: MutexGuard<'_, Command>, status: io::Result<ExitStatus>) {
        command.running = None;
        command.ended = Some(status.map(sys::ended).map_err(|error| error.kind()));
        drop(command);
        self.changed.notify_all();
    }
}

impl Signals {
    /// Starts to catch.
    ///
    /// # Errors
    /// If the system has no descriptors or threads left.
    pub fn install() -> io::Result<Self> {
        let signals = Self::uncaught();
        sys::listen(&signals.0)?;
        Ok(signals)
    }

    /// Catches nothing.
    fn uncaught() -> Self {
        Self(Arc::new(Shared {
            came: Arc::default(),
            received: OnceLock::new(),
            command: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// The first signal that came.
    #[must_use]
    pub fn received(&self) -> Option<Received> {
        self.0.received.get().copied()
    }

    /// Whether one came. Cheap enough to ask between two blocks of a file.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.0.received.get().is_some()
    }

    /// `limit` after the first signal; `None` while there is none.
    #[must_use]
    pub fn deadline(&self, limit: Duration) -> Option<Instant> {
        self.received().and_then(|received| received.at.checked_add(limit))
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signals").field(&self.received()).finish()
    }
}

/// The command to be wrapped. There is no `Debug`, because the environment can hold secrets.
#[derive(Clone, Copy)]
pub struct Spec<'a> {
    /// A path if it has a slash, else looked up along the `PATH` of `environment`.
    pub program: &'a OsStr,
    /// What follows it.
    pub arguments: &'a [OsString],
    /// Where it runs; `None`: where we do.
    pub folder: Option<&'a Path>,
    /// All that it gets, each name once.
    pub environment: &'a [(OsString, OsString)],
    /// What it gets beside 0, 1 and 2.
    pub descriptors: &'a PassedDescriptors,
}

/// The command hasn't run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No such program.
    #[error("{}: no such program", Printable(&program.to_string_lossy()))]
    NotFound {
        /// As it was given.
        program: OsString,
    },
    /// The file is there; what its `#!` line or its header names isn't.
    #[error(
        "{}: the file is there, the interpreter or loader that it names isn't",
        printable_path(path)
    )]
    NoInterpreter {
        /// What was found.
        path: PathBuf,
    },
    /// No permission, a folder, a format that this system doesn't run, too long a command line.
    #[error("{}: can't be run", Printable(&program.to_string_lossy()))]
    CannotRun {
        /// As it was given.
        program: OsString,
        /// What the system says.
        source: io::Error,
    },
    /// The folder to run it in.
    #[error("{}: the command's folder can't be entered", printable_path(path))]
    Folder {
        /// As it was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A signal came first.
    #[error("{} came before the command was started", .0.name())]
    Interrupted(Received),
    /// The system has no thread left to wait for the command.
    #[error("no thread to wait for the command")]
    NoThread(#[source] io::Error),
}

impl StartError {
    /// The exit code that stands for it: 127 not found, 126 can't be run, 128+n after a signal,
    /// else 125.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            Self::NoInterpreter { .. } | Self::CannotRun { .. } => 126,
            Self::Interrupted(received) => received.code(),
            Self::Folder { .. } | Self::NoThread(_) => 125,
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// A command that was started. Dropping it neither ends the command nor waits for it.
#[derive(Debug)]
pub struct Running(Signals);

/// Starts the command with our own stdin, stdout, stderr and terminal. Only one at a time.
///
/// From here on signals are passed on to it until it has ended, whether or not anyone waits:
/// - sent by a process (`kill`, a CI runner, `docker stop`): passed on. If it was sent to the whole
///   group, the command has it twice; nothing tells the two apart, and a build that isn't told is
///   worse.
/// - from the terminal (`ctrl-C`, `ctrl-\`): not passed on, the terminal has told the whole
///   foreground group. A command that left the group hears as little of it as it would without us.
///   A hang-up is passed on if we lead the session, because then we alone were told.
/// - sent by the command itself (`kill 0` in a script's trap): not sent back.
///
/// # Errors
/// If the command hasn't run. A signal that came before it is such a reason.
pub fn start(spec: &Spec<'_>, signals: &Signals) -> Result<Running, StartError> {
    let shared = Arc::clone(&signals.0);
    // The thread comes first: without one the command would have to be killed again.
    let (hand_over, handed_over) = mpsc::channel::<Child>();
    std::thread::Builder::new()
        .name("wait for the command".into())
        .spawn(move || {
            if let Ok(child) = handed_over.recv() {
                sys::reap(child, &shared);
            }
        })
        .map_err(StartError::NoThread)?;

    let mut command = signals.0.command();
    // A handler has run, perhaps the listening thread hasn't: a `ctrl-C` of this moment would be
    // lost, as it goes to those who are there, and the command isn't.
    loop {
        if let Some(received) = signals.received() {
            return Err(StartError::Interrupted(received));
        }
        if !signals.0.came.load(Ordering::SeqCst) {
            break;
        }
        command = signals.0.changed.wait(command).unwrap_or_else(PoisonError::into_inner);
    }
    if command.running.is_some() {
        let source = io::ErrorKind::ResourceBusy.into();
        return Err(StartError::CannotRun { program: spec.program.into(), source });
    }
    let child = sys::spawn(spec)?;
    let missed_one = signals.0.came.load(Ordering::SeqCst);
    *command = Command { running: Some(child.id()), missed_one, ended: None };
    drop(command);
    if let Err(mpsc::SendError(child)) = hand_over.send(child) {
        // The thread has died, which nothing in it can bring about; the command is waited for here.
        sys::reap(child, &signals.0);
    }
    Ok(Running(signals.clone()))
}

impl Running {
    /// Waits until the command has ended. A command that is merely stopped hasn't.
    ///
    /// # Errors
    /// If the system can't say how it ended.
    pub fn wait(&self) -> io::Result<Ended> {
        let mut command = self.0.0.command();
        loop {
            if let Some(ended) = command.ended {
                return ended.map_err(Into::into);
            }
            command = self.0.0.changed.wait(command).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until the command has ended or, if a signal comes, for no longer than `grace` after
    /// that signal. `None`: it is still running. It goes on to get signals, and [`Self::wait`] can
    /// be called again.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn wait_with_grace(&self, grace: Duration) -> io::Result<Option<Ended>> {
        let shared = &self.0.0;
        let mut command = shared.command();
        loop {
            if let Some(ended) = command.ended {
                return ended.map(Some).map_err(Into::into);
            }
            command = if let Some(deadline) = self.0.deadline(grace) {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(None);
                }
                let waited = shared.changed.wait_timeout(command, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                shared.changed.wait(command).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }
}

/// Looks at the folder first, because `exec` gives the same error for it as for a program that
/// isn't there.
fn check_folder(spec: &Spec<'_>) -> Result<(), StartError> {
    let Some(path) = spec.folder else {
        return Ok(());
    };
    let is_folder = std::fs::metadata(path).and_then(|metadata| {
        if metadata.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
    });
    is_folder.map_err(|source| StartError::Folder { path: path.into(), source })
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn command(spec: &Spec<'_>, path: &OsStr) -> std::process::Command {
    let mut command = std::process::Command::new(path);
    command.args(spec.arguments).env_clear();
    command.envs(spec.environment.iter().map(|(name, value)| (name, value)));
    if let Some(folder) = spec.folder {
        command.current_dir(folder);
    }
    command
}

/// The code that hands on how a command ended: its own, or 128+n for a signal.
///
/// A code that doesn't fit into a byte (Windows) becomes 1: cut to its low byte, 256 would read as
/// success.
#[must_use]
pub fn exit_code(ended: Ended) -> u8 {
    match ended {
        Ended::Exited(code) => u8::try_from(code).unwrap_or(1),
        Ended::Signalled(signal) => {
            u8::try_from(signal.saturating_add(128)).unwrap_or(u8::MAX).max(128)
        }
    }
}

/// The program that `name` stands for, along the `PATH` of `environment`, as [`start`] finds it.
///
/// # Errors
/// [`StartError::NotFound`], or [`StartError::CannotRun`] for a file without permission.
pub fn find_program(
    name: &OsStr,
    environment: &[(OsString, OsString)],
    folder: Option<&Path>,
) -> Result<PathBuf, StartError> {
    sys::find_program(name, environment, folder)
}

/// The command that runs `line` in the system's shell: `sh -c`, on Windows `cmd /C` (where quotes
/// inside of `line` reach `cmd` with backslashes before them).
#[must_use]
pub fn shell(line: &str) -> Vec<OsString> {
    let [program, option] = sys::SHELL;
    vec![program.into(), option.into(), line.into()]
}

/// The two descriptors of make's jobserver, if this value of `MAKEFLAGS` names a jobserver by
/// descriptors.
///
/// The other forms (`fifo:PATH`, a semaphore's name, make's own `-2,-2` for "not for you") need no
/// descriptor. As in make, the last one counts, and what follows `--` are variables.
#[must_use]
pub fn jobserver_descriptors(makeflags: &str) -> Option<(i32, i32)> {
    let value = makeflags
        .split_ascii_whitespace()
        .take_while(|word| *word != "--")
        .filter_map(|word| {
            let auth = word.strip_prefix("--jobserver-auth=");
            auth.or_else(|| word.strip_prefix("--jobserver-fds="))
        })
        .last()?;
    let (read, write) = value.split_once(',')?;
    let (read, write) = (read.parse().ok()?, write.parse().ok()?);
    (read >= 0 && write >= 0).then_some((read, write))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(exit_code(Ended::Exited(0)), 0);
        assert_eq!(exit_code(Ended::Exited(255)), 255);
        assert_eq!(exit_code(Ended::Exited(256)), 1, "never read as success");
        assert_eq!(exit_code(Ended::Exited(-1)), 1);
        assert_eq!(exit_code(Ended::Signalled(15)), 143);
        assert_eq!(exit_code(Ended::Signalled(i32::MAX)), 255);
    }

    #[test]
    fn a_jobserver_is_found_only_where_it_is_a_pair_of_descriptors() {
        let found = jobserver_descriptors;
        assert_eq!(found(" -j4 --jobserver-auth=3,4"), Some((3, 4)));
        assert_eq!(found("w -j --jobserver-fds=10,11 -- CC=gcc"), Some((10, 11)));
        assert_eq!(found("--jobserver-auth=3,4 --jobserver-auth=5,6"), Some((5, 6)));
        assert_eq!(found("--jobserver-auth=3,4 --jobserver-auth=fifo:/tmp/GMfifo1"), None);
        assert_eq!(found(" -j4 --jobserver-auth=fifo:/tmp/a,b"), None);
        assert_eq!(found("-j4 --jobserver-auth=-2,-2"), None);
        assert_eq!(found("k -- X=a\\ --jobserver-auth=3,4"), None, "a variable's value");
        for none in ["", "k", "--jobserver-auth=", "--jobserver-auth=3", "--jobserver-auth=3,4,5"] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
