//! `--root`, `-i`, `-a`, `--exclude`, `--env`, `--leg`: what a bracket looks at.

use std::path::{Component, Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::baseline::DriftPolicy;
use super::build_args::{self, BuildArgs};
use super::check_args::public_key;
use super::failure::Failure;
use super::from_args::Earlier;
use super::keys::Keys;
use super::subject_args::ImageArg;
use super::talk::Talk;
use crate::base::file::{self, FileError};
use crate::base::name::ArtefactName;
use crate::base::text::{lossless, printable, printable_path};
use crate::base::tree::Patterns;
use crate::base::tree::patterns::is_glob;
use crate::capture::files::ArtefactArg;
use crate::capture::redact::{self, Redactor, Scrubbed};
use crate::format::settings::{SETTINGS_FILE, SETTINGS_MAX, Settings};
use crate::verify::Trust;

/// What a bracket looks at.
#[derive(Debug, Args)]
#[command(next_help_heading = "Capture")]
pub(super) struct CaptureArgs {
    /// The folder that is looked at
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Only these files, folders or globs are inputs (outputs are looked for everywhere)
    #[arg(short, long = "input", value_name = "PATH")]
    inputs: Vec<String>,
    /// What becomes an artefact: a file, a folder or a glob, optionally under another name; an image as
    /// oci:REGISTRY/REPO@sha256:HEX or oci-layout:DIR
    #[arg(short, long = "artefact", alias = "artifact", value_name = "SRC[=NAME]")]
    artefacts: Vec<String>,
    /// Leave these out of inputs and outputs
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Record this variable's value, not its name alone
    #[arg(long = "env", value_name = "NAME", value_parser = variable_name)]
    variables: Vec<String>,
    /// This bracket continues the evidence in FILE: its artefacts must be inputs here
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,
    /// Trust this public key for --from and --baseline; by default the public half of the signing key
    #[arg(long = "trust-key", value_name = "PUB", allow_hyphen_values = true)]
    trust_keys: Vec<String>,
    /// Settings, in place of `proofmark.toml` in the root
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which leg of a matrix this is, such as `${{ toJSON(matrix) }}`: each is compared with its own builds
    #[arg(long, value_name = "TEXT", value_parser = leg)]
    leg: Option<String>,
}

/// Longest text of a leg, in bytes.
const LEG_MAX: usize = 4096;

/// The argument isn't shown where it is refused: a matrix may hold anything.
fn leg(text: &str) -> Result<String, String> {
    match text.len() {
        0..=LEG_MAX => Ok(text.to_owned()),
        found => Err(format!("expected at most {LEG_MAX} bytes, found {found}")),
    }
}

fn variable_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('=') {
        return Err("expected a variable's name, without a value".into());
    }
    Ok(text.into())
}

/// What was asked for; all of it relative to the root, so that it means the same in a later step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// The current folder; `None` where it lies outside of the root.
    pub(super) working_directory: Option<String>,
    /// What are inputs; `None` for all.
    pub(super) inputs: Option<Vec<String>>,
    /// What becomes an artefact.
    pub(super) artefacts: Vec<ArtefactArg>,
    /// The artefacts that are container images.
    pub(super) images: Vec<ImageArg>,
    /// What is left out.
    pub(super) excluded: Vec<String>,
    /// Variables whose values are recorded.
    pub(super) variables: Vec<String>,
    /// What a difference from the lock does.
    pub(super) drift: DriftPolicy,
    /// The text of the policy that is judged by in the end.
    #[serde(default)]
    pub(super) policy: Option<String>,
    /// The project's folder in a repository of several.
    pub(super) project: Option<String>,
    /// Files below the root that are ours, and neither inputs nor outputs.
    pub(super) own_files: Vec<String>,
    /// What `proofmark.toml` said.
    pub(super) settings: Settings,
}

/// What the arguments mean, here.
#[derive(Debug)]
pub(super) struct Scope {
    /// The root, without links in it.
    pub(super) root: PathBuf,
    pub(super) wanted: Wanted,
    /// The leg of the matrix, after redaction.
    pub(super) leg: Option<Scrubbed>,
    /// `None` for all.
    pub(super) inputs: Option<Patterns>,
    pub(super) exclude: Patterns,
    current: PathBuf,
}

/// The folder that is looked at, without links in it.
pub(super) fn real_root(root: &Path) -> Result<PathBuf, Failure> {
    let real = root.canonicalize().map_err(|error| {
        Failure::usage(format_args!("--root {}: {error}", printable_path(root)))
    })?;
    if !real.is_dir() {
        let path = printable_path(root);
        return Err(Failure::usage(format_args!("--root {path}: expected a folder")));
    }
    Ok(real)
}

fn current_folder() -> Result<PathBuf, Failure> {
    Path::new(".")
        .canonicalize()
        .map_err(|error| Failure::usage(format_args!("the current folder can't be found: {error}")))
}

/// `-a`, as it was typed: files and images.
pub(super) fn artefacts(
    scope: &Scope,
    given: &[String],
) -> Result<(Vec<ArtefactArg>, Vec<ImageArg>), Failure> {
    let (mut artefacts, mut images) = (Vec::new(), Vec::new());
    for given in given {
        if let Some(image) = ImageArg::parse(given)? {
            images.push(image.seen_from(&scope.current));
            continue;
        }
        let (source, name) = split_name(given)?;
        if let Some(name) = &name {
            // Before the build, which would have run for nothing.
            refuse_secret_name(name.as_str())?;
        }
        let source = scope.below_root("--artefact", source)?;
        compile("--artefact", std::slice::from_ref(&source))?;
        artefacts.push(ArtefactArg { source, name });
    }
    Ok((artefacts, images))
}

impl CaptureArgs {
    pub(super) fn scope(
        &self,
        build: Option<&BuildArgs>,
        redactor: &Redactor,
    ) -> Result<Scope, Failure> {
        let root = real_root(&self.root)?;
        let project = build.map(|build| build.project(&root)).transpose()?.flatten();
        let current = current_folder()?;
        let working_directory = current.strip_prefix(&root).ok().map(|path| {
            let text = slashed(lossless(path.as_os_str()));
            if text.is_empty() { ".".to_owned() } else { text }
        });
        let folder = root.join(project.as_deref().unwrap_or_default());
        let settings = settings(&folder, self.config.as_deref())?;
        // What a platform gives a job that is no leg.
        let leg = self.leg.as_deref().filter(|leg| !matches!(leg.trim(), "" | "null" | "{}"));
        let mut scope = Scope {
            root,
            wanted: Wanted {
                working_directory,
                inputs: None,
                artefacts: Vec::new(),
                images: Vec::new(),
                excluded: Vec::new(),
                variables: self.variables.clone(),
                drift: DriftPolicy::default(),
                policy: None,
                project,
                own_files: Vec::new(),
                settings,
            },
            leg: leg.map(|leg| redactor.scrub(leg)),
            inputs: None,
            exclude: Patterns::default(),
            current,
        };
        for given in &self.exclude {
            // A pattern that begins with `**/` is meant anywhere below the root.
            let anywhere = given.starts_with("**/");
            let pattern =
                if anywhere { given.clone() } else { scope.below_root("--exclude", given)? };
            scope.wanted.excluded.push(pattern);
        }
        if !self.inputs.is_empty() {
            let inputs: Result<Vec<_>, _> =
                self.inputs.iter().map(|given| scope.below_root("--input", given)).collect();
            scope.wanted.inputs = Some(inputs?);
        } else if let Some(project) = &scope.wanted.project {
            let also = &scope.wanted.settings.also;
            scope.wanted.inputs = Some(build_args::inputs_of(project, also));
        }
        if let Some(build) = build {
            scope.wanted.own_files = build.own_files(&scope)?;
        }
        let (files, images) = artefacts(&scope, &self.artefacts)?;
        scope.wanted.artefacts = files;
        scope.wanted.images = images;
        scope.compiled()
    }
}

/// The settings that were named, else those in the folder, where there are some.
fn settings(root: &Path, named: Option<&Path>) -> Result<Settings, Failure> {
    let path = named.map_or_else(|| root.join(SETTINGS_FILE), Path::to_owned);
    let shown = printable_path(&path);
    let bytes = match file::read_regular(&path, SETTINGS_MAX as u64) {
        Err(FileError::NotFound { .. }) if named.is_none() => return Ok(Settings::default()),
        other => other.map_err(|error| Failure::usage(format_args!("settings: {error}")))?,
    };
    let text = String::from_utf8(bytes)
        .map_err(|_bytes| Failure::usage(format_args!("settings {shown}: expected UTF-8")))?;
    Settings::parse(&text).map_err(|error| {
        Failure::usage(format_args!("settings {shown}: {error}"))
            .hint("README lists what it can say")
    })
}

impl CaptureArgs {
    /// The evidence that this bracket continues, checked with the keys that were named or are at hand.
    pub(super) fn earlier(&self, keys: &Keys, talk: Talk) -> Result<Vec<Earlier>, Failure> {
        let trust = self.trust(keys)?;
        Earlier::read(&self.from, trust.as_ref(), !self.trust_keys.is_empty(), talk)
    }

    /// Whose signatures count for evidence that is read: the keys that were named, else the public halves of
    /// those at hand.
    pub(super) fn trust(&self, keys: &Keys) -> Result<Option<Trust>, Failure> {
        let mut public = self
            .trust_keys
            .iter()
            .map(|text| public_key("--trust-key", text))
            .collect::<Result<Vec<_>, _>>()?;
        if public.is_empty() {
            public = keys.keys.iter().map(|key| key.public()).collect();
        }
        if public.is_empty() {
            return Ok(None);
        }
        Trust::new(public, 1).map(Some).map_err(Failure::usage)
    }

    /// Refuses keys that nothing would be checked with.
    pub(super) fn check_trust(&self, also_for: bool) -> Result<(), Failure> {
        if self.from.is_empty() && !also_for && !self.trust_keys.is_empty() {
            let message = "--trust-key without --from or --baseline: there is nothing to check";
            return Err(Failure::usage(message));
        }
        Ok(())
    }
}

fn compile(flag: &str, patterns: &[String]) -> Result<Patterns, Failure> {
    Patterns::new(patterns).map_err(|error| Failure::usage(format_args!("{flag}: {error}")))
}

fn refuse_secret_name(name: &str) -> Result<(), Failure> {
    match redact::scrub(name).rules.first() {
        Some(rule) => Err(Failure::usage(format_args!(
            "--artefact SRC=NAME: the name looks like a credential ({rule}), and evidence is published; it isn't shown"
        ))
        .hint("give another name")),
        None => Ok(()),
    }
}

/// `SRC=NAME`, unless a file is called all of it.
fn split_name(given: &str) -> Result<(&str, Option<ArtefactName>), Failure> {
    match given.rsplit_once('=') {
        Some((source, name)) if !Path::new(given).exists() => {
            let name = name.parse().map_err(|error| {
                Failure::usage(format_args!("--artefact {}: {error}", printable(given)))
                    .hint("give a plain relative name, as in -a build/app=app-linux")
            })?;
            Ok((source, Some(name)))
        }
        _ => Ok((given, None)),
    }
}

/// `/` between the parts on every system. On Unix a backslash is a character like any other.
fn slashed(path: String) -> String {
    if cfg!(windows) { path.replace('\\', "/") } else { path }
}

impl Scope {
    /// Whether it is the current folder.
    pub(super) fn is_current(&self) -> bool {
        self.root == self.current
    }

    /// Nothing but the settings: for a look at the machine.
    pub(super) fn of_settings(
        root: &Path,
        project: Option<&str>,
        named: Option<&Path>,
    ) -> Result<Self, Failure> {
        let wanted = Wanted {
            working_directory: None,
            inputs: None,
            artefacts: Vec::new(),
            images: Vec::new(),
            excluded: Vec::new(),
            variables: Vec::new(),
            drift: DriftPolicy::default(),
            policy: None,
            project: project.map(str::to_owned),
            own_files: Vec::new(),
            settings: settings(&root.join(project.unwrap_or_default()), named)?,
        };
        Self::again(root.to_owned(), wanted)
    }

    /// What an earlier step wanted, here.
    pub(super) fn again(root: PathBuf, wanted: Wanted) -> Result<Self, Failure> {
        let current = current_folder()?;
        let exclude = Patterns::default();
        Self { root, wanted, leg: None, inputs: None, exclude, current }.compiled()
    }

    /// The leg as it is recorded.
    pub(super) fn leg(&self) -> Option<&str> {
        self.leg.as_ref().map(|leg| leg.text.as_str())
    }

    fn compiled(mut self) -> Result<Self, Failure> {
        self.exclude = compile("--exclude", &self.wanted.excluded)?;
        if let Some(inputs) = &self.wanted.inputs {
            self.inputs = Some(compile("--input", inputs)?);
        }
        Ok(self)
    }

    /// A path or glob as it was typed, relative to the current folder, as one relative to the root.
    ///
    /// Only what was typed is a glob: a folder above it may be called `[x]`.
    pub(super) fn below_root(&self, flag: &str, given: &str) -> Result<String, Failure> {
        let outside = || {
            let root = printable_path(&self.root);
            Failure::usage(format_args!("{flag} {}: outside of the root {root}", printable(given)))
                .hint("name a path below the root, or another --root")
        };
        if given.is_empty() {
            return Err(Failure::usage(format_args!(
                "{flag}: expected a path, found an empty one"
            )));
        }
        let path = Path::new(given);
        let mut folder = if path.is_absolute() { PathBuf::new() } else { self.current.clone() };
        // The parts from the first wildcard on.
        let mut pattern: Vec<&str> = Vec::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                // After a wildcard nobody knows which folder `..` leaves.
                Component::ParentDir if pattern.is_empty() && folder.pop() => {}
                Component::ParentDir => return Err(outside()),
                Component::Normal(name) => {
                    let name = name.to_str().ok_or_else(|| {
                        Failure::usage(format_args!("{flag}: the path isn't UTF-8"))
                            .hint("name it by a glob, such as dist/*")
                    })?;
                    if pattern.is_empty() && !is_glob(name) {
                        folder.push(name);
                    } else {
                        pattern.push(name);
                    }
                }
                other => folder.push(other),
            }
        }
        let below = self.strip_root(&folder).ok_or_else(outside)?;
        let below = slashed(below.to_str().ok_or_else(outside)?.to_owned());
        if pattern.is_empty() {
            return Ok(if below.is_empty() { ".".to_owned() } else { below });
        }
        let pattern = pattern.join("/");
        if below.is_empty() {
            return Ok(pattern);
        }
        Ok(format!("{}/{pattern}", globset::escape(&below)))
    }

    /// What of `path` lies below the root. The root may have been named through a link, and the end of the
    /// path need not be there yet: the longest part that is there decides.
    fn strip_root(&self, path: &Path) -> Option<PathBuf> {
        if let Ok(below) = path.strip_prefix(&self.root) {
            return Some(below.to_owned());
        }
        let mut rest = PathBuf::new();
        let mut there = path;
        loop {
            let name = there.file_name()?;
            rest =
                if rest.as_os_str().is_empty() { name.into() } else { Path::new(name).join(rest) };
            there = there.parent()?;
            if let Ok(real) = there.canonicalize() {
                return real.join(rest).strip_prefix(&self.root).ok().map(Path::to_owned);
            }
        }
    }

    /// A path as one relative to the root, where it lies below.
    pub(super) fn relative(&self, path: &Path) -> Option<PathBuf> {
        let absolute = if path.is_absolute() { path.to_owned() } else { self.current.join(path) };
        let folder = absolute.parent()?.canonicalize().ok()?;
        let whole = folder.join(absolute.file_name()?);
        whole.strip_prefix(&self.root).ok().map(Path::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> (tempfile::TempDir, Scope) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let current = root.join("sub");
        let wanted = Wanted {
            working_directory: None,
            inputs: None,
            artefacts: Vec::new(),
            images: Vec::new(),
            excluded: Vec::new(),
            variables: Vec::new(),
            drift: DriftPolicy::default(),
            policy: None,
            project: None,
            own_files: Vec::new(),
            settings: Settings::default(),
        };
        let exclude = Patterns::default();
        let scope = Scope { wanted, leg: None, inputs: None, exclude, current, root };
        (folder, scope)
    }

    #[test]
    fn paths_are_taken_from_the_current_folder_and_stay_below_the_root() {
        let (_folder, scope) = scope();
        let below = |given: &str| scope.below_root("-a", given).ok();
        assert_eq!(below("dist/*").as_deref(), Some("sub/dist/*"));
        assert_eq!(below("../x").as_deref(), Some("x"));
        assert_eq!(below("..").as_deref(), Some("."));
        assert_eq!(below("../../x"), None);
        assert_eq!(below("*/../x"), None);
        assert_eq!(below("/etc/passwd"), None);
        let absolute = scope.root.join("a");
        assert_eq!(below(absolute.to_str().unwrap()).as_deref(), Some("a"));
        assert_eq!(below(""), None);
    }

    #[cfg(unix)]
    #[test]
    fn what_was_not_typed_is_no_glob_and_a_backslash_is_a_character() {
        let (_folder, mut scope) = scope();
        scope.current = scope.root.join("[x]");
        let below = |given: &str| scope.below_root("-a", given).ok();
        assert_eq!(below("*").as_deref(), Some("[[]x[]]/*"));
        assert_eq!(below("out").as_deref(), Some("[x]/out"));
        assert_eq!(below("../[x]/out").as_deref(), Some("[x]/out"));
        assert_eq!(below("a\\b").as_deref(), Some("[x]/a\\b"));
    }

    #[cfg(unix)]
    #[test]
    fn a_root_behind_a_link_is_the_root_before_its_files_are_there() {
        let (_folder, scope) = scope();
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(&scope.root, &link).unwrap();
        let given = link.join("not/there");
        assert_eq!(scope.below_root("-a", given.to_str().unwrap()).unwrap(), "not/there");
    }

    #[test]
    fn what_stands_behind_the_last_equals_sign_is_the_name() {
        let (source, name) = split_name("a=b/c=d").unwrap();
        assert_eq!((source, name.unwrap().as_str()), ("a=b/c", "d"));
        assert!(split_name("a=../d").is_err());
        assert!(split_name("a=").is_err());
        assert_eq!(split_name("a").unwrap().1, None);
    }
}
