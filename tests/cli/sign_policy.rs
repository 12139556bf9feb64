//! Who signs, and what a missing key means where.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::harness::{
    Call, EVIDENCE, Place, Said, UNSIGNED, contains, lines, private_der, private_pem, public_pem,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::Digest as _;

type Pairs<'a> = &'a [(&'a str, &'a str)];

const GITHUB: Pairs<'static> = &[("GITHUB_ACTIONS", "true"), ("CI", "true")];
const GITLAB: Pairs<'static> = &[("GITLAB_CI", "true"), ("CI", "true")];

fn without_key(place: &Place, platform: Pairs<'_>, more: Pairs<'_>) -> Call {
    place.call(&["run", "-a", "a", "--", "sh", "-c", "echo >a"]).vars(platform).vars(more)
}

#[test]
fn where_secrets_are_kept_from_a_run_its_evidence_is_unsigned_and_one_notice_says_so() {
    let branch = ("GITHUB_REF_TYPE", "branch");
    let cases: &[(Pairs<'_>, Pairs<'_>, &str)] = &[
        (GITHUB, &[("GITHUB_EVENT_NAME", "pull_request")], "pull or merge request"),
        (GITHUB, &[("GITHUB_EVENT_NAME", "pull_request_target"), branch], "pull or merge request"),
        (
            GITHUB,
            &[("GITHUB_EVENT_NAME", "push"), ("GITHUB_ACTOR", "dependabot[bot]"), branch],
            "Dependabot",
        ),
        (
            GITHUB,
            &[("GITHUB_EVENT_NAME", "push"), branch, ("GITHUB_REF_PROTECTED", "false")],
            "isn't protected",
        ),
        (GITLAB, &[("CI_PIPELINE_SOURCE", "merge_request_event")], "pull or merge request"),
        (GITLAB, &[("CI_MERGE_REQUEST_IID", "3")], "pull or merge request"),
        (
            GITLAB,
            &[("CI_COMMIT_BRANCH", "b"), ("CI_COMMIT_REF_PROTECTED", "false")],
            "isn't protected",
        ),
    ];
    for (platform, more, says) in cases {
        let place = Place::new();
        // Beside it, that neither the identity provider nor the API can be asked.
        without_key(&place, platform, more).exits(0).notices(3).tells(says).tells("unsigned");
        assert!(place.has(UNSIGNED) && !place.has(EVIDENCE), "{says}");
        let statements = lines(&place.at(UNSIGNED));
        assert_eq!(statements.len(), 2, "bare statements");
        assert_eq!(statements[0]["_type"], "https://in-toto.io/Statement/v1");
        let custody = &statements[1]["predicate"]["build"]["signing"]["key_custody"];
        assert_eq!(custody["custody"], "none");
        // With a key it is signed all the same.
        let signed = ["run", "-q", "--force", "--key", &place.key(1), "--", "true"];
        place.call(&signed).vars(platform).vars(more).exits(0);
        assert!(place.has(EVIDENCE));
    }
}

#[test]
fn everywhere_else_in_ci_a_missing_key_is_an_error_that_names_its_cause() {
    let branch = ("GITHUB_REF_TYPE", "branch");
    let push = ("GITHUB_EVENT_NAME", "push");
    let dependabot = ("GITHUB_ACTOR", "dependabot[bot]");
    let unprotected = ("GITHUB_REF_PROTECTED", "false");
    let gitlab_unprotected = ("CI_COMMIT_REF_PROTECTED", "false");
    let cases: &[(Pairs<'_>, Pairs<'_>, &str)] = &[
        (GITHUB, &[push, branch, ("GITHUB_REF_PROTECTED", "true")], "a protected branch"),
        (GITHUB, &[push, branch], "whether this run's ref is protected"),
        (
            GITHUB,
            &[push, branch, ("GITHUB_REF_PROTECTED", "")],
            "whether this run's ref is protected",
        ),
        (GITHUB, &[push, ("GITHUB_REF_TYPE", "tag"), unprotected], "a tag or a release"),
        (
            GITHUB,
            &[("GITHUB_EVENT_NAME", "release"), ("GITHUB_REF_TYPE", "tag")],
            "a tag or a release",
        ),
        (GITHUB, &[push, ("GITHUB_REF_TYPE", "tag"), dependabot], "a tag or a release"),
        (GITHUB, &[], "whether this run's ref is protected"),
        (GITLAB, &[("CI_COMMIT_TAG", "v1"), gitlab_unprotected], "a tag or a release"),
        (
            GITLAB,
            &[("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_REF_PROTECTED", "true")],
            "a protected branch",
        ),
        (GITLAB, &[("CI_COMMIT_BRANCH", "main")], "whether this run's ref is protected"),
        (&[("CI", "true")], &[], "a CI system that proofmark doesn't know"),
        (
            &[("JENKINS_URL", "https://ci.example.org")],
            &[],
            "a CI system that proofmark doesn't know",
        ),
        (&[("TF_BUILD", "True")], &[], "a CI system that proofmark doesn't know"),
        (
            &[("CI", "true"), ("GITHUB_ACTIONS", "false")],
            &[],
            "a CI system that proofmark doesn't know",
        ),
    ];
    for (platform, more, says) in cases {
        let place = Place::new();
        let said = without_key(&place, platform, more).exits(125).tells("no signing key");
        said.tells(says).tells("PROOFMARK_KEY").tells("--sign never").notices(0);
        assert!(place.names().is_empty(), "nothing was run and nothing written: {says}");
        assert!(!place.outside("home/.config").exists(), "no key is made in CI");
        let attest = place.call(&["attest", "."]).vars(platform).vars(more);
        attest.exits(2).tells(says);
    }
}

#[test]
fn outside_of_ci_the_user_s_own_key_is_made_once() {
    let place = Place::new();
    let run = || without_key(&place, &[], &[]).exits(0);
    run().notices(1).tells("made a signing key of your own").tells("key.pem.pub");
    let key = place.outside("home/.config/proofmark/key.pem");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(key.parent().unwrap()), 0o700);
    let first = fs::read(&key).unwrap();
    let public = place.beside("home/.config/proofmark/key.pem.pub");
    place.call(&["verify", "a", "--key", &public]).exits(0);

    for name in place.names() {
        fs::remove_file(place.at(name)).unwrap();
    }
    run().notices(0);
    assert_eq!(fs::read(&key).unwrap(), first, "and used again");
    place.call(&["verify", "a", "--key", &public]).exits(0);
}

#[test]
fn the_user_s_key_lies_where_xdg_says() {
    let place = Place::new();
    let xdg = place.outside("xdg");
    without_key(&place, &[], &[]).var("XDG_CONFIG_HOME", &xdg).exits(0);
    assert!(xdg.join("proofmark/key.pem").exists() && !place.outside("home/.config").exists());
}

#[test]
fn sign_never_and_sign_required() {
    let place = Place::new();
    let call = |flags: &[&str]| place.call(&[&["run"], flags, &["--", "touch", "ran"]].concat());
    call(&["--sign", "required"]).exits(125).tells("--sign required");
    assert!(place.names().is_empty());
    call(&["--sign", "never"]).exits(0);
    assert!(place.has(UNSIGNED) && !place.has(EVIDENCE));
    // A key that is asked for and not used would surprise.
    let key = place.key(1);
    call(&["--force", "--sign", "never", "--key", &key])
        .exits(125)
        .tells("--sign never with a key");
    // One that lies about is no wish; nor is a place that asks for one.
    call(&["--force", "--sign", "never"]).var("PROOFMARK_KEY_FILE", &key).exits(0);
    assert!(place.has(UNSIGNED) && !place.has(EVIDENCE));
    call(&["--force", "--sign", "never"]).var("CI", "true").exits(0);
    call(&["--force", "--sign", "required", "--key", &key]).exits(0);
    assert!(!place.has(UNSIGNED) && place.has(EVIDENCE));
    assert!(!place.outside("home/.config").exists());
}

/// Which of the numbered keys signed the default file, line by line.
fn signers(place: &Place) -> Vec<u8> {
    let hints: Vec<Value> = (1..=3)
        .map(|number| {
            let digest = sha2::Sha256::digest(super::harness::public_der(number));
            STANDARD.encode(digest).into()
        })
        .collect();
    let lines = lines(&place.at(EVIDENCE));
    let found = lines.iter().map(|line| {
        let hint = &line["verificationMaterial"]["publicKey"]["hint"];
        hints.iter().position(|known| known == hint).unwrap()
    });
    found.map(|index| u8::try_from(index + 1).unwrap()).collect()
}

fn custody(place: &Place) -> Value {
    place.evidence()["build"]["signing"]["key_custody"]["read_from"].clone()
}

#[test]
fn the_key_comes_from_a_variable_a_file_or_a_descriptor() {
    let place = Place::new();
    let pem = private_pem(2);
    let one_line = STANDARD.encode(private_der(2));
    let call = || place.call(&["run", "-q", "--force", "--", "true"]).var("CI", "true");
    for value in [pem.clone(), pem.replace('\n', "\r\n"), one_line.clone(), format!("{one_line}\n")]
    {
        call().var("PROOFMARK_KEY", value).exits(0);
        assert_eq!((signers(&place), custody(&place)), (vec![2], "variable".into()));
    }
    call().var("PROOFMARK_KEY_FILE", place.key(3)).exits(0);
    assert_eq!((signers(&place), custody(&place)), (vec![3], "file".into()));

    let key = place.key(1);
    let shell = |line: &str| place.shell(line).var("CI", "true").exits(0);
    shell(&format!("exec 3<'{key}'; exec \"$PROOFMARK\" run --force --key-fd 3 -- true"));
    assert_eq!((signers(&place), custody(&place)), (vec![1], "descriptor".into()));
    // A pipe, as from a secret manager.
    shell(&format!(
        "cat '{key}' | {{ \"$PROOFMARK\" run --force --key-fd 5 -- true 5<&0 </dev/null; }}"
    ));
    assert_eq!(signers(&place), [1]);
    // What is on the command line goes before what is in the environment.
    let both = place.call(&["run", "-q", "--force", "--key", &key, "--", "true"]);
    both.var("PROOFMARK_KEY", private_pem(2)).exits(0);
    assert_eq!((signers(&place), custody(&place)), (vec![1], "file".into()));
}

#[test]
fn two_keys_make_a_line_each_and_meet_a_threshold() {
    let place = Place::new();
    let (one, two) = (place.key(1), place.key(2));
    let run = ["run", "--key", &one, "--key", &two, "-a", "a", "--", "sh", "-c", "echo >a"];
    place.call(&run).exits(0);
    assert_eq!(signers(&place), [1, 2, 1, 2]);
    let lines = lines(&place.at(EVIDENCE));
    let payload = |index: usize| &lines[index]["dsseEnvelope"]["payload"];
    assert_eq!((payload(0), payload(2)), (payload(1), payload(3)), "over the same bytes");
    let public: Vec<_> = (1..=3).map(|number| place.public(number)).collect();
    let verify = |keys: &[usize], threshold: &str| -> Option<i32> {
        let mut arguments = vec!["verify", "a", "--threshold", threshold];
        for key in keys {
            arguments.extend(["--key", &public[key - 1]]);
        }
        place.call(&arguments).go().code
    };
    assert_eq!(verify(&[1, 2], "2"), Some(0));
    assert_eq!(verify(&[1, 2, 3], "2"), Some(0));
    assert_eq!(verify(&[1, 3], "2"), Some(3), "one of them didn't sign");
    assert_eq!(verify(&[2, 3], "1"), Some(0));

    // The same key twice is one key.
    place
        .call(
            &[&["run", "--force", "--allow-unchanged"], &run[1..3], &run[1..3], &run[5..]].concat(),
        )
        .exits(0);
    assert_eq!(signers(&place), [1, 1], "one line a statement");
}

/// No part of a key that is long enough to be of use.
#[track_caller]
fn shows_nothing_of(said: &Said, secret: &str) {
    for part in secret.lines().filter(|line| !line.starts_with("-----")) {
        for piece in part.as_bytes().windows(8) {
            let piece_text = String::from_utf8_lossy(piece);
            assert!(
                !contains(said.err.as_bytes(), piece),
                "{piece_text} of the key in {}",
                said.err
            );
            assert!(!contains(&said.out, piece));
        }
    }
}

#[test]
fn no_error_shows_any_part_of_a_key() {
    let place = Place::new();
    let call = |flags: &[&str]| place.call(&[&["run"], flags, &["--", "true"]].concat());
    // As a secret manager could have cut it: the right start, not the right length.
    let der = [&private_der(1)[..16], &sha2::Sha256::digest(b"seed")[..]].concat();
    let der = [&der[..], &[7; 3]].concat();
    let body = STANDARD.encode(&der);
    let truncated = format!("-----BEGIN PRIVATE KEY-----\n{}\n", &body[..40]);
    let wrong = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    for text in [&truncated, &wrong, &body, &body[..60].to_owned(), &format!("x{body}")] {
        let path = place.outside("bad-key");
        fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        for said in [
            call(&[]).var("PROOFMARK_KEY", text).exits(125),
            // The key itself in the variable that is for a path.
            call(&[]).var("PROOFMARK_KEY_FILE", text).exits(125),
            call(&[]).var("PROOFMARK_KEY_FILE", path).exits(125),
            call(&["--key", path]).exits(125),
            // The key itself where its path belongs, which is how a variable ends up in a log.
            call(&["--key", text]).exits(125),
            call(&["--key-fd", text]).exits(125),
            place.call(&["attest", "x", "--key", text]).exits(2),
            place.call(&["verify", "x", "--key", text]).exits(2),
            place.call(&["attest", "x"]).var("PROOFMARK_KEY", text).exits(2),
        ] {
            shows_nothing_of(&said, text);
            assert!(said.err.contains("error"), "{}", said.err);
        }
    }
    let sound = private_pem(1);
    shows_nothing_of(&call(&[]).var("PROOFMARK_KEY_FILE", &sound).exits(125), &sound);
    shows_nothing_of(&call(&["--key", &sound]).exits(125), &sound);
    shows_nothing_of(&place.call(&["verify", "x", "--key", &sound]).exits(2), &sound);
    assert!(place.names().is_empty());
}

#[test]
fn a_public_key_is_taken_in_each_form_that_people_have() {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a").exits(0);
    let der = super::harness::public_der(1);
    let blob = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20", &der[12..]].concat();
    let ssh = format!("ssh-ed25519 {} somebody@example.org", STANDARD.encode(blob));
    fs::write(place.outside("keys/ssh.pub"), format!("{ssh}\n")).unwrap();
    fs::write(place.outside("keys/b64.pub"), format!("{}\n", STANDARD.encode(&der))).unwrap();
    for key in [
        place.public(1),
        public_pem(1),
        ssh,
        place.beside("keys/ssh.pub"),
        STANDARD.encode(&der),
        place.beside("keys/b64.pub"),
    ] {
        place.call(&["verify", "a", "--key", &key]).exits(0);
    }
    for wrong in ["no-such-file", ".", "ssh-ed25519 AAAA", "", &place.key(1)] {
        place.call(&["verify", "a", "--key", wrong]).exits(2);
    }
}

#[test]
fn a_key_variable_that_holds_no_key_says_what_is_wrong_and_nothing_of_its_value() {
    for (value, part) in [
        ("/run/secrets/key.pem", "expected an Ed25519 private key"),
        ("${{ secrets.KEY }}", "expected an Ed25519 private key"),
        ("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----", "a public one"),
    ] {
        let place = Place::new();
        let said = place.call(&["run", "--", "true"]).var("PROOFMARK_KEY", value).exits(125);
        let said = said.tells("the variable PROOFMARK_KEY holds no usable key").tells(part);
        assert!(said.err.contains("hint: ") && !said.err.contains(value), "{}", said.err);
    }
}
