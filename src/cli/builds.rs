//! Evidence files whose builds are listed or compared: what of them is verified, and what isn't.

use std::path::Path;

use super::verify::label;
use crate::base::text::Printable;
use crate::format::evidence::BUILD_EVIDENCE;
use crate::read::{self, Evidence, ReadError};
use crate::verify::{Authenticated, Trust, authenticate};

/// Something in a file that may be evidence of a build and counts for nothing.
#[derive(Debug)]
pub(super) struct NotVerified {
    /// The file.
    pub(super) file: String,
    /// Counted from 1; `None` where it is the file as a whole.
    pub(super) line: Option<usize>,
    /// Why.
    pub(super) why: String,
}

/// What one file holds.
#[derive(Debug)]
pub(super) struct Loaded {
    /// What a trusted key signed, by however many of them.
    pub(super) authenticated: Authenticated,
    /// What may be a build and isn't verified.
    pub(super) not_verified: Vec<NotVerified>,
    /// How many lines are something else.
    pub(super) others: usize,
}

/// How a file came to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// The user named it; it may be a pipe.
    Yes,
    /// It was found: what else may lie there has no end.
    No,
}

/// Reads and authenticates a file.
pub(super) fn load(path: &Path, named: Named, trust: &Trust) -> Result<Loaded, NotVerified> {
    let evidence = match named {
        Named::Yes => read::file(path),
        Named::No => read::regular(path),
    };
    judged(label(path), evidence, trust)
}

/// Authenticates what was read of the file of this name.
pub(super) fn judged(
    file: String,
    evidence: Result<Evidence, ReadError>,
    trust: &Trust,
) -> Result<Loaded, NotVerified> {
    let evidence = match evidence {
        Ok(evidence) => evidence,
        Err(error) => return Err(NotVerified { file, line: None, why: error.to_string() }),
    };
    let authenticated = authenticate(&evidence, trust);
    let mut not_verified = Vec::new();
    let mut not = |line: usize, why: String| {
        not_verified.push(NotVerified { file: file.clone(), line: Some(line), why });
    };
    let mut others = evidence.passed_over.len();
    for failed in &authenticated.failed {
        let stated = failed.stated_predicate_type.as_deref();
        // Only the type says that it is no build, and nobody signed that either; but what isn't taken for one
        // changes nothing.
        if stated.is_some_and(|stated| stated != BUILD_EVIDENCE) {
            others += 1;
        } else if let Some(other) = &failed.other_payload_type {
            not(failed.line, format!("payload type {}", Printable(other)));
        } else {
            not(failed.line, "no trusted key's signature verifies".to_owned());
        }
    }
    for unusable in &authenticated.unusable {
        not(unusable.line, format!("signed, but no statement: {}", unusable.error));
    }
    for malformed in &evidence.malformed {
        not(malformed.line, format!("can't be parsed: {}", malformed.error));
    }
    for unsigned in &evidence.unsigned {
        not(unsigned.line, "unsigned".to_owned());
    }
    if evidence.is_empty() && evidence.malformed.is_empty() {
        let why = "no evidence is in it".to_owned();
        not_verified.push(NotVerified { file, line: None, why });
    }
    not_verified.sort_by_key(|not| not.line);
    Ok(Loaded { authenticated, not_verified, others })
}

/// What is to be said of a statement that too few keys signed.
pub(super) fn too_few(found: usize, threshold: usize) -> String {
    format!("expected signatures by {threshold} of the trusted keys, found {found}")
}
