//! The page under attack, and its own promises: no script, nothing fetched, under its size.

use serde_json::{Value, json};

use super::*;

fn finding(id: &str, title: &str, status: &str, assurance: Option<&str>, why: &str) -> Value {
    json!({
        "id": id, "title": title, "asks": format!("Does the evidence show that {} held for this build?", title.to_lowercase()),
        "claims": ["2.1-03", "2.1-04"], "status": status, "contradicts": status == "fail" && id.contains("commit"),
        "assurance": assurance,
        "liar": assurance.map(|level| match level {
            "platform-vouched" => "the platform",
            "job-checked" => "whoever holds the job's key",
            "recomputable" => "nobody",
            _ => "anyone who can run code in that job",
        }),
        "why": why,
        "values": if status == "unknown" { json!([]) } else { json!([{"name": "runner", "value": "github-hosted"}, {"name": "label", "value": "ubuntu-24.04"}]) },
        "pointers": if status == "unknown" { json!([]) } else { json!(["/environment/value/runner", "/identity/value/claims/runner_environment"]) },
        "places": if status == "fail" { json!([{"path": ".github/workflows/release.yml", "line": 31, "what": "actions/checkout@v4 can move"}]) } else { json!([]) },
        "not": "That nobody else could reach the machine while the build ran.",
        "remedy": if status == "pass" { "nothing" } else { "keep-token" },
        "needs_people": false, "documents": [],
    })
}

fn people(id: &str, title: &str, attached: bool) -> Value {
    let mut value = finding(id, title, "unknown", None, "only people or other systems can show it");
    value["needs_people"] = json!(true);
    if attached {
        value["documents"] = json!([{"kind": "mfa-export", "name": "mfa-2026-10.csv", "date": "2026-10-31", "sha256": "5f".repeat(32)}]);
    }
    value
}

fn provision(number: &str, draft: &str, last: Option<&str>, standing: &str) -> Value {
    json!({
        "number": number, "verb": if number == "2.2" || number == "2.3" { "should" } else { "shall" },
        "draft": draft, "last": last, "standing": standing,
        "summary": "5 of 7 questions answered: 2 vouched for by the platform, 1 worked out again here, 2 on the job's own word; 2 more are for people.",
        "asked": 7, "answered": 5, "by_platform": 2, "by_checker": 1, "by_job": 2, "by_people": 2,
        "findings": [
            finding("runner-is-hosted", "The machine is the platform's", "pass", Some("platform-vouched"), "the platform says that the job ran on a machine of its own, made for this job"),
            finding("token-is-short-lived", "Credentials were short-lived", "pass", Some("job-checked"), "the job's token was valid for 5 minutes"),
            finding("commit-is-clean", "The tree was clean", "pass", Some("recomputable"), "the tree is that of the commit"),
            finding("environment-is-locked", "The environment is as its lock says", "fail", Some("self-asserted"), "2 of 214 packages differ from proofmark.lock"),
            finding("commit-is-signed", "The commit is signed by someone who may", "fail", Some("recomputable"), "expected a signature by one of 3 allowed keys, found none"),
            finding("keyless-signature", "The signature names the workflow", "unknown", None, "this version can't read such evidence: a certificate of the platform's"),
            finding("debug-is-off", "Debugging was off", "unknown", None, "pipeline: the platform's API wasn't asked"),
            finding("release-environment", "A deployment environment guards the job", "not applicable", None, "the job deploys nothing"),
            people("mfa", "Everyone signs in with a second factor", true),
            people("access-review", "Access is reviewed regularly", false),
        ],
    })
}

fn event(at: u64, step: i64, changes: usize) -> Value {
    let start = 1_767_261_600_i64;
    let unexplained = if at % 7 == 4 { 2 } else { 0 };
    let list: Vec<Value> = (0..changes)
        .map(|number| json!({
            "class": if number % 2 == 0 { "packages" } else { "tools" },
            "name": format!("libssl{number}"), "change": "changed", "before": "3.0.15-1~deb12u1", "after": "3.0.16-1~deb12u1",
            "explained_by": if number < unexplained { "unexplained" } else { "lockfile commit" }, "explained": number >= unexplained,
            "commit": if number < unexplained { Value::Null } else { json!("8c1e5d0b6f".repeat(4)) },
            "note": if number < unexplained { json!("nothing in the repository or the machine image changed with it") } else { Value::Null },
        }))
        .collect();
    json!({
        "payload_sha256": format!("{at:064x}"), "sequence": at + 1, "run": format!("{}", 1200 + at),
        "finished": crate::base::time::Time::saturating(start + step * i64::try_from(at).unwrap()).to_string(),
        "commit": "0f3a9c77d2".repeat(4), "outcome": if at % 11 == 8 { "failed with exit code 2" } else { "success" },
        "changes": if at == 0 { Value::Null } else { json!(changes) },
        "unexplained": if at == 0 { Value::Null } else { json!(unexplained.min(changes)) },
        "drift": if at < 3 { Value::Null } else { json!(if at.is_multiple_of(5) { 2 } else { 0 }) },
        "list": list, "marks": if at % 13 == 6 { json!(["gap"]) } else { json!([]) },
    })
}

fn build(lane: &str, builds: u64, step: i64, changes: usize, references: usize) -> Value {
    let remedy = |id: &str, text: &str, questions: Value| {
        json!({
            "id": id, "text": text, "questions": questions, "for_people": false,
            "lines": [
                {"place": "GitHub Actions", "language": "yaml", "text": "permissions:\n  contents: read\n  id-token: write"},
                {"place": "command", "language": "sh", "text": "proofmark run --key env:PROOFMARK_KEY --artifact dist/widget.tar.gz -- make release"},
            ],
        })
    };
    let reference = |number: usize| {
        json!({
            "definition": ".github/workflows/release.yml", "kind": if number % 4 == 3 { "image" } else { "uses" },
            "text": if number < 2 { format!("actions/checkout@v{}", number + 3) } else { format!("actions/cache@{}", "1bd1e32a3b".repeat(4)) },
            "pin": if number < 2 { "tag" } else { "commit" }, "movable": number < 2, "running": number % 3 != 2, "line": 12 + number,
        })
    };
    json!({
        "lane": lane, "repository": "https://github.com/acme/widget", "commit": "0f3a9c77d2".repeat(4), "ref_name": "refs/tags/v2.4.0",
        "id": "b7f1c2d4-1f0a-4b7e-9a51-0d6f0a4a9c11", "payload_sha256": "3b".repeat(32), "sequence": builds, "run": "1209",
        "run_url": "https://github.com/acme/widget/actions/runs/1209", "started": "2026-11-23T08:12:04Z", "finished": "2026-11-23T08:19:48Z",
        "outcome": "success", "signers": ["SHA256:3fM7cQxgPpB3WnK8sS0b0R1bJx5c2lE6oV9yHq4tZrU"], "file": "evidence/widget-2.4.0.sigstore.jsonl",
        "artefacts": [
            {"name": "widget-2.4.0-linux-x86_64.tar.gz", "sha256": "9d".repeat(32), "size": 18_734_112},
            {"name": "widget-2.4.0-windows-x86_64.zip", "sha256": "e1".repeat(32), "size": 20_134_872},
            {"name": "widget-2.4.0.spdx.json", "sha256": "77".repeat(32), "size": 8_112},
        ],
        "artefact_count": 3,
        "check": "proofmark verify widget-2.4.0-linux-x86_64.tar.gz --key acme.pub -b widget-2.4.0.sigstore.jsonl",
        "provisions": [
            provision("2.1", "Ensure the build environment is protected against unauthorised access.", Some("Protect the build environment against unauthorised access."), "partly evidenced"),
            provision("2.2", "Ensure changes to the environment are controlled and logged.", Some("Control and log changes to the build environment."), "contradicted"),
            provision("2.3", "Ensure you are using a build pipeline you trust.", None, "evidenced"),
            provision("3.1", "Ensure that software is distributed securely to customers.", Some("Distribute software securely to customers."), "not evidenced"),
        ],
        "remedies": [
            remedy("keep-token", "Let the job ask the platform for its token, and give the checker the platform's keys.", json!(["runner-is-hosted", "token-is-short-lived", "debug-is-off"])),
            remedy("lock", "Write the environment down in proofmark.lock and commit it.", json!(["environment-is-locked", "commit-is-clean"])),
            remedy("sign", "Sign the tag with a key that the repository allows.", json!(["commit-is-signed"])),
        ],
        "vouchers": [
            {"assurance": "platform-vouched", "liar": "the platform", "parts": ["pipeline.commit", "pipeline.workflow", "environment.runner"]},
            {"assurance": "recomputable", "liar": "nobody", "parts": ["outputs", "source.tree"]},
            {"assurance": "job-checked", "liar": "whoever holds the job's key", "parts": ["identity", "controls"]},
            {"assurance": "self-asserted", "liar": "anyone who can run code in that job", "parts": ["tools", "packages", "environment", "changes"]},
        ],
        "pins": {"pinned": references, "movable": 2, "undecided": 1, "references": (0..references).map(reference).collect::<Vec<_>>()},
        "marks": [{"definition": ".github/workflows/release.yml", "kind": "dangerous-trigger", "place": "on.pull_request_target", "what": "code of a fork runs with the repository's rights", "line": 4}],
        "gaps": [
            {"part": "controls", "reason": "the API answered 403: the token may not read the branch's rules", "cure": "give the job a token with administration: read"},
            {"part": "packages", "reason": "no package manager was found", "cure": null},
        ],
        "timeline": (0..builds).map(|at| event(at, step, changes)).collect::<Vec<_>>(),
        "lane_builds": builds,
        "chain": if builds > 6 { json!([{"kind": "gap", "fails": true, "text": "build 7 names a build before it that wasn't given: expected 9f2c11aa04de, found none; give that file too"}]) } else { json!([]) },
    })
}

fn sample(builds: &[Value]) -> Value {
    json!({
        "version": 1, "verified": true, "made": "2026-11-24T09:30:00Z", "tool": "proofmark 0.1.0",
        "draft": "Code of Practice for Software Vendors: call for views, May 2024 (draft)",
        "last": "Software Security Code of Practice, 7 May 2025",
        "headline": "4 provisions: 1 evidenced, 1 partly evidenced, 1 not evidenced, 1 contradicted",
        "builds": builds,
        "repositories": [],
        "policy": {
            "name": "vendor", "sha256": "ab".repeat(32), "permits": false,
            "rules": [
                {"lane": "widget · release", "name": "runner-is-hosted", "status": "holds", "expected": "pass, job-checked at least", "found": "pass, platform-vouched", "pointers": ["/environment/value/runner"]},
                {"lane": "widget · release", "name": "commit-is-signed", "status": "fails", "expected": "pass", "found": "fail", "pointers": [], "remedy": "Sign the tag with a key that the repository allows."},
                {"lane": "widget · release", "name": "max-age", "status": "waived", "expected": "at most 30 days", "found": "41 days", "pointers": [], "waiver": "release freeze, until 2026-12-01, owner j.doe"},
            ],
            "notes": ["the waiver of debug-is-off has expired: 2026-10-01"],
        },
        "since": {
            "file": "evidence/widget-2.3.9.sigstore.jsonl", "finished": "2026-10-30T10:00:00Z", "unchanged": 25,
            "moved": [
                {"lane": "widget · release", "provision": "2.1", "id": "runner-is-hosted", "title": "The machine is the platform's", "direction": "better", "before": "unknown", "after": "pass, platform-vouched", "why": "the platform says that the job ran on a machine of its own"},
                {"lane": "widget · release", "provision": "2.2", "id": "environment-is-locked", "title": "The environment is as its lock says", "direction": "worse", "before": "pass, self-asserted", "after": "fail, self-asserted", "why": "2 of 214 packages differ from proofmark.lock"},
                {"lane": "widget · release", "provision": "3.1", "id": "sbom", "title": "A bill of materials is there", "direction": "other", "before": null, "after": "unknown", "why": "none was attached"},
            ],
        },
        "claims": [
            {"lane": "widget · release", "id": "2.1-01", "text": "Roles are defined that specify the data and functionality that each role is allowed to access.", "status": "Met", "evidence": ["CODEOWNERS, SHA-256 5f5f5f, in build 1209"], "argument": "Only the release team may change the pipeline; the platform enforces it.", "gaps": ["the policy itself isn't part of a build"]},
            {"lane": "widget · release", "id": "2.1-02", "text": "Users of the build environment are required to authenticate on a regular basis.", "status": null, "evidence": [], "argument": null, "gaps": ["only people can show it"]},
        ],
        "statement": {"sha256": "cd".repeat(32), "name": "Jane Doe", "role": "Senior Responsible Officer", "date": "2026-11-20", "scope": "Widget 2.x and the pipeline that releases it", "text": "We release from one pipeline, and review who may change it every quarter."},
        "not_verified": [{"file": "evidence/old.jsonl", "line": 3, "why": "signed by no trusted key"}],
        "not_shown": [
            "That the machine did only what was recorded: code that runs in a job can forge what the job says of itself.",
            "Who can reach the platform's own systems, and how they sign in.",
            "That nothing was released that was built elsewhere.",
            "That the sources are free of faults.",
        ],
        "files": ["evidence/widget-2.4.0.sigstore.jsonl", "evidence/old.jsonl"],
        "exit_code": 0,
    })
}

fn page(value: Value) -> String {
    html(&serde_json::from_value(value).unwrap()).unwrap()
}

/// Every tag of a page, in order, with the names of its attributes; of text nothing.
fn structure(page: &str) -> Vec<String> {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let mut tags = Vec::new();
    for part in [head, body] {
        let mut chars = part.chars();
        while chars.by_ref().any(|c| c == '<') {
            let (mut tag, mut quoted) = (String::new(), false);
            for c in chars.by_ref() {
                match c {
                    '"' => quoted = !quoted,
                    '>' if !quoted => break,
                    c if !quoted => tag.push(c),
                    _ => {}
                }
            }
            tags.push(tag);
        }
    }
    tags
}

const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "{{7191*7}}{% include \"page\" %}{# x #}",
    "&lt;b&gt;&#60;i&#62;",
    "</style></title></svg><svg onload=alert(1)>",
    "]]>--><!-- ",
    "a\u{202e}b\u{2066}c\u{200f}\u{0}\u{1b}[2J\u{85}",
    "javascript:alert(1)",
];

/// Words that choose what is shown: with another word another icon is right.
const CHOICES: [&str; 8] =
    ["status", "standing", "direction", "remedy", "id", "value", "run_url", "language"];

/// Puts a text behind every string, or into the place of every string that chooses.
fn spoil(value: &mut Value, text: &str, choices: bool, key: &str) {
    match value {
        Value::String(old) if CHOICES.contains(&key) == choices => old.push_str(text),
        Value::Array(list) => list.iter_mut().for_each(|value| spoil(value, text, choices, key)),
        Value::Object(map) => {
            for (key, value) in map {
                let typed =
                    ["made", "finished", "started", "payload_sha256"].contains(&key.as_str());
                let digest = key == "sha256"
                    && value.as_str().is_some_and(|v| v.starts_with("ab") || v.starts_with("cd"));
                if !typed && !digest {
                    spoil(value, text, choices, key);
                }
            }
        }
        _ => {}
    }
}

fn whole() -> Value {
    let mut value = sample(&[build("a", 8, 90_000, 3, 5), build("b", 60, 90_000, 1, 2)]);
    value["repositories"] = json!([{"repository": "r", "failed": 4, "lanes": 2, "builds": 9, "first_remedy": "Sign.", "standings": [{"name": "2.1", "value": "evidenced"}]}]);
    value
}

#[test]
fn hostile_text_changes_nothing_but_the_text() {
    for value in [whole(), sample(&[build("a", 8, 90_000, 3, 5)])] {
        let harmless = structure(&page(value.clone()));
        for text in HOSTILE {
            let mut spoilt = value.clone();
            spoil(&mut spoilt, text, false, "");
            let page = page(spoilt);
            assert_eq!(structure(&page), harmless, "{text}");
            assert!(!page.contains("50337"), "a template of theirs was filled: {text}");
        }
    }
}

#[test]
fn hostile_words_where_a_known_word_is_due_make_no_new_tags() {
    let value = whole();
    let known: std::collections::BTreeSet<String> =
        structure(&page(value.clone())).into_iter().collect();
    for text in HOSTILE {
        let mut spoilt = value.clone();
        spoil(&mut spoilt, text, true, "");
        for tag in structure(&page(spoilt)) {
            assert!(known.contains(&tag) || tag == "p class= id=", "{text}: <{tag}>");
        }
    }
}

#[test]
fn no_character_that_repaints_or_reorders_gets_into_the_page() {
    let mut value = whole();
    spoil(&mut value, "\u{202e}\u{0}\u{1b}\u{2028}\u{feff}", false, "");
    let page = page(value);
    assert!(!page.chars().any(|c| c != '\n' && is_unprintable(c)));
    assert!(page.contains("\\u{202e}\\u{0}\\u{1b}"));
}

#[test]
fn the_page_runs_nothing_and_fetches_nothing() {
    let page = page(whole());
    assert!(page.starts_with("<!doctype html>"), "{}", &page[..60]);
    for never in [
        "<script",
        " style=",
        " src=",
        "@import",
        "url(",
        "<link",
        "<iframe",
        "javascript:",
        "ompliant",
    ] {
        assert!(!page.contains(never), "{never}");
    }
    let links: Vec<&str> =
        page.split("href=\"").skip(1).filter(|link| !link.starts_with('#')).collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(link.starts_with("https://github.com/acme/widget/actions/runs/1209\" rel=\"noopener noreferrer nofollow\""));
    }
}

#[test]
fn only_a_plain_https_address_becomes_a_link() {
    assert!(is_https("https://github.com/acme/widget/actions/runs/1"));
    for address in [
        "",
        "https://",
        "https:///x",
        "http://example.com/",
        "javascript:alert(1)",
        "https://a@b.example/",
        "https://a b/",
        "https://a/\"x",
        "https://a\\b",
        "https://ä.example/",
        "data:text/html,x",
        "https://a/\u{202e}",
    ] {
        assert!(!is_https(address), "{address}");
        let mut value = sample(&[build("a", 1, 1, 0, 0)]);
        value["builds"][0]["run_url"] = json!(address);
        assert!(!page(value).contains("class=\"out\""), "{address}");
    }
}

#[test]
fn the_policy_names_the_very_style_that_is_in_the_page() {
    let page = page(whole());
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hash = STANDARD.encode(Sha256::of(style.as_bytes()).as_bytes());
    assert!(page.contains(&format!("default-src 'none'; style-src 'sha256-{hash}';")));
}

#[test]
fn what_nobody_verified_says_so_at_the_top_in_the_title_and_on_paper() {
    let mut value = sample(&[build("a", 1, 1, 0, 0)]);
    assert!(!page(value.clone()).contains("<strong>UNVERIFIED"));
    value["verified"] = json!(false);
    let page = page(value);
    for needed in [
        "<title>UNVERIFIED: ",
        "<body class=\"unverified\">",
        "<p class=\"alarm\"><strong>UNVERIFIED</strong>",
        "content: \"UNVERIFIED",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    assert!(page.find("<p class=\"alarm\">") < page.find("<h1>"));
}

#[test]
fn a_report_of_nothing_is_a_page_too() {
    let mut value = sample(&[]);
    for name in ["policy", "since", "statement"] {
        value[name] = Value::Null;
    }
    value["claims"] = json!([]);
    assert!(page(value).contains("Nothing to report"));
}

#[test]
fn a_long_chain_makes_a_page_that_can_be_opened() {
    let page = page(sample(&[build("a", 500, 80_000, 50, 1_000)]));
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert!(page.contains("more are not listed here"));
    // What nothing explains isn't among what was left out.
    assert_eq!(page.matches("<bdi>unexplained</bdi>").count(), 142);
}

#[test]
fn a_timeline_is_readable_with_one_build_and_with_many() {
    for builds in [1, 2, 10, 41, 500, 1_000] {
        let value = build("a", builds, 80_000, 1, 0);
        let events: Vec<EventV1> = serde_json::from_value(value["timeline"].clone()).unwrap();
        let picture = serde_json::to_value(Picture::of(&events).unwrap()).unwrap();
        let marks = picture["marks"].as_array().unwrap();
        let columns: std::collections::BTreeSet<u64> =
            marks.iter().map(|mark| mark["x"].as_u64().unwrap()).collect();
        assert!(!columns.is_empty() && columns.len() <= 40, "{builds}: {}", columns.len());
        assert!(columns.iter().all(|x| (170..=940).contains(x)));
        assert!(picture["ticks"].as_array().unwrap().len() <= 7);
        assert!(picture["summary"].as_str().unwrap().starts_with(&count(builds, "build")));
    }
    assert!(Picture::of(&[]).is_none());
}
