//! The pipeline's definitions and what they name from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Digests, Texts, grouped, joined, named};
use crate::drift::path_name;
use crate::format::evidence::{Definition, Pin, Pipeline, Reference};
use crate::format::lock::Class;

const DEFINITIONS: &str = "pipeline.definitions";
const REFERENCES: &str = "pipeline.references";

pub(super) fn compare(all: &mut Comparison, old: Option<&Pipeline>, new: Option<&Pipeline>) {
    let Some((old, new)) = all.whole(&[DEFINITIONS, REFERENCES], old, new) else { return };
    let digests = |side: &Pipeline| -> Digests {
        named(side.definitions.iter().map(|file| (path_name(&file.path), file.sha256)))
    };
    all.digests((Class::Configuration, DEFINITIONS), &digests(old), &digests(new));

    let (old, new) = (Files::of(old), Files::of(new));
    for (path, in_old, in_new) in joined(&old.troubled, &new.troubled) {
        let side = match (in_old, in_new) {
            (Some(()), Some(())) => "either",
            (Some(()), None) => "the baseline",
            _ => "this build",
        };
        all.skip(REFERENCES, format!("{path}: not read whole in {side}"));
    }
    // What a definition names that wasn't read whole isn't known, so it can't be gone.
    let whole = |files: &Files| -> Texts {
        let known =
            |path: &str| !old.troubled.contains_key(path) && !new.troubled.contains_key(path);
        let files = files.references.iter().filter(|(path, _)| known(path));
        named(files.flat_map(|(_, references)| references.clone()))
    };
    all.texts((Class::References, REFERENCES), &whole(&old), &whole(&new));
}

struct Files {
    troubled: BTreeMap<String, ()>,
    references: Vec<(String, Texts)>,
}

impl Files {
    fn of(pipeline: &Pipeline) -> Self {
        let troubled = pipeline.definitions.iter().filter(|file| file.trouble.is_some());
        Self {
            troubled: troubled.map(|file| (path_name(&file.path), ())).collect(),
            references: references(&pipeline.definitions),
        }
    }
}

/// Kind, text and pin: what a reference is. On which line it stands is nothing of the environment's.
type Known<'r> = (&'r str, &'r str, Pin);

/// By definition: its references by name. Several pins of one thing are one text.
pub(in crate::drift) fn references(definitions: &[Definition]) -> Vec<(String, Texts)> {
    let mut by_path: BTreeMap<String, BTreeSet<Known<'_>>> = BTreeMap::new();
    for file in definitions {
        let known = file.references.iter().map(|r: &Reference| (&*r.kind, &*r.text, r.pin));
        by_path.entry(path_name(&file.path)).or_default().extend(known);
    }
    let named = |(path, list): (String, BTreeSet<Known<'_>>)| {
        let name = |kind, text| format!("{path}: {kind} {}", stem(kind, text));
        let texts =
            grouped(list.iter().map(|(kind, text, _)| (name(kind, text), (*text).to_owned())));
        (path, texts)
    };
    by_path.into_iter().map(named).collect()
}

/// A reference up to its pin.
fn stem<'a>(kind: &str, text: &'a str) -> &'a str {
    let name = text.split_once('@').map_or(text, |(name, _)| name);
    let name = name.split_once(" integrity=").map_or(name, |(name, _)| name);
    if kind != "image" && !text.starts_with("docker://") {
        return name;
    }
    // The colon of a registry's port comes before a slash, the one of a tag after the last.
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let tag = name.get(last..).and_then(|segment| segment.find(':'));
    tag.and_then(|colon| name.get(..last + colon)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_reference_is_known_by_what_stands_before_its_pin() {
        for (kind, text, expected) in [
            ("uses", "actions/checkout@v4", "actions/checkout"),
            ("uses", "./.github/actions/x", "./.github/actions/x"),
            ("uses", "docker://alpine:3.20", "docker://alpine"),
            ("image", "rust:1.90", "rust"),
            ("image", "host:5000/a/rust:1.90@sha256:aa", "host:5000/a/rust"),
            ("image", "host:5000/a/rust", "host:5000/a/rust"),
            ("include", "group/project@v1", "group/project"),
            ("include", "https://example.com:8443/a.yml", "https://example.com:8443/a.yml"),
            (
                "include",
                "remote:https://e.com/a.yml integrity=sha256-x",
                "remote:https://e.com/a.yml",
            ),
            ("image", "", ""),
            ("image", "é:1", "é"),
        ] {
            assert_eq!(stem(kind, text), expected);
        }
    }
}
