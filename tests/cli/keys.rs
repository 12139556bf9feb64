//! Keys under a passphrase, and keys for one product.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use super::harness::{
    BINARY, EVIDENCE, Place, contains, end_of, input_paths, private_pem, statements, wait_until,
};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::Value;

const PASSPHRASE: &str = "correct horse battery";

/// `keys/encrypted.pem` under [`PASSPHRASE`], which is in `passphrase`, beside the tree.
fn encrypted() -> Place {
    let place = Place::new();
    fs::write(place.outside("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
    place
        .shell("exec \"$PROOFMARK\" keygen --out ../keys/encrypted.pem --encrypt --passphrase-fd 3 3<../passphrase")
        .exits(0);
    place
}

fn custody(place: &Place) -> Value {
    place.evidence()["build"]["signing"]["key_custody"].clone()
}

fn tells(custody: &Value, list: &str, part: &str) -> bool {
    custody[list].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains(part))
}

#[test]
fn an_encrypted_key_signs_from_wherever_it_is_read() {
    let place = encrypted();
    let pem = fs::read_to_string(place.outside("keys/encrypted.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "{pem}");
    let line: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let run = "--passphrase-fd 3 --allow-unchanged -a a -- sh -c 'echo >a' 3<../passphrase";
    for (from, call) in [
        ("file", place.shell(&format!("\"$PROOFMARK\" run --force --key ../keys/encrypted.pem {run}"))),
        ("descriptor", place.shell(&format!("\"$PROOFMARK\" run --force --key-fd 4 {run} 4<../keys/encrypted.pem"))),
        ("variable", place.shell(&format!("\"$PROOFMARK\" run --force {run}")).var("PROOFMARK_KEY", &pem)),
        ("variable", place.shell(&format!("\"$PROOFMARK\" run --force {run}")).var("PROOFMARK_KEY", &line)),
        ("file", place.shell(&format!("\"$PROOFMARK\" run --force {run}")).var("PROOFMARK_KEY_FILE", "../keys/encrypted.pem")),
        // A pipe gives it once, without a line feed.
        ("file", place.shell(&format!("printf '{PASSPHRASE}' | {{ \"$PROOFMARK\" run --force --key ../keys/encrypted.pem --key ../keys/encrypted.pem --passphrase-fd 5 -a a --allow-unchanged -- sh -c 'echo >a' 5<&0 </dev/null; }}"))),
    ] {
        call.var("CI", "true").exits(0).notices(0);
        let custody = custody(&place);
        assert_eq!(custody["read_from"], from);
        assert!(tells(&custody, "protections", "an encrypted key"), "{custody}");
        assert!(!tells(&custody, "exposures", "key file is readable"), "{custody}");
        assert!(!tells(&custody, "exposures", "key was a variable"), "{custody}");
        place.call(&["verify", "a", "--key", "../keys/encrypted.pem.pub"]).exits(0);
    }
}

#[test]
fn a_passphrase_s_file_is_an_exposure_and_never_an_input() {
    let place = encrypted();
    place.write("pass", PASSPHRASE);
    place.write("in.txt", "x");
    place
        .shell(
            "exec \"$PROOFMARK\" run --key ../keys/encrypted.pem --passphrase-fd 3 -- true 3<pass",
        )
        .exits(0);
    assert_eq!(input_paths(&place.evidence()), ["in.txt"]);
    assert!(tells(&custody(&place), "exposures", "the passphrase was read from a file"));
}

#[test]
fn the_command_never_gets_the_passphrase_s_descriptor() {
    let place = encrypted();
    let run = |flags: &str| {
        place.shell(&format!("exec \"$PROOFMARK\" run --force --key ../keys/encrypted.pem {flags} -- sh -c 'cat <&3 >../got' 3<../passphrase 0<../passphrase"))
    };
    for flags in ["--passphrase-fd 3 --pass-fd 3", "--passphrase-fd 0"] {
        run(flags).exits(125).tells("the command would get that descriptor too");
    }
    assert!(!place.outside("got").exists(), "nothing was run");
    assert_ne!(run("--passphrase-fd 3").go().code, Some(0), "there is no descriptor 3");
    assert!(!contains(&fs::read(place.outside("got")).unwrap_or_default(), b"horse"));
    place
        .shell(
            "exec \"$PROOFMARK\" run --force --key-fd 3 --passphrase-fd 3 -- true 3<../passphrase",
        )
        .exits(125)
        .tells("the same descriptor");
    run("--sign never --passphrase-fd 3").exits(125).tells("--sign never with a key");
}

#[test]
fn a_wrong_passphrase_runs_nothing_and_shows_nothing() {
    let place = encrypted();
    let run = |passphrase: &str| {
        fs::write(place.outside("other"), passphrase).unwrap();
        place.shell("exec \"$PROOFMARK\" run --key ../keys/encrypted.pem --passphrase-fd 3 -- touch ../ran 3<../other")
    };
    for wrong in ["correct horse batterz", "correct horse battery\n\n", " correct horse battery"] {
        let said = run(wrong).exits(125).tells("wrong passphrase, or a damaged key");
        assert!(!said.err.contains("horse"), "{}", said.err);
    }
    run("").exits(125).tells("the passphrase is empty");
    run("\n").exits(125).tells("the passphrase is empty");
    run(&"x".repeat(1025)).exits(125).tells("more than 1024 bytes");
    run(&"x".repeat(1 << 20)).exits(125).tells("more than 1024 bytes");
    run(&"x".repeat(1024)).exits(125).tells("wrong passphrase");
    // The variable's own name is no hint at what is in the file.
    let file = place
        .shell("exec \"$PROOFMARK\" run --passphrase-fd 3 -- touch ../ran 3<../other")
        .var("PROOFMARK_KEY_FILE", "../keys/encrypted.pem");
    file.exits(125).tells("PROOFMARK_KEY_FILE: wrong passphrase");
    place
        .shell(
            "exec \"$PROOFMARK\" run --key ../keys/encrypted.pem --passphrase-fd 7 -- touch ../ran",
        )
        .exits(125)
        .tells("descriptor 7");
    assert!(!place.outside("ran").exists());
}

#[test]
fn without_a_passphrase_and_anybody_to_ask_it_is_said_what_to_give() {
    let place = encrypted();
    let run = ["run", "--key", "../keys/encrypted.pem", "--", "touch", "../ran"];
    let keygen = ["keygen", "--out", "k", "--encrypt"];
    for (arguments, code) in [(&run[..], 125), (&keygen[..], 2)] {
        let in_ci = place.call(arguments).var("CI", "true");
        in_ci.exits(code).tells("a passphrase is needed").tells("--passphrase-fd 3");
        // A process of a session of its own has no terminal.
        let mut alone = vec!["setsid", "--wait", BINARY];
        alone.extend(arguments);
        place.program("/usr/bin/env").arguments(&alone).exits(code).tells("no terminal");
    }
    assert!(!place.outside("ran").exists() && place.names().is_empty());
}

#[test]
fn a_passphrase_that_no_key_needs_is_mentioned_and_a_short_one_too() {
    let place = encrypted();
    let key = place.key(1);
    let said = place
        .shell(&format!(
            "exec \"$PROOFMARK\" run --key '{key}' --passphrase-fd 3 -- true 3<../passphrase"
        ))
        .exits(0);
    said.tells("notice: --passphrase-fd was not needed: no key is encrypted");
    let keygen = |text: &str, name: &str| {
        place.shell(&format!(
            "printf '{text}' | \"$PROOFMARK\" keygen --out {name} --encrypt --passphrase-fd 0"
        ))
    };
    keygen("eleven char", "a").exits(0).notices(1).tells("fewer than 12 characters");
    keygen("twelve chars", "b").exits(0).notices(0);
    keygen("", "c").exits(2).tells("empty");
    keygen("\\n", "c").exits(2).tells("empty");
    assert!(!place.has("c") && !place.has("c.pub"), "no half of a pair");
    place.call(&["keygen", "--out", "c", "--passphrase-fd", "0"]).exits(2).tells("--encrypt");
}

#[test]
fn a_key_of_openssh_is_told_from_garbage() {
    let place = Place::new();
    let armour = |what: &str| {
        format!("-----BEGIN OPENSSH {what}-----\nAAAA\n-----END OPENSSH {what}-----\n")
    };
    place.write("k", armour("PRIVATE KEY"));
    let said = place.call(&["run", "--key", "k", "--", "true"]).exits(125);
    said.tells("found a private key of OpenSSH").tells("ssh-add");
}

/// A terminal on which somebody types: the `script` of util-linux gives it, a pipe types.
struct Typist {
    child: Child,
    screen: Arc<Mutex<Vec<u8>>>,
    read: usize,
    place: Place,
}

impl Typist {
    /// `None` without such a `script`.
    fn sit_down(place: Place, line: &str) -> Option<Self> {
        if !place.shell("script --version").go().text().contains("util-linux") {
            eprintln!("SKIPPED: no `script` of util-linux here");
            return None;
        }
        let _ = fs::remove_file(place.outside("tty"));
        let inner = format!("tty >../tty.new; mv ../tty.new ../tty; exec \"$PROOFMARK\" {line}");
        let mut command = place.program("script").var("PROOFMARK", BINARY).command();
        command.args(["-q", "-e", "-c", &inner, "/dev/null"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let screen = Arc::<Mutex<Vec<u8>>>::default();
        let (mut output, shown) = (child.stdout.take().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut part = [0; 1024];
            while let Ok(length @ 1..) = output.read(&mut part) {
                shown.lock().unwrap().extend(&part[..length]);
            }
        });
        Some(Self { child, screen, read: 0, place })
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    fn echoes(&self) -> bool {
        let path = fs::read_to_string(self.place.outside("tty")).unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::NOCTTY;
        let terminal = rustix::fs::open(path.trim(), flags, Mode::empty());
        let modes = terminal.and_then(tcgetattr).map(|modes| modes.local_modes);
        modes.map_or(true, |modes| modes.contains(LocalModes::ECHO))
    }

    /// Types once it is asked for, and nothing that is typed is shown.
    fn answers(mut self, prompt: &str, text: &str) -> Self {
        wait_until(prompt, || {
            self.shown().get(self.read..).is_some_and(|new| new.contains(prompt)) && !self.echoes()
        });
        self.read = self.shown().len();
        let terminal = self.child.stdin.as_mut().unwrap();
        terminal.write_all(format!("{text}\n").as_bytes()).unwrap();
        terminal.flush().unwrap();
        self
    }

    #[track_caller]
    fn ends(mut self, code: i32) -> (Place, String) {
        let found = end_of(&mut self.child);
        let shown = self.shown();
        assert_eq!(found, Some(code), "{shown}");
        (self.place, shown)
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the `script` of util-linux")]
fn at_a_terminal_a_new_passphrase_is_asked_for_twice_and_never_shown() {
    let keygen = "keygen --out k --encrypt";
    let again = "The same again: ";
    let new = "Passphrase for the new key: ";
    let Some(typist) = Typist::sit_down(Place::new(), keygen) else { return };
    let typed = typist.answers(new, PASSPHRASE).answers(again, "something else");
    let (place, shown) = typed.answers(new, PASSPHRASE).answers(again, PASSPHRASE).ends(0);
    assert!(!shown.contains("horse") && !shown.contains("something"), "{shown}");
    assert!(shown.contains("fingerprint SHA256:"), "{shown}");

    let asked = "Passphrase of k: ";
    let run = "run --key k -a a -- sh -c 'echo >a'";
    let typist = Typist::sit_down(place, run).unwrap().answers(asked, "wrong passphrase");
    let (place, shown) = typist.answers(asked, PASSPHRASE).ends(0);
    assert!(!shown.contains("horse") && !shown.contains("wrong"), "{shown}");
    place.call(&["verify", "a", "--key", "k.pub"]).exits(0);

    let run = "run --force --key k -- touch ../ran";
    let typist = Typist::sit_down(place, run).unwrap().answers(asked, "").answers(asked, "x");
    let (place, shown) = typist.answers("Passphrase of k (last try): ", "y").ends(125);
    assert!(shown.contains("wrong passphrase"), "{shown}");
    assert!(!place.outside("ran").exists());

    let typist = Typist::sit_down(place, "keygen --out e --encrypt").unwrap();
    let (place, shown) = typist.answers(new, "").ends(2);
    assert!(shown.contains("the passphrase is empty") && !place.has("e"), "{shown}");
}

#[test]
fn a_product_s_key_has_its_place_and_is_never_replaced_unasked() {
    let place = Place::new();
    let keygen = |flags: &[&str]| place.call(&[&["keygen"], flags].concat());
    let said = keygen(&["--product", "my-app"]).exits(0);
    let path = place.outside("home/.config/proofmark/keys/my-app.pem");
    let pem = fs::read_to_string(&path).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    assert!(path.with_file_name("my-app.pem.pub").exists());
    let said = said.tells("keys/my-app.pem").tells("fingerprint SHA256:");
    said.tells("the secret PROOFMARK_KEY_MY_APP,");
    keygen(&["--product", "my-app"]).exits(2).tells("output exists");
    assert_eq!(fs::read_to_string(&path).unwrap(), pem);
    keygen(&["--product", "my-app", "--force"]).exits(0);
    assert_ne!(fs::read_to_string(&path).unwrap(), pem);
    for name in ["../x", "a/b", ".x", "", "-x"] {
        keygen(&[&format!("--product={name}")]).exits(2);
    }
    keygen(&["--product", "a", "--out", "k"]).exits(2);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "and nothing else");
}

#[test]
fn every_key_signs_a_line_whether_encrypted_or_not() {
    let place = encrypted();
    place.write("../keys/plain.pem", private_pem(1));
    place
        .shell("exec \"$PROOFMARK\" run --key ../keys/plain.pem --key ../keys/encrypted.pem --passphrase-fd 3 -a a -- sh -c 'echo >a' 3<../passphrase")
        .exits(0);
    assert_eq!(statements(&place.at(EVIDENCE)).len(), 4);
    let custody = custody(&place);
    assert_eq!(custody["read_from"], "file");
    assert!(tells(&custody, "exposures", "key file is readable"), "the plain one is");
    let public = place.public(1);
    let keys = ["--key", "../keys/encrypted.pem.pub", "--key", &public, "--threshold", "2"];
    place.call(&[&["verify", "a"], &keys[..]].concat()).exits(0);
}

#[test]
fn a_descriptor_of_a_file_that_the_build_could_open_is_an_exposure() {
    let place = Place::new();
    let key = place.key(1);
    let run = "\"$PROOFMARK\" run --key-fd 3 --force -- true";
    place.shell(&format!("{run} 3<{key}")).exits(0);
    let exposures = |place: &Place| {
        place.evidence()["build"]["signing"]["key_custody"]["exposures"].to_string()
    };
    assert!(exposures(&place).contains("the file behind the key's descriptor"));
    place.shell(&format!("cat {key} | {run} 3<&0")).exits(0);
    assert!(!exposures(&place).contains("the file behind the key's descriptor"));
}
