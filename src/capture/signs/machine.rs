//! Which machine it is, and since when it runs.

use std::path::Path;

use super::{Noted, why};
use crate::base::digest::Sha256;
use crate::base::file::{self, FileError};
use crate::base::time::Time;

/// The key under which the machine's id is recorded. It is no secret: an id has 128 random bits, and the key
/// keeps a digest of ours apart from everybody else's, so that none can be looked up by another.
const KEY: &[u8] = b"proofmark machine id v1";
/// Hexadecimal digits that are recorded.
const DIGITS: usize = 32;
/// Where the id is (machine-id(5)).
const PLACES: [&str; 2] = ["etc/machine-id", "var/lib/dbus/machine-id"];
/// Most bytes of an id: 32 digits and a line feed.
const ID_MAX: u64 = 64;
/// Most bytes of `/proc/stat`: a line for each CPU, and a very long one of interrupts.
const STAT_MAX: u64 = 4 << 20;

/// When the system booted, where it says so.
pub(super) fn booted(system: &Path, noted: &mut Noted) -> Option<Time> {
    let part = "booted";
    if !cfg!(target_os = "linux") {
        noted.gap(part, "when the system booted is told on Linux only");
        return None;
    }
    let text = match file::read_regular(&system.join("proc/stat"), STAT_MAX) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            noted.gap(part, format!("/proc/stat {}", why(&error)));
            return None;
        }
    };
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
    if seconds.is_none() {
        noted.gap(part, "/proc/stat doesn't say when the system booted");
    }
    seconds.map(Time::saturating)
}

/// The machine's id under our key. None is usual in a container, and no gap.
pub(super) fn keyed_id(system: &Path, noted: &mut Noted) -> Option<String> {
    for place in PLACES {
        let bytes = match file::read_regular(&system.join(place), ID_MAX) {
            Ok(bytes) => bytes,
            Err(FileError::NotFound { .. }) => continue,
            Err(error) => {
                noted.gap("machine", format!("/{place} {}", why(&error)));
                continue;
            }
        };
        match bytes.trim_ascii() {
            // As images have it before their first boot.
            b"" | b"uninitialized" => {}
            id if is_id(id) => {
                let mut text = Sha256::keyed(KEY, &id.to_ascii_lowercase()).to_string();
                text.truncate(DIGITS);
                return Some(text);
            }
            _ => noted.gap("machine", format!("/{place} holds no machine id")),
        }
    }
    None
}

/// Zeros are no id: they would make one machine of many.
fn is_id(text: &[u8]) -> bool {
    text.len() == 32 && text.iter().all(u8::is_ascii_hexdigit) && text.iter().any(|b| *b != b'0')
}
