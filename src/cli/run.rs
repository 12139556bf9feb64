//! `proofmark run`: a bracket around one command.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::bracket::{self, Seen, Surroundings};
use super::capture_args::{CaptureArgs, Scope};
use super::failure::{Failure, Fault};
use super::sign_args::{Keys, SignArgs};
use super::talk::Talk;
use crate::base::process::{
    self, Ended, Hardening, PassedDescriptors, Received, Signals, Spec, StartError,
};
use crate::base::random;
use crate::base::text::printable;
use crate::base::time::{Time, nanoseconds};
use crate::base::tree::{Tree, Walk, compare};
use crate::capture::environment::Variables;
use crate::capture::files;
use crate::capture::platform::{self, Platform};
use crate::capture::redact::Redactor;
use crate::format::evidence::{Bracket, Command, Exit, Outcome};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};
use crate::format::statement::Subject;
use crate::write::Destination;

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
or an --artefact that matches nothing or only what was there before."
)]
pub(super) struct Run {
    #[command(flatten)]
    capture: CaptureArgs,
    #[command(flatten)]
    sign: SignArgs,
    /// Read every file again afterwards, whatever its times say
    #[arg(long, help_heading = "Capture")]
    rehash: bool,
    /// Don't fail where an --artefact matches nothing
    #[arg(long, help_heading = "Capture")]
    allow_no_artefacts: bool,
    /// Don't fail where an --artefact matches only what was there before
    #[arg(long, help_heading = "Capture")]
    allow_unchanged: bool,
    /// Give the command this descriptor too, such as make's jobserver
    #[arg(long, value_name = "N", help_heading = "Command")]
    pass_fd: Vec<i32>,
    /// What a failure of proofmark's own does once the arguments are right
    #[arg(long, value_enum, default_value = "fail", value_name = "WHAT", help_heading = "Command")]
    on_error: OnError,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnError {
    /// Exit 125
    Fail,
    /// Say so, and hand on the command's code
    Warn,
}

/// All that is known before the bracket opens.
struct Prepared {
    scope: Scope,
    variables: Variables,
    platform: Platform,
    redactor: Redactor,
    keys: Keys,
    destination: Destination,
    hardening: Hardening,
    descriptors: PassedDescriptors,
    command: Vec<OsString>,
    id: String,
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
    let redactor = bracket::redactor(&variables);
    let platform = platform::capture(&variables, &redactor);
    // Before a key is read, or made for the user: what is refused leaves nothing behind.
    let scope = args.capture.scope()?;
    let destination = args.sign.check_output()?;
    let keys = args.sign.keys(&variables, &platform, talk)?;
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
    let id = random::id128().map_err(Failure::trouble)?;
    Ok(Prepared {
        scope,
        variables,
        platform,
        redactor,
        keys,
        destination,
        hardening,
        descriptors,
        command,
        id,
    })
}

fn execute(args: &Run, prepared: Prepared, signals: &Signals, talk: Talk) -> u8 {
    let started = Time::now();
    let opened = nanoseconds();
    let never = bracket::never_inputs(&prepared.scope, &prepared.destination, &prepared.keys);
    let (before, surroundings) = open(&prepared, &never, signals, talk);
    let mut course = match &before {
        Ok(_) => build(&prepared, signals),
        Err(error) if args.on_error == OnError::Warn => {
            talk.notice(format_args!("no evidence: {error}"));
            build(&prepared, signals)
        }
        Err(error) => {
            talk.failure(&Failure::trouble(error));
            return OWN_FAULT;
        }
    };
    if let Some(trouble) = &course.trouble {
        talk.failure(&Failure::trouble(trouble));
    }
    let running = course.running.take();
    let mut code = course.code;
    let mut failed = false;
    if let Ok(before) = before {
        let closed = Closed { args, prepared, surroundings, before, never, opened, started };
        match close(closed, course, signals, talk) {
            Ok(after) => code = after,
            Err(failure) if args.on_error == OnError::Warn && failure.fault != Fault::Usage => {
                talk.notice(format_args!("the evidence is not whole: {}", failure.message));
            }
            Err(failure) => {
                talk.failure(&failure);
                failed = true;
            }
        }
    }
    let ended = running.map(|running| running.wait());
    match ended {
        _ if failed => OWN_FAULT,
        Some(Ok(ended)) => process::exit_code(ended),
        Some(Err(_)) | None => code,
    }
}

/// The first look: the tree in this thread and its workers, the repository beside it.
fn open(
    prepared: &Prepared,
    never: &[std::path::PathBuf],
    signals: &Signals,
    talk: Talk,
) -> (Result<Tree, String>, Surroundings) {
    let progress = talk.progress("inputs");
    let report = progress.report();
    let stop = || signals.cancelled();
    let walk = Walk {
        root: &prepared.scope.root,
        exclude: &prepared.scope.exclude,
        skip: never,
        stop: &stop,
        progress: &report,
    };
    let Prepared { scope, variables, platform, redactor, .. } = prepared;
    let git = bracket::Reading::start(scope);
    let tree = Tree::read(&walk).map_err(|error| error.to_string());
    let git = git.wait(|| signals.deadline(GRACE).is_some_and(|end| Instant::now() >= end));
    (tree, bracket::surroundings(git, scope, variables, platform, redactor))
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

/// What the second look needs.
struct Closed<'a> {
    args: &'a Run,
    prepared: Prepared,
    surroundings: Surroundings,
    before: Tree,
    never: Vec<std::path::PathBuf>,
    opened: i64,
    started: Time,
}

/// The second look, the artefacts, the evidence.
fn close(closed: Closed<'_>, course: Course, signals: &Signals, talk: Talk) -> Result<u8, Failure> {
    let Closed { args, prepared, surroundings, before, never, opened, started } = closed;
    let Prepared { scope, platform, redactor, keys, destination, hardening, command, id, .. } =
        prepared;
    let mut outcome = course.outcome;
    let mut gaps = course.gaps;
    let mut code = course.code;

    let differences = {
        let progress = talk.progress("outputs");
        let report = progress.report();
        let stop = || signals.deadline(HASHING).is_some_and(|end| Instant::now() >= end);
        let walk = Walk {
            root: &scope.root,
            exclude: &scope.exclude,
            skip: &never,
            stop: &stop,
            progress: &report,
        };
        compare(&before, &walk, opened, args.rehash)
    };
    if let (Some(signal), Outcome::Succeeded) = (signals.received(), outcome) {
        // The command was done, its bracket was not: what it made may not all have been seen.
        outcome = Outcome::Cancelled;
        code = signal.code();
    }
    if let Some(signal) = signals.received() {
        let reason = format!("{} asked for the end of the build", signal.name());
        gaps.push(Gap::without_cure("build", reason));
    }

    let classify = |path: &[u8]| surroundings.git.class(path);
    let class = surroundings.git.source.get().map(|_| &classify as files::Classifier<'_>);
    let (excluded, withheld) = bracket::exclusions(&scope, &never, &redactor);
    let include = scope.inputs.as_ref();
    let (mut inputs, more) = files::inputs(&before, include, class, excluded);
    if include.is_some() && inputs.all.files == 0 {
        talk.notice("no file is what --input names: the evidence has no inputs");
    }
    gaps.extend(more);
    let mut subjects = Vec::new();
    let mut refusal = None;
    let outputs = match &differences {
        Ok(differences) => {
            let changed = files::changed_during_build(differences, include);
            inputs.changed_during_build = Sealable::Inline(changed);
            let (outputs, more) = files::outputs(differences, class);
            gaps.extend(more);
            if outcome == Outcome::Succeeded {
                match artefacts(args, &scope, differences) {
                    Ok(found) => subjects = found,
                    Err(failure) => refusal = Some(failure),
                }
            }
            Fact::observed(Basis::Recomputed, outputs)
        }
        Err(error) => {
            gaps.push(Gap::without_cure("outputs", error.to_string()));
            refusal = Some(Failure::trouble(error));
            Fact::unavailable(Basis::Read, error.to_string())
        }
    };
    // The lists are made: what is serialised next needs the room.
    drop(differences);
    drop(before);
    let (command, mut redactions) = recorded(args, &command, &scope, &redactor, course.exit);
    redactions.extend(withheld);
    let seen = Seen {
        id,
        started,
        bracket: Bracket::Command,
        command: Some(command),
        outcome,
        signing: bracket::signing(&keys, Some(&hardening)),
        inputs: Fact::observed(Basis::Recomputed, inputs),
        outputs,
        subjects,
        redactions,
        gaps,
    };
    bracket::conclude(seen, surroundings, platform, &keys, &destination, talk).map_err(
        |mut failure| {
            let message = &failure.message;
            failure.message = format!(
                "the command ended with {code}, and its evidence was not written: {message}"
            );
            failure.hint("see that there is room and that the build doesn't write there, or name another place with -o")
        },
    )?;
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
            if scope.artefacts.is_empty() && outcome == Outcome::Succeeded {
                talk.notice("no --artefact was named: the evidence is about the inputs alone, and no file can be verified with it");
            }
            Ok(code)
        }
    }
}

/// The artefacts of a build that succeeded. A pattern that stands for nothing, or for nothing new, is
/// how a release ships yesterday's file.
fn artefacts(
    args: &Run,
    scope: &Scope,
    differences: &crate::base::tree::Differences<'_>,
) -> Result<Vec<Subject>, Failure> {
    let selection = files::select(&scope.artefacts, differences)
        .map_err(|error| Failure::trouble(format_args!("--artefact: {error}")))?;
    if let Some(pattern) = selection.matched_nothing.first()
        && !args.allow_no_artefacts
    {
        let message = format_args!(
            "--artefact {}: expected a file, found none after the build",
            printable(pattern)
        );
        return Err(
            Failure::trouble(message).hint("check the path, or allow it with --allow-no-artefacts")
        );
    }
    if let Some(pattern) = selection.only_unchanged.first()
        && !args.allow_unchanged
    {
        let message = format_args!(
            "--artefact {}: expected a file that the build made or changed, found only ones that were there before",
            printable(pattern)
        );
        return Err(Failure::trouble(message)
            .hint("remove old artefacts before the build, or allow it with --allow-unchanged"));
    }
    Ok(selection.artefacts.iter().map(files::Selected::subject).collect())
}

/// The command as it is recorded: after redaction.
fn recorded(
    args: &Run,
    command: &[OsString],
    scope: &Scope,
    redactor: &Redactor,
    exit: Option<Exit>,
) -> (Command, Vec<Withheld>) {
    let typed: Vec<String> = match &args.shell {
        Some(line) => vec![line.clone()],
        None => command.iter().map(|argument| crate::base::text::lossless(argument)).collect(),
    };
    let (argv, redactions) = redactor.scrub_argv(&typed);
    let redactions = redactions
        .into_iter()
        .map(|found| Withheld { place: found.place, rule: found.rule.id().to_owned() })
        .collect();
    let command = Command {
        argv,
        shell: args.shell.is_some(),
        working_directory: scope
            .working_directory
            .clone()
            .unwrap_or_else(|| "outside of the root".to_owned()),
        exit,
    };
    (command, redactions)
}
