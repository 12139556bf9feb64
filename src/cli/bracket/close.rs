//! The second look: what the build did, and which of it is an artefact.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Facts, Opening, exclusions, look, refuse_secret_names};
use crate::base::text::printable;
use crate::base::tree::{Differences, compare};
use crate::capture::environment::Variables;
use crate::capture::redact::Redactor;
use crate::capture::sbom::Sbom;
use crate::capture::subjects::Look;
use crate::capture::{files, signs, tools};
use crate::cli::capture_args::Scope;
use crate::cli::failure::{Failure, Fault};
use crate::cli::subject_args::SubjectArgs;
use crate::cli::talk::Talk;
use crate::format::evidence::{Inputs, Outcome, Outputs};
use crate::format::fact::{Basis, Fact, Gap, Sealable};
use crate::format::statement::Subject;

/// How the bracket closes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Capture")]
pub(in crate::cli) struct CloseArgs {
    /// Read every file and tool again afterwards, whatever its times say
    #[arg(long)]
    pub(in crate::cli) rehash: bool,
    /// Don't fail where an --artefact matches nothing
    #[arg(long)]
    allow_no_artefacts: bool,
    /// Don't fail where an --artefact matches only what was there before
    #[arg(long)]
    allow_unchanged: bool,
    /// What a failure of proofmark's own does once the arguments are right
    #[arg(long, value_enum, default_value = "fail", value_name = "WHAT")]
    on_error: OnError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnError {
    /// Exit 125 from `run`, 1 from `finish`
    Fail,
    /// Say so, and hand on the command's code; 0 from `finish`
    Warn,
}

impl CloseArgs {
    /// Whether this failure is only to be said. One of the arguments never is, nor a judgement that was
    /// asked for.
    pub(in crate::cli) fn forgives(&self, failure: &Failure) -> bool {
        let own = !matches!(failure.fault, Fault::Usage | Fault::Judgement);
        own && self.on_error == OnError::Warn
    }
}

/// What the second look needs.
pub(in crate::cli) struct Close<'a> {
    pub(in crate::cli) scope: &'a Scope,
    pub(in crate::cli) args: &'a CloseArgs,
    /// Artefacts that lie elsewhere, and SBOMs.
    pub(in crate::cli) subjects: &'a SubjectArgs,
    pub(in crate::cli) variables: &'a Variables,
    pub(in crate::cli) redactor: &'a Redactor,
    /// Paths below the root that are neither inputs nor outputs.
    pub(in crate::cli) never: &'a [PathBuf],
    /// How the build ended, asked when the second look is over.
    pub(in crate::cli) outcome: &'a dyn Fn() -> Outcome,
    /// Whether to stop hashing.
    pub(in crate::cli) stop: &'a (dyn Fn() -> bool + Sync),
    pub(in crate::cli) talk: Talk,
}

/// What both looks saw.
pub(in crate::cli) struct Closed {
    pub(in crate::cli) facts: Facts,
    pub(in crate::cli) outcome: Outcome,
    pub(in crate::cli) inputs: Fact<Inputs>,
    pub(in crate::cli) outputs: Fact<Outputs>,
    pub(in crate::cli) subjects: Vec<Subject>,
    pub(in crate::cli) sboms: Vec<Sbom>,
    /// What makes a build that succeeded an error all the same; evidence is still written.
    pub(in crate::cli) refusal: Option<Failure>,
}

impl Close<'_> {
    /// Looks again. A root that is gone is a refusal, and a gap.
    pub(in crate::cli) fn close(&self, opening: Opening) -> Closed {
        let Opening { mut facts, before, classes } = opening;
        let named = (self.talk, "outputs");
        let differences = look((self.scope, self.never), self.stop, named, |walk| {
            compare(&before, walk, facts.opened, self.args.rehash)
        });
        let outcome = (self.outcome)();
        if let Some(found) = &mut facts.tools.value {
            let (root, stamps) = (&self.scope.root, &facts.tool_stamps);
            let rehash = self.args.rehash;
            let after = tools::after(found, self.variables, root, stamps, facts.opened, rehash);
            facts.gaps.extend(after.gaps);
            let changed = found.list.iter().filter(|tool| tool.changed_during_build);
            let names: Vec<_> = changed.map(|tool| tool.name.as_str()).collect();
            if !names.is_empty() {
                let reason =
                    format!("not the same at both ends of the bracket: {}", names.join(", "));
                self.talk.notice(format_args!("tools: {reason}"));
                let cure = "install tools before the bracket opens";
                facts.gaps.push(Gap::new("tools", reason, cure));
            }
        }
        let classify = |path: &[u8]| classes.as_ref().map(|classes| classes.of(path));
        let class = classes.as_ref().map(|_| &classify as files::Classifier<'_>);
        let (excluded, withheld) = exclusions(self.scope, self.never, self.redactor);
        facts.redactions.extend(withheld);
        let include = self.scope.inputs.as_ref();
        let (mut inputs, more) = files::inputs(&before, include, class, excluded);
        inputs.caches = std::mem::replace(&mut facts.caches, Fact::absent(Basis::Read));
        if include.is_some() && inputs.all.files == 0 {
            self.talk.notice("no file is what --input names: the evidence has no inputs");
        }
        facts.gaps.extend(more);
        let all_are_inputs = include.is_none() && before.is_complete();
        signs::note_untracked(&mut facts.environment.signs, &inputs, all_are_inputs);
        let (mut subjects, mut sboms) = (Vec::new(), Vec::new());
        let mut refusal = None;
        let outputs = match &differences {
            Ok(differences) => {
                let changed = files::changed_during_build(differences, include);
                inputs.changed_during_build = Sealable::Inline(changed);
                let (outputs, more) = files::outputs(differences, class);
                facts.gaps.extend(more);
                if outcome == Outcome::Succeeded {
                    let place = Look::Bracket { root: &self.scope.root, differences };
                    let told = self.artefacts(differences).and_then(|found| {
                        let unchanged = self.args.allow_unchanged;
                        self.subjects.complete(found, self.scope, place, self.redactor, unchanged)
                    });
                    match told {
                        Ok(told) => {
                            told.gaps.iter().for_each(|gap| self.talk.notice(&gap.reason));
                            facts.gaps.extend(told.gaps);
                            (subjects, sboms) = (told.subjects, told.sboms);
                        }
                        Err(failure) => {
                            // Whoever reads the evidence alone should know that more was meant.
                            let cure = failure.hint.clone().unwrap_or_default();
                            facts.gaps.push(Gap::new("subjects", &failure.message, cure));
                            refusal = Some(failure);
                        }
                    }
                }
                Fact::observed(Basis::Recomputed, outputs)
            }
            Err(error) => {
                facts.gaps.push(Gap::without_cure("outputs", error.to_string()));
                refusal = Some(Failure::trouble(error));
                Fact::unavailable(Basis::Read, error.to_string())
            }
        };
        let inputs = Fact::observed(Basis::Recomputed, inputs);
        Closed { facts, outcome, inputs, outputs, subjects, sboms, refusal }
    }

    /// The artefacts of a build that succeeded. A pattern that stands for nothing, or for nothing new, is
    /// how a release ships yesterday's file, and how one from a cache passes for one that was built.
    fn artefacts(&self, differences: &Differences<'_>) -> Result<Vec<Subject>, Failure> {
        let selection = files::select(&self.scope.wanted.artefacts, differences)
            .map_err(|error| Failure::trouble(format_args!("--artefact: {error}")))?;
        if let Some(pattern) = selection.matched_nothing.first()
            && !self.args.allow_no_artefacts
        {
            let message = format_args!(
                "--artefact {}: expected a file, found none after the build",
                printable(pattern)
            );
            let hint = "check the path, or allow it with --allow-no-artefacts";
            return Err(Failure::trouble(message).hint(hint));
        }
        if let Some(pattern) = selection.only_unchanged.first()
            && !self.args.allow_unchanged
        {
            let message = format_args!(
                "--artefact {}: expected a file that the build made or changed, found only ones that were there before",
                printable(pattern)
            );
            return Err(Failure::trouble(message).hint(
                "remove old artefacts before the build, or allow it with --allow-unchanged",
            ));
        }
        let subjects: Vec<_> = selection.artefacts.iter().map(files::Selected::subject).collect();
        refuse_secret_names(&subjects, self.redactor)?;
        Ok(subjects)
    }
}
