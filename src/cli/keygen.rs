//! `proofmark keygen`: a new signing key.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
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
        file::check_free(path, overwrite).map_err(|error| {
            Failure::usage(error).hint("name another with --out, or replace it with --force")
        })?;
    }
    let key = SecretKey::generate().map_err(Failure::trouble)?;
    file::write_bytes(&args.out, overwrite, Access::Private, key.to_pem().as_bytes())
        .map_err(Failure::trouble)?;
    let pem = key.public().to_spki_pem();
    if let Err(error) = file::write_bytes(&public, overwrite, Access::Umask, pem.as_bytes()) {
        // Half a pair would be "output exists" the next time.
        let _ = file::remove(&args.out);
        return Err(Failure::trouble(error));
    }
    talk.say(format_args!(
        "wrote {} (keep it secret) and {} (give it to whoever verifies)",
        printable_path(&args.out),
        printable_path(&public)
    ));
    talk.say(format_args!("fingerprint {}", key.public()));
    Ok(())
}
