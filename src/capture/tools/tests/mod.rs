//! A made-up machine whose tools are shell scripts.

mod asking;
mod closing;
mod following;
mod stamped;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::base::digest::Sha256;
use crate::base::file::{self, Access, Overwrite};
use crate::base::process::{self, Ended, Question};

/// `bin` is on `PATH`, `root` is the project's, `ran` is made by a script that must not run.
struct Machine {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { variables: Vec::new(), folder };
        for name in ["bin", "home", "root"] {
            fs::create_dir(machine.at(name)).unwrap();
        }
        let text = |name: &str| machine.at(name).to_str().unwrap().to_owned();
        let variables = vec![
            ("PATH", text("bin")),
            ("HOME", text("home")),
            ("PROOFMARK_KEY", "the key".to_owned()),
            ("TOKEN", "a token".to_owned()),
        ];
        Self { variables, ..machine }
    }

    fn at(&self, path: &str) -> PathBuf {
        // macOS: the folder for temporary files is behind a link.
        fs::canonicalize(self.folder.path()).unwrap().join(path)
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value.into()));
    }

    /// Folders, separated by spaces.
    fn set_path(&mut self, folders: &str) {
        let folders = folders.split(' ').map(|folder| {
            if folder.starts_with(['/', '.']) { folder.into() } else { self.at(folder) }
        });
        let path = std::env::join_paths(folders).unwrap();
        self.set("PATH", path.into_string().unwrap());
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        file::write_bytes(&path, Overwrite::Replace, Access::Umask, content.as_bytes()).unwrap();
    }

    /// Written by another process: a file that this one has open for writing while another test starts
    /// a program is "text file busy" for a moment.
    fn script(&self, path: &str, body: &str) -> Sha256 {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = format!("#!/bin/sh\n{body}\n");
        let path = path.display();
        shell(&format!("rm -f {path}; cat >{path} <<'END'\n{text}END\nchmod 755 {path}"));
        Sha256::of(text.as_bytes())
    }

    fn says(&self, path: &str, version: &str) -> Sha256 {
        self.script(path, &format!("echo '{version}'"))
    }

    /// A tool that must not be run.
    fn trap(&self, path: &str) -> Sha256 {
        self.script(path, &format!("echo trap 1; : >{}", self.at("ran").display()))
    }

    fn assert_nothing_ran(&self) {
        assert!(!self.at("ran").exists(), "a tool was run that must not be");
    }

    fn link(&self, to: &str, path: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(self.at(to), path).unwrap();
    }

    fn variables(&self) -> Variables {
        Variables::new(self.variables.iter().cloned())
    }

    fn captured_within(&self, milliseconds: u64, also: &[&str]) -> Captured<Tools> {
        self.stamped_within(milliseconds, also).0
    }

    fn stamped_within(&self, milliseconds: u64, also: &[&str]) -> (Captured<Tools>, Stamps) {
        let also: Vec<String> = also.iter().map(|name| (*name).to_owned()).collect();
        before_within(
            Duration::from_millis(milliseconds),
            &self.variables(),
            &self.at("root"),
            &also,
            &Redactor::default(),
            &PassedDescriptors::default(),
        )
    }

    fn captured(&self) -> Captured<Tools> {
        self.captured_within(20_000, &[])
    }

    fn after(&self, tools: &mut Tools) -> Vec<Gap> {
        self.after_with(tools, &Stamps::default(), i64::MAX, false).gaps
    }

    fn after_with(&self, tools: &mut Tools, stamps: &Stamps, opened: i64, rehash: bool) -> After {
        after(tools, &self.variables(), &self.at("root"), stamps, opened, rehash)
    }
}

impl Captured<Tools> {
    fn tool(&self, name: &str) -> &ToolFact {
        tool(self.fact.get().unwrap(), name)
    }

    fn version(&self, name: &str) -> Option<&str> {
        self.tool(name).version.as_deref()
    }

    fn file(&self, name: &str) -> &Path {
        Path::new(&self.fact.get().unwrap().paths.inline().unwrap()[name].file)
    }

    /// The reasons of gaps, without what follows the names' colon.
    fn missing(&self, part: &str) -> Vec<&str> {
        let of_part = self.gaps.iter().filter(|gap| gap.part == part);
        of_part.map(|gap| gap.reason.split_once(": ").unwrap().0).collect()
    }
}

fn tool<'a>(tools: &'a Tools, name: &str) -> &'a ToolFact {
    let found = tools.list.iter().find(|tool| tool.name == name);
    found.unwrap_or_else(|| panic!("{name} isn't there: {tools:?}"))
}

fn shell(line: &str) {
    let question = Question {
        away_from: None,
        program: Path::new("/bin/sh"),
        name: OsStr::new("sh"),
        arguments: &["-c", line],
        path: OsStr::new("/usr/bin:/bin"),
        home: None,
        limit: Duration::from_secs(20),
        cap: 1000,
        passed: &PassedDescriptors::default(),
    };
    let answer = process::probe(&question).unwrap();
    assert_eq!(answer.ended, Some(Ended::Exited(0)), "{answer:?}");
}

#[test]
fn this_machine_s_tools_can_be_captured() {
    let variables = Variables::read();
    let folder = tempfile::tempdir().unwrap();
    let (redactor, passed) = (Redactor::default(), PassedDescriptors::default());
    let (mut found, stamps) = before(&variables, folder.path(), &[], &redactor, &passed);
    let tools = found.fact.value.as_mut().unwrap();
    let (root, opened) = (folder.path(), crate::base::time::nanoseconds());
    after(tools, &variables, root, &stamps, opened, false);
    assert!(tools.list.is_sorted_by(|one, two| one.name < two.name));
}
