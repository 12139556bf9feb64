//! Provision 2.1: who can reach the build.

mod credentials;
mod identity;
mod machine;
mod people;
mod remedies;
mod rules;

use super::{Claim, Provision};
use crate::assess::embedded::Standing;
use crate::assess::facts::Facts;
use crate::format::evidence::{CheckedToken, Signs, TokenJob};

/// Provision 2.1.
pub(super) static PROVISION: Provision = Provision {
    number: "2.1",
    draft: "Ensure the build environment is protected against unauthorised access.",
    verb: "shall",
    last: Some("Protect the build environment against unauthorised access."),
    claims: &[
        Claim {
            id: "2.1-01",
            text: "Roles are defined that specify the data and functionality that each role is allowed to access.",
        },
        Claim {
            id: "2.1-02",
            text: "Users of the build environment are required to authenticate on a regular basis.",
        },
        Claim {
            id: "2.1-03",
            text: "Users of the build environment are issued with credentials bound to their role.",
        },
        Claim { id: "2.1-04", text: "Credentials are securely managed and stored." },
        Claim { id: "2.1-05", text: "Credentials are multi factor." },
        Claim {
            id: "2.1-06",
            text: "Users with access to the build environment are regularly reviewed to ensure they still have a legitimate need.",
        },
    ],
    questions: &[
        identity::CHECKED,
        identity::SHORT_LIVED,
        identity::LEAST_PERMISSIONS,
        machine::HOSTED,
        machine::WITNESSES_AGREE,
        machine::FRESH,
        machine::IN_A_PIPELINE,
        machine::NO_PERSON,
        machine::UNPRIVILEGED,
        credentials::OUT_OF_REACH,
        credentials::KEYLESS,
        credentials::NONE_STANDING,
        rules::TRIGGER,
        rules::REF,
        rules::ENVIRONMENT,
        rules::APPROVED,
        people::RECENT,
        people::ROLES,
        people::AUTHENTICATE,
        people::MULTI_FACTOR,
        people::REVIEWED,
        people::LEAVERS,
        people::SECRETS,
        people::TESTED,
    ],
};

/// What the machine shows, and where that stands.
const SIGNS: &str = "/environment/value/signs/value";

fn signs<'f>(facts: &'f Facts<'_>) -> Option<&'f Signs> {
    facts.environment.get()?.signs.get()
}

/// Why there are no signs.
fn no_signs(facts: &Facts<'_>) -> String {
    match facts.environment.get() {
        Some(environment) => {
            facts.why_not("what the machine shows of who may reach it", &environment.signs)
        }
        None => facts.why_not("the environment", &facts.environment),
    }
}

/// The token of the job that built, with its place in the list.
fn build_token<'f>(facts: &'f Facts<'_>) -> Option<(usize, &'f CheckedToken)> {
    let mut tokens = facts.identity.get()?.tokens.iter().enumerate();
    tokens.find(|(_, token)| token.job == TokenJob::Build)
}

/// A claim of the build's token, with its place. None of a token that the statement contradicts.
fn claim<'f>(facts: &'f Facts<'_>, name: &str) -> Option<(String, &'f str)> {
    if facts.identity_standing.standing == Standing::Contradicted {
        return None;
    }
    let (place, token) = build_token(facts)?;
    let claim = token.claims.get(name)?;
    Some((format!("/identity/value/tokens/{place}/claims/{name}"), claim))
}
