//! The tables of a definition of GitLab's as GitLab puts them together: by merges (`<<`), `extends`,
//! `!reference` and `default`. What an include brings isn't known.
//!
//! Everything that is looked at costs something, so that no file costs more than its budget: neither
//! thousands of jobs that extend one large table, nor aliases that stand for long texts.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::capture::markup::node::Node;

/// What one file may cost: a value 1, a text 1 for every 16 bytes.
const BUDGET: usize = 2_000_000;
/// How deep GitLab follows an `extends`, and a `!reference`.
const LEVELS_MAX: usize = 10;

/// Of one key that stands twice the last one counts.
pub(super) type Table<'n> = BTreeMap<&'n str, &'n Node>;

/// The outermost table of a definition.
pub(super) struct Tables<'n> {
    top: Table<'n>,
    left: Cell<usize>,
    circle: Cell<bool>,
}

/// A table and all that it extends, the one that counts first.
pub(super) struct Chain<'n>(Vec<Table<'n>>);

impl<'n> Tables<'n> {
    pub(super) fn new(body: &'n Node) -> Self {
        let mut tables =
            Self { top: Table::new(), left: Cell::new(BUDGET), circle: Cell::new(false) };
        tables.top = tables.table(body);
        tables
    }

    pub(super) fn top(&self) -> impl Iterator<Item = (&'n str, &'n Node)> {
        self.top.iter().map(|(name, node)| (*name, *node))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Whether an `extends` or a `!reference` went too deep: in a circle, mostly.
    pub(super) fn has_circle(&self) -> bool {
        self.circle.get()
    }

    fn spend(&self, cost: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(cost));
        !self.is_spent()
    }

    /// A copy of a text, while there is budget for it.
    pub(super) fn copy(&self, text: &str) -> Option<String> {
        self.spend(1 + text.len() / 16).then(|| text.to_owned())
    }

    /// A text to look at, while there is budget for it.
    pub(super) fn text(&self, node: &'n Node) -> Option<&'n str> {
        node.plain().as_text().filter(|text| self.spend(1 + text.len() / 16))
    }

    /// The items of a list that are looked at, while there is budget for them.
    pub(super) fn items(&self, node: &'n Node) -> impl Iterator<Item = &'n Node> {
        let items = match node.plain() {
            Node::List(items) => items.as_slice(),
            _ => &[],
        };
        items.iter().take_while(|_| self.spend(1))
    }

    /// The entries of a table; empty where it is none. A merge overrides what stands above it, as in the
    /// parser that GitLab uses, unlike in YAML's own rules.
    pub(super) fn table(&self, node: &'n Node) -> Table<'n> {
        let mut table = Table::new();
        self.merge(node, &mut table);
        table
    }

    /// The parser has capped the depth, aliases followed.
    fn merge(&self, node: &'n Node, table: &mut Table<'n>) {
        let Node::Map(entries) = node.plain() else { return };
        for (key, value) in entries {
            if !self.spend(1) {
                return;
            }
            match (key.as_str(), value.plain()) {
                ("<<", Node::List(tables)) => {
                    tables.iter().rev().for_each(|one| self.merge(one, table));
                }
                ("<<", one) => self.merge(one, table),
                (key, _) => {
                    table.insert(key, value);
                }
            }
        }
    }

    /// The table `name` of the outermost one, and what it extends.
    pub(super) fn chain(&self, name: &str) -> Chain<'n> {
        let mut chain = Chain(Vec::new());
        self.extend(name, 0, &mut chain);
        chain
    }

    fn extend(&self, name: &str, level: usize, chain: &mut Chain<'n>) {
        if level > LEVELS_MAX {
            self.circle.set(true);
            return;
        }
        let Some(node) = self.top.get(name).filter(|_| self.spend(1)) else { return };
        let table = self.table(node);
        let extends = table.get("extends").copied();
        chain.0.push(table);
        let Some(extends) = extends else { return };
        let mut parents = match self.text(extends) {
            Some(one) => vec![one],
            None => self.items(extends).filter_map(|one| self.text(one)).collect(),
        };
        parents.reverse();
        parents.into_iter().for_each(|parent| self.extend(parent, level + 1, chain));
    }

    /// What counts for `key`: its own, else what it extends, else `default` where it inherits that.
    pub(super) fn value(&self, chain: &Chain<'n>, key: &str) -> Option<&'n Node> {
        match chain.first(key) {
            Some(node) if !matches!(node.plain(), Node::Null) => Some(node),
            _ if self.inherits(chain, key) => {
                self.table(self.top.get("default")?).get(key).copied()
            }
            _ => None,
        }
    }

    fn inherits(&self, chain: &Chain<'n>, key: &str) -> bool {
        let inherit = self.members(chain, "inherit");
        match inherit.get("default").map(|node| node.plain()) {
            Some(Node::Text(text)) => text != "false",
            Some(list @ Node::List(_)) => {
                self.items(list).any(|one| self.text(one).is_some_and(|name| name == key))
            }
            _ => true,
        }
    }

    /// The entries of the table at `key`, those of all that is extended among them.
    pub(super) fn members(&self, chain: &Chain<'n>, key: &str) -> Table<'n> {
        let mut members = Table::new();
        for node in chain.all(key) {
            if !matches!(node.plain(), Node::Map(_)) {
                // It overrides what stands behind it, and is overridden by a table before it.
                if members.is_empty() {
                    members = self.table(self.resolved(node, None));
                }
                break;
            }
            for (name, value) in self.table(node) {
                members.entry(name).or_insert(value);
            }
        }
        members
    }

    /// What a `!reference` names, or the node itself. Where a list may stand by its own right, `list` is its
    /// key: one of texts is a reference if it begins as a template's name does, or leads to that key.
    pub(super) fn resolved(&self, node: &'n Node, list: Option<&str>) -> &'n Node {
        let mut node = node;
        for _ in 0..=LEVELS_MAX {
            let Some(parts) = self.reference(node, list) else { return node };
            match self.at(&parts) {
                Some(named) => node = named,
                // It comes from an include.
                None => return &Node::Null,
            }
        }
        self.circle.set(true);
        &Node::Null
    }

    fn reference(&self, node: &'n Node, list: Option<&str>) -> Option<Vec<&'n str>> {
        let Node::List(parts) = node.plain() else { return None };
        if !(2..=LEVELS_MAX).contains(&parts.len()) {
            return None;
        }
        let parts: Vec<_> = parts.iter().map_while(|part| self.text(part)).collect();
        let (first, last) = (parts.first()?, parts.last()?);
        let leads = self.top.contains_key(first) && list.is_none_or(|key| key == *last);
        let whole = matches!(node.plain(), Node::List(all) if all.len() == parts.len());
        (whole && (leads || first.starts_with('.'))).then_some(parts)
    }

    fn at(&self, parts: &[&'n str]) -> Option<&'n Node> {
        let [name, key, rest @ ..] = parts else { return None };
        let mut node = self.chain(name).first(key)?;
        for part in rest {
            node = self.table(node).get(part).copied()?;
        }
        Some(node)
    }

    /// All texts of a list, of lists in it, and of what those refer to.
    pub(super) fn texts(&self, node: &'n Node, key: &str) -> Vec<&'n str> {
        let mut texts = Vec::new();
        self.collect(node, key, 0, &mut texts);
        texts
    }

    fn collect(&self, node: &'n Node, key: &str, level: usize, texts: &mut Vec<&'n str>) {
        if level > LEVELS_MAX {
            self.circle.set(true);
            return;
        }
        let node = self.resolved(node, Some(key));
        texts.extend(self.text(node));
        self.items(node).for_each(|item| self.collect(item, key, level + 1, texts));
    }

    /// All tables of a list, of lists in it, and of what those refer to, in their order.
    pub(super) fn list(&self, node: &'n Node) -> Vec<Table<'n>> {
        let mut tables = Vec::new();
        self.gather(node, 0, &mut tables);
        tables
    }

    fn gather(&self, node: &'n Node, level: usize, tables: &mut Vec<Table<'n>>) {
        if level > LEVELS_MAX {
            self.circle.set(true);
            return;
        }
        match self.resolved(node, None) {
            map if matches!(map.plain(), Node::Map(_)) => tables.push(self.table(map)),
            list => self.items(list).for_each(|item| self.gather(item, level + 1, tables)),
        }
    }
}

impl<'n> Chain<'n> {
    fn all(&self, key: &str) -> impl Iterator<Item = &'n Node> {
        self.0.iter().filter_map(move |table| table.get(key).copied())
    }

    pub(super) fn first(&self, key: &str) -> Option<&'n Node> {
        self.all(key).next()
    }

    /// What the table itself has, without what it extends.
    pub(super) fn own(&self, key: &str) -> Option<&'n Node> {
        self.0.first()?.get(key).copied()
    }
}
