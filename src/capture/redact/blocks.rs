//! Secrets told by their build: armoured keys, JSON web tokens, bot tokens, keys that end in their region.

use std::ops::Range;

use super::entropy::{armour_label, is_private_label};
use super::rule::Rule;
use super::span::{Finds, at, before, is_base64, is_edge, is_url64, run, run_back};

/// Finds what has a build of its own.
///
/// Every kind goes on where its last candidate ended, so that a text full of beginnings is walked
/// once.
pub(super) fn scan(text: &str, finds: &mut Finds) {
    armour(text, finds);
    if let Some(i) = text.find("PuTTY-User-Key-File-") {
        finds.add(i..text.len(), Rule::PrivateKey);
    }
    each(text, "LS0tLS1CRUdJTi", finds, encoded_armour);
    each(text, "eyJ", finds, jwt);
    each(text, ":", finds, telegram);
    each(text, ".", finds, discord);
    each(text, "pat", finds, airtable);
    each(text, "-us", finds, mailchimp);
}

/// Tries `kind` at each place of `start`; it returns where the next try may begin.
fn each(
    text: &str,
    start: &str,
    finds: &mut Finds,
    kind: impl Fn(&[u8], usize, &mut Finds) -> usize,
) {
    let mut done = 0;
    for (i, _) in text.match_indices(start) {
        if i >= done {
            done = kind(text.as_bytes(), i, finds);
        }
    }
}

/// Base64 of armour: whole, unless its label is public.
fn encoded_armour(bytes: &[u8], i: usize, finds: &mut Finds) -> usize {
    let end = run(bytes, i, |b| is_base64(b) || b == b'=');
    let label = armour_label(bytes.get(i..end).unwrap_or_default());
    if label.is_none_or(|label| is_private_label(&label)) {
        finds.add(i..end, Rule::PrivateKey);
    }
    end
}

/// One `BEGIN` or `END` of armour, from its first dash to its last.
struct Line<'a> {
    range: Range<usize>,
    label: &'a str,
    begins: bool,
}

/// Every line of armour. The dashes may be four and a space (RFC 4716) or five (RFC 7468).
fn lines(text: &str) -> Vec<Line<'_>> {
    let bytes = text.as_bytes();
    let line = |(at_word, word): (usize, &str)| {
        let to = if before(bytes, at_word) == b' ' { at_word - 1 } else { at_word };
        let start = run_back(bytes, to, 8, |b| b == b'-');
        let from = at_word + word.len();
        let width = bytes.get(from..)?.iter().take(80).position(|&b| b == b'-')?;
        let label = text.get(from..from + width)?.trim();
        let end = run(bytes, from + width, |b| b == b'-').min(from + width + 8);
        (to - start >= 4).then_some(Line { range: start..end, label, begins: word == "BEGIN " })
    };
    let mut all: Vec<_> =
        text.match_indices("BEGIN ").chain(text.match_indices("END ")).filter_map(line).collect();
    all.sort_unstable_by_key(|l| l.range.start);
    all
}

fn is_private(label: &str) -> bool {
    label.contains("PRIVATE") || label.contains("SECRET")
}

/// Private blocks are withheld to their end line, or to the end of the text if that is missing: a
/// key that was cut short is still a key.
fn armour(text: &str, finds: &mut Finds) {
    let mut open: Option<usize> = None;
    for line in lines(text) {
        match open {
            None if line.begins && is_private(line.label) => open = Some(line.range.start),
            Some(start) if !line.begins && is_private(line.label) => {
                finds.add(start..line.range.end, Rule::PrivateKey);
                open = None;
            }
            _ => {}
        }
    }
    if let Some(start) = open {
        finds.add(start..text.len(), Rule::PrivateKey);
    }
}

/// The bodies of public blocks: certificates, public keys, signatures.
///
/// Only what looks like armour inside counts, so that two such lines around something else hide
/// nothing.
pub(super) fn public_ranges(text: &str) -> Vec<Range<usize>> {
    let all = lines(text);
    let mut out = Vec::new();
    for pair in all.windows(2) {
        let [begin, end] = pair else { continue };
        let body = begin.range.end..end.range.start;
        let inside = text.as_bytes().get(body.clone()).unwrap_or_default();
        if begin.begins
            && !end.begins
            && begin.label == end.label
            && !is_private_label(begin.label.as_bytes())
            && inside.iter().all(|&b| {
                is_base64(b) || b.is_ascii_whitespace() || matches!(b, b'=' | b'\\' | b':' | b'.')
            })
        {
            out.push(body);
        }
    }
    out
}

/// `eyJ<header>.<payload>.<signature>`, with two more parts if encrypted; an unsigned one ends in
/// a dot and still carries its claims.
fn jwt(bytes: &[u8], start: usize, finds: &mut Finds) -> usize {
    if !is_edge(bytes, start) {
        return start + 1;
    }
    let header = run(bytes, start, is_url64);
    let payload = run(bytes, header + 1, is_url64);
    if header - start < 10 || at(bytes, header) != b'.' || at(bytes, payload) != b'.' {
        return header;
    }
    let end = run(bytes, payload, |b| is_url64(b) || b == b'.');
    finds.add(start..end, Rule::Jwt);
    end
}

/// `<8 to 10 digits>:<35 characters>`.
fn telegram(bytes: &[u8], colon: usize, finds: &mut Finds) -> usize {
    let start = run_back(bytes, colon, 11, |b| b.is_ascii_digit());
    let key = bytes.get(colon + 1..colon + 36).unwrap_or_default();
    let fits = key.len() == 35 && key.iter().all(|&b| is_url64(b));
    if !(8..=10).contains(&(colon - start)) || !fits || key.iter().all(u8::is_ascii_hexdigit) {
        return colon + 1;
    }
    let end = run(bytes, colon + 1, is_url64);
    finds.add(start..end, Rule::BotToken);
    end
}

/// `<24 to 26 characters>.<6>.<27 or more>`, the first being a number in base64.
fn discord(bytes: &[u8], dot: usize, finds: &mut Finds) -> usize {
    let start = run_back(bytes, dot, 29, is_url64);
    let second = dot + 7;
    let stamp = bytes.get(dot + 1..second).unwrap_or_default();
    let key = bytes.get(second + 1..second + 28).unwrap_or_default();
    if !(23..=28).contains(&(dot - start))
        || !matches!(at(bytes, start), b'M' | b'N' | b'O')
        || at(bytes, second) != b'.'
        || key.len() != 27
        || !stamp.iter().chain(key).all(|&b| is_url64(b))
    {
        return dot + 1;
    }
    let end = run(bytes, second + 1, is_url64);
    finds.add(start..end, Rule::BotToken);
    end
}

/// `pat<14 characters>.<64 hexadecimal digits>`.
fn airtable(bytes: &[u8], start: usize, finds: &mut Finds) -> usize {
    let dot = start + 17;
    let id = bytes.get(start..dot).unwrap_or_default();
    let key = bytes.get(dot + 1..dot + 65).unwrap_or_default();
    let fits = key.len() == 64
        && at(bytes, dot) == b'.'
        && id.iter().all(u8::is_ascii_alphanumeric)
        && key.iter().all(u8::is_ascii_hexdigit);
    if !fits || !is_edge(bytes, start) {
        return start + 1;
    }
    finds.add(start..dot + 65, Rule::VendorToken);
    dot + 65
}

/// `<32 hexadecimal digits>-us<number of the data centre>`.
fn mailchimp(bytes: &[u8], dash: usize, finds: &mut Finds) -> usize {
    let start = run_back(bytes, dash, 33, |b| b.is_ascii_hexdigit());
    let from = dash + "-us".len();
    let end = run(bytes, from, |b| b.is_ascii_digit());
    let ends = !is_url64(at(bytes, end));
    if dash - start == 32 && (1..=2).contains(&(end - from)) && ends {
        finds.add(start..end, Rule::VendorToken);
    }
    end
}
