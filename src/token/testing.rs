//! Tokens and sets of keys for tests, signed with keys that are published.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// A time within the tokens' life.
pub(crate) const NOW: i64 = 1_800_000_000;

/// An issuer's key.
pub(crate) struct Signer {
    pub(crate) kid: &'static str,
    key: RsaKeyPair,
}

/// The issuer's.
pub(crate) fn one() -> Signer {
    signer("one", include_str!("../../tests/support/keys/one.pem"))
}

/// Somebody else's.
pub(crate) fn two() -> Signer {
    signer("two", include_str!("../../tests/support/keys/two.pem"))
}

fn signer(kid: &'static str, pem: &str) -> Signer {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    Signer { kid, key: RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap() }
}

impl Signer {
    pub(crate) fn modulus(&self) -> String {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.key.public());
        URL_SAFE_NO_PAD.encode(public.n)
    }

    /// PKCS#1 DER of the public half.
    pub(crate) fn public_der(&self) -> Vec<u8> {
        self.key.public_key().as_ref().to_vec()
    }

    pub(crate) fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": self.modulus(), "e": "AQAB", "x5t": "ignored",
        })
    }

    /// A set of this key alone.
    pub(crate) fn set(&self) -> Vec<u8> {
        json!({ "keys": [self.jwk()] }).to_string().into_bytes()
    }

    pub(crate) fn header(&self) -> String {
        json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid, "x5t": "ignored" }).to_string()
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.raw(&self.header(), &claims.to_string())
    }

    /// Header and claims as they stand, signed for RS256.
    pub(crate) fn raw(&self, header: &str, claims: &str) -> String {
        self.sign(&format!("{}.{}", encode(header), encode(claims)), &RSA_PKCS1_SHA256)
    }

    /// A token of which the first two parts are given.
    pub(crate) fn sign(&self, signed: &str, how: &'static dyn RsaEncoding) -> String {
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.key.sign(how, &random, signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub(crate) fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}
