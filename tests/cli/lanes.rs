//! What makes builds comparable: `--leg`, `--project`, the pipeline's definition, `--fingerprint-key`.

use std::fs;

use serde_json::json;

use super::harness::{Place, contains, evidence, gaps, input_paths, sha256};

const LEG: &str = "{\n  \"os\": \"linux\"\n}";

fn leg_files(leg: &str) -> [String; 3] {
    let digits = &sha256(leg.as_bytes())[..8];
    ["sigstore", "sections", "unsigned"].map(|kind| format!("proofmark-{digits}.{kind}.jsonl"))
}

#[test]
fn a_leg_is_recorded_as_it_is_and_has_files_of_its_own() {
    let place = Place::new();
    let [signed, sections, unsigned] = leg_files(LEG);
    place.run(&["--leg", LEG, "-a", "a"], "echo >a").exits(0).tells(&signed);
    assert_eq!(place.names(), ["a", &sections, &signed]);
    let found = evidence(&place.at(&signed));
    assert_eq!(found["lane"]["value"]["leg"], LEG);
    place.run(&["--leg", LEG], "touch ran").exits(125).tells("exists");
    assert!(!place.has("ran"));

    place.call(&["attest", "--sign", "never", "--leg", LEG, "--force", "a"]).exits(0);
    assert!(place.has(&unsigned));
    place.run(&["--leg", "other", "-o", "mine.jsonl"], "true").exits(0);
    assert_eq!(evidence(&place.at("mine.jsonl"))["lane"]["value"]["leg"], "other");
}

#[test]
fn what_a_platform_gives_a_job_without_a_matrix_is_no_leg() {
    let place = Place::new();
    for none in ["", "null", "{}", " {}\n"] {
        place.run(&["--force", "--leg", none], "true").exits(0);
        assert_eq!(place.evidence()["lane"]["value"].get("leg"), None, "{none:?}");
    }
    let most = "x".repeat(4096);
    place.run(&["--leg", &most, "-o", "long.jsonl"], "true").exits(0);
    let said = place.run(&["--leg", &format!("{most}yz")], "touch ran").exits(125);
    assert!(said.err.contains("4096"), "{}", said.err);
    assert!(!place.has("ran"));
}

#[test]
fn finish_writes_where_the_leg_of_begin_says() {
    let place = Place::new();
    let key = place.key(1);
    place.call(&["begin", "--leg", LEG]).exits(0);
    place.write("made", "1");
    place.call(&["finish", "--key", &key, "--outcome", "success", "-a", "made"]).exits(0);
    let [signed, ..] = leg_files(LEG);
    let found = evidence(&place.at(&signed));
    assert_eq!(found["lane"]["value"]["leg"], LEG);
    assert!(!place.has("proofmark.sigstore.jsonl"));
}

#[test]
fn a_leg_that_holds_a_credential_is_redacted_and_no_digest_of_it_is_a_name() {
    let secret = "correct-horse-battery";
    let place = Place::new();
    let leg = format!("x {secret}");
    place.run(&["--leg", &leg], "true").var("API_TOKEN", secret).exits(0);
    let [signed, ..] = leg_files(&leg);
    assert!(!place.has(&signed));
    let name = place.names().into_iter().find(|name| name.ends_with(".sigstore.jsonl")).unwrap();
    let found = evidence(&place.at(name));
    assert!(!found.to_string().contains(secret));
    let places: Vec<_> =
        found["redactions"].as_array().unwrap().iter().map(|r| &r["place"]).collect();
    assert!(places.contains(&&json!("lane.leg")), "{places:?}");
}

fn monorepo(place: &Place) {
    place.write("apps/web/src/a", "1");
    place.write("apps/web/proofmark.toml", "also = [\"libs/common\", \"*.lock\"]\n");
    place.write("apps/other/b", "2");
    place.write("libs/common/c", "3");
    place.write("libs/other/d", "4");
    place.write("Cargo.lock", "");
    place.write("proofmark.toml", "this is no toml");
}

#[test]
fn a_project_has_its_own_settings_and_inputs_and_outputs_anywhere() {
    let place = Place::new();
    monorepo(&place);
    let flags = ["--project", "apps/web/", "-a", "dist/app"];
    place.run(&flags, "mkdir dist; echo >dist/app; echo >apps/other/e").exits(0);
    let found = place.evidence();
    assert_eq!(found["lane"]["value"]["project"], "apps/web");
    let inputs = ["Cargo.lock", "apps/web/proofmark.toml", "apps/web/src/a", "libs/common/c"];
    assert_eq!(input_paths(&found), inputs);
    let outputs = super::harness::paths(&found["outputs"]["value"]["files"]);
    assert_eq!(outputs, ["apps/other/e", "dist/app"]);

    place.run(&["--force", "--project", "apps/web", "-i", "apps/other"], "true").exits(0);
    assert_eq!(input_paths(&place.evidence()), ["apps/other/b", "apps/other/e"]);
    place.run(&["--force", "--project", "apps/other"], "true").exits(0);
    assert_eq!(input_paths(&place.evidence()), ["apps/other/b", "apps/other/e"]);
}

#[test]
fn a_project_is_kept_between_begin_and_finish() {
    let place = Place::new();
    monorepo(&place);
    let key = place.key(1);
    place.call(&["begin", "--project", "apps/web"]).exits(0);
    place.call(&["finish", "--key", &key, "--outcome", "success"]).exits(0);
    let found = place.evidence();
    assert_eq!(found["lane"]["value"]["project"], "apps/web");
    assert_eq!(input_paths(&found).len(), 4);
}

#[test]
fn a_project_that_is_no_folder_below_the_root_is_refused_before_anything_runs() {
    let place = Place::new();
    place.write("file", "1");
    place.write("real/a", "1");
    std::os::unix::fs::symlink("real", place.at("link")).unwrap();
    std::os::unix::fs::symlink("..", place.at("out")).unwrap();
    let absolute = place.at("real").to_str().unwrap().to_owned();
    for given in
        ["", ".", "..", "real/../real", "../tree/real", &absolute, "file", "no", "link", "out"]
    {
        let said = place.run(&["--project", given], "touch ran").exits(125);
        assert!(said.err.contains("--project"), "{given}: {}", said.err);
        place.call(&["begin", "--project", given]).exits(2);
    }
    assert!(!place.has("ran"));
    place.call(&["attest", "--project", "real", "file"]).exits(2);
}

#[test]
fn a_definition_stands_in_the_evidence_with_what_it_names() {
    let place = Place::new();
    let text = "jobs: {a: {steps: [{uses: actions/checkout@v4}]}}\n";
    place.write(".github/workflows/ci.yml", text);
    place.write(".github/workflows/odd.yml", "jobs: [\n");
    place.run(&["--exclude", ".github"], "true").exits(0);
    let found = place.evidence();
    let definitions = &found["pipeline"]["value"]["definitions"];
    assert_eq!(
        definitions[0],
        json!({
            "path": ".github/workflows/ci.yml",
            "kind": "workflow",
            "sha256": sha256(text.as_bytes()),
            "permissions": {"others": "not stated"},
            "jobs": [{"name": "a"}],
            "marks": [{
                "kind": "broad-permissions",
                "place": "jobs.a",
                "line": 1,
                "what": "neither it nor the workflow states permissions: the token may do what the organisation's or the repository's default lets it",
            }],
            "references": [
                {"kind": "uses", "text": "actions/checkout@v4", "pin": "unpinned", "line": 1},
            ],
            "unclear": "has a job that says nothing of where it runs; says nothing of what starts it",
        })
    );
    assert!(definitions[1]["trouble"].is_string());
    assert_eq!(gaps(&found, "pipeline.definitions").len(), 1);

    let key = place.key(1);
    place.call(&["begin"]).exits(0);
    place.write(".github/workflows/late.yml", "");
    place.call(&["finish", "--force", "--key", &key, "--outcome", "success"]).exits(0);
    assert_eq!(place.evidence()["pipeline"]["value"]["definitions"].as_array().unwrap().len(), 2);

    place.call(&["attest", "--force", "--key", &key, ".github/workflows/ci.yml"]).exits(0);
    assert_eq!(place.evidence()["pipeline"]["value"].get("definitions"), None);
}

#[test]
fn a_branch_is_the_default_one_where_the_event_says_so() {
    let place = Place::new();
    let event = place.outside("event.json");
    fs::write(&event, r#"{"repository": {"default_branch": "main"}}"#).unwrap();
    for (name, kind) in [("main", "default branch"), ("topic", "other")] {
        let call = place.run(&["--force"], "true").vars(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REF", &format!("refs/heads/{name}")),
            ("GITHUB_REF_TYPE", "branch"),
            ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ]);
        call.exits(0);
        assert_eq!(place.evidence()["lane"]["value"]["ref_kind"], kind);
    }
}

const KEY: &str = "a-fingerprint-key-0123456789";

fn fingerprints(place: &Place, key: &str, value: &str) -> serde_json::Value {
    let path = place.outside("print.key");
    fs::write(&path, key).unwrap();
    let flags = ["--force", "--fingerprint-key", path.to_str().unwrap()];
    place.run(&flags, "true").var("SOME_VALUE", value).exits(0);
    place.evidence()["environment"]["value"]["fingerprints"].clone()
}

#[test]
fn fingerprints_show_which_variables_differ_and_nothing_of_what_is_in_them() {
    let place = Place::new();
    let value = "v".repeat(6543);
    let one = fingerprints(&place, KEY, &value);
    assert_eq!(one, fingerprints(&place, &format!("{KEY}\n"), &value));
    let found = place.evidence().to_string();
    let digest = sha256(value.as_bytes());
    for absent in [KEY, &value[..100], &digest[..16], "6543", &sha256(KEY.as_bytes())[..16]] {
        assert!(!found.contains(absent), "{absent}");
    }
    let other_value = fingerprints(&place, KEY, "w");
    assert_eq!(one["key_id"], other_value["key_id"]);
    assert_ne!(one["variables"]["SOME_VALUE"], other_value["variables"]["SOME_VALUE"]);
    assert_eq!(one["variables"]["HOME"], other_value["variables"]["HOME"]);
    let other_key = fingerprints(&place, "another key of 24 bytes!", &value);
    assert_ne!(one["key_id"], other_key["key_id"]);
    assert_ne!(one["variables"]["SOME_VALUE"], other_key["variables"]["SOME_VALUE"]);
    let printed = one["variables"]["SOME_VALUE"].as_str().unwrap();
    assert!(printed.len() == 32 && printed.bytes().all(|b| b.is_ascii_hexdigit()));
    place.run(&["--force"], "true").exits(0);
    assert_eq!(place.evidence()["environment"]["value"].get("fingerprints"), None);
}

#[test]
fn a_fingerprint_key_is_no_input_and_shows_nowhere() {
    let place = Place::new();
    place.write("print.key", KEY);
    place.write("a", "1");
    let key = place.key(1);
    let line = format!("echo {KEY}");
    place.run(&["--fingerprint-key", "print.key"], &line).exits(0);
    assert_eq!(input_paths(&place.evidence()), ["a"]);
    let flags = ["begin", "--fingerprint-key", "print.key"];
    place.call(&flags).var("COPY", KEY).exits(0);
    let state = place.outside("home/.cache/proofmark-brackets");
    for entry in fs::read_dir(state).unwrap() {
        assert!(!contains(&fs::read(entry.unwrap().path()).unwrap(), KEY.as_bytes()));
    }
    place.call(&["finish", "--force", "--key", &key, "--outcome", "success"]).exits(0);
    let found = place.evidence();
    assert!(found["environment"]["value"]["fingerprints"]["variables"]["HOME"].is_string());
    assert_eq!(input_paths(&found), ["a"]);
    assert_eq!(found["outputs"]["value"]["files"], json!([]));
    for name in place.names().iter().filter(|name| name.starts_with("proofmark.")) {
        let bytes = place.read(name);
        assert!(!contains(&bytes, KEY.as_bytes()), "{name}");
        assert!(!contains(&bytes, sha256(KEY.as_bytes()).as_bytes()), "{name}");
    }
    assert!(
        !found.to_string().contains(KEY) && !found.to_string().contains(&sha256(KEY.as_bytes()))
    );
}

#[test]
fn a_fingerprint_key_that_is_none_is_refused_without_a_word_of_it() {
    let place = Place::new();
    for content in
        [&b"fifteen bytes !"[..], b"fifteen bytes !\n", b"", &[b'k'; 4097], &[b'k'; 9999]]
    {
        fs::write(place.outside("bad.key"), content).unwrap();
        let bad = place.beside("bad.key");
        let said = place.run(&["--fingerprint-key", &bad], "touch ran").exits(125);
        assert!(
            said.err.contains("--fingerprint-key") && !said.err.contains("fifteen"),
            "{}",
            said.err
        );
        place.call(&["begin", "--fingerprint-key", &bad]).exits(2);
    }
    // The key in place of its file.
    let said = place.run(&["--fingerprint-key", KEY], "touch ran").exits(125);
    assert!(!said.err.contains(KEY), "{}", said.err);
    place.call(&["attest", "--fingerprint-key", "x", "x"]).exits(2);
    assert!(!place.has("ran"));
}
