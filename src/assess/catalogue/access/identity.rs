//! Who the platform says ran the build, and what that identity may do.

use super::{build_token, remedies};
use crate::assess::catalogue::{Answer, Failure, Question, remedies as shared};
use crate::assess::embedded::Standing;
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::format::evidence::{Definition, DefinitionKind, PathText};

/// Longest life of a job's token, in seconds.
const LIFE_MAX: i64 = 3600;

pub(super) const CHECKED: Question = Question {
    id: "workload-identity-checked",
    title: "The platform's word for who ran it",
    asks: "Does the evidence rest on a token in which the platform says which job of which repository ran, and does nothing contradict it?",
    claims: &["2.1-03"],
    reads: &["identity", "pipeline", "source"],
    proves: "The platform gave this job an identity of its own, for this repository and this run, and what the evidence says is the same.",
    not: "That nobody tampered with the job, or how the person who started it logged in. Self-asserted means that the signer alone says that there was a token.",
    remedy: &shared::TOKEN,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(checked),
};

fn checked(facts: &Facts<'_>) -> Found {
    let judged = &facts.identity_standing;
    let reason = judged.reason.as_deref();
    let found = match judged.standing {
        Standing::Unavailable => {
            return Found::unknown(reason.unwrap_or("the evidence records no token"));
        }
        Standing::Contradicted => Found::fail(format!(
            "expected the evidence to say what the token says; {}",
            reason.unwrap_or("it doesn't")
        )),
        Standing::SelfAsserted => Found::pass(match reason {
            Some(reason) => format!("the evidence records a token on its own word alone: {reason}"),
            None => "the evidence records a token on its own word alone".to_owned(),
        }),
        Standing::JobChecked => Found::pass(
            "the job that built says that it checked the platform's token, and the evidence agrees with it",
        ),
        Standing::PlatformVouched => Found::pass(
            "the platform's token was checked here with the platform's keys, and the evidence agrees with it",
        ),
    };
    let found = match &judged.issuer {
        Some(issuer) => found.value("issuer", issuer),
        None => found,
    };
    let found = judged.run.iter().fold(found, |found, (name, value)| found.value(name, value));
    found.at("/identity/value/tokens")
}

pub(super) const SHORT_LIVED: Question = Question {
    id: "job-token-is-short-lived",
    title: "Life of the job's token",
    asks: "Does the identity that the platform gave to each job end within an hour?",
    claims: &["2.1-02", "2.1-03"],
    reads: &["identity"],
    proves: "The job had to be given a new identity for this run, and it ended within an hour.",
    not: "How often people have to log in, or that the job held no other credential.",
    remedy: &shared::TOKEN,
    failure: Failure::Weakens,
    answer: Answer::Evidence(short_lived),
};

fn short_lived(facts: &Facts<'_>) -> Found {
    let judged = &facts.identity_standing;
    if judged.standing == Standing::Contradicted {
        return Found::unknown("the evidence contradicts the token that it records");
    }
    let Some(identity) = facts.identity.get() else {
        return Found::unknown(facts.why_not("the job's identity", &facts.identity));
    };
    if build_token(facts).is_none() {
        return Found::unknown("the evidence records no token of the job that built");
    }
    let mut longest = 0;
    let mut pointers = Vec::new();
    for (place, token) in identity.tokens.iter().enumerate() {
        let Some(issued) = token.issued else {
            return Found::unknown("a token doesn't say when it was issued");
        };
        let life = token.expires.seconds_since(issued);
        if life < 0 {
            return Found::unknown("a token ends before it was issued");
        }
        longest = longest.max(life);
        let at = |name: &str| format!("/identity/value/tokens/{place}/{name}");
        pointers.extend([at("issued"), at("expires")]);
    }
    let found = if longest <= LIFE_MAX {
        Found::pass(format!("the longest life of a token was {longest} seconds"))
    } else {
        Found::fail(format!("expected at most {LIFE_MAX} seconds, found {longest}"))
    };
    let found = found.value("seconds", longest.to_string());
    pointers.into_iter().fold(found, Found::at)
}

pub(super) const LEAST_PERMISSIONS: Question = Question {
    id: "job-permissions-are-least",
    title: "What the job's token may do",
    asks: "Does the running pipeline state what the platform's token may do in each job, and is that less than everything?",
    claims: &["2.1-01", "2.1-03"],
    reads: &["pipeline.definitions"],
    proves: "The definition of the pipeline limits what its jobs may do with the platform's token.",
    not: "That each of these rights is needed, or what other credentials the job was given.",
    remedy: &remedies::PERMISSIONS,
    failure: Failure::Weakens,
    answer: Answer::Evidence(least_permissions),
};

fn least_permissions(facts: &Facts<'_>) -> Found {
    let Some(pipeline) = facts.pipeline.get() else {
        return Found::unknown(facts.why_not("the pipeline", &facts.pipeline));
    };
    if pipeline.platform == "gitlab" {
        return Found::not_applicable(
            "a definition of GitLab's can't state what the job's token may do: the project's settings do",
        );
    }
    let running = pipeline.definitions.iter().enumerate();
    let running: Vec<_> =
        running.filter(|(_, one)| one.running && one.kind == DefinitionKind::Workflow).collect();
    if running.is_empty() {
        return Found::unknown("the evidence doesn't have the definition of the pipeline that ran");
    }
    let mut broad = Vec::new();
    let mut undecided = None;
    for (_, definition) in &running {
        match broad_in(definition) {
            Ok(found) => broad.extend(
                found
                    .into_iter()
                    .map(|(place, what)| (shown(definition), format!("{place}: {what}"))),
            ),
            Err(why) => undecided = undecided.or(Some(format!("{}: {why}", shown(definition)))),
        }
    }
    let found = match (broad.len(), undecided) {
        (0, Some(why)) => return Found::unknown(why),
        (0, None) => Found::pass("every job's rights are stated, and none may write everything")
            .value("may write", writable(&running)),
        (1, _) => Found::fail("expected stated and limited rights, found 1 place without"),
        (many, _) => {
            Found::fail(format!("expected stated and limited rights, found {many} places without"))
        }
    };
    let found = broad.iter().fold(found, |found, (path, what)| found.place(path, None, what));
    running
        .iter()
        .fold(found, |found, (place, _)| found.at(format!("/pipeline/value/definitions/{place}")))
}

fn shown(definition: &Definition) -> &str {
    match &definition.path {
        PathText::Path(path) | PathText::PathHex(path) => path,
    }
}

/// Where the token may do what isn't stated, or everything; why that can't be told.
fn broad_in(definition: &Definition) -> Result<Vec<(String, String)>, String> {
    let marks = definition.marks.iter().filter(|mark| mark.kind == "broad-permissions");
    let mut broad: Vec<_> = marks.map(|mark| (mark.place.clone(), mark.what.clone())).collect();
    if !broad.is_empty() {
        return Ok(broad);
    }
    if let Some(why) = definition.trouble.as_ref().or(definition.unclear.as_ref()) {
        return Err(why.clone());
    }
    if definition.jobs.is_empty() {
        return Err("it has no job whose rights could be seen".to_owned());
    }
    // A workflow that only others call has the rights of the job that calls it.
    let is_called = !definition.triggers.is_empty()
        && definition.triggers.iter().all(|trigger| trigger.event == "workflow_call");
    for job in &definition.jobs {
        let place = format!("jobs.{}", job.name);
        match job.permissions.as_ref().or(definition.permissions.as_ref()) {
            None if is_called => {}
            None => broad.push((place, "it states no permissions".to_owned())),
            Some(rights) => match rights.others.as_str() {
                "none" | "read" => {}
                "write" => broad.push((place, "it may write everything".to_owned())),
                "not stated" => broad.push((place, "it states no permissions".to_owned())),
                _ => return Err(format!("what {place} may do can't be decided")),
            },
        }
    }
    Ok(broad)
}

/// The scopes in which a job may write, in words.
fn writable(running: &[(usize, &Definition)]) -> String {
    let jobs = running.iter().flat_map(|(_, definition)| {
        let own = definition.jobs.iter().filter_map(|job| job.permissions.as_ref());
        own.chain(&definition.permissions)
    });
    let scopes = jobs.flat_map(|rights| &rights.scopes).filter(|(_, level)| *level == "write");
    let mut scopes: Vec<&str> = scopes.map(|(scope, _)| scope.as_str()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() { "nothing".to_owned() } else { scopes.join(", ") }
}
