//! The report's findings that have a place in a file, as SARIF 2.1.0.
//!
//! What has no line that is known is left out and counted: a code-scanning page would show it on the first line
//! of the file, where it isn't.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::model::ReportV1;
use crate::assess::catalogue;
use crate::base::digest::Sha256;
use crate::base::markup::shortened;

/// Most results: GitHub takes no more of one run.
const RESULTS_MAX: usize = 5000;
/// Longest text, in characters.
const TEXT_MAX: usize = 1000;
/// What a segment of a path may be written as.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A reference that can move, in the place of a question's id.
const MOVABLE: &str = "movable-reference";

/// How bad it is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Result {
    level: Level,
    uri: String,
    line: u64,
    rule: String,
    message: String,
    /// What makes it the same result when its line moves.
    is: String,
}

/// Writes them.
///
/// # Errors
/// Where it can't be written as JSON, which is a fault of ours.
pub fn sarif(report: &ReportV1) -> std::result::Result<String, serde_json::Error> {
    let mut all = All::default();
    all.findings(report);
    all.pipeline(report);
    let more = all.results.len().saturating_sub(RESULTS_MAX);
    let results: Vec<_> = all.results.into_iter().take(RESULTS_MAX).collect();
    let used: BTreeSet<&str> = results.iter().map(|one| one.rule.as_str()).collect();
    let used: Vec<&str> = used.into_iter().collect();
    let rules: Vec<_> = used.iter().map(|id| rule(id, &all.titles)).collect();
    let mut seen = BTreeMap::new();
    let results: Vec<_> = results.iter().map(|one| result(one, &used, &mut seen)).collect();
    let mut notes = Vec::new();
    let mut note = |level: &str, text: String| {
        notes.push(json!({ "level": level, "message": { "text": text } }));
    };
    if !report.verified {
        note("warning", "UNVERIFIED: anyone may have written what this was made from".to_owned());
    }
    if all.without_line > 0 {
        let text = format!("{} left out: on which line they stand isn't known", all.without_line);
        note("note", text);
    }
    if all.without_path > 0 {
        note("note", format!("{} left out: their path isn't one below the root", all.without_path));
    }
    if more > 0 {
        note("warning", format!("{more} left out: no more than {RESULTS_MAX} results are taken"));
    }
    let standing = if report.verified { "verified" } else { "UNVERIFIED" };
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "proofmark",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notes }],
            "results": results,
            "properties": {
                "standing": standing,
                "headline": plain(&report.headline),
                "notShown": report.not_shown.iter().take(50).map(|not| plain(not)).collect::<Vec<_>>(),
            },
        }],
    });
    serde_json::to_string_pretty(&whole).map(|text| text + "\n")
}

#[derive(Default)]
struct All {
    results: BTreeSet<Result>,
    /// Titles of rules that the catalogue doesn't have.
    titles: BTreeMap<String, String>,
    /// Where a question already says something.
    said: BTreeSet<(String, u64)>,
    without_line: u64,
    without_path: u64,
}

impl All {
    fn findings(&mut self, report: &ReportV1) {
        let provisions = report.builds.iter().flat_map(|build| &build.provisions);
        for finding in provisions.flat_map(|provision| &provision.findings) {
            let level = match &*finding.status {
                "fail" if finding.contradicts => Level::Error,
                "fail" => Level::Warning,
                "unknown" => Level::Note,
                _ => continue,
            };
            for place in &finding.places {
                let message = format!("{}. {}: {}", finding.title, finding.why, place.what);
                let is = place.what.as_str();
                self.add(
                    level,
                    &finding.id,
                    &finding.title,
                    (&place.path, place.line),
                    &message,
                    is,
                );
            }
        }
    }

    fn pipeline(&mut self, report: &ReportV1) {
        self.said = self.results.iter().map(|one| (one.uri.clone(), one.line)).collect();
        for build in &report.builds {
            for mark in &build.marks {
                let message = format!("{}: {}", mark.place, mark.what);
                let at = (mark.definition.as_str(), mark.line);
                self.add(Level::Note, &mark.kind, &mark.kind, at, &message, &mark.place);
            }
            for one in build.pins.references.iter().filter(|one| one.movable) {
                let at = (one.definition.as_str(), one.line);
                let is_said = uri(at.0).zip(at.1).is_some_and(|at| self.said.contains(&at));
                if !is_said {
                    let message = format!("{} {} can move ({})", one.kind, one.text, one.pin);
                    self.add(
                        Level::Note,
                        MOVABLE,
                        "A reference that can move",
                        at,
                        &message,
                        &one.text,
                    );
                }
            }
        }
    }

    fn add(
        &mut self,
        level: Level,
        rule: &str,
        title: &str,
        (path, line): (&str, Option<u64>),
        message: &str,
        is: &str,
    ) {
        let (uri, line) = match (uri(path), line.filter(|line| *line > 0)) {
            (None, _) => {
                self.without_path += 1;
                return;
            }
            (_, None) => {
                self.without_line += 1;
                return;
            }
            (Some(uri), Some(line)) => (uri, line),
        };
        let rule = rule_id(rule);
        self.titles.entry(rule.clone()).or_insert_with(|| plain(title));
        let message = plain(message);
        self.results.insert(Result { level, uri, line, rule, message, is: plain(is) });
    }
}

fn rule_id(text: &str) -> String {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_id = !text.is_empty() && text.len() <= 100 && text.bytes().all(is_fine);
    if is_id { text.to_owned() } else { "other".to_owned() }
}

fn rule(id: &str, titles: &BTreeMap<String, String>) -> Value {
    let title = titles.get(id).map(String::as_str).unwrap_or_default();
    let known = catalogue::questions().find(|(_, question)| question.id == id);
    let (title, asks, help) = match known {
        Some((_, question)) => {
            let lines = question.remedy.lines.iter();
            let lines = lines.map(|one| format!("\n\n{}:\n{}", one.place, one.text));
            let remedy = format!("{}{}", question.remedy.text, lines.collect::<String>());
            (question.title, question.asks, remedy)
        }
        None if id == MOVABLE => {
            let help = "Pin it by a commit or a digest: what a tag or a branch names can be changed by others.";
            (title, title, help.to_owned())
        }
        None => (title, title, "Look whether the pipeline needs it.".to_owned()),
    };
    json!({
        "id": id,
        "shortDescription": { "text": title },
        "fullDescription": { "text": asks },
        "help": { "text": help },
        "properties": { "tags": ["supply-chain"] },
    })
}

fn result(one: &Result, rules: &[&str], seen: &mut BTreeMap<Sha256, u64>) -> Value {
    let is = Sha256::of(format!("{}\0{}\0{}", one.rule, one.uri, one.is).as_bytes());
    // The second of two that are the same but for their line.
    let number = seen.entry(is).and_modify(|number| *number += 1).or_insert(1);
    json!({
        "ruleId": one.rule,
        "ruleIndex": rules.iter().position(|id| *id == one.rule),
        "level": one.level.name(),
        "message": { "text": one.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": one.uri },
            "region": { "startLine": one.line },
        } }],
        "partialFingerprints": { "proofmark/v1": format!("{is}:{number}") },
    })
}

/// A relative address of a path below the root; nothing for one that isn't.
fn uri(path: &str) -> Option<String> {
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_below = !path.contains('\\') && !is_drive && path.split('/').all(is_part);
    let segments = path.split('/').map(|part| utf8_percent_encode(part, PATH).to_string());
    (is_below && path.len() <= 4096).then(|| segments.collect::<Vec<_>>().join("/"))
}

/// A text in which `[words](address)` is no link.
fn plain(text: &str) -> String {
    shortened(text, TEXT_MAX).replace("](", "] (")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::report::model::PlaceV1;

    fn read(report: &ReportV1) -> Value {
        serde_json::from_str(&sarif(report).unwrap()).unwrap()
    }

    fn check(whole: &Value) {
        assert_eq!(whole["version"], "2.1.0");
        let run = &whole["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for rule in rules {
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
            }
            assert!(rule.get("helpUri").is_none());
        }
        let results = run["results"].as_array().unwrap();
        assert!(results.len() <= 5000);
        let mut prints = BTreeSet::new();
        for one in results {
            let index = usize::try_from(one["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], one["ruleId"]);
            assert!(matches!(one["level"].as_str().unwrap(), "error" | "warning" | "note"));
            let text = one["message"]["text"].as_str().unwrap();
            assert!(!text.is_empty() && !text.contains("]("));
            let place = &one["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && !uri.contains("..") && !uri.contains(':'), "{uri}");
            assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
            assert!(prints.insert(one["partialFingerprints"]["proofmark/v1"].to_string()));
        }
    }

    #[test]
    fn results_have_a_place_and_a_rule() {
        for report in [sample::first_day(), sample::hundredth_day(), sample::hostile()] {
            check(&read(&report));
        }
        let whole = read(&sample::hundredth_day());
        let results = whole["runs"][0]["results"].as_array().unwrap();
        let told: Vec<_> = results
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}",
                    one["level"].as_str().unwrap(),
                    one["ruleId"].as_str().unwrap(),
                    one["locations"][0]["physicalLocation"]["region"]["startLine"]
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "warning references-are-pinned 14",
                "warning references-are-pinned 31",
                "note broad-permissions 9"
            ]
        );
    }

    #[test]
    fn what_has_no_line_or_no_place_below_the_root_is_counted() {
        let mut report = sample::first_day();
        report.builds[0].provisions[2].findings[0].places = [
            ("a.yml", None),
            ("../a.yml", Some(1)),
            ("/a.yml", Some(1)),
            ("C:/a", Some(1)),
            ("a\\b", Some(1)),
            ("d/ä b#%.yml", Some(0)),
            ("d/ä b#%.yml", Some(7)),
        ]
        .map(|(path, line)| PlaceV1 { path: path.to_owned(), line, what: "x".to_owned() })
        .to_vec();
        let whole = read(&report);
        check(&whole);
        let text = whole.to_string();
        assert!(text.contains("d/%C3%A4%20b%23%25.yml"));
        assert!(
            text.contains("2 left out: on which line") && text.contains("4 left out: their path")
        );
        let results = whole["runs"][0]["results"].as_array().unwrap();
        assert_eq!(
            results.iter().filter(|one| one["ruleId"] == "references-are-pinned").count(),
            1
        );
        assert_eq!(results.iter().filter(|one| one["ruleId"] == "movable-reference").count(), 2);
    }

    #[test]
    fn a_result_is_known_again_when_its_line_moves() {
        let mut report = sample::first_day();
        let prints = |report: &ReportV1| -> Vec<String> {
            let whole = read(report);
            let results = whole["runs"][0]["results"].as_array().unwrap();
            results.iter().map(|one| one["partialFingerprints"].to_string()).collect()
        };
        let before = prints(&report);
        for place in &mut report.builds[0].provisions[2].findings[0].places {
            place.line = place.line.map(|line| line + 100);
        }
        report.builds[0].pins.references.clear();
        assert_eq!(prints(&report), before);
    }

    #[test]
    fn no_more_results_than_are_taken_the_worst_first_and_unverified_says_so() {
        let whole = read(&sample::huge(100_000));
        check(&whole);
        let run = &whole["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), 5000);
        assert_eq!(run["properties"]["standing"], "UNVERIFIED");
        assert!(run["invocations"].to_string().contains("UNVERIFIED"));
        assert!(run["invocations"].to_string().contains("left out: no more than 5000"));
        assert!(!whole.to_string().contains("compliant"));
    }
}
