//! Every form that something from elsewhere is named in has a file in the corpus where it is pinned, and one
//! where it looks so.

use serde_json::Value;

use super::{Entry, entries};

/// The place in a definition of a reference: its kind, and how its text is told apart.
struct Form {
    name: &'static str,
    platform: &'static str,
    kind: &'static str,
    /// A part of the file that writes it so, and whether a text is of it.
    written: &'static str,
    is: fn(&str) -> bool,
    /// One of these must be read, and one that isn't among them.
    pinned: &'static [&'static str],
}

const fn uses(name: &'static str, is: fn(&str) -> bool, pinned: &'static [&'static str]) -> Form {
    Form { name, platform: "github", kind: "uses", written: "uses", is, pinned }
}

const fn image(name: &'static str, platform: &'static str, written: &'static str) -> Form {
    Form { name, platform, kind: "image", written, is: |_| true, pinned: &["digest"] }
}

const fn include(
    name: &'static str,
    written: &'static str,
    is: fn(&str) -> bool,
    pinned: &'static [&'static str],
) -> Form {
    Form { name, platform: "gitlab", kind: "include", written, is, pinned }
}

const FORMS: &[Form] = &[
    uses("an action", |text| is_foreign(text) && text.matches('/').count() == 1, &["commit"]),
    uses("an action in a folder", |text| is_foreign(text) && text.contains("/setup"), &["commit"]),
    uses(
        "a reusable workflow",
        |text| is_foreign(text) && text.contains("/.github/workflows/"),
        &["commit"],
    ),
    uses("a path", |text| text.starts_with("./"), &["same-commit"]),
    uses("a path of the running commit", |text| text.starts_with("$/"), &["same-commit"]),
    uses(
        "a workflow beside it",
        |text| text.starts_with("./") && text.contains(".github/workflows/"),
        &["same-commit"],
    ),
    uses("an image", |text| text.starts_with("docker://"), &["digest"]),
    image("a container", "github", "container: node"),
    image("a container as a table", "github", "container:\n      image:"),
    image("a service", "github", "services:"),
    Form {
        is: |text| text.starts_with("docker://"),
        ..image("the image of an action", "github", "runs:")
    },
    Form {
        is: |text| text.ends_with("Dockerfile"),
        pinned: &["same-commit"],
        ..image("a Dockerfile", "github", "runs:")
    },
    include(
        "a file by its path",
        "include:\n  - /",
        |text| !text.contains(':') || text.contains("://"),
        &["same-commit"],
    ),
    include("a local file", "local:", |text| text.starts_with("local:"), &["same-commit"]),
    include("a file of a project", "project:", |text| text.starts_with("project:"), &["commit"]),
    include("a remote file", "remote:", |text| text.starts_with("remote:"), &["integrity"]),
    include("a component", "component:", |text| text.starts_with("component:"), &["commit"]),
    include(
        "a component of its own",
        "component: $CI_SERVER_FQDN",
        |text| text.contains("$CI_COMMIT_SHA"),
        &["same-commit"],
    ),
    include("a template", "template:", |text| text.starts_with("template:"), &["platform"]),
    include("an include of a header", "spec:", |_| true, &["integrity"]),
    include("a child pipeline", "trigger: {include:", |_| true, &["same-commit"]),
    include(
        "a child pipeline of a project",
        "trigger:\n    include:",
        |text| text.starts_with("project:"),
        &["commit"],
    ),
    image("an image as a text", "gitlab", "image: \""),
    image("an image as a table", "gitlab", "image: {name:"),
    image("a default image", "gitlab", "default: {image:"),
    Form {
        is: |text| text.starts_with("queue@"),
        ..image("a service as a table", "gitlab", "services:\n")
    },
    Form {
        is: |text| text.contains("dis:7") || text.contains("postgres"),
        ..image("a service as a text", "gitlab", "services: [")
    },
];

/// What can't be pinned at all must be met as well, and never be read as pinned.
const NEVER_PINNED: &[Form] = &[
    uses("an expression", |text| text.contains("${{"), &[]),
    Form { is: |text| text.contains("${{"), ..image("an expression for an image", "github", "") },
    Form { is: |text| text.contains('$'), ..image("a variable for an image", "gitlab", "") },
    Form {
        is: |text| text.starts_with("!reference"),
        ..image("a reference for an image", "gitlab", "")
    },
    include("a made file", "", |text| text.starts_with("artifact:"), &[]),
    include("another project's pipeline", "", |text| text.starts_with("trigger:"), &[]),
];
/// The pins that nothing that moves may have.
const FIRM: &[&str] = &["commit", "digest", "integrity", "same-commit"];

fn is_foreign(text: &str) -> bool {
    text.contains('/') && !["./", "$/", "docker://"].iter().any(|start| text.starts_with(start))
}

impl Form {
    /// The pins of all references of this form.
    fn pins<'e>(&self, entries: &'e [Entry]) -> Vec<&'e str> {
        let text = |entry: &Entry| String::from_utf8_lossy(&entry.content).into_owned();
        let entries = entries.iter().filter(|one| one.name.starts_with(self.platform));
        let written = entries.filter(|entry| text(entry).contains(self.written));
        let references = written.filter_map(|entry| entry.expected["references"].as_array());
        let member = |reference: &'e Value, at: usize| reference[at].as_str().unwrap();
        references
            .flatten()
            .filter(|one| member(one, 0) == self.kind && (self.is)(member(one, 1)))
            .map(|one| member(one, 2))
            .collect()
    }
}

#[test]
fn every_form_of_a_reference_stands_in_the_corpus_pinned_and_in_disguise() {
    let entries: Vec<_> = ["github", "gitlab"].iter().flat_map(|name| entries(name)).collect();
    for form in FORMS {
        let pins = form.pins(&entries);
        let (pinned, others): (Vec<&str>, Vec<&str>) =
            pins.iter().partition(|pin| form.pinned.contains(*pin));
        assert!(!pinned.is_empty(), "{}, {}: no file has it pinned", form.platform, form.name);
        assert!(!others.is_empty(), "{}, {}: no file has it unpinned", form.platform, form.name);
    }
    for form in NEVER_PINNED {
        let pins = form.pins(&entries);
        assert!(pins.len() >= 2, "{}, {}: too few files have it", form.platform, form.name);
        let is_own = |pin: &&str| *pin == "same-commit" && form.name.starts_with("a variable");
        let firm: Vec<_> = pins.iter().filter(|pin| FIRM.contains(pin) && !is_own(pin)).collect();
        assert!(firm.is_empty(), "{}, {}: is read as {firm:?}", form.platform, form.name);
    }
}

#[test]
fn the_corpus_is_as_large_as_it_was() {
    assert!(entries("github").len() >= 57 && entries("gitlab").len() >= 37);
}
