//! A repository, a machine with tools and packages, and builds one after the other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::harness::{BINARY, Place, evidence, sha256, statements};
use serde_json::Value;

/// The files of evidence lie here, beside the tree.
pub(crate) const KEPT: &str = "kept";

/// Which builds follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Pushes to the default branch.
    Main,
    /// Releases.
    Tags,
}

/// What differs from a usual build.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unusual {
    /// The command fails.
    pub(crate) fails: bool,
    /// Another attempt at the run of the lane's newest build.
    pub(crate) attempt: Option<u32>,
    /// In place of the lane's newest evidence.
    pub(crate) baseline: Option<String>,
    /// More flags.
    pub(crate) flags: Vec<&'static str>,
    /// Another key signs it.
    pub(crate) key: Option<u8>,
}

/// A build that was made.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    pub(crate) lane: Lane,
    pub(crate) file: PathBuf,
    pub(crate) digest: String,
    pub(crate) evidence: Value,
    pub(crate) said: String,
    pub(crate) code: Option<i32>,
}

pub(crate) struct History {
    pub(crate) place: Place,
    pub(crate) image: String,
    pub(crate) builds: Vec<Built>,
    runs: [u32; 2],
    /// Whether other packages can be shown to the builds.
    pub(crate) can_mount: bool,
}

impl History {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        for folder in [KEPT, "bin", "dpkg"] {
            fs::create_dir(place.outside(folder)).unwrap();
        }
        let history = Self {
            place,
            image: "20260105.1".to_owned(),
            builds: Vec::new(),
            runs: [0; 2],
            can_mount: Command::new("unshare")
                .args(["-rm", "true"])
                .status()
                .is_ok_and(|s| s.success()),
        };
        history.tool("rustc", "rustc 1.90.0 (1159e78c4 2025-09-14)", "");
        history.tool("node", "v22.12.0", "");
        history.packages(&["libc6 2.36-9", "zlib1g 1.2.13"]);
        let event = r#"{"repository": {"default_branch": "main"}}"#;
        fs::write(history.place.outside("event.json"), event).unwrap();
        history.git(&["init", "-q", "-b", "main"]);
        for (name, value) in [("user.name", "A. Author"), ("user.email", "author@example.org")] {
            history.git(&["config", name, value]);
        }
        history.git(&["remote", "add", "origin", "https://github.com/octo/app.git"]);
        history
    }

    /// A tool that says of itself what it is told to; `inside` is what only its digest shows.
    pub(crate) fn tool(&self, name: &str, version: &str, inside: &str) {
        let path = self.place.outside("bin").join(name);
        let new = self.place.outside("bin.new");
        // By rename: a tool that is open for writing can't be run.
        fs::write(&new, format!("#!/bin/sh\n# {inside}\necho '{version}'\n")).unwrap();
        fs::set_permissions(&new, PermissionsExt::from_mode(0o755)).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// What dpkg has installed.
    pub(crate) fn packages(&self, packages: &[&str]) {
        let paragraphs = packages.iter().map(|package| {
            let (name, version) = package.split_once(' ').unwrap();
            format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
        });
        fs::write(self.place.outside("dpkg/status"), paragraphs.collect::<String>()).unwrap();
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = self.place.program("git").command();
        command.args(arguments).env("GIT_CONFIG_NOSYSTEM", "1");
        for date in ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"] {
            command.env(date, "2026-01-05T12:00:00Z");
        }
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits files, and gives the commit's id.
    pub(crate) fn commit(&self, subject: &str, files: &[(&str, &str)]) -> String {
        for (name, content) in files {
            self.place.write(name, content);
            self.git(&["add", "--", name]);
        }
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn last(&self, lane: Lane) -> Option<&Built> {
        let done = |built: &&Built| built.evidence["build"]["outcome"] == "succeeded";
        self.builds.iter().rev().filter(|built| built.lane == lane).find(done)
    }

    /// A build as usual: it continues the lane's newest one.
    pub(crate) fn build(&mut self, lane: Lane) -> &Built {
        self.unusual(lane, &Unusual::default())
    }

    pub(crate) fn unusual(&mut self, lane: Lane, unusual: &Unusual) -> &Built {
        let number = &mut self.runs[lane as usize];
        if unusual.attempt.is_none() {
            *number += 1;
        }
        let (number, attempt) = (*number, unusual.attempt.unwrap_or(1));
        let baseline = unusual.baseline.clone().unwrap_or_else(|| {
            self.last(lane)
                .map_or_else(|| "none".to_owned(), |b| b.file.to_str().unwrap().to_owned())
        });
        let file = self
            .place
            .outside(KEPT)
            .join(format!("{:02}-{lane:?}.sigstore.jsonl", self.builds.len() + 1));
        let key = self.place.key(unusual.key.unwrap_or(1));
        let trusted = self.place.public(1);
        let line = if unusual.fails {
            "exit 1".to_owned()
        } else {
            format!("echo {number}.{attempt} >app")
        };
        let mut arguments = vec!["run", "--key", &key, "--trust-key", &trusted];
        arguments.extend(["--baseline", &baseline, "-o", file.to_str().unwrap(), "-a", "app"]);
        arguments.extend(&unusual.flags);
        arguments.extend(["--", "sh", "-c", &line]);
        let mut command = self.machine().command();
        command.args(&arguments);
        self.platform(&mut command, lane, number, attempt);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(file.exists(), "no evidence: {said}");
        let digest = payloads(&file).pop().unwrap();
        let evidence = evidence(&file);
        self.builds.push(Built { lane, file, digest, evidence, said, code: output.status.code() });
        self.builds.last().unwrap()
    }

    /// The binary on the machine that builds: its packages are not this machine's.
    pub(crate) fn machine(&self) -> super::harness::Call {
        if !self.can_mount {
            return self.place.program(BINARY);
        }
        let call = self.place.program("unshare");
        let status = self.place.beside("dpkg/status");
        let line = format!("mount --bind {status} /var/lib/dpkg/status; exec {BINARY} \"$@\"");
        call.arguments(&["-rm", "sh", "-c", &line, "proofmark"])
    }

    /// A call with what the platform would tell the next job of a lane.
    pub(crate) fn on_platform(
        &self,
        call: super::harness::Call,
        lane: Lane,
    ) -> super::harness::Call {
        let mut command = call.command();
        self.platform(&mut command, lane, self.runs[lane as usize] + 1, 1);
        super::harness::Call::from(command)
    }

    /// What the platform tells a job.
    fn platform(&self, command: &mut Command, lane: Lane, number: u32, attempt: u32) {
        let (workflow, job, name, kind) = match lane {
            Lane::Main => ("ci.yml", "build", "refs/heads/main".to_owned(), "branch"),
            Lane::Tags => ("release.yml", "release", format!("refs/tags/v{number}"), "tag"),
        };
        let event = self.place.beside("event.json");
        let path = format!("{}:/usr/bin:/bin", self.place.beside("bin"));
        command.envs([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "octocat"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", &event),
            ("GITHUB_JOB", job),
            ("GITHUB_REF", &name),
            ("GITHUB_REF_PROTECTED", "true"),
            ("GITHUB_REF_TYPE", kind),
            ("GITHUB_REPOSITORY", "octo/app"),
            ("GITHUB_REPOSITORY_ID", "1"),
            ("GITHUB_REPOSITORY_OWNER_ID", "2"),
            ("GITHUB_RUN_ATTEMPT", &attempt.to_string()),
            ("GITHUB_RUN_ID", &(1000 * (lane as u32 + 1) + number).to_string()),
            ("GITHUB_RUN_NUMBER", &number.to_string()),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_SHA", &self.git(&["rev-parse", "HEAD"])),
            ("GITHUB_WORKFLOW_REF", &format!("octo/app/.github/workflows/{workflow}@{name}")),
            ("ImageOS", "ubuntu24"),
            ("ImageVersion", &self.image),
            ("PATH", &path),
            ("RUNNER_ENVIRONMENT", "github-hosted"),
        ]);
    }
}

/// The digests of the payloads of a file, in its order.
fn payloads(file: &std::path::Path) -> Vec<String> {
    let bundles = super::harness::lines(file);
    assert_eq!(bundles.len(), statements(file).len());
    bundles.iter().map(|bundle| sha256(&super::harness::payload(bundle))).collect()
}

impl Built {
    /// The changes that it records, one a line: `class name: change (explanation)`.
    pub(crate) fn changes(&self) -> Vec<String> {
        let list = self.evidence["changes"]["value"]["environment"].as_array().expect("inline");
        list.iter()
            .map(|change| {
                let text = |name: &str| change[name].as_str().unwrap().to_owned();
                let by = change["explanation"]["by"].as_str().unwrap();
                format!("{} {}: {} ({by})", text("class"), text("name"), text("change"))
            })
            .collect()
    }

    /// Its differences from the lock: `class name: kind`.
    pub(crate) fn drift(&self) -> Vec<String> {
        let lock = &self.evidence["changes"]["value"]["lock"]["value"];
        let list = lock["drift"].as_array().unwrap_or_else(|| panic!("no lock: {lock}"));
        list.iter()
            .map(|drift| {
                let text = |name: &str| drift[name].as_str().unwrap();
                format!("{} {}: {}", text("class"), text("name"), text("kind"))
            })
            .collect()
    }
}
