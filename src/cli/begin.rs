//! `proofmark begin`: a bracket across several steps is opened.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::baseline::{BaselineArgs, Looking};
use super::bracket::{self, Open, Session};
use super::build_args::BuildArgs;
use super::capture_args::CaptureArgs;
use super::failure::Failure;
use super::keys::Keys;
use super::policy_args::PolicyArgs;
use super::talk::Talk;
use crate::base::digest::Sha256;
use crate::base::file::{self, Overwrite};
use crate::base::process::PassedDescriptors;
use crate::base::text::printable_path;
use crate::capture::environment::Variables;
use crate::capture::platform::{self, Kind};
use crate::format::fact::Gap;
use crate::write::{Destination, default_name};

/// The name under which the digest stands among the step's outputs.
const OUTPUT: &str = "state-digest";

/// Open a bracket across several steps of a job: hash what goes in, keep it for `finish`
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the SHA-256 of the kept state, and under GitHub Actions writes it to the step's outputs as
state-digest. Give it to `finish --state-digest`: without it any step in between could have
rewritten what was seen here, and the evidence says so."
)]
pub(super) struct Begin {
    #[command(flatten)]
    capture: CaptureArgs,
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    baseline: BaselineArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// A name for this bracket, where several are open for one root
    #[arg(long, value_name = "NAME", default_value = "", help_heading = "Capture")]
    session: String,
    /// Give up a bracket that is open already
    #[arg(long, help_heading = "Capture")]
    restart: bool,
}

pub(super) fn run(args: &Begin, talk: Talk, out: &mut dyn Write) -> Result<(), Failure> {
    let variables = Variables::read();
    let mut redactor = bracket::redactor(&variables);
    let fingerprints = args.build.fingerprints(&variables, &mut redactor)?;
    let redactor = Arc::new(redactor);
    let platform = platform::capture(&variables, &redactor);
    let mut scope = args.capture.scope(Some(&args.build), &redactor)?;
    scope.wanted.drift = args.baseline.drift;
    scope.wanted.policy = args.policy.read()?.map(|(text, _)| text);
    args.capture.check_trust(args.baseline.baseline.is_some())?;
    let told = &scope.wanted;
    let sources = told.artefacts.iter().map(|artefact| &artefact.source);
    let texts = sources.chain(&told.excluded).chain(told.inputs.iter().flatten());
    let texts = texts.chain(&told.project).chain(&told.own_files).chain(&told.policy);
    if let Some(rule) = texts.filter_map(|t| redactor.scrub(t).rules.first().copied()).next() {
        let message = format_args!(
            "an argument looks like a credential ({rule}), and `finish` needs it as it is; it isn't shown, and not kept"
        );
        return Err(Failure::usage(message).hint("name the folder that the file lies in"));
    }
    let earlier = args.capture.earlier(&Keys::default(), talk)?;
    let session = Session::at(&variables, &scope.root, &args.session)?;
    let given_up = args.restart && session.give_up()?;
    session.check_free()?;
    // Where `finish` writes isn't known yet; by default it is here.
    let evidence_name = default_name(scope.leg());
    let destination = Destination::new(&PathBuf::from(&evidence_name), Overwrite::Never);
    let trust = args.capture.trust(&Keys::default())?;
    let in_lane = bracket::in_lane(&platform, &scope, &redactor, &mut Vec::new());
    let looking = Looking {
        scope: &scope,
        variables: &variables,
        platform: &in_lane,
        trust: trust.as_ref(),
        evidence_name: &evidence_name,
        talk,
    };
    let before = looking.find(args.baseline.baseline.as_ref())?;
    let never = bracket::never_inputs(&scope, &destination, &Keys::default());
    let opener = Open {
        scope: &scope,
        variables: &variables,
        platform: &platform,
        redactor: &redactor,
        fingerprints: fingerprints.as_ref(),
        earlier: &earlier,
        before: &before,
        never: &never,
        stop: &|| false,
        give_up: &|| false,
        passed: &PassedDescriptors::default(),
        talk,
    };
    let mut opening = opener.open()?;
    opening.facts.judge_drift(talk)?;
    if given_up {
        let reason =
            "a bracket that was open for the same root was given up when this one was opened";
        talk.notice(reason);
        opening.facts.gaps.push(Gap::without_cure("build.state", reason));
    }
    let files = opening.before.totals().files;
    let digest = session.save(&mut opening, &redactor)?;
    talk.say(format_args!(
        "opened a bracket over {files} files; close it with: proofmark finish --state-digest {digest}"
    ));
    if platform.kind == Kind::GitHub {
        tell_step(&variables, digest, talk);
    }
    let printed = writeln!(out, "{digest}");
    printed.map_err(|error| Failure::trouble(format_args!("cannot print the digest: {error}")))
}

/// The step's outputs can be read by later steps and not be altered by them.
fn tell_step(variables: &Variables, digest: Sha256, talk: Talk) {
    let Some(path) = variables.raw("GITHUB_OUTPUT").map(PathBuf::from) else {
        talk.notice("GITHUB_OUTPUT isn't set: the digest stands in the log alone");
        return;
    };
    if let Err(error) = file::append(&path, format!("{OUTPUT}={digest}\n").as_bytes()) {
        talk.notice(format_args!(
            "the digest stands in the log alone: {} takes no outputs: {error}",
            printable_path(&path)
        ));
    }
}
