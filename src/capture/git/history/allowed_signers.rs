//! Keys that may sign commits, as OpenSSH's file of allowed signers has them.

use std::collections::BTreeMap;

use crate::base::digest::Sha256;
use crate::base::text::is_unprintable;
use crate::base::time::Time;
use crate::format::dsse::decode_base64;

/// Largest file, in bytes.
pub(super) const FILE_MAX: usize = 1 << 20;
/// Most keys.
const KEYS_MAX: usize = 10_000;

/// Why a file of allowed signers isn't taken. No value is repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AllowedSignersError {
    /// The whole file.
    #[error("the file of allowed signers has more than {FILE_MAX} bytes")]
    TooLarge,
    /// The whole file.
    #[error("the file of allowed signers isn't UTF-8 text")]
    NotText,
    /// The whole file.
    #[error("the file of allowed signers has more than {KEYS_MAX} keys")]
    TooMany,
    /// One line. A file of which a part is passed over would let some signatures pass for others' keys.
    #[error("line {line} of the file of allowed signers {fault}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// The keys that may sign, and for whom, for what and when.
#[derive(Debug, Clone)]
pub struct AllowedSigners {
    sha256: Sha256,
    /// By the key as SSH sends it.
    keys: BTreeMap<Vec<u8>, Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    principals: String,
    is_authority: bool,
    namespaces: Option<String>,
    after: Option<Time>,
    before: Option<Time>,
}

/// Why a key may not have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    /// There is no line for it, or only as an authority's, which may sign keys alone.
    NotAllowed,
    /// Only for other purposes.
    Namespace,
    /// Only for other times.
    Validity,
}

impl AllowedSigners {
    /// Reads a file of allowed signers.
    ///
    /// Times without a `Z` at their end, which OpenSSH takes for local ones, are in UTC here: what is allowed
    /// must not depend on the machine that asks.
    ///
    /// # Errors
    /// Anything that OpenSSH would refuse too, and control characters.
    pub fn parse(bytes: &[u8]) -> Result<Self, AllowedSignersError> {
        if bytes.len() > FILE_MAX {
            return Err(AllowedSignersError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).or(Err(AllowedSignersError::NotText))?;
        let mut keys: BTreeMap<Vec<u8>, Vec<Entry>> = BTreeMap::new();
        let mut count = 0;
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line).trim_matches([' ', '\t']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, entry) = parse_line(line)
                .map_err(|fault| AllowedSignersError::Line { line: number + 1, fault })?;
            count += 1;
            if count > KEYS_MAX {
                return Err(AllowedSignersError::TooMany);
            }
            keys.entry(key).or_default().push(entry);
        }
        Ok(Self { sha256: Sha256::of(bytes), keys })
    }

    /// The digest of the file's bytes.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The principals for whom `key` may have signed in `namespace` at `when`; the first line that allows it
    /// counts.
    pub(super) fn allows(&self, key: &[u8], namespace: &str, when: Time) -> Result<&str, Refusal> {
        let mut refusal = Refusal::NotAllowed;
        for entry in self.keys.get(key).into_iter().flatten() {
            // An authority signs keys, and no commits.
            if entry.is_authority {
                continue;
            }
            let fits = entry.namespaces.as_deref().is_none_or(|list| list_matches(list, namespace));
            let is_valid = entry.after.is_none_or(|after| when >= after)
                && entry.before.is_none_or(|before| when <= before);
            match (fits, is_valid) {
                (true, true) => return Ok(&entry.principals),
                (true, false) => refusal = refusal.max(Refusal::Validity),
                (false, _) => refusal = refusal.max(Refusal::Namespace),
            }
        }
        Err(refusal)
    }
}

fn parse_line(line: &str) -> Result<(Vec<u8>, Entry), &'static str> {
    if line.chars().any(|c| is_unprintable(c) && c != '\t') {
        return Err("has control characters");
    }
    let (principals, rest) = principals(line)?;
    let mut entry = Entry {
        principals: principals.to_owned(),
        is_authority: false,
        namespaces: None,
        after: None,
        before: None,
    };
    let (first, after) = word(rest);
    if let Some(key) = key(first, word(after).0) {
        return Ok((key, entry));
    }
    options(first, &mut entry)?;
    let (kind, rest) = word(after);
    let key = key(kind, word(rest).0).ok_or("has no public key where one is expected")?;
    Ok((key, entry))
}

/// The first field, in quotes or not.
fn principals(line: &str) -> Result<(&str, &str), &'static str> {
    let (found, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("has a quote without an end")?,
        None => word(line),
    };
    if found.trim().is_empty() {
        return Err("names no principal");
    }
    Ok((found, rest.trim_start_matches([' ', '\t'])))
}

/// The text up to a space outside quotes, and what follows.
fn word(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    let end = text.find(|c| {
        let is_end = !quoted && matches!(c, ' ' | '\t');
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    let (word, rest) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    (word, rest.trim_start_matches([' ', '\t']))
}

/// A key's bytes, which begin with the name of its kind.
fn key(kind: &str, base64: &str) -> Option<Vec<u8>> {
    let bytes = decode_base64(base64, "key").ok()?;
    let named = bytes.get(4..)?.strip_prefix(kind.as_bytes());
    let length = bytes.first_chunk().map(|length| u32::from_be_bytes(*length))?;
    (!kind.is_empty() && usize::try_from(length) == Ok(kind.len()) && named.is_some())
        .then_some(bytes)
}

fn options(text: &str, entry: &mut Entry) -> Result<(), &'static str> {
    let mut rest = text;
    loop {
        let end = rest.find([',', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').ok_or("has a quote without an end")?;
                (Some(value), after)
            }
            None => (None, after),
        };
        let twice = "has an option twice";
        match (name.to_ascii_lowercase().as_str(), value) {
            ("cert-authority", None) => entry.is_authority = true,
            ("namespaces", Some(list)) => {
                if entry.namespaces.replace(list.to_owned()).is_some() {
                    return Err(twice);
                }
            }
            ("valid-after", Some(value)) => {
                if entry.after.replace(time(value)?).is_some() {
                    return Err(twice);
                }
            }
            ("valid-before", Some(value)) => {
                if entry.before.replace(time(value)?).is_some() {
                    return Err(twice);
                }
            }
            // One that isn't known could be what takes the key its right.
            _ => return Err("has an option that isn't known, or no key where one is expected"),
        }
        if after.is_empty() {
            break;
        }
        rest = after.strip_prefix(',').ok_or("has an option that isn't known")?;
    }
    match (entry.after, entry.before) {
        (Some(after), Some(before)) if before <= after => Err("ends before it begins"),
        _ => Ok(()),
    }
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, and a `Z` or none.
fn time(text: &str) -> Result<Time, &'static str> {
    const FAULT: &str = "has a time that is none";
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FAULT);
    }
    let full = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(FAULT),
    };
    let part = |from: usize, to: usize| full.get(from..to).unwrap_or_default();
    let (date, clock) = (
        [part(0, 4), part(4, 6), part(6, 8)].join("-"),
        [part(8, 10), part(10, 12), part(12, 14)].join(":"),
    );
    format!("{date}T{clock}Z").parse().or(Err(FAULT))
}

/// Whether a list of patterns with commas between them means `text`: `*` is any text, `?` any character,
/// and what a pattern after `!` means is out whatever else means it.
fn list_matches(list: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    found
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Which beginnings of `text` the pattern so far means: no pattern makes this take long.
    let mut ends = vec![false; text.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    for symbol in pattern {
        let mut next = Vec::with_capacity(ends.len());
        let mut any = false;
        for (at, end) in ends.iter().enumerate() {
            any |= end;
            next.push(match symbol {
                b'*' => any,
                _ => at.checked_sub(1).is_some_and(|before| {
                    ends.get(before) == Some(&true)
                        && (*symbol == b'?' || text.get(before) == Some(symbol))
                }),
            });
        }
        ends = next;
    }
    ends.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn entries(text: &str) -> Vec<Entry> {
        AllowedSigners::parse(text.as_bytes()).unwrap().keys.into_values().flatten().collect()
    }

    fn fault(text: &str) -> &'static str {
        match AllowedSigners::parse(text.as_bytes()) {
            Err(AllowedSignersError::Line { line: 1, fault }) => fault,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn lines_are_read_as_openssh_writes_them() {
        let text = format!(
            "# comment\n\n  a@example.com,*@b {KEY} comment with words\r\n\"c d\"\tvalid-after=\"20260101\",Namespaces=\"git,x y\" {KEY}"
        );
        let found = entries(&text);
        assert_eq!(found[0].principals, "a@example.com,*@b");
        assert_eq!((found[0].after, &found[0].namespaces), (None, &None));
        assert_eq!(found[1].principals, "c d");
        assert_eq!(found[1].namespaces.as_deref(), Some("git,x y"));
        assert_eq!(found[1].after.unwrap().to_string(), "2026-01-01T00:00:00Z");
        let signers = AllowedSigners::parse(text.as_bytes()).unwrap();
        assert_eq!(signers.sha256(), Sha256::of(text.as_bytes()));
        assert_eq!(entries(""), []);
    }

    #[test]
    fn times_are_days_minutes_or_seconds_in_utc() {
        for (text, expected) in [
            ("20260131", "2026-01-31T00:00:00Z"),
            ("20260131Z", "2026-01-31T00:00:00Z"),
            ("202601311213", "2026-01-31T12:13:00Z"),
            ("20260131121314z", "2026-01-31T12:13:14Z"),
        ] {
            assert_eq!(time(text).unwrap().to_string(), expected);
        }
        for bad in ["", "Z", "2026", "20261301", "2026-01-31", "20260131246000", "２０２６０１３１"]
        {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_that_can_not_be_read_is_refused_and_not_repeated() {
        let no_key = "has no public key where one is expected";
        let unknown = "has an option that isn't known, or no key where one is expected";
        for (text, expected) in [
            (format!("\u{1b}[2J {KEY}"), "has control characters"),
            (format!("a\u{202e}b {KEY}"), "has control characters"),
            ("a".to_owned(), unknown),
            (format!("\"a {KEY}"), "has a quote without an end"),
            (format!("\"\" {KEY}"), "names no principal"),
            (format!("a no-touch-required {KEY}"), unknown),
            (format!("a cert-authority=\"x\" {KEY}"), unknown),
            (format!("a namespaces=git {KEY}"), unknown),
            (format!("a namespaces=\"git\"x {KEY}"), "has an option that isn't known"),
            (format!("a namespaces=\"a\",namespaces=\"b\" {KEY}"), "has an option twice"),
            (format!("a valid-after=\"x\" {KEY}"), "has a time that is none"),
            (
                format!("a valid-after=\"20260102\",valid-before=\"20260101\" {KEY}"),
                "ends before it begins",
            ),
            ("a cert-authority ssh-ed25519 AAAA".to_owned(), no_key),
            (format!("a cert-authority {}", KEY.replace("ssh-ed25519", "ssh-rsa")), no_key),
            (format!("a cert-authority {}", &KEY[..KEY.len() - 70]), no_key),
        ] {
            assert_eq!(fault(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_or_no_text_is_refused() {
        let parse = |bytes: &[u8]| AllowedSigners::parse(bytes).unwrap_err();
        assert_eq!(parse(&vec![b'#'; FILE_MAX + 1]), AllowedSignersError::TooLarge);
        assert_eq!(parse(b"\xff"), AllowedSignersError::NotText);
        let many = format!("a {KEY}\n").repeat(KEYS_MAX + 1);
        assert!(many.len() <= FILE_MAX, "{}", many.len());
        assert_eq!(parse(many.as_bytes()), AllowedSignersError::TooMany);
    }

    #[test]
    fn patterns_of_namespaces_are_those_of_openssh() {
        for (list, expected) in [
            ("git", true),
            ("g*", true),
            ("*", true),
            ("g?t", true),
            ("*t", true),
            ("*i*", true),
            ("file,git", true),
            ("", false),
            ("gi", false),
            ("gitt", false),
            ("g??t", false),
            ("*,!git", false),
            ("!git,*", false),
            ("!file,*", true),
            ("!file", false),
        ] {
            assert_eq!(list_matches(list, "git"), expected, "{list}");
        }
        assert!(!list_matches(&"*a".repeat(10_000), "git"));
    }
}
