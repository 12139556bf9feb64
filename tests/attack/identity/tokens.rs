//! Tokens that count for nothing. None of them stops the build, and none is recorded.

use serde_json::{Value, json};

use super::support::{Key, Scene, Server, jwks, now, one, part, short, two};

/// What a capture says of the token that is made of the claims (which are good, audience and all).
#[track_caller]
fn refused(mint: impl Fn(&Value) -> String + Send + 'static) -> String {
    let scene = Scene::github();
    minting(&scene, mint);
    scene.attest(&[]);
    scene.no_identity()
}

/// The same for claims that are changed, and signed as they should be.
#[track_caller]
fn refused_claims(change: impl Fn(&mut Value) + Send + 'static) -> String {
    refused(move |claims| {
        let mut claims = claims.clone();
        change(&mut claims);
        one().token(&claims)
    })
}

fn minting(scene: &Scene, mint: impl Fn(&Value) -> String + Send + 'static) {
    let claims = scene.platform.claims();
    scene.platform.mints(move |audience| {
        let mut claims = claims.clone();
        claims["aud"] = json!(audience);
        mint(&claims)
    });
}

/// The good header with one member changed or, where it is null, taken away.
fn header(name: &str, value: Value) -> String {
    let mut header = one().header();
    match value {
        Value::Null => header.as_object_mut().unwrap().remove(name),
        value => header.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    header.to_string()
}

/// CVE-2015-9235 and its many kin.
#[test]
fn a_token_without_a_signature_is_none() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        refused(move |claims| {
            format!("{}.{}.", part(header("alg", json!(alg))), part(claims.to_string()))
        });
    }
    refused(|claims| one().sign(&header("alg", json!("none")), &claims.to_string()));
    refused(|claims| one().sign(&header("alg", Value::Null), &claims.to_string()));
    refused(|claims| {
        let token = one().token(claims);
        format!("{}.", token.rsplit_once('.').unwrap().0)
    });
}

/// CVE-2016-5431: the public key is no secret.
#[test]
fn a_public_key_is_no_secret_of_an_hmac() {
    let secrets = [
        one().public_pem(),
        one().public_pem().trim_end().to_owned(),
        one().n.clone(),
        jwks(&[one()]).to_string(),
        String::new(),
    ];
    for secret in secrets {
        refused(move |claims| {
            Key::hmac(secret.as_bytes(), &header("alg", json!("HS256")), &claims.to_string())
        });
    }
    refused(|claims| {
        Key::hmac(
            one().public_pem().as_bytes(),
            &header("alg", json!("RS256")),
            &claims.to_string(),
        )
    });
}

#[test]
fn the_algorithm_is_the_trusted_key_s() {
    for alg in ["RS384", "RS512", "PS256", "ES256", "HS256", "rs256", "RS256 "] {
        refused(move |claims| one().sign(&header("alg", json!(alg)), &claims.to_string()));
    }
    refused(|claims| one().sign(&header("alg", json!(["RS256"])), &claims.to_string()));
}

/// CVE-2018-0114.
#[test]
fn a_key_that_the_token_brings_along_is_not_used() {
    let evil = std::sync::Arc::new(Server::start(|_| super::support::Reply::json(&jwks(&[two()]))));
    let url = format!("{}/jwks", evil.url());
    for (name, value) in [
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("jwk", two().jwk()),
        ("x5c", json!([part(two().public_pem())])),
    ] {
        for kid in ["one", "two"] {
            let value = value.clone();
            refused(move |claims| {
                let mut header = one().header();
                header["kid"] = json!(kid);
                header[name] = value.clone();
                two().sign(&header.to_string(), &claims.to_string())
            });
        }
    }
    assert_eq!(evil.paths(), Vec::<String>::new());
}

#[test]
fn a_key_that_a_good_token_brings_along_is_passed_over() {
    let scene = Scene::github();
    minting(&scene, |claims| {
        let mut header = one().header();
        header["jwk"] = two().jwk();
        header["jku"] = json!("https://evil.example/jwks");
        header["x5c"] = json!(["x"]);
        header["x5u"] = json!(7);
        one().sign(&header.to_string(), &claims.to_string())
    });
    scene.attest(&[]);
    assert_eq!(scene.token()["key"]["thumbprint"], one().thumbprint());
}

#[test]
fn the_key_is_the_one_that_the_token_names_in_the_issuer_s_set() {
    refused(|claims| two().sign(&one().header().to_string(), &claims.to_string()));
    refused(|claims| one().sign(&header("kid", json!("two")), &claims.to_string()));
    refused(|claims| one().sign(&header("kid", json!("One")), &claims.to_string()));
    refused(|claims| one().sign(&header("kid", json!("")), &claims.to_string()));
    refused(|claims| one().sign(&header("kid", Value::Null), &claims.to_string()));
    refused(|claims| one().sign(&header("kid", json!(1)), &claims.to_string()));
    refused(|claims| one().sign(&header("kid", json!("../../one")), &claims.to_string()));
}

#[test]
fn a_signature_is_over_these_very_bytes() {
    refused(|claims| {
        let token = one().token(claims);
        let signature = token.rsplit('.').next().unwrap();
        let mut other = claims.clone();
        other["repository_id"] = json!("124");
        format!("{}.{}.{signature}", part(one().header().to_string()), part(other.to_string()))
    });
    refused(|claims| {
        let mut other = claims.clone();
        other["sha"] = json!("0");
        let (token, other) = (one().token(claims), one().token(&other));
        format!("{}.{}", token.rsplit_once('.').unwrap().0, other.rsplit('.').next().unwrap())
    });
}

#[test]
fn a_header_of_another_form_is_refused() {
    refused(|claims| one().sign(&header("typ", Value::Null), &claims.to_string()));
    for typ in ["at+jwt", "JWE", "", "JWT "] {
        refused(move |claims| one().sign(&header("typ", json!(typ)), &claims.to_string()));
    }
    refused(|claims| one().sign(&header("crit", json!(["exp"])), &claims.to_string()));
    refused(|claims| one().sign(&header("crit", json!([])), &claims.to_string()));
    refused(|claims| one().sign("[]", &claims.to_string()));
    refused(|claims| {
        let twice = r#"{"alg":"none","typ":"JWT","alg":"RS256","kid":"one"}"#;
        one().sign(twice, &claims.to_string())
    });
}

#[test]
fn a_claim_that_stands_there_twice_is_refused() {
    for first in [r#""repository_id":"1","#, r#""iss":"https://gitlab.com","#, r#""exp":1,"#] {
        refused(move |claims| {
            let payload = claims.to_string();
            one()
                .sign(&one().header().to_string(), &payload.replacen('{', &format!("{{{first}"), 1))
        });
    }
}

#[test]
fn what_is_not_three_parts_of_base64url_is_no_token() {
    let forms: [fn(&str) -> String; 10] = [
        |_| String::new(),
        |_| "..".to_owned(),
        |token| format!("{token}."),
        |token| format!("{token}.{}", part("x")),
        |token| format!("{token}="),
        |token| token.replacen('.', "=.", 1),
        |token| format!(" {token}"),
        |token| format!("{token}%"),
        |token| token.rsplit_once('.').unwrap().0.to_owned(),
        |token| format!("{token}{}", "A".repeat(1 << 20)),
    ];
    for form in forms {
        refused(move |claims| form(&one().token(claims)));
    }
    refused(|claims| one().sign(&one().header().to_string(), &format!("{claims}{{}}")));
    refused(|_| one().sign(&one().header().to_string(), "[]"));
    refused(|_| one().sign(&one().header().to_string(), "null"));
    refused(|claims| {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        one().sign(
            &one().header().to_string(),
            &claims.to_string().replacen('{', &format!("{{\"x\":{deep},"), 1),
        )
    });
}

/// The runner reads what is said for commands: a token is written to it.
#[test]
fn a_token_with_a_line_feed_gives_the_runner_no_second_command() {
    for end in ["\n", "\r\n", "\r", "%0A"] {
        let scene = Scene::github();
        minting(&scene, move |claims| format!("{}{end}::add-path::/evil", one().token(claims)));
        let said = scene.attest(&[]);
        let lines: Vec<_> = said.err.split(['\n', '\r']).collect();
        assert!(!lines.iter().any(|line| line.starts_with("::add-path")), "{}", said.err);
        scene.no_identity();
    }
}

#[test]
fn another_issuer_s_token_is_refused() {
    for iss in [
        "https://token.actions.githubusercontent.com",
        "https://gitlab.com",
        "https://evil.example",
        "",
    ] {
        refused_claims(move |claims| claims["iss"] = json!(iss));
    }
    refused_claims(|claims| claims["iss"] = Value::Null);
    refused_claims(|claims| {
        claims["iss"] = json!([claims["iss"]]);
    });
    refused_claims(|claims| {
        claims.as_object_mut().unwrap().remove("iss");
    });
}

#[test]
fn what_begins_like_the_named_issuer_is_another() {
    for end in [
        ".evil.example",
        "0",
        "@evil.example",
        "@evil.example/",
        "/",
        "//",
        "/a/b",
        "/a/",
        "/..",
        "/.",
        "/a?b",
        "/a#b",
        "/%2e%2e",
        "/a@b",
        "/octo-enterprise",
        "/a\\b",
        "?",
        "#",
        " ",
        "/\u{e9}",
    ] {
        refused_claims(move |claims| {
            claims["iss"] = json!(format!("{}{end}", claims["iss"].as_str().unwrap()));
        });
    }
    for change in [str::to_uppercase, |iss: &str| iss.replace("http:", "https:")] {
        refused_claims(move |claims| {
            claims["iss"] = json!(change(claims["iss"].as_str().unwrap()));
        });
    }
}

#[test]
fn an_issuer_that_nobody_named_is_not_even_asked_for_its_keys() {
    use super::support::Question::{Discovery, Keys};
    let scene = Scene::github();
    scene.attesting(&[]).exits(0);
    assert!(scene.no_identity().contains("issuer"));
    assert!(scene.cures("identity").iter().any(|cure| cure.contains("--issuer")));
    assert_eq!((scene.platform.asked(Discovery).len(), scene.platform.asked(Keys).len()), (0, 0));

    let other = Server::elsewhere();
    scene.attesting(&["--issuer", &other.url()]).exits(0);
    scene.no_identity();
    assert_eq!((scene.platform.asked(Discovery).len(), scene.platform.asked(Keys).len()), (0, 0));
}

#[test]
fn an_issuer_s_address_is_https_or_loopback_and_nothing_else() {
    let scene = Scene::github();
    for url in [
        "http://example.com",
        "http://localhost:1",
        "ftp://example.com",
        "https://u@example.com",
        "https://example.com?x",
        "https://example.com#x",
        "x",
        "",
        "file:///etc",
    ] {
        let said = scene.build(&["--issuer", url]).go();
        assert_ne!(said.code, Some(0), "{url:?}: {}", said.err);
        assert!(!scene.place.has("dist/a"), "{url:?}: nothing was built");
    }
    assert_eq!(scene.platform.server.count(), 0);
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    refused_claims(|claims| claims["aud"] = json!("https://github.com/octo"));
    refused_claims(|claims| claims["aud"] = json!("urn:proofmark:v1:"));
    refused_claims(|claims| claims["aud"] = json!(""));
    refused_claims(|claims| claims["aud"] = json!(format!("{} ", claims["aud"].as_str().unwrap())));
    refused_claims(|claims| claims["aud"] = json!(claims["aud"].as_str().unwrap().to_uppercase()));
    refused_claims(|claims| {
        claims.as_object_mut().unwrap().remove("aud");
    });
    refused_claims(|claims| claims["aud"] = Value::Null);
}

#[test]
fn a_list_is_no_audience() {
    refused_claims(|claims| claims["aud"] = json!([claims["aud"]]));
    refused_claims(|claims| claims["aud"] = json!([claims["aud"], "sigstore"]));
    refused_claims(|claims| claims["aud"] = json!([]));
    refused_claims(|claims| claims["aud"] = json!({"aud": claims["aud"]}));
    let scene = Scene::gitlab();
    scene.platform.claim("aud", json!(["proofmark:44:22"]));
    scene.attest(&[]);
    scene.no_identity();
}

#[test]
fn gitlab_s_token_is_for_this_pipeline() {
    for aud in
        ["proofmark:44:23", "proofmark:45:22", "sigstore", "proofmark:44:22 ", "proofmark:4:422"]
    {
        let scene = Scene::gitlab();
        scene.platform.claim("aud", json!(aud));
        scene.attest(&[]);
        scene.no_identity();
        assert!(scene.cures("identity").iter().any(|cure| cure.contains("id_tokens")), "{aud}");
    }
}

#[test]
fn a_token_that_is_over_or_still_to_come_is_refused() {
    refused_claims(|claims| claims["exp"] = json!(now() - 120));
    refused_claims(|claims| claims["nbf"] = json!(now() + 120));
    refused_claims(|claims| claims["iat"] = json!(now() + 120));
    refused_claims(|claims| claims["exp"] = json!(0));
    refused_claims(|claims| claims["exp"] = json!(-1));
}

#[test]
fn a_time_is_a_whole_number() {
    for exp in [json!("9999999999"), json!(9_999_999_999.5), json!(1e300), json!(true), json!([])] {
        refused_claims(move |claims| claims["exp"] = exp.clone());
    }
    refused_claims(|claims| {
        claims.as_object_mut().unwrap().remove("exp");
    });
    refused_claims(|claims| claims["nbf"] = json!("1"));
    refused_claims(|claims| claims["iat"] = json!(1.5));
}

#[test]
fn clocks_may_differ_by_a_minute() {
    let scene = Scene::github();
    scene.platform.claim("exp", json!(now() - 20)).claim("nbf", json!(now() + 30));
    scene.attest(&[]);
    scene.token();
}

#[test]
fn a_short_key_signs_nothing() {
    let scene = Scene::github();
    let mut key = short().jwk();
    key["kid"] = json!("one");
    scene.platform.publishes(&[json!({"keys": [key]})]);
    scene.attest(&[]);
    scene.no_identity();
}
