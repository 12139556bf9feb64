//! Digests of a whole tree.

use super::{Content, Entry, Kind, Tree};
use crate::base::digest::{Sha256, Sha256Hasher};

impl Tree {
    /// The root digest: SHA-256 over one record per path that `include` takes, sorted by path bytes:
    /// `<kind> <mode> <sha256 or -> <path as hexadecimal of its raw bytes>\n`.
    ///
    /// The kind is `f` (file), `l` (link: digest of its target's bytes) or `o` (other, not read); the
    /// mode is `x` (its owner may execute it; files only) or `-`.
    #[must_use]
    pub fn root_digest(&self, include: impl Fn(&[u8]) -> bool) -> Sha256 {
        let mut hasher = Sha256Hasher::default();
        let mut records = Vec::with_capacity(1 << 14);
        for entry in self.iter().filter(|entry| include(entry.path)) {
            record(&entry, &mut records);
            if records.len() > (1 << 14) - (1 << 10) {
                hasher.update(&records);
                records.clear();
            }
        }
        hasher.update(&records);
        hasher.finish()
    }

    /// Go's `dirhash.Hash1` over the regular files, as the digest's bytes rather than `h1:` and base64.
    ///
    /// `None` where it isn't defined or would not be the whole tree's: links, others, names that
    /// aren't UTF-8 or have a newline, files without a sure digest, a walk that was cut short.
    #[must_use]
    pub fn dir_hash(&self) -> Option<Sha256> {
        if !self.is_complete() || !self.problems().is_empty() {
            return None;
        }
        let mut hasher = Sha256Hasher::default();
        let mut line = Vec::new();
        for entry in self.iter() {
            let odd = entry.path.contains(&b'\n') || std::str::from_utf8(entry.path).is_err();
            if entry.kind != Kind::File || entry.content != Content::Read || odd {
                return None;
            }
            line.clear();
            push_hex(entry.digest?.as_bytes(), &mut line);
            line.extend_from_slice(b"  ");
            line.extend_from_slice(entry.path);
            line.push(b'\n');
            hasher.update(&line);
        }
        Some(hasher.finish())
    }
}

fn record(entry: &Entry<'_>, into: &mut Vec<u8>) {
    let kind = match entry.kind {
        Kind::File => b'f',
        Kind::Link => b'l',
        Kind::Other => b'o',
    };
    let mode = if entry.executable { b'x' } else { b'-' };
    into.extend_from_slice(&[kind, b' ', mode, b' ']);
    match entry.digest {
        Some(digest) => push_hex(digest.as_bytes(), into),
        None => into.push(b'-'),
    }
    into.push(b' ');
    push_hex(entry.path, into);
    into.push(b'\n');
}

fn push_hex(bytes: &[u8], into: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
    into.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}
