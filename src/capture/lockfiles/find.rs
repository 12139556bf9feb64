//! Which files are lockfiles, and which manifests, by their names.

use std::collections::BTreeMap;

use crate::base::text::printable;
use crate::base::tree::{Entry, Kind, Tree};

/// Folders of other people's projects, and of what was built: their lockfiles say nothing of this
/// build.
const FOREIGN: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "third_party",
    "target",
    "site-packages",
    "dist-packages",
    "venv",
    ".venv",
    ".tox",
    ".nox",
    ".cache",
    ".cargo",
    ".gradle",
    ".m2",
    ".npm",
    ".pnpm-store",
    ".rustup",
    ".yarn",
];

/// Folders whose manifests are material of tests: nobody builds by them.
const SAMPLES: &[&str] = &["fixtures", "__fixtures__", "testdata", "test-data", "test_data"];

/// What a lockfile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Cargo,
    Npm,
    Bun,
    BunBinary,
    Yarn,
    Pnpm,
    Poetry,
    Uv,
    Pdm,
    Pipfile,
    Pylock,
    Requirements,
    Go,
    Gradle,
    GradleVerification,
    Bundler,
    Composer,
    Nuget,
}

impl Form {
    pub(super) const fn ecosystem(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Npm | Self::Bun | Self::BunBinary | Self::Yarn | Self::Pnpm => "npm",
            Self::Poetry
            | Self::Uv
            | Self::Pdm
            | Self::Pipfile
            | Self::Pylock
            | Self::Requirements => "pypi",
            Self::Go => "go",
            Self::Gradle | Self::GradleVerification => "maven",
            Self::Bundler => "rubygems",
            Self::Composer => "composer",
            Self::Nuget => "nuget",
        }
    }

    fn of(folder: &str, name: &str) -> Option<Self> {
        Some(match name {
            "Cargo.lock" => Self::Cargo,
            "package-lock.json" | "npm-shrinkwrap.json" => Self::Npm,
            "bun.lock" => Self::Bun,
            "bun.lockb" => Self::BunBinary,
            "yarn.lock" => Self::Yarn,
            "pnpm-lock.yaml" => Self::Pnpm,
            "poetry.lock" => Self::Poetry,
            "uv.lock" => Self::Uv,
            "pdm.lock" => Self::Pdm,
            "Pipfile.lock" => Self::Pipfile,
            "pylock.toml" => Self::Pylock,
            "go.sum" | "go.work.sum" => Self::Go,
            "gradle.lockfile" | "buildscript-gradle.lockfile" => Self::Gradle,
            "verification-metadata.xml" if folder == "gradle" => Self::GradleVerification,
            "Gemfile.lock" | "gems.locked" => Self::Bundler,
            "composer.lock" => Self::Composer,
            "packages.lock.json" => Self::Nuget,
            _ if name.starts_with("pylock.") && name.ends_with(".toml") => Self::Pylock,
            _ if folder == "dependency-locks" && name.ends_with(".lockfile") => Self::Gradle,
            _ => {
                let stem = name.strip_suffix(".txt")?;
                let is_list = stem.starts_with("requirements")
                    || stem.ends_with("requirements")
                    || folder == "requirements";
                return is_list.then_some(Self::Requirements);
            }
        })
    }
}

/// What a manifest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manifest {
    Cargo,
    Npm,
    PyProject,
    Pipfile,
    Go,
    Gradle,
    Maven,
    Bundler,
    Composer,
}

impl Manifest {
    pub(super) const fn ecosystem(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Npm => "npm",
            Self::PyProject | Self::Pipfile => "pypi",
            Self::Go => "go",
            Self::Gradle | Self::Maven => "maven",
            Self::Bundler => "rubygems",
            Self::Composer => "composer",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "Cargo.toml" => Self::Cargo,
            "package.json" => Self::Npm,
            "pyproject.toml" => Self::PyProject,
            "Pipfile" => Self::Pipfile,
            "go.mod" => Self::Go,
            "build.gradle" | "build.gradle.kts" => Self::Gradle,
            "pom.xml" => Self::Maven,
            "Gemfile" | "gems.rb" => Self::Bundler,
            "composer.json" => Self::Composer,
            _ => return None,
        })
    }
}

/// What was found, in the order of the paths.
#[derive(Default)]
pub(super) struct Files<'a> {
    pub(super) locks: Vec<(Entry<'a>, Form)>,
    pub(super) manifests: Vec<(Entry<'a>, Manifest)>,
    /// Lockfiles that were passed over, by the folder that they are below.
    pub(super) foreign: BTreeMap<&'static str, u64>,
}

pub(super) fn find(tree: &Tree) -> Files<'_> {
    let mut files = Files::default();
    for entry in tree.iter().filter(|entry| entry.kind != Kind::Other) {
        let (folder, name) = split(entry.path);
        let Ok(name) = std::str::from_utf8(name) else { continue };
        if let Some(form) = form(folder, name) {
            match among(folder, FOREIGN) {
                Some(foreign) => *files.foreign.entry(foreign).or_default() += 1,
                None => files.locks.push((entry, form)),
            }
        } else if let Some(manifest) = Manifest::of(name) {
            let counts = among(folder, FOREIGN).is_none() && among(folder, SAMPLES).is_none();
            if counts && entry.kind == Kind::File {
                files.manifests.push((entry, manifest));
            }
        }
    }
    files
}

/// The form that a file of this name has in this folder.
pub(super) fn form(folder: &[u8], name: &str) -> Option<Form> {
    Form::of(std::str::from_utf8(split(folder).1).unwrap_or_default(), name)
}

/// A path's folder and its last part.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

/// The first of `names` that is a part of the folder.
fn among(folder: &[u8], names: &[&'static str]) -> Option<&'static str> {
    folder
        .split(|byte| *byte == b'/')
        .find_map(|part| names.iter().find(|name| name.as_bytes() == part))
        .copied()
}

/// A file's name for people.
pub(super) fn name_of(path: &[u8]) -> String {
    printable(&String::from_utf8_lossy(split(path).1))
}

/// A path that a file in `folder` names, if it doesn't leave the root.
pub(super) fn resolve(folder: &[u8], path: &str) -> Option<Vec<u8>> {
    if path.starts_with('/') || path.contains("://") {
        return None;
    }
    let mut parts: Vec<&[u8]> =
        folder.split(|byte| *byte == b'/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part.as_bytes()),
        }
    }
    Some(parts.join(&b'/'))
}
