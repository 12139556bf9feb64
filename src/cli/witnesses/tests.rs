//! What is heard where nobody answers, and what is recorded of a token.

use std::collections::BTreeMap;

use super::*;
use crate::base::digest::Sha256;
use crate::base::time::Time;
use crate::capture::platform;
use crate::format::evidence::TokenKey;
use crate::format::fact::Status;

/// Port 9 of this machine: nobody is there, and nobody else is asked.
const GITHUB: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_API_URL", "http://127.0.0.1:9/api"),
    ("GITHUB_REF", "refs/heads/main"),
    ("GITHUB_REPOSITORY", "octo/app"),
    ("GITHUB_REPOSITORY_ID", "1"),
    ("GITHUB_RUN_ATTEMPT", "1"),
    ("GITHUB_RUN_ID", "3"),
    ("GITHUB_TOKEN", "t0ken-t0ken"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "b3arer-b3arer"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:9/token"),
];

fn provenance() -> PlatformProvenance {
    PlatformProvenance {
        from: "bundle".to_owned(),
        sha256: Sha256::of(b"bundle"),
        predicate_type: None,
        builder: None,
        subjects: vec![Sha256::of(b"a")],
        signed: true,
    }
}

/// Hears the witnesses of a job with these variables, and what `look` makes of it.
fn hear(
    pairs: &[(&str, &str)],
    args: &WitnessArgs,
    stop: bool,
    provenance: &[PlatformProvenance],
) -> Heard {
    let variables = Variables::new(pairs.iter().copied());
    let redactor = Redactor::default();
    let platform = platform::capture(&variables, &redactor);
    let witnesses = Witnesses {
        args,
        variables: &variables,
        redactor: &redactor,
        stop: &|| stop,
        talk: Talk::new(true),
    };
    witnesses.hear(&About {
        job: TokenJob::Build,
        build_id: "00",
        signers: &[],
        subjects: &[],
        platform: &platform,
        source: None,
        root: None,
        provenance,
    })
}

fn gaps<'h>(heard: &'h Heard, part: &str) -> Vec<&'h Gap> {
    heard.gaps.iter().filter(|gap| gap.part == part).collect()
}

#[test]
fn where_no_platform_is_nobody_is_missed() {
    for pairs in [&[][..], &[("CI", "true")]] {
        for offline in [false, true] {
            let args = WitnessArgs { offline, ..WitnessArgs::default() };
            let heard = hear(pairs, &args, false, &[]);
            assert_eq!(heard.identity.status, Status::NotApplicable);
            assert_eq!(heard.controls.status, Status::NotApplicable);
            assert!(heard.gaps.is_empty(), "{:?}", heard.gaps);
        }
    }
}

#[test]
fn whoever_is_told_to_ask_nobody_asks_nobody_and_says_so() {
    let offline = WitnessArgs { offline: true, ..WitnessArgs::default() };
    let heard = hear(GITHUB, &offline, false, &[]);
    for (status, reason) in [
        (heard.identity.status, heard.identity.reason.as_deref()),
        (heard.controls.status, heard.controls.reason.as_deref()),
    ] {
        assert_eq!((status, reason), (Status::Unavailable, Some("nobody was asked (--offline)")));
    }
    for part in ["identity", "controls"] {
        assert!(gaps(&heard, part)[0].cure.as_deref().unwrap().contains("--offline"));
    }
}

#[test]
fn once_the_end_was_asked_for_nobody_is_asked() {
    let heard = hear(GITHUB, &WitnessArgs::default(), true, &[]);
    assert_eq!(heard.identity.reason.as_deref(), Some("the end was asked for"));
    assert_eq!(heard.controls.reason.as_deref(), Some("the end was asked for"));
    assert_eq!(heard.gaps.len(), 2);
}

#[test]
fn a_job_without_tokens_is_told_what_it_lacks_once_each() {
    let bare = &GITHUB[..7];
    let heard = hear(bare, &WitnessArgs::default(), false, &[]);
    let [identity] = gaps(&heard, "identity")[..] else { panic!("{:?}", heard.gaps) };
    assert!(identity.cure.as_deref().unwrap().contains("id-token: write"));
    let [controls] = gaps(&heard, "controls")[..] else { panic!("{:?}", heard.gaps) };
    assert!(controls.cure.as_deref().unwrap().contains("GITHUB_TOKEN"));
    assert_eq!(heard.gaps.len(), 2, "{:?}", heard.gaps);
    assert_eq!(heard.controls.status, Status::Unavailable);

    let gitlab = [("GITLAB_CI", "true"), ("CI_PROJECT_ID", "1"), ("CI_PIPELINE_ID", "2")];
    let heard = hear(&gitlab, &WitnessArgs::default(), false, &[]);
    let cure = gaps(&heard, "identity")[0].cure.as_deref().unwrap();
    assert!(cure.contains("id_tokens: { PROOFMARK_ID_TOKEN"), "{cure}");
    assert_eq!(gaps(&heard, "controls").len(), 1);
}

#[test]
fn a_proxy_that_cannot_be_read_is_a_gap_that_does_not_repeat_it() {
    let pairs = [GITHUB, &[("https_proxy", "socks5://t0ken-t0ken")]].concat();
    let heard = hear(&pairs, &WitnessArgs::default(), false, &[]);
    assert!(gaps(&heard, "identity")[0].cure.as_deref().unwrap().contains("HTTPS_PROXY"));
    assert!(!format!("{:?}", heard.gaps).contains("t0ken"));
}

#[test]
fn a_platform_that_cannot_be_reached_leaves_a_gap_for_each_question() {
    let heard = hear(GITHUB, &WitnessArgs::default(), false, &[]);
    assert_eq!(heard.identity.status, Status::Unavailable);
    let controls = heard.controls.get().unwrap();
    assert_eq!(controls.api.as_deref(), Some("http://127.0.0.1:9"));
    assert_eq!(controls.branch_rules.status, Status::Unavailable);
    assert_eq!(controls.job.status, Status::Unavailable);
    for part in ["identity", "controls.branch_rules", "controls.job", "controls.environment"] {
        assert_eq!(gaps(&heard, part).len(), 1, "{part}");
    }
    let said = format!("{:?} {:?} {:?}", heard.identity, heard.controls, heard.gaps);
    assert!(!said.contains("t0ken") && !said.contains("b3arer"), "{said}");
}

/// What helps passes the sweep of everything that is written, and what is said.
#[test]
fn no_cure_is_taken_for_a_credential() {
    for pairs in [&GITHUB[..7], &[("GITLAB_CI", "true")]] {
        let heard = hear(pairs, &WitnessArgs::default(), false, &[]);
        for gap in &heard.gaps {
            let cure = gap.cure.as_deref().unwrap();
            assert_eq!(Redactor::default().scrub(cure).text, cure);
        }
    }
}

/// Nobody's silence takes away what lies on the disk.
#[test]
fn provenance_from_a_file_is_there_whoever_is_silent() {
    let offline = WitnessArgs { offline: true, ..WitnessArgs::default() };
    for (pairs, args) in [(&[][..], WitnessArgs::default()), (GITHUB, offline)] {
        let heard = hear(pairs, &args, false, &[provenance(), provenance()]);
        assert_eq!(heard.controls.basis, Basis::Attached);
        let controls = heard.controls.get().unwrap();
        assert_eq!(controls.provenance.get(), Some(&vec![provenance()]));
        assert!(controls.api.is_none() && controls.branch_rules.get().is_none());
    }
}

fn checked(claims: &[(&str, &str)]) -> crate::token::Checked {
    crate::token::Checked {
        issuer: "https://token.actions.githubusercontent.com".to_owned(),
        audience: "a".to_owned(),
        claims: claims.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        key: TokenKey { id: "k".to_owned(), thumbprint: Sha256::of(b""), bits: 2048 },
        issued: None,
        not_before: None,
        expires: Time::now(),
    }
}

/// What is recorded of these claims for a job of GitHub's.
fn recorded(job: TokenJob, claims: &[(&str, &str)], embed_token: bool) -> Identified {
    let variables = Variables::new([
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY_ID", "1"),
        ("GITHUB_RUN_ID", "3"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("RUNNER_ENVIRONMENT", "self-hosted"),
    ]);
    let redactor = Redactor::new(["canary-canary".to_owned()]);
    let platform = platform::capture(&variables, &redactor);
    let args = WitnessArgs { embed_token, ..WitnessArgs::default() };
    let witnesses = Witnesses {
        args: &args,
        variables: &variables,
        redactor: &redactor,
        stop: &|| false,
        talk: Talk::new(true),
    };
    let about = About {
        job,
        build_id: "00",
        signers: &["SHA256:b".to_owned(), "SHA256:a".to_owned()],
        subjects: &[],
        platform: &platform,
        source: None,
        root: None,
        provenance: &[],
    };
    witnesses.recorded_for_tests(&about, checked(claims))
}

const CLAIMS: &[(&str, &str)] = &[
    ("actor", "somebody"),
    ("aud", "a"),
    ("base_ref", ""),
    ("ref", "refs/heads/canary-canary"),
    ("repository_id", "1"),
    ("run_attempt", "2"),
    ("run_id", "3"),
    ("runner_environment", "github-hosted"),
    ("sub", "repo:octo/app:environment:production"),
    ("user_email", "somebody@example.org"),
];

#[test]
fn claims_are_recorded_by_a_list_and_people_apart() {
    let Identified { token, people, withheld } = recorded(TokenJob::Build, CLAIMS, false);
    let names: Vec<_> = token.claims.keys().map(String::as_str).collect();
    assert_eq!(names, ["ref", "repository_id", "run_attempt", "run_id", "runner_environment"]);
    assert_eq!(token.claims["ref"], "refs/heads/[withheld: known-secret]");
    assert_eq!(withheld.len(), 1);
    assert_eq!(people, BTreeMap::from([("build.actor".to_owned(), "somebody".to_owned())]));
    assert_eq!(token.signers, ["SHA256:a", "SHA256:b"]);
    assert_eq!(token.token, None);
    assert_eq!(recorded(TokenJob::Build, CLAIMS, true).token.token.as_deref(), Some("x.y.z"));
}

#[test]
fn what_a_token_denies_is_named_with_both_sides() {
    let build = recorded(TokenJob::Build, CLAIMS, false).token;
    let said: Vec<_> = disagreements(&build).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(
        said[0],
        "the platform's token contradicts pipeline.run_attempt: \
         expected 2, as its run_attempt says, found 1"
    );
    assert!(said[1].contains("runner_environment"), "{}", said[1]);
}

/// A signature may be made on another runner, and tried again.
#[test]
fn a_job_that_signs_shares_the_run_with_the_build_and_not_attempt_and_runner() {
    let identified = recorded(TokenJob::Signing, CLAIMS, false);
    assert_eq!(disagreements(&identified.token).count(), 0);
    let facts: Vec<_> = identified.token.agreement.iter().map(|entry| &*entry.fact).collect();
    assert_eq!(facts, ["pipeline.repository_id", "pipeline.run_id"]);
    assert!(identified.people.is_empty());
}

#[test]
fn a_summary_is_one_line_whatever_the_claims_hold() {
    let identified =
        recorded(TokenJob::Build, &[("run_id", "3\n::set-output"), ("ref", "x")], false);
    let said = identified.summary();
    assert_eq!(said, "repository id unknown, run 3\\u{a}::set-output, unknown");
}
