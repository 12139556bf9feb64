//! The result for machines: a frozen copy with a version, and no dump of our own types.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::pack::{CheckedPack, Compared};
use super::policy::{PolicyResultV1, result as policy_result};
use super::tokens::Assessed;
use super::words::{bundle_notes, fault, notes};
use super::{Answer, Outcome, exit_code, label};
use crate::assess::assurance::Assured;
use crate::base::digest::Sha256;
use crate::base::text::printable;
use crate::cli::talk::sayable;
use crate::format::fact::Basis;
use crate::verify::{Accepted, ArtefactKind, Verdict};

/// What `proofmark verify --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "proofmark verify v1")]
pub(crate) struct VerifyV1 {
    /// Always 1.
    version: u32,
    /// The worst of the artefacts'.
    verdict: VerdictV1,
    /// 0, 1 or 3.
    exit_code: u8,
    /// What was checked of every artefact.
    checked: Vec<&'static str>,
    /// What nobody asked to check.
    not_checked: Vec<&'static str>,
    /// One entry per artefact, in the order of the command line.
    artefacts: Vec<ArtefactV1>,
    /// Subjects that `--complete` misses.
    missing: Vec<String>,
    /// What lies in folders and is no artefact.
    passed_over: Vec<PassedOverV1>,
    /// The accepted statements, each once.
    statements: Vec<StatementV1>,
    /// What is to be said of the evidence files.
    bundles: Vec<BundleV1>,
    /// What the policy says; only with `--policy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyResultV1>,
    /// The archive that was given with `--pack`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<PackV1>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PackV1 {
    /// The archive.
    path: String,
    /// Of the archive alone, whatever the artefacts' are.
    verdict: VerdictV1,
    /// Why not; absent where verified.
    reason: Option<ReasonV1>,
    /// What made it, as it says itself.
    tool: Option<String>,
    /// How many files are in it.
    members: usize,
    /// The evidence files.
    evidence: Vec<PackEvidenceV1>,
    /// Where the trust of its maker is another than the checker's, which alone counts.
    trust_differences: Vec<String>,
    /// `same`, `different` or `not-compared`: whether reports and commands are what is made of the evidence here.
    report: &'static str,
    /// Which are different, or why they were not compared.
    report_details: Vec<String>,
    /// What the policy in the archive says of its builds.
    policy: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PackEvidenceV1 {
    /// In the archive.
    name: String,
    /// Payloads that a trusted key signed.
    verified: usize,
}

fn pack(checked: &CheckedPack) -> PackV1 {
    let (report, report_details) = match &checked.report {
        Compared::Same => ("same", Vec::new()),
        Compared::Different(names) => {
            ("different", names.iter().map(|name| (*name).to_owned()).collect())
        }
        Compared::Not(why) => ("not-compared", vec![sayable(why)]),
    };
    let evidence = checked.evidence.iter();
    let evidence =
        evidence.map(|(name, verified)| PackEvidenceV1 { name: name.clone(), verified: *verified });
    PackV1 {
        path: checked.label.clone(),
        verdict: checked.verdict().into(),
        reason: checked.fault.as_ref().map(|fault| ReasonV1 {
            code: fault.code,
            message: fault.message.clone(),
            hint: fault.hint,
        }),
        tool: checked.tool.clone(),
        members: checked.members,
        evidence: evidence.collect(),
        trust_differences: checked.differences.clone(),
        report,
        report_details,
        policy: checked.policy.clone(),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct PassedOverV1 {
    /// Below the folder that was given.
    path: String,
    /// Why it is no artefact.
    why: &'static str,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum VerdictV1 {
    Verified,
    Refused,
    CouldNotTell,
}

impl From<Verdict> for VerdictV1 {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified => Self::Verified,
            Verdict::Refused => Self::Refused,
            Verdict::CouldNotTell => Self::CouldNotTell,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct ArtefactV1 {
    /// As it was given, or the file that a folder or glob gave.
    artefact: String,
    /// `file`, `tree` or `digest`.
    kind: &'static str,
    /// The name that it was checked under.
    name: Option<String>,
    /// Absent where nothing could be hashed.
    sha256: Option<Sha256>,
    /// Bytes.
    size: Option<u64>,
    /// `declared` where an accepted statement's maker was told the digest and didn't compute it.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_basis: Option<&'static str>,
    /// What the accepted statements call it, where that is no file: `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_kind: Option<&'static str>,
    /// The answer.
    verdict: VerdictV1,
    /// Why not; absent where verified.
    reason: Option<ReasonV1>,
    /// The evidence file.
    bundle: Option<String>,
    /// Payload digests of the statements that it was accepted on.
    accepted: Vec<Sha256>,
    /// What is worth saying and decides nothing.
    notes: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ReasonV1 {
    /// A stable name.
    code: &'static str,
    /// What was expected and what was found.
    message: String,
    /// What to do.
    hint: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StatementV1 {
    /// SHA-256 of the payload.
    payload_sha256: Sha256,
    /// Its type.
    predicate_type: String,
    /// The lines of the evidence file that it stands in.
    lines: Vec<usize>,
    /// Fingerprints of the distinct trusted keys that signed it.
    signers: Vec<String>,
    /// The build's id.
    build: Option<String>,
    /// The build's outcome.
    outcome: Option<String>,
    /// The source repository.
    source: Option<String>,
    /// The commit.
    commit: Option<String>,
    /// The full ref.
    #[serde(rename = "ref")]
    ref_name: Option<String>,
    /// What made the statement.
    builder: Option<String>,
    /// When the build ended, by the signer's clock.
    finished: Option<String>,
    /// How many gaps the evidence admits.
    gaps: Option<usize>,
    /// Who ran the build, by tokens of the platform's; of build evidence alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityV1>,
    /// How far each part can be trusted, by where it stands; of build evidence alone. Facts of a part that a
    /// token's claim states too have an entry of their own, such as `pipeline.commit`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    assurance: BTreeMap<String, AssuredV1>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct IdentityV1 {
    /// `platform-vouched`, `job-checked`, `self-asserted` or `unavailable`.
    assurance: &'static str,
    /// Why not more.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The issuer of the build job's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// The platform's id of the repository, as the token claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_id: Option<String>,
    /// The commit of the run, as the token claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The run's id, as the token claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AssuredV1 {
    /// `self-asserted`, `out-of-band`, `job-checked`, `recomputable`, `platform-vouched` or `time-vouched`.
    assurance: &'static str,
    /// How the evidence says it was learnt.
    basis: Basis,
    /// Who would have to lie for it to be false.
    who_would_have_to_lie: &'static str,
}

fn identity(assessed: &Assessed) -> IdentityV1 {
    let judged = &assessed.judged;
    let claim = |name: &str| {
        let found = judged.run.iter().find(|(claim, _)| *claim == name);
        found.map(|(_, value)| value.clone())
    };
    IdentityV1 {
        assurance: judged.standing.name(),
        reason: judged.reason.clone(),
        issuer: judged.issuer.clone(),
        repository_id: claim("repository id"),
        commit: claim("commit"),
        run_id: claim("run"),
    }
}

fn assurance(assessed: &Assessed) -> BTreeMap<String, AssuredV1> {
    let entry = |assured: &Assured| {
        let level = assured.assurance;
        let shown = AssuredV1 {
            assurance: level.name(),
            basis: assured.basis,
            who_would_have_to_lie: level.liar(),
        };
        (assured.part.clone(), shown)
    };
    assessed.parts.iter().map(entry).collect()
}

#[derive(Debug, Serialize, JsonSchema)]
struct BundleV1 {
    /// The evidence file.
    path: String,
    /// Payloads that a trusted key signed; 0 where the file gave nothing.
    verified: usize,
    /// What is worth saying of its lines.
    notes: Vec<String>,
}

pub(super) fn write(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let verdict = outcome.verdict();
    let mut statements = BTreeMap::new();
    let mut bundles = BTreeMap::new();
    for answer in &outcome.answers {
        for accepted in answer.result.iter().flat_map(|judgement| &judgement.accepted) {
            let first = accepted.statement.lines().first().copied();
            let digest = accepted.statement.payload_digest();
            statements.entry((first, digest)).or_insert_with(|| {
                let assessed = answer.bundle.and_then(|bundle| bundle.assessed.get(&digest));
                statement(accepted, assessed)
            });
        }
        if let Some(bundle) = answer.bundle {
            bundles.entry(&bundle.path).or_insert_with(|| BundleV1 {
                path: label(&bundle.path),
                verified: bundle.content.as_ref().map_or(0, |(_, a)| a.verified.len()),
                notes: bundle_notes(bundle),
            });
        }
    }
    let result = VerifyV1 {
        version: 1,
        verdict: verdict.into(),
        exit_code: exit_code(verdict),
        checked: outcome.checked.clone(),
        not_checked: outcome.not_checked.clone(),
        artefacts: outcome.answers.iter().map(|answer| artefact(answer, outcome.max_age)).collect(),
        missing: outcome.missing.clone(),
        passed_over: outcome
            .passed_over
            .iter()
            .map(|(path, why)| PassedOverV1 { path: path.clone(), why })
            .collect(),
        statements: statements.into_values().collect(),
        bundles: bundles.into_values().collect(),
        policy: outcome.policed.as_ref().map(policy_result),
        pack: outcome.pack.map(pack),
    };
    crate::cli::json_out::write(&result, out)
}

fn artefact(answer: &Answer<'_>, max_age: bool) -> ArtefactV1 {
    let any = |holds: fn(&Accepted<'_>) -> bool| {
        answer.result.iter().flat_map(|judgement| &judgement.accepted).any(holds)
    };
    ArtefactV1 {
        artefact: answer.item.label.clone(),
        kind: match answer.item.kind() {
            ArtefactKind::File => "file",
            ArtefactKind::Tree => "tree",
            ArtefactKind::Digest => "digest",
        },
        name: answer.item.name.as_deref().map(|name| sayable(&printable(name))),
        sha256: answer.sha256,
        size: answer.size,
        digest_basis: any(|accepted| accepted.declared).then_some("declared"),
        subject_kind: any(|accepted| accepted.is_image).then_some("image"),
        verdict: answer.verdict().into(),
        reason: fault(answer).map(|(code, message, hint)| ReasonV1 { code, message, hint }),
        bundle: answer.bundle.map(|bundle| label(&bundle.path)),
        accepted: answer
            .result
            .iter()
            .flat_map(|judgement| &judgement.accepted)
            .map(|accepted| accepted.statement.payload_digest())
            .collect(),
        notes: notes(answer, max_age),
    }
}

fn statement(accepted: &Accepted<'_>, assessed: Option<&Assessed>) -> StatementV1 {
    let claims = accepted.statement.claims();
    let text = |value: &Option<String>| value.as_deref().map(printable);
    StatementV1 {
        payload_sha256: accepted.statement.payload_digest(),
        predicate_type: printable(&accepted.statement.get().predicate_type),
        lines: accepted.statement.lines().to_vec(),
        signers: accepted.statement.signers().iter().map(ToString::to_string).collect(),
        build: text(&claims.build_id),
        outcome: claims.evidence.as_ref().map(|evidence| evidence.outcome.to_string()),
        source: text(&claims.source),
        commit: text(&claims.commit),
        ref_name: text(&claims.ref_name),
        builder: text(&claims.builder),
        finished: claims.finished.map(|time| time.to_string()),
        gaps: claims.evidence.as_ref().map(|evidence| evidence.gaps),
        identity: assessed.map(identity),
        assurance: assessed.map(assurance).unwrap_or_default(),
    }
}
