//! A folder of its own for every test, the binary in it without anything of our own environment, and
//! what the evidence says.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_proofmark");

/// The default name of the evidence.
pub(crate) const EVIDENCE: &str = "proofmark.sigstore.jsonl";
pub(crate) const SECTIONS: &str = "proofmark.sections.jsonl";
pub(crate) const UNSIGNED: &str = "proofmark.unsigned.jsonl";

pub(crate) const BUILD_EVIDENCE: &str = "urn:proofmark:build-evidence:v1";
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// The user that an unprivileged place belongs to, where we are root.
const NOBODY: u32 = 65534;

/// Whoever runs the tests may have had signals ignored (`nohup`, a shell's `&`) or blocked (a CI runner), and
/// both are inherited: the binary would leave them so, as it should. A signal that is caught isn't ignored
/// in a child, so the ones that are ignored are caught here; and nothing stays blocked in this thread.
fn hear_all_signals() {
    nix::sys::signal::SigSet::empty().thread_set_mask().unwrap();
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
            if mask >> (signal.as_raw() - 1) & 1 == 1 {
                let heard = std::sync::Arc::default();
                signal_hook::flag::register(signal.as_raw(), heard).unwrap();
            }
        }
    });
}

/// `tree` is where the binary runs, `home` is the user's, `keys` holds keys; all of them are gone
/// with it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    binary: PathBuf,
    user: Option<u32>,
}

impl Place {
    pub(crate) fn new() -> Self {
        hear_all_signals();
        let folder = tempfile::tempdir().unwrap();
        for name in ["tree", "home", "keys"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, binary: BINARY.into(), user: None }
    }

    /// One where the system refuses things: as root nothing is ever unreadable.
    pub(crate) fn unprivileged() -> Self {
        let mut place = Self::new();
        if rustix::process::geteuid().is_root() {
            let binary = place.outside("proofmark");
            // By another process: a test that forks while we have the copy open for writing would
            // make it "text file busy".
            let copied = Command::new("cp").arg(&place.binary).arg(&binary).status().unwrap();
            assert!(copied.success());
            place.binary = binary;
            place.user = Some(NOBODY);
            for name in ["", "tree", "home", "keys", "proofmark"] {
                let path = place.outside(name);
                fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
                chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        place
    }

    /// In the tree.
    pub(crate) fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("tree").join(name)
    }

    /// Beside the tree.
    pub(crate) fn outside(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Beside the tree, as an argument.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.outside(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    pub(crate) fn text(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn has(&self, name: impl AsRef<Path>) -> bool {
        fs::symlink_metadata(self.at(name)).is_ok()
    }

    /// What lies in the tree itself, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.at("")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The file of a private key: always the same one for a number.
    pub(crate) fn key(&self, number: u8) -> String {
        let path = self.outside(format!("keys/{number}.pem"));
        if !path.exists() {
            fs::write(&path, private_pem(number)).unwrap();
            if self.user.is_some() {
                chown(&path, self.user, self.user).unwrap();
            }
        }
        path.to_str().unwrap().to_owned()
    }

    /// The file of its public half.
    pub(crate) fn public(&self, number: u8) -> String {
        let path = self.outside(format!("keys/{number}.pub"));
        if !path.exists() {
            fs::write(&path, public_pem(number)).unwrap();
        }
        path.to_str().unwrap().to_owned()
    }

    /// The binary with these arguments.
    pub(crate) fn call<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Call {
        let mut call = self.program(&self.binary);
        call.0.args(arguments);
        call
    }

    /// `proofmark run --key .. FLAGS -- sh -c LINE`.
    pub(crate) fn run(&self, flags: &[&str], line: &str) -> Call {
        let key = self.key(1);
        self.call(&[&["run", "--key", &key], flags, &["--", "sh", "-c", line]].concat())
    }

    /// A shell around the binary, which is `$PROOFMARK` there.
    pub(crate) fn shell(&self, line: &str) -> Call {
        let mut call = self.program("/bin/sh");
        // The name is one of those that the command never sees.
        call.0.args(["-c", line]).env("PROOFMARK", &self.binary);
        call
    }

    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Call {
        let mut command = Command::new(program);
        command.current_dir(self.at("")).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.outside("home")).env("LC_ALL", "C");
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        Call(command)
    }

    /// The statements of the default evidence file.
    pub(crate) fn statements(&self) -> Vec<Value> {
        statements(&self.at(EVIDENCE))
    }

    /// What the build evidence in the default file says.
    pub(crate) fn evidence(&self) -> Value {
        evidence(&self.at(EVIDENCE))
    }

    /// A repository in the tree with all that is there in one commit, whose id is returned.
    pub(crate) fn repository(&self, remote: &str) -> String {
        let repository = git2::Repository::init_opts(
            self.at(""),
            git2::RepositoryInitOptions::new().initial_head("main"),
        )
        .unwrap();
        let mut index = repository.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let when = git2::Time::new(1_700_000_000, 0);
        let author = git2::Signature::new("A. Author", "author@example.org", &when).unwrap();
        let commit =
            repository.commit(Some("HEAD"), &author, &author, "first", &tree, &[]).unwrap();
        repository.remote("origin", remote).unwrap();
        commit.to_string()
    }
}

pub(crate) struct Call(Command);

impl From<Command> for Call {
    fn from(command: Command) -> Self {
        Self(command)
    }
}

impl Call {
    pub(crate) fn var(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn vars(mut self, pairs: &[(&str, &str)]) -> Self {
        self.0.envs(pairs.iter().copied());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn inside(mut self, folder: impl AsRef<Path>) -> Self {
        self.0.current_dir(folder);
        self
    }

    pub(crate) fn input(mut self, path: &Path) -> Self {
        self.0.stdin(fs::File::open(path).unwrap());
        self
    }

    pub(crate) fn go(mut self) -> Said {
        let output = self.0.output().unwrap();
        Said {
            code: output.status.code(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            out: output.stdout,
        }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Said {
        let said = self.go();
        let out = String::from_utf8_lossy(&said.out);
        assert_eq!(said.code, Some(code), "stderr:\n{}\nstdout:\n{out}", said.err);
        said
    }

    /// Starts it and doesn't wait; nothing reads what it says.
    pub(crate) fn start(mut self) -> Child {
        self.0.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn command(self) -> Command {
        self.0
    }
}

/// What came of a call.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Said {
    /// On stderr.
    #[track_caller]
    pub(crate) fn tells(self, part: &str) -> Self {
        assert!(self.err.contains(part), "expected {part:?} in stderr:\n{}", self.err);
        self
    }

    /// On stdout.
    #[track_caller]
    pub(crate) fn shows(self, part: &str) -> Self {
        let out = self.text();
        assert!(out.contains(part), "expected {part:?} in stdout:\n{out}");
        self
    }

    #[track_caller]
    pub(crate) fn notices(self, number: usize) -> Self {
        let found = self.err.lines().filter(|line| line.starts_with("proofmark: notice:")).count();
        assert_eq!(found, number, "notices in stderr:\n{}", self.err);
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).expect("JSON on stdout")
    }
}

/// Every line of a file, parsed; each ends in a line feed.
#[track_caller]
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    assert!(text.ends_with('\n'), "{path:?} ends in a line feed");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn payload(bundle: &Value) -> Vec<u8> {
    STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap()
}

/// The statements of a signed file, in its order.
#[track_caller]
pub(crate) fn statements(path: &Path) -> Vec<Value> {
    let lines = lines(path);
    lines.iter().map(|bundle| serde_json::from_slice(&payload(bundle)).unwrap()).collect()
}

/// The predicate of the first build evidence in a signed file.
#[track_caller]
pub(crate) fn evidence(path: &Path) -> Value {
    let statements = statements(path);
    let found = statements.into_iter().find(|one| one["predicateType"] == BUILD_EVIDENCE);
    found.expect("build evidence")["predicate"].take()
}

pub(crate) fn predicate_types(statements: &[Value]) -> Vec<&str> {
    statements.iter().map(|statement| statement["predicateType"].as_str().unwrap()).collect()
}

pub(crate) fn outcome(evidence: &Value) -> &str {
    evidence["build"]["outcome"].as_str().unwrap()
}

/// The paths of a list of files or of dirty files, hexadecimal ones marked.
pub(crate) fn paths(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("an inline list");
    list.iter()
        .map(|entry| match entry["path"].as_str() {
            Some(path) => path.to_owned(),
            None => format!("hex:{}", entry["path_hex"].as_str().unwrap()),
        })
        .collect()
}

pub(crate) fn input_paths(evidence: &Value) -> Vec<String> {
    paths(&evidence["inputs"]["value"]["files"])
}

/// The reasons of the gaps in one part.
pub(crate) fn gaps(evidence: &Value, part: &str) -> Vec<String> {
    let all = evidence["gaps"].as_array().unwrap();
    let found = all.iter().filter(|gap| gap["part"] == part);
    found.map(|gap| gap["reason"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label} KEY-----\n{}\n-----END {label} KEY-----\n", STANDARD.encode(der))
}

/// PKCS#8 version 1 (RFC 8410, section 7).
pub(crate) fn private_der(number: u8) -> Vec<u8> {
    let prefix = hex::decode("302e020100300506032b657004220420").unwrap();
    [prefix, vec![number; 32]].concat()
}

pub(crate) fn private_pem(number: u8) -> String {
    pem("PRIVATE", &private_der(number))
}

/// SPKI (RFC 8410, section 4).
pub(crate) fn public_der(number: u8) -> Vec<u8> {
    let key = ed25519_dalek::SigningKey::from_bytes(&[number; 32]).verifying_key();
    [hex::decode("302a300506032b6570032100").unwrap(), key.to_bytes().to_vec()].concat()
}

pub(crate) fn public_pem(number: u8) -> String {
    pem("PUBLIC", &public_der(number))
}

/// Waits until something holds, and gives up after a time that no sound run takes.
#[track_caller]
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the kernel says of a process and of all that it started: what each one waits for, which signals
/// it ignores, and which still have to reach it.
fn processes_below(pid: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let told = ["Name:", "State:", "PPid:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:"];
    let lines = status.lines().filter(|line| told.iter().any(|name| line.starts_with(name)));
    let mut text = format!("{pid}: {}\n", lines.collect::<Vec<_>>().join(", "));
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        text += &format!("  {} waits in {}\n", read("comm").trim(), read("wchan"));
        for child in read("children").split_whitespace().filter_map(|child| child.parse().ok()) {
            text += &processes_below(child);
        }
    }
    text
}

/// How it ended; it is killed if it doesn't end.
#[track_caller]
pub(crate) fn end_of(child: &mut Child) -> Option<i32> {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > end {
            let processes = processes_below(child.id());
            let _ = child.kill();
            panic!("it doesn't end:\n{processes}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
