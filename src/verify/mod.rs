//! Untrusted lines, trust, expectations and a moment in; verified statements and judgements out.
//!
//! No input or output, no clock: what is checked is what is given, so every check can be tested
//! against fixed bytes.

mod authenticate;
mod expect;
mod judge;
mod reason;
mod subject;
mod trust;

pub use authenticate::{Authenticated, FailedLine, Signers, Unusable, Verified, authenticate};
pub use expect::{Expectation, Expectations, Unmet};
pub use judge::{Accepted, Judgement, Wishes, judge, judge_statements};
pub use reason::{Reason, Verdict};
pub use subject::{Artefact, ArtefactKind, Disagreement, is_tree};
pub use trust::{Trust, TrustError};
