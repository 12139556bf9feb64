//! Why a token counts for nothing. No message holds any part of it but claims that name nobody's secret.

use crate::base::time::Time;

/// Why a token counts for nothing.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum TokenError {
    /// Not three parts of base64url, or what they hold isn't what RFC 7519 says.
    #[error("it is no signed token: {0}")]
    Malformed(&'static str),
    /// Another algorithm than its issuer's keys are for. Its name isn't repeated: nobody signed it.
    #[error("expected alg RS256, as the issuer's keys are for, found another")]
    Algorithm,
    /// Its `kid` is none of the issuer's.
    #[error("none of the issuer's keys has the id that it names")]
    UnknownKey,
    /// The issuer's key didn't sign it.
    #[error("the issuer's key of the id that it names did not sign it")]
    Signature,
    /// Somebody else's.
    #[error("expected a token of {expected}, found one of {found}")]
    Issuer {
        /// Who was expected.
        expected: String,
        /// Its `iss`.
        found: String,
    },
    /// For somebody else.
    #[error("expected a token for {expected}, found one for {found}")]
    Audience {
        /// The audience that was expected.
        expected: String,
        /// Its `aud`.
        found: String,
    },
    /// A time that is no whole number of seconds since 1970, or one after the year 9999.
    #[error("its {0} is missing or no whole number of seconds")]
    Time(&'static str),
    /// Not valid any more.
    #[error("it ended at {expires}, and it is {at}")]
    Expired {
        /// Its `exp`.
        expires: Time,
        /// When it had to be valid.
        at: Time,
    },
    /// Not valid yet.
    #[error("its {claim} is {from}, and it is {at}")]
    NotYet {
        /// `nbf` or `iat`.
        claim: &'static str,
        /// What that says.
        from: Time,
        /// When it had to be valid.
        at: Time,
    },
    /// It is said to have been checked at a time to come.
    #[error("it is said to have been checked at {checked}, and it is {now}")]
    CheckedInTheFuture {
        /// When it is said to have been checked.
        checked: Time,
        /// Now.
        now: Time,
    },
}
