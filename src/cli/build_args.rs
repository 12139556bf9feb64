//! `--project`, `--fingerprint-key`: what `run` and `begin` are told of the build beside its files.

use std::path::{Path, PathBuf};

use clap::Args;

use super::capture_args::Scope;
use super::failure::Failure;
use crate::base::file::{self, FileError};
use crate::base::text::{printable, printable_path};
use crate::base::tree::patterns::{is_glob, relative};
use crate::capture::environment::Variables;
use crate::capture::fingerprints::{self, FingerprintKey, KEY_MAX};
use crate::capture::redact::Redactor;
use crate::format::evidence::Fingerprints;
use crate::format::fact::Gap;

/// What is told of the build beside its files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Capture")]
pub(super) struct BuildArgs {
    /// Build this folder of a repository of several projects: a path below the root
    ///
    /// Its `proofmark.toml` is read in place of the root's, and without -i its files, and those that `also`
    /// names there, are the inputs.
    #[arg(long, value_name = "PATH")]
    project: Option<String>,
    /// Record a fingerprint of each variable under the key in FILE (16 to 4096 bytes)
    ///
    /// Two builds under one key show which variables differ, and nothing of what is in them.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    fingerprint_key: Option<PathBuf>,
}

/// The fingerprints, and what is missing of them.
pub(super) type Taken = Option<(Fingerprints, Vec<Gap>)>;

impl BuildArgs {
    /// The project's folder, relative to the root: one that is there, behind no link.
    pub(super) fn project(&self, root: &Path) -> Result<Option<String>, Failure> {
        let Some(given) = &self.project else { return Ok(None) };
        let wrong = |what: &str| {
            Failure::usage(format_args!("--project {}: {what}", printable(given)))
                .hint("name a folder below the root, by its path from there")
        };
        let plain = relative(given)
            .map_err(|_shown| wrong("expected a relative path without `..`, from the root"))?;
        if plain.is_empty() {
            return Err(wrong("expected a folder below the root, found the root"));
        }
        let folder = plain.split('/').fold(root.to_owned(), |folder, part| folder.join(part));
        if !folder.is_dir() {
            return Err(wrong("expected a folder below the root, found none"));
        }
        // Files behind a link are no inputs, and may lie anywhere.
        if folder.canonicalize().ok().as_ref() != Some(&folder) {
            return Err(wrong("expected a folder below the root, found a link on the way to it"));
        }
        Ok(Some(plain))
    }

    /// Takes the fingerprints, and makes the key known to `redactor`. The key is wiped afterwards.
    ///
    /// No error shows the argument: it could be the key itself, given in place of its file.
    pub(super) fn fingerprints(
        &self,
        variables: &Variables,
        redactor: &mut Redactor,
    ) -> Result<Taken, Failure> {
        let Some(path) = &self.fingerprint_key else { return Ok(None) };
        let wrong = |what: &dyn std::fmt::Display| {
            Failure::usage(format_args!("--fingerprint-key: {what}"))
                .hint("give a file of random bytes: head -c 32 /dev/urandom > FILE")
        };
        // One more than a key has, for the line feed at its end.
        let bytes = file::read_secret(path, KEY_MAX as u64 + 1).map_err(|error| match error {
            FileError::NotFound { .. } => wrong(&"there is no such file"),
            FileError::TooLarge { .. } => wrong(&fingerprints::KeyLength),
            _ => wrong(&"the file can't be read"),
        })?;
        let key = FingerprintKey::new(bytes).map_err(|error| wrong(&error))?;
        redactor.add(key.secret());
        Ok(Some(fingerprints::capture(variables, &key, redactor)))
    }

    /// What of these arguments lies below the root and is no input: a digest of the key would be something
    /// to guess against.
    pub(super) fn own_files(&self, scope: &Scope) -> Result<Vec<String>, Failure> {
        let Some(path) = &self.fingerprint_key else { return Ok(Vec::new()) };
        let behind = path.canonicalize().ok();
        let mut below: Vec<_> = [Some(path), behind.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|p| scope.relative(p))
            .collect();
        below.dedup();
        let text = |path: PathBuf| {
            path.to_str().map(str::to_owned).ok_or_else(|| {
                let shown = printable_path(&path);
                Failure::usage(format_args!("--fingerprint-key: {shown} isn't UTF-8"))
                    .hint("keep the key outside of the root")
            })
        };
        below.into_iter().map(text).collect()
    }
}

/// What are the inputs of a project: its folder, and what it shares with others.
pub(super) fn inputs_of(project: &str, also: &[String]) -> Vec<String> {
    // A folder may be called like a glob, and is none.
    let own = match is_glob(project) {
        true => format!("{}/**", globset::escape(project)),
        false => project.to_owned(),
    };
    std::iter::once(own).chain(also.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::tree::Patterns;

    #[test]
    fn a_project_that_is_called_like_a_glob_is_its_folder_alone() {
        let inputs = Patterns::new(&inputs_of("a[b]", &["shared/*".to_owned()])).unwrap();
        assert!(inputs.matches(b"a[b]/x") && inputs.matches(b"a[b]/c/x"));
        assert!(!inputs.matches(b"ab/x"));
        assert!(inputs.matches(b"shared/x"));
    }
}
