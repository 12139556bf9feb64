//! What a definition names from elsewhere: actions, images, other definitions.
//!
//! Each is found wherever it stands, without a schema of the platform's: what isn't understood today may be
//! run tomorrow. An alias is followed to what it names, so that none can hide a reference.

use std::collections::HashSet;
use std::rc::Rc;

use super::find::Family;
use super::pins::INTEGRITY;
use crate::capture::markup::Bad;
use crate::capture::markup::lines::Lines;
use crate::capture::markup::node::{Node, has_twice};
use crate::capture::markup::yaml;

/// Longest reference, in bytes: what is cut could pass for another.
const LONGEST: usize = 2048;
/// Most values that are looked at once more because an alias stands for them.
const STEPS_MAX: usize = 200_000;

/// What a reference by an `include` that is a table begins with, and one by a `trigger` or a `needs`.
pub(super) const PREFIXES: &[&str] =
    &["artifact", "component", "local", "needs", "project", "remote", "template", "trigger"];
/// Those that are a text of their own.
const SIMPLE: &[&str] = &["artifact", "component", "local", "template"];

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// Counted from 1.
    pub(super) line: Option<u64>,
}

/// What is parsed of a definition.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The documents of a definition, or why it has none.
pub(super) fn documents(bytes: &[u8], family: Family) -> Result<Vec<Node>, String> {
    let text = text(bytes).ok_or("isn't UTF-8")?;
    // Parsers end at it, or don't: what stands behind it would be read by one and not by the other.
    if text.contains('\0') {
        return Err("has a NUL byte".to_owned());
    }
    let read = match family {
        Family::GitHub => yaml::styled(text),
        Family::GitLab => yaml::shared(text),
    };
    read.map_err(|bad| bad.to_string())
}

/// The references of one file, and why they may not be all.
pub(super) fn of(
    documents: &[Node],
    family: Family,
    lines: &Lines<'_>,
) -> (Vec<Found>, Option<String>) {
    let mut look = Look {
        family,
        lines,
        found: Vec::new(),
        walked: HashSet::new(),
        steps: 0,
        twice: false,
        too_long: false,
    };
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

struct Look<'l> {
    family: Family,
    lines: &'l Lines<'l>,
    found: Vec<Found>,
    /// What aliases stand for, and was walked.
    walked: HashSet<*const Node>,
    steps: usize,
    twice: bool,
    too_long: bool,
}

impl Look<'_> {
    /// Looks at every value once. The parser has capped the depth.
    fn walk(&mut self, node: &Node) {
        match node {
            Node::Null | Node::Text(_) | Node::Bare(_) => {}
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
                        // Code from any repository, as a step of a job's `run`.
                        ("step", Family::GitLab) => self.step_of(value),
                        // Files of another project's job.
                        ("needs", Family::GitLab) => self.needs(value),
                        ("include", Family::GitLab) => self.include(value),
                        ("trigger", Family::GitLab) => self.trigger(value),
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

    /// `at` is the value that names it.
    fn add(&mut self, kind: &'static str, text: String, at: &Node) {
        if text.len() > LONGEST {
            self.too_long = true;
        } else if !text.is_empty() {
            let line = self.lines.line(at);
            self.found.push(Found { kind, text, line });
        }
    }

    fn text(&mut self, kind: &'static str, node: &Node) {
        if let Some(text) = self.written(node) {
            self.add(kind, text, node);
        }
    }

    /// A text; in GitLab's files also the path of one that stands elsewhere (`!reference [.base, image]`).
    fn written(&mut self, node: &Node) -> Option<String> {
        match node.plain() {
            Node::Text(text) | Node::Bare(text) => Some(text.clone()),
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

    /// A list of images; in GitHub's files a table by name, of images or of tables whose images are found as
    /// all others are.
    fn services(&mut self, node: &Node) {
        if let (Family::GitHub, Node::Map(entries)) = (self.family, node.plain()) {
            for (_, service) in entries {
                if matches!(service.plain(), Node::Text(_) | Node::Bare(_)) {
                    self.text("image", service);
                }
            }
        }
        if let Node::List(items) = node.plain() {
            for item in items {
                if !self.step() {
                    return;
                }
                self.image(item);
            }
        }
    }

    fn step_of(&mut self, node: &Node) {
        match self.get(node, "git") {
            None => self.text("uses", node),
            Some(git) => {
                let url = self.get(git, "url").and_then(|node| self.written(node));
                let at = self.get(git, "rev").and_then(|node| self.written(node));
                let at = at.map(|at| format!("@{at}")).unwrap_or_default();
                self.add("uses", format!("{}{at}", url.unwrap_or_default()), node);
            }
        }
    }

    fn needs(&mut self, node: &Node) {
        let Node::List(items) = node.plain() else { return };
        for item in items {
            if !self.step() {
                return;
            }
            let Some(project) = self.get(item, "project").and_then(|node| self.written(node))
            else {
                continue;
            };
            let at = self.get(item, "ref").and_then(|node| self.written(node));
            let at = at.map(|at| format!("@{at}")).unwrap_or_default();
            self.add("include", format!("needs:{project}{at}"), item);
        }
    }

    fn include(&mut self, node: &Node) {
        if !self.step() {
            return;
        }
        match node.plain() {
            Node::Text(text) | Node::Bare(text) => self.add("include", text.clone(), node),
            Node::List(items) => items.iter().for_each(|item| self.include(item)),
            map @ Node::Map(_) => {
                for prefix in SIMPLE {
                    let Some(value) = self.get(map, prefix) else { continue };
                    if let Some(text) = self.written(value) {
                        self.add("include", format!("{prefix}:{text}"), value);
                    }
                }
                if let Some(address) = self.get(map, "remote").and_then(|node| self.written(node)) {
                    self.remote(map, &address);
                }
                if let Some(project) = self.get(map, "project").and_then(|node| self.written(node))
                {
                    self.files_of(map, &project);
                }
            }
            Node::Null | Node::Shared(_) => {}
        }
    }

    /// A digest counts as one where it stands at its own key: an address with a blank in it could pass for
    /// an address and a digest.
    fn remote(&mut self, map: &Node, address: &str) {
        let address = address.replace(' ', "%20");
        let digest = self.get(map, "integrity").and_then(|node| self.written(node));
        let digest = digest.map(|digest| format!("{INTEGRITY}{digest}")).unwrap_or_default();
        self.add("include", format!("remote:{address}{digest}"), map);
    }

    /// The pipeline of another project; what a `trigger` includes is found as all others are.
    fn trigger(&mut self, node: &Node) {
        if let Some(project) = self.written(node) {
            self.add("include", format!("trigger:{project}"), node);
        } else if let Some(project) =
            self.get(node, "project").and_then(|project| self.written(project))
        {
            let branch = self.get(node, "branch").and_then(|branch| self.written(branch));
            let branch = branch.map(|branch| format!("@{branch}")).unwrap_or_default();
            self.add("include", format!("trigger:{project}{branch}"), node);
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
                    if let Some(name) = file.plain().as_text() {
                        self.add("include", format!("project:{project}{at}:{name}"), file);
                    }
                }
            }
            Some(Node::Text(file) | Node::Bare(file)) => {
                self.add("include", format!("project:{project}{at}:{file}"), map);
            }
            _ => self.add("include", format!("project:{project}{at}"), map),
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
