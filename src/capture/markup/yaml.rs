//! YAML as a tree, without the parts of it that attacks are made of: an alias is refused, or stands for the
//! one value that it names, so that nothing grows while it is read, and the depth has a limit.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser};

use super::Bad;
use super::node::{NODES_MAX, Node, has_twice};

/// Deepest nesting, aliases followed.
const DEPTH_MAX: usize = 64;

/// A list or table that isn't closed yet.
struct Open {
    value: Value,
    /// The number of its anchor; 0 for none.
    anchor: usize,
    /// How deep what it holds is nested.
    height: usize,
}

enum Value {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// What stands at an anchor, and how deep it is nested.
type Anchors = HashMap<usize, (Rc<Node>, usize)>;

/// Reads every document of `text`, which may have no aliases and no key twice. Of its outermost table only
/// the keys that `keep` takes are kept.
pub(in crate::capture) fn documents(text: &str, keep: fn(&str) -> bool) -> Result<Vec<Node>, Bad> {
    read(text, keep, None, false)
}

/// The same with aliases, each as [`Node::Shared`]. A key that stands twice is left to the caller.
pub(in crate::capture) fn shared(text: &str) -> Result<Vec<Node>, Bad> {
    read(text, |_| true, Some(Anchors::new()), false)
}

/// The same, and what the core schema of YAML 1.2 takes for a number or a boolean is [`Node::Bare`].
pub(in crate::capture) fn styled(text: &str) -> Result<Vec<Node>, Bad> {
    read(text, |_| true, Some(Anchors::new()), true)
}

fn read(
    text: &str,
    keep: fn(&str) -> bool,
    mut anchors: Option<Anchors>,
    is_styled: bool,
) -> Result<Vec<Node>, Bad> {
    let bad = |line: usize| Bad::Syntax { language: "YAML", line };
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut left = NODES_MAX;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| bad(error.marker().line()))?;
        let line = span.start.line();
        left = left.checked_sub(1).ok_or(Bad::TooMuch)?;
        let (done, anchor, height) = match event {
            Event::Alias(anchor) => {
                let anchors = anchors.as_ref().ok_or(Bad::Alias)?;
                // The parser knows the name: what isn't whole yet is what the alias stands in.
                let (named, height) = anchors.get(&anchor).ok_or(Bad::Loop)?;
                (Node::Shared(Rc::clone(named)), 0, *height)
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open { value: Value::List(Vec::new()), anchor, height: 0 });
                if open.len() > DEPTH_MAX {
                    return Err(Bad::TooDeep);
                }
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open { value: Value::Map(Vec::new(), None), anchor, height: 0 });
                if open.len() > DEPTH_MAX {
                    return Err(Bad::TooDeep);
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open { value: Value::List(items), anchor, height }) => {
                    (Node::List(items), anchor, height + 1)
                }
                Some(Open { value: Value::Map(entries, None), anchor, height }) => {
                    if anchors.is_none() && has_twice(&entries) {
                        return Err(Bad::Twice);
                    }
                    (Node::Map(entries), anchor, height + 1)
                }
                _ => return Err(bad(line)),
            },
            Event::Scalar(text, style, anchor, tag) => {
                // Text in base64: a key that another parser reads as `include`, and this one as nothing.
                if tag.as_ref().is_some_and(|tag| tag.suffix.contains("binary")) {
                    return Err(bad(line));
                }
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                let node = match &*text {
                    "" | "~" | "null" if plain => Node::Null,
                    text if plain && is_styled && tag.is_none() && is_bare(text) => {
                        Node::Bare(text.to_owned())
                    }
                    _ => Node::Text(text.into_owned()),
                };
                (node, anchor, 0)
            }
            _ => continue,
        };
        // A chain of values that each name the one before would be dropped, and followed, as deep as it is
        // long.
        if open.len() + height > DEPTH_MAX {
            return Err(Bad::TooDeep);
        }
        let done = match &mut anchors {
            Some(anchors) if anchor != 0 => {
                let named = Rc::new(done);
                anchors.insert(anchor, (Rc::clone(&named), height));
                Node::Shared(named)
            }
            _ => done,
        };
        let outermost = open.len() == 1;
        let Some(above) = open.last_mut() else {
            documents.push(done);
            continue;
        };
        above.height = above.height.max(height);
        match &mut above.value {
            Value::List(items) => items.push(done),
            Value::Map(entries, key) => match (key.take(), done) {
                (None, done) => match done.plain() {
                    Node::Text(text) | Node::Bare(text) => *key = Some(text.clone()),
                    _ => return Err(bad(line)),
                },
                (Some(key), value) => {
                    // A key that isn't kept stays without its value, so that it still can't stand twice.
                    let kept = !outermost || keep(&key);
                    entries.push((key, if kept { value } else { Node::Null }));
                }
            },
        }
    }
    Ok(documents)
}

/// Whether the core schema of YAML 1.2 takes a scalar without quotes for a number or a boolean.
fn is_bare(text: &str) -> bool {
    if matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") {
        return true;
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let all =
        |digits: &str, is: fn(&u8) -> bool| !digits.is_empty() && digits.as_bytes().iter().all(is);
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |digit| matches!(digit, b'0'..=b'7'));
    }
    let number = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(number, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(part)
        && !(whole.is_empty() && part.is_empty())
        && all(exponent.strip_prefix(['-', '+']).unwrap_or(exponent), u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_quotes_is_text_and_what_the_core_schema_resolves_is_bare() {
        let bare = "true FALSE 1 -1 +1 0 007 1. 1.5 .5 -.5e3 1e9 0x1F 0o17 .inf -.Inf .nan";
        for text in bare.split(' ') {
            let found = styled(text).unwrap();
            assert_eq!(found, [Node::Bare(text.to_owned())], "{text}");
            for quoted in [format!("'{text}'"), format!("\"{text}\""), format!("!!str {text}")] {
                assert_eq!(styled(&quoted).unwrap(), [Node::Text(text.to_owned())], "{quoted}");
            }
            assert_eq!(shared(text).unwrap(), [Node::Text(text.to_owned())]);
        }
        for text in
            "yes on off tRue 1.2.3 . + - 0x 0o8 1e 1e+ e5 0b1 1_000 v1 12a +.inf.".split(' ')
        {
            if text == "-" {
                continue;
            }
            assert_eq!(styled(text).unwrap(), [Node::Text(text.to_owned())], "{text}");
        }
        assert_eq!(
            styled("1: x").unwrap(),
            [Node::Map(vec![("1".into(), Node::Text("x".into()))])]
        );
    }
}
