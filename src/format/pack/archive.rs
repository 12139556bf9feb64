//! Files in one gzipped tar archive: of the same files the same bytes, and read back only from such bytes.
//!
//! Nothing is ever unpacked to a disk. What a tar archive can say beside names and contents (links, devices,
//! holes, a second name in a header of its own, owners, modes, times, what stands behind its end) has readers
//! that see it and readers that don't; so an archive is taken only if the files in it, written again, give every
//! one of its bytes.

use std::io::{self, Read as _, Write as _};

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use tar::{Archive, EntryType, Header};

use super::Members;
use crate::base::text::{cut, printable};

/// Largest archive, in bytes.
pub const PACKED_MAX: u64 = 128 << 20;
/// Largest content of an archive, in bytes, headers included.
pub const UNPACKED_MAX: u64 = 256 << 20;
/// Most files.
const MEMBERS_MAX: usize = 2100;
/// Longest name: what fits the oldest header, so that there is never a second one.
const NAME_MAX: usize = 100;

/// Why bytes are no archive of ours, or files can't be in one.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It doesn't begin as one.
    #[error("expected a gzipped tar archive, found something else")]
    NotGzip,
    /// Cut off, or a checksum that doesn't hold.
    #[error("the archive is cut off or damaged: {0}")]
    Damaged(io::Error),
    /// Something behind the end of the compressed part, such as another one.
    #[error("{0} bytes stand behind the end of the archive")]
    Trailing(usize),
    /// A name, a time, a comment or more in the header of gzip.
    #[error("the header of gzip says more than it needs to")]
    Header,
    /// Over a cap.
    #[error("expected at most {most} {what}, found more")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much there may be.
        most: u64,
    },
    /// A link, a device, a header that renames what follows, ...
    #[error("expected only regular files, found {found} named {name}")]
    Kind {
        /// What it is.
        found: &'static str,
        /// Printable.
        name: String,
    },
    /// Two files of one name: readers differ in which they take.
    #[error("two files are named {0}")]
    Twice(String),
    /// A name that can't be in an archive.
    #[error("expected a plain name of at most {NAME_MAX} bytes, found {0}")]
    Name(String),
    /// The same files are other bytes when they are written again.
    #[error("the archive says more than its files do: expected the bytes that pack writes")]
    NotCanonical,
}

impl ArchiveError {
    /// Whether it may be no pack at all, rather than an altered one.
    #[must_use]
    pub const fn is_something_else(&self) -> bool {
        matches!(self, Self::NotGzip | Self::TooMuch { .. })
    }
}

/// Writes files, sorted by name, without anything that depends on where and when.
///
/// # Errors
/// Over a cap, or a name that no header holds.
pub fn write(members: &Members) -> Result<Vec<u8>, ArchiveError> {
    let archive = pack(members)?;
    // Neither a name nor a time nor a system (255: unknown).
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), LEVEL);
    let packed = gzip.write_all(&archive).and_then(|()| gzip.finish());
    let packed = packed.map_err(ArchiveError::Damaged)?;
    if packed.len() as u64 > PACKED_MAX {
        return Err(ArchiveError::TooMuch { what: "bytes of archive", most: PACKED_MAX });
    }
    Ok(packed)
}

const LEVEL: Compression = Compression::new(6);

fn pack(members: &Members) -> Result<Vec<u8>, ArchiveError> {
    if members.len() > MEMBERS_MAX {
        return Err(ArchiveError::TooMuch { what: "files", most: MEMBERS_MAX as u64 });
    }
    // A header and a padding for each, and two empty blocks at the end.
    let size = members.values().map(|bytes| bytes.len() as u64 + 1024).sum::<u64>() + 1024;
    if size > UNPACKED_MAX {
        return Err(ArchiveError::TooMuch { what: "bytes of files", most: UNPACKED_MAX });
    }
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let bad = || ArchiveError::Name(shown(name.as_bytes()));
        if name.len() > NAME_MAX {
            return Err(bad());
        }
        let mut header = Header::new_ustar();
        // (`..` and absolute names are errors of it.)
        header.set_path(name).map_err(|_unshown| bad())?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).map_err(ArchiveError::Damaged)?;
    }
    builder.into_inner().map_err(ArchiveError::Damaged)
}

/// Reads an archive that [`write()`] wrote, in memory.
///
/// # Errors
/// Anything that it doesn't write.
pub fn read(packed: &[u8]) -> Result<Members, ArchiveError> {
    let archive = unzip(packed)?;
    let mut members = Members::new();
    // Raw: every header is an entry of its own, and none changes the next one's name or size.
    let mut reader = Archive::new(archive.as_slice());
    for entry in reader.entries().map_err(ArchiveError::Damaged)?.raw(true) {
        let mut entry = entry.map_err(ArchiveError::Damaged)?;
        let name = shown(&entry.path_bytes());
        if let Some(found) = other_kind(entry.header().entry_type()) {
            return Err(ArchiveError::Kind { found, name });
        }
        if members.len() == MEMBERS_MAX {
            return Err(ArchiveError::TooMuch { what: "files", most: MEMBERS_MAX as u64 });
        }
        let key = str::from_utf8(&entry.path_bytes()).map(str::to_owned);
        let key = key.map_err(|_unshown| ArchiveError::Name(name.clone()))?;
        // A size that was declared buys no memory: what is there is what the archive has.
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(ArchiveError::Damaged)?;
        if bytes.len() as u64 != entry.header().entry_size().map_err(ArchiveError::Damaged)? {
            return Err(ArchiveError::Damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        if members.insert(key, bytes).is_some() {
            return Err(ArchiveError::Twice(name));
        }
    }
    if pack(&members)? != archive {
        return Err(ArchiveError::NotCanonical);
    }
    Ok(members)
}

fn unzip(packed: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Err(ArchiveError::NotGzip);
    }
    let mut rest = packed;
    let mut decoder = GzDecoder::new(&mut rest);
    let mut archive = Vec::new();
    let capped = (&mut decoder).take(UNPACKED_MAX + 1).read_to_end(&mut archive);
    capped.map_err(ArchiveError::Damaged)?;
    if archive.len() as u64 > UNPACKED_MAX {
        return Err(ArchiveError::TooMuch { what: "bytes of files", most: UNPACKED_MAX });
    }
    let plain = decoder.header().is_some_and(|header| {
        header.mtime() == 0
            && header.filename().is_none()
            && header.comment().is_none()
            && header.extra().is_none()
    });
    drop(decoder);
    match rest.len() {
        0 if plain => Ok(archive),
        0 => Err(ArchiveError::Header),
        more => Err(ArchiveError::Trailing(more)),
    }
}

/// What an entry is that is no regular file.
fn other_kind(kind: EntryType) -> Option<&'static str> {
    Some(match kind {
        EntryType::Regular => return None,
        EntryType::Symlink => "a symbolic link",
        EntryType::Link => "a hard link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Directory => "a folder",
        EntryType::Fifo => "a FIFO",
        EntryType::GNUSparse => "a file with holes",
        EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader => {
            "a header that changes the next file"
        }
        EntryType::XGlobalHeader => "a header that changes all files",
        _ => "something else",
    })
}

fn shown(name: &[u8]) -> String {
    cut(&printable(&String::from_utf8_lossy(name)), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Members {
        Members::from([("a".to_owned(), b"1".to_vec()), ("b/c".to_owned(), vec![7; 5000])])
    }

    #[test]
    fn what_was_written_is_read_and_is_the_same_bytes_each_time() {
        let packed = write(&two()).unwrap();
        assert_eq!(packed, write(&two()).unwrap());
        assert_eq!(read(&packed).unwrap(), two());
        assert_eq!(packed.get(4..10), Some(&[0, 0, 0, 0, 0, 255][..]));
    }

    #[test]
    fn every_cut_is_an_error_and_no_other_bit_gives_other_files() {
        let members = Members::from([("a".to_owned(), b"content".to_vec())]);
        let packed = write(&members).unwrap();
        for length in 0..packed.len() {
            assert!(read(packed.get(..length).unwrap()).is_err(), "{length}");
        }
        for at in 0..packed.len() {
            for bit in 0..8 {
                let mut bytes = packed.clone();
                *bytes.get_mut(at).unwrap() ^= 1 << bit;
                // Some bits of gzip carry nothing, such as those that say on which system it was made.
                assert!(read(&bytes).is_ok_and(|found| found == members) || read(&bytes).is_err());
            }
        }
    }

    #[test]
    fn a_name_that_leaves_the_folder_or_fits_no_header_is_not_written() {
        for name in ["../x", "/x", "", &"x".repeat(101)] {
            let members = Members::from([(name.to_owned(), Vec::new())]);
            assert!(write(&members).is_err(), "{name}");
        }
    }
}
