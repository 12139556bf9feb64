//! What `run` and `attest` share: capture beside the tree, key custody, composing, signing, writing.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use super::capture_args::Scope;
use super::failure::Failure;
use super::sign_args::{KeySource, Keys};
use super::talk::Talk;
use crate::base::process::Hardening;
use crate::base::text::{count, printable_path};
use crate::base::time::Time;
use crate::base::tree::hash::{Links, hash_file};
use crate::base::{random, system};
use crate::capture::environment::Variables;
use crate::capture::git::Git;
use crate::capture::platform::Platform;
use crate::capture::redact::Redactor;
use crate::capture::{Capture, environment, git};
use crate::format::evidence::{
    Bracket, Build, Command, KeyCustody, Outcome, Signing, SigningLayout, Source, Tool,
};
use crate::format::fact::{Basis, Fact, Gap, Withheld};
use crate::format::statement::{SUBJECTS_USUAL_MAX, Subject};
use crate::sign::sign;
use crate::statement::compose;
use crate::write::Destination;

/// What is captured beside the files: it doesn't change while the build runs.
pub(super) struct Surroundings {
    pub(super) git: Git,
    pub(super) environment: environment::Captured,
    pub(super) tool: Tool,
}

/// A repository that is being read in a thread of its own. libgit2 can't be told to stop, and a large or
/// hostile work tree (a FIFO as `.gitignore`) may hold it for ever: a thread that is left behind ends with
/// the process.
pub(super) struct Reading(mpsc::Receiver<Git>);

impl Reading {
    pub(super) fn start(scope: &Scope) -> Self {
        let (hand_over, handed_over) = mpsc::channel();
        let root = scope.root.clone();
        // Without a thread the sender is dropped, and whoever waits is told.
        let _ = std::thread::Builder::new().name("repository".into()).spawn(move || {
            let _ = hand_over.send(git::capture(&root));
        });
        Self(handed_over)
    }

    /// Waits for the facts until `give_up` says so; it is asked every now and then.
    pub(super) fn wait(self, give_up: impl Fn() -> bool) -> Git {
        loop {
            match self.0.recv_timeout(Duration::from_millis(50)) {
                Ok(git) => return git,
                Err(mpsc::RecvTimeoutError::Timeout) if !give_up() => {}
                Err(_) => return Git::not_reached(),
            }
        }
    }
}

/// All but the files: what the repository gave, the machine, and this program.
pub(super) fn surroundings(
    mut git: Git,
    scope: &Scope,
    variables: &Variables,
    platform: &Platform,
    redactor: &Redactor,
) -> Surroundings {
    let mut named = None;
    if let Some(source) = &mut git.source.value {
        complete_source(source, platform);
        named.clone_from(&source.ref_name);
    }
    let tag_object = named.and_then(|name| git.tag_object(&name).map(str::to_owned));
    if let (Some(source), Some(tag_object)) = (&mut git.source.value, tag_object) {
        source.tag_object = Some(tag_object);
    }
    Surroundings {
        git,
        environment: environment::capture(variables, &scope.variables, redactor),
        tool: tool(),
    }
}

/// Knows the values of all variables whose names tell, so that none of them shows up elsewhere.
pub(super) fn redactor(variables: &Variables) -> Redactor {
    let pairs: Vec<_> = variables.lossy().collect();
    Redactor::from_variables(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// CI platforms check out a commit without a branch, and know which ref it is for.
fn complete_source(source: &mut Source, platform: &Platform) {
    let pipeline = &platform.pipeline;
    let same_commit = source.commit.is_some() && source.commit == pipeline.commit;
    if source.ref_name.is_none() && same_commit && pipeline.ref_name.is_some() {
        source.ref_name.clone_from(&pipeline.ref_name);
        source.ref_from = Some("platform variable".to_owned());
    }
    if source.repository.is_none() && same_commit && pipeline.repository.is_some() {
        source.repository.clone_from(&pipeline.repository);
        source.repository_from = Some("platform variable".to_owned());
    }
}

fn tool() -> Tool {
    let binary = std::env::current_exe().ok();
    let hashed = binary.and_then(|path| hash_file(&path, Links::Follow, false, &|| false).ok());
    Tool {
        name: "proofmark".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: hashed.map(|hashed| hashed.sha256),
    }
}

/// Who signs, and how far the key was out of the build's reach. `hardening` is `None` where no build
/// was bracketed.
pub(super) fn signing(keys: &Keys, hardening: Option<&Hardening>) -> Signing {
    let layout = match hardening {
        Some(_) => SigningLayout::InJob,
        None => SigningLayout::NotApplicable,
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
        protections
            .push("the command got no variable PROOFMARK_*, and no descriptor but those named");
        if system::uid() == Some(0) {
            exposures.push("the build ran as root, which can read every process and file");
        }
        if keys.sources.contains(&KeySource::File) {
            exposures.push("the key file is readable by the user that the build ran as");
        }
        if keys.sources.contains(&KeySource::Variable) {
            exposures.push("the key was a variable of the processes that started proofmark");
        }
    }
    let mut read_from: Vec<_> = keys.sources.iter().map(|source| source.name()).collect();
    read_from.dedup();
    let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
    let custody = KeyCustody {
        custody: if hardening.is_some() { "in-job" } else { "not applicable" }.to_owned(),
        read_from: Some(read_from.join(", ")),
        protections: owned(protections),
        exposures: owned(exposures),
    };
    Signing { layout, key_custody: custody }
}

/// What the bracket itself learnt.
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) started: Time,
    pub(super) bracket: Bracket,
    pub(super) command: Option<Command>,
    pub(super) outcome: Outcome,
    pub(super) signing: Signing,
    pub(super) inputs: Fact<crate::format::evidence::Inputs>,
    pub(super) outputs: Fact<crate::format::evidence::Outputs>,
    pub(super) subjects: Vec<Subject>,
    pub(super) redactions: Vec<Withheld>,
    pub(super) gaps: Vec<Gap>,
}

/// Composes, signs and writes.
pub(super) fn conclude(
    seen: Seen,
    surroundings: Surroundings,
    platform: Platform,
    keys: &Keys,
    destination: &Destination,
    talk: Talk,
) -> Result<(), Failure> {
    let mut gaps = seen.gaps;
    let mut redactions = seen.redactions;
    gaps.extend(surroundings.git.gaps);
    redactions.extend(surroundings.git.redactions);
    gaps.extend(surroundings.environment.gaps);
    redactions.extend(surroundings.environment.redactions);
    let artefacts = seen.subjects.len();
    if artefacts > SUBJECTS_USUAL_MAX {
        talk.notice(format_args!(
            "{artefacts} artefacts: services such as GitHub's attestations take at most {SUBJECTS_USUAL_MAX}; --tree makes one of a folder"
        ));
    }
    let capture = Capture {
        build: Build {
            id: seen.id,
            started: seen.started,
            finished: Time::now(),
            bracket: seen.bracket,
            command: seen.command,
            outcome: seen.outcome,
            signing: seen.signing,
            tool: surroundings.tool,
        },
        platform,
        source: surroundings.git.source,
        inputs: seen.inputs,
        outputs: seen.outputs,
        environment: Fact::observed(Basis::Read, surroundings.environment.environment),
        subjects: seen.subjects,
        redactions,
        gaps,
    };
    let withheld = capture.redactions.len();
    let seed = random::bytes().map_err(Failure::trouble)?;
    let statements = compose(capture, seed).map_err(Failure::trouble)?;
    let signed = !keys.keys.is_empty();
    let lines = if signed {
        let mut lines = Vec::new();
        for payload in &statements.payloads {
            for key in &keys.keys {
                lines.push(sign(payload.clone(), key).map_err(Failure::trouble)?);
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
        "wrote {}: outcome {}, {}, {how}",
        printable_path(path),
        seen.outcome,
        count(artefacts as u64, "artefact"),
    ));
    if !statements.sections.is_empty() {
        talk.say(format_args!(
            "wrote {}: sealed parts; keep it, publish it only to those who may read it",
            printable_path(destination.sections())
        ));
    }
    if withheld > 0 {
        talk.say(format_args!(
            "withheld {} that looked like a credential; the evidence says where",
            count(withheld as u64, "value")
        ));
    }
    Ok(())
}

/// The paths below the root that are never inputs: our own outputs and the key.
pub(super) fn never_inputs(scope: &Scope, destination: &Destination, keys: &Keys) -> Vec<PathBuf> {
    let own = destination.all().map(PathBuf::from);
    own.iter().chain(&keys.files).filter_map(|path| scope.relative(path)).collect()
}

/// What the evidence says was left out, and what was withheld of that.
pub(super) fn exclusions(
    scope: &Scope,
    never: &[PathBuf],
    redactor: &Redactor,
) -> (Vec<String>, Vec<Withheld>) {
    let mut withheld = Vec::new();
    let mut excluded = Vec::new();
    for (index, pattern) in scope.excluded.iter().enumerate() {
        let scrubbed = redactor.scrub(pattern);
        withheld.extend(scrubbed.rules.iter().map(|rule| Withheld {
            place: format!("inputs.excluded, pattern {index}"),
            rule: rule.id().to_owned(),
        }));
        excluded.push(scrubbed.text);
    }
    excluded.extend(never.iter().map(|path| printable_path(path)));
    (excluded, withheld)
}
