//! `--baseline`: the build before this one, found, verified, and only then used.
//!
//! Artefacts, releases, packages and notes carry evidence; none of them vouches for it. What counts is the
//! signature under a trusted key, the same lane, and a commit that this build's commit descends from.
//! Whatever is lost is a gap with its cure, and the chain begins anew and says so.

mod chosen;
mod given;
mod remote;

pub(super) use remote::runs;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::capture_args::Scope;
use super::failure::Failure;
use super::talk::Talk;
use crate::base::time::Time;
use crate::capture::environment::Variables;
use crate::capture::platform::Platform;
use crate::drift::View;
use crate::format::evidence::{
    Baseline, BuildEvidence, Chain, Dependencies, Environment, Outcome, Packages, Pipeline, Tools,
};
use crate::format::fact::{Basis, Fact, Gap};
use crate::verify::Trust;

/// Why there is no `previous` where nobody asked for one.
const NOT_LOOKED_FOR: &str = "no baseline was looked for";

/// The change log of the build environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Change log")]
pub(super) struct BaselineArgs {
    /// The build before this one: auto (what the platform keeps), a file, a URL, git-notes, or none where
    /// this is the first
    #[arg(long, value_name = "WHICH")]
    pub(super) baseline: Option<Which>,
    /// What a difference from proofmark.lock does
    #[arg(long, value_enum, default_value = "warn", value_name = "WHAT")]
    pub(super) drift: DriftPolicy,
}

impl BaselineArgs {
    /// Refuses a file that can't be read, before a key is read, or made for the user.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match &self.baseline {
            Some(Which::File(path)) => given::file(path).map(|_bytes| ()),
            _ => Ok(()),
        }
    }
}

/// Where the build before is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    Auto,
    File(PathBuf),
    Url(String),
    GitNotes,
    None,
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => {
                Err("expected auto, a file, a URL, git-notes or none, found an empty text".into())
            }
            "auto" => Ok(Self::Auto),
            "git-notes" => Ok(Self::GitNotes),
            "none" => Ok(Self::None),
            url if url.contains("://") => Ok(Self::Url(url.to_owned())),
            path => Ok(Self::File(path.into())),
        }
    }
}

/// What a difference from the lock does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub(super) enum DriftPolicy {
    /// Exit 120, and nothing is run
    FailBefore,
    /// Run the build, write its evidence, exit 120
    FailAfter,
    /// Say so
    #[default]
    Warn,
}

/// Evidence of the lane, as something carried it.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) evidence: Vec<u8>,
    pub(super) sections: Option<Vec<u8>>,
    /// `file`, `workflow artefact of run 4711`, ...
    pub(super) from: String,
}

/// Why there is none, and what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) reason: String,
    pub(super) cure: String,
}

impl Loss {
    pub(super) fn new(reason: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { reason: reason.into(), cure: cure.into() }
    }
}

/// The environment of the build before, as far as it was open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shown {
    pipeline: Fact<Pipeline>,
    environment: Fact<Environment>,
    tools: Fact<Tools>,
    packages: Fact<Packages>,
    dependencies: Fact<Dependencies>,
}

impl Shown {
    fn of(evidence: BuildEvidence) -> Self {
        Self {
            pipeline: evidence.pipeline,
            environment: evidence.environment,
            tools: evidence.tools,
            packages: evidence.packages,
            dependencies: evidence.dependencies,
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        View::new(
            &self.pipeline,
            &self.environment,
            &self.tools,
            &self.packages,
            &self.dependencies,
        )
    }
}

/// What comes before a build; kept while its bracket is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Before {
    /// This build's place in the chain if it succeeds; `None`: nothing was looked for.
    pub(super) place: Option<u64>,
    pub(super) why_none: Option<String>,
    pub(super) baseline: Fact<Baseline>,
    pub(super) shown: Option<Shown>,
    /// Digest of the lock that was in force at the baseline; `None` where it had none.
    pub(super) lock: Option<crate::base::digest::Sha256>,
}

impl Before {
    /// Nobody asked.
    pub(super) fn not_looked_for() -> Self {
        Self {
            place: None,
            why_none: Some(NOT_LOOKED_FOR.to_owned()),
            baseline: Fact::unavailable(Basis::Read, NOT_LOOKED_FOR),
            shown: None,
            lock: None,
        }
    }

    /// A chain begins here: it is the first, or what came before is lost.
    fn begins(why: String, baseline: Fact<Baseline>) -> Self {
        Self { place: Some(1), why_none: Some(why), baseline, shown: None, lock: None }
    }

    /// The place in the chain of a build that ended so.
    pub(super) fn chain(&self, outcome: Outcome, platform: &Platform) -> Chain {
        Chain {
            previous: self.baseline.get().map(|baseline| baseline.sha256),
            sequence: self.place.filter(|_| outcome == Outcome::Succeeded),
            why_none: self.why_none.clone(),
            platform_counts: platform.counts.clone(),
        }
    }
}

/// What looking for it needs.
pub(super) struct Looking<'a> {
    pub(super) scope: &'a Scope,
    pub(super) variables: &'a Variables,
    /// With the lane that the arguments make of it.
    pub(super) platform: &'a Platform,
    /// Whose signatures count; `None` where nobody said.
    pub(super) trust: Option<&'a Trust>,
    /// The file name of the lane's evidence.
    pub(super) evidence_name: &'a str,
    pub(super) talk: Talk,
}

impl Looking<'_> {
    /// Finds the build before, and verifies it. A loss is said, and is a gap.
    ///
    /// # Errors
    /// A file that was named and can't be read.
    pub(super) fn find(&self, which: Option<&Which>) -> Result<(Before, Vec<Gap>), Failure> {
        let Some(which) = which else {
            let cure = "say --baseline auto on GitHub or GitLab, else a file, git-notes, or none for the first build";
            let gap = Gap::new("chain", NOT_LOOKED_FOR, cure);
            return Ok((Before::not_looked_for(), vec![gap]));
        };
        if *which == Which::None {
            let why = "the first of its lane, by --baseline none".to_owned();
            return Ok((Before::begins(why, Fact::absent(Basis::Declared)), Vec::new()));
        }
        let now = Time::now();
        let found = match self.candidates(which)? {
            Ok(candidates) => self.choose(candidates, now),
            Err(loss) => Err(loss),
        };
        match found {
            Ok((before, gap)) => {
                if let Some(baseline) = before.baseline.get() {
                    self.talk.say(format_args!(
                        "baseline: {} of {}, {} old, sha256 {}",
                        baseline.from,
                        baseline.finished,
                        chosen::age(baseline.age_seconds),
                        baseline.sha256
                    ));
                }
                if let Some(gap) = &gap {
                    self.talk.notice(&gap.reason);
                }
                Ok((before, Vec::from_iter(gap)))
            }
            Err(Loss { reason, cure }) => {
                self.talk.notice(format_args!("no baseline: {reason}; {cure}"));
                let why = format!("the chain begins anew: {reason}");
                let before = Before::begins(why, Fact::unavailable(Basis::Read, reason.clone()));
                Ok((before, vec![Gap::new("chain", reason, cure)]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_is_a_url_or_a_file() {
        let which = |text: &str| text.parse::<Which>();
        assert_eq!(which("auto"), Ok(Which::Auto));
        assert_eq!(which("git-notes"), Ok(Which::GitNotes));
        assert_eq!(which("none"), Ok(Which::None));
        assert_eq!(which("./none"), Ok(Which::File("./none".into())));
        assert_eq!(which("https://x/y"), Ok(Which::Url("https://x/y".into())));
        assert!(which("").is_err());
    }
}
