//! What the lockfiles below the root say that the build depends on.
//!
//! They say what was asked for, not what was fetched. Every file is parsed from the very bytes whose
//! digest the inputs have. A file that can't be parsed is recorded with its trouble.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

mod cargo;
mod checksum;
mod clean;
mod find;
mod found;
mod go;
mod gradle;
mod npm;
mod other;
mod python;
mod requirements;
#[cfg(test)]
mod tests;
mod unlocked;
mod yarn;

use super::Captured;
use super::markup::{node, yaml};
use super::redact::Redactor;
use crate::base::digest::Sha256;
use crate::base::text::{count, printable};
use crate::base::tree::{Entry, Kind, Reader, Tree};
use crate::format::evidence::{Dependencies, Dependency, Lockfile, PathText, Unlocked};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

use clean::Cleaner;
use find::{Form, name_of, resolve, split};
use found::{Bad, Found, TEXT_MAX};
use unlocked::Covered;

const PART: &str = "dependencies";
/// Largest lockfile, in bytes.
const FILE_MAX: u64 = 32 << 20;
/// All of them together.
const ALL_MAX: u64 = 256 << 20;
/// Most lockfiles.
const FILES_MAX: usize = 1000;
/// Most dependencies.
const LIST_MAX: usize = 500_000;
/// Largest manifest.
const MANIFEST_MAX: u64 = 1 << 20;
/// Most manifests that are looked at, and named.
const MANIFESTS_MAX: usize = 2000;
/// Files that a gap names.
const NAMED: usize = 3;

/// Captures the lockfiles below `root`, which `tree` is the snapshot of.
#[must_use]
pub fn capture(root: &Path, tree: &Tree, redactor: &Redactor) -> Captured<Dependencies> {
    let reader = match Reader::open(root) {
        Ok(reader) => reader,
        Err(error) => {
            let reason = error.to_string();
            let gaps = vec![Gap::without_cure(PART, reason.clone())];
            let fact = Fact::unavailable(Basis::Read, reason);
            return Captured { fact, redactions: Vec::new(), gaps };
        }
    };
    let files = find::find(tree);
    let mut gaps = Vec::new();
    if !tree.is_complete() {
        let cure = "give the job the time to end before it is stopped";
        gaps.push(Gap::new(PART, "not all files were listed: there may be more lockfiles", cure));
    }
    if !files.foreign.is_empty() {
        let all: u64 = files.foreign.values().sum();
        let folders: Vec<&str> = files.foreign.keys().copied().collect();
        let reason = format!(
            "{} of other projects passed over, in folders named {}",
            count(all, "lockfile"),
            folders.join(", ")
        );
        gaps.push(Gap::without_cure(PART, reason));
    }
    let mut pass = Pass::new(&reader, tree, redactor);
    let covered = pass.read_all(&files.locks, &mut gaps);
    let mut unlocked = std::mem::take(&mut pass.unpinned);
    unlocked.retain(|one| !covered.covers("pypi", one.1));
    let open = files.manifests.iter().filter(|(entry, manifest)| {
        *manifest == find::Manifest::Maven || !covered.covers(manifest.ecosystem(), entry.path)
    });
    for (number, (entry, manifest)) in open.enumerate() {
        if number >= MANIFESTS_MAX {
            let reason =
                format!("only {MANIFESTS_MAX} manifests without a lockfile were looked at");
            gaps.push(Gap::without_cure(PART, reason));
            break;
        }
        let text = pass.bytes(entry, MANIFEST_MAX).ok().and_then(|bytes| text(&bytes).ok());
        if text.is_some_and(|text| unlocked::asks(*manifest, &text)) {
            unlocked.push((manifest.ecosystem(), entry.path));
        }
    }
    if files.locks.is_empty() && unlocked.is_empty() {
        return Captured { fact: Fact::absent(Basis::Read), redactions: Vec::new(), gaps };
    }
    let (fact, redactions) = pass.finish(unlocked, &mut gaps);
    Captured { fact: Fact::observed(Basis::Read, fact), redactions, gaps }
}

/// Whether a path, relative and with `/` between its parts, is a lockfile's by its name. Those of other
/// projects, such as in `vendor`, count here.
#[must_use]
pub fn is_lockfile(path: &[u8]) -> bool {
    let (folder, name) = split(path);
    std::str::from_utf8(name).is_ok_and(|name| find::form(folder, name).is_some())
}

/// The pass over all lockfiles.
struct Pass<'a> {
    reader: &'a Reader,
    tree: &'a Tree,
    cleaner: Cleaner<'a>,
    lockfiles: Vec<Lockfile>,
    list: Vec<(Dependency, bool)>,
    /// Lists of requirements that don't pin all.
    unpinned: Vec<(&'static str, &'a [u8])>,
    bytes: u64,
    left_out: u64,
    /// Bytes of the names and sources so far.
    text: usize,
    /// Most dependencies.
    most: usize,
}

impl<'a> Pass<'a> {
    fn new(reader: &'a Reader, tree: &'a Tree, redactor: &'a Redactor) -> Self {
        Self {
            reader,
            tree,
            cleaner: Cleaner::new(redactor),
            lockfiles: Vec::new(),
            list: Vec::new(),
            unpinned: Vec::new(),
            bytes: 0,
            left_out: 0,
            text: 0,
            most: LIST_MAX,
        }
    }

    /// Reads each, and those that they include; gives where lockfiles stand.
    fn read_all(&mut self, locks: &[(Entry<'a>, Form)], gaps: &mut Vec<Gap>) -> Covered<'a> {
        let mut covered = Covered::default();
        let mut seen: BTreeSet<&[u8]> = locks.iter().map(|(entry, _)| entry.path).collect();
        let mut queue: VecDeque<(Entry<'a>, Form)> = locks.iter().copied().collect();
        while let Some((entry, form)) = queue.pop_front() {
            if self.lockfiles.len() >= FILES_MAX {
                let reason = format!(
                    "{} more than {FILES_MAX} were not read",
                    count(queue.len() as u64 + 1, "lockfile")
                );
                gaps.push(Gap::new(PART, reason, "leave out with --exclude what isn't built"));
                break;
            }
            let found = self.read(entry, form);
            let pins = match &found {
                Some(found) if form == Form::Requirements => {
                    found.unpinned == 0 && !found.list.is_empty()
                }
                _ => true,
            };
            if pins {
                covered.add(form.ecosystem(), entry.path);
            }
            let Some(mut found) = found else { continue };
            if found.unpinned > 0 {
                self.unpinned.push((form.ecosystem(), entry.path));
            }
            for include in std::mem::take(&mut found.includes) {
                match resolve(split(entry.path).0, &include).and_then(|path| self.tree.get(&path)) {
                    Some(file) if seen.insert(file.path) => queue.push_back((file, form)),
                    Some(_) => {}
                    None => found.trouble("includes a file that isn't below the root"),
                }
            }
            self.record(entry, form, found);
        }
        covered
    }

    /// Parses one; one that can't be read is recorded here.
    fn read(&mut self, entry: Entry<'a>, form: Form) -> Option<Found> {
        let bytes = match self.bytes(&entry, FILE_MAX) {
            Ok(bytes) => bytes,
            Err(trouble) => {
                self.lockfiles.push(Lockfile {
                    path: PathText::from_bytes(entry.path),
                    ecosystem: form.ecosystem().to_owned(),
                    form: name_of(entry.path),
                    sha256: None,
                    dependencies: 0,
                    without_checksum: 0,
                    trouble: Some(trouble),
                });
                return None;
            }
        };
        let depth = entry.path.iter().filter(|byte| **byte == b'/').count();
        let mut found = Found::at_depth(depth);
        let parsed = if form == Form::BunBinary {
            found.trouble("is of a binary form that isn't read: have bun write bun.lock");
            Ok(())
        } else {
            match text(&bytes) {
                Ok(text) => self.parse(entry.path, form, &text, &mut found),
                Err(trouble) => {
                    found.trouble(trouble);
                    Ok(())
                }
            }
        };
        if let Err(bad) = parsed {
            found.trouble(bad.to_string());
        }
        Some(found)
    }

    fn parse(&self, path: &[u8], form: Form, text: &str, found: &mut Found) -> Result<(), Bad> {
        let (folder, _) = split(path);
        let name = name_of(path);
        match form {
            Form::Cargo => cargo::parse(text, found),
            Form::Npm => npm::parse(text, &name, found),
            Form::Bun => npm::bun(text, found),
            Form::BunBinary => Ok(()),
            Form::Yarn => yarn::parse(text, found),
            Form::Pnpm => yarn::pnpm(text, found),
            Form::Poetry => python::poetry(text, found),
            Form::Uv => python::uv(text, found),
            Form::Pdm => python::pdm(text, found),
            Form::Pipfile => python::pipfile(text, found),
            Form::Pylock => python::pylock(text, found),
            Form::Requirements => requirements::parse(text, found),
            Form::Go => {
                let beside = [folder, b"go.mod"].join(&b'/');
                let beside = beside.strip_prefix(b"/").unwrap_or(&beside);
                let module = self.tree.get(beside).filter(|_| name == "go.sum");
                let module = module.and_then(|entry| self.bytes(&entry, MANIFEST_MAX).ok());
                let module = module.and_then(|bytes| self::text(&bytes).ok());
                go::parse(text, &name, module.as_deref(), found)
            }
            Form::Gradle => gradle::lockfile(text, &name, found),
            Form::GradleVerification => gradle::verification(text, found),
            Form::Bundler => other::bundler(text, &name, found),
            Form::Composer => other::composer(text, found),
            Form::Nuget => other::nuget(text, found),
        }
    }

    /// The bytes that the tree has the digest of, or why there are none.
    fn bytes(&self, entry: &Entry<'_>, cap: u64) -> Result<Vec<u8>, String> {
        if entry.kind != Kind::File {
            return Err("is a link, and links aren't followed".to_owned());
        }
        let Some(digest) = entry.digest else { return Err("could not be read".to_owned()) };
        if entry.size > cap {
            return Err(format!("is larger than {cap} bytes"));
        }
        if self.bytes.saturating_add(entry.size) > ALL_MAX {
            return Err(format!("all lockfiles together are larger than {ALL_MAX} bytes"));
        }
        let bytes = self.reader.read(entry.path, cap);
        let bytes = bytes.map_err(|error| format!("could not be read: {}", error.kind()))?;
        if Sha256::of(&bytes) == digest {
            Ok(bytes)
        } else {
            Err("changed between hashing and parsing".to_owned())
        }
    }

    fn record(&mut self, entry: Entry<'_>, form: Form, mut found: Found) {
        self.bytes = self.bytes.saturating_add(entry.size);
        let ecosystem = form.ecosystem();
        let trouble = found.all_trouble();
        let all = std::mem::take(&mut found.list);
        let rows = merged(self.cleaner.clean(ecosystem, &all));
        self.lockfiles.push(Lockfile {
            path: PathText::from_bytes(entry.path),
            ecosystem: ecosystem.to_owned(),
            form: if found.form.is_empty() { name_of(entry.path) } else { found.form },
            sha256: entry.digest,
            dependencies: rows.len() as u64,
            without_checksum: unchecked(&rows),
            trouble,
        });
        for row in rows {
            let source = row.0.source.as_ref().map_or(0, String::len);
            self.text = self.text.saturating_add(row.0.name.len() + source);
            if self.list.len() < self.most && self.text <= TEXT_MAX {
                self.list.push(row);
            } else {
                self.left_out += 1;
            }
        }
    }

    fn finish(
        mut self,
        unlocked: Vec<(&'static str, &[u8])>,
        gaps: &mut Vec<Gap>,
    ) -> (Dependencies, Vec<Withheld>) {
        if self.left_out > 0 {
            let reason =
                format!("the list is full, and {} of its entries were left out", self.left_out);
            gaps.push(Gap::without_cure(PART, reason));
        }
        self.lockfiles.sort_unstable();
        gaps.extend(troubled(&self.lockfiles));
        let mut unlocked: Vec<Unlocked> = unlocked
            .into_iter()
            .map(|(ecosystem, path)| Unlocked {
                path: PathText::from_bytes(path),
                ecosystem: ecosystem.to_owned(),
            })
            .collect();
        unlocked.sort_unstable();
        let rows = merged(self.list);
        let dependencies = Dependencies {
            lockfiles: self.lockfiles,
            unlocked,
            count: rows.len() as u64,
            without_checksum: unchecked(&rows),
            list: Sealable::Inline(rows.into_iter().map(|(dependency, _)| dependency).collect()),
        };
        let withheld = self.cleaner.withheld.iter().map(|rule| Withheld {
            place: "dependencies.list".to_owned(),
            rule: rule.id().to_owned(),
        });
        (dependencies, withheld.collect())
    }
}

/// Sorted, each once, with the checksums of all.
fn merged(mut rows: Vec<(Dependency, bool)>) -> Vec<(Dependency, bool)> {
    rows.sort_unstable();
    rows.dedup_by(|(later, later_needs), (first, needs)| {
        let same = later.ecosystem == first.ecosystem
            && later.name == first.name
            && later.version == first.version
            && later.source == first.source;
        if same {
            first.checksums.append(&mut later.checksums);
            *needs |= *later_needs;
        }
        same
    });
    for (dependency, _) in &mut rows {
        dependency.checksums.sort_unstable();
        dependency.checksums.dedup();
    }
    rows
}

fn unchecked(rows: &[(Dependency, bool)]) -> u64 {
    rows.iter().filter(|(dependency, needs)| *needs && dependency.checksums.is_empty()).count()
        as u64
}

/// What the troubles of all lockfiles mean for the evidence.
fn troubled(lockfiles: &[Lockfile]) -> Option<Gap> {
    let all: Vec<String> = lockfiles
        .iter()
        .filter_map(|lockfile| {
            let path = match &lockfile.path {
                PathText::Path(path) => printable(path),
                PathText::PathHex(hex) => hex.clone(),
            };
            Some(format!("{path} ({})", lockfile.trouble.as_ref()?))
        })
        .collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let number = count(all.len() as u64, "lockfile");
    let reason = format!("{number} not understood, or not whole: {first}{more}");
    let cure = "have the tool that each belongs to write it again";
    (!all.is_empty()).then(|| Gap::new(PART, reason, cure))
}

/// The text of a file, without the mark that some editors put before it.
fn text(bytes: &[u8]) -> Result<String, &'static str> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Err("isn't UTF-8") };
    if text.contains('\0') {
        return Err("has a NUL byte");
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}
