//! `--root`, `-i`, `-a`, `--exclude`, `--env`: what a bracket looks at.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use crate::base::name::ArtefactName;
use crate::base::text::{lossless, printable, printable_path};
use crate::base::tree::Patterns;
use crate::base::tree::patterns::is_glob;
use crate::capture::files::ArtefactArg;

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
    /// What becomes an artefact: a file, a folder or a glob, optionally under another name
    #[arg(short, long = "artefact", alias = "artifact", value_name = "SRC[=NAME]")]
    artefacts: Vec<String>,
    /// Leave these out of inputs and outputs
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Record this variable's value, not its name alone
    #[arg(long = "env", value_name = "NAME", value_parser = variable_name)]
    variables: Vec<String>,
}

fn variable_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('=') {
        return Err("expected a variable's name, without a value".into());
    }
    Ok(text.into())
}

/// What the arguments mean.
#[derive(Debug)]
pub(super) struct Scope {
    /// The root, without links in it.
    pub(super) root: PathBuf,
    /// The current folder, relative to the root; `None` where it lies outside.
    pub(super) working_directory: Option<String>,
    /// `None` for all.
    pub(super) inputs: Option<Patterns>,
    pub(super) artefacts: Vec<ArtefactArg>,
    pub(super) exclude: Patterns,
    /// As they were given, relative to the root.
    pub(super) excluded: Vec<String>,
    pub(super) variables: Vec<String>,
    current: PathBuf,
}

impl CaptureArgs {
    pub(super) fn scope(&self) -> Result<Scope, Failure> {
        let root = self.root.canonicalize().map_err(|error| {
            Failure::usage(format_args!("--root {}: {error}", printable_path(&self.root)))
        })?;
        if !root.is_dir() {
            let path = printable_path(&self.root);
            return Err(Failure::usage(format_args!("--root {path}: expected a folder")));
        }
        let current = Path::new(".").canonicalize().map_err(|error| {
            Failure::usage(format_args!("the current folder can't be found: {error}"))
        })?;
        let working_directory = current.strip_prefix(&root).ok().map(|path| {
            let text = slashed(lossless(path.as_os_str()));
            if text.is_empty() { ".".to_owned() } else { text }
        });
        let mut scope = Scope {
            root,
            working_directory,
            inputs: None,
            artefacts: Vec::new(),
            exclude: Patterns::default(),
            excluded: Vec::new(),
            variables: self.variables.clone(),
            current,
        };
        for given in &self.exclude {
            // A pattern that begins with `**/` is meant anywhere below the root.
            let anywhere = given.starts_with("**/");
            scope.excluded.push(if anywhere {
                given.clone()
            } else {
                scope.below_root("--exclude", given)?
            });
        }
        scope.exclude = compile("--exclude", &scope.excluded)?;
        if !self.inputs.is_empty() {
            let inputs: Result<Vec<_>, _> =
                self.inputs.iter().map(|given| scope.below_root("--input", given)).collect();
            scope.inputs = Some(compile("--input", &inputs?)?);
        }
        for given in &self.artefacts {
            let (source, name) = split_name(given)?;
            let source = scope.below_root("--artefact", source)?;
            compile("--artefact", std::slice::from_ref(&source))?;
            scope.artefacts.push(ArtefactArg { source, name });
        }
        Ok(scope)
    }
}

fn compile(flag: &str, patterns: &[String]) -> Result<Patterns, Failure> {
    Patterns::new(patterns).map_err(|error| Failure::usage(format_args!("{flag}: {error}")))
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
    /// A path or glob as it was typed, relative to the current folder, as one relative to the root.
    ///
    /// Only what was typed is a glob: a folder above it may be called `[x]`.
    fn below_root(&self, flag: &str, given: &str) -> Result<String, Failure> {
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
        let scope = Scope {
            working_directory: None,
            inputs: None,
            artefacts: Vec::new(),
            exclude: Patterns::default(),
            excluded: Vec::new(),
            variables: Vec::new(),
            current,
            root,
        };
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
