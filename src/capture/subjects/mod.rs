//! Subjects whose bytes aren't all here: digests that were made elsewhere, and container images.

pub mod checksums;
mod descriptor;
pub mod image;
pub mod layout;
mod look;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::digest::Sha256;
use crate::base::name::ArtefactName;
use crate::capture::files;
use crate::format::statement::{BASIS, DECLARED, Subject};

pub use look::{Look, LookError, Seen};

/// Two subjects of one name and of different content.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("two artefacts would be named {name}: sha256:{one} and sha256:{other}")]
pub struct Clash {
    /// The name, for people.
    pub name: String,
    /// The digest of the one.
    pub one: String,
    /// The digest of the other.
    pub other: String,
}

/// A subject whose digest was told and not computed here.
#[must_use]
pub fn declared(name: &ArtefactName, sha256: Sha256) -> Subject {
    Subject {
        name: Some(name.as_str().to_owned()),
        digest: BTreeMap::from([(Sha256::ALGORITHM.to_owned(), sha256.to_string())]),
        annotations: Map::from_iter([(BASIS.to_owned(), Value::from(DECLARED))]),
    }
}

/// A subject whose bytes were read here after all.
#[must_use]
pub fn computed(name: &ArtefactName, seen: &Seen) -> Subject {
    let mut subject = declared(name, seen.sha256);
    subject.annotations = Map::from_iter([("size".to_owned(), Value::from(seen.size))]);
    if let Some(change) = seen.change {
        subject.annotations.insert("change".to_owned(), Value::from(files::word(change)));
    }
    subject
}

/// Subjects, each name once.
#[derive(Debug, Default)]
pub struct Subjects(BTreeMap<String, Subject>);

impl Subjects {
    /// Adds one. Of two that agree, the one whose digest was computed stays: it says more.
    ///
    /// # Errors
    /// Another of its name with another digest, or of another kind.
    pub fn add(&mut self, subject: Subject) -> Result<(), Clash> {
        let name = subject.name.clone().unwrap_or_default();
        let sha256 =
            |subject: &Subject| subject.digest.get(Sha256::ALGORITHM).cloned().unwrap_or_default();
        let told = |subject: &Subject| subject.is_declared() && subject.kind().is_none();
        let stays = match self.0.get(&name) {
            None => false,
            Some(other) if sha256(other) != sha256(&subject) => {
                return Err(Clash { one: sha256(other), other: sha256(&subject), name });
            }
            Some(other) if other.kind() == subject.kind() => {
                !other.is_declared() || subject.is_declared()
            }
            Some(_) if told(&subject) => true,
            Some(other) if told(other) => false,
            Some(other) => {
                return Err(Clash { one: sha256(other), other: sha256(&subject), name });
            }
        };
        if !stays {
            self.0.insert(name, subject);
        }
        Ok(())
    }

    /// Sorted by name.
    #[must_use]
    pub fn into_vec(self) -> Vec<Subject> {
        self.0.into_values().collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::evidence::Change;

    #[test]
    fn two_of_one_name_clash_unless_they_agree_and_what_was_computed_stays() {
        let name: ArtefactName = "a".parse().unwrap();
        let (one, two) = (Sha256::of(b"1"), Sha256::of(b"2"));
        let seen = Seen { sha256: one, size: 1, change: Some(Change::Made) };
        for order in [true, false] {
            let mut subjects = Subjects::default();
            let mut both = [declared(&name, one), computed(&name, &seen)];
            if order {
                both.reverse();
            }
            for subject in both {
                subjects.add(subject).unwrap();
            }
            assert!(subjects.add(declared(&name, two)).is_err());
            let mut image = declared(&name, one);
            image.annotations.insert("kind".to_owned(), "image".into());
            assert!(subjects.add(image.clone()).is_err(), "a file and an image");
            assert_eq!(subjects.into_vec(), [computed(&name, &seen)]);
            let mut both = [image.clone(), declared(&name, one)];
            if order {
                both.reverse();
            }
            let mut subjects = Subjects::default();
            for subject in both {
                subjects.add(subject).unwrap();
            }
            assert_eq!(subjects.into_vec(), [image]);
        }
    }
}
