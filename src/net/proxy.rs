//! A proxy that the caller names; nothing here reads the environment.

use super::NetError;
use super::url::{Origin, is_loopback};

/// A proxy for https. What passes it is encrypted end to end (`CONNECT`), so that it sees the host's
/// name and nothing else; a loopback address is asked directly.
#[derive(Clone)]
pub struct Proxy {
    proxy: ureq::Proxy,
    direct: Vec<String>,
}

impl Proxy {
    /// `address` as in `HTTPS_PROXY`: `http://host:port`, the scheme may be missing; `direct` as in
    /// `NO_PROXY`: host names with commas between them, each for itself and all below it, or `*`.
    ///
    /// # Errors
    /// Where the address can't be read; it isn't shown, since a password may be in it.
    pub fn new(address: &str, direct: &str) -> Result<Self, NetError> {
        let proxy = ureq::Proxy::new(address)
            .map_err(|_invalid| NetError::NotAllowed("a proxy whose address can't be read"))?;
        let protocol = proxy.protocol();
        if !matches!(protocol, ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https) {
            return Err(NetError::NotAllowed("a proxy other than an HTTP proxy"));
        }
        let direct = direct.split([',', ' ']).filter(|name| !name.is_empty());
        Ok(Self { proxy, direct: direct.map(str::to_ascii_lowercase).collect() })
    }

    /// The proxy for a host, if there is one to be used.
    pub(super) fn for_host(&self, origin: &Origin) -> Option<ureq::Proxy> {
        let host = origin.host.as_str();
        let is_direct = self.direct.iter().any(|name| {
            let name = name.trim_start_matches("*.").trim_start_matches('.');
            let above = host.strip_suffix(name);
            name == "*" || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        });
        (origin.is_https && !is_direct && !is_loopback(host)).then(|| self.proxy.clone())
    }
}

/// Without the address: a password may be in it.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proxy(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::url::Url;

    #[test]
    fn a_proxy_is_passed_by_for_named_hosts_and_for_this_machine() {
        let proxy =
            Proxy::new("http://user:s3cret@proxy.example:3128", "a.example, .b.example").unwrap();
        assert_eq!(format!("{proxy:?}"), "Proxy(..)");
        let used = |url| proxy.for_host(Url::parse(url).unwrap().origin()).is_some();
        assert!(used("https://api.example/"));
        assert!(used("https://nota.example/"));
        assert!(!used("https://a.example/"));
        assert!(!used("https://x.a.example/"));
        assert!(!used("https://x.b.example/"));
        assert!(!used("https://127.0.0.1/"));
        assert!(!used("http://127.0.0.1/"));
        let none = Proxy::new("proxy.example:3128", "*").unwrap();
        assert!(none.for_host(Url::parse("https://api.example/").unwrap().origin()).is_none());
    }

    #[test]
    fn an_unreadable_proxy_is_an_error_that_does_not_repeat_it() {
        for bad in ["", "socks5://s3cret", "gopher://s3cret", "http://s3cret:x:y"] {
            let error = Proxy::new(bad, "").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }
}
