//! Definitions that are too large to lie here.

use std::time::{Duration, Instant};

use super::definitions;
use super::harness::{Place, gaps};

fn read(path: &str, text: &str) -> (serde_json::Value, Vec<String>) {
    let place = Place::new();
    place.write(path, text);
    let start = Instant::now();
    let found = definitions(&place, &[]).remove(path).unwrap();
    // A few seconds in a debug build, on a machine that does other things as well.
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
    (found, gaps(&place.evidence(), "pipeline.definitions"))
}

fn texts(found: &serde_json::Value) -> Vec<&str> {
    let all = found["references"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|one| one["text"].as_str().unwrap()).collect()
}

#[test]
fn ten_thousand_jobs_of_a_workflow_hide_no_reference_and_what_is_left_out_is_said() {
    let jobs: String = (0..10_000)
        .map(|n| format!("  j{n}: {{runs-on: ubuntu-latest, steps: [{{uses: o/r@v{}}}]}}\n", n % 7))
        .collect();
    let text = format!(
        "on: push\npermissions: {{}}\njobs:\n{jobs}  last: {{uses: o/last/.github/workflows/x.yml@main}}\n"
    );
    let (found, _) = read(".github/workflows/large.yml", &text);
    assert_eq!(texts(&found).len(), 8);
    assert!(texts(&found).contains(&"o/last/.github/workflows/x.yml@main"));
    assert!(found["jobs"].as_array().unwrap().len() < 10_000);
    assert!(found["unclear"].is_string());
}

#[test]
fn ten_thousand_jobs_of_gitlab_s_hide_no_reference_and_what_is_left_out_is_said() {
    let jobs: String = (0..10_000)
        .map(|n| format!("j{n}: {{extends: .base, image: 'i:{}', script: [make]}}\n", n % 7))
        .collect();
    let text = format!(".base: {{tags: [linux]}}\n{jobs}last: {{trigger: group/other}}\n");
    let (found, _) = read(".gitlab-ci.yml", &text);
    assert_eq!(texts(&found).len(), 8);
    assert!(texts(&found).contains(&"trigger:group/other"));
    assert!(found["jobs"].as_array().unwrap().iter().all(|job| job["runner"][0] == "linux"));
    assert!(found["unclear"].is_string());
}

#[test]
fn more_references_than_are_recorded_are_a_gap() {
    let steps: String = (0..5_000).map(|n| format!("      - uses: o/r{n}@main\n")).collect();
    let text = format!(
        "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    );
    let (found, gaps) = read(".github/workflows/large.yml", &text);
    assert!(found["trouble"].is_string());
    assert!(texts(&found).len() < 5_000);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}

#[test]
fn a_definition_that_is_too_large_to_read_is_a_gap() {
    let text = format!("on: push\n# {}\njobs: {{}}\n", "x".repeat(1 << 20));
    let (found, gaps) = read(".github/workflows/large.yml", &text);
    assert!(found["trouble"].as_str().unwrap().contains("larger than"));
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}
