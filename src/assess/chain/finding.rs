//! What can be wrong with a chain.

use std::fmt;

use crate::base::digest::Sha256;

/// Something that a chain shows and that its reader has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Which of the log's lanes it is of; `None` where it is of no lane.
    pub lane: Option<usize>,
    /// The evidences that it is about, the one that gave rise to it first.
    pub evidence: Vec<Sha256>,
    /// Both sides, and what to do. Names in it are as others chose them.
    pub text: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The kinds of findings; their names are for good.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingKind {
            $($(#[$doc])* $name,)*
        }

        impl FindingKind {
            /// As it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// A predecessor in mid-chain that isn't given.
    Gap = "gap",
    /// The chain begins with a build that names one before it, which isn't given.
    TruncatedStart = "truncated-start",
    /// A known head is not among what is given.
    Truncated = "truncated",
    /// The newest build doesn't follow a known head.
    HeadMovedBack = "head-moved-back",
    /// A predecessor that can't be one.
    BadLink = "bad-link",
    /// A predecessor of another lane.
    Spliced = "spliced",
    /// A sequence that doesn't follow the predecessor's.
    BadSequence = "bad-sequence",
    /// Builds that follow each other in a circle.
    Cycle = "cycle",
    /// A predecessor with a higher run number.
    Rollback = "rollback",
    /// A predecessor that was finished after its successor had begun.
    Reordered = "reordered",
    /// Two builds with one predecessor, one after the other.
    Fork = "fork",
    /// Two builds with one predecessor that ran at the same time.
    Concurrent = "concurrent",
    /// Two builds in one attempt of one run.
    DuplicateAttempt = "duplicate-attempt",
    /// A first build where others came before.
    FirstInMidChain = "first-in-mid-chain",
    /// A first build that says that the chain before it was lost.
    ChainBeganAnew = "chain-began-anew",
    /// A build that was not linked to any before it.
    Unchained = "unchained",
    /// One build told twice, or an old one offered again.
    Replay = "replay",
    /// Evidence of files that claims a place among builds.
    AttestInChain = "attest-in-chain",
    /// A build that names no lane.
    NoLane = "no-lane",
    /// Signed build evidence that can't be read.
    Unreadable = "unreadable",
}

impl FindingKind {
    /// Whether `--strict` fails for it: for all but what honest builds give that ran side by side.
    #[must_use]
    pub const fn fails(self) -> bool {
        !matches!(self, Self::Concurrent)
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
