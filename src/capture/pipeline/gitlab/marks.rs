//! What deserves a look in a definition of GitLab's. Each is marked where it stands itself, not once more at
//! every job that extends it.

use super::sources;
use super::tables::{Chain, Table, Tables};
use crate::capture::markup::node::Node;
use crate::format::evidence::Mark;

/// What the runner takes for yes.
const YES: &[&str] = &["1", "t", "T", "TRUE", "true", "True"];
const DEBUG: &[(&str, &str)] = &[
    ("CI_DEBUG_SERVICES", "the log shows what the services of the job say, secrets among it"),
    ("CI_DEBUG_TRACE", "the log shows every variable of the job, secrets among them"),
];
/// Variables that are the same for every ref.
const SAME_EVERYWHERE: &[&str] =
    &["CI_DEFAULT_BRANCH", "CI_JOB_NAME", "CI_JOB_STAGE", "CI_NODE_", "CI_PROJECT_", "CI_RUNNER_"];

/// What stands at a key of the outermost table that is no job.
pub(super) fn of_global<'n>(
    tables: &Tables<'n>,
    name: &str,
    node: &'n Node,
    marks: &mut Vec<Mark>,
) {
    match name {
        "variables" => debug(tables, name, &tables.table(node), marks),
        "services" => services(tables, name, node, marks),
        "cache" if matches!(node.plain(), Node::Map(_)) => {
            cache(tables, name, &tables.table(node), marks);
        }
        "cache" => caches(tables, name, node, marks),
        _ => {}
    }
}

/// What stands in a table of settings: a job, a template, `default` or `workflow`.
pub(super) fn of_table<'n>(
    tables: &Tables<'n>,
    name: &str,
    chain: &Chain<'n>,
    marks: &mut Vec<Mark>,
) {
    if let Some(variables) = chain.own("variables") {
        debug(tables, &format!("{name}.variables"), &tables.table(variables), marks);
    }
    for (index, rule) in
        chain.own("rules").map(|node| tables.list(node)).iter().flatten().enumerate()
    {
        if let Some(variables) = rule.get("variables") {
            let place = format!("{name}.rules[{index}].variables");
            debug(tables, &place, &tables.table(variables), marks);
        }
    }
    if let Some(node) = chain.own("services") {
        services(tables, &format!("{name}.services"), node, marks);
    }
    match chain.own("cache").map(Node::plain) {
        Some(Node::Map(_)) => {
            cache(tables, &format!("{name}.cache"), &tables.members(chain, "cache"), marks);
        }
        Some(list) => caches(tables, &format!("{name}.cache"), list, marks),
        None => {}
    }
    if let Some(trigger) = chain.own("trigger") {
        let forward = tables.table(trigger).get("forward").map(|node| tables.table(node));
        let given = forward.and_then(|forward| forward.get("pipeline_variables").copied());
        if given.and_then(|node| tables.text(node)) == Some("true") {
            let what = "hands every variable that this pipeline was started with on to another one";
            add(tables, "secrets-inherited", &format!("{name}.trigger.forward"), what, marks);
        }
    }
}

/// A source that is dangerous in itself.
pub(super) fn dangerous(
    tables: &Tables<'_>,
    name: &str,
    key: &str,
    source: &str,
    marks: &mut Vec<Mark>,
) {
    let what = format!("runs by `{source}`: {}", sources::danger(source).unwrap_or_default());
    add(tables, "dangerous-trigger", &format!("{name}.{key}"), &what, marks);
}

fn add(tables: &Tables<'_>, kind: &str, place: &str, what: &str, marks: &mut Vec<Mark>) {
    if let (Some(place), Some(what)) = (tables.copy(place), tables.copy(what)) {
        let mark = Mark { kind: kind.to_owned(), place, what, line: None };
        if marks.last() != Some(&mark) {
            marks.push(mark);
        }
    }
}

fn debug<'n>(tables: &Tables<'n>, place: &str, variables: &Table<'n>, marks: &mut Vec<Mark>) {
    for (name, why) in DEBUG {
        let Some(node) = variables.get(name) else { continue };
        let value = match node.plain() {
            Node::Map(_) => tables.table(node).get("value").copied(),
            _ => Some(*node),
        };
        if value.and_then(|value| tables.text(value)).is_some_and(|value| YES.contains(&value)) {
            let what = format!("is set: {why}");
            add(tables, "debug-session", &format!("{place}.{name}"), &what, marks);
        }
    }
}

fn services<'n>(tables: &Tables<'n>, place: &str, node: &'n Node, marks: &mut Vec<Mark>) {
    for (index, service) in tables.items(node).enumerate() {
        let name = match service.plain() {
            Node::Map(_) => tables.table(service).get("name").copied(),
            _ => Some(service),
        };
        if name.and_then(|name| tables.text(name)).is_some_and(is_docker_in_docker) {
            let what = "Docker in Docker runs only where containers are privileged: whoever is in one can \
                        get at the runner's machine";
            add(tables, "privileged-service", &format!("{place}[{index}]"), what, marks);
        }
    }
}

fn is_docker_in_docker(image: &str) -> bool {
    let image = image.split('@').next().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split_once(':').is_some_and(|(name, tag)| name == "docker" && tag.contains("dind"))
}

fn caches<'n>(tables: &Tables<'n>, place: &str, node: &'n Node, marks: &mut Vec<Mark>) {
    for (index, one) in tables.items(node).enumerate() {
        cache(tables, &format!("{place}[{index}]"), &tables.table(one), marks);
    }
}

/// GitLab keeps the caches of protected refs apart from all others, unless it is told not to.
fn cache<'n>(tables: &Tables<'n>, place: &str, cache: &Table<'n>, marks: &mut Vec<Mark>) {
    let text = |key| cache.get(key).and_then(|node| tables.text(node));
    if text("unprotect") != Some("true") || text("policy") == Some("pull") {
        return;
    }
    let key = match cache.get("key").map(|node| node.plain()) {
        // What it is made of can be the same on every ref.
        Some(files @ Node::Map(_)) => {
            tables.table(files).get("prefix").and_then(|node| tables.text(node)).unwrap_or_default()
        }
        Some(node) => tables.text(node).unwrap_or_default(),
        None => "",
    };
    if is_same_everywhere(key) {
        let what = "is one cache for protected refs and all others: what any branch stores, a protected one \
                    takes";
        add(tables, "cache-across-trust", place, what, marks);
    }
}

/// Whether a key has no variable that could tell refs apart; one that isn't known may.
fn is_same_everywhere(key: &str) -> bool {
    key.split('$').skip(1).all(|from| {
        let name = from.trim_start_matches('{');
        SAME_EVERYWHERE.iter().any(|known| name.starts_with(known))
    })
}
