//! `proofmark keygen`: a new signing key.

use std::path::PathBuf;

use clap::Args;

use super::bracket;
use super::failure::Failure;
use super::passphrase::Passphrases;
use super::sign_args::{KEY_VARIABLE, output_failure};
use super::talk::Talk;
use crate::base::dirs;
use crate::base::file::{self, Access, Overwrite};
use crate::base::text::printable_path;
use crate::capture::environment::Variables;
use crate::capture::platform::{self, Kind};
use crate::sign::SecretKey;

/// Longest name of a product, in bytes.
const PRODUCT_MAX: usize = 64;

/// Make an Ed25519 key pair: KEY (PKCS#8 PEM, mode 0600) and KEY.pub (SPKI PEM)
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("place").required(true).args(["out", "product"])))]
pub(super) struct Keygen {
    /// Where the private key goes; the public one goes to KEY.pub
    #[arg(long, value_name = "KEY")]
    out: Option<PathBuf>,
    /// Make a key for one product alone, in the user's own folder: keys/NAME.pem
    #[arg(long, value_name = "NAME", value_parser = product)]
    product: Option<String>,
    /// Encrypt the private key with a passphrase (scrypt, AES-256), asked for at the terminal
    #[arg(long)]
    encrypt: bool,
    /// Read the passphrase from this descriptor instead
    #[arg(long, value_name = "N", requires = "encrypt")]
    passphrase_fd: Option<u32>,
    /// Replace keys that are there
    #[arg(long)]
    force: bool,
}

/// A name that is a file's on every system, and no flag.
fn product(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    if plain && (1..=PRODUCT_MAX).contains(&text.len()) && !text.starts_with(['.', '-']) {
        Ok(text.into())
    } else {
        Err(format!(
            "expected at most {PRODUCT_MAX} ASCII letters, digits and `.-_`, not beginning with `.` or `-`"
        ))
    }
}

pub(super) fn run(args: &Keygen, talk: Talk) -> Result<(), Failure> {
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Never };
    let out = args.destination()?;
    let mut public = out.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    for path in [&out, &public] {
        file::check_free(path, overwrite).map_err(output_failure)?;
    }
    let key = SecretKey::generate().map_err(Failure::trouble)?;
    let secret = if args.encrypt {
        let passphrase = args.passphrases().choose(talk)?;
        key.to_encrypted_pem(&passphrase).map_err(Failure::trouble)?
    } else {
        key.to_pem()
    };
    let pem = key.public().to_spki_pem();
    // Both are whole before either has its name: an old pair is never left without its private half.
    let draft = |path, access, text: &str| {
        file::draft(path, overwrite, access, |out| out.write_all(text.as_bytes()))
            .map_err(Failure::trouble)
    };
    let private = draft(&out, Access::Private, &secret)?;
    let published = draft(&public, Access::Umask, &pem)?;
    private.place().map_err(Failure::trouble)?;
    published.place().map_err(Failure::trouble)?;
    talk.say(format_args!(
        "wrote {} (keep it secret) and {} (give it to whoever verifies)",
        printable_path(&out),
        printable_path(&public)
    ));
    talk.say(format_args!("fingerprint {}", key.public()));
    if let Some(product) = &args.product {
        talk.say(format_args!(
            "for a workflow: put the private key in the secret {}, and that in the step's variable {KEY_VARIABLE}",
            secret_name(product)
        ));
    }
    Ok(())
}

/// A secret's name has letters, digits and `_` at GitHub.
fn secret_name(product: &str) -> String {
    let name = product.replace(['.', '-'], "_").to_ascii_uppercase();
    format!("{KEY_VARIABLE}_{name}")
}

impl Keygen {
    fn destination(&self) -> Result<PathBuf, Failure> {
        match (&self.out, &self.product) {
            (None, Some(product)) => {
                let folder = dirs::config().ok_or_else(|| {
                    Failure::usage("--product: there is no home folder to keep the key in")
                        .hint("say where it goes with --out")
                })?;
                let folder = folder.join("keys");
                file::make_private_folder(&folder).map_err(Failure::trouble)?;
                Ok(folder.join(format!("{product}.pem")))
            }
            (Some(out), _) => Ok(out.clone()),
            // The arguments' parser asks for one.
            (None, None) => Err(Failure::usage("expected --out or --product")),
        }
    }

    fn passphrases(&self) -> Passphrases {
        let variables = Variables::read();
        let platform = platform::capture(&variables, &bracket::redactor(&variables));
        Passphrases::new(self.passphrase_fd, platform.kind == Kind::Local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_s_name_stays_in_the_folder_of_keys() {
        for name in ["app", "app-1.2_x", "A", &"x".repeat(64)] {
            assert_eq!(product(name).unwrap(), *name);
        }
        for name in ["", ".", "..", ".app", "-app", "a/b", "a\\b", "a b", "ü", "a\n", "a:b", "~"] {
            assert!(product(name).is_err(), "{name:?}");
        }
        assert!(product(&"x".repeat(65)).is_err());
    }

    #[test]
    fn a_secret_s_name_is_one_that_github_takes() {
        assert_eq!(secret_name("my-app.v2"), "PROOFMARK_KEY_MY_APP_V2");
    }
}
