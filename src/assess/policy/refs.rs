//! Patterns of refs.

use globset::{GlobBuilder, GlobMatcher};

use crate::base::text::is_unprintable;

/// A pattern of full refs: `*` and `?` stay within one name, `**` crosses the `/` between two. Without one of
/// them it is the ref itself.
#[derive(Debug)]
pub(super) struct RefPattern(GlobMatcher);

impl RefPattern {
    /// `None` where it can match no full ref, or any.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        // `refs/**` would ask nothing, and `v*` would match no ref ever.
        let below = pattern.strip_prefix("refs/")?;
        let kind = below.split('/').next()?;
        if kind.is_empty() || kind.contains(['*', '?', '[', '{']) || below == kind {
            return None;
        }
        let mut glob = GlobBuilder::new(pattern);
        let glob = glob.literal_separator(true).backslash_escape(false).build();
        Some(Self(glob.ok()?.compile_matcher()))
    }

    pub(super) fn matches(&self, ref_name: &str) -> bool {
        is_ref(ref_name) && self.0.is_match(ref_name)
    }
}

/// Whether git can have a ref of this name (git-check-ref-format(1)): what can't be one was made up to look like
/// one.
fn is_ref(name: &str) -> bool {
    let odd = |c: char| is_unprintable(c) || c.is_whitespace() || "~^:?*[\\".contains(c);
    !name.contains(odd) && !["..", "//", "@{", "/."].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_one_name_and_two_cross() {
        let matches = |pattern: &str, name: &str| RefPattern::new(pattern).unwrap().matches(name);
        assert!(matches("refs/tags/v*", "refs/tags/v1.2"));
        assert!(!matches("refs/tags/v*", "refs/tags/v1/evil"));
        assert!(!matches("refs/tags/v*", "refs/heads/v1"));
        assert!(!matches("refs/tags/v*", "x/refs/tags/v1"));
        assert!(matches("refs/heads/release/**", "refs/heads/release/1/2"));
        assert!(!matches("refs/heads/main", "refs/heads/main2"));
        assert!(!matches("refs/heads/main", "refs/heads/Main"));
        for odd in ["v1\n", "v1\0", "v1\u{202e}", "v..", "v1 ", "v@{1}", "v*"] {
            assert!(!matches("refs/tags/v*", &format!("refs/tags/{odd}")), "{odd:?}");
        }
    }

    #[test]
    fn a_pattern_of_no_full_ref_or_of_all_is_none() {
        for bad in [
            "v*",
            "main",
            "*",
            "**",
            "refs/**",
            "refs/*",
            "refs/*/x",
            "refs/",
            "refs/tags/[",
            "",
            "refs/????s/**",
            "refs/{tags,heads}/**",
            "refs/[th]*/x",
        ] {
            assert!(RefPattern::new(bad).is_none(), "{bad}");
        }
    }
}
