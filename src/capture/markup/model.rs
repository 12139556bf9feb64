//! A tree as the types of a library read it. Aliases are followed, so what they grow to has a limit.

use std::cell::Cell;

use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::node::Node;

/// The value of a type, where the tree has its form. `left` is how many values may be looked at.
pub(in crate::capture) fn model<T: DeserializeOwned>(node: &Node, left: &Cell<usize>) -> Option<T> {
    // The words of the error may repeat what stands in the file.
    T::deserialize(Model { node, left }).ok()
}

#[derive(Clone, Copy)]
struct Model<'a> {
    node: &'a Node,
    left: &'a Cell<usize>,
}

impl<'a> Model<'a> {
    fn spend(self) -> Result<&'a Node, Error> {
        let left =
            self.left.get().checked_sub(1).ok_or_else(|| Error::custom("too many values"))?;
        self.left.set(left);
        Ok(self.node.plain())
    }
}

impl IntoDeserializer<'_> for Model<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Model<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = self.left;
        match self.spend()? {
            Node::Null => visitor.visit_unit(),
            Node::Text(text) => visitor.visit_str(text),
            Node::Bare(text) => bare(text, visitor),
            Node::List(items) => {
                let items = items.iter().map(|node| Model { node, left });
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Node::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, node)| (key.as_str(), Model { node, left }));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Node::Shared(_) => Err(Error::custom("a value that names another")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.plain() {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Where a text is wanted, a number is its text.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.plain() {
            Node::Text(text) | Node::Bare(text) => {
                self.spend()?;
                visitor.visit_str(text)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.spend()? {
            Node::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => Err(Error::custom("no word")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

fn bare<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Error> {
    match text {
        "true" | "True" | "TRUE" => return visitor.visit_bool(true),
        "false" | "False" | "FALSE" => return visitor.visit_bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse() {
        visitor.visit_i64(number)
    } else if let Ok(number) = text.parse() {
        visitor.visit_f64(number)
    } else {
        visitor.visit_str(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::capture::markup::yaml;

    fn read<T: DeserializeOwned>(text: &str, left: usize) -> Option<T> {
        model(yaml::styled(text).unwrap().first().unwrap(), &Cell::new(left))
    }

    #[test]
    fn a_boolean_is_one_without_quotes_alone_and_a_text_in_both_forms() {
        assert_eq!(read::<bool>("true", 9), Some(true));
        assert_eq!(read::<bool>("'true'", 9), None);
        assert_eq!(read::<String>("true", 9).as_deref(), Some("true"));
        assert_eq!(read::<f64>("1.5", 9), Some(1.5));
        assert_eq!(read::<Option<i64>>("~", 9), Some(None));
    }

    #[test]
    fn what_aliases_grow_to_has_an_end() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let before = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        assert_eq!(read::<BTreeMap<String, serde_json::Value>>(&text, 100_000), None);
        assert!(read::<BTreeMap<String, Vec<String>>>("a: &a [x]\nb: *a", 10).is_some());
    }
}
