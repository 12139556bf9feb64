//! The keys that sign: read from files, descriptors and variables, decrypted, or left in the SSH agent.

use std::path::{Path, PathBuf};

use super::check_args::unreadable_key;
use super::failure::Failure;
use super::passphrase::Passphrases;
use super::sign_args::{KEY_FILE_VARIABLE, KEY_VARIABLE};
use super::talk::Talk;
use crate::base::file;
use crate::base::text::printable_path;
use crate::capture::environment::Variables;
use crate::format::key::{KEY_FILE_MAX, PublicKey, PublicKeyError};
use crate::format::section::INLINE_BYTES_MAX;
use crate::sign::{Agent, AgentKeyError, EncryptedKey, SecretKey, SecretKeyError, Signer};

/// `--key` of this value stands for the agent's only key.
const AGENT: &str = "ssh-agent";
const AGENT_VARIABLE: &str = "SSH_AUTH_SOCK";

/// Where a key was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeySource {
    File,
    Descriptor,
    Variable,
    /// Nowhere: the agent holds it.
    Agent,
}

impl KeySource {
    const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Descriptor => "descriptor",
            Self::Variable => "variable",
            Self::Agent => AGENT,
        }
    }
}

/// The keys at hand; none for an unsigned capture.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) keys: Vec<Box<dyn Signer>>,
    /// Where each was read, and whether it was encrypted there.
    sources: Vec<(KeySource, bool)>,
    /// Their files, which are never inputs.
    pub(super) files: Vec<PathBuf>,
    /// Behind a key's descriptor is a file that this user can open.
    pub(super) descriptor_file: bool,
    /// The file that the passphrase came from.
    pub(super) passphrase_file: bool,
}

impl Keys {
    /// Of two that are the same the first stays; where either was read counts all the same.
    fn add(&mut self, key: Box<dyn Signer>, source: KeySource, encrypted: bool) {
        self.sources.push((source, encrypted));
        // The same key twice would write every line twice and add nothing.
        if self.keys.iter().all(|known| known.public() != key.public()) {
            self.keys.push(key);
        }
    }

    /// Notes where a key was read, and the file that stands behind a link or a descriptor, which is
    /// returned.
    fn add_file(&mut self, path: PathBuf) -> Option<&Path> {
        let behind = path.canonicalize().ok();
        self.files.push(path);
        self.files.extend(behind.clone());
        behind.and_then(|_| self.files.last().map(PathBuf::as_path))
    }

    /// Where they were read, each place once.
    pub(super) fn read_from(&self) -> String {
        let mut names: Vec<_> = self.sources.iter().map(|(source, _)| source).collect();
        names.sort();
        names.dedup();
        names.into_iter().map(|source| source.name()).collect::<Vec<_>>().join(", ")
    }

    /// Whether a key was read there by whoever can read it.
    pub(super) fn in_clear(&self, source: KeySource) -> bool {
        self.sources.contains(&(source, false))
    }

    /// Fingerprints of the keys, sorted.
    pub(super) fn fingerprints(&self) -> Vec<String> {
        let mut all: Vec<_> = self.keys.iter().map(|key| key.public().to_string()).collect();
        all.sort();
        all
    }

    /// How long a list may be in the evidence itself, in bytes. An agent takes messages of 256 KiB, and
    /// there are several lists.
    pub(super) fn inline_max(&self) -> usize {
        if self.in_clear(KeySource::Agent) { INLINE_BYTES_MAX >> 4 } else { INLINE_BYTES_MAX }
    }

    /// Whether a key was read that needed a passphrase.
    pub(super) fn encrypted(&self) -> bool {
        self.sources.iter().any(|(_, encrypted)| *encrypted)
    }
}

/// What the text of a key turned out to be.
pub(super) enum Found {
    Key(SecretKey),
    Encrypted(EncryptedKey),
    /// The agent is meant.
    Public(PublicKey),
}

/// No variant of the errors holds any part of the text.
fn recognise(text: &[u8]) -> Result<Found, Failure> {
    match SecretKey::parse(text) {
        Ok(key) => Ok(Found::Key(key)),
        Err(SecretKeyError::Encrypted) => {
            EncryptedKey::parse(text).map(Found::Encrypted).map_err(Failure::usage)
        }
        Err(error @ SecretKeyError::OpenSsh) => Err(Failure::usage(error)
            .hint("add it to the SSH agent (ssh-add FILE), and sign with --key FILE.pub")),
        Err(error) => Err(Failure::usage(error)),
    }
}

/// A file may name a key of the agent, by the public half as OpenSSH writes it.
fn recognise_file(text: &[u8]) -> Result<Found, Failure> {
    let is_ssh = ["ssh-", "sk-", "ecdsa-"].iter().any(|sign| text.starts_with(sign.as_bytes()));
    if !is_ssh {
        return recognise(text);
    }
    PublicKey::parse(&String::from_utf8_lossy(text)).map(Found::Public).map_err(|error| {
        let failure = Failure::usage(&error);
        if matches!(error, PublicKeyError::Algorithm { .. }) {
            failure.hint("evidence is signed by plain Ed25519 alone: `ssh-keygen -t ed25519`; RSA, ECDSA and security keys (sk-) can't")
        } else {
            failure
        }
    })
}

/// Not the bare name: with a colon after it, what follows would read as the value, and be withheld.
fn in_variable() -> String {
    format!("the variable {KEY_VARIABLE} holds no usable key")
}

fn at(place: &str, failure: Failure) -> Failure {
    Failure { message: format!("{place}: {}", failure.message), ..failure }
}

/// `flag` is the one that names the file.
pub(super) fn read_key_file(flag: &str, path: &Path) -> Result<Found, Failure> {
    let text = file::read_secret(path, KEY_FILE_MAX).map_err(|error| {
        let hint = format!(
            "`proofmark keygen --out FILE` makes a key; {KEY_VARIABLE} takes the key itself"
        );
        unreadable_key(flag, path, &error).hint(hint)
    })?;
    recognise_file(&text).map_err(|failure| at(&printable_path(path), failure))
}

/// The keys while they are collected.
pub(super) struct Ring {
    keys: Keys,
    passphrases: Passphrases,
    agent: Option<PathBuf>,
}

impl Ring {
    pub(super) fn new(variables: &Variables, passphrases: Passphrases) -> Self {
        let agent = variables.raw(AGENT_VARIABLE).filter(|value| !value.is_empty());
        Self { keys: Keys::default(), passphrases, agent: agent.map(PathBuf::from) }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.keys.keys.is_empty()
    }

    pub(super) fn close(mut self, talk: Talk) -> Keys {
        if let Some(fd) = self.passphrases.descriptor() {
            // Its digest among the inputs would be something to guess against.
            let behind = self.keys.add_file(file::of_descriptor(fd));
            self.keys.passphrase_file = behind.is_some_and(Path::is_file);
        }
        if self.passphrases.is_idle() {
            talk.notice("--passphrase-fd was not needed: no key is encrypted");
        }
        self.keys
    }

    pub(super) fn add_file(&mut self, path: PathBuf) {
        self.keys.add_file(path);
    }

    /// `what` names it where something goes wrong.
    pub(super) fn add(
        &mut self,
        found: Found,
        what: &str,
        source: KeySource,
    ) -> Result<PublicKey, Failure> {
        let (key, source, encrypted): (Box<dyn Signer>, _, _) = match found {
            Found::Key(key) => (Box::new(key), source, false),
            Found::Encrypted(key) => (Box::new(self.passphrases.unlock(&key, what)?), source, true),
            Found::Public(public) => {
                let agent = self.agent().map_err(|failure| {
                    at(&format!("{what} is a public key, for the SSH agent to sign with"), failure)
                })?;
                let key = agent.key(public).map_err(|error| unusable(what, &error))?;
                (Box::new(key), KeySource::Agent, false)
            }
        };
        let public = key.public();
        self.keys.add(key, source, encrypted);
        Ok(public)
    }

    /// `--key`, or another `flag` that means the same.
    pub(super) fn add_named(&mut self, flag: &str, path: &Path) -> Result<(), Failure> {
        if path.as_os_str() == AGENT {
            let what = format!("{flag} {AGENT}");
            let key = self.agent()?.only_key().map_err(|error| unusable(&what, &error));
            self.keys.add(Box::new(key?), KeySource::Agent, false);
            return Ok(());
        }
        self.add(read_key_file(flag, path)?, &printable_path(path), KeySource::File)?;
        self.keys.add_file(path.to_owned());
        Ok(())
    }

    /// `--key-fd`.
    pub(super) fn add_descriptor(&mut self, fd: u32) -> Result<(), Failure> {
        let path = file::of_descriptor(fd);
        let text = file::read_secret(&path, KEY_FILE_MAX).map_err(|_unshown| {
            Failure::usage(format_args!("cannot read a key from descriptor {fd}"))
                .hint("open it for reading in the calling shell, as in `3< key`")
        })?;
        let what = format!("descriptor {fd}");
        let found = recognise(&text).map_err(|failure| at(&what, failure))?;
        self.add(found, &what, KeySource::Descriptor)?;
        // What stands behind it may be a file that the build can open by its own name.
        let readable = self.keys.add_file(path).is_some_and(file::is_readable);
        self.keys.descriptor_file |= readable;
        Ok(())
    }

    pub(super) fn add_variables(&mut self, variables: &Variables) -> Result<(), Failure> {
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
                return Err(Failure::usage(message));
            }
            (Some(value), None) => {
                let found = recognise(value.as_encoded_bytes())
                    .map_err(|failure| at(&in_variable(), failure))
                    .map_err(|failure| match failure.hint {
                        None => failure.hint(format!(
                            "it holds the key itself; a path goes in {KEY_FILE_VARIABLE}"
                        )),
                        Some(_) => failure,
                    })?;
                self.add(found, &in_variable(), KeySource::Variable)?;
            }
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                // The value is a path by its name only: it could be the key, put in the wrong one.
                let found = read_key_file(KEY_FILE_VARIABLE, &path).map_err(|_unshown| {
                    Failure::usage(format_args!(
                        "{KEY_FILE_VARIABLE} names no readable Ed25519 private key (PKCS#8 PEM)"
                    ))
                    .hint(format!("put a path in it; the key itself goes in {KEY_VARIABLE}"))
                })?;
                self.add(found, KEY_FILE_VARIABLE, KeySource::File)?;
                self.keys.add_file(path);
            }
            (None, None) => {}
        }
        Ok(())
    }

    fn agent(&self) -> Result<Agent, Failure> {
        self.agent.clone().map(Agent::new).ok_or_else(|| {
            Failure::usage(format_args!("no SSH agent: {AGENT_VARIABLE} is not set"))
                .hint("start one and add the key: eval \"$(ssh-agent)\"; ssh-add FILE")
        })
    }
}

fn unusable(what: &str, error: &AgentKeyError) -> Failure {
    let failure = Failure::usage(format_args!("{what}: {error}"));
    match error {
        AgentKeyError::Several(_) => failure.hint("name one by its public half: --key FILE.pub"),
        AgentKeyError::NotHeld(_) | AgentKeyError::NoKey | AgentKeyError::Refused => {
            failure.hint("`ssh-add -l` lists what the agent holds, `ssh-add FILE` adds a key")
        }
        _ => failure,
    }
}
