//! Verified evidence: every file is read once, and of each build is kept what its place in the report needs.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Deserialize as _;
use serde_json::Value;

use crate::assess::chain::{Rows, Taken};
use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::cli::builds::NotVerified;
use crate::cli::evidence_files::File;
use crate::cli::sections;
use crate::format::evidence::{BUILD_EVIDENCE, EnvironmentChange};
use crate::format::fact::Sealable;
use crate::format::section::{Opened, SealRef, SealedPart, sealed_parts};
use crate::format::statement::Statement;
use crate::report::{self, ChangeV1};
use crate::verify::{Signers, Trust, Verified};

/// Where the changes of a build stand.
const CHANGES: [&str; 2] = ["changes.environment", "changes.details"];

/// Everything that the files gave.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) rows: Rows,
    pub(super) briefs: BTreeMap<Sha256, Brief>,
    pub(super) attested: BTreeMap<Sha256, Attested>,
    pub(super) not_verified: Vec<NotVerified>,
    /// Sections beside evidence that are not used, and why.
    pub(super) notes: Vec<String>,
}

/// What is kept of a build beside its row.
pub(super) struct Brief {
    /// Its changes, as far as they are open.
    pub(super) changes: Vec<ChangeV1>,
    /// The sealed ones.
    sealed: Vec<SealRef>,
    /// All its sealed parts.
    pub(super) parts: Vec<SealedPart>,
}

/// Evidence of files that no build was bracketed for.
pub(super) struct Attested {
    pub(super) finished: Option<Time>,
    pub(super) signers: Signers,
    pub(super) files: BTreeSet<usize>,
}

/// Reads all files, in parallel, in their order.
pub(super) fn gather(files: &[File], trust: &Trust) -> Gathered {
    let all: Vec<Gathered> =
        files.par_iter().enumerate().map(|(number, file)| one(number, file, trust)).collect();
    let mut whole = Gathered::default();
    for part in all {
        whole.rows.merge(part.rows);
        whole.briefs.extend(part.briefs);
        whole.not_verified.extend(part.not_verified);
        whole.notes.extend(part.notes);
        for (payload, attested) in part.attested {
            match whole.attested.get_mut(&payload) {
                Some(known) => {
                    known.signers.extend(attested.signers);
                    known.files.extend(attested.files);
                }
                None => drop(whole.attested.insert(payload, attested)),
            }
        }
    }
    whole
}

fn one(number: usize, file: &File, trust: &Trust) -> Gathered {
    let mut of = Gathered::default();
    let loaded = match file.load(trust) {
        Ok(loaded) => loaded,
        Err(not) => {
            of.not_verified.push(not);
            return of;
        }
    };
    of.not_verified = loaded.not_verified;
    let statements = || loaded.authenticated.verified.iter().filter(|one| is_evidence(one));
    let mut parts: Vec<SealedPart> =
        statements().flat_map(|one| sealed_parts(&one.get().predicate)).collect();
    parts.sort();
    parts.dedup();
    let wanted = |place: &str| CHANGES.contains(&place);
    let opened = match file.path().filter(|_| !parts.is_empty()) {
        Some(path) => sections::beside(path, &parts, wanted).unwrap_or_else(|why| {
            of.notes.push(why);
            Opened::default()
        }),
        None => Opened::default(),
    };
    for statement in statements() {
        let payload = statement.payload_digest();
        match of.rows.add(statement, number) {
            Taken::NoBuild => {
                let attested = Attested {
                    finished: statement.claims().finished,
                    signers: statement.signers().clone(),
                    files: BTreeSet::from([number]),
                };
                of.attested.insert(payload, attested);
                of.briefs.insert(payload, Brief::of(&statement.get().predicate, &opened));
            }
            Taken::Row => {
                of.briefs.insert(payload, Brief::of(&statement.get().predicate, &opened));
            }
            Taken::OtherType | Taken::Finding => {}
        }
    }
    of
}

fn is_evidence(statement: &Verified<Statement>) -> bool {
    statement.get().predicate_type == BUILD_EVIDENCE
}

impl Brief {
    fn of(predicate: &Value, opened: &Opened) -> Self {
        let mut brief =
            Self { changes: Vec::new(), sealed: Vec::new(), parts: sealed_parts(predicate) };
        for place in CHANGES {
            let pointer = format!("/{}", place.replacen('.', "/value/", 1));
            let Some(list) = predicate.pointer(&pointer) else { continue };
            match Sealable::<Vec<EnvironmentChange>>::deserialize(list) {
                Ok(Sealable::Inline(list)) => brief.changes.extend(report::changes(&list)),
                Ok(Sealable::Sealed { sealed }) => brief.sealed.push(sealed),
                Err(_) => {}
            }
        }
        brief.open(opened);
        brief
    }

    /// Adds the changes of sections that are at hand.
    pub(super) fn open(&mut self, opened: &Opened) {
        self.sealed.retain(|seal| {
            let Some(content) = opened.contents.get(seal) else { return true };
            if let Ok(list) = Vec::<EnvironmentChange>::deserialize(content) {
                self.changes.extend(report::changes(&list));
            }
            false
        });
    }
}
