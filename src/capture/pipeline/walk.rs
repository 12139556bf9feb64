//! From each definition to those that it names below the root, and of which the running pipeline is made.
//!
//! What is reached is the same whatever platform runs: only what counts as running depends on it. No link is
//! followed, nothing outside of the root is looked at, and no text of a definition becomes a path unchecked.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::Path;

use super::find::{self, Family};
use super::look::Look;
use super::pins::{inside, is_address, local_path, own_component, own_file, pin};
use super::references::Found;
use super::wildcard::{self, Listing};
use crate::format::evidence::Pin;

/// Deepest chain of definitions.
const DEPTH_MAX: usize = 64;

/// All definitions by path.
pub(super) type Looks = BTreeMap<Vec<u8>, Look>;

/// Where a walk goes, and how far.
pub(super) struct Walk<'a> {
    pub(super) root: &'a Path,
    /// Most definitions.
    pub(super) files_max: usize,
    pub(super) read: &'a dyn Fn(&[u8], Family) -> Look,
}

/// What was met.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// The definitions that the running pipeline is made of.
    pub(super) running: BTreeSet<Vec<u8>>,
    /// How many references of those lead into other repositories.
    pub(super) elsewhere: usize,
    /// How many references of those name something below the root, and nothing is there.
    pub(super) dangling: usize,
    /// Whether an end was met: too many, too deep, too much to list.
    pub(super) is_cut: bool,
}

/// What a reference of a definition means.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// The first of these that is there.
    Path(Vec<String>),
    /// All that match.
    Wildcard(String),
    Elsewhere,
    /// It leads to no definition, or can't be told.
    Nothing,
}

impl Walk<'_> {
    /// Adds to `looks` what is reached, and says what of all of it is running, which begins at `start`.
    pub(super) fn walk(&self, looks: &mut Looks, start: Option<&[u8]>) -> Walked {
        let mut walked = Walked::default();
        let mut listing = Listing::new(self.root);
        let mut edges: BTreeMap<Vec<u8>, Edges> = BTreeMap::new();
        let mut queue: VecDeque<(Vec<u8>, usize)> =
            looks.keys().map(|path| (path.clone(), 0)).collect();
        while let Some((path, depth)) = queue.pop_front() {
            let Some(look) = looks.get(&path) else { continue };
            let family = look.family;
            let mut from = Edges::default();
            let mut targets = Vec::new();
            for reference in distinct(&look.references) {
                match target(reference, family) {
                    Target::Nothing => {}
                    Target::Elsewhere => from.elsewhere.push(reference.text.clone()),
                    Target::Path(candidates) => {
                        let found = candidates.into_iter().find(|path| self.is_there(path, looks));
                        match found {
                            Some(path) => targets.push(path),
                            None => from.dangling.push(reference.text.clone()),
                        }
                    }
                    Target::Wildcard(pattern) => {
                        let found = listing.matching(&pattern);
                        if found.is_empty() {
                            from.dangling.push(reference.text.clone());
                        }
                        targets.extend(found);
                    }
                }
            }
            for target in targets {
                let target = target.into_bytes();
                if !looks.contains_key(&target) {
                    if looks.len() >= self.files_max || depth >= DEPTH_MAX {
                        walked.is_cut = true;
                        continue;
                    }
                    looks.insert(target.clone(), (self.read)(&target, family));
                    queue.push_back((target.clone(), depth + 1));
                }
                from.to.push(target);
            }
            edges.insert(path, from);
        }
        walked.is_cut |= listing.is_cut();
        if let Some(start) = start.filter(|start| looks.contains_key(*start)) {
            run(start, &edges, &mut walked);
        }
        walked
    }

    fn is_there(&self, path: &str, looks: &Looks) -> bool {
        looks.contains_key(path.as_bytes())
            || (find::is_plain(path) && find::is_file_at(self.root, path))
    }
}

/// Where the references of a definition lead.
#[derive(Default)]
struct Edges {
    to: Vec<Vec<u8>>,
    elsewhere: Vec<String>,
    dangling: Vec<String>,
}

fn run(start: &[u8], edges: &BTreeMap<Vec<u8>, Edges>, walked: &mut Walked) {
    let (mut elsewhere, mut dangling) = (BTreeSet::new(), BTreeSet::new());
    let mut stack = vec![start];
    while let Some(path) = stack.pop() {
        if !walked.running.insert(path.to_owned()) {
            continue;
        }
        if let Some(from) = edges.get(path) {
            elsewhere.extend(&from.elsewhere);
            dangling.extend(&from.dangling);
            stack.extend(from.to.iter().map(Vec::as_slice));
        }
    }
    (walked.elsewhere, walked.dangling) = (elsewhere.len(), dangling.len());
}

/// Each once: a matrix of jobs names the same action many times.
fn distinct(references: &[Found]) -> impl Iterator<Item = &Found> {
    let mut seen = HashSet::new();
    references.iter().filter(move |one| seen.insert((one.kind, one.text.as_str())))
}

fn target(reference: &Found, family: Family) -> Target {
    let text = reference.text.trim();
    match (reference.kind, family) {
        ("uses", Family::GitHub) => uses(text, family),
        ("include", Family::GitLab) => include(text, family),
        _ => Target::Nothing,
    }
}

fn uses(text: &str, family: Family) -> Target {
    if let Some(path) = local_path(text) {
        return match (pin("uses", text, family), inside(path)) {
            (Pin::SameCommit, Some(path)) => Target::Path(action_at(&path)),
            _ => Target::Nothing,
        };
    }
    // What isn't of the form of another repository's isn't run.
    let names_one = text.contains('/') && text.contains('@') && !text.starts_with("docker://");
    if names_one { Target::Elsewhere } else { Target::Nothing }
}

/// Where the action or the workflow of a path would be.
fn action_at(path: &str) -> Vec<String> {
    let mut candidates = Vec::new();
    let is_yaml = [".yml", ".yaml"].iter().any(|end| path.ends_with(end));
    if is_yaml {
        candidates.push(path.to_owned());
    }
    let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
    candidates.extend(["action.yml", "action.yaml"].map(|name| format!("{folder}{name}")));
    candidates
}

fn include(text: &str, family: Family) -> Target {
    if let Some(name) = own_component(text) {
        return Target::Path(vec![
            format!("templates/{name}.yml"),
            format!("templates/{name}/template.yml"),
        ]);
    }
    if let Some(file) = own_file(text) {
        return local(file);
    }
    match text.split_once(':') {
        Some(("template" | "artifact", _)) => Target::Nothing,
        Some(("remote" | "project" | "component" | "trigger", _)) => Target::Elsewhere,
        _ if is_address(text) => Target::Elsewhere,
        _ if pin("include", text, family) != Pin::SameCommit => Target::Nothing,
        Some(("local", path)) => local(path),
        _ => local(text),
    }
}

/// A path of GitLab's is always one from the repository's top.
fn local(path: &str) -> Target {
    match inside(path) {
        Some(path) if wildcard::is_pattern(&path) => Target::Wildcard(path),
        Some(path) => Target::Path(vec![path]),
        None => Target::Nothing,
    }
}
