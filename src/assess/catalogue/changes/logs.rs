//! The log itself: what it gives away, and what only people can show of it.

use serde_json::Value;

use super::{remedies, settle, some};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;

pub(super) const TIMESTAMPED: Question = Question {
    id: "log-is-timestamped",
    title: "Time of the log",
    asks: "Does an independent authority vouch for when the log was written?",
    claims: &["2.2-03", "2.2-04"],
    reads: &[],
    proves: "The record existed at that time and is unchanged since.",
    not: "That it is kept from then on.",
    remedy: &shared::LATER,
    failure: Failure::Weakens,
    answer: Answer::Later("a timestamp of an authority, or an entry of a transparency log"),
};

pub(super) const HIDES_SECRETS: Question = Question {
    id: "log-hides-secrets",
    title: "Confidentiality of the log",
    asks: "Are people's names, values of variables and other details of use to an attacker kept out of the signed file?",
    claims: &["2.2-04"],
    reads: &["environment", "source", "changes", "identity", "controls"],
    proves: "Names of people, values of variables and other such details are sealed: the signed file has only salted digests of them, and whoever may read them is given another file.",
    not: "That every reader of that other file is meant to have it, or that no secret stands in a place where none was looked for.",
    remedy: &remedies::SEAL,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(hides_secrets(facts))),
};

pub(super) const ACCESS: Question = Question {
    id: "access-is-logged",
    title: "Log of access",
    asks: "Is it logged who had access to the build environment, and what they did there?",
    claims: &["2.2-01"],
    reads: &["attached"],
    proves: "Nothing by itself: an extract of the platform's audit log was attached, and people read it.",
    not: "That it is whole: no job can see who has access, and a job must not hold a key that can.",
    remedy: &remedies::ATTACH_LOG,
    failure: Failure::Weakens,
    answer: Answer::People(&["audit-log"]),
};

pub(super) const AUTHORISED: Question = Question {
    id: "only-authorised-people-change-it",
    title: "Who may change it",
    asks: "Is it laid down who may change the build environment, for how long, and how the right is taken away?",
    claims: &["2.2-02"],
    reads: &["attached"],
    proves: "Nothing by itself: a policy or a review of access was attached, and people read it.",
    not: "That it is followed.",
    remedy: &shared::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy", "access-review"]),
};

pub(super) const KEPT: Question = Question {
    id: "logs-are-kept",
    title: "Retention of logs",
    asks: "Is it laid down how long logs and evidence are kept, and where?",
    claims: &["2.2-03"],
    reads: &["attached"],
    proves: "Nothing by itself: a policy was attached, and people read it.",
    not: "That anything is kept: fetch an old record to see.",
    remedy: &shared::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

pub(super) const READ: Question = Question {
    id: "logs-are-read",
    title: "Reading of logs",
    asks: "Does somebody look at the logs, and has anybody tried whether a change shows in them?",
    claims: &["2.2-03"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That what shows in a log is acted on.",
    remedy: &remedies::ATTACH_LOG,
    failure: Failure::Weakens,
    answer: Answer::People(&["audit-log", "policy"]),
};

/// Where personal and secret values stand: the part that must have it, its name there, and what it is.
const HIDDEN: [(&str, &str, &str); 8] = [
    ("/environment/value", "variables", "values of variables"),
    ("/environment/value", "path", "folders of PATH"),
    ("/environment/value/git_configuration/value", "values", "values of git's settings"),
    ("/source/value/people", "names", "names of who made the commit"),
    ("/changes/value/commits/value", "people", "names of who made the commits"),
    ("/changes/value", "details", "what changed in sealed places"),
    ("/identity/value", "people", "people that a token names"),
    ("/controls/value", "details", "names that the platform's API gave"),
];

/// How a value stands in the signed file.
enum Shown {
    Sealed,
    Nothing,
    Open,
}

fn shown(value: &Value) -> Shown {
    match value {
        Value::Object(members) if members.contains_key("sealed") => Shown::Sealed,
        // People come with the key of their fingerprints, which is nothing without names.
        Value::Object(members) => match members.get("names") {
            Some(Value::Object(names)) if names.is_empty() => Shown::Nothing,
            _ if members.is_empty() => Shown::Nothing,
            _ => Shown::Open,
        },
        Value::Array(entries) if entries.is_empty() => Shown::Nothing,
        Value::Null => Shown::Nothing,
        _ => Shown::Open,
    }
}

/// Looks at the statement as it was signed: sections that whoever checks was given are no secret of theirs.
fn hides_secrets(facts: &Facts<'_>) -> Result<Found, Found> {
    let signed = facts.signed;
    if signed.pointer("/environment/value").is_none() {
        return Err(Found::unknown(facts.why_not("the environment", &facts.environment)));
    }
    let (mut open, mut sealed) = (Vec::new(), Vec::new());
    let mut looked_at = Vec::new();
    for (part, name, what) in HIDDEN {
        let Some(part_value) = signed.pointer(part) else { continue };
        let pointer = format!("{part}/{name}");
        let Some(value) = part_value.get(name) else {
            return Err(Found::unknown(format!("the evidence has no {pointer}")));
        };
        match shown(value) {
            Shown::Open => open.push((what, pointer)),
            Shown::Sealed => {
                sealed.push(what);
                looked_at.push(pointer);
            }
            Shown::Nothing => looked_at.push(pointer),
        }
    }
    if open.is_empty() {
        let sealed_names = some(sealed.iter().map(|what| (*what).to_owned()));
        let found = Found::pass(match sealed.len() {
            0 => "there is nothing personal or secret in it to be sealed".to_owned(),
            _ => format!("sealed: {sealed_names}"),
        });
        return Ok(looked_at.into_iter().fold(found, Found::at));
    }
    let names = some(open.iter().map(|(what, _)| (*what).to_owned()));
    let why =
        format!("expected personal and secret values to be sealed, found in the open: {names}");
    Ok(open.into_iter().fold(Found::fail(why), |found, (_, pointer)| found.at(pointer)))
}
