//! Private keys under a passphrase: PKCS#8 (RFC 5958) with PBES2 (RFC 8018).
//!
//! Written: scrypt with N = 2^14, r = 8, p = 5, and AES-256-CBC. OpenSSL 3 refuses scrypt above 32 MiB
//! of memory, so N can be no larger; p = 5 makes up for it in work (the same as N = 2^17, p = 1, by
//! OWASP's table), and unlike PBKDF2 it asks an attacker's every guess for 16 MiB.

use std::fmt;

use pkcs8::der::asn1::{OctetString, OctetStringRef};
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode as _, Reader as _, SliceReader};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{self, Kdf, Parameters, Pbkdf2Prf, ScryptParams};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use super::key::{SecretKey, SecretKeyError};
use crate::base::random::{self, RandomError};
use crate::format::dsse::decode_base64;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";
/// Most rounds of PBKDF2 that a key may ask for: some seconds.
const ROUNDS_MAX: u32 = 10_000_000;
/// Most memory that a key may ask scrypt for, in bytes.
const SCRYPT_MEMORY_MAX: u64 = 256 << 20;
/// Most passes over that memory, in bytes in all.
const SCRYPT_WORK_MAX: u64 = 1 << 30;
const SCRYPT: (u64, u16, u16) = (1 << 14, 8, 5);

/// The key could not be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// For the salt.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The library's word; for the parameters above there is none.
    #[error("the key could not be encrypted")]
    Library,
}

/// A private key that is still encrypted. What it asks for is bounded: a hostile file can neither hold
/// [`Self::unlock`] up for long nor exhaust memory.
pub struct EncryptedKey {
    parameters: Parameters,
    data: OctetString,
}

impl EncryptedKey {
    /// Reads PKCS#8 as PEM, or as base64 of its DER on one line.
    ///
    /// # Errors
    /// Another form; a scheme that isn't PBES2 with scrypt or PBKDF2 (HMAC-SHA-2) and AES; one that asks
    /// for too much.
    pub fn parse(text: &[u8]) -> Result<Self, SecretKeyError> {
        let text = std::str::from_utf8(text).or(Err(SecretKeyError::Form))?.trim();
        if text.starts_with("-----BEGIN") {
            let (label, der) = SecretDocument::from_pem(text).or(Err(SecretKeyError::Form))?;
            if label != LABEL {
                return Err(SecretKeyError::Form);
            }
            return Self::from_der(der.as_bytes());
        }
        Self::from_der(&decode_base64(text, "key").or(Err(SecretKeyError::Form))?)
    }

    fn from_der(der: &[u8]) -> Result<Self, SecretKeyError> {
        let info = EncryptedPrivateKeyInfoOwned::from_der(der).map_err(|_unshown| {
            // Where the form is right, it is the scheme that the library doesn't know.
            if Self::looks_like(der) { SecretKeyError::Scheme } else { SecretKeyError::Form }
        })?;
        let EncryptionScheme::Pbes2(parameters) = info.encryption_algorithm else {
            return Err(SecretKeyError::Scheme);
        };
        check(&parameters)?;
        Ok(Self { parameters, data: info.encrypted_data })
    }

    /// Whether this is the DER of an encrypted key, whatever it is encrypted by.
    pub(super) fn looks_like(der: &[u8]) -> bool {
        let read = SliceReader::new(der).and_then(|mut reader| {
            reader.sequence(|reader| {
                AlgorithmIdentifierRef::decode(reader)?;
                <&OctetStringRef>::decode(reader).map(|_| ())
            })?;
            reader.finish()
        });
        read.is_ok()
    }

    /// Decrypts; takes a part of a second for what proofmark writes, and some seconds at most.
    ///
    /// # Errors
    /// A wrong passphrase can't be told from a damaged key. What was encrypted may be no Ed25519 key.
    pub fn unlock(&self, passphrase: &[u8]) -> Result<SecretKey, SecretKeyError> {
        let mut buffer = Zeroizing::new(self.data.as_bytes().to_vec());
        let plain = self
            .parameters
            .decrypt_in_place(passphrase, &mut buffer)
            .or(Err(SecretKeyError::Passphrase))?;
        // One wrong passphrase in 256 leaves a padding that looks right; none leaves PKCS#8.
        PrivateKeyInfoRef::from_der(plain).or(Err(SecretKeyError::Passphrase))?;
        SecretKey::from_der(plain)
    }
}

/// Whether a library that does as it is told may be told this.
fn check(parameters: &Parameters) -> Result<(), SecretKeyError> {
    match &parameters.kdf {
        Kdf::Pbkdf2(kdf) if kdf.prf == Pbkdf2Prf::HmacWithSha1 => Err(SecretKeyError::Scheme),
        Kdf::Pbkdf2(kdf) if (1..=ROUNDS_MAX).contains(&kdf.iteration_count) => Ok(()),
        Kdf::Scrypt(kdf) => {
            let (n, r) = (kdf.cost_parameter, u64::from(kdf.block_size));
            let p = u64::from(kdf.parallelization);
            let times_block = |factor: u64| factor.checked_mul(r)?.checked_mul(128);
            let memory = times_block(n.max(p));
            let work = n.checked_mul(p).and_then(times_block);
            let fits = memory.is_some_and(|bytes| bytes <= SCRYPT_MEMORY_MAX)
                && work.is_some_and(|bytes| bytes <= SCRYPT_WORK_MAX);
            // The library shifts by the logarithm of N, and has none for 0.
            if fits && n > 1 && n.is_power_of_two() && r > 0 && p > 0 {
                Ok(())
            } else {
                Err(SecretKeyError::Cost)
            }
        }
        Kdf::Pbkdf2(_) => Err(SecretKeyError::Cost),
        _ => Err(SecretKeyError::Scheme),
    }
}

impl SecretKey {
    /// PKCS#8 PEM under a passphrase, with a line feed at the end. Not checked: that it is a good one.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<Zeroizing<String>, EncryptError> {
        let salt = random::bytes::<16>()?;
        let (cost_parameter, block_size, parallelization) = SCRYPT;
        let salt = pbes2::Salt::new(salt).or(Err(EncryptError::Library))?;
        let kdf =
            ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None };
        let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: random::bytes()? };
        let parameters = Parameters { kdf: Kdf::Scrypt(kdf), encryption };
        let encrypt = || {
            let data = parameters.encrypt(passphrase, &self.to_der()).ok()?;
            let info = EncryptedPrivateKeyInfoOwned {
                encrypted_data: OctetString::new(data).ok()?,
                encryption_algorithm: parameters.into(),
            };
            SecretDocument::try_from(info).ok()?.to_pem(LABEL, LineEnding::LF).ok()
        };
        encrypt().ok_or(EncryptError::Library)
    }
}

/// Shows how it is encrypted, and nothing of what.
impl fmt::Debug for EncryptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kdf = if self.parameters.kdf.is_scrypt() { "scrypt" } else { "PBKDF2" };
        write!(f, "EncryptedKey({kdf})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::key::PublicKey;

    // Test keys, made by OpenSSL 3.0 for this file alone; all but one hold the same key.
    const PASSPHRASE: &[u8] = b"correct horse battery";
    const PUBLIC: &str = "MCowBQYDK2VwAyEA1/9wqRuF3oMcwr8SFVPkr+KFph9aPEXETOv7WfrFbNo=";
    /// `openssl genpkey -algorithm ed25519 -aes256`: PBKDF2 with 2,048 rounds of HMAC-SHA-256.
    const GENPKEY: &str = "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgUb3nDdyZaDAICCAAw\nDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJo3lACvchHTWwKabSmM0zsEQG5O\nzIpAyFaVjDjrrgLAvlc+wK4ft5V7WCVOyWXXZNSFgiFU7LP8K4jCFWzlQK9XrdU5\nM51V2KFdJsp7hwcAMsg=";
    const GENPKEY_PUBLIC: &str = "MCowBQYDK2VwAyEAmhkoY4g1/C3fvPUO+n8AVQKe1dAIxUOKhcy13gIWZfI=";
    /// `openssl pkcs8 -topk8 -scrypt`: N = 2^14, r = 8, p = 1.
    const SCRYPT_KEY: &str = "MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAgQ4KhGaa5rBwICQAAC\nAQgCAQEwHQYJYIZIAWUDBAEqBBAXrYv5hPR0ePxvSHp1K/bwBECrOO7lnbhAET+a\nQjl5rIX7Lmdo2dRE4PVVQJsdGlbeY+7VEwwlubhJch8hxUQGbQhygd/0F6zjx1tM\n9N3WqBur";
    /// `-v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 5000`.
    const SHA512: &str = "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhar3ZfwfmWQgICE4gw\nDAYIKoZIhvcNAgsFADAdBglghkgBZQMEAQIEEOT14q0T4UNT8wy8Rc2lMDsEQHLL\nAMDKsJk5bcAtnbZ9ZCIVU3V26OjmB4yQrUt6TLEV/3lLjm7pTKk+D3YWicXCOSMu\nXQcFO6SOEpY7xzXO0U0=";
    /// `-v2 aes-256-cbc -v2prf hmacWithSHA1`.
    const SHA1: &str = "MIGNMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAhxs86uzS+e9gICCAAw\nHQYJYIZIAWUDBAEqBBCF5BuCpDCVd9wziWSHiBNmBEDM/XygYRPdl99RpVF3DBHd\ngkkrevnMT07v8YdoRbtuusEBBSUFNp0fWZ11+D/D9s5jwYvIiSToRO5yPpTecGvi";
    /// `-v2 des3`.
    const DES3: &str = "MIGKME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAi4Gged0t1HAAICCAAw\nDAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIi+kTGAy/f5UEOD7mGCB5VFm88WIE\niZnHUGq69CfiOhLpx+u7xalXOMAFGu/xncWZht3RNSZ8fqJvZFKm6OUYUDAe";
    /// `-v1 PBE-SHA1-3DES`.
    const PKCS12: &str = "MFgwHAYKKoZIhvcNAQwBAzAOBAgPGc5wiik6OQICCAAEOH+P0GU0ZzNrpvaG+3hR\ntcjKWsqF/MRfueWyzJSVmDOpqlU9GbBwgkAIb5RAZCVbbzsaT2KvsxTZ";
    /// `openssl genpkey -algorithm x25519 -aes256`.
    const X25519: &str = "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj3Jg72pwrCbAICCAAw\nDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPrAsNFUy9MM0ry9WNiGg3oEQOgQ\nY430hBkLO5gxMJtuZ6g4lgPTz2L4qkw4mJGrvuVLxEyrHja6o4rjtgCa1C8eASIL\nN3cLTIvrvyCW+Ouaib8=";
    /// `-v2 aes-256-cbc -iter 10000001`.
    const ROUNDS: &str = "MIGdMFkGCSqGSIb3DQEFDTBMMCsGCSqGSIb3DQEFDDAeBAg49A5QccePvgIEAJiW\ngTAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQl2KNhbvA0S9QW4VTs/a6TgRA\n3zM48WyEm2CGtl4OMQSnw+XxDxsyQQfeTXwCamTrJPNqQ/KxaGsMf+hwpXSeGsCZ\nHAAmsnaVscz6lyPart+hwQ==";

    fn pem(body: &str) -> String {
        format!("-----BEGIN {LABEL}-----\n{body}\n-----END {LABEL}-----\n")
    }

    fn parse(body: &str) -> Result<EncryptedKey, SecretKeyError> {
        EncryptedKey::parse(pem(body).as_bytes())
    }

    #[test]
    fn keys_that_openssl_encrypted_are_read() {
        for (body, public) in [(GENPKEY, GENPKEY_PUBLIC), (SCRYPT_KEY, PUBLIC), (SHA512, PUBLIC)] {
            let public = PublicKey::parse(public).unwrap();
            assert_eq!(parse(body).unwrap().unlock(PASSPHRASE).unwrap().public(), public);
            let line = body.replace('\n', "");
            assert_eq!(
                SecretKey::parse(line.as_bytes()).unwrap_err(),
                SecretKeyError::Encrypted,
                "as one line of base64 too"
            );
            let key = EncryptedKey::parse(line.as_bytes()).unwrap();
            assert_eq!(key.unlock(PASSPHRASE).unwrap().public(), public);
        }
    }

    #[test]
    fn a_key_comes_back_from_its_encrypted_form_with_the_passphrase_alone() {
        let key = SecretKey::from_seed([7; 32]);
        let pem = key.to_encrypted_pem(PASSPHRASE).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n") && pem.ends_with("-\n"));
        assert_eq!(SecretKey::parse(pem.as_bytes()).unwrap_err(), SecretKeyError::Encrypted);
        let locked = EncryptedKey::parse(pem.as_bytes()).unwrap();
        assert_eq!(locked.unlock(PASSPHRASE).unwrap().public(), key.public());
        assert_ne!(*pem, *key.to_encrypted_pem(PASSPHRASE).unwrap(), "a salt of its own each time");
        for wrong in [&b""[..], b"correct horse batterz", b"correct horse battery\n"] {
            assert_eq!(locked.unlock(wrong).unwrap_err(), SecretKeyError::Passphrase);
        }
    }

    #[test]
    fn a_wrong_passphrase_is_one_even_where_the_padding_looks_right() {
        let locked = parse(GENPKEY).unwrap();
        // Found by trying: these do, as one in 256 does.
        for number in [382_u32, 499, 566] {
            let wrong = number.to_be_bytes();
            let mut buffer = locked.data.as_bytes().to_vec();
            assert!(locked.parameters.decrypt_in_place(wrong, &mut buffer).is_ok());
            assert_eq!(locked.unlock(&wrong).unwrap_err(), SecretKeyError::Passphrase);
        }
    }

    #[test]
    fn schemes_that_are_old_or_unknown_have_an_error_of_their_own() {
        for body in [SHA1, DES3, PKCS12] {
            assert_eq!(parse(body).unwrap_err(), SecretKeyError::Scheme, "{body}");
            let line = body.replace('\n', "");
            assert_eq!(
                SecretKey::parse(line.as_bytes()).unwrap_err(),
                SecretKeyError::Encrypted,
                "so that its true fault is said"
            );
        }
        let other = parse(X25519).unwrap().unlock(PASSPHRASE).unwrap_err();
        assert_eq!(other, SecretKeyError::Form, "the passphrase was right");
        for text in ["", "AAAA", "-----BEGIN ENCRYPTED PRIVATE KEY-----", &pem("MAA=")] {
            assert_eq!(
                EncryptedKey::parse(text.as_bytes()).unwrap_err(),
                SecretKeyError::Form,
                "{text}"
            );
        }
        let mislabelled = pem(GENPKEY).replace(LABEL, "ENCRYPTED KEY");
        let error = EncryptedKey::parse(mislabelled.as_bytes()).unwrap_err();
        assert_eq!(error, SecretKeyError::Form);
        let key = SecretKey::from_seed([7; 32]).to_pem();
        assert_eq!(EncryptedKey::parse(key.as_bytes()).unwrap_err(), SecretKeyError::Form);
    }

    #[test]
    fn a_key_that_asks_for_too_much_work_or_memory_is_refused_before_any_is_done() {
        assert_eq!(parse(ROUNDS).unwrap_err(), SecretKeyError::Cost);
        let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        let pbkdf2 = |rounds| {
            let mut kdf = pbes2::Pbkdf2Params::hmac_sha256(1, b"salt").unwrap();
            kdf.iteration_count = rounds;
            check(&Parameters { kdf: Kdf::Pbkdf2(kdf), encryption })
        };
        assert_eq!((pbkdf2(1), pbkdf2(ROUNDS_MAX)), (Ok(()), Ok(())));
        for rounds in [0, ROUNDS_MAX + 1, u32::MAX] {
            assert_eq!(pbkdf2(rounds), Err(SecretKeyError::Cost), "{rounds}");
        }
        let scrypt = |cost_parameter, block_size, parallelization| {
            let salt = pbes2::Salt::new(b"salt").unwrap();
            let key_length = None;
            let kdf =
                ScryptParams { salt, cost_parameter, block_size, parallelization, key_length };
            check(&Parameters { kdf: Kdf::Scrypt(kdf), encryption })
        };
        for (n, r, p) in [(2, 1, 1), (1 << 14, 8, 8), (1 << 18, 8, 1), (1 << 18, 8, 4)] {
            assert_eq!(scrypt(n, r, p), Ok(()), "{n} {r} {p}");
        }
        for (n, r, p) in [
            (0, 8, 1),
            (1, 8, 1),
            (3 << 12, 8, 1),
            (1 << 14, 0, 1),
            (1 << 14, 8, 0),
            (1 << 19, 8, 1),
            (1 << 18, 8, 5),
            (2, u16::MAX, u16::MAX),
            (1 << 63, u16::MAX, u16::MAX),
            (u64::MAX, 1, 1),
        ] {
            assert_eq!(scrypt(n, r, p), Err(SecretKeyError::Cost), "{n} {r} {p}");
        }
    }

    #[test]
    fn debug_output_shows_nothing_of_the_key() {
        assert_eq!(format!("{:?}", parse(SCRYPT_KEY).unwrap()), "EncryptedKey(scrypt)");
        assert_eq!(format!("{:?}", parse(GENPKEY).unwrap()), "EncryptedKey(PBKDF2)");
    }
}
