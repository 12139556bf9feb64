//! `--policy`: what is asked of the evidence, by whoever checks.

use std::path::{Path, PathBuf};

use clap::Args;

use super::check_args::filled;
use super::failure::Failure;
use crate::assess::policy::{CUSTOMER, POLICY_MAX, Policy, VENDOR};
use crate::base::file;
use crate::base::text::printable_path;

/// What is asked of the evidence.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct PolicyArgs {
    /// Judge the build evidence by this policy: vendor or customer, which are built in, or a file
    ///
    /// `proofmark explain --policy NAME` prints those that are built in, to be copied. A file that is called vendor
    /// has to be given as ./vendor.
    #[arg(long, value_name = "NAME|FILE", value_parser = filled)]
    policy: Option<String>,
}

impl PolicyArgs {
    /// The file that the policy may have been read from.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.policy.as_deref().map(PathBuf::from)
    }

    pub(super) const fn is_given(&self) -> bool {
        self.policy.is_some()
    }

    /// The text, which is known to be a policy, with what it means. Nothing beside an artefact is looked for:
    /// whoever published it would choose what is asked of them.
    pub(super) fn read(&self) -> Result<Option<(String, Policy)>, Failure> {
        let Some(given) = self.policy.as_deref() else { return Ok(None) };
        let text = match given {
            "vendor" => VENDOR.to_owned(),
            "customer" => CUSTOMER.to_owned(),
            path => text(Path::new(path))?,
        };
        let policy = Policy::parse(&text).map_err(|error| {
            let shown = printable_path(Path::new(given));
            Failure::usage(format_args!("--policy {shown}: {error}"))
                .hint("`proofmark explain` lists the questions, and `explain --policy vendor` prints a policy to begin with")
        })?;
        Ok(Some((text, policy)))
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let hint = "give vendor, customer, or the path of a policy";
    let bytes = file::read_regular(path, POLICY_MAX as u64)
        .map_err(|error| Failure::usage(format_args!("--policy: {error}")).hint(hint))?;
    String::from_utf8(bytes).map_err(|_bytes| {
        let shown = printable_path(path);
        Failure::usage(format_args!("--policy {shown}: expected UTF-8")).hint(hint)
    })
}
