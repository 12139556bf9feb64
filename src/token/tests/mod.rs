//! Attacks on tokens, sets of keys and the names of issuers.

mod agree;
mod audience;
mod header;
mod issuer;
mod jwks;
mod payload;

use serde_json::{Value, json};

use crate::base::time::Time;
use crate::token::testing::{self, NOW};
use crate::token::{Checked, Issuer, Jwks, Moment, Rules, TokenError, verify};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "urn:proofmark:v1:00";

/// What a fair token claims.
fn claims() -> Value {
    json!({
        "iss": GITHUB, "aud": AUDIENCE, "sub": "repo:octo/app:ref:refs/heads/main",
        "exp": NOW + 300, "nbf": NOW - 600, "iat": NOW, "repository_id": "74", "runner_id": 12,
        "ref_protected": "true", "fine": true, "environment": null, "groups_direct": ["a"],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn keys() -> Jwks {
    Jwks::parse(&testing::one().set()).unwrap()
}

fn at(seconds: i64) -> Moment {
    Moment::Now(Time::saturating(seconds))
}

fn check_at(token: &str, moment: Moment) -> Result<Checked, TokenError> {
    let issuer = Issuer::known(GITHUB).unwrap();
    verify(token, &keys(), &Rules { issuer: &issuer, audience: AUDIENCE, moment })
}

fn check(token: &str) -> Result<Checked, TokenError> {
    check_at(token, at(NOW))
}
