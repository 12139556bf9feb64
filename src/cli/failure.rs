//! What ends a command early: the fault, the remedy, and the exit code that follows.

use std::fmt::Display;
use std::io;

/// Whose fault it is, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Flags, configuration, a missing or unreadable key, an output that exists.
    Usage,
    /// There is nothing to verify with.
    CouldNotTell,
    /// A judgement that was asked for says no.
    Judgement,
    /// Everything else: the disk, the system, what was captured.
    Trouble,
}

/// A fault and its remedy, printed in one place.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Failure {
    pub(super) fn new(fault: Fault, message: impl Display) -> Self {
        Self { fault, message: message.to_string(), hint: None }
    }

    pub(super) fn usage(message: impl Display) -> Self {
        Self::new(Fault::Usage, message)
    }

    pub(super) fn trouble(message: impl Display) -> Self {
        Self::new(Fault::Trouble, message)
    }

    pub(super) fn judgement(message: impl Display) -> Self {
        Self::new(Fault::Judgement, message)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code of every command but `run`.
    pub(super) const fn code(&self) -> u8 {
        match self.fault {
            Fault::Usage => 2,
            Fault::CouldNotTell => 3,
            Fault::Trouble => 1,
            Fault::Judgement => 120,
        }
    }
}

/// The exit code of an answer once it is written. A reader that went away has seen enough, and the code still
/// says what was found.
pub(super) fn answered(written: io::Result<()>, code: u8) -> Result<u8, Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Fault::CouldNotTell, format_args!("cannot write the result: {error}")))
        }
        _ => Ok(code),
    }
}
