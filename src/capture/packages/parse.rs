//! Databases that are text: stanzas of `Field: value` lines with empty lines between them.

use super::{COUNT_MAX, Listed, Refused};
use crate::base::text::is_unprintable;
use crate::format::evidence::Package;

/// Longest name, version or architecture, in bytes.
const PART_MAX: usize = 255;

/// How a manager names its fields.
pub(super) struct Fields {
    /// Between the field and its value.
    pub(super) separator: u8,
    pub(super) name: &'static [u8],
    pub(super) version: &'static [u8],
    pub(super) architecture: &'static [u8],
    /// The field whose last word says whether the package is installed.
    pub(super) status: Option<&'static [u8]>,
    /// What a stanza without that field means.
    pub(super) installed_unless_said: bool,
}

/// `/var/lib/dpkg/status`.
pub(super) const DPKG: Fields = Fields {
    separator: b':',
    name: b"Package",
    version: b"Version",
    architecture: b"Architecture",
    status: Some(b"Status"),
    installed_unless_said: false,
};
/// `/var/lib/dpkg/status.d/*`, which images without a package manager have: a file is there because its
/// package is.
pub(super) const DPKG_FOLDER: Fields = Fields { installed_unless_said: true, ..DPKG };
/// `/lib/apk/db/installed`.
pub(super) const APK: Fields = Fields {
    separator: b':',
    name: b"P",
    version: b"V",
    architecture: b"A",
    status: None,
    installed_unless_said: true,
};

#[derive(Default)]
struct Stanza<'a> {
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    architecture: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
    /// A field that counts stands twice: which of the two the manager believes isn't known.
    ambiguous: bool,
    empty: bool,
}

/// Reads all stanzas of a database. Of the values there are at most 255 bytes kept; other fields, and lines
/// that go on with a space, are passed over.
pub(super) fn stanzas(bytes: &[u8], fields: &Fields, into: &mut Listed) -> Result<(), Refused> {
    let mut stanza = Stanza { empty: true, ..Stanza::default() };
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            finish(std::mem::take(&mut stanza), fields, into)?;
            stanza.empty = true;
            continue;
        }
        stanza.empty = false;
        for (field, value) in [
            (Some(fields.name), &mut stanza.name),
            (Some(fields.version), &mut stanza.version),
            (Some(fields.architecture), &mut stanza.architecture),
            (fields.status, &mut stanza.status),
        ] {
            let rest = field.and_then(|field| line.strip_prefix(field));
            if let Some((first, rest)) = rest.and_then(<[u8]>::split_first)
                && *first == fields.separator
            {
                stanza.ambiguous |= value.replace(rest.trim_ascii()).is_some();
            }
        }
    }
    finish(stanza, fields, into)
}

fn finish(stanza: Stanza<'_>, fields: &Fields, into: &mut Listed) -> Result<(), Refused> {
    if stanza.empty {
        return Ok(());
    }
    let installed = stanza.status.map(|status| {
        // `not-installed` ends in `installed` too: the whole word counts.
        status.rsplit(|byte| *byte == b' ').next() == Some(b"installed")
    });
    match installed {
        Some(false) if !stanza.ambiguous => return Ok(()),
        None if !fields.installed_unless_said => {
            into.malformed += 1;
            return Ok(());
        }
        _ => {}
    }
    let package = package(stanza.name, stanza.version, stanza.architecture);
    add(package.filter(|_| !stanza.ambiguous), into)
}

/// Lines of `NAME\tVERSION\tARCHITECTURE`, as rpm is asked for them.
pub(super) fn tabbed(bytes: &[u8], into: &mut Listed) -> Result<(), Refused> {
    let lines = bytes.split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.is_empty()) {
        let mut parts = line.split(|byte| *byte == b'\t');
        let (name, version, architecture) = (parts.next(), parts.next(), parts.next());
        let whole = parts.next().is_none() && architecture.is_some();
        let architecture = architecture.filter(|text| *text != b"(none)");
        add(package(name, version, architecture).filter(|_| whole), into)?;
    }
    Ok(())
}

fn add(package: Option<Package>, into: &mut Listed) -> Result<(), Refused> {
    match package {
        None => into.malformed += 1,
        Some(_) if into.packages.len() >= COUNT_MAX => {
            return Err(format!("its database has more than {COUNT_MAX} packages"));
        }
        Some(package) => into.packages.push(package),
    }
    Ok(())
}

fn package(
    name: Option<&[u8]>,
    version: Option<&[u8]>,
    architecture: Option<&[u8]>,
) -> Option<Package> {
    let architecture = match architecture {
        Some(text) => Some(part(text)?),
        None => None,
    };
    Some(Package { name: part(name?)?, version: part(version?)?, architecture })
}

fn part(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let fine = (1..=PART_MAX).contains(&text.len())
        && !text.chars().any(|c| c.is_whitespace() || is_unprintable(c));
    fine.then(|| text.to_owned())
}
