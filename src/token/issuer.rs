//! Who may sign tokens: the platforms' own issuers by their exact form, others only where somebody says so.

use std::net::IpAddr;

/// GitHub's issuer.
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// GitLab's issuer.
const GITLAB: &str = "https://gitlab.com";
/// Longest address, in bytes.
const URL_MAX: usize = 512;

/// Whose tokens they are: it decides what a claim is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// An issuer that is trusted to speak for a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    url: String,
    platform: Platform,
    is_known: bool,
}

/// Why an address is no issuer.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("no issuer: {0}")]
pub struct IssuerError(pub(super) &'static str);

impl Issuer {
    /// The issuer of this `iss`, where it is one of github.com, gitlab.com or a subdomain of ghe.com, by its
    /// exact form.
    #[must_use]
    pub fn known(iss: &str) -> Option<Self> {
        let known = |url: &str, platform| Self { url: url.to_owned(), platform, is_known: true };
        if iss == GITLAB {
            return Some(known(GITLAB, Platform::GitLab));
        }
        let (url, slug) = match iss.match_indices('/').nth(2) {
            Some((at, _)) => iss.split_at(at),
            None => (iss, ""),
        };
        let own = url == GITHUB || is_ghe(url);
        (own && (slug.is_empty() || is_slug(slug))).then(|| known(url, Platform::GitHub))
    }

    /// The issuer that a user names. `http` is taken for loopback alone.
    ///
    /// # Errors
    /// Where it isn't an `https` address without user, query and fragment.
    pub fn given(url: &str, platform: Platform) -> Result<Self, IssuerError> {
        if url.len() > URL_MAX {
            return Err(IssuerError("the address is too long"));
        }
        let url = url.strip_suffix('/').unwrap_or(url);
        let (is_https, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(IssuerError("expected an address with https://")),
        };
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        if rest.contains(['@', '?', '#']) {
            return Err(IssuerError("expected an address without user, query and fragment"));
        }
        let host = host(authority).ok_or(IssuerError("its host or port can't be read"))?;
        let plain = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        };
        if path.is_some_and(|path| !path.split('/').all(plain)) {
            return Err(IssuerError("its path holds more than plain names"));
        }
        // Names are left out: what `localhost` means is up to the machine.
        if !is_https && !address(host).is_some_and(|address| address.is_loopback()) {
            return Err(IssuerError("http is taken for a loopback address alone"));
        }
        let is_known = Self::known(url).is_some_and(|known| known.platform == platform);
        Ok(Self { url: url.to_owned(), platform, is_known })
    }

    /// Whether a token's `iss` is this issuer's: equal, or, of GitHub's own, followed by `/` and the slug of
    /// an enterprise.
    #[must_use]
    pub fn accepts(&self, iss: &str) -> bool {
        self.url == iss
            || (self.is_known
                && self.platform == Platform::GitHub
                && Self::known(iss).is_some_and(|known| known.url == self.url))
    }

    /// Its address, without a slash at the end. Discovery is `<url>/.well-known/openid-configuration`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its scheme, host and port, in lower case.
    #[must_use]
    pub fn origin(&self) -> String {
        let end = self.url.match_indices('/').nth(2).map_or(self.url.len(), |(at, _)| at);
        self.url.get(..end).unwrap_or_default().to_ascii_lowercase()
    }

    /// Whose tokens it signs.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// Whether it is a platform's own, and nobody had to name it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether it is on this machine: anybody who can run code there can be it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let origin = self.origin();
        let Some(host) = origin.split_once("://").and_then(|(_, authority)| host(authority)) else {
            return true;
        };
        match address(host) {
            Some(address) => {
                let address = address.to_canonical();
                address.is_loopback() || address.is_unspecified()
            }
            None => host == "localhost" || host.ends_with(".localhost"),
        }
    }
}

/// `https://token.actions.<label>.ghe.com`. No label in Punycode: it is read as what it isn't.
fn is_ghe(url: &str) -> bool {
    url.strip_prefix("https://token.actions.")
        .and_then(|rest| rest.strip_suffix(".ghe.com"))
        .is_some_and(|label| {
            is_label(label)
                && !label.starts_with("xn--")
                && label.bytes().all(|b| !b.is_ascii_uppercase())
        })
}

/// `/` and the slug of an enterprise.
fn is_slug(text: &str) -> bool {
    let slug = text.strip_prefix('/').unwrap_or_default();
    (1..=100).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// A label of a host's name (RFC 1123, section 2.1).
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The host of `host[:port]`: an address in its usual form, or a name. What only some read as an address
/// (`127.1`, `0x7f.0.0.1`) is neither.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if port.is_some_and(|port| !digits(port) || port.parse::<u16>().map_or(true, |n| n == 0)) {
        return None;
    }
    let is_name = || {
        host.len() <= 253
            && host.split('.').all(is_label)
            && host
                .rsplit('.')
                .next()
                .is_some_and(|last| !last.starts_with(|c: char| c.is_ascii_digit()))
    };
    (address(host).is_some() || is_name()).then_some(host)
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}
