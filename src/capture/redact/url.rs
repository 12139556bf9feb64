//! URLs: what stands before the `@`, parameters that carry keys, addresses that are keys.

use super::names;
use super::rule::{Rule, is_mark};
use super::span::{Finds, at, before, is_base64, run, run_back};

/// How far an `@` is looked for behind a malformed authority.
const USERINFO_MAX: usize = 512;

/// Whether the name of a query or fragment parameter tells. Shorter names tell here than elsewhere:
/// nobody signs a URL but to make it a key.
pub(super) fn parameter_tells(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "key",
        "sig",
        "signature",
        "code",
        "auth",
        "session",
        "sessionid",
        "sid",
        "hmac",
        "assertion",
    ];
    let lower = name.to_ascii_lowercase();
    NAMES.contains(&lower.as_str())
        || lower.ends_with("-signature")
        || lower.ends_with("_signature")
        || lower == "awsaccesskeyid"
        || lower == "googleaccessid"
        || names::tells(name)
}

/// Finds userinfo, webhooks and the database addresses that aren't URLs.
pub(super) fn scan(text: &str, finds: &mut Finds) {
    let bytes = text.as_bytes();
    for (i, _) in text.match_indices("://") {
        let userinfo = userinfo(text, i + 3);
        let scheme_start = run_back(bytes, i, 24, is_scheme);
        if !keeps(text.get(scheme_start..i).unwrap_or_default(), userinfo) {
            finds.add(i + 3..i + 3 + userinfo.len(), Rule::UrlUserinfo);
        }
    }
    webhooks(text, finds);
    drivers(text, finds);
}

const fn is_scheme(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')
}

const fn ends_word(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>')
}

/// `git` is the user of every forge: over SSH it is no secret. Over HTTPS the same place holds a
/// token.
fn keeps(scheme: &str, userinfo: &str) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    userinfo.is_empty() || (userinfo == "git" && scheme.split('+').any(|part| part == "ssh"))
}

/// What stands before the `@` of the authority that begins at `from`; empty if there is none.
///
/// A password with a bare `/`, `#` or `?` ends the authority early. Then the part before looks like
/// `user:pass` where a port should be, and the `@` is looked for behind it.
fn userinfo(text: &str, from: usize) -> &str {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(from + USERINFO_MAX);
    let window = bytes.get(from..limit).unwrap_or_default();
    let end = run(window, 0, |b| !ends_word(b) && !matches!(b, b'/' | b'?' | b'#' | b'\\'));
    let authority = window.get(..end).unwrap_or_default();
    let last_at = |part: &[u8]| part.iter().rposition(|&b| b == b'@');
    let length = last_at(authority).or_else(|| {
        let colon = authority.iter().position(|&b| b == b':')?;
        let port = authority.get(colon + 1..)?;
        if authority.starts_with(b"[") || port.iter().all(u8::is_ascii_digit) {
            return None;
        }
        last_at(window.get(..run(window, 0, |b| !ends_word(b)))?)
    });
    let length = length.filter(|&at| !is_digest(window.get(at + 1..).unwrap_or_default()));
    text.get(from..from + length.unwrap_or(0)).unwrap_or_default()
}

/// `sha256:<hex>`: what follows the `@` of `docker://image@sha256:..` is no host.
fn is_digest(host: &[u8]) -> bool {
    [&b"sha256:"[..], b"sha384:", b"sha512:"].iter().any(|algorithm| {
        let hex = host.strip_prefix(*algorithm).unwrap_or_default();
        run(hex, 0, |b| b.is_ascii_hexdigit()) >= 64
    })
}

/// Addresses that need no further key: whoever knows them may post.
fn webhooks(text: &str, finds: &mut Finds) {
    const PLACES: [&str; 9] = [
        "hooks.slack.com/services/",
        "hooks.slack.com/workflows/",
        "hooks.slack.com/triggers/",
        "discord.com/api/webhooks/",
        "discordapp.com/api/webhooks/",
        "webhook.office.com/webhookb2/",
        "api.telegram.org/bot",
        "hooks.zapier.com/hooks/catch/",
        "chat.googleapis.com/v1/spaces/",
    ];
    let bytes = text.as_bytes();
    for place in PLACES {
        let mut end = 0;
        for (i, _) in text.match_indices(place) {
            let from = i + place.len();
            if i < end {
                continue;
            }
            end = run(bytes, from, |b| is_base64(b) || matches!(b, b'@' | b':' | b'%' | b'.'));
            finds.add(from..end, Rule::WebhookUrl);
        }
    }
}

/// `user:pass@tcp(host)` (Go) and `jdbc:oracle:thin:user/pass@host`.
fn drivers(text: &str, finds: &mut Finds) {
    let bytes = text.as_bytes();
    for network in ["@tcp(", "@tcp6(", "@unix("] {
        for (i, _) in text.match_indices(network) {
            let start = run_back(bytes, i, 256, |b| !ends_word(b) && b != b'=');
            finds.add(start..i, Rule::ConnectionString);
        }
    }
    for (i, place) in text.match_indices("jdbc:oracle:") {
        let from = i + place.len();
        let window = bytes.get(from..bytes.len().min(from + USERINFO_MAX)).unwrap_or_default();
        let kind = run(window, 0, |b| b.is_ascii_alphanumeric()) + 1;
        let pair = window.get(kind..run(window, kind, |b| !ends_word(b))).unwrap_or_default();
        let length = pair.iter().rposition(|&b| b == b'@').unwrap_or(0);
        finds.add(from + kind..from + kind + length, Rule::ConnectionString);
    }
}

/// The URL without its userinfo, if it had any.
pub(super) fn without_userinfo(url: &str) -> Option<String> {
    let (head, from) = match url.find("://") {
        Some(i) => (url.get(..i)?, i + 3),
        None if url.starts_with("//") => ("", 2),
        None => return without_scp_user(url),
    };
    let userinfo = userinfo(url, from);
    if keeps(head, userinfo) {
        return None;
    }
    let rest = url.get(from + userinfo.len() + 1..)?;
    Some(format!("{}{rest}", url.get(..from)?))
}

/// `user@host:path`: dropped as in the form with a scheme, unless the user is `git`.
fn without_scp_user(url: &str) -> Option<String> {
    let bytes = url.as_bytes();
    let end = run(bytes, 0, |b| !matches!(b, b'/' | b'\\') && !ends_word(b));
    let i = bytes.get(..end)?.iter().rposition(|&b| b == b'@')?;
    let host = run(bytes, i + 1, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let user = url.get(..i)?;
    let is_scp = at(bytes, host) == b':' && before(bytes, host) != b'@';
    (is_scp && user != "git").then(|| url.get(i + 1..).unwrap_or_default().to_owned())
}

/// Length of `user:pass` in `user:pass@proxy:8080`, as the variables of proxies may be written
/// without a scheme.
pub(super) fn proxy_userinfo(value: &str) -> usize {
    match value.rsplit_once('@') {
        Some((userinfo, _)) if !value.contains("://") && !is_mark(userinfo) => userinfo.len(),
        _ => 0,
    }
}
