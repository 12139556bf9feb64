//! Which paths belong to the build environment, and why.

#[cfg(test)]
mod tests;

use crate::base::tree::{PatternError, Patterns};
use crate::capture::lockfiles;
use crate::format::evidence::PathKind;

/// Most patterns that can be added.
const ADDED_MAX: usize = 1000;

/// The paths whose changes are logged: those that are known by their names, anywhere in the tree, and
/// those that patterns add.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    added: Patterns,
}

/// Why patterns can't be added.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// One that means nothing.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Each is tried on every path of every commit.
    #[error("{found} patterns, expected at most {ADDED_MAX}")]
    TooMany {
        /// How many.
        found: usize,
    },
}

impl Watch {
    /// Adds paths by patterns, relative to the root.
    ///
    /// # Errors
    /// As [`Patterns::new`], and too many of them.
    pub fn new(added: &[String]) -> Result<Self, WatchError> {
        if added.len() > ADDED_MAX {
            return Err(WatchError::TooMany { found: added.len() });
        }
        Ok(Self { added: Patterns::new(added)? })
    }

    /// Why a path matters; none where it doesn't. `path` is relative to the repository's top, and `below` is
    /// the root there: empty, or with a slash at its end.
    #[must_use]
    pub fn kind(&self, path: &[u8], below: &[u8]) -> Option<PathKind> {
        known(path).or_else(|| {
            let inside = path.strip_prefix(below)?;
            self.added.matches(inside).then_some(PathKind::Added)
        })
    }
}

/// By name alone.
fn known(path: &[u8]) -> Option<PathKind> {
    let mut parts = path.split(|byte| *byte == b'/').rev();
    let name = std::str::from_utf8(parts.next()?).ok()?;
    let folders: Vec<&[u8]> = parts.collect();
    // Every folder above counts, and those nearest come first.
    let inside = |folder: &str| folders.contains(&folder.as_bytes());
    let below = |outer: &str, inner: &str| {
        folders
            .array_windows()
            .any(|[near, far]| *far == outer.as_bytes() && *near == inner.as_bytes())
    };
    let parent = folders.first().copied().unwrap_or_default();
    if matches!(name, "proofmark.toml" | "proofmark.lock") {
        return Some(PathKind::Proofmark);
    }
    if name == "CODEOWNERS"
        && (parent.is_empty() || [&b".github"[..], b".gitlab", b"docs"].contains(&parent))
    {
        return Some(PathKind::Owners);
    }
    // Components of GitLab's catalogue, at the top alone: elsewhere, `templates` are those of anything.
    let is_component = match folders.as_slice() {
        [b"templates"] => name.ends_with(".yml"),
        [_, b"templates"] => name == "template.yml",
        _ => false,
    };
    if is_component || is_definition(name, &inside, &below) {
        return Some(PathKind::Definition);
    }
    if inside(".devcontainer") || is_container(name) {
        return Some(PathKind::Container);
    }
    if is_toolchain(name) {
        return Some(PathKind::Toolchain);
    }
    if lockfiles::is_lockfile(path) || is_other_lock(name) {
        return Some(PathKind::Lockfile);
    }
    let scripts =
        ["build", "ci", ".ci", "scripts", "script", "tools", "hack", "bin", ".github", ".gitlab"];
    (is_build_script(name)
        || (name == "config" && parent == b".cargo")
        || (name == "config.toml" && parent == b".cargo")
        || (is_shell(name) && scripts.iter().any(|folder| inside(folder))))
    .then_some(PathKind::BuildScript)
}

fn is_definition(
    name: &str,
    inside: &dyn Fn(&str) -> bool,
    below: &dyn Fn(&str, &str) -> bool,
) -> bool {
    let folders =
        [".circleci", ".buildkite", ".forgejo", ".gitea", ".woodpecker", ".semaphore", ".tekton"];
    let pairs = [(".github", "workflows"), (".github", "actions"), (".gitlab", "ci")];
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    folders.iter().any(|folder| inside(folder))
        || pairs.iter().any(|(outer, inner)| below(outer, inner))
        || (yaml && (name.starts_with(".gitlab-ci") || name.ends_with(".gitlab-ci.yml")))
        || (yaml && name.starts_with("azure-pipelines"))
        || name == "Jenkinsfile"
        || name.starts_with("Jenkinsfile.")
        || matches!(
            name,
            "action.yml"
                | "action.yaml"
                | "bitbucket-pipelines.yml"
                | "appveyor.yml"
                | ".appveyor.yml"
                | ".travis.yml"
                | ".cirrus.yml"
                | ".drone.yml"
                | ".woodpecker.yml"
                | ".woodpecker.yaml"
                | "cloudbuild.yaml"
                | "cloudbuild.yml"
                | "buildspec.yml"
                | "buildspec.yaml"
        )
}

fn is_container(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
    lower.starts_with("dockerfile")
        || lower.ends_with(".dockerfile")
        || lower.starts_with("containerfile")
        || lower.ends_with(".containerfile")
        || (yaml && (lower.starts_with("docker-compose") || lower.starts_with("compose.")))
        || matches!(
            lower.as_str(),
            ".dockerignore"
                | ".containerignore"
                | "docker-bake.hcl"
                | "docker-bake.json"
                | "earthfile"
                | ".devcontainer.json"
        )
        || lower.ends_with(".dockerignore")
}

fn is_toolchain(name: &str) -> bool {
    matches!(
        name,
        "rust-toolchain"
            | "rust-toolchain.toml"
            | ".nvmrc"
            | ".node-version"
            | ".python-version"
            | ".python-versions"
            | ".ruby-version"
            | ".java-version"
            | ".go-version"
            | ".php-version"
            | ".perl-version"
            | ".swift-version"
            | ".terraform-version"
            | ".bazelversion"
            | ".bazeliskrc"
            | ".tool-versions"
            | "mise.toml"
            | ".mise.toml"
            | "mise.lock"
            | "global.json"
            | "flake.nix"
            | "flake.lock"
            | "shell.nix"
            | "default.nix"
            | "devenv.nix"
            | "devenv.yaml"
            | "devenv.lock"
            | "devbox.json"
            | "devbox.lock"
            | "pixi.toml"
            | "pixi.lock"
            | "runtime.txt"
            | ".sdkmanrc"
            | "gradle-wrapper.properties"
            | "gradle-wrapper.jar"
            | "maven-wrapper.properties"
            | "maven-wrapper.jar"
            | "go.mod"
            | "go.work"
            | "toolchains.xml"
            | ".yvmrc"
    )
}

fn is_other_lock(name: &str) -> bool {
    matches!(
        name,
        "MODULE.bazel.lock"
            | "maven_install.json"
            | "Package.resolved"
            | "Podfile.lock"
            | "Cartfile.resolved"
            | "pubspec.lock"
            | "mix.lock"
            | "rebar.lock"
            | "conan.lock"
            | "deno.lock"
            | ".terraform.lock.hcl"
            | "Chart.lock"
    )
}

fn is_build_script(name: &str) -> bool {
    let ends = [
        ".cmake",
        ".bzl",
        ".bazel",
        ".mk",
        ".gradle",
        ".gradle.kts",
        ".csproj",
        ".fsproj",
        ".vbproj",
        ".vcxproj",
        ".sln",
        ".gemspec",
    ];
    ends.iter().any(|end| name.ends_with(end))
        || name.starts_with("Makefile")
        || name.starts_with("CMakePresets")
        || matches!(
            name,
            "build.rs"
                | "makefile"
                | "GNUmakefile"
                | "CMakeLists.txt"
                | "CMakeUserPresets.json"
                | "conanfile.txt"
                | "conanfile.py"
                | "vcpkg.json"
                | "vcpkg-configuration.json"
                | "gradle.properties"
                | "gradlew"
                | "gradlew.bat"
                | "libs.versions.toml"
                | "pom.xml"
                | "mvnw"
                | "mvnw.cmd"
                | "maven.config"
                | "jvm.config"
                | "build.xml"
                | "build.sbt"
                | "setup.py"
                | "setup.cfg"
                | "pyproject.toml"
                | "tox.ini"
                | "noxfile.py"
                | "Pipfile"
                | "package.json"
                | ".npmrc"
                | ".yarnrc"
                | ".yarnrc.yml"
                | "pnpm-workspace.yaml"
                | ".pnpmfile.cjs"
                | "bunfig.toml"
                | "pip.conf"
                | "Cargo.toml"
                | "justfile"
                | "Justfile"
                | ".justfile"
                | "Taskfile.yml"
                | "Taskfile.yaml"
                | "magefile.go"
                | "meson.build"
                | "meson_options.txt"
                | "meson.options"
                | "BUILD"
                | "WORKSPACE"
                | ".bazelrc"
                | "configure"
                | "configure.ac"
                | "configure.in"
                | "SConstruct"
                | "SConscript"
                | "wscript"
                | "Rakefile"
                | "Gemfile"
                | "gems.rb"
                | "composer.json"
                | "Directory.Build.props"
                | "Directory.Build.targets"
                | "Directory.Packages.props"
                | "NuGet.Config"
                | "nuget.config"
                | ".goreleaser.yml"
                | ".goreleaser.yaml"
                | ".pre-commit-config.yaml"
                | ".gitmodules"
                | ".gitattributes"
        )
}

fn is_shell(name: &str) -> bool {
    [".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd"].iter().any(|end| name.ends_with(end))
}
