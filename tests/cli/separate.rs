//! Signing in a job of its own: what is hashed and compared again, and what may change.

use std::fs;

use serde_json::{Value, json};

use super::harness::{
    BUILD_EVIDENCE, Call, EVIDENCE, PROVENANCE, Place, UNSIGNED, lines, predicate_types, sha256,
    statements,
};

/// A capture without a signature in `tree`, and its artefacts in `dist`.
fn captured(vars: &[(&str, &str)]) -> Place {
    let place = Place::new();
    place.write("src", "1");
    place.write(".gitignore", "dist\nproofmark.*\n");
    place.repository("https://github.com/octo/app.git");
    let line = "mkdir -p dist/sub; echo 1 >dist/a; echo 2 >dist/sub/b";
    let flags = ["--sign", "never", "-a", "dist/a", "-a", "dist/sub/b=b2"];
    let call = place.call(&[&["run"], &flags[..], &["--", "sh", "-c", line]].concat());
    call.vars(vars).exits(0);
    place
}

fn sign(place: &Place, flags: &[&str]) -> Call {
    let key = place.key(1);
    let own = ["sign", UNSIGNED, "--artefacts", "dist", "--key", &key];
    place.call(&[&own[..], flags].concat())
}

/// Every place in which two values differ.
fn differences(one: &Value, other: &Value, at: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let null = Value::Null;
                let (x, y) = (a.get(name).unwrap_or(&null), b.get(name).unwrap_or(&null));
                differences(x, y, &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (x, y)) in a.iter().zip(b).enumerate() {
                differences(x, y, &format!("{at}/{index}"), found);
            }
        }
        _ if one != other => found.push(at.to_owned()),
        _ => {}
    }
}

#[test]
fn exactly_who_signs_and_how_it_was_learnt_changes_and_the_result_verifies() {
    let place = captured(&[]);
    let before = lines(&place.at(UNSIGNED));
    let sections = place.read("proofmark.sections.jsonl");
    let raw = place.text(UNSIGNED);
    sign(&place, &[]).exits(0).tells("2 artefacts hashed again");
    let after = place.statements();
    assert_eq!(predicate_types(&after), [PROVENANCE, BUILD_EVIDENCE]);
    let mut found = Vec::new();
    differences(&before[0], &after[0], "", &mut found);
    assert_eq!(found, ["/predicate/runDetails/builder/id"]);
    let builder = &after[0]["predicate"]["runDetails"]["builder"]["id"];
    assert_eq!(*builder, "urn:proofmark:builder:separate-signer:v1");

    let mut found = Vec::new();
    differences(&before[1], &after[1], "", &mut found);
    found.retain(|at| !at.ends_with("/basis"));
    let expected = [
        "/predicate/build/signing/key_custody/custody",
        "/predicate/build/signing/key_custody/exposures",
        "/predicate/build/signing/key_custody/protections",
        "/predicate/build/signing/key_custody/read_from",
        "/predicate/build/signing/layout",
        "/predicate/companions/0/sha256",
        "/predicate/custody/status",
        "/predicate/custody/value",
    ];
    assert_eq!(found, expected);
    let predicate = &after[1]["predicate"];
    assert_eq!(predicate["build"]["signing"]["layout"], "separate-job");
    let captured = sha256(raw.lines().nth(1).unwrap().as_bytes());
    assert_eq!(predicate["custody"]["value"]["captured"], captured);
    assert_eq!(predicate["custody"]["basis"], "recomputed");
    for part in ["lane", "chain", "source", "inputs", "outputs", "dependencies", "environment"] {
        assert_eq!(predicate[part]["basis"], "told by another job", "{part}");
    }
    let container = &predicate["environment"]["value"]["container"]["basis"];
    assert_eq!(*container, "told by another job", "facts within facts too");
    assert_eq!(place.read("proofmark.sections.jsonl"), sections);
    let public = place.public(1);
    place.call(&["verify", "dist/a", "-b", EVIDENCE, "--key", &public]).exits(0);
    let flags = ["--sections", "proofmark.sections.jsonl", "--key", &public];
    place.call(&[&["inspect", EVIDENCE], &flags[..]].concat()).exits(0).shows("opened");
}

#[test]
fn an_artefact_that_is_missing_or_different_is_refused_and_nothing_is_written() {
    let place = captured(&[]);
    fs::write(place.at("dist/a"), "other").unwrap();
    let said = sign(&place, &[]).exits(1).tells("is not the one that was captured");
    said.tells(&sha256(b"1\n")).tells(&sha256(b"other"));
    fs::write(place.at("dist/a"), "1\n").unwrap();
    fs::remove_file(place.at("dist/sub/b")).unwrap();
    sign(&place, &[]).exits(1).tells("is not in dist");
    let key = place.key(1);
    let gone = ["sign", UNSIGNED, "--artefacts", "no/such", "--key", &key];
    place.call(&gone).exits(1);
    fs::create_dir(place.at("empty")).unwrap();
    place.call(&["sign", UNSIGNED, "--artefacts", "empty", "--key", &key]).exits(1);
    assert!(!place.has(EVIDENCE));
    fs::write(place.at("dist/sub/b"), "2\n").unwrap();
    sign(&place, &[]).exits(0);
}

#[test]
fn a_link_to_the_right_bytes_is_not_the_artefact() {
    let place = captured(&[]);
    fs::rename(place.at("dist/a"), place.outside("a")).unwrap();
    std::os::unix::fs::symlink(place.outside("a"), place.at("dist/a")).unwrap();
    sign(&place, &[]).exits(1);
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused() {
    let place = captured(&[]);
    for name in ["../../etc/passwd", "/etc/passwd", "", "a\\b", "x\u{1b}[2J"] {
        let raw = place.text(UNSIGNED);
        let mut all: Vec<Value> =
            raw.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &mut all {
            line["subject"][0]["name"] = json!(name);
        }
        rewrite(&place, all);
        let said = sign(&place, &[]).exits(1);
        assert!(!said.err.contains('\u{1b}'));
        fs::write(place.at(UNSIGNED), raw).unwrap();
    }
}

/// Writes lines back, the evidence listing the others as it should.
fn rewrite(place: &Place, mut all: Vec<Value>) {
    let others: Vec<_> = all[..all.len() - 1]
        .iter()
        .map(|line| {
            let sha256 = sha256(serde_json::to_string(line).unwrap().as_bytes());
            json!({"predicateType": line["predicateType"], "sha256": sha256})
        })
        .collect();
    all.last_mut().unwrap()["predicate"]["companions"] = json!(others);
    let text: Vec<_> = all.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    fs::write(place.at(UNSIGNED), text.join("\n") + "\n").unwrap();
}

#[test]
fn only_what_proofmark_captured_is_signed() {
    let place = captured(&[]);
    let raw = place.text(UNSIGNED);
    let (provenance, evidence) = raw.trim().split_once('\n').unwrap();
    let refused = |text: &str, part: &str| {
        fs::write(place.at(UNSIGNED), text).unwrap();
        sign(&place, &[]).exits(1).tells(part);
    };
    refused("", "empty");
    refused("{}\n", "line 1");
    refused(&format!("{provenance}\n"), "one line of build evidence, found 0");
    refused(&format!("{evidence}\n"), "companions");
    refused(&format!("{raw}{evidence}\n"), "one line of build evidence, found 2");
    refused(&format!("{provenance}\n{raw}"), "companions");
    refused(&format!("{raw}not json\n"), "line 3");
    let foreign = provenance.replace(PROVENANCE, "https://slsa.dev/verification_summary/v1");
    refused(&format!("{foreign}\n{raw}"), "expected a statement that proofmark captured");
    let platform = provenance.replace("urn:proofmark:builder:local:v1", "https://github.com/b");
    refused(&format!("{platform}\n{evidence}\n"), "expected a statement that proofmark captured");
    refused(
        &raw.replace("\"outcome\":", "\"outcome\":\"failed\",\"outcome\":"),
        "the same key twice",
    );

    let mut all = lines_of(&raw);
    all[0]["subject"][0]["digest"]["sha256"] = json!("00".repeat(32));
    rewrite(&place, all);
    sign(&place, &[]).exits(1).tells("disagree on their subjects");
    let mut all = lines_of(&raw);
    all[0]["predicate"]["runDetails"]["byproducts"][0]["uri"] = json!("urn:proofmark:build:0");
    rewrite(&place, all);
    sign(&place, &[]).exits(1).tells("disagree on what was built");

    fs::write(place.at(UNSIGNED), &raw).unwrap();
    sign(&place, &[]).exits(0);
    let key = place.key(1);
    let again = ["sign", EVIDENCE, "--artefacts", "dist", "--key", &key, "-o", "x.jsonl"];
    place.call(&again).exits(1).tells("found one in an envelope");
}

fn lines_of(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn another_run_commit_or_repository_is_refused() {
    let place = Place::new();
    place.write("src", "1");
    place.write(".gitignore", "dist\nproofmark.*\n");
    let commit = place.repository("https://github.com/octo/app.git");
    let own = |call: Call, job: &str| {
        call.vars(&[
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_JOB", job),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_REPOSITORY", "octo/app"),
            ("GITHUB_RUN_ID", "678"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_SHA", &commit),
        ])
    };
    let line = "mkdir dist; echo 1 >dist/a";
    let run = ["run", "--sign", "never", "-a", "dist/a", "--", "sh", "-c", line];
    own(place.call(&run), "build").exits(0);
    for (name, value, part) in [
        ("GITHUB_SHA", "0".repeat(40), "another commit"),
        ("GITHUB_REPOSITORY", "octo/fork".to_owned(), "another repository"),
        ("GITHUB_REF", "refs/tags/v1".to_owned(), "another ref"),
        ("GITHUB_REF", String::new(), "another ref"),
        ("GITHUB_REF_TYPE", "tag".to_owned(), "another kind of ref"),
        ("GITHUB_EVENT_NAME", "release".to_owned(), "another event"),
        ("GITHUB_WORKFLOW_REF", "octo/app/x.yml@refs/heads/main".to_owned(), "another definition"),
        ("GITHUB_REPOSITORY_ID", "99".to_owned(), "another repository id"),
        ("GITHUB_RUN_ID", "679".to_owned(), "another run"),
        ("GITHUB_RUN_ID", String::new(), "another run"),
        ("GITHUB_SHA", String::new(), "another commit"),
        ("GITHUB_REPOSITORY", String::new(), "another repository"),
    ] {
        own(sign(&place, &[]), "sign").var(name, &value).exits(1).tells(part);
    }
    // The commit in the evidence is what customers see: it counts beside the platform's.
    let raw = place.text(UNSIGNED);
    let mut all = lines_of(&raw);
    let other = json!("1".repeat(40));
    all[1]["predicate"]["source"]["value"]["commit"] = other.clone();
    all[0]["predicate"]["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"] =
        other;
    rewrite(&place, all);
    own(sign(&place, &[]), "sign").exits(1).tells("another commit");
    fs::write(place.at(UNSIGNED), raw).unwrap();
    sign(&place, &[]).exits(1).tells("no job of a platform");
    assert!(!place.has(EVIDENCE));
    own(sign(&place, &[]), "sign").exits(0).notices(1).tells("id-token: write");
    let found = &place.evidence()["build"]["signing"]["key_custody"];
    assert_eq!(found["exposures"], json!([]));
    own(sign(&place, &["--force"]), "build").exits(0);
    let exposures = &place.evidence()["build"]["signing"]["key_custody"]["exposures"];
    assert!(exposures[0].as_str().unwrap().contains("name the same job"));
}

#[test]
fn a_job_that_signs_reads_no_settings_and_no_repository_and_runs_nothing() {
    let place = captured(&[]);
    place.write("proofmark.toml", "this is no toml");
    fs::remove_dir_all(place.at(".git")).unwrap();
    fs::write(place.at(".git"), "gitdir: /no/such").unwrap();
    let tools = place.outside("tools");
    fs::create_dir(&tools).unwrap();
    let line = "for t in git cc gcc rustc cargo node python3 dpkg rpm apk sh bash; do printf '#!/bin/sh\\ntouch %s/ran\\n' \"$PWD/..\" >../tools/$t; chmod 755 ../tools/$t; done";
    place.shell(line).exits(0);
    sign(&place, &[]).var("PATH", &tools).exits(0);
    assert!(!place.outside("ran").exists());
}

#[test]
fn a_failed_build_is_signed_as_what_it_is_and_its_mark_frees_no_other_from_hashing() {
    let place = Place::new();
    let run = ["run", "--sign", "never", "-a", "a", "--", "sh", "-c", "echo 1 >a; exit 3"];
    place.call(&run).exits(3);
    let key = place.key(1);
    let call = ["sign", UNSIGNED, "--artefacts", ".", "--key", &key];
    place.call(&call).exits(0).notices(2);
    assert_eq!(place.evidence()["build"]["outcome"], "failed");

    let place = captured(&[]);
    let mut all = lines_of(&place.text(UNSIGNED));
    for line in &mut all {
        line["subject"][0]["annotations"]["kind"] = json!("inputs");
        line["subject"][0]["digest"]["sha256"] = json!("00".repeat(32));
    }
    rewrite(&place, all);
    sign(&place, &[]).exits(1);
}

#[test]
fn no_key_and_an_output_that_exists_are_usage() {
    let place = captured(&[]);
    let own = ["sign", UNSIGNED, "--artefacts", "dist"];
    place.call(&[&own[..], &["--sign", "never"]].concat()).exits(2);
    place.call(&[&own[..], &["--sign", "required"]].concat()).exits(2);
    let pull = [("GITHUB_ACTIONS", "true"), ("CI", "true"), ("GITHUB_EVENT_NAME", "pull_request")];
    place.call(&own).vars(&pull).exits(2);
    place.call(&["sign", UNSIGNED]).exits(2);
    fs::write(place.at(EVIDENCE), "x").unwrap();
    sign(&place, &[]).exits(2).tells("output exists");
    sign(&place, &["--force"]).exits(0);
    assert!(place.has(UNSIGNED), "the capture stays");
    assert_eq!(statements(&place.at(EVIDENCE)).len(), 2);
}

#[test]
fn an_origin_in_any_of_its_spellings_is_the_platform_s_repository() {
    for origin in [
        "https://github.com/octo/app.git",
        "git@github.com:octo/app.git",
        "ssh://git@github.com/octo/app",
        "https://GitHub.com/octo/app/",
    ] {
        let place = Place::new();
        place.write("src", "1");
        place.write(".gitignore", "dist\nproofmark.*\n");
        let commit = place.repository(origin);
        let own = |call: Call| {
            call.vars(&[
                ("CI", "true"),
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_NAME", "push"),
                ("GITHUB_REF", "refs/heads/main"),
                ("GITHUB_REPOSITORY", "octo/app"),
                ("GITHUB_REPOSITORY_ID", "1"),
                ("GITHUB_REPOSITORY_OWNER_ID", "2"),
                ("GITHUB_RUN_ID", "678"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_SHA", &commit),
                ("GITHUB_WORKFLOW_REF", "octo/app/.github/workflows/ci.yml@refs/heads/main"),
                ("RUNNER_ENVIRONMENT", "github-hosted"),
            ])
        };
        let line = "mkdir dist; echo 1 >dist/a";
        let run = ["run", "--sign", "never", "-a", "dist/a", "--", "sh", "-c", line];
        // Neither the identity provider nor the API can be asked.
        own(place.call(&run)).exits(0).notices(2);
        own(sign(&place, &[])).exits(0);
        let public = place.public(1);
        place.call(&["verify", "dist/a", "-b", EVIDENCE, "--key", &public]).exits(0);
    }
}

/// What a hostile build job writes into its capture, one thing at a time.
#[test]
fn nothing_is_signed_that_a_capture_of_proofmark_would_not_say() {
    let place = captured(&[]);
    let raw = place.text(UNSIGNED);
    type Forgery = fn(&mut [Value]);
    let forgeries: [(&str, Forgery); 17] = [
        ("another run", |all| {
            let url = "https://github.com/victim/r/actions/runs/1/attempts/1";
            all[0]["predicate"]["runDetails"]["metadata"]["invocationId"] = json!(url);
        }),
        ("another source first", |all| {
            let list = &mut all[0]["predicate"]["buildDefinition"]["resolvedDependencies"];
            let other = json!({"uri": "git+https://github.com/victim/r@refs/tags/v9", "digest": {"gitCommit": "1".repeat(40)}});
            list.as_array_mut().unwrap().insert(0, other);
        }),
        ("another build type", |all| {
            let kind = "https://actions.github.io/buildtypes/workflow/v1";
            all[0]["predicate"]["buildDefinition"]["buildType"] = json!(kind);
        }),
        ("a builder's version", |all| {
            all[0]["predicate"]["runDetails"]["builder"]["version"]["slsa"] = json!("L3");
        }),
        ("other times in one line", |all| {
            let time = json!("2019-01-01T00:00:00Z");
            all[0]["predicate"]["runDetails"]["metadata"]["finishedOn"] = time;
        }),
        ("a time that is still to come", |all| {
            let time = json!("2099-01-01T00:00:00Z");
            all[0]["predicate"]["runDetails"]["metadata"]["finishedOn"] = time.clone();
            all[1]["predicate"]["build"]["finished"] = time;
        }),
        ("an unknown member", |all| {
            all[1]["predicate"]["verified"] = json!([{"Status": "observed", "basis": "API reply"}]);
        }),
        ("a basis for everything", |all| all[1]["predicate"]["basis"] = json!("recomputed")),
        ("an unknown member further down", |all| {
            all[1]["predicate"]["source"]["value"]["reviewed"] = json!(true);
        }),
        ("a member beside the predicate", |all| all[1]["subjects"] = json!([])),
        ("a digest that nobody computes", |all| {
            for line in all {
                line["subject"][0]["digest"]["sha512"] = json!("00".repeat(64));
            }
        }),
        ("an address of a subject", |all| {
            for line in all {
                line["subject"][0]["uri"] = json!("https://example.com/evil");
            }
        }),
        ("an annotation", |all| {
            for line in all {
                line["subject"][0]["annotations"]["reviewed"] = json!("yes");
            }
        }),
        ("a kind that is no text", |all| {
            for line in all {
                line["subject"][0]["annotations"]["kind"] = json!(5);
            }
        }),
        ("another size", |all| {
            for line in all {
                line["subject"][0]["annotations"]["size"] = json!(77);
            }
        }),
        ("a failed build with artefacts", |all| {
            all[1]["predicate"]["build"]["outcome"] = json!("failed");
        }),
        ("no build at all", |all| {
            all[1]["predicate"]["build"]["outcome"] = json!("not applicable");
            all[1]["predicate"]["build"]["bracket"] = json!("none");
        }),
    ];
    for (what, forge) in forgeries {
        let mut all = lines_of(&raw);
        forge(&mut all);
        rewrite(&place, all);
        let said = sign(&place, &[]).exits(1);
        assert!(!place.has(EVIDENCE), "{what}: {}", said.err);
    }
    fs::write(place.at(UNSIGNED), raw).unwrap();
    sign(&place, &[]).exits(0);
}

/// One line, whose only subject has the mark of a build's inputs and the digest of a file.
#[test]
fn the_mark_of_a_build_s_inputs_frees_no_file_from_being_hashed() {
    let place = captured(&[]);
    let mut evidence = lines_of(&place.text(UNSIGNED)).remove(1);
    evidence["predicate"]["companions"] = json!([]);
    let digest = sha256(b"evil\n");
    evidence["subject"] = json!([{"name": "inputs", "digest": {"sha256": digest}, "annotations": {"kind": "inputs"}}]);
    fs::write(place.at(UNSIGNED), format!("{evidence}\n")).unwrap();
    sign(&place, &[]).exits(1).tells("subjects don't fit");
    // The genuine one is signed, and says nothing of having hashed.
    let root = evidence["predicate"]["inputs"]["value"]["root"].clone();
    evidence["subject"][0]["digest"]["sha256"] = root.clone();
    fs::write(place.at(UNSIGNED), format!("{evidence}\n")).unwrap();
    sign(&place, &[]).exits(0);
    let custody = place.evidence()["build"]["signing"]["key_custody"].to_string();
    assert!(!custody.contains("was hashed again"), "{custody}");
    let public = place.public(1);
    let digest = format!("sha256:{}", root.as_str().unwrap());
    place.call(&["verify", &digest, "-b", EVIDENCE, "--key", &public]).exits(3);
}

#[test]
fn a_fifo_in_the_place_of_a_capture_is_not_waited_for() {
    let place = captured(&[]);
    place.shell("mkfifo fifo").exits(0);
    let key = place.key(1);
    place.call(&["sign", "fifo", "--artefacts", "dist", "--key", &key]).exits(1);
    place.call(&["begin", "--from", "fifo"]).exits(2);
}

/// Beside files: a folder as one, an SBOM, a digest that nobody here can compute again.
#[test]
fn a_folder_an_sbom_and_a_declared_digest_are_each_checked_too() {
    let place = Place::new();
    fs::create_dir(place.at("d")).unwrap();
    place.write("d/a", "1");
    let sbom = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1.0,\"number\":123456789012345678901234567890}";
    place.write("sbom.json", sbom);
    let attest = ["attest", "--sign", "never", "--tree", "d", "--sbom", "sbom.json"];
    place.call(&attest).exits(0);
    let raw = place.text(UNSIGNED);
    let key = place.key(1);
    let sign_all = ["sign", UNSIGNED, "--artefacts", ".", "--key", &key, "--force"];
    place.call(&sign_all).exits(0);
    let bundle = &lines(&place.at(EVIDENCE))[0];
    let signed = super::harness::payload(bundle);
    assert_eq!(signed, raw.lines().next().unwrap().as_bytes(), "an SBOM to the last digit");
    let public = place.public(1);
    place.call(&["verify", "d", "-b", EVIDENCE, "--key", &public]).exits(0);

    place.write("d/a", "2");
    place.call(&sign_all).exits(1).tells("is not the one that was captured");
    place.write("d/a", "1");
    let forge = |forge: fn(&mut Value), part: &str| {
        let mut all = lines_of(&raw);
        all.iter_mut().for_each(forge);
        rewrite(&place, all);
        place.call(&sign_all).exits(1).tells(part);
    };
    let hash = |line: &mut Value| {
        line["subject"][0]["digest"]["dirHash"] = json!("00".repeat(32));
    };
    forge(hash, "is not the one that was captured");
    let no_sbom = |line: &mut Value| {
        if line["predicateType"] != BUILD_EVIDENCE {
            line["predicate"] = json!({"verified": true});
        }
    };
    forge(no_sbom, "no SBOM that can be bound");
    let misnamed = |line: &mut Value| {
        if line["predicateType"] != BUILD_EVIDENCE {
            line["predicateType"] = json!("https://spdx.dev/Document");
        }
    };
    forge(misnamed, "no SBOM that can be bound");

    let place = captured(&[]);
    let subject = format!("elsewhere@sha256:{}", "0".repeat(64));
    let run = ["run", "--sign", "never", "--force", "-a", "dist/a", "--subject", &subject];
    place.call(&[&run[..], &["--", "sh", "-c", "echo 3 >dist/a"]].concat()).exits(0);
    sign(&place, &[]).exits(1).tells("a digest that the build job was told");
}
