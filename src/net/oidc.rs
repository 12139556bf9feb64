//! The platform's identity provider: a token is asked for, and the issuer's keys (OpenID Connect Discovery
//! 1.0, section 4). Nothing is checked here but where things come from.

use std::borrow::Cow;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::client::{Ask, Client};
use super::limited::object;
use super::{ASK_NOBODY, Lost, NetError, Token, Url};

/// Most bytes of the reply with a token, and of a discovery document.
const SMALL_MAX: u64 = 64 << 10;
/// Most bytes of a token.
const TOKEN_MAX: usize = 32 << 10;
/// Most bytes of a set of keys.
const KEYS_MAX: u64 = 1 << 20;

const JSON: &[(&str, &str)] = &[("Accept", "application/json")];
const CURE_PERMISSION: &str = "give the job `permissions: { id-token: write }`";

#[derive(Deserialize)]
struct Minted<'a> {
    /// Borrowed, so that no copy is left behind.
    #[serde(borrow)]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Asks GitHub for the job's token with this audience. `url` is `ACTIONS_ID_TOKEN_REQUEST_URL`, and `bearer`
/// is bound to it.
///
/// # Errors
/// Where there is none to be had. No reason holds the token, or what the address says of the job.
pub fn request(
    client: &Client<'_>,
    url: &Url,
    bearer: &Token,
    audience: &str,
) -> Result<Zeroizing<String>, Lost> {
    const WHAT: &str = "the job's token";
    let refused = |error: &NetError| match error {
        NetError::Status { code: 401 | 403, is_limited: false, .. } => {
            Lost::new(format!("{WHAT}: {error}"), CURE_PERMISSION)
        }
        error => Lost::network(WHAT, error, ASK_NOBODY),
    };
    if bearer.header(url.origin()).is_none() {
        return Err(Lost::plain(format!("{WHAT}: the right to ask for it is for another host")));
    }
    let url = url.with_value("audience", audience).map_err(|error| refused(&error))?;
    let ask = Ask { url: &url, cap: SMALL_MAX, headers: JSON, token: Some(bearer) };
    let body = client.get_straight(&ask).map(Zeroizing::new).map_err(|error| refused(&error))?;
    let minted: Minted<'_> = object(&body).ok_or_else(|| Lost::malformed(WHAT))?;
    let token = Zeroizing::new(minted.value.into_owned());
    // It is shown to the runner in a command of one line, so that the runner hides it.
    let is_token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if token.is_empty() || token.len() > TOKEN_MAX || !token.bytes().all(is_token) {
        return Err(Lost::malformed(WHAT));
    }
    Ok(token)
}

/// The keys of an issuer, as its set of keys stands there. The address of the set comes from discovery, must
/// be of the issuer's own origin, and no redirect is followed.
///
/// # Errors
/// Where they can't be had.
pub fn keys(client: &Client<'_>, issuer: &Url) -> Result<Vec<u8>, Lost> {
    const DISCOVERY: &str = "the issuer's discovery document";
    const KEYS: &str = "the issuer's keys";
    let lost = |what: &str, error: &NetError| Lost::network(what, error, ASK_NOBODY);
    let get = |what: &str, url: &Url, cap| {
        let ask = Ask { url, cap, headers: JSON, token: None };
        client.get_straight(&ask).map_err(|error| lost(what, &error))
    };
    let at = issuer
        .below(&[".well-known", "openid-configuration"], &[])
        .map_err(|error| lost(DISCOVERY, &error))?;
    let body = get(DISCOVERY, &at, SMALL_MAX)?;
    let found: Discovery = object(&body).ok_or_else(|| Lost::malformed(DISCOVERY))?;
    // An address without a path is shown with a slash, and an issuer has none there.
    let shown = issuer.to_string();
    let name = if issuer.path() == "/" { shown.trim_end_matches('/') } else { &shown };
    if found.issuer != name {
        return Err(Lost::plain(format!("{DISCOVERY}: it is of another issuer than {name}")));
    }
    let keys = Url::parse(&found.jwks_uri).map_err(|error| lost(KEYS, &error))?;
    if keys.origin() != issuer.origin() {
        return Err(Lost::plain(format!("{KEYS}: they are at another origin than the issuer")));
    }
    get(KEYS, &keys, KEYS_MAX)
}
