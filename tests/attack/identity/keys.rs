//! The issuer's keys: where they come from, and what is made of a set that isn't one.

use serde_json::{Value, json};

use super::support::Question::{Discovery, Keys};
use super::support::{Reply, Scene, Server, jwks, one, two};

#[test]
fn a_key_that_was_exchanged_during_the_run_is_fetched_once_more() {
    let scene = Scene::github();
    scene.platform.publishes(&[jwks(&[two()]), jwks(&[two(), one()])]);
    scene.attest(&[]);
    assert_eq!(scene.token()["key"]["id"], "one");
    assert_eq!(scene.platform.asked(Keys).len(), 2);
}

#[test]
fn a_key_that_is_never_there_is_looked_for_twice() {
    for set in [jwks(&[two()]), jwks(&[])] {
        let scene = Scene::github();
        scene.platform.publishes(&[set]);
        scene.attest(&[]);
        scene.no_identity();
        assert!(scene.platform.asked(Keys).len() <= 2, "{:?}", scene.platform.server.paths());
    }
}

/// A new key that has the name of an old one is not what signed.
#[test]
fn the_old_set_is_not_tried_with_another_key_of_the_same_id() {
    let scene = Scene::github();
    let mut key = two().jwk();
    key["kid"] = json!("one");
    scene.platform.publishes(&[json!({"keys": [key]})]);
    scene.attest(&[]);
    scene.no_identity();
}

#[test]
fn keys_come_from_the_issuer_s_own_origin() {
    let evil = Server::start(|_| Reply::json(&jwks(&[one()])));
    let port = evil.url().rsplit(':').next().unwrap().to_owned();
    let elsewhere = [
        format!("{}/.well-known/jwks", evil.url()),
        format!("http://127.0.0.2:{port}/jwks"),
        format!("http://[::1]:{port}/jwks"),
        "https://evil.example/jwks".to_owned(),
        "ftp://127.0.0.1/jwks".to_owned(),
        "//127.0.0.1/jwks".to_owned(),
        "/.well-known/jwks".to_owned(),
        String::new(),
    ];
    for uri in elsewhere {
        let scene = Scene::github();
        let document = json!({"issuer": scene.platform.url(), "jwks_uri": uri});
        scene.platform.answer(Discovery, Reply::json(&document));
        scene.attest(&[]);
        scene.no_identity();
        assert_eq!(scene.platform.asked(Keys).len(), 0, "{uri}");
    }
    let scene = Scene::github();
    let own = scene.platform.url();
    let host = own.strip_prefix("http://").unwrap();
    for uri in [
        format!("https://{host}/.well-known/jwks"),
        format!("{own}@127.0.0.1:{port}/jwks"),
        format!("http://user@{host}/.well-known/jwks"),
        format!("{own}.evil.example/jwks"),
    ] {
        scene.platform.answer(Discovery, Reply::json(&json!({"issuer": own, "jwks_uri": uri})));
        scene.attest(&[]);
        scene.no_identity();
        assert_eq!(scene.platform.asked(Keys).len(), 0, "{uri}");
    }
    assert_eq!(evil.paths(), Vec::<String>::new());
}

#[test]
fn a_discovery_document_is_the_issuer_s_own() {
    let scene = Scene::github();
    let own = scene.platform.url();
    let keys = format!("{own}/.well-known/jwks");
    for document in [
        json!({"issuer": "https://token.actions.githubusercontent.com", "jwks_uri": keys}),
        json!({"issuer": format!("{own}/"), "jwks_uri": keys}),
        json!({"issuer": format!("{own}/x"), "jwks_uri": keys}),
        json!({"issuer": [own], "jwks_uri": keys}),
        json!({"jwks_uri": keys}),
        json!({"issuer": own}),
        json!({"issuer": own, "jwks_uri": [keys]}),
        json!([]),
    ] {
        scene.platform.answer(Discovery, Reply::json(&document));
        scene.attest(&[]);
        scene.no_identity();
        assert_eq!(scene.platform.asked(Keys).len(), 0, "{document}");
    }
}

#[test]
fn a_set_of_keys_that_is_none_is_of_no_use() {
    let symmetric = json!({"kty": "oct", "kid": "one", "alg": "HS256", "k": "AAAA"});
    let mut encrypting = one().jwk();
    encrypting["use"] = json!("enc");
    let mut other = one().jwk();
    other["alg"] = json!("RS512");
    let mut even = one().jwk();
    even["e"] = json!("AQAA");
    let mut unit = one().jwk();
    unit["e"] = json!("AQ");
    let mut sets: Vec<_> = [symmetric, encrypting, other, even, unit]
        .map(|key| json!({"keys": [key]}).to_string())
        .to_vec();
    sets.extend(
        ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[null]}", "<html>"].map(str::to_owned),
    );
    sets.push(format!("{{\"keys\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)));
    let scene = Scene::github();
    for set in sets {
        scene.platform.answer(Keys, Reply::new(200, set));
        scene.attest(&[]);
        scene.no_identity();
    }
}

#[test]
fn a_set_of_keys_without_end_is_given_up_at_the_cap() {
    let scene = Scene::github();
    for (question, most) in [(Keys, 1 << 20), (Discovery, 64 << 10)] {
        let own = scene.platform.url();
        let whole = match question {
            Keys => jwks(&[one()]),
            _ => json!({"issuer": own, "jwks_uri": format!("{own}/.well-known/jwks")}),
        };
        for bytes in [50_000_000, most + 1] {
            let mut body = whole.to_string().into_bytes();
            body.resize(bytes, b' ');
            scene.platform.answer(question, Reply::new(200, body));
            scene.attest(&[]);
            scene.no_identity();
        }
        let mut body = whole.to_string().into_bytes();
        body.resize(most, b' ');
        scene.platform.answer(question, Reply::new(200, body));
        scene.attest(&[]);
        assert_eq!(scene.token()["key"]["id"], "one", "one that just fits");
        scene.platform.answer(question, Reply::json(&whole));
    }
}

/// One that is used counts, whatever lies about it.
#[test]
fn keys_that_cannot_be_used_are_passed_over() {
    let scene = Scene::github();
    let keys = json!([
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "oct", "kid": "x", "k": "AAAA"},
        super::support::short().jwk(),
        Value::Object(one().jwk().as_object().unwrap().clone()),
    ]);
    scene.platform.publishes(&[json!({"keys": keys})]);
    scene.attest(&[]);
    assert_eq!(scene.token()["key"]["bits"], 2048);
}
