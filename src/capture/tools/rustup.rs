//! rustup's proxies: which toolchain the project's root selects, without asking rustup, which could
//! install one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::find::{Search, behind_links, read_choice, read_text};
use super::shims::is_version;

/// `settings.toml`, as far as it chooses.
#[derive(Default, Deserialize)]
struct Settings {
    default_toolchain: Option<String>,
    default_host_triple: Option<String>,
    #[serde(default)]
    overrides: BTreeMap<String, String>,
}

/// `rust-toolchain.toml`.
#[derive(Deserialize)]
struct File {
    toolchain: Chosen,
}

#[derive(Deserialize)]
struct Chosen {
    channel: Option<String>,
    path: Option<PathBuf>,
}

/// The program of the toolchain that is selected; `None` where there is none or it can't be told.
pub(super) fn real(name: &str, search: &Search<'_>) -> Option<PathBuf> {
    let home = match search.variables.raw("RUSTUP_HOME") {
        Some(home) => PathBuf::from(home),
        None => Path::new(search.variables.raw("HOME")?).join(".rustup"),
    };
    let settings = read_text(&home.join("settings.toml"))
        .and_then(|text| toml::from_str(&text).ok())
        .unwrap_or_default();
    let toolchain = selected(&settings, search)?;
    let folder = if toolchain.is_absolute() {
        toolchain
    } else {
        home.join("toolchains").join(installed(toolchain.to_str()?, &home, &settings)?)
    };
    let file = folder.join("bin").join(name);
    file.is_file().then_some(file)
}

/// In rustup's order: the variable, then for each folder from the root up an override and a file, then
/// the default. A name, or an absolute path.
fn selected(settings: &Settings, search: &Search<'_>) -> Option<PathBuf> {
    if let Some(name) = search.variables.raw("RUSTUP_TOOLCHAIN") {
        return Some(name.into());
    }
    for folder in search.root.ancestors() {
        let chosen = |(path, _): &(&String, _)| behind_links(Path::new(path)) == folder;
        if let Some((_, name)) = settings.overrides.iter().find(chosen) {
            return Some(name.into());
        }
        // Where both are there rustup takes the first.
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            if let Some(text) = read_choice(&folder.join(name)) {
                let text = text?;
                return match toml::from_str(&text) {
                    Ok(File { toolchain: Chosen { channel: Some(name), .. } }) => named(&name),
                    // The project chose a program by its path: asking it would run the project's code.
                    Ok(File { toolchain: Chosen { path: Some(_), .. } }) => None,
                    // Components alone, for whichever it is.
                    Ok(_) => settings.default_toolchain.clone().map(Into::into),
                    // The old form: the name and nothing else.
                    Err(_) => named(text.trim()),
                };
            }
        }
    }
    settings.default_toolchain.clone().map(Into::into)
}

/// A toolchain that a file of the project names: never a path.
fn named(name: &str) -> Option<PathBuf> {
    is_version(name).then(|| name.into())
}

/// The name of the toolchain's folder: the name itself, or with the host's triple.
fn installed(name: &str, home: &Path, settings: &Settings) -> Option<String> {
    if !is_version(name) {
        return None;
    }
    let toolchains = home.join("toolchains");
    let there = |name: &str| toolchains.join(name).is_dir();
    if there(name) {
        return Some(name.to_owned());
    }
    if let Some(triple) = settings.default_host_triple.as_deref().filter(|text| is_version(text)) {
        return Some(format!("{name}-{triple}")).filter(|name| there(name));
    }
    let start = format!("{name}-{}-", std::env::consts::ARCH);
    let mut fitting = std::fs::read_dir(toolchains)
        .ok()?
        .take(1000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|folder| folder.starts_with(&start));
    // Of several, which one runs isn't told here.
    let only = fitting.next()?;
    fitting.next().is_none().then_some(only)
}
