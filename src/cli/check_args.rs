//! Whom to trust, what to expect, and which evidence file: shared by the checking commands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, Fault};
use crate::assess::assurance::Brought;
use crate::base::digest::Sha256;
use crate::base::file;
use crate::base::text::printable_path;
use crate::base::time::Span;
use crate::capture::redact;
use crate::format::key::{KEY_FILE_MAX, PublicKey, PublicKeyError, may_be_secret};
use crate::token::{Issuer, Jwks, Platform};
use crate::verify::{Expectations, Trust};

/// Whom to trust.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct TrustArgs {
    /// Trust this public key: a file (SPKI PEM, OpenSSH, base64) or the key itself; may be repeated
    #[arg(long = "key", value_name = "PUB", allow_hyphen_values = true)]
    keys: Vec<String>,
    /// How many distinct keys must have signed
    #[arg(long, value_name = "N")]
    threshold: Option<usize>,
}

impl TrustArgs {
    /// The files that keys may have been read from.
    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.keys.iter().map(PathBuf::from)
    }

    /// The trust that was given; `None` where no flag names any.
    pub(super) fn trust(&self) -> Result<Option<Trust>, Failure> {
        if self.keys.is_empty() {
            return match self.threshold {
                Some(_) => {
                    Err(Failure::usage("--threshold without --key: there is nothing to count")
                        .hint("name the keys with --key"))
                }
                None => Ok(None),
            };
        }
        let keys = self
            .keys
            .iter()
            .map(|text| public_key("--key", text))
            .collect::<Result<Vec<_>, _>>()?;
        let trust = Trust::new(keys, self.threshold());
        trust.map(Some).map_err(|error| Failure::usage(format_args!("--threshold: {error}")))
    }

    /// How many distinct keys must have signed.
    pub(super) fn threshold(&self) -> usize {
        self.threshold.unwrap_or(1)
    }

    /// The same, where the command is nothing without trust.
    pub(super) fn required(&self) -> Result<Trust, Failure> {
        self.trust()?.ok_or_else(|| {
            let message = "no trust given: expected --key, and the trust store of this version is empty";
            Failure::new(Fault::CouldNotTell, message)
                .hint("get the vendor's public key from the vendor, not from beside the artefact: --key vendor.pub")
        })
    }
}

/// Takes the key itself, or a file that holds it.
pub(super) fn public_key(flag: &str, text: &str) -> Result<PublicKey, Failure> {
    match PublicKey::parse(text) {
        Ok(key) => return Ok(key),
        // A file's name, most likely.
        Err(PublicKeyError::Form) => {}
        Err(error) => return Err(Failure::usage(format_args!("{flag}: {error}"))),
    }
    let path = Path::new(text);
    let bytes = file::read(path, KEY_FILE_MAX).map_err(|error| {
        unreadable_key(flag, path, &error)
            .hint("give a file with one Ed25519 public key, or the key itself")
    })?;
    let content = String::from_utf8_lossy(&bytes);
    PublicKey::parse(&content)
        .map_err(|error| Failure::usage(format_args!("{flag} {}: {error}", printable_path(path))))
}

/// A key that can't be read. What was given in place of a path may be a private key: it isn't shown then.
pub(super) fn unreadable_key(flag: &str, path: &Path, error: &file::FileError) -> Failure {
    let given = path.to_string_lossy();
    if redact::scrub(&given).rules.is_empty() && !may_be_secret(&given) {
        Failure::usage(format_args!("{flag}: {error}"))
    } else {
        let message = "expected a path, found what may be a private key; it isn't shown";
        Failure::usage(format_args!("{flag}: {message}"))
    }
}

/// Whose tokens about the build count.
#[derive(Debug, Args)]
#[command(next_help_heading = "Identity")]
pub(super) struct IdentityArgs {
    /// Take tokens of this issuer too, beside those of github.com, gitlab.com and *.ghe.com; may be repeated
    #[arg(long = "issuer", value_name = "URL", value_parser = filled)]
    issuers: Vec<String>,
    /// Demand a token in the evidence that one of these keys signed, about this very build
    ///
    /// A set of keys (JWKS) of the issuer's, which you got from the issuer. A token is kept in the evidence
    /// where the build was run with --embed-token.
    #[arg(long, value_name = "FILE")]
    issuer_jwks: Option<PathBuf>,
}

/// Issuers and keys that the checker brings.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    issuers: Vec<Issuer>,
    keys: Option<Jwks>,
    /// Of the file that the keys came in.
    keys_sha256: Option<Sha256>,
}

impl IdentityArgs {
    pub(super) fn issuers(&self) -> Result<Issuers, Failure> {
        let mut issuers = Vec::new();
        for url in &self.issuers {
            // Whose tokens they are is said by no address; the evidence tells, and claims of the other platform
            // would be called otherwise.
            for platform in [Platform::GitHub, Platform::GitLab] {
                let issuer = Issuer::given(url, platform)
                    .map_err(|error| Failure::usage(format_args!("--issuer: {error}")))?;
                issuers.push(issuer);
            }
        }
        // A set of keys is one issuer's: beside two names whoever has one's keys could speak for the other.
        if self.issuer_jwks.is_some() && self.issuers.len() > 1 {
            let message =
                "--issuer-jwks with several --issuer: expected the one whose keys they are";
            return Err(Failure::usage(message).hint("check once for each issuer"));
        }
        let keys = self.issuer_jwks.as_deref().map(issuer_keys).transpose()?;
        let (keys, keys_sha256) = keys.unzip();
        Ok(Issuers { issuers, keys, keys_sha256 })
    }
}

impl Issuers {
    pub(super) fn brought(&self) -> Brought<'_> {
        Brought { issuers: &self.issuers, keys: self.keys.as_ref() }
    }

    /// The issuers' addresses, each once, and SHA-256 of the file of their keys.
    pub(super) fn named(&self) -> (Vec<String>, Option<Sha256>) {
        let names: BTreeSet<_> = self.issuers.iter().map(|one| one.url().to_owned()).collect();
        (names.into_iter().collect(), self.keys_sha256)
    }
}

fn issuer_keys(path: &Path) -> Result<(Jwks, Sha256), Failure> {
    let hint = "get it from the issuer: the jwks_uri of <issuer>/.well-known/openid-configuration";
    let bytes = file::read(path, Jwks::BYTES_MAX as u64)
        .map_err(|error| Failure::usage(format_args!("--issuer-jwks: {error}")).hint(hint))?;
    let keys = Jwks::parse(&bytes).map_err(|error| {
        let path = printable_path(path);
        Failure::usage(format_args!("--issuer-jwks {path}: {error}")).hint(hint)
    })?;
    Ok((keys, Sha256::of(&bytes)))
}

/// What the accepted statements must say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Expectations")]
pub(super) struct ExpectArgs {
    /// The source repository's URL
    #[arg(long, value_name = "URL", value_parser = filled)]
    source: Option<String>,
    /// The full commit id
    #[arg(long, value_name = "ID", value_parser = commit_id)]
    commit: Option<String>,
    /// The full ref, such as refs/tags/v1.2.3
    #[arg(long = "ref", value_name = "REF", value_parser = full_ref)]
    ref_name: Option<String>,
    /// What made the statement: the provenance's builder.id
    #[arg(long, value_name = "ID", value_parser = filled)]
    builder: Option<String>,
    /// Take statements of this type, exactly; may be repeated
    #[arg(long = "predicate-type", value_name = "TYPE", value_parser = filled)]
    predicate_types: Vec<String>,
    /// The largest age of the build, such as 30d or 12h
    #[arg(long, value_name = "AGE")]
    max_age: Option<Span>,
}

impl ExpectArgs {
    /// Whether anything is expected.
    pub(super) fn is_empty(&self) -> bool {
        self.predicate_types.is_empty() && self.expectations().asked().is_empty()
    }

    pub(super) fn expectations(&self) -> Expectations {
        Expectations {
            // Compared without userinfo, and so shown without.
            source: self.source.as_deref().map(|url| redact::scrub_url(url).text),
            commit: self.commit.clone(),
            ref_name: self.ref_name.clone(),
            builder: self.builder.clone(),
            max_age: self.max_age,
        }
    }

    pub(super) fn predicate_types(&self) -> Vec<String> {
        self.predicate_types.clone()
    }
}

/// An empty wish is a variable that was not set, and would be met by nothing or by everything.
pub(super) fn filled(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("expected a value, found an empty one".into())
    } else {
        Ok(text.into())
    }
}

fn commit_id(text: &str) -> Result<String, String> {
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    if hex && matches!(text.len(), 40 | 64) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected a full commit id of 40 or 64 hexadecimal digits".into())
    }
}

fn full_ref(text: &str) -> Result<String, String> {
    if text.starts_with("refs/") && !text.contains(['*', '?', '[']) {
        Ok(text.into())
    } else {
        Err("expected a full ref such as refs/heads/main, without patterns".into())
    }
}

/// The evidence file of `artefact`: the one that was named, else the first that exists beside it.
pub(super) fn bundle_of(named: Option<&Path>, artefact: &Path) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let with = |ending: &str| {
        let mut name = artefact.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        artefact.with_file_name(name)
    };
    [
        artefact.with_file_name(crate::write::DEFAULT_NAME),
        with(".sigstore.jsonl"),
        with(".sigstore.json"),
        with(".intoto.jsonl"),
    ]
    .into_iter()
    .find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviated_and_empty_wishes_are_no_wishes() {
        assert!(commit_id("abc1234").is_err());
        assert!(commit_id(&"A".repeat(40)).is_ok());
        assert!(full_ref("main").is_err());
        assert!(full_ref("refs/heads/*").is_err());
        assert!(full_ref("refs/tags/v1").is_ok());
        assert!(filled(" ").is_err());
    }

    #[test]
    fn the_first_file_that_exists_beside_the_artefact_is_taken_and_only_that() {
        let folder = tempfile::tempdir().unwrap();
        let artefact = folder.path().join("a.tgz");
        assert_eq!(bundle_of(None, &artefact), None);
        let touch = |name: &str| {
            let path = folder.path().join(name);
            file::write_bytes(&path, file::Overwrite::Never, file::Access::Umask, b"").unwrap();
            path
        };
        for name in [
            "a.tgz.intoto.jsonl",
            "a.tgz.sigstore.json",
            "a.tgz.sigstore.jsonl",
            "proofmark.sigstore.jsonl",
        ] {
            let path = touch(name);
            assert_eq!(bundle_of(None, &artefact), Some(path));
        }
        let named = Path::new("elsewhere");
        assert_eq!(bundle_of(Some(named), &artefact), Some(named.to_owned()));
    }
}
