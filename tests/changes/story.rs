//! Twenty builds of two lanes, told in order; each says what changed, and nothing else.

use super::harness::Said;
use super::history::{History, KEPT, Lane, Unusual};

const WORKFLOW: &str = ".github/workflows/ci.yml";
const RELEASE: &str = ".github/workflows/release.yml";

fn workflow(checkout: &str, more: &str) -> String {
    format!(
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@{checkout}\n      - run: make\n{more}"
    )
}

/// Writes what a build was into the lock, and commits it.
fn approve(history: &History, of: usize, subject: &str) {
    let file = history.builds[of - 1].file.to_str().unwrap().to_owned();
    let key = history.place.public(1);
    history.place.call(&["lock", "--from", &file, "--trust-key", &key]).exits(0);
    history.git(&["add", "proofmark.lock"]);
    history.commit(subject, &[]);
}

/// The twenty builds.
fn history() -> History {
    let mut history = History::new();
    history.commit(
        "Start",
        &[
            ("main.c", "int main(void) { return 0; }\n"),
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.90.0\"\n"),
            (WORKFLOW, &workflow("v4", "")),
            (RELEASE, &workflow("v4", "")),
        ],
    );
    let nothing: [&str; 0] = [];

    let one = history.build(Lane::Main);
    assert_eq!(one.evidence["chain"]["value"]["sequence"], 1);
    approve(&history, 1, "Approve the build environment");
    let lock = history.place.text("proofmark.lock");
    let stricter =
        lock.replacen("version = 1\n", "version = 1\n\n[classes]\ntools = \"exact\"\n", 1);
    assert_ne!(lock, stricter, "{lock}");
    history.commit("Compare tools by their digests", &[("proofmark.lock", &stricter)]);

    let two = history.build(Lane::Main);
    assert_eq!((two.changes(), two.drift()), (vec![], vec![]), "{}", two.said);

    let three = history.build(Lane::Tags);
    assert_eq!(three.drift(), ["unknown : no section"]);

    history.tool("rustc", "rustc 1.91.0 (f8297e351 2025-10-28)", "");
    history.commit(
        "Build with Rust 1.91",
        &[("rust-toolchain.toml", "[toolchain]\nchannel = \"1.91.0\"\n")],
    );
    let four = history.build(Lane::Main);
    assert_eq!(four.changes(), ["tools rustc: changed (commit)"]);
    assert_eq!(four.drift(), ["tools rustc: differs"]);
    approve(&history, 4, "Approve Rust 1.91");

    let five = history.build(Lane::Main);
    assert_eq!((five.changes(), five.drift()), (vec![], vec![]));

    history.tool("node", "v22.12.0", "something else inside");
    let six = history.build(Lane::Main);
    assert_eq!(six.changes(), ["tools node: changed (unexplained)"]);
    assert_eq!(six.drift(), ["tools node: differs"]);
    assert!(six.said.contains("tools node: differs"), "{}", six.said);
    assert!(six.said.contains("proofmark lock --from"), "{}", six.said);
    history.tool("node", "v22.12.0", "");

    let seven = history.build(Lane::Main);
    assert_eq!(seven.changes(), ["tools node: changed (lock)"], "back to what is approved");
    assert_eq!(seven.drift(), nothing);

    history.commit(
        "Test before the build",
        &[(WORKFLOW, &workflow("v4", "      - run: make test\n"))],
    );
    let eight = history.build(Lane::Main);
    assert_eq!(eight.changes(), [format!("configuration {WORKFLOW}: changed (commit)")]);
    assert_eq!(eight.drift(), nothing);

    history.commit("Move a pin", &[(WORKFLOW, &workflow("v5", "      - run: make test\n"))]);
    let nine = history.build(Lane::Main);
    let reference = format!("{WORKFLOW}: uses actions/checkout");
    let expected = [
        format!("references {reference}: changed (commit)"),
        format!("configuration {WORKFLOW}: changed (commit)"),
    ];
    assert_eq!(nine.changes(), expected);
    assert_eq!(nine.drift(), [format!("references {reference}: differs")]);
    approve(&history, 9, "Approve the pin");

    history.packages(&["libc6 2.36-9", "libevil 6.6.6", "zlib1g 1.2.13"]);
    let added = history.can_mount;
    let ten = history.build(Lane::Main);
    if added {
        assert_eq!(ten.changes(), ["packages dpkg: changed (unexplained)"]);
    }
    assert_eq!(ten.drift(), nothing, "a hosted runner's packages are only to be there");

    history.image = "20260112.1".to_owned();
    history.tool("node", "v22.13.0", "");
    let eleven = history.build(Lane::Main);
    // In a container the tools are the container's, and no roll of the runner explains them.
    let contained = eleven.evidence["environment"]["value"]["container"]["status"] == "observed";
    let node = if contained { "unexplained" } else { "platform image" };
    let expected = [
        "runner-image runner image: changed (platform image)".to_owned(),
        format!("tools node: changed ({node})"),
    ];
    assert_eq!(eleven.changes(), expected);
    let expected = ["runner-image runner image: platform image roll", "tools node: differs"];
    assert_eq!(eleven.drift(), expected, "a roll excuses nothing that is compared exactly");
    approve(&history, 11, "Approve the new image");

    let twelve = history.build(Lane::Tags);
    assert!(
        twelve.changes().contains(&"tools rustc: changed (commit)".to_owned()),
        "{:?}",
        twelve.changes()
    );

    // Whoever swaps a tool changes the lock along with it.
    history.tool("rustc", "rustc 1.91.0 (f8297e351 2025-10-28)", "a back door");
    let lock = history.place.text("proofmark.lock");
    let machine = history.machine().arguments(&[
        "run",
        "-o",
        "../kept/probe.jsonl",
        "--sign",
        "never",
        "--",
        "true",
    ]);
    history.on_platform(machine, Lane::Main).exits(0);
    let probe = history.place.beside("kept/probe.unsigned.jsonl");
    history.place.call(&["lock", "--from", &probe]).exits(0);
    assert_ne!(history.place.text("proofmark.lock"), lock);
    history.git(&["add", "proofmark.lock"]);
    history.commit("Tidy up", &[]);
    let thirteen = history.build(Lane::Main);
    assert_eq!(thirteen.changes(), ["tools rustc: changed (approval pending)"]);
    assert_eq!(thirteen.drift(), nothing, "the lock says so, and only the lock");

    let fourteen = history.unusual(Lane::Main, &Unusual { fails: true, ..Unusual::default() });
    assert_eq!(fourteen.evidence["chain"]["value"]["sequence"], serde_json::Value::Null);
    assert!(fourteen.evidence["chain"]["value"]["previous"].is_string());
    let again = Unusual { attempt: Some(2), ..Unusual::default() };
    let fifteen = history.unusual(Lane::Main, &again);
    assert_eq!(fifteen.changes(), nothing);

    for _ in 16..=18 {
        let built = history.build(Lane::Main);
        assert_eq!(built.changes(), nothing, "{}", built.said);
    }
    for _ in 19..=20 {
        history.build(Lane::Tags);
    }
    assert_eq!(history.builds.len(), 20);
    for built in &history.builds {
        let expected = if built.evidence["build"]["outcome"] == "failed" { 1 } else { 0 };
        assert_eq!(built.code, Some(expected), "{}", built.said);
    }
    history
}

/// The findings of a log, by their ids.
fn findings(said: &Said) -> Vec<String> {
    let log = said.json();
    let list = log["findings"].as_array().unwrap_or_else(|| panic!("{log}"));
    list.iter()
        .map(|finding| finding["id"].as_str().unwrap_or_else(|| panic!("{finding}")).to_owned())
        .collect()
}

#[test]
fn a_history_of_twenty_builds_is_told_as_it_was() {
    let history = history();
    let key = history.place.public(1);
    let kept = history.place.beside(KEPT);
    let head = |lane| history.last(lane).unwrap().digest.clone();
    let (main, tags) = (head(Lane::Main), head(Lane::Tags));
    let log = |more: &[&str]| {
        let all = [
            &["log", &kept, "--key", &key, "--format", "json", "--head", &main, "--head", &tags],
            more,
        ]
        .concat();
        history.place.call(&all).go()
    };
    let whole = log(&["--strict"]);
    assert_eq!((whole.code, findings(&whole)), (Some(0), vec![]), "{}", whole.text());
}
