//! Values that are known to be secret, found wherever and however they are written.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::rule::Rule;
use super::span::{Finds, at, is_base64, run, run_back};

/// Shortest value that is looked for: shorter ones would tear harmless text to pieces.
pub(super) const SHORTEST: usize = 8;
/// Shortest line of a value of several lines that is looked for alone.
const SHORTEST_LINE: usize = 16;

/// The values, and the ways they may be written.
#[derive(Default)]
pub(super) struct Known {
    plain: Vec<Zeroizing<String>>,
    base64: Vec<Zeroizing<String>>,
    heads: Heads,
}

/// How every spelling of every value begins, so that a text that has none of them is passed over quickly,
/// however many values there are.
#[derive(Default)]
struct Heads {
    /// Sorted.
    all: Zeroizing<Vec<[u8; SHORTEST]>>,
    /// A bit for each by a few of its own bits.
    bits: Zeroizing<Vec<u64>>,
}

impl Heads {
    fn add(&mut self, text: &str) {
        let Some(head) = text.as_bytes().first_chunk::<SHORTEST>() else { return };
        if let Err(at) = self.all.binary_search(head) {
            self.all.insert(at, *head);
        }
        self.bits.resize(1 << 10, 0);
        let (word, bit) = Self::place(head);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bit;
        }
    }

    fn place(head: &[u8; SHORTEST]) -> (usize, u64) {
        let mixed = u64::from_le_bytes(*head).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        (usize::try_from(mixed >> 6).unwrap_or(0), 1 << (mixed & 63))
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        bytes.windows(SHORTEST).filter_map(|head| head.first_chunk()).any(|head| {
            let (word, bit) = Self::place(head);
            self.bits.get(word).is_some_and(|word| word & bit != 0)
                && self.all.binary_search(head).is_ok()
        })
    }
}

impl Known {
    /// Adds a value with its encodings; what is too short is passed over.
    pub(super) fn add(&mut self, value: &str) {
        let value = value.trim();
        if value.len() < SHORTEST || self.plain.iter().any(|p| p.as_str() == value) {
            return;
        }
        for skip in 0..3 {
            // The value may begin at any of three places in a group of three bytes. Characters
            // that also hold bits of its neighbours are left out.
            let mut bytes = Zeroizing::new(Vec::with_capacity(skip + value.len()));
            bytes.resize(skip, 0);
            bytes.extend_from_slice(value.as_bytes());
            let range = (skip * 8).div_ceil(6)..(bytes.len() * 8) / 6;
            for mut text in [STANDARD_NO_PAD.encode(&*bytes), URL_SAFE_NO_PAD.encode(&*bytes)] {
                let inner = Zeroizing::new(text.get(range.clone()).unwrap_or_default().to_owned());
                text.zeroize();
                if !self.base64.contains(&inner) {
                    self.heads.add(&inner);
                    self.base64.push(inner);
                }
            }
        }
        self.push(hex::encode(value));
        self.push(hex::encode_upper(value));
        if let Ok(mut json) = serde_json::to_string(value) {
            self.push(json.trim_matches('"').to_owned());
            json.zeroize();
        }
        // Logs and arguments show keys line by line.
        for line in value
            .lines()
            .map(str::trim)
            .filter(|l| value.contains('\n') && l.len() >= SHORTEST_LINE)
        {
            if !line.starts_with("-----") {
                self.push(line.to_owned());
            }
        }
        self.push(value.to_owned());
    }

    /// What is no text, in the ways that texts are made of it.
    pub(super) fn add_bytes(&mut self, value: &[u8]) {
        for text in [
            hex::encode(value),
            hex::encode_upper(value),
            STANDARD_NO_PAD.encode(value),
            URL_SAFE_NO_PAD.encode(value),
        ] {
            self.push(text);
        }
    }

    fn push(&mut self, text: String) {
        let text = Zeroizing::new(text);
        if !self.plain.contains(&text) {
            self.heads.add(&text);
            self.plain.push(text);
        }
    }

    /// Whether nothing is looked for.
    pub(super) const fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// Finds every value.
    pub(super) fn scan(&self, text: &str, finds: &mut Finds) {
        let bytes = text.as_bytes();
        if self.heads.are_in(bytes) {
            self.scan_spellings(text, finds);
        }
        if self.is_empty() || !bytes.contains(&b'%') {
            return;
        }
        let (decoded, origins) = percent_decoded(bytes);
        if !self.heads.are_in(&decoded) {
            return;
        }
        for value in &self.plain {
            for i in occurrences(&decoded, value.as_bytes()) {
                let origin = |i: usize| origins.get(i).copied().unwrap_or(bytes.len());
                finds.add(origin(i)..origin(i + value.len()), Rule::KnownSecret);
            }
        }
    }

    /// Whether [`Self::scan`] could find something.
    pub(super) fn may_find(&self, bytes: &[u8]) -> bool {
        !self.is_empty() && (bytes.contains(&b'%') || self.heads.are_in(bytes))
    }

    fn scan_spellings(&self, text: &str, finds: &mut Finds) {
        let bytes = text.as_bytes();
        for value in &self.plain {
            for (i, found) in text.match_indices(value.as_str()) {
                finds.add(i..i + found.len(), Rule::KnownSecret);
            }
        }
        for value in &self.base64 {
            for (i, found) in text.match_indices(value.as_str()) {
                // The characters at either end that hold a few of the value's bits.
                let end = i + found.len();
                let stop =
                    run(bytes.get(..bytes.len().min(end + 2)).unwrap_or_default(), end, |b| {
                        is_base64(b) || b == b'='
                    });
                finds.add(run_back(bytes, i, 2, is_base64)..stop, Rule::KnownSecret);
            }
        }
    }
}

/// The bytes with every `%XX` decoded, and where each came from. Whatever characters an encoder
/// chose to escape, the decoded form is the same.
fn percent_decoded(bytes: &[u8]) -> (Zeroizing<Vec<u8>>, Vec<usize>) {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut origins = Vec::with_capacity(bytes.len());
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut i = 0;
    while i < bytes.len() {
        origins.push(i);
        let escaped = (at(bytes, i) == b'%')
            .then(|| Some(digit(at(bytes, i + 1))? * 16 + digit(at(bytes, i + 2))?))
            .flatten();
        out.push(escaped.unwrap_or_else(|| at(bytes, i)));
        i += if escaped.is_some() { 3 } else { 1 };
    }
    (out, origins)
}

/// Where `needle` occurs, by Knuth, Morris and Pratt: decoded bytes need not be text, and a
/// comparison at each place would be quadratic for repetitive values.
fn occurrences(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut back = vec![0_usize; needle.len()];
    let mut length = 0;
    for i in 1..needle.len() {
        while length > 0 && at(needle, i) != at(needle, length) {
            length = back.get(length - 1).copied().unwrap_or(0);
        }
        length += usize::from(at(needle, i) == at(needle, length));
        if let Some(slot) = back.get_mut(i) {
            *slot = length;
        }
    }
    let mut out = Vec::new();
    let mut matched = 0;
    for (i, &b) in haystack.iter().enumerate() {
        while matched > 0 && (matched == needle.len() || b != at(needle, matched)) {
            matched = back.get(matched - 1).copied().unwrap_or(0);
        }
        matched += usize::from(b == at(needle, matched));
        if matched == needle.len() {
            out.push(i + 1 - needle.len());
        }
    }
    out
}
