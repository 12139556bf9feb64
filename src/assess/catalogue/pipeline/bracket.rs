//! The build itself: how it was watched, how it ended, what it handed on.

use crate::assess::catalogue::parts::{gaps, missing, several, shown};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::{count, cut};
use crate::format::evidence::{Bracket, Outcome};
use crate::format::fact::Status;

static RUN_IN_ONE: Remedy = Remedy {
    id: "bracket-one-command",
    text: "Build under one proofmark run; where the build is several steps, hand the digest that begin prints to finish by another way than the disk.",
    lines: &[
        remedies::RUN,
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "- id: begin\n  run: proofmark begin\n- run: make\n- if: always()\n  run: proofmark finish -a 'dist/*' --outcome \"$OUTCOME\" --state-digest \"$STATE\"\n  env:\n    OUTCOME: ${{ job.status }}\n    STATE: ${{ steps.begin.outputs.state-digest }}\n    PROOFMARK_KEY: ${{ secrets.PROOFMARK_KEY }}",
        },
    ],
};

static RELEASE_WHAT_SUCCEEDED: Remedy = Remedy {
    id: "release-builds-that-succeeded",
    text: "Release nothing of this build. Where it did succeed, tell finish so: on GitHub by the job's status.",
    lines: &[Lines {
        place: "GitHub Actions",
        language: "yaml",
        text: "- if: always()\n  run: proofmark finish -a 'dist/*' --outcome \"$OUTCOME\"\n  env:\n    OUTCOME: ${{ job.status }}",
    }],
};

static CHECK_HANDOVER: Remedy = Remedy {
    id: "check-what-is-handed-over",
    text: "Sign in the job that hands over, and check there with its public key in the one that goes on.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --from EARLIER.sigstore.jsonl --trust-key build.pub -a 'dist/*' -- make",
    }],
};

static ONE_BINARY: Remedy = Remedy {
    id: "use-one-proofmark",
    text: "Install proofmark once, from a place that no step of the build can write to, check its digest, and use that one for begin and finish.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "sha256sum \"$(command -v proofmark)\"",
    }],
};

pub(super) const BRACKETED: Question = Question {
    id: "build-was-bracketed",
    title: "The build was watched throughout",
    asks: "Was the whole build between two looks at the files, with no way for a step to exchange what the first one saw?",
    claims: &[],
    reads: &["build.bracket", "build.state"],
    proves: "That inputs and outputs are of one and the same build, in this order.",
    not: "What the build did in between. Whoever controls the machine controls proofmark too.",
    remedy: &RUN_IN_ONE,
    failure: Failure::Weakens,
    answer: Answer::Evidence(build_was_bracketed),
};

pub(super) const SUCCEEDED: Question = Question {
    id: "build-succeeded",
    title: "The build succeeded",
    asks: "Did the build end well?",
    claims: &[],
    reads: &["build.outcome"],
    proves: "That the command, or the job, said so at its end.",
    not: "That its tests were any good.",
    remedy: &RELEASE_WHAT_SUCCEEDED,
    failure: Failure::Weakens,
    answer: Answer::Evidence(build_succeeded),
};

pub(super) const OUTPUTS: Question = Question {
    id: "outputs-are-recorded",
    title: "Outputs are recorded",
    asks: "Is all that the build made and changed recorded, and did none of it change while it was read?",
    claims: &[],
    reads: &["outputs"],
    proves: "Which files came of the build below the root, by their content.",
    not: "What it wrote elsewhere, or sent away.",
    remedy: &remedies::BRACKET,
    failure: Failure::Weakens,
    answer: Answer::Evidence(outputs_are_recorded),
};

pub(super) const HANDOVER: Question = Question {
    id: "handover-is-checked",
    title: "Handover between jobs is checked",
    asks: "Where the build goes on with another job's work, was that checked against signed evidence, file by file?",
    claims: &[],
    reads: &["custody"],
    proves: "That what one job made is, byte for byte, what the next one took, so that no step between them was left out or put in.",
    not: "That what the earlier job says of itself is true.",
    remedy: &CHECK_HANDOVER,
    failure: Failure::Weakens,
    answer: Answer::Evidence(handover_is_checked),
};

pub(super) const TOOL: Question = Question {
    id: "tool-is-identified",
    title: "Which proofmark it was",
    asks: "Is the proofmark that made the evidence named by version and digest, and was the build begun and ended by the same?",
    claims: &[],
    reads: &["build.tool", "build.state"],
    proves: "Which program says that it looked; compare its digest with the one that was released.",
    not: "Anything against a hostile job: another program can write any digest.",
    remedy: &ONE_BINARY,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(tool_is_identified),
};

pub(super) const HERMETIC: Question = Question {
    id: "build-is-hermetic",
    title: "Nothing else was read",
    asks: "Did the build read nothing but its recorded inputs, and nothing from the network?",
    claims: &[],
    reads: &["inputs"],
    proves: "That the record of what went in is whole.",
    not: "That what went in is free of harm.",
    remedy: &remedies::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later("which files and which servers the build's programs opened"),
};

pub(super) const REBUILD: Question = Question {
    id: "independent-rebuild",
    title: "Built twice, with one result",
    asks: "Did another builder, on another platform, make the same bytes from the same source?",
    claims: &[],
    reads: &["build"],
    proves: "That the artefacts follow from the source, unless both builders were taken over.",
    not: "That the source and the tools which both used are free of harm.",
    remedy: &remedies::LATER,
    failure: Failure::Contradicts,
    answer: Answer::Later("evidence of two builders about the same artefacts, compared"),
};

const UNREADABLE: &str = "what the evidence says of the build itself can't be read";

fn build_was_bracketed(facts: &Facts<'_>) -> Found {
    let Some(build) = &facts.build else { return Found::unknown(UNREADABLE) };
    match (build.bracket, &build.state) {
        (Bracket::Command, _) => {
            Found::pass("one command was bracketed, from its beginning to its end")
                .at("/build/bracket")
        }
        (Bracket::Steps, Some(state)) => {
            let found = if state.digest_was_told {
                Found::pass("several steps were bracketed, and the end knew what the beginning saw")
            } else {
                Found::fail(
                    "expected the digest of what was seen at the beginning, told to finish; found none: a step in between could have rewritten it",
                )
            };
            found.at("/build/bracket").at("/build/state/digest_was_told")
        }
        (Bracket::Steps, None) => {
            Found::unknown("several steps were bracketed, and nothing is said of what lay between")
        }
        (Bracket::None, _) => {
            Found::not_applicable("no build was bracketed: files were attested afterwards")
        }
        (Bracket::Unknown, _) => Found::unknown("how the build was seen isn't known"),
    }
}

fn build_succeeded(facts: &Facts<'_>) -> Found {
    let Some(build) = &facts.build else { return Found::unknown(UNREADABLE) };
    let from = build.outcome_from.as_deref().unwrap_or("nobody");
    match build.outcome {
        Outcome::Succeeded => Found::pass("it succeeded").at("/build/outcome").value("by", from),
        Outcome::Failed | Outcome::Cancelled => {
            Found::fail(format!("expected a build that succeeded, found it {}", build.outcome))
                .at("/build/outcome")
                .value("by", from)
        }
        Outcome::NotApplicable => Found::not_applicable("no build was bracketed"),
        Outcome::Unknown => Found::unknown("nobody told how the build ended"),
    }
}

fn outputs_are_recorded(facts: &Facts<'_>) -> Found {
    let Some(outputs) = facts.outputs.get() else {
        return missing(facts, "the outputs", &facts.outputs);
    };
    // That a list is too long to be written down is a gap too, and none in the digest.
    let admitted = gaps(facts, "outputs");
    let lacking = admitted.get(usize::from(outputs.files.is_none())..).unwrap_or_default();
    let moving = &outputs.changed_while_read;
    let found = if !moving.is_empty() {
        Found::fail(format!(
            "expected files that nobody writes to any more, found {} that changed while they were read",
            count(moving.len() as u64, "file")
        ))
        .value("changed", several(moving.iter().map(shown)))
    } else if let Some(gap) = lacking.first() {
        return Found::unknown(format!("not all outputs could be read: {}", gap.reason));
    } else {
        Found::pass("everything that the build made or changed has a digest")
    };
    found
        .at("/outputs/value/root")
        .at("/outputs/value/changed_while_read")
        .value("made", outputs.made.to_string())
        .value("changed", outputs.changed.to_string())
        .value("deleted", outputs.deleted.to_string())
        .value("taken as unchanged by size and times", outputs.unchanged_by_metadata.to_string())
}

fn handover_is_checked(facts: &Facts<'_>) -> Found {
    const CONTINUES: &str = "/custody/value/continues";
    let custody = match facts.custody.get() {
        Some(custody) => custody,
        None if facts.custody.status == Status::Absent => {
            return Found::not_applicable("it goes on with no other job's work");
        }
        None => return missing(facts, "what it continues", &facts.custody),
    };
    let told: Vec<String> = custody
        .continues
        .iter()
        .filter(|one| one.signers.is_empty())
        .map(|one| one.build_id.clone().unwrap_or_else(|| one.sha256.to_string()))
        .collect();
    if !told.is_empty() {
        return Found::fail(format!(
            "expected evidence that a trusted key signed, of every job whose work it goes on with; found {} that nobody had signed",
            count(told.len() as u64, "capture")
        ))
        .at(CONTINUES)
        .value("unsigned", several(told));
    }
    if let Some(first) = custody.continues.first() {
        let all = count(custody.continues.len() as u64, "earlier job");
        let files: usize = custody.continues.iter().map(|one| one.subjects.len()).sum();
        let signers = first.signers.iter().map(|signer| cut(signer, 100));
        return Found::pass(format!(
            "signed evidence of {all}, whose artefacts are among the inputs byte for byte"
        ))
        .at(CONTINUES)
        .value("files", files.to_string())
        .value("signed by", several(signers));
    }
    match custody.captured {
        // The signing job takes the capture's word for the build, and hashes every artefact itself.
        Some(captured) => {
            Found::pass("the job that signed hashed every artefact of the capture again")
                .at("/custody/value/captured")
                .value("capture", captured.to_string())
        }
        None => Found::unknown("the evidence says that it continues something, and not what"),
    }
}

fn tool_is_identified(facts: &Facts<'_>) -> Found {
    let Some(build) = &facts.build else { return Found::unknown(UNREADABLE) };
    let tool = &build.tool;
    let version = format!("{} {}", tool.name, tool.version);
    let Some(own) = tool.sha256 else {
        return Found::unknown(format!("{version} couldn't read its own file, so has no digest"));
    };
    let found = match build.state.as_ref().map(|state| &state.opened_by) {
        None if build.bracket == Bracket::Steps => {
            return Found::unknown("which proofmark began the build isn't said");
        }
        None => Found::pass("one program from beginning to end, named by its digest"),
        Some(opened) => match opened.sha256 {
            None => return Found::unknown("which proofmark began the build isn't known by digest"),
            Some(other) if other == own => {
                Found::pass("one program began and ended it, named by its digest")
                    .at("/build/state/opened_by/sha256")
            }
            Some(other) => Found::fail(format!(
                "expected the proofmark that began the build to end it too: {other} began it, {own} ended it"
            ))
            .at("/build/state/opened_by/sha256"),
        },
    };
    found.at("/build/tool/sha256").value("tool", version).value("sha256", own.to_string())
}
