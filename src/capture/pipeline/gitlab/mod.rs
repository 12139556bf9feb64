//! What a definition of GitLab's says.

use std::collections::{BTreeMap, BTreeSet};

mod marks;
mod sources;
mod tables;
#[cfg(test)]
mod tests;

use super::facts::Facts;
use crate::capture::markup::Bad;
use crate::capture::markup::node::Node;
use crate::format::evidence::{JobDefinition, Trigger};

use tables::{Chain, Tables};

/// What GitLab takes for a job in no case.
const RESERVED: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "image",
    "include",
    "services",
    "stages",
    "types",
    "variables",
];
/// What is a job only where it does something: GitLab takes even `default` for one that has a script.
const UNLESS_IT_WORKS: &[&str] = &["default", "spec", "workflow"];
/// What does something.
const WORK: &[&str] = &["run", "script", "trigger"];
/// Tags that begin so are those of the runners that GitLab.com hosts.
const HOSTED: &str = "saas-";

/// The facts of the document of a file that GitLab reads.
pub(super) fn facts(documents: &[Node]) -> Facts {
    let mut facts = Facts::default();
    let (header, rest) = match documents {
        [first, rest @ ..] if !rest.is_empty() && has_spec(first) => (1, rest),
        all => (0, all),
    };
    // Behind a header the last one counts, without one the first.
    let body = if header > 0 { rest.last() } else { rest.first() };
    let Some(body) = body.map(Node::plain) else { return facts };
    let tables = Tables::new(body);
    let mut sources = BTreeSet::new();
    for (name, node) in tables.top() {
        if RESERVED.contains(&name) {
            marks::of_global(&tables, name, node, &mut facts.marks);
        }
        if RESERVED.contains(&name) || !matches!(node.plain(), Node::Map(_)) {
            continue;
        }
        let chain = tables.chain(name);
        marks::of_table(&tables, name, &chain, &mut facts.marks);
        for (key, found) in sources::of(&tables, &chain) {
            if sources::danger(found).is_some() {
                marks::dangerous(&tables, name, key, found, &mut facts.marks);
            }
            if !sources.contains(found) {
                sources.extend(tables.copy(found));
            }
        }
        if is_job(name, &chain) {
            facts.jobs.extend(job(&tables, name, &chain));
        }
    }
    facts.triggers = sources
        .into_iter()
        .map(|event| Trigger { danger: sources::danger(&event).map(str::to_owned), event })
        .collect();
    let trouble = [
        (matches!(body, Node::Text(_) | Node::List(_)), "isn't a table".to_owned()),
        (rest.len() > 1, "has more documents than one is read of".to_owned()),
        (tables.has_circle(), "extends or refers to something in a circle".to_owned()),
        (tables.is_spent(), Bad::TooMuch.to_string()),
    ];
    let trouble: Vec<_> = trouble.into_iter().filter_map(|(is, what)| is.then_some(what)).collect();
    facts.trouble = (!trouble.is_empty()).then(|| trouble.join("; "));
    facts
}

fn has_spec(document: &Node) -> bool {
    document.plain().get("spec").is_some()
}

fn is_job(name: &str, chain: &Chain<'_>) -> bool {
    let works = || WORK.iter().any(|key| chain.own(key).is_some());
    !name.starts_with('.') && (!UNLESS_IT_WORKS.contains(&name) || works())
}

fn job<'n>(tables: &Tables<'n>, name: &str, chain: &Chain<'n>) -> Option<JobDefinition> {
    let tags = tables.value(chain, "tags").map(|node| tables.texts(node, "tags"));
    let mut runner: Vec<_> =
        tags.unwrap_or_default().into_iter().filter_map(|tag| tables.copy(tag)).collect();
    runner.sort();
    runner.dedup();
    Some(JobDefinition {
        name: tables.copy(name)?,
        permissions: None,
        // Any runner may have any tag: only a name that GitLab keeps for its own tells something.
        self_hosted: runner.iter().any(|tag| tag.starts_with(HOSTED)).then_some(false),
        runner,
        environment: environment(tables, chain),
        id_tokens: id_tokens(tables, chain),
    })
}

fn environment<'n>(tables: &Tables<'n>, chain: &Chain<'n>) -> Option<String> {
    let node = tables.resolved(chain.first("environment")?, None);
    let name = match node.plain() {
        Node::Text(_) => node,
        _ => tables.resolved(tables.members(chain, "environment").get("name").copied()?, None),
    };
    tables.text(name).and_then(|name| tables.copy(name))
}

fn id_tokens<'n>(tables: &Tables<'n>, chain: &Chain<'n>) -> BTreeMap<String, Vec<String>> {
    let mut tokens = tables.members(chain, "id_tokens");
    if tokens.is_empty()
        && let Some(default) = tables.value(chain, "id_tokens")
    {
        tokens = tables.table(tables.resolved(default, None));
    }
    let audiences = |node| {
        let token = tables.table(tables.resolved(node, None));
        let all = token.get("aud").map(|aud| tables.texts(aud, "aud")).unwrap_or_default();
        all.into_iter().filter_map(|aud| tables.copy(aud)).collect()
    };
    let tokens = tokens.into_iter();
    tokens.filter_map(|(name, node)| Some((tables.copy(name)?, audiences(node)))).collect()
}
