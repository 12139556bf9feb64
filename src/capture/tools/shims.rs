//! Programs that stand in for others: followed by their own rules, never by running them.

use std::path::{Path, PathBuf};

use super::find::{Search, read_choice};
use super::rustup;
use crate::base::system;

/// What stands in for a tool.
pub(super) struct Shim {
    pub(super) kind: &'static str,
    /// The tool; `None` where the shim can't be followed.
    pub(super) file: Option<PathBuf>,
}

/// Version managers that share one layout: `shims/NAME`, `versions/VERSION/bin/NAME`, the version from a
/// variable, a file in the project's folder or above, or a file in their own.
struct Family {
    name: &'static str,
    folder: &'static str,
    version: &'static str,
    file: &'static str,
}

const FAMILIES: &[Family] = &[
    Family { name: "goenv", folder: "GOENV_ROOT", version: "GOENV_VERSION", file: ".go-version" },
    Family { name: "jenv", folder: "JENV_ROOT", version: "JENV_VERSION", file: ".java-version" },
    Family {
        name: "nodenv",
        folder: "NODENV_ROOT",
        version: "NODENV_VERSION",
        file: ".node-version",
    },
    Family { name: "plenv", folder: "PLENV_ROOT", version: "PLENV_VERSION", file: ".perl-version" },
    Family {
        name: "phpenv",
        folder: "PHPENV_ROOT",
        version: "PHPENV_VERSION",
        file: ".php-version",
    },
    Family {
        name: "pyenv",
        folder: "PYENV_ROOT",
        version: "PYENV_VERSION",
        file: ".python-version",
    },
    Family { name: "rbenv", folder: "RBENV_ROOT", version: "RBENV_VERSION", file: ".ruby-version" },
];

/// Programs that many names link to.
const LINKED: &[(&str, &str)] =
    &[("mise", "mise"), ("volta-shim", "volta"), ("proto-shim", "proto")];
/// Compilers' names link to these; the compiler is the next one along `PATH`.
const WRAPPERS: &[&str] = &["ccache", "distcc", "icecc"];

/// `None`: the program that was found is the tool itself.
pub(super) fn follow(name: &str, found: &Path, file: &Path, search: &Search<'_>) -> Option<Shim> {
    let file_name = file.file_name()?.to_str().unwrap_or_default();
    let folder = found.parent()?;
    if name != "rustup" && (file_name == "rustup" || is_same(file, &folder.join("rustup"))) {
        return Some(Shim { kind: "rustup", file: rustup::real(name, search) });
    }
    if let Some(kind) = WRAPPERS.iter().find(|kind| **kind == file_name && name != **kind) {
        return Some(Shim { kind, file: search.first(name, Some(folder)) });
    }
    if let Some((_, kind)) = LINKED.iter().find(|(link, _)| *link == file_name && name != *link) {
        return Some(Shim { kind, file: None });
    }
    if name != "corepack" && file.components().any(|part| part.as_os_str() == "corepack") {
        return Some(Shim { kind: "corepack", file: None });
    }
    if folder.file_name()? != "shims" {
        return None;
    }
    let home = folder.parent()?;
    let bare = home.file_name()?.to_str().unwrap_or_default().trim_start_matches('.');
    let is_its = |family: &&Family| {
        bare == family.name || search.variables.raw(family.folder) == Some(home.as_os_str())
    };
    Some(match FAMILIES.iter().find(is_its) {
        Some(family) => Shim { kind: family.name, file: real(family, name, home, folder, search) },
        None if bare.starts_with("asdf") => Shim { kind: "asdf", file: None },
        None => Shim { kind: "unknown", file: None },
    })
}

/// Folders whose programs could install what they stand for, and so are kept from other tools.
pub(super) fn is_folder_of_unfollowed(folder: &Path) -> bool {
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let above = folder.parent().and_then(name).unwrap_or_default();
    match name(folder).as_deref() {
        Some("shims") => FAMILIES.iter().all(|family| above.trim_start_matches('.') != family.name),
        Some("bin") => above == ".volta" || above == ".proto",
        _ => false,
    }
}

fn is_same(one: &Path, two: &Path) -> bool {
    let identity = system::identity(one);
    identity.is_some() && identity == system::identity(two)
}

fn real(
    family: &Family,
    name: &str,
    home: &Path,
    shims: &Path,
    search: &Search<'_>,
) -> Option<PathBuf> {
    let files = search.root.ancestors().map(|folder| folder.join(family.file));
    let chosen = search
        .variables
        .text(family.version)
        .map(|versions| Some(versions.replace(':', "\n")))
        .or_else(|| files.into_iter().find_map(|path| read_choice(&path)))
        .or_else(|| read_choice(&home.join("version")))
        .unwrap_or_else(|| Some("system".to_owned()))?;
    // Several can be chosen; the first that has the program counts.
    let versions = chosen.lines().filter_map(|line| line.split('#').next());
    versions.flat_map(str::split_whitespace).take(16).find_map(|version| {
        if version == "system" {
            return search.first(name, Some(shims));
        }
        // The project writes it: it must not lead out of the folder of versions.
        if !is_version(version) {
            return None;
        }
        let file = home.join("versions").join(version).join("bin").join(name);
        file.is_file().then_some(file)
    })
}

/// A single part of a path that stays where it is.
pub(super) fn is_version(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    (1..=100).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(fine)
}
