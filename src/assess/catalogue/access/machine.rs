//! The machine that built, and who else could be on it.

use super::{SIGNS, claim, no_signs, remedies, signs};
use crate::assess::catalogue::{Answer, Failure, Question, remedies as shared};
use crate::assess::embedded::Standing;
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::format::evidence::Hosting;

/// The claim in which both platforms say whose machine it was.
const RUNNER: &str = "runner_environment";

pub(super) const HOSTED: Question = Question {
    id: "runner-is-hosted",
    title: "Whose machine it ran on",
    asks: "Does the platform say that the build ran on a machine of its own?",
    claims: &["2.1-03"],
    reads: &["identity", "pipeline.hosting"],
    proves: "Whoever is named says that the build ran on a machine of the platform's; where the answer rests on its token, the platform itself does.",
    not: "That the machine was fresh or patched.",
    remedy: &remedies::HOSTED,
    failure: Failure::Weakens,
    answer: Answer::Evidence(hosted),
};

/// What a platform's word for a runner means.
fn meaning(word: &str) -> &'static str {
    match word {
        "github-hosted" | "gitlab-hosted" => "hosted",
        "self-hosted" => "self-hosted",
        _ => "unknown",
    }
}

fn hosted(facts: &Facts<'_>) -> Found {
    let (says, from, pointer) = if let Some((pointer, word)) = claim(facts, RUNNER) {
        (meaning(word), "the platform's token", pointer)
    } else {
        let Some(pipeline) = facts.pipeline.get() else {
            return Found::unknown(facts.why_not("the pipeline", &facts.pipeline));
        };
        let Some(hosting) = &pipeline.hosting else {
            return Found::unknown("the evidence doesn't say whose machine it was");
        };
        // What a token is said to say is nothing where no token that counts says it.
        if hosting.witnesses.iter().any(|witness| witness.from.starts_with("token claim")) {
            return Found::unknown("it names a token's claim, and no token that counts has it");
        }
        let from = hosting.witnesses.first().map_or("the evidence", |witness| &witness.from);
        (hosting.is.as_str(), from, "/pipeline/value/hosting".to_owned())
    };
    let found = match says {
        "hosted" => Found::pass(format!("a runner of the platform's own, says {from}")),
        "self-hosted" => Found::fail(format!(
            "expected a runner of the platform's own, found a self-hosted one, says {from}"
        )),
        _ => return Found::unknown("nobody says in a known word whose machine it was"),
    };
    found.at(pointer).value("says", says).value("by", from)
}

pub(super) const WITNESSES_AGREE: Question = Question {
    id: "hosting-witnesses-agree",
    title: "Witnesses of the machine agree",
    asks: "Do all who say whose machine it was say the same?",
    claims: &["2.1-03"],
    reads: &["identity", "pipeline.hosting"],
    proves: "At least two witnesses, such as the platform's token, its interface and the machine's variables, say the same of whose machine it was.",
    not: "That they are right: all but the token can be set by whoever runs code in the job.",
    remedy: &remedies::WITNESSES,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(witnesses_agree),
};

fn witnesses_agree(facts: &Facts<'_>) -> Found {
    let Some(pipeline) = facts.pipeline.get() else {
        return Found::unknown(facts.why_not("the pipeline", &facts.pipeline));
    };
    let Some(hosting) = &pipeline.hosting else {
        return Found::unknown("the evidence doesn't say whose machine it was");
    };
    let token = claim(facts, RUNNER).map(|(_, word)| meaning(word));
    let known = |says: &str| matches!(says, "hosted" | "self-hosted");
    let witnesses = hosting.witnesses.iter().map(|witness| witness.says.as_str());
    let mut said: Vec<&str> = witnesses.chain(token).filter(|says| known(says)).collect();
    // The token is one witness, whether it is in the list or beside it.
    let in_list = hosting.witnesses.iter().any(|one| one.from.starts_with("token claim"));
    let count = said.len() - usize::from(in_list && token.is_some_and(known));
    said.sort_unstable();
    said.dedup();
    let found = if said.len() > 1 || !hosting.agree {
        Found::fail("expected one answer to whose machine it was, found two")
    } else if count < 2 {
        return Found::unknown("fewer than two witnesses say whose machine it was");
    } else {
        Found::pass(format!("{count} witnesses say the same"))
    };
    found.value("witnesses", words(hosting)).at("/pipeline/value/hosting/witnesses")
}

fn words(hosting: &Hosting) -> String {
    let all = hosting.witnesses.iter().map(|one| format!("{} says {}", one.from, one.says));
    all.collect::<Vec<_>>().join("; ")
}

pub(super) const FRESH: Question = Question {
    id: "machine-looks-fresh",
    title: "Signs of a fresh machine",
    asks: "Does the machine look new and unshared: not seen before, nothing left over, nothing that others can write to?",
    claims: &["2.1-03"],
    reads: &["environment.signs", "identity"],
    proves: "Only a sign: nothing was seen that an earlier build left behind, or through which another user could reach this one.",
    not: "That the machine was thrown away, or that builds are kept apart: whoever owns a machine can make it show what they like.",
    remedy: &remedies::FRESH,
    failure: Failure::Weakens,
    answer: Answer::Evidence(fresh),
};

fn fresh(facts: &Facts<'_>) -> Found {
    let Some(signs) = signs(facts) else {
        return Found::unknown(no_signs(facts));
    };
    // On a machine that the platform lends for one job there is nobody else who could write: such machines
    // leave much open to their only user.
    let alone = matches!(
        facts.identity_standing.standing,
        Standing::JobChecked | Standing::PlatformVouched
    );
    let alone = claim(facts, RUNNER).filter(|(_, word)| alone && meaning(word) == "hosted");
    let others: u64 = signs.writable_by_others.iter().map(|one| one.count).sum();
    let checks = [
        ("machine_seen_before", signs.machine_seen_before, "the build before ran on it too"),
        (
            "untracked_files",
            signs.untracked_files.map(|files| files > 0),
            "files lay in the checkout that git doesn't track",
        ),
        (
            "runtime_socket_writable",
            Some(signs.runtime_socket_writable && alone.is_none()),
            "whoever runs code in the job can start containers, and so own the machine",
        ),
        (
            "writable_by_others",
            Some(others > 0 && alone.is_none()),
            "other users of the machine can write to what the build uses",
        ),
    ];
    let against = checks.iter().filter(|(_, seen, _)| *seen == Some(true));
    let (names, seen): (Vec<_>, Vec<_>) = against.map(|(name, _, what)| (*name, *what)).unzip();
    let at = |found: Found, name: &&str| found.at(format!("{SIGNS}/{name}"));
    let found = if seen.is_empty() {
        if signs.machine_seen_before.is_none() {
            return Found::unknown("no build before was compared: was the machine seen before?");
        }
        if signs.untracked_files.is_none() {
            return Found::unknown("what lay in the checkout before the build isn't known");
        }
        let found = Found::pass("not seen before, nothing left over, nothing open to others");
        checks.iter().fold(found, |found, (name, _, _)| at(found, name))
    } else {
        let why = format!("expected a machine that looks fresh, found: {}", seen.join("; "));
        names.iter().fold(Found::fail(why), at)
    };
    let found = match (&alone, signs.runtime_socket_writable || others > 0) {
        // It decided that the openness doesn't count.
        (Some((pointer, _)), true) if seen.is_empty() => found.at(pointer),
        _ => found,
    };
    let files = signs.untracked_files.map_or("not known".to_owned(), |files| files.to_string());
    let before = match signs.machine_seen_before {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    };
    let socket = if signs.runtime_socket_writable { "yes" } else { "no" };
    found
        .value("seen before", before)
        .value("untracked files", files)
        .value("container socket open", socket)
        .value("open to others", others.to_string())
}

pub(super) const IN_A_PIPELINE: Question = Question {
    id: "built-in-a-pipeline",
    title: "Built in a pipeline",
    asks: "Was it built in a run of a known platform's pipeline, apart from where code is written?",
    claims: &["2.1-01"],
    reads: &["pipeline"],
    proves: "The evidence names the platform's run in which the build took place; where its token names the same run, the platform says so.",
    not: "That the machine was used for nothing else. Without a token anyone can set the variables that name a run.",
    remedy: &shared::BRACKET,
    failure: Failure::Weakens,
    answer: Answer::Evidence(in_a_pipeline),
};

fn in_a_pipeline(facts: &Facts<'_>) -> Found {
    let Some(pipeline) = facts.pipeline.get() else {
        return Found::unknown(facts.why_not("the pipeline", &facts.pipeline));
    };
    let found = match (pipeline.platform.as_str(), &pipeline.run_id) {
        ("github" | "gitlab", Some(run)) => {
            Found::pass("a run of a pipeline").value("run", run).at("/pipeline/value/run_id")
        }
        ("github" | "gitlab", None) => return Found::unknown("it names no run of the platform"),
        ("local", _) => Found::fail("expected a run of a pipeline, found nothing that names one")
            .at("/pipeline/value/platform"),
        _ => return Found::unknown("what ran it isn't a platform that is known"),
    };
    found.value("platform", &pipeline.platform)
}

pub(super) const NO_PERSON: Question = Question {
    id: "no-person-at-work",
    title: "No person at the machine",
    asks: "Was nothing seen of a person at work on the machine: no terminal, no remote session, no debug logging?",
    claims: &["2.1-01"],
    reads: &["environment.signs"],
    proves: "Only a sign: none of the usual traces of a session was there when the build began.",
    not: "That nobody was logged in: a session can hide its traces, and can begin later.",
    remedy: &remedies::SESSIONS,
    failure: Failure::Weakens,
    answer: Answer::Evidence(no_person),
};

fn no_person(facts: &Facts<'_>) -> Found {
    let Some(signs) = signs(facts) else {
        return Found::unknown(no_signs(facts));
    };
    let seen = signs.sessions.iter().map(|one| format!("{} ({})", one.kind, one.seen_by));
    let seen: Vec<String> = seen.collect();
    let found = if seen.is_empty() {
        Found::pass("no trace of a session was seen")
    } else {
        Found::fail(format!("expected no trace of a session, found {}", seen.len()))
            .value("seen", seen.join(", "))
    };
    found.at(format!("{SIGNS}/sessions"))
}

pub(super) const UNPRIVILEGED: Question = Question {
    id: "build-user-is-unprivileged",
    title: "Rights of the build's user",
    asks: "Did the build run as an ordinary user, without the rights of the system's administrator?",
    claims: &["2.1-01"],
    reads: &["environment.privileged"],
    proves: "The user that the build ran as wasn't the system's administrator.",
    not: "That the user couldn't become one, as on most of the platforms' own machines.",
    remedy: &remedies::UNPRIVILEGED,
    failure: Failure::Weakens,
    answer: Answer::Evidence(unprivileged),
};

fn unprivileged(facts: &Facts<'_>) -> Found {
    let Some(environment) = facts.environment.get() else {
        return Found::unknown(facts.why_not("the environment", &facts.environment));
    };
    let found = match environment.privileged {
        Some(false) => Found::pass("the build ran as an ordinary user"),
        Some(true) => {
            Found::fail("expected an ordinary user, found the system's administrator (root)")
        }
        None => return Found::unknown("which rights the build's user had isn't known"),
    };
    found.at("/environment/value/privileged")
}
