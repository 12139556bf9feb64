//! Definitions as people write them, and such as hide what they do or cost too much.

use super::facts;
use crate::capture::markup::yaml;
use crate::capture::pipeline::facts::Facts;

fn read(text: &str) -> Facts {
    facts(&yaml::shared(text).unwrap())
}

/// Sorted, as `name [tags] environment {tokens}`, without what isn't there.
fn jobs(text: &str) -> Vec<String> {
    let facts = read(text);
    assert_eq!(facts.trouble, None, "{text}");
    assert_eq!(facts.permissions, None);
    let mut jobs: Vec<_> = facts
        .jobs
        .iter()
        .map(|job| {
            let mut line = format!("{} {:?}", job.name, job.runner).replace('"', "");
            job.self_hosted.iter().for_each(|own| line.push_str(&format!(" self-hosted={own}")));
            job.environment.iter().for_each(|name| line.push_str(&format!(" at {name}")));
            for (name, audiences) in &job.id_tokens {
                line.push_str(&format!(" {name}={}", audiences.join("+")));
            }
            line
        })
        .collect();
    jobs.sort();
    jobs
}

fn triggers(text: &str) -> Vec<String> {
    read(text).triggers.into_iter().map(|trigger| trigger.event).collect()
}

/// `kind place`, sorted.
fn marks(text: &str) -> Vec<String> {
    let mut marks: Vec<_> =
        read(text).marks.iter().map(|mark| format!("{} {}", mark.kind, mark.place)).collect();
    marks.sort();
    marks
}

#[test]
fn a_job_is_every_table_that_is_no_keyword_and_no_template() {
    let text = "
stages: [build]
image: {name: ruby:3}
variables: {A: b}
cache: {key: x}
default: {tags: [d]}
workflow: {rules: [{when: always}]}
.base: {script: x}
anchor: [a]
build: {script: x}
pages: {script: x}
\"$[[ inputs.name ]]\": {script: x}
";
    assert_eq!(jobs(text), ["$[[ inputs.name ]] [d]", "build [d]", "pages [d]"]);
}

#[test]
fn a_keyword_that_has_a_script_is_a_job_where_gitlab_takes_it_for_one() {
    let text =
        "default: {script: x}\nworkflow: {trigger: g/p}\nspec: {run: x}\nvariables: {script: x}\n";
    assert_eq!(jobs(text), ["default []", "spec []", "workflow []"]);
}

#[test]
fn what_a_job_extends_counts_where_it_says_nothing_itself() {
    let text = "
.low: {tags: [low], environment: low, id_tokens: {A: {aud: a}, B: {aud: low}}}
.high: {extends: .low, id_tokens: {B: {aud: [b, c]}}}
.other: {tags: [other]}
one: {extends: .high, script: x}
two: {extends: [.other, .high], script: x}
three: {extends: [.high, .other], tags: [own, own], script: x}
four: {extends: .low, tags: null, environment: {name: review/$X}, id_tokens: null}
five: {extends: .elsewhere}
";
    assert_eq!(
        jobs(text),
        [
            "five []",
            "four [] at review/$X",
            "one [low] at low A=a B=b+c",
            "three [own] at low A=a B=b+c",
            "two [low] at low A=a B=b+c",
        ]
    );
}

#[test]
fn an_anchor_and_a_merge_count_as_gitlab_reads_them() {
    let text = "
.base: &base {tags: [base], environment: {name: base}}
.more: &more {tags: [more]}
one: {<<: *base, script: x}
two: {<<: [*base, *more], script: x}
above: {tags: [own], <<: *base}
below: {<<: *base, tags: [own]}
whole: *base
";
    assert_eq!(
        jobs(text),
        [
            "above [base] at base",
            "below [own] at base",
            "one [base] at base",
            "two [base] at base",
            "whole [base] at base",
        ]
    );
}

#[test]
fn a_reference_is_followed_and_a_list_that_looks_like_one_is_not() {
    let text = "
.base: {tags: [a, b], id_tokens: {T: {aud: [x]}}, environment: {name: base}, names: {prod: live}}
.more: {extends: .base}
one: {tags: !reference [.base, tags], id_tokens: !reference [.more, id_tokens]}
two: {tags: [!reference [.more, tags], c], environment: !reference [.base, environment]}
three: {tags: [one, c], environment: {name: !reference [.base, names, prod]}}
four: {tags: !reference [.elsewhere, tags]}
five: {id_tokens: {T: {aud: !reference [.base, id_tokens, T, aud]}}}
";
    assert_eq!(
        jobs(text),
        [
            "five [] T=x",
            "four []",
            "one [a, b] T=x",
            "three [c, one] at live",
            "two [a, b, c] at base",
        ]
    );
}

#[test]
fn the_default_counts_unless_a_job_says_no() {
    let text = "
default: {tags: [saas-linux-small-amd64], id_tokens: {D: {aud: d}}}
one: {script: x}
two: {script: x, inherit: {default: false}}
three: {script: x, inherit: {default: [image, tags]}}
four: {script: x, tags: [shell], id_tokens: {F: {aud: f}}}
";
    assert_eq!(
        jobs(text),
        [
            "four [shell] F=f",
            "one [saas-linux-small-amd64] self-hosted=false D=d",
            "three [saas-linux-small-amd64] self-hosted=false",
            "two []",
        ]
    );
}

#[test]
fn behind_a_header_the_second_document_is_read_and_without_one_the_first() {
    assert_eq!(jobs("spec: {inputs: {a: {}}}\n---\none: {script: x}\n"), ["one []"]);
    let read = read("one: {script: x}\n---\ntwo: {script: x}\n");
    assert_eq!(read.jobs.len(), 1);
    assert_eq!(read.jobs[0].name, "one");
    assert_eq!(read.trouble.as_deref(), Some("has more documents than one is read of"));
}

#[test]
fn what_is_no_table_is_said_to_be_none() {
    assert_eq!(read("").trouble, None);
    assert_eq!(read("# nothing\n").trouble, None);
    for text in ["[a]", "a"] {
        assert_eq!(read(text).trouble.as_deref(), Some("isn't a table"), "{text}");
    }
}

#[test]
fn triggers_are_the_sources_that_rules_compare_with() {
    let text = r#"
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "push"
    - if: '"schedule"  ==  $CI_PIPELINE_SOURCE && $A == "never_this"'
    - if: $CI_PIPELINE_SOURCE == 'web' || $CI_PIPELINE_SOURCE=="api"
    - if: $CI_PIPELINE_SOURCE == "chat"
      when: never
    - if: $CI_PIPELINE_SOURCE != "pipeline"
    - if: $CI_PIPELINE_SOURCE =~ /^external$/
    - if: $CI_PIPELINE_SOURCE_OF_MINE == "mine"
    - if: $CI_PIPELINE_SOURCE == $OTHER
.rules: {rules: [{if: '$CI_PIPELINE_SOURCE == "parent_pipeline"'}]}
a: {script: x, rules: [!reference [.rules, rules], {when: always}]}
b: {script: x, only: [merge_requests, tags, main]}
c: {script: x, only: {refs: [triggers]}, except: [pipelines]}
include: {local: a.yml, rules: [{if: '$CI_PIPELINE_SOURCE == "external"'}]}
"#;
    let expected =
        ["api", "merge_request_event", "parent_pipeline", "push", "schedule", "trigger", "web"];
    assert_eq!(triggers(text), expected);
}

#[test]
fn a_trigger_token_is_the_one_source_that_is_dangerous_in_itself() {
    let text = "
a: {script: x, only: [triggers]}
b: {script: x, rules: [{if: '$CI_PIPELINE_SOURCE == \"trigger\"'}, {if: '$CI_PIPELINE_SOURCE == \"push\"'}]}
";
    assert_eq!(marks(text), ["dangerous-trigger a.only", "dangerous-trigger b.rules"]);
    let dangers: Vec<_> = read(text).triggers.iter().map(|one| one.danger.is_some()).collect();
    assert_eq!(dangers, [false, true], "of push and trigger");
}

#[test]
fn a_debugging_variable_is_marked_wherever_it_is_set_to_yes() {
    let text = r#"
variables: {CI_DEBUG_TRACE: "true", CI_DEBUG_SERVICES: {value: 1, description: x}}
workflow: {rules: [{when: always}, {if: $X, variables: {CI_DEBUG_TRACE: T}}]}
.base: {variables: {CI_DEBUG_TRACE: true}}
a: {extends: .base, script: x}
b: {script: x, variables: {CI_DEBUG_TRACE: "false", CI_DEBUG_SERVICES: "yes", MY_CI_DEBUG_TRACE: "true"}}
"#;
    assert_eq!(
        marks(text),
        [
            "debug-session .base.variables.CI_DEBUG_TRACE",
            "debug-session variables.CI_DEBUG_SERVICES",
            "debug-session variables.CI_DEBUG_TRACE",
            "debug-session workflow.rules[1].variables.CI_DEBUG_TRACE",
        ]
    );
}

#[test]
fn docker_in_docker_is_marked_under_every_name() {
    let text = "
services: [docker:dind]
default: {services: [postgres:16, {name: docker:27-dind}]}
a: {services: ['registry.example.org:5000/x/docker:27.1-dind-rootless@sha256:00', docker:27, not-docker:dind]}
";
    let expected = [
        "privileged-service a.services[0]",
        "privileged-service default.services[1]",
        "privileged-service services[0]",
    ];
    assert_eq!(marks(text), expected);
}

#[test]
fn variables_that_are_handed_on_are_marked() {
    let text = "
a: {trigger: {project: g/p, forward: {pipeline_variables: true}}}
b: {trigger: {project: g/p, forward: {yaml_variables: true, pipeline_variables: false}}}
c: {trigger: g/p}
";
    assert_eq!(marks(text), ["secrets-inherited a.trigger.forward"]);
}

#[test]
fn a_cache_is_marked_where_it_is_one_for_protected_refs_and_others() {
    let text = "
cache: {unprotect: true}
a: {cache: {key: deps, unprotect: true}}
b: {cache: [{key: x}, {key: {files: [Cargo.lock]}, unprotect: true, policy: pull-push}]}
.base: {cache: {key: '$CI_JOB_NAME-$CI_PROJECT_ID'}}
c: {extends: .base, cache: {unprotect: true}}
ref: {cache: {key: '$CI_COMMIT_REF_SLUG', unprotect: true}}
prefix: {cache: {key: {files: [a], prefix: '${CI_COMMIT_REF_SLUG}'}, unprotect: true}}
unknown: {cache: {key: '$MINE', unprotect: true}}
pulled: {cache: {key: deps, unprotect: true, policy: pull}}
kept_apart: {cache: {key: deps}}
";
    assert_eq!(
        marks(text),
        [
            "cache-across-trust a.cache",
            "cache-across-trust b.cache[1]",
            "cache-across-trust c.cache",
            "cache-across-trust cache",
        ]
    );
}

#[test]
fn a_circle_ends_and_is_said() {
    for text in [
        "a: {extends: b, tags: [x]}\nb: {extends: a}\n",
        "a: {extends: a}\n",
        ".a: {tags: !reference [.b, tags]}\n.b: {tags: !reference [.a, tags]}\na: {tags: !reference [.a, tags]}\n",
        ".a: {tags: [!reference [.a, tags], x]}\na: {extends: .a}\n",
        ".a: {rules: [!reference [.a, rules]]}\n",
    ] {
        let trouble = read(text).trouble;
        assert_eq!(
            trouble.as_deref(),
            Some("extends or refers to something in a circle"),
            "{text}"
        );
    }
}

#[test]
fn ten_thousand_jobs_are_read_and_none_is_lost() {
    let base =
        ".a: {tags: [x], rules: [{if: '$CI_PIPELINE_SOURCE == \"push\"'}]}\n.b: {extends: .a}\n";
    let jobs: String = (0..10_000)
        .map(|n| format!("job{n}: {{extends: .b, script: x, rules: !reference [.b, rules]}}\n"))
        .collect();
    let facts = read(&format!("{base}{jobs}"));
    assert_eq!(facts.trouble, None);
    assert_eq!(facts.jobs.len(), 10_000);
    assert!(facts.jobs.iter().all(|job| job.runner == ["x"]));
    assert_eq!(facts.triggers.len(), 1);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_given_up() {
    let names: Vec<_> = (0..5_000).map(|n| format!("k{n}")).collect();
    let users: String = (0..5_000).map(|n| format!("j{n}: {{extends: .a, tags: *a}}\n")).collect();
    let table: String = names.iter().map(|name| format!("{name}: 1, ")).collect();
    let fan: String = (0..=9)
        .map(|n| format!(".f{n}: {{extends: [{}]}}\n", format!(".f{}, ", n + 1).repeat(50)))
        .collect();
    for text in [
        format!(".a: {{{table}}}\n.t: &a [x]\n{users}"),
        format!(".a: {{}}\n.t: &a [{}]\n{users}", names.join(", ")),
        format!(".a: {{}}\n.t: &a {}\n{users}", "x".repeat(400_000)),
        format!("{fan}.f10: {{}}\n"),
    ] {
        assert_eq!(read(&text).trouble.as_deref(), Some("has too many values"));
    }
}
