//! `--offline`, `--issuer`, `--embed-token`: whether the platform is asked about the job, and what is kept.

use clap::Args;

use super::baseline::Which;
use super::failure::Failure;
use crate::capture::platform::Kind;
use crate::token::{Issuer, Platform};

/// What the platform is asked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Platform")]
pub(super) struct WitnessArgs {
    /// Ask nobody: neither for the job's token nor for what the platform's API knows of it
    #[arg(long)]
    pub(super) offline: bool,
    /// The issuer of the job's token, where it is none of github.com, gitlab.com and *.ghe.com
    #[arg(long, value_name = "URL")]
    pub(super) issuer: Option<String>,
    /// Keep the job's token in the evidence, so that whoever checks can check it again (GitHub)
    ///
    /// The token is for this build alone and ends within minutes. It holds the names of the repository and
    /// of who started the run.
    #[arg(long, conflicts_with = "offline")]
    pub(super) embed_token: bool,
}

impl WitnessArgs {
    /// The issuer that was named. Whose tokens they are is said by no address: it counts as either's.
    pub(super) fn issuers(&self) -> Vec<Issuer> {
        let named = self.issuer.iter();
        let both = [Platform::GitHub, Platform::GitLab];
        let either = |url: &String| both.map(|platform| Issuer::given(url, platform));
        named.flat_map(either).filter_map(Result::ok).collect()
    }

    /// Refuses what makes no sense, before anything is run or signed.
    pub(super) fn check(&self, kind: Kind, baseline: Option<&Which>) -> Result<(), Failure> {
        if self.offline && matches!(baseline, Some(Which::Auto | Which::Url(_))) {
            return Err(Failure::usage("--offline with a baseline that has to be asked for")
                .hint("give the evidence of the build before by --baseline FILE"));
        }
        if self.embed_token && kind == Kind::GitLab {
            let message = "--embed-token works on GitHub alone: what GitLab gives a job is good for as long as the job may take, and would be published with the evidence";
            return Err(
                Failure::usage(message).hint("leave it out: the job checks the token, and says so")
            );
        }
        let platform = match kind {
            Kind::GitLab => Platform::GitLab,
            Kind::GitHub | Kind::UnknownCi | Kind::Local => Platform::GitHub,
        };
        let issuer = self.issuer.as_deref().map(|url| Issuer::given(url, platform)).transpose();
        issuer.map(|_checked| ()).map_err(|error| {
            Failure::usage(format_args!("--issuer: {error}"))
                .hint("give an https address, as the token's `iss` has it")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_nobody_asks_for_no_baseline_either() {
        let offline = WitnessArgs { offline: true, ..WitnessArgs::default() };
        let check = |text: &str| offline.check(Kind::GitHub, Some(&text.parse().unwrap()));
        for asked in ["auto", "https://a.example/x"] {
            assert_eq!(check(asked).unwrap_err().code(), 2, "{asked}");
        }
        for at_hand in ["none", "git-notes", "before.jsonl"] {
            assert!(check(at_hand).is_ok(), "{at_hand}");
        }
        assert!(offline.check(Kind::GitHub, None).is_ok());
        assert!(WitnessArgs::default().check(Kind::GitHub, Some(&Which::Auto)).is_ok());
    }

    #[test]
    fn a_token_that_lives_as_long_as_the_job_is_not_published() {
        let embed = WitnessArgs { embed_token: true, ..WitnessArgs::default() };
        assert_eq!(embed.check(Kind::GitLab, None).unwrap_err().code(), 2);
        assert!(embed.check(Kind::GitHub, None).is_ok());
    }

    #[test]
    fn an_issuer_that_is_none_is_refused_before_anything_runs() {
        for bad in ["http://a.example", "a.example", ""] {
            let args = WitnessArgs { issuer: Some(bad.to_owned()), ..WitnessArgs::default() };
            assert_eq!(args.check(Kind::GitHub, None).unwrap_err().code(), 2, "{bad}");
        }
    }
}
