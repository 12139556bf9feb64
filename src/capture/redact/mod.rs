//! Finds what looks like a credential and withholds it, before anything is written or printed.
//!
//! Evidence is meant to be published, and what is published can't be called back. So everything
//! that comes from outside (variables, arguments, URLs, messages) goes through here first, and
//! where a rule isn't sure it withholds: a value too few in the evidence costs a question, a value
//! too many costs the key.
//!
//! What it does not do: it is no proof that a text is free of secrets. A password of common words
//! in the middle of a sentence looks like any other word. [`Redactor`] closes that gap for values
//! that are known.
//!
//! Every function is pure and takes time linear in its input, reads no file and can be applied to
//! its own result, which it leaves as it is.

mod argv;
mod assign;
mod blocks;
mod entropy;
mod glance;
mod known;
mod names;
mod programs;
mod rule;
mod span;
#[cfg(test)]
mod tests;
mod tokens;
mod url;

use std::borrow::Cow;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use zeroize::Zeroizing;

pub use rule::Rule;

use known::Known;
use names::Manner;
use span::{Finds, segments};

/// Rounds after which a text that still yields finds is withheld whole.
///
/// What is left around a find can look like a secret that it wasn't before; two rounds are common,
/// four were never seen but in texts made for it.
const ROUNDS: usize = 8;

/// One thing withheld: where and by which rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Redaction {
    /// Where, in the caller's words: `variable GITHUB_FOO`, `argv[3]`.
    pub place: String,
    /// Why.
    pub rule: Rule,
}

/// A text after withholding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    /// The text, with `[withheld: <rule id>]` in the place of each find.
    pub text: String,
    /// The rules that found something, sorted, each once.
    pub rules: Vec<Rule>,
}

impl Scrubbed {
    /// One [`Redaction`] for each rule, all at `place`.
    pub fn redactions(&self, place: &str) -> impl Iterator<Item = Redaction> {
        self.rules.iter().map(move |&rule| Redaction { place: place.to_owned(), rule })
    }
}

/// Withholds what looks like a credential by itself.
#[must_use]
pub fn scrub(text: &str) -> Scrubbed {
    Redactor::default().scrub(text)
}

/// Withholds the value of a variable whose name tells, and what looks like a credential in others.
///
/// Booleans, small numbers, paths and URLs are not withheld for a name's sake, but for those of
/// proofmark's own variables.
#[must_use]
pub fn scrub_variable(name: &str, value: &str) -> Scrubbed {
    Redactor::default().scrub_variable(name, value)
}

/// Withholds the secrets of a command line. The places are `argv[0]`, `argv[1]`, ...
#[must_use]
pub fn scrub_argv(argv: &[String]) -> (Vec<String>, Vec<Redaction>) {
    Redactor::default().scrub_argv(argv)
}

/// Drops what stands before the `@` and withholds parameters that carry keys.
///
/// The user `git` stays where SSH is spoken: it is the same at every forge.
#[must_use]
pub fn scrub_url(url: &str) -> Scrubbed {
    Redactor::default().scrub_url(url)
}

/// Whether a variable would be withheld whole for its name's sake.
#[must_use]
pub fn is_secret_variable(name: &str, value: &str) -> bool {
    names::withholds(name, value, Manner::Assigned).is_some()
}

/// Withholds values that are known to be secret wherever they appear, and then all that the
/// functions of the same names withhold.
///
/// The values are found as they are, in hex, in base64 at any alignment, percent-encoded, escaped
/// as in JSON, and line by line. Values of fewer than eight bytes are not looked for. The values are
/// overwritten when this is dropped, and `Debug` shows only that there are some.
#[derive(Default)]
pub struct Redactor {
    known: Known,
    /// What was learnt since others hold this one too.
    learnt: RwLock<Known>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_empty = self.known.is_empty() && self.learnt().is_empty();
        f.write_str(if is_empty { "Redactor(empty)" } else { "Redactor(withheld)" })
    }
}

impl Redactor {
    /// Looks for these values.
    ///
    /// What can't be a secret (a boolean, a path) is passed over: it would be torn out of every
    /// other text.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut known = Known::default();
        for secret in secrets.into_iter().map(Zeroizing::new) {
            if !names::is_plain(secret.trim(), Manner::Assigned) {
                known.add(&secret);
            }
        }
        Self { known, learnt: RwLock::default() }
    }

    /// Looks for all that would be withheld in these variables: what one variable gives away as
    /// secret is secret in every other place too.
    pub fn from_variables<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let empty = Self::default();
        let mut known = Known::default();
        for (name, value) in variables {
            for span in empty.variable_finds(name, value).merged() {
                let secret = value.get(span.start..span.end).unwrap_or_default();
                known.add(secret);
                if let Some((_, password)) =
                    secret.split_once(':').filter(|_| span.rule == Rule::UrlUserinfo)
                {
                    known.add(password);
                }
            }
        }
        Self { known, learnt: RwLock::default() }
    }

    /// Looks for this one too, whatever it is: of bytes that are no text, for the ways to write them as one.
    pub fn add(&mut self, secret: &[u8]) {
        match std::str::from_utf8(secret) {
            Ok(text) => self.known.add(text),
            Err(_) => self.known.add_bytes(secret),
        }
    }

    /// Looks for this one too from now on, whoever holds this redactor: for what is secret and comes late.
    pub fn learn(&self, secret: &str) {
        self.learnt.write().unwrap_or_else(PoisonError::into_inner).add(secret);
    }

    fn learnt(&self) -> RwLockReadGuard<'_, Known> {
        self.learnt.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something is withheld of a path.
    #[must_use]
    pub fn withholds_path(&self, path: &[u8]) -> bool {
        let text = String::from_utf8_lossy(path);
        self.may_find_in_path(&text, 0) && !self.scrub(&text).rules.is_empty()
    }

    /// Whether [`Self::scrub`] could find something in a path of which the first `looked_at` bytes, up to a
    /// slash, belong to another path in which it found nothing.
    ///
    /// A quick look for lists of hundreds of thousands of paths: it may say yes for nothing.
    #[must_use]
    pub fn may_find_in_path(&self, path: &str, looked_at: usize) -> bool {
        let rest = path.as_bytes().get(looked_at..).unwrap_or_default();
        self.known.may_find(path.as_bytes())
            || self.learnt().may_find(path.as_bytes())
            || glance::may_hold_secret(rest)
    }

    /// As [`scrub`].
    #[must_use]
    pub fn scrub(&self, text: &str) -> Scrubbed {
        settle(text, |text| self.finds(text))
    }

    /// As [`scrub_variable`].
    #[must_use]
    pub fn scrub_variable(&self, name: &str, value: &str) -> Scrubbed {
        settle(value, |value| self.variable_finds(name, value))
    }

    /// As [`scrub_url`].
    #[must_use]
    pub fn scrub_url(&self, url: &str) -> Scrubbed {
        let mut rules = Vec::new();
        let mut text = url.to_owned();
        for round in 0..=ROUNDS {
            let without = url::without_userinfo(&text);
            rules.extend(without.is_some().then_some(Rule::UrlUserinfo));
            let rest = self.scrub(without.as_ref().unwrap_or(&text));
            rules.extend(rest.rules);
            if without.is_none() && rest.text == text {
                break;
            }
            text = if round < ROUNDS { rest.text } else { give_up(&mut rules) };
        }
        Scrubbed { text, rules: sorted(rules) }
    }

    /// As [`scrub_argv`].
    #[must_use]
    pub fn scrub_argv(&self, argv: &[String]) -> (Vec<String>, Vec<Redaction>) {
        let mut args = argv.to_vec();
        let mut rules = vec![Vec::new(); args.len()];
        for round in 0..=ROUNDS {
            // Each argument by itself, and by what the arguments before it say of it.
            let mut all = argv::scan(&args);
            for (finds, arg) in all.iter_mut().zip(&args) {
                self.find(arg, finds);
            }
            if all.iter().all(Finds::is_empty) {
                break;
            }
            for ((finds, arg), rules) in all.iter().zip(&mut args).zip(&mut rules) {
                if !finds.is_empty() {
                    *arg = if round < ROUNDS { finds.apply(arg, rules) } else { give_up(rules) };
                }
            }
        }
        let mut redactions = Vec::new();
        for (i, rules) in rules.into_iter().enumerate() {
            let place = format!("argv[{i}]");
            let scrubbed = Scrubbed { text: String::new(), rules: sorted(rules) };
            redactions.extend(scrubbed.redactions(&place));
        }
        (args, redactions)
    }

    /// What the value rules find.
    fn finds(&self, text: &str) -> Finds {
        let mut finds = Finds::default();
        self.find(text, &mut finds);
        finds
    }

    fn find(&self, text: &str, finds: &mut Finds) {
        for (base, part) in segments(text) {
            finds.set_base(base);
            self.known.scan(part, finds);
            self.learnt().scan(part, finds);
            tokens::scan(part.as_bytes(), finds);
            blocks::scan(part, finds);
            assign::scan(part, finds);
            url::scan(part, finds);
            let public = blocks::public_ranges(part);
            entropy::scan(part.as_bytes(), &public, has_aws_key_id(part), finds);
        }
        finds.set_base(0);
    }

    /// What the name rules and the value rules find.
    fn variable_finds(&self, name: &str, value: &str) -> Finds {
        let mut finds = Finds::default();
        if let Some(rule) = names::withholds(name, value, Manner::Assigned) {
            finds.add(0..value.len(), rule);
            return finds;
        }
        self.find(value, &mut finds);
        argv::scan_text(value, &mut finds);
        if name.to_ascii_lowercase().ends_with("proxy") {
            finds.add(0..url::proxy_userinfo(value), Rule::UrlUserinfo);
        }
        finds
    }
}

fn has_aws_key_id(text: &str) -> bool {
    let is_id = |prefix: &str| {
        text.match_indices(prefix).any(|(i, _)| {
            let id = text.as_bytes().get(i + 4..i + 20).unwrap_or_default();
            id.len() == 16 && id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
    };
    is_id("AKIA") || is_id("ASIA")
}

/// Scrubs until nothing is found any more, so that the result stands a second scrubbing.
fn settle(text: &str, find: impl Fn(&str) -> Finds) -> Scrubbed {
    let mut rules = Vec::new();
    let mut text = Cow::Borrowed(text);
    for round in 0..=ROUNDS {
        let finds = find(&text);
        if finds.is_empty() {
            break;
        }
        let next =
            if round < ROUNDS { finds.apply(&text, &mut rules) } else { give_up(&mut rules) };
        text = Cow::Owned(next);
    }
    Scrubbed { text: text.into_owned(), rules: sorted(rules) }
}

fn give_up(rules: &mut Vec<Rule>) -> String {
    rules.push(Rule::Unsettled);
    Rule::Unsettled.mark()
}

fn sorted(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_unstable();
    rules.dedup();
    rules
}
