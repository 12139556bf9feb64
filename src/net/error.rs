//! What can go wrong on the network. No message holds a token, a password or a query.

use std::io;

use crate::base::text::printable;

/// Why there is no reply.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NetError {
    /// No address.
    #[error("the address can't be used: {0}")]
    BadUrl(&'static str),
    /// An address, but not one that is asked.
    #[error("not allowed: {0}")]
    NotAllowed(&'static str),
    /// A redirect that isn't followed.
    #[error("a redirect isn't followed: {0}")]
    BadRedirect(&'static str),
    /// No connection, or one that broke off.
    #[error("{host} can't be reached")]
    Unreachable {
        /// Whom.
        host: String,
    },
    /// A connection that isn't safe.
    #[error("no trusted TLS connection to {host}")]
    Tls {
        /// With whom.
        host: String,
    },
    /// Too slow.
    #[error("{host} took too long")]
    TimedOut {
        /// Who.
        host: String,
    },
    /// A status other than 200.
    #[error("{host} answered with status {code}")]
    Status {
        /// Who.
        host: String,
        /// Which.
        code: u16,
        /// Whether the reply says that too much was asked.
        is_limited: bool,
    },
    /// A body or headers over the cap.
    #[error("the reply of {host} is larger than {cap} bytes")]
    TooLarge {
        /// Who.
        host: String,
        /// The cap.
        cap: u64,
    },
    /// No HTTP.
    #[error("the reply of {host} isn't valid HTTP")]
    NotHttp {
        /// Who.
        host: String,
    },
    /// As many requests as may be made were made.
    #[error("no more requests are made: their number is limited")]
    UsedUp,
    /// The caller said so.
    #[error("stopped")]
    Stopped,
}

impl NetError {
    /// Sorts the library's errors; their own texts may hold addresses, so none is kept.
    pub(super) fn of(error: ureq::Error, host: String, cap: u64) -> Self {
        let host = printable(&host);
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut { host },
            ureq::Error::Io(error) => match error.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut { host },
                // What rustls says of a handshake comes this way.
                io::ErrorKind::InvalidData => Self::Tls { host },
                _ => Self::Unreachable { host },
            },
            ureq::Error::Tls(_)
            | ureq::Error::Pem(_)
            | ureq::Error::Rustls(_)
            | ureq::Error::TlsRequired => Self::Tls { host },
            ureq::Error::BodyExceedsLimit(_) => Self::TooLarge { host, cap },
            ureq::Error::LargeResponseHeader(_, most) => Self::TooLarge { host, cap: most as u64 },
            ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::BodyStalled => {
                Self::NotHttp { host }
            }
            ureq::Error::BadUri(_) => Self::BadUrl("it can't be read"),
            _ => Self::Unreachable { host },
        }
    }
}
