//! How the platform is asked: where its variables say, behind the proxy that they name, with a token that goes
//! to one place alone.

use crate::capture::environment::Variables;
use crate::net::client::{Client, Limits};
use crate::net::{Lost, NetError, Proxy, Scheme, Token, Url};

/// The proxy that the variables name. What passes it is encrypted as far as the host, and the roots of trust
/// are our own, so whoever can set these variables can keep us from asking, and nothing more.
pub(super) fn proxy(variables: &Variables) -> Result<Option<Proxy>, Lost> {
    let either = |upper, lower| variables.text(upper).or_else(|| variables.text(lower));
    let direct = either("NO_PROXY", "no_proxy").unwrap_or_default();
    either("HTTPS_PROXY", "https_proxy")
        .map(|address| Proxy::new(address, direct))
        .transpose()
        .map_err(|error| Lost::new(error.to_string(), "set HTTPS_PROXY to http://HOST:PORT"))
}

/// A client behind that proxy.
pub(super) fn client<'a>(
    variables: &Variables,
    limits: Limits,
    stop: &'a dyn Fn() -> bool,
) -> Result<Client<'a>, Lost> {
    Ok(Client::new(limits, proxy(variables)?, stop))
}

/// GitHub's token, by the name that the platform gives it or the one that its own client reads.
pub(super) fn github_token(variables: &Variables) -> Option<&str> {
    variables.text("GITHUB_TOKEN").or_else(|| variables.text("GH_TOKEN"))
}

/// A token that goes to the origin of `api` alone.
pub(super) fn bound(token: &str, scheme: Scheme, api: &Url) -> Result<Token, Lost> {
    Token::new(token, scheme, api).map_err(|error| Lost::plain(error.to_string()))
}

/// The address that a variable holds.
pub(super) fn address(variables: &Variables, name: &str, cure: &str) -> Result<Url, Lost> {
    let read = |error: NetError| Lost::new(format!("{name}: {error}"), cure);
    Url::parse(required(variables, name, cure)?).map_err(read)
}

/// What the platform sets.
pub(super) fn required<'v>(
    variables: &'v Variables,
    name: &str,
    cure: &str,
) -> Result<&'v str, Lost> {
    variables.text(name).ok_or_else(|| unset(name, cure))
}

/// The loss where it doesn't.
pub(super) fn unset(name: &str, cure: &str) -> Lost {
    Lost::new(format!("{name} isn't set as the platform sets it"), cure)
}
