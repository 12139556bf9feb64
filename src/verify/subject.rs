//! Whether a statement is about an artefact.

use std::collections::HashMap;
use std::str::FromStr;

use crate::base::digest::{Sha256, Sha512};
use crate::base::name::ArtefactName;
use crate::format::statement::{IMAGE, Statement, Subject};

/// What an artefact is: a root digest and a file's digest are both SHA-256, and a file whose content
/// is a list of records must not pass for the folder that the records describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtefactKind {
    /// A regular file.
    File,
    /// A folder, by its root digest.
    Tree,
    /// A digest alone.
    Digest,
}

/// What the checker has at hand.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// What it is.
    pub kind: ArtefactKind,
    /// Its base name, or the name that it is to be checked under. A digest has none.
    pub name: Option<String>,
    /// Its SHA-256, computed by the checker (of a [`ArtefactKind::Digest`]: given).
    pub sha256: Sha256,
    /// Its SHA-512, where a statement states one.
    pub sha512: Option<Sha512>,
    /// Bytes.
    pub size: Option<u64>,
}

/// A strong digest, or the size, that disagrees beside a digest that agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// `sha256`, `sha512` or `size`.
    pub what: &'static str,
    /// As the statement has it.
    pub expected: String,
    /// As the artefact has it.
    pub found: String,
}

/// A subject that an artefact's digest agrees with.
#[derive(Debug, Clone, Default)]
pub(super) struct Match {
    /// The subject's name, where it has one.
    pub(super) name: Option<ArtefactName>,
    /// Whether that is the artefact's name too; a digest alone fits any.
    pub(super) name_fits: bool,
    /// What disagrees all the same.
    pub(super) disagreement: Option<Disagreement>,
    /// The subject states a SHA-512 that could not be compared.
    pub(super) sha512_unchecked: bool,
    /// The producer was told the digest and computed none.
    pub(super) declared: bool,
    /// The subject is a container image, by the digest of its manifest.
    pub(super) is_image: bool,
    /// It says that the build found it there and left it as it was.
    pub(super) unchanged: bool,
}

/// The annotation that marks a folder's subject.
#[must_use]
pub fn is_tree(subject: &Subject) -> bool {
    subject.kind() == Some("tree")
}

/// A name that counts: none at all, or one without `..` and the like. An empty one would be a wildcard.
fn name_of(subject: &Subject) -> Option<Option<ArtefactName>> {
    match &subject.name {
        None => Some(None),
        Some(name) => ArtefactName::from_str(name).ok().map(Some),
    }
}

fn fits(known: &Known, artefact: &Artefact) -> bool {
    match (&artefact.name, &known.name) {
        (None, _) => true,
        (Some(_), None) => false,
        // An image has no folders: its whole name counts. Behind the `@` stands which of its manifests it is.
        (Some(wanted), Some(name)) if known.is_image => {
            name.as_str() == wanted || name.as_str().split('@').next() == Some(wanted)
        }
        (Some(wanted), Some(name)) => name.as_str() == wanted || name.base_name() == wanted,
    }
}

/// A digest that a subject states: one that can't be read agrees with nothing, and disagrees.
#[derive(Debug, Clone)]
struct Stated<D> {
    text: String,
    digest: Option<D>,
}

impl<D: FromStr> Stated<D> {
    fn of(subject: &Subject, algorithm: &str) -> Option<Self> {
        let text = subject.digest.get(algorithm)?;
        Some(Self { text: text.clone(), digest: text.parse().ok() })
    }
}

#[derive(Debug, Clone)]
struct Known {
    name: Option<ArtefactName>,
    sha256: Option<Stated<Sha256>>,
    sha512: Option<Stated<Sha512>>,
    size: Option<u64>,
    is_tree: bool,
    /// The root digest of a build's inputs: no file, and no folder that was made.
    is_inputs: bool,
    is_image: bool,
    declared: bool,
    unchanged: bool,
}

/// The subjects of a statement that can match anything, found by digest and by name: thousands of
/// artefacts are looked up in thousands of subjects.
///
/// Left out is a subject whose name is forbidden; one without a strong digest is found by none.
#[derive(Debug, Clone, Default)]
pub(super) struct Subjects {
    known: Vec<Known>,
    by_sha256: HashMap<Sha256, Vec<usize>>,
    by_sha512: HashMap<Sha512, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Subjects {
    pub(super) fn of(statement: &Statement) -> Self {
        let mut subjects = Self::default();
        for subject in &statement.subjects {
            let Some(name) = name_of(subject) else { continue };
            let sha256 = Stated::<Sha256>::of(subject, Sha256::ALGORITHM);
            let sha512 = Stated::<Sha512>::of(subject, Sha512::ALGORITHM);
            let at = subjects.known.len();
            if let Some(digest) = sha256.as_ref().and_then(|stated| stated.digest) {
                subjects.by_sha256.entry(digest).or_default().push(at);
            }
            if let Some(digest) = sha512.as_ref().and_then(|stated| stated.digest) {
                subjects.by_sha512.entry(digest).or_default().push(at);
            }
            if let Some(name) = &name {
                subjects.by_name.entry(name.as_str().to_owned()).or_default().push(at);
                if name.base_name() != name.as_str() {
                    subjects.by_name.entry(name.base_name().to_owned()).or_default().push(at);
                }
            }
            let size = subject.size();
            let is_tree = is_tree(subject);
            let is_inputs = subject.kind() == Some("inputs");
            let is_image = subject.kind() == Some(IMAGE);
            subjects.known.push(Known {
                name,
                sha256,
                sha512,
                size,
                is_tree,
                is_inputs,
                is_image,
                declared: subject.is_declared(),
                unchanged: subject.is_unchanged(),
            });
        }
        subjects
    }

    /// The subject that agrees with the artefact in SHA-256 or SHA-512: one that disagrees in something
    /// else all the same, if there is any, then one of the artefact's own name.
    ///
    /// One of the other kind (file, folder, the inputs of a build) is none. A container image's digest is that
    /// of a file, its manifest: a file with these bytes is what the subject is.
    pub(super) fn best_match(&self, artefact: &Artefact) -> Option<Match> {
        let by_sha512 = artefact.sha512.and_then(|digest| self.by_sha512.get(&digest));
        let places = self.by_sha256.get(&artefact.sha256).into_iter().chain(by_sha512).flatten();
        let found =
            places.filter_map(|at| self.known.get(*at)).filter(|known| match artefact.kind {
                ArtefactKind::File => !known.is_tree && !known.is_inputs,
                ArtefactKind::Tree => known.is_tree,
                ArtefactKind::Digest => !known.is_inputs,
            });
        let matches = found.map(|known| Match {
            name: known.name.clone(),
            name_fits: fits(known, artefact),
            disagreement: known.disagreement(artefact),
            sha512_unchecked: known.sha512.is_some() && artefact.sha512.is_none(),
            declared: known.declared,
            is_image: known.is_image,
            unchanged: known.unchanged,
        });
        matches.min_by_key(|found| (found.disagreement.is_none(), !found.name_fits, found.declared))
    }

    /// The SHA-256 of a subject of the artefact's own name, where it is another than the artefact's: the
    /// evidence is about this artefact, and it is another one. The image `host/app` is not the file `app`.
    pub(super) fn contradiction(&self, artefact: &Artefact) -> Option<String> {
        let places = self.by_name.get(artefact.name.as_ref()?)?;
        let known = places.iter().filter_map(|at| self.known.get(*at));
        let may_be = |known: &&Known| match artefact.kind {
            _ if known.is_inputs => false,
            ArtefactKind::Digest => fits(known, artefact),
            ArtefactKind::File | ArtefactKind::Tree => !known.is_image,
        };
        known.filter(may_be).find_map(|known| {
            let expected = known.sha256.as_ref()?.digest?;
            (expected != artefact.sha256).then(|| expected.to_string())
        })
    }
}

impl Known {
    fn disagreement(&self, artefact: &Artefact) -> Option<Disagreement> {
        let disagreement = |what, expected: &str, found: String| {
            Some(Disagreement { what, expected: expected.to_owned(), found })
        };
        if let Some(stated) = &self.sha256
            && stated.digest != Some(artefact.sha256)
        {
            return disagreement("sha256", &stated.text, artefact.sha256.to_string());
        }
        if let (Some(stated), Some(found)) = (&self.sha512, artefact.sha512)
            && stated.digest != Some(found)
        {
            return disagreement("sha512", &stated.text, found.to_string());
        }
        match (self.size, artefact.size) {
            (Some(expected), Some(found)) if expected != found => {
                disagreement("size", &expected.to_string(), found.to_string())
            }
            _ => None,
        }
    }
}
