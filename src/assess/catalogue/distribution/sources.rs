//! Where what is in the software comes from: by which ways, and whether the vendor agreed to them.

use std::collections::BTreeSet;

use crate::assess::catalogue::parts::several;
use crate::assess::catalogue::pipeline::dependencies::{dependencies, unread};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy, remedies};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;

static FETCH_SECURELY: Remedy = Remedy {
    id: "fetch-over-secure-connections",
    text: "Name every source by https or ssh, and write the lockfiles again.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "git grep -nE '(http|git|ftp)://' -- '*.lock' '*lock.json' '*lock.yaml' '*requirements*.txt'",
    }],
};

pub(super) const SECURE: Question = Question {
    id: "dependency-sources-are-secure",
    title: "Dependencies come over secure connections",
    asks: "Does every lockfile name sources over secure connections alone: registries, https, ssh?",
    claims: &["3.1-02"],
    reads: &["dependencies"],
    proves: "That no dependency is written down as fetched over a connection on which anybody can put something else in its place.",
    not: "That the build fetched from there and not from a mirror, or that the source itself is to be trusted.",
    remedy: &FETCH_SECURELY,
    failure: Failure::Weakens,
    answer: Answer::Evidence(dependency_sources_are_secure),
};

pub(super) const APPROVED: Question = Question {
    id: "approved-sources",
    title: "Sources are approved",
    asks: "Has the vendor a list of third parties that code may come from, and are these all on it?",
    claims: &["3.1-02"],
    reads: &["attached"],
    proves: "Nothing by itself: a document was attached, and people read it.",
    not: "That it is kept to: compare it with the sources that the lockfiles name.",
    remedy: &remedies::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

/// Ways on which anybody in between can read and replace what is fetched.
const OPEN: [&str; 6] = ["http", "git", "ftp", "svn", "rsync", "ws"];

fn dependency_sources_are_secure(facts: &Facts<'_>) -> Found {
    let dependencies = match dependencies(facts) {
        Ok(dependencies) => dependencies,
        Err(found) => return found,
    };
    let Some(list) = dependencies.list.inline() else {
        return Found::unknown("the list of dependencies is sealed; give the sections");
    };
    let open: Vec<_> =
        list.iter().filter(|one| one.source.as_deref().is_some_and(is_open)).collect();
    let sources: BTreeSet<&str> = list.iter().filter_map(|one| one.source.as_deref()).collect();
    let found = if !open.is_empty() {
        Found::fail(format!(
            "expected sources over https or ssh, found {} over connections that anybody can change: {}",
            open.len(),
            several(open.iter().map(|one| &one.name))
        ))
        .value("sources", several(open.iter().filter_map(|one| one.source.as_deref())))
    } else if let Some(first) = unread(dependencies).first() {
        return Found::unknown(format!("{first} couldn't be read to its end"));
    } else if (list.len() as u64) < dependencies.count {
        return Found::unknown(format!(
            "{} are counted and only {} listed",
            dependencies.count,
            list.len()
        ));
    } else {
        Found::pass(format!(
            "{} named over secure connections; the ecosystems' usual registries else",
            count(sources.len() as u64, "source")
        ))
        .value("sources", several(sources))
    };
    found.at("/dependencies/value/list")
}

/// Whether some address in a source goes over an open connection. Several may stand in one, and the way to
/// handle it before each: `git+http://..`.
fn is_open(source: &str) -> bool {
    source.split_whitespace().any(|word| {
        let scheme = word.split_once("://").map(|(before, _)| before.to_ascii_lowercase());
        let scheme = scheme.as_deref().and_then(|before| before.rsplit(['+', '@']).next());
        scheme.is_some_and(|scheme| OPEN.contains(&scheme))
    })
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn open_connections_are_told_from_secure_ones_in_every_spelling() {
        for open in [
            "http://registry.example/",
            "HTTP://registry.example/",
            "registry+http://example/index",
            "git+http://example/a.git#0123",
            "git://example/a.git",
            "https://example/simple http://example/simple",
            "sparse+http://example",
            "a@git+http://example",
        ] {
            assert!(is_open(open), "{open}");
        }
        for secure in [
            "path",
            "bundled",
            "registry+https://github.com/rust-lang/crates.io-index",
            "https://registry.npmjs.org/a/-/a-1.tgz",
            "git+ssh://git@example/a.git#0123",
            "git@example.com:a/b.git",
            "https://example/http://",
            "file:http",
            "",
        ] {
            assert!(!is_open(secure), "{secure}");
        }
    }
}
