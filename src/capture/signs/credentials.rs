//! Credentials within the build's reach that don't end with the job: by name, and nothing of what they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::places::{FILES, Form, Holds, Place, VARIABLES};
use super::{Look, Noted, why};
use crate::base::file::{self, FileError};
use crate::base::text::lossless;
use crate::format::evidence::CredentialSign;
use crate::format::json;

/// Most bytes of a file that is read to tell whether there is one in it.
const FILE_MAX: u64 = 1 << 20;
/// Most bytes of a private key.
const KEY_MAX: u64 = 64 << 10;
/// Most entries of a folder of keys.
const ENTRIES_MAX: usize = 256;
/// Most that are named.
const NAMED_MAX: usize = 256;
/// The part of the evidence.
const CREDENTIALS: &str = "credentials";

impl Look<'_> {
    pub(super) fn credentials(&self, noted: &mut Noted) -> Vec<CredentialSign> {
        let mut found = BTreeSet::new();
        self.variables(noted, &mut found);
        match self.home {
            None => noted.gap(CREDENTIALS, "no home folder is known to look for credentials in"),
            Some(home) => self.files(home, noted, &mut found),
        }
        if found.len() > NAMED_MAX {
            let reason = format!("{} were found, {NAMED_MAX} are named", found.len());
            noted.gap(CREDENTIALS, reason);
        }
        found.into_iter().take(NAMED_MAX).collect()
    }

    fn variables(&self, noted: &mut Noted, found: &mut BTreeSet<CredentialSign>) {
        for name in self.variables.names() {
            let known = VARIABLES.iter().find(|(pattern, ..)| matches(pattern, name));
            let Some((_, of, holds)) = known else { continue };
            let Some(value) = self.variables.raw(name) else { continue };
            let is_one = match holds {
                Holds::Always => true,
                Holds::Unless(other) => self.variables.raw(other).is_none(),
                Holds::GoogleFile => !is_federated(&self.root.join(value)),
            };
            if is_one {
                found.insert(self.sign("variable", name, of, noted));
            }
        }
    }

    fn sign(&self, kind: &str, name: &str, of: &str, noted: &mut Noted) -> CredentialSign {
        let place = "environment.signs.credentials";
        let name = noted.text(self.redactor, name, place);
        CredentialSign { kind: kind.to_owned(), name, of: of.to_owned() }
    }

    fn files(&self, home: &Path, noted: &mut Noted, found: &mut BTreeSet<CredentialSign>) {
        if let Err(error) = std::fs::metadata(home)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            noted.gap(CREDENTIALS, format!("the home folder can't be looked at: {}", error.kind()));
            return;
        }
        for place in FILES {
            let (path, name) = self.resolve(place, home);
            let names = match place.form {
                Form::PrivateKeys => private_keys(&path, &name, noted),
                form => match holds(&path, form) {
                    Ok(true) => vec![name],
                    Ok(false) => Vec::new(),
                    Err(why) => {
                        noted.gap(CREDENTIALS, format!("{name} {why}"));
                        Vec::new()
                    }
                },
            };
            for name in names {
                found.insert(self.sign("file", &name, place.of, noted));
            }
        }
    }

    /// Where it is, and what it is called.
    fn resolve(&self, place: &Place, home: &Path) -> (PathBuf, String) {
        let join = |one: &str, other: &str| match (one, other) {
            ("", name) | (name, "") => name.to_owned(),
            (folder, name) => format!("{folder}/{name}"),
        };
        match place.base.and_then(|base| Some((base, self.variables.raw(base)?))) {
            Some((base, at)) => {
                // What is added to a path behind its end makes a folder of a file.
                let path = self.root.join(at);
                let path = if place.name.is_empty() { path } else { path.join(place.name) };
                (path, join(&format!("${base}"), place.name))
            }
            None => {
                let name = join(place.folder, place.name);
                (home.join(&name), name)
            }
        }
    }
}

/// Whether a name is one of a pattern with at most one `*`, which stands for something.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => {
            name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    }
}

/// Whether a file that this user can read holds a credential; an error says why that can't be told.
fn holds(path: &Path, form: Form) -> Result<bool, String> {
    let divided = match form {
        Form::There => {
            let there = std::fs::metadata(path).is_ok_and(|found| found.len() > 0);
            return Ok(there && file::is_readable(path));
        }
        // These are no files.
        Form::PrivateKeys => return Ok(false),
        Form::Google => return Ok(holds(path, Form::There)? && !is_federated(path)),
        Form::Docker => None,
        Form::Line(divider, names) => Some((divider, names)),
    };
    let Some(bytes) = read(path, FILE_MAX)? else { return Ok(false) };
    Ok(match divided {
        None => json::parse::<DockerConfig>(&bytes).is_ok_and(|config| config.has_any()),
        Some((divider, names)) => {
            let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
            text.lines().any(|line| is_filled(line, divider, names))
        }
    })
}

/// `None` where there is nothing that this user, and so the build, could read.
fn read(path: &Path, cap: u64) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    match file::read_regular(path, cap) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error @ FileError::TooLarge { .. }) => Err(why(&error)),
        Err(_) => Ok(None),
    }
}

fn is_filled(line: &str, divider: char, names: &[&str]) -> bool {
    let line = line.trim_start();
    let Some((name, value)) = line.split_once(divider) else { return false };
    let value = value.trim().trim_matches(['"', '\'']);
    let is_comment = line.starts_with(['#', ';', '!']);
    let is_reference = value.starts_with('$') || value.starts_with('%');
    let name = name.trim();
    !is_comment
        && !value.is_empty()
        && !is_reference
        && names.iter().any(|ending| name.ends_with(ending))
}

/// What Docker and its kin keep; nothing of a value stays.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, DockerEntry>,
}

#[derive(Deserialize)]
struct DockerEntry {
    auth: Option<IgnoredAny>,
    identitytoken: Option<IgnoredAny>,
    password: Option<IgnoredAny>,
    registrytoken: Option<IgnoredAny>,
}

impl DockerConfig {
    fn has_any(&self) -> bool {
        self.auths.values().any(|entry| {
            entry.auth.is_some()
                || entry.identitytoken.is_some()
                || entry.password.is_some()
                || entry.registrytoken.is_some()
        })
    }
}

/// Whether a file of Google's refers to the identity that the platform gives to a job, and so ends with it.
fn is_federated(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    let bytes = read(path, FILE_MAX).ok().flatten();
    let kind = bytes.and_then(|bytes| json::parse::<Kind>(&bytes).ok());
    kind.is_some_and(|kind| kind.kind == "external_account")
}

/// The files of a folder that begin as private keys do, whatever they are called.
fn private_keys(folder: &Path, name: &str, noted: &mut Noted) -> Vec<String> {
    // No folder, or none that this user, and so the build, could look into.
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> =
        entries.take(ENTRIES_MAX + 1).flatten().map(|entry| entry.file_name()).collect();
    if files.len() > ENTRIES_MAX {
        noted.gap(CREDENTIALS, format!("{name} has more than {ENTRIES_MAX} entries"));
        files.truncate(ENTRIES_MAX);
    }
    let is_key = |file: &std::ffi::OsString| {
        let bytes = read(&folder.join(file), KEY_MAX).ok().flatten();
        bytes.is_some_and(|bytes| is_private_key(&bytes))
    };
    let keys = files.into_iter().filter(is_key);
    keys.map(|file| format!("{name}/{}", lossless(&file))).collect()
}

/// PEM and OpenSSH, PuTTY, GnuPG (whose newer files may begin with when they were made).
fn is_private_key(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 5] = [
        b"PuTTY-User-Key-File",
        b"Created: ",
        b"Key: (",
        b"(11:private-key",
        b"(21:protected-private-key",
    ];
    let bytes = bytes.trim_ascii_start();
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_pem =
        first.starts_with(b"-----BEGIN ") && first.trim_ascii_end().ends_with(b"PRIVATE KEY-----");
    is_pem || STARTS.iter().any(|start| bytes.starts_with(start))
}
