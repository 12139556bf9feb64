//! Manifests that ask for something and have no lockfile. Where it isn't sure, nothing is said.

use std::collections::HashSet;

use super::find::{Manifest, split};
use super::found::Origin;
use super::go;
use super::node::Node;

/// Where lockfiles stand, by ecosystem.
#[derive(Default)]
pub(super) struct Covered<'a>(HashSet<(&'static str, &'a [u8])>);

impl<'a> Covered<'a> {
    /// Takes the path of a lockfile.
    pub(super) fn add(&mut self, ecosystem: &'static str, path: &'a [u8]) {
        let (mut folder, _) = split(path);
        // Gradle's lie in folders of their own; so do the parts of a list of requirements.
        for own in [&b"dependency-locks"[..], b"gradle", b"requirements"] {
            if split(folder).1 == own {
                folder = split(folder).0;
            }
        }
        self.0.insert((ecosystem, folder));
    }

    /// Whether a lockfile stands in the file's folder or above.
    pub(super) fn covers(&self, ecosystem: &'static str, path: &[u8]) -> bool {
        let mut folder = split(path).0;
        loop {
            if self.0.contains(&(ecosystem, folder)) {
                return true;
            }
            if folder.is_empty() {
                return false;
            }
            folder = split(folder).0;
        }
    }
}

/// Whether a manifest asks for anything from elsewhere; not if it can't be read.
pub(super) fn asks(manifest: Manifest, text: &str) -> bool {
    match manifest {
        Manifest::Cargo => Node::toml(text).is_ok_and(|node| cargo(&node)),
        Manifest::Npm => Node::json(text).is_ok_and(|node| {
            let groups = ["dependencies", "devDependencies", "optionalDependencies"];
            groups.iter().any(|group| {
                node.table(group).unwrap_or_default().iter().any(|(_, range)| {
                    let own = ["file:", "link:", "workspace:", "portal:"];
                    range
                        .as_text()
                        .is_some_and(|range| !own.iter().any(|own| range.starts_with(own)))
                })
            })
        }),
        Manifest::PyProject => Node::toml(text).is_ok_and(|node| python(&node)),
        Manifest::Pipfile => Node::toml(text).is_ok_and(|node| {
            ["packages", "dev-packages"]
                .iter()
                .any(|key| !node.table(key).unwrap_or_default().is_empty())
        }),
        Manifest::Go => go::module(text).list.values().any(|origin| *origin == Origin::Unstated),
        Manifest::Gradle => text.contains("dependencies") && has_coordinates(text),
        Manifest::Maven => text.contains("<dependency>"),
        Manifest::Bundler => text.lines().any(|line| {
            let call = line.trim_start().strip_prefix("gem");
            call.is_some_and(|rest| rest.trim_start_matches([' ', '(']).starts_with(['"', '\'']))
        }),
        Manifest::Composer => Node::json(text).is_ok_and(|node| {
            // `php` and `ext-json` are of the platform.
            let asked = ["require", "require-dev"].into_iter();
            asked
                .flat_map(|key| node.table(key).unwrap_or_default())
                .any(|(name, _)| name.contains('/'))
        }),
    }
}

fn cargo(node: &Node) -> bool {
    let groups = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = node.table("target").unwrap_or_default().iter().map(|(_, target)| target);
    let mut places = std::iter::once(node).chain(targets);
    places.any(|place| {
        groups.iter().any(|group| {
            place
                .table(group)
                .unwrap_or_default()
                .iter()
                .any(|(_, asked)| asked.get("path").is_none())
        })
    })
}

fn python(node: &Node) -> bool {
    let project = node.get("project").and_then(|project| project.list("dependencies").ok());
    let poetry = node.get("tool").and_then(|tool| tool.get("poetry"));
    let poetry = poetry.and_then(|poetry| poetry.table("dependencies").ok()).unwrap_or_default();
    project.is_some_and(|list| !list.is_empty())
        || poetry.iter().any(|(name, asked)| name != "python" && asked.get("path").is_none())
}

/// A literal such as `'group:name:version'`.
fn has_coordinates(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '+');
    text.split(['"', '\'']).any(|part| {
        part.matches(':').count() == 2
            && part.split(':').all(|p| !p.is_empty())
            && part.chars().all(plain)
    })
}
