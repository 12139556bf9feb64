//! Private keys at hand: PKCS#8 version 1 (RFC 5208; OpenSSL 3.0 can't read version 2), Ed25519 (RFC 8410).

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::{Zeroize as _, Zeroizing};

use super::EncryptedKey;
use crate::base::random::{self, RandomError};
use crate::format::dsse::decode_base64;
use crate::format::key::PublicKey;

/// Why a text is no private key. No variant holds any part of the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretKeyError {
    /// Nothing but white space.
    #[error("the key is empty")]
    Empty,
    /// A passphrase is needed: see [`super::EncryptedKey`].
    #[error("the key is encrypted")]
    Encrypted,
    /// Encrypted by something old or unknown.
    #[error(
        "the key is encrypted in an unsupported way, expected PBES2 with scrypt or PBKDF2 (HMAC-SHA-2) and AES"
    )]
    Scheme,
    /// Encrypted so that decrypting it would take too long or too much memory.
    #[error(
        "the key's encryption asks for too much, expected at most 10,000,000 rounds of PBKDF2 or 256 MiB of scrypt"
    )]
    Cost,
    /// The passphrase isn't the one that it was encrypted with, or the text was changed since.
    #[error("wrong passphrase, or a damaged key")]
    Passphrase,
    /// The form that `ssh-keygen` writes.
    #[error("expected PKCS#8, found a private key of OpenSSH")]
    OpenSsh,
    /// A public key.
    #[error("expected a private key, found a public one")]
    Public,
    /// Another form, or another algorithm.
    #[error("expected an Ed25519 private key as PKCS#8 PEM, or its base64 on one line")]
    Form,
}

/// An Ed25519 private key: wiped when dropped, never shown.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn generate() -> Result<Self, RandomError> {
        let seed = Zeroizing::new(random::bytes::<32>()?);
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads PKCS#8 as PEM, or as base64 of its DER on one line, of version 1 or 2.
    ///
    /// # Errors
    /// Anything else; where version 2 names a public key, it must be the private one's.
    pub fn parse(text: &[u8]) -> Result<Self, SecretKeyError> {
        let text = std::str::from_utf8(text).or(Err(SecretKeyError::Form))?.trim();
        if text.is_empty() {
            return Err(SecretKeyError::Empty);
        }
        if text.contains("-----BEGIN OPENSSH PRIVATE KEY") {
            return Err(SecretKeyError::OpenSsh);
        }
        if text.contains("ENCRYPTED") {
            return Err(SecretKeyError::Encrypted);
        }
        if text.contains("-----BEGIN PUBLIC KEY") || text.starts_with("ssh-") {
            return Err(SecretKeyError::Public);
        }
        if text.starts_with("-----BEGIN") {
            return SigningKey::from_pkcs8_pem(text).map(Self).or(Err(SecretKeyError::Form));
        }
        let der = Zeroizing::new(decode_base64(text, "key").or(Err(SecretKeyError::Form))?);
        Self::from_der(&der).map_err(|error| {
            if EncryptedKey::looks_like(&der) { SecretKeyError::Encrypted } else { error }
        })
    }

    pub(super) fn from_der(der: &[u8]) -> Result<Self, SecretKeyError> {
        SigningKey::from_pkcs8_der(der).map(Self).or(Err(SecretKeyError::Form))
    }

    /// PKCS#8 version 1 PEM, with a line feed at the end.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        // A fixed prefix and 32 bytes: this can't fail.
        self.in_pkcs8(|pair| pair.to_pkcs8_pem(LineEnding::LF).unwrap_or_default())
    }

    /// PKCS#8 version 1 DER.
    pub(super) fn to_der(&self) -> Zeroizing<Vec<u8>> {
        self.in_pkcs8(|pair| pair.to_pkcs8_der().map(|der| der.to_bytes()).unwrap_or_default())
    }

    fn in_pkcs8<T>(&self, write: impl FnOnce(&KeypairBytes) -> T) -> T {
        let mut pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let written = write(&pair);
        pair.secret_key.zeroize();
        written
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::from(self.0.verifying_key())
    }

    /// A pure Ed25519 signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Shows the public half alone.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(*** of {})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::dsse::encode_base64;

    #[test]
    fn a_key_reads_back_from_pem_and_from_one_line_of_base64() {
        let key = SecretKey::generate().unwrap();
        let pem = key.to_pem();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        // Version 1: 48 bytes of DER and no public key in them.
        assert_eq!(body.len(), 64);
        for text in [pem.replace('\n', "\r\n"), body, format!("\n{}\n", *pem)] {
            assert_eq!(SecretKey::parse(text.as_bytes()).unwrap().public(), key.public());
        }
    }

    #[test]
    fn debug_output_and_errors_show_no_secret() {
        let key = SecretKey::from_seed([7; 32]);
        let shown = format!("{key:?}");
        for secret in [hex::encode([7; 32]), encode_base64(&[7; 32]), "7, 7".into()] {
            assert!(!shown.contains(&secret), "{shown}");
        }
        for (text, error) in [
            (&b" \n"[..], SecretKeyError::Empty),
            (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", SecretKeyError::Encrypted),
            (b"-----BEGIN OPENSSH PRIVATE KEY-----", SecretKeyError::OpenSsh),
            (b"-----BEGIN PUBLIC KEY-----", SecretKeyError::Public),
            (b"hunter2hunter2", SecretKeyError::Form),
            (b"\xff", SecretKeyError::Form),
        ] {
            let found = SecretKey::parse(text).unwrap_err();
            assert!(!found.to_string().contains("hunter2"));
            assert_eq!(found, error);
        }
    }

    impl SecretKey {
        pub(in crate::sign) fn from_seed(seed: [u8; 32]) -> Self {
            Self(SigningKey::from_bytes(&seed))
        }
    }
}
