//! Policies under attack: nothing passes because something is missing.

use serde_json::{Value, json};

use proofmark::assess::assurance::Brought;
use proofmark::assess::facts::{Context, Facts};
use proofmark::assess::finding::assess;
use proofmark::assess::policy::{
    CUSTOMER, POLICY_MAX, Policy, PolicyError, Rule, Ruling, VENDOR, judge,
};
use proofmark::base::time::Time;
use proofmark::format::statement::Statement;
use proofmark::read;
use proofmark::sign::{SecretKey, sign};
use proofmark::token::{Issuer, Platform};
use proofmark::verify::{Trust, authenticate};

const NOW: &str = "2026-06-15T12:00:00Z";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn error(text: &str) -> PolicyError {
    Policy::parse(text).unwrap_err()
}

fn policy(rules: &str) -> Policy {
    Policy::parse(&format!("name = \"p\"\n{rules}")).unwrap()
}

fn predicate() -> Value {
    json!({
        "build": {
            "id": "b", "started": "2026-06-15T11:00:00Z", "finished": "2026-06-15T11:30:00Z",
            "bracket": "command", "outcome": "succeeded",
            "signing": { "layout": "in-job", "key_custody": { "custody": "in-job", "protections": [], "exposures": [] } },
            "tool": { "name": "proofmark", "version": "0" },
        },
        "pipeline": { "status": "observed", "basis": "read", "value": {
            "platform": "github",
            "repository": "https://github.com/octo/app",
            "repository_id": "1",
            "ref": "refs/tags/v1",
            "event": "push",
            "definition": "octo/app/.github/workflows/x.yml@refs/tags/v1",
            "hosting": { "is": "hosted", "agree": true, "witnesses": [] },
            "ran": { "status": "absent", "basis": "read" },
        } },
        "gaps": [],
    })
}

fn ruling_of(predicate: Value, policy: &Policy, now: &str) -> Ruling {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "a", "digest": { "sha256": "0".repeat(64) } }],
        "predicateType": "urn:proofmark:build-evidence:v1",
        "predicate": predicate,
    });
    let key = SecretKey::generate().unwrap();
    let line = sign(serde_json::to_vec(&statement).unwrap(), &key).unwrap();
    let trust = Trust::new([key.public()], 1).unwrap();
    let set = authenticate(&read::bytes(&line).unwrap(), &trust);
    let verified = &set.verified[0];
    let issuers = [Issuer::given(ISSUER, Platform::GitHub).unwrap()];
    let brought = Brought { issuers: &issuers, keys: None };
    let now: Time = now.parse().unwrap();
    let predicate = &verified.get().predicate;
    let facts = Facts::of(verified, predicate, 1, &brought, now, Context::default());
    judge(policy, &facts, &assess(&facts), now)
}

fn ruling(rules: &str) -> Ruling {
    ruling_of(predicate(), &policy(rules), NOW)
}

#[track_caller]
fn permits(rules: &str) {
    let ruling = ruling(rules);
    assert!(ruling.permit().is_ok(), "{ruling:?}");
}

#[track_caller]
fn refuses(rules: &str) {
    let ruling = ruling(rules);
    assert!(ruling.permit().is_err(), "{ruling:?}");
}

#[test]
fn both_shipped_policies_are_policies_of_their_names() {
    assert_eq!(Policy::parse(VENDOR).unwrap().name, "vendor");
    assert_eq!(Policy::parse(CUSTOMER).unwrap().name, "customer");
}

#[test]
fn a_ruling_over_no_rule_permits_nothing() {
    assert!(Ruling { rules: Vec::new(), notes: Vec::new() }.permit().is_err());
}

#[test]
fn a_policy_that_asks_nothing_is_none() {
    assert_eq!(error("name = \"p\""), PolicyError::AsksNothing);
    for empty in [
        "",
        "name = \"p\"\n[require]",
        "name = \"p\"\n[expect]",
        "name = \"p\"\n[limits]",
        "name = \"p\"\n[gaps]",
        "name = \"p\"\nrequire = 1",
        "name = \"p\"\n[expect]\nref = []",
        "name = \"p\"\n[expect]\nref = \"\"",
        "name = \"p\"\n[expect]\nref = [\" \"]",
        "name = \"p\"\n[expect]\nassurance = \"job-checked\"",
        "name = \"\"\n[limits]\nmax-age = \"1d\"",
        "[limits]\nmax-age = \"1d\"",
        "name = \"p\"\n[limits]\nmax-age = \"0d\"",
        "name = \"p\"\n[limits]\nmax-age = 30",
        "name = \"p\"\n[expect]\nref = \"refs/**\"",
        "name = \"p\"\n[expect]\nrunner = \"hostd\"",
        "name = \"p\"\n[expect]\nissuer = \"http://x\"",
    ] {
        assert!(Policy::parse(empty).is_err(), "{empty}");
    }
    assert_eq!(
        error(&format!("#{}", "x".repeat(POLICY_MAX))),
        PolicyError::TooLarge(POLICY_MAX + 1)
    );
}

#[test]
fn what_is_misspelt_is_an_error_on_its_line_that_suggests_the_nearest() {
    for (text, line, meant) in [
        ("name = \"p\"\n\n[requires]\n", 3, "require"),
        ("name = \"p\"\n[expect]\nrunners = \"hosted\"", 3, "runner"),
        ("name = \"p\"\n[limits]\nmax_age = \"1d\"", 3, "max-age"),
        ("name = \"p\"\n[require]\nrunner-is-hostd = \"self-asserted\"", 3, "runner-is-hosted"),
        ("name = \"p\"\n[require]\nrunner-is-hosted = \"job-cheked\"", 3, "job-checked"),
        ("name = \"p\"\n[gaps]\nallow = [\"pipelin.ran\"]", 3, "pipeline"),
        (
            "name = \"p\"\n[expect]\nrunner = \"hosted\"\ntrigger = \"push\"\n[[waive]]\nrule = \"expect.runer\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-01-01",
            6,
            "expect.runner",
        ),
    ] {
        match error(text) {
            PolicyError::Unknown { line: found, nearest, .. } => {
                assert_eq!((found, nearest.as_deref()), (line, Some(meant)), "{text}");
            }
            other => panic!("{text}: {other}"),
        }
    }
}

#[test]
fn a_question_that_only_people_can_answer_can_t_be_required() {
    let text = "name = \"p\"\n[require]\nmulti-factor-is-required = \"self-asserted\"";
    assert!(matches!(error(text), PolicyError::NeverPasses { line: 3, .. }));
    assert!(error(text).to_string().contains("can never pass"));
}

#[test]
fn a_waiver_needs_a_rule_a_reason_an_owner_and_a_last_day() {
    const RULES: &str =
        "name = \"p\"\n[expect]\nrunner = \"hosted\"\ntrigger = \"push\"\n[[waive]]\n";
    const ALL: [&str; 4] =
        ["rule = \"expect.runner\"", "reason = \"r\"", "owner = \"o\"", "until = 2027-01-01"];
    assert!(Policy::parse(&format!("{RULES}{}", ALL.join("\n"))).is_ok());
    for missing in 0..4 {
        let mut lines = ALL.to_vec();
        lines.remove(missing);
        assert!(matches!(
            error(&format!("{RULES}{}", lines.join("\n"))),
            PolicyError::Missing { .. }
        ));
    }
    for (place, other) in [
        (0, "rule = \"*\""),
        (0, "rule = \"all\""),
        (0, "rule = \"expect.*\""),
        (0, "rule = \"expect.ref\""),
        (0, "rule = \"gap.pipeline\""),
        (1, "reason = \" \""),
        (2, "owner = \"\""),
        (3, "until = \"2027-01-01\""),
        (3, "until = 2027-01-01T00:00:00Z"),
    ] {
        let mut lines = ALL.to_vec();
        lines[place] = other;
        assert!(Policy::parse(&format!("{RULES}{}", lines.join("\n"))).is_err(), "{other}");
    }
}

#[test]
fn a_policy_all_of_whose_rules_are_waived_asks_nothing() {
    let text = "name = \"p\"\n[limits]\nmax-age = \"1d\"\n[[waive]]\nrule = \"max-age\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-01-01";
    assert!(error(text).to_string().contains("every rule is waived"));
}

#[test]
fn a_pass_on_weaker_facts_than_asked_is_none() {
    permits("[require]\nrunner-is-hosted = \"self-asserted\"");
    refuses("[require]\nrunner-is-hosted = \"job-checked\"");
    let failed = ruling("[require]\nrunner-is-hosted = \"job-checked\"");
    assert!(failed.rules[0].found.starts_with("pass (self-asserted)"), "{:?}", failed.rules);
    assert_eq!(failed.rules[0].pointers, ["/pipeline/value/hosting"]);
    assert!(failed.rules[0].remedy.is_some());
}

#[test]
fn a_basis_that_was_raised_in_the_file_meets_no_threshold() {
    for basis in ["token claim", "API reply", "recomputed"] {
        let mut raised = predicate();
        raised["pipeline"]["basis"] = json!(basis);
        let asked = policy("[expect]\nrepository-id = \"1\"\nrunner = \"hosted\"");
        let ruling = ruling_of(raised, &asked, NOW);
        assert!(ruling.rules.iter().all(|rule| !rule.holds), "{basis}: {ruling:?}");
    }
}

#[test]
fn an_expectation_is_held_to_a_job_s_check_unless_less_is_asked_by_name() {
    for (key, value) in [
        ("repository-id", "1"),
        ("workflow", ".github/workflows/x.yml"),
        ("ref", "refs/tags/v*"),
        ("trigger", "push"),
        ("runner", "hosted"),
    ] {
        refuses(&format!("[expect]\n{key} = \"{value}\""));
        permits(&format!("[expect]\n{key} = \"{value}\"\nassurance = \"self-asserted\""));
    }
}

#[test]
fn an_expectation_fails_on_another_value_and_on_none() {
    for (key, value, field) in [
        ("repository-id", "2", "repository_id"),
        ("workflow", ".github/workflows/y.yml", "definition"),
        ("ref", "refs/heads/*", "ref"),
        ("trigger", "pull_request", "event"),
        ("runner", "self-hosted", "hosting"),
    ] {
        let text = format!("[expect]\n{key} = \"{value}\"\nassurance = \"self-asserted\"");
        refuses(&text);
        let mut without = predicate();
        without["pipeline"]["value"].as_object_mut().unwrap().remove(field);
        let ruling = ruling_of(without, &policy(&text), NOW);
        assert!(ruling.permit().is_err() && !ruling.rules.is_empty(), "{key}");
        let ruling = ruling_of(json!({}), &policy(&text), NOW);
        assert!(ruling.permit().is_err() && !ruling.rules.is_empty(), "{key}");
    }
}

#[test]
fn the_same_path_in_another_repository_is_another_workflow() {
    let text = "[expect]\nworkflow = \".github/workflows/x.yml\"\nassurance = \"self-asserted\"";
    for other in [
        "octo/other/.github/workflows/x.yml@refs/tags/v1",
        "octo/app2/.github/workflows/x.yml@refs/tags/v1",
        ".github/workflows/x.yml@evil/project",
    ] {
        let mut predicate = predicate();
        predicate["pipeline"]["value"]["definition"] = json!(other);
        assert!(ruling_of(predicate, &policy(text), NOW).permit().is_err(), "{other}");
    }
}

#[test]
fn witnesses_that_contradict_each_other_meet_no_expectation() {
    let mut predicate = predicate();
    predicate["pipeline"]["value"]["hosting"]["agree"] = json!(false);
    let text = "[expect]\nrunner = [\"hosted\", \"self-hosted\"]\nassurance = \"self-asserted\"";
    assert!(ruling_of(predicate, &policy(text), NOW).permit().is_err());
}

#[test]
fn an_issuer_that_no_token_vouches_for_is_none() {
    refuses(&format!("[expect]\nissuer = \"{ISSUER}\"\nassurance = \"self-asserted\""));
    refuses(&format!("[expect]\nissuer = \"{ISSUER}\""));
}

#[test]
fn every_builder_that_the_platform_names_must_be_expected() {
    let of = |builders: &[&str]| {
        let provenance: Vec<Value> = builders
            .iter()
            .map(|builder| {
                json!({ "from": "attestations API", "sha256": "0".repeat(64), "builder": builder,
                        "subjects": [], "signed": true })
            })
            .collect();
        let none = json!({ "status": "absent", "basis": "API reply" });
        let mut predicate = predicate();
        predicate["controls"] = json!({ "status": "observed", "basis": "API reply", "value": {
            "api": "https://api.github.com", "branch_rules": none, "environment": none,
            "approvals": none, "job": none, "replies": [], "details": {},
            "provenance": { "status": "observed", "basis": "API reply", "value": provenance },
        } });
        let asked = policy("[expect]\nbuilder = \"https://b/1\"");
        let ruling = ruling_of(predicate, &asked, NOW);
        (ruling.permit().is_ok(), format!("{ruling:?}"))
    };
    let (fine, said) = of(&["https://b/1"]);
    assert!(fine, "{said}");
    assert!(!of(&["https://b/1", "https://b/2"]).0);
    assert!(!of(&["https://b/2"]).0);
    assert!(!of(&[]).0);
}

#[test]
fn the_age_refuses_what_is_old_of_the_future_or_of_no_time() {
    let asked = policy("[limits]\nmax-age = \"1h\"");
    let at = |now: &str| ruling_of(predicate(), &asked, now).permit().is_ok();
    assert!(at("2026-06-15T12:30:00Z"));
    assert!(!at("2026-06-15T12:30:01Z"));
    assert!(at("2026-06-15T11:25:00Z"), "clocks differ by five minutes");
    assert!(!at("2026-06-15T11:24:59Z"));
    assert!(ruling_of(json!({}), &asked, NOW).permit().is_err());
}

#[test]
fn a_gap_that_is_not_allowed_is_a_rule_that_failed() {
    let with = |parts: &[&str]| {
        let mut predicate = predicate();
        let gap = |part: &&str| json!({ "part": part, "reason": "why", "cure": "do this" });
        predicate["gaps"] = parts.iter().map(gap).collect();
        predicate
    };
    let asked = policy("[gaps]\nallow = [\"pipeline.ran\", \"controls\"]");
    let permits = |parts: &[&str]| ruling_of(with(parts), &asked, NOW).permit().is_ok();
    assert!(permits(&[]));
    assert!(permits(&["pipeline.ran", "controls", "controls.job", "pipeline.ran.x"]));
    for other in ["pipeline", "pipeline.rank", "controlsx", "", "source"] {
        assert!(!permits(&["controls", other]), "{other}");
    }
    let failed = ruling_of(with(&["source"]), &asked, NOW);
    assert_eq!(failed.rules[0].name, "gap.source");
    assert_eq!(failed.rules[0].pointers, ["/gaps/0"]);
    assert!(failed.rules[0].found.contains("do this"));
    let none = policy("[gaps]\nallow = []");
    assert!(ruling_of(with(&["source"]), &none, NOW).permit().is_err());
    assert!(ruling_of(with(&[]), &none, NOW).permit().is_ok());
}

#[test]
fn a_list_of_gaps_that_is_gone_or_unreadable_is_no_empty_one() {
    let asked = policy("[gaps]\nallow = [\"controls\"]");
    let mut gone = predicate();
    gone.as_object_mut().unwrap().remove("gaps");
    assert!(ruling_of(gone, &asked, NOW).permit().is_err());
    for odd in [json!([1]), json!([{}]), json!([{ "part": "controls" }]), json!({}), json!(null)] {
        let mut predicate = predicate();
        predicate["gaps"] = odd.clone();
        assert!(ruling_of(predicate, &asked, NOW).permit().is_err(), "{odd}");
    }
}

#[test]
fn a_waiver_lets_pass_to_its_last_day_and_turns_nothing_true() {
    let waived = "[expect]\nrunner = \"self-hosted\"\nassurance = \"self-asserted\"\ntrigger = \"push\"\n[[waive]]\nrule = \"expect.runner\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-06-15";
    let asked = policy(waived);
    for (now, fine) in [("2026-06-15T23:59:59Z", true), ("2026-06-16T00:00:00Z", false)] {
        let ruling = ruling_of(predicate(), &asked, now);
        assert_eq!(ruling.permit().is_ok(), fine, "{now}");
        let rule = ruling.rules.iter().find(|rule| rule.name == "expect.runner").unwrap();
        assert!(!rule.holds);
        assert_eq!(rule.waived.is_some(), fine);
        assert_eq!(ruling.notes.is_empty(), fine);
    }
}

#[test]
fn a_waiver_that_nothing_needs_is_said_and_covers_no_other_rule() {
    let ruling = ruling(
        "[expect]\nrunner = \"self-hosted\"\nassurance = \"self-asserted\"\ntrigger = \"push\"\n[[waive]]\nrule = \"expect.trigger\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2026-12-31",
    );
    assert!(ruling.permit().is_err());
    assert!(ruling.notes[0].contains("expect.trigger"), "{:?}", ruling.notes);
}

#[test]
fn what_nobody_signed_holds_no_rule() {
    let statement: Statement = serde_json::from_value(json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "a", "digest": { "sha256": "0".repeat(64) } }],
        "predicateType": "urn:proofmark:build-evidence:v1",
        "predicate": predicate(),
    }))
    .unwrap();
    let facts = Facts::unverified(&statement);
    let asked = policy(
        "[require]\nrunner-is-hosted = \"self-asserted\"\n[expect]\ntrigger = \"push\"\nassurance = \"self-asserted\"\n[limits]\nmax-age = \"1d\"\n[gaps]\nallow = []",
    );
    let ruling = judge(&asked, &facts, &assess(&facts), NOW.parse().unwrap());
    assert_eq!(ruling.rules.len(), 4);
    assert!(ruling.rules.iter().all(Rule::fails), "{ruling:?}");
}

#[test]
fn a_file_whose_name_looks_like_another_and_its_ref_is_another_definition() {
    let asked =
        policy("[expect]\nworkflow = \".github/workflows/x.yml\"\nassurance = \"self-asserted\"");
    for (definition, holds) in [
        ("octo/app/.github/workflows/x.yml@refs/tags/v1", true),
        ("octo/app/.github/workflows/x.yml@y.yml@refs/tags/v1", false),
        ("octo/app/.github/workflows/x.yml@refs/y.yml@refs/tags/v1", false),
        ("evil/app/.github/workflows/x.yml@refs/tags/v1", false),
    ] {
        let mut predicate = predicate();
        predicate["pipeline"]["value"]["definition"] = json!(definition);
        assert_eq!(ruling_of(predicate, &asked, NOW).permit().is_ok(), holds, "{definition}");
    }
}
