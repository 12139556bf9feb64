//! OCI content descriptors (opencontainers/image-spec, `descriptor.md`): what names a blob.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::base::digest::Sha256;
use crate::base::name::ArtefactName;
use crate::format::json::Object;
use crate::format::statement::{IMAGE, KIND, Subject};

/// Why a descriptor names no blob.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DescriptorError {
    /// No SHA-256, or one that can't be read; no path is ever made of such a text.
    #[error("expected a digest sha256:HEX, found another")]
    Digest,
    /// A media type that isn't one.
    #[error("expected a media type, found something else")]
    MediaType,
    /// A platform that isn't one.
    #[error("expected a platform's os, architecture and variant, found something else")]
    Platform,
}

/// `os/architecture[/variant]`, of harmless characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Platform(String);

impl Platform {
    /// As a part of a name: without slashes.
    pub(super) fn dashed(&self) -> String {
        self.0.replace('/', "-")
    }

    /// What is written for what runs nowhere, such as an attestation in an index.
    pub(super) fn is_known(&self) -> bool {
        self.0 != "unknown/unknown"
    }
}

/// What names a blob: nothing of it can leave a folder or deceive the eye, but for the annotations.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Object<Wire>")]
pub(super) struct Descriptor {
    pub(super) media_type: Option<String>,
    pub(super) sha256: Sha256,
    pub(super) size: Option<u64>,
    pub(super) platform: Option<Platform>,
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: Option<String>,
    digest: String,
    size: Option<u64>,
    platform: Option<Object<PlatformWire>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct PlatformWire {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl TryFrom<Object<Wire>> for Descriptor {
    type Error = DescriptorError;

    fn try_from(Object(wire): Object<Wire>) -> Result<Self, DescriptorError> {
        if wire.media_type.as_deref().is_some_and(|text| !is_media_type(text)) {
            return Err(DescriptorError::MediaType);
        }
        Ok(Self {
            media_type: wire.media_type,
            sha256: digest(&wire.digest)?,
            size: wire.size,
            platform: wire.platform.map(|Object(platform)| platform.try_into()).transpose()?,
            annotations: wire.annotations.unwrap_or_default(),
        })
    }
}

impl TryFrom<PlatformWire> for Platform {
    type Error = DescriptorError;

    fn try_from(wire: PlatformWire) -> Result<Self, DescriptorError> {
        let parts =
            [Some(wire.os), Some(wire.architecture), wire.variant.filter(|v| !v.is_empty())];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let is_word = |part: &String| {
            let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            (1..=64).contains(&part.len()) && part.bytes().all(fine)
        };
        if !parts.iter().all(is_word) {
            return Err(DescriptorError::Platform);
        }
        Ok(Self(parts.join("/")))
    }
}

/// `sha256:HEX`.
pub(super) fn digest(text: &str) -> Result<Sha256, DescriptorError> {
    let hex = text.strip_prefix("sha256:").ok_or(DescriptorError::Digest)?;
    hex.parse().map_err(|_not_hex| DescriptorError::Digest)
}

/// RFC 6838, section 4.2.
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        let fine = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=127).contains(&name.len()) && name.bytes().all(fine)
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

impl Descriptor {
    /// A subject about the manifest that this names. Whether its digest was computed is the caller's to say.
    pub(super) fn subject(&self, name: &ArtefactName) -> Subject {
        let mut annotations = Map::from_iter([(KIND.to_owned(), Value::from(IMAGE))]);
        let mut annotate = |name: &str, value: Option<Value>| {
            annotations.extend(value.map(|value| (name.to_owned(), value)));
        };
        annotate("size", self.size.map(Value::from));
        annotate("mediaType", self.media_type.clone().map(Value::from));
        let platform = self.platform.clone().filter(Platform::is_known);
        annotate("platform", platform.map(|Platform(text)| Value::from(text)));
        Subject {
            name: Some(name.as_str().to_owned()),
            digest: BTreeMap::from([(Sha256::ALGORITHM.to_owned(), self.sha256.to_string())]),
            annotations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_could_leave_a_folder_or_deceive_the_eye_is_no_descriptor() {
        let hex = Sha256::of(b"1").to_string();
        let good = json!({"digest": format!("sha256:{hex}"), "size": 1, "mediaType": "a/b",
            "platform": {"os": "linux", "architecture": "arm", "variant": "v7", "os.version": "1"}});
        assert!(serde_json::from_value::<Descriptor>(good.clone()).is_ok());
        for (pointer, bad) in [
            ("/digest", json!(hex)),
            ("/digest", json!("sha256:../../etc/passwd")),
            ("/digest", json!(format!("sha256:{hex}/"))),
            ("/digest", json!(format!("sha512:{hex}"))),
            ("/digest", json!(null)),
            ("/size", json!(-1)),
            ("/size", json!("1")),
            ("/mediaType", json!("a")),
            ("/mediaType", json!("a/b\u{1b}")),
            ("/platform/os", json!("../x")),
            ("/platform/os", json!("")),
            ("/platform/variant", json!("a b")),
            ("/platform", json!(["linux", "amd64", "v1"])),
        ] {
            let mut value = good.clone();
            *value.pointer_mut(pointer).unwrap() = bad.clone();
            assert!(serde_json::from_value::<Descriptor>(value).is_err(), "{pointer}: {bad}");
        }
    }
}
