//! `proofmark finish`: a bracket across several steps is closed, and what happened is signed.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::attach_args::AttachArgs;
use super::baseline::DriftPolicy;
use super::bracket::{self, Close, CloseArgs, Closed, Conclusion, Facts, Held, Session, own_tool};
use super::capture_args::{self, Scope};
use super::failure::Failure;
use super::policy_args::PolicyArgs;
use super::sign_args::SignArgs;
use super::subject_args::SubjectArgs;
use super::talk::Talk;
use super::witness_args::WitnessArgs;
use super::witnesses::Witnesses;
use crate::assess::policy::Policy;
use crate::base::digest::Sha256;
use crate::base::process::{self, Hardening};
use crate::base::text::printable;
use crate::capture::environment::{self, Variables};
use crate::capture::platform::{self, Kind, Platform};
use crate::format::evidence::{Bracket, BracketState, Outcome};
use crate::format::fact::Gap;

/// The variable in which GitLab says how the job went.
const GITLAB_STATUS: &str = "CI_JOB_STATUS";

/// Close the bracket that `begin` opened: hash what came out, sign what happened
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0, evidence is written; 2, wrong arguments, no key, or output that exists; 1, all else:
no bracket is open, its state was changed, an --artefact matches nothing or only what was there;
120, evidence is written, and --drift fail-after or --policy says no."
)]
pub(super) struct Finish {
    /// The folder that `begin` looked at
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Capture")]
    root: PathBuf,
    /// The name that `begin` was given
    #[arg(long, value_name = "NAME", default_value = "", help_heading = "Capture")]
    session: String,
    /// More artefacts: a file, a folder or a glob, optionally under another name
    #[arg(
        short,
        long = "artefact",
        alias = "artifact",
        value_name = "SRC[=NAME]",
        help_heading = "Capture"
    )]
    artefacts: Vec<String>,
    /// How the build ended, such as `${{ job.status }}`
    #[arg(long, value_enum, value_name = "OUTCOME", help_heading = "Capture")]
    outcome: Option<Told>,
    /// What a difference from proofmark.lock does, in place of what `begin` was told
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Change log")]
    drift: Option<After>,
    /// The digest that `begin` printed
    #[arg(long, value_name = "HEX", value_parser = digest, help_heading = "Capture")]
    state_digest: Option<Sha256>,
    /// In place of the policy that `begin` was told
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    close: CloseArgs,
    #[command(flatten)]
    subjects: SubjectArgs,
    #[command(flatten)]
    attach: AttachArgs,
    #[command(flatten)]
    witnesses: WitnessArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// The words of the platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Told {
    #[value(aliases = ["succeeded"])]
    Success,
    #[value(aliases = ["failed"])]
    Failure,
    #[value(aliases = ["canceled"])]
    Cancelled,
}

/// What is left to choose once the build is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum After {
    /// Write the evidence, exit 120
    FailAfter,
    /// Say so
    Warn,
}

/// An empty one is an output of a step that isn't called so.
fn digest(text: &str) -> Result<Sha256, String> {
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    if text.is_empty() {
        return Err("expected the digest that `begin` printed, found an empty text: is the step's id right?".into());
    }
    text.parse().map_err(|error| format!("{error}"))
}

impl From<Told> for Outcome {
    fn from(told: Told) -> Self {
        match told {
            Told::Success => Self::Succeeded,
            Told::Failure => Self::Failed,
            Told::Cancelled => Self::Cancelled,
        }
    }
}

pub(super) fn run(args: &Finish, talk: Talk) -> Result<(), Failure> {
    match finish(args, talk) {
        Err(failure) if args.close.forgives(&failure) => {
            talk.notice(format_args!("the evidence is missing or not whole: {}", failure.message));
            Ok(())
        }
        other => other,
    }
}

fn finish(args: &Finish, talk: Talk) -> Result<(), Failure> {
    let variables = Variables::read();
    let redactor = Arc::new(bracket::redactor(&variables));
    let platform = platform::capture(&variables, &redactor);
    args.witnesses.check(platform.kind, None)?;
    let told = args.policy.read()?.map(|(_, policy)| policy);
    let root = capture_args::real_root(&args.root)?;
    let session = Session::at(&variables, &root, &args.session)?;
    let (mut opening, state) = session.load(args.state_digest)?;
    let destination = args.sign.check_output(opening.facts.platform.lane.leg.as_deref())?;
    let mut scope = Scope::again(root, opening.facts.wanted.clone())?;
    let (files, images) = capture_args::artefacts(&scope, &args.artefacts)?;
    scope.wanted.artefacts.extend(files);
    scope.wanted.images.extend(images);
    let asked = match told {
        Some(told) => Some(told),
        None => kept(scope.wanted.policy.as_deref())?,
    };
    args.subjects.check(&scope)?;
    let documents = args.attach.read(&redactor)?;
    let keys = args.sign.keys(&variables, &platform, talk)?;
    let hardening = process::harden();
    if !keys.keys.is_empty()
        && let Hardening::Failed(why) = &hardening
    {
        talk.notice(format_args!("the key is within reach of what the steps left running: {why}"));
    }

    let (outcome, outcome_from) = outcome(args, &variables, platform.kind, talk);
    opening.facts.gaps.extend(state_gaps(&state, talk));
    opening.facts.gaps.extend(changed_run(&opening.facts, &platform));
    let now = environment::capture(&variables, &scope.wanted.variables, &redactor).environment;
    environment::note_changes(&mut opening.facts.environment, &now);
    let reason = "only the two ends of the bracket were seen: what a step in between set for itself alone isn't known";
    opening.facts.gaps.push(Gap::new(
        "environment",
        reason,
        "bracket the command itself, with `proofmark run`",
    ));
    let never = bracket::never_inputs(&scope, &destination, &keys);
    let closing = Close {
        scope: &scope,
        args: &args.close,
        subjects: &args.subjects,
        variables: &variables,
        redactor: &redactor,
        never: &never,
        outcome: &|| outcome,
        stop: &|| false,
        talk,
    };
    let Closed { facts, outcome, inputs, outputs, subjects, sboms, refusal } =
        closing.close(opening);
    let conclusion = Conclusion {
        facts,
        bracket: Bracket::Steps,
        command: None,
        outcome,
        outcome_from,
        state: Some(state),
        signing: bracket::signing(&keys, Held::AfterTheSteps(&hardening)),
        inputs,
        outputs,
        subjects,
        sboms,
        documents,
        root: scope.root.clone(),
        disclosure: scope.wanted.settings.disclosure.clone(),
    };
    let policy = args.drift.map_or(scope.wanted.drift, |after| match after {
        After::FailAfter => DriftPolicy::FailAfter,
        After::Warn => DriftPolicy::Warn,
    });
    let witnesses = Witnesses {
        args: &args.witnesses,
        variables: &variables,
        redactor: &redactor,
        stop: &|| false,
        talk,
    };
    let concluded = bracket::conclude(conclusion, &keys, &destination, &witnesses)?;
    session.remove()?;
    bracket::propose(&concluded.changes, outcome, (&scope, &destination, &keys), talk);
    if let Some(failure) = refusal {
        return Err(failure);
    }
    let named = !scope.wanted.artefacts.is_empty() || !args.subjects.is_empty(&scope);
    if !named && outcome == Outcome::Succeeded {
        talk.notice("no --artefact was named: the evidence is about the inputs alone, and no file can be verified with it");
    }
    if outcome != Outcome::Succeeded {
        return Ok(());
    }
    let ruled = bracket::judge_policy(asked.as_ref(), &concluded, &keys, &args.witnesses, talk);
    bracket::both(ruled, bracket::judge_after(policy, &concluded.changes), talk)
}

/// The policy as it was when the bracket opened: a step in between may have written another.
fn kept(text: Option<&str>) -> Result<Option<Policy>, Failure> {
    let policy = text.map(Policy::parse).transpose();
    policy.map_err(|error| {
        Failure::trouble(format_args!("the policy that `begin` was told can't be read: {error}"))
            .hint("use one version of proofmark for both ends")
    })
}

/// How the build ended, and who says so.
fn outcome(
    args: &Finish,
    variables: &Variables,
    kind: Kind,
    talk: Talk,
) -> (Outcome, Option<String>) {
    let status = variables.text(GITLAB_STATUS).filter(|_| kind == Kind::GitLab);
    let told = match status {
        Some("success") => Some(Outcome::Succeeded),
        Some("failed") => Some(Outcome::Failed),
        Some("canceled") => Some(Outcome::Cancelled),
        _ => None,
    };
    match (args.outcome.map(Outcome::from), told) {
        // The platform saw the job fail: no word of a script makes a success of it.
        (Some(Outcome::Succeeded), Some(worse)) if worse != Outcome::Succeeded => {
            talk.notice(format_args!(
                "--outcome says that the build succeeded, and {GITLAB_STATUS} that it did not: the outcome is {worse}"
            ));
            return (worse, Some(GITLAB_STATUS.to_owned()));
        }
        (Some(told), _) => return (told, Some("--outcome".to_owned())),
        (None, _) => {}
    }
    if let Some(told) = told {
        return (told, Some(GITLAB_STATUS.to_owned()));
    }
    let how = match (kind, status) {
        (Kind::GitHub, _) => "say --outcome \"${{ job.status }}\" in a step with `if: always()`",
        (Kind::GitLab, Some(_)) => {
            "CI_JOB_STATUS is final in `after_script` alone: call `finish` there, or say --outcome"
        }
        _ => "say --outcome success where it did succeed",
    };
    talk.notice(format_args!(
        "nobody told how the build ended: the outcome is unknown, and no artefact is attested; {how}"
    ));
    (Outcome::Unknown, None)
}

/// What the state on the disk can't show.
fn state_gaps(state: &BracketState, talk: Talk) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if !state.digest_was_told {
        gaps.push(Gap::new(
            "build.state",
            "the digest of the kept state was not told: a step in between could have rewritten what the opening saw",
            "hand the digest that `begin` printed to `finish --state-digest`",
        ));
    }
    let own = own_tool();
    let (begun, ended) = (state.opened_by.sha256, own.sha256);
    if begun.is_none() || begun != ended {
        let say = |digest: Option<Sha256>| {
            digest.map_or_else(|| "unknown".to_owned(), |digest| format!("sha256 {digest}"))
        };
        let reason = format!(
            "the bracket was closed by another binary than the one that opened it: opened by {}, closed by {}",
            say(begun),
            say(ended)
        );
        talk.notice(&reason);
        gaps.push(Gap::new(
            "build.tool",
            reason,
            "use one binary for both ends, and let no step replace it",
        ));
    }
    gaps
}

/// The run that closes should be the one that opened.
fn changed_run(facts: &Facts, now: &Platform) -> Vec<Gap> {
    let (then, now) = (&facts.platform.pipeline, &now.pipeline);
    let pairs = [
        ("platform", Some(&then.platform), Some(&now.platform)),
        ("repository", then.repository.as_ref(), now.repository.as_ref()),
        ("commit", then.commit.as_ref(), now.commit.as_ref()),
        ("run id", then.run_id.as_ref(), now.run_id.as_ref()),
        ("job", then.job.as_ref(), now.job.as_ref()),
    ];
    let shown = |value: Option<&String>| value.map_or_else(|| "none".to_owned(), |v| printable(v));
    pairs
        .into_iter()
        .filter(|(_, then, now)| then != now)
        .map(|(what, then, now)| {
            let reason = format!(
                "the variables named another {what} when the bracket closed: {} at the opening, {} at the end",
                shown(then),
                shown(now)
            );
            Gap::new("pipeline", reason, "open and close a bracket in one job")
        })
        .collect()
}
