//! Who signed what: the only place that makes a [`Verified`].

use std::collections::{BTreeMap, BTreeSet};

use super::subject::Subjects;
use super::trust::Trust;
use crate::base::digest::Sha256;
use crate::format::bundle::Material;
use crate::format::claims::Claims;
use crate::format::dsse::IN_TOTO_PAYLOAD_TYPE;
use crate::format::json::{self, JsonError};
use crate::format::key::PublicKey;
use crate::format::statement::Statement;
use crate::read::{Evidence, Untrusted};

/// The keys that signed one payload, by key material: neither a repeated signature nor a key under two
/// names counts twice.
pub type Signers = BTreeSet<PublicKey>;

/// A value over whose very bytes a trusted key's signature was verified.
///
/// Made by [`authenticate`] alone. It doesn't say that the value is true, recent, about any artefact,
/// or signed by as many keys as the trust asks for.
///
/// ```compile_fail
/// use proofmark::verify::Verified;
/// fn forge<T>(value: T) -> Verified<T> {
///     Verified {
///         value,
///         signers: Default::default(),
///         payload: proofmark::base::digest::Sha256::of(b""),
///         lines: vec![1],
///         claims: Default::default(),
///         subjects: Default::default(),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Verified<T> {
    value: T,
    signers: Signers,
    payload: Sha256,
    lines: Vec<usize>,
    claims: Claims,
    subjects: Subjects,
}

impl<T> Verified<T> {
    /// What was signed.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// Which trusted keys signed it.
    pub const fn signers(&self) -> &Signers {
        &self.signers
    }

    /// SHA-256 of the payload: the digest of the statement.
    pub const fn payload_digest(&self) -> Sha256 {
        self.payload
    }

    /// The lines that it stood in, counted from 1.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// What it is about.
    pub(super) const fn subjects(&self) -> &Subjects {
        &self.subjects
    }

    /// What it says of the build.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// A line under which no trusted key's signature verified. It counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLine {
    /// Counted from 1.
    pub line: usize,
    /// What its signature was to be checked with, as the line itself says.
    pub material: Material,
    /// The type that the payload states, unverified.
    pub stated_predicate_type: Option<String>,
    /// The payload type, where it isn't in-toto's.
    pub other_payload_type: Option<String>,
}

/// A line that a trusted key signed, and whose payload is no Statement. It counts for nothing.
#[derive(Debug)]
pub struct Unusable {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with the payload.
    pub error: JsonError,
}

/// What the lines of one file amount to under one trust.
#[derive(Debug)]
pub struct Authenticated {
    /// How many distinct keys the trust asks for.
    threshold: usize,
    /// Each payload once, with all its signers, in the order of the file.
    pub verified: Vec<Verified<Statement>>,
    /// Lines that don't verify.
    pub failed: Vec<FailedLine>,
    /// Lines that verify and say nothing.
    pub unusable: Vec<Unusable>,
}

impl Authenticated {
    /// How many distinct keys must have signed a statement for it to count.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }
}

/// Checks every line against every trusted key.
///
/// 1. A signature counts if it verifies under a trusted key over the PAE of the line's own payload type
///    and payload. Neither `keyid` nor the bundle's hint nor its media type plays a part.
/// 2. The payload type must be in-toto's: a key may sign other things elsewhere.
/// 3. The payload, the very bytes that were verified, must parse as a Statement.
/// 4. Lines over equal bytes are one statement, signed by all their signers.
#[must_use]
pub fn authenticate(evidence: &Evidence, trust: &Trust) -> Authenticated {
    let mut result = Authenticated {
        threshold: trust.threshold(),
        verified: Vec::new(),
        failed: Vec::new(),
        unusable: Vec::new(),
    };
    let mut known: BTreeMap<Sha256, usize> = BTreeMap::new();
    for line in &evidence.lines {
        let envelope = line.envelope_to_verify();
        let signers = signers(line, trust);
        if signers.is_empty() || envelope.payload_type() != IN_TOTO_PAYLOAD_TYPE {
            result.failed.push(FailedLine {
                line: line.line(),
                material: line.material(),
                stated_predicate_type: line.stated_predicate_type(),
                other_payload_type: (envelope.payload_type() != IN_TOTO_PAYLOAD_TYPE)
                    .then(|| envelope.payload_type().to_owned()),
            });
            continue;
        }
        let payload = line.payload_digest();
        let seen = known.get(&payload).and_then(|index| result.verified.get_mut(*index));
        if let Some(statement) = seen {
            statement.signers.extend(signers);
            statement.lines.push(line.line());
            continue;
        }
        match json::parse::<Statement>(envelope.payload()) {
            Ok(value) => {
                known.insert(payload, result.verified.len());
                let claims = Claims::of(&value);
                let lines = vec![line.line()];
                let subjects = Subjects::of(&value);
                let verified = Verified { value, signers, payload, lines, claims, subjects };
                result.verified.push(verified);
            }
            Err(error) => result.unusable.push(Unusable { line: line.line(), error }),
        }
    }
    result
}

fn signers(line: &Untrusted, trust: &Trust) -> Signers {
    let envelope = line.envelope_to_verify();
    let pae = envelope.pae();
    let mut signers = Signers::new();
    for signature in envelope.signatures() {
        // Ed25519 reads the whole payload for every try; the hint saves most of them.
        let (hinted, others): (Vec<_>, Vec<_>) =
            trust.keys().iter().partition(|key| key.fingerprint() == signature.keyid);
        let fits = hinted
            .into_iter()
            .chain(others)
            .find(|k: &&PublicKey| k.verifies(&pae, &signature.bytes));
        signers.extend(fits);
    }
    signers
}
