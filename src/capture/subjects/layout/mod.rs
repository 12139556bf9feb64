//! OCI image layouts (opencontainers/image-spec, `image-layout.md`): folders that hold images whole.
//!
//! Every blob that is referred to is read and compared with its digest and size, so that what is signed is
//! what lies there. The digests of the manifests are the subjects.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::digest::Sha256;
use crate::base::file::{self, FileError};
use crate::base::name::{ArtefactName, NameError};
use crate::base::tree::hash::{HashError, Hashed, Links, hash_all, hash_file};
use crate::capture::subjects::descriptor::{Descriptor, Platform};
use crate::capture::subjects::image::repository;
use crate::capture::subjects::{Clash, Subjects};
use crate::format::json::{self, JsonError, Object};
use crate::format::statement::Subject;

/// Most bytes of an index or a manifest, as registries have it.
const MANIFEST_MAX: u64 = 4 << 20;
/// How deep indexes nest.
const DEPTH_MAX: usize = 4;
/// Most manifests and indexes.
const MANIFESTS_MAX: usize = 1000;
/// Most blobs.
const BLOBS_MAX: usize = 100_000;

/// Why a folder is no image layout, or not a whole one.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A part of every layout is missing, or is a link.
    #[error("expected an OCI image layout, found no {expected} {name} in it")]
    NoLayout {
        /// `file` or `folder`.
        expected: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// Another version of the layout.
    #[error("expected an image layout of version 1, found another")]
    Version,
    /// A file that can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that is no JSON of the expected shape.
    #[error("{what}: {source}")]
    Json {
        /// Which file.
        what: String,
        /// What is wrong with it.
        source: JsonError,
    },
    /// What one reader takes for an index, another takes for a manifest.
    #[error("{what}: expected an index or a manifest by its media type, found something else")]
    Ambiguous {
        /// Which blob.
        what: String,
    },
    /// A blob that isn't there, or that is a link.
    #[error("blob sha256:{sha256}: {source}")]
    Blob {
        /// As it is referred to.
        sha256: Sha256,
        /// What is wrong with it.
        source: HashError,
    },
    /// A blob of other content than its name says.
    #[error(
        "blob sha256:{expected}: expected {size} bytes of that digest, found {found_size} bytes of sha256:{found}"
    )]
    OtherBlob {
        /// As it is referred to.
        expected: Sha256,
        /// As it is referred to.
        size: u64,
        /// As it is.
        found: Sha256,
        /// As it is.
        found_size: u64,
    },
    /// A descriptor without a size, or two with different ones.
    #[error("blob sha256:{0}: expected one size, found none or several")]
    Size(Sha256),
    /// Too many, too deep.
    #[error("expected at most {most} {what}, found more")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The cap.
        most: usize,
    },
    /// Nothing in it.
    #[error("expected a manifest in index.json, found none")]
    Empty,
    /// One name for several images.
    #[error("expected one manifest in index.json for the name {name}, found {found}")]
    NameForMany {
        /// The name.
        name: ArtefactName,
        /// How many.
        found: usize,
    },
    /// Nothing to call it.
    #[error("the image's own name can't be a subject's: {0}")]
    Name(#[from] NameError),
    /// Two images of one name.
    #[error(transparent)]
    Clash(#[from] Clash),
}

#[derive(Deserialize)]
struct Marker {
    #[serde(rename = "imageLayoutVersion")]
    version: String,
}

/// An index or a manifest: which of them, its members say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// Reads a layout and all that it refers to. `name` is the image's; without one it is what the layout's
/// annotations say, else the folder's own.
///
/// # Errors
/// Anything that is missing, is other than its digest says, or is a link; what can't be told apart.
pub fn read(folder: &Path, name: Option<&ArtefactName>) -> Result<Vec<Subject>, LayoutError> {
    for (name, path) in [
        ("", folder.to_owned()),
        ("blobs", folder.join("blobs")),
        ("blobs/sha256", folder.join("blobs/sha256")),
    ] {
        if !file::kind_at(&path).is_some_and(|kind| kind.is_dir()) {
            return Err(LayoutError::NoLayout { expected: "folder", name });
        }
    }
    let Object(marker): Object<Marker> = own(folder, "oci-layout")?;
    if !marker.version.starts_with("1.") {
        return Err(LayoutError::Version);
    }
    let Object(index): Object<Document> = own(folder, "index.json")?;
    let top = index.manifests.unwrap_or_default();
    if top.is_empty() {
        return Err(LayoutError::Empty);
    }
    if let (Some(name), 2..) = (name, top.len()) {
        return Err(LayoutError::NameForMany { name: name.clone(), found: top.len() });
    }
    let mut reading = Reading {
        blobs: folder.join("blobs/sha256"),
        manifests: BTreeSet::new(),
        others: BTreeMap::new(),
        optional: BTreeSet::new(),
        found: Subjects::default(),
    };
    for descriptor in &top {
        let name = match name {
            Some(name) => name.clone(),
            None => own_name(descriptor, folder)?,
        };
        reading.found.add(descriptor.subject(&name))?;
        reading.manifest(descriptor, &name, 1)?;
    }
    reading.check_others()?;
    Ok(reading.found.into_vec())
}

/// A file at the top of the layout.
fn own<T: serde::de::DeserializeOwned>(
    folder: &Path,
    name: &'static str,
) -> Result<T, LayoutError> {
    let path = folder.join(name);
    // A FIFO would hold us for ever.
    if !file::kind_at(&path).is_some_and(|kind| kind.is_file()) {
        return Err(LayoutError::NoLayout { expected: "file", name });
    }
    let bytes = file::read(&path, MANIFEST_MAX)?;
    json::parse(&bytes).map_err(|source| LayoutError::Json { what: name.to_owned(), source })
}

/// What the layout says the image is called: with its registry where it says so, else by its tag.
fn own_name(descriptor: &Descriptor, folder: &Path) -> Result<ArtefactName, NameError> {
    let annotation = |name: &str| descriptor.annotations.get(name).map(String::as_str);
    let tag = annotation("org.opencontainers.image.ref.name");
    let whole = [annotation("io.containerd.image.name"), tag].into_iter().flatten();
    let whole = whole.filter(|name| name.contains('/')).find_map(|name| repository(name).ok());
    match (whole, tag) {
        (Some(name), _) => Ok(name),
        (None, Some(tag)) => tag.parse(),
        (None, None) => {
            let own = folder.canonicalize().unwrap_or_else(|_gone| folder.to_owned());
            own.file_name().and_then(|name| name.to_str()).unwrap_or_default().parse()
        }
    }
}

/// A layout that is being read.
struct Reading {
    blobs: PathBuf,
    /// Manifests and indexes that were read.
    manifests: BTreeSet<Sha256>,
    /// Configurations and layers, with their sizes.
    others: BTreeMap<Sha256, u64>,
    /// Layers that may lie elsewhere, by their type.
    optional: BTreeSet<Sha256>,
    found: Subjects,
}

impl Reading {
    /// Where a blob lies: the name is made of a digest, never of text from a file.
    fn path(&self, sha256: Sha256) -> PathBuf {
        self.blobs.join(sha256.to_string())
    }

    /// Reads a manifest or an index, and all below it.
    fn manifest(
        &mut self,
        descriptor: &Descriptor,
        name: &ArtefactName,
        depth: usize,
    ) -> Result<(), LayoutError> {
        if depth > DEPTH_MAX {
            return Err(LayoutError::TooMany { what: "nested indexes", most: DEPTH_MAX });
        }
        if !self.manifests.insert(descriptor.sha256) {
            return Ok(());
        }
        if self.manifests.len() > MANIFESTS_MAX {
            return Err(LayoutError::TooMany { what: "manifests", most: MANIFESTS_MAX });
        }
        let Some(document) = self.document(descriptor)? else {
            return self.other(descriptor);
        };
        for child in document.manifests.iter().flatten() {
            let child_name = child_name(name, child)?;
            if !is_attestation(child) {
                let subject = child.subject(&child_name);
                // Two of one platform: the digest tells them apart.
                if self.found.add(subject).is_err() {
                    self.found.add(child.subject(&by_digest(name, child)?))?;
                }
            }
            self.manifest(child, &child_name, depth + 1)?;
        }
        let blobs = document.config.iter().chain(document.layers.iter().flatten());
        blobs.into_iter().try_for_each(|blob| self.other(blob))
    }

    /// The document that a descriptor names; `None` for one of a type that refers to nothing we know.
    fn document(&self, descriptor: &Descriptor) -> Result<Option<Document>, LayoutError> {
        let sha256 = descriptor.sha256;
        let what = || format!("blob sha256:{sha256}");
        let is_index = match descriptor.media_type.as_deref() {
            Some(
                "application/vnd.oci.image.index.v1+json"
                | "application/vnd.docker.distribution.manifest.list.v2+json",
            ) => true,
            Some(
                "application/vnd.oci.image.manifest.v1+json"
                | "application/vnd.docker.distribution.manifest.v2+json",
            ) => false,
            _ => return Ok(None),
        };
        let path = self.path(sha256);
        // Looks at what it opens, so that no link is followed and no FIFO waited for.
        let hashed = hash_file(&path, Links::Refuse, false, &|| false)
            .map_err(|source| LayoutError::Blob { sha256, source })?;
        let size = descriptor.size.ok_or(LayoutError::Size(sha256))?;
        check(sha256, size, &hashed)?;
        let bytes = file::read(&path, MANIFEST_MAX)?;
        let found = Sha256::of(&bytes);
        if found != sha256 {
            let found_size = bytes.len() as u64;
            return Err(LayoutError::OtherBlob { expected: sha256, size, found, found_size });
        }
        let Object(document): Object<Document> =
            json::parse(&bytes).map_err(|source| LayoutError::Json { what: what(), source })?;
        let own_type = document.media_type.as_ref();
        let same_type = own_type.is_none_or(|own| Some(own) == descriptor.media_type.as_ref());
        let members =
            (document.manifests.is_some(), document.config.is_some(), document.layers.is_some());
        let expected = if is_index { (true, false, false) } else { (false, true, true) };
        if !same_type || members != expected {
            return Err(LayoutError::Ambiguous { what: what() });
        }
        Ok(Some(document))
    }

    /// Notes a blob that refers to nothing.
    fn other(&mut self, descriptor: &Descriptor) -> Result<(), LayoutError> {
        let sha256 = descriptor.sha256;
        let size = descriptor.size.ok_or(LayoutError::Size(sha256))?;
        match self.others.entry(sha256) {
            Entry::Occupied(known) if *known.get() != size => {
                return Err(LayoutError::Size(sha256));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => {
                free.insert(size);
            }
        }
        if self.others.len() > BLOBS_MAX {
            return Err(LayoutError::TooMany { what: "blobs", most: BLOBS_MAX });
        }
        let elsewhere =
            |kind: &str| kind.contains("nondistributable") || kind.contains(".foreign.");
        if descriptor.media_type.as_deref().is_some_and(elsewhere) {
            self.optional.insert(sha256);
        }
        Ok(())
    }

    fn check_others(&self) -> Result<(), LayoutError> {
        let is_meant = |sha256: &Sha256| {
            !self.optional.contains(sha256) || file::kind_at(&self.path(*sha256)).is_some()
        };
        let meant: Vec<_> = self.others.iter().filter(|(sha256, _)| is_meant(sha256)).collect();
        let paths: Vec<_> = meant.iter().map(|(sha256, _)| self.path(**sha256)).collect();
        let hashed = hash_all(&paths, Links::Refuse, false, &|| false, &|_, _| ());
        for ((sha256, size), hashed) in meant.into_iter().zip(hashed) {
            let sha256 = *sha256;
            let hashed = hashed.map_err(|source| LayoutError::Blob { sha256, source })?;
            check(sha256, *size, &hashed)?;
        }
        Ok(())
    }
}

fn check(expected: Sha256, size: u64, hashed: &Hashed) -> Result<(), LayoutError> {
    if hashed.sha256 == expected && hashed.size == size && !hashed.changed_while_read {
        return Ok(());
    }
    let (found, found_size) = (hashed.sha256, hashed.size);
    Err(LayoutError::OtherBlob { expected, size, found, found_size })
}

/// What buildx keeps about an image in its index: no image.
fn is_attestation(descriptor: &Descriptor) -> bool {
    descriptor
        .annotations
        .get("vnd.docker.reference.type")
        .is_some_and(|kind| kind == "attestation-manifest")
}

fn child_name(parent: &ArtefactName, child: &Descriptor) -> Result<ArtefactName, NameError> {
    match child.platform.as_ref().filter(|platform| platform.is_known()) {
        Some(platform) => format!("{parent}@{}", Platform::dashed(platform)).parse(),
        None => by_digest(parent, child),
    }
}

fn by_digest(parent: &ArtefactName, child: &Descriptor) -> Result<ArtefactName, NameError> {
    let hex = child.sha256.to_string();
    format!("{parent}@{}", hex.get(..12).unwrap_or(&hex)).parse()
}

#[cfg(test)]
mod tests;
