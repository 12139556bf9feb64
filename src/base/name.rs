//! The names that subjects carry, safe to show and to join to a folder.

use std::fmt;
use std::str::FromStr;

/// Longest name, in bytes.
pub const NAME_MAX: usize = 1024;
/// Longest part of a name between two slashes, in bytes: the limit of common file systems.
pub const SEGMENT_MAX: usize = 255;

/// Why a text can't name an artefact.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum NameError {
    /// Nothing there.
    #[error("the name is empty")]
    Empty,
    /// Over [`NAME_MAX`] or [`SEGMENT_MAX`].
    #[error("the name is too long (at most {NAME_MAX} bytes, {SEGMENT_MAX} between slashes)")]
    TooLong,
    /// Begins with a slash or with a drive letter.
    #[error("the name is absolute, expected a relative one")]
    Absolute,
    /// `.`, `..` or nothing between two slashes.
    #[error("the name has an empty, `.` or `..` part")]
    DotSegment,
    /// A backslash: a separator on some systems and not on others.
    #[error("the name has a backslash")]
    Backslash,
    /// NUL, a line feed, another control or an invisible direction mark.
    #[error("the name has a control character")]
    Control,
}

/// A relative path with `/` between its parts, without `.`, `..`, backslashes and controls.
///
/// What it buys: joined to a folder it stays below that folder on every system, and it can be
/// printed as it stands. It says nothing of whether such a file exists.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ArtefactName(String);

impl TryFrom<String> for ArtefactName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ArtefactName> for String {
    fn from(name: ArtefactName) -> Self {
        name.0
    }
}

impl ArtefactName {
    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last slash.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl FromStr for ArtefactName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_MAX {
            return Err(NameError::TooLong);
        }
        if text.chars().any(super::text::is_unprintable) {
            return Err(NameError::Control);
        }
        if text.contains('\\') {
            return Err(NameError::Backslash);
        }
        let mut start = text.chars();
        let drive =
            start.next().is_some_and(|c| c.is_ascii_alphabetic()) && start.next() == Some(':');
        if text.starts_with('/') || drive {
            return Err(NameError::Absolute);
        }
        for segment in text.split('/') {
            if matches!(segment, "" | "." | "..") {
                return Err(NameError::DotSegment);
            }
            if segment.len() > SEGMENT_MAX {
                return Err(NameError::TooLong);
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ArtefactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder_or_deceive_the_eye_are_refused() {
        for (name, error) in [
            ("", NameError::Empty),
            ("/etc/passwd", NameError::Absolute),
            ("C:x", NameError::Absolute),
            ("..", NameError::DotSegment),
            ("a/../b", NameError::DotSegment),
            ("a//b", NameError::DotSegment),
            ("./a", NameError::DotSegment),
            ("a/", NameError::DotSegment),
            ("a\\b", NameError::Backslash),
            ("a\0", NameError::Control),
            ("a\nb", NameError::Control),
            ("a\u{202e}b", NameError::Control),
            ("\u{1b}[31m", NameError::Control),
        ] {
            assert_eq!(name.parse::<ArtefactName>(), Err(error), "{name:?}");
        }
        assert_eq!("x".repeat(256).parse::<ArtefactName>(), Err(NameError::TooLong));
        assert_eq!("x/".repeat(600).parse::<ArtefactName>(), Err(NameError::TooLong));
    }

    #[test]
    fn the_base_name_is_the_last_part() {
        let name: ArtefactName = "dist/a b/ü.tgz".parse().unwrap();
        assert_eq!(name.base_name(), "ü.tgz");
    }
}
