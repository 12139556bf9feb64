//! Command lines: flags that are followed by secrets, and scripts in one argument.

use std::ops::Range;

use super::names::{self, Manner};
use super::programs::Program;
use super::rule::{Rule, is_mark, mark_length};
use super::span::{Finds, at};

/// How deep scripts within scripts are read.
const DEPTH: usize = 4;

/// What the next word is to the flag before it.
#[derive(Debug, Clone)]
enum Pending {
    /// The value of a flag of this name, which tells.
    Secret(String),
    /// `user:password`, or a user alone.
    UserPass,
    /// A script: `NAME=x command` is more than a name and a value.
    Script,
}

/// What is known from the words before.
#[derive(Debug, Clone, Default)]
struct Reader {
    pending: Option<Pending>,
    /// A program was named that takes `-u user:password`.
    http: bool,
    /// A program was named that takes `-u user:group`.
    container: bool,
    /// A shell was named: `-c` takes a script.
    shell: bool,
    /// `cargo` was named: a token follows its `login`.
    cargo: bool,
    /// Programs were named that take a secret behind a short flag.
    programs: Vec<&'static Program>,
}

/// Finds what flags and assignments tell, one entry for each argument.
pub(super) fn scan(argv: &[String]) -> Vec<Finds> {
    let mut reader = Reader::default();
    let mut out = Vec::with_capacity(argv.len());
    for arg in argv {
        let mut finds = Finds::default();
        reader.word(arg, 0..arg.len(), false, &mut finds);
        reader.script(arg, 0..arg.len(), DEPTH, &mut finds);
        out.push(finds);
    }
    out
}

/// Finds what flags and assignments tell in a text that may be a command line, or options of one.
pub(super) fn scan_text(text: &str, finds: &mut Finds) {
    Reader::default().script(text, 0..text.len(), DEPTH, finds);
}

impl Reader {
    /// Reads one word, `range` of `text`.
    fn word(&mut self, text: &str, range: Range<usize>, in_script: bool, finds: &mut Finds) {
        let range = if in_script { unquoted(text, range) } else { range };
        let word = text.get(range.clone()).unwrap_or_default();
        if is_mark(word) {
            self.pending = None;
            return;
        }
        match self.pending.take() {
            Some(Pending::Secret(name)) if !is_flag(word) && !is_mount(&name, word) => {
                if let Some(rule) = withholds(&name, word, Manner::Flag, in_script) {
                    finds.add(range, rule);
                }
                return;
            }
            Some(Pending::UserPass) if !is_flag(word) => {
                if is_pair(word) {
                    finds.add(range, Rule::FlagValue);
                }
                return;
            }
            Some(Pending::Script) if !is_flag(word) => return,
            _ => {}
        }
        self.note_program(word);
        if let Some(name) = word.strip_prefix('-') {
            self.flag(text, range, name.trim_start_matches('-'), in_script, finds);
        } else if let Some(value) = word.strip_prefix("pass:") {
            // OpenSSL's form of a password on the command line.
            add(text, range.end - value.len()..range.end, Rule::FlagValue, finds);
        } else {
            assignment(text, range, Manner::Assigned, in_script, finds);
        }
    }

    fn note_program(&mut self, word: &str) {
        // A line may stand in an option: `--ssh='sshpass -p x ssh'`.
        let name = word.rsplit(['/', '\\', '=']).next().unwrap_or_default();
        let name = name.trim_start_matches(['"', '\'']).trim_end_matches(".exe");
        self.programs.extend(Program::find(name));
        match name {
            "curl" | "http" | "https" | "xh" | "wget" => self.http = true,
            "docker" | "podman" | "nerdctl" | "buildah" | "kubectl" | "sudo" | "chown" => {
                self.container = true;
            }
            "sh" | "bash" | "dash" | "zsh" | "ksh" | "fish" => self.shell = true,
            "cargo" => self.cargo = true,
            "login" if self.cargo => self.pending = Some(Pending::Secret("token".to_owned())),
            _ => {}
        }
    }

    fn flag(
        &mut self,
        text: &str,
        range: Range<usize>,
        name: &str,
        script: bool,
        finds: &mut Finds,
    ) {
        let word = text.get(range.clone()).unwrap_or_default();
        let long = word.starts_with("--");
        let users = self.http || !self.container;
        if let Some((flag, value)) = name.split_once('=') {
            if matches!(flag, "user" | "proxy-user") && users && is_pair(value) {
                add(text, range.end - value.len()..range.end, Rule::FlagValue, finds);
            } else {
                assignment(text, range, Manner::Flag, script, finds);
            }
            return;
        }
        let joined = |n: usize| range.start + n..range.end;
        let short = !long && word.len() > 2;
        if (matches!(name, "user" | "proxy-user") && long && users)
            || (matches!(word, "-u" | "-U") && users)
            || (self.http && word == "-a")
            || (self.http && short && word.len() < 8 && is_cluster(word))
        {
            self.pending = Some(Pending::UserPass);
        } else if let Some(flags) = cluster_before_pair(word).filter(|_| self.http && short) {
            add(text, joined(flags), Rule::FlagValue, finds);
        } else if !long && self.programs.iter().any(|program| program.takes(name)) {
            self.pending = Some(Pending::Secret("password".to_owned()));
        } else if let Some(flag) = self.joined_secret(name).filter(|_| short && !is_long(name)) {
            add(text, joined(1 + flag), Rule::FlagValue, finds);
        } else if self.shell && !long && word.ends_with('c') {
            self.pending = Some(Pending::Script);
        } else if name.len() > 2 && names::flag_tells(name) && is_name(name) {
            self.pending = Some(Pending::Secret(name.to_owned()));
        }
    }

    /// Length of the flag before a secret in the same word.
    fn joined_secret(&self, name: &str) -> Option<usize> {
        self.programs.iter().filter_map(|program| program.takes_rest(name)).max()
    }

    /// Reads `range` as a script if there is space in it.
    fn script(&self, text: &str, range: Range<usize>, depth: usize, finds: &mut Finds) {
        let mut reader = Self { pending: None, ..self.clone() };
        let words = shell_words(text, range);
        if depth == 0 || (words.len() < 2 && words.iter().all(|w| w.quoted.is_empty())) {
            return;
        }
        for word in words {
            reader.word(text, word.range, true, finds);
            for quoted in word.quoted {
                if text.get(quoted.clone()).is_some_and(|q| q.contains(char::is_whitespace)) {
                    reader.script(text, quoted, depth - 1, finds);
                }
            }
        }
    }
}

/// Adds a value, unless it is a mark already.
fn add(text: &str, range: Range<usize>, rule: Rule, finds: &mut Finds) {
    if !text.get(range.clone()).is_some_and(is_mark) {
        finds.add(range, rule);
    }
}

/// Why a value is withheld, if it isn't a mere reference to where the secret is.
fn withholds(name: &str, value: &str, manner: Manner, in_script: bool) -> Option<Rule> {
    let elsewhere = ["env:", "file:", "fd:"].iter().any(|source| value.starts_with(source))
        || (in_script && is_reference(value));
    names::withholds(name, value, manner).filter(|_| !elsewhere)
}

/// `$NAME`, which a shell had not replaced yet, and the `$` of `$(..)`.
///
/// Only in scripts, and only in capitals: elsewhere a value that begins with a dollar is a password.
fn is_reference(value: &str) -> bool {
    value.strip_prefix('$').is_some_and(|name| {
        name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// `--flag` or `-f`. A secret may begin with one dash (base64url), so more than one letter behind
/// one dash is a value.
fn is_flag(word: &str) -> bool {
    match word.as_bytes() {
        [b'-', b'-', c, ..] | [b'-', c] => c.is_ascii_alphabetic(),
        _ => false,
    }
}

/// The value of `docker build --secret id=..,src=..` is where the secret is, not what it is.
fn is_mount(name: &str, word: &str) -> bool {
    name == "secret" && ["id=", "type=", "src=", "source="].iter().any(|key| word.starts_with(key))
}

/// `user:password`; `1000:1000` is a user and a group.
fn is_pair(word: &str) -> bool {
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    word.split_once(':').is_some_and(|(user, password)| {
        !password.is_empty() && (!is_number(user) || !is_number(password))
    })
}

/// The name of a flag in one piece with one dash, such as `-passin`: no `-p` with a password.
fn is_long(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && names::tells(name)
}

/// `-sSLu`: short flags of curl, of which the last takes the pair.
fn is_cluster(word: &str) -> bool {
    word.ends_with('u') && word.bytes().skip(1).all(|b| b.is_ascii_alphabetic())
}

/// Length of the flags in `-sSfuser:password`: up to the `u`, if only ones that take nothing stand before it.
fn cluster_before_pair(word: &str) -> Option<usize> {
    const ALONE: &[u8] = b"#0123456BIJLNORSafgijklnpqsvZ";
    let flags = word.bytes().skip(1).take_while(|b| ALONE.contains(b)).count() + 2;
    (word.as_bytes().get(flags - 1) == Some(&b'u') && is_pair(word.get(flags..)?)).then_some(flags)
}

fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'@')
        })
}

/// `NAME=value`, `--name=value`, `-Dname=value`, `/p:Name=value`: the value is all of the rest.
fn assignment(text: &str, range: Range<usize>, manner: Manner, script: bool, finds: &mut Finds) {
    let word = text.get(range.clone()).unwrap_or_default();
    let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_name(name)) else {
        return;
    };
    let name = ["-D", "-P"].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name);
    let tells = if manner == Manner::Flag {
        names::flag_tells(name.trim_start_matches('-'))
    } else {
        names::tells(name)
    };
    let at_value = range.end - value.len()..range.end;
    let at_value = if script { unquoted(text, at_value) } else { at_value };
    let value = text.get(at_value.clone()).unwrap_or_default();
    if let Some(rule) = withholds(name, value, manner, script).filter(|_| tells) {
        finds.add(at_value, rule);
    }
}

/// The range without the quotes around it.
fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    match text.as_bytes().get(range.clone()).unwrap_or_default() {
        [open @ (b'"' | b'\''), .., close] if open == close => range.start + 1..range.end - 1,
        _ => range,
    }
}

/// A word of a script, and the quoted parts in it.
struct Word {
    range: Range<usize>,
    quoted: Vec<Range<usize>>,
}

/// Splits at space and operators outside quotes. A quote that never closes is an apostrophe.
///
/// Marks are kept whole: the space in them must not make two words of what was one.
fn shell_words(text: &str, range: Range<usize>) -> Vec<Word> {
    let bytes = text.as_bytes().get(..range.end).unwrap_or_default();
    let closing = |from: usize, quote: u8| {
        let mut i = from;
        while i < bytes.len() && at(bytes, i) != quote {
            i += if quote == b'"' && at(bytes, i) == b'\\' { 2 } else { 1 };
        }
        (i < bytes.len()).then_some(i)
    };
    let mut unclosed = Vec::new();
    let mut out = Vec::new();
    let mut word: Option<Word> = None;
    let mut i = range.start;
    while i < range.end {
        let b = at(bytes, i);
        if b.is_ascii_whitespace() || matches!(b, b';' | b'|' | b'&' | b'(' | b')' | b'<' | b'>') {
            out.extend(word.take());
            i += 1;
            continue;
        }
        let word = word.get_or_insert_with(|| Word { range: i..i, quoted: Vec::new() });
        let mark = if b == b'[' { text.get(i..).and_then(mark_length) } else { None };
        let close = (matches!(b, b'"' | b'\'') && !unclosed.contains(&b))
            .then(|| {
                closing(i + 1, b).or_else(|| {
                    unclosed.push(b);
                    None
                })
            })
            .flatten();
        i = match (mark, close) {
            (Some(length), _) => i + length,
            (None, Some(end)) => {
                word.quoted.push(i + 1..end);
                end + 1
            }
            _ if b == b'\\' => i + 2,
            _ => i + 1,
        };
        word.range.end = i.min(range.end);
    }
    out.extend(word);
    out
}
