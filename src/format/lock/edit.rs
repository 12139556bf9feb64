//! The changes that an update makes to a file's tables, however they are written.

use std::collections::BTreeSet;

use toml_edit::{Decor, InlineTable, Item, Key, KeyMut, RawString, Table, TableLike, Value};

use super::{Entry, LockError, is_plain};
use crate::base::text::is_unprintable;

/// The table behind a path; what isn't there yet is made in the manner of what is.
pub(super) fn descend<'t>(root: &'t mut Table, path: &[&str]) -> Result<Place<'t>, LockError> {
    let mut place = Place::Block(root);
    for (depth, name) in path.iter().enumerate() {
        let last = depth + 1 == path.len();
        let item = match place {
            Place::Inline(table) => {
                let made = || Item::Value(Value::InlineTable(InlineTable::new()));
                (table as &mut dyn TableLike).entry(name).or_insert_with(made)
            }
            Place::Block(table) => {
                let dotted = depth > 0 && table.is_dotted();
                table.entry(name).or_insert_with(|| {
                    let mut made = Table::new();
                    made.set_implicit(!last);
                    made.set_dotted(dotted);
                    Item::Table(made)
                })
            }
        };
        place = Place::of(item)?;
    }
    Ok(place)
}

/// A table, however it is written.
pub(super) enum Place<'t> {
    Block(&'t mut Table),
    Inline(&'t mut InlineTable),
}

impl<'t> Place<'t> {
    pub(super) fn of(item: &'t mut Item) -> Result<Self, LockError> {
        match item {
            Item::Table(table) => Ok(Self::Block(table)),
            Item::Value(Value::InlineTable(table)) => Ok(Self::Inline(table)),
            _ => Err(LockError::NotKept),
        }
    }

    pub(super) fn table(&mut self) -> &mut dyn TableLike {
        match self {
            Self::Block(table) => *table,
            Self::Inline(table) => *table,
        }
    }

    /// What an entry approves, where there is one; its words stay.
    pub(super) fn rewrite(&mut self, entry: &Entry) -> Result<(), LockError> {
        let parts = [
            ("version", entry.version.as_deref().map(quoted)),
            ("sha256", entry.sha256.map(|digest| quoted(&digest.to_string()))),
            ("absent", entry.absent.then(|| "true".to_owned())),
        ];
        // What comes before what goes, which leaves its comment to something that stays.
        let (stays, goes): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(_, value)| value.is_some());
        stays.into_iter().chain(goes).try_for_each(|(key, value)| self.set(key, value))
    }

    pub(super) fn set(&mut self, key: &str, value: Option<String>) -> Result<(), LockError> {
        match (value, self.table().get_mut(key).and_then(Item::as_value_mut)) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                self.remove(&BTreeSet::from([key]));
                Ok(())
            }
            (Some(value), Some(known)) => {
                let mut value: Value = value.parse().map_err(|_unshown| LockError::NotKept)?;
                *value.decor_mut() = known.decor().clone();
                *known = value;
                Ok(())
            }
            (Some(value), None) => self.insert(key, &value),
        }
    }

    pub(super) fn insert(&mut self, name: &str, value: &str) -> Result<(), LockError> {
        let value: Value = value.parse().map_err(|_unshown| LockError::NotKept)?;
        let name = if is_plain(name) { name.to_owned() } else { quoted(name) };
        let keys = Key::parse(&name).map_err(|_unshown| LockError::NotKept)?;
        let key = keys.first().ok_or(LockError::NotKept)?;
        if let Self::Inline(_) = self {
            // What stands before the closing brace would come to stand before a comma.
            let last = self.table().iter_mut().last();
            if let Some(last) = last.and_then(|(_, item)| item.as_value_mut())
                && text(last.decor().suffix()).trim().is_empty()
            {
                last.decor_mut().set_suffix("");
            }
        }
        self.table().entry_format(key).or_insert(Item::Value(value));
        Ok(())
    }

    /// Takes entries out. A comment that stands above one stays, since it may speak of what follows too: it
    /// goes to the next one, or stays behind the one before.
    pub(super) fn remove(&mut self, gone: &BTreeSet<&str>) {
        let mut left = String::new();
        for (mut key, item) in self.table().iter_mut() {
            if gone.contains(key.get()) {
                left.push_str(&comments(&key, item));
                // Not taken out one by one, which would move all that follow each time.
                *item = Item::None;
            } else if !left.is_empty() && put_above(&mut key, item, &left) {
                left.clear();
            }
        }
        let left = left.trim_end();
        if left.is_empty() {
            return;
        }
        if let Some(last) = last_leaf(self.table()) {
            let behind = format!("{}\n{left}", text(last.decor().suffix()));
            last.decor_mut().set_suffix(behind);
        } else if let Self::Block(table) = self {
            let behind = format!("{}\n{left}", text(table.decor().suffix()));
            table.decor_mut().set_suffix(behind);
        }
    }
}

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// The comments that stand above an item; those of a table with a header of its own are its own.
pub(super) fn comments(key: &KeyMut<'_>, item: &Item) -> String {
    let above = |decor: &Decor| Some(text(decor.prefix())).filter(|text| text.contains('#'));
    match item {
        Item::Value(_) => above(key.leaf_decor()).unwrap_or_default(),
        Item::Table(table) if table.is_dotted() => {
            let keys = table.get_values().into_iter();
            keys.filter_map(|(path, _)| above(path.last()?.leaf_decor())).collect()
        }
        _ => String::new(),
    }
}

/// Puts comments above the first line of an item, where it has lines below this table's header.
fn put_above(key: &mut KeyMut<'_>, item: &mut Item, comments: &str) -> bool {
    match item {
        Item::Value(_) => {
            let decor = key.leaf_decor_mut();
            let whole = format!("{comments}{}", text(decor.prefix()));
            decor.set_prefix(whole);
            true
        }
        Item::Table(table) if table.is_dotted() => {
            let first = table.iter_mut().next();
            first.is_some_and(|(mut key, item)| put_above(&mut key, item, comments))
        }
        _ => false,
    }
}

/// The value on the last line below a table's header.
fn last_leaf(table: &mut dyn TableLike) -> Option<&mut Value> {
    let lines = table.iter_mut().filter_map(|(_, item)| match item {
        Item::Value(value) => Some(value),
        Item::Table(table) if table.is_dotted() => last_leaf(table),
        _ => None,
    });
    lines.last()
}

/// A TOML string on one line. Who reviews the file sees what is in it: no control, and no mark that turns the
/// direction of what follows, has its effect there.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_unprintable(c) && c <= '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c if is_unprintable(c) => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
