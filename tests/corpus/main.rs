//! Pipelines' definitions of every kind, beside what a person reads in each: the binary must read the same.
//!
//! `github/NAME.yml` is a workflow, `github/NAME.action.yml` an action, `gitlab/NAME.yml` a definition of
//! GitLab's; the reading is in `NAME.json`. `trees/NAME` is a repository, and its `expected.json` says which
//! of its files the pipeline is made of.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod forms;
mod generated;
#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "../cli/harness.rs"]
mod harness;
mod reading;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use harness::Place;
use serde_json::Value;

/// A definition's path in a repository, its bytes, and the name of the files that it is made of.
struct Entry {
    name: String,
    path: String,
    content: Vec<u8>,
    expected: Value,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// All of one platform, sorted by name.
fn entries(platform: &str) -> Vec<Entry> {
    let folder = corpus().join(platform);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let known = name.ends_with(".json") || name.ends_with(".yml");
            assert!(known, "{platform}/{name} is neither a definition nor a reading");
            name.strip_suffix(".yml").map(str::to_owned)
        })
        .collect();
    names.sort();
    let all = fs::read_dir(&folder).unwrap().count();
    assert_eq!(
        all,
        names.len() * 2,
        "{platform}: each definition has its reading, and each reading its file"
    );
    names.into_iter().map(|name| entry(platform, &folder, name)).collect()
}

fn entry(platform: &str, folder: &Path, name: String) -> Entry {
    let content = fs::read(folder.join(format!("{name}.yml"))).unwrap();
    let file = folder.join(format!("{name}.json"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let expected = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let path = match (platform, name.strip_suffix(".action")) {
        ("github", Some(action)) => format!(".github/actions/{action}/action.yml"),
        ("github", None) => format!(".github/workflows/{name}.yml"),
        _ => format!(".gitlab/ci/{name}.yml"),
    };
    Entry { name: format!("{platform}/{name}"), path, content, expected }
}

/// What the evidence of a build in `place` says of its definitions, by path.
fn definitions(place: &Place, variables: &[(&str, &str)]) -> BTreeMap<String, Value> {
    place.run(&["--quiet", "--force", "--offline"], "true").vars(variables).exits(0);
    let evidence = place.evidence();
    let all = evidence["pipeline"]["value"]["definitions"].as_array().cloned().unwrap_or_default();
    all.into_iter().map(|one| (one["path"].as_str().unwrap().to_owned(), one)).collect()
}

#[test]
fn each_definition_is_read_as_a_person_reads_it() {
    for platform in ["github", "gitlab"] {
        let place = Place::new();
        let entries = entries(platform);
        entries.iter().for_each(|entry| drop(place.write(&entry.path, &entry.content)));
        place.write("source", "what is built");
        let found = definitions(&place, &[]);
        assert_eq!(found.len(), entries.len(), "{platform}: definitions in the evidence");
        let mut wrong = Vec::new();
        for entry in &entries {
            let found = found.get(&entry.path).unwrap_or(&Value::Null);
            wrong.extend(reading::differences(&entry.name, &entry.expected, found));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
