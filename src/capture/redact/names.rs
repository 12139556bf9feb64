//! Names that tell what they hold.

use super::entropy::{is_random, is_word};
use super::rule::{Rule, is_mark};

/// Longest end of a name that is read: beyond that it only costs time.
const NAME_MAX: usize = 96;
/// Longest value that can pass for a path.
const PATH_MAX: usize = 512;

/// A word that tells alone.
const TELLING: &[&str] = &[
    "token",
    "tokens",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "pass",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "creds",
    "cred",
    "apikey",
    "apikeys",
    "pat",
    "jwt",
    "dsn",
    "webhook",
    "webhooks",
    "cookie",
    "cookies",
    "bearer",
    "authorization",
    "otp",
    "totp",
    "sas",
    "passin",
    "passout",
    "storepass",
    "keypass",
    "sshpass",
    "netrc",
    "psk",
];
/// A word that tells if it is the last: `NPM_AUTH`, but not `AUTH_MODE`.
const TELLING_LAST: &[&str] = &["auth", "authtoken"];
/// Ends of words written without a separator: `PGPASSWORD`, `-Ptoken`.
const TELLING_ENDS: &[&str] = &[
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "credentials",
];
/// What makes a key a secret one. `key` alone is most often a path, an index or a public thing.
const KEYED: &[&str] = &[
    "api",
    "access",
    "private",
    "signing",
    "encryption",
    "session",
    "secret",
    "master",
    "account",
    "storage",
    "license",
    "deploy",
    "ssh",
    "app",
    "application",
    "consumer",
    "shared",
    "admin",
    "publish",
    "write",
    "service",
    "auth",
    "decryption",
    "hmac",
    "subscription",
];
/// Pairs without `key`.
const PAIRS: &[(&str, &str)] = &[
    ("connection", "string"),
    ("connection", "strings"),
    ("access", "signature"),
    ("auth", "config"),
    ("basic", "auth"),
    // A header of a service that calls its keys so.
    ("honeycomb", "team"),
];
/// Last words that speak about a secret and don't hold one.
const DESCRIBING: &[&str] = &[
    "file",
    "files",
    "path",
    "paths",
    "dir",
    "directory",
    "folder",
    "provider",
    "providers",
    "helper",
    "type",
    "protocol",
    "format",
    "ttl",
    "expiry",
    "expiration",
    "expires",
    "timeout",
    "algorithm",
    "alg",
    "length",
    "policy",
    "lifetime",
    "name",
    "names",
    "sock",
    "socket",
    "command",
    "cmd",
    "store",
    "issuer",
    "audience",
    "enabled",
    "disabled",
    "stdin",
    "fd",
    "env",
    "keyring",
    "permissions",
    "scope",
    "scopes",
    "count",
    "limit",
    "budget",
    "usage",
    "required",
    "rotation",
    "size",
    "max",
    "min",
    "version",
    "region",
    "manager",
    "prompt",
    "mode",
];
/// First words of flags that list, forbid or show secrets and take none.
const ACTING: &[&str] = &[
    "no", "without", "with", "show", "list", "export", "import", "delete", "skip", "require",
    "ask", "prompt", "disable", "enable", "allow", "use", "has", "is",
];

/// What a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing.
    Silent,
    /// A secret, if the value isn't plainly something else.
    Telling,
    /// A secret even if it is a URL.
    TellingUrl,
    /// Proofmark's own: withheld whatever it looks like.
    Own,
}

/// How the value came to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// A variable, an assignment, a field.
    Assigned,
    /// The value of a command's flag. People do type `--password 1234`.
    Flag,
}

/// The words of a name: split at everything that is no letter or digit, and in camelCase.
/// Digits at the end of a word are dropped (`token2`).
fn words(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    let name = bytes.get(bytes.len().saturating_sub(NAME_MAX)..).unwrap_or_default();
    let mut out = vec![String::new()];
    for (i, &b) in name.iter().enumerate() {
        let last = i.checked_sub(1).and_then(|j| name.get(j)).copied().unwrap_or(0);
        let next = name.get(i + 1).copied().unwrap_or(0);
        let starts = !b.is_ascii_alphanumeric()
            || (b.is_ascii_uppercase()
                && (last.is_ascii_lowercase()
                    || last.is_ascii_digit()
                    || (last.is_ascii_uppercase() && next.is_ascii_lowercase())));
        if starts {
            out.push(String::new());
        }
        if let Some(word) = out.last_mut().filter(|_| b.is_ascii_alphanumeric()) {
            word.push(char::from(b.to_ascii_lowercase()));
        }
    }
    for word in &mut out {
        let kept = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        word.truncate(kept);
    }
    out.retain(|w| !w.is_empty());
    out
}

fn has(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

fn verdict(name: &str) -> Verdict {
    let upper = name.to_ascii_uppercase();
    if upper.starts_with("PROOFMARK_")
        && (upper.contains("KEY") || upper.contains("TOKEN"))
        && upper != "PROOFMARK_KEY_FILE"
    {
        return Verdict::Own;
    }
    // Where the shell stands, not what it knows. In other letters it is a password.
    if matches!(name, "PWD" | "OLDPWD") {
        return Verdict::Silent;
    }
    let words = words(name);
    let Some(last) = words.last() else {
        return Verdict::Silent;
    };
    // make's own descriptors, in `--jobserver-auth`, are no one's password.
    if has(DESCRIBING, last) || words.iter().any(|word| word == "jobserver") {
        return Verdict::Silent;
    }
    let alone = words.iter().any(|w| {
        has(TELLING, w) || TELLING_ENDS.iter().any(|end| w.len() > end.len() && w.ends_with(end))
    });
    let keyed = words.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        (matches!(second.as_str(), "key" | "keys") && has(KEYED, first))
            || PAIRS.contains(&(first.as_str(), second.as_str()))
    });
    // The id of a key or of a token names it. The id of an AWS key is half of it.
    let names_only =
        last == "id" && !words.iter().any(|w| matches!(w.as_str(), "access" | "secret"));
    if names_only || !(alone || keyed || has(TELLING_LAST, last)) {
        Verdict::Silent
    } else if words.iter().any(|w| w.starts_with("webhook")) {
        Verdict::TellingUrl
    } else {
        Verdict::Telling
    }
}

/// Whether the name alone tells, whatever the value.
pub(super) fn tells(name: &str) -> bool {
    verdict(name) != Verdict::Silent
}

/// Whether a flag of this name is followed by a secret.
pub(super) fn flag_tells(name: &str) -> bool {
    let acts = words(name).first().is_some_and(|first| has(ACTING, first));
    !acts && tells(name)
}

/// Why the value has to be withheld for its name's sake, if it has to be.
pub(super) fn withholds(name: &str, value: &str, manner: Manner) -> Option<Rule> {
    let value = value.trim();
    if value.is_empty() || is_mark(value) {
        return None;
    }
    let rule = if manner == Manner::Flag { Rule::FlagValue } else { Rule::NameTells };
    match verdict(name) {
        Verdict::Own => Some(Rule::ProofmarkSecret),
        Verdict::Telling if !is_plain(value, manner) && !is_url(value) => Some(rule),
        Verdict::TellingUrl if !is_plain(value, manner) => Some(rule),
        _ => None,
    }
}

/// Whether a value can't be a secret whatever its name says: a boolean, a small number, a path,
/// a permission (`id-token: write`).
pub(super) fn is_plain(value: &str, manner: Manner) -> bool {
    const WORDS: &[&str] =
        &["true", "false", "yes", "no", "on", "off", "none", "null", "read", "write"];
    // In a list or a line of code the next comma is still there.
    let value = value.trim_end_matches([',', ';']);
    // `permissions: { id-token: write }`: what closes isn't part of a word.
    let word = value.trim_end_matches(['`', '}']).trim_end();
    let number = value.len() <= 5 && value.bytes().all(|b| b.is_ascii_digit());
    value.is_empty()
        || WORDS.iter().any(|one| one.eq_ignore_ascii_case(word))
        || ((number || is_version(value)) && manner == Manner::Assigned)
        || value.bytes().all(|b| b == b'*')
        || is_placeholder(value)
        || is_path(value)
}

/// `0.20.5-3`: of a package whose name ends like a secret's.
fn is_version(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit())
        && value.bytes().all(|b| b.is_ascii_digit() || b".-+~".contains(&b))
        && value.len() <= 24
        && value.split('.').filter(|part| !part.is_empty()).count() >= 3
}

/// `${NAME}` in capitals, `${{ github.token }}`: where the value will be put, not what it is.
fn is_placeholder(value: &str) -> bool {
    const CONTEXTS: &[&str] = &["env", "github", "inputs", "secrets", "vars"];
    let expression = value.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    if let Some((context, name)) = expression.and_then(|inner| inner.trim().split_once('.')) {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        return CONTEXTS.contains(&context) && name.bytes().all(is_name);
    }
    value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(|name| {
        name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// A scheme and `://`. Such a value is searched for secrets, not taken for one.
fn is_url(value: &str) -> bool {
    value.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.len() <= 24
            && scheme
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-:".contains(&b))
            && !rest.is_empty()
    })
}

/// Whether a value is plainly a path.
///
/// One key in 64 begins with a slash when written in base64, so a slash doesn't settle it: the
/// first part must be a word, and no part may be random.
fn is_path(value: &str) -> bool {
    if value.len() > PATH_MAX
        || !value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/\\._-~@: ".contains(&b) || b >= 128)
    {
        return false;
    }
    let windows =
        matches!(value.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    let rest = match value {
        _ if windows => value.get(3..).unwrap_or_default(),
        "." | ".." | "~" | "/" => return true,
        _ => value.trim_start_matches(['~', '.']),
    };
    let rooted = windows || rest.starts_with(['/', '\\']);
    let mut parts = rest.split(['/', '\\']).filter(|p| !p.is_empty());
    let first = parts.clone().next().unwrap_or_default();
    !parts.any(|p| is_random(p.as_bytes()))
        && ((rooted && is_word(first.trim_start_matches('.').as_bytes())) || has_file_ending(value))
}

/// A relative path is told by the ending of its last part only.
fn has_file_ending(value: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "key", "pem", "txt", "json", "p8", "p12", "pfx", "jks", "pub", "crt", "cer", "cert", "asc",
        "gpg", "yml", "yaml", "toml", "env", "conf", "cfg", "ini", "sec", "age", "token",
        "password", "secret", "b64", "keystore", "kdbx", "der",
    ];
    let name = value.rsplit(['/', '\\']).next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && has(ENDINGS, ending))
}
