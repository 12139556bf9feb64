//! Statements that another job captured and didn't sign, on their way to a signature.
//!
//! Whoever signs didn't see the build. So nothing is added to what was captured but who signs, and every
//! fact in it becomes one that was told.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::provenance::{Parts, provenance};
use crate::base::digest::Sha256;
use crate::capture::redact::Redactor;
use crate::capture::sbom::Sbom;
use crate::format::bundle::{self, Document};
use crate::format::claims::Claims;
use crate::format::evidence::{
    BUILD_EVIDENCE, Bracket, BuildEvidence, CheckedToken, Companion, Outcome, Signing, TokenJob,
};
use crate::format::json::{self, JsonError};
use crate::format::sbom::is_sbom;
use crate::format::slsa::{BUILDER_PREFIX, PROVENANCE_V1};
use crate::format::statement::{Statement, Subject};

/// The basis of all that the signing job didn't see.
const TOLD: &str = "told by another job";
/// What made the SLSA line, in a job of its own.
const BUILDER: &str = "separate-signer:v1";

/// Why a file is no capture that can be signed.
#[derive(Debug, thiserror::Error)]
pub enum ToldError {
    /// There is nothing in it.
    #[error("expected an unsigned capture, found an empty file")]
    Empty,
    /// A line is no statement.
    #[error("line {line}: expected an unsigned statement: {source}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        source: JsonError,
    },
    /// A line is signed.
    #[error("line {line}: expected an unsigned statement, found one in an envelope")]
    Signed {
        /// Counted from 1.
        line: usize,
    },
    /// A statement that proofmark doesn't make.
    #[error("line {line}: expected a statement that proofmark captured, found {found}")]
    Foreign {
        /// Counted from 1.
        line: usize,
        /// Its type.
        found: String,
    },
    /// One capture has one line of build evidence.
    #[error("expected one line of build evidence, found {found}")]
    Evidence {
        /// How many there are.
        found: usize,
    },
    /// The build evidence isn't as this version writes it.
    #[error("the build evidence can't be read: {0}")]
    Form(String),
    /// The other lines must be those that the evidence names.
    #[error("expected the lines that the build evidence lists as companions, found others")]
    Companions,
    /// The lines speak of different things.
    #[error("the lines disagree on {what}")]
    Disagree {
        /// On what.
        what: &'static str,
    },
    /// A statement could not be written again.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// A capture of another job. Its form was checked, and nothing else.
#[derive(Debug)]
pub struct Told {
    /// The other lines, as they stand too: an SBOM is signed as it was captured, to the last digit.
    companions: Vec<(Value, Vec<u8>)>,
    line: Value,
    captured: Sha256,
    subjects: Vec<Subject>,
    claims: Claims,
    evidence: BuildEvidence,
}

impl Told {
    /// Reads the lines of an unsigned capture.
    ///
    /// # Errors
    /// Anything but the statements of one bracket, as proofmark writes them.
    pub fn parse(bytes: &[u8]) -> Result<Self, ToldError> {
        let mut companions = Vec::new();
        let mut evidence = Vec::new();
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (index, raw) in lines.filter(|(_, raw)| !raw.trim_ascii().is_empty()) {
            let line = index + 1;
            if matches!(bundle::parse(raw), Ok(Document::Envelope { .. })) {
                return Err(ToldError::Signed { line });
            }
            let malformed = |source| ToldError::Malformed { line, source };
            let statement: Statement = json::parse(raw).map_err(malformed)?;
            let value: Value = json::parse(raw).map_err(malformed)?;
            let sha256 = Sha256::of(raw);
            let known = match statement.predicate_type.as_str() {
                BUILD_EVIDENCE => true,
                PROVENANCE_V1 => Claims::of(&statement)
                    .builder
                    .is_some_and(|builder| builder.starts_with(BUILDER_PREFIX)),
                other => is_sbom(other),
            };
            if !known {
                let found = crate::base::text::printable(&statement.predicate_type);
                return Err(ToldError::Foreign { line, found });
            }
            if statement.predicate_type == BUILD_EVIDENCE {
                evidence.push((statement, value, sha256));
            } else {
                companions.push((statement, value, raw.to_owned(), sha256));
            }
        }
        if evidence.is_empty() && companions.is_empty() {
            return Err(ToldError::Empty);
        }
        let found = evidence.len();
        let one: Result<[_; 1], _> = evidence.try_into();
        let [(statement, value, captured)] = one.map_err(|_other| ToldError::Evidence { found })?;
        let claims = Claims::of(&statement);
        let typed: BuildEvidence = serde_json::from_value(statement.predicate.clone())
            .map_err(|error| ToldError::Form(error.to_string()))?;
        let listed: BTreeSet<_> = typed.companions.iter().map(|c| c.sha256).collect();
        let there: BTreeSet<_> = companions.iter().map(|(.., sha256)| *sha256).collect();
        if listed != there || there.len() != companions.len() {
            return Err(ToldError::Companions);
        }
        // A member that this version doesn't know would be signed unread; one that is written otherwise
        // isn't what proofmark wrote.
        if to_value(&typed)? != statement.predicate {
            return Err(ToldError::Form("it isn't as this version writes it".to_owned()));
        }
        check_subjects(&statement, &value, &typed)?;
        check_tokens(&typed)?;
        for (companion, value, ..) in &companions {
            check_companion(companion, value, &statement, &typed)?;
        }
        let companions = companions.into_iter().map(|(_, value, raw, _)| (value, raw)).collect();
        let subjects = statement.subjects;
        Ok(Self { companions, line: value, captured, subjects, claims, evidence: typed })
    }

    /// What the capture is about.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// What it says of the build.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What it says, whole.
    #[must_use]
    pub const fn evidence(&self) -> &BuildEvidence {
        &self.evidence
    }

    /// The payloads to be signed. What changes: who signs, `builder.id`, the digest of what was given,
    /// the companions' digests; this job's token, where it has one, stands beside the other job's; and every
    /// basis.
    ///
    /// # Errors
    /// Never for what was parsed; the serialiser's word is passed on.
    pub fn signed_elsewhere(
        self,
        signing: &Signing,
        token: Option<&CheckedToken>,
    ) -> Result<Vec<Vec<u8>>, ToldError> {
        let mut payloads = Vec::new();
        let mut companions = Vec::new();
        let mut evidence = self.line;
        for (mut line, raw) in self.companions {
            let kind = line.get("predicateType").and_then(Value::as_str).unwrap_or_default();
            let kind = kind.to_owned();
            let id = line.pointer_mut("/predicate/runDetails/builder/id");
            let payload = match id.filter(|_| kind == PROVENANCE_V1) {
                Some(id) => {
                    *id = format!("{BUILDER_PREFIX}{BUILDER}").into();
                    json::to_line(&line)?
                }
                None => raw,
            };
            companions.push(Companion { predicate_type: kind, sha256: Sha256::of(&payload) });
            payloads.push(payload);
        }
        let form = || ToldError::Form("no predicate".to_owned());
        let predicate =
            evidence.get_mut("predicate").and_then(Value::as_object_mut).ok_or_else(form)?;
        predicate.values_mut().for_each(retell);
        let custody = predicate.get_mut("custody").and_then(Value::as_object_mut);
        take_custody(custody.ok_or_else(form)?, self.captured);
        if let Some(token) = token {
            let identity = predicate.get_mut("identity").and_then(Value::as_object_mut);
            add_token(identity.ok_or_else(form)?, to_value(token)?);
        }
        let build = predicate.get_mut("build").and_then(Value::as_object_mut).ok_or_else(form)?;
        build.insert("signing".to_owned(), to_value(signing)?);
        predicate.insert("companions".to_owned(), to_value(&companions)?);
        payloads.push(json::to_line(&evidence)?);
        Ok(payloads)
    }
}

fn to_value<T: serde::Serialize>(value: &T) -> Result<Value, ToldError> {
    serde_json::to_value(value).map_err(|error| ToldError::Form(error.to_string()))
}

/// Members that a subject of ours may have beside its name and digest.
const ANNOTATIONS: [&str; 6] = ["basis", "change", "kind", "mediaType", "platform", "size"];

/// Nothing stands beside the members that a statement has, and what a subject says can be checked. Which
/// subjects there may be depends on how the build ended.
fn check_subjects(
    statement: &Statement,
    value: &Value,
    evidence: &BuildEvidence,
) -> Result<(), ToldError> {
    let form = |what: &str| ToldError::Form(what.to_owned());
    check_members(statement, value)?;
    for subject in &statement.subjects {
        let digests = subject.digest.keys().map(String::as_str);
        let is_tree = subject.kind() == Some("tree");
        let known = |name: &str| name == Sha256::ALGORITHM || (is_tree && name == "dirHash");
        let told = |(name, value): (&String, &Value)| {
            let fits = if name == "size" { value.is_u64() } else { value.is_string() };
            ANNOTATIONS.contains(&name.as_str()) && fits
        };
        if !digests.into_iter().all(known) {
            return Err(form("a subject has a digest that can't be computed again"));
        }
        if !subject.annotations.iter().all(told) {
            return Err(form("a subject has an annotation that proofmark doesn't write"));
        }
    }
    let inputs = [super::inputs_subject(&evidence.inputs)];
    let fits = match (evidence.build.outcome, evidence.build.bracket) {
        _ if statement.subjects == inputs => evidence.companions.is_empty(),
        (Outcome::Succeeded, Bracket::Command | Bracket::Steps) => true,
        (Outcome::NotApplicable, Bracket::None) => {
            evidence.companions.iter().all(|companion| is_sbom(&companion.predicate_type))
        }
        _ => false,
    };
    let kinds = statement.subjects.iter().filter(|subject| subject.kind() == Some("inputs"));
    if fits && (statement.subjects == inputs || kinds.count() == 0) {
        Ok(())
    } else {
        Err(form("its subjects don't fit its outcome"))
    }
}

fn check_members(statement: &Statement, value: &Value) -> Result<(), ToldError> {
    let known = ["_type", "predicate", "predicateType", "subject"];
    let only = |members: &Map<String, Value>| {
        members.len() == known.len() && known.iter().all(|name| members.contains_key(*name))
    };
    let whole = value.get("subject") == Some(&to_value(&statement.subjects)?);
    if value.as_object().is_some_and(only) && whole {
        Ok(())
    } else {
        Err(ToldError::Form("a statement has members that proofmark doesn't write".to_owned()))
    }
}

/// The lines of one bracket are about the same things. The SLSA line says what follows from the evidence,
/// and nothing else: no other repository, run or builder.
fn check_companion(
    companion: &Statement,
    value: &Value,
    statement: &Statement,
    evidence: &BuildEvidence,
) -> Result<(), ToldError> {
    check_members(companion, value)?;
    if companion.subjects != statement.subjects {
        return Err(ToldError::Disagree { what: "their subjects" });
    }
    if companion.predicate_type == PROVENANCE_V1 {
        let Some(pipeline) = evidence.pipeline.get() else {
            return Err(ToldError::Form("the pipeline isn't observed".to_owned()));
        };
        let definition = evidence.lane.get().and_then(|lane| lane.definition.as_deref());
        let source = evidence.source.get();
        let parts = Parts { build: &evidence.build, pipeline, definition, source };
        if to_value(&provenance(parts))? != companion.predicate {
            return Err(ToldError::Disagree { what: "what was built from what, by whom or when" });
        }
        return Ok(());
    }
    let bytes = json::to_line(&companion.predicate)?;
    match Sbom::parse(&bytes, &Redactor::default()) {
        Ok(sbom) if sbom.predicate_type() == companion.predicate_type => Ok(()),
        _ => Err(ToldError::Form("a companion is no SBOM that can be bound".to_owned())),
    }
}

/// A capture has the token of the job that made it, and of no other: one that says it is of the job that signs
/// would be taken for what this job is to find out for itself.
fn check_tokens(evidence: &BuildEvidence) -> Result<(), ToldError> {
    let tokens = evidence.identity.value.as_ref().map_or(&[][..], |identity| &identity.tokens);
    match tokens {
        [] => Ok(()),
        [token] if token.job == TokenJob::Build => Ok(()),
        _ => Err(ToldError::Form("it has a token of another job than the build's".to_owned())),
    }
}

/// Every fact below was told.
fn retell(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("status").is_some_and(Value::is_string)
                && let Some(basis) = members.get_mut("basis")
            {
                *basis = TOLD.into();
            }
            members.values_mut().for_each(retell);
        }
        Value::Array(entries) => entries.iter_mut().for_each(retell),
        _ => {}
    }
}

/// The digest of what was given is this job's own fact; what the other job continued stays told.
fn take_custody(custody: &mut Map<String, Value>, captured: Sha256) {
    let before = custody.get("value").and_then(|value| value.get("continues")).cloned();
    let continues = before.unwrap_or_else(|| json!([]));
    if continues.as_array().is_none_or(Vec::is_empty) {
        custody.insert("basis".to_owned(), "recomputed".into());
    }
    custody.insert("status".to_owned(), "observed".into());
    custody.remove("reason");
    let value = json!({"captured": captured.to_string(), "continues": continues});
    custody.insert("value".to_owned(), value);
}

/// What this job checked itself is its own fact; where the other job had a token too, the part stays told.
fn add_token(identity: &mut Map<String, Value>, token: Value) {
    let told = identity.get_mut("value").and_then(|value| value.get_mut("tokens"));
    if let Some(tokens) = told.and_then(Value::as_array_mut).filter(|tokens| !tokens.is_empty()) {
        tokens.push(token);
        return;
    }
    identity.insert("status".to_owned(), "observed".into());
    identity.insert("basis".to_owned(), "token claim".into());
    identity.remove("reason");
    identity.insert("value".to_owned(), json!({"tokens": [token], "people": {}}));
}

/// Whether the capture is of a build without artefacts, so that there is none to be hashed again.
#[must_use]
pub fn has_no_artefact(told: &Told) -> bool {
    told.subjects() == [super::inputs_subject(&told.evidence.inputs)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(identity: Value) -> Value {
        let Value::Object(mut identity) = identity else { panic!("an object") };
        add_token(&mut identity, json!({"job": "signing"}));
        Value::Object(identity)
    }

    #[test]
    fn this_job_s_token_stands_behind_the_other_s_which_stays_told() {
        let people = json!({"build.actor": "somebody"});
        let told = json!({"status": "observed", "basis": TOLD, "value": {
            "tokens": [{"job": "build"}], "people": people,
        }});
        let found = added(told);
        assert_eq!(found["basis"], TOLD);
        assert_eq!(found["value"]["tokens"], json!([{"job": "build"}, {"job": "signing"}]));
        assert_eq!(found["value"]["people"], people);
    }

    #[test]
    fn where_the_other_job_had_none_this_job_s_token_is_its_own_fact() {
        let told = json!({"status": "unavailable", "basis": TOLD, "reason": "no token"});
        let expected = json!({"status": "observed", "basis": "token claim", "value": {
            "tokens": [{"job": "signing"}], "people": {},
        }});
        assert_eq!(added(told), expected);
    }
}
