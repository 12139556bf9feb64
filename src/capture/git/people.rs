//! Who made commits, as the commits themselves say.

use std::collections::{BTreeMap, HashMap};

use git2::{Commit, ErrorCode, Signature};

use super::path;
use crate::base::digest::Sha256;
use crate::base::random::{self, RandomError};
use crate::base::text::cut;
use crate::capture::redact::Redactor;
use crate::format::evidence::{CommitPeople, People};
use crate::format::fact::{Gap, Sealable, Withheld};

const PART: &str = "source.people";
/// Most characters of `Name <address>`: anybody can write a whole book into a commit.
const NAME_MAX: usize = 256;
/// Most characters of it in which secrets are looked for.
const LOOKED_AT: usize = 4096;
/// Hexadecimal digits of a fingerprint.
const FINGERPRINT: usize = 16;

/// People under one random key, each once.
pub(super) struct Book {
    key: [u8; 16],
    names: BTreeMap<String, String>,
    /// The fingerprints of those that were looked at, by what was written of them: texts are redacted once.
    known: HashMap<Vec<u8>, String>,
    most: usize,
    /// How many names were too many to be listed.
    pub(super) left_out: u64,
}

/// One person as it is written down.
pub(super) struct Person {
    pub(super) fingerprint: String,
    /// The text was too long, and was cut.
    pub(super) was_cut: bool,
}

impl Book {
    /// A book of at most so many names.
    pub(super) fn new(most: usize) -> Result<Self, RandomError> {
        let key = random::bytes()?;
        Ok(Self { key, names: BTreeMap::new(), known: HashMap::new(), most, left_out: 0 })
    }

    /// Writes down `Name <address>`.
    pub(super) fn person(
        &mut self,
        name: &[u8],
        address: &[u8],
        place: &str,
        redactor: &Redactor,
        redactions: &mut Vec<Withheld>,
    ) -> Person {
        self.text(&[name, b" <", address, b">"].concat(), place, redactor, redactions)
    }

    /// Writes down whoever a text stands for.
    pub(super) fn text(
        &mut self,
        whole: &[u8],
        place: &str,
        redactor: &Redactor,
        redactions: &mut Vec<Withheld>,
    ) -> Person {
        if let Some(known) = self.known.get(whole) {
            return Person { fingerprint: known.clone(), was_cut: false };
        }
        // A secret must not be cut before it is looked for: what is left of it would not be known any more.
        let text = path::text(whole.get(..LOOKED_AT * 4).unwrap_or(whole));
        let near = text.chars().take(LOOKED_AT).collect::<String>();
        let scrubbed = redactor.scrub(&near);
        redactions.extend(
            scrubbed
                .rules
                .iter()
                .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
        );
        let name = cut(&scrubbed.text, NAME_MAX);
        let was_cut = whole.len() > LOOKED_AT * 4
            || text.len() > near.len()
            || scrubbed.text.chars().nth(NAME_MAX).is_some();
        // Of the text that is recorded, so that whoever may read it can check it.
        let mut fingerprint = Sha256::keyed(&self.key, name.as_bytes()).to_string();
        fingerprint.truncate(FINGERPRINT);
        if self.names.len() < self.most {
            self.names.insert(fingerprint.clone(), name);
        } else if !self.names.contains_key(&fingerprint) {
            self.left_out += 1;
        }
        if self.known.len() < self.most && whole.len() <= LOOKED_AT {
            self.known.insert(whole.to_vec(), fingerprint.clone());
        }
        Person { fingerprint, was_cut }
    }

    pub(super) fn finish(self) -> People {
        People { key: hex::encode(self.key), names: self.names }
    }
}

/// Author and committer, under a key of their own.
pub(super) fn read(
    commit: &Commit<'_>,
    gaps: &mut Vec<Gap>,
    redactions: &mut Vec<Withheld>,
) -> Option<CommitPeople> {
    // Without a key a fingerprint would be the name itself for whoever guesses it.
    let mut book =
        Book::new(2).map_err(|error| gaps.push(Gap::without_cure(PART, error.to_string()))).ok()?;
    let mut person = |signature: &Signature<'_>, who: &str| {
        let [name, address] = [signature.name_bytes(), signature.email_bytes()];
        let place = format!("{who} of the commit");
        let person = book.person(name, address, &place, &Redactor::default(), redactions);
        if person.was_cut {
            let reason = format!("the {who} has more than {NAME_MAX} characters and was cut");
            gaps.push(Gap::without_cure("source.people.names", reason));
        }
        person.fingerprint
    };
    Some(CommitPeople {
        author: person(&commit.author(), "author"),
        committer: person(&commit.committer(), "committer"),
        signature: signature(commit).to_owned(),
        names: Sealable::Inline(book.finish()),
    })
}

fn signature(commit: &Commit<'_>) -> &'static str {
    match commit.header_field_bytes("gpgsig") {
        Ok(field) => kind(&field),
        Err(error) if error.code() == ErrorCode::NotFound => "none",
        Err(_) => "other",
    }
}

/// The kind of a signature, by its first line.
pub(super) fn kind(signature: &[u8]) -> &'static str {
    const KINDS: [(&[u8], &str); 4] = [
        (b"-----BEGIN SSH SIGNATURE-----", "ssh"),
        (b"-----BEGIN PGP SIGNATURE-----", "openpgp"),
        (b"-----BEGIN PGP MESSAGE-----", "openpgp"),
        (b"-----BEGIN SIGNED MESSAGE-----", "x509"),
    ];
    let signature = signature.trim_ascii_start();
    KINDS.iter().find(|(start, _)| signature.starts_with(start)).map_or("other", |kind| kind.1)
}
