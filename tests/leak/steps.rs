//! What is kept between the steps of a job, and what is handed from job to job, holds no credential either.

use std::fs;

use super::corpus::Credential;
use super::harness::{Place, UNSIGNED};
use super::planted::{ALL, COPY, Homely as _, file_names, lockfiles, nothing_shows, odd_files};

#[test]
fn the_state_of_an_open_bracket_and_the_evidence_of_a_closed_one() {
    let place = Place::new();
    odd_files(&place);
    let some: Vec<&Credential> = ALL.iter().collect();
    lockfiles(&place, &some);
    place.repository("https://me:hunter2hunter2@example.com/o/r.git");
    fs::write(place.at(".gitignore"), "ignored\n").unwrap();
    fs::create_dir(place.at("ignored")).unwrap();
    for name in file_names().step_by(5) {
        place.write(format!("ignored/{name}"), "1");
    }
    let names: Vec<_> = (0..ALL.len()).map(|i| format!("SETTING_{i}")).collect();
    let flags: Vec<_> = names.iter().flat_map(|name| ["--env", name.as_str()]).collect();
    let begin = place.call(&[&["begin", "-a", "out"][..], &flags].concat());
    let begin =
        names.iter().zip(ALL.iter()).fold(begin, |call, (name, one)| call.var(name, &one.text));
    let said = begin.at_home(&place).exits(0);
    nothing_shows(&place, &said);
    let digest = said.text().trim().to_owned();

    let gone = file_names().next().unwrap();
    fs::remove_file(place.at(format!("in/{gone}"))).unwrap();
    place.write(format!("in/1/{}/x", file_names().nth(1).unwrap()), "changed");
    let said = place.shell(&format!("echo 1 >out; {COPY}")).at_home(&place).exits(0);
    nothing_shows(&place, &said);
    let finish = ["finish", "--sign", "never", "--outcome", "success", "--state-digest", &digest];
    let said = place.call(&finish).at_home(&place).exits(0);
    nothing_shows(&place, &said);

    // What was masked in between is found again: one file is gone, one is changed, none is new but the artefact.
    let text = place.text(UNSIGNED);
    let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let outputs = &line["predicate"]["outputs"]["value"];
    assert_eq!(
        (&outputs["made"], &outputs["changed"], &outputs["deleted"]),
        (&1.into(), &1.into(), &1.into())
    );
    let inputs = &line["predicate"]["inputs"]["value"];
    assert_eq!(inputs["ignored"]["files"], file_names().step_by(5).count());

    let key = place.key(1);
    let sign = ["sign", UNSIGNED, "--artefacts", ".", "--key", &key];
    let said = place.call(&sign).at_home(&place).exits(0);
    nothing_shows(&place, &said);
}

#[test]
fn a_bracket_whose_arguments_look_like_credentials_is_not_opened() {
    let place = Place::new();
    let plain =
        |text: &&str| !text.contains(['*', '?', '[', ']', '{', '}', '\\', '/', '\n', '=', ':']);
    for name in file_names().filter(plain).step_by(9) {
        for flag in ["--exclude", "-a", "-i", "--session"] {
            let said = place.call(&["begin", &format!("{flag}={name}")]).at_home(&place).go();
            nothing_shows(&place, &said);
            if flag != "--session" {
                assert_eq!(said.code, Some(2), "{}", said.err);
            }
            let said = place.call(&["finish", &format!("{flag}={name}")]).at_home(&place).go();
            nothing_shows(&place, &said);
        }
        let wrong = ["sign", name, "--artefacts", name, "--key", name];
        nothing_shows(&place, &place.call(&wrong).at_home(&place).go());
        let from = place.call(&["begin", "--from", name, "--trust-key", name]).at_home(&place).go();
        nothing_shows(&place, &from);
    }
}
