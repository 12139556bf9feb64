//! Text from outside, made safe to show.
//!
//! A name or a message that somebody else chose can carry escape sequences that repaint a terminal
//! (so that "REFUSED" reads "verified"), or marks that turn the direction of what follows.

use std::fmt;

/// Controls, and the invisible characters that reorder or hide what stands beside them.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Shows a text with every unprintable character written as `\u{..}`, cut at 512 characters.
#[derive(Clone, Copy)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = Before::default();
        for (count, c) in self.0.chars().enumerate() {
            if count == 512 {
                return f.write_str("[..]");
            }
            if is_unprintable(c) || before.opens_command(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                fmt::Write::write_char(f, c)?;
            }
        }
        Ok(())
    }
}

/// How many `#` stand right before. GitHub's runner takes `##[command]` for a command of the job's wherever it
/// stands in a line; `::command::` only where it begins one.
#[derive(Default)]
struct Before(u8);

impl Before {
    fn opens_command(&mut self, c: char) -> bool {
        let opens = c == '[' && self.0 >= 2;
        self.0 = if c == '#' { self.0.saturating_add(1) } else { 0 };
        opens
    }
}

/// [`Printable`] as a string.
#[must_use]
pub fn printable(text: &str) -> String {
    Printable(text).to_string()
}

/// The first `most` characters, each unprintable one written as `\u{..}`.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    let mut before = Before::default();
    text.chars().take(most).fold(String::new(), |mut whole, c| {
        if is_unprintable(c) || before.opens_command(c) {
            whole.extend(c.escape_unicode());
        } else {
            whole.push(c);
        }
        whole
    })
}

/// A path as text for people: unprintable characters and bytes that aren't UTF-8 are marked.
#[must_use]
pub fn printable_path(path: &std::path::Path) -> String {
    printable(&path.to_string_lossy())
}

/// Text of an argument or name without loss: bytes that aren't UTF-8 are written `\\xNN`.
#[must_use]
pub fn lossless(text: &std::ffi::OsStr) -> String {
    text.as_encoded_bytes().utf8_chunks().fold(String::new(), |mut whole, chunk| {
        whole.push_str(chunk.valid());
        for byte in chunk.invalid() {
            whole.push_str(&format!("\\x{byte:02x}"));
        }
        whole
    })
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_from_outside_is_a_command_of_the_runner_s() {
        for (text, shown) in [
            ("x ##[set-output name=a;]b", r"x ##\u{5b}set-output name=a;]b"),
            ("###[x", r"###\u{5b}x"),
            ("#[x] # #[y]", "#[x] # #[y]"),
        ] {
            assert_eq!(printable(text), shown);
            assert_eq!(cut(text, 100), shown);
        }
    }

    #[test]
    fn escape_sequences_and_direction_marks_lose_their_force() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
        assert!(printable(&"x".repeat(10_000)).len() < 600);
        assert_eq!(cut("a\u{1b}[2Jb\u{202e}c", 6), "a\\u{1b}[2Jb");
    }
}
