//! `--key`, `--key-fd`, `--passphrase-fd`, `--sign`, `-o`: who signs, and where the evidence goes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::keys::{KeySource, Keys, Ring, read_key_file};
use super::passphrase::Passphrases;
use super::talk::Talk;
use crate::base::dirs;
use crate::base::file::{self, Access, Overwrite};
use crate::base::process::PassedDescriptors;
use crate::base::text::printable_path;
use crate::capture::environment::Variables;
use crate::capture::platform::{Kind, Platform, RefState};
use crate::sign::SecretKey;
use crate::write::{Destination, default_name};

/// The key itself.
pub(super) const KEY_VARIABLE: &str = "PROOFMARK_KEY";
/// A path to the key.
pub(super) const KEY_FILE_VARIABLE: &str = "PROOFMARK_KEY_FILE";

/// Whether evidence must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SignMode {
    /// Sign if there is a key; without one, what the place asks for
    Auto,
    /// Sign; without a key, do nothing
    Required,
    /// Write an unsigned capture
    Never,
}

/// Who signs, and where the evidence goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signing and output")]
pub(super) struct SignArgs {
    /// Sign with this Ed25519 key; repeat for a line by each key
    ///
    /// FILE is a private key (PKCS#8 PEM, encrypted or not), or a public key of OpenSSH whose private half the
    /// SSH agent holds (SSH_AUTH_SOCK). `ssh-agent` stands for the only Ed25519 key of the agent; an agent that
    /// asks its user first has 30 seconds for each signature. A file of that name is `./ssh-agent`.
    #[arg(long = "key", value_name = "FILE", allow_hyphen_values = true)]
    keys: Vec<PathBuf>,
    /// Read the private key from this descriptor
    #[arg(long, value_name = "N")]
    key_fd: Option<u32>,
    /// Read the passphrase of encrypted keys from this descriptor, instead of asking at the terminal
    #[arg(long, value_name = "N")]
    passphrase_fd: Option<u32>,
    /// Whether to sign
    #[arg(long, value_enum, default_value = "auto", value_name = "MODE")]
    sign: SignMode,
    /// Where the evidence goes; by default `proofmark.sigstore.jsonl`, and a name of its own for each --leg
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace evidence that is there
    #[arg(long)]
    force: bool,
}

impl SignArgs {
    fn destination(&self, leg: Option<&str>) -> Destination {
        let overwrite = if self.force { Overwrite::Replace } else { Overwrite::Never };
        match &self.out {
            Some(out) => Destination::new(out, overwrite),
            None => Destination::new(Path::new(&default_name(leg)), overwrite),
        }
    }

    /// The descriptors that secrets come from are not ones for the command.
    pub(super) fn check_key_descriptor(&self, passed: &PassedDescriptors) -> Result<(), Failure> {
        for (flag, fd) in [("--key-fd", self.key_fd), ("--passphrase-fd", self.passphrase_fd)] {
            if let Some(fd) = fd.and_then(|fd| i32::try_from(fd).ok())
                && passed.contains(fd)
            {
                let message =
                    format_args!("{flag} {fd}: the command would get that descriptor too");
                return Err(Failure::usage(message)
                    .hint("use a descriptor above 2 that no --pass-fd names"));
            }
        }
        Ok(())
    }

    /// An error if an output exists. `leg` is the one that is recorded.
    pub(super) fn check_output(&self, leg: Option<&str>) -> Result<Destination, Failure> {
        let destination = self.destination(leg);
        if self.out.as_ref().is_some_and(|out| out.as_os_str() == "-") {
            return Err(Failure::usage("-o -: evidence is not written to standard output")
                .hint("name a file; ./- for one of that name"));
        }
        destination.check_free().map_err(output_failure)?;
        Ok(destination)
    }

    /// The same where nothing but signed lines is written.
    pub(super) fn destination_for_signed(&self) -> Result<Destination, Failure> {
        let destination = self.destination(None);
        let overwrite = if self.force { Overwrite::Replace } else { Overwrite::Never };
        if self.sign == SignMode::Never {
            return Err(Failure::usage("--sign never: expected another mode, this command signs"));
        }
        file::check_free(destination.signed(), overwrite).map_err(output_failure)?;
        Ok(destination)
    }

    /// Reads the keys, or finds out what none means here.
    ///
    /// No error shows any part of a key or of the variables that hold one.
    pub(super) fn keys(
        &self,
        variables: &Variables,
        platform: &Platform,
        talk: Talk,
    ) -> Result<Keys, Failure> {
        let descriptors = [self.key_fd, self.passphrase_fd];
        if self.sign == SignMode::Never {
            if !self.keys.is_empty() || descriptors.iter().any(Option::is_some) {
                return Err(Failure::usage("--sign never with a key: expected one or the other"));
            }
            return Ok(Keys::default());
        }
        if self.key_fd.is_some() && self.key_fd == self.passphrase_fd {
            return Err(Failure::usage(
                "--key-fd and --passphrase-fd name the same descriptor, expected two",
            ));
        }
        // A job has nobody who could answer.
        let passphrases = Passphrases::new(self.passphrase_fd, platform.kind == Kind::Local);
        let mut ring = Ring::new(variables, passphrases);
        for path in &self.keys {
            ring.add_named("--key", path)?;
        }
        if let Some(fd) = self.key_fd {
            ring.add_descriptor(fd)?;
        }
        if ring.is_empty() {
            ring.add_variables(variables)?;
        }
        if ring.is_empty() {
            self.without_key(platform, talk, &mut ring)?;
        }
        Ok(ring.close(talk))
    }

    /// No key was given. Outside CI the user has one of their own; in CI it depends on what the run is
    /// for, and whatever isn't known to be harmless is an error.
    fn without_key(&self, platform: &Platform, talk: Talk, ring: &mut Ring) -> Result<(), Failure> {
        let cause = match (platform.kind, platform.ref_state) {
            _ if self.sign == SignMode::Required => "--sign required was given",
            (Kind::Local, _) => return users_own_key(ring, talk),
            (Kind::UnknownCi, _) => "this is a CI system that proofmark doesn't know",
            (_, RefState::PullRequest) => {
                talk.notice("no key: unsigned evidence, as usual for a pull or merge request");
                return Ok(());
            }
            (_, RefState::Dependabot) => {
                talk.notice("no key: unsigned evidence, as usual for a run of Dependabot");
                return Ok(());
            }
            (_, RefState::UnprotectedBranch) => {
                talk.notice(
                    "no key: unsigned evidence, as usual for a branch that isn't protected",
                );
                return Ok(());
            }
            (_, RefState::TagOrRelease) => "this run is for a tag or a release",
            (_, RefState::Protected) => "this run is for a protected branch",
            (_, RefState::ProtectionUnknown) => {
                "the platform doesn't say whether this run's ref is protected"
            }
        };
        let message = format_args!(
            "no signing key, and {cause}: expected --key, --key-fd, {KEY_VARIABLE} or {KEY_FILE_VARIABLE}, found none"
        );
        Err(Failure::usage(message)
            .hint("give the job a key, or say --sign never for an unsigned capture"))
    }
}

/// Why an output can't be where it should, and what to do.
pub(super) fn output_failure(error: file::FileError) -> Failure {
    let hint = match &error {
        file::FileError::Exists { .. } => "name another, or replace it with --force",
        file::FileError::NotFound { .. } => "make the folder first, or name another",
        _ => "name a file in a folder that is there",
    };
    Failure::usage(error).hint(hint)
}

/// The user's own key, made the first time.
fn users_own_key(ring: &mut Ring, talk: Talk) -> Result<(), Failure> {
    let folder = dirs::config().ok_or_else(|| {
        Failure::usage("no signing key, and no home folder to keep one in")
            .hint("give one with --key, or say --sign never")
    })?;
    let path = folder.join("key.pem");
    let made = !path.exists();
    if made {
        file::make_private_folder(&folder).map_err(Failure::usage)?;
        let key = SecretKey::generate().map_err(Failure::trouble)?;
        match file::write_bytes(&path, Overwrite::Never, Access::Private, key.to_pem().as_bytes()) {
            // Another proofmark was faster: its key is the user's own.
            Err(file::FileError::Exists { .. }) => {}
            other => other.map_err(Failure::usage)?,
        }
    }
    let key = ring.add(read_key_file("--key", &path)?, &printable_path(&path), KeySource::File)?;
    if made {
        let public = folder.join("key.pem.pub");
        let pem = key.to_spki_pem();
        file::write_bytes(&public, Overwrite::Replace, Access::Umask, pem.as_bytes())
            .map_err(Failure::usage)?;
        talk.notice(format_args!(
            "made a signing key of your own: {}; give its public half {} to whoever verifies",
            printable_path(&path),
            printable_path(&public)
        ));
    }
    ring.add_file(path);
    Ok(())
}
