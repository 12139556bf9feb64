//! `--attest-result`: the answer, signed by whoever checked.
//!
//! One answer for all artefacts together. A summary says PASSED only where everything was verified; what was
//! refused or could not be told says FAILED, so that no older result goes on to stand for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::artefacts::{Item, Source};
use super::{Answer, Outcome};
use crate::assess::policy::Policy;
use crate::base::digest::Sha256;
use crate::base::file::{self, Access, Overwrite};
use crate::base::name::ArtefactName;
use crate::base::text::{count, is_unprintable, printable_path};
use crate::base::time::Time;
use crate::capture::environment::Variables;
use crate::capture::platform::{self, Kind};
use crate::capture::redact;
use crate::cli::bracket;
use crate::cli::check_args::{Issuers, filled};
use crate::cli::failure::Failure;
use crate::cli::keys::Ring;
use crate::cli::passphrase::Passphrases;
use crate::cli::sign_args::{KEY_FILE_VARIABLE, KEY_VARIABLE, output_failure};
use crate::cli::talk::{Talk, sayable};
use crate::format::dsse::encode_base64;
use crate::format::json;
use crate::format::slsa::{PROVENANCE_V0_2, PROVENANCE_V1};
use crate::format::statement::{IMAGE, KIND, NewStatement, Subject};
use crate::format::vsa::{
    BUILD_LEVEL_1, BUILD_LEVEL_UNEVALUATED, Document, LEVEL_FAILED, POLICY_PREFIX,
    SIMPLE_RESULT_V0_2, SLSA_VERSION, SimpleResult, SimpleVerifier, VERIFICATION_SUMMARY_V1,
    VERIFIER_PREFIX, VerificationResult, VerificationSummary, Verifier,
};
use crate::sign::{Signer, sign};
use crate::verify::{Trust, Verdict, Wishes};

/// What every property of a simple result begins with.
const PROPERTY: &str = "PROOFMARK_";
/// Longest resource URI, in bytes.
const URI_MAX: usize = 2048;
/// Most bytes of what was asked that stand in the result itself.
const CONTENT_MAX: usize = 1024;

/// Whether and how the answer is signed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Attested result")]
pub(super) struct ResultArgs {
    /// Sign the answer, whatever it is, into this file
    #[arg(long, value_name = "FILE")]
    attest_result: Option<PathBuf>,
    /// What the artefacts are, as a summary is to call them, such as pkg:generic/app@1.2
    #[arg(long, value_name = "URI", requires = "attest_result", value_parser = filled)]
    resource_uri: Option<String>,
    /// What is signed
    #[arg(long, value_enum, default_value = "vsa", requires = "attest_result")]
    result_format: ResultFormat,
    /// Sign it with this Ed25519 key; else with the one in PROOFMARK_KEY or PROOFMARK_KEY_FILE
    ///
    /// As `--key` of the commands that sign. It must be none of the trusted keys: whoever checks is another than
    /// whoever builds.
    #[arg(long, value_name = "FILE", requires = "attest_result", allow_hyphen_values = true)]
    result_key: Option<PathBuf>,
    /// Read the passphrase of an encrypted key from this descriptor
    #[arg(long, value_name = "N", requires = "attest_result")]
    passphrase_fd: Option<u32>,
    /// Replace a result that is there
    #[arg(long, requires = "attest_result")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ResultFormat {
    /// SLSA verification summary v1: PASSED or FAILED
    Vsa,
    /// in-toto simple verification result v0.2: written only of what was verified
    Svr,
}

/// Everything that signing needs, at hand before anything is checked.
pub(super) struct Attesting {
    path: PathBuf,
    overwrite: Overwrite,
    format: ResultFormat,
    resource: Option<String>,
    key: Box<dyn Signer>,
}

/// What was asked, in words that don't depend on how.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    version: u32,
    keys: Vec<String>,
    threshold: usize,
    issuers: Vec<String>,
    issuer_keys_sha256: Option<Sha256>,
    predicate_types: Vec<String>,
    source: Option<String>,
    commit: Option<String>,
    #[serde(rename = "ref")]
    ref_name: Option<String>,
    builder: Option<String>,
    max_age: Option<String>,
    name: Option<String>,
    strict_names: bool,
    complete: bool,
}

impl Asked {
    pub(super) fn new(
        trust: &Trust,
        issuers: &Issuers,
        wishes: &Wishes,
        name: Option<&str>,
        complete: bool,
    ) -> Self {
        let said = |text: &Option<String>| text.as_deref().map(sayable);
        let mut keys: Vec<_> = trust.keys().iter().map(ToString::to_string).collect();
        keys.sort();
        let types: BTreeSet<_> = wishes.predicate_types.iter().map(|one| sayable(one)).collect();
        let (issuers, issuer_keys_sha256) = issuers.named();
        let expected = &wishes.expectations;
        Self {
            version: 1,
            keys,
            threshold: trust.threshold(),
            issuers,
            issuer_keys_sha256,
            predicate_types: types.into_iter().collect(),
            source: said(&expected.source),
            commit: said(&expected.commit),
            ref_name: said(&expected.ref_name),
            builder: said(&expected.builder),
            max_age: expected.max_age.map(|age| age.to_string()),
            name: name.map(sayable),
            strict_names: wishes.strict_names,
            complete,
        }
    }

    /// A document of the name `flags`, with its text where that is short.
    fn document(&self) -> Result<Document, Failure> {
        let text = json::to_line(self).map_err(Failure::trouble)?;
        let content = (text.len() <= CONTENT_MAX).then(|| encode_base64(&text));
        Ok(Document {
            content,
            ..Document::new(format!("{POLICY_PREFIX}flags"), Sha256::of(&text))
        })
    }
}

impl ResultArgs {
    /// Reads the key and looks at the place of the result; `None` where none was asked for.
    pub(super) fn prepare(&self, trust: &Trust, talk: Talk) -> Result<Option<Attesting>, Failure> {
        let Some(path) = &self.attest_result else { return Ok(None) };
        let resource = self.resource()?;
        let overwrite = if self.force { Overwrite::Replace } else { Overwrite::Never };
        if path.as_os_str() == "-" {
            let message = "--attest-result -: a result is not written to standard output";
            return Err(Failure::usage(message).hint("name a file; ./- for one of that name"));
        }
        file::check_free(path, overwrite).map_err(output_failure)?;
        let key = self.key(talk)?;
        if trust.keys().contains(&key.public()) {
            let message = format_args!(
                "the key for the result is one that --key trusts for builds ({}): expected another",
                key.public()
            );
            return Err(Failure::usage(message).hint(
                "make one for results alone: proofmark keygen --out result.pem, then --result-key result.pem",
            ));
        }
        let path = path.clone();
        Ok(Some(Attesting { path, overwrite, format: self.result_format, resource, key }))
    }

    fn resource(&self) -> Result<Option<String>, Failure> {
        match (self.result_format, &self.resource_uri) {
            (ResultFormat::Vsa, None) => {
                let message =
                    "--attest-result without --resource-uri: a summary says of what it is";
                Err(Failure::usage(message)
                    .hint("name the release, such as --resource-uri pkg:generic/app@1.2"))
            }
            (ResultFormat::Svr, Some(_)) => {
                let message =
                    "--resource-uri with --result-format svr: that form has no place for it";
                Err(Failure::usage(message).hint("leave it out, or ask for --result-format vsa"))
            }
            (ResultFormat::Svr, None) => Ok(None),
            (ResultFormat::Vsa, Some(uri)) => resource_uri(uri).map(Some),
        }
    }

    fn key(&self, talk: Talk) -> Result<Box<dyn Signer>, Failure> {
        let variables = Variables::read();
        let platform = platform::capture(&variables, &bracket::redactor(&variables));
        // A job has nobody who could answer.
        let passphrases = Passphrases::new(self.passphrase_fd, platform.kind == Kind::Local);
        let mut ring = Ring::new(&variables, passphrases);
        match &self.result_key {
            Some(path) => ring.add_named("--result-key", path)?,
            None => ring.add_variables(&variables)?,
        }
        ring.close(talk).keys.pop().ok_or_else(|| {
            let message = format_args!(
                "--attest-result without a key: expected --result-key, {KEY_VARIABLE} or {KEY_FILE_VARIABLE}, found none"
            );
            Failure::usage(message)
                .hint("make one for results alone: proofmark keygen --out result.pem")
        })
    }
}

/// A URI that is signed as it stands, because others compare it: one that holds a secret is refused.
fn resource_uri(uri: &str) -> Result<String, Failure> {
    // (`user:password@host` has the form of a URI.)
    let opaque = uri.split_once(':').map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest));
    if !redact::scrub_url(uri).rules.is_empty() || sayable(uri) != uri || opaque.contains('@') {
        let message = "--resource-uri: it holds what may be a secret, and isn't shown";
        return Err(Failure::usage(message).hint("name the release without credentials"));
    }
    let scheme = uri.split_once(':').filter(|(scheme, rest)| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(plain)
            && !rest.is_empty()
    });
    let odd = |c: char| c.is_whitespace() || is_unprintable(c);
    if scheme.is_none() || uri.len() > URI_MAX || uri.contains(odd) {
        return Err(Failure::usage("--resource-uri: expected a URI, found something else")
            .hint("such as pkg:generic/app@1.2 or https://example.com/app-1.2.tar.gz"));
    }
    Ok(uri.to_owned())
}

impl Attesting {
    /// A result must not take the place of what it is about.
    pub(super) fn check_place(
        &self,
        items: &[Item],
        bundles: impl IntoIterator<Item = PathBuf>,
    ) -> Result<(), Failure> {
        let Ok(own) = self.path.canonicalize() else { return Ok(()) };
        let same = |path: &Path| path.canonicalize().is_ok_and(|path| path == own);
        let artefacts = items.iter().filter_map(Item::path).map(Path::to_owned);
        if artefacts.chain(bundles).any(|path| same(&path)) {
            let message = format_args!(
                "--attest-result {}: expected a file of its own, found one that is checked",
                printable_path(&self.path)
            );
            return Err(Failure::usage(message).hint("name another"));
        }
        Ok(())
    }

    /// Signs the answer. `policy` is what was asked, where it was more than flags.
    pub(super) fn write(
        &self,
        outcome: &Outcome<'_>,
        asked: &Asked,
        policy: Option<&Policy>,
        now: Time,
        talk: Talk,
    ) -> Result<(), Failure> {
        let subjects = subjects(&outcome.answers);
        let passed = outcome.verdict() == Verdict::Verified;
        if subjects.is_empty() {
            return self.nothing("nothing was hashed, so that it would be about nothing", talk);
        }
        let flags = asked.document()?;
        let named = policy
            .map(|policy| Document::new(format!("{POLICY_PREFIX}{}", policy.name), policy.sha256));
        let id = format!("{VERIFIER_PREFIX}{}", self.key.public().fingerprint());
        let payload = match (self.format, &self.resource) {
            (ResultFormat::Vsa, Some(resource)) => {
                let version = env!("CARGO_PKG_VERSION").to_owned();
                let summary = VerificationSummary {
                    verifier: Verifier {
                        id,
                        version: BTreeMap::from([("proofmark".to_owned(), version)]),
                    },
                    time_verified: now,
                    resource_uri: resource.clone(),
                    policy: named.unwrap_or(flags),
                    input_attestations: inputs(&outcome.answers),
                    verification_result: if passed {
                        VerificationResult::Passed
                    } else {
                        VerificationResult::Failed
                    },
                    verified_levels: vec![level(outcome)],
                    slsa_version: SLSA_VERSION,
                };
                json::to_line(&NewStatement::new(&subjects, VERIFICATION_SUMMARY_V1, &summary))
            }
            _ if !passed => {
                return self.nothing("a simple result says only what was verified", talk);
            }
            _ => {
                let result = SimpleResult {
                    verifier: SimpleVerifier {
                        id,
                        policies: named.into_iter().chain([flags]).collect(),
                    },
                    time_created: now,
                    properties: properties(outcome),
                };
                json::to_line(&NewStatement::new(&subjects, SIMPLE_RESULT_V0_2, &result))
            }
        };
        let payload = payload.map_err(Failure::trouble)?;
        let mut line = sign(payload, self.key.as_ref())
            .map_err(|error| Failure::trouble(format_args!("the result is not signed: {error}")))?;
        line.push(b'\n');
        file::write_bytes(&self.path, self.overwrite, Access::Umask, &line)
            .map_err(output_failure)?;
        talk.say(format_args!(
            "wrote {}: {} for {}, signed by {}",
            printable_path(&self.path),
            if passed { "PASSED" } else { "FAILED" },
            count(subjects.len() as u64, "artefact"),
            self.key.public()
        ));
        Ok(())
    }

    /// No result. One that was to be replaced would otherwise stand for this answer.
    fn nothing(&self, why: &str, talk: Talk) -> Result<(), Failure> {
        let gone = self.overwrite == Overwrite::Replace && self.path.exists();
        if gone {
            file::remove(&self.path).map_err(output_failure)?;
        }
        let and = if gone { ", and the older one is removed" } else { "" };
        talk.notice(format_args!("no result is written{and}: {why}"));
        Ok(())
    }
}

/// The artefacts that there is a digest of, each once.
fn subjects(answers: &[Answer<'_>]) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    let mut seen = BTreeSet::new();
    for answer in answers {
        let Some(sha256) = answer.sha256 else { continue };
        let kind = match answer.item.source {
            Source::Tree { .. } => Some("tree"),
            Source::Image(_) => Some(IMAGE),
            _ => None,
        };
        // A name is for people; digests are what is compared.
        let plain = |name: &&str| name.parse::<ArtefactName>().is_ok() && sayable(name) == **name;
        let name = answer.item.name.as_deref().filter(plain).map(str::to_owned);
        if seen.insert((sha256, kind, name.clone())) {
            let digest = BTreeMap::from([(Sha256::ALGORITHM.to_owned(), sha256.to_string())]);
            let kind = kind.map(|kind| (KIND.to_owned(), kind.into()));
            subjects.push(Subject { name, digest, annotations: kind.into_iter().collect() });
        }
    }
    subjects
}

/// Every verified statement of the evidence files that were used: those that were accepted, and those beside
/// them that could have refused.
fn inputs(answers: &[Answer<'_>]) -> Vec<Document> {
    let contents = answers.iter().filter_map(|answer| answer.bundle?.content.as_ref().ok());
    let verified = contents.flat_map(|(_, authenticated)| &authenticated.verified);
    let digests: BTreeSet<_> = verified.map(|statement| statement.payload_digest()).collect();
    digests.into_iter().map(Document::statement).collect()
}

/// Level 1 asks that there is provenance of every artefact; more than that no signature of a build job shows.
fn level(outcome: &Outcome<'_>) -> &'static str {
    if outcome.verdict() != Verdict::Verified {
        return LEVEL_FAILED;
    }
    let has_provenance = |answer: &Answer<'_>| {
        let accepted = answer.result.iter().flat_map(|judgement| &judgement.accepted);
        let mut types = accepted.map(|accepted| &accepted.statement.get().predicate_type);
        types.any(|found| [PROVENANCE_V1, PROVENANCE_V0_2].contains(&found.as_str()))
    };
    if outcome.answers.iter().all(has_provenance) { BUILD_LEVEL_1 } else { BUILD_LEVEL_UNEVALUATED }
}

fn properties(outcome: &Outcome<'_>) -> Vec<String> {
    let checked = outcome.checked.iter().map(|what| format!("CHECKED_{}", what.to_uppercase()));
    let complete = outcome.complete.then(|| "COMPLETE".to_owned());
    let all = std::iter::once("VERIFIED".to_owned()).chain(checked).chain(complete);
    all.map(|name| format!("{PROPERTY}{name}")).collect()
}
