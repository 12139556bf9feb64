//! The certificates that programs trust: whoever adds one can be every host that a build fetches from.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::digest::Sha256;
use crate::base::file::{self, FileError};
use crate::base::tree::{Patterns, Tree, Walk};
use crate::capture::Captured;
use crate::capture::environment::Variables;
use crate::format::evidence::{CA_FOLDERS, CA_VARIABLES, CaBundle, CaFile};
use crate::format::fact::{Basis, Fact, Gap};

/// Most bytes of a bundle, and of all files in a folder.
const BYTES_MAX: u64 = 64 << 20;
/// Most files in a folder.
const FILES_MAX: u64 = 10_000;
/// Most folders that one variable may name.
const FOLDERS_MAX: usize = 16;

/// Where systems have their bundle, the most usual first.
const USUAL: [&str; 7] = [
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/ssl/ca-bundle.pem",
    "etc/pki/tls/cacert.pem",
    "etc/ssl/cert.pem",
    "usr/local/share/certs/ca-root-nss.crt",
];

/// Reads the system's bundle and those that variables put in its place. Of the values of the variables,
/// which are paths, nothing is recorded.
#[must_use]
pub fn ca_bundle(variables: &Variables) -> Captured<CaBundle> {
    below(Path::new("/"), variables)
}

/// [`ca_bundle`] with a root of its own for the usual places.
pub(super) fn below(root: &Path, variables: &Variables) -> Captured<CaBundle> {
    let mut gaps = Vec::new();
    let places = USUAL.iter().map(|place| root.join(place));
    let there = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
    let system = places.into_iter().find(there).map(|path| look(&path));
    let mut bundles = BTreeMap::new();
    for name in CA_VARIABLES {
        if let Some(path) = variables.raw(name) {
            bundles.insert(name.to_owned(), look(Path::new(path)));
        }
    }
    for name in CA_FOLDERS {
        let named: Vec<PathBuf> = variables.raw(name).map(folders).unwrap_or_default();
        if named.len() > FOLDERS_MAX {
            let reason = format!("{name} names {} folders, {FOLDERS_MAX} are read", named.len());
            gaps.push(Gap::new("environment.ca_bundle", reason, "let it name fewer"));
        }
        for (folder, number) in named.iter().take(FOLDERS_MAX).zip(1..) {
            let key = if number == 1 { name.to_owned() } else { format!("{name} ({number})") };
            bundles.insert(key, look(folder));
        }
    }
    let all = bundles.iter().map(|(name, bundle)| (name.as_str(), bundle));
    for (name, bundle) in system.iter().map(|bundle| ("the system's bundle", bundle)).chain(all) {
        if let Some(trouble) = &bundle.trouble {
            let reason = format!("no digest of {name}: {trouble}");
            let cure = "let it be a readable file or folder of certificates, or unset the variable";
            gaps.push(Gap::new("environment.ca_bundle", reason, cure));
        }
    }
    let fact = if system.is_some() || !bundles.is_empty() {
        Fact::observed(Basis::Recomputed, CaBundle { system, variables: bundles })
    } else if cfg!(windows) {
        Fact::unavailable(Basis::Read, "the certificate store of Windows isn't read")
    } else {
        Fact::absent(Basis::Read)
    };
    Captured { fact, redactions: Vec::new(), gaps }
}

fn folders(value: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(value).filter(|folder| !folder.as_os_str().is_empty()).collect()
}

fn look(path: &Path) -> CaFile {
    let looked = if path.is_dir() { folder(path) } else { bundle(path) };
    looked.unwrap_or_else(|trouble| CaFile {
        sha256: None,
        certificates: None,
        trouble: Some(trouble),
    })
}

fn bundle(path: &Path) -> Result<CaFile, String> {
    let bytes = file::read_regular(path, BYTES_MAX).map_err(|error| match error {
        FileError::NotFound { .. } => "there is no such file".to_owned(),
        FileError::NotRegular { .. } => "it isn't a regular file, and was not read".to_owned(),
        FileError::TooLarge { cap, .. } => format!("it is larger than {cap} bytes"),
        // Without the path that the whole error would show.
        FileError::Io { action, source, .. } => format!("cannot {action} it: {}", source.kind()),
        FileError::Exists { .. } => "it can't be read".to_owned(),
    })?;
    Ok(CaFile {
        sha256: Some(Sha256::of(&bytes)),
        certificates: Some(certificates(&bytes)),
        trouble: None,
    })
}

/// Lines that begin a certificate, of OpenSSL's trusted form too.
fn certificates(bytes: &[u8]) -> u64 {
    let begins = |line: &&[u8]| {
        line.starts_with(b"-----BEGIN CERTIFICATE-----")
            || line.starts_with(b"-----BEGIN TRUSTED CERTIFICATE-----")
    };
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).filter(begins).count() as u64
}

/// The root digest of a folder. Links in it count by where they lead, not by what is there.
fn folder(path: &Path) -> Result<CaFile, String> {
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let over =
        || files.load(Ordering::Relaxed) > FILES_MAX || bytes.load(Ordering::Relaxed) > BYTES_MAX;
    let tree = Tree::read(&Walk {
        root: path,
        exclude: &Patterns::default(),
        skip: &[],
        stop: &over,
        progress: &|more_files, more_bytes| {
            files.fetch_add(more_files, Ordering::Relaxed);
            bytes.fetch_add(more_bytes, Ordering::Relaxed);
        },
    })
    .map_err(|error| format!("the folder can't be opened: {}", error.source.kind()))?;
    if over() || !tree.is_complete() {
        return Err(format!("the folder has more than {FILES_MAX} files or {BYTES_MAX} bytes"));
    }
    if !tree.problems().is_empty() {
        return Err("a file of the folder can't be read".to_owned());
    }
    Ok(CaFile { sha256: Some(tree.root_digest(|_| true)), certificates: None, trouble: None })
}
