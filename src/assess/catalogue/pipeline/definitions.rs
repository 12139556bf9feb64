//! What steers the pipeline: its definitions, and git's settings and certificates around them.

use crate::assess::catalogue::parts::{missing, several, shown};
use crate::assess::catalogue::{Answer, Failure, Lines, Question, Remedy};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::{Definition, GitSetting};

static REMOVE_DANGER: Remedy = Remedy {
    id: "remove-dangerous-lines",
    text: "Change the lines that are named. A workflow that builds releases starts on pushes to protected branches and tags, gets the secrets that it names, and shares no cache with pull requests.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "on:\n  push:\n    tags: ['v*']\npermissions:\n  contents: read",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "build:\n  rules:\n    - if: $CI_COMMIT_TAG && $CI_COMMIT_REF_PROTECTED == \"true\"\n  cache: []",
        },
    ],
};

static SIMPLER_DEFINITION: Remedy = Remedy {
    id: "write-definitions-plainly",
    text: "Correct the file, or write plainly what an expression, an anchor or a tag hides; inspect says what couldn't be read.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark inspect proofmark.sigstore.jsonl",
    }],
};

static PLAIN_GIT: Remedy = Remedy {
    id: "build-with-plain-git",
    text: "Find out where the setting was made, and build without it; on a runner of your own, without hooks either.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "git config --list --show-origin --show-scope",
    }],
};

static SYSTEM_CERTIFICATES: Remedy = Remedy {
    id: "use-the-system-s-certificates",
    text: "Build without variables that name other certificates; add an own authority to the runner's image, where it is reviewed.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO",
    }],
};

pub(super) const DANGER: Question = Question {
    id: "definitions-hold-no-danger",
    title: "Nothing dangerous in the pipeline",
    asks: "Are the running pipeline's definitions free of triggers that strangers can pull, inherited secrets, caches shared across trust, debug sessions and privileged services?",
    claims: &[],
    reads: &["pipeline.definitions"],
    proves: "That none of the known dangerous constructs stands in the files that the run is made of.",
    not: "That the scripts in them are harmless, or what actions and templates of other repositories do. Runners and permissions are asked about under 2.1.",
    remedy: &REMOVE_DANGER,
    failure: Failure::Weakens,
    answer: Answer::Evidence(definitions_hold_no_danger),
};

pub(super) const READ_WHOLE: Question = Question {
    id: "definitions-were-read-whole",
    title: "Definitions were read whole",
    asks: "Could every definition that the run is made of be read to its end, with nothing unclear in it?",
    claims: &[],
    reads: &["pipeline.definitions"],
    proves: "That what is said of triggers, permissions and marks is all that these files say of them.",
    not: "Anything of definitions in other repositories, which are named and not read.",
    remedy: &SIMPLER_DEFINITION,
    failure: Failure::Weakens,
    answer: Answer::Evidence(definitions_were_read_whole),
};

pub(super) const GIT: Question = Question {
    id: "git-is-not-redirected",
    title: "Git fetches what it is told to",
    asks: "Is git free of settings that rewrite addresses, run programs or weaken its connections, and of hooks?",
    claims: &[],
    reads: &["environment.git_configuration"],
    proves: "That no known setting sent git elsewhere, or made it run something, when the build began.",
    not: "That no step set one later for a single command. Git's settings for large files (git-lfs) from the machine's image are let pass, and said.",
    remedy: &PLAIN_GIT,
    failure: Failure::Weakens,
    answer: Answer::Evidence(git_is_not_redirected),
};

pub(super) const CERTIFICATES: Question = Question {
    id: "certificates-are-the-system-s",
    title: "The system's own certificates",
    asks: "Did programs trust the system's certificates alone, with no variable that names others?",
    claims: &[],
    reads: &["environment.ca_bundle"],
    proves: "That no variable let a program trust another authority, which could have passed for every server that the build fetches from.",
    not: "That the system's own list is the one that it came with: its digest is recorded, compare it.",
    remedy: &SYSTEM_CERTIFICATES,
    failure: Failure::Weakens,
    answer: Answer::Evidence(certificates_are_the_system_s),
};

/// Where the definitions stand. They are left out where there are none.
const DEFINITIONS: &str = "/pipeline/value/definitions";

/// What the platform alone may decide, or is asked elsewhere: not of what the definition does.
const ASKED_ELSEWHERE: [&str; 2] = ["broad-permissions", "self-hosted"];

/// The definitions that the run is made of; the answer where none is known.
fn running<'a>(facts: &'a Facts<'_>) -> Result<Vec<&'a Definition>, Found> {
    let Some(pipeline) = facts.pipeline.get() else {
        return Err(missing(facts, "the pipeline", &facts.pipeline));
    };
    if pipeline.platform == "local" {
        return Err(Found::not_applicable("the build ran in no pipeline"));
    }
    let running: Vec<_> = pipeline.definitions.iter().filter(|one| one.running).collect();
    if running.is_empty() {
        let why = "the evidence has no definition that the run is known to be made of";
        return Err(Found::unknown(why));
    }
    Ok(running)
}

/// Why a definition says less than it could.
fn trouble(definition: &Definition) -> Option<&str> {
    definition.trouble.as_deref().or(definition.unclear.as_deref())
}

fn definitions_hold_no_danger(facts: &Facts<'_>) -> Found {
    let running = match running(facts) {
        Ok(running) => running,
        Err(found) => return found,
    };
    let marks = running.iter().flat_map(|definition| {
        let marks = definition.marks.iter();
        marks.map(move |mark| (shown(&definition.path), mark))
    });
    let marks: Vec<_> =
        marks.filter(|(_, mark)| !ASKED_ELSEWHERE.contains(&mark.kind.as_str())).collect();
    if marks.is_empty() {
        let unclear = running.iter().find_map(|one| Some((shown(&one.path), trouble(one)?)));
        return match unclear {
            Some((path, why)) => Found::unknown(format!("{path} wasn't read whole: {why}")),
            None => Found::pass(format!("none in {}", count(running.len() as u64, "definition")))
                .at(DEFINITIONS)
                .value("definitions", several(running.iter().map(|one| shown(&one.path)))),
        };
    }
    let kinds: std::collections::BTreeSet<&str> =
        marks.iter().map(|(_, mark)| mark.kind.as_str()).collect();
    let found = Found::fail(format!(
        "expected none, found {} in what the run is made of",
        count(marks.len() as u64, "dangerous construct")
    ));
    let found = found.at(DEFINITIONS).value("kinds", several(kinds));
    marks.iter().fold(found, |found, (path, mark)| {
        found.place(path, mark.line, &format!("{}: {}", mark.place, mark.what))
    })
}

fn definitions_were_read_whole(facts: &Facts<'_>) -> Found {
    let running = match running(facts) {
        Ok(running) => running,
        Err(found) => return found,
    };
    let unread: Vec<_> =
        running.iter().filter_map(|one| Some((shown(&one.path), trouble(one)?))).collect();
    let all = count(running.len() as u64, "definition");
    if unread.is_empty() {
        return Found::pass(format!("{all} read to the end"))
            .at(DEFINITIONS)
            .value("definitions", several(running.iter().map(|one| shown(&one.path))));
    }
    let found = Found::fail(format!(
        "expected {all} that can be read to the end, found {} that can't",
        unread.len()
    ));
    unread.iter().fold(found.at(DEFINITIONS), |found, (path, why)| found.place(path, None, why))
}

fn git_is_not_redirected(facts: &Facts<'_>) -> Found {
    let Some(environment) = facts.environment.get() else {
        return missing(facts, "the environment", &facts.environment);
    };
    let Some(git) = environment.git_configuration.get() else {
        return missing(facts, "git's configuration", &environment.git_configuration);
    };
    let named = |setting: &&GitSetting| format!("{} ({})", setting.name, setting.scope);
    let (bad, other): (Vec<&GitSetting>, Vec<_>) = git.settings.iter().partition(|s| redirects(s));
    let hooks = git.hooks.iter().map(|hook| format!("hook {}", hook.name));
    let all: Vec<String> = bad.iter().map(named).chain(hooks).collect();
    let found = if all.is_empty() {
        Found::pass("no setting rewrites addresses, runs programs or weakens connections; no hooks")
    } else {
        Found::fail(format!(
            "expected no setting that redirects git or runs something, and no hooks; found {} and {}",
            count(bad.len() as u64, "setting"),
            count(git.hooks.len() as u64, "hook")
        ))
        .value("found", several(all))
    };
    found
        .at("/environment/value/git_configuration/value/settings")
        .value("other settings", several(other.iter().map(named)))
}

/// Whether it can send git elsewhere, make it run something, or let another pass for a server.
fn redirects(setting: &GitSetting) -> bool {
    let is_bad = matches!(
        setting.effect.as_str(),
        "rewrites addresses" | "runs a program" | "weakens TLS" | "trusts other certificates"
    );
    // Every hosted runner's image has it, for the whole system.
    let is_lfs = setting.scope == "system" && setting.name.starts_with("filter.lfs.");
    is_bad && !is_lfs
}

fn certificates_are_the_system_s(facts: &Facts<'_>) -> Found {
    const AT: &str = "/environment/value/ca_bundle/value";
    let Some(environment) = facts.environment.get() else {
        return missing(facts, "the environment", &facts.environment);
    };
    let Some(bundle) = environment.ca_bundle.get() else {
        return missing(facts, "the certificates that programs trust", &environment.ca_bundle);
    };
    if !bundle.variables.is_empty() {
        return Found::fail(format!(
            "expected no variable that names other certificates, found {}",
            several(bundle.variables.keys())
        ))
        .at(AT);
    }
    match bundle.system.as_ref().map(|system| (system, &system.sha256)) {
        Some((system, Some(sha256))) => {
            let found = Found::pass("the system's own list, and no variable that names another");
            let found = found.at(format!("{AT}/system")).value("sha256", sha256.to_string());
            match system.certificates {
                Some(number) => found.value("certificates", number.to_string()),
                None => found,
            }
        }
        Some((system, None)) => Found::unknown(format!(
            "the system's list couldn't be read: {}",
            system.trouble.as_deref().unwrap_or("nobody says why")
        )),
        None => Found::unknown("the system's list isn't at a usual place"),
    }
}
