//! One definition, read and understood; nothing is redacted or capped yet.

use std::io;

use super::facts::Facts;
use super::find::Family;
use super::references::{self, Found};
use super::{FILE_MAX, github, gitlab};
use crate::base::digest::Sha256;
use crate::base::tree::Reader;
use crate::capture::markup::lines::Lines;
use crate::format::evidence::DefinitionKind;

/// What a definition is and says.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) family: Family,
    pub(super) kind: DefinitionKind,
    pub(super) sha256: Option<Sha256>,
    pub(super) trouble: Option<String>,
    pub(super) references: Vec<Found>,
    pub(super) facts: Facts,
}

pub(super) fn look(reader: &Reader, path: &[u8], family: Family) -> Look {
    let kind = kind(path, family);
    let mut look = Look {
        family,
        kind,
        sha256: None,
        trouble: None,
        references: Vec::new(),
        facts: Facts::default(),
    };
    let bytes = match reader.read(path, FILE_MAX) {
        Ok(bytes) => bytes,
        Err(error) => {
            look.trouble = Some(match error.kind() {
                io::ErrorKind::FileTooLarge => format!("is larger than {FILE_MAX} bytes"),
                kind => format!("can't be read: {kind}"),
            });
            return look;
        }
    };
    look.sha256 = Some(Sha256::of(&bytes));
    match references::documents(&bytes, family) {
        Ok(documents) => {
            let mut lines = Lines::of(references::text(&bytes).unwrap_or_default(), &documents);
            (look.references, look.trouble) = references::of(&documents, family, &lines);
            look.facts = match family {
                Family::GitHub => github::facts(&documents, kind),
                Family::GitLab => gitlab::facts(&documents),
            };
            for mark in &mut look.facts.marks {
                mark.line = lines.at(&mark.place);
            }
        }
        Err(why) => look.trouble = Some(why),
    }
    look
}

/// The folder of workflows may hold one of any name; everywhere else an action has its own.
fn kind(path: &[u8], family: Family) -> DefinitionKind {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let is_workflow =
        path.strip_prefix(b".github/workflows/").is_some_and(|name| !name.contains(&b'/'));
    match family {
        Family::GitLab => DefinitionKind::Gitlab,
        Family::GitHub if is_workflow => DefinitionKind::Workflow,
        Family::GitHub if matches!(name, b"action.yml" | b"action.yaml") => DefinitionKind::Action,
        Family::GitHub => DefinitionKind::Unknown,
    }
}
