//! Names of subjects: never a path, never a wildcard.

use serde_json::{Value, json};

use crate::forge::{APP, Bench, EVIL, evidence_of, sha256, sign, subject};

fn line(subjects: &Value) -> Vec<u8> {
    sign(&evidence_of(subjects, "b1", "succeeded"))
}

/// Names that leave a folder, mean different things on different systems, or deceive the eye.
fn forbidden() -> Vec<String> {
    let names = [
        "..",
        ".",
        "../app",
        "a/../app",
        "a/./app",
        "./app",
        "a//app",
        "app/",
        "/app",
        "/etc/passwd",
        "\\app",
        "..\\app",
        "a\\..\\app",
        "C:app",
        "C:\\app",
        "c:/app",
        "\\\\host\\share\\app",
        "app\0",
        "\0",
        "a\0/app",
        "a\n/app",
        "app\n",
        "app\r",
        "\tapp",
        "app\u{202e}",
        "\u{1b}[2Japp",
        "ap\u{200b}p",
        "\u{feff}app",
        "app\u{7f}",
        "app\u{85}",
        "",
    ];
    let mut names: Vec<_> = names.map(str::to_owned).to_vec();
    names.push("x".repeat(256));
    names.push(format!("{}app", "x/".repeat(600)));
    names.push(format!("{}app", "../".repeat(100_000)));
    names
}

#[test]
fn a_subject_of_a_forbidden_name_matches_nothing() {
    // CVE-2021-41087: `dir/../foo` dodged a rule. GHSA-fcv2-xgw5-pqxf: a name that was used as a path.
    let bench = Bench::new();
    for name in forbidden() {
        let lines = [line(&json!([{"name": name, "digest": {"sha256": sha256(APP)}}]))];
        let run = bench.verify(&lines);
        assert_eq!(run.code, 3, "{name:?}: {run:?}");
        run.is_untold("not-a-subject");
        let digest = format!("sha256:{}", sha256(APP));
        let run = bench.verify_of(&[&digest], &lines, &["--key", "key1.pub"]);
        run.is_untold("not-a-subject");
    }
}

#[test]
fn an_empty_name_is_no_wildcard() {
    // GHSA-g9jx-rqhm-mj7g: an empty name acted as a wildcard.
    let bench = Bench::new();
    let empty = [line(&json!([{"name": "", "digest": {"sha256": sha256(APP)}}]))];
    bench.verify(&empty).is_untold("not-a-subject");
    let other = [line(&json!([{"name": "", "digest": {"sha256": sha256(EVIL)}}]))];
    bench.verify(&other).is_untold("not-a-subject");
}

#[test]
fn a_subject_without_a_name_fits_no_name_where_names_count() {
    let bench = Bench::new();
    let nameless = [line(&json!([{"digest": {"sha256": sha256(APP)}}]))];
    let run = bench.verify(&nameless);
    run.is_verified();
    run.notes("another name: the evidence calls it no name");
    for flags in [&["--strict-names"][..], &["--name", "app"]] {
        let flags = [&["--key", "key1.pub"], flags].concat();
        bench.verify_with(&nameless, &flags).is_refused("different-name");
    }
    let another = [line(&json!([{"digest": {"sha256": sha256(EVIL)}}]))];
    bench.verify(&another).is_untold("not-a-subject");
}

#[test]
fn one_asset_under_the_name_of_another_is_said_and_refused_where_names_count() {
    let bench = Bench::new();
    bench.file("installer", APP);
    let lines = [line(&json!([subject("app", APP), subject("installer", EVIL)]))];
    let of = |flags: &[&str]| {
        bench.verify_of(&["installer"], &lines, &[&["--key", "key1.pub"], flags].concat())
    };
    let run = of(&[]);
    run.is_verified();
    run.notes("another name: the evidence calls it app");
    of(&["--strict-names"]).is_refused("different-name");
    of(&["--name", "installer"]).is_refused("different-name");
    of(&["--name", "app"]).is_verified();
}

#[test]
fn the_name_that_is_asked_for_is_compared_exactly() {
    let bench = Bench::new();
    let lines = [line(&json!([subject("dist/app", APP)]))];
    let named = |name: &str| bench.verify_with(&lines, &["--key", "key1.pub", "--name", name]);
    named("app").is_verified();
    named("dist/app").is_verified();
    for other in ["App", "app ", "app*", "*", "dist", "/app", "./app", "../dist/app", "x/app", "pp"]
    {
        named(other).is_refused("different-name");
    }
    for empty in ["", " ", "\t"] {
        named(empty).is_usage("--name");
    }
}

#[test]
fn a_name_and_another_digest_are_a_contradiction() {
    let bench = Bench::new();
    let lines = [line(&json!([subject("dist/app", EVIL)]))];
    bench.verify(&lines).is_refused("different-digest");
    bench.file("renamed", APP);
    let trust = ["--key", "key1.pub"];
    bench.verify_of(&["renamed"], &lines, &trust).is_untold("not-a-subject");
    let flags = ["--key", "key1.pub", "--name", "app"];
    bench.verify_of(&["renamed"], &lines, &flags).is_refused("different-digest");
    let digest = format!("sha256:{}", sha256(APP));
    bench.verify_of(&[&digest], &lines, &trust).is_untold("not-a-subject");
}

#[test]
fn the_same_name_with_another_digest_is_another_artefact_when_one_matches() {
    let bench = Bench::new();
    let lines = [
        line(&json!([subject("app", EVIL)])),
        sign(&evidence_of(&json!([subject("app", APP)]), "b2", "succeeded")),
    ];
    let run = bench.verify(&lines);
    run.is_verified();
    run.notes("line 1 is about another artefact of this name");
}

#[test]
fn a_name_for_several_artefacts_is_a_mistake() {
    let bench = Bench::new();
    bench.file("d/a", APP);
    bench.file("d/b", APP);
    let lines = [line(&json!([subject("app", APP)]))];
    let flags = ["--key", "key1.pub", "--name", "app"];
    bench.verify_of(&["app", "d/a"], &lines, &flags).is_usage("--name");
    bench.verify_of(&["d"], &lines, &flags).is_usage("--name");
    bench.verify_of(&["d/*"], &lines, &flags).is_usage("--name");
}
