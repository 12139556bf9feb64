//! Which files decide what of the environment.

use std::collections::{BTreeMap, BTreeSet};

use super::Site;
use crate::drift::Difference;
use crate::format::evidence::{CommitEntry, Lane, PathKind, PathText};
use crate::format::lock::Class;

/// Files that choose a family of tools: their names, and the tools'. A name that ends in `*` begins so.
const FAMILIES: &[(&[&str], &[&str])] = &[
    (
        &["rust-toolchain", "rust-toolchain.toml"],
        &["cargo", "cargo-*", "clippy-driver", "rustc", "rustdoc", "rustfmt", "rust-*"],
    ),
    (
        &[".node-version", ".nvmrc", "package.json"],
        &["corepack", "node", "npm", "npx", "pnpm", "pnpx", "yarn"],
    ),
    (
        &[".python-version", "pyproject.toml"],
        &["pdm", "pip", "pip3*", "pipenv", "poetry", "python", "python3*", "uv"],
    ),
    (&[".go-version", "go.mod", "go.work"], &["go", "gofmt"]),
    (&[".ruby-version", "Gemfile"], &["bundle", "bundler", "gem", "rake", "ruby"]),
    (
        &[".java-version", ".sdkmanrc"],
        &["ant", "gradle", "jar", "java", "javac", "kotlinc", "mvn", "sbt", "scala", "scalac"],
    ),
    (&["gradle-wrapper.properties", "gradlew", "gradlew.bat"], &["gradle", "gradlew"]),
    (&["maven-wrapper.properties", "mvnw", "mvnw.cmd"], &["mvn", "mvnw"]),
    (&["global.json"], &["dotnet"]),
    (&[".swift-version"], &["swift", "swiftc"]),
    (&[".bazelversion"], &["bazel", "bazelisk"]),
    (&[".bun-version"], &["bun", "bunx"]),
    (&[".php-version", "composer.json"], &["composer", "php"]),
    (
        &[
            ".mise.toml",
            ".tool-versions",
            "default.nix",
            "devbox.json",
            "devbox.lock",
            "flake.lock",
            "flake.nix",
            "mise.lock",
            "mise.toml",
            "shell.nix",
        ],
        &["*"],
    ),
];

/// Lockfiles by their names, and whose dependencies they name. A name that begins with `*` ends so.
const LOCKFILES: &[(&str, &str)] = &[
    ("Cargo.lock", "cargo"),
    ("Gemfile.lock", "rubygems"),
    ("Pipfile.lock", "pypi"),
    ("bun.lock", "npm"),
    ("gems.locked", "rubygems"),
    ("go.mod", "go"),
    ("go.sum", "go"),
    ("*gradle.lockfile", "maven"),
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
    ("pdm.lock", "pypi"),
    ("pnpm-lock.yaml", "npm"),
    ("poetry.lock", "pypi"),
    ("pylock.toml", "pypi"),
    ("*.txt", "pypi"),
    ("uv.lock", "pypi"),
    ("yarn.lock", "npm"),
];

/// A commit and the path by which it decides something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drift) struct Found<'a> {
    /// Counted from the newest.
    age: usize,
    pub(super) commit: &'a str,
    pub(super) path: &'a str,
}

/// The newest commit for each thing that a commit can decide.
#[derive(Debug, Default)]
pub(in crate::drift) struct Deciders<'a> {
    by_path: BTreeMap<&'a str, Found<'a>>,
    /// By ecosystem: a lockfile that differs.
    lockfiles: BTreeMap<&'static str, Found<'a>>,
    families: Vec<Option<Found<'a>>>,
    /// A definition of the lane, or a file of the container that the build ran in: what it says can decide
    /// nearly all.
    machine: Option<Found<'a>>,
    added: Option<Found<'a>>,
}

impl<'a> Deciders<'a> {
    /// Takes the commits, newest first, and the lockfiles that differ: one that a commit touched and that
    /// is as it was explains no dependency.
    pub(in crate::drift) fn of(
        commits: &'a [CommitEntry],
        lockfiles: &BTreeSet<&str>,
        site: Site<'_>,
    ) -> Self {
        let mut all = Self { families: vec![None; FAMILIES.len()], ..Self::default() };
        for (age, commit) in commits.iter().enumerate() {
            for touched in &commit.touches {
                let PathText::Path(path) = &touched.path else { continue };
                // The lock and its settings explain nothing, whatever the commit's entry calls them.
                if touched.kind == PathKind::Proofmark
                    || matches!(base(path), "proofmark.lock" | "proofmark.toml")
                {
                    continue;
                }
                let found = Found { age, commit: &commit.id, path };
                if lockfiles.contains(path.as_str()) && !all.by_path.contains_key(path.as_str()) {
                    for ecosystem in ecosystems(path) {
                        all.lockfiles.entry(ecosystem).or_insert(found);
                    }
                }
                all.by_path.entry(path).or_insert(found);
                all.note(touched.kind, found, site);
            }
        }
        all
    }

    fn note(&mut self, kind: PathKind, found: Found<'a>, site: Site<'_>) {
        match kind {
            PathKind::Definition if defines(found.path, site.lane) => {
                self.machine.get_or_insert(found);
            }
            PathKind::Container if site.contained => {
                self.machine.get_or_insert(found);
            }
            PathKind::Toolchain if is_in_project(found.path, site.lane) => {
                let families = self.families.iter_mut().zip(FAMILIES);
                let chosen = families.filter(|(_, (files, _))| files.contains(&base(found.path)));
                chosen.for_each(|(newest, _)| _ = newest.get_or_insert(found));
            }
            PathKind::Added => {
                self.added.get_or_insert(found);
            }
            PathKind::Definition
            | PathKind::Container
            | PathKind::Toolchain
            | PathKind::Lockfile
            | PathKind::BuildScript
            | PathKind::Proofmark
            | PathKind::Owners
            | PathKind::Unknown => {}
        }
    }

    /// The newest commit that decides what differs.
    pub(super) fn newest(&self, difference: &Difference) -> Option<Found<'a>> {
        let name = difference.name.as_str();
        match difference.place.as_str() {
            "pipeline.definitions" | "dependencies" => self.by_path.get(name).copied(),
            "pipeline.references" => {
                // A path may hold `: ` itself: every way to read the name is tried.
                let ends = name.match_indices(": ").filter_map(|(end, _)| name.get(..end));
                newest_of(ends.map(|path| self.by_path.get(path).copied()))
            }
            "dependencies.list" => {
                let ecosystem = name.split_once(' ').map_or(name, |(ecosystem, _)| ecosystem);
                self.lockfiles.get(ecosystem).copied()
            }
            "tools" | "tools.paths" => {
                let families = self.families.iter().zip(FAMILIES);
                let own = families.filter(|(_, (_, tools))| tools.iter().any(|t| matches(t, name)));
                newest_of(own.map(|(found, _)| *found).chain([self.machine, self.added]))
            }
            "environment.runner_image" | "environment.container" => self.machine,
            // Nobody writes a hook or a setting of this clone from a definition without leaving it for later
            // builds.
            "environment.git_configuration" | "environment.git_configuration.values"
                if ["hook ", "local: ", "worktree: "].iter().any(|own| name.starts_with(own)) =>
            {
                self.added
            }
            _ => match difference.class {
                Class::Packages | Class::Variables | Class::Configuration => {
                    newest_of([self.machine, self.added])
                }
                _ => None,
            },
        }
    }
}

/// The newest of several.
fn newest_of<'a>(found: impl IntoIterator<Item = Option<Found<'a>>>) -> Option<Found<'a>> {
    found.into_iter().flatten().min_by_key(|found| found.age)
}

/// Whether a definition is one of the lane's: its own, or one that it can call. Of another workflow's edit, which
/// anybody makes any day, nothing follows for this build.
fn defines(path: &str, lane: &Lane) -> bool {
    let Some(own) = lane.definition.as_deref() else { return true };
    path == own
        || path.starts_with(".github/actions/")
        || matches!(base(path), "action.yml" | "action.yaml")
        || (own.ends_with(".gitlab-ci.yml") && path.starts_with(".gitlab/"))
}

/// Whether a file that chooses tools stands where the build's tools look for it: at the top, or in the folder of
/// the lane's project. Wrappers have a folder of their own there.
fn is_in_project(path: &str, lane: &Lane) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let project = lane.project.as_deref().unwrap_or_default().trim_matches('/');
    let within = |top: &str| match folder.strip_prefix(top) {
        Some("") => true,
        Some(rest) => {
            let rest = if top.is_empty() { Some(rest) } else { rest.strip_prefix('/') };
            matches!(rest, Some("gradle/wrapper" | ".mvn/wrapper"))
        }
        None => false,
    };
    within("") || within(project)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// Whose dependencies a lockfile names.
fn ecosystems(path: &str) -> impl Iterator<Item = &'static str> {
    let fits = move |file: &str| match file.strip_prefix('*') {
        Some(end) => path.ends_with(end),
        None => base(path) == file,
    };
    LOCKFILES.iter().filter(move |(file, _)| fits(file)).map(|(_, ecosystem)| *ecosystem)
}
