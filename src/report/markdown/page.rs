//! A page that never gets too long: whole sections are left out, the least important first.

use crate::base::markup::{code, escaped, shortened};

/// What the page may have, in bytes: a platform refuses a job's summary over 1 MiB, and cuts nothing.
const BYTES_MAX: usize = 1_000_000;
/// Most rows of one list.
pub(super) const ROWS_MAX: usize = 100;
/// Longest text of a cell, in characters.
const CELL_MAX: usize = 300;

/// How much would be lost with a section; the first is never left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Never,
    Policy,
    Provisions,
    Moved,
    Remedies,
    Fails,
    Glance,
    NotVerified,
    Claims,
    Answers,
    Gaps,
    Vouchers,
    Timeline,
    Pins,
    Marks,
    Files,
}

struct Section {
    weight: Weight,
    /// Of which build: the first are the most important ones.
    build: usize,
    name: &'static str,
    text: String,
}

/// The page.
#[derive(Default)]
pub(super) struct Page(Vec<Section>);

impl Page {
    pub(super) fn add(&mut self, weight: Weight, name: &'static str, text: String) {
        self.of(0, weight, name, text);
    }

    pub(super) fn of(&mut self, build: usize, weight: Weight, name: &'static str, text: String) {
        if !text.is_empty() {
            self.0.push(Section { weight, build, name, text });
        }
    }

    pub(super) fn finish(self) -> String {
        let mut order: Vec<_> = self.0.iter().enumerate().collect();
        order.sort_by_key(|(index, section)| (section.weight, section.build, *index));
        let mut left = BYTES_MAX;
        let mut kept = vec![false; self.0.len()];
        let mut lost: Vec<&str> = Vec::new();
        for (index, section) in order {
            let size = section.text.len() + 1;
            let fits = section.weight == Weight::Never || (size <= left && lost.is_empty());
            if fits {
                left = left.saturating_sub(size);
                if let Some(kept) = kept.get_mut(index) {
                    *kept = true;
                }
            } else if !lost.contains(&section.name) {
                lost.push(section.name);
            }
        }
        let mut whole = String::new();
        let mut is_said = false;
        for (section, kept) in self.0.iter().zip(&kept) {
            if *kept {
                whole.push_str(section.text.trim_end());
                whole.push_str("\n\n");
            } else if !is_said {
                is_said = true;
                whole.push_str(&format!(
                    "> [!WARNING]\n> **Left out for want of room:** {}. `proofmark report --format json` has everything.\n\n",
                    lost.join(", ")
                ));
            }
        }
        whole.truncate(whole.trim_end().len());
        whole.push('\n');
        whole
    }
}

/// A text from outside, not too long for a cell.
pub(super) fn cell(text: &str) -> String {
    escaped(&shortened(text, CELL_MAX))
}

/// An id, a digest or a path from outside.
pub(super) fn id(text: &str) -> String {
    code(&shortened(text, CELL_MAX))
}

/// A table; the cells are Markdown.
pub(super) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut whole = format!("| {} |\n|{}\n", headings.join(" | "), " --- |".repeat(headings.len()));
    for row in rows {
        whole.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    whole
}

/// What is folded; the summary is Markdown without code, or HTML.
pub(super) fn folded(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{}\n\n</details>\n", body.trim_end())
}

/// That there is more than is shown.
pub(super) fn more(all: usize, shown: usize) -> String {
    match all.checked_sub(shown) {
        None | Some(0) => String::new(),
        Some(more) => format!("\n... and {more} more: `proofmark report --format json` has all.\n"),
    }
}
