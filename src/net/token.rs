//! A token, and the one origin that it is sent to.

use std::fmt;

use zeroize::Zeroizing;

use super::NetError;
use super::url::{Origin, Url};

/// Longest token, in bytes.
const TOKEN_MAX: usize = 16 << 10;

/// How a platform takes its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer ..` (GitHub).
    Bearer,
    /// `JOB-TOKEN: ..` (GitLab).
    JobToken,
}

/// A token that goes to one origin and nowhere else. It never shows, and its bytes are overwritten
/// when it goes; the copy in a request's buffers isn't.
#[derive(Clone)]
pub struct Token {
    value: Zeroizing<String>,
    scheme: Scheme,
    origin: Origin,
}

impl Token {
    /// Binds a token to the origin of `url`.
    ///
    /// # Errors
    /// Where it can't stand in a header: with a line feed it would become a second one.
    pub fn new(value: &str, scheme: Scheme, url: &Url) -> Result<Self, NetError> {
        if value.is_empty()
            || value.len() > TOKEN_MAX
            || !value.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(NetError::NotAllowed("a token that can't stand in a header"));
        }
        let value = Zeroizing::new(value.to_owned());
        Ok(Self { value, scheme, origin: url.origin().clone() })
    }

    /// The header's name and value, for a request to `origin`.
    pub(super) fn header(&self, origin: &Origin) -> Option<(&'static str, Zeroizing<String>)> {
        (*origin == self.origin).then(|| match self.scheme {
            Scheme::Bearer => {
                ("Authorization", Zeroizing::new(format!("Bearer {}", self.value.as_str())))
            }
            Scheme::JobToken => ("JOB-TOKEN", self.value.clone()),
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(for {})", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_nowhere_and_goes_to_its_own_origin_alone() {
        let api = Url::parse("https://api.example/v3").unwrap();
        let token = Token::new("s3cret", Scheme::Bearer, &api).unwrap();
        assert_eq!(format!("{token:?}"), "Token(for https://api.example)");
        let (name, value) = token.header(api.origin()).unwrap();
        assert_eq!((name, value.as_str()), ("Authorization", "Bearer s3cret"));
        for other in ["https://b.example", "https://api.example:444", "https://x.api.example"] {
            assert!(token.header(Url::parse(other).unwrap().origin()).is_none(), "{other}");
        }
    }

    #[test]
    fn a_token_cannot_become_a_second_header() {
        let api = Url::parse("https://api.example").unwrap();
        let long = "x".repeat(TOKEN_MAX + 1);
        for bad in ["", "a\r\nX: y", "a\nb", "a b", "\u{e9}", &long] {
            let error = Token::new(bad, Scheme::JobToken, &api).unwrap_err();
            assert!(bad.is_empty() || !format!("{error:?}").contains(bad));
        }
    }
}
