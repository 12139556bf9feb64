//! The files that define what a pipeline does, as they lie on the disk, and what they name from elsewhere.
//!
//! A digest shows that a file changed; the references show what would change without it.

use std::path::Path;

mod find;
mod references;
#[cfg(test)]
mod tests;

use super::Captured;
use super::platform::{Kind, Platform};
use super::redact::Redactor;
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::base::tree::Reader;
use crate::format::evidence::{Definition, PathText, Reference};
use crate::format::fact::{Basis, Fact, Gap, Withheld};

use find::Family;

const PART: &str = "pipeline.definitions";
/// Largest definition, in bytes.
const FILE_MAX: u64 = 1 << 20;
/// Most definitions.
const FILES_MAX: usize = 500;
/// Most references of all definitions together.
const REFERENCES_MAX: usize = 4096;
/// All of their texts, in bytes: they stand in the signed file.
const TEXT_MAX: usize = 256 << 10;

/// Captures the definitions of `platform` and of others that lie below `root`.
#[must_use]
pub fn capture(root: &Path, platform: &Platform, redactor: &Redactor) -> Captured<Vec<Definition>> {
    let mut gaps = Vec::new();
    let reader = match Reader::open(root) {
        Ok(reader) => reader,
        Err(error) => {
            let reason = error.to_string();
            gaps.push(Gap::without_cure(PART, reason.clone()));
            let fact = Fact::unavailable(Basis::Read, reason);
            return Captured { fact, redactions: Vec::new(), gaps };
        }
    };
    let named = named(platform);
    let mut found = find::find(root, named.filter(|_| platform.kind == Kind::GitLab));
    if !found.whole {
        let reason = "not all folders that hold definitions could be listed: there may be more";
        gaps.push(Gap::without_cure(PART, reason));
    }
    let own = platform.pipeline.definition.as_deref();
    if let Some(named) = named
        && !found.files.iter().any(|(path, _)| path == named.as_bytes())
    {
        let reason = "the definition that the platform's variables name isn't below the root";
        gaps.push(Gap::new(PART, reason, "check the repository out, and name it with --root"));
    } else if platform.kind == Kind::GitLab && named.is_none() && own.is_some() {
        let reason =
            "the definition that the platform's variables name lies elsewhere: it isn't captured";
        gaps.push(Gap::without_cure(PART, reason));
    }
    if found.files.len() > FILES_MAX {
        let more = found.files.len() - FILES_MAX;
        let reason =
            format!("{} more than {FILES_MAX} were not read", count(more as u64, "definition"));
        gaps.push(Gap::without_cure(PART, reason));
        found.files.truncate(FILES_MAX);
    }
    let mut pass = Pass { redactor, references: 0, bytes: 0, redactions: Vec::new() };
    let definitions: Vec<_> = found
        .files
        .iter()
        .map(|(path, family)| pass.definition(path, *family, reader.read(path, FILE_MAX)))
        .collect();
    let troubled = definitions.iter().filter(|definition| definition.trouble.is_some()).count();
    if troubled > 0 {
        let reason = format!(
            "{} could not be read whole: what it names from elsewhere isn't known",
            count(troubled as u64, "definition")
        );
        gaps.push(Gap::without_cure(PART, reason));
    }
    let fact = match definitions.is_empty() {
        true => Fact::absent(Basis::Read),
        false => Fact::observed(Basis::Read, definitions),
    };
    let mut redactions = pass.redactions;
    redactions.sort();
    redactions.dedup();
    Captured { fact, redactions, gaps }
}

/// The definition that the platform's variables name, where that is a plain path below the root.
fn named(platform: &Platform) -> Option<&str> {
    let path = match platform.kind {
        Kind::GitHub => platform.workflow_path.as_deref()?,
        Kind::GitLab => platform.pipeline.definition.as_deref()?,
        Kind::UnknownCi | Kind::Local => return None,
    };
    find::is_plain(path).then_some(path)
}

/// The pass over all definitions.
struct Pass<'a> {
    redactor: &'a Redactor,
    references: usize,
    bytes: usize,
    redactions: Vec<Withheld>,
}

impl Pass<'_> {
    fn definition(
        &mut self,
        path: &[u8],
        family: Family,
        read: std::io::Result<Vec<u8>>,
    ) -> Definition {
        let mut definition = Definition {
            path: PathText::from_bytes(path),
            sha256: None,
            committed: None,
            references: Vec::new(),
            trouble: None,
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                definition.trouble = Some(match error.kind() {
                    std::io::ErrorKind::FileTooLarge => format!("is larger than {FILE_MAX} bytes"),
                    kind => format!("can't be read: {kind}"),
                });
                return definition;
            }
        };
        definition.sha256 = Some(Sha256::of(&bytes));
        let (found, trouble) = references::of(&bytes, family);
        definition.trouble = trouble;
        for found in found {
            let kind = found.kind;
            let text = self.scrubbed(&found.text, kind);
            self.references += 1;
            self.bytes += text.len();
            if self.references > REFERENCES_MAX || self.bytes > TEXT_MAX {
                definition.trouble = Some("all definitions together name too much".to_owned());
                break;
            }
            definition.references.push(Reference { kind: kind.to_owned(), text });
        }
        definition.references.sort();
        definition.references.dedup();
        definition
    }

    fn scrubbed(&mut self, text: &str, kind: &str) -> String {
        // What stands before an address, such as `remote:`, would hide its user from the rule for addresses.
        let (before, rest) = match text.split_once(':') {
            Some((word, rest)) if references::PREFIXES.contains(&word) => {
                (text.get(..=word.len()).unwrap_or_default(), rest)
            }
            _ => ("", text),
        };
        let scrubbed = match rest.contains("://") {
            true => self.redactor.scrub_url(rest),
            false => self.redactor.scrub(rest),
        };
        self.redactions.extend(
            scrubbed.rules.iter().map(|rule| Withheld {
                place: format!("{PART}, {kind}"),
                rule: rule.id().to_owned(),
            }),
        );
        format!("{before}{}", scrubbed.text)
    }
}
