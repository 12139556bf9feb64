//! What is looked at beside the hashing, in threads that may be left behind.

use std::sync::mpsc;
use std::time::Duration;

/// A look that may take for ever (libgit2 can't be told to stop, and a hostile work tree has a FIFO as
/// `.gitignore`), in a thread of its own. One that is left behind ends with the process.
pub(super) struct Beside<T>(mpsc::Receiver<T>);

impl<T: Send + 'static> Beside<T> {
    pub(super) fn start(name: &str, look: impl FnOnce() -> T + Send + 'static) -> Self {
        let (hand_over, handed_over) = mpsc::channel();
        // Without a thread the sender is dropped, and whoever waits is told.
        let _ = std::thread::Builder::new().name(name.into()).spawn(move || {
            let _ = hand_over.send(look());
        });
        Self(handed_over)
    }

    /// Waits until `give_up` says so; it is asked every now and then. `None`: there is no result.
    pub(super) fn wait(self, give_up: &dyn Fn() -> bool) -> Option<T> {
        loop {
            match self.0.recv_timeout(Duration::from_millis(20)) {
                Ok(found) => return Some(found),
                Err(mpsc::RecvTimeoutError::Timeout) if !give_up() => {}
                Err(_) => return None,
            }
        }
    }
}
