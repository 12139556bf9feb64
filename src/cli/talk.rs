//! stderr is talk, stdout is data.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::failure::Failure;
use crate::capture::redact;

/// Says things on stderr.
#[derive(Debug, Clone, Copy)]
pub(super) struct Talk {
    quiet: bool,
}

impl Talk {
    pub(super) const fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// What went as it should; nothing under `--quiet`.
    pub(super) fn say(self, text: impl Display) {
        if !self.quiet {
            line(&format!("proofmark: {text}"));
        }
    }

    /// What the user should know although nothing failed; said under `--quiet` too.
    pub(super) fn notice(self, text: impl Display) {
        line(&redact::scrub(&format!("proofmark: notice: {text}")).text);
    }

    /// A fault and its remedy.
    pub(super) fn failure(self, failure: &Failure) {
        // A message repeats what was typed: a command that begins with `PASSWORD=..`, say.
        line(&redact::scrub(&format!("proofmark: error: {}", failure.message)).text);
        if let Some(hint) = &failure.hint {
            line(&format!("  hint: {hint}"));
        }
    }

    /// A spinner for long work: on a terminal only, and not under `--quiet`.
    pub(super) fn progress(self, what: &'static str) -> Progress {
        let shown = !self.quiet && io::stderr().is_terminal();
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {pos} files, {elapsed}") {
            bar.set_style(style);
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Progress(bar)
    }
}

/// A spinner that is gone when it is dropped: nothing of ours moves while the command runs.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Told how many more files and bytes are done.
    pub(super) fn report(&self) -> impl Fn(u64, u64) + Sync {
        |files, _bytes| self.0.inc(files)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Nobody reads stderr, or it is full: no reason to stop a build.
fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
