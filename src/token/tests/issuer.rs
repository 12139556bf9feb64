//! Names that are almost an issuer's.

use super::GITHUB;
use crate::token::{Issuer, Platform};

#[test]
fn the_platforms_own_issuers_are_known_by_their_exact_form() {
    for (iss, url, platform) in [
        (GITHUB, GITHUB, Platform::GitHub),
        ("https://token.actions.githubusercontent.com/octo-corp", GITHUB, Platform::GitHub),
        (
            "https://token.actions.octo.ghe.com",
            "https://token.actions.octo.ghe.com",
            Platform::GitHub,
        ),
        ("https://gitlab.com", "https://gitlab.com", Platform::GitLab),
    ] {
        let issuer = Issuer::known(iss).unwrap();
        assert_eq!((issuer.url(), issuer.platform()), (url, platform));
        assert!(issuer.is_known() && !issuer.is_loopback() && issuer.accepts(iss));
    }
}

#[test]
fn what_only_looks_like_a_platform_s_issuer_is_unknown_and_accepted_by_none() {
    let long = format!("{GITHUB}/{}", "a".repeat(101));
    for iss in [
        "https://token.actions.githubusercontent.com.evil.example",
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com//",
        "https://token.actions.githubusercontent.com/a/",
        "https://token.actions.githubusercontent.com/a/b",
        "https://token.actions.githubusercontent.com/.",
        "https://token.actions.githubusercontent.com/..",
        "https://token.actions.githubusercontent.com/.well-known",
        "https://token.actions.githubusercontent.com/%2e%2e",
        "https://token.actions.githubusercontent.com/a?b",
        "https://token.actions.githubusercontent.com/a#b",
        "https://token.actions.githubusercontent.com/a b",
        "https://token.actions.githubusercontent.com/\u{e4}",
        "https://token.actions.githubusercontent.com?x",
        "https://token.actions.githubusercontent.com#x",
        "https://token.actions.githubusercontent.com:443",
        "https://token.actions.githubusercontent.com.",
        "https://token.actions.githubusercontent.com@evil.example",
        "https://token.actions.githubusercontent.com\\@evil.example",
        "https://evil.example@token.actions.githubusercontent.com",
        "https://user:word@token.actions.githubusercontent.com",
        "https://TOKEN.actions.githubusercontent.com",
        "HTTPS://token.actions.githubusercontent.com",
        "http://token.actions.githubusercontent.com",
        "token.actions.githubusercontent.com",
        "https://token.actions.g\u{456}thubusercontent.com",
        "https://token.actions.xn--gthubusercontent-1zm.com",
        " https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com\n",
        "https://gitlab.com.evil",
        "https://gitlab.com/",
        "https://gitlab.com/group",
        "https://gitlab.com:443",
        "https://GitLab.com",
        "http://gitlab.com",
        "https://evilgitlab.com",
        "https://git\u{200b}lab.com",
        "https://token.actions.a.b.ghe.com",
        "https://token.actions..ghe.com",
        "https://token.actions.ghe.com",
        "https://token.actions.-a.ghe.com",
        "https://token.actions.a-.ghe.com",
        "https://token.actions.OCTO.ghe.com",
        "https://token.actions.xn--oct-5na.ghe.com",
        "https://token.actions.a@evil.example/.ghe.com",
        "https://token.actions.evil.example/.ghe.com",
        "https://token.actions.evil.example#.ghe.com",
        "https://token.actions.octo.ghe.com.evil.example",
        "https://token.actions.octo.ghe.com/a/b",
        "https://token.actions.octo.evilghe.com",
        "https://octo.ghe.com",
        "",
        "/",
        "///",
        &long,
    ] {
        assert!(Issuer::known(iss).is_none(), "{iss}");
        for own in [GITHUB, "https://gitlab.com", "https://token.actions.octo.ghe.com"] {
            assert!(!Issuer::known(own).unwrap().accepts(iss), "{own} {iss}");
        }
    }
}

#[test]
fn no_issuer_s_tokens_are_another_s() {
    let github = Issuer::known(GITHUB).unwrap();
    assert!(!github.accepts("https://gitlab.com"));
    assert!(!github.accepts("https://token.actions.octo.ghe.com"));
    let gitlab = Issuer::known("https://gitlab.com").unwrap();
    assert!(!gitlab.accepts(GITHUB) && !gitlab.accepts("https://gitlab.com/octo"));
    let slug = Issuer::given(&format!("{GITHUB}/octo"), Platform::GitHub).unwrap();
    assert!(slug.accepts(&format!("{GITHUB}/octo")));
    assert!(!slug.accepts(GITHUB) && !slug.accepts(&format!("{GITHUB}/other")));
}

#[test]
fn a_user_names_an_https_address_or_a_loopback_one() {
    for (url, is_loopback) in [
        ("https://gitlab.example", false),
        ("https://gitlab.example/", false),
        ("https://gitlab.example:8443/sub", false),
        ("https://ghes.example/_services/token", false),
        ("https://192.0.2.1", false),
        ("https://[2001:db8::1]:8443", false),
        ("http://127.0.0.1:8080", true),
        ("http://127.1.2.3", true),
        ("http://[::1]:8080", true),
        ("https://127.0.0.1", true),
        ("https://localhost", true),
        ("https://LOCALHOST:8443", true),
        ("https://x.localhost", true),
        ("https://0.0.0.0", true),
        ("https://[::]", true),
        ("https://[::ffff:127.0.0.1]", true),
    ] {
        let issuer = Issuer::given(url, Platform::GitLab).unwrap();
        assert_eq!(issuer.url(), url.trim_end_matches('/'));
        assert_eq!(issuer.is_loopback(), is_loopback, "{url}");
        assert!(!issuer.is_known());
    }
    let long = format!("https://gitlab.example/{}", "x".repeat(600));
    for bad in [
        "http://gitlab.example",
        "http://localhost",
        "http://127.0.0.1.evil.example",
        "http://127.1",
        "http://[::2]",
        "http://[::ffff:127.0.0.1]",
        "https://127.1",
        "https://0x7f.0.0.1",
        "https://2130706433",
        "https://user@gitlab.example",
        "https://user:word@gitlab.example",
        "http://127.0.0.1@evil.example",
        "https://gitlab.example?x",
        "https://gitlab.example/#x",
        "https://gitlab.example//x",
        "https://gitlab.example/../x",
        "https://gitlab.example/a b",
        "https://gitlab.example\\x",
        "https://gitlab.example:0",
        "https://gitlab.example:",
        "https://gitlab.example:99999",
        "https://gitlab.example:+8",
        "https://g\u{456}tlab.example",
        "https://-a.example",
        "https://a..example",
        "https://",
        "https:///x",
        "ftp://gitlab.example",
        "gitlab.example",
        "",
        &long,
    ] {
        assert!(Issuer::given(bad, Platform::GitLab).is_err(), "{bad}");
    }
}

#[test]
fn an_issuer_that_is_named_is_known_only_as_what_it_is() {
    assert!(Issuer::given("https://gitlab.com", Platform::GitLab).unwrap().is_known());
    assert!(!Issuer::given("https://gitlab.com", Platform::GitHub).unwrap().is_known());
    let origin = |url| Issuer::given(url, Platform::GitHub).unwrap().origin();
    assert_eq!(origin("https://GHES.example:8443/_services/token"), "https://ghes.example:8443");
    assert_eq!(origin("https://gitlab.example"), "https://gitlab.example");
}
