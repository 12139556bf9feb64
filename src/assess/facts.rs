//! What the questions of the catalogue are asked of: the parts of one statement, and what whoever checks knows.
//!
//! Each part is read by itself: one that is missing, or of an unknown shape, is unavailable, and the rest still
//! counts.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::assurance::{Assurance, Assured, Brought, PARTS, assurance};
use super::chain::Finding as ChainFinding;
use super::embedded::{Judged, Standing, judge_tokens};
use super::finding::Document;
use crate::base::text::cut;
use crate::base::time::Time;
use crate::format::evidence::{
    Attachment, Build, Chain, Changes, Companion, Controls, Custody, Dependencies, Environment,
    Identity, Inputs, Lane, Outputs, Packages, Pipeline, Source, Tools,
};
use crate::format::fact::{Basis, Fact, Gap};
use crate::format::statement::{Statement, Subject};
use crate::verify::Verified;

/// What is known of the chain that a build stands in, beside what it says itself.
#[derive(Debug, Clone, Default)]
pub struct InChain {
    /// The build that it names before it was given and verified, and follows.
    pub previous_given: bool,
    /// What is wrong with the chain and is of this build or of its lane.
    pub findings: Vec<ChainFinding>,
    /// Runs of its lane that left no evidence.
    pub runs_without_evidence: u64,
}

/// What whoever checks did beside reading the statement.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The chain; `None` where the build was looked at alone.
    pub chain: Option<InChain>,
    /// The artefact that is asked about was hashed here and is as the statement says. Others of its subjects may
    /// never have been at hand.
    pub artefact_hashed: bool,
}

/// The parts of one statement.
#[derive(Debug)]
pub struct Facts<'a> {
    predicate: &'a Value,
    /// The predicate as it was signed, whatever sealed parts are at hand.
    pub signed: &'a Value,
    /// What the statement is about.
    pub subjects: &'a [Subject],
    /// Fingerprints of the trusted keys that signed it; none of an unverified one.
    pub signers: BTreeSet<String>,
    /// Whether enough trusted keys signed it.
    pub verified: bool,
    /// What its tokens amount to.
    pub identity_standing: Judged,
    assured: Vec<Assured>,
    /// What whoever checks did beside.
    pub context: Context,
    /// The bracket; `None` where it can't be read.
    pub build: Option<Build>,
    /// The other statements of the bracket; `None` where the list can't be read.
    pub companions: Option<Vec<Companion>>,
    /// Parts of the predicate, by their names.
    pub lane: Fact<Lane>,
    /// See [`Facts::lane`].
    pub chain: Fact<Chain>,
    /// See [`Facts::lane`].
    pub custody: Fact<Custody>,
    /// See [`Facts::lane`].
    pub source: Fact<Source>,
    /// See [`Facts::lane`].
    pub inputs: Fact<Inputs>,
    /// See [`Facts::lane`].
    pub outputs: Fact<Outputs>,
    /// See [`Facts::lane`].
    pub dependencies: Fact<Dependencies>,
    /// See [`Facts::lane`].
    pub environment: Fact<Environment>,
    /// See [`Facts::lane`].
    pub tools: Fact<Tools>,
    /// See [`Facts::lane`].
    pub packages: Fact<Packages>,
    /// See [`Facts::lane`].
    pub pipeline: Fact<Pipeline>,
    /// See [`Facts::lane`].
    pub identity: Fact<Identity>,
    /// See [`Facts::lane`].
    pub controls: Fact<Controls>,
    /// See [`Facts::lane`].
    pub attached: Fact<Vec<Attachment>>,
    /// See [`Facts::lane`].
    pub changes: Fact<Changes>,
    /// What the evidence admits that it lacks.
    pub gaps: Vec<Gap>,
    /// Whether it has such a list, and one that can be read: else `gaps` is empty and means nothing.
    pub gaps_are_readable: bool,
}

impl<'a> Facts<'a> {
    /// Of a verified statement, which may have had its sealed parts put in their places: `predicate` is the
    /// statement's own, or the same unsealed.
    #[must_use]
    pub fn of(
        statement: &'a Verified<Statement>,
        predicate: &'a Value,
        threshold: usize,
        brought: &Brought<'_>,
        now: Time,
        context: Context,
    ) -> Self {
        let judged = judge_tokens(statement, brought, now);
        let assured = assurance(predicate, brought, &judged);
        let signers: BTreeSet<String> =
            statement.signers().iter().map(ToString::to_string).collect();
        let verified = signers.len() >= threshold;
        let statement = statement.get();
        Self::new(statement, predicate, signers, verified, judged, assured, context)
    }

    /// Of a statement that nobody checked: whatever it says, it says of itself.
    #[must_use]
    pub fn unverified(statement: &'a Statement) -> Self {
        let judged = Judged {
            standing: Standing::Unavailable,
            reason: Some("nothing was verified".to_owned()),
            issuer: None,
            run: Vec::new(),
            facts: Vec::new(),
            vouched: None,
        };
        let (signers, context) = (BTreeSet::new(), Context::default());
        Self::new(statement, &statement.predicate, signers, false, judged, Vec::new(), context)
    }

    fn new(
        statement: &'a Statement,
        predicate: &'a Value,
        signers: BTreeSet<String>,
        verified: bool,
        identity_standing: Judged,
        assured: Vec<Assured>,
        context: Context,
    ) -> Self {
        let gaps = predicate.get("gaps").and_then(|gaps| Vec::<Gap>::deserialize(gaps).ok());
        Self {
            predicate,
            signed: &statement.predicate,
            subjects: &statement.subjects,
            signers,
            verified,
            identity_standing,
            assured,
            context,
            build: predicate.get("build").and_then(|build| Build::deserialize(build).ok()),
            companions: predicate
                .get("companions")
                .and_then(|companions| Vec::<Companion>::deserialize(companions).ok()),
            lane: part(predicate, "lane"),
            chain: part(predicate, "chain"),
            custody: part(predicate, "custody"),
            source: part(predicate, "source"),
            inputs: part(predicate, "inputs"),
            outputs: part(predicate, "outputs"),
            dependencies: part(predicate, "dependencies"),
            environment: part(predicate, "environment"),
            tools: part(predicate, "tools"),
            packages: part(predicate, "packages"),
            pipeline: part(predicate, "pipeline"),
            identity: part(predicate, "identity"),
            controls: part(predicate, "controls"),
            attached: part(predicate, "attached"),
            changes: part(predicate, "changes"),
            gaps_are_readable: gaps.is_some(),
            gaps: gaps.unwrap_or_default(),
        }
    }

    /// Whether the predicate has what a JSON pointer points to.
    #[must_use]
    pub fn has(&self, pointer: &str) -> bool {
        self.predicate.pointer(pointer).is_some()
    }

    /// How far each part that was looked at can be trusted, and each fact that a checked token states too; none of
    /// an unverified statement.
    #[must_use]
    pub fn assured(&self) -> &[Assured] {
        &self.assured
    }

    /// Whether a part was looked for and isn't there, or was not looked for.
    #[must_use]
    pub fn lacks(&self, part: &str) -> bool {
        let pointer = format!("/{}/status", part.replacen('.', "/value/", 1));
        let status = self.predicate.pointer(&pointer).and_then(Value::as_str);
        // What a token's claim states has no status of its own.
        status.is_some_and(|status| status != "observed")
    }

    /// The parts that the evidence has a place for and nothing in it.
    #[must_use]
    pub fn lacking(&self) -> Vec<String> {
        let parts = PARTS.iter().filter(|part| self.lacks(part));
        parts.map(|part| (*part).to_owned()).collect()
    }

    /// Why a part has no value, for an answer that is unknown.
    #[must_use]
    pub fn why_not<T>(&self, name: &str, fact: &Fact<T>) -> String {
        match &fact.reason {
            Some(reason) => format!("{name}: {}", cut(reason, 200)),
            None => format!("the evidence says nothing of {name}"),
        }
    }

    /// Documents of these kinds that were attached.
    #[must_use]
    pub fn documents(&self, kinds: &[&str]) -> Vec<Document> {
        let attached = self.attached.get().map(Vec::as_slice).unwrap_or_default();
        attached
            .iter()
            .filter(|document| kinds.contains(&document.kind.as_str()))
            .take(20)
            .map(|document| Document {
                kind: cut(&document.kind, 60),
                name: cut(&document.name, 200),
                date: document.date.as_deref().map(|date| cut(date, 20)),
                sha256: document.sha256.to_string(),
            })
            .collect()
    }

    /// The weakest assurance of the facts at these pointers.
    pub(super) fn weakest(&self, pointers: &[String], checked_here: bool) -> Assurance {
        let of = pointers.iter().map(|pointer| self.assurance_at(pointer)).min();
        match of {
            // Only who trusts the key has checked a signature.
            _ if checked_here && self.verified => Assurance::Recomputable,
            Some(level) => level,
            None => Assurance::SelfAsserted,
        }
    }

    /// Of the fact itself, else of the nearest one that it is a part of.
    fn assurance_at(&self, pointer: &str) -> Assurance {
        let names = pointer.split('/').filter(|name| !name.is_empty() && *name != "value");
        let names: Vec<&str> = names.collect();
        let named = |name: &str| self.assured.iter().find(|assured| assured.part == name);
        (1..=names.len())
            .rev()
            .find_map(|length| named(&names.get(..length)?.join(".")))
            .map_or(Assurance::SelfAsserted, |assured| assured.assurance)
    }
}

fn part<T: DeserializeOwned>(predicate: &Value, name: &str) -> Fact<T> {
    let Some(fact) = predicate.get(name) else {
        return Fact::unavailable(Basis::Unknown, "the evidence doesn't have it");
    };
    Fact::deserialize(fact)
        .unwrap_or_else(|_| Fact::unavailable(Basis::Unknown, "it has a form that can't be read"))
}
