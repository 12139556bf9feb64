//! Go: `go.sum` and `go.work.sum`, with the `go.mod` that stands beside the first.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::checksum;
use super::found::{Bad, Found, Origin};

/// A line is of a module's files, or of its `go.mod` alone: then nothing of it is built.
///
/// Of what `module_file` requires, only that is added which no line speaks of, so that no module
/// counts as unchecked that is merely not needed.
pub(super) fn parse(
    text: &str,
    file: &str,
    module_file: Option<&str>,
    found: &mut Found,
) -> Result<(), Bad> {
    found.form = file.to_owned();
    let mut modules: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut spoken_of = HashSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (name, version, hash) = match *words {
            [] => continue,
            [name, version, hash] => (name, version, hash),
            _ => return Err(Bad::Syntax { language: "go.sum", line: number }),
        };
        match version.strip_suffix("/go.mod") {
            Some(version) => {
                spoken_of.insert((name, version));
            }
            None => {
                let checksums = found.checksum(checksum::go(hash));
                modules.entry((name, version)).or_default().extend(checksums);
            }
        }
    }
    let required = module_file.map(module).unwrap_or_default();
    for ((name, version), origin) in &required.list {
        let key = (*name, *version);
        if let Origin::From(folder) = origin {
            let place = found.local(folder);
            found.add(name, Some(*version), place, Vec::new());
            continue;
        }
        let is_known = modules.contains_key(&key) || spoken_of.contains(&key);
        if !is_known && !required.replaced.contains(name) {
            found.add(name, Some(*version), Origin::Unstated, Vec::new());
        }
    }
    for ((name, version), checksums) in modules {
        found.add(name, Some(version), Origin::Unstated, checksums);
    }
    Ok(())
}

/// What a `go.mod` asks for.
#[derive(Default)]
pub(super) struct Module<'a> {
    /// By module and version; [`Origin::From`] a folder where it is replaced by one.
    pub(super) list: BTreeMap<(&'a str, &'a str), Origin>,
    /// Modules in whose place others stand.
    replaced: HashSet<&'a str>,
}

/// Reads the lines of `require` and `replace`.
pub(super) fn module(text: &str) -> Module<'_> {
    let mut block = "";
    let mut required = Vec::new();
    let mut folders = HashMap::new();
    let mut module = Module::default();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let (verb, rest) = match line.split_once([' ', '\t']) {
            _ if !block.is_empty() => (block, line),
            Some((verb, rest)) => (verb, rest.trim()),
            None => continue,
        };
        if line == ")" {
            block = "";
            continue;
        }
        if rest == "(" {
            block = verb;
            continue;
        }
        let words: Vec<&str> =
            rest.split_ascii_whitespace().map(|word| word.trim_matches('"')).collect();
        match (verb, words.as_slice()) {
            ("require", [name, version, ..]) => required.push((*name, *version)),
            ("replace", [name, .., "=>", folder]) => {
                folders.insert(*name, *folder);
            }
            ("replace", [name, .., "=>", _, _]) => {
                module.replaced.insert(name);
            }
            _ => {}
        }
    }
    for (name, version) in required {
        let folder = folders.get(name).map(|folder| Origin::From((*folder).to_owned()));
        module.list.insert((name, version), folder.unwrap_or(Origin::Unstated));
    }
    module
}
