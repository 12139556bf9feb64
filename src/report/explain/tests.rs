//! The catalogue in words.

use super::{Topic, markdown, text};
use crate::assess::catalogue::questions;

#[test]
fn no_line_is_wider_than_asked_but_those_to_be_copied() {
    for width in [40, 80, 100] {
        for line in text(Topic::All, width).lines().filter(|line| !line.starts_with("      ")) {
            let words = line.split_whitespace().count();
            assert!(line.chars().count() <= width || words == 1, "{width}: {line}");
        }
        let list = text(Topic::List, width);
        assert!(list.lines().all(|line| line.chars().count() <= width), "{width}: {list}");
    }
}

#[test]
fn lines_to_be_copied_stand_whole_in_text_and_page() {
    let (page, terminal) = (markdown(Topic::List), text(Topic::All, 40));
    for (_, question) in questions() {
        for lines in question.remedy.lines {
            assert!(page.contains(lines.text), "{}", question.id);
            let shown = |line: &str| terminal.contains(&format!("      {line}\n"));
            let all = lines.text.lines().filter(|line| !line.is_empty());
            assert!(all.into_iter().all(shown), "{}", question.id);
        }
    }
}

#[test]
fn no_text_is_markup_or_ends_a_cell() {
    assert_eq!(super::markdown::escaped("a|b <i> *c* `d<*>`"), "a\\|b &lt;i> \\*c\\* `d<*>`");
}
