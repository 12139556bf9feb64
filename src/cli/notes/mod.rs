//! `proofmark notes`: evidence beside the commit that it speaks of, as git notes: transport, never authority.

mod git;
mod push;
mod tree;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use self::git::Git;
use self::push::{Outcome, Parcel};
use super::check_args::public_key;
use super::failure::Failure;
use super::talk::Talk;
use crate::base::file;
use crate::base::text::{Printable, count, printable_path};
use crate::capture::environment::Variables;
use crate::capture::git::notes::NOTES_REF;
use crate::format::bundle::FILE_MAX;
use crate::format::claims::Claims;
use crate::format::evidence::BUILD_EVIDENCE;
use crate::format::statement::Statement;
use crate::read::{self, Evidence};
use crate::verify::{Trust, authenticate};

/// Carry evidence as git notes of the commits that it speaks of
#[derive(Debug, Args)]
pub(super) struct Notes {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Push(Push),
}

/// Add signed evidence to the note of its commit, and push that by git
#[derive(Debug, Args)]
#[command(
    after_help = "The note is on refs/notes/proofmark, of the commit that the build evidence names. Nothing is ever
forced: where others were first, their notes are fetched, and it is tried again, five times in all.
git is run as you would run it, with the repository's configuration: keep this out of the job that
builds. Hooks are not run.
Exit code: 0, pushed, or there already; 2, wrong arguments; 1, all else."
)]
struct Push {
    /// The evidence file, signed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The repository, which has the commit
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// The name of the remote
    #[arg(long, value_name = "NAME", default_value = "origin")]
    remote: String,
    /// Push only what this public key signed; may be repeated
    #[arg(long = "trust-key", value_name = "PUB", allow_hyphen_values = true)]
    trust_keys: Vec<String>,
}

pub(super) fn run(args: &Notes, talk: Talk) -> Result<(), Failure> {
    let Command::Push(args) = &args.command;
    push(args, talk)
}

fn push(args: &Push, talk: Talk) -> Result<(), Failure> {
    git::check_remote(&args.remote)?;
    let keys = args.trust_keys.iter().map(|text| public_key("--trust-key", text));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let trust = if keys.is_empty() { None } else { Some(Trust::new(keys, 1)) };
    let trust = trust.transpose().map_err(Failure::usage)?;
    let parcel = parcel(args, trust.as_ref())?;
    let commit = parcel.commit.clone();
    let checked = match &trust {
        Some(_) => "signatures verified",
        None => "signatures not verified: no --trust-key was given",
    };
    let git = Git::new(&Variables::read(), &args.root, &args.remote)?;
    git.check_commit(&commit)?;
    let local = git.local_notes()?;
    let remote = &args.remote;
    match push::push(&git, &parcel)? {
        Outcome::ThereAlready => talk.say(format_args!(
            "nothing to push: {NOTES_REF} of {remote} has all of it on commit {commit} already"
        )),
        Outcome::Pushed { notes, lines, tries } => {
            talk.say(format_args!(
                "pushed {} of evidence to the note of commit {commit}, {NOTES_REF} of {remote}, at try {tries} ({checked})",
                count(lines as u64, "line")
            ));
            if !git.move_local(local.as_deref(), &notes)? {
                talk.notice(format_args!(
                    "the local {NOTES_REF} was left as it is: it is no earlier state of {remote}'s, which was rewritten, or it has notes of its own; to take what is at the remote: git fetch {remote} +{NOTES_REF}:{NOTES_REF}"
                ));
            }
        }
    }
    Ok(())
}

/// Reads the file: its lines, and the commit that its build evidence names.
fn parcel(args: &Push, trust: Option<&Trust>) -> Result<Parcel, Failure> {
    let shown = printable_path(&args.file);
    let hint = "give an evidence file that proofmark signed, such as proofmark.sigstore.jsonl";
    let trouble =
        |what: String| Failure::trouble(format_args!("{shown}: expected signed evidence, {what}"));
    let bytes = file::read_regular(&args.file, FILE_MAX).map_err(Failure::usage)?;
    let evidence = read::bytes(&bytes).map_err(|error| trouble(format!("but {error}")))?;
    if let Some(unsigned) = evidence.unsigned.first() {
        let found = format!("found a statement that nobody signed, line {}", unsigned.line);
        return Err(trouble(found).hint("sign it first: proofmark sign"));
    }
    let malformed = evidence.malformed.iter().map(|bad| (bad.line, bad.error.to_string()));
    let other = evidence.passed_over.iter().map(|other| (other.line, other.what.to_owned()));
    if let Some((line, what)) = malformed.chain(other).min() {
        return Err(trouble(format!("found on line {line}: {what}")).hint(hint));
    }
    if evidence.lines.is_empty() {
        return Err(trouble("found an empty file".to_owned()).hint(hint));
    }
    let all: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let mut lines = Vec::new();
    for line in &evidence.lines {
        let raw = all.get(line.line().saturating_sub(1)).copied().unwrap_or_default();
        let raw = raw.trim_ascii();
        // One document over many lines can't be told from others in a note.
        if read::bytes(raw).map_or(0, |evidence| evidence.lines.len()) != 1 {
            let found = "found a bundle that stands over several lines".to_owned();
            return Err(trouble(found).hint("one bundle a line, as proofmark writes it"));
        }
        lines.push(raw.to_vec());
    }
    let commits = match trust {
        Some(trust) => verified(&evidence, trust).map_err(|found| {
            trouble(found).hint("push what is whole, and name the key that signed it")
        })?,
        None => stated(&evidence),
    };
    let commit = match &commits[..] {
        [] => Err("found no build evidence that names a commit".to_owned()),
        [one] if is_commit_id(one) => Ok(one.clone()),
        [_] => Err("found build evidence whose commit is no commit id".to_owned()),
        [one, other, ..] => Err(format!(
            "found build evidence of several commits: {}, {}",
            Printable(one),
            Printable(other)
        )),
    };
    Ok(Parcel { commit: commit.map_err(|found| trouble(found).hint(hint))?, lines })
}

/// The commits that build evidence names, where every line is signed by a trusted key.
fn verified(evidence: &Evidence, trust: &Trust) -> Result<Vec<String>, String> {
    let checked = authenticate(evidence, trust);
    if let Some(failed) = checked.failed.first() {
        return Err(format!(
            "found no signature that verifies under --trust-key on line {}",
            failed.line
        ));
    }
    if let Some(unusable) = checked.unusable.first() {
        return Err(format!("found on line {}: {}", unusable.line, unusable.error));
    }
    Ok(named(checked.verified.iter().map(|verified| verified.get())))
}

/// The same without trust. It chooses where the lines are put, and whoever reads them there verifies them.
fn stated(evidence: &Evidence) -> Vec<String> {
    let shown: Vec<_> = evidence.lines.iter().filter_map(|line| line.unchecked().ok()).collect();
    named(shown.iter().map(|statement| statement.show()))
}

fn named<'s>(statements: impl Iterator<Item = &'s Statement>) -> Vec<String> {
    let builds = statements.filter(|statement| statement.predicate_type == BUILD_EVIDENCE);
    let mut commits: Vec<String> = builds.filter_map(|s| Claims::of(s).commit).collect();
    commits.sort();
    commits.dedup();
    commits
}

/// A full one, as git prints it: nothing else becomes an argument.
fn is_commit_id(text: &str) -> bool {
    let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex && matches!(text.len(), 40 | 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_commit_id_becomes_an_argument() {
        assert!(is_commit_id(&"0a".repeat(20)) && is_commit_id(&"0a".repeat(32)));
        for bad in ["", "HEAD", "--all", &"A".repeat(40), &"a".repeat(39), &"g".repeat(40)] {
            assert!(!is_commit_id(bad), "{bad}");
        }
    }
}
