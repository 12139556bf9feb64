//! Lines of an evidence file: Sigstore bundles (protobuf-specs, `sigstore_bundle.proto`, v0.1 to
//! v0.3), bare DSSE envelopes, bare Statements.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dsse::{Envelope, PAYLOAD_MAX};
use super::json::{self, JsonError, Object};
use super::statement::Statement;

/// The media type that is written.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The media types that are read.
pub const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    MEDIA_TYPE,
];
/// Largest evidence file, in bytes.
pub const FILE_MAX: u64 = 64 << 20;
/// Most lines of an evidence file.
pub const LINES_MAX: usize = 1000;

/// What a bundle offers to check its signature with. Untrusted: it only tells the kinds apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Material {
    /// A key that the checker must have; a bare envelope counts as this.
    Key,
    /// A certificate.
    Certificate,
}

impl std::fmt::Display for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
        })
    }
}

/// What one document of an evidence file is.
#[derive(Debug)]
pub enum Document {
    /// An envelope, in a bundle or bare.
    Envelope {
        /// The envelope.
        envelope: Envelope,
        /// What its signature is to be checked with.
        material: Material,
    },
    /// A Statement that nobody signed.
    Unsigned(Box<Statement>),
    /// JSON, but nothing that this version reads; says what it seems to be.
    Foreign(&'static str),
}

/// Why a line is nothing at all.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// No JSON, duplicate keys, too deep, or a member of the wrong shape.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// The Sigstore rule.
    #[error("expected one signature in a bundle, found {found}")]
    Signatures {
        /// How many there are.
        found: usize,
    },
    /// Neither a key nor a certificate.
    #[error("the bundle's verificationMaterial names neither a key nor a certificate")]
    NoMaterial,
    /// A bare Statement is its own payload: over [`PAYLOAD_MAX`].
    #[error("the statement is larger than {PAYLOAD_MAX} bytes")]
    StatementTooLarge,
}

/// Which members are there; the strict parse of the whole came first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    media_type: Option<String>,
    dsse_envelope: Option<serde::de::IgnoredAny>,
    message_signature: Option<serde::de::IgnoredAny>,
    payload_type: Option<serde::de::IgnoredAny>,
    #[serde(rename = "_type")]
    type_: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BundleWire {
    verification_material: Object<MaterialWire>,
    dsse_envelope: Envelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MaterialWire {
    public_key: Option<serde::de::IgnoredAny>,
    certificate: Option<serde::de::IgnoredAny>,
    x509_certificate_chain: Option<serde::de::IgnoredAny>,
}

/// Reads one document.
///
/// # Errors
/// Where the bytes are no JSON object of a known kind's shape. Unknown members are ignored, an unknown
/// kind is [`Document::Foreign`].
pub fn parse(bytes: &[u8]) -> Result<Document, DocumentError> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        json::parse::<serde::de::IgnoredAny>(bytes)?;
        return Ok(Document::Foreign("JSON that is no object"));
    }
    let probe: Probe = json::parse(bytes)?;
    if let Some(media_type) = probe.media_type {
        if !MEDIA_TYPES.contains(&media_type.as_str()) {
            return Ok(Document::Foreign("a bundle of an unknown media type"));
        }
        if probe.dsse_envelope.is_none() && probe.message_signature.is_some() {
            return Ok(Document::Foreign("a bundle with a message signature"));
        }
        let bundle: BundleWire = serde_json::from_slice(bytes).map_err(JsonError::from)?;
        let found = bundle.dsse_envelope.signatures().len();
        if found != 1 {
            return Err(DocumentError::Signatures { found });
        }
        let Object(material) = &bundle.verification_material;
        let certificate =
            material.certificate.is_some() || material.x509_certificate_chain.is_some();
        let material = match (material.public_key.is_some(), certificate) {
            (_, true) => Material::Certificate,
            (true, false) => Material::Key,
            (false, false) => return Err(DocumentError::NoMaterial),
        };
        return Ok(Document::Envelope { envelope: bundle.dsse_envelope, material });
    }
    if probe.payload_type.is_some() {
        let envelope = serde_json::from_slice(bytes).map_err(JsonError::from)?;
        return Ok(Document::Envelope { envelope, material: Material::Key });
    }
    if probe.type_.is_some() {
        if bytes.len() > PAYLOAD_MAX {
            return Err(DocumentError::StatementTooLarge);
        }
        let statement = serde_json::from_slice(bytes).map_err(JsonError::from)?;
        return Ok(Document::Unsigned(Box::new(statement)));
    }
    Ok(Document::Foreign("JSON of an unknown kind"))
}

/// A bundle v0.3 over one envelope with one signature by a key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Sigstore bundle v0.3 as proofmark writes it")]
pub struct NewBundle<'a> {
    media_type: &'static str,
    verification_material: NewMaterial,
    #[schemars(with = "EnvelopeSchema")]
    dsse_envelope: &'a Envelope,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewMaterial {
    public_key: NewPublicKey,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NewPublicKey {
    hint: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Envelope")]
#[expect(dead_code, reason = "describes the wire form of an envelope for the schema alone")]
struct EnvelopeSchema {
    payload: String,
    payload_type: String,
    #[schemars(length(equal = 1))]
    signatures: Vec<SignatureSchema>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Signature")]
#[expect(dead_code, reason = "describes the wire form of a signature for the schema alone")]
struct SignatureSchema {
    sig: String,
    keyid: String,
}

impl<'a> NewBundle<'a> {
    /// A bundle whose key is found by `hint`.
    #[must_use]
    pub const fn new(envelope: &'a Envelope, hint: String) -> Self {
        let verification_material = NewMaterial { public_key: NewPublicKey { hint } };
        Self { media_type: MEDIA_TYPE, verification_material, dsse_envelope: envelope }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::dsse::Signature;

    fn envelope(signatures: usize) -> Envelope {
        let signature = Signature { bytes: vec![1], keyid: String::new() };
        Envelope::new("t".into(), b"{}".to_vec(), vec![signature; signatures])
    }

    #[test]
    fn each_kind_of_line_is_told_apart() {
        let line = json::to_line(&NewBundle::new(&envelope(1), "h".into())).unwrap();
        let Document::Envelope { material, .. } = parse(&line).unwrap() else { panic!() };
        assert_eq!(material, Material::Key);
        let text = String::from_utf8(line).unwrap();
        let with_certificate = text.replace("publicKey", "certificate");
        let Document::Envelope { material, .. } = parse(with_certificate.as_bytes()).unwrap()
        else {
            panic!()
        };
        assert_eq!(material, Material::Certificate);
        for (from, to) in [("v0.3+json", "v9+json"), ("dsseEnvelope", "messageSignature")] {
            let foreign = parse(text.replace(from, to).as_bytes()).unwrap();
            assert!(matches!(foreign, Document::Foreign(_)), "{to}");
        }
        let bare = json::to_line(&envelope(2)).unwrap();
        assert!(matches!(parse(&bare).unwrap(), Document::Envelope { .. }));
        assert!(matches!(parse(b"[]").unwrap(), Document::Foreign(_)));
        assert!(matches!(parse(b"{\"a\":1}").unwrap(), Document::Foreign(_)));
    }

    #[test]
    fn a_bundle_holds_one_signature_and_names_a_key_or_certificate() {
        for n in [0, 2] {
            let line = json::to_line(&NewBundle::new(&envelope(n), "h".into())).unwrap();
            assert!(matches!(parse(&line), Err(DocumentError::Signatures { .. })));
        }
        let line = json::to_line(&NewBundle::new(&envelope(1), "h".into())).unwrap();
        let text = String::from_utf8(line).unwrap().replace("publicKey", "other");
        assert!(matches!(parse(text.as_bytes()), Err(DocumentError::NoMaterial)));
    }
}
