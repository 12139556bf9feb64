//! Strict JSON (RFC 8259): no duplicate keys, limited depth.
//!
//! Two parsers that pick a different one of two equal keys see two different documents under one
//! signature; so a document with two equal keys is none.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::base::text::Printable;

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;

/// Why bytes are no document of the wanted kind.
#[derive(Debug, thiserror::Error)]
#[error("{}", short(.0))]
pub struct JsonError(#[from] serde_json::Error);

/// The parser's words, in which it may repeat a string of any length, and the place.
fn short(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(words) => format!("{}{place}", Printable(words)),
        None => Printable(&text).to_string(),
    }
}

/// Parses one JSON document that has no duplicate keys and nests at most [`DEPTH_MAX`] deep.
///
/// The strict pass runs over the same bytes as the typed one and builds nothing, so unknown members
/// are checked too. Not checked: that numbers fit, beyond what `T` asks for.
///
/// # Errors
/// Says where in the text, and repeats at most a little of it, made printable.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    let mut strict = serde_json::Deserializer::from_slice(bytes);
    Strict { depth: 0 }.deserialize(&mut strict)?;
    strict.end()?;
    Ok(serde_json::from_slice(bytes)?)
}

/// Serialises to one line. Map keys are in the order of the types, so equal values give equal bytes.
///
/// # Errors
/// Where a value can't be JSON, such as a map with keys that aren't strings.
pub fn to_line<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    Ok(serde_json::to_vec(value)?)
}

/// A struct that is written as an object.
///
/// Derived readers of structs also take an array of the members in order, which other readers refuse:
/// they and we would see two different documents.
#[derive(Serialize)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnlyMap(PhantomData)).map(Self)
    }
}

struct OnlyMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX}")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(de::Error::custom("an object has the same key twice"));
            }
            map.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn duplicate_keys_are_refused_at_any_depth_and_in_any_spelling() {
        assert!(parse::<Value>(br#"{"a":1,"b":[{"c":1,"d":2}]}"#).is_ok());
        for bad in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"\u0061":2}}]"#] {
            let error = parse::<Value>(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("same key twice"), "{error}");
        }
    }

    #[test]
    fn depth_is_limited_without_using_the_stack_up() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse::<Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(parse::<Value>(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(parse::<Value>("[".repeat(1_000_000).as_bytes()).is_err());
        assert!(parse::<Value>(r#"{"a":"#.repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn trailing_bytes_and_other_encodings_are_refused() {
        for bad in [&b"{} {}"[..], b"", b"\xff\xfe{\0}\0", b"\"\xff\"", b"nan", b"{'a':1}", b"\0"] {
            assert!(parse::<Value>(bad).is_err());
        }
    }
}
