//! Planted credentials, harmless texts, and texts made to break the scanners.

use super::*;

mod harmless;
mod planted;
mod told;

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    pub(super) fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }
}

pub(super) const LOWER_DIGITS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub(super) const BASE62: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(super) const BASE64: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
pub(super) const URL64: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

pub(super) fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

/// No six bytes in a row of the secret are left.
#[track_caller]
pub(super) fn assert_gone(output: &str, secret: &str, input: &str) {
    let bytes = secret.as_bytes();
    let width = bytes.len().min(6);
    for piece in bytes.windows(width) {
        let leaks = output.as_bytes().windows(width).any(|w| w == piece);
        assert!(!leaks, "{secret:?} of {input:?} shows in {output:?}");
    }
    assert!(!secret.is_empty());
}

#[test]
fn every_rule_has_its_own_kebab_case_id() {
    let mut ids: Vec<_> = Rule::ALL.iter().map(|r| r.id()).collect();
    assert!(ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
    assert_eq!(Rule::UrlUserinfo.to_string(), "url-userinfo");
}

#[test]
fn random_keys_of_every_alphabet_are_withheld() {
    let mut dice = Dice(7);
    for (alphabet, length, least) in [
        (BASE62, 24, 97),
        (BASE62, 32, 99),
        (BASE64, 40, 99),
        (BASE64, 64, 99),
        (URL64, 32, 98),
        (URL64, 43, 99),
        (LOWER_DIGITS, 32, 98),
        (LOWER_DIGITS, 40, 99),
    ] {
        let found = (0..500)
            .filter(|_| {
                let key = dice.text(alphabet, length);
                scrub(&format!("x {key} y")).text == "x [withheld: high-entropy] y"
            })
            .count();
        assert!(found >= least * 5, "{length} of {} characters: {found}", alphabet.len());
    }
}

#[test]
fn the_redactions_name_places_and_never_values() {
    let secret = "hunter2-hunter2";
    let (args, redactions) = scrub_argv(&argv(&["x", "--password", secret, "--token=abcdefgh"]));
    assert_eq!(
        args,
        ["x", "--password", "[withheld: flag-value]", "--token=[withheld: flag-value]"]
    );
    let expected = ["argv[2]", "argv[3]"]
        .map(|place| Redaction { place: place.to_owned(), rule: Rule::FlagValue });
    assert_eq!(redactions, expected);
    assert!(!format!("{redactions:?}").contains(secret));
    let place = scrub_variable("MY_TOKEN", secret).redactions("variable MY_TOKEN").next().unwrap();
    assert_eq!((place.place.as_str(), place.rule), ("variable MY_TOKEN", Rule::NameTells));
}

#[test]
fn known_secrets_are_found_in_every_encoding() {
    let secret = "correct horse/battery+staple";
    let redactor = Redactor::new([secret.to_owned()]);
    let mut forms = vec![
        secret.to_owned(),
        secret.bytes().map(|b| format!("%{b:02X}")).collect(),
        "correct%20horse%2fbattery%2Bstaple".to_owned(),
        hex::encode(secret),
        hex::encode_upper(secret),
    ];
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    for lead in ["", "a", "ab", "user:"] {
        for tail in ["", "z", "zz"] {
            let whole = format!("{lead}{secret}{tail}");
            forms.push(STANDARD.encode(&whole));
            forms.push(URL_SAFE_NO_PAD.encode(&whole));
        }
    }
    for form in forms {
        let text = format!("before {form} after");
        let mut only = Finds::default();
        redactor.known.scan(&text, &mut only);
        let mut rules = Vec::new();
        let output = only.apply(&text, &mut rules);
        assert_eq!(rules.first(), Some(&Rule::KnownSecret), "{form}");
        assert!(output.starts_with("before ") && output.ends_with(" after"), "{output}");
        assert!(output.len() <= "before [withheld: known-secret] after".len() + 8, "{output}");
        let all = redactor.scrub(&text);
        assert_eq!(all.rules.first(), Some(&Rule::KnownSecret));
        assert_eq!(redactor.scrub(&all.text).text, all.text);
    }
    let (args, found) = redactor.scrub_argv(&argv(&["echo", &format!("x{secret}y")]));
    assert_eq!(args[1], "x[withheld: known-secret]y");
    assert_eq!(found[0].rule, Rule::KnownSecret);
    assert_eq!(redactor.scrub_variable("A", secret).text, "[withheld: known-secret]");
    let url = redactor.scrub_url("https://u:p@h/correct%20horse%2fbattery%2Bstaple/x");
    assert_eq!(url.text, "https://h/[withheld: known-secret]/x");
}

#[test]
fn lines_of_a_known_secret_are_known() {
    let value = "first line of a long secret\nsecond line of a long secret";
    let redactor = Redactor::new([value.to_owned()]);
    let scrubbed = redactor.scrub("x second line of a long secret y");
    assert_eq!(scrubbed.text, "x [withheld: known-secret] y");
    let json = redactor.scrub(&serde_json::to_string(value).unwrap());
    assert_eq!(json.text, "\"[withheld: known-secret]\"");
}

#[test]
fn what_one_variable_gives_away_is_secret_everywhere() {
    let redactor = Redactor::from_variables([
        ("MY_PASSWORD", "opensesame-please"),
        ("DATABASE_URL", "postgres://app:tulips-in-may@db/x"),
        ("HOME", "/home/runner"),
        ("USE_TOKEN", "true"),
    ]);
    let scrubbed = redactor.scrub("opensesame-please, tulips-in-may, /home/runner, true");
    assert_eq!(
        scrubbed.text,
        "[withheld: known-secret], [withheld: known-secret], /home/runner, true"
    );
}

#[test]
fn short_and_plain_values_are_not_torn_out_of_other_texts() {
    let redactor =
        Redactor::new(["short".into(), "true".into(), "/usr/local/bin".into(), String::new()]);
    assert_eq!(redactor.scrub("short true /usr/local/bin").text, "short true /usr/local/bin");
}

#[test]
fn debug_shows_no_value() {
    let redactor = Redactor::new(["correct horse battery".to_owned()]);
    let shown = format!("{redactor:?}{redactor:#?}");
    assert_gone(&shown, "correct horse battery", "debug");
    assert_eq!(format!("{:?}", Redactor::default()), "Redactor(empty)");
}

/// Pieces that the scanners look for, so that random texts reach their insides.
const PIECES: &str = r#"
    = : :// @ / ' % %3D é 🦀 password token= --token -u Cookie: eyJ LS0tLS1CRUdJTi AKIA ghp_
    sk- high-entropy] ] hooks.slack.com/services/ jdbc:oracle:thin: @tcp( https git ?key=
    &sig= # sha256: /nix/store/ . .atlasv1. Q~ 1 true <secret> </secret> { } curl docker login
    -p pass: $TOKEN ; x-api-key: PROOFMARK_KEY= proxy
"#;
/// Those with space or escapes in them.
const MORE_PIECES: &[&str] = &[
    " ",
    "\n",
    "\"",
    "\\",
    "\\\"",
    "\u{202e}",
    "Authorization: ",
    "Bearer ",
    "Basic ",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "-----END ",
    "PUBLIC KEY-----",
    "[withheld: ",
    "[withheld: jwt]",
    "machine ",
    "password ",
];

fn nonsense(dice: &mut Dice) -> String {
    let pieces: Vec<&str> = PIECES.split_whitespace().chain(MORE_PIECES.iter().copied()).collect();
    let count = dice.below(14);
    (0..count)
        .map(|_| match dice.below(5) {
            0 => {
                let length = dice.below(60);
                dice.text(BASE64, length)
            }
            1 => String::from_utf8_lossy(&dice.next().to_le_bytes()).into_owned(),
            _ => pieces[dice.below(pieces.len())].to_owned(),
        })
        .collect()
}

#[test]
fn nonsense_neither_panics_nor_changes_when_scrubbed_again() {
    let mut dice = Dice(1);
    let redactor = Redactor::new(["passwordtoken".into(), "AKIAghp_sk-".into(), "withheld".into()]);
    for _ in 0..200 {
        let (text, name) = (nonsense(&mut dice), nonsense(&mut dice));
        for redactor in [&Redactor::default(), &redactor] {
            let once = redactor.scrub(&text);
            assert_eq!(redactor.scrub(&once.text).text, once.text, "{text:?}");
            let once = redactor.scrub_url(&text);
            assert_eq!(redactor.scrub_url(&once.text).text, once.text, "url {text:?}");
            let once = redactor.scrub_variable(&name, &text);
            assert_eq!(
                redactor.scrub_variable(&name, &once.text).text,
                once.text,
                "{name:?} {text:?}"
            );
            let line = [name.clone(), text.clone(), nonsense(&mut dice), nonsense(&mut dice)];
            let once = redactor.scrub_argv(&line).0;
            assert_eq!(redactor.scrub_argv(&once).0, once, "{line:?}");
        }
    }
}

#[test]
fn long_and_repetitive_texts_come_to_an_end() {
    let redactor = Redactor::new(["ab".repeat(50), "aaaaaaaaab".into()]);
    for piece in [
        "a",
        "a=",
        "eyJ",
        "eyJaaaaaaa.",
        "LS0tLS1CRUdJTi",
        "LS0tLS1CRUdJTi/",
        "-----BEGIN A-----",
        "-----BEGIN PRIVATE KEY-----",
        "sk-",
        "ghs_",
        "://",
        "://:a",
        "https://u:p",
        "token=/usr/",
        "\"token\":\"",
        "token=\"true",
        "hooks.slack.com/services/",
        "jdbc:oracle:",
        "12345678:",
        "%61",
        "Basic ",
        "Basic aaaa",
        "'",
        "\"",
        "\\\"",
        "'a b' ",
        "--token ",
        ".atlasv1.",
        "MIIEaaIBAA",
        "é",
        "[withheld: ",
        "[withheld: jwt]",
        "Authorization:",
        "<token>",
        "SharedAccessSignature=sig=&",
    ] {
        let text = piece.repeat((1 << 13) / piece.len());
        let arg = vec![String::from("sh"), String::from("-c"), text];
        let once = redactor.scrub_argv(&arg).0;
        assert_eq!(redactor.scrub_argv(&once).0, once, "{piece}");
        let _ = redactor.scrub_url(&arg[2]);
    }
    // One argument of 1 MiB: what Linux allows is less, what a file of arguments holds isn't.
    let mut dice = Dice(3);
    let arg = vec![dice.text(&format!("{BASE64} =:.'\""), 1 << 20)];
    let _ = redactor.scrub_argv(&arg);
}
