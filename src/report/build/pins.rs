//! What the pipeline names from elsewhere, and whether it can move.

use super::{ENTRIES_MAX, name};
use crate::format::evidence::{Definition, PathText, Pin, Pipeline, Reference};
use crate::report::model::{PinsV1, ReferenceV1};

/// Whether what it names can move; `None` where that can't be told.
const fn moves(pin: Pin) -> Option<bool> {
    match pin {
        Pin::Commit | Pin::Digest | Pin::Integrity | Pin::SameCommit | Pin::Platform => Some(false),
        Pin::Tag | Pin::Unpinned => Some(true),
        Pin::NotDecidable | Pin::Unknown => None,
    }
}

const fn word(pin: Pin) -> &'static str {
    match pin {
        Pin::Commit => "commit",
        Pin::Digest => "digest",
        Pin::Integrity => "integrity",
        Pin::SameCommit => "same-commit",
        Pin::Tag => "tag",
        Pin::Unpinned => "unpinned",
        Pin::Platform => "platform",
        Pin::NotDecidable => "not-decidable",
        Pin::Unknown => "unknown",
    }
}

/// The references of all definitions; the numbers are of the running ones.
pub(super) fn pins(pipeline: Option<&Pipeline>) -> PinsV1 {
    let definitions = pipeline.map(|pipeline| pipeline.definitions.as_slice()).unwrap_or_default();
    let mut of = PinsV1::default();
    let mut all: Vec<(&Definition, &Reference)> = definitions
        .iter()
        .flat_map(|definition| definition.references.iter().map(move |one| (definition, one)))
        .collect();
    for (_, reference) in all.iter().filter(|(definition, _)| definition.running) {
        match moves(reference.pin) {
            Some(false) => of.pinned += 1,
            Some(true) => of.movable += 1,
            None => of.undecided += 1,
        }
    }
    let rank = |pin: Pin| match moves(pin) {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    };
    all.sort_by_key(|(definition, reference)| (rank(reference.pin), !definition.running));
    let one = |(definition, reference): (&Definition, &Reference)| ReferenceV1 {
        definition: path(&definition.path),
        kind: name(&reference.kind),
        text: name(&reference.text),
        pin: word(reference.pin).to_owned(),
        movable: moves(reference.pin) == Some(true),
        running: definition.running,
        line: reference.line,
    };
    of.references = all.into_iter().take(ENTRIES_MAX).map(one).collect();
    of
}

/// A definition's path, as it is shown.
pub(super) fn path(path: &PathText) -> String {
    match path {
        PathText::Path(text) => name(text),
        PathText::PathHex(hex) => name(&format!("(bytes) {hex}")),
    }
}
