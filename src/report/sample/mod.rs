//! Reports to try the formats on: a project's first day, its hundredth, one that is full of attacks, and one
//! that has no end.

mod hostile;
mod provisions;

pub(crate) use hostile::{hostile, huge};

use super::model::*;
use crate::base::digest::Sha256;
use crate::base::time::Time;

const MADE: i64 = 1_790_000_000;
const DAY: i64 = 86_400;

fn time(days_before: i64) -> Time {
    Time::saturating(MADE - days_before * DAY)
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|one| text(one)).collect()
}

/// Id, title, status, assurance, why, remedy.
type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, &'a str, &'a str);

fn finding((id, title, status, assurance, why, remedy): Row<'_>) -> FindingV1 {
    FindingV1 {
        id: text(id),
        title: text(title),
        asks: format!("{title}?"),
        claims: texts(&["2.1-03"]),
        status: text(status),
        contradicts: id == "self-hosted-runner",
        assurance: assurance.map(text),
        liar: assurance.map(|level| {
            text(match level {
                "platform-vouched" => "the platform",
                "job-checked" => "whoever can run code in the job before proofmark asks",
                _ => "anyone who can run code in the job",
            })
        }),
        why: text(why),
        values: vec![ValueV1 { name: text("witnesses"), value: text("variable: self-hosted") }],
        pointers: texts(&["/pipeline/value/hosting"]),
        places: Vec::new(),
        not: text("It does not show who administers that machine."),
        remedy: text(remedy),
        needs_people: false,
        documents: Vec::new(),
    }
}

fn people(id: &str, title: &str, documents: Vec<DocumentV1>) -> FindingV1 {
    let why = match documents.len() {
        0 => "only people or other systems can show it",
        _ => "a document is attached; only people can say what it shows",
    };
    let row = (id, title, "unknown", None, why, "attach-a-document");
    FindingV1 {
        needs_people: true,
        documents,
        values: Vec::new(),
        pointers: Vec::new(),
        ..finding(row)
    }
}

fn provision(
    number: &str,
    verb: &str,
    words: [&str; 2],
    standing: &str,
    findings: Vec<FindingV1>,
) -> ProvisionV1 {
    let count =
        |is: &dyn Fn(&FindingV1) -> bool| findings.iter().filter(|one| is(one)).count() as u64;
    let asked = count(&|one| !one.needs_people && one.status != "not applicable");
    let answered = count(&|one| matches!(&*one.status, "pass" | "fail"));
    let by = |level: &str| count(&|one| one.assurance.as_deref() == Some(level));
    let by_people = count(&|one| one.needs_people);
    let (by_platform, by_checker, by_job) =
        (by("platform-vouched"), by("recomputable"), by("self-asserted"));
    ProvisionV1 {
        number: text(number),
        verb: text(verb),
        draft: text(words[0]),
        last: (!words[1].is_empty()).then(|| text(words[1])),
        standing: text(standing),
        summary: format!(
            "{answered} of {asked} questions answered: {by_platform} by the platform, {by_checker} worked out again here, {by_job} by the job's own word; {by_people} for people"
        ),
        asked,
        answered,
        by_platform,
        by_checker,
        by_job,
        by_people,
        findings,
    }
}

fn remedies(is_first: bool) -> Vec<RemedyV1> {
    let lines = |place: &str, language: &str, lines: &str| LinesV1 {
        place: text(place),
        language: text(language),
        text: text(lines),
    };
    let remedy = |id: &str, says: &str, lines: Vec<LinesV1>, questions: &[&str]| RemedyV1 {
        for_people: false,
        id: text(id),
        text: text(says),
        lines,
        questions: texts(questions),
    };
    let mut all = vec![
        remedy(
            "sign-in-a-job-of-its-own",
            "Capture without a key in the job that builds, and sign in another that runs no code of the project.",
            vec![lines(
                "command",
                "sh",
                "proofmark run --sign never -a 'dist/*' -- make\nproofmark sign proofmark.unsigned.jsonl --artefacts dist",
            )],
            &["key-is-out-of-reach"],
        ),
        remedy(
            "pin-references",
            "Pin every action, image and include by commit or digest.",
            vec![
                lines(
                    "GitHub Actions",
                    "yaml",
                    "- uses: OWNER/ACTION@0123456789abcdef0123456789abcdef01234567 # v1.2.3",
                ),
                lines("GitLab CI", "yaml", "image: NAME@sha256:DIGEST"),
            ],
            &["references-are-pinned"],
        ),
        remedy(
            "attach-a-document",
            "Attach the document that shows it, with its date and scope; people read it.",
            vec![lines(
                "command",
                "sh",
                "proofmark run --attach access-review=review.pdf --attach-date access-review=2026-01-31 \\\n  -a 'dist/*' -- make",
            )],
            &["access-review"],
        ),
        remedy(
            "wait-for-a-later-version",
            "Nothing in your hands: this version of proofmark neither makes nor reads such evidence.",
            Vec::new(),
            &["rebuild", "release-is-known"],
        ),
    ];
    if is_first {
        all.insert(0, remedy("give-the-job-a-token", "Let the platform give the job a token that says who runs it; with --embed-token customers can check it themselves.", vec![lines("GitHub Actions", "yaml", "permissions:\n  contents: read\n  id-token: write")], &["job-has-a-token", "definition-ran", "runner-is-hosted"]));
        all.insert(
            1,
            remedy(
                "compare-with-the-build-before",
                "Compare each build with the one before it, on a checkout with its whole history.",
                vec![lines("command", "sh", "proofmark run --baseline auto -a 'dist/*' -- make")],
                &["changes-are-recorded"],
            ),
        );
    }
    all
}

fn event(sequence: u64, of: u64) -> EventV1 {
    let change =
        |class: &str, name: &str, before: &str, after: &str, by: &str, explained| ChangeV1 {
            class: text(class),
            name: text(name),
            change: text("changed"),
            before: Some(text(before)),
            after: Some(text(after)),
            explained_by: text(by),
            explained,
            commit: explained.then(|| text("4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d")),
            note: None,
        };
    let list = vec![
        change("tools", "rustc", "1.94.0", "1.95.0", "lock", true),
        change(
            "packages",
            "openssl",
            "3.0.13-0ubuntu3.5",
            "3.0.13-0ubuntu3.6",
            "runner-image",
            true,
        ),
        change("variables", "RUSTFLAGS", "-D warnings", "-C linker=clang", "unexplained", false),
    ];
    let is_newest = sequence == of;
    EventV1 {
        payload_sha256: Sha256::of(&sequence.to_be_bytes()),
        sequence: Some(sequence),
        run: text(&(sequence + 40).to_string()),
        finished: time(i64::try_from(of - sequence).unwrap()),
        commit: Some(text("4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d")),
        outcome: text("success"),
        changes: (sequence > 1).then_some(if is_newest { 3 } else { sequence % 3 }),
        unexplained: (sequence > 1).then_some(u64::from(is_newest)),
        drift: (sequence > 50).then_some(0),
        list: if is_newest && of > 1 { list } else { Vec::new() },
        marks: if sequence == 60 { texts(&["retry"]) } else { Vec::new() },
    }
}

fn build(is_first: bool) -> BuildV1 {
    let builds = if is_first { 1 } else { 100 };
    let reference = |kind: &str, name: &str, pin: &str, movable, line| ReferenceV1 {
        definition: text(".github/workflows/release.yml"),
        kind: text(kind),
        text: text(name),
        pin: text(pin),
        movable,
        running: true,
        line: Some(line),
    };
    BuildV1 {
        lane: text("github octo-org/anvil release.yml build"),
        repository: Some(text("https://github.com/octo-org/anvil")),
        commit: Some(text("4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d")),
        ref_name: Some(text("refs/tags/v2.4.0")),
        id: text("01j8z6k0q5t7v9x1y3"),
        payload_sha256: Sha256::of(&builds.to_string().into_bytes()),
        sequence: Some(builds),
        run: Some(text(&(builds + 40).to_string())),
        run_url: Some(text("https://github.com/octo-org/anvil/actions/runs/17345678901")),
        started: Some(time(0)),
        finished: Some(time(0)),
        outcome: text("success"),
        signers: texts(&["SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg"]),
        file: text("dist/proofmark.sigstore.jsonl"),
        artefacts: vec![
            ArtefactV1 {
                name: text("dist/anvil-2.4.0-linux-amd64.tar.gz"),
                sha256: Some(Sha256::of(b"linux").to_string()),
                size: Some(8_402_133),
            },
            ArtefactV1 {
                name: text("dist/anvil-2.4.0-windows-amd64.zip"),
                sha256: Some(Sha256::of(b"windows").to_string()),
                size: Some(9_114_820),
            },
        ],
        artefact_count: 2,
        check: Some(text(
            "proofmark verify dist/proofmark.sigstore.jsonl --artefact dist/anvil-2.4.0-linux-amd64.tar.gz --trust trust.toml",
        )),
        provisions: provisions::provisions(is_first),
        remedies: remedies(is_first),
        vouchers: if is_first {
            vec![VoucherV1 {
                assurance: text("self-asserted"),
                liar: text("anyone who can run code in the job"),
                parts: texts(&["environment", "pipeline", "source", "tools"]),
            }]
        } else {
            vec![
                VoucherV1 {
                    assurance: text("platform-vouched"),
                    liar: text("the platform"),
                    parts: texts(&["identity", "pipeline.ran"]),
                },
                VoucherV1 {
                    assurance: text("recomputable"),
                    liar: text("nobody: it was worked out again here"),
                    parts: texts(&["subjects", "changes"]),
                },
                VoucherV1 {
                    assurance: text("self-asserted"),
                    liar: text("anyone who can run code in the job"),
                    parts: texts(&["environment", "packages", "tools"]),
                },
            ]
        },
        pins: PinsV1 {
            pinned: 5,
            movable: 2,
            undecided: 0,
            references: vec![
                reference("uses", "actions/checkout@v4", "tag", true, 14),
                reference("image", "postgres:17", "tag", true, 31),
                reference(
                    "uses",
                    "dtolnay/rust-toolchain@0123456789abcdef0123456789abcdef01234567",
                    "commit",
                    false,
                    18,
                ),
            ],
        },
        marks: vec![MarkV1 {
            definition: text(".github/workflows/release.yml"),
            kind: text("broad-permissions"),
            place: text("jobs.build.permissions"),
            what: text("may write `contents`: whoever gets into the job can change the repository"),
            line: Some(9),
        }],
        gaps: vec![
            GapV1 {
                part: text("container"),
                reason: text("the image that the job runs in could not be told"),
                cure: None,
            },
            GapV1 {
                part: text("packages"),
                reason: text("1 package manager was not asked"),
                cure: Some(text("install dpkg-query")),
            },
        ],
        timeline: (1..=builds).map(|sequence| event(sequence, builds)).collect(),
        lane_builds: builds,
        chain: if is_first {
            Vec::new()
        } else {
            vec![ChainFindingV1 {
                kind: text("retry"),
                fails: false,
                text: text(
                    "run 100 was tried twice: sequence 60 names attempt 2; look at both logs",
                ),
            }]
        },
    }
}

fn report(is_first: bool) -> ReportV1 {
    ReportV1 {
        version: 1,
        verified: true,
        made: time(0),
        tool: text("proofmark 0.1.0"),
        draft: text("Code of Practice for Software Vendors: call for views, May 2024 (draft)"),
        last: text("Software Security Code of Practice, 7 May 2025"),
        headline: text(if is_first {
            "4 provisions: 1 contradicted, 1 not evidenced, 2 partly evidenced"
        } else {
            "4 provisions: 1 evidenced, 3 partly evidenced"
        }),
        builds: vec![build(is_first)],
        repositories: Vec::new(),
        policy: None,
        since: None,
        claims: Vec::new(),
        statement: None,
        not_verified: Vec::new(),
        not_shown: texts(&[
            "that the evidence is all that there is: a build that was never bracketed leaves none",
            "what happened on the machine before the bracket opened and after it closed",
            "that the people who are named are who they say",
            "that the code is good",
        ]),
        files: texts(&["dist/proofmark.sigstore.jsonl"]),
        exit_code: u8::from(is_first),
    }
}

/// A project that has just begun: one build, on its own machine.
pub(crate) fn first_day() -> ReportV1 {
    report(true)
}

/// A hundred builds on, with everything that can be asked for: policy, claims, the officer's words, what moved.
pub(crate) fn hundredth_day() -> ReportV1 {
    let rule = |name: &str, status: &str, expected: &str, found: &str| RuleV1 {
        lane: text("github octo-org/anvil release.yml build"),
        name: text(name),
        status: text(status),
        expected: text(expected),
        found: text(found),
        pointers: texts(&["/pipeline/value/definitions"]),
        remedy: (status == "fails")
            .then(|| text("Pin every action, image and include by commit or digest.")),
        waiver: (status == "waived")
            .then(|| text("the registry signs them; Ada Adams; until 2026-12-31")),
    };
    let moved = |id: &str, direction: &str, before: Option<&str>, after: &str| MovedV1 {
        lane: text("github octo-org/anvil release.yml build"),
        provision: text("2.1"),
        id: text(id),
        title: text("The branch is protected"),
        direction: text(direction),
        before: before.map(text),
        after: text(after),
        why: text("the platform's API says that the branch needs a review"),
    };
    ReportV1 {
        policy: Some(PolicyV1 {
            name: text("vendor"),
            sha256: Sha256::of(b"policy"),
            permits: false,
            rules: vec![
                rule(
                    "runner-is-hosted",
                    "holds",
                    "pass, vouched for by the platform",
                    "pass, platform-vouched",
                ),
                rule(
                    "references-are-pinned",
                    "fails",
                    "pass",
                    "fail, self-asserted: 2 of 7 can move",
                ),
                rule("key-is-out-of-reach", "waived", "pass", "fail, self-asserted"),
            ],
            notes: texts(&["the waiver of lock-is-kept is needed by no rule"]),
        }),
        since: Some(SinceV1 {
            file: text("last-quarter.json"),
            finished: Some(time(90)),
            moved: vec![
                moved("branch-is-protected", "better", Some("unknown"), "pass, job-checked"),
                moved(
                    "references-are-pinned",
                    "worse",
                    Some("pass, self-asserted"),
                    "fail, self-asserted",
                ),
            ],
            unchanged: 11,
        }),
        claims: vec![ClaimV1 {
            lane: text("github octo-org/anvil release.yml build"),
            id: text("2.1-03"),
            text: text("The build environment is isolated."),
            status: Some(text("met in part")),
            evidence: texts(&["runner-is-hosted: pass, platform-vouched"]),
            argument: Some(text("We use the platform's own runners only.")),
            gaps: texts(&["key-is-out-of-reach: fail"]),
        }],
        statement: Some(OfficerV1 {
            sha256: Sha256::of(b"statement"),
            name: text("Ada Adams"),
            role: Some(text("Senior Responsible Owner")),
            date: text("2026-09-01"),
            scope: text("Anvil 2.4, all platforms"),
            text: Some(text(
                "We build every release on machines of the platform's own, and look at each change.",
            )),
        }),
        not_verified: vec![NotVerifiedV1 {
            file: text("dist/old.jsonl"),
            line: Some(3),
            why: text("signed by no trusted key"),
        }],
        ..report(false)
    }
}
