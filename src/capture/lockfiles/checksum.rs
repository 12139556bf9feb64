//! Checksums, each `<algorithm>:<value>`. Only what has the exact form of one is taken: a value of
//! another length proves nothing, and anything could stand there that must not be published.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How many bytes a digest has.
fn length(algorithm: &str) -> Option<usize> {
    Some(match algorithm {
        "md5" => 16,
        "sha1" => 20,
        "sha224" => 28,
        "sha256" | "sha3_256" | "blake2s" => 32,
        "sha384" => 48,
        "sha512" | "sha3_512" | "blake2b" => 64,
        _ => return None,
    })
}

/// Hexadecimal.
pub(super) fn hex(algorithm: &str, value: &str) -> Option<String> {
    let digits = length(algorithm)? * 2;
    let fits = value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| format!("{algorithm}:{value}"))
}

/// Base64.
pub(super) fn base64(algorithm: &str, value: &str) -> Option<String> {
    is_base64(value, length(algorithm)?).then(|| format!("{algorithm}:{value}"))
}

fn is_base64(value: &str, bytes: usize) -> bool {
    value.len() == bytes.div_ceil(3) * 4
        && STANDARD.decode(value).is_ok_and(|decoded| decoded.len() == bytes)
}

/// `sha256:<hex>`, or with a `=` in the place of the colon.
pub(super) fn pair(text: &str) -> Option<String> {
    let (algorithm, value) = text.split_once([':', '='])?;
    hex(algorithm, value)
}

/// Subresource integrity: `sha512-<base64>`, several with spaces between them, options after a `?`.
pub(super) fn integrity(text: &str) -> impl Iterator<Item = Option<String>> {
    text.split_ascii_whitespace().map(|one| {
        let (algorithm, value) = one.split_once('-')?;
        base64(algorithm, value.split('?').next()?)
    })
}

/// Go's `h1:<base64>` of SHA-256 over a list of files.
pub(super) fn go(text: &str) -> Option<String> {
    is_base64(text.strip_prefix("h1:")?, 32).then(|| text.to_owned())
}

/// Yarn's own, SHA-512 of the archive that it made for its cache: `10c0/<hex>`, in older files without
/// the key of the cache, which stands at their head.
pub(super) fn yarn(text: &str, cache_key: Option<&str>) -> Option<String> {
    let (key, value) = match text.split_once('/') {
        Some((key, value)) => (key, value),
        None => (cache_key.unwrap_or("0"), text),
    };
    let is_key =
        (1..=8).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fits = value.len() == 128 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_key && fits).then(|| format!("yarn-{key}:{value}"))
}
