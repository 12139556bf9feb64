//! Passphrases: from a descriptor, or asked at the terminal. Never from a variable or an argument, which
//! other processes can read.

use zeroize::Zeroizing;

use super::failure::Failure;
use super::talk::Talk;
use crate::base::file;
use crate::sign::{EncryptedKey, SecretKey, SecretKeyError};

/// Longest passphrase, in bytes.
const PASSPHRASE_MAX: usize = 1024;
/// Fewer characters than this are guessed in no long time.
const CHARACTERS_USUAL_MIN: usize = 12;
/// How often the terminal is asked for the same thing.
const TRIES: u32 = 3;

type Passphrase = Zeroizing<Vec<u8>>;

/// Where passphrases come from. No `Debug`: it holds one.
pub(super) struct Passphrases {
    descriptor: Option<u32>,
    /// What the descriptor gave: a pipe gives it once.
    read: Option<Passphrase>,
    may_ask: bool,
    asked_for: bool,
}

impl Passphrases {
    /// From `descriptor`, else from the terminal, if somebody may sit there.
    pub(super) const fn new(descriptor: Option<u32>, may_ask: bool) -> Self {
        Self { descriptor, read: None, may_ask, asked_for: false }
    }

    /// A descriptor was named for a passphrase, and none was needed.
    pub(super) const fn is_idle(&self) -> bool {
        self.descriptor.is_some() && !self.asked_for
    }

    pub(super) const fn descriptor(&self) -> Option<u32> {
        self.descriptor
    }

    /// Decrypts the key that `what` names.
    pub(super) fn unlock(&mut self, key: &EncryptedKey, what: &str) -> Result<SecretKey, Failure> {
        self.asked_for = true;
        let failed = |error: SecretKeyError| Failure::usage(format_args!("{what}: {error}"));
        if let Some(passphrase) = self.read_descriptor()? {
            return key.unlock(passphrase).map_err(failed);
        }
        for _ in 1..TRIES {
            let passphrase = self.ask(&format!("Passphrase of {what}: "))?;
            match key.unlock(&passphrase) {
                Err(SecretKeyError::Passphrase) => {}
                other => return other.map_err(failed),
            }
        }
        let passphrase = self.ask(&format!("Passphrase of {what} (last try): "))?;
        key.unlock(&passphrase).map_err(failed)
    }

    /// A passphrase for a new key; asked twice at the terminal.
    pub(super) fn choose(&mut self, talk: Talk) -> Result<Passphrase, Failure> {
        self.asked_for = true;
        let chosen = match self.read_descriptor()? {
            Some(passphrase) => passphrase.clone(),
            None => self.ask_twice()?,
        };
        // Refused, it would drive people to no passphrase at all.
        if String::from_utf8_lossy(&chosen).chars().count() < CHARACTERS_USUAL_MIN {
            talk.notice(format_args!(
                "the passphrase has fewer than {CHARACTERS_USUAL_MIN} characters: whoever gets the file may guess it"
            ));
        }
        Ok(chosen)
    }

    fn ask_twice(&self) -> Result<Passphrase, Failure> {
        for _ in 0..TRIES {
            let passphrase = self.ask("Passphrase for the new key: ")?;
            check(&passphrase)?;
            if passphrase == self.ask("The same again: ")? {
                return Ok(passphrase);
            }
        }
        Err(Failure::usage("the two passphrases differ"))
    }

    fn read_descriptor(&mut self) -> Result<Option<&Passphrase>, Failure> {
        if self.read.is_none()
            && let Some(fd) = self.descriptor
        {
            let cap = PASSPHRASE_MAX as u64 + 1;
            let mut text =
                file::read_secret(&file::of_descriptor(fd), cap).map_err(|error| match error {
                    file::FileError::TooLarge { .. } => too_long(),
                    _ => Failure::usage(format_args!(
                        "cannot read a passphrase from descriptor {fd}"
                    ))
                    .hint("open it for reading in the calling shell, as in `3< passphrase`"),
                })?;
            // `echo` and editors put it there.
            if text.last() == Some(&b'\n') {
                text.pop();
            }
            check(&text)?;
            self.read = Some(text);
        }
        Ok(self.read.as_ref())
    }

    /// At the terminal itself: stdin is the command's, and stderr may go to a file.
    fn ask(&self, prompt: &str) -> Result<Passphrase, Failure> {
        let answer = if self.may_ask {
            rpassword::prompt_password(prompt)
        } else {
            Err(std::io::ErrorKind::NotFound.into())
        };
        let answer = answer.map_err(|_unshown| {
            Failure::usage("a passphrase is needed, and there is no terminal to ask for it")
                .hint("give it by a descriptor: --passphrase-fd 3 3< FILE")
        })?;
        let answer = Zeroizing::new(answer.into_bytes());
        if answer.len() > PASSPHRASE_MAX { Err(too_long()) } else { Ok(answer) }
    }
}

fn check(passphrase: &[u8]) -> Result<(), Failure> {
    match passphrase.len() {
        0 => Err(Failure::usage("the passphrase is empty")),
        1..=PASSPHRASE_MAX => Ok(()),
        _ => Err(too_long()),
    }
}

fn too_long() -> Failure {
    Failure::usage(format_args!("the passphrase has more than {PASSPHRASE_MAX} bytes"))
}
