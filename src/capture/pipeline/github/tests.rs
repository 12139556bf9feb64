//! Workflows and actions as people write them, and as whoever wants to be misread does.

use super::*;
use crate::capture::markup::yaml;
use crate::format::evidence::{JobDefinition, Trigger};

fn read(text: &str, kind: DefinitionKind) -> Facts {
    facts(&yaml::styled(text).unwrap(), kind)
}

fn workflow(text: &str) -> Facts {
    read(text, DefinitionKind::Workflow)
}

/// One job of a workflow that nothing else is to be said of.
fn job(text: &str) -> (JobDefinition, Facts) {
    let facts = workflow(&format!("on: push\npermissions: {{}}\njobs:\n  a: {text}"));
    (facts.jobs[0].clone(), facts)
}

fn marks(facts: &Facts, kind: &str) -> Vec<String> {
    let marks = facts.marks.iter().filter(|mark| mark.kind == kind);
    marks.map(|mark| mark.place.clone()).collect()
}

fn events(facts: &Facts) -> Vec<&str> {
    facts.triggers.iter().map(|trigger| trigger.event.as_str()).collect()
}

#[test]
fn triggers_are_read_in_every_form_and_dangerous_ones_have_a_reason() {
    assert_eq!(events(&workflow("on: push\njobs: {}")), ["push"]);
    assert_eq!(events(&workflow("on: [push, pull_request]\njobs: {}")), ["push", "pull_request"]);
    let facts = workflow(
        "on:\n  push: {branches: [main]}\n  schedule: [{cron: '0 0 * * *'}]\n  pull_request_target:\n  workflow_run: {workflows: [x]}\njobs: {}",
    );
    assert_eq!(events(&facts), ["push", "schedule", "pull_request_target", "workflow_run"]);
    assert_eq!(facts.trouble, None);
    let dangers: Vec<_> = facts.triggers.iter().map(|one| one.danger.is_some()).collect();
    assert_eq!(dangers, [false, false, true, true]);
    let places = ["on.pull_request_target", "on.workflow_run"];
    assert_eq!(marks(&facts, "dangerous-trigger"), places);
    for event in ["issue_comment", "issues", "discussion", "discussion_comment", "fork", "watch"] {
        let facts = workflow(&format!("on: {event}\njobs: {{}}"));
        assert!(facts.triggers[0].danger.is_some(), "{event}");
    }
    for event in ["pull_request", "repository_dispatch", "workflow_dispatch", "release"] {
        let facts = workflow(&format!("on: {event}\njobs: {{}}"));
        assert_eq!(facts.triggers[0].danger, None, "{event}");
    }
}

#[test]
fn triggers_that_are_not_understood_are_there_all_the_same() {
    for (text, expected) in [
        ("on: tomorrow", &["tomorrow"][..]),
        ("on: {tomorrow: }", &["tomorrow"]),
        ("on: [[push]]", &[NOT_DECIDABLE]),
        ("on: 1", &[NOT_DECIDABLE]),
        ("on: ", &[NOT_DECIDABLE]),
        ("on: ${{ x }}", &[NOT_DECIDABLE]),
        ("on: {<<: {push: }}", &[NOT_DECIDABLE]),
        ("x: &x {on: push}\n<<: *x", &[NOT_DECIDABLE]),
        ("on: push\non: pull_request_target", &[NOT_DECIDABLE]),
        ("on: {push: 5, issues: }", &["push", "issues"]),
        ("'on': push\nx: 1\n---\non: issues", &["push", "issues"]),
        ("on: &a [push, *b]\nb: &b issues".replace("*b", "x").leak(), &["push", "x"]),
    ] {
        let facts = workflow(&format!("jobs: {{}}\n{text}"));
        assert_eq!(events(&facts), expected, "{text}");
        assert!(facts.trouble.is_some(), "{text}");
    }
    assert_eq!(
        workflow("x: &t [push, issues]\non: *t\njobs: {}").triggers,
        [
            Trigger { event: "push".into(), danger: None },
            workflow("on: issues\njobs: {}").triggers[0].clone()
        ]
    );
}

#[test]
fn permissions_are_what_is_stated_and_never_none_where_that_is_unclear() {
    let others = |text: &str| {
        let facts = workflow(&format!("on: push\njobs: {{}}\n{text}"));
        let found = facts.permissions.clone().unwrap();
        (found.others, found.scopes.into_iter().collect::<Vec<_>>(), facts.trouble.is_some())
    };
    let pair = |scope: &str, level: &str| (scope.to_owned(), level.to_owned());
    for (text, all, scopes, unclear) in [
        ("", "not stated", vec![], false),
        ("permissions: {}", "none", vec![], false),
        ("permissions: read-all", "read", vec![], false),
        ("permissions: write-all", "write", vec![], false),
        (
            "permissions: {contents: read, id-token: write, future: none}",
            "none",
            vec![pair("contents", "read"), pair("future", "none"), pair("id-token", "write")],
            false,
        ),
        ("permissions: {contents: admin}", "none", vec![pair("contents", NOT_DECIDABLE)], true),
        ("permissions: {contents: }", "none", vec![pair("contents", NOT_DECIDABLE)], true),
        ("permissions: ", NOT_DECIDABLE, vec![], true),
        ("permissions: default", NOT_DECIDABLE, vec![], true),
        ("permissions: ${{ x }}", NOT_DECIDABLE, vec![], true),
        ("permissions: [read-all]", NOT_DECIDABLE, vec![], true),
        ("permissions: {<<: {contents: write}}", NOT_DECIDABLE, vec![], true),
        ("permissions: {contents: read, contents: write}", NOT_DECIDABLE, vec![], true),
        ("permissions: {}\npermissions: write-all", NOT_DECIDABLE, vec![], true),
        ("x: &x {permissions: write-all}\n<<: *x", NOT_DECIDABLE, vec![], true),
    ] {
        assert_eq!(others(text), (all.to_owned(), scopes, unclear), "{text}");
    }
}

#[test]
fn broad_permissions_are_marked_where_they_are_and_where_none_are_stated() {
    let broad = |text: &str| marks(&workflow(text), "broad-permissions");
    let runs = "runs-on: ubuntu-latest, steps: []";
    let unstated = format!("on: push\njobs: {{a: {{{runs}}}, b: {{{runs}, permissions: {{}}}}}}");
    assert_eq!(broad(&unstated), ["jobs.a"]);
    assert_eq!(broad(&format!("{unstated}\npermissions: read-all")), [""; 0]);
    assert_eq!(broad(&format!("{unstated}\npermissions: write-all")), ["permissions"]);
    let job = format!("on: push\njobs: {{a: {{{runs}, permissions: write-all}}}}");
    assert_eq!(broad(&job), ["jobs.a.permissions"]);
    let called = format!("on: workflow_call\njobs: {{a: {{{runs}}}}}");
    assert_eq!(broad(&called), [""; 0]);
    let both = format!("on: [workflow_call, push]\njobs: {{a: {{{runs}}}}}");
    assert_eq!(broad(&both), ["jobs.a"]);
}

#[test]
fn a_runner_is_hosted_or_not_where_its_labels_decide() {
    for (runs_on, labels, self_hosted) in [
        ("ubuntu-latest", &["ubuntu-latest"][..], Some(false)),
        ("ubuntu-24.04-arm", &["ubuntu-24.04-arm"], Some(false)),
        ("windows-2025", &["windows-2025"], Some(false)),
        ("macos-15-xlarge", &["macos-15-xlarge"], Some(false)),
        ("self-hosted", &["self-hosted"], Some(true)),
        ("[self-hosted, linux]", &["linux", "self-hosted"], Some(true)),
        ("[Self-Hosted]", &["Self-Hosted"], Some(true)),
        ("[self-hosted, '${{ x }}']", &["${{ x }}", "self-hosted"], Some(true)),
        ("'${{ matrix.os }}'", &["${{ matrix.os }}"], None),
        ("['${{ x }}', ubuntu-latest]", &["${{ x }}", "ubuntu-latest"], None),
        ("our-big-one", &["our-big-one"], None),
        ("ubuntu-latest-16-cores", &["ubuntu-latest-16-cores"], None),
        ("{group: g, labels: ubuntu-latest}", &["group: g", "ubuntu-latest"], None),
        ("{group: g, labels: [self-hosted]}", &["group: g", "self-hosted"], Some(true)),
        ("5", &[], None),
        ("{labels: {}}", &[], None),
        ("", &[], None),
    ] {
        let (job, facts) = job(&format!("{{runs-on: {runs_on}, steps: []}}"));
        assert_eq!(
            (job.runner.as_slice(), job.self_hosted),
            (
                labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>().as_slice(),
                self_hosted,
            ),
            "{runs_on}"
        );
        let marked = marks(&facts, "self-hosted");
        assert_eq!(marked.len(), usize::from(self_hosted == Some(true)), "{runs_on}");
    }
    let (_, facts) = job("{runs-on: self-hosted, steps: []}");
    assert_eq!(marks(&facts, "self-hosted"), ["jobs.a.runs-on"]);
    assert_eq!(facts.trouble, None);
    let (job, facts) = job("{uses: ./.github/workflows/x.yml}");
    assert_eq!((job.self_hosted, facts.trouble), (None, None));
}

#[test]
fn an_environment_is_named_and_inherited_secrets_are_marked() {
    let environment = |text: &str| {
        let (job, _) = job(&format!("{{runs-on: x, steps: [], environment: {text}}}"));
        job.environment
    };
    assert_eq!(environment("prod").as_deref(), Some("prod"));
    assert_eq!(environment("{name: prod, url: 'https://x'}").as_deref(), Some("prod"));
    assert_eq!(environment("'${{ x }}'").as_deref(), Some("${{ x }}"));
    assert_eq!(environment("[x]").as_deref(), Some(NOT_DECIDABLE));
    assert_eq!(environment("").as_deref(), None);
    let secrets = |text: &str| {
        let (_, facts) = job(&format!("{{uses: a/b/.github/workflows/c.yml@v1, secrets: {text}}}"));
        (marks(&facts, "secrets-inherited"), facts.trouble.is_some())
    };
    assert_eq!(secrets("inherit"), (vec!["jobs.a.secrets".to_owned()], false));
    assert_eq!(secrets("{inherit: x}"), (vec![], false));
    assert_eq!(secrets("[inherit]"), (vec![], true));
    let (_, facts) = job("{name: 1, runs-on: x, timeout-minutes: none, steps: []}");
    assert_eq!(facts.trouble, None, "what isn't read need not be right");
}

#[test]
fn a_session_into_the_job_is_marked_wherever_it_is_opened() {
    let found = |job_text: &str| marks(&job(job_text).1, "debug-session");
    let at = |step: &str| found(&format!("{{runs-on: x, steps: [{{run: x}}, {step}]}}"));
    for step in [
        "{uses: mxschmitt/action-tmate@v3}",
        "{uses: LHotari/Action-Upterm@v1}",
        "{uses: csexton/debugger-action@master}",
        "{run: 'apt install x && tmate -F'}",
        "{run: upterm host}",
    ] {
        assert_eq!(at(step), ["jobs.a.steps[1]"], "{step}");
    }
    for step in ["{uses: a/b@v1}", "{run: echo tmates}", "{uses: ./tmate}"] {
        assert_eq!(at(step), [""; 0], "{step}");
    }
    let on = "env: {ACTIONS_STEP_DEBUG: true}";
    assert_eq!(at(&format!("{{run: x, {on}}}")), ["jobs.a.steps[1].env.ACTIONS_STEP_DEBUG"]);
    assert_eq!(at("{run: x, env: {ACTIONS_RUNNER_DEBUG: 'false'}}"), [""; 0]);
    assert_eq!(at("{run: x, env: {ACTIONS_RUNNER_DEBUG: }}"), [""; 0]);
    assert_eq!(
        found(&format!("{{runs-on: x, {on}, steps: []}}")),
        ["jobs.a.env.ACTIONS_STEP_DEBUG"]
    );
    let facts = workflow("on: push\njobs: {}\nenv: {ACTIONS_RUNNER_DEBUG: '${{ x }}'}");
    assert_eq!(marks(&facts, "debug-session"), ["env.ACTIONS_RUNNER_DEBUG"]);
    assert_eq!(at("{parallel: [{run: x}, {run: tmate}]}"), ["jobs.a.steps[1].parallel[1]"]);
    let action = "runs: {using: composite, steps: [{uses: a/action-tmate@v1}]}";
    let facts = read(action, DefinitionKind::Action);
    assert_eq!(marks(&facts, "debug-session"), ["runs.steps[0]"]);
    assert_eq!((facts.permissions, facts.triggers, facts.trouble), (None, vec![], None));
}

#[test]
fn a_cache_is_marked_where_others_write_to_it_than_those_who_read_it() {
    let found = |on: &str, step: &str| {
        let text = format!("on: {on}\njobs: {{a: {{runs-on: x, steps: [{step}]}}}}");
        marks(&workflow(&text), "cache-across-trust").len()
    };
    let cache = "{uses: actions/cache@v4}";
    for (on, expected) in [
        ("[push, pull_request]", 1),
        ("[release, pull_request_target]", 1),
        ("[create, issue_comment]", 1),
        ("release", 1),
        ("{push: {tags: ['v*']}}", 1),
        ("{push: {tags: ['v*'], branches: [main]}}", 0),
        ("push", 0),
        ("pull_request", 0),
        ("[schedule, workflow_dispatch]", 0),
    ] {
        assert_eq!(found(on, cache), expected, "{on}");
    }
    for (step, expected) in [
        ("{uses: actions/cache/restore@v4}", 1),
        ("{uses: actions/cache/save@v4}", 0),
        ("{uses: Swatinem/rust-cache@v2}", 1),
        ("{uses: actions/setup-node@v4}", 0),
        ("{uses: actions/setup-node@v4, with: {cache: npm}}", 1),
        ("{uses: actions/setup-node@v4, with: {cache: ''}}", 0),
        ("{uses: actions/setup-node@v4, with: {cache: '${{ x }}'}}", 1),
        ("{uses: actions/setup-node@v4, with: {<<: {cache: npm}}}", 1),
        ("{uses: actions/setup-go@v5}", 1),
        ("{uses: actions/setup-go@v5, with: {cache: false}}", 0),
        ("{uses: actions/setup-go@v5, with: {cache: 'false'}}", 0),
        ("{uses: ruby/setup-ruby@v1, with: {bundler-cache: true}}", 1),
        ("{uses: gradle/actions/setup-gradle@v4}", 1),
        ("{uses: gradle/actions/setup-gradle@v4, with: {cache-disabled: true}}", 0),
        ("{uses: a/b@v1}", 0),
    ] {
        assert_eq!(found("[push, pull_request]", step), expected, "{step}");
    }
}

#[test]
fn what_is_no_workflow_is_said_to_be_unclear_and_never_a_panic() {
    for text in [
        "",
        "x",
        "[a]",
        "a: b",
        "on: push",
        "on: push\njobs: x",
        "on: push\njobs: [x]",
        "on: push\njobs: {a: x}",
        "on: push\njobs: {a: {}}",
        "on: push\njobs: {a: {runs-on: x}}",
        "on: push\njobs: {a: {runs-on: x, steps: {}}}",
        "on: push\njobs: {a: {runs-on: x, steps: [x]}}",
        "on: push\njobs: {a: {runs-on: x, steps: [{uses: [x]}]}}",
        "on: push\njobs: {a: {runs-on: x, steps: []}, a: {}}",
        "on: push\njobs: {a: {<<: {runs-on: x}, steps: []}}",
        "on: push\njobs: {}\n--- \non: push\njobs: {}",
    ] {
        let facts = workflow(text);
        assert!(facts.trouble.as_deref().is_some_and(|why| !why.is_empty()), "{text}");
        read(text, DefinitionKind::Action);
    }
    for text in ["runs: x", "runs: {}", "runs: {using: composite}", "name: x"] {
        assert!(read(text, DefinitionKind::Action).trouble.is_some(), "{text}");
    }
}

#[test]
fn aliases_and_crowds_have_an_end() {
    let steps = vec!["{run: x, env: {ACTIONS_STEP_DEBUG: 1}}"; 1000].join(", ");
    let mut text =
        format!("on: push\nx: &s [{steps}]\ny: &j {{runs-on: self-hosted, steps: *s}}\njobs:\n");
    (0..10_000).for_each(|number| text.push_str(&format!("  j{number}: *j\n")));
    let facts = workflow(&text);
    assert!(facts.trouble.unwrap().contains("too many values"));
    assert!(facts.jobs.len() <= 10_000 && facts.marks.len() <= MARKS_MAX);

    let mut text = "on: push\npermissions: {}\njobs:\n".to_owned();
    (0..10_000).for_each(|number| {
        text.push_str(&format!("  j{number}: {{runs-on: x, steps: [{{run: x}}]}}\n"));
    });
    let facts = workflow(&text);
    assert_eq!((facts.jobs.len(), facts.trouble), (10_000, None));

    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    for key in ["on", "permissions", "env", "jobs"] {
        let facts = workflow(&format!("{laughs}{key}: *a39"));
        assert!(facts.trouble.is_some(), "{key}");
    }
    let job = "jobs: {a: {runs-on: *a39, steps: *a39, environment: *a39, secrets: *a39}}";
    assert!(workflow(&format!("{laughs}{job}")).trouble.is_some());
}
