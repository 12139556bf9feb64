//! Tokens as an issuer signs them, and as nobody should.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

/// An issuer's key.
pub(crate) struct Key {
    pub(crate) kid: &'static str,
    pair: Option<KeyPair>,
    /// Modulus and exponent, as a set of keys has them.
    pub(crate) n: String,
    pub(crate) e: String,
}

static ONE: LazyLock<Key> = LazyLock::new(|| Key::read("one", include_str!("keys/one.pem")));
static TWO: LazyLock<Key> = LazyLock::new(|| Key::read("two", include_str!("keys/two.pem")));
static SHORT: LazyLock<Key> = LazyLock::new(|| Key::read("short", include_str!("keys/short.pem")));

/// The key that signs where nothing else is said.
pub(crate) fn one() -> &'static Key {
    &ONE
}

/// Another of 2048 bits.
pub(crate) fn two() -> &'static Key {
    &TWO
}

/// One of 1024 bits: it can be published, and not be signed with.
pub(crate) fn short() -> &'static Key {
    &SHORT
}

/// The clock, in seconds.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// A part of a token.
pub(crate) fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A set of keys (RFC 7517).
pub(crate) fn jwks(keys: &[&Key]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

impl Key {
    fn read(kid: &'static str, pem: &str) -> Self {
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let der = STANDARD.decode(lines.collect::<String>()).unwrap();
        let Ok(pair) = KeyPair::from_pkcs8(&der) else {
            let (n, e) = components(&der);
            return Self { kid, pair: None, n: part(n), e: part(e) };
        };
        let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
        Self { kid, pair: Some(pair), n: part(public.n), e: part(public.e) }
    }

    /// As it stands in a set of keys.
    pub(crate) fn jwk(&self) -> Value {
        json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid, "n": self.n, "e": self.e})
    }

    /// Its thumbprint (RFC 7638), in hexadecimal.
    pub(crate) fn thumbprint(&self) -> String {
        use sha2::Digest as _;
        let canonical = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, self.e, self.n);
        hex::encode(sha2::Sha256::digest(canonical))
    }

    /// The header that this key's tokens have.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "RS256", "kid": self.kid, "x5t": self.kid})
    }

    /// A token with these claims.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    /// RS256 over this header and this payload, whatever they say.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", part(header), part(payload));
        let pair = self.pair.as_ref().expect("a key that is long enough");
        let mut signature = vec![0; pair.public().modulus_len()];
        let random = SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", part(signature))
    }

    /// HS256 with a text that everybody knows, such as the public key.
    pub(crate) fn hmac(secret: &[u8], header: &str, payload: &str) -> String {
        let message = format!("{}.{}", part(header), part(payload));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", part(tag))
    }

    /// The public key in SPKI as PEM: what HS256 is forged with.
    pub(crate) fn public_pem(&self) -> String {
        let (n, e) =
            (URL_SAFE_NO_PAD.decode(&self.n).unwrap(), URL_SAFE_NO_PAD.decode(&self.e).unwrap());
        let key = der(0x30, &[der(2, &[&[0], &n[..]].concat()), der(2, &e)].concat());
        let rsa = hex::decode("300d06092a864886f70d0101010500").unwrap();
        let spki = der(0x30, &[rsa, der(3, &[&[0], &key[..]].concat())].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(spki))
    }
}

/// A value of ASN.1.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let length = match length {
        0..=0x7f => vec![length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    };
    [&[tag], &length[..], content].concat()
}

/// Modulus and exponent of a private key (PKCS#8 around PKCS#1) that `ring` finds too short.
fn components(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    // The modulus follows the version, as an integer of 129 bytes; the exponent of three follows it.
    let at = der.windows(7).position(|w| w == b"\x02\x01\x00\x02\x81\x81\x00").unwrap() + 7;
    (der[at..at + 128].to_vec(), der[at + 130..at + 133].to_vec())
}
