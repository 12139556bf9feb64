//! Where the tools keep their caches.

use std::path::{Path, PathBuf};

use crate::capture::environment::Variables;

/// A folder that may be a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The name that stands in the evidence.
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    /// Whole toolchains lie in it: it is neither counted nor digested.
    pub(super) only_named: bool,
}

/// The folders below which the usual places are.
struct Bases<'a> {
    variables: &'a Variables,
    home: Option<&'a Path>,
}

impl Bases<'_> {
    fn variable(&self, name: &str) -> Option<PathBuf> {
        self.variables.raw(name).map(PathBuf::from)
    }

    fn home(&self, below: &str) -> Option<PathBuf> {
        self.home.map(|home| home.join(below))
    }

    /// The user's folder for caches, as most tools find it.
    fn cache(&self, below: &str) -> Option<PathBuf> {
        let xdg = self.variable("XDG_CACHE_HOME").map(|base| base.join(below));
        if cfg!(windows) {
            return self.variable("LOCALAPPDATA").map(|base| base.join(below));
        }
        if cfg!(target_os = "macos") {
            return xdg.or_else(|| self.home("Library/Caches").map(|base| base.join(below)));
        }
        xdg.or_else(|| self.home(".cache").map(|base| base.join(below)))
    }

    /// The user's folder for data.
    fn data(&self, below: &str) -> Option<PathBuf> {
        let xdg = self.variable("XDG_DATA_HOME").map(|base| base.join(below));
        if cfg!(windows) {
            return self.variable("LOCALAPPDATA").map(|base| base.join(below));
        }
        xdg.or_else(|| {
            self.home(if cfg!(target_os = "macos") { "Library" } else { ".local/share" })
                .map(|base| base.join(below))
        })
    }
}

/// Every place that is looked at, each name once.
pub(super) fn places(variables: &Variables, home: Option<&Path>) -> Vec<Place> {
    let at = Bases { variables, home };
    let below = |base: Option<PathBuf>, name: &str| base.map(|base| base.join(name));
    let cargo = || at.variable("CARGO_HOME").or_else(|| at.home(".cargo"));
    let gopath = || {
        let first = variables.raw("GOPATH").and_then(|paths| std::env::split_paths(paths).next());
        first.or_else(|| at.home("go"))
    };
    let npm_base = || {
        let stated = at.variable("npm_config_cache").or_else(|| at.variable("NPM_CONFIG_CACHE"));
        if cfg!(windows) {
            return stated
                .or_else(|| at.variable("LOCALAPPDATA").map(|base| base.join("npm-cache")));
        }
        stated.or_else(|| at.home(".npm"))
    };
    let all: [(&'static str, Option<PathBuf>); 22] = [
        ("bundler", at.variable("BUNDLE_USER_CACHE").or_else(|| at.home(".bundle/cache"))),
        ("cargo git", below(cargo(), "git")),
        ("cargo registry", below(cargo(), "registry")),
        ("ccache", at.variable("CCACHE_DIR").or_else(|| at.cache("ccache"))),
        ("composer", at.variable("COMPOSER_CACHE_DIR").or_else(|| at.cache("composer"))),
        ("gems", at.variable("GEM_HOME").or_else(|| at.home(".gem"))),
        (
            "go build",
            at.variable("GOCACHE")
                .filter(|path| path.as_os_str() != "off")
                .or_else(|| at.cache("go-build")),
        ),
        ("go modules", at.variable("GOMODCACHE").or_else(|| below(gopath(), "pkg/mod"))),
        ("gradle", below(at.variable("GRADLE_USER_HOME").or_else(|| at.home(".gradle")), "caches")),
        (
            "gradle wrapper",
            below(at.variable("GRADLE_USER_HOME").or_else(|| at.home(".gradle")), "wrapper"),
        ),
        (
            "hosted tools",
            at.variable("RUNNER_TOOL_CACHE").or_else(|| at.variable("AGENT_TOOLSDIRECTORY")),
        ),
        ("maven", at.home(".m2/repository")),
        ("npm", below(npm_base(), "_cacache")),
        ("npx", below(npm_base(), "_npx")),
        ("nuget", at.variable("NUGET_PACKAGES").or_else(|| at.home(".nuget/packages"))),
        (
            "pip",
            at.variable("PIP_CACHE_DIR")
                .or_else(|| at.cache(if cfg!(windows) { "pip/Cache" } else { "pip" })),
        ),
        (
            "pnpm store",
            at.variable("npm_config_store_dir")
                .or_else(|| below(at.variable("PNPM_HOME"), "store"))
                .or_else(|| at.data("pnpm/store")),
        ),
        ("poetry", at.variable("POETRY_CACHE_DIR").or_else(|| at.cache("pypoetry"))),
        (
            "sccache",
            at.variable("SCCACHE_DIR").or_else(|| {
                at.cache(if cfg!(target_os = "macos") { "Mozilla.sccache" } else { "sccache" })
            }),
        ),
        (
            "uv",
            at.variable("UV_CACHE_DIR").or_else(|| {
                if cfg!(windows) {
                    at.cache("uv/cache")
                } else {
                    at.variable("XDG_CACHE_HOME")
                        .map(|base| base.join("uv"))
                        .or_else(|| at.home(".cache/uv"))
                }
            }),
        ),
        (
            "yarn",
            at.variable("YARN_CACHE_FOLDER").or_else(|| {
                at.cache(if cfg!(windows) {
                    "Yarn/Cache"
                } else if cfg!(target_os = "macos") {
                    "Yarn"
                } else {
                    "yarn"
                })
            }),
        ),
        (
            "yarn berry",
            below(at.variable("YARN_GLOBAL_FOLDER").or_else(|| at.home(".yarn/berry")), "cache"),
        ),
    ];
    let known = all.into_iter().filter_map(|(name, path)| Some((name, path?)));
    known.map(|(name, path)| Place { name, path, only_named: name == "hosted tools" }).collect()
}
