//! Addresses that may be asked, and the origins that tokens are bound to.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::Uri;

use super::NetError;

/// Longest address, in bytes.
const URL_MAX: usize = 8 << 10;
/// Everything that could end a value of a query.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Everything that could end a segment of a path (RFC 3986, section 3.3).
const SEGMENT: &AsciiSet = &ESCAPED.remove(b':');

/// Scheme, host and port: what a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub(super) is_https: bool,
    pub(super) host: String,
    port: u16,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_https { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// An address: https, or http to a loopback address; without userinfo.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
    origin: Origin,
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// Where it is none, or one that isn't asked.
    pub fn parse(text: &str) -> Result<Self, NetError> {
        if text.len() > URL_MAX {
            return Err(NetError::BadUrl("it is too long"));
        }
        let uri: Uri = text.parse().map_err(|_invalid| NetError::BadUrl("it can't be read"))?;
        let authority = uri.authority().ok_or(NetError::BadUrl("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(NetError::NotAllowed("an address with a user or a password in it"));
        }
        let host = authority.host().to_ascii_lowercase();
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            // Names are left out: what `localhost` means is up to the machine.
            Some("http") if is_loopback(&host) => false,
            Some("http") => {
                return Err(NetError::NotAllowed("http to anything but a loopback address"));
            }
            _ => return Err(NetError::NotAllowed("a scheme other than https")),
        };
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            // `host:` or a number over 65535.
            None if authority.as_str().len() != authority.host().len() => {
                return Err(NetError::BadUrl("its port can't be read"));
            }
            None => {
                if is_https {
                    443
                } else {
                    80
                }
            }
        };
        if host.is_empty() || port == 0 {
            return Err(NetError::BadUrl("it names no host"));
        }
        Ok(Self { uri, origin: Origin { is_https, host, port } })
    }

    /// Where it leads.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its path.
    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// An address below this one: each segment and each value is escaped, whatever is in it.
    ///
    /// # Errors
    /// Where a segment is empty or would climb.
    pub fn below(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Self, NetError> {
        let mut text = format!("{}{}", self.origin, self.uri.path().trim_end_matches('/'));
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return Err(NetError::BadUrl("a part of its path is empty or climbs"));
            }
            text.push('/');
            text.extend(utf8_percent_encode(segment, SEGMENT));
        }
        for (at, (name, value)) in query.iter().enumerate() {
            text.push(if at == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.extend(utf8_percent_encode(value, ESCAPED));
        }
        Self::parse(&text)
    }

    /// The same address with one more value in its query, which else stays as it is.
    pub(super) fn with_value(&self, name: &str, value: &str) -> Result<Self, NetError> {
        let before = match self.uri.query() {
            None => "?",
            Some(query) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let value = utf8_percent_encode(value, ESCAPED);
        Self::parse(&format!("{}{before}{name}={value}", self.uri))
    }

    /// The same address with another path; the query stays.
    pub(super) fn with_path(&self, path: &str) -> Result<Self, NetError> {
        let query = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{}{path}{query}", self.origin))
    }

    /// Where a redirect from here leads.
    pub(super) fn follow(&self, location: &str) -> Result<Self, NetError> {
        let next = if location.starts_with('/') && !location.starts_with("//") {
            Self::parse(&format!("{}{location}", self.origin))
        } else {
            Self::parse(location)
        };
        let next = next.map_err(|error| match error {
            NetError::NotAllowed(what) | NetError::BadUrl(what) => NetError::BadRedirect(what),
            other => other,
        })?;
        if self.origin.is_https && !next.origin.is_https {
            return Err(NetError::BadRedirect("it leads from https to http"));
        }
        Ok(next)
    }
}

/// Without the query: what stands in it is often a signature that opens the file to anybody.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.uri.path())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// Whether a host, as it stands in an address, is a loopback address.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_http_to_a_loopback_address_are_asked() {
        for fine in [
            "https://api.example/x?y=z",
            "HTTPS://API.example",
            "https://api.example:8443/x",
            "http://127.0.0.1:8080/x",
            "http://127.1.2.3/x",
            "http://[::1]:8080/x",
        ] {
            assert!(Url::parse(fine).is_ok(), "{fine}");
        }
        for refused in [
            "http://api.example/x",
            "http://localhost/x",
            "http://127.0.0.1.example/x",
            "http://127.1/x",
            "http://[::2]/x",
            "ftp://api.example/x",
            "file:///etc/passwd",
            "https://user@api.example/x",
            "https://user:word@api.example/x",
            "http://127.0.0.1@api.example/x",
            "http://127.0.0.1:80@api.example/x",
            "https://api.example:99999/x",
            "https://api.example:/x",
            "https://api.example:0/x",
            "https:///x",
            "https://api.example/a b",
            "https://api.example/a\r\nX: y",
            "/x",
            "x",
            "",
        ] {
            assert!(Url::parse(refused).is_err(), "{refused}");
        }
        assert!(Url::parse(&format!("https://api.example/{}", "x".repeat(URL_MAX))).is_err());
    }

    #[test]
    fn neither_query_nor_userinfo_is_shown() {
        let url = Url::parse("https://api.example:443/x?sig=s3cret#s3cret").unwrap();
        assert_eq!(url.to_string(), "https://api.example/x");
        assert_eq!(format!("{url:?}"), "Url(https://api.example/x)");
        for bad in ["https://s3cret@api.example/", "ftp://s3cret", "https://s3cret:s3cret"] {
            let error = Url::parse(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let origin = |text| Url::parse(text).unwrap().origin;
        assert_eq!(origin("https://a.example/x"), origin("https://A.example:443/y"));
        assert_ne!(origin("https://a.example"), origin("https://b.example"));
        assert_ne!(origin("https://a.example"), origin("https://a.example:444"));
        assert_ne!(origin("http://127.0.0.1:443"), origin("https://127.0.0.1:443"));
    }

    #[test]
    fn no_part_can_leave_its_place_in_the_path() {
        let api = Url::parse("https://api.example/v3/?old=1").unwrap();
        let below = |part| api.below(&["repos", part], &[("q", "a&b=c d")]);
        let url = below("a/../b?c#d%").unwrap();
        assert_eq!(url.uri.path(), "/v3/repos/a%2F..%2Fb%3Fc%23d%25");
        assert_eq!(url.uri.query(), Some("q=a%26b%3Dc%20d"));
        assert!(below("..").is_err() && below(".").is_err() && below("").is_err());
        let url = below("sha256:0\u{fc} \r\n\\;@").unwrap();
        assert_eq!(url.uri.path(), "/v3/repos/sha256:0%C3%BC%20%0D%0A%5C%3B%40");
    }

    #[test]
    fn a_value_that_is_added_ends_nowhere_and_disturbs_nothing() {
        let added = |text| Url::parse(text).unwrap().with_value("audience", "a&b=c d\r\n#\u{e9}:1");
        let value = "audience=a%26b%3Dc%20d%0D%0A%23%C3%A9%3A1";
        for (from, to) in [
            ("https://a.example/x?v=%2F1&w", format!("https://a.example/x?v=%2F1&w&{value}")),
            ("https://a.example/x?v=1&", format!("https://a.example/x?v=1&{value}")),
            ("https://a.example/x?", format!("https://a.example/x?{value}")),
            ("https://a.example/x#y", format!("https://a.example/x?{value}")),
            ("https://a.example", format!("https://a.example/?{value}")),
        ] {
            assert_eq!(added(from).unwrap().uri.to_string(), to, "{from}");
        }
        let url = Url::parse("https://a.example").unwrap();
        assert!(url.with_value("audience", &"x".repeat(URL_MAX)).is_err());
    }

    #[test]
    fn a_redirect_leads_to_an_address_that_may_be_asked() {
        let from = Url::parse("https://a.example/x/y?z").unwrap();
        assert_eq!(from.follow("/w?v").unwrap().uri.to_string(), "https://a.example/w?v");
        assert_eq!(from.follow("https://b.example/w").unwrap().to_string(), "https://b.example/w");
        for bad in [
            "http://127.0.0.1/x",
            "http://a.example/x",
            "//b.example/x",
            "w",
            "",
            "https://user@b.example/",
            "javascript:x",
        ] {
            let error = from.follow(bad).unwrap_err();
            assert!(matches!(error, NetError::BadRedirect(_)), "{bad}: {error:?}");
        }
    }
}
