//! Keys that stay in an SSH agent. The agents here are threads of the test.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;

use super::harness::{Call, EVIDENCE, Place, lines, public_der};

/// How an agent answers a request for a signature.
#[derive(Clone, Copy)]
enum Mood {
    Honest,
    OtherBytes,
    OtherKey,
    Garbage,
    Huge,
    Refuses,
    HangsUp,
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn take(rest: &mut &[u8]) -> Vec<u8> {
    let (length, tail) = rest.split_first_chunk().unwrap();
    let (taken, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
    *rest = tail;
    taken.to_vec()
}

fn blob(number: u8) -> Vec<u8> {
    [text(b"ssh-ed25519"), text(&public_der(number)[12..])].concat()
}

fn answer(request: &[u8], keys: &[u8], mood: Mood) -> Vec<u8> {
    if request == [11] {
        let count = u32::try_from(keys.len()).unwrap().to_be_bytes();
        let keys = keys.iter().flat_map(|key| [text(&blob(*key)), text(b"a comment")].concat());
        return [vec![12], count.to_vec(), keys.collect()].concat();
    }
    let mut rest = request.strip_prefix(&[13]).unwrap();
    let (asked, message) = (take(&mut rest), take(&mut rest));
    assert_eq!(rest, [0; 4], "no flags");
    let number = *keys.iter().find(|key| blob(**key) == asked).unwrap();
    let signature = |number: u8, message: &[u8]| {
        let signature = SigningKey::from_bytes(&[number; 32]).sign(message).to_bytes();
        [vec![14], text(&[text(b"ssh-ed25519"), text(&signature)].concat())].concat()
    };
    match mood {
        Mood::Honest => signature(number, &message),
        Mood::OtherBytes => signature(number, &message[1..]),
        Mood::OtherKey => signature(number + 1, &message),
        Mood::Refuses => vec![5],
        _ => vec![14, 0, 0, 0, 255, 1],
    }
}

fn serve(mut stream: UnixStream, keys: &[u8], mood: Mood) -> std::io::Result<()> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut request = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut request)?;
    let to_sign = request.first() == Some(&13);
    match mood {
        Mood::HangsUp if to_sign => Ok(()),
        Mood::Huge if to_sign => stream.write_all(&[0xff; 5]),
        _ => stream.write_all(&text(&answer(&request, keys, mood))),
    }
}

/// A place with an agent that holds these keys.
fn with_agent(keys: &[u8], mood: Mood) -> Place {
    let place = Place::new();
    let listener = UnixListener::bind(place.outside("agent")).unwrap();
    let keys = keys.to_vec();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let _ = serve(stream, &keys, mood);
        }
    });
    for number in 1..=3 {
        let line = format!("ssh-ed25519 {} me@here\n", STANDARD.encode(blob(number)));
        fs::write(place.outside(format!("keys/ssh{number}.pub")), line).unwrap();
    }
    place
}

fn run(place: &Place, keys: &[&str]) -> Call {
    let mut arguments = vec!["run", "--force", "--allow-unchanged"];
    for key in keys {
        arguments.extend(["--key", key]);
    }
    arguments.extend(["-a", "a", "--", "sh", "-c", "echo >a; echo >../ran"]);
    place.call(&arguments).var("SSH_AUTH_SOCK", place.outside("agent"))
}

fn custody(place: &Place) -> Value {
    place.evidence()["build"]["signing"]["key_custody"].clone()
}

#[test]
fn a_key_of_the_agent_signs_what_verifies_like_any_other() {
    let place = with_agent(&[1], Mood::Honest);
    let public = place.beside("keys/ssh1.pub");
    for key in [public.as_str(), "ssh-agent"] {
        run(&place, &[key]).exits(0);
        for trusted in [&public, &place.public(1)] {
            place.call(&["verify", "a", "--key", trusted]).exits(0);
        }
        let custody = custody(&place);
        assert_eq!(custody["read_from"], "ssh-agent");
        let told = |list: &str| custody[list].to_string();
        assert!(
            told("exposures").contains("the build could have asked the SSH agent"),
            "{custody}"
        );
        assert!(told("protections").contains("an SSH agent held the key"), "{custody}");
        assert!(!told("exposures").contains("key file is readable"), "{custody}");
    }
    // Without a build there is nothing that could have asked.
    let attest = ["attest", "a", "--force", "--key", "ssh-agent"];
    place.call(&attest).var("SSH_AUTH_SOCK", place.outside("agent")).exits(0);
    assert_eq!(custody(&place)["exposures"], serde_json::json!([]));
    let from_file = place.call(&["attest", "a", "--force"]).var("PROOFMARK_KEY_FILE", &public);
    from_file.var("SSH_AUTH_SOCK", place.outside("agent")).exits(0);
    assert_eq!(custody(&place)["read_from"], "ssh-agent");
}

#[test]
fn the_command_keeps_the_agent() {
    let place = with_agent(&[1], Mood::Honest);
    let line = "printf %s \"$SSH_AUTH_SOCK\" >seen";
    let call = place.call(&["run", "--key", "ssh-agent", "--", "sh", "-c", line]);
    call.var("SSH_AUTH_SOCK", place.outside("agent")).exits(0);
    assert_eq!(place.text("seen"), place.beside("agent"));
}

#[test]
fn files_and_the_agent_sign_together_and_one_key_is_one_line() {
    let place = with_agent(&[1, 2], Mood::Honest);
    let (file, one, two) =
        (place.key(1), place.beside("keys/ssh1.pub"), place.beside("keys/ssh2.pub"));
    run(&place, &[&file, &two, &one, &two]).exits(0);
    assert_eq!(lines(&place.at(EVIDENCE)).len(), 4, "two statements by two keys");
    let custody = custody(&place);
    assert_eq!(custody["read_from"], "file, ssh-agent");
    assert!(custody["exposures"].to_string().contains("key file is readable"));
    let trust = ["--key", &one, "--key", &two, "--threshold", "2"];
    place.call(&[&["verify", "a"], &trust[..]].concat()).exits(0);

    // Which of the two came first hides nothing.
    run(&place, &[&one, &file]).exits(0);
    assert_eq!(lines(&place.at(EVIDENCE)).len(), 2);
    assert!(self::custody(&place)["exposures"].to_string().contains("key file is readable"));
}

#[test]
fn what_can_be_known_to_fail_fails_before_the_build() {
    let place = with_agent(&[1, 2], Mood::Honest);
    let refused = |key: &str, part: &str| {
        run(&place, &[key]).exits(125).tells(part);
        assert!(!place.outside("ran").exists(), "nothing was run");
    };
    refused("ssh-agent", "several Ed25519 keys");
    let fingerprints = run(&place, &["ssh-agent"]).go().err;
    assert_eq!(fingerprints.matches("SHA256:").count(), 2, "{fingerprints}");
    refused(&place.beside("keys/ssh3.pub"), "doesn't hold the key SHA256:");
    refused(&place.public(1), "found a public one");
    for (name, line, part) in [
        (
            "rsa.pub",
            format!(
                "ssh-rsa {} me",
                STANDARD.encode([text(b"ssh-rsa"), text(&[1, 0, 1]), text(&[127; 256])].concat())
            ),
            "ssh-rsa",
        ),
        (
            "sk.pub",
            format!(
                "sk-ssh-ed25519@openssh.com {} me",
                STANDARD.encode(
                    [
                        text(b"sk-ssh-ed25519@openssh.com"),
                        text(&public_der(1)[12..]),
                        text(b"ssh:")
                    ]
                    .concat()
                )
            ),
            "sk-ssh-ed25519",
        ),
        ("bad.pub", "ssh-ed25519 AAAA me".to_owned(), "expected one Ed25519 public key"),
    ] {
        fs::write(place.outside(name), line).unwrap();
        refused(&place.beside(name), part);
    }
    run(&place, &[&place.beside("rsa.pub")]).exits(125).tells("security keys (sk-) can't");
    let none = |call: Call| call.exits(125);
    none(run(&place, &["ssh-agent"]).without("SSH_AUTH_SOCK")).tells("SSH_AUTH_SOCK is not set");
    none(run(&place, &["ssh-agent"]).var("SSH_AUTH_SOCK", "")).tells("SSH_AUTH_SOCK is not set");
    let public = place.beside("keys/ssh1.pub");
    none(run(&place, &[&public]).without("SSH_AUTH_SOCK")).tells("ssh1.pub is a public key");
    let file = place.write("file", "x");
    none(run(&place, &["ssh-agent"]).var("SSH_AUTH_SOCK", file)).tells("no socket of an SSH agent");
    assert!(!place.outside("ran").exists());

    let empty = with_agent(&[], Mood::Honest);
    run(&empty, &["ssh-agent"]).exits(125).tells("no Ed25519 key").tells("ssh-add");
}

#[test]
fn an_agent_that_does_not_sign_what_it_should_leaves_no_evidence() {
    for (mood, part) in [
        (Mood::OtherBytes, "doesn't verify"),
        (Mood::OtherKey, "doesn't verify"),
        (Mood::Garbage, "can't be read"),
        (Mood::Huge, "4294967295 bytes"),
        (Mood::Refuses, "the SSH agent refused"),
        (Mood::HangsUp, "cannot talk to the SSH agent"),
    ] {
        let place = with_agent(&[1], mood);
        let said = run(&place, &["ssh-agent"]).exits(125);
        said.tells("the evidence is not signed").tells(part);
        assert!(place.outside("ran").exists(), "it was asked after the build");
        assert_eq!(place.names(), ["a"], "no evidence, no part of it");
    }
}

/// OpenSSH's agent takes messages of 256 KiB, and the evidence has several lists that could be as long.
#[test]
fn long_lists_leave_room_for_the_agent_to_sign() {
    let place = with_agent(&[1], Mood::Honest);
    for number in 0..300 {
        place.write(format!("{}/{number}", "folder".repeat(20)), "x");
    }
    let sealed = |key: &str| {
        run(&place, &[key]).exits(0);
        place.call(&["verify", "a", "--key", &place.public(1)]).exits(0);
        place.evidence()["inputs"]["value"]["files"].get("sealed").is_some()
    };
    assert!(sealed("ssh-agent") && !sealed(&place.key(1)));
}
