//! What a tool says of itself: by running it, or by reading what lies beside it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::find::{Found, Search, Untrusted, read_text};
use super::gaps::Why;
use super::table::Ask;
use crate::base::process::{self, Ended, PassedDescriptors, Question};
use crate::base::text::is_unprintable;

/// Bytes of output that are kept of each stream.
const CAP: usize = 64 << 10;
/// A longer line is no version.
const LINE_MAX: usize = 4096;
/// Most entries of a folder beside a tool that are looked at.
const LIST_MAX: usize = 10_000;
/// How many tools are asked at the same time: they mostly wait.
const AT_ONCE: usize = 8;

/// A tool that was found, and how it is asked.
pub(super) struct Job<'a> {
    pub(super) name: &'a str,
    pub(super) found: &'a Found,
    pub(super) ask: Ask,
}

/// What all of them share.
pub(super) struct Asker<'a> {
    search: &'a Search<'a>,
    path: OsString,
    passed: &'a PassedDescriptors,
    limit: Duration,
}

/// A line, not yet scrubbed; `None`: there is nothing to ask for.
pub(super) type Said = Result<Option<String>, Why>;

impl<'a> Asker<'a> {
    pub(super) fn new(
        search: &'a Search<'a>,
        passed: &'a PassedDescriptors,
        limit: Duration,
    ) -> Self {
        Self { search, path: search.safe_path(), passed, limit }
    }

    /// Asks all, and does `meanwhile` in this thread. The answers stand in the order of `jobs`.
    pub(super) fn all<T>(&self, jobs: &[Job<'_>], meanwhile: impl FnOnce() -> T) -> (Vec<Said>, T) {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(jobs.len()));
        // Tools that hang, hang side by side; a whole table of them must not hold up the build.
        let last = Instant::now().checked_add(self.limit.saturating_mul(2));
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(at) else { break };
                let late = last.is_some_and(|last| Instant::now() >= last);
                let said = if late { Err(Why::TooLate) } else { self.one(job) };
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, said));
            }
        };
        let other = std::thread::scope(|scope| {
            for _ in 1..AT_ONCE.min(jobs.len()) {
                // Without threads the others, and at last this one, do more.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            let other = meanwhile();
            work();
            other
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(at, _)| *at);
        (done.into_iter().map(|(_, said)| said).collect(), other)
    }

    fn one(&self, job: &Job<'_>) -> Said {
        if !job.found.followed {
            return Err(Why::Shim);
        }
        if job.ask == Ask::No {
            return Ok(None);
        }
        self.search.check(job.found).map_err(|untrusted| match untrusted {
            Untrusted::BelowRoot => Why::BelowRoot,
            Untrusted::Writable => Why::Writable,
        })?;
        let file = &job.found.file;
        let read = match job.ask {
            Ask::No => return Ok(None),
            Ask::Never => None,
            Ask::Run(arguments) => return self.run(job, arguments).map(Some),
            Ask::Java(arguments) => match java(file) {
                None => return self.run(job, arguments).map(Some),
                read => read,
            },
            Ask::Node => node(file),
            Ask::Python(package) => python(file, package),
            Ask::Jar(start) => jar(file, start),
        };
        read.map(Some).ok_or(Why::Never)
    }

    fn run(&self, job: &Job<'_>, arguments: &[&str]) -> Result<String, Why> {
        // A shim would choose again, and perhaps install what it chose.
        let program = if job.found.shim.is_some() { &job.found.file } else { &job.found.found };
        let question = Question {
            away_from: Some(&self.search.root),
            program,
            name: OsStr::new(job.name),
            arguments,
            path: &self.path,
            home: self.search.home().map(Path::as_os_str),
            limit: self.limit,
            cap: CAP,
            passed: self.passed,
        };
        let answer = process::probe(&question).or(Err(Why::NotStarted))?;
        match answer.ended {
            None => return Err(Why::Hangs),
            Some(Ended::Exited(0)) => {}
            Some(_) => return Err(Why::Failed),
        }
        telling(&answer.stdout).or_else(|| telling(&answer.stderr)).ok_or(Why::Silent)
    }
}

/// The first line with a digit: before it stand empty lines, banners, warnings and whose it is.
fn telling(output: &[u8]) -> Option<String> {
    let lines = output.split(|byte| matches!(byte, b'\n' | b'\r'));
    let fitting = |line: &&[u8]| {
        line.len() <= LINE_MAX
            && line.iter().any(u8::is_ascii_digit)
            && !line.starts_with(b"Copyright")
    };
    lines.into_iter().find(fitting).map(|line| plain(&String::from_utf8_lossy(line)))
}

/// Without escape sequences and other invisible characters, on one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && rest.next_if_eq(&'[').is_some() {
            // A colour: parameters, then one letter.
            while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        } else if c == '\t' {
            out.push(' ');
        } else if !is_unprintable(c) {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

/// The package that the script belongs to.
fn node(file: &Path) -> Option<String> {
    let mut folders = file.ancestors().skip(1);
    let folder = folders.find(|folder| {
        folder.parent().and_then(Path::file_name).is_some_and(|name| name == "node_modules")
    })?;
    let text = read_text(&folder.join("package.json"))?;
    let package: serde_json::Value = serde_json::from_str(&text).ok()?;
    let text = |field: &str| package.get(field).and_then(serde_json::Value::as_str).map(plain);
    Some(format!("{} {}", text("name")?, text("version")?)).filter(|text| text.len() <= LINE_MAX)
}

fn python(file: &Path, package: &str) -> Option<String> {
    let lib = file.parent()?.parent()?.join("lib");
    let mut versions = BTreeSet::new();
    let start = format!("{package}-");
    for folder in names(&lib)?.iter().filter(|name| name.starts_with("python3")) {
        for packages in ["site-packages", "dist-packages"] {
            let there = names(&lib.join(folder).join(packages)).unwrap_or_default();
            versions.extend(there.iter().filter_map(|name| {
                Some(name.strip_prefix(&start)?.strip_suffix(".dist-info")?.to_owned())
            }));
        }
    }
    // Of several, which one the program loads isn't told here.
    let version = versions.pop_first()?;
    versions.is_empty().then(|| format!("{package} {}", plain(&version)))
}

fn jar(file: &Path, start: &str) -> Option<String> {
    let there = names(&file.parent()?.parent()?.join("lib"))?;
    let mut versions =
        there.iter().filter_map(|name| name.strip_prefix(start)?.strip_suffix(".jar"));
    // Distributions have a link `3.x` beside it.
    let starts = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let fitting = |version: &&str| {
        starts(version) && version.split_once('.').is_some_and(|(_, rest)| starts(rest))
    };
    versions.find(fitting).map(plain)
}

fn java(file: &Path) -> Option<String> {
    let text = read_text(&file.parent()?.parent()?.join("release"))?;
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(plain(value.trim_matches('"'))).filter(|value| value.len() <= LINE_MAX)
    };
    let version = field("JAVA_RUNTIME_VERSION").or_else(|| field("JAVA_VERSION"))?;
    Some(match field("IMPLEMENTOR") {
        Some(maker) => format!("{version} {maker}"),
        None => version,
    })
}

fn names(folder: &Path) -> Option<Vec<String>> {
    let entries = std::fs::read_dir(folder).ok()?.take(LIST_MAX);
    let mut names: Vec<_> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_is_the_first_with_a_digit() {
        let perl = b"\n\nThis is perl 5, version 36\n(with 1 patch)";
        assert_eq!(telling(perl).unwrap(), "This is perl 5, version 36");
        assert_eq!(telling(b"a banner\n  \x1b[1;32mv1\x1b[0m\t2 \x07\r\n").unwrap(), "v1 2");
        assert_eq!(telling(b"Copyright (c) 2008\nZip 3.0").unwrap(), "Zip 3.0");
        assert_eq!(telling(b"\xff1").unwrap(), "\u{fffd}1");
        assert_eq!(telling(b"no such option\n"), None);
        assert_eq!(telling(&[b'1'; 5000]), None);
    }
}
