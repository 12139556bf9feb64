//! The corpora against the redactor itself.

use proofmark::capture::redact::{scrub, scrub_argv, scrub_url, scrub_variable};

use super::corpus::{Credential, credentials, rolled};
use super::harmless;
use super::net::Net;

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|word| (*word).to_owned()).collect()
}

fn net(credential: &Credential) -> Net {
    Net::new(credential.secrets.iter().map(|secret| (credential.kind, secret.as_str())))
}

/// All ways that a text may come in, and what comes out of each.
fn doors(credential: &Credential) -> Vec<(String, String)> {
    let text = &credential.text;
    let argv = |line: &[&str]| scrub_argv(&words(line)).0.join("\n");
    let escaped = text.replace('"', "\\\"");
    let mut out = vec![
        ("variable".to_owned(), scrub_variable("MY_SETTING", text).text),
        ("bare argument".to_owned(), argv(&["make", text])),
        ("value of a flag".to_owned(), argv(&["make", "--setting", text])),
        ("joined flag".to_owned(), argv(&["make", &format!("--setting={text}")])),
        ("shell line".to_owned(), argv(&["sh", "-c", &format!("echo \"{escaped}\" && true")])),
    ];
    if !credential.is_command {
        out.extend([
            ("alone".to_owned(), scrub(text).text),
            ("in a sentence".to_owned(), scrub(&format!("see {text} there")).text),
            ("in quotes".to_owned(), scrub(&format!("x '{text}'")).text),
            ("in lines".to_owned(), scrub(&format!("first\n{text}\nlast")).text),
            ("as a URL".to_owned(), scrub_url(text).text),
        ]);
    }
    for secret in &credential.secrets {
        for name in ["MY_TOKEN", "DB_PASSWORD", "X_API_KEY", "SOME_SECRET", "A_PAT", "CREDENTIALS"]
        {
            out.push((name.to_owned(), scrub_variable(name, secret).text));
        }
        out.push(("--password X".to_owned(), argv(&["x", "--password", secret])));
        out.push(("--password=X".to_owned(), argv(&["x", &format!("--password={secret}")])));
        out.push(("mysql -pX".to_owned(), argv(&["mysql", &format!("-p{secret}")])));
        out.push(("script".to_owned(), argv(&["sh", "-c", &format!("x --token '{secret}'")])));
        let escaped = secret.replace('/', "%2F").replace('+', "%2B");
        out.push((
            "userinfo".to_owned(),
            scrub_url(&format!("https://me:{escaped}@h/o/r.git")).text,
        ));
        out.push((
            "userinfo in a text".to_owned(),
            scrub(&format!("x https://me:{escaped}@h/o/r.git")).text,
        ));
        out.push((
            "query".to_owned(),
            scrub_url(&format!("https://h/x?a=1&access_token={escaped}&b")).text,
        ));
    }
    out
}

#[test]
fn every_credential_is_withheld_by_every_door() {
    let all = credentials();
    assert!(all.len() >= 160, "{}", all.len());
    let mut leaks = Vec::new();
    for credential in all.into_iter().chain(rolled(1)) {
        let net = net(&credential);
        for (door, text) in doors(&credential) {
            if !net.caught(text.as_bytes()).is_empty() {
                leaks.push(format!("{} ({door}): {text}", credential.kind));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn what_is_harmless_stays_as_it_is() {
    let number = harmless::TEXTS.len() + harmless::VARIABLES.len() + harmless::LINES.len();
    assert!(number >= 160, "{number}");
    let mut torn = Vec::new();
    let mut check = |before: &str, after: String| {
        if before != after {
            torn.push(format!("{before}\n  -> {after}"));
        }
    };
    for text in harmless::TEXTS {
        check(text, scrub(text).text);
        let inside = format!("see {text} there");
        check(&inside, scrub(&inside).text);
        check(text, scrub_variable("MY_SETTING", text).text);
        check(text, scrub_url(text).text);
        check(text, scrub_argv(&words(&["make", text])).0.swap_remove(1));
    }
    for (name, value) in harmless::VARIABLES {
        check(value, scrub_variable(name, value).text);
        let word = format!("{name}={value}");
        check(&word, scrub(&word).text);
        check(&word, scrub_argv(&words(&["env", &word])).0.swap_remove(1));
    }
    for line in harmless::LINES {
        check(line, scrub(line).text);
        check(line, scrub_variable("MY_SETTING", line).text);
        check(
            line,
            scrub_argv(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).0.join(" "),
        );
        check(line, scrub_argv(&words(&["sh", "-c", line])).0.swap_remove(2));
    }
    assert!(torn.is_empty(), "{} torn:\n{}", torn.len(), torn.join("\n"));
}

#[test]
fn the_quick_look_at_a_path_sees_all_that_the_slow_one_would() {
    let redactor = proofmark::capture::redact::Redactor::default();
    for one in rolled(1).into_iter().chain(rolled(2)).filter(|one| !one.is_command) {
        for path in [one.text.clone(), format!("dist/{}", one.text), format!("a/{}/b", one.text)] {
            let found = !redactor.scrub(&path).rules.is_empty();
            assert!(!found || redactor.may_find_in_path(&path, 0), "{path}");
        }
    }
    // Else it spares nothing.
    for path in ["src/main.rs", "node_modules/@babel/plugin-syntax-object-rest-spread/lib/index.js"]
    {
        assert!(!redactor.may_find_in_path(path, 0));
    }
}
