//! Keys that stay in an SSH agent (draft-miller-ssh-agent): asked for a signature, never for the key.
//!
//! Pure Ed25519 over the same bytes as a key at hand: whoever verifies can't tell, and needn't. The
//! agent is untrusted: a signature counts once it verifies.

use std::path::PathBuf;
use std::time::Duration;

use super::Signer;
use crate::base::agent::{AgentError, PATIENCE, ask};
use crate::format::key::PublicKey;

const ALGORITHM: &[u8] = b"ssh-ed25519";
const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// Most keys that an error lists.
const LISTED_MAX: usize = 16;

/// The agent can't sign, or hasn't signed what it should.
#[derive(Debug, thiserror::Error)]
pub enum AgentKeyError {
    /// No answer.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// It said no: the user declined, the agent is locked, the key is gone.
    #[error("the SSH agent refused")]
    Refused,
    /// Not the protocol's form.
    #[error("the SSH agent's answer can't be read")]
    Garbled,
    /// A signature that isn't plain Ed25519, as a security key makes it.
    #[error("the SSH agent gave a signature of another kind, expected ssh-ed25519 with 64 bytes")]
    Kind,
    /// A signature of other bytes or by another key.
    #[error("the SSH agent gave a signature that doesn't verify")]
    Wrong,
    /// It holds other keys, or none.
    #[error("the SSH agent doesn't hold the key {0}")]
    NotHeld(Box<PublicKey>),
    /// Nothing to choose.
    #[error(
        "the SSH agent holds no Ed25519 key (RSA, ECDSA and security keys can't sign evidence)"
    )]
    NoKey,
    /// Too much to choose from; at most 16 are listed.
    #[error("the SSH agent holds several Ed25519 keys, expected one: {}", listed(.0))]
    Several(Vec<PublicKey>),
}

fn listed(keys: &[PublicKey]) -> String {
    let shown: Vec<_> = keys.iter().take(LISTED_MAX).map(PublicKey::fingerprint).collect();
    let rest = keys.len().saturating_sub(LISTED_MAX);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// An SSH agent, by its socket.
#[derive(Debug, Clone)]
pub struct Agent {
    socket: PathBuf,
    patience: Duration,
}

impl Agent {
    /// The one that listens at `socket`. Nothing is asked yet.
    #[must_use]
    pub const fn new(socket: PathBuf) -> Self {
        Self { socket, patience: PATIENCE }
    }

    /// The Ed25519 keys that it says it holds, sorted, each once.
    ///
    /// # Errors
    /// No answer or a garbled one.
    pub fn keys(&self) -> Result<Vec<PublicKey>, AgentKeyError> {
        let answer = ask(&self.socket, &[REQUEST_IDENTITIES], self.patience)?;
        let mut keys = identities(&answer)?;
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// The key with this public half.
    ///
    /// # Errors
    /// Where the agent doesn't say that it holds it.
    pub fn key(self, public: PublicKey) -> Result<AgentKey, AgentKeyError> {
        if self.keys()?.contains(&public) {
            Ok(AgentKey { agent: self, public })
        } else {
            Err(AgentKeyError::NotHeld(public.into()))
        }
    }

    /// The only Ed25519 key.
    ///
    /// # Errors
    /// Where there is none, or a second one.
    pub fn only_key(self) -> Result<AgentKey, AgentKeyError> {
        let keys = self.keys()?;
        match keys.as_slice() {
            [] => Err(AgentKeyError::NoKey),
            [public] => Ok(AgentKey { public: *public, agent: self }),
            _ => Err(AgentKeyError::Several(keys)),
        }
    }
}

/// A key that an agent holds: only its public half is known here.
#[derive(Debug, Clone)]
pub struct AgentKey {
    agent: Agent,
    public: PublicKey,
}

impl Signer for AgentKey {
    fn public(&self) -> PublicKey {
        self.public
    }

    /// An agent that confirms each use has [`PATIENCE`] for it.
    fn signature(&self, message: &[u8]) -> Result<[u8; 64], AgentKeyError> {
        let mut request = vec![SIGN_REQUEST];
        for text in [&self.public.to_ssh_bytes(), message] {
            // What is too long for its length is too long for the message, which is refused below.
            request.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            request.extend(text);
        }
        // No flags: they choose among hashes for RSA.
        request.extend([0; 4]);
        let answer = ask(&self.agent.socket, &request, self.agent.patience)?;
        let signature = signed(&answer)?;
        if self.public.verifies(message, &signature) {
            Ok(signature)
        } else {
            Err(AgentKeyError::Wrong)
        }
    }
}

/// What is left of a message to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// After the byte that says what it is.
    fn of(message: &'a [u8], kind: u8) -> Result<Self, AgentKeyError> {
        match message.split_first() {
            Some((&found, rest)) if found == kind => Ok(Self(rest)),
            Some((&FAILURE, _)) => Err(AgentKeyError::Refused),
            _ => Err(AgentKeyError::Garbled),
        }
    }

    fn number(&mut self) -> Result<u32, AgentKeyError> {
        let (number, rest) = self.0.split_first_chunk().ok_or(AgentKeyError::Garbled)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    fn text(&mut self) -> Result<&'a [u8], AgentKeyError> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or(AgentKeyError::Garbled)?;
        self.0 = rest;
        Ok(text)
    }

    const fn end(&self) -> Result<(), AgentKeyError> {
        if self.0.is_empty() { Ok(()) } else { Err(AgentKeyError::Garbled) }
    }
}

/// Keys of other kinds are passed over.
fn identities(answer: &[u8]) -> Result<Vec<PublicKey>, AgentKeyError> {
    let mut rest = Rest::of(answer, IDENTITIES_ANSWER)?;
    let mut keys = Vec::new();
    // However many it announces: without bytes the reading ends.
    for _ in 0..rest.number()? {
        let key = rest.text()?;
        let _comment = rest.text()?;
        keys.extend(ed25519(key));
    }
    rest.end()?;
    Ok(keys)
}

fn ed25519(key: &[u8]) -> Option<PublicKey> {
    let mut rest = Rest(key);
    if rest.text().ok()? != ALGORITHM {
        return None;
    }
    let public = PublicKey::from_bytes(rest.text().ok()?.try_into().ok()?).ok()?;
    rest.end().ok()?;
    Some(public)
}

fn signed(answer: &[u8]) -> Result<[u8; 64], AgentKeyError> {
    let mut rest = Rest::of(answer, SIGN_RESPONSE)?;
    let mut blob = Rest(rest.text()?);
    rest.end()?;
    let algorithm = blob.text()?;
    let signature = blob.text()?;
    // A security key's has a counter and flags behind it.
    let plain = algorithm == ALGORITHM && blob.end().is_ok();
    signature.try_into().ok().filter(|_| plain).ok_or(AgentKeyError::Kind)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::sign::SecretKey;

    fn text(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    fn identities_of(blobs: &[Vec<u8>]) -> Vec<u8> {
        let mut answer = vec![IDENTITIES_ANSWER];
        answer.extend(u32::try_from(blobs.len()).unwrap().to_be_bytes());
        for blob in blobs {
            answer.extend([text(blob), text(b"somebody@somewhere")].concat());
        }
        answer
    }

    fn signature_of(algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
        let blob = [text(algorithm), text(signature)].concat();
        [&[SIGN_RESPONSE][..], &text(&blob)].concat()
    }

    /// An agent that answers one request.
    fn agent(
        answer: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static,
        patience: Duration,
    ) -> (tempfile::TempDir, Agent) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut request).unwrap();
            let _ = stream.write_all(&text(&answer(&request)));
        });
        (folder, Agent { socket, patience })
    }

    /// What comes of signing `b"message"` with an agent that answers so.
    fn signing(
        answer: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> Result<[u8; 64], AgentKeyError> {
        let public = SecretKey::from_seed([1; 32]).public();
        let (_folder, agent) = agent(answer, PATIENCE);
        AgentKey { agent, public }.signature(b"message")
    }

    fn is_garbled<T>(result: &Result<T, AgentKeyError>) -> bool {
        matches!(result, Err(AgentKeyError::Garbled))
    }

    #[test]
    fn an_agent_is_asked_in_the_protocol_s_form_and_its_signature_verifies() {
        let key = SecretKey::from_seed([1; 32]);
        let expected = key.sign(b"message");
        let blob = key.public().to_ssh_bytes();
        let request = [&[13][..], &text(&blob), &text(b"message"), &[0; 4]].concat();
        let signed = signing(move |found| {
            assert_eq!(found, request);
            signature_of(b"ssh-ed25519", &key.sign(b"message"))
        });
        assert_eq!(signed.unwrap(), expected);
        assert_eq!(&blob[..19], b"\0\0\0\x0bssh-ed25519\0\0\0\x20");
    }

    #[test]
    fn a_signature_of_other_bytes_or_by_another_key_is_never_used() {
        let (own, other) = (SecretKey::from_seed([1; 32]), SecretKey::from_seed([2; 32]));
        for wrong in [own.sign(b"massage"), other.sign(b"message"), [0; 64]] {
            let signed = signing(move |_| signature_of(b"ssh-ed25519", &wrong));
            assert!(matches!(signed, Err(AgentKeyError::Wrong)));
        }
    }

    #[test]
    fn a_signature_of_another_kind_is_told_from_garbage() {
        let sound = SecretKey::from_seed([1; 32]).sign(b"message");
        let security_key =
            [text(b"sk-ssh-ed25519@openssh.com"), text(&sound), vec![1, 0, 0, 0, 9]].concat();
        let trailing = [text(b"ssh-ed25519"), text(&sound), vec![0]].concat();
        for answer in [
            signature_of(b"rsa-sha2-512", &[7; 256]),
            signature_of(b"ssh-ed25519", &sound[..63]),
            signature_of(b"ssh-ed25519", &[]),
            [vec![SIGN_RESPONSE], text(&security_key)].concat(),
            [vec![SIGN_RESPONSE], text(&trailing)].concat(),
        ] {
            assert!(matches!(signing(move |_| answer), Err(AgentKeyError::Kind)));
        }
        assert!(matches!(signing(|_| vec![FAILURE]), Err(AgentKeyError::Refused)));
        let whole = signature_of(b"ssh-ed25519", &sound);
        for length in 1..whole.len() {
            let cut = whole[..length].to_vec();
            assert!(is_garbled(&signing(move |_| cut)), "cut at {length}");
        }
        for answer in [vec![6], vec![0; 9000], [whole, vec![0]].concat()] {
            assert!(is_garbled(&signing(move |_| answer)));
        }
    }

    #[test]
    fn an_agent_that_never_answers_costs_no_more_than_the_patience() {
        let wait = |_: &[u8]| {
            std::thread::sleep(Duration::from_millis(500));
            vec![FAILURE]
        };
        let (_folder, agent) = agent(wait, Duration::from_millis(80));
        let error = agent.keys().unwrap_err();
        assert!(matches!(error, AgentKeyError::Agent(AgentError::TimedOut(_))));
    }

    #[test]
    fn the_only_ed25519_key_is_found_among_others_and_several_are_listed() {
        let public = |seed| SecretKey::from_seed([seed; 32]).public();
        let security_key =
            [text(b"sk-ssh-ed25519@openssh.com"), text(&[3; 32]), text(b"ssh:")].concat();
        let others = vec![
            security_key,
            [text(b"ssh-rsa"), text(&[1, 0, 1]), text(&[9; 256])].concat(),
            [text(b"ssh-ed25519"), text(&[0; 32])].concat(),
            [text(b"ssh-ed25519"), text(&[5; 31])].concat(),
            b"x".to_vec(),
            Vec::new(),
        ];
        let holding = |keys: &[u8]| {
            let keys = keys.iter().map(|seed| public(*seed).to_ssh_bytes());
            let answer = identities_of(&others.clone().into_iter().chain(keys).collect::<Vec<_>>());
            agent(move |_| answer, PATIENCE)
        };
        let (_folder, one) = holding(&[1, 1]);
        assert_eq!(one.only_key().unwrap().public(), public(1));
        let (_folder, none) = holding(&[]);
        assert!(matches!(none.only_key(), Err(AgentKeyError::NoKey)));
        let (_folder, two) = holding(&[1, 2]);
        let error = two.only_key().unwrap_err().to_string();
        for seed in [1, 2] {
            assert!(error.contains(&public(seed).fingerprint()), "{error}");
        }
        let (_folder, many) = holding(&(1..=40).collect::<Vec<_>>());
        let error = many.only_key().unwrap_err().to_string();
        assert!(error.ends_with(" and 24 more"), "{error}");
        let (_folder, one) = holding(&[1]);
        assert!(matches!(one.clone().key(public(2)), Err(AgentKeyError::NotHeld(_))));
        let (_folder, one) = holding(&[1]);
        assert_eq!(one.key(public(1)).unwrap().public(), public(1));
    }

    #[test]
    fn a_list_that_announces_more_than_it_holds_is_garbled() {
        let one = identities_of(&[SecretKey::from_seed([1; 32]).public().to_ssh_bytes()]);
        for cut in 1..one.len() {
            assert!(is_garbled(&identities(&one[..cut])), "cut at {cut}");
        }
        let endless = [&[IDENTITIES_ANSWER][..], &[0xff; 4]].concat();
        let trailing = [&one[..], &[0]].concat();
        let huge = [&[IDENTITIES_ANSWER, 0, 0, 0, 1][..], &[0xff; 8]].concat();
        for answer in [endless, trailing, huge, vec![], vec![7]] {
            assert!(is_garbled(&identities(&answer)));
        }
        assert_eq!(identities(&one).unwrap().len(), 1);
    }
}
