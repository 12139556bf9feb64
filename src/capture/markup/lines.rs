//! On which line of a YAML file each value stands.
//!
//! The tree knows nothing of lines, so that what reads it can't come to depend on them. Here the file is parsed
//! once more, and each event counted off against the values of the tree; where the two don't agree to the last
//! value, no line is known.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser};

use super::node::Node;

/// Longest path of a value that is looked for, in bytes.
const PLACE_MAX: usize = 4096;
/// Most keys that are looked at for all paths together.
const STEPS_MAX: usize = 2_000_000;

/// Lines by value. Good only beside the very tree that they were made for, which they borrow.
#[derive(Debug, Default)]
pub(in crate::capture) struct Lines<'n> {
    documents: &'n [Node],
    /// By the address of the value; of a table's list or table the line of its key.
    lines: HashMap<*const Node, u64>,
    steps: usize,
}

impl<'n> Lines<'n> {
    /// Those of `documents`, which `text` was read to.
    pub(in crate::capture) fn of(text: &str, documents: &'n [Node]) -> Self {
        // Editors don't agree on what a carriage return alone begins.
        let is_plain = !text.replace("\r\n", "\n").contains('\r');
        let count = || {
            let mut count = Count { events: starts(text), ..Count::default() };
            documents.iter().try_for_each(|document| count.value(document, None))?;
            count.events.is_empty().then_some(count.lines)
        };
        let lines = if is_plain { count() } else { None };
        Self { documents, lines: lines.unwrap_or_default(), steps: 0 }
    }

    /// The line of a value; of one that an alias stands for, the line of the alias.
    pub(in crate::capture) fn line(&self, node: &Node) -> Option<u64> {
        self.lines.get(&std::ptr::from_ref(node)).copied()
    }

    /// The line of what stands at a path such as `jobs.build.steps[2]`, where exactly one value does. The last
    /// part may also be a text that stands there, by itself or in a list (`on: [push]` at `on.push`).
    pub(in crate::capture) fn at(&mut self, place: &str) -> Option<u64> {
        if place.is_empty() || place.len() > PLACE_MAX {
            return None;
        }
        let mut found = HashSet::new();
        for document in self.documents {
            self.walk(document, place, &mut found);
        }
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(line), None) if self.steps < STEPS_MAX => Some(line),
            _ => None,
        }
    }

    /// A key may have a dot in it: whatever the path can mean is followed.
    fn walk(&mut self, node: &Node, rest: &str, found: &mut HashSet<u64>) {
        match node.plain() {
            Node::Map(entries) => {
                for (key, value) in entries {
                    self.steps = self.steps.saturating_add(1);
                    if self.steps >= STEPS_MAX {
                        return;
                    }
                    match rest.strip_prefix(key.as_str()) {
                        Some("") => found.extend(self.line(value)),
                        Some(rest) if !key.is_empty() && rest.starts_with('[') => {
                            self.item(value, rest, found);
                        }
                        Some(rest) if !key.is_empty() => {
                            if let Some(rest) = rest.strip_prefix('.') {
                                self.walk(value, rest, found);
                            }
                        }
                        _ => {}
                    }
                }
            }
            Node::List(items) => {
                let is_it = |item: &&Node| item.plain().as_text() == Some(rest);
                found.extend(items.iter().filter(is_it).filter_map(|item| self.line(item)));
            }
            Node::Text(text) | Node::Bare(text) if text == rest => found.extend(self.line(node)),
            _ => {}
        }
    }

    fn item(&mut self, node: &Node, rest: &str, found: &mut HashSet<u64>) {
        let Some((index, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        else {
            return;
        };
        let item = match (node.plain(), index.parse::<usize>()) {
            (Node::List(items), Ok(index)) => items.get(index),
            // The only one of what may be a list.
            (_, Ok(0)) => Some(node),
            _ => None,
        };
        match item {
            Some(item) if rest.is_empty() => found.extend(self.line(item)),
            Some(item) if rest.starts_with('[') => self.item(item, rest, found),
            Some(item) => {
                if let Some(rest) = rest.strip_prefix('.') {
                    self.walk(item, rest, found);
                }
            }
            None => {}
        }
    }
}

/// The line of each value and key, in the order of the file; the last one first.
fn starts(text: &str) -> Vec<u64> {
    let is_value = |event: &Event<'_>| {
        use Event::{Alias, MappingStart, Scalar, SequenceStart};
        matches!(event, Alias(_) | MappingStart(..) | Scalar(..) | SequenceStart(..))
    };
    // An error ends it: there is no tree then.
    let events = Parser::new_from_str(text).map_while(Result::ok);
    let events = events.filter(|(event, _)| is_value(event));
    let mut lines: Vec<_> = events.map(|(_, span)| span.start.line() as u64).collect();
    lines.reverse();
    lines
}

#[derive(Default)]
struct Count {
    events: Vec<u64>,
    lines: HashMap<*const Node, u64>,
    /// What has an anchor: it stands where it is met first, and everything else is an alias.
    met: HashSet<*const Node>,
}

impl Count {
    fn value(&mut self, node: &Node, key: Option<u64>) -> Option<()> {
        let own = self.events.pop()?;
        self.under(node, own, key)
    }

    fn under(&mut self, node: &Node, own: u64, key: Option<u64>) -> Option<()> {
        let is_nested = matches!(node.plain(), Node::List(_) | Node::Map(_));
        let line = key.filter(|_| is_nested).unwrap_or(own);
        self.lines.insert(std::ptr::from_ref(node), line);
        match node {
            Node::Null | Node::Text(_) | Node::Bare(_) => Some(()),
            Node::List(items) => items.iter().try_for_each(|item| self.value(item, None)),
            Node::Map(entries) => entries.iter().try_for_each(|(_, value)| {
                let key = self.events.pop()?;
                self.value(value, Some(key))
            }),
            Node::Shared(shared) if self.met.insert(Rc::as_ptr(shared)) => {
                self.under(shared, own, key)
            }
            Node::Shared(_) => Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::markup::yaml;

    fn line(text: &str, place: &str) -> Option<u64> {
        let documents = yaml::shared(text).unwrap();
        Lines::of(text, &documents).at(place)
    }

    const WORKFLOW: &str = "# a comment\non:\n  push:\njobs:\n  build:\n    env: &e\n      A: 1\n    steps:\n      - run: |\n          a\n          b\n\n      - name: x\n        uses: a/b@v1\n  other.build:\n    env: *e\n    image:\n      x\n";

    #[test]
    fn a_value_is_found_where_it_stands() {
        for (place, expected) in [
            ("on", Some(2)),
            ("on.push", Some(3)),
            ("jobs.build", Some(5)),
            ("jobs.build.env.A", Some(7)),
            ("jobs.build.steps[0]", Some(9)),
            ("jobs.build.steps[1]", Some(13)),
            ("jobs.build.steps[1].uses", Some(14)),
            ("jobs.other.build", Some(15)),
            ("jobs.other.build.env", Some(16)),
            ("jobs.other.build.image", Some(18)),
            ("jobs.build.steps[2]", None),
            ("jobs.build.steps[x]", None),
            ("jobs.build.steps[", None),
            ("jobs.none", None),
            ("", None),
        ] {
            assert_eq!(line(WORKFLOW, place), expected, "{place}");
        }
        assert_eq!(line("on: push", "on.push"), Some(1));
        assert_eq!(line("on:\n - pull_request\n - push", "on.push"), Some(3));
        assert_eq!(line("spec: 1\n---\n\njob:\n  cache:\n    - x", "job.cache[0]"), Some(6));
        assert_eq!(line("job:\n  cache:\n    key: x", "job.cache[0]"), Some(2));
    }

    #[test]
    fn what_can_be_two_places_is_none() {
        assert_eq!(line("a: {b: 1}\na.b: 2", "a.b"), None);
        assert_eq!(line("a:\n  b: 1\n---\na:\n  b: 2", "a.b"), None);
        assert_eq!(line("a:\n - x\n - x", "a.x"), None);
        assert_eq!(line("a: 1\ra: 2\nb: 3", "b"), None, "a carriage return alone");
        assert_eq!(line("a: 1\r\nb: 3\r\n", "b"), Some(2));
    }

    #[test]
    fn a_tree_of_another_text_has_no_lines() {
        let documents = yaml::shared("a: 1\nb: [2]").unwrap();
        for other in ["a: 1", "a: 1\nb: [2, 3]", "", "a: ["] {
            assert_eq!(Lines::of(other, &documents).at("a"), None, "{other}");
        }
    }

    #[test]
    fn aliases_are_not_followed_without_end() {
        let mut text = String::from("a0: &a0 [x]\n");
        for level in 1..50 {
            text += &format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1);
        }
        assert_eq!(line(&text, "a49"), Some(50));
        assert_eq!(line(&text, "a49[0][0][0]"), Some(49 - 1));
    }
}
