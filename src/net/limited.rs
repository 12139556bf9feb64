//! Replies, whose parts are limited in size while they are read: what is over the cap is refused with the whole
//! reply, and never cut. Half a name may be another's name.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Bytes of a text: platforms allow names of 255 characters, which may take four bytes each.
const TEXT_MAX: usize = 1024;

/// Reads a body that is an object; `None` where it isn't what its documentation says.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    // Derived readers also take an array of the members in their order, and `[[], null]` isn't an environment
    // that nothing protects.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok()).flatten()
}

/// Reads a body that is an array; `None` where it isn't, or has more items.
pub(super) fn array<'a, T: Deserialize<'a>, const MOST: usize>(body: &'a [u8]) -> Option<Vec<T>> {
    serde_json::from_slice::<List<T, MOST>>(body).ok().map(|list| list.0)
}

/// A text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > TEXT_MAX {
            return Err(D::Error::custom("a text is too long"));
        }
        Ok(Self(text))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// At most so many of something.
#[derive(Debug)]
pub(super) struct List<T, const MOST: usize>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items::<T, MOST>(PhantomData)).map(Self)
    }
}

struct Items<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Items<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MOST} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element()? {
            if found.len() == MOST {
                return Err(A::Error::invalid_length(MOST, &self));
            }
            found.push(item);
        }
        Ok(found)
    }
}

impl<const MOST: usize> List<Text, MOST> {
    pub(super) fn into_texts(self) -> Vec<String> {
        self.0.into_iter().map(String::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_cap_is_refused_and_never_cut() {
        let text = |length| serde_json::from_str::<Text>(&format!("\"{}\"", "x".repeat(length)));
        assert_eq!(text(TEXT_MAX).unwrap().0.len(), TEXT_MAX);
        assert!(text(TEXT_MAX + 1).is_err());
        let list = serde_json::from_str::<List<u8, 2>>;
        assert_eq!(list("[1,2]").unwrap().0, [1, 2]);
        for bad in ["[1,2,3]", "{}", "1", "null", "[\"1\"]"] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }
}
