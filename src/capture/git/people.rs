//! Who made the commit, as the commit itself says.

use std::collections::BTreeMap;

use git2::{Commit, ErrorCode, Signature};

use super::path;
use crate::base::digest::Sha256;
use crate::base::random;
use crate::base::text::cut;
use crate::capture::redact;
use crate::format::evidence::{CommitPeople, People};
use crate::format::fact::{Gap, Sealable, Withheld};

const PART: &str = "source.people";
/// Most characters of `Name <address>`: anybody can write a whole book into a commit.
const NAME_MAX: usize = 256;
/// Most characters of it in which secrets are looked for.
const LOOKED_AT: usize = 4096;
/// Hexadecimal digits of a fingerprint.
const FINGERPRINT: usize = 16;

/// Author and committer, under a key of their own.
pub(super) fn read(
    commit: &Commit<'_>,
    gaps: &mut Vec<Gap>,
    redactions: &mut Vec<Withheld>,
) -> Option<CommitPeople> {
    match random::bytes() {
        Ok(key) => Some(under(key, commit, gaps, redactions)),
        // Without a key a fingerprint would be the name itself for whoever guesses it.
        Err(error) => {
            gaps.push(Gap::without_cure(PART, error.to_string()));
            None
        }
    }
}

fn under(
    key: [u8; 16],
    commit: &Commit<'_>,
    gaps: &mut Vec<Gap>,
    redactions: &mut Vec<Withheld>,
) -> CommitPeople {
    let mut names = BTreeMap::new();
    let mut person = |signature: &Signature<'_>, who: &str| {
        let (name, was_cut) = name(signature, who, redactions);
        if was_cut {
            let reason = format!("the {who} has more than {NAME_MAX} characters and was cut");
            gaps.push(Gap::without_cure("source.people.names", reason));
        }
        // Of the text that is recorded, so that whoever may read it can check it.
        let mut fingerprint = Sha256::keyed(&key, name.as_bytes()).to_string();
        fingerprint.truncate(FINGERPRINT);
        names.insert(fingerprint.clone(), name);
        fingerprint
    };
    CommitPeople {
        author: person(&commit.author(), "author"),
        committer: person(&commit.committer(), "committer"),
        signature: signature(commit).to_owned(),
        names: Sealable::Inline(People { key: hex::encode(key), names }),
    }
}

/// `Name <address>`, and whether it was cut.
fn name(signature: &Signature<'_>, who: &str, redactions: &mut Vec<Withheld>) -> (String, bool) {
    let [name, address] = [signature.name_bytes(), signature.email_bytes()].map(path::text);
    let whole = format!("{name} <{address}>");
    // A secret must not be cut before it is looked for: what is left of it would not be known any more.
    let near = whole.chars().take(LOOKED_AT).collect::<String>();
    let scrubbed = redact::scrub(&near);
    redactions.extend(scrubbed.rules.iter().map(|rule| Withheld {
        place: format!("{who} of the commit"),
        rule: rule.id().to_owned(),
    }));
    let text = cut(&scrubbed.text, NAME_MAX);
    (text, whole.len() > near.len() || scrubbed.text.chars().nth(NAME_MAX).is_some())
}

/// The kind of signature that the commit carries, by its first line.
fn signature(commit: &Commit<'_>) -> &'static str {
    const KINDS: [(&[u8], &str); 4] = [
        (b"-----BEGIN SSH SIGNATURE-----", "ssh"),
        (b"-----BEGIN PGP SIGNATURE-----", "openpgp"),
        (b"-----BEGIN PGP MESSAGE-----", "openpgp"),
        (b"-----BEGIN SIGNED MESSAGE-----", "x509"),
    ];
    match commit.header_field_bytes("gpgsig") {
        Ok(field) => {
            let field = field.trim_ascii_start();
            KINDS.iter().find(|(start, _)| field.starts_with(start)).map_or("other", |kind| kind.1)
        }
        Err(error) if error.code() == ErrorCode::NotFound => "none",
        Err(_) => "other",
    }
}
