//! `--policy`, where it is checked and where it is built.

use super::harness::{EVIDENCE, Place};
use super::support::Scene;

const OF_THE_JOB: &str = "name = \"ours\"\n[require]\nrunner-is-hosted = \"self-asserted\"\n[expect]\nrepository-id = \"1\"\nref = \"refs/heads/*\"\n";

/// What the evidence says of a fact of the pipeline.
fn said(place: &Place, name: &str) -> String {
    place.evidence()["pipeline"]["value"][name].as_str().unwrap().to_owned()
}

#[test]
fn a_policy_that_holds_is_said_to_be_checked_and_each_rule_that_fails_is_named() {
    let scene = Scene::github();
    let url = scene.platform.url();
    scene.capture(&[]);
    let id = said(&scene.place, "repository_id");
    let holds = OF_THE_JOB.replace("\"1\"", &format!("\"{id}\""));
    scene.place.write("proofmark.holds", &holds);
    let flags = ["--policy", "proofmark.holds", "--issuer", &url];
    let json = scene.verify(&[&flags[..], &["--format", "json"]].concat()).exits(0).json();
    for what in ["policy", "repository", "ref"] {
        assert!(json["checked"].as_array().unwrap().contains(&what.into()), "{what}: {json:#}");
    }
    assert_eq!(json["policy"]["name"], "ours");
    assert_eq!(json["policy"]["rulings"][0]["permits"], true);

    // The same facts, by no issuer that is known.
    let said = scene.verify(&["--policy", "proofmark.holds"]).exits(1);
    said.shows("fails     expect.ref").shows("at        /pipeline/value/ref").shows("remedy    ");

    let other = holds.replace(&format!("\"{id}\""), "\"0\"");
    scene.place.write("proofmark.other", other);
    let flags = ["--policy", "proofmark.other", "--issuer", &url];
    let said = scene.verify(&flags).exits(1);
    said.shows("fails     expect.repository-id").shows("expected  0, job-checked or better");
    let json = scene.verify(&[&flags[..], &["--format", "json"]].concat()).exits(1).json();
    assert_eq!(json["artefacts"][0]["reason"]["code"], "policy");
    assert_eq!(json["policy"]["rulings"][0]["permits"], false);
    assert!(!json["checked"].as_array().unwrap().contains(&"policy".into()));
}

#[test]
fn a_shipped_policy_is_judged_by_its_name_and_a_file_of_that_name_by_its_path() {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a").exits(0);
    place.write("customer", "name = \"mine\"\n[gaps]\nallow = []\n");
    let key = place.public(1);
    let verify = |policy: &str| {
        place.call(&["verify", "a", "-b", EVIDENCE, "--key", &key, "--policy", policy])
    };
    verify("customer").exits(1).shows("policy customer").shows("fails     runner-is-hosted");
    verify("./customer").exits(1).shows("policy mine").shows("fails     gap.");
    verify("none").exits(2);
    verify("").exits(2);
}

#[test]
fn a_build_that_its_policy_refuses_leaves_signed_evidence_and_ends_with_120() {
    let place = Place::new();
    let policy = place.write("proofmark.policy", "name = \"p\"\n[expect]\ntrigger = \"push\"\n");
    let policy = policy.to_str().unwrap();
    let said = place.run(&["--policy", policy, "-a", "a"], "echo >a").exits(120);
    assert!(said.err.contains("expect.trigger fails"), "{}", said.err);
    assert!(said.err.contains("remedy: "), "{}", said.err);
    assert_eq!(place.statements().len(), 2);

    // A command that fails keeps its own code.
    place.run(&["--policy", policy, "--force"], "exit 7").exits(7);
    // What nobody signed is what anybody wrote.
    let unsigned = ["run", "--sign", "never", "--force", "--policy", policy, "--", "true"];
    let said = place.call(&unsigned).exits(125);
    assert!(said.err.contains("nobody signed"), "{}", said.err);
    // It holds.
    place.write("proofmark.policy", "name = \"p\"\n[limits]\nmax-age = \"1d\"\n");
    place.run(&["--policy", policy, "--force"], "true").exits(0);
}

#[test]
fn a_policy_with_a_mistake_is_found_before_the_build() {
    let place = Place::new();
    let policy = place.outside("policy");
    std::fs::write(&policy, "name = \"p\"\n[limits]\nmax_age = \"1d\"\n").unwrap();
    let policy = policy.to_str().unwrap();
    let said = place.run(&["--policy", policy], "touch ran").exits(125);
    assert!(said.err.contains("line 3") && said.err.contains("`max-age`"), "{}", said.err);
    place.call(&["begin", "--policy", policy]).exits(2);
    assert!(place.names().is_empty());
}

#[test]
fn a_build_cannot_change_the_policy_that_it_is_judged_by() {
    let place = Place::new();
    let strict = "name = \"p\"\n[expect]\ntrigger = \"push\"\n";
    let lax = "echo 'name = \"p\"' >policy; printf '[limits]\\nmax-age = \"1d\"\\n' >>policy";
    place.write("policy", strict);
    place.run(&["--policy", "policy"], lax).exits(120);

    place.write("policy", strict);
    let said = place.call(&["begin", "--policy", "policy"]).exits(0);
    let digest = said.text().trim().to_owned();
    place.shell(lax).exits(0);
    let key = place.key(1);
    let finish =
        ["finish", "--key", &key, "--force", "--outcome", "success", "--state-digest", &digest];
    let said = place.call(&finish).exits(120);
    assert!(said.err.contains("expect.trigger fails"), "{}", said.err);

    // The one that `finish` is told itself counts in its place.
    let digest = place.call(&["begin", "--policy", "policy"]).exits(0).text().trim().to_owned();
    place.write("policy", strict);
    let finish = [
        "finish",
        "--key",
        &key,
        "--force",
        "--outcome",
        "success",
        "--state-digest",
        &digest,
        "--policy",
        "policy",
    ];
    place.call(&finish).exits(120);
}

#[test]
fn the_job_that_made_the_artefacts_can_meet_what_customers_ask() {
    let scene = Scene::github();
    let url = scene.platform.url();
    let said = scene.build(&["--issuer", &url, "--policy", "customer"]).exits(0);
    assert!(said.err.contains("none fails"), "{}", said.err);
    scene.verify(&["--policy", "customer", "--issuer", &url]).exits(0);
    // Without the platform nobody vouches for who built it.
    scene.verify(&["--policy", "customer"]).exits(1).shows("fails     workload-identity-checked");
}

#[test]
fn a_policy_that_is_built_in_can_be_printed_copied_and_given() {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a").exits(0);
    for name in ["vendor", "customer"] {
        let text = place.call(&["explain", "--policy", name]).exits(0).text();
        let copy = format!("copy-of-{name}");
        place.write(&copy, text);
        let key = place.public(1);
        let said = place.call(&["verify", "a", "-b", EVIDENCE, "--key", &key, "--policy", &copy]);
        said.exits(1).shows(&format!("policy {name}"));
    }
    place.call(&["explain", "--policy", "vendor", "runner-is-hosted"]).exits(2);
}
