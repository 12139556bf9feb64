//! Evidence files, read under caps into [`Untrusted`] lines.
//!
//! Nothing here says that a line is true, or even signed. Its payload is reached in two ways only:
//! through `verify`, and through [`Untrusted::unchecked`].

use std::path::Path;

use crate::base::digest::Sha256;
use crate::base::file::{self, FileError};
use crate::format::bundle::{self, Document, DocumentError, FILE_MAX, LINES_MAX, Material};
use crate::format::dsse::Envelope;
use crate::format::json;
use crate::format::statement::Statement;

/// Why a file gives no evidence at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be read, or is over the cap.
    #[error("{0}")]
    File(#[from] FileError),
    /// Over [`LINES_MAX`].
    #[error("expected at most {LINES_MAX} lines, found more")]
    TooManyLines,
}

/// What nobody has checked yet.
///
/// No function of the checking column takes this as evidence:
///
/// ```compile_fail
/// use proofmark::{format::statement::Statement, read::Untrusted, verify::Verified};
/// fn believe(line: Untrusted) -> Verified<Statement> {
///     line.into()
/// }
/// ```
#[derive(Debug)]
pub struct Untrusted {
    line: usize,
    material: Material,
    envelope: Envelope,
}

/// A value that was shown to a person on their own risk. It converts into nothing else:
///
/// ```compile_fail
/// use proofmark::{format::statement::Statement, read::Unchecked, verify::Verified};
/// fn believe(statement: Unchecked<Statement>) -> Verified<Statement> {
///     statement.into()
/// }
/// ```
#[derive(Debug)]
pub struct Unchecked<T>(T);

impl<T> Unchecked<T> {
    /// The value, to be shown with the word that nobody checked it.
    pub const fn show(&self) -> &T {
        &self.0
    }
}

impl Untrusted {
    /// Which line of the file, counted from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// What its signature is to be checked with; unsigned, so it only chooses between words.
    #[must_use]
    pub const fn material(&self) -> Material {
        self.material
    }

    /// The envelope, for `verify` alone (a test of the floors sees to it).
    #[must_use]
    pub const fn envelope_to_verify(&self) -> &Envelope {
        &self.envelope
    }

    /// The predicate type that the payload states, where it can be read. It chooses between "refused"
    /// and "could not tell", and decides nothing else.
    #[must_use]
    pub fn stated_predicate_type(&self) -> Option<String> {
        let statement: Statement = json::parse(self.envelope.payload()).ok()?;
        Some(statement.predicate_type)
    }

    /// The statement, checked by nobody; for `inspect` alone (a test of the floors sees to it).
    ///
    /// # Errors
    /// Where the payload is no Statement.
    pub fn unchecked(&self) -> Result<Unchecked<Statement>, json::JsonError> {
        json::parse(self.envelope.payload()).map(Unchecked)
    }

    /// SHA-256 of the payload: the digest of the statement.
    #[must_use]
    pub fn payload_digest(&self) -> Sha256 {
        Sha256::of(self.envelope.payload())
    }
}

/// A line that gave nothing.
#[derive(Debug)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub error: DocumentError,
}

/// A line that is something else.
#[derive(Debug)]
pub struct PassedOver {
    /// Counted from 1.
    pub line: usize,
    /// What it seems to be.
    pub what: &'static str,
}

/// A statement that nobody signed.
#[derive(Debug)]
pub struct Unsigned {
    /// Counted from 1.
    pub line: usize,
    /// SHA-256 of the line without its line feed: the digest of the statement.
    pub sha256: Sha256,
    /// What it says.
    pub statement: Unchecked<Statement>,
}

/// What one file holds.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Envelopes, in the order of the file.
    pub lines: Vec<Untrusted>,
    /// Statements that nobody signed: shown by `inspect`, and of no weight.
    pub unsigned: Vec<Unsigned>,
    /// Lines that are something else.
    pub passed_over: Vec<PassedOver>,
    /// Lines that can't be parsed.
    pub malformed: Vec<Malformed>,
}

impl Evidence {
    /// Whether anything could be parsed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.unsigned.is_empty()
    }
}

/// Reads a file of at most [`FILE_MAX`] bytes and [`LINES_MAX`] lines.
///
/// # Errors
/// A file that can't be read or is over a cap gives nothing, not its first part.
pub fn file(path: &Path) -> Result<Evidence, ReadError> {
    bytes(&file::read(path, FILE_MAX)?)
}

/// [`file()`], where a FIFO would be waited for.
///
/// # Errors
/// As [`file()`], and for what is no regular file.
pub fn regular(path: &Path) -> Result<Evidence, ReadError> {
    bytes(&file::read_regular(path, FILE_MAX)?)
}

/// Reads JSON lines, or one document that may stand over several lines.
///
/// # Errors
/// Over [`LINES_MAX`]. A line that can't be parsed is no error: it is named and passed over.
pub fn bytes(bytes: &[u8]) -> Result<Evidence, ReadError> {
    let mut evidence = Evidence::default();
    let lines = || {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        lines.filter(|(_, line)| !line.trim_ascii().is_empty())
    };
    // A single bundle may be printed over many lines: then its first line alone is no document. Lines
    // are tried first, so that one bad line never turns the rest into part of itself.
    // A file of one line is not read twice: it may be huge.
    let several = lines().nth(1).is_some();
    let first_fails = || lines().next().is_some_and(|(_, line)| bundle::parse(line).is_err());
    if several
        && first_fails()
        && let Ok(document) = bundle::parse(bytes)
    {
        evidence.add(1, bytes, document);
        return Ok(evidence);
    }
    for (count, (index, line)) in lines().enumerate() {
        if count == LINES_MAX {
            return Err(ReadError::TooManyLines);
        }
        match bundle::parse(line) {
            Ok(document) => evidence.add(index + 1, line, document),
            Err(error) => evidence.malformed.push(Malformed { line: index + 1, error }),
        }
    }
    Ok(evidence)
}

impl Evidence {
    fn add(&mut self, line: usize, raw: &[u8], document: Document) {
        match document {
            Document::Envelope { envelope, material } => {
                self.lines.push(Untrusted { line, material, envelope });
            }
            Document::Unsigned(statement) => {
                let (sha256, statement) = (Sha256::of(raw), Unchecked(*statement));
                self.unsigned.push(Unsigned { line, sha256, statement });
            }
            Document::Foreign(what) => self.passed_over.push(PassedOver { line, what }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &str = r#"{"payload":"e30=","payloadType":"t","signatures":[]}"#;

    #[test]
    fn lines_and_single_documents_are_read_and_bad_lines_named() {
        let one = bytes(ENVELOPE.replace(',', ",\n  ").as_bytes()).unwrap();
        assert_eq!(one.lines.len(), 1);
        let text = format!("garbage\n{ENVELOPE}\n\n[1]\r\n{ENVELOPE}");
        let several = bytes(text.as_bytes()).unwrap();
        assert_eq!(several.lines.iter().map(Untrusted::line).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(several.malformed[0].line, 1);
        assert_eq!(several.passed_over[0].line, 4);
        assert!(bytes(b"").unwrap().is_empty());
    }

    #[test]
    fn more_lines_than_the_cap_give_nothing() {
        let text = format!("{ENVELOPE}\n").repeat(LINES_MAX + 1);
        assert!(matches!(bytes(text.as_bytes()), Err(ReadError::TooManyLines)));
    }
}
