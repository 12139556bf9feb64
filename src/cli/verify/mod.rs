//! `proofmark verify`: is this artefact what the evidence says?

mod artefacts;
mod json;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::check_args::{ExpectArgs, TrustArgs, bundle_of, filled};
use super::failure::{Failure, Fault};
use super::talk::Talk;
use crate::base::digest::{Sha256, Sha512};
use crate::base::text::{count, printable_path};
use crate::base::time::Time;
use crate::base::tree::hash::{Links, hash_all};
use crate::capture::redact;
use crate::read::{self, Evidence};
use crate::verify::{
    Artefact, Authenticated, Judgement, Reason, Trust, Verdict, Wishes, authenticate, judge,
};
use artefacts::{Item, Source};

pub(super) use json::VerifyV1;

/// Check artefacts against signed evidence: exit 0 verified, 1 refused, 2 usage, 3 could not tell
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Files, folders, globs, or sha256:HEX
    #[arg(required = true, value_name = "FILE|DIR|sha256:HEX")]
    artefacts: Vec<String>,
    /// The evidence file; else the first of the known names beside the artefact
    #[arg(short, long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    expect: ExpectArgs,
    /// Check the artefact as if this were its name
    #[arg(long, value_name = "NAME", value_parser = filled)]
    name: Option<String>,
    /// Refuse an artefact under another base name than the evidence gives it
    #[arg(long)]
    strict_names: bool,
    /// Refuse unless every subject of the accepted statements is among the artefacts
    #[arg(long)]
    complete: bool,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines: frozen and versioned, see `proofmark schema verify`
    Json,
}

/// One evidence file, read and authenticated once, however many artefacts it serves.
struct Bundle {
    path: PathBuf,
    content: Result<(Evidence, Authenticated), String>,
}

/// Why an artefact has no verdict by `judge`.
enum Trouble {
    /// Nothing that could be hashed; could not tell.
    Unreadable(String),
    /// A part that nobody looks into; could not tell.
    Unseen(String),
    /// The bytes that were hashed may never have been there together; refused.
    ChangedWhileRead,
    /// No evidence file; could not tell.
    NoBundle,
    /// An evidence file that gives nothing; could not tell.
    BadBundle { why: String, named: bool },
}

impl Trouble {
    const fn verdict(&self) -> Verdict {
        match self {
            Self::ChangedWhileRead => Verdict::Refused,
            _ => Verdict::CouldNotTell,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Unseen(_) => "unseen",
            Self::ChangedWhileRead => "changed-while-read",
            Self::NoBundle => "no-bundle",
            Self::BadBundle { .. } => "bad-bundle",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable(why) | Self::Unseen(why) => why.clone(),
            Self::ChangedWhileRead => {
                "the artefact changed while it was read: expected one that stands still".to_owned()
            }
            Self::NoBundle => "no evidence file: expected -b FILE, or proofmark.sigstore.jsonl or ARTEFACT.sigstore.jsonl beside the artefact, found none".to_owned(),
            Self::BadBundle { why, .. } => format!("the evidence file gives nothing: {why}"),
        }
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path",
            Self::Unseen(_) => "make it readable, or check a copy without it",
            Self::ChangedWhileRead => "stop whatever writes to it, and check again",
            Self::NoBundle => "get the evidence file that the vendor publishes with the artefact",
            Self::BadBundle { named: true, .. } => {
                "check the path of -b, or get the evidence file again from the vendor"
            }
            Self::BadBundle { .. } => "get the evidence file again from the vendor",
        }
    }
}

/// One artefact with its answer.
struct Answer<'a> {
    item: &'a Item,
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
    size: Option<u64>,
    bundle: Option<&'a Bundle>,
    result: Result<Judgement<'a>, Trouble>,
}

impl Answer<'_> {
    fn verdict(&self) -> Verdict {
        match &self.result {
            Ok(judgement) => judgement.verdict(),
            Err(trouble) => trouble.verdict(),
        }
    }
}

/// All answers, and what concerns them together.
struct Outcome<'a> {
    answers: Vec<Answer<'a>>,
    /// Files that are no artefacts, such as the evidence itself, and why.
    passed_over: &'a [(String, &'static str)],
    /// Subjects that `--complete` misses, with their digests.
    missing: Vec<String>,
    /// Whether `--complete` was asked.
    complete: bool,
    checked: Vec<&'static str>,
    not_checked: Vec<&'static str>,
    max_age: bool,
}

impl Outcome<'_> {
    /// The worst counts: 1 before 3 before 0, and nothing verified is never 0.
    fn verdict(&self) -> Verdict {
        let any = |verdict| self.answers.iter().any(|answer| answer.verdict() == verdict);
        if any(Verdict::Refused) || !self.missing.is_empty() {
            Verdict::Refused
        } else if any(Verdict::CouldNotTell) || self.answers.is_empty() {
            Verdict::CouldNotTell
        } else {
            Verdict::Verified
        }
    }
}

pub(super) const fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Verified => 0,
        Verdict::Refused => 1,
        Verdict::CouldNotTell => 3,
    }
}

pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::Refused => "refused",
        Verdict::CouldNotTell => "could not tell",
    }
}

pub(super) fn run(args: &Verify, talk: Talk, out: &mut dyn Write) -> Result<u8, Failure> {
    let trust = args.trust.required()?;
    if args.name.is_some() && args.artefacts.len() != 1 {
        return Err(Failure::usage("--name with several artefacts: expected one artefact"));
    }
    let wishes = Wishes {
        predicate_types: args.expect.predicate_types(),
        strict_names: args.strict_names || args.name.is_some(),
        expectations: args.expect.expectations(),
    };

    let mut bundles = Bundles { named: args.bundle.clone(), trust, loaded: BTreeMap::new() };
    let found = artefacts::find(&args.artefacts, args.name.as_deref(), &mut bundles)?;
    if args.name.is_some() && found.items.len() != 1 {
        return Err(Failure::usage(
            "--name with a folder or a glob of several files: expected one",
        ));
    }
    for item in &found.items {
        if let Some(path) = bundles.path_of(item) {
            bundles.load(&path);
        }
    }

    let hashed = hash(&found.items, &bundles, talk);
    let now = Time::now();
    let answers: Vec<_> = found
        .items
        .iter()
        .zip(hashed)
        .map(|(item, artefact)| answer(item, artefact, &bundles, &wishes, now))
        .collect();
    let checked = checked(&wishes, &answers);
    let mut outcome = Outcome {
        answers,
        passed_over: &found.passed_over,
        missing: Vec::new(),
        complete: args.complete,
        not_checked: not_checked(&checked),
        checked,
        max_age: wishes.expectations.max_age.is_some(),
    };
    if args.complete {
        outcome.missing = missing_subjects(&outcome.answers);
    }
    let written = match args.format {
        Format::Text => text::write(&outcome, out),
        Format::Json => json::write(&outcome, out),
    };
    // A reader that went away has seen enough; the exit code still says what was found.
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let message = format_args!("cannot write the result: {error}");
            return Err(Failure::new(Fault::CouldNotTell, message));
        }
        _ => {}
    }
    Ok(exit_code(outcome.verdict()))
}

/// Evidence files by path.
struct Bundles {
    named: Option<PathBuf>,
    trust: Trust,
    loaded: BTreeMap<PathBuf, Bundle>,
}

impl Bundles {
    /// Which evidence file an item is checked against.
    fn path_of(&self, item: &Item) -> Option<PathBuf> {
        if let Some(named) = &self.named {
            return Some(named.clone());
        }
        if let Some(bundle) = &item.bundle {
            return Some(bundle.clone());
        }
        item.path().and_then(|path| bundle_of(None, path))
    }

    fn load(&mut self, path: &Path) -> &Bundle {
        let trust = &self.trust;
        let named = self.named.as_deref() == Some(path);
        self.loaded.entry(path.to_owned()).or_insert_with(|| {
            // One that was only found there may be a pipe, put there so that the check never ends.
            if !named && !path.is_file() {
                let why = format!("{} isn't a regular file", label(path));
                return Bundle { path: path.to_owned(), content: Err(why) };
            }
            let content = match read::file(path) {
                Ok(evidence) if evidence.is_empty() => Err(nothing_in(&evidence)),
                Ok(evidence) => {
                    let authenticated = authenticate(&evidence, trust);
                    Ok((evidence, authenticated))
                }
                Err(error) => Err(error.to_string()),
            };
            Bundle { path: path.to_owned(), content }
        })
    }

    fn get(&self, item: &Item) -> Option<&Bundle> {
        self.loaded.get(&self.path_of(item)?)
    }
}

fn nothing_in(evidence: &Evidence) -> String {
    match evidence.malformed.first() {
        Some(first) => format!(
            "{} can't be parsed; line {}: {}",
            count(evidence.malformed.len() as u64, "line"),
            first.line,
            first.error
        ),
        None => match evidence.passed_over.first() {
            Some(first) => format!("line {} is {}", first.line, first.what),
            None => "it is empty".to_owned(),
        },
    }
}

/// What was hashed of one item.
type Hashed = Result<Artefact, Trouble>;

fn hash(items: &[Item], bundles: &Bundles, talk: Talk) -> Vec<Hashed> {
    let with_sha512 = bundles.loaded.values().any(states_sha512);
    let files: Vec<&Path> = items
        .iter()
        .filter_map(|item| match &item.source {
            Source::File(path) => Some(path.as_path()),
            _ => None,
        })
        .collect();
    let progress = talk.progress("hashing");
    let report = progress.report();
    let mut hashed = hash_all(&files, Links::Follow, with_sha512, &|| false, &report).into_iter();
    items
        .iter()
        .map(|item| match &item.source {
            Source::File(_) => match hashed.next() {
                Some(Ok(hashed)) if hashed.changed_while_read => Err(Trouble::ChangedWhileRead),
                Some(Ok(hashed)) => Ok(Artefact {
                    kind: item.kind(),
                    name: item.name.clone(),
                    sha256: hashed.sha256,
                    sha512: hashed.sha512,
                    size: Some(hashed.size),
                }),
                Some(Err(error)) => Err(Trouble::Unreadable(format!("cannot read it: {error}"))),
                None => Err(Trouble::Unreadable("it was not read".to_owned())),
            },
            Source::Tree { root, bytes, .. } => Ok(Artefact {
                kind: item.kind(),
                name: item.name.clone(),
                sha256: *root,
                sha512: None,
                size: Some(*bytes),
            }),
            Source::Digest(sha256) => Ok(Artefact {
                kind: item.kind(),
                name: item.name.clone(),
                sha256: *sha256,
                sha512: None,
                size: None,
            }),
            Source::Missing(why) => Err(Trouble::Unreadable(why.clone())),
            Source::Unseen(why) => Err(Trouble::Unseen(why.clone())),
        })
        .collect()
}

fn states_sha512(bundle: &Bundle) -> bool {
    bundle.content.as_ref().is_ok_and(|(_, authenticated)| {
        let subjects = authenticated.verified.iter().flat_map(|s| &s.get().subjects);
        subjects.into_iter().any(|subject| subject.digest.contains_key(Sha512::ALGORITHM))
    })
}

fn answer<'a>(
    item: &'a Item,
    artefact: Hashed,
    bundles: &'a Bundles,
    wishes: &Wishes,
    now: Time,
) -> Answer<'a> {
    let bundle = bundles.get(item);
    let (sha256, sha512, size) = match &artefact {
        Ok(artefact) => (Some(artefact.sha256), artefact.sha512, artefact.size),
        Err(_) => (None, None, None),
    };
    let result = artefact.and_then(|artefact| match bundle.map(|bundle| &bundle.content) {
        None => Err(Trouble::NoBundle),
        Some(Err(why)) => {
            Err(Trouble::BadBundle { why: why.clone(), named: bundles.named.is_some() })
        }
        Some(Ok((_, authenticated))) => Ok(judge(authenticated, &artefact, wishes, now)),
    });
    Answer { item, sha256, sha512, size, bundle, result }
}

/// What was checked of every artefact that is verified.
fn checked(wishes: &Wishes, answers: &[Answer<'_>]) -> Vec<&'static str> {
    let mut checked = vec!["signature", "digest"];
    let every = |holds: &dyn Fn(&Answer<'_>) -> bool| {
        let mut verified = answers.iter().filter(|a| a.verdict() == Verdict::Verified).peekable();
        verified.peek().is_some() && verified.all(holds)
    };
    // Provenance by others can't say how the build ended.
    if every(&|answer| {
        let accepted = answer.result.iter().flat_map(|judgement| &judgement.accepted);
        accepted.into_iter().any(|accepted| accepted.statement.claims().evidence.is_some())
    }) {
        checked.push("outcome");
    }
    if wishes.strict_names && every(&|answer| answer.item.name.is_some()) {
        checked.push("name");
    }
    checked.extend(wishes.expectations.asked().iter().map(|expectation| expectation.name()));
    checked
}

fn not_checked(checked: &[&'static str]) -> Vec<&'static str> {
    let mut not = vec!["repository", "ref", "trigger", "builder"];
    not.retain(|what| !checked.contains(what));
    not
}

/// The subjects of accepted statements that none of the artefacts is. Two subjects of one content are two
/// artefacts: each takes one of those given.
fn missing_subjects(answers: &[Answer<'_>]) -> Vec<String> {
    let mut missing = BTreeSet::new();
    let judgements = answers.iter().filter_map(|answer| answer.result.as_ref().ok());
    let accepted = judgements.flat_map(|judgement| &judgement.accepted);
    let statements: BTreeMap<_, _> =
        accepted.map(|a| (a.statement.payload_digest(), a.statement)).collect();
    for statement in statements.values() {
        let mut given: BTreeMap<String, usize> = BTreeMap::new();
        for answer in answers {
            let digests = [
                answer.sha256.map(|digest| digest.to_string()),
                answer.sha512.map(|digest| digest.to_string()),
            ];
            for digest in digests.into_iter().flatten() {
                *given.entry(digest).or_default() += 1;
            }
        }
        for subject in &statement.get().subjects {
            let stated = |algorithm| subject.digest.get(algorithm).map(|hex| hex.to_lowercase());
            let digest = stated(Sha256::ALGORITHM).or_else(|| stated(Sha512::ALGORITHM));
            match digest.as_ref().and_then(|digest| given.get_mut(digest)) {
                Some(left) if *left > 0 => *left -= 1,
                _ => {
                    let name = subject.name.as_deref().unwrap_or("(no name)");
                    let digest = digest.as_deref().unwrap_or("no strong digest");
                    missing.insert(crate::base::text::printable(&format!("{name} {digest}")));
                }
            }
        }
    }
    missing.into_iter().collect()
}

/// What an answer says, and the remedy.
fn fault(answer: &Answer<'_>) -> Option<(&'static str, String, &'static str)> {
    match &answer.result {
        Ok(judgement) => {
            let reason: &Reason = judgement.refusal.as_ref()?;
            Some((reason.code(), reason.to_string(), reason.hint()))
        }
        Err(trouble) => Some((trouble.code(), trouble.message(), trouble.hint())),
    }
}

/// Things worth saying that decide nothing.
fn notes(answer: &Answer<'_>, max_age: bool) -> Vec<String> {
    use crate::format::evidence::Bracket;
    let mut notes = Vec::new();
    let Ok(judgement) = &answer.result else { return notes };
    let accepted = &judgement.accepted;
    let evidence = || accepted.iter().filter_map(|a| a.statement.claims().evidence.as_ref());
    if evidence().any(|evidence| evidence.bracket == Bracket::None) {
        notes.push("how it was built: not recorded".to_owned());
    }
    if let Some(other) = accepted.iter().find(|a| a.other_name) {
        let name = other.subject.as_deref().unwrap_or("no name");
        notes.push(format!("another name: the evidence calls it {name}"));
    }
    if accepted.iter().any(|accepted| accepted.sha512_unchecked) {
        notes.push(
            "the evidence states a sha512 too, which a digest alone can't be compared with".into(),
        );
    }
    if answer.item.name.is_none() && !accepted.is_empty() {
        notes.push("a digest has no name: which artefact it is was not checked".to_owned());
    }
    if !judgement.missing_companions.is_empty() {
        let missing = judgement.missing_companions.iter().map(Sha256::to_string);
        notes.push(format!(
            "the build made statements that are missing here: sha256:{}",
            missing.collect::<Vec<_>>().join(", sha256:")
        ));
    }
    for other in &judgement.same_name {
        let lines: Vec<_> = other.lines().iter().map(usize::to_string).collect();
        notes.push(format!("line {} is about another artefact of this name", lines.join(", ")));
    }
    if max_age && !accepted.is_empty() {
        notes.push(
            "the age is by the signer's own clock: it could refuse, and confirms nothing".into(),
        );
    }
    let gaps: usize = evidence().map(|evidence| evidence.gaps).max().unwrap_or(0);
    if gaps > 0 {
        notes.push(format!(
            "the evidence admits {}: `proofmark inspect` lists them",
            count(gaps as u64, "gap")
        ));
    }
    notes
}

/// What is worth saying of an evidence file.
fn bundle_notes(bundle: &Bundle) -> Vec<String> {
    let mut notes = Vec::new();
    let Ok((evidence, authenticated)) = &bundle.content else { return notes };
    for failed in &authenticated.failed {
        let why = match &failed.other_payload_type {
            Some(other) => format!("payload type {}", crate::base::text::Printable(other)),
            None => "no trusted key's signature verifies".to_owned(),
        };
        notes.push(format!(
            "line {} ({}): {why}; it counts for nothing",
            failed.line, failed.material
        ));
    }
    for unusable in &authenticated.unusable {
        let line = unusable.line;
        notes.push(format!("line {line}: signed, but no statement: {}", unusable.error));
    }
    for malformed in &evidence.malformed {
        notes.push(format!("line {}: can't be parsed: {}", malformed.line, malformed.error));
    }
    for (line, _) in &evidence.unsigned {
        notes.push(format!("line {line}: unsigned; it counts for nothing"));
    }
    for passed in &evidence.passed_over {
        notes.push(format!("line {}: passed over: {}", passed.line, passed.what));
    }
    let more = notes.len().saturating_sub(20);
    notes.truncate(20);
    if more > 0 {
        notes.push(format!("and {more} more lines"));
    }
    notes
}

fn label(path: &Path) -> String {
    let shown = printable_path(path);
    if shown.contains("://") { redact::scrub_url(&shown).text } else { shown }
}
