//! stderr is talk, stdout is data.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::bracket;
use super::failure::Failure;
use crate::base::system;
use crate::capture::environment::Variables;
use crate::capture::redact::Redactor;

/// Knows the secrets that this process was given: whatever is said repeats paths, names and what was typed,
/// and a log is read by many.
static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| bracket::redactor(&Variables::read()));

/// What [`crate::base::text::Printable`] makes of one.
const LINE_FEED: &str = "\\u{a}";

/// A text as it may be said.
pub(super) fn sayable(text: &str) -> String {
    let said = REDACTOR.scrub(text).text;
    if !said.contains(LINE_FEED) {
        return said;
    }
    // Made printable, a text of several lines is one, in which what opened a line tells nothing any more.
    let lines = REDACTOR.scrub(&said.replace(LINE_FEED, "\n"));
    if lines.rules.is_empty() { said } else { lines.text.replace('\n', " ") }
}

/// A secret that came late: nothing that is said from here on shows it.
pub(super) fn learn(secret: &str) {
    REDACTOR.learn(secret);
}

/// Tells GitHub's runner, which reads this stream, to hide a secret in whatever any step says from here on.
/// Where the stream is kept in a file nobody reads it for commands, and the secret would lie there.
pub(super) fn mask(secret: &str) {
    if !system::stderr_is_a_file() {
        let _ = writeln!(io::stderr().lock(), "::add-mask::{secret}");
    }
}

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
        line(&format!("proofmark: notice: {text}"));
    }

    /// A fault and its remedy.
    pub(super) fn failure(self, failure: &Failure) {
        line(&format!("proofmark: error: {}", failure.message));
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
    let _ = writeln!(io::stderr().lock(), "{}", sayable(text));
}
