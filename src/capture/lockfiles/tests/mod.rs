//! Lockfiles in a temporary folder, as their tools write them, cut down to what matters.

use std::path::Path;

use super::*;
use crate::base::tree::{Patterns, Walk};

mod forms;
mod hostile;
mod javascript;
mod mutation;
mod python;
mod whole;

/// A folder with files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, content)| folder.write(path, content));
        folder
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn write(&self, path: &str, content: &[u8]) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn tree(&self) -> Tree {
        let (exclude, stop) = (Patterns::default(), || false);
        let walk = Walk {
            root: self.root(),
            exclude: &exclude,
            skip: &[],
            stop: &stop,
            progress: &|_, _| (),
        };
        Tree::read(&walk).unwrap()
    }

    fn captured(&self) -> Captured<Dependencies> {
        capture(self.root(), &self.tree(), &Redactor::default())
    }
}

fn captured(files: &[(&str, &str)]) -> Captured<Dependencies> {
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    Folder::new(&files).captured()
}

/// What one file gave: its record, and each dependency as
/// `name version source checksums`, a dash for what is absent, checksums cut after 12 characters.
fn one(path: &str, text: &str) -> (Lockfile, Vec<String>) {
    let found = captured(&[(path, text)]);
    let fact = found.fact.get().unwrap();
    let list = fact.list.inline().unwrap();
    assert_eq!(fact.count, list.len() as u64);
    assert!(list.is_sorted());
    (fact.lockfiles[0].clone(), list.iter().map(line).collect())
}

fn line(dependency: &Dependency) -> String {
    let checksums: Vec<String> =
        dependency.checksums.iter().map(|sum| sum.chars().take(12).collect()).collect();
    format!(
        "{} {} {} {}",
        dependency.name,
        dependency.version.as_deref().unwrap_or("-"),
        dependency.source.as_deref().unwrap_or("-"),
        if checksums.is_empty() { "-".to_owned() } else { checksums.join(",") }
    )
}

/// The trouble of one file, which the gaps must repeat.
fn trouble(path: &str, content: &[u8]) -> String {
    let found = Folder::new(&[(path, content)]).captured();
    let trouble = found.fact.get().unwrap().lockfiles[0].trouble.clone().unwrap_or_default();
    let told =
        found.gaps.iter().any(|gap| gap.part == "dependencies" && gap.reason.contains(&trouble));
    assert!(told || trouble.is_empty());
    trouble
}

const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SRI: &str = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
