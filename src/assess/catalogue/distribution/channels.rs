//! The ways on which software reaches customers. No build sees them: what is published, and what customers
//! get, is for later versions and for people.

use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};

static ATTACH_REVIEW: Remedy = Remedy {
    id: "attach-the-review-of-deployment",
    text: "Attach the review of who may deploy and reach production, with its date; people read it.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --attach access-review=review.pdf --attach-date access-review=YYYY-MM-DD \\\n  --attach-scope 'access-review=deployment and production' -a 'dist/*' -- make",
    }],
};

pub(super) const DESCRIBED: Question = Question {
    id: "channel-is-described",
    title: "The channel is described",
    asks: "Is it recorded where the release is published, under which name and version, by whom, and that it can't be replaced there?",
    claims: &["3.1-02"],
    reads: &["build"],
    proves: "Where the vendor means customers to get it.",
    not: "That what lies there is the artefact.",
    remedy: &remedies::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later("what a release says of the place where it is published"),
};

pub(super) const PUBLISHED: Question = Question {
    id: "published-bytes-are-the-built-ones",
    title: "What is published is what was built",
    asks: "Was the artefact fetched again over the public address, as a customer would, and was it the same?",
    claims: &["3.1-01", "3.1-02"],
    reads: &["build"],
    proves: "That the channel gave out the right bytes over a secure connection, at that time and to that place.",
    not: "That it does so everywhere and for good.",
    remedy: &remedies::LATER,
    failure: Failure::Contradicts,
    answer: Answer::Later("checks of what the published address gives out"),
};

pub(super) const DELIVERED: Question = Question {
    id: "evidence-is-delivered-with-the-artefact",
    title: "Evidence comes with the artefact",
    asks: "Can a customer who has only the artefact find its evidence where they got it?",
    claims: &["3.1-01"],
    reads: &["build"],
    proves: "That customers can check without asking the vendor.",
    not: "That they do.",
    remedy: &remedies::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later("where evidence is published, and whether it is there"),
};

pub(super) const FRESH: Question = Question {
    id: "freshness-and-rollback",
    title: "No old release for a new one",
    asks: "Would a customer notice that they are given an old release, or kept from a new one?",
    claims: &["3.1-01", "3.1-02"],
    reads: &["chain"],
    proves: "That an old, vulnerable release can't pass for the current one.",
    not: "That the current one is free of flaws.",
    remedy: &remedies::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later("a vendor's signed list of releases, and which of them are withdrawn"),
};

pub(super) const PROTECTED: Question = Question {
    id: "download-place-is-protected",
    title: "The place to download is protected",
    asks: "Is there a place that customers are told to get the software from, and is it protected against intruders?",
    claims: &["3.1-02"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That nobody broke in: the digests of the artefacts show what was exchanged.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["penetration-test", "policy"]),
};

pub(super) const ACCESS: Question = Question {
    id: "deployment-access-is-controlled",
    title: "Who may deploy",
    asks: "Is it controlled and reviewed who may deploy, and who reaches production?",
    claims: &["3.1-02"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That it is so today: look at the document's date.",
    remedy: &ATTACH_REVIEW,
    failure: Failure::Weakens,
    answer: Answer::People(&["access-review", "policy"]),
};
