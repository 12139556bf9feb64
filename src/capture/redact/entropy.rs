//! Letters and digits that nobody chose: unknown keys, told from names, paths and digests.
//!
//! Shannon's measure alone can't do it: a long kebab-case name scores as high as a short key. What
//! tells them apart is which letters follow each other. In names and paths nearly nine of ten pairs
//! are among the 200 commonest, in random text fewer than three of ten are.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::rule::Rule;
use super::span::{Finds, before, is_base64, run, run_back};

/// Shortest run that is looked at.
const SHORTEST: usize = 24;
/// Bits for each byte below which a run is repetition.
const LEAST_BITS: f64 = 3.2;

/// For each letter, those that follow it often: the 200 commonest pairs of package names, file
/// names and Rust sources.
const FOLLOWERS: [&str; 26] = [
    "bcdgilmnprstuw",
    "aeilou",
    "acehikloprtu",
    "aeio",
    "acdeflmnprstvwxy",
    "aefinor",
    "aceinorz",
    "aeio",
    "abcdefglmnoprstvz",
    "as",
    "e",
    "adefilopstu",
    "abeilopu",
    "acdefgikostu",
    "bcdfgklmnoprstuw",
    "aehiloprtuy",
    "u",
    "aceikmnorstuy",
    "acehiopstuy",
    "adehiorstuy",
    "bdeilmnprstx",
    "aei",
    "ios",
    "t",
    "cmpt",
    "e",
];

fn is_common(first: u8, second: u8) -> bool {
    let row = usize::from(first.to_ascii_lowercase().wrapping_sub(b'a'));
    FOLLOWERS.get(row).is_some_and(|f| f.as_bytes().contains(&second.to_ascii_lowercase()))
}

/// Pairs seen that words have, and pairs that they haven't.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    common: usize,
    odd: usize,
}

impl Tally {
    /// Pairs of one piece without separators. Neutral: digit after digit, digit after letter
    /// (`sha256`), capital after small letter (`camelCase`).
    fn add(&mut self, piece: &[u8]) {
        for pair in piece.windows(2) {
            let &[a, b] = pair else { continue };
            if b.is_ascii_digit() || (a.is_ascii_lowercase() && b.is_ascii_uppercase()) {
                continue;
            }
            if a.is_ascii_digit() {
                // Names go on after a digit (`base64url`), but seldom and not again and again.
                self.odd += 2;
            } else if is_common(a, b) {
                self.common += 1;
            } else {
                self.odd += 1;
            }
        }
    }

    const fn is_random(self, percent: usize) -> bool {
        self.odd >= 8 && self.common * 100 < (self.common + self.odd) * percent
    }
}

const fn is_separator(b: u8) -> bool {
    !b.is_ascii_alphanumeric()
}

/// Hex in one case, long enough not to be chance: a digest, a commit or part of a UUID.
fn is_hex(piece: &[u8]) -> bool {
    piece.len() >= 4
        && piece.iter().all(u8::is_ascii_hexdigit)
        && piece.iter().any(u8::is_ascii_digit)
        && !(piece.iter().any(u8::is_ascii_lowercase) && piece.iter().any(u8::is_ascii_uppercase))
}

/// Whether the letters of `text` follow each other as in no name, in at least two classes.
pub(super) fn is_random(text: &[u8]) -> bool {
    has_fewer_pairs(text, 50)
}

/// Whether `text` has the very form of a secret key of AWS, for which less is enough.
fn is_aws_secret(text: &[u8]) -> bool {
    text.len() == 40
        && is_mixed(text)
        && text.iter().any(u8::is_ascii_digit)
        && !text.iter().any(|b| matches!(b, b'-' | b'_'))
        && has_fewer_pairs(text, 65)
}

/// Whether fewer than `percent` of the pairs in `text` are those of words.
fn has_fewer_pairs(text: &[u8], percent: usize) -> bool {
    let classes = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    if classes.iter().filter(|class| text.iter().any(class)).count() < 2 {
        return false;
    }
    let mut tally = Tally::default();
    for piece in text.split(|&b| is_separator(b)).filter(|p| !is_hex(p)) {
        tally.add(piece);
    }
    tally.is_random(percent)
}

/// Whether `text` is letters that make a word, as the parts of a path do.
pub(super) fn is_word(text: &[u8]) -> bool {
    let mut tally = Tally::default();
    for piece in text.split(|&b| is_separator(b)) {
        tally.add(piece);
    }
    let capitals = text.iter().filter(|b| b.is_ascii_uppercase()).count();
    (2..=40).contains(&text.len())
        && text.iter().all(|&b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'))
        && tally.common >= tally.odd
        && (capitals <= 2 || !text.iter().any(u8::is_ascii_lowercase))
}

/// Whether the run at `start` is a path: it begins with a word, or a third of its parts are words.
///
/// One in 64 characters of base64 is a slash, so a slash alone says nothing, nor do three letters
/// before it, unless they are those that paths do begin with.
fn is_path(bytes: &[u8], start: usize, text: &[u8]) -> bool {
    const ROOTS: [&[u8]; 15] = [
        b"usr", b"var", b"tmp", b"opt", b"etc", b"lib", b"bin", b"src", b"dev", b"nix", b"mnt",
        b"srv", b"run", b"app", b"sys",
    ];
    let parts = || text.split(|&b| b == b'/').filter(|part| part.len() > 1);
    let words = parts().filter(|part| part.len() > 2 && is_word(part)).count();
    let begins = parts().next().is_some_and(|first| {
        let small = first.iter().skip(1).all(|b| !b.is_ascii_uppercase());
        ROOTS.contains(&first) || (first.len() > 3 && small && is_word(first))
    });
    // After a dot inside of an absolute path (`/lib/python3.12/test`) the run goes on with it.
    let goes_on = || {
        let from = run_back(bytes, start, 256, |b| is_base64(b) || matches!(b, b'.' | b'@'));
        before(bytes, start) == b'.' && bytes.get(from) == Some(&b'/')
    };
    text.contains(&b'/') && (begins || (words >= 2 && words * 3 >= parts().count()) || goes_on())
}

fn bits(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &b in text {
        if let Some(count) = counts.get_mut(usize::from(b)) {
            *count = count.saturating_add(1);
        }
    }
    let total: f64 = counts.iter().map(|&c| f64::from(c)).sum();
    let share = |&c: &u32| f64::from(c) / total;
    counts.iter().filter(|&&c| c > 0).map(share).map(|p| -p * p.log2()).sum()
}

/// Finds unknown keys outside `public`, sorted ranges that hold public keys and certificates.
///
/// `near_aws` says that an AWS access key id stands in the same text: then any 40 characters that
/// aren't hex are taken for the secret that belongs to it.
pub(super) fn scan(bytes: &[u8], public: &[Range<usize>], near_aws: bool, finds: &mut Finds) {
    let mut public = public.iter().peekable();
    let mut i = 0;
    while i < bytes.len() {
        let end = run(bytes, i, is_base64);
        if end == i {
            i += 1;
            continue;
        }
        while public.next_if(|p| p.end <= i).is_some() {}
        let exempt = public.peek().is_some_and(|p| p.contains(&i));
        let text = bytes.get(i..end).unwrap_or_default();
        if !exempt && near_aws && text.len() == 40 && !is_hex(text) && is_mixed(text) {
            finds.add(i..end, Rule::AwsSecretKey);
        }
        if !exempt && text.len() >= SHORTEST {
            judge(bytes, i..end, finds);
        }
        i = end;
    }
}

fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase)
}

/// Judges one run: whole, or part by part if it is a path.
fn judge(bytes: &[u8], range: Range<usize>, finds: &mut Finds) {
    let text = bytes.get(range.clone()).unwrap_or_default();
    if is_public(bytes, range.start, text) {
        return;
    }
    let is_path = is_path(bytes, range.start, text);
    let mut start = range.start;
    let parts = text.split(|&b| is_path && b == b'/');
    for part in parts {
        let end = start + part.len();
        if part.len() >= SHORTEST
            && (is_random(part) || is_aws_secret(part))
            && bits(part) >= LEAST_BITS
            && !is_public(bytes, start, part)
        {
            // Padding belongs to the value.
            finds.add(start..run(bytes, end, |b| b == b'=').min(end + 2), Rule::HighEntropy);
        }
        start = end + 1;
    }
}

/// What looks random and is meant to be seen: digests, public keys, store paths.
fn is_public(bytes: &[u8], start: usize, text: &[u8]) -> bool {
    is_digest(bytes, start, text)
        || is_public_key(text)
        || is_store_path(bytes, start, text)
        || is_armoured_public(text)
}

/// `sha256-<base64>`, `h1:<base64>=`, `SHA256:<base64>`, `sha256//<base64>`, of exactly the length
/// that the algorithm gives: a longer value behind such a label is no digest.
fn is_digest(bytes: &[u8], start: usize, text: &[u8]) -> bool {
    const LABELS: [(&[u8], &[usize]); 10] = [
        (b"h1", &[43]),
        (b"md5", &[22]),
        (b"sha1", &[27]),
        (b"sha224", &[38]),
        // 52: how Nix writes 256 bits in base32.
        (b"sha256", &[43, 52]),
        (b"sha384", &[64]),
        (b"sha512", &[86]),
        (b"blake2b", &[43, 86]),
        (b"blake3", &[43]),
        (b"sha3-256", &[43]),
    ];
    let fits = |name: &[u8], length: usize| {
        LABELS.iter().any(|(n, lengths)| n.eq_ignore_ascii_case(name) && lengths.contains(&length))
    };
    // `-` and `/` are in the alphabet, `:` and `=` aren't: the label is in the run or before it.
    let inside = LABELS.iter().any(|(name, _)| {
        let (label, rest) = text.split_at_checked(name.len()).unwrap_or_default();
        let value = rest.strip_prefix(b"//").or_else(|| rest.split_first().map(|(_, value)| value));
        matches!(rest.first(), Some(b'-' | b'/')) && value.is_some_and(|v| fits(label, v.len()))
    });
    let to = start.saturating_sub(1);
    let from = run_back(bytes, to, 8, |b| b.is_ascii_alphanumeric() || b == b'-');
    let label = bytes.get(from..to).unwrap_or_default();
    inside || (matches!(before(bytes, start), b':' | b'=') && fits(label, text.len()))
}

/// OpenSSH and SPKI public keys, minisign public keys, age recipients.
fn is_public_key(text: &[u8]) -> bool {
    const SPKI: [&[u8]; 9] = [
        b"MCowBQYDK2V",
        b"MEMwBQYDK2V",
        b"MFkwEwYHKoZIzj0C",
        b"MHYwEAYHKoZIzj0C",
        b"MIGbMBAGByqGSM49AgEG",
        b"MIGfMA0GCSqGSIb3DQEBAQUAA4GN",
        b"MIIBIjANBgkqhkiG9w0BAQEFAAOC",
        b"MIIBojANBgkqhkiG9w0BAQEFAAOC",
        b"MIICIjANBgkqhkiG9w0BAQEFAAOC",
    ];
    let ssh = || {
        let name = text.get(..12).and_then(|head| STANDARD_NO_PAD.decode(head).ok());
        name.is_some_and(|bytes| {
            let algorithm = bytes.get(4..).unwrap_or_default();
            bytes.starts_with(&[0, 0, 0])
                && [&b"ssh-"[..], b"ecdsa", b"sk-ss", b"sk-ec"]
                    .iter()
                    .any(|a| algorithm.starts_with(a))
        })
    };
    SPKI.iter().any(|prefix| text.starts_with(prefix))
        || (text.len() == 56 && text.starts_with(b"RW") && !text.starts_with(b"RWRTY0Iy"))
        || (text.len() == 62 && text.starts_with(b"age1"))
        || ssh()
}

/// `/nix/store/<32 base32>-name`, and the folders that macOS makes for each user.
fn is_store_path(bytes: &[u8], start: usize, text: &[u8]) -> bool {
    let lead = bytes.get(start.saturating_sub(16)..start).unwrap_or_default();
    let hash = text.get(..32).unwrap_or_default();
    (lead.ends_with(b"/store/")
        && hash.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && text.get(32).is_none_or(|&b| b == b'-')
        && !is_random(text.get(32..).unwrap_or_default()))
        || lead.windows(9).any(|w| w == b"/folders/")
}

/// Base64 of `-----BEGIN` and a label that is public.
fn is_armoured_public(text: &[u8]) -> bool {
    armour_label(text).is_some_and(|label| !is_private_label(&label))
}

/// The label, if `text` is base64 of PEM.
pub(super) fn armour_label(text: &[u8]) -> Option<Vec<u8>> {
    if !text.starts_with(b"LS0tLS1CRUdJTi") {
        return None;
    }
    let head = text.get(..text.len().min(76) / 4 * 4)?;
    let plain = STANDARD_NO_PAD.decode(head).ok()?;
    let label = plain.get(b"-----BEGIN ".len()..)?;
    Some(label.iter().copied().take_while(|&b| b != b'-').collect())
}

/// Whether the label of a PEM block, or the part of it that is there, may be of a private key.
pub(super) fn is_private_label(label: &[u8]) -> bool {
    const PUBLIC: [&[u8]; 9] = [
        b"PUBLIC KEY",
        b"RSA PUBLIC KEY",
        b"CERTIFICATE",
        b"TRUSTED CERTIFICATE",
        b"NEW CERTIFICATE",
        b"X509 CRL",
        b"PGP PUBLIC KEY BLOCK",
        b"SSH2 PUBLIC KEY",
        b"PKCS7",
    ];
    !(PUBLIC.iter().any(|p| label.starts_with(p)) || label.ends_with(b"SIGNATURE"))
}
