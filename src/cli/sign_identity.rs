//! Two jobs and a token of each: what `proofmark sign` makes of the build's, and its own.

use super::failure::Failure;
use super::keys::Keys;
use super::witnesses::{About, Identified, Witnesses, disagreements, recorded_claims};
use crate::base::text::Printable;
use crate::capture::platform::Platform;
use crate::format::evidence::{Binds, CheckedToken, TokenJob};
use crate::statement::Told;
use crate::token;
use crate::token::{agreement, audience};

const HINT: &str =
    "sign in a job of the run that built it, what that job captured; nothing was signed";

/// The token that a capture says its job had. Nobody can check it again here; that it was asked for this very
/// capture, and says what the capture does, can be.
///
/// Whoever holds the build job can write into the capture what they like, and this job's signature would stand
/// below it.
pub(super) fn check_told(told: &Told) -> Result<(), Failure> {
    let evidence = told.evidence();
    let refuse = |what: &str| {
        Err(Failure::trouble(format_args!("the token of the build job can't be its own: {what}"))
            .hint("the capture was altered: find out by what; nothing was signed"))
    };
    let Some(identity) = evidence.identity.get() else { return Ok(()) };
    for token in &identity.tokens {
        let Some(pipeline) = evidence.pipeline.get() else {
            return refuse("the capture names no platform");
        };
        let claim = |name: &str| token.claims.get(name).map_or("", String::as_str);
        let (platform, binds, expected) = match pipeline.platform.as_str() {
            "github" => {
                // The build job signed nothing.
                let audience = audience::of_build(&evidence.build.id, &[], told.subjects());
                (token::Platform::GitHub, Binds::Build, audience)
            }
            "gitlab" => {
                let audience = audience::of_pipeline(claim("project_id"), claim("pipeline_id"));
                (token::Platform::GitLab, Binds::Pipeline, audience)
            }
            _ => return refuse("the capture's platform gives none"),
        };
        if token.binds != binds || token.audience != expected || !token.signers.is_empty() {
            return refuse("it is for something else than this capture");
        }
        if token.claims.keys().any(|name| !recorded_claims(platform).contains(&name.as_str())) {
            return refuse("it has a claim that proofmark doesn't record");
        }
        if let Some(text) = &token.token {
            let claims = token::unchecked_claims(text).unwrap_or_default();
            let is_own = |(name, value): (&String, &String)| {
                claims.get(name).is_some_and(|claimed| token::is_what_is_left(value, claimed))
            };
            if claims.get("aud") != Some(&token.audience)
                || claims.get("iss") != Some(&token.issuer)
                || !token.claims.iter().all(is_own)
            {
                return refuse(
                    "the token that is kept says something else than what is recorded of it",
                );
            }
        }
        let stated = agreement(platform, &token.claims, pipeline, evidence.source.get());
        if stated != token.agreement {
            return refuse("what it agrees with isn't what its claims say");
        }
        if let Some(said) = disagreements(token).next() {
            return Err(Failure::trouble(said).hint(HINT));
        }
    }
    Ok(())
}

/// This job's own token, which commits to the capture and to the keys that sign it. What it says of the run
/// must be what the capture says, and what the other job's token says.
pub(super) fn identify(
    told: &Told,
    platform: Platform,
    keys: &Keys,
    witnesses: &Witnesses<'_>,
) -> Result<Option<Identified>, Failure> {
    let evidence = told.evidence();
    // The claims are held against what the capture states, not against this job's variables.
    let pipeline = evidence.pipeline.get().cloned().unwrap_or_default();
    let identified = witnesses.identify(&About {
        job: TokenJob::Signing,
        build_id: &evidence.build.id,
        signers: &keys.fingerprints(),
        subjects: told.subjects(),
        platform: &Platform { pipeline, ..platform },
        source: evidence.source.get(),
        root: None,
        provenance: &[],
    });
    if let Some(Identified { token, .. }) = &identified {
        let tokens = evidence.identity.get().map_or(&[][..], |identity| &identity.tokens);
        let other = tokens.iter().find_map(|built| other_run(built, token));
        if let Some(said) = disagreements(token).next().or(other) {
            return Err(Failure::trouble(said).hint(HINT));
        }
    }
    Ok(identified)
}

/// What the tokens of two jobs of one run have in common, where these don't.
fn other_run(built: &CheckedToken, signing: &CheckedToken) -> Option<String> {
    let claims = ["repository_id", "run_id", "project_id", "pipeline_id", "sha"];
    let claims = claims.map(|name| (name, [signing, built].map(|token| token.claims.get(name))));
    let issuer = ("iss", [Some(&signing.issuer), Some(&built.issuer)]);
    let (name, pair) =
        std::iter::once(issuer).chain(claims).find(|(_, [own, found])| own != found)?;
    let [own, found] = pair.map(|text| Printable(text.map_or("none", String::as_str)).to_string());
    Some(format!(
        "the token of the build job is of another {name}: expected {own} (this job's token), found {found}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::digest::Sha256;
    use crate::base::time::Time;
    use crate::format::evidence::TokenKey;

    fn token(claims: &[(&str, &str)]) -> CheckedToken {
        CheckedToken {
            job: TokenJob::Build,
            issuer: "https://gitlab.com".to_owned(),
            audience: String::new(),
            binds: Binds::Build,
            signers: Vec::new(),
            claims: claims.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            key: TokenKey { id: "k".to_owned(), thumbprint: Sha256::of(b""), bits: 2048 },
            issued: None,
            not_before: None,
            expires: Time::now(),
            checked: Time::now(),
            agreement: Vec::new(),
            token: None,
        }
    }

    #[test]
    fn tokens_of_two_jobs_are_of_one_run_or_nothing_is_signed() {
        let one = token(&[("run_id", "1"), ("sha", "a"), ("check_run_id", "7")]);
        assert_eq!(other_run(&one, &one), None);
        let sibling = token(&[("run_id", "1"), ("sha", "a"), ("check_run_id", "8")]);
        assert_eq!(other_run(&one, &sibling), None, "the job is another, and has to be");
        for claims in [&[("run_id", "2"), ("sha", "a")][..], &[("run_id", "1")], &[]] {
            let said = other_run(&one, &token(claims)).unwrap();
            assert!(said.contains("expected") && said.contains("found"), "{said}");
        }
        let elsewhere = CheckedToken { issuer: "https://a.example".to_owned(), ..one.clone() };
        assert!(other_run(&one, &elsewhere).unwrap().contains("another iss"));
    }
}
