//! What of a lockfile's texts may be published.
//!
//! A private registry's address is often written with the credential to read from it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::found::Named;
use crate::base::text::{is_unprintable, printable};
use crate::capture::redact::{Redactor, Rule};
use crate::format::evidence::Dependency;

/// Addresses that are remembered: most dependencies of one lockfile have the same few.
const REMEMBERED: usize = 256;
/// Dependencies whose names are looked at together.
const AT_ONCE: usize = 64;

pub(super) struct Cleaner<'a> {
    redactor: &'a Redactor,
    sources: HashMap<String, String>,
    pub(super) withheld: BTreeSet<Rule>,
}

impl<'a> Cleaner<'a> {
    pub(super) fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, sources: HashMap::new(), withheld: BTreeSet::new() }
    }

    /// The dependencies, each with whether it needs a checksum.
    pub(super) fn clean(&mut self, ecosystem: &str, all: &[Named]) -> Vec<(Dependency, bool)> {
        let mut rows = Vec::with_capacity(all.len());
        for some in all.chunks(AT_ONCE) {
            let clear = self.is_clear(some);
            rows.extend(some.iter().map(|named| self.dependency(ecosystem, named, clear)));
        }
        rows
    }

    fn dependency(&mut self, ecosystem: &str, named: &Named, clear: bool) -> (Dependency, bool) {
        let mut checksums = named.checksums.clone();
        checksums.sort_unstable();
        checksums.dedup();
        let mut text = |text: &String| if clear { text.clone() } else { self.text(text) };
        let dependency = Dependency {
            ecosystem: ecosystem.to_owned(),
            name: text(&named.name),
            version: named.version.as_ref().map(text),
            source: named.origin.text().map(|source| self.source(source)),
            checksums,
        };
        (dependency, named.origin.needs_checksum())
    }

    /// Whether nothing is to be withheld of the names and versions of some dependencies.
    ///
    /// One look at all of them costs a fraction of one at each. What is withheld of a text by itself is
    /// withheld of it between others too, if all are plain: no rule reads on beyond the end of a line
    /// but for what [`is_plain`] refuses.
    fn is_clear(&self, some: &[Named]) -> bool {
        let mut lines = String::new();
        for text in some.iter().flat_map(|named| std::iter::once(&named.name).chain(&named.version))
        {
            if text.contains('\n') {
                return false;
            }
            lines.push_str(text);
            lines.push('\n');
        }
        is_plain(&lines) && self.redactor.scrub(&lines).rules.is_empty()
    }

    /// What has spaces may be a command line, in which a flag says what follows it.
    fn text(&mut self, text: &str) -> String {
        let scrubbed = self.redactor.scrub_variable("text", text);
        self.withheld.extend(scrubbed.rules);
        shown(scrubbed.text)
    }

    fn source(&mut self, source: String) -> String {
        if matches!(source.as_str(), "path" | "bundled") {
            return source;
        }
        if let Some(known) = self.sources.get(&source) {
            return known.clone();
        }
        // Several addresses may stand in one text, and a percent sign hides one in another.
        let mut clean = Vec::new();
        for word in source.split(' ') {
            let scrubbed = self.redactor.scrub_url(word);
            self.withheld.extend(scrubbed.rules);
            clean.push(self.decoded(scrubbed.text));
        }
        let clean = match clean.as_slice() {
            [one] => shown(one.clone()),
            several => self.text(&several.join(" ")),
        };
        if self.sources.len() < REMEMBERED {
            self.sources.insert(source, clean.clone());
        }
        clean
    }

    /// An address inside of an address is percent-encoded, and its userinfo with it: if there is
    /// anything to withhold once it is decoded, the decoded text is what is recorded.
    fn decoded(&mut self, text: String) -> String {
        if !text.contains('%') {
            return text;
        }
        let plain = percent_decoded(&text);
        let scrubbed = self.redactor.scrub(&plain);
        if scrubbed.rules.is_empty() {
            return text;
        }
        self.withheld.extend(scrubbed.rules);
        scrubbed.text
    }
}

/// Whether lines are ordinary names and versions, none of which can make another look harmless: as the
/// armour of a public key and the folders of macOS do.
fn is_plain(lines: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"\n._+@/-:".contains(&byte);
    lines.bytes().all(fits) && !lines.contains("--") && !lines.contains("/folders/")
}

fn shown(text: String) -> String {
    if text.chars().any(is_unprintable) { printable(&text) } else { text }
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let value = digits
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        plain.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}
