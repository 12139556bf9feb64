//! Python: Poetry, uv, PDM, Pipenv and `pylock.toml` (PEP 751).

use std::collections::HashMap;

use super::checksum;
use super::found::{Bad, Found, Origin};
use super::node::Node;

/// The hashes of a list of files, each with a `hash`.
fn hashes<'a>(files: impl IntoIterator<Item = &'a Node>, found: &mut Found) -> Vec<String> {
    let all = files.into_iter().filter_map(|file| file.text("hash"));
    found.checksums(all.map(checksum::pair).collect::<Vec<_>>())
}

pub(super) fn poetry(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::toml(text)?;
    let null = Node::Null;
    let head = lock.get("metadata").unwrap_or(&null);
    found.form("poetry.lock", head.text("lock-version").or(Some("1")), &["1", "2"]);
    // Before version 2 the hashes of all packages stand together, by name alone; once they were bare.
    let apart: HashMap<&str, &Node> =
        head.table("files")?.iter().map(|(name, files)| (name.as_str(), files)).collect();
    let bare: HashMap<&str, &Node> =
        head.table("hashes")?.iter().map(|(name, all)| (name.as_str(), all)).collect();
    for package in lock.list("package")? {
        let name = package.text("name").unwrap_or_default();
        let own = package.list("files")?;
        let files = match apart.get(name) {
            Some(Node::List(files)) if own.is_empty() => files,
            _ => own,
        };
        let mut checksums = hashes(files, found);
        if let Some(Node::List(all)) = bare.get(name) {
            let all = all.iter().filter_map(Node::as_text);
            checksums.extend(
                found.checksums(all.map(|hash| checksum::hex("sha256", hash)).collect::<Vec<_>>()),
            );
        }
        let origin = match package.get("source") {
            None => Origin::Unstated,
            Some(source) => {
                let url = source.text("url").unwrap_or_default();
                match source.text("type") {
                    Some("git") => Origin::repository(
                        url,
                        source.text("resolved_reference").or_else(|| source.text("reference")),
                    ),
                    Some("directory" | "file") => found.local(url),
                    _ => Origin::stated(source.text("url")),
                }
            }
        };
        found.add(name, package.text("version"), origin, checksums);
    }
    Ok(())
}

pub(super) fn uv(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::toml(text)?;
    found.form("uv.lock", lock.text("version"), &["1"]);
    let null = Node::Null;
    for package in lock.list("package")?.iter().chain(lock.list("distribution")?) {
        let files = package.get("sdist").into_iter().chain(package.list("wheels")?);
        let checksums = hashes(files, found);
        let source = package.get("source").unwrap_or(&null);
        let local =
            ["virtual", "editable", "directory", "path"].iter().find_map(|key| source.text(key));
        let origin = if let Some(path) = local {
            found.local(path)
        } else if let Some(url) = source.text("git") {
            Origin::repository(url, None)
        } else {
            let stated = source.text("registry").or_else(|| source.text("url"));
            match stated {
                // A registry may be a folder.
                Some(path) if !path.contains("://") => found.local(path),
                stated => Origin::stated(stated),
            }
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

pub(super) fn pdm(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::toml(text)?;
    let null = Node::Null;
    let head = lock.get("metadata").unwrap_or(&null);
    found.form("pdm.lock", head.text("lock_version"), &["3", "4"]);
    let apart: HashMap<&str, &Node> =
        head.table("files")?.iter().map(|(name, files)| (name.as_str(), files)).collect();
    for package in lock.list("package")? {
        let (name, version) = (package.text("name").unwrap_or_default(), package.text("version"));
        let own = package.list("files")?;
        let key = format!("{name} {}", version.unwrap_or_default());
        let files = match apart.get(key.as_str()) {
            Some(Node::List(files)) if own.is_empty() => files,
            _ => own,
        };
        let checksums = hashes(files, found);
        let origin = if let Some(url) = package.text("git") {
            Origin::repository(url, package.text("revision").or_else(|| package.text("ref")))
        } else if let Some(path) = package.text("path") {
            found.local(path)
        } else {
            Origin::stated(package.text("url"))
        };
        found.add(name, version, origin, checksums);
    }
    Ok(())
}

pub(super) fn pipfile(text: &str, found: &mut Found) -> Result<(), Bad> {
    let Node::Map(groups) = Node::json(text)? else { return Err(Bad::Shape("the file")) };
    let null = Node::Null;
    let head = groups.iter().find(|(key, _)| key == "_meta").map_or(&null, |(_, head)| head);
    found.form("Pipfile.lock", head.text("pipfile-spec"), &["5", "6"]);
    let mut indexes = HashMap::new();
    for index in head.list("sources")? {
        indexes.extend(index.text("name").zip(index.text("url")));
    }
    for (_, group) in groups.iter().filter(|(key, _)| key != "_meta") {
        let Node::Map(packages) = group else {
            found.trouble("a group of packages isn't what it should be");
            continue;
        };
        for (name, package) in packages {
            let all = package.list("hashes")?.iter().filter_map(Node::as_text);
            let checksums = found.checksums(all.map(checksum::pair).collect::<Vec<_>>());
            let version = package.text("version").map(|version| version.trim_start_matches('='));
            let origin = if let Some(url) = package.text("git") {
                Origin::repository(url, package.text("ref"))
            } else if let Some(path) = package.text("path") {
                found.local(path)
            } else if let Some(file) = package.text("file") {
                if file.contains("://") { Origin::From(file.to_owned()) } else { found.local(file) }
            } else {
                Origin::stated(
                    package.text("index").map(|index| *indexes.get(index).unwrap_or(&index)),
                )
            };
            found.add(name, version, origin, checksums);
        }
    }
    Ok(())
}

pub(super) fn pylock(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::toml(text)?;
    found.form("pylock.toml", lock.text("lock-version"), &["1"]);
    for package in lock.list("packages")? {
        let archive = package.get("archive");
        let files = archive.into_iter().chain(package.get("sdist")).chain(package.list("wheels")?);
        let mut all = Vec::new();
        for file in files {
            for (algorithm, value) in file.table("hashes")? {
                all.push(value.as_text().and_then(|value| checksum::hex(algorithm, value)));
            }
        }
        let checksums = found.checksums(all);
        let place = |node: &Node, found: &Found| match (node.text("url"), node.text("path")) {
            (Some(url), _) => Origin::From(url.to_owned()),
            (None, Some(path)) => found.local(path),
            (None, None) => Origin::Unstated,
        };
        let origin = if let Some(vcs) = package.get("vcs") {
            match vcs.text("url") {
                Some(url) => Origin::repository(url, vcs.text("commit-id")),
                None => place(vcs, found),
            }
        } else if let Some(node) = package.get("directory").or(archive) {
            place(node, found)
        } else {
            Origin::stated(package.text("index"))
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
