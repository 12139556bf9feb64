//! How far facts can be trusted, where whoever signed wrote what they liked.

mod assurance;
mod embedded;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::assurance::{Assured, Brought, assurance};
use super::embedded::{Judged, Standing, judge};
use crate::base::time::Time;
use crate::format::statement::{Statement, Subject};
use crate::token::testing::{NOW, Signer, one};
use crate::token::{Issuer, Jwks, audience};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const SIGNER: &str = "SHA256:abc";

/// A statement, and the tokens in it; each test changes what it attacks.
struct Bench {
    iss: String,
    predicate: Value,
    subjects: Value,
    signed_by: Vec<&'static str>,
    issuers: Vec<Issuer>,
    keys: Option<Jwks>,
}

impl Bench {
    fn new() -> Self {
        Self {
            iss: GITHUB.to_owned(),
            predicate: json!({
                "build": { "id": "b1" },
                "source": fact("read", json!({
                    "commit": "aa", "dirty": [], "dirty_count": 0, "shallow": false, "partial": false,
                    "sparse": false, "linked_worktree": false, "bare": false,
                })),
                "pipeline": fact("read", json!({
                    "platform": "github", "repository_id": "74", "commit": "aa", "run_id": "7",
                    "event": "push",
                })),
                "identity": fact("token claim", json!({ "tokens": [] })),
            }),
            subjects: json!([{
                "name": "app", "digest": { "sha256": "11".repeat(32) }, "annotations": { "size": 3 },
            }]),
            signed_by: vec![SIGNER],
            issuers: Vec::new(),
            keys: Some(Jwks::parse(&one().set()).unwrap()),
        }
    }

    fn subjects(&self) -> Vec<Subject> {
        serde_json::from_value(self.subjects.clone()).unwrap()
    }

    fn claims(&self, signers: &[&str]) -> Value {
        let signers: Vec<String> = signers.iter().map(|signer| (*signer).to_owned()).collect();
        json!({
            "iss": self.iss, "aud": audience::of_build("b1", &signers, &self.subjects()),
            "exp": NOW + 300, "nbf": NOW - 600, "iat": NOW,
            "repository_id": "74", "sha": "aa", "run_id": "7", "event_name": "push",
            "repository": "octo/app", "ref": "refs/heads/main",
        })
    }

    /// What the evidence says of a token, by what the token says of itself.
    fn entry(job: &str, signers: &[&str], claims: &Value, token: Option<String>) -> Value {
        let thumbprint = one_thumbprint();
        let mut recorded = serde_json::Map::new();
        for name in ["repository_id", "sha", "run_id", "event_name"] {
            recorded.extend(claims.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        let mut entry = json!({
            "job": job, "issuer": claims["iss"], "audience": claims["aud"], "binds": "build",
            "signers": signers, "claims": recorded,
            "key": { "id": "one", "thumbprint": thumbprint, "bits": 2048 },
            "expires": Time::saturating(NOW + 300).to_string(),
            "issued": Time::saturating(NOW).to_string(),
            "not_before": Time::saturating(NOW - 600).to_string(),
            "checked": Time::saturating(NOW).to_string(),
        });
        if let Some(token) = token {
            entry["token"] = json!(token);
        }
        entry
    }

    fn add(&mut self, entry: Value) {
        self.predicate["identity"]["value"]["tokens"].as_array_mut().unwrap().push(entry);
    }

    /// Adds a token that is as the evidence says.
    fn embed(&mut self, job: &str, signers: &[&str]) {
        let claims = self.claims(signers);
        self.add(Self::entry(job, signers, &claims, Some(one().token(&claims))));
    }

    /// One of the build's, that a job signed in whose hands the key was.
    fn whole() -> Self {
        let mut bench = Self::new();
        bench.embed("build", &[SIGNER]);
        bench
    }

    /// One whose only token is changed after it was made, and signed by this key.
    fn with(signer: &Signer, name: &str, value: Value) -> Self {
        let mut bench = Self::new();
        let mut claims = bench.claims(&[SIGNER]);
        claims[name] = value;
        let token = signer.raw(&one().header(), &claims.to_string());
        let fair = bench.claims(&[SIGNER]);
        bench.add(Self::entry("build", &[SIGNER], &fair, Some(token)));
        bench
    }

    fn brought(&self) -> Brought<'_> {
        Brought { issuers: &self.issuers, keys: self.keys.as_ref() }
    }

    fn judge(&self) -> Judged {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": self.subjects,
            "predicateType": "t", "predicate": self.predicate,
        });
        let statement: Statement = serde_json::from_value(statement).unwrap();
        let signed_by: BTreeSet<String> =
            self.signed_by.iter().map(|signer| (*signer).to_owned()).collect();
        judge(&statement, &signed_by, &self.brought(), Time::saturating(NOW + 1_000_000))
    }

    fn parts(&self) -> Vec<Assured> {
        assurance(&self.predicate, &self.brought(), &self.judge())
    }

    #[track_caller]
    fn is(&self, standing: Standing, words: &str) {
        let judged = self.judge();
        assert_eq!(judged.standing, standing, "{judged:?}");
        let reason = judged.reason.unwrap_or_default();
        assert!(reason.contains(words), "expected {words:?}: {reason}");
    }
}

fn fact(basis: &str, value: Value) -> Value {
    json!({ "status": "observed", "basis": basis, "value": value })
}

fn one_thumbprint() -> String {
    use crate::base::digest::Sha256;
    let text = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{}"}}"#, one().modulus());
    Sha256::of(text.as_bytes()).to_string()
}
