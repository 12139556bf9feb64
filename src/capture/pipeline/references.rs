//! What a definition names from elsewhere: actions, images, other definitions.
//!
//! Each is found wherever it stands, without a schema of the platform's: what isn't understood today may be
//! run tomorrow. An alias is followed to what it names, so that none can hide a reference.

use std::collections::HashSet;
use std::rc::Rc;

use super::find::Family;
use crate::capture::markup::Bad;
use crate::capture::markup::node::{Node, has_twice};
use crate::capture::markup::yaml;

/// Longest reference, in bytes: what is cut could pass for another.
const LONGEST: usize = 2048;
/// Most values that are looked at once more because an alias stands for them.
const STEPS_MAX: usize = 200_000;

/// What a reference by an `include` that is a table begins with.
pub(super) const PREFIXES: &[&str] =
    &["artifact", "component", "local", "project", "remote", "template"];

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The references of one file, and why they may not be all.
pub(super) fn of(bytes: &[u8], family: Family) -> (Vec<Found>, Option<String>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return (Vec::new(), Some("isn't UTF-8".to_owned()));
    };
    // Parsers end at it, or don't: what stands behind it would be read by one and not by the other.
    if text.contains('\0') {
        return (Vec::new(), Some("has a NUL byte".to_owned()));
    }
    match yaml::shared(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(documents) => {
            let mut look = Look { family, ..Look::default() };
            documents.iter().for_each(|document| look.walk(document));
            let trouble = [
                (look.twice, Bad::Twice.to_string()),
                (look.too_long, "names something that is too long".to_owned()),
                (look.steps > STEPS_MAX, Bad::TooMuch.to_string()),
            ];
            let trouble: Vec<_> =
                trouble.into_iter().filter(|(there, _)| *there).map(|(_, what)| what).collect();
            (look.found, (!trouble.is_empty()).then(|| trouble.join("; ")))
        }
        Err(bad) => (Vec::new(), Some(bad.to_string())),
    }
}

struct Look {
    family: Family,
    found: Vec<Found>,
    /// What aliases stand for, and was walked.
    walked: HashSet<*const Node>,
    steps: usize,
    twice: bool,
    too_long: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            family: Family::GitHub,
            found: Vec::new(),
            walked: HashSet::new(),
            steps: 0,
            twice: false,
            too_long: false,
        }
    }
}

impl Look {
    /// Looks at every value once. The parser has capped the depth.
    fn walk(&mut self, node: &Node) {
        match node {
            Node::Null | Node::Text(_) => {}
            Node::List(items) => items.iter().for_each(|item| self.walk(item)),
            Node::Shared(shared) => {
                if self.walked.insert(Rc::as_ptr(shared)) {
                    self.walk(shared);
                }
            }
            Node::Map(entries) => {
                // Of two equal keys the platform takes one: both are recorded, and said to be two.
                self.twice |= has_twice(entries);
                for (key, value) in entries {
                    match (key.as_str(), self.family) {
                        ("uses", _) => self.text("uses", value),
                        ("image", _) => self.image(value),
                        ("container", Family::GitHub) => self.text("image", value),
                        ("services", _) => self.services(value),
                        // In a matrix of GitHub's it names nothing.
                        ("include", Family::GitLab) => self.include(value),
                        _ => {}
                    }
                    self.walk(value);
                }
            }
        }
    }

    /// Whether one more value may be looked at.
    fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps <= STEPS_MAX
    }

    fn add(&mut self, kind: &'static str, text: String) {
        if text.len() > LONGEST {
            self.too_long = true;
        } else if !text.is_empty() {
            self.found.push(Found { kind, text });
        }
    }

    fn text(&mut self, kind: &'static str, node: &Node) {
        if let Some(text) = self.written(node) {
            self.add(kind, text);
        }
    }

    /// A text; in GitLab's files also the path of one that stands elsewhere (`!reference [.base, image]`).
    fn written(&mut self, node: &Node) -> Option<String> {
        match node.plain() {
            Node::Text(text) => Some(text.clone()),
            Node::List(parts) if self.family == Family::GitLab && parts.len() <= 10 => {
                let parts: Option<Vec<_>> =
                    parts.iter().map(|part| part.plain().as_text()).collect();
                let parts = parts.filter(|parts| self.step() && !parts.is_empty())?;
                Some(format!("!reference [{}]", parts.join(", ")))
            }
            _ => None,
        }
    }

    fn image(&mut self, node: &Node) {
        match self.get(node, "name") {
            Some(name) => self.text("image", name),
            None => self.text("image", node),
        }
    }

    /// A list of images; in GitHub's files a table, whose images are found as all others are.
    fn services(&mut self, node: &Node) {
        if let Node::List(items) = node.plain() {
            for item in items {
                if !self.step() {
                    return;
                }
                self.image(item);
            }
        }
    }

    fn include(&mut self, node: &Node) {
        if !self.step() {
            return;
        }
        match node.plain() {
            Node::Text(text) => self.add("include", text.clone()),
            Node::List(items) => items.iter().for_each(|item| self.include(item)),
            map @ Node::Map(_) => {
                for prefix in PREFIXES.iter().filter(|prefix| **prefix != "project") {
                    if let Some(text) = self.get(map, prefix).and_then(|node| self.written(node)) {
                        self.add("include", format!("{prefix}:{text}"));
                    }
                }
                if let Some(project) = self.get(map, "project").and_then(|node| self.written(node))
                {
                    self.files_of(map, &project);
                }
            }
            Node::Null | Node::Shared(_) => {}
        }
    }

    fn files_of(&mut self, map: &Node, project: &str) {
        let at = self.get(map, "ref").and_then(|node| self.written(node));
        let at = at.map(|at| format!("@{at}")).unwrap_or_default();
        match self.get(map, "file").map(Node::plain) {
            Some(Node::List(files)) => {
                for file in files {
                    if !self.step() {
                        return;
                    }
                    if let Some(file) = file.plain().as_text() {
                        self.add("include", format!("project:{project}{at}:{file}"));
                    }
                }
            }
            Some(Node::Text(file)) => {
                self.add("include", format!("project:{project}{at}:{file}"));
            }
            _ => self.add("include", format!("project:{project}{at}")),
        }
    }

    /// What a table has at `key`, also by the tables that are merged into it (`<<: *base`).
    fn get<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Node> {
        if !self.step() {
            return None;
        }
        match node.plain() {
            Node::Map(entries) => {
                if let Some((_, value)) = entries.iter().find(|(name, _)| name == key) {
                    return Some(value);
                }
                let merged = entries.iter().filter(|(name, _)| name == "<<");
                for (_, merged) in merged {
                    let found = match merged.plain() {
                        Node::List(tables) => tables.iter().find_map(|one| self.get(one, key)),
                        one => self.get(one, key),
                    };
                    if found.is_some() {
                        return found;
                    }
                }
                None
            }
            _ => None,
        }
    }
}
