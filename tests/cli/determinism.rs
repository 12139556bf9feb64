//! The same tree and the same command give the same evidence, but for what must differ.

use super::harness::{EVIDENCE, Place, SECTIONS, lines, statements};
use serde_json::Value;

/// Takes away ids, times, salts, and the digests of what has them in it. Whether a file had to be
/// read again to know it depends on the clock, so the counts of that go too.
fn settle(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // People stand under a key that is new for each evidence.
            if members.get("name").is_some_and(|name| name == "source.people.names") {
                members["content"].take();
            }
            for (name, member) in members {
                let differs = matches!(
                    name.as_str(),
                    "id" | "started"
                        | "finished"
                        | "startedOn"
                        | "finishedOn"
                        | "invocationId"
                        | "salt"
                        | "hashed"
                        | "people"
                        | "unchanged_by_metadata"
                        | "uri"
                );
                if name == "sealed" {
                    member["sha256"].take();
                } else if name == "companions" {
                    member[0]["sha256"].take();
                } else if differs {
                    member.take();
                } else {
                    settle(member);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(settle),
        _ => {}
    }
}

fn evidence_of(order: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let place = Place::new();
    // In another order, so that the folder may list them in another.
    for name in order {
        place.write(name, name);
    }
    place.repository("https://example.org/team/app.git");
    place.write("dirty", "1");
    // The root's own name is part of nothing but the user's home.
    let call = place.run(&["-a", "out/*"], "mkdir out; for n in 3 1 2; do echo $n >out/$n; done");
    call.var("HOME", "/nonexistent").var("LC_TIME", "C").exits(0);
    let mut statements = statements(&place.at(EVIDENCE));
    let mut sections = lines(&place.at(SECTIONS));
    statements.iter_mut().chain(&mut sections).for_each(settle);
    (statements, sections)
}

#[test]
fn two_runs_differ_in_ids_times_and_salts_alone() {
    let (first, first_sections) = evidence_of(&["b", "a/z", "a/b", "c", "ab"]);
    let (second, second_sections) = evidence_of(&["c", "ab", "a/b", "a/z", "b"]);
    assert_eq!(first, second);
    assert_eq!(first_sections, second_sections);
}

#[test]
fn lists_are_sorted() {
    let (statements, _) = evidence_of(&["b", "a/z", "a.b", "A", "a/b"]);
    let evidence = &statements[1]["predicate"];
    let sorted = |list: &Value, member: &str| {
        let list = list.as_array().unwrap();
        assert!(list.len() > 1);
        list.is_sorted_by_key(|entry| entry[member].as_str().unwrap().as_bytes().to_vec())
    };
    assert!(sorted(&evidence["inputs"]["value"]["files"], "path"));
    assert!(sorted(&evidence["outputs"]["value"]["files"], "path"));
    assert!(sorted(&evidence["gaps"], "part"));
    assert!(sorted(&statements[0]["subject"], "name"));
    let names = evidence["environment"]["value"]["other_variables"].as_array().unwrap();
    assert!(names.is_sorted_by_key(|name| name.as_str().unwrap()));
}

#[test]
fn salts_and_signatures_are_never_the_same_twice() {
    let salts = || {
        let place = Place::new();
        place.run(&[], "exit 0").exits(0);
        let sections = lines(&place.at(SECTIONS));
        sections.iter().map(|s| s["salt"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, second) = (salts(), salts());
    assert!(first.len() >= 2);
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), first.len());
    assert!(first.iter().all(|salt| salt.len() == 32 && !second.contains(salt)));
}
