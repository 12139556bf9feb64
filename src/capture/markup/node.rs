//! JSON and TOML as one kind of tree. YAML makes the same: see [`super::yaml`].
//!
//! A key that stands twice in one table is an error: two programs may each take another of the two, so
//! that one of them would be built and the other recorded.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::Bad;

/// Most nodes of one file: what 500,000 dependencies need.
pub(in crate::capture) const NODES_MAX: usize = 8_000_000;

/// A value. Numbers and booleans are their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::capture) enum Node {
    Null,
    Text(String),
    /// A number or a boolean, as it is written without quotes; of [`super::yaml::styled`] alone.
    Bare(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    /// What has an anchor, and each alias of it: one value, however often it stands there.
    Shared(Rc<Self>),
}

impl Node {
    pub(in crate::capture) fn json(text: &str) -> Result<Self, Bad> {
        let budget = Cell::new(NODES_MAX);
        let mut reader = serde_json::Deserializer::from_str(text);
        let node = Seed(&budget).deserialize(&mut reader);
        node.and_then(|node| reader.end().map(|()| node))
            // The words of the parser may repeat what stands in the file.
            .map_err(|error| Bad::Syntax { language: "JSON", line: error.line() })
    }

    pub(in crate::capture) fn toml(text: &str) -> Result<Self, Bad> {
        let budget = Cell::new(NODES_MAX);
        let bad = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            Bad::Syntax { language: "TOML", line: before.matches('\n').count() + 1 }
        };
        Seed(&budget).deserialize(toml::de::Deserializer::parse(text).map_err(bad)?).map_err(bad)
    }

    /// The value itself, where it is one that stands in several places.
    pub(in crate::capture) fn plain(&self) -> &Self {
        let mut node = self;
        while let Self::Shared(shared) = node {
            node = shared;
        }
        node
    }

    pub(in crate::capture) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// A text at `key` that isn't empty.
    pub(in crate::capture) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    pub(in crate::capture) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Bare(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(in crate::capture) fn is_true(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    /// The table at `key`; empty where there is none.
    pub(in crate::capture) fn table(&self, key: &'static str) -> Result<&[(String, Self)], Bad> {
        match self.get(key) {
            None | Some(Self::Null) => Ok(&[]),
            Some(Self::Map(entries)) => Ok(entries),
            // PHP writes an empty table as an empty list.
            Some(Self::List(items)) if items.is_empty() => Ok(&[]),
            Some(_) => Err(Bad::Shape(key)),
        }
    }

    /// The list at `key`; empty where there is none.
    pub(in crate::capture) fn list(&self, key: &'static str) -> Result<&[Self], Bad> {
        match self.get(key) {
            None | Some(Self::Null) => Ok(&[]),
            Some(Self::List(items)) => Ok(items),
            Some(_) => Err(Bad::Shape(key)),
        }
    }
}

/// Whether a key stands twice.
pub(in crate::capture) fn has_twice(entries: &[(String, Node)]) -> bool {
    if entries.len() <= 8 {
        return (1..).zip(entries).any(|(next, (key, _))| {
            entries.get(next..).unwrap_or_default().iter().any(|(other, _)| other == key)
        });
    }
    let mut seen = HashSet::with_capacity(entries.len());
    !entries.iter().all(|(key, _)| seen.insert(key.as_str()))
}

#[derive(Clone, Copy)]
struct Seed<'a>(&'a Cell<usize>);

impl Seed<'_> {
    fn spend<E: serde::de::Error>(self) -> Result<(), E> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| E::custom("too many values"))?;
        self.0.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            entries.push((key, access.next_value_seed(self)?));
        }
        if has_twice(&entries) {
            return Err(A::Error::custom("a key stands twice"));
        }
        Ok(Node::Map(entries))
    }
}
