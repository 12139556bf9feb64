//! Single files below a root: read whole, and no link leads out of it.

use std::io::{self, Read as _};
use std::path::Path;

use super::TreeError;
use super::system::{self, Root, What};

/// Opens files by their paths in a [`super::Tree`].
pub struct Reader(Root);

impl Reader {
    /// Opens the root. A link that names it is followed.
    ///
    /// # Errors
    /// Where it can't be opened.
    pub fn open(root: &Path) -> Result<Self, TreeError> {
        let opened = Root::open(root);
        opened.map(Self).map_err(|source| TreeError { root: root.to_owned(), source })
    }

    /// All bytes of a regular file that has at most `cap` of them.
    ///
    /// # Errors
    /// What has become a link, a folder or a FIFO since the walk is neither followed nor waited for;
    /// of a file that is larger nothing is returned.
    pub fn read(&self, path: &[u8], cap: u64) -> io::Result<Vec<u8>> {
        let file = self.0.open_file(path)?;
        let look = system::look_at(&file)?;
        if look.what != What::File {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        if look.stamp.size > cap {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(look.stamp.size).unwrap_or(0));
        if file.take(cap.saturating_add(1)).read_to_end(&mut bytes)? as u64 > cap {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn only_regular_files_below_the_root_are_read_and_none_beyond_the_cap() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("folder")).unwrap();
        std::fs::write(root.path().join("folder/file"), "four").unwrap();
        let reader = Reader::open(root.path()).unwrap();
        assert_eq!(reader.read(b"folder/file", 4).unwrap(), b"four");
        assert!(reader.read(b"folder/file", 3).is_err());
        assert!(reader.read(b"folder", 4).is_err());
        assert!(reader.read(b"folder/absent", 4).is_err());
        assert!(Reader::open(&root.path().join("absent")).is_err());
    }
}
