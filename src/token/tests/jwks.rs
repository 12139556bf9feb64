//! Keys that nobody should trust.

use serde_json::{Value, json};

use crate::token::testing::{encode, one, two};
use crate::token::{Jwks, JwksError};

/// RFC 7638, section 3.1.
const EXAMPLE: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
const EXAMPLE_THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

/// Modulus of `short.pem`, whose key has 1024 bits.
const SHORT: &str = "B86BC8723D7FEDFBB17BA123A1B544E30AE7CFFE3B3F5E6436452A5DD27EE31622B0B8A9E56E854301F8260F13CDD9D295EC82CCD8B6319236C6AF50F42C2832D6B1DEB29D413F78A97A798CC565B84F49C05C60A04729DD79DD8DE79E682CCBDC15A6295E521E4D801E7CEA7B9173323803C885DB0F5268F9A67CF64F361AEB";

fn parse(keys: &[Value]) -> Result<Jwks, JwksError> {
    Jwks::parse(json!({ "keys": keys }).to_string().as_bytes())
}

fn with(name: &str, value: Value) -> Value {
    let mut key = one().jwk();
    key[name] = value;
    key
}

/// Whether the set's only key, changed so, is passed over.
fn is_unusable(name: &str, value: Value) -> bool {
    let set = parse(&[with(name, value), two().jwk()]).unwrap();
    assert!(set.has("two"));
    !set.has("one") && set.passed_over() == 1
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    let key =
        json!({ "kty": "RSA", "n": EXAMPLE, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let set = parse(&[key]).unwrap();
    let described = set.get("2011-04-29").unwrap().describe();
    assert_eq!(encode(described.thumbprint.as_bytes()), EXAMPLE_THUMBPRINT);
    assert_eq!(described.bits, 2048);
}

#[test]
fn a_short_modulus_a_huge_one_and_an_even_one_are_not_used() {
    assert!(is_unusable("n", json!(encode(hex::decode(SHORT).unwrap()))));
    let number = |bytes: usize, last: u8| {
        let mut number = vec![0xff; bytes];
        number[bytes - 1] = last;
        json!(encode(number))
    };
    for bad in [number(255, 0xff), number(1025, 0xff), number(256, 0xfe), json!(""), json!(1)] {
        assert!(is_unusable("n", bad));
    }
    assert!(!is_unusable("n", number(1024, 0xff)));
    // 2047 bits in 256 bytes.
    let mut number = vec![0xff; 256];
    number[0] = 0x7f;
    assert!(is_unusable("n", json!(encode(number))));
}

#[test]
fn an_exponent_of_one_an_even_one_and_a_huge_one_are_not_used() {
    for bad in [
        &[1][..],
        &[],
        &[0],
        &[2],
        &[1, 0, 0],
        &[0, 1, 0, 1],
        &[2, 0, 0, 0, 1],
        &[1, 0, 0, 0, 0, 1],
        &[0xff; 256],
    ] {
        assert!(is_unusable("e", json!(encode(bad))), "{bad:?}");
    }
    assert!(!is_unusable("e", json!(encode([3]))));
    assert!(is_unusable("e", json!(65537)) && is_unusable("e", json!("AQAB=")));
}

#[test]
fn a_number_has_one_spelling() {
    let bytes = one().modulus();
    assert!(is_unusable("n", json!(format!("{bytes}="))));
    assert!(is_unusable("n", json!(format!("{bytes}\n"))));
    let last = bytes.chars().last().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    assert!(is_unusable("n", json!(format!("{}{next}", &bytes[..bytes.len() - 1]))));
}

#[test]
fn keys_of_another_kind_or_for_something_else_are_not_used() {
    for (name, value) in [
        ("kty", json!("oct")),
        ("kty", json!("EC")),
        ("kty", json!("rsa")),
        ("kty", json!(null)),
        ("use", json!("enc")),
        ("use", json!(null)),
        ("alg", json!("RS512")),
        ("alg", json!("HS256")),
        ("alg", json!(null)),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("kid", json!("")),
        ("kid", json!(1)),
        ("kid", json!("k".repeat(300))),
        ("k", json!("c2VjcmV0")),
        ("d", json!("AQAB")),
    ] {
        assert!(is_unusable(name, value.clone()), "{name}: {value}");
    }
    assert!(!is_unusable("key_ops", json!(["sign", "verify"])));
    let mut bare = one().jwk();
    for name in ["use", "alg", "x5t"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    assert!(parse(&[bare]).unwrap().has("one"));
}

#[test]
fn a_set_with_two_keys_of_one_id_is_refused() {
    let mut other = two().jwk();
    other["kid"] = json!("one");
    assert!(parse(&[one().jwk(), two().jwk(), other]).is_err());
    // A key that isn't used anyway can't take the place of one that is.
    let set = parse(&[with("use", json!("enc")), one().jwk()]).unwrap();
    assert!(set.has("one"));
}

#[test]
fn what_is_no_set_or_has_no_usable_key_is_refused() {
    for bad in [
        &b""[..],
        b"{}",
        b"[]",
        b"null",
        br#"{"keys":{}}"#,
        br#"{"keys":[]}"#,
        br#"{"keys":[1,null,"x",[]]}"#,
        br#"{"keys":[],"keys":[]}"#,
    ] {
        assert!(Jwks::parse(bad).is_err());
    }
    let twice = String::from_utf8(one().set()).unwrap();
    let twice = twice.replacen(r#""e":"#, r#""e":"AQAB","e":"#, 1);
    assert!(Jwks::parse(twice.as_bytes()).is_err());
    let list = json!([[one().jwk()]]).to_string();
    assert!(Jwks::parse(list.as_bytes()).is_err());
}

#[test]
fn a_set_is_capped_in_bytes_keys_and_depth() {
    assert!(parse(&vec![json!({ "kty": "EC" }); 10_000]).is_err());
    let mut large = one().set();
    large.resize(Jwks::BYTES_MAX, b' ');
    assert!(Jwks::parse(&large).is_ok());
    large.push(b' ');
    assert!(Jwks::parse(&large).is_err());
    let deep = format!(r#"{{"keys":{}"#, "[".repeat(500_000));
    assert!(Jwks::parse(deep.as_bytes()).is_err());
}

#[test]
fn no_key_is_shown() {
    let set = parse(&[one().jwk()]).unwrap();
    let shown = format!("{set:?}");
    assert!(shown.contains("2048") && shown.len() < 200, "{shown}");
}
