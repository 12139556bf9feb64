//! From the text to the lock, by one strict grammar.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{
    Class, ENTRIES_MAX, Entry, LANE_NAME_MAX, LANES_MAX, LOCK_MAX, Lock, LockError, LockedLane,
    Mode, Section, is_plain,
};
use crate::base::digest::Sha256;
use crate::base::text::printable;
use crate::format::evidence::Lane;

type Table<'t> = DeTable<'t>;
type Node<'t> = Spanned<DeValue<'t>>;

/// The parts of `[lanes.NAME]` that are no classes.
const LANE_PARTS: [&str; 2] = ["match", "classes"];

pub(super) fn parse(text: &str) -> Result<Lock, LockError> {
    if text.len() > LOCK_MAX {
        return Err(LockError::TooLarge { found: text.len() });
    }
    let whole = Table::parse(text).map_err(|error| LockError::Syntax {
        line: line(text, error.span().map_or(0, |span| span.start)),
        // Its `Display` would show the line, and with it whatever was pasted there.
        message: printable(error.message()),
    })?;
    let mut reader = Reader { text, entries: 0 };
    let whole = whole.get_ref();
    reader.only(whole, "", &["version", "classes", "shared", "lanes"])?;
    reader.version(whole)?;
    let modes = reader.modes(whole, "")?;
    let shared = match whole.get("shared") {
        None => Section::new(),
        Some(node) => {
            let shared = reader.table(node, "shared")?;
            reader.only(shared, "shared.", &Class::LOCKED.map(Class::name))?;
            reader.section(shared, "shared")?
        }
    };
    let lanes = reader.lanes(whole)?;
    Ok(Lock { modes, shared, lanes })
}

/// Which line a byte is on, counted from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Knows the text, for the numbers of its lines, and counts.
struct Reader<'t> {
    text: &'t str,
    entries: usize,
}

impl Reader<'_> {
    fn line<T>(&self, node: &Spanned<T>) -> usize {
        line(self.text, node.span().start)
    }

    fn only(&self, table: &Table<'_>, of: &str, known: &[&str]) -> Result<(), LockError> {
        match table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some(key) => Err(LockError::Unknown {
                line: self.line(key),
                key: printable(&format!("{of}{}", key.get_ref())),
                known: list(known),
            }),
        }
    }

    fn value(&self, node: &Node<'_>, key: &str, expected: &'static str) -> LockError {
        let found = match node.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        LockError::Value { line: self.line(node), key: printable(key), expected, found }
    }

    fn table<'n, 't>(&self, node: &'n Node<'t>, key: &str) -> Result<&'n Table<'t>, LockError> {
        node.get_ref().as_table().ok_or_else(|| self.value(node, key, "a table"))
    }

    fn string(&self, table: &Table<'_>, of: &str, key: &str) -> Result<Option<String>, LockError> {
        let Some(node) = table.get(key) else { return Ok(None) };
        match node.get_ref().as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.value(node, &format!("{of}.{key}"), "a string")),
        }
    }

    fn version(&self, whole: &Table<'_>) -> Result<(), LockError> {
        let Some(node) = whole.get("version") else {
            return Err(LockError::Missing { line: 1, key: "version".to_owned() });
        };
        let number = node.get_ref().as_integer();
        let number = number.ok_or_else(|| self.value(node, "version", "the number 1"))?;
        match number.as_str() {
            "1" => Ok(()),
            _ => Err(LockError::Version { line: self.line(node) }),
        }
    }

    /// `of` is the table with a dot behind it, or empty.
    fn modes(&self, table: &Table<'_>, of: &str) -> Result<BTreeMap<Class, Mode>, LockError> {
        let Some(node) = table.get("classes") else { return Ok(BTreeMap::new()) };
        let of = format!("{of}classes");
        let table = self.table(node, &of)?;
        self.only(table, &format!("{of}."), &Class::LOCKED.map(Class::name))?;
        let mut modes = BTreeMap::new();
        for class in Class::LOCKED {
            let Some(node) = table.get(class.name()) else { continue };
            let name = node.get_ref().as_str();
            let mode = Mode::LOCKED.into_iter().find(|mode| Some(mode.name()) == name);
            let expected = "`exact`, `version`, `present`, `git` or `ignored`";
            let other = || match name {
                None => self.value(node, &format!("{of}.{class}"), expected),
                Some(_) => self.other(node, &format!("{of}.{class}"), expected),
            };
            modes.insert(class, mode.ok_or_else(other)?);
        }
        Ok(modes)
    }

    /// The right type, and not what can stand there.
    fn other(&self, node: &Node<'_>, key: &str, expected: &'static str) -> LockError {
        let found = "something else";
        LockError::Value { line: self.line(node), key: printable(key), expected, found }
    }

    fn section(&mut self, table: &Table<'_>, of: &str) -> Result<Section, LockError> {
        let mut section = Section::new();
        for class in Class::LOCKED {
            let Some(node) = table.get(class.name()) else { continue };
            let of = format!("{of}.{class}");
            let table = self.table(node, &of)?;
            self.entries = self.entries.saturating_add(table.len());
            if self.entries > ENTRIES_MAX {
                return Err(LockError::TooManyEntries);
            }
            let mut entries = BTreeMap::new();
            for (name, node) in table {
                let entry = self.entry(node, &format!("{of}.{}", name.get_ref()))?;
                entries.insert(name.get_ref().to_string(), entry);
            }
            section.insert(class, entries);
        }
        Ok(section)
    }

    fn entry(&self, node: &Node<'_>, of: &str) -> Result<Entry, LockError> {
        let table = self.table(node, of)?;
        let known = ["version", "sha256", "absent", "reason", "ticket", "expires"];
        self.only(table, &format!("{of}."), &known)?;
        let entry = Entry {
            version: self.string(table, of, "version")?,
            sha256: self.sha256(table, of)?,
            absent: self.absent(table, of)?,
            reason: self.string(table, of, "reason")?,
            ticket: self.string(table, of, "ticket")?,
            expires: self.expires(table, of)?,
        };
        if entry.absent && (entry.version.is_some() || entry.sha256.is_some()) {
            let why = " and have a version or a digest";
            return Err(LockError::Absent { line: self.line(node), key: printable(of), why });
        }
        if entry.absent && of.starts_with("shared.") {
            let why = ": it is a lane that has none of what shared names";
            return Err(LockError::Absent { line: self.line(node), key: printable(of), why });
        }
        Ok(entry)
    }

    fn sha256(&self, table: &Table<'_>, of: &str) -> Result<Option<Sha256>, LockError> {
        let Some(node) = table.get("sha256") else { return Ok(None) };
        let (key, expected) = (format!("{of}.sha256"), "a digest of 64 hexadecimal digits");
        let text = node.get_ref().as_str().ok_or_else(|| self.value(node, &key, expected))?;
        text.parse().map(Some).map_err(|_no_digest| self.other(node, &key, expected))
    }

    fn absent(&self, table: &Table<'_>, of: &str) -> Result<bool, LockError> {
        let Some(node) = table.get("absent") else { return Ok(false) };
        let wrong = || self.value(node, &format!("{of}.absent"), "`true` or `false`");
        node.get_ref().as_bool().ok_or_else(wrong)
    }

    fn expires(&self, table: &Table<'_>, of: &str) -> Result<Option<String>, LockError> {
        let Some(node) = table.get("expires") else { return Ok(None) };
        let (key, expected) =
            (format!("{of}.expires"), "a date such as 2027-01-31, without quotes");
        let date = node.get_ref().as_datetime().ok_or_else(|| self.value(node, &key, expected))?;
        let (Some(day), None, None) = (date.date, date.time, date.offset) else {
            return Err(self.value(node, &key, expected));
        };
        Ok(Some(day.to_string()))
    }

    fn lanes(&mut self, whole: &Table<'_>) -> Result<BTreeMap<String, LockedLane>, LockError> {
        let Some(node) = whole.get("lanes") else { return Ok(BTreeMap::new()) };
        let table = self.table(node, "lanes")?;
        if table.len() > LANES_MAX {
            return Err(LockError::TooManyLanes { found: table.len() });
        }
        let mut lanes = BTreeMap::new();
        let mut seen: BTreeMap<Lane, String> = BTreeMap::new();
        for (key, node) in table {
            let name = key.get_ref().to_string();
            if !is_plain(&name) || name.len() > LANE_NAME_MAX {
                return Err(LockError::LaneName { line: self.line(key) });
            }
            let locked = self.lane(node, &name)?;
            if let Some(first) = seen.insert(locked.lane.clone(), name.clone()) {
                return Err(LockError::SameLane { first, second: name });
            }
            lanes.insert(name, locked);
        }
        Ok(lanes)
    }

    fn lane(&mut self, node: &Node<'_>, name: &str) -> Result<LockedLane, LockError> {
        let of = format!("lanes.{name}");
        let table = self.table(node, &of)?;
        let known: Vec<_> = LANE_PARTS.into_iter().chain(Class::LOCKED.map(Class::name)).collect();
        self.only(table, &format!("{of}."), &known)?;
        let missing =
            |key| LockError::Missing { line: self.line(node), key: format!("{of}.{key}") };
        let matched = table.get("match").ok_or_else(|| missing("match"))?;
        let place = format!("{of}.match");
        let matched = self.table(matched, &place)?;
        let known = ["repository_id", "project", "definition", "job", "leg", "ref_kind"];
        self.only(matched, &format!("{place}."), &known)?;
        let field = |key| self.string(matched, &place, key);
        let lane = Lane {
            repository_id: field("repository_id")?,
            project: field("project")?,
            definition: field("definition")?,
            job: field("job")?,
            leg: field("leg")?,
            ref_kind: field("ref_kind")?.ok_or_else(|| missing("match.ref_kind"))?,
        };
        let modes = self.modes(table, &format!("{of}."))?;
        Ok(LockedLane { lane, modes, section: self.section(table, &of)? })
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
