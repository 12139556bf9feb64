//! Who signed it: form, algorithm, key, signature.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use hmac::{KeyInit as _, Mac as _};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256};
use serde_json::{Value, json};

use super::{check, claims};
use crate::token::testing::{encode, one, two};
use crate::token::{TOKEN_MAX, TokenError, unchecked_issuer, unchecked_kid};

fn header_with(name: &str, value: Value) -> String {
    let mut header: Value = serde_json::from_str(&one().header()).unwrap();
    header[name] = value;
    header.to_string()
}

/// The error for a token with this header, which the issuer's key signed.
fn refused(header: &str) -> TokenError {
    check(&one().raw(header, &claims().to_string())).unwrap_err()
}

#[test]
fn a_fair_token_passes_and_tells_its_claims_and_key() {
    let checked = check(&one().token(&claims())).unwrap();
    assert_eq!(checked.claims["repository_id"], "74");
    assert_eq!(checked.claims["runner_id"], "12");
    assert_eq!(checked.claims["fine"], "true");
    assert!(!checked.claims.contains_key("environment"));
    assert!(!checked.claims.contains_key("groups_direct"));
    assert_eq!((checked.key.id.as_str(), checked.key.bits), ("one", 2048));
    let debug = format!("{checked:?}");
    assert!(!debug.contains("octo") && !debug.contains("74"), "{debug}");
}

/// CVE-2015-9235 and its many children.
#[test]
fn no_spelling_of_alg_none_passes_with_or_without_a_signature() {
    let claims = claims().to_string();
    for none in ["none", "None", "nOnE", "NONE", "", "none "] {
        let header = header_with("alg", json!(none));
        assert_eq!(refused(&header), TokenError::Algorithm, "{none}");
        let bare = format!("{}.{}", encode(&header), encode(&claims));
        for token in [format!("{bare}."), bare.clone(), format!("{bare}.AA")] {
            assert!(check(&token).is_err(), "{token}");
        }
    }
    // Also under a header that names the right algorithm.
    let bare = format!("{}.{}", encode(one().header()), encode(&claims));
    assert!(matches!(check(&format!("{bare}.")), Err(TokenError::Malformed(_))));
    assert_eq!(check(&format!("{bare}.AA")), Err(TokenError::Signature));
}

/// CVE-2016-10555: the public key, which everybody has, used as a secret.
#[test]
fn a_mac_with_the_public_key_as_its_secret_signs_nothing() {
    let der = one().public_der();
    let pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        STANDARD.encode(&der)
    );
    let modulus = one().modulus();
    let secrets = [der, pem.into_bytes(), modulus.into_bytes(), one().set(), Vec::new()];
    for secret in secrets {
        for algorithm in ["HS256", "RS256"] {
            let header = header_with("alg", json!(algorithm));
            let signed = format!("{}.{}", encode(header), encode(claims().to_string()));
            let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
            mac.update(signed.as_bytes());
            let token = format!("{signed}.{}", encode(mac.finalize().into_bytes()));
            let wanted =
                if algorithm == "HS256" { TokenError::Algorithm } else { TokenError::Signature };
            assert_eq!(check(&token), Err(wanted));
        }
    }
}

#[test]
fn the_algorithm_is_the_keys_and_no_other_that_the_token_names() {
    for other in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 "] {
        assert_eq!(refused(&header_with("alg", json!(other))), TokenError::Algorithm, "{other}");
    }
    assert_eq!(refused(&header_with("alg", json!(["RS256"]))), TokenError::Algorithm);
    // Signed with the right key, but in another way.
    let signed = format!("{}.{}", encode(one().header()), encode(claims().to_string()));
    assert_eq!(check(&one().sign(&signed, &RSA_PKCS1_SHA512)), Err(TokenError::Signature));
    assert_eq!(check(&one().sign(&signed, &RSA_PSS_SHA256)), Err(TokenError::Signature));
}

/// CVE-2018-0114: a token that brings its own key.
#[test]
fn a_key_that_the_token_brings_or_points_to_is_never_used() {
    let brought = [
        ("jwk", two().jwk()),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!([STANDARD.encode(two().public_der())])),
    ];
    for (name, value) in brought {
        let header = header_with(name, value);
        let token = two().raw(&header, &claims().to_string());
        assert_eq!(check(&token), Err(TokenError::Signature), "{name}");
        assert!(check(&one().raw(&header, &claims().to_string())).is_ok(), "{name} is ignored");
    }
}

#[test]
fn a_key_that_is_not_in_the_set_signs_nothing_under_any_id() {
    assert_eq!(check(&two().token(&claims())), Err(TokenError::UnknownKey));
    let token = two().raw(&one().header(), &claims().to_string());
    assert_eq!(check(&token), Err(TokenError::Signature));
}

#[test]
fn a_token_without_one_kid_is_refused_though_the_set_has_but_one_key() {
    for kid in [json!(null), json!(1), json!(""), json!(["one"]), json!("x".repeat(300))] {
        let error = refused(&header_with("kid", kid));
        assert!(matches!(error, TokenError::Malformed(_)), "{error:?}");
    }
    let error = refused(r#"{"typ":"JWT","alg":"RS256"}"#);
    assert!(matches!(error, TokenError::Malformed(_)));
    for other in ["two", "ONE", "one ", "../one"] {
        assert_eq!(refused(&header_with("kid", json!(other))), TokenError::UnknownKey);
    }
}

#[test]
fn what_is_critical_is_refused_even_if_nothing_is() {
    for crit in [json!(["b64"]), json!([]), json!(null), json!("exp")] {
        let error = refused(&header_with("crit", crit));
        assert!(matches!(error, TokenError::Malformed(_)), "{error:?}");
    }
}

#[test]
fn a_typ_that_is_missing_or_another_is_refused() {
    for typ in [json!(null), json!("at+jwt"), json!("JOSE"), json!(""), json!(1)] {
        let error = refused(&header_with("typ", typ));
        assert!(matches!(error, TokenError::Malformed(_)), "{error:?}");
    }
    let error = refused(r#"{"alg":"RS256","kid":"one"}"#);
    assert!(matches!(error, TokenError::Malformed(_)));
    assert!(check(&one().raw(&header_with("typ", json!("jwt")), &claims().to_string())).is_ok());
}

#[test]
fn equal_members_of_a_header_are_refused_in_any_spelling() {
    for header in [
        r#"{"typ":"JWT","alg":"RS256","kid":"one","kid":"one"}"#,
        r#"{"typ":"JWT","alg":"none","alg":"RS256","kid":"one"}"#,
        r#"{"typ":"JWT","alg":"RS256","k\u0069d":"two","kid":"one"}"#,
        r#"["JWT","RS256","one"]"#,
        r#"{"typ":"JWT","alg":"RS256","kid":"one"} {}"#,
        "null",
    ] {
        assert!(matches!(refused(header), TokenError::Malformed(_)), "{header}");
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(matches!(refused(&deep), TokenError::Malformed(_)));
}

#[test]
fn base64_has_one_spelling() {
    let token = one().token(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{}", parts.len()) };
    let mut bad = vec![
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}\n"),
        format!(" {token}"),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+")),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "/")),
        format!("{header}.{payload}.{signature}\u{e9}"),
    ];
    // 256 bytes leave four bits that mean nothing; they are zero in `A`, `Q`, `g`, `w` alone.
    let next = match signature.chars().last().unwrap() {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        'w' => 'x',
        other => panic!("{other}"),
    };
    bad.push(format!("{header}.{payload}.{}{next}", &signature[..signature.len() - 1]));
    for token in bad {
        assert!(matches!(check(&token), Err(TokenError::Malformed(_))), "{token}");
    }
    // Signed over the padded text: what was signed is fair, its spelling isn't.
    let padded = URL_SAFE.encode(format!("{} ", claims()));
    assert!(padded.ends_with('=') || URL_SAFE.encode(claims().to_string()).ends_with('='));
    for claims in [claims().to_string(), format!("{} ", claims())] {
        let text = URL_SAFE.encode(&claims);
        let token = one().sign(&format!("{header}.{text}"), &RSA_PKCS1_SHA256);
        assert_eq!(check(&token).is_ok(), !text.ends_with('='), "{text}");
    }
}

#[test]
fn there_are_three_parts_and_not_more_than_fit() {
    let token = one().token(&claims());
    let (two_parts, _) = token.rsplit_once('.').unwrap();
    let more =
        [format!("{token}.AA"), format!("{token}."), format!(".{token}"), format!("..{token}")];
    for bad in more.iter().map(String::as_str).chain([two_parts, "", ".", "..", "...", "a.b.c"]) {
        assert!(matches!(check(bad), Err(TokenError::Malformed(_))), "{bad}");
        assert!(unchecked_kid(bad).is_none() || bad.starts_with("ey"), "{bad}");
    }
    // 200 groups of GitLab's with the longest paths.
    let mut large = claims();
    large["groups_direct"] = json!(vec!["g".repeat(255); 200]);
    let token = one().token(&large);
    assert!(token.len() < TOKEN_MAX && check(&token).is_ok());
    large["more"] = json!("x".repeat(TOKEN_MAX));
    let token = one().token(&large);
    assert_eq!(check(&token), Err(TokenError::Malformed("it is too long")));
    assert_eq!((unchecked_kid(&token), unchecked_issuer(&token)), (None, None));
}

#[test]
fn what_is_read_unchecked_is_the_key_s_id_and_the_issuer_alone() {
    let token = one().token(&claims());
    assert_eq!(unchecked_kid(&token).as_deref(), Some("one"));
    assert_eq!(unchecked_issuer(&token).as_deref(), Some(super::GITHUB));
    let list = one().token(&super::with("iss", json!([super::GITHUB])));
    assert_eq!(unchecked_issuer(&list), None);
}

#[test]
fn no_error_repeats_the_token() {
    let token = one().raw(&header_with("kid", json!("s3cret-kid")), &claims().to_string());
    let error = check(&token).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    let error = refused(&header_with("alg", json!("s3cret-alg")));
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
