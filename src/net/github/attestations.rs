//! Attestations that GitHub keeps: found by digest, and read for what they say they are. Nothing of them is
//! verified here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::controls::Repository;
use super::cures;
use crate::base::digest::Sha256;
use crate::net::answer::Answer;
use crate::net::client::{Ask, Client};
use crate::net::limited::{List, Text, object};
use crate::net::{ASK_NOBODY, Lost, NetError, Url};

/// Attestations on the one page that is read.
const PAGE: usize = 10;
/// Most bytes of that page: a bundle may hold the bill of materials of something large.
const PAGE_BYTES_MAX: u64 = 16 << 20;
/// Bundles that are fetched from addresses of their own.
const FETCHED_MAX: usize = 3;
/// Most bytes of one of them, packed.
const PACKED_MAX: u64 = 4 << 20;
/// Most bytes of one of them, unpacked.
const UNPACKED_MAX: usize = 16 << 20;
/// Most subjects: GitHub takes no more.
const SUBJECTS_MAX: usize = 1024;
/// Most signatures of a bundle.
const SIGNATURES_MAX: usize = 16;

const WHAT: &str = "the artefact's attestations";
const CURE: &str = "give the job `permissions: { attestations: read }`, beside what it has";

/// An attestation that the platform keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// SHA-256 of the bundle, as it stands in the reply or at its own address.
    pub sha256: Sha256,
    /// The statement's predicate type, read without a check.
    pub predicate_type: Option<String>,
    /// The statement's builder, read without a check.
    pub builder: Option<String>,
    /// Digests (SHA-256) of its subjects, read without a check.
    pub subjects: Vec<Sha256>,
    /// Whether it could be read, and has a signature, which nobody checked.
    pub is_signed: bool,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    attestations: List<Kept<'a>, PAGE>,
}

/// Of one version of the API the bundle itself stands in the reply, of another where it is.
#[derive(Deserialize)]
struct Kept<'a> {
    #[serde(borrow)]
    bundle: Option<&'a RawValue>,
    bundle_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Envelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: Text,
    payload: String,
    signatures: Option<List<Signature, SIGNATURES_MAX>>,
}

#[derive(Deserialize)]
struct Signature {
    sig: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    predicate_type: Text,
    subject: List<Subject, SUBJECTS_MAX>,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Subject {
    digest: Option<Digests>,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<Sha256>,
}

/// Where SLSA provenance names its builder: version 1, and 0.2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    run_details: Option<RunDetails>,
    builder: Option<Builder>,
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Builder,
}

#[derive(Deserialize)]
struct Builder {
    id: Text,
}

impl Repository {
    pub(super) fn attested(&self, client: &Client<'_>, sha256: Sha256) -> Answer<Vec<Attestation>> {
        let digest = format!("sha256:{sha256}");
        let path = ["attestations", &*digest];
        let answer = self.ask(client, WHAT, PAGE_BYTES_MAX, CURE, &path, &[("per_page", "10")]);
        let is_none = answer.status == Some(404);
        answer.then(|body| match body {
            Err(_) if is_none => Ok(Vec::new()),
            body => self.listed(client, &body?),
        })
    }

    fn listed(&self, client: &Client<'_>, body: &[u8]) -> Result<Vec<Attestation>, Lost> {
        let malformed = || Lost::malformed(WHAT);
        let page: Page<'_> = object(body).ok_or_else(malformed)?;
        let mut found = Vec::new();
        let mut left = FETCHED_MAX;
        for kept in page.attestations.0 {
            match (kept.bundle, kept.bundle_url) {
                (Some(bundle), _) => {
                    let bundle = bundle.get().as_bytes();
                    found.push(Attestation::unverified(Sha256::of(bundle), bundle));
                }
                (None, Some(address)) if left > 0 => {
                    left -= 1;
                    found.push(self.fetched(client, &address)?);
                }
                (None, Some(_)) => {}
                (None, None) => return Err(malformed()),
            }
        }
        Ok(found)
    }

    /// One from an address of its own, which is in a store of somebody else's as a rule.
    fn fetched(&self, client: &Client<'_>, address: &str) -> Result<Attestation, Lost> {
        let lost = |error: &NetError| cures(CURE, ASK_NOBODY).lost(WHAT, error);
        let url = Url::parse(address).map_err(|error| lost(&error))?;
        if self.api.origin().is_https && !url.origin().is_https {
            return Err(lost(&NetError::NotAllowed("an address that leads from https to http")));
        }
        let ask = Ask { url: &url, cap: PACKED_MAX, headers: &[], token: self.token.as_ref() };
        let packed = client.get(&ask).map_err(|error| lost(&error))?;
        let bundle = unpacked(&packed).ok_or_else(|| Lost::malformed(WHAT))?;
        Ok(Attestation::unverified(Sha256::of(&packed), &bundle))
    }
}

/// Unpacks a block of snappy.
fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    // A block begins with its size, and the decoder takes the memory for it before it looks any further.
    let size = snap::raw::decompress_len(packed).ok()?;
    (size <= UNPACKED_MAX).then_some(())?;
    snap::raw::Decoder::new().decompress_vec(packed).ok()
}

impl Attestation {
    /// What a bundle says it is. One that can't be read says nothing, and is there all the same.
    fn unverified(sha256: Sha256, bundle: &[u8]) -> Self {
        said(sha256, bundle).unwrap_or(Self {
            sha256,
            predicate_type: None,
            builder: None,
            subjects: Vec::new(),
            is_signed: false,
        })
    }
}

fn said(sha256: Sha256, bundle: &[u8]) -> Option<Attestation> {
    let Bundle { dsse_envelope: envelope } = object(bundle)?;
    if envelope.payload_type.0 != "application/vnd.in-toto+json" {
        return None;
    }
    let signatures = envelope.signatures.iter().flat_map(|all| &all.0);
    let mut filled = signatures.filter_map(|one| one.sig.as_ref()).filter(|sig| !sig.0.is_empty());
    let is_signed = filled.next().is_some();
    let payload = STANDARD.decode(envelope.payload).ok()?;
    let statement: Statement<'_> = object(&payload)?;
    let digests = statement.subject.0.into_iter().filter_map(|subject| subject.digest?.sha256);
    let mut subjects: Vec<_> = digests.collect();
    subjects.sort_unstable();
    subjects.dedup();
    // A predicate of another type has another form.
    let builder = statement.predicate.and_then(|predicate| {
        let Predicate { run_details, builder } = object(predicate.get().as_bytes())?;
        run_details.map(|details| details.builder).or(builder).map(|builder| builder.id.into())
    });
    let predicate_type = Some(statement.predicate_type.into());
    Some(Attestation { sha256, predicate_type, builder, subjects, is_signed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::client::Limits;

    #[test]
    fn a_bundle_of_a_platform_elsewhere_is_not_looked_for_on_this_machine() {
        let api = Url::parse("https://api.example").unwrap();
        let repository = Repository { api, name: "octo/app".into(), token: None };
        let client = Client::new(Limits::default(), None, &|| false);
        let lost = repository.fetched(&client, "http://127.0.0.1:9/b").unwrap_err();
        assert!(lost.reason.contains("from https to http"), "{lost:?}");
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_unpacked() {
        let packed = |size| snap::raw::Encoder::new().compress_vec(&vec![b' '; size]).unwrap();
        assert_eq!(unpacked(&packed(UNPACKED_MAX)).unwrap().len(), UNPACKED_MAX);
        assert_eq!(unpacked(&packed(UNPACKED_MAX + 1)), None);
    }
}
