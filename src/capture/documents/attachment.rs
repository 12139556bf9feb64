//! A document that is bound by its digest. Nothing of it is read but its bytes, and nothing of those stays.

use std::path::Path;

use crate::base::text::{is_unprintable, printable};
use crate::base::time::{Day, Time, TimeError};
use crate::base::tree::hash::{HashError, Hashed, Links, hash_file};
use crate::capture::redact::{Redactor, Rule};
use crate::format::evidence::Attachment;
use crate::format::fact::Withheld;

/// The kinds of documents.
pub const KINDS: [&str; 6] =
    ["access-review", "mfa-export", "audit-log", "penetration-test", "policy", "other"];
/// Largest document, in bytes.
const SIZE_MAX: u64 = 1 << 30;
/// Most bytes of a scope.
const SCOPE_MAX: usize = 512;
/// Seconds of a day: clocks and calendars may differ by so much.
const DAY: i64 = 86_400;

/// Why a document can't be bound.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// It isn't there, or can't be read.
    #[error("{0}")]
    File(#[from] HashError),
    /// More bytes than are read.
    #[error("is larger than {SIZE_MAX} bytes")]
    TooLarge,
    /// Nothing in it.
    #[error("expected a document, found an empty file")]
    Empty,
    /// Somebody writes to it.
    #[error("it changed while it was read")]
    Changed,
    /// Its name would be in the evidence.
    #[error("its name looks like a credential ({0}), and evidence is published")]
    SecretName(Rule),
    /// No day of the calendar.
    #[error("{0}")]
    Date(#[from] TimeError),
    /// After today.
    #[error("expected a day that has come, found one in the future")]
    Future,
    /// Too short, too long, or with characters that can't be seen.
    #[error("expected 1 to {SCOPE_MAX} bytes of printable text")]
    Scope,
}

/// What who attaches a document says of it.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The day that it is of.
    pub date: Option<String>,
    /// What it covers.
    pub scope: Option<String>,
}

impl Said {
    /// Checks what was said; `now` is the moment that the future begins at.
    ///
    /// # Errors
    /// A day that isn't one or lies ahead; a scope that isn't text.
    pub fn check(&self, now: Time) -> Result<(), AttachError> {
        if let Some(date) = &self.date {
            let epoch = Time::saturating(0);
            let tomorrow = Time::saturating(now.seconds_since(epoch).saturating_add(DAY)).day();
            if date.parse::<Day>()? > tomorrow {
                return Err(AttachError::Future);
            }
        }
        if let Some(scope) = &self.scope {
            let fits = (1..=SCOPE_MAX).contains(&scope.len()) && !scope.trim().is_empty();
            if !fits || scope.chars().any(is_unprintable) {
                return Err(AttachError::Scope);
            }
        }
        Ok(())
    }
}

/// Binds a document. What was said of it was checked.
///
/// # Errors
/// What is no regular file is not read, and a FIFO isn't waited for.
pub fn attach(
    kind: &str,
    path: &Path,
    said: &Said,
    redactor: &Redactor,
    withheld: &mut Vec<Withheld>,
) -> Result<Attachment, AttachError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    if let Some(rule) = redactor.scrub(&name).rules.first() {
        return Err(AttachError::SecretName(*rule));
    }
    // Asked before it is read; a file that grows meanwhile is read to the end that it had.
    let too_large = |size: u64| size > SIZE_MAX;
    if std::fs::metadata(path).is_ok_and(|found| found.is_file() && too_large(found.len())) {
        return Err(AttachError::TooLarge);
    }
    let Hashed { sha256, size, changed_while_read, .. } =
        hash_file(path, Links::Follow, false, &|| false)?;
    match size {
        0 => return Err(AttachError::Empty),
        _ if too_large(size) => return Err(AttachError::TooLarge),
        _ if changed_while_read => return Err(AttachError::Changed),
        _ => {}
    }
    let scope = said.scope.as_deref().map(|scope| {
        let scrubbed = redactor.scrub(scope);
        withheld.extend(scrubbed.rules.iter().map(|rule| Withheld {
            place: format!("scope of the attached {kind}"),
            rule: rule.id().to_owned(),
        }));
        scrubbed.text
    });
    let (name, date) = (printable(&name), said.date.clone());
    Ok(Attachment { kind: kind.to_owned(), name, sha256, size, date, scope })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(date: &str, scope: &str) -> Result<(), AttachError> {
        let said = Said { date: Some(date.to_owned()), scope: Some(scope.to_owned()) };
        said.check("2026-02-28T23:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_day_is_of_the_calendar_and_at_most_a_day_ahead() {
        for good in ["2026-02-28", "2026-03-01", "1999-12-31", "2024-02-29"] {
            assert!(said(good, "x").is_ok(), "{good}");
        }
        for bad in ["", "2026-02-29", "2026-2-1", "28.02.2026", "2026-02-28T00", "2026-00-10"] {
            assert!(matches!(said(bad, "x"), Err(AttachError::Date(_))), "{bad}");
        }
        for ahead in ["2026-03-02", "9999-12-31"] {
            assert!(matches!(said(ahead, "x"), Err(AttachError::Future)), "{ahead}");
        }
    }

    #[test]
    fn a_scope_is_printable_text_of_a_limited_length() {
        assert!(said("2026-01-01", &"ü".repeat(256)).is_ok());
        let long = "x".repeat(513);
        for bad in ["", "  ", "a\nb", "a\u{1b}[2Jb", "a\u{202e}b", &long] {
            assert!(matches!(said("2026-01-01", bad), Err(AttachError::Scope)), "{bad:?}");
        }
    }

    #[test]
    fn a_document_is_bound_by_the_digest_of_its_bytes_and_its_base_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a\u{1b}[2J.csv");
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(&path, "1").unwrap();
        let (redactor, mut withheld) = (Redactor::new(Vec::new()), Vec::new());
        let said = Said::default();
        let found = attach("policy", &path, &said, &redactor, &mut withheld).unwrap();
        assert_eq!(found.name, "a\\u{1b}[2J.csv");
        assert_eq!((found.size, found.sha256), (1, crate::base::digest::Sha256::of(b"1")));
        let mut bind = |path: &Path| attach("policy", path, &said, &redactor, &mut withheld);
        assert!(matches!(bind(folder.path()), Err(AttachError::File(_))));
        assert!(matches!(bind(&folder.path().join("none")), Err(AttachError::File(_))));
        let secret = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
        let error = bind(&folder.path().join(secret)).unwrap_err();
        assert!(matches!(error, AttachError::SecretName(_)));
        assert!(!error.to_string().contains(secret));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let file = std::fs::File::options().write(true).create_new(true).open(&path).unwrap();
        file.set_len(SIZE_MAX + 1).unwrap();
        let redactor = Redactor::new(Vec::new());
        let found = attach("other", &path, &Said::default(), &redactor, &mut Vec::new());
        assert!(matches!(found, Err(AttachError::TooLarge)));
        file.set_len(0).unwrap();
        let found = attach("other", &path, &Said::default(), &redactor, &mut Vec::new());
        assert!(matches!(found, Err(AttachError::Empty)));
    }
}
