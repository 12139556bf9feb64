//! An issuer's keys (RFC 7517).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::digest::Sha256;
use crate::format::evidence::TokenKey;
use crate::format::json::{self, Object};

/// Most keys of a set.
const KEYS_MAX: usize = 100;
/// Longest `kid`, in bytes.
pub(super) const KID_MAX: usize = 256;
/// The algorithm that the keys are for: the platforms sign with no other.
pub(super) const ALGORITHM: &str = "RS256";
/// Members that only a private key has (RFC 7518, section 6.3.2).
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Keys of an issuer: RSA of 2048 bits or more, for RS256.
#[derive(Debug, Clone, Default)]
pub struct Jwks {
    keys: Vec<Key>,
    passed_over: usize,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("no set of keys: {0}")]
pub struct JwksError(pub(super) &'static str);

#[derive(Deserialize)]
struct Wire {
    keys: Vec<Value>,
}

impl Jwks {
    /// Most bytes of a set.
    pub const BYTES_MAX: usize = 1 << 20;

    /// Reads a set. Keys that can't be used are passed over; their number is told by [`Jwks::passed_over`].
    ///
    /// # Errors
    /// Where it is no set, holds no usable key, or two of one id: which of them signed would be guesswork.
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(JwksError("it is larger than 1 MiB"));
        }
        let Object(Wire { keys: wire }) =
            json::parse(bytes).or(Err(JwksError("it is no JSON object with a list of keys")))?;
        if wire.len() > KEYS_MAX {
            return Err(JwksError("it holds more than 100 keys"));
        }
        let all = wire.len();
        let mut keys: Vec<Key> =
            wire.iter().filter_map(|key| Key::read(key.as_object()?)).collect();
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        if keys.windows(2).any(|pair| matches!(pair, [a, b] if a.id == b.id)) {
            return Err(JwksError("two of its keys have one id"));
        }
        if keys.is_empty() {
            return Err(JwksError(
                "none of its keys is one of RSA for RS256, of 2048 bits or more",
            ));
        }
        let passed_over = all.saturating_sub(keys.len());
        Ok(Self { keys, passed_over })
    }

    /// Whether a key of this id is there.
    #[must_use]
    pub fn has(&self, kid: &str) -> bool {
        self.get(kid).is_some()
    }

    /// How many keys of the set can't be used.
    #[must_use]
    pub const fn passed_over(&self) -> usize {
        self.passed_over
    }

    pub(super) fn get(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == kid)
    }
}

/// A key that can be used.
#[derive(Clone)]
pub(super) struct Key {
    id: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// Without the key itself.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("bits", &bits(&self.modulus)).finish_non_exhaustive()
    }
}

impl Key {
    /// `None` for a key that can't be used: of another kind, for something else, too short, or not as RFC
    /// 7518 wants it written.
    fn read(wire: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| wire.get(name).map(|value| value.as_str().unwrap_or_default());
        let id = text("kid").filter(|id| (1..=KID_MAX).contains(&id.len()))?;
        let may_verify = |operations: &Value| {
            operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"))
        };
        let is_for_this = text("kty") == Some("RSA")
            && text("use").is_none_or(|usage| usage == "sig")
            && text("alg").is_none_or(|algorithm| algorithm == ALGORITHM)
            && wire.get("key_ops").is_none_or(may_verify);
        // A private key that is published is everybody's.
        if !is_for_this || PRIVATE.iter().any(|name| wire.contains_key(*name)) {
            return None;
        }
        let (modulus, exponent) = (number(text("n")?)?, number(text("e")?)?);
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        // `ring` takes exponents up to 33 bits.
        let fine = (2048..=8192).contains(&bits(&modulus))
            && is_odd(&modulus)
            && is_odd(&exponent)
            && (2..=33).contains(&bits(&exponent));
        fine.then(|| Self { id: id.to_owned(), modulus, exponent })
    }

    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    pub(super) fn describe(&self) -> TokenKey {
        let (e, n) =
            (URL_SAFE_NO_PAD.encode(&self.exponent), URL_SAFE_NO_PAD.encode(&self.modulus));
        // RFC 7638, section 3: these members, in this order, without spaces.
        let thumbprint = Sha256::of(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes());
        TokenKey { id: self.id.clone(), thumbprint, bits: bits(&self.modulus) }
    }
}

/// A number as RFC 7518 (section 2, Base64urlUInt) has it written: in as few bytes as can be. One key in two
/// spellings would have two thumbprints.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.first().is_some_and(|first| *first != 0).then_some(bytes)
}

fn bits(number: &[u8]) -> u32 {
    let leading = number.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(leading)
}
