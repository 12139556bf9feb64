//! Globs and plain paths that say which files are meant.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Why a pattern means nothing.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// Nothing there.
    #[error("the pattern is empty")]
    Empty,
    /// It begins with a slash.
    #[error("the pattern {pattern:?} is absolute, expected one below the root")]
    Absolute {
        /// As it was given.
        pattern: String,
    },
    /// It has a `..`.
    #[error("the pattern {pattern:?} leaves the root with `..`")]
    Outside {
        /// As it was given.
        pattern: String,
    },
    /// No glob.
    #[error("the pattern {pattern:?} is no glob")]
    Glob {
        /// As it was given.
        pattern: String,
        /// What is wrong.
        source: globset::Error,
    },
}

/// Compiled patterns, relative to a root, with `/` between the parts on every system.
///
/// A pattern with one of `*?[{` is a glob: `*` and `?` stop at a slash, `**/` stands for any number
/// of folders. One without is a path, and covers what is below it. Case counts.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    globs: GlobSet,
    paths: Vec<Vec<u8>>,
}

impl Patterns {
    /// Compiles `patterns`. A leading `./` and trailing slashes are dropped; `.` covers everything.
    ///
    /// # Errors
    /// An absolute pattern, one with `..`, an empty one, and one that is no glob.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, PatternError> {
        let mut globs = GlobSetBuilder::new();
        let mut paths = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let plain = relative(pattern)?;
            if !is_glob(&plain) {
                paths.push(plain.into_bytes());
                continue;
            }
            let wrong = |source| PatternError::Glob { pattern: pattern.to_owned(), source };
            let glob = GlobBuilder::new(&plain)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(wrong)?;
            globs.add(glob);
        }
        let globs = globs.build().map_err(|source| PatternError::Glob {
            pattern: source.glob().unwrap_or_default().to_owned(),
            source,
        })?;
        Ok(Self { globs, paths })
    }

    /// Patterns of exactly these paths and what is below them, whatever characters they have.
    #[must_use]
    pub fn literal(paths: Vec<Vec<u8>>) -> Self {
        Self { globs: GlobSet::empty(), paths }
    }

    /// Whether there is no pattern.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.globs.is_empty()
    }

    /// Whether a path (relative, `/` between its parts) is meant: a glob matches it, or a plain path
    /// is it or a folder above it.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        self.paths.iter().any(|plain| is_at_or_below(path, plain)) || self.matches_glob(path)
    }

    /// Whether one of the globs matches a path; plain paths don't count.
    #[must_use]
    pub fn matches_glob(&self, path: &[u8]) -> bool {
        !self.globs.is_empty()
            && self.globs.is_match_candidate(&globset::Candidate::from_bytes(path))
    }

    /// Whether a path or a folder above it is meant: what a walk leaves out that doesn't enter such
    /// folders.
    #[must_use]
    pub fn covers(&self, path: &[u8]) -> bool {
        self.matches(path)
            || (!self.globs.is_empty()
                && folders_above(path).any(|folder| self.matches_glob(folder)))
    }
}

/// `path` is `folder` or below it. The empty folder is the root.
pub(super) fn is_at_or_below(path: &[u8], folder: &[u8]) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

fn folders_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.filter_map(|(at, _)| path.get(..at))
}

/// Whether a pattern is a glob rather than a path.
#[must_use]
pub fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{'])
}

/// A pattern without `.` parts and doubled or trailing slashes.
///
/// # Errors
/// As [`Patterns::new`].
pub fn relative(pattern: &str) -> Result<String, PatternError> {
    if pattern.is_empty() {
        return Err(PatternError::Empty);
    }
    #[cfg(windows)]
    let pattern = &pattern.replace('\\', "/");
    if pattern.starts_with('/') {
        return Err(PatternError::Absolute { pattern: pattern.to_owned() });
    }
    let parts: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err(PatternError::Outside { pattern: pattern.to_owned() });
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(list: &[&str]) -> Patterns {
        Patterns::new(list).unwrap()
    }

    #[test]
    fn a_star_stops_at_a_slash_and_two_stars_do_not() {
        let one = patterns(&["dist/*"]);
        assert!(one.matches(b"dist/a.tgz"));
        assert!(!one.matches(b"dist/x/a.tgz"));
        assert!(one.covers(b"dist/x/a.tgz"));
        let any = patterns(&["**/*.o"]);
        assert!(any.matches(b"a.o") && any.matches(b"x/y/a.o") && !any.matches(b"a.c"));
        let below = patterns(&["dist/**"]);
        assert!(below.matches(b"dist/x/a.tgz") && !below.matches(b"distant"));
    }

    #[test]
    fn a_plain_path_covers_what_is_below_it_and_nothing_beside_it() {
        for given in ["target", "./target", "target/", "././target//"] {
            let plain = patterns(&[given]);
            assert!(plain.matches(b"target") && plain.matches(b"target/debug/x"), "{given}");
            assert!(!plain.matches(b"targets") && !plain.matches(b"a/target"), "{given}");
        }
        assert!(patterns(&["."]).matches(b"anything/at all"));
        assert!(!Patterns::default().matches(b"x") && Patterns::default().is_empty());
    }

    #[test]
    fn bytes_that_are_no_utf8_match_too() {
        assert!(patterns(&["d/*"]).matches(b"d/\xff\xfe"));
        assert!(patterns(&["d"]).matches(b"d/\xff"));
    }

    #[test]
    fn patterns_that_leave_the_root_are_refused() {
        assert!(matches!(Patterns::new(&["/etc"]), Err(PatternError::Absolute { .. })));
        assert!(matches!(Patterns::new(&["a/../../b"]), Err(PatternError::Outside { .. })));
        assert!(matches!(Patterns::new(&[""]), Err(PatternError::Empty)));
        assert!(matches!(Patterns::new(&["[a"]), Err(PatternError::Glob { .. })));
    }
}
