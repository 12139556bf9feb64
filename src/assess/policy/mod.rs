//! A policy: what whoever checks asks of the evidence, and whether it holds.
//!
//! The thresholds are the checker's; the evidence only supplies facts. A policy is TOML; what it doesn't know is
//! an error, and so is one that asks nothing.

mod error;
mod judge;
mod parse;
mod refs;
mod remedies;
mod wire;

pub use error::PolicyError;
pub use judge::{Permit, Rule, RuleKind, Ruling, judge};
pub use parse::POLICY_MAX;
pub use wire::PolicyFile;

use std::collections::BTreeMap;

use super::assurance::Assurance;
use crate::base::digest::Sha256;
use crate::base::time::{Day, Span};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// SHA-256 of the text.
    pub sha256: Sha256,
    /// Questions that must pass, with the least assurance that the facts behind them must have.
    pub require: BTreeMap<&'static str, Assurance>,
    /// What the build must be.
    pub expect: Expect,
    /// The largest age of the build.
    pub max_age: Option<Span>,
    /// Parts of the evidence that may have gaps; `None` where gaps aren't judged.
    pub allowed_gaps: Option<Vec<String>>,
    /// What is let pass for a time.
    pub waivers: Vec<Waiver>,
}

/// What the build must be. An empty list asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// The platform's ids of the repository.
    pub repository_id: Vec<String>,
    /// Paths of the definition.
    pub workflow: Vec<String>,
    /// Patterns of the full ref.
    pub ref_name: Vec<String>,
    /// What may start the run.
    pub trigger: Vec<String>,
    /// `hosted` or `self-hosted`.
    pub runner: Vec<String>,
    /// The platform's own provenance must name one of these builders.
    pub builder: Vec<String>,
    /// Issuers of the build's token.
    pub issuer: Vec<String>,
    /// The least assurance that each of them must have but the issuer, which is always checked by a job at the
    /// least; `None` is [`Expect::USUAL`].
    pub assurance: Option<Assurance>,
}

impl Expect {
    /// What an expectation is held to where the policy says nothing else. Whoever may run code in a job can write
    /// what the job says of itself: an expectation that this met would be met by everybody.
    pub const USUAL: Assurance = Assurance::JobChecked;

    /// The least assurance of what is expected.
    #[must_use]
    pub fn least(&self) -> Assurance {
        self.assurance.unwrap_or(Self::USUAL)
    }

    /// Every list by its key.
    fn lists(&self) -> [(&'static str, &Vec<String>); 7] {
        [
            ("repository-id", &self.repository_id),
            ("workflow", &self.workflow),
            ("ref", &self.ref_name),
            ("trigger", &self.trigger),
            ("runner", &self.runner),
            ("builder", &self.builder),
            ("issuer", &self.issuer),
        ]
    }
}

/// What is let pass for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The rule: a question's id, or the name of an expectation, such as `expect.runner`.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds.
    pub until: Day,
}

/// The text of the policy that a vendor asks of its own builds.
pub const VENDOR: &str = include_str!("vendor.toml");
/// The text of the policy that a customer asks of a vendor's.
pub const CUSTOMER: &str = include_str!("customer.toml");
