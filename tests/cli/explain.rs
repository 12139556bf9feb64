//! `proofmark explain`: the catalogue for people, as a page, and for programs.

use super::harness::Place;
use serde_json::Value;

fn explained(arguments: &[&str]) -> String {
    let all = [&["explain"], arguments].concat();
    Place::new().call(&all).exits(0).text()
}

/// The words alone: where a line ends depends on the width.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_question_is_explained_with_what_it_proves_what_not_and_the_remedy_to_paste() {
    let text = explained(&["runner-is-hosted"]);
    let said = words(&text);
    for part in [
        "runner-is-hosted: Whose machine it ran on",
        "pipeline.hosting",
        "A failure means",
        "A pass proves",
        "It doesn't prove That the machine was fresh or patched.",
        "2.1-03 (2.1.3): Users of the build environment are issued with credentials bound to their role.",
        "Draft: the Senior Responsible Officer shall: \"Ensure the build environment is protected against unauthorised access.\"",
        "Senior Responsible Owner",
        "Software Security Code of Practice, 7 May 2025",
        "call for views, May 2024",
    ] {
        assert!(said.contains(part), "{part}\n{text}");
    }
    assert!(
        text.contains("\n      jobs:\n        build:\n          runs-on: ubuntu-24.04\n"),
        "{text}"
    );
}

#[test]
fn what_only_people_and_later_versions_can_answer_says_so() {
    let people = words(&explained(&["multi-factor-is-required"]));
    assert!(people.contains("always unknown, never a pass"), "{people}");
    assert!(people.contains("(kind: mfa-export)"), "{people}");
    assert!(people.contains("--attach mfa-export="), "{people}");
    let later = words(&explained(&["no-long-lived-signing-key"]));
    assert!(later.contains("this version can neither make nor read"), "{later}");
}

#[test]
fn claims_go_by_both_names_and_provisions_by_their_number() {
    let claim = explained(&["2.1-05"]);
    assert_eq!(claim, explained(&["2.1.5"]));
    assert!(claim.contains("multi-factor-is-required") && !claim.contains("leavers-lose-access"));
    let provision = explained(&["2.1"]);
    assert!(provision.contains("2.1-06") && provision.contains("leavers-lose-access"));
    let draft_alone = words(&explained(&["2.3"]));
    assert!(draft_alone.contains("It is in the draft alone"), "{draft_alone}");
    assert!(draft_alone.contains("\"Ensure you are using a build pipeline you trust.\""));
}

#[test]
fn without_an_id_everything_is_listed_a_line_each() {
    let list = explained(&[]);
    for start in ["2.1  ", "2.2  ", "2.3  ", "3.1  ", "  2.1-01  ", "  runner-is-hosted  "] {
        let lines = list.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(lines, 1, "{start:?}\n{list}");
    }
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let all = explained(&["all"]);
    assert!(all.contains("A pass proves") && !list.contains("A pass proves"));
}

#[test]
fn an_unknown_id_is_refused_with_the_nearest_one() {
    let place = Place::new();
    for (id, nearest) in [
        ("runer-is-hosted", "did you mean runner-is-hosted?"),
        ("Runner-Is-Hosted", "did you mean runner-is-hosted?"),
        ("multi-factor", "did you mean multi-factor-is-required?"),
        ("2.1-9", "did you mean 2.1"),
    ] {
        place.call(&["explain", id]).exits(2).tells(nearest).tells("lists them all");
    }
    let far = place.call(&["explain", "qqqqqqqqqqqq"]).exits(2);
    assert!(!far.err.contains("did you mean"), "{}", far.err);
    let long = "x-".repeat(50_000);
    place.call(&["explain", &long]).exits(2).tells("no question, claim or provision");
    let odd = place.call(&["explain", "a\u{1b}[2Jb"]).exits(2);
    assert!(!odd.err.contains('\u{1b}'), "{}", odd.err);
    place.call(&["explain", ""]).exits(2);
    place.call(&["explain", "2.1", "--format", "html"]).exits(2);
}

#[test]
fn json_is_as_its_schema_says_and_has_what_was_asked_for_alone() {
    let place = Place::new();
    let schema = place.call(&["schema", "explain"]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = |id: &[&str]| {
        let said = place.call(&[&["explain", "--format", "json"], id].concat()).exits(0).json();
        let errors: Vec<_> = validator.iter_errors(&said).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{id:?}: {errors:#?}");
        said
    };
    let count = |said: &Value, what: &str| {
        let provisions = said["provisions"].as_array().unwrap();
        provisions.iter().map(|one| one[what].as_array().unwrap().len()).sum::<usize>()
    };
    assert_eq!(json(&[])["provisions"].as_array().unwrap().len(), 4);
    assert_eq!(json(&[]), json(&["all"]));
    let one = json(&["runner-is-hosted"]);
    assert_eq!((count(&one, "claims"), count(&one, "questions")), (1, 1));
    assert_eq!(one["provisions"][0]["questions"][0]["answered_by"], "evidence");
    let claim = json(&["2.1.5"]);
    assert_eq!(count(&claim, "claims"), 1);
    assert!(count(&claim, "questions") >= 1);
}

#[test]
fn the_page_has_a_section_for_every_link_in_its_tables() {
    let page = explained(&["--format", "markdown"]);
    assert_eq!(page, explained(&["all", "--format", "markdown"]));
    let links: Vec<&str> =
        page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        let sections = page.lines().filter(|line| *line == format!("### {link}")).count();
        assert_eq!(sections, 1, "{link}");
    }
    let section = explained(&["runner-is-hosted", "--format", "markdown"]);
    assert!(section.starts_with("### runner-is-hosted\n"), "{section}");
}

/// What a remedy says to run must be what this version takes.
#[test]
fn the_commands_of_remedies_have_only_flags_that_exist() {
    let place = Place::new();
    let all = place.call(&["explain", "--format", "json"]).exits(0).json();
    let questions = all["provisions"].as_array().unwrap().iter();
    let questions = questions.flat_map(|one| one["questions"].as_array().unwrap());
    let lines = questions.flat_map(|one| one["remedy"]["lines"].as_array().unwrap());
    let scripts = lines.filter(|lines| lines["language"] == "sh");
    let scripts: std::collections::BTreeSet<String> =
        scripts.map(|lines| lines["text"].as_str().unwrap().replace("\\\n", " ")).collect();
    let mut seen = 0;
    for line in scripts.iter().flat_map(|script| script.lines()) {
        let mut own = line.split_whitespace().take_while(|word| !["--", "|", "&&"].contains(word));
        if own.next() != Some("proofmark") {
            continue;
        }
        let command = own.next().unwrap();
        let help = place.call(&[command, "--help"]).exits(0).text();
        for flag in own.filter(|word| word.starts_with('-')) {
            let flag = flag.split('=').next().unwrap();
            let known = help.split(|c: char| c.is_whitespace() || c == ',').any(|one| one == flag);
            assert!(known, "{flag} in {line}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn a_reader_of_explanations_that_goes_away_is_no_error() {
    let place = Place::new();
    for line in ["explain all", "explain --format markdown", "explain"] {
        let said = place.shell(&format!("\"$PROOFMARK\" {line} | head -c 1 >/dev/null")).exits(0);
        assert_eq!(said.err, "", "{line}");
        let said = place.shell(&format!("\"$PROOFMARK\" {line} | :")).exits(0);
        assert_eq!(said.err, "", "{line}");
    }
}
