//! A token of a platform, the issuer's keys and a moment in; claims out. Pure: no input or output, no clock.
//!
//! Both columns use it: the job that is given a token checks it, and whoever checks an embedded one does so
//! again with keys of their own.

mod agree;
pub mod audience;
mod error;
mod issuer;
mod jwks;
mod jwt;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use agree::{agreement, is_what_is_left};
pub use error::TokenError;
pub use issuer::{Issuer, IssuerError, Platform};
pub use jwks::{Jwks, JwksError};
pub use jwt::{
    Checked, Moment, Rules, TOKEN_MAX, unchecked_claims, unchecked_issuer, unchecked_kid, verify,
};
