//! The provisions of the two samples.

use super::{finding, people, provision, text};
use crate::base::digest::Sha256;
use crate::report::model::*;

pub(super) fn provisions(is_first: bool) -> Vec<ProvisionV1> {
    let document = DocumentV1 {
        kind: text("mfa-export"),
        name: text("okta-factors-2026-08.pdf"),
        date: Some(text("2026-08-31")),
        sha256: Sha256::of(b"mfa").to_string(),
    };
    let mut machine = finding((
        "runner-is-hosted",
        "Whose machine it ran on",
        "pass",
        Some("platform-vouched"),
        "the platform says github-hosted, and nobody says otherwise",
        "use-a-hosted-runner",
    ));
    if is_first {
        machine.status = text("fail");
        machine.assurance = Some(text("self-asserted"));
        machine.why = text("expected a runner of the platform's own, found a self-hosted one");
    }
    let mut pins = finding((
        "references-are-pinned",
        "References are pinned",
        "fail",
        Some("self-asserted"),
        "expected every action, image and include to be pinned, found 2 of 7 that can move",
        "pin-references",
    ));
    pins.places = [(14, "uses actions/checkout@v4"), (31, "image postgres:17")]
        .map(|(line, what)| PlaceV1 {
            path: text(".github/workflows/release.yml"),
            line: Some(line),
            what: text(what),
        })
        .to_vec();
    let seen = |status| if is_first { "unknown" } else { status };
    let level = |level| (!is_first).then_some(level);
    vec![
        provision(
            "2.1",
            "shall",
            [
                "Ensure the build environment is protected against unauthorised access.",
                "Protect the build environment against unauthorised access.",
            ],
            if is_first { "contradicted" } else { "partly evidenced" },
            vec![
                FindingV1 { contradicts: is_first, ..machine },
                finding((
                    "job-has-a-token",
                    "The platform vouches for the job",
                    seen("pass"),
                    level("platform-vouched"),
                    "the job's token was checked with the platform's keys",
                    "give-the-job-a-token",
                )),
                finding((
                    "branch-is-protected",
                    "The branch is protected",
                    seen("pass"),
                    level("job-checked"),
                    "the platform's API says that the branch needs a review",
                    "let-the-job-ask-the-platform",
                )),
                finding((
                    "key-is-out-of-reach",
                    "The key was out of the build's reach",
                    "fail",
                    Some("self-asserted"),
                    "expected the key to be in another job than the build, found both in one",
                    "sign-in-a-job-of-its-own",
                )),
                finding((
                    "no-debugger",
                    "Nobody watched the job",
                    "pass",
                    Some("self-asserted"),
                    "no debugging session was seen",
                    "bracket-the-build",
                )),
                people(
                    "mfa",
                    "Multi-factor authentication",
                    if is_first { Vec::new() } else { vec![document] },
                ),
                people("access-review", "Access is reviewed", Vec::new()),
            ],
        ),
        provision(
            "2.2",
            "should",
            [
                "Ensure changes to the environment are controlled and logged.",
                "Control and log changes to the build environment.",
            ],
            if is_first { "not evidenced" } else { "evidenced" },
            vec![
                finding((
                    "changes-are-recorded",
                    "Changes are recorded",
                    seen("pass"),
                    level("recomputable"),
                    "each build was compared with the one before it",
                    "compare-with-the-build-before",
                )),
                finding((
                    "lock-is-kept",
                    "The approved environment is written down",
                    seen("pass"),
                    level("self-asserted"),
                    "proofmark.lock was committed, and nothing differs from it",
                    "approve-the-environment",
                )),
                finding((
                    "chain-is-whole",
                    "No build is missing",
                    "pass",
                    Some("recomputable"),
                    "the chain has no gap",
                    "bracket-the-build",
                )),
            ],
        ),
        provision(
            "2.3",
            "should",
            ["Ensure you are using a build pipeline you trust.", ""],
            "partly evidenced",
            vec![
                pins,
                finding((
                    "definition-ran",
                    "What ran is what was reviewed",
                    seen("pass"),
                    level("platform-vouched"),
                    "the definition on the disk is the one at the commit that the platform names",
                    "give-the-job-a-token",
                )),
                finding((
                    "rebuild",
                    "Somebody else built the same",
                    "unknown",
                    None,
                    "this version can't read such evidence: an independent rebuild",
                    "wait-for-a-later-version",
                )),
                finding((
                    "caches",
                    "No cache from elsewhere",
                    "not applicable",
                    None,
                    "the pipeline has no cache",
                    "bracket-the-build",
                )),
            ],
        ),
        provision(
            "3.1",
            "shall",
            [
                "Ensure that software is distributed securely to customers.",
                "Distribute software securely to customers.",
            ],
            "partly evidenced",
            vec![
                finding((
                    "artefacts-are-signed",
                    "What was built is signed",
                    "pass",
                    Some("recomputable"),
                    "a trusted key signed the digests of 2 artefacts",
                    "bracket-the-build",
                )),
                finding((
                    "release-is-known",
                    "The release is what was built",
                    "unknown",
                    None,
                    "this version can't read such evidence: releases",
                    "wait-for-a-later-version",
                )),
            ],
        ),
    ]
}
