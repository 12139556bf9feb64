//! SHA-2 digests (FIPS 180-4) as values that can't be confused with other strings.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Digest as _;
use zeroize::Zeroizing;

/// Why a text is no digest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DigestError {
    /// Wrong number of hexadecimal digits.
    #[error("expected {expected} hexadecimal digits, found {found}")]
    Length {
        /// Digits that the algorithm needs.
        expected: usize,
        /// Digits (bytes) that were there.
        found: usize,
    },
    /// A character that is no hexadecimal digit.
    #[error("expected hexadecimal digits only")]
    NotHex,
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $hasher:ident, $bytes:literal, $algorithm:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The algorithm's name in an in-toto `DigestSet`.
            pub const ALGORITHM: &'static str = $algorithm;

            /// The digest of `bytes`.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(sha2::$hasher::digest(bytes).into())
            }

            /// Takes the digest's raw bytes, whoever computed them.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            /// Reads hexadecimal digits of either case and of exactly the algorithm's length.
            fn from_str(text: &str) -> Result<Self, DigestError> {
                let mut bytes = [0; $bytes];
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) => Ok(Self(bytes)),
                    Err(hex::FromHexError::InvalidHexCharacter { .. }) => Err(DigestError::NotHex),
                    Err(_) => Err(DigestError::Length { expected: 2 * $bytes, found: text.len() }),
                }
            }
        }

        /// Lower-case hexadecimal.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($algorithm, ":{}"), self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut text = [0; 2 * $bytes];
                hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
                serializer
                    .serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": format!("^[0-9a-f]{{{}}}$", 2 * $bytes),
                })
            }
        }
    };
}

digest! {
    /// A SHA-256 digest.
    Sha256, Sha256, 32, "sha256"
}
digest! {
    /// A SHA-512 digest.
    Sha512, Sha512, 64, "sha512"
}

impl Sha256 {
    /// HMAC-SHA-256 (RFC 2104) of `message` under `key`: whoever lacks the key can't find the message by
    /// trying all that come to mind.
    #[must_use]
    pub fn keyed(key: &[u8], message: &[u8]) -> Self {
        // A key that is shorter than a block is filled up with zeros, and of a longer one the digest is: that
        // is how HMAC begins.
        let mut block = Zeroizing::new([0; 64]);
        let digest =
            Zeroizing::new(if key.len() > block.len() { Self::of(key).0 } else { [0; 32] });
        let key = if key.len() > block.len() { digest.as_slice() } else { key };
        block.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
        let mut mac = Hmac::<sha2::Sha256>::new((&*block).into());
        mac.update(message);
        Self(mac.finalize().into_bytes().into())
    }
}

/// A SHA-256 computation under way.
#[derive(Clone, Default)]
pub struct Sha256Hasher(sha2::Sha256);

impl Sha256Hasher {
    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl std::io::Write for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A SHA-512 computation under way.
#[derive(Clone, Default)]
pub struct Sha512Hasher(sha2::Sha512);

impl Sha512Hasher {
    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(self) -> Sha512 {
        Sha512(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_input_has_the_published_digest() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::of(b"").to_string(), hex);
        assert_eq!(Sha256Hasher::default().finish(), hex.parse().unwrap());
        assert_eq!(hex.to_uppercase().parse::<Sha256>().unwrap(), Sha256::of(b""));
    }

    /// Python: `hmac.new(bytes(range(16)), b"Hi There", "sha256")`.
    #[test]
    fn a_keyed_digest_is_the_one_that_others_compute() {
        let key: [u8; 16] = std::array::from_fn(|n| u8::try_from(n).unwrap());
        let hex = "3afd7fe7437c3ecadb2d089e7a65c8f994a3bff46f9a8eb3d3d453b9fa5acc34";
        assert_eq!(Sha256::keyed(&key, b"Hi There").to_string(), hex);
        assert_ne!(Sha256::keyed(&[0; 16], b"Hi There").to_string(), hex);
        // `hmac.new(b"k" * 100, b"Hi There", "sha256")`: a key longer than a block.
        let hex = "6441229cc0008bbf212d0d7920d58c97b6dfeed6d0eeffe2a1c46c8a1791511f";
        assert_eq!(Sha256::keyed(&[b'k'; 100], b"Hi There").to_string(), hex);
    }

    #[test]
    fn a_digest_of_another_length_or_alphabet_is_refused() {
        assert_eq!("ab".parse::<Sha256>(), Err(DigestError::Length { expected: 64, found: 2 }));
        assert_eq!("z".repeat(64).parse::<Sha256>(), Err(DigestError::NotHex));
        assert!("".parse::<Sha256>().is_err());
        assert!("é".repeat(32).parse::<Sha256>().is_err());
    }
}
