//! What the verified statements amount to for one artefact.

use std::collections::BTreeSet;

use super::authenticate::{Authenticated, Verified};
use super::expect::Expectations;
use super::reason::{Reason, Verdict};
use super::subject::{Artefact, Match};
use crate::base::digest::Sha256;
use crate::base::text::Printable;
use crate::base::time::Time;
use crate::format::bundle::Material;
use crate::format::claims::Claims;
use crate::format::evidence::{BUILD_EVIDENCE, Bracket, Outcome};
use crate::format::sbom::is_sbom;
use crate::format::slsa::{PROVENANCE_V0_2, PROVENANCE_V1};
use crate::format::statement::Statement;
use crate::format::vsa::{Told, told};

/// The predicate types that are wanted where none is named.
pub(super) const USUAL_TYPES: [&str; 3] = [BUILD_EVIDENCE, PROVENANCE_V1, PROVENANCE_V0_2];

/// What the checker wants, beside trust.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The wanted predicate types, exactly; empty for build evidence and SLSA provenance.
    pub predicate_types: Vec<String>,
    /// A subject's base name must be the artefact's.
    pub strict_names: bool,
    /// What the accepted statements must say.
    pub expectations: Expectations,
}

impl Wishes {
    /// Whether statements of this type count.
    #[must_use]
    pub fn wants(&self, predicate_type: &str) -> bool {
        if self.predicate_types.is_empty() {
            USUAL_TYPES.contains(&predicate_type)
        } else {
            self.predicate_types.iter().any(|wanted| wanted == predicate_type)
        }
    }
}

/// A statement that an artefact was accepted on.
#[derive(Debug, Clone)]
pub struct Accepted<'a> {
    /// The statement.
    pub statement: &'a Verified<Statement>,
    /// The name that it gives the artefact; `None` for build evidence that only stands beside it.
    pub subject: Option<String>,
    /// Whether that is another name than the artefact's.
    pub other_name: bool,
    /// It states a SHA-512 that could not be compared.
    pub sha512_unchecked: bool,
    /// Its maker was told the artefact's digest and didn't compute it.
    pub declared: bool,
    /// It calls the artefact a container image.
    pub is_image: bool,
    /// It says that the build found the artefact there and left it as it was.
    pub unchanged: bool,
}

impl<'a> Accepted<'a> {
    fn new(statement: &'a Verified<Statement>, found: Match) -> Self {
        Self {
            statement,
            other_name: !found.name_fits,
            subject: found.name.map(|name| name.to_string()),
            sha512_unchecked: found.sha512_unchecked,
            declared: found.declared,
            is_image: found.is_image,
            unchanged: found.unchanged,
        }
    }
}

/// What the statements amount to for one artefact.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    /// Why not; `None` is verified.
    pub refusal: Option<Reason>,
    /// What it was accepted on; empty unless verified.
    pub accepted: Vec<Accepted<'a>>,
    /// Companions that accepted evidence lists and that are not among the verified lines: said, and no
    /// refusal.
    pub missing_companions: Vec<Sha256>,
    /// Accepted bills of materials that no accepted evidence lists: of which build they are, nobody says.
    pub unlisted: Vec<&'a Verified<Statement>>,
    /// Verified statements of a wanted type about another artefact of the same name; empty unless
    /// verified. Said, and no refusal.
    pub same_name: Vec<&'a Verified<Statement>>,
}

impl Judgement<'_> {
    /// The answer.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.refusal.as_ref().map_or(Verdict::Verified, Reason::verdict)
    }
}

/// Judges one artefact. The first of these that holds decides:
///
/// - (a) no line verifies; (b) none of the verified ones is of a wanted type;
/// - (c) none of those is about the artefact; (d) one that is disagrees in another strong digest;
/// - names, where they are strict;
/// - a verification summary about it that doesn't say that it passed;
/// - (e) provenance of ours without its verified build evidence counts for nothing;
/// - (f) fewer distinct signers than the threshold;
/// - (g) outcome, companions, agreement of a build's lines, expectations;
/// - (h) verified.
///
/// Statements are grouped by build; groups are never mixed. Not checked: whether the signer's key was
/// valid at some time, and whether what the statements say is true.
#[must_use]
pub fn judge<'a>(
    set: &'a Authenticated,
    artefact: &Artefact,
    wishes: &Wishes,
    now: Time,
) -> Judgement<'a> {
    let mut judgement = conclude(set, accept(set, Some(artefact), wishes, now));
    if judgement.refusal.is_none() {
        let others = set.verified.iter().filter(|s| {
            let digest = s.payload_digest();
            wishes.wants(&s.get().predicate_type)
                && judgement.accepted.iter().all(|a| a.statement.payload_digest() != digest)
                && s.subjects().contradiction(artefact).is_some()
        });
        judgement.same_name = others.collect();
    }
    judgement
}

/// [`judge`] without an artefact: (c), (d) and names are left out, and every statement of a wanted type
/// counts.
#[must_use]
pub fn judge_statements<'a>(set: &'a Authenticated, wishes: &Wishes, now: Time) -> Judgement<'a> {
    conclude(set, accept(set, None, wishes, now))
}

fn conclude<'a>(
    set: &'a Authenticated,
    accepted: Result<Vec<Accepted<'a>>, Reason>,
) -> Judgement<'a> {
    match accepted {
        Ok(accepted) => {
            let missing_companions = missing_companions(set, &accepted);
            let unlisted = accepted
                .iter()
                .map(|accepted| accepted.statement)
                .filter(|statement| is_sbom(&statement.get().predicate_type))
                .filter(|statement| {
                    let mut lists = listing(set, statement);
                    lists.all(|evidence| evidence.signers().len() < set.threshold())
                })
                .collect();
            let same_name = Vec::new();
            Judgement { refusal: None, accepted, missing_companions, unlisted, same_name }
        }
        Err(refusal) => Judgement {
            refusal: Some(refusal),
            accepted: Vec::new(),
            missing_companions: Vec::new(),
            unlisted: Vec::new(),
            same_name: Vec::new(),
        },
    }
}

fn accept<'a>(
    set: &'a Authenticated,
    artefact: Option<&Artefact>,
    wishes: &Wishes,
    now: Time,
) -> Result<Vec<Accepted<'a>>, Reason> {
    // (a)
    if set.verified.is_empty() {
        return Err(nothing_verifies(set, wishes));
    }
    // (b)
    let wanted: Vec<_> =
        set.verified.iter().filter(|s| wishes.wants(&s.get().predicate_type)).collect();
    if wanted.is_empty() {
        return Err(no_wanted_type(set, wishes));
    }
    // (c), (d)
    let mut matching = match artefact {
        Some(artefact) => about(artefact, &wanted, wishes)?,
        None => wanted.into_iter().map(|statement| (statement, Match::default())).collect(),
    };
    // Whoever signed it, and however many: a single one that failed refuses.
    check_summaries(&matching)?;
    // (e)
    let without = matching.iter().find_map(|(statement, _)| {
        let claims = statement.claims();
        (claims.is_our_provenance() && evidence_of(set, claims).next().is_none())
            .then(|| claims.build_id.clone().unwrap_or_else(|| "?".to_owned()))
    });
    matching.retain(|(statement, _)| {
        let claims = statement.claims();
        !claims.is_our_provenance() || evidence_of(set, claims).next().is_some()
    });
    if let (true, Some(build)) = (matching.is_empty(), without) {
        return Err(Reason::EvidenceMissing { build });
    }
    // (f)
    let needed = set.threshold();
    let signers = |statement: &Verified<Statement>| {
        let own = statement.signers().len();
        let claims = statement.claims();
        if claims.is_our_provenance() {
            // The evidence carries the outcome: it must be vouched for by as many.
            let evidence = evidence_of(set, claims).map(|e| e.signers().len()).max().unwrap_or(0);
            own.min(evidence)
        } else {
            own
        }
    };
    let most = matching.iter().map(|(statement, _)| signers(statement)).max().unwrap_or(0);
    matching.retain(|(statement, _)| signers(statement) >= needed);
    if matching.is_empty() {
        return Err(Reason::TooFewSigners { needed, found: most });
    }
    // (g)
    let accepted = with_evidence(set, matching, needed);
    let mut builds = BTreeSet::new();
    for statement in accepted.iter().map(|accepted| accepted.statement) {
        match &statement.claims().build_id {
            Some(build) if !builds.insert(build) => {}
            Some(build) => check_build(set, build, needed)?,
            None => check_outcome(statement.claims())?,
        }
        for evidence in listing(set, statement) {
            match &evidence.claims().build_id {
                Some(build) if !builds.insert(build) => {}
                Some(build) => check_build(set, build, needed)?,
                None => check_outcome(evidence.claims())?,
            }
        }
    }
    let claims: Vec<_> = accepted.iter().map(|accepted| accepted.statement.claims()).collect();
    wishes.expectations.check(&claims, now).map_err(Reason::Unmet)?;
    Ok(accepted)
}

/// The statements that are about the artefact: (c), (d), names.
fn about<'a>(
    artefact: &Artefact,
    wanted: &[&'a Verified<Statement>],
    wishes: &Wishes,
) -> Result<Vec<(&'a Verified<Statement>, Match)>, Reason> {
    let mut matching: Vec<_> = wanted
        .iter()
        .filter_map(|statement| Some((*statement, statement.subjects().best_match(artefact)?)))
        .collect();
    if matching.is_empty() {
        let expected = wanted.iter().find_map(|s| s.subjects().contradiction(artefact));
        return Err(match expected {
            Some(expected) => Reason::DifferentDigest { expected, found: artefact.sha256 },
            None => {
                let outcomes = wanted.iter().filter_map(|s| s.claims().evidence.as_ref());
                let mut failed = outcomes.map(|evidence| evidence.outcome).filter(|outcome| {
                    !matches!(outcome, Outcome::Succeeded | Outcome::NotApplicable)
                });
                Reason::NotASubject { found: artefact.sha256, outcome: failed.next() }
            }
        });
    }
    // (d)
    if let Some(disagreement) = matching.iter().find_map(|(_, m)| m.disagreement.clone()) {
        return Err(Reason::Disagrees(disagreement));
    }
    if wishes.strict_names {
        let other = matching.first().and_then(|(_, m)| m.name.clone());
        matching.retain(|(_, m)| m.name_fits);
        if matching.is_empty() {
            let expected = artefact.name.clone().unwrap_or_default();
            let found = other.map_or_else(|| "no name".to_owned(), |name| name.to_string());
            return Err(Reason::DifferentName { expected, found });
        }
    }
    Ok(matching)
}

/// Verification summaries count where their type is named; what they say of the artefact is an answer already.
fn check_summaries(matching: &[(&Verified<Statement>, Match)]) -> Result<(), Reason> {
    let mut unknown = None;
    for (statement, _) in matching {
        let lines = || statement.lines().to_vec();
        match told(&statement.get().predicate_type, &statement.get().predicate) {
            Told::Nothing => {}
            Told::Failed => return Err(Reason::SummaryFailed { lines: lines() }),
            Told::Unknown(word) => {
                let found = word.unwrap_or_else(|| "none".to_owned());
                unknown =
                    unknown.or_else(|| Some(Reason::SummaryUnknown { lines: lines(), found }));
            }
        }
    }
    unknown.map_or(Ok(()), Err)
}

fn nothing_verifies(set: &Authenticated, wishes: &Wishes) -> Reason {
    let lines: Vec<_> = set
        .failed
        .iter()
        .filter(|failed| {
            let stated = failed.stated_predicate_type.as_deref();
            failed.material == Material::Key && stated.is_some_and(|stated| wishes.wants(stated))
        })
        .map(|failed| failed.line)
        .collect();
    if lines.is_empty() { Reason::NothingSigned } else { Reason::NoSignatureVerifies { lines } }
}

fn no_wanted_type(set: &Authenticated, wishes: &Wishes) -> Reason {
    let found: BTreeSet<_> =
        set.verified.iter().map(|s| Printable(&s.get().predicate_type).to_string()).collect();
    let wanted = if wishes.predicate_types.is_empty() {
        USUAL_TYPES.join(" or ")
    } else {
        wishes.predicate_types.join(" or ")
    };
    Reason::NoWantedType { wanted, found: found.into_iter().collect::<Vec<_>>().join(", ") }
}

/// The verified evidence of the build that `claims` names. An empty id names none.
fn evidence_of<'a>(
    set: &'a Authenticated,
    claims: &Claims,
) -> impl Iterator<Item = &'a Verified<Statement>> {
    let build = claims.build_id.clone().filter(|build| !build.is_empty());
    set.verified.iter().filter(move |statement| {
        let other = statement.claims();
        build.is_some() && other.evidence.is_some() && other.build_id == build
    })
}

/// The verified evidence that lists a statement which names no build itself, such as an SBOM: being listed is
/// what makes it a part of a build.
fn listing<'a>(
    set: &'a Authenticated,
    statement: &Verified<Statement>,
) -> impl Iterator<Item = &'a Verified<Statement>> {
    let claims = statement.claims();
    let names_none = claims.build_id.is_none() && claims.evidence.is_none();
    let digest = statement.payload_digest();
    set.verified.iter().filter(move |other| {
        let evidence = other.claims().evidence.as_ref();
        let listed = evidence.and_then(|evidence| evidence.companions.as_ref());
        names_none && listed.is_some_and(|list| list.iter().any(|c| c.sha256 == digest))
    })
}

/// The matching statements, and the build evidence that stands beside a matching provenance line or that lists
/// a matching SBOM. Evidence
/// with too few signers isn't accepted: one stolen key of several would meet any expectation.
fn with_evidence<'a>(
    set: &'a Authenticated,
    matching: Vec<(&'a Verified<Statement>, Match)>,
    needed: usize,
) -> Vec<Accepted<'a>> {
    let mut accepted: Vec<_> =
        matching.into_iter().map(|(statement, found)| Accepted::new(statement, found)).collect();
    let ours = accepted.iter().filter(|a| a.statement.claims().is_our_provenance());
    let beside: Vec<_> = ours
        .flat_map(|accepted| evidence_of(set, accepted.statement.claims()))
        .chain(accepted.iter().flat_map(|accepted| listing(set, accepted.statement)))
        .filter(|evidence| evidence.signers().len() >= needed)
        .collect();
    for statement in beside {
        let digest = statement.payload_digest();
        if accepted.iter().all(|a| a.statement.payload_digest() != digest) {
            let unnamed = Match { name_fits: true, ..Match::default() };
            accepted.push(Accepted::new(statement, unnamed));
        }
    }
    accepted
}

fn check_outcome(claims: &Claims) -> Result<(), Reason> {
    let Some(evidence) = &claims.evidence else { return Ok(()) };
    match (evidence.outcome, evidence.bracket) {
        (Outcome::Succeeded, _) | (Outcome::NotApplicable, Bracket::None) => Ok(()),
        (found, _) => Err(Reason::Outcome { found }),
    }
}

/// Checks one group: all verified lines of one build. Whoever signed it, each can refuse; only evidence
/// with enough signers says what its companions are.
fn check_build(set: &Authenticated, build: &str, needed: usize) -> Result<(), Reason> {
    let lines: Vec<_> =
        set.verified.iter().filter(|s| s.claims().build_id.as_deref() == Some(build)).collect();
    let enough = lines.iter().filter(|s| s.signers().len() >= needed);
    let evidence: Vec<_> = enough.filter_map(|s| s.claims().evidence.as_ref()).collect();
    for line in &lines {
        check_outcome(line.claims())?;
        let found = line.payload_digest();
        let listed = |e: &&crate::format::claims::EvidenceClaims| {
            e.companions.as_ref().is_some_and(|list| list.iter().any(|c| c.sha256 == found))
        };
        if line.claims().is_our_provenance() && !evidence.iter().any(listed) {
            return Err(Reason::NotACompanion { build: build.to_owned(), found });
        }
    }
    type Field = (&'static str, fn(&Claims) -> Option<String>);
    let fields: [Field; 4] = [
        ("source", |claims| claims.source.clone()),
        ("commit", |claims| claims.commit.clone()),
        ("ref", |claims| claims.ref_name.clone()),
        ("outcome", |claims| claims.evidence.as_ref().map(|e| e.outcome.to_string())),
    ];
    for (what, field) in fields {
        let mut said = lines.iter().filter_map(|line| field(line.claims()));
        let Some(one) = said.next() else { continue };
        let same = |other: &String| {
            *other == one
                || (what == "source" && crate::format::repository::same_repository(other, &one))
        };
        if let Some(other) = said.find(|other| !same(other)) {
            return Err(Reason::LinesDisagree { build: build.to_owned(), what, one, other });
        }
    }
    Ok(())
}

fn missing_companions(set: &Authenticated, accepted: &[Accepted<'_>]) -> Vec<Sha256> {
    let listed = accepted
        .iter()
        .filter_map(|accepted| accepted.statement.claims().evidence.as_ref()?.companions.as_ref())
        .flatten()
        .map(|companion| companion.sha256);
    let missing: BTreeSet<_> = listed
        .filter(|digest| set.verified.iter().all(|s| s.payload_digest() != *digest))
        .collect();
    missing.into_iter().collect()
}
