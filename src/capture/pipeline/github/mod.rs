//! What a workflow or an action of GitHub's says.
//!
//! Each part is read by itself, with the types of a library where those know more than the words: a part
//! that isn't as the platform wants it takes no other with it, and says so. Where a merge key, an expression
//! or a key that stands twice decides, the answer is `not decidable`, never "none".

mod actions;
mod caches;
mod jobs;
mod permissions;
#[cfg(test)]
mod tests;
mod triggers;

use std::cell::Cell;
use std::collections::BTreeSet;

use super::facts::Facts;
use crate::capture::markup::model::model;
use crate::capture::markup::node::{Node, has_twice};
use crate::format::evidence::{DefinitionKind, Mark, Permissions};

/// Most values of one file that are looked at, aliases followed.
const STEPS_MAX: usize = 500_000;
/// Most marks of one file.
const MARKS_MAX: usize = 2_000;

pub(super) const NOT_DECIDABLE: &str = "not decidable";

/// The facts of all documents of a file.
pub(super) fn facts(documents: &[Node], kind: DefinitionKind) -> Facts {
    let mut look = Look::default();
    match documents {
        [] => look.unclear("is empty"),
        [_] => {}
        _ => look.unclear("has several documents"),
    }
    for document in documents {
        let Node::Map(entries) = document.plain() else {
            look.unclear("isn't a table");
            continue;
        };
        match kind {
            DefinitionKind::Action => look.action(entries),
            _ => look.workflow(entries),
        }
    }
    look.finish(kind)
}

/// What a table has at a key.
#[derive(Debug, Clone, Copy)]
enum At<'n> {
    Nothing,
    /// Something that isn't written there decides.
    Unclear,
    Is(&'n Node),
}

#[derive(Default)]
struct Look {
    facts: Facts,
    spent: usize,
    unclear: BTreeSet<&'static str>,
    /// The steps that bring a cache back: where, and by what.
    caches: Vec<(String, String)>,
    started: triggers::Started,
}

type Table = [(String, Node)];

impl Look {
    fn finish(mut self, kind: DefinitionKind) -> Facts {
        if kind != DefinitionKind::Action {
            self.marks_of_caches();
        }
        if self.spent > STEPS_MAX {
            self.unclear("has too many values");
        }
        if !self.unclear.is_empty() {
            let all: Vec<_> = self.unclear.iter().copied().collect();
            self.facts.trouble = Some(all.join("; "));
        }
        self.facts
    }

    fn unclear(&mut self, why: &'static str) {
        self.unclear.insert(why);
    }

    /// Whether one more value may be looked at.
    fn step(&mut self) -> bool {
        self.spent += 1;
        self.spent <= STEPS_MAX
    }

    fn model<T: serde::de::DeserializeOwned>(&mut self, node: &Node) -> Option<T> {
        let left = Cell::new(STEPS_MAX.saturating_sub(self.spent));
        let before = left.get();
        let found = model(node, &left);
        self.spent += before - left.get();
        if found.is_none() && left.get() == 0 {
            self.spent = STEPS_MAX + 1;
        }
        found
    }

    fn at<'n>(&mut self, table: &'n Table, key: &str) -> At<'n> {
        if !self.step() {
            return At::Unclear;
        }
        let mut named = table.iter().filter(|(name, _)| name == key);
        match (named.next(), named.next()) {
            (Some((_, node)), None) => At::Is(node),
            (Some(_), Some(_)) => At::Unclear,
            (None, _) if table.iter().any(|(name, _)| is_made(name)) => {
                self.unclear("has a merge key or an expression in the place of a key");
                At::Unclear
            }
            (None, _) => At::Nothing,
        }
    }

    /// The table that a node is; none, said, where it is something else.
    fn table<'n>(&mut self, node: &'n Node, else_unclear: &'static str) -> &'n Table {
        match node.plain() {
            Node::Map(entries) => {
                self.whole(entries);
                entries
            }
            Node::Null => &[],
            _ => {
                self.unclear(else_unclear);
                &[]
            }
        }
    }

    fn whole(&mut self, table: &Table) {
        if has_twice(table) || table.iter().any(|(name, _)| is_made(name)) {
            self.unclear("has a key twice, a merge key, or an expression in the place of a key");
        }
    }

    fn mark(&mut self, kind: &str, place: impl Into<String>, what: impl Into<String>) {
        if self.facts.marks.len() < MARKS_MAX {
            let (place, what) = (place.into(), what.into());
            self.facts.marks.push(Mark { kind: kind.to_owned(), place, what, line: None });
        } else {
            self.unclear("has more marks than are recorded");
        }
    }

    fn workflow(&mut self, table: &Table) {
        self.whole(table);
        match self.at(table, "on") {
            At::Is(node) => self.triggers(node),
            At::Nothing => self.unclear("says nothing of what starts it"),
            At::Unclear => self.trigger(NOT_DECIDABLE),
        }
        let own = self.permissions_at(table);
        let stated = own.is_some();
        self.broad("permissions", own.as_ref());
        let own = own.unwrap_or_else(|| Permissions {
            others: "not stated".to_owned(),
            ..Permissions::default()
        });
        self.facts.permissions = Some(own);
        self.environment(table, "");
        match self.at(table, "jobs") {
            At::Is(node) => {
                for (name, job) in self.table(node, "its jobs aren't a table") {
                    if !self.step() {
                        break;
                    }
                    self.job(name, job, stated);
                }
            }
            At::Nothing => self.unclear("has no jobs"),
            At::Unclear => self.unclear("its jobs can't be told"),
        }
    }
}

/// Whether what stands at a key comes from elsewhere.
fn is_made(key: &str) -> bool {
    key == "<<" || key.contains("${{")
}
