//! `--pack`: an archive that `pack` made, read in memory and checked under the checker's own trust.
//!
//! The trust that stands in it is compared and never used: whoever exchanges the evidence can exchange that too.

use std::path::Path;

use super::bundles::Content;
use super::label;
use crate::base::file;
use crate::base::time::Time;
use crate::cli::check_args::Issuers;
use crate::cli::pack::{Contents, EvidenceFile, TOOL, derived, policy_says, snapshot};
use crate::cli::talk::sayable;
use crate::format::pack::{self, Manifest, Members, TrustSnapshot};
use crate::read::{self, Evidence};
use crate::verify::{Reason, Trust, Verdict, Wishes, authenticate, judge_statements};

/// What became of an archive.
pub(super) struct CheckedPack {
    /// The archive.
    pub(super) label: String,
    /// Why it isn't verified.
    pub(super) fault: Option<Fault>,
    /// What made it, as it says itself.
    pub(super) tool: Option<String>,
    /// How many files are in it.
    pub(super) members: usize,
    /// Evidence files: names, and how many of their statements are verified.
    pub(super) evidence: Vec<(String, usize)>,
    /// Where the trust of its maker is another than the checker's.
    pub(super) differences: Vec<String>,
    /// Whether what was made of the evidence is what the checker makes of it.
    pub(super) report: Compared,
    /// What the policy inside says of the builds; the checker's own is another thing.
    pub(super) policy: Option<String>,
}

/// Why an archive isn't verified.
pub(super) struct Fault {
    pub(super) verdict: Verdict,
    /// A stable name.
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// Whether the reports inside are what the evidence says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Compared {
    /// Every byte of them.
    Same,
    /// These are not.
    Different(Vec<&'static str>),
    /// Nothing can be said of them.
    Not(String),
}

const ALTERED: &str = "don't use the archive; get it again from whoever made it";
const GET: &str = "check the path, or get the archive again from whoever made it";
const KEYS: &str = "check that the keys are the vendor's; if they are, don't use the archive";

impl CheckedPack {
    pub(super) fn verdict(&self) -> Verdict {
        self.fault.as_ref().map_or(Verdict::Verified, |fault| fault.verdict)
    }

    fn refuse(&mut self, code: &'static str, message: String, hint: &'static str) {
        self.fail(Verdict::Refused, code, message, hint);
    }

    fn untold(&mut self, code: &'static str, message: String, hint: &'static str) {
        self.fail(Verdict::CouldNotTell, code, message, hint);
    }

    /// The first that refuses stays, else the first.
    fn fail(&mut self, verdict: Verdict, code: &'static str, message: String, hint: &'static str) {
        let worse =
            |fault: &Fault| fault.verdict == Verdict::CouldNotTell && verdict == Verdict::Refused;
        if self.fault.as_ref().is_none_or(worse) {
            self.fault = Some(Fault { verdict, code, message, hint });
        }
    }
}

/// Checks an archive, and gives the evidence in it, to check artefacts against.
pub(super) fn check(
    path: &Path,
    trust: &Trust,
    issuers: &Issuers,
    now: Time,
) -> (CheckedPack, Content) {
    let mut checked = CheckedPack {
        label: label(path),
        fault: None,
        tool: None,
        members: 0,
        evidence: Vec::new(),
        differences: Vec::new(),
        report: Compared::Not("the archive gives nothing".to_owned()),
        policy: None,
    };
    let content = match open(path, &mut checked) {
        Some((members, manifest, theirs)) => {
            checked.tool = Some(sayable(&crate::base::text::printable(&manifest.tool)));
            checked.members = members.len();
            contents(&members, &theirs, trust, issuers, now, &mut checked);
            combined(&members, trust)
        }
        None => Err("the archive gives nothing".to_owned()),
    };
    (checked, content)
}

/// Reads the archive, and what it says of itself.
fn open(path: &Path, checked: &mut CheckedPack) -> Option<(Members, Manifest, TrustSnapshot)> {
    let bytes = match file::read(path, pack::PACKED_MAX) {
        Ok(bytes) => bytes,
        Err(error) => {
            checked.untold("pack-unreadable", sayable(&error.to_string()), GET);
            return None;
        }
    };
    let members = match pack::read(&bytes) {
        Ok(members) => members,
        Err(error) if error.is_something_else() => {
            checked.untold("pack-unreadable", error.to_string(), GET);
            return None;
        }
        Err(error) => {
            checked.refuse("pack-altered", sayable(&error.to_string()), ALTERED);
            return None;
        }
    };
    match pack::check(&members) {
        Ok((manifest, trust)) => Some((members, manifest, trust)),
        Err(error) if error.is_other_version() => {
            let hint = "check it with the version of proofmark that made it, or with a newer one";
            checked.untold("pack-version", error.to_string(), hint);
            None
        }
        Err(error) => {
            checked.refuse("pack-altered", sayable(&error.to_string()), ALTERED);
            None
        }
    }
}

fn contents(
    members: &Members,
    theirs: &TrustSnapshot,
    trust: &Trust,
    issuers: &Issuers,
    now: Time,
    checked: &mut CheckedPack,
) {
    let contents = Contents::of(members, trust);
    for file in &contents.evidence {
        checked.evidence.push((file.name.to_owned(), file.verified().count()));
        not_verified(file, now, checked);
    }
    let own = snapshot(trust, issuers);
    checked.differences = differences(&own, theirs);
    if checked.fault.is_some() {
        checked.report = Compared::Not("the evidence isn't verified".to_owned());
        return;
    }
    let other_tool = checked.tool.as_deref() != Some(TOOL);
    let why_other = match (&checked.tool, checked.differences.is_empty()) {
        (Some(tool), _) if other_tool => Some(format!("{tool} made it, and this is {TOOL}")),
        (_, false) => Some("it was made under another trust than yours".to_owned()),
        _ => None,
    };
    let made = match derived(&contents, trust, issuers) {
        Ok(made) => made,
        Err(failure) => {
            let why = format!("the report can't be made again: {}", failure.message);
            checked.report = Compared::Not(why.clone());
            // Whoever made it, with whatever version: what can't be read vouches for nothing.
            checked.untold("pack-report", sayable(&why), GET);
            return;
        }
    };
    checked.policy = policy_says(&made).map(|(_, said)| sayable(&said));
    let names = [pack::REPORT_JSON, pack::REPORT_HTML, pack::REPORT_MARKDOWN, pack::COMMANDS];
    let other = names.into_iter().filter(|name| members.get(*name) != made.get(*name));
    let other: Vec<_> = other.collect();
    checked.report = match (other.is_empty(), why_other) {
        (true, _) => Compared::Same,
        (false, Some(why)) => Compared::Not(why),
        (false, None) => {
            let message = format!(
                "what the archive says isn't what its evidence says: {} differ from what is made of the evidence here",
                other.join(", ")
            );
            checked.refuse("pack-report-differs", message, ALTERED);
            Compared::Different(other)
        }
    };
}

fn not_verified(file: &EvidenceFile<'_>, now: Time, checked: &mut CheckedPack) {
    let Some(first) = file.not_verified.first() else { return };
    let none = file.loaded.as_ref().filter(|loaded| loaded.authenticated.verified.is_empty());
    let refusal = none.and_then(|loaded| {
        judge_statements(&loaded.authenticated, &Wishes::default(), now).refusal
    });
    match refusal {
        Some(reason @ Reason::NoSignatureVerifies { .. }) => {
            checked.refuse(reason.code(), format!("{}: {reason}", file.name), KEYS);
        }
        _ => {
            let more = match file.not_verified.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            checked.untold("pack-not-verified", sayable(&format!("{first}{more}")), KEYS);
        }
    }
}

/// Where the trust of the archive's maker is another than the checker's.
fn differences(own: &TrustSnapshot, theirs: &TrustSnapshot) -> Vec<String> {
    let mut said = Vec::new();
    let shown =
        |text: &str| sayable(&crate::base::text::cut(&crate::base::text::printable(text), 120));
    for key in own.keys.iter().filter(|key| !theirs.keys.contains(key)) {
        said.push(format!("you trust {}, which its maker didn't", key.fingerprint));
    }
    for key in theirs.keys.iter().filter(|key| !own.keys.contains(key)) {
        said.push(format!("its maker trusted {}, which you don't", shown(&key.fingerprint)));
    }
    if own.threshold != theirs.threshold {
        let (yours, its) = (own.threshold, theirs.threshold);
        said.push(format!("you ask for {yours} of the keys, its maker asked for {its}"));
    }
    for issuer in own.issuers.iter().filter(|issuer| !theirs.issuers.contains(issuer)) {
        said.push(format!("you take tokens of {}, its maker didn't", shown(issuer)));
    }
    for issuer in theirs.issuers.iter().filter(|issuer| !own.issuers.contains(issuer)) {
        said.push(format!("its maker took tokens of {}, you don't", shown(issuer)));
    }
    if own.issuer_keys_sha256 != theirs.issuer_keys_sha256 {
        said.push("the keys of the tokens' issuer are other ones".to_owned());
    }
    // Whatever else is said otherwise there, such as a key twice.
    if said.is_empty() && own != theirs {
        said.push("it is written in another way".to_owned());
    }
    said
}

/// All evidence of the archive as one file, so that an artefact is looked for in every build.
fn combined(members: &Members, trust: &Trust) -> Content {
    let files = members.iter().filter(|(name, _)| name.starts_with(pack::EVIDENCE));
    let mut all = Evidence::default();
    for (name, bytes) in files {
        let evidence = read::bytes(bytes).map_err(|error| format!("{name}: {error}"))?;
        all.lines.extend(evidence.lines);
        all.unsigned.extend(evidence.unsigned);
        all.passed_over.extend(evidence.passed_over);
        all.malformed.extend(evidence.malformed);
    }
    let authenticated = authenticate(&all, trust);
    Ok((all, authenticated))
}
