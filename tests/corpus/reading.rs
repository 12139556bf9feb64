//! A person's reading of a definition beside what the evidence says of it. What the reading doesn't mention must
//! not be there.

use serde_json::{Value, json};

/// What a reading may mention.
const MEMBERS: &[&str] = &[
    "dangerous",
    "jobs",
    "kind",
    "lines",
    "marks",
    "permissions",
    "references",
    "triggers",
    "trouble",
    "unclear",
];

/// What differs, each with the file and the member.
pub(crate) fn differences(name: &str, expected: &Value, found: &Value) -> Vec<String> {
    let expected =
        expected.as_object().unwrap_or_else(|| panic!("{name}: the reading is no table"));
    for member in expected.keys() {
        assert!(MEMBERS.contains(&member.as_str()), "{name}: a reading has no member {member}");
    }
    if found.is_null() {
        return vec![format!("{name}: isn't among the definitions of the evidence")];
    }
    let mut wrong = Vec::new();
    for member in MEMBERS {
        // Where a reading says nothing of lines, they are as they are.
        if *member == "lines" && expected.get("lines").is_none() {
            continue;
        }
        let expected = expected.get(*member).cloned().unwrap_or(Value::Null);
        let found = told(member, found);
        let same = match (*member, &expected, &found) {
            ("trouble", Value::String(part), Value::String(whole)) => whole.contains(part.as_str()),
            _ => expected == found,
        };
        if !same {
            wrong.push(format!("{name}: {member}:\n  expected {expected}\n  found    {found}"));
        }
    }
    wrong
}

/// A member as a reading writes it; null where there is nothing.
fn told(member: &str, found: &Value) -> Value {
    let list = |key: &str| found[key].as_array().cloned().unwrap_or_default();
    let all: Vec<Value> = match member {
        "triggers" => list("triggers").into_iter().map(|one| one["event"].clone()).collect(),
        "dangerous" => {
            let dangerous = list("triggers").into_iter().filter(|one| one["danger"].is_string());
            dangerous.map(|one| one["event"].clone()).collect()
        }
        "jobs" => list("jobs"),
        "marks" => {
            let text = |one: &Value| {
                assert!(
                    one["what"].as_str().is_some_and(|what| what.len() > 10),
                    "{one} says nothing"
                );
                format!("{} {}", one["kind"].as_str().unwrap(), one["place"].as_str().unwrap())
            };
            list("marks").iter().map(|one| text(one).into()).collect()
        }
        "lines" => {
            let line = |one: &Value| json!([one.get("text").unwrap_or(&one["place"]), one["line"]]);
            list("references").iter().chain(&list("marks")).map(line).collect()
        }
        "references" => {
            let triple = |one: Value| json!([one["kind"], one["text"], one["pin"]]);
            list("references").into_iter().map(triple).collect()
        }
        // Its words may change; that it may not be all may not.
        "unclear" => return found.get("unclear").map_or(Value::Null, |_| true.into()),
        _ => return found.get(member).cloned().unwrap_or(Value::Null),
    };
    if all.is_empty() { Value::Null } else { all.into() }
}
