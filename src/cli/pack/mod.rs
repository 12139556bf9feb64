//! `proofmark pack`: evidence, policy, report and trust in one archive that is made of the same bytes each time.
//!
//! Only what is verified goes in, each file as it is; what is made of it (the reports, the commands) is made again
//! by whoever checks the archive, and compared.

mod commands;
mod contents;

use std::path::{Path, PathBuf};

use clap::Args;

use super::check_args::{IdentityArgs, TrustArgs};
use super::failure::{Failure, Fault};
use super::policy_args::PolicyArgs;
use super::sign_args::output_failure;
use super::talk::Talk;
use crate::base::digest::Sha256;
use crate::base::file::{self, Access, FileError, Overwrite};
use crate::base::text::{count, printable_path};
use crate::format::bundle::FILE_MAX;
use crate::format::pack::{
    EVIDENCE, Manifest, Members, POLICY, STATEMENT, TRUST, evidence_name, sections_name, write,
};
use crate::format::section::{self, sealed_parts};
use crate::write::Destination;

pub(super) use contents::{Contents, EvidenceFile, TOOL, derived, policy_says, snapshot};

/// Most evidence files.
const FILES_MAX: usize = 1000;
/// Largest policy or statement, in bytes.
const TEXT_MAX: u64 = 1 << 20;
/// Most of what isn't verified that is said.
const SAID_MAX: usize = 20;

/// Put evidence, its sections, policy and report into one archive, to be checked years later
#[derive(Debug, Args)]
#[command(
    after_help = "Check the archive with `proofmark verify --pack FILE --key PUB`. It states no time of its own: policy and
tokens are judged as of the newest build in it, so that the same files give the same bytes.
Exit code: 0, written; 1, trouble; 2, wrong arguments, or output that exists; 3, something isn't verified."
)]
pub(super) struct Pack {
    /// Evidence files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    /// Put in these sealed sections; may be repeated. Whoever has the archive can read them
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    sections: Vec<PathBuf>,
    /// Put in the sealed sections that lie beside each evidence file
    #[arg(long, help_heading = "Content")]
    with_sections: bool,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Put in the vendor's own words
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    statement: Option<PathBuf>,
    /// Where the archive goes
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    out: PathBuf,
    /// Replace an archive that is there
    #[arg(long, help_heading = "Output")]
    force: bool,
}

/// A file that goes in under a name of its own.
type Named = (String, Vec<u8>);

pub(super) fn run(args: &Pack, talk: Talk) -> Result<u8, Failure> {
    let trust = args.trust.required()?;
    let issuers = args.identity.issuers()?;
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Never };
    if args.out.as_os_str() == "-" {
        let message = "-o -: an archive is not written to standard output";
        return Err(Failure::usage(message).hint("name a file; ./- for one of that name"));
    }
    file::check_free(&args.out, overwrite).map_err(output_failure)?;
    not_an_input(args)?;

    let mut members = Members::new();
    let evidence = distinct(args.files.iter().map(|path| read(path)))?;
    if evidence.len() > FILES_MAX {
        let message = format_args!("expected at most {FILES_MAX} evidence files, found more");
        return Err(Failure::usage(message).hint("make one pack for each lane"));
    }
    number(evidence, evidence_name, &mut members);
    number(distinct(sections(args))?, sections_name, &mut members);
    if let Some((text, _)) = args.policy.read()? {
        members.insert(POLICY.to_owned(), text.into_bytes());
    }
    if let Some(path) = &args.statement {
        members.insert(STATEMENT.to_owned(), text(path, "--statement")?);
    }

    let contents = Contents::of(&members, &trust);
    all_verified(&contents)?;
    check_sections(&contents)?;
    let made = derived(&contents, &trust, &issuers)?;
    if let Some((false, said)) = policy_says(&made) {
        talk.notice(format_args!("the policy {said}; the report in the archive says so too"));
    }
    let snapshot = snapshot(&trust, &issuers).text().map_err(Failure::trouble)?;
    members.extend(made);
    members.insert(TRUST.to_owned(), snapshot);
    let manifest = Manifest::of(TOOL.to_owned(), &members).text().map_err(Failure::trouble)?;
    members.insert(crate::format::pack::MANIFEST.to_owned(), manifest);

    let archive = write(&members).map_err(Failure::usage)?;
    file::write_bytes(&args.out, overwrite, Access::Umask, &archive).map_err(output_failure)?;
    let number = |folder| members.keys().filter(|name| name.starts_with(folder)).count() as u64;
    let sealed = match number(crate::format::pack::SECTIONS) {
        0 => "no sealed sections (--with-sections, --sections)".to_owned(),
        n => format!("{} that whoever has it can read", count(n, "sections file")),
    };
    talk.say(format_args!(
        "wrote {}: {}, {sealed}; sha256:{}",
        printable_path(&args.out),
        count(number(EVIDENCE), "evidence file"),
        Sha256::of(&archive)
    ));
    Ok(0)
}

/// `--force` must not put the archive in the place of what goes into it.
fn not_an_input(args: &Pack) -> Result<(), Failure> {
    let Ok(own) = args.out.canonicalize() else { return Ok(()) };
    let told: Vec<_> = args.trust.paths().chain(args.policy.path()).collect();
    let inputs = args.files.iter().chain(&args.sections).chain(&args.statement).chain(&told);
    match inputs.into_iter().find(|path| path.canonicalize().is_ok_and(|path| path == own)) {
        Some(path) => {
            let path = printable_path(path);
            Err(Failure::usage(format_args!("-o {path}: it is among the files that go in"))
                .hint("name another"))
        }
        None => Ok(()),
    }
}

/// A file that was named, and its own name, whatever folder it lies in.
fn read(path: &Path) -> Result<Named, Failure> {
    Ok((name_of(path), file::read(path, FILE_MAX).map_err(unreadable)?))
}

/// One that was only found: what else may lie at that place has no end.
fn read_found(path: &Path) -> Result<Named, Failure> {
    Ok((name_of(path), file::read_regular(path, FILE_MAX).map_err(unreadable)?))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// What can't be read can't be verified.
fn unreadable(error: FileError) -> Failure {
    Failure::new(Fault::CouldNotTell, error).hint("check the path; nothing was written")
}

/// Sorted by name and content, each once: in which order they were given, and from where, leaves no trace.
fn distinct(
    files: impl IntoIterator<Item = Result<Named, Failure>>,
) -> Result<Vec<Named>, Failure> {
    let mut files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
    files.sort();
    files.dedup();
    Ok(files)
}

fn number(files: Vec<Named>, name: fn(usize, &str) -> String, members: &mut Members) {
    for (index, (file, bytes)) in files.into_iter().enumerate() {
        members.insert(name(index + 1, &super::talk::sayable(&file)), bytes);
    }
}

fn sections(args: &Pack) -> Vec<Result<Named, Failure>> {
    let mut all: Vec<_> = args.sections.iter().map(|path| read(path)).collect();
    if args.with_sections {
        let beside = args
            .files
            .iter()
            .map(|path| Destination::new(path, Overwrite::Never).sections().to_owned());
        all.extend(beside.filter(|path| path.exists()).map(|path| read_found(&path)));
    }
    all
}

fn text(path: &Path, flag: &str) -> Result<Vec<u8>, Failure> {
    let bytes = file::read(path, TEXT_MAX)
        .map_err(|error| Failure::usage(format_args!("{flag}: {error}")))?;
    match str::from_utf8(&bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => {
            let path = printable_path(path);
            Err(Failure::usage(format_args!("{flag} {path}: expected text, found other bytes")))
        }
    }
}

/// Whatever isn't verified would stand in the archive as if it were.
fn all_verified(contents: &Contents<'_>) -> Result<(), Failure> {
    let not: Vec<_> = contents.evidence.iter().flat_map(|one| &one.not_verified).collect();
    if not.is_empty() {
        return Ok(());
    }
    let mut said: Vec<_> = not.iter().take(SAID_MAX).map(|why| why.as_str()).collect();
    let more = format!("and {} more", not.len().saturating_sub(SAID_MAX));
    if not.len() > SAID_MAX {
        said.push(&more);
    }
    let message = format_args!("not verified: {}", said.join("; "));
    Err(Failure::new(Fault::CouldNotTell, message)
        .hint("check the keys, or leave the file out; nothing was written"))
}

/// A section that no statement names would be read as if it had been signed.
fn check_sections(contents: &Contents<'_>) -> Result<(), Failure> {
    let statements = contents.evidence.iter().flat_map(|one| one.verified());
    let parts: Vec<_> = statements.flat_map(|one| sealed_parts(&one.get().predicate)).collect();
    for (name, bytes) in &contents.sections {
        section::open_some(bytes, &parts, |_place| false).map_err(|error| {
            Failure::trouble(format_args!("{name}: {error}"))
                .hint("give the sections that were written beside this evidence, and no others")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_by_name_and_content_and_each_is_in_once() {
        let named = |name: &str, byte: u8| Ok((name.to_owned(), vec![byte]));
        let in_order = |files: Vec<Result<Named, Failure>>| {
            let mut members = Members::new();
            number(distinct(files).unwrap(), evidence_name, &mut members);
            members
        };
        let one = in_order(vec![named("b", 1), named("a", 2), named("a", 1), named("a", 2)]);
        assert_eq!(one, in_order(vec![named("a", 1), named("a", 2), named("b", 1)]));
        let names: Vec<_> = one.keys().collect();
        let expected = ["evidence/0001-a", "evidence/0002-a", "evidence/0003-b"];
        assert_eq!(names, expected.map(|name| format!("{name}.sigstore.jsonl")).each_ref());
    }
}
