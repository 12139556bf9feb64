//! A commit's signature: told by its kind, and checked where it is an SSH one.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, Signature, SshSig};

use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::capture::git::history::allowed_signers::{AllowedSigners, Refusal};
use crate::capture::git::people;
use crate::format::dsse::decode_base64;
use crate::format::evidence::CommitSignature;
use crate::format::key::PublicKey;

/// What git signs commits for.
const NAMESPACE: &str = "git";
/// Largest signature, in bytes.
const SIGNATURE_MAX: usize = 64 << 10;
/// Kinds of keys whose signatures are checked.
const CHECKED: [&str; 3] = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"];
/// Other kinds, which can be named.
const NAMED: [&str; 6] = [
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
];

/// What was found out. The principal isn't a fingerprint yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checked<'a> {
    pub(super) signature: CommitSignature,
    pub(super) principal: Option<&'a str>,
}

/// What a commit's bytes hold of signatures.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    /// The first signature, without the space at the beginning of each line.
    signature: Vec<u8>,
    /// How many there are.
    count: usize,
    /// The commit without its signatures: what was signed.
    payload: Vec<u8>,
}

/// Looks at the signature of a commit that was made `when`, which it says itself.
pub(super) fn check<'a>(
    commit: &[u8],
    when: Time,
    signers: Option<&'a AllowedSigners>,
) -> Checked<'a> {
    let Some(parts) = parts(commit) else { return Checked::new("none", "none", None) };
    let kind = people::kind(&parts.signature);
    if kind != "ssh" {
        return Checked::new(kind, "not checkable", Some("only SSH signatures are checked"));
    }
    // Without all of its fields it is a signature of nobody.
    let fields = Fields::parse(&parts.signature);
    let key = fields.as_ref().map(|fields| fingerprint(&fields.key));
    let mut checked = match (signers, &fields) {
        (None, _) => Checked::new(kind, "not checked", Some("no allowed signers were given")),
        _ if parts.count > 1 => {
            Checked::new(kind, "not checkable", Some("the commit has several signatures"))
        }
        (_, None) => Checked::new(kind, "bad", Some("the signature can't be read")),
        (Some(signers), Some(fields)) => fields.check(&parts.payload, when, signers),
    };
    checked.signature.key = key;
    checked
}

impl Checked<'_> {
    fn new(kind: &str, state: &str, reason: Option<&str>) -> Self {
        let signature = CommitSignature {
            kind: kind.to_owned(),
            state: state.to_owned(),
            key: None,
            principal: None,
            reason: reason.map(str::to_owned),
        };
        Self { signature, principal: None }
    }
}

/// Takes the signatures out of a commit, as git does: those of `gpgsig`, and those of `gpgsig-sha256`, which
/// a repository of another format would check.
fn parts(commit: &[u8]) -> Option<Parts> {
    let mut found = Parts { signature: Vec::new(), count: 0, payload: Vec::new() };
    let mut inside = Inside::Headers;
    let mut rest = commit;
    while !rest.is_empty() {
        // What follows the empty line is the message, whatever it looks like.
        if rest.starts_with(b"\n") {
            found.payload.extend_from_slice(rest);
            break;
        }
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        let mut value = None;
        if let Some(more) = line.strip_prefix(b" ") {
            value = Some(more);
        } else if let Some(first) = line.strip_prefix(b"gpgsig ") {
            found.count += 1;
            inside = Inside::Signature;
            value = Some(first);
        } else if line.starts_with(b"gpgsig") {
            inside = Inside::OtherSignature;
        } else {
            inside = Inside::Headers;
        }
        match (inside, value) {
            (Inside::Signature, Some(value)) if found.count == 1 => {
                if found.signature.len() <= SIGNATURE_MAX {
                    found.signature.extend_from_slice(value);
                }
            }
            (Inside::Signature | Inside::OtherSignature, _) => {}
            (Inside::Headers, _) => found.payload.extend_from_slice(line),
        }
    }
    (found.count > 0).then_some(found)
}

#[derive(Clone, Copy)]
enum Inside {
    Headers,
    Signature,
    OtherSignature,
}

/// An SSH signature (PROTOCOL.sshsig). What it says of itself isn't to be believed before it verifies.
struct Fields {
    key: Vec<u8>,
    kind: Vec<u8>,
    namespace: Vec<u8>,
    hash: Vec<u8>,
    signature: Vec<u8>,
}

impl Fields {
    fn parse(armour: &[u8]) -> Option<Self> {
        if armour.len() > SIGNATURE_MAX {
            return None;
        }
        let text = std::str::from_utf8(armour).ok()?.trim();
        let text = text.strip_prefix("-----BEGIN SSH SIGNATURE-----")?;
        let text = text.strip_suffix("-----END SSH SIGNATURE-----")?;
        let base64: String = text.split_ascii_whitespace().collect();
        let bytes = decode_base64(&base64, "signature").ok()?;
        let mut rest = bytes.strip_prefix(b"SSHSIG\0\0\0\x01")?;
        let key = string(&mut rest)?.to_vec();
        let kind = string(&mut key.as_slice())?.to_vec();
        let namespace = string(&mut rest)?.to_vec();
        // Reserved: to be ignored.
        string(&mut rest)?;
        let hash = string(&mut rest)?.to_vec();
        let signature = string(&mut rest)?.to_vec();
        rest.is_empty().then_some(Self { key, kind, namespace, hash, signature })
    }

    fn check<'a>(&self, payload: &[u8], when: Time, signers: &'a AllowedSigners) -> Checked<'a> {
        let bad = |reason| Checked::new("ssh", "bad", Some(reason));
        if !CHECKED.iter().any(|kind| kind.as_bytes() == self.kind) {
            let named = NAMED.iter().find(|kind| kind.as_bytes() == self.kind);
            let reason = format!("{} keys aren't checked", named.unwrap_or(&"such"));
            return Checked::new("ssh", "not checkable", Some(&reason));
        }
        // Whoever has a signature for another purpose could pass it off for one of a commit.
        if self.namespace != NAMESPACE.as_bytes() {
            return bad("it was made for another purpose (namespace)");
        }
        if !self.verifies(payload) {
            return bad("the signature doesn't verify");
        }
        match signers.allows(&self.key, NAMESPACE, when) {
            Ok(principals) => {
                Checked { principal: Some(principals), ..Checked::new("ssh", "good", None) }
            }
            Err(Refusal::NotAllowed) => bad("the key isn't allowed"),
            Err(Refusal::Namespace) => bad("the key isn't allowed for commits (namespaces)"),
            Err(Refusal::Validity) => bad("the key isn't allowed for that time"),
        }
    }

    /// Whether the key signed `payload`. Ed25519 is checked by the same code as evidence is.
    fn verifies(&self, payload: &[u8]) -> bool {
        let hash = match self.hash.as_slice() {
            b"sha256" => HashAlg::Sha256,
            b"sha512" => HashAlg::Sha512,
            _ => return false,
        };
        let (Ok(key), Ok(signature)) = (
            ssh_key::PublicKey::from_bytes(&self.key),
            Signature::try_from(self.signature.as_slice()),
        ) else {
            return false;
        };
        match key.key_data() {
            KeyData::Ed25519(raw) => {
                let Ok(signed) = SshSig::signed_data(NAMESPACE, hash, payload) else {
                    return false;
                };
                signature.algorithm() == ssh_key::Algorithm::Ed25519
                    && PublicKey::from_bytes(&raw.0)
                        .is_ok_and(|key| key.verifies(&signed, signature.as_bytes()))
            }
            KeyData::Ecdsa(raw) => {
                signature.algorithm() == raw.algorithm()
                    && SshSig::new(key.key_data().clone(), NAMESPACE, hash, signature)
                        .is_ok_and(|whole| key.verify(NAMESPACE, payload, &whole).is_ok())
            }
            _ => false,
        }
    }
}

/// A length of four bytes, and so many bytes.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (found, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(found)
}

/// As `ssh-keygen -l` prints it.
fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::of(key).as_bytes()))
}
