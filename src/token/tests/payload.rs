//! What it says: issuer, audience, times.

use serde_json::{Value, json};

use super::{AUDIENCE, GITHUB, at, check, check_at, claims, keys, with};
use crate::base::time::Time;
use crate::token::testing::{NOW, one};
use crate::token::{Issuer, Moment, Platform, Rules, TokenError, verify};

fn claiming(name: &str, value: Value) -> Result<(), TokenError> {
    check(&one().token(&with(name, value))).map(drop)
}

fn without(name: &str) -> Result<(), TokenError> {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    check(&one().token(&claims)).map(drop)
}

#[test]
fn another_issuer_s_token_is_refused_though_the_key_is_right() {
    for other in
        ["https://gitlab.com", "https://token.actions.githubusercontent.com.evil.example", ""]
    {
        let error = claiming("iss", json!(other)).unwrap_err();
        assert!(matches!(error, TokenError::Issuer { .. }), "{error:?}");
    }
    for none in [json!(null), json!([GITHUB]), json!({ "0": GITHUB })] {
        assert!(matches!(claiming("iss", none), Err(TokenError::Malformed(_))));
    }
    assert!(claiming("iss", json!(format!("{GITHUB}/octo-corp"))).is_ok());
}

#[test]
fn a_given_issuer_is_taken_in_its_exact_form_alone() {
    let check = |iss: &str| {
        let issuer =
            Issuer::given("https://ghes.example/_services/token", Platform::GitHub).unwrap();
        let rules = Rules { issuer: &issuer, audience: AUDIENCE, moment: at(NOW) };
        verify(&one().token(&with("iss", json!(iss))), &keys(), &rules)
    };
    assert!(check("https://ghes.example/_services/token").is_ok());
    for other in ["https://ghes.example/_services/token/octo", "https://ghes.example", GITHUB] {
        assert!(check(other).is_err(), "{other}");
    }
}

#[test]
fn another_audience_is_refused() {
    let longer = format!("{AUDIENCE}0");
    for other in ["sigstore", "", &AUDIENCE[..AUDIENCE.len() - 1], &longer, "URN:proofmark:v1:00"] {
        let error = claiming("aud", json!(other)).unwrap_err();
        assert!(matches!(error, TokenError::Audience { .. }), "{error:?}");
    }
}

/// Whoever shares an audience with us could use our token, and we theirs.
#[test]
fn an_audience_that_is_no_one_text_is_refused() {
    for list in [
        json!([AUDIENCE]),
        json!([AUDIENCE, "sigstore"]),
        json!(["sigstore", AUDIENCE]),
        json!([]),
        json!({ "aud": AUDIENCE }),
        json!(null),
        json!(1),
    ] {
        assert!(matches!(claiming("aud", list), Err(TokenError::Malformed(_))));
    }
    assert!(matches!(without("aud"), Err(TokenError::Malformed(_))));
}

#[test]
fn a_token_is_valid_from_a_minute_before_its_start_until_a_minute_after_its_end() {
    let token = one().token(&claims());
    let at = |seconds| check_at(&token, at(seconds)).map(drop);
    assert!(at(NOW + 300 + 59).is_ok());
    assert!(matches!(at(NOW + 300 + 60), Err(TokenError::Expired { .. })));
    assert!(at(NOW - 60).is_ok());
    assert!(matches!(at(NOW - 61), Err(TokenError::NotYet { claim: "iat", .. })));
    assert!(matches!(
        claiming("nbf", json!(NOW + 61)),
        Err(TokenError::NotYet { claim: "nbf", .. })
    ));
    assert!(claiming("nbf", json!(NOW + 60)).is_ok());
}

#[test]
fn a_time_that_is_no_whole_number_of_seconds_is_refused() {
    for time in [
        json!(1.8e9),
        json!(NOW as f64 + 300.5),
        json!("1800000300"),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(253_402_300_800_u64),
        json!(null),
        json!([NOW + 300]),
        json!(true),
    ] {
        for name in ["exp", "nbf", "iat"] {
            assert_eq!(claiming(name, time.clone()), Err(TokenError::Time(name)), "{time}");
        }
    }
    let text = claims().to_string().replace(&(NOW + 300).to_string(), "1e400");
    assert!(check(&one().raw(&one().header(), &text)).is_err());
}

#[test]
fn a_token_that_never_ends_is_refused_and_one_without_a_start_is_not() {
    assert_eq!(without("exp"), Err(TokenError::Time("exp")));
    assert!(without("nbf").is_ok() && without("iat").is_ok());
}

#[test]
fn a_token_that_was_kept_must_have_been_valid_when_it_was_checked_and_that_is_not_to_come() {
    let token = one().token(&claims());
    let then = |checked, now| {
        let (checked, now) = (Time::saturating(checked), Time::saturating(now));
        check_at(&token, Moment::Then { checked, now }).map(drop)
    };
    assert!(then(NOW, NOW + 100_000_000).is_ok());
    assert!(then(NOW + 60, NOW).is_ok());
    assert!(matches!(then(NOW + 61, NOW), Err(TokenError::CheckedInTheFuture { .. })));
    assert!(matches!(then(NOW + 360, NOW + 9_999), Err(TokenError::Expired { .. })));
    assert!(matches!(then(NOW - 61, NOW + 9_999), Err(TokenError::NotYet { .. })));
}

#[test]
fn equal_claims_and_deep_ones_are_refused() {
    let fair = claims().to_string();
    let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    for bad in [
        fair.replacen('{', r#"{"aud":"sigstore","#, 1),
        fair.replacen('{', r#"{"\u0061ud":"sigstore","#, 1),
        fair.replacen('{', r#"{"x":{"a":1,"a":1},"#, 1),
        fair.replacen('{', &format!(r#"{{"x":{deep},"#), 1),
        format!("[{fair}]"),
        format!("{fair}{fair}"),
        String::from("null"),
    ] {
        let error = check(&one().raw(&one().header(), &bad)).unwrap_err();
        assert!(matches!(error, TokenError::Malformed(_)), "{error:?}");
    }
    assert!(check(&one().raw(&one().header(), &fair)).is_ok());
    let bytes = [b"{\"iss\":\"\xff\",", &fair.as_bytes()[1..]].concat();
    let signed = [one().header().into_bytes(), bytes].map(crate::token::testing::encode).join(".");
    assert!(check(&one().sign(&signed, &ring::signature::RSA_PKCS1_SHA256)).is_err());
}

#[test]
fn what_an_error_repeats_of_a_claim_is_short_and_printable() {
    let error = claiming("aud", json!(format!("\u{1b}[2J{}", "x".repeat(5_000)))).unwrap_err();
    let text = error.to_string();
    assert!(text.len() < 400 && !text.contains('\u{1b}'), "{text}");
}
