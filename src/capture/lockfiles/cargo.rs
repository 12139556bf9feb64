//! `Cargo.lock`, versions 1 to 4.

use std::collections::HashMap;

use super::checksum;
use super::found::{Bad, Found, Origin};
use super::node::Node;

/// The first versions have no number.
pub(super) fn parse(text: &str, found: &mut Found) -> Result<(), Bad> {
    let lock = Node::toml(text)?;
    // Version 1: `"checksum NAME VERSION (SOURCE)" = "<hex>"`.
    let apart: HashMap<&str, &str> = lock
        .table("metadata")?
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("checksum ")?, value.as_text()?)))
        .collect();
    match lock.text("version") {
        None => {
            let first = if apart.is_empty() { "version 2 or before" } else { "version 1" };
            found.form = format!("Cargo.lock {first}");
        }
        version => found.form("Cargo.lock", version, &["3", "4"]),
    }
    for package in lock.get("root").into_iter().chain(lock.list("package")?) {
        let Some(name) = package.text("name") else {
            found.unfit();
            continue;
        };
        let version = package.text("version");
        let source = package.text("source");
        let checksum = package.text("checksum").or_else(|| {
            let key = format!("{name} {} ({})", version.unwrap_or_default(), source?);
            apart.get(key.as_str()).copied().filter(|value| *value != "<none>")
        });
        let checksums = match checksum {
            Some(value) => found.checksum(checksum::hex("sha256", value)),
            None => Vec::new(),
        };
        let origin = source.map_or(Origin::Project, |source| Origin::From(source.to_owned()));
        found.add(name, version, origin, checksums);
    }
    Ok(())
}
