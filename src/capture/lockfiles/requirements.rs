//! pip's `requirements.txt`: a lockfile as far as it pins.

use super::checksum;
use super::found::{Bad, Found, Origin};

/// Each logical line is a requirement or an option.
pub(super) fn parse(text: &str, found: &mut Found) -> Result<(), Bad> {
    let mut constrained = false;
    let mut whole = String::new();
    // One more line ends a file that ends in a continuation.
    for line in text.lines().chain([""]) {
        let line = line.trim_end_matches('\r');
        // pip joins lines first, but for those that are comments.
        let comment = line.trim_start().starts_with('#');
        match line.strip_suffix('\\').filter(|_| !comment) {
            Some(start) => {
                whole.push_str(start);
                whole.push(' ');
                continue;
            }
            None if comment => {}
            None => whole.push_str(line),
        }
        let joined = std::mem::take(&mut whole);
        let line = uncommented(&joined).trim();
        if line.is_empty() {
            continue;
        }
        let option = |names: [&str; 2]| {
            names.iter().find_map(|name| {
                let rest = line.strip_prefix(name)?;
                // `-rfile` is fine, `--requirementfile` isn't.
                let apart = rest.starts_with([' ', '\t', '=']) || !name.starts_with("--");
                apart.then(|| rest.trim_start_matches([' ', '\t', '=']).trim_matches(['"', '\'']))
            })
        };
        if let Some(file) = option(["--requirement", "-r"]) {
            found.includes.push(file.to_owned());
        } else if option(["--constraint", "-c"]).is_some() {
            constrained = true;
        } else if let Some(place) = option(["--editable", "-e"]) {
            address(place, Vec::new(), found);
        } else if !line.starts_with('-') {
            requirement(line, found);
        }
    }
    found.form = "requirements.txt".to_owned();
    if constrained {
        found.form.push_str(" with constraints");
    }
    Ok(())
}

/// A `#` begins a comment at the start of a word; in an address it is the fragment.
fn uncommented(line: &str) -> &str {
    let comment = line.match_indices('#').find(|(at, _)| {
        line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
    });
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

fn requirement(line: &str, found: &mut Found) {
    let mut hashes = Vec::new();
    let mut words = Vec::new();
    let mut next_is_hash = false;
    for word in line.split_ascii_whitespace() {
        let hash = word.strip_prefix("--hash=").or(next_is_hash.then_some(word));
        next_is_hash = word == "--hash";
        match hash {
            Some(hash) => hashes.push(checksum::pair(hash)),
            None if word.starts_with("--") => {}
            None => words.push(word),
        }
    }
    let checksums = found.checksums(hashes);
    let text = words.join(" ");
    // `name [extra] @ URL`, an address alone, a path.
    let asked = text.split(';').next().unwrap_or_default().trim();
    let (name, specifier) = name_of(asked);
    let specifier = specifier.trim();
    if let Some(place) = specifier.strip_prefix('@') {
        let place = text.split_once('@').map_or(place, |(_, place)| place);
        let place = place.split(" ;").next().unwrap_or_default().trim();
        let checksums = checksums.into_iter().chain(hashes_of(place)).collect();
        found.add(name, None, place_of(place, found), checksums);
    } else if is_place(name, asked, specifier) {
        address(&text, checksums, found);
    } else if !specifier.is_empty() && !specifier.starts_with(['=', '<', '>', '!', '~']) {
        // Prose in a file that only has the name.
        found.unfit();
    } else {
        let exact = specifier.strip_prefix("===").or_else(|| specifier.strip_prefix("=="));
        let exact = exact.map(|version| version.trim().trim_end_matches(')'));
        let version = exact.filter(|version| !version.contains([',', '*']));
        found.unpinned += u64::from(version.is_none());
        found.add(name, version, Origin::Unstated, checksums);
    }
}

/// Whether an address or a path stands where a name would.
fn is_place(name: &str, asked: &str, specifier: &str) -> bool {
    name.is_empty()
        || asked.contains("://")
        || specifier.starts_with(['/', '\\', ':'])
        || [".whl", ".zip", ".tar.gz"].iter().any(|end| asked.ends_with(end))
}

/// The name and what follows it and its extras.
fn name_of(text: &str) -> (&str, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return ("", text);
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    (name, rest.trim_start().trim_start_matches('('))
}

/// An address that stands in the place of a name: of a repository, an archive, a folder.
fn address(text: &str, mut checksums: Vec<String>, found: &mut Found) {
    let place = text.split(" ;").next().unwrap_or_default().trim();
    checksums.extend(hashes_of(place));
    let named = fragment(place).find_map(|part| part.strip_prefix("egg="));
    let path = place.split(['#', '?']).next().unwrap_or_default().trim_end_matches('/');
    // The host is no name, and a password may stand before it.
    let below = match path.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, below)| below),
        None => path,
    };
    let last = below.rsplit(['/', '\\']).next().and_then(|last| last.split('@').next());
    let name = named.and_then(|egg| egg.split('[').next()).or(last).filter(|name| !name.is_empty());
    let origin = place_of(place, found);
    let name = name.unwrap_or(if origin == Origin::Project { "." } else { "" });
    found.add(name, None, origin, checksums);
}

fn fragment(place: &str) -> impl Iterator<Item = &str> {
    place.split_once('#').map_or("", |(_, fragment)| fragment).split('&')
}

/// Checksums that stand in the fragment, beside other things.
fn hashes_of(place: &str) -> impl Iterator<Item = String> {
    fragment(place).filter_map(checksum::pair)
}

fn place_of(place: &str, found: &Found) -> Origin {
    match place.strip_prefix("file://") {
        Some(path) => found.local(path),
        None if place.contains("://") => Origin::From(place.to_owned()),
        None => found.local(place.split('#').next().unwrap_or_default()),
    }
}
