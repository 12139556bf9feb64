//! The user's own folders.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// The folder of proofmark's own settings, such as the user's key: below `XDG_CONFIG_HOME` or what
/// the system has in its place. `None` where the user has no home.
#[must_use]
pub fn config() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|base| base.config_dir().join("proofmark"))
}

/// The folder of what can be made again: `XDG_CACHE_HOME` or what the system has in its place. `None`
/// where the user has no home.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|base| base.cache_dir())
}

/// The user's home, as the system tells it.
#[must_use]
pub fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}
