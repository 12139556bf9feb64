//! `yarn.lock`, of both forms, and `pnpm-lock.yaml`.

use super::checksum;
use super::found::{Bad, Found, Origin};
use super::node::Node;
use super::npm::{is_address, origin, split};
use super::yaml;

pub(super) fn parse(text: &str, found: &mut Found) -> Result<(), Bad> {
    if text.lines().any(|line| line.trim_end() == "__metadata:") {
        return berry(text, found);
    }
    found.form("yarn.lock", Some("1"), &["1"]);
    first(text, found)
}

/// The entry that is being read.
#[derive(Default)]
struct Entry<'a> {
    name: &'a str,
    version: Option<&'a str>,
    resolved: Option<&'a str>,
    integrity: Option<&'a str>,
}

impl Entry<'_> {
    fn hand_over(self, found: &mut Found) {
        if self.name.is_empty() {
            return;
        }
        let mut checksums =
            self.integrity.map_or_else(Vec::new, |text| found.checksums(checksum::integrity(text)));
        let origin = origin(self.name, self.version, self.resolved, &mut checksums, found);
        found.add(self.name, self.version, origin, checksums);
    }
}

/// The first form: looks like YAML and isn't.
fn first(text: &str, found: &mut Found) -> Result<(), Bad> {
    let mut entry = Entry::default();
    for (number, line) in (1..).zip(text.lines()) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let bad = Bad::Syntax { language: "yarn's form", line: number };
        let indent = line.len() - line.trim_start_matches(' ').len();
        if indent == 0 {
            let keys = content.strip_suffix(':').ok_or(bad)?;
            std::mem::take(&mut entry).hand_over(found);
            entry.name = key(keys);
            if entry.name.is_empty() {
                found.unfit();
            }
        } else if indent == 2 {
            // A list of its own dependencies has no value on its line.
            let Some((field, value)) = content.split_once(' ') else { continue };
            let value = value.trim().trim_matches('"');
            match field.trim_matches('"') {
                "version" => entry.version = Some(value),
                "resolved" => entry.resolved = Some(value),
                "integrity" => entry.integrity = Some(value),
                _ => {}
            }
        }
    }
    entry.hand_over(found);
    Ok(())
}

/// The package's name in `"a@^1", "a@npm:b@^1"`: of an alias that of what it stands for.
fn key(keys: &str) -> &str {
    let first = keys.trim_start_matches('"').split(['"', ',']).next().unwrap_or_default();
    match split(first) {
        Some((_, range)) if range.starts_with("npm:") => {
            let aliased = range.strip_prefix("npm:").unwrap_or_default();
            split(aliased)
                .map_or_else(|| first.split('@').next().unwrap_or_default(), |(name, _)| name)
        }
        Some((name, _)) => name,
        None => "",
    }
}

/// The second form, which is YAML.
fn berry(text: &str, found: &mut Found) -> Result<(), Bad> {
    let documents = yaml::documents(text, |_| true)?;
    let [Node::Map(entries)] = documents.as_slice() else { return Err(Bad::Shape("the file")) };
    let head = entries.iter().find(|(key, _)| key == "__metadata").map(|(_, head)| head);
    let version = head.and_then(|head| head.text("version"));
    found.form("yarn.lock", version, &["4", "5", "6", "7", "8", "9", "10"]);
    let cache_key = head.and_then(|head| head.text("cacheKey"));
    for (_, entry) in entries.iter().filter(|(key, _)| key != "__metadata") {
        let Some((name, reference)) = entry.text("resolution").and_then(split) else {
            found.unfit();
            continue;
        };
        let checksums = entry
            .text("checksum")
            .map_or_else(Vec::new, |text| found.checksum(checksum::yarn(text, cache_key)));
        let version = entry.text("version").filter(|version| *version != "0.0.0-use.local");
        let origin = match reference.split_once(':') {
            Some(("workspace", path)) => found.local(path),
            Some(("link" | "portal" | "file", path)) => {
                found.local(path.split("::").next().unwrap_or_default())
            }
            Some(("npm", registry)) => {
                Origin::stated(registry.split_once("::").map(|(_, bound)| bound))
            }
            _ => Origin::From(reference.to_owned()),
        };
        found.add(name, version, origin, checksums);
    }
    Ok(())
}

/// `pnpm-lock.yaml` of versions 5 to 9; newer ones may have several documents.
pub(super) fn pnpm(text: &str, found: &mut Found) -> Result<(), Bad> {
    let documents = yaml::documents(text, |key| matches!(key, "lockfileVersion" | "packages"))?;
    let version = documents.first().and_then(|lock| lock.text("lockfileVersion"));
    found.form("pnpm-lock.yaml", version, &["5", "6", "7", "9"]);
    for lock in &documents {
        let old = lock.text("lockfileVersion").is_some_and(|version| version.starts_with('5'));
        for (key, entry) in lock.table("packages")? {
            package(key, entry, old, found);
        }
    }
    Ok(())
}

fn package(key: &str, entry: &Node, old: bool, found: &mut Found) {
    // `/a@1.0.0(peer@2)` in version 6, `/a/1.0.0_peer@2` before.
    let key = key.split('(').next().unwrap_or_default();
    let plain = key.strip_prefix('/').unwrap_or(key);
    let parts = if old && key.starts_with('/') {
        plain
            .rsplit_once('/')
            .map(|(name, version)| (name, version.split('_').next().unwrap_or_default()))
    } else {
        split(plain)
    };
    // An address alone is its own key: then the entry has the name.
    let (name, version) =
        if plain.contains("://") && parts.is_none_or(|(name, _)| name.contains("://")) {
            ("", "")
        } else {
            parts.unwrap_or((plain, ""))
        };
    let address = is_address(version) || version.is_empty();
    let name = entry.text("name").unwrap_or(name);
    let version = entry.text("version").or(if address { None } else { Some(version) });
    let null = Node::Null;
    let resolution = entry.get("resolution").unwrap_or(&null);
    let mut checksums = resolution
        .text("integrity")
        .map_or_else(Vec::new, |text| found.checksums(checksum::integrity(text)));
    let origin = if let Some(repository) = resolution.text("repo") {
        Origin::repository(repository, resolution.text("commit"))
    } else if let Some(folder) = resolution.text("directory") {
        found.local(folder)
    } else {
        let tarball = resolution.text("tarball").or_else(|| resolution.text("registry"));
        let tarball = tarball.or_else(|| address.then_some(key).filter(|_| checksums.is_empty()));
        origin(name, version, tarball, &mut checksums, found)
    };
    found.add(name, version, origin, checksums);
}
