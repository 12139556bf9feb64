//! `proofmark keygen`: a new signing key.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use super::sign_args::output_failure;
use super::talk::Talk;
use crate::base::file::{self, Access, Overwrite};
use crate::base::text::printable_path;
use crate::sign::SecretKey;

/// Make an Ed25519 key pair: KEY (PKCS#8 PEM, mode 0600) and KEY.pub (SPKI PEM)
#[derive(Debug, Args)]
pub(super) struct Keygen {
    /// Where the private key goes; the public one goes to KEY.pub
    #[arg(long, value_name = "KEY")]
    out: PathBuf,
    /// Replace keys that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Keygen, talk: Talk) -> Result<(), Failure> {
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Never };
    let mut public = args.out.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    for path in [&args.out, &public] {
        file::check_free(path, overwrite).map_err(output_failure)?;
    }
    let key = SecretKey::generate().map_err(Failure::trouble)?;
    let secret = key.to_pem();
    let pem = key.public().to_spki_pem();
    // Both are whole before either has its name: an old pair is never left without its private half.
    let draft = |path, access, text: &str| {
        file::draft(path, overwrite, access, |out| out.write_all(text.as_bytes()))
            .map_err(Failure::trouble)
    };
    let private = draft(&args.out, Access::Private, &secret)?;
    let published = draft(&public, Access::Umask, &pem)?;
    private.place().map_err(Failure::trouble)?;
    published.place().map_err(Failure::trouble)?;
    talk.say(format_args!(
        "wrote {} (keep it secret) and {} (give it to whoever verifies)",
        printable_path(&args.out),
        printable_path(&public)
    ));
    talk.say(format_args!("fingerprint {}", key.public()));
    Ok(())
}
