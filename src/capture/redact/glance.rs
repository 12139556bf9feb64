//! A quick look at a path, which spares nearly all of them the slow one.

use super::span::{is_url64, run};

/// Shortest run of letters and digits that a rule finds by itself.
const SHORTEST: usize = 14;

/// Whether any rule could find something in the parts of a path.
///
/// What a rule needs is a name with a sign behind it, the address of a webhook, or a long run that isn't
/// made of small letters alone.
pub(super) fn may_hold_secret(path: &[u8]) -> bool {
    let mut i = 0;
    while let Some(&b) = path.get(i) {
        if !is_url64(b) {
            let tells = matches!(b, b'=' | b':' | b'>' | b' ' | b'(' | b'$' | b'[');
            // `hooks.slack.com/services/`, `api.telegram.org/bot`.
            let host = b == b'.'
                && path.get(i + 1..i + 5).is_some_and(|end| matches!(end, b"com/" | b"org/"));
            if tells || host {
                return true;
            }
            i += 1;
            continue;
        }
        let end = run(path, i, is_url64);
        let part = path.get(i..end).unwrap_or_default();
        if part.len() >= SHORTEST && !is_plain(part) {
            return true;
        }
        i = end;
    }
    false
}

/// Small letters with dashes, or a digest: names of most files.
fn is_plain(part: &[u8]) -> bool {
    let small = part.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'));
    // `serde_json-0a1b2c3d4e5f6789`, as compilers and bundlers name what they make.
    let stem = part.iter().rposition(|&b| b == b'-').unwrap_or(0);
    let (name, digest) = part.split_at(stem);
    let digest = digest.strip_prefix(b"-").unwrap_or(digest);
    let is_small_hex = |b: &u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    let named = |b: &u8| b.is_ascii_lowercase() || *b == b'_';
    // `key-` and the like are the beginnings of tokens that go on in hexadecimal.
    small
        || (name.len() > 5
            && name.iter().all(named)
            && digest.iter().all(is_small_hex)
            && digest.len() <= 16)
}
