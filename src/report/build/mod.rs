//! From assessed builds to the report's data. Every text from a statement is cut and made printable here.

mod claims;
mod marks;
mod newest;
mod not_shown;
mod pins;
mod policy;
mod provisions;
mod repositories;
mod since;
#[cfg(test)]
mod tests;
mod timeline;
mod vouchers;

pub use newest::{Newest, build};
pub use policy::{policy, rules};
pub use since::since;
pub use timeline::{changes, event};

use super::model::{BuildV1, NotVerifiedV1, PolicyV1, ReportV1, SinceV1};
use super::officer::Officer;
use crate::assess::catalogue::{DRAFT, FINAL};
use crate::base::text::{count, cut};
use crate::base::time::Time;

/// Longest name and longest sentence, in characters.
const NAME_MAX: usize = 200;
const SENTENCE_MAX: usize = 400;
/// Most entries of a list.
const ENTRIES_MAX: usize = 1000;

/// What a report is made of.
#[derive(Debug, Default)]
pub struct Given<'a> {
    /// The newest build of each lane.
    pub builds: Vec<BuildV1>,
    /// Whether the builds were verified.
    pub verified: bool,
    /// The policy's answer, where one was given.
    pub policy: Option<PolicyV1>,
    /// What moved.
    pub since: Option<SinceV1>,
    /// The vendor's own words.
    pub officer: Option<&'a Officer>,
    /// What counts for nothing.
    pub not_verified: Vec<NotVerifiedV1>,
    /// What this report in particular doesn't show.
    pub not_shown: Vec<String>,
    /// The files that were read.
    pub files: Vec<String>,
    /// The time that the report states; else when the newest build was finished.
    pub made: Option<Time>,
    /// Whether rows by repository were asked for.
    pub by_repository: bool,
    /// Whether rows by claim were asked for.
    pub by_claim: bool,
}

/// Makes the report.
#[must_use]
pub fn report(given: Given<'_>) -> ReportV1 {
    let mut builds = given.builds;
    let mut rows = Vec::new();
    if given.by_repository {
        repositories::worst_first(&mut builds);
        rows = repositories::rows(&builds);
    }
    let newest = builds.iter().filter_map(|build| build.finished).max();
    let exit_code = match &given.policy {
        _ if !given.verified || builds.is_empty() => 3,
        Some(policy) if !policy.permits => 1,
        _ if !given.not_verified.is_empty() => 3,
        _ => 0,
    };
    let not_verified = given.not_verified.into_iter().map(|not| NotVerifiedV1 {
        file: sentence(&not.file),
        line: not.line,
        why: cut(&not.why, ENTRIES_MAX),
    });
    let by_claim = given.by_claim || given.officer.is_some();
    ReportV1 {
        version: 1,
        verified: given.verified,
        made: given.made.or(newest).unwrap_or(Time::saturating(0)),
        tool: concat!("proofmark ", env!("CARGO_PKG_VERSION")).to_owned(),
        draft: DRAFT.to_owned(),
        last: FINAL.to_owned(),
        headline: headline(&builds, given.verified, given.policy.as_ref()),
        claims: if by_claim { claims::rows(&builds, given.officer) } else { Vec::new() },
        not_shown: not_shown::all(&builds, given.verified, given.not_shown),
        repositories: rows,
        policy: given.policy,
        since: given.since,
        statement: given.officer.map(Officer::said),
        not_verified: not_verified.collect(),
        files: given.files.iter().map(|file| sentence(file)).collect(),
        builds,
        exit_code,
    }
}

/// The provisions in a line; of many lanes the worst of each.
fn headline(builds: &[BuildV1], verified: bool, policy: Option<&PolicyV1>) -> String {
    let before = if verified { "" } else { "UNVERIFIED: " };
    let says = policy.map(|policy| {
        let failed = policy.rules.iter().filter(|rule| rule.status == "fails").count();
        let word = if policy.permits { "permits" } else { "does not permit" };
        format!("policy {} {word} ({failed} fail); ", policy.name)
    });
    let before = format!("{before}{}", says.unwrap_or_default());
    let worst = repositories::worst(builds.iter());
    if worst.is_empty() {
        return format!("{before}no build to report on");
    }
    let parts = worst.iter().map(|(number, standing)| format!("{number} {standing}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    match builds.len() {
        1 => format!("{before}{parts}"),
        lanes => format!("{before}{parts} (the worst of {})", count(lanes as u64, "lane")),
    }
}

fn name(text: &str) -> String {
    cut(text, NAME_MAX)
}

fn sentence(text: &str) -> String {
    cut(text, SENTENCE_MAX)
}
