//! Why something of a tool isn't known; tools with the same reason share one gap.

use std::collections::{BTreeMap, BTreeSet};

use crate::format::fact::Gap;

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Never,
    BelowRoot,
    Writable,
    Shim,
    NotStarted,
    Hangs,
    Failed,
    Silent,
    TooLate,
    Unreadable,
    TooLarge,
    ChangedWhileRead,
    NotFound,
    NotPlain,
    TooMany,
    New,
}

/// Collects them.
#[derive(Debug, Default)]
pub(super) struct Gaps(BTreeMap<Why, BTreeSet<String>>);

impl Gaps {
    pub(super) fn add(&mut self, why: Why, name: &str) {
        self.0.entry(why).or_default().insert(name.to_owned());
    }

    pub(super) fn into_list(self) -> Vec<Gap> {
        let joined = |names: BTreeSet<String>| Vec::from_iter(names).join(", ");
        self.0.into_iter().map(|(why, names)| why.gap(&joined(names))).collect()
    }
}

impl Why {
    fn gap(self, names: &str) -> Gap {
        let (part, reason, cure) = match self {
            Self::Never => (
                "tools.version",
                "not asked for a version, as that could download something or run the project's code",
                None,
            ),
            Self::BelowRoot => (
                "tools.version",
                "not asked for a version, as the file is below the root: it would be the project's code that runs",
                Some("put the tool outside of the root"),
            ),
            Self::Writable => (
                "tools.version",
                "not asked for a version, as every user may write where the file is",
                Some("take the right to write from other users"),
            ),
            Self::Shim => (
                "tools.shim",
                "what the shim would run isn't known; the digest is of the shim",
                Some("put the folder of the tool itself before the shim's on PATH"),
            ),
            Self::NotStarted => ("tools.version", "could not be started to be asked", None),
            Self::Hangs => ("tools.version", "did not answer within the limit", None),
            Self::Failed => ("tools.version", "failed when asked for a version", None),
            Self::Silent => ("tools.version", "answered with nothing like a version", None),
            Self::TooLate => {
                ("tools.version", "not asked for a version, as other tools took too long", None)
            }
            Self::Unreadable => {
                ("tools", "no digest: the file can't be read", Some("make it readable"))
            }
            Self::TooLarge => ("tools", "no digest: the file is too large", None),
            Self::ChangedWhileRead => ("tools", "the file changed while it was read", None),
            Self::NotFound => (
                "tools",
                "asked for and not found along PATH",
                Some("install it before the build, or don't name it"),
            ),
            Self::NotPlain => (
                "tools",
                "asked for, but no plain name of a program",
                Some("name tools without folders and options"),
            ),
            Self::TooMany => {
                ("tools", "not looked at: too many are named", Some("name fewer tools"))
            }
            Self::New => (
                "tools",
                "found only when the bracket closed: the build, or something beside it, put it on PATH",
                Some("install tools before the bracket opens"),
            ),
        };
        let reason = format!("{names}: {reason}");
        Gap { part: part.to_owned(), reason, cure: cure.map(str::to_owned) }
    }
}
