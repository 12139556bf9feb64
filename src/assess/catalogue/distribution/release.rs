//! What a release is: where it comes from, and what the vendor keeps and says of it.

use crate::assess::catalogue::parts::missing;
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::format::fact::Status;
use crate::format::repository::same_repository;

static SAY_THE_ORIGIN: Remedy = Remedy {
    id: "build-in-a-checkout",
    text: "Build in a checkout of the repository that has an address customers know, on a branch or a tag; tell them what to expect.",
    lines: &[
        Lines {
            place: "command",
            language: "sh",
            text: "git remote add origin https://HOST/OWNER/REPOSITORY",
        },
        Lines {
            place: "customer",
            language: "sh",
            text: "proofmark verify ARTEFACT --key release.key.pub -b proofmark.sigstore.jsonl --source https://HOST/OWNER/REPOSITORY --ref refs/tags/v1.2.3",
        },
    ],
};

static TAG: Remedy = Remedy {
    id: "release-from-a-signed-tag",
    text: "Build releases from annotated tags, signed where you can, and check the tag out with its object.",
    lines: &[
        Lines {
            place: "command",
            language: "sh",
            text: "git tag -s v1.2.3 -m v1.2.3\ngit push origin v1.2.3",
        },
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "on:\n  push:\n    tags: ['v*']\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@COMMIT\n        with:\n          fetch-depth: 0\n      # checkout puts a plain tag in the annotated one's place\n      - run: git fetch --tags --force",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "release:\n  rules:\n    - if: $CI_COMMIT_TAG\n  variables:\n    GIT_DEPTH: 0",
        },
    ],
};

pub(super) const ORIGIN: Question = Question {
    id: "customers-can-check-the-origin",
    title: "Where it comes from",
    asks: "Does the evidence state repository, commit and branch or tag, so that a customer can demand the expected ones?",
    claims: &["3.1-01"],
    reads: &["source", "pipeline.repository"],
    proves: "That verify can refuse artefacts of another repository, commit, branch or tag.",
    not: "That a customer does so, or knows what to expect: tell them.",
    remedy: &SAY_THE_ORIGIN,
    failure: Failure::Weakens,
    answer: Answer::Evidence(customers_can_check_the_origin),
};

pub(super) const TRACEABLE: Question = Question {
    id: "release-is-traceable",
    title: "Built from a tag",
    asks: "Was it built from an annotated tag, whose object and commit are recorded?",
    claims: &["3.1-01", "3.1-02"],
    reads: &["source"],
    proves: "Which version it is: that tag, by the digest of its object, led to this commit when it was built.",
    not: "Who made the tag, or that it is still there and leads to the same commit.",
    remedy: &TAG,
    failure: Failure::Weakens,
    answer: Answer::Evidence(release_is_traceable),
};

pub(super) const ARCHIVED: Question = Question {
    id: "release-is-archived",
    title: "Releases are kept",
    asks: "Does the vendor keep every release with its evidence, protected, for an agreed time?",
    claims: &["3.1-01"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That it is kept: ask for an old one.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

pub(super) const ANNOUNCED: Question = Question {
    id: "security-fixes-are-announced",
    title: "Customers hear of versions and fixes",
    asks: "Do customers get clear notes on versions and security fixes, for planned and for urgent releases?",
    claims: &["3.1-02"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That the notes reached anybody, or that they are complete.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

pub(super) const TESTED: Question = Question {
    id: "release-is-tested-and-can-be-rolled-back",
    title: "Tested, with a way back",
    asks: "Is the software tested before it is deployed, and can a customer go back to a named version?",
    claims: &["3.1-02"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That the tests are thorough, or that the way back was tried.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy", "penetration-test"]),
};

fn customers_can_check_the_origin(facts: &Facts<'_>) -> Found {
    const PIPELINE: &str = "/pipeline/value/repository";
    let source = match facts.source.get() {
        Some(source) => source,
        None if facts.source.status == Status::Absent => {
            return Found::fail("expected a repository that customers can name, found none")
                .at("/source/status");
        }
        None => return missing(facts, "the source", &facts.source),
    };
    let (Some(repository), Some(commit), Some(name)) =
        (&source.repository, &source.commit, &source.ref_name)
    else {
        let lacking = [
            ("the repository's address", source.repository.is_none()),
            ("the commit", source.commit.is_none()),
            ("the branch or tag", source.ref_name.is_none()),
        ];
        let lacking: Vec<&str> =
            lacking.into_iter().filter_map(|(name, lacks)| lacks.then_some(name)).collect();
        return Found::unknown(format!("the evidence doesn't state: {}", lacking.join(", ")));
    };
    let pipeline = facts.pipeline.get();
    let on_platform = pipeline.filter(|p| matches!(p.platform.as_str(), "github" | "gitlab"));
    let found = match on_platform.map(|pipeline| &pipeline.repository) {
        None => Found::pass("repository, commit and branch or tag are stated"),
        Some(None) => {
            return Found::unknown("the evidence doesn't state which repository the run is of");
        }
        Some(Some(run)) if same_repository(run, repository) => Found::pass(
            "repository, commit and branch or tag are stated, and the run is of that repository",
        )
        .at(PIPELINE),
        Some(Some(run)) => Found::fail(format!(
            "expected the source of the repository that the run is of, {run}, found {repository}"
        ))
        .at(PIPELINE),
    };
    found
        .at("/source/value/repository")
        .at("/source/value/commit")
        .at("/source/value/ref")
        .value("repository", repository)
        .value("commit", commit)
        .value("ref", name)
}

fn release_is_traceable(facts: &Facts<'_>) -> Found {
    const REF: &str = "/source/value/ref";
    let Some(source) = facts.source.get() else {
        return missing(facts, "the source", &facts.source);
    };
    let Some(name) = &source.ref_name else {
        return Found::unknown("the evidence names no branch or tag");
    };
    if !name.starts_with("refs/tags/") {
        // A build of a branch can be a release: then nobody can name it by its version.
        return Found::fail(format!("expected a tag, found {name}")).at(REF).value("ref", name);
    }
    // One that was left out and one that never was look the same.
    let (Some(object), Some(commit)) = (&source.tag_object, &source.commit) else {
        return Found::unknown(format!(
            "no tag object of {name} is recorded: it has none, being a plain tag, or wasn't fetched"
        ));
    };
    Found::pass(format!("{name}, an annotated tag of the commit that was built"))
        .at(REF)
        .at("/source/value/tag_object")
        .at("/source/value/commit")
        .value("ref", name)
        .value("tag object", object)
        .value("commit", commit)
}
