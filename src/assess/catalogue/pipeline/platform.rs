//! Who built it, by the platform's own word.

use std::collections::BTreeSet;

use crate::assess::catalogue::parts::{artefacts, gaps, missing, several};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};
use crate::assess::embedded::Standing;
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::digest::Sha256;
use crate::base::text::{count, cut};
use crate::format::evidence::PlatformProvenance;
use crate::format::fact::Status;
use crate::format::slsa::BUILDER_PREFIX;
use crate::format::statement::Subject;

static LET_THE_PLATFORM_ATTEST: Remedy = Remedy {
    id: "let-the-platform-attest",
    text: "Let the platform attest the artefacts before the bracket is closed; proofmark then finds what it made. GitLab's runner signs nothing of the kind.",
    lines: &[Lines {
        place: "GitHub Actions",
        language: "yaml",
        text: "permissions:\n  contents: read\n  id-token: write\n  attestations: write\nsteps:\n  - uses: actions/checkout@COMMIT\n  - id: begin\n    run: proofmark begin\n  - run: make dist\n  - uses: actions/attest-build-provenance@COMMIT\n    with:\n      subject-path: dist/*\n  - if: always()\n    run: proofmark finish -a 'dist/*' --outcome \"$OUTCOME\" --state-digest \"$STATE\"\n    env:\n      OUTCOME: ${{ job.status }}\n      STATE: ${{ steps.begin.outputs.state-digest }}\n      GITHUB_TOKEN: ${{ github.token }}\n      PROOFMARK_KEY: ${{ secrets.PROOFMARK_KEY }}",
    }],
};

static STOP_AND_LOOK: Remedy = Remedy {
    id: "find-out-who-lied",
    text: "Don't release it. Either the evidence was made with variables that somebody set, or it is of another build: look at both sides in the job's log, and build again.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark inspect proofmark.sigstore.jsonl --key release.key.pub",
    }],
};

pub(super) const BUILDER: Question = Question {
    id: "builder-is-identified",
    title: "Which pipeline built it",
    asks: "Do repository, pipeline definition, run and trigger stand in the evidence, and does the platform's token say the same of each?",
    claims: &[],
    reads: &["pipeline", "identity"],
    proves: "Which pipeline of which repository ran, by ids that don't change, so that it can be compared with the usual one.",
    not: "That this pipeline is the right one: a policy says that. Nor that no other step of the job meddled.",
    remedy: &remedies::TOKEN,
    failure: Failure::Weakens,
    answer: Answer::Evidence(builder_is_identified),
};

pub(super) const TOKEN_AGREES: Question = Question {
    id: "token-agrees-with-evidence",
    title: "Token beside evidence",
    asks: "Does the platform's token say the same as the evidence, wherever both say something?",
    claims: &[],
    reads: &["identity", "pipeline", "source"],
    proves: "That no fact which the token states too was written otherwise into the evidence.",
    not: "Anything of the facts that no token states, which are most of them. Which commit a workflow checks out is its own choice, and asked by itself.",
    remedy: &STOP_AND_LOOK,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(token_agrees),
};

pub(super) const PROVENANCE_FOUND: Question = Question {
    id: "platform-provenance-found",
    title: "The platform's own provenance",
    asks: "Did the platform make signed provenance of its own for every artefact of this build?",
    claims: &[],
    reads: &["controls.provenance"],
    proves: "That a signed statement which calls itself provenance and names these digests was found at the platform.",
    not: "That its signature is good, which this version doesn't check. What a runner wrote and nobody signed doesn't count, nor does a file that was given: whoever can run code in the job could have written it.",
    remedy: &LET_THE_PLATFORM_ATTEST,
    failure: Failure::Weakens,
    answer: Answer::Evidence(platform_provenance_found),
};

pub(super) const PROVENANCE_VERIFIED: Question = Question {
    id: "platform-provenance-verified",
    title: "Its signature, checked",
    asks: "Does the signature on the platform's provenance hold, and does that say the same as this evidence?",
    claims: &[],
    reads: &["controls.provenance"],
    proves: "That the platform, and not a job on it, says how the artefacts were built.",
    not: "That the source is free of harm.",
    remedy: &remedies::LATER,
    failure: Failure::Contradicts,
    answer: Answer::Later(
        "signatures under certificates that live for minutes (keyless), checked against the platform's roots and its log",
    ),
};

pub(super) const APPROVED: Question = Question {
    id: "pipeline-is-approved-by-the-vendor",
    title: "The pipeline is approved",
    asks: "Has the vendor decided which pipelines may build releases, and is this one of them?",
    claims: &[],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That it is kept to: compare it with the pipeline that the evidence names.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

pub(super) const ASSESSED: Question = Question {
    id: "platform-is-assessed",
    title: "The platform is assessed",
    asks: "Has somebody assessed whether the platform keeps builds apart from each other and from its users?",
    claims: &[],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That the platform was so on the day of the build: no job can see what lies around it.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["penetration-test", "policy"]),
};

fn builder_is_identified(facts: &Facts<'_>) -> Found {
    let Some(pipeline) = facts.pipeline.get() else {
        return missing(facts, "the pipeline", &facts.pipeline);
    };
    if !matches!(pipeline.platform.as_str(), "github" | "gitlab") {
        let platform = cut(&pipeline.platform, 60);
        return Found::fail(format!(
            "expected a pipeline on GitHub or GitLab, found a build on: {platform}"
        ))
        .at("/pipeline/value/platform")
        .value("platform", platform);
    }
    let stated = [
        ("repository_id", &pipeline.repository_id),
        ("definition", &pipeline.definition),
        ("run_id", &pipeline.run_id),
        ("event", &pipeline.event),
    ];
    if let Some((name, _)) = stated.iter().find(|(_, value)| value.is_none()) {
        return Found::unknown(format!("the evidence doesn't state pipeline.{name}"));
    }
    let judged = &facts.identity_standing;
    if !matches!(judged.standing, Standing::JobChecked | Standing::PlatformVouched) {
        let why = judged.reason.as_deref().unwrap_or("no token says the same");
        return Found::unknown(format!("only variables of the job name the pipeline; {why}"));
    }
    let unsaid = |name: &str| {
        let fact = format!("pipeline.{name}");
        (!judged.facts.contains(&fact)).then_some(fact)
    };
    if let Some(fact) = stated.iter().find_map(|(name, _)| unsaid(name)) {
        return Found::unknown(format!("the token says nothing of {fact}"));
    }
    let found = Found::pass("repository, definition, run and trigger are as the token says");
    stated.into_iter().fold(found, |found, (name, value)| {
        let value = value.as_deref().unwrap_or_default();
        found.at(format!("/pipeline/value/{name}")).value(name, value)
    })
}

fn token_agrees(facts: &Facts<'_>) -> Found {
    token_agrees_with_evidence(facts).unless_failed(&remedies::TOKEN)
}

fn token_agrees_with_evidence(facts: &Facts<'_>) -> Found {
    let judged = &facts.identity_standing;
    let why = judged.reason.as_deref().unwrap_or("no token counts");
    let is_on_platform = facts
        .pipeline
        .get()
        .is_none_or(|pipeline| matches!(pipeline.platform.as_str(), "github" | "gitlab"));
    match judged.standing {
        Standing::Contradicted => Found::fail(why).at("/identity/value/tokens"),
        Standing::JobChecked | Standing::PlatformVouched
            if !judged.facts.iter().any(|fact| fact == "pipeline.repository_id") =>
        {
            Found::unknown("the evidence doesn't state the repository that the token is of")
        }
        // Which commit is checked out a workflow may choose: that is a question of its own.
        Standing::JobChecked | Standing::PlatformVouched => {
            let found = Found::pass(format!(
                "token and evidence say the same of {}",
                count(judged.facts.len() as u64, "fact")
            ))
            .at("/identity/value/tokens")
            .at("/pipeline/value/repository_id")
            .value("facts", several(&judged.facts))
            .value("issuer", judged.issuer.as_deref().unwrap_or_default());
            judged
                .reason
                .iter()
                .fold(found, |found, other| found.value("left to a workflow", other))
        }
        // Off a platform there is no token to disagree with; on one, a statement can't say so itself.
        Standing::Unavailable
            if facts.identity.status == Status::NotApplicable && !is_on_platform =>
        {
            Found::not_applicable(why)
        }
        Standing::Unavailable | Standing::SelfAsserted => Found::unknown(why),
    }
}

fn platform_provenance_found(facts: &Facts<'_>) -> Found {
    const AT: &str = "/controls/value/provenance";
    let artefacts = artefacts(facts);
    if artefacts.is_empty() && facts.build.is_some() {
        return Found::not_applicable("the build has no artefacts that provenance could be of");
    }
    let Some(controls) = facts.controls.get() else {
        return Found::unknown(facts.why_not("what the platform's API says", &facts.controls));
    };
    let provenance = &controls.provenance;
    let Some(all) = provenance.get() else {
        return match provenance.status {
            Status::Absent => Found::fail(
                "expected provenance of the platform's own for the artefacts, found none at its API",
            )
            .at(AT),
            // "It can't be found here" is no "it isn't needed".
            _ => Found::unknown(facts.why_not("the platform's provenance", provenance)),
        };
    };
    // What was given as a file anybody in the job could have written: nobody looks at its signature yet.
    let at_platform = |one: &PlatformProvenance| one.from == "attestations API";
    let found_there = covered(&artefacts, all.iter().filter(|one| at_platform(one)));
    let given = covered(&artefacts, all);
    let told = format!("{found_there} of {}", artefacts.len());
    let found = if found_there == artefacts.len() {
        Found::pass("the platform has signed provenance that names every artefact")
    } else if given == artefacts.len() {
        return Found::unknown(
            "signed provenance was given as a file, and not found at the platform; this version doesn't check its signature",
        );
    } else if !gaps(facts, "controls.provenance").is_empty() {
        return Found::unknown(format!(
            "provenance was found for {told} artefacts, and the platform didn't answer about all of them"
        ));
    } else if all.iter().any(|one| !one.signed && counts(one)) {
        Found::fail(format!(
            "expected signed provenance for every artefact, found it for {told}, and some that nobody signed"
        ))
    } else {
        Found::fail(format!("expected signed provenance for every artefact, found it for {told}"))
    };
    let builders: BTreeSet<&str> = all.iter().filter_map(|one| one.builder.as_deref()).collect();
    found.at(AT).value("artefacts covered", told).value("builders", several(builders))
}

/// How many of the artefacts signed provenance names.
fn covered<'a>(
    artefacts: &[&Subject],
    all: impl IntoIterator<Item = &'a PlatformProvenance>,
) -> usize {
    let signed = all.into_iter().filter(|one| one.signed && counts(one));
    let signed: BTreeSet<Sha256> = signed.flat_map(|one| one.subjects.iter().copied()).collect();
    let digests = artefacts.iter().filter_map(|subject| subject.digest.get(Sha256::ALGORITHM));
    digests.filter(|hex| hex.parse().is_ok_and(|sha256| signed.contains(&sha256))).count()
}

/// Whether it says that it is provenance, and that another made it than proofmark in the job: what lies at the
/// platform's API may be a bill of materials, or this evidence itself.
fn counts(one: &PlatformProvenance) -> bool {
    let is_provenance = one
        .predicate_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("https://slsa.dev/provenance/"));
    is_provenance && !one.builder.as_deref().is_some_and(|who| who.starts_with(BUILDER_PREFIX))
}
