//! The wildcards of GitLab's `include: local`: `*` is what has no slash in it, `**` is anything, and no other
//! character is special.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::find;
use crate::base::tree::{Patterns, Walk, each_path};

/// Most paths that are looked at for all patterns together.
const PATHS_MAX: usize = 200_000;
/// Most patterns that are looked for.
const PATTERNS_MAX: usize = 100;
/// Longest pattern, in bytes: the work is its length times that of a path.
const LONGEST: usize = 256;

pub(super) fn is_pattern(path: &str) -> bool {
    path.contains('*')
}

/// The files below a root, listed as far as a pattern needs.
pub(super) struct Listing<'a> {
    root: &'a Path,
    looked_at: usize,
    patterns: usize,
    is_cut: bool,
}

impl<'a> Listing<'a> {
    pub(super) const fn new(root: &'a Path) -> Self {
        Self { root, looked_at: 0, patterns: 0, is_cut: false }
    }

    /// Whether an end was met before all was seen.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The definitions that match, sorted. A folder that is a link isn't entered.
    pub(super) fn matching(&mut self, pattern: &str) -> Vec<String> {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX || pattern.len() > LONGEST {
            self.is_cut = true;
            return Vec::new();
        }
        let (plain, _) = pattern.split_once('*').unwrap_or((pattern, ""));
        let above = plain.rsplit_once('/').map_or("", |(above, _)| above);
        let Some(folder) = find::folder_at(self.root, above) else { return Vec::new() };
        let looked_at = AtomicUsize::new(self.looked_at);
        let walk = Walk {
            root: &folder,
            exclude: &Patterns::default(),
            skip: &[],
            stop: &|| looked_at.load(Ordering::Relaxed) > PATHS_MAX,
            progress: &|_, _| (),
        };
        let mut found = Vec::new();
        let whole = each_path(&walk, &mut |path| {
            let number = looked_at.fetch_add(1, Ordering::Relaxed);
            let path = std::str::from_utf8(path).ok().filter(|_| number < PATHS_MAX);
            let path = path.map(|path| match above {
                "" => path.to_owned(),
                above => format!("{above}/{path}"),
            });
            found.extend(path.filter(|path| {
                find::is_plain(path) && matches(pattern.as_bytes(), path.as_bytes())
            }));
        });
        self.looked_at = looked_at.into_inner();
        self.is_cut |= !whole || self.looked_at > PATHS_MAX;
        found.sort();
        found
    }
}

/// By a row of what was reached for each end of the path: no pattern makes it go back.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    let mut rest = pattern;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'*' {
            let double = after.first() == Some(&b'*');
            rest = if double { after.get(1..).unwrap_or_default() } else { after };
            let mut open = false;
            for (end, is_reached) in reached.iter_mut().enumerate() {
                let crossed = end.checked_sub(1).and_then(|at| path.get(at));
                open = *is_reached || (open && (double || crossed != Some(&b'/')));
                *is_reached = open;
            }
        } else {
            rest = after;
            let mut before = false;
            for (end, is_reached) in reached.iter_mut().enumerate() {
                let crossed = end.checked_sub(1).and_then(|at| path.get(at));
                let now = before && crossed == Some(&byte);
                before = *is_reached;
                *is_reached = now;
            }
        }
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stops_at_a_slash_and_two_do_not() {
        for (pattern, path, expected) in [
            ("ci/*.yml", "ci/a.yml", true),
            ("ci/*.yml", "ci/x/a.yml", false),
            ("ci/*.yml", "ci/.yml", true),
            ("ci/**.yml", "ci/a.yml", true),
            ("ci/**.yml", "ci/x/y/a.yml", true),
            ("ci/**/*.yml", "ci/a.yml", false),
            ("ci/**/*.yml", "ci/x/a.yml", true),
            ("**", "a/b", true),
            ("*", "a/b", false),
            ("a?.yml", "ab.yml", false),
            ("[a].yml", "a.yml", false),
            ("a*b*c.yml", "a1b2c.yml", true),
            ("a*b*c.yml", "a1b2.yml", false),
            ("*.yml", "a.yml2", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_made_to_go_back_does_not() {
        let pattern = "**a".repeat(80);
        let path = "a".repeat(4000) + "b";
        assert!(!matches(pattern.as_bytes(), path.as_bytes()));
    }
}
