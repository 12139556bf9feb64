//! What starts a pipeline, as far as rules name it. An expression isn't evaluated: what it compares the source
//! with is taken, everything else left out.

use super::tables::{Chain, Table, Tables};
use crate::capture::markup::node::Node;

const VARIABLE: &str = "$CI_PIPELINE_SOURCE";

/// Why a source is dangerous, whatever the definition does.
pub(super) fn danger(source: &str) -> Option<&'static str> {
    (source == "trigger").then_some(
        "whoever has a trigger token starts it, with the rights of the token's owner and with variables of \
         their choice",
    )
}

/// The sources that the rules of a table name, each with the key that it stands under.
pub(super) fn of<'n>(tables: &Tables<'n>, chain: &Chain<'n>) -> Vec<(&'static str, &'n str)> {
    let mut found = Vec::new();
    if let Some(rules) = chain.own("rules") {
        for rule in tables.list(rules) {
            found.extend(of_rule(tables, &rule).into_iter().map(|source| ("rules", source)));
        }
    }
    if let Some(only) = chain.own("only") {
        let only = tables.resolved(only, Some("only"));
        let refs = match only.plain() {
            Node::Map(_) => tables.table(only).get("refs").copied(),
            _ => Some(only),
        };
        let names = refs.map(|refs| tables.texts(refs, "refs")).unwrap_or_default();
        found.extend(names.into_iter().filter_map(of_only).map(|source| ("only", source)));
    }
    found
}

fn of_rule<'n>(tables: &Tables<'n>, rule: &Table<'n>) -> Vec<&'n str> {
    let text = |key| rule.get(key).and_then(|node| tables.text(tables.resolved(node, None)));
    match (text("if"), text("when")) {
        (Some(_), Some("never")) | (None, _) => Vec::new(),
        (Some(expression), _) => compared(expression),
    }
}

/// What `$CI_PIPELINE_SOURCE == "NAME"` names, either way round.
fn compared(expression: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, _) in expression.match_indices(VARIABLE) {
        let (before, from) = expression.split_at_checked(start).unwrap_or_default();
        let after = from.strip_prefix(VARIABLE).unwrap_or_default();
        if after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_') {
            continue;
        }
        let right = after.trim_start().strip_prefix("==").map(str::trim_start);
        found.extend(right.and_then(|right| {
            let quote = right.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            Some(right.strip_prefix(quote)?.split_once(quote)?.0)
        }));
        let left = before.trim_end().strip_suffix("==").map(str::trim_end);
        found.extend(left.and_then(|left| {
            let quote = left.chars().next_back().filter(|quote| matches!(quote, '"' | '\''))?;
            Some(left.strip_suffix(quote)?.rsplit_once(quote)?.1)
        }));
    }
    found.retain(|name| is_name(name));
    found
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The source that a word of `only` stands for; branches and tags are none.
fn of_only(word: &str) -> Option<&'static str> {
    Some(match word {
        "api" => "api",
        "chat" => "chat",
        "external" => "external",
        "external_pull_requests" => "external_pull_request_event",
        "merge_requests" => "merge_request_event",
        "pipelines" => "pipeline",
        "pushes" => "push",
        "schedules" => "schedule",
        "triggers" => "trigger",
        "web" => "web",
        _ => return None,
    })
}
