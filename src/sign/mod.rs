//! Keys and payload in, lines of an evidence file out.

mod key;

pub use key::{SecretKey, SecretKeyError};

use crate::format::bundle::NewBundle;
use crate::format::dsse::{Envelope, IN_TOTO_PAYLOAD_TYPE, Signature, pae};
use crate::format::json::{self, JsonError};

/// Signs `payload`, the bytes of a Statement, and gives the line of a bundle without its line feed.
///
/// Pure Ed25519 (RFC 8032) over the PAE. Not checked: that the payload is a Statement.
///
/// # Errors
/// Never for the forms that are written today; the serialiser's word is passed on.
pub fn sign(payload: Vec<u8>, key: &SecretKey) -> Result<Vec<u8>, JsonError> {
    let bytes = key.sign(&pae(IN_TOTO_PAYLOAD_TYPE, &payload));
    let public = key.public();
    let signature = Signature { bytes: bytes.to_vec(), keyid: public.fingerprint() };
    let envelope = Envelope::new(IN_TOTO_PAYLOAD_TYPE.to_owned(), payload, vec![signature]);
    json::to_line(&NewBundle::new(&envelope, public.hint()))
}
