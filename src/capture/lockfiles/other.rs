//! Bundler, Composer and NuGet.

use std::collections::HashMap;

use super::checksum;
use super::found::{Bad, Found, Origin, SOURCE_MAX};
use super::node::Node;

/// `Gemfile.lock`: sections by indentation.
pub(super) fn bundler(text: &str, file: &str, found: &mut Found) -> Result<(), Bad> {
    found.form = file.to_owned();
    // `name (version)` is the key of both tables.
    let mut named: Vec<(&str, usize)> = Vec::new();
    // One for each section: a long one must not be held once for each of its names.
    let mut origins: Vec<Origin> = Vec::new();
    let mut current = None;
    let mut sums: HashMap<&str, Vec<Option<String>>> = HashMap::new();
    let (mut section, mut remote, mut revision) = ("", String::new(), "");
    for line in text.lines().map(str::trim_end) {
        let content = line.trim_start();
        match line.len() - content.len() {
            _ if content.starts_with("<<<<<<<") || content.starts_with(">>>>>>>") => {
                return Err(Bad::Shape("a merge that isn't resolved"));
            }
            _ if content.is_empty() => {}
            0 => {
                section = content;
                current = None;
                (remote, revision) = (String::new(), "");
            }
            2 if section == "CHECKSUMS" => {
                let (key, all) = content.split_once(") ").unwrap_or((content, ""));
                let all = all.split(',').map(str::trim).filter(|one| !one.is_empty());
                sums.entry(key.trim_end_matches(')')).or_default().extend(all.map(checksum::pair));
            }
            2 if matches!(section, "GIT" | "PATH" | "GEM" | "PLUGIN SOURCE") => {
                match content.split_once(": ") {
                    Some(("remote", url)) if remote.is_empty() => remote = url.to_owned(),
                    // Several: any of them may serve it. What is too long to be recorded needn't grow.
                    Some(("remote", url)) if remote.len() <= SOURCE_MAX => {
                        remote = format!("{remote} {url}");
                    }
                    Some(("revision", id)) => revision = id,
                    _ => {}
                }
            }
            4 if matches!(section, "GIT" | "PATH" | "GEM" | "PLUGIN SOURCE") => {
                let at = *current.get_or_insert_with(|| {
                    origins.push(match section {
                        "PATH" => found.local(&remote),
                        "GIT" => Origin::repository(&remote, Some(revision)),
                        _ => Origin::stated(Some(remote.as_str()).filter(|url| !url.is_empty())),
                    });
                    origins.len() - 1
                });
                named.push((content.trim_end_matches(')'), at));
            }
            _ => {}
        }
    }
    for (key, at) in named {
        let Some(origin) = origins.get(at).filter(|origin| origin.fits()).cloned() else {
            found.unfit();
            continue;
        };
        let checksums = sums.remove(key).map_or_else(Vec::new, |all| found.checksums(all));
        let (name, version) = key.split_once(" (").map_or((key, None), |(name, v)| (name, Some(v)));
        found.add(name, version, origin, checksums);
    }
    Ok(())
}

/// `composer.lock`.
pub(super) fn composer(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::json(text)?;
    found.form = "composer.lock".to_owned();
    let null = Node::Null;
    // The form has no number: it has these.
    if lock.get("packages").is_none() {
        return Err(Bad::Shape("packages"));
    }
    for package in lock.list("packages")?.iter().chain(lock.list("packages-dev")?) {
        let (dist, source) =
            (package.get("dist").unwrap_or(&null), package.get("source").unwrap_or(&null));
        let checksums = dist
            .text("shasum")
            .map_or_else(Vec::new, |sum| found.checksum(checksum::hex("sha1", sum)));
        let origin = match (dist.text("type"), dist.text("url"), source.text("url")) {
            (Some("path"), Some(path), _) => found.local(path),
            (_, Some(url), _) => Origin::From(url.to_owned()),
            (_, None, Some(url)) => Origin::repository(url, source.text("reference")),
            _ => Origin::Unstated,
        };
        found.add(
            package.text("name").unwrap_or_default(),
            package.text("version"),
            origin,
            checksums,
        );
    }
    Ok(())
}

/// NuGet's `packages.lock.json`.
pub(super) fn nuget(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::json(text)?;
    found.form("packages.lock.json", lock.text("version"), &["1", "2"]);
    for (_, framework) in lock.table("dependencies")? {
        let Node::Map(packages) = framework else { return Err(Bad::Shape("dependencies")) };
        for (name, package) in packages {
            let own = package.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("project"));
            let origin = if own { Origin::Project } else { Origin::Unstated };
            let checksums = package
                .text("contentHash")
                .map_or_else(Vec::new, |hash| found.checksum(checksum::base64("sha512", hash)));
            found.add(name, package.text("resolved"), origin, checksums);
        }
    }
    Ok(())
}
