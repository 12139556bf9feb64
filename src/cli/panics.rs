//! A panic is a fault of ours, and its message may carry what we tripped over: a key, a payload.

use std::io::{self, Write as _};
use std::panic;

/// Lets a panic say where it happened and nothing else.
///
/// The usual hook repeats the message, and with `RUST_BACKTRACE` more than that.
pub fn say_only_where() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(
            || "an unknown place".to_owned(),
            |place| format!("{}:{}:{}", place.file(), place.line(), place.column()),
        );
        let _ = writeln!(
            io::stderr().lock(),
            "proofmark: error: a fault in proofmark itself, at {place}; please report it"
        );
    }));
}
