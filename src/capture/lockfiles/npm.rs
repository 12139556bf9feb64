//! npm: `package-lock.json` and `npm-shrinkwrap.json` of versions 1 to 3; `bun.lock`.

use std::collections::HashSet;

use super::checksum;
use super::found::{Bad, Found, Origin};
use super::node::Node;

const MODULES: &str = "node_modules/";

pub(super) fn parse(text: &str, file: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::json(text)?;
    found.form(file, lock.text("lockfileVersion"), &["1", "2", "3"]);
    if lock.get("packages").is_some() {
        return packages(&lock, found);
    }
    // Version 1 nests: npm's own depth is the depth of folders.
    let mut open = vec![(lock.table("dependencies")?, false)];
    while let Some((entries, covered)) = open.pop() {
        for (key, entry) in entries {
            let version = entry.text("version").unwrap_or_default();
            let mut checksums = integrity(entry, found);
            let (name, version, stated) = match version.strip_prefix("npm:").and_then(split) {
                Some((name, version)) => (name, Some(version), None),
                None if is_address(version) => (key.as_str(), None, Some(version)),
                None => (key.as_str(), Some(version), None),
            };
            let bundled = entry.is_true("bundled") && checksums.is_empty() && covered;
            let origin = if bundled {
                Origin::Bundled
            } else {
                origin(name, version, entry.text("resolved").or(stated), &mut checksums, found)
            };
            let covers = bundled || !checksums.is_empty();
            found.add(name, version, origin, checksums);
            open.push((entry.table("dependencies")?, covers));
        }
    }
    Ok(())
}

/// Versions 2 and 3: one table by the folder in which each is installed.
fn packages(lock: &Node, found: &mut Found) -> Result<(), Bad> {
    let entries = lock.table("packages")?;
    let is_covered = |entry: &Node| entry.text("integrity").is_some() && !entry.is_true("inBundle");
    let covered: HashSet<&str> = entries
        .iter()
        .filter(|(_, entry)| is_covered(entry))
        .map(|(key, _)| key.as_str())
        .collect();
    for (key, entry) in entries {
        // The project itself; a link, whose target has an entry of its own.
        if key.is_empty() || (entry.is_true("link") && entry.text("resolved").is_some()) {
            continue;
        }
        let installed = key.rfind(MODULES).and_then(|at| key.get(at + MODULES.len()..));
        let version = entry.text("version");
        let name = entry.text("name").or(installed).unwrap_or(key);
        if installed.is_none() {
            let origin = found.local(key);
            found.add(name, version, origin, Vec::new());
            continue;
        }
        let mut checksums = integrity(entry, found);
        let origin = if entry.is_true("inBundle") && checksums.is_empty() && above(key, &covered) {
            Origin::Bundled
        } else {
            origin(name, version, entry.text("resolved"), &mut checksums, found)
        };
        found.add(name, version, origin, checksums);
    }
    Ok(())
}

/// Longest key that is looked at part by part: the work grows with the square of its length.
const KEY_MAX: usize = 2048;

/// Whether a package with a checksum holds this one.
fn above(key: &str, covered: &HashSet<&str>) -> bool {
    let holds = |at: usize| key.get(..at).is_some_and(|above| covered.contains(above));
    key.len() <= KEY_MAX && key.match_indices("/node_modules/").any(|(at, _)| holds(at))
}

fn integrity(entry: &Node, found: &mut Found) -> Vec<String> {
    entry.text("integrity").map_or_else(Vec::new, |text| found.checksums(checksum::integrity(text)))
}

/// `name@version`, where a name may begin with an `@`.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether it says where to fetch it, and not which version.
pub(super) fn is_address(text: &str) -> bool {
    text.contains([':', '/']) || text.starts_with('.')
}

/// Where a package comes from, by the address of its archive.
///
/// An address that is the usual one of just this name and version is said by its registry. Any other
/// stands whole: what a tampered lockfile says that is one package, and is fetched as another, is seen
/// by it.
pub(super) fn origin(
    name: &str,
    version: Option<&str>,
    resolved: Option<&str>,
    checksums: &mut Vec<String>,
    found: &mut Found,
) -> Origin {
    let Some(resolved) = resolved else { return Origin::Unstated };
    if resolved.starts_with(['.', '/'])
        || ["file:", "link:", "portal:"].iter().any(|s| resolved.starts_with(s))
    {
        return found.local(resolved);
    }
    // Yarn's first form has SHA-1 of the archive as the fragment.
    let address = match resolved.rsplit_once('#') {
        Some((address, hash)) if !resolved.starts_with("git") => {
            match checksum::hex("sha1", hash) {
                Some(checksum) => {
                    checksums.push(checksum);
                    address
                }
                None => resolved,
            }
        }
        _ => resolved,
    };
    let usual = version.and_then(|version| {
        let base = name.rsplit('/').next()?;
        let rest = address.strip_suffix(&format!("/-/{base}-{version}.tgz"))?;
        rest.strip_suffix(name).or_else(|| rest.strip_suffix(&name.replace('/', "%2f")))
    });
    let registry = usual.filter(|registry| registry.ends_with('/'));
    Origin::From(registry.unwrap_or(address).to_owned())
}

/// `bun.lock`: JSON with comments and commas at the ends of lists.
pub(super) fn bun(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::json(&plain(text))?;
    found.form("bun.lock", lock.text("lockfileVersion"), &["0", "1"]);
    for (_, entry) in lock.table("packages")? {
        let Node::List(parts) = entry else { return Err(Bad::Shape("packages")) };
        let parts: Vec<&str> = parts.iter().filter_map(Node::as_text).collect();
        let Some((name, version)) = parts.first().and_then(|first| split(first)) else {
            found.unfit();
            continue;
        };
        let sri = parts.iter().skip(1).find(|part| part.starts_with("sha") && part.contains('-'));
        let checksums = sri.map_or_else(Vec::new, |sri| found.checksums(checksum::integrity(sri)));
        if let Some(path) =
            version.strip_prefix("workspace:").or_else(|| version.strip_prefix("root:"))
        {
            let origin = found.local(path);
            found.add(name, None, origin, checksums);
        } else if is_address(version) {
            let origin = origin(name, None, Some(version), &mut Vec::new(), found);
            found.add(name, None, origin, checksums);
        } else {
            let registry = parts.get(1).filter(|part| part.contains("://"));
            found.add(name, Some(version), Origin::stated(registry.copied()), checksums);
        }
    }
    Ok(())
}

/// Blanks out comments, and commas before a closing bracket; the lines stay.
fn plain(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut blank = |from: usize, to: usize| {
        for byte in bytes.get_mut(from..to).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let source = text.as_bytes();
    let (mut at, mut comma) = (0, None);
    while let Some(byte) = source.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        let length = match byte {
            b'"' => string(source.get(at..).unwrap_or_default()),
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => 1,
        };
        match byte {
            b'/' => blank(at, at + length),
            b',' => comma = Some(at),
            b'}' | b']' => comma.take().into_iter().for_each(|comma| blank(comma, comma + 1)),
            _ if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += length;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// The length of the string literal at the start.
fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
