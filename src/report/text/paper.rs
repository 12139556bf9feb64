//! A page of a given width: words are wrapped, tables fit, and nothing on it is a command.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

use super::Style;
use crate::base::markup::shortened;

/// Longest text that is shown whole, in characters.
const TEXT_MAX: usize = 600;
/// Narrowest page, and the one below which a table is written as a list.
const WIDTH_MIN: usize = 20;
const TABLE_MIN: usize = 60;
/// Widest line of prose that is still easy to read.
const WIDTH_MAX: usize = 160;
/// Longest word that stays in one piece although it is wider than the page: a digest, to be copied.
const WORD_MAX: usize = 80;

/// How a word is printed. It says nothing that the word doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Red,
    Green,
    Yellow,
}

/// A text with its ink.
pub(super) type Run<'t> = (Ink, &'t str);

/// A cell of a table.
pub(super) type Cell = (Ink, String);

/// The page.
pub(super) struct Paper {
    out: String,
    width: usize,
    colour: bool,
}

impl Paper {
    pub(super) fn new(style: Style) -> Self {
        let width = style.width.clamp(WIDTH_MIN, WIDTH_MAX);
        Self { out: String::new(), width, colour: style.colour }
    }

    pub(super) fn finish(mut self) -> String {
        let end = self.out.trim_end_matches('\n').len();
        self.out.truncate(end);
        self.out.push('\n');
        self.out
    }

    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading over a section.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.words(0, 0, &[(Ink::Bold, &text.to_uppercase())]);
        self.rule('-');
    }

    pub(super) fn rule(&mut self, sign: char) {
        let line: String = std::iter::repeat_n(sign, self.width).collect();
        self.out.push_str(&line);
        self.out.push('\n');
    }

    /// A paragraph.
    pub(super) fn say(&mut self, indent: usize, text: &str) {
        self.words(indent, indent, &[(Ink::Plain, text)]);
    }

    /// A point of a list.
    pub(super) fn point(&mut self, indent: usize, runs: &[Run<'_>]) {
        let mut all = vec![(Ink::Plain, "-")];
        all.extend_from_slice(runs);
        self.words(indent, indent + 2, &all);
    }

    /// Words, wrapped; the lines after the first begin at `hang`.
    pub(super) fn words(&mut self, indent: usize, hang: usize, runs: &[Run<'_>]) {
        let mut room = indent;
        for line in wrapped(runs, self.width, indent, hang) {
            self.out.push_str(&" ".repeat(room));
            for (index, (ink, word)) in line.iter().enumerate() {
                if index > 0 {
                    self.out.push(' ');
                }
                self.word(*ink, word);
            }
            self.out.push('\n');
            room = hang;
        }
    }

    /// Lines to be copied: nothing is wrapped.
    pub(super) fn lines(&mut self, indent: usize, text: &str) {
        for line in text.split('\n').take(200) {
            let line = safe(line.trim_end(), 2000);
            if !line.is_empty() {
                self.out.push_str(&" ".repeat(indent));
                self.out.push_str(&line);
            }
            self.out.push('\n');
        }
    }

    /// A name and what it is, beside each other.
    pub(super) fn named(&mut self, name: &str, ink: Ink, text: &str) {
        let hang = if self.width < TABLE_MIN { 4 } else { 14 };
        let padded = format!("{name:<11}");
        let is_wide = hang + widest(text) > self.width;
        if hang == 4 || is_wide {
            self.words(2, 4, &[(Ink::Plain, name), (ink, text)]);
            return;
        }
        let at = self.out.len();
        self.words(14, hang, &[(ink, text)]);
        // The name stands in the room before the first word.
        if self.out.len() > at {
            self.out.replace_range(at..at + 14, &format!("  {padded} "));
        }
    }

    /// A table; a list where the page is narrow. The first column isn't wrapped.
    pub(super) fn table(&mut self, indent: usize, headings: &[&str], rows: &[Vec<Cell>]) {
        let Some(widths) = self.widths(indent, headings, rows) else {
            for row in rows {
                let mut row = headings.iter().zip(row);
                if let Some((heading, (ink, first))) = row.next() {
                    let heading = format!("{heading}:");
                    let runs = [(Ink::Plain, heading.as_str()), (*ink, first)];
                    self.words(indent, indent + 2, if heading == ":" { &runs[1..] } else { &runs });
                }
                for (heading, (ink, text)) in row.filter(|(_, (_, text))| !text.is_empty()) {
                    let heading = format!("{heading}:");
                    self.words(indent + 2, indent + 4, &[(Ink::Plain, &heading), (*ink, text)]);
                }
            }
            return;
        };
        let heading: Vec<Cell> =
            headings.iter().map(|text| (Ink::Bold, (*text).to_owned())).collect();
        for row in std::iter::once(&heading).chain(rows) {
            let cells: Vec<_> = row
                .iter()
                .zip(&widths)
                .map(|((ink, text), width)| wrapped(&[(*ink, text)], *width, 0, 0))
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or_default();
            for index in 0..height {
                let mut line = " ".repeat(indent);
                let mut want = indent;
                for (cell, width) in cells.iter().zip(&widths) {
                    let have = plain_width(&line, self.colour);
                    line.push_str(&" ".repeat(want.saturating_sub(have)));
                    let words = cell.get(index).map(Vec::as_slice).unwrap_or_default();
                    let taken = std::mem::take(&mut self.out);
                    for (number, (ink, word)) in words.iter().enumerate() {
                        if number > 0 {
                            self.out.push(' ');
                        }
                        self.word(*ink, word);
                    }
                    line.push_str(&std::mem::replace(&mut self.out, taken));
                    want += width + 2;
                }
                self.out.push_str(line.trim_end());
                self.out.push('\n');
            }
        }
    }

    /// The widths of the columns; `None` where they don't fit.
    fn widths(&self, indent: usize, headings: &[&str], rows: &[Vec<Cell>]) -> Option<Vec<usize>> {
        let cell =
            |row: &Vec<Cell>, column: usize| row.get(column).map(|(_, text)| safe(text, TEXT_MAX));
        let of = |column: usize, measure: fn(&str) -> usize| {
            let heading = headings.get(column).map(|text| text.width()).unwrap_or_default();
            let cells = rows.iter().filter_map(|row| cell(row, column));
            cells.map(|text| measure(&text)).max().unwrap_or_default().max(heading)
        };
        let columns = 0..headings.len();
        let mut widths: Vec<_> = columns.clone().map(|column| of(column, |t| t.width())).collect();
        let least: Vec<_> = columns.map(|column| of(column, widest).min(WORD_MAX)).collect();
        let gaps = indent + 2 * headings.len().saturating_sub(1);
        let room = self.width.checked_sub(gaps)?;
        while widths.iter().sum::<usize>() > room {
            let (widest, _) = widths
                .iter()
                .zip(&least)
                .map(|(w, l)| w.saturating_sub(*l))
                .enumerate()
                .max_by_key(|(_, over)| *over)?;
            let (width, least) = (widths.get_mut(widest)?, least.get(widest)?);
            if *width <= *least || self.width < TABLE_MIN {
                return None;
            }
            *width -= 1;
        }
        Some(widths)
    }

    fn word(&mut self, ink: Ink, word: &str) {
        let code = match ink {
            Ink::Bold => "1",
            Ink::Red => "1;31",
            Ink::Green => "32",
            Ink::Yellow => "33",
            Ink::Plain => "",
        };
        if self.colour && !code.is_empty() {
            self.out.push_str(&format!("\u{1b}[{code}m{word}\u{1b}[0m"));
        } else {
            self.out.push_str(word);
        }
    }
}

/// Our own colours aren't wide; no other escape sequence gets this far.
fn plain_width(line: &str, colour: bool) -> usize {
    if !colour {
        return line.width();
    }
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().width();
    first
        + parts.map(|part| part.split_once('m').map_or(0, |(_, text)| text.width())).sum::<usize>()
}

/// What a terminal, and the runner of a platform that reads the job's log, take for text. A runner looks for
/// `::command::` and `##vso[` where a line begins, and any word can come to begin one.
fn safe(text: &str, most: usize) -> String {
    let text = shortened(text, most);
    let words =
        text.split(' ').map(|word| match (word.strip_prefix("::"), word.strip_prefix("##")) {
            (Some(rest), _) => format!("\\u{{3a}}:{rest}"),
            (_, Some(rest)) => format!("\\u{{23}}#{rest}"),
            _ => word.to_owned(),
        });
    words.collect::<Vec<_>>().join(" ")
}

fn widest(text: &str) -> usize {
    text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// Words in lines.
fn wrapped(runs: &[Run<'_>], width: usize, indent: usize, hang: usize) -> Vec<Vec<(Ink, String)>> {
    let mut lines: Vec<Vec<(Ink, String)>> = vec![Vec::new()];
    let mut at = indent;
    for (ink, text) in runs {
        let text = safe(text, TEXT_MAX);
        let pieces =
            text.split_whitespace().flat_map(|word| pieces(word, width.saturating_sub(hang)));
        for word in pieces {
            let is_first = lines.last().is_none_or(Vec::is_empty);
            let next = at + word.width() + usize::from(!is_first);
            if next > width && !is_first {
                at = hang + word.width();
                lines.push(vec![(*ink, word)]);
            } else {
                at = next;
                if let Some(line) = lines.last_mut() {
                    line.push((*ink, word));
                }
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// A word in pieces that fit; whole where it does, or where it is to be copied.
fn pieces(word: &str, room: usize) -> Vec<String> {
    if word.width() <= room.max(1) {
        return vec![word.to_owned()];
    }
    let is_kept = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=".contains(c);
    if word.len() <= WORD_MAX && word.chars().all(is_kept) {
        return vec![word.to_owned()];
    }
    let (mut all, mut piece, mut at) = (Vec::new(), String::new(), 0);
    for c in word.chars() {
        let wide = c.width().unwrap_or_default();
        if at + wide > room.max(8) {
            all.push(std::mem::take(&mut piece));
            at = 0;
            // It would begin a line.
            if matches!(c, ':' | '#') {
                piece.push_str(&c.escape_unicode().to_string());
                at += piece.len();
                continue;
            }
        }
        piece.push(c);
        at += wide;
    }
    all.push(piece);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: usize, colour: bool, write: impl Fn(&mut Paper)) -> String {
        let mut paper = Paper::new(Style { width, colour });
        write(&mut paper);
        paper.finish()
    }

    #[test]
    fn words_are_wrapped_and_what_is_to_be_copied_stays_whole() {
        let digest = "a".repeat(64);
        let text = written(40, false, |paper| {
            paper.point(2, &[(Ink::Plain, &format!("one two three four five six seven {digest} 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"))])
        });
        assert!(text.contains(&digest));
        for line in text.lines().filter(|line| !line.contains(&digest)) {
            assert!(line.width() <= 40, "{line}");
        }
    }

    #[test]
    fn no_line_begins_with_a_command_of_a_runner_s() {
        for width in 20..60 {
            let text = written(width, false, |paper| {
                paper.say(0, &format!("{}::error::x aaa ##vso[task.x]", "日".repeat(30)));
                paper.say(2, "::warning::z a ::a::");
                paper.say(0, &format!("{}::error::x", "!".repeat(width)));
            });
            for line in text.lines() {
                let line = line.trim_start();
                assert!(!line.starts_with("::") && !line.starts_with("##"), "{line}");
            }
        }
    }

    #[test]
    fn a_table_fits_or_is_a_list() {
        let rows = vec![vec![
            (Ink::Bold, "2.1".to_owned()),
            (
                Ink::Plain,
                "many words that have to be wrapped somewhere in the middle of it".to_owned(),
            ),
            (Ink::Red, "contradicted".to_owned()),
        ]];
        for width in [40, 60, 80] {
            let plain =
                written(width, false, |paper| paper.table(0, &["No.", "Words", "Standing"], &rows));
            assert!(
                plain.lines().all(|line| line.width() <= width && line.trim_end() == line),
                "{plain}"
            );
            let coloured =
                written(width, true, |paper| paper.table(0, &["No.", "Words", "Standing"], &rows));
            let mut bare = coloured.clone();
            for code in ["1", "1;31", "0"] {
                bare = bare.replace(&format!("\u{1b}[{code}m"), "");
            }
            assert_eq!(bare, plain);
        }
    }
}
