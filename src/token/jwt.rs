//! A signed token (RFC 7515, 7519), checked.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error::TokenError;
use super::issuer::Issuer;
use super::jwks::{ALGORITHM, Jwks, KID_MAX};
use crate::base::text::cut;
use crate::base::time::Time;
use crate::format::evidence::TokenKey;
use crate::format::json::{self, Object};

/// Most bytes of a token: GitLab's names up to 200 groups, each with a path of up to 255 bytes.
pub const TOKEN_MAX: usize = 96 << 10;
/// How far two clocks may be apart, in seconds.
const SKEW: i64 = 60;
/// The last second of the year 9999, the last that RFC 3339 can write.
const SECOND_MAX: i64 = 253_402_300_799;

/// When a token has to be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Now.
    Now(Time),
    /// At a time in the past, by the word of whoever embedded it; `now` is only to see that it isn't to come.
    Then {
        /// When the job says it checked it.
        checked: Time,
        /// Now.
        now: Time,
    },
}

/// What a token must be.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Whose.
    pub issuer: &'a Issuer,
    /// For whom; exactly one audience, as a text. A list is refused, also one of one.
    pub audience: &'a str,
    /// When.
    pub moment: Moment,
}

/// A token that passed every check.
#[derive(Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its `iss`.
    pub issuer: String,
    /// Its `aud`.
    pub audience: String,
    /// All its claims that are texts, numbers or booleans, as their text.
    pub claims: BTreeMap<String, String>,
    /// What signed it.
    pub key: TokenKey,
    /// `iat`.
    pub issued: Option<Time>,
    /// `nbf`.
    pub not_before: Option<Time>,
    /// `exp`.
    pub expires: Time,
}

/// Without the claims, which name people.
impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("issuer", &self.issuer)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Checks everything: form, `typ`, `kid`, the algorithm (the trusted key's, never the token's), signature,
/// issuer, audience, times. Keys and addresses of keys in its own header are never looked at.
///
/// # Errors
/// The first check that fails.
pub fn verify(token: &str, keys: &Jwks, rules: &Rules<'_>) -> Result<Checked, TokenError> {
    let parts = Parts::split(token)?;
    let header = object(parts.header).ok_or(TokenError::Malformed("its header can't be read"))?;
    if !text(&header, "typ").is_some_and(|typ| typ.eq_ignore_ascii_case("JWT")) {
        return Err(TokenError::Malformed("its typ isn't JWT"));
    }
    // Whoever doesn't understand what is critical must refuse (RFC 7515, section 4.1.11).
    if header.contains_key("crit") {
        return Err(TokenError::Malformed("its header says that more than this is critical"));
    }
    if text(&header, "alg") != Some(ALGORITHM) {
        return Err(TokenError::Algorithm);
    }
    let kid = kid(&header).ok_or(TokenError::Malformed("it doesn't say which key signed it"))?;
    let key = keys.get(kid).ok_or(TokenError::UnknownKey)?;
    let signature =
        decode(parts.signature).ok_or(TokenError::Malformed("its signature can't be read"))?;
    if !key.signed(parts.signed.as_bytes(), &signature) {
        return Err(TokenError::Signature);
    }
    let payload = object(parts.payload).ok_or(TokenError::Malformed("its claims can't be read"))?;
    let issuer = text(&payload, "iss").ok_or(TokenError::Malformed("its iss is no text"))?;
    if !rules.issuer.accepts(issuer) {
        let expected = rules.issuer.url().to_owned();
        return Err(TokenError::Issuer { expected, found: cut(issuer, 200) });
    }
    let audience = text(&payload, "aud").ok_or(TokenError::Malformed("its aud is no one text"))?;
    if audience != rules.audience {
        let expected = rules.audience.to_owned();
        return Err(TokenError::Audience { expected, found: cut(audience, 200) });
    }
    let [expires, not_before, issued] =
        ["exp", "nbf", "iat"].map(|name| seconds(&payload, name).map(|time| (name, time)));
    let (_, expires) = expires?;
    let expires = expires.ok_or(TokenError::Time("exp"))?;
    let starts = [not_before?, issued?];
    in_time(expires, &starts, rules.moment)?;
    let [(_, not_before), (_, issued)] = starts;
    Ok(Checked {
        issuer: issuer.to_owned(),
        audience: audience.to_owned(),
        claims: payload
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), plain(value)?)))
            .collect(),
        key: key.describe(),
        issued,
        not_before,
        expires,
    })
}

/// The `kid` of a token, of which nothing was checked: it chooses the key, and no more.
#[must_use]
pub fn unchecked_kid(token: &str) -> Option<String> {
    kid(&object(Parts::split(token).ok()?.header)?).map(str::to_owned)
}

/// The `iss` of a token, of which nothing was checked: it chooses whom to ask for keys, where the answer must
/// be an issuer that is trusted anyway.
#[must_use]
pub fn unchecked_issuer(token: &str) -> Option<String> {
    text(&object(Parts::split(token).ok()?.payload)?, "iss").map(str::to_owned)
}

/// The claims of a token, of which nothing was checked: good for seeing that a record of them is another.
#[must_use]
pub fn unchecked_claims(token: &str) -> Option<BTreeMap<String, String>> {
    let claims = object(Parts::split(token).ok()?.payload)?;
    Some(claims.iter().filter_map(|(name, value)| Some((name.clone(), plain(value)?))).collect())
}

type Members = BTreeMap<String, Value>;

struct Parts<'a> {
    /// Header and payload, as they were signed.
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > TOKEN_MAX {
            return Err(TokenError::Malformed("it is too long"));
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            Some(Self { signed, header, payload, signature })
        });
        let parts = parts.filter(|parts| !parts.payload.contains('.'));
        let parts = parts.ok_or(TokenError::Malformed("it hasn't three parts"))?;
        if [parts.header, parts.payload, parts.signature].contains(&"") {
            return Err(TokenError::Malformed("one of its parts is empty"));
        }
        Ok(parts)
    }
}

/// Base64url without padding, in its one spelling: bits that mean nothing must be zero.
fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn object(part: &str) -> Option<Members> {
    json::parse::<Object<Members>>(&decode(part)?).ok().map(|Object(members)| members)
}

fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

fn kid(header: &Members) -> Option<&str> {
    text(header, "kid").filter(|kid| (1..=KID_MAX).contains(&kid.len()))
}

/// A claim as its text; `None` for null, lists and objects.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A time that may be missing. One that is there must be a whole number: a fraction, or a number that is too
/// large for some, is read in different ways.
fn seconds(claims: &Members, name: &'static str) -> Result<Option<Time>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| (0..=SECOND_MAX).contains(seconds));
    seconds.map(|seconds| Some(Time::saturating(seconds))).ok_or(TokenError::Time(name))
}

fn in_time(
    expires: Time,
    starts: &[(&'static str, Option<Time>)],
    moment: Moment,
) -> Result<(), TokenError> {
    let at = match moment {
        Moment::Now(now) => now,
        Moment::Then { checked, now } if checked.seconds_since(now) > SKEW => {
            return Err(TokenError::CheckedInTheFuture { checked, now });
        }
        Moment::Then { checked, .. } => checked,
    };
    for (claim, start) in starts {
        if let Some(from) = start.filter(|start| start.seconds_since(at) > SKEW) {
            return Err(TokenError::NotYet { claim, from, at });
        }
    }
    if at.seconds_since(expires) >= SKEW {
        return Err(TokenError::Expired { expires, at });
    }
    Ok(())
}
