//! One question with the two statements on which it passes and fails.

use std::sync::OnceLock;

use proofmark::assess::assurance::Brought;
use proofmark::assess::catalogue::question;
use proofmark::assess::facts::{Context, Facts};
use proofmark::assess::finding::{Finding, answer};
use proofmark::base::time::Time;
use proofmark::format::statement::Statement;
use proofmark::read;
use proofmark::sign::{SecretKey, sign};
use proofmark::token::{Issuer, Platform};
use proofmark::verify::{Trust, authenticate};
use serde_json::Value;

use crate::harness::BUILD_EVIDENCE;
use crate::support::Scene;

/// A question, and what it is asked of.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) pass: Side,
    pub(crate) fail: Side,
}

/// A real statement, changed in places, with what whoever checks knows.
#[derive(Clone)]
pub(crate) struct Side {
    pub(crate) statement: Value,
    pub(crate) context: Context,
}

/// A case whose sides differ from the real statement by these values, each at its pointer in the predicate.
pub(crate) fn case(id: &'static str, pass: &[(&str, Value)], fail: &[(&str, Value)]) -> Case {
    Case { id, pass: Side::with(pass), fail: Side::with(fail) }
}

impl Side {
    /// The real statement as it is.
    pub(crate) fn real() -> Self {
        Self { statement: real().0.clone(), context: Context::default() }
    }

    /// With values in their places; what lies on the way is made.
    pub(crate) fn with(edits: &[(&str, Value)]) -> Self {
        let mut side = Self::real();
        for (pointer, value) in edits {
            put(&mut side.statement["predicate"], pointer, value.clone());
        }
        side
    }

    /// With what whoever checks knows beside.
    pub(crate) fn knowing(self, context: Context) -> Self {
        Self { context, ..self }
    }

    pub(crate) fn statement(&self) -> Value {
        self.statement.clone()
    }

    /// The answer, of the statement signed anew by a trusted key.
    pub(crate) fn answer(&self, id: &str) -> Finding {
        let key = SecretKey::generate().unwrap();
        let line = sign(serde_json::to_vec(&self.statement).unwrap(), &key).unwrap();
        let trust = Trust::new([key.public()], 1).unwrap();
        let set = authenticate(&read::bytes(&line).unwrap(), &trust);
        let verified = &set.verified[0];
        let issuers =
            [Platform::GitHub, Platform::GitLab].map(|p| Issuer::given(&real().1, p).unwrap());
        let brought = Brought { issuers: &issuers, keys: None };
        let predicate = &verified.get().predicate;
        let now = Time::now();
        let facts = Facts::of(verified, predicate, 1, &brought, now, self.context.clone());
        answer(question(id).unwrap(), &facts)
    }

    /// The answer, of the statement that nobody signed.
    pub(crate) fn unverified(&self, id: &str) -> Finding {
        let statement: Statement = serde_json::from_value(self.statement.clone()).unwrap();
        answer(question(id).unwrap(), &Facts::unverified(&statement))
    }
}

/// What a job of the platform's wrote, and the platform's address.
fn real() -> &'static (Value, String) {
    static REAL: OnceLock<(Value, String)> = OnceLock::new();
    REAL.get_or_init(|| {
        let scene = Scene::github();
        scene.capture(&["--baseline", "none"]);
        let statements = scene.place.statements();
        let evidence = statements.into_iter().find(|one| one["predicateType"] == BUILD_EVIDENCE);
        (evidence.unwrap(), scene.platform.url())
    })
}

/// Puts a value where a pointer points to; objects on the way are made.
pub(crate) fn put(whole: &mut Value, pointer: &str, value: Value) {
    let mut at = whole;
    for name in pointer.split('/').skip(1) {
        at = match at {
            Value::Array(entries) => &mut entries[name.parse::<usize>().unwrap()],
            other => {
                if !other.is_object() {
                    *other = Value::Object(serde_json::Map::new());
                }
                other.as_object_mut().unwrap().entry(name).or_insert(Value::Null)
            }
        };
    }
    *at = value;
}

/// Takes away what a pointer points to.
pub(crate) fn without(whole: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match whole.pointer_mut(parent).unwrap() {
        Value::Object(members) => assert!(members.remove(name).is_some(), "{pointer}"),
        Value::Array(entries) => drop(entries.remove(name.parse().unwrap())),
        _ => panic!("{pointer}"),
    }
}
