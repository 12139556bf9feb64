//! Commits and trees as their own bytes have them.
//!
//! libgit2's parsed commits take their parents from `shallow`, `info/grafts` and the commit graph file as
//! well, by which whoever can write to `.git` takes commits out of the history. What the bytes say is
//! covered by the id, which is checked whenever an object is read.

use git2::{ErrorCode, ObjectType, Odb, OdbObject, Oid};

/// Largest commit, in bytes.
const COMMIT_MAX: usize = 16 << 20;
/// Largest single tree.
const TREE_MAX: usize = 32 << 20;
/// Most parents of a commit.
const PARENTS_MAX: usize = 256;

/// Why an object isn't at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::capture::git) enum NoObject {
    /// It isn't here.
    Missing,
    /// It is here, and it is too large, broken or another kind of object.
    Unreadable,
}

/// Reads an object of a kind that has at most `cap` bytes.
pub(in crate::capture::git) fn read<'a>(
    odb: &'a Odb<'_>,
    id: Oid,
    kind: ObjectType,
    cap: usize,
) -> Result<OdbObject<'a>, NoObject> {
    let why = |error: git2::Error| match error.code() {
        ErrorCode::NotFound => NoObject::Missing,
        _ => NoObject::Unreadable,
    };
    // Asked before, so that no memory is taken for what is too large.
    let (size, found) = odb.read_header(id).map_err(why)?;
    if found != kind || size > cap {
        return Err(NoObject::Unreadable);
    }
    odb.read(id).map_err(why)
}

/// A commit's bytes.
pub(in crate::capture::git) fn commit<'a>(
    odb: &'a Odb<'_>,
    id: Oid,
) -> Result<OdbObject<'a>, NoObject> {
    read(odb, id, ObjectType::Commit, COMMIT_MAX)
}

/// A tree's bytes.
pub(in crate::capture::git) fn tree<'a>(
    odb: &'a Odb<'_>,
    id: Oid,
) -> Result<OdbObject<'a>, NoObject> {
    read(odb, id, ObjectType::Tree, TREE_MAX)
}

/// Somebody who had a part in a commit, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::capture::git) struct Ident<'a> {
    pub(in crate::capture::git) name: &'a [u8],
    pub(in crate::capture::git) address: &'a [u8],
    /// Seconds since 1970; what is too much for 64 bits is their end, and what is no number is 0.
    pub(in crate::capture::git) seconds: i64,
}

impl<'a> Ident<'a> {
    fn parse(line: &'a [u8]) -> Self {
        let close = line.iter().rposition(|byte| *byte == b'>').unwrap_or(line.len());
        let (person, when) = line.split_at_checked(close).unwrap_or((line, b""));
        let open = person.iter().position(|byte| *byte == b'<').unwrap_or(person.len());
        let (name, address) = person.split_at_checked(open).unwrap_or((person, b""));
        let when = when.strip_prefix(b">").unwrap_or_default().trim_ascii();
        let number = when.split(|byte| *byte == b' ').next().unwrap_or_default();
        Self {
            name: name.trim_ascii(),
            address: address.strip_prefix(b"<").unwrap_or_default().trim_ascii(),
            seconds: saturated(number),
        }
    }
}

fn saturated(number: &[u8]) -> i64 {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let end = if digits.len() < number.len() { i64::MIN } else { i64::MAX };
    std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()).unwrap_or(end)
}

/// A commit, as far as it is needed here.
#[derive(Debug)]
pub(in crate::capture::git) struct Commit<'a> {
    pub(in crate::capture::git) tree: Oid,
    pub(in crate::capture::git) parents: Vec<Oid>,
    pub(in crate::capture::git) author: Ident<'a>,
    pub(in crate::capture::git) committer: Ident<'a>,
    pub(in crate::capture::git) message: &'a [u8],
}

impl<'a> Commit<'a> {
    /// Takes apart what `bytes` say. Nothing follows of a commit that doesn't begin as git writes them.
    pub(in crate::capture::git) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let tree = id(field(&mut rest, b"tree ")?)?;
        let mut parents = Vec::new();
        while let Some(parent) = field(&mut rest, b"parent ") {
            if parents.len() == PARENTS_MAX {
                return None;
            }
            parents.push(id(parent)?);
        }
        let author = field(&mut rest, b"author ").map(Ident::parse).unwrap_or_default();
        let committer = field(&mut rest, b"committer ").map(Ident::parse).unwrap_or_default();
        Some(Self { tree, parents, author, committer, message: message(rest) })
    }
}

/// What comes after the headers.
fn message(headers: &[u8]) -> &[u8] {
    if let Some(message) = headers.strip_prefix(b"\n") {
        return message;
    }
    let end = headers.windows(2).position(|two| two == b"\n\n");
    end.and_then(|at| headers.get(at + 2..)).unwrap_or_default()
}

/// The value of the next line, where it is that of `key`.
fn field<'a>(rest: &mut &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let value = rest.strip_prefix(key)?;
    let end = value.iter().position(|byte| *byte == b'\n')?;
    let (value, after) = value.split_at_checked(end)?;
    *rest = after.strip_prefix(b"\n")?;
    Some(value)
}

fn id(digits: &[u8]) -> Option<Oid> {
    full_id(std::str::from_utf8(digits).ok()?)
}

/// An id from all its digits; libgit2 would take fewer for one with zeros behind it.
pub(in crate::capture::git) fn full_id(text: &str) -> Option<Oid> {
    let digits = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| Oid::from_str(text).ok()).flatten()
}

/// An entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::capture::git) struct Entry<'a> {
    pub(in crate::capture::git) name: &'a [u8],
    pub(in crate::capture::git) mode: u32,
    pub(in crate::capture::git) id: &'a [u8],
}

impl Entry<'_> {
    /// The bits of a mode that say what it is.
    const KIND: u32 = 0o170_000;

    pub(in crate::capture::git) const fn is_tree(&self) -> bool {
        self.mode & Self::KIND == 0o040_000
    }

    pub(in crate::capture::git) const fn is_file(&self) -> bool {
        self.mode & Self::KIND == 0o100_000
    }

    pub(in crate::capture::git) fn oid(&self) -> Option<Oid> {
        Oid::from_bytes(self.id).ok()
    }
}

/// The entries of a tree in their order. What is broken ends it with an error.
pub(in crate::capture::git) struct Entries<'a>(pub(in crate::capture::git) &'a [u8]);

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, NoObject>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            self.0 = b"";
        }
        Some(entry.ok_or(NoObject::Unreadable))
    }
}

impl<'a> Entries<'a> {
    /// `<mode in octal> <name>\0<20 bytes>`
    fn entry(&mut self) -> Option<Entry<'a>> {
        let space = self.0.iter().take(8).position(|byte| *byte == b' ')?;
        let (mode, rest) = self.0.split_at_checked(space)?;
        let mode = mode.iter().try_fold(0_u32, |mode, digit| {
            (b'0'..=b'7').contains(digit).then(|| mode << 3 | u32::from(digit - b'0'))
        })?;
        let rest = rest.strip_prefix(b" ")?;
        let nul = rest.iter().position(|byte| *byte == 0)?;
        let (name, rest) = rest.split_at_checked(nul)?;
        let (id, rest) = rest.strip_prefix(b"\0")?.split_at_checked(20)?;
        self.0 = rest;
        (!name.is_empty() && !name.contains(&b'/')).then_some(Entry { name, mode, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(line: &str) -> (String, String, i64) {
        let Ident { name, address, seconds } = Ident::parse(line.as_bytes());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(name), text(address), seconds)
    }

    #[test]
    fn people_and_times_are_read_however_odd_they_are() {
        for (line, name, address, seconds) in [
            ("A B <a@b> 12 +0000", "A B", "a@b", 12),
            ("<> 5 +0000", "", "", 5),
            ("A <a> <b> 5 -0100", "A", "a> <b", 5),
            ("A", "A", "", 0),
            ("", "", "", 0),
            ("A <a@b> -7 +0000", "A", "a@b", -7),
            ("A <a@b> 99999999999999999999999 +0000", "A", "a@b", i64::MAX),
            ("A <a@b> -99999999999999999999999 +0000", "A", "a@b", i64::MIN),
            ("A <a@b> yesterday", "A", "a@b", 0),
            ("A <a@b>", "A", "a@b", 0),
            ("A > <b", "A", "", 0),
        ] {
            assert_eq!(ident(line), (name.to_owned(), address.to_owned(), seconds), "{line}");
        }
    }

    #[test]
    fn only_whole_ids_are_ids() {
        let id = "0123456789abcdef0123456789ABCDEF01234567";
        assert!(full_id(id).is_some());
        for bad in ["", "0123", &id[..39], &format!("{id}0"), &id.replace('0', "g"), "HEAD"] {
            assert!(full_id(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_broken_tree_is_an_error_and_ends() {
        let good = [b"100644 a\0".as_slice(), &[7; 20]].concat();
        assert_eq!(Entries(&good).count(), 1);
        for bad in [
            &good[..good.len() - 1],
            &good[1..2],
            b"100644 \0aaaaaaaaaaaaaaaaaaaa",
            b"100644 a/b\0aaaaaaaaaaaaaaaaaaaa",
            b"1x a\0aaaaaaaaaaaaaaaaaaaa",
            b"777777777777 a\0aaaaaaaaaaaaaaaaaaaa",
        ] {
            let entries: Vec<_> = Entries(bad).collect();
            assert_eq!(entries, [Err(NoObject::Unreadable)], "{bad:?}");
        }
    }
}
