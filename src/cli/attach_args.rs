//! `--attach`, `--platform-provenance`: documents that are bound to the evidence by their digests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use crate::base::digest::Sha256;
use crate::base::file;
use crate::base::text::{Printable, count, printable, printable_path};
use crate::base::time::Time;
use crate::capture::documents::provenance::{self, Told};
use crate::capture::documents::{AttachError, KINDS, Said, attach};
use crate::capture::redact::{Redactor, Scrubbed};
use crate::format::evidence::{Attachment, PlatformProvenance};
use crate::format::fact::{Basis, Fact, Gap, Withheld};
use crate::format::statement::Subject;

/// Most files of provenance.
const PROVENANCE_MAX: usize = 64;
const ATTACHED: &str = "attached";
const PROVENANCE: &str = "controls.provenance";
const HINT: &str = "give what the platform wrote: the runner's `*-metadata.json`, or what `gh attestation download` writes";

/// Documents.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Documents")]
pub(super) struct AttachArgs {
    /// Bind a document by its digest; KIND is access-review, mfa-export, audit-log, penetration-test, policy or other
    ///
    /// One document of a kind: its date and scope are told by the kind. Of the file nothing is kept but its name,
    /// its size and its SHA-256; keep it for whoever asks.
    #[arg(long, value_name = "KIND=FILE")]
    attach: Vec<String>,
    /// The day that the attached document of this kind is of
    #[arg(long, value_name = "KIND=YYYY-MM-DD", requires = "attach")]
    attach_date: Vec<String>,
    /// What the attached document of this kind covers
    #[arg(long, value_name = "KIND=TEXT", requires = "attach")]
    attach_scope: Vec<String>,
    /// Provenance that the platform made: the runner's metadata (GitLab), or a bundle (`gh attestation download`)
    #[arg(long, value_name = "FILE")]
    platform_provenance: Vec<PathBuf>,
}

/// What came of the arguments. Read before the build, which can't change it any more.
#[derive(Debug)]
pub(super) struct Documents {
    pub(super) attached: Fact<Vec<Attachment>>,
    pub(super) redactions: Vec<Withheld>,
    pub(super) gaps: Vec<Gap>,
    provenance: Vec<Given>,
}

/// A file of provenance.
#[derive(Debug)]
struct Given {
    /// As it may be said.
    name: String,
    sha256: Sha256,
    told: Vec<Told>,
}

impl AttachArgs {
    /// Reads the documents.
    ///
    /// # Errors
    /// Arguments that make no sense, and files that can't be read.
    pub(super) fn read(&self, redactor: &Redactor) -> Result<Documents, Failure> {
        self.read_at(redactor, Time::now())
    }

    fn read_at(&self, redactor: &Redactor, now: Time) -> Result<Documents, Failure> {
        let mut documents = Documents::default();
        let files = by_kind("--attach", &self.attach)?;
        let dates = by_kind("--attach-date", &self.attach_date)?;
        let scopes = by_kind("--attach-scope", &self.attach_scope)?;
        for (flag, said) in [("--attach-date", &dates), ("--attach-scope", &scopes)] {
            if let Some(kind) = said.keys().find(|kind| !files.contains_key(*kind)) {
                return Err(Failure::usage(format_args!(
                    "{flag} {kind}: no such document is attached"
                ))
                .hint(format!("attach it with --attach {kind}=FILE")));
            }
        }
        let mut attached = Vec::new();
        for (kind, path) in files {
            let text = |said: &BTreeMap<_, &str>| said.get(kind).map(|text| (*text).to_owned());
            let said = Said { date: text(&dates), scope: text(&scopes) };
            said.check(now).map_err(|error| {
                let (flag, hint) = match error {
                    AttachError::Scope => ("scope", "say in a sentence what the document covers"),
                    _ => ("date", "say the day that the document is of, as in 2026-01-31"),
                };
                Failure::usage(format_args!("--attach-{flag} {kind}: {error}")).hint(hint)
            })?;
            attached.push(
                attach(kind, Path::new(path), &said, redactor, &mut documents.redactions)
                    .map_err(|error| refused(kind, path, &error))?,
            );
            documents.gaps.extend(unsaid(kind, &said));
        }
        attached.sort_unstable();
        if !attached.is_empty() {
            documents.attached = Fact::observed(Basis::Attached, attached);
        }
        documents.read_provenance(&self.platform_provenance, redactor)?;
        Ok(documents)
    }
}

/// The values by their kind, each once.
fn by_kind<'a>(
    flag: &str,
    given: &'a [String],
) -> Result<BTreeMap<&'static str, &'a str>, Failure> {
    let mut all = BTreeMap::new();
    for text in given {
        let (kind, value) = text.split_once('=').unwrap_or((text, ""));
        let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else {
            let message = format_args!("{flag} {}: unknown kind", Printable(kind));
            return Err(Failure::usage(message).hint(format!("one of {}", KINDS.join(", "))));
        };
        if value.is_empty() {
            let message = format_args!("{flag} {kind}: found nothing after the kind");
            return Err(Failure::usage(message).hint(format!("as in {flag} {kind}=..")));
        }
        if all.insert(kind, value).is_some() {
            let failure = Failure::usage(format_args!("{flag} {kind}: expected it once"));
            return Err(failure.hint("of several documents of one kind attach an archive"));
        }
    }
    Ok(all)
}

fn refused(kind: &str, path: &str, error: &AttachError) -> Failure {
    // The name that is refused isn't repeated.
    if let AttachError::SecretName(_) = error {
        return Failure::usage(format_args!("--attach {kind}: {error}")).hint("rename the file");
    }
    let message = format_args!("--attach {kind}={}: {error}", Printable(path));
    Failure::usage(message).hint("name a file that is there, and that nobody writes to")
}

/// What whoever reads of a document has to guess.
fn unsaid(kind: &str, said: &Said) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if said.date.is_none() {
        let reason = format!("of which day the attached {kind} is isn't said");
        gaps.push(Gap::new(ATTACHED, reason, format!("say it: --attach-date {kind}=YYYY-MM-DD")));
    }
    if said.scope.is_none() {
        let reason = format!("what the attached {kind} covers isn't said");
        gaps.push(Gap::new(ATTACHED, reason, format!("say it: --attach-scope {kind}=TEXT")));
    }
    gaps
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            attached: Fact::absent(Basis::Attached),
            redactions: Vec::new(),
            gaps: Vec::new(),
            provenance: Vec::new(),
        }
    }
}

impl Documents {
    fn read_provenance(&mut self, paths: &[PathBuf], redactor: &Redactor) -> Result<(), Failure> {
        let flag = "--platform-provenance";
        if paths.len() > PROVENANCE_MAX {
            let found = paths.len();
            let message = format_args!("{flag}: expected at most {PROVENANCE_MAX}, found {found}");
            return Err(Failure::usage(message).hint("put bundles into one file, one a line"));
        }
        for path in paths {
            let wrong = |error: &dyn Display| {
                Failure::usage(format_args!("{flag} {}: {error}", printable_path(path)))
            };
            let bytes = file::read_regular(path, provenance::FILE_MAX)
                .map_err(|error| Failure::usage(format_args!("{flag}: {error}")).hint(HINT))?;
            let told = provenance::parse(&bytes).map_err(|error| wrong(&error).hint(HINT))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = self.note(redactor.scrub(&printable(&name)), "name of a file");
            let told = told.into_iter().map(|told| self.scrubbed(told, redactor)).collect();
            self.provenance.push(Given { name, sha256: Sha256::of(&bytes), told });
        }
        Ok(())
    }

    fn note(&mut self, scrubbed: Scrubbed, what: &str) -> String {
        super::bracket::note(scrubbed, &format!("{PROVENANCE}, {what}"), &mut self.redactions)
    }

    fn scrubbed(&mut self, told: Told, redactor: &Redactor) -> Told {
        let builder = told.builder.map(|id| self.note(redactor.scrub_url(&id), "builder"));
        let predicate_type =
            self.note(redactor.scrub_url(&told.predicate_type), "type of a predicate");
        Told { builder, predicate_type, ..told }
    }

    /// The platform's provenance that names any of these subjects; a gap for each that names none.
    pub(super) fn provenance(&mut self, subjects: &[Subject]) -> Vec<PlatformProvenance> {
        let digests = subjects.iter().filter_map(|subject| subject.digest.get(Sha256::ALGORITHM));
        let ours: BTreeSet<Sha256> = digests.filter_map(|digest| digest.parse().ok()).collect();
        let mut found = Vec::new();
        for Given { name, sha256, told } in std::mem::take(&mut self.provenance) {
            let before = found.len();
            let mut others = BTreeSet::new();
            for Told { from, predicate_type, builder, subjects, signed } in told {
                let (named, rest): (Vec<_>, Vec<_>) =
                    subjects.into_iter().partition(|digest| ours.contains(digest));
                others.extend(rest);
                if !named.is_empty() {
                    found.push(PlatformProvenance {
                        from: from.to_owned(),
                        sha256,
                        predicate_type: Some(predicate_type),
                        builder,
                        subjects: named,
                        signed,
                    });
                }
            }
            if found.len() == before {
                let about = count(others.len() as u64, "other subject");
                let reason =
                    format!("{name} names none of this build's artefacts: it is about {about}");
                let cure = "give the provenance of what -a names, as it was built here";
                self.gaps.push(Gap::new(PROVENANCE, reason, cure));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(digests: &[Sha256]) -> Given {
        let told = |digest: &Sha256| Told {
            from: "bundle",
            predicate_type: "p".to_owned(),
            builder: None,
            subjects: vec![*digest],
            signed: true,
        };
        let told = digests.iter().map(told).collect();
        Given { name: "f".to_owned(), sha256: Sha256::of(b"f"), told }
    }

    fn subject(digest: &str) -> Subject {
        let digest = BTreeMap::from([("sha256".to_owned(), digest.to_owned())]);
        Subject { digest, ..Subject::default() }
    }

    #[test]
    fn provenance_is_kept_for_the_digests_of_this_build_alone() {
        let [one, two, three] = [b"1", b"2", b"3"].map(|bytes| Sha256::of(bytes));
        let mut documents = Documents {
            provenance: vec![of(&[one, two, one]), of(&[three])],
            ..Documents::default()
        };
        let subjects = [subject(&one.to_string().to_uppercase()), subject("no digest")];
        let found = documents.provenance(&subjects);
        assert_eq!(found.len(), 1, "the same is said once");
        assert_eq!(found[0].subjects, [one]);
        assert_eq!(documents.gaps.len(), 1);
        assert_eq!(documents.gaps[0].part, PROVENANCE);
        assert!(documents.gaps[0].reason.contains("1 other subject"));
    }

    #[test]
    fn the_clock_of_the_reader_decides_what_is_in_the_future() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("review.csv");
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(&path, "1").unwrap();
        let args = AttachArgs {
            attach: vec![format!("access-review={}", path.display())],
            attach_date: vec!["access-review=2026-06-01".to_owned()],
            ..AttachArgs::default()
        };
        let read = |now: &str| args.read_at(&Redactor::new(Vec::new()), now.parse().unwrap());
        assert!(read("2026-05-30T00:00:00Z").is_err());
        let documents = read("2026-05-31T00:00:00Z").unwrap();
        let attached = documents.attached.get().unwrap();
        assert_eq!(attached[0].date.as_deref(), Some("2026-06-01"));
        assert_eq!(documents.gaps.len(), 1, "nobody says what it covers");
    }

    #[test]
    fn a_kind_is_known_and_comes_once_and_has_a_value() {
        let kinds = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(|text| (*text).to_owned()).collect();
            by_kind("--attach", &given).map(|all| all.len())
        };
        assert_eq!(kinds(&["policy=a=b", "other=c"]).unwrap(), 2);
        for bad in [&["policy="][..], &["policy"], &["=x"], &["Policy=x"], &["other=a", "other=b"]]
        {
            assert!(kinds(bad).is_err(), "{bad:?}");
        }
    }
}
