//! `proofmark verify`: is this artefact what the evidence says?

mod artefacts;
mod bundles;
mod json;
mod pack;
mod policy;
mod result;
mod text;
mod tokens;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::check_args::{ExpectArgs, IdentityArgs, TrustArgs, filled};
use super::failure::{Failure, answered};
use super::policy_args::PolicyArgs;
use super::talk::{Talk, sayable};
use crate::base::digest::{Sha256, Sha512};
use crate::base::text::printable_path;
use crate::base::time::Time;
use crate::base::tree::hash::{Links, hash_all};
use crate::capture::redact;
use crate::verify::{Artefact, ArtefactKind, Judgement, Verdict, Wishes, judge};
use artefacts::{Item, Source};
use bundles::{Bundle, Bundles};
use pack::CheckedPack;
use policy::Policed;
use result::{Asked, ResultArgs};
use words::Trouble;

pub(super) use json::VerifyV1;

/// Check artefacts against signed evidence: exit 0 verified, 1 refused, 2 usage, 3 could not tell
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Files, folders, globs, sha256:HEX, or images as oci:REGISTRY/REPO@sha256:HEX
    #[arg(required_unless_present = "pack", value_name = "FILE|DIR|sha256:HEX|oci:IMAGE")]
    artefacts: Vec<String>,
    /// Check an archive that `proofmark pack` made, and the artefacts against the evidence in it
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    pack: Option<PathBuf>,
    /// The evidence file; else the first of the known names beside the artefact
    #[arg(short, long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    expect: ExpectArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Check the artefact as if this were its name
    #[arg(long, value_name = "NAME", value_parser = filled, help_heading = "Expectations")]
    name: Option<String>,
    /// Refuse an artefact under another base name than the evidence gives it
    #[arg(long, help_heading = "Expectations")]
    strict_names: bool,
    /// Refuse unless every subject of the accepted statements is among the artefacts
    #[arg(long, help_heading = "Expectations")]
    complete: bool,
    #[command(flatten)]
    result: ResultArgs,
    /// What to print
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines: frozen and versioned, see `proofmark schema verify`
    Json,
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
    policed: Option<Policed<'a>>,
    /// The archive that the evidence is in.
    pack: Option<&'a CheckedPack>,
    checked: Vec<&'static str>,
    not_checked: Vec<&'static str>,
    max_age: bool,
}

impl Outcome<'_> {
    /// The worst counts: 1 before 3 before 0, and nothing verified is never 0.
    fn verdict(&self) -> Verdict {
        let answers = self.answers.iter().map(Answer::verdict);
        let all: Vec<_> = answers.chain(self.pack.map(CheckedPack::verdict)).collect();
        if all.contains(&Verdict::Refused) || !self.missing.is_empty() {
            Verdict::Refused
        } else if all.contains(&Verdict::CouldNotTell) || all.is_empty() {
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
    if args.artefacts.is_empty() {
        nothing_to_expect(args)?;
    }
    if args.name.is_some() && args.artefacts.len() != 1 {
        return Err(Failure::usage("--name with several artefacts: expected one artefact"));
    }
    let wishes = Wishes {
        predicate_types: args.expect.predicate_types(),
        strict_names: args.strict_names || args.name.is_some(),
        expectations: args.expect.expectations(),
    };

    let policy = args.policy.read()?.map(|(_, policy)| policy);

    let attesting = args.result.prepare(&trust, talk)?;
    let now = Time::now();
    let mut bundles = Bundles {
        named: args.pack.clone().or_else(|| args.bundle.clone()),
        trust,
        issuers: args.identity.issuers()?,
        now,
        loaded: BTreeMap::new(),
    };
    let pack = args.pack.as_deref().map(|path| {
        let (checked, content) = pack::check(path, &bundles.trust, &bundles.issuers, now);
        bundles.insert(path, content);
        checked
    });
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

    if let Some(attesting) = &attesting {
        let files = bundles.loaded.keys().cloned();
        let told = args.trust.paths().chain(args.policy.path());
        attesting.check_place(&found.items, files.chain(told))?;
    }

    let hashed = hash(&found.items, &bundles, talk);
    let mut policed = policy.as_ref().map(Policed::new);
    let answers: Vec<_> = found
        .items
        .iter()
        .zip(hashed)
        .map(|(item, artefact)| answer(item, artefact, &bundles, &wishes, policed.as_mut(), now))
        .collect();
    let checked = checked(&wishes, bundles.demands_token(), policed.as_ref(), &answers);
    let mut outcome = Outcome {
        answers,
        passed_over: &found.passed_over,
        missing: Vec::new(),
        complete: args.complete,
        policed,
        pack: pack.as_ref(),
        not_checked: not_checked(&checked),
        checked,
        max_age: wishes.expectations.max_age.is_some(),
    };
    // What wasn't compared must not pass under the word for the rest.
    if pack.as_ref().is_some_and(|pack| matches!(pack.report, pack::Compared::Not(_))) {
        outcome.not_checked.push("the archive's reports and commands");
    }
    if args.complete {
        outcome.missing = missing_subjects(&outcome.answers);
    }
    let written = match args.format {
        Format::Text => text::write(&outcome, out),
        Format::Json => json::write(&outcome, out),
    };
    let answer = answered(written, exit_code(outcome.verdict()));
    if let Some(attesting) = &attesting {
        let name = args.name.as_deref();
        let asked = Asked::new(&bundles.trust, &bundles.issuers, &wishes, name, args.complete);
        attesting.write(&outcome, &asked, policy.as_ref(), now, talk)?;
    }
    answer
}

/// A pack alone has no artefact that anything could be expected of: nothing is accepted and ignored.
fn nothing_to_expect(args: &Verify) -> Result<(), Failure> {
    let expects = !args.expect.is_empty() || args.policy.is_given();
    if !expects && args.name.is_none() && !args.strict_names && !args.complete {
        return Ok(());
    }
    Err(Failure::usage(
        "--pack with expectations or a policy, and no artefact: expected an artefact",
    )
    .hint("name the artefact, or its digest as sha256:HEX"))
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
            Source::Digest(sha256) | Source::Image(sha256) => Ok(Artefact {
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
    policed: Option<&mut Policed<'_>>,
    now: Time,
) -> Answer<'a> {
    let bundle = bundles.get(item);
    // Who names an image by its repository asks for that one.
    let is_image = matches!(item.source, Source::Image(_));
    let wishes = &Wishes { strict_names: wishes.strict_names || is_image, ..wishes.clone() };
    let (sha256, sha512, size) = match &artefact {
        Ok(artefact) => (Some(artefact.sha256), artefact.sha512, artefact.size),
        Err(_) => (None, None, None),
    };
    let result = artefact.and_then(|artefact| {
        let bundle = bundle.ok_or(Trouble::NoBundle)?;
        match &bundle.content {
            Err(why) => {
                Err(Trouble::BadBundle { why: why.clone(), named: bundles.named.is_some() })
            }
            Ok((_, authenticated)) => {
                let judgement = judge(authenticated, &artefact, wishes, now);
                tokens::check(&bundle.assessed, &judgement, bundles.demands_token())?;
                if let Some(policed) = policed {
                    let hashed = item.kind() != ArtefactKind::Digest;
                    let beside = (&bundles.issuers.brought(), now);
                    policed.check(&judgement, hashed, authenticated.threshold(), beside)?;
                }
                Ok(judgement)
            }
        }
    });
    Answer { item, sha256, sha512, size, bundle, result }
}

/// What was checked of every artefact that is verified.
fn checked(
    wishes: &Wishes,
    token: bool,
    policed: Option<&Policed<'_>>,
    answers: &[Answer<'_>],
) -> Vec<&'static str> {
    let mut checked = Vec::new();
    if answers.iter().any(|answer| answer.result.is_ok()) {
        checked.extend(["signature", "digest"]);
    }
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
    if token && every(&|_| true) {
        checked.push("identity");
    }
    checked.extend(wishes.expectations.asked().iter().map(|expectation| expectation.name()));
    if let Some(policed) = policed.filter(|_| every(&|_| true)) {
        checked.push("policy");
        let names = [
            ("expect.repository-id", "repository"),
            ("expect.ref", "ref"),
            ("expect.trigger", "trigger"),
            ("expect.builder", "builder"),
        ];
        for (rule, name) in names {
            if policed.all_hold(rule) && !checked.contains(&name) {
                checked.push(name);
            }
        }
    }
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

/// A path or URL as it may be repeated in an answer, which is data and often published.
pub(super) fn label(path: &Path) -> String {
    let shown = printable_path(path);
    sayable(&if shown.contains("://") { redact::scrub_url(&shown).text } else { shown })
}
