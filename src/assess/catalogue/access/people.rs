//! What no job can see: who may log in, how, and who looks after that.

use super::remedies;
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::cut;
use crate::base::time::{Day, Time};
use crate::format::evidence::Attachment;

/// Most days between a document's day and the build, of documents on who has access.
const ACCESS_DAYS_MAX: i64 = 90;
/// Of all others.
const DAYS_MAX: i64 = 365;
const DAY: i64 = 86_400;
/// By so many seconds a day begins earlier than in UTC where it begins first.
const EASTERNMOST: i64 = 14 * 3600;

/// A pass of what only people can show is no pass.
const NOTHING: &str = "Nothing by itself: a document was attached, and people read it.";

pub(super) const RECENT: Question = Question {
    id: "attached-documents-are-recent",
    title: "Age of attached documents",
    asks: "Is every attached document of a day shortly before the build: at most 90 days for reviews of access and exports of second factors, at most a year for others?",
    claims: &["2.1-05", "2.1-06"],
    reads: &["attached", "build.finished"],
    proves: "Each attached document is, by the day that was stated for it, recent enough.",
    not: "That the day is right, or that what the document says is true.",
    remedy: &remedies::REVIEW,
    failure: Failure::Weakens,
    answer: Answer::Evidence(recent),
};

fn recent(facts: &Facts<'_>) -> Found {
    let Some(attached) = facts.attached.get().filter(|attached| !attached.is_empty()) else {
        return Found::unknown("no document is attached");
    };
    let Some(build) = &facts.build else {
        return Found::unknown("the evidence doesn't say when the build ended");
    };
    let ages: Vec<_> = attached.iter().map(|one| (one, age(one, build.finished))).collect();
    let wrong = ages.iter().find_map(|(document, age)| match age {
        Age::After => Some(format!("{}: its day comes after the build", shown(document))),
        Age::Days(days) if *days > most(document) => Some(format!(
            "{}: expected at most {} days before the build, found {days}",
            shown(document),
            most(document)
        )),
        _ => None,
    });
    let undated = ages.iter().find(|(_, age)| matches!(age, Age::Unknown));
    let found = match (wrong, undated) {
        (Some(why), _) => Found::fail(why),
        (None, Some((document, _))) => {
            return Found::unknown(format!("nobody says of which day {} is", shown(document)));
        }
        (None, None) => Found::pass("every attached document is recent"),
    };
    let dated = attached.iter();
    dated
        .fold(found, |found, one| {
            let day = one.date.as_deref().unwrap_or("no day");
            found.value("document", format!("{}: {day}", shown(one)))
        })
        .at("/attached/value")
}

/// How old a document was when the build ended.
enum Age {
    Days(i64),
    After,
    Unknown,
}

fn age(document: &Attachment, finished: Time) -> Age {
    let day = document.date.as_deref().filter(|day| day.parse::<Day>().is_ok());
    let Some(start) = day.and_then(|day| format!("{day}T00:00:00Z").parse::<Time>().ok()) else {
        return Age::Unknown;
    };
    match finished.seconds_since(start) {
        seconds if seconds < -EASTERNMOST => Age::After,
        seconds => Age::Days(seconds / DAY),
    }
}

fn most(document: &Attachment) -> i64 {
    match document.kind.as_str() {
        "access-review" | "mfa-export" => ACCESS_DAYS_MAX,
        _ => DAYS_MAX,
    }
}

fn shown(document: &Attachment) -> String {
    format!("{} {}", cut(&document.kind, 60), cut(&document.name, 100))
}

pub(super) const ROLES: Question = Question {
    id: "roles-are-defined",
    title: "Roles and their rights",
    asks: "Is it written down which roles there are in the build environment, and what each may see and do?",
    claims: &["2.1-01"],
    reads: &["attached"],
    proves: NOTHING,
    not: "That the policy is followed.",
    remedy: &shared::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

pub(super) const AUTHENTICATE: Question = Question {
    id: "people-authenticate-regularly",
    title: "People log in again and again",
    asks: "Must everybody who can reach the build environment log in again after a fixed time?",
    claims: &["2.1-02"],
    reads: &["attached"],
    proves: NOTHING,
    not: "That it is true: no job can see how people log in.",
    remedy: &shared::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy", "mfa-export"]),
};

pub(super) const MULTI_FACTOR: Question = Question {
    id: "multi-factor-is-required",
    title: "Multi-factor authentication",
    asks: "Must everybody who can reach the build environment authenticate with more than one factor?",
    claims: &["2.1-05"],
    reads: &["attached"],
    proves: NOTHING,
    not: "That it is true: no job can see how people log in.",
    remedy: &remedies::MFA,
    failure: Failure::Weakens,
    answer: Answer::People(&["mfa-export"]),
};

pub(super) const REVIEWED: Question = Question {
    id: "access-is-reviewed",
    title: "Review of who has access",
    asks: "Does somebody regularly go through everybody who can reach the build environment, and ask whether they still need to?",
    claims: &["2.1-06"],
    reads: &["attached"],
    proves: NOTHING,
    not: "That the review was thorough, or that its results were carried out.",
    remedy: &remedies::REVIEW,
    failure: Failure::Weakens,
    answer: Answer::People(&["access-review"]),
};

pub(super) const LEAVERS: Question = Question {
    id: "leavers-lose-access",
    title: "Leavers lose their access",
    asks: "Do people lose their access to the build environment when they leave or no longer need it?",
    claims: &["2.1-06"],
    reads: &["attached"],
    proves: NOTHING,
    not: "That it happened in time for each of them.",
    remedy: &remedies::REVIEW,
    failure: Failure::Weakens,
    answer: Answer::People(&["access-review", "policy"]),
};

pub(super) const SECRETS: Question = Question {
    id: "secrets-are-stored-safely",
    title: "How secrets are kept",
    asks: "Are the passwords, keys and tokens of the build environment kept in a safe store, and is no default one in use?",
    claims: &["2.1-04"],
    reads: &["attached"],
    proves: NOTHING,
    not: "That every secret is in that store: a job sees only what it is given.",
    remedy: &shared::ATTACH_POLICY,
    failure: Failure::Weakens,
    answer: Answer::People(&["policy"]),
};

pub(super) const TESTED: Question = Question {
    id: "environment-is-tested",
    title: "Test by an attacker's means",
    asks: "Has somebody independent tried to get into the build environment, and was what they found put right?",
    claims: &[],
    reads: &["attached"],
    proves: NOTHING,
    not: "That what wasn't tried is safe.",
    remedy: &remedies::TEST,
    failure: Failure::Weakens,
    answer: Answer::People(&["penetration-test"]),
};
