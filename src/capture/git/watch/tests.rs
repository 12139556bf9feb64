//! Names that count, and names that don't.

use super::*;

fn kinds(paths: &[&str]) -> Vec<Option<PathKind>> {
    let watch = Watch::default();
    paths.iter().map(|path| watch.kind(path.as_bytes(), b"")).collect()
}

fn all(kind: PathKind, paths: &[&str]) {
    for path in paths {
        assert_eq!(kinds(&[path]), [Some(kind)], "{path}");
    }
}

#[test]
fn what_decides_the_build_is_known_by_its_name_anywhere_in_the_tree() {
    all(
        PathKind::Definition,
        &[
            ".github/workflows/ci.yml",
            ".github/workflows/deep/er.sh",
            ".github/actions/setup/dist/index.js",
            "action.yml",
            "sub/action.yaml",
            ".gitlab-ci.yml",
            "x/.gitlab-ci.yml",
            "ci/build.gitlab-ci.yml",
            ".gitlab/ci/build.yml",
            "templates/component/template.yml",
            "templates/component.yml",
            "Jenkinsfile",
            ".circleci/config.yml",
            "azure-pipelines.yml",
            "azure-pipelines-release.yaml",
            ".buildkite/pipeline.yml",
            "bitbucket-pipelines.yml",
        ],
    );
    all(
        PathKind::Lockfile,
        &[
            "Cargo.lock",
            "a/b/package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "poetry.lock",
            "go.sum",
            "requirements-dev.txt",
            "Gemfile.lock",
            "gradle.lockfile",
        ],
    );
    all(
        PathKind::Container,
        &[
            "Dockerfile",
            "docker/Dockerfile.release",
            "x/app.Dockerfile",
            "Containerfile.arm",
            "docker-compose.yml",
            "docker-compose.override.yaml",
            "compose.yaml",
            ".devcontainer/devcontainer.json",
            ".devcontainer/scripts/on-create.sh",
            ".dockerignore",
        ],
    );
    all(
        PathKind::Toolchain,
        &[
            "rust-toolchain",
            "rust-toolchain.toml",
            ".nvmrc",
            "web/.node-version",
            ".python-version",
            ".tool-versions",
            "mise.toml",
            "global.json",
            "flake.nix",
            "flake.lock",
            "shell.nix",
            ".sdkmanrc",
            "gradle/wrapper/gradle-wrapper.properties",
            "go.mod",
        ],
    );
    all(
        PathKind::BuildScript,
        &[
            "build.rs",
            "crates/x/build.rs",
            "Makefile",
            "CMakeLists.txt",
            "cmake/x.cmake",
            "build.gradle",
            "settings.gradle.kts",
            "pom.xml",
            "mvnw",
            "gradlew",
            "setup.py",
            "pyproject.toml",
            "package.json",
            "Cargo.toml",
            ".cargo/config",
            ".cargo/config.toml",
            "justfile",
            "Taskfile.yml",
            "meson.build",
            "BUILD",
            "x/BUILD.bazel",
            "MODULE.bazel",
            "x.bzl",
            "configure.ac",
            "ci/build.sh",
            "scripts/deep/x.sh",
        ],
    );
    all(PathKind::Proofmark, &["proofmark.toml", "sub/proofmark.lock"]);
    all(
        PathKind::Owners,
        &["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
    );
}

#[test]
fn ordinary_files_do_not_count() {
    for path in [
        "src/main.rs",
        "README.md",
        "workflows/ci.yml",
        "x/CODEOWNERS",
        "src/x.sh",
        "config.toml",
        "src/action.rs",
        "templates/page.html",
        "charts/x/templates/pod.yaml",
        "templates/deep/er/template.yml",
        "",
        "dir/",
        "github/workflows",
    ] {
        assert_eq!(kinds(&[path]), [None], "{path}");
    }
    assert_eq!(Watch::default().kind(b"\xff/\xfe", b""), None);
    assert_eq!(Watch::default().kind(b"\xff/Cargo.toml", b""), Some(PathKind::BuildScript));
}

#[test]
fn added_patterns_are_relative_to_the_root_and_do_not_take_the_place_of_what_is_known() {
    let watch = Watch::new(&["env/**".to_owned(), "Cargo.toml".to_owned()]).unwrap();
    assert_eq!(watch.kind(b"env/a", b""), Some(PathKind::Added));
    assert_eq!(watch.kind(b"sub/env/a", b"sub/"), Some(PathKind::Added));
    assert_eq!(watch.kind(b"env/a", b"sub/"), None);
    assert_eq!(watch.kind(b"Cargo.toml", b""), Some(PathKind::BuildScript));
    assert!(Watch::new(&["/etc".to_owned()]).is_err());
    assert!(Watch::new(&vec!["x".to_owned(); ADDED_MAX + 1]).is_err());
}
