//! From text to a policy, by one strict grammar.
//!
//! A misspelt key would ask nothing, and a rule that can never fail or never pass is a mistake: all of them are
//! errors. No error repeats a value.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::PolicyError;
use super::refs::RefPattern;
use super::{Expect, Policy, Waiver};
use crate::assess::assurance::Assurance;
use crate::assess::catalogue::{Answer, questions};
use crate::base::digest::Sha256;
use crate::base::text::{cut, is_unprintable, printable};

/// Most bytes of a policy.
pub const POLICY_MAX: usize = 64 << 10;
/// Most entries of a list, and most waivers.
pub(super) const ENTRIES_MAX: usize = 100;
/// Longest text, in bytes.
const TEXT_MAX: usize = 1024;

type Table<'t> = DeTable<'t>;
type Node<'t> = Spanned<DeValue<'t>>;

/// Parts of the evidence, and of its envelope, that gaps are named by.
const PARTS: [&str; 19] = [
    "attached",
    "build",
    "chain",
    "changes",
    "companions",
    "controls",
    "custody",
    "dependencies",
    "environment",
    "identity",
    "inputs",
    "lane",
    "outputs",
    "packages",
    "pipeline",
    "redactions",
    "source",
    "subjects",
    "tools",
];

/// Keys of `[expect]`; each but `assurance` is a rule, `expect.<key>`.
pub(super) const EXPECT: [&str; 8] =
    ["repository-id", "workflow", "ref", "trigger", "runner", "builder", "issuer", "assurance"];

/// The name that a misspelt one most likely meant.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Comparing costs the product of the lengths.
    let name = name.get(..name.len().min(100)).unwrap_or_default();
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(name, known), known));
    scored
        .filter(|(score, _)| *score > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > POLICY_MAX {
            return Err(PolicyError::TooLarge(text.len()));
        }
        let whole = Table::parse(text).map_err(|error| {
            let line = line(text, error.span().map_or(0, |span| span.start));
            // Its `Display` would show the line, and with it whatever was pasted there.
            PolicyError::Form(format!("on line {line}: {}", printable(error.message())))
        })?;
        let reader = Reader { text };
        let whole = whole.get_ref();
        reader.only(whole, "", &["name", "require", "expect", "limits", "gaps", "waive"])?;
        let name = reader.text(whole, "", "name")?;
        let mut policy = Self {
            name: name.ok_or(PolicyError::Missing { line: 1, key: "name".to_owned() })?,
            sha256: Sha256::of(text.as_bytes()),
            require: reader.require(whole)?,
            expect: reader.expect(whole)?,
            max_age: reader.max_age(whole)?,
            allowed_gaps: reader.gaps(whole)?,
            waivers: Vec::new(),
        };
        if policy.rules().is_empty() && policy.allowed_gaps.is_none() {
            return Err(PolicyError::AsksNothing);
        }
        policy.waivers = reader.waivers(whole, &policy)?;
        Ok(policy)
    }

    /// Names of all rules but those of gaps.
    fn rules(&self) -> Vec<String> {
        let expected = self.expect.lists().into_iter().filter(|(_, list)| !list.is_empty());
        let mut rules: Vec<String> = self.require.keys().map(|id| (*id).to_owned()).collect();
        rules.extend(expected.map(|(key, _)| format!("expect.{key}")));
        rules.extend(self.max_age.map(|_| "max-age".to_owned()));
        rules
    }
}

/// Which line a byte is on, counted from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Knows the text, for the numbers of its lines.
struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn line<T>(&self, node: &Spanned<T>) -> usize {
        line(self.text, node.span().start)
    }

    fn only(&self, table: &Table<'_>, of: &str, known: &[&str]) -> Result<(), PolicyError> {
        let stranger = table.keys().find(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = stranger else { return Ok(()) };
        let name = key.get_ref();
        Err(self.unknown(
            key,
            format!("the key `{}`", cut(&format!("{of}{name}"), 100)),
            name,
            known,
        ))
    }

    fn unknown<T>(
        &self,
        node: &Spanned<T>,
        what: String,
        name: &str,
        known: &[&str],
    ) -> PolicyError {
        let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
        let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        PolicyError::Unknown { line: self.line(node), what, nearest, known }
    }

    fn wrong<T>(&self, node: &Spanned<T>, key: &str, expected: &'static str) -> PolicyError {
        PolicyError::Value { line: self.line(node), key: cut(key, 100), expected }
    }

    fn table<'n, 't>(
        &self,
        whole: &'n Table<'t>,
        key: &str,
    ) -> Result<Option<&'n Table<'t>>, PolicyError> {
        let Some(node) = whole.get(key) else { return Ok(None) };
        let table = node.get_ref().as_table().ok_or_else(|| self.wrong(node, key, "a table"))?;
        // A heading with nothing below it was meant to ask something.
        if table.is_empty() {
            return Err(self.wrong(node, key, "a table with an entry"));
        }
        Ok(Some(table))
    }

    /// A text that says something, and shows what it says.
    fn filled(&self, node: &Node<'_>, key: &str) -> Result<String, PolicyError> {
        const EXPECTED: &str =
            "a text that isn't empty, without control characters, of at most 1024 bytes";
        let text = node.get_ref().as_str().filter(|text| {
            !text.trim().is_empty()
                && text.trim() == *text
                && text.len() <= TEXT_MAX
                && !text.contains(is_unprintable)
        });
        text.map(str::to_owned).ok_or_else(|| self.wrong(node, key, EXPECTED))
    }

    fn text(&self, table: &Table<'_>, of: &str, key: &str) -> Result<Option<String>, PolicyError> {
        table.get(key).map(|node| self.filled(node, &format!("{of}{key}"))).transpose()
    }

    fn assurance(&self, node: &Node<'_>, key: &str) -> Result<Assurance, PolicyError> {
        let name = self.filled(node, key)?;
        let level = Assurance::ALL.into_iter().find(|level| level.name() == name);
        level.ok_or_else(|| {
            let known = Assurance::ALL.map(Assurance::name);
            self.unknown(node, format!("the assurance of `{}`", cut(key, 100)), &name, &known)
        })
    }

    fn require(&self, whole: &Table<'_>) -> Result<BTreeMap<&'static str, Assurance>, PolicyError> {
        let mut require = BTreeMap::new();
        for (key, node) in self.table(whole, "require")?.into_iter().flatten() {
            let id = key.get_ref();
            let Some((_, question)) = questions().find(|(_, question)| question.id == *id) else {
                let known: Vec<&str> = questions()
                    .filter(|(_, question)| matches!(question.answer, Answer::Evidence(_)))
                    .map(|(_, question)| question.id)
                    .collect();
                return Err(self.unknown(
                    key,
                    format!("the question `{}`", cut(id, 100)),
                    id,
                    &known,
                ));
            };
            let why = match question.answer {
                Answer::Evidence(_) => None,
                Answer::People(_) => Some(
                    "only people or other systems can answer it; attach a document, and read it",
                ),
                Answer::Later(_) => Some("this version can't read the evidence that answers it"),
            };
            if let Some(why) = why {
                let (line, why) = (self.line(key), why.to_owned());
                return Err(PolicyError::NeverPasses { line, question: question.id, why });
            }
            require.insert(question.id, self.assurance(node, &format!("require.{id}"))?);
        }
        Ok(require)
    }

    /// One text, or several.
    fn list(&self, table: &Table<'_>, of: &str, key: &str) -> Result<Vec<String>, PolicyError> {
        let Some(node) = table.get(key) else { return Ok(Vec::new()) };
        let place = format!("{of}{key}");
        match node.get_ref() {
            DeValue::Array(array) if (1..=ENTRIES_MAX).contains(&array.len()) => {
                array.iter().map(|entry| self.filled(entry, &place)).collect()
            }
            DeValue::Array(_) => Err(self.wrong(node, &place, "a list of 1 to 100 texts")),
            DeValue::String(_) => Ok(vec![self.filled(node, &place)?]),
            _ => Err(self.wrong(node, &place, "a text or a list of texts")),
        }
    }

    fn expect(&self, whole: &Table<'_>) -> Result<Expect, PolicyError> {
        let Some(table) = self.table(whole, "expect")? else { return Ok(Expect::default()) };
        self.only(table, "expect.", &EXPECT)?;
        let list = |key: &str| self.list(table, "expect.", key);
        let level = |node| self.assurance(node, "expect.assurance");
        let expect = Expect {
            repository_id: list("repository-id")?,
            workflow: list("workflow")?,
            ref_name: list("ref")?,
            trigger: list("trigger")?,
            runner: list("runner")?,
            builder: list("builder")?,
            issuer: list("issuer")?,
            assurance: table.get("assurance").map(level).transpose()?,
        };
        let node = |key: &str| table.get(key).map_or(1, |node| self.line(node));
        let wrong = |key: &str, expected| {
            let (line, key) = (node(key), format!("expect.{key}"));
            PolicyError::Value { line, key, expected }
        };
        if expect.ref_name.iter().any(|pattern| RefPattern::new(pattern).is_none()) {
            return Err(wrong("ref", "full refs such as refs/heads/main or refs/tags/v*"));
        }
        if !expect.runner.iter().all(|runner| matches!(runner.as_str(), "hosted" | "self-hosted")) {
            return Err(wrong("runner", "`hosted` or `self-hosted`"));
        }
        if !expect.issuer.iter().all(|issuer| issuer.starts_with("https://")) {
            return Err(wrong("issuer", "an address that begins with https://"));
        }
        let asks = expect.lists().iter().any(|(_, list)| !list.is_empty());
        // Alone it is a threshold of nothing.
        if !asks {
            return Err(wrong("assurance", "beside something that is expected"));
        }
        Ok(expect)
    }

    fn max_age(&self, whole: &Table<'_>) -> Result<Option<crate::base::time::Span>, PolicyError> {
        let Some(table) = self.table(whole, "limits")? else { return Ok(None) };
        self.only(table, "limits.", &["max-age"])?;
        let Some(node) = table.get("max-age") else { return Ok(None) };
        let span = self.filled(node, "limits.max-age")?.parse::<crate::base::time::Span>().ok();
        let span = span.filter(|span| span.seconds() > 0);
        let wrong = || self.wrong(node, "limits.max-age", "a span such as \"30d\" or \"12h\"");
        span.map(Some).ok_or_else(wrong)
    }

    fn gaps(&self, whole: &Table<'_>) -> Result<Option<Vec<String>>, PolicyError> {
        let Some(table) = self.table(whole, "gaps")? else { return Ok(None) };
        self.only(table, "gaps.", &["allow"])?;
        let Some(node) = table.get("allow") else { return Ok(None) };
        // The one list that may be empty: it is the strictest, and allows no gap.
        if node.get_ref().as_array().is_some_and(|array| array.is_empty()) {
            return Ok(Some(Vec::new()));
        }
        let parts = self.list(table, "gaps.", "allow")?;
        parts.iter().try_for_each(|part| self.part(node, "a part of gaps.allow", part))?;
        Ok(Some(parts))
    }

    fn part<T>(&self, node: &Spanned<T>, what: &str, part: &str) -> Result<(), PolicyError> {
        let first = part.split('.').next().unwrap_or_default();
        if !PARTS.contains(&first) {
            return Err(self.unknown(node, what.to_owned(), first, &PARTS));
        }
        let plain = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        if part.split('.').all(plain) {
            return Ok(());
        }
        Err(self.wrong(node, what, "names joined by dots, such as pipeline.ran"))
    }

    fn waivers(&self, whole: &Table<'_>, policy: &Policy) -> Result<Vec<Waiver>, PolicyError> {
        let Some(node) = whole.get("waive") else { return Ok(Vec::new()) };
        let wrong = || self.wrong(node, "waive", "1 to 100 tables [[waive]]");
        let array = node.get_ref().as_array().ok_or_else(wrong)?;
        if !(1..=ENTRIES_MAX).contains(&array.len()) {
            return Err(wrong());
        }
        let rules = policy.rules();
        let read = |node: &Node<'_>| self.waiver(node, &rules, policy.allowed_gaps.is_some());
        let waivers = array.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let waived: BTreeSet<&String> = waivers.iter().map(|waiver| &waiver.rule).collect();
        let left = rules.iter().any(|rule| !waived.contains(rule));
        if !left && policy.allowed_gaps.is_none() {
            let why = "every rule is waived: such a policy asks nothing".to_owned();
            return Err(PolicyError::Waiver { line: self.line(node), why });
        }
        Ok(waivers)
    }

    fn waiver(
        &self,
        node: &Node<'_>,
        rules: &[String],
        judges_gaps: bool,
    ) -> Result<Waiver, PolicyError> {
        let table = node.get_ref().as_table();
        let table = table.ok_or_else(|| self.wrong(node, "waive", "tables [[waive]]"))?;
        self.only(table, "waive.", &["rule", "reason", "owner", "until"])?;
        let missing =
            |key: &str| PolicyError::Missing { line: self.line(node), key: format!("waive.{key}") };
        let text = |key| self.text(table, "waive.", key)?.ok_or_else(|| missing(key));
        let rule = text("rule")?;
        let place = table.get("rule").unwrap_or(node);
        if rule.contains('*') || matches!(rule.as_str(), "all" | "everything") {
            let why = "a waiver is of one rule: expected its name, found a pattern".to_owned();
            return Err(PolicyError::Waiver { line: self.line(place), why });
        }
        match rule.strip_prefix("gap.") {
            Some(part) if judges_gaps => self.part(place, "the part that a gap is of", part)?,
            _ if rules.contains(&rule) => {}
            _ => {
                let known: Vec<&str> = rules.iter().map(String::as_str).collect();
                return Err(self.unknown(place, "the rule of a waiver".to_owned(), &rule, &known));
            }
        }
        let until = table.get("until").ok_or_else(|| missing("until"))?;
        let day = until.get_ref().as_datetime().and_then(|date| match (date.date, date.time) {
            (Some(day), None) => day.to_string().parse().ok(),
            _ => None,
        });
        let until = day.ok_or_else(|| {
            self.wrong(until, "waive.until", "a day such as 2027-01-31, without quotes")
        })?;
        Ok(Waiver { rule, reason: text("reason")?, owner: text("owner")?, until })
    }
}
