//! A compact form for what one run of this program leaves for the next on the same machine.
//!
//! Little-endian numbers, and bytes after their length. It says nothing of who wrote it: whoever reads
//! it must know that by other means. Nothing here allocates more than the input has bytes.

use std::borrow::Cow;

use super::digest::Sha256;

/// What is read isn't what was written.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("it is cut off, or in another form than this version writes")]
pub struct UnpackError;

/// Which paths are written by a keyed digest alone, so that a name which is a credential isn't kept.
#[derive(Clone, Copy)]
pub struct Masks<'a> {
    /// New for every file.
    pub key: [u8; 16],
    /// Whether a path is such a one.
    pub masks: &'a dyn Fn(&[u8]) -> bool,
}

impl Masks<'_> {
    /// What stands in the place of a path.
    #[must_use]
    pub fn digest(key: &[u8; 16], path: &[u8]) -> Sha256 {
        Sha256::keyed(key, path)
    }
}

/// Finds the path behind a digest that [`Masks::digest`] gave.
pub type Unmask<'a> = &'a mut dyn FnMut(&Sha256) -> Option<Vec<u8>>;

/// Grows.
#[derive(Debug, Default)]
pub struct Packer(Vec<u8>);

impl Packer {
    /// Adds a byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Adds bytes of a length that the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Adds bytes with their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Adds a path, or its digest.
    pub fn path(&mut self, path: &[u8], masks: &Masks<'_>) {
        if (masks.masks)(path) {
            self.byte(1);
            self.raw(Masks::digest(&masks.key, path).as_bytes());
        } else {
            self.byte(0);
            self.bytes(path);
        }
    }

    /// All that was added.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Shrinks.
#[derive(Debug, Clone, Copy)]
pub struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    /// Reads what a [`Packer`] made.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte.
    ///
    /// # Errors
    /// At the end.
    pub fn byte(&mut self) -> Result<u8, UnpackError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next number.
    ///
    /// # Errors
    /// At the end.
    pub fn number(&mut self) -> Result<u64, UnpackError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next number, as how many of something follow.
    ///
    /// # Errors
    /// At the end, and where more are announced than bytes are left.
    pub fn count(&mut self) -> Result<usize, UnpackError> {
        let count = usize::try_from(self.number()?).or(Err(UnpackError))?;
        if count > self.0.len() { Err(UnpackError) } else { Ok(count) }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// Where fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(UnpackError)?;
        self.0 = rest;
        Ok(*array)
    }

    /// The next bytes with their length.
    ///
    /// # Errors
    /// Where fewer are left.
    pub fn bytes(&mut self) -> Result<&'a [u8], UnpackError> {
        let length = self.count()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(UnpackError)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next path. One that was masked and isn't found any more has a name that no file has.
    ///
    /// # Errors
    /// Where it is cut off.
    pub fn path(&mut self, unmask: Unmask<'_>) -> Result<Cow<'a, [u8]>, UnpackError> {
        match self.byte()? {
            0 => self.bytes().map(Cow::Borrowed),
            1 => {
                let digest = Sha256::from_bytes(self.array()?);
                let gone = || format!("/withheld/{digest}").into_bytes();
                Ok(Cow::Owned(unmask(&digest).unwrap_or_else(gone)))
            }
            _ => Err(UnpackError),
        }
    }

    /// Sees that nothing is left.
    ///
    /// # Errors
    /// Where something is.
    pub const fn finish(self) -> Result<(), UnpackError> {
        if self.0.is_empty() { Ok(()) } else { Err(UnpackError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_and_what_is_cut_off_does_not() {
        let mut packer = Packer::default();
        packer.byte(7);
        packer.number(u64::MAX);
        packer.bytes(b"abc");
        let packed = packer.finish();
        let read = |bytes| {
            let mut from = Unpacker::new(bytes);
            let read = (from.byte()?, from.number()?, from.bytes()?);
            from.finish().map(|()| read)
        };
        assert_eq!(read(&packed), Ok((7, u64::MAX, &b"abc"[..])));
        for end in 0..packed.len() {
            assert_eq!(read(&packed[..end]), Err(UnpackError), "{end}");
        }
        assert_eq!(read(&[&packed[..], b"x"].concat()), Err(UnpackError));
        assert_eq!(Unpacker::new(&[0xff; 8]).count(), Err(UnpackError), "nothing is allocated");
    }
}
