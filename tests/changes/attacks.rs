//! Whoever carries evidence from one build to the next, writes locks or keeps notes tries to hide a change.

use std::fs;
use std::path::Path;

use super::harness::{Said, gaps, lines, payload, sha256};
use super::history::{Built, History, Lane, Unusual};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

const FIRST: &str = "on: push\njobs: {build: {runs-on: ubuntu-24.04, steps: [{run: make}]}}\n";

/// Two builds of one lane, and the lock of the first in HEAD at the second.
fn two_builds() -> History {
    let mut history = History::new();
    history.commit("Start", &[("main.c", ""), (".github/workflows/ci.yml", FIRST)]);
    history.build(Lane::Main);
    lock(&history, 1);
    history.commit("Approve", &[]);
    history.build(Lane::Main);
    history
}

/// Writes a build's environment into the lock of the work tree, and stages it.
fn lock(history: &History, of: usize) {
    let file = history.builds[of - 1].file.to_str().unwrap();
    let key = history.place.public(1);
    history.place.call(&["lock", "--from", file, "--trust-key", &key]).exits(0);
    history.git(&["add", "proofmark.lock"]);
}

fn edit_lock(history: &History, edit: impl Fn(&str) -> String) {
    let text = history.place.text("proofmark.lock");
    let edited = edit(&text);
    assert_ne!(text, edited);
    history.commit("Edit the lock", &[("proofmark.lock", &edited)]);
}

fn chain(built: &Built) -> &Value {
    &built.evidence["chain"]["value"]
}

/// That a build found no baseline, said why everywhere, and begins a chain of its own.
#[track_caller]
fn lost(built: &Built, why: &str) {
    let reasons = gaps(&built.evidence, "chain");
    assert!(reasons.iter().any(|reason| reason.contains(why)), "{reasons:?}");
    assert!(built.said.contains("no baseline: ") && built.said.contains(why), "{}", built.said);
    let chain = chain(built);
    assert_eq!((&chain["previous"], &chain["sequence"]), (&Value::Null, &json!(1)));
    assert!(chain["why_none"].as_str().unwrap().starts_with("the chain begins anew: "), "{chain}");
    assert_eq!(built.evidence["changes"]["value"]["baseline"]["status"], "unavailable");
}

fn log(history: &History, flags: &[&str]) -> Said {
    let (kept, key) = (history.place.beside(super::history::KEPT), history.place.public(1));
    history.place.call(&[&["log", &kept, "--key", &key, "--strict"], flags].concat()).go()
}

/// The file's lines, each signed anew after `edit`.
fn resign(file: &Path, key: u8, edit: impl Fn(&mut Value)) {
    let mut text = String::new();
    for mut bundle in lines(file) {
        let mut statement: Value = serde_json::from_slice(&payload(&bundle)).unwrap();
        edit(&mut statement);
        let bytes = serde_json::to_vec(&statement).unwrap();
        let kind = "application/vnd.in-toto+json";
        let pae =
            [format!("DSSEv1 {} {kind} {} ", kind.len(), bytes.len()).into_bytes(), bytes.clone()]
                .concat();
        let key = ed25519_dalek::SigningKey::from_bytes(&[key; 32]);
        let envelope = &mut bundle["dsseEnvelope"];
        envelope["payload"] = STANDARD.encode(&bytes).into();
        envelope["signatures"][0]["sig"] = STANDARD.encode(key.sign(&pae).to_bytes()).into();
        text += &format!("{bundle}\n");
    }
    fs::write(file, text).unwrap();
}

#[test]
fn a_baseline_that_another_key_signed_is_not_used() {
    let mut history = two_builds();
    resign(&history.builds[1].file.clone(), 2, |_| ());
    lost(history.build(Lane::Main), "no trusted key signed what was found");
}

#[test]
fn an_altered_baseline_is_not_used() {
    let mut history = two_builds();
    let file = history.builds[1].file.clone();
    let text = fs::read_to_string(&file).unwrap();
    let line = lines(&file).pop().unwrap();
    let encoded = line["dsseEnvelope"]["payload"].as_str().unwrap();
    let altered = String::from_utf8(payload(&line)).unwrap().replace("succeeded", "succeedeD");
    fs::write(&file, text.replace(encoded, &STANDARD.encode(altered))).unwrap();
    lost(history.build(Lane::Main), "no trusted key signed what was found");
}

#[test]
fn a_baseline_of_another_lane_is_not_used() {
    let mut history = two_builds();
    let main = history.builds[1].file.to_str().unwrap().to_owned();
    let unusual = Unusual { baseline: Some(main), ..Unusual::default() };
    lost(history.unusual(Lane::Tags, &unusual), "what was found is of another lane");
}

#[test]
fn a_baseline_of_a_failed_build_is_not_used() {
    let mut history = two_builds();
    let failed = history.unusual(Lane::Main, &Unusual { fails: true, ..Unusual::default() });
    let file = failed.file.to_str().unwrap().to_owned();
    let unusual = Unusual { baseline: Some(file), ..Unusual::default() };
    lost(history.unusual(Lane::Main, &unusual), "no build that was found has succeeded");
}

#[test]
fn a_baseline_of_a_commit_that_was_rewritten_is_not_used() {
    let mut history = two_builds();
    history.git(&["commit", "-q", "--amend", "-m", "Rewritten"]);
    lost(history.build(Lane::Main), "which isn't an ancestor of this one");
}

#[test]
fn a_baseline_in_a_place_that_no_build_can_follow_is_not_used() {
    for sequence in [json!(0), json!(u64::MAX)] {
        let mut history = two_builds();
        resign(&history.builds[1].file.clone(), 1, |statement| {
            if let Some(chain) = statement["predicate"]["chain"]["value"].as_object_mut() {
                chain.insert("sequence".to_owned(), sequence.clone());
            }
        });
        lost(history.build(Lane::Main), "its place in the chain can't be followed");
    }
}

#[test]
fn signers_count_only_from_the_file_that_was_pinned() {
    let mut history = two_builds();
    let file = "# nobody\n";
    let settings = |sha256: &str| {
        format!("[changes]\nallowed_signers = {{ path = \"signers\", sha256 = \"{sha256}\" }}\n")
    };
    let pinned = sha256(file.as_bytes());
    history.commit("Pin", &[("signers", file), ("proofmark.toml", &settings(&pinned))]);
    let log = |built: &Built| {
        let log = &built.evidence["changes"]["value"]["commits"]["value"];
        (log["allowed_signers"].clone(), gaps(&built.evidence, "changes.commits.allowed_signers"))
    };
    assert_eq!(log(history.build(Lane::Main)), (json!(pinned), vec![]));
    history.place.write("signers", "mallory@example.org ssh-ed25519 AAAA\n");
    let (signers, reasons) = log(history.build(Lane::Main));
    assert_eq!(signers, Value::Null);
    assert!(reasons[0].contains("isn't the one that was pinned"), "{reasons:?}");
}

#[test]
fn a_baseline_that_nobody_was_trusted_for_is_a_gap() {
    let history = two_builds();
    let baseline = history.builds[1].file.to_str().unwrap();
    let machine = history.machine().arguments(&[
        "run",
        "--sign",
        "never",
        "--baseline",
        baseline,
        "--",
        "true",
    ]);
    history.on_platform(machine, Lane::Main).exits(0).tells("no trust given for the baseline");
}

#[test]
fn a_file_that_is_named_and_not_there_is_a_mistake_of_use_and_nothing_is_run() {
    let history = History::new();
    history.commit("Start", &[]);
    history.place.run(&["--baseline", "nowhere"], "touch ran").exits(125).tells("nowhere");
    assert!(!history.place.has("ran") && !history.place.has("proofmark.sigstore.jsonl"));
}

#[test]
fn an_old_build_that_is_given_as_the_baseline_again_makes_a_fork() {
    let mut history = two_builds();
    let first = history.builds[0].file.to_str().unwrap().to_owned();
    history.unusual(Lane::Main, &Unusual { baseline: Some(first), ..Unusual::default() });
    let said = log(&history, &[]);
    assert_eq!(said.code, Some(1), "{}", said.text());
    said.shows("fork");
}

#[test]
fn a_build_that_was_removed_from_the_middle_is_a_gap_and_from_the_end_truncated() {
    let mut history = two_builds();
    history.build(Lane::Main);
    let head = history.builds[2].digest.clone();
    assert_eq!(log(&history, &["--head", &head]).code, Some(0));
    let aside = history.place.outside("aside");
    fs::rename(&history.builds[1].file, &aside).unwrap();
    let said = log(&history, &[]);
    assert_eq!(said.code, Some(1));
    said.shows("gap").shows(&history.builds[1].digest[..8]);
    fs::rename(&aside, &history.builds[1].file).unwrap();
    fs::remove_file(&history.builds[2].file).unwrap();
    assert_eq!(log(&history, &[]).code, Some(0), "only who knows the head can tell");
    let said = log(&history, &["--head", &head]);
    assert_eq!(said.code, Some(1));
    said.shows("truncated");
}

#[test]
fn a_first_in_mid_chain_is_named() {
    let mut history = two_builds();
    history.unusual(Lane::Main, &Unusual { baseline: Some("none".into()), ..Unusual::default() });
    let said = log(&history, &[]);
    assert_eq!(said.code, Some(1));
    said.shows("fork");
    for built in &history.builds[..2] {
        fs::remove_file(&built.file).unwrap();
    }
    let said = log(&history, &[]);
    assert_eq!(said.code, Some(1));
    said.shows("first-in-mid-chain");
}

#[test]
fn a_record_of_changes_that_does_not_follow_is_refused() {
    let mut history = two_builds();
    history.tool("node", "v22.12.0", "swapped");
    let third = history.build(Lane::Main).clone();
    assert_eq!(third.changes(), ["tools node: changed (unexplained)"]);
    let [old, new] =
        [&history.builds[1].file, &third.file].map(|file| file.to_str().unwrap().to_owned());
    let key = history.place.public(1);
    let diff = |more: &[&str]| {
        history.place.call(&[&["diff", &old, &new, "--key", &key], more].concat()).go()
    };
    let said = diff(&[]);
    assert_eq!(said.code, Some(0), "{}", said.text());
    said.shows("node").shows("unexplained");
    assert_eq!(diff(&["--fail-on", "unexplained"]).code, Some(1));

    resign(&third.file, 1, |statement| {
        if let Some(changes) = statement["predicate"]["changes"]["value"].as_object_mut() {
            changes["environment"] = json!([]);
            changes["counts"] = json!({});
        }
    });
    let said = diff(&[]);
    assert_eq!(said.code, Some(1), "{}", said.text());
    said.shows("node");
}

#[test]
fn the_lock_of_the_work_tree_does_not_count() {
    let mut history = two_builds();
    history.tool("rustc", "rustc 6.6.6", "");
    let version = "rustc 1.90.0 (1159e78c4 2025-09-14)";
    let text = history.place.text("proofmark.lock");
    assert!(text.contains(version), "{text}");
    history.place.write("proofmark.lock", text.replace(version, "rustc 6.6.6"));
    let built = history.build(Lane::Main).clone();
    assert_eq!(built.drift(), ["tools rustc: differs"]);
    let reasons = gaps(&built.evidence, "changes.lock");
    assert!(reasons[0].contains("in the work tree isn't the one in HEAD"), "{reasons:?}");
    let check = history.place.call(&[
        "lock",
        "--check",
        "--from",
        built.file.to_str().unwrap(),
        "--trust-key",
        &history.place.public(1),
    ]);
    check.exits(1).shows("rustc").tells("isn't the one in HEAD");
}

#[test]
fn a_lock_that_ignores_everything_covers_nothing() {
    let mut history = two_builds();
    edit_lock(&history, |text| {
        let classes =
            ["runner-image", "tools", "references", "packages", "variables", "configuration"];
        let ignored: String =
            classes.iter().map(|class| format!("{class} = \"ignored\"\n")).collect();
        text.replacen("version = 1\n", &format!("version = 1\n\n[classes]\n{ignored}"), 1)
    });
    let built = history.build(Lane::Main);
    assert_eq!(built.drift(), ["unknown : covers nothing"]);
    let laxer = &built.evidence["changes"]["value"]["lock"]["value"]["laxer_than_default"];
    assert_eq!(laxer.as_array().unwrap().len(), 6);
    let flags = vec!["--drift", "fail-after"];
    let built = history.unusual(Lane::Main, &Unusual { flags, ..Unusual::default() });
    assert_eq!(built.code, Some(120), "{}", built.said);
}

#[test]
fn an_approval_that_has_expired_is_drift() {
    let mut history = two_builds();
    edit_lock(&history, |text| {
        let line = text.lines().find(|line| line.starts_with("node = ")).unwrap();
        text.replace(line, &line.replace(" }", ", expires = 2020-01-31 }"))
    });
    assert_eq!(history.build(Lane::Main).drift(), ["tools node: expired"]);
}

#[test]
fn a_lock_that_cannot_be_read_approves_nothing() {
    let mut history = two_builds();
    history.commit("Break it", &[("proofmark.lock", "version = 2\n")]);
    let built = history.build(Lane::Main);
    assert_eq!(built.evidence["changes"]["value"]["lock"]["status"], "unavailable");
    assert!(built.said.contains("--drift") || !gaps(&built.evidence, "changes.lock").is_empty());
    let flags = vec!["--drift", "fail-after"];
    assert_eq!(
        history.unusual(Lane::Main, &Unusual { flags, ..Unusual::default() }).code,
        Some(120)
    );
}

#[test]
fn drift_before_the_build_runs_nothing_and_after_it_leaves_evidence() {
    let history = two_builds();
    history.tool("rustc", "rustc 6.6.6", "");
    let run = |policy: &'static str| {
        let call = history.machine().arguments(&[
            "run", "--force", "--sign", "never", "--drift", policy, "--", "touch", "ran",
        ]);
        history.on_platform(call, Lane::Main)
    };
    run("fail-before").exits(120).tells("tools rustc: differs").tells("1 difference");
    assert!(!history.place.has("ran") && !history.place.has("proofmark.unsigned.jsonl"));
    run("fail-after").exits(120).tells("proofmark lock --from proofmark.unsigned.jsonl");
    assert!(history.place.has("ran") && history.place.has("proofmark.unsigned.jsonl"));
    run("warn").exits(0).tells("notice: proofmark.lock: tools rustc: differs");

    let fails = history.machine().arguments(&[
        "run",
        "--force",
        "--sign",
        "never",
        "--drift",
        "fail-after",
        "--",
        "sh",
        "-c",
        "exit 7",
    ]);
    let said = history.on_platform(fails, Lane::Main).exits(7);
    assert!(
        !said.err.contains("proofmark lock --from"),
        "what failed isn't approved: {}",
        said.err
    );
    history.git(&["rm", "-q", "proofmark.lock"]);
    history.commit("No lock", &[]);
    for (policy, code) in [("fail-before", 120), ("fail-after", 120), ("warn", 0)] {
        let call = history.machine().arguments(&[
            "run",
            "--force",
            "--sign",
            "never",
            "--drift",
            policy,
            "--on-error",
            "warn",
            "--",
            "true",
        ]);
        let said = history.on_platform(call, Lane::Main).exits(code);
        assert_eq!(said.err.contains("HEAD has no proofmark.lock"), code == 120, "{}", said.err);
    }
}

#[test]
fn a_bracket_over_steps_keeps_what_comes_before_and_says_how_to_approve() {
    let history = two_builds();
    history.tool("rustc", "rustc 6.6.6", "");
    let baseline = history.builds[1].file.to_str().unwrap().to_owned();
    let (key, public) = (history.place.key(1), history.place.public(1));
    let call = |arguments: &[&str]| {
        history.on_platform(history.machine().arguments(arguments), Lane::Main)
    };
    call(&["begin", "--drift", "fail-before"]).exits(120).tells("tools rustc: differs");
    let begun = call(&["begin", "--baseline", &baseline, "--trust-key", &public]).exits(0);
    begun.tells("baseline: file of").tells("tools rustc: differs");
    let out = history.place.beside("kept/03-Main.sigstore.jsonl");
    let said = call(&[
        "finish",
        "--outcome",
        "success",
        "--drift",
        "fail-after",
        "--key",
        &key,
        "-o",
        &out,
    ])
    .exits(120);
    let hint = said
        .err
        .lines()
        .find(|line| line.contains("proofmark lock "))
        .unwrap_or_else(|| panic!("{}", said.err));
    let line = hint.trim().trim_start_matches("proofmark: ").trim().replacen(
        "proofmark",
        "\"$PROOFMARK\"",
        1,
    );
    let evidence = super::harness::evidence(Path::new(&out));
    assert_eq!(evidence["chain"]["value"]["previous"], history.builds[1].digest);
    assert_eq!(evidence["chain"]["value"]["sequence"], 3);
    history.place.shell(&line).exits(0).tells("rustc");
    assert!(history.place.text("proofmark.lock").contains("rustc 6.6.6"));
}

#[test]
fn sections_that_were_altered_on_the_way_are_said_not_to_be_compared() {
    let mut history = two_builds();
    let sections = history.builds[1].file.with_file_name("02-Main.sections.jsonl");
    let text = fs::read_to_string(&sections).unwrap();
    fs::write(&sections, text.replacen("\"content\"", "\"Content\"", 1)).unwrap();
    let built = history.build(Lane::Main);
    assert!(built.said.contains("or were altered"), "{}", built.said);
    assert_eq!(gaps(&built.evidence, "changes.baseline").len(), 1);
    let baseline = &built.evidence["changes"]["value"]["baseline"]["value"];
    assert_eq!(baseline["sections"], false);
}

#[test]
fn a_lock_that_is_lax_is_said_to_be() {
    let mut history = two_builds();
    edit_lock(&history, |text| {
        text.replacen("version = 1\n", "version = 1\n\n[classes]\ntools = \"ignored\"\n", 1)
    });
    history.tool("rustc", "rustc 6.6.6", "");
    let built = history.build(Lane::Main).clone();
    assert!(built.said.contains("compares less closely than by default: tools"), "{}", built.said);
    let file = built.file.to_str().unwrap();
    let check = ["lock", "--check", "--from", file, "--trust-key", &history.place.public(1)];
    history.place.call(&check).exits(0).shows("which is less than by default");
}

#[test]
fn what_looks_like_a_credential_is_in_no_part_of_the_change_log() {
    let mut history = two_builds();
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let workflow = format!(".github/workflows/{token}.yml");
    history.commit(&format!("Use {token}"), &[(&workflow, FIRST)]);
    edit_lock(&history, |text| {
        let line = text.lines().find(|line| line.starts_with("node = ")).unwrap();
        let lane = text.lines().find_map(|line| line.strip_suffix(".match]")).unwrap();
        let name = lane.strip_prefix("[lanes.").unwrap().to_owned();
        let words = format!("node = {{ version = \"{token}\", reason = \"{token}\" }}");
        text.replace(line, &words).replace(&format!("lanes.{name}"), &format!("lanes.{token}"))
    });
    let flags = vec!["--env", "FLAVOUR"];
    let built = history.unusual(Lane::Main, &Unusual { flags, ..Unusual::default() }).clone();
    let url =
        Unusual { baseline: Some(format!("https://127.0.0.1:9/{token}/x")), ..Unusual::default() };
    let lost = history.unusual(Lane::Main, &url).clone();
    for built in [built, lost] {
        let sections =
            fs::read_to_string(built.file.to_str().unwrap().replace("sigstore", "sections"))
                .unwrap();
        let whole = format!("{}{sections}{}", built.evidence, built.said);
        assert!(!whole.contains(&token[..20]), "{whole}");
    }
}

#[test]
fn notes_carry_the_chain_and_vouch_for_nothing() {
    let mut history = two_builds();
    let bare = history.place.outside("remote.git");
    history.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    history.git(&["remote", "set-url", "origin", bare.to_str().unwrap()]);
    let push = |history: &History, file: &Path| {
        let key = history.place.public(1);
        history
            .place
            .call(&["notes", "push", file.to_str().unwrap(), "--trust-key", &key])
            .exits(0);
    };
    let notes = || Unusual { baseline: Some("git-notes".into()), ..Unusual::default() };
    lost(history.unusual(Lane::Main, &notes()), "the repository has no refs/notes/proofmark");

    push(&history, &history.builds[0].file.clone());
    push(&history, &history.builds[1].file.clone());
    let third = history.unusual(Lane::Main, &notes()).clone();
    assert_eq!(chain(&third)["previous"], history.builds[1].digest);
    assert_eq!(chain(&third)["sequence"], 3);
    let from = third.evidence["changes"]["value"]["baseline"]["value"]["from"].as_str().unwrap();
    assert!(from.starts_with("git note on commit "), "{from}");

    // Taken back to before the newest: the chain forks, and the log names it.
    push(&history, &third.file);
    history.git(&["update-ref", "refs/notes/proofmark", "refs/notes/proofmark~1"]);
    let fourth = history.unusual(Lane::Main, &notes()).clone();
    assert_eq!(chain(&fourth)["previous"], history.builds[1].digest);
    let said = log(&history, &[]);
    said.shows("fork");

    // Rewritten: what nobody trusted signed is named.
    let note = history
        .place
        .write("../note", "{\"payload\": \"e30=\", \"payloadType\": \"x\", \"signatures\": []}\n");
    let note = note.to_str().unwrap().to_owned();
    history.git(&["notes", "--ref=proofmark", "add", "-f", "-F", &note, "HEAD"]);
    history.git(&["notes", "--ref=proofmark", "remove", "HEAD~1"]);
    lost(history.unusual(Lane::Main, &notes()), "no trusted key signed what was found");
}
