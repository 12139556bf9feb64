//! Lists of digests as `sha256sum` and the BSD tools write them.

use std::collections::BTreeMap;

use crate::base::digest::{DigestError, Sha256};
use crate::base::name::{ArtefactName, NameError};

/// Most bytes of a list.
pub const FILE_MAX: u64 = 16 << 20;
/// Most lines of a list.
pub const LINES_MAX: usize = 100_000;

/// What is wrong with one line. The line itself is never repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LineError {
    /// No such line.
    #[error("expected `HEX  NAME`, `HEX *NAME` or `SHA256 (NAME) = HEX`, found something else")]
    Form,
    /// Another algorithm's, most likely.
    #[error("no SHA-256 digest: {0}")]
    Digest(#[from] DigestError),
    /// A name that can't be a subject's.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A backslash before something that isn't escaped so.
    #[error("expected \\\\, \\n or \\r after the backslash, found something else")]
    Escape,
    /// `-`: the digest is of what came through a pipe.
    #[error("expected a file's name, found - for the standard input")]
    Stdin,
    /// Bytes that aren't text.
    #[error("the name isn't UTF-8")]
    NotUtf8,
    /// Two artefacts would have one name.
    #[error("the name {name} stands on line {first} with another digest")]
    Contradiction {
        /// The name.
        name: ArtefactName,
        /// Where it stands too.
        first: usize,
    },
}

/// Why a file is no list of digests.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChecksumsError {
    /// Nothing in it, or only comments.
    #[error("expected at least one digest, found none")]
    Empty,
    /// Over [`LINES_MAX`].
    #[error("expected at most {LINES_MAX} lines, found more")]
    TooMany,
    /// A line that can't be used.
    #[error("line {line}: {error}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        error: LineError,
    },
}

/// Reads a list. Lines that begin with `#` are comments, as for the tool that checks such lists; any other
/// that can't be read is an error, since what it lists would be missed without a word.
///
/// # Errors
/// Names the line.
pub fn parse(bytes: &[u8]) -> Result<BTreeMap<ArtefactName, Sha256>, ChecksumsError> {
    let mut found: BTreeMap<ArtefactName, (usize, Sha256)> = BTreeMap::new();
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = whole.split(|byte| *byte == b'\n').enumerate().map(|(at, line)| (at + 1, line));
    for (number, line) in lines.filter(|_| !whole.is_empty()) {
        if number > LINES_MAX {
            return Err(ChecksumsError::TooMany);
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            continue;
        }
        let at = |error| ChecksumsError::Line { line: number, error };
        let (name, sha256) = entry(line).map_err(at)?;
        match found.get(&name) {
            Some((first, other)) if *other != sha256 => {
                return Err(at(LineError::Contradiction { first: *first, name }));
            }
            Some(_) => {}
            None => {
                found.insert(name, (number, sha256));
            }
        }
    }
    if found.is_empty() {
        return Err(ChecksumsError::Empty);
    }
    Ok(found.into_iter().map(|(name, (_, sha256))| (name, sha256)).collect())
}

fn entry(line: &[u8]) -> Result<(ArtefactName, Sha256), LineError> {
    let line = std::str::from_utf8(line).map_err(|_not_utf8| LineError::NotUtf8)?;
    let (escaped, rest) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (hex, name) = match rest.strip_prefix("SHA256 (") {
        Some(bsd) => {
            let (name, hex) = bsd.rsplit_once(") = ").ok_or(LineError::Form)?;
            (hex, name)
        }
        None => {
            let (hex, name) = rest.split_once(' ').ok_or(LineError::Form)?;
            (hex, name.strip_prefix([' ', '*']).ok_or(LineError::Form)?)
        }
    };
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(LineError::Form);
    }
    let sha256 = hex.parse()?;
    if name == "-" {
        return Err(LineError::Stdin);
    }
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    // `find . | xargs sha256sum` writes it before every name.
    Ok((name.strip_prefix("./").unwrap_or(&name).parse()?, sha256))
}

/// What stands behind the escapes; today no such name can be a subject's, and the error then says why.
fn unescape(name: &str) -> Result<String, LineError> {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        plain.push(match (c, c == '\\') {
            (c, false) => c,
            _ => match rest.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('r') => '\r',
                _ => return Err(LineError::Escape),
            },
        });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    const TWO: &str = "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35";

    fn names(text: &str) -> Vec<String> {
        parse(text.as_bytes()).unwrap().keys().map(|name| name.as_str().to_owned()).collect()
    }

    #[track_caller]
    fn fails(text: &str, line: usize, error: LineError) {
        assert_eq!(parse(text.as_bytes()), Err(ChecksumsError::Line { line, error }), "{text:?}");
    }

    #[test]
    fn every_way_in_which_the_tools_write_a_line_is_read() {
        for line in [
            format!("{ONE}  a b"),
            format!("{ONE} *a b"),
            format!("{}  a b\r", ONE.to_uppercase()),
            format!("SHA256 (a b) = {ONE}"),
            format!("{ONE}  ./a b"),
            format!("\\{ONE}  a b"),
            format!("# a comment\n{ONE}  a b\n{ONE}  a b"),
        ] {
            for end in ["", "\n"] {
                let found = parse(format!("{line}{end}").as_bytes()).unwrap();
                let expected = ("a b".parse().unwrap(), Sha256::of(b"1"));
                assert_eq!(found.into_iter().collect::<Vec<_>>(), [expected], "{line:?}");
            }
        }
        let list = format!("{ONE}  dist/b\n{TWO} *dist/a\nSHA256 (c) = d) = {ONE}\n");
        assert_eq!(names(&list), ["c) = d", "dist/a", "dist/b"]);
    }

    #[test]
    fn a_malformed_line_is_an_error_that_names_it() {
        for bad in [
            "".to_owned(),
            ONE.to_owned(),
            format!("{ONE} a"),
            format!("{ONE}\ta"),
            format!(" {ONE}  a"),
            format!("x  {ONE}"),
            format!("SHA512 (a) = {ONE}"),
            format!("SHA256 (a)= {ONE}"),
            format!("\u{feff}{ONE}  a"),
        ] {
            fails(&format!("{ONE}  x\n{bad}\n{ONE}  y\n"), 2, LineError::Form);
        }
        let digest = |found| LineError::Digest(DigestError::Length { expected: 64, found });
        fails(&format!("{ONE}{ONE}  a"), 1, digest(128));
        fails(&format!("{}  a", &ONE[1..]), 1, digest(63));
        fails(&format!("{ONE}  -\n"), 1, LineError::Stdin);
        let not_text = [ONE.as_bytes(), b"  \xff\n"].concat();
        let error = ChecksumsError::Line { line: 1, error: LineError::NotUtf8 };
        assert_eq!(parse(&not_text), Err(error));
    }

    #[test]
    fn a_name_that_leaves_the_folder_or_can_t_be_shown_is_refused() {
        for (name, error) in [
            ("../a", NameError::DotSegment),
            ("././../a", NameError::DotSegment),
            ("/etc/passwd", NameError::Absolute),
            (".//etc/passwd", NameError::Absolute),
            ("a\\b", NameError::Backslash),
            ("a\u{1b}[2J", NameError::Control),
            ("", NameError::Empty),
        ] {
            fails(&format!("{ONE}  {name}"), 1, LineError::Name(error));
        }
        fails(&format!("\\{ONE}  a\\\\b"), 1, LineError::Name(NameError::Backslash));
        fails(&format!("\\{ONE}  a\\nb"), 1, LineError::Name(NameError::Control));
        fails(&format!("\\{ONE}  a\\xb"), 1, LineError::Escape);
        fails(&format!("\\{ONE}  a\\"), 1, LineError::Escape);
    }

    #[test]
    fn one_name_with_two_digests_is_a_contradiction() {
        let name = "a".parse().unwrap();
        let list = format!("{ONE}  a\n{TWO}  ./a\n");
        fails(&list, 2, LineError::Contradiction { name, first: 1 });
    }

    #[test]
    fn nothing_and_too_much_are_errors() {
        for empty in ["", "\n", "# only a comment\n"] {
            let error = parse(empty.as_bytes()).unwrap_err();
            let line = ChecksumsError::Line { line: 1, error: LineError::Form };
            assert!(error == ChecksumsError::Empty || error == line, "{empty:?}: {error}");
        }
        let most = format!("{}{ONE}  a\n", "#\n".repeat(LINES_MAX - 1));
        assert!(parse(most.as_bytes()).is_ok());
        assert_eq!(parse(format!("#\n{most}").as_bytes()), Err(ChecksumsError::TooMany));
    }
}
