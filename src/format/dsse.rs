//! DSSE envelopes (secure-systems-lab/dsse, `envelope.md` and `protocol.md`, version 1.0.2).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde::{Deserialize, Serialize};

use super::json::Object;

/// The payload type of an in-toto Statement.
pub const IN_TOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Most signatures in one envelope.
pub const SIGNATURES_MAX: usize = 16;
/// Largest payload, in bytes.
pub const PAYLOAD_MAX: usize = 16 << 20;

/// Why a parsed object is no envelope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Neither alphabet of base64 fits.
    #[error("the {field} isn't base64")]
    NotBase64 {
        /// `payload` or `signature`.
        field: &'static str,
    },
    /// Over [`PAYLOAD_MAX`].
    #[error("the payload is larger than {PAYLOAD_MAX} bytes")]
    PayloadTooLarge,
    /// Over [`SIGNATURES_MAX`].
    #[error("expected at most {SIGNATURES_MAX} signatures, found {found}")]
    TooManySignatures {
        /// How many there are.
        found: usize,
    },
}

/// Decodes base64 of either alphabet, padded or not, as DSSE asks of verifiers.
///
/// # Errors
/// Stray characters, half of a padding, and bits set in the unused part of the last digit.
pub fn decode_base64(text: &str, field: &'static str) -> Result<Vec<u8>, EnvelopeError> {
    let padding = if text.ends_with('=') {
        DecodePaddingMode::RequireCanonical
    } else {
        DecodePaddingMode::RequireNone
    };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
    let url_safe = text.contains(['-', '_']);
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let engine = GeneralPurpose::new(alphabet, config);
    engine.decode(text).or(Err(EnvelopeError::NotBase64 { field }))
}

/// Encodes with the standard alphabet and padding.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes that are signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body`.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// An envelope whose base64 is decoded, once: these are the bytes that are verified and then used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Object<EnvelopeWire>")]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

/// One signature, not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The signature's bytes.
    pub bytes: Vec<u8>,
    /// A hint that orders tries and decides nothing (DSSE, `protocol.md`). Empty where absent.
    pub keyid: String,
}

impl Envelope {
    /// An envelope over `payload`.
    #[must_use]
    pub const fn new(payload_type: String, payload: Vec<u8>, signatures: Vec<Signature>) -> Self {
        Self { payload_type, payload, signatures }
    }

    /// The type that the signature covers too.
    #[must_use]
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The payload, checked by nobody yet.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signatures; may be none.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// [`pae`] of this envelope.
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeWire {
    payload: String,
    payload_type: String,
    signatures: Vec<Object<SignatureWire>>,
}

#[derive(Serialize, Deserialize)]
struct SignatureWire {
    sig: String,
    #[serde(default)]
    keyid: Option<String>,
}

impl TryFrom<Object<EnvelopeWire>> for Envelope {
    type Error = EnvelopeError;

    fn try_from(Object(wire): Object<EnvelopeWire>) -> Result<Self, EnvelopeError> {
        if wire.signatures.len() > SIGNATURES_MAX {
            return Err(EnvelopeError::TooManySignatures { found: wire.signatures.len() });
        }
        if wire.payload.len() / 4 > PAYLOAD_MAX / 3 + 1 {
            return Err(EnvelopeError::PayloadTooLarge);
        }
        let payload = decode_base64(&wire.payload, "payload")?;
        if payload.len() > PAYLOAD_MAX {
            return Err(EnvelopeError::PayloadTooLarge);
        }
        let signatures = wire
            .signatures
            .into_iter()
            .map(|Object(signature)| {
                Ok(Signature {
                    bytes: decode_base64(&signature.sig, "signature")?,
                    keyid: signature.keyid.unwrap_or_default(),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { payload_type: wire.payload_type, payload, signatures })
    }
}

impl Serialize for Envelope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EnvelopeWire {
            payload: encode_base64(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: self
                .signatures
                .iter()
                .map(|signature| {
                    Object(SignatureWire {
                        sig: encode_base64(&signature.bytes),
                        keyid: Some(signature.keyid.clone()),
                    })
                })
                .collect(),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::json;

    /// The vector of DSSE's `protocol.md`.
    #[test]
    fn the_published_pae_vector_holds() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn both_alphabets_padded_or_not_decode_alike() {
        let bytes = [0xfb, 0xff, 0xfe, 0x01];
        for text in ["+//+AQ==", "-__-AQ==", "+//+AQ", "-__-AQ"] {
            assert_eq!(decode_base64(text, "payload").unwrap(), bytes, "{text}");
        }
        for text in ["+_/+AQ==", "+//+AR==", "+//+A Q=", "é"] {
            assert!(decode_base64(text, "payload").is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_too_many_signatures_do_not() {
        let signature = Signature { bytes: vec![7; 64], keyid: "k".into() };
        let envelope = Envelope::new("t".into(), b"{}".to_vec(), vec![signature; 16]);
        let line = json::to_line(&envelope).unwrap();
        assert_eq!(json::parse::<Envelope>(&line).unwrap(), envelope);
        let many = format!(
            r#"{{"payload":"","payloadType":"t","signatures":[{}]}}"#,
            vec![r#"{"sig":""}"#; 17].join(",")
        );
        assert!(json::parse::<Envelope>(many.as_bytes()).is_err());
    }
}
