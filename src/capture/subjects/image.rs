//! Container images in a registry: named with their digest, or told by the metadata that buildx writes.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::descriptor::{Descriptor, DescriptorError, digest};
use crate::base::digest::Sha256;
use crate::base::name::{ArtefactName, NameError};
use crate::base::text::printable;
use crate::format::json::{self, JsonError};
use crate::format::statement::{BASIS, DECLARED, Subject};

/// Most bytes of a metadata file: buildx puts whole provenance documents into it.
pub const METADATA_MAX: u64 = 16 << 20;

/// Why a text names no image.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImageError {
    /// A tag alone: whoever can push moves it.
    #[error("expected a digest, as in REGISTRY/REPOSITORY@sha256:HEX, found none")]
    NoDigest,
    /// Another algorithm, or no digest.
    #[error(transparent)]
    Digest(#[from] DescriptorError),
    /// Which registry is meant is the tool's choice.
    #[error(
        "expected the registry's name before the repository, as in docker.io/library/app, found none"
    )]
    NoRegistry,
    /// No repository.
    #[error("expected a repository of lower-case letters, digits and ._-/, found something else")]
    Repository,
    /// A name that can't be a subject's.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// An image in a registry, by its digest. A tag is dropped: it says nothing that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// `REGISTRY/REPOSITORY`.
    pub name: ArtefactName,
    /// Of the manifest, or of the index.
    pub sha256: Sha256,
}

impl FromStr for Image {
    type Err = ImageError;

    /// Reads `REGISTRY/REPOSITORY[:TAG]@sha256:HEX`.
    fn from_str(text: &str) -> Result<Self, ImageError> {
        let (reference, hex) = text.rsplit_once('@').ok_or(ImageError::NoDigest)?;
        let sha256 = digest(hex)?;
        if reference.contains('@') {
            return Err(ImageError::Repository);
        }
        let name = repository(reference)?;
        let registry = name.as_str().split_once('/').map(|(registry, _)| registry);
        if !registry.is_some_and(|host| host.contains(['.', ':']) || host == "localhost") {
            return Err(ImageError::NoRegistry);
        }
        Ok(Self { name, sha256 })
    }
}

impl Image {
    /// The subject of a statement about it: its digest was told.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let descriptor = Descriptor {
            media_type: None,
            sha256: self.sha256,
            size: None,
            platform: None,
            annotations: Default::default(),
        };
        told(&descriptor, &self.name)
    }
}

fn told(descriptor: &Descriptor, name: &ArtefactName) -> Subject {
    let mut subject = descriptor.subject(name);
    subject.annotations.insert(BASIS.to_owned(), Value::from(DECLARED));
    subject
}

/// A reference without its tag and digest.
pub(super) fn repository(reference: &str) -> Result<ArtefactName, ImageError> {
    let reference = reference.split_once('@').map_or(reference, |(name, _)| name);
    let last = reference.rfind('/').map_or(0, |slash| slash + 1);
    let tag = reference.get(last..).and_then(|part| part.find(':')).map(|colon| last + colon);
    let (name, tag) = tag.map_or((reference, None), |at| {
        let (name, tag) = reference.split_at(at);
        (name, tag.get(1..))
    });
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if tag.is_some_and(|tag| tag.is_empty() || !tag.bytes().all(is_word)) {
        return Err(ImageError::Repository);
    }
    // A host may have upper case and a port, the rest may not.
    let (host, path) = name.split_once('/').unwrap_or(("", name));
    let is_host = host.bytes().all(|b| is_word(b) || matches!(b, b':' | b'[' | b']'));
    let is_path = |b: u8| matches!(b, b'/') || (is_word(b) && !b.is_ascii_uppercase());
    if !is_host || !path.bytes().all(is_path) {
        return Err(ImageError::Repository);
    }
    Ok(name.parse()?)
}

/// Why a metadata file tells no image.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// No strict JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Nothing in it.
    #[error("expected containerimage.digest, for the build or for one of its targets, found none")]
    NoImage,
    /// Two places disagree.
    #[error("{place}: containerimage.digest and containerimage.descriptor disagree")]
    Disagree {
        /// Which build or target.
        place: String,
    },
    /// A digest or descriptor that can't be used.
    #[error("{place}: {source}")]
    Descriptor {
        /// Which build or target.
        place: String,
        /// What is wrong with it.
        source: DescriptorError,
    },
    /// A member of another shape.
    #[error("{place}: expected {member} as buildx writes it, found something else")]
    Shape {
        /// Which build or target.
        place: String,
        /// Which member.
        member: &'static str,
    },
    /// A name that can't be used.
    #[error("{place}: image.name: {source}")]
    Name {
        /// Which build or target.
        place: String,
        /// What is wrong with it.
        source: ImageError,
    },
    /// Nothing to call it.
    #[error("expected the image to have a name (image.name), found none")]
    NoName,
}

const DIGEST: &str = "containerimage.digest";
const DESCRIPTOR: &str = "containerimage.descriptor";
const NAME: &str = "image.name";

/// Reads what `docker buildx build --metadata-file` writes, or `bake`, which writes one such object for
/// every target. What it states is taken: the image lies elsewhere.
///
/// # Errors
/// No image in it, one without a name, and whatever disagrees or can't be read.
pub fn metadata(bytes: &[u8]) -> Result<Vec<Subject>, MetadataError> {
    let all: Map<String, Value> = json::parse(bytes)?;
    let mut subjects = Vec::new();
    if is_build(&all) {
        subjects.extend(build(&all, None)?);
    } else {
        let targets = all.iter().filter_map(|(name, value)| Some((name, value.as_object()?)));
        for (name, target) in targets.filter(|(_, target)| is_build(target)) {
            subjects.extend(build(target, Some(name))?);
        }
    }
    if subjects.is_empty() { Err(MetadataError::NoImage) } else { Ok(subjects) }
}

fn is_build(object: &Map<String, Value>) -> bool {
    object.contains_key(DIGEST) || object.contains_key(DESCRIPTOR)
}

/// One build: one subject for every name that it was given.
fn build(object: &Map<String, Value>, target: Option<&str>) -> Result<Vec<Subject>, MetadataError> {
    let place =
        || target.map_or_else(|| "the build".to_owned(), |t| format!("target {}", printable(t)));
    let shape = |member| MetadataError::Shape { place: place(), member };
    let wrong = |source| MetadataError::Descriptor { place: place(), source };
    let stated = match object.get(DIGEST) {
        None => None,
        Some(text) => Some(digest(text.as_str().ok_or_else(|| shape(DIGEST))?).map_err(wrong)?),
    };
    let descriptor = match object.get(DESCRIPTOR) {
        None => None,
        Some(value) => {
            let parsed: Result<Descriptor, _> = serde_json::from_value(value.clone());
            Some(parsed.map_err(|_shape| shape(DESCRIPTOR))?)
        }
    };
    let descriptor = match (descriptor, stated) {
        (Some(descriptor), Some(stated)) if descriptor.sha256 != stated => {
            return Err(MetadataError::Disagree { place: place() });
        }
        (Some(descriptor), _) => descriptor,
        (None, Some(sha256)) => Descriptor {
            media_type: None,
            sha256,
            size: None,
            platform: None,
            annotations: Default::default(),
        },
        (None, None) => return Ok(Vec::new()),
    };
    let names = match object.get(NAME) {
        None => "",
        Some(text) => text.as_str().ok_or_else(|| shape(NAME))?,
    };
    let named = |source| MetadataError::Name { place: place(), source };
    let mut names: Vec<_> = names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| repository(name).map_err(named))
        .collect::<Result<_, _>>()?;
    if names.is_empty() {
        let target = target.ok_or(MetadataError::NoName)?;
        names.push(target.parse().map_err(|error| named(ImageError::Name(error)))?);
    }
    Ok(names.iter().map(|name| told(&descriptor, name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEX: &str = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

    fn image(reference: &str) -> Result<String, ImageError> {
        format!("{reference}@sha256:{HEX}").parse::<Image>().map(|image| image.name.to_string())
    }

    #[test]
    fn an_image_is_named_by_registry_and_repository_without_its_tag() {
        for (reference, name) in [
            ("ghcr.io/o/app", "ghcr.io/o/app"),
            ("ghcr.io/o/app:v1.2_3", "ghcr.io/o/app"),
            ("localhost:5000/app", "localhost:5000/app"),
            ("localhost:5000/app:1", "localhost:5000/app"),
            ("registry.Example.com/a/b/c", "registry.Example.com/a/b/c"),
        ] {
            assert_eq!(image(reference).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_could_be_another_image_tomorrow_is_refused() {
        let parse = |text: &str| text.parse::<Image>();
        assert_eq!(parse("ghcr.io/o/app:v1"), Err(ImageError::NoDigest));
        assert_eq!(parse("ghcr.io/o/app"), Err(ImageError::NoDigest));
        for bad in [format!("sha512:{HEX}"), HEX.to_owned(), format!("sha256:{}", &HEX[1..])] {
            let expected = Err(ImageError::Digest(DescriptorError::Digest));
            assert_eq!(parse(&format!("ghcr.io/o/app@{bad}")), expected);
        }
        for short in ["app", "library/app", "app:v1", ""] {
            assert!(image(short).is_err(), "{short:?}");
        }
        for bad in [
            "ghcr.io/O/app",
            "ghcr.io/o/app:",
            "ghcr.io/o/a b",
            "user:pw@ghcr.io/o/app",
            "https://ghcr.io/o/app",
            "ghcr.io/o/../app",
            "ghcr.io//app",
            "/ghcr.io/app",
            "ghcr.io/o/\u{202e}app",
            "ghcr.io/o/app:v1:2",
        ] {
            let found = image(bad);
            assert!(found.is_err(), "{bad:?}: {found:?}");
            assert!(!format!("{found:?}").contains("pw"), "{found:?}");
        }
    }

    fn subjects(value: &Value) -> Result<Vec<(String, String)>, MetadataError> {
        let found = metadata(&serde_json::to_vec(value).unwrap())?;
        let pair = |s: Subject| (s.name.unwrap(), s.digest["sha256"].clone());
        Ok(found.into_iter().map(pair).collect())
    }

    #[test]
    fn what_buildx_writes_of_one_build_is_read() {
        let value = json!({
            "buildx.build.provenance": {}, "buildx.build.ref": "builder/builder0/x",
            "containerimage.config.digest": "sha256:00",
            "containerimage.descriptor": {
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "digest": format!("sha256:{HEX}"), "size": 856,
                "annotations": {"org.opencontainers.image.created": "x"}},
            "containerimage.digest": format!("sha256:{HEX}"),
            "image.name": "docker.io/u/app:1,ghcr.io/u/app:latest"});
        let found = metadata(&serde_json::to_vec(&value).unwrap()).unwrap();
        assert_eq!(found[1].name.as_deref(), Some("ghcr.io/u/app"));
        assert_eq!(found[0].digest["sha256"], HEX);
        let annotations = json!({"kind": "image", "basis": "declared", "size": 856,
            "mediaType": "application/vnd.oci.image.index.v1+json"});
        assert_eq!(json!(found[0].annotations), annotations);
    }

    #[test]
    fn what_bake_writes_is_read_target_by_target() {
        let value = json!({
            "buildx.build.warnings": {},
            "db": {"containerimage.digest": format!("sha256:{HEX}"), "image.name": "docker.io/u/db"},
            "web": {"containerimage.digest": format!("sha256:{HEX}")},
            "files": {"buildx.build.ref": "x"}});
        let expected = [("docker.io/u/db", HEX), ("web", HEX)];
        assert_eq!(
            subjects(&value).unwrap(),
            expected.map(|(name, hex)| (name.to_owned(), hex.to_owned()))
        );
    }

    #[test]
    fn metadata_that_disagrees_or_says_nothing_is_refused() {
        let digest = format!("sha256:{HEX}");
        let other = format!("sha256:{}", Sha256::of(b"2"));
        for bad in [
            json!({}),
            json!([]),
            json!({"db": {}}),
            json!({"containerimage.digest": digest}),
            json!({"containerimage.digest": digest, "image.name": ""}),
            json!({"containerimage.digest": digest, "image.name": ["a"]}),
            json!({"containerimage.digest": digest, "image.name": "../a"}),
            json!({"containerimage.digest": [digest], "image.name": "a/b"}),
            json!({"containerimage.digest": "sha256:0", "image.name": "a/b"}),
            json!({"containerimage.digest": null, "image.name": "a/b"}),
            json!({"containerimage.digest": digest, "image.name": "a/b",
                "containerimage.descriptor": {"digest": other}}),
            json!({"containerimage.descriptor": digest, "image.name": "a/b"}),
            json!({"..": {"containerimage.digest": digest}}),
        ] {
            assert!(subjects(&bad).is_err(), "{bad}");
        }
        let twice = format!(
            r#"{{"image.name":"a/b","image.name":"a/c","containerimage.digest":"{digest}"}}"#
        );
        assert!(metadata(twice.as_bytes()).is_err());
    }
}
