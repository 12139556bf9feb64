//! Keys and payload in, lines of an evidence file out.

mod agent;
mod encrypted;
mod key;

use std::fmt;

pub use agent::{Agent, AgentKey, AgentKeyError};
pub use encrypted::{EncryptError, EncryptedKey};
pub use key::{SecretKey, SecretKeyError};

use crate::format::bundle::NewBundle;
use crate::format::dsse::{Envelope, IN_TOTO_PAYLOAD_TYPE, Signature, pae};
use crate::format::json::{self, JsonError};
use crate::format::key::PublicKey;

/// Whoever makes pure Ed25519 signatures (RFC 8032). `Debug` shows nothing secret.
pub trait Signer: fmt::Debug {
    /// The public half.
    fn public(&self) -> PublicKey;

    /// A signature of `message` that [`Self::public`] verifies.
    ///
    /// # Errors
    /// Where the key is held by another process.
    fn signature(&self, message: &[u8]) -> Result<[u8; 64], AgentKeyError>;
}

impl Signer for SecretKey {
    fn public(&self) -> PublicKey {
        Self::public(self)
    }

    fn signature(&self, message: &[u8]) -> Result<[u8; 64], AgentKeyError> {
        Ok(self.sign(message))
    }
}

/// No line could be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The SSH agent's part.
    #[error(transparent)]
    Agent(#[from] AgentKeyError),
    /// The serialiser's word; for the forms that are written today there is none.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// Signs `payload`, the bytes of a Statement, and gives the line of a bundle without its line feed.
///
/// Pure Ed25519 (RFC 8032) over the PAE. Not checked: that the payload is a Statement.
///
/// # Errors
/// Never for a key at hand; an SSH agent may refuse, or take no payload of this length.
pub fn sign(payload: Vec<u8>, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    let bytes = signer.signature(&pae(IN_TOTO_PAYLOAD_TYPE, &payload))?;
    let public = signer.public();
    let signature = Signature { bytes: bytes.to_vec(), keyid: public.fingerprint() };
    let envelope = Envelope::new(IN_TOTO_PAYLOAD_TYPE.to_owned(), payload, vec![signature]);
    Ok(json::to_line(&NewBundle::new(&envelope, public.hint()))?)
}
