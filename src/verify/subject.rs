//! Whether a statement is about an artefact.

use std::str::FromStr;

use crate::base::digest::{Sha256, Sha512};
use crate::base::name::ArtefactName;
use crate::format::statement::{Statement, Subject};

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
}

/// The annotation that marks a folder's subject.
#[must_use]
pub fn is_tree(subject: &Subject) -> bool {
    subject.annotations.get("kind").and_then(|kind| kind.as_str()) == Some("tree")
}

/// A name that counts: none at all, or one without `..` and the like. An empty one would be a wildcard.
fn name_of(subject: &Subject) -> Option<Option<ArtefactName>> {
    match &subject.name {
        None => Some(None),
        Some(name) => ArtefactName::from_str(name).ok().map(Some),
    }
}

fn fits(name: Option<&ArtefactName>, artefact: &Artefact) -> bool {
    match (&artefact.name, name) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(name)) => name.as_str() == wanted || name.base_name() == wanted,
    }
}

/// The subjects of `statement` that agree with the artefact in SHA-256 or SHA-512, best first: one
/// that disagrees in something else comes last, one of the artefact's own name first.
///
/// A subject matches nothing if its name is forbidden, if it has no strong digest, or if it is of the
/// other kind (file, folder).
pub(super) fn best_match(statement: &Statement, artefact: &Artefact) -> Option<Match> {
    let matches = statement.subjects.iter().filter_map(|subject| {
        let name = name_of(subject)?;
        let other_kind = match artefact.kind {
            ArtefactKind::File => is_tree(subject),
            ArtefactKind::Tree => !is_tree(subject),
            ArtefactKind::Digest => false,
        };
        if other_kind {
            return None;
        }
        let sha256 = subject.digest.get(Sha256::ALGORITHM);
        let sha512 = subject.digest.get(Sha512::ALGORITHM);
        let agrees256 = sha256.map(|text| text.parse() == Ok(artefact.sha256));
        let agrees512 = match (sha512, artefact.sha512) {
            (Some(text), Some(found)) => Some(text.parse() == Ok(found)),
            _ => None,
        };
        if agrees256 != Some(true) && agrees512 != Some(true) {
            return None;
        }
        let disagreement = if agrees256 == Some(false) {
            disagreement("sha256", sha256, artefact.sha256)
        } else if agrees512 == Some(false) {
            artefact.sha512.and_then(|found| disagreement("sha512", sha512, found))
        } else {
            match (subject.size(), artefact.size) {
                (Some(expected), Some(found)) if expected != found => {
                    disagreement("size", Some(&expected.to_string()), found)
                }
                _ => None,
            }
        };
        let name_fits = fits(name.as_ref(), artefact);
        let sha512_unchecked = sha512.is_some() && artefact.sha512.is_none();
        Some(Match { name, name_fits, disagreement, sha512_unchecked })
    });
    matches.min_by_key(|found| (found.disagreement.is_some(), !found.name_fits))
}

fn disagreement(
    what: &'static str,
    expected: Option<&String>,
    found: impl ToString,
) -> Option<Disagreement> {
    let expected = expected?.clone();
    Some(Disagreement { what, expected, found: found.to_string() })
}

/// A subject of the artefact's own name with another SHA-256: the evidence is about this artefact, and
/// it is another one.
pub(super) fn contradiction(statement: &Statement, artefact: &Artefact) -> Option<String> {
    artefact.name.as_ref()?;
    statement.subjects.iter().find_map(|subject| {
        let name = name_of(subject)?;
        let expected: Sha256 = subject.digest.get(Sha256::ALGORITHM)?.parse().ok()?;
        (fits(name.as_ref(), artefact) && expected != artefact.sha256).then(|| expected.to_string())
    })
}
