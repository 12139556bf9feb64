//! A file taken out of a zip archive that somebody else made. Names in it are data: they are compared,
//! and never become paths.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

/// Most entries.
const ENTRIES_MAX: usize = 1000;
/// Most entries that the library may be given to read: it makes a record of each before it can be asked
/// how many there are.
const MARKS_MAX: usize = 64 << 10;
/// Most bytes of a file in it, unpacked.
const UNPACKED_MAX: u64 = 64 << 20;
/// Deflate can't do much better than 1032 to 1, and no evidence comes near it.
const RATIO_MAX: u64 = 200;
/// Files of this size are unpacked at any ratio.
const SMALL: u64 = 1 << 20;

/// Why there is no file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ArchiveError {
    #[error("it isn't a zip archive that can be read")]
    Malformed,
    #[error("it has more than {ENTRIES_MAX} entries")]
    TooMany,
    #[error("a file in it unpacks to too much")]
    TooLarge,
    #[error("it holds the file more than once")]
    Ambiguous,
}

/// A zip archive in memory.
pub(super) struct Archive<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ArchiveError> {
        let marks = bytes.windows(4).filter(|four| *four == b"PK\x01\x02").take(MARKS_MAX + 1);
        if marks.count() > MARKS_MAX {
            return Err(ArchiveError::TooMany);
        }
        let archive =
            ZipArchive::new(Cursor::new(bytes)).map_err(|_invalid| ArchiveError::Malformed)?;
        if archive.len() > ENTRIES_MAX {
            return Err(ArchiveError::TooMany);
        }
        if archive.has_duplicate_names() {
            return Err(ArchiveError::Ambiguous);
        }
        Ok(Self(archive))
    }

    /// The one file of this name, in whichever folder; one without a folder goes before the others.
    pub(super) fn take(&mut self, wanted: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let mut found = Vec::new();
        for index in 0..self.0.len() {
            let Some(Ok(name)) = self.0.name_for_index(index) else { continue };
            if name == wanted {
                found = vec![index];
                break;
            }
            if is_plain(&name) && name.rsplit('/').next() == Some(wanted) {
                found.push(index);
            }
        }
        match *found {
            [] => Ok(None),
            [index] => self.unpack(index).map(Some),
            _ => Err(ArchiveError::Ambiguous),
        }
    }

    fn unpack(&mut self, index: usize) -> Result<Vec<u8>, ArchiveError> {
        // Encrypted ones and other methods than deflate are errors here.
        let file = self.0.by_index(index).map_err(|_invalid| ArchiveError::Malformed)?;
        // What the archive says of the size isn't believed: it is counted.
        let most = file.compressed_size().saturating_mul(RATIO_MAX).clamp(SMALL, UNPACKED_MAX);
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|_invalid| ArchiveError::Malformed)?;
        if bytes.len() as u64 > most { Err(ArchiveError::TooLarge) } else { Ok(bytes) }
    }
}

/// Whether a name stays below the archive's root, as every system reads it.
fn is_plain(name: &str) -> bool {
    !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;
    use crate::net::tests::packed;

    const NAME: &str = "proofmark.sigstore.jsonl";

    fn take(bytes: &[u8]) -> Result<Option<Vec<u8>>, ArchiveError> {
        Archive::open(bytes)?.take(NAME)
    }

    #[test]
    fn the_file_is_found_in_whichever_folder() {
        let found = take(&packed(&[("a.txt", b"x"), (NAME, b"line")]));
        assert_eq!(found, Ok(Some(b"line".to_vec())));
        let found = take(&packed(&[("dist/proofmark.sigstore.jsonl", b"line")]));
        assert_eq!(found, Ok(Some(b"line".to_vec())));
        assert_eq!(
            take(&packed(&[("a.txt", b"x"), ("x-proofmark.sigstore.jsonl", b"y")])),
            Ok(None)
        );
        assert_eq!(take(&packed(&[])), Ok(None));
    }

    #[test]
    fn of_two_candidates_the_one_at_the_top_counts_and_else_none() {
        let two =
            packed(&[("a/proofmark.sigstore.jsonl", b"a"), ("b/proofmark.sigstore.jsonl", b"b")]);
        assert_eq!(take(&two), Err(ArchiveError::Ambiguous));
        let top = packed(&[("a/proofmark.sigstore.jsonl", b"a"), (NAME, b"top")]);
        assert_eq!(take(&top), Ok(Some(b"top".to_vec())));
    }

    #[test]
    fn a_name_that_climbs_is_no_candidate() {
        for name in [
            "../proofmark.sigstore.jsonl",
            "a/../../proofmark.sigstore.jsonl",
            "/proofmark.sigstore.jsonl",
            "C:/proofmark.sigstore.jsonl",
            "a\\..\\b/proofmark.sigstore.jsonl",
            "./proofmark.sigstore.jsonl",
        ] {
            // The writer tidies names, so one of the same length is put over it.
            let stand_in = format!("{}{NAME}", "x".repeat(name.len() - NAME.len()));
            let mut bytes = packed(&[(&stand_in, b"line")]);
            for at in 0..bytes.len() - stand_in.len() {
                if bytes[at..].starts_with(stand_in.as_bytes()) {
                    bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
                }
            }
            assert_eq!(take(&bytes), Ok(None), "{name}");
        }
    }

    #[test]
    fn a_bomb_is_given_up_at_the_cap() {
        let bomb = packed(&[(NAME, &vec![0; 8 << 20])]);
        assert!(bomb.len() < 20_000);
        assert_eq!(take(&bomb), Err(ArchiveError::TooLarge));
    }

    #[test]
    fn more_entries_than_the_cap_are_refused_before_they_are_read() {
        let names: Vec<_> = (0..=ENTRIES_MAX).map(|n| format!("{n}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(take(&packed(&many)), Err(ArchiveError::TooMany));
        let marks = b"PK\x01\x02".repeat(MARKS_MAX + 1);
        assert_eq!(take(&marks), Err(ArchiveError::TooMany));
    }

    #[test]
    fn what_is_no_archive_or_a_broken_one_is_malformed() {
        let whole = packed(&[(NAME, &[7; 4000])]);
        for bytes in [&b""[..], b"<html>", &whole[..whole.len() / 2], &whole[40..]] {
            assert!(take(bytes).is_err());
        }
        // Other bytes than the checksum is of.
        let mut stored = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        stored.start_file(NAME, options).unwrap();
        stored.write_all(b"line of evidence").unwrap();
        let mut stored = stored.finish().unwrap().into_inner();
        let at = stored.windows(4).position(|four| four == b"line").unwrap();
        stored[at] = b'L';
        assert_eq!(take(&stored), Err(ArchiveError::Malformed));
    }

    #[test]
    fn the_same_name_twice_is_ambiguous() {
        let mut bytes = packed(&[(NAME, b"a"), ("qroofmark.sigstore.jsonl", b"b")]);
        for at in 0..bytes.len() - NAME.len() {
            if bytes[at..].starts_with(b"qroofmark") {
                bytes[at] = b'p';
            }
        }
        assert_eq!(take(&bytes), Err(ArchiveError::Ambiguous));
    }
}
