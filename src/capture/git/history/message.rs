//! What a commit's message says: its first line, its trailers, the request that it names.

/// Most bytes at the end of a message in which trailers are looked for.
const END_MAX: usize = 64 << 10;
/// Most bytes of the first line that are looked at.
const SUBJECT_MAX: usize = 16 << 10;
/// Most characters of a trailer's key.
const KEY_MAX: usize = 64;
/// Most trailers of one message.
pub(super) const TRAILERS_MAX: usize = 32;

/// The first line that isn't empty.
pub(super) fn subject(message: &[u8]) -> &[u8] {
    let message = message.trim_ascii_start();
    let message = message.get(..SUBJECT_MAX).unwrap_or(message);
    message.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end()
}

/// The trailers: `Key: value` lines of the last paragraph, which isn't the first one. Lines that begin with
/// a space go on with the value before; what `git cherry-pick -x` adds is passed over.
pub(super) fn trailers(message: &[u8]) -> Vec<(&str, Vec<u8>)> {
    let message = message.trim_ascii();
    let end = message.get(message.len().saturating_sub(END_MAX)..).unwrap_or_default();
    let mut lines: Vec<&[u8]> = Vec::new();
    let mut is_first = true;
    for line in end.rsplit(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            is_first = false;
            break;
        }
        lines.push(line);
    }
    if is_first {
        return Vec::new();
    }
    let mut found: Vec<(&str, Vec<u8>)> = Vec::new();
    for line in lines.into_iter().rev() {
        if line.starts_with(b"(cherry picked from commit ") {
            continue;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            let Some((_, value)) = found.last_mut() else { return Vec::new() };
            value.push(b' ');
            value.extend_from_slice(line.trim_ascii());
            continue;
        }
        let Some((key, value)) = trailer(line) else { return Vec::new() };
        found.push((key, value.to_vec()));
    }
    found
}

fn trailer(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (key, value) = line.split_at_checked(colon)?;
    let key = std::str::from_utf8(key).ok()?.trim_end();
    let is_key = !key.is_empty()
        && key.len() <= KEY_MAX
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let value = value.strip_prefix(b":")?;
    // `https://..` at the beginning of a line is no trailer.
    (is_key && !value.starts_with(b"//")).then(|| (key, value.trim_ascii()))
}

/// People in a trailer's value: pairs of name and address, and what stands between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Person { name: &'a [u8], address: &'a [u8] },
    Text(&'a [u8]),
}

/// Takes a value apart, so that no address is left in its text.
pub(super) fn pieces(value: &[u8]) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(open) = rest.iter().position(|byte| *byte == b'<') {
        let Some(close) = rest.iter().skip(open).position(|byte| *byte == b'>') else { break };
        let before = rest.get(..open).unwrap_or_default();
        let address = rest.get(open + 1..open + close).unwrap_or_default();
        found.push(Piece::Person { name: strip(before), address: address.trim_ascii() });
        rest = rest.get(open + close + 1..).unwrap_or_default();
    }
    let (mut text, mut at) = (strip(rest), 0);
    for word in text.split(u8::is_ascii_whitespace) {
        if is_address(word) {
            push_text(text.get(..at).unwrap_or_default(), &mut found);
            found.push(Piece::Person { name: b"", address: word });
            text = text.get(at + word.len()..).unwrap_or_default();
            at = 0;
        } else {
            at += word.len();
        }
        at += 1;
    }
    push_text(text, &mut found);
    found
}

fn push_text<'a>(text: &'a [u8], found: &mut Vec<Piece<'a>>) {
    let text = text.trim_ascii();
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
}

/// Without spaces and what parts people from each other.
fn strip(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b",").or_else(|| text.strip_prefix(b";")).unwrap_or(text).trim_ascii()
}

/// `somebody@example.com`; not `name@1.2.3`, and no URL.
fn is_address(word: &[u8]) -> bool {
    let Some(at) = word.iter().rposition(|byte| *byte == b'@').filter(|at| *at > 0) else {
        return false;
    };
    let domain = word.get(at + 1..).unwrap_or_default();
    let mut labels = domain.rsplit(|byte| *byte == b'.');
    let last = labels.next().unwrap_or_default();
    let last = last.strip_suffix(b",").or_else(|| last.strip_suffix(b";")).unwrap_or(last);
    labels.next().is_some()
        && last.len() >= 2
        && last.iter().all(u8::is_ascii_alphabetic)
        && !word.contains(&b'/')
}

/// The number of the pull or merge request that a message names, if it is one number.
///
/// GitHub writes `Merge pull request #12 from ..` and `subject (#12)`, GitLab
/// `See merge request group/project!12` on a line of its own. Another `#12` may be anything.
pub(super) fn request(message: &[u8]) -> Option<u64> {
    let subject = subject(message);
    let mut found = Vec::new();
    if let Some(rest) = subject.strip_prefix(b"Merge pull request #") {
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        found.extend(rest.get(..end).and_then(number));
    } else if let Some(rest) = subject.strip_suffix(b")")
        && let Some(at) = rest.windows(3).rposition(|three| three == b" (#")
    {
        found.extend(rest.get(at + 3..).and_then(number));
    }
    let message = message.trim_ascii_end();
    let end = message.get(message.len().saturating_sub(END_MAX)..).unwrap_or_default();
    for line in end.split(|byte| *byte == b'\n') {
        if let Some(rest) = line.trim_ascii_end().strip_prefix(b"See merge request ")
            && let Some(at) = rest.iter().rposition(|byte| *byte == b'!')
            && !rest.contains(&b' ')
        {
            found.extend(rest.get(at + 1..).and_then(number));
        }
    }
    let first = *found.first()?;
    found.iter().all(|number| *number == first).then_some(first)
}

fn number(digits: &[u8]) -> Option<u64> {
    let fits = (1..=12).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(message: &str) -> Vec<String> {
        trailers(message.as_bytes())
            .into_iter()
            .map(|(key, value)| format!("{key}={}", String::from_utf8(value).unwrap()))
            .collect()
    }

    #[test]
    fn the_subject_is_the_first_line_that_is_not_empty() {
        for (message, first) in
            [("a\nb", "a"), ("\n\n a \n", "a"), ("", ""), ("a\r\nb", "a"), ("a", "a")]
        {
            assert_eq!(subject(message.as_bytes()), first.as_bytes());
        }
        assert_eq!(subject(&vec![b'x'; 8 << 20]).len(), SUBJECT_MAX);
    }

    #[test]
    fn trailers_are_the_last_paragraph_of_keys_and_values() {
        assert_eq!(all("s\n\nTicket: A-1\nX: y"), ["Ticket=A-1", "X=y"]);
        assert_eq!(all("s\n\ntext\n\nTicket : A-1\n\n"), ["Ticket=A-1"]);
        assert_eq!(all("s\n\nA: b\n c\n\td\nE: f"), ["A=b c d", "E=f"]);
        assert_eq!(all("s\n\nA: b\n(cherry picked from commit 0123)\nC: d"), ["A=b", "C=d"]);
        for none in [
            "Ticket: A-1",
            "s\n\nTicket: A-1\nand text",
            "s\n\nA: b\n\ntext",
            "s\n\nhttps://example.com/x",
            "s\n\n two: words",
            "s\n\ntwo words: x",
            "s\n\n: x",
            "",
        ] {
            assert_eq!(all(none), [""; 0], "{none:?}");
        }
        let long = format!("s\n\n{}: x", "k".repeat(KEY_MAX + 1));
        assert_eq!(all(&long), [""; 0]);
        let megabytes = format!("s\n\n{}\n\nTicket: A-1", "x".repeat(4 << 20));
        assert_eq!(all(&megabytes), ["Ticket=A-1"]);
        let one_paragraph = format!("s\n\n{}Ticket: A-1", "A: b\n".repeat(100_000));
        assert_eq!(all(&one_paragraph), [""; 0]);
    }

    #[test]
    fn people_in_a_value_are_told_from_its_text() {
        let person = |name: &'static str, address: &'static str| Piece::Person {
            name: name.as_bytes(),
            address: address.as_bytes(),
        };
        for (value, expected) in [
            ("Ann B <ann@b>", vec![person("Ann B", "ann@b")]),
            ("<ann@b>", vec![person("", "ann@b")]),
            ("ann@b.org", vec![person("", "ann@b.org")]),
            (
                "by ann@b.org on monday",
                vec![Piece::Text(b"by"), person("", "ann@b.org"), Piece::Text(b"on monday")],
            ),
            ("a@b.org c@d.org", vec![person("", "a@b.org"), person("", "c@d.org")]),
            ("lodash@4.17.21", vec![Piece::Text(b"lodash@4.17.21")]),
            ("@ann", vec![Piece::Text(b"@ann")]),
            ("A <a@b>, C <c@d>", vec![person("A", "a@b"), person("C", "c@d")]),
            ("A <a@b> # note", vec![person("A", "a@b"), Piece::Text(b"# note")]),
            ("A-1", vec![Piece::Text(b"A-1")]),
            ("", vec![]),
            ("https://ann@b.org", vec![Piece::Text(b"https://ann@b.org")]),
            ("a < b", vec![Piece::Text(b"a < b")]),
        ] {
            assert_eq!(pieces(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn a_request_is_named_where_platforms_name_it() {
        for (message, number) in [
            ("Merge pull request #12 from a/b\n\ntitle", Some(12)),
            ("Add x (#12)", Some(12)),
            ("Revert \"Add x (#12)\" (#15)", Some(15)),
            ("Merge branch 'a' into 'b'\n\ntitle\n\nSee merge request group/project!12", Some(12)),
            ("x\n\nSee merge request !7", Some(7)),
            ("Add x (#12)\n\nSee merge request a/b!12", Some(12)),
            ("Add x (#12)\n\nSee merge request a/b!13", None),
            ("Fix #12", None),
            ("Add x (#12) again", None),
            ("Add x (#)", None),
            ("Add x (#12a)", None),
            ("Merge pull request #99999999999999999999 from a/b", None),
            ("Closes (#12)\n", Some(12)),
            ("x\n\nI say: See merge request a/b!12", None),
            ("", None),
        ] {
            assert_eq!(request(message.as_bytes()), number, "{message}");
        }
    }
}
