//! `proofmark run -a`: what becomes an artefact, and when that is an error.

use super::harness::{Place, outcome, sha256};
use serde_json::{Value, json};

/// Evidence of one line about the inputs, of a build that succeeded.
#[track_caller]
fn one_line_about_inputs(place: &Place) {
    let statements = place.statements();
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0]["subject"][0]["name"], "inputs");
    assert_eq!(outcome(&statements[0]["predicate"]), "succeeded");
}

#[track_caller]
fn subjects(place: &Place) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let statements = place.statements();
    let subjects = statements[0]["subject"].as_array().unwrap();
    subjects.iter().map(|s| (text(&s["name"]), text(&s["annotations"]["change"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, change)| ((*name).to_owned(), (*change).to_owned())).collect()
}

#[test]
fn an_artefact_that_matches_nothing_is_an_error_unless_allowed() {
    let place = Place::new();
    place.run(&["-a", "dist/*"], "exit 0").exits(125).tells("dist/*").tells("--allow-no-artefacts");
    one_line_about_inputs(&place);
    place.run(&["--force", "-a", "dist/*", "--allow-no-artefacts"], "exit 0").exits(0);
    one_line_about_inputs(&place);
    // Each pattern counts, not all of them together.
    let two = ["--force", "-a", "made", "-a", "dist/*"];
    place.run(&two, "echo 1 >made").exits(125);
    one_line_about_inputs(&place);
    place.run(&[&two[..], &["--allow-no-artefacts"]].concat(), "echo 2 >made").exits(0);
    assert_eq!(subjects(&place), pairs(&[("made", "changed")]));
}

#[test]
fn an_artefact_that_the_build_left_as_it_was_is_an_error_unless_allowed() {
    for (how, line) in [
        ("not touched", "exit 0"),
        ("touched", "touch out"),
        ("written again", "printf same >out"),
        ("replaced by another file", "printf same >new && mv new out"),
        ("set back in time", "touch -d 2001-01-01 out"),
        ("changed and changed back", "printf other >out; sleep 0.02; printf same >out"),
    ] {
        let place = Place::new();
        place.write("out", "same");
        place.run(&["-a", "out"], line).exits(125).tells("--allow-unchanged");
        one_line_about_inputs(&place);
        place.run(&["--force", "-a", "out", "--allow-unchanged"], line).exits(0);
        assert_eq!(subjects(&place), pairs(&[("out", "unchanged")]), "{how}");
    }
}

#[test]
fn a_content_that_changed_is_seen_whatever_the_times_say() {
    for flags in [&[][..], &["--rehash"]] {
        let place = Place::new();
        let out = place.write("out", "one");
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        std::fs::File::open(&out).unwrap().set_modified(old).unwrap();
        let line = "touch -r out stamp; printf two >out; touch -r stamp out; rm stamp";
        place.run(&[&["-a", "out"], flags].concat(), line).exits(0);
        assert_eq!(subjects(&place), pairs(&[("out", "changed")]));
        let digest = &place.statements()[0]["subject"][0]["digest"]["sha256"];
        assert_eq!(*digest, json!(sha256(b"two")));
    }
}

#[test]
fn one_new_file_among_old_ones_is_enough_for_a_pattern() {
    let place = Place::new();
    place.write("dist/old", "old");
    place.run(&["-a", "dist"], "echo new >dist/new").exits(0);
    assert_eq!(subjects(&place), pairs(&[("new", "made"), ("old", "unchanged")]));
}

#[test]
fn files_folders_globs_and_names() {
    let place = Place::new();
    let line = "mkdir -p dist/sub; echo 1 >dist/a.bin; echo 2 >dist/b.txt; echo 3 >dist/sub/c.bin";
    let flags = |more: &[&'static str]| {
        let mut all = vec!["--force", "--allow-unchanged"];
        all.extend_from_slice(more);
        all
    };
    let names = |more: &[&'static str]| -> Vec<String> {
        place.run(&flags(more), line).exits(0);
        subjects(&place).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&["-a", "dist/a.bin"]), ["a.bin"]);
    assert_eq!(names(&["-a", "dist"]), ["a.bin", "b.txt", "c.bin"]);
    assert_eq!(names(&["-a", "dist/*"]), ["a.bin", "b.txt"], "`*` stops at a slash");
    assert_eq!(names(&["-a", "**/*.bin"]), ["a.bin", "c.bin"]);
    assert_eq!(names(&["-a", "./dist/a.bin"]), ["a.bin"]);
    assert_eq!(names(&["--artefact", "dist/a.bin=app-linux"]), ["app-linux"]);
    assert_eq!(
        names(&["--artifact", "dist/a.bin=rel/app"]),
        ["rel/app"],
        "a name may have folders"
    );
    assert_eq!(names(&["-a", "dist/a.bin", "-a", "dist/*.bin"]), ["a.bin"], "once, however often");
    let absolute: &'static str = place.at("dist/a.bin").to_str().unwrap().to_owned().leak();
    assert_eq!(names(&["-a", absolute]), ["a.bin"]);
}

#[test]
fn names_that_clash_are_an_error_that_shows_the_way_out() {
    let place = Place::new();
    let line = "mkdir -p x y; echo 1 >x/app; echo 2 >y/app";
    let said = place.run(&["-a", "x/app", "-a", "y/app"], line).exits(125);
    said.tells("two artefacts are named app: x/app and y/app").tells("-a y/app=NAME");
    one_line_about_inputs(&place);
    place
        .run(&["--force", "-a", "*/app=app"], line)
        .exits(125)
        .tells("matches 2 files, expected one");
    let named = ["--force", "--allow-unchanged", "-a", "x/app", "-a", "y/app=app-2"];
    place.run(&named, line).exits(0);
    assert_eq!(place.statements()[0]["subject"].as_array().unwrap().len(), 2);
}

#[test]
fn yesterdays_artefact_made_executable_is_yesterdays_artefact() {
    let place = Place::new();
    place.write("app", "old");
    let said = place.run(&["-a", "app"], "chmod +x app").exits(125);
    said.tells("found only ones that were there before");
    place.run(&["--force", "--allow-unchanged", "-a", "app"], "chmod -x app").exits(0);
    assert_eq!(subjects(&place), pairs(&[("app", "unchanged")]));
}

#[test]
fn a_link_is_no_artefact() {
    let place = Place::new();
    place
        .run(&["-a", "link"], "echo 1 >real; ln -s real link")
        .exits(125)
        .tells("is a link, expected a regular file");
    // A pattern passes over it.
    place.run(&["--force", "-a", "*"], "echo 2 >real").exits(0);
    assert_eq!(subjects(&place), pairs(&[("real", "changed")]));
}

#[test]
fn a_failed_build_says_nothing_of_missing_artefacts() {
    let place = Place::new();
    let said = place.run(&["-a", "dist/*"], "exit 9").exits(9);
    assert!(!said.err.contains("dist"), "{}", said.err);
    assert_eq!(place.statements().len(), 1);
}

#[test]
fn outputs_are_what_was_made_changed_and_deleted() {
    let place = Place::new();
    for name in ["stays", "changes", "goes", "becomes-executable"] {
        place.write(name, name);
    }
    let line = "echo >made; echo >changes; rm goes; chmod +x becomes-executable; touch stays";
    place.run(&[], line).exits(0);
    let outputs = &place.evidence()["outputs"]["value"];
    assert_eq!(
        (&outputs["made"], &outputs["changed"], &outputs["deleted"]),
        (&json!(1), &json!(2), &json!(1))
    );
    let files = outputs["files"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found: Vec<_> = files.iter().map(|f| (text(&f["path"]), text(&f["change"]))).collect();
    let expected = [
        ("becomes-executable", "changed"),
        ("changes", "changed"),
        ("goes", "deleted"),
        ("made", "made"),
    ];
    assert_eq!(found, pairs(&expected));
    let inputs = &place.evidence()["inputs"]["value"];
    let changed = super::harness::paths(&inputs["changed_during_build"]);
    assert_eq!(changed, ["becomes-executable", "changes", "goes"]);
}

#[test]
fn more_artefacts_than_the_services_of_others_take_is_a_notice() {
    let place = Place::new();
    let line = "mkdir d; n=0; while [ $n -lt 1025 ]; do : >d/$n; n=$((n+1)); done";
    place.run(&["-a", "d/*"], line).exits(0).notices(1).tells("1025 artefacts").tells("--tree");
    assert_eq!(place.statements()[0]["subject"].as_array().unwrap().len(), 1025);
}
