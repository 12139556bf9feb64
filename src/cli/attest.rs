//! `proofmark attest`: evidence of files whose build nobody bracketed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::attach_args::AttachArgs;
use super::bracket::{self, Conclusion, Held};
use super::capture_args::{CaptureArgs, Scope};
use super::failure::Failure;
use super::keys::Keys;
use super::sign_args::SignArgs;
use super::subject_args::{SubjectArgs, Told};
use super::talk::Talk;
use super::witness_args::WitnessArgs;
use super::witnesses::Witnesses;
use crate::base::digest::Sha256;
use crate::base::name::ArtefactName;
use crate::base::text::{count, printable, printable_path};
use crate::base::tree::hash::{Links, hash_file};
use crate::base::tree::patterns::is_glob;
use crate::base::tree::{Content, Kind, Patterns, Problem, Tree, Trouble, Walk};
use crate::capture::environment::Variables;
use crate::capture::files;
use crate::capture::platform;
use crate::capture::subjects::Look;
use crate::format::evidence::{Bracket, Inputs, Outcome};
use crate::format::fact::{Basis, Fact, Gap};
use crate::format::statement::Subject;
use crate::write::Destination;

/// Sign evidence of files that are there already; how they were built is not recorded
#[derive(Debug, Args)]
pub(super) struct Attest {
    /// Files, and folders whose every file becomes an artefact under its relative path
    #[arg(
        value_name = "PATH",
        required_unless_present_any = ["artefacts", "subjects", "checksums", "image_metadata"]
    )]
    paths: Vec<PathBuf>,
    /// Make one artefact of each folder
    #[arg(long)]
    tree: bool,
    #[command(flatten)]
    capture: CaptureArgs,
    #[command(flatten)]
    subjects: SubjectArgs,
    #[command(flatten)]
    attach: AttachArgs,
    #[command(flatten)]
    witnesses: WitnessArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &Attest, talk: Talk) -> Result<(), Failure> {
    let variables = Variables::read();
    let redactor = Arc::new(bracket::redactor(&variables));
    let platform = platform::capture(&variables, &redactor);
    args.witnesses.check(platform.kind, None)?;
    let scope = args.capture.scope(None, &redactor)?;
    let destination = args.sign.check_output(scope.leg())?;
    let keys = args.sign.keys(&variables, &platform, talk)?;
    args.capture.check_trust(false)?;
    let documents = args.attach.read(&redactor)?;
    let earlier = args.capture.earlier(&keys, talk)?;

    let own = Own { destination: &destination, keys: &keys };
    let (found, mut gaps) = collect(args, &scope, own, talk)?;
    bracket::refuse_secret_names(&found, &redactor)?;
    let Told { subjects, sboms, .. } =
        args.subjects.complete(found, &scope, Look::Disk, &redactor, true)?;
    if subjects.is_empty() {
        return Err(Failure::trouble("nothing to attest: expected a file, found none")
            .hint("name files, or folders that have some"));
    }
    if !earlier.is_empty() {
        return Err(Failure::usage("--from: `attest` saw no build, so that it continues none")
            .hint("bracket the build with `proofmark run` or `proofmark begin`"));
    }
    let (mut facts, classes) = bracket::attested(&scope, &variables, &platform, &redactor, talk)?;
    facts.gaps.append(&mut gaps);
    let inputs = match &scope.inputs {
        None => Fact::not_applicable("no build was bracketed"),
        Some(include) => {
            let never = bracket::never_inputs(&scope, &destination, &keys);
            let classify = |path: &[u8]| classes.as_ref().map(|classes| classes.of(path));
            let class = classes.as_ref().map(|_| &classify as files::Classifier<'_>);
            let (excluded, withheld) = bracket::exclusions(&scope, &never, &redactor);
            let (inputs, more) = inputs(&scope, include, &never, class, excluded)?;
            facts.gaps.extend(more);
            facts.redactions.extend(withheld);
            Fact::observed(Basis::Recomputed, inputs)
        }
    };
    let conclusion = Conclusion {
        facts,
        bracket: Bracket::None,
        command: None,
        outcome: Outcome::NotApplicable,
        outcome_from: None,
        state: None,
        signing: bracket::signing(&keys, Held::NoBuild),
        inputs,
        outputs: Fact::not_applicable("no build was bracketed"),
        subjects,
        sboms,
        documents,
        root: scope.root.clone(),
        disclosure: scope.wanted.settings.disclosure.clone(),
    };
    let witnesses = Witnesses {
        args: &args.witnesses,
        variables: &variables,
        redactor: &redactor,
        stop: &|| false,
        talk,
    };
    bracket::conclude(conclusion, &keys, &destination, &witnesses).map(|_changes| ())
}

fn inputs(
    scope: &Scope,
    include: &Patterns,
    never: &[PathBuf],
    class: Option<files::Classifier<'_>>,
    excluded: Vec<String>,
) -> Result<(Inputs, Vec<Gap>), Failure> {
    let walk = Walk {
        root: &scope.root,
        exclude: &scope.exclude,
        skip: never,
        stop: &|| false,
        progress: &|_, _| (),
    };
    let tree = Tree::read(&walk).map_err(Failure::trouble)?;
    Ok(files::inputs(&tree, Some(include), class, excluded))
}

/// Our own files, which are no artefacts of a folder that they lie in: outputs, and the keys.
#[derive(Clone, Copy)]
struct Own<'a> {
    destination: &'a Destination,
    keys: &'a Keys,
}

impl Own<'_> {
    /// Their paths relative to a folder.
    fn below(self, root: &Path) -> Vec<PathBuf> {
        let outputs = self.destination.all().map(PathBuf::from);
        let all = outputs.iter().chain(&self.keys.files);
        all.filter_map(|path| {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok()?;
            let whole = parent.join(path.file_name()?);
            whole.strip_prefix(root).ok().map(Path::to_owned)
        })
        .collect()
    }
}

fn subject(name: &ArtefactName, sha256: Sha256, size: u64) -> Subject {
    let mut annotations = serde_json::Map::new();
    annotations.insert("size".to_owned(), Value::from(size));
    Subject {
        name: Some(name.as_str().to_owned()),
        digest: BTreeMap::from([(Sha256::ALGORITHM.to_owned(), sha256.to_string())]),
        annotations,
    }
}

fn collect(
    args: &Attest,
    scope: &Scope,
    own: Own<'_>,
    talk: Talk,
) -> Result<(Vec<Subject>, Vec<Gap>), Failure> {
    let mut subjects = Vec::new();
    let mut gaps = Vec::new();
    for path in &args.paths {
        let metadata = std::fs::metadata(path).map_err(|error| {
            Failure::trouble(format_args!("{}: {error}", printable_path(path)))
                .hint("name a file or a folder that is there")
        })?;
        if metadata.is_dir() {
            folder(path, args.tree, scope, own, talk, &mut subjects, &mut gaps)?;
        } else {
            file(path, None, &mut subjects)?;
        }
    }
    for artefact in &scope.wanted.artefacts {
        let whole = scope.root.join(&artefact.source);
        if whole.is_file() || !is_glob(&artefact.source) && !whole.is_dir() {
            file(&whole, artefact.name.as_ref(), &mut subjects)?;
            continue;
        }
        let patterns =
            Patterns::new(std::slice::from_ref(&artefact.source)).map_err(Failure::usage)?;
        let tree = read_tree(&scope.root, scope, own, talk, |path| patterns.matches(path))?;
        let found: Vec<_> = tree
            .iter()
            .filter(|entry| entry.kind == Kind::File && patterns.matches(entry.path))
            .collect();
        let source = printable(&artefact.source);
        if found.len() != 1 && artefact.name.is_some() {
            let message =
                format_args!("--artefact {source}=NAME: expected one file, found {}", found.len());
            return Err(Failure::trouble(message).hint("name each file of its own"));
        }
        if found.is_empty() {
            return Err(Failure::trouble(format_args!("--artefact {source}: matches no file")));
        }
        for entry in found {
            let path = printable(&String::from_utf8_lossy(entry.path));
            let base = entry.path.rsplit(|byte| *byte == b'/').next().unwrap_or(entry.path);
            let own_name = std::str::from_utf8(base).ok().and_then(|base| base.parse().ok());
            let Some(name) = artefact.name.clone().or(own_name) else {
                return Err(Failure::trouble(format_args!(
                    "{path}: the name can't be a subject's"
                ))
                .hint("give it a name: -a PATH=NAME"));
            };
            let Some(sha256) = entry.digest else {
                return Err(Failure::trouble(format_args!("{path}: it has no digest")));
            };
            subjects.push(subject(&name, sha256, entry.size));
        }
    }
    Ok((subjects, gaps))
}

fn file(
    path: &Path,
    name: Option<&ArtefactName>,
    subjects: &mut Vec<Subject>,
) -> Result<(), Failure> {
    let shown = printable_path(path);
    let name = match name {
        Some(name) => name.clone(),
        None => named(path)?,
    };
    let hashed = hash_file(path, Links::Follow, false, &|| false)
        .map_err(|error| Failure::trouble(format_args!("{shown}: {error}")))?;
    if hashed.changed_while_read {
        return Err(Failure::trouble(format_args!("{shown} changed while it was read"))
            .hint("stop whatever writes to it, and attest again"));
    }
    subjects.push(subject(&name, hashed.sha256, hashed.size));
    Ok(())
}

/// The base name, where it can be a subject's name.
fn named(path: &Path) -> Result<ArtefactName, Failure> {
    // `.` and `dir/..` have no name of their own.
    let own = match path.file_name() {
        Some(name) => Some(name.to_owned()),
        None => path.canonicalize().ok().and_then(|path| path.file_name().map(ToOwned::to_owned)),
    };
    let text = own.as_ref().and_then(|name| name.to_str());
    let parsed = text.map(str::parse::<ArtefactName>);
    match parsed {
        Some(Ok(name)) => Ok(name),
        other => {
            let why = match other {
                Some(Err(error)) => error.to_string(),
                _ => "the name isn't UTF-8".to_owned(),
            };
            Err(Failure::trouble(format_args!("{}: {why}", printable_path(path)))
                .hint("give it a name: -a PATH=NAME"))
        }
    }
}

fn read_tree(
    folder: &Path,
    scope: &Scope,
    own: Own<'_>,
    talk: Talk,
    meant: impl Fn(&[u8]) -> bool,
) -> Result<Tree, Failure> {
    let root = folder
        .canonicalize()
        .map_err(|error| Failure::trouble(format_args!("{}: {error}", printable_path(folder))))?;
    let skip = own.below(&root);
    let progress = talk.progress("hashing");
    let report = progress.report();
    let walk = Walk {
        root: &root,
        exclude: &scope.exclude,
        skip: &skip,
        stop: &|| false,
        progress: &report,
    };
    let tree = Tree::read(&walk).map_err(Failure::trouble)?;
    // Attesting what could not be read would be a statement about something else.
    // What is in a folder that can't be read is not known: it might be meant.
    let mut problems = tree.problems().iter().filter(|problem| {
        matches!(problem.trouble, Trouble::UnreadableFolder(_)) || meant(&problem.path)
    });
    if let Some(Problem { path, trouble }) = problems.next() {
        let path = printable(&String::from_utf8_lossy(path));
        let message = format_args!("{}: {path}: {trouble}", printable_path(folder));
        return Err(
            Failure::trouble(message).hint("make it readable, or leave it out with --exclude")
        );
    }
    Ok(tree)
}

fn folder(
    folder: &Path,
    as_one: bool,
    scope: &Scope,
    own: Own<'_>,
    talk: Talk,
    subjects: &mut Vec<Subject>,
    gaps: &mut Vec<Gap>,
) -> Result<(), Failure> {
    let tree = read_tree(folder, scope, own, talk, |_| true)?;
    if as_one {
        if tree.is_empty() {
            return Err(Failure::trouble(format_args!(
                "{}: the folder is empty",
                printable_path(folder)
            )));
        }
        let name = named(folder)?;
        let mut subject = subject(&name, tree.root_digest(|_| true), tree.totals().bytes);
        subject.annotations.insert("kind".to_owned(), Value::from("tree"));
        if let Some(hash) = tree.dir_hash() {
            subject.digest.insert("dirHash".to_owned(), hash.to_string());
        }
        subjects.push(subject);
        return Ok(());
    }
    let mut passed_over = 0_u64;
    for entry in tree.iter() {
        let (Kind::File, Content::Read, Some(sha256)) = (entry.kind, entry.content, entry.digest)
        else {
            passed_over += 1;
            continue;
        };
        let text = std::str::from_utf8(entry.path).ok();
        let Some(Ok(name)) = text.map(str::parse::<ArtefactName>) else {
            let path = printable(&String::from_utf8_lossy(entry.path));
            return Err(Failure::trouble(format_args!("{path}: the name can't be a subject's"))
                .hint(
                    "attest the whole folder with --tree, or leave the file out with --exclude",
                ));
        };
        subjects.push(subject(&name, sha256, entry.size));
    }
    if passed_over > 0 {
        let what = count(passed_over, "link or special file");
        let reason = format!("{what} in {} became no artefact", printable_path(folder));
        gaps.push(Gap::new("subjects", reason, "attest the whole folder with --tree"));
    }
    Ok(())
}
