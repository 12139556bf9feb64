//! What went into the build.

use crate::assess::catalogue::parts::{gaps, missing, several, shown};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::{Bracket, Count, FileKind, Inputs, PathText};
use crate::format::fact::{Sealable, Status};
use crate::format::repository::same_repository;

static COMMIT: Remedy = Remedy {
    id: "build-what-is-committed",
    text: "Commit every file that the build needs, ignore what it makes, and build from a fresh checkout; this lists what differs.",
    lines: &[Lines { place: "command", language: "sh", text: "git status --short" }],
};

static CHECK_OUT: Remedy = Remedy {
    id: "check-out-the-run-s-commit",
    text: "Check out the commit that the run is for, and no other.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "- uses: actions/checkout@COMMIT\n  with:\n    ref: ${{ github.sha }}",
        },
        Lines {
            place: "GitLab CI",
            language: "sh",
            text: "git checkout --detach \"$CI_COMMIT_SHA\"",
        },
    ],
};

static LEAVE_ALONE: Remedy = Remedy {
    id: "leave-the-inputs-alone",
    text: "Let nothing write to the sources while the bracket is open, and let the build write into a folder of its own; with --rehash every file is read again afterwards.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --rehash -a 'dist/*' -- make",
    }],
};

pub(super) const SOURCE_COMMITTED: Question = Question {
    id: "source-is-committed",
    title: "Built from a commit",
    asks: "Was every file of the work tree as one commit has it when the build began?",
    claims: &[],
    reads: &["source"],
    proves: "From which commit it was built, and that nothing beside that lay in the work tree but ignored files.",
    not: "That somebody reviewed the commit, or who wrote it. Ignored files are inputs too, and are counted there.",
    remedy: &COMMIT,
    failure: Failure::Weakens,
    answer: Answer::Evidence(source_is_committed),
};

pub(super) const SOURCE_OF_RUN: Question = Question {
    id: "source-is-the-run-s-commit",
    title: "The commit that the run is for",
    asks: "Is the commit that was built the one that the pipeline's run is for?",
    claims: &[],
    reads: &["source", "pipeline"],
    proves: "That what was checked out is what the platform started the run for.",
    not: "That no step exchanged files afterwards.",
    remedy: &CHECK_OUT,
    failure: Failure::Weakens,
    answer: Answer::Evidence(source_is_the_run_s_commit),
};

pub(super) const RECORDED: Question = Question {
    id: "inputs-are-recorded",
    title: "Inputs are recorded",
    asks: "Was every file that lay there when the build began read, and its digest recorded?",
    claims: &[],
    reads: &["inputs"],
    proves: "Which bytes lay below the root, those that git ignores or doesn't know included; how many of each is said, and what was left out.",
    not: "That the build read nothing else: from the network, from caches, from the rest of the machine.",
    remedy: &remedies::BRACKET,
    failure: Failure::Weakens,
    answer: Answer::Evidence(inputs_are_recorded),
};

pub(super) const STOOD_STILL: Question = Question {
    id: "inputs-stood-still",
    title: "Inputs stood still",
    asks: "Were the inputs at the end of the build still what they were at its beginning?",
    claims: &[],
    reads: &["inputs"],
    proves: "That no file which was recorded as an input had another content when the build was over.",
    not: "That none was exchanged in between and put back.",
    remedy: &LEAVE_ALONE,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(inputs_stood_still),
};

fn source_is_committed(facts: &Facts<'_>) -> Found {
    let source = match facts.source.get() {
        Some(source) => source,
        None if facts.source.status == Status::Absent => {
            return Found::fail("expected a repository, found none").at("/source/status");
        }
        None => return missing(facts, "the source", &facts.source),
    };
    let Some(commit) = &source.commit else {
        return Found::unknown("the evidence names no commit");
    };
    if source.bare {
        return Found::unknown("the repository has no work tree that could be as committed");
    }
    let moved = source
        .submodules
        .iter()
        .find(|one| one.checked_out.is_some() && one.commit != one.checked_out);
    let found = if let Some(moved) = moved {
        let said = |commit: &Option<String>| commit.clone().unwrap_or_else(|| "none".to_owned());
        Found::fail(format!(
            "the submodule {}: expected commit {}, found {}",
            moved.path,
            said(&moved.commit),
            said(&moved.checked_out)
        ))
    } else if source.dirty_count > 0 {
        let paths = source.dirty.inline().map(Vec::as_slice).unwrap_or_default();
        Found::fail(format!(
            "expected every file as the commit has it, found {} changed or added",
            count(source.dirty_count, "file")
        ))
        .value("files", several(paths.iter().map(|file| shown(&file.path))))
    } else if let Some(gap) = gaps(facts, "source.dirty").first() {
        return Found::unknown(format!("not every file could be compared: {}", gap.reason));
    } else {
        Found::pass("every file was as the commit has it")
    };
    found
        .at("/source/value/commit")
        .at("/source/value/dirty_count")
        .value("commit", commit)
        .value("submodules", source.submodules.len().to_string())
        .value("not all checked out", if source.sparse { "yes" } else { "no" })
}

fn source_is_the_run_s_commit(facts: &Facts<'_>) -> Found {
    let Some(source) = facts.source.get() else {
        return missing(facts, "the source", &facts.source);
    };
    let Some(pipeline) = facts.pipeline.get() else {
        return missing(facts, "the pipeline", &facts.pipeline);
    };
    let (built, run) = match (&source.commit, &pipeline.commit) {
        (Some(built), Some(run)) => (built, run),
        (None, _) => return Found::unknown("the evidence names no commit that was built"),
        (_, None) if pipeline.platform == "local" => {
            return Found::not_applicable("the build ran in no pipeline");
        }
        (_, None) => return Found::unknown("the evidence names no commit that the run is for"),
    };
    // A run for a pull request is for a merge that exists nowhere else; its head may rightly be built.
    let is_request = pipeline
        .event
        .as_deref()
        .is_some_and(|event| event.starts_with("pull_request") || event == "merge_request_event");
    // A repository that merely has such a commit, as a fork does, is another one.
    let other = source.repository.as_ref().zip(pipeline.repository.as_ref());
    if let Some((source, run)) = other.filter(|(source, run)| !same_repository(source, run)) {
        return Found::fail(format!("expected the run's repository {run}, found {source}"))
            .at("/source/value/repository")
            .at("/pipeline/value/repository");
    }
    let found = if built == run {
        Found::pass("the commit that was built is the one that the run is for")
    } else if is_request {
        return Found::unknown(format!(
            "the run is for a pull request: for {run}, and {built} was built, which may be its head"
        ));
    } else {
        Found::fail(format!("expected the run's commit {run}, found {built}"))
    };
    found
        .at("/source/value/commit")
        .at("/pipeline/value/commit")
        .value("built", built)
        .value("run", run)
}

fn inputs_are_recorded(facts: &Facts<'_>) -> Found {
    let Some(inputs) = facts.inputs.get() else {
        return missing(facts, "the inputs", &facts.inputs);
    };
    let list = inputs.files.as_ref().and_then(Sealable::inline);
    let unread: Vec<&str> = list
        .into_iter()
        .flatten()
        .filter(|file| file.kind == FileKind::File && file.sha256.is_none())
        .map(|file| shown(&file.path))
        .collect();
    // That a list is too long to be written down is a gap too, and none in the digest.
    let admitted = gaps(facts, "inputs");
    let lacking = admitted.get(usize::from(inputs.files.is_none())..).unwrap_or_default();
    let found = if inputs.all.files == 0 {
        Found::fail("expected the sources below the root, found no file there")
    } else if !unread.is_empty() {
        Found::fail(format!(
            "expected a digest of every file, found {} without one: they couldn't be read",
            files(unread.len() as u64)
        ))
        .value("not read", several(unread))
    } else if let Some(gap) = lacking.first() {
        return Found::unknown(format!("not all inputs could be read: {}", gap.reason));
    } else {
        Found::pass(format!("{} with one digest over all of them", files(inputs.all.files)))
    };
    numbers(found.at("/inputs/value/root").at("/inputs/value/all"), inputs)
}

fn numbers(found: Found, inputs: &Inputs) -> Found {
    let of = |count: Option<Count>| {
        count.map_or_else(|| "not known".to_owned(), |count| count.files.to_string())
    };
    let list = match &inputs.files {
        None => "too many to list",
        Some(Sealable::Sealed { .. }) => "sealed",
        Some(Sealable::Inline(_)) => "in the evidence",
    };
    let excluded = several(&inputs.excluded);
    found
        .value("in git", of(inputs.tracked))
        .value("not in git", of(inputs.untracked))
        .value("ignored by git", of(inputs.ignored))
        .value("left out", if excluded.is_empty() { "nothing" } else { &excluded })
        .value("list", list)
}

fn inputs_stood_still(facts: &Facts<'_>) -> Found {
    const DURING: &str = "/inputs/value/changed_during_build";
    const WHILE_READ: &str = "/inputs/value/changed_while_read";
    let Some(inputs) = facts.inputs.get() else {
        return missing(facts, "the inputs", &facts.inputs);
    };
    let some = |what: &str, paths: &[PathText]| {
        let why = format!(
            "expected inputs that stay as they are, found {} that changed while {what}",
            files(paths.len() as u64)
        );
        Found::fail(why).value("changed", several(paths.iter().map(shown)))
    };
    if !inputs.changed_while_read.is_empty() {
        return some("they were read", &inputs.changed_while_read).at(WHILE_READ);
    }
    match inputs.changed_during_build.inline() {
        None => Found::unknown("the list of changed inputs is sealed; give the sections"),
        Some(changed) if !changed.is_empty() => some("the build ran", changed).at(DURING),
        Some(_) => match facts.build.as_ref().map(|build| build.bracket) {
            Some(Bracket::Command | Bracket::Steps) => {
                Found::pass("no input changed between the beginning of the build and its end")
                    .at(DURING)
                    .at(WHILE_READ)
            }
            Some(Bracket::None) => Found::not_applicable("no build was bracketed"),
            _ => Found::unknown("the evidence doesn't say what was bracketed"),
        },
    }
}

fn files(number: u64) -> String {
    count(number, "file")
}
