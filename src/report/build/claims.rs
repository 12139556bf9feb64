//! A row per claim of the final code: evidence and gaps, the status and the argument left to the vendor's officer.

use super::sentence;
use crate::assess::catalogue::{PROVISIONS, Provision};
use crate::report::model::{BuildV1, ClaimV1, FindingV1};
use crate::report::officer::Officer;

/// The rows of every lane, in the order of the code.
pub(super) fn rows(builds: &[BuildV1], officer: Option<&Officer>) -> Vec<ClaimV1> {
    let of = |build| PROVISIONS.iter().flat_map(move |one| of_provision(build, one, officer));
    builds.iter().flat_map(of).collect()
}

fn of_provision(build: &BuildV1, provision: &Provision, officer: Option<&Officer>) -> Vec<ClaimV1> {
    let found = build.provisions.iter().find(|one| one.number == provision.number);
    let findings = found.map(|one| one.findings.as_slice()).unwrap_or_default();
    let row = |id: &str, text: String, belongs: &dyn Fn(&FindingV1) -> bool| {
        let own: Vec<&FindingV1> = findings.iter().filter(|finding| belongs(finding)).collect();
        let words = officer.and_then(|officer| officer.claim(id));
        ClaimV1 {
            lane: build.lane.clone(),
            id: id.to_owned(),
            text,
            status: words.and_then(|words| words.status.clone()),
            evidence: own.iter().filter_map(|finding| evidence(finding)).collect(),
            argument: words.and_then(|words| words.argument.clone()),
            gaps: own.iter().filter_map(|finding| gap(finding)).collect(),
        }
    };
    if provision.claims.is_empty() {
        let (number, draft) = (provision.number, provision.draft);
        let text = format!(
            "The final code has no claims for {number}, which is the draft's alone: {draft}"
        );
        return vec![row(number, text, &|_| true)];
    }
    let claim = |claim: &crate::assess::catalogue::Claim| {
        let belongs = |finding: &FindingV1| finding.claims.iter().any(|id| id == claim.id);
        row(claim.id, claim.text.to_owned(), &belongs)
    };
    provision.claims.iter().map(claim).collect()
}

/// What speaks for it.
fn evidence(finding: &FindingV1) -> Option<String> {
    let title = &finding.title;
    match finding.status.as_str() {
        "pass" => {
            let assurance = finding.assurance.as_deref().unwrap_or_default();
            Some(sentence(&format!("{title}: pass, {assurance}: {}", finding.why)))
        }
        _ => None,
    }
}

/// What is missing, or speaks against it.
fn gap(finding: &FindingV1) -> Option<String> {
    let title = &finding.title;
    match finding.status.as_str() {
        "fail" => {
            let assurance = finding.assurance.as_deref().unwrap_or_default();
            Some(sentence(&format!("{title}: fail, {assurance}: {}", finding.why)))
        }
        "unknown" => match finding.documents.first() {
            // It is evidence once somebody has read it.
            Some(document) => Some(sentence(&format!(
                "{title}: for people to read: {} {}, sha256:{}",
                document.kind, document.name, document.sha256
            ))),
            None => Some(sentence(&format!("{title}: unknown: {}", finding.why))),
        },
        _ => None,
    }
}
