//! What a bracket looks at: inputs, exclusions, odd files, the repository.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::harness::{
    EVIDENCE, Place, SECTIONS, evidence, gaps, input_paths, paths, predicate_types, sha256,
    statements,
};
use serde_json::{Value, json};

fn entry<'a>(evidence: &'a Value, path: &str) -> &'a Value {
    let files = evidence["inputs"]["value"]["files"].as_array().unwrap();
    files.iter().find(|entry| entry["path"] == path).unwrap_or_else(|| panic!("{path}: no input"))
}

#[test]
fn inputs_are_all_files_below_the_root_with_their_digests() {
    let place = Place::new();
    place.write("b/c.txt", "c");
    place.write("a.txt", "a");
    place.write(".hidden", "");
    let tool = place.write("tool", "#!");
    fs::set_permissions(tool, PermissionsExt::from_mode(0o755)).unwrap();
    place.run(&[], "exit 0").exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), [".hidden", "a.txt", "b/c.txt", "tool"], "sorted");
    let expected = json!({"path": "b/c.txt", "kind": "file", "sha256": sha256(b"c"), "size": 1});
    assert_eq!(*entry(&evidence, "b/c.txt"), expected);
    assert_eq!(entry(&evidence, "tool")["executable"], true);
    let inputs = &evidence["inputs"]["value"];
    assert_eq!(inputs["all"], json!({"files": 4, "bytes": 4}));
    // The root digest can be made again from the list alone.
    let records: String = inputs["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let mode = if file["executable"] == true { "x" } else { "-" };
            let path = hex::encode(file["path"].as_str().unwrap());
            format!("f {mode} {} {path}\n", file["sha256"].as_str().unwrap())
        })
        .collect();
    assert_eq!(inputs["root"], json!(sha256(records.as_bytes())));
}

#[test]
fn our_own_outputs_and_the_key_are_never_inputs() {
    let place = Place::new();
    place.write("in", "in");
    fs::copy(place.key(1), place.at("key.pem")).unwrap();
    let key = |name: &str, value: &str| {
        place.call(&["run", "--force", "--", "true"]).var(name, value).exits(0);
        let inputs = input_paths(&place.evidence());
        let outputs = paths(&place.evidence()["outputs"]["value"]["files"]);
        (inputs, outputs)
    };
    let only = (vec!["in".to_owned()], vec![]);
    // Twice: the second time the outputs of the first lie there.
    for _ in 0..2 {
        assert_eq!(key("PROOFMARK_KEY_FILE", "key.pem"), only);
    }
    place.call(&["run", "--force", "--key", "./key.pem", "--", "true"]).exits(0);
    assert_eq!(input_paths(&place.evidence()), ["in"]);
    let excluded = &place.evidence()["inputs"]["value"]["excluded"];
    for name in [".git", EVIDENCE, SECTIONS, "key.pem"] {
        assert!(excluded.as_array().unwrap().contains(&json!(name)), "{name} in {excluded}");
    }
    // Behind a link, and behind a descriptor where the system tells.
    symlink("key.pem", place.at("link.pem")).unwrap();
    place.call(&["run", "--force", "--key", "link.pem", "--", "true"]).exits(0);
    assert_eq!(input_paths(&place.evidence()), ["in"]);
    fs::remove_file(place.at("link.pem")).unwrap();
    if cfg!(target_os = "linux") {
        place.shell("exec \"$PROOFMARK\" run --force --key-fd 3 -- true 3<key.pem").exits(0);
        assert_eq!(input_paths(&place.evidence()), ["in"]);
    }
    // The user's own key, with the home folder as the root.
    let home = place.outside("home");
    fs::write(home.join("file"), "").unwrap();
    place.call(&["run", "--", "true"]).inside(&home).exits(0);
    assert_eq!(
        input_paths(&evidence(&home.join(EVIDENCE))),
        [".config/proofmark/key.pem.pub", "file"]
    );
}

#[test]
fn a_link_is_recorded_and_not_followed() {
    let place = Place::new();
    fs::create_dir(place.outside("elsewhere")).unwrap();
    fs::write(place.outside("elsewhere/secret"), "secret").unwrap();
    symlink("../elsewhere", place.at("folder")).unwrap();
    symlink("../elsewhere/secret", place.at("file")).unwrap();
    symlink("nowhere", place.at("broken")).unwrap();
    place.run(&[], "exit 0").exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), ["broken", "file", "folder"]);
    let link = entry(&evidence, "file");
    assert_eq!(
        (&link["kind"], &link["sha256"]),
        (&json!("link"), &json!(sha256(b"../elsewhere/secret")))
    );
}

#[test]
fn special_files_are_recorded_and_not_read() {
    let place = Place::new();
    place.shell("mkfifo pipe").exits(0);
    let _socket = std::os::unix::net::UnixListener::bind(place.at("socket")).unwrap();
    // Hanging in `open` would be the fault.
    place.run(&["-a", "a"], "echo >a").exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), ["pipe", "socket"]);
    for name in ["pipe", "socket"] {
        assert_eq!(*entry(&evidence, name), json!({"path": name, "kind": "other", "size": 0}));
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "file names are UTF-8 here")]
fn names_that_are_no_text_are_listed_in_hexadecimal() {
    let place = Place::new();
    place.write(OsStr::from_bytes(b"bad\xff"), "x");
    place.write("line\nfeed \u{1b}[31m", "y");
    place.run(&["-a", "a"], "echo >a; for f in bad*; do echo >\"$f\"; done").exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), ["hex:626164ff", "line\nfeed \u{1b}[31m"]);
    assert_eq!(paths(&evidence["outputs"]["value"]["files"]), ["a", "hex:626164ff"]);
    assert_eq!(paths(&evidence["inputs"]["value"]["changed_during_build"]), ["hex:626164ff"]);
}

#[test]
fn what_cannot_be_read_is_a_gap() {
    let place = Place::unprivileged();
    place.write("good", "good");
    let secret = place.write("closed", "secret");
    fs::create_dir(place.at("locked")).unwrap();
    for path in [secret, place.at("locked")] {
        fs::set_permissions(path, PermissionsExt::from_mode(0o000)).unwrap();
        // Not the owner's: a command can't open it either.
    }
    place.run(&["-a", "a"], "echo >a").exits(0);
    let evidence = place.evidence();
    let found = gaps(&evidence, "inputs");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().any(|gap| gap.starts_with("1 file could not be read: closed")),
        "{found:?}"
    );
    assert!(found.iter().any(|gap| gap.starts_with("what is in 1 folder is not known: locked")));
    assert_eq!(entry(&evidence, "closed")["sha256"], Value::Null);
    place.run(&["--force", "-a", "closed", "--allow-unchanged"], "exit 0").exits(125);
    let _ = fs::set_permissions(place.at("locked"), PermissionsExt::from_mode(0o755));
}

#[test]
fn what_is_excluded_is_left_out_and_said() {
    let place = Place::new();
    for name in ["src/a", "target/x", "deep/node_modules/y", "deep/z.log"] {
        place.write(name, "");
    }
    let flags = ["--exclude", "target", "--exclude", "**/node_modules", "--exclude", "**/*.log"];
    place.run(&flags, "echo >target/new; echo >deep/new.log; echo >src/new").exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), ["src/a"]);
    assert_eq!(paths(&evidence["outputs"]["value"]["files"]), ["src/new"]);
    let excluded = evidence["inputs"]["value"]["excluded"].as_array().unwrap();
    for pattern in ["target", "**/node_modules", "**/*.log", ".git"] {
        assert!(excluded.contains(&json!(pattern)), "{pattern} in {excluded:?}");
    }
}

#[test]
fn inputs_can_be_narrowed_and_outputs_are_looked_for_everywhere() {
    let place = Place::new();
    for name in ["src/a.c", "src/b.h", "docs/x", "Makefile"] {
        place.write(name, "");
    }
    place.run(&["-i", "src/*.c", "-i", "Makefile"], "echo >docs/new; echo >src/a.c").exits(0);
    let evidence = place.evidence();
    assert_eq!(input_paths(&evidence), ["Makefile", "src/a.c"]);
    assert_eq!(paths(&evidence["inputs"]["value"]["changed_during_build"]), ["src/a.c"]);
    assert_eq!(paths(&evidence["outputs"]["value"]["files"]), ["docs/new", "src/a.c"]);
    place.run(&["--force", "-i", "docs"], "exit 0").exits(0);
    assert_eq!(input_paths(&place.evidence()), ["docs/new", "docs/x"]);
}

#[test]
fn another_root_is_looked_at_and_paths_are_relative_to_it() {
    let place = Place::new();
    place.write("project/src/a", "a");
    place.write("other", "");
    fs::create_dir(place.at("project/build")).unwrap();
    let key = place.key(1);
    let arguments = ["run", "--key", &key, "--root", "..", "-a", "out/app", "--", "sh", "-c"];
    let arguments = [&arguments[..], &["mkdir out; echo >out/app"]].concat();
    place.call(&arguments).inside(place.at("project/build")).exits(0);
    let evidence = evidence(&place.at("project/build").join(EVIDENCE));
    assert_eq!(input_paths(&evidence), ["src/a"]);
    assert_eq!(evidence["build"]["command"]["working_directory"], "build");
    assert_eq!(paths(&evidence["outputs"]["value"]["files"]), ["build/out/app"]);

    // From outside of the root.
    let elsewhere = ["run", "--key", &key, "--root", "project", "-o", "e.jsonl", "--", "true"];
    place.call(&elsewhere).exits(0);
    let evidence = super::harness::evidence(&place.at("e.jsonl"));
    assert_eq!(evidence["build"]["command"]["working_directory"], "outside of the root");
    assert!(place.call(&elsewhere[..5]).go().code == Some(125));
}

#[test]
fn the_repository_is_described_from_any_folder_in_it() {
    let place = Place::new();
    place.write("sub/tracked", "1");
    place.write("dirty", "1");
    place.write("gone", "1");
    place.write(".gitignore", "ignored\nproofmark.*\n");
    let commit = place.repository("https://example.org/team/app.git");
    place.write("dirty", "2");
    place.write("sub/new", "3");
    place.write("ignored", "4");
    fs::remove_file(place.at("gone")).unwrap();

    place.run(&["-a", "sub/out"], "echo >sub/out").exits(0);
    let key = place.key(1);
    let from_below = ["run", "--key", &key, "-o", "../proofmark.below.jsonl", "--", "true"];
    place.call(&from_below).inside(place.at("sub")).exits(0);

    let evidence = place.evidence();
    let source = &evidence["source"]["value"];
    assert_eq!(evidence["source"]["status"], "observed");
    assert_eq!(source["commit"], json!(commit));
    assert_eq!(source["ref"], "refs/heads/main");
    assert_eq!(source["repository"], "https://example.org/team/app.git");
    assert_eq!(
        (&source["repository_from"], &source["ref_from"]),
        (&json!("remote origin"), &json!("HEAD"))
    );
    let dirty = source["dirty"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found: Vec<_> = dirty.iter().map(|d| (text(&d["path"]), text(&d["status"]))).collect();
    let expected = [("dirty", "modified"), ("gone", "deleted"), ("sub/new", "untracked")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(source["dirty_count"], 3);
    let inputs = &evidence["inputs"]["value"];
    assert_eq!(inputs["tracked"]["files"], 3);
    assert_eq!(inputs["untracked"]["files"], 1);
    assert_eq!(inputs["ignored"]["files"], 1);
    assert_eq!(entry(&evidence, "ignored")["git"], "ignored");
    assert!(!input_paths(&evidence).iter().any(|path| path.starts_with(".git/")));

    let statements = statements(&place.at(EVIDENCE));
    let dependency = &statements[0]["predicate"]["buildDefinition"]["resolvedDependencies"];
    let uri = "git+https://example.org/team/app.git@refs/heads/main";
    assert_eq!(*dependency, json!([{"uri": uri, "digest": {"gitCommit": commit}}]));

    let below = super::harness::evidence(&place.at("proofmark.below.jsonl"));
    assert_eq!(below["source"]["value"]["commit"], json!(commit));
    assert_eq!(entry(&below, "tracked")["git"], "tracked");
}

#[test]
fn without_a_repository_there_is_no_source_and_it_is_said() {
    let place = Place::new();
    place.run(&[], "exit 0").exits(0);
    let source = &place.evidence()["source"];
    assert_eq!(source["status"], "absent");
    assert_eq!(source["value"], Value::Null);
}

#[test]
fn what_this_version_does_not_capture_is_a_gap_each() {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a").exits(0);
    let evidence = place.evidence();
    for part in ["chain", "distribution"] {
        assert_eq!(gaps(&evidence, part).len(), 1, "{part}");
    }
    for part in ["controls", "identity"] {
        assert_eq!(evidence[part]["status"], "not applicable", "no platform is to be asked");
        assert_eq!(gaps(&evidence, part).len(), 0, "{part}");
    }
    let gaps = evidence["gaps"].as_array().unwrap();
    let text = |gap: &Value| (gap["part"].to_string(), gap["reason"].to_string());
    assert!(gaps.is_sorted_by_key(text));
    assert_eq!(predicate_types(&place.statements()).len(), 2);
}

#[test]
fn variables_are_sealed_and_the_names_of_the_rest_are_not() {
    let place = Place::new();
    let call = place.run(&["--env", "FLAVOUR"], "exit 0");
    call.vars(&[("FLAVOUR", "vanilla"), ("RUSTFLAGS", "-g"), ("OTHER", "unsaid")]).exits(0);
    let bytes = place.read(EVIDENCE);
    let evidence = place.evidence();
    let environment = &evidence["environment"]["value"];
    for part in ["variables", "path"] {
        assert!(environment[part]["sealed"]["sha256"].is_string(), "{part}");
    }
    let names = environment["other_variables"].as_array().unwrap();
    assert!(names.contains(&json!("OTHER")) && names.contains(&json!("HOME")));
    let sections = super::harness::lines(&place.at(SECTIONS));
    let variables = sections.iter().find(|s| s["name"] == "environment.variables").unwrap();
    assert_eq!(variables["content"]["FLAVOUR"], "vanilla");
    assert_eq!(variables["content"]["RUSTFLAGS"], "-g");
    assert!(!variables["content"].as_object().unwrap().contains_key("OTHER"));
    for secret in ["vanilla", "unsaid"] {
        assert!(!super::harness::contains(&bytes, secret.as_bytes()));
        assert!(!evidence.to_string().contains(secret));
    }
    // Each section is bound by digest and size of its line.
    for line in place.text(SECTIONS).lines() {
        let sealed = json!({"sha256": sha256(line.as_bytes()), "size": line.len()});
        assert!(evidence.to_string().contains(&sealed.to_string()), "{line}");
    }
}
