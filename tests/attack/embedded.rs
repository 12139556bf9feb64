//! Tokens in the evidence: what is said of them, and what their issuer's keys say.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proofmark::format::evidence::BUILD_EVIDENCE;
use proofmark::format::statement::Subject;
use proofmark::token::audience;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

use crate::forge::{
    APP, Bench, COMMIT, REF, Run, SOURCE, evidence_predicate, good_lines, key,
    provenance_predicate, sha256, sign, sign_by, statement, subject, vendor,
};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// 2026-01-01T00:00:00Z.
const BUILT: i64 = 1_767_225_600;

fn rsa(pem: &str) -> RsaKeyPair {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap()
}

/// The platform's key.
fn platform() -> RsaKeyPair {
    rsa(include_str!("../support/keys/one.pem"))
}

fn somebody() -> RsaKeyPair {
    rsa(include_str!("../support/keys/two.pem"))
}

fn modulus(key: &RsaKeyPair) -> String {
    URL_SAFE_NO_PAD.encode(RsaPublicKeyComponents::<Vec<u8>>::from(key.public()).n)
}

fn token(key: &RsaKeyPair, claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "k1"}).to_string();
    let signed = [header, claims.to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn subjects() -> Value {
    json!([subject("app", APP)])
}

fn claims(iss: &str, build: &str, signer: &str) -> Value {
    let subjects: Vec<Subject> = serde_json::from_value(subjects()).unwrap();
    json!({
        "iss": iss, "aud": audience::of_build(build, &[signer.to_owned()], &subjects),
        "exp": BUILT + 300, "iat": BUILT, "nbf": BUILT - 600,
        "repository_id": "74", "sha": COMMIT, "run_id": "7", "repository": "octo/app", "ref": REF,
    })
}

/// Evidence of build `b1` with this token.
fn predicate(claims: &Value, token: Option<String>) -> Value {
    let mut predicate = evidence_predicate("b1", "succeeded", &[]);
    let thumbprint =
        sha256(format!(r#"{{"e":"AQAB","kty":"RSA","n":"{}"}}"#, modulus(&platform())).as_bytes());
    predicate["pipeline"] = json!({"status": "observed", "basis": "read", "value": {
        "platform": "github", "repository_id": "74", "commit": COMMIT, "run_id": "7"}});
    predicate["inputs"] = json!({"status": "observed", "basis": "recomputed", "value": {}});
    let mut entry = json!({
        "job": "build", "issuer": claims["iss"], "audience": claims["aud"], "binds": "build",
        "signers": [vendor().public().to_string()],
        "claims": {"repository_id": "74", "sha": COMMIT, "run_id": "7"},
        "key": {"id": "k1", "thumbprint": thumbprint, "bits": 2048},
        "issued": "2026-01-01T00:00:00Z", "not_before": "2025-12-31T23:50:00Z",
        "expires": "2026-01-01T00:05:00Z", "checked": "2026-01-01T00:00:00Z",
    });
    if let Some(token) = token {
        entry["token"] = json!(token);
    }
    predicate["identity"] =
        json!({"status": "observed", "basis": "token claim", "value": {"tokens": [entry]}});
    predicate
}

fn line(predicate: &Value) -> Vec<u8> {
    sign(&statement(&subjects(), BUILD_EVIDENCE, predicate))
}

fn fair_claims() -> Value {
    claims(GITHUB, "b1", &vendor().public().to_string())
}

/// Evidence as it should be.
fn fair() -> Value {
    let claims = fair_claims();
    predicate(&claims, Some(token(&platform(), &claims)))
}

struct Checker {
    bench: Bench,
}

impl Checker {
    fn new() -> Self {
        let bench = Bench::new();
        let set = json!({"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig",
            "n": modulus(&platform()), "e": "AQAB"}]});
        bench.file("jwks.json", set.to_string().as_bytes());
        Self { bench }
    }

    fn demand(&self, lines: &[Vec<u8>]) -> Run {
        self.with(lines, &["--issuer-jwks", "jwks.json"])
    }

    fn with(&self, lines: &[Vec<u8>], flags: &[&str]) -> Run {
        self.bench.verify_with(lines, &[&["--key", "key1.pub"], flags].concat())
    }
}

#[test]
fn a_token_that_the_checker_s_keys_verify_vouches_for_the_build() {
    let checker = Checker::new();
    let json = checker.demand(&[line(&fair())]).is_verified();
    let shown = &json["statements"][0];
    assert_eq!(shown["identity"]["assurance"], "platform-vouched");
    assert_eq!(shown["identity"]["issuer"], GITHUB);
    assert_eq!(shown["identity"]["repository_id"], "74");
    assert_eq!(shown["identity"]["run_id"], "7");
    let commit = json!({"assurance": "platform-vouched", "basis": "token claim",
        "who_would_have_to_lie": "the platform"});
    assert_eq!(shown["assurance"]["pipeline.commit"], commit);
    assert_eq!(shown["assurance"]["inputs"]["assurance"], "self-asserted");
    assert!(json["checked"].as_array().unwrap().contains(&json!("identity")));
    let text = checker.bench.run(&[
        "verify",
        "app",
        "-b",
        "evidence.sigstore.jsonl",
        "--key",
        "key1.pub",
        "--issuer-jwks",
        "jwks.json",
    ]);
    let words = format!("platform-vouched ({GITHUB}: repository id 74, commit {COMMIT}, run 7)");
    assert!(text.stdout.contains(&words), "{text:?}");
    assert!(text.stdout.contains("platform-vouched: identity"), "{text:?}");
}

#[test]
fn a_statement_that_claims_the_strongest_basis_everywhere_shows_nothing_above_job_checked() {
    let checker = Checker::new();
    let mut predicate = fair();
    for part in ["lane", "inputs", "outputs", "tools", "controls", "changes"] {
        for basis in ["token claim", "recomputed", "API reply"] {
            predicate[part] = json!({"status": "observed", "basis": basis,
                "value": {"api": "https://api.github.com"}});
            let json = checker.with(&[line(&predicate)], &[]).is_verified();
            let all = json["statements"][0]["assurance"].as_object().unwrap();
            for (part, assured) in all {
                let level = assured["assurance"].as_str().unwrap();
                assert!(["self-asserted", "out-of-band", "job-checked"].contains(&level), "{part}");
            }
        }
    }
    let json = checker.with(&[line(&fair())], &[]).is_verified();
    assert_eq!(json["statements"][0]["identity"]["assurance"], "job-checked");
    assert!(!json["checked"].as_array().unwrap().contains(&json!("identity")));
}

#[test]
fn evidence_without_a_token_is_no_evidence_where_one_is_demanded() {
    let checker = Checker::new();
    checker.demand(&good_lines()).is_untold("not-vouched");
    checker.demand(&[line(&predicate(&fair_claims(), None))]).is_untold("not-vouched");
    let json = checker.with(&good_lines(), &[]).is_verified();
    let identities: Vec<_> = json["statements"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|shown| shown["identity"]["assurance"].as_str())
        .collect();
    assert_eq!(identities, ["unavailable"]);
}

#[test]
fn a_token_that_somebody_else_signed_is_refused() {
    let checker = Checker::new();
    let claims = fair_claims();
    let forged = predicate(&claims, Some(token(&somebody(), &claims)));
    checker.demand(&[line(&forged)]).is_refused("token-contradicts");
    // Nobody looks at it where no keys were brought.
    checker.with(&[line(&forged)], &[]).is_verified();
}

#[test]
fn a_token_of_another_build_or_for_another_signer_is_refused() {
    let checker = Checker::new();
    for (build, signer) in
        [("b2", vendor().public().to_string()), ("b1", key(2).public().to_string())]
    {
        let claims = claims(GITHUB, build, &signer);
        let stolen = predicate(&claims, Some(token(&platform(), &claims)));
        checker.demand(&[line(&stolen)]).is_refused("token-contradicts");
    }
}

/// The evidence of one signer, under the signature of another that is trusted too.
#[test]
fn a_token_does_not_vouch_for_a_line_that_another_key_signed() {
    let checker = Checker::new();
    let payload = statement(&subjects(), BUILD_EVIDENCE, &fair());
    let lines = [sign_by(&key(2), &payload)];
    let run = checker.bench.verify_with(
        &lines,
        &["--key", "key1.pub", "--key", "key2.pub", "--issuer-jwks", "jwks.json"],
    );
    run.is_untold("not-vouched");
}

#[test]
fn a_fact_that_its_token_contradicts_is_refused_with_and_without_keys() {
    let checker = Checker::new();
    let mut other = fair();
    other["pipeline"]["value"]["commit"] = json!("bb");
    for flags in [&["--issuer-jwks", "jwks.json"][..], &[]] {
        let run = checker.with(&[line(&other)], flags);
        run.is_refused("token-contradicts");
        assert!(run.message().contains(&format!("pipeline.commit: expected {COMMIT}")), "{run:?}");
        assert!(run.message().contains("found bb"), "{run:?}");
    }
}

#[test]
fn a_disagreement_that_the_job_recorded_is_refused_without_keys() {
    let checker = Checker::new();
    let mut told = fair();
    told["identity"]["value"]["tokens"][0]["agreement"] = json!([{"fact": "pipeline.ref",
        "claim": "ref", "agrees": false, "stated": "refs/tags/v1\u{1b}[2J", "claimed": "refs/x"}]);
    let run = checker.with(&[line(&told)], &[]);
    run.is_refused("token-contradicts");
    assert!(run.message().contains("expected refs/x") && !run.stdout.contains('\u{1b}'), "{run:?}");
}

#[test]
fn an_issuer_that_is_not_known_must_be_named() {
    let checker = Checker::new();
    let iss = "https://ghes.example/_services/token";
    let claims = claims(iss, "b1", &vendor().public().to_string());
    let lines = [line(&predicate(&claims, Some(token(&platform(), &claims))))];
    let level = |run: Run| {
        run.is_verified()["statements"][0]["identity"]["assurance"].as_str().unwrap().to_owned()
    };
    assert_eq!(level(checker.with(&lines, &[])), "self-asserted");
    assert_eq!(level(checker.with(&lines, &["--issuer", iss])), "job-checked");
    checker.demand(&lines).is_untold("not-vouched");
    let both = ["--issuer", iss, "--issuer-jwks", "jwks.json"];
    assert_eq!(level(checker.with(&lines, &both)), "platform-vouched");
    let other = ["--issuer", "https://ghes.example", "--issuer-jwks", "jwks.json"];
    checker.with(&lines, &other).is_untold("not-vouched");
}

#[test]
fn provenance_is_vouched_for_by_the_evidence_that_it_belongs_to() {
    let checker = Checker::new();
    let provenance =
        statement(&subjects(), proofmark::format::slsa::PROVENANCE_V1, &provenance_predicate("b1"));
    let mut evidence = fair();
    evidence["companions"] = json!([{"predicateType": proofmark::format::slsa::PROVENANCE_V1,
        "sha256": sha256(&provenance)}]);
    checker.demand(&[sign(&provenance), line(&evidence)]).is_verified();
    // Provenance that belongs to no evidence is no better for standing beside one that has a token.
    let mut foreign = provenance_predicate("b1");
    foreign["runDetails"] = json!({"builder": {"id": "https://builder.example"}});
    let foreign = statement(&subjects(), proofmark::format::slsa::PROVENANCE_V1, &foreign);
    checker.demand(&[sign(&foreign), line(&fair())]).is_untold("not-vouched");
}

/// Expectations are met by what statements say, so the platform has to say the same of each.
#[test]
fn a_genuine_token_of_another_repository_ref_or_commit_meets_no_expectation() {
    let checker = Checker::new();
    let expect =
        ["--source", SOURCE, "--ref", REF, "--commit", COMMIT, "--issuer-jwks", "jwks.json"];
    checker.with(&[line(&fair())], &expect).is_verified();
    for (claim, value) in
        [("repository", "evil/evil"), ("ref", "refs/heads/pwn"), ("ref", "refs/pull/1/merge")]
    {
        let mut claims = fair_claims();
        claims[claim] = json!(value);
        let forged = predicate(&claims, Some(token(&platform(), &claims)));
        let run = checker.with(&[line(&forged)], &expect);
        run.is_refused("token-contradicts");
        assert!(run.message().contains(value), "{run:?}");
    }
    // A pull request's token, whose commit isn't compared with the work tree's while capturing.
    let mut claims = fair_claims();
    claims["event_name"] = json!("pull_request");
    claims["sha"] = json!("c".repeat(40));
    let mut forged = predicate(&claims, Some(token(&platform(), &claims)));
    for at in ["/pipeline/value/commit", "/identity/value/tokens/0/claims/sha"] {
        *forged.pointer_mut(at).unwrap() = claims["sha"].clone();
    }
    checker.with(&[line(&forged)], &expect).is_refused("token-contradicts");
    // The evidence is silent, and its companion says what is wished for.
    let provenance =
        statement(&subjects(), proofmark::format::slsa::PROVENANCE_V1, &provenance_predicate("b1"));
    let mut claims = fair_claims();
    claims["sha"] = json!("b".repeat(40));
    let mut silent = predicate(&claims, Some(token(&platform(), &claims)));
    for at in ["/pipeline/value/commit", "/identity/value/tokens/0/claims/sha"] {
        *silent.pointer_mut(at).unwrap() = claims["sha"].clone();
    }
    silent["source"] = json!({"status": "unavailable", "basis": "read"});
    silent["companions"] = json!([{"predicateType": proofmark::format::slsa::PROVENANCE_V1,
        "sha256": sha256(&provenance)}]);
    checker.with(&[sign(&provenance), line(&silent)], &expect).is_refused("token-contradicts");
}

#[test]
fn keys_and_issuers_that_can_t_be_read_are_mistakes() {
    let checker = Checker::new();
    let lines = [line(&fair())];
    checker.bench.file("empty.json", br#"{"keys": []}"#);
    checker.with(&lines, &["--issuer-jwks", "empty.json"]).is_usage("no set of keys");
    checker.with(&lines, &["--issuer-jwks", "none.json"]).is_usage("--issuer-jwks");
    let two = ["--issuer", "https://a.example", "--issuer", "https://b.example"];
    checker.with(&lines, &[&two[..], &["--issuer-jwks", "jwks.json"]].concat()).is_usage("several");
    for bad in ["http://ghes.example", "ghes.example", "https://u@ghes.example", " "] {
        checker.with(&lines, &["--issuer", bad]).is_usage("--issuer");
    }
}
