//! The identity provider, and one that means it ill.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::client;
use super::server::{Answer, Server, ok, redirect, status, with};
use crate::net::oidc::{keys, request};
use crate::net::{Lost, Scheme, Token};

const ASKED: &str = "/idtoken?api-version=2.0&job=s3cret";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln-_w";

fn mint(server: &Server, audience: &str) -> Result<String, Lost> {
    let url = server.url(ASKED);
    let bearer = Token::new("t0ken", Scheme::Bearer, &url).unwrap();
    request(&client(), &url, &bearer, audience).map(|token| token.to_string())
}

fn minted(value: &str) -> String {
    format!(r#"{{"count":1,"value":"{value}"}}"#)
}

/// An issuer that says of itself what `says` makes of its own address.
fn issuer(says: impl Fn(&str) -> String + Send + Sync + 'static, set: Answer) -> Server {
    Server::start(move |request| match request.path() {
        "/.well-known/openid-configuration" => {
            ok(says(&format!("http://{}", request.header("host").unwrap())))
        }
        "/keys" => set.clone(),
        _ => status(404),
    })
}

fn own(at: &str) -> String {
    format!(r#"{{"issuer":"{at}","jwks_uri":"{at}/keys","more":[{{}}]}}"#)
}

#[test]
fn the_token_is_asked_for_with_its_audience_and_the_jobs_right() {
    let server = Server::start(|_| ok(minted(JWT)));
    assert_eq!(mint(&server, "urn:proofmark:v1:0a").as_deref(), Ok(JWT));
    let seen = server.seen();
    assert_eq!(seen[0].target, format!("{ASKED}&audience=urn%3Aproofmark%3Av1%3A0a"));
    assert_eq!(seen[0].header("authorization"), Some("Bearer t0ken"));
}

#[test]
fn an_audience_is_a_value_and_nothing_else() {
    let server = Server::start(|_| ok(minted(JWT)));
    assert!(mint(&server, "a&audience=b#c\r\nX-Evil: d e%").is_ok());
    let seen = server.seen();
    assert_eq!(
        seen[0].target,
        format!("{ASKED}&audience=a%26audience%3Db%23c%0D%0AX-Evil%3A%20d%20e%25")
    );
    assert_eq!(seen[0].header("x-evil"), None);
}

#[test]
fn a_right_for_another_host_is_not_used() {
    let server = Server::start(|_| ok(minted(JWT)));
    let other = Server::start(|_| ok(""));
    let bearer = Token::new("t0ken", Scheme::Bearer, &other.url("/")).unwrap();
    let lost = request(&client(), &server.url(ASKED), &bearer, "a").unwrap_err();
    assert!(lost.reason.contains("another host"), "{lost:?}");
    assert!(server.seen().is_empty() && other.seen().is_empty());
}

#[test]
fn each_loss_of_a_token_is_named_and_shows_nothing() {
    let other = Server::start(|_| ok(minted(JWT)));
    let away = other.url("/").uri().to_string();
    let long = minted(&"x".repeat((32 << 10) + 1));
    for (answer, said) in [
        (status(401), "status 401"),
        (status(403), "status 403"),
        (status(404), "status 404"),
        (status(429), "too many requests"),
        (redirect(&away), "a redirect isn't followed: this address has to answer by itself"),
        (redirect("/again"), "a redirect isn't followed"),
        (ok(format!(r#"{{"value":"{}"}}"#, "x".repeat(64 << 10))), "larger than 65536 bytes"),
        (ok(long), "the reply can't be read"),
        (ok(""), "the reply can't be read"),
        (ok(r#"["s3cret"]"#), "the reply can't be read"),
        (ok(r#"{"value":null}"#), "the reply can't be read"),
        (ok(r#"{"value":""}"#), "the reply can't be read"),
        (ok(r#"{"value":["s3cret"]}"#), "the reply can't be read"),
        (ok(r#"{"value":"s3cret\n::add-path::/x"}"#), "the reply can't be read"),
        (ok(r#"{"value":"s3cret","value":"b"}"#), "the reply can't be read"),
        (ok(r#"{"value":"s3cret"} s3cret"#), "the reply can't be read"),
    ] {
        let server = Server::start(move |_| answer.clone());
        let lost = mint(&server, "a").unwrap_err();
        assert!(lost.reason.contains(said), "{lost:?}");
        let is_refused = said.ends_with("401") || said.ends_with("403");
        let cure = lost.cure.clone().unwrap_or_default();
        assert_eq!(cure.contains("permissions: { id-token: write }"), is_refused, "{lost:?}");
        for secret in ["s3cret", "t0ken", "idtoken"] {
            assert!(!format!("{lost:?}").contains(secret), "{lost:?}");
        }
        assert_eq!(server.seen().len(), 1);
    }
    assert!(other.seen().is_empty());
}

#[test]
fn the_keys_are_where_discovery_says() {
    let server = issuer(own, ok("{\"keys\":[]}"));
    assert_eq!(keys(&client(), &server.url("")), Ok(b"{\"keys\":[]}".to_vec()));
    assert_eq!(server.paths(), ["/.well-known/openid-configuration", "/keys"]);

    let below = Server::start(|request| match request.path() {
        "/_services/token/.well-known/openid-configuration" => {
            let at = format!("http://{}", request.header("host").unwrap());
            ok(format!(r#"{{"issuer":"{at}/_services/token","jwks_uri":"{at}/jwks"}}"#))
        }
        "/jwks" => ok("set"),
        _ => status(404),
    });
    assert_eq!(keys(&client(), &below.url("/_services/token")), Ok(b"set".to_vec()));
}

#[test]
fn an_issuer_that_names_another_is_not_believed() {
    for names in [
        |at: &str| format!("{at}/"),
        |at: &str| format!("{at}/x"),
        |at: &str| at.replace("http", "https"),
        |at: &str| at.to_uppercase(),
        |_: &str| "https://token.actions.githubusercontent.com".to_owned(),
        |_: &str| String::new(),
    ] {
        let says =
            move |at: &str| format!(r#"{{"issuer":"{}","jwks_uri":"{at}/keys"}}"#, names(at));
        let server = issuer(says, ok("{}"));
        let lost = keys(&client(), &server.url("")).unwrap_err();
        assert!(lost.reason.contains("another issuer"), "{lost:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn keys_of_another_origin_are_not_asked_for() {
    let other = Server::start(|_| ok("{}"));
    let elsewhere = other.url("/keys").uri().to_string();
    for at in [
        elsewhere.as_str(),
        "https://127.0.0.1/keys",
        "https://api.example/keys",
        "http://api.example/keys",
        "http://user:s3cret@127.0.0.1/keys",
        "/keys",
        "",
    ] {
        let says = {
            let at = at.to_owned();
            move |own: &str| format!(r#"{{"issuer":"{own}","jwks_uri":"{at}"}}"#)
        };
        let server = issuer(says, ok("{}"));
        let lost = keys(&client(), &server.url("")).unwrap_err();
        assert!(lost.reason.starts_with("the issuer's keys: "), "{at}: {lost:?}");
        assert!(!lost.reason.contains("s3cret"));
        assert_eq!(server.seen().len(), 1);
    }
    assert!(other.seen().is_empty());
}

#[test]
fn neither_discovery_nor_keys_follow_a_redirect() {
    let other = issuer(own, ok("{}"));
    let away = other.url("/keys").uri().to_string();
    let moved = redirect(&away);
    let server = issuer(own, moved.clone());
    let lost = keys(&client(), &server.url("")).unwrap_err();
    assert!(lost.reason.contains("a redirect isn't followed"), "{lost:?}");
    let server = Server::start(move |_| moved.clone());
    let lost = keys(&client(), &server.url("")).unwrap_err();
    assert!(lost.reason.contains("a redirect isn't followed"), "{lost:?}");
    assert!(other.seen().is_empty());
}

#[test]
fn what_is_no_discovery_document_is_malformed() {
    for body in [
        "",
        "[]",
        r#"["x","x"]"#,
        "{}",
        r#"{"issuer":1,"jwks_uri":"x"}"#,
        r#"{"issuer":"x"}"#,
        "<html>",
    ] {
        let server = Server::start(move |_| ok(body));
        let reason = keys(&client(), &server.url("")).unwrap_err().reason;
        assert_eq!(reason, "the issuer's discovery document: the reply can't be read");
    }
    let deep = format!(r#"{{"issuer":"x","x":{}"#, "[".repeat(30_000));
    let server = Server::start(move |_| ok(&deep));
    assert!(keys(&client(), &server.url("")).unwrap_err().reason.contains("can't be read"));
}

#[test]
fn a_huge_document_is_left_at_its_cap() {
    const HUGE: usize = 50 << 20;
    let (discovery, set) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let flood = Answer::Flood(HUGE, Arc::clone(&discovery));
    let server = Server::start(move |_| flood.clone());
    let lost = keys(&client(), &server.url("")).unwrap_err();
    assert!(lost.reason.contains("larger than 65536 bytes"), "{lost:?}");
    let server = issuer(own, Answer::Flood(HUGE, Arc::clone(&set)));
    let lost = keys(&client(), &server.url("")).unwrap_err();
    assert!(lost.reason.contains("larger than 1048576 bytes"), "{lost:?}");
    for taken in [discovery, set] {
        assert!(taken.load(Ordering::SeqCst) < HUGE);
    }
}

#[test]
fn an_issuer_that_fails_is_asked_once_more() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => with(503, "", ""),
        _ => status(500),
    });
    let lost = keys(&client(), &server.url("")).unwrap_err();
    assert!(lost.reason.ends_with("answered with status 500"), "{lost:?}");
    assert_eq!(server.seen().len(), 2);
}
