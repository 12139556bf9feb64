//! `--key`, `--key-fd`, `--sign`, `-o`: who signs, and where the evidence goes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::check_args::unreadable_key;
use super::failure::Failure;
use super::talk::Talk;
use crate::base::dirs;
use crate::base::file::{self, Access, Overwrite};
use crate::base::process::PassedDescriptors;
use crate::base::text::printable_path;
use crate::capture::environment::Variables;
use crate::capture::platform::{Kind, Platform, RefState};
use crate::format::key::KEY_FILE_MAX;
use crate::sign::SecretKey;
use crate::write::{DEFAULT_NAME, Destination};

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
    /// Sign with this private key (PKCS#8 PEM, Ed25519); repeat for a line by each key
    #[arg(long = "key", value_name = "FILE", allow_hyphen_values = true)]
    keys: Vec<PathBuf>,
    /// Read the private key from this descriptor
    #[arg(long, value_name = "N")]
    key_fd: Option<u32>,
    /// Whether to sign
    #[arg(long, value_enum, default_value = "auto", value_name = "MODE")]
    sign: SignMode,
    /// Where the evidence goes
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_NAME)]
    out: PathBuf,
    /// Replace evidence that is there
    #[arg(long)]
    force: bool,
}

/// Where a key was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeySource {
    File,
    Descriptor,
    Variable,
}

impl KeySource {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Descriptor => "descriptor",
            Self::Variable => "variable",
        }
    }
}

/// The keys at hand; none for an unsigned capture.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) keys: Vec<SecretKey>,
    pub(super) sources: Vec<KeySource>,
    /// Their files, which are never inputs.
    pub(super) files: Vec<PathBuf>,
}

impl Keys {
    fn add(&mut self, key: SecretKey, source: KeySource) {
        // The same key twice would write every line twice and add nothing.
        if self.keys.iter().all(|known| known.public() != key.public()) {
            self.keys.push(key);
            self.sources.push(source);
        }
    }

    /// Notes where a key was read, and the file that stands behind a link or a descriptor.
    fn add_file(&mut self, path: PathBuf) {
        let behind = path.canonicalize();
        self.files.push(path);
        self.files.extend(behind);
    }
}

impl SignArgs {
    pub(super) fn destination(&self) -> Destination {
        let overwrite = if self.force { Overwrite::Replace } else { Overwrite::Never };
        Destination::new(&self.out, overwrite)
    }

    /// The descriptor that the key comes from is not one for the command.
    pub(super) fn check_key_descriptor(&self, passed: &PassedDescriptors) -> Result<(), Failure> {
        match self.key_fd.and_then(|fd| i32::try_from(fd).ok()) {
            Some(fd) if passed.contains(fd) => Err(Failure::usage(format_args!(
                "--key-fd {fd}: the command would get that descriptor too"
            ))
            .hint("use a descriptor above 2 that no --pass-fd names")),
            _ => Ok(()),
        }
    }

    /// An error if an output exists.
    pub(super) fn check_output(&self) -> Result<Destination, Failure> {
        let destination = self.destination();
        if self.out.as_os_str() == "-" {
            return Err(Failure::usage("-o -: evidence is not written to standard output")
                .hint("name a file; ./- for one of that name"));
        }
        destination.check_free().map_err(output_failure)?;
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
        let mut keys = Keys::default();
        if self.sign == SignMode::Never {
            if !self.keys.is_empty() || self.key_fd.is_some() {
                return Err(Failure::usage("--sign never with a key: expected one or the other"));
            }
            return Ok(keys);
        }
        for path in &self.keys {
            keys.add(read_key_file(path)?, KeySource::File);
            keys.add_file(path.clone());
        }
        if let Some(fd) = self.key_fd {
            let path = file::of_descriptor(fd);
            let text = file::read_secret(&path, KEY_FILE_MAX).map_err(|_unshown| {
                Failure::usage(format_args!("cannot read a key from descriptor {fd}"))
                    .hint("open it for reading in the calling shell, as in `3< key`")
            })?;
            let key = SecretKey::parse(&text)
                .map_err(|error| Failure::usage(format_args!("descriptor {fd}: {error}")))?;
            keys.add(key, KeySource::Descriptor);
            keys.add_file(path);
        }
        if keys.keys.is_empty() {
            self.keys_of_variables(variables, &mut keys)?;
        }
        if keys.keys.is_empty() {
            self.without_key(platform, talk, &mut keys)?;
        }
        Ok(keys)
    }

    fn keys_of_variables(&self, variables: &Variables, keys: &mut Keys) -> Result<(), Failure> {
        // White space alone is how an unset secret arrives by some templates.
        let value = variables
            .raw(KEY_VARIABLE)
            .filter(|value| !value.as_encoded_bytes().trim_ascii().is_empty());
        let path = variables.raw(KEY_FILE_VARIABLE);
        match (value, path) {
            (Some(_), Some(_)) => {
                let message = format_args!(
                    "{KEY_VARIABLE} and {KEY_FILE_VARIABLE} are both set, expected one"
                );
                Err(Failure::usage(message))
            }
            (Some(value), None) => {
                let key = SecretKey::parse(value.as_encoded_bytes())
                    .map_err(|error| Failure::usage(format_args!("{KEY_VARIABLE}: {error}")))?;
                keys.add(key, KeySource::Variable);
                Ok(())
            }
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                // The value is a path by its name only: it could be the key, put in the wrong one.
                let key = read_key_file(&path).map_err(|_unshown| {
                    Failure::usage(format_args!(
                        "{KEY_FILE_VARIABLE} names no readable Ed25519 private key (PKCS#8 PEM)"
                    ))
                    .hint(format!("put a path in it; the key itself goes in {KEY_VARIABLE}"))
                })?;
                keys.add(key, KeySource::File);
                keys.add_file(path);
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    /// No key was given. Outside CI the user has one of their own; in CI it depends on what the run is
    /// for, and whatever isn't known to be harmless is an error.
    fn without_key(&self, platform: &Platform, talk: Talk, keys: &mut Keys) -> Result<(), Failure> {
        let cause = match (platform.kind, platform.ref_state) {
            _ if self.sign == SignMode::Required => "--sign required was given",
            (Kind::Local, _) => return users_own_key(keys, talk),
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

fn read_key_file(path: &std::path::Path) -> Result<SecretKey, Failure> {
    let text = file::read_secret(path, KEY_FILE_MAX).map_err(|error| {
        let hint = format!(
            "`proofmark keygen --out FILE` makes a key; {KEY_VARIABLE} takes the key itself"
        );
        unreadable_key(path, &error).hint(hint)
    })?;
    SecretKey::parse(&text)
        .map_err(|error| Failure::usage(format_args!("{}: {error}", printable_path(path))))
}

/// The user's own key, made the first time.
fn users_own_key(keys: &mut Keys, talk: Talk) -> Result<(), Failure> {
    let folder = dirs::config().ok_or_else(|| {
        Failure::usage("no signing key, and no home folder to keep one in")
            .hint("give one with --key, or say --sign never")
    })?;
    let path = folder.join("key.pem");
    if !path.exists() {
        file::make_private_folder(&folder).map_err(Failure::usage)?;
        let key = SecretKey::generate().map_err(Failure::trouble)?;
        let public = folder.join("key.pem.pub");
        match file::write_bytes(&path, Overwrite::Never, Access::Private, key.to_pem().as_bytes()) {
            // Another proofmark was faster: its key is the user's own.
            Err(file::FileError::Exists { .. }) => {}
            other => other.map_err(Failure::usage)?,
        }
        let key = read_key_file(&path)?;
        let pem = key.public().to_spki_pem();
        file::write_bytes(&public, Overwrite::Replace, Access::Umask, pem.as_bytes())
            .map_err(Failure::usage)?;
        talk.notice(format_args!(
            "made a signing key of your own: {}; give its public half {} to whoever verifies",
            printable_path(&path),
            printable_path(&public)
        ));
    }
    keys.add(read_key_file(&path)?, KeySource::File);
    keys.add_file(path);
    Ok(())
}
