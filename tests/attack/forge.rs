//! What the attacks are made with: a folder with an artefact, keys, statements, lines, and the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark::base::digest::{Sha256, Sha512};
use proofmark::format::dsse::pae;
use proofmark::format::evidence::BUILD_EVIDENCE;
use proofmark::format::slsa::PROVENANCE_V1;
use proofmark::sign::SecretKey;
use serde_json::{Value, json};

pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";
pub(crate) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// A type of which this version knows nothing.
pub(crate) const OTHER_TYPE: &str = "https://example.com/test-result/v1";
/// The artefact that most attacks are about.
pub(crate) const APP: &[u8] = b"the artefact of the vendor\n";
/// Another one.
pub(crate) const EVIL: &[u8] = b"the artefact of somebody else\n";
pub(crate) const SOURCE: &str = "https://github.com/octo/app";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const REF: &str = "refs/heads/main";
pub(crate) const BUILDER: &str = "urn:proofmark:builder:local:v1";

/// The key of seed `n`: the same in every run.
pub(crate) fn key(n: u8) -> SecretKey {
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = [&prefix[..], &[n; 32]].concat();
    SecretKey::parse(STANDARD.encode(der).as_bytes()).unwrap()
}

/// The vendor's key, which the checker trusts.
pub(crate) fn vendor() -> SecretKey {
    key(1)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::of(bytes).to_string()
}

pub(crate) fn sha512(bytes: &[u8]) -> String {
    Sha512::of(bytes).to_string()
}

pub(crate) fn subject(name: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "digest": {"sha256": sha256(bytes)}})
}

/// A payload.
pub(crate) fn statement(subjects: &Value, predicate_type: &str, predicate: &Value) -> Vec<u8> {
    let statement = json!({"_type": STATEMENT, "subject": subjects,
        "predicateType": predicate_type, "predicate": predicate});
    serde_json::to_vec(&statement).unwrap()
}

/// What `verify` reads of build evidence.
pub(crate) fn evidence_predicate(build: &str, outcome: &str, companions: &[&[u8]]) -> Value {
    let companions: Vec<_> = companions
        .iter()
        .map(|payload| json!({"predicateType": PROVENANCE_V1, "sha256": sha256(payload)}))
        .collect();
    json!({
        "build": {"id": build, "outcome": outcome, "bracket": "command",
            "finished": "2026-01-01T00:00:00Z"},
        "companions": companions,
        "source": {"status": "observed",
            "value": {"repository": SOURCE, "commit": COMMIT, "ref": REF}}})
}

/// What `verify` reads of a provenance line of ours.
pub(crate) fn provenance_predicate(build: &str) -> Value {
    json!({
        "buildDefinition": {
            "buildType": "urn:proofmark:buildtype:command:v1",
            "externalParameters": {"source": SOURCE},
            "resolvedDependencies":
                [{"uri": format!("git+{SOURCE}@{REF}"), "digest": {"gitCommit": COMMIT}}]},
        "runDetails": {
            "builder": {"id": BUILDER},
            "metadata": {"finishedOn": "2026-01-01T00:00:00Z"},
            "byproducts":
                [{"name": "build-evidence", "uri": format!("urn:proofmark:build:{build}")}]}})
}

/// Build evidence alone, over the artefact.
pub(crate) fn evidence(build: &str, outcome: &str) -> Vec<u8> {
    evidence_of(&json!([subject("app", APP)]), build, outcome)
}

pub(crate) fn evidence_of(subjects: &Value, build: &str, outcome: &str) -> Vec<u8> {
    statement(subjects, BUILD_EVIDENCE, &evidence_predicate(build, outcome, &[]))
}

/// The two payloads of one successful build.
pub(crate) struct Build {
    pub(crate) provenance: Vec<u8>,
    pub(crate) evidence: Vec<u8>,
}

/// A successful build that made `subjects`.
pub(crate) fn build(id: &str, subjects: &Value) -> Build {
    let provenance = statement(subjects, PROVENANCE_V1, &provenance_predicate(id));
    let predicate = evidence_predicate(id, "succeeded", &[&provenance]);
    Build { evidence: statement(subjects, BUILD_EVIDENCE, &predicate), provenance }
}

impl Build {
    pub(crate) fn lines(&self) -> Vec<Vec<u8>> {
        vec![sign(&self.provenance), sign(&self.evidence)]
    }
}

/// The lines of the successful build of the artefact.
pub(crate) fn good_lines() -> Vec<Vec<u8>> {
    build("b1", &json!([subject("app", APP)])).lines()
}

/// A line that the vendor signed.
pub(crate) fn sign(payload: &[u8]) -> Vec<u8> {
    sign_by(&vendor(), payload)
}

pub(crate) fn sign_by(key: &SecretKey, payload: &[u8]) -> Vec<u8> {
    proofmark::sign::sign(payload.to_vec(), key).unwrap()
}

/// A line whose JSON is changed after it was signed.
pub(crate) fn edited(line: &[u8], edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(line).unwrap();
    edit(&mut value);
    serde_json::to_vec(&value).unwrap()
}

/// The signature of `key` as an entry of an envelope.
pub(crate) fn signature(key: &SecretKey, payload_type: &str, payload: &[u8]) -> Value {
    json!({"sig": base64(&key.sign(&pae(payload_type, payload))), "keyid": ""})
}

/// A bare envelope.
pub(crate) fn envelope(payload_type: &str, payload: &[u8], signatures: &[Value]) -> Vec<u8> {
    let envelope =
        json!({"payload": base64(payload), "payloadType": payload_type, "signatures": signatures});
    serde_json::to_vec(&envelope).unwrap()
}

/// A bare envelope of in-toto's type, signed by each of `keys`.
pub(crate) fn envelope_by(keys: &[SecretKey], payload: &[u8]) -> Vec<u8> {
    let signatures: Vec<_> = keys.iter().map(|key| signature(key, IN_TOTO, payload)).collect();
    envelope(IN_TOTO, payload, &signatures)
}

/// The payload of a line's envelope, decoded.
pub(crate) fn payload_of(line: &Value) -> Vec<u8> {
    let text = line["dsseEnvelope"]["payload"].as_str().or_else(|| line["payload"].as_str());
    STANDARD.decode(text.unwrap()).unwrap()
}

/// A folder with the artefact `app` and the vendor's public key, outside of which nothing is read.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.file("app", APP);
        for n in 1..=3 {
            bench.file(&format!("key{n}.pub"), key(n).public().to_spki_pem().as_bytes());
        }
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes an evidence file.
    pub(crate) fn lines<L: AsRef<[u8]>>(&self, name: &str, lines: &[L]) {
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend_from_slice(line.as_ref());
            bytes.push(b'\n');
        }
        self.file(name, &bytes);
    }

    /// The binary, with nothing in its environment but what it can't do without.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command().args(arguments))
    }

    /// `verify app` under the vendor's key with these lines as its evidence.
    pub(crate) fn verify<L: AsRef<[u8]>>(&self, lines: &[L]) -> Run {
        self.verify_with(lines, &["--key", "key1.pub"])
    }

    pub(crate) fn verify_with<L: AsRef<[u8]>>(&self, lines: &[L], arguments: &[&str]) -> Run {
        self.verify_of(&["app"], lines, arguments)
    }

    pub(crate) fn verify_of<L: AsRef<[u8]>>(
        &self,
        artefacts: &[&str],
        lines: &[L],
        arguments: &[&str],
    ) -> Run {
        self.lines("evidence.sigstore.jsonl", lines);
        let fixed = ["-b", "evidence.sigstore.jsonl", "--format", "json"];
        self.run(&[&["verify"], artefacts, &fixed, arguments].concat())
    }
}

/// What one run of the binary gave.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs to the end, which must come soon: a checker that hangs is one that can be stopped by whom
    /// it checks.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let read = |pipe: &mut dyn std::io::Read| {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let output = std::thread::scope(|scope| {
            let stdout = scope.spawn(|| read(&mut stdout));
            let stderr = scope.spawn(|| read(&mut stderr));
            let start = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                if start.elapsed() > Duration::from_secs(60) {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    panic!("the binary hangs: {command:?}");
                }
                std::thread::sleep(Duration::from_millis(2));
            };
            Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
        });
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Exit 0, and said so.
    #[track_caller]
    pub(crate) fn is_verified(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        let json = self.json();
        assert_eq!(json["verdict"], "verified", "{self:?}");
        assert_eq!(json["exit_code"], 0, "{self:?}");
        assert!(!json["artefacts"].as_array().unwrap().is_empty(), "{self:?}");
        for artefact in json["artefacts"].as_array().unwrap() {
            assert_eq!(artefact["verdict"], "verified", "{self:?}");
            assert!(!artefact["accepted"].as_array().unwrap().is_empty(), "{self:?}");
        }
        json
    }

    /// Exit 1 for this reason.
    #[track_caller]
    pub(crate) fn is_refused(&self, reason: &str) -> Value {
        self.is(1, "refused", reason)
    }

    /// Exit 3 for this reason.
    #[track_caller]
    pub(crate) fn is_untold(&self, reason: &str) -> Value {
        self.is(3, "could-not-tell", reason)
    }

    #[track_caller]
    fn is(&self, code: i32, verdict: &str, reason: &str) -> Value {
        assert_eq!(self.code, code, "{self:?}");
        let json = self.json();
        assert_eq!(json["verdict"], verdict, "{self:?}");
        assert_eq!(json["exit_code"], code, "{self:?}");
        let artefacts = json["artefacts"].as_array().unwrap();
        let with_it = artefacts.iter().find(|artefact| artefact["verdict"] == verdict);
        let artefact = with_it.unwrap_or_else(|| panic!("{self:?}"));
        assert_eq!(artefact["reason"]["code"], reason, "{self:?}");
        assert_eq!(artefact["accepted"], json!([]), "{self:?}");
        json
    }

    /// Exit 2, saying so on stderr and nothing on stdout.
    #[track_caller]
    pub(crate) fn is_usage(&self, words: &str) {
        assert_eq!(self.code, 2, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.contains(words), "expected {words:?}: {self:?}");
    }

    /// Whether a note on the evidence file or on the artefact has these words.
    #[track_caller]
    pub(crate) fn notes(&self, words: &str) {
        let json = self.json();
        let all = [&json["bundles"], &json["artefacts"]]
            .into_iter()
            .flat_map(|list| list.as_array().unwrap())
            .flat_map(|entry| entry["notes"].as_array().unwrap())
            .any(|note| note.as_str().unwrap().contains(words));
        assert!(all, "expected a note with {words:?}: {self:?}");
    }

    /// The message of the first artefact's reason.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        self.json()["artefacts"][0]["reason"]["message"].as_str().unwrap().to_owned()
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| text.chars().take(4000).collect::<String>();
        write!(f, "exit {}\n{}\n{}", self.code, cut(&self.stdout), cut(&self.stderr))
    }
}

/// The root digest of a folder, as `attest --tree` writes it.
pub(crate) fn root_digest(folder: &Path) -> String {
    use proofmark::base::tree::{Patterns, Tree, Walk};
    let walk = Walk {
        root: folder,
        exclude: &Patterns::default(),
        skip: &[],
        stop: &|| false,
        progress: &|_, _| (),
    };
    Tree::read(&walk).unwrap().root_digest(|_| true).to_string()
}
