//! YAML as a tree, without the parts of it that no lockfile needs and attacks are made of: aliases are
//! refused, so that nothing grows while it is read, and the depth has a limit.

use saphyr_parser::{Event, Parser};

use super::found::Bad;
use super::node::{NODES_MAX, Node, has_twice};

/// Deepest nesting.
const DEPTH_MAX: usize = 64;

/// A list or table that isn't closed yet.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads every document of `text`. Of its outermost table only the keys that `keep` takes are kept.
pub(super) fn documents(text: &str, keep: fn(&str) -> bool) -> Result<Vec<Node>, Bad> {
    let bad = |line: usize| Bad::Syntax { language: "YAML", line };
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut left = NODES_MAX;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| bad(error.marker().line()))?;
        let line = span.start.line();
        left = left.checked_sub(1).ok_or(Bad::TooMuch)?;
        let done = match event {
            Event::Alias(_) => return Err(Bad::Alias),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Some(Node::List(items)),
                Some(Open::Map(entries, None)) => {
                    if has_twice(&entries) {
                        return Err(Bad::Twice);
                    }
                    Some(Node::Map(entries))
                }
                _ => return Err(bad(line)),
            },
            Event::Scalar(text, style, ..) => {
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                let is_null = plain && matches!(&*text, "" | "~" | "null");
                Some(if is_null { Node::Null } else { Node::Text(text.into_owned()) })
            }
            _ => None,
        };
        if open.len() > DEPTH_MAX {
            return Err(Bad::TooDeep);
        }
        let Some(done) = done else { continue };
        let outermost = open.len() == 1;
        match open.last_mut() {
            None => documents.push(done),
            Some(Open::List(items)) => items.push(done),
            Some(Open::Map(entries, key)) => match (key.take(), done) {
                (None, Node::Text(text)) => *key = Some(text),
                (None, _) => return Err(bad(line)),
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
