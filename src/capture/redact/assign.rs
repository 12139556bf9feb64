//! Values that stand behind a name that tells: `name=value`, `"name": "value"`, `Header: value`,
//! `<name>value</name>`, `Bearer value`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::names::{self, Manner};
use super::rule::Rule;
use super::span::{Finds, at, before, is_base64, is_edge, run, run_back};
use super::url::parameter_tells;

/// Longest name that is read backwards from its value.
const NAME_MAX: usize = 64;
/// A value longer than this is never plain, so that deciding it costs the same wherever it ends.
const PLAIN_MAX: usize = 512;

/// A name, and what stands around it.
struct Name<'a> {
    text: &'a str,
    start: usize,
    /// The quote that opens before the name and isn't closed behind it, or NUL.
    quote: u8,
    /// A quote stands before the name, closed or not.
    opens: bool,
    /// There was space between the name and the sign behind it.
    spaced: bool,
}

/// Finds what names, headers and schemes tell.
pub(super) fn scan(text: &str, finds: &mut Finds) {
    let bytes = text.as_bytes();
    let is_jwk = ["kty\"", "kty\\\""].iter().any(|sign| text.contains(sign));
    let mut i = 0;
    while i < bytes.len() {
        let end = match at(bytes, i) {
            b'=' => equals(text, i, finds),
            b':' if is_jwk => jwk(text, i, finds).or_else(|| colon(text, i, finds)),
            b':' => colon(text, i, finds),
            b'>' => element(text, i, finds),
            b' ' => scheme(text, i, finds),
            _ => None,
        };
        i = end.unwrap_or(i).max(i + 1);
    }
    netrc(text, finds);
}

const fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

const fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`')
}

/// The name that ends before `sign`.
fn name_before(text: &str, sign: usize) -> Option<Name<'_>> {
    let bytes = text.as_bytes();
    let mut to = run_back(bytes, sign, 1, |b| matches!(b, b':' | b'+' | b'?'));
    let unspaced = to;
    to = run_back(bytes, to, 2, |b| b == b' ');
    let spaced = to < unspaced;
    let closed = matches!(before(bytes, to), b'"' | b'\'');
    if closed {
        to -= 1;
        to = run_back(bytes, to, 8, |b| b == b'\\');
    }
    let start = run_back(bytes, to, NAME_MAX, is_name);
    let text = text.get(start..to).filter(|name| !name.is_empty())?;
    let quote = before(bytes, start);
    let opens = matches!(quote, b'"' | b'\'');
    let quote = if opens && !closed { quote } else { 0 };
    Some(Name { text, start, quote, opens, spaced })
}

/// Where the value that begins at `from` begins behind its own quote, and where it ends.
///
/// JSON in a string, and that in a script, escapes its quotes once and more often. Then the value
/// ends before the next quote and the backslashes that belong to it.
fn value(bytes: &[u8], from: usize, outer: u8, stops: impl Fn(u8) -> bool) -> (usize, usize) {
    let open = run(bytes, from, |b| b == b'\\').min(from + 8);
    let quote = at(bytes, open);
    if !is_quote(quote) || quote == outer {
        return (from, run(bytes, from, |b| !stops(b) && (outer == 0 || b != outer)));
    }
    let start = open + 1;
    if open > from {
        let end = run(bytes, start, |b| b != quote);
        return (start, run_back(bytes, end, end - start, |b| b == b'\\'));
    }
    let mut end = start;
    while end < bytes.len() && at(bytes, end) != quote {
        end += if at(bytes, end) == b'\\' { 2 } else { 1 };
    }
    (start, end.min(bytes.len()))
}

/// The name that a neighbour gives: `key="Password" value=`, `"name": "TOKEN", "value":`, and YAML's
/// `name: TOKEN` in the line before `value:`.
fn name_of_value<'a>(text: &'a str, value: &Name<'_>) -> Option<&'a str> {
    if !value.text.eq_ignore_ascii_case("value") {
        return None;
    }
    let bytes = text.as_bytes();
    let between = |b: u8| b.is_ascii_whitespace() || is_quote(b) || matches!(b, b',' | b'\\');
    let to = run_back(bytes, value.start, 48, between);
    let start = run_back(bytes, to, NAME_MAX, is_name);
    let sign = run_back(bytes, start, 8, |b| b == b' ' || is_quote(b) || b == b'\\');
    let word = name_before(text, sign.checked_sub(1)?)?;
    let signs = matches!(before(bytes, sign), b'=' | b':');
    let names = ["key", "name"].iter().any(|name| word.text.eq_ignore_ascii_case(name));
    text.get(start..to).filter(|_| signs && names && start < to)
}

/// Withholds the value for its name's sake. Short values may be plain, long ones are not asked.
fn withhold(text: &str, name: &str, range: (usize, usize), finds: &mut Finds) -> Option<usize> {
    let (start, end) = range;
    let whole = text.get(start..end)?;
    let rule = if whole.len() > PLAIN_MAX {
        names::tells(name).then_some(Rule::NameTells)
    } else {
        names::withholds(name, whole, Manner::Assigned)
    }?;
    finds.add(start..end, rule);
    Some(end)
}

fn equals(text: &str, sign: usize, finds: &mut Finds) -> Option<usize> {
    let bytes = text.as_bytes();
    let name = name_before(text, sign)?;
    let in_url = matches!(before(bytes, name.start), b'?' | b'&' | b'#');
    // `UID=sa;PWD=..` is how ODBC writes it; the variable `PWD` follows no semicolon.
    let lead = run_back(bytes, name.start, 2, |b| b == b' ');
    let odbc = name.text == "PWD" && before(bytes, lead) == b';';
    let given = name_of_value(text, &name);
    let name = Name { text: if odbc { "password" } else { given.unwrap_or(name.text) }, ..name };
    if !(names::tells(name.text) || (in_url && parameter_tells(name.text))) {
        return None;
    }
    let mut from = run(bytes, sign + 1, |b| matches!(b, b'=' | b'>')).min(sign + 3);
    if name.spaced {
        from = run(bytes, from, |b| b == b' ').min(from + 2);
    }
    let stops = |b: u8| b.is_ascii_whitespace() || is_quote(b) || matches!(b, b'&' | b';');
    if in_url {
        let end = run(bytes, from, |b| !stops(b) && b != b'#');
        finds.add(from..end, Rule::UrlParameter);
        return Some(end);
    }
    withhold(text, name.text, value(bytes, from, 0, stops), finds)
}

fn colon(text: &str, sign: usize, finds: &mut Finds) -> Option<usize> {
    let bytes = text.as_bytes();
    let name = name_before(text, sign).filter(|n| !n.spaced || n.opens)?;
    let given = name_of_value(text, &name);
    let name = Name { text: given.unwrap_or(name.text), ..name };
    let from = run(bytes, sign + 1, |b| b == b' ' || b == b'\t').min(sign + 3);
    let is = |header: &str| name.text.eq_ignore_ascii_case(header);
    let line = |b: u8| matches!(b, b'\n' | b'\r');
    if is("authorization") || is("proxy-authorization") {
        let (start, end) = value(bytes, from, name.quote, line);
        let start = start + scheme_length(bytes.get(start..end)?);
        finds.add(start..end, Rule::Authorization);
        return Some(end);
    }
    if is("cookie") || is("set-cookie") {
        let (start, end) = value(bytes, from, name.quote, line);
        finds.add(start..end, Rule::Cookie);
        return Some(end);
    }
    if !names::tells(name.text) || matches!(at(bytes, from), b'{' | b'[' | b'/') {
        return None;
    }
    // `password: x` opens a line of YAML; in `error: wrong password: try again` it opens nothing.
    // A header needs no space after its colon, but `my-secret:1.2.3` is an image.
    let header = name.text.contains('-')
        && (name.text.get(..2).is_some_and(|x| x.eq_ignore_ascii_case("x-"))
            || matches!(
                name.text.to_ascii_lowercase().as_str(),
                "private-token" | "job-token" | "deploy-token" | "api-key"
            ));
    let apart = from > sign + 1 || is_quote(at(bytes, from)) || at(bytes, from) == b'\\';
    let joined = name.text.contains(['-', '_']) || names_several(name.text);
    let opens = name.opens || given.is_some() || {
        let lead = run_back(bytes, name.start, 32, |b| matches!(b, b' ' | b'\t' | b'-'));
        lead == 0 || matches!(before(bytes, lead), b'\n' | b'\r' | b'{' | b',' | b'"' | b'\'')
    };
    if !(header || (apart && (joined || opens))) {
        return None;
    }
    let range = value(bytes, from, name.quote, |b| line(b) || b == b'"');
    withhold(text, name.text, range, finds)
}

/// The private members of a JSON web key (RFC 7518, section 6), whose names say nothing elsewhere.
fn jwk(text: &str, sign: usize, finds: &mut Finds) -> Option<usize> {
    const PRIVATE: [&str; 7] = ["d", "k", "p", "q", "dp", "dq", "qi"];
    let bytes = text.as_bytes();
    let name = name_before(text, sign).filter(|name| name.opens && PRIVATE.contains(&name.text))?;
    let from = run(bytes, sign + 1, |b| b.is_ascii_whitespace()).min(sign + 3);
    let (start, end) = value(bytes, from, name.quote, |b| b == b',' || b == b'}');
    finds.add(start..end, Rule::PrivateKey);
    Some(end)
}

/// Whether a name is of several words in camelCase.
fn names_several(name: &str) -> bool {
    name.as_bytes()
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
}

/// The schemes of `Authorization` are worth keeping: they say what kind of secret was there.
const SCHEMES: [&str; 8] =
    ["bearer", "basic", "token", "digest", "negotiate", "apikey", "ntlm", "aws4-hmac-sha256"];

fn scheme_length(value: &[u8]) -> usize {
    SCHEMES
        .iter()
        .filter_map(|s| value.split_at_checked(s.len()).map(|(head, rest)| (s, head, rest)))
        .find(|(s, head, rest)| head.eq_ignore_ascii_case(s.as_bytes()) && rest.starts_with(b" "))
        .map_or(0, |(s, _, _)| s.len() + 1)
}

/// `Bearer <token>` and `Basic <base64 of user:password>` where no header name stands before.
fn scheme(text: &str, space: usize, finds: &mut Finds) -> Option<usize> {
    let bytes = text.as_bytes();
    let ends_with = |word: &str| {
        let from = space.checked_sub(word.len())?;
        let found = bytes.get(from..space)?.eq_ignore_ascii_case(word.as_bytes());
        (found && is_edge(bytes, from)).then_some(())
    };
    let from = space + 1;
    let rule = Rule::Authorization;
    if ends_with("bearer").is_some() {
        let end = run(bytes, from, |b| is_base64(b) || matches!(b, b'.' | b'~' | b'='));
        if end - from >= 16 {
            finds.add(from..end, rule);
        }
        return Some(end);
    }
    ends_with("basic")?;
    let end = run(bytes, from, is_base64);
    let pair = STANDARD_NO_PAD.decode(bytes.get(from..end)?).ok()?;
    if pair.contains(&b':') {
        finds.add(from..run(bytes, end, |b| b == b'=').min(end + 2), rule);
    }
    Some(end)
}

/// `<password>value</password>`.
fn element(text: &str, sign: usize, finds: &mut Finds) -> Option<usize> {
    let bytes = text.as_bytes();
    let start = run_back(bytes, sign, NAME_MAX, is_name);
    let name = text.get(start..sign).filter(|_| before(bytes, start) == b'<')?;
    if !names::tells(name) {
        return None;
    }
    let end = run(bytes, sign + 1, |b| b != b'<');
    if at(bytes, end + 1) != b'/' {
        return None;
    }
    withhold(text, name, (sign + 1, end), finds)
}

/// `machine host login name password value`.
fn netrc(text: &str, finds: &mut Finds) {
    if !text.contains("machine ") && !text.contains("login ") {
        return;
    }
    let bytes = text.as_bytes();
    for (i, word) in text.match_indices("password ") {
        let from = i + word.len();
        if is_edge(bytes, i) && text.get(..i).is_some_and(|lead| lead.ends_with([' ', '\n', '\t']))
        {
            finds.add(from..run(bytes, from, |b| !b.is_ascii_whitespace()), Rule::NameTells);
        }
    }
}
