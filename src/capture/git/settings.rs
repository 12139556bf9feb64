//! What the repository's configuration says, as far as facts depend on it. Nothing that it names is
//! run: libgit2 knows neither hooks, nor `core.fsmonitor`, nor filter drivers that are programs.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Config, Repository};

/// Chosen values.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Name and the URL that git fetches from: the first one.
    pub(super) remotes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Some remote promises to have objects that aren't here.
    pub(super) partial: bool,
    /// `core.sparseCheckout`.
    pub(super) sparse: bool,
    /// Filter drivers that change what is compared: those that clean.
    pub(super) filters: BTreeSet<Vec<u8>>,
    /// Settings that make git look less closely at the work tree.
    pub(super) lax: Vec<&'static str>,
}

impl Settings {
    pub(super) fn read(repo: &Repository) -> Result<Self, git2::Error> {
        let config = repo.config()?.snapshot()?;
        let mut settings = Self {
            sparse: config.get_bool("core.sparsecheckout").unwrap_or(false),
            lax: lax(&config),
            ..Self::default()
        };
        // Section and last part are in lower case here; what stands between them is as it was written.
        config.entries(None)?.for_each(|entry| {
            let name = entry.name_bytes();
            let value = if entry.has_value() { entry.value_bytes() } else { b"true" };
            if let Some(remote) = between(name, b"remote.", b".url") {
                settings.remotes.entry(remote.into()).or_insert_with(|| value.into());
            } else if between(name, b"remote.", b".promisor").is_some() {
                settings.partial |= is_true(value);
            } else if name == b"extensions.partialclone" {
                settings.partial = true;
            } else if let Some(driver) = between(name, b"filter.", b".clean")
                .or_else(|| between(name, b"filter.", b".process"))
                && !value.is_empty()
            {
                settings.filters.insert(driver.into());
            }
        })?;
        Ok(settings)
    }
}

fn between<'a>(name: &'a [u8], start: &[u8], end: &[u8]) -> Option<&'a [u8]> {
    name.strip_prefix(start)?.strip_suffix(end)
}

fn is_true(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| Config::parse_bool(text).unwrap_or(false))
}

fn lax(config: &Config) -> Vec<&'static str> {
    let mut lax = Vec::new();
    if config.get_bool("core.trustctime").is_ok_and(|trust| !trust) {
        lax.push("core.trustctime=false");
    }
    if config.get_bool("core.ignorestat").unwrap_or(false) {
        lax.push("core.ignorestat=true");
    }
    // Elsewhere git itself sets these when it makes a repository.
    if cfg!(unix) {
        for (name, text) in
            [("core.filemode", "core.filemode=false"), ("core.symlinks", "core.symlinks=false")]
        {
            if config.get_bool(name).is_ok_and(|trust| !trust) {
                lax.push(text);
            }
        }
    }
    lax
}
