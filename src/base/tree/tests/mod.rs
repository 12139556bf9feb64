//! A tree in a temporary folder, and the first and the second look at it.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::base::time::nanoseconds;

mod first;
mod second;
#[cfg(unix)]
mod unix;

struct Folder {
    dir: tempfile::TempDir,
    exclude: Patterns,
    skip: Vec<PathBuf>,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Self { dir, exclude: Patterns::default(), skip: Vec::new() };
        files.iter().for_each(|(path, content)| folder.write(path, content.as_bytes()));
        folder
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn write(&self, path: &str, content: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn walk<'a>(&'a self, stop: Stop<'a>, progress: Progress<'a>) -> Walk<'a> {
        Walk { root: self.dir.path(), exclude: &self.exclude, skip: &self.skip, stop, progress }
    }

    fn read(&self) -> Tree {
        Tree::read(&self.walk(&|| false, &|_, _| ())).unwrap()
    }

    fn compare<'b>(&self, before: &'b Tree) -> Differences<'b> {
        compare(before, &self.walk(&|| false, &|_, _| ()), nanoseconds(), false).unwrap()
    }

    /// Compares as if the bracket had opened long after the files were written.
    fn compare_settled<'b>(&self, before: &'b Tree, rehash: bool) -> Differences<'b> {
        let opened = nanoseconds() + 10_000_000_000;
        compare(before, &self.walk(&|| false, &|_, _| ()), opened, rehash).unwrap()
    }
}

fn names(tree: &Tree) -> Vec<String> {
    tree.iter().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect()
}

fn troubles(tree: &Tree) -> Vec<(String, Trouble)> {
    let name = |problem: &Problem| String::from_utf8_lossy(&problem.path).into_owned();
    tree.problems().iter().map(|problem| (name(problem), problem.trouble.clone())).collect()
}
