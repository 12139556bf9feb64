//! `proofmark sign`: what another job captured is checked against its artefacts, and signed.
//!
//! This job runs nothing of the project: no program is started, no repository and no `proofmark.toml` is
//! read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::bracket::unsigned;
use super::failure::Failure;
use super::keys::Keys;
use super::sign_args::{SignArgs, output_failure};
use super::sign_identity::{check_told, identify};
use super::talk::Talk;
use super::witness_args::WitnessArgs;
use super::witnesses::Witnesses;
use crate::base::digest::Sha256;
use crate::base::file;
use crate::base::name::ArtefactName;
use crate::base::text::{Printable, count, printable_path};
use crate::base::time::Time;
use crate::base::tree::{Content, Entry, Kind, Patterns, Tree, Walk};
use crate::capture::environment::Variables;
use crate::capture::platform::{self, Kind as PlatformKind, Platform};
use crate::format::bundle::FILE_MAX;
use crate::format::evidence::{KeyCustody, Signing, SigningLayout};
use crate::format::repository::same_repository;
use crate::format::statement::{IMAGE, Subject};
use crate::sign::sign;
use crate::statement::{Told, has_no_artefact};

/// Seconds by which two machines' clocks may differ.
const CLOCKS_DIFFER: i64 = 300;

/// Sign, in a job of its own, what a build job captured with --sign never
#[derive(Debug, Args)]
#[command(
    after_help = "Every artefact is hashed again; commit, repository and run id must be this job's own.
Exit code: 0, signed; 1, an artefact is missing or different, another run, no capture of proofmark's;
2, wrong arguments, no key, or output that exists."
)]
pub(super) struct Sign {
    /// The unsigned capture
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder that the artefacts lie in
    #[arg(long, alias = "artifacts", value_name = "DIR")]
    artefacts: PathBuf,
    #[command(flatten)]
    witnesses: WitnessArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &Sign, talk: Talk) -> Result<(), Failure> {
    let variables = Variables::read();
    let redactor = super::bracket::redactor(&variables);
    let platform = platform::capture(&variables, &redactor);
    args.witnesses.check(platform.kind, None)?;
    let destination = args.sign.destination_for_signed()?;
    let keys = args.sign.keys(&variables, &platform, talk)?;
    if keys.keys.is_empty() {
        return Err(Failure::usage("expected a key to sign with, found none")
            .hint("give one with --key, --key-fd, PROOFMARK_KEY or PROOFMARK_KEY_FILE"));
    }
    let shown = printable_path(&args.file);
    let bytes = file::read_regular(&args.file, FILE_MAX).map_err(Failure::trouble)?;
    let told = Told::parse(&bytes).map_err(|error| {
        Failure::trouble(format_args!("{shown}: {error}"))
            .hint("give the `.unsigned.jsonl` file that proofmark wrote in the build job, as it is")
    })?;
    check_run(&told, &platform, talk)?;
    check_times(&told)?;
    check_told(&told)?;
    let nothing = has_no_artefact(&told);
    let artefacts = if nothing {
        talk.notice(format_args!(
            "outcome {}: there is no artefact to be hashed again",
            told.evidence().build.outcome
        ));
        0
    } else {
        let tree = read(&args.artefacts, talk)?;
        let whole = tree.iter().filter(is_whole).filter_map(|entry| entry.digest).collect();
        for subject in told.subjects() {
            check_subject(subject, &args.artefacts, &tree, &whole)?;
        }
        told.subjects().len() as u64
    };
    let built_in = told.evidence().pipeline.get().and_then(|pipeline| pipeline.job.as_deref());
    let signing = signing(&keys, built_in, platform.pipeline.job.as_deref(), !nothing);
    let witnesses = Witnesses {
        args: &args.witnesses,
        variables: &variables,
        redactor: &redactor,
        stop: &|| false,
        talk,
    };
    let identified = identify(&told, platform, &keys, &witnesses)?;
    let token = identified.as_ref().map(|identified| &identified.token);
    let payloads = told.signed_elsewhere(&signing, token).map_err(Failure::trouble)?;
    let mut lines = Vec::new();
    for payload in payloads {
        for key in &keys.keys {
            lines.push(sign(payload.clone(), key.as_ref()).map_err(unsigned)?);
        }
    }
    destination.write_signed(&lines).map_err(output_failure)?;
    let signers: Vec<_> = keys.keys.iter().map(|key| key.public().to_string()).collect();
    talk.say(format_args!(
        "wrote {}: {} hashed again, signed by {}",
        printable_path(destination.signed()),
        count(artefacts, "artefact"),
        signers.join(", ")
    ));
    Ok(())
}

/// A time that is still to come would keep a stolen capture fresh for as long.
fn check_times(told: &Told) -> Result<(), Failure> {
    let build = &told.evidence().build;
    let ahead = build.finished.seconds_since(Time::now());
    if build.started <= build.finished && ahead <= CLOCKS_DIFFER {
        return Ok(());
    }
    let message = format_args!(
        "the capture's times can't be: started {}, finished {}",
        build.started, build.finished
    );
    Err(Failure::trouble(message).hint("set the clocks of both machines"))
}

/// What this job knows by itself of the run must be what the capture says.
fn check_run(told: &Told, platform: &Platform, talk: Talk) -> Result<(), Failure> {
    let own = &platform.pipeline;
    let captured = told.evidence().pipeline.get();
    let source = told.claims();
    if platform.kind == PlatformKind::Local {
        if captured.is_some_and(|pipeline| pipeline.platform != own.platform) {
            let message = format_args!(
                "the capture was made on {}, and this is no job of a platform that proofmark knows",
                Printable(captured.map_or("?", |pipeline| pipeline.platform.as_str()))
            );
            return Err(Failure::trouble(message).hint("sign in a job of the same run"));
        }
        talk.notice(
            "this is no CI job: commit, repository and run id were not compared with anything",
        );
        return Ok(());
    }
    let differ = |what: &str, expected: Option<&str>, found: Option<&str>| {
        let shown =
            |text: Option<&str>| text.map_or("none".to_owned(), |t| Printable(t).to_string());
        let message = format_args!(
            "the capture is of another {what}: expected {} (this job's), found {}",
            shown(expected),
            shown(found)
        );
        Err(Failure::trouble(message).hint("sign in a job of the run that built it"))
    };
    let commit = own.commit.as_deref();
    let commits = [source.commit.as_deref(), captured.and_then(|p| p.commit.as_deref())];
    if commit.is_none() || commits.iter().all(Option::is_none) {
        return differ("commit", commit, commits.iter().find_map(|c| *c));
    }
    for found in commits.into_iter().flatten() {
        if Some(found) != commit {
            return differ("commit", commit, Some(found));
        }
    }
    let repository = own.repository.as_deref();
    let repositories = [source.source.as_deref(), captured.and_then(|p| p.repository.as_deref())];
    match repository {
        Some(repository) if repositories.iter().any(Option::is_some) => {
            for found in repositories.into_iter().flatten() {
                if !same_repository(repository, found) {
                    return differ("repository", Some(repository), Some(found));
                }
            }
        }
        _ => return differ("repository", repository, repositories.iter().find_map(|r| *r)),
    }
    // A capture of another ref, or of what another event started, would be signed as what it isn't.
    let lane = told.evidence().lane.get();
    let (kind, captured_kind) =
        (platform.lane.ref_kind.as_str(), lane.map(|lane| lane.ref_kind.as_str()));
    // Where one of the two jobs couldn't read which branch the default is, the ref itself is what counts.
    let unsure = |one, other| one == "branch" && matches!(other, "default branch" | "other");
    let agree = captured_kind.is_some_and(|found| unsure(kind, found) || unsure(found, kind));
    let pairs = [
        ("platform", Some(own.platform.as_str()), captured.map(|p| p.platform.as_str())),
        ("ref", own.ref_name.as_deref(), captured.and_then(|p| p.ref_name.as_deref())),
        ("event", own.event.as_deref(), captured.and_then(|p| p.event.as_deref())),
        ("definition", own.definition.as_deref(), captured.and_then(|p| p.definition.as_deref())),
        (
            "repository id",
            own.repository_id.as_deref(),
            captured.and_then(|p| p.repository_id.as_deref()),
        ),
        (
            "owner id",
            own.repository_owner_id.as_deref(),
            captured.and_then(|p| p.repository_owner_id.as_deref()),
        ),
        ("kind of ref", Some(kind), captured_kind.map(|found| if agree { kind } else { found })),
        (
            "lane",
            platform.lane.definition.as_deref(),
            lane.and_then(|lane| lane.definition.as_deref()),
        ),
    ];
    for (what, expected, found) in pairs {
        if expected != found {
            return differ(what, expected, found);
        }
    }
    if let Some(found) = source.ref_name.as_deref()
        && Some(found) != own.ref_name.as_deref()
    {
        return differ("ref", own.ref_name.as_deref(), Some(found));
    }
    let run = captured.and_then(|pipeline| pipeline.run_id.as_deref());
    if own.run_id.is_none() || own.run_id.as_deref() != run {
        return differ("run", own.run_id.as_deref(), run);
    }
    Ok(())
}

fn read(folder: &Path, talk: Talk) -> Result<Tree, Failure> {
    let progress = talk.progress("artefacts");
    let report = progress.report();
    let walk = Walk {
        root: folder,
        exclude: &Patterns::default(),
        skip: &[],
        stop: &|| false,
        progress: &report,
    };
    Tree::read(&walk).map_err(|error| Failure::trouble(format_args!("--artefacts: {error}")))
}

fn is_whole(entry: &Entry<'_>) -> bool {
    entry.kind == Kind::File && entry.content == Content::Read
}

/// One artefact: by its name where there is such a file, else any file with its content.
fn check_subject(
    subject: &Subject,
    folder: &Path,
    tree: &Tree,
    all: &HashSet<Sha256>,
) -> Result<(), Failure> {
    let name = subject.name.as_deref().unwrap_or_default();
    let shown = Printable(name);
    let unusable = |why: &str| {
        Failure::trouble(format_args!("the artefact {shown}: {why}"))
            .hint("the capture was altered, or made by another version")
    };
    let digest = subject.digest.get(Sha256::ALGORITHM);
    let expected: Sha256 = digest
        .and_then(|hex| hex.parse().ok())
        .ok_or_else(|| unusable("expected a sha256, found none"))?;
    let parsed: ArtefactName =
        name.parse().map_err(|error| unusable(&format!("the name can't be one: {error}")))?;
    if subject.is_declared() {
        return Err(Failure::trouble(format_args!(
            "the artefact {shown}: expected one that can be hashed again, found a digest that the build job was told"
        ))
        .hint("sign images and digests from elsewhere in the job that knows them"));
    }
    let found = match subject.kind() {
        Some("tree") => return check_tree(subject, &parsed, expected, folder),
        // Its manifest, among the blobs of a layout.
        Some(IMAGE) => None,
        Some(_) => return Err(unusable("expected a file or a folder, found another kind")),
        None => tree.get(parsed.as_str().as_bytes()).filter(|entry| entry.kind == Kind::File),
    };
    let whole = |entry: &Entry<'_>| is_whole(entry) && entry.digest == Some(expected);
    let different = |found: Option<Sha256>| {
        let found = found.map_or_else(|| "none that can be read".to_owned(), |f| f.to_string());
        Failure::trouble(format_args!(
            "the artefact {shown} is not the one that was captured: expected sha256 {expected}, found {found}"
        ))
        .hint("something exchanged it after the build job: find out what; nothing was signed")
    };
    match found {
        Some(entry) if whole(&entry) && subject.size().is_none_or(|size| size == entry.size) => {
            Ok(())
        }
        Some(entry) => Err(different(entry.digest)),
        None if all.contains(&expected) => Ok(()),
        None => {
            let base = parsed.base_name().as_bytes();
            let same_name = tree
                .iter()
                .find(|entry| entry.path.rsplit(|byte| *byte == b'/').next() == Some(base));
            match same_name {
                Some(entry) => Err(different(entry.digest)),
                None => Err(Failure::trouble(format_args!(
                    "the artefact {shown} (sha256 {expected}) is not in {}",
                    printable_path(folder)
                ))
                .hint(
                    "hand the build's artefacts on to this job, all of them; nothing was signed",
                )),
            }
        }
    }
}

fn check_tree(
    subject: &Subject,
    name: &ArtefactName,
    expected: Sha256,
    folder: &Path,
) -> Result<(), Failure> {
    let below = folder.join(name.as_str());
    let is_folder = std::fs::symlink_metadata(&below).is_ok_and(|metadata| metadata.is_dir());
    let path = if is_folder { below.as_path() } else { folder };
    let walk = Walk {
        root: path,
        exclude: &Patterns::default(),
        skip: &[],
        stop: &|| false,
        progress: &|_, _| (),
    };
    let tree = Tree::read(&walk).map_err(Failure::trouble)?;
    let found = tree.root_digest(|_| true);
    let other = subject.digest.get("dirHash");
    let same = other.is_none_or(|hash| tree.dir_hash().is_some_and(|h| h.to_string() == *hash));
    if found == expected && same && tree.problems().is_empty() {
        return Ok(());
    }
    Err(Failure::trouble(format_args!(
        "the folder {name} is not the one that was captured: expected root digest {expected}, found {found} in {}",
        printable_path(path)
    ))
    .hint("hand the whole folder on to this job, links and modes included; nothing was signed"))
}

/// Who signs. That it is another job than the build's is what the use of this command says; what the
/// platform's variables say against it is an exposure.
fn signing(keys: &Keys, built_in: Option<&str>, signed_in: Option<&str>, hashed: bool) -> Signing {
    let exposures = match (built_in, signed_in) {
        (Some(one), Some(other)) if one != other => Vec::new(),
        (Some(_), Some(_)) => vec![
            "capture and signature name the same job: nothing but the use of `proofmark sign` says that they were two"
                .to_owned(),
        ],
        _ => vec![
            "no platform says that capture and signature were two jobs: the use of `proofmark sign` alone does"
                .to_owned(),
        ],
    };
    let mut protections = vec![
        "the signing job's proofmark ran no program, and read no repository and no configuration"
            .to_owned(),
    ];
    if hashed {
        protections.push("every artefact was hashed again before it was signed".to_owned());
    }
    let key_custody = KeyCustody {
        custody: "separate-job".to_owned(),
        read_from: Some(keys.read_from()),
        protections,
        exposures,
    };
    Signing { layout: SigningLayout::SeparateJob, key_custody }
}
