//! What a pack's evidence amounts to under one trust, and everything that is made of it.

use std::collections::BTreeSet;

use super::commands;
use crate::assess::policy::Policy;
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::base::time::Time;
use crate::cli::builds::{self, Loaded, NotVerified, too_few};
use crate::cli::check_args::Issuers;
use crate::cli::evidence_files::Source;
use crate::cli::failure::Failure;
use crate::cli::report::{Request, produce};
use crate::format::evidence::BUILD_EVIDENCE;
use crate::format::pack::{
    COMMANDS, EVIDENCE, Members, POLICY, REPORT_HTML, REPORT_JSON, REPORT_MARKDOWN, SECTIONS,
    STATEMENT, TrustSnapshot,
};
use crate::format::statement::Statement;
use crate::read;
use crate::report::{Audience, Officer, ReportV1, html, json, markdown};
use crate::verify::{Trust, Verified};

/// What made, or checks, a pack.
pub(in crate::cli) const TOOL: &str = concat!("proofmark ", env!("CARGO_PKG_VERSION"));

/// A pack's files, read.
pub(in crate::cli) struct Contents<'a> {
    pub(in crate::cli) evidence: Vec<EvidenceFile<'a>>,
    pub(in crate::cli) sections: Vec<(&'a str, &'a [u8])>,
    policy: Option<&'a [u8]>,
    statement: Option<&'a [u8]>,
}

/// One evidence file.
pub(in crate::cli) struct EvidenceFile<'a> {
    pub(in crate::cli) name: &'a str,
    pub(in crate::cli) bytes: &'a [u8],
    /// `None` where it could not be read at all.
    pub(in crate::cli) loaded: Option<Loaded>,
    /// What may be a build and isn't verified, with file and line.
    pub(in crate::cli) not_verified: Vec<String>,
}

impl EvidenceFile<'_> {
    /// What a trusted key signed.
    pub(in crate::cli) fn verified(&self) -> impl Iterator<Item = &Verified<Statement>> {
        self.loaded.iter().flat_map(|loaded| &loaded.authenticated.verified)
    }
}

impl<'a> Contents<'a> {
    /// Authenticates a pack's evidence.
    pub(in crate::cli) fn of(members: &'a Members, trust: &Trust) -> Self {
        let below = |folder| {
            let files = members.iter().filter(move |(name, _)| name.starts_with(folder));
            files.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        };
        Self {
            evidence: below(EVIDENCE).map(|(name, bytes)| evidence(name, bytes, trust)).collect(),
            sections: below(SECTIONS).collect(),
            policy: members.get(POLICY).map(Vec::as_slice),
            statement: members.get(STATEMENT).map(Vec::as_slice),
        }
    }

    /// When the newest build was finished that is verified.
    fn newest(&self) -> Time {
        let verified = self.evidence.iter().flat_map(EvidenceFile::verified);
        let finished = verified.filter_map(|statement| statement.claims().finished);
        finished.max().unwrap_or_else(|| Time::saturating(0))
    }

    /// SHA-256 of what was built.
    fn artefacts(&self) -> BTreeSet<Sha256> {
        let verified = self.evidence.iter().flat_map(EvidenceFile::verified);
        let builds = verified.filter(|one| one.get().predicate_type == BUILD_EVIDENCE);
        let subjects = builds.flat_map(|one| &one.get().subjects);
        // (A build's inputs are no artefact.)
        let made = subjects.filter(|subject| subject.kind() != Some("inputs"));
        made.filter_map(|one| one.digest.get(Sha256::ALGORITHM)?.parse().ok()).collect()
    }
}

fn evidence<'a>(name: &'a str, bytes: &'a [u8], trust: &Trust) -> EvidenceFile<'a> {
    let said = |not: &NotVerified| match not.line {
        Some(line) => format!("{name}, line {line}: {}", not.why),
        None => format!("{name}: {}", not.why),
    };
    let loaded = match builds::judged(name.to_owned(), read::bytes(bytes), trust) {
        Err(not) => {
            return EvidenceFile { name, bytes, loaded: None, not_verified: vec![said(&not)] };
        }
        Ok(loaded) => loaded,
    };
    let mut not_verified: Vec<_> = loaded.not_verified.iter().map(said).collect();
    let verified = &loaded.authenticated.verified;
    for statement in verified.iter().filter(|one| one.get().predicate_type == BUILD_EVIDENCE) {
        let found = statement.signers().len();
        if found < trust.threshold() {
            not_verified.push(format!("{name}: {}", too_few(found, trust.threshold())));
        }
    }
    if verified.is_empty() && not_verified.is_empty() {
        not_verified.push(format!("{name}: no line that a trusted key signed is in it"));
    }
    EvidenceFile { name, bytes, loaded: Some(loaded), not_verified }
}

/// Whom and what the checker trusts, for others to compare.
pub(in crate::cli) fn snapshot(trust: &Trust, issuers: &Issuers) -> TrustSnapshot {
    let (issuers, issuer_keys_sha256) = issuers.named();
    let keys = TrustSnapshot::new(trust.keys(), trust.threshold());
    TrustSnapshot { issuers, issuer_keys_sha256, ..keys }
}

/// The files that are made of a pack's others: the same bytes by whoever makes them, whenever, under one trust.
pub(in crate::cli) fn derived(
    contents: &Contents<'_>,
    trust: &Trust,
    issuers: &Issuers,
) -> Result<Members, Failure> {
    let source = |(name, bytes): (&str, &[u8])| Source::Bytes {
        name: name.to_owned(),
        bytes: bytes.to_vec(),
    };
    let files: Vec<_> = contents.evidence.iter().map(|one| source((one.name, one.bytes))).collect();
    let sections: Vec<_> = contents.sections.iter().copied().map(source).collect();
    let policy = contents.policy.map(policy).transpose()?;
    let officer = contents.statement.map(officer).transpose()?;
    let report = produce(&Request {
        files: &files,
        sections: &sections,
        trust: Some(trust),
        issuers,
        policy: policy.as_ref(),
        officer: officer.as_ref(),
        not_read: None,
        since: None,
        by_repository: false,
        by_claim: false,
        now: contents.newest(),
        made: None,
    })?;
    let commands = commands::text(contents, &contents.artefacts(), &snapshot(trust, issuers));
    let files = [
        (REPORT_JSON, json(&report).map_err(Failure::trouble)?),
        (REPORT_HTML, html(&report).map_err(Failure::trouble)?),
        (REPORT_MARKDOWN, markdown(&report, Audience::Summary)),
        (COMMANDS, commands),
    ];
    Ok(files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect())
}

/// What the policy in a pack says of its builds, where there is one.
pub(in crate::cli) fn policy_says(made: &Members) -> Option<(bool, String)> {
    let report: ReportV1 = serde_json::from_slice(made.get(REPORT_JSON)?).ok()?;
    let policy = report.policy?;
    let failed = policy.rules.iter().filter(|rule| rule.status == "fails").count() as u64;
    let (all, name) = (policy.rules.len() as u64, policy.name);
    let said = match policy.permits {
        true => format!("{name} permits: {}, none fails", count(all, "rule")),
        false => format!("{name} does not permit: {failed} of {} fails", count(all, "rule")),
    };
    Some((policy.permits, said))
}

fn officer(text: &[u8]) -> Result<Officer, Failure> {
    Officer::parse(text).map_err(|error| Failure::usage(format_args!("the statement: {error}")))
}

fn policy(text: &[u8]) -> Result<Policy, Failure> {
    let text = str::from_utf8(text).map_err(|_unshown| Failure::usage("the policy is no text"))?;
    Policy::parse(text).map_err(|error| Failure::usage(format_args!("the policy: {error}")))
}

impl Contents<'_> {
    pub(super) const fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    pub(super) const fn has_statement(&self) -> bool {
        self.statement.is_some()
    }
}
