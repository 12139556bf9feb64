//! Composing, signing, writing; and what is said of the key's custody.

use std::path::PathBuf;

use super::Facts;
use super::changes::changes;
use crate::base::agent::AgentError;
use crate::base::process::Hardening;
use crate::base::text::{Printable, count, printable_path};
use crate::base::time::Time;
use crate::base::{random, system};
use crate::capture::sbom::Sbom;
use crate::capture::{Capture, signs, withhold, withhold_part};
use crate::cli::attach_args::Documents;
use crate::cli::failure::Failure;
use crate::cli::keys::{KeySource, Keys};
use crate::cli::talk::Talk;
use crate::cli::witnesses::{About, Witnesses};
use crate::format::dsse::PAYLOAD_MAX;
use crate::format::evidence::{
    Bracket, BracketState, Build, ChangeCount, Changes, Command, ExplainedBy, Hosting, Inputs,
    KeyCustody, Outcome, Outputs, Signing, SigningLayout, TokenJob,
};
use crate::format::fact::{Basis, Fact};
use crate::format::settings::Disclosure;
use crate::format::statement::{SUBJECTS_USUAL_MAX, Subject};
use crate::sign::{AgentKeyError, SignError, sign};
use crate::statement::{compose, subjects};
use crate::write::Destination;

/// Most unexplained changes that are named; the evidence has all of them.
const NAMED_MAX: usize = 5;

/// Where the key was while the build ran.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Held<'a> {
    /// In this process, beside the command.
    BesideTheCommand(&'a Hardening),
    /// It was read when the steps were over.
    AfterTheSteps(&'a Hardening),
    /// No build was bracketed.
    NoBuild,
}

/// Who signs, and how far the key was out of the build's reach.
pub(in crate::cli) fn signing(keys: &Keys, held: Held<'_>) -> Signing {
    let (layout, hardening) = match held {
        Held::BesideTheCommand(hardening) | Held::AfterTheSteps(hardening) => {
            (SigningLayout::InJob, Some(hardening))
        }
        Held::NoBuild => (SigningLayout::NotApplicable, None),
    };
    if keys.keys.is_empty() {
        let custody = KeyCustody {
            custody: "none".to_owned(),
            read_from: None,
            protections: Vec::new(),
            exposures: Vec::new(),
        };
        return Signing { layout, key_custody: custody };
    }
    let mut protections = Vec::new();
    let mut exposures = Vec::new();
    if let Some(hardening) = hardening {
        match hardening {
            Hardening::NonDumpable => protections.push(
                "proofmark's memory, environment and descriptors are closed to its user's other processes",
            ),
            Hardening::Unsupported(_) | Hardening::Failed(_) => exposures.push(
                "proofmark's memory could not be closed to its user's other processes",
            ),
        }
        match held {
            Held::BesideTheCommand(_) => protections.push(
                "the command got no variable PROOFMARK_*, and no descriptor but those named",
            ),
            Held::AfterTheSteps(_) | Held::NoBuild => exposures.push(
                "steps of the build ran in this job before proofmark was started to read the key, and could have put another program in its place",
            ),
        }
        if system::uid() == Some(0) {
            exposures.push("the build ran as root, which can read every process and file");
        }
        if keys.in_clear(KeySource::File) {
            exposures.push("the key file is readable by the user that the build ran as");
        }
        if keys.in_clear(KeySource::Descriptor) && keys.descriptor_file {
            exposures.push(
                "the file behind the key's descriptor is readable by the user that the build ran as",
            );
        }
        if keys.in_clear(KeySource::Variable) {
            exposures.push("the key was a variable of the processes that started proofmark");
        }
        if keys.encrypted() {
            protections.push(
                "an encrypted key: what the build could read was of no use without the passphrase",
            );
        }
        if keys.encrypted() && keys.passphrase_file {
            exposures.push(
                "the passphrase was read from a file, readable by the user that the build ran as",
            );
        }
        // A shell's SSH_AUTH_SOCK goes on to the command: a build may need it for fetching.
        if keys.in_clear(KeySource::Agent) {
            protections
                .push("an SSH agent held the key: neither proofmark nor the build could read it");
            exposures.push("the build could have asked the SSH agent for signatures too, unless the agent confirms each with its user");
        }
    }
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
    let custody = KeyCustody {
        custody: if hardening.is_some() { "in-job" } else { "not applicable" }.to_owned(),
        read_from: Some(keys.read_from()),
        protections: owned(protections),
        exposures: owned(exposures),
    };
    Signing { layout, key_custody: custody }
}

/// What is to be said.
pub(in crate::cli) struct Conclusion {
    pub(in crate::cli) facts: Facts,
    pub(in crate::cli) bracket: Bracket,
    pub(in crate::cli) command: Option<Command>,
    pub(in crate::cli) outcome: Outcome,
    pub(in crate::cli) outcome_from: Option<String>,
    pub(in crate::cli) state: Option<BracketState>,
    pub(in crate::cli) signing: Signing,
    pub(in crate::cli) inputs: Fact<Inputs>,
    pub(in crate::cli) outputs: Fact<Outputs>,
    pub(in crate::cli) subjects: Vec<Subject>,
    pub(in crate::cli) sboms: Vec<Sbom>,
    pub(in crate::cli) documents: Documents,
    /// Where the repository is looked for.
    pub(in crate::cli) root: PathBuf,
    pub(in crate::cli) disclosure: Disclosure,
}

/// What was written.
pub(in crate::cli) struct Concluded {
    /// What the evidence says of changes.
    pub(in crate::cli) changes: Fact<Changes>,
    /// The very lines, where they are signed.
    pub(in crate::cli) signed: Vec<Vec<u8>>,
}

/// Composes, signs and writes.
pub(in crate::cli) fn conclude(
    conclusion: Conclusion,
    keys: &Keys,
    destination: &Destination,
    witnesses: &Witnesses<'_>,
) -> Result<Concluded, Failure> {
    let Witnesses { redactor, talk, .. } = *witnesses;
    let Conclusion { mut facts, outcome, disclosure, mut documents, .. } = conclusion;
    let artefacts = conclusion.subjects.len();
    if artefacts > SUBJECTS_USUAL_MAX {
        talk.notice(format_args!(
            "{artefacts} artefacts: services such as GitHub's attestations take at most {SUBJECTS_USUAL_MAX}; --tree makes one of a folder"
        ));
    }
    let chain = match outcome {
        Outcome::NotApplicable => Fact::not_applicable("no build was bracketed"),
        _ => {
            let chain = facts.logged.before.chain(outcome, &facts.platform);
            let basis = if chain.previous.is_some() { Basis::Recomputed } else { Basis::Read };
            Fact::observed(basis, chain)
        }
    };
    let heard = witnesses.hear(&About {
        job: TokenJob::Build,
        build_id: &facts.id,
        signers: &keys.fingerprints(),
        subjects: &subjects(&conclusion.subjects, &conclusion.inputs),
        platform: &facts.platform,
        source: facts.source.get(),
        root: Some(&conclusion.root),
        provenance: &documents.provenance(&conclusion.subjects),
    });
    facts.platform.pipeline.ran = heard.ran;
    if let Some(dispute) = heard.hosting.as_ref().and_then(disputed) {
        talk.notice(dispute);
    }
    facts.platform.pipeline.hosting = heard.hosting;
    facts.redactions.extend(heard.redactions);
    facts.gaps.extend(heard.gaps);
    facts.redactions.append(&mut documents.redactions);
    facts.gaps.append(&mut documents.gaps);
    let shown = facts.logged.before.shown.as_ref();
    let signs_before = shown.and_then(|shown| shown.view().environment?.signs.get());
    signs::note_seen_before(&mut facts.environment.signs, signs_before);
    let logged = facts.logged;
    let mut capture = Capture {
        build: Build {
            id: facts.id,
            started: facts.started,
            finished: Time::now(),
            bracket: conclusion.bracket,
            command: conclusion.command,
            outcome,
            outcome_from: conclusion.outcome_from,
            state: conclusion.state,
            signing: conclusion.signing,
            tool: super::own_tool(),
        },
        chain,
        changes: Fact::absent(Basis::Read),
        identity: heard.identity,
        controls: heard.controls,
        attached: documents.attached,
        platform: facts.platform,
        custody: facts.custody,
        source: facts.source,
        inputs: conclusion.inputs,
        outputs: conclusion.outputs,
        dependencies: facts.dependencies,
        environment: Fact::observed(Basis::Read, facts.environment),
        tools: facts.tools,
        packages: facts.packages,
        subjects: conclusion.subjects,
        sboms: conclusion.sboms,
        redactions: facts.redactions,
        gaps: facts.gaps,
    };
    withhold(&mut capture, redactor).map_err(Failure::trouble)?;
    capture.changes = match outcome {
        Outcome::NotApplicable => Fact::not_applicable("no build was bracketed"),
        _ => changes(logged, &capture, &disclosure),
    };
    // The lock's words, and the baseline's, were looked at by nobody yet.
    withhold_part("changes", &mut capture.changes, redactor, &mut capture.redactions)
        .map_err(Failure::trouble)?;
    capture.redactions.sort();
    capture.redactions.dedup();
    let changes = capture.changes.clone();
    let withheld = capture.redactions.len();
    let seed = random::bytes().map_err(Failure::trouble)?;
    let statements =
        compose(capture, &disclosure, seed, keys.inline_max()).map_err(Failure::trouble)?;
    if statements.payloads.iter().any(|payload| payload.len() > PAYLOAD_MAX) {
        let message = format_args!(
            "a statement would be larger than {PAYLOAD_MAX} bytes, which no reader takes"
        );
        return Err(Failure::trouble(message).hint(
            "name fewer artefacts, or a folder as one with --tree; keep an SBOM to its packages",
        ));
    }
    let signed = !keys.keys.is_empty();
    let lines = if signed {
        let mut lines = Vec::new();
        for payload in &statements.payloads {
            for key in &keys.keys {
                lines.push(sign(payload.clone(), key.as_ref()).map_err(unsigned)?);
            }
        }
        lines
    } else {
        statements.payloads
    };
    destination.write(&lines, signed, &statements.sections).map_err(Failure::trouble)?;

    let path = if signed { destination.signed() } else { destination.unsigned() };
    let signers: Vec<_> = keys.keys.iter().map(|key| key.public().to_string()).collect();
    let how =
        if signed { format!("signed by {}", signers.join(", ")) } else { "UNSIGNED".to_owned() };
    talk.say(format_args!(
        "wrote {}: outcome {outcome}, {}, {how}",
        printable_path(path),
        count(artefacts as u64, "artefact"),
    ));
    if !statements.sections.is_empty() {
        talk.say(format_args!(
            "wrote {}: sealed parts; keep it, publish it only to those who may read it",
            printable_path(destination.sections())
        ));
    }
    tell_changes(&changes, talk);
    if withheld > 0 {
        talk.say(format_args!(
            "withheld {} that looked like a credential; the evidence says where",
            count(withheld as u64, "value")
        ));
    }
    Ok(Concluded { changes, signed: if signed { lines } else { Vec::new() } })
}

/// Witnesses that contradict each other: somebody forged a variable, or the job isn't where it seems.
fn disputed(hosting: &Hosting) -> Option<String> {
    let said = hosting.witnesses.iter();
    let said: Vec<_> =
        said.map(|w| format!("{} says {}", Printable(&w.from), Printable(&w.says))).collect();
    let said = said.join(", ");
    (!hosting.agree).then(|| format!("whose machine the job runs on is disputed: {said}"))
}

/// What the log of this job should show of the change log.
fn tell_changes(changes: &Fact<Changes>, talk: Talk) {
    let Some(changes) = changes.get().filter(|changes| changes.baseline.get().is_some()) else {
        return;
    };
    let sum = |of: fn(&ChangeCount) -> u64| changes.counts.values().map(of).sum::<u64>();
    let (all, unexplained) = (sum(|count| count.changes), sum(|count| count.unexplained));
    let hidden = match changes.not_compared.len() as u64 {
        0 => String::new(),
        places => format!(" ({} could not be compared)", count(places, "part")),
    };
    if unexplained == 0 {
        let all = match all {
            0 => "no change of the environment".to_owned(),
            all => format!("{} of the environment, explained", count(all, "change")),
        };
        return talk.say(format_args!("since the baseline: {all}{hidden}"));
    }
    let named = changes.environment.inline().into_iter().flatten();
    let named = named.filter(|change| !change.explanation.by.explains());
    let named: Vec<_> = named
        .take(NAMED_MAX)
        .map(|change| {
            let name = Printable(&change.name);
            match change.explanation.by {
                ExplainedBy::ApprovalPending => {
                    format!("{} {name} (approval pending)", change.class)
                }
                _ => format!("{} {name}", change.class),
            }
        })
        .collect();
    let colon = if named.is_empty() { "" } else { ": " };
    talk.notice(format_args!(
        "since the baseline: {} of the environment, {unexplained} unexplained{colon}{}{hidden}",
        count(all, "change"),
        named.join(", ")
    ));
}

/// What the agent didn't sign when the build was over.
pub(in crate::cli) fn unsigned(error: SignError) -> Failure {
    let failure = Failure::trouble(format_args!("the evidence is not signed: {error}"));
    match error {
        SignError::Agent(AgentKeyError::Agent(AgentError::TooLong(_))) => {
            failure.hint("sign with a key file, or name fewer artefacts")
        }
        SignError::Agent(_) => {
            failure.hint("confirm when the agent asks; each line is a signature")
        }
        SignError::Json(_) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::evidence::HostingWitness;

    #[test]
    fn witnesses_that_contradict_each_other_are_named() {
        let witness = |from: &str, says: &str| HostingWitness {
            from: from.to_owned(),
            says: says.to_owned(),
        };
        let witnesses = vec![witness("a", "hosted"), witness("b", "self-hosted")];
        let mut hosting = Hosting { is: "hosted".to_owned(), witnesses, agree: true };
        assert_eq!(disputed(&hosting), None);
        hosting.agree = false;
        assert!(disputed(&hosting).unwrap().ends_with("a says hosted, b says self-hosted"));
    }
}
