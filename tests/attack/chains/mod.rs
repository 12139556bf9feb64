//! Chains of builds: cut, spliced, forked, taken back, told twice. `log` names each by its own word, and nothing
//! else.

use proofmark::format::evidence::BUILD_EVIDENCE;
use serde_json::{Value, json};

use crate::forge::{Bench, COMMIT, Run, sha256, sign, statement};

mod heads;
mod links;
mod places;
mod retries;
mod shown;

/// A build of the lane `main`, as its evidence tells it; one hour after the build before it.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) id: String,
    job: &'static str,
    outcome: &'static str,
    pub(crate) previous: Option<String>,
    pub(crate) sequence: Option<u64>,
    why_none: Option<&'static str>,
    number: u64,
    attempt: u64,
    /// Minutes since the beginning of 2026.
    started: u64,
    finished: u64,
    /// How many seconds the moments are apart that are called minutes.
    pace: u64,
    captured: Option<String>,
    /// More of the predicate, over what stands there.
    pub(crate) more: Value,
}

fn moment(seconds: u64) -> String {
    let (day, hour, minute) = (seconds / 86400 + 1, seconds / 3600 % 24, seconds / 60 % 60);
    format!("2026-01-{day:02}T{hour:02}:{minute:02}:{:02}Z", seconds % 60)
}

impl Told {
    /// The first of its lane.
    pub(crate) fn first() -> Self {
        Self {
            id: "build 1".to_owned(),
            job: "main",
            outcome: "succeeded",
            previous: None,
            sequence: Some(1),
            why_none: Some("no evidence of this lane was found"),
            number: 1,
            attempt: 1,
            started: 60,
            finished: 70,
            pace: 60,
            captured: None,
            more: json!({}),
        }
    }

    /// The build that follows.
    pub(crate) fn next(&self) -> Self {
        let number = self.number + 1;
        Self {
            id: format!("build {number} of {}", self.job),
            previous: Some(self.digest()),
            sequence: self.sequence.map(|sequence| sequence + 1),
            why_none: None,
            number,
            attempt: 1,
            started: self.started + 60,
            finished: self.started + 70,
            captured: None,
            ..self.clone()
        }
    }

    pub(crate) fn with(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        let none = json!({"status": "unavailable", "basis": "read", "reason": "a test"});
        let mut chain = json!({"platform_counts": {"run_number": self.number.to_string(),
            "run_attempt": self.attempt.to_string(), "run_id": format!("id{}", self.number)}});
        let set = |chain: &mut Value, name: &str, value: Option<Value>| {
            if let Some(value) = value {
                chain[name] = value;
            }
        };
        set(&mut chain, "previous", self.previous.clone().map(Value::from));
        set(&mut chain, "sequence", self.sequence.map(Value::from));
        set(&mut chain, "why_none", self.why_none.map(Value::from));
        let mut custody = json!({"continues": []});
        set(&mut custody, "captured", self.captured.clone().map(Value::from));
        let seen = |value: Value| json!({"status": "observed", "basis": "read", "value": value});
        let source = json!({"commit": COMMIT, "dirty": [], "dirty_count": 0, "shallow": false,
            "partial": false, "sparse": false, "linked_worktree": false, "bare": false});
        let mut predicate = json!({
            "build": {"id": self.id, "started": moment(self.started * self.pace),
                "finished": moment(self.finished * self.pace), "bracket": "command", "outcome": self.outcome,
                "signing": {"layout": "in-job", "key_custody": {"custody": "in-job"}},
                "tool": {"name": "proofmark", "version": "0"}},
            "lane": seen(json!({"repository_id": "1", "definition": "ci.yml", "job": self.job,
                "ref_kind": "default branch"})),
            "chain": seen(chain),
            "custody": seen(custody),
            "source": seen(source),
            "inputs": none, "outputs": none, "dependencies": none, "environment": none,
            "tools": none, "packages": none, "pipeline": none, "changes": none});
        for (name, value) in self.more.as_object().unwrap() {
            predicate[name] = value.clone();
        }
        statement(
            &json!([{"name": "inputs", "digest": {"sha256": "00".repeat(32)}}]),
            BUILD_EVIDENCE,
            &predicate,
        )
    }

    pub(crate) fn digest(&self) -> String {
        sha256(&self.payload())
    }

    pub(crate) fn line(&self) -> Vec<u8> {
        sign(&self.payload())
    }
}

/// A chain of so many builds.
fn chain(builds: usize) -> Vec<Told> {
    std::iter::successors(Some(Told::first()), |before| Some(before.next())).take(builds).collect()
}

fn log_of(bench: &Bench, builds: &[&Told], flags: &[&str]) -> Run {
    let lines: Vec<_> = builds.iter().map(|build| build.line()).collect();
    bench.lines("log.sigstore.jsonl", &lines);
    let fixed = ["log", "log.sigstore.jsonl", "--key", "key1.pub"];
    bench.run(&[&fixed[..], flags].concat())
}

/// The findings under `--strict`, each with its id and text.
fn found(builds: &[&Told], flags: &[&str]) -> (i32, Vec<(String, String)>) {
    let flags = [&["--strict", "--format", "json"], flags].concat();
    let run = log_of(&Bench::new(), builds, &flags);
    let json = run.json();
    assert_eq!(json["exit_code"], run.code, "{run:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = json["findings"].as_array().unwrap().iter();
    (run.code, all.map(|found| (text(&found["id"]), text(&found["text"]))).collect())
}

/// Exactly these are found, in this order, and `--strict` fails.
#[track_caller]
fn finds(builds: &[&Told], flags: &[&str], ids: &[&str]) {
    let (code, found) = found(builds, flags);
    let all: Vec<_> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((code, all), (1, ids.to_vec()), "{found:#?}");
}

/// Exactly this is found, it fails under `--strict`, and its sentence has these words.
#[track_caller]
fn names(builds: &[&Told], flags: &[&str], id: &str, words: &[&str]) {
    let (code, found) = found(builds, flags);
    assert_eq!(found.len(), 1, "expected {id} alone: {found:#?}");
    assert_eq!((code, found[0].0.as_str()), (1, id), "{found:#?}");
    for word in words {
        assert!(found[0].1.contains(word), "expected {word:?}: {found:#?}");
    }
}

#[track_caller]
fn names_nothing(builds: &[&Told], flags: &[&str]) {
    let (code, found) = found(builds, flags);
    assert_eq!((code, found), (0, Vec::new()));
}

fn all(builds: &[Told]) -> Vec<&Told> {
    builds.iter().collect()
}

fn without(builds: &[Told], index: usize) -> Vec<&Told> {
    builds.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, build)| build).collect()
}
