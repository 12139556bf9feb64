//! Public keys as they are written: SPKI PEM (RFC 8410), OpenSSH, or base64.

use std::fmt;

use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};

use super::dsse::{decode_base64, encode_base64};
use crate::base::digest::Sha256;

/// Largest key file, in bytes.
pub const KEY_FILE_MAX: u64 = 64 << 10;

/// Why a text is no public key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PublicKeyError {
    /// A private key where a public one was expected; its text isn't repeated.
    #[error("expected a public key, found a private one")]
    Private,
    /// None of the forms.
    #[error(
        "expected one Ed25519 public key as SPKI PEM, OpenSSH (ssh-ed25519 ..) or base64, found none"
    )]
    Form,
    /// A key of another algorithm.
    #[error("expected an Ed25519 key, found {found}")]
    Algorithm {
        /// What it is.
        found: String,
    },
    /// More than one key: a threshold over "the file" would be guesswork.
    #[error("expected one key, found several")]
    Several,
    /// A point of low order, under which signatures can be made without any key, or a point in a
    /// spelling that isn't the canonical one, so that one key could be counted as two.
    #[error("the key is a low-order or non-canonical point; anyone could sign for it")]
    Weak,
}

/// Whether a text that was given as a file's name could be a private key, so that no message may repeat
/// it: an armour, several lines, or 40 and more characters that base64 and hexadecimal have in common
/// with few names of files.
#[must_use]
pub fn may_be_secret(text: &str) -> bool {
    let text = text.trim();
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b);
    text.contains("-----") || text.contains('\n') || (text.len() >= 40 && text.bytes().all(base64))
}

/// An Ed25519 public key (RFC 8032) that isn't of low order and is written canonically.
///
/// Says nothing of whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of a key.
    ///
    /// # Errors
    /// Bytes that are no point, a low-order point, a non-canonical spelling.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let key = VerifyingKey::from_bytes(bytes).or(Err(PublicKeyError::Weak))?;
        if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
            return Err(PublicKeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Reads one key in any of the three forms; base64 may hold the raw 32 bytes or the SPKI DER.
    ///
    /// # Errors
    /// Anything else. No part of the text is repeated: it could be a private key.
    pub fn parse(text: &str) -> Result<Self, PublicKeyError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private);
        }
        if text.contains("-----BEGIN") {
            if text.matches("-----BEGIN").count() > 1 {
                return Err(PublicKeyError::Several);
            }
            return Self::from_spki(VerifyingKey::from_public_key_pem(text).ok());
        }
        if text.lines().filter(|line| !line.trim().is_empty()).count() > 1 {
            return Err(PublicKeyError::Several);
        }
        if text.contains(' ') {
            let key = ssh_key::PublicKey::from_openssh(text).or(Err(PublicKeyError::Form))?;
            let found = key.algorithm().to_string();
            let key = key.key_data().ed25519().ok_or(PublicKeyError::Algorithm { found })?;
            return Self::from_bytes(&key.0);
        }
        let bytes = decode_base64(text, "key").or(Err(PublicKeyError::Form))?;
        match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(raw) => Self::from_bytes(raw),
            Err(_) => Self::from_spki(VerifyingKey::from_public_key_der(&bytes).ok()),
        }
    }

    fn from_spki(key: Option<VerifyingKey>) -> Result<Self, PublicKeyError> {
        Self::from_bytes(key.ok_or(PublicKeyError::Form)?.as_bytes())
    }

    /// The 32 bytes: what makes two keys the same key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// SPKI DER (RFC 8410, section 4).
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        // A fixed prefix and the key: encoding a key that was decoded can't fail.
        self.0.to_public_key_der().map(|der| der.as_bytes().to_vec()).unwrap_or_default()
    }

    /// SPKI PEM, with a line feed at the end.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        self.0
            .to_public_key_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF)
            .unwrap_or_default()
    }

    /// As SSH sends it (RFC 8709, section 4).
    #[must_use]
    pub fn to_ssh_bytes(&self) -> Vec<u8> {
        // A name and 32 bytes: this can't fail.
        self.in_ssh().to_bytes().unwrap_or_default()
    }

    fn in_ssh(&self) -> ssh_key::PublicKey {
        ssh_key::public::Ed25519PublicKey(*self.as_bytes()).into()
    }

    /// `SHA256:` and the unpadded base64 of SHA-256 over the key's SSH form, as `ssh-keygen -l` prints
    /// it: the one `keyid` that every verifier of the ecosystem takes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.in_ssh().fingerprint(ssh_key::HashAlg::Sha256).to_string()
    }

    /// Base64 of SHA-256 over the SPKI DER: what a Sigstore bundle's `publicKey.hint` holds.
    #[must_use]
    pub fn hint(&self) -> String {
        encode_base64(Sha256::of(&self.to_spki_der()).as_bytes())
    }

    /// Checks a pure Ed25519 signature, strictly: canonical scalar, no low-order `R`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .and_then(|signature| self.0.verify_strict(message, &signature))
            .is_ok()
    }
}

impl From<VerifyingKey> for PublicKey {
    /// For the public half of a private key at hand, which is canonical and of full order.
    fn from(key: VerifyingKey) -> Self {
        Self(key)
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn one_key_in_every_form_is_one_key() {
        let key = PublicKey::parse(PEM).unwrap();
        let ssh = ssh_key::PublicKey::from(ssh_key::public::Ed25519PublicKey(*key.as_bytes()));
        for text in [
            PEM.replace('\n', "\r\n"),
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".into(),
            "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".into(),
            format!("{} somebody@somewhere\n", ssh.to_openssh().unwrap()),
        ] {
            assert_eq!(PublicKey::parse(&text).unwrap(), key, "{text}");
        }
        assert_eq!(key.to_spki_pem(), PEM);
        assert_eq!(key.to_spki_der().len(), 44);
        assert_eq!(key.fingerprint().len(), 50);
    }

    #[test]
    fn low_order_and_non_canonical_points_are_refused_at_load() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut order_two = [0xff; 32];
        order_two[0] = 0xec;
        order_two[31] = 0x7f;
        // y = p + 1, a second spelling of the identity; y = p + 3, no small order but not canonical.
        let mut second_spelling = order_two;
        second_spelling[0] = 0xee;
        let mut not_canonical = order_two;
        not_canonical[0] = 0xf0;
        for bytes in [[0; 32], identity, order_two, second_spelling, not_canonical] {
            assert_eq!(PublicKey::from_bytes(&bytes), Err(PublicKeyError::Weak), "{bytes:?}");
        }
    }

    #[test]
    fn an_error_never_shows_what_could_be_a_private_key() {
        let private =
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n-----END PRIVATE KEY-----";
        let error = PublicKey::parse(private).unwrap_err();
        assert_eq!(error, PublicKeyError::Private);
        assert!(!error.to_string().contains("MC4C"));
        assert_eq!(PublicKey::parse(&PEM.repeat(2)), Err(PublicKeyError::Several));
        assert_eq!(PublicKey::parse(""), Err(PublicKeyError::Form));
    }
}
