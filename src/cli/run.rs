//! `proofmark run`: a bracket around one command.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::attach_args::{AttachArgs, Documents};
use super::baseline::{BaselineArgs, Before, Looking};
use super::bracket::{self, Close, CloseArgs, Closed, Conclusion, Held, Open, Opening};
use super::build_args::{BuildArgs, Taken};
use super::capture_args::{CaptureArgs, Scope};
use super::failure::{Failure, Fault};
use super::from_args::Earlier;
use super::keys::Keys;
use super::policy_args::PolicyArgs;
use super::sign_args::SignArgs;
use super::subject_args::SubjectArgs;
use super::talk::Talk;
use super::witness_args::WitnessArgs;
use super::witnesses::Witnesses;
use crate::assess::policy::Policy;
use crate::base::process::{
    self, Ended, Hardening, PassedDescriptors, Received, Signals, Spec, StartError,
};
use crate::base::text::lossless;
use crate::capture::environment::Variables;
use crate::capture::platform::{self, Platform};
use crate::capture::redact::Redactor;
use crate::format::evidence::{Bracket, Command, Exit, Outcome};
use crate::format::fact::{Gap, Sealable, Withheld};
use crate::write::{Destination, default_name};

/// How long after a signal the command may still take before the evidence is written without its end.
const GRACE: Duration = Duration::from_millis(2000);
/// How long after a signal files are still hashed: the evidence must be on disk within five seconds.
const HASHING: Duration = Duration::from_millis(3500);
/// proofmark's own faults: usage before the command, evidence that could not be written after it.
const OWN_FAULT: u8 = 125;

/// Bracket a command: hash what goes in, run it, hash what comes out, sign what happened
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: the command's own; 128+n after signal n, 126 can't be run, 127 not found.
125 is proofmark's own: wrong arguments (nothing was run), evidence that could not be written,
or an --artefact that matches nothing or only what was there before. 120: --drift or --policy says no."
)]
pub(super) struct Run {
    #[command(flatten)]
    capture: CaptureArgs,
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    baseline: BaselineArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    subjects: SubjectArgs,
    #[command(flatten)]
    attach: AttachArgs,
    #[command(flatten)]
    witnesses: WitnessArgs,
    #[command(flatten)]
    sign: SignArgs,
    #[command(flatten)]
    close: CloseArgs,
    /// Give the command this descriptor too, such as make's jobserver
    #[arg(long, value_name = "N", help_heading = "Command")]
    pass_fd: Vec<i32>,
    /// Run this line in a shell instead of a command
    #[arg(long, value_name = "LINE", conflicts_with = "command", help_heading = "Command")]
    shell: Option<String>,
    /// The command and its arguments
    #[arg(
        last = true,
        value_name = "COMMAND",
        required_unless_present = "shell",
        help_heading = "Command"
    )]
    command: Vec<OsString>,
}

/// All that is known before the bracket opens.
struct Prepared {
    scope: Scope,
    earlier: Vec<Earlier>,
    documents: Documents,
    before: (Before, Vec<Gap>),
    /// Read before the build, which could write another.
    policy: Option<Policy>,
    variables: Variables,
    platform: Platform,
    redactor: Arc<Redactor>,
    fingerprints: Taken,
    keys: Keys,
    destination: Destination,
    /// Paths below the root that are neither inputs nor outputs.
    never: Vec<PathBuf>,
    hardening: Hardening,
    descriptors: PassedDescriptors,
    command: Vec<OsString>,
}

/// How the command went.
struct Course {
    exit: Option<Exit>,
    outcome: Outcome,
    /// What `run` hands on.
    code: u8,
    /// What to say beside it.
    trouble: Option<String>,
    gaps: Vec<Gap>,
    /// The command, where it still runs.
    running: Option<process::Running>,
}

pub(super) fn run(args: &Run, talk: Talk) -> u8 {
    let failed = |failure: Failure| {
        talk.failure(&failure);
        OWN_FAULT
    };
    let prepared = match prepare(args, talk) {
        Ok(prepared) => prepared,
        Err(failure) => return failed(failure),
    };
    // From here on signals are ours, so that evidence of a build that was stopped still gets written.
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            return failed(Failure::trouble(format_args!("cannot catch signals: {error}")));
        }
    };
    execute(args, prepared, &signals, talk)
}

/// Everything that can be wrong before anything runs. Once the key is read, this process closes itself to
/// its neighbours, before it starts any.
fn prepare(args: &Run, talk: Talk) -> Result<Prepared, Failure> {
    // Before any file is opened, so that nothing of ours is taken for something inherited.
    let descriptors = PassedDescriptors::new(&args.pass_fd).map_err(|error| {
        Failure::usage(error).hint("open it in the calling shell, as in `3< file`")
    })?;
    args.sign.check_key_descriptor(&descriptors)?;
    let variables = Variables::read();
    let mut redactor = bracket::redactor(&variables);
    let fingerprints = args.build.fingerprints(&variables, &mut redactor)?;
    let redactor = Arc::new(redactor);
    let platform = platform::capture(&variables, &redactor);
    // Before a key is read, or made for the user: what is refused leaves nothing behind.
    let mut scope = args.capture.scope(Some(&args.build), &redactor)?;
    scope.wanted.drift = args.baseline.drift;
    args.capture.check_trust(args.baseline.baseline.is_some())?;
    args.baseline.check()?;
    args.witnesses.check(platform.kind, args.baseline.baseline.as_ref())?;
    args.subjects.check(&scope)?;
    let policy = args.policy.read()?.map(|(_, policy)| policy);
    let documents = args.attach.read(&redactor)?;
    let destination = args.sign.check_output(scope.leg())?;
    let keys = args.sign.keys(&variables, &platform, talk)?;
    if policy.is_some() && keys.keys.is_empty() {
        let message = "--policy without a key: evidence that nobody signed can't be judged";
        return Err(Failure::usage(message)
            .hint("give a key, or judge it where it is signed: `proofmark verify --policy`"));
    }
    let earlier = args.capture.earlier(&keys, talk)?;
    let trust = args.capture.trust(&keys)?;
    let in_lane = bracket::in_lane(&platform, &scope, &redactor, &mut Vec::new());
    let looking = Looking {
        scope: &scope,
        variables: &variables,
        platform: &in_lane,
        trust: trust.as_ref(),
        evidence_name: &default_name(scope.leg()),
        talk,
    };
    let before = looking.find(args.baseline.baseline.as_ref())?;
    let hardening = process::harden();
    if !keys.keys.is_empty()
        && let Hardening::Failed(why) = &hardening
    {
        talk.notice(format_args!("the key is within reach of the command: {why}"));
    }
    if args.shell.as_ref().is_some_and(|line| line.trim().is_empty()) {
        return Err(Failure::usage("--shell: expected a line, found an empty one"));
    }
    let command = match &args.shell {
        Some(line) => process::shell(line),
        None => args.command.clone(),
    };
    if let Some((read, write)) =
        variables.text("MAKEFLAGS").and_then(process::jobserver_descriptors)
        && !(descriptors.contains(read) && descriptors.contains(write))
    {
        talk.notice(format_args!(
            "MAKEFLAGS names a jobserver that the command isn't given: it builds with one job; pass it on with --pass-fd {read} --pass-fd {write}"
        ));
    }
    let never = bracket::never_inputs(&scope, &destination, &keys);
    Ok(Prepared {
        scope,
        earlier,
        documents,
        before,
        policy,
        variables,
        platform,
        redactor,
        fingerprints,
        keys,
        destination,
        never,
        hardening,
        descriptors,
        command,
    })
}

fn execute(args: &Run, prepared: Prepared, signals: &Signals, talk: Talk) -> u8 {
    let opening = open(&prepared, signals, talk);
    let mut course = match &opening {
        Ok(_) => build(&prepared, signals),
        Err(failure) if args.close.forgives(failure) => {
            talk.notice(format_args!("no evidence: {}", failure.message));
            build(&prepared, signals)
        }
        Err(failure) => {
            talk.failure(failure);
            return own_code(failure);
        }
    };
    if let Some(trouble) = &course.trouble {
        talk.failure(&Failure::trouble(trouble));
    }
    let running = course.running.take();
    let mut code = course.code;
    let mut failed = None;
    if let Ok(opening) = opening {
        match close(args, prepared, opening, course, signals, talk) {
            Ok(after) => code = after,
            Err(failure) if args.close.forgives(&failure) => {
                talk.notice(format_args!("the evidence is not whole: {}", failure.message));
            }
            Err(failure) => {
                talk.failure(&failure);
                failed = Some(own_code(&failure));
            }
        }
    }
    let ended = running.map(|running| running.wait());
    match ended {
        Some(Ok(ended)) if failed.is_none() => process::exit_code(ended),
        _ => failed.unwrap_or(code),
    }
}

/// A judgement has a code of its own; all else that fails is our own fault.
const fn own_code(failure: &Failure) -> u8 {
    match failure.fault {
        Fault::Judgement => failure.code(),
        _ => OWN_FAULT,
    }
}

/// The first look.
fn open(prepared: &Prepared, signals: &Signals, talk: Talk) -> Result<Opening, Failure> {
    let stop = || signals.cancelled();
    let give_up = || signals.deadline(GRACE).is_some_and(|end| Instant::now() >= end);
    let opener = Open {
        scope: &prepared.scope,
        variables: &prepared.variables,
        platform: &prepared.platform,
        redactor: &prepared.redactor,
        fingerprints: prepared.fingerprints.as_ref(),
        earlier: &prepared.earlier,
        before: &prepared.before,
        never: &prepared.never,
        stop: &stop,
        give_up: &give_up,
        passed: &prepared.descriptors,
        talk,
    };
    let opening = opener.open()?;
    opening.facts.judge_drift(talk)?;
    Ok(opening)
}

/// Runs the command to its end, or until the time after a signal is up.
fn build(prepared: &Prepared, signals: &Signals) -> Course {
    let environment = prepared.variables.for_build();
    let Some((program, arguments)) = prepared.command.split_first() else {
        // The command line was parsed: there is one.
        return Course::not_started(OWN_FAULT, "no command".to_owned(), Outcome::Failed);
    };
    let spec = Spec {
        program,
        arguments,
        folder: None,
        environment: &environment,
        descriptors: &prepared.descriptors,
    };
    let running = match process::start(&spec, signals) {
        Ok(running) => running,
        Err(error) => {
            let outcome = match error {
                StartError::Interrupted(_) => Outcome::Cancelled,
                _ => Outcome::Failed,
            };
            let mut text = error.to_string();
            if let Some(source) = std::error::Error::source(&error) {
                text = format!("{text}: {source}");
            }
            return Course::not_started(error.code(), text, outcome);
        }
    };
    match running.wait_with_grace(GRACE) {
        Ok(Some(ended)) => Course::ended(ended, signals.received()),
        Ok(None) => {
            let reason = "the command still ran when the evidence was written, after a signal that asked for its end";
            Course {
                exit: None,
                outcome: Outcome::Cancelled,
                code: OWN_FAULT,
                trouble: None,
                gaps: vec![Gap::without_cure("build.command.exit", reason)],
                running: Some(running),
            }
        }
        Err(error) => Course {
            exit: None,
            outcome: Outcome::Unknown,
            code: OWN_FAULT,
            trouble: Some(format!("cannot tell how the command ended: {error}")),
            gaps: vec![Gap::without_cure(
                "build.command.exit",
                "the system didn't say how it ended",
            )],
            running: None,
        },
    }
}

impl Course {
    fn not_started(code: u8, trouble: String, outcome: Outcome) -> Self {
        let gap = Gap::without_cure("build.command.exit", "the command was not started");
        Self { exit: None, outcome, code, trouble: Some(trouble), gaps: vec![gap], running: None }
    }

    fn ended(ended: Ended, signal: Option<Received>) -> Self {
        let exit = match ended {
            Ended::Exited(code) => Exit::Code(code),
            Ended::Signalled(signal) => Exit::Signal(signal),
        };
        let outcome = match (signal, ended) {
            (Some(_), _) => Outcome::Cancelled,
            (None, Ended::Exited(0)) => Outcome::Succeeded,
            (None, _) => Outcome::Failed,
        };
        let code = process::exit_code(ended);
        Self { exit: Some(exit), outcome, code, trouble: None, gaps: Vec::new(), running: None }
    }
}

/// The second look, the artefacts, the evidence.
fn close(
    args: &Run,
    mut prepared: Prepared,
    opening: Opening,
    course: Course,
    signals: &Signals,
    talk: Talk,
) -> Result<u8, Failure> {
    let documents = std::mem::take(&mut prepared.documents);
    let Prepared { scope, variables, redactor, keys, destination, never, .. } = &prepared;
    let stop = || signals.deadline(HASHING).is_some_and(|end| Instant::now() >= end);
    // The command was done, its bracket was not: what it made may not all have been seen.
    let late = || signals.received().filter(|_| course.outcome == Outcome::Succeeded);
    let outcome = || late().map_or(course.outcome, |_| Outcome::Cancelled);
    let closing = Close {
        scope,
        args: &args.close,
        subjects: &args.subjects,
        variables,
        redactor,
        never,
        outcome: &outcome,
        stop: &stop,
        talk,
    };
    let Closed { mut facts, outcome, inputs, outputs, subjects, sboms, refusal } =
        closing.close(opening);
    let code = match (late(), outcome) {
        (Some(signal), Outcome::Cancelled) => signal.code(),
        _ => course.code,
    };
    facts.gaps.extend(course.gaps);
    if let Some(signal) = signals.received() {
        let reason = format!("{} asked for the end of the build", signal.name());
        facts.gaps.push(Gap::without_cure("build", reason));
    }
    let (command, redactions) = recorded(args, &prepared, course.exit);
    facts.redactions.extend(redactions);
    let conclusion = Conclusion {
        facts,
        bracket: Bracket::Command,
        command: Some(command),
        outcome,
        outcome_from: course.exit.map(|_| "exit status".to_owned()),
        state: None,
        signing: bracket::signing(keys, Held::BesideTheCommand(&prepared.hardening)),
        inputs,
        outputs,
        subjects,
        sboms,
        documents,
        root: scope.root.clone(),
        disclosure: scope.wanted.settings.disclosure.clone(),
    };
    let witnesses = Witnesses {
        args: &args.witnesses,
        variables,
        redactor,
        stop: &|| signals.cancelled(),
        talk,
    };
    let concluded = bracket::conclude(conclusion, keys, destination, &witnesses);
    let concluded = concluded.map_err(|mut failure| {
        let message = &failure.message;
        failure.message =
            format!("the command ended with {code}, and its evidence was not written: {message}");
        failure.hint("see that there is room and that the build doesn't write there, or name another place with -o")
    })?;
    bracket::propose(&concluded.changes, outcome, (scope, destination, keys), talk);
    match refusal {
        // The evidence is there, and a command that failed keeps its own code.
        Some(failure) if code != 0 => {
            talk.failure(&failure);
            Ok(code)
        }
        Some(failure) => Err(failure),
        None => {
            if outcome == Outcome::Cancelled && code == 0 {
                talk.notice("the command ended with 0 after a signal that asked for its end: the outcome is cancelled, and no artefact is attested");
            }
            let named = !scope.wanted.artefacts.is_empty() || !args.subjects.is_empty(scope);
            if !named && outcome == Outcome::Succeeded {
                talk.notice("no --artefact was named: the evidence is about the inputs alone, and no file can be verified with it");
            }
            if code == 0 {
                let (policy, witnesses) = (prepared.policy.as_ref(), &args.witnesses);
                let ruled = bracket::judge_policy(policy, &concluded, keys, witnesses, talk);
                let drift = bracket::judge_after(scope.wanted.drift, &concluded.changes);
                bracket::both(ruled, drift, talk)?;
            }
            Ok(code)
        }
    }
}

/// The command as it is recorded: after redaction.
fn recorded(args: &Run, prepared: &Prepared, exit: Option<Exit>) -> (Command, Vec<Withheld>) {
    let typed: Vec<String> = match &args.shell {
        Some(line) => vec![line.clone()],
        None => prepared.command.iter().map(|argument| lossless(argument)).collect(),
    };
    let (argv, redactions) = prepared.redactor.scrub_argv(&typed);
    let redactions = redactions
        .into_iter()
        .map(|found| Withheld { place: found.place, rule: found.rule.id().to_owned() })
        .collect();
    let folder = prepared.scope.wanted.working_directory.clone();
    let command = Command {
        argv: Sealable::Inline(argv),
        shell: args.shell.is_some(),
        working_directory: folder.unwrap_or_else(|| "outside of the root".to_owned()),
        exit,
    };
    (command, redactions)
}
