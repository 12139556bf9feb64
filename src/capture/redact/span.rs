//! Places in a text, and their replacement by marks.

use std::ops::Range;

use super::rule::{MARK_START, Rule, mark_length};

/// Bytes to withhold, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First byte.
    pub(super) start: usize,
    /// First byte after.
    pub(super) end: usize,
    /// Why.
    pub(super) rule: Rule,
}

/// The finds in one text. Offsets are relative to `base`, so that a scanner sees only its part.
#[derive(Debug, Default)]
pub(super) struct Finds {
    spans: Vec<Span>,
    base: usize,
}

impl Finds {
    /// Offsets of what is added from now on count from `base`.
    pub(super) const fn set_base(&mut self, base: usize) {
        self.base = base;
    }

    /// Adds bytes; an empty range adds nothing.
    pub(super) fn add(&mut self, range: Range<usize>, rule: Rule) {
        if range.start < range.end {
            let (start, end) = (self.base + range.start, self.base + range.end);
            self.spans.push(Span { start, end, rule });
        }
    }

    /// Whether nothing was found.
    pub(super) const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Sorted and without overlaps: finds that meet become one, under the most telling rule.
    pub(super) fn merged(&self) -> Vec<Span> {
        let mut sorted = self.spans.clone();
        sorted.sort_unstable_by_key(|s| (s.start, s.end, s.rule));
        let mut out: Vec<Span> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match out.last_mut() {
                Some(last) if span.start <= last.end => {
                    last.end = last.end.max(span.end);
                    last.rule = last.rule.min(span.rule);
                }
                _ => out.push(span),
            }
        }
        out
    }

    /// The text with each find replaced by its mark; the rules are added to `rules`: those
    /// that stand in the marks, since one find by two rules is still one.
    pub(super) fn apply(&self, text: &str, rules: &mut Vec<Rule>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for span in self.merged() {
            rules.push(span.rule);
            // Every scanner cuts at ASCII; should one ever cut inside a character, more is withheld.
            let start = text.floor_char_boundary(span.start).max(done);
            let end = text.ceil_char_boundary(span.end).max(start);
            out.push_str(text.get(done..start).unwrap_or_default());
            out.push_str(&span.rule.mark());
            done = end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }
}

/// The parts of a text that lie between marks, with their offsets.
///
/// Scanners never see a mark: what was withheld once isn't withheld again.
pub(super) fn segments(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(MARK_START) {
        let Some(length) = text.get(at..).and_then(mark_length) else {
            continue;
        };
        out.push((start, text.get(start..at).unwrap_or_default()));
        start = at + length;
    }
    out.push((start, text.get(start..).unwrap_or_default()));
    out
}

/// The byte at `i`, or NUL beyond the end: NUL belongs to no class below.
pub(super) fn at(bytes: &[u8], i: usize) -> u8 {
    bytes.get(i).copied().unwrap_or(0)
}

/// The byte before `i`, or NUL at the start.
pub(super) fn before(bytes: &[u8], i: usize) -> u8 {
    i.checked_sub(1).map_or(0, |j| at(bytes, j))
}

/// End of the run of bytes from `from` that `class` takes.
pub(super) fn run(bytes: &[u8], from: usize, class: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|&b| !class(b)).unwrap_or(rest.len())
}

/// Start of the run of at most `limit` bytes that ends at `to` and that `class` takes.
pub(super) fn run_back(bytes: &[u8], to: usize, limit: usize, class: impl Fn(u8) -> bool) -> usize {
    let mut i = to;
    while i > 0 && to - i < limit && class(before(bytes, i)) {
        i -= 1;
    }
    i
}

/// Whether a token may begin at `i`: after nothing, after a byte that is no letter or digit, or
/// after an escape (`%3D`, `\n`) whose last letter only looks like part of a word.
pub(super) fn is_edge(bytes: &[u8], i: usize) -> bool {
    let back = |n: usize| i.checked_sub(n).map_or(0, |j| at(bytes, j));
    !back(1).is_ascii_alphanumeric()
        || (back(2) == b'\\' && matches!(back(1), b'n' | b'r' | b't'))
        || (back(3) == b'%' && back(2).is_ascii_hexdigit() && back(1).is_ascii_hexdigit())
}

/// Letters, digits, `-` and `_`: base64url, and most tokens.
pub(super) const fn is_url64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

/// Both alphabets of base64, without padding.
pub(super) const fn is_base64(b: u8) -> bool {
    is_url64(b) || matches!(b, b'+' | b'/')
}
