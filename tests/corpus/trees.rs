//! Small repositories: which of their files the running pipeline is made of.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use super::harness::Place;
use super::{corpus, definitions};

/// Copies a tree into the place, without its reading, which is returned.
fn lay(name: &str, place: &Place) -> Value {
    let folder = corpus().join("trees").join(name);
    copy(&folder, &folder, place);
    fs::remove_file(place.at("expected.json")).unwrap();
    let text = fs::read_to_string(folder.join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}/expected.json: {error}"))
}

fn copy(top: &Path, folder: &Path, place: &Place) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => copy(top, &path, place),
            false => drop(place.write(path.strip_prefix(top).unwrap(), fs::read(&path).unwrap())),
        }
    }
}

/// Each path with whether it is running, where `start` is the definition that runs.
fn walked(place: &Place, start: &str) -> Value {
    let workflow = format!("octo/app/{start}@refs/heads/main");
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_WORKFLOW_REF", workflow.as_str()),
    ];
    let gitlab = [("GITLAB_CI", "true"), ("CI_CONFIG_PATH", start)];
    let variables = if start.starts_with(".github/") { &github[..] } else { &gitlab[..] };
    let found = definitions(place, variables);
    found.iter().map(|(path, one)| json!([path, one["running"] == true])).collect()
}

#[test]
fn the_pipeline_is_made_of_what_it_reaches_and_of_nothing_else() {
    let folder = corpus().join("trees");
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 11);
    let mut wrong = Vec::new();
    for name in names {
        let name = name.to_str().unwrap();
        let place = Place::new();
        let expected = lay(name, &place);
        let found = walked(&place, expected["start"].as_str().unwrap());
        if found != expected["paths"] {
            wrong.push(format!(
                "trees/{name}:\n  expected {}\n  found    {found}",
                expected["paths"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_in_the_way_is_not_followed_to_another_action() {
    let place = Place::new();
    lay("action-elsewhere", &place);
    fs::rename(place.at("tools/build"), place.at("real")).unwrap();
    symlink("../real", place.at("tools/build")).unwrap();
    let found = walked(&place, ".github/workflows/ci.yml");
    let paths: Vec<_> = found.as_array().unwrap().iter().map(|one| one[0].clone()).collect();
    assert_eq!(paths, [".github/workflows/ci.yml", "action.yml", "tools/dollar/action.yml"]);
}

#[test]
fn an_action_that_is_a_link_is_known_to_run_and_not_read() {
    let place = Place::new();
    lay("action-elsewhere", &place);
    let outside = place.outside("secret.yml");
    fs::write(&outside, "runs: {using: composite, steps: [{uses: octo/outside@main}]}\n").unwrap();
    fs::remove_file(place.at("tools/dollar/action.yml")).unwrap();
    symlink(&outside, place.at("tools/dollar/action.yml")).unwrap();
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "octo/app"),
        ("GITHUB_WORKFLOW_REF", "octo/app/.github/workflows/ci.yml@refs/heads/main"),
    ];
    let found = definitions(&place, &variables);
    let linked = &found["tools/dollar/action.yml"];
    assert_eq!(linked["running"], true);
    assert!(linked["trouble"].is_string());
    assert_eq!((linked.get("references"), linked.get("sha256")), (None, None));
}
