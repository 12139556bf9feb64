//! What each part is worth.

use serde_json::json;

use super::{Bench, SIGNER, fact};
use crate::assess::assurance::Assurance;
use crate::token::testing::one;
use crate::token::{Issuer, Platform};

/// The test that matters: the key's holder says everything, and nothing is believed.
#[test]
fn a_statement_that_claims_the_strongest_basis_everywhere_shows_no_fact_above_job_checked() {
    for basis in ["token claim", "recomputed", "API reply", "attached", "time-vouched", "platform"]
    {
        let mut bench = Bench::new();
        bench.keys = None;
        for part in [
            "lane",
            "chain",
            "custody",
            "inputs",
            "outputs",
            "dependencies",
            "environment",
            "tools",
            "packages",
            "controls",
            "attached",
            "changes",
        ] {
            bench.predicate[part] = fact(basis, json!({}));
        }
        for part in ["source", "pipeline", "identity"] {
            bench.predicate[part]["basis"] = json!(basis);
        }
        bench.predicate["environment"]["value"] = json!({ "container": fact(basis, json!({})) });
        bench.predicate["controls"]["value"] =
            json!({ "api": "https://api.github.com", "job": fact(basis, json!({})) });
        let claims = bench.claims(&[SIGNER]);
        let mut entry = Bench::entry("build", &[SIGNER], &claims, Some(one().token(&claims)));
        entry["assurance"] = json!("platform-vouched");
        bench.add(entry);
        let parts = bench.parts();
        assert!(parts.len() >= 17, "{parts:?}");
        for part in &parts {
            assert!(part.assurance <= Assurance::JobChecked, "{part:?}");
        }
        if basis == "recomputed" {
            assert!(parts.iter().all(|part| part.assurance == Assurance::SelfAsserted));
        }
    }
}

#[test]
fn an_api_counts_only_where_it_is_a_platform_s_or_at_a_brought_issuer() {
    let of = |api: &str, issuers: Vec<Issuer>| {
        let mut bench = Bench::new();
        bench.issuers = issuers;
        bench.predicate["controls"] = fact("API reply", json!({ "api": api }));
        let parts = bench.parts();
        parts.iter().find(|part| part.part == "controls").unwrap().assurance
    };
    for api in ["https://api.github.com", "https://api.octo.ghe.com", "https://gitlab.com"] {
        assert_eq!(of(api, Vec::new()), Assurance::JobChecked, "{api}");
    }
    for api in [
        "https://api.github.com.evil.example",
        "https://api.githubusercontent.com",
        "https://api.octo.ghe.com/x",
        "https://api.a.b.ghe.com",
        "https://api.ghe.com",
        "http://api.github.com",
        "http://127.0.0.1:8080",
        "https://ghes.example",
        "",
    ] {
        assert_eq!(of(api, Vec::new()), Assurance::SelfAsserted, "{api}");
    }
    let given = |url| vec![Issuer::given(url, Platform::GitHub).unwrap()];
    let ghes = "https://ghes.example/_services/token";
    assert_eq!(of("https://ghes.example", given(ghes)), Assurance::JobChecked);
    assert_eq!(of("https://ghes.example:8443", given(ghes)), Assurance::SelfAsserted);
    assert_eq!(of("http://127.0.0.1:80", given("http://127.0.0.1:80")), Assurance::JobChecked);
}

#[test]
fn documents_are_out_of_band_where_there_are_any() {
    let of = |status: &str, basis: &str, part: &str| {
        let mut bench = Bench::new();
        bench.predicate[part] = json!({ "status": status, "basis": basis, "value": [] });
        let parts = bench.parts();
        parts.into_iter().find(|found| found.part == part).map(|found| found.assurance)
    };
    assert_eq!(of("observed", "attached", "attached"), Some(Assurance::OutOfBand));
    assert_eq!(of("observed", "told by another job", "attached"), Some(Assurance::SelfAsserted));
    assert_eq!(of("absent", "attached", "attached"), Some(Assurance::SelfAsserted));
    assert_eq!(of("observed", "attached", "inputs"), Some(Assurance::SelfAsserted));
    assert_eq!(of("unavailable", "attached", "attached"), None);
}
