//! Text from outside, made text in Markdown.
//!
//! Platforms look through a page for what they make links of after the Markdown is HTML already: `@somebody`,
//! `#123`, addresses, `:smile:`. So a reference to a character, which is that character again by then, isn't
//! enough: an empty element stands between the sign and what follows, and leaves no word to be found.

use super::text::cut;

/// Longest text that is shown whole, in characters.
const TEXT_MAX: usize = 2000;
/// What parts a sign from what it would begin.
const BREAK: &str = "<span></span>";

/// A text of which nothing is markup, a link, a mention or a sign of its own. It may stand in a line, a list or
/// a table, at its beginning too.
#[must_use]
pub fn escaped(text: &str) -> String {
    let text = shortened(text, TEXT_MAX);
    let mut whole = String::with_capacity(text.len() * 2);
    let mut before = Before::default();
    let text = text.trim();
    for (at, c) in text.char_indices() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        let next = rest.chars().next();
        if before.breaks(c) {
            whole.push_str(BREAK);
        }
        if is_sign(c) || before.is_structure(c, next) {
            whole.push_str(&format!("&#{};", u32::from(c)));
        } else {
            whole.push(c);
        }
        let begins = match c {
            ':' => rest.starts_with("//") || is_emoji(rest),
            _ => opens(c) && next.is_some_and(|next| !next.is_whitespace()),
        };
        if begins {
            whole.push_str(BREAK);
        }
        before.add(c);
    }
    whole
}

/// A text in the font of code; nothing in it is markup.
#[must_use]
pub fn code(text: &str) -> String {
    let text = shortened(text, TEXT_MAX);
    let text = text.trim();
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    // A table takes a bar for the end of a cell even in code.
    if text.contains('|') {
        return format!("<code>{}</code>", escaped(text));
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Lines as a block of code.
#[must_use]
pub fn block(text: &str, language: &str) -> String {
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    // A runner that prints it takes `::command::` at the beginning of a line for a command of the job's.
    let line = |line: &str| {
        let line = shortened(line, TEXT_MAX);
        let is_command = line.trim_start().starts_with("::");
        if is_command { line.replacen("::", "\\u{3a}:", 1) } else { line }
    };
    let lines: Vec<_> = text.split('\n').map(line).collect();
    let lines = lines.join("\n");
    let fence = "`".repeat(longest_run(&lines).max(2) + 1);
    format!("{fence}{language}\n{lines}\n{fence}\n")
}

/// The beginning of a text, with a mark where that isn't all of it.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    let mut short = cut(text, most);
    if text.chars().nth(most).is_some() {
        short.push_str(" [..]");
    }
    short
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// What Markdown or HTML could obey wherever it stands.
const fn is_sign(c: char) -> bool {
    matches!(
        c,
        '\\' | '`'
            | '*'
            | '_'
            | '{'
            | '}'
            | '['
            | ']'
            | '<'
            | '>'
            | '#'
            | '!'
            | '|'
            | '&'
            | '~'
            | '$'
            | '@'
            | '^'
    )
}

/// What a platform makes something of together with what follows: mentions, issues, merge requests, milestones,
/// labels, snippets, epics, alerts, addresses, emoji, tables of contents, placeholders.
const fn opens(c: char) -> bool {
    matches!(c, '@' | '#' | '!' | '%' | '$' | '~' | '^' | '&' | '[' | '{')
}

/// Whether what follows a colon ends in another: `smile:`.
fn is_emoji(rest: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '+' | '-');
    rest.split_once(':')
        .is_some_and(|(name, _)| (1..=40).contains(&name.len()) && name.chars().all(of_name))
}

/// What stands before a character.
#[derive(Default)]
struct Before {
    last: Option<char>,
    /// The word, as far as it matters.
    word: String,
    /// Whether only digits stand between it and the beginning.
    is_number: bool,
}

impl Before {
    /// Whether what comes would make a link together with it: `www.`, `GH-1`.
    fn breaks(&self, c: char) -> bool {
        let is_www = self.word.eq_ignore_ascii_case("www.");
        let tracker = self.word.strip_suffix('-').unwrap_or_default();
        let is_tracker = tracker.len() >= 2
            && tracker.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && tracker.bytes().any(|byte| byte.is_ascii_alphabetic())
            && c.is_ascii_digit();
        !c.is_whitespace() && (is_www || is_tracker)
    }

    /// Whether it would begin a list, a heading, a quotation, or a command, at the beginning of a text.
    fn is_structure(&self, c: char, next: Option<char>) -> bool {
        match self.last {
            None => matches!(c, '-' | '+' | '=' | '/' | ':' | '.') && (c != '-' || next.is_some()),
            Some(_) => {
                self.is_number && matches!(c, '.' | ')') && next.is_none_or(char::is_whitespace)
            }
        }
    }

    fn add(&mut self, c: char) {
        self.is_number = c.is_ascii_digit() && (self.last.is_none() || self.is_number);
        if c.is_alphanumeric() || matches!(c, '-' | '.') {
            if self.word.len() <= 32 {
                self.word.push(c);
            }
        } else {
            self.word.clear();
        }
        self.last = Some(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_chose_is_markup() {
        let text = escaped("a|b`c`\n<img src=x>[x](y) @all **b** \u{202e}");
        let bare = text.replace(BREAK, "");
        for sign in ["|", "`", "\n", "<", "[", "@", "*", "\u{202e}"] {
            assert!(!bare.contains(sign), "{sign:?} in {text}");
        }
    }

    #[test]
    fn no_sign_stands_beside_what_it_would_begin() {
        for (text, shown) in [
            ("@all", "&#64;<span></span>all"),
            ("#12 !3", "&#35;<span></span>12 &#33;<span></span>3"),
            ("https://e.com", "https:<span></span>//e.com"),
            ("www.e.com", "www.<span></span>e.com"),
            ("GH-12", "GH-<span></span>12"),
            (":smile:", "&#58;<span></span>smile:"),
            ("0123456789abcdef", "0123456789abcdef"),
            ("sha256:abc", "sha256:abc"),
            ("2026-01-31", "2026-01-31"),
            ("- a", "&#45; a"),
            ("1. a", "1&#46; a"),
            ("2.1 a", "2.1 a"),
            ("12) a", "12&#41; a"),
            ("a 1. b", "a 1. b"),
            ("note: 5 - 3 = 2", "note: 5 - 3 = 2"),
            ("  a  ", "a"),
        ] {
            assert_eq!(escaped(text), shown, "{text}");
        }
    }

    #[test]
    fn code_ends_where_it_ends() {
        for (text, shown) in [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("`a``", "``` `a`` ```"),
            ("a|b", "<code>a&#124;b</code>"),
            (" ", "(empty)"),
        ] {
            assert_eq!(code(text), shown, "{text}");
        }
        assert_eq!(block("a\n```\nb", "sh\n`"), "````sh\na\n```\nb\n````\n");
        assert_eq!(block(" ::error::x", ""), "```\n \\u{3a}:error::x\n```\n");
    }

    #[test]
    fn what_is_long_is_cut_and_says_so() {
        assert!(escaped(&"x".repeat(10_000)).ends_with("x &#91;<span></span>..&#93;"));
        assert_eq!(shortened("abc", 3), "abc");
    }
}
